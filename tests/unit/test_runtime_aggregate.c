/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_aggregate.c - count() and its kin in blocks that Lua runs. The probes are
 * real but not attached; the records are made by hand.
 */
#include "test_runtime.h"

#include "../../src/runtime/internal.h"
#include "test_types.h"

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

	assert_null(runtime_aggregates(session_probe(f->session, 1), OUTPUT_TEXT, &out));
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

	run_well(
	    f,
	    "break probed_function do local _ local v = u8(arg[1]) sum(v) count(v, 1) max(v + 1) "
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
	    {"sum(arg[1] / 2)",
	     "the value of sum must be an integer, not a float: // divides integers"},
	    {"max(nothing)", "the value of max must be an integer, not a nil"},
	    {"hist(comm)", "the value of hist must be an integer, not a string"},
	    {"count(arg[1] / 2)",
	     "a key of count must be an integer, a string or a boolean, not a float"},
	    {"avg(1, 2, string)",
	     "a key of avg must be an integer, a string or a boolean, not a table"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		char script[128], notice[192];

		fixture_open(&f, false);
		snprintf(script, sizeof(script), "nothing = nil break probed_function do\n  %s end",
			 cases[i].block);
		snprintf(notice, sizeof(notice), "Tracepoint 1: test.mt:2: %s\n", cases[i].message);
		run_well(&f, script);
		hit(&f, 3, false);
		if (!f.notices.data || !strstr(f.notices.data, notice))
			fail_msg("%s\n%s", notice, f.notices.data);
		fixture_close(&f);
	}
}

static void a_key_may_be_a_boolean_or_nil(void **state)
{
	struct fixture *f = *state;

	run_well(f, "nothing = nil break probed_function do count(arg[1] > 2, nothing) end");
	for (int i = 0; i < 5; i++)
		hit(f, i, false);
	expect_aggregates(f, "Tracepoint 1, probed_function: count(arg[1] > 2, nothing)\n"
			     "  true   nil  2\n"
			     "  false  nil  3\n");
}

static void a_long_string_is_cut_as_a_key(void **state)
{
	struct fixture *f = *state;
	char expected[2 * AGGREGATE_KEY_BYTES_MAX + 100], same[AGGREGATE_KEY_BYTES_MAX + 1] = {0};

	run_well(f, "break probed_function do count(('x'):rep(arg[1])) end");
	hit(f, AGGREGATE_KEY_BYTES_MAX, false);
	hit(f, AGGREGATE_KEY_BYTES_MAX + 1, false);
	hit(f, 1000, false);
	memset(same, 'x', AGGREGATE_KEY_BYTES_MAX);
	snprintf(expected, sizeof(expected),
		 "Tracepoint 1, probed_function: count(('x'):rep(arg[1]))\n"
		 "  %s     1\n"
		 "  %s...  2\n",
		 same, same);
	expect_aggregates(f, expected);
}

/* A row of one key, whose words are these. */
static void read_one(struct fixture *f, const struct plan_aggregate *plan, mt_u64 missing,
		     const void *words, size_t size, struct aggregate *aggregate)
{
	struct row_reader reader = {session_probe(f->session, 1), plan, aggregate};
	mt_u64 key[64] = {missing};
	const mt_u64 row[AGGREGATE_DATA] = {1};

	memcpy(&key[1], words, size);
	row_read(&reader, key, row);
}

