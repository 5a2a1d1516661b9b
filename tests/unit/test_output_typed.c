/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_output_typed.c - values of the target's types as text and as JSON: every kind and
 * form, bytes that were cut, and noise over random types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "moontap/output.h"

static const struct typed_limits limits = {TYPED_DEPTH_DEFAULT, 5};

/* -------------------------------------------------------------------- types */

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
static const struct type t_matrix = ARRAY(&t_numbers, 2);
static const struct type t_flexible = {
    .kind = TYPE_ARRAY, .name = "int []", .target = &t_int, .count = TYPE_NO_OFFSET};
static const struct type t_nothings = ARRAY(&t_none, 3);

static const struct type_member point_members[] = {{"x", &t_int, .offset = 0},
						   {"y", &t_int, .offset = 4}};
static const struct type t_point = STRUCT("struct point", 8, point_members);
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

/* -------------------------------------------------------------------- cases */

static const struct typed_part name_text = {0, NULL, "abc", 3, false, NULL};
static const struct typed_part name_cut = {0, NULL, "a\"\033[", 4, true, NULL};
static const struct typed_part name_unread = {0, NULL, NULL, 0, false, "<unreadable>"};
static const struct typed_part inner_text = {8, NULL, "in", 2, false, NULL};
static const struct typed_part three_ints = {0,	 &t_int, "\1\0\0\0\2\0\0\0\377\377\377\377",
					     12, false,	 NULL};
static const struct typed_part one_point = {0,	&t_point, "\1\0\0\0\2\0\0\0\3\0\0\0",
					    12, true,	  NULL};
static const struct typed_part no_ints = {0, &t_int, NULL, 0, false, "<unreadable>"};

struct typed_case {
	const char *what;
	const struct type *type;
	const char *bytes;
	size_t size;
	const char *text, *json; /* NULL: as the text */
	const struct typed_part *part;
};
#define BYTES(s)	s, sizeof(s) - 1
#define MISSING(reason) "{\"missing\":\"" reason "\"}"

