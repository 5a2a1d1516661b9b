/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.c - what our kinds of Lua values have in common.
 */
#include "internal.h"

/* Every one of them has a text: what .. makes of it. */
static int value_concat(lua_State *L)
{
	luaL_tolstring(L, 1, NULL);
	luaL_tolstring(L, 2, NULL);
	lua_concat(L, 2);
	return 1;
}

void push_value_type(lua_State *L, const char *type, const char *name, const luaL_Reg *methods)
{
	luaL_newmetatable(L, type);
	luaL_setfuncs(L, methods, 0);
	lua_pushcfunction(L, value_concat);
	lua_setfield(L, -2, "__concat");
	lua_pushstring(L, name);
	lua_setfield(L, -2, "__name");
}

void push_string(lua_State *L, const char *bytes, size_t size, bool is_cut)
{
	lua_pushlstring(L, bytes, size);
	if (!is_cut)
		return;
	lua_pushliteral(L, "...");
	lua_concat(L, 2);
}

const char *value_type_name(lua_State *L, int index)
{
	if (luaL_getmetafield(L, index, "__name") != LUA_TSTRING)
		return luaL_typename(L, index);
	const char *name = lua_tostring(L, -1);
	lua_pop(L, 1); /* the metatable has it */
	return name;
}
