/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lower.c - typed values -> IR.
 * Knows Lua's meaning; knows nothing of registers or BPF encodings. Conditions, captures and
 * statements stand on this (condition.c, capture.c, block.c).
 *
 * A value that is missing jumps to where its user says.
 */
#include "lower.h"

void ir_deinit(struct ir *ir)
{
	vector_deinit(&ir->insns);
}

struct ir_insn *lower_add(const struct compiler *c, struct ir *ir, enum ir_op op,
			  const struct node *node)
{
	struct ir_insn *insn = vector_add(&ir->insns);
	unsigned column;

	insn->op = op;
	insn->t = insn->a = insn->b = IR_NONE;
	insn->label = insn->other = IR_NONE;
	if (node)
		source_position(c->request->source, node->span.start, &insn->line, &column);
	return insn;
}

void lower_label(const struct compiler *c, struct ir *ir, int label)
{
	lower_add(c, ir, IR_LABEL, NULL)->label = label;
}

void lower_jump(const struct compiler *c, struct ir *ir, const struct node *node, int label)
{
	lower_add(c, ir, IR_JUMP, node)->label = label;
}

/* ------------------------------------------------------------- arithmetic */

static int compute(const struct arithmetic *at, enum ir_op op, enum operator operator, int a, int b,
		   int64_t number)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, op, at->node);

	insn->operator= operator;
	insn->a = a;
	insn->b = b;
	insn->number = number;
	insn->t = at->ir->temporaries++;
	return insn->t;
}

int lower_with(const struct arithmetic *at, int a, enum operator operator, int b)
{
	return compute(at, IR_BINARY, operator, a, b, 0);
}

int lower_with_number(const struct arithmetic *at, int a, enum operator operator, int32_t number)
{
	return compute(at, IR_BINARY, operator, a, IR_NONE, number);
}

int lower_sign(const struct arithmetic *at, int a)
{
	return compute(at, IR_SIGN, 0, a, IR_NONE, 0);
}

int lower_negated(const struct arithmetic *at, int a)
{
	return compute(at, IR_UNARY, OP_NEG, a, IR_NONE, 0);
}

void lower_move(const struct arithmetic *at, int t, int a)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_MOVE, at->node);

	insn->a = a;
	insn->t = t;
}

void lower_jump_if(const struct arithmetic *at, int a, enum operator operator, int b,
		   int64_t number, int label)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_COMPARE, at->node);

	insn->operator= operator;
	insn->a = a;
	insn->b = b;
	insn->number = number;
	insn->label = label;
}

bool lower_has_jump(const struct ir *ir, size_t start, int label)
{
	for (size_t i = start; i < ir->insns.size; i++)
		if (ir->insns.data[i].label == label || ir->insns.data[i].other == label)
			return true;
	return false;
}

int lower_constant(const struct arithmetic *at, int64_t number)
{
	return compute(at, IR_CONSTANT, 0, IR_NONE, IR_NONE, number);
}

/* BPF's immediates are 32 bits, sign-extended. */
static bool is_immediate(const struct value *value)
{
	return value->kind == VALUE_CONSTANT && value->number == (int32_t)value->number;
}

/* a op b, where b may be immediate. */
static int with_value(const struct arithmetic *at, int a, enum operator operator, int b,
		      const struct value *value)
{
	return b >= 0 ? lower_with(at, a, operator, b)
		      : lower_with_number(at, a, operator,(int32_t) value->number);
}

/* BPF divides unsigned. For a < 0, floor(a / d) is ~(~a / d); a ^ sign is a or ~a. */
static int divide_by_positive(const struct arithmetic *at, int a, int sign, int b,
			      const struct value *divisor)
{
	int quotient = with_value(at, lower_with(at, a, OP_BXOR, sign), OP_DIV, b, divisor);

	return lower_with(at, quotient, OP_BXOR, sign);
}

/* By a constant that is not 0. For d < 0, a / d is -a / -d; -a is negative if a > 0, and 2^63,
 * unsigned, for the least integer. */
