/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - calls of count() and its kin: checked, and lowered where the whole
 * block is made of them.
 * Apart from lower.c, which knows expressions: this knows what a row is (record.h),
 * and does to it in the kernel what output's aggregate_add does in user space.
 */
#include "lower.h"

/* As many in one block. */
#define CALLS_MAX 32

#define fail(c, node, tag, ...) source_error((c)->request->source, (node)->span, tag, __VA_ARGS__)

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

/* The first key of a call that was checked, or NULL. */
static const struct node *first_key(const struct node *call, enum aggregate_kind kind)
{
	const struct node *node = call->first->next;

	for (size_t i = leading_arguments(kind); node && i > 0; i--)
		node = node->next;
	return node;
}

static bool is_never_integer(const struct node *node)
{
	while (node->kind == NODE_PAREN)
		node = node->first;
	return node->kind == NODE_NIL || node->kind == NODE_TRUE || node->kind == NODE_FALSE ||
	       node->kind == NODE_FLOAT || node->kind == NODE_TABLE || node->kind == NODE_FUNCTION;
}

static struct error *check_count(struct compiler *c, const struct node *call,
				 const struct builtin_entry *entry, size_t *ret_keys)
{
	size_t count = 0, leading = leading_arguments(entry->aggregate);

	for (const struct node *a = call->first->next; a; a = a->next)
		count++;
	if (count < leading)
		return fail(c, call, ERR_TYPE, "too few arguments: %s", entry->public.usage);
	if (count - leading > AGGREGATE_KEYS_MAX)
		return fail(c, call, ERR_TYPE, "%s takes at most %d keys", entry->public.name,
			    AGGREGATE_KEYS_MAX);
	*ret_keys = count - leading;
	return NULL;
}

