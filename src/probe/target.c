/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.c - what is traced: a file, a process, or a program launched by us.
 * A launched program is forked and held before exec, so that its pid is known and
 * probes are in place before its first instruction.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

void target_init(struct target_private *target)
{
	target->pidfd = target->launched.gate = target->launched.report = -1;
}

static void close_fd(int *fd)
{
	close_p(fd);
	*fd = -1;
}

static void free_arguments(struct launched *launched)
{
	for (char **argument = launched->arguments; argument && *argument; argument++)
		free(*argument);
	free(launched->arguments);
	launched->arguments = NULL;
}

void target_deinit(struct target_private *target)
{
	if (target->public.state == TARGET_HELD) {
		kill(target->public.pid, SIGKILL);
		waitpid(target->public.pid, NULL, 0);
	}
	close_fd(&target->pidfd);
	close_fd(&target->launched.gate);
	close_fd(&target->launched.report);
	free_arguments(&target->launched);
	program_free(target->public.program);
	target->public = (struct target){0};
}

static void become(struct target_private *target, struct program *program, enum target_state state)
{
	target_deinit(target);
	target->public.program = program;
	target->public.state = state;
}

struct error *target_set_file(struct target_private *target, const char *path)
{
	struct program *program;

	TRY(program_open(path, &program));
	become(target, program, TARGET_FILE);
	return NULL;
}

/* The process that thread tid belongs to, or 0. */
static pid_t process_of_thread(pid_t tid)
{
	char path[64], line[256];
	int process = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Tgid: %d", &process) == 1)
			break;
	if (status)
		fclose(status);
	return process;
}

static struct error *open_process(pid_t pid, int *ret)
{
	*ret = pidfd_open(pid, 0);
	if (*ret >= 0)
		return NULL;
	int reason = errno;
	pid_t process = process_of_thread(pid);
	if (process && process != pid)
		return error_hint(error_new(ERR_NO_PROCESS, "%d is a thread, not a process", pid),
				  "It belongs to process %d: attach to that.", process);
	if (reason == ESRCH || reason == EINVAL)
		return error_new(ERR_NO_PROCESS, "no process has the pid %d", pid);
	errno = reason;
	return error_new(ERR_OS, "pid %d: %m", pid);
}

struct error *target_attach(struct target_private *target, pid_t pid)
{
	CLEANUP(close_p) int pidfd = -1;
	struct program *program;

	TRY(open_process(pid, &pidfd));
	TRY(program_of_process(pid, &program));
	become(target, program, TARGET_PROCESS);
	target->public.pid = pid;
	target->public.exit_status = -1;
	target->pidfd = fd_take(&pidfd);
	return NULL;
}

/* ---------------------------------------------------------------- launched */

/* Whatever is not to outlive exec is closed now: the child may wait long, and a
 * copy of a link would keep probes attached that moontap has given up. */
static void close_private_fds(int gate, int report)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int fd = atoi(entry->d_name);
		bool is_needed =
		    fd <= STDERR_FILENO || fd == gate || fd == report || fd == dirfd(folder);

		if (!is_needed && fcntl(fd, F_GETFD) == FD_CLOEXEC)
			close(fd);
	}
	if (folder)
		closedir(folder);
}

/* The child: waits at the gate, then becomes the program. Does not return. */
static void wait_and_exec(const char *path, char *const argv[], int gate, int report,
			  bool is_interactive)
{
	sigset_t none;
	char byte;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (is_interactive) {
		int null = open("/dev/null", O_RDONLY);

		setpgid(0, 0);
		if (null >= 0)
			dup2(null, STDIN_FILENO);
	}
	close_private_fds(gate, report);
	/* A byte opens the gate; its end without one means moontap has gone. */
	if (read(gate, &byte, 1) != 1)
		_exit(127);
	execv(path, argv);
	int error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

struct error *target_hold(struct target_private *target, bool is_interactive)
{
	const char *path = image_path(program_executable(target->public.program));
	int gate[2], report[2];

	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_new(ERR_OS, "pipe: %m");
	if (pipe2(report, O_CLOEXEC) < 0) {
		close(gate[0]);
		close(gate[1]);
		return error_new(ERR_OS, "pipe: %m");
	}
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close(gate[1]);
		wait_and_exec(path, target->launched.arguments, gate[0], report[1], is_interactive);
	}
	close(gate[0]);
	close(report[1]);
	close_fd(&target->launched.gate);
	close_fd(&target->launched.report);
	close_fd(&target->pidfd);
	target->launched.gate = gate[1];
	target->launched.report = report[0];
	if (pid < 0)
		return error_new(ERR_OS, "fork: %m");
	target->pidfd = pidfd_open(pid, 0);
	target->public.pid = pid;
	target->public.state = TARGET_HELD;
	return NULL;
}

struct error *target_launch(struct target_private *target, struct program *program,
			    char *const argv[], bool is_interactive)
{
	size_t count = 0;

	become(target, program, TARGET_FILE);
	while (argv[count])
		count++;
	target->launched.arguments = xcalloc(count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		target->launched.arguments[i] = xstrdup(argv[i]);
	return target_hold(target, is_interactive);
}

struct error *target_release(struct target_private *target)
{
	int exec_error = 0;

	if (write(target->launched.gate, "", 1) != 1)
		return error_new(ERR_OS, "%s: %m", target->launched.arguments[0]);
	ssize_t got = read(target->launched.report, &exec_error, sizeof(exec_error));
	close_fd(&target->launched.gate);
	close_fd(&target->launched.report);
	target->public.state = TARGET_RUNNING;
	if (got == (ssize_t)sizeof(exec_error)) {
		target_note_exit(target);
		errno = exec_error;
		return error_new(ERR_OS, "cannot run %s: %m", target->launched.arguments[0]);
	}
	return NULL;
}

void target_note_exit(struct target_private *target)
{
	int status = -1;

	if (target->public.state == TARGET_RUNNING || target->public.state == TARGET_HELD)
		waitpid(target->public.pid, &status, 0);
	close_fd(&target->pidfd);
	target->public.exit_status = status;
	target->public.state = TARGET_EXITED;
}

struct error *target_kill(struct target_private *target)
{
	if (target->public.state != TARGET_RUNNING)
		return error_new(ERR_USAGE, "The program is not being run.");
	if (kill(target->public.pid, SIGKILL) < 0)
		return error_new(ERR_OS, "pid %d: %m", target->public.pid);
	target_note_exit(target);
	return NULL;
}

pid_t target_pid(const struct target_private *target)
{
	switch (target->public.state) {
	case TARGET_PROCESS:
	case TARGET_HELD:
	case TARGET_RUNNING:
		return target->public.pid;
	default:
		return 0;
	}
}
