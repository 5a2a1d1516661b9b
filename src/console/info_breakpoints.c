/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_breakpoints.c - info breakpoints, info aggregates: what the tracepoints are
 * and have counted.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

enum column {
	COL_NUMBER,
	COL_TYPE,
	COL_DISP,
	COL_ENABLED,
	COL_ADDRESS,
	COL_HITS,
	COL_LOST,
	COL_RUNS,
	COL_WHAT,
	COL_COUNT
};

static void put_site(struct buffer *out, const struct site *site, const struct program *program)
{
	text_place(out, &site->place, program);
	if (site_line(site)->file) {
		buffer_puts(out, " at ");
		text_line(out, site_line(site));
	}
	text_step(out, site);
}

static void add_site_row(struct table *table, const struct probe *probe, size_t index,
			 const struct program *program)
{
	const struct site *site = probe_site(probe, index);
	struct counters counters;
	probe_site_counters(probe, index, &counters);
	table_cell(table, "%u.%zu", probe_number(probe), index + 1);
	table_cell(table, " ");
	table_cell(table, " ");
	table_cell(table, "%c", probe_site_is_enabled(probe, index) ? 'y' : 'n');
	table_cell(table, "0x%" PRIx64, site->place.address);
	table_cell(table, "%" PRIu64, counters.hits);
	table_cell(table, "%" PRIu64, counters.lost);
	table_cell(table, " ");
	struct buffer text = {0};
	put_site(&text, site, program);
	text_cell(table, &text);
}

static const char *type_name(const struct probe *probe)
{
	switch (probe_kind(probe)) {
	case PROBE_DPRINTF:
		return "dprintf";
	case PROBE_FINISH:
		return "finish";
	case PROBE_COVER:
		return "cover";
	case PROBE_FLOW:
		return "flow";
	default:
		return "break";
	}
}

/* The one place that a probe is for, or NULL: it has several. */
static const struct site *only_place(const struct probe *probe)
{
	if (probe_kind(probe) == PROBE_COVER)
		return NULL;
	if (probe_entry_count(probe))
		return probe_entry_count(probe) == 1 ? probe_entry(probe, 0) : NULL;
	return probe_site_count(probe) == 1 ? probe_site(probe, 0) : NULL;
}

static void cell_what(struct table *table, const struct probe *probe, const struct site *only,
		      const struct program *program)
{
	struct buffer text = {0};
	buffer_puts(&text, probe_kind(probe) == PROBE_FINISH ? "return of " : "");
	if (only)
		put_site(&text, only, program);
	else
		text_name(&text, probe_location(probe));
	text_cell(table, &text);
}

static void add_probe_row(struct table *table, const struct probe *probe,
			  const struct counters *counters, const struct program *program)
{
	const struct site *only = only_place(probe);
	table_cell(table, "%u", probe_number(probe));
	table_cell(table, "%s", type_name(probe));
	struct runtime_limit limit;
	runtime_get_limit(probe, &limit);
	table_cell(table, "%s", limit.deletes ? "del" : limit.disables ? "dis" : "keep");
	table_cell(table, "%c", probe_is_enabled(probe) ? 'y' : 'n');
	if (only)
		table_cell(table, "0x%" PRIx64, only->place.address);
	else
		table_cell(table, probe_is_pending(probe) ? "<PENDING>" : "<MULTIPLE>");
	table_cell(table, "%" PRIu64, counters->hits);
	table_cell(table, "%" PRIu64, counters->lost);
	table_cell(table, "%s", text_runs(probe));
	cell_what(table, probe, only, program);
}

static void add_sub_lines(struct table *table, const struct probe *probe,
			  const struct counters *counters)
{
	const struct node *goroutine = probe_request(probe)->goroutine;
	if (goroutine)
		table_line(table, "\tstop only in goroutine %" PRId64, goroutine->integer);
	if (probe_condition(probe)) {
		struct buffer text = {0};
		text_name(&text, probe_condition(probe));
		CLEANUP(free_p) char *condition = buffer_take(&text);
		table_line(table, "\tstop only if %s", condition);
	}
	if (probe_request(probe)->depth)
		table_line(table, "\tdepth %u", probe_request(probe)->depth);
	struct runtime_limit limit;
	runtime_get_limit(probe, &limit);
	uint64_t ignored = probe_ignored(probe);
	if (ignored)
		table_line(table, "\tignore next %" PRIu64 " hits", ignored);
	if (limit.disables && limit.events > 1)
		table_line(table, "\tdisable after %s %" PRIu64 " hits",
			   ignored ? "additional" : "next", limit.events);
	if (counters->filtered || counters->throttled)
		table_line(table,
			   "\t%" PRIu64 " filtered, %" PRIu64 " throttled, %" PRIu64 " delivered",
			   counters->filtered, counters->throttled, counters->delivered);
}

