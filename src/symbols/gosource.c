/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gosource.c - a source line's code by Go's .gopclntab, the way back from goline.c.
 *
 * Goes through the lists of all functions that have the file in theirs: what the small
 * windows of gotab.c are no good for, so the lists are read into memory whole
 * for the time of a search.
 */
#include <limits.h>

#include "gotab.h"

struct wanted_file {
	uint64_t name; /* offset in the table */
	size_t file;   /* index in source */
};

struct search {
	struct gotab *table;
	struct source *source;
	unsigned char *bytes; /* of the table, from start on */
	uint64_t start, size;
	VECTOR(struct wanted_file) wanted;
};

/* ------------------------------------------------------------------ reading */

static const void *bytes_at(const struct search *search, uint64_t offset, size_t size)
{
	if (offset < search->start || offset - search->start > search->size ||
	    size > search->size - (offset - search->start))
		return NULL;
	return search->bytes + (offset - search->start);
}

static bool read_u32(const struct search *search, uint64_t offset, uint32_t *ret)
{
	const void *bytes = bytes_at(search, offset, 4);

	if (bytes)
		memcpy(ret, bytes, 4);
	return bytes != NULL;
}

/* The string at offset; NULL if it does not end. */
static const char *string_at(const struct search *search, uint64_t offset)
{
	const char *string = bytes_at(search, offset, 1);

	if (!string || !memchr(string, '\0', search->size - (offset - search->start)))
		return NULL;
	return string;
}

/* Files, units and lists: everything between the names of functions and the functab, or
 * the whole table up to Go 1.15. */
static bool load(struct search *search)
{
	const struct gotab *table = search->table;
	bool is_mixed = table->layout == GO_1_2;

	search->start = is_mixed ? 0 : table->units;
	search->size = (is_mixed ? table->size : table->functab) - search->start;
	search->bytes = xmalloc(search->size + 1);
	return image_pread(table->image, table->offset + search->start, search->bytes,
			   search->size);
}

static void each_name(const struct search *search,
		      void (*fn)(void *context, uint64_t offset, const char *path), void *context)
{
	const struct gotab *table = search->table;
	const char *name;
	uint32_t count = 0, offset;

	if (table->layout != GO_1_2) {
		for (uint64_t at = table->files; at < table->pcs && (name = string_at(search, at));
		     at += strlen(name) + 1)
			fn(context, at, name);
		return;
	}
	if (!read_u32(search, table->files, &count))
		return;
	for (uint64_t i = 1; i < count && read_u32(search, table->files + 4 * i, &offset); i++)
		if ((name = string_at(search, offset)))
			fn(context, offset, name);
}

/* -------------------------------------------------------------------- lists */

/* One list of values by address, decoded as far as it was asked. */
struct values {
	uint64_t offset, until; /* value holds until there */
	uint32_t value;
	bool has_begun;
};

static bool read_varint(const struct search *search, uint64_t *offset, uint32_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		const uint8_t *byte = bytes_at(search, (*offset)++, 1);
		if (!byte)
			return false;
		*ret |= (uint32_t)(*byte & 0x7f) << shift;
		if (!(*byte & 0x80))
			return true;
	}
	return false;
}

static struct values values_of(const struct search *search, uint64_t offset, uint64_t entry)
{
	return (struct values){.offset = search->table->pcs + offset, .until = entry, .value = -1};
}

static bool values_next(const struct search *search, struct values *values)
{
	uint32_t change, length;

	if (!read_varint(search, &values->offset, &change) || (change == 0 && values->has_begun) ||
	    !read_varint(search, &values->offset, &length) || length == 0)
		return false;
	values->has_begun = true;
	values->value += change & 1 ? ~(change >> 1) : change >> 1;
	values->until += length;
	return true;
}

static bool values_reach(const struct search *search, struct values *values, uint64_t address)
{
	while (values->until <= address)
		if (!values_next(search, values))
			return false;
	return true;
}

/* ---------------------------------------------------------------- functions */

struct function_lists {
	uint64_t entry;
	uint32_t index, unit;
	struct values files, lines, inlined;
	bool has_inlined;
};

