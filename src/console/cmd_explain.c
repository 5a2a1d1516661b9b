/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_explain.c - explain: what a tracepoint captures, and what runs where.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

#define EXPLAINED_SITES_MAX 10

static void explain_sites(const struct console *console, const struct probe *probe,
			  const char *title, size_t count,
			  const struct site *(*site_of)(const struct probe *, size_t index),
			  struct buffer *out)
{
	const struct program *program = session_target(console->session)->program;
	for (size_t i = 0; i < count && i < EXPLAINED_SITES_MAX; i++) {
		const struct site *site = site_of(probe, i);
		buffer_printf(out, "  %-8s 0x%" PRIx64 "  ",
			      site->leads_to	      ? "jump"
			      : site->step == JUMP_IN ? "entry"
						      : title,
			      site->place.address);
		text_place(out, &site->place, program);
		buffer_puts(out, site_line(site)->file ? " at " : "");
		text_line(out, site_line(site));
		text_step(out, site);
		buffer_puts(out,
			    site->verdict.cost == COST_CHEAP
				? ": allowed, cheap (the kernel emulates the instruction)\n"
				: ": allowed, dear (the kernel single-steps the instruction)\n");
	}
	if (count > EXPLAINED_SITES_MAX)
		buffer_printf(out, "  ...      and %zu more: \"info breakpoints\"\n",
			      count - EXPLAINED_SITES_MAX);
}

static bool has_followed(const struct probe *probe)
{
	for (size_t i = 0; i < probe_site_count(probe); i++)
		if (probe_site(probe, i)->step == JUMP_BACK)
			return true;
	return false;
}

static void explain_places(const struct console *console, const struct probe *probe,
			   struct buffer *out)
{
	size_t entries = probe_entry_count(probe), sites = probe_site_count(probe);
	bool is_finish = probe_kind(probe) == PROBE_FINISH;
	/* Those of a flow are sites as well. */
	explain_sites(console, probe, "entry", is_finish ? entries : 0, probe_entry, out);
	explain_sites(console, probe, is_finish ? "exit" : "site", sites, probe_site, out);
	if (!entries)
		return;
	buffer_puts(out, "  returns  are seen at the function's own exits; its return address is "
			 "left alone\n");
	if (has_followed(probe))
		buffer_puts(out, "           and at those of what it jumps to: other calls of that "
				 "are no hits, but take as long\n");
}

static void explain_condition(const struct probe *probe, const struct plan *plan,
			      struct buffer *out)
{
	const struct node *goroutine = probe_request(probe)->goroutine;
	if (goroutine)
		buffer_printf(out, "  only     in goroutine %" PRId64 ": in the kernel\n",
			      goroutine->integer);
	const char *condition = plan->guard_text ? plan->guard_text : probe_condition(probe);
	if (!condition)
		return;
	buffer_puts(out, "  if       ");
	text_name(out, condition);
	if (plan->has_guard)
		buffer_printf(out, ": in Lua, because %s\n", plan->guard_reason);
	else
		buffer_puts(out, ": in the kernel\n");
}

static const char *kind_name(enum capture_kind kind)
{
	switch (kind) {
	case CAPTURE_STRING:
	case CAPTURE_COMM:
		return "string";
	case CAPTURE_STACK:
		return "stack";
	case CAPTURE_TIME:
		return "time";
	case CAPTURE_FUNCTION:
	case CAPTURE_FILE:
	case CAPTURE_USDT:
		return "name";
	default:
		return "integer";
	}
}

static void put_captures(const struct plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->captures.size; i++) {
		const struct capture *c = &plan->captures.data[i];
		buffer_puts(out, "  capture  ");
		text_name(out, c->text);
		buffer_puts(out, ": ");
		text_name(out, c->type ? c->type->name : kind_name(c->kind));
		buffer_printf(out, c->kind == CAPTURE_LOST ? ", %s\n" : " from %s\n", c->origin);
	}
}

/* The first place that has that plan. */
static size_t first_site(const struct probe *probe, size_t plan)
{
	size_t site = 0, number;
	for (probe_site_plan(probe, site, &number); number != plan;)
		probe_site_plan(probe, ++site, &number);
	return site;
}

/* Of places that find what is captured elsewhere: each kind. */
static void explain_captures(const struct probe *probe, struct buffer *out)
{
	size_t count = probe_plan_count(probe), number;
	for (size_t i = 0; i < count && i < EXPLAINED_SITES_MAX; i++) {
		size_t site = first_site(probe, i);
		enum jump_step step = probe_site(probe, site)->step;
		if (step != JUMP_NONE && step != JUMP_BACK)
			continue; /* no hits */
		if (count > 1)
			buffer_printf(out, "  at %u.%zu\n", probe_number(probe), site + 1);
		put_captures(probe_site_plan(probe, site, &number), out);
	}
	if (count > EXPLAINED_SITES_MAX)
		buffer_printf(out, "  ...      and %zu other kinds of places\n",
			      count - EXPLAINED_SITES_MAX);
}

static void explain_block(const struct plan *plan, struct buffer *out)
{
	if (plan->is_in_kernel)
		buffer_puts(out, "  block    in the kernel: no event is sent\n");
	else if (plan->kernel_reason)
		buffer_printf(out, "  block    in Lua, at each event, because %s\n",
			      plan->kernel_reason);
	else
		buffer_puts(out, "  block    in Lua, at each event\n");
}

static void explain_depth(const struct probe *probe, struct buffer *out)
{
	unsigned depth = probe_request(probe)->depth;
	if (depth)
		buffer_printf(
		    out,
		    "  depth    %u, decided here: deeper calls send their events as well, "
		    "and count as filtered\n",
		    depth);
}

static struct error *find_probe(struct console *console, const char *arguments, struct probe **ret)
{
	const char *rest;
	if (!*arguments)
		return error_new(ERR_USAGE, "explain needs the number of one tracepoint");
	TRY(console_take_probe(console, arguments, ret, &rest));
	return *rest ? error_new(ERR_USAGE, "explain needs the number of one tracepoint") : NULL;
}

struct error *cmd_explain(struct console *console, const char *arguments, struct buffer *out)
{
	struct probe *probe = NULL;
	TRY(find_probe(console, arguments, &probe));
	const struct plan *plan = probe_plan(probe);
	buffer_printf(out, "Tracepoint %u: ", probe_number(probe));
	text_name(out, probe_location(probe));
	buffer_putc(out, '\n');
	if (!plan) {
		buffer_puts(out, "  pending  its place is not there yet: what it comes to is known "
				 "when a library has it\n");
		return NULL;
	}
	explain_places(console, probe, out);
	explain_condition(probe, plan, out);
	if (probe_kind(probe) != PROBE_COVER)
		explain_captures(probe, out);
	explain_block(plan, out);
	explain_depth(probe, out);
	probe_list(probe, out);
	return NULL;
}
