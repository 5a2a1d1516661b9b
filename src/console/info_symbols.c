/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_symbols.c - info functions, sharedlibrary, sources: what the files say.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* --------------------------------------------------------------- functions */

struct error *console_pattern(const char *text, int flags, regex_t *ret)
{
	int status = regcomp(ret, text, REG_EXTENDED | REG_NOSUB | flags);
	if (!status)
		return NULL;
	char why[128];
	regerror(status, ret, why, sizeof(why));
	return error_new(ERR_USAGE, "Invalid regexp \"%s\": %s", text, why);
}

struct function_list {
	struct buffer *out;
	const regex_t *pattern; /* or NULL */
	struct image *image;
	size_t count;
};

static bool list_function(void *context, const struct function *function)
{
	struct function_list *listing = context;
	if (listing->pattern && regexec(listing->pattern, function->name, 0, NULL, 0))
		return true;
	if (!listing->count++) {
		buffer_puts(listing->out, "\nFile ");
		text_name(listing->out, image_name(listing->image));
		buffer_puts(listing->out, ":\n");
	}
	buffer_printf(listing->out, "0x%016" PRIx64 "  ", function->address);
	text_name(listing->out, function->name);
	buffer_putc(listing->out, '\n');
	return true;
}

static void list_module(void *context, struct image *image)
{
	struct function_list *listing = context;
	listing->image = image;
	listing->count = 0;
	image_each_function(image, list_function, listing);
}

/* As GDB: the program's own, and its libraries' once there is a process. */
static void list_functions(const struct target *target, const regex_t *pattern, struct buffer *out)
{
	struct function_list listing = {out, pattern, NULL, 0};
	if (target->pid)
		program_each_module(target->program, list_module, &listing);
	else
		list_module(&listing, program_executable(target->program));
}

struct error *info_functions(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	TRY(console_program(console, &program));
	const struct target *target = session_target(console->session);
	if (!*arguments) {
		buffer_puts(out, "All defined functions:\n");
		list_functions(target, NULL, out);
		return NULL;
	}
	regex_t pattern;
	TRY(console_pattern(arguments, 0, &pattern));
	buffer_puts(out, "All functions matching regular expression \"");
	text_name(out, arguments);
	buffer_puts(out, "\":\n");
	list_functions(target, &pattern, out);
	regfree(&pattern);
	return NULL;
}

/* ----------------------------------------------------------- the small ones */

static void list_library(void *context, struct image *image)
{
	struct table *table = context;
	table_cell(table, "%s",
		   image_has_dwarf(image)	? "DWARF"
		   : image_has_functions(image) ? "names"
						: "none");
	struct buffer name = {0};
	text_name(&name, image_name(image));
	text_cell(table, &name);
}

struct error *info_sharedlibrary(struct console *console, const char *arguments, struct buffer *out)
{
	(void)arguments;
	struct program *program;
	TRY(console_program(console, &program));
	struct table table;
	table_init(&table, 2);
	table_cell(&table, "Symbols");
	table_cell(&table, "Object");
	program_each_module(program, list_library, &table);
	table_format(&table, out);
	table_deinit(&table);
	return NULL;
}

/* ------------------------------------------------------------------- sources */

struct path_search {
	const regex_t *pattern; /* or NULL */
	VECTOR(char *) paths;
};

static void note_path(void *context, const char *path)
{
	struct path_search *search = context;
	if (!search->pattern || !regexec(search->pattern, path, 0, NULL, 0))
		vector_push(&search->paths, xstrdup(path));
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

struct error *info_sources(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	struct path_search search = {0};
	regex_t pattern;
	TRY(console_program(console, &program));
	if (*arguments)
		TRY(console_pattern(arguments, 0, &pattern));
	search.pattern = *arguments ? &pattern : NULL;
	image_each_source(program_executable(program), note_path, &search);
	if (search.paths.size)
		qsort(search.paths.data, search.paths.size, sizeof(char *), compare_paths);
	else
		buffer_puts(out, "No source files.\n");
	for (size_t i = 0; i < search.paths.size; i++) {
		if (!i || strcmp(search.paths.data[i], search.paths.data[i - 1]) != 0) {
			text_name(out, search.paths.data[i]);
			buffer_putc(out, '\n');
		}
	}
	for (size_t i = 0; i < search.paths.size; i++)
		free(search.paths.data[i]);
	vector_deinit(&search.paths);
	if (*arguments)
		regfree(&pattern);
	return NULL;
}