/* The wanted file that number means in a function's list of files. */
static size_t file_of(const struct search *search, const struct function_lists *lists,
		      uint32_t number)
{
	const struct gotab *table = search->table;
	bool is_mixed = table->layout == GO_1_2;
	uint64_t slot = is_mixed ? table->files + 4ull * number
				 : table->units + 4 * ((uint64_t)lists->unit + number);
	uint32_t name;

	if ((int32_t)number < 0 || !read_u32(search, slot, &name))
		return NO_SOURCE;
	for (size_t i = 0; i < search->wanted.size; i++)
		if (search->wanted.data[i].name == name + (is_mixed ? 0 : table->files))
			return search->wanted.data[i].file;
	return NO_SOURCE;
}

/* Which inlined call an address belongs to: inlined copies of a function are told apart. */
static void read_inlined(const struct search *search, uint64_t func, struct function_lists *lists)
{
	uint32_t offset;

	lists->has_inlined = search->table->layout != GO_1_2 &&
			     gotab_list(search->table, func, PCDATA_INLINED, &offset);
	if (lists->has_inlined)
		lists->inlined = values_of(search, offset, lists->entry);
}

static bool read_lists(const struct search *search, uint32_t index, struct function_lists *ret)
{
	struct gotab *table = search->table;
	uint64_t func;
	uint32_t files, lines;

	*ret = (struct function_lists){.index = index};
	if (!gotab_entry(table, index, &ret->entry, &func) ||
	    !gotab_field(table, func, FUNC_PCFILE, &files) ||
	    !gotab_field(table, func, FUNC_PCLN, &lines) || !files || !lines ||
	    (table->layout != GO_1_2 && !gotab_field(table, func, FUNC_UNIT, &ret->unit)))
		return false;
	ret->files = values_of(search, files, ret->entry);
	ret->lines = values_of(search, lines, ret->entry);
	for (struct values names = ret->files; values_next(search, &names);) {
		if (file_of(search, ret, names.value) == NO_SOURCE)
			continue;
		read_inlined(search, func, ret);
		return true;
	}
	return false; /* nothing of the file is in this function */
}

static void search_function(const struct search *search, struct function_lists *lists)
{
	for (uint64_t at = lists->entry;
	     values_reach(search, &lists->files, at) && values_reach(search, &lists->lines, at);) {
		uint64_t next = lists->files.until < lists->lines.until ? lists->files.until
									: lists->lines.until;
		uint32_t inlined = -1;
		lists->has_inlined =
		    lists->has_inlined && values_reach(search, &lists->inlined, at);
		if (lists->has_inlined) {
			inlined = lists->inlined.value;
			next = next < lists->inlined.until ? next : lists->inlined.until;
		}
		size_t file = file_of(search, lists, lists->files.value);
		struct line_start start = {
		    .address = at,
		    .instance = ((uint64_t)lists->index + 1) << 32 | (inlined + 1),
		};
		if (file != NO_SOURCE && (int32_t)lists->lines.value > 0 &&
		    image_is_code(search->table->image, at))
			source_add(search->source, file, lists->lines.value, true, &start);
		at = next;
	}
}

/* ------------------------------------------------------------------- search */

static void want_name(void *context, uint64_t offset, const char *path)
{
	struct search *search = context;

	if (!source_may_answer(search->source, path))
		return;
	size_t file = source_find(search->source, path);
	if (file != NO_SOURCE)
		vector_push(&search->wanted, ((struct wanted_file){offset, file}));
}

void gotab_source(struct gotab *table, struct source *source)
{
	struct search search = {.table = table, .source = source};
	struct function_lists lists;

	if (load(&search))
		each_name(&search, want_name, &search);
	for (uint32_t i = 0; search.wanted.size && i < table->count; i++)
		if (read_lists(&search, i, &lists))
			search_function(&search, &lists);
	vector_deinit(&search.wanted);
	free(search.bytes);
}

struct name_visit {
	void (*fn)(void *context, const char *path);
	void *context;
};

static void visit_name(void *context, uint64_t offset, const char *path)
{
	const struct name_visit *visit = context;

	(void)offset;
	visit->fn(visit->context, path);
}

void gotab_each_source(struct gotab *table, void (*fn)(void *context, const char *path),
		       void *context)
{
	struct search search = {.table = table};

	if (load(&search))
		each_name(&search, visit_name, &(struct name_visit){fn, context});
	free(search.bytes);
}
