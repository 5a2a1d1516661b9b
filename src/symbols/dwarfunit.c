/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfunit.c - what is in a unit of .debug_info: its functions by address and its names.
 * A unit is walked once, when first needed; the others are left alone until a name is
 * looked for in the whole file.
 */
#include "dwarf.h"

/* Of DWARF 6: this libdw has no names for them. */
#define LANG_C_PLUS_PLUS_17 0x2a
#define LANG_C_PLUS_PLUS_20 0x2b
#define LANG_C17	    0x2c

/* --------------------------------------------------------------------- maps */

static size_t map_hash(const void *key, unsigned part)
{
	return (((uintptr_t)key ^ part) * UINT64_C(0x9e3779b97f4a7c15)) >> 20;
}

static struct die_map_slot *map_slot(const struct die_map *map, const void *key, unsigned part)
{
	size_t at = map_hash(key, part) & (map->capacity - 1);

	while (map->slots[at].key && (map->slots[at].key != key || map->slots[at].part != part))
		at = (at + 1) & (map->capacity - 1);
	return &map->slots[at];
}

void *die_map_get(const struct die_map *map, const void *key, unsigned part)
{
	return map->count ? map_slot(map, key, part)->value : NULL;
}

static void map_grow(struct die_map *map)
{
	struct die_map larger = {.capacity = map->capacity ? 2 * map->capacity : 64};

	larger.slots = xcalloc(larger.capacity, sizeof(*larger.slots));
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].key)
			*map_slot(&larger, map->slots[i].key, map->slots[i].part) = map->slots[i];
	larger.count = map->count;
	free(map->slots);
	*map = larger;
}

void die_map_put(struct die_map *map, const void *key, unsigned part, void *value)
{
	if (4 * (map->count + 1) > 3 * map->capacity)
		map_grow(map);
	struct die_map_slot *slot = map_slot(map, key, part);
	map->count += !slot->key;
	*slot = (struct die_map_slot){key, part, value};
}

void die_map_deinit(struct die_map *map)
{
	free(map->slots);
	*map = (struct die_map){0};
}

/* --------------------------------------------------------------------- walk */

struct walk {
	struct dwarf_unit *unit;
	uint32_t parent;
	unsigned depth;
};

static void walk_children(struct walk *walk, Dwarf_Die *die);

static void add_ranges(struct dwarf_unit *unit, Dwarf_Die *function)
{
	Dwarf_Addr base, start, end;

	for (ptrdiff_t at = 0; (at = dwarf_ranges(function, at, &base, &start, &end)) > 0;)
		if (start && start < end)
			vector_push(&unit->ranges, ((struct dwarf_range){start, end, *function}));
}

static uint32_t add_entry(const struct walk *walk, Dwarf_Die *die)
{
	struct dwarf_entry *entry = vector_add(&walk->unit->entries);

	*entry = (struct dwarf_entry){
	    .name = dwarf_diename(die),
	    .die = die->addr,
	    .parent = walk->parent,
	    .tag = dwarf_tag(die),
	    .is_declaration = die_flag(die, DW_AT_declaration),
	    .is_completing = dwarf_hasattr(die, DW_AT_specification),
	};
	return walk->unit->entries.size - 1;
}

static void walk_scope(struct walk *walk, Dwarf_Die *die)
{
	uint32_t outer = walk->parent;

	walk->parent = add_entry(walk, die);
	walk_children(walk, die);
	walk->parent = outer;
}

/* C leaves nothing of interest in its structs: no types, statics or functions. */
static bool has_scopes(const struct dwarf_unit *unit)
{
	return unit->language != LANGUAGE_C;
}

static void visit(struct walk *walk, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		add_ranges(walk->unit, die);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		if (has_scopes(walk->unit))
			walk_scope(walk, die);
		else
			add_entry(walk, die);
		break;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_enumeration_type:
		walk_scope(walk, die);
		break;
	case DW_TAG_enumerator:
	case DW_TAG_variable:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_unspecified_type:
		add_entry(walk, die);
		break;
	case DW_TAG_member:
		/* A static one, as DWARF 4 has it. */
		if (die_flag(die, DW_AT_external))
			add_entry(walk, die);
		break;
	default:
		break;
	}
}

