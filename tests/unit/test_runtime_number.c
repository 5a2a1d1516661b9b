/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_number.c - unsigned numbers, pointers and missing values in Lua: what is
 * computed from them, and where they go: printf, emit, aggregations.
 */
#include "test_capture.h"

/* ----------------------------------------------------------------- numbers */

static void an_unsigned_number_knows_its_sign(void **state)
{
	/* v is 2^64 - 1, w is 2^63. */
	static const struct made_capture both[] = {SLOT(CAPTURE_UNSIGNED, NULL, ALL_ONES),
						   SLOT(CAPTURE_UNSIGNED, NULL, 1ull << 63)};
	static const struct {
		const char *expression, *output;
	} cases[] = {
	    {"v, tostring(w), v .. ''",
	     "18446744073709551615\t9223372036854775808\t18446744073709551615"},
	    {"v == v, v == w, w == w + 0 // 1, v == -1", "true\tfalse\tfalse\tfalse"},
	    {"v // 1 == v, v >> 0 == v", "true\ttrue"},
	    {"v > w, v >= v, w < v, w <= w, v < w", "true\ttrue\ttrue\ttrue\tfalse"},
	    {"v > -1, -1 < v, v > math.maxinteger, math.maxinteger >= w",
	     "true\ttrue\ttrue\tfalse"},
	    {"w <= 2^63, w < 2^63, w >= 2^63, 2^63 == w", "true\tfalse\ttrue\tfalse"},
	    {"v < 2^64, 2^64 > v, 2^64 <= v, v > 2^63 + 2048", "true\ttrue\tfalse\ttrue"},
	    {"v < 1/0, v > -1/0, v < 0/0, 0/0 < v, v >= 0/0", "true\ttrue\tfalse\tfalse\tfalse"},
	    {"v + 1, v - 1, 1 - v, v * 2, v + v", "0\t-2\t2\t-2\t-2"},
	    {"w + 0, w - 1, -w, -v", "-9223372036854775808\t9223372036854775807\t"
				     "-9223372036854775808\t1"},
	    {"v + '1', '1' + v", "0\t0"},
	    {"v & 255, 255 & v, v | 0, v ~ v, ~v, v & 3.0", "255\t255\t-1\t0\t0\t3"},
	    {"v << 1, v << 0, v << 64, v << -1, v << -64", "-2\t-1\t0\t9223372036854775807\t0"},
	    {"v >> 1, v >> 63, v >> 64, v >> 0, v >> -1, 1 << w, 1 >> w",
	     "9223372036854775807\t1\t0\t18446744073709551615\t-2\t0\t0"},
	    {"v // 10, v % 10, w // 2, w % 3", "1844674407370955161\t5\t4611686018427387904\t2"},
	    {"v // 1, w % math.maxinteger", "18446744073709551615\t1"},
	    {"w // -1, v // -1, v // -2, w // -2", "-9223372036854775808\t1\t-9223372036854775808\t"
						   "-4611686018427387904"},
	    {"v % -10, w % -2, v % -1", "-5\t0\t0"},
	    {"v // w, v % w, w // v, w % v", "1\t9223372036854775807\t0\t9223372036854775808"},
	    {"5 // w, 5 % w, -5 // w, -5 % v", "0\t5\t-1\t18446744073709551610"},
	    {"w / 2, 2 / w, w ^ 2, w * 1.0, w + 0.5, w // 2.0, w % 2.0",
	     "4.6116860184274e+18\t2.168404344971e-19\t8.5070591730235e+37\t9.2233720368548e+18\t"
	     "9.2233720368548e+18\t4.6116860184274e+18\t0.0"},
	    {"v // 0", " attempt to perform 'n//0'"},
	    {"v % 0", " attempt to perform 'n%%0'"},
	    {"v // 0.0, w % 0.0 ~= 0", "inf\ttrue"},
	    {"v + nil", " attempt to perform arithmetic on a nil value"},
	    {"{} - v", " attempt to perform arithmetic on a table value"},
	    {"v + 'x'", " attempt to perform arithmetic on a string value"},
	    {"v | {}", " attempt to perform bitwise operation on a table value"},
	    {"v | 0.5", " number has no integer representation"},
	    {"string.format('%d', v)",
	     " bad argument #2 to 'format' (number expected, got unsigned)"},
	    {"v < nil", " attempt to compare unsigned with nil"},
	    {"'1' < v", " attempt to compare string with unsigned"},
	    {"v.x", " attempt to index a unsigned value (local 'v')"},
	    {"({[v] = 1})[v], ({[v] = 1})[v // 1]", "1\tnil"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		prints(f, cases[i].expression, both, 2, cases[i].output);
}

static void a_pointer_is_a_number_that_prints_as_an_address(void **state)
{
	static const struct made_capture both[] = {SLOT(CAPTURE_POINTER, &t_void_pointer, 0x1000),
						   SLOT(CAPTURE_POINTER, &t_void_pointer, 0x1008)};
	static const struct {
		const char *expression, *output;
	} cases[] = {
	    {"v, tostring(v), 'at ' .. v", "0x1000\t0x1000\tat 0x1000"},
	    {"v == v, v == w, v ~= w, v == 0x1000", "true\tfalse\ttrue\tfalse"},
	    {"v < w, v <= v, w < v, v < 0x1001, 0x1001 <= v", "true\ttrue\tfalse\ttrue\tfalse"},
	    {"v + 8, w - v, v & 0xfff, v // 16, v % 3", "4104\t8\t0\t256\t1"},
	    {"w - 8 == v + 0", "true"},
	    {"v.x", " what a pointer leads to is read at the hit: a block must name the whole path "
		    "to it"},
	    {"#v", " attempt to get length of a pointer value (local 'v')"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		prints(f, cases[i].expression, both, 2, cases[i].output);
}

static void an_address_computes_and_compares_as_the_integer_that_it_is(void **state)
{
	static const char script[] =
	    "local p, a, b = ...\n"
	    "local function check(x, y, what) if x ~= y then error(what .. a .. ' ' .. b) end end\n"
	    "check(p + b, a + b, '+ ') check(b - p, b - a, '- ') check(p * b, a * b, '* ')\n"
	    "check(p & b, a & b, '& ') check(p | b, a | b, '| ') check(b ~ p, b ~ a, '~ ')\n"
	    "check(-p, -a, '- ') check(~p, ~a, '~ ') check(p / b, a / b, '/ ')\n"
	    "check(p << (b & 127), a << (b & 127), '<< ') check((p >> (b & 127)) + 0, a >> (b & "
	    "127), "
	    "'>> ')\n"
	    "check(b << p, b << a, '<< ') check(b >> p, b >> a, '>> ')\n"
	    "check(b // p, b // a, '// ') check(b % p, b % a, '% ')\n"
	    "check(p // b, a // b, '// ') check(p % b, a % b, '% ')\n"
	    "for _, c in ipairs{b, b * 1.0, a, a * 1.0, a + 0.5} do\n"
	    "  check(p < c, a < c, '< ') check(p <= c, a <= c, '<= ')\n"
	    "  check(c < p, c < a, '> ') check(c <= p, c <= a, '>= ')\n"
	    "  check(p + c * 1.0, a + c * 1.0, '+ ') check(p // (c * 1.0), a // (c * 1.0), '// ')\n"
	    "end";
	struct fixture *f = *state;
	lua_State *L = f->runtime->lua;
	uint64_t bits = 88172645463325252u;

	for (int i = 0; i < 5000; i++) {
		uint64_t operands[2];

		for (size_t k = 0; k < ARRAY_SIZE(operands); k++) {
			bits ^= bits << 13;
			bits ^= bits >> 7;
			bits ^= bits << 17;
			operands[k] = bits >> (bits % 61);
		}
		uint64_t address = (operands[0] & INT64_MAX) | 1;
		assert_int_equal(luaL_loadstring(L, script), LUA_OK);
		push_pointer(L, address);
		lua_pushinteger(L, (lua_Integer)address);
		lua_pushinteger(L, (lua_Integer)(i % 2 ? operands[1] | 1 : -operands[1] | 1));
		if (lua_pcall(L, 3, 0, 0) != LUA_OK)
			fail_msg("%s", lua_tostring(L, -1));
	}
}

static void arithmetic_with_a_missing_value_is_missing(void **state)
{
	static const struct made_capture both[] = {SLOT(CAPTURE_UNSIGNED, NULL, ALL_ONES),
						   UNREAD(CAPTURE_INTEGER, NULL, MISSING_NULL)};
	struct fixture *f = *state;

	prints(f, "v + w, w + v, v // w, v < w, w < v, v <= w, v == w", both, 2,
	       "<null pointer>\t<null pointer>\t<null pointer>\tfalse\tfalse\tfalse\tfalse");
	/* The exception that missing.c tells of. */
	prints(f, "w == w, w and 1, w or 1, not w", both, 2, "true\t1\t<null pointer>\tfalse");
}

/* --------------------------------------------------------------------- text */

static void printf_and_emit_know_these_values(void **state)
{
	static const struct made_capture numbers[] = {
	    SLOT(CAPTURE_UNSIGNED, NULL, ALL_ONES), SLOT(CAPTURE_POINTER, &t_void_pointer, 0x1000)};
	static const struct made_capture structs[] = {
	    BOX(&t_derived, "\1\0\0\0\0\0\0\0\7\0\0\0\0\0\x80\x3f\1\0\0\0\2\0\0\0"),
	    UNREAD(CAPTURE_BYTES, &t_option, MISSING_VARIANT),
	};
	struct fixture *f = *state;

	block_prints(f, "printf('%d %u %x %s %5.1e|%22d|%+d\\n', v, v, v, v, v, v, v)", numbers, 2,
		     "18446744073709551615 18446744073709551615 ffffffffffffffff "
		     "18446744073709551615 1.8e+19|  18446744073709551615|+18446744073709551615\n");
	block_prints(f, "printf('%d %x %s %8s|\\n', w, w, w, w)", numbers, 2,
		     "4096 1000 0x1000   0x1000|\n");
	block_prints(f, "printf('%q\\n', v)", numbers, 2,
		     " bad argument #2 to 'printf' (value has no literal form)");
	block_prints(f, "emit{u = v, p = w}", numbers, 2,
		     "{\"p\":\"0x1000\",\"u\":18446744073709551615}\n");
	block_prints(f, "printf('%s|%d\\n', v, w) emit{v = v, w = w}", structs, 2,
		     "Derived {id = 7, i = 1065353216, f = 1.0, at = {x = 1, y = 2}}|"
		     "<other variant>\n"
		     "{\"v\":{\"id\":7,\"i\":1065353216,\"f\":1.0,\"at\":{\"x\":1,\"y\":2}},"
		     "\"w\":{\"missing\":\"<other variant>\"}}\n");
	block_prints(f, "printf('%d\\n', v)", structs, 2,
		     " bad argument #2 to 'printf' (number expected, got userdata)");
}

/* --------------------------------------------------------------- aggregates */

/* What an aggregation of v makes of one event. */
static void counts(struct fixture *f, const char *call, const struct made_capture *made,
		   const char *expected)
{
	struct buffer out = {0};
	char statements[128];

	snprintf(statements, sizeof(statements), "local x = 1 %s", call);
	block_prints(f, statements, made, 1, "");
	assert_null(runtime_aggregates(session_probe(f->session, f->placed), OUTPUT_TEXT, &out));
	assert_string_equal(strchr(out.data, '\n') + 1, expected);
	buffer_deinit(&out);
}

static void aggregations_take_what_is_a_number_or_a_text(void **state)
{
	const struct made_capture big = SLOT(CAPTURE_UNSIGNED, NULL, ALL_ONES);
	const struct made_capture pointer = SLOT(CAPTURE_POINTER, &t_void_pointer, 0x10);
	const struct made_capture color = SLOT(CAPTURE_ENUM, &t_color, 1);
	const struct made_capture point = BOX(&t_point, "\1\0\0\0\2\0\0\0");
	struct fixture *f = *state;

	counts(f, "count(v)", &big, "  18446744073709551615  1\n");
	counts(f, "sum(v)", &big, "  none  (1 missing)\n");
	counts(f, "hist(v)", &big, "  missing  1\n");
	counts(f, "count(v)", &pointer, "  0x10  1\n");
	counts(f, "count(v)", &color, "  GREEN  1\n");
	counts(f, "sum(v.x, v.y)", &point, "  2  1\n");
	block_prints(
	    f, "count(v)", &point, 1,
	    " a key of count must be an integer, a string or a boolean, not a struct point: "
	    "tostring(V) is a string");
	block_prints(f, "sum(v)", &point, 1,
		     " the value of sum must be an integer, not a struct point");
	block_prints(f, "sum(v)", &pointer, 1,
		     " the value of sum must be an integer, not a pointer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(an_unsigned_number_knows_its_sign),
	    TEST(a_pointer_is_a_number_that_prints_as_an_address),
	    TEST(an_address_computes_and_compares_as_the_integer_that_it_is),
	    TEST(arithmetic_with_a_missing_value_is_missing),
	    TEST(printf_and_emit_know_these_values),
	    TEST(aggregations_take_what_is_a_number_or_a_text),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
