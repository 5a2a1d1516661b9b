/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deliver.c - from the ring to the callbacks.
 * Records are copied out first and delivered then: one protected call serves a
 * whole batch, and an error in a callback unwinds no frames but our own.
 */
#include <string.h>
#include <time.h>

#include "item.h"

/* As much as the processor's cache holds with ease. */
enum {
	BATCH_BYTES = 128 * 1024
};
/* After so long the caller's loop gets its turn. */
#define DELIVER_NS 50000000
/* Of the captures, parameters of a Lua function: 200 at most; and what a call needs. */
enum {
	STACK_NEEDED = 200 + LUA_MINSTACK
};
/* What the Lua half returns for an event that its guard turned down. */
static char filtered_mark;

/* -------------------------------------------------------------- collecting */

bool deliver_collect(void *context, const struct delivery *delivery)
{
	struct runtime *runtime = context;
	struct handle *handle = probe_handle(delivery->probe);

	if (!handle)
		return true;
	size_t number;
	const struct plan *plan = probe_site_plan(delivery->probe, delivery->site_index, &number);
	size_t bytes = item_record_size(handle, plan, delivery->record);
	size_t size = (offsetof(struct batch_item, record) + bytes + 7) & ~(size_t)7;
	struct batch_item *item = (void *)buffer_reserve(&runtime->batch, size);
	item->handle = handle;
	item->plan = plan;
	item->plan_number = (uint32_t)number;
	item->size = (uint32_t)size;
	item->site = (uint32_t)delivery->site_index;
	memcpy(&item->record, delivery->record, bytes);
	runtime->batch.size += size;
	return runtime->batch.size < BATCH_BYTES;
}

/* False: the guard turned the event down. */
static bool call_function(lua_State *L, const struct runtime *runtime,
			  const struct batch_item *item)
{
	const struct plan *plan = item->plan;

	lua_rawgeti(L, LUA_REGISTRYINDEX,
		    item->handle->functions ? item->handle->functions[item->plan_number]
					    : item->handle->function);
	if (plan->has_guard)
		lua_pushlightuserdata(L, &filtered_mark);
	push_captures(L, runtime, item);
	lua_call(L, (int)plan->captures.size + plan->has_guard, plan->has_guard);
	if (!plan->has_guard)
		return true;
	bool is_filtered = lua_touserdata(L, -1) == &filtered_mark;
	lua_pop(L, 1);
	return !is_filtered;
}

/* -------------------------------------------------------------- delivering */

/* Disabled by its errors: what is still on its way would fail as well. */
static bool is_silenced(const struct handle *handle)
{
	return handle->health.errors_in_row >= CALLBACK_ERRORS_MAX &&
	       !probe_is_enabled(handle->probe);
}

static void deliver_item(lua_State *L, struct runtime *runtime, const struct batch_item *item)
{
	struct handle *handle = item->handle;

	if (handle->is_gone || is_silenced(handle))
		return;
	runtime->current = handle;
	runtime->current_site = item->site;
	runtime->hit_ns = item->record.time_ns;
	bool is_wanted = call_function(L, runtime, item);
	handle->health.errors_in_row = 0;
	if (handle->is_gone)
		return;
	if (!is_wanted)
		probe_note_filtered(handle->probe, item->site);
	else if (handle->is_once)
		handle_delete_probe(handle->probe);
}

/* Runs protected: an error ends it, and the next item is where it goes on. */
static int deliver_items(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);

	luaL_checkstack(L, STACK_NEEDED, "captures");
	while (runtime->batch_next < runtime->batch.size) {
		const struct batch_item *item =
		    (const void *)(runtime->batch.data + runtime->batch_next);

		runtime->batch_next += item->size;
		deliver_item(L, runtime, item);
	}
	return 0;
}

/* The callback of runtime->current raised err. */
static void note_failure(struct runtime *runtime, struct error *err)
{
	struct handle *handle = runtime->current;
	char what[32];

	if (!handle->is_gone && probe_is_enabled(handle->probe) &&
	    handle->health.errors_in_row >= CALLBACK_ERRORS_MAX)
		handle->health.errors_in_row = 0; /* enabled again: a new chance */
	snprintf(what, sizeof(what), "Tracepoint %u", handle->number);
	if (callback_failed(runtime, &handle->health, what, err) && !handle->is_gone)
		probe_disable(handle->probe);
	else if (handle->is_once && !handle->is_gone)
		handle_delete_probe(handle->probe);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void deliver_batch(struct runtime *runtime)
{
	lua_State *L = runtime->lua;

	runtime->wall_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	runtime->is_delivering = true;
	while (runtime->batch_next < runtime->batch.size && !runtime->is_cut_short) {
		lua_pushcfunction(L, deliver_items);
		struct error *err = failure_call(L, 0, 0);
		if (err)
			note_failure(runtime, err);
	}
	runtime->is_delivering = false;
	runtime->current = NULL;
	buffer_clear(&runtime->batch);
	runtime->batch_next = 0;
}

size_t runtime_deliver(struct runtime *runtime)
{
	int64_t end = clock_ns(CLOCK_MONOTONIC) + DELIVER_NS;
	size_t total = 0, taken;

	/* A callback may run a command that would deliver: not twice. */
	if (runtime->is_delivering || runtime->is_cut_short)
		return 0;
	do {
		taken = session_consume(runtime->session, deliver_collect, runtime);
		total += taken;
		deliver_batch(runtime);
		pending_resolve(runtime);
		flow_flush(runtime);
		runtime_flush(runtime);
	} while (taken > 0 && !runtime->is_cut_short && clock_ns(CLOCK_MONOTONIC) < end);
	return total;
}
