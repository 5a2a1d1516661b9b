/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linerows.c - which line each stretch of a function's code is of, and where else a function's
 * lines have code.
 *
 * Apart from line.c and source.c, which answer for one address, and for one line.
 */
#include "gotab.h"
#include "lines.h"
#include "rows.h"

/* ---------------------------------------------------------------- by Go's table */

/* Both lists cover the function: a row begins where either changes. */
static void rows_by_table(struct image *image, uint64_t start, uint64_t end, line_rows *ret)
{
	struct line last = {0};

	for (uint64_t at = start; at < end;) {
		CLEANUP(free_p) char *path = NULL;
		struct line line = {0};

		if (gotab_line(image->go->table, at, &path, &line.number))
			line.file = image_intern(image, path);
		if (line.file != last.file || line.number != last.number)
			vector_push(ret, ((struct line_row){at, line, true}));
		last = line;
		at = gotab_line_end(image->go->table, at);
	}
}

/* --------------------------------------------------------------------- by DWARF */

/* The index of the first row at or behind address, in a list by address. */
static size_t first_from(Dwarf_Lines *lines, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		Dwarf_Addr at = 0;

		dwarf_lineaddr(dwarf_onesrcline(lines, middle), &at);
		if (at < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_row(struct image *image, Dwarf_Line *line, line_rows *ret)
{
	struct line_row row = {0};
	const char *file = dwarf_linesrc(line, NULL, NULL);
	int number = 0;
	bool ends = false;

	dwarf_lineendsequence(line, &ends);
	dwarf_lineaddr(line, &row.address);
	dwarf_linebeginstatement(line, &row.is_statement);
	if (!ends && file && dwarf_lineno(line, &number) == 0 && number > 0)
		row.line = (struct line){image_intern(image, file), (unsigned)number};
	vector_push(ret, row);
}

static void rows_by_dwarf(struct image *image, uint64_t start, uint64_t end, line_rows *ret)
{
	const struct lines *lines = lines_get(image);
	Dwarf_Die unit;
	Dwarf_Lines *table;
	size_t count;

	if (!lines || !lines_unit_at(lines, start, &unit) ||
	    dwarf_getsrclines(&unit, &table, &count) != 0)
		return;
	for (size_t i = first_from(table, count, start); i < count; i++) {
		Dwarf_Line *line = dwarf_onesrcline(table, i);
		Dwarf_Addr address;

		if (dwarf_lineaddr(line, &address) != 0 || address >= end)
			break;
		add_row(image, line, ret);
	}
}

void image_line_rows(struct image *image, uint64_t start, uint64_t end, line_rows *ret)
{
	size_t before = ret->size;

	rows_by_dwarf(image, start, end, ret);
	if (ret->size == before && go_covers(image, start))
		rows_by_table(image, start, end, ret);
}

/* ------------------------------------------------------------------ in all tables */

struct line_search {
	struct image *image;
	const char *file; /* normalized */
	unsigned first, last;
	void (*fn)(void *context, uint64_t address);
	void *context;

	const struct row_table *table;
	VECTOR(bool) is_wanted; /* by the table's number of a file */
};

static void pass_row(void *context, const struct row *row)
{
	const struct line_search *search = context;

	if (!row->ends && row->address && row->file < search->is_wanted.size &&
	    search->is_wanted.data[row->file] && row->line >= search->first &&
	    row->line <= search->last && image_is_code(search->image, row->address))
		search->fn(search->context, row->address);
}

static void search_table(void *context, Dwarf_Die *unit, const struct row_table *table)
{
	struct line_search *search = context;
	bool has_some = false;

	(void)unit;
	search->is_wanted.size = 0;
	for (size_t i = 0; i < table->files.size; i++) {
		const char *name = table->files.data[i].name, *slash = strrchr(search->file, '/');
		bool may_be = name && strcmp(basename(name), slash ? slash + 1 : search->file) == 0;
		CLEANUP(free_p) char *path = may_be ? rows_path(table, i) : NULL;

		vector_push(&search->is_wanted, path && path_answers(search->file, path));
		has_some |= search->is_wanted.data[i];
	}
	if (has_some)
		rows_run(table, pass_row, search);
}

void image_each_line(struct image *image, const char *file, unsigned first, unsigned last,
		     void (*fn)(void *context, uint64_t address), void *context)
{
	CLEANUP(free_p) char *normalized = path_normalize(xstrdup(file));
	struct line_search search = {.image = image,
				     .file = normalized,
				     .first = first,
				     .last = last,
				     .fn = fn,
				     .context = context};

	line_tables_each(image, search_table, &search);
	vector_deinit(&search.is_wanted);
}
