/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.c - a call from its entry to its return: the key that both find it by, and the state that
 * the entry keeps under it.
 * Apart from frame.c, where most programs know of no other program.
 */
#include <linux/ptrace.h>

#include "encode.h"

#define CALL(field) (FRAME_CALL + (int)offsetof(struct call_key, field))

/* r0 = 8 bytes of the target at r3; to out if they cannot be read */
static void read_word(struct encoder *e, int out)
{
	put_mov(e, R1, R10);
	put_alu_constant(e, BPF_ADD, R1, FRAME_BUFFER);
	put_constant(e, R2, 8);
	put_call(e, BPF_FUNC_probe_read_user);
	put_branch_constant(e, BPF_JNE, R0, 0, out);
	put_load(e, BPF_DW, R0, R10, FRAME_BUFFER);
}

/* r0 = g, the thread's own */
static void put_g(struct encoder *e, int out)
{
	if (e->c->request->entry.abi == ABI_GO_REGISTERS) {
		put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, r14));
		return;
	}
	put_fsbase(e, compiler_fsbase(e->c), out);
	put_mov(e, R3, R0);
	put_alu_constant(e, BPF_ADD, R3, (int32_t)e->c->goroutine->tls);
	read_word(e, out);
}

/* The key of a call in Go: its goroutine may go on in another thread, and its stack may move. */
static void identify_go_call(struct encoder *e, int64_t distance, int out)
{
	put_call(e, BPF_FUNC_get_current_pid_tgid);
	put_alu_constant(e, BPF_RSH, R0, 32);
	put_alu_constant(e, BPF_LSH, R0, 32);
	put_store(e, BPF_DW, R10, CALL(thread), R0);
	put_g(e, out);
	put_store(e, BPF_DW, R10, CALL(g), R0);
	put_mov(e, R3, R0);
	put_alu_constant(e, BPF_ADD, R3, (int32_t)e->c->goroutine->stack_hi);
	read_word(e, out);
	put_load(e, BPF_DW, R1, CONTEXT, offsetof(struct pt_regs, rsp));
	put_alu_constant(e, BPF_ADD, R1, (int32_t)distance);
	put_alu(e, BPF_SUB, R0, R1);
	put_store(e, BPF_DW, R10, CALL(frame), R0);
}

void call_identify(struct encoder *e, int64_t distance, int out)
{
	if (e->c->goroutine) {
		identify_go_call(e, distance, out);
		return;
	}
	put_store_constant(e, BPF_DW, R10, CALL(g), 0);
	put_call(e, BPF_FUNC_get_current_pid_tgid);
	put_store(e, BPF_DW, R10, CALL(thread), R0);
	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rsp));
	put_alu_constant(e, BPF_ADD, R0, (int32_t)distance);
	put_store(e, BPF_DW, R10, CALL(frame), R0);
}

/* r0 = struct call_counters, to count in */
static void find_call_counters(struct encoder *e, int label)
{
	put_store_constant(e, BPF_W, R10, FRAME_KEY, 0);
	put_lookup(e, MAP_CALL_COUNTERS, FRAME_KEY, label);
}

static void count_call(struct encoder *e, int counter)
{
	put_constant(e, R1, 1);
	put_atomic(e, BPF_DW, BPF_ADD, R0, counter, R1);
}

void call_find(struct encoder *e, int unpaired, int out)
{
	/* At a return the stack pointer is at the return address. */
	call_identify(e, 8, out);
	put_lookup(e, MAP_CALLS, FRAME_CALL, unpaired);
	put_store(e, BPF_DW, R10, FRAME_STATE, R0);
	put_mov(e, COUNTERS, R0);
	put_call(e, BPF_FUNC_ktime_get_ns);
	put_load(e, BPF_DW, R1, COUNTERS, offsetof(struct call_state, time_ns));
	put_alu(e, BPF_SUB, R0, R1);
	put_store(e, BPF_DW, R10, FRAME_ELAPSED, R0);
	find_call_counters(e, out);
	count_call(e, offsetof(struct call_counters, returned));
}

void call_forget(struct encoder *e)
{
	put_map(e, R1, MAP_CALLS);
	put_mov(e, R2, R10);
	put_alu_constant(e, BPF_ADD, R2, FRAME_CALL);
	put_call(e, BPF_FUNC_map_delete_elem);
}

void call_count_unpaired(struct encoder *e, int label)
{
	find_call_counters(e, label);
	count_call(e, offsetof(struct call_counters, unpaired));
}

/* r0 = 0: there is a new state, all zeros, or else there was one already */
static void add_call(struct encoder *e, int out)
{
	put_store_constant(e, BPF_W, R10, FRAME_KEY, 0);
	put_lookup(e, MAP_ZERO, FRAME_KEY, out);
	put_mov(e, R3, R0);
	put_map(e, R1, MAP_CALLS);
	put_mov(e, R2, R10);
	put_alu_constant(e, BPF_ADD, R2, FRAME_CALL);
	put_constant(e, R4, BPF_NOEXIST);
	put_call(e, BPF_FUNC_map_update_elem);
}

void call_keep(struct encoder *e, int out)
{
	enum {
		STATUS = STRINGS
	}; /* there are none yet */
	int is_new = label_new(e), is_kept = label_new(e);

	add_call(e, out);
	put_mov(e, STATUS, R0);
	put_branch_constant(e, BPF_JEQ, R0, 0, is_new);
	call_forget(e); /* it never returned */
	add_call(e, out);
	label_here(e, is_new);
	put_lookup(e, MAP_CALLS, FRAME_CALL, out);
	put_mov(e, RECORD, R0);
	find_call_counters(e, out);
	count_call(e, offsetof(struct call_counters, kept));
	put_branch_constant(e, BPF_JEQ, STATUS, 0, is_kept);
	count_call(e, offsetof(struct call_counters, replaced));
	label_here(e, is_kept);
}

void call_keep_time(struct encoder *e)
{
	put_call(e, BPF_FUNC_ktime_get_ns);
	put_store(e, BPF_DW, RECORD, offsetof(struct call_state, time_ns), R0);
}