static struct error *check_kinds(struct compiler *c, const struct node *call,
				 const struct builtin_entry *entry)
{
	const struct node *value = has_value(entry->aggregate) ? call->first->next : NULL;

	if (value && (is_never_integer(value) || value->kind == NODE_STRING))
		return fail(c, value, ERR_TYPE, "the value of %s must be an integer",
			    entry->public.name);
	for (const struct node *key = first_key(call, entry->aggregate); key; key = key->next)
		if (is_never_integer(key))
			return fail(c, key, ERR_TYPE, "a key of %s must be an integer or a string",
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
		return fail(c, node, ERR_TYPE, "%s of lhist must be a constant integer", name);
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
		return fail(c, high, ERR_TYPE, "HIGH of lhist must be greater than LOW");
	if (shape->step <= 0)
		return fail(c, step, ERR_TYPE, "STEP of lhist must be greater than 0");
	if (aggregate_steps(shape) > AGGREGATE_BUCKETS_MAX)
		return error_hint(fail(c, step, ERR_TOO_LARGE,
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
		return fail(c, call, ERR_TOO_LARGE, "a block can have at most %d aggregations",
			    CALLS_MAX);
	aggregate.text = node_text(c, call);
	vector_push(&c->plan->aggregates, aggregate);
	return NULL;
}

/* ---------------------------------------------------- what the kernel can do */

/* A call whose value (NULL for count) and keys the kernel can compute. */
struct call {
	const struct node *node;
	unsigned table;
	const struct plan_aggregate *aggregate;
	const struct value *value;
	const struct value *keys[AGGREGATE_KEYS_MAX];
	unsigned key_count;
};

static enum capture_kind key_kind(const struct value *key)
{
	return key->kind == VALUE_SITE	 ? key->capture
	       : key->kind == VALUE_COMM ? CAPTURE_COMM
					 : CAPTURE_INTEGER;
}

static struct error *resolve_key(struct compiler *c, const struct node *node,
				 const struct value **ret, const char **reason)
{
	TRY(resolve_target(c, node, ret));
	if (*ret && ((*ret)->kind == VALUE_COMM ||
		     ((*ret)->kind == VALUE_SITE && (*ret)->capture != CAPTURE_TIME)))
		return NULL;
	return resolve_integer(c, node, ret, reason);
}

/* Sets *reason if it is not one for the kernel. */
static struct error *resolve_call(struct compiler *c, const struct node *node, struct call *ret,
				  const char **reason)
{
	TRY(aggregate_add_call(c, node));
	ret->table = (unsigned)c->plan->aggregates.size - 1;
	struct plan_aggregate *aggregate = &c->plan->aggregates.data[ret->table];
	ret->node = node;
	ret->aggregate = aggregate;
	if (has_value(aggregate->shape.kind))
		TRY(resolve_integer(c, node->first->next, &ret->value, reason));
	const struct node *key = first_key(node, aggregate->shape.kind);
	aggregate->shape.key_words = 1;
	for (; key && !*reason; key = key->next) {
		const struct value *value;

		TRY(resolve_key(c, key, &value, reason));
		if (!value)
			return NULL;
		aggregate->keys[ret->key_count] = key_kind(value);
		aggregate->shape.key_words += value->kind == VALUE_COMM ? 2 : 1;
		ret->keys[ret->key_count++] = value;
	}
	return NULL;
}

/* Why a block of aggregations cannot be the kernel's, whatever they are. */
static const char *request_reason(const struct compiler *c)
{
	if (c->plan->has_guard)
		return "its condition is left to Lua";
	if (c->request->has_budget)
		return "a temporary tracepoint goes when its event arrives";
	if (c->request->identity == IDENTITY_IP)
		return "this way of attaching does not tell its places apart";
	return NULL;
}

static bool is_all_aggregations(const struct compiler *c)
{
	const struct node *block = c->request->block;

	if (!block || block->kind != NODE_BLOCK || !block->first)
		return false;
	for (const struct node *statement = block->first; statement; statement = statement->next)
		if (!aggregate_call(c, statement))
			return false;
	return true;
}

/* ---------------------------------------------------------------- lowering */

static struct ir_insn *add_row_insn(const struct arithmetic *at, enum ir_op op, unsigned slot,
				    int a, int label)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, op, at->node);

	insn->slot = slot;
	insn->a = a;
	insn->label = label;
	return insn;
}

static void add_one(const struct arithmetic *at, unsigned word)
{
	add_row_insn(at, IR_ROW_ADD, word, IR_NONE, IR_NONE)->number = 1;
}

static bool has_jump(const struct ir *ir, size_t start, int label)
{
	for (size_t i = start; i < ir->insns.size; i++)
		if (ir->insns.data[i].label == label)
			return true;
	return false;
}

/* One key at word of the table's key; bit: its place among the keys. */
static void lower_key(const struct arithmetic *at, const struct value *key, unsigned word,
		      unsigned bit)
{
	int missing = at->ir->labels++, done = at->ir->labels++, t;
	size_t start = at->ir->insns.size;

	if (key->kind == VALUE_COMM) {
		add_row_insn(at, IR_KEY_COMM, word, IR_NONE, IR_NONE);
		return;
	}
	if (key->kind == VALUE_SITE)
		t = lower_add(at->c, at->ir, IR_LOCATION, at->node)->t = at->ir->temporaries++;
	else
		t = lower_integer(at->c, at->ir, key, missing);
	add_row_insn(at, IR_KEY, word, t, IR_NONE);
	if (!has_jump(at->ir, start, missing))
		return;
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, missing);
	add_row_insn(at, IR_KEY_MISSING, word, IR_NONE, IR_NONE)->number = 1ll << bit;
	lower_label(at->c, at->ir, done);
}

static void lower_keys(const struct arithmetic *at, const struct call *call)
{
	unsigned word = 1;

	add_row_insn(at, IR_KEYS, 0, IR_NONE, IR_NONE);
	for (unsigned i = 0; i < call->key_count; i++) {
		lower_key(at, call->keys[i], word, i);
		word += call->keys[i]->kind == VALUE_COMM ? 2 : 1;
	}
	if (at->ir->key_words < word)
		at->ir->key_words = word;
}

static void jump_if(const struct arithmetic *at, int a, enum operator operator, int b,
		    int64_t number, int label)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_COMPARE, at->node);

	insn->operator= operator;
	insn->a = a;
	insn->b = b;
	insn->number = number;
	insn->label = label;
}

/* The logarithm of t > 0, by halving where its highest bit may be, without a jump:
 * the verifier follows every way through a program. */
static int lower_log2(const struct arithmetic *at, int t)
{
	int log = lower_constant(at, 0);

	for (int32_t width = 32; width > 0; width /= 2) {
		int above = lower_with_number(at, t, OP_SHR, width);
		int is_above = lower_sign(at, lower_negated(at, above));
		int shift = lower_with_number(at, is_above, OP_BAND, width);

		log = lower_with(at, log, OP_BOR, shift);
		t = lower_with(at, t, OP_SHR, shift);
	}
	return log;
}

