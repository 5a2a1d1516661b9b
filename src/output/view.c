/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.c - what the bytes of a target's value come down to.
 * Apart because text, JSON and Lua are three ways to show one reading, and so that
 * hostile or cut bytes meet bounds in one place only.
 */
#include <string.h>

#include "view.h"

/* What a type of a kind that nothing can be made of says. */
static const char unavailable[] = "<unavailable>";

void typed_view_missing(struct typed_view *view, const char *reason)
{
	view->kind = VIEW_MISSING;
	view->name = reason;
}

/* ----------------------------------------------------------------- scalars */

bool typed_word(const struct typed_value *value, uint64_t offset, uint64_t size, uint64_t *ret)
{
	*ret = 0;
	if (size > sizeof(*ret) || offset > value->size || size > value->size - offset)
		return false;
	memcpy(ret, (const char *)value->bytes + offset, size);
	return true;
}

static uint64_t extend(uint64_t bits, unsigned width, bool is_signed)
{
	unsigned unused = 64 - width;

	if (width == 0 || width >= 64)
		return bits;
	return is_signed ? (uint64_t)((int64_t)(bits << unused) >> unused)
			 : bits << unused >> unused;
}

int64_t typed_enum_value(const struct type *type, uint64_t bits)
{
	return (int64_t)extend(bits, 8 * (unsigned)type->size, type->is_signed);
}

/* Nine bytes may hold a bit-field of 64 bits. */
static bool read_bit_field(const struct typed_value *value, uint64_t *ret)
{
	unsigned first = value->bit_offset / 8, shift = value->bit_offset % 8;
	unsigned size = (shift + value->bit_size + 7) / 8;
	unsigned __int128 bits = 0;

	if (value->bit_size > 64 || first > value->size || size > value->size - first)
		return false;
	memcpy(&bits, (const char *)value->bytes + first, size);
	*ret = (uint64_t)(bits >> shift);
	return true;
}

/* The bits of an integer of up to 8 bytes, extended to 64. */
static bool read_integer(const struct typed_value *value, uint64_t *ret)
{
	const struct type *type = value->type;
	unsigned width = value->bit_size ? value->bit_size : 8 * (unsigned)type->size;

	if (value->bit_size ? !read_bit_field(value, ret) : !typed_word(value, 0, type->size, ret))
		return false;
	*ret = extend(*ret, width, type->is_signed);
	return true;
}

static void view_number(struct typed_view *view, uint64_t bits, bool is_signed)
{
	view->integer = (int64_t)bits;
	view->kind = !is_signed && view->integer < 0 ? VIEW_UNSIGNED : VIEW_INTEGER;
}

static void view_enum(const struct type *type, struct typed_view *view)
{
	for (size_t i = 0; i < type->enumerator_count; i++)
		if (type->enumerators[i].value == view->integer) {
			view->kind = VIEW_ENUM;
			view->name = type->enumerators[i].name;
			return;
		}
}

static void view_wide(const struct typed_value *value, struct typed_view *view)
{
	uint64_t low;

	if (value->bit_size)
		typed_view_missing(view, unavailable);
	else if (!typed_word(value, 0, 8, &low) || !typed_word(value, 8, 8, &view->high))
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
	else
		*view = (struct typed_view){
		    .kind = VIEW_WIDE, .integer = (int64_t)low, .high = view->high};
}

