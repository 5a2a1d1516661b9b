/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pending.c - probes whose place is not there yet: they have a number and no sites. Whenever
 * the target maps a file that is new to it, they are tried again.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "internal.h"

bool probe_is_pending(const struct probe *probe)
{
	return probe->sites.size == 0;
}

bool probe_may_wait(const struct probe_request *request, const struct error *err)
{
	return request->kind != PROBE_RBREAK &&
	       (err->tag == ERR_NO_SYMBOL || err->tag == ERR_NO_SYMBOLS ||
		err->tag == ERR_NO_MODULE);
}

struct error *session_add_pending(struct session *session, const struct probe_request *request,
				  struct probe **ret)
{
	struct probe *probe = probe_new(session, request, (unsigned)session->probes.size + 1, true);
	struct error *err = probe_build(probe);

	if (err) {
		probe_free(probe);
		return err;
	}
	vector_push(&session->probes, probe);
	*ret = probe;
	return NULL;
}

/* ------------------------------------------------------------------ arrivals */

static bool runs_target(const struct session *session, pid_t pid)
{
	struct stat wanted, st;
	char path[64];

	if (session->mappings_of)
		return pid == session->mappings_of;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(image_path(program_executable(session->target.public.program)), &wanted) == 0 &&
	       stat(path, &st) == 0 && st.st_ino == wanted.st_ino && st.st_dev == wanted.st_dev;
}

/* Of a file, processes that run it may have mapped more than the loader does for it. */
static void note_running(struct session *session)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && runs_target(session, pid))
			program_note_mapped(session->target.public.program, pid, NULL);
	}
	if (folder)
		closedir(folder);
}

struct error *pending_watch(struct session *session)
{
	struct kernel *kernel;

	TRY(session_kernel(session, &kernel));
	mappings_watch(session, true);
	if (session->target.public.state == TARGET_FILE)
		note_running(session);
	/* What has come since the location was looked for. */
	session->has_arrivals = true;
	return NULL;
}

void pending_note(struct session *session, const struct mapping_event *event)
{
	if (session->is_urgent && event->kind == MAPPING_ADDED && event->path[0] == '/' &&
	    runs_target(session, event->pid) &&
	    program_note_mapped(session->target.public.program, event->pid, event->path))
		session->has_arrivals = true;
}

bool session_take_arrivals(struct session *session)
{
	bool has_arrivals = session->has_arrivals;

	session->has_arrivals = false;
	return has_arrivals;
}

bool probe_has_come(const struct probe *probe)
{
	struct location location = {0};
	place_list places = {0};

	if (!probe_is_pending(probe) || !probe->is_enabled || probe->session->options.is_dry_run)
		return false;
	struct error *err = location_parse(probe->request.location, &location);
	if (!err)
		err = location_resolve(&location, probe->session->target.public.program, &places);
	/* Anything but "not there" is to be told. */
	bool has_come = !err || !probe_may_wait(&probe->request, err);
	error_free(err);
	place_list_deinit(&places);
	location_deinit(&location);
	return has_come;
}

void pending_relax(struct session *session)
{
	if (!session->is_urgent)
		return;
	for (struct probe *p = NULL; (p = session_next_probe(session, p));)
		if (probe_is_pending(p) && p->is_enabled)
			return;
	mappings_watch(session, false);
}
