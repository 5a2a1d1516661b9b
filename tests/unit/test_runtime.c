/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime.c - scripts: their environment, their errors, the probes they define. */
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

/* ------------------------------------------------------------------ probes */

static void a_statement_places_a_probe_and_tells_of_it(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function do print(1) end");
	assert_int_equal(f->placed, 1);
	run_well(f, "local n = 2\nbreak probed_function if arg[1] > 1 do n = n + 1 end");
	assert_int_equal(f->placed, 2);
	run_well(f, "tbreak probed_function");
	assert_int_equal(f->placed, 3);
	const struct probe *probe = session_probe(f->session, 3);
	assert_int_equal(probe_kind(probe), PROBE_TBREAK);
	assert_string_equal(probe_location(probe), "probed_function");
	run_well(f, "disable(2)");
	assert_false(probe_is_enabled(session_probe(f->session, 2)));
	run_well(f, "enable(2) delete(1)");
	assert_true(probe_is_enabled(session_probe(f->session, 2)));
	assert_null(session_probe(f->session, 1));
	expect_error(f, "delete(1)", ERR_NO_PROBE, "test.mt:1", "No breakpoint number 1.");
	expect_error(f, "enable(-1)", ERR_NO_PROBE, "test.mt:1", "No breakpoint number -1.");
}

static void errors_of_a_definition_show_the_users_line(void **state)
{
	struct fixture *f = *state;
	struct error *err = run(f, "\nbreak no_such_function do print(1) end");

	assert_int_equal(err->tag, ERR_NO_SYMBOL);
	assert_string_equal(err->where, "test.mt:2:7");
	assert_non_null(strstr(err->excerpt, "~~~"));
	error_free(err);
	err = run(f, "break probed_function do\n  arg[1] = 5\nend");
	assert_int_equal(err->tag, ERR_NAME);
	assert_string_equal(err->where, "test.mt:2:3");
	error_free(err);
	err = run(f, "break probed_function do print(nonesuch) end");
	assert_string_equal(err->message, "`nonesuch` means nothing here");
	error_free(err);
	assert_null(session_next_probe(f->session, NULL));
}

static void probe_takes_a_function_of_one_parameter(void **state)
{
	struct fixture *f = *state;

	expect(f,
	       "print(probe('probed_function', function(e) print(e.arg[1]) end))\n"
	       "local limit = 3\n"
	       "print(probe('probed_function',\n"
	       "  {when = function(e) return e.arg[1] > limit end},\n"
	       "  function(e)\n"
	       "    print(e.arg[1], e.pid)\n"
	       "  end))\n"
	       "local function callback() print('no event') end\n"
	       "print(probe('probed_function', callback))",
	       "1\n2\n3\n");
	assert_string_equal(probe_condition(session_probe(f->session, 2)), "e.arg[1] > limit");
}

static void tbreak_and_finish_are_functions_too(void **state)
{
	struct fixture *f = *state;

	expect(f,
	       "print(tbreak('probed_function', function(e) print(e.arg[1]) end),\n"
	       "  finish('probed_function', {when = function(e) return e.elapsed > 5 end},\n"
	       "    function(e) hist(e.elapsed) end))",
	       "1\t2\n");
	assert_int_equal(probe_kind(session_probe(f->session, 1)), PROBE_TBREAK);
	assert_int_equal(probe_kind(session_probe(f->session, 2)), PROBE_FINISH);
	assert_true(probe_plan(session_probe(f->session, 2))->is_in_kernel);
}

static void a_const_local_is_a_constant_of_the_kernels(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *local, *condition;
		bool is_in_lua;
	} cases[] = {
	    {"local n <const> = tonumber('3')", "arg[1] > n and arg[2] + n == 4", false},
	    {"local n <const> = os.time() > 0", "n and arg[1] == 1", false},
	    {"local n <const> = ('text'):sub(2)", "str(arg[1]) == n", false},
	    {"local n <const> = ({}).field", "arg[1] == 1 and n == nil", false},
	    {"local n <const> = tonumber('3') local m <const> = n + 1", "arg[1] == m", false},
	    {"local n = 3", "arg[1] > n", true},
	    {"local n <const> = tonumber('1.5')", "arg[1] > n", true},
	    {"local n <const> = {}", "n == nil", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_p)
		char *script = xasprintf("%s\nbreak probed_function if %s do print(n) end",
					 cases[i].local, cases[i].condition);
		run_well(f, script);
		const struct plan *plan = probe_plan(session_probe(f->session, (unsigned)i + 1));
		if (plan->has_guard != cases[i].is_in_lua)
			fail_msg("%s: %s", script, plan->has_guard ? plan->guard_reason : "kernel");
	}
}

static void each_turn_of_a_loop_has_its_own_constant(void **state)
{
	struct fixture *f = *state;
	struct buffer listing[2] = {{0}};

	run_well(f, "for i = 7, 8 do\n"
		    "  local n <const> = i\n"
		    "  break probed_function if arg[1] == n do count() end\n"
		    "end");
	for (unsigned i = 0; i < 2; i++)
		probe_list(session_probe(f->session, i + 1), &listing[i]);
	assert_non_null(strstr(listing[0].data, "!= 7 goto"));
	assert_non_null(strstr(listing[1].data, "!= 8 goto"));
	buffer_deinit(&listing[0]);
	buffer_deinit(&listing[1]);
}

