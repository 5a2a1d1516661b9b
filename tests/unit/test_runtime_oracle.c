/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_oracle.c - the oracle of whole blocks: the same random statements over the same
 * random values of the target, once in the kernel and once in Lua, must count the same.
 *
 * The target is the test itself, with real tracepoints at a function of its own. Needs root.
 */
#include "test_runtime.h"

#include "oracle_text.h"

#define STATEMENTS	    8
#define EXPRESSIONS_DEFAULT 800
/* So that what a runtime keeps of its scripts does not grow without end. */
#define ROUNDS_OF_A_RUNTIME 100

/* The statements are about its parameter. */
__attribute__((noinline, used)) static void oracle_function(struct input *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

struct oracle {
	struct fixture live, dry;
	struct text text;
	long expressions, left_to_lua;
};

/* ------------------------------------------------------------------- blocks */

struct block {
	char *condition; /* or NULL */
	char *statements[STATEMENTS];
	size_t count;
};

static void block_deinit(struct block *block)
{
	free(block->condition);
	for (size_t i = 0; i < block->count; i++)
		free(block->statements[i]);
	block->count = 0;
}

/* As a tracepoint for the kernel, or with something in it that only Lua can do. */
static void write_block(const struct block *block, bool in_lua, struct buffer *out)
{
	buffer_clear(out);
	buffer_puts(out, "break oracle_function");
	if (block->condition)
		buffer_printf(out, " if %s%s", block->condition, in_lua ? " and math" : "");
	buffer_printf(out, " do%s\n", in_lua ? " local _ = {}" : "");
	for (size_t i = 0; i < block->count; i++)
		buffer_printf(out, "%s\n", block->statements[i]);
	buffer_puts(out, "end");
}

/* NULL: both halves take it; else why not, which is no error if only Lua does. */
static const char *refusal(struct oracle *o, const struct block *block)
{
	CLEANUP(buffer_deinit) struct buffer script = {0};
	static char reason[256];

	for (int in_lua = 1; in_lua >= 0; in_lua--) {
		write_block(block, in_lua, &script);
		struct error *err = run(&o->dry, script.data);

		if (err && err->tag != ERR_TOO_LARGE)
			fail_msg("%s\n%s", err->message, script.data);
		snprintf(reason, sizeof(reason), "%s", err ? err->message : "");
		error_free(err);
		if (reason[0])
			return reason;
		struct probe *probe = session_probe(o->dry.session, o->dry.placed);
		const struct plan *plan = probe_plan(probe);
		bool is_split = plan->is_in_kernel == in_lua;

		snprintf(reason, sizeof(reason), "%s",
			 plan->guard_reason    ? plan->guard_reason
			 : plan->kernel_reason ? plan->kernel_reason
					       : "");
		probe_delete(probe);
		if (is_split)
			return reason;
	}
	return NULL;
}

static char *make(struct oracle *o, void (*put)(struct text *, unsigned), unsigned depth)
{
	struct buffer out = {0};

	o->text = (struct text){.out = &out};
	put(&o->text, depth);
	return out.data;
}

/* As many statements as the halves take together. One branches: the verifier follows every
 * way through a program. */
static void make_block(struct oracle *o, struct block *block)
{
	*block = (struct block){0};
	if (below(3) == 0)
		block->condition = make(o, put_condition, DEPTH);
	for (int i = 0; i < STATEMENTS; i++) {
		block->statements[block->count++] = make(o, put_statement, i ? 0 : 2);
		const char *reason = refusal(o, block);

		if (!reason) {
			o->expressions += o->text.expressions;
			continue;
		}
		o->left_to_lua++;
		if (getenv("MOONTAP_VERBOSE"))
			print_message("%s: %s\n", reason, block->statements[block->count - 1]);
		free(block->statements[--block->count]);
		if (i == 0) { /* it may be the condition */
			free(block->condition);
			block->condition = NULL;
		}
	}
}

/* ---------------------------------------------------------------------- runs */

static struct probe *place(struct oracle *o, const struct block *block, bool in_lua)
{
	CLEANUP(buffer_deinit) struct buffer script = {0};

	write_block(block, in_lua, &script);
	run_well(&o->live, script.data);
	return session_probe(o->live.session, o->live.placed);
}

/* What it has counted, without its number. */
static void read_counts(const struct probe *probe, struct buffer *out)
{
	CLEANUP(buffer_deinit) struct buffer text = {0};
	struct counters counters;

	assert_null(runtime_aggregates(probe, OUTPUT_TEXT, &text));
	for (char *line = text.data; line && *line;) {
		char *end = strchr(line, '\n');
		const char *from = strncmp(line, "Tracepoint ", 11) == 0 ? strchr(line, ',') : line;

		buffer_append(out, from, (size_t)(end + 1 - from));
		line = end + 1;
	}
	probe_counters(probe, &counters);
	assert_int_equal(counters.hits, INPUTS);
	buffer_printf(out, "%llu filtered, %llu lost\n", (unsigned long long)counters.filtered,
		      (unsigned long long)counters.lost);
}

/* The first line of each in which they differ. */
static void first_difference(const char *a, const char *b, struct buffer *out)
{
	while (*a && strcspn(a, "\n") == strcspn(b, "\n") && memcmp(a, b, strcspn(a, "\n")) == 0) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	buffer_printf(out, "kernel: %.*s\nLua:    %.*s", (int)strcspn(a, "\n"), a,
		      (int)strcspn(b, "\n"), b);
}

/* Runs it in both halves over all inputs. Sets *ret_difference if they differ. */
static bool run_both(struct oracle *o, const struct block *block, struct buffer *ret_difference)
{
	struct buffer counts[2] = {{0}, {0}};
	struct probe *probes[2] = {place(o, block, false), place(o, block, true)};
	bool is_same = true, was_in_kernel = probe_plan(probes[0])->is_in_kernel;

	for (size_t i = 0; i < INPUTS; i++)
		oracle_function(&inputs[i]);
	while (runtime_deliver(o->live.runtime))
		;
	for (int i = 0; i < 2; i++)
		read_counts(probes[i], &counts[i]);
	if (o->live.notices.size) {
		buffer_printf(ret_difference, "Lua: %s", o->live.notices.data);
		buffer_clear(&o->live.notices);
		is_same = false;
	} else if (strcmp(counts[0].data, counts[1].data) != 0) {
		first_difference(counts[0].data, counts[1].data, ret_difference);
		is_same = false;
	}
	for (int i = 0; i < 2; i++) {
		probe_delete(probes[i]);
		buffer_deinit(&counts[i]);
	}
	o->left_to_lua += !was_in_kernel; /* too much for the verifier */
	return is_same;
}

/* One statement after the other, to show the first that makes the difference alone. */
static void report(struct oracle *o, const struct block *block, const char *whole)
{
	CLEANUP(buffer_deinit) struct buffer script = {0};

	for (size_t i = 0; i < block->count; i++) {
		CLEANUP(buffer_deinit) struct buffer difference = {0};
		struct block one = {block->condition, {block->statements[i]}, 1};

		if (run_both(o, &one, &difference))
			continue;
		write_block(&one, false, &script);
		fail_msg("%s\n%s", difference.data, script.data);
	}
	write_block(block, false, &script);
	fail_msg("%s\n%s", whole, script.data);
}

static void run_round(struct oracle *o)
{
	CLEANUP(buffer_deinit) struct buffer difference = {0};
	struct block block;

	random_inputs();
	make_block(o, &block);
	if (block.count && !run_both(o, &block, &difference))
		report(o, &block, difference.data);
	block_deinit(&block);
}

/* -------------------------------------------------------------------- the test */

static bool oracle_open(struct oracle *o)
{
	const struct compile_limits limits = {.string_bytes = 24, .elements = 32, .depth = 4};
	struct fixture *both[] = {&o->live, &o->dry};

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		fixture_open_as(both[i], false, both[i] == &o->live, OUTPUT_TEXT);
		session_set_limits(both[i]->session, &limits);
	}
	/* Of a file's users it would be left out. */
	assert_null(session_attach(o->live.session, getpid()));
	struct error *err = run(&o->live, "break oracle_function do count() end");
	bool is_possible = !err;

	if (err && getenv("CI"))
		fail_msg("no BPF here: %s", err->message);
	error_free(err);
	return is_possible;
}

