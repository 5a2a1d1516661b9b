/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel.c - opening, loading, counters and budgets. */
#include "test_kernel.h"

static struct error *load_raw(struct kernel *kernel, const struct code *code, bool is_sleepable)
{
	struct kernel_program *program;
	const struct load_request request = {.insns = code->insns,
					     .insn_count = code->count,
					     .site_count = 1,
					     .is_sleepable = is_sleepable};
	TRY(kernel_load(kernel, &request, &program));
	kernel_unload(program);
	return NULL;
}

static void a_wrong_ring_size_is_told(void **state)
{
	const struct {
		size_t size;
		const char *part;
	} cases[] = {
	    {4095, "ring size 4095 is not a power of two of pages"},
	    {3 * 4096, "ring size 12288 is not"},
	};
	struct kernel *kernel;
	(void)state;
	need_bpf();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct kernel_options options = {.ring_bytes = cases[i].size};
		assert_error(kernel_open(&options, &kernel), ERR_USAGE, cases[i].part);
	}
}

static void the_default_is_multi_links_where_they_exist(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *any = open_kernel(ATTACH_ANY, 0);
	const struct kernel_options options = {.method = ATTACH_MULTI, .ring_bytes = 4096};
	struct kernel *multi;
	struct error *err = kernel_open(&options, &multi);
	if (err) {
		assert_int_equal(kernel_method(any), ATTACH_TRACEFS);
		assert_error(err, ERR_NO_BPF, "uprobe_multi");
	} else {
		assert_int_equal(kernel_method(any), ATTACH_MULTI);
		kernel_close(multi);
	}
	kernel_close(any);
}

static void a_refused_program_shows_the_verifiers_reason_and_log(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct code unset = {.count = 0}, *code = &unset;
	SET(0, 0);
	MOVE(0, 3);
	EXIT();
	struct error *err = load_raw(kernel, &unset, false);
	assert_non_null(err);
	assert_non_null(err->hint);
	assert_non_null(strstr(err->hint, "processed"));
	assert_null(strchr(err->message, '\n'));
	assert_error(err, ERR_VERIFIER, "R3 !read_ok");

	struct code wrong_map = {.count = 0};
	code = &wrong_map;
	put_map(code, 1, MAP_ROLES);
	SET(0, 0);
	EXIT();
	assert_error(load_raw(kernel, &wrong_map, false), ERR_VERIFIER, "unknown role");
	kernel_close(kernel);
}

/* A loop of known length with a choice in each round. */
static void what_the_verifier_finds_too_complex_is_too_large(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct code loop = {.count = 0}, *code = &loop;
	MOVE(6, 1);
	SET(7, 0);
	size_t again = LOAD(BPF_DW, 1, 6, 112);
	put(code, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 3);
	ADD(7, 1);
	ADD(7, 1);
	put(code, BPF_JMP | BPF_JLT | BPF_K, 7, 0, (int)again - (int)code->count - 1, 30000);
	SET(0, 0);
	EXIT();
	assert_error(load_raw(kernel, &loop, false), ERR_TOO_LARGE,
		     "the program is larger than what the kernel is willing to check");
	kernel_close(kernel);
}

/* Writes to the first and to the last bytes of the CPU's first scratch record. */
static void code_using_scratch(struct code *code)
{
	put_prologue(code, 0, false);
	CALL(get_smp_processor_id);
	put(code, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, SCRATCH_SLOTS);
	STORE(BPF_W, 10, KEY_CPU, 0);
	size_t missing = put_lookup(code, MAP_SCRATCH, KEY_CPU);
	STORE_K(BPF_DW, 0, offsetof(struct scratch, record), 1);
	ADD(0, (int)sizeof(struct scratch) - 8); /* too far for an instruction's offset */
	STORE_K(BPF_DW, 0, 0, 1);
	put_count(code, offsetof(struct counters, delivered));
	LAND(missing);
	SET(0, 0);
	EXIT();
}