static bool has_filter(const struct probe *probe)
{
	return probe_condition(probe) || probe_request(probe)->goroutine;
}

/* Calls of a finish that are no hits. */
static void add_losses(struct table *table, const struct probe *probe)
{
	struct call_losses losses;
	probe_call_losses(probe, &losses);
	/* Of a flow with a condition, most are of calls that it has turned down. */
	if (losses.unpaired && !(probe_kind(probe) == PROBE_FLOW && has_filter(probe)))
		table_line(table, "\t%" PRIu64 " returned of which no entry is known: not counted",
			   losses.unpaired);
	if (losses.left)
		table_line(table, "\t%" PRIu64 " never returned (longjmp, exception, panic, exit)",
			   losses.left);
	if (losses.pushed_out)
		table_line(table, "\t%" PRIu64 " forgotten: more than %d were under way",
			   losses.pushed_out, CALL_STATES_MAX);
}

static void add_reached(struct table *table, const struct probe *probe)
{
	size_t reached, counted;
	if (!probe_picture_count(probe))
		return;
	cover_count(probe, &reached, &counted);
	table_line(table, "\t%zu of %zu lines reached", reached, counted);
}

static void add_error_line(struct table *table, const struct probe *probe)
{
	uint64_t errors = runtime_errors(probe);
	if (errors)
		table_line(table, "\t%" PRIu64 " error%s in its block", errors,
			   errors == 1 ? "" : "s");
}

static void add_probe(struct table *table, const struct probe *probe, const struct program *program)
{
	struct counters counters;
	probe_counters(probe, &counters);
	add_probe_row(table, probe, &counters, program);
	add_sub_lines(table, probe, &counters);
	add_losses(table, probe);
	add_error_line(table, probe);
	add_reached(table, probe);
	size_t count = probe_site_count(probe);
	/* The sites of a picture are no places that a person asked for. */
	bool is_picture = probe_kind(probe) == PROBE_COVER || probe_kind(probe) == PROBE_FLOW;
	bool has_rows = (count > 1 || probe_entry_count(probe)) && !is_picture;
	for (size_t i = 0; has_rows && i < count; i++)
		add_site_row(table, probe, i, program);
}

static bool is_wanted(const struct probe *probe, const id_list *ids)
{
	for (size_t i = 0; i < ids->size; i++)
		if (probe_number(probe) >= ids->data[i].first &&
		    probe_number(probe) <= ids->data[i].last)
			return true;
	return !ids->size;
}

struct error *info_breakpoints(struct console *console, const char *arguments, struct buffer *out)
{
	static const char *const titles[COL_COUNT] = {"Num",  "Type", "Disp", "Enb", "Address",
						      "Hits", "Lost", "Runs", "What"};
	const struct program *program = session_target(console->session)->program;
	id_list ids;
	TRY(id_list_parse(arguments, session_last_number(console->session), &ids));
	struct table table;
	table_init(&table, COL_COUNT);
	table_right(&table, COL_HITS);
	table_right(&table, COL_LOST);
	for (size_t i = 0; i < COL_COUNT; i++)
		table_cell(&table, "%s", titles[i]);
	size_t count = 0;
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));) {
		if (!is_wanted(p, &ids))
			continue;
		add_probe(&table, p, program);
		count++;
	}
	if (count)
		table_format(&table, out);
	else if (ids.size)
		buffer_printf(out, "No breakpoint or watchpoint matching '%s'.\n", arguments);
	else
		buffer_puts(out, "No breakpoints or watchpoints.\n");
	table_deinit(&table);
	vector_deinit(&ids);
	return NULL;
}

/* -------------------------------------------------------------- aggregates */

static bool is_wanted_of(const void *ids, const struct probe *probe)
{
	return is_wanted(probe, ids);
}

struct error *info_aggregates(struct console *console, const char *arguments, struct buffer *out)
{
	id_list ids;
	TRY(id_list_parse(arguments, session_last_number(console->session), &ids));
	enum output_format format;
	struct buffer *to = report_aggregates(console, out, &format);
	size_t before = to->size;
	struct error *err = NULL;
	for (struct probe *p = NULL; !err && (p = session_next_probe(console->session, p));)
		if (is_wanted(p, &ids))
			err = runtime_aggregates(p, format, to);
	if (!err)
		err = runtime_shared_aggregates(console->runtime, ids.size ? is_wanted_of : NULL,
						&ids, format, to);
	if (!err && to->size == before)
		buffer_printf(out, ids.size ? "No aggregations in '%s'.\n" : "No aggregations.\n",
			      arguments);
	vector_deinit(&ids);
	return err;
}
