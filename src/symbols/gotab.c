/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gotab.c - Go's .gopclntab: the functions of a Go program, left by strip.
 *
 * Four layouts, told apart by the magic (facts from the Go runtime's symtab.go
 * and internal/abi): a header, a table of (address, offset of _func) pairs, and a _func per
 * function. An unknown layout is an error, never a guess. Everything is read
 * through small windows: the table of a large program is tens of megabytes.
 */
#include "gotab.h"

#include <inttypes.h>

#define HEADER_SIZE   72
#define FUNCTIONS_MAX (16u << 20)
#define PADDING_MAX   63
#define INT3	      0xcc
#define PIECE	      (1 << 16)
#define LISTS_MAX     64
#define NO_DATA	      0xffffffffu

/* ----------------------------------------------------------------- windows */

static const void *window_read(struct window *window, const struct image *image, uint64_t offset,
			       size_t size)
{
	if (offset < window->start || offset + size > window->start + window->size) {
		uint64_t left = offset < image->file_size ? image->file_size - offset : 0;
		window->start = offset;
		window->size = left < sizeof(window->bytes) ? left : sizeof(window->bytes);
		if (size > window->size ||
		    !image_pread(image, offset, window->bytes, window->size)) {
			window->size = 0;
			return NULL;
		}
	}
	return window->bytes + (offset - window->start);
}

const void *gotab_bytes(struct gotab *table, enum gotab_window which, uint64_t offset, size_t size)
{
	if (offset > table->size || size > table->size - offset)
		return NULL;
	return window_read(&table->windows[which], table->image, table->offset + offset, size);
}

const void *gotab_image_bytes(struct gotab *table, uint64_t address, size_t size)
{
	uint64_t offset;

	if (!image_file_offset(table->image, address, size, &offset))
		return NULL;
	return window_read(&table->windows[WINDOW_TREE], table->image, offset, size);
}

/* ------------------------------------------------------------------ functab */

static uint64_t load(const void *bytes, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size);
	return value;
}

bool gotab_entry(struct gotab *table, uint32_t index, uint64_t *ret_address, uint64_t *ret_func)
{
	size_t field = table->is_relative ? 4 : 8;
	bool is_end = index == table->count; /* the end has an address only */
	const char *pair = gotab_bytes(table, WINDOW_ENTRIES, table->functab + 2 * field * index,
				       is_end ? field : 2 * field);

	if (!pair)
		return false;
	*ret_address = load(pair, field) + (table->is_relative ? table->text : 0);
	if (!is_end)
		*ret_func = table->funcs + load(pair + field, field);
	return true;
}

/* ---------------------------------------------------------- parts of a _func */

bool gotab_field(struct gotab *table, uint64_t func, unsigned index, uint32_t *ret)
{
	const void *bytes =
	    gotab_bytes(table, WINDOW_FUNCS, func + gotab_name_field(table) + 4ull * index, 4);

	if (bytes)
		*ret = load(bytes, 4);
	return bytes != NULL;
}

/* The number of the u32 that has four single bytes; the lists follow it. */
static unsigned bytes_field(const struct gotab *table)
{
	/* From 1.16 after the unit, from 1.20 after the line of the function's start. */
	return FUNC_UNIT + (table->layout >= GO_1_16) + (table->layout >= GO_1_20);
}

bool gotab_list(struct gotab *table, uint64_t func, unsigned number, uint32_t *ret_offset)
{
	uint32_t count;

	return gotab_field(table, func, FUNC_LIST_COUNT, &count) && number < count &&
	       gotab_field(table, func, bytes_field(table) + 1 + number, ret_offset) &&
	       *ret_offset != 0;
}

bool gotab_data(struct gotab *table, uint64_t func, unsigned number, uint64_t *ret_address)
{
	unsigned first = bytes_field(table);
	uint32_t lists, bytes, offset;

	if (!gotab_field(table, func, FUNC_LIST_COUNT, &lists) || lists > LISTS_MAX ||
	    !gotab_field(table, func, first, &bytes) || number >= bytes >> 24)
		return false;
	uint64_t at = func + gotab_name_field(table) + 4ull * (first + 1 + lists);
	if (table->layout < GO_1_18) { /* aligned pointers */
		at = (at + 7) & ~7ull;
		return image_read_pointer(table->image, table->address + at + 8ull * number,
					  ret_address) &&
		       *ret_address != 0;
	}
	const void *found = gotab_bytes(table, WINDOW_FUNCS, at + 4ull * number, 4);
	if (!found)
		return false;
	offset = load(found, 4);
	*ret_address = gotab_module(table)->gofunc + offset;
	return offset != NO_DATA && gotab_module(table)->gofunc;
}

