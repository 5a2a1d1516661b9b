/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfdie.c - attributes of a DIE, also of the one that it completes or is a copy of.
 */
#include "dwarf.h"

bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *ret)
{
	Dwarf_Attribute found;

	return dwarf_attr_integrate(die, attribute, &found) && dwarf_formref_die(&found, ret);
}

bool die_number(Dwarf_Die *die, unsigned attribute, int64_t *ret)
{
	Dwarf_Attribute found;
	Dwarf_Sword is_signed;
	Dwarf_Word is_unsigned;

	if (!dwarf_attr_integrate(die, attribute, &found))
		return false;
	switch (dwarf_whatform(&found)) {
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (dwarf_formsdata(&found, &is_signed) != 0)
			return false;
		*ret = is_signed;
		return true;
	default:
		/* An offset into another section, in DWARF 2 and 3, is no number. */
		if (dwarf_formudata(&found, &is_unsigned) != 0)
			return false;
		*ret = (int64_t)is_unsigned;
		return true;
	}
}

bool die_is_parameter(Dwarf_Die *die)
{
	/* Go's results are parameters that the function sets. */
	return dwarf_tag(die) == DW_TAG_formal_parameter &&
	       !die_flag(die, DW_AT_variable_parameter);
}

bool die_location(Dwarf_Die *die, unsigned attribute, Dwarf_Attribute *ret)
{
	if (!dwarf_attr_integrate(die, attribute, ret))
		return false;
	/* Go has blocks in DWARF 4, where libdw wants expressions: short ones look the same. */
	if (dwarf_whatform(ret) == DW_FORM_block1 && ret->valp[0] < 0x80)
		ret->form = DW_FORM_exprloc;
	return true;
}

const char *die_name(struct dwarf *dwarf, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? image_intern(dwarf->image, name) : NULL;
}

bool die_flag(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute found;
	bool is_set;

	return dwarf_attr(die, attribute, &found) && dwarf_formflag(&found, &is_set) == 0 && is_set;
}

Dwarf_Die die_origin(Dwarf_Die *die)
{
	Dwarf_Die at = *die, next;
	Dwarf_Attribute found;

	for (unsigned depth = 0; depth < DWARF_DEPTH_MAX; depth++) {
		if (!dwarf_attr(&at, DW_AT_abstract_origin, &found) &&
		    !dwarf_attr(&at, DW_AT_specification, &found))
			break;
		if (!dwarf_formref_die(&found, &next))
			break;
		at = next;
	}
	return at;
}

bool die_peel(Dwarf_Die *die)
{
	for (unsigned depth = 0; depth < DWARF_DEPTH_MAX; depth++) {
		switch (dwarf_tag(die)) {
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
		case DW_TAG_immutable_type:
		case DW_TAG_packed_type:
		case DW_TAG_shared_type:
			if (!die_reference(die, DW_AT_type, die))
				return false;
			break;
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
			/* A skeleton, whose type is in a unit of its own. */
			return !dwarf_hasattr(die, DW_AT_signature) ||
			       die_reference(die, DW_AT_signature, die);
		default:
			return true;
		}
	}
	return false;
}

bool die_strip(Dwarf_Die *type)
{
	for (unsigned depth = 0; depth < DWARF_DEPTH_MAX && die_peel(type); depth++)
		if (dwarf_tag(type) != DW_TAG_typedef)
			return true;
		else if (!die_reference(type, DW_AT_type, type))
			return false;
	return false;
}
