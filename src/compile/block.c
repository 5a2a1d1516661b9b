/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block.c - statements that the kernel can run -> IR: locals, if, numeric for, aggregations.
 *
 * A block runs in the kernel as a whole or not at all: what half of it would have to tell the
 * other half costs more than the event does.
 */
#include "lower.h"

/* A loop that would go round more often is cut off, and the hit counted as lost. */
#define ROUNDS_MAX 4096

struct lowering {
	struct compiler *c;
	struct ir *ir;
	const char *reason; /* why it cannot be done */
	int done;	    /* the end of the block: return */
	int breaks[LOOP_DEPTH_MAX];
	size_t loops;
	int zero; /* of loop_zero, in blocks with loops; else IR_NONE */
	bool has_aggregation;
};

static struct error *lower_statements(struct lowering *l, const struct node *block);

/* ------------------------------------------------------------------- locals */

static void refuse(struct lowering *l, const char *what)
{
	l->reason = arena_printf(&l->c->plan->arena, "%s", what);
}

static struct local *local_new(struct lowering *l, const struct node *declaration)
{
	struct local *local = ARENA_NEW(&l->c->plan->arena, struct local);

	local->declaration = declaration;
	local->missing = local->t = IR_NONE;
	vector_push(&l->c->locals, local);
	return local;
}

/* local = value, and whether that is missing. */
static struct error *set_local(struct lowering *l, const struct local *local,
			       const struct value *value, const struct node *node)
{
	const struct arithmetic at = {l->c, l->ir, node};
	int missing = l->ir->labels++, done = l->ir->labels++, t;
	size_t start = l->ir->insns.size;

	lower_add(l->c, l->ir, IR_REASON, node)->number = MISSING_UNREADABLE;
	l->ir->has_reasons = true;
	TRY(lower_value(l->c, l->ir, value, missing, &t));
	l->ir->has_reasons = false;
	lower_move(&at, local->t, loop_hide(&at, l->zero, t));
	lower_move(&at, local->missing, lower_constant(&at, 0));
	if (!lower_has_jump(l->ir, start, missing))
		return NULL;
	lower_jump(l->c, l->ir, node, done);
	lower_label(l->c, l->ir, missing);
	lower_move(&at, local->t, lower_constant(&at, 0));
	t = l->ir->temporaries++;
	lower_add(l->c, l->ir, IR_REASON_OF, node)->t = t;
	lower_move(&at, local->missing, lower_with_number(&at, t, OP_ADD, 1));
	lower_label(l->c, l->ir, done);
	return NULL;
}

/* One that cannot be missing needs no word that says so, unless it is assigned to. */
static struct error *declare_scalar(struct lowering *l, const struct node *name,
				    const struct value *value)
{
	struct local *local;

	local = local_new(l, name);
	l->c->locals.size--; /* its own expression does not see it */
	local->view = value->view;
	local->type = value->type;
	local->t = l->ir->temporaries++;
	local->missing = l->ir->temporaries++;
	TRY(set_local(l, local, value, name));
	l->c->locals.size++;
	return NULL;
}

static struct error *declare(struct lowering *l, const struct node *name,
			     const struct node *expression)
{
	const struct value *value;

	if (!expression || (name->attribute && strcmp(name->attribute, "const") != 0)) {
		refuse(l, "a local like this is left to Lua");
		return NULL;
	}
	TRY(resolve_expression(l->c, expression, &value, &l->reason));
	if (!value)
		return NULL;
	if (value->view == VIEW_NIL || value->view == VIEW_LOST || value->view == VIEW_FLOAT ||
	    value->view == VIEW_BYTES || value->view == VIEW_STACK || value->view == VIEW_SITE) {
		refuse(l, "a local of this kind is left to Lua");
		return NULL;
	}
	if (value_is_scalar(value))
		return declare_scalar(l, name, value);
	local_new(l, name)->value = value;
	return NULL;
}

static struct error *lower_local_statement(struct lowering *l, const struct node *statement)
{
	const struct node *name = statement->first, *list = name, *expression;

	while (list->kind != NODE_LIST)
		list = list->next;
	expression = list->first;
	if (name->next != list) {
		refuse(l, "`local` with several names is left to Lua");
		return NULL;
	}
	return declare(l, name, expression);
}

static struct error *lower_assignment(struct lowering *l, const struct node *statement)
{
	const struct node *target = statement->first->first;
	const struct node *expression = statement->first->next->first;
	const struct value *value, *old;

