/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_base.c - the ground every room stands on. */
#include "moontap/base.h"

#include <setjmp.h>

#include <cmocka.h>

static void every_tag_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < ERR_COUNT; i++) {
		assert_non_null(error_tag_name(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(error_tag_name(i), error_tag_name(j));
	}
}

static void an_error_prints_place_message_excerpt_and_hint(void **state)
{
	struct buffer out = {0};
	struct error *err = error_new(ERR_SYNTAX, "unexpected %s", "symbol");

	(void)state;
	err->where = xstrdup("a.mt:3:7");
	err->excerpt = xstrdup("break f do\n      ^");
	error_format(error_hint(error_prefix(err, "in %s", "f"), "try %s", "end"), &out);
	assert_string_equal(out.data,
			    "a.mt:3:7: in f: unexpected symbol\nbreak f do\n      ^\ntry end\n");
	error_free(err);
	buffer_deinit(&out);
}

static void hostile_bytes_are_escaped_and_utf8_is_not(void **state)
{
	static const struct {
		const char *bytes, *shown;
		bool keep_lines;
	} cases[] = {
	    {"plain", "plain", false},
	    {"a\nb\tc", "a\\nb\\tc", false},
	    {"a\nb\tc", "a\nb\tc", true},
	    {"\033]0;title\007", "\\x1b]0;title\\x07", true},
	    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x99",
	     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x99", false},
	    {"\xc2\x9b"
	     "31m",
	     "\\xc2\\x9b31m", false}, /* C1 in UTF-8 */
	    {"\x9b"
	     "31m",
	     "\\x9b31m", false},				 /* C1 as a byte */
	    {"\xc0\xaf", "\\xc0\\xaf", false},			 /* overlong */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80", false},		 /* surrogate */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", false}, /* beyond U+10FFFF */
	    {"\xe2\x82", "\\xe2\\x82", false},			 /* cut short */
	    {"\x7f\r", "\\x7f\\r", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = {0};

		escape_text(&out, cases[i].bytes, strlen(cases[i].bytes), cases[i].keep_lines);
		assert_string_equal(out.data, cases[i].shown);
		buffer_deinit(&out);
	}
}

static void near_misses_are_slips_and_containing_names(void **state)
{
	static const char *const names[] = {"main.handle", "malloc", "mlaloc", "free",
					    "reallocate"};
	struct nearest n = {.wanted = "maloc"};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_offer(&n, names[i]);
	nearest_format(&n, &out);
	assert_string_equal(out.data, "`malloc` or `mlaloc`");
	nearest_deinit(&n);
	buffer_clear(&out);

	n = (struct nearest){.wanted = "handle"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_offer(&n, names[i]);
	nearest_format(&n, &out);
	assert_string_equal(out.data, "`main.handle`");
	nearest_deinit(&n);
	buffer_deinit(&out);
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = {0};
	unsigned char *before = NULL;

	(void)state;
	for (size_t size = 1; size < 40000; size = size * 2 + 1) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		if (before)
			assert_int_equal(*before, 0xff);
		before = p;
	}
	assert_string_equal(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	arena_deinit(&arena);
}

struct pair {
	int a, b;
};

static void vectors_grow_and_zero_what_they_add(void **state)
{
	VECTOR(struct pair) v = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		vector_add(&v)->a = i;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(v.data[i].a, i);
		assert_int_equal(v.data[i].b, 0);
	}
	vector_deinit(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_tag_has_a_name_of_its_own),
	    cmocka_unit_test(an_error_prints_place_message_excerpt_and_hint),
	    cmocka_unit_test(hostile_bytes_are_escaped_and_utf8_is_not),
	    cmocka_unit_test(near_misses_are_slips_and_containing_names),
	    cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
	    cmocka_unit_test(vectors_grow_and_zero_what_they_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
