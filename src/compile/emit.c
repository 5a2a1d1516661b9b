/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit.c - IR -> BPF: the code of expressions, conditions and captures.
 * R0 and R5 are for the moment between two instructions; R1..R4 are homes of temporaries
 * (allocate.c) and, around a call, its arguments.
 */
#include "encode.h"

int home_register(struct encoder *e, const struct ir *ir, int t, int spare)
{
	const struct ir_home *home = &ir->homes[t];

	if (home->reg >= 0)
		return home->reg;
	put_load(e, BPF_DW, spare, R10, home->frame);
	return spare;
}

void home_copy(struct encoder *e, const struct ir *ir, int t, int to)
{
	put_mov(e, to, home_register(e, ir, t, to));
}

void home_set(struct encoder *e, const struct ir *ir, int t, int from)
{
	const struct ir_home *home = &ir->homes[t];

	if (home->reg >= 0)
		put_mov(e, home->reg, from);
	else
		put_store(e, BPF_DW, R10, home->frame, from);
}

int home_result(const struct ir *ir, int t)
{
	return ir->homes[t].reg >= 0 ? ir->homes[t].reg : R0;
}

static int bpf_operation(enum operator op)
{
	switch (op) {
	case OP_ADD:
		return BPF_ADD;
	case OP_SUB:
		return BPF_SUB;
	case OP_MUL:
		return BPF_MUL;
	case OP_DIV:
		return BPF_DIV;
	case OP_BAND:
		return BPF_AND;
	case OP_BOR:
		return BPF_OR;
	case OP_BXOR:
		return BPF_XOR;
	case OP_SHL:
		return BPF_LSH;
	default: /* OP_SHR: Lua's shift is logical */
		return BPF_RSH;
	}
}

static int bpf_unsigned_condition(enum operator op)
{
	switch (op) {
	case OP_LT:
		return BPF_JLT;
	case OP_LE:
		return BPF_JLE;
	case OP_GT:
		return BPF_JGT;
	default: /* OP_GE */
		return BPF_JGE;
	}
}

static int bpf_condition(const struct ir_insn *insn)
{
	if (insn->is_unsigned && insn->operator!= OP_EQ && insn->operator!= OP_NE)
		return bpf_unsigned_condition(insn->operator);
	switch (insn->operator) {
	case OP_EQ:
		return BPF_JEQ;
	case OP_NE:
		return BPF_JNE;
	case OP_LT:
		return BPF_JSLT;
	case OP_LE:
		return BPF_JSLE;
	case OP_GT:
		return BPF_JSGT;
	default: /* OP_GE */
		return BPF_JSGE;
	}
}

static int bpf_size(unsigned size)
{
	return size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;
}

static void emit_binary(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int operation = bpf_operation(insn->operator), to = home_result(ir, insn->t);

	/* b may live where the result will: it is read after a is copied. */
	if (insn->b >= 0 && ir->homes[insn->b].reg == to)
		to = R0;
	home_copy(e, ir, insn->a, to);
	if (insn->b >= 0)
		put_alu(e, operation, to, home_register(e, ir, insn->b, R5));
	else
		put_alu_constant(e, operation, to, (int32_t)insn->number);
	home_set(e, ir, insn->t, to);
}

static void emit_unary(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int to = home_result(ir, insn->t);

	home_copy(e, ir, insn->a, to);
	if (insn->op == IR_SIGN)
		put_alu_constant(e, BPF_ARSH, to, 63);
	else if (insn->operator== OP_NEG)
		put_alu_constant(e, BPF_NEG, to, 0);
	else
		put_alu_constant(e, BPF_XOR, to, -1);
	home_set(e, ir, insn->t, to);
}

static void emit_move(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	home_set(e, ir, insn->t, home_register(e, ir, insn->a, R0));
}

static void emit_extend(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int to = home_result(ir, insn->t), by = 64 - (int)insn->size;

	home_copy(e, ir, insn->a, to);
	put_alu_constant(e, BPF_LSH, to, by);
	put_alu_constant(e, insn->is_signed ? BPF_ARSH : BPF_RSH, to, by);
	home_set(e, ir, insn->t, to);
}

