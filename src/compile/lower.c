/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lower.c - typed values and conditions -> IR.
 * Knows Lua's meaning; knows nothing of registers or BPF encodings.
 *
 * A missing value makes comparisons false (~= true), as it does in Lua: a failed read
 * jumps to where the comparison it is part of has that outcome.
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
	insn->label = IR_NONE;
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
static int floor_division(const struct arithmetic *at, int a, int b, const struct value *divisor)
{
	int sign = lower_sign(at, a);
	int quotient = with_value(at, lower_with(at, a, OP_BXOR, sign), OP_DIV, b, divisor);

	return lower_with(at, quotient, OP_BXOR, sign);
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

static int lower_binary(const struct compiler *c, struct ir *ir, const struct value *value,
			int fail)
{
	const struct arithmetic at = {c, ir, value->node};
	bool is_shift = value->op == OP_SHL || value->op == OP_SHR;
	bool is_small =
	    value->b->kind == VALUE_CONSTANT && value->b->number >= 0 && value->b->number < 64;
	int a = lower_integer(c, ir, value->a, fail);
	int b = is_immediate(value->b) && (!is_shift || is_small)
		    ? IR_NONE
		    : lower_integer(c, ir, value->b, fail);

	if (is_shift && !is_small)
		return shift(&at, a, value->op, b);
	if (value->op == OP_IDIV)
		return floor_division(&at, a, b, value->b);
	if (value->op == OP_MOD) {
		int quotient = floor_division(&at, a, b, value->b);
		return lower_with(&at, a, OP_SUB, with_value(&at, quotient, OP_MUL, b, value->b));
	}
	return with_value(&at, a, value->op, b, value->b);
}

int lower_integer(const struct compiler *c, struct ir *ir, const struct value *value, int fail)
{
	static const enum ir_op ops[] = {
	    [VALUE_CONSTANT] = IR_CONSTANT, [VALUE_REGISTER] = IR_REGISTER,
	    [VALUE_PID] = IR_PID,	    [VALUE_TID] = IR_TID,
	    [VALUE_CPU] = IR_CPU,	    [VALUE_UNARY] = IR_UNARY,
	    [VALUE_LOAD] = IR_LOAD,
	};
	int a = IR_NONE;

	if (value->kind == VALUE_BINARY)
		return lower_binary(c, ir, value, fail);
	if (value->a)
		a = lower_integer(c, ir, value->a, fail);
	struct ir_insn *insn = lower_add(c, ir, ops[value->kind], value->node);
	insn->operator= value->op;
	insn->a = a;
	insn->number = value->kind == VALUE_REGISTER ? value->offset : value->number;
	insn->size = value->size;
	insn->is_signed = value->is_signed;
	insn->label = value->kind == VALUE_LOAD ? fail : IR_NONE;
	insn->t = ir->temporaries++;
	return insn->t;
}

/* ------------------------------------------------------------- conditions */

/* Where a condition goes on; exactly one of them is the next instruction. */
struct branches {
	int yes, no;
};

static struct error *lower_branch(struct compiler *c, const struct node *node, struct ir *ir,
				  struct branches to, const char **reason);

/* A test whose outcome is known, still with both ways out: the verifier
 * refuses code that nothing leads to. */
static void lower_known(const struct compiler *c, const struct node *node, struct ir *ir,
			struct branches to, bool is_true)
{
	struct ir_insn *zero = lower_add(c, ir, IR_CONSTANT, node);
	int t = zero->t = ir->temporaries++;
	struct ir_insn *test = lower_add(c, ir, IR_COMPARE, node);

	test->operator= is_true ? OP_EQ : OP_NE;
	test->a = t;
	test->label = to.yes;
	lower_jump(c, ir, node, to.no);
}

static struct error *lower_comparison(struct compiler *c, const struct node *node, struct ir *ir,
				      struct branches to, const char **reason)
{
	const struct value *a, *b;

	TRY(resolve_integer(c, node->first, &a, reason));
	if (!a)
		return NULL;
	TRY(resolve_integer(c, node->first->next, &b, reason));
	if (!b)
		return NULL;
	int missing = node->op == OP_NE ? to.yes : to.no;
	int left = lower_integer(c, ir, a, missing), right = IR_NONE;
	if (!is_immediate(b))
		right = lower_integer(c, ir, b, missing);
	struct ir_insn *insn = lower_add(c, ir, IR_COMPARE, node);
	insn->operator= node->op;
	insn->a = left;
	insn->b = right;
	insn->number = b->number;
	insn->label = to.yes;
	lower_jump(c, ir, node, to.no);
	return NULL;
}

static struct error *lower_logic(struct compiler *c, const struct node *node, struct ir *ir,
				 struct branches to, const char **reason)
{
	int second = ir->labels++;
	struct branches first = node->op == OP_AND ? (struct branches){second, to.no}
						   : (struct branches){to.yes, second};

	TRY(lower_branch(c, node->first, ir, first, reason));
	if (*reason)
		return NULL;
	lower_label(c, ir, second);
	return lower_branch(c, node->first->next, ir, to, reason);
}

static struct error *lower_branch(struct compiler *c, const struct node *node, struct ir *ir,
				  struct branches to, const char **reason)
{
	const struct value *value;

	switch (node->kind) {
	case NODE_PAREN:
		return lower_branch(c, node->first, ir, to, reason);
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NIL:
		lower_known(c, node, ir, to, node->kind == NODE_TRUE);
		return NULL;
	case NODE_UNARY:
		if (node->op == OP_NOT)
			return lower_branch(c, node->first, ir, (struct branches){to.no, to.yes},
					    reason);
		break;
	case NODE_BINARY:
		if (node->op == OP_AND || node->op == OP_OR)
			return lower_logic(c, node, ir, to, reason);
		if (node->op >= OP_EQ && node->op <= OP_GE)
			return lower_comparison(c, node, ir, to, reason);
		break;
	default:
		break;
	}
	/* Every integer is true in Lua, 0 and missing ones included. */
	TRY(resolve_integer(c, node, &value, reason));
	if (value)
		lower_known(c, node, ir, to, true);
	return NULL;
}

struct error *lower_condition(struct compiler *c, const struct node *condition, struct ir *ir,
			      int *ret_no, const char **ret_reason)
{
	struct branches to = {.yes = ir->labels++, .no = ir->labels++};

	*ret_reason = NULL;
	TRY(lower_branch(c, condition, ir, to, ret_reason));
	if (*ret_reason) {
		ir->insns.size = 0;
		ir->temporaries = ir->labels = 0;
		return NULL;
	}
	lower_label(c, ir, to.yes);
	*ret_no = to.no;
	return NULL;
}

/* --------------------------------------------------------------- captures */

void lower_capture(const struct compiler *c, const struct value *value, unsigned slot,
		   struct ir *ir)
{
	int missing = ir->labels++, done = ir->labels++;
	size_t start = ir->insns.size;
	bool can_fail = false;
	struct ir_insn *insn;
	int t = IR_NONE;

	if (value_is_integer(value))
		t = lower_integer(c, ir, value, missing);
	else if (value->kind == VALUE_STRING)
		t = lower_integer(c, ir, value->a, missing);
	insn = lower_add(c, ir,
			 value_is_integer(value)       ? IR_STORE
			 : value->kind == VALUE_STRING ? IR_STRING
						       : IR_COMM,
			 value->node);
	insn->a = t;
	insn->slot = slot;
	insn->size = value->size;
	if (insn->op == IR_STRING)
		insn->label = missing;
	for (size_t i = start; i < ir->insns.size; i++)
		can_fail |= ir->insns.data[i].label == missing;
	if (!can_fail)
		return;
	lower_jump(c, ir, value->node, done);
	lower_label(c, ir, missing);
	lower_add(c, ir, IR_MISSING, value->node)->slot = slot;
	lower_label(c, ir, done);
}
