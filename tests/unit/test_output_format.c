/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_output_format.c - print and printf against Lua 5.4's own tostring and
 * string.format, on chosen and on random directives and values.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "moontap/output.h"

static lua_State *lua;

static int open_lua(void **state)
{
	(void)state;
	lua = luaL_newstate();
	luaL_openlibs(lua);
	return 0;
}

static int close_lua(void **state)
{
	(void)state;
	lua_close(lua);
	return 0;
}

static void push_value(const struct format_value *value)
{
	switch (value->kind) {
	case FORMAT_BOOLEAN:
		lua_pushboolean(lua, value->boolean);
		break;
	case FORMAT_INTEGER:
		lua_pushinteger(lua, value->integer);
		break;
	case FORMAT_FLOAT:
		lua_pushnumber(lua, value->number);
		break;
	case FORMAT_STRING:
		lua_pushlstring(lua, value->string.bytes, value->string.size);
		break;
	default:
		lua_pushnil(lua);
	}
}

#define STRING(s)                                                     \
	{                                                             \
		.kind = FORMAT_STRING, .string = { s, sizeof(s) - 1 } \
	}
#define INTEGER(i)                                   \
	{                                            \
		.kind = FORMAT_INTEGER, .integer = i \
	}
#define FLOAT(f)                                  \
	{                                         \
		.kind = FORMAT_FLOAT, .number = f \
	}

static const struct format_value values[] = {
    {.kind = FORMAT_NIL},
    {.kind = FORMAT_BOOLEAN, .boolean = true},
    {.kind = FORMAT_BOOLEAN, .boolean = false},
    INTEGER(0),
    INTEGER(1),
    INTEGER(-1),
    INTEGER(9),
    INTEGER(10),
    INTEGER(42),
    INTEGER(99),
    INTEGER(100),
    INTEGER(101),
    INTEGER(1000),
    INTEGER(65),
    INTEGER(-12345),
    INTEGER(1234567890123),
    INTEGER(INT64_MAX),
    INTEGER(INT64_MIN),
    INTEGER(INT64_MIN + 1),
    FLOAT(0.0),
    FLOAT(-0.0),
    FLOAT(1.0),
    FLOAT(3.5),
    FLOAT(-2.0),
    FLOAT(0.1),
    FLOAT(1e15),
    FLOAT(1e100),
    FLOAT(1.7976931348623157e308),
    FLOAT(5e-324),
    FLOAT(123456.789),
    FLOAT(9223372036854775808.0),
    FLOAT(-9223372036854775808.0),
    FLOAT(INFINITY),
    FLOAT(-INFINITY),
    FLOAT(NAN),
    STRING(""),
    STRING("x"),
    STRING("hello"),
    STRING("tab\there\nnew line"),
    STRING("h\xc3\xa9llo \xe2\x82\xac"),
    STRING("say \"hi\" \\ there"),
    STRING("one\n2"),
    STRING("10"),
    STRING(" 10 "),
    STRING("-10"),
    STRING("0x10"),
    STRING("0xffffffffffffffffff"),
    STRING("9223372036854775807"),
    STRING("9223372036854775808"),
    STRING("-9223372036854775808"),
    STRING("-9223372036854775809"),
    STRING("1e1"),
    STRING("3.0"),
    STRING("3.7"),
    STRING("0x1p4"),
    STRING("inf"),
    STRING("nan"),
    STRING("0x"),
    STRING("-"),
    STRING("1 2"),
    STRING("1e"),
    STRING("a string of more than a hundred characters, which Lua keeps whole because "
	   "it would not fit its own buffer; see lstrlib.c"),
};

static bool has_same_text(const char *ours, size_t size)
{
	size_t expected_size;
	const char *expected = lua_tolstring(lua, -1, &expected_size);

	if (expected_size == size && (size == 0 || memcmp(expected, ours, size) == 0))
		return true;
	print_message("Lua: [%s]\nwe:  [%s]\n", expected, ours);
	return false;
}