static void emit_compare(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			 int label)
{
	int condition = bpf_condition(insn), a = home_register(e, ir, insn->a, R0);

	if (insn->b >= 0)
		put_branch(e, condition, a, home_register(e, ir, insn->b, R5), label);
	else
		put_branch_constant(e, condition, a, (int32_t)insn->number, label);
}

void put_read(struct encoder *e)
{
	put_call(e, e->c->plan->is_sleepable ? BPF_FUNC_copy_from_user : BPF_FUNC_probe_read_user);
}

static void emit_load(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int fail)
{
	/* r0 = read(r10 + FRAME_BUFFER, size, address); if r0 != 0 goto fail */
	home_copy(e, ir, insn->a, R3);
	put_mov(e, R1, R10);
	put_alu_constant(e, BPF_ADD, R1, FRAME_BUFFER);
	put_constant(e, R2, insn->size);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
	put_load(e, bpf_size(insn->size), R0, R10, FRAME_BUFFER);
	if (insn->is_signed && insn->size < 8) {
		put_alu_constant(e, BPF_LSH, R0, 64 - 8 * (int)insn->size);
		put_alu_constant(e, BPF_ARSH, R0, 64 - 8 * (int)insn->size);
	}
	home_set(e, ir, insn->t, R0);
}

void put_fsbase(struct encoder *e, uint32_t offset, int fail)
{
	/* r0 = read(r10 + FRAME_BUFFER, 8, task + offset); if r0 != 0 goto fail */
	put_call(e, BPF_FUNC_get_current_task);
	put_mov(e, R3, R0);
	put_alu_constant(e, BPF_ADD, R3, (int32_t)offset);
	put_mov(e, R1, R10);
	put_alu_constant(e, BPF_ADD, R1, FRAME_BUFFER);
	put_constant(e, R2, 8);
	put_call(e, BPF_FUNC_probe_read_kernel);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
	put_load(e, BPF_DW, R0, R10, FRAME_BUFFER);
}

static void emit_size(struct encoder *e, const struct ir_insn *insn)
{
	put_store_constant(e, BPF_DW, RECORD, slot_offset(insn->slot), (int32_t)insn->size);
	put_alu_constant(e, BPF_ADD, STRINGS, (int32_t)insn->size);
}

static void emit_bytes(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int fail)
{
	home_copy(e, ir, insn->a, R3);
	put_next_bytes(e, 0);
	put_constant(e, R2, insn->size);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
	emit_size(e, insn);
}

static void emit_piece(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	unsigned stored = 0;

	if (insn->a >= 0)
		home_copy(e, ir, insn->a, R0);
	else
		put_constant(e, R0, 0);
	put_mov(e, R5, RECORD);
	put_alu(e, BPF_ADD, R5, STRINGS);
	/* The greatest stores that fit, from the low bytes on. */
	while (stored < insn->size) {
		unsigned left = insn->size - stored;
		unsigned size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;

		put_store(e, bpf_size(size), R5,
			  slot_offset(e->c->plan->slot_count) + (int)insn->number + (int)stored,
			  R0);
		stored += size;
		if (size < 8 && stored < insn->size)
			put_alu_constant(e, BPF_RSH, R0, 8 * (int)size);
	}
}

/* A string that the entry kept: all its room is copied, and as much of it counts as it is long. */
static void emit_entry_text(struct encoder *e, const struct ir_insn *insn, int fail)
{
	int words = put_kept_word(e, (unsigned)insn->number, insn->size, fail);

	put_mov(e, R4, R0);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R4);
	put_mov(e, R3, RECORD);
	put_alu(e, BPF_ADD, R3, STRINGS);
	for (int i = 0; i < CALL_TEXT_SIZE; i += 8) {
		put_load(e, BPF_DW, R0, R5, words + 8 + i);
		put_store(e, BPF_DW, R3, slot_offset(e->c->plan->slot_count) + i, R0);
	}
	put_alu_constant(e, BPF_AND, R4, CALL_TEXT_SIZE - 1);
	put_alu(e, BPF_ADD, STRINGS, R4);
}

