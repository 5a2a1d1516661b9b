/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object.c - objects of the target: their places, and what Lua sees of them.
 * Apart from path.c, which knows how a program's text names them, and from field.c, which
 * goes from one to the next.
 */
#include <linux/ptrace.h>

#include "object.h"

static struct object *object_new(struct compiler *c, const struct node *node,
				 const struct type *type, size_t pieces)
{
	struct object *object = ARENA_NEW(&c->plan->arena, struct object);

	object->type = type;
	object->node = node;
	object->pieces = arena_alloc(&c->plan->arena, sizeof(*object->pieces) * pieces);
	object->piece_count = pieces;
	return object;
}

static struct object *of_one_piece(struct compiler *c, const struct node *node,
				   const struct type *type, struct object_piece piece)
{
	struct object *object = object_new(c, node, type, 1);

	piece.size = type->size;
	*(struct object_piece *)object->pieces = piece;
	return object;
}

struct object *object_at(struct compiler *c, const struct node *node, const struct type *type,
			 const struct value *address)
{
	return of_one_piece(c, node, type,
			    (struct object_piece){.kind = OBJECT_MEMORY, .value = address});
}

struct object *object_of_value(struct compiler *c, const struct node *node, const struct type *type,
			       const struct value *value)
{
	return of_one_piece(c, node, type,
			    (struct object_piece){.kind = OBJECT_VALUE, .value = value});
}

struct object *object_of_words(struct compiler *c, const struct node *node, const struct type *type,
			       const struct value *const *words, size_t count)
{
	struct object *object = object_new(c, node, type, count);
	struct object_piece *pieces = (struct object_piece *)object->pieces;

	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct object_piece){
		    .kind = OBJECT_VALUE, .value = words[i], .offset = 8 * i, .size = 8};
	return object;
}

struct object *object_lost_as(struct compiler *c, const struct node *node, const struct type *type,
			      const char *reason)
{
	return of_one_piece(c, node, type,
			    (struct object_piece){.kind = OBJECT_LOST, .reason = reason});
}

/* ------------------------------------------------------------------- where */

/* What is at a file's address is at another one in a process; how far away it is, the site
 * that was hit tells. */
static const struct value *run_time_address(struct compiler *c, const struct node *node,
					    int64_t address)
{
	const struct compile_site *site = &c->request->site;

	if (!site->is_relocated)
		return value_constant(c, node, address);
	return value_binary(c, node, OP_ADD, value_register(c, node, offsetof(struct pt_regs, rip)),
			    value_constant(c, node, (int64_t)((uint64_t)address - site->address)));
}

static enum operator where_operator(enum where_op op)
{
	switch (op) {
	case WHERE_ADD:
		return OP_ADD;
	case WHERE_SUB:
		return OP_SUB;
	case WHERE_MUL:
		return OP_MUL;
	case WHERE_AND:
		return OP_BAND;
	case WHERE_OR:
		return OP_BOR;
	case WHERE_XOR:
		return OP_BXOR;
	case WHERE_SHL:
		return OP_SHL;
	default: /* WHERE_SHR */
		return OP_SHR;
	}
}

/* a >> n with the sign: only n constant, and from 1 to 63. */
static const struct value *shift_signed(struct compiler *c, const struct node *node,
					const struct value *a, const struct value *b)
{
	if (b->kind != VALUE_CONSTANT || b->number < 0 || b->number > 63)
		return NULL;
	return value_extend(c, node, (unsigned)(64 - b->number), true,
			    value_binary(c, node, OP_SHR, a, b));
}

static const struct value *fsbase(struct compiler *c, const struct node *node)
{
	struct value *value = value_new(c, VALUE_FSBASE, VIEW_INTEGER, node);

	value->number = compiler_fsbase(c);
	return value->number ? value : NULL;
}

#define STACK_MAX 32

struct machine {
	struct compiler *c;
	const struct node *node;
	const struct value *stack[STACK_MAX];
	size_t depth;
};

static const struct value *machine_pop(struct machine *m)
{
	return m->depth ? m->stack[--m->depth] : NULL;
}