static void scratch_is_made_for_the_program_that_names_it(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct code code = {.count = 0};
	code_using_scratch(&code);
	struct kernel_program *program = load_code(kernel, &code, 1);
	assert_ok(attach_to(program, getpid(), hit_a));
	hit_a(0);
	assert_int_equal(counters_of(program, 0).delivered, 1);
	kernel_unload(program);
	kernel_close(kernel);
}

static void a_sleepable_program_delivers_too(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	if (!kernel_has_sleepable(kernel)) {
		kernel_close(kernel);
		skip();
	}
	struct code code = {.count = 0};
	struct kernel_program *program;
	code_recording(&code, getpid(), false);
	const struct load_request request = {
	    .insns = code.insns, .insn_count = code.count, .site_count = 1, .is_sleepable = true};
	assert_ok(kernel_load(kernel, &request, &program));
	assert_ok(attach_to(program, getpid(), hit_a));
	hit_a(42);
	assert_int_equal(kernel_consume(kernel, ignore_record, NULL), 1);
	kernel_unload(program);
	kernel_close(kernel);
}

/* delivered while there is budget, then throttled */
static void code_spending(struct code *code)
{
	put_prologue(code, getpid(), false);
	STORE_K(BPF_W, 10, KEY_CPU, 0);
	size_t missing = put_lookup(code, MAP_BUDGET, KEY_CPU);
	SET(1, -1);
	ATOMIC(BPF_ADD | BPF_FETCH, 0, 0, 1);
	size_t is_spent = JUMP_IF(BPF_JSLE, 1, 0);
	put_count(code, offsetof(struct counters, delivered));
	SET(0, 0);
	EXIT();
	LAND(missing);
	LAND(is_spent);
	put_count(code, offsetof(struct counters, throttled));
	SET(0, 0);
	EXIT();
}

static void a_budget_runs_out_and_can_be_renewed(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct code code = {.count = 0};
	struct kernel_program *program;
	code_spending(&code);
	const struct load_request request = {
	    .insns = code.insns, .insn_count = code.count, .site_count = 1, .budget = 3};
	assert_ok(kernel_load(kernel, &request, &program));
	assert_ok(attach_to(program, getpid(), hit_a));
	for (int i = 0; i < 10; i++)
		hit_a(0);
	assert_int_equal(counters_of(program, 0).delivered, 3);
	assert_int_equal(counters_of(program, 0).throttled, 7);
	kernel_set_budget(program, 2);
	for (int i = 0; i < 10; i++)
		hit_a(0);
	assert_int_equal(counters_of(program, 0).delivered, 5);
	assert_int_equal(counters_of(program, 0).hits, 20);
	kernel_unload(program);
	kernel_close(kernel);
}

/* However busy the machine is otherwise. */
static double seconds_on_cpu(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void opening_takes_milliseconds(void **state)
{
	struct code code = {.count = 0};
	enum attach_method method = need_method(state);
	double start = seconds_on_cpu();
	struct kernel *kernel = open_kernel(method, 0);
	double opened = seconds_on_cpu();
	code_recording(&code, getpid(), false);
	struct kernel_program *program = load_code(kernel, &code, 1);
	double loaded = seconds_on_cpu();
	kernel_unload(program);
	double unloaded = seconds_on_cpu();
	kernel_close(kernel);
	double closed = seconds_on_cpu();
	print_message("open %.1f ms, load %.2f ms, unload %.2f ms, close %.1f ms\n",
		      (opened - start) * 1e3, (loaded - opened) * 1e3, (unloaded - loaded) * 1e3,
		      (closed - unloaded) * 1e3);
	assert_true(opened - start < 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_ring_size_is_told),
	    cmocka_unit_test(the_default_is_multi_links_where_they_exist),
	    BY_BOTH_METHODS(a_refused_program_shows_the_verifiers_reason_and_log),
	    BY_BOTH_METHODS(what_the_verifier_finds_too_complex_is_too_large),
	    BY_BOTH_METHODS(scratch_is_made_for_the_program_that_names_it),
	    BY_BOTH_METHODS(a_sleepable_program_delivers_too),
	    BY_BOTH_METHODS(a_budget_runs_out_and_can_be_renewed),
	    BY_BOTH_METHODS(opening_takes_milliseconds),
	};
	choose_methods();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
