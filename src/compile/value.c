/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.c - typed values: made, compared, described.
 */
#include "object.h"

struct value *value_new(struct compiler *c, enum value_kind kind, enum view view,
			const struct node *node)
{
	struct value *value = ARENA_NEW(&c->plan->arena, struct value);

	value->kind = kind;
	value->view = view;
	value->node = node;
	return value;
}

const struct value *value_constant(struct compiler *c, const struct node *node, int64_t number)
{
	struct value *value = value_new(c, VALUE_CONSTANT, VIEW_INTEGER, node);

	value->number = number;
	return value;
}

const struct value *value_register(struct compiler *c, const struct node *node, unsigned offset)
{
	struct value *value = value_new(c, VALUE_REGISTER, VIEW_INTEGER, node);

	value->offset = offset;
	return value;
}

const struct value *value_unary(struct compiler *c, const struct node *node, enum operator op,
				const struct value *a)
{
	if (a->kind == VALUE_CONSTANT)
		return value_constant(
		    c, node, op == OP_NEG ? integer_fold(OP_SUB, 0, a->number) : ~a->number);
	struct value *value = value_new(c, VALUE_UNARY, VIEW_INTEGER, node);
	value->op = op;
	value->a = a;
	return value;
}

const struct value *value_binary(struct compiler *c, const struct node *node, enum operator op,
				 const struct value *a, const struct value *b)
{
	bool keeps = b->kind == VALUE_CONSTANT && b->number == 0 &&
		     (op == OP_ADD || op == OP_SUB || op == OP_SHL || op == OP_SHR);

	if (a->kind == VALUE_CONSTANT && b->kind == VALUE_CONSTANT)
		return value_constant(c, node, integer_fold(op, a->number, b->number));
	if (keeps && a->view == VIEW_INTEGER)
		return a;
	struct value *value = value_new(c, VALUE_BINARY, VIEW_INTEGER, node);
	value->op = op;
	value->a = a;
	value->b = b;
	return value;
}

const struct value *value_load(struct compiler *c, const struct node *node, unsigned size,
			       bool is_signed, const struct value *address)
{
	struct value *value = value_new(c, VALUE_LOAD, VIEW_INTEGER, node);

	value->size = size;
	value->is_signed = is_signed;
	value->a = address;
	return value;
}

const struct value *value_extend(struct compiler *c, const struct node *node, unsigned bits,
				 bool is_signed, const struct value *a)
{
	if (bits >= 64)
		return a;
	struct value *value = value_new(c, VALUE_EXTEND, VIEW_INTEGER, node);
	value->size = bits;
	value->is_signed = is_signed;
	value->a = a;
	return value;
}

const struct value *value_only_if(struct compiler *c, const struct node *node,
				  const struct value *a, const struct value *tag, enum operator op,
				  uint64_t number, enum missing_reason missing)
{
	struct value *value = value_new(c, VALUE_IF, a->view, node);

	value->a = a;
	value->b = tag;
	value->op = op;
	value->number = (int64_t)number;
	value->missing = missing;
	return value;
}

const struct value *value_nonnull(struct compiler *c, const struct node *node,
				  const struct value *a)
{
	struct value *value;

	/* What is made of the stack pointer is not 0. */
	if (a->kind != VALUE_LOAD && a->kind != VALUE_REGISTER && a->kind != VALUE_BELOW &&
	    a->kind != VALUE_LOCAL)
		return a;
	value = value_new(c, VALUE_NONNULL, a->view, node);
	value->a = a;
	value->missing = MISSING_NULL;
	return value;
}

const struct value *value_lost(struct compiler *c, const struct node *node, const char *reason)
{
	struct value *value = value_new(c, VALUE_NONE, VIEW_LOST, node);

	value->reason = reason;
	return value;
}

const struct value *value_as(struct compiler *c, const struct value *value, enum view view)
{
	if (value->view == view)
		return value;
	struct value *copy = ARENA_NEW(&c->plan->arena, struct value);
	*copy = *value;
	copy->view = view;
	return copy;
}

/* ------------------------------------------------------------- comparison */

