/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typed.c - values of the target's types as text, in GDB's forms.
 */
#include <string.h>

#include "number.h"
#include "view.h"

struct writer {
	struct buffer *out;
	const struct typed_limits *limits;
	unsigned depth;	     /* braces that are open */
	unsigned interfaces; /* in interfaces: they may be in a circle */
	bool is_first, is_tuple;
};

static void put(struct writer *writer, const struct typed_value *value);
static void put_view(struct writer *writer, const struct typed_view *view, const struct type *type);

/* ----------------------------------------------------------------- scalars */

static void put_quoted(struct buffer *out, const char *at, size_t size, char quote)
{
	const char *end = at + size;

	buffer_putc(out, quote);
	while (at < end) {
		const char *start = at;

		while (at < end && *at != quote && *at != '\\')
			at++;
		escape_text(out, start, (size_t)(at - start), false);
		if (at < end)
			buffer_append(out, (char[]){'\\', *at++}, 2);
	}
	buffer_putc(out, quote);
}

/* A code point's UTF-8; 0 if it has none. */
static size_t encode(uint64_t code, char *ret)
{
	size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};

	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	for (size_t i = more; i > 0; i--, code >>= 6)
		ret[i] = (char)(0x80 | (code & 0x3f));
	ret[0] = (char)(leads[more] | code);
	return more + 1;
}

/* 97 'a' */
static void put_character(struct buffer *out, int64_t code, uint64_t width)
{
	char bytes[4] = {(char)code};
	size_t size = width == 1 ? 1 : encode((uint64_t)code, bytes);

	number_put_integer(out, code);
	if (!size)
		return;
	buffer_putc(out, ' ');
	put_quoted(out, bytes, size, '\'');
}

/* Do enumerators stand for bits, none for another's? */
static bool is_flags(const struct type *type)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < type->enumerator_count; i++) {
		uint64_t bits = (uint64_t)type->enumerators[i].value;

		if (bits & seen)
			return false;
		seen |= bits;
	}
	return true;
}

static uint64_t all_flags(const struct type *type)
{
	uint64_t all = 0;

	for (size_t i = 0; i < type->enumerator_count; i++)
		all |= (uint64_t)type->enumerators[i].value;
	return all;
}

/* A value that has no enumerator of its own as (A | B); false: as a number. */
static bool put_flags(struct buffer *out, const struct type *type, uint64_t value)
{
	const char *separator = "(";
	uint64_t left = value;

	if (type->kind != TYPE_ENUM || !value || !is_flags(type) || (value & ~all_flags(type)))
		return false;
	size_t start = out->size;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		uint64_t bits = (uint64_t)type->enumerators[i].value;

		if (!bits || (bits & value) != bits)
			continue;
		buffer_puts(out, separator);
		escape_text(out, type->enumerators[i].name, strlen(type->enumerators[i].name),
			    false);
		separator = " | ";
		left &= ~bits;
	}
	if (left) {
		out->size = start; /* half of a flag that has several bits */
		return false;
	}
	buffer_putc(out, ')');
	return true;
}

static void put_integer(struct buffer *out, const struct typed_view *view, const struct type *type)
{
	if (put_flags(out, type, (uint64_t)view->integer))
		return;
	if (view->kind == VIEW_UNSIGNED)
		number_put_unsigned(out, (uint64_t)view->integer);
	else
		number_put_integer(out, view->integer);
	typed_put_errno(out, type, view->integer);
}

/* --------------------------------------------------------------- aggregates */

/* Opens a brace; false: too deep, and what is inside is left out. */
static bool open_brace(struct writer *writer, char brace)
{
	buffer_putc(writer->out, brace);
	writer->is_first = true;
	return writer->depth++ < writer->limits->depth;
}

static void close_brace(struct writer *writer, char brace)
{
	buffer_putc(writer->out, brace);
	writer->depth--;
	writer->is_first = false;
}

static void put_separator(struct writer *writer)
{
	if (!writer->is_first)
		buffer_puts(writer->out, ", ");
	writer->is_first = false;
}

static void put_member(void *context, const char *name, const struct typed_value *value)
{
	struct writer *writer = context;
	bool is_tuple = writer->is_tuple;

	put_separator(writer);
	if (!is_tuple) {
		escape_text(writer->out, name, strlen(name), false);
		buffer_puts(writer->out, " = ");
	}
	put(writer, value);
	writer->is_tuple = is_tuple;
}

/* {x = 1, y = 2}, or (1, 2). */
static void put_struct(struct writer *writer, const struct typed_view *view)
{
	if (open_brace(writer, view->is_tuple ? '(' : '{')) {
		writer->is_tuple = view->is_tuple;
		typed_each_member(&view->inner, put_member, writer);
	} else {
		buffer_puts(writer->out, "...");
	}
	close_brace(writer, view->is_tuple ? ')' : '}');
}

/* None, Some(3), Circle {radius = 2}. */
static void put_variant(struct writer *writer, const struct typed_view *view)
{
	escape_text(writer->out, view->name, strlen(view->name), false);
	if (!view->inner.type->member_count)
		return;
	if (!view->is_tuple)
		buffer_putc(writer->out, ' ');
	put_struct(writer, view);
}

static void put_elements(struct writer *writer, const struct typed_view *view)
{
	uint64_t shown = view->known;

	if (shown > writer->limits->elements)
		shown = writer->limits->elements;
	if (!open_brace(writer, '{'))
		shown = 0;
	for (uint64_t i = 0; i < shown; i++) {
		struct typed_value element = typed_element(view, i);

		put_separator(writer);
		put(writer, &element);
	}
	if (shown < view->count)
		buffer_puts(writer->out, "...");
	close_brace(writer, '}');
}

