/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_shared.c - aggregates of the script, as Lua sees them: made, added to, read.
 * Nothing is attached: what programs add is for the tests of the whole.
 */
#include "test_runtime.h"

/* A variable of the target. */
__attribute__((used)) int variable_of_the_target;

static void what_was_added_is_read_by_key(void **state)
{
	static const struct {
		const char *text, *output;
	} cases[] = {
	    {"a = aggregate.count() a:add() a:add() print(a:get(), #a)", "2\t1\n"},
	    {"a = aggregate.sum{} a:add(3, 'x') a:add(-5, 'x') print(a:get('x'), a:get('y'))",
	     "-2\tnil\n"},
	    {"a = aggregate.avg() a:add(1) a:add(2) print(a:get())", "1.5\n"},
	    {"a = aggregate.min() a:add(7, true, 2) a:add(4, true, 2) print(a:get(true, 2))",
	     "4\n"},
	    {"a = aggregate.max() a:add(-7) a:add(-4) print(a:get())", "-4\n"},
	    {"a = aggregate.max() print(a:get(), #a)", "nil\t0\n"},
	    {"a = aggregate.hist() a:add(-1) a:add(0) a:add(1) a:add(3) a:add(2)\n"
	     "for _, b in ipairs(a:get()) do print(b.low, b.high, b.count) end\n"
	     "print(a:get().count, a:get().missing)",
	     "nil\t0\t1\n0\t1\t1\n1\t2\t1\n2\t4\t2\n5\t0\n"},
	    {"a = aggregate.hist() a:add(math.maxinteger) print(a:get()[1].low, a:get()[1].high)",
	     "4611686018427387904\tnil\n"},
	    {"a = aggregate.lhist{low = -4, high = 5, step = 4} a:add(-9) a:add(4) a:add(5)\n"
	     "for _, b in ipairs(a:get()) do print(b.low, b.high, b.count) end",
	     "nil\t-4\t1\n-4\t0\t0\n0\t4\t0\n4\t5\t1\n5\tnil\t1\n"},
	    {"a = aggregate.count() a:add('y') a:add('x') a:add('y')\n"
	     "for k, v in pairs(a) do print(k, v) end",
	     "x\t1\ny\t2\n"},
	    {"a = aggregate.count() a:add(1, nil) a:add(1, false)\n"
	     "for k, v in pairs(a) do print(k[1], k[2], k.n, v) end",
	     "1\tnil\t2\t1\n1\tfalse\t2\t1\n"},
	    {"a = aggregate.count() a:add() for k, v in pairs(a) do print(k.n, v) end", "0\t1\n"},
	    {"a = aggregate.count() a:add(nil) for k, v in pairs(a) do print(k.n, k[1], v) end",
	     "1\tnil\t1\n"},
	    {"a = aggregate.count() a:add(1) a:clear() print(#a, a:get(1))", "0\tnil\n"},
	    {"a = aggregate.sum{title='bytes\\n', unit='B'} a:add(5, 'k') print(a) print(a .. '!')",
	     "bytes\\n: sum, in B\n  k  5\nbytes\\n: sum, in B\n  k  5!\n"},
	    {"a = aggregate.hist{title='t', unit='us'} a:add(700) print(a)",
	     "t: hist, in us\n  [512us, 1.02ms)  1  "
	     "|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"},
	    {"print(aggregate.count{title='same'} == aggregate.count{title='same'})", "true\n"},
	    {"print(aggregate.count() == aggregate.count())", "false\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		fixture_open(&f, false);
		expect(&f, cases[i].text, cases[i].output);
		fixture_close(&f);
	}
}

static void what_is_wrong_is_said_and_where(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"aggregate.hist(3)", "aggregate.hist takes a table of options: {title=, unit=}"},
	    {"aggregate.sum{name = 'x'}",
	     "aggregate.sum: unknown option 'name' (there are: title, unit)"},
	    {"aggregate.sum{'x'}", "aggregate.sum: unknown option '1' (there are: title, unit)"},
	    {"aggregate.lhist{lo = 1}",
	     "aggregate.lhist: unknown option 'lo' (there are: title, unit, low, high, step)"},
	    {"aggregate.avg{title = 1}", "aggregate.avg: the option 'title' must be a string"},
	    {"aggregate.avg{unit = {}}", "aggregate.avg: the option 'unit' must be a string"},
	    {"aggregate.lhist{low = 0, high = 8}",
	     "aggregate.lhist: the option 'step' must be an integer"},
	    {"aggregate.lhist{low = 8, high = 8, step = 1}",
	     "aggregate.lhist: 'high' must be greater than 'low'"},
	    {"aggregate.lhist{low = 0, high = 8, step = 0}",
	     "aggregate.lhist: 'step' must be greater than 0"},
	    {"aggregate.lhist{low = 0, high = 1001, step = 1}",
	     "aggregate.lhist: that makes 1001 buckets, and an lhist has at most 1000"},
	    {"aggregate.hist{title = 'x'} aggregate.sum{title = 'x'}",
	     "an aggregate called 'x' is there already: it is a hist, not a sum"},
	    {"aggregate.sum{title = 'x'} aggregate.sum{title = 'x', unit = 'ns'}",
	     "an aggregate called 'x' is there already, with another unit or other bounds"},
	    {"local a = aggregate.sum{title = 'x'} a:add()",
	     "too few arguments: x:add(V [, KEY ...])"},
	    {"local a = aggregate.sum{title = 'x'} a:add(1, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
	     "x:add takes at most 8 keys"},
	    {"local a = aggregate.sum{title = 'x'} a:add('7')",
	     "the value of x must be an integer, not a string"},
	    {"local a = aggregate.sum{title = 'x'} a:add(1, 1.5)",
	     "a key of x must be an integer, a string or a boolean, not a float"},
	    {"local a = aggregate.sum() a:add(1, 1) a:add(1)",
	     "`aggregate 1` has 1 key in other places, and 0 here"},
	    {"local a = aggregate.sum{title = 'x'} a:add(1) a:get(1)",
	     "`x` has 0 keys in other places, and 1 here"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;

		fixture_open(&f, false);
		expect_error(&f, cases[i].text, ERR_LUA, "test.mt:1", cases[i].message);
		fixture_close(&f);
	}
}

