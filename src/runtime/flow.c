/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.c - the calls of a flow: from the values of an event to a line of the tree.
 * Each place of a flow has a function of its own, which shows its parameters or results; all of
 * them come down to the two here.
 */
#include <string.h>
#include <time.h>

#include "internal.h"

/* Bytes shown of one value. */
#define STRING_SHOWN 64
#define VALUE_SHOWN  160

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ------------------------------------------------------------------------ values */

static void put_string(struct buffer *out, const struct format_value *value)
{
	bool is_cut = value->string.size > STRING_SHOWN;

	buffer_putc(out, '"');
	escape_text(out, value->string.bytes, is_cut ? STRING_SHOWN : value->string.size, false);
	buffer_puts(out, is_cut ? "\"..." : "\"");
}

/* Text is cut where a character begins. */
static void cut(struct buffer *out, size_t start)
{
	size_t end = start + VALUE_SHOWN;

	if (out->size <= end)
		return;
	while (end > start && (out->data[end] & 0xc0) == 0x80)
		end--;
	out->size = end;
	buffer_puts(out, "...");
}

/* The name at index, the value behind it. */
static void put_pair(lua_State *L, int index, struct buffer *out)
{
	const char *name = lua_tostring(L, index);
	bool is_word = *name == FLOW_WORD;
	struct format_value value = to_format_value(L, index + 1);

	name += is_word;
	if (*name)
		buffer_printf(out, "%s=", name);
	size_t start = out->size;
	if (value.kind == FORMAT_STRING && !is_word)
		put_string(out, &value);
	else
		format_print(out, &value, 1);
	cut(out, start);
}

/* Pairs from index on; "..." alone at the end. */
static void put_pairs(lua_State *L, int index, struct buffer *out)
{
	for (int first = index; index <= lua_gettop(L); index += 2) {
		buffer_puts(out, index == first ? "" : ", ");
		if (index == lua_gettop(L))
			buffer_puts(out, "...");
		else
			put_pair(L, index, out);
	}
}

/* ------------------------------------------------------------------------ calls */

/* Stack indices of what both are called with. */
enum {
	IS_GOROUTINE = 1,
	PID,
	TASK,
	FRAME,
	FUNCTION,
	ELAPSED,
};

/* C++ names have their parameters' types, which the arguments make up for: the name without. The
 * text is Lua's. */
static const char *push_bare_name(lua_State *L, const char *name)
{
	size_t end = strlen(name), depth = 0;

	while (end && name[end - 1] != ')' && name[end - 1] != '.')
		end--; /* " const" */
	if (!end || name[end - 1] == '.')
		return lua_pushstring(L, name);
	do {
		end--;
		depth += name[end] == ')';
		depth -= name[end] == '(';
	} while (end && depth);
	return end ? lua_pushlstring(L, name, end) : lua_pushstring(L, name);
}

/* Frames of Go are distances from where the stack begins; others are addresses, the further in the
 * lower. */
static struct calltree_call call_of(lua_State *L)
{
	bool is_goroutine = lua_toboolean(L, IS_GOROUTINE);
	uint64_t frame = (uint64_t)lua_tointeger(L, FRAME);
	const char *name = lua_tostring(L, FUNCTION);

	if (name && !is_goroutine) {
		name = push_bare_name(L, name);
		lua_replace(L, FUNCTION);
	}

	return (struct calltree_call){
	    .task = {.pid = (uint64_t)lua_tointeger(L, PID),
		     .number = (uint64_t)lua_tointeger(L, TASK),
		     .is_goroutine = is_goroutine},
	    .frame = is_goroutine ? frame : ~frame,
	    .name = name ? name : "?",
	};
}

void flow_lines(struct buffer *out, unsigned probe, const struct buffer *lines)
{
	(void)probe;
	buffer_append(out, lines->data, lines->size);
}

/* Hands over the lines that the handle's tree has written. */
static void put_lines(struct runtime *runtime, const struct handle *handle)
{
	if (runtime->flow_lines.size)
		runtime->renderer->lines(&runtime->sink->pending, handle->number,
					 &runtime->flow_lines);
	buffer_clear(&runtime->flow_lines);
}

