/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarftype.c - types as data, made from DIEs.
 *
 * Each is made in two steps, because types refer to one another in circles: first a shell
 * that has kind and size, then, from a list of those still to be filled, what it is made of.
 */
#include "dwarf.h"

const struct type dwarf_void = {.kind = TYPE_VOID, .name = "void"};

/* ------------------------------------------------------------------- shells */

static void set_kind_of_base(Dwarf_Die *die, struct type *type)
{
	int64_t encoding = 0;
	const char *name = dwarf_diename(die);
	bool is_text = name && (strcmp(name, "char") == 0 || strcmp(name, "wchar_t") == 0);

	die_number(die, DW_AT_encoding, &encoding);
	type->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	switch (encoding) {
	case DW_ATE_boolean:
		type->kind = TYPE_BOOLEAN;
		break;
	case DW_ATE_float:
		type->kind = TYPE_FLOAT;
		return;
	case DW_ATE_UTF:
		type->kind = TYPE_CHARACTER;
		break;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_address:
		type->kind = is_text ? TYPE_CHARACTER : TYPE_INTEGER;
		break;
	default:
		type->kind = TYPE_OPAQUE;
	}
	/* A _BitInt, say. */
	if (type->size == 0 || type->size > 16 || (type->size & (type->size - 1)))
		type->kind = TYPE_OPAQUE;
}

/* Elements of one dimension; TYPE_NO_OFFSET if that is not known. */
static uint64_t count_of(Dwarf_Die *range)
{
	int64_t count, lower = 0;

	if (die_number(range, DW_AT_count, &count))
		return count < 0 ? TYPE_NO_OFFSET : (uint64_t)count;
	if (!die_number(range, DW_AT_upper_bound, &count))
		return TYPE_NO_OFFSET;
	die_number(range, DW_AT_lower_bound, &lower);
	/* GCC says -1 of an array of no elements, in as many bits as it likes. */
	if (count < lower || count == UINT32_MAX)
		return 0;
	return (uint64_t)count - (uint64_t)lower + 1;
}

/* The dimension of an array that many from the outermost; false if there are not so many. */
static bool dimension_of(Dwarf_Die *array, unsigned part, Dwarf_Die *ret)
{
	if (dwarf_child(array, ret) != 0)
		return false;
	do {
		int tag = dwarf_tag(ret);
		bool is_range = tag == DW_TAG_subrange_type || tag == DW_TAG_enumeration_type;
		if (is_range && part-- == 0)
			return true;
	} while (dwarf_siblingof(ret, ret) == 0);
	return false;
}

static const struct type *element_shell(struct dwarf *dwarf, Dwarf_Die *die, unsigned part,
					unsigned depth)
{
	Dwarf_Die range;

	if (dimension_of(die, part + 1, &range))
		return &type_shell(dwarf, die, part + 1, depth + 1)->type;
	return type_shell_of(dwarf, die, depth + 1);
}

static void set_array(struct dwarf *dwarf, struct dwarf_type *made, unsigned depth)
{
	struct type *type = &made->type;
	Dwarf_Die range;
	uint64_t size;

	type->kind = TYPE_ARRAY;
	type->count =
	    dimension_of(&made->die, made->part, &range) ? count_of(&range) : TYPE_NO_OFFSET;
	type->target = element_shell(dwarf, &made->die, made->part, depth);
	if (type->count == TYPE_NO_OFFSET ||
	    __builtin_mul_overflow(type->count, type->target->size, &size))
		size = 0;
	type->size = size;
	if (dwarf_hasattr(&made->die, DW_AT_byte_stride) ||
	    dwarf_hasattr(&made->die, DW_AT_bit_stride))
		type->kind = TYPE_OPAQUE;
}

/* &T: like those of C++, it stands for what it refers to. */
static bool is_rust_reference(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name && name[0] == '&';
}

/* A typedef, or one of its kin that has the name of its own in the source. */
static void copy_type(struct type *type, const struct type *of)
{
	const char *name = type->name;

	*type = *of;
	if (name)
		type->name = name;
}

static void set_kind(struct dwarf *dwarf, struct dwarf_type *made, unsigned depth)
{
	struct type *type = &made->type;

	switch (dwarf_tag(&made->die)) {
	case DW_TAG_base_type:
		set_kind_of_base(&made->die, type);
		break;
	case DW_TAG_pointer_type:
		type->kind = is_rust_reference(&made->die) ? TYPE_REFERENCE : TYPE_POINTER;
		type->size = sizeof(uint64_t);
		break;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		type->kind = TYPE_REFERENCE;
		type->size = sizeof(uint64_t);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		type->kind = TYPE_STRUCT;
		break;
	case DW_TAG_union_type:
		type->kind = TYPE_UNION;
		break;
	case DW_TAG_enumeration_type:
		type->kind = TYPE_ENUM;
		break;
	case DW_TAG_array_type:
		set_array(dwarf, made, depth);
		break;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		type->kind = TYPE_FUNCTION;
		type_set_go_code(dwarf, made);
		break;
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
		copy_type(type, type_shell_of(dwarf, &made->die, depth + 1));
		break;
	default:
		type->kind = TYPE_OPAQUE;
	}
	if (die_flag(&made->die, DW_AT_declaration) && !type_set_known_layout(dwarf, made)) {
		type->kind = TYPE_OPAQUE;
		die_map_put(&dwarf->declared, type, 0, made);
	}
}