static int floor_division(const struct arithmetic *at, int a, int b, const struct value *divisor)
{
	int opposite, sign;
	int64_t by = divisor->number;

	if (by > 0)
		return divide_by_positive(at, a, lower_sign(at, a), b, divisor);
	opposite = lower_negated(at, a);
	sign = lower_with(at, opposite, OP_BAND, compute(at, IR_UNARY, OP_BNOT, a, IR_NONE, 0));
	b = lower_constant(at, (int64_t)(0 - (uint64_t)by));
	return divide_by_positive(at, opposite, lower_sign(at, sign), b, divisor);
}

/* a << count or a >> count, if count is from 0 to 63, else 0. */
static int shift_within(const struct arithmetic *at, int a, enum operator operator, int count)
{
	int beyond = lower_with_number(at, count, OP_BAND, ~63);
	int is_beyond = lower_sign(at, lower_with(at, beyond, OP_BOR, lower_negated(at, beyond)));
	int keep = compute(at, IR_UNARY, OP_BNOT, is_beyond, IR_NONE, 0);

	return lower_with(at, lower_with(at, a, operator, count), OP_BAND, keep);
}

/* Lua's shifts take any count; a negative one goes the other way. For 0 both
 * ways give a. */
static int shift(const struct arithmetic *at, int a, enum operator operator, int count)
{
	enum operator other = operator== OP_SHL ? OP_SHR : OP_SHL;
	int forth = shift_within(at, a, operator, count);
	int back = shift_within(at, a, other, lower_negated(at, count));

	return lower_with(at, forth, OP_BOR, back);
}

static struct error *lower_operands(struct compiler *c, struct ir *ir, const struct value *value,
				    bool is_immediate_allowed, int fail, int *ret_a, int *ret_b)
{
	*ret_b = IR_NONE;
	TRY(lower_value(c, ir, value->a, fail, ret_a));
	return is_immediate_allowed && is_immediate(value->b)
		   ? NULL
		   : lower_value(c, ir, value->b, fail, ret_b);
}

static int quotient_of(const struct arithmetic *at, const struct value *value, int a, int b)
{
	return value->a->view == VIEW_UNSIGNED ? with_value(at, a, OP_DIV, b, value->b)
					       : floor_division(at, a, b, value->b);
}

static struct error *lower_binary(struct compiler *c, struct ir *ir, const struct value *value,
				  int fail, int *ret)
{
	const struct arithmetic at = {c, ir, value->node};
	bool is_shift = value->op == OP_SHL || value->op == OP_SHR;
	bool is_small =
	    value->b->kind == VALUE_CONSTANT && value->b->number >= 0 && value->b->number < 64;
	int a, b;

	TRY(lower_operands(c, ir, value, !is_shift || is_small, fail, &a, &b));
	if (is_shift && !is_small)
		*ret = value->b->view == VIEW_UNSIGNED ? shift_within(&at, a, value->op, b)
						       : shift(&at, a, value->op, b);
	else if (value->op == OP_IDIV)
		*ret = quotient_of(&at, value, a, b);
	else if (value->op == OP_MOD)
		*ret =
		    lower_with(&at, a, OP_SUB,
			       with_value(&at, quotient_of(&at, value, a, b), OP_MUL, b, value->b));
	else
		*ret = with_value(&at, a, value->op, b, value->b);
	return NULL;
}

/* --------------------------------------------------------- what may be missing */

/* To fail, for this reason, if a op (b or number). */
static void fail_if(const struct arithmetic *at, const struct value *value, int a,
		    enum operator operator, int b, int64_t number, int fail)
{
	static const enum operator opposites[] = {
	    [OP_EQ] = OP_NE, [OP_NE] = OP_EQ, [OP_GE] = OP_LT};
	int fine;

