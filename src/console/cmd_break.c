/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_break.c - break and its kin: statements of the language, which here only get
 * their full names back.
 */
#include <string.h>

#include "command.h"

static struct error *run_statement(struct console *console, const char *keyword,
				   const char *arguments)
{
	if (!*arguments && strcmp(keyword, "every") != 0)
		return error_hint(error_new(ERR_USAGE, "%s needs a location", keyword),
				  "FUNCTION, FUNCTION+OFFSET, FILE:LINE, *ADDRESS, "
				  "MODULE:FUNCTION, a glob or /REGEX/");
	CLEANUP(free_p) char *text = xasprintf("%s %s", keyword, arguments);
	return command_run_text(console, text, false);
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

struct error *cmd_finish(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "finish", arguments);
}

struct error *cmd_dprintf(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "dprintf", arguments);
}

struct error *cmd_every(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "every", arguments);
}

struct error *cmd_flow(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return run_statement(console, "flow", arguments);
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
