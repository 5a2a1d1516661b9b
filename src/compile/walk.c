/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.c - IR -> BPF: the bytes of a stack (record.h), in a record or in a key.
 *
 * Not bpf_get_stack: that one misses the caller where the probed function has no frame yet, on
 * some kernels it does not, and nothing tells which.
 */

#include <linux/ptrace.h>

#include "encode.h"

enum {
	PAGE = 4096,
	HEAD = 8,			     /* bytes before the addresses or registers */
	MEMORY = HEAD + 8 * STACK_REGISTERS, /* bytes before the memory */
	/* Frame words that are free here: */
	LENGTH = FRAME_LENGTH, /* bytes there are so far */
	LINK = FRAME_BUFFER,   /* the frame that comes next */
};

/* to = where byte `offset` of the stack's bytes is. */
static void point_to(struct encoder *e, const struct ir_insn *insn, int to, int offset)
{
	if (insn->op == IR_KEY_STACK) {
		put_mov(e, to, R10);
		put_alu_constant(e, BPF_ADD, to, key_offset(insn->slot) + offset);
		return;
	}
	put_mov(e, to, RECORD);
	put_alu_constant(e, BPF_ADD, to, slot_offset(e->c->plan->slot_count) + offset);
	put_alu(e, BPF_ADD, to, STRINGS);
}

/* ... where the next one goes. Uses r0. */
static void point_to_next(struct encoder *e, const struct ir_insn *insn, int to)
{
	point_to(e, insn, to, 0);
	put_load(e, BPF_DW, R0, R10, LENGTH);
	put_alu(e, BPF_ADD, to, R0);
}

/* r1 = where the bytes begin, with the head there. */
static void put_head(struct encoder *e, const struct ir_insn *insn)
{
	put_task_ids(e);
	put_alu_constant(e, BPF_RSH, R0, 32);
	put_constant(e, R1, insn->number << 32);
	put_alu(e, BPF_OR, R0, R1);
	point_to(e, insn, R1, 0);
	put_store(e, BPF_DW, R1, 0, R0);
}

/* ------------------------------------------------------------- addresses */

/* The caller of a function whose frame is not linked: the return address is at CFA - 8, which
 * LENGTH holds. Where it is linked, rbp is CFA - 16. */
static void put_caller(struct encoder *e, const struct ir_insn *insn)
{
	int is_linked = label_new(e);

	put_load(e, BPF_DW, R3, R10, LENGTH);
	put_store_constant(e, BPF_DW, R10, LENGTH, HEAD + 8);
	put_alu_constant(e, BPF_SUB, R3, 16);
	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rbp));
	put_branch(e, BPF_JEQ, R0, R3, is_linked);
	put_alu_constant(e, BPF_ADD, R3, 8);
	point_to(e, insn, R1, HEAD + 8);
	put_constant(e, R2, 8);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, is_linked);
	put_store_constant(e, BPF_DW, R10, LENGTH, HEAD + 16);
	label_here(e, is_linked);
}

/* A frame is the address of its caller's, and a return address; both are read to where the
 * latter is wanted. */
static void put_walk(struct encoder *e, const struct ir_insn *insn)
{
	int again = label_new(e), done = label_new(e);

	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rbp));
	put_store(e, BPF_DW, R10, LINK, R0);
	label_here(e, again);
	point_to_next(e, insn, R1);
	put_branch_constant(e, BPF_JGE, R0, HEAD + 8 * (int32_t)insn->number, done);
	put_constant(e, R2, 16);
	put_load(e, BPF_DW, R3, R10, LINK);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
	point_to_next(e, insn, R1);
	put_load(e, BPF_DW, R2, R1, 0);
	put_load(e, BPF_DW, R3, R1, 8);
	put_store(e, BPF_DW, R1, 0, R3);
	put_store_constant(e, BPF_DW, R1, 8, 0);
	put_branch_constant(e, BPF_JEQ, R3, 0, done);
	put_store(e, BPF_DW, R10, LINK, R2);
	put_alu_constant(e, BPF_ADD, R0, 8);
	put_store(e, BPF_DW, R10, LENGTH, R0);
	put_jump(e, again);
	label_here(e, done);
}

