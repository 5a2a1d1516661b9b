/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.c - what every generated program does around the user's expressions:
 *
 *   only this process? - which site? - hits++ - predicate - budget - record -
 *   captures - hand over - delivered++ - wake the consumer if it asks for it
 *
 * or, for a block that runs in the kernel, after the predicate: block - delivered++. A finish looks
 * the call up first; the entry of a flow keeps it, after the predicate.
 *
 * Each hit ends in exactly one of filtered, delivered, throttled and lost.
 */
#include <linux/ptrace.h>

#include "encode.h"

/* Where a program ends; each is placed once, behind the straight line. */
struct exits {
	int out, quit, filtered, throttled, lost;
	int unpaired; /* a return without its entry */
};

#define COUNTER(name) ((int)offsetof(struct counters, name))

static void count(struct encoder *e, int counter)
{
	put_constant(e, R1, 1);
	put_atomic(e, BPF_DW, BPF_ADD, COUNTERS, counter, R1);
}

void put_lookup(struct encoder *e, enum map_role role, int key, int label)
{
	put_map(e, R1, role);
	put_mov(e, R2, R10);
	put_alu_constant(e, BPF_ADD, R2, key);
	put_call(e, BPF_FUNC_map_lookup_elem);
	put_branch_constant(e, BPF_JEQ, R0, 0, label);
}

/* Links by pid let other threads and forked children through on some kernels; links without one
 * let moontap itself through. */
static void check_process(struct encoder *e, const struct exits *exits)
{
	pid_t pid = e->c->request->pid, left_out = e->c->request->left_out;

	if (!pid && !left_out)
		return;
	put_task_ids(e);
	put_alu_constant(e, BPF_RSH, R0, 32);
	put_branch_constant(e, pid ? BPF_JNE : BPF_JEQ, R0, pid ? pid : left_out, exits->out);
}

/* r0 = not 0 if the flags make a jump of this kind (the opcode's upper three of its low four
 * bits; Intel SDM, volume 2, Jcc) be taken */
static void put_flags(struct encoder *e, unsigned kind)
{
	enum {
		CARRY = 1,
		PARITY = 4,
		ZERO = 64,
		SIGN = 128,
		OVERFLOW_BIT = 2048
	};
	static const int masks[] = {OVERFLOW_BIT, CARRY, ZERO, CARRY | ZERO, SIGN, PARITY};

	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, eflags));
	if (kind < ARRAY_SIZE(masks)) {
		put_alu_constant(e, BPF_AND, R0, masks[kind]);
		return;
	}
	/* Less: the sign is not the overflow, which is four bits further up. */
	put_mov(e, R1, R0);
	put_mov(e, R2, R0);
	put_alu_constant(e, BPF_RSH, R1, 4);
	put_alu(e, BPF_XOR, R0, R1);
	put_alu_constant(e, BPF_AND, R0, SIGN);
	if (kind == 6)
		return;
	put_alu_constant(e, BPF_AND, R2, ZERO);
	put_alu(e, BPF_OR, R0, R2);
}

/* A branch that is not taken is no hit. */
static void check_jump(struct encoder *e, const struct exits *exits)
{
	const struct compile_site *site = &e->c->request->site;

	if (!site->has_condition)
		return;
	put_flags(e, site->condition >> 1);
	put_branch_constant(e, site->condition & 1 ? BPF_JNE : BPF_JEQ, R0, 0, exits->out);
}

static void find_cpu(struct encoder *e)
{
	put_call(e, BPF_FUNC_get_smp_processor_id);
	put_store(e, BPF_W, R10, FRAME_CPU, R0);
}

/* r0 = the CPU; puts the number of its row of the site's counters into the frame. */
static void find_row(struct encoder *e)
{
	unsigned rows = e->c->request->counter_rows ? e->c->request->counter_rows : 1;

	put_load(e, BPF_W, R1, R10, FRAME_COOKIE); /* the lower half: the location */
	put_alu_constant(e, BPF_LSH, R1, __builtin_ctz(rows));
	put_alu_constant(e, BPF_AND, R0, (int32_t)rows - 1);
	put_alu(e, BPF_ADD, R1, R0);
	put_store(e, BPF_W, R10, FRAME_KEY, R1);
}

