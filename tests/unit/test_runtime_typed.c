/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_typed.c - values of the target's types in Lua: what each kind of capture
 * becomes, fields and elements.
 */
#include "test_capture.h"

/* ----------------------------------------------------------------- captures */

static void every_kind_of_capture_becomes_its_lua_value(void **state)
{
	static const struct {
		const char *what;
		struct made_capture made;
		const char *expression, *output;
	} cases[] = {
	    {"an integer", SLOT(CAPTURE_INTEGER, NULL, ALL_ONES), "v, math.type(v)", "-1\tinteger"},
	    {"an unsigned one", SLOT(CAPTURE_UNSIGNED, NULL, 5), "v, math.type(v)", "5\tinteger"},
	    {"one from 2^63 on", SLOT(CAPTURE_UNSIGNED, NULL, 1ull << 63), "v, type(v)",
	     "9223372036854775808\tuserdata"},
	    {"true", SLOT(CAPTURE_BOOLEAN, NULL, 2), "v", "true"},
	    {"false", SLOT(CAPTURE_BOOLEAN, NULL, 0), "v", "false"},
	    {"a float", SLOT(CAPTURE_FLOAT, &t_float, 0x3fc00000), "v", "1.5"},
	    {"a double", SLOT(CAPTURE_FLOAT, &t_double, 0x4000000000000000), "v", "2.0"},
	    {"an enumerator", SLOT(CAPTURE_ENUM, &t_color, 5), "v, v == 'BLUE'", "BLUE\ttrue"},
	    {"an enum's other value", SLOT(CAPTURE_ENUM, &t_color, 3), "v, v == 3", "3\ttrue"},
	    {"a negative enumerator, as wide as its type", SLOT(CAPTURE_ENUM, &t_sign, 0xff), "v",
	     "MINUS"},
	    {"a negative value of an enum", SLOT(CAPTURE_ENUM, &t_sign, 0xfe), "v", "-2"},
	    {"an enum's value from 2^63 on", SLOT(CAPTURE_ENUM, &t_big_enum, ALL_ONES), "v",
	     "18446744073709551615"},
	    {"a pointer", SLOT(CAPTURE_POINTER, &t_void_pointer, 0x7f01), "v", "0x7f01"},
	    {"a null pointer", SLOT(CAPTURE_POINTER, &t_void_pointer, 0), "v", "nil"},
	    {"a text",
	     {.kind = CAPTURE_STRING, .type = NULL, .slot = 3, .bytes = "abc"},
	     "v",
	     "abc"},
	    {"a text that was cut",
	     {.kind = CAPTURE_STRING, .type = NULL, .slot = 3 | RECORD_STRING_CUT, .bytes = "abc"},
	     "v",
	     "abc..."},
	    {"what is lost",
	     {.kind = CAPTURE_LOST, .reason = "<optimized out>"},
	     "v, v + 1, ok(v)",
	     "<optimized out>\t<optimized out>\tnil"},
	    {"what could not be read", UNREAD(CAPTURE_INTEGER, NULL, MISSING_UNREADABLE), "v",
	     "<unreadable>"},
	    {"what is behind a null pointer", UNREAD(CAPTURE_INTEGER, NULL, MISSING_NULL), "v",
	     "<null pointer>"},
	    {"what is beyond the end", UNREAD(CAPTURE_POINTER, &t_void_pointer, MISSING_RANGE), "v",
	     "<out of range>"},
	    {"a text of another variant", UNREAD(CAPTURE_STRING, NULL, MISSING_VARIANT), "v",
	     "<other variant>"},
	    {"a struct of which too little is known",
	     UNREAD(CAPTURE_BYTES, &t_point, MISSING_TRUNCATED), "v", "<truncated>"},
	    {"a reason of a later version", UNREAD(CAPTURE_ENUM, &t_color, 99), "v",
	     "<unreadable>"},
	    {"a struct",
	     {.kind = CAPTURE_BYTES, .type = &t_point, .slot = 8, .bytes = "\1\0\0\0\2\0\0\0"},
	     "v, type(v)",
	     "struct point {x = 1, y = 2}\tuserdata"},
	    {"bytes that are a text",
	     {.kind = CAPTURE_BYTES, .type = &t_text8, .slot = 8, .bytes = "ab\0xxxxx"},
	     "v, #v",
	     "ab\t2"},
	    {"bytes that are a number",
	     {.kind = CAPTURE_BYTES, .type = &t_int, .slot = 4, .bytes = "\7\0\0\0"},
	     "v + 1",
	     "8"},
	    {"16 bytes",
	     {.kind = CAPTURE_BYTES,
	      .type = &t_i128,
	      .slot = 16,
	      .bytes = "\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
	     "v",
	     "0x7"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		prints(f, cases[i].expression, &cases[i].made, 1, cases[i].output);
}

static void captures_with_bytes_stand_one_behind_the_other(void **state)
{
	static const struct capture_part name = {.slot = 1};
	static const char bytes[16] = "\x10\0\0\0\0\0\0\0\3";
	const struct made_capture both[] = {
	    {.kind = CAPTURE_BYTES,
	     .type = &t_named,
	     .slot = 16,
	     .bytes = bytes,
	     .part = &name,
	     .part_slot = 3,
	     .part_bytes = "abc"},
	    {.kind = CAPTURE_STRING, .type = NULL, .slot = 4, .bytes = "next"},
	};
	const struct made_capture unread_name[] = {
	    {.kind = CAPTURE_BYTES,
	     .type = &t_named,
	     .slot = 16,
	     .bytes = bytes,
	     .part = &name,
	     .part_slot = MISSING_UNREADABLE,
	     .is_part_missing = true},
	    {.kind = CAPTURE_STRING, .type = NULL, .slot = 4, .bytes = "next"},
	};
	const struct made_capture unread[] = {
	    {.kind = CAPTURE_BYTES,
	     .type = &t_named,
	     .slot = MISSING_NULL,
	     .is_missing = true,
	     .part = &name,
	     .part_slot = MISSING_UNREADABLE,
	     .is_part_missing = true},
	    {.kind = CAPTURE_STRING, .type = NULL, .slot = 4, .bytes = "next"},
	};
	struct fixture *f = *state;

	prints(f, "v, w", both, 2, "struct named {name = \"abc\", size = 3}\tnext");
	prints(f, "v.name, w", both, 2, "abc\tnext");
	prints(f, "v, w", unread_name, 2, "struct named {name = <unreadable>, size = 3}\tnext");
	prints(f, "v.name, w", unread_name, 2, "<unreadable>\tnext");
	prints(f, "v, w", unread, 2, "<null pointer>\tnext");
}

static void an_enumerator_is_not_made_anew_at_each_event(void **state)
{
	const struct made_capture blue = SLOT(CAPTURE_ENUM, &t_color, 5);
	struct fixture *f = *state;

	run_well(
	    f, "n = 0 break probed_function do local _ if arg[1] == 'BLUE' then n = n + 1 end end");
	change_plan(session_probe(f->session, 1), 0, &blue);
	hit(f, 1, &blue, 1);
	lua_gc(f->runtime->lua, LUA_GCCOLLECT);
	lua_gc(f->runtime->lua, LUA_GCSTOP);
	for (int i = 0; i < 2; i++)
		hit(f, 1, &blue, 1); /* Lua's stack has its size again */
	int before =
	    lua_gc(f->runtime->lua, LUA_GCCOUNT) * 1024 + lua_gc(f->runtime->lua, LUA_GCCOUNTB);
	for (int i = 0; i < 100; i++)
		hit(f, 1, &blue, 1);
	int after =
	    lua_gc(f->runtime->lua, LUA_GCCOUNT) * 1024 + lua_gc(f->runtime->lua, LUA_GCCOUNTB);
	assert_int_equal(after, before);
	lua_gc(f->runtime->lua, LUA_GCRESTART);
	expect(f, "print(n)", "103\n");
}

/* ------------------------------------------------------------------- fields */

static void fields_and_elements_are_read_by_name_and_number(void **state)
{
	static const struct capture_part three = {.slot = 1, .type = &t_int};
	static const struct {
		struct made_capture made;
		const char *expression, *output;
	} cases[] = {
	    {BOX(&t_point, "\1\0\0\0\377\377\377\377"), "v.x, v.y, v.x + v.y", "1\t-1\t0"},
	    {BOX(&t_point, "\1\0\0\0\2\0"), "v.x, v.y", "1\t<truncated>"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v.z",
	     " struct point has no field 'z': it has x, y"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v[0]",
	     " struct point has no field '__0': it has x, y"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v[true]",
	     " a field of struct point must be named by a string, not a boolean"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "#v", " struct point has no length"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v + 1",
	     " attempt to perform arithmetic on a target value (local 'v')"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v < 1", " attempt to compare target with number"},
	    {BOX(&t_point, "\1\0\0\0\2\0\0\0"), "v == v, 'at ' .. v .. '!'",
	     "true\tat struct point {x = 1, y = 2}!"},
	    {BOX(&t_empty, ""), "v.x", " struct empty has no field 'x': it has none"},
	    {BOX(&t_derived, "\1\0\0\0\0\0\0\0\7\0\0\0\0\0\x80\x3f\1\0\0\0\2\0\0\0"),
	     "v.id, v.f, v.at.y, v.at", "7\t1.0\t2\tstruct point {x = 1, y = 2}"},
	    {BOX(&t_bits, "\xfd\x15\0\0\0\0\0\0\xc0\x15"), "v.a, v.b, v.c, v.d, v.flag, v.wide",
	     "5\t-1\tBLUE\t6629298651489370113\ttrue\t<unavailable>"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"), "v[0], v[2], v[2.0], #v, v",
	     "1\t3\t3\t3\t{1, 2, 3}"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"), "v[3], v[-1], v[1 << 63]",
	     "<out of range>\t<out of range>\t<out of range>"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0"), "v[1], v[2], v[3], #v",
	     "2\t<truncated>\t<out of range>\t3"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"), "v.x",
	     " array has no field 'x': its elements are numbered from 0"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"), "v[0.5]",
	     " an index of array must be an integer, not a number"},
	    {BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"), "v[{}]",
	     " an index of array must be an integer, not a table"},
	    {BOX(&t_flexible, "\1\0\0\0"), "v[0], v[1], #v", "1\t<truncated>\t<truncated>"},
	    {BOX(&t_matrix, "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0\6\0\0\0"),
	     "v[1][2], v[1], #v[1]", "6\t{4, 5, 6}\t3"},
	    {{.kind = CAPTURE_BYTES,
	      .type = &t_vector,
	      .slot = 24,
	      .bytes = "\x10\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0",
	      .part = &three,
	      .part_slot = 12,
	      .part_bytes = "\1\0\0\0\2\0\0\0\377\377\377\377"},
	     "v[2], #v, v[3], v",
	     "-1\t3\t<out of range>\t{1, 2, -1}"},
	    {BOX(&t_vector, "\x10\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0"),
	     "v[2], #v, v[3], v", "<truncated>\t3\t<out of range>\t{...}"},
	    {BOX(&t_named, "\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"), "v.name, v.size", "nil\t3"},
	    {BOX(&t_named, "\5\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"), "v.name, v.size", "0x5\t3"},
	    {BOX(&t_option, "\1\0\0\0\3\0\0\0"), "v, v[0], v.__0, v.Some, v.None",
	     "Some(3)\t3\t3\tOption<i32>::Some(3)\t<other variant>"},
	    {BOX(&t_option, "\0\0\0\0\3\0\0\0"), "v, v[0], ok(v.None) and 'none', ok(v.Some)",
	     "None\t<other variant>\tnone\tnil"},
	    {BOX(&t_option, "\1\0\0\0\3\0\0\0"), "v.Sum",
	     " Option<i32> has no field 'Sum': it has __0"},
	    {BOX(&t_shape, "\0\0\0\0\2\0\0\0\0\0\0\0"), "v, v.radius, v[1], v.Square",
	     "Circle {radius = 2}\t2\t<other variant>\t<other variant>"},
	    {BOX(&t_unnamed, "\1\0\0\0\2\0\0\0"), "v", "{x = 1, y = 2}"},
	    {BOX(&t_unnamed, "\1\0\0\0\2\0\0\0"), "v.z",
	     " struct {...} has no field 'z': it has x, y"},
	    {BOX(&t_tuple, "\0\0\0\0\2\0\0\0\3\0\0\0"), "v[0], v[1], v", "2\t3\t(2, 3)"},
	    {BOX(&t_pair, "\0\0\0\0\2\0\0\0\3\0\0\0"), "v[2]",
	     " Pair has no field '__2': it has __0, __1"},
	    {BOX(&t_deep0, "\1\0\0\0"), "v", "d0 {a = {b = {c = {d = {...}, n = 1}}}}"},
	    {BOX(&t_bytes, "123456789012345678901234567890123"), "#v, v",
	     "33\t{49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, "
	     "49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50...}"},
	    {BOX(&t_i128, "\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "v.x", " __int128 has no fields"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		prints(f, cases[i].expression, &cases[i].made, 1, cases[i].output);
}

static void a_missing_index_gives_a_missing_value(void **state)
{
	const struct made_capture both[] = {
	    BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"),
	    UNREAD(CAPTURE_INTEGER, NULL, MISSING_NULL),
	};
	const struct made_capture beyond[] = {
	    BOX(&t_numbers, "\1\0\0\0\2\0\0\0\3\0\0\0"),
	    SLOT(CAPTURE_UNSIGNED, NULL, ALL_ONES),
	};
	const struct made_capture fields[] = {
	    BOX(&t_point, "\1\0\0\0\2\0\0\0"),
	    UNREAD(CAPTURE_INTEGER, NULL, MISSING_NULL),
	};
	struct fixture *f = *state;

	prints(f, "v[w]", both, 2, "<null pointer>");
	prints(f, "v[w]", fields, 2, "<null pointer>");
	prints(f, "v[w]", beyond, 2, "<out of range>");
}

static void the_fields_of_a_wide_struct_are_not_all_named(void **state)
{
	static struct type_member members[30];
	static char names[30][4];
	static const struct type wide = {.kind = TYPE_STRUCT,
					 .name = "struct wide",
					 .size = 4,
					 .members = members,
					 .member_count = 30};
	const struct made_capture made = BOX(&wide, "\0\0\0\0");
	struct fixture *f = *state;

	for (int i = 0; i < 30; i++) {
		snprintf(names[i], sizeof(names[i]), "m%d", i);
		members[i].name = names[i];
		members[i].type = &t_i8;
	}
	prints(f, "v.x", &made, 1,
	       " struct wide has no field 'x': it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, "
	       "m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, ...");
}

static void a_value_may_be_kept_and_so_may_what_is_in_it(void **state)
{
	const struct made_capture made = BOX(&t_points, "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0");
	struct fixture *f = *state;

	block_prints(f, "kept, inner = v, v[1]", &made, 1, "");
	run_well(f, "collectgarbage()");
	expect(f, "print(kept, inner.x)", "{{x = 1, y = 2}, {x = 3, y = 4}}\t3\n");
	run_well(f, "kept = nil collectgarbage() collectgarbage()");
	expect(f, "print(inner)", "struct point {x = 3, y = 4}\n");
}

static void a_missing_value_may_be_kept_longer_than_its_probe(void **state)
{
	char reason[] = "<optimized out>";
	const struct made_capture lost = {.kind = CAPTURE_LOST, .reason = reason};
	struct fixture *f = *state;

	block_prints(f, "kept = v", &lost, 1, "");
	run_well(f, "delete(1)");
	memset(reason, 'x', strlen(reason));
	expect(f, "print(kept)", "<optimized out>\n");
}

static void names_from_debug_information_cannot_harm_a_terminal(void **state)
{
	static const struct type_member members[] = {{.name = "a\033[", .type = &t_i8}};
	static const struct type hostile = STRUCT("s\033", 1, members);
	const struct made_capture made = BOX(&hostile, "\1");
	struct fixture *f = *state;

	prints(f, "v", &made, 1, "s\\x1b {a\\x1b[ = 1}");
	prints(f, "v['\\27']", &made, 1, " s\\x1b has no field '\\x1b': it has a\\x1b[");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(every_kind_of_capture_becomes_its_lua_value),
	    TEST(captures_with_bytes_stand_one_behind_the_other),
	    TEST(an_enumerator_is_not_made_anew_at_each_event),
	    TEST(fields_and_elements_are_read_by_name_and_number),
	    TEST(a_missing_index_gives_a_missing_value),
	    TEST(the_fields_of_a_wide_struct_are_not_all_named),
	    TEST(a_value_may_be_kept_and_so_may_what_is_in_it),
	    TEST(a_missing_value_may_be_kept_longer_than_its_probe),
	    TEST(names_from_debug_information_cannot_harm_a_terminal),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