static const struct plan *plan_of(const struct fixture *f, unsigned number)
{
	return probe_plan(session_probe(f->session, number));
}

static void a_global_or_an_outer_local_is_known_when_the_probe_is_set(void **state)
{
	struct fixture *f = *state;

	run_well(f, "hits = aggregate.count()\n"
		    "local total, other <const> = aggregate.sum(), aggregate.max()\n"
		    "break probed_function do hits:add() total:add(arg[1]) other:add(pid, 1) end\n"
		    "hits = 7\n"
		    "probe('probed_function', function(e) total:add(e.arg[2]) end)\n"
		    "break probed_function do hits:add() end\n"
		    "break probed_function do local total total:add(pid) end\n");
	assert_true(plan_of(f, 1)->is_in_kernel);
	assert_int_equal(plan_of(f, 1)->aggregates.size, 3);
	assert_true(plan_of(f, 2)->is_in_kernel);
	assert_ptr_equal(plan_of(f, 1)->aggregates.data[1].name->handle,
			 plan_of(f, 2)->aggregates.data[0].name->handle);
	assert_false(plan_of(f, 3)->is_in_kernel);
	assert_int_equal(plan_of(f, 3)->aggregates.size, 0);
	assert_int_equal(plan_of(f, 4)->aggregates.size, 0);
}

static void clashes_of_names_are_errors_of_the_probe(void **state)
{
	static const struct {
		const char *text, *where, *message;
	} cases[] = {
	    {"x = aggregate.hist() break probed_function do x:add(1) end\n"
	     "x = aggregate.sum() break probed_function do x:add(1) end",
	     "test.mt:2:46", "`x` is a sum here, and a hist in tracepoint 1"},
	    {"x = aggregate.hist() break probed_function do x:add(1) end\n"
	     "break probed_function do x:add(1, 2) end",
	     "test.mt:2:26", "`x` has 0 keys in other places, and 1 here"},
	    {"variable_of_the_target = aggregate.count()\n"
	     "break probed_function do variable_of_the_target:add() end",
	     "test.mt:2:26",
	     "`variable_of_the_target` is a variable of the target here, and hides the script's "
	     "aggregate"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		struct error *err;

		fixture_open(&f, false);
		err = run(&f, cases[i].text);
		assert_non_null(err);
		assert_string_equal(err->message, cases[i].message);
		assert_string_equal(err->where, cases[i].where);
		error_free(err);
		fixture_close(&f);
	}
}

static bool is_first(const void *context, const struct probe *probe)
{
	(void)context;
	return probe_number(probe) == 1;
}

static void all_are_listed_by_name_or_those_of_some_probes(void **state)
{
	struct fixture *f = *state;
	struct buffer out = {0};

	run_well(f, "local c, b = aggregate.count(), aggregate.sum{title='b'}\n"
		    "local a = aggregate.max{title='a'} a:add(3)\n"
		    "break probed_function do c:add() end");
	assert_null(runtime_shared_aggregates(f->runtime, NULL, NULL, OUTPUT_TEXT, &out));
	assert_string_equal(out.data, "a: max\n  3\nc: count\n  nothing yet\n");
	buffer_clear(&out);
	assert_null(runtime_shared_aggregates(f->runtime, is_first, NULL, OUTPUT_TEXT, &out));
	assert_string_equal(out.data, "c: count\n  nothing yet\n");
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_added_is_read_by_key),
	    cmocka_unit_test(what_is_wrong_is_said_and_where),
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_global_or_an_outer_local_is_known_when_the_probe_is_set),
	    cmocka_unit_test(clashes_of_names_are_errors_of_the_probe),
	    TEST(all_are_listed_by_name_or_those_of_some_probes),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
