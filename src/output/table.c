/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - rows of cells as aligned columns.
 * Apart because every `info` command ends here.
 */
#include <stdio.h>
#include <string.h>

#include "moontap/output.h"

enum {
	GAP = 2
}; /* spaces between columns */

void table_init(struct table *table, size_t columns)
{
	*table = (struct table){.columns = columns};
}

void table_right(struct table *table, size_t column)
{
	table->is_right[column] = true;
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	/* The rest of the program shares the rule: no memory, no program. */
	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

void table_cell(struct table *table, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vector_push(&table->cells, format_text(format, args));
	va_end(args);
}

void table_line(struct table *table, const char *format, ...)
{
	va_list args;

	while (table->cells.size % table->columns)
		vector_push(&table->cells, xstrdup(""));
	va_start(args, format);
	vector_push(&table->cells, format_text(format, args));
	va_end(args);
	while (table->cells.size % table->columns)
		vector_push(&table->cells, NULL);
}

/* Columns of a terminal that text takes, taking each character for one. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* A table of one column has no rows that are not lines of their own. */
static bool is_line(const struct table *table, size_t row)
{
	size_t second = row * table->columns + 1;

	return table->columns > 1 && second < table->cells.size && !table->cells.data[second];
}

static size_t row_count(const struct table *table)
{
	return table->columns ? (table->cells.size + table->columns - 1) / table->columns : 0;
}

static const char *cell(const struct table *table, size_t row, size_t column)
{
	size_t index = row * table->columns + column;

	return index < table->cells.size ? table->cells.data[index] : "";
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t row = 0; row < row_count(table); row++) {
		size_t width = is_line(table, row) ? 0 : text_width(cell(table, row, column));

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void put_spaces(struct buffer *out, size_t count)
{
	memset(buffer_reserve(out, count), ' ', count);
	out->size += count;
}

static void put_row(const struct table *table, size_t row, const size_t *widths, struct buffer *out)
{
	size_t start = out->size;

	for (size_t column = 0; column < table->columns; column++) {
		const char *text = cell(table, row, column);
		size_t spaces = widths[column] - text_width(text);

		put_spaces(out, (column ? GAP : 0) + (table->is_right[column] ? spaces : 0));
		buffer_puts(out, text);
		put_spaces(out, table->is_right[column] ? 0 : spaces);
	}
	while (out->size > start && out->data[out->size - 1] == ' ')
		out->size--;
}

void table_format(const struct table *table, struct buffer *out)
{
	size_t widths[ARRAY_SIZE(table->is_right)];

	for (size_t column = 0; column < table->columns; column++)
		widths[column] = column_width(table, column);
	for (size_t row = 0; row < row_count(table); row++) {
		if (is_line(table, row))
			buffer_puts(out, cell(table, row, 0));
		else
			put_row(table, row, widths, out);
		buffer_putc(out, '\n');
	}
}

void table_deinit(struct table *table)
{
	for (size_t i = 0; i < table->cells.size; i++)
		free(table->cells.data[i]);
	vector_deinit(&table->cells);
}
