/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes.c - traced files that are overwritten in place.
 * The kernel keeps probes by file and offset, whatever the file says by then; apart
 * because it is the one danger that comes after a site has been judged.
 */
#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "internal.h"

static bool is_in(const struct probe *probe, const struct image *image)
{
	for (size_t i = 0; i < probe->sites.size; i++)
		if (probe->sites.data[i].public.place.image == image)
			return true;
	return false;
}

void changes_watch(struct session *session, struct image *image)
{
	for (size_t i = 0; i < session->watched.size; i++)
		if (session->watched.data[i].image == image)
			return;
	if (session->change_fd < 0)
		session->change_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* Without inotify (its limits are per user) tracing goes on unwatched. */
	int descriptor = inotify_add_watch(session->change_fd, image_path(image), IN_MODIFY);
	if (descriptor >= 0)
		vector_push(&session->watched,
			    ((struct watched_file){descriptor, image_ref(image)}));
}

static bool is_probed(const struct session *session, const struct image *image)
{
	for (struct probe *p = NULL; (p = session_next_probe(session, p));)
		if (is_in(p, image))
			return true;
	return false;
}

void changes_prune(struct session *session)
{
	size_t kept = 0;

	for (size_t i = 0; i < session->watched.size; i++) {
		struct watched_file *file = &session->watched.data[i];

		if (is_probed(session, file->image)) {
			session->watched.data[kept++] = *file;
			continue;
		}
		inotify_rm_watch(session->change_fd, file->descriptor);
		image_unref(file->image);
	}
	session->watched.size = kept;
}

void changes_deinit(struct session *session)
{
	for (size_t i = 0; i < session->watched.size; i++)
		image_unref(session->watched.data[i].image);
	vector_deinit(&session->watched);
	if (session->change_fd >= 0 && session->kernel)
		kernel_close_aside(session->change_fd);
	else
		close_p(&session->change_fd);
	session->change_fd = -1;
}

int session_change_fd(const struct session *session)
{
	return session->change_fd;
}

void session_note_changes(struct session *session,
			  void (*fn)(void *context, const struct probe *, const char *file),
			  void *context)
{
	_Alignas(struct inotify_event) char events[sizeof(struct inotify_event) + NAME_MAX + 1];

	while (read(session->change_fd, events, sizeof(events)) > 0)
		; /* one look at each file says more than how often it was written */
	for (size_t i = 0; i < session->watched.size; i++) {
		struct image *image = session->watched.data[i].image;
		struct error *change = image_check_unchanged(image);

		for (struct probe *p = NULL; change && (p = session_next_probe(session, p));) {
			if (!is_in(p, image) || !p->is_enabled)
				continue;
			probe_disable(p);
			fn(context, p, image_name(image));
		}
		error_free(change);
	}
}
