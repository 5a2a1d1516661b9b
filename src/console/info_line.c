/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_line.c - info line, info address, info symbol: from source to address and back.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

void text_address(struct buffer *out, struct image *image, uint64_t address)
{
	struct function function;
	buffer_printf(out, "0x%" PRIx64, address);
	if (!image_function_at(image, address, &function))
		return;
	buffer_puts(out, " <");
	text_name(out, function.name);
	if (address != function.address)
		buffer_printf(out, "+%" PRIu64, address - function.address);
	buffer_putc(out, '>');
}

/* ---------------------------------------------------------------------- line */

static bool is_line(struct image *image, uint64_t address, const struct line *wanted)
{
	struct line line;
	return image_line_at(image, address, &line) && line.number == wanted->number &&
	       !strcmp(line.file, wanted->file);
}

/* The addresses around address whose code is of the same line, within its function. */
static void line_range(const struct place *place, const struct line *line, uint64_t *ret_start,
		       uint64_t *ret_end)
{
	const struct function *function = &place->function;
	uint64_t low = function->name ? function->address : place->address;
	uint64_t high = function->name ? function->address + function->size : place->address + 1;
	uint64_t start = place->address, end = place->address + 1;
	while (start > low && is_line(place->image, start - 1, line))
		start--;
	while (end < high && is_line(place->image, end, line))
		end++;
	*ret_start = start;
	*ret_end = end;
}

static void show_place(const struct place *place, struct buffer *out)
{
	struct line line;
	uint64_t start, end;
	if (!image_line_at(place->image, place->address, &line)) {
		buffer_puts(out, "No line number information available for address ");
		text_address(out, place->image, place->address);
		buffer_putc(out, '\n');
		return;
	}
	line_range(place, &line, &start, &end);
	/* Several lines may begin at one address: the one that was asked for counts. */
	bool is_moved = place->line.file && place->wanted_line != place->line.number;
	buffer_printf(out, "Line %u of \"", place->line.file ? place->wanted_line : line.number);
	text_name(out, line.file);
	buffer_puts(out, is_moved ? "\" is at address " : "\" starts at address ");
	text_address(out, place->image, start);
	if (is_moved) {
		buffer_puts(out, " but contains no code.\n");
		return;
	}
	buffer_puts(out, " and ends at ");
	text_address(out, place->image, end);
	buffer_puts(out, ".\n");
}

struct error *info_line(struct console *console, const char *arguments, struct buffer *out)
{
	place_list places = {0};
	if (!*arguments)
		return error_new(ERR_USAGE, "info line needs a location: FILE:LINE, FUNCTION, "
					    "*ADDRESS");
	TRY(console_places(console, arguments, &places));
	for (size_t i = 0; i < places.size; i++)
		show_place(&places.data[i], out);
	examine_start_at(console, &places.data[0]);
	place_list_deinit(&places);
	return NULL;
}

/* ------------------------------------------------------------------- address */

struct error *info_address(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	struct location location;
	place_list places = {0};
	if (!*arguments)
		return error_new(ERR_USAGE, "Argument required.");
	TRY(console_program(console, &program));
	TRY(location_parse(arguments, &location));
	struct error *err = location_resolve(&location, program, &places);
	location_deinit(&location);
	if (err) {
		struct error *renamed =
		    error_new(ERR_NO_SYMBOL, "No symbol \"%s\" in current context.", arguments);
		if (err->hint)
			error_hint(renamed, "%s", err->hint);
		error_free(err);
		return renamed;
	}
	for (size_t i = 0; i < places.size; i++) {
		buffer_puts(out, "Symbol \"");
		const struct place *place = &places.data[i];
		text_name(out, place->usdt ? place->usdt->whole : place->function.name ?: arguments);
		buffer_printf(out, "\" is a %s at address 0x%" PRIx64 ".\n",
			      place->usdt ? "static probe" : "function", place->address);
	}
	place_list_deinit(&places);
	return NULL;
}

/* -------------------------------------------------------------------- symbol */

struct symbol_search {
	struct console *console;
	uint64_t address; /* of the file, or of the process */
	struct buffer *out;
	bool is_found;
};

static void show_symbol(void *context, struct image *image)
{
	struct symbol_search *search = context;
	struct function function;
	struct line line;
	uint64_t address = search->address;
	if (!image_function_at(image, address, &function)) {
		address -= memory_of(search->console, image).bias;
		if (!image_function_at(image, address, &function))
			return;
	}
	text_name(search->out, function.name);
	if (address != function.address)
		buffer_printf(search->out, " + %" PRIu64, address - function.address);
	buffer_puts(search->out, " of ");
	text_name(search->out, image_name(image));
	if (image_line_at(image, address, &line)) {
		buffer_puts(search->out, " at ");
		text_line(search->out, &line);
	}
	buffer_putc(search->out, '\n');
	search->is_found = true;
}

/* Addresses of files: each may have something there. */
struct error *info_symbol(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	TRY(console_program(console, &program));
	char *end;
	uint64_t address = strtoull(arguments, &end, 0);
	if (end == arguments || *end)
		return error_hint(error_new(ERR_USAGE, "info symbol needs an address"),
				  "\"info address NAME\" says where a function is.");
	struct symbol_search search = {console, address, out, false};
	program_each_module(program, show_symbol, &search);
	if (!search.is_found)
		buffer_printf(out, "No symbol matches %s.\n", arguments);
	return NULL;
}
