/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_output_aggregate.c - rows by key, their order, and what they look like. */
#include "moontap/output.h"

#include <setjmp.h>

#include <cmocka.h>

static struct aggregate_key integer(int64_t value)
{
	return (struct aggregate_key){.kind = AGGREGATE_KEY_INTEGER, .integer = value};
}

static struct aggregate_key text(const char *bytes)
{
	return (struct aggregate_key){AGGREGATE_KEY_STRING, 0, bytes, strlen(bytes)};
}

static void expect(struct aggregate *aggregate, const char *expected)
{
	struct buffer out = {0};

	aggregate_format(aggregate, &out);
	assert_string_equal(out.data, expected);
	buffer_deinit(&out);
	aggregate_deinit(aggregate);
}

/* Values -3 .. 8 of one row without keys. */
static void fill(struct aggregate *aggregate, const struct aggregate_shape *shape)
{
	aggregate_init(aggregate, shape, 0);
	for (int value = -3; value <= 8; value++)
		aggregate_add(aggregate, aggregate_row(aggregate, NULL), value);
}

static void each_kind_shows_its_value(void **state)
{
	static const struct {
		struct aggregate_shape shape;
		const char *text;
	} cases[] = {
	    {{.kind = AGGREGATE_OF_COUNT}, "  12\n"},
	    {{.kind = AGGREGATE_OF_SUM}, "  30\n"},
	    {{.kind = AGGREGATE_OF_AVG}, "  2.5\n"},
	    {{.kind = AGGREGATE_OF_MIN}, "  -3\n"},
	    {{.kind = AGGREGATE_OF_MAX}, "  8\n"},
	    {{.kind = AGGREGATE_OF_HIST},
	     "  (..., 0)  3  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@             |\n"
	     "  [0]       1  |@@@@@@@@@@@@@                                       |\n"
	     "  [1]       1  |@@@@@@@@@@@@@                                       |\n"
	     "  [2, 4)    2  |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
	     "  [4, 8)    4  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	     "  [8, 16)   1  |@@@@@@@@@@@@@                                       |\n"},
	    {{.kind = AGGREGATE_OF_LHIST, .low = -2, .high = 5, .step = 4},
	     "  (..., -2)  1  |@@@@@@@@@@@@@                                       |\n"
	     "  [-2, 2)    4  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	     "  [2, 5)     3  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@             |\n"
	     "  [5, ...)   4  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct aggregate aggregate;

		fill(&aggregate, &cases[i].shape);
		expect(&aggregate, cases[i].text);
	}
}

static struct aggregate_key stack(const char *lines)
{
	return (struct aggregate_key){AGGREGATE_KEY_STACK, 0, lines, strlen(lines)};
}

static void the_frames_of_a_stack_stand_below_its_row(void **state)
{
	const struct aggregate_key rows[][2] = {
	    {text("ls"), stack("    f+0x1 (a.c:1)\n    main+0x2")},
	    {text("ls"), stack("    g+0x1")},
	    {text("bash"), {.kind = AGGREGATE_KEY_MISSING, .bytes = "<unreadable>", .size = 12}},
	    {text("ls"), stack("    g+0x1")},
	};
	const struct aggregate_shape count = {.kind = AGGREGATE_OF_COUNT};
	const struct aggregate_shape hist = {.kind = AGGREGATE_OF_HIST};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &count, 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		aggregate_add(&aggregate, aggregate_row(&aggregate, rows[i]), 0);
	expect(&aggregate, "  bash  <unreadable>  1\n"
			   "  ls                  1\n"
			   "      f+0x1 (a.c:1)\n"
			   "      main+0x2\n"
			   "  ls                  2\n"
			   "      g+0x1\n");
	aggregate_init(&aggregate, &count, 1);
	for (size_t i = 0; i < 2; i++)
		aggregate_add(&aggregate, aggregate_row(&aggregate, &rows[i][1]), 0);
	expect(&aggregate, "    1\n"
			   "      f+0x1 (a.c:1)\n"
			   "      main+0x2\n"
			   "    1\n"
			   "      g+0x1\n");
	aggregate_init(&aggregate, &hist, 1);
	aggregate_add(&aggregate, aggregate_row(&aggregate, &rows[1][1]), 1);
	expect(&aggregate, "      g+0x1\n"
			   "  [1]  1  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n");
	aggregate_init(&aggregate, &hist, 2);
	aggregate_add(&aggregate, aggregate_row(&aggregate, rows[1]), 1);
	expect(&aggregate, "  ls:\n"
			   "      g+0x1\n"
			   "  [1]  1  |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n");
}

static void expect_json(struct aggregate *aggregate, const char *expected)
{
	struct buffer out = {0};

	aggregate_json(aggregate, &out);
	assert_string_equal(out.data, expected);
	buffer_deinit(&out);
	aggregate_deinit(aggregate);
}

#define ROW "\",\"unit\":null,\"rows\":[{\"keys\":[],\"count\":12,\"missing\":0"

static void as_json_each_kind_has_its_numbers(void **state)
{
	static const struct {
		struct aggregate_shape shape;
		const char *text;
	} cases[] = {
	    {{.kind = AGGREGATE_OF_COUNT}, "\"kind\":\"count" ROW "}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_SUM}, "\"kind\":\"sum" ROW ",\"value\":30}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_AVG}, "\"kind\":\"avg" ROW ",\"value\":2.5}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_MIN}, "\"kind\":\"min" ROW ",\"value\":-3}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_MAX}, "\"kind\":\"max" ROW ",\"value\":8}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_HIST},
	     "\"kind\":\"hist" ROW ",\"buckets\":[{\"max\":-1,\"count\":3},"
	     "{\"min\":0,\"max\":0,\"count\":1},{\"min\":1,\"max\":1,\"count\":1},"
	     "{\"min\":2,\"max\":3,\"count\":2},{\"min\":4,\"max\":7,\"count\":4},"
	     "{\"min\":8,\"max\":15,\"count\":1}]}],\"dropped\":0"},
	    {{.kind = AGGREGATE_OF_LHIST, .low = -2, .high = 5, .step = 4},
	     "\"kind\":\"lhist" ROW ",\"buckets\":[{\"max\":-3,\"count\":1},"
	     "{\"min\":-2,\"max\":1,\"count\":4},{\"min\":2,\"max\":4,\"count\":3},"
	     "{\"min\":5,\"count\":4}]}],\"dropped\":0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct aggregate aggregate;

		fill(&aggregate, &cases[i].shape);
		expect_json(&aggregate, cases[i].text);
	}
}

static void as_json_a_key_is_the_value_it_is(void **state)
{
	const struct aggregate_shape sum = {.kind = AGGREGATE_OF_SUM};
	const struct aggregate_key keys[8] = {
	    {.kind = AGGREGATE_KEY_NIL},
	    {AGGREGATE_KEY_MISSING, 0, "<unreadable>", 12},
	    {.kind = AGGREGATE_KEY_BOOLEAN, .integer = 1},
	    integer(INT64_MIN),
	    {.kind = AGGREGATE_KEY_UNSIGNED, .integer = -1},
	    {.kind = AGGREGATE_KEY_ADDRESS, .integer = 0x1f},
	    text("a\"\n\xff"),
	    {AGGREGATE_KEY_STACK, 0, "  f+0x1 (a.c:1)\n  main", 22},
	};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &sum, ARRAY_SIZE(keys));
	aggregate.unit = "by\"tes";
	aggregate.dropped = 7;
	aggregate_row(&aggregate, keys)[AGGREGATE_MISSING] = 2;
	expect_json(&aggregate,
		    "\"kind\":\"sum\",\"unit\":\"by\\\"tes\",\"rows\":[{\"keys\":[null,"
		    "{\"missing\":\"<unreadable>\"},true,-9223372036854775808,"
		    "18446744073709551615,\"0x1f\",{\"bytes\":\"61220aff\"},"
		    "[\"f+0x1 (a.c:1)\",\"main\"]],\"count\":0,\"missing\":2,\"value\":null}],"
		    "\"dropped\":7");
	aggregate_init(&aggregate, &sum, 1);
	expect_json(&aggregate, "\"kind\":\"sum\",\"unit\":null,\"rows\":[],\"dropped\":0");
}

static void the_ends_of_the_integers_have_their_buckets(void **state)
{
	const struct aggregate_shape log2 = {.kind = AGGREGATE_OF_HIST};
	const struct aggregate_shape linear = {AGGREGATE_OF_LHIST, 1,	      INT64_MIN,
					       INT64_MAX,	   INT64_MAX, 0};
	const struct aggregate_shape least = {.kind = AGGREGATE_OF_MIN};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &log2, 0);
	mt_u64 *row = aggregate_row(&aggregate, NULL);
	aggregate_add(&aggregate, row, INT64_MIN);
	aggregate_add(&aggregate, row, INT64_MAX);
	aggregate_add(&aggregate, row, 1ll << 62);
	aggregate_add(&aggregate, row, (1ll << 62) - 1);
	assert_int_equal(row[AGGREGATE_DATA], 1);
	assert_int_equal(row[AGGREGATE_DATA + AGGREGATE_BUCKETS_HIST - 1], 2);
	assert_int_equal(row[AGGREGATE_DATA + AGGREGATE_BUCKETS_HIST - 2], 1);
	aggregate_deinit(&aggregate);

	aggregate_init(&aggregate, &linear, 0);
	row = aggregate_row(&aggregate, NULL);
	assert_int_equal(aggregate_words(&linear), AGGREGATE_DATA + 3 + 2);
	aggregate_add(&aggregate, row, INT64_MIN);
	aggregate_add(&aggregate, row, INT64_MAX - 1);
	aggregate_add(&aggregate, row, INT64_MAX);
	assert_int_equal(row[AGGREGATE_DATA + 1], 1);
	assert_int_equal(row[AGGREGATE_DATA + 3], 1);
	assert_int_equal(row[AGGREGATE_DATA + 4], 1);
	aggregate_deinit(&aggregate);

	aggregate_init(&aggregate, &least, 0);
	aggregate_add(&aggregate, aggregate_row(&aggregate, NULL), INT64_MAX);
	expect(&aggregate, "  9223372036854775807\n");
	aggregate_init(&aggregate, &least, 0);
	aggregate_add(&aggregate, aggregate_row(&aggregate, NULL), INT64_MIN);
	expect(&aggregate, "  -9223372036854775808\n");
}

static void rows_ascend_by_value_and_equal_ones_by_key(void **state)
{
	const struct aggregate_shape shape = {.kind = AGGREGATE_OF_COUNT};
	static const struct {
		int64_t number;
		const char *text;
		int times;
	} rows[] = {{10, "b", 2}, {9, "b", 2}, {9, "a\33[31m\n", 2}, {-1, "c", 30}, {5, "", 1}};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &shape, 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int k = 0; k < rows[i].times; k++) {
			const struct aggregate_key keys[] = {integer(rows[i].number),
							     text(rows[i].text)};
			aggregate_add(&aggregate, aggregate_row(&aggregate, keys), 0);
		}
	expect(&aggregate, "  5                 1\n"
			   "  9   a\\x1b[31m\\n   2\n"
			   "  9   b             2\n"
			   "  10  b             2\n"
			   "  -1  c            30\n");
}

