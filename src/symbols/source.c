/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.c - a source line's code: which files answer a name, which is the first line from
 * the wanted one on that has code, and where that begins in each copy of a function.
 *
 * Reads the headers of all line tables of DWARF and the rows of those that name the
 * file. What it finds is a list of addresses; whether there may be a probe is
 * decided elsewhere.
 */
#include <dwarf.h>
#include <limits.h>

#include "lines.h"
#include "rows.h"

/* ------------------------------------------------------------------- names */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where the part before end of a path under construction begins. */
static char *part_before(char *start, char *end)
{
	while (end > start && end[-1] != '/')
		end--;
	return end;
}

char *path_normalize(char *path)
{
	bool is_absolute = *path == '/';
	char *start = path + is_absolute, *to = start;

	const char *end = path + strlen(path);

	for (const char *from = start, *next; from < end; from = next) {
		size_t size = strcspn(from, "/");
		next = from + size + 1;
		bool is_up = size == 2 && from[0] == '.' && from[1] == '.';
		bool is_here = size == 0 || (size == 1 && from[0] == '.');
		char *last = to > start ? part_before(start, to - 1) : NULL;
		bool is_last_up = last && strncmp(last, "../", 3) == 0;
		if (is_up && last && !is_last_up) {
			to = last;
		} else if (!is_here && !(is_up && is_absolute)) {
			memmove(to, from, size);
			to += size;
			*to++ = '/';
		}
	}
	to -= to > start;
	*to = '\0';
	return path;
}

bool source_may_answer(const struct source *source, const char *name)
{
	return strcmp(last_part(name), last_part(source->wanted)) == 0;
}

bool path_answers(const char *wanted, const char *path)
{
	size_t size = strlen(path), wanted_size = strlen(wanted);

	if (wanted_size > size || strcmp(path + size - wanted_size, wanted) != 0)
		return false;
	return wanted_size == size || (*wanted != '/' && path[size - wanted_size - 1] == '/');
}

size_t source_find(struct source *source, const char *path)
{
	if (!path_answers(source->wanted, path))
		return NO_SOURCE;
	for (size_t i = 0; i < source->files.size; i++)
		if (strcmp(source->files.data[i].path, path) == 0)
			return i;
	vector_add(&source->files)->path = xstrdup(path);
	return source->files.size - 1;
}

void source_add(struct source *source, size_t file, uint64_t line, bool is_statement,
		const struct line_start *start)
{
	struct source_file *found = &source->files.data[file];
	uint64_t rank = 2 * line + !is_statement;

	if (line == 0 || line > UINT_MAX)
		return;
	if (line > found->last)
		found->last = line;
	if (line < source->line || (!is_statement && line != source->line) ||
	    (found->line && rank > found->rank))
		return;
	if (rank != found->rank)
		found->starts.size = 0;
	found->line = line;
	found->rank = rank;
	vector_push(&found->starts, *start);
}

/* ------------------------------------------------------------------- tables */

struct table_visit {
	struct image *image;
	line_table_fn fn;
	void *context;
};

/* Go's own units: Go's own table says the same, and is read faster. */
static bool is_read_elsewhere(const struct image *image, Dwarf_Die *unit)
{
	return go_has_table(image) && dwarf_srclang(unit) == DW_LANG_Go;
}

static void visit_table(const struct table_visit *visit, const struct row_sections *sections,
			Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset;
	struct row_table table;

	if (!dwarf_attr(unit, DW_AT_stmt_list, &attribute) ||
	    dwarf_formudata(&attribute, &offset) != 0 || is_read_elsewhere(visit->image, unit))
		return;
	const char *compiled_in = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	if (!rows_open(&table, sections, offset, compiled_in))
		return;
	visit->fn(visit->context, unit, &table);
	rows_close(&table);
}

