/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cursor.h - reading DWARF's numbers and strings out of bytes that may end anywhere.
 */
#ifndef SYMBOLS_CURSOR_H
#define SYMBOLS_CURSOR_H

#include "internal.h"

struct bytes {
	const uint8_t *data;
	size_t size;
};

struct cursor {
	const uint8_t *at, *end;
	bool has_failed; /* read beyond the end; everything after it is 0 */
};

/* The next size bytes; NULL if there are not so many. */
const uint8_t *cursor_take(struct cursor *cursor, uint64_t size);
uint64_t cursor_fixed(struct cursor *cursor, size_t size);
uint64_t cursor_unsigned(struct cursor *cursor); /* LEB128 */
int64_t cursor_signed(struct cursor *cursor);
/* NULL if it does not end within the bytes. */
const char *cursor_string(struct cursor *cursor);

#endif
