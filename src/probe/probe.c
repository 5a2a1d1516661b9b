/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - one probe's life: made, counted, removed.
 */
#include "internal.h"

/* ----------------------------------------------------------- add and remove */

static void copy_request(struct probe *probe, const struct probe_request *request)
{
	probe->request = *request;
	probe->request.location = xstrdup(request->location);
	probe->request.event = request->event ? xstrdup(request->event) : NULL;
	size_t size = request->aggregate_count * sizeof(*request->aggregates);
	struct script_aggregate *aggregates = xcalloc(1, size + 1);
	if (size)
		memcpy(aggregates, request->aggregates, size);
	probe->request.aggregates = aggregates;
	if (request->condition) {
		const struct span *span = &request->condition->span;

		probe->condition_text =
		    xstrndup(request->source->text + span->start, span->end - span->start);
	}
}

static void free_request(struct probe *probe)
{
	free((char *)probe->request.location);
	free((char *)probe->request.event);
	free((void *)probe->request.aggregates);
	free(probe->condition_text);
	probe->condition_text = NULL;
}

void probe_restate(struct probe *probe, const struct probe_request *request)
{
	free_request(probe);
	copy_request(probe, request);
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	probe_unload(probe);
	for (size_t i = 0; i < probe->sites.size; i++)
		image_unref(probe->sites.data[i].public.place.image);
	for (size_t i = 0; i < probe->entries.size; i++)
		image_unref(probe->entries.data[i].public.place.image);
	kernel_aggregates_free(probe->aggregates);
	kernel_calls_free(probe->calls);
	vector_deinit(&probe->groups);
	vector_deinit(&probe->sites);
	vector_deinit(&probe->entries);
	pictures_deinit(probe);
	error_free(probe->skipped_reason);
	free_request(probe);
	free(probe);
}

/* Errors of places get the place in the user's text where the location stands. */
static struct error *at_location(struct error *err, const struct probe_request *request)
{
	if (!err || err->where || !request->source ||
	    request->location_span.start == request->location_span.end)
		return err;
	struct error *placed =
	    source_error(request->source, request->location_span, err->tag, "%s", err->message);
	placed->hint = err->hint;
	err->hint = NULL;
	error_free(err);
	return placed;
}

static struct error *check_target(const struct session *session)
{
	const struct target *target = &session->target.public;

	if (target->state == TARGET_EXITED && !session->target.launched.arguments)
		return error_new(ERR_NO_PROCESS, "process %d has exited", target->pid);
	return NULL;
}

struct probe *probe_new(struct session *session, const struct probe_request *request,
			unsigned number, bool is_enabled)
{
	struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->session = session;
	probe->number = number;
	probe->is_enabled = is_enabled;
	copy_request(probe, request);
	return probe;
}

struct error *probe_make(struct session *session, const struct probe_request *request,
			 unsigned number, bool is_enabled, struct probe **ret)
{
	struct error *err = at_location(check_target(session), request);

	if (err)
		return err;
	struct probe *probe = probe_new(session, request, number, is_enabled);
	err = at_location(probe_locate(probe), request);
	if (!err)
		err = probe_build(probe);
	if (err) {
		probe_free(probe);
		return err;
	}
	*ret = probe;
	return NULL;
}

struct error *session_add(struct session *session, const struct probe_request *request,
			  struct probe **ret)
{
	TRY(probe_make(session, request, (unsigned)session->probes.size + 1, true, ret));
	vector_push(&session->probes, *ret);
	return NULL;
}

/* ----------------------------------------------------------------- counters */

static void add_counters(struct counters *sum, const struct counters *counters)
{
	sum->hits += counters->hits;
	sum->filtered += counters->filtered;
	sum->delivered += counters->delivered;
	sum->throttled += counters->throttled;
	sum->lost += counters->lost;
}

static void add_kernel_counters(const struct probe *probe, const struct probe_site *site,
				size_t index, struct counters *sum)
{
	const struct kernel_program *program = probe->groups.data[site->group].program;
	struct counters counters;

	if (!program)
		return;
	kernel_counters(program, index, &counters);
	add_counters(sum, &counters);
}

static void count_filtered_by_lua(struct counters *counters, uint64_t events)
{
	counters->filtered += events;
	counters->delivered -= events;
}

void probe_counters(const struct probe *probe, struct counters *ret)
{
	struct counters sum = probe->before;

	/* Sites that share one event count in location 0 of their program. */
	for (size_t i = 0; i < probe->groups.size && probe->identity == IDENTITY_IP; i++)
		add_kernel_counters(probe, &(struct probe_site){.group = (unsigned)i}, 0, &sum);
	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct probe_site *site = &probe->sites.data[i];

		if (probe->identity != IDENTITY_IP)
			add_kernel_counters(probe, site, i, &sum);
		count_filtered_by_lua(&sum, site->filtered_by_lua);
	}
	sum.delivered -= probe->unattributed + probe->held_back;
	sum.lost += probe->unattributed;
	sum.throttled += probe->held_back;
	*ret = sum;
}

