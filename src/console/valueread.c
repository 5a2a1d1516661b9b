/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * valueread.c - a value's bytes out of memory as it is now, with what its pointers lead to:
 * text, the elements of sequences, and text that those have.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

#define VALUE_BYTES_MAX (1 << 20)
#define PARTS_DEPTH_MAX 6

/* Bytes that a part of a value is looked for in. */
struct bytes_of {
	const struct evaluation *evaluation;
	struct value *value;
	const char *data;
	size_t size;
};

static uint64_t word_at(const struct bytes_of *bytes, uint64_t offset)
{
	uint64_t word = 0;
	if (offset <= bytes->size && bytes->size - offset >= sizeof(word))
		memcpy(&word, bytes->data + offset, sizeof(word));
	return word;
}

static bool is_text_pointer(const struct type *type)
{
	return type->kind == TYPE_POINTER && type->target->kind == TYPE_CHARACTER &&
	       type->target->size == 1;
}

static bool has_form(const struct type *type, enum type_form form)
{
	return type->kind == TYPE_STRUCT && type->form == form;
}

static bool is_text(const struct type *type)
{
	return is_text_pointer(type) || has_form(type, FORM_STRING);
}

/* ------------------------------------------------------------------------ parts */

/* As much as is wanted of size bytes (of text that ends in a NUL: of any number) at pointer.
 * The bytes live as long as the value. */
static struct typed_part read_part(const struct bytes_of *bytes, uint64_t pointer, uint64_t size,
				   size_t most, bool is_terminated)
{
	size_t wanted = is_terminated || size > most ? most : (size_t)size;
	char *data = arena_alloc(&bytes->value->texts, wanted + 1);
	const struct memory *memory = &bytes->evaluation->memory;
	size_t got = wanted && pointer ? memory_read(memory, pointer, data, wanted) : 0;
	struct typed_part part = {
	    .bytes = data,
	    .size = is_terminated ? strnlen(data, got) : got,
	    .reason = wanted && pointer && !got ? "<unreadable>" : NULL,
	};
	part.is_cut = is_terminated ? part.size == most : size > most;
	return part;
}

/* Of a FORM_STRING or FORM_SEQUENCE at offset, in bytes. */
static uint64_t sequence_size(const struct bytes_of *bytes, const struct type *type,
			      uint64_t offset)
{
	const struct type_shape *shape = &type->shape;
	uint64_t pointer = word_at(bytes, offset + shape->data);
	uint64_t each = type->form == FORM_STRING ? 1 : type->target->size;
	if (shape->length != TYPE_NO_OFFSET)
		return word_at(bytes, offset + shape->length) * each;
	return shape->end == TYPE_NO_OFFSET ? 0 : word_at(bytes, offset + shape->end) - pointer;
}

static struct typed_part read_text(const struct bytes_of *bytes, const struct type *type,
				   uint64_t offset)
{
	size_t most = bytes->evaluation->limits.string_bytes;
	if (is_text_pointer(type))
		return read_part(bytes, word_at(bytes, offset), 0, most, true);
	return read_part(bytes, word_at(bytes, offset + type->shape.data),
			 sequence_size(bytes, type, offset), most, false);
}

/* ------------------------------------------------------------- text of elements */

static void add_header(struct buffer *out, uint64_t offset, const struct typed_part *text)
{
	struct record_text header = {.offset = (uint32_t)offset, .length = (uint32_t)text->size};
	if (text->reason)
		header.length = RECORD_TEXT_LOST;
	else if (text->is_cut)
		header.length |= RECORD_TEXT_CUT;
	buffer_append(out, &header, sizeof(header));
	buffer_append(out, text->bytes, text->size);
}

/* Of the element, or the part of one, of that type at offset in the bytes. */
static void add_texts(const struct bytes_of *elements, const struct type *type, uint64_t offset,
		      unsigned depth, struct buffer *out)
{
	if (is_text(type)) {
		const struct typed_part text = read_text(elements, type, offset);
		add_header(out, offset, &text);
		return;
	}
	for (size_t i = 0;
	     depth < PARTS_DEPTH_MAX && has_form(type, FORM_PLAIN) && i < type->member_count; i++)
		add_texts(elements, type->members[i].type, offset + type->members[i].offset,
			  depth + 1, out);
}

