/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_info.c - the subjects of info, and info target.
 *
 * Looks, changes nothing.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

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

/* What /proc says of the process. */
static void put_link(struct buffer *out, pid_t pid, const char *name)
{
	char path[64], target[PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	ssize_t size = readlink(path, target, sizeof(target));
	if (size < 0)
		return;
	buffer_printf(out, "%s = '", name);
	escape_text(out, target, (size_t)size, false);
	buffer_puts(out, "'\n");
}

static void put_command_line(struct buffer *out, pid_t pid)
{
	char path[64], words[4096];
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, words, sizeof(words));
	if (size <= 0)
		return;
	for (ssize_t i = 0; i + 1 < size; i++)
		words[i] = words[i] ? words[i] : ' ';
	buffer_puts(out, "cmdline = '");
	escape_text(out, words, (size_t)size - !words[size - 1], false);
	buffer_puts(out, "'\n");
}

static void put_mapping(struct buffer *out, char *line)
{
	unsigned long long start, end, offset;
	char flags[5];
	int path = 0;
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, flags, &offset, &path) < 4)
		return;
	buffer_printf(out, "%#18llx %#18llx %#10llx %#10llx  %s   ", start, end, end - start,
		      offset, flags);
	text_name(out, line + path);
	buffer_putc(out, '\n');
}

static struct error *put_mappings(struct buffer *out, pid_t pid)
{
	CLEANUP(free_p) char *path = xasprintf("/proc/%d/maps", (int)pid);
	CLEANUP(free_p) char *line = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return error_new(ERR_OS, "%s: %m", path);
	buffer_puts(
	    out, "Mapped address spaces:\n\n"
		 "        Start Addr           End Addr       Size     Offset  Perms  objfile\n");
	while (getline(&line, &size, file) > 0)
		put_mapping(out, line);
	fclose(file);
	return NULL;
}

static struct error *info_proc(struct console *console, const char *arguments, struct buffer *out)
{
	const struct target *target = session_target(console->session);
	bool is_of_mappings = *arguments && !strncmp("mappings", arguments, strlen(arguments));
	if (*arguments && !is_of_mappings)
		return error_new(ERR_USAGE,
				 "Invalid \"info proc\" argument: \"%s\"; there is "
				 "\"info proc mappings\"",
				 arguments);
	if (!target->pid || target->state == TARGET_EXITED)
		return error_new(ERR_NO_PROCESS, "No current process: attach to one, or run one.");
	buffer_printf(out, "process %d\n", (int)target->pid);
	if (is_of_mappings)
		return put_mappings(out, target->pid);
	put_command_line(out, target->pid);
	put_link(out, target->pid, "cwd");
	put_link(out, target->pid, "exe");
	return NULL;
}

/* ------------------------------------------------------------------- table */

const struct command info_commands[] = {
    {
	.name = "address",
	.usage = "info address SYMBOL",
	.summary = "Where a function is.",
	.run = info_address,
	.flags = COMMAND_OF_LOCATION,
	.examples = "info address main.neatFunction\n",
    },
    {
	.name = "aggregates",
	.usage = "info aggregates [NUMBERS]",
	.summary = "What count(), hist() and their kin have counted, and the script's aggregates.",
	.run = info_aggregates,
	.flags = COMMAND_OF_NUMBERS,
	.examples = "info aggregates\n",
    },
    {
	.name = "args",
	.usage = "info args LOCATION",
	.summary = "The arguments of a function, and where they are at a place.",
	.run = info_args,
	.flags = COMMAND_OF_LOCATION,
	.examples = "info args main.neatFunction\n",
    },
    {
	.name = "breakpoints",
	.aliases = "b tracepoints tp",
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
	.name = "line",
	.usage = "info line LOCATION",
	.summary = "The addresses of a source line's code, and back.",
	.run = info_line,
	.flags = COMMAND_OF_LOCATION,
	.details = "\"x/i\" then goes on from there.\n",
	.examples = "info line main.go:23\ninfo line main.neatFunction\n",
    },
    {
	.name = "locals",
	.usage = "info locals LOCATION",
	.summary = "The variables of a function, and where they are at a place.",
	.run = info_locals,
	.flags = COMMAND_OF_LOCATION,
	.examples = "info locals main.main\n",
    },
    {
	.name = "probes",
	.usage = "info probes [stap|all] [PROVIDER [NAME [OBJECT]]]",
	.summary = "Static probes (USDT) of the program and its libraries.",
	.run = info_probes,
	.details = "PROVIDER, NAME and OBJECT, the file, are regular expressions. \"break -probe\n"
		   "PROVIDER:NAME\" traces one, \"info scope -probe NAME\" lists its arguments.\n",
	.examples = "info probes\ninfo probes stap . start\n",
	.children = probes_commands,
    },
    {
	.name = "proc",
	.usage = "info proc [mappings]",
	.summary = "The process that is traced: command line, directory, program; its memory.",
	.run = info_proc,
    },
    {
	.name = "scope",
	.usage = "info scope LOCATION",
	.summary = "What can be read at a place, and where it lives.",
	.run = info_scope,
	.flags = COMMAND_OF_LOCATION,
	.examples = "info scope main.neatFunction\n",
    },
    {
	.name = "settings",
	.aliases = "set",
	.usage = "info settings",
	.summary = "All settings, as \"show\".",
	.run = info_settings,
	.examples = "info settings\n",
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
	.name = "source",
	.usage = "info source",
	.summary = "The source file that was listed last.",
	.run = info_source,
	.examples = "info source\n",
    },
    {
	.name = "sources",
	.usage = "info sources [REGEX]",
	.summary = "The source files the program was made of.",
	.run = info_sources,
	.examples = "info sources main\n",
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
    {
	.name = "types",
	.usage = "info types [REGEX]",
	.summary = "Types, by the files that define them.",
	.run = info_types,
	.examples = "info types point\n",
    },
    {
	.name = "variables",
	.usage = "info variables [REGEX]",
	.summary = "Variables outside of functions, by file, and data without debug information.",
	.run = info_variables,
	.examples = "info variables ^main\\.\n",
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
