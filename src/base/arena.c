/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.c - memory freed all at once: a tree's nodes, a plan's strings.
 * Apart so that whoever builds such a structure never frees a part of it.
 */
#include <stdio.h>
#include <string.h>

#include "moontap/base.h"

#define CHUNK_SIZE (16 * 1024)
#define ALIGNMENT  16

struct arena_chunk {
	struct arena_chunk *previous;
	size_t used, size;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct arena_chunk *add_chunk(struct arena *arena, size_t needed)
{
	size_t size = needed > CHUNK_SIZE ? needed : CHUNK_SIZE;
	struct arena_chunk *chunk = xcalloc(1, sizeof(*chunk) + size);

	chunk->size = size;
	chunk->previous = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct arena_chunk *chunk = arena->chunks;

	if (!chunk || chunk->size - chunk->used < rounded)
		chunk = add_chunk(arena, rounded);
	void *memory = chunk->bytes + chunk->used;
	chunk->used += rounded;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *s, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, s, length);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = arena_alloc(arena, size + 1);
	va_start(args, format);
	vsnprintf(text, size + 1, format, args);
	va_end(args);
	return text;
}

void arena_deinit(struct arena *arena)
{
	for (struct arena_chunk *chunk = arena->chunks, *previous; chunk; chunk = previous) {
		previous = chunk->previous;
		free(chunk);
	}
	arena->chunks = NULL;
}