	if (!at->ir->has_reasons) {
		lower_jump_if(at, a, operator, b, number, fail);
		at->ir->insns.data[at->ir->insns.size - 1].is_unsigned = true;
		return;
	}
	fine = at->ir->labels++;
	lower_jump_if(at, a, opposites[operator], b, number, fine);
	at->ir->insns.data[at->ir->insns.size - 1].is_unsigned = true;
	lower_add(at->c, at->ir, IR_REASON, at->node)->number = value->missing;
	lower_jump(at->c, at->ir, at->node, fail);
	lower_label(at->c, at->ir, fine);
}

static struct error *lower_checked(struct compiler *c, struct ir *ir, const struct value *value,
				   int fail, int *ret)
{
	const struct arithmetic at = {c, ir, value->node};
	int b = IR_NONE;

	TRY(lower_value(c, ir, value->a, fail, ret));
	switch (value->kind) {
	case VALUE_NONNULL:
		fail_if(&at, value, *ret, OP_EQ, IR_NONE, 0, fail);
		return NULL;
	case VALUE_BELOW:
		TRY(lower_value(c, ir, value->b, fail, &b));
		fail_if(&at, value, *ret, OP_GE, b, 0, fail);
		return NULL;
	default: /* VALUE_IF */
		TRY(lower_value(c, ir, value->b, fail, &b));
		fail_if(&at, value, b, value->op == OP_EQ ? OP_NE : OP_EQ,
			value->number == (int32_t)value->number
			    ? IR_NONE
			    : lower_constant(&at, value->number),
			value->number, fail);
		return NULL;
	}
}

/* ------------------------------------------------------------------- choices */

/* Why something in a condition is missing is not why its value is. */
static struct error *lower_inner_branch(struct compiler *c, const struct node *node, struct ir *ir,
					struct branches to, const char **reason)
{
	bool has_reasons = ir->has_reasons;

	ir->has_reasons = false;
	struct error *err = lower_branch(c, node, ir, to, reason);
	ir->has_reasons = has_reasons;
	return err;
}

static struct error *lower_truth(struct compiler *c, struct ir *ir, const struct value *value,
				 int *ret)
{
	const struct arithmetic at = {c, ir, value->node};
	const struct branches to = {ir->labels++, ir->labels++};
	int done = ir->labels++;
	const char *reason = NULL;

	*ret = ir->temporaries++;
	TRY(lower_inner_branch(c, value->node, ir, to, &reason));
	lower_label(c, ir, to.yes);
	lower_move(&at, *ret, lower_constant(&at, 1));
	lower_jump(c, ir, value->node, done);
	lower_label(c, ir, to.no);
	lower_move(&at, *ret, lower_constant(&at, 0));
	lower_label(c, ir, done);
	return NULL;
}

/* t = node if that is true, else to no. */
static struct error *lower_chosen(struct compiler *c, struct ir *ir, const struct node *node, int t,
				  int no, int fail)
{
	const struct arithmetic at = {c, ir, node};
	const struct value *value;
	const char *reason = NULL;
	int a;

	node = node_inner(node);
	if (node->kind == NODE_BINARY && node->op == OP_AND) {
		const struct branches to = {ir->labels++, no};

		TRY(lower_inner_branch(c, node->first, ir, to, &reason));
		lower_label(c, ir, to.yes);
		return lower_chosen(c, ir, node->first->next, t, no, fail);
	}
	TRY(resolve_expression(c, node, &value, &reason));
	TRY(lower_value(c, ir, value, fail, &a));
	if (value->view == VIEW_POINTER)
		lower_jump_if(&at, a, OP_EQ, IR_NONE, 0, no);
	lower_move(&at, t, a);
	return NULL;
}

static struct error *lower_select(struct compiler *c, struct ir *ir, const struct value *value,
				  int fail, int *ret)
{
	const struct arithmetic at = {c, ir, value->node};
	int no = ir->labels++, done = ir->labels++, b;

	*ret = ir->temporaries++;
	TRY(lower_chosen(c, ir, value->node->first, *ret, no, fail));
	lower_jump(c, ir, value->node, done);
	lower_label(c, ir, no);
	TRY(lower_value(c, ir, value->b, fail, &b));
	lower_move(&at, *ret, b);
	lower_label(c, ir, done);
	return NULL;
}

