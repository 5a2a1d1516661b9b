/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime.c - scripts: their environment, their errors, their timers. */
#include "test_runtime.h"

#include <malloc.h>
#include <poll.h>
#include <sys/wait.h>

/* ------------------------------------------------------------- environment */

static void a_script_prints_computes_and_gets_its_arguments(void **state)
{
	struct fixture *f = *state;

	expect(f, "print(1, 2.0, 'x', nil, true)", "1\t2.0\tx\tnil\ttrue\n");
	expect(f, "printf('%d %s %5.2f\\n', 7, 'seven', 7.0)", "7 seven  7.00\n");
	expect(f, "print(...) print(arg[1], arg[2], #arg)", "one\ttwo\none\ttwo\t2\n");
	expect(f, "#!/usr/bin/env moontap\nprint(debug.getinfo(1).currentline)", "2\n");
	expect(f, "x = 1", "");
	expect(f, "print(x)", "1\n");
	expect(f, "print(setmetatable({}, {__tostring = function() return 'me' end}))", "me\n");
	expect(f, "print(table.unpack({}, 1, 20))",
	       "nil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\t"
	       "nil\tnil\tnil\tnil\n");
}

static void nothing_starts_programs_or_loads_machine_code_unless_asked(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "os.execute('true')", ERR_LUA, "test.mt:1", "os.execute is refused");
	expect_error(f, "\nio.popen('true')", ERR_LUA, "test.mt:2", "io.popen is refused");
	expect_error(f, "os.exit(0)", ERR_LUA, "test.mt:1", "os.exit is refused");
	expect_error(f, "package.loadlib('x', 'y')", ERR_LUA, "test.mt:1",
		     "package.loadlib is refused");
	expect(f, "print(package.cpath, #package.searchers)", "\t2\n");

	struct fixture unsafe;
	fixture_open(&unsafe, true);
	expect(&unsafe, "print(os.execute('exit 3'))", "nil\texit\t3\n");
	expect(&unsafe, "print(#package.searchers)", "4\n");
	fixture_close(&unsafe);
}

static void modules_never_come_from_the_current_directory_or_the_environment(void **state)
{
	(void)state;
	struct fixture f;

	setenv("LUA_PATH", "/hostile/?.lua", 1);
	setenv("LUA_PATH_5_4", "/hostile/?.lua", 1);
	setenv("LUA_INIT", "error('LUA_INIT was run')", 1);
	fixture_open(&f, true);
	expect(&f, "print((package.path .. ';' .. package.cpath):find('hostile', 1, true))",
	       "nil\n");
	expect(&f,
	       "for p in (package.path .. ';' .. package.cpath):gmatch('[^;]+') do\n"
	       "  if p:sub(1, 1) ~= '/' then print(p) end end",
	       "");
	fixture_close(&f);
	unsetenv("LUA_PATH");
	unsetenv("LUA_PATH_5_4");
	unsetenv("LUA_INIT");
}