/* The same text, or an error for both: of the same words where the argument is wrong. */
static void compare(const char *format, const struct format_value *value)
{
	struct buffer out = {0};

	lua_getglobal(lua, "string");
	lua_getfield(lua, -1, "format");
	lua_pushstring(lua, format);
	push_value(value);
	int status = lua_pcall(lua, 2, 1, 0);
	struct error *err = format_printf(&out, format, strlen(format), value, 1);
	if ((status != LUA_OK) != (err != NULL))
		fail_msg("%s: Lua says [%s], we say [%s]", format, lua_tostring(lua, -1),
			 err ? err->message : out.data);
	if (!err && !has_same_text(out.data, out.size))
		fail_msg("differs for %s", format);
	if (err && strncmp(err->message, "bad argument", 12) == 0)
		assert_string_equal(strchr(err->message, '('), strchr(lua_tostring(lua, -1), '('));
	assert_true(!err || err->tag == ERR_TYPE);
	error_free(err);
	buffer_deinit(&out);
	lua_settop(lua, 0);
}

static void every_directive_formats_every_value_as_lua_does(void **state)
{
	(void)state;
	static const char *const modifiers[] = {
	    "",	     "5",    "-5",    "05",  "+",    " ",     "#",     "+5",   "-+8",
	    "012",   "40",   "-40",   ".0",  ".",    ".3",    "8.3",   "-8.3", "08.3",
	    "+08.3", "#10",  "#010",  "#.5", "#-12", "99.99", "-99",   "+ 5",  "--5",
	    "#08.2", "+.20", "00005", "-05", "100",  ".100",  "5.5.5", "*",    "5-",
	};
	char format[40];

	for (const char *c = "diuoxXsqeEfgGaA"; *c; c++)
		for (size_t m = 0; m < ARRAY_SIZE(modifiers); m++)
			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				snprintf(format, sizeof(format), "<%%%s%c>", modifiers[m], *c);
				compare(format, &values[v]);
			}
}

/* The others are escaped, and so take more room than in Lua. */
static void printable_characters_format_as_lua_does(void **state)
{
	(void)state;
	static const char *const formats[] = {"%c", "%5c", "%-5c|", "%05c", "%.1c", "%+c"};

	for (int c = ' '; c <= '~'; c++)
		for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
			compare(formats[i], &(struct format_value)INTEGER(c));
	compare("%c", &(struct format_value)STRING("x"));
	compare("%c", &(struct format_value)STRING("88"));
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void random_integers_and_floats_format_as_lua_does(void **state)
{
	(void)state;
	uint64_t seed = 88172645463325252u;
	char format[40];

	for (int i = 0; i < 200000; i++) {
		uint64_t bits = next_random(&seed) >> (next_random(&seed) % 64);
		uint64_t choice = next_random(&seed);
		struct format_value value = INTEGER((int64_t)(choice & 1 ? bits : -bits));
		char conversion = "dixXo"[choice / 2 % 5];

		if (choice & 0x10000) {
			memcpy(&value.number, &bits, sizeof(bits));
			value.kind = FORMAT_FLOAT;
			conversion = "gefaGEA"[choice / 2 % 7];
		}
		snprintf(format, sizeof(format), "%%%s%u.%u%c", choice & 0x20000 ? "-" : "",
			 (unsigned)(choice >> 20) % 30, (unsigned)(choice >> 40) % 25, conversion);
		compare(choice & 0x40000 ? "%d" : choice & 0x80000 ? "%s" : format, &value);
	}
}

static void malformed_formats_are_refused_as_lua_refuses_them(void **state)
{
	(void)state;
	static const char *const formats[] = {
	    "%", "%5", "100%", "%y", "%-", "%5.", "%5.d", "%\n", "%00000000000000000000000001d"};
	const struct format_value one = INTEGER(1);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		compare(formats[i], &one);
}

static void printf_takes_its_arguments_in_order_and_says_which_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *format;
		struct format_value values[4];
		size_t count;
		const char *expected, *error;
	} cases[] = {
	    {"%s=%d%%\n", {STRING("n"), INTEGER(7)}, 2, "n=7%\n", NULL},
	    {"%s", {{.kind = FORMAT_NIL}}, 0, NULL, "bad argument #2 to 'printf' (no value)"},
	    {"%d %d",
	     {INTEGER(1), STRING("x")},
	     2,
	     NULL,
	     "bad argument #3 to 'printf' (number expected, got string)"},
	    {"%d",
	     {{.kind = FORMAT_OTHER, .string = {"table: 0x1", 10}, .other_type = "table"}},
	     1,
	     NULL,
	     "bad argument #2 to 'printf' (number expected, got table)"},
	    {"%s|%12s",
	     {{.kind = FORMAT_OTHER, .string = {"table: 0x1", 10}, .other_type = "table"},
	      {.kind = FORMAT_OTHER, .string = {"table: 0x1", 10}, .other_type = "table"}},
	     2,
	     "table: 0x1|  table: 0x1",
	     NULL},
	    {"%F", {FLOAT(INFINITY)}, 1, "INF", NULL},
	    {"%ld %lu|%5zu %hhx",
	     {INTEGER(-1), INTEGER(2), INTEGER(3), INTEGER(255)},
	     4,
	     "-1 2|    3 ff",
	     NULL},
	    {"%lZ", {INTEGER(1)}, 1, NULL, "invalid conversion '%lZ' to 'printf'"},
	    {"%l", {INTEGER(1)}, 1, NULL, "invalid conversion '%l' to 'printf'"},
	    {"%p %p|%8p",
	     {INTEGER(0x7f00), INTEGER(0), {.kind = FORMAT_NIL}},
	     3,
	     "0x7f00 (nil)|   (nil)",
	     NULL},
	    {"%p",
	     {{.kind = FORMAT_BOOLEAN}},
	     1,
	     NULL,
	     "bad argument #2 to 'printf' (number expected, got boolean)"},
	    {"%Z", {INTEGER(1)}, 1, NULL, "invalid conversion '%Z' to 'printf'"},
	    {"extra", {INTEGER(1)}, 1, "extra", NULL},
	    {"", {INTEGER(1)}, 0, "", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = {0};
		struct error *err;

		buffer_puts(&out, ">");
		err = format_printf(&out, cases[i].format, strlen(cases[i].format), cases[i].values,
				    cases[i].count);
		if (cases[i].error)
			assert_string_equal(err->message, cases[i].error);
		else
			assert_null(err);
		assert_string_equal(out.data + 1, cases[i].expected ? cases[i].expected : "");
		error_free(err);
		buffer_deinit(&out);
	}
}

