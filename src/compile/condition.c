/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * condition.c - conditions -> IR: comparisons, logic, what is true.
 *
 * A missing value makes comparisons false (~= true), as it does in Lua: a failed read
 * jumps to where the comparison it is part of has that outcome.
 */
#include "doubt.h"
#include "lower.h"
#include "path.h"
#include "same.h"

/* The longest text that is compared in the kernel. */
#define TEXT_MAX 64

/* A test whose outcome is known, still with both ways out: the verifier
 * refuses code that nothing leads to. */
static void lower_known(const struct compiler *c, const struct node *node, struct ir *ir,
			struct branches to, bool is_true)
{
	const struct arithmetic at = {c, ir, node};

	lower_jump_if(&at, lower_constant(&at, 0), is_true ? OP_EQ : OP_NE, IR_NONE, 0, to.yes);
	lower_jump(c, ir, node, to.no);
}

/* ------------------------------------------------------------------ operands */

struct comparison {
	const struct node *node;
	enum operator op;
	const struct value *a, *b;
	struct branches to;
	int missing; /* where it goes on if an operand is missing */
};

/* Lua compares integers and floats by their mathematical value: 1e6 is 1000000. */
static bool is_whole(const struct node *node)
{
	return node->kind == NODE_FLOAT && node->number >= -0x1p63 && node->number < 0x1p63 &&
	       node->number == (double)(int64_t)node->number;
}

/* An enum or a pointer beside a number is a number. */
static struct error *resolve_operand(struct compiler *c, const struct node *node, enum operator op,
				     const struct node *other, const struct value **ret,
				     const char **reason)
{
	if (is_whole(node_inner(node))) {
		*ret = value_constant(c, node, (int64_t)node_inner(node)->number);
		return NULL;
	}
	TRY(resolve_expression(c, node, ret, reason));
	return *ret && operator_wants_number(c, op, other) ? resolve_number(c, node, ret) : NULL;
}

static enum operator mirrored(enum operator op)
{
	static const enum operator mirror[] = {
	    [OP_EQ] = OP_EQ, [OP_NE] = OP_NE, [OP_LT] = OP_GT,
	    [OP_GT] = OP_LT, [OP_LE] = OP_GE, [OP_GE] = OP_LE,
	};

	return mirror[op];
}

static void mirror_operands(struct comparison *comparison)
{
	const struct value *a = comparison->a;

	comparison->a = comparison->b;
	comparison->b = a;
	comparison->op = mirrored(comparison->op);
}

/* ------------------------------------------------------------------- numbers */

static bool is_immediate(const struct value *value)
{
	return value->kind == VALUE_CONSTANT && value->number == (int32_t)value->number;
}

static struct error *lower_numbers(struct compiler *c, struct ir *ir,
				   const struct comparison *comparison, bool is_unsigned)
{
	const struct arithmetic at = {c, ir, comparison->node};
	int a, b = IR_NONE;

	TRY(lower_value(c, ir, comparison->a, comparison->missing, &a));
	if (!is_immediate(comparison->b))
		TRY(lower_value(c, ir, comparison->b, comparison->missing, &b));
	/* One that is negative is below all that are unsigned. */
	if (is_unsigned && b >= 0 && comparison->b->view != VIEW_UNSIGNED) {
		bool is_above =
		    comparison->op == OP_NE || comparison->op == OP_GT || comparison->op == OP_GE;

		lower_jump_if(&at, b, OP_LT, IR_NONE, 0,
			      is_above ? comparison->to.yes : comparison->to.no);
	}
	lower_jump_if(&at, a, comparison->op, b, comparison->b->number, comparison->to.yes);
	ir->insns.data[ir->insns.size - 1].is_unsigned = is_unsigned;
	lower_jump(c, ir, comparison->node, comparison->to.no);
	return NULL;
}

static struct error *compare_numbers(struct compiler *c, struct ir *ir,
				     struct comparison *comparison)
{
	bool is_unsigned =
	    comparison->a->view == VIEW_UNSIGNED || comparison->b->view == VIEW_UNSIGNED;

