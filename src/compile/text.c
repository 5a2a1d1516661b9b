/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - IR -> BPF: is a string of the target, the thread's name, or a text that was kept at the
 * entry, this constant one?
 * As many bytes as it takes to tell are read into the frame (but for the last, which is in the
 * state of the call) and compared there, word by word.
 */
#include "encode.h"

static int text_offset(const struct ir *ir)
{
	return -FRAME_BYTES + 8 * (int)ir->key_words;
}

static void point_to_text(struct encoder *e, const struct ir *ir)
{
	put_mov(e, R1, R10);
	put_alu_constant(e, BPF_ADD, R1, text_offset(ir));
}

/* To read: the text and its NUL, or the text alone (of a prefix, of an array without room for
 * a NUL); probe_read_user_str adds a NUL of its own. */
static unsigned bytes_to_read(const struct ir_insn *insn)
{
	bool is_full = insn->number && insn->size == insn->number;
	bool has_nul = !insn->is_prefix && !is_full;

	return insn->size + has_nul + 1;
}

static void read_terminated(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	point_to_text(e, ir);
	put_constant(e, R2, bytes_to_read(insn));
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, BPF_FUNC_probe_read_user_str);
}

static void read_to_nul(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			int differs, int missing)
{
	int is_read = label_new(e);

	read_terminated(e, ir, insn);
	if (e->c->plan->is_sleepable) {
		put_branch_constant(e, BPF_JSGT, R0, 0, is_read);
		put_fault_in_string(e, FRAME_BUFFER, FRAME_LENGTH);
		read_terminated(e, ir, insn);
	}
	put_branch_constant(e, BPF_JSLE, R0, 0, missing);
	label_here(e, is_read);
	/* r0 = bytes of it and the NUL: just as many as the text has */
	put_branch_constant(e, BPF_JNE, R0, (int32_t)insn->size + 1, differs);
}

static void read_counted(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			 int differs, int missing)
{
	int length = home_register(e, ir, insn->b, R0);

	put_branch_constant(e, insn->is_prefix ? BPF_JLT : BPF_JNE, length, (int32_t)insn->size,
			    differs);
	if (insn->size == 0)
		return;
	point_to_text(e, ir);
	put_constant(e, R2, insn->size);
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, e->c->plan->is_sleepable ? BPF_FUNC_copy_from_user : BPF_FUNC_probe_read_user);
	put_branch_constant(e, BPF_JNE, R0, 0, missing);
}

/* The first `total` bytes of the text, with those at base + offset. */
static void compare_words(struct encoder *e, const struct ir_insn *insn, unsigned total, int base,
			  int offset, int differs)
{
	static const int sizes[] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
	unsigned at = 0;

	while (at < total) {
		unsigned left = total - at;
		unsigned size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
		uint64_t word = 0;

		memcpy(&word, insn->text + at, size);
		put_load(e, sizes[size], R0, base, offset + (int)at);
		put_constant(e, R5, (int64_t)word);
		put_branch(e, BPF_JNE, R0, R5, differs);
		at += size;
	}
}

void emit_text(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int differs,
	       int missing)
{
	/* A longer text than an array can hold. */
	if (insn->number && insn->size > insn->number) {
		put_jump(e, differs);
		return;
	}
	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	if (insn->b >= 0)
		read_counted(e, ir, insn, differs, missing);
	else
		read_to_nul(e, ir, insn, differs, missing);
	compare_words(e, insn, insn->size, R10, text_offset(ir), differs);
}

/* The kernel fills up with NULs, and the text has one behind it. */
void emit_name(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int differs)
{
	point_to_text(e, ir);
	put_constant(e, R2, TASK_NAME_SIZE);
	put_call(e, BPF_FUNC_get_current_comm);
	compare_words(e, insn, insn->size + !insn->is_prefix, R10, text_offset(ir), differs);
}

/* A text that is nil or was cut is no short one. */
void emit_kept(struct encoder *e, const struct ir_insn *insn, int differs, int missing)
{
	int word = put_kept_word(e, (unsigned)insn->number, insn->slot, missing);

	if (insn->is_prefix) {
		put_constant(e, R1, (int64_t)RECORD_STRING_NIL);
		put_branch(e, BPF_JEQ, R0, R1, missing);
	}
	put_branch_constant(e, insn->is_prefix ? BPF_JLT : BPF_JNE, R0, (int32_t)insn->size,
			    differs);
	put_mov(e, R1, R5);
	compare_words(e, insn, insn->size, R1, word + 8, differs);
}