void probe_site_counters(const struct probe *probe, size_t index, struct counters *ret)
{
	const struct probe_site *site = &probe->sites.data[index];
	struct counters sum = site->before;

	if (probe->identity == IDENTITY_IP) {
		sum.hits += site->delivered;
		sum.delivered += site->delivered;
	} else {
		add_kernel_counters(probe, site, index, &sum);
	}
	count_filtered_by_lua(&sum, site->filtered_by_lua);
	*ret = sum;
}

void probe_call_losses(const struct probe *probe, struct call_losses *ret)
{
	struct call_losses losses = {0};

	if (probe->calls)
		kernel_calls_losses(probe->calls, &losses);
	ret->unpaired = probe->losses_before.unpaired + losses.unpaired;
	ret->left = probe->losses_before.left + losses.left;
	ret->pushed_out = probe->losses_before.pushed_out + losses.pushed_out;
}

void probe_note_filtered(struct probe *probe, size_t site_index)
{
	probe->sites.data[site_index].filtered_by_lua++;
}

void probe_note_held_back(struct probe *probe)
{
	probe->held_back++;
}

struct error *probe_read_aggregate(const struct probe *probe, size_t index,
				   void (*fn)(void *context, const mt_u64 *key,
					      const mt_u64 *words),
				   void *context, uint64_t *ret_dropped)
{
	*ret_dropped = 0;
	mappings_update(probe->session);
	return probe->aggregates
		   ? kernel_aggregates_read(probe->aggregates, index, fn, context, ret_dropped)
		   : NULL;
}

struct error *probe_take_aggregate(const struct probe *probe, size_t index,
				   void (*fn)(void *context, const mt_u64 *key,
					      const mt_u64 *words),
				   void *context, uint64_t *ret_dropped)
{
	*ret_dropped = 0;
	return probe->aggregates
		   ? kernel_aggregates_take(probe->aggregates, index, fn, context, ret_dropped)
		   : NULL;
}

void probe_going(struct probe *probe)
{
	if (probe->request.going)
		probe->request.going(probe->request.context, probe);
}

/* -------------------------------------------------------------------- sites */

/* Sites that share one event: told apart by the offset in the page, which no
 * load address changes, and by the process's mappings where that is not enough. */
static size_t find_by_ip(const struct probe *probe, uint64_t ip, pid_t pid)
{
	size_t found = SIZE_MAX;
	unsigned matches = 0;

	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct site *site = &probe->sites.data[i].public;
		uint64_t address;

		if ((site->place.address ^ ip) & 4095)
			continue;
		if (process_locate_ip(pid, ip, site->place.image, &address) &&
		    address == site->place.address)
			return i;
		found = i;
		matches++;
	}
	return matches == 1 ? found : SIZE_MAX;
}

size_t probe_find_site(struct probe *probe, const struct record *record)
{
	size_t index = RECORD_LOCATION(record->cookie);

	if (index == RECORD_LOCATION_BY_IP) {
		index = find_by_ip(probe, record->slots[0], (pid_t)record->slots[1]);
		if (index == SIZE_MAX)
			probe->unattributed++;
		else
			probe->sites.data[index].delivered++;
	}
	return index < probe->sites.size ? index : SIZE_MAX;
}

/* ---------------------------------------------------------------- accessors */

unsigned probe_number(const struct probe *probe)
{
	return probe->number;
}

enum probe_kind probe_kind(const struct probe *probe)
{
	return probe->request.kind;
}

const char *probe_location(const struct probe *probe)
{
	return probe->request.location;
}

const char *probe_condition(const struct probe *probe)
{
	return probe->condition_text;
}

size_t probe_site_count(const struct probe *probe)
{
	return probe->sites.size;
}

const struct site *probe_site(const struct probe *probe, size_t index)
{
	return &probe->sites.data[index].public;
}

size_t probe_entry_count(const struct probe *probe)
{
	return probe->entries.size;
}

const struct site *probe_entry(const struct probe *probe, size_t index)
{
	return &probe->entries.data[index].public;
}

const struct plan *probe_plan(const struct probe *probe)
{
	return probe_is_pending(probe) ? NULL : probe->groups.data[0].plan;
}

const struct plan *probe_site_plan(const struct probe *probe, size_t index, size_t *ret_number)
{
	*ret_number = probe->sites.data[index].group;
	return probe->groups.data[*ret_number].plan;
}

size_t probe_plan_count(const struct probe *probe)
{
	return probe->groups.size;
}

size_t probe_skipped(const struct probe *probe, const struct error **ret_first)
{
	*ret_first = probe->skipped_reason;
	return probe->skipped;
}

const struct plan *probe_plan_at(const struct probe *probe, size_t number)
{
	return probe->groups.data[number].plan;
}

void probe_list(const struct probe *probe, struct buffer *out)
{
	for (size_t i = 0; i < probe->groups.size; i++)
		plan_list(probe->groups.data[i].plan, probe->request.source, out);
}

bool probe_is_enabled(const struct probe *probe)
{
	return probe->is_enabled;
}

const struct probe_request *probe_request(const struct probe *probe)
{
	return &probe->request;
}

uint64_t probe_ignored(const struct probe *probe)
{
	return probe->ignore;
}

void probe_set_handle(struct probe *probe, void *handle)
{
	probe->handle = handle;
}

void *probe_handle(const struct probe *probe)
{
	return probe->handle;
}