	if (comparison->a->view != VIEW_UNSIGNED && is_unsigned)
		mirror_operands(comparison);
	if (is_unsigned && comparison->b->kind == VALUE_CONSTANT && comparison->b->number < 0) {
		int a;

		/* Nothing unsigned is below 0; but whether it can be read counts. */
		TRY(lower_value(c, ir, comparison->a, comparison->missing, &a));
		lower_known(c, comparison->node, ir, comparison->to,
			    comparison->op == OP_NE || comparison->op == OP_GT ||
				comparison->op == OP_GE);
		return NULL;
	}
	return lower_numbers(c, ir, comparison, is_unsigned);
}

/* ---------------------------------------------------------------------- text */

/* One of the instructions that go on behind themselves if it is the text, and the jump there. To
 * be completed; valid until the next instruction. */
static struct ir_insn *add_text(struct compiler *c, struct ir *ir, enum ir_op op,
				const struct comparison *comparison, const struct value *text,
				bool is_prefix)
{
	bool is_equal = comparison->op == OP_EQ;
	struct ir_insn *insn = lower_add(c, ir, op, comparison->node);

	insn->text = text->text;
	insn->size = (unsigned)text->text_size;
	insn->is_prefix = is_prefix;
	insn->label = is_equal ? comparison->to.no : comparison->to.yes;
	insn->other = comparison->missing;
	lower_jump(c, ir, comparison->node, is_equal ? comparison->to.yes : comparison->to.no);
	return &ir->insns.data[ir->insns.size - 2];
}

static void need_text_words(struct ir *ir, size_t bytes)
{
	unsigned words = (unsigned)(bytes + 7) / 8;

	if (ir->text_words < words)
		ir->text_words = words;
}

static struct error *lower_text(struct compiler *c, struct ir *ir,
				const struct comparison *comparison, const struct value *string,
				const struct value *text, bool is_prefix)
{
	struct ir_insn *insn;
	int a, b = IR_NONE;

	TRY(lower_value(c, ir, string->a, comparison->missing, &a));
	if (string->b)
		TRY(lower_value(c, ir, string->b, comparison->missing, &b));
	insn = add_text(c, ir, IR_TEXT, comparison, text, is_prefix);
	insn->a = a;
	insn->b = b;
	insn->number = string->number;
	need_text_words(ir, text->text_size + 2);
	return NULL;
}

/* The thread's name, which can always be read. */
static void lower_name(struct compiler *c, struct ir *ir, const struct comparison *comparison,
		       const struct value *text, bool is_prefix)
{
	add_text(c, ir, IR_NAME, comparison, text, is_prefix)->other = IR_NONE;
	need_text_words(ir, TASK_NAME_SIZE);
}

static void lower_kept_text(struct compiler *c, struct ir *ir, const struct comparison *comparison,
			    const struct value *kept, const struct value *text, bool is_prefix)
{
	struct ir_insn *insn = add_text(c, ir, IR_KEPT, comparison, text, is_prefix);

	insn->number = kept->number;
	insn->slot = kept->size;
}

/* A text of the target as the entry has kept it. */
static bool is_kept_text(const struct value *value)
{
	return value->kind == VALUE_ENTRY && value->view == VIEW_STRING;
}

/* The bytes after which a text is cut; of one that is not compared, 0. */
static size_t text_limit(const struct compiler *c, const struct value *string)
{
	if (string->kind == VALUE_COMM)
		return SIZE_MAX;
	if (is_kept_text(string))
		return entry_text_limit(c, string);
	return string->kind == VALUE_STRING ? string->size : 0;
}

static bool is_comparable(const struct compiler *c, const struct value *string,
			  const struct value *text)
{
	return text->kind == VALUE_TEXT && text->text_size < text_limit(c, string) &&
	       (string->kind == VALUE_COMM || text->text_size <= TEXT_MAX);
}

/* A string of the target with a constant one. */
static struct error *compare_text(struct compiler *c, struct ir *ir, struct comparison *comparison,
				  bool is_prefix, const char **reason)
{
	const struct value *string, *text;

	if (comparison->a->kind == VALUE_TEXT)
		mirror_operands(comparison);
	string = comparison->a;
	text = comparison->b;
	if (!is_comparable(c, string, text) ||
	    (comparison->op != OP_EQ && comparison->op != OP_NE)) {
		*reason = "strings are compared in the kernel with == and ~=, and with short "
			  "constants only";
		return NULL;
	}
	/* No C string has a NUL in it. */
	bool is_name = string->kind == VALUE_COMM;
	if (((is_name || string->is_terminated) && memchr(text->text, '\0', text->text_size)) ||
	    (is_name && text->text_size >= TASK_NAME_SIZE)) {
		lower_known(c, comparison->node, ir, comparison->to, comparison->op == OP_NE);
		return NULL;
	}
	if (is_name) {
		lower_name(c, ir, comparison, text, is_prefix);
		return NULL;
	}
	if (is_kept_text(string)) {
		lower_kept_text(c, ir, comparison, string, text, is_prefix);
		return NULL;
	}
	return lower_text(c, ir, comparison, string, text, is_prefix);
}