static void keys_of_the_kernel_are_those_of_lua(void **state)
{
	static const mt_u64 ones = UINT64_MAX, two = 2, zero = 0, null = MISSING_NULL, five = 5;
	static const struct {
		const char *what;
		enum capture_kind kind;
		const struct type *type;
		const void *words;
		size_t size;
		const char *text;
		bool is_missing;
	} cases[] = {
	    {"an integer", CAPTURE_INTEGER, NULL, &ones, 8, "-1", false},
	    {"a small unsigned", CAPTURE_UNSIGNED, NULL, &two, 8, "2", false},
	    {"a big one", CAPTURE_UNSIGNED, NULL, &ones, 8, "18446744073709551615", false},
	    {"true", CAPTURE_BOOLEAN, NULL, &two, 8, "true", false},
	    {"false", CAPTURE_BOOLEAN, NULL, &zero, 8, "false", false},
	    {"an enumerator", CAPTURE_ENUM, &t_color, &five, 8, "BLUE", false},
	    {"no enumerator", CAPTURE_ENUM, &t_color, &two, 8, "2", false},
	    {"a big enum", CAPTURE_ENUM, &t_big_enum, &ones, 8, "18446744073709551615", false},
	    {"an address", CAPTURE_POINTER, NULL, &five, 8, "0x5", false},
	    {"no address", CAPTURE_POINTER, NULL, &zero, 8, "nil", false},
	    {"a string", CAPTURE_STRING, NULL, "\3\0\0\0\0\0\0\0abc", 12, "abc", false},
	    {"one that was cut", CAPTURE_STRING, NULL, "\3\0\0\0\1\0\0\0abc", 12, "abc...", false},
	    {"comm", CAPTURE_COMM, NULL, "sixteen bytes\0xx", 16, "sixteen bytes", false},
	    {"the probe", CAPTURE_PROBE, NULL, &zero, 8, "1", false},
	    {"missing", CAPTURE_INTEGER, NULL, &zero, 8, "<unreadable>", true},
	    {"missing, and why", CAPTURE_STRING, NULL, &null, 8, "<null pointer>", true},
	};
	struct fixture *f = *state;

	run_well(f, "break probed_function do count() end");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The second key shows where the first one ends. */
		const struct plan_aggregate plan = {.key_count = 2,
						    .keys = {cases[i].kind, CAPTURE_INTEGER},
						    .key_types = {cases[i].type}};
		mt_u64 words[64] = {0};
		struct aggregate aggregate;
		struct buffer out = {0};
		char expected[64];

		memcpy(words, cases[i].words, cases[i].size);
		words[capture_key_words(cases[i].kind)] = 77;
		aggregate_init(&aggregate, &plan.shape, 2);
		read_one(f, &plan, cases[i].is_missing, words, sizeof(words) - 8, &aggregate);
		aggregate_format(&aggregate, &out);
		snprintf(expected, sizeof(expected), "  %s  77  1\n", cases[i].text);
		if (strcmp(out.data, expected) != 0)
			fail_msg("%s: %s, not %s", cases[i].what, out.data, expected);
		buffer_deinit(&out);
		aggregate_deinit(&aggregate);
	}
}

/* A string is as long in both halves: captured and cut, then cut as a key. */
static void a_string_of_the_kernel_is_the_key_that_it_is_in_lua(void **state)
{
	static const struct plan_aggregate plan = {.key_count = 1, .keys = {CAPTURE_STRING}};
	struct fixture *f = *state;

	run_well(f, "break probed_function do count() end");
	for (size_t size = AGGREGATE_KEY_BYTES_MAX - 5; size <= AGGREGATE_KEY_BYTES_MAX; size++) {
		mt_u64 words[1 + AGGREGATE_KEY_BYTES_MAX / 8] = {size | RECORD_STRING_CUT};
		struct aggregate aggregate;
		struct buffer out = {0}, expected = {0};

		memset(&words[1], 'y', size);
		aggregate_init(&aggregate, &plan.shape, 1);
		read_one(f, &plan, 0, words, sizeof(words), &aggregate);
		aggregate_format(&aggregate, &out);
		/* What Lua has, as the key it makes of it. */
		memset(buffer_reserve(&expected, size), 'y', size);
		expected.size = size;
		buffer_puts(&expected, "...");
		if (expected.size > AGGREGATE_KEY_BYTES_MAX) {
			expected.size = AGGREGATE_KEY_BYTES_MAX;
			buffer_puts(&expected, "...");
		}
		assert_memory_equal(out.data + 2, expected.data, expected.size);
		assert_string_equal(out.data + 2 + expected.size, "  1\n");
		buffer_deinit(&out);
		buffer_deinit(&expected);
		aggregate_deinit(&aggregate);
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
	runtime_deliver(f->runtime); /* nothing of it is on the way any more */
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
	    TEST(a_key_may_be_a_boolean_or_nil),
	    TEST(a_long_string_is_cut_as_a_key),
	    TEST(keys_of_the_kernel_are_those_of_lua),
	    TEST(a_string_of_the_kernel_is_the_key_that_it_is_in_lua),
	    TEST(the_rows_of_a_deleted_probe_go_with_it),
	    TEST(a_block_for_the_kernel_has_nothing_yet_where_nothing_is_attached),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
