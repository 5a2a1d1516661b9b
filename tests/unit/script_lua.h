/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script_lua.h - Lua itself, for the tests that hold the parser against it. */
#ifndef TESTS_SCRIPT_LUA_H
#define TESTS_SCRIPT_LUA_H

#include <lauxlib.h>

#include "script_dump.h"

static lua_State *lua;

static int start_lua(void **state)
{
	(void)state;
	lua = luaL_newstate();
	return lua ? 0 : -1;
}

static int stop_lua(void **state)
{
	(void)state;
	lua_close(lua);
	return 0;
}

/* NULL if Lua accepts the text, else its message without the place. */
static char *lua_refusal(const char *text, size_t size)
{
	char *ret = NULL;

	if (luaL_loadbufferx(lua, text, size, "=x", "t") != LUA_OK) {
		const char *message = lua_tostring(lua, -1);
		const char *words = strncmp(message, "x:", 2) == 0 ? strstr(message, ": ") : NULL;
		ret = xstrdup(words ? words + 2 : message);
	}
	lua_settop(lua, 0);
	return ret;
}

#endif
