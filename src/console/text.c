/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - probes, places and processes in words, GDB's where it has them.
 *
 * Apart because the same places are named by the commands, by notices and in
 * tables, and must read alike everywhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "command.h"

void text_version(struct buffer *out)
{
	buffer_puts(out, "moontap " MOONTAP_VERSION "\n"
			 "License GPLv3+ as linked here (its own source: GPL-2.0-or-later).\n"
			 "There is NO WARRANTY, to the extent permitted by law.\n");
}

void text_name(struct buffer *out, const char *name)
{
	escape_text(out, name, strlen(name), false);
}

void text_cell(struct table *table, struct buffer *text)
{
	CLEANUP(free_p) char *taken = buffer_take(text);
	table_cell(table, "%s", taken);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

void text_place(struct buffer *out, const struct place *place, const struct program *program)
{
	if (place->usdt) {
		text_name(out, place->usdt->whole);
		buffer_puts(out, " in ");
	}
	if (program && place->image != program_executable(program)) {
		text_name(out, base_name(image_name(place->image)));
		buffer_putc(out, ':');
	}
	/* What was split off a function (f.cold) has a name of its own, and so may what it jumps
	 * to. */
	struct function function = place->function;
	bool is_inside = place->address - function.address < function.size;
	if (!function.name ||
	    (!is_inside && !image_function_at(place->image, place->address, &function))) {
		buffer_printf(out, "*0x%" PRIx64, place->address);
		return;
	}
	text_name(out, function.name);
	if (place->address != function.address)
		buffer_printf(out, "+0x%" PRIx64, place->address - function.address);
}

void text_step(struct buffer *out, const struct site *site)
{
	struct place place = {.image = site->place.image, .address = site->leads_to};
	if (site->step == JUMP_IN)
		buffer_puts(out, ", when jumped to");
	if (!site->leads_to)
		return;
	image_function_at(place.image, place.address, &place.function);
	buffer_puts(out, ", to ");
	text_place(out, &place, NULL);
}

void text_line(struct buffer *out, const struct line *line)
{
	if (!line->file)
		return;
	text_name(out, base_name(line->file));
	buffer_printf(out, ":%u", line->number);
}

/* A glob may match what cannot be traced; the rest is placed all the same. */
static void put_skipped(struct buffer *out, const struct probe *probe)
{
	const struct error *first;
	size_t count = probe_skipped(probe, &first);
	if (count)
		buffer_printf(out, "%zu more cannot be traced, the first because: %s\n", count,
			      first->message);
}

/* FILE:LINE of a line without code is placed on the next that has some. */
static void put_moved(struct buffer *out, const struct place *place)
{
	if (!place->line.file || place->line.number == place->wanted_line)
		return;
	buffer_printf(out, "Line %u has no code; the next that has is ", place->wanted_line);
	text_line(out, &place->line);
	buffer_puts(out, ".\n");
}

/* How many of a probe's places are inlined copies of what it is for. */
static size_t count_inlined(const struct probe *probe)
{
	size_t count = 0;
	for (size_t i = 0; i < probe_site_count(probe); i++)
		count += probe_site(probe, i)->place.inlined != NULL;
	return count;
}

static void put_inlined(struct buffer *out, const struct place *place)
{
	buffer_puts(out, ", ");
	text_name(out, place->inlined);
	buffer_puts(out, " inlined");
}

static size_t count_sites(const struct probe *probe, enum jump_step step)
{
	size_t count = 0;
	for (size_t i = 0; i < probe_site_count(probe); i++)
		count += probe_site(probe, i)->step == step;
	return count;
}

/* "f, when it returns (3 exits).", "f*, when they return (2 functions, 3 exits).", "f, when it
 * returns (1 exit; 2 of what is jumped to)." */
static void put_finish(struct buffer *out, const struct probe *probe, const struct program *program)
{
	size_t entries = probe_entry_count(probe), more = count_sites(probe, JUMP_BACK);
	size_t exits = count_sites(probe, JUMP_NONE) + count_sites(probe, JUMP_OUT);
	if (entries == 1)
		text_place(out, &probe_entry(probe, 0)->place, program);
	else
		text_name(out, probe_location(probe));
	buffer_puts(out, entries == 1 ? ", when it returns (" : ", when they return (");
	if (entries > 1)
		buffer_printf(out, "%zu functions, ", entries);
	buffer_printf(out, "%zu exit%s", exits, exits == 1 ? "" : "s");
	if (more)
		buffer_printf(out, "; %zu of what is jumped to", more);
	buffer_puts(out, ").\n");
	put_skipped(out, probe);
}

/* "cover of f (12 lines, 9 sites)." */
static void put_cover(struct buffer *out, const struct probe *probe)
{
	size_t pictures = probe_picture_count(probe), sites = probe_site_count(probe), reached,
	       lines;
	cover_count(probe, &reached, &lines);
	text_name(out, probe_location(probe));
	buffer_puts(out, " (");
	if (pictures > 1)
		buffer_printf(out, "%zu functions, ", pictures);
	buffer_printf(out, "%zu lines, %zu site%s).\n", lines, sites, sites == 1 ? "" : "s");
	if (probe_left_out(probe))
		buffer_printf(out, "%zu more functions match: one cover is of at most %d.\n",
			      probe_left_out(probe), COVER_PICTURES_MAX);
	put_skipped(out, probe);
}

/* "flow of main.* (12 functions)." */
static void put_flow(struct buffer *out, const struct probe *probe)
{
	size_t count = probe_entry_count(probe);
	text_name(out, probe_location(probe));
	buffer_printf(out, " (%zu function%s).\n", count, count == 1 ? "" : "s");
	put_skipped(out, probe);
}

static const char *probe_title(const struct probe *probe)
{
	return probe_kind(probe) == PROBE_TBREAK ? "Temporary tracepoint" : "Tracepoint";
}

static void put_pending(struct buffer *out, const struct probe *probe)
{
	buffer_printf(out, "%s %u (", probe_title(probe), probe_number(probe));
	text_name(out, probe_location(probe));
	buffer_puts(out, ") pending.\n");
}

void text_placed(struct buffer *out, const struct probe *probe, const struct program *program)
{
	if (probe_is_pending(probe)) {
		put_pending(out, probe);
		return;
	}
	if (probe_kind(probe) == PROBE_COVER) {
		buffer_printf(out, "Tracepoint %u: cover of ", probe_number(probe));
		put_cover(out, probe);
		return;
	}
	if (probe_kind(probe) == PROBE_FLOW) {
		buffer_printf(out, "Tracepoint %u: flow of ", probe_number(probe));
		put_flow(out, probe);
		return;
	}
	bool is_finish = probe_entry_count(probe) != 0;
	const struct site *site = is_finish ? probe_entry(probe, 0) : probe_site(probe, 0);
	size_t count = probe_site_count(probe);
	buffer_printf(out, "%s %u at 0x%" PRIx64 ": ", probe_title(probe), probe_number(probe),
		      site->place.address);
	if (is_finish) {
		put_finish(out, probe, program);
		return;
	}
	if (count > 1) {
		text_name(out, probe_location(probe));
		buffer_printf(out, ". (%zu locations", count);
		if (count_inlined(probe))
			buffer_printf(out, ", %zu of them inlined copies", count_inlined(probe));
		buffer_puts(out, ")\n");
		put_moved(out, &site->place);
		put_skipped(out, probe);
		return;
	}
	text_place(out, &site->place, program);
	if (site_line(site)->file) {
		buffer_puts(out, " (");
		text_line(out, site_line(site));
		if (site->place.inlined)
			put_inlined(out, &site->place);
		buffer_putc(out, ')');
	}
	buffer_puts(out, ".\n");
	put_moved(out, &site->place);
	put_skipped(out, probe);
}

const char *text_runs(const struct probe *probe)
{
	const struct plan *plan = probe_plan(probe);
	bool has_predicate = false;
	if (!plan)
		return "-";
	for (size_t i = 0; i < probe_plan_count(probe); i++)
		has_predicate |= probe_plan_at(probe, i)->has_predicate;
	return plan->is_in_kernel ? "kernel" : has_predicate ? "kernel+lua" : "lua";
}

static enum abi go_abi(const struct image *image)
{
	struct function function = {.name = "main.main", .is_go = true};
	return image_abi(image, &function);
}

static void describe_image(struct buffer *out, struct image *image)
{
	const char *go = image_go_version(image);
	if (go) {
		buffer_puts(out, "Go ");
		text_name(out, strncmp(go, "go", 2) ? go : go + 2);
		buffer_puts(out, go_abi(image) == ABI_GO_STACK ? ", stack ABI" : ", register ABI");
	} else {
		buffer_puts(out, "x86-64");
	}
	if (image_has_dwarf(image))
		buffer_puts(out, ", DWARF");
	else
		buffer_puts(out, image_has_functions(image) ? ", function names only"
							    : ", no function names");
}

void text_target(struct buffer *out, const struct target *target)
{
	text_name(out, program_path(target->program));
	if (target->pid)
		buffer_printf(out, " (process %d)", (int)target->pid);
	buffer_puts(out, ": ");
	describe_image(out, program_executable(target->program));
}

void text_ended(struct buffer *out, const struct target *target)
{
	int status = target->exit_status;
	buffer_printf(out, "[process %d ", (int)target->pid);
	if (status == -1)
		buffer_puts(out, "exited]\n");
	else if (WIFSIGNALED(status))
		buffer_printf(out, "killed by signal %d (%s)]\n", WTERMSIG(status),
			      sigdescr_np(WTERMSIG(status)) ?: "real-time signal");
	else
		buffer_printf(out, "exited with status %d]\n", WEXITSTATUS(status));
}

static void put_hidden(void *context, const struct node *name, const struct variable *variable)
{
	struct buffer *out = context;
	buffer_printf(out, name->declaration ? "`%s` is a local of Lua's here" : "`%s` is built in",
		      name->text);
	buffer_printf(out, "; the variable of the target is %s.%s.\n",
		      variable->kind == VARIABLE_PARAMETER ? "arg" : "var", name->text);
}

/* A program's process is told from others by the file that the tracepoint is in. */
static void put_shared(struct buffer *out, const struct probe *probe, const struct target *target)
{
	const struct image *image = probe_site(probe, 0)->place.image;
	if (target->state != TARGET_FILE || image == program_executable(target->program))
		return;
	text_name(out, base_name(image_name(image)));
	buffer_puts(out, " is used by other programs, too: what they call is a hit. With -p PID, "
			 "or run, it is one process.\n");
}

void text_notes(struct buffer *out, const struct probe *probe, const struct target *target)
{
	const struct probe_request *request = probe_request(probe);
	if (probe_is_pending(probe))
		return;
	put_shared(out, probe, target);
	if (request->event)
		return;
	const struct place *place = &probe_site(probe, 0)->place;
	compile_hidden(request->condition, request->block, place->image, place->address, put_hidden,
		       out);
	const struct plan *plan = probe_plan(probe);
	if (plan && plan->doubt) {
		text_name(out, plan->doubt);
		buffer_putc(out, '\n');
	}
}