static bool is_same_object(const struct object *a, const struct object *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->piece_count != b->piece_count)
		return false;
	for (size_t i = 0; i < a->piece_count; i++)
		if (a->pieces[i].kind != b->pieces[i].kind ||
		    a->pieces[i].offset != b->pieces[i].offset ||
		    !value_equal(a->pieces[i].value, b->pieces[i].value))
			return false;
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	if (a == b)
		return true;
	return a->kind == b->kind && a->view == b->view && a->type == b->type &&
	       a->number == b->number && a->offset == b->offset && a->size == b->size &&
	       a->is_signed == b->is_signed && a->op == b->op && a->capture == b->capture &&
	       a->is_terminated == b->is_terminated && a->is_indexed == b->is_indexed &&
	       a->is_walkable == b->is_walkable && a->local == b->local && a->reason == b->reason &&
	       a->text_size == b->text_size &&
	       memcmp(a->text ? a->text : "", b->text ? b->text : "", a->text_size) == 0 &&
	       is_same_object(a->object, b->object) && value_equal(a->a, b->a) &&
	       value_equal(a->b, b->b);
}

/* ------------------------------------------------------------ description */

static void describe_object(const struct object *object, struct buffer *out)
{
	buffer_printf(out, "%llu bytes", (unsigned long long)object->type->size);
	for (size_t i = 0; i < object->piece_count; i++) {
		const struct object_piece *piece = &object->pieces[i];

		buffer_puts(out, i ? ", " : piece->kind == OBJECT_MEMORY ? " at " : " in ");
		if (piece->kind == OBJECT_LOST)
			buffer_puts(out, piece->reason);
		else
			value_describe(piece->value, out);
	}
}

static void describe_string(const struct value *value, struct buffer *out)
{
	buffer_printf(out, "string of at most %u bytes at ", value->size);
	value_describe(value->a, out);
	if (!value->b)
		return;
	buffer_puts(out, ", as long as ");
	value_describe(value->b, out);
}

void value_describe(const struct value *value, struct buffer *out)
{
	switch (value->kind) {
	case VALUE_CONSTANT:
		buffer_printf(out, "%lld", (long long)value->number);
		break;
	case VALUE_REGISTER:
		buffer_printf(out, "%%%s", register_name(value->offset));
		break;
	case VALUE_UNARY:
		buffer_puts(out, operator_text(value->op));
		value_describe(value->a, out);
		break;
	case VALUE_BINARY:
		buffer_putc(out, '(');
		value_describe(value->a, out);
		buffer_printf(out, " %s ", operator_text(value->op));
		value_describe(value->b, out);
		buffer_putc(out, ')');
		break;
	case VALUE_LOAD:
		buffer_printf(out, "%c%u at ", value->is_signed ? 'i' : 'u', value->size * 8);
		value_describe(value->a, out);
		break;
	case VALUE_EXTEND:
		buffer_printf(out, "%c%u of ", value->is_signed ? 'i' : 'u', value->size);
		value_describe(value->a, out);
		break;
	case VALUE_NONNULL:
	case VALUE_BELOW:
	case VALUE_IF:
	case VALUE_OK:
		value_describe(value->a, out);
		break;
	case VALUE_STRING:
		describe_string(value, out);
		break;
	case VALUE_TEXTS:
		buffer_puts(out, "text of elements");
		break;
	case VALUE_LENGTH:
		buffer_puts(out, "length of ");
		value_describe(value->a, out);
		break;
	case VALUE_STACK:
		if (value->size)
			buffer_printf(out, "%u bytes at %%rsp, unwound afterwards", value->size);
		else
			buffer_puts(out, "frame pointers");
		break;
	case VALUE_OBJECT:
		describe_object(value->object, out);
		break;
	case VALUE_TEXT:
		buffer_puts(out, "a constant");
		break;
	case VALUE_ENTRY:
		buffer_puts(out, "the entry");
		break;
	case VALUE_LOCAL:
	case VALUE_TRUTH:
	case VALUE_SELECT:
	case VALUE_PID:
	case VALUE_TID:
	case VALUE_CPU:
	case VALUE_FSBASE:
	case VALUE_COMM:
	case VALUE_FRAME:
	case VALUE_ELAPSED:
		buffer_puts(out, "the kernel");
		break;
	case VALUE_NONE:
		buffer_puts(out, value->view == VIEW_LOST	  ? value->reason
				 : value->capture == CAPTURE_TIME ? "the kernel's clock"
								  : "the site");
		break;
	}
}
