/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - values that an event carries: which slots and bytes they take, and the IR that
 * fills them.
 */
#include "capture.h"
#include "lower.h"

/* Text and elements that are followed for one value. */
#define PARTS_MAX 16

enum capture_kind capture_kind_of(const struct value *value)
{
	static const enum capture_kind kinds[] = {
	    [VIEW_BOOLEAN] = CAPTURE_BOOLEAN,	[VIEW_INTEGER] = CAPTURE_INTEGER,
	    [VIEW_UNSIGNED] = CAPTURE_UNSIGNED, [VIEW_ENUM] = CAPTURE_ENUM,
	    [VIEW_POINTER] = CAPTURE_POINTER,	[VIEW_FLOAT] = CAPTURE_FLOAT,
	    [VIEW_STRING] = CAPTURE_STRING,	[VIEW_BYTES] = CAPTURE_BYTES,
	    [VIEW_STACK] = CAPTURE_STACK,	[VIEW_LOST] = CAPTURE_LOST,
	};

	if (value->view == VIEW_SITE)
		return value->capture;
	return value->kind == VALUE_COMM ? CAPTURE_COMM : kinds[value->view];
}

unsigned capture_slots_of(const struct value *value)
{
	if (value->view == VIEW_SITE || value->view == VIEW_LOST)
		return 0;
	return value->kind == VALUE_COMM ? 2 : 1;
}

/* ------------------------------------------------------------------- parts */

struct parts {
	struct compiler *c;
	const struct object *object;
	const struct node *node;
	struct captured_part *data;
	size_t count;
};

bool capture_is_text(const struct type *type)
{
	return (type->kind == TYPE_POINTER && type->target->kind == TYPE_CHARACTER &&
		type->target->size == 1) ||
	       (type->kind == TYPE_STRUCT && type->form == FORM_STRING);
}

static bool is_sequence(const struct type *type)
{
	return type->kind == TYPE_STRUCT && type->form == FORM_SEQUENCE && type->target &&
	       type->target->size > 0;
}

/* The bytes of a sequence's elements, as many as are wanted. */
static const struct value *elements_of(struct compiler *c, struct object *object,
				       const struct node *node)
{
	const struct value *length = object_length(c, object, node), *size;
	struct object *first = object_element(c, object, node, value_constant(c, node, 0));
	uint64_t limit = (uint64_t)c->request->limits.elements * object->type->target->size;
	struct value *value;

	if (!length || !first)
		return NULL;
	size = value_binary(c, node, OP_MUL, length,
			    value_constant(c, node, (int64_t)object->type->target->size));
	value = value_new(c, VALUE_STRING, VIEW_STRING, node);
	/* Where the elements begin, whether there are any or not. */
	value->a = object_address(first);
	if (value->a && value->a->kind == VALUE_BINARY && value->a->op == OP_ADD)
		value->a = value->a->a;
	value->b = size;
	value->size = limit < STRING_SIZE_MAX ? (unsigned)limit : STRING_SIZE_MAX;
	return value->a ? value : NULL;
}

static void add_part(struct parts *parts, uint64_t offset, const struct type *type)
{
	struct object *object = object_part(parts->c, parts->object, parts->node, offset, type);
	const struct value *value = capture_is_text(type)
					? object_read(parts->c, object)
					: elements_of(parts->c, object, parts->node);

	if (!value || value->kind != VALUE_STRING || parts->count == PARTS_MAX)
		return;
	for (size_t i = 0; i < parts->count; i++)
		if (parts->data[i].offset == offset)
			return;
	parts->data[parts->count++] = (struct captured_part){
	    .offset = offset, .value = value, .type = capture_is_text(type) ? NULL : type->target};
	if (capture_is_text(type) || parts->count == PARTS_MAX)
		return;
	value = texts_of(parts->c, value, type->target);
	if (value)
		parts->data[parts->count++] = (struct captured_part){
		    .offset = offset, .value = value, .type = type->target, .are_texts = true};
}

