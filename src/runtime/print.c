/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.c - print and printf: Lua values to the sink, by way of output/format.
 */
#include <stdio.h>

#include "internal.h"

#define BUFFER_TYPE "moontap.buffer"

struct buffer *push_buffer(lua_State *L)
{
	struct buffer *buffer = lua_newuserdatauv(L, sizeof(struct buffer), 0);

	*buffer = (struct buffer){0};
	luaL_setmetatable(L, BUFFER_TYPE);
	return buffer;
}

static int buffer_gc(lua_State *L)
{
	buffer_deinit(luaL_checkudata(L, 1, BUFFER_TYPE));
	return 0;
}

/* Is it one of the numbers that are not Lua's? */
static bool to_number(lua_State *L, int index, struct format_value *ret)
{
	uint64_t bits = 0;

	if (to_unsigned(L, index, &bits))
		ret->kind = FORMAT_UNSIGNED;
	else if (to_pointer(L, index, &bits))
		ret->kind = FORMAT_ADDRESS;
	ret->integer = (int64_t)bits;
	return ret->kind != FORMAT_NIL;
}

struct format_value to_format_value(lua_State *L, int index)
{
	struct format_value value = {.kind = FORMAT_NIL};

	if (lua_isinteger(L, index)) { /* the commonest, by the shortest way */
		value.kind = FORMAT_INTEGER;
		value.integer = lua_tointeger(L, index);
		return value;
	}
	switch (lua_type(L, index)) {
	case LUA_TNIL:
		break;
	case LUA_TBOOLEAN:
		value.kind = FORMAT_BOOLEAN;
		value.boolean = lua_toboolean(L, index);
		break;
	case LUA_TNUMBER:
		value.kind = FORMAT_FLOAT;
		value.number = lua_tonumber(L, index);
		break;
	case LUA_TSTRING:
		value.kind = FORMAT_STRING;
		value.string.bytes = lua_tolstring(L, index, &value.string.size);
		break;
	default:
		if (to_number(L, index, &value))
			break;
		if (to_stack(L, index, &value.string.bytes, &value.string.size)) {
			value.kind = FORMAT_STACK;
			break;
		}
		value.kind = missing_reason(L, index) ? FORMAT_MISSING : FORMAT_OTHER;
		value.other_type = luaL_typename(L, index);
		value.string.bytes = luaL_tolstring(L, index, &value.string.size);
		lua_replace(L, index);
	}
	return value;
}

struct format_value *to_values(lua_State *L, int first, int last, struct format_value *few)
{
	struct format_value *values = few;

	if (last - first >= FEW_VALUES)
		values = lua_newuserdatauv(L, sizeof(*values) * (size_t)(last - first + 1), 0);
	for (int i = first; i <= last; i++)
		values[i - first] = to_format_value(L, i);
	return values;
}

void runtime_flush(struct runtime *runtime)
{
	fflush(stdout);
	struct error *err = sink_flush(runtime->sink);
	if (!err)
		return;
	char *text = xasprintf("%s\n", err->message);
	runtime->options.notice(runtime->options.context, text);
	free(text);
	error_free(err);
}

void runtime_flush_if_full(struct runtime *runtime)
{
	if (runtime->sink->pending.size > SINK_HIGH_WATER)
		runtime_flush(runtime);
}

static int print_values(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct format_value few[FEW_VALUES];
	int count = lua_gettop(L);
	const struct format_value *values = to_values(L, 1, count, few);

	format_print(&runtime->sink->pending, values, (size_t)count);
	buffer_putc(&runtime->sink->pending, '\n');
	runtime_flush_if_full(runtime);
	return 0;
}

static int print_formatted(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct format_value few[FEW_VALUES];
	size_t size;
	const char *format = luaL_checklstring(L, 1, &size);
	int count = lua_gettop(L) - 1;
	const struct format_value *values = to_values(L, 2, count + 1, few);

	struct error *err =
	    format_printf(&runtime->sink->pending, format, size, values, (size_t)count);
	if (err)
		failure_raise(L, err);
	runtime_flush_if_full(runtime);
	return 0;
}

const struct renderer text_renderer = {
    .print = print_values,
    .printf = print_formatted,
    .emit = emit_line,
    .hit = hit_line,
    .lines = flow_lines,
    .aggregate = aggregate_table,
};

void print_open(lua_State *L)
{
	luaL_newmetatable(L, BUFFER_TYPE);
	lua_pushcfunction(L, buffer_gc);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
	lua_register(L, "print", runtime_of(L)->renderer->print);
	lua_register(L, "printf", runtime_of(L)->renderer->printf);
}
