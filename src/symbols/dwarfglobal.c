/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfglobal.c - names outside of functions: globals, statics of files and classes,
 * enumerators.
 */
#include "dwarf.h"

struct name_query scope_query(struct scope *scope, const char *name)
{
	if (!scope->has_around && scope->blocks.size)
		dwarf_path(scope->dwarf, &scope->blocks.data[scope->first], PATH_SOURCE,
			   &scope->around);
	scope->has_around = true;
	return (struct name_query){
	    .dwarf = scope->dwarf,
	    .unit = scope->unit,
	    .around = &scope->around,
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
	struct dwarf_unit *unit;
	const struct dwarf_entry *parent = dwarf_scope_of(scope->dwarf, &found, &unit);
	if (!parent || parent->tag != DW_TAG_enumeration_type)
		return false;
	Dwarf_Die enumeration = dwarf_unit_die(unit, parent);
	scope_describe_enumerator(scope, &found, &enumeration, ret);
	return true;
}
