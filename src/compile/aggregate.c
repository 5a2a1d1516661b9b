/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - calls of count() and its kin, and of NAME:add(): recognised and checked, whichever
 * half runs them.
 */
#include "path.h"

/* What a call adds to. */
struct counting {
	enum aggregate_kind kind;
	const char *what;  /* "hist", "sizes:add" */
	const char *usage; /* "hist(V [, KEY ...])" */
	const struct script_aggregate *name;
};

/* ------------------------------------------------------------------- calls */

/* The aggregate of the script that node names, or NULL. */
static const struct script_aggregate *find_name(const struct compiler *c, const struct node *node)
{
	const struct compile_request *request = c->request;

	if (node->kind != NODE_NAME || node->environment || resolve_builtin(c, node))
		return NULL;
	for (size_t i = 0; i < request->aggregate_count; i++)
		if (request->aggregates[i].declaration == node->declaration &&
		    strcmp(request->aggregates[i].name, node->text) == 0)
			return &request->aggregates[i];
	return NULL;
}

static bool is_add(const struct compiler *c, const struct node *node)
{
	return node->kind == NODE_METHOD_CALL && strcmp(node->first->next->text, "add") == 0 &&
	       find_name(c, node->first);
}

const struct node *aggregate_call(const struct compiler *c, const struct node *statement)
{
	if (statement->kind != NODE_CALL_STATEMENT)
		return NULL;
	if (is_add(c, statement->first))
		return statement->first;
	if (statement->first->kind != NODE_CALL)
		return NULL;
	const struct builtin_entry *entry = resolve_builtin(c, statement->first->first);
	return entry && entry->kind == BUILTIN_AGGREGATE ? statement->first : NULL;
}

struct span aggregate_function(const struct node *call)
{
	struct span span = call->first->span;

	if (call->kind == NODE_METHOD_CALL)
		span.end = call->first->next->span.end;
	return span;
}

const struct node *aggregate_first_argument(const struct node *call)
{
	return call->kind == NODE_METHOD_CALL ? call->first->next->next : call->first->next;
}

static struct counting describe(struct compiler *c, const struct node *call)
{
	const struct builtin_entry *entry;
	const struct script_aggregate *name;

	if (call->kind == NODE_CALL) {
		entry = resolve_builtin(c, call->first);
		return (struct counting){entry->aggregate, entry->public.name, entry->public.usage,
					 NULL};
	}
	name = find_name(c, call->first);
	return (struct counting){
	    .kind = name->shape.kind,
	    .what = arena_printf(&c->plan->arena, "%s:add", name->name),
	    .usage = arena_printf(&c->plan->arena,
				  name->shape.kind == AGGREGATE_OF_COUNT ? "%s:add([KEY ...])"
									 : "%s:add(V [, KEY ...])",
				  name->name),
	    .name = name,
	};
}

/* Arguments before the keys. */
static size_t leading_arguments(enum aggregate_kind kind, bool has_name)
{
	if (kind == AGGREGATE_OF_COUNT)
		return 0;
	return kind == AGGREGATE_OF_LHIST && !has_name ? 4 : 1;
}

const struct node *aggregate_value(const struct node *call, const struct plan_aggregate *aggregate)
{
	return aggregate->shape.kind == AGGREGATE_OF_COUNT ? NULL : aggregate_first_argument(call);
}

static const struct node *first_key(const struct node *call, enum aggregate_kind kind)
{
	const struct node *node = aggregate_first_argument(call);

	for (size_t i = leading_arguments(kind, call->kind == NODE_METHOD_CALL); node && i; i--)
		node = node->next;
	return node;
}

const struct node *aggregate_first_key(const struct node *call,
				       const struct plan_aggregate *aggregate)
{
	return first_key(call, aggregate->shape.kind);
}

/* ------------------------------------------------------------------ checks */

static bool is_never_key(const struct node *node)
{
	node = node_inner(node);
	return node->kind == NODE_NIL || node->kind == NODE_FLOAT || node->kind == NODE_TABLE ||
	       node->kind == NODE_FUNCTION;
}

