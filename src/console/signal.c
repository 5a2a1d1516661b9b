/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal.c - signals as bytes in a pipe, for the event loop.
 *
 * A pipe and handlers, not a signalfd: while a script runs for ever nobody reads
 * either, and only a handler can still end the process then. The kernel takes every
 * tracepoint out of the target when that happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "moontap/console.h"

/* Signals in a row that nobody has taken note of, because a script does not
 * return: this many interrupt the script, this many end the process. */
enum {
	UNHEARD_INTERRUPT = 2,
	UNHEARD_END = 3
};

static int pipe_fds[2] = {-1, -1};
static volatile sig_atomic_t unheard;
static struct runtime *interruptible;

static void on_signal(int number)
{
	static const char message[] = "moontap: ended by force: the script does not return\n";
	int saved_errno = errno;
	unsigned char byte = (unsigned char)number;
	bool asks_to_end = number == SIGINT || number == SIGTERM || number == SIGHUP;
	unheard += asks_to_end;
	if (asks_to_end && unheard == UNHEARD_INTERRUPT && interruptible)
		runtime_interrupt(interruptible);
	if (asks_to_end && unheard >= UNHEARD_END) {
		ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
		(void)ignored;
		_exit(128 + number);
	}
	/* A full pipe has woken the loop already. */
	ssize_t ignored = write(pipe_fds[1], &byte, 1);
	(void)ignored;
	errno = saved_errno;
}

struct error *signal_init(bool is_terminal, struct runtime *runtime, int *ret_fd)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
	size_t count = is_terminal ? ARRAY_SIZE(numbers) : 3;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
		return error_new(ERR_OS, "pipe: %m");
	interruptible = runtime;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	for (size_t i = 0; i < count; i++) {
		struct sigaction inherited;
		sigaction(numbers[i], NULL, &inherited);
		/* nohup's, and a shell's for what it runs in the background */
		if (inherited.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	/* A reader that went away is an error of the sink. */
	signal(SIGPIPE, SIG_IGN);
	*ret_fd = pipe_fds[0];
	return NULL;
}

int signal_take(void)
{
	unsigned char number;
	unheard = 0;
	return read(pipe_fds[0], &number, 1) == 1 ? number : 0;
}

void signal_deinit(void)
{
	interruptible = NULL;
	close_p(&pipe_fds[0]);
	close_p(&pipe_fds[1]);
}
