/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit.c - a probe that is disabled after some hits, or deleted after the next.
 * A function around the block's counts its calls: only when it returns is it known
 * whether the condition, which may be Lua's, has let the hit through.
 */
#include "internal.h"

/* More came before it was disabled; after an error in the block it was not. */
static void hold_back(struct probe *probe)
{
	probe_note_held_back(probe);
	if (probe_is_enabled(probe))
		probe_disable(probe);
}

/* Upvalue 1: the block's function. What that returns for an event which its guard turned
 * down is its own first argument. */
static int call_limited(lua_State *L)
{
	struct handle *handle = runtime_of(L)->current;
	const void *first = lua_touserdata(L, 1);

	if (!handle->remaining) {
		if (!handle->is_gone)
			hold_back(handle->probe);
		return 0;
	}
	handle->remaining--;
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	bool is_filtered = first && lua_touserdata(L, -1) == first;
	handle->remaining += is_filtered;
	if (!handle->remaining && !handle->is_gone)
		probe_disable(handle->probe);
	return is_filtered;
}

/* Replaces the function that is called by the one on the stack. */
static void set_function(lua_State *L, struct handle *handle)
{
	luaL_unref(L, LUA_REGISTRYINDEX, handle->function);
	handle->function = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void wrap_function(lua_State *L, struct handle *handle, bool is_limited)
{
	if (is_limited == handle->is_limited)
		return;
	handle->is_limited = is_limited;
	if (probe_is_pending(handle->probe))
		return; /* there is none yet */
	lua_rawgeti(L, LUA_REGISTRYINDEX, handle->function);
	if (handle->is_limited) {
		lua_pushcclosure(L, call_limited, 1);
	} else {
		lua_getupvalue(L, -1, 1);
		lua_remove(L, -2);
	}
	set_function(L, handle);
}

struct error *runtime_set_limit(struct runtime *runtime, struct probe *probe,
				const struct runtime_limit *limit)
{
	struct handle *handle = probe_handle(probe);
	const struct plan *plan = probe_plan(probe);

	if ((limit->disables || limit->deletes) && plan && plan->is_in_kernel)
		return error_new(ERR_USAGE,
				 "tracepoint %u runs wholly in the kernel, which does not count "
				 "its hits down",
				 probe_number(probe));
	if ((limit->disables || limit->deletes) && probe_kind(probe) == PROBE_FLOW)
		return error_new(ERR_USAGE,
				 "tracepoint %u shows calls: after one event it would have half "
				 "of one",
				 probe_number(probe));
	lua_checkstack(runtime->lua, LUA_MINSTACK);
	handle->is_once = limit->deletes || probe_kind(probe) == PROBE_TBREAK;
	handle->remaining = limit->events;
	wrap_function(runtime->lua, handle, limit->disables);
	return NULL;
}

void runtime_get_limit(const struct probe *probe, struct runtime_limit *ret)
{
	const struct handle *handle = probe_handle(probe);

	*ret = (struct runtime_limit){
	    .deletes = handle->is_once,
	    .disables = handle->is_limited,
	    .events = handle->remaining,
	};
}
