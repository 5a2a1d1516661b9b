/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_output_calltree.c - calls and returns, whole and with pieces missing, as lines. */
#include "moontap/output.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * An event a word: "f3" enters f at frame 3 (the greater, the further in), "f3." leaves it after
 * 1500 ns, "@2" goes on in task 2, "+" lets a second pass, "!" ends it all.
 */
static char *play(unsigned depth, const char *events)
{
	struct calltree *tree = calltree_new(depth, false);
	struct calltree_call call = {.task = {.pid = 10, .number = 1}};
	struct buffer out = {0};
	int64_t now_ns = 0;
	char name[2] = "", end;
	unsigned long frame;

	for (const char *p = events; *p; p += strspn(p, " ")) {
		if (*p == '@') {
			call.task.number = strtoul(p + 1, NULL, 10);
		} else if (*p == '+') {
			now_ns += 1000000000;
			calltree_flush(tree, now_ns, &out);
		} else if (*p == '!') {
			calltree_end(tree, &out);
		} else if (sscanf(p, "%1[a-z]%lu%c", name, &frame, &end) >= 2) {
			call.frame = frame;
			call.name = name;
			if (p[strcspn(p, ". ")] == '.')
				calltree_leave(tree, &call, " = 7", 1500, &out);
			else
				calltree_enter(tree, &call, "(x=1)", now_ns, &out);
		}
		p += strcspn(p, " ");
	}
	calltree_free(tree);
	return buffer_take(&out);
}

static const struct {
	const char *name;
	unsigned depth;
	const char *events, *lines;
} cases[] = {
    {"a call of nothing else is one line", 0, "f1 f1.", "[1] f(x=1) = 7  1.5us\n"},
    {"a call of others is two", 0, "f1 g2 g2. h2 h2. f1.",
     "[1] f(x=1)\n[1]   g(x=1) = 7  1.5us\n[1]   h(x=1) = 7  1.5us\n[1] f = 7  1.5us\n"},
    {"a recursion", 0, "f1 f2 f3 f3. f2. f1.",
     "[1] f(x=1)\n[1]   f(x=1)\n[1]     f(x=1) = 7  1.5us\n[1]   f = 7  1.5us\n[1] f = 7  1.5us\n"},
    {"tasks are apart, and a line is between them", 0, "@1 f1 @2 f1 g2 @1 f1. @2 g2. f1.",
     "[2] f(x=1)\n----\n[1] f(x=1) = 7  1.5us\n----\n[2]   g(x=1) = 7  1.5us\n[2] f = 7  1.5us\n"},
    {"a return further out shows that calls were left", 0, "f1 g2 h3 f1.",
     "[1] f(x=1)\n[1]   g(x=1)\n[1]     h(x=1)  no return seen\n[1]   g  no return seen\n"
     "[1] f = 7  1.5us\n"},
    {"and so does a call", 0, "f1 g2 h3 k2 k2. f1.",
     "[1] f(x=1)\n[1]   g(x=1)\n[1]     h(x=1)  no return seen\n[1]   g  no return seen\n"
     "[1]   k(x=1) = 7  1.5us\n[1] f = 7  1.5us\n"},
    {"a return without its entry says so", 0, "f1 g2. f1.",
     "[1] f(x=1)\n[1]   g(...) = 7  1.5us  its entry was lost\n[1] f = 7  1.5us\n"},
    {"another function's frame is not taken for it", 0, "f1 g1. f1.",
     "[1] f(x=1)\n[1]   g(...) = 7  1.5us  its entry was lost\n[1] f = 7  1.5us\n"},
    {"what is deeper than is wanted is left out", 2, "f1 g2 h3 h3. g2. k2 f1.",
     "[1] f(x=1)\n[1]   g(x=1) = 7  1.5us\n[1]   k(x=1)  no return seen\n[1] f = 7  1.5us\n"},
    {"after a while a line is not kept back any longer", 0, "f1 + f1.",
     "[1] f(x=1)\n[1] f = 7  1.5us\n"},
    {"calls that are under way at the end", 0, "f1 g2 ! !",
     "[1] f(x=1)\n[1]   g(x=1)\n2 calls shown above had not returned by then.\n"},
    {"one that is", 0, "f1 g2 g2. !",
     "[1] f(x=1)\n[1]   g(x=1) = 7  1.5us\n1 call shown above had not returned by then.\n"},
};

static void lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_p) char *text = play(cases[i].depth, cases[i].events);

		if (strcmp(text, cases[i].lines) != 0)
			fail_msg("%s:\n%s--- not\n%s", cases[i].name, text, cases[i].lines);
	}
}

static void goroutines_have_their_process_where_there_are_several(void **state)
{
	struct calltree *tree = calltree_new(0, true);
	struct calltree_call call = {.task = {10, 7, true}, .frame = 1, .name = "main.f"};
	struct buffer out = {0};

	(void)state;
	assert_true(calltree_enter(tree, &call, "()", 0, &out));
	assert_true(calltree_leave(tree, &call, "", 12345678, &out));
	call.task.number = 0;
	calltree_enter(tree, &call, "()", 0, &out);
	calltree_leave(tree, &call, "", 999, &out);
	assert_string_equal(out.data, "[10 goroutine 7] main.f()  12.3ms\n----\n"
				      "[10 goroutine ?] main.f()  999ns\n");
	calltree_free(tree);
	buffer_deinit(&out);
}

static void what_is_not_shown_is_told(void **state)
{
	struct calltree *tree = calltree_new(1, false);
	struct calltree_call f = {.frame = 1, .name = "f"}, g = {.frame = 2, .name = "g"};
	struct buffer out = {0};

	(void)state;
	assert_true(calltree_enter(tree, &f, "()", 0, &out));
	assert_false(calltree_enter(tree, &g, "()", 0, &out));
	assert_false(calltree_leave(tree, &g, "", 1, &out));
	assert_true(calltree_leave(tree, &f, "", 1, &out));
	calltree_free(tree);
	buffer_deinit(&out);
}

static void names_from_a_target_are_escaped(void **state)
{
	struct calltree *tree = calltree_new(0, false);
	struct calltree_call call = {.frame = 1, .name = "f\x1b[2J"};
	struct buffer out = {0};

	(void)state;
	calltree_enter(tree, &call, "()", 0, &out);
	calltree_leave(tree, &call, "", 1, &out);
	assert_string_equal(out.data, "[0] f\\x1b[2J()  1ns\n");
	calltree_free(tree);
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(goroutines_have_their_process_where_there_are_several),
	    cmocka_unit_test(what_is_not_shown_is_told),
	    cmocka_unit_test(names_from_a_target_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
