/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_script_lua.c - the parser against Lua itself: both accept the same texts, with the same
 * words where they refuse, and have the same limits.
 */
#include "script_lua.h"

static void lua_and_the_parser_say_the_same(void **state)
{
	static const char *const texts[] = {
	    /* accepted */
	    "",
	    "local a <const> = 1; local b <close> = nil",
	    "goto a; do ::a:: end ::a::",
	    "do goto a end; local x; ::a::",
	    "do goto a end; local x; ::a:: ; ;; ::b::",
	    "while 1 do if x then goto continue end local y ::continue:: end",
	    "repeat if x then goto c end local y; ::c:: until x",
	    "goto a; local x; ::a:: x()",
	    "repeat goto c; local x; ::c:: ; until x",
	    "do local x goto l1 end ::l1:: print()",
	    "::a:: goto a",
	    "::a:: do ::b:: goto a end",
	    "do ::a:: end ::a::",
	    "::a:: function f() ::a:: end",
	    "::a:: do ::a:: end",
	    "for i = 1, 2 do break end",
	    "while 1 do local function f() break end end",
	    "function f() goto a end ::a::",
	    "while 1 do break x() end",
	    "while 1 do break; x() end",
	    "a.b.c = 1",
	    "a.b:c().d = 1",
	    "a.b:c() = 1",
	    "(a).b = 1",
	    "(a) = 1",
	    "f()",
	    "f",
	    "f.x",
	    "a, b",
	    "a, b = 1",
	    "a, f() = 1",
	    "local x <const>; x = 1",
	    "local x <close> = 1; x = 1",
	    "local x <const> = 1; function f() x = 2 end",
	    "local x <const> = {}; x.y = 2",
	    "local x <const> = 1; function x() end",
	    "local x <const> = 1; function x.y() end",
	    "local x <const>, y <constant> = 1",
	    "local a <close>, b <close>",
	    "local function f() f = 1 end",
	    "for i = 1, 2 do i = 3 end",
	    "for k, v in f do k = v end",
	    "for i = 1 do end",
	    "for i in 1, 2, 3, 4 do end",
	    "for i, do end",
	    "for 1 = 2, 3 do end",
	    "for a.b = 1, 2 do end",
	    "return",
	    "return;",
	    "return 1,",
	    "return 1;;",
	    "return x()",
	    "return ... ",
	    "function f() return ... end",
	    "function f(...) return ... end",
	    "function f(..., a) end",
	    "function f(a,) end",
	    "function f(a.b) end",
	    "function f(1) end",
	    "function f.a:b.c() end",
	    "function f:a() self = 1 end",
	    "local function a.b() end",
	    "x = function(a, b, ...) end",
	    "x = {1, 2; 3, [4] = 5, a = 6,}",
	    "x = {,}",
	    "x = {;}",
	    "x = {1 2}",
	    "x = {a = }",
	    "x = {[1]}",
	    "x = {a.b = 1}",
	    "x = 'a' .. \"b\" .. [[c]]",
	    "x = 'a\nb'",
	    "x = 'a",
	    "x = [[a",
	    "x = [=[a]]",
	    "x = [=a",
	    "x = [==",
	    "--[[ a",
	    "--[==[ a ]=]",
	    "--[= a",
	    "--",
	    "--[[]]x()",
	    "x = '\\q'",
	    "x = '\\xg'",
	    "x = '\\x4'",
	    "x = '\\300'",
	    "x = '\\1234'",
	    "x = '\\u'",
	    "x = '\\u{}'",
	    "x = '\\u{110000}'",
	    "x = '\\u{7FFFFFFF}'",
	    "x = '\\u{80000000}'",
	    "x = '\\u{41'",
	    "x = '\\z \n a'",
	    "x = '\\",
	    "x = 3x",
	    "x = 0x",
	    "x = 0xg",
	    "x = 3..2",
	    "x = 3...2",
	    "x = .5.",
	    "x = 1e",
	    "x = 1e+",
	    "x = 1e5",
	    "x = 0x1p",
	    "x = 0x1p-2",
	    "x = 0x.p1",
	    "x = 0x.1",
	    "x = 1_000",
	    "x = 08",
	    "x = 1..x",
	    "x = 1 ..x",
	    "x = 0xep1",
	    "x = 0xe+1",
	    "x = 1//2",
	    "x = 1///2",
	    "x = ~1 ~ ~2",
	    "x = a ~= b",
	    "x = a ! = b",
	    "x = a != b",
	    "x = not not a",
	    "x = #a",
	    "x = -a^-b",
	    "x = - - a",
	    "x = a and",
	    "x = (a",
	    "x = (a))",
	    "x = a[1",
	    "x = a[]",
	    "x = a.1",
	    "x = a.end",
	    "x = a:b",
	    "x = a:b.c",
	    "x = a:b{}",
	    "x = a:b''",
	    "if x then",
	    "if x then else elseif y then end",
	    "if x then elseif y then else end",
	    "if x else end",
	    "if (x) then\n\nelse y",
	    "while x end",
	    "while x do",
	    "repeat until",
	    "repeat x() until x y()",
	    "do end",
	    "do",
	    "end",
	    "until x",
	    "goto 1",
	    "goto x",
	    "::a",
	    "::a::::a::",
	    "::1::",
	    "break",
	    "do break end",
	    "if x then break end",
	    "function f() break end",
	    "x = }",
	    "x = @",
	    "x = $",
	    "@",
	    "x = 1 = 2",
	    "x == 1",
	    "x += 1",
	    "local",
	    "local 1",
	    "local x.y",
	    "local x =",
	    "local x, = 1",
	    "local x <",
	    "local x <const",
	    "local x <const> <close>",
	    "local function",
	    "local function f",
	    "x = function",
	    "x = 'a\\\nb'",
	    "(f)()",
	    "(f)",
	    "('a'):rep(3)",
	    "'a':rep(3)",
	    "{}.x = 1",
	    "({}).x = 1",
	    "f'a'.b = 1",
	    "f{}[1]:x()",
	    "f\n()",
	    "x = f\n(g)()",
	    ";;;",
	    "x = 1;;; y = 2",
	    "x = 1 y = 2",
	    "local goto = 1",
	    "local and",
	    "x.and = 1",
	    "goto = 1",
	    "return return",
	    "return break",
	    "return 1 x",
	    "local x <const> = 1; local function f() return function() x = 1 end end",
	    "local _ENV = {}; x = 1",
	    "local _ENV <const> = {}; x = 1",
	    "_ENV = 1",
	    "\1",
	    "\x80",
	    "x = \xc3\xa9",
	    "finish(x)",
	    "every = 3",
	    "tbreak.x = 1",
	    "rbreak 'x'",
	    "dprintf {}",
	    "finish\n(x)",
	    "every, finish = 1, 2",
	    "tbreak:f()",
	    "local finish <const> = 1; finish = 2",
	    "while 1 do break f(1) end",
	    "while 1 do break f = 1 end",

	    "while 1 do break (f)() end",
	    "while 1 do break ::x:: end",
	    "while 1 do break local x end",
	    "finish(",
	    "finish = ",
	    "finish.x",
	    "finish(x) y",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *refusal = lua_refusal(texts[i], strlen(texts[i]));
		struct source *source = source_new("t", texts[i], strlen(texts[i]));
		struct tree *tree = NULL;
		struct error *err = tree_parse(source, &tree);
		const char *ours = err ? err->message : "(accepted)";
		if (strcmp(ours, refusal ? refusal : "(accepted)") != 0)
			print_error("text: %s\n", texts[i]);
		assert_string_equal(ours, refusal ? refusal : "(accepted)");
		if (tree)
			assert_int_equal(tree->probes.size, 0);
		free(refusal);
		error_free(err);
		tree_free(tree);
		source_free(source);
	}
}

