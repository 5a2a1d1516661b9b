/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compile_goroutine.c - goid, at places of a Go program. */
#include "test_compile_go.h"

static bool fsbase_offset(uint32_t *ret)
{
	*ret = 4000;
	return true;
}

#define GOID "break main.f do print(goid) end"

static const struct {
	const char *name;
	const char *script;
	bool are_args_live;
	bool knows_fsbase;
	const char *reads; /* in the program's listing, or in the error */
	bool is_error;
} cases[] = {
    {"at the entry it comes by its register", GOID, true, false, "r1 = u64 [r6+8]", false},
    {"elsewhere by the thread's %fs", GOID, false, true, "r3 += 4000", false},
    {"which the kernel may not tell", GOID, false, false,
     "`goid` cannot be read here: this kernel "
     "does not tell where",
     true},
    {"one goroutine's hits are told by it", "break main.f goroutine 77 do end", true, false,
     "= 77\n", false},
    {"whatever else is left to Lua", "break main.f goroutine 77 if os.time() > 1 do end", true,
     false, "= 77\n", false},
    {"and cannot be, where it is not known", "break main.f goroutine 77 do end", false, false,
     "`goroutine 77` cannot be read here: this kernel does not tell where", true},
    {"a line of a hit names it", "break main.f", false, true, "r3 += 4000", false},
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
		compile_with(&c, cases[i].script, &request);
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
