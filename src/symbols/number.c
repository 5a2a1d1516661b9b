/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number.c - pointers by number: the caches of addresses that have been looked up.
 */
#include "stack.h"

uint64_t number_hash(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static struct number_entry *entry_of(const struct number_map *map, uint64_t number)
{
	size_t mask = map->capacity - 1, i = number_hash(0, number) & mask;

	while (map->entries[i].value && map->entries[i].number != number)
		i = (i + 1) & mask;
	return &map->entries[i];
}

void *number_map_get(const struct number_map *map, uint64_t number)
{
	return map->capacity ? entry_of(map, number)->value : NULL;
}

static void grow(struct number_map *map)
{
	struct number_map old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->entries = xcalloc(map->capacity, sizeof(*map->entries));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.entries[i].value)
			*entry_of(map, old.entries[i].number) = old.entries[i];
	free(old.entries);
}

void number_map_put(struct number_map *map, uint64_t number, void *value)
{
	if (map->count * 2 >= map->capacity)
		grow(map);
	struct number_entry *entry = entry_of(map, number);
	map->count += entry->value == NULL;
	*entry = (struct number_entry){number, value};
}

/* Entries behind the gap that began their search at or before it move into it, one after
 * the other. */
void number_map_remove(struct number_map *map, uint64_t number)
{
	struct number_entry *gap = map->capacity ? entry_of(map, number) : NULL;

	if (!gap || !gap->value)
		return;
	size_t mask = map->capacity - 1, hole = (size_t)(gap - map->entries);
	for (size_t i = (hole + 1) & mask; map->entries[i].value; i = (i + 1) & mask) {
		size_t home = number_hash(0, map->entries[i].number) & mask;
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->entries[hole] = map->entries[i];
		hole = i;
	}
	map->entries[hole].value = NULL;
	map->count--;
}

void number_map_deinit(struct number_map *map)
{
	free(map->entries);
	*map = (struct number_map){0};
}
