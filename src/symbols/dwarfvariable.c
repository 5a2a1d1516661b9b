/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfvariable.c - what a DIE says of a variable, parameter or enumerator.
 */
#include "dwarf.h"

/* The file of a number in the line table of a DIE's unit. */
static const char *file_name(Dwarf_Die *die, int64_t number)
{
	Dwarf_Die unit;
	Dwarf_Files *files;
	size_t count;

	if (!dwarf_diecu(die, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, &count) != 0 ||
	    number < 0 || (uint64_t)number >= count)
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

static struct line declared_at(struct dwarf *dwarf, Dwarf_Die *die)
{
	int64_t file, number;
	Dwarf_Die origin = die_origin(die);

	if (!die_number(die, DW_AT_decl_file, &file) ||
	    !die_number(die, DW_AT_decl_line, &number) || number <= 0 || number > INT32_MAX)
		return (struct line){0};
	/* Its number is of the unit that says it. */
	const char *name = file_name(&origin, file);
	return (struct line){name ? image_intern(dwarf->image, name) : NULL, number};
}

/* A static: at the same address, whichever copy of its function is asked. */
static bool is_static(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0)
		return false;
	return ops[0].atom == DW_OP_addr || ops[0].atom == DW_OP_addrx ||
	       ops[0].atom == DW_OP_GNU_addr_index;
}

/* What is only declared: defined elsewhere, without debug information. */
static void find_symbol(struct image *image, const struct variable *variable, struct where *ret)
{
	uint64_t address;

	if (symtab_object(image, variable->name, &address))
		where_address(image, variable->type->size, address, ret);
	else
		where_lost(image, variable->type->size, "<unavailable: only declared>", ret);
}

void scope_describe(struct scope *scope, Dwarf_Die *die, bool is_outside, struct variable *ret)
{
	struct dwarf *dwarf = scope->dwarf;
	const struct where_context context = {
	    .image = dwarf->image,
	    .address = scope->address,
	    .function = scope->blocks.size ? scope->blocks.data[0] : (Dwarf_Die){0},
	};

	*ret = (struct variable){
	    .kind = VARIABLE_LOCAL,
	    .name = die_name(dwarf, die),
	    .type = dwarf_type_of(dwarf, die),
	    .declared = declared_at(dwarf, die),
	};
	if (dwarf_tag(die) == DW_TAG_formal_parameter)
		ret->kind = VARIABLE_PARAMETER;
	else if (is_outside || is_static(die))
		ret->kind = VARIABLE_GLOBAL;
	if (is_outside && die_flag(die, DW_AT_declaration) &&
	    !dwarf_hasattr(die, DW_AT_const_value))
		find_symbol(dwarf->image, ret, &ret->where);
	else
		dwarf_where(&context, die, ret->type->size, &ret->where);
}

void scope_describe_enumerator(struct scope *scope, Dwarf_Die *die, Dwarf_Die *enumeration,
			       struct variable *ret)
{
	struct dwarf *dwarf = scope->dwarf;
	const char *name = die_name(dwarf, die);

	*ret = (struct variable){
	    .kind = VARIABLE_ENUMERATOR,
	    .name = name ? name : "",
	    .type = dwarf_type(dwarf, enumeration),
	    .declared = declared_at(dwarf, enumeration),
	};
	where_lost(dwarf->image, ret->type->size, "<unavailable: no value>", &ret->where);
	for (size_t i = 0; i < ret->type->enumerator_count; i++) {
		const struct type_enumerator *same = &ret->type->enumerators[i];
		if (same->name && strcmp(same->name, ret->name) == 0)
			where_constant(dwarf->image, ret->type->size, same->value, &ret->where);
	}
}
