/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typedjson.c - values of the target's types as JSON.
 */
#include <string.h>

#include "number.h"

struct writer {
	struct buffer *out;
	const struct typed_limits *limits;
	unsigned depth; /* objects and arrays that are open */
	bool is_first, is_tuple;
};

static void put(struct writer *writer, const struct typed_value *value);

static void put_string(struct buffer *out, const char *text)
{
	json_string(out, text, strlen(text));
}

static void put_text(struct buffer *out, const struct typed_view *view)
{
	if (view->is_cut)
		json_cut_string(out, view->bytes, (size_t)view->count);
	else
		json_string(out, view->bytes, (size_t)view->count);
}

static void put_separator(struct writer *writer)
{
	if (!writer->is_first)
		buffer_putc(writer->out, ',');
	writer->is_first = false;
}

/* False: too deep, and that is said. */
static bool begin(struct writer *writer, char brace)
{
	if (writer->depth >= writer->limits->depth) {
		json_missing(writer->out, missing_text(MISSING_TRUNCATED));
		return false;
	}
	buffer_putc(writer->out, brace);
	writer->depth++;
	writer->is_first = true;
	return true;
}

static void end(struct writer *writer, char brace)
{
	buffer_putc(writer->out, brace);
	writer->depth--;
	writer->is_first = false;
}

static void put_member(void *context, const char *name, const struct typed_value *value)
{
	struct writer *writer = context;
	bool is_tuple = writer->is_tuple;

	put_separator(writer);
	if (!is_tuple) {
		json_text(writer->out, name, strlen(name));
		buffer_putc(writer->out, ':');
	}
	put(writer, value);
	writer->is_tuple = is_tuple;
}

static void put_struct(struct writer *writer, const struct typed_view *view)
{
	if (!begin(writer, view->is_tuple ? '[' : '{'))
		return;
	writer->is_tuple = view->is_tuple;
	typed_each_member(&view->inner, put_member, writer);
	end(writer, view->is_tuple ? ']' : '}');
}

/* "None", {"Some":3}, {"Point":[1,2]}, {"Circle":{"radius":2}}. */
static void put_variant(struct writer *writer, const struct typed_view *view)
{
	struct typed_value single;

	if (!view->inner.type->member_count) {
		put_string(writer->out, view->name);
		return;
	}
	if (!begin(writer, '{'))
		return;
	json_text(writer->out, view->name, strlen(view->name));
	buffer_putc(writer->out, ':');
	if (view->inner.type->member_count == 1 && typed_member(&view->inner, "__0", &single))
		put(writer, &single);
	else
		put_struct(writer, view);
	end(writer, '}');
}

static void put_elements(struct writer *writer, const struct typed_view *view)
{
	uint64_t shown = view->known;

	if (!begin(writer, '['))
		return;
	if (shown > writer->limits->elements)
		shown = writer->limits->elements;
	for (uint64_t i = 0; i < shown; i++) {
		struct typed_value element = typed_element(view, i);

		put_separator(writer);
		put(writer, &element);
	}
	if (shown < view->count) {
		put_separator(writer);
		json_missing(writer->out, missing_text(MISSING_TRUNCATED));
	}
	end(writer, ']');
}

/* {"type":"main.point","value":{"x":1}} */
static void put_interface(struct writer *writer, const struct typed_view *view)
{
	struct typed_value target;

	if (!begin(writer, '{'))
		return;
	buffer_puts(writer->out, "\"type\":");
	put_string(writer->out, view->name);
	buffer_puts(writer->out, ",\"value\":");
	put(writer, view->inner.type->form == FORM_PLAIN && typed_target(&view->inner, &target)
			? &target
			: &view->inner);
	end(writer, '}');
}

/* Pairs: a key need not be a string. */
static void put_map(struct writer *writer, const struct typed_view *view)
{
	struct typed_value key, value;
	struct typed_pairs pairs;
	uint64_t shown = 0;

	if (!begin(writer, '['))
		return;
	typed_pairs(view, &pairs);
	while (shown < writer->limits->elements && typed_next_pair(&pairs, &key, &value)) {
		put_separator(writer);
		buffer_putc(writer->out, '[');
		put(writer, &key);
		buffer_putc(writer->out, ',');
		put(writer, &value);
		buffer_putc(writer->out, ']');
		writer->is_first = false;
		shown++;
	}
	if (shown < view->count) {
		put_separator(writer);
		json_missing(writer->out, missing_text(MISSING_TRUNCATED));
	}
	end(writer, ']');
}

static void put(struct writer *writer, const struct typed_value *value)
{
	struct buffer *out = writer->out;
	struct typed_view view;

	typed_view(value, &view);
	switch (view.kind) {
	case VIEW_MISSING:
		json_missing(out, view.name);
		break;
	case VIEW_INTEGER:
	case VIEW_CHARACTER:
		json_integer(out, view.integer);
		break;
	case VIEW_UNSIGNED:
		json_unsigned(out, (uint64_t)view.integer);
		break;
	case VIEW_WIDE:
		json_hex(out, view.high, (uint64_t)view.integer);
		break;
	case VIEW_BOOLEAN:
		buffer_puts(out, view.integer ? "true" : "false");
		break;
	case VIEW_FLOAT:
		json_float(out, view.number);
		break;
	case VIEW_ENUM:
		put_string(out, view.name);
		break;
	case VIEW_POINTER:
		if (view.integer)
			json_hex(out, 0, (uint64_t)view.integer);
		else
			buffer_puts(out, "null");
		break;
	case VIEW_TEXT:
		put_text(out, &view);
		break;
	case VIEW_STRUCT:
		put_struct(writer, &view);
		break;
	case VIEW_VARIANT:
		put_variant(writer, &view);
		break;
	case VIEW_ELEMENTS:
	case VIEW_CHANNEL:
		put_elements(writer, &view);
		break;
	case VIEW_INTERFACE:
		put_interface(writer, &view);
		break;
	case VIEW_MAP:
		put_map(writer, &view);
		break;
	}
}

void typed_json(struct buffer *out, const struct typed_value *value,
		const struct typed_limits *limits)
{
	struct writer writer = {.out = out, .limits = limits};

	put(&writer, value);
}
