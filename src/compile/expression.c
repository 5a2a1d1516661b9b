/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expression.c - which of Lua's expressions the kernel can compute, as what.
 * Apart from resolve.c, which knows what names of the target mean: this knows what Lua's
 * operators do with values of each view. What it does not take is left to Lua.
 */
#include "ir.h"
#include "path.h"

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

static bool is_comparison(enum operator op)
{
	return op >= OP_EQ && op <= OP_GE;
}

static struct error *left_to_lua(struct compiler *c, const char *what, const char **reason)
{
	*reason = arena_printf(&c->plan->arena, "`%s` is left to Lua", what);
	return NULL;
}

/* ------------------------------------------------- enums and pointers as numbers */

/* Lua sees the name of an enumerator, or a pointer: == with a name, with another of these or
 * with nil is about that. */
static bool is_number_like(const struct compiler *c, const struct node *node)
{
	if (node->kind == NODE_NAME && node->declaration && resolve_constant(c, node))
		return is_number_like(c, node_inner(resolve_constant(c, node)));
	if (node->kind == NODE_UNARY)
		return node->op == OP_NEG || node->op == OP_BNOT || node->op == OP_LEN;
	return node->kind == NODE_INTEGER || node->kind == NODE_FLOAT ||
	       (node->kind == NODE_BINARY &&
		(is_integer_operator(node->op) || node->op == OP_DIV || node->op == OP_POW));
}

/* Is it an integer of the target, too? */
static bool is_integer_of_target(struct compiler *c, const struct node *node)
{
	const struct value *value = NULL;
	const char *reason;
	struct error *err = resolve_expression(c, node, &value, &reason);

	error_free(err); /* whoever compiles the operand says it */
	return !err && value && (value->view == VIEW_INTEGER || value->view == VIEW_UNSIGNED);
}

bool operator_wants_number(struct compiler *c, enum operator op, const struct node *other)
{
	if (op == OP_EQ || op == OP_NE)
		return is_number_like(c, node_inner(other)) || is_integer_of_target(c, other);
	return is_integer_operator(op) || op == OP_DIV || op == OP_POW || op == OP_NEG ||
	       op == OP_BNOT || (op >= OP_LT && op <= OP_GE);
}

struct error *resolve_number(struct compiler *c, const struct node *node, const struct value **ret)
{
	const struct value *target;

	if ((*ret)->view != VIEW_ENUM && (*ret)->view != VIEW_POINTER)
		return NULL;
	/* What Lua has in a local, or chooses, is a name or an address. */
	TRY(resolve_target(c, node_inner(node), &target));
	if (target)
		*ret = value_as(c, *ret, VIEW_INTEGER);
	return NULL;
}

struct error *resolve_integer(struct compiler *c, const struct node *node, const struct value **ret,
			      const char **ret_reason)
{
	TRY(resolve_expression(c, node, ret, ret_reason));
	if (!*ret)
		return NULL;
	TRY(resolve_number(c, node, ret));
	if ((*ret)->view == VIEW_INTEGER || (*ret)->view == VIEW_UNSIGNED)
		return NULL;
	*ret_reason = arena_printf(&c->plan->arena, "`%s` is no integer", node_text(c, node));
	*ret = NULL;
	return NULL;
}

/* --------------------------------------------------------------- arithmetic */

/* An error that only Lua can raise, or a quotient that it would compute otherwise. */
static const char *division_problem(const struct value *a, const struct value *b)
{
	if (b->kind != VALUE_CONSTANT)
		return "only division by a constant runs in the kernel";
	if (b->number == 0)
		return "a division by 0 is an error of Lua's";
	if (a->view == VIEW_UNSIGNED && b->number < 0)
		return "an unsigned value is divided by a negative one in Lua";
	return NULL;
}

