/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.c - calls of count() and its kin -> IR.
 * Apart from lower.c, which knows expressions: this knows what a row is (record.h), and does
 * to it in the kernel what output's aggregate_add does in user space.
 */
#include "capture.h"
#include "lower.h"

/* The longest key in the frame, in words. */
#define KEY_WORDS_MAX 40

/* A call whose value (NULL for count) and keys the kernel can compute. */
struct call {
	const struct node *node;
	unsigned table;
	const struct plan_aggregate *aggregate;
	const struct value *value;
	const struct value *keys[AGGREGATE_KEYS_MAX];
	unsigned key_count;
};

/* ------------------------------------------------------------------- checks */

static bool is_key(const struct value *value)
{
	switch (value->view) {
	case VIEW_SITE:
		return value->capture != CAPTURE_TIME;
	case VIEW_NIL:
	case VIEW_FLOAT:
	case VIEW_BYTES:
	case VIEW_LOST:
		return false;
	default:
		return true;
	}
}

static struct error *resolve_key(struct compiler *c, const struct node *node,
				 const struct value **ret, const char **reason)
{
	TRY(resolve_expression(c, node, ret, reason));
	if (*ret && (*ret)->kind == VALUE_STACK)
		*reason = stack_key_reason(c, *ret);
	if (!*ret || (is_key(*ret) && !*reason))
		return NULL;
	if (!*reason)
		*reason = arena_printf(&c->plan->arena, "the kernel takes no key like `%s`",
				       node_text(c, node));
	*ret = NULL;
	return NULL;
}

static struct error *add_key(struct compiler *c, const struct node *node, struct call *call,
			     struct plan_aggregate *aggregate, const char **reason)
{
	const struct value *value;
	enum capture_kind kind;

	TRY(resolve_key(c, node, &value, reason));
	if (!value)
		return NULL;
	kind = value->kind == VALUE_TEXT ? CAPTURE_STRING : capture_kind_of(value);
	aggregate->keys[call->key_count] = kind;
	aggregate->key_types[call->key_count] = value->type;
	aggregate->shape.key_words += capture_key_words(kind);
	call->keys[call->key_count++] = value;
	if (aggregate->shape.key_words > KEY_WORDS_MAX)
		*reason = "its keys are too long together";
	return NULL;
}

static struct error *resolve_counted(struct compiler *c, const struct node *node,
				     const struct value **ret, const char **reason)
{
	TRY(resolve_expression(c, node, ret, reason));
	if (!*ret || (*ret)->view == VIEW_INTEGER || (*ret)->view == VIEW_UNSIGNED)
		return NULL;
	*reason = arena_printf(&c->plan->arena, "`%s` is no integer", node_text(c, node));
	*ret = NULL;
	return NULL;
}

/* Sets *reason if it is not one for the kernel. */
static struct error *resolve_call(struct compiler *c, const struct node *node, unsigned table,
				  struct call *ret, const char **reason)
{
	struct plan_aggregate *aggregate = &c->plan->aggregates.data[table];
	const struct node *key = aggregate_first_key(node, aggregate);