	if (target->next || !expression || expression->next || target->kind != NODE_NAME ||
	    !target->declaration) {
		refuse(l, "an assignment to what is no local of the block is left to Lua");
		return NULL;
	}
	TRY(resolve_expression(l->c, target, &old, &l->reason));
	if (!old)
		return NULL;
	TRY(resolve_expression(l->c, expression, &value, &l->reason));
	if (!value)
		return NULL;
	/* A loop's own variable has no word that says it is missing. */
	if (old->kind != VALUE_LOCAL || old->local->missing < 0 || old->view != value->view ||
	    old->type != value->type) {
		refuse(l, "a local that changes its kind is left to Lua");
		return NULL;
	}
	return set_local(l, old->local, value, statement);
}

/* -------------------------------------------------------------------- control */

/* (expression, BLOCK)+, [BLOCK]. What a constant decides has one way only. */
static struct error *lower_if(struct lowering *l, const struct node *statement)
{
	const struct node *child = statement->first;
	int done = l->ir->labels++;

	for (; child && child->next && !l->reason; child = child->next->next) {
		int truth = resolve_known_truth(l->c, child);
		if (truth == 0)
			continue;
		if (truth > 0) {
			child = child->next;
			break;
		}
		const struct branches to = {l->ir->labels++, l->ir->labels++};

		TRY(lower_branch(l->c, child, l->ir, to, &l->reason));
		if (l->reason)
			return NULL;
		lower_label(l->c, l->ir, to.yes);
		TRY(lower_statements(l, child->next));
		lower_jump(l->c, l->ir, child, done);
		lower_label(l->c, l->ir, to.no);
	}
	if (child && !l->reason)
		TRY(lower_statements(l, child));
	lower_label(l->c, l->ir, done);
	return NULL;
}

struct loop {
	const struct node *name, *block;
	const struct value *from, *to;
	int64_t step;
};

static struct error *resolve_loop(struct lowering *l, const struct node *statement,
				  struct loop *ret)
{
	const struct node *from = statement->first->next, *to = from->next, *step = to->next;
	const struct value *by;

	ret->name = statement->first;
	ret->block = step->kind == NODE_BLOCK ? step : step->next;
	ret->step = 1;
	TRY(resolve_expression(l->c, from, &ret->from, &l->reason));
	if (!l->reason)
		TRY(resolve_expression(l->c, to, &ret->to, &l->reason));
	if (!l->reason && step != ret->block) {
		TRY(resolve_expression(l->c, step, &by, &l->reason));
		if (!l->reason &&
		    (by->kind != VALUE_CONSTANT || by->number < 1 || by->number > INT32_MAX))
			refuse(l, "a loop whose step is no positive constant is left to Lua");
		else if (!l->reason)
			ret->step = by->number;
	}
	if (!l->reason && (ret->from->view != VIEW_INTEGER || ret->to->view != VIEW_INTEGER ||
			   l->loops == LOOP_DEPTH_MAX))
		refuse(l, "a loop like this one is left to Lua");
	return NULL;
}

/*
 * i = from; if i > to goto done
 * loop: rounds += 1; if rounds > ROUNDS_MAX goto lost
 *       body; i += step; if i <= to goto loop
 */
static struct error *lower_loop(struct lowering *l, const struct loop *loop)
{
	const struct arithmetic at = {l->c, l->ir, loop->name};
	int done = l->ir->labels++, again;
	int from, to, limit, index = l->ir->temporaries++, rounds = l->ir->temporaries++;
	size_t locals = l->c->locals.size;
	struct local *local;

	/* With a bound that is missing it does not run, in Lua neither (rewrite.c). */
	TRY(lower_value(l->c, l->ir, loop->from, done, &from));
	lower_move(&at, index, loop_hide(&at, l->zero, from));
	TRY(lower_value(l->c, l->ir, loop->to, done, &to));
	limit = l->ir->temporaries++;
	lower_move(&at, limit, to);
	lower_move(&at, rounds, loop_hide(&at, l->zero, lower_constant(&at, 0)));
	lower_jump_if(&at, index, OP_GT, limit, 0, done);
	again = loop_begin(&at, l->zero, l->ir->lost);
	lower_move(&at, rounds, lower_with_number(&at, rounds, OP_ADD, 1));
	lower_jump_if(&at, rounds, OP_GT, IR_NONE, ROUNDS_MAX, l->ir->lost);
	local = local_new(l, loop->name);
	local->view = VIEW_INTEGER;
	local->t = index;
	l->breaks[l->loops++] = done;
	TRY(lower_statements(l, loop->block));
	l->loops--;
	l->c->locals.size = locals;
	lower_move(&at, index, lower_with_number(&at, index, OP_ADD, (int32_t)loop->step));
	loop_again(&at, again, index, limit);
	lower_label(l->c, l->ir, done);
	return NULL;
}

