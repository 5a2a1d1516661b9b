/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - calls of count() and its kin: recognised and checked, whichever half runs them.
 */
#include "value.h"

/* As many in one block. */
#define CALLS_MAX 32

#define compile_error(c, node, tag, ...) \
	source_error((c)->request->source, (node)->span, tag, __VA_ARGS__)

/* ------------------------------------------------------------------ checks */

const struct node *aggregate_call(const struct compiler *c, const struct node *statement)
{
	if (statement->kind != NODE_CALL_STATEMENT || statement->first->kind != NODE_CALL)
		return NULL;
	const struct builtin_entry *entry = resolve_builtin(c, statement->first->first);
	return entry && entry->kind == BUILTIN_AGGREGATE ? statement->first : NULL;
}

static bool has_value(enum aggregate_kind kind)
{
	return kind != AGGREGATE_OF_COUNT;
}

/* Arguments before the keys. */
static size_t leading_arguments(enum aggregate_kind kind)
{
	return kind == AGGREGATE_OF_LHIST ? 4 : has_value(kind);
}

const struct node *aggregate_first_key(const struct node *call, enum aggregate_kind kind)
{
	const struct node *node = call->first->next;

	for (size_t i = leading_arguments(kind); node && i > 0; i--)
		node = node->next;
	return node;
}

static bool is_never_key(const struct node *node)
{
	while (node->kind == NODE_PAREN)
		node = node->first;
	return node->kind == NODE_NIL || node->kind == NODE_FLOAT || node->kind == NODE_TABLE ||
	       node->kind == NODE_FUNCTION;
}

static struct error *check_count(struct compiler *c, const struct node *call,
				 const struct builtin_entry *entry, size_t *ret_keys)
{
	size_t count = 0, leading = leading_arguments(entry->aggregate);

	for (const struct node *a = call->first->next; a; a = a->next)
		count++;
	if (count < leading)
		return compile_error(c, call, ERR_TYPE, "too few arguments: %s",
				     entry->public.usage);
	if (count - leading > AGGREGATE_KEYS_MAX)
		return compile_error(c, call, ERR_TYPE, "%s takes at most %d keys",
				     entry->public.name, AGGREGATE_KEYS_MAX);
	*ret_keys = count - leading;
	return NULL;
}

static struct error *check_kinds(struct compiler *c, const struct node *call,
				 const struct builtin_entry *entry)
{
	const struct node *value = has_value(entry->aggregate) ? call->first->next : NULL;

	if (value && (is_never_key(value) || value->kind == NODE_STRING ||
		      value->kind == NODE_TRUE || value->kind == NODE_FALSE))
		return compile_error(c, value, ERR_TYPE, "the value of %s must be an integer",
				     entry->public.name);
	for (const struct node *key = aggregate_first_key(call, entry->aggregate); key;
	     key = key->next)
		if (is_never_key(key))
			return compile_error(
			    c, key, ERR_TYPE,
			    "a key of %s must be an integer, a string or a boolean",
			    entry->public.name);
	return NULL;
}

static struct error *bound(struct compiler *c, const struct node *node, const char *name,
			   int64_t *ret)
{
	const struct value *value;
	const char *reason;

	TRY(resolve_integer(c, node, &value, &reason));
	if (!value || value->kind != VALUE_CONSTANT)
		return compile_error(c, node, ERR_TYPE, "%s of lhist must be a constant integer",
				     name);
	*ret = value->number;
	return NULL;
}

static struct error *check_bounds(struct compiler *c, const struct node *call,
				  struct aggregate_shape *shape)
{
	const struct node *low = call->first->next->next, *high = low->next, *step = high->next;

	TRY(bound(c, low, "LOW", &shape->low));
	TRY(bound(c, high, "HIGH", &shape->high));
	TRY(bound(c, step, "STEP", &shape->step));
	if (shape->low >= shape->high)
		return compile_error(c, high, ERR_TYPE, "HIGH of lhist must be greater than LOW");
	if (shape->step <= 0)
		return compile_error(c, step, ERR_TYPE, "STEP of lhist must be greater than 0");
	if (aggregate_steps(shape) > AGGREGATE_BUCKETS_MAX)
		return error_hint(
		    compile_error(c, step, ERR_TOO_LARGE,
				  "that makes %llu buckets, and an lhist has at most %d",
				  (unsigned long long)aggregate_steps(shape),
				  AGGREGATE_BUCKETS_MAX),
		    "Take a greater STEP, or hist.");
	return NULL;
}

struct error *aggregate_add_call(struct compiler *c, const struct node *call)
{
	const struct builtin_entry *entry = resolve_builtin(c, call->first);
	struct plan_aggregate aggregate = {.shape = {.kind = entry->aggregate}};

	TRY(check_count(c, call, entry, &aggregate.key_count));
	TRY(check_kinds(c, call, entry));
	if (entry->aggregate == AGGREGATE_OF_LHIST)
		TRY(check_bounds(c, call, &aggregate.shape));
	if (c->plan->aggregates.size == CALLS_MAX)
		return compile_error(c, call, ERR_TOO_LARGE,
				     "a block can have at most %d aggregations", CALLS_MAX);
	aggregate.text = node_text(c, call);
	vector_push(&c->plan->aggregates, aggregate);
	return NULL;
}
