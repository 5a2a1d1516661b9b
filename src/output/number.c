/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number.c - numbers to text and back, in Lua's own forms.
 * Apart, and by hand for integers, because printing a million lines a second
 * leaves no room for libc's printf.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

/* Of the longest: a sign and 20 digits. */
#define NUMBER_SIZE 24

/* Each writes the digits so that they end before end; returns their start.
 * Zero has no digits. */
static char *write_decimal(char *end, uint64_t value)
{
	while (value >= 10) {
		end -= 2;
		memcpy(end, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value)
		*--end = (char)('0' + value);
	return end;
}

static char *write_power_of_two(char *end, uint64_t value, unsigned bits, const char *digits)
{
	for (; value; value >>= bits)
		*--end = digits[value & ((1u << bits) - 1)];
	return end;
}

static void put_decimal(struct buffer *out, uint64_t magnitude, bool is_negative)
{
	char text[2 * NUMBER_SIZE], *end = text + NUMBER_SIZE;
	char *start = end, *to = buffer_reserve(out, NUMBER_SIZE);

	if (magnitude)
		start = write_decimal(end, magnitude);
	else
		*--start = '0';
	if (is_negative)
		*--start = '-';
	/* As many bytes each time: no call, and what is too much is written over. */
	memcpy(to, start, NUMBER_SIZE);
	out->size += (size_t)(end - start);
	out->data[out->size] = '\0';
}

void number_put_integer(struct buffer *out, int64_t value)
{
	put_decimal(out, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void number_put_unsigned(struct buffer *out, uint64_t value)
{
	put_decimal(out, value, false);
}

void number_put_hex(struct buffer *out, uint64_t high, uint64_t low)
{
	if (high)
		buffer_printf(out, "0x%" PRIx64 "%016" PRIx64, high, low);
	else
		buffer_printf(out, "0x%" PRIx64, low);
}

void number_put_float(struct buffer *out, double value)
{
	char text[40];
	int size = snprintf(text, sizeof(text), "%.14g", value);

	buffer_append(out, text, (size_t)size);
	if (text[strspn(text, "-0123456789")] == '\0')
		buffer_append(out, ".0", 2);
}

static char *write_digits(char *end, char conversion, uint64_t value)
{
	switch (conversion) {
	case 'o':
		return write_power_of_two(end, value, 3, "01234567");
	case 'x':
		return write_power_of_two(end, value, 4, "0123456789abcdef");
	case 'X':
		return write_power_of_two(end, value, 4, "0123456789ABCDEF");
	default:
		return write_decimal(end, value);
	}
}

/* What stands before the digits: a sign, or 0x. */
static const char *integer_prefix(const struct directive *d, int64_t value)
{
	switch (d->conversion) {
	case 'd':
	case 'i':
		if (value < 0)
			return "-";
		/* fall through */
	case 'u':
		return d->is_signed ? "+" : d->is_spaced ? " " : "";
	case 'x':
		return d->is_alternate && value ? "0x" : "";
	case 'X':
		return d->is_alternate && value ? "0X" : "";
	default:
		return "";
	}
}

static char *fill(char *at, char c, int count)
{
	if (count <= 0)
		return at;
	memset(at, c, (size_t)count);
	return at + count;
}

void number_format_integer(struct buffer *out, const struct directive *d, int64_t value)
{
	bool is_decimal = d->conversion == 'd' || d->conversion == 'i';
	uint64_t bits = is_decimal && value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[24], *end = text + sizeof(text);
	const char *start = write_digits(end, d->conversion, bits);
	const char *prefix = integer_prefix(d, value);
	int prefix_size = (int)strlen(prefix), digits = (int)(end - start);

	int zeros = (d->precision < 0 ? 1 : d->precision) - digits;
	if (d->conversion == 'o' && d->is_alternate && zeros <= 0)
		zeros = 1; /* # makes the first octal digit a 0 */
	if (zeros < 0)
		zeros = 0;
	int spaces = d->width - prefix_size - zeros - digits;
	if (spaces > 0 && d->is_zeroed && !d->is_left && d->precision < 0) {
		zeros += spaces;
		spaces = 0;
	}

	/* Widths and precisions have two digits at most. */
	char field[256], *at = field;
	at = fill(at, ' ', d->is_left ? 0 : spaces);
	at = mempcpy(at, prefix, (size_t)prefix_size);
	at = fill(at, '0', zeros);
	at = mempcpy(at, start, (size_t)digits);
	at = fill(at, ' ', d->is_left ? spaces : 0);
	buffer_append(out, field, (size_t)(at - field));
}

void number_format_float(struct buffer *out, const struct directive *d, double value)
{
	/* %.99f of the greatest double has 309 + 1 + 99 characters and a sign. */
	enum {
		LONGEST = 512
	};
	const char flags[][2] = {"-", "+", " ", "#", "0"};
	const bool is_set[] = {d->is_left, d->is_signed, d->is_spaced, d->is_alternate,
			       d->is_zeroed};
	char form[16], *at = form;

	*at++ = '%';
	for (size_t i = 0; i < ARRAY_SIZE(is_set); i++)
		if (is_set[i])
			*at++ = flags[i][0];
	*at++ = '*';
	if (d->precision >= 0)
		at = stpcpy(at, ".*");
	*at++ = d->conversion;
	*at = '\0';
	char text[LONGEST];
	int size = d->precision >= 0
		       ? snprintf(text, sizeof(text), form, d->width, d->precision, value)
		       : snprintf(text, sizeof(text), form, d->width, value);
	buffer_append(out, text, (size_t)size);
}

/* ----------------------------------------------------------------- reading */

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t\n\v\f\r");
}

/* Digits of an integer; a decimal one that does not fit is left to floats, a
 * hexadecimal one wraps around (Lua 5.4, 3.1). */
static bool parse_integer(const char *at, const char *end, int64_t *ret)
{
	bool is_negative = *at == '-';
	uint64_t value = 0;

	at += *at == '-' || *at == '+';
	bool is_hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	at += is_hex ? 2 : 0;
	const char *first = at;
	for (; is_hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at); at++) {
		unsigned digit = isdigit((unsigned char)*at) ? (unsigned)(*at - '0')
							     : (unsigned)((*at | 32) - 'a' + 10);

		if (!is_hex && value > ((uint64_t)INT64_MAX + is_negative - digit) / 10)
			return false;
		value = value * (is_hex ? 16 : 10) + digit;
	}
	if (at == first || skip_spaces(at) != end)
		return false;
	*ret = (int64_t)(is_negative ? -value : value);
	return true;
}

bool number_parse(const char *text, size_t size, struct format_value *ret)
{
	char copy[256];

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	const char *start = skip_spaces(copy), *end = copy + size;
	if (parse_integer(start, end, &ret->integer)) {
		ret->kind = FORMAT_INTEGER;
		return true;
	}
	/* strtod also reads "inf" and "nan", which Lua does not. */
	if (start == end || strpbrk(start, "nN"))
		return false;
	char *stop;
	double number = strtod(start, &stop);
	if (stop == start || skip_spaces(stop) != end)
		return false;
	ret->kind = FORMAT_FLOAT;
	ret->number = number;
	return true;
}
