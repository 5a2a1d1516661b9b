/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_types.h - types of a target as symbols would make them: one at least of every kind
 * and form.
 */
#ifndef TEST_TYPES_H
#define TEST_TYPES_H

#include "moontap/base.h"
#include "moontap/type.h"

#define SCALAR(kind_, name_, size_, is_signed_)                                       \
	{                                                                             \
		.kind = kind_, .name = name_, .size = size_, .is_signed = is_signed_, \
		.count = TYPE_NO_OFFSET                                               \
	}
#define ARRAY(target_, count_)                                                           \
	{                                                                                \
		.kind = TYPE_ARRAY, .name = "array", .size = (target_)->size * (count_), \
		.target = target_, .count = count_                                       \
	}
#define POINTER(target_)                                                              \
	{                                                                             \
		.kind = TYPE_POINTER, .name = "pointer", .size = 8, .target = target_ \
	}
#define STRUCT(name_, size_, members_)                                                  \
	{                                                                               \
		.kind = TYPE_STRUCT, .name = name_, .size = size_, .members = members_, \
		.member_count = ARRAY_SIZE(members_)                                    \
	}

static const struct type t_void = SCALAR(TYPE_VOID, "void", 0, false);
static const struct type t_i8 = SCALAR(TYPE_INTEGER, "signed char", 1, true);
static const struct type t_u16 = SCALAR(TYPE_INTEGER, "unsigned short", 2, false);
static const struct type t_int = SCALAR(TYPE_INTEGER, "int", 4, true);
static const struct type t_u32 = SCALAR(TYPE_INTEGER, "unsigned int", 4, false);
static const struct type t_long = SCALAR(TYPE_INTEGER, "long", 8, true);
static const struct type t_u64 = SCALAR(TYPE_INTEGER, "unsigned long", 8, false);
static const struct type t_i128 = SCALAR(TYPE_INTEGER, "__int128", 16, true);
static const struct type t_odd = SCALAR(TYPE_INTEGER, "odd", 12, true);
static const struct type t_none = SCALAR(TYPE_INTEGER, "none", 0, true);
static const struct type t_char = SCALAR(TYPE_CHARACTER, "char", 1, true);
static const struct type t_char32 = SCALAR(TYPE_CHARACTER, "char32_t", 4, false);
static const struct type t_bool = SCALAR(TYPE_BOOLEAN, "bool", 1, false);
static const struct type t_float = SCALAR(TYPE_FLOAT, "float", 4, true);
static const struct type t_double = SCALAR(TYPE_FLOAT, "double", 8, true);
static const struct type t_long_double = SCALAR(TYPE_FLOAT, "long double", 16, true);
static const struct type t_opaque = SCALAR(TYPE_OPAQUE, "struct hidden", 0, false);

static const struct type_enumerator colors[] = {{"RED", 0}, {"GREEN", 1}, {"BLUE", 5}};
static const struct type_enumerator flags[] = {{"NONE", 0}, {"A", 1}, {"B", 2}, {"WIDE", 12}};
static const struct type_enumerator signs[] = {{"MINUS", -1}, {"PLUS", 1}};
#define ENUM(name_, size_, is_signed_, enumerators_)                                      \
	{                                                                                 \
		.kind = TYPE_ENUM, .name = name_, .size = size_, .is_signed = is_signed_, \
		.enumerators = enumerators_, .enumerator_count = ARRAY_SIZE(enumerators_) \
	}
static const struct type t_color = ENUM("enum color", 4, false, colors);
static const struct type t_flags = ENUM("enum flags", 4, false, flags);
static const struct type t_sign = ENUM("enum sign", 1, true, signs);
static const struct type t_big_enum = ENUM("enum big", 8, false, colors);

static const struct type t_char_pointer = POINTER(&t_char);
static const struct type t_void_pointer = POINTER(&t_void);
static const struct type t_reference = {
    .kind = TYPE_REFERENCE, .name = "int &", .size = 8, .target = &t_int};
static const struct type t_text8 = ARRAY(&t_char, 8);
static const struct type t_numbers = ARRAY(&t_int, 3);
static const struct type t_many = ARRAY(&t_i8, 9);
static const struct type t_bytes = ARRAY(&t_i8, 33);
static const struct type t_matrix = ARRAY(&t_numbers, 2);
static const struct type t_flexible = {
    .kind = TYPE_ARRAY, .name = "int []", .target = &t_int, .count = TYPE_NO_OFFSET};
static const struct type t_nothings = ARRAY(&t_none, 3);

static const struct type_member point_members[] = {{"x", &t_int, .offset = 0},
						   {"y", &t_int, .offset = 4}};
static const struct type t_point = STRUCT("struct point", 8, point_members);
static const struct type t_unnamed = STRUCT(NULL, 8, point_members);
static const struct type t_points = ARRAY(&t_point, 2);

static const struct type_member bits_members[] = {
    {"a", &t_u32, .bit_offset = 0, .bit_size = 3},
    {"b", &t_int, .bit_offset = 3, .bit_size = 5},
    {"c", &t_color, .bit_offset = 8, .bit_size = 4},
    {"d", &t_u64, .offset = 1, .bit_offset = 4, .bit_size = 64},
    {"flag", &t_bool, .offset = 9, .bit_offset = 4, .bit_size = 1},
    {"wide", &t_i128, .bit_offset = 0, .bit_size = 100},
};
static const struct type t_bits = STRUCT("struct bits", 10, bits_members);

