/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer.c - every DURATION do BLOCK end; every(SECONDS, FUNCTION).
 * One timerfd for all of them, set to the one that is due first: while nothing is
 * due, nothing wakes.
 */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Sets the descriptor to the timer that is due first. */
static void arm(struct runtime *runtime)
{
	int64_t first = 0;

	for (size_t i = 0; i < runtime->timers.size; i++) {
		const struct timer *timer = &runtime->timers.data[i];

		if (!timer->is_stopped && (!first || timer->due_ns < first))
			first = timer->due_ns;
	}
	struct itimerspec when = {.it_value = {first / 1000000000, first % 1000000000}};
	timerfd_settime(runtime->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

struct error *timer_add(lua_State *L, int64_t period_ns, int unit_index)
{
	struct runtime *runtime = runtime_of(L);

	if (runtime->timer_fd < 0)
		runtime->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (runtime->timer_fd < 0)
		return error_new(ERR_OS, "cannot make a timer: %s", strerror(errno));
	lua_pushvalue(L, unit_index);
	int unit = luaL_ref(L, LUA_REGISTRYINDEX);
	int function = luaL_ref(L, LUA_REGISTRYINDEX);
	struct timer *timer = vector_add(&runtime->timers);
	timer->unit = unit;
	timer->function = function;
	timer->period_ns = period_ns;
	timer->due_ns = now_ns() + period_ns;
	arm(runtime);
	return NULL;
}

/* every(SECONDS, FUNCTION) */
static int timer_every(lua_State *L)
{
	enum {
		NO_UNIT = 1
	};
	const lua_Number most = 1000 * 86400.0, seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, seconds >= 1e-9 && seconds <= most, 1,
		      "a period is from a nanosecond to 1,000 days, in seconds");
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	lua_pushnil(L);
	lua_insert(L, NO_UNIT);
	struct error *err = timer_add(L, (int64_t)(seconds * 1e9), NO_UNIT);
	return err ? failure_raise(L, err) : 0;
}

void timer_open(lua_State *L)
{
	lua_register(L, "every", timer_every);
}

int runtime_timer_fd(const struct runtime *runtime)
{
	return runtime->timer_fd;
}

/* The block may add timers: the vector may move, so timers go by index. */
static void run_timer(struct runtime *runtime, size_t index, int64_t now)
{
	lua_State *L = runtime->lua;
	struct timer *timer = &runtime->timers.data[index];

	/* A beat that was missed is not made up for. */
	timer->due_ns += timer->period_ns * ((now - timer->due_ns) / timer->period_ns + 1);
	lua_rawgeti(L, LUA_REGISTRYINDEX, timer->function);
	runtime->is_in_timer = true;
	struct error *err = failure_call(L, 0, 0);
	runtime->is_in_timer = false;
	timer = &runtime->timers.data[index];
	if (!err)
		timer->health.errors_in_row = 0;
	else if (callback_failed(runtime, &timer->health, "every", err))
		timer->is_stopped = true;
}

void runtime_run_timers(struct runtime *runtime)
{
	uint64_t expirations;
	int64_t now = now_ns();

	if (runtime->timer_fd < 0 || read(runtime->timer_fd, &expirations, 8) < 0)
		return;
	for (size_t i = 0; i < runtime->timers.size && !runtime->wants_exit; i++)
		if (!runtime->timers.data[i].is_stopped && runtime->timers.data[i].due_ns <= now)
			run_timer(runtime, i, now);
	arm(runtime);
	runtime_flush(runtime);
}

void timer_free_all(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->timers.size; i++)
		callback_deinit(&runtime->timers.data[i].health);
	vector_deinit(&runtime->timers);
	close_p(&runtime->timer_fd);
}