static void find_counters(struct encoder *e, const struct exits *exits)
{
	bool has_cookie = e->c->request->identity == IDENTITY_COOKIE;

	if (has_cookie) {
		put_mov(e, R1, CONTEXT);
		put_call(e, BPF_FUNC_get_attach_cookie);
		put_store(e, BPF_DW, R10, FRAME_COOKIE, R0);
	}
	find_cpu(e);
	if (has_cookie)
		find_row(e);
	put_lookup(e, MAP_COUNTERS, has_cookie ? FRAME_KEY : FRAME_CPU, exits->quit);
	put_mov(e, COUNTERS, R0);
	count(e, COUNTER(hits));
}

static void spend_budget(struct encoder *e, const struct exits *exits)
{
	/* What Lua's guard will turn down must not use the budget up: Lua counts then. */
	if (!e->c->request->has_budget || e->c->plan->has_guard)
		return;
	put_store_constant(e, BPF_W, R10, FRAME_KEY, 0);
	put_lookup(e, MAP_BUDGET, FRAME_KEY, exits->throttled);
	put_constant(e, R1, -1);
	put_atomic(e, BPF_DW, BPF_ADD | BPF_FETCH, R0, 0, R1);
	put_branch_constant(e, BPF_JSLE, R1, 0, exits->throttled);
}

static void find_ring(struct encoder *e, const struct exits *exits)
{
	put_lookup(e, MAP_RINGS, FRAME_CPU, exits->lost);
	put_store(e, BPF_DW, R10, FRAME_RING, R0);
}

static int record_size(const struct plan *plan)
{
	return (int)(sizeof(struct record) + 8 * plan->slot_count);
}

/* A record of known size is written in place. */
static void reserve_record(struct encoder *e, const struct exits *exits)
{
	put_mov(e, R1, R0);
	put_constant(e, R2, record_size(e->c->plan));
	put_constant(e, R3, 0);
	put_call(e, BPF_FUNC_ringbuf_reserve);
	put_branch_constant(e, BPF_JEQ, R0, 0, exits->lost);
	put_mov(e, RECORD, R0);
}

/* A record with strings is put together in scratch: the first of the CPU's
 * that is not busy (its user may have been preempted). */
static void claim_scratch(struct encoder *e, const struct exits *exits)
{
	int claimed = label_new(e);

	put_load(e, BPF_W, R1, R10, FRAME_CPU);
	put_alu_constant(e, BPF_MUL, R1, SCRATCH_SLOTS);
	put_store(e, BPF_W, R10, FRAME_KEY, R1);
	for (int slot = 0; slot < SCRATCH_SLOTS; slot++) {
		put_lookup(e, MAP_SCRATCH, FRAME_KEY, exits->lost);
		put_constant(e, R1, 1);
		put_atomic(e, BPF_W, BPF_XCHG, R0, offsetof(struct scratch, busy), R1);
		put_branch_constant(e, BPF_JEQ, R1, 0, claimed);
		put_load(e, BPF_W, R1, R10, FRAME_KEY);
		put_alu_constant(e, BPF_ADD, R1, 1);
		put_store(e, BPF_W, R10, FRAME_KEY, R1);
	}
	put_jump(e, exits->lost);
	label_here(e, claimed);
	put_mov(e, RECORD, R0);
	put_alu_constant(e, BPF_ADD, RECORD, offsetof(struct scratch, record));
	put_constant(e, STRINGS, 0);
}

