/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_record.c - what scripts say as records (--format json); and the default action,
 * as a line and as a record. The records of hits are made by hand.
 */
#include "test_runtime.h"

#include "../../src/runtime/internal.h"

/* Whoever asks for memory: Lua, we, and the C library itself. */
static unsigned long allocations;
#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}
#endif

/* A hit of probe 1, 1 ns after the wall's clock was 0. */
static void add_hit(struct fixture *f, bool is_missing)
{
	union {
		struct record record;
		uint64_t room[64];
	} made = {.record = {.time_ns = 1}};
	const struct delivery delivery = {session_probe(f->session, 1), 0, &made.record};
	const struct plan *plan = probe_plan(delivery.probe);

	for (size_t i = 0; i < plan->captures.size; i++) {
		const struct capture *capture = &plan->captures.data[i];
		uint64_t *slot = (uint64_t *)&made.record.slots[capture->slot];

		if (capture->kind == CAPTURE_COMM)
			memcpy(slot, "a\"b\x1b\xff", 6);
		else if (strcmp(capture->text, "tid") == 0)
			*slot = 77;
		else if (is_missing && strcmp(capture->text, "b") == 0)
			made.record.missing |= 1ull << capture->slot;
		else if (capture->kind <= CAPTURE_COMM)
			*slot = 5;
	}
	deliver_collect(f->runtime, &delivery);
}

static const char *hit(struct fixture *f)
{
	add_hit(f, true);
	deliver_batch(f->runtime);
	return printed(f);
}

static int set_up_records(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open_as(f, false, false, OUTPUT_JSON);
	*state = f;
	return 0;
}

/* The time of a record, which is the one thing in it that is not known before. */
static const char *without_time(const char *records)
{
	static char text[4096];
	char *out = text;

	for (const char *at = records; *at && out < text + sizeof(text) - 1;) {
		if (strncmp(at, "\"time\":", 7) == 0)
			at += 7 + strspn(at + 7, "0123456789") + 1;
		else
			*out++ = *at++;
	}
	*out = '\0';
	return text;
}

/* ------------------------------------------------------------------- outside */

static void what_a_script_prints_is_a_record_a_call(void **state)
{
	struct fixture *f = *state;

	expect(
	    f, "print(1, 'x', nil) print()",
	    "{\"type\":\"print\",\"text\":\"1\\tx\\tnil\"}\n{\"type\":\"print\",\"text\":\"\"}\n");
	expect(f, "printf('%d\\n\\n', 7) printf('no end') printf('')",
	       "{\"type\":\"print\",\"text\":\"7\\n\"}\n"
	       "{\"type\":\"print\",\"text\":\"no end\",\"partial\":true}\n");
	expect(f, "print('\\27[1m\"\\\\\\0\\xff') printf('\\27\\xff\\n')",
	       "{\"type\":\"print\",\"text\":\"\\\\x1b[1m\\\"\\\\\\\\x00\\\\xff\"}\n"
	       "{\"type\":\"print\",\"text\":\"\\u001b\\\\xff\"}\n");
	expect(
	    f, "print(table.unpack({}, 1, 20))",
	    "{\"type\":\"print\",\"text\":\"nil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\t"
	    "nil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\\tnil\"}\n");
}

static void what_a_script_emits_is_the_data_of_a_record(void **state)
{
	struct fixture *f = *state;

	expect(f, "emit{a=1, s='\\xff'} emit{}",
	       "{\"type\":\"emit\",\"data\":{\"a\":1,\"s\":{\"bytes\":\"ff\"}}}\n"
	       "{\"type\":\"emit\",\"data\":{}}\n");
}

static void an_error_leaves_no_half_record(void **state)
{
	struct fixture *f = *state;
	static const char *const scripts[] = {
	    "printf('%d', 'x')",
	    "print(1, setmetatable({}, {__tostring = function() error('no') end}))",
	    "emit{1, setmetatable({}, {__tostring = function() error('no') end})}",
	    "emit(1)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct error *err = run(f, scripts[i]);

		assert_non_null(err);
		error_free(err);
		assert_string_equal(printed(f), "");
	}
}

static void an_aggregate_that_is_printed_is_a_record_of_its_own(void **state)
{
	struct fixture *f = *state;

	run_well(f, "s = aggregate.sum{title='a\"b', unit='ns'} s:add(3, 'k') s:add(4, 'k')");
	expect(f, "print(s)",
	       "{\"type\":\"aggregate\",\"title\":\"a\\\"b\",\"kind\":\"sum\",\"unit\":\"ns\","
	       "\"rows\":"
	       "[{\"keys\":[\"k\"],\"count\":2,\"missing\":0,\"value\":7}],\"dropped\":0}\n");
	expect(
	    f, "c = aggregate.count{title='c'} print('now', c, 1)",
	    "{\"type\":\"print\",\"text\":\"now\\t1\"}\n"
	    "{\"type\":\"aggregate\",\"title\":\"c\",\"kind\":\"count\",\"unit\":null,\"rows\":[],"
	    "\"dropped\":0}\n");
	expect(f, "printf('%s\\n', c)",
	       "{\"type\":\"print\",\"text\":\"c: count\\n  nothing yet\"}\n");
}