static void find_parts(struct parts *parts, uint64_t offset, const struct type *type,
		       unsigned depth)
{
	if (capture_is_text(type) || is_sequence(type)) {
		add_part(parts, offset, type);
		return;
	}
	if (depth > parts->c->request->limits.depth)
		return;
	for (size_t i = 0; i < type->member_count && type->kind == TYPE_STRUCT; i++)
		find_parts(parts, offset + type->members[i].offset, type->members[i].type,
			   depth + 1);
	/* Of a variant that the value is not, nobody asks. */
	for (size_t i = 0; i < type->variant_count; i++)
		find_parts(parts, offset, type->variants[i].type, depth + 1);
	for (uint64_t i = 0;
	     type->kind == TYPE_ARRAY && type->count != TYPE_NO_OFFSET && i < type->count &&
	     parts->count < PARTS_MAX && i < parts->c->request->limits.elements;
	     i++)
		find_parts(parts, offset + i * type->target->size, type->target, depth + 1);
}

size_t capture_parts_of(struct compiler *c, const struct value *value, struct captured_part **ret)
{
	struct parts parts = {.c = c, .object = value->object, .node = value->node};

	*ret = NULL;
	if (value->kind != VALUE_OBJECT)
		return 0;
	parts.data = arena_alloc(&c->plan->arena,
				 sizeof(*parts.data) * (PARTS_MAX + value->object->piece_count));
	find_parts(&parts, 0, value->object->type, 0);
	for (size_t i = 0; i < value->object->piece_count; i++) {
		const struct object_piece *piece = &value->object->pieces[i];

		if (piece->kind == OBJECT_LOST)
			parts.data[parts.count++] = (struct captured_part){
			    .offset = piece->offset,
			    .lost_size = piece->size,
			    .reason = piece->reason,
			};
	}
	*ret = parts.data;
	return parts.count;
}

/* Bytes of an object that are captured: of a great array those of the elements shown. */
static uint64_t object_bytes(const struct compiler *c, const struct object *object)
{
	const struct type *type = object->type;
	uint64_t size = type->size;

	if (type->kind == TYPE_ARRAY && type->target->size &&
	    size > c->request->limits.elements * type->target->size)
		size = c->request->limits.elements * type->target->size;
	return size < STRING_SIZE_MAX ? size : STRING_SIZE_MAX;
}

size_t capture_bytes_of(const struct compiler *c, const struct value *value)
{
	if (value->view == VIEW_BYTES && value->kind == VALUE_OBJECT)
		return object_bytes(c, value->object);
	if (value->kind == VALUE_ENTRY && value->view == VIEW_STRING)
		return CALL_TEXT_SIZE;
	if (value->kind == VALUE_STACK)
		return stack_bytes(value);
	if (value->kind == VALUE_TEXTS)
		return texts_bytes(c);
	if (value->kind == VALUE_LENGTH)
		value = value->a;
	return value->kind == VALUE_STRING ? value->size + 2 : 0;
}

/* ------------------------------------------------------------------ lowering */

static struct error *lower_string(struct compiler *c, const struct value *value, unsigned slot,
				  struct ir *ir, int missing, int done)
{
	const struct arithmetic at = {c, ir, value->node};
	struct ir_insn *insn;
	int a, b = IR_NONE;

	TRY(lower_value(c, ir, value->a, missing, &a));
	if (value->is_nullable) {
		int is_there = ir->labels++;

		lower_jump_if(&at, a, OP_NE, IR_NONE, 0, is_there);
		lower_add(c, ir, IR_NIL, value->node)->slot = slot;
		lower_jump(c, ir, value->node, done);
		lower_label(c, ir, is_there);
	}
	if (value->b)
		TRY(lower_value(c, ir, value->b, missing, &b));
	insn = lower_add(c, ir, IR_STRING, value->node);
	insn->a = a;
	insn->b = b;
	insn->slot = slot;
	insn->size = value->size;
	insn->number = value->number;
	insn->label = missing;
	return NULL;
}

/* A value in registers, or in parts here and there. */
static struct error *lower_pieces(struct compiler *c, const struct object *object, unsigned slot,
				  struct ir *ir, int missing)
{
	struct ir_insn *insn;