static void view_integer(const struct typed_value *value, struct typed_view *view)
{
	const struct type *type = value->type;
	uint64_t bits;

	if (type->size == 16) {
		view_wide(value, view);
		return;
	}
	if (type->size == 0 || type->size > 8 || value->bit_size > 64) {
		typed_view_missing(view, unavailable);
		return;
	}
	if (!read_integer(value, &bits)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view_number(view, bits, type->is_signed);
	if (type->kind == TYPE_ENUM)
		view_enum(type, view);
	else if (type->kind == TYPE_CHARACTER)
		view->kind = VIEW_CHARACTER;
	else if (type->kind == TYPE_BOOLEAN)
		*view = (struct typed_view){.kind = VIEW_BOOLEAN, .integer = bits != 0};
}

static void view_float(const struct typed_value *value, struct typed_view *view)
{
	uint64_t size = value->type->size;
	float single;

	if (size != sizeof(single) && size != sizeof(view->number)) {
		typed_view_missing(view, unavailable);
		return;
	}
	if (value->size < size) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_FLOAT;
	if (size == sizeof(view->number)) {
		memcpy(&view->number, value->bytes, sizeof(view->number));
	} else {
		memcpy(&single, value->bytes, sizeof(single));
		view->number = (double)single;
	}
}

/* ------------------------------------------------------- parts and pointers */

static const struct typed_part *find_part(const struct typed_value *value, const struct type *type,
					  bool are_texts)
{
	for (size_t i = 0; i < value->part_count; i++)
		if (value->parts[i].offset == value->origin && value->parts[i].type == type &&
		    value->parts[i].are_texts == are_texts && !value->parts[i].lost_size &&
		    !value->parts[i].program)
			return &value->parts[i];
	return NULL;
}

/* The text of what is in an element: false if it was not captured. */
static bool find_text_of_element(const struct typed_value *value, struct typed_part *ret)
{
	const struct typed_part *texts = value->texts;
	struct record_text header;

	for (size_t at = 0; at + sizeof(header) <= texts->size;) {
		memcpy(&header, (const char *)texts->bytes + at, sizeof(header));
		bool is_lost = header.length == RECORD_TEXT_LOST;
		size_t size = is_lost ? 0 : header.length & ~RECORD_TEXT_CUT;
		at += sizeof(header);
		if (size > texts->size - at)
			return false;
		*ret = (struct typed_part){.bytes = (const char *)texts->bytes + at,
					   .size = size,
					   .is_cut = header.length & RECORD_TEXT_CUT,
					   .reason =
					       is_lost ? missing_text(MISSING_UNREADABLE) : NULL};
		if (header.offset == value->origin)
			return true;
		at += size;
	}
	return false;
}

static bool find_text(const struct typed_value *value, struct typed_part *ret)
{
	const struct typed_part *part;

	if (value->texts)
		return find_text_of_element(value, ret);
	part = find_part(value, NULL, false);
	if (part)
		*ret = *part;
	return part != NULL;
}

static void view_text(const struct typed_part *part, struct typed_view *view)
{
	if (part->reason) {
		typed_view_missing(view, part->reason);
		return;
	}
	view->kind = VIEW_TEXT;
	view->bytes = part->bytes;
	view->count = part->size;
	view->is_cut = part->is_cut;
}

static void view_pointer(const struct typed_value *value, uint64_t offset, struct typed_view *view)
{
	struct typed_part text;
	uint64_t address;

	if (!typed_word(value, offset, sizeof(address), &address)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_POINTER;
	view->integer = (int64_t)address;
	if (address && find_text(value, &text))
		view_text(&text, view);
}

/* How many bytes or elements a FORM_STRING or FORM_SEQUENCE has. */
static bool read_length(const struct typed_value *value, uint64_t *ret)
{
	const struct type_shape *shape = &value->type->shape;
	const struct type *target = value->type->target;
	uint64_t data, end, size = target && target->size ? target->size : 1;

	if (shape->length != TYPE_NO_OFFSET)
		return typed_word(value, shape->length, sizeof(*ret), ret);
	if (shape->end == TYPE_NO_OFFSET || !typed_word(value, shape->data, sizeof(data), &data) ||
	    !typed_word(value, shape->end, sizeof(end), &end))
		return false;
	*ret = end > data ? (end - data) / size : 0;
	return true;
}

/* Text that something else led to. */
static void view_far_text(const struct typed_value *value, struct typed_view *view)
{
	const void *bytes;
	uint64_t address, length;
	size_t known;

	if (!typed_word(value, value->type->shape.data, sizeof(address), &address) ||
	    !read_length(value, &length) || !(known = typed_read(value, address, &bytes))) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_TEXT;
	view->bytes = bytes;
	view->count = known < length ? known : length;
	view->is_cut = known < length;
}

static void view_string(const struct typed_value *value, struct typed_view *view)
{
	struct typed_part part;
	uint64_t length;

	/* An empty one may point nowhere. */
	if (read_length(value, &length) && length == 0)
		*view = (struct typed_view){.kind = VIEW_TEXT, .bytes = ""};
	else if (find_text(value, &part))
		view_text(&part, view);
	else if (typed_memory(value))
		view_far_text(value, view);
	else
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
}

/* --------------------------------------------------------------- aggregates */

static void view_elements(const struct typed_value *first, uint64_t count, struct typed_view *view)
{
	uint64_t size = first->type->size;

	view->kind = VIEW_ELEMENTS;
	view->inner = *first;
	view->count = count;
	view->known = size ? first->size / size + (first->size % size != 0) : count;
	if (view->known > count)
		view->known = count;
	/* Those without a size, of a number that is not known. */
	if (view->known == TYPE_NO_OFFSET)
		view->known = 0;
}

/* Up to its NUL. */
static void view_char_array(const struct typed_value *value, struct typed_view *view)
{
	size_t size = value->size;

	if (size > value->type->count)
		size = (size_t)value->type->count;
	if (size == 0 && value->type->count > 0) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_TEXT;
	view->bytes = value->bytes;
	view->count = size ? strnlen(value->bytes, size) : 0;
	view->is_cut = view->count == size && size < value->type->count;
}

static void view_array(const struct typed_value *value, struct typed_view *view)
{
	const struct type *element = value->type->target;
	struct typed_value first = typed_at(value, 0, element);

	if (element->kind == TYPE_CHARACTER && element->size == 1)
		view_char_array(value, view);
	else
		view_elements(&first, value->type->count, view);
}

/* Elements that something else led to, as many as are known. */
static void find_far_elements(const struct typed_value *value, struct typed_value *elements)
{
	uint64_t address;

	if (!typed_word(value, value->type->shape.data, sizeof(address), &address) ||
	    !typed_at_address(value, address, value->type->target, elements))
		return;
	elements->size = typed_read(value, address, &elements->bytes);
}

static void view_sequence(const struct typed_value *value, struct typed_view *view)
{
	const struct type *target = value->type->target;
	const struct typed_part *part = value->texts ? NULL : find_part(value, target, false);
	struct typed_value elements = {.type = target, .bytes = ""};
	uint64_t count;

	if (!read_length(value, &count)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	if (part && part->reason && count) {
		typed_view_missing(view, part->reason);
		return;
	}
	if (part && !part->reason) {
		elements.bytes = part->bytes;
		elements.size = part->size;
		elements.texts = find_part(value, target, true);
		elements.parts = value->parts;
		elements.part_count = value->part_count;
		elements.origin = elements.texts ? 0 : TYPED_ELSEWHERE;
	} else if (!part) {
		find_far_elements(value, &elements);
	}
	view_elements(&elements, count, view);
}

static bool is_tuple(const struct type *type)
{
	for (size_t i = 0; i < type->member_count; i++)
		if (!type->members[i].name || !typed_is_number(type->members[i].name))
			return false;
	return type->member_count > 0;
}

static void view_struct(const struct typed_value *value, struct typed_view *view)
{
	view->kind = VIEW_STRUCT;
	view->inner = *value;
	view->is_tuple = is_tuple(value->type);
}

/* Which variant a Rust enum is, or NULL. */
static const struct type_variant *find_variant(const struct type *type, uint64_t tag)
{
	const struct type_variant *found = NULL;

	for (size_t i = 0; i < type->variant_count; i++) {
		if (type->variants[i].is_default)
			found = found ? found : &type->variants[i];
		else if (type->variants[i].tag == tag)
			return &type->variants[i];
	}
	return found;
}

static void view_variant(const struct typed_value *value, struct typed_view *view)
{
	const struct type *type = value->type;
	const struct type_variant *variant = type->variants;
	uint64_t tag;

	if (type->tag_offset != TYPE_NO_OFFSET) {
		if (type->tag_size > 8 ||
		    !typed_word(value, type->tag_offset, type->tag_size, &tag)) {
			typed_view_missing(view, missing_text(MISSING_TRUNCATED));
			return;
		}
		variant = find_variant(type, tag);
	}
	if (!variant || !type->variant_count) {
		typed_view_missing(view, "<no variant>");
		return;
	}
	struct typed_value fields = typed_at(value, 0, variant->type);
	view_struct(&fields, view);
	view->kind = VIEW_VARIANT;
	view->name = variant->name;
}

static void view_form(const struct typed_value *value, struct typed_view *view)
{
	switch (value->type->form) {
	case FORM_STRING:
		view_string(value, view);
		break;
	case FORM_SEQUENCE:
		view_sequence(value, view);
		break;
	case FORM_POINTER:
		view_pointer(value, value->type->shape.data, view);
		break;
	case FORM_VARIANT:
		view_variant(value, view);
		break;
	default: /* FORM_PLAIN */
		view_struct(value, view);
	}
}

/* Why some of the bytes of a value are not known, or NULL: they all are. */
static const char *lost_reason(const struct typed_value *value)
{
	for (size_t i = 0; i < value->part_count; i++) {
		const struct typed_part *part = &value->parts[i];

		if (part->lost_size && part->offset < value->origin + value->type->size &&
		    value->origin < part->offset + part->lost_size)
			return part->reason;
	}
	return NULL;
}

static bool is_composite(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ARRAY;
}

void typed_view(const struct typed_value *value, struct typed_view *ret)
{
	const char *lost = is_composite(value->type) ? NULL : lost_reason(value);

	*ret = (struct typed_view){0};
	if (lost) {
		typed_view_missing(ret, lost);
		return;
	}
	if (value->type->form >= FORM_INTERFACE) {
		typed_view_go(value, ret);
		return;
	}
	switch (value->type->kind) {
	case TYPE_INTEGER:
	case TYPE_CHARACTER:
	case TYPE_BOOLEAN:
	case TYPE_ENUM:
		view_integer(value, ret);
		break;
	case TYPE_FLOAT:
		view_float(value, ret);
		break;
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		view_pointer(value, 0, ret);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		view_form(value, ret);
		break;
	case TYPE_ARRAY:
		view_array(value, ret);
		break;
	default:
		typed_view_missing(ret, unavailable);
	}
}
