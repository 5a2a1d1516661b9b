/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacks.c - what is known of the processes whose stacks are captured: kept from the moment on
 * that a probe wants stacks, so that a process that ends right after its hits has told by then
 * what it had mapped.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "internal.h"

static struct stacks *stacks_of(struct session *session)
{
	if (!session->stacks)
		session->stacks = stacks_new();
	return session->stacks;
}

static bool wants_stacks(const struct plan *plan)
{
	for (size_t i = 0; i < plan->captures.size; i++)
		if (plan->captures.data[i].kind == CAPTURE_STACK)
			return true;
	for (size_t i = 0; i < plan->aggregates.size; i++)
		for (size_t k = 0; k < plan->aggregates.data[i].key_count; k++)
			if (plan->aggregates.data[i].keys[k] == CAPTURE_STACK)
				return true;
	return false;
}

/* Processes that run the program already; what those that begin later map is told. */
static void read_running(struct session *session)
{
	const struct program *program = session->target.public.program;
	DIR *folder = opendir("/proc");
	struct stat wanted, st;
	struct dirent *entry;
	char path[64];

	if (!folder || stat(image_path(program_executable(program)), &wanted) != 0)
		wanted.st_ino = 0;
	while (folder && (entry = readdir(folder))) {
		pid_t pid = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		if (pid > 0 && stat(path, &st) == 0 && st.st_ino == wanted.st_ino &&
		    st.st_dev == wanted.st_dev)
			stacks_read_process(stacks_of(session), pid);
	}
	if (folder)
		closedir(folder);
}

void stacks_note(struct session *session, const struct mapping_event *event)
{
	struct stacks *stacks = session->stacks;

	if (!stacks)
		return;
	switch (event->kind) {
	case MAPPING_ADDED:
		stacks_note_mapping(stacks, event->pid,
				    &(struct mapping_notice){event->start, event->end,
							     event->offset, event->inode,
							     event->path});
		break;
	case MAPPING_EXEC:
		stacks_note_exec(stacks, event->pid, event->time_ns);
		break;
	case MAPPING_FORK:
		stacks_note_fork(stacks, event->parent, event->pid, event->time_ns);
		break;
	case MAPPING_EXIT:
		stacks_note_exit(stacks, event->pid);
		break;
	}
}

/* Where the kernel does not tell, /proc has to do. */
static void watch_target(struct session *session)
{
	const struct target *target = &session->target.public;
	pid_t pid = target_pid(&session->target);

	if (target->state == TARGET_EXITED)
		return;
	mappings_watch(session, session->is_urgent);
	if (session->has_read && session->read_of == pid)
		return;
	session->has_read = true;
	session->read_of = pid;
	if (target->state == TARGET_FILE)
		read_running(session);
	else if (target->state != TARGET_HELD)
		stacks_read_process(stacks_of(session), pid);
}

void stacks_prepare(struct probe *probe)
{
	struct session *session = probe->session;
	bool is_wanted = false;

	for (size_t i = 0; i < probe->groups.size; i++)
		is_wanted |= wants_stacks(probe->groups.data[i].plan);
	if (!is_wanted || !session->kernel)
		return;
	stacks_add_image(stacks_of(session), program_executable(session->target.public.program));
	for (size_t i = 0; i < probe->sites.size; i++)
		stacks_add_image(stacks_of(session), probe->sites.data[i].public.place.image);
	watch_target(session);
}

const struct stack *session_find_stack(struct session *session, const struct stack_capture *capture)
{
	return stacks_find(stacks_of(session), capture);
}

const struct stack *probe_find_stack(const struct probe *probe, const struct stack_capture *capture)
{
	return session_find_stack(probe->session, capture);
}
