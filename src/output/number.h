/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number.h - numbers to text and back, for format.c and json.c.
 */
#ifndef OUTPUT_NUMBER_H
#define OUTPUT_NUMBER_H

#include "moontap/output.h"

/* A directive of printf: %[flags][width][.precision]conversion. */
struct directive {
	bool is_left, is_signed, is_spaced, is_alternate, is_zeroed; /* - + space # 0 */
	int width;
	int precision; /* -1: none */
	char conversion;
};

/* In decimal, as tostring does. */
void number_put_integer(struct buffer *out, int64_t value);
void number_put_unsigned(struct buffer *out, uint64_t value);
/* 0x..., of 128 bits: addresses and what is no Lua integer. */
void number_put_hex(struct buffer *out, uint64_t high, uint64_t low);
/* As tostring does: "%.14g", and ".0" where that looks like an integer. */
void number_put_float(struct buffer *out, double value);
/* %d %i %u %o %x %X. */
void number_format_integer(struct buffer *out, const struct directive *d, int64_t value);
/* %e %f %g %a and their capitals. */
void number_format_float(struct buffer *out, const struct directive *d, double value);
/* Reads text as Lua's tonumber does; false if it is no number. */
bool number_parse(const char *text, size_t size, struct format_value *ret);

#endif
