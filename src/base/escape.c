/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.c - foreign bytes made harmless for a terminal.
 * Apart because it is a safety rule: everything a target can put in a string,
 * a symbol name or its comm passes here before it is shown.
 */
#include <string.h>

#include "moontap/base.h"

size_t utf8_length(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t size;
	} forms[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
			continue;
		if (left < forms[i].size || p[1] < forms[i].second_low ||
		    p[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].size; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

static void put_escaped(struct buffer *out, unsigned char c)
{
	switch (c) {
	case '\n':
		buffer_puts(out, "\\n");
		break;
	case '\t':
		buffer_puts(out, "\\t");
		break;
	case '\r':
		buffer_puts(out, "\\r");
		break;
	default:
		buffer_printf(out, "\\x%02x", c);
	}
}

static bool is_plain(unsigned char c, bool keep_lines)
{
	return (c >= 0x20 && c < 0x7f) || (keep_lines && (c == '\n' || c == '\t'));
}

void escape_text(struct buffer *out, const char *bytes, size_t size, bool keep_lines)
{
	const unsigned char *p = (const unsigned char *)bytes, *end = p + size;

	while (p < end) {
		const unsigned char *start = p;

		while (p < end && is_plain(*p, keep_lines))
			p++;
		buffer_append(out, start, p - start);
		if (p == end)
			break;
		size_t length = utf8_length(p, end - p);
		/* U+0080..U+009F are the C1 controls: c2 80 .. c2 9f. */
		bool is_c1 = length == 2 && p[0] == 0xc2 && p[1] < 0xa0;
		if (length && !is_c1) {
			buffer_append(out, p, length);
			p += length;
		} else {
			put_escaped(out, *p++);
		}
	}
}
