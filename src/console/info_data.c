/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_data.c - info variables, info types: what is defined outside of functions, by file, in
 * GDB's layout.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

struct data_row {
	const char *file, *text, *name; /* file "": not known */
	unsigned line;			/* 0: not known */
	bool is_private;
};
struct datum_row {
	const char *name;
	uint64_t address;
};
struct data_list {
	const regex_t *pattern; /* or NULL */
	struct arena texts;
	VECTOR(struct data_row) rows;
	VECTOR(struct datum_row) data;
};

static bool is_wanted(void *context, const char *name)
{
	const struct data_list *list = context;
	return !list->pattern || !regexec(list->pattern, name, 0, NULL, 0);
}

/* "static struct point point;", "typedef short int16_t;", "struct point;", "int" */
static void put_definition(struct buffer *out, const struct definition *definition)
{
	switch (definition->kind) {
	case DEFINED_VARIABLE:
		buffer_puts(out, definition->is_private ? "static " : "");
		type_declare(out, definition->type, definition->name);
		break;
	case DEFINED_ALIAS:
		buffer_puts(out, "typedef ");
		type_declare(out, definition->type, definition->name);
		break;
	case DEFINED_TYPE:
	case DEFINED_BASE:
		type_declare(out, definition->type, "");
		break;
	}
	buffer_puts(out, definition->kind == DEFINED_BASE ? "" : ";");
}

static void note(void *context, const struct definition *definition)
{
	struct data_list *list = context;
	const char *file = definition->declared.file;
	struct buffer text = {0};
	/* "long unsigned int" has its place as what it is shown as. */
	bool is_base = definition->kind == DEFINED_BASE;
	put_definition(&text, definition);
	vector_push(&list->rows, ((struct data_row){
				     .file = file ? arena_printf(&list->texts, "%s", file) : "",
				     .text = arena_printf(&list->texts, "%s", text.data),
				     .name = arena_printf(&list->texts, "%s",
							  is_base ? text.data : definition->name),
				     .line = definition->declared.number,
				     .is_private = definition->is_private,
				 }));
	buffer_deinit(&text);
}

static void note_datum(void *context, const char *name, uint64_t address)
{
	struct data_list *list = context;
	if (is_wanted(list, name))
		vector_push(&list->data,
			    ((struct datum_row){arena_printf(&list->texts, "%s", name), address}));
}

/* ------------------------------------------------------------------- showing */

/* As GDB: by file, what other files see first, by name. What no file defines is the last. */
static int compare_rows(const void *left, const void *right)
{
	const struct data_row *a = left, *b = right;
	if (!*a->file != !*b->file)
		return *a->file ? -1 : 1;
	int order = strcmp(a->file, b->file);
	if (!order)
		order = a->is_private - b->is_private;
	if (!order)
		order = strcmp(a->name, b->name);
	if (!order)
		order = strcmp(a->text, b->text);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int compare_data(const void *left, const void *right)
{
	const struct datum_row *a = left, *b = right;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool is_same(const struct data_row *a, const struct data_row *b)
{
	return a->line == b->line && !strcmp(a->file, b->file) && !strcmp(a->text, b->text);
}

static void put_rows(const struct data_list *list, struct buffer *out)
{
	const char *file = NULL;
	for (size_t i = 0; i < list->rows.size; i++) {
		const struct data_row *row = &list->rows.data[i];
		if (i && is_same(row, row - 1))
			continue;
		if (!file || strcmp(file, row->file) != 0) {
			file = row->file;
			buffer_puts(out, *file ? "\nFile " : "\n");
			text_name(out, file);
			buffer_puts(out, *file ? ":\n" : "");
		}
		if (row->line)
			buffer_printf(out, "%u:", row->line);
		buffer_printf(out, "\t%s\n", row->text);
	}
}

static bool has_definition(const struct data_list *list, const char *name)
{
	for (size_t i = 0; i < list->rows.size; i++)
		if (!strcmp(list->rows.data[i].name, name))
			return true;
	return false;
}

static void put_data(const struct data_list *list, struct buffer *out)
{
	bool has_title = false;
	for (size_t i = 0; i < list->data.size; i++) {
		const struct datum_row *datum = &list->data.data[i];
		if (has_definition(list, datum->name))
			continue;
		if (!has_title)
			buffer_puts(out, "\nNon-debugging symbols:\n");
		has_title = true;
		buffer_printf(out, "0x%016" PRIx64 "  ", datum->address);
		text_name(out, datum->name);
		buffer_putc(out, '\n');
	}
}

static void put_list(struct data_list *list, struct buffer *out)
{
	if (list->rows.size)
		qsort(list->rows.data, list->rows.size, sizeof(*list->rows.data), compare_rows);
	if (list->data.size)
		qsort(list->data.data, list->data.size, sizeof(*list->data.data), compare_data);
	put_rows(list, out);
	put_data(list, out);
}

static struct error *list_image(struct image *image, enum definition_kind kind,
				struct data_list *list)
{
	TRY(image_each_definition(image, kind, is_wanted, note, list));
	if (kind == DEFINITION_VARIABLE)
		image_each_datum(image, "", note_datum, list);
	return NULL;
}

static struct error *show(struct console *console, enum definition_kind kind, const char *what,
			  const char *arguments, struct buffer *out)
{
	struct program *program;
	struct data_list list = {0};
	regex_t pattern;
	TRY(console_program(console, &program));
	if (*arguments) {
		TRY(console_pattern(arguments, 0, &pattern));
		list.pattern = &pattern;
		buffer_printf(out, "All %s matching regular expression \"", what);
		text_name(out, arguments);
		buffer_puts(out, "\":\n");
	} else {
		buffer_printf(out, "All defined %s:\n", what);
	}
	struct error *err = list_image(program_executable(program), kind, &list);
	put_list(&list, out);
	vector_deinit(&list.rows);
	vector_deinit(&list.data);
	arena_deinit(&list.texts);
	if (list.pattern)
		regfree(&pattern);
	return err;
}

struct error *info_variables(struct console *console, const char *arguments, struct buffer *out)
{
	return show(console, DEFINITION_VARIABLE, "variables", arguments, out);
}

struct error *info_types(struct console *console, const char *arguments, struct buffer *out)
{
	return show(console, DEFINITION_TYPE, "types", arguments, out);
}
