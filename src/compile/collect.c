/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect.c - what of a block's text Lua does not see as it stands: target expressions, which
 * become captures, and the little else that is replaced.
 * Apart from rewrite.c, which writes the function.
 */
#include "doubt.h"
#include "path.h"
#include "rewrite.h"

static struct error *too_many(struct rewriter *r, const struct node *node, const char *text)
{
	static const char format[] = "a block can capture at most %d values; `%s` is one too many";

	return node ? source_error(r->c->request->source, node->span, ERR_TOO_LARGE, format,
				   RECORD_SLOTS_MAX, text)
		    : error_new(ERR_TOO_LARGE, format, RECORD_SLOTS_MAX, text);
}

/* The slots of its parts follow its own. */
static void add_parts(struct rewriter *r, struct capture *capture,
		      const struct captured_part *parts, size_t count)
{
	struct arena *arena = &r->c->plan->arena;
	struct capture_part *copies = arena_alloc(arena, sizeof(*copies) * (count + 1));
	unsigned slots = 0;

	for (size_t i = 0; i < count; i++) {
		copies[i] = (struct capture_part){.offset = parts[i].offset,
						  .type = parts[i].type,
						  .are_texts = parts[i].are_texts,
						  .lost_size = parts[i].lost_size,
						  .reason = parts[i].reason};
		if (!parts[i].value)
			continue;
		copies[i].slot = capture->slot + ++slots;
		vector_push(&r->parts, ((struct part_to_lower){parts[i].value, r->values.size - 1,
							       copies[i].slot}));
	}
	capture->parts = copies;
	capture->part_count = count;
}

struct error *rewrite_capture(struct rewriter *r, const struct node *node, const char *text,
			      const struct value *value, unsigned *ret)
{
	struct plan *plan = r->c->plan;
	struct captured_part *parts;
	struct buffer origin = {0};

	/* By text as well: arg[1] and reg.rdi are one value under one ABI and two under
	 * another, and all programs of a probe must fill the same slots. */
	for (*ret = 0; *ret < r->values.size; ++*ret)
		if (strcmp(plan->captures.data[*ret].text, text) == 0 &&
		    value_equal(r->values.data[*ret], value))
			return NULL;
	size_t part_count = capture_parts_of(r->c, value, &parts);
	unsigned slots = capture_slots_of(value) + (unsigned)part_count;
	plan->has_memory |= memory_is_needed(r->c, value);
	if (plan->slot_count + slots + plan->has_memory > RECORD_SLOTS_MAX)
		return too_many(r, node, text);
	vector_push(&r->values, value);
	struct capture *capture = vector_add(&plan->captures);
	capture->kind = capture_kind_of(value);
	capture->slot = plan->slot_count;
	capture->text = text;
	capture->type = value->type;
	capture->reason = value->reason;
	capture->leads_on = memory_is_needed(r->c, value);
	capture->is_indexed = value->is_indexed;
	value_describe(value, &origin);
	capture->origin = arena_strndup(&plan->arena, origin.data, origin.size);
	buffer_deinit(&origin);
	add_parts(r, capture, parts, part_count);
	plan->slot_count += slots;
	return NULL;
}

static struct error *no_writing(struct rewriter *r, const struct node *target, const char *name)
{
	return source_error(r->c->request->source, target->span, ERR_NAME,
			    "`%s` cannot be assigned to: `%s` is the target's, and nothing writes "
			    "to the target",
			    node_text(r->c, target), name);
}

/* A name that is a variable of the target here. */
static struct error *check_variable(struct rewriter *r, const struct node *target,
				    const struct node *root)
{
	struct variable variable;
	struct scope *scope;

	if (root->kind != NODE_NAME || root->declaration || root->environment ||
	    builtin_is_lua(root->text))
		return NULL;
	TRY(path_scope(r->c, &scope));
	return scope && scope_variable(scope, root->text, &variable)
		   ? no_writing(r, target, root->text)
		   : NULL;
}

/* Nothing writes to the target. */
static struct error *check_assignment(struct rewriter *r, const struct node *target)
{
	const struct node *root = target;

	while (root->kind == NODE_INDEX && !resolve_builtin(r->c, root))
		root = root->first;
	const struct builtin_entry *entry = resolve_builtin(r->c, root);
	if (!entry)
		return check_variable(r, target, root);
	if (entry->kind == BUILTIN_LUA || entry->kind == BUILTIN_OK ||
	    entry->kind == BUILTIN_LENGTH)
		return NULL;
	if (entry->kind == BUILTIN_AGGREGATE)
		return source_error(r->c->request->source, target->span, ERR_NAME,
				    "`%s` cannot be assigned to: it is built in, and a variable "
				    "needs another name",
				    node_text(r->c, target));
	return no_writing(r, target, entry->public.name);
}

