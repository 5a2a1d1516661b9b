/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_output.c - sinks, tables, JSON. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "moontap/output.h"

/* ------------------------------------------------------------------- sinks */

static void count_call(void *context)
{
	++*(int *)context;
}

static void a_sink_writes_what_is_pending_at_once_and_tells_the_console(void **state)
{
	(void)state;
	int pipe_fds[2], calls = 0;
	char text[64];
	struct sink sink;

	assert_int_equal(pipe(pipe_fds), 0);
	sink_init(&sink, pipe_fds[1]);
	sink.before = sink.after = count_call;
	sink.context = &calls;
	assert_null(sink_flush(&sink));
	assert_int_equal(calls, 0);
	buffer_puts(&sink.pending, "one\n");
	buffer_puts(&sink.pending, "two\n");
	assert_null(sink_flush(&sink));
	assert_int_equal(calls, 2);
	assert_int_equal(sink.pending.size, 0);
	assert_int_equal(read(pipe_fds[0], text, sizeof(text)), 8);
	assert_memory_equal(text, "one\ntwo\n", 8);
	sink_deinit(&sink);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void *drain(void *fd)
{
	char bytes[4096];
	size_t total = 0;
	ssize_t size;

	while ((size = read(*(int *)fd, bytes, sizeof(bytes))) > 0) {
		total += (size_t)size;
		usleep(100);
	}
	return (void *)total;
}

static void a_sink_waits_for_a_slow_reader_of_a_nonblocking_pipe(void **state)
{
	(void)state;
	enum {
		SIZE = 1 << 20
	};
	int pipe_fds[2];
	pthread_t reader;
	void *total;
	struct sink sink;

	assert_int_equal(pipe2(pipe_fds, 0), 0);
	assert_int_equal(fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&reader, NULL, drain, &pipe_fds[0]), 0);
	sink_init(&sink, pipe_fds[1]);
	memset(buffer_reserve(&sink.pending, SIZE), 'x', SIZE);
	sink.pending.size = SIZE;
	assert_null(sink_flush(&sink));
	close(pipe_fds[1]);
	pthread_join(reader, &total);
	assert_int_equal((size_t)total, SIZE);
	sink_deinit(&sink);
	close(pipe_fds[0]);
}

static void a_sink_whose_reader_has_gone_says_so_once(void **state)
{
	(void)state;
	int pipe_fds[2];
	struct sink sink;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipe_fds), 0);
	close(pipe_fds[0]);
	sink_init(&sink, pipe_fds[1]);
	buffer_puts(&sink.pending, "x");
	struct error *err = sink_flush(&sink);
	assert_non_null(err);
	assert_int_equal(err->tag, ERR_OS);
	assert_string_equal(err->message, "cannot write the output: Broken pipe");
	error_free(err);
	assert_true(sink.is_broken);
	buffer_puts(&sink.pending, "y");
	assert_null(sink_flush(&sink));
	assert_int_equal(sink.pending.size, 0);
	sink_deinit(&sink);
	close(pipe_fds[1]);
}

/* ------------------------------------------------------------------ tables */

static void a_table_is_as_wide_as_its_cells_and_has_no_trailing_spaces(void **state)
{
	(void)state;
	struct table table;
	struct buffer out = {0};

	table_init(&table, 3);
	table_right(&table, 1);
	table_cell(&table, "Num");
	table_cell(&table, "Hits");
	table_cell(&table, "What");
	table_cell(&table, "%d", 1);
	table_cell(&table, "%d", 1234567);
	table_cell(&table, "main.f");
	table_line(&table, "        stop only if %s", "a > 1, which is long");
	table_cell(&table, "22");
	table_cell(&table, "%d", 0);
	table_cell(&table, "%s", "");
	table_format(&table, &out);
	assert_string_equal(out.data, "Num     Hits  What\n"
				      "1    1234567  main.f\n"
				      "        stop only if a > 1, which is long\n"
				      "22         0\n");
	table_deinit(&table);
	buffer_deinit(&out);
}

static void a_table_counts_characters_not_bytes_and_fills_begun_rows(void **state)
{
	(void)state;
	struct table table;
	struct buffer out = {0};

	table_init(&table, 2);
	table_cell(&table, "é");
	table_cell(&table, "x");
	table_cell(&table, "ab");
	table_line(&table, "line");
	table_cell(&table, "c");
	table_format(&table, &out);
	assert_string_equal(out.data, "é   x\nab\nline\nc\n");
	table_deinit(&table);
	buffer_deinit(&out);
}

