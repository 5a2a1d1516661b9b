/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buffer.c - growing bytes and growing arrays.
 * One file for both: they share the rule by which they grow (by half again).
 */
#include <stdio.h>
#include <string.h>

#include "moontap/base.h"

void vector_grow(void **data, size_t needed, size_t *capacity, size_t element_size)
{
	if (needed <= *capacity)
		return;
	size_t grown = *capacity + *capacity / 2;
	*capacity = grown > needed ? grown : needed < 8 ? 8 : needed;
	*data = xrealloc(*data, *capacity * element_size);
}

char *buffer_reserve(struct buffer *b, size_t size)
{
	/* One more than asked for: room for the final NUL. */
	vector_grow((void **)&b->data, b->size + size + 1, &b->capacity, 1);
	return b->data + b->size;
}

void buffer_append(struct buffer *b, const void *bytes, size_t size)
{
	char *end = buffer_reserve(b, size);

	if (size)
		memcpy(end, bytes, size);
	end[size] = '\0';
	b->size += size;
}

void buffer_puts(struct buffer *b, const char *s)
{
	buffer_append(b, s, strlen(s));
}

void buffer_putc(struct buffer *b, char c)
{
	buffer_append(b, &c, 1);
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *end = buffer_reserve(b, size + 1);
	va_start(args, format);
	vsnprintf(end, size + 1, format, args);
	va_end(args);
	b->size += size;
}

void buffer_clear(struct buffer *b)
{
	b->size = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buffer_deinit(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

char *buffer_take(struct buffer *b)
{
	char *data = b->data ? b->data : xstrdup("");

	*b = (struct buffer){0};
	return data;
}
