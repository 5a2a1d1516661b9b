/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_cover.c - cover: a function's source with the live count of each line beside it.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

#define COUNT_WIDTH 11
#define MARK_NEVER  '!'

struct drawing {
	struct console *console;
	const struct probe *probe;
	size_t index;
	struct cover_picture picture;
	const struct srcfile *source; /* NULL: it was not found */
	size_t reached, counted;
	size_t uncounted; /* lines that have code, but no place for a probe */
	struct buffer *out;
};

/* ------------------------------------------------------------------- one line */

/* "!         0  " */
static void put_count(struct drawing *drawing, const struct cover_line *line, uint64_t count)
{
	if (line->reason) {
		drawing->uncounted++;
		buffer_printf(drawing->out, " %*s  ", COUNT_WIDTH, "-");
		return;
	}
	drawing->counted++;
	drawing->reached += count != 0;
	buffer_printf(drawing->out, "%c%*" PRIu64 "  ", count ? ' ' : MARK_NEVER, COUNT_WIDTH,
		      count);
}

static void put_source_line(struct drawing *drawing, unsigned number)
{
	if (drawing->source && number <= drawing->source->lines.size)
		srcfile_put_line(drawing->source, number, drawing->out);
	else
		buffer_printf(drawing->out, "%u\n", number);
}

static void put_reason(struct drawing *drawing, const struct cover_line *line)
{
	if (line->reason)
		buffer_printf(drawing->out, " %*s  \t# not counted: a probe there %s\n",
			      COUNT_WIDTH, "", line->reason);
}

/* Those in between have no code. */
static void put_lines(struct drawing *drawing)
{
	unsigned last = 0;
	for (size_t i = 0; i < drawing->picture.line_count; i++) {
		uint64_t count;
		const struct cover_line *line =
		    probe_cover_line(drawing->probe, drawing->index, i, &count);
		while (drawing->source && last && ++last < line->number) {
			buffer_printf(drawing->out, " %*s  ", COUNT_WIDTH, "");
			put_source_line(drawing, last);
		}
		last = line->number;
		put_count(drawing, line, count);
		put_source_line(drawing, last);
		put_reason(drawing, line);
	}
}

/* ----------------------------------------------------------- without lines */

static void put_insn(struct drawing *drawing, const struct code *code, const struct insn *insn)
{
	size_t low = 0, high = drawing->picture.line_count;
	uint64_t count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (probe_cover_line(drawing->probe, drawing->index, middle, &count)->address <
		    insn->address)
			low = middle + 1;
		else
			high = middle;
	}
	const struct cover_line *line =
	    low < drawing->picture.line_count
		? probe_cover_line(drawing->probe, drawing->index, low, &count)
		: NULL;
	if (line && line->address == insn->address)
		put_count(drawing, line, count);
	else
		buffer_printf(drawing->out, " %*s  ", COUNT_WIDTH, "");
	buffer_printf(drawing->out, "<+%#" PRIx64 ">:\t%s\n", insn->address - code->start,
		      code_text(code, insn).text);
}

static void put_insns(struct drawing *drawing)
{
	const struct place *place = drawing->picture.place;
	CLEANUP(free_p) uint8_t *bytes = xmalloc(place->function.size + 1);
	struct code code;
	if (!image_read(place->image, place->function.address, bytes, place->function.size))
		return;
	code_init(&code, bytes, place->function.size, place->function.address);
	for (size_t i = 0; i < code.insns.size; i++)
		put_insn(drawing, &code, &code.insns.data[i]);
	code_deinit(&code);
}

/* -------------------------------------------------------------- one picture */

static void put_title(struct drawing *drawing)
{
	const struct cover_picture *picture = &drawing->picture;
	text_name(drawing->out, picture->function);
	if (picture->file) {
		buffer_puts(drawing->out, ", ");
		text_name(drawing->out, picture->file);
	} else {
		buffer_printf(drawing->out,
			      ": %s has no source lines, so its basic blocks are "
			      "counted",
			      image_name(picture->place->image));
	}
	buffer_puts(drawing->out, ":\n");
}

/* "12 of 20 lines reached (60%)." */
static void put_summary(const struct drawing *drawing)
{
	buffer_printf(drawing->out, "%zu of %zu %s reached", drawing->reached, drawing->counted,
		      drawing->picture.file ? "lines" : "blocks");
	if (drawing->counted)
		buffer_printf(drawing->out, " (%zu%%)", 100 * drawing->reached / drawing->counted);
	if (drawing->uncounted)
		buffer_printf(drawing->out, ", %zu not counted", drawing->uncounted);
	if (drawing->reached < drawing->counted)
		buffer_printf(drawing->out, "; %c: never", MARK_NEVER);
	buffer_puts(drawing->out, ".\n");
}

static void draw(struct console *console, const struct probe *probe, size_t index,
		 struct buffer *out)
{
	struct drawing drawing = {
	    .console = console,
	    .probe = probe,
	    .index = index,
	    .picture = probe_picture(probe, index),
	    .out = out,
	};
	struct srcfile *file = &console->srcfile;
	struct error *err = NULL;
	put_title(&drawing);
	if (drawing.picture.file)
		err = srcfile_open(file, &console->srcpath, drawing.picture.place->image,
				   drawing.picture.file);
	if (drawing.picture.file && !err)
		drawing.source = file;
	if (err)
		error_format(err, out);
	error_free(err);
	if (drawing.picture.file)
		put_lines(&drawing);
	else
		put_insns(&drawing);
	put_summary(&drawing);
}

void cover_count(const struct probe *probe, size_t *ret_reached, size_t *ret_counted)
{
	*ret_reached = *ret_counted = 0;
	for (size_t i = 0; i < probe_picture_count(probe); i++)
		for (size_t k = 0; k < probe_picture(probe, i).line_count; k++) {
			uint64_t count;
			if (probe_cover_line(probe, i, k, &count)->reason)
				continue;
			++*ret_counted;
			*ret_reached += count != 0;
		}
}

size_t cover_draw(struct console *console, struct buffer *out)
{
	size_t drawn = 0;
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));)
		for (size_t i = 0; i < probe_picture_count(p); i++) {
			if (drawn++)
				buffer_putc(out, '\n');
			draw(console, p, i, out);
		}
	return drawn;
}

struct error *cmd_cover(struct console *console, const char *arguments, struct buffer *out)
{
	if (*arguments) {
		CLEANUP(free_p) char *text = xasprintf("cover %s", arguments);
		return command_run_text(console, text, false);
	}
	if (cover_draw(console, out))
		return NULL;
	return error_hint(error_new(ERR_USAGE, "nothing is covered yet"),
			  "\"cover FUNCTION\" counts its lines from now on, \"cover\" shows them.");
}