/* The constant N of s:sub(1, N); -1: node is something else. */
static int64_t prefix_size(const struct node *node)
{
	const struct node *name = node->first ? node->first->next : NULL;
	const struct node *from = name ? name->next : NULL, *to = from ? from->next : NULL;

	if (node->kind != NODE_METHOD_CALL || !to || to->next || strcmp(name->text, "sub") != 0 ||
	    from->kind != NODE_INTEGER || from->integer != 1 || to->kind != NODE_INTEGER)
		return -1;
	return to->integer;
}

/* s:sub(1, N) == "text". Sets *ret_done if it was one. */
static struct error *compare_prefix(struct compiler *c, struct ir *ir,
				    struct comparison *comparison, const struct node *call,
				    const struct node *other, bool *ret_done, const char **reason)
{
	int64_t size = prefix_size(call);
	const struct value *target;

	*ret_done = false;
	if (size < 0 || (comparison->op != OP_EQ && comparison->op != OP_NE))
		return NULL;
	TRY(resolve_expression(c, call->first, &comparison->a, reason));
	if (!comparison->a)
		return NULL;
	TRY(resolve_expression(c, other, &comparison->b, reason));
	if (!comparison->b || comparison->b->kind != VALUE_TEXT ||
	    comparison->a->view != VIEW_STRING)
		return NULL;
	/* nil in a local has no methods (see rewrite.c). */
	TRY(resolve_target(c, node_inner(call->first), &target));
	if (!target && comparison->a->is_nullable) {
		*reason = "a method of what may be nil is left to Lua";
		return NULL;
	}
	*ret_done = true;
	if (size < (int64_t)comparison->b->text_size) {
		*reason = "the constant is longer than the part it is compared with";
		return NULL;
	}
	return compare_text(c, ir, comparison, size == (int64_t)comparison->b->text_size, reason);
}

/* --------------------------------------------------------------------- enums */

/* An enum with a text: is it the enumerator's of that name? */
static struct error *compare_name(struct compiler *c, struct ir *ir, struct comparison *comparison)
{
	const struct type *type;

	if (comparison->a->kind == VALUE_TEXT)
		mirror_operands(comparison);
	type = comparison->a->type;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		const struct type_enumerator *enumerator = &type->enumerators[i];

		if (strcmp(enumerator->name, comparison->b->text) != 0)
			continue;
		comparison->b = value_constant(c, comparison->node, enumerator->value);
		return lower_numbers(c, ir, comparison, false);
	}
	CLEANUP(nearest_deinit) struct nearest nearest = {.wanted = comparison->b->text};
	CLEANUP(buffer_deinit) struct buffer near = {0};
	for (size_t i = 0; i < type->enumerator_count; i++)
		nearest_offer(&nearest, type->enumerators[i].name);
	nearest_format(&nearest, &near);
	return error_hint(compile_error(c, comparison->b->node, ERR_NAME,
					"%s has no enumerator `%s`", type->name,
					comparison->b->text),
			  near.size ? "Did you mean %s?" : "ptype %s lists them.",
			  near.size ? near.data : type->name);
}

/* ----------------------------------------------------------------------- nil */

/* The number that is *ret_nil if the value is nil, or NULL: it never is. */
static const struct value *nullable(struct compiler *c, const struct value *value, int64_t *ret_nil)
{
	*ret_nil = is_kept_text(value) ? (int64_t)RECORD_STRING_NIL : 0;
	if (is_kept_text(value))
		return value_as(c, value, VIEW_INTEGER);
	if (value->view == VIEW_POINTER)
		return value;
	if (value->kind == VALUE_OBJECT)
		return value->a;
	return value->kind == VALUE_STRING && value->is_nullable ? value->a : NULL;
}

