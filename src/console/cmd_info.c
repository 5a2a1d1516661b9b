/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_info.c - info aggregates, breakpoints, functions, sharedlibrary, symbol, target.
 *
 * Looks, changes nothing.
 */
#include <inttypes.h>
#include <regex.h>
#include <string.h>

#include "moontap/console.h"

/* ------------------------------------------------------------- breakpoints */

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

static void cell_text(struct table *table, struct buffer *text)
{
	CLEANUP(free_p) char *taken = buffer_take(text);
	table_cell(table, "%s", taken);
}

static void cell_site(struct table *table, const struct site *site, const struct program *program)
{
	struct buffer text = {0};
	text_place(&text, &site->place, program);
	if (site->line.file) {
		buffer_puts(&text, " at ");
		text_line(&text, &site->line);
	}
	cell_text(table, &text);
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
	table_cell(table, "%c", probe_is_enabled(probe) ? 'y' : 'n');
	table_cell(table, "0x%" PRIx64, site->place.address);
	table_cell(table, "%" PRIu64, counters.hits);
	table_cell(table, "%" PRIu64, counters.lost);
	table_cell(table, " ");
	cell_site(table, site, program);
}

static void add_probe_row(struct table *table, const struct probe *probe,
			  const struct counters *counters, const struct program *program)
{
	bool is_single = probe_site_count(probe) == 1;
	table_cell(table, "%u", probe_number(probe));
	table_cell(table, probe_kind(probe) == PROBE_DPRINTF ? "dprintf" : "break");
	table_cell(table, "%s", probe_kind(probe) == PROBE_TBREAK ? "del" : "keep");
	table_cell(table, "%c", probe_is_enabled(probe) ? 'y' : 'n');
	if (is_single)
		table_cell(table, "0x%" PRIx64, probe_site(probe, 0)->place.address);
	else
		table_cell(table, "<MULTIPLE>");
	table_cell(table, "%" PRIu64, counters->hits);
	table_cell(table, "%" PRIu64, counters->lost);
	table_cell(table, "%s", text_runs(probe));
	if (is_single) {
		cell_site(table, probe_site(probe, 0), program);
	} else {
		struct buffer text = {0};
		text_name(&text, probe_location(probe));
		cell_text(table, &text);
	}
}

