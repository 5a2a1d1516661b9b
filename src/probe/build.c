/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build.c - a probe's sites become programs: as few as serve them all.
 *
 * Sites that are alike share one. Where names of the target decide what is read, each place is
 * compiled by itself, and those that come to the same program share it. All plans of a probe
 * must come to the same Lua function: what one place leaves to Lua, all do.
 */
#include <unistd.h>

#include "internal.h"

static void group_unload(struct group *group)
{
	kernel_unload(group->program);
	kernel_unload(group->entry_program);
	plan_free(group->plan);
	group->program = group->entry_program = NULL;
	group->plan = NULL;
}

void probe_unload(struct probe *probe)
{
	for (size_t i = 0; i < probe->groups.size; i++)
		group_unload(&probe->groups.data[i]);
	probe->groups.size = 0;
}

/* ------------------------------------------------------------------ compile */

/* Sites that have counters of their own; without cookies all count as the first. */
static size_t counted_sites(const struct probe *probe)
{
	return probe->identity == IDENTITY_COOKIE ? probe->sites.size : 1;
}

/* A tracepoint in a library that moontap uses too would be hit by what it does itself, to print the
 * hit for one. */
static pid_t left_out(const struct session *session, const struct image *image)
{
	uint64_t bias;

	return !target_pid(&session->target) && process_bias(getpid(), image, &bias) ? getpid() : 0;
}

static struct error *compile_site(const struct probe *probe, const struct probe_site *site,
				  const struct kernel *kernel, bool is_lenient, struct plan **ret)
{
	const struct probe_request *request = &probe->request;
	const struct session *session = probe->session;
	struct compile_request compile_request = {
	    .source = request->source,
	    .condition = request->condition,
	    .goroutine = request->goroutine,
	    .block = request->block,
	    .event = request->event,
	    .site = site->like,
	    .limits = session->limits,
	    .is_lenient = is_lenient,
	    .is_bare = probe->is_bare,
	    .is_count = request->kind == PROBE_COVER,
	    .flow = site->flow,
	    .follows_jumps = probe->follows_jumps,
	    .is_condition_in_lua = probe->is_condition_in_lua,
	    .is_block_in_lua = probe->is_block_in_lua,
	    .program = probe->session->target.public.program,
	    .is_script_name = request->is_script_name,
	    .context = request->context,
	    .aggregates = request->aggregates,
	    .aggregate_count = request->aggregate_count,
	    .constants = request->constants,
	    .constant_count = request->constant_count,
	    .identity = probe->identity,
	    .probe = probe->number,
	    .pid = target_pid(&session->target),
	    .left_out = left_out(session, site->public.place.image),
	    .pid_namespace = session->pid_namespace.inode ? &session->pid_namespace : NULL,
	    .counter_rows = kernel ? kernel_counter_rows(kernel, counted_sites(probe)) : 0,
	    .has_budget = request->kind == PROBE_TBREAK,
	    .is_sleepable = kernel && kernel_has_sleepable(kernel),
	    .fsbase_offset = kernel_fsbase_offset,
	    .has_may_goto = kernel ? kernel_has_may_goto : NULL,
	};

	if (site->entry != NO_ENTRY)
		compile_request.entry = probe->entries.data[site->entry].like;
	/* The entry has decided. */
	if (site->flow == FLOW_LEAVE) {
		compile_request.condition = NULL;
		compile_request.goroutine = NULL;
	}
	return compile(&compile_request, ret);
}

/* ------------------------------------------------------------------- groups */

/* Have they the arguments of the same static probe, in the same places? */
static bool has_same_arguments(const struct compile_site *a, const struct compile_site *b)
{
	if (!a->usdt || !b->usdt)
		return a->usdt == b->usdt;
	return a->image == b->image && strcmp(a->usdt->whole, b->usdt->whole) == 0 &&
	       strcmp(a->usdt->arguments, b->usdt->arguments) == 0;
}

static bool is_alike(const struct compile_site *a, const struct compile_site *b)
{
	return has_same_arguments(a, b) && a->abi == b->abi &&
	       a->are_args_live == b->are_args_live && a->cfa_offset == b->cfa_offset &&
	       a->is_tail_call == b->is_tail_call && a->has_condition == b->has_condition &&
	       a->condition == b->condition && a->step == b->step && a->jump_key == b->jump_key;
}

static struct compile_site entry_of(const struct probe *probe, const struct probe_site *site)
{
	return site->entry == NO_ENTRY ? (struct compile_site){0}
				       : probe->entries.data[site->entry].like;
}

static bool has_same_code(const struct plan *a, const struct plan *b)
{
	return a->insns.size == b->insns.size && a->entry_insns.size == b->entry_insns.size &&
	       memcmp(a->insns.data, b->insns.data, a->insns.size * sizeof(*a->insns.data)) == 0 &&
	       (a->entry_insns.size == 0 ||
		memcmp(a->entry_insns.data, b->entry_insns.data,
		       a->entry_insns.size * sizeof(*a->entry_insns.data)) == 0);
}