static struct error *lower_for(struct lowering *l, const struct node *statement)
{
	struct loop loop;

	TRY(resolve_loop(l, statement, &loop));
	return l->reason ? NULL : lower_loop(l, &loop);
}

/* What follows is not reached; but a program may have no such code, and that a jump is taken
 * must not be known. */
static void lower_leave(struct lowering *l, const struct node *statement, int label)
{
	const struct arithmetic at = {l->c, l->ir, statement};

	lower_jump_if(&at, lower_constant(&at, 0), OP_EQ, IR_NONE, 0, label);
}

/* ----------------------------------------------------------------- statements */

static struct error *lower_call_statement(struct lowering *l, const struct node *statement)
{
	const struct node *call = aggregate_call(l->c, statement);

	if (!call) {
		refuse(l, arena_printf(&l->c->plan->arena, "`%s` is left to Lua",
				       node_text(l->c, statement)));
		return NULL;
	}
	l->has_aggregation = true;
	TRY(aggregate_add_call(l->c, call));
	return lower_aggregation(l->c, l->ir, call, (unsigned)l->c->plan->aggregates.size - 1,
				 &l->reason);
}

static struct error *lower_statement(struct lowering *l, const struct node *statement)
{
	switch (statement->kind) {
	case NODE_CALL_STATEMENT:
		return lower_call_statement(l, statement);
	case NODE_LOCAL:
		return lower_local_statement(l, statement);
	case NODE_ASSIGN:
		return lower_assignment(l, statement);
	case NODE_IF:
		return lower_if(l, statement);
	case NODE_DO:
		return lower_statements(l, statement->first);
	case NODE_FOR_NUMERIC:
		return lower_for(l, statement);
	case NODE_BREAK:
		if (l->loops)
			lower_leave(l, statement, l->breaks[l->loops - 1]);
		return NULL;
	case NODE_RETURN:
		if (statement->first && statement->first->first)
			refuse(l, "a returned value is left to Lua");
		lower_leave(l, statement, l->done);
		return NULL;
	default:
		refuse(l, "a statement of this kind is left to Lua");
		return NULL;
	}
}

static struct error *lower_statements(struct lowering *l, const struct node *block)
{
	size_t locals = l->c->locals.size;

	for (const struct node *s = block->first; s && !l->reason; s = s->next)
		TRY(lower_statement(l, s));
	l->c->locals.size = locals;
	return NULL;
}

/* Why a block cannot be the kernel's, whatever it does. */
static const char *request_reason(const struct compiler *c)
{
	if (c->request->is_block_in_lua)
		return "at another place of the tracepoint, or for the verifier, it has to be";
	if (c->plan->has_guard)
		return "its condition is left to Lua";
	if (c->request->has_budget)
		return "a temporary tracepoint goes when its event arrives";
	if (c->request->identity == IDENTITY_IP)
		return "this way of attaching does not tell its places apart";
	return NULL;
}

/* Does it count anything, at any depth? */
static bool has_aggregation(const struct compiler *c, const struct node *node)
{
	if (aggregate_call(c, node))
		return true;
	for (const struct node *child = node->first; child; child = child->next)
		if (has_aggregation(c, child))
			return true;
	return false;
}

static bool has_loop(const struct node *node)
{
	if (node->kind == NODE_FOR_NUMERIC)
		return true;
	for (const struct node *child = node->first; child; child = child->next)
		if (has_loop(child))
			return true;
	return false;
}

static void forget(struct lowering *l, size_t aggregates)
{
	struct ir *ir = l->ir;

	l->c->plan->aggregates.size = aggregates;
	ir->insns.size = 0;
	ir->temporaries = ir->labels = 0;
	ir->key_words = ir->text_words = 0;
	ir->has_reasons = false;
}

struct error *lower_block(struct compiler *c, struct ir *ir)
{
	const struct node *block = c->request->block;
	struct lowering l = {.c = c, .ir = ir, .reason = request_reason(c), .zero = IR_NONE};
	size_t before = c->plan->aggregates.size; /* of functions in the condition */
	struct error *err;

	if (!block || block->kind != NODE_BLOCK || !has_aggregation(c, block))
		return NULL;
	l.done = ir->labels++;
	ir->lost = ir->labels++;
	if (!l.reason && has_loop(block))
		l.zero = loop_zero(&(struct arithmetic){c, ir, block});
	err = l.reason ? NULL : lower_statements(&l, block);
	lower_label(c, ir, l.done);
	c->plan->is_in_kernel = !err && !l.reason;
	c->plan->kernel_reason = l.reason;
	if (err || l.reason)
		forget(&l, before);
	c->locals.size = 0;
	return err;
}
