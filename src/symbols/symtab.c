/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symtab.c - the functions of .symtab and .dynsym whose name contains a literal.
 *
 * The string table is scanned for the literal, then the symbols for those that
 * point at a string with a hit. Both are read in pieces that fit a cache, so that one
 * name in a file of hundreds of megabytes costs a few milliseconds and no memory.
 */
#include "internal.h"

#define NAMES_AT_A_TIME	  (256u * 1024)
#define SYMBOLS_AT_A_TIME 4096

/* ------------------------------------------------------------------- spans */

static void add_span(struct name_spans *spans, uint64_t start, const char *string, size_t length,
		     uint64_t last)
{
	*vector_add(&spans->spans) = (struct span_of_names){
	    .start = start,
	    .last = last,
	    .copy = arena_strndup(&spans->arena, string, length),
	};
}

/* Strings of bytes (which ends with a NUL) that contain the literal. */
static void collect_hits(struct name_spans *spans, const char *bytes, size_t size, uint64_t base,
			 const char *literal, size_t literal_size)
{
	const char *end = bytes + size, *at = bytes, *hit;

	while (at < end && (hit = memmem(at, end - at, literal, literal_size))) {
		const char *before = memrchr(at, '\0', hit - at);
		const char *string = before ? before + 1 : at;
		const char *stop = memchr(hit, '\0', end - hit), *last = hit, *next;
		if (literal_size == 0)
			last = stop;
		while (last < stop &&
		       (next = memmem(last + 1, stop - last - 1, literal, literal_size)))
			last = next;
		add_span(spans, base + (string - bytes), string, stop - string,
			 base + (last - bytes));
		at = stop + 1;
	}
}

void name_spans_collect(struct name_spans *spans, const struct image *image, uint64_t offset,
			uint64_t size, const char *literal)
{
	struct buffer bytes = {0};
	size_t literal_size = strlen(literal);

	for (uint64_t done = 0, base = 0; done < size;) {
		size_t piece = size - done < NAMES_AT_A_TIME ? size - done : NAMES_AT_A_TIME;
		char *room = buffer_reserve(&bytes, piece);
		if (!image_pread(image, offset + done, room, piece))
			break;
		bytes.size += piece;
		done += piece;
		/* A string that goes on in the next piece waits for it. */
		const char *last = memrchr(bytes.data, '\0', bytes.size);
		if (!last)
			continue;
		size_t whole = last + 1 - bytes.data;
		collect_hits(spans, bytes.data, whole, base, literal, literal_size);
		memmove(bytes.data, bytes.data + whole, bytes.size - whole);
		bytes.size -= whole;
		base += whole;
	}
	buffer_deinit(&bytes);
}

const char *name_spans_at(const struct name_spans *spans, uint64_t offset)
{
	size_t low = 0, high = spans->spans.size;

	while (low < high) { /* the first span that starts after offset */
		size_t middle = low + (high - low) / 2;
		if (spans->spans.data[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || offset > spans->spans.data[low - 1].last)
		return NULL;
	const struct span_of_names *span = &spans->spans.data[low - 1];
	return span->copy + (offset - span->start);
}

void name_spans_deinit(struct name_spans *spans)
{
	arena_deinit(&spans->arena);
	vector_deinit(&spans->spans);
}

/* ----------------------------------------------------------------- symbols */

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF;
}

/* Go's linker marks where its text begins and ends with functions of size 0. */
static bool is_marker(const Elf64_Sym *symbol, const char *name)
{
	return symbol->st_size == 0 &&
	       (strcmp(name, "runtime.etext") == 0 || strncmp(name, "runtime.text", 12) == 0);
}

struct symbol_query {
	const struct image *image; /* whose segments count */
	const struct image *file;  /* which holds the table: image or its debug file */
	const struct section *symbols, *strings;
	const struct name_spans *spans;
	symbol_fn fn;
	void *context;
};

static bool pass_symbols(const struct symbol_query *query, const Elf64_Sym *batch, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char *name =
		    is_function(&batch[i]) ? name_spans_at(query->spans, batch[i].st_name) : NULL;
		if (!name || !*name || is_marker(&batch[i], name) ||
		    !image_is_code(query->image, batch[i].st_value))
			continue;
		struct symbol symbol = {
		    .address = batch[i].st_value,
		    .size = batch[i].st_size,
		    .raw = name,
		    .is_ifunc = ELF64_ST_TYPE(batch[i].st_info) == STT_GNU_IFUNC,
		};
		if (!query->fn(query->context, &symbol))
			return false;
	}
	return true;
}