static void an_empty_table_is_nothing(void **state)
{
	(void)state;
	struct table table;
	struct buffer out = {0};

	table_init(&table, 4);
	table_format(&table, &out);
	assert_int_equal(out.size, 0);
	table_deinit(&table);
	buffer_deinit(&out);
}

/* -------------------------------------------------------------------- JSON */

static void json_strings_are_valid_whatever_the_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t size;
		const char *string, *name;
	} cases[] = {
	    {"plain", 5, "\"plain\"", "\"plain\""},
	    {"", 0, "\"\"", "\"\""},
	    {"a\"b\\c", 5, "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\""},
	    {"\n\t\r\b\f", 5, "\"\\n\\t\\r\\b\\f\"", "\"\\n\\t\\r\\b\\f\""},
	    {"\0\x1b\x7f", 3, "\"\\u0000\\u001b\\u007f\"", "\"\\u0000\\u001b\\u007f\""},
	    {"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10,
	     "\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	     "\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\xc2\x85\xc2\xa0", 4, "\"\\u0085\xc2\xa0\"", "\"\\u0085\xc2\xa0\""},
	    {"f\xff", 2, "{\"bytes\":\"66ff\"}", "\"f\\\\xff\""},
	    {"\xc0\xaf", 2, "{\"bytes\":\"c0af\"}", "\"\\\\xc0\\\\xaf\""},
	    {"\xed\xa0\x80", 3, "{\"bytes\":\"eda080\"}", "\"\\\\xed\\\\xa0\\\\x80\""},
	    {"\xe0\x9f\xbf", 3, "{\"bytes\":\"e09fbf\"}", "\"\\\\xe0\\\\x9f\\\\xbf\""},
	    {"\xf4\x90\x80\x80", 4, "{\"bytes\":\"f4908080\"}", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
	    {"\x1b\xff\xc2\x85\xc3\xa9", 6, "{\"bytes\":\"1bffc285c3a9\"}",
	     "\"\\u001b\\\\xff\\u0085\xc3\xa9\""},
	    {"\xe2\x82", 2, "{\"bytes\":\"e282\"}", "\"\\\\xe2\\\\x82\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = {0};

		json_string(&out, cases[i].bytes, cases[i].size);
		assert_string_equal(out.data, cases[i].string);
		buffer_clear(&out);
		json_text(&out, cases[i].bytes, cases[i].size);
		assert_string_equal(out.data, cases[i].name);
		buffer_deinit(&out);
	}
}

static void a_json_string_that_was_cut_says_so(void **state)
{
	(void)state;
	struct buffer out = {0};

	json_cut_string(&out, "ab\n", 3);
	buffer_putc(&out, ' ');
	json_cut_string(&out, "\xc3", 1); /* in the middle of a character */
	assert_string_equal(out.data, "\"ab\\n...\" {\"bytes\":\"c32e2e2e\"}");
	buffer_deinit(&out);
}

static void json_floats_read_back_as_the_same_value(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
	    {0.1, "0.1"},
	    {1.0, "1.0"},
	    {-0.0, "-0.0"},
	    {1e300, "1e+300"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {5e-324, "4.94065645841247e-324"},
	    {INFINITY, "null"},
	    {-INFINITY, "null"},
	    {NAN, "null"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = {0};

		json_float(&out, cases[i].value);
		assert_string_equal(out.data, cases[i].text);
		if (isfinite(cases[i].value))
			assert_true(strtod(out.data, NULL) == cases[i].value);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sink_writes_what_is_pending_at_once_and_tells_the_console),
	    cmocka_unit_test(a_sink_waits_for_a_slow_reader_of_a_nonblocking_pipe),
	    cmocka_unit_test(a_sink_whose_reader_has_gone_says_so_once),
	    cmocka_unit_test(a_table_is_as_wide_as_its_cells_and_has_no_trailing_spaces),
	    cmocka_unit_test(a_table_counts_characters_not_bytes_and_fills_begun_rows),
	    cmocka_unit_test(an_empty_table_is_nothing),
	    cmocka_unit_test(json_strings_are_valid_whatever_the_bytes),
	    cmocka_unit_test(a_json_string_that_was_cut_says_so),
	    cmocka_unit_test(json_floats_read_back_as_the_same_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
