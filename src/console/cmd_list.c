/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_list.c - list: source lines, as GDB pages through them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* A place in a source file. The file's name is the image's. */
struct spot {
	struct image *image;
	const char *file;
	unsigned line;
};

/* ------------------------------------------------------------------- finding */

static struct error *no_line(const struct place *place)
{
	return error_new(ERR_NO_SYMBOL,
			 "No line number information available for address 0x%" PRIx64 " <%s>",
			 place->address, place->function.name ? place->function.name : "?");
}

static struct error *spot_of(const struct place *place, struct spot *ret)
{
	struct line line = place->line;
	if (!line.file && !image_line_at(place->image, place->address, &line))
		return no_line(place);
	*ret = (struct spot){place->image, line.file, line.number};
	return NULL;
}

/* The file that lines without a file are of: the one listed last, else main's. */
static struct error *default_spot(struct console *console, struct spot *ret)
{
	const struct listing *listing = &console->listing;
	struct program *program;
	TRY(console_program(console, &program));
	if (listing->file) {
		*ret = (struct spot){listing->image, listing->file, listing->last + 1};
		return NULL;
	}
	struct line line;
	if (program_line(program, &line)) {
		*ret = (struct spot){program_executable(program), line.file, line.number};
		return NULL;
	}
	return error_hint(error_new(ERR_NO_SYMBOL, "No symbol table is loaded."),
			  "Build the program with -g, or name a FILE:LINE or FUNCTION.");
}

/* Any line of the file, one without code, too. */
static struct error *spot_of_line(struct console *console, const struct location *location,
				  struct spot *ret)
{
	struct location first = *location;
	place_list places = {0};
	if (location->name) {
		first.line = 1;
		TRY(location_resolve(&first, session_target(console->session)->program, &places));
		struct error *err = spot_of(&places.data[0], ret);
		place_list_deinit(&places);
		ret->line = location->line;
		return err;
	}
	TRY(default_spot(console, ret));
	unsigned last = console->listing.file ? ret->line - 1 : ret->line;
	ret->line = location->direction > 0 ? last + location->line : location->line;
	if (location->direction < 0)
		ret->line = last > location->line ? last - location->line : 1;
	return NULL;
}

typedef VECTOR(struct spot) spot_list;

static struct error *spots_of_places(const place_list *places, spot_list *ret)
{
	for (size_t i = 0; i < places->size; i++) {
		struct place place = places->data[i];
		if (place.function.name && !place.line.file && !place.usdt)
			place.address = place.function.address;
		TRY(spot_of(&place, vector_add(ret)));
	}
	return NULL;
}

static struct error *find_spots(struct console *console, const char *text, spot_list *ret)
{
	struct program *program;
	struct location location;
	place_list places = {0};
	TRY(console_program(console, &program));
	TRY(location_parse(text, &location));
	struct error *err = NULL;
	if (location.kind == LOCATION_LINE && !location.function)
		err = spot_of_line(console, &location, vector_add(ret));
	else
		err = location_resolve(&location, program, &places);
	if (!err)
		err = spots_of_places(&places, ret);
	place_list_deinit(&places);
	location_deinit(&location);
	return err;
}

/* -------------------------------------------------------------------- showing */

static struct error *out_of_range(unsigned line, const struct srcfile *file)
{
	return error_new(ERR_USAGE, "Line number %u out of range; \"%s\" has %zu lines.", line,
			 file->recorded, file->lines.size);
}

static struct error *show_lines(struct console *console, const struct spot *spot, unsigned first,
				unsigned count, struct buffer *out)
{
	struct srcfile *file = &console->srcfile;
	struct listing *listing = &console->listing;
	TRY(srcfile_open(file, &console->srcpath, spot->image, spot->file));
	if (file->is_newer) {
		buffer_puts(out, "warning: Source file is more recent than executable.\n");
		file->is_newer = false;
	}
	if (srcfile_note_change(file))
		buffer_puts(out, "warning: Source file has changed since it was read; "
				 "\"directory\" has it read anew.\n");
	first = first ? first : 1;
	if (first > file->lines.size)
		return out_of_range(first, file);
	unsigned last = first + count - 1;
	if (last < first || last > file->lines.size)
		last = (unsigned)file->lines.size;
	for (unsigned line = first; line <= last; line++)
		srcfile_put_line(file, line, out);
	console_hold(&listing->image, spot->image);
	listing->file = spot->file;
	listing->first = first;
	listing->last = last;
	program_set_line(session_target(console->session)->program, spot->file, last);
	return NULL;
}