static void an_expression_at_the_prompt_is_a_record(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "= 1 + 1, 'x'";

	assert_null(runtime_run(f->runtime, source_new("(console)", text, strlen(text)), true));
	assert_string_equal(printed(f), "{\"type\":\"print\",\"text\":\"2\\tx\"}\n");
}

/* --------------------------------------------------------------- in callbacks */

static void a_callback_s_records_say_of_which_probe_and_when(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function do print('x') emit{t = time} printf('y') end");
	const char *records = hit(f);
	char *time = strstr(records, "\"time\":");
	char *data = strstr(records, "\"data\":{\"t\":");
	assert_non_null(time);
	assert_non_null(data);
	assert_int_equal(atoll(time + 7), atoll(data + 12));
	data[12] = '\0';
	assert_string_equal(without_time(records),
			    "{\"type\":\"print\",\"probe\":1,\"text\":\"x\"}\n"
			    "{\"type\":\"emit\",\"probe\":1,\"data\":{\"t\":");
	/* Outside of it there is neither. */
	expect(f, "print(1)", "{\"type\":\"print\",\"text\":\"1\"}\n");
}

static void the_default_action_is_a_record_of_typed_values(void **state)
{
	struct fixture *f = *state;
	struct buffer expected = {0};

	run_well(f, "break probed_function");
	const struct line *line = &probe_site(session_probe(f->session, 1), 0)->line;
	buffer_puts(&expected, "{\"type\":\"hit\",\"probe\":1,\"tid\":77,\"goid\":null,\"comm\":"
			       "{\"bytes\":\"6122621bff\"},\"func\":\"probed_function\",\"file\":");
	json_text(&expected, line->file, strlen(line->file));
	buffer_printf(&expected,
		      ",\"line\":%u,\"args\":{\"a\":5,\"b\":{\"missing\":\"<unreadable>\"}}}\n",
		      line->number);
	assert_string_equal(without_time(hit(f)), expected.data);
	buffer_deinit(&expected);
}

static void the_default_action_of_a_finish_has_the_results(void **state)
{
	struct fixture *f = *state;

	run_well(f, "finish probed_function");
	const char *record = strstr(hit(f), ",\"elapsed_ns\"");
	assert_non_null(record);
	assert_string_equal(record, ",\"elapsed_ns\":5,\"results\":[5]}\n");
}

static void the_default_action_is_a_line_for_people(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function");
	const char *line = hit(f);
	assert_string_equal(strchr(line, '.') + 4 + 3,
			    "  a\"b\\x1b\\xff[77]  probed_function(a=5, b=<unreadable>)\n");
	assert_int_equal(strspn(line, "0123456789:."), strlen("12:00:00.000000"));
}

static void the_line_of_a_finish_has_the_results(void **state)
{
	struct fixture *f = *state;

	run_well(f, "finish probed_function");
	assert_string_equal(strchr(hit(f), ']'), "]  probed_function = 5\n");
}

static void a_hit_allocates_nothing(void **state)
{
	struct fixture *f = *state;

	run_well(f, "break probed_function");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100; i++)
			add_hit(f, false);
		allocations = 0;
		deliver_batch(f->runtime);
		/* Those of the batch: Lua's stack, which had shrunk. */
		if (round == 1)
			assert_true(allocations < 10);
		runtime_flush(f->runtime);
	}
	assert_int_equal(strncmp(printed(f), "{\"type\":\"hit\"", 13), 0);
}

int main(void)
{
#define RECORDS(test) cmocka_unit_test_setup_teardown(test, set_up_records, tear_down)
#define LINES(test)   cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    RECORDS(what_a_script_prints_is_a_record_a_call),
	    RECORDS(what_a_script_emits_is_the_data_of_a_record),
	    RECORDS(an_error_leaves_no_half_record),
	    RECORDS(an_aggregate_that_is_printed_is_a_record_of_its_own),
	    RECORDS(an_expression_at_the_prompt_is_a_record),
	    RECORDS(a_callback_s_records_say_of_which_probe_and_when),
	    RECORDS(the_default_action_is_a_record_of_typed_values),
	    RECORDS(the_default_action_of_a_finish_has_the_results),
	    LINES(the_default_action_is_a_line_for_people),
	    LINES(the_line_of_a_finish_has_the_results),
	    RECORDS(a_hit_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
