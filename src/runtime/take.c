/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * take.c - what probes have added to an aggregate of the script in the kernel goes over to
 * it: when it is read, and when a probe goes. And its table, shown.
 */
#include <string.h>

#include "internal.h"

/* What the probe's call index has added. */
static struct error *take_call(const struct probe *probe, size_t index)
{
	const struct plan_aggregate *plan = &probe_plan(probe)->aggregates.data[index];
	struct shared *shared = plan->name->handle;
	struct row_reader reader = {probe, plan, &shared->aggregate};
	uint64_t dropped;

	TRY(probe_take_aggregate(probe, index, row_read, &reader, &dropped));
	shared->aggregate.dropped += dropped;
	return NULL;
}

/* only: NULL, or the one that is taken. */
static struct error *take_calls(const struct probe *probe, const struct shared *only)
{
	const struct plan *plan = probe_plan(probe);

	for (size_t i = 0; plan && plan->is_in_kernel && i < plan->aggregates.size; i++) {
		const struct script_aggregate *name = plan->aggregates.data[i].name;

		if (name && (!only || only == name->handle))
			TRY(take_call(probe, i));
	}
	return NULL;
}

struct error *shared_take(struct runtime *runtime, struct shared *shared)
{
	for (struct probe *p = NULL; (p = session_next_probe(runtime->session, p));)
		TRY(take_calls(p, shared));
	shared->moment = runtime->moment;
	return NULL;
}

void shared_take_from(const struct runtime *runtime, struct probe *probe)
{
	struct error *err = take_calls(probe, NULL);

	if (!err)
		return;
	char *text = xasprintf("%s\n", err->message);
	runtime->options.notice(runtime->options.context, text);
	free(text);
	error_free(err);
}

/* ----------------------------------------------------------------- showing */

void shared_show(struct shared *shared, const struct renderer *renderer, struct buffer *out)
{
	renderer->aggregate(out, NULL, shared_name(shared), &shared->aggregate);
}

static int compare_names(const void *a, const void *b)
{
	struct shared *x = *(struct shared *const *)a, *y = *(struct shared *const *)b;
	int order = strcmp(shared_name(x), shared_name(y));

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool adds_to(const struct probe *probe, const struct shared *shared)
{
	const struct plan *plan = probe_plan(probe);

	for (size_t i = 0; plan && i < plan->aggregates.size; i++)
		if (plan->aggregates.data[i].name &&
		    plan->aggregates.data[i].name->handle == shared)
			return true;
	return false;
}

/* One without a probe (any more) that has counted nothing is nobody's. */
static bool is_wanted(const struct runtime *runtime, const struct shared *shared,
		      bool (*wants)(const void *context, const struct probe *probe),
		      const void *context)
{
	for (struct probe *p = NULL; (p = session_next_probe(runtime->session, p));)
		if (adds_to(p, shared) && (!wants || wants(context, p)))
			return true;
	return !wants && shared->aggregate.rows.size > 0;
}

struct error *
runtime_shared_aggregates(struct runtime *runtime,
			  bool (*wants)(const void *context, const struct probe *probe),
			  const void *context, enum output_format format, struct buffer *out)
{
	size_t count = runtime->shared.size;
	CLEANUP(free_p) struct shared **sorted = xcalloc(count + 1, sizeof(*sorted));

	if (count)
		memcpy(sorted, runtime->shared.data, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(runtime, sorted[i], wants, context))
			continue;
		TRY(shared_take(runtime, sorted[i]));
		shared_show(sorted[i], renderer_of(format), out);
	}
	return NULL;
}
