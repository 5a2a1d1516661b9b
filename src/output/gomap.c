/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gomap.c - maps of Go, pair by pair: up to Go 1.23 in buckets (the runtime's map.go), from 1.24 on
 * in groups (internal/runtime/maps).
 */
#include <string.h>

#include "moontap/record.h"
#include "view.h"

/* Of the runtime's hmap, up to Go 1.23. */
enum {
	MAP_COUNT = 0,
	MAP_B = 9, /* the logarithm of the number of buckets */
	MAP_FLAGS = 8,
	MAP_BUCKETS = 16,
	MAP_OLD_BUCKETS = 24,
	MAP_SIZE = 48,
	SAME_SIZE = 8, /* a flag: it does not grow while it moves */
	BUCKET_SLOTS = 8,
	MOVED_FIRST = 2, /* a bucket's first byte, of one that has moved to the new array */
	MOVED_LAST = 4,
	FILLED = 5,	/* what a slot's byte is at least if there is a pair */
	INDIRECT = 128, /* keys and values larger than that are elsewhere */
	BUCKET_MIN = BUCKET_SLOTS + 8,
};

static uint64_t slot_size(const struct type *type)
{
	return type->size > INDIRECT ? sizeof(uint64_t) : type->size;
}

void typed_view_map(const struct typed_value *value, struct typed_view *view)
{
	uint64_t address;

	if (!typed_word(value, 0, sizeof(address), &address)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
	} else if (address == 0) {
		view->kind = VIEW_POINTER;
	} else if (!typed_read_word(value, address, &view->count)) {
		typed_view_missing(view, typed_memory(value) ? missing_text(MISSING_UNREADABLE)
							     : missing_text(MISSING_TRUNCATED));
	} else {
		view->kind = VIEW_MAP;
		view->inner = *value;
	}
}

void typed_pairs(const struct typed_view *map, struct typed_pairs *ret)
{
	*ret = (struct typed_pairs){.map = map->inner, .left = map->count};
}

/* The first bucket of place number `bucket` in the array that is looked at; false: there are no
 * more of them. */
static bool find_bucket(struct typed_pairs *pairs)
{
	const void *bytes;
	uint64_t map, buckets;
	uint8_t head[MAP_SIZE];
	unsigned bits;

	memcpy(&map, pairs->map.bytes, sizeof(map));
	if (typed_read(&pairs->map, map, &bytes) < sizeof(head))
		return false;
	memcpy(head, bytes, sizeof(head));
	bits = head[MAP_B];
	if (pairs->array == 1 && !(head[MAP_FLAGS] & SAME_SIZE))
		bits--;
	memcpy(&buckets, head + (pairs->array ? MAP_OLD_BUCKETS : MAP_BUCKETS), sizeof(buckets));
	if (!buckets || bits > 48 || pairs->bucket >> bits)
		return false;
	pairs->address = buckets + pairs->bucket++ * pairs->map.type->count;
	pairs->slot = 0;
	return true;
}

/* What is in a slot, or what it points to. */
static void slot_value(const struct typed_pairs *pairs, uint64_t address, const struct type *type,
		       struct typed_value *ret)
{
	uint64_t target;

	if (type->size > INDIRECT && typed_read_word(&pairs->map, address, &target))
		address = target;
	typed_at_address(&pairs->map, address, type, ret);
}

/* Of a map's header and of a table, from Go 1.24 on (internal/runtime/maps). */
enum {
	DIRECTORY = 16, /* points to tables; without any, to the one group there is */
	TABLES = 24,
	TABLE_GROUPS = 16,
	TABLE_LAST = 24, /* the number of its last group */
	EMPTY = 128,	 /* a slot's byte has this bit if there is no pair */
};

/* The table of that number, unless it is the one before: there may be several ways to one. */
static bool find_table(const struct typed_pairs *pairs, uint64_t directory, uint64_t *ret)
{
	uint64_t at = directory + pairs->array * sizeof(*ret), last = 0;

	if (!typed_read_word(&pairs->map, at, ret))
		return false;
	if (pairs->array)
		typed_read_word(&pairs->map, at - sizeof(last), &last);
	return *ret != last;
}

/* The next group whose bytes are known; false: there are no more of them. */
static bool next_group(struct typed_pairs *pairs, uint64_t size)
{
	uint64_t map, directory, tables, table, groups, last = 0;
	const void *bytes;

	memcpy(&map, pairs->map.bytes, sizeof(map));
	if (!typed_read_word(&pairs->map, map + DIRECTORY, &directory) ||
	    !typed_read_word(&pairs->map, map + TABLES, &tables))
		return false;
	for (; pairs->array < (tables ? tables : 1) && pairs->array < MEMORY_BLOCKS;
	     pairs->array++, pairs->bucket = 0) {
		groups = directory;
		if (tables && (!find_table(pairs, directory, &table) ||
			       !typed_read_word(&pairs->map, table + TABLE_GROUPS, &groups) ||
			       !typed_read_word(&pairs->map, table + TABLE_LAST, &last)))
			continue;
		if (pairs->bucket > last)
			continue;
		pairs->address = groups + pairs->bucket++ * size;
		pairs->slot = 0;
		/* Those of a table are captured from its begin on. */
		if (typed_read(&pairs->map, pairs->address, &bytes) >= size)
			return true;
	}
	return false;
}

static bool next_pair_in_groups(struct typed_pairs *pairs, struct typed_value *key,
				struct typed_value *value)
{
	const struct type *type = pairs->map.type;
	struct type_group group;
	const void *bytes;

	while (pairs->left && type_group(type, &group)) {
		if (!pairs->address || pairs->slot == BUCKET_SLOTS) {
			if (!next_group(pairs, group.size))
				break;
			continue;
		}
		uint64_t slot = pairs->slot++;
		if (typed_read(&pairs->map, pairs->address, &bytes) < group.size)
			break;
		if (((const uint8_t *)bytes)[slot] & EMPTY)
			continue;
		uint64_t at = pairs->address + BUCKET_SLOTS + slot * group.slot;
		slot_value(pairs, at, type->key, key);
		slot_value(pairs, at + group.value, type->target, value);
		pairs->left--;
		return true;
	}
	pairs->is_cut = pairs->left > 0;
	return false;
}

/* Goes on to the next bucket whose bytes are known. */
static bool next_bucket(struct typed_pairs *pairs)
{
	uint64_t size = pairs->map.type->count, next;
	const void *bytes;

	if (pairs->address &&
	    typed_read_word(&pairs->map, pairs->address + size - sizeof(next), &next) && next &&
	    pairs->overflows++ < MEMORY_BLOCKS) {
		pairs->address = next;
		pairs->slot = 0;
		return true;
	}
	pairs->address = 0;
	while (pairs->array < 2) {
		if (!find_bucket(pairs)) {
			pairs->array++;
			pairs->bucket = 0;
			continue;
		}
		if (typed_read(&pairs->map, pairs->address, &bytes) >= size)
			return true;
		/* Those of an array are captured from its begin on. */
		pairs->array++;
		pairs->bucket = 0;
	}
	return false;
}

bool typed_next_pair(struct typed_pairs *pairs, struct typed_value *key, struct typed_value *value)
{
	const struct type *type = pairs->map.type;
	const void *bytes;

	if (type->has_groups)
		return next_pair_in_groups(pairs, key, value);
	while (pairs->left && type->count >= BUCKET_MIN) {
		if (!pairs->address || pairs->slot == BUCKET_SLOTS) {
			if (!next_bucket(pairs))
				break;
			continue;
		}
		uint64_t slot = pairs->slot++;
		if (typed_read(&pairs->map, pairs->address, &bytes) < type->count) {
			pairs->slot = BUCKET_SLOTS;
			continue;
		}
		const uint8_t *tops = bytes;
		if (tops[0] >= MOVED_FIRST && tops[0] <= MOVED_LAST)
			pairs->slot = BUCKET_SLOTS;
		else if (tops[slot] >= FILLED) {
			uint64_t at = pairs->address + BUCKET_SLOTS;
			uint64_t size = slot_size(type->key);
			slot_value(pairs, at + slot * size, type->key, key);
			slot_value(pairs, at + BUCKET_SLOTS * size + slot * slot_size(type->target),
				   type->target, value);
			pairs->left--;
			return true;
		}
	}
	pairs->is_cut = pairs->left > 0;
	return false;
}