	ret->table = table;
	ret->node = node;
	ret->aggregate = aggregate;
	if (aggregate_value(node, aggregate))
		TRY(resolve_counted(c, aggregate_value(node, aggregate), &ret->value, reason));
	aggregate->shape.key_words = 1;
	for (; key && !*reason; key = key->next)
		TRY(add_key(c, key, ret, aggregate, reason));
	return NULL;
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

static void store_key(const struct arithmetic *at, unsigned word, int t)
{
	add_row_insn(at, IR_KEY, word, t, IR_NONE);
}

/* true and false as 1 and 0: the target's true is any byte but 0. */
static int lower_flag(const struct arithmetic *at, int t)
{
	int result = at->ir->temporaries++, done = at->ir->labels++;

	lower_move(at, result, lower_constant(at, 1));
	lower_jump_if(at, t, OP_NE, IR_NONE, 0, done);
	lower_move(at, result, lower_constant(at, 0));
	lower_label(at->c, at->ir, done);
	return result;
}

static void lower_key_constant(const struct arithmetic *at, const struct value *key, unsigned word)
{
	char bytes[AGGREGATE_KEY_BYTES_MAX] = {0};
	bool is_cut = key->text_size > sizeof(bytes);
	size_t size = is_cut ? sizeof(bytes) : key->text_size;

	memcpy(bytes, key->text, size);
	store_key(at, word, lower_constant(at, (int64_t)(size | (is_cut ? RECORD_STRING_CUT : 0))));
	for (unsigned i = 0; i < sizeof(bytes) / 8; i++) {
		int64_t number;

		memcpy(&number, bytes + (size_t)8 * i, 8);
		store_key(at, word + 1 + i, lower_constant(at, number));
	}
}

static struct error *lower_key_text(struct compiler *c, const struct arithmetic *at,
				    const struct value *key, unsigned word, int missing, int done)
{
	struct ir_insn *insn;
	int a, b = IR_NONE;

	TRY(lower_value(c, at->ir, key->a, missing, &a));
	if (key->is_nullable) {
		int is_there = at->ir->labels++;

		lower_jump_if(at, a, OP_NE, IR_NONE, 0, is_there);
		add_row_insn(at, IR_KEY_EMPTY, word, IR_NONE, IR_NONE);
		store_key(at, word, lower_constant(at, (int64_t)RECORD_STRING_NIL));
		lower_jump(c, at->ir, at->node, done);
		lower_label(c, at->ir, is_there);
	}
	if (key->b)
		TRY(lower_value(c, at->ir, key->b, missing, &b));
	add_row_insn(at, IR_KEY_EMPTY, word, IR_NONE, IR_NONE);
	insn = add_row_insn(at, IR_KEY_TEXT, word, a, missing);
	insn->b = b;
	insn->number = key->number;
	insn->size = key->size < AGGREGATE_KEY_BYTES_MAX ? key->size : AGGREGATE_KEY_BYTES_MAX;
	return NULL;
}

static struct error *lower_key_value(struct compiler *c, const struct arithmetic *at,
				     const struct value *key, unsigned word, int missing, int done)
{
	struct ir_insn *insn;
	int t;

	if (key->kind == VALUE_COMM) {
		add_row_insn(at, IR_KEY_COMM, word, IR_NONE, IR_NONE);
		return NULL;
	}
	if (key->kind == VALUE_STACK) {
		add_row_insn(at, IR_KEY_EMPTY, word, IR_NONE, IR_NONE);
		return stack_lower(c, key, IR_KEY_STACK, word, at->ir);
	}
	if (key->kind == VALUE_TEXT) {
		lower_key_constant(at, key, word);
		return NULL;
	}
	if (key->kind == VALUE_STRING)
		return lower_key_text(c, at, key, word, missing, done);
	if (key->view == VIEW_STRING) { /* of the entry */
		insn = add_row_insn(at, IR_KEY_ENTRY_TEXT, word, IR_NONE, missing);
		insn->number = key->number;
		insn->size = key->size;
		return NULL;
	}
	if (key->view == VIEW_SITE) {
		t = at->ir->temporaries++;
		lower_add(at->c, at->ir, IR_LOCATION, at->node)->t = t;
	} else {
		TRY(lower_value(c, at->ir, key, missing, &t));
	}
	store_key(at, word, key->view == VIEW_BOOLEAN ? lower_flag(at, t) : t);
	return NULL;
}

/* One key at word of the table's key; bit: its place among the keys. */
static struct error *lower_key(struct compiler *c, const struct arithmetic *at,
			       const struct value *key, unsigned words, unsigned word, unsigned bit)
{
	int missing = at->ir->labels++, done = at->ir->labels++;
	struct ir_insn *insn;
	size_t start;

	at->ir->has_reasons = true;
	insn = lower_add(c, at->ir, IR_REASON, at->node);
	insn->number = MISSING_UNREADABLE;
	start = at->ir->insns.size;
	TRY(lower_key_value(c, at, key, word, missing, done));
	at->ir->has_reasons = false;
	if (lower_has_jump(at->ir, start, missing)) {
		lower_jump(at->c, at->ir, at->node, done);
		lower_label(at->c, at->ir, missing);
		insn = add_row_insn(at, IR_KEY_MISSING, word, IR_NONE, IR_NONE);
		insn->number = 1ll << bit;
		insn->size = words;
	} else {
		/* Nothing can be missing: no reason is needed. */
		at->ir->insns.data[start - 1].op = IR_LABEL;
		at->ir->insns.data[start - 1].label = IR_NONE;
	}
	if (lower_has_jump(at->ir, start, done))
		lower_label(at->c, at->ir, done);
	return NULL;
}

static struct error *lower_keys(struct compiler *c, const struct arithmetic *at,
				const struct call *call)
{
	unsigned word = 1;

	add_row_insn(at, IR_KEYS, 0, IR_NONE, IR_NONE);
	for (unsigned i = 0; i < call->key_count; i++) {
		unsigned words = capture_key_words(call->aggregate->keys[i]);

		TRY(lower_key(c, at, call->keys[i], words, word, i));
		word += words;
	}
	/* One more: reading a text may write a NUL behind the last key. */
	if (at->ir->key_words < word + 1)
		at->ir->key_words = word + 1;
	return NULL;
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

	lower_jump_if(at, t, OP_LT, IR_NONE, 1, small);
	add_row_insn(at, IR_ROW_COUNT, AGGREGATE_DATA + 2, lower_log2(at, t), dropped)->size =
	    AGGREGATE_BUCKETS_HIST - 2;
	lower_jump(at->c, at->ir, at->node, done);
	lower_label(at->c, at->ir, small);
	lower_jump_if(at, t, OP_EQ, IR_NONE, 0, zero);
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

	lower_jump_if(at, t, OP_LT, lower_constant(at, shape->low), 0, under);
	lower_jump_if(at, t, OP_GE, lower_constant(at, shape->high), 0, over);
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
static void lower_counted(const struct arithmetic *at, const struct aggregate_shape *shape, int t,
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

/* An unsigned value that is no Lua integer is not counted in. */
static void check_sign(const struct arithmetic *at, const struct value *value, int t, int missing)
{
	if (value->view == VIEW_UNSIGNED)
		lower_jump_if(at, t, OP_LT, IR_NONE, 0, missing);
}

/* The value, and whether it is missing (IR_NONE: it cannot be). Before the row, where a program
 * must not wait for a page of the target. */
static struct error *lower_counted_value(struct compiler *c, const struct arithmetic *at,
					 const struct value *value, int *ret, int *ret_missing)
{
	int missing = at->ir->labels++, done = at->ir->labels++, t;
	size_t start = at->ir->insns.size;

	*ret = *ret_missing = IR_NONE;
	if (!value)
		return NULL;
	TRY(lower_value(c, at->ir, value, missing, &t));
	check_sign(at, value, t, missing);
	*ret = t;
	if (!lower_has_jump(at->ir, start, missing))
		return NULL;
	*ret = at->ir->temporaries++;
	*ret_missing = at->ir->temporaries++;
	lower_move(at, *ret, t);
	lower_move(at, *ret_missing, lower_constant(at, 0));
	lower_jump(c, at->ir, at->node, done);
	lower_label(c, at->ir, missing);
	lower_move(at, *ret, lower_constant(at, 0));
	lower_move(at, *ret_missing, lower_constant(at, 1));
	lower_label(c, at->ir, done);
	return NULL;
}

/* The program is done with the row. */
static void lower_leave(const struct arithmetic *at, const struct call *call)
{
	if (call->aggregate->shape.is_shared)
		lower_add(at->c, at->ir, IR_LEAVE, at->node);
}

static struct error *lower_call(struct compiler *c, struct ir *ir, const struct call *call)
{
	const struct arithmetic at = {c, ir, call->node};
	int full = ir->labels++, dropped = ir->labels++, counted = ir->labels++,
	    done = ir->labels++;
	size_t start = ir->insns.size;
	int t, missing;

	TRY(lower_keys(c, &at, call));
	TRY(lower_counted_value(c, &at, call->value, &t, &missing));
	add_row_insn(&at, IR_ROW, call->table, IR_NONE, full)->is_shared =
	    call->aggregate->shape.is_shared;
	if (missing >= 0) {
		int is_there = ir->labels++;

		lower_jump_if(&at, missing, OP_EQ, IR_NONE, 0, is_there);
		add_one(&at, AGGREGATE_MISSING);
		lower_jump(c, ir, call->node, counted);
		lower_label(c, ir, is_there);
	}
	lower_counted(&at, &call->aggregate->shape, t, dropped);
	lower_label(c, ir, counted);
	lower_leave(&at, call);
	lower_jump(c, ir, call->node, done);
	if (lower_has_jump(ir, start, dropped)) {
		lower_label(c, ir, dropped);
		lower_leave(&at, call);
	}
	lower_label(c, ir, full);
	add_row_insn(&at, IR_DROPPED, call->table, IR_NONE, IR_NONE);
	lower_label(c, ir, done);
	return NULL;
}

struct error *lower_aggregation(struct compiler *c, struct ir *ir, const struct node *node,
				unsigned table, const char **reason)
{
	struct call call = {0};

	TRY(resolve_call(c, node, table, &call, reason));
	return *reason ? NULL : lower_call(c, ir, &call);
}
