/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - one probe's life: located, compiled, loaded, attached, counted, removed.
 */
#include "internal.h"

/* --------------------------------------------------------- compile and load */

static void group_unload(struct group *group)
{
	kernel_unload(group->program);
	plan_free(group->plan);
	group->program = NULL;
	group->plan = NULL;
}

static struct error *group_compile(struct probe *probe, struct group *group, struct kernel *kernel)
{
	const struct probe_request *request = &probe->request;
	const struct compile_request compile_request = {
	    .source = request->source,
	    .condition = request->condition,
	    .block = request->block,
	    .event = request->event,
	    .site = group->like,
	    .identity = probe->identity,
	    .probe = probe->number,
	    .pid = target_pid(&probe->session->target),
	    .pid_namespace =
		probe->session->pid_namespace.inode ? &probe->session->pid_namespace : NULL,
	    .has_budget = request->kind == PROBE_TBREAK,
	    .is_sleepable = kernel && kernel_has_sleepable(kernel),
	};

	return compile(&compile_request, &group->plan);
}

/* A refusal by the verifier is our bug: show the program it refused. */
static struct error *explain_refusal(struct error *err, const struct probe *probe,
				     const struct group *group)
{
	struct buffer text = {0};

	if (err->tag != ERR_VERIFIER)
		return err;
	buffer_puts(&text, "This is a bug in moontap. The program:\n");
	plan_list(group->plan, probe->request.source, &text);
	if (err->hint)
		buffer_puts(&text, err->hint);
	error_hint(err, "%s", text.data);
	buffer_deinit(&text);
	return err;
}

/* Tables for a block that runs in the kernel: all programs of the probe fill
 * them, those of the next run too. */
static struct error *make_aggregates(struct probe *probe, const struct plan *plan,
				     struct kernel *kernel)
{
	struct aggregate_shape *shapes;
	struct error *err;

	if (probe->aggregates || !plan->is_in_kernel)
		return NULL;
	shapes = xcalloc(plan->aggregates.size, sizeof(*shapes));
	for (size_t i = 0; i < plan->aggregates.size; i++)
		shapes[i] = plan->aggregates.data[i].shape;
	err = kernel_aggregates_new(kernel, shapes, plan->aggregates.size, &probe->aggregates);
	free(shapes);
	return err;
}

static struct error *group_load(struct probe *probe, struct group *group, struct kernel *kernel)
{
	const struct load_request request = {
	    .insns = group->plan->insns.data,
	    .insn_count = group->plan->insns.size,
	    .is_sleepable = group->plan->is_sleepable,
	    .site_count = probe->sites.size,
	    .budget = 1,
	    .aggregates = probe->aggregates,
	};
	struct error *err = kernel_load(kernel, &request, &group->program);

	return err ? explain_refusal(err, probe, group) : NULL;
}

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

		if (site->group != group || site->public.place.image != image)
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
	struct error *err = kernel_attach(probe->groups.data[group].program, &request);
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

void probes_detach(struct probe *const *probes, size_t count)
{
	VECTOR(struct kernel_program *) programs = {0};

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; probes[i] && j < probes[i]->groups.size; j++)
			if (probes[i]->groups.data[j].program)
				vector_push(&programs, probes[i]->groups.data[j].program);
	kernel_detach(programs.data, programs.size);
	vector_deinit(&programs);
}

static struct error *attach(struct probe *probe)
{
	/* A program of ours that has ended: its next run gets the probes. */
	if (probe->session->options.is_dry_run || probe->session->is_stopped ||
	    probe->session->target.public.state == TARGET_EXITED)
		return NULL;
	for (unsigned i = 0; i < probe->groups.size; i++) {
		struct error *err = group_attach(probe, i);

		if (err) {
			probes_detach(&probe, 1);
			return err;
		}
	}
	return NULL;
}

struct error *probe_build(struct probe *probe)
{
	struct kernel *kernel = NULL;