static struct error *check_assignments(struct rewriter *r, const struct node *node)
{
	if (node->kind == NODE_FUNCTION_STATEMENT)
		return check_assignment(r, node->first);
	if (node->kind != NODE_ASSIGN)
		return NULL;
	for (const struct node *target = node->first->first; target; target = target->next)
		TRY(check_assignment(r, target));
	return NULL;
}

/* A call of count() or its kin: the function's name becomes that of its function, and its
 * arguments are expressions like others. */
static struct error *collect_aggregate(struct rewriter *r, const struct node *call)
{
	unsigned index = (unsigned)r->c->plan->aggregates.size;

	TRY(aggregate_add_call(r->c, call));
	vector_push(&r->replacements,
		    ((struct replacement){aggregate_function(call), REPLACE_AGGREGATE, index}));
	for (const struct node *argument = aggregate_first_argument(call); argument;
	     argument = argument->next)
		TRY(rewrite_collect(r, argument));
	return NULL;
}

static struct error *collect_value(struct rewriter *r, const struct node *node,
				   const struct value *value)
{
	unsigned capture;

	TRY(rewrite_capture(r, node, node_text(r->c, node), value, &capture));
	vector_push(&r->replacements, ((struct replacement){node->span, REPLACE_CAPTURE, capture}));
	return NULL;
}

/* An operand: an enum or a pointer is a number to most operators. */
static struct error *collect_operand(struct rewriter *r, const struct node *node, enum operator op,
				     const struct node *other)
{
	const struct node *inner = node_inner(node);
	const struct value *value;

	if (inner->kind == NODE_BINARY || inner->kind == NODE_UNARY)
		return rewrite_collect(r, inner);
	TRY(resolve_target(r->c, inner, &value));
	if (value && (value->view == VIEW_ENUM || value->view == VIEW_POINTER) &&
	    operator_wants_number(r->c, op, other))
		return collect_value(r, inner, value_as(r->c, value, VIEW_INTEGER));
	return rewrite_collect(r, inner);
}

static struct error *collect_operator(struct rewriter *r, const struct node *node)
{
	const struct node *left = node->first, *right = left->next;

	if (!right)
		return collect_operand(r, left, node->op, left);
	doubt_comparison(r->c, node);
	TRY(collect_operand(r, left, node->op, right));
	return collect_operand(r, right, node->op, left);
}

/* A plain name that is assigned to is a global of the script (check_assignments). */
static bool is_assigned(const struct node *parent, const struct node *node)
{
	return node->kind == NODE_NAME && !node->declaration && parent->kind == NODE_LIST;
}

static struct error *collect_assignment(struct rewriter *r, const struct node *node)
{
	const struct node *targets = node->first;

	for (const struct node *target = targets->first; target; target = target->next)
		if (!is_assigned(targets, target))
			TRY(rewrite_collect(r, target));
	return rewrite_collect(r, targets->next);
}

/* (expression, BLOCK)+, [BLOCK]. What a constant keeps from ever being run is not captured. */
static struct error *collect_if(struct rewriter *r, const struct node *node)
{
	const struct node *child = node->first;

	for (; child && child->next; child = child->next->next) {
		int truth = resolve_known_truth(r->c, child);

		if (truth < 0)
			TRY(rewrite_collect(r, child));
		if (truth != 0)
			TRY(rewrite_collect(r, child->next));
		if (truth > 0)
			return NULL;
	}
	return child ? rewrite_collect(r, child) : NULL;
}

/* A loop with a bound that is missing does not run: Lua is given one that is out of reach. */
static struct error *collect_bound(struct rewriter *r, const struct node *node, bool is_left)
{
	const struct span begin = {node->span.start, node->span.start};
	const struct span end = {node->span.end, node->span.end};

	if (node->kind == NODE_INTEGER)
		return NULL;
	r->has_bounds = true;
	vector_push(&r->replacements, ((struct replacement){begin, REPLACE_BOUND, 0}));
	TRY(rewrite_collect(r, node));
	vector_push(&r->replacements, ((struct replacement){end, REPLACE_BOUND_END, is_left}));
	return NULL;
}

