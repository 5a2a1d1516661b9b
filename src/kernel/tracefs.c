/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracefs.c - attachment where there is no uprobe_multi (before Linux 6.6): the
 * sites become siblings of one tracefs event, and one perf event carries the
 * program to all of them. One perf event a site would take 0.1 s each to detach.
 * Apart because it is a second way to do what multi.c does, with leftovers: an
 * event's definition outlives the process that made it (its breakpoints do not).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Adding a site looks at all its siblings, so that big events cost squares. */
#define SIBLINGS_MAX 1000
#define GROUP_PREFIX "moontap_"

struct tracefs {
	int dir_fd;
	int events_fd;	/* uprobe_events, for definitions */
	char group[64]; /* moontap_PID_STARTTIME: tells who made an event */
};

/* ------------------------------------------------------------------- whose */

/* When the process started, in ticks since boot; 0 if there is none. With the
 * pid it names a process even after the pid has been used again. */
static unsigned long long start_time(pid_t pid)
{
	char path[32], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	/* The second field is a name in brackets, which may contain anything. */
	const char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static bool is_owner_dead(const char *group)
{
	int pid;
	unsigned long long started;
	return sscanf(group, GROUP_PREFIX "%d_%llu", &pid, &started) == 2 &&
	       start_time(pid) != started;
}

/* -------------------------------------------------------------------- open */

static int open_mounted(const char *path)
{
	CLEANUP(close_p) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs info;
	if (fd < 0 || fstatfs(fd, &info) < 0 || info.f_type != TRACEFS_MAGIC)
		return -1;
	return fd_take(&fd);
}

/* A mount that only this descriptor knows: nothing to see, nothing to undo. */
static int mount_privately(void)
{
	CLEANUP(close_p) int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, 0);
}