static void walk_children(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Die child;

	int status = walk->depth < DWARF_DEPTH_MAX ? dwarf_child(die, &child) : 1;

	walk->depth++;
	while (status == 0) {
		size_t first = walk->unit->entries.size;
		void *at = child.addr;
		visit(walk, &child);
		status = dwarf_siblingof(&child, &child);
		/* Now that it is known where its children end. */
		if (status == 0 && first < walk->unit->entries.size &&
		    walk->unit->entries.data[first].die == at)
			walk->unit->entries.data[first].end = child.addr;
	}
	if (status < 0)
		walk->unit->problem = dwarf_errmsg(-1);
	walk->depth--;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct dwarf_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static enum dwarf_language language_of(Dwarf_Die *tree)
{
	switch (dwarf_srclang(tree)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case LANG_C17:
		return LANGUAGE_C;
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case LANG_C_PLUS_PLUS_17:
	case LANG_C_PLUS_PLUS_20:
		return LANGUAGE_CXX;
	case DW_LANG_Rust:
		return LANGUAGE_RUST;
	case DW_LANG_Go:
		return LANGUAGE_GO;
	default:
		return LANGUAGE_OTHER;
	}
}

static struct dwarf_unit *read_unit(struct dwarf *dwarf, Dwarf_Die *die)
{
	struct dwarf_unit *unit = xcalloc(1, sizeof(*unit));
	struct walk walk = {.unit = unit, .parent = DWARF_NO_ENTRY};
	Dwarf_Die tree;

	unit->cu = die->cu;
	if (dwarf_cu_die(die->cu, &tree, NULL, NULL, NULL, NULL, NULL, NULL))
		unit->tree = unit_tree(&tree);
	unit->language = language_of(&unit->tree);
	/* What dwz has taken out of several units says no language: it is that of those. */
	if (dwarf_tag(&unit->tree) == DW_TAG_partial_unit && unit->language == LANGUAGE_OTHER)
		unit->language = dwarf->language;
	walk_children(&walk, &unit->tree);
	if (unit->ranges.size)
		qsort(unit->ranges.data, unit->ranges.size, sizeof(*unit->ranges.data),
		      compare_ranges);
	return unit;
}

struct dwarf_unit *dwarf_unit_of(struct dwarf *dwarf, Dwarf_Die *die)
{
	struct dwarf_unit *unit = die_map_get(&dwarf->unit_of, die->cu, 0);

	if (unit)
		return unit;
	unit = read_unit(dwarf, die);
	vector_push(&dwarf->units, unit);
	die_map_put(&dwarf->unit_of, die->cu, 0, unit);
	/* With split DWARF the tree is in a unit of its own. */
	if (unit->tree.cu && unit->tree.cu != die->cu)
		die_map_put(&dwarf->unit_of, unit->tree.cu, 0, unit);
	return unit;
}

/* -------------------------------------------------------------------- search */

bool dwarf_unit_function(const struct dwarf_unit *unit, uint64_t address, Dwarf_Die *ret)
{
	size_t low = 0, high = unit->ranges.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (unit->ranges.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= unit->ranges.data[low - 1].end)
		return false;
	*ret = unit->ranges.data[low - 1].function;
	return true;
}

static bool is_inside(const struct dwarf_unit *unit, uint32_t scope, const void *die)
{
	const struct dwarf_entry *entry = &unit->entries.data[scope];

	while (!entry->end && entry->parent != DWARF_NO_ENTRY)
		entry = &unit->entries.data[entry->parent];
	return !entry->end || die < entry->end;
}

bool dwarf_is_scope(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

static uint32_t parent_of(const struct dwarf_unit *unit, const void *die)
{
	size_t low = 0, high = unit->entries.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if ((const void *)unit->entries.data[middle].die < die)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return DWARF_NO_ENTRY;
	uint32_t at = low - 1;
	while (at != DWARF_NO_ENTRY &&
	       !(dwarf_is_scope(unit->entries.data[at].tag) && is_inside(unit, at, die)))
		at = unit->entries.data[at].parent;
	return at;
}

const struct dwarf_entry *dwarf_scope_of(struct dwarf *dwarf, Dwarf_Die *die,
					 struct dwarf_unit **ret)
{
	Dwarf_Die written = die_origin(die);

	*ret = dwarf_unit_of(dwarf, &written);
	uint32_t parent = parent_of(*ret, written.addr);
	return parent == DWARF_NO_ENTRY ? NULL : &(*ret)->entries.data[parent];
}

Dwarf_Die dwarf_unit_die(const struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	return (Dwarf_Die){.addr = entry->die, .cu = unit->tree.cu};
}

/* Without its arguments, which can be written in more than one way. */
static size_t name_hash(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*name && *name != '<')
		hash = (hash ^ (unsigned char)*name++) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static void hash_names(struct dwarf_unit *unit)
{
	size_t capacity = 8;

	while (capacity < 2 * unit->entries.size)
		capacity *= 2;
	unit->slots = xcalloc(capacity, sizeof(*unit->slots));
	unit->slot_count = capacity;
	for (size_t i = 0; i < unit->entries.size; i++) {
		const char *name = unit->entries.data[i].name;
		if (!name)
			continue;
		size_t at = name_hash(name) & (capacity - 1);
		while (unit->slots[at])
			at = (at + 1) & (capacity - 1);
		unit->slots[at] = i + 1;
	}
}

static bool is_named(const struct dwarf_unit *unit, const char *name, const char *wanted)
{
	if (strcmp(name, wanted) == 0)
		return true;
	if (!strchr(name, '<') || !strchr(wanted, '<'))
		return false;
	/* As if it were in std: it has more that nobody writes. */
	CLEANUP(free_p) char *long_name = xasprintf("std::%s", name);
	CLEANUP(free_p) char *long_wanted = xasprintf("std::%s", wanted);
	CLEANUP(free_p) char *left = name_shorten(long_name, unit->language == LANGUAGE_RUST);
	CLEANUP(free_p) char *right = name_shorten(long_wanted, unit->language == LANGUAGE_RUST);
	return strcmp(left, right) == 0;
}

void dwarf_unit_find(struct dwarf_unit *unit, const char *name, entry_fn fn, void *context)
{
	uint32_t index;

	if (!unit->slots)
		hash_names(unit);
	for (size_t at = name_hash(name); (index = unit->slots[at & (unit->slot_count - 1)]); at++)
		if (is_named(unit, unit->entries.data[index - 1].name, name))
			fn(context, unit, &unit->entries.data[index - 1]);
}

/* ------------------------------------------------------------------ opening */

struct error *error_dwarf(const struct image *image, const char *what)
{
	return error_new(ERR_DWARF,
			 "%s: its debug information is corrupt or of an unknown kind: %s",
			 image_name(image), what);
}

struct error *dwarf_get(struct image *image, struct dwarf **ret)
{
	const struct lines *lines = lines_get(image);

	*ret = NULL;
	if (!lines)
		return image->lines && image->lines->problem
			   ? error_dwarf(image, image->lines->problem)
			   : NULL;
	if (!image->dwarf) {
		image->dwarf = xcalloc(1, sizeof(*image->dwarf));
		image->dwarf->image = image;
		image->dwarf->lines = lines;
	}
	*ret = image->dwarf;
	return NULL;
}

void dwarf_free(struct dwarf *dwarf)
{
	if (!dwarf)
		return;
	for (size_t i = 0; i < dwarf->units.size; i++) {
		struct dwarf_unit *unit = dwarf->units.data[i];
		vector_deinit(&unit->entries);
		vector_deinit(&unit->ranges);
		free(unit->slots);
		free(unit);
	}
	vector_deinit(&dwarf->units);
	vector_deinit(&dwarf->all);
	die_map_deinit(&dwarf->unit_of);
	die_map_deinit(&dwarf->searched);
	die_map_deinit(&dwarf->types);
	die_map_deinit(&dwarf->pointers);
	die_map_deinit(&dwarf->declared);
	vector_deinit(&dwarf->unfilled);
	free(dwarf);
}
