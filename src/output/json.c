/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - strings and numbers as JSON (RFC 8259).
 * Knows no containers: whoever walks them writes the brackets and commas.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

static void put_escape(struct buffer *out, unsigned char c)
{
	static const char *const named[0x20] = {
	    ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};

	if (c == '"' || c == '\\')
		buffer_append(out, (char[]){'\\', (char)c}, 2);
	else if (c < 0x20 && named[c])
		buffer_append(out, named[c], 2);
	else
		buffer_printf(out, "\\u%04x", c);
}

/* text is UTF-8. DEL and the C1 controls need no escape in JSON, but a
 * terminal may show the line. */
static void put_string(struct buffer *out, const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + size;

	buffer_putc(out, '"');
	while (at < end) {
		const unsigned char *start = at;

		while (at < end && *at >= 0x20 && *at != '"' && *at != '\\' && *at != 0x7f &&
		       !(*at == 0xc2 && at[1] < 0xa0))
			at++;
		buffer_append(out, start, (size_t)(at - start));
		if (at == end)
			break;
		at += *at == 0xc2;
		put_escape(out, *at++);
	}
	buffer_putc(out, '"');
}

/* RFC 3629. */
static bool is_utf8(const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;

	while (at < end) {
		unsigned length = *at < 0x80   ? 1
				  : *at < 0xc2 ? 0
				  : *at < 0xe0 ? 2
				  : *at < 0xf0 ? 3
				  : *at < 0xf5 ? 4
					       : 0;

		if (length == 0 || (size_t)(end - at) < length)
			return false;
		for (unsigned i = 1; i < length; i++)
			if ((at[i] & 0xc0) != 0x80)
				return false;
		/* Overlong forms, surrogates, and beyond U+10FFFF. */
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
		    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
			return false;
		at += length;
	}
	return true;
}

void json_string(struct buffer *out, const char *bytes, size_t size)
{
	if (is_utf8(bytes, size)) {
		put_string(out, bytes, size);
		return;
	}
	buffer_puts(out, "{\"bytes\":\"");
	for (size_t i = 0; i < size; i++)
		buffer_printf(out, "%02x", (unsigned char)bytes[i]);
	buffer_puts(out, "\"}");
}

void json_name(struct buffer *out, const char *bytes, size_t size)
{
	struct buffer escaped = {0};

	if (is_utf8(bytes, size)) {
		put_string(out, bytes, size);
		return;
	}
	escape_text(&escaped, bytes, size, true);
	put_string(out, escaped.data, escaped.size);
	buffer_deinit(&escaped);
}

void json_integer(struct buffer *out, int64_t value)
{
	number_put_integer(out, value);
}

void json_unsigned(struct buffer *out, uint64_t value)
{
	number_put_unsigned(out, value);
}

void json_hex(struct buffer *out, uint64_t high, uint64_t low)
{
	buffer_putc(out, '"');
	number_put_hex(out, high, low);
	buffer_putc(out, '"');
}

void json_missing(struct buffer *out, const char *reason)
{
	buffer_puts(out, "{\"missing\":");
	json_string(out, reason, strlen(reason));
	buffer_putc(out, '}');
}

void json_float(struct buffer *out, double value)
{
	char text[40];

	if (!isfinite(value)) {
		buffer_puts(out, "null");
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buffer_puts(out, text);
	if (text[strspn(text, "-0123456789")] == '\0')
		buffer_puts(out, ".0");
}
