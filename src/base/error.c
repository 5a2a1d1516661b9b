/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.c - struct error: built where something fails, passed up, printed once.
 * Apart because every room makes errors and only the console shows them.
 */
#include <stdio.h>
#include <string.h>

#include "moontap/base.h"

static char *format_string(const char *format, va_list args)
{
	struct buffer text = {0};
	va_list copy;

	va_copy(copy, args);
	int size = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	vsnprintf(buffer_reserve(&text, size + 1), size + 1, format, args);
	text.size += size;
	return buffer_take(&text);
}

struct error *error_vnew(enum error_tag tag, const char *format, va_list args)
{
	struct error *err = xcalloc(1, sizeof(*err));

	err->tag = tag;
	err->message = format_string(format, args);
	return err;
}

struct error *error_new(enum error_tag tag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	struct error *err = error_vnew(tag, format, args);
	va_end(args);
	return err;
}

struct error *error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *hint = format_string(format, args);
	va_end(args);
	free(err->hint);
	err->hint = hint;
	return err;
}

struct error *error_prefix(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *prefix = format_string(format, args);
	va_end(args);
	char *message = xasprintf("%s: %s", prefix, err->message);
	free(prefix);
	free(err->message);
	err->message = message;
	return err;
}

void error_free(struct error *err)
{
	if (!err)
		return;
	free(err->message);
	free(err->where);
	free(err->excerpt);
	free(err->hint);
	free(err);
}

const char *error_tag_name(enum error_tag tag)
{
	static const char *const names[] = {
#define X(tag, name) [ERR_##tag] = name,
	    ERROR_TAGS(X)
#undef X
	};
	return names[tag];
}

static void put_lines(const char *text, struct buffer *out)
{
	buffer_puts(out, text);
	if (out->data[out->size - 1] != '\n')
		buffer_putc(out, '\n');
}

void error_format(const struct error *err, struct buffer *out)
{
	if (err->where)
		buffer_printf(out, "%s: ", err->where);
	put_lines(err->message, out);
	if (err->excerpt)
		put_lines(err->excerpt, out);
	if (err->hint && *err->hint)
		put_lines(err->hint, out);
}
