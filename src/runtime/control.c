/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.c - what a script says to the session: which target, which probes on
 * and off, when it is over.
 */
#include "internal.h"

static int return_error(lua_State *L, struct error *err)
{
	return err ? failure_raise(L, err) : 0;
}

static int control_file(lua_State *L)
{
	return return_error(L, session_set_file(runtime_of(L)->session, luaL_checkstring(L, 1)));
}

static int control_attach(lua_State *L)
{
	lua_Integer pid = luaL_checkinteger(L, 1);

	luaL_argcheck(L, pid > 0 && pid == (pid_t)pid, 1, "no process id");
	return return_error(L, session_attach(runtime_of(L)->session, (pid_t)pid));
}

/* ------------------------------------------------------------------ probes */

static struct probe *check_probe(lua_State *L)
{
	lua_Integer number = luaL_checkinteger(L, 1);
	struct probe *probe = NULL;

	if (number > 0 && number <= UINT32_MAX)
		probe = session_probe(runtime_of(L)->session, (unsigned)number);
	if (!probe)
		failure_raise(
		    L, error_new(ERR_NO_PROBE, "No breakpoint number %lld.", (long long)number));
	return probe;
}

static int control_enable(lua_State *L)
{
	return return_error(L, probe_enable(check_probe(L)));
}

static int control_disable(lua_State *L)
{
	probe_disable(check_probe(L));
	return 0;
}

static int control_delete(lua_State *L)
{
	probe_delete(check_probe(L));
	return 0;
}

/* ------------------------------------------------------------------ others */

static int control_ok(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 2);
	lua_pushvalue(L, missing_reason(L, 1) ? 2 : 1);
	return 1;
}

/* Of what Lua has: a string, a table, a value of the target's. */
static int control_len(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_len(L, 1);
	return 1;
}

static int control_exit(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	lua_Integer status = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : luaL_optinteger(L, 1, 0);

	luaL_argcheck(L, status >= 0 && status <= 255, 1, "an exit status is from 0 to 255");
	runtime->wants_exit = true;
	runtime->is_cut_short = runtime->is_delivering;
	runtime->exit_status = (int)status;
	return failure_raise_exit(L);
}

static int control_atexit(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	int reference = luaL_ref(L, LUA_REGISTRYINDEX);
	vector_push(&runtime_of(L)->at_exit, reference);
	return 0;
}

static int control_command(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	const char *line = luaL_checkstring(L, 1);
	lua_State *outer = runtime->lua;

	if (!runtime->options.command)
		failure_raise(L, error_new(ERR_USAGE, "there is no console to run a command"));
	struct buffer *output = push_buffer(L);
	luaL_checkstack(L, LUA_MINSTACK, "command");
	/* The command may run Lua again: on this thread, which is the one that runs. */
	runtime->lua = L;
	struct error *err = runtime->options.command(runtime->options.context, line, output);
	runtime->lua = outer;
	handle_sweep(runtime);
	if (err)
		failure_raise(L, err);
	lua_pushlstring(L, output->data ? output->data : "", output->size);
	buffer_deinit(output);
	return 1;
}

void control_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"file", control_file},
	    {"attach", control_attach},
	    {"enable", control_enable},
	    {"disable", control_disable},
	    {"delete", control_delete},
	    {"ok", control_ok},
	    {"len", control_len},
	    {"exit", control_exit},
	    {"atexit", control_atexit},
	    {"command", control_command},
	    {NULL, NULL},
	};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lua_pop(L, 1);
}