static void probe_says_what_is_wrong_with_its_arguments(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *script;
		enum error_tag tag;
		const char *message;
	} cases[] = {
	    {"probe('f')", ERR_LUA, "bad argument #2 to 'probe' (function expected, got no value)"},
	    {"probe('f', {wen = 1}, function() end)", ERR_LUA,
	     "probe: unknown option 'wen' (there is: when)"},
	    {"finish('f', {wen = 1}, function() end)", ERR_LUA,
	     "finish: unknown option 'wen' (there is: when)"},
	    {"probe('f', {when = 1}, function() end)", ERR_LUA,
	     "probe: the option 'when' must be a function"},
	    {"probe('f', print)", ERR_TYPE, "a callback must be a Lua function, not one of C"},
	    {"probe('f', load 'return 1')", ERR_TYPE, "the text of this function is not known"},
	    {"probe('f', function(a, b) end)", ERR_TYPE, "a callback has one parameter, the event"},
	    {"probe('f', function(...) end)", ERR_TYPE, "a callback has one parameter, the event"},
	    {"local a, b = function(e) end, function(e) end probe('f', a)", ERR_TYPE,
	     "several functions begin and end at test.mt:1"},
	    {"probe('f', {when = function(x)\nreturn x.pid end}, function(e) end)", ERR_TYPE,
	     "the parameters of the condition and of the callback must have the same name "
	     "(x, e)"},
	    {"probe('f', {when = function(e)\nprint(1) return e.pid end}, function(e) end)",
	     ERR_TYPE, "a condition is one expression: function(e) return EXPRESSION end"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* A name of its own for each: it is part of some messages. */
		struct fixture fresh;
		fixture_open(&fresh, false);
		struct error *err = run(&fresh, cases[i].script);
		assert_non_null(err);
		assert_string_equal(err->message, cases[i].message);
		assert_int_equal(err->tag, cases[i].tag);
		error_free(err);
		fixture_close(&fresh);
	}
	(void)f;
}

static void functions_typed_one_after_the_other_are_told_apart(void **state)
{
	struct fixture *f = *state;

	run_well(f, "function f(e) print(e.pid) end");
	run_well(f, "function g(e) print(e.tid) end");
	run_well(f, "function f(e) print(e.pid) end"); /* the same text again */
	expect(f, "print(probe('probed_function', f), probe('probed_function', g))", "1\t2\n");
	assert_string_equal(probe_plan(session_probe(f->session, 1))->captures.data[0].text,
			    "e.pid");
	assert_string_equal(probe_plan(session_probe(f->session, 2))->captures.data[0].text,
			    "e.tid");
}

static void a_module_can_hold_callbacks(void **state)
{
	struct fixture *f = *state;
	char directory[] = "/tmp/moontap-test-XXXXXX", script[200];

	assert_non_null(mkdtemp(directory));
	char *path = xasprintf("%s/callbacks.lua", directory);
	FILE *file = fopen(path, "w");
	fputs("local M = {}\n\nfunction M.f(e)\n  print(e.arg[2])\nend\nreturn M\n", file);
	fclose(file);
	snprintf(script, sizeof(script),
		 "package.path = '%s/?.lua'\nprobe('probed_function', require('callbacks').f)",
		 directory);
	run_well(f, script);
	assert_string_equal(probe_plan(session_probe(f->session, 1))->captures.data[0].text,
			    "e.arg[2]");
	unlink(path);
	rmdir(directory);
	free(path);
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

		assert_int_equal(poll(&due, 1, 2000), 1);
		runtime_run_timers(f->runtime);
	}
	assert_non_null(strstr(printed(f), "tick\t1\ntick\t2\n"));
	assert_non_null(strstr(f->notices.data, "every: test.mt:4: late\n"
						"stack traceback:\n"
						"\t[C]: in function 'error'\n"
						"\ttest.mt:4: in the block of every\n"));
}

static void every_is_a_function_too(void **state)
{
	struct fixture *f = *state;

	run_well(f, "local n = 0 every(0.01, function() n = n + 1 print('tick', n) end)");
	for (int i = 0; i < 2; i++) {
		struct pollfd due = {.fd = runtime_timer_fd(f->runtime), .events = POLLIN};

		assert_int_equal(poll(&due, 1, 2000), 1);
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
	    TEST(a_statement_places_a_probe_and_tells_of_it),
	    TEST(errors_of_a_definition_show_the_users_line),
	    TEST(probe_takes_a_function_of_one_parameter),
	    TEST(tbreak_and_finish_are_functions_too),
	    TEST(a_const_local_is_a_constant_of_the_kernels),
	    TEST(each_turn_of_a_loop_has_its_own_constant),
	    TEST(probe_says_what_is_wrong_with_its_arguments),
	    TEST(functions_typed_one_after_the_other_are_told_apart),
	    TEST(a_module_can_hold_callbacks),
	    TEST(timers_run_their_blocks_when_they_are_due),
	    TEST(every_is_a_function_too),
	    TEST(many_scripts_leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