static void put_addresses(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	if (insn->a >= 0)
		put_store(e, BPF_DW, R10, LENGTH, home_register(e, ir, insn->a, R0));
	put_head(e, insn);
	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rip));
	put_store(e, BPF_DW, R1, HEAD, R0);
	if (insn->a >= 0 && insn->number > 1)
		put_caller(e, insn);
	else
		put_store_constant(e, BPF_DW, R10, LENGTH, HEAD + 8);
	if (insn->number > 1)
		put_walk(e, insn);
}

/* ----------------------------------------------------------------- memory */

static void put_registers(struct encoder *e)
{
	for (int reg = 0; reg < STACK_REGISTERS; reg++) {
		int offset = reg == STACK_REGISTERS - 1 ? (int)offsetof(struct pt_regs, rip)
							: register_of_dwarf(reg);
		put_load(e, BPF_DW, R0, CONTEXT, offset);
		put_store(e, BPF_DW, R1, HEAD + 8 * reg, R0);
	}
}

/* r2 = bytes before the stack pointer in its page */
static void put_page_offset(struct encoder *e)
{
	put_load(e, BPF_DW, R2, CONTEXT, offsetof(struct pt_regs, rsp));
	put_alu_constant(e, BPF_AND, R2, PAGE - 1);
}

enum chunk {
	CHUNK_FIRST, /* up to the end of its page */
	CHUNK_PAGE,
	CHUNK_LAST, /* what the first was short of a page */
};

static void put_chunk_size(struct encoder *e, enum chunk chunk)
{
	if (chunk == CHUNK_PAGE) {
		put_constant(e, R2, PAGE);
		return;
	}
	put_page_offset(e);
	if (chunk == CHUNK_LAST)
		return;
	put_alu_constant(e, BPF_XOR, R2, PAGE - 1);
	put_alu_constant(e, BPF_ADD, R2, 1);
}

/* Reads it to behind those before. */
static void put_chunk(struct encoder *e, const struct ir_insn *insn, enum chunk chunk, int fail)
{
	point_to_next(e, insn, R1);
	put_chunk_size(e, chunk);
	put_load(e, BPF_DW, R3, CONTEXT, offsetof(struct pt_regs, rsp));
	put_alu(e, BPF_ADD, R3, R0);
	put_alu_constant(e, BPF_SUB, R3, MEMORY);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
	put_chunk_size(e, chunk);
	put_load(e, BPF_DW, R0, R10, LENGTH);
	put_alu(e, BPF_ADD, R0, R2);
	put_store(e, BPF_DW, R10, LENGTH, R0);
}

/* No chunk crosses the end of a page, and the first that is not there is the end: a stack ends
 * with a page. */
static void put_memory(struct encoder *e, const struct ir_insn *insn)
{
	int done = label_new(e);

	put_head(e, insn);
	put_registers(e);
	put_store_constant(e, BPF_DW, R10, LENGTH, MEMORY);
	put_chunk(e, insn, CHUNK_FIRST, done);
	for (unsigned size = PAGE; size < insn->size; size += PAGE)
		put_chunk(e, insn, CHUNK_PAGE, done);
	put_chunk(e, insn, CHUNK_LAST, done);
	label_here(e, done);
}

/* slot = length; what the length can be is forgotten by way of the slot, so that the verifier
 * does not follow the rest of the program once for each length. */
static void put_length(struct encoder *e, const struct ir_insn *insn, int most)
{
	int is_below = label_new(e), slot = slot_offset(insn->slot);

	put_load(e, BPF_DW, R0, R10, LENGTH);
	if (insn->size) {
		put_constant(e, R1, (int64_t)RECORD_STACK_MEMORY);
		put_alu(e, BPF_OR, R0, R1);
	}
	put_store(e, BPF_DW, RECORD, slot, R0);
	put_load(e, BPF_W, R0, RECORD, slot);
	put_branch_constant(e, BPF_JLE, R0, most, is_below);
	put_constant(e, R0, most);
	label_here(e, is_below);
	put_alu(e, BPF_ADD, STRINGS, R0);
}

void emit_stack(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	if (insn->size)
		put_memory(e, insn);
	else
		put_addresses(e, ir, insn);
	if (insn->op == IR_STACK)
		put_length(e, insn,
			   insn->size ? MEMORY + PAGE + (int)insn->size
				      : HEAD + 8 * (int)insn->number);
}