static void lower_hist(const struct arithmetic *at, int t, int dropped)
{
	int small = at->ir->labels++, zero = at->ir->labels++, done = at->ir->labels++;

	jump_if(at, t, OP_LT, IR_NONE, 1, small);
	add_row_insn(at, IR_ROW_COUNT, AGGREGATE_DATA + 2, lower_log2(at, t), dropped)->size =
	    AGGREGATE_BUCKETS_HIST - 2;
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, small);
	jump_if(at, t, OP_EQ, IR_NONE, 0, zero);
	add_one(at, AGGREGATE_DATA);
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, zero);
	add_one(at, AGGREGATE_DATA + 1);
	lower_label(at->c, at->ir, done);
}

static void lower_lhist(const struct arithmetic *at, const struct aggregate_shape *shape, int t,
			int dropped)
{
	int under = at->ir->labels++, over = at->ir->labels++, done = at->ir->labels++;
	unsigned steps = (unsigned)aggregate_steps(shape);

	jump_if(at, t, OP_LT, lower_constant(at, shape->low), 0, under);
	jump_if(at, t, OP_GE, lower_constant(at, shape->high), 0, over);
	int distance = lower_with(at, t, OP_SUB, lower_constant(at, shape->low));
	int step = lower_with(at, distance, OP_DIV, lower_constant(at, shape->step));
	add_row_insn(at, IR_ROW_COUNT, AGGREGATE_DATA + 1, step, dropped)->size = steps;
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, under);
	add_one(at, AGGREGATE_DATA);
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, over);
	add_one(at, AGGREGATE_DATA + 1 + steps);
	lower_label(at->c, at->ir, done);
}

/* Counts t into the row. */
static void lower_value(const struct arithmetic *at, const struct aggregate_shape *shape, int t,
			int dropped)
{
	switch (shape->kind) {
	case AGGREGATE_OF_COUNT:
		break;
	case AGGREGATE_OF_SUM:
	case AGGREGATE_OF_AVG:
		add_row_insn(at, IR_ROW_ADD, AGGREGATE_DATA, t, IR_NONE);
		break;
	case AGGREGATE_OF_MIN:
	case AGGREGATE_OF_MAX:
		/* Its rank, as aggregate_rank has it. */
		t = lower_with(at, t, OP_BXOR,
			       lower_constant(at, (int64_t)aggregate_rank(shape->kind, 0)));
		add_row_insn(at, IR_ROW_MAX, AGGREGATE_DATA, t, dropped);
		break;
	case AGGREGATE_OF_HIST:
		lower_hist(at, t, dropped);
		break;
	case AGGREGATE_OF_LHIST:
		lower_lhist(at, shape, t, dropped);
		break;
	}
	add_one(at, AGGREGATE_COUNT);
}

static void lower_call(const struct compiler *c, struct ir *ir, const struct call *call)
{
	const struct arithmetic at = {c, ir, call->node};
	int missing = ir->labels++, dropped = ir->labels++, done = ir->labels++;

	lower_keys(&at, call);
	add_row_insn(&at, IR_ROW, call->table, IR_NONE, dropped);
	size_t start = ir->insns.size;
	int t = call->value ? lower_integer(c, ir, call->value, missing) : IR_NONE;
	bool can_fail = has_jump(ir, start, missing);
	lower_value(&at, &call->aggregate->shape, t, dropped);
	lower_jump(c, ir, call->node, done);
	if (can_fail) {
		lower_label(c, ir, missing);
		add_one(&at, AGGREGATE_MISSING);
		lower_jump(c, ir, call->node, done);
	}
	lower_label(c, ir, dropped);
	add_row_insn(&at, IR_DROPPED, call->table, IR_NONE, IR_NONE);
	lower_label(c, ir, done);
}

struct error *lower_aggregates(struct compiler *c, struct ir *ir)
{
	struct plan *plan = c->plan;
	const struct node *statement = c->request->block ? c->request->block->first : NULL;
	const char *reason = request_reason(c);
	size_t before = plan->aggregates.size; /* of functions in the condition */

	if (!is_all_aggregations(c))
		return NULL;
	for (; statement && !reason; statement = statement->next) {
		struct call call = {0};

		TRY(resolve_call(c, aggregate_call(c, statement), &call, &reason));
		if (!reason)
			lower_call(c, ir, &call);
	}
	plan->is_in_kernel = !reason;
	plan->kernel_reason = reason;
	if (reason) {
		plan->aggregates.size = before;
		ir->insns.size = 0;
		ir->temporaries = ir->labels = 0;
		ir->key_words = 0;
	}
	return NULL;
}
