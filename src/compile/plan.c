/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - a compilation from start to end, one stage after the other.
 */
#include "capture.h"
#include "lower.h"
#include "rewrite.h"

/* The kernel decides the condition where it can; else Lua does, on captures. */
static struct error *plan_condition(struct rewriter *r, struct ir *predicate, int *ret_no)
{
	struct compiler *c = r->c;

	*ret_no = IR_NONE;
	if (!c->request->condition)
		return NULL;
	if (c->request->is_condition_in_lua)
		c->plan->guard_reason = "at another place of the tracepoint it has to be";
	else
		TRY(lower_condition(c, c->request->condition, predicate, ret_no,
				    &c->plan->guard_reason));
	c->plan->has_guard = c->plan->guard_reason != NULL;
	c->plan->has_predicate = !c->plan->has_guard;
	return c->plan->has_guard ? rewrite_collect(r, c->request->condition) : NULL;
}

/* The `if` that is all of a block, without an else; or NULL. */
static const struct node *lone_if(const struct node *block)
{
	const struct node *statement = block && block->kind == NODE_BLOCK ? block->first : NULL;

	return statement && statement->kind == NODE_IF && !statement->next &&
		       !statement->first->next->next
		   ? statement
		   : NULL;
}

/* A block for Lua that is one `if` is a condition and its block: the kernel decides it, where it
 * can. Not of a temporary tracepoint, which goes with its first hit, whatever the block does. */
static struct error *lift_guard(struct compiler *c, struct compile_request *request,
				struct ir *predicate, int *ret_no)
{
	const struct node *statement = lone_if(request->block);
	const char *reason;
	int no;

	if (!statement || request->condition || request->has_budget || request->is_condition_in_lua)
		return NULL;
	TRY(lower_condition(c, statement->first, predicate, &no, &reason));
	if (reason)
		return NULL;
	*ret_no = no;
	request->block = statement->first->next;
	c->plan->has_predicate = true;
	c->plan->guard_text = node_text(c, statement->first);
	return NULL;
}

/* May the code need to wait for a page of the target? */
static bool reads_memory(const struct ir *ir)
{
	for (size_t i = 0; i < ir->insns.size; i++)
		switch (ir->insns.data[i].op) {
		case IR_LOAD:
		case IR_TEXT:
		case IR_STRING:
		case IR_TEXT_BYTES:
		case IR_BYTES:
		case IR_MEMORY:
		case IR_STACK:
		case IR_KEY_STACK:
		case IR_KEEP_TEXT:
		case IR_KEY_TEXT:
			return true;
		default:
			break;
		}
	return false;
}

static struct error *check_bytes(struct rewriter *r, const struct node *node, size_t size)
{
	if (size <= SCRATCH_RECORD_SIZE)
		return NULL;
	static const char format[] = "the strings of one event may be up to %d bytes together";
	return error_hint(
	    node ? compile_error(r->c, node, ERR_TOO_LARGE, format, SCRATCH_RECORD_SIZE)
		 : error_new(ERR_TOO_LARGE, format, SCRATCH_RECORD_SIZE),
	    "Give them a greatest length: str(P, MAX), or set max-string.");
}

static struct error *count_bytes(struct rewriter *r, const struct value *value, size_t *size)
{
	size_t bytes = capture_bytes_of(r->c, value);

	if (bytes)
		r->c->plan->needs_scratch = true;
	*size += bytes;
	return check_bytes(r, value->node, *size);
}

/* Is the same object among those before number i? */
static bool is_wanted_already(const struct rewriter *r, size_t i)
{
	struct value value = *r->values.data[i];

	for (size_t k = 0; k < i; k++) {
		value.is_indexed = r->values.data[k]->is_indexed;
		if (value_equal(&value, r->values.data[k]))
			return true;
	}
	return false;
}

/* What values lead to, of all of them together. */
static struct error *lower_memory(struct rewriter *r, struct ir *captures)
{
	struct plan *plan = r->c->plan;

	if (!plan->has_memory)
		return NULL;
	lower_add(r->c, captures, IR_MEMORY_BEGIN, NULL);
	for (size_t i = 0; i < r->values.size; i++)
		if (plan->captures.data[i].leads_on && !is_wanted_already(r, i))
			TRY(memory_want(r->c, r->values.data[i], captures));
	lower_add(r->c, captures, IR_MEMORY, NULL)->slot = plan->memory_slot;
	return NULL;
}

static struct error *lower_captures(struct rewriter *r, struct ir *captures)
{
	struct plan *plan = r->c->plan;

	if (plan->has_memory)
		plan->memory_slot = plan->slot_count++;
	const size_t header = sizeof(struct record) + 8 * plan->slot_count;
	size_t size = header, part = 0;

