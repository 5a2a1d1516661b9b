/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_help.c - help, source, quit.
 *
 * Everything help says comes from the tables of commands and built-in names.
 */
#include <stdio.h>
#include <string.h>

#include "moontap/console.h"

static void help_commands(struct buffer *out)
{
	buffer_puts(out, "Commands (a unique beginning of a name will do):\n\n");
	for (const struct command *c = commands; c->name; c++)
		buffer_printf(out, "  %-12s %-6s %s\n", c->name, c->aliases ? c->aliases : "",
			      c->summary);
	buffer_puts(out,
		    "\nAnything else is Lua; \"= EXPR\" and a bare expression print their value."
		    "\nNames in a block:\n\n");
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		buffer_printf(out, "  %-22s %s\n", b->usage, b->summary);
	buffer_puts(out, "\n\"help NAME\" says more about one of them.\n");
}

static void help_command(const struct command *command, struct buffer *out)
{
	buffer_puts(out, command->name);
	for (const char *p = command->aliases; p && *p; p += strspn(p, " ")) {
		size_t size = strcspn(p, " ");
		buffer_printf(out, ", %.*s", (int)size, p);
		p += size;
	}
	buffer_printf(out, "\n%s\nUsage: %s\n", command->summary, command->usage);
}

static void help_info(struct buffer *out)
{
	buffer_puts(out, "\nSubjects:\n\n");
	for (const struct command *c = info_commands; c->name; c++)
		buffer_printf(out, "  %-28s %s\n", c->usage, c->summary);
}

static const struct builtin *find_builtin(const char *name)
{
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

struct error *cmd_help(struct console *console, const char *arguments, struct buffer *out)
{
	(void)console;
	if (!*arguments) {
		help_commands(out);
		return NULL;
	}
	const struct builtin *builtin = find_builtin(arguments);
	if (builtin) {
		buffer_printf(out, "%s\n%s\n", builtin->usage, builtin->summary);
		return NULL;
	}
	const struct command *command;
	size_t size = strcspn(arguments, " \t");
	TRY(command_find(commands, "", arguments, size, &command));
	if (!command)
		return error_new(ERR_USAGE, "Undefined command: \"%s\".  Try \"help\".", arguments);
	help_command(command, out);
	if (command->run == cmd_info)
		help_info(out);
	return NULL;
}

struct error *cmd_source(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	if (!*arguments)
		return error_new(ERR_USAGE, "source needs the name of a script file");
	CLEANUP(free_p) char *path = words_unquote(arguments);
	return command_run_file(console, path);
}

struct error *cmd_quit(struct console *console, const char *arguments, struct buffer *out)
{
	(void)arguments, (void)out;
	console->wants_quit = true;
	return NULL;
}