static struct error *resolve_arithmetic(struct compiler *c, const struct node *node,
					const struct value **ret, const char **reason)
{
	bool divides = node->op == OP_IDIV || node->op == OP_MOD;
	const struct value *a, *b;
	struct value *value;

	TRY(resolve_integer(c, node->first, &a, reason));
	if (!a)
		return NULL;
	TRY(resolve_integer(c, node->first->next, &b, reason));
	if (!b)
		return NULL;
	*reason = divides ? division_problem(a, b) : NULL;
	if (node->op == OP_SHR && a->view == VIEW_UNSIGNED && b->kind != VALUE_CONSTANT)
		*reason = "whether a shift to the right is signed depends on how far, in Lua";
	if (*reason)
		return NULL;
	if (a->kind == VALUE_CONSTANT && b->kind == VALUE_CONSTANT) {
		*ret = value_constant(c, node, integer_fold(node->op, a->number, b->number));
		return NULL;
	}
	value = value_new(c, VALUE_BINARY, VIEW_INTEGER, node);
	value->op = node->op;
	value->a = a;
	value->b = b;
	/* The quotient by 1 is as great as before, and so is what is shifted by 0. */
	if (a->view == VIEW_UNSIGNED && (divides || (node->op == OP_SHR && b->number == 0)))
		value->view = VIEW_UNSIGNED;
	*ret = value;
	return NULL;
}

static struct error *resolve_unary(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **reason)
{
	const struct value *a;

	if (node->op == OP_LEN)
		return left_to_lua(c, operator_text(node->op), reason);
	TRY(resolve_integer(c, node->first, &a, reason));
	if (a)
		*ret = value_unary(c, node, node->op, a);
	return NULL;
}

/* --------------------------------------------------------------------- logic */

static struct error *resolve_truth(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **reason);

/* Is `X or Y` always X or a value of Y's view? X is `A and B`, or one value, with B's view. */
static struct error *resolve_chosen(struct compiler *c, const struct node *node,
				    const struct value **ret, const char **reason)
{
	const struct value *condition;

	*ret = NULL;
	node = node_inner(node);
	if (node->kind == NODE_BINARY && node->op == OP_AND) {
		TRY(resolve_truth(c, node->first, &condition, reason));
		return condition ? resolve_chosen(c, node->first->next, ret, reason) : NULL;
	}
	return resolve_expression(c, node, ret, reason);
}

/* true or false, and never missing. */
static bool is_known_boolean(const struct value *value)
{
	return value->view == VIEW_BOOLEAN &&
	       (value->kind == VALUE_TRUTH || value->kind == VALUE_CONSTANT);
}

static bool may_be_false(const struct value *value)
{
	return value->view == VIEW_BOOLEAN || value->view == VIEW_POINTER ||
	       value->view == VIEW_NIL;
}

/* `A and B or C` where B and C are of one view. */
static struct error *resolve_or(struct compiler *c, const struct node *node,
				const struct value **ret, const char **reason)
{
	const struct value *first, *second;
	struct value *value;

	TRY(resolve_chosen(c, node->first, &first, reason));
	if (!first)
		return NULL;
	TRY(resolve_expression(c, node->first->next, &second, reason));
	if (!second)
		return NULL;
	if (is_known_boolean(first) && is_known_boolean(second))
		return resolve_truth(c, node, ret, reason);
	if (!value_is_number(first) || !value_is_number(second) || first->view != second->view ||
	    (first->view == VIEW_ENUM && first->type != second->type))
		return left_to_lua(c, "or", reason);
	value = value_new(c, VALUE_SELECT, first->view, node);
	value->type = first->type;
	value->b = second;
	*ret = value;
	return NULL;
}

/* `A and B`: B where A is always true. */
static struct error *resolve_and(struct compiler *c, const struct node *node,
				 const struct value **ret, const char **reason)
{
	const struct value *first, *second;

	TRY(resolve_expression(c, node->first, &first, reason));
	if (!first)
		return NULL;
	TRY(resolve_expression(c, node->first->next, &second, reason));
	if (!second)
		return NULL;
	if (is_known_boolean(first) && is_known_boolean(second))
		return resolve_truth(c, node, ret, reason);
	if (may_be_false(first) || first->view == VIEW_STRING || first->view == VIEW_LOST)
		return left_to_lua(c, "and", reason);
	*ret = second;
	return NULL;
}

/* Whether node is true, as 1 or 0. */
static struct error *resolve_truth(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **reason)
{
	struct ir ir = {0};
	int no;

	*ret = NULL;
	/* Whether it can be lowered, lowering tells; the code is made where it is used. */
	struct error *err = lower_condition(c, node, &ir, &no, reason);
	ir_deinit(&ir);
	if (!err && !*reason)
		*ret = value_new(c, VALUE_TRUTH, VIEW_BOOLEAN, node);
	return err;
}

