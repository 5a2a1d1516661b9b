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
#include "test_types.h"

static const struct typed_limits limits = {4, 5, 0};

/* -------------------------------------------------------------------- cases */

static const struct typed_part name_text = {0, NULL, "abc", 3, false, NULL, 0, false, NULL, 0};
static const struct typed_part name_cut = {0, NULL, "a\"\033[", 4, true, NULL, 0, false, NULL, 0};
static const struct typed_part name_unread = {0, NULL,	NULL, 0, false, "<unreadable>",
					      0, false, NULL, 0};
static const struct typed_part inner_text = {8, NULL, "in", 2, false, NULL, 0, false, NULL, 0};
static const struct typed_part three_ints = {
    0, &t_int, "\1\0\0\0\2\0\0\0\377\377\377\377", 12, false, NULL, 0, false, NULL, 0};
static const struct typed_part one_point = {
    0, &t_point, "\1\0\0\0\2\0\0\0\3\0\0\0", 12, true, NULL, 0, false, NULL, 0};
static const struct typed_part no_ints = {0, &t_int, NULL, 0, false, "<unreadable>",
					  0, false,  NULL, 0};

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

/* ------------------------------------------------------------ text of elements */

static void add_text(struct buffer *out, uint32_t offset, uint32_t length, const char *text)
{
	const struct record_text header = {offset, length};

	buffer_append(out, &header, sizeof(header));
	buffer_puts(out, text);
}

static void the_text_of_elements_is_told_apart(void **state)
{
	static const struct type strings =
	    FORMED("[]string", 16, FORM_SEQUENCE, &t_string, 0, 8, TYPE_NO_OFFSET);
	static const uint64_t header[2] = {4096, 5};
	/* One that has no text behind it, and one that is empty. */
	static const uint64_t elements[5][2] = {{1, 3}, {2, 3}, {3, 9}, {4, 3}, {0, 0}};
	struct buffer texts = {0}, out = {0};

	(void)state;
	add_text(&texts, 0, 3, "abc");
	add_text(&texts, 16, RECORD_TEXT_LOST, "");
	add_text(&texts, 32, 2 | RECORD_TEXT_CUT, "xy");
	add_text(&texts, 64, 0, "");
	const struct typed_part parts[] = {
	    {.type = &t_string, .bytes = elements, .size = sizeof(elements)},
	    {.type = &t_string, .bytes = texts.data, .size = texts.size, .are_texts = true},
	};
	const struct typed_value value = {.type = &strings,
					  .bytes = header,
					  .size = sizeof(header),
					  .parts = parts,
					  .part_count = 2};
	typed_print(&out, &value, &limits);
	assert_string_equal(out.data, "{\"abc\", <unreadable>, \"xy\"..., <truncated>, \"\"}");
	buffer_deinit(&texts);
	buffer_deinit(&out);
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
			    .form = (enum type_form)any(FORM_TIME + 1),
			    .name = "noise",
			    .size = sizes[any(ARRAY_SIZE(sizes))],
			    .is_signed = any(2),
			    .target = &before[any(count)],
			    .key = &before[any(count)],
			    .has_groups = any(2),
			    .has_itab = any(2),
			    .has_type = any(2),
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

/* A program with types at any address. */
static const struct type *some_type(const struct typed_program *program, uint64_t address)
{
	return address % 5 ? (const struct type *)program->image + address % 12 : NULL;
}

static const char *some_function(const struct typed_program *program, uint64_t address)
{
	(void)program;
	return address % 2 ? "main.f" : NULL;
}

/* Blocks of memory at low addresses, which noise refers to. */
static void fill_memory(char *memory, size_t size)
{
	for (size_t at = 0; at + sizeof(struct memory_block) <= size;) {
		const struct memory_block block = {any(6), (uint32_t)any(70), 0};

		memcpy(memory + at, &block, sizeof(block));
		at += sizeof(block) + any(90);
	}
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
		const struct typed_program program = {some_type, some_function, NULL, types};
		struct typed_part parts[4];
		struct buffer out = {0};
		size_t size = any(60), room = any(400);
		char *memory = malloc(room + !room);
		char *bytes = malloc(size + !size), *beyond = malloc(24);

		for (size_t i = 1; i <= TYPES; i++)
			types[i] = any_type(types, i, &arena);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)(any(3) ? any(5) : any(256));
		for (size_t i = 0; i < 3; i++)
			parts[i] = (struct typed_part){any(30), any(2) ? NULL : &types[any(TYPES)],
						       beyond,	any(25),
						       any(2),	NULL,
						       0,	any(2),
						       NULL,	0};
		parts[3] = (struct typed_part){
		    .bytes = memory, .size = room, .program = any(9) ? &program : NULL};
		for (size_t i = 0; i < room; i++)
			memory[i] = (char)(any(3) ? any(2) : any(8));
		fill_memory(memory, room);
		for (size_t i = 0; i < 24; i++)
			beyond[i] = (char)(any(3) ? any(3) : any(256));
		const struct typed_value value = {.type = &types[TYPES],
						  .bytes = bytes,
						  .size = size,
						  .parts = parts,
						  .part_count = 4};
		typed_print(&out, &value, &limits);
		typed_json(&out, &value, &limits);
		assert_non_null(out.data);
		buffer_deinit(&out);
		free(bytes);
		free(memory);
		free(beyond);
		arena_deinit(&arena);
	}
}

static void durations_are_written_as_go_does(void **state)
{
	static const struct {
		int64_t nanoseconds;
		const char *text;
	} durations[] = {
	    {0, "0s"},
	    {1, "1ns"},
	    {-999, "-999ns"},
	    {1500, "1.5\xc2\xb5s"},
	    {2000000, "2ms"},
	    {999999999, "999.999999ms"},
	    {1500000000, "1.5s"},
	    {61000000000, "1m1s"},
	    {3600000000000, "1h0m0s"},
	    {INT64_MIN, "-2562047h47m16.854775808s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		char text[TYPED_DURATION_SIZE];

		typed_duration(durations[i].nanoseconds, text);
		assert_string_equal(text, durations[i].text);
	}
}

static void times_are_rfc_3339_with_and_without_a_monotonic_clock(void **state)
{
	static const struct type go_time = {
	    .kind = TYPE_STRUCT, .form = FORM_TIME, .name = "time.Time", .size = 24};
	static const struct {
		uint64_t words[3];
		const char *text;
	} times[] = {
	    {{0, 0, 0}, "0001-01-01T00:00:00Z"},
	    {{250000000, 63844806615, 0}, "2024-02-29T12:30:15.25Z"},
	    {{1ull << 63 | 4391497815ull << 30 | 5, 77, 0}, "2024-02-29T12:30:15.000000005Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct buffer out = {0};
		const struct typed_value value = {
		    .type = &go_time, .bytes = times[i].words, .size = 24};

		typed_print(&out, &value, &limits);
		assert_string_equal(out.data, times[i].text);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_and_form_has_its_text_and_its_json),
	    cmocka_unit_test(a_struct_is_printed_with_the_name_of_its_type),
	    cmocka_unit_test(the_text_of_elements_is_told_apart),
	    cmocka_unit_test(durations_are_written_as_go_does),
	    cmocka_unit_test(times_are_rfc_3339_with_and_without_a_monotonic_clock),
	    cmocka_unit_test(noise_of_any_type_is_never_read_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
