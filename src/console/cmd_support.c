/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_support.c - source, echo, pwd, shell, quit.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

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

static char escaped(char letter)
{
	static const char letters[] = "abefnrtv", bytes[] = "\a\b\033\f\n\r\t\v";
	const char *at = letter ? strchr(letters, letter) : NULL;
	return at ? bytes[at - letters] : letter;
}

/* A person's own text: escapes reach the terminal, as they are meant to. */
struct error *cmd_echo(struct console *console, const char *arguments, struct buffer *out)
{
	(void)console;
	for (const char *p = arguments; *p; p++) {
		if (*p == '\\' && p[1])
			buffer_putc(out, escaped(*++p));
		else if (*p != '\\')
			buffer_putc(out, *p);
	}
	return NULL;
}

struct error *cmd_pwd(struct console *console, const char *arguments, struct buffer *out)
{
	(void)console;
	if (*arguments)
		return error_new(ERR_USAGE, "The \"pwd\" command does not take an argument: %s",
				 arguments);
	CLEANUP(free_p) char *path = getcwd(NULL, 0);
	if (!path)
		return error_new(ERR_OS, "Error finding name of working directory: %s",
				 strerror(errno));
	buffer_puts(out, "Working directory ");
	text_name(out, path);
	buffer_puts(out, ".\n");
	return NULL;
}

/* The command is the terminal's, until it ends. */
struct error *cmd_shell(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	if (!console->options->is_unsafe)
		return error_hint(error_new(ERR_USAGE, "shell is not permitted"),
				  "Start moontap with --unsafe to run other programs.");
	const char *shell = getenv("SHELL") ?: "/bin/sh";
	error_free(sink_flush(&console->screen));
	int status = system(*arguments ? arguments : shell);
	if (status == -1)
		return error_new(ERR_OS, "%s: %s", shell, strerror(errno));
	return NULL;
}
