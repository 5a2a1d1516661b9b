/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replace.c - a probe gets another text: its number, its counts and what is
 * enabled of it stay.
 * Apart because nothing may be lost on the way: the new one is ready before the old
 * one goes, and what the old one has sent is delivered in between.
 */
#include "internal.h"

struct error *probe_draft(struct probe *probe, const struct probe_request *request,
			  struct probe **ret)
{
	return probe_make(probe->session, request, probe->number, false, ret);
}

void probe_discard(struct probe *draft)
{
	probe_free(draft);
}

static bool has_same_sites(const struct probe *a, const struct probe *b)
{
	for (size_t i = 0; i < a->sites.size && a->sites.size == b->sites.size; i++) {
		const struct place *x = &a->sites.data[i].public.place;
		const struct place *y = &b->sites.data[i].public.place;

		if (x->image != y->image || x->address != y->address)
			return false;
	}
	return a->sites.size == b->sites.size;
}

static void inherit(struct probe *draft, const struct probe *probe)
{
	probe_counters(probe, &draft->before);
	probe_call_losses(probe, &draft->losses_before);
	draft->is_enabled = probe->is_enabled;
	draft->handle = probe->handle;
	probe_set_ignored(draft, probe->ignore);
	if (!has_same_sites(draft, probe))
		return;
	for (size_t i = 0; i < probe->sites.size; i++) {
		probe_site_counters(probe, i, &draft->sites.data[i].before);
		draft->sites.data[i].is_disabled = probe->sites.data[i].is_disabled;
	}
}

struct error *probe_replace(struct probe *probe, struct probe *draft, void (*drain)(void *context),
			    void *context)
{
	struct session *session = probe->session;
	struct error *err = NULL;

	probes_detach(&probe, 1);
	drain(context);
	/* A block that ran just now may have deleted it. */
	if (session_probe(session, draft->number) != probe) {
		err = error_new(ERR_NO_PROBE, "No breakpoint number %u.", draft->number);
		probe_free(draft);
		return err;
	}
	inherit(draft, probe);
	if (draft->is_enabled)
		err = probe_attach(draft);
	if (err) {
		error_free(probe->is_enabled ? probe_attach(probe) : NULL);
		probe_free(draft);
		return err;
	}
	probe_going(probe);
	struct probe old = *probe;
	*probe = *draft;
	*draft = old;
	probe_free(draft);
	return NULL;
}