static struct error *compare_nil(struct compiler *c, struct ir *ir, struct comparison *comparison)
{
	const struct value *pointer;
	int64_t nil;

	if (comparison->a->view == VIEW_NIL)
		mirror_operands(comparison);
	pointer = nullable(c, comparison->a, &nil);
	if (comparison->a->view == VIEW_NIL || !pointer) {
		bool is_same = comparison->a->view == VIEW_NIL;

		lower_known(c, comparison->node, ir, comparison->to,
			    is_same == (comparison->op == OP_EQ));
		return NULL;
	}
	comparison->a = pointer;
	comparison->b = value_constant(c, comparison->node, nil);
	return lower_numbers(c, ir, comparison, false);
}

/* --------------------------------------------------------------- comparisons */

static bool is_known_apart(const struct value *a, const struct value *b)
{
	return a->view < VIEW_FLOAT && b->view <= VIEW_STRING && b->view != VIEW_FLOAT;
}

static bool is_number_view(enum view view)
{
	return view == VIEW_INTEGER || view == VIEW_UNSIGNED;
}

static struct error *compare(struct compiler *c, struct ir *ir, struct comparison *comparison,
			     const char **reason)
{
	const struct value *a = comparison->a, *b = comparison->b;
	bool is_equality = comparison->op == OP_EQ || comparison->op == OP_NE;

	if (a->view == VIEW_LOST || b->view == VIEW_LOST) {
		lower_known(c, comparison->node, ir, comparison->to, comparison->op == OP_NE);
		return NULL;
	}
	if (is_number_view(a->view) && is_number_view(b->view))
		return compare_numbers(c, ir, comparison);
	if (a->view == VIEW_STRING && b->view == VIEW_STRING)
		return compare_text(c, ir, comparison, false, reason);
	if (is_equality && (a->view == VIEW_NIL || b->view == VIEW_NIL))
		return compare_nil(c, ir, comparison);
	if (is_equality && ((a->view == VIEW_ENUM && b->kind == VALUE_TEXT) ||
			    (b->view == VIEW_ENUM && a->kind == VALUE_TEXT)))
		return compare_name(c, ir, comparison);
	if (is_equality && a->view == b->view && value_is_scalar(a) &&
	    (a->view != VIEW_ENUM || a->type == b->type) && a->view != VIEW_BOOLEAN)
		return lower_numbers(c, ir, comparison, false);
	if (is_equality && a->view != b->view && (is_known_apart(a, b) || is_known_apart(b, a))) {
		lower_known(c, comparison->node, ir, comparison->to, comparison->op == OP_NE);
		return NULL;
	}
	*reason = arena_printf(&c->plan->arena, "`%s` between these is left to Lua",
			       operator_text(comparison->op));
	return NULL;
}

/* b == true, b ~= false ...: the target's true is any byte but 0. */
static struct error *compare_booleans(struct compiler *c, struct ir *ir,
				      struct comparison *comparison, bool *ret_done)
{
	int a;

	if (comparison->a->kind == VALUE_CONSTANT)
		mirror_operands(comparison);
	*ret_done = comparison->a->view == VIEW_BOOLEAN && comparison->b->view == VIEW_BOOLEAN &&
		    comparison->b->kind == VALUE_CONSTANT &&
		    (comparison->op == OP_EQ || comparison->op == OP_NE);
	if (!*ret_done)
		return NULL;
	TRY(lower_value(c, ir, comparison->a, comparison->missing, &a));
	const struct arithmetic at = {c, ir, comparison->node};
	bool wants = (comparison->b->number != 0) == (comparison->op == OP_EQ);
	lower_jump_if(&at, a, wants ? OP_NE : OP_EQ, IR_NONE, 0, comparison->to.yes);
	lower_jump(c, ir, comparison->node, comparison->to.no);
	return NULL;
}

/* The same value twice: equal to itself in Lua, missing or not. */
static struct error *check_same(struct compiler *c, const struct node *left,
				const struct node *right, struct comparison *comparison,
				const char **reason)
{
	bool is_same = false;

	if (value_equal(comparison->a, comparison->b) &&
	    strcmp(node_text(c, node_inner(left)), node_text(c, node_inner(right))) == 0) {
		comparison->missing =
		    comparison->op == OP_EQ ? comparison->to.yes : comparison->to.no;
		return NULL;
	}
	TRY(may_be_same_missing(c, left, right, &is_same));
	if (is_same)
		*reason = "both sides may be the same missing value, which is equal to itself in "
			  "Lua";
	return NULL;
}