static void keys_of_every_kind_have_an_order_and_a_text(void **state)
{
	static const struct aggregate_shape shape = {.kind = AGGREGATE_OF_COUNT};
	static const struct aggregate_key keys[] = {
	    {AGGREGATE_KEY_STRING, 0, "true", 4},	  {AGGREGATE_KEY_ADDRESS, -16, NULL, 0},
	    {AGGREGATE_KEY_ADDRESS, 0x7f00, NULL, 0},	  {AGGREGATE_KEY_UNSIGNED, -1, NULL, 0},
	    {AGGREGATE_KEY_UNSIGNED, INT64_MIN, NULL, 0}, {AGGREGATE_KEY_INTEGER, 1, NULL, 0},
	    {AGGREGATE_KEY_INTEGER, -1, NULL, 0},	  {AGGREGATE_KEY_BOOLEAN, true, NULL, 0},
	    {AGGREGATE_KEY_BOOLEAN, false, NULL, 0},
	};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &shape, 1);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(keys); i++)
		aggregate_add(&aggregate, aggregate_row(&aggregate, &keys[i % ARRAY_SIZE(keys)]),
			      0);
	expect(&aggregate, "  false                 2\n"
			   "  true                  2\n"
			   "  -1                    2\n"
			   "  1                     2\n"
			   "  9223372036854775808   2\n"
			   "  18446744073709551615  2\n"
			   "  0x7f00                2\n"
			   "  0xfffffffffffffff0    2\n"
			   "  true                  2\n");
}