static struct error *lower_ok(struct compiler *c, struct ir *ir, const struct value *value,
			      int fail, int *ret)
{
	const struct arithmetic at = {c, ir, value->node};
	int missing = ir->labels++, done = ir->labels++, a, b;
	bool has_reasons = ir->has_reasons;

	*ret = ir->temporaries++;
	ir->has_reasons = false;
	TRY(lower_value(c, ir, value->a, missing, &a));
	ir->has_reasons = has_reasons;
	lower_move(&at, *ret, a);
	lower_jump(c, ir, value->node, done);
	lower_label(c, ir, missing);
	TRY(lower_value(c, ir, value->b, fail, &b));
	lower_move(&at, *ret, b);
	lower_label(c, ir, done);
	return NULL;
}

static struct error *lower_local(struct compiler *c, struct ir *ir, const struct value *value,
				 int fail, int *ret)
{
	const struct arithmetic at = {c, ir, value->node};

	int missing = value->local->missing, fine;

	*ret = value->local->t;
	if (missing < 0)
		return NULL;
	if (!ir->has_reasons) {
		lower_jump_if(&at, missing, OP_NE, IR_NONE, 0, fail);
		return NULL;
	}
	fine = ir->labels++;
	lower_jump_if(&at, missing, OP_EQ, IR_NONE, 0, fine);
	int reason = lower_with_number(&at, missing, OP_SUB, 1);
	lower_add(c, ir, IR_REASON, value->node)->a = reason;
	lower_jump(c, ir, value->node, fail);
	lower_label(c, ir, fine);
	return NULL;
}

/* What is one instruction, with at most one operand. */
static struct error *lower_simple(struct compiler *c, struct ir *ir, const struct value *value,
				  int fail, int *ret)
{
	static const enum ir_op ops[] = {
	    [VALUE_CONSTANT] = IR_CONSTANT, [VALUE_REGISTER] = IR_REGISTER,
	    [VALUE_PID] = IR_PID,	    [VALUE_TID] = IR_TID,
	    [VALUE_CPU] = IR_CPU,	    [VALUE_ELAPSED] = IR_ELAPSED,
	    [VALUE_ENTRY] = IR_ENTRY,	    [VALUE_UNARY] = IR_UNARY,
	    [VALUE_LOAD] = IR_LOAD,	    [VALUE_EXTEND] = IR_EXTEND,
	    [VALUE_FSBASE] = IR_FSBASE,	    [VALUE_FRAME] = IR_FRAME,
	};
	bool can_fail = value->kind == VALUE_LOAD || value->kind == VALUE_FSBASE ||
			(value->kind == VALUE_ENTRY && value->is_nullable);
	struct ir_insn *insn;
	int a = IR_NONE;

	if (value->a)
		TRY(lower_value(c, ir, value->a, fail, &a));
	insn = lower_add(c, ir, ops[value->kind], value->node);
	insn->operator= value->op;
	insn->a = a;
	insn->number = value->kind == VALUE_REGISTER ? value->offset : value->number;
	insn->size = value->size;
	insn->is_signed = value->is_signed;
	insn->label = can_fail ? fail : IR_NONE;
	insn->t = ir->temporaries++;
	*ret = insn->t;
	return NULL;
}

struct error *lower_value(struct compiler *c, struct ir *ir, const struct value *value, int fail,
			  int *ret)
{
	switch (value->kind) {
	case VALUE_BINARY:
		return lower_binary(c, ir, value, fail, ret);
	case VALUE_NONNULL:
	case VALUE_BELOW:
	case VALUE_IF:
		return lower_checked(c, ir, value, fail, ret);
	case VALUE_TRUTH:
		return lower_truth(c, ir, value, ret);
	case VALUE_SELECT:
		return lower_select(c, ir, value, fail, ret);
	case VALUE_OK:
		return lower_ok(c, ir, value, fail, ret);
	case VALUE_LOCAL:
		return lower_local(c, ir, value, fail, ret);
	default:
		return lower_simple(c, ir, value, fail, ret);
	}
}