/* What the step leaves on the stack, or NULL: it cannot be done. */
static const struct value *machine_step(struct machine *m, const struct where_step *step)
{
	struct compiler *c = m->c;
	const struct value *a, *b;

	switch (step->op) {
	case WHERE_CONSTANT:
		return value_constant(c, m->node, step->number);
	case WHERE_REGISTER: {
		int offset = register_of_dwarf(step->number);
		return offset < 0 ? NULL : value_register(c, m->node, (unsigned)offset);
	}
	case WHERE_ADDRESS:
		return run_time_address(c, m->node, step->number);
	case WHERE_FSBASE:
		return fsbase(c, m->node);
	case WHERE_LOAD:
		a = machine_pop(m);
		return a ? value_load(c, m->node, (unsigned)step->number, false, a) : NULL;
	case WHERE_NEG:
	case WHERE_NOT:
		a = machine_pop(m);
		return a ? value_unary(c, m->node, step->op == WHERE_NEG ? OP_NEG : OP_BNOT, a)
			 : NULL;
	default:
		b = machine_pop(m);
		a = machine_pop(m);
		if (!a || !b)
			return NULL;
		return step->op == WHERE_SAR
			   ? shift_signed(c, m->node, a, b)
			   : value_binary(c, m->node, where_operator(step->op), a, b);
	}
}

const struct value *object_steps(struct compiler *c, const struct node *node,
				 const struct where_piece *piece)
{
	struct machine m = {.c = c, .node = node};

	for (size_t i = 0; i < piece->step_count; i++) {
		const struct value *value = machine_step(&m, &piece->steps[i]);

		if (!value || m.depth == STACK_MAX)
			return NULL;
		m.stack[m.depth++] = value;
	}
	return machine_pop(&m);
}

static struct object_piece piece_of(struct compiler *c, const struct node *node,
				    const struct where_piece *where)
{
	struct object_piece piece = {.kind =
					 where->kind == PIECE_MEMORY ? OBJECT_MEMORY : OBJECT_VALUE,
				     .size = where->size};

	if (where->kind != PIECE_LOST)
		piece.value = object_steps(c, node, where);
	if (!piece.value) {
		piece.kind = OBJECT_LOST;
		piece.reason = where->kind == PIECE_LOST ? where->reason : "<optimized out>";
	}
	return piece;
}

struct object *object_where(struct compiler *c, const struct node *node, const struct type *type,
			    const struct where *where)
{
	struct object *object = object_new(c, node, type, where->piece_count);
	struct object_piece *pieces = (struct object_piece *)object->pieces;
	uint64_t offset = 0;

	for (size_t i = 0; i < where->piece_count; i++) {
		pieces[i] = piece_of(c, node, &where->pieces[i]);
		if (where->piece_count == 1)
			pieces[i].size = type->size;
		pieces[i].offset = offset;
		offset += pieces[i].size;
	}
	return object;
}

/* ----------------------------------------------------------------- reading */

const char *object_lost(const struct object *object)
{
	for (size_t i = 0; i < object->piece_count; i++)
		if (object->pieces[i].kind != OBJECT_LOST)
			return NULL;
	return object->pieces[0].reason;
}

const struct value *object_address(const struct object *object)
{
	return object->piece_count == 1 && object->pieces[0].kind == OBJECT_MEMORY
		   ? object->pieces[0].value
		   : NULL;
}

