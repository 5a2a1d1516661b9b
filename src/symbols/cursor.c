/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cursor.c - reading DWARF's numbers and strings out of bytes that may end anywhere.
 */
#include "cursor.h"

const uint8_t *cursor_take(struct cursor *cursor, uint64_t size)
{
	const uint8_t *at = cursor->at;

	if (size > (uint64_t)(cursor->end - at)) {
		cursor->has_failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += size;
	return at;
}

uint64_t cursor_fixed(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor_take(cursor, size);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, size);
	return value;
}

uint64_t cursor_unsigned(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = cursor_fixed(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
}

int64_t cursor_signed(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0;;) {
		uint8_t byte = cursor_fixed(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80)
			continue;
		if ((byte & 0x40) && shift < 64)
			value |= -(1ull << shift);
		return (int64_t)value;
	}
}

const char *cursor_string(struct cursor *cursor)
{
	const uint8_t *end = memchr(cursor->at, '\0', cursor->end - cursor->at);

	return (const char *)cursor_take(cursor,
					 end ? (uint64_t)(end - cursor->at) + 1 : UINT64_MAX);
}
