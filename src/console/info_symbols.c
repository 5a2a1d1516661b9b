/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_symbols.c - info functions, sharedlibrary, symbol: what the files say.
 */
#include <inttypes.h>
#include <string.h>

#include "moontap/console.h"

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

struct listing {
	struct buffer *out;
	const regex_t *pattern; /* or NULL */
	struct image *image;
	size_t count;
};

static bool list_function(void *context, const struct function *function)
{
	struct listing *listing = context;
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
	struct listing *listing = context;
	listing->image = image;
	listing->count = 0;
	image_each_function(image, list_function, listing);
}

/* As GDB: the program's own, and its libraries' once there is a process. */
static void list_functions(const struct target *target, const regex_t *pattern, struct buffer *out)
{
	struct listing listing = {out, pattern, NULL, 0};
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
	buffer_printf(out, "All functions matching regular expression \"%s\":\n", arguments);
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

struct symbol_search {
	uint64_t address;
	const struct program *program;
	struct buffer *out;
	bool is_found;
};

static void show_symbol(void *context, struct image *image)
{
	struct symbol_search *search = context;
	struct function function;
	if (!image_function_at(image, search->address, &function))
		return;
	text_name(search->out, function.name);
	if (search->address != function.address)
		buffer_printf(search->out, " + %" PRIu64, search->address - function.address);
	buffer_puts(search->out, " of ");
	text_name(search->out, image_name(image));
	struct line line;
	if (image_line_at(image, search->address, &line)) {
		buffer_puts(search->out, " at ");
		text_line(search->out, &line);
	}
	buffer_putc(search->out, '\n');
	search->is_found = true;
}

/* Addresses are the files' own, so each file may have something there. */
struct error *info_symbol(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	TRY(console_program(console, &program));
	char *end;
	uint64_t address = strtoull(arguments, &end, 0);
	if (end == arguments || *end)
		return error_new(ERR_USAGE, "info symbol needs an address");
	struct symbol_search search = {address, program, out, false};
	program_each_module(program, show_symbol, &search);
	if (!search.is_found)
		buffer_printf(out, "No symbol matches %s.\n", arguments);
	return NULL;
}
