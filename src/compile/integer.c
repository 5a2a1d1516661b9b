/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * integer.c - which expressions the kernel can compute, and constants as they are.
 * Apart from resolve.c, which knows what names of the target mean: this knows Lua's
 * integer arithmetic (5.4 manual, 3.4.1 and 3.4.2).
 */
#include "value.h"

/* Lua 5.4, 3.4.2: shifts by 64 and more give 0, by a negative count they go
 * the other way. */
static int64_t shift_left(int64_t a, int64_t by)
{
	if (by <= -64 || by >= 64)
		return 0;
	return by >= 0 ? (int64_t)((uint64_t)a << by) : (int64_t)((uint64_t)a >> -by);
}

/* Lua 5.4, 3.4.1: // rounds to minus infinity, and % goes with it. b is positive. */
static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t fold(enum operator op, int64_t a, int64_t b)
{
	uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

	switch (op) {
	case OP_ADD:
		return (int64_t)(ua + ub);
	case OP_SUB:
		return (int64_t)(ua - ub);
	case OP_MUL:
		return (int64_t)(ua * ub);
	case OP_IDIV:
		return floor_divide(a, b);
	case OP_MOD:
		return (int64_t)(ua - ub * (uint64_t)floor_divide(a, b));
	case OP_BAND:
		return a & b;
	case OP_BOR:
		return a | b;
	case OP_BXOR:
		return a ^ b;
	case OP_SHL:
		return shift_left(a, b);
	default: /* OP_SHR, the last that is_integer_operator knows */
		return b == INT64_MIN ? 0 : shift_left(a, -b);
	}
}

static bool is_integer_operator(enum operator op)
{
	switch (op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_IDIV:
	case OP_MOD:
	case OP_BAND:
	case OP_BOR:
	case OP_BXOR:
	case OP_SHL:
	case OP_SHR:
		return true;
	default:
		return false;
	}
}

static struct error *resolve_binary(struct compiler *c, const struct node *node,
				    const struct value **ret, const char **ret_reason)
{
	const struct value *a, *b;

	if (!is_integer_operator(node->op)) {
		*ret_reason =
		    arena_printf(&c->plan->arena, "`%s` is left to Lua", operator_text(node->op));
		return NULL;
	}
	TRY(resolve_integer(c, node->first, &a, ret_reason));
	if (!a)
		return NULL;
	TRY(resolve_integer(c, node->first->next, &b, ret_reason));
	if (!b)
		return NULL;
	/* Division by 0 is an error, which only Lua can raise. */
	bool divides = node->op == OP_IDIV || node->op == OP_MOD;
	if (divides && (b->kind != VALUE_CONSTANT || b->number <= 0)) {
		*ret_reason = "only division by a positive constant runs in the kernel";
		return NULL;
	}
	if (a->kind == VALUE_CONSTANT && b->kind == VALUE_CONSTANT) {
		*ret = value_constant(c, node, fold(node->op, a->number, b->number));
		return NULL;
	}
	*ret = value_binary(c, node, node->op, a, b);
	return NULL;
}

static struct error *resolve_unary(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **ret_reason)
{
	const struct value *a;

	if (node->op != OP_NEG && node->op != OP_BNOT) {
		*ret_reason =
		    arena_printf(&c->plan->arena, "`%s` gives no integer", operator_text(node->op));
		return NULL;
	}
	TRY(resolve_integer(c, node->first, &a, ret_reason));
	if (!a)
		return NULL;
	if (a->kind == VALUE_CONSTANT) {
		*ret = value_constant(c, node,
				      node->op == OP_NEG ? fold(OP_SUB, 0, a->number) : ~a->number);
		return NULL;
	}
	struct value *value = value_new(c, VALUE_UNARY, node);
	value->op = node->op;
	value->a = a;
	*ret = value;
	return NULL;
}

struct error *resolve_integer(struct compiler *c, const struct node *node, const struct value **ret,
			      const char **ret_reason)
{
	*ret = NULL;
	switch (node->kind) {
	case NODE_INTEGER:
		*ret = value_constant(c, node, node->integer);
		return NULL;
	case NODE_PAREN:
		return resolve_integer(c, node->first, ret, ret_reason);
	case NODE_BINARY:
		return resolve_binary(c, node, ret, ret_reason);
	case NODE_UNARY:
		return resolve_unary(c, node, ret, ret_reason);
	default:
		break;
	}
	if (node->kind == NODE_NAME && resolve_constant(node))
		return resolve_integer(c, resolve_constant(node), ret, ret_reason);
	TRY(resolve_target(c, node, ret));
	if (*ret && value_is_integer(*ret))
		return NULL;
	*ret_reason = arena_printf(&c->plan->arena, "`%s` is %s", node_text(c, node),
				   *ret ? "no integer" : "left to Lua");
	*ret = NULL;
	return NULL;
}
