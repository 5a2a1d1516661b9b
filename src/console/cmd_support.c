/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_support.c - source, quit.
 */
#include "moontap/console.h"

struct error *cmd_source(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	if (!*arguments)
		return error_new(ERR_USAGE, "source command requires file name of file to source.");
	CLEANUP(free_p) char *path = words_unquote(arguments);
	return command_run_file(console, path);
}

struct error *cmd_quit(struct console *console, const char *arguments, struct buffer *out)
{
	(void)arguments, (void)out;
	console->wants_quit = true;
	return NULL;
}
