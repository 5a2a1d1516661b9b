/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_entry.c - an entry that is judged without the rest of its function is judged as
 * with it: compared for every function of real programs.
 */
#include "moontap/disasm.h"
#include "test_symbols_go.h"

struct comparison {
	struct image *image;
	struct site_rules rules;
	size_t alone, whole; /* functions judged by their entry alone, and not */
	size_t bytes, insns; /* of the former, and decoded for them */
};

static void assert_same_answers(const struct function *function, const struct code *alone,
				const struct code *whole, const struct site_rules *rules)
{
	struct entry_site a = site_entry(alone, rules), b = site_entry(whole, rules);
	struct site_verdict x = site_judge(alone, code_at(alone, a.address), rules);
	struct site_verdict y = site_judge(whole, code_at(whole, b.address), rules);
	int64_t offset_a = 0, offset_b = 0;
	bool is_live_a = site_args_are_live(alone, a.address, &offset_a);
	bool is_live_b = site_args_are_live(whole, b.address, &offset_b);

	if (a.address != b.address || a.is_after_stack_check != b.is_after_stack_check)
		fail_msg("%s is entered at +%lu, not at +%lu", function->name,
			 a.address - function->address, b.address - function->address);
	if (x.is_allowed != y.is_allowed || x.cost != y.cost || x.reason != y.reason)
		fail_msg("%s: %s, not %s", function->name, x.reason, y.reason);
	if (is_live_a != is_live_b || offset_a != offset_b)
		fail_msg("%s: arguments %d at %ld, not %d at %ld", function->name, is_live_a,
			 (long)offset_a, is_live_b, (long)offset_b);
}

static bool compare(void *context, const struct function *function)
{
	struct comparison *comparison = context;
	struct code alone, whole;

	if (!function->size)
		return true;
	uint8_t *bytes = xmalloc(function->size);
	if (!image_read(comparison->image, function->address, bytes, function->size) ||
	    !code_init_entry(&alone, bytes, function->size, function->address,
			     &comparison->rules)) {
		comparison->whole++;
		free(bytes);
		return true;
	}
	code_init(&whole, bytes, function->size, function->address);
	assert_same_answers(function, &alone, &whole, &comparison->rules);
	comparison->alone++;
	comparison->insns += alone.insns.size;
	comparison->bytes += function->size;
	code_deinit(&alone);
	code_deinit(&whole);
	free(bytes);
	return true;
}

static void compare_program(const char *path, bool rewrites_nop5)
{
	struct comparison comparison = {.rules = {.rewrites_nop5 = rewrites_nop5}};

	if (access(path, R_OK) != 0)
		return;
	assert_no_error(image_open(path, NULL, &comparison.image));
	image_each_function(comparison.image, compare, &comparison);
	image_unref(comparison.image);
	print_message("%s: %zu of %zu functions by %zu instructions of %zu bytes\n", path,
		      comparison.alone, comparison.alone + comparison.whole, comparison.insns,
		      comparison.bytes);
	/* ... and that is most of them, or it would be no help. */
	assert_true(comparison.alone > 9 * comparison.whole);
}

static void c_and_cplusplus(void **state)
{
	static const char *const programs[] = {
	    "/proc/self/exe",
	    "/bin/bash",
	    "/usr/bin/python3",
	    "/usr/bin/redis-server",
	    "/usr/lib/x86_64-linux-gnu/libc.so.6",
	    "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		compare_program(programs[i], true);
	compare_program("/usr/lib/x86_64-linux-gnu/libc.so.6", false);
}

static void go(void **state)
{
	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++)
		compare_program(compilers[i], true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c_and_cplusplus),
	    cmocka_unit_test(go),
	};

	find_compilers();
	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
