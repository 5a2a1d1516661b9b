/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.c - a named text, and how a place in it is shown to a person.
 * Apart from the parser because errors of every later stage point here too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lexer.h"

/* A longer line is cut to this many bytes around the place in question. */
#define EXCERPT_BEFORE 60
#define EXCERPT_AFTER  80

/* Like Lua, takes \n, \r, \r\n and \n\r for one line end each. */
static void find_lines(struct source *source)
{
	const char *text = source->text;

	vector_push(&source->lines, 0);
	for (size_t at = 0; at < source->size; at++) {
		if (text[at] != '\n' && text[at] != '\r')
			continue;
		char other = text[at] == '\n' ? '\r' : '\n';
		if (text[at + 1] == other)
			at++;
		vector_push(&source->lines, at + 1);
	}
}

struct source *source_new(const char *name, const char *text, size_t size)
{
	struct source *source = xcalloc(1, sizeof(*source));

	source->name = xstrdup(name);
	source->text = xmalloc(size + 1);
	if (size)
		memcpy(source->text, text, size);
	source->text[size] = '\0';
	source->size = size;
	find_lines(source);
	return source;
}

static struct error *read_stream(FILE *stream, const char *name, struct source **ret)
{
	struct buffer text = {0};
	size_t got;

	do {
		got = fread(buffer_reserve(&text, 64 * 1024), 1, 64 * 1024, stream);
		text.size += got;
	} while (got > 0);
	struct error *err = NULL;
	if (ferror(stream))
		err = error_new(ERR_OS, "%s: cannot be read: %m", name);
	else
		*ret = source_new(name, text.data, text.size);
	buffer_deinit(&text);
	return err;
}

struct error *source_read(const char *path, struct source **ret)
{
	if (strcmp(path, "-") == 0)
		return read_stream(stdin, "(standard input)", ret);
	FILE *stream = fopen(path, "re");
	if (!stream && errno == ENOENT)
		return error_new(ERR_NO_FILE, "%s: no such file", path);
	if (!stream)
		return error_new(ERR_OS, "%s: cannot be opened: %m", path);
	struct error *err = read_stream(stream, path, ret);
	fclose(stream);
	return err;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	free(source->name);
	free(source->text);
	vector_deinit(&source->lines);
	free(source);
}

uint32_t source_preamble_end(const struct source *source)
{
	uint32_t at = strncmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	return source->text[at] == '#' ? at + strcspn(source->text + at, "\n") : at;
}

/* The start of the line that offset is in, by halves: errors are not the only ones to ask,
 * a long script has a position for each of its probes. */
static uint32_t line_start(const struct source *source, uint32_t offset, unsigned *ret_line)
{
	size_t low = 0, high = source->lines.size;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (source->lines.data[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	*ret_line = low + 1;
	return source->lines.data[low];
}

void source_position(const struct source *source, uint32_t offset, unsigned *ret_line,
		     unsigned *ret_column)
{
	if (offset > source->size)
		offset = source->size;
	*ret_column = offset - line_start(source, offset, ret_line) + 1;
}

/* Columns that escaped UTF-8 text takes, tabs replaced by themselves. */
static void put_blank_like(struct buffer *out, const char *text, size_t size, char filler)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\t' && filler == ' ')
			buffer_putc(out, '\t');
		else if ((text[i] & 0xc0) != 0x80)
			buffer_putc(out, filler);
	}
}

static uint32_t char_end(const struct source *source, uint32_t at, uint32_t end)
{
	while (at < end && (source->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Escapes text[start..end) into out and its caret line into marks. */
static void put_piece(const struct source *source, uint32_t start, uint32_t end, char filler,
		      struct buffer *out, struct buffer *marks)
{
	size_t before = out->size;

	if (start >= end)
		return;
	escape_text(out, source->text + start, end - start, true);
	if (marks)
		put_blank_like(marks, out->data + before, out->size - before, filler);
}

static char *make_excerpt(const struct source *source, struct span span, uint32_t start)
{
	uint32_t end = span.start;
	struct buffer line = {0}, marks = {0};

	while (end < source->size && source->text[end] != '\n' && source->text[end] != '\r')
		end++;
	if (span.start - start > EXCERPT_BEFORE + 3) {
		start = char_end(source, span.start - EXCERPT_BEFORE, span.start);
		buffer_puts(&line, "...");
		buffer_puts(&marks, "   ");
	}
	bool is_cut = end - span.start > EXCERPT_AFTER + 3;
	if (is_cut)
		end = char_end(source, span.start + EXCERPT_AFTER, end);
	uint32_t marked_end = char_end(source, span.end < end ? span.end : end, end);

	put_piece(source, start, span.start, ' ', &line, &marks);
	put_piece(source, span.start, marked_end, '~', &line, &marks);
	put_piece(source, marked_end, end, ' ', &line, NULL);
	if (is_cut)
		buffer_puts(&line, "...");
	size_t caret = marks.size;
	while (caret > 0 && marks.data[caret - 1] == '~')
		caret--;
	if (caret < marks.size)
		marks.data[caret] = '^';
	else
		buffer_putc(&marks, '^');
	buffer_printf(&line, "\n%s", marks.data);
	buffer_deinit(&marks);
	return buffer_take(&line);
}

struct error *source_error(const struct source *source, struct span span, enum error_tag tag,
			   const char *format, ...)
{
	va_list args;
	unsigned line;

	va_start(args, format);
	struct error *err = error_vnew(tag, format, args);
	va_end(args);
	if (span.start > source->size)
		span.start = source->size;
	uint32_t start = line_start(source, span.start, &line);
	err->where = xasprintf("%s:%u:%u", source->name, line, span.start - start + 1);
	err->excerpt = make_excerpt(source, span, start);
	return err;
}