static bool is_load_size(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static const struct value *read_bit_field(struct compiler *c, const struct object *object)
{
	const struct value *address = object_address(object), *bits;
	const struct node *node = object->node;

	/* It may lie across the bytes of its type: as many as it touches are read. */
	unsigned first = object->bit_offset / 8;
	unsigned touched = (object->bit_offset % 8 + object->bit_size + 7) / 8;
	unsigned size = touched > 4 ? 8 : touched > 2 ? 4 : touched;
	if (!address) {
		bits = object->pieces[0].value;
		bits = value_binary(c, node, OP_SHR, bits,
				    value_constant(c, node, object->bit_offset));
	} else {
		bits = value_load(
		    c, node, size, false,
		    value_binary(c, node, OP_ADD, address, value_constant(c, node, first)));
		bits = value_binary(c, node, OP_SHR, bits,
				    value_constant(c, node, object->bit_offset % 8));
	}
	return value_extend(c, node, object->bit_size, object->type->is_signed, bits);
}

static bool is_number(const struct type *type)
{
	return type->kind >= TYPE_INTEGER && type->kind <= TYPE_POINTER;
}

/* The object's bytes as a number; NULL if they are not one (too many, or in pieces). */
static const struct value *read_number(struct compiler *c, const struct object *object)
{
	const struct type *type = object->type;
	const struct object_piece *piece = &object->pieces[0];

	if (!is_number(type) || object->piece_count != 1 || !is_load_size(type->size) ||
	    piece->kind == OBJECT_LOST)
		return NULL;
	if (object->bit_size)
		return read_bit_field(c, object);
	if (piece->kind == OBJECT_MEMORY)
		return value_load(c, object->node, (unsigned)type->size, type->is_signed,
				  piece->value);
	return value_extend(c, object->node, (unsigned)type->size * 8, type->is_signed,
			    piece->value);
}

static enum view view_of(const struct object *object)
{
	const struct type *type = object->type;

	switch (type->kind) {
	case TYPE_BOOLEAN:
		return VIEW_BOOLEAN;
	case TYPE_FLOAT:
		return VIEW_FLOAT;
	case TYPE_ENUM:
		return VIEW_ENUM;
	case TYPE_POINTER:
		return VIEW_POINTER;
	default:
		if (type->form == FORM_DURATION)
			return VIEW_ENUM;
		return type->size == 8 && !type->is_signed && !object->bit_size ? VIEW_UNSIGNED
										: VIEW_INTEGER;
	}
}

static const struct value *read_scalar(struct compiler *c, struct object *object)
{
	const struct value *number = read_number(c, object);
	struct value *value;

	if (!number || (object->type->kind == TYPE_FLOAT && object->type->size < 4)) {
		value = value_new(c, VALUE_OBJECT, VIEW_BYTES, object->node);
		value->object = object;
	} else {
		value = ARENA_NEW(&c->plan->arena, struct value);
		*value = *number;
		value->view = view_of(object);
	}
	value->type = object->type;
	return value;
}

/* Text at address: up to a NUL and at most size bytes, or length bytes. */
static const struct value *text_at(struct compiler *c, const struct object *object,
				   const struct value *address, const struct value *length,
				   uint64_t size)
{
	struct value *value = value_new(c, VALUE_STRING, VIEW_STRING, object->node);
	unsigned limit = c->request->limits.string_bytes;

	value->type = object->type;
	value->a = address;
	value->b = length;
	value->is_terminated = !length;
	value->size = size < limit ? (unsigned)size : limit;
	value->number = size < limit ? (int64_t)size : 0; /* of char[N]: no NUL need follow */
	return value;
}

static bool is_text_pointer(const struct type *type)
{
	return type->kind == TYPE_POINTER && type->target->kind == TYPE_CHARACTER &&
	       type->target->size == 1;
}

static const struct value *read_text_pointer(struct compiler *c, struct object *object)
{
	const struct value *pointer = read_number(c, object);
	struct value *text;

	if (!pointer)
		return NULL;
	text = (struct value *)text_at(c, object, pointer, NULL, UINT64_MAX);
	text->is_nullable = true;
	return text;
}

/* Text of a struct that stands for it. */
static const struct value *read_form_string(struct compiler *c, struct object *object)
{
	const struct type_shape *shape = &object->type->shape;
	struct object_piece data, length;
	const struct value *address, *size;

	if (!object_slice(c, object, shape->data, 8, &data) ||
	    !object_slice(c, object, shape->length, 8, &length))
		return NULL;
	address = object_piece_word(c, object->node, &data);
	size = object_piece_word(c, object->node, &length);
	return address && size ? text_at(c, object, address, size, UINT64_MAX) : NULL;
}

/* Of Go: what is seen of it is what it leads to. a: its first word, 0 if it is nil. */
static const struct value *read_reference(struct compiler *c, struct object *object)
{
	struct value *value = value_new(c, VALUE_OBJECT, VIEW_BYTES, object->node);
	struct object_piece first;

	value->type = object->type;
	value->object = object;
	if (object_slice(c, object, 0, 8, &first))
		value->a = object_piece_word(c, object->node, &first);
	return value;
}

bool object_is_reference(const struct object *object)
{
	return object->type->form >= FORM_INTERFACE && object->type->form <= FORM_CODE;
}

const struct value *object_read(struct compiler *c, struct object *object)
{
	const struct value *value = NULL;
	const struct type *type;

	object = object_settle(c, object);
	type = object->type;
	if (object_lost(object))
		return value_lost(c, object->node, object_lost(object));
	if (object_is_reference(object))
		return read_reference(c, object);
	switch (type->kind) {
	case TYPE_VOID:
	case TYPE_FUNCTION:
	case TYPE_OPAQUE:
		return value_lost(c, object->node, "<of unknown type>");
	case TYPE_POINTER:
		value = is_text_pointer(type) ? read_text_pointer(c, object) : NULL;
		break;
	case TYPE_ARRAY:
		if (type->target->kind == TYPE_CHARACTER && type->target->size == 1 &&
		    type->count != TYPE_NO_OFFSET && type->count > 0 && object_address(object))
			return text_at(c, object, object_address(object), NULL, type->count);
		break;
	case TYPE_STRUCT:
		if (type->form == FORM_STRING)
			value = read_form_string(c, object);
		if (type->form == FORM_POINTER)
			value = object_read_pointer(c, object);
		break;
	default:
		break;
	}
	return value ? value : read_scalar(c, object);
}
