/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * field.c - from one object to the next: fields, elements, what a pointer points to.
 * Each step is checked in the kernel: a null pointer, an index beyond the end and a variant
 * that the value is not make the result missing, with that reason.
 */
#include "object.h"

#define DEPTH_MAX 16

/* ------------------------------------------------------------------ pieces */

static const struct value *add(struct compiler *c, const struct node *node, const struct value *a,
			       uint64_t offset)
{
	return value_binary(c, node, OP_ADD, a, value_constant(c, node, (int64_t)offset));
}

bool object_slice(struct compiler *c, const struct object *object, uint64_t offset, uint64_t size,
		  struct object_piece *ret)
{
	for (size_t i = 0; i < object->piece_count; i++) {
		const struct object_piece *piece = &object->pieces[i];

		if (offset < piece->offset || offset + size > piece->offset + piece->size)
			continue;
		uint64_t inside = offset - piece->offset;
		*ret = *piece;
		ret->offset = 0;
		ret->size = size;
		if (piece->kind == OBJECT_MEMORY)
			ret->value = add(c, object->node, piece->value, inside);
		else if (piece->kind == OBJECT_VALUE)
			ret->value =
			    value_binary(c, object->node, OP_SHR, piece->value,
					 value_constant(c, object->node, (int64_t)(8 * inside)));
		return true;
	}
	return false;
}

const struct value *object_piece_word(struct compiler *c, const struct node *node,
				      const struct object_piece *piece)
{
	if (piece->kind == OBJECT_MEMORY)
		return value_load(c, node, 8, false, piece->value);
	return piece->kind == OBJECT_VALUE ? piece->value : NULL;
}

struct object *object_part(struct compiler *c, const struct object *object, const struct node *node,
			   uint64_t offset, const struct type *type)
{
	struct object *result = ARENA_NEW(&c->plan->arena, struct object);
	struct object_piece *pieces =
	    arena_alloc(&c->plan->arena, sizeof(*pieces) * object->piece_count);

	*result = (struct object){.type = type, .node = node, .pieces = pieces};
	if (object_slice(c, object, offset, type->size, pieces)) {
		result->piece_count = 1;
		return result;
	}
	/* It lies across pieces: those that it covers whole, in their order. */
	for (size_t i = 0; i < object->piece_count; i++) {
		struct object_piece piece = object->pieces[i];

		if (piece.offset < offset || piece.offset + piece.size > offset + type->size)
			continue;
		piece.offset -= offset;
		pieces[result->piece_count++] = piece;
	}
	if (result->piece_count)
		return result;
	pieces[0] = (struct object_piece){
	    .kind = OBJECT_LOST, .reason = "<optimized out>", .size = type->size};
	result->piece_count = 1;
	return result;
}

/* ---------------------------------------------------------------- pointers */

/* The bits of a pointer or reference; NULL if they are lost. */
static const struct value *bits_of(struct compiler *c, const struct object *object)
{
	struct object_piece piece;

	return object_slice(c, object, 0, 8, &piece) ? object_piece_word(c, object->node, &piece)
						     : NULL;
}

struct object *object_settle(struct compiler *c, struct object *object)
{
	for (int depth = 0; object->type->kind == TYPE_REFERENCE && depth < DEPTH_MAX; depth++) {
		const struct value *bits = object_lost(object) ? NULL : bits_of(c, object);
		const char *name = object->name;

		if (!bits)
			return object;
		object = object_at(c, object->node, object->type->target, bits);
		object->name = name;
	}
	return object;
}

const struct value *object_read_pointer(struct compiler *c, struct object *object)
{
	struct object_piece piece;
	const struct value *bits;
	struct value *value;

	if (!object_slice(c, object, object->type->shape.data, 8, &piece))
		return NULL;
	bits = object_piece_word(c, object->node, &piece);
	if (!bits)
		return NULL;
	value = ARENA_NEW(&c->plan->arena, struct value);
	*value = *bits;
	value->view = VIEW_POINTER;
	value->type = object->type;
	return value;
}

static bool is_pointer(const struct type *type)
{
	return type->kind == TYPE_POINTER ||
	       (type->kind == TYPE_STRUCT && type->form == FORM_POINTER);
}

struct object *object_target(struct compiler *c, struct object *object)
{
	const struct value *bits;

	object = object_settle(c, object);
	if (!is_pointer(object->type))
		return NULL;
	bits = object->type->kind == TYPE_POINTER ? bits_of(c, object)
						  : object_read_pointer(c, object);
	if (!bits)
		return object; /* lost: reading it says why */
	return object_at(c, object->node, object->type->target,
			 value_nonnull(c, object->node, value_as(c, bits, VIEW_INTEGER)));
}

/* ------------------------------------------------------------------ fields */

/* Where a field of that name is: its member, and how far the members that it is in are from
 * the start. Fields of bases and of anonymous members are those of the whole. */
