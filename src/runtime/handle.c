/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handle.c - what the runtime knows of a probe, for as long as it needs it.
 * Apart because probes are deleted behind the runtime's back (by a console
 * command, by a change of target), and records of theirs may still be in a batch.
 */
#include "internal.h"

static int reference(lua_State *L, int index)
{
	lua_pushvalue(L, index);
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

static struct handle *add(lua_State *L, struct probe *probe, int unit_index)
{
	struct runtime *runtime = runtime_of(L);
	struct handle *handle = xcalloc(1, sizeof(*handle));

	/* Before the list grows, those that are over make room. */
	if (runtime->handles.size == runtime->handles.capacity)
		handle_sweep(runtime);
	handle->probe = probe;
	handle->number = probe_number(probe);
	handle->is_once = probe_kind(probe) == PROBE_TBREAK;
	handle->unit = reference(L, unit_index);
	vector_push(&runtime->handles, handle);
	probe_set_handle(probe, handle);
	return handle;
}

struct handle *handle_new_pending(lua_State *L, struct probe *probe, int unit_index,
				  const int carriers[2])
{
	struct handle *handle = add(L, probe, unit_index);

	for (int i = 0; i < 2; i++)
		handle->carriers[i] = reference(L, carriers[i]);
	return handle;
}

static void note_captures(struct handle *handle, const struct plan *plan)
{
	for (size_t i = 0; i < plan->captures.size; i++)
		handle->has_strings |= plan->captures.data[i].kind == CAPTURE_STRING ||
				       plan->captures.data[i].kind == CAPTURE_BYTES ||
				       plan->captures.data[i].kind == CAPTURE_STACK;
	if (plan->captures.size > handle->capture_count)
		handle->capture_count = plan->captures.size;
}

struct handle *handle_new(lua_State *L, struct probe *probe, int unit_index)
{
	struct handle *handle = add(L, probe, unit_index);

	for (size_t i = 0; i < probe_plan_count(probe); i++)
		note_captures(handle, probe_plan_at(probe, i));
	handle->enum_count = handle->capture_count * probe_plan_count(probe);
	handle->enums = xcalloc(handle->enum_count + 1, sizeof(*handle->enums));
	handle->site_count = probe_site_count(probe);
	handle->sites = xcalloc(handle->site_count, sizeof(*handle->sites));
	handle->function = luaL_ref(L, LUA_REGISTRYINDEX);
	if (probe_kind(probe) == PROBE_FLOW)
		flow_attach(L, handle);
	handle->aggregates = lua_touserdata(L, -1);
	handle->aggregates_reference = luaL_ref(L, LUA_REGISTRYINDEX);
	return handle;
}

static void release(lua_State *L, int held)
{
	if (held)
		luaL_unref(L, LUA_REGISTRYINDEX, held);
}

static void handle_free(lua_State *L, struct handle *handle)
{
	for (size_t i = 0; i < handle->site_count; i++) {
		release(L, handle->sites[i].function);
		release(L, handle->sites[i].file);
		release(L, handle->sites[i].usdt);
		release(L, handle->sites[i].program);
	}
	for (size_t i = 0; i < handle->enum_count; i++)
		release(L, handle->enums[i]);
	flow_detach(L, handle);
	release(L, handle->function);
	release(L, handle->unit);
	release(L, handle->carriers[0]);
	release(L, handle->carriers[1]);
	release(L, handle->aggregates_reference);
	callback_deinit(&handle->health);
	free(handle->sites);
	free(handle->enums);
	free(handle);
}

/* Marks the handles without a probe. */
static void mark_gone(struct runtime *runtime)
{
	struct probe *probe = NULL;

	for (size_t i = 0; i < runtime->handles.size; i++)
		runtime->handles.data[i]->is_gone = true;
	while ((probe = session_next_probe(runtime->session, probe)) != NULL) {
		struct handle *handle = probe_handle(probe);

		if (handle)
			handle->is_gone = false;
	}
}

void handle_sweep(struct runtime *runtime)
{
	size_t kept = 0;

	mark_gone(runtime);
	if (runtime->is_delivering)
		return;
	for (size_t i = 0; i < runtime->handles.size; i++) {
		struct handle *handle = runtime->handles.data[i];

		if (handle->is_gone)
			handle_free(runtime->lua, handle);
		else
			runtime->handles.data[kept++] = handle;
	}
	runtime->handles.size = kept;
}

void handle_free_all(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->handles.size; i++)
		handle_free(runtime->lua, runtime->handles.data[i]);
	vector_deinit(&runtime->handles);
}

void handle_delete_probe(struct probe *probe)
{
	struct handle *handle = probe_handle(probe);

	if (handle)
		handle->is_gone = true;
	probe_delete(probe);
}

uint64_t runtime_errors(const struct probe *probe)
{
	const struct handle *handle = probe_handle(probe);

	return handle ? handle->health.errors : 0;
}