void line_tables_each(struct image *image, line_table_fn fn, void *context)
{
	const struct table_visit visit = {image, fn, context};
	const struct lines *lines = lines_get(image);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;

	if (!lines)
		return;
	const struct row_sections sections = {
	    .line = lines_section(lines, ".debug_line", ".zdebug_line"),
	    .line_strings = lines_section(lines, ".debug_line_str", ".zdebug_line_str"),
	    .strings = lines_section(lines, ".debug_str", ".zdebug_str"),
	};
	while (dwarf_get_units(lines->dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			visit_table(&visit, &sections, &unit);
}

/* --------------------------------------------------------------------- rows */

static int compare_addresses(const void *left, const void *right)
{
	const struct line_start *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

struct row_search {
	struct source *source;
	uint64_t unit;
	VECTOR(size_t) files; /* by the table's number: index in source, or NO_SOURCE */
	bool is_dead;	      /* this sequence: code that the linker threw away */
	struct row last;
};

static size_t file_of(const struct row_search *search, const struct row *row)
{
	return row->file < search->files.size ? search->files.data[row->file] : NO_SOURCE;
}

/* A call that was inlined: where it would be, the other function's code begins. */
static void note_empty(struct row_search *search, const struct row *row)
{
	size_t file = file_of(search, &search->last);

	if (row->begins || !row->is_statement || row->address != search->last.address ||
	    row->file == search->last.file || file == NO_SOURCE)
		return;
	const struct source_file *found = &search->source->files.data[file];
	for (size_t i = found->starts.size; i-- > 0;) {
		struct line_start *start = &found->starts.data[i];
		if (start->unit != search->unit || start->address != row->address)
			break;
		start->is_empty = true;
	}
}

static void note_row(void *context, const struct row *row)
{
	struct row_search *search = context;
	const struct image *image = search->source->image;

	size_t file = file_of(search, row);

	if (row->begins)
		search->is_dead = row->address == 0 || !image_is_code(image, row->address);
	note_empty(search, row);
	search->last = *row;
	if (search->is_dead || row->ends || file == NO_SOURCE ||
	    !image_is_code(image, row->address))
		return;
	source_add(search->source, file, row->line, row->is_statement,
		   &(struct line_start){.address = row->address, .unit = search->unit});
}

struct file_numbers {
	const struct row_search *search;
	size_t file;
};

static bool is_file(const void *context, uint64_t number)
{
	const struct file_numbers *numbers = context;

	return number < numbers->search->files.size &&
	       numbers->search->files.data[number] == numbers->file;
}

/* Sorts what this unit has added to a file, and says where each belongs. */
static void find_instances(const struct row_search *search, size_t index, Dwarf_Die *unit)
{
	const struct source_file *file = &search->source->files.data[index];
	const struct file_numbers numbers = {search, index};
	Dwarf_Die tree = unit_tree(unit);
	size_t first = file->starts.size;

	while (first && file->starts.data[first - 1].unit == search->unit)
		first--;
	if (first == file->starts.size)
		return;
	const struct line_starts added = {
	    .data = file->starts.data + first,
	    .count = file->starts.size - first,
	    .line = file->line,
	    .is_file = is_file,
	    .context = &numbers,
	};
	qsort(added.data, added.count, sizeof(*added.data), compare_addresses);
	instances_find(&tree, &added);
}

static void search_table(void *context, Dwarf_Die *unit, const struct row_table *table)
{
	struct row_search search = {.source = context, .unit = dwarf_dieoffset(unit)};
	bool has_some = false;

	for (size_t i = 0; i < table->files.size; i++) {
		const char *name = table->files.data[i].name;
		CLEANUP(free_p) char *path = NULL;
		if (name && source_may_answer(search.source, name))
			path = rows_path(table, i);
		size_t file = path ? source_find(search.source, path) : NO_SOURCE;
		vector_push(&search.files, file);
		has_some |= file != NO_SOURCE;
	}
	if (has_some) {
		rows_run(table, note_row, &search);
		for (size_t i = 0; i < search.source->files.size; i++)
			find_instances(&search, i, unit);
	}
	vector_deinit(&search.files);
}

/* ---------------------------------------------------------------- instances */

static int compare_instances(const void *left, const void *right)
{
	const struct line_start *a = left, *b = right;

	if (a->unit != b->unit)
		return a->unit < b->unit ? -1 : 1;
	if (a->instance != b->instance)
		return a->instance < b->instance ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

/* Where DWARF describes no function (assembly), the symbol table may. */
static void find_functions(struct image *image, struct source_file *file)
{
	struct function function;

	for (size_t i = 0; i < file->starts.size; i++) {
		struct line_start *start = &file->starts.data[i];
		if (start->instance == 0 && image_function_at(image, start->address, &function))
			start->instance = function.address;
	}
}

static bool is_cold(struct image *image, uint64_t address)
{
	struct function function;

	return image_function_at(image, address, &function) && match_is_cold(function.name);
}

/* The lowest of the starts of one instance. GCC moves what is rarely reached to lower
 * addresses, so what it left in place goes first. */
static const struct line_start *pick_start(struct image *image, const struct line_start *starts,
					   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_cold(image, starts[i].address))
			return &starts[i];
	return &starts[0];
}

/* Leaves one start per instance, by address, each address once. */
static void keep_one_each(struct image *image, struct source_file *file)
{
	struct line_start *starts = file->starts.data;
	size_t kept = 0, distinct = 0;

	qsort(starts, file->starts.size, sizeof(*starts), compare_instances);
	for (size_t i = 0, end; i < file->starts.size; i = end) {
		for (end = i; end < file->starts.size && starts[end].unit == starts[i].unit &&
			      starts[end].instance == starts[i].instance;)
			end++;
		starts[kept++] = *pick_start(image, starts + i, end - i);
	}
	/* Units that share a function (C++ templates) describe it once each. */
	qsort(starts, kept, sizeof(*starts), compare_addresses);
	for (size_t i = 0; i < kept; i++)
		if (i == 0 || starts[i].address != starts[i - 1].address)
			starts[distinct++] = starts[i];
	file->starts.size = distinct;
}

/* ------------------------------------------------------------------- search */

void source_search(struct source *ret, struct image *image, const char *wanted, unsigned line)
{
	*ret = (struct source){
	    .image = image, .wanted = path_normalize(xstrdup(wanted)), .line = line};
	if (go_has_table(image))
		gotab_source(image->go->table, ret);
	line_tables_each(image, search_table, ret);
	for (size_t i = 0; i < ret->files.size; i++) {
		struct source_file *file = &ret->files.data[i];
		if (file->starts.size == 0)
			continue;
		find_functions(image, file);
		keep_one_each(image, file);
	}
}

void source_deinit(struct source *source)
{
	for (size_t i = 0; i < source->files.size; i++) {
		free(source->files.data[i].path);
		vector_deinit(&source->files.data[i].starts);
	}
	vector_deinit(&source->files);
	free(source->wanted);
}

struct name_visit {
	void (*fn)(void *context, const char *path);
	void *context;
};

static void visit_names(void *context, Dwarf_Die *unit, const struct row_table *table)
{
	const struct name_visit *visit = context;

	(void)unit;
	for (size_t i = 0; i < table->files.size; i++) {
		CLEANUP(free_p) char *path = rows_path(table, i);
		if (path)
			visit->fn(visit->context, path);
	}
}

void image_each_source(struct image *image, void (*fn)(void *context, const char *path),
		       void *context)
{
	struct name_visit visit = {fn, context};

	if (go_has_table(image))
		gotab_each_source(image->go->table, fn, context);
	line_tables_each(image, visit_names, &visit);
}