static void put_name(struct writer *writer, const char *name)
{
	escape_text(writer->out, name, strlen(name), false);
	buffer_putc(writer->out, ' ');
}

static void put_pointed(struct writer *writer, const struct typed_value *value)
{
	struct typed_value target;

	/* What an interface's pointer points to is what it is about. */
	if (value->type->kind == TYPE_POINTER && value->type->form == FORM_PLAIN &&
	    typed_target(value, &target))
		put(writer, &target);
	else
		put(writer, value);
}

/* main.point {x = 1}, *errors.errorString "no such file" */
static void put_interface(struct writer *writer, const struct typed_view *view)
{
	struct typed_view message;

	put_name(writer, view->name);
	if (typed_message(&view->inner, &message))
		put_view(writer, &message, view->inner.type);
	else if (writer->interfaces++ < writer->limits->depth)
		put_pointed(writer, &view->inner);
	else
		buffer_puts(writer->out, "{...}");
	writer->interfaces--;
}

/* {"a": 1, "b": 2} */
static void put_map(struct writer *writer, const struct typed_view *view)
{
	struct typed_value key, value;
	struct typed_pairs pairs;
	uint64_t shown = 0;

	typed_pairs(view, &pairs);
	if (open_brace(writer, '{'))
		while (shown < writer->limits->elements && typed_next_pair(&pairs, &key, &value)) {
			put_separator(writer);
			put(writer, &key);
			buffer_puts(writer->out, ": ");
			put(writer, &value);
			shown++;
		}
	if (shown < view->count)
		buffer_puts(writer->out, "...");
	close_brace(writer, '}');
}

/* 2 of 4 {7, 8} */
static void put_channel(struct writer *writer, const struct typed_view *view)
{
	number_put_unsigned(writer->out, view->count);
	buffer_puts(writer->out, " of ");
	number_put_unsigned(writer->out, view->capacity);
	buffer_putc(writer->out, ' ');
	put_elements(writer, view);
}

static bool is_for_letter(const struct typed_view *view, const struct type *type)
{
	return view->kind == VIEW_INTEGER || view->kind == VIEW_UNSIGNED ||
	       view->kind == VIEW_CHARACTER || view->kind == VIEW_BOOLEAN ||
	       view->kind == VIEW_ENUM ||
	       (view->kind == VIEW_POINTER && type->form != FORM_INTERFACE);
}

static void put_view(struct writer *writer, const struct typed_view *view, const struct type *type)
{
	struct buffer *out = writer->out;

	if (writer->limits->letter && is_for_letter(view, type)) {
		number_put_letter(out, (uint64_t)view->integer, type->size, writer->limits->letter,
				  false);
		return;
	}
	switch (view->kind) {
	case VIEW_MISSING:
		buffer_puts(out, view->name);
		break;
	case VIEW_INTEGER:
	case VIEW_UNSIGNED:
		put_integer(out, view, type);
		break;
	case VIEW_WIDE:
		number_put_hex(out, view->high, (uint64_t)view->integer);
		break;
	case VIEW_CHARACTER:
		put_character(out, view->integer, type->size);
		break;
	case VIEW_BOOLEAN:
		buffer_puts(out, view->integer ? "true" : "false");
		break;
	case VIEW_FLOAT:
		number_put_float(out, view->number);
		break;
	case VIEW_ENUM:
		escape_text(out, view->name, strlen(view->name), false);
		break;
	case VIEW_POINTER:
		if (type->form == FORM_INTERFACE && !view->integer) {
			buffer_puts(out, "nil");
			break;
		}
		number_put_hex(out, 0, (uint64_t)view->integer);
		break;
	case VIEW_TEXT:
		put_quoted(out, view->bytes, (size_t)view->count, '"');
		if (view->is_cut)
			buffer_puts(out, "...");
		break;
	case VIEW_STRUCT:
		put_struct(writer, view);
		break;
	case VIEW_VARIANT:
		put_variant(writer, view);
		break;
	case VIEW_ELEMENTS:
		put_elements(writer, view);
		break;
	case VIEW_INTERFACE:
		put_interface(writer, view);
		break;
	case VIEW_MAP:
		put_map(writer, view);
		break;
	case VIEW_CHANNEL:
		put_channel(writer, view);
		break;
	}
}

static void put(struct writer *writer, const struct typed_value *value)
{
	struct typed_view view;

	typed_view(value, &view);
	put_view(writer, &view, value->type);
}

void typed_format(struct buffer *out, const struct typed_value *value,
		  const struct typed_limits *limits)
{
	struct writer writer = {.out = out, .limits = limits};

	put(&writer, value);
}

void typed_print(struct buffer *out, const struct typed_value *value,
		 const struct typed_limits *limits)
{
	const char *name = value->type->name;
	struct writer writer = {.out = out, .limits = limits};
	struct typed_view view;

	typed_view(value, &view);
	/* A tuple's name is its members' types: (i32, i32). */
	bool has_name =
	    view.kind == VIEW_STRUCT || view.kind == VIEW_MAP || view.kind == VIEW_CHANNEL;
	if (has_name && name && *name != '(') {
		escape_text(out, name, strlen(name), false);
		if (!view.is_tuple)
			buffer_putc(out, ' ');
	}
	put_view(&writer, &view, value->type);
}