struct dwarf_type *type_shell(struct dwarf *dwarf, Dwarf_Die *die, unsigned part, unsigned depth)
{
	Dwarf_Die peeled = *die;
	bool is_sound = depth < DWARF_DEPTH_MAX && die_peel(&peeled);
	struct dwarf_type *made = die_map_get(&dwarf->types, peeled.addr, part);
	int64_t size = 0;

	if (made)
		return made;
	made = ARENA_NEW(&dwarf->image->arena, struct dwarf_type);
	made->die = peeled;
	made->part = part;
	if (die_number(&peeled, DW_AT_byte_size, &size) && size > 0)
		made->type.size = size;
	/* In the map before the rest: what refers to itself then finds something opaque. */
	made->type.kind = TYPE_OPAQUE;
	made->type.name = "?";
	die_map_put(&dwarf->types, peeled.addr, part, made);
	if (is_sound)
		set_kind(dwarf, made, depth);
	vector_push(&dwarf->unfilled, made);
	return made;
}

const struct type *type_shell_of(struct dwarf *dwarf, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die type;

	if (!die_reference(die, DW_AT_type, &type))
		return &dwarf_void;
	/* const void */
	if (!die_peel(&type) && !dwarf_hasattr(&type, DW_AT_type))
		return &dwarf_void;
	return &type_shell(dwarf, &type, 0, depth)->type;
}

/* ------------------------------------------------------------------ filling */

static void fill(struct dwarf *dwarf, struct dwarf_type *made);

static void fill_typedef(struct dwarf *dwarf, struct dwarf_type *made)
{
	Dwarf_Die of;

	made->type.name = type_name(dwarf, &made->die, 0);
	if (!die_reference(&made->die, DW_AT_type, &of) || !die_peel(&of))
		return;
	/* As deep as the shells are: they have stopped at a limit. */
	struct dwarf_type *other = die_map_get(&dwarf->types, of.addr, 0);
	if (!other)
		return;
	fill(dwarf, other);
	copy_type(&made->type, &other->type);
	type_set_go_reference(dwarf, made);
	struct dwarf_type *declared = die_map_get(&dwarf->declared, &other->type, 0);
	if (declared)
		die_map_put(&dwarf->declared, &made->type, 0, declared);
}

static void fill(struct dwarf *dwarf, struct dwarf_type *made)
{
	struct type *type = &made->type;
	int tag = dwarf_tag(&made->die);

	if (made->is_filled)
		return;
	made->is_filled = true;
	if (tag == DW_TAG_typedef || tag == DW_TAG_template_alias) {
		fill_typedef(dwarf, made);
		return;
	}
	switch (type->kind) {
	case TYPE_POINTER:
	case TYPE_REFERENCE:
	case TYPE_FUNCTION:
		if (type->form == FORM_PLAIN)
			type->target = type_shell_of(dwarf, &made->die, 0);
		break;
	case TYPE_STRUCT:
		type_fill_members(dwarf, made);
		type_fill_variants(dwarf, made);
		if (type->form == FORM_PLAIN)
			type_set_form(dwarf, made);
		break;
	case TYPE_UNION:
		type_fill_members(dwarf, made);
		break;
	case TYPE_ENUM:
		type_fill_enumerators(dwarf, made);
		break;
	default:
		break;
	}
	type->name = type_name(dwarf, &made->die, made->part);
	if (image_go_version(dwarf->image))
		gotype_set_time(type);
}

static void fill_all(struct dwarf *dwarf)
{
	while (dwarf->unfilled.size)
		fill(dwarf, dwarf->unfilled.data[--dwarf->unfilled.size]);
}

const struct type *dwarf_type(struct dwarf *dwarf, Dwarf_Die *die)
{
	const struct type *type = &type_shell(dwarf, die, 0, 0)->type;

	fill_all(dwarf);
	return type;
}

const struct type *dwarf_type_of(struct dwarf *dwarf, Dwarf_Die *die)
{
	const struct type *type = type_shell_of(dwarf, die, 0);

	fill_all(dwarf);
	return type;
}