static bool has_same_captures(const struct plan *a, const struct plan *b)
{
	for (size_t i = 0; i < a->captures.size && i < b->captures.size; i++) {
		const struct capture *x = &a->captures.data[i], *y = &b->captures.data[i];

		if (x->kind != y->kind || x->type != y->type ||
		    strcmp(x->reason ? x->reason : "", y->reason ? y->reason : "") != 0)
			return false;
	}
	return a->captures.size == b->captures.size;
}

static bool has_same_keys(const struct plan *a, const struct plan *b)
{
	for (size_t i = 0; i < a->aggregates.size && i < b->aggregates.size; i++)
		if (memcmp(a->aggregates.data[i].keys, b->aggregates.data[i].keys,
			   sizeof(a->aggregates.data[i].keys)) != 0 ||
		    memcmp(a->aggregates.data[i].key_types, b->aggregates.data[i].key_types,
			   sizeof(a->aggregates.data[i].key_types)) != 0)
			return false;
	return a->aggregates.size == b->aggregates.size;
}

/* The group whose program serves the site, if that can be told without compiling it. */
static bool find_group(const struct probe *probe, struct probe_site *site)
{
	const struct compile_site entry = entry_of(probe, site);

	/* The two halves of a flow differ in more than where they are. */
	if (site->flow)
		return false;
	for (unsigned i = 0; i < probe->groups.size; i++) {
		const struct group *group = &probe->groups.data[i];

		if (group->plan->depends_on_address || !is_alike(&group->like, &site->like) ||
		    !is_alike(&group->entry, &entry))
			continue;
		site->group = i;
		return true;
	}
	return false;
}

/* Takes plan over. */
static void join_group(struct probe *probe, struct probe_site *site, struct plan *plan)
{
	for (unsigned i = 0; i < probe->groups.size; i++) {
		const struct plan *have = probe->groups.data[i].plan;

		if (strcmp(have->lua, plan->lua) != 0 || !has_same_code(have, plan) ||
		    !has_same_captures(have, plan) || !has_same_keys(have, plan))
			continue;
		plan_free(plan);
		site->group = i;
		return;
	}
	*vector_add(&probe->groups) =
	    (struct group){.like = site->like, .entry = entry_of(probe, site), .plan = plan};
	site->group = (unsigned)probe->groups.size - 1;
}

/* What cannot be read at one place may be at another: only if it can be at none is it an
 * error. */
static struct error *group_sites(struct probe *probe, const struct kernel *kernel)
{
	struct error *first = NULL;
	size_t failed = 0;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < probe->sites.size; i++) {
			struct probe_site *site = &probe->sites.data[i];
			struct plan *plan;
			struct error *err;

			if (round == 1 ? site->group != NO_GROUP : find_group(probe, site))
				continue;
			err = compile_site(probe, site, kernel, round == 1, &plan);
			if (!err) {
				join_group(probe, site, plan);
				continue;
			}
			if (round == 1 || err->tag != ERR_UNREADABLE) {
				error_free(first);
				return err;
			}
			site->group = NO_GROUP;
			failed++;
			if (first)
				error_free(err);
			else
				first = err;
		}
		if (failed == 0 || failed == probe->sites.size)
			return first;
	}
	error_free(first);
	return NULL;
}

/* ------------------------------------------------------------------- one Lua */

/* Makes all places agree on what is left to Lua. True if they did not yet. */
static bool settle(struct probe *probe)
{
	const struct plan *first = probe->groups.data[0].plan;
	bool was_condition = probe->is_condition_in_lua, was_block = probe->is_block_in_lua;

	for (size_t i = 1; i < probe->groups.size; i++) {
		const struct plan *plan = probe->groups.data[i].plan;

		probe->is_condition_in_lua |=
		    plan->has_guard != first->has_guard || !plan->guard_text != !first->guard_text;
		probe->is_block_in_lua |= plan->is_in_kernel != first->is_in_kernel ||
					  (plan->is_in_kernel && !has_same_keys(plan, first)) ||
					  plan->state_words != first->state_words;
	}
	return probe->is_condition_in_lua != was_condition || probe->is_block_in_lua != was_block;
}

static bool has_one_lua(const struct probe *probe)
{
	if (probe->request.kind == PROBE_FLOW)
		return true; /* each shows other values */
	for (size_t i = 1; i < probe->groups.size; i++)
		if (strcmp(probe->groups.data[i].plan->lua, probe->groups.data[0].plan->lua) != 0)
			return false;
	return true;
}

static struct error *no_one_lua(const struct probe *probe)
{
	return error_hint(error_new(ERR_TYPE,
				    "a name in the block is one thing at some places of `%s` and "
				    "another at others",
				    probe->request.location),
			  "Set a tracepoint at each of the places: \"info line\" lists them.");
}

static struct error *compile_groups(struct probe *probe, const struct kernel *kernel)
{
	do {
		probe_unload(probe);
		TRY(group_sites(probe, kernel));
	} while (settle(probe));
	if (has_one_lua(probe))
		return NULL;
	if (probe->request.block || probe->is_bare)
		return no_one_lua(probe);
	probe->is_bare = true;
	return compile_groups(probe, kernel);
}

