/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pending.c - a probe that waits for its place: what its statement has brought along is kept,
 * and the statement is run to its end when the place has come.
 */
#include "internal.h"

struct error *pending_place(lua_State *L, const struct probe_request *request, struct error *err,
			    int unit_index, const int carriers[2], struct probe **ret)
{
	struct runtime *runtime = runtime_of(L);

	if (!probe_may_wait(request, err) || !runtime->options.missing)
		return err;
	TRY(runtime->options.missing(runtime->options.context, err));
	TRY(session_add_pending(runtime->session, request, ret));
	handle_new_pending(L, *ret, unit_index, carriers);
	return NULL;
}

void pending_replace(lua_State *L, struct probe *probe, const struct probe_request *request,
		     int unit_index, const int carriers[2])
{
	struct runtime_limit limit;

	runtime_get_limit(probe, &limit);
	probe_restate(probe, request);
	handle_new_pending(L, probe, unit_index, carriers);
	error_free(runtime_set_limit(runtime_of(L), probe, &limit));
}

/* ---------------------------------------------------------------- its place */

/* Arguments: the probe, its condition's and its block's function, its unit. */
static int define_again(lua_State *L)
{
	enum {
		PROBE = 1,
		CONDITION,
		BLOCK,
		UNIT
	};
	static const int carriers[2] = {CONDITION, BLOCK};
	const struct probe *probe = lua_touserdata(L, PROBE);
	/* What it speaks of is the probe's: the draft has copies before that goes. */
	struct probe_request request = *probe_request(probe);

	return define_probe(L, &request, lua_touserdata(L, UNIT), UNIT, carriers);
}

static struct error *resolve(struct runtime *runtime, struct probe *probe)
{
	const struct handle *handle = probe_handle(probe);
	lua_State *L = runtime->lua;

	lua_checkstack(L, LUA_MINSTACK);
	lua_pushcfunction(L, define_again);
	lua_pushlightuserdata(L, probe);
	lua_rawgeti(L, LUA_REGISTRYINDEX, handle->carriers[0]);
	lua_rawgeti(L, LUA_REGISTRYINDEX, handle->carriers[1]);
	lua_rawgeti(L, LUA_REGISTRYINDEX, handle->unit);
	runtime->redefined = probe;
	struct error *err = failure_call(L, 4, 0);
	runtime->redefined = NULL;
	return err;
}

static void give_up(struct runtime *runtime, struct probe *probe, struct error *err)
{
	struct buffer text = {0};

	probe_disable(probe);
	buffer_printf(&text, "Error in re-setting tracepoint %u, which is disabled now: ",
		      probe_number(probe));
	error_format(err, &text);
	runtime->options.notice(runtime->options.context, text.data);
	buffer_deinit(&text);
	error_free(err);
}

void pending_resolve(struct runtime *runtime)
{
	struct session *session = runtime->session;

	/* What is defined may have events delivered. */
	if (runtime->is_resolving || !session_take_arrivals(session))
		return;
	runtime->is_resolving = true;
	for (struct probe *p = NULL; (p = session_next_probe(session, p));) {
		if (!probe_has_come(p))
			continue;
		struct error *err = resolve(runtime, p);
		if (err)
			give_up(runtime, p, err);
		else if (runtime->options.placed && !probe_is_pending(p))
			runtime->options.placed(runtime->options.context, p);
	}
	runtime->is_resolving = false;
}
