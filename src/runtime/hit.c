/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hit.c - the default action: a line at each hit that says when, who, where, and with which
 * values.
 *
 *   12:00:01.123456  ls[4711]  malloc(size=24)
 *   12:00:01.123460  ls[4711]  malloc = 0x5555aa2a0
 */
#include <string.h>
#include <time.h>

#include "internal.h"

#define NS_PER_SECOND 1000000000

/* As printf's %s. */
static void put(lua_State *L, struct buffer *out, int index)
{
	struct format_value few[FEW_VALUES];

	format_print(out, to_values(L, index, index, few), 1);
}

/* The hour is worked out once a second. */
static void put_time(struct runtime *runtime, struct buffer *out, int64_t time_ns)
{
	time_t second = (time_t)(time_ns / NS_PER_SECOND);
	struct tm tm;

	if (second != runtime->clock.second || !*runtime->clock.text) {
		runtime->clock.second = second;
		localtime_r(&second, &tm);
		strftime(runtime->clock.text, sizeof(runtime->clock.text), "%H:%M:%S", &tm);
	}
	buffer_printf(out, "%s.%06d", runtime->clock.text, (int)(time_ns % NS_PER_SECOND / 1000));
}

static void put_task(lua_State *L, struct buffer *out)
{
	bool has_goroutine = !lua_isnil(L, HIT_GOID) && !missing_reason(L, HIT_GOID);

	buffer_puts(out, has_goroutine ? "[goroutine " : "[");
	put(L, out, has_goroutine ? HIT_GOID : HIT_TID);
	buffer_putc(out, ']');
}

/* "(a=1, b=2)"; of a static probe, whose arguments have numbers, "(1, 2)" */
static void put_parameters(lua_State *L, struct buffer *out, int top)
{
	bool has_numbers = !lua_isnil(L, HIT_USDT);

	for (int i = HIT_VALUES; i < top; i += 2) {
		buffer_puts(out, i == HIT_VALUES ? "(" : ", ");
		if (!has_numbers) {
			put(L, out, i);
			buffer_putc(out, '=');
		}
		put(L, out, i + 1);
	}
	buffer_puts(out, top > HIT_VALUES ? ")" : "");
}

/* " = 1", " = 1, nil" */
static void put_results(lua_State *L, struct buffer *out, int top)
{
	for (int i = HIT_VALUES; i < top; i += 2) {
		buffer_puts(out, i == HIT_VALUES ? " = " : ", ");
		put(L, out, i + 1);
	}
}

int hit_line(lua_State *L)
{
	struct runtime *runtime = runtime_of(L);
	struct buffer *out = &runtime->sink->pending;
	int top = lua_gettop(L);

	put_time(runtime, out, lua_tointeger(L, HIT_TIME));
	buffer_puts(out, "  ");
	put(L, out, HIT_COMM);
	put_task(L, out);
	buffer_puts(out, "  ");
	put(L, out, lua_isnil(L, HIT_USDT) ? HIT_FUNC : HIT_USDT);
	if (lua_isnil(L, HIT_ELAPSED))
		put_parameters(L, out, top);
	else
		put_results(L, out, top);
	buffer_putc(out, '\n');
	runtime_flush_if_full(runtime);
	return 0;
}