	if (!probe->session->options.is_dry_run)
		TRY(session_kernel(probe->session, &kernel));
	probe->identity = probe->sites.size == 1			      ? IDENTITY_CONSTANT
			  : kernel && kernel_method(kernel) == ATTACH_TRACEFS ? IDENTITY_IP
									      : IDENTITY_COOKIE;
	for (size_t i = 0; i < probe->groups.size; i++) {
		struct group *group = &probe->groups.data[i];

		TRY(group_compile(probe, group, kernel));
		if (!kernel)
			continue;
		TRY(make_aggregates(probe, group->plan, kernel));
		TRY(group_load(probe, group, kernel));
	}
	return probe->is_enabled ? attach(probe) : NULL;
}

void probe_unbuild(struct probe *probe)
{
	probe_counters(probe, &probe->before);
	for (size_t i = 0; i < probe->sites.size; i++) {
		struct probe_site *site = &probe->sites.data[i];

		probe_site_counters(probe, i, &site->before);
		site->filtered_by_lua = site->delivered = 0;
	}
	probe->unattributed = 0;
	for (size_t i = 0; i < probe->groups.size; i++)
		group_unload(&probe->groups.data[i]);
}

/* ----------------------------------------------------------- add and remove */

static void copy_request(struct probe *probe, const struct probe_request *request)
{
	probe->request = *request;
	probe->request.location = xstrdup(request->location);
	probe->request.event = request->event ? xstrdup(request->event) : NULL;
	if (request->condition) {
		const struct span *span = &request->condition->span;

		probe->condition_text =
		    xstrndup(request->source->text + span->start, span->end - span->start);
	}
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	for (size_t i = 0; i < probe->groups.size; i++)
		group_unload(&probe->groups.data[i]);
	for (size_t i = 0; i < probe->sites.size; i++)
		image_unref(probe->sites.data[i].public.place.image);
	kernel_aggregates_free(probe->aggregates);
	vector_deinit(&probe->groups);
	vector_deinit(&probe->sites);
	error_free(probe->skipped_reason);
	free((char *)probe->request.location);
	free((char *)probe->request.event);
	free(probe->condition_text);
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

static struct error *check_request(const struct session *session,
				   const struct probe_request *request)
{
	const struct target *target = &session->target.public;

	if (request->kind == PROBE_FINISH)
		return error_new(ERR_USAGE, "finish probes are not available in this version");
	if (target->state == TARGET_EXITED && !session->target.launched.arguments)
		return error_new(ERR_NO_PROCESS, "process %d has exited", target->pid);
	return NULL;
}

struct error *session_add(struct session *session, const struct probe_request *request,
			  struct probe **ret)
{
	struct error *err = at_location(check_request(session, request), request);

	if (err)
		return err;
	struct probe *probe = xcalloc(1, sizeof(*probe));
	probe->session = session;
	probe->number = (unsigned)session->probes.size + 1;
	probe->is_enabled = true;
	copy_request(probe, request);
	err = at_location(probe_locate(probe), request);
	if (!err)
		err = probe_build(probe);
	if (err) {
		probe_free(probe);
		return err;
	}
	vector_push(&session->probes, probe);
	*ret = probe;
	return NULL;
}

struct error *probe_enable(struct probe *probe)
{
	if (probe->is_enabled)
		return NULL;
	TRY(attach(probe));
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
	sum.delivered -= probe->unattributed;
	sum.lost += probe->unattributed;
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

void probe_note_filtered(struct probe *probe, size_t site_index)
{
	probe->sites.data[site_index].filtered_by_lua++;
}

struct error *probe_read_aggregate(const struct probe *probe, size_t index,
				   void (*fn)(void *context, const mt_u64 *key,
					      const mt_u64 *words),
				   void *context, uint64_t *ret_dropped)
{
	*ret_dropped = 0;
	return probe->aggregates
		   ? kernel_aggregates_read(probe->aggregates, index, fn, context, ret_dropped)
		   : NULL;
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

const struct plan *probe_plan(const struct probe *probe)
{
	return probe->groups.data[0].plan;
}

size_t probe_skipped(const struct probe *probe, const struct error **ret_first)
{
	*ret_first = probe->skipped_reason;
	return probe->skipped;
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

void probe_set_handle(struct probe *probe, void *handle)
{
	probe->handle = handle;
}

void *probe_handle(const struct probe *probe)
{
	return probe->handle;
}