/* So many lines, five of ten of them before the one that is meant. */
static struct error *show_around(struct console *console, const struct spot *spot,
				 struct buffer *out)
{
	unsigned count = console->settings.listsize ? console->settings.listsize : UINT32_MAX;
	unsigned before = count == UINT32_MAX ? spot->line : count / 2;
	return show_lines(console, spot, spot->line > before ? spot->line - before : 1, count, out);
}

static unsigned page_size(const struct console *console)
{
	return console->settings.listsize ? console->settings.listsize : UINT32_MAX;
}

static struct error *show_next(struct console *console, struct buffer *out)
{
	struct spot spot = {0};
	TRY(default_spot(console, &spot));
	if (!console->listing.file)
		return show_around(console, &spot, out);
	return show_lines(console, &spot, spot.line, page_size(console), out);
}

static struct error *show_previous(struct console *console, struct buffer *out)
{
	struct spot spot = {0};
	unsigned first = console->listing.first, count = page_size(console);
	TRY(default_spot(console, &spot));
	if (!console->listing.file)
		return show_around(console, &spot, out);
	if (first <= 1)
		return error_new(ERR_USAGE, "Already at the start of %s.", spot.file);
	unsigned start = first > count ? first - count : 1;
	TRY(show_lines(console, &spot, start, first - start, out));
	return NULL;
}

/* "A,B" and its halves. */
static struct error *show_range(struct console *console, const char *from, const char *to,
				struct buffer *out)
{
	spot_list first = {0}, last = {0};
	unsigned count = page_size(console), start = 0;
	struct error *err = *from ? find_spots(console, from, &first) : NULL;
	if (!err && *to)
		err = find_spots(console, to, &last);
	const struct spot *spot = first.size ? &first.data[0] : last.size ? &last.data[0] : NULL;
	if (!err && !spot)
		err = error_new(ERR_USAGE, "Argument to list is missing.");
	if (!err && first.size && last.size && last.data[0].line < first.data[0].line)
		err = error_new(ERR_USAGE, "Second argument is before the first.");
	if (!err && spot) {
		unsigned end = last.size ? last.data[0].line : 0;
		start = first.size ? first.data[0].line : end >= count ? end - count + 1 : 1;
		count = end ? end - start + 1 : count;
		err = show_lines(console, spot, start, count, out);
	}
	vector_deinit(&first);
	vector_deinit(&last);
	return err;
}

static struct error *show_spots(struct console *console, const char *text, struct buffer *out)
{
	spot_list spots = {0};
	struct error *err = find_spots(console, text, &spots);
	for (size_t i = 0; i < spots.size && !err; i++) {
		const struct spot *spot = &spots.data[i];
		bool is_address = *text == '*';
		if (is_address || spots.size > 1) {
			buffer_puts(out, is_address ? text + 1 : "file: \"");
			buffer_puts(out, is_address ? " is at " : "");
			text_name(out, spot->file);
			buffer_printf(out, is_address ? ":%u.\n" : "\", line number: %u\n",
				      spot->line);
		}
		err = show_around(console, spot, out);
	}
	vector_deinit(&spots);
	return err;
}

struct error *cmd_list(struct console *console, const char *arguments, struct buffer *out)
{
	const char *comma = strchr(arguments, ',');
	/* The files of another program are others. */
	if (console->listing.program != session_target(console->session)->program)
		console->listing.file = NULL;
	console->listing.program = session_target(console->session)->program;
	if (!*arguments || !strcmp(arguments, "+"))
		return show_next(console, out);
	if (!strcmp(arguments, "-"))
		return show_previous(console, out);
	if (!comma)
		return show_spots(console, arguments, out);
	CLEANUP(free_p) char *from = xstrndup(arguments, (size_t)(comma - arguments));
	return show_range(console, from, comma + 1 + strspn(comma + 1, " \t"), out);
}

struct error *info_source(struct console *console, const char *arguments, struct buffer *out)
{
	const struct listing *listing = &console->listing;
	(void)arguments;
	if (!listing->file || console->srcfile.recorded == NULL) {
		buffer_puts(out, "No current source file.\n");
		return NULL;
	}
	buffer_puts(out, "Current source file is ");
	text_name(out, console->srcfile.recorded);
	buffer_puts(out, "\nLocated in ");
	text_name(out, console->srcfile.path);
	buffer_printf(out, "\nContains %zu lines.\n", console->srcfile.lines.size);
	return NULL;
}
