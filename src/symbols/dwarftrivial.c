/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarftrivial.c - is a C++ class trivial to copy and to destroy? The Itanium ABI passes and
 * returns one that is not by its address, however small it is.
 */
#include "dwarf.h"

static bool is_trivial(Dwarf_Die *type, unsigned depth);

/* Declared by the programmer, and not `= default` in the class. */
static bool is_provided(Dwarf_Die *method)
{
	int64_t defaulted;

	if (die_flag(method, DW_AT_artificial))
		return false;
	return !die_number(method, DW_AT_defaulted, &defaulted) ||
	       defaulted != DW_DEFAULTED_in_class;
}

/* Is the second parameter, after `this`, a reference to the class? */
static bool takes_own_class(Dwarf_Die *method, Dwarf_Die *class)
{
	Dwarf_Die child, type;
	unsigned index = 0;

	for (int more = dwarf_child(method, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_formal_parameter || index++ == 0)
			continue;
		if (!die_reference(&child, DW_AT_type, &type))
			return false;
		int tag = dwarf_tag(&type);
		if ((tag != DW_TAG_reference_type && tag != DW_TAG_rvalue_reference_type) ||
		    !die_reference(&type, DW_AT_type, &type))
			return false;
		return die_peel(&type) && type.addr == class->addr;
	}
	return false;
}

/* `T` of `T<int>`, the name of its constructors. */
static bool is_constructor(const char *method, const char *class)
{
	size_t length = strcspn(class, "<");

	return strncmp(method, class, length) == 0 &&
	       (method[length] == '\0' || method[length] == '<');
}

static bool makes_it_hard(Dwarf_Die *method, Dwarf_Die *class)
{
	const char *name = dwarf_diename(method), *class_name = dwarf_diename(class);

	if (!name || !class_name || !is_provided(method))
		return false;
	if (name[0] == '~')
		return true;
	return is_constructor(name, class_name) && takes_own_class(method, class);
}

static bool is_hard_part(Dwarf_Die *part, Dwarf_Die *class, unsigned depth)
{
	int64_t is_virtual = 0;
	Dwarf_Die type;

	switch (dwarf_tag(part)) {
	case DW_TAG_subprogram:
		die_number(part, DW_AT_virtuality, &is_virtual);
		return is_virtual || makes_it_hard(part, class);
	case DW_TAG_inheritance:
		die_number(part, DW_AT_virtuality, &is_virtual);
		return is_virtual ||
		       (die_reference(part, DW_AT_type, &type) && !is_trivial(&type, depth + 1));
	case DW_TAG_member:
		return !die_flag(part, DW_AT_external) && die_reference(part, DW_AT_type, &type) &&
		       !is_trivial(&type, depth + 1);
	default:
		return false;
	}
}

static bool is_trivial(Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die class = *type, child;
	int64_t convention;

	if (depth >= DWARF_DEPTH_MAX || !die_strip(&class))
		return true;
	int tag = dwarf_tag(&class);
	if (tag == DW_TAG_array_type)
		return !die_reference(&class, DW_AT_type, &class) || is_trivial(&class, depth + 1);
	if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type)
		return true;
	if (die_number(&class, DW_AT_calling_convention, &convention))
		return convention != DW_CC_pass_by_reference;
	/* What is only declared here is a library's: its strings and containers. */
	if (die_flag(&class, DW_AT_declaration))
		return false;
	for (int more = dwarf_child(&class, &child); more == 0;
	     more = dwarf_siblingof(&child, &child))
		if (is_hard_part(&child, &class, depth))
			return false;
	return true;
}

bool type_is_by_address(struct dwarf *dwarf, Dwarf_Die *type)
{
	return dwarf_unit_of(dwarf, type)->language == LANGUAGE_CXX && !is_trivial(type, 0);
}

bool scope_result_is_by_address(struct scope *scope)
{
	Dwarf_Die type;

	return scope->blocks.size &&
	       die_reference(&scope->blocks.data[scope->first], DW_AT_type, &type) &&
	       type_is_by_address(scope->dwarf, &type);
}