static struct error *lower_comparison(struct compiler *c, const struct node *node, struct ir *ir,
				      struct branches to, const char **reason)
{
	const struct node *left = node->first, *right = left->next;
	struct comparison comparison = {.node = node, .op = node->op, .to = to};
	bool is_done;

	doubt_comparison(c, node);
	comparison.missing = node->op == OP_NE ? to.yes : to.no;
	TRY(compare_prefix(c, ir, &comparison, node_inner(left), right, &is_done, reason));
	if (!is_done && !*reason)
		TRY(compare_prefix(c, ir, &comparison, node_inner(right), left, &is_done, reason));
	if (is_done || *reason)
		return NULL;
	TRY(resolve_operand(c, left, node->op, right, &comparison.a, reason));
	if (!comparison.a)
		return NULL;
	TRY(resolve_operand(c, right, node->op, left, &comparison.b, reason));
	if (!comparison.b)
		return NULL;
	if (node->op == OP_EQ || node->op == OP_NE)
		TRY(check_same(c, left, right, &comparison, reason));
	if (*reason)
		return NULL;
	TRY(compare_booleans(c, ir, &comparison, &is_done));
	return is_done ? NULL : compare(c, ir, &comparison, reason);
}

/* --------------------------------------------------------------------- logic */

static struct error *lower_logic(struct compiler *c, const struct node *node, struct ir *ir,
				 struct branches to, const char **reason)
{
	int second = ir->labels++;
	struct branches first = node->op == OP_AND ? (struct branches){second, to.no}
						   : (struct branches){to.yes, second};

	TRY(lower_branch(c, node->first, ir, first, reason));
	if (*reason)
		return NULL;
	lower_label(c, ir, second);
	return lower_branch(c, node->first->next, ir, to, reason);
}

/* A missing value is true, as whatever is not nil or false. */
static struct error *lower_truth_of(struct compiler *c, const struct value *value,
				    const struct node *node, struct ir *ir, struct branches to)
{
	int64_t nil = 0;
	const struct value *number = value->view == VIEW_BOOLEAN ? value : nullable(c, value, &nil);
	const struct arithmetic at = {c, ir, node};
	int t, b = IR_NONE;

	if (value->view == VIEW_NIL || value->kind == VALUE_CONSTANT || !number) {
		lower_known(c, node, ir, to,
			    value->view != VIEW_NIL &&
				(value->view != VIEW_BOOLEAN || value->number != 0));
		return NULL;
	}
	TRY(lower_value(c, ir, number, to.yes, &t));
	if (nil)
		b = lower_constant(&at, nil);
	lower_jump_if(&at, t, OP_NE, b, 0, to.yes);
	lower_jump(c, ir, node, to.no);
	return NULL;
}

struct error *lower_branch(struct compiler *c, const struct node *node, struct ir *ir,
			   struct branches to, const char **reason)
{
	const struct value *value;

	node = node_inner(node);
	if (node->kind == NODE_UNARY && node->op == OP_NOT)
		return lower_branch(c, node->first, ir, (struct branches){to.no, to.yes}, reason);
	if (node->kind == NODE_BINARY && (node->op == OP_AND || node->op == OP_OR))
		return lower_logic(c, node, ir, to, reason);
	if (node->kind == NODE_BINARY && node->op >= OP_EQ && node->op <= OP_GE)
		return lower_comparison(c, node, ir, to, reason);
	TRY(resolve_expression(c, node, &value, reason));
	return value && !*reason ? lower_truth_of(c, value, node, ir, to) : NULL;
}

struct error *lower_condition(struct compiler *c, const struct node *condition, struct ir *ir,
			      int *ret_no, const char **ret_reason)
{
	struct branches to = {.yes = ir->labels++, .no = ir->labels++};

	*ret_reason = NULL;
	TRY(lower_branch(c, condition, ir, to, ret_reason));
	if (*ret_reason) {
		ir->insns.size = 0;
		ir->temporaries = ir->labels = 0;
		ir->text_words = 0;
		return NULL;
	}
	lower_label(c, ir, to.yes);
	*ret_no = to.no;
	return NULL;
}
