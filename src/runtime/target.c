/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.c - `target`: what is traced, as an object whose fields are always
 * those of now. path, pid, state; go: the version of Go it was built by; probes: its static
 * probes (USDT).
 */
#include <string.h>

#include "internal.h"

static const char *const state_names[] = {
    [TARGET_NONE] = "none", [TARGET_FILE] = "file",	  [TARGET_PROCESS] = "process",
    [TARGET_HELD] = "held", [TARGET_RUNNING] = "running", [TARGET_EXITED] = "exited",
};

/* { text =, type =, reason = }: an argument as the note has it; why it cannot be read, or nil. */
static void push_argument(lua_State *L, const struct usdt_argument *argument)
{
	const struct where_piece *piece = argument->where.pieces;

	lua_createtable(L, 0, 3);
	lua_pushstring(L, argument->text);
	lua_setfield(L, -2, "text");
	lua_pushstring(L, argument->type ? argument->type->name : NULL); /* NULL: nil */
	lua_setfield(L, -2, "type");
	lua_pushstring(L, piece->kind == PIECE_LOST ? piece->reason : NULL);
	lua_setfield(L, -2, "reason");
}

/* { provider =, name =, object =, address =, semaphore =, arguments = } of one note. */
static void push_probe(lua_State *L, struct image *image, const struct usdt *usdt)
{
	size_t count = 0;
	const struct usdt_argument *arguments = image_usdt_arguments(image, usdt, &count);

	lua_createtable(L, 0, 6);
	lua_pushstring(L, usdt->provider);
	lua_setfield(L, -2, "provider");
	lua_pushstring(L, usdt->name);
	lua_setfield(L, -2, "name");
	lua_pushstring(L, image_name(image));
	lua_setfield(L, -2, "object");
	lua_pushinteger(L, (lua_Integer)usdt->address);
	lua_setfield(L, -2, "address");
	if (usdt->semaphore) {
		lua_pushinteger(L, (lua_Integer)usdt->semaphore);
		lua_setfield(L, -2, "semaphore");
	}
	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		push_argument(L, &arguments[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -2, "arguments");
}

/* Adds the probes of a file to the list at the top. */
static void add_probes(void *context, struct image *image)
{
	lua_State *L = context;
	size_t count;
	const struct usdt *usdts = image_usdts(image, &count);

	for (size_t i = 0; i < count; i++) {
		push_probe(L, image, &usdts[i]);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	}
}

static void push_probes(lua_State *L, struct program *program)
{
	luaL_checkstack(L, LUA_MINSTACK, "target.probes");
	lua_newtable(L);
	program_each_module(program, add_probes, L);
}

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
	else if (strcmp(field, "probes") == 0 && target->program)
		push_probes(L, target->program);
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
