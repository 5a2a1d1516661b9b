/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_info.c - the subjects of info, and info target.
 *
 * Looks, changes nothing.
 */
#include <string.h>

#include "moontap/console.h"

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
	return NULL;
}

/* ------------------------------------------------------------------- table */

const struct command info_commands[] = {
    {
	.name = "aggregates",
	.usage = "info aggregates [NUMBERS]",
	.summary = "What count(), hist() and their kin have counted.",
	.run = info_aggregates,
	.flags = COMMAND_OF_NUMBERS,
	.examples = "info aggregates\n",
    },
    {
	.name = "breakpoints",
	.aliases = "b",
	.usage = "info breakpoints [NUMBERS]",
	.summary = "Tracepoints, their places and counts.",
	.run = info_breakpoints,
	.flags = COMMAND_OF_NUMBERS,
	.details = "Hits = filtered + delivered + throttled + lost, exactly.\n",
	.examples = "info breakpoints\n",
    },
    {
	.name = "functions",
	.aliases = "fun",
	.usage = "info functions [REGEX]",
	.summary = "Functions, by name.",
	.run = info_functions,
	.flags = COMMAND_OF_LOCATION,
	.examples = "info functions ^main\\.\n",
    },
    {
	.name = "sharedlibrary",
	.aliases = "dll",
	.usage = "info sharedlibrary",
	.summary = "The files the target is made of.",
	.run = info_sharedlibrary,
	.examples = "info sharedlibrary\n",
    },
    {
	.name = "symbol",
	.usage = "info symbol ADDRESS",
	.summary = "The function at an address of the file.",
	.run = info_symbol,
    },
    {
	.name = "target",
	.usage = "info target",
	.summary = "What is traced.",
	.run = info_target,
	.examples = "info target\n",
    },
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
	return command_run_child(console, "info ", info_commands, arguments, out);
}