static void add_sub_lines(struct table *table, const struct probe *probe,
			  const struct counters *counters)
{
	if (probe_condition(probe)) {
		struct buffer text = {0};
		text_name(&text, probe_condition(probe));
		CLEANUP(free_p) char *condition = buffer_take(&text);
		table_line(table, "\tstop only if %s", condition);
	}
	if (counters->filtered || counters->throttled)
		table_line(table,
			   "\t%" PRIu64 " filtered, %" PRIu64 " throttled, %" PRIu64 " delivered",
			   counters->filtered, counters->throttled, counters->delivered);
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
	add_error_line(table, probe);
	size_t count = probe_site_count(probe);
	for (size_t i = 0; count > 1 && i < count; i++)
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

static struct error *info_breakpoints(struct console *console, const char *arguments,
				      struct buffer *out)
{
	static const char *const titles[COL_COUNT] = {"Num",  "Type", "Disp", "Enb", "Address",
						      "Hits", "Lost", "Runs", "What"};
	const struct program *program = session_target(console->session)->program;
	id_list ids;
	TRY(id_list_parse(arguments, &ids));
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

static struct error *info_aggregates(struct console *console, const char *arguments,
				     struct buffer *out)
{
	id_list ids;
	TRY(id_list_parse(arguments, &ids));
	size_t before = out->size;
	struct error *err = NULL;
	for (struct probe *p = NULL; !err && (p = session_next_probe(console->session, p));)
		if (is_wanted(p, &ids))
			err = runtime_aggregates(p, out);
	if (!err && out->size == before)
		buffer_printf(out, ids.size ? "No aggregations in '%s'.\n" : "No aggregations.\n",
			      arguments);
	vector_deinit(&ids);
	return err;
}

/* --------------------------------------------------------------- functions */

struct listing {
	struct buffer *out;
	const regex_t *pattern; /* or NULL */
	struct image *image;
	size_t count;
};

static bool list_function(void *context, const struct function *function)
{
	struct listing *listing = context;
	if (listing->pattern && regexec(listing->pattern, function->name, 0, NULL, 0))
		return true;
	if (!listing->count++) {
		buffer_puts(listing->out, "\nFile ");
		text_name(listing->out, image_name(listing->image));
		buffer_puts(listing->out, ":\n");
	}
	buffer_printf(listing->out, "0x%016" PRIx64 "  ", function->address);
	text_name(listing->out, function->name);
	buffer_putc(listing->out, '\n');
	return true;
}

static void list_module(void *context, struct image *image)
{
	struct listing *listing = context;
	listing->image = image;
	listing->count = 0;
	image_each_function(image, list_function, listing);
}

/* As GDB: the program's own, and its libraries' once there is a process. */
static void list_functions(const struct target *target, const regex_t *pattern, struct buffer *out)
{
	struct listing listing = {out, pattern, NULL, 0};
	if (target->pid)
		program_each_module(target->program, list_module, &listing);
	else
		list_module(&listing, program_executable(target->program));
}

static struct error *info_functions(struct console *console, const char *arguments,
				    struct buffer *out)
{
	struct program *program;
	TRY(console_program(console, &program));
	const struct target *target = session_target(console->session);
	if (!*arguments) {
		buffer_puts(out, "All defined functions:\n");
		list_functions(target, NULL, out);
		return NULL;
	}
	regex_t pattern;
	int status = regcomp(&pattern, arguments, REG_EXTENDED | REG_NOSUB);
	if (status) {
		char why[128];
		regerror(status, &pattern, why, sizeof(why));
		return error_new(ERR_USAGE, "Invalid regexp \"%s\": %s", arguments, why);
	}
	buffer_printf(out, "All functions matching regular expression \"%s\":\n", arguments);
	list_functions(target, &pattern, out);
	regfree(&pattern);
	return NULL;
}

/* ----------------------------------------------------------- the small ones */

static void list_library(void *context, struct image *image)
{
	struct table *table = context;
	table_cell(table, "%s",
		   image_has_dwarf(image)	? "DWARF"
		   : image_has_functions(image) ? "names"
						: "none");
	struct buffer name = {0};
	text_name(&name, image_name(image));
	cell_text(table, &name);
}

static struct error *info_sharedlibrary(struct console *console, const char *arguments,
					struct buffer *out)
{
	(void)arguments;
	struct program *program;
	TRY(console_program(console, &program));
	struct table table;
	table_init(&table, 2);
	table_cell(&table, "Symbols");
	table_cell(&table, "Object");
	program_each_module(program, list_library, &table);
	table_format(&table, out);
	table_deinit(&table);
	return NULL;
}

struct symbol_search {
	uint64_t address;
	const struct program *program;
	struct buffer *out;
	bool is_found;
};

static void show_symbol(void *context, struct image *image)
{
	struct symbol_search *search = context;
	struct function function;
	if (!image_function_at(image, search->address, &function))
		return;
	text_name(search->out, function.name);
	if (search->address != function.address)
		buffer_printf(search->out, " + %" PRIu64, search->address - function.address);
	buffer_puts(search->out, " of ");
	text_name(search->out, image_name(image));
	struct line line;
	if (image_line_at(image, search->address, &line)) {
		buffer_puts(search->out, " at ");
		text_line(search->out, &line);
	}
	buffer_putc(search->out, '\n');
	search->is_found = true;
}

/* Addresses are the files' own, so each file may have something there. */
static struct error *info_symbol(struct console *console, const char *arguments, struct buffer *out)
{
	struct program *program;
	TRY(console_program(console, &program));
	char *end;
	uint64_t address = strtoull(arguments, &end, 0);
	if (end == arguments || *end)
		return error_new(ERR_USAGE, "info symbol needs an address");
	struct symbol_search search = {address, program, out, false};
	program_each_module(program, show_symbol, &search);
	if (!search.is_found)
		buffer_printf(out, "No symbol matches %s.\n", arguments);
	return NULL;
}

static struct error *info_target(struct console *console, const char *arguments, struct buffer *out)
{
	static const char *const states[] = {
	    [TARGET_FILE] = "Every process that runs the file is traced.",
	    [TARGET_PROCESS] = "One process is traced; it was not started here.",
	    [TARGET_HELD] = "Started here and held before its first instruction: \"run\".",
	    [TARGET_RUNNING] = "Started here, and running.",
	    [TARGET_EXITED] = "The process has ended.",
	};
	(void)arguments;
	struct program *program;
	TRY(console_program(console, &program));
	const struct target *target = session_target(console->session);
	text_target(out, target);
	buffer_printf(out, "\n%s\n", states[target->state]);
	if (target->state == TARGET_EXITED)
		text_ended(out, target);
	text_facts(out, program_executable(program));
	return NULL;
}

/* ------------------------------------------------------------------- table */

const struct command info_commands[] = {
    {"aggregates", NULL, "info aggregates [NUMBERS]",
     "What count(), hist() and their kin have counted.", info_aggregates, 0},
    {"breakpoints", "b", "info breakpoints [NUMBERS]", "Tracepoints, their places and counts.",
     info_breakpoints, 0},
    {"functions", "fun", "info functions [REGEX]", "Functions, by name.", info_functions,
     COMMAND_OF_FUNCTION},
    {"sharedlibrary", "dll", "info sharedlibrary", "The files the target is made of.",
     info_sharedlibrary, 0},
    {"symbol", NULL, "info symbol ADDRESS", "The function at an address of the file.", info_symbol,
     0},
    {"target", NULL, "info target", "What is traced.", info_target, 0},
    {0},
};

struct error *cmd_info(struct console *console, const char *arguments, struct buffer *out)
{
	if (!*arguments) {
		buffer_puts(out, "List of info subcommands:\n\n");
		for (const struct command *c = info_commands; c->name; c++)
			buffer_printf(out, "  %-28s %s\n", c->usage, c->summary);
		return NULL;
	}
	const struct command *command;
	size_t size = strcspn(arguments, " \t\n");
	TRY(command_find(info_commands, "info ", arguments, size, &command));
	if (!command)
		return error_new(ERR_USAGE, "Undefined info command: \"%.*s\".  Try \"help info\".",
				 (int)size, arguments);
	arguments += size;
	return command->run(console, arguments + strspn(arguments, " \t\n"), out);
}
