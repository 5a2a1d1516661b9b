/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typed.c - values of the target's types in Lua. Those that are a number, a boolean or a text
 * become just that; structs, unions, arrays and what stands for one become a userdata that
 * has the bytes, and reads a field or an element when it is asked for.
 */
#include <stdio.h>

#include "internal.h"

#define TYPED_TYPE "moontap.typed"

/* Fields that the error about one that does not exist names. */
enum {
	FIELDS_NAMED_MAX = 20
};

static struct typed_limits limits_of(lua_State *L)
{
	const struct compile_limits *limits = session_limits(runtime_of(L)->session);

	return (struct typed_limits){limits->depth, limits->elements};
}

/* -------------------------------------------------------------------- boxes */

static size_t copied_size(const struct typed_value *value)
{
	size_t size = sizeof(*value) + value->part_count * sizeof(*value->parts) + value->size;

	for (size_t i = 0; i < value->part_count; i++)
		size += value->parts[i].size;
	return size;
}

static const void *copy_bytes(char **at, const void *bytes, size_t size)
{
	const void *copy = *at;

	if (size)
		memcpy(*at, bytes, size);
	*at += size;
	return copy;
}

/* A userdata with everything in it: the value, its parts, the bytes of both. */
static void push_copy(lua_State *L, const struct typed_value *value)
{
	struct typed_value *copy = lua_newuserdatauv(L, copied_size(value), 0);
	struct typed_part *parts = (void *)(copy + 1);
	char *at = (char *)(parts + value->part_count);

	*copy = *value;
	copy->bytes = copy_bytes(&at, value->bytes, value->size);
	copy->parts = parts;
	for (size_t i = 0; i < value->part_count; i++) {
		parts[i] = value->parts[i];
		parts[i].bytes = copy_bytes(&at, parts[i].bytes, parts[i].size);
	}
}

/* A userdata for what is inside of another, which lives as long. */
static void push_inner(lua_State *L, const struct typed_value *value, int owner)
{
	struct typed_value *inner = lua_newuserdatauv(L, sizeof(*inner), 1);

	*inner = *value;
	lua_pushvalue(L, owner);
	lua_setiuservalue(L, -2, 1);
}

/* owner: index of the userdata that the bytes are in; 0: they are copied. */
static void push_value(lua_State *L, const struct typed_value *value, int owner)
{
	struct typed_view view;

	typed_view(value, &view);
	switch (view.kind) {
	case VIEW_MISSING:
		push_missing(L, view.name);
		break;
	case VIEW_INTEGER:
	case VIEW_CHARACTER:
		lua_pushinteger(L, view.integer);
		break;
	case VIEW_UNSIGNED:
		push_unsigned(L, (uint64_t)view.integer);
		break;
	case VIEW_BOOLEAN:
		lua_pushboolean(L, view.integer != 0);
		break;
	case VIEW_FLOAT:
		lua_pushnumber(L, view.number);
		break;
	case VIEW_ENUM:
		lua_pushstring(L, view.name);
		break;
	case VIEW_POINTER:
		push_pointer(L, (uint64_t)view.integer);
		break;
	case VIEW_TEXT:
		push_string(L, view.bytes, (size_t)view.count, view.is_cut);
		break;
	default:
		if (owner)
			push_inner(L, value, owner);
		else
			push_copy(L, value);
		luaL_setmetatable(L, TYPED_TYPE);
	}
}

void push_typed(lua_State *L, const struct typed_value *value)
{
	push_value(L, value, 0);
}

static const struct typed_value *check_typed(lua_State *L, struct typed_view *ret)
{
	const struct typed_value *value = luaL_checkudata(L, 1, TYPED_TYPE);

	typed_view(value, ret);
	return value;
}

/* Pushes a text that comes from debug information, for a message. */
static const char *push_name(lua_State *L, const char *name)
{
	struct buffer *text = push_buffer(L);

	escape_text(text, name, strlen(name), false);
	lua_pushlstring(L, text->data, text->size);
	buffer_deinit(text);
	return lua_tostring(L, -1);
}

static const char *push_type_name(lua_State *L, const struct typed_value *value)
{
	return push_name(L, value->type->name ? value->type->name : "struct {...}");
}

const char *push_typed_name(lua_State *L, int index)
{
	const struct typed_value *value = luaL_testudata(L, index, TYPED_TYPE);

	return value ? push_type_name(L, value) : NULL;
}

/* ----------------------------------------------------------------- elements */

static int push_element(lua_State *L, const struct typed_value *value,
			const struct typed_view *view)
{
	int is_integer = 0;
	uint64_t index, bits;

	if (lua_type(L, 2) == LUA_TSTRING)
		return luaL_error(L, "%s has no field '%s': its elements are numbered from 0",
				  push_type_name(L, value), push_name(L, lua_tostring(L, 2)));
	index = (uint64_t)lua_tointegerx(L, 2, &is_integer);
	if (!is_integer && !to_unsigned(L, 2, &bits))
		return luaL_error(L, "an index of %s must be an integer, not a %s",
				  push_type_name(L, value), value_type_name(L, 2));
	if (!is_integer || index > INT64_MAX || index >= view->count) {
		push_missing(L, missing_text(MISSING_RANGE));
	} else if (index >= view->known) {
		push_missing(L, missing_text(MISSING_TRUNCATED));
	} else {
		struct typed_value element = typed_element(view, index);

		push_value(L, &element, 1);
	}
	return 1;
}

