/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - the only event loop.
 *
 * While events come it naps a millisecond between drains, so that a busy target
 * never pays for waking us; when a drain finds nothing it arms the rings and
 * blocks. Nothing here wakes up while nothing happens.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

#define NAP_MS 1

/* ----------------------------------------------------------------- handlers */

static void on_signal(struct console *console)
{
	for (int number; (number = signal_take());) {
		if (number == SIGINT && console->is_terminal)
			prompt_interrupt();
		else if (number == SIGTSTP)
			prompt_suspend();
		else if (number == SIGWINCH)
			prompt_resize();
		else
			console->wants_quit = true;
	}
}

/* The drain that follows every wake-up does the work. */
static void on_ring(struct console *console)
{
	(void)console;
}

/* A launched program's death by a signal is news even without a console. */
static void complain_of_end(struct console *console, const struct target *target)
{
	struct buffer text = {0};
	text_ended(&text, target);
	console_complain(console, text.data);
	buffer_deinit(&text);
}

static void on_exit_of_target(struct console *console)
{
	while (console_deliver(console))
		;
	session_note_exit(console->session);
	const struct target *target = session_target(console->session);
	if (!console->options->is_batch)
		text_ended(&console->screen.pending, target);
	else if (console->options->args && WIFSIGNALED(target->exit_status))
		complain_of_end(console, target);
}

static void on_timer(struct console *console)
{
	runtime_run_timers(console->runtime);
}

static void say_watched(void *context, const struct watch_event *event)
{
	struct console *console = context;
	struct buffer *out = &console->screen.pending;
	buffer_printf(out, "[process %d (", (int)event->pid);
	escape_text(out, event->comm, strnlen(event->comm, sizeof(event->comm)), false);
	buffer_printf(out, ") %s]\n", event->is_exit ? "exited" : "started");
}

static void on_watch(struct console *console)
{
	watch_consume(console->watch, say_watched, console);
}

static void say_changed(void *context, const struct probe *probe, const char *file)
{
	struct buffer text = {0};
	buffer_printf(&text, "Tracepoint %u is disabled: ", probe_number(probe));
	text_name(&text, file);
	buffer_puts(&text, " has been written to, and what is there now is not what was judged.\n");
	console_complain(context, text.data);
	buffer_deinit(&text);
}

static void on_change(struct console *console)
{
	session_note_changes(console->session, say_changed, console);
}

static void on_duration(struct console *console)
{
	console->wants_quit = true;
}

/* --------------------------------------------------------- what is waited for */

static int signal_fd(struct console *console)
{
	return console->signal_fd;
}

static int ring_fd(struct console *console)
{
	return session_fd(console->session);
}

static int exit_fd(struct console *console)
{
	return session_exit_fd(console->session);
}

static int timer_fd(struct console *console)
{
	return runtime_timer_fd(console->runtime);
}

static int process_watch_fd(struct console *console)
{
	return console->watch ? watch_fd(console->watch) : -1;
}

static int change_fd(struct console *console)
{
	return session_change_fd(console->session);
}

static int duration_fd(struct console *console)
{
	return console->duration_fd;
}

static int input_fd(struct console *console)
{
	return console->is_input_file ? -1 : console->input_fd;
}

static const struct source_row {
	int (*fd)(struct console *console);
	void (*ready)(struct console *console);
	bool is_once; /* armed only before blocking: its data would cut every nap short */
} rows[LOOP_SOURCES] = {
    {signal_fd, on_signal, false},	 {ring_fd, on_ring, true},
    {exit_fd, on_exit_of_target, false}, {timer_fd, on_timer, false},
    {process_watch_fd, on_watch, false}, {change_fd, on_change, false},
    {duration_fd, on_duration, false},	 {input_fd, input_ready, false},
};

