/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.c - lines of input, typed or piped, become texts to run.
 *
 * A text is one line, or as many as its blocks need to be closed. Apart from the
 * prompt because all of this is the same without a terminal.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

bool input_is_open(const struct console *console)
{
	return console->entry.size > 0;
}

void input_cancel(struct console *console)
{
	buffer_clear(&console->entry);
}

static struct error *execute(struct console *console, const char *text)
{
	console->may_ask = console->is_terminal;
	struct error *err = command_execute(console, text);
	console->may_ask = false;
	return err;
}

static void repeat_previous(struct console *console)
{
	if (console->is_terminal && console->previous)
		console_report(console, execute(console, console->previous));
}

/* The command without its place, but with its format: x/4xw. */
static char *advancing(const struct command *command, const char *arguments)
{
	int size = *arguments == '/' ? (int)strcspn(arguments, " \t") : 0;
	/* "list -" goes on backwards. */
	if (!strcmp(arguments, "-"))
		size = 1;
	return xasprintf("%s %.*s", command->name, size, arguments);
}

static void note_previous(struct console *console, const char *text)
{
	const struct command *command = NULL;
	const char *arguments = "";
	error_free(command_parse(text, &command, &arguments));
	free(console->previous);
	console->previous = NULL;
	if (command && command->flags & COMMAND_REPEATS)
		console->previous = xstrdup(text);
	else if (command && command->flags & COMMAND_ADVANCES)
		console->previous = advancing(command, arguments);
}

void input_line(struct console *console, const char *line)
{
	if (!input_is_open(console) && !line[strspn(line, " \t\r")]) {
		repeat_previous(console);
		return;
	}
	if (input_is_open(console))
		buffer_putc(&console->entry, '\n');
	buffer_puts(&console->entry, line);
	struct error *err = execute(console, console->entry.data);
	if (err && err->tag == ERR_INCOMPLETE) {
		error_free(err);
		return;
	}
	console_report(console, err);
	if (console->is_terminal)
		history_remember(console->entry.data);
	note_previous(console, console->entry.data);
	input_cancel(console);
}

/* ------------------------------------------------------- without a terminal */

static bool is_over(const struct console *console)
{
	int status;
	return console->wants_quit || runtime_wants_exit(console->runtime, &status);
}

/* Runs the whole lines received so far. */
static void run_received(struct console *console)
{
	char *start = console->received.data, *newline;
	while (start && !is_over(console) && (newline = strchr(start, '\n'))) {
		*newline = '\0';
		input_line(console, start);
		start = newline + 1;
	}
	if (!start)
		return;
	size_t rest = console->received.size - (size_t)(start - console->received.data);
	memmove(console->received.data, start, rest + 1);
	console->received.size = rest;
}

static void end_of_input(struct console *console)
{
	if (console->received.size) {
		buffer_putc(&console->received, '\n');
		run_received(console);
	}
	if (input_is_open(console))
		console_report(console, execute(console, console->entry.data));
	console->wants_quit = true;
}

void input_ready(struct console *console)
{
	if (console->is_terminal) {
		prompt_read();
		return;
	}
	char *room = buffer_reserve(&console->received, 4096);
	ssize_t got = read(console->input_fd, room, 4095);
	if (got > 0) {
		console->received.size += (size_t)got;
		console->received.data[console->received.size] = '\0';
		run_received(console);
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		end_of_input(console);
	}
}

void input_init(struct console *console)
{
	struct stat st;
	console->input_fd = STDIN_FILENO;
	bool is_known = fstat(console->input_fd, &st) == 0;
	console->is_input_file =
	    !console->is_terminal && !(is_known && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
						    isatty(console->input_fd)));
	if (console->is_terminal)
		prompt_init(console);
}

void input_deinit(struct console *console)
{
	prompt_deinit();
	buffer_deinit(&console->received);
	buffer_deinit(&console->entry);
	free(console->previous);
}
