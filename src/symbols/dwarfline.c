/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfline.c - a function's rows of the line table: where its prologue ends, and at which
 * lines a variable can be read.
 */
#include "dwarf.h"

/* Rows first to end of a unit's, by address: those of one range of a function. */
struct rows {
	Dwarf_Lines *lines;
	size_t first, end;
};

static uint64_t address_of(const struct rows *rows, size_t index)
{
	Dwarf_Addr address = 0;

	dwarf_lineaddr(dwarf_onesrcline(rows->lines, index), &address);
	return address;
}

static unsigned line_of(const struct rows *rows, size_t index)
{
	int line = 0;

	dwarf_lineno(dwarf_onesrcline(rows->lines, index), &line);
	return line > 0 ? line : 0;
}

/* The first row from address on. */
static size_t row_from(const struct rows *rows, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (address_of(rows, middle) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool find_range(Dwarf_Die *function, uint64_t address, uint64_t *ret_start,
		       uint64_t *ret_end)
{
	Dwarf_Addr base, start, end;

	for (ptrdiff_t at = 0; (at = dwarf_ranges(function, at, &base, &start, &end)) > 0;)
		if (address >= start && address < end) {
			*ret_start = start;
			*ret_end = end;
			return true;
		}
	return false;
}

/* The rows of the function's range that the pc is in. */
static bool find_rows(const struct scope *scope, struct rows *ret)
{
	uint64_t start, end;
	Dwarf_Die unit;
	size_t count;

	if (!scope->blocks.size ||
	    !find_range(&scope->blocks.data[0], scope->address, &start, &end) ||
	    !dwarf_cu_die(scope->unit->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) ||
	    dwarf_getsrclines(&unit, &ret->lines, &count) != 0)
		return false;
	ret->first = row_from(ret, count, start);
	ret->end = row_from(ret, count, end);
	return ret->first < ret->end;
}

/* ----------------------------------------------------------------- prologue */

/* GCC marks no end of the prologue: the second address that has a row is the first of the
 * function's own code. */
static uint64_t prologue_end(const struct rows *rows, uint64_t start)
{
	uint64_t second = start;

	for (size_t i = rows->first; i < rows->end; i++) {
		bool is_end = false;
		uint64_t address = address_of(rows, i);
		dwarf_lineprologueend(dwarf_onesrcline(rows->lines, i), &is_end);
		if (is_end)
			return address;
		if (second == start)
			second = address;
	}
	return second;
}

bool scope_is_in_prologue(const struct scope *scope)
{
	struct rows rows;
	Dwarf_Die function;
	Dwarf_Addr start;

	if (!scope->blocks.size)
		return false;
	function = scope->blocks.data[0];
	if (dwarf_entrypc(&function, &start) != 0 || scope->address < start)
		return false;
	return scope->address == start ||
	       (find_rows(scope, &rows) && scope->address < prologue_end(&rows, start));
}

/* ----------------------------------------------------------- readable lines */

struct readable {
	struct scope *scope;
	struct rows rows;
	const char *name;
	struct line declared; /* of the variable that is meant */
};

/* Is the row where a tracepoint of its line would be? */
static bool is_first_of_line(const struct rows *rows, size_t index)
{
	unsigned line = line_of(rows, index);
	bool is_statement = false;

	dwarf_linebeginstatement(dwarf_onesrcline(rows->lines, index), &is_statement);
	for (size_t i = rows->first; i < index && is_statement; i++)
		is_statement = line_of(rows, i) != line;
	return is_statement && line > 0;
}

static bool is_readable_at(const struct readable *readable, size_t index)
{
	struct variable variable;
	struct scope *there;
	bool is_readable = false;

	error_free(
	    scope_open(readable->scope->dwarf->image, address_of(&readable->rows, index), &there));
	if (there && scope_variable(there, readable->name, &variable) &&
	    variable.declared.number == readable->declared.number) {
		is_readable = true;
		for (size_t i = 0; i < variable.where.piece_count; i++)
			is_readable &= variable.where.pieces[i].kind != PIECE_LOST;
	}
	scope_close(there);
	return is_readable;
}

static unsigned nearest_line(const struct readable *readable, size_t from, int step)
{
	const struct rows *rows = &readable->rows;

	for (size_t i = from; i >= rows->first && i < rows->end; i += step)
		if (is_first_of_line(rows, i) && is_readable_at(readable, i))
			return line_of(rows, i);
	return 0;
}

void scope_readable_lines(struct scope *scope, const char *name, unsigned *ret_before,
			  unsigned *ret_after)
{
	struct readable readable = {.scope = scope, .name = name};
	struct variable variable;

	*ret_before = *ret_after = 0;
	if (!scope_variable(scope, name, &variable) || !find_rows(scope, &readable.rows))
		return;
	readable.declared = variable.declared;
	const struct rows *rows = &readable.rows;
	size_t at = row_from(rows, rows->end, scope->address);
	*ret_before = nearest_line(&readable, at - 1, -1);
	while (at < rows->end && address_of(rows, at) == scope->address)
		at++;
	*ret_after = nearest_line(&readable, at, 1);
}
