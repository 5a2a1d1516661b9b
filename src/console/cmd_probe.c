/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_probe.c - break and its kin, delete, enable, disable, explain.
 *
 * break is a statement of the language: here it only gets its full name back.
 */
#include <inttypes.h>
#include <string.h>

#include "moontap/console.h"

/* ------------------------------------------------------- placing a probe */

static struct error *run_statement(struct console *console, const char *keyword,
				   const char *arguments)
{
	if (!*arguments)
		return error_hint(error_new(ERR_USAGE, "%s needs a location", keyword),
				  "FUNCTION, FUNCTION+OFFSET, FILE:LINE, *ADDRESS, "
				  "MODULE:FUNCTION, a glob or /REGEX/");
	CLEANUP(free_p) char *text = xasprintf("%s %s", keyword, arguments);
	return command_run_text(console, text, true);
}

struct error *cmd_break(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "break", arguments);
}

struct error *cmd_tbreak(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "tbreak", arguments);
}

/* GDB's rbreak takes a bare regular expression; the language wants slashes. */
struct error *cmd_rbreak(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	size_t size = strcspn(arguments, " \t\n");
	if (!size || memchr(arguments, '/', size))
		return run_statement(console, "rbreak", arguments);
	CLEANUP(free_p)
	char *text = xasprintf("/%.*s/%s", (int)size, arguments, arguments + size);
	return run_statement(console, "rbreak", text);
}

/* ------------------------------------------------------ acting on probes */

static struct error *no_such_probe(unsigned number)
{
	return error_new(ERR_NO_PROBE, "No breakpoint number %u.", number);
}

/* Probes that a command's arguments name. */
typedef VECTOR(struct probe *) chosen_probes;

static bool is_among(struct probe *const *probes, size_t count, const struct probe *probe)
{
	while (count > 0 && probes[count - 1] != probe)
		count--;
	return count > 0;
}

static struct error *choose_range(struct console *console, const struct id_range *range,
				  chosen_probes *ret)
{
	if (range->location)
		return error_hint(error_new(ERR_USAGE, "%u.%u is one location of a tracepoint",
					    range->first, range->location),
				  "The whole tracepoint is %u.", range->first);
	bool is_any = false;
	size_t already = ret->size;
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));) {
		if (probe_number(p) < range->first || probe_number(p) > range->last)
			continue;
		is_any = true;
		if (!is_among(ret->data, already, p))
			vector_push(ret, p);
	}
	return is_any ? NULL : no_such_probe(range->first);
}

static void keep_first(struct console *console, struct error **first, struct error *err)
{
	if (!*first)
		*first = err;
	else
		console_report(console, err);
}

/* Goes through all ids, as GDB does, and returns the first error. */
static struct error *choose(struct console *console, const char *ids, chosen_probes *ret)
{
	static const struct id_range all = {1, UINT32_MAX, 0};
	if (!*ids)
		return session_next_probe(console->session, NULL) ? choose_range(console, &all, ret)
								  : NULL;
	id_list list;
	TRY(id_list_parse(ids, &list));
	struct error *first = NULL;
	for (size_t i = 0; i < list.size; i++)
		keep_first(console, &first, choose_range(console, &list.data[i], ret));
	vector_deinit(&list);
	return first;
}

/* All are disabled at once first: one by one they would take 40 ms each. */
struct error *cmd_delete(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	if (!*arguments && session_next_probe(console->session, NULL) &&
	    !console_query(console, "Delete all breakpoints?"))
		return NULL;
	chosen_probes chosen = {0};
	struct error *err = choose(console, arguments, &chosen);
	probes_disable(chosen.data, chosen.size);
	for (size_t i = 0; i < chosen.size; i++)
		probe_delete(chosen.data[i]);
	vector_deinit(&chosen);
	return err;
}

