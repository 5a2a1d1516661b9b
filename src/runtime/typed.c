/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typed.c - values of the target's types in Lua. Those that are a number, a boolean or a text
 * become just that; structs, unions, arrays and what stands for one become a userdata that
 * has the bytes, and reads a field or an element when it is asked for.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define TYPED_TYPE "moontap.typed"

/* Fields that the error about one that does not exist names. */
enum {
	FIELDS_NAMED_MAX = 20
};

static struct typed_limits limits_of(lua_State *L)
{
	const struct compile_limits *limits = session_limits(runtime_of(L)->session);

	return (struct typed_limits){limits->depth, limits->elements, 0};
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
	struct typed_value *copy = lua_newuserdatauv(L, copied_size(value), 1);
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

/* A userdata for what is inside of another. */
static void push_reference(lua_State *L, const struct typed_value *value)
{
	struct typed_value *inner = lua_newuserdatauv(L, sizeof(*inner), 1);

	*inner = *value;
}

/* Where a userdata is needed, push makes it. owner: index of what lives as long: the userdata
 * that has the bytes, or the keeper of the type. */
static void push_owned(lua_State *L, const struct typed_value *value, int owner,
		       void (*push)(lua_State *L, const struct typed_value *value))
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
		push(L, value);
		lua_pushvalue(L, owner);
		lua_setiuservalue(L, -2, 1);
		luaL_setmetatable(L, TYPED_TYPE);
	}
}

void push_typed(lua_State *L, const struct typed_value *value)
{
	push_owned(L, value, lua_gettop(L), push_copy);
	lua_remove(L, -2);
}

/* What is inside of the one at index 1. */
static void push_inner(lua_State *L, const struct typed_value *value)
{
	push_owned(L, value, 1, push_reference);
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

		push_inner(L, &element);
	}
	return 1;
}

static int typed_len(lua_State *L)
{
	struct typed_view view;
	const struct typed_value *value = check_typed(L, &view);

	if (view.kind != VIEW_ELEMENTS && view.kind != VIEW_MAP && view.kind != VIEW_CHANNEL)
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
		push_inner(L, &member);
	else if (view->kind == VIEW_VARIANT && strcmp(view->name, name) == 0)
		push_inner(L, &view->inner);
	else if (view->kind == VIEW_VARIANT && is_of_other_variant(value, name))
		push_missing(L, missing_text(MISSING_VARIANT));
	else
		return raise_no_field(L, value, view, name);
	return 1;
}

/* --------------------------------------------------------- interfaces, maps */

/* What an interface holds; of a pointer, what that points to, if it is known. */
static struct typed_value held_value(const struct typed_view *view)
{
	struct typed_value target;

	return view->inner.type->form == FORM_PLAIN && typed_target(&view->inner, &target)
		   ? target
		   : view->inner;
}

static int push_pair(lua_State *L, const struct typed_view *view)
{
	struct typed_value key, value;
	struct typed_pairs pairs;

	typed_pairs(view, &pairs);
	while (typed_next_pair(&pairs, &key, &value)) {
		push_inner(L, &key);
		if (lua_compare(L, -1, 2, LUA_OPEQ)) {
			push_inner(L, &value);
			return 1;
		}
		lua_pop(L, 1);
	}
	push_missing(L, pairs.is_cut ? missing_text(MISSING_TRUNCATED) : "<no such key>");
	return 1;
}

/* .type, .value, and the fields of what is in it. */
static int push_held(lua_State *L, const struct typed_view *view)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
	const struct typed_value held = held_value(view);
	struct typed_view inner;

	if (strcmp(name, "type") == 0) {
		lua_pushstring(L, view->name);
		return 1;
	}
	if (strcmp(name, "value") == 0) {
		push_inner(L, &held);
		return 1;
	}
	typed_view(&held, &inner);
	if (inner.kind == VIEW_MISSING) {
		push_missing(L, inner.name);
		return 1;
	}
	if (inner.kind == VIEW_ELEMENTS)
		return push_element(L, &held, &inner);
	if (inner.kind == VIEW_STRUCT)
		return push_field(L, &held, &inner);
	if (inner.kind == VIEW_MAP)
		return push_pair(L, &inner);
	return luaL_error(L, "%s in an interface has no field '%s': it has type, value",
			  push_name(L, view->name), push_name(L, luaL_tolstring(L, 2, NULL)));
}

static int push_queued(lua_State *L, const struct typed_value *value, const struct typed_view *view)
{
	if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "cap") == 0) {
		push_unsigned(L, view->capacity);
		return 1;
	}
	return push_element(L, value, view);
}

/* Upvalues: the keys and values, one after the other; how many of these were handed out. */
static int next_pair(lua_State *L)
{
	lua_Integer next = lua_tointeger(L, lua_upvalueindex(2));

	lua_pushinteger(L, next + 2);
	lua_replace(L, lua_upvalueindex(2));
	lua_rawgeti(L, lua_upvalueindex(1), next + 1);
	lua_rawgeti(L, lua_upvalueindex(1), next + 2);
	return 2;
}

static int typed_iterate(lua_State *L)
{
	struct typed_value key, value;
	struct typed_pairs pairs;
	struct typed_view view;
	const struct typed_value *map = check_typed(L, &view);

	if (view.kind != VIEW_MAP)
		return luaL_error(L, "%s is no map, and has no pairs", push_type_name(L, map));
	typed_pairs(&view, &pairs);
	lua_newtable(L);
	for (lua_Integer i = 1; typed_next_pair(&pairs, &key, &value); i += 2) {
		push_inner(L, &key);
		lua_rawseti(L, 2, i);
		push_inner(L, &value);
		lua_rawseti(L, 2, i + 1);
	}
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_pair, 2);
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
	case VIEW_INTERFACE:
		return push_held(L, &view);
	case VIEW_MAP:
		return push_pair(L, &view);
	case VIEW_CHANNEL:
		return push_queued(L, value, &view);
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
	    {"__index", typed_index},	    {"__len", typed_len}, {"__pairs", typed_iterate},
	    {"__tostring", typed_tostring}, {NULL, NULL},
	};

	push_value_type(L, TYPED_TYPE, "target", methods);
	lua_pop(L, 1);
}