/* NAME, from, to, [step], BLOCK. Which way it goes must be known. */
static struct error *collect_loop(struct rewriter *r, const struct node *loop)
{
	const struct node *from = loop->first->next, *to = from->next, *step = to->next;
	bool has_step = step->kind != NODE_BLOCK;
	bool is_down = has_step && step->kind == NODE_UNARY && step->op == OP_NEG;
	const struct node *number = is_down ? step->first : step;

	if (has_step && number->kind != NODE_INTEGER && number->kind != NODE_FLOAT) {
		TRY(rewrite_collect(r, from));
		TRY(rewrite_collect(r, to));
		TRY(rewrite_collect(r, step));
	} else {
		TRY(collect_bound(r, from, is_down));
		TRY(collect_bound(r, to, !is_down));
	}
	return rewrite_collect(r, has_step ? step->next : step);
}

/* Missing where it would be nil. */
static struct error *collect_as_indexed(struct rewriter *r, const struct node *node,
					const struct value *value)
{
	struct value *indexed = ARENA_NEW(&r->c->plan->arena, struct value);

	*indexed = *value;
	indexed->is_indexed = true;
	return collect_value(r, node, indexed);
}

/* s:sub(1, 3) ...: where s is a char* that is null, it has no methods, and they are missing. */
static struct error *collect_receiver(struct rewriter *r, const struct node *node, bool *ret_done)
{
	const struct value *value;
	struct value *text;

	TRY(resolve_target(r->c, node_inner(node), &value));
	*ret_done = value && value->is_nullable && value->view == VIEW_STRING;
	if (!*ret_done)
		return NULL;
	if (value->kind == VALUE_ENTRY)
		return collect_as_indexed(r, node, value);
	text = ARENA_NEW(&r->c->plan->arena, struct value);
	*text = *value;
	text->is_nullable = false;
	text->a = value_nonnull(r->c, node, value->a);
	return collect_value(r, node, text);
}

/* err.type: where err is nil, it has no type, and that is missing. */
static struct error *collect_indexed(struct rewriter *r, const struct node *node, bool *ret_done)
{
	const struct value *value;

	TRY(resolve_target(r->c, node_inner(node), &value));
	*ret_done = value && value->kind == VALUE_OBJECT && object_is_reference(value->object);
	return *ret_done ? collect_as_indexed(r, node, value) : NULL;
}

static struct error *collect_children(struct rewriter *r, const struct node *node)
{
	const struct node *child = node->first;
	bool is_done = false;

	if (node->kind == NODE_INDEX)
		TRY(collect_indexed(r, child, &is_done));

	if (node->kind == NODE_METHOD_CALL)
		TRY(collect_receiver(r, child, &is_done));
	for (child = is_done ? child->next : child; child; child = child->next)
		TRY(rewrite_collect(r, child));
	return NULL;
}

/* Of *p, where p is none of the target's; if it has a mistake of its own, that comes first. */
static struct error *no_pointer(struct rewriter *r, const struct node *node)
{
	TRY(rewrite_collect(r, node->first));
	return error_hint(compile_error(r->c, node, ERR_TYPE,
					"`%s` follows no pointer of the target",
					node_text(r->c, node)),
			  "u64(ADDRESS), str(ADDRESS) and the like read memory at a number.");
}

struct error *rewrite_collect(struct rewriter *r, const struct node *node)
{
	const struct value *value;

	if (aggregate_call(r->c, node))
		return collect_aggregate(r, aggregate_call(r->c, node));
	TRY(check_assignments(r, node));
	if (node->kind == NODE_ASSIGN)
		return collect_assignment(r, node);
	if (node->kind == NODE_IF)
		return collect_if(r, node);
	if (node->kind == NODE_FUNCTION_STATEMENT && node->first->kind == NODE_NAME)
		return rewrite_collect(r, node->first->next);
	TRY(resolve_target(r->c, node, &value));
	if (value)
		return collect_value(r, node, value);
	if (node->is_followed)
		return no_pointer(r, node);
	if (resolve_builtin(r->c, node) && node->kind == NODE_INDEX) {
		/* e.print: a function of Lua's half, by way of the event. */
		vector_push(&r->replacements,
			    ((struct replacement){node->span, REPLACE_FUNCTION, 0}));
		return NULL;
	}
	if ((node->kind == NODE_BINARY && node->op != OP_AND && node->op != OP_OR) ||
	    (node->kind == NODE_UNARY && node->op != OP_NOT))
		return collect_operator(r, node);
	return node->kind == NODE_FOR_NUMERIC ? collect_loop(r, node) : collect_children(r, node);
}