/* ---------------------------------------------------------------- functions */

bool gotab_find(struct gotab *table, uint64_t address, uint32_t *ret)
{
	uint32_t low = 0, high = table->count;
	uint64_t start, func;

	if (!gotab_covers(table, address))
		return false;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (!gotab_entry(table, middle, &start, &func))
			return false;
		if (start <= address)
			low = middle;
		else
			high = middle;
	}
	*ret = low;
	return true;
}

bool gotab_covers(const struct gotab *table, uint64_t address)
{
	return address >= table->start && address < table->end;
}

/* ---------------------------------------------------------------- validation */

/* Are the entries ascending, within code, with a _func each inside the table? */
static bool check_entries(struct gotab *table)
{
	uint64_t last = 0, address = 0, func;

	for (uint32_t i = 0; i <= table->count; i++) {
		if (!gotab_entry(table, i, &address, &func) || (i && address < last))
			return false;
		if (i == 0)
			table->start = address;
		if (i < table->count && (func < table->funcs || func >= table->size))
			return false;
		last = address;
	}
	table->end = address;
	return table->start < table->end && image_is_code(table->image, table->start) &&
	       image_is_code(table->image, table->end - 1);
}

/* From Go 1.26 the header no longer says where the text starts, and externally
 * linked position-independent programs never did. */
static struct error *find_text(struct gotab *table)
{
	if (!symtab_object(table->image, "runtime.text", &table->text))
		table->text = gomodule_find(table, 0).text;
	return table->text ? NULL
			   : error_new(ERR_BAD_ELF,
				       "its .gopclntab does not say where the text starts, and "
				       "neither runtime.text nor the module data was found");
}

/* ------------------------------------------------------------------- opening */

static struct error *corrupt(const char *what)
{
	return error_new(ERR_BAD_ELF, "its .gopclntab is corrupt: %s", what);
}

/* Header fields after magic, quantum and pointer size are 8 bytes each. */
static uint64_t header_field(const unsigned char *header, size_t index)
{
	return load(header + 8 + 8 * index, 8);
}

static struct error *read_layout(struct gotab *table, const unsigned char *header)
{
	switch (load(header, 4)) {
	case MAGIC_GO_1_2:
		table->layout = GO_1_2;
		table->functab = 16;
		return NULL;
	case MAGIC_GO_1_16:
		table->layout = GO_1_16;
		break;
	case MAGIC_GO_1_18:
		table->layout = GO_1_18;
		break;
	case MAGIC_GO_1_20:
		table->layout = GO_1_20;
		break;
	default:
		return error_new(ERR_BAD_ELF,
				 "its .gopclntab has magic 0x%08" PRIx64
				 ", a layout this version of moontap does not know",
				 load(header, 4));
	}
	table->is_relative = table->layout >= GO_1_18;
	size_t next = 2;
	if (table->is_relative)
		table->text = header_field(header, next++);
	uint64_t *const parts[] = {&table->names, &table->units, &table->files, &table->pcs,
				   &table->functab};
	uint64_t last = 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		*parts[i] = header_field(header, next++);
		if (*parts[i] < last || *parts[i] > table->size)
			return corrupt("its parts are out of order");
		last = *parts[i];
	}
	table->funcs = table->functab;
	return NULL;
}

static struct error *read_header(struct gotab *table)
{
	unsigned char header[HEADER_SIZE] = {0};
	size_t size = table->size < sizeof(header) ? table->size : sizeof(header);

	if (size < 16 || !image_pread(table->image, table->offset, header, size))
		return corrupt("it is too short");
	TRY(read_layout(table, header));
	if (header[4] || header[5] || header[6] != 1 || header[7] != 8)
		return corrupt("its header is not one of an x86-64 program");
	uint64_t count = header_field(header, 0);
	size_t pair = table->is_relative ? 8 : 16;
	if (count == 0 || count > FUNCTIONS_MAX ||
	    count * pair + pair / 2 > table->size - table->functab)
		return corrupt("its number of functions is impossible");
	table->count = count;
	if (table->layout == GO_1_2) {
		const void *files = gotab_bytes(table, WINDOW_FUNCS, 16 + count * 16 + 8, 4);
		if (!files)
			return corrupt("it has no table of files");
		table->files = load(files, 4);
	}
	if (table->is_relative && table->text == 0)
		TRY(find_text(table));
	return check_entries(table) ? NULL : corrupt("its functions are out of order");
}

