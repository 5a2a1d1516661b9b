/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complete.c - the names in Lua's tables that begin as a text does.
 * Reads tables raw: completion runs no code of the script's.
 */
#include <ctype.h>
#include <string.h>

#include "internal.h"

/* Replaces the table at the top by its field; false (nothing at the top) if that
 * is no table. */
static bool enter_field(lua_State *L, const char *name, size_t size)
{
	lua_pushlstring(L, name, size);
	lua_rawget(L, -2);
	lua_remove(L, -2);
	if (lua_istable(L, -1))
		return true;
	lua_pop(L, 1);
	return false;
}

static bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	return *text == '\0';
}

void runtime_complete(struct runtime *runtime, const char *prefix,
		      void (*fn)(void *context, const char *candidate), void *context)
{
	lua_State *L = runtime->lua;
	const char *rest = prefix, *dot;

	lua_checkstack(L, LUA_MINSTACK);
	lua_pushglobaltable(L);
	while ((dot = strpbrk(rest, ".:")) != NULL) {
		if (!enter_field(L, rest, (size_t)(dot - rest)))
			return;
		rest = dot + 1;
	}
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";

		if (!is_name(name) || strncmp(name, rest, strlen(rest)) != 0)
			continue;
		char *candidate = xasprintf("%.*s%s", (int)(rest - prefix), prefix, name);
		fn(context, candidate);
		free(candidate);
	}
	lua_pop(L, 1);
}
