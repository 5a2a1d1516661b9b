/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_aggregate.c - count() and its kin in blocks that Lua runs. The probes are
 * real but not attached; the records are made by hand.
 */
#include "test_runtime.h"

#include "../../src/runtime/internal.h"

/* One event of probe 1; a: its first integer. */
static void hit(struct fixture *f, int64_t a, bool is_missing)
{
	union {
		struct record record;
		uint64_t room[64];
	} made = {.record = {.missing = is_missing}};
	const struct delivery delivery = {session_probe(f->session, 1), 0, &made.record};

	made.record.slots[0] = (uint64_t)a;
	deliver_collect(f->runtime, &delivery);
	deliver_batch(f->runtime);
}

static void expect_aggregates(struct fixture *f, const char *expected)
{
	struct buffer out = {0};

	assert_null(runtime_aggregates(session_probe(f->session, 1), &out));
	assert_string_equal(out.data ? out.data : "", expected);
	buffer_deinit(&out);
}

static void a_mixed_block_counts_in_lua(void **state)
{
	struct fixture *f = *state;

	run_well(f, "local names = {[0] = 'even', 'odd'}\n"
		    "break probed_function do\n"
		    "  local n = arg[1]\n"
		    "  count(names[n % 2]) sum(n, func, n % 2)\n"
		    "  if n > 2 then avg(n) end\n"
		    "end");
	for (int i = 0; i < 5; i++)
		hit(f, i, false);
	assert_string_equal(f->notices.data ? f->notices.data : "", "");
	expect_aggregates(f, "Tracepoint 1, probed_function: count(names[n % 2])\n"
			     "  odd   2\n"
			     "  even  3\n"
			     "Tracepoint 1, probed_function: sum(n, func, n % 2)\n"
			     "  probed_function  1  4\n"
			     "  probed_function  0  6\n"
			     "Tracepoint 1, probed_function: avg(n)\n"
			     "  3.5\n");
}

static void missing_values_are_counted_as_such_and_missing_keys_say_so(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function do local v = u8(arg[1]) sum(v) count(v, 1) max(v + 1) "
		    "end");
	hit(f, 7, false);
	hit(f, 7, true);
	expect_aggregates(f, "Tracepoint 1, probed_function: sum(v)\n"
			     "  7  (1 missing)\n"
			     "Tracepoint 1, probed_function: count(v, 1)\n"
			     "  <unreadable>  1  1\n"
			     "  7             1  1\n"
			     "Tracepoint 1, probed_function: max(v + 1)\n"
			     "  8  (1 missing)\n");
}

static void what_is_no_integer_is_an_error_of_the_block(void **state)
{
	static const struct {
		const char *block, *message;
	} cases[] = {
	    {"sum(arg[1] / 2)", "the value of sum must be an integer, not a float"},
	    {"max(x)", "the value of max must be an integer, not a nil"},
	    {"hist(comm)", "the value of hist must be an integer, not a string"},
	    {"count(arg[1] / 2)", "a key of count must be an integer or a string, not a float"},
	    {"avg(1, 2, arg[1] == 1)",
	     "a key of avg must be an integer or a string, not a boolean"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		char script[128], notice[192];

		fixture_open(&f, false);
		snprintf(script, sizeof(script), "break probed_function do\n  %s end",
			 cases[i].block);
		snprintf(notice, sizeof(notice), "Tracepoint 1: test.mt:2: %s\n", cases[i].message);
		run_well(&f, script);
		hit(&f, 3, false);
		if (!f.notices.data || !strstr(f.notices.data, notice))
			fail_msg("%s\n%s", notice, f.notices.data);
		fixture_close(&f);
	}
}

static void the_rows_of_a_deleted_probe_go_with_it(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function do local _ count(arg[1]) end");
	for (int i = 0; i < 1000; i++)
		hit(f, i, false);
	run_well(f, "delete(1)");
	assert_null(session_probe(f->session, 1));
	run_well(f, "collectgarbage()");
	assert_int_equal(f->runtime->handles.size, 0);
}

static void a_block_for_the_kernel_has_nothing_yet_where_nothing_is_attached(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function do count() end");
	assert_true(probe_plan(session_probe(f->session, 1))->is_in_kernel);
	expect_aggregates(f, "Tracepoint 1, probed_function: count()\n  nothing yet\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_mixed_block_counts_in_lua),
	    TEST(missing_values_are_counted_as_such_and_missing_keys_say_so),
	    TEST(what_is_no_integer_is_an_error_of_the_block),
	    TEST(the_rows_of_a_deleted_probe_go_with_it),
	    TEST(a_block_for_the_kernel_has_nothing_yet_where_nothing_is_attached),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