static void emit_writes_one_line_of_json(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *script, *line;
	} cases[] = {
	    {"emit{}", "{}\n"},
	    {"emit{b=1, a='x', c=true, d=0.5}", "{\"a\":\"x\",\"b\":1,\"c\":true,\"d\":0.5}\n"},
	    {"emit{list={1, 2, {3}}, none={}}", "{\"list\":[1,2,[3]],\"none\":{}}\n"},
	    {"emit{1, 2, x=3}", "{\"1\":1,\"2\":2,\"x\":3}\n"},
	    {"emit{[1]='a', [3]='c'}", "{\"1\":\"a\",\"3\":\"c\"}\n"},
	    {"emit{s='a\\n\"\\0\\xff'}", "{\"s\":{\"bytes\":\"610a2200ff\"}}\n"},
	    {"emit{s='a\\n\"'}", "{\"s\":\"a\\n\\\"\"}\n"},
	    {"emit{x=1/0, y=-1, z=math.mininteger}",
	     "{\"x\":null,\"y\":-1,\"z\":-9223372036854775808}\n"},
	    {"emit{o=setmetatable({}, {__tostring=function() return 'o' end})}", "{\"o\":\"o\"}\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(f, cases[i].script, cases[i].line);
	expect_error(f, "local t = {} t.t = t emit(t)", ERR_LUA, "test.mt:1",
		     "emit: the record is nested too deeply (does it hold itself?)");
	expect_error(f, "emit(1)", ERR_LUA, "test.mt:1",
		     "bad argument #1 to 'emit' (table expected, got number)");
	assert_string_equal(printed(f), "");
}

static void the_target_is_what_the_session_says_now(void **state)
{
	struct fixture *f = *state;

	expect(f, "print(target.state, target.pid, target.go, target.other)",
	       "file\tnil\tnil\tnil\n");
	expect(f, "print(target.path ~= nil, tostring(target):match('^target: ') ~= nil)",
	       "true\ttrue\n");
	expect_error(f, "target.pid = 1", ERR_LUA, "test.mt:1",
		     "target cannot be changed: use file(PATH) or attach(PID)");
	struct error *err = run(f, "\nfile '/nonexistent'");
	assert_int_equal(err->tag, ERR_NO_FILE);
	assert_string_equal(err->where, "test.mt:2");
	error_free(err);
	char attach[40];
	pid_t ended = fork();
	if (ended == 0)
		_exit(0);
	waitpid(ended, NULL, 0);
	snprintf(attach, sizeof(attach), "attach(%d)", ended);
	err = run(f, attach);
	assert_int_equal(err->tag, ERR_NO_PROCESS);
	error_free(err);
	expect_error(f, "attach(-1)", ERR_LUA, "test.mt:1",
		     "bad argument #1 to 'attach' (no process id)");
}

static void commands_give_their_text_and_their_errors(void **state)
{
	struct fixture *f = *state;

	expect(f, "print(command 'info breakpoints')", "<info breakpoints>\n");
	expect_error(f, "command 'fail'", ERR_USAGE, "test.mt:1",
		     "Undefined command: \"fail\".  Try \"help\".");
	expect(f, "command 'lua print(5)' print(6)", "5\n6\n");
	expect(f, "coroutine.wrap(function() command 'lua print(7)' end)() print(8)", "7\n8\n");
	expect(f, "print(pcall(command, 'lua error(\"deep\")'))", "false\tinner:1: deep\n");
}

/* ------------------------------------------------------------------ errors */

static void errors_come_back_with_their_tag_place_and_traceback(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "local x =\n= 1", ERR_SYNTAX, "test.mt:2:1", "unexpected symbol near '='");
	struct error *err = run(f, "if x then");
	assert_int_equal(err->tag, ERR_INCOMPLETE);
	error_free(err);
	expect_error(f, "\nlocal t = nil + 1", ERR_LUA, "test.mt:2",
		     "attempt to perform arithmetic on a nil value");
	expect_error(f, "error({})", ERR_LUA, "", "(the error is a table value)");
	expect_error(f, "error('no place', 0)", ERR_LUA, "", "no place");
	expect_error(f, "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
		     ERR_LUA, "", "mine");
	expect_error(f, "error('a\\27b\\255')", ERR_LUA, "test.mt:1", "a\\x1bb\\xff");
	expect_error(f, "local function f() return f() + 1 end f()", ERR_LUA, "test.mt#2:1",
		     "stack overflow");
}

static void a_traceback_shows_the_script_and_nothing_of_ours(void **state)
{
	struct fixture *f = *state;
	struct error *err = run(f, "local function inner() error('bad') end\n"
				   "function outer()\n  inner()\nend\nouter()");

	assert_string_equal(err->where, "test.mt:1");
	assert_string_equal(err->message, "bad");
	assert_string_equal(err->hint, "stack traceback:\n"
				       "\t[C]: in function 'error'\n"
				       "\ttest.mt:1: in upvalue 'inner'\n"
				       "\ttest.mt:3: in function 'outer'\n"
				       "\ttest.mt:5: in main chunk");
	error_free(err);
}

static void a_script_can_catch_an_error_look_into_it_and_raise_it_again(void **state)
{
	struct fixture *f = *state;

	expect(f,
	       "local ok, e = pcall(file, '/nonexistent')\n"
	       "print(ok, type(e), e.tag, e.where, e.excerpt)\n"
	       "print(tostring(e) == e.message, ('x: ' .. e):sub(1, 3))",
	       "false\tuserdata\tno-file\tnil\tnil\ntrue\tx: \n");
	struct error *err =
	    run(f, "local ok, e = pcall(function() file '/nonexistent' end)\n error(e)");
	assert_int_equal(err->tag, ERR_NO_FILE);
	assert_string_equal(err->where, "test.mt:1");
	error_free(err);
	err = run(f, "kept = select(2, pcall(file, '/nonexistent')) error(kept)");
	assert_int_equal(err->tag, ERR_NO_FILE);
	error_free(err);
	expect_error(f, "error(kept)", ERR_LUA, "", "an error that was reported before");
	expect(f, "print(kept, kept.tag)", "an error that was reported before\tnil\n");
}