static void emit_comm(struct encoder *e, const struct ir_insn *insn)
{
	put_mov(e, R1, RECORD);
	put_alu_constant(e, BPF_ADD, R1, slot_offset(insn->slot));
	put_constant(e, R2, TASK_NAME_SIZE);
	put_call(e, BPF_FUNC_get_current_comm);
}

static void emit_missing(struct encoder *e, const struct ir_insn *insn)
{
	put_constant(e, R1, (int64_t)(1ull << insn->slot));
	put_load(e, BPF_DW, R0, RECORD, offsetof(struct record, missing));
	put_alu(e, BPF_OR, R0, R1);
	put_store(e, BPF_DW, RECORD, offsetof(struct record, missing), R0);
	if (!insn->is_signed) {
		put_store_constant(e, BPF_DW, RECORD, slot_offset(insn->slot), MISSING_UNREADABLE);
		return;
	}
	put_load(e, BPF_DW, R0, R10, FRAME_REASON);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R0);
}

static void emit_reason(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	if (insn->op == IR_REASON_OF) {
		put_load(e, BPF_DW, R0, R10, FRAME_REASON);
		home_set(e, ir, insn->t, R0);
	} else if (insn->a >= 0) {
		put_store(e, BPF_DW, R10, FRAME_REASON, home_register(e, ir, insn->a, R0));
	} else {
		put_store_constant(e, BPF_DW, R10, FRAME_REASON, (int32_t)insn->number);
	}
}

void put_task_ids(struct encoder *e)
{
	const struct pid_namespace *namespace = e->c->request->pid_namespace;

	if (!namespace) {
		put_call(e, BPF_FUNC_get_current_pid_tgid);
		return;
	}
	put_constant(e, R1, (int64_t) namespace->device);
	put_constant(e, R2, (int64_t) namespace->inode);
	put_mov(e, R3, R10);
	put_alu_constant(e, BPF_ADD, R3, FRAME_BUFFER);
	put_constant(e, R4, 8);
	put_call(e, BPF_FUNC_get_ns_current_pid_tgid);
	put_load(e, BPF_DW, R0, R10, FRAME_BUFFER);
}

static void emit_task_id(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	put_task_ids(e);
	if (insn->op == IR_TID)
		put_alu_constant(e, BPF_LSH, R0, 32);
	put_alu_constant(e, BPF_RSH, R0, 32);
	home_set(e, ir, insn->t, R0);
}