static struct error *open_at(const struct image *image, uint64_t address, uint64_t offset,
			     uint64_t size, struct gotab **ret)
{
	struct gotab *table = xcalloc(1, sizeof(*table));

	*table = (struct gotab){.image = image, .address = address, .offset = offset, .size = size};
	struct error *err = read_header(table);
	if (err)
		gotab_close(table);
	else
		*ret = table;
	return err;
}

static bool is_magic(const unsigned char *bytes)
{
	uint64_t magic = load(bytes, 4);

	return (magic == MAGIC_GO_1_2 || magic == MAGIC_GO_1_16 || magic == MAGIC_GO_1_18 ||
		magic == MAGIC_GO_1_20) &&
	       bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 1 && bytes[7] == 8;
}

/* An externally linked position-independent program has the table somewhere in
 * its data, under no section of its own. */
static bool scan_segment(const struct image *image, const struct segment *segment,
			 struct gotab **ret)
{
	CLEANUP(free_p) unsigned char *piece = xmalloc(PIECE);

	for (uint64_t at = 0; at < segment->file_size; at += PIECE) {
		uint64_t left = segment->file_size - at;
		size_t size = left < PIECE ? left : PIECE;
		if (!image_pread(image, segment->offset + at, piece, size))
			return false;
		for (size_t j = -(segment->address + at) & 7; j + 8 <= size; j += 8) {
			if (!is_magic(piece + j))
				continue;
			struct error *err =
			    open_at(image, segment->address + at + j, segment->offset + at + j,
				    segment->file_size - at - j, ret);
			if (!err)
				return true;
			error_free(err);
		}
	}
	return false;
}

struct error *gotab_open(const struct image *image, struct gotab **ret)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct section *section = image_section(image, names[i]);
		if (section)
			return open_at(image, section->address, section->offset, section->size,
				       ret);
	}
	for (size_t i = 0; i < image->segments.size; i++)
		if (!image->segments.data[i].is_code &&
		    scan_segment(image, &image->segments.data[i], ret))
			return NULL;
	return error_new(ERR_BAD_ELF, "it has no .gopclntab that could be found");
}

void gotab_close(struct gotab *table)
{
	free(table);
}

/* --------------------------------------------------------------- functions */

struct gotab_query {
	const struct name_spans *spans;
	symbol_fn fn;
	void *context;
};

/* The size of function index: functions are aligned, and what is left between
 * them is filled with int3. */
static uint64_t function_size(struct gotab *table, uint32_t index, uint64_t address)
{
	uint64_t end, func, offset;

	if (!gotab_entry(table, index + 1, &end, &func) || end <= address)
		return 0;
	uint64_t size = end - address;
	size_t look = size < PADDING_MAX ? size : PADDING_MAX;
	const unsigned char *tail =
	    image_offset(table->image, end - look, &offset)
		? window_read(&table->windows[WINDOW_CODE], table->image, offset, look)
		: NULL;
	while (tail && look && size > 1 && tail[look - 1] == INT3)
		look--, size--;
	return size;
}

static bool pass_functions(struct gotab *table, const struct gotab_query *query)
{
	uint64_t address, func;

	for (uint32_t i = 0; i < table->count; i++) {
		if (!gotab_entry(table, i, &address, &func))
			return true;
		const void *offset =
		    gotab_bytes(table, WINDOW_FUNCS, func + gotab_name_field(table), 4);
		const char *name = offset ? name_spans_at(query->spans, load(offset, 4)) : NULL;
		if (!name || !*name)
			continue;
		struct symbol symbol = {
		    .address = address,
		    .size = function_size(table, i, address),
		    .raw = name,
		};
		if (!query->fn(query->context, &symbol))
			return false;
	}
	return true;
}

bool gotab_search(struct gotab *table, const char *literal, symbol_fn fn, void *context)
{
	struct name_spans spans = {0};
	struct gotab_query query = {.spans = &spans, .fn = fn, .context = context};
	uint64_t end = table->layout == GO_1_2 ? table->size : table->units;

	name_spans_collect(&spans, table->image, table->offset + table->names, end - table->names,
			   literal);
	bool has_ended = spans.spans.size == 0 || pass_functions(table, &query);
	name_spans_deinit(&spans);
	return has_ended;
}