static int typed_len(lua_State *L)
{
	struct typed_view view;
	const struct typed_value *value = check_typed(L, &view);

	if (view.kind != VIEW_ELEMENTS)
		return luaL_error(L, "%s has no length", push_type_name(L, value));
	if (view.count == TYPE_NO_OFFSET)
		push_missing(L, missing_text(MISSING_TRUNCATED));
	else
		push_unsigned(L, view.count);
	return 1;
}

/* ------------------------------------------------------------------- fields */

struct field_list {
	struct buffer *text;
	size_t count;
};

static void list_field(void *context, const char *name, const struct typed_value *value)
{
	struct field_list *list = context;

	(void)value;
	list->count++;
	if (list->count > FIELDS_NAMED_MAX + 1)
		return;
	buffer_puts(list->text, list->count > 1 ? ", " : "");
	if (list->count > FIELDS_NAMED_MAX)
		buffer_puts(list->text, "...");
	else
		escape_text(list->text, name, strlen(name), false);
}

static int raise_no_field(lua_State *L, const struct typed_value *value,
			  const struct typed_view *view, const char *name)
{
	struct field_list list = {.text = push_buffer(L)};

	typed_each_member(&view->inner, list_field, &list);
	const char *fields = lua_pushstring(L, list.count ? list.text->data : "none");
	return luaL_error(L, "%s has no field '%s': it has %s", push_type_name(L, value),
			  push_name(L, name), fields);
}

/* Is it a field of a variant that the value is not, or such a variant itself? */
static bool is_of_other_variant(const struct typed_value *value, const char *name)
{
	struct typed_value ignored;

	for (size_t i = 0; i < value->type->variant_count; i++) {
		const struct type_variant *variant = &value->type->variants[i];
		const struct typed_value fields = {.type = variant->type, .bytes = ""};

		if (strcmp(variant->name, name) == 0 || typed_member(&fields, name, &ignored))
			return true;
	}
	return false;
}

/* The name at index 2; a number is that of a tuple's member. room: for that one's name. */
static const char *field_name(lua_State *L, const struct typed_value *value, char *room,
			      size_t size)
{
	int is_integer = 0;
	lua_Integer index;

	if (lua_type(L, 2) == LUA_TSTRING)
		return lua_tostring(L, 2);
	index = lua_tointegerx(L, 2, &is_integer);
	if (!is_integer)
		luaL_error(L, "a field of %s must be named by a string, not a %s",
			   push_type_name(L, value), value_type_name(L, 2));
	snprintf(room, size, "__%lld", (long long)index);
	return room;
}

static int push_field(lua_State *L, const struct typed_value *value, const struct typed_view *view)
{
	struct typed_value member;
	char room[32];
	const char *name = field_name(L, value, room, sizeof(room));

	if (typed_member(&view->inner, name, &member))
		push_value(L, &member, 1);
	else if (view->kind == VIEW_VARIANT && strcmp(view->name, name) == 0)
		push_value(L, &view->inner, 1);
	else if (view->kind == VIEW_VARIANT && is_of_other_variant(value, name))
		push_missing(L, missing_text(MISSING_VARIANT));
	else
		return raise_no_field(L, value, view, name);
	return 1;
}

static int typed_index(lua_State *L)
{
	struct typed_view view;
	const struct typed_value *value = check_typed(L, &view);

	if (missing_reason(L, 2))
		return 1;
	switch (view.kind) {
	case VIEW_ELEMENTS:
		return push_element(L, value, &view);
	case VIEW_STRUCT:
	case VIEW_VARIANT:
		return push_field(L, value, &view);
	default:
		return luaL_error(L, "%s has no fields", push_type_name(L, value));
	}
}

/* --------------------------------------------------------------------- text */

static int typed_tostring(lua_State *L)
{
	const struct typed_value *value = luaL_checkudata(L, 1, TYPED_TYPE);
	const struct typed_limits limits = limits_of(L);
	struct buffer *text = push_buffer(L);

	typed_print(text, value, &limits);
	lua_pushlstring(L, text->data, text->size);
	buffer_deinit(text);
	return 1;
}

bool typed_put_json(lua_State *L, int index, struct buffer *out)
{
	const struct typed_value *value = luaL_testudata(L, index, TYPED_TYPE);

	const struct typed_limits limits = limits_of(L);

	if (value)
		typed_json(out, value, &limits);
	return value != NULL;
}

void typed_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
	    {"__index", typed_index},
	    {"__len", typed_len},
	    {"__tostring", typed_tostring},
	    {NULL, NULL},
	};

	push_value_type(L, TYPED_TYPE, "target", methods);
	lua_pop(L, 1);
}