static void write_header(struct encoder *e)
{
	const struct compile_request *request = e->c->request;

	put_call(e, BPF_FUNC_ktime_get_ns);
	put_store(e, BPF_DW, RECORD, offsetof(struct record, time_ns), R0);
	if (request->identity == IDENTITY_COOKIE)
		put_load(e, BPF_DW, R1, R10, FRAME_COOKIE);
	else if (request->identity == IDENTITY_CONSTANT)
		put_constant(e, R1, (int64_t)RECORD_COOKIE(request->probe, 0));
	else
		put_constant(e, R1, (int64_t)RECORD_COOKIE(request->probe, RECORD_LOCATION_BY_IP));
	put_store(e, BPF_DW, RECORD, offsetof(struct record, cookie), R1);
	put_store_constant(e, BPF_DW, RECORD, offsetof(struct record, missing), 0);
	if (request->identity == IDENTITY_IP) {
		put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rip));
		put_store(e, BPF_DW, RECORD, sizeof(struct record), R0);
		put_task_ids(e);
		put_alu_constant(e, BPF_RSH, R0, 32);
		put_store(e, BPF_DW, RECORD, sizeof(struct record) + 8, R0);
	}
}

/* Nobody is woken here: see wake_consumer. */
static void hand_over(struct encoder *e, const struct exits *exits)
{
	if (!e->c->plan->needs_scratch) {
		put_mov(e, R1, RECORD);
		put_constant(e, R2, BPF_RB_NO_WAKEUP);
		put_call(e, BPF_FUNC_ringbuf_submit);
		return;
	}
	put_load(e, BPF_DW, R1, R10, FRAME_RING);
	put_mov(e, R2, RECORD);
	put_mov(e, R3, STRINGS);
	put_alu_constant(e, BPF_ADD, R3, record_size(e->c->plan));
	put_constant(e, R4, BPF_RB_NO_WAKEUP);
	put_call(e, BPF_FUNC_ringbuf_output);
	put_store_constant(e, BPF_W, RECORD, -(int)offsetof(struct scratch, record), 0);
	put_branch_constant(e, BPF_JNE, R0, 0, exits->lost);
}

/*
 * The consumer arms the flag, then looks whether the ring is empty; we fill the
 * ring, then look at the flag. Between our two stands the atomic count of
 * `delivered`, a full barrier: one of us sees the other. An empty record that is
 * discarded at once carries the wake-up; its room is taken before the flag is
 * cleared, so that a ring that is full by then leaves the flag to another hit.
 */
static void wake_consumer(struct encoder *e, const struct exits *exits)
{
	enum {
		FLAG = STRINGS
	}; /* free by now */

	put_lookup(e, MAP_ARMED, FRAME_CPU, exits->quit);
	put_load(e, BPF_DW, R1, R0, 0);
	put_branch_constant(e, BPF_JEQ, R1, 0, exits->quit);
	put_mov(e, FLAG, R0);
	put_load(e, BPF_DW, R1, R10, FRAME_RING);
	put_constant(e, R2, 8);
	put_constant(e, R3, 0);
	put_call(e, BPF_FUNC_ringbuf_reserve);
	put_branch_constant(e, BPF_JEQ, R0, 0, exits->quit);
	/* Was 1: wake (BPF_RB_FORCE_WAKEUP, 2). Was 0: another has (NO_WAKEUP, 1). */
	put_constant(e, R2, 0);
	put_atomic(e, BPF_DW, BPF_XCHG, FLAG, 0, R2);
	put_alu_constant(e, BPF_ADD, R2, BPF_RB_NO_WAKEUP);
	put_mov(e, R1, R0);
	put_call(e, BPF_FUNC_ringbuf_discard);
}

static bool is_return(const struct encoder *e)
{
	return e->c->request->entry.function && e->c->request->flow != FLOW_ENTER;
}

static void put_unpaired(struct encoder *e, const struct exits *exits)
{
	int end = label_new(e);

	label_here(e, exits->unpaired);
	call_count_unpaired(e, end);
	label_here(e, end);
	put_constant(e, R0, 0);
	put_exit(e);
}