static void oracle_close(struct oracle *o)
{
	fixture_close(&o->live);
	fixture_close(&o->dry);
}

/* One runtime's share. False: there is no BPF here. */
static bool run_rounds(struct oracle *o)
{
	bool is_possible = oracle_open(o);

	for (int i = 0; is_possible && i < ROUNDS_OF_A_RUNTIME &&
			random_goes_on(o->expressions, EXPRESSIONS_DEFAULT);
	     i++)
		run_round(o);
	oracle_close(o);
	return is_possible;
}

static void the_kernel_and_lua_count_the_same(void **state)
{
	struct oracle o = {.expressions = 0};

	(void)state;
	random_begin(1);
	while (random_goes_on(o.expressions, EXPRESSIONS_DEFAULT))
		if (!run_rounds(&o))
			skip();
	print_message("%ld expressions over %d inputs each; %ld statements were left to Lua\n",
		      o.expressions, INPUTS, o.left_to_lua);
}

/* One more round than the kernel goes: not a wrong count, but none. */
static void a_hit_whose_loop_is_too_long_is_lost(void **state)
{
	const struct block block = {.statements = {"for i = 1, p.i64 do end count()"}, .count = 1};
	struct oracle o = {.expressions = 0};
	struct counters counters;

	(void)state;
	if (!oracle_open(&o)) {
		oracle_close(&o);
		skip();
	}
	struct probe *probe = place(&o, &block, false);
	assert_true(probe_plan(probe)->is_in_kernel);
	for (int64_t rounds = 4096; rounds <= 4097; rounds++) {
		inputs[0].i64 = rounds;
		oracle_function(&inputs[0]);
	}
	probe_counters(probe, &counters);
	assert_int_equal(counters.delivered, 1);
	assert_int_equal(counters.lost, 1);
	oracle_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_hit_whose_loop_is_too_long_is_lost),
	    cmocka_unit_test(the_kernel_and_lua_count_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
