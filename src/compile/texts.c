/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * texts.c - the text that the elements of a sequence have: []string, vector<string>,
 * the names in a slice of structs. As many bytes as there is room for, each text behind a header
 * that says which element it belongs to (struct record_text).
 *
 * for (offset = 0; offset < size; offset += size of an element)
 *         for each text of an element: header, bytes
 */
#include "capture.h"
#include "lower.h"

/* Of one element. */
#define TEXTS_MAX 4
/* Of all texts together, unless one alone may be longer. */
#define TEXTS_BYTES	4096
#define ROUNDS_FOLLOWED 32

struct texts {
	struct compiler *c;
	struct ir *ir;
	const struct node *node;
	int zero;		     /* of loop_zero */
	uint64_t offsets[TEXTS_MAX]; /* in an element */
	const struct type *types[TEXTS_MAX];
	size_t count;
};

static void find_texts(struct texts *texts, uint64_t offset, const struct type *type,
		       unsigned depth)
{
	if (capture_is_text(type) && texts->count < TEXTS_MAX) {
		texts->offsets[texts->count] = offset;
		texts->types[texts->count++] = type;
		return;
	}
	for (size_t i = 0; type->kind == TYPE_STRUCT && type->form == FORM_PLAIN && depth > 0 &&
			   i < type->member_count;
	     i++)
		find_texts(texts, offset + type->members[i].offset, type->members[i].type,
			   depth - 1);
}

size_t texts_bytes(const struct compiler *c)
{
	size_t one = sizeof(struct record_text) + c->request->limits.string_bytes + 2;

	return one < TEXTS_BYTES ? TEXTS_BYTES : one;
}

const struct value *texts_of(struct compiler *c, const struct value *elements,
			     const struct type *element)
{
	struct texts texts = {.c = c};
	struct value *value;

	find_texts(&texts, 0, element, c->request->limits.depth);
	if (!texts.count)
		return NULL;
	value = value_new(c, VALUE_TEXTS, VIEW_STRING, elements->node);
	*value = *elements;
	value->kind = VALUE_TEXTS;
	value->type = element;
	return value;
}

/* ------------------------------------------------------------------ lowering */

/* A value that is what a temporary holds. */
static const struct value *held_in(struct compiler *c, const struct node *node, int t)
{
	struct local *local = ARENA_NEW(&c->plan->arena, struct local);
	struct value *value = value_new(c, VALUE_LOCAL, VIEW_INTEGER, node);

	local->t = t;
	local->missing = IR_NONE;
	value->local = local;
	return value;
}

/* The text of type at address + offset in its element; to full if there is no more room. */
static struct error *lower_text(struct texts *texts, const struct value *address, int offset,
				const struct type *type, int full)
{
	const struct arithmetic at = {texts->c, texts->ir, texts->node};
	struct object *object = object_at(texts->c, texts->node, type, address);
	const struct value *text = object_read(texts->c, object);
	int unreadable = texts->ir->labels++, done = texts->ir->labels++, a, b = IR_NONE;
	struct ir_insn *insn;

	if (text->kind != VALUE_STRING)
		return NULL;
	insn = lower_add(texts->c, texts->ir, IR_TEXT_HEADER, texts->node);
	insn->a = offset;
	insn->b = texts->zero; /* so that it forgets how much there is already */
	insn->label = full;
	insn->number = (int64_t)(texts->ir->bytes + texts_bytes(texts->c) -
				 sizeof(struct record_text) - text->size - 2);
	TRY(lower_value(texts->c, texts->ir, text->a, unreadable, &a));
	if (text->is_nullable) /* it says so itself */
		lower_jump_if(&at, a, OP_EQ, IR_NONE, 0, done);
	if (text->b)
		TRY(lower_value(texts->c, texts->ir, text->b, unreadable, &b));
	insn = lower_add(texts->c, texts->ir, IR_TEXT_BYTES, texts->node);
	insn->a = a;
	insn->b = b;
	insn->size = text->size;
	insn->number = text->number;
	insn->label = unreadable;
	lower_jump(texts->c, texts->ir, texts->node, done);
	lower_label(texts->c, texts->ir, unreadable);
	lower_add(texts->c, texts->ir, IR_TEXT_LOST, texts->node);
	lower_label(texts->c, texts->ir, done);
	return NULL;
}

static struct error *lower_element(struct texts *texts, int first, int offset, int full)
{
	const struct arithmetic at = {texts->c, texts->ir, texts->node};

	for (size_t i = 0; i < texts->count; i++) {
		int in_element = lower_with_number(&at, offset, OP_ADD, (int32_t)texts->offsets[i]);
		int address = lower_with(&at, first, OP_ADD, in_element);

		TRY(lower_text(texts, held_in(texts->c, texts->node, address), in_element,
			       texts->types[i], full));
	}
	return NULL;
}

/* Where the last element begins, of those that are wanted; negative if there are none. */
static int lower_last(const struct arithmetic *at, int size, const struct value *value,
		      bool is_free)
{
	uint64_t each = value->type->size, most = value->size / each;
	int last = at->ir->temporaries++, is_below = at->ir->labels++;

	/* Of a loop that the verifier follows, few rounds. */
	if (!is_free && most > ROUNDS_FOLLOWED)
		most = ROUNDS_FOLLOWED;
	lower_move(at, last, size);
	lower_jump_if(at, last, OP_LE, IR_NONE, (int64_t)(most * each), is_below);
	lower_move(at, last, lower_constant(at, (int64_t)(most * each)));
	lower_label(at->c, at->ir, is_below);
	return lower_with_number(at, last, OP_SUB, (int32_t)each);
}

static struct error *lower_elements(struct texts *texts, const struct value *value, int first,
				    int size)
{
	const struct arithmetic at = {texts->c, texts->ir, texts->node};
	int offset = texts->ir->temporaries++, done = texts->ir->labels++;
	int last = lower_last(&at, size, value, texts->zero >= 0), again;

	lower_move(&at, offset, loop_hide(&at, texts->zero, lower_constant(&at, 0)));
	lower_jump_if(&at, offset, OP_GT, last, 0, done);
	again = loop_begin(&at, texts->zero, done);
	TRY(lower_element(texts, first, offset, done));
	lower_move(&at, offset, lower_with_number(&at, offset, OP_ADD, (int32_t)value->type->size));
	loop_again(&at, again, offset, last);
	lower_label(texts->c, texts->ir, done);
	return NULL;
}

struct error *texts_lower(struct compiler *c, const struct value *value, unsigned slot,
			  struct ir *ir, int missing)
{
	struct texts texts = {.c = c, .ir = ir, .node = value->node};
	struct ir_insn *insn;
	int first, size, start = ir->temporaries++;

	find_texts(&texts, 0, value->type, c->request->limits.depth);
	TRY(lower_value(c, ir, value->a, missing, &first));
	TRY(lower_value(c, ir, value->b, missing, &size));
	lower_add(c, ir, IR_TEXTS, value->node)->t = start;
	texts.zero = loop_zero(&(struct arithmetic){c, ir, value->node});
	TRY(lower_elements(&texts, value, first, size));
	insn = lower_add(c, ir, IR_TEXTS_END, value->node);
	insn->a = start;
	insn->number = (int64_t)(ir->bytes + texts_bytes(c));
	insn->slot = slot;
	return NULL;
}
