/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * string.c - IR -> BPF: bytes of the target that are as many as it says, or end in a NUL.
 */
#include "encode.h"

void put_next_bytes(struct encoder *e, int ahead)
{
	put_mov(e, R1, RECORD);
	put_alu_constant(e, BPF_ADD, R1, slot_offset(e->c->plan->slot_count) + ahead);
	put_alu(e, BPF_ADD, R1, STRINGS);
}

/* One more than wanted is the NUL; of a pointer's text another one, to tell a string of just
 * the greatest length from a longer one. r0 = bytes copied, NUL included, or negative */
static void read_string(struct encoder *e, const struct ir_insn *insn, int ahead)
{
	put_next_bytes(e, ahead);
	put_constant(e, R2, insn->size + (insn->number ? 1 : 2));
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, BPF_FUNC_probe_read_user_str);
}

/* A sleepable program may wait for the page that a string begins in, and for the
 * next one; whether that worked, the second reading tells. Uses 8 bytes at r10 + frame. */
void put_fault_in_string(struct encoder *e, int address, int frame)
{
	for (int page = 0; page < 2; page++) {
		put_mov(e, R1, R10);
		put_alu_constant(e, BPF_ADD, R1, frame);
		put_constant(e, R2, 1);
		put_load(e, BPF_DW, R3, R10, address);
		if (page == 1) {
			put_alu_constant(e, BPF_OR, R3, 4095);
			put_alu_constant(e, BPF_ADD, R3, 1);
		}
		put_call(e, BPF_FUNC_copy_from_user);
	}
}

/* The same, with its pages there. r0 = its length, which may be one more than the limit. */
static void read_terminated(struct encoder *e, const struct ir_insn *insn, int ahead, int fail)
{
	int is_read = label_new(e);

	read_string(e, insn, ahead);
	if (e->c->plan->is_sleepable) {
		put_branch_constant(e, BPF_JSGT, R0, 0, is_read);
		put_fault_in_string(e, FRAME_BUFFER, FRAME_LENGTH);
		read_string(e, insn, ahead);
	}
	put_branch_constant(e, BPF_JSLE, R0, 0, fail);
	label_here(e, is_read);
	put_alu_constant(e, BPF_SUB, R0, 1);
}

/* length = at most the limit; mark = the same, or the limit with a flag. */
static void put_limit(struct encoder *e, int length, int mark, unsigned limit, uint64_t flag)
{
	int is_whole = label_new(e);

	put_mov(e, mark, length);
	put_branch_constant(e, BPF_JLE, length, (int32_t)limit, is_whole);
	put_constant(e, length, (int32_t)limit);
	put_constant(e, mark, (int64_t)(flag | limit));
	label_here(e, is_whole);
}

static void emit_terminated(struct encoder *e, const struct ir_insn *insn, int fail)
{
	read_terminated(e, insn, 0, fail);
	if (insn->is_length) {
		put_store_constant(e, BPF_DW, R10, FRAME_REASON, MISSING_TRUNCATED);
		put_branch_constant(e, BPF_JGT, R0, (int32_t)insn->size, fail);
		put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R0);
		return;
	}
	put_limit(e, R0, R1, insn->size, RECORD_STRING_CUT);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R1);
	put_alu(e, BPF_ADD, STRINGS, R0);
}

/* r2 bytes, to where the next bytes go, and some ahead. r0 = how many that was */
static void read_counted(struct encoder *e, int ahead, int fail)
{
	put_store(e, BPF_DW, R10, FRAME_LENGTH, R2);
	put_next_bytes(e, ahead);
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
	put_load(e, BPF_DW, R0, R10, FRAME_LENGTH);
}

static void emit_counted(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			 int fail)
{
	home_copy(e, ir, insn->b, R2);
	put_limit(e, R2, R1, insn->size, RECORD_STRING_CUT);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R1);
	read_counted(e, 0, fail);
	put_alu(e, BPF_ADD, STRINGS, R0);
}

static void emit_string(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			int fail)
{
	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	if (insn->b >= 0)
		emit_counted(e, ir, insn, fail);
	else
		emit_terminated(e, insn, fail);
}

static void emit_nil(struct encoder *e, const struct ir_insn *insn)
{
	put_constant(e, R0, (int64_t)RECORD_STRING_NIL);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R0);
}

/* ----------------------------------------------------------- texts of elements */

/* To r5: struct record_text, which begins where the next bytes go. */
static void point_to_header(struct encoder *e)
{
	put_mov(e, R5, RECORD);
	put_alu(e, BPF_ADD, R5, STRINGS);
}

static int header_offset(const struct encoder *e, size_t field)
{
	return slot_offset(e->c->plan->slot_count) + (int)field;
}

static void emit_text_header(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			     int full)
{
	int offset = home_register(e, ir, insn->a, R0);

	if (insn->b >= 0)
		put_alu(e, BPF_ADD, STRINGS, home_register(e, ir, insn->b, R5));
	put_branch_constant(e, BPF_JGT, STRINGS, (int32_t)insn->number, full);
	point_to_header(e);
	put_store(e, BPF_W, R5, header_offset(e, offsetof(struct record_text, offset)), offset);
}

static void put_text_length(struct encoder *e, int length)
{
	point_to_header(e);
	put_store(e, BPF_W, R5, header_offset(e, offsetof(struct record_text, length)), length);
	put_alu_constant(e, BPF_ADD, STRINGS, sizeof(struct record_text));
}

static void emit_text_bytes(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			    int fail)
{
	const int ahead = sizeof(struct record_text);

	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	if (insn->b >= 0) {
		home_copy(e, ir, insn->b, R2);
		put_limit(e, R2, R1, insn->size, RECORD_TEXT_CUT);
		put_store(e, BPF_W, R10, FRAME_KEY, R1);
		read_counted(e, ahead, fail);
		put_load(e, BPF_W, R1, R10, FRAME_KEY);
	} else {
		read_terminated(e, insn, ahead, fail);
		put_limit(e, R0, R1, insn->size, RECORD_TEXT_CUT);
	}
	put_text_length(e, R1);
	put_alu(e, BPF_ADD, STRINGS, R0);
}

/* There are no more bytes than number; but the verifier has been made to forget it. */
static void emit_texts_end(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int is_known = label_new(e);

	put_branch_constant(e, BPF_JLE, STRINGS, (int32_t)insn->number, is_known);
	put_constant(e, STRINGS, insn->number);
	label_here(e, is_known);
	put_mov(e, R1, STRINGS);
	put_alu(e, BPF_SUB, R1, home_register(e, ir, insn->a, R0));
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R1);
}

void emit_string_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label)
{
	switch (insn->op) {
	case IR_NIL:
		emit_nil(e, insn);
		break;
	case IR_TEXTS:
		home_set(e, ir, insn->t, STRINGS);
		break;
	case IR_TEXT_HEADER:
		emit_text_header(e, ir, insn, label);
		break;
	case IR_TEXT_BYTES:
		emit_text_bytes(e, ir, insn, label);
		break;
	case IR_TEXT_LOST:
		put_constant(e, R0, RECORD_TEXT_LOST);
		put_text_length(e, R0);
		break;
	case IR_TEXTS_END:
		emit_texts_end(e, ir, insn);
		break;
	default:
		emit_string(e, ir, insn, label);
	}
}