static struct error *check_count(struct compiler *c, const struct node *call,
				 const struct counting *counting, size_t *ret_keys)
{
	size_t count = 0, leading = leading_arguments(counting->kind, counting->name);

	for (const struct node *a = aggregate_first_argument(call); a; a = a->next)
		count++;
	if (count < leading)
		return compile_error(c, call, ERR_TYPE, "too few arguments: %s", counting->usage);
	if (count - leading > AGGREGATE_KEYS_MAX)
		return compile_error(c, call, ERR_TYPE, "%s takes at most %d keys", counting->what,
				     AGGREGATE_KEYS_MAX);
	*ret_keys = count - leading;
	return NULL;
}

static struct error *check_kinds(struct compiler *c, const struct node *call,
				 const struct counting *counting)
{
	const struct node *value =
	    counting->kind == AGGREGATE_OF_COUNT ? NULL : aggregate_first_argument(call);

	if (value && (is_never_key(value) || value->kind == NODE_STRING ||
		      value->kind == NODE_TRUE || value->kind == NODE_FALSE))
		return compile_error(c, value, ERR_TYPE, "the value of %s must be an integer",
				     counting->what);
	for (const struct node *key = first_key(call, counting->kind); key; key = key->next)
		if (is_never_key(key))
			return compile_error(
			    c, key, ERR_TYPE,
			    "a key of %s must be an integer, a string or a boolean",
			    counting->what);
	return NULL;
}

/* A variable of the target goes before a global of the script. */
static struct error *check_hidden(struct compiler *c, const struct node *call)
{
	const struct node *name = call->first;
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(c, &scope));
	if (name->declaration || !scope || !scope_variable(scope, name->text, &variable))
		return NULL;
	return error_hint(compile_error(c, name, ERR_NAME,
					"`%s` is a variable of the target here, and hides the "
					"script's aggregate",
					name->text),
			  "Give the aggregate another name, or hold it in a local.");
}

/* All rows of an aggregate have as many keys. */
static struct error *check_keys(struct compiler *c, const struct node *call,
				const struct script_aggregate *name, size_t key_count)
{
	bool has_keys = name->has_keys;
	size_t wanted = name->key_count;

	for (size_t i = 0; i < c->plan->aggregates.size && !has_keys; i++) {
		const struct plan_aggregate *other = &c->plan->aggregates.data[i];

		has_keys = other->name && other->name->handle == name->handle;
		wanted = other->key_count;
	}
	if (!has_keys || wanted == key_count)
		return NULL;
	return compile_error(c, call, ERR_TYPE, "`%s` has %zu key%s in other places, and %zu here",
			     name->name, wanted, wanted == 1 ? "" : "s", key_count);
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

/* The unit that the value is known to have. */
static const char *unit_of(const struct compiler *c, const struct node *value)
{
	const struct builtin_entry *entry = value ? resolve_builtin(c, node_inner(value)) : NULL;

	return entry && entry->value == VALUE_ELAPSED ? "ns" : NULL;
}

struct error *aggregate_add_call(struct compiler *c, const struct node *call)
{
	const struct counting counting = describe(c, call);
	struct plan_aggregate aggregate = {.shape = {.kind = counting.kind}, .name = counting.name};

	TRY(check_count(c, call, &counting, &aggregate.key_count));
	TRY(check_kinds(c, call, &counting));
	if (counting.name) {
		TRY(check_hidden(c, call));
		TRY(check_keys(c, call, counting.name, aggregate.key_count));
		aggregate.shape = counting.name->shape;
	} else if (counting.kind == AGGREGATE_OF_LHIST) {
		TRY(check_bounds(c, call, &aggregate.shape));
	}
	if (c->plan->aggregates.size == AGGREGATE_CALLS_MAX)
		return compile_error(c, call, ERR_TOO_LARGE,
				     "a block can have at most %d aggregations",
				     AGGREGATE_CALLS_MAX);
	aggregate.text = node_text(c, call);
	aggregate.unit = unit_of(c, aggregate_value(call, &aggregate));
	vector_push(&c->plan->aggregates, aggregate);
	return NULL;
}