/* Reads the symbols in batches; stops where pass says so. */
static bool each_batch(const struct symbol_query *query,
		       bool (*pass)(const struct symbol_query *, const Elf64_Sym *, size_t))
{
	CLEANUP(free_p) Elf64_Sym *batch = xmalloc(SYMBOLS_AT_A_TIME * sizeof(*batch));
	uint64_t count = query->symbols->size / sizeof(*batch);

	for (uint64_t done = 0; done < count; done += SYMBOLS_AT_A_TIME) {
		uint64_t left = count - done;
		size_t size = left < SYMBOLS_AT_A_TIME ? left : SYMBOLS_AT_A_TIME;
		if (!image_pread(query->file, query->symbols->offset + done * sizeof(*batch), batch,
				 size * sizeof(*batch)))
			break;
		if (!pass(query, batch, size))
			return false;
	}
	return true;
}

/* The symbol table of that type and its strings, in the file or its debug file. */
static bool find_table(const struct image *image, uint32_t type, struct symbol_query *ret)
{
	const struct section *symbols = image_section_of_type(image, type);

	if (!symbols)
		return image->debug && find_table(image->debug, type, ret);
	if (symbols->link >= image->sections.size ||
	    image->sections.data[symbols->link].type != SHT_STRTAB)
		return false;
	ret->file = image;
	ret->symbols = symbols;
	ret->strings = &image->sections.data[symbols->link];
	return true;
}

static bool search_table(const struct image *image, uint32_t type, const char *literal,
			 symbol_fn fn, void *context)
{
	struct symbol_query query = {.image = image, .fn = fn, .context = context};
	struct name_spans spans = {0};

	if (!find_table(image, type, &query))
		return true;
	query.spans = &spans;
	name_spans_collect(&spans, query.file, query.strings->offset, query.strings->size, literal);
	bool has_ended = spans.spans.size == 0 || each_batch(&query, pass_symbols);
	name_spans_deinit(&spans);
	return has_ended;
}

bool symtab_search(const struct image *image, const char *literal, symbol_fn fn, void *context)
{
	return search_table(image, SHT_SYMTAB, literal, fn, context) &&
	       search_table(image, SHT_DYNSYM, literal, fn, context);
}

bool symtab_is_there(const struct image *image)
{
	struct symbol_query query;

	return find_table(image, SHT_SYMTAB, &query);
}

/* ----------------------------------------------------------------- objects */

struct object_query {
	const char *name;
	uint64_t address;
};

static bool pass_objects(const struct symbol_query *query, const Elf64_Sym *batch, size_t size)
{
	struct object_query *wanted = query->context;

	for (size_t i = 0; i < size; i++) {
		const char *name = name_spans_at(query->spans, batch[i].st_name);
		if (name && batch[i].st_shndx != SHN_UNDEF && strcmp(name, wanted->name) == 0) {
			wanted->address = batch[i].st_value;
			return false;
		}
	}
	return true;
}

bool symtab_object(const struct image *image, const char *name, uint64_t *ret)
{
	struct object_query wanted = {.name = name};
	struct symbol_query query = {.image = image, .context = &wanted};
	struct name_spans spans = {0};

	if (!find_table(image, SHT_SYMTAB, &query))
		return false;
	query.spans = &spans;
	name_spans_collect(&spans, query.file, query.strings->offset, query.strings->size, name);
	bool is_found = spans.spans.size && !each_batch(&query, pass_objects);
	name_spans_deinit(&spans);
	if (is_found)
		*ret = wanted.address;
	return is_found;
}

/* -------------------------------------------------------------------- data */

struct data_query {
	const char *prefix;
	void (*fn)(void *context, const char *name, uint64_t address);
	void *context;
};

static bool is_datum(const struct image *image, const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_OBJECT || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE && !image_is_code(image, symbol->st_value);
}

static bool pass_data(const struct symbol_query *query, const Elf64_Sym *batch, size_t size)
{
	const struct data_query *data = query->context;

	for (size_t i = 0; i < size; i++) {
		const char *raw = is_datum(query->image, &batch[i])
				      ? name_spans_at(query->spans, batch[i].st_name)
				      : NULL;
		if (!raw || !*raw)
			continue;
		CLEANUP(free_p) char *name = function_name(raw, false);
		if (strncmp(name, data->prefix, strlen(data->prefix)) == 0)
			data->fn(data->context, name, batch[i].st_value);
	}
	return true;
}

void image_each_datum(struct image *image, const char *prefix,
		      void (*fn)(void *context, const char *name, uint64_t address), void *context)
{
	struct data_query data = {prefix, fn, context};
	struct symbol_query query = {.image = image, .context = &data};
	struct name_spans spans = {0};

	if (!find_table(image, SHT_SYMTAB, &query) && !find_table(image, SHT_DYNSYM, &query))
		return;
	CLEANUP(free_p) char *literal = pattern_literal(prefix, true);
	query.spans = &spans;
	name_spans_collect(&spans, query.file, query.strings->offset, query.strings->size, literal);
	each_batch(&query, pass_data);
	name_spans_deinit(&spans);
}