static const struct typed_case cases[] = {
    {"a signed byte", &t_i8, BYTES("\xfe"), "-2", NULL, NULL},
    {"an unsigned short", &t_u16, BYTES("\xfe\xff"), "65534", NULL, NULL},
    {"an int", &t_int, BYTES("\xff\xff\xff\xff"), "-1", NULL, NULL},
    {"an unsigned int", &t_u32, BYTES("\xff\xff\xff\xff"), "4294967295", NULL, NULL},
    {"a long", &t_long, BYTES("\0\0\0\0\0\0\0\x80"), "-9223372036854775808", NULL, NULL},
    {"an unsigned long", &t_u64, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615",
     NULL, NULL},
    {"16 bytes, in hexadecimal", &t_i128, BYTES("\1\0\0\0\0\0\0\0\xab\0\0\0\0\0\0\0"),
     "0xab0000000000000001", "\"0xab0000000000000001\"", NULL},
    {"16 bytes that are few", &t_i128, BYTES("\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "0x12",
     "\"0x12\"", NULL},
    {"an integer of no machine", &t_odd, BYTES("123456789012"), "<unavailable>",
     MISSING("<unavailable>"), NULL},
    {"an integer of no size", &t_none, BYTES(""), "<unavailable>", MISSING("<unavailable>"), NULL},
    {"a character", &t_char, BYTES("a"), "97 'a'", "97", NULL},
    {"a quote", &t_char, BYTES("'"), "39 '\\''", "39", NULL},
    {"a control character", &t_char, BYTES("\n"), "10 '\\n'", "10", NULL},
    {"a byte that is no text", &t_char, BYTES("\xff"), "-1 '\\xff'", "-1", NULL},
    {"a wide character", &t_char32, BYTES("\xac\x20\0\0"), "8364 '\xe2\x82\xac'", "8364", NULL},
    {"a code that is no character", &t_char32, BYTES("\0\xd8\0\0"), "55296", NULL, NULL},
    {"a code beyond all", &t_char32, BYTES("\0\0\x11\0"), "1114112", NULL, NULL},
    {"true", &t_bool, BYTES("\2"), "true", NULL, NULL},
    {"false", &t_bool, BYTES("\0"), "false", NULL, NULL},
    {"a float", &t_float, BYTES("\0\0\xc0\x3f"), "1.5", NULL, NULL},
    {"a whole double", &t_double, BYTES("\0\0\0\0\0\0\0\x40"), "2.0", NULL, NULL},
    {"infinity", &t_double, BYTES("\0\0\0\0\0\0\xf0\x7f"), "inf", "null", NULL},
    {"a long double", &t_long_double, BYTES("0123456789012345"), "<unavailable>",
     MISSING("<unavailable>"), NULL},
    {"an enumerator", &t_color, BYTES("\5\0\0\0"), "BLUE", "\"BLUE\"", NULL},
    {"an enum's other value", &t_color, BYTES("\3\0\0\0"), "3", NULL, NULL},
    {"an enum's greatest value", &t_big_enum, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
     "18446744073709551615", NULL, NULL},
    {"a negative enumerator", &t_sign, BYTES("\xff"), "MINUS", "\"MINUS\"", NULL},
    {"flags together", &t_flags, BYTES("\x0d\0\0\0"), "(A | WIDE)", "13", NULL},
    {"no flag", &t_flags, BYTES("\0\0\0\0"), "NONE", "\"NONE\"", NULL},
    {"flags and a bit of none", &t_flags, BYTES("\x11\0\0\0"), "17", NULL, NULL},
    {"half a flag", &t_flags, BYTES("\5\0\0\0"), "5", NULL, NULL},
    {"a pointer", &t_void_pointer, BYTES("\x55\0\0\0\0\x7f\0\0"), "0x7f0000000055",
     "\"0x7f0000000055\"", NULL},
    {"a null pointer", &t_void_pointer, BYTES("\0\0\0\0\0\0\0\0"), "0x0", "null", NULL},
    {"a reference", &t_reference, BYTES("\x10\0\0\0\0\0\0\0"), "0x10", "\"0x10\"", NULL},
    {"a char pointer without its text", &t_char_pointer, BYTES("\x10\0\0\0\0\0\0\0"), "0x10",
     "\"0x10\"", NULL},
    {"a char pointer with it", &t_char_pointer, BYTES("\x10\0\0\0\0\0\0\0"), "\"abc\"", NULL,
     &name_text},
    {"a null char pointer", &t_char_pointer, BYTES("\0\0\0\0\0\0\0\0"), "0x0", "null",
     &name_unread},
    {"hostile text that was cut", &t_char_pointer, BYTES("\x10\0\0\0\0\0\0\0"),
     "\"a\\\"\\x1b[\"...", "\"a\\\"\\u001b[...\"", &name_cut},
    {"text that could not be read", &t_char_pointer, BYTES("\x10\0\0\0\0\0\0\0"), "<unreadable>",
     MISSING("<unreadable>"), &name_unread},
    {"a char array up to its NUL", &t_text8, BYTES("ab\0cdefg"), "\"ab\"", NULL, NULL},
    {"a full char array", &t_text8, BYTES("abcdefgh"), "\"abcdefgh\"", NULL, NULL},
    {"a char array that was cut", &t_text8, BYTES("abc"), "\"abc\"...", "\"abc...\"", NULL},
    {"a char array that was cut behind its NUL", &t_text8, BYTES("ab\0"), "\"ab\"", NULL, NULL},
    {"a char array of which nothing is left", &t_text8, BYTES(""), "<truncated>",
     MISSING("<truncated>"), NULL},
    {"an array", &t_numbers, BYTES("\1\0\0\0\2\0\0\0\3\0\0\0"), "{1, 2, 3}", "[1,2,3]", NULL},
    {"an array that was cut", &t_numbers, BYTES("\1\0\0\0\2\0"), "{1, <truncated>...}",
     "[1," MISSING("<truncated>") "," MISSING("<truncated>") "]", NULL},
    {"an array of which nothing is left", &t_numbers, BYTES(""), "{...}",
     "[" MISSING("<truncated>") "]", NULL},
    {"more elements than are shown", &t_many, BYTES("\1\2\3\4\5\6\7\x8\x9"), "{1, 2, 3, 4, 5...}",
     "[1,2,3,4,5," MISSING("<truncated>") "]", NULL},
    {"a matrix", &t_matrix, BYTES("\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0\6\0\0\0"),
     "{{1, 2, 3}, {4, 5, 6}}", "[[1,2,3],[4,5,6]]", NULL},
    {"an array of a length that is not known", &t_flexible, BYTES("\1\0\0\0"), "{1...}",
     "[1," MISSING("<truncated>") "]", NULL},
    {"an array of nothing", &t_nothings, BYTES(""), "{<unavailable>, <unavailable>, <unavailable>}",
     "[" MISSING("<unavailable>") "," MISSING("<unavailable>") "," MISSING("<unavailable>") "]",
     NULL},
    {"a struct", &t_point, BYTES("\1\0\0\0\2\0\0\0"), "{x = 1, y = 2}", "{\"x\":1,\"y\":2}", NULL},
    {"a struct that was cut", &t_point, BYTES("\1\0\0\0\2\0"), "{x = 1, y = <truncated>}",
     "{\"x\":1,\"y\":" MISSING("<truncated>") "}", NULL},
    {"structs in an array", &t_points, BYTES("\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"),
     "{{x = 1, y = 2}, {x = 3, y = 4}}", "[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}]", NULL},
    {"bit-fields", &t_bits, BYTES("\xfd\x15\0\0\0\0\0\0\xc0\x15"),
     "{a = 5, b = -1, c = BLUE, d = 6629298651489370113, flag = true, wide = <unavailable>}",
     "{\"a\":5,\"b\":-1,\"c\":\"BLUE\",\"d\":6629298651489370113,\"flag\":true,"
     "\"wide\":" MISSING("<unavailable>") "}",
     NULL},
    {"bit-fields that were cut", &t_bits, BYTES("\xfd\x15"),
     "{a = 5, b = -1, c = BLUE, d = <truncated>, flag = <truncated>, wide = <unavailable>}",
     "{\"a\":5,\"b\":-1,\"c\":\"BLUE\",\"d\":" MISSING("<truncated>") ",\"flag\":" MISSING(
	 "<truncated>") ",\"wide\":" MISSING("<unavailable>") "}",
     NULL},
    {"a union", &t_value, BYTES("\0\0\x80\x3f"), "{i = 1065353216, f = 1.0}",
     "{\"i\":1065353216,\"f\":1.0}", NULL},
    {"bases and anonymous members are inline, artificial ones hidden", &t_derived,
     BYTES("\x01\0\0\0\0\0\0\0\7\0\0\0\0\0\x80\x3f\1\0\0\0\2\0\0\0"),
     "{id = 7, i = 1065353216, f = 1.0, at = {x = 1, y = 2}}",
     "{\"id\":7,\"i\":1065353216,\"f\":1.0,\"at\":{\"x\":1,\"y\":2}}", NULL},
    {"an empty struct", &t_empty, BYTES(""), "{}", NULL, NULL},
    {"text of a member", &t_named, BYTES("\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
     "{name = \"abc\", size = 3}", "{\"name\":\"abc\",\"size\":3}", &name_text},
    {"text of a member's member", &t_outer,
     BYTES("\1\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
     "{n = 1, inner = {name = \"in\", size = 3}}",
     "{\"n\":1,\"inner\":{\"name\":\"in\",\"size\":3}}", &inner_text},
    {"a string", &t_string, BYTES("\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"), "\"abc\"", NULL,
     &name_text},
    {"an empty string that points nowhere", &t_string, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     "\"\"", NULL, &name_unread},
    {"a string that could not be read", &t_string, BYTES("\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
     "<unreadable>", MISSING("<unreadable>"), &name_unread},
    {"a string that was not followed", &t_string, BYTES("\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
     "<truncated>", MISSING("<truncated>"), NULL},
    {"a string without a length", &t_c_string, BYTES("\x10\0\0\0\0\0\0\0"), "\"abc\"", NULL,
     &name_text},
    {"a vector", &t_vector, BYTES("\x10\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0"),
     "{1, 2, -1}", "[1,2,-1]", &three_ints},
    {"an empty vector", &t_vector, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "{}",
     "[]", &no_ints},
    {"a vector that was not followed", &t_vector,
     BYTES("\x10\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0"), "{...}",
     "[" MISSING("<truncated>") "]", NULL},
    {"a vector that could not be read", &t_vector,
     BYTES("\x10\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0"), "<unreadable>",
     MISSING("<unreadable>"), &no_ints},
    {"a vector that was cut itself", &t_vector, BYTES("\x10\0\0\0\0\0\0\0\x1c"), "<truncated>",
     MISSING("<truncated>"), &three_ints},
    {"a slice of which a part was read", &t_slice, BYTES("\x10\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
     "{{x = 1, y = 2}, {x = 3, y = <truncated>}...}",
     "[{\"x\":1,\"y\":2},{\"x\":3,\"y\":" MISSING("<truncated>") "}," MISSING("<truncated>") "]",
     &one_point},
    {"a smart pointer", &t_unique, BYTES("\x10\0\0\0\0\0\0\0"), "0x10", "\"0x10\"", NULL},
    {"a variant without fields", &t_option, BYTES("\0\0\0\0\3\0\0\0"), "None", "\"None\"", NULL},
    {"a variant of one value", &t_option, BYTES("\1\0\0\0\3\0\0\0"), "Some(3)", "{\"Some\":3}",
     NULL},
    {"a tag of no variant", &t_option, BYTES("\7\0\0\0\3\0\0\0"), "<no variant>",
     MISSING("<no variant>"), NULL},
    {"a variant whose tag was cut", &t_option, BYTES("\1\0"), "<truncated>", MISSING("<truncated>"),
     NULL},
    {"a variant with fields", &t_shape, BYTES("\0\0\0\0\2\0\0\0\0\0\0\0"), "Circle {radius = 2}",
     "{\"Circle\":{\"radius\":2}}", NULL},
    {"the default variant", &t_shape, BYTES("\4\0\0\0\2\0\0\0\3\0\0\0"), "Square(2, 3)",
     "{\"Square\":[2,3]}", NULL},
    {"the only variant", &t_only, BYTES("\4\0\0\0\2\0\0\0\3\0\0\0"), "Square(2, 3)",
     "{\"Square\":[2,3]}", NULL},
    {"a tuple", &t_tuple, BYTES("\4\0\0\0\2\0\0\0\3\0\0\0"), "(2, 3)", "[2,3]", NULL},
    {"deeper structs than are shown", &t_deep0, BYTES("\1\0\0\0"),
     "{a = {b = {c = {d = {...}, n = 1}}}}",
     "{\"a\":{\"b\":{\"c\":{\"d\":" MISSING("<truncated>") ",\"n\":1}}}}", NULL},
    {"what is only declared", &t_opaque, BYTES(""), "<unavailable>", MISSING("<unavailable>"),
     NULL},
    {"nothing", &t_void, BYTES(""), "<unavailable>", MISSING("<unavailable>"), NULL},
    {"a scalar of which nothing is left", &t_double, BYTES("1234567"), "<truncated>",
     MISSING("<truncated>"), NULL},
};

/* A copy that ends where the value does: a sanitizer sees what reads on. */
static struct typed_value value_of(const struct typed_case *c)
{
	struct typed_value value = {
	    .type = c->type, .size = c->size, .bytes = malloc(c->size + !c->size)};

	memcpy((void *)value.bytes, c->bytes, c->size);
	value.parts = c->part;
	value.part_count = c->part != NULL;
	return value;
}

static void every_kind_and_form_has_its_text_and_its_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed_value value = value_of(&cases[i]);
		struct buffer text = {0}, json = {0};

		typed_format(&text, &value, &limits);
		typed_json(&json, &value, &limits);
		if (strcmp(text.data, cases[i].text) != 0)
			fail_msg("%s: %s, not %s", cases[i].what, text.data, cases[i].text);
		const char *expected = cases[i].json ? cases[i].json : cases[i].text;
		if (strcmp(json.data, expected) != 0)
			fail_msg("%s: %s, not %s", cases[i].what, json.data, expected);
		buffer_deinit(&text);
		buffer_deinit(&json);
		free((void *)value.bytes);
	}
}

static void a_struct_is_printed_with_the_name_of_its_type(void **state)
{
	static const struct {
		const struct type *type;
		const char *text;
	} prints[] = {
	    {&t_point, "struct point {x = 0, y = 0}"},
	    {&t_value, "union value {i = 0, f = 0.0}"},
	    {&t_points, "{{x = 0, y = 0}, {x = 0, y = 0}}"},
	    {&t_int, "0"},
	    {&t_option, "None"},
	    {&t_tuple, "(0, 0)"},
	    {&t_pair, "Pair(0, 0)"},
	    {&t_deep0, "d0 {a = {b = {c = {d = {...}, n = 0}}}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prints); i++) {
		static const char zeros[32];
		const struct typed_value value = {
		    .type = prints[i].type, .bytes = zeros, .size = prints[i].type->size};
		struct buffer text = {0};

		typed_print(&text, &value, &limits);
		assert_string_equal(text.data, prints[i].text);
		buffer_deinit(&text);
	}
}

/* -------------------------------------------------------------------- noise */

static uint64_t seed = 88172645463325252ull;

static uint64_t any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* A type of whatever kind, with members of the types before it; some of it nonsense. */
static struct type any_type(struct type *before, size_t count, struct arena *arena)
{
	static const uint64_t sizes[] = {0, 1, 2, 3, 4, 8, 9, 16, 24, 100};
	struct type type = {.kind = (enum type_kind)any(TYPE_OPAQUE + 1),
			    .form = (enum type_form)any(FORM_VARIANT + 1),
			    .name = "noise",
			    .size = sizes[any(ARRAY_SIZE(sizes))],
			    .is_signed = any(2),
			    .target = &before[any(count)],
			    .count = any(8)   ? any(40)
				     : any(2) ? TYPE_NO_OFFSET
					      : UINT64_MAX / 2,
			    .shape = {any(30), any(2) ? any(30) : TYPE_NO_OFFSET,
				      any(2) ? any(30) : TYPE_NO_OFFSET},
			    .enumerators = flags,
			    .enumerator_count = any(ARRAY_SIZE(flags) + 1),
			    .tag_offset = any(4) ? any(30) : TYPE_NO_OFFSET,
			    .tag_size = (unsigned)any(18)};

	type.member_count = any(4);
	struct type_member *members = arena_alloc(arena, 4 * sizeof(*members));
	for (size_t i = 0; i < type.member_count; i++)
		members[i] = (struct type_member){.name = any(3)   ? "__12"
							  : any(2) ? "m"
								   : NULL,
						  .type = &before[any(count)],
						  .offset = any(20) ? any(40) : UINT64_MAX - any(9),
						  .bit_offset = any(3) ? 0 : (unsigned)any(200),
						  .bit_size = any(3) ? 0 : (unsigned)any(130),
						  .is_base = any(3) == 0,
						  .is_artificial = any(5) == 0};
	type.members = members;
	type.variant_count = any(3);
	struct type_variant *variants = arena_alloc(arena, 3 * sizeof(*variants));
	for (size_t i = 0; i < type.variant_count; i++)
		variants[i] =
		    (struct type_variant){"V", &before[any(count)], any(3) == 0, any(256)};
	type.variants = variants;
	return type;
}

static void noise_of_any_type_is_never_read_beyond_its_end(void **state)
{
	enum {
		TYPES = 12,
		ROUNDS = 20000
	};

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena arena = {0};
		struct type types[TYPES + 1] = {t_int};
		struct typed_part parts[3];
		struct buffer out = {0};
		size_t size = any(60);
		char *bytes = malloc(size + !size), *beyond = malloc(8);

		for (size_t i = 1; i <= TYPES; i++)
			types[i] = any_type(types, i, &arena);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)(any(3) ? any(5) : any(256));
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
			parts[i] = (struct typed_part){any(30), any(2) ? NULL : &types[any(TYPES)],
						       beyond,	any(9),
						       any(2),	NULL};
		memset(beyond, 'x', 8);
		const struct typed_value value = {.type = &types[TYPES],
						  .bytes = bytes,
						  .size = size,
						  .parts = parts,
						  .part_count = 3};
		typed_print(&out, &value, &limits);
		typed_json(&out, &value, &limits);
		assert_non_null(out.data);
		buffer_deinit(&out);
		free(bytes);
		free(beyond);
		arena_deinit(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_and_form_has_its_text_and_its_json),
	    cmocka_unit_test(a_struct_is_printed_with_the_name_of_its_type),
	    cmocka_unit_test(noise_of_any_type_is_never_read_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
