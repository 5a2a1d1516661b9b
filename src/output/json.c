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

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* DEL and the C1 controls (c2 80 .. c2 9f) need no escape in JSON, but a terminal may show
 * the line. A byte that is not UTF-8 is \xNN. */
static void put_characters(struct buffer *out, const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;

	while (at < end) {
		const unsigned char *start = at;
		size_t length = 0;

		while (at < end && is_plain(*at))
			at++;
		buffer_append(out, start, (size_t)(at - start));
		if (at == end)
			break;
		if (*at >= 0x80)
			length = utf8_length(at, (size_t)(end - at));
		if (*at < 0x80 || (length == 2 && at[0] == 0xc2 && at[1] < 0xa0)) {
			at += *at >= 0x80;
			put_escape(out, *at++);
		} else if (length) {
			buffer_append(out, at, length);
			at += length;
		} else {
			buffer_printf(out, "\\\\x%02x", *at++);
		}
	}
}

static bool is_utf8(const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;

	while (at < end) {
		size_t length = *at < 0x80 ? 1 : utf8_length(at, (size_t)(end - at));

		if (!length)
			return false;
		at += length;
	}
	return true;
}

static void put_hex(struct buffer *out, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buffer_printf(out, "%02x", (unsigned char)bytes[i]);
}

static void put_string(struct buffer *out, const char *bytes, size_t size, const char *rest)
{
	bool is_text = is_utf8(bytes, size);
	void (*put)(struct buffer *, const char *, size_t) = is_text ? put_characters : put_hex;

	buffer_puts(out, is_text ? "\"" : "{\"bytes\":\"");
	put(out, bytes, size);
	put(out, rest, strlen(rest));
	buffer_puts(out, is_text ? "\"" : "\"}");
}

void json_string(struct buffer *out, const char *bytes, size_t size)
{
	put_string(out, bytes, size, "");
}

void json_cut_string(struct buffer *out, const char *bytes, size_t size)
{
	put_string(out, bytes, size, "...");
}

void json_text(struct buffer *out, const char *bytes, size_t size)
{
	buffer_putc(out, '"');
	put_characters(out, bytes, size);
	buffer_putc(out, '"');
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
