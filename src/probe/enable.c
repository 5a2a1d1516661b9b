/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enable.c - a probe goes into the target and out of it, whole or by its sites.
 */
#include "internal.h"

/* ------------------------------------------------------------------- attach */

/* Attaches the sites of one group that are in one file. */
static struct error *attach_file(struct probe *probe, unsigned group, struct image *image)
{
	TRY(image_check_unchanged(image));
	changes_watch(probe->session, image);
	size_t count = 0;
	uint64_t *offsets = xmalloc(probe->sites.size * sizeof(*offsets));
	uint64_t *cookies = xmalloc(probe->sites.size * sizeof(*cookies));
	uint64_t *semaphores = xmalloc(probe->sites.size * sizeof(*semaphores));

	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct probe_site *site = &probe->sites.data[i];

		if (site->group != group || site->public.place.image != image || site->is_disabled)
			continue;
		offsets[count] = site->public.offset;
		semaphores[count] = site->public.semaphore;
		cookies[count++] = RECORD_COOKIE(probe->number, i);
	}
	const struct attach_request request = {
	    .path = image_path(image),
	    .pid = target_pid(&probe->session->target),
	    .offsets = offsets,
	    .cookies = cookies,
	    .semaphores = semaphores,
	    .count = count,
	};
	struct error *err =
	    count ? kernel_attach(probe->groups.data[group].program, &request) : NULL;
	free(offsets);
	free(cookies);
	free(semaphores);
	return err;
}

/* Sites are in the order of their images: a new image, a new link. */
static struct error *group_attach(struct probe *probe, unsigned group)
{
	struct image *last = NULL;

	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct probe_site *site = &probe->sites.data[i];

		if (site->group != group || site->public.place.image == last)
			continue;
		last = site->public.place.image;
		TRY(attach_file(probe, group, last));
	}
	return NULL;
}

/* The entries go last in and first out: no call is kept whose return is not seen. */
static struct error *entry_attach(struct probe *probe, const struct probe_entry *entry)
{
	const struct group *group = &probe->groups.data[probe->sites.data[entry->first_site].group];
	uint64_t cookie = 0;
	const struct attach_request request = {
	    .path = image_path(entry->public.place.image),
	    .pid = target_pid(&probe->session->target),
	    .offsets = &entry->public.offset,
	    .cookies = &cookie,
	    .semaphores = &entry->public.semaphore,
	    .count = 1,
	};

	return kernel_attach(group->entry_program, &request);
}

static struct error *entries_attach(struct probe *probe)
{
	/* Those of a flow are sites. */
	for (size_t i = 0; i < probe->entries.size && probe->request.kind == PROBE_FINISH; i++)
		TRY(entry_attach(probe, &probe->entries.data[i]));
	return NULL;
}

/* Their programs, either of their entries or of all else, at the same time. */
static void detach_programs(struct probe *const *probes, size_t count, bool is_of_entries)
{
	VECTOR(struct kernel_program *) programs = {0};

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; probes[i] && j < probes[i]->groups.size; j++) {
			const struct group *group = &probes[i]->groups.data[j];
			struct kernel_program *program =
			    is_of_entries ? group->entry_program : group->program;

			if (program)
				vector_push(&programs, program);
		}
	kernel_detach(programs.data, programs.size);
	vector_deinit(&programs);
}

void probes_detach(struct probe *const *probes, size_t count)
{
	detach_programs(probes, count, true);
	detach_programs(probes, count, false);
}

struct error *probe_attach(struct probe *probe)
{
	/* A program of ours that has ended: its next run gets the probes. */
	if (probe->session->options.is_dry_run || probe->session->is_stopped ||
	    probe->session->target.public.state == TARGET_EXITED)
		return NULL;
	if (probe_is_pending(probe))
		return pending_watch(probe->session);
	struct error *err = NULL;
	if (probe->calls)
		kernel_calls_clear(probe->calls);
	for (unsigned i = 0; i < probe->groups.size && !err; i++)
		err = group_attach(probe, i);
	if (!err)
		err = entries_attach(probe);
	if (err)
		probes_detach(&probe, 1);
	return err;
}

/* ------------------------------------------------------------ on and off */

struct error *probe_enable(struct probe *probe)
{
	if (probe->is_enabled)
		return NULL;
	TRY(probe_attach(probe));
	probe->is_enabled = true;
	return NULL;
}

void probes_disable(struct probe *const *probes, size_t count)
{
	probes_detach(probes, count);
	for (size_t i = 0; i < count; i++)
		probes[i]->is_enabled = false;
}

void probe_disable(struct probe *probe)
{
	probes_disable(&probe, 1);
}

bool probe_site_is_enabled(const struct probe *probe, size_t index)
{
	return !probe->sites.data[index].is_disabled;
}

/* A link has its sites for life: all are taken out, and those that are wanted put
 * back. */
struct error *probe_enable_site(struct probe *probe, size_t index, bool is_enabled)
{
	struct probe_site *site = &probe->sites.data[index];

	if (site->is_disabled == !is_enabled)
		return NULL;
	site->is_disabled = !is_enabled;
	if (!probe->is_enabled)
		return NULL;
	probes_detach(&probe, 1);
	return probe_attach(probe);
}

void probe_set_ignored(struct probe *probe, uint64_t hits)
{
	probe->ignore = hits;
	/* Ignored hits send events, too: the one that tbreak waits for comes after. */
	for (size_t i = 0; i < probe->groups.size; i++)
		if (probe->groups.data[i].program)
			kernel_set_budget(probe->groups.data[i].program, (int64_t)hits + 1);
}