static const struct type_member value_members[] = {{"i", &t_int, .offset = 0},
						   {"f", &t_float, .offset = 0}};
static const struct type t_value = {.kind = TYPE_UNION,
				    .name = "union value",
				    .size = 4,
				    .members = value_members,
				    .member_count = 2};
static const struct type_member base_members[] = {
    {"_vptr.Base", &t_void_pointer, .offset = 0, .is_artificial = true},
    {"id", &t_int, .offset = 8}};
static const struct type t_base = STRUCT("Base", 16, base_members);
static const struct type_member derived_members[] = {
    {"Base", &t_base, .offset = 0, .is_base = true},
    {NULL, &t_value, .offset = 12},
    {"at", &t_point, .offset = 16},
    {NULL, &t_int, .offset = 0, .bit_size = 2}, /* padding */
};
static const struct type t_derived = STRUCT("Derived", 24, derived_members);
static const struct type t_empty = {.kind = TYPE_STRUCT, .name = "struct empty"};

static const struct type_member named_members[] = {{"name", &t_char_pointer, .offset = 0},
						   {"size", &t_long, .offset = 8}};
static const struct type t_named = STRUCT("struct named", 16, named_members);
static const struct type_member outer_members[] = {{"n", &t_int, .offset = 0},
						   {"inner", &t_named, .offset = 8}};
static const struct type t_outer = STRUCT("struct outer", 24, outer_members);

#define FORMED(name_, size_, form_, target_, data_, length_, end_)                \
	{                                                                         \
		.kind = TYPE_STRUCT, .form = form_, .name = name_, .size = size_, \
		.target = target_, .shape = {                                     \
			data_,                                                    \
			length_,                                                  \
			end_                                                      \
		}                                                                 \
	}
static const struct type t_string =
    FORMED("std::string", 16, FORM_STRING, NULL, 0, 8, TYPE_NO_OFFSET);
static const struct type t_c_string =
    FORMED("Text", 8, FORM_STRING, NULL, 0, TYPE_NO_OFFSET, TYPE_NO_OFFSET);
static const struct type t_vector =
    FORMED("std::vector<int>", 24, FORM_SEQUENCE, &t_int, 0, TYPE_NO_OFFSET, 8);
static const struct type t_slice =
    FORMED("&[Point]", 16, FORM_SEQUENCE, &t_point, 0, 8, TYPE_NO_OFFSET);
static const struct type t_unique =
    FORMED("std::unique_ptr<int>", 8, FORM_POINTER, &t_int, 0, TYPE_NO_OFFSET, TYPE_NO_OFFSET);

static const struct type_member some_members[] = {{"__0", &t_int, .offset = 4}};
static const struct type t_some = STRUCT("Option<i32>::Some", 8, some_members);
static const struct type t_no_members = {.kind = TYPE_STRUCT, .name = "Option<i32>::None"};
static const struct type_variant option_variants[] = {{"None", &t_no_members, .tag = 0},
						      {"Some", &t_some, .tag = 1}};
#define VARIANT(name_, size_, variants_, tag_offset_, tag_size_)                         \
	{                                                                                \
		.kind = TYPE_STRUCT, .form = FORM_VARIANT, .name = name_, .size = size_, \
		.variants = variants_, .variant_count = ARRAY_SIZE(variants_),           \
		.tag_offset = tag_offset_, .tag_size = tag_size_                         \
	}
static const struct type t_option = VARIANT("Option<i32>", 8, option_variants, 0, 4);
static const struct type_member circle_members[] = {{"radius", &t_int, .offset = 4}};
static const struct type t_circle = STRUCT("Shape::Circle", 12, circle_members);
static const struct type_member square_members[] = {{"__0", &t_int, .offset = 4},
						    {"__1", &t_int, .offset = 8}};
static const struct type t_square = STRUCT("Shape::Square", 12, square_members);
static const struct type_variant shape_variants[] = {{"Circle", &t_circle, .tag = 0},
						     {"Square", &t_square, .is_default = true}};
static const struct type t_shape = VARIANT("Shape", 12, shape_variants, 0, 1);
static const struct type_variant only_variants[] = {{"Square", &t_square, .tag = 9}};
static const struct type t_only = VARIANT("Only", 12, only_variants, TYPE_NO_OFFSET, 0);
static const struct type t_tuple = STRUCT("(i32, i32)", 12, square_members);
static const struct type t_pair = STRUCT("Pair", 12, square_members);

/* Structs in structs, deeper than is shown. */
static const struct type_member deep4_members[] = {{"x", &t_int, .offset = 0}};
static const struct type t_deep4 = STRUCT("d4", 4, deep4_members);
static const struct type_member deep3_members[] = {{"d", &t_deep4, .offset = 0},
						   {"n", &t_int, .offset = 0}};
static const struct type t_deep3 = STRUCT("d3", 4, deep3_members);
static const struct type_member deep2_members[] = {{"c", &t_deep3, .offset = 0}};
static const struct type t_deep2 = STRUCT("d2", 4, deep2_members);
static const struct type_member deep1_members[] = {{"b", &t_deep2, .offset = 0}};
static const struct type t_deep1 = STRUCT("d1", 4, deep1_members);
static const struct type_member deep0_members[] = {{"a", &t_deep1, .offset = 0}};
static const struct type t_deep0 = STRUCT("d0", 4, deep0_members);

#endif
