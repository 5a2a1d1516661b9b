/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - what the console tells of probes and says itself: in words, or as records, one
 * JSON object a line (docs/json.md).
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* ------------------------------------------------------------------- in words */

static void complain_of_notes(struct console *console, const struct probe *probe)
{
	struct buffer notes = {0};
	text_notes(&notes, probe, session_target(console->session));
	if (notes.size)
		console_complain(console, notes.data);
	buffer_deinit(&notes);
}

static void announce(struct console *console, const struct probe *probe)
{
	struct buffer *out = console->out ? console->out : &console->screen.pending;
	const struct target *target = session_target(console->session);
	text_placed(out, probe, target->program);
	text_notes(out, probe, target);
}

static void say_placed(struct console *console, const struct probe *probe)
{
	if (console->announces)
		announce(console, probe);
	else
		complain_of_notes(console, probe);
}

static void complain_of_losses(struct console *console, const struct probe *probe)
{
	struct counters counters;
	struct buffer text = {0};
	probe_counters(probe, &counters);
	if (!counters.lost)
		return;
	buffer_printf(&text, "moontap: %" PRIu64 " of %" PRIu64 " hits of tracepoint %u (",
		      counters.lost, counters.hits, probe_number(probe));
	text_name(&text, probe_location(probe));
	buffer_puts(&text, ") were lost; a larger --ring-size may hold them\n");
	console_complain(console, text.data);
	buffer_deinit(&text);
}

/* ------------------------------------------------------------------ as records */

static void put_text(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, ",\"%s\":", name);
	if (text)
		json_text(out, text, strlen(text));
	else
		buffer_puts(out, "null");
}

static void put_truth(struct buffer *out, const char *name, bool is_true)
{
	buffer_printf(out, ",\"%s\":%s", name, is_true ? "true" : "false");
}

static void put_count(struct buffer *out, const char *name, uint64_t count)
{
	buffer_printf(out, ",\"%s\":%" PRIu64, name, count);
}

static void put_counters(struct buffer *out, const struct counters *counters)
{
	put_count(out, "hits", counters->hits);
	put_count(out, "filtered", counters->filtered);
	put_count(out, "throttled", counters->throttled);
	put_count(out, "delivered", counters->delivered);
	put_count(out, "lost", counters->lost);
}

/* "address":"0x1139","func":"main","offset":4,"file":"t.c","line":3; "usdt":"a:b" of a static
 * probe */
static void put_site(struct buffer *out, const struct site *site)
{
	const struct place *place = &site->place;
	const struct line *line = site_line(site);
	buffer_printf(out, "\"address\":\"0x%" PRIx64 "\"", place->address);
	put_text(out, "func", place->function.name);
	if (place->function.name && place->address - place->function.address < place->function.size)
		put_count(out, "offset", place->address - place->function.address);
	else
		put_text(out, "offset", NULL);
	put_text(out, "file", line->file);
	if (line->file)
		put_count(out, "line", line->number);
	else
		put_text(out, "line", NULL);
	if (place->usdt)
		put_text(out, "usdt", place->usdt->whole);
}

static void put_sites(struct buffer *out, const struct probe *probe, bool has_counts)
{
	buffer_puts(out, ",\"sites\":[");
	for (size_t i = 0; i < probe_site_count(probe); i++) {
		struct counters counters;
		buffer_puts(out, i ? ",{" : "{");
		put_site(out, probe_site(probe, i));
		probe_site_counters(probe, i, &counters);
		if (has_counts)
			put_counters(out, &counters);
		buffer_putc(out, '}');
	}
	buffer_putc(out, ']');
}

static const char *kind_name(enum probe_kind kind)
{
	static const char *const names[] = {
	    [PROBE_BREAK] = "break",   [PROBE_TBREAK] = "tbreak",   [PROBE_RBREAK] = "rbreak",
	    [PROBE_FINISH] = "finish", [PROBE_DPRINTF] = "dprintf", [PROBE_COVER] = "cover",
	    [PROBE_FLOW] = "flow",
	};
	return names[kind];
}

static void begin_probe(struct buffer *out, const char *type, const struct probe *probe)
{
	buffer_printf(out, "{\"type\":\"%s\",\"probe\":%u", type, probe_number(probe));
	put_text(out, "kind", kind_name(probe_kind(probe)));
	put_text(out, "where", probe_location(probe));
}

