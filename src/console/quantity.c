/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.c - durations and sizes as people write them.
 *
 * Apart from the options because it is nothing but arithmetic and its limits.
 */
#include <string.h>

#include "command.h"

struct unit {
	const char *name;
	double factor;
};

/* Reads "NUMBER UNIT" where NUMBER is plain decimal digits, perhaps with a
 * point; false for anything else, or a result of no use (0 or beyond 2^62). */
static bool read_quantity(const char *text, const struct unit *units, double *ret)
{
	size_t digits = strspn(text, "0123456789.");
	char *end;
	double number = strtod(text, &end);
	if (digits == 0 || end != text + digits)
		return false;
	for (const struct unit *u = units; u->name; u++) {
		if (strcmp(end, u->name) != 0)
			continue;
		*ret = number * u->factor;
		return *ret >= 1 && *ret < 0x1p62;
	}
	return false;
}

struct error *quantity_duration(const char *text, int64_t *ret_ns)
{
	static const struct unit units[] = {{"", 1e9},	{"ns", 1},   {"us", 1e3},   {"ms", 1e6},
					    {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}, {NULL, 0}};
	double ns;
	if (!read_quantity(text, units, &ns))
		return error_hint(error_new(ERR_USAGE, "\"%s\" is not a duration", text),
				  "Examples: 5s, 500ms, 1.5m, 2h.");
	*ret_ns = (int64_t)ns;
	return NULL;
}

struct error *quantity_size(const char *text, size_t *ret_bytes)
{
	static const struct unit units[] = {{"", 1},	   {"K", 0x1p10}, {"k", 0x1p10},
					    {"M", 0x1p20}, {"G", 0x1p30}, {NULL, 0}};
	double bytes;
	if (!read_quantity(text, units, &bytes))
		return error_hint(error_new(ERR_USAGE, "\"%s\" is not a size", text),
				  "Examples: 512K, 64M, 1G.");
	*ret_bytes = (size_t)bytes;
	return NULL;
}
