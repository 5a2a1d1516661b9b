/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit.c - a Lua table as one line of JSON.
 * A table with values 1..n and nothing else is an array, any other an object, its
 * names in order.
 */
#include <string.h>

#include "internal.h"

/* Deeper than any record is meant to be: a table that holds itself. */
enum {
	DEPTH_MAX = 64
};

static void put_value(lua_State *L, struct buffer *out, int depth);

/* Is the table at the top an array? Not the empty one: emit{} is a record. */
static bool is_array(lua_State *L)
{
	lua_Unsigned length = lua_rawlen(L, -1), fields = 0;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		if (!lua_isinteger(L, -1) || (lua_Unsigned)lua_tointeger(L, -1) - 1 >= length) {
			lua_pop(L, 1);
			return false;
		}
		fields++;
	}
	return length > 0 && fields == length;
}

static void put_array(lua_State *L, struct buffer *out, int depth)
{
	lua_Integer length = (lua_Integer)lua_rawlen(L, -1);

	buffer_putc(out, '[');
	for (lua_Integer i = 1; i <= length; i++) {
		if (i > 1)
			buffer_putc(out, ',');
		lua_rawgeti(L, -1, i);
		put_value(L, out, depth);
		lua_pop(L, 1);
	}
	buffer_putc(out, ']');
}

/* Orders pairs {name, value} by name. */
static int compare_names(lua_State *L)
{
	lua_rawgeti(L, 1, 1);
	lua_rawgeti(L, 2, 1);
	lua_pushboolean(L, lua_compare(L, -2, -1, LUA_OPLT));
	return 1;
}

/* Pushes a list of pairs {name, value} of the table at the top, in order. */
static void push_fields(lua_State *L)
{
	lua_newtable(L);
	lua_pushnil(L);
	for (lua_Integer i = 1; lua_next(L, -3); i++) {
		lua_createtable(L, 2, 0);
		lua_insert(L, -2);
		lua_rawseti(L, -2, 2);
		luaL_tolstring(L, -2, NULL);
		lua_rawseti(L, -2, 1);
		lua_rawseti(L, -3, i);
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, push_fields); /* table.sort */
	lua_pushvalue(L, -2);
	lua_pushcfunction(L, compare_names);
	lua_call(L, 2, 0);
}

static void put_object(lua_State *L, struct buffer *out, int depth)
{
	push_fields(L);
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	buffer_putc(out, '{');
	for (lua_Integer i = 1; i <= count; i++) {
		if (i > 1)
			buffer_putc(out, ',');
		lua_rawgeti(L, -1, i);
		lua_rawgeti(L, -1, 1);
		size_t size;
		const char *name = lua_tolstring(L, -1, &size);
		json_text(out, name, size);
		buffer_putc(out, ':');
		lua_rawgeti(L, -2, 2);
		put_value(L, out, depth);
		lua_pop(L, 3);
	}
	buffer_putc(out, '}');
	lua_pop(L, 1);
}

static void put_text(lua_State *L, struct buffer *out)
{
	size_t size;
	const char *text = luaL_tolstring(L, -1, &size);

	json_string(out, text, size);
	lua_pop(L, 1);
}

static void put_table(lua_State *L, struct buffer *out, int depth)
{
	if (depth == DEPTH_MAX)
		luaL_error(L, "emit: the record is nested too deeply (does it hold itself?)");
	luaL_checkstack(L, 16, "emit");
	if (luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL) {
		lua_pop(L, 1);
		put_text(L, out);
	} else if (is_array(L)) {
		put_array(L, out, depth + 1);
	} else {
		put_object(L, out, depth + 1);
	}
}

static void put_userdata(lua_State *L, struct buffer *out)
{
	const char *reason = missing_reason(L, -1);
	uint64_t bits;

	if (reason)
		json_missing(out, reason);
	else if (to_unsigned(L, -1, &bits))
		json_unsigned(out, bits);
	else if (to_pointer(L, -1, &bits))
		json_hex(out, 0, bits);
	else if (!stack_put_json(L, -1, out) && !typed_put_json(L, -1, out))
		put_text(L, out);
}

/* The value at the top, which stays. */
static void put_value(lua_State *L, struct buffer *out, int depth)
{
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		buffer_puts(out, "null");
		break;
	case LUA_TBOOLEAN:
		buffer_puts(out, lua_toboolean(L, -1) ? "true" : "false");
		break;
	case LUA_TNUMBER:
		if (lua_isinteger(L, -1))
			json_integer(out, lua_tointeger(L, -1));
		else
			json_float(out, lua_tonumber(L, -1));
		break;
	case LUA_TTABLE:
		put_table(L, out, depth);
		break;
	case LUA_TUSERDATA:
		put_userdata(L, out);
		break;
	default:
		put_text(L, out);
	}
}

void put_json(lua_State *L, struct buffer *out)
{
	put_value(L, out, 0);
}

/* A record that turns out to be wrong leaves no half line behind. */
struct buffer *push_json(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	struct buffer *line = push_buffer(L);
	lua_pushvalue(L, 1);
	put_json(L, line);
	return line;
}

int emit_line(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct buffer *line = push_json(L);

	buffer_putc(line, '\n');
	buffer_append(&runtime->sink->pending, line->data, line->size);
	buffer_deinit(line);
	runtime_flush_if_full(runtime);
	return 0;
}

void emit_open(lua_State *L)
{
	lua_getglobal(L, "table");
	lua_getfield(L, -1, "sort");
	lua_rawsetp(L, LUA_REGISTRYINDEX, push_fields);
	lua_pop(L, 1);
	lua_register(L, "emit", runtime_of(L)->renderer->emit);
}