static void what_is_missing_is_counted_and_never_0(void **state)
{
	static const struct aggregate_shape sum = {.kind = AGGREGATE_OF_SUM},
					    hist = {.kind = AGGREGATE_OF_HIST};
	const struct aggregate_key missing = {AGGREGATE_KEY_MISSING, 0, "<unreadable>", 12};
	const struct aggregate_key keys[] = {integer(1), missing, {.kind = AGGREGATE_KEY_NIL}};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &sum, 1);
	aggregate_row(&aggregate, &keys[0])[AGGREGATE_MISSING] = 3;
	aggregate_add(&aggregate, aggregate_row(&aggregate, &keys[1]), -7);
	aggregate_add(&aggregate, aggregate_row(&aggregate, &keys[2]), 0);
	expect(&aggregate, "  1             none  (3 missing)\n"
			   "  <unreadable>    -7\n"
			   "  nil              0\n");
	aggregate_init(&aggregate, &hist, 0);
	aggregate_row(&aggregate, NULL)[AGGREGATE_MISSING] = 3;
	expect(&aggregate, "  missing  3\n");
	aggregate_init(&aggregate, &hist, 0);
	expect(&aggregate, "  nothing yet\n");
}

static void a_full_table_says_what_it_dropped(void **state)
{
	const struct aggregate_shape shape = {AGGREGATE_OF_LHIST, 1, 0, 1000, 1, 0};
	struct aggregate aggregate;

	(void)state;
	aggregate_init(&aggregate, &shape, 1);
	size_t capacity = aggregate_capacity(&shape);
	assert_true(capacity >= 500 && capacity < AGGREGATE_ROWS_MAX);
	for (size_t i = 0; i < capacity + 7; i++) {
		const struct aggregate_key key = integer((int64_t)(i * 7919 % 100003));

		assert_int_equal(aggregate_row(&aggregate, &key) != NULL, i < capacity);
	}
	assert_int_equal(aggregate.rows.size, capacity);
	assert_int_equal(aggregate.dropped, 7);
	for (size_t i = 1; i < capacity; i++)
		assert_true(aggregate.rows.data[i - 1].keys[0].integer <
			    aggregate.rows.data[i].keys[0].integer);
	struct buffer out = {0};
	aggregate_format(&aggregate, &out);
	char *last = strstr(out.data, "  7 dropped: the table is full (");
	assert_non_null(last);
	buffer_deinit(&out);
	aggregate_deinit(&aggregate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_shows_its_value),
	    cmocka_unit_test(as_json_each_kind_has_its_numbers),
	    cmocka_unit_test(as_json_a_key_is_the_value_it_is),
	    cmocka_unit_test(the_ends_of_the_integers_have_their_buckets),
	    cmocka_unit_test(the_frames_of_a_stack_stand_below_its_row),
	    cmocka_unit_test(rows_ascend_by_value_and_equal_ones_by_key),
	    cmocka_unit_test(keys_of_every_kind_have_an_order_and_a_text),
	    cmocka_unit_test(what_is_missing_is_counted_and_never_0),
	    cmocka_unit_test(a_full_table_says_what_it_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