static void emit_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label,
		      int other)
{
	switch (insn->op) {
	case IR_CONSTANT:
		put_constant(e, home_result(ir, insn->t), insn->number);
		home_set(e, ir, insn->t, home_result(ir, insn->t));
		break;
	case IR_REGISTER:
		put_load(e, BPF_DW, home_result(ir, insn->t), CONTEXT, (int)insn->number);
		home_set(e, ir, insn->t, home_result(ir, insn->t));
		break;
	case IR_PID:
	case IR_TID:
		emit_task_id(e, ir, insn);
		break;
	case IR_CPU:
		put_load(e, BPF_W, home_result(ir, insn->t), R10, FRAME_CPU);
		home_set(e, ir, insn->t, home_result(ir, insn->t));
		break;
	case IR_FSBASE:
		put_fsbase(e, (uint32_t)insn->number, label);
		home_set(e, ir, insn->t, R0);
		break;
	case IR_LOAD:
		emit_load(e, ir, insn, label);
		break;
	case IR_BINARY:
		emit_binary(e, ir, insn);
		break;
	case IR_UNARY:
	case IR_SIGN:
		emit_unary(e, ir, insn);
		break;
	case IR_MOVE:
		emit_move(e, ir, insn);
		break;
	case IR_EXTEND:
		emit_extend(e, ir, insn);
		break;
	case IR_COMPARE:
		emit_compare(e, ir, insn, label);
		break;
	case IR_TEXT:
		emit_text(e, ir, insn, label, other);
		break;
	case IR_NAME:
		emit_name(e, ir, insn, label);
		break;
	case IR_KEPT:
		emit_kept(e, insn, label, other);
		break;
	case IR_REASON:
	case IR_REASON_OF:
		emit_reason(e, ir, insn);
		break;
	case IR_BYTES:
		emit_bytes(e, ir, insn, label);
		break;
	case IR_PIECE:
		emit_piece(e, ir, insn);
		break;
	case IR_PIECES:
		emit_size(e, insn);
		break;
	case IR_ENTRY_TEXT:
		emit_entry_text(e, insn, label);
		break;
	case IR_FRAME:
	case IR_ELAPSED:
	case IR_ENTRY:
	case IR_KEEP:
	case IR_KEEP_TEXT:
	case IR_KEEP_MISSING:
		emit_entry_insn(e, ir, insn, label);
		break;
	case IR_JUMP:
		put_jump(e, label);
		break;
	case IR_LABEL:
		label_here(e, label);
		break;
	case IR_LOOP:
		label_here(e, label);
		if (insn->other >= 0)
			put_may_goto(e, other);
		break;
	case IR_AGAIN:
		put_branch(e, BPF_JSLE, home_register(e, ir, insn->a, R0),
			   home_register(e, ir, insn->b, R5), label);
		break;
	case IR_STORE:
		put_store(e, BPF_DW, RECORD, slot_offset(insn->slot),
			  home_register(e, ir, insn->a, R0));
		break;
	case IR_STRING:
	case IR_NIL:
	case IR_TEXTS:
	case IR_TEXT_HEADER:
	case IR_TEXT_BYTES:
	case IR_TEXT_LOST:
	case IR_TEXTS_END:
		emit_string_insn(e, ir, insn, label);
		break;
	case IR_STACK:
	case IR_KEY_STACK:
		emit_stack(e, ir, insn);
		break;
	case IR_MEMORY_BEGIN:
	case IR_MEMORY_WANT:
	case IR_MEMORY_TYPE:
	case IR_MEMORY:
		emit_memory_insn(e, ir, insn);
		break;
	case IR_COMM:
		emit_comm(e, insn);
		break;
	case IR_MISSING:
		emit_missing(e, insn);
		break;
	default:
		emit_row_insn(e, ir, insn, label);
	}
}

/* Does label stand between instruction i and the next one that does something? */
static bool follows(const struct ir *ir, size_t i, int label)
{
	for (i++; i < ir->insns.size && ir->insns.data[i].op == IR_LABEL; i++)
		if (ir->insns.data[i].label == label)
			return true;
	return false;
}

static enum operator opposite(enum operator op)
{
	static const enum operator opposites[] = {
	    [OP_EQ] = OP_NE, [OP_NE] = OP_EQ, [OP_LT] = OP_GE,
	    [OP_GE] = OP_LT, [OP_LE] = OP_GT, [OP_GT] = OP_LE,
	};
	return opposites[op];
}

/* if a < b goto L1; goto L2; L1: becomes if a >= b goto L2; and a jump to what
 * follows at once becomes nothing. Returns how many instructions it stands for. */
static size_t straighten(const struct ir *ir, size_t i, struct ir_insn *ret)
{
	*ret = ir->insns.data[i];
	if (ret->op == IR_JUMP && follows(ir, i, ret->label)) {
		ret->op = IR_LABEL;
		ret->label = IR_NONE;
		return 1;
	}
	if (ret->op != IR_COMPARE || ir->insns.data[i + 1].op != IR_JUMP ||
	    !follows(ir, i + 1, ret->label))
		return 1;
	ret->operator= opposite(ret->operator);
	ret->label = ir->insns.data[i + 1].label;
	ret->line = ir->insns.data[i].line;
	return 2;
}

void emit_ir(struct encoder *e, const struct ir *ir, int no, int no_label)
{
	int *labels = arena_alloc(&e->c->plan->arena, sizeof(int) * (size_t)ir->labels);

	for (int i = 0; i < ir->labels; i++)
		labels[i] = i == no ? no_label : label_new(e);
	for (size_t i = 0; i < ir->insns.size;) {
		struct ir_insn insn;

		i += straighten(ir, i, &insn);
		e->line = insn.line ? insn.line : e->line;
		if (insn.op != IR_LABEL || insn.label >= 0)
			emit_insn(e, ir, &insn, insn.label >= 0 ? labels[insn.label] : -1,
				  insn.other >= 0 ? labels[insn.other] : -1);
	}
	e->line = 0;
}