static void a_missing_value_prints_its_reason_in_every_directive(void **state)
{
	(void)state;
	const struct format_value missing = {.kind = FORMAT_MISSING,
					     .string = {"<unreadable>", 12}};
	const char *format;

	for (const char *c = "diuoxXcsqeEfFgGaA"; *c; c++) {
		struct buffer out = {0};
		char text[] = {'%', '1', '4', *c, '|', '%', *c, '\0'};

		format = *c == 'q' ? "  %q|%q" : text;
		assert_null(format_printf(&out, format, strlen(format),
					  (struct format_value[]){missing, missing}, 2));
		assert_string_equal(out.data, "  <unreadable>|<unreadable>");
		buffer_deinit(&out);
	}
}

static void a_stack_stands_on_lines_of_its_own(void **state)
{
	(void)state;
	static const struct format_value stack = {.kind = FORMAT_STACK,
						  .string = {"    f+0x1\n    main", 18}};
	static const struct {
		struct format_value values[4];
		size_t count;
		const char *expected;
	} cases[] = {
	    {{stack}, 1, "    f+0x1\n    main"},
	    {{INTEGER(1), STRING("a"), stack}, 3, "1\ta\n    f+0x1\n    main"},
	    {{stack, INTEGER(1), STRING("a")}, 3, "    f+0x1\n    main\n1\ta"},
	};
	struct buffer out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		format_print(&out, cases[i].values, cases[i].count);
		assert_string_equal(out.data, cases[i].expected);
		buffer_clear(&out);
	}
	assert_null(format_printf(&out, "<%s>", 4, &stack, 1));
	assert_string_equal(out.data, "<    f+0x1\n    main>");
	struct error *err = format_printf(&out, "%d", 2, &stack, 1);
	assert_string_equal(err->message,
			    "bad argument #2 to 'printf' (number expected, got stack)");
	error_free(err);
	buffer_deinit(&out);
}

