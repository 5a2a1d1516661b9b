/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarflist.c - all that debug information defines outside of functions: variables, types.
 * Walks every unit, which for a hundred megabytes takes a second.
 */
#include "dwarf.h"

struct listing {
	struct dwarf *dwarf;
	enum definition_kind kind;
	bool (*wants)(void *context, const char *name);
	void (*fn)(void *context, const struct definition *definition);
	void *context;
};

static bool is_of_kind(const struct dwarf_entry *entry, enum definition_kind kind)
{
	if (!entry->name || entry->is_declaration)
		return false;
	switch (entry->tag) {
	case DW_TAG_variable:
	case DW_TAG_member:
		return kind == DEFINITION_VARIABLE;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return kind == DEFINITION_TYPE;
	default:
		return false;
	}
}

/* "ns::counter" */
static char *full_name(struct dwarf *dwarf, Dwarf_Die *die, const char *name)
{
	struct dwarf_path path;
	struct buffer text = {0};

	dwarf_path(dwarf, die, PATH_SHOWN, &path);
	for (size_t i = 0; path.count <= DWARF_PATH_MAX && i < path.count; i++)
		buffer_printf(&text, "%s::", path.names[i]);
	buffer_puts(&text, name);
	return buffer_take(&text);
}

/* What a typedef comes to, at the end of a chain of them. */
static const struct type *aliased(struct dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Die target;

	if (die_reference(die, DW_AT_type, &target) && die_strip(&target))
		return dwarf_type(dwarf, &target);
	return dwarf_type_of(dwarf, die);
}

static void tell(const struct listing *listing, struct dwarf_unit *unit, Dwarf_Die *die,
		 const char *name)
{
	struct dwarf *dwarf = listing->dwarf;
	struct scope scope = {.dwarf = dwarf};
	struct definition definition = {.name = name, .declared = scope_declared(&scope, die)};
	Dwarf_Die origin = die_origin(die);

	if (listing->kind == DEFINITION_VARIABLE) {
		definition.kind = DEFINED_VARIABLE;
		definition.type = dwarf_type_of(dwarf, &origin);
		definition.is_private = !die_flag(&origin, DW_AT_external);
	} else if (dwarf_tag(die) == DW_TAG_typedef) {
		definition.kind = DEFINED_ALIAS;
		definition.type = aliased(dwarf, die);
	} else {
		definition.kind = DEFINED_TYPE;
		definition.type = dwarf_type(dwarf, die);
	}
	if (dwarf_tag(die) == DW_TAG_base_type) {
		definition.kind = DEFINED_BASE;
		definition.declared.file = dwarf_diename(&unit->tree);
	}
	listing->fn(listing->context, &definition);
}

static void list_unit(const struct listing *listing, struct dwarf_unit *unit)
{
	listing->dwarf->language = unit->language;
	for (size_t i = 0; i < unit->entries.size; i++) {
		const struct dwarf_entry *entry = &unit->entries.data[i];
		Dwarf_Die die = dwarf_unit_die(unit, entry);

		if (!is_of_kind(entry, listing->kind))
			continue;
		CLEANUP(free_p) char *name = full_name(listing->dwarf, &die, entry->name);
		if (listing->wants(listing->context, name))
			tell(listing, unit, &die, name);
	}
}

struct error *image_each_definition(struct image *image, enum definition_kind kind,
				    bool (*wants)(void *context, const char *name),
				    void (*fn)(void *context, const struct definition *definition),
				    void *context)
{
	struct listing listing = {.kind = kind, .wants = wants, .fn = fn, .context = context};

	TRY(dwarf_get(image, &listing.dwarf));
	if (!listing.dwarf)
		return NULL;
	dwarf_read_all(listing.dwarf);
	for (size_t i = 0; i < listing.dwarf->units.size; i++)
		list_unit(&listing, listing.dwarf->units.data[i]);
	return NULL;
}