/* --------------------------------------------------------------------- load */

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

	if (probe->aggregates || !plan->is_in_kernel || !plan->aggregates.size)
		return NULL;
	shapes = xcalloc(plan->aggregates.size, sizeof(*shapes));
	for (size_t i = 0; i < plan->aggregates.size; i++)
		shapes[i] = plan->aggregates.data[i].shape;
	err = kernel_aggregates_new(kernel, shapes, plan->aggregates.size, &probe->aggregates);
	free(shapes);
	return err;
}

static struct error *load_entry(struct probe *probe, struct group *group, struct kernel *kernel)
{
	const struct load_request request = {
	    .insns = group->plan->entry_insns.data,
	    .insn_count = group->plan->entry_insns.size,
	    .is_sleepable = group->plan->is_entry_sleepable,
	    .site_count = 1,
	    .calls = probe->calls,
	};

	return kernel_load(kernel, &request, &group->entry_program);
}

static struct error *group_load(struct probe *probe, struct group *group, struct kernel *kernel)
{
	const struct load_request request = {
	    .insns = group->plan->insns.data,
	    .insn_count = group->plan->insns.size,
	    .is_sleepable = group->plan->is_sleepable,
	    .is_bulky = group->plan->copies_stack,
	    .site_count = counted_sites(probe),
	    .counter_rows = kernel_counter_rows(kernel, counted_sites(probe)),
	    .budget = 1,
	    .aggregates = probe->aggregates,
	    .calls = probe->calls,
	};
	struct error *err = kernel_load(kernel, &request, &group->program);

	return err ? explain_refusal(err, probe, group) : NULL;
}

static struct error *load_groups(struct probe *probe, struct kernel *kernel)
{
	const struct plan *plan = probe->groups.data[0].plan;

	if (probe->entries.size && !probe->calls)
		TRY(kernel_calls_new(kernel, plan->state_words, &probe->calls));
	TRY(make_aggregates(probe, plan, kernel));
	for (size_t i = 0; i < probe->groups.size; i++)
		TRY(group_load(probe, &probe->groups.data[i], kernel));
	for (size_t i = 0; i < probe->entries.size && probe->request.kind == PROBE_FINISH; i++) {
		const struct probe_entry *entry = &probe->entries.data[i];
		struct group *group =
		    &probe->groups.data[probe->sites.data[entry->first_site].group];

		if (!group->entry_program)
			TRY(load_entry(probe, group, kernel));
	}
	return NULL;
}

static struct error *build_programs(struct probe *probe, struct kernel *kernel)
{
	TRY(compile_groups(probe, kernel));
	return kernel ? load_groups(probe, kernel) : NULL;
}

static struct error *build(struct probe *probe, struct kernel *kernel)
{
	struct error *err = build_programs(probe, kernel);

	if (!err || err->tag != ERR_TOO_LARGE || probe->is_block_in_lua)
		return err;
	/* More than a program can hold, or than the verifier is willing to follow: Lua does the
	 * same. If that is no way out either, it says why. */
	error_free(err);
	probe->is_block_in_lua = true;
	kernel_aggregates_free(probe->aggregates);
	probe->aggregates = NULL;
	return build_programs(probe, kernel);
}

/* Do the sites of a tracepoint share one event? In a dry run as the method that was asked for has
 * it. */
static enum site_identity choose_identity(const struct probe *probe, const struct kernel *kernel)
{
	enum attach_method method =
	    kernel ? kernel_method(kernel) : probe->session->options.kernel.method;

	if (probe->sites.size == 1)
		return IDENTITY_CONSTANT;
	return method == ATTACH_TRACEFS ? IDENTITY_IP : IDENTITY_COOKIE;
}

struct error *probe_build(struct probe *probe)
{
	struct kernel *kernel = NULL;

	if (probe_is_pending(probe))
		return probe->is_enabled ? probe_attach(probe) : NULL;
	if (!probe->session->options.is_dry_run)
		TRY(session_kernel(probe->session, &kernel));
	probe->identity = choose_identity(probe, kernel);
	if (probe->request.kind == PROBE_COVER && probe->identity == IDENTITY_IP)
		return error_hint(error_new(ERR_NO_BPF,
					    "cover needs a count for each place, and by tracefs "
					    "those of a tracepoint are counted together"),
				  "Linux 6.6 and later count them apart (--attach-method multi).");
	TRY(build(probe, kernel));
	stacks_prepare(probe);
	return probe->is_enabled ? probe_attach(probe) : NULL;
}

void probe_unbuild(struct probe *probe)
{
	probe_counters(probe, &probe->before);
	for (size_t i = 0; i < probe->sites.size; i++) {
		struct probe_site *site = &probe->sites.data[i];

		probe_site_counters(probe, i, &site->before);
		site->filtered_by_lua = site->delivered = 0;
	}
	probe->unattributed = probe->held_back = 0;
	for (size_t i = 0; i < probe->groups.size; i++) {
		kernel_unload(probe->groups.data[i].program);
		kernel_unload(probe->groups.data[i].entry_program);
		probe->groups.data[i].program = probe->groups.data[i].entry_program = NULL;
	}
}
