/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.c - `target`: what is traced, as an object whose fields are always
 * those of now. path, pid, state; go: the version of Go it was built by.
 */
#include <string.h>

#include "internal.h"

static const char *const state_names[] = {
    [TARGET_NONE] = "none", [TARGET_FILE] = "file",	  [TARGET_PROCESS] = "process",
    [TARGET_HELD] = "held", [TARGET_RUNNING] = "running", [TARGET_EXITED] = "exited",
};

static int target_index(lua_State *L)
{
	const struct target *target = session_target(runtime_of(L)->session);
	const char *field = luaL_checkstring(L, 2);

	if (strcmp(field, "state") == 0)
		lua_pushstring(L, state_names[target->state]);
	else if (strcmp(field, "pid") == 0 && target->pid > 0)
		lua_pushinteger(L, target->pid);
	else if (strcmp(field, "path") == 0 && target->program)
		lua_pushstring(L, program_path(target->program));
	else if (strcmp(field, "go") == 0 && target->program)
		lua_pushstring(L, image_go_version(program_executable(target->program)));
	else
		lua_pushnil(L);
	return 1;
}

static int target_newindex(lua_State *L)
{
	return luaL_error(L, "target cannot be changed: use file(PATH) or attach(PID)");
}

static int target_tostring(lua_State *L)
{
	const struct target *target = session_target(runtime_of(L)->session);

	if (!target->program)
		lua_pushliteral(L, "target: none");
	else if (target->pid > 0)
		lua_pushfstring(L, "target: %s (%s, pid %d)", program_path(target->program),
				state_names[target->state], (int)target->pid);
	else
		lua_pushfstring(L, "target: %s (%s)", program_path(target->program),
				state_names[target->state]);
	return 1;
}

void target_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
	    {"__index", target_index},
	    {"__newindex", target_newindex},
	    {"__tostring", target_tostring},
	    {NULL, NULL},
	};

	lua_newuserdatauv(L, 0, 0);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_pushliteral(L, "target");
	lua_setfield(L, -2, "__name");
	lua_setmetatable(L, -2);
	lua_setglobal(L, "target");
}