	for (size_t i = 0; i < object->piece_count; i++) {
		const struct object_piece *piece = &object->pieces[i];
		const struct value *value = piece->value;
		int a = IR_NONE;

		if (piece->kind == OBJECT_MEMORY)
			value =
			    piece->size <= 8 ? value_load(c, object->node, 8, false, value) : NULL;
		if (piece->kind != OBJECT_LOST && value)
			TRY(lower_value(c, ir, value, missing, &a));
		insn = lower_add(c, ir, IR_PIECE, object->node);
		insn->a = a;
		insn->number = (int64_t)piece->offset;
		insn->size = (unsigned)piece->size;
	}
	insn = lower_add(c, ir, IR_PIECES, object->node);
	insn->slot = slot;
	insn->size = (unsigned)object->type->size;
	return NULL;
}

static struct error *lower_object(struct compiler *c, const struct object *object, unsigned slot,
				  struct ir *ir, int missing)
{
	const struct value *address = object_address(object);
	struct ir_insn *insn;
	int a;

	if (!address)
		return lower_pieces(c, object, slot, ir, missing);
	TRY(lower_value(c, ir, address, missing, &a));
	insn = lower_add(c, ir, IR_BYTES, object->node);
	insn->a = a;
	insn->slot = slot;
	insn->size = (unsigned)object_bytes(c, object);
	insn->label = missing;
	return NULL;
}

static struct error *lower_stored(struct compiler *c, const struct value *value, unsigned slot,
				  struct ir *ir, int missing, int done)
{
	struct ir_insn *insn;
	int t;

	if (value->kind == VALUE_TEXTS)
		return texts_lower(c, value, slot, ir, missing);
	if (value->kind == VALUE_STRING)
		return lower_string(c, value, slot, ir, missing, done);
	if (value->kind == VALUE_LENGTH) {
		TRY(lower_string(c, value->a, slot, ir, missing, done));
		ir->insns.data[ir->insns.size - 1].is_length = true;
		return NULL;
	}
	if (value->kind == VALUE_OBJECT)
		return lower_object(c, value->object, slot, ir, missing);
	if (value->kind == VALUE_ENTRY && value->view == VIEW_STRING) {
		insn = lower_add(c, ir, IR_ENTRY_TEXT, value->node);
		insn->slot = slot;
		insn->number = value->number;
		insn->size = value->size;
		insn->label = missing;
		return NULL;
	}
	if (value->kind == VALUE_STACK)
		return stack_lower(c, value, IR_STACK, slot, ir);
	if (value->kind == VALUE_COMM) {
		lower_add(c, ir, IR_COMM, value->node)->slot = slot;
		return NULL;
	}
	TRY(lower_value(c, ir, value, missing, &t));
	insn = lower_add(c, ir, IR_STORE, value->node);
	insn->a = t;
	insn->slot = slot;
	return NULL;
}

/* Can it be missing for another reason than a read that failed? */
static bool has_reasons(const struct value *value)
{
	return value && (value->kind == VALUE_LENGTH || value->kind == VALUE_ENTRY ||
			 value->kind == VALUE_NONNULL || value->kind == VALUE_BELOW ||
			 value->kind == VALUE_IF || has_reasons(value->a) || has_reasons(value->b));
}

static bool object_has_reasons(const struct object *object)
{
	for (size_t i = 0; object && i < object->piece_count; i++)
		if (has_reasons(object->pieces[i].value))
			return true;
	return false;
}

struct error *lower_capture(struct compiler *c, const struct value *value, unsigned slot,
			    struct ir *ir)
{
	int missing = ir->labels++, done = ir->labels++;
	struct ir_insn *insn;
	size_t start;

	ir->has_reasons = has_reasons(value) || object_has_reasons(value->object);
	if (ir->has_reasons)
		lower_add(c, ir, IR_REASON, value->node)->number = MISSING_UNREADABLE;
	start = ir->insns.size;
	TRY(lower_stored(c, value, slot, ir, missing, done));
	if (lower_has_jump(ir, start, missing)) {
		lower_jump(c, ir, value->node, done);
		lower_label(c, ir, missing);
		insn = lower_add(c, ir, IR_MISSING, value->node);
		insn->slot = slot;
		insn->is_signed = ir->has_reasons;
	}
	if (lower_has_jump(ir, start, done))
		lower_label(c, ir, done);
	ir->has_reasons = false;
	return NULL;
}
