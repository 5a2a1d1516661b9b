/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * letter.c - a number by one of GDB's format letters: x/4xw, print/x.
 */
#include <inttypes.h>
#include <string.h>

#include "moontap/output.h"

static void put_binary(struct buffer *out, uint64_t bits, size_t digits)
{
	for (size_t bit = digits; bit-- > 0;)
		buffer_putc(out, bits >> bit & 1 ? '1' : '0');
}

static void put_float(struct buffer *out, uint64_t bits, size_t size)
{
	float narrow;
	double wide;

	memcpy(&narrow, &bits, sizeof(narrow));
	memcpy(&wide, &bits, sizeof(wide));
	if (size == 8)
		buffer_printf(out, "%.17g", wide);
	else
		buffer_printf(out, "%.9g", (double)narrow);
}

/* As C and GDB write one, in octal where there is no letter for it. */
static void put_character(struct buffer *out, uint64_t bits)
{
	static const char bytes[] = "\a\b\f\n\r\t\v'\\", letters[] = "abfnrtv'\\";
	unsigned char byte = (unsigned char)bits;
	const char *at = byte ? strchr(bytes, byte) : NULL;

	buffer_printf(out, "%d '", (signed char)byte);
	if (at)
		buffer_printf(out, "\\%c", letters[at - bytes]);
	else if (byte < ' ' || byte > '~')
		buffer_printf(out, "\\%03o", byte);
	else
		buffer_putc(out, (char)byte);
	buffer_putc(out, '\'');
}

/* Without the zeros before it. */
static size_t digits_of(uint64_t bits)
{
	return bits ? 64 - (size_t)__builtin_clzll(bits) : 1;
}

void number_put_letter(struct buffer *out, uint64_t bits, size_t size, char letter, bool is_padded)
{
	unsigned unused = 64 - 8 * (unsigned)size;

	bits = bits << unused >> unused;
	if (letter == 'x' && is_padded)
		letter = 'z';
	switch (letter) {
	case 'd':
		buffer_printf(out, "%" PRId64, (int64_t)(bits << unused) >> unused);
		break;
	case 'u':
		buffer_printf(out, "%" PRIu64, bits);
		break;
	case 'o':
		buffer_printf(out, bits ? "0%" PRIo64 : "%" PRIo64, bits);
		break;
	case 't':
		put_binary(out, bits, is_padded ? 8 * size : digits_of(bits));
		break;
	case 'c':
		put_character(out, bits);
		break;
	case 'f':
		put_float(out, bits, size);
		break;
	case 'z':
		buffer_printf(out, "0x%0*" PRIx64, (int)size * 2, bits);
		break;
	default:
		buffer_printf(out, "0x%" PRIx64, bits);
	}
}
