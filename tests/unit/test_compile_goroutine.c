/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compile_goroutine.c - goid, at places of a Go program. */
#include "test_compile_go.h"

static bool fsbase_offset(uint32_t *ret)
{
	*ret = 4000;
	return true;
}

static const struct {
	const char *name;
	bool are_args_live;
	bool knows_fsbase;
	const char *reads; /* in the program's listing, or in the error */
	bool is_error;
} cases[] = {
    {"at the entry it comes by its register", true, false, "r1 = u64 [r6+8]", false},
    {"elsewhere by the thread's %fs", false, true, "r3 += 4000", false},
    {"which the kernel may not tell", false, false, "this kernel does not tell where", true},
};

static void goid_is_read_where_the_goroutine_is(void **state)
{
	(void)state;
	if (!program)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {
		    .site = {.abi = ABI_GO_REGISTERS,
			     .are_args_live = cases[i].are_args_live,
			     .cfa_offset = 8,
			     .function = "main.f",
			     .image = place.image,
			     .address = place.address},
		    .fsbase_offset = cases[i].knows_fsbase ? fsbase_offset : NULL,
		};
		struct compiled c;
		struct buffer text = {0};
		compile_with(&c, "break main.f do print(goid) end", &request);
		if (c.err)
			error_format(c.err, &text);
		else
			plan_list(c.plan, c.source, &text);
		if (!strstr(text.data, cases[i].reads) || (c.err != NULL) != cases[i].is_error)
			fail_msg("%s: %s", cases[i].name, text.data);
		buffer_deinit(&text);
		compiled_deinit(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goid_is_read_where_the_goroutine_is),
	};

	return cmocka_run_group_tests(tests, build, clean_up);
}