static void exit_ends_the_script_without_an_error(void **state)
{
	struct fixture *f = *state;
	int status = -1;

	assert_false(runtime_wants_exit(f->runtime, &status));
	expect(f,
	       "atexit(function() print('first') end)\n"
	       "atexit(function() error('oops') end)\n"
	       "atexit(function() print('last') end)\n"
	       "print(1) exit(3) print(2)",
	       "1\n");
	assert_true(runtime_wants_exit(f->runtime, &status));
	assert_int_equal(status, 3);
	runtime_finish(f->runtime);
	assert_string_equal(printed(f), "last\nfirst\n");
	assert_non_null(strstr(f->notices.data, "atexit: test.mt:2: oops\n"));
	runtime_finish(f->runtime);
	assert_string_equal(printed(f), "");
}

static void what_only_lua_finds_wrong_is_a_syntax_error_too(void **state)
{
	struct fixture *f = *state;
	struct buffer text = {0};

	buffer_puts(&text, "\nprint(");
	for (int i = 0; i < 300; i++)
		buffer_puts(&text, "x, ");
	buffer_puts(&text, "x)");
	struct error *err = run(f, text.data);
	assert_int_equal(err->tag, ERR_SYNTAX);
	assert_string_equal(err->where, "test.mt:2");
	assert_non_null(strstr(err->message, "too many registers"));
	error_free(err);
	buffer_deinit(&text);
}

/* ------------------------------------------------------------- interactive */

static void expressions_typed_at_the_prompt_are_printed(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *output;
		int tag; /* of the error, or -1 */
	} cases[] = {
	    {"1 + 1", "2\n", -1},
	    {"= 1, 'x'", "1\tx\n", -1},
	    {"x = 5", "", -1},
	    {"x", "5\n", -1},
	    {"print(6)", "6\n", -1},
	    {"local y = 7 return y", "7\n", -1},
	    {"", "", -1},
	    {"-- nothing", "", -1},
	    {"nothing", "nil\n", -1},
	    {"1 +", "", ERR_INCOMPLETE},
	    {"f(", "", ERR_INCOMPLETE},
	    {"for i = 1, 2 do", "", ERR_INCOMPLETE},
	    {"1 + )", "", ERR_SYNTAX},
	    {"= )", "", ERR_SYNTAX},
	    {"x = )", "", ERR_SYNTAX},
	    {"error 'x'", "", ERR_LUA},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct error *err =
		    runtime_run(f->runtime, source_new("(console)", text, strlen(text)), true);

		assert_string_equal(printed(f), cases[i].output);
		assert_int_equal(err ? (int)err->tag : -1, cases[i].tag);
		error_free(err);
	}
}

static void collect(void *context, const char *candidate)
{
	buffer_printf(context, "%s ", candidate);
}

static void names_complete_in_tables_too(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *prefix, *candidates;
	} cases[] = {
	    {"prin", NULL},
	    {"string.form", "string.format "},
	    {"string:form", "string:format "},
	    {"mine.inner.lo", "mine.inner.long_name "},
	    {"mine.x.y", ""},
	    {"nosuch.", ""},
	    {"mine.weird", ""},
	};

	run_well(f, "mine = {inner = {long_name = 1, ['weird name'] = 2}, x = 1}");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = {0};

		runtime_complete(f->runtime, cases[i].prefix, collect, &out);
		if (cases[i].candidates)
			assert_string_equal(out.data ? out.data : "", cases[i].candidates);
		else /* in no order */
			assert_int_equal(out.size, strlen("print printf "));
		buffer_deinit(&out);
	}
}

/* ------------------------------------------------------------------ timers */

static void timers_run_their_blocks_when_they_are_due(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(runtime_timer_fd(f->runtime), -1);
	run_well(f, "local n = 0\n"
		    "every 20ms do n = n + 1 print('tick', n) end\n"
		    "every 1h do print('never') end\n"
		    "every 20ms do error('late') end\n");
	for (int i = 0; i < 12; i++) {
		struct pollfd due = {.fd = runtime_timer_fd(f->runtime), .events = POLLIN};

		assert_int_equal(poll(&due, 1, 60000), 1);
		runtime_run_timers(f->runtime);
	}
	assert_non_null(strstr(printed(f), "tick\t1\ntick\t2\n"));
	assert_non_null(strstr(f->notices.data, "every: test.mt:4: late\n"
						"stack traceback:\n"
						"\t[C]: in function 'error'\n"
						"\ttest.mt:4: in the block of every\n"));
}