struct error *cmd_disable(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	chosen_probes chosen = {0};
	struct error *err = choose(console, arguments, &chosen);
	probes_disable(chosen.data, chosen.size);
	vector_deinit(&chosen);
	return err;
}

struct error *cmd_enable(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	chosen_probes chosen = {0};
	struct error *err = choose(console, arguments, &chosen);
	for (size_t i = 0; i < chosen.size; i++)
		keep_first(console, &err, probe_enable(chosen.data[i]));
	vector_deinit(&chosen);
	return err;
}

/* ----------------------------------------------------------------- explain */

#define EXPLAINED_SITES_MAX 10

static void explain_sites(const struct console *console, const struct probe *probe,
			  struct buffer *out)
{
	const struct program *program = session_target(console->session)->program;
	size_t count = probe_site_count(probe);
	for (size_t i = 0; i < count && i < EXPLAINED_SITES_MAX; i++) {
		const struct site *site = probe_site(probe, i);
		buffer_printf(out, "  site     0x%" PRIx64 "  ", site->place.address);
		text_place(out, &site->place, program);
		buffer_puts(out, site->line.file ? " at " : "");
		text_line(out, &site->line);
		buffer_puts(out,
			    site->verdict.cost == COST_CHEAP
				? ": allowed, cheap (the kernel emulates the instruction)\n"
				: ": allowed, dear (the kernel single-steps the instruction)\n");
	}
	if (count > EXPLAINED_SITES_MAX)
		buffer_printf(out, "  ...      and %zu more: \"info breakpoints\"\n",
			      count - EXPLAINED_SITES_MAX);
}

static void explain_condition(const struct probe *probe, const struct plan *plan,
			      struct buffer *out)
{
	if (!probe_condition(probe))
		return;
	buffer_puts(out, "  if       ");
	text_name(out, probe_condition(probe));
	if (plan->has_guard)
		buffer_printf(out, ": in Lua, because %s\n", plan->guard_reason);
	else
		buffer_puts(out, ": in the kernel\n");
}

static void explain_captures(const struct plan *plan, struct buffer *out)
{
	static const char *const kinds[] = {
	    [CAPTURE_INTEGER] = "integer", [CAPTURE_STRING] = "string",
	    [CAPTURE_COMM] = "string",	   [CAPTURE_TIME] = "time",
	    [CAPTURE_FUNCTION] = "name",   [CAPTURE_FILE] = "name",
	    [CAPTURE_LINE] = "integer",	   [CAPTURE_ADDRESS] = "integer",
	    [CAPTURE_PROBE] = "integer",
	};
	for (size_t i = 0; i < plan->captures.size; i++) {
		const struct capture *c = &plan->captures.data[i];
		buffer_puts(out, "  capture  ");
		text_name(out, c->text);
		buffer_printf(out, ": %s from %s\n", kinds[c->kind], c->origin);
	}
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

static struct error *find_probe(struct console *console, const char *arguments, struct probe **ret)
{
	id_list list;
	TRY(id_list_parse(arguments, &list));
	struct id_range range = list.size == 1 ? list.data[0] : (struct id_range){0};
	vector_deinit(&list);
	if (!range.first || range.first != range.last || range.location)
		return error_new(ERR_USAGE, "explain needs the number of one tracepoint");
	*ret = session_probe(console->session, range.first);
	return *ret ? NULL : no_such_probe(range.first);
}

struct error *cmd_explain(struct console *console, const char *arguments, struct buffer *out)
{
	struct probe *probe = NULL;
	TRY(find_probe(console, arguments, &probe));
	const struct plan *plan = probe_plan(probe);
	buffer_printf(out, "Tracepoint %u: ", probe_number(probe));
	text_name(out, probe_location(probe));
	buffer_putc(out, '\n');
	explain_sites(console, probe, out);
	explain_condition(probe, plan, out);
	explain_captures(plan, out);
	explain_block(plan, out);
	probe_list(probe, out);
	return NULL;
}
