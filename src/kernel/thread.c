/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.c - threads for system calls that last tens of milliseconds.
 * The kernel ends some calls by waiting until no program can be running with what
 * was before, and serves any number of such waits at the same time. Nothing but
 * those calls happens in a thread; all else is the main one's.
 */
#include <signal.h>

#include "internal.h"

#define STACK_BYTES ((size_t)64 << 10)

bool thread_start(pthread_t *ret, void *(*run)(void *context), void *context)
{
	pthread_attr_t attributes;
	sigset_t all;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setguardsize(&attributes, 0);
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_attr_setsigmask_np(&attributes, &all);
	int error = pthread_create(ret, &attributes, run, context);
	pthread_attr_destroy(&attributes);
	return error == 0;
}