static struct error *resolve_operator(struct compiler *c, const struct node *node,
				      const struct value **ret, const char **reason)
{
	if (is_integer_operator(node->op))
		return resolve_arithmetic(c, node, ret, reason);
	if (is_comparison(node->op) || node->op == OP_NOT)
		return resolve_truth(c, node, ret, reason);
	if (node->op == OP_OR)
		return resolve_or(c, node, ret, reason);
	if (node->op == OP_AND)
		return resolve_and(c, node, ret, reason);
	if (node->kind == NODE_UNARY)
		return resolve_unary(c, node, ret, reason);
	return left_to_lua(c, operator_text(node->op), reason);
}

/* -------------------------------------------------------------------- names */

static const struct value *constant_text(struct compiler *c, const struct node *node)
{
	struct value *value = value_new(c, VALUE_TEXT, VIEW_STRING, node);

	value->text = node->text;
	value->text_size = node->text_size;
	return value;
}

static struct error *resolve_local(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **reason)
{
	for (size_t i = c->locals.size; i-- > 0;) {
		const struct local *local = c->locals.data[i];
		struct value *value;

		if (local->declaration != node->declaration)
			continue;
		if (local->value) {
			*ret = local->value;
			return NULL;
		}
		value = value_new(c, VALUE_LOCAL, local->view, node);
		value->type = local->type;
		value->local = local;
		*ret = value;
		return NULL;
	}
	*reason = arena_printf(&c->plan->arena, "`%s` is a Lua variable", node->text);
	return NULL;
}

/* ok(v [, default]) */
static struct error *resolve_ok(struct compiler *c, const struct node *call,
				const struct value **ret, const char **reason)
{
	const struct value *a, *b;
	struct value *value;

	if (argument_count(call) != 2)
		return left_to_lua(c, "ok", reason);
	TRY(resolve_expression(c, call->first->next, &a, reason));
	if (!a)
		return NULL;
	TRY(resolve_expression(c, call->first->next->next, &b, reason));
	if (!b)
		return NULL;
	if (!value_is_scalar(a) || !value_is_scalar(b) || a->view != b->view)
		return left_to_lua(c, "ok", reason);
	value = value_new(c, VALUE_OK, a->view, call);
	value->type = a->type;
	value->a = a;
	value->b = b;
	*ret = value;
	return NULL;
}

static bool is_call_of(const struct compiler *c, const struct node *node, enum builtin_kind kind)
{
	const struct builtin_entry *entry =
	    node->kind == NODE_CALL ? resolve_builtin(c, node->first) : NULL;

	return entry && entry->kind == kind;
}

static struct error *resolve_other(struct compiler *c, const struct node *node,
				   const struct value **ret, const char **reason)
{
	if (node->kind == NODE_NAME && node->declaration && resolve_constant(c, node))
		return resolve_expression(c, resolve_constant(c, node), ret, reason);
	if (node->kind == NODE_NAME && node->declaration)
		return resolve_local(c, node, ret, reason);
	TRY(resolve_target(c, node, ret));
	if (*ret && (*ret)->kind == VALUE_LENGTH) {
		*ret = NULL;
		*reason = "a string is counted in an event only";
		return NULL;
	}
	if (*ret)
		return NULL;
	if (node->kind == NODE_BINARY || node->kind == NODE_UNARY)
		return resolve_operator(c, node, ret, reason);
	if (is_call_of(c, node, BUILTIN_OK))
		return resolve_ok(c, node, ret, reason);
	return left_to_lua(c, node_text(c, node), reason);
}

struct error *resolve_expression(struct compiler *c, const struct node *node,
				 const struct value **ret, const char **ret_reason)
{
	*ret = NULL;
	*ret_reason = NULL;
	switch (node->kind) {
	case NODE_INTEGER:
		*ret = value_constant(c, node, node->integer);
		return NULL;
	case NODE_TRUE:
	case NODE_FALSE:
		*ret = value_as(c, value_constant(c, node, node->kind == NODE_TRUE), VIEW_BOOLEAN);
		return NULL;
	case NODE_NIL:
		*ret = value_as(c, value_constant(c, node, 0), VIEW_NIL);
		return NULL;
	case NODE_STRING:
		*ret = constant_text(c, node);
		return NULL;
	case NODE_PAREN:
		return resolve_expression(c, node->first, ret, ret_reason);
	default:
		return resolve_other(c, node, ret, ret_reason);
	}
}