static void unsigned_numbers_and_addresses_keep_their_sign(void **state)
{
	(void)state;
	static const struct format_value ones = {.kind = FORMAT_UNSIGNED, .integer = -1};
	static const struct format_value address = {.kind = FORMAT_ADDRESS, .integer = 0x7f00};
	static const struct {
		const char *format;
		const struct format_value *value;
		const char *expected, *error;
	} cases[] = {
	    {"%d %22i", &ones, "18446744073709551615   18446744073709551615", NULL},
	    {"%u|%+d", &ones, "18446744073709551615|+18446744073709551615", NULL},
	    {"%x|% i", &ones, "ffffffffffffffff| 18446744073709551615", NULL},
	    {"%.1f|%s", &ones, "18446744073709551616.0|18446744073709551615", NULL},
	    {"%s|%8s", &address, "0x7f00|  0x7f00", NULL},
	    {"%d|%#x", &address, "32512|0x7f00", NULL},
	    {"%e|%c", &address, "3.251200e+04|\\x00", NULL},
	    {"%q", &ones, NULL, "bad argument #2 to 'printf' (value has no literal form)"},
	    {"%q", &address, NULL, "bad argument #2 to 'printf' (value has no literal form)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct format_value both[] = {*cases[i].value, *cases[i].value};
		struct buffer out = {0};
		struct error *err =
		    format_printf(&out, cases[i].format, strlen(cases[i].format), both, 2);

		assert_int_equal(err != NULL, cases[i].error != NULL);
		assert_string_equal(err ? err->message : out.data,
				    err ? cases[i].error : cases[i].expected);
		error_free(err);
		buffer_deinit(&out);
	}
}

static void what_a_target_put_in_a_string_cannot_command_the_terminal(void **state)
{
	(void)state;
	static const struct format_value hostile = STRING("a\x1b[2J\xff\x9b\r\0b");
	struct buffer out = {0};

	format_print(&out, &hostile, 1);
	assert_string_equal(out.data, "a\\x1b[2J\\xff\\x9b\\r\\x00b");
	buffer_clear(&out);
	assert_null(format_printf(&out, "\x1b[1m%.2s|%q", 11,
				  (struct format_value[]){hostile, hostile}, 2));
	assert_string_equal(out.data, "\x1b[1ma\\x1b|\"a\\27[2J\\xff\\x9b\\13\\0b\"");
	buffer_deinit(&out);
}

static void print_shows_values_as_tostring_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct buffer out = {0};

		push_value(&values[i]);
		luaL_tolstring(lua, -1, NULL);
		format_print(&out, &values[i], 1);
		assert_true(has_same_text(out.data, out.size));
		lua_settop(lua, 0);
		buffer_deinit(&out);
	}
	struct buffer out = {0};
	format_print(&out, &values[1], 3);
	assert_string_equal(out.data, "true\tfalse\t0");
	buffer_deinit(&out);
}

static void a_million_lines_a_second_can_be_formatted(void **state)
{
	(void)state;
	const struct format_value row[] = {INTEGER(123456), STRING("some path"), INTEGER(-7),
					   INTEGER(140737488355328)};
	const char *format = "%d %s %d %x\n";
	struct buffer out = {0};
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (int i = 0; i < 500000; i++) {
		assert_null(format_printf(&out, format, strlen(format), row, 4));
		if (out.size > SINK_HIGH_WATER)
			buffer_clear(&out);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	double ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
	print_message("%.0f ns a line\n", ns / 500000);
#ifndef __SANITIZE_ADDRESS__
	assert_true(ns / 500000 < 1000);
#endif
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_directive_formats_every_value_as_lua_does),
	    cmocka_unit_test(printable_characters_format_as_lua_does),
	    cmocka_unit_test(random_integers_and_floats_format_as_lua_does),
	    cmocka_unit_test(malformed_formats_are_refused_as_lua_refuses_them),
	    cmocka_unit_test(printf_takes_its_arguments_in_order_and_says_which_is_wrong),
	    cmocka_unit_test(a_missing_value_prints_its_reason_in_every_directive),
	    cmocka_unit_test(a_stack_stands_on_lines_of_its_own),
	    cmocka_unit_test(unsigned_numbers_and_addresses_keep_their_sign),
	    cmocka_unit_test(what_a_target_put_in_a_string_cannot_command_the_terminal),
	    cmocka_unit_test(print_shows_values_as_tostring_does),
	    cmocka_unit_test(a_million_lines_a_second_can_be_formatted),
	};

	return cmocka_run_group_tests(tests, open_lua, close_lua);
}
