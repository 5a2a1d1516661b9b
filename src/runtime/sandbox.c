/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.c - what a script finds around it.
 * Scripts are trusted code; still they run as root most of the time, so that what
 * starts programs or loads machine code must be asked for, and nothing is taken
 * from the environment or the current directory.
 */
#include <lualib.h>

#include "internal.h"

static int refused(lua_State *L)
{
	struct error *err =
	    error_new(ERR_LUA, "%s is refused", lua_tostring(L, lua_upvalueindex(1)));

	return failure_raise(L, error_hint(err, "%s", lua_tostring(L, lua_upvalueindex(2))));
}

static void refuse(lua_State *L, const char *library, const char *name, const char *hint)
{
	lua_getglobal(L, library);
	lua_pushfstring(L, "%s.%s", library, name);
	lua_pushstring(L, hint);
	lua_pushcclosure(L, refused, 2);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

static void refuse_unsafe(lua_State *L)
{
	const char *programs = "Scripts may start programs only with --unsafe.";

	refuse(L, "os", "execute", programs);
	refuse(L, "io", "popen", programs);
	refuse(L, "os", "exit", "Use exit(): it ends the session in good order.");
	refuse(L, "package", "loadlib", "Scripts may load libraries only with --unsafe.");
	/* What is left: preloaded modules and Lua files. */
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "searchers");
	for (int i = 4; i > 2; i--) {
		lua_pushnil(L);
		lua_rawseti(L, -2, i);
	}
	lua_pop(L, 2);
}

static void set_paths(lua_State *L, bool is_unsafe)
{
	char *directory = library_directory();

	lua_getglobal(L, "package");
	lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", directory, directory);
	free(directory);
	lua_setfield(L, -2, "path");
	lua_pushstring(L, is_unsafe ? "/usr/local/lib/lua/5.4/?.so;"
				      "/usr/lib/x86_64-linux-gnu/lua/5.4/?.so"
				    : "");
	lua_setfield(L, -2, "cpath");
	lua_pop(L, 1);
}

void sandbox_open(lua_State *L, bool is_unsafe)
{
	/* As `lua -E`: LUA_PATH and LUA_CPATH are ignored. */
	lua_pushboolean(L, true);
	lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
	luaL_openlibs(L);
	set_paths(L, is_unsafe);
	if (!is_unsafe)
		refuse_unsafe(L);
}

static void push_copy_of_globals(lua_State *L)
{
	lua_newtable(L);
	lua_pushglobaltable(L);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, -5);
	}
	lua_pop(L, 1);
}

/* Gives the table at the top a metatable that sends what it lacks to the globals. */
static void fall_back_to_globals(lua_State *L, const char *event)
{
	lua_pushglobaltable(L);
	lua_setfield(L, -2, event);
}

/*
 * An empty table, so that every assignment is seen and goes to the globals; reads
 * find the built-ins as they were at the start (a script may have a global of its
 * own called print), then the globals.
 */
void push_block_environment(lua_State *L)
{
	lua_newtable(L); /* the environment */
	lua_newtable(L); /* its metatable */
	push_copy_of_globals(L);
	lua_newtable(L); /* the metatable of the built-ins */
	fall_back_to_globals(L, "__index");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "__index");
	fall_back_to_globals(L, "__newindex");
	lua_setmetatable(L, -2);
}