static void add_sequence(const struct bytes_of *bytes, const struct type *type, uint64_t offset)
{
	const struct type *element = type->target;
	struct buffer texts = {0};
	struct typed_part part = read_part(
	    bytes, word_at(bytes, offset + type->shape.data), sequence_size(bytes, type, offset),
	    bytes->evaluation->limits.elements * element->size, false);
	const struct bytes_of elements = {bytes->evaluation, bytes->value, part.bytes, part.size};

	part.offset = offset;
	part.type = element;
	vector_push(&bytes->value->parts, part);
	for (uint64_t at = 0; element->size && part.size - at >= element->size; at += element->size)
		add_texts(&elements, element, at, 0, &texts);
	if (texts.size)
		vector_push(&bytes->value->parts,
			    ((struct typed_part){.offset = offset,
						 .type = element,
						 .bytes = arena_strndup(&bytes->value->texts,
									texts.data, texts.size),
						 .size = texts.size,
						 .are_texts = true}));
	buffer_deinit(&texts);
}

/* Reads what the pointers to text, strings and sequences in the value lead to. */
static void add_parts(const struct bytes_of *bytes, const struct type *type, uint64_t offset,
		      unsigned depth)
{
	uint64_t count = bytes->evaluation->limits.elements;
	if (depth == PARTS_DEPTH_MAX)
		return;
	if (is_text(type)) {
		struct typed_part part = read_text(bytes, type, offset);
		part.offset = offset;
		vector_push(&bytes->value->parts, part);
	} else if (has_form(type, FORM_SEQUENCE)) {
		add_sequence(bytes, type, offset);
	} else if (type->kind == TYPE_ARRAY && type->count != TYPE_NO_OFFSET) {
		for (uint64_t i = 0; i < type->count && i < count; i++)
			add_parts(bytes, type->target, offset + i * type->target->size, depth + 1);
	} else {
		for (size_t i = 0; i < type->member_count; i++)
			add_parts(bytes, type->members[i].type, offset + type->members[i].offset,
				  depth + 1);
	}
}

/* ------------------------------------------------------------------------- far */

#define FAR_BYTES 4096 /* known of each address, if they can be read */

/* What is read where values of Go lead, which only shows while they are looked at. */
struct far {
	struct typed_program program; /* first: what is handed out */
	const struct memory *memory;
	struct arena *arena;
	struct far_bytes {
		struct far_bytes *next;
		uint64_t address;
		size_t size;
		char data[2 * FAR_BYTES]; /* for any address in the first half */
	} * read;
};

static size_t far_read(const struct typed_program *program, uint64_t address, const void **ret)
{
	struct far *far = (struct far *)program;
	struct far_bytes *bytes = far->read;

	while (bytes && address - bytes->address >= FAR_BYTES)
		bytes = bytes->next;
	if (!bytes) {
		bytes = ARENA_NEW(far->arena, struct far_bytes);
		bytes->address = address;
		bytes->size = memory_read(far->memory, address, bytes->data, sizeof(bytes->data));
		bytes->next = far->read;
		far->read = bytes;
	}
	size_t inside = (size_t)(address - bytes->address);
	size_t left = inside < bytes->size ? bytes->size - inside : 0;
	*ret = bytes->data + inside;
	return left < FAR_BYTES ? left : FAR_BYTES;
}

static const struct type *far_type(const struct typed_program *program, uint64_t address)
{
	return image_go_type(program->image, address);
}

static const char *far_function(const struct typed_program *program, uint64_t address)
{
	struct function function;
	bool is_found = image_function_at(program->image, address, &function);

	return is_found && function.address == address ? function.name : NULL;
}

static void add_far(const struct evaluation *evaluation, struct value *value)
{
	struct far *far = ARENA_NEW(&value->texts, struct far);

	*far = (struct far){
	    .program = {far_type, far_function, far_read, evaluation->memory.image},
	    .memory = &evaluation->memory,
	    .arena = &value->texts,
	};
	vector_push(&value->parts, ((struct typed_part){.program = &far->program,
							.bias = evaluation->memory.bias}));
}

/* ------------------------------------------------------------------------ value */

struct error *value_read(const struct evaluation *evaluation, struct value *value)
{
	size_t size = value->type->size;
	if (value->has_address) {
		if (size > VALUE_BYTES_MAX)
			size = VALUE_BYTES_MAX;
		char *data = buffer_reserve(&value->bytes, size + 1);
		size_t got = memory_read(&evaluation->memory, value->address, data, size);
		if (got < size)
			return error_new(ERR_UNREADABLE,
					 "Cannot access memory at address 0x%" PRIx64,
					 value->address + got);
		value->bytes.size = size;
	}
	const struct bytes_of bytes = {evaluation, value, value->bytes.data, value->bytes.size};
	add_parts(&bytes, value->type, 0, 0);
	if (image_go_version(evaluation->memory.image))
		add_far(evaluation, value);
	return NULL;
}

void value_deinit(struct value *value)
{
	buffer_deinit(&value->bytes);
	vector_deinit(&value->parts);
	arena_deinit(&value->texts);
}
