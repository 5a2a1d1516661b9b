/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfvariant.c - enums of Rust: a tag, and for each of its values a struct.
 */
#include "dwarf.h"

static bool find_child(Dwarf_Die *die, int tag, Dwarf_Die *ret)
{
	for (int more = dwarf_child(die, ret); more == 0; more = dwarf_siblingof(ret, ret))
		if (dwarf_tag(ret) == tag)
			return true;
	return false;
}

/* The variant's fields are a struct that is as large as the whole. */
static bool make_variant(struct dwarf *dwarf, Dwarf_Die *die, struct type_variant *ret)
{
	Dwarf_Die member, type;
	int64_t value = 0, offset = 0;

	if (!find_child(die, DW_TAG_member, &member) ||
	    !die_reference(&member, DW_AT_type, &type) ||
	    (die_number(&member, DW_AT_data_member_location, &offset) && offset != 0))
		return false;
	*ret = (struct type_variant){
	    .name = die_name(dwarf, &member),
	    .type = type_shell_of(dwarf, &member, 0),
	    .is_default = !die_number(die, DW_AT_discr_value, &value),
	    .tag = (uint64_t)value,
	};
	return ret->name && ret->type->kind == TYPE_STRUCT;
}

static bool find_tag(struct dwarf *dwarf, Dwarf_Die *part, struct type *type)
{
	int64_t offset = 0;
	Dwarf_Die tag;

	type->tag_offset = TYPE_NO_OFFSET;
	if (!die_reference(part, DW_AT_discr, &tag))
		return true;
	die_number(&tag, DW_AT_data_member_location, &offset);
	type->tag_offset = (uint64_t)offset;
	type->tag_size = type_shell_of(dwarf, &tag, 0)->size;
	return type->tag_size >= 1 && type->tag_size <= 8;
}

/* Tags are compared as the unsigned integers that they are in memory. */
static uint64_t cut_to(uint64_t tag, unsigned size)
{
	return size < 8 ? tag & ((UINT64_C(1) << 8 * size) - 1) : tag;
}

void type_fill_variants(struct dwarf *dwarf, struct dwarf_type *made)
{
	VECTOR(struct type_variant) variants = {0};
	struct type *type = &made->type;
	struct type_variant variant = {0};
	Dwarf_Die part, child;

	if (!find_child(&made->die, DW_TAG_variant_part, &part))
		return;
	bool is_sound = find_tag(dwarf, &part, type);
	for (int more = dwarf_child(&part, &child); more == 0 && is_sound;
	     more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_variant)
			continue;
		is_sound = make_variant(dwarf, &child, &variant);
		variant.tag = cut_to(variant.tag, type->tag_size);
		vector_push(&variants, variant);
	}
	if (is_sound && variants.size) {
		size_t size = variants.size * sizeof(*variants.data);
		type->form = FORM_VARIANT;
		type->variants =
		    memcpy(arena_alloc(&dwarf->image->arena, size), variants.data, size);
		type->variant_count = variants.size;
	} else {
		type->kind = TYPE_OPAQUE;
	}
	vector_deinit(&variants);
}
