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

	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct probe_site *site = &probe->sites.data[i];

		if (site->group != group || site->public.place.image != image || site->is_disabled)
			continue;
		offsets[count] = site->public.offset;
		cookies[count++] = RECORD_COOKIE(probe->number, i);
	}
	const struct attach_request request = {
	    .path = image_path(image),
	    .pid = target_pid(&probe->session->target),
	    .offsets = offsets,
	    .cookies = cookies,
	    .count = count,
	};
	struct error *err =
	    count ? kernel_attach(probe->groups.data[group].program, &request) : NULL;
	free(offsets);
	free(cookies);
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

void probe_detach(struct probe *probe)
{
	for (size_t i = 0; i < probe->groups.size; i++)
		if (probe->groups.data[i].program)
			kernel_detach(probe->groups.data[i].program);
}

struct error *probe_attach(struct probe *probe)
{
	/* A program of ours that has ended: its next run gets the probes. */
	if (probe->session->options.is_dry_run || probe->session->is_stopped ||
	    probe->session->target.public.state == TARGET_EXITED)
		return NULL;
	for (unsigned i = 0; i < probe->groups.size; i++) {
		struct error *err = group_attach(probe, i);

		if (err) {
			probe_detach(probe);
			return err;
		}
	}
	return NULL;
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

void probe_disable(struct probe *probe)
{
	probe_detach(probe);
	probe->is_enabled = false;
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
	probe_detach(probe);
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
