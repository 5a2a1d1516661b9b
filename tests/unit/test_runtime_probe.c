/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime_probe.c - probes that scripts define: by statements, functions, modules. */
#include "test_runtime.h"

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
	    {"probe()", ERR_LUA, "bad argument #1 to 'probe' (string expected, got no value)"},
	    {"probe('f', 5)", ERR_LUA,
	     "bad argument #2 to 'probe' (function expected, got number)"},
	    {"probe('f', {}, 5)", ERR_LUA,
	     "bad argument #3 to 'probe' (function expected, got number)"},
	    {"probe('f', {wen = 1}, function() end)", ERR_LUA,
	     "probe: unknown option 'wen' (there is: when)"},
	    {"finish('f', {wen = 1}, function() end)", ERR_LUA,
	     "finish: unknown option 'wen' (there is: when)"},
	    {"probe('f', {when = 1}, function() end)", ERR_LUA,
	     "probe: the option 'when' must be a function"},
	    {"probe('f', print)", ERR_TYPE, "a callback must be a Lua function, not one of C"},
	    {"probe('f', load 'return 1')", ERR_TYPE,
	     "a callback must be a function in a text, not all of it"},
	    {"probe('f', load('return function() end', '=made')())", ERR_TYPE,
	     "the text of this function is not known"},
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

static void a_callback_may_be_in_a_text_that_load_was_given(void **state)
{
	struct fixture *f = *state;

	run_well(f,
		 "for _, what in ipairs {'arg[1]', 'arg[2]'} do\n"
		 "  local sizes <const>, least <const> = aggregate.sum {title = what}, 3\n"
		 "  probe('probed_function', load('local sizes <const>, least <const> = ...\\n'\n"
		 "    .. 'return function(e) if ' .. what .. ' > least then sizes:add(e.pid) end'\n"
		 "    .. ' end')(sizes, least))\n"
		 "end");
	for (unsigned i = 1; i <= 2; i++) {
		const struct plan *plan = probe_plan(session_probe(f->session, i));
		assert_true(plan->is_in_kernel);
	}
	struct error *err = run(f, "probe('probed_function', load [[return function(e)\n"
				   "  print(e.nothing) end]]())");
	CLEANUP(buffer_deinit) struct buffer text = {0};
	error_format(err, &text);
	assert_non_null(strstr(text.data, "(string):2:9: `nothing` is no built-in name"));
	error_free(err);
}

static void a_callback_may_stand_before_its_condition(void **state)
{
	struct fixture *f = *state;

	run_well(f,
		 "local function block(e) count(e.pid) end\n"
		 "probe('probed_function', {when = function(e)\nreturn e.arg[1] > 3 end}, block)");
	const struct plan *plan = probe_plan(session_probe(f->session, f->placed));
	assert_true(plan->has_predicate);
	assert_true(plan->is_in_kernel);
}

static void without_a_callback_it_is_the_default_action(void **state)
{
	struct fixture *f = *state;

	run_well(f, "probe('probed_function')\n"
		    "probe('probed_function', {when = function(e) return e.arg[1] > 3 end})\n"
		    "probe('probed_function', {when = load('return function(e) return arg[1] > 3 "
		    "end')()})");
	for (unsigned i = 1; i <= 3; i++) {
		const struct plan *plan = probe_plan(session_probe(f->session, i));
		assert_int_equal(plan->has_predicate, i > 1);
		assert_false(plan->has_guard);
		assert_true(plan->captures.size > 0);
	}
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_statement_places_a_probe_and_tells_of_it),
	    TEST(errors_of_a_definition_show_the_users_line),
	    TEST(probe_takes_a_function_of_one_parameter),
	    TEST(tbreak_and_finish_are_functions_too),
	    TEST(a_const_local_is_a_constant_of_the_kernels),
	    TEST(each_turn_of_a_loop_has_its_own_constant),
	    TEST(probe_says_what_is_wrong_with_its_arguments),
	    TEST(functions_typed_one_after_the_other_are_told_apart),
	    TEST(a_callback_may_be_in_a_text_that_load_was_given),
	    TEST(a_callback_may_stand_before_its_condition),
	    TEST(without_a_callback_it_is_the_default_action),
	    TEST(a_module_can_hold_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