static void limits_are_lua_s_own(void **state)
{
	/* Each repeated so often that Lua still accepts it, and once more. */
	static const struct {
		const char *before, *repeated, *after;
		unsigned count;
	} cases[] = {
	    {"", "local x ", "", 200},
	    {"local function f() ", "local x ", " end", 200},
	    {"for i = 1, 2 do ", "local x ", " end", 196},
	    {"for i in x do ", "local x ", " end", 195},
	    {"return function(a, b, ...) ", "local x ", " end", 198},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned more = 0; more < 2; more++) {
			struct buffer text = {0};
			buffer_puts(&text, cases[i].before);
			for (unsigned k = 0; k < cases[i].count + more; k++)
				buffer_puts(&text, cases[i].repeated);
			buffer_puts(&text, cases[i].after);
			char *refusal = lua_refusal(text.data, text.size);
			char *dump = dump_text(text.data);
			assert_int_equal(refusal != NULL, more);
			assert_int_equal(strncmp(dump, "syntax: too many local variables", 32) == 0,
					 more);
			free(refusal);
			free(dump);
			buffer_deinit(&text);
		}
	}
}

static void a_function_has_at_most_255_upvalues(void **state)
{
	(void)state;
	for (unsigned count = 254; count <= 255; count++) {
		/* Beside these the global f takes one, _ENV. */
		struct buffer text = {0};
		for (unsigned i = 0; i < count; i++)
			buffer_printf(&text, "%slocal v%u ", i == 150 ? "local function g() " : "",
				      i);
		buffer_puts(&text, "local function h() f(v0)");
		for (unsigned i = 1; i < count; i++)
			buffer_printf(&text, " f(v%u)", i);
		buffer_puts(&text, " end end");
		char *refusal = lua_refusal(text.data, text.size);
		char *dump = dump_text(text.data);
		assert_int_equal(refusal == NULL, count == 254);
		assert_int_equal(strncmp(dump, "syntax: too many upvalues (limit is 255)", 40) != 0,
				 count == 254);
		free(refusal);
		free(dump);
		buffer_deinit(&text);
	}
}

