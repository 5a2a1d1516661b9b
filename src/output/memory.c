/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - what was at addresses of the target at the hit, as far as it was captured.
 */
#include <string.h>

#include "view.h"

const struct typed_part *typed_memory(const struct typed_value *value)
{
	for (size_t i = 0; i < value->part_count; i++)
		if (value->parts[i].program)
			return &value->parts[i];
	return NULL;
}

/* Of the blocks that hold the address, the one with the most behind it counts. */
size_t typed_read(const struct typed_value *value, uint64_t address, const void **ret)
{
	const struct typed_part *memory = typed_memory(value);
	size_t found = 0, at = 0;
	struct memory_block block;

	if (memory && memory->program->read)
		return memory->program->read(memory->program, address, ret);
	while (memory && at + sizeof(block) <= memory->size) {
		memcpy(&block, (const char *)memory->bytes + at, sizeof(block));
		at += sizeof(block);
		size_t left = memory->size - at;
		size_t size = block.size < left ? block.size : left;
		uint64_t inside = address - block.address;
		if (block.address && inside < size && size - inside > found) {
			found = size - (size_t)inside;
			*ret = (const char *)memory->bytes + at + inside;
		}
		at += (block.size + 7) & ~7ull;
	}
	return found;
}

bool typed_read_word(const struct typed_value *value, uint64_t address, uint64_t *ret)
{
	const void *bytes;

	if (typed_read(value, address, &bytes) < sizeof(*ret))
		return false;
	memcpy(ret, bytes, sizeof(*ret));
	return true;
}

bool typed_at_address(const struct typed_value *value, uint64_t address, const struct type *type,
		      struct typed_value *ret)
{
	const void *bytes = "";
	size_t size = typed_read(value, address, &bytes);

	*ret = (struct typed_value){
	    .type = type,
	    .bytes = bytes,
	    .size = size < type->size ? size : (size_t)type->size,
	    .parts = value->parts,
	    .part_count = value->part_count,
	    .origin = TYPED_ELSEWHERE,
	};
	return size > 0 || type->size == 0;
}

bool typed_target(const struct typed_value *pointer, struct typed_value *ret)
{
	uint64_t address;

	if (pointer->type->kind != TYPE_POINTER || pointer->size < sizeof(address))
		return false;
	memcpy(&address, pointer->bytes, sizeof(address));
	return typed_at_address(pointer, address, pointer->type->target, ret);
}
