/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfmember.c - what structs, unions and enums are made of.
 */
#include "dwarf.h"

/* ------------------------------------------------------------------- places */

/* Offset in bytes; false if it is not the same in every object (a virtual base). */
static bool member_offset(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;
	int64_t offset;

	*ret = 0;
	if (!dwarf_hasattr(die, DW_AT_data_member_location))
		return true;
	if (die_number(die, DW_AT_data_member_location, &offset)) {
		*ret = (uint64_t)offset;
		return true;
	}
	/* GCC of old: what to add to the object's address. */
	if (dwarf_getlocation(dwarf_attr(die, DW_AT_data_member_location, &attribute), &ops,
			      &count) != 0 ||
	    count != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*ret = ops[0].number;
	return true;
}

/* Of a bit-field, which is read in units of its type. */
static void set_bits(Dwarf_Die *die, struct type_member *member)
{
	int64_t size, at, unit = (int64_t)member->type->size;
	uint64_t bits = 8 * member->type->size;

	if (!die_number(die, DW_AT_bit_size, &size) || size <= 0 || size > 64 || bits == 0)
		return;
	member->bit_size = size;
	if (die_number(die, DW_AT_data_bit_offset, &at)) {
		/* DWARF 4: from the start of the struct. */
		member->offset = (uint64_t)at / bits * member->type->size;
		member->bit_offset = (uint64_t)at % bits;
	} else if (die_number(die, DW_AT_bit_offset, &at)) {
		/* Before: from the most significant bit of a unit. */
		die_number(die, DW_AT_byte_size, &unit);
		member->bit_offset = 8 * unit - at - size;
	}
	if (member->bit_offset + member->bit_size > bits) {
		/* Packed: across two units. */
		member->offset += member->bit_offset / 8;
		member->bit_offset %= 8;
	}
}

static const struct type *virtual_base(struct dwarf *dwarf, const char *name)
{
	struct type *type = ARENA_NEW(&dwarf->image->arena, struct type);
	CLEANUP(free_p) char *text = xasprintf("virtual base class %s", name ? name : "?");

	type_make_opaque(dwarf, type, text);
	return type;
}

static struct type_member make_member(struct dwarf *dwarf, Dwarf_Die *die)
{
	struct type_member member = {
	    .name = die_name(dwarf, die),
	    .type = type_shell_of(dwarf, die, 0),
	    .is_base = dwarf_tag(die) == DW_TAG_inheritance,
	    .is_artificial = die_flag(die, DW_AT_artificial),
	};
	Dwarf_Die base;
	bool is_fixed = member_offset(die, &member.offset);

	if (member.is_base && die_reference(die, DW_AT_type, &base))
		member.name = type_name(dwarf, &base, 0);
	if (!is_fixed)
		member.type = virtual_base(dwarf, member.name);
	set_bits(die, &member);
	/* GCC and clang mark it, with names of their own. */
	if (member.name && strncmp(member.name, "_vptr", 5) == 0)
		member.is_artificial = true;
	return member;
}

static bool is_member(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	/* A static one of DWARF 4 is a member that is only declared. */
	return (tag == DW_TAG_member && !die_flag(die, DW_AT_external)) ||
	       tag == DW_TAG_inheritance;
}

void type_fill_members(struct dwarf *dwarf, struct dwarf_type *type)
{
	VECTOR(struct type_member) members = {0};
	Dwarf_Die child;

	if (dwarf_child(&type->die, &child) != 0)
		return;
	do {
		if (is_member(&child))
			vector_push(&members, make_member(dwarf, &child));
	} while (dwarf_siblingof(&child, &child) == 0);
	if (members.size) {
		size_t size = members.size * sizeof(*members.data);
		type->type.members =
		    memcpy(arena_alloc(&dwarf->image->arena, size), members.data, size);
		type->type.member_count = members.size;
	}
	vector_deinit(&members);
}

/* -------------------------------------------------------------- enumerators */

static int64_t sign_extend(int64_t value, uint64_t size)
{
	unsigned unused = size >= 1 && size < 8 ? 64 - 8 * size : 0;

	return (int64_t)((uint64_t)value << unused) >> unused;
}

void type_fill_enumerators(struct dwarf *dwarf, struct dwarf_type *type)
{
	VECTOR(struct type_enumerator) found = {0};
	const struct type *of = type_shell_of(dwarf, &type->die, 0);
	Dwarf_Die child;
	int64_t value;

	if (of->kind != TYPE_VOID)
		type->type.is_signed = of->is_signed;
	for (int more = dwarf_child(&type->die, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_enumerator ||
		    !die_number(&child, DW_AT_const_value, &value))
			continue;
		/* Before DWARF 3 nothing else says that the enum is signed. */
		type->type.is_signed |= of->kind == TYPE_VOID && value < 0;
		vector_push(&found, ((struct type_enumerator){die_name(dwarf, &child), value}));
	}
	for (size_t i = 0; type->type.is_signed && i < found.size; i++)
		found.data[i].value = sign_extend(found.data[i].value, type->type.size);
	if (found.size) {
		size_t size = found.size * sizeof(*found.data);
		type->type.enumerators =
		    memcpy(arena_alloc(&dwarf->image->arena, size), found.data, size);
		type->type.enumerator_count = found.size;
	}
	vector_deinit(&found);
}