/* So that what parses also loads, the limit is a little below Lua's own. */
static void what_is_nested_as_deep_as_possible_still_loads(void **state)
{
	static const char *const middles[] = {
	    "x = 1",
	    "f((((1))))",
	    "break f if ((x)) do x = {{}} end",
	    "break f do do end end",
	    "dprintf f, '%d', ((x))",
	    "every 1s do x = -1 end",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(middles); i++) {
		bool has_failed = false;
		for (unsigned depth = 150; depth < 210; depth++) {
			struct buffer text = {0}, plain = {0};
			for (unsigned k = 0; k < depth; k++)
				buffer_puts(&text, "do ");
			buffer_puts(&text, middles[i]);
			for (unsigned k = 0; k < depth; k++)
				buffer_puts(&text, " end");
			struct source *source = source_new("t", text.data, text.size);
			struct tree *tree = NULL;
			struct error *err = tree_parse(source, &tree);
			if (tree) {
				assert_false(has_failed);
				tree_translate(tree, &plain);
				assert_null(lua_refusal(plain.data, plain.size));
			} else {
				has_failed = true;
				assert_non_null(strstr(err->message, "too many nested levels"));
			}
			error_free(err);
			tree_free(tree);
			source_free(source);
			buffer_deinit(&text);
			buffer_deinit(&plain);
		}
		assert_true(has_failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lua_and_the_parser_say_the_same),
	    cmocka_unit_test(limits_are_lua_s_own),
	    cmocka_unit_test(a_function_has_at_most_255_upvalues),
	    cmocka_unit_test(what_is_nested_as_deep_as_possible_still_loads),
	};

	return cmocka_run_group_tests_name("script against Lua", tests, start_lua, stop_lua);
}
