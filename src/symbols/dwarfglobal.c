/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfglobal.c - names outside of functions: globals, statics of files and classes,
 * enumerators.
 */
#include "dwarf.h"

static void find_around(struct scope *scope)
{
	Dwarf_Die function;

	if (scope->has_around)
		return;
	scope->has_around = true;
	if (!scope->blocks.size)
		return;
	/* Its declaration, which is written in the class. */
	function = die_origin(&scope->blocks.data[scope->first]);
	const struct dwarf_unit *unit = dwarf_unit_of(scope->dwarf, &function);
	uint32_t at = dwarf_unit_parent(unit, function.addr);
	for (; at != DWARF_NO_ENTRY; at = unit->entries.data[at].parent)
		if (!entry_is_transparent(unit, &unit->entries.data[at]))
			vector_push(&scope->around, unit->entries.data[at].name);
	names_reverse(scope->around.data, scope->around.size);
}

struct name_query scope_query(struct scope *scope, const char *name)
{
	find_around(scope);
	return (struct name_query){
	    .dwarf = scope->dwarf,
	    .unit = scope->unit,
	    .scopes = scope->around.data,
	    .scope_count = scope->around.size,
	    .name = name,
	};
}

static enum name_quality judge(struct dwarf_unit *unit, const struct dwarf_entry *entry,
			       bool is_own)
{
	Dwarf_Die die = dwarf_unit_die(unit, entry);

	switch (entry->tag) {
	case DW_TAG_enumerator:
		return NAME_DEFINITION;
	case DW_TAG_variable:
	case DW_TAG_member:
		break;
	default:
		return NAME_WRONG;
	}
	if (entry->is_declaration)
		return NAME_DECLARATION;
	Dwarf_Die origin = die_origin(&die);
	return is_own || die_flag(&origin, DW_AT_external) ? NAME_DEFINITION : NAME_PRIVATE;
}

bool scope_global(struct scope *scope, const char *name, struct variable *ret)
{
	struct name_query query = scope_query(scope, name);
	Dwarf_Die found;

	query.judge = judge;
	if (!dwarf_lookup(&query, &found))
		return false;
	if (dwarf_tag(&found) != DW_TAG_enumerator) {
		scope_describe(scope, &found, true, ret);
		return true;
	}
	const struct dwarf_unit *unit = dwarf_unit_of(scope->dwarf, &found);
	uint32_t parent = dwarf_unit_parent(unit, found.addr);
	if (parent == DWARF_NO_ENTRY)
		return false;
	Dwarf_Die enumeration = dwarf_unit_die(unit, &unit->entries.data[parent]);
	scope_describe_enumerator(scope, &found, &enumeration, ret);
	return true;
}
