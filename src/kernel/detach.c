/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detach.c - attachments are removed side by side.
 * Each removal takes the kernel some 40 ms, however many sites it has: a thousand in
 * a row would take most of a minute, all at once they take little longer than one.
 */
#include <unistd.h>

#include "internal.h"

/* More wait for room. */
#define REMOVALS_MAX 1024

/* Those that are going on, of all kernels. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t has_changed;
	size_t count;
} removals = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_changed = PTHREAD_COND_INITIALIZER};

/* Uses no memory of its own: malloc would keep some for each thread there was. */
static void *close_it(void *fd)
{
	close((int)(intptr_t)fd);
	pthread_mutex_lock(&removals.lock);
	removals.count--;
	pthread_cond_signal(&removals.has_changed);
	pthread_mutex_unlock(&removals.lock);
	return NULL;
}

/* Waits until less than limit removals go on. */
static void wait_below(size_t limit)
{
	pthread_mutex_lock(&removals.lock);
	while (removals.count >= limit)
		pthread_cond_wait(&removals.has_changed, &removals.lock);
	pthread_mutex_unlock(&removals.lock);
}

static void close_in_thread(int fd)
{
	void *context = (void *)(intptr_t)fd;
	pthread_t thread;

	wait_below(REMOVALS_MAX);
	pthread_mutex_lock(&removals.lock);
	removals.count++;
	pthread_mutex_unlock(&removals.lock);
	if (thread_start(&thread, close_it, context))
		pthread_detach(thread);
	else
		close_it(context);
}

/* What tracefs has by name is better not touched by two at a time. */
static void remove_last(struct kernel_program *program, bool is_here)
{
	struct attachment last = program->attachments.data[--program->attachments.size];

	if (!is_here && !last.event) {
		close_in_thread(last.fd);
		return;
	}
	close(last.fd);
	if (last.event)
		tracefs_remove(program->kernel->tracefs, last.event);
}

void attachments_remove(struct kernel_program *program, size_t kept)
{
	while (program->attachments.size > kept)
		remove_last(program, false);
}

void kernel_close_aside(int fd)
{
	close_in_thread(fd);
}

void kernel_detach(struct kernel_program *const *programs, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += programs[i]->attachments.size;
	/* The last needs no thread: it is waited for. */
	for (size_t i = 0; i < count; i++)
		while (programs[i]->attachments.size)
			remove_last(programs[i], --left == 0);
	removals_wait();
}

void removals_wait(void)
{
	wait_below(1);
}