static struct error *open_into(struct tracefs *tracefs)
{
	tracefs->dir_fd = open_mounted("/sys/kernel/tracing");
	if (tracefs->dir_fd < 0)
		tracefs->dir_fd = open_mounted("/sys/kernel/debug/tracing");
	if (tracefs->dir_fd < 0)
		tracefs->dir_fd = mount_privately();
	if (tracefs->dir_fd < 0 && errno == ENODEV)
		return error_new(ERR_NO_BPF, "this kernel has neither uprobe_multi nor tracefs");
	if (tracefs->dir_fd < 0)
		return support_needs_admin(errno, "mounting tracefs");
	tracefs->events_fd =
	    openat(tracefs->dir_fd, "uprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (tracefs->events_fd < 0 && errno == ENOENT)
		return error_new(ERR_NO_BPF, "this kernel has no uprobe events");
	if (tracefs->events_fd < 0)
		return support_needs_admin(errno, "writing tracefs's uprobe_events");
	return NULL;
}

/* ------------------------------------------------------------------ remove */

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, text, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Removes an event with all its siblings. name is GROUP/EVENT. */
static void remove_event(struct tracefs *tracefs, const char *name)
{
	char line[256];
	int size = snprintf(line, sizeof(line), "-:%s\n", name);
	/* Somebody who reads the event's files at this moment makes it busy. */
	for (int attempt = 0; attempt < 20; attempt++) {
		if (write_all(tracefs->events_fd, line, (size_t)size) == 0 || errno != EBUSY)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

void tracefs_remove(struct tracefs *tracefs, unsigned event)
{
	char name[128];
	snprintf(name, sizeof(name), "%s/e%u", tracefs->group, event);
	remove_event(tracefs, name);
}

/* Removes the events of moontaps that were killed. */
static void remove_leftovers(struct tracefs *tracefs)
{
	CLEANUP(close_p) int fd = openat(tracefs->dir_fd, "uprobe_events", O_RDONLY | O_CLOEXEC);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
	if (!list)
		return;
	fd_take(&fd);
	VECTOR(char *) names = {0};
	char line[512], name[200];
	while (fgets(line, sizeof(line), list)) {
		/* "p:GROUP/EVENT PATH:OFFSET", one line a sibling */
		bool is_ours = sscanf(line, "p:%199s", name) == 1 &&
			       strncmp(name, GROUP_PREFIX, strlen(GROUP_PREFIX)) == 0;
		bool is_sibling = names.size > 0 && strcmp(names.data[names.size - 1], name) == 0;
		if (is_ours && !is_sibling && is_owner_dead(name))
			vector_push(&names, xstrdup(name));
	}
	fclose(list);
	for (size_t i = 0; i < names.size; i++) {
		remove_event(tracefs, names.data[i]);
		free(names.data[i]);
	}
	vector_deinit(&names);
}

struct error *tracefs_open(struct tracefs **ret)
{
	struct tracefs *tracefs = xcalloc(1, sizeof(*tracefs));
	tracefs->dir_fd = tracefs->events_fd = -1;
	snprintf(tracefs->group, sizeof(tracefs->group), GROUP_PREFIX "%d_%llu", getpid(),
		 start_time(getpid()));
	struct error *err = open_into(tracefs);
	if (err) {
		tracefs_close(tracefs);
		return err;
	}
	remove_leftovers(tracefs);
	*ret = tracefs;
	return NULL;
}

void tracefs_close(struct tracefs *tracefs)
{
	if (!tracefs)
		return;
	close_p(&tracefs->dir_fd);
	close_p(&tracefs->events_fd);
	free(tracefs);
}

/* ------------------------------------------------------------------ attach */

/* The request's sites from first on. */
static int define_event(struct tracefs *tracefs, unsigned event, int file_fd,
			const struct attach_request *request, size_t first, size_t count)
{
	struct buffer text = {0};
	/* By descriptor: a path with a space or a '#' would not survive here. */
	for (size_t i = first; i < first + count; i++) {
		buffer_printf(&text, "p:%s/e%u /proc/%d/fd/%d:0x%" PRIx64, tracefs->group, event,
			      getpid(), file_fd, request->offsets[i]);
		if (request->semaphores && request->semaphores[i])
			buffer_printf(&text, "(0x%" PRIx64 ")", request->semaphores[i]);
		buffer_putc(&text, '\n');
	}
	int result = write_all(tracefs->events_fd, text.data, text.size);
	int saved_errno = errno;
	buffer_deinit(&text);
	errno = saved_errno;
	return result;
}

static int read_event_id(struct tracefs *tracefs, unsigned event)
{
	char path[128], text[32];
	snprintf(path, sizeof(path), "events/%s/e%u/id", tracefs->group, event);
	CLEANUP(close_p) int fd = openat(tracefs->dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return -1;
	text[size] = '\0';
	return atoi(text);
}

/* Opening the perf event puts the breakpoints in place. Without a pid it has to
 * name a CPU, but the program runs on all of them: it belongs to the event. */
static int open_perf_event(int id, pid_t pid)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_TRACEPOINT,
	    .size = sizeof(attr),
	    .config = (uint64_t)id,
	    .sample_period = 1,
	    .wakeup_events = 1,
	};
	return (int)syscall(SYS_perf_event_open, &attr, pid ? pid : -1, pid ? -1 : 0, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* The perf event of a new tracefs event, with the program on it; -1 and errno. */
static int carry_program(struct kernel_program *program, unsigned event, pid_t pid)
{
	int id = read_event_id(program->kernel->tracefs, event);
	if (id < 0)
		return -1;
	CLEANUP(close_p) int perf_fd = open_perf_event(id, pid);
	if (perf_fd < 0 || ioctl(perf_fd, PERF_EVENT_IOC_SET_BPF, program->fd) < 0)
		return -1;
	return fd_take(&perf_fd);
}

static struct error *attach_chunk(struct kernel_program *program, int file_fd,
				  const struct attach_request *request, size_t first, size_t count)
{
	/* Unique in the process, where there may be several struct kernel. */
	static unsigned last_event;
	struct tracefs *tracefs = program->kernel->tracefs;
	unsigned event = ++last_event;
	int perf_fd = -1;
	if (define_event(tracefs, event, file_fd, request, first, count) == 0)
		perf_fd = carry_program(program, event, request->pid);
	if (perf_fd < 0) {
		int cause = errno;
		tracefs_remove(tracefs, event);
		if (cause == EPERM || cause == EACCES)
			return support_needs_admin(cause, "attaching a probe");
		return attach_error(cause, request);
	}
	vector_push(&program->attachments, ((struct attachment){.fd = perf_fd, .event = event}));
	return NULL;
}

struct error *tracefs_attach(struct kernel_program *program, const struct attach_request *request)
{
	CLEANUP(close_p) int file_fd = open(request->path, O_PATH | O_CLOEXEC);
	struct stat info;
	if (file_fd < 0 || fstat(file_fd, &info) < 0)
		return attach_error(errno, request);
	if (!S_ISREG(info.st_mode))
		return attach_error(EBADF, request);
	size_t already = program->attachments.size;
	for (size_t done = 0; done < request->count; done += SIBLINGS_MAX) {
		size_t left = request->count - done;
		struct error *err = attach_chunk(program, file_fd, request, done,
						 left < SIBLINGS_MAX ? left : SIBLINGS_MAX);
		if (err) {
			attachments_remove(program, already);
			return err;
		}
	}
	return NULL;
}
