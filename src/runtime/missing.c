/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * missing.c - a value that could not be read, as Lua sees it.
 * It behaves like NaN and prints its reason: it is never 0, "" or a neighbour's
 * value. Whatever is computed from it is missing too, so that one unreadable
 * pointer does not become an error in the callback.
 *
 * Unlike NaN, one and the same missing value is equal to itself: Lua compares a userdata
 * with itself before it asks anyone. Two reads give two values, and those are not equal.
 * In and, or, not and if it counts as true, as whatever is neither nil nor false.
 */
#include "internal.h"

#define MISSING_TYPE "moontap.missing"

void push_missing(lua_State *L, const char *reason)
{
	size_t size = strlen(reason) + 1;

	/* A copy: a reason may go with its probe, and the value be kept. */
	memcpy(lua_newuserdatauv(L, size, 0), reason, size);
	luaL_setmetatable(L, MISSING_TYPE);
}

const char *missing_reason(lua_State *L, int index)
{
	return luaL_testudata(L, index, MISSING_TYPE);
}

/* Arithmetic: the operand that is missing. */
static int missing_operand(lua_State *L)
{
	lua_pushvalue(L, missing_reason(L, 1) ? 1 : 2);
	return 1;
}

static int missing_self(lua_State *L)
{
	lua_pushvalue(L, 1);
	return 1;
}

static int missing_false(lua_State *L)
{
	lua_pushboolean(L, false);
	return 1;
}

static int missing_tostring(lua_State *L)
{
	lua_pushstring(L, luaL_checkudata(L, 1, MISSING_TYPE));
	return 1;
}

void missing_open(lua_State *L)
{
	static const char *const arithmetic[] = {
	    "__add",  "__sub", "__mul",	 "__div", "__mod", "__pow", "__idiv",
	    "__band", "__bor", "__bxor", "__shl", "__shr", "__unm", "__bnot",
	};
	/* s:upper() of a missing s is an index and a call. */
	static const luaL_Reg methods[] = {
	    {"__tostring", missing_tostring}, {"__index", missing_self},
	    {"__call", missing_self},	      {"__len", missing_self},
	    {"__eq", missing_false},	      {"__lt", missing_false},
	    {"__le", missing_false},	      {NULL, NULL},
	};

	push_value_type(L, MISSING_TYPE, "missing value", methods);
	for (size_t i = 0; i < ARRAY_SIZE(arithmetic); i++) {
		lua_pushcfunction(L, missing_operand);
		lua_setfield(L, -2, arithmetic[i]);
	}
	lua_pop(L, 1);
}