static void a_name_that_a_timer_would_have_as_nil_is_an_error(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "every 1h do print(pid) end", ERR_NAME, "test.mt:1:19",
		     "`pid` is known at a hit only");
	expect_error(f, "every 1h do\nif nonesuch then count() end end", ERR_NAME, "test.mt:2:4",
		     "`nonesuch` means nothing here");
	run_well(f, "every 1h do local pid = 1 print(pid, later, os.time(), arg) end later = 1");
	run_well(f, "every 1h do made = (made or 0) + 1 end");
}

static void every_is_a_function_too(void **state)
{
	struct fixture *f = *state;

	run_well(f, "local n = 0 every(0.01, function() n = n + 1 print('tick', n) end)");
	for (int i = 0; i < 2; i++) {
		struct pollfd due = {.fd = runtime_timer_fd(f->runtime), .events = POLLIN};

		assert_int_equal(poll(&due, 1, 60000), 1);
		runtime_run_timers(f->runtime);
	}
	assert_string_equal(printed(f), "tick\t1\ntick\t2\n");
	expect_error(f, "every(0, print)", ERR_LUA, "test.mt:1",
		     "bad argument #1 to 'every' (a period is from a nanosecond to 1,000 days, in "
		     "seconds)");
	expect_error(f, "every(1)", ERR_LUA, "test.mt:1",
		     "bad argument #2 to 'every' (function expected, got no value)");
}

/* ------------------------------------------------------------------ memory */

static size_t bytes_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks;
}

static void many_scripts_leave_no_memory_behind(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = {
	    "local a = %d; x = a * 2",
	    "x = %d +",
	    "for i = 1, 10 do x = i .. '%d' end",
	    "error('number %d')",
	    "pcall(error, '%d')",
	    "break no_such_%d do print(1) end",
	    "break probed_function do print(%d) end delete(session_last)",
	    "goto l%d",
	    "x = {} x[%d] = (",
	    "if %d then return x end",
	    "command 'lua y = %d'",
	    "break probed_function do print(arg[%d]) end",
	};
	enum {
		RUNS = 100000
	};
	size_t before = 0;
	unsigned seed = 1;

	for (int i = 0; i < 16; i++) /* many look-ups get an index, once */
		error_free(run(f, "break no_such_function do end"));
	for (int i = 0; i < RUNS + RUNS / 10; i++) {
		char text[128];

		if (i == RUNS / 10) {
			run_well(f, "collectgarbage()");
			before = bytes_in_use();
		}
		seed = seed * 1103515245 + 12345;
		/* Probes are dear: a thousandth of the texts. */
		size_t choice = (seed >> 16) % (i % 1000 ? 5 : ARRAY_SIZE(texts));
		snprintf(text, sizeof(text), texts[choice], i);
		error_free(run(f, text));
		struct probe *probe = session_next_probe(f->session, NULL);
		if (probe)
			probe_delete(probe);
		runtime_deliver(f->runtime); /* as the console does after each */
	}
	run_well(f, "x = nil collectgarbage() collectgarbage()");
#ifndef __SANITIZE_ADDRESS__
	/* The session keeps the place of every number it gave away. */
	assert_in_range(bytes_in_use(), 0, before + 64 * 1024);
#endif
	(void)before;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_script_prints_computes_and_gets_its_arguments),
	    TEST(nothing_starts_programs_or_loads_machine_code_unless_asked),
	    TEST(modules_never_come_from_the_current_directory_or_the_environment),
	    TEST(emit_writes_one_line_of_json),
	    TEST(the_target_is_what_the_session_says_now),
	    TEST(commands_give_their_text_and_their_errors),
	    TEST(errors_come_back_with_their_tag_place_and_traceback),
	    TEST(what_only_lua_finds_wrong_is_a_syntax_error_too),
	    TEST(a_traceback_shows_the_script_and_nothing_of_ours),
	    TEST(a_script_can_catch_an_error_look_into_it_and_raise_it_again),
	    TEST(exit_ends_the_script_without_an_error),
	    TEST(expressions_typed_at_the_prompt_are_printed),
	    TEST(names_complete_in_tables_too),
	    TEST(timers_run_their_blocks_when_they_are_due),
	    TEST(a_name_that_a_timer_would_have_as_nil_is_an_error),
	    TEST(every_is_a_function_too),
	    TEST(many_scripts_leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
