/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - a compilation from start to end, one stage after the other.
 */
#include "ir.h"
#include "rewrite.h"

/* The kernel decides the condition where it can; else Lua does, on captures. */
static struct error *plan_condition(struct rewriter *r, struct ir *predicate, int *ret_no)
{
	struct compiler *c = r->c;

	*ret_no = IR_NONE;
	if (!c->request->condition)
		return NULL;
	TRY(lower_condition(c, c->request->condition, predicate, ret_no, &c->plan->guard_reason));
	c->plan->has_guard = c->plan->guard_reason != NULL;
	c->plan->has_predicate = !c->plan->has_guard;
	return c->plan->has_guard ? rewrite_collect(r, c->request->condition) : NULL;
}

/* May the captures need to wait for a page of the target? */
static bool reads_memory(const struct ir *ir)
{
	for (size_t i = 0; i < ir->insns.size; i++)
		if (ir->insns.data[i].op == IR_LOAD || ir->insns.data[i].op == IR_STRING)
			return true;
	return false;
}

static struct error *lower_captures(struct rewriter *r, struct ir *captures)
{
	struct plan *plan = r->c->plan;
	size_t size = sizeof(struct record) + 8 * plan->slot_count;

	for (size_t i = 0; i < r->values.size; i++) {
		const struct value *value = r->values.data[i];

		if (value->kind == VALUE_SITE)
			continue;
		lower_capture(r->c, value, plan->captures.data[i].slot, captures);
		if (value->kind != VALUE_STRING)
			continue;
		plan->needs_scratch = true;
		size += value->size + 2;
		if (size > SCRATCH_RECORD_SIZE)
			return error_hint(source_error(r->c->request->source, value->node->span,
						       ERR_TOO_LARGE,
						       "the strings of one event may be up to "
						       "%d bytes together",
						       SCRATCH_RECORD_SIZE),
					  "Give them a greatest length: str(P, MAX).");
	}
	return NULL;
}

static struct error *compile_stages(struct rewriter *r, struct ir *predicate, struct ir *body)
{
	struct compiler *c = r->c;
	int no;

	if (c->request->identity == IDENTITY_IP)
		c->plan->slot_count = RECORD_IP_SLOTS;
	TRY(plan_condition(r, predicate, &no));
	TRY(lower_aggregates(c, body));
	if (!c->plan->is_in_kernel) {
		TRY(c->request->block ? rewrite_collect(r, c->request->block)
				      : rewrite_collect_default(r));
		TRY(lower_captures(r, body));
	}
	c->plan->is_sleepable =
	    c->request->is_sleepable && (reads_memory(predicate) || reads_memory(body));
	TRY(allocate(c, predicate));
	TRY(allocate(c, body));
	emit(c, predicate, no, body);
	if (c->plan->is_in_kernel)
		c->plan->lua = "return function() end";
	else
		rewrite_function(r);
	return NULL;
}

struct error *compile(const struct compile_request *request, struct plan **ret)
{
	struct compiler c = {.request = request, .plan = xcalloc(1, sizeof(*c.plan))};
	struct rewriter r = {.c = &c};
	struct ir predicate = {0}, body = {0};

	struct error *err = compile_stages(&r, &predicate, &body);
	ir_deinit(&predicate);
	ir_deinit(&body);
	rewriter_deinit(&r);
	if (err)
		plan_free(c.plan);
	else
		*ret = c.plan;
	return err;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	vector_deinit(&plan->insns);
	vector_deinit(&plan->lines);
	vector_deinit(&plan->captures);
	vector_deinit(&plan->aggregates);
	vector_deinit(&plan->upvalues);
	arena_deinit(&plan->arena);
	free(plan);
}