/* What is deeper than is shown counts as filtered. */
static void note(struct runtime *runtime, bool is_shown)
{
	put_lines(runtime, runtime->current);
	runtime_flush_if_full(runtime);
	if (!is_shown)
		probe_note_filtered(runtime->current->probe, runtime->current_site);
}

static int flow_enter(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	const struct calltree_call call = call_of(L);
	struct buffer *text = &runtime->flow_text;

	buffer_clear(text);
	buffer_putc(text, '(');
	put_pairs(L, FUNCTION + 1, text);
	buffer_putc(text, ')');
	note(runtime, calltree_enter(runtime->current->tree, &call, text->data, monotonic_ns(),
				     &runtime->flow_lines));
	return 0;
}

static int flow_leave(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	const struct calltree_call call = call_of(L);
	struct buffer *text = &runtime->flow_text;

	buffer_clear(text);
	buffer_puts(text, lua_gettop(L) > ELAPSED ? " = " : "");
	put_pairs(L, ELAPSED + 1, text);
	note(runtime, calltree_leave(runtime->current->tree, &call, text->data ? text->data : "",
				     (uint64_t)lua_tointeger(L, ELAPSED), &runtime->flow_lines));
	return 0;
}

void flow_open(lua_State *L)
{
	lua_pushliteral(L, FLOW_ENTER_NAME);
	lua_pushcfunction(L, flow_enter);
	lua_rawset(L, -3);
	lua_pushliteral(L, FLOW_LEAVE_NAME);
	lua_pushcfunction(L, flow_leave);
	lua_rawset(L, -3);
}

/* ------------------------------------------------------------------------ probes */

/* The function of one of the probe's plans: it has no upvalues, for there is no block. */
static int reference_function(lua_State *L, const struct plan *plan)
{
	/* We have written it: it loads, and gives a closure. */
	luaL_loadbufferx(L, plan->lua, strlen(plan->lua), "=flow", "t");
	lua_rawgeti(L, LUA_REGISTRYINDEX, runtime_of(L)->block_environment);
	lua_setupvalue(L, -2, 1);
	lua_call(L, 0, 1);
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

void flow_attach(lua_State *L, struct handle *handle)
{
	const struct probe *probe = handle->probe;
	const struct target *target = session_target(runtime_of(L)->session);

	handle->function_count = probe_plan_count(probe);
	handle->functions = xcalloc(handle->function_count, sizeof(*handle->functions));
	for (size_t i = 0; i < handle->function_count; i++)
		handle->functions[i] = reference_function(L, probe_plan_at(probe, i));
	handle->tree = calltree_new(probe_request(probe)->depth, target->state == TARGET_FILE);
	runtime_of(L)->has_flows = true;
}

void flow_detach(lua_State *L, struct handle *handle)
{
	if (!handle->tree)
		return;
	calltree_end(handle->tree, &runtime_of(L)->flow_lines);
	put_lines(runtime_of(L), handle);
	calltree_free(handle->tree);
	handle->tree = NULL;
	for (size_t i = 0; i < handle->function_count; i++)
		luaL_unref(L, LUA_REGISTRYINDEX, handle->functions[i]);
	free(handle->functions);
}

/* --------------------------------------------------------------------------- time */

void flow_flush(struct runtime *runtime)
{
	int64_t now_ns = monotonic_ns();

	runtime->flow_due_ns = INT64_MAX;
	for (size_t i = 0; runtime->has_flows && i < runtime->handles.size; i++) {
		const struct handle *handle = runtime->handles.data[i];
		int64_t due_ns = handle->tree
				     ? calltree_flush(handle->tree, now_ns, &runtime->flow_lines)
				     : INT64_MAX;

		put_lines(runtime, handle);
		if (due_ns < runtime->flow_due_ns)
			runtime->flow_due_ns = due_ns;
	}
}

void flow_finish(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->handles.size; i++) {
		const struct handle *handle = runtime->handles.data[i];

		if (handle->tree)
			calltree_end(handle->tree, &runtime->flow_lines);
		put_lines(runtime, handle);
	}
}

int runtime_wait_ms(const struct runtime *runtime)
{
	int64_t left_ns = runtime->flow_due_ns - monotonic_ns();

	if (runtime->flow_due_ns == INT64_MAX)
		return -1;
	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}
