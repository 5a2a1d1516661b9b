/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - what scripts say as records: one JSON object a line (docs/json.md).
 * Whatever may raise an error comes before the first byte of a record, so that none is left
 * half written. Nothing is allocated for an event.
 */
#include <string.h>

#include "internal.h"

static void put_member(struct buffer *out, const char *name)
{
	buffer_puts(out, ",\"");
	buffer_puts(out, name);
	buffer_puts(out, "\":");
}

/* {"type":"print","probe":1,"time":1700000000000000000: the latter two in a callback only. */
static struct buffer *begin(struct runtime *runtime, const char *type)
{
	struct buffer *out = &runtime->sink->pending;

	buffer_puts(out, "{\"type\":\"");
	buffer_puts(out, type);
	buffer_putc(out, '"');
	if (!runtime->current)
		return out;
	put_member(out, "probe");
	json_unsigned(out, runtime->current->number);
	put_member(out, "time");
	json_integer(out, (int64_t)runtime->hit_ns + runtime->wall_offset_ns);
	return out;
}

static void end(struct runtime *runtime, struct buffer *out)
{
	buffer_puts(out, "}\n");
	runtime_flush_if_full(runtime);
}

/* What a line for people would say; is_partial: it does not end the line. */
static void put_text(struct runtime *runtime, bool is_partial)
{
	struct buffer *out = begin(runtime, "print");

	put_member(out, "text");
	json_text(out, runtime->text.data ? runtime->text.data : "", runtime->text.size);
	if (is_partial)
		buffer_puts(out, ",\"partial\":true");
	end(runtime, out);
}

/* Pushes those of the arguments that are no aggregates; returns how many those are. */
static int push_values(lua_State *L, int count)
{
	int values = 0;

	luaL_checkstack(L, count + LUA_MINSTACK, "print");
	for (int i = 1; i <= count; i++) {
		struct shared *shared = to_shared(L, i);

		if (shared) {
			shared_refresh(L, shared);
			continue;
		}
		lua_pushvalue(L, i);
		values++;
	}
	return values;
}

/* An aggregate among the values is a record of its own. */
static int print_record(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct format_value few[FEW_VALUES];
	int count = lua_gettop(L), value_count = push_values(L, count);
	const struct format_value *values = to_values(L, count + 1, count + value_count, few);

	buffer_clear(&runtime->text);
	format_print(&runtime->text, values, (size_t)value_count);
	if (value_count || !count)
		put_text(runtime, false);
	for (int i = 1; i <= count; i++)
		if (to_shared(L, i))
			shared_show(to_shared(L, i), &record_renderer, &runtime->sink->pending);
	runtime_flush_if_full(runtime);
	return 0;
}

static int printf_record(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct buffer *text = &runtime->text;
	struct format_value few[FEW_VALUES];
	size_t size;
	const char *format = luaL_checklstring(L, 1, &size);
	int count = lua_gettop(L) - 1;
	const struct format_value *values = to_values(L, 2, count + 1, few);

	buffer_clear(text);
	struct error *err = format_printf(text, format, size, values, (size_t)count);
	if (err)
		failure_raise(L, err);
	if (!text->size)
		return 0;
	bool is_whole = text->data[text->size - 1] == '\n';
	text->size -= is_whole;
	put_text(runtime, !is_whole);
	return 0;
}

static int emit_record(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct buffer *data = push_json(L);
	struct buffer *out = begin(runtime, "emit");

	put_member(out, "data");
	buffer_append(out, data->data, data->size);
	buffer_deinit(data);
	end(runtime, out);
	return 0;
}

/* -------------------------------------------------------------------- hits */

static void put_value(lua_State *L, struct buffer *out, int index)
{
	lua_pushvalue(L, index);
	put_json(L, out);
	lua_pop(L, 1);
}

static void put_arguments(lua_State *L, struct buffer *out, int top)
{
	put_member(out, "args");
	buffer_putc(out, '{');
	for (int i = HIT_VALUES; i < top; i += 2) {
		size_t size;
		const char *name = lua_tolstring(L, i, &size);

		buffer_puts(out, i > HIT_VALUES ? "," : "");
		json_text(out, name, size);
		buffer_putc(out, ':');
		put_value(L, out, i + 1);
	}
	buffer_putc(out, '}');
}

static void put_results(lua_State *L, struct buffer *out, int top)
{
	put_member(out, "elapsed_ns");
	put_value(L, out, HIT_ELAPSED);
	put_member(out, "results");
	buffer_putc(out, '[');
	for (int i = HIT_VALUES; i < top; i += 2) {
		buffer_puts(out, i > HIT_VALUES ? "," : "");
		put_value(L, out, i + 1);
	}
	buffer_putc(out, ']');
}

static int hit_record(lua_State *L)
{
	static const struct {
		const char *name;
		int index;
	} members[] = {{"tid", HIT_TID},   {"goid", HIT_GOID}, {"comm", HIT_COMM},
		       {"func", HIT_FUNC}, {"file", HIT_FILE}, {"line", HIT_LINE}};
	struct runtime *runtime = runtime_of(L);
	int top = lua_gettop(L);
	struct buffer *out = begin(runtime, "hit");

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		put_member(out, members[i].name);
		put_value(L, out, members[i].index);
	}
	if (!lua_isnil(L, HIT_USDT)) {
		put_member(out, "usdt");
		put_value(L, out, HIT_USDT);
	}
	if (lua_isnil(L, HIT_ELAPSED))
		put_arguments(L, out, top);
	else
		put_results(L, out, top);
	end(runtime, out);
	return 0;
}

/* -------------------------------------------------------------- aggregates */

static void aggregate_record(struct buffer *out, const struct probe *probe, const char *name,
			     const struct aggregate *aggregate)
{
	buffer_puts(out, "{\"type\":\"aggregate\"");
	if (probe) {
		put_member(out, "probe");
		json_unsigned(out, probe_number(probe));
		put_member(out, "where");
		json_text(out, probe_location(probe), strlen(probe_location(probe)));
	}
	put_member(out, "title");
	json_text(out, name, strlen(name));
	buffer_putc(out, ',');
	aggregate_json(aggregate, out);
	buffer_puts(out, "}\n");
}

static void put_flow_lines(struct buffer *out, unsigned probe, const struct buffer *lines)
{
	for (size_t at = 0; at < lines->size;) {
		size_t size = strcspn(lines->data + at, "\n");

		buffer_printf(out, "{\"type\":\"flow\",\"probe\":%u,\"text\":", probe);
		json_text(out, lines->data + at, size);
		buffer_puts(out, "}\n");
		at += size + 1;
	}
}

const struct renderer record_renderer = {
    .print = print_record,
    .printf = printf_record,
    .emit = emit_record,
    .hit = hit_record,
    .lines = put_flow_lines,
    .aggregate = aggregate_record,
};
