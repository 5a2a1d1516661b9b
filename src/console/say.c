/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * say.c - what a console says on standard error, the questions it asks, and what is written out
 * when.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* ------------------------------------------------------------------ saying */

int console_error_status(const struct error *err)
{
	switch (err->tag) {
	case ERR_PERMISSION:
	case ERR_NO_BPF:
	case ERR_VERIFIER:
	case ERR_ATTACH:
		return 2;
	default:
		return 1;
	}
}

void console_complain(struct console *console, const char *text)
{
	struct buffer escaped = {0};
	escape_text(&escaped, text, strlen(text), true);
	error_free(sink_flush(&console->screen));
	prompt_hide();
	fputs(escaped.data, stderr);
	prompt_show();
	buffer_deinit(&escaped);
}

void console_report(struct console *console, struct error *err)
{
	if (!err)
		return;
	struct buffer text = {0};
	buffer_puts(&text, console->options->is_batch ? "moontap: " : "");
	error_format(err, &text);
	if (err->tag != ERR_DECLINED)
		console_complain(console, text.data);
	buffer_deinit(&text);
	if (!console->status)
		console->status = console_error_status(err);
	error_free(err);
}

bool console_is_reader_gone(const struct console *console)
{
	struct pollfd pipe = {.fd = console->events->fd};
	return poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR;
}

void console_flush(struct console *console)
{
	struct error *err = sink_flush(console->events);
	if (err && console_is_reader_gone(console))
		error_free(err);
	else
		console_report(console, err);
	error_free(sink_flush(&console->screen));
}

void console_begin_command(struct console *console, const char *text)
{
	console_flush(console);
	console->command = text;
}

void console_end_command(struct console *console)
{
	console_flush(console);
	console->command = NULL;
}

/* ------------------------------------------------------------------ asking */

/* Reads one line of a terminal; false if Ctrl-C or the end of input came. */
static bool read_answer(struct console *console, char *ret, size_t size)
{
	struct pollfd fds[] = {{.fd = console->input_fd, .events = POLLIN},
			       {.fd = console->signal_fd, .events = POLLIN}};
	while (poll(fds, 2, -1) < 0)
		;
	if (fds[1].revents) {
		int number = signal_take();
		console->wants_quit |= number == SIGTERM || number == SIGHUP;
		return false;
	}
	ssize_t got = read(console->input_fd, ret, size - 1);
	ret[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* What an empty line means is in brackets among the choices, if it means anything. */
static bool ask(struct console *console, const char *question, const char *choices)
{
	char answer[128] = "";
	for (;;) {
		buffer_printf(&console->screen.pending, "%s %s ", question, choices);
		error_free(sink_flush(&console->screen));
		if (!read_answer(console, answer, sizeof(answer))) {
			buffer_puts(&console->screen.pending, "Quit\n");
			return false;
		}
		if (*answer == 'y' || *answer == 'Y')
			return true;
		if (*answer == 'n' || *answer == 'N' || (*answer == '\n' && strchr(choices, '[')))
			return false;
		buffer_puts(&console->screen.pending, "Please answer y or n.\n");
	}
}

bool console_query(struct console *console, const char *question)
{
	return !console->may_ask || !console->settings.confirm ||
	       ask(console, question, "(y or n)");
}

bool console_query_no(struct console *console, const char *question)
{
	return console->may_ask && console->settings.confirm &&
	       ask(console, question, "(y or [n])");
}