	for (size_t i = 0; i < r->values.size; i++) {
		const struct value *value = r->values.data[i];

		captures->bytes = size - header;
		if (capture_slots_of(value))
			TRY(lower_capture(r->c, value, plan->captures.data[i].slot, captures));
		TRY(count_bytes(r, value, &size));
		for (; part < r->parts.size && r->parts.data[part].capture == i; part++) {
			const struct part_to_lower *p = &r->parts.data[part];

			captures->bytes = size - header;
			TRY(lower_capture(r->c, p->value, p->slot, captures));
			TRY(count_bytes(r, p->value, &size));
		}
	}
	TRY(check_bytes(r, NULL, size + (plan->has_memory ? MEMORY_BYTES : 0)));
	return lower_memory(r, captures);
}

/* The program at the entry of a finish: made first, for it is the others' instructions that
 * stay in the plan. */
static struct error *compile_entry(struct compiler *c)
{
	CLEANUP(ir_deinit) struct ir kept = {0};
	struct plan *plan = c->plan;

	if (!c->request->entry.function || c->request->flow)
		return NULL;
	TRY(lower_entry(c, &kept));
	plan->is_sleepable = c->request->is_sleepable && reads_memory(&kept);
	TRY(allocate(c, &kept));
	emit_at_entry(c, &kept);
	plan->is_entry_sleepable = plan->is_sleepable;
	memcpy(&plan->entry_insns, &plan->insns, sizeof(plan->insns));
	memcpy(&plan->entry_lines, &plan->lines, sizeof(plan->lines));
	memset(&plan->insns, 0, sizeof(plan->insns));
	memset(&plan->lines, 0, sizeof(plan->lines));
	return NULL;
}

static struct error *collect(struct rewriter *r)
{
	const struct compile_request *request = r->c->request;

	if (request->flow)
		return rewrite_collect_flow(r);
	r->c->plan->shows_hits = !request->block;
	return request->block ? rewrite_collect(r, request->block) : rewrite_collect_default(r);
}

/* What the kernel turns down must have neither half. */
static struct error *check_flow(const struct compiler *c)
{
	if (!c->request->flow || !c->plan->has_guard)
		return NULL;
	return error_hint(
	    compile_error(c, c->request->condition, ERR_TYPE,
			  "the condition of a flow is decided in the kernel, and `%s` "
			  "cannot be: %s",
			  node_text(c, c->request->condition), c->plan->guard_reason),
	    "break FUNCTION if EXPR leaves it to Lua.");
}

static struct error *compile_stages(struct rewriter *r, struct compile_request *request,
				    struct ir *predicate, struct ir *body)
{
	struct compiler *c = r->c;
	int no;

	if (c->request->identity == IDENTITY_IP)
		c->plan->slot_count = RECORD_IP_SLOTS;
	TRY(plan_condition(r, predicate, &no));
	TRY(check_flow(c));
	TRY(lower_block(c, body));
	c->plan->is_in_kernel |= c->request->is_count;
	if (!c->plan->is_in_kernel) {
		TRY(lift_guard(c, request, predicate, &no));
		TRY(collect(r));
		TRY(lower_captures(r, body));
	}
	TRY(goroutine_lower_filter(c, predicate, &no));
	TRY(compile_entry(c));
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

static struct compile_request with_defaults(const struct compile_request *request)
{
	struct compile_request copy = *request;

	if (!copy.limits.string_bytes)
		copy.limits = COMPILE_LIMITS_DEFAULT;
	return copy;
}

static void compiler_deinit(struct compiler *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->scopes); i++)
		scope_close(c->scopes[i].scope);
	vector_deinit(&c->kept);
	vector_deinit(&c->locals);
}

struct error *compile(const struct compile_request *wanted, struct plan **ret)
{
	struct compile_request request = with_defaults(wanted);
	struct compiler c = {.request = &request, .plan = xcalloc(1, sizeof(*c.plan))};
	struct rewriter r = {.c = &c};
	struct ir predicate = {0}, body = {0};

	c.plan->state_words = request.follows_jumps ? CALL_JUMP_WORDS : 0;
	struct error *err = goroutine_of_calls(&c);
	if (!err)
		err = compile_stages(&r, &request, &predicate, &body);
	ir_deinit(&predicate);
	ir_deinit(&body);
	rewriter_deinit(&r);
	compiler_deinit(&c);
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
	vector_deinit(&plan->entry_insns);
	vector_deinit(&plan->entry_lines);
	vector_deinit(&plan->captures);
	vector_deinit(&plan->aggregates);
	vector_deinit(&plan->upvalues);
	arena_deinit(&plan->arena);
	free(plan);
}
