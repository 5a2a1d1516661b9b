/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encode.c - one BPF instruction at a time (kernel: Documentation/bpf/standardization).
 * Apart so that what a program does can be read without its bit fields.
 */
#include "encode.h"

void encoder_deinit(struct encoder *e)
{
	vector_deinit(&e->labels);
	vector_deinit(&e->fixups);
}

void encoder_finish(struct encoder *e)
{
	for (size_t i = 0; i < e->fixups.size; i++) {
		const struct fixup *fixup = &e->fixups.data[i];
		int target = e->labels.data[fixup->label];

		e->c->plan->insns.data[fixup->insn].off = (int16_t)(target - (int)fixup->insn - 1);
	}
}

int label_new(struct encoder *e)
{
	vector_push(&e->labels, -1);
	return (int)e->labels.size - 1;
}

void label_here(struct encoder *e, int label)
{
	e->labels.data[label] = (int)e->c->plan->insns.size;
}

void put(struct encoder *e, struct bpf_insn insn)
{
	vector_push(&e->c->plan->insns, insn);
	vector_push(&e->c->plan->lines, e->line);
}

static void put_full(struct encoder *e, int code, int dst, int src, int off, int32_t imm)
{
	put(e, (struct bpf_insn){.code = (uint8_t)code,
				 .dst_reg = (uint8_t)(dst & 15),
				 .src_reg = (uint8_t)(src & 15),
				 .off = (int16_t)off,
				 .imm = imm});
}

void put_mov(struct encoder *e, int to, int from)
{
	if (to != from)
		put_full(e, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

/* ld_imm64: two instructions' room for one number. */
static void put_wide(struct encoder *e, int to, int source, uint64_t number)
{
	put_full(e, BPF_LD | BPF_DW | BPF_IMM, to, source, 0, (int32_t)(uint32_t)number);
	put_full(e, 0, 0, 0, 0, (int32_t)(uint32_t)(number >> 32));
}

void put_constant(struct encoder *e, int to, int64_t number)
{
	if (number == (int32_t)number)
		put_full(e, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, (int32_t)number);
	else
		put_wide(e, to, 0, (uint64_t)number);
}

void put_map(struct encoder *e, int to, unsigned role)
{
	put_wide(e, to, BPF_PSEUDO_MAP_FD, role);
}

void put_alu(struct encoder *e, int operation, int to, int from)
{
	put_full(e, BPF_ALU64 | operation | BPF_X, to, from, 0, 0);
}

void put_alu_constant(struct encoder *e, int operation, int to, int32_t number)
{
	put_full(e, BPF_ALU64 | operation | BPF_K, to, 0, 0, number);
}

void put_load(struct encoder *e, int size, int to, int from, int offset)
{
	put_full(e, BPF_LDX | BPF_MEM | size, to, from, offset, 0);
}

void put_store(struct encoder *e, int size, int to, int offset, int from)
{
	put_full(e, BPF_STX | BPF_MEM | size, to, from, offset, 0);
}

void put_store_constant(struct encoder *e, int size, int to, int offset, int32_t number)
{
	put_full(e, BPF_ST | BPF_MEM | size, to, 0, offset, number);
}

void put_atomic(struct encoder *e, int size, int operation, int to, int offset, int from)
{
	put_full(e, BPF_STX | BPF_ATOMIC | size, to, from, offset, operation);
}

void put_call(struct encoder *e, int helper)
{
	put_full(e, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void note_jump(struct encoder *e, int label)
{
	vector_push(&e->fixups, ((struct fixup){e->c->plan->insns.size, label}));
}

void put_jump(struct encoder *e, int label)
{
	note_jump(e, label);
	put_full(e, BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

void put_branch(struct encoder *e, int condition, int a, int b, int label)
{
	note_jump(e, label);
	put_full(e, BPF_JMP | condition | BPF_X, a, b, 0, 0);
}

void put_branch_constant(struct encoder *e, int condition, int a, int32_t number, int label)
{
	note_jump(e, label);
	put_full(e, BPF_JMP | condition | BPF_K, a, 0, 0, number);
}

void put_may_goto(struct encoder *e, int label)
{
	note_jump(e, label);
	put_full(e, INSN_MAY_GOTO, 0, 0, 0, 0);
}

void put_exit(struct encoder *e)
{
	put_full(e, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