static const struct type_member *find_member(const struct type *type, const char *name,
					     uint64_t *offset, int depth)
{
	for (size_t i = 0; i < type->member_count; i++)
		if (type->members[i].name && !type->members[i].is_base &&
		    strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	for (size_t i = 0; i < type->member_count && depth < DEPTH_MAX; i++) {
		const struct type_member *outer = &type->members[i], *inner;

		if (outer->name && !outer->is_base)
			continue;
		inner = find_member(outer->type, name, offset, depth + 1);
		if (!inner)
			continue;
		*offset += outer->offset;
		return inner;
	}
	return NULL;
}

/* The value, missing unless the object is of that variant. */
static const struct value *check_variant(struct compiler *c, const struct object *object,
					 const struct type_variant *variant,
					 const struct value *value)
{
	const struct type *type = object->type;
	struct object_piece piece;
	const struct value *tag;

	if (type->tag_offset == TYPE_NO_OFFSET)
		return value;
	if (!object_slice(c, object, type->tag_offset, type->tag_size, &piece))
		return NULL;
	tag = piece.kind == OBJECT_MEMORY
		  ? value_load(c, object->node, type->tag_size, false, piece.value)
	      : piece.kind == OBJECT_VALUE
		  ? value_extend(c, object->node, type->tag_size * 8, false, piece.value)
		  : NULL;
	if (!tag)
		return NULL;
	if (!variant->is_default)
		return value_only_if(c, object->node, value, tag, OP_EQ, variant->tag,
				     MISSING_VARIANT);
	for (size_t i = 0; i < type->variant_count; i++)
		if (&type->variants[i] != variant)
			value = value_only_if(c, object->node, value, tag, OP_NE,
					      type->variants[i].tag, MISSING_VARIANT);
	return value;
}

static struct object *variant_of(struct compiler *c, struct object *object, const struct node *node,
				 const char *name)
{
	for (size_t i = 0; i < object->type->variant_count; i++) {
		const struct type_variant *variant = &object->type->variants[i];
		struct object *result;

		if (!variant->name || strcmp(variant->name, name) != 0)
			continue;
		result = object_part(c, object, node, 0, variant->type);
		for (size_t k = 0; k < result->piece_count; k++) {
			struct object_piece *piece = (struct object_piece *)&result->pieces[k];

			if (piece->kind != OBJECT_LOST)
				piece->value = check_variant(c, object, variant, piece->value);
			if (!piece->value)
				*piece = (struct object_piece){.kind = OBJECT_LOST,
							       .reason = "<optimized out>",
							       .offset = piece->offset,
							       .size = piece->size};
		}
		return result;
	}
	return NULL;
}

static struct object *member_of(struct compiler *c, struct object *object, const struct node *node,
				const char *name)
{
	uint64_t offset = 0;
	const struct type_member *member = find_member(object->type, name, &offset, 0);
	struct object *result;

	if (!member)
		return variant_of(c, object, node, name);
	result = object_part(c, object, node, offset + member->offset, member->type);
	result->bit_offset = member->bit_offset;
	result->bit_size = member->bit_size;
	return result;
}

struct object *object_member(struct compiler *c, struct object *object, const struct node *node,
			     const char *name)
{
	for (int depth = 0; object && depth < DEPTH_MAX; depth++) {
		struct object *member;

		object = object_settle(c, object);
		member = member_of(c, object, node, name);
		if (member)
			return member;
		object = object_target(c, object);
	}
	return NULL;
}

static void list_fields(const struct type *type, struct buffer *out, struct nearest *nearest,
			int depth)
{
	if (is_pointer(type) && type->member_count == 0 && depth < DEPTH_MAX) {
		list_fields(type->target, out, nearest, depth + 1);
		return;
	}
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];

		if ((!member->name || member->is_base) && depth < DEPTH_MAX) {
			list_fields(member->type, out, nearest, depth + 1);
		} else if (!member->is_artificial) {
			buffer_printf(out, "%s%s", out->size ? ", " : "", member->name);
			nearest_offer(nearest, member->name);
		}
	}
	for (size_t i = 0; i < type->variant_count; i++)
		buffer_printf(out, "%s%s", out->size ? ", " : "", type->variants[i].name);
	if (type->kind == TYPE_STRUCT && type->form == FORM_POINTER && depth < DEPTH_MAX)
		list_fields(type->target, out, nearest, depth + 1);
}

void object_fields(const struct object *object, struct buffer *out, const char *wanted)
{
	CLEANUP(nearest_deinit) struct nearest nearest = {.wanted = wanted};
	CLEANUP(buffer_deinit) struct buffer fields = {0}, near = {0};

	list_fields(object->type, &fields, &nearest, 0);
	nearest_format(&nearest, &near);
	if (near.size)
		buffer_printf(out, "Did you mean %s? ", near.data);
	if (fields.size)
		buffer_printf(out, "Its fields are: %s.", fields.data);
	else
		buffer_printf(out, "A value of type %s has no fields.", object->type->name);
}

