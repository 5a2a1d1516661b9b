/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_target.c - file, attach, detach, run, kill: what is traced.
 *
 * The session does it; here are the arguments and GDB's way of asking.
 */
#include <string.h>

#include "command.h"

struct error *console_program(struct console *console, struct program **ret)
{
	*ret = session_target(console->session)->program;
	if (*ret)
		return NULL;
	return error_hint(error_new(ERR_NO_TARGET, "No target yet."),
			  "Name one with \"file PROGRAM\" or \"attach PID\".");
}

struct error *console_places(struct console *console, const char *text, place_list *ret)
{
	struct program *program;
	struct location location;
	TRY(console_program(console, &program));
	TRY(location_parse(text, &location));
	struct error *err = location_resolve(&location, program, ret);
	location_deinit(&location);
	return err;
}

/* ------------------------------------------------------------------- words */

void words_free(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}

/* Takes one word from *text; false if a quote is not closed. */
static bool take_word(const char **text, struct buffer *ret)
{
	char quote = 0;
	const char *p = *text;
	for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			buffer_putc(ret, *++p);
		else
			buffer_putc(ret, *p);
	}
	*text = p;
	return !quote;
}

struct error *words_split(const char *first, const char *text, char ***ret)
{
	VECTOR(char *) words = {0};
	bool is_closed = true;
	if (first)
		vector_push(&words, xstrdup(first));
	while (is_closed && *(text += strspn(text, " \t\n"))) {
		struct buffer word = {0};
		is_closed = take_word(&text, &word);
		vector_push(&words, buffer_take(&word));
	}
	vector_push(&words, NULL);
	if (!is_closed) {
		words_free(words.data);
		return error_new(ERR_USAGE, "a quote is not closed");
	}
	*ret = words.data;
	return NULL;
}

char *words_join(char *const *words)
{
	struct buffer text = {0};
	for (char *const *w = words; *w; w++) {
		buffer_puts(&text, w == words ? "" : " ");
		buffer_puts(&text, **w ? "" : "\"\"");
		for (const char *p = *w; *p; p++) {
			if (strchr(" \t\n\"'\\", *p))
				buffer_putc(&text, '\\');
			buffer_putc(&text, *p);
		}
	}
	return buffer_take(&text);
}

char *words_unquote(const char *text)
{
	size_t size = strlen(text);
	bool is_quoted = size >= 2 && (*text == '"' || *text == '\'') && text[size - 1] == *text;
	return xstrndup(text + is_quoted, size - 2 * is_quoted);
}

/* ---------------------------------------------------------------- commands */

struct error *cmd_file(struct console *console, const char *arguments, struct buffer *out)
{
	if (!*arguments)
		return error_new(ERR_USAGE, "file needs the name of a program");
	CLEANUP(free_p) char *path = words_unquote(arguments);
	TRY(session_set_file(console->session, path));
	text_target(out, session_target(console->session));
	buffer_putc(out, '\n');
	return NULL;
}

struct error *cmd_attach(struct console *console, const char *arguments, struct buffer *out)
{
	char *end;
	long pid = strtol(arguments, &end, 10);
	if (end == arguments || *end || pid <= 0 || pid > INT32_MAX)
		return error_new(ERR_USAGE, "attach needs the number of a process");
	TRY(session_attach(console->session, (pid_t)pid));
	text_target(out, session_target(console->session));
	buffer_putc(out, '\n');
	return NULL;
}

struct error *cmd_detach(struct console *console, const char *arguments, struct buffer *out)
{
	pid_t pid = session_target(console->session)->pid;
	if (*arguments)
		return error_new(ERR_USAGE, "detach takes no argument");
	TRY(session_detach(console->session));
	buffer_printf(out, "[process %d detached]\n", (int)pid);
	return NULL;
}

static struct error *launch(struct console *console, const char *arguments)
{
	struct program *program;
	TRY(console_program(console, &program));
	char **words = NULL;
	TRY(words_split(program_path(program), arguments, &words));
	struct error *err = session_launch(console->session, words);
	words_free(words);
	return err;
}

/* The program that is held or has ended goes on with the arguments it has, unless `run`
 * or `set args` has said others. */
static struct error *launch_if_needed(struct console *console)
{
	const char *args = console->settings.args;
	bool is_same = console->launched_args && !strcmp(console->launched_args, args);
	if (session_target(console->session)->state != TARGET_FILE && is_same)
		return NULL;
	TRY(launch(console, args));
	free(console->launched_args);
	console->launched_args = xstrdup(args);
	return NULL;
}

struct error *cmd_run(struct console *console, const char *arguments, struct buffer *out)
{
	const struct target *target = session_target(console->session);
	if (target->state == TARGET_RUNNING)
		return error_hint(error_new(ERR_USAGE, "The program is already running."),
				  "\"kill\" ends it.");
	if (target->state == TARGET_PROCESS)
		return error_hint(
		    error_new(ERR_USAGE, "Process %d is running already.", (int)target->pid),
		    "\"detach\" leaves it alone again.");
	if (*arguments)
		TRY(setting_set(&console->settings, setting_args(), arguments));
	TRY(launch_if_needed(console));
	TRY(session_run(console->session));
	buffer_printf(out, "[process %d started]\n", (int)session_target(console->session)->pid);
	return NULL;
}

struct error *cmd_kill(struct console *console, const char *arguments, struct buffer *out)
{
	const struct target *target = session_target(console->session);
	if (*arguments)
		return error_new(ERR_USAGE, "kill takes no argument");
	if (target->state != TARGET_RUNNING)
		return error_hint(error_new(ERR_USAGE, "The program is not being run."),
				  "Only a program that \"run\" started can be killed.");
	if (!console_query(console, "Kill the program being run?"))
		return NULL;
	pid_t pid = target->pid;
	TRY(session_kill(console->session));
	buffer_printf(out, "[process %d killed]\n", (int)pid);
	return NULL;
}
