/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mappings.c - what the target's processes map, told to those whom it concerns: stacks, which
 * need it later, and pending probes, which cannot wait.
 */
#include "internal.h"

static void note(void *context, const struct mapping_event *event)
{
	pending_note(context, event);
	stacks_note(context, event);
}

void mappings_update(struct session *session)
{
	if (session->watches_mappings)
		kernel_take_mappings(session->kernel, note, session);
}

void mappings_watch(struct session *session, bool is_urgent)
{
	pid_t pid = target_pid(&session->target);

	if (session->watches_mappings && session->mappings_of == pid &&
	    session->is_urgent == is_urgent)
		return;
	mappings_update(session); /* of those that were watched before */
	session->watches_mappings = true;
	session->mappings_of = pid;
	session->is_urgent = is_urgent;
	/* Where the kernel does not tell, /proc has to do. */
	error_free(kernel_watch_mappings(session->kernel, pid, is_urgent));
}

void mappings_end(struct session *session)
{
	if (!session->watches_mappings)
		return;
	mappings_update(session);
	session->watches_mappings = session->is_urgent = false;
	kernel_unwatch_mappings(session->kernel);
}

bool session_has_news(const struct session *session)
{
	return session->is_urgent && kernel_has_mappings(session->kernel);
}