/* ---------------------------------------------------------------- elements */

static const struct value *scaled(struct compiler *c, const struct node *node,
				  const struct value *index, uint64_t size)
{
	return value_binary(c, node, OP_MUL, index, value_constant(c, node, (int64_t)size));
}

static const struct value *below(struct compiler *c, const struct node *node,
				 const struct value *index, const struct value *limit)
{
	struct value *value;

	if (index->kind == VALUE_CONSTANT && limit->kind == VALUE_CONSTANT &&
	    (uint64_t)index->number < (uint64_t)limit->number)
		return index;
	value = value_new(c, VALUE_BELOW, VIEW_INTEGER, node);
	value->a = index;
	value->b = limit;
	value->missing = MISSING_RANGE;
	return value;
}

static struct object *array_element(struct compiler *c, struct object *object,
				    const struct node *node, const struct value *index)
{
	const struct type *type = object->type;
	const struct value *address = object_address(object), *offset;

	if (type->count != TYPE_NO_OFFSET && type->count > 0)
		index = below(c, node, index, value_constant(c, node, (int64_t)type->count));
	if (address) {
		offset = scaled(c, node, index, type->target->size);
		return object_at(c, node, type->target,
				 value_binary(c, node, OP_ADD, address, offset));
	}
	return index->kind == VALUE_CONSTANT
		   ? object_part(c, object, node, (uint64_t)index->number * type->target->size,
				 type->target)
		   : NULL;
}

static const struct value *word_at(struct compiler *c, const struct object *object, uint64_t offset)
{
	struct object_piece piece;

	return offset != TYPE_NO_OFFSET && object_slice(c, object, offset, 8, &piece)
		   ? object_piece_word(c, object->node, &piece)
		   : NULL;
}

static bool has_text(const struct type *type)
{
	return type->kind == TYPE_STRUCT &&
	       (type->form == FORM_SEQUENCE || type->form == FORM_STRING);
}

static const struct value *sequence_length(struct compiler *c, const struct object *object,
					   const struct node *node)
{
	const struct type *type = object->type;
	const struct value *length = word_at(c, object, type->shape.length), *start, *end;
	struct value *count;

	if (length)
		return length;
	start = word_at(c, object, type->shape.data);
	end = word_at(c, object, type->shape.end);
	if (!start || !end || !type->target || type->target->size == 0)
		return NULL;
	/* The difference is no negative number. */
	count = (struct value *)value_binary(c, node, OP_IDIV,
					     value_binary(c, node, OP_SUB, end, start),
					     value_constant(c, node, (int64_t)type->target->size));
	return count;
}

static struct object *sequence_element(struct compiler *c, struct object *object,
				       const struct node *node, const struct value *index)
{
	const struct value *data = word_at(c, object, object->type->shape.data);
	const struct value *length = sequence_length(c, object, node);

	if (!data || !length || !object->type->target)
		return NULL;
	index = below(c, node, index, length);
	return object_at(c, node, object->type->target,
			 value_binary(c, node, OP_ADD, data,
				      scaled(c, node, index, object->type->target->size)));
}

struct object *object_element(struct compiler *c, struct object *object, const struct node *node,
			      const struct value *index)
{
	struct object *target;

	object = object_settle(c, object);
	if (object->type->kind == TYPE_ARRAY)
		return array_element(c, object, node, index);
	if (has_text(object->type))
		return sequence_element(c, object, node, index);
	target = object_target(c, object);
	if (!target || target == object || object->type->target->size == 0)
		return target == object ? target : NULL;
	/* p[i] of a pointer to an array is an element of the array, as with a slice. */
	return object_at(c, node, target->type,
			 value_binary(c, node, OP_ADD, object_address(target),
				      scaled(c, node, index, target->type->size)));
}

/* The first word that a map or a channel points to says how many are in it. */
static const struct value *counted_length(struct compiler *c, const struct object *object,
					  const struct node *node)
{
	const struct value *address = bits_of(c, object);

	return address ? value_load(c, node, 8, false, value_nonnull(c, node, address)) : NULL;
}

const struct value *object_length(struct compiler *c, struct object *object,
				  const struct node *node)
{
	object = object_settle(c, object);
	if (object->type->form == FORM_MAP || object->type->form == FORM_CHANNEL)
		return counted_length(c, object, node);
	/* Of what a pointer points to, where that is clear. */
	if (is_pointer(object->type) &&
	    (object->type->target->kind == TYPE_ARRAY || has_text(object->type->target)))
		object = object_target(c, object);
	if (has_text(object->type))
		return sequence_length(c, object, node);
	if (object->type->kind == TYPE_ARRAY && object->type->count != TYPE_NO_OFFSET &&
	    !(object->type->target->kind == TYPE_CHARACTER && object->type->target->size == 1))
		return value_constant(c, node, (int64_t)object->type->count);
	return NULL;
}
