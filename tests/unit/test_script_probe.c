/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_script_probe.c - the probe statements: where they are one, what they mean, as plain Lua. */
#include "script_dump.h"

#include <lauxlib.h>
#include <lualib.h>

static void probe_statements_have_their_trees(void **state)
{
	static const struct {
		const char *text, *dump;
	} cases[] = {
	    {"break main.f", "(break [main.f])"},
	    {"  break   main.f+0x6d  ", "(break [main.f+0x6d])"},
	    {"tbreak *0x1234 force -- why", "(tbreak [*0x1234 force])"},
	    {"rbreak /^main\\..*/ do x() end",
	     "(rbreak [/^main\\..*/] (block (do-call (call x))))"},
	    {"finish f if result > 1 do x() end",
	     "(finish [f] (> result 1) (block (do-call (call x))))"},
	    {"dprintf main.f, \"%d %s\", a + 1, b",
	     "(dprintf [main.f] (list \"%d %s\" (+ a 1) b))"},
	    {"dprintf f(int, char), 'x'", "(dprintf [f(int, char)] (list \"x\"))"},
	    {"dprintf std::map<int, long>::at, 'x'",
	     "(dprintf [std::map<int, long>::at] (list \"x\"))"},
	    {"dprintf f,\n'x',\ny", "(dprintf [f] (list \"x\" y))"},
	    {"every 1s do end", "(every 1000000000 (block))"},
	    {"every 500ms do end", "(every 500000000 (block))"},
	    {"every 10us do end", "(every 10000 (block))"},
	    {"every 2m do end", "(every 120000000000 (block))"},
	    {"every 1h do end", "(every 3600000000000 (block))"},
	    {"every .25s do end", "(every 250000000 (block))"},
	    {"every 1.5ms\ndo end", "(every 1500000 (block))"},
	    {"break f if x\ny()", "(break [f] x) (do-call (call y))"},
	    {"break f if x y()", "(break [f] x) (do-call (call y))"},
	    {"break f if x and\ny do z() end", "(break [f] (and x y) (block (do-call (call z))))"},
	    {"break f if(x)do end", "(break [f] (paren x) (block))"},
	    {"break f\nif x then end", "(break [f]) (if x (block))"},
	    {"break f; break g", "(break [f]) (break [g])"},
	    {"break f; do x() end", "(break [f]) (do (block (do-call (call x))))"},
	    {"if x then break f end", "(if x (block (break [f])))"},
	    {"if x then break f else tbreak g end",
	     "(if x (block (break [f])) (block (tbreak [g])))"},
	    {"function f() break g end", "(function-statement f (function (block (break [g]))))"},
	    {"for i = 1, 2 do tbreak f do x(i) end end",
	     "(for i@4 1 2 (block (tbreak [f] (block (do-call (call x i@4))))))"},
	    {"local a; break f if a do local a = a; a() end",
	     "(local a@6 (list)) (break [f] a@6 (block (local a@31 (list a@6)) (do-call (call "
	     "a@31))))"},
	    {"#!/usr/bin/env moontap\nbreak f", "(break [f])"},
	    {"break main.f goroutine 5", "(break [main.f] goroutine 5)"},
	    {"finish goroutine goroutine 0x10 if x do end",
	     "(finish [goroutine] goroutine 16 x (block))"},
	    {"for i = 1, 2 do break f goroutine 5 do x() end end",
	     "(for i@4 1 2 (block (break [f] goroutine 5 (block (do-call (call x))))))"},
	    {"dprintf f goroutine 5, 'x'", "(dprintf [f] goroutine 5 (list \"x\"))"},
	    {"cover main.f -- its lines", "(cover [main.f])"},
	    {"cover /^main\\./; x()", "(cover [/^main\\./]) (do-call (call x))"},
	    {"flow main.*", "(flow [main.*])"},
	    {"flow f depth 3 goroutine 5 if x > 1\ny()",
	     "(flow [f] depth 3 goroutine 5 (> x 1)) (do-call (call y))"},
	    {"flow depth depth 0x10", "(flow [depth] depth 16)"},
	    {"for i = 1, 2 do flow f end", "(for i@4 1 2 (block (flow [f])))"},
	    {"flow = 3 cover(flow) flow.x = 1",
	     "(assign (list flow) (list 3)) (do-call (call cover flow)) (assign (list (index flow "
	     "\"x\")) (list 1))"},
	    {"break f --[[ c ]] do x() end", "(break [f] (block (do-call (call x))))"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_dump(cases[i].text, cases[i].dump);
}

static void a_location_is_taken_as_it_stands(void **state)
{
	static const struct {
		const char *text, *location;
	} cases[] = {
	    {"main.(*T).M", "main.(*T).M"},
	    {"main.F[int]", "main.F[int]"},
	    {"F[go.shape.int_0]+0x10", "F[go.shape.int_0]+0x10"},
	    {"F[go.shape.struct { a int; b do if }]", "F[go.shape.struct { a int; b do if }]"},
	    {"f(int)", "f(int)"},
	    {"ns::T<int, long>::f(char const*, ...) const",
	     "ns::T<int, long>::f(char const*, ...) const"},
	    {"operator()(int)", "operator()(int)"},
	    {"T::operator--()", "T::operator--()"},
	    {"T::operator-- -- comment", "T::operator--"},
	    {"operator<<(std::ostream&, T const&)", "operator<<(std::ostream&, T const&)"},
	    {"T::operator->()", "T::operator->()"},
	    {"operator\"\"_s", "operator\"\"_s"},
	    {"T::operator new", "T::operator new"},
	    {"f(int) [clone .part.0]", "f(int) [clone .part.0]"},
	    {"<T as core::fmt::Display>::fmt", "<T as core::fmt::Display>::fmt"},
	    {"core::ptr::drop_in_place<[u8; 4]>", "core::ptr::drop_in_place<[u8; 4]>"},
	    {"'a do b'", "a do b"},
	    {"\"main.f\"", "main.f"},
	    {"'a if b'+4", "'a if b'+4"},
	    {"libc:'a ; b'+4", "libc:'a ; b'+4"},
	    {"'a'..'b'", "'a'..'b'"},
	    {"libc:malloc", "libc:malloc"},
	    {"/usr/lib/libc.so.6:malloc", "/usr/lib/libc.so.6:malloc"},
	    {"/re gex/", "/re gex/"},
	    {"/a do (b if [/", "/a do (b if [/"},
	    {"libc:/a; do b/", "libc:/a; do b/"},
	    {"/a\\/ do b/ ", "/a\\/ do b/"},
	    {"fn_*1", "fn_*1"},
	    {"main.go:20", "main.go:20"},
	    {"20", "20"},
	    {"+1", "+1"},
	    {"*main.f+0x6d", "*main.f+0x6d"},
	    {"*0x1234 force", "*0x1234 force"},
	    {"-probe x:y", "-probe x:y"},
	    {"-function f -line 3", "-function f -line 3"},
	    {"-function 'a do b'", "-function 'a do b'"},
	    {"do_it", "do_it"},
	    {"goroutine", "goroutine"},
	    {"main.goroutine", "main.goroutine"},
	    {"f.if", "f.if"},
	    {"end_of.do_it if_x", "end_of.do_it if_x"},
	    {"caf\xc3\xa9", "caf\xc3\xa9"},
	};
	static const char *const tails[] = {"",
					    "\n",
					    " -- c",
					    ";",
					    " if x",
					    " do y() end",
					    " if x do y() end",
					    "\tdo\ty()\tend",
					    "\r\n",
					    " --[[c]]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(tails); k++) {
			/* A comment of its own leaves room for no other tail. */
			if (strstr(cases[i].text, " --") && k != 0)
				continue;
			char *text = xasprintf("break %s%s", cases[i].text, tails[k]);
			char *expected =
			    xasprintf("(break [%s]%s%s)", cases[i].location,
				      strstr(tails[k], "if") ? " x" : "",
				      strstr(tails[k], "do") ? " (block (do-call (call y)))" : "");
			assert_dump(text, expected);
			free(text);
			free(expected);
		}
	}
}

static void lua_s_reading_comes_first(void **state)
{
	static const struct {
		const char *text, *dump;
	} cases[] = {
	    /* break in a loop */
	    {"while x do break end", "(while x (block (break)))"},
	    {"while x do break; end", "(while x (block (break)))"},
	    {"while x do break -- c\nend", "(while x (block (break)))"},
	    {"while x do break\nf() end", "(while x (block (break) (do-call (call f))))"},
	    {"while x do break f(int) end", "(while x (block (break) (do-call (call f int))))"},
	    {"while x do break f(int) do y() end end",
	     "(while x (block (break) (do-call (call f int)) (do (block (do-call (call y))))))"},
	    {"while x do break f(int) if y do z() end end",
	     "(while x (block (break [f(int)] y (block (do-call (call z))))))"},
	    {"while x do break main.f end", "(while x (block (break [main.f])))"},
	    {"while x do break main.f do y() end end",
	     "(while x (block (break [main.f] (block (do-call (call y))))))"},
	    {"while x do break f\n(y)() end",
	     "(while x (block (break) (do-call (call (call f y)))))"},
	    {"while x do break f\n= 1 end", "(while x (block (break) (assign (list f) (list 1))))"},
	    {"while x do break f\ny() end", "(while x (block (break [f]) (do-call (call y))))"},
	    {"while x do break *0x10 end", "(while x (block (break [*0x10])))"},
	    {"while x do break 'a' end", "(while x (block (break [a])))"},
	    {"while x do break main.f+0x6d\nend", "(while x (block (break [main.f+0x6d])))"},
	    {"while x do break f = end", "(while x (block (break [f =])))"},
	    {"while x do break f(function()\nbreak g\nend) end",
	     "(while x (block (break) (do-call (call f (function (block (break [g])))))))"},
	    {"while x do f(function() break g end) end",
	     "(while x (block (do-call (call f (function (block (break [g])))))))"},
	    {"break f do while x do break end end",
	     "(break [f] (block (while x (block (break)))))"},
	    {"repeat break until x", "(repeat (block (break)) x)"},
	    /* the other words as names */
	    {"finish(x)", "(do-call (call finish x))"},
	    {"every = 3", "(assign (list every) (list 3))"},
	    {"tbreak.x = 1", "(assign (list (index tbreak \"x\")) (list 1))"},
	    {"rbreak \"x\"", "(do-call (call rbreak \"x\"))"},
	    {"dprintf{}", "(do-call (call dprintf (table)))"},
	    {"every\n= 3", "(assign (list every) (list 3))"},
	    {"finish\n(x)", "(do-call (call finish x))"},
	    {"finish:m()", "(do-call (method finish \"m\"))"},
	    {"every, tbreak = 1, 2", "(assign (list every tbreak) (list 1 2))"},
	    {"local finish = 1; return finish",
	     "(local finish@6 (list 1)) (return (list finish@6))"},
	    {"x = finish", "(assign (list x) (list finish))"},
	    {"x = {every = 1}", "(assign (list x) (list (table (field \"every\" 1))))"},
	    {"goto every ::every::", "(goto every) (label every)"},
	    {"tbreak (*T).M do x() end", "(tbreak [(*T).M] (block (do-call (call x))))"},
	    {"tbreak 'f'+4", "(tbreak ['f'+4])"},
	    {"finish(x) !", "(finish [(x) !])"},
	    {"break f(1) do finish(2) end !", "syntax: unexpected symbol near '!'"},
	    /* a location in a name that could be Lua at first */
	    {"finish f.g do x() end", "(finish [f.g] (block (do-call (call x))))"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_dump(cases[i].text, cases[i].dump);
}

static void a_wrong_probe_statement_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *dump;
	} cases[] = {
	    {"break", "syntax: break outside loop at line 1"},
	    {"x()\nbreak -- c", "syntax: break outside loop at line 2"},
	    {"if x then break end", "syntax: break outside loop at line 1"},
	    {"break f do if x then break end end", "syntax: break outside loop at line 1"},
	    {"tbreak", "syntax: location expected after 'tbreak'"},
	    {"finish do x() end", "syntax: location expected after 'finish'"},
	    {"break if x do end", "syntax: break outside loop at line 1"},
	    {"cover f if x do end",
	     "syntax: `cover f` counts every time: it takes no condition, no "
	     "goroutine and no block"},
	    {"cover f goroutine 3",
	     "syntax: `cover f` counts every time: it takes no condition, no "
	     "goroutine and no block"},
	    {"flow f do x() end", "syntax: `flow f` shows calls by itself: it takes no block"},
	    {"flow f if x do end", "syntax: `flow f` shows calls by itself: it takes no block"},
	    {"flow f depth", "syntax: a number from 1 to 1000 expected after 'depth'"},
	    {"flow f depth 1001", "syntax: a number from 1 to 1000 expected after 'depth'"},
	    {"flow f depth\n3", "syntax: a number from 1 to 1000 expected after 'depth'"},
	    {"break ''", "syntax: location expected after 'break'"},
	    {"finish ''+1 do end", "(finish [''+1] (block))"},
	    {"break main.f do\nx()\n",
	     "incomplete: block of `break main.f` at line 1 is not closed: "
	     "'end' expected"},
	    {"break main.f if a do until", "syntax: block of `break main.f` at line 1 is not "
					   "closed: 'end' expected near 'until'"},
	    {"every 1s do",
	     "incomplete: block of `every 1s` at line 1 is not closed: 'end' expected"},
	    {"every 1s", "incomplete: 'do' expected near <eof>"},
	    {"every 1s x()", "syntax: 'do' expected near 'x'"},
	    {"every", "syntax: duration expected after 'every'"},
	    {"every 1 do end", "syntax: duration expected after 'every'"},
	    {"every 1x do end", "syntax: duration expected after 'every'"},
	    {"every 1.2.3s do end", "syntax: duration expected after 'every'"},
	    {"every .s do end", "syntax: duration expected after 'every'"},
	    {"every 0s do end", "syntax: duration expected after 'every'"},
	    {"every 0.0001us do end", "syntax: duration expected after 'every'"},
	    {"every 9999999h do end", "syntax: duration expected after 'every'"},
	    {"every -1s do end", "syntax: duration expected after 'every'"},
	    {"dprintf f", "syntax: ',' and a format expected after `dprintf f`"},
	    {"dprintf f 'x'", "syntax: ',' and a format expected after `dprintf f 'x'`"},
	    {"dprintf f\n, 'x'", "syntax: ',' and a format expected after `dprintf f`"},
	    {"dprintf f,", "incomplete: unexpected symbol near <eof>"},
	    {"break f if", "incomplete: unexpected symbol near <eof>"},
	    {"break f if x +", "incomplete: unexpected symbol near <eof>"},
	    {"break f goroutine", "syntax: the number of a goroutine expected after 'goroutine'"},
	    {"break f goroutine x", "syntax: the number of a goroutine expected after 'goroutine'"},
	    {"break f goroutine 0", "syntax: the number of a goroutine expected after 'goroutine'"},
	    {"break f goroutine\n1",
	     "syntax: the number of a goroutine expected after 'goroutine'"},
	    {"break f\ndo x() end", "syntax: the 'do' of `break f` must be on its line"},
	    {"break f if x\ndo y() end", "syntax: the 'do' of `break f` must be on its line"},
	    {"break f( do x() end", "syntax: unfinished location: the bracket ( is not closed"},
	    {"break 'f do x() end", "syntax: unfinished location: the quote ' is not closed"},
	    {"break f do\nfinish g end",
	     "syntax: 'finish' inside the block of `break f` at line 1: "
	     "a probe cannot set probes"},
	    {"every 1s do local function h() break g end end",
	     "syntax: 'break' inside the block of `every 1s` at line 1: a probe cannot set probes"},
	    {"break f if (function() break g end)() do end",
	     "syntax: 'break' inside the block of `break f` at line 1: a probe cannot set probes"},
	    {"dprintf f, 'x', function() every 1s do end end",
	     "syntax: 'every' inside the block of `dprintf f` at line 1: a probe cannot set "
	     "probes"},
	    {"break f do x(...) end",
	     "syntax: cannot use '...' outside a vararg function near '...'"},
	    {"break f if ... do end",
	     "syntax: cannot use '...' outside a vararg function near '...'"},
	    {"break f do goto a end ::a::", "syntax: no visible label 'a' for <goto> at line 1"},
	    {"local x <const> = 1 break f do x = 2 end",
	     "syntax: attempt to assign to const variable 'x'"},
	    {"break f if x then y() end", "syntax: unexpected symbol near 'then'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_dump(cases[i].text, cases[i].dump);
}

/* What C, Go, GDB and bpftrace write instead; a second text without such an operator. */
static void what_other_languages_write_is_said_in_luas_words(void **state)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
	    {"break f if x != 3", "Lua's \"not equal\" is ~="},
	    {"break f if x == 3 && y", "Lua's \"and\" is the word: a and b"},
	    {"break f if x || y do end", "Lua's \"or\" is the word: a or b"},
	    {"break f if !x", "Lua's \"not\" is the word: not a"},
	    {"break f if p->x > 1", "a field behind a pointer is written as any other: p.x"},
	    {"break f do print(p->x) end", "a field behind a pointer is written as any other: p.x"},
	    {"break f if n = 3", "== compares"},
	    {"break f do n++ end", "Lua has no ++: n = n + 1"},
	    {"break f do n += 2 end", "Lua has no +=: n = n + 1"},
	    {"break f if $rdi > 3", "a register is reg.NAME: reg.rdi"},
	    {"break f do print(x ? 1 : 2) end", "a ? b : c is written: a and b or c"},
	    {"break f do @[comm] = count() end",
	     "bpftrace's @[KEY] = count() is count(KEY) here; hist(VALUE, KEY) and the like"},
	    {"finish f if elapsed > 10ms", "a time is a number of ns: 10 ms are 10 * 1000000"},
	    {"finish f if elapsed > 1.5s", "a time is a number of ns: 10 ms are 10 * 1000000"},
	    {"break f if n > 64K", "a size is a number of bytes: 64 K are 64 * 1024"},
	    {"break f if n > 3x", NULL},
	    {"break f if n > ]", NULL},
	    {"x = = 3", NULL},
	    {"x =\n= 3", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct tree *tree;
		struct error *err = tree_parse(source, &tree);

		assert_non_null(err);
		if (cases[i].hint)
			assert_string_equal(err->hint, cases[i].hint);
		else
			assert_null(err->hint);
		error_free(err);
		source_free(source);
	}
}

static void a_probe_becomes_one_call_on_its_own_lines(void **state)
{
	static const struct {
		const char *text, *plain;
	} cases[] = {
	    {"x = 1 -- break f\n", "x = 1 -- break f\n"},
	    {"#!/usr/bin/env moontap\nx()", "                      \nx()"},
	    {"\xef\xbb\xbfx()", "   x()"},
	    {"break f", "_MOONTAP(0, nil, nil);"},
	    {"break f+4 if x > 1 do print(x) end",
	     "_MOONTAP(0, function() return x > 1 end, function() print(x) end);"},
	    {"tbreak f if x -- c\n(g)()", "_MOONTAP(0, function() return x -- c\n(g)() end, nil);"},
	    {"break f -- c\n(g)()", "_MOONTAP(0, nil, nil); -- c\n(g)()"},
	    {"break f if *p == 2 * *q.r do x(**p) end",
	     "_MOONTAP(0, function() return  p == 2 *  q.r end, function() x(  p) end);"},
	    {"break f do x() end\n(g)()", "_MOONTAP(0, nil, function() x() end);\n(g)()"},
	    {"break f if -- a\n x -- b\n and y -- c\n z()",
	     "_MOONTAP(0, function() return \nx -- b\n and y end, nil); -- c\n z()"},
	    {"finish f do -- a\n\n x() -- b\nend -- c",
	     "_MOONTAP(0, nil, function() -- a\n\n x() -- b\nend); -- c"},
	    {"dprintf f, -- a\n \"%d\", -- b\n x",
	     "_MOONTAP(0, nil, function() printf(\n\"%d\", -- b\n x) end);"},
	    {"every 1s -- a\r\ndo x() end", "_MOONTAP(0, nil, function()\r\n x() end);"},
	    {"every 1s -- a\r\ndo--b\nx() end", "_MOONTAP(0, nil, function()\r\n--b\nx() end);"},
	    {"if x then break f end y() break g if z",
	     "if x then _MOONTAP(0, nil, nil); end y() _MOONTAP(1, function() return z end, nil);"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct tree *tree;
		struct buffer plain = {0};
		assert_null(tree_parse(source, &tree));
		tree_translate(tree, &plain);
		assert_string_equal(plain.data, cases[i].plain);
		tree_free(tree);
		source_free(source);
		buffer_deinit(&plain);
	}
}

/* Notes the number, the line of the call and of the functions, and calls both. */
static const char recorder[] =
    "local log = {}\n"
    "function _MOONTAP(index, condition, block)\n"
    "  local line = debug.getinfo(2, 'l').currentline\n"
    "  local c = condition and debug.getinfo(condition, 'S').linedefined or 0\n"
    "  local b = block and debug.getinfo(block, 'S').linedefined or 0\n"
    "  local entry = table.concat({index, line, c, b,\n"
    "    tostring(condition and condition()), tostring(block and block())}, ' ')\n"
    "  log[#log + 1] = entry\n"
    "end\n"
    "function printf(...) log[#log + 1] = string.format(...) end\n"
    "function finished() return table.concat(log, '; ') end\n";

static void the_translation_runs_with_its_upvalues_and_lines(void **state)
{
	static const char text[] = "local n = 0\n"
				   "for i = 1, 2 do\n"
				   "  tbreak f+i if i > 1 do\n"
				   "    n = n + i; return n\n"
				   "  end\n"
				   "end\n"
				   "break g\n"
				   "every 1s\n"
				   "do return n * 10 end\n"
				   "dprintf h, \"%d!\",\n"
				   "  n + 0\n"
				   "(print or error)('')\n"
				   "return finished(), debug.getinfo(1, 'l').currentline\n";
	struct source *source = source_new("t", text, strlen(text));
	struct tree *tree;
	struct buffer plain = {0};
	lua_State *lua = luaL_newstate();

	(void)state;
	luaL_openlibs(lua);
	assert_null(tree_parse(source, &tree));
	tree_translate(tree, &plain);
	assert_int_equal(luaL_dostring(lua, recorder), LUA_OK);
	assert_int_equal(luaL_dostring(lua, "print = function() end"), LUA_OK);
	int status = luaL_loadbufferx(lua, plain.data, plain.size, "=t", "t");
	if (status != LUA_OK)
		print_error("%s\n%s\n", lua_tostring(lua, -1), plain.data);
	assert_int_equal(status, LUA_OK);
	status = lua_pcall(lua, 0, 2, 0);
	if (status != LUA_OK)
		print_error("%s\n", lua_tostring(lua, -1));
	assert_int_equal(status, LUA_OK);
	assert_string_equal(lua_tostring(lua, -2),
			    "0 3 3 3 false 1; 0 3 3 3 true 3; 1 7 0 0 nil nil; 2 8 0 8 nil 30; 3!; "
			    "3 10 0 10 nil nil");
	assert_int_equal(lua_tointeger(lua, -1), 13);
	lua_close(lua);
	tree_free(tree);
	source_free(source);
	buffer_deinit(&plain);
}

static void a_tree_lists_its_probes_and_functions_in_order(void **state)
{
	const char *text =
	    "f(function() return function() end end) break a do local g = function() end end\n"
	    "every 1s do end finish b; while 1 do break f(function() end) break c end";
	struct source *source = source_new("t", text, strlen(text));
	struct tree *tree;

	(void)state;
	assert_null(tree_parse(source, &tree));
	/* The last line's loop: f(...) is Lua's only if all of the line is, and it is not. */
	assert_int_equal(tree->probes.size, 4);
	for (size_t i = 0; i < tree->probes.size; i++) {
		assert_int_equal(tree->probes.data[i]->probe.index, i);
		assert_true(i == 0 ||
			    tree->probes.data[i - 1]->span.end <= tree->probes.data[i]->span.start);
	}
	assert_string_equal(tree->probes.data[3]->probe.location, "f(function() end) break c");
	assert_int_equal(tree->functions.size, 3);
	for (size_t i = 1; i < tree->functions.size; i++)
		assert_true(tree->functions.data[i - 1]->span.start <
			    tree->functions.data[i]->span.start);
	tree_free(tree);
	source_free(source);
}

static void a_location_cannot_hide_a_zero_byte(void **state)
{
	struct source *source = source_new("t", "break f\0g", 9);
	struct tree *tree;
	struct error *err = tree_parse(source, &tree);

	(void)state;
	assert_non_null(err);
	assert_string_equal(err->message, "the location has a zero byte in it");
	error_free(err);
	source_free(source);
}

static void a_probe_knows_where_its_parts_are(void **state)
{
	const char *text = "x() break  'a b'  if y > 1 do z() end w()";
	struct source *source = source_new("t", text, strlen(text));
	struct tree *tree;

	(void)state;
	assert_null(tree_parse(source, &tree));
	const struct node *probe = tree->probes.data[0];
	const struct {
		struct span span;
		const char *text;
	} cases[] = {
	    {probe->span, "break  'a b'  if y > 1 do z() end"},
	    {probe->probe.location_span, "'a b'"},
	    {probe->probe.condition->span, "y > 1"},
	    {probe->probe.block->span, " z() "},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *part =
		    xstrndup(text + cases[i].span.start, cases[i].span.end - cases[i].span.start);
		assert_string_equal(part, cases[i].text);
		free(part);
	}
	assert_string_equal(probe->probe.location, "a b");
	assert_ptr_equal(probe->first, probe->probe.condition);
	assert_ptr_equal(probe->first->next, probe->probe.block);
	tree_free(tree);
	source_free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(probe_statements_have_their_trees),
	    cmocka_unit_test(a_location_is_taken_as_it_stands),
	    cmocka_unit_test(lua_s_reading_comes_first),
	    cmocka_unit_test(a_wrong_probe_statement_says_what_is_wrong),
	    cmocka_unit_test(what_other_languages_write_is_said_in_luas_words),
	    cmocka_unit_test(a_probe_becomes_one_call_on_its_own_lines),
	    cmocka_unit_test(the_translation_runs_with_its_upvalues_and_lines),
	    cmocka_unit_test(a_tree_lists_its_probes_and_functions_in_order),
	    cmocka_unit_test(a_location_cannot_hide_a_zero_byte),
	    cmocka_unit_test(a_probe_knows_where_its_parts_are),
	};

	return cmocka_run_group_tests_name("script probes", tests, NULL, NULL);
}
