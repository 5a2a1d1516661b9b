/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile_stack.c - stack(): which of its ways is taken at a place, and where a block with
 * one runs.
 */
#include "test_compile.h"

#include <unistd.h>

static char scratch[] = "/tmp/moontap-stack-XXXXXX";

/* So many functions that those of the C library's start-up do not count. */
static const char source[] =
    "#define F(name, callee) __attribute__((noinline)) int name(int x) { return callee(x) + 2; }\n"
    "__attribute__((noinline)) int a(int x) { return x + 1; }\n"
    "F(b, a) F(c, b) F(d, c) F(e, d) F(f, e) F(h, f) F(i, h) F(j, i) F(k, j) F(l, k) F(g, l)\n"
    "int main(int argc, char **argv) { return g(argc) + argv[0][0]; }\n";

/* What a program built with these flags is at its function g. */
static struct compile_site site_in(const char *flags, struct program **ret)
{
	struct compile_site site = {.abi = ABI_SYSV, .function = "g"};
	char command[512], path[64];
	struct location location;
	place_list places = {0};

	snprintf(command, sizeof(command), "cd %s && gcc %s -o p -x c - <<'E'\n%sE\n", scratch,
		 flags, source);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/p", scratch);
	assert_null(program_open(path, ret));
	assert_null(location_parse("g", &location));
	assert_null(location_resolve(&location, *ret, &places));
	site.image = places.data[0].image;
	site.address = places.data[0].address;
	place_list_deinit(&places);
	location_deinit(&location);
	return site;
}

static void the_way_is_chosen_by_the_code(void **state)
{
#define LINKED "-O2 -fno-omit-frame-pointer"
	static const struct {
		bool is_program_known;
		const char *flags, *block;
		bool is_in_kernel;
		const char *origin, *reason;
	} cases[] = {
	    {false, LINKED, "print(stack(5))", false, "frame pointers", NULL},
	    {false, "-O2", "print(stack(5))", false, "4096 bytes at %rsp, unwound afterwards",
	     NULL},
	    {false, "-O2", "print(stack(9))", false, "8192 bytes at %rsp, unwound afterwards",
	     NULL},
	    {false, "-O2", "print(stack())", false, "16384 bytes at %rsp, unwound afterwards",
	     NULL},
	    {false, "-O2", "print(stack(127))", false, "16384 bytes at %rsp, unwound afterwards",
	     NULL},
	    /* The C library keeps no frame pointers: the walk would miss callers. */
	    {true, LINKED, "print(stack(5))", false, "4096 bytes at %rsp, unwound afterwards",
	     NULL},
	    {true, LINKED " -static -nostdlib -e g", "print(stack(5))", false, "frame pointers",
	     NULL},
	    {true, LINKED, "count(stack(16), pid)", true, NULL, NULL},
	    {false, LINKED, "count(stack(16), pid)", true, NULL, NULL},
	    {false, LINKED, "count(stack(17))", false, "frame pointers",
	     "a stack of more than 16 frames is no key in the kernel"},
	    {false, LINKED, "count(stack())", false, "frame pointers",
	     "a stack of more than 16 frames is no key in the kernel"},
	    {false, LINKED, "local s = stack(2) count(s)", false, "frame pointers", NULL},
	    {false, "-O2", "count(stack(3))", false, "4096 bytes at %rsp, unwound afterwards",
	     "the code keeps no frame pointers: `stack(3)` is unwound afterwards"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct program *program;
		struct compile_request request = {.site = site_in(cases[i].flags, &program),
						  .is_sleepable = true};
		request.program = cases[i].is_program_known ? program : NULL;
		struct compiled c;
		char text[128];
		snprintf(text, sizeof(text), "break g do %s end", cases[i].block);
		compile_with(&c, text, &request);
		if (c.err)
			fail_with_error(c.err);
		assert_int_equal(c.plan->is_in_kernel, cases[i].is_in_kernel);
		assert_true(c.plan->is_sleepable);
		assert_true(c.plan->depends_on_address);
		if (cases[i].reason)
			assert_string_equal(c.plan->kernel_reason, cases[i].reason);
		if (cases[i].is_in_kernel) {
			assert_int_equal(c.plan->aggregates.data[0].keys[0], CAPTURE_STACK);
			assert_int_equal(c.plan->aggregates.data[0].shape.key_words,
					 1 + 1 + STACK_KEY_FRAMES + 1);
		} else {
			assert_int_equal(c.plan->captures.data[0].kind, CAPTURE_STACK);
			assert_string_equal(c.plan->captures.data[0].origin, cases[i].origin);
			assert_true(c.plan->needs_scratch);
		}
		compiled_deinit(&c);
		program_free(program);
	}
}

/* The instructions of the listing from one that has `from`, as many. */
static const char *listing(const struct compiled *c, const char *from, unsigned count)
{
	static char excerpt[2048];
	struct buffer text = {0};
	size_t size = 0;

	plan_list(c->plan, c->source, &text);
	const char *at = strstr(text.data, from);
	assert_non_null(at);
	for (at -= strlen("  00  "); count-- > 0 && *at; at = strchr(at, '\n') + 1) {
		size_t length = strcspn(at, "\n") + 1 - strlen("  00  ");
		memcpy(excerpt + size, at + strlen("  00  "), length);
		size += length;
	}
	excerpt[size] = '\0';
	buffer_deinit(&text);
	return excerpt;
}

static void the_caller_is_put_in_where_the_frame_is_not_linked(void **state)
{
	struct compile_request request = {.is_sleepable = true};
	struct compiled c;

	(void)state;
	compile_with(&c, "break f do print(stack(5)) end", &request);
	if (c.err)
		fail_with_error(c.err);
	/* r3 = CFA - 16: what rbp is where it is linked; else the return address is at CFA - 8. */
	assert_string_equal(listing(&c, "r3 -= 16", 2), "r3 -= 16\n"
							"r0 = u64 [r6+32]\n");
	assert_non_null(strstr(listing(&c, "if r0 == r3", 1), "if r0 == r3 goto "));
	compiled_deinit(&c);
}

static void what_cannot_be_is_said(void **state)
{
	static const struct {
		const char *text;
		enum error_tag tag;
		const char *where, *message;
	} cases[] = {
	    {"break f do print(stack(0)) end", ERR_TYPE, "t.mt:1:24",
	     "how many frames must be a constant from 1 to 127"},
	    {"break f do print(stack(128)) end", ERR_TYPE, "t.mt:1:24",
	     "how many frames must be a constant from 1 to 127"},
	    {"break f do print(stack(arg[1])) end", ERR_TYPE, "t.mt:1:24",
	     "how many frames must be a constant from 1 to 127"},
	    {"break f do print(stack(1, 2)) end", ERR_TYPE, "t.mt:1:18",
	     "stack takes one number, of frames: stack([N])"},
	    {"break f do print(stack) end", ERR_NAME, "t.mt:1:18",
	     "`stack` can only be used as stack([N])"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct compile_request request = {0};
		struct compiled c;
		compile_with(&c, cases[i].text, &request);
		assert_refused(&c, cases[i].text, cases[i].tag, cases[i].where);
		assert_string_equal(c.err->message, cases[i].message);
		compiled_deinit(&c);
	}
}

static int make_scratch(void **state)
{
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int remove_scratch(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/p", scratch);
	return unlink(path) | rmdir(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_way_is_chosen_by_the_code),
	    cmocka_unit_test(the_caller_is_put_in_where_the_frame_is_not_linked),
	    cmocka_unit_test(what_cannot_be_is_said),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
