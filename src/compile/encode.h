/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encode.h - a program under construction: BPF instructions, labels, user's lines.
 * The put_ functions are shaped like the instructions they add:
 *   put_mov(e, R1, R6)   r1 = r6
 */
#ifndef COMPILE_ENCODE_H
#define COMPILE_ENCODE_H

#include "ir.h"

enum bpf_register {
	R0,
	R1,
	R2,
	R3,
	R4,
	R5,
	R6,
	R7,
	R8,
	R9,
	R10
};

struct encoder {
	struct compiler *c;
	unsigned line;	    /* of what is being added */
	VECTOR(int) labels; /* instruction index, or -1 while not known */
	VECTOR(struct fixup {
		size_t insn;
		int label;
	})
	fixups;
};

void encoder_deinit(struct encoder *e);
/* Fills in the jumps; every label must have been placed. */
void encoder_finish(struct encoder *e);

int label_new(struct encoder *e);
void label_here(struct encoder *e, int label);

void put(struct encoder *e, struct bpf_insn insn);
void put_mov(struct encoder *e, int to, int from);
void put_constant(struct encoder *e, int to, int64_t number);
void put_map(struct encoder *e, int to, unsigned role);		  /* enum map_role */
void put_alu(struct encoder *e, int operation, int to, int from); /* BPF_ADD ... */
void put_alu_constant(struct encoder *e, int operation, int to, int32_t number);
void put_load(struct encoder *e, int size, int to, int from, int offset); /* BPF_DW ... */
void put_store(struct encoder *e, int size, int to, int offset, int from);
void put_store_constant(struct encoder *e, int size, int to, int offset, int32_t number);
/* BPF_ADD: [to + offset] += from, atomically; with BPF_FETCH from = the old
 * value; BPF_XCHG: exchanges; BPF_CMPXCHG: from goes there if r0 was, r0 = the old
 * value. size is BPF_W or BPF_DW. */
void put_atomic(struct encoder *e, int size, int operation, int to, int offset, int from);
void put_call(struct encoder *e, int helper); /* BPF_FUNC_... */
void put_jump(struct encoder *e, int label);
void put_branch(struct encoder *e, int condition, int a, int b, int label); /* BPF_JEQ ... */
/* May jump or not, as the kernel likes: it does after very many rounds, which makes the verifier
 * believe that a loop ends (Linux 6.9). */
void put_may_goto(struct encoder *e, int label);
void put_branch_constant(struct encoder *e, int condition, int a, int32_t number, int label);
void put_exit(struct encoder *e);

/* emit.c: the code of ir; the exits of ir's labels are made by need. no (or
 * IR_NONE) is an IR label whose place is the encoder's label no_label. */
/* r0 = the thread's base of %fs, which is offset bytes into its task; to fail if it cannot be
 * read. Uses FRAME_BUFFER and r1 to r5. */
void put_fsbase(struct encoder *e, uint32_t offset, int fail);
void emit_ir(struct encoder *e, const struct ir *ir, int no, int no_label);

/* row.c: the instructions of aggregates. */
void emit_row_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label);

/* emit.c: the register that holds temporary t: its home, or spare with a copy from
 * the frame. */
int home_register(struct encoder *e, const struct ir *ir, int t, int spare);
void home_copy(struct encoder *e, const struct ir *ir, int t, int to);
/* Moves a result from a register into the home of temporary t. */
void home_set(struct encoder *e, const struct ir *ir, int t, int from);
/* The register to compute temporary t in: its home if that is one. */
int home_result(const struct ir *ir, int t);

/* string.c: IR_STRING, IR_NIL and the texts of elements. */
void emit_string_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
		      int label);
/* string.c: r1 = where the next bytes go, and so many ahead. */
void put_next_bytes(struct encoder *e, int ahead);

/* text.c: IR_TEXT and IR_NAME. */
void emit_text(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int differs,
	       int missing);
void emit_name(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int differs);
/* string.c: has the pages of the string at [r10 + address] faulted in, for a sleepable program;
 * uses the 8 bytes at r10 + frame. */
void put_fault_in_string(struct encoder *e, int address, int frame);

/* emit.c: r0 = 0 if r2 bytes of user memory at r3 were read to r1. */
void put_read(struct encoder *e);
/* walk.c: IR_STACK, IR_KEY_STACK. */
void emit_stack(struct encoder *e, const struct ir *ir, const struct ir_insn *insn);

/* search.c: IR_MEMORY_BEGIN to IR_MEMORY. */
void emit_memory_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn);

/* call.c: puts the key of a call into the frame, at FRAME_CALL: its thread (in Go: its goroutine)
 * and its frame, at distance from the stack pointer; to out if that cannot be read. */
void call_identify(struct encoder *e, int64_t distance, int out);
/* Of a return: FRAME_STATE, FRAME_ELAPSED from what the entry kept; to unpaired without that, as
 * the call began before the probe was there. */
void call_find(struct encoder *e, int unpaired, int out);
/* Counts a return without its entry; to label if there is nothing to count in. */
void call_count_unpaired(struct encoder *e, int label);
/* RECORD = a new state, all zeros, of the call identified; then its time. */
void call_keep(struct encoder *e, int out);
void call_keep_time(struct encoder *e);
/* The call is over. */
void call_forget(struct encoder *e);

/* entry.c: r5 = the call's state, r0 = its word insn->number, at r5 + what is returned; to fail,
 * with FRAME_REASON, if the entry could not read the value (bit insn->size). */
int put_kept_word(struct encoder *e, const struct ir_insn *insn, int fail);
/* entry.c: IR_ELAPSED to IR_KEEP_MISSING. */
void emit_entry_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label);

/* frame.c: r0 = the map's value for the u32 key at r10 + key; to label if there is
 * none. */
void put_lookup(struct encoder *e, enum map_role role, int key, int label);

/* emit.c: r0 = process id << 32 | thread id, as the request's pid namespace counts
 * them (0 for tasks it does not know). */
void put_task_ids(struct encoder *e);

/* Where a slot is in a record, and a word of a key in the frame (its far end). */
static inline int slot_offset(unsigned slot)
{
	return (int)(sizeof(struct record) + 8 * slot);
}

static inline int key_offset(unsigned word)
{
	return -FRAME_BYTES + 8 * (int)word;
}

/* Registers that hold for the whole program. */
enum {
	CONTEXT = R6,  /* struct pt_regs */
	COUNTERS = R7, /* struct counters of the site */
	RECORD = R8,   /* struct record, in the ring or in scratch */
	STRINGS = R9,  /* bytes of strings so far */
};

/* The fixed part of the frame: offsets from R10. */
enum {
	FRAME_BUFFER = -8,  /* what a read of user memory brings; a string's address */
	FRAME_COOKIE = -16, /* u64 */
	FRAME_CPU = -20,    /* u32 */
	FRAME_KEY = -24,    /* u32: a map's key; the length of a text that is read */
	FRAME_RING = -32,   /* the CPU's ring buffer */
	FRAME_USERS = -32,  /* of a block in the kernel, which needs none: of a table, by turn */
	FRAME_REASON = -40, /* u64: enum missing_reason of what is missing next */
	FRAME_LENGTH = -48, /* of a string that is read */
	FRAME_STATE = -56,  /* of a return: the state of the call, in its map */
	FRAME_CALL = -80,   /* the key of that: struct call_key */
	FRAME_ELAPSED = -88,
};

#endif