/* Who types at a terminal, and a script that asks by command(), reads text all the same. */
static bool is_read_as_text(const struct console *console)
{
	return console->is_captured || console->is_terminal;
}

static void record_placed(struct console *console, const struct probe *probe)
{
	struct buffer *out = &console->events->pending;
	const struct error *skipped;
	begin_probe(out, "placed", probe);
	put_text(out, "condition", probe_condition(probe));
	put_text(out, "runs", probe_is_pending(probe) ? NULL : text_runs(probe));
	put_truth(out, "pending", probe_is_pending(probe));
	put_count(out, "skipped", probe_skipped(probe, &skipped));
	put_sites(out, probe, false);
	buffer_puts(out, "}\n");
	if (is_read_as_text(console) && console->announces)
		announce(console, probe);
	else
		complain_of_notes(console, probe);
}

static void put_call_losses(struct buffer *out, const struct probe *probe)
{
	struct call_losses losses;
	probe_call_losses(probe, &losses);
	put_count(out, "unpaired", losses.unpaired);
	put_count(out, "left", losses.left);
	put_count(out, "pushed_out", losses.pushed_out);
}

/* {"line":19,"count":4}, {"line":20,"count":null,"reason":"..."}; without lines, of a block:
 * {"address":"0x1139","count":4} */
static void put_cover_line(struct buffer *out, const struct cover_line *line, uint64_t count)
{
	if (line->number)
		buffer_printf(out, "{\"line\":%u", line->number);
	else
		buffer_printf(out, "{\"address\":\"0x%" PRIx64 "\"", line->address);
	if (line->reason) {
		buffer_puts(out, ",\"count\":null");
		put_text(out, "reason", line->reason);
	} else {
		put_count(out, "count", count);
	}
	buffer_putc(out, '}');
}

static void put_pictures(struct buffer *out, const struct probe *probe)
{
	buffer_puts(out, ",\"pictures\":[");
	for (size_t i = 0; i < probe_picture_count(probe); i++) {
		struct cover_picture picture = probe_picture(probe, i);
		buffer_puts(out, i ? ",{\"func\":" : "{\"func\":");
		json_text(out, picture.function, strlen(picture.function));
		put_text(out, "file", picture.file);
		buffer_puts(out, ",\"lines\":[");
		for (size_t k = 0; k < picture.line_count; k++) {
			uint64_t count;
			const struct cover_line *line = probe_cover_line(probe, i, k, &count);
			buffer_puts(out, k ? "," : "");
			put_cover_line(out, line, count);
		}
		buffer_puts(out, "]}");
	}
	buffer_putc(out, ']');
}

static void record_ended(struct console *console, const struct probe *probe)
{
	struct buffer *out = &console->events->pending;
	struct counters counters;
	probe_counters(probe, &counters);
	begin_probe(out, "probe", probe);
	put_truth(out, "enabled", probe_is_enabled(probe));
	put_counters(out, &counters);
	put_count(out, "errors", runtime_errors(probe));
	if (probe_kind(probe) == PROBE_FINISH || probe_kind(probe) == PROBE_FLOW)
		put_call_losses(out, probe);
	if (probe_kind(probe) == PROBE_COVER)
		put_pictures(out, probe);
	put_sites(out, probe, true);
	buffer_puts(out, "}\n");
	complain_of_losses(console, probe);
}

void report_wrap(void *context, struct buffer *pending)
{
	const struct console *console = context;
	struct buffer record = {0};
	if (!pending->size)
		return;
	bool is_whole = pending->data[pending->size - 1] == '\n';
	buffer_puts(&record, "{\"type\":\"output\"");
	put_text(&record, "command", console->command);
	buffer_puts(&record, ",\"text\":");
	json_text(&record, pending->data, pending->size - is_whole);
	buffer_puts(&record, is_whole ? "}\n" : ",\"partial\":true}\n");
	buffer_deinit(pending);
	*pending = record;
}

struct buffer *report_aggregates(struct console *console, struct buffer *out,
				 enum output_format *ret)
{
	*ret = is_read_as_text(console) ? OUTPUT_TEXT : console->options->format;
	return *ret == OUTPUT_TEXT ? out : &console->events->pending;
}

const struct report reports[] = {
    [OUTPUT_TEXT] = {say_placed, complain_of_losses},
    [OUTPUT_JSON] = {record_placed, record_ended},
};