static void put_exits(struct encoder *e, const struct exits *exits)
{
	const struct {
		int label, counter;
	} counted[] = {
	    {exits->filtered, COUNTER(filtered)},
	    {exits->throttled, COUNTER(throttled)},
	    {exits->lost, COUNTER(lost)},
	};

	label_here(e, exits->quit);
	if (is_return(e))
		call_forget(e);
	label_here(e, exits->out);
	put_constant(e, R0, 0);
	put_exit(e);
	for (size_t i = 0; i < ARRAY_SIZE(counted); i++) {
		bool is_used = false;

		for (size_t k = 0; k < e->fixups.size; k++)
			is_used |= e->fixups.data[k].label == counted[i].label;
		if (!is_used) /* the verifier refuses code that nothing reaches */
			continue;
		label_here(e, counted[i].label);
		count(e, counted[i].counter);
		put_jump(e, exits->quit);
	}
	if (is_return(e) && e->c->request->site.step != JUMP_BACK)
		put_unpaired(e, exits);
}

/* A block that runs in the kernel: nothing is sent, the hit is dealt with. */
static void put_block(struct encoder *e, const struct ir *block, const struct exits *exits)
{
	emit_ir(e, block, block->lost, exits->lost);
	count(e, COUNTER(delivered));
}

static void put_event(struct encoder *e, const struct ir *captures, const struct exits *exits)
{
	spend_budget(e, exits);
	find_ring(e, exits);
	if (e->c->plan->needs_scratch)
		claim_scratch(e, exits);
	else
		reserve_record(e, exits);
	write_header(e);
	emit_ir(e, captures, IR_NONE, IR_NONE);
	hand_over(e, exits);
	count(e, COUNTER(delivered));
	wake_consumer(e, exits);
}

/* A flow's entry is a hit as well, which must end in one of the counters. */
static void keep_flow_call(struct encoder *e, const struct exits *exits)
{
	call_keep(e, exits->lost);
	call_keep_time(e);
}

/* No hit: it is only noted. */
static void emit_jump(struct compiler *c)
{
	CLEANUP(encoder_deinit) struct encoder e = {.c = c};
	const struct exits exits = {.out = label_new(&e), .unpaired = label_new(&e)};

	put_mov(&e, CONTEXT, R1);
	check_process(&e, &exits);
	check_jump(&e, &exits);
	call_jump(&e, exits.unpaired, exits.out);
	label_here(&e, exits.out);
	put_constant(&e, R0, 0);
	put_exit(&e);
	if (c->request->site.step == JUMP_OUT)
		put_unpaired(&e, &exits);
	encoder_finish(&e);
}

void emit(struct compiler *c, const struct ir *predicate, int no, const struct ir *body)
{
	if (c->request->site.step != JUMP_NONE && c->request->site.step != JUMP_BACK) {
		emit_jump(c);
		return;
	}
	CLEANUP(encoder_deinit) struct encoder e = {.c = c};
	const struct exits exits = {label_new(&e), label_new(&e), label_new(&e),
				    label_new(&e), label_new(&e), label_new(&e)};

	put_mov(&e, CONTEXT, R1);
	check_process(&e, &exits);
	check_jump(&e, &exits);
	if (is_return(&e))
		call_find(&e, exits.unpaired, exits.out);
	if (c->request->flow == FLOW_ENTER)
		call_identify(&e, c->request->entry.cfa_offset, exits.out);
	find_counters(&e, &exits);
	emit_ir(&e, predicate, no, exits.filtered);
	if (c->request->flow == FLOW_ENTER)
		keep_flow_call(&e, &exits);
	if (c->plan->is_in_kernel)
		put_block(&e, body, &exits);
	else
		put_event(&e, body, &exits);
	put_exits(&e, &exits);
	encoder_finish(&e);
}

void emit_at_entry(struct compiler *c, const struct ir *kept)
{
	CLEANUP(encoder_deinit) struct encoder e = {.c = c};
	const struct exits exits = {.out = label_new(&e)};

	put_mov(&e, CONTEXT, R1);
	check_process(&e, &exits);
	call_identify(&e, c->request->entry.cfa_offset, exits.out);
	call_keep(&e, exits.out);
	emit_ir(&e, kept, IR_NONE, IR_NONE);
	call_keep_time(&e);
	label_here(&e, exits.out);
	put_constant(&e, R0, 0);
	put_exit(&e);
	encoder_finish(&e);
}