static void watch_source(struct console *console, size_t index, int fd)
{
	struct epoll_event event = {
	    .events = EPOLLIN | (rows[index].is_once ? EPOLLONESHOT : 0u),
	    .data.u32 = (uint32_t)index,
	};
	if (epoll_ctl(console->epoll_fd, EPOLL_CTL_MOD, fd, &event) && errno == ENOENT)
		epoll_ctl(console->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	console->registered[index] = fd;
}

/* Descriptors come and go with probes, timers and targets. Before blocking all
 * are registered again: a new one may have an old one's number. */
static void watch_sources(struct console *console, bool is_blocking)
{
	int fds[LOOP_SOURCES];
	for (size_t i = 0; i < LOOP_SOURCES; i++) {
		fds[i] = rows[i].fd(console);
		int old = console->registered[i];
		if (old >= 0 && old != fds[i])
			epoll_ctl(console->epoll_fd, EPOLL_CTL_DEL, old, NULL);
	}
	for (size_t i = 0; i < LOOP_SOURCES; i++) {
		if (fds[i] < 0)
			console->registered[i] = -1;
		else if (is_blocking || fds[i] != console->registered[i])
			watch_source(console, i, fds[i]);
	}
}

/* A person at the console is told who begins and ends to run the traced file.
 * Where that cannot be had, nothing else is missing. */
static void watch_processes(struct console *console)
{
	const struct target *target = session_target(console->session);
	const char *path = NULL;
	if (!console->options->is_batch && target->state == TARGET_FILE &&
	    session_fd(console->session) >= 0)
		path = program_path(target->program);
	if (path && console->watched && !strcmp(path, console->watched))
		return;
	if (console->watch)
		watch_close(console->watch);
	console->watch = NULL;
	free(console->watched);
	console->watched = path ? xstrdup(path) : NULL;
	if (path)
		error_free(watch_open(path, &console->watch));
}

/* --------------------------------------------------------------------- loop */

/* Of two times to wait, -1 being for ever. */
static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* Delivers what has come; returns how long to wait for more. */
static int drain(struct console *console)
{
	size_t count = console_deliver(console);
	console_flush(console);
	if (count)
		return NAP_MS;
	bool is_idle = session_fd(console->session) < 0 || session_arm(console->session);
	return is_idle && !console->is_input_file
		   ? sooner(budget_wait_ms(console), runtime_wait_ms(console->runtime))
		   : 0;
}

static void wait_for_events(struct console *console, int timeout_ms)
{
	struct epoll_event events[LOOP_SOURCES];
	watch_sources(console, timeout_ms != NAP_MS);
	if (timeout_ms != NAP_MS && session_has_news(console->session))
		timeout_ms = 0;
	int count = epoll_wait(console->epoll_fd, events, LOOP_SOURCES, timeout_ms);
	for (int i = 0; i < count; i++)
		rows[events[i].data.u32].ready(console);
	if (console->is_input_file)
		input_ready(console);
}

struct error *loop_init(struct console *console)
{
	for (size_t i = 0; i < LOOP_SOURCES; i++)
		console->registered[i] = -1;
	console->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (console->epoll_fd < 0)
		return error_new(ERR_OS, "epoll: %m");
	return signal_init(console->is_terminal, console->runtime, &console->signal_fd);
}

void loop_deinit(struct console *console)
{
	if (console->watch)
		watch_close(console->watch);
	free(console->watched);
	close_p(&console->duration_fd);
	signal_deinit();
	close_p(&console->epoll_fd);
}

static void start_duration(struct console *console)
{
	int64_t ns = console->options->duration_ns;
	if (!ns)
		return;
	struct itimerspec when = {
	    .it_value = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}};
	console->duration_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timerfd_settime(console->duration_fd, 0, &when, NULL);
}

void loop_run(struct console *console)
{
	start_duration(console);
	for (;;) {
		int timeout_ms = drain(console);
		if (console_is_done(console))
			return;
		watch_processes(console);
		wait_for_events(console, timeout_ms);
	}
}
