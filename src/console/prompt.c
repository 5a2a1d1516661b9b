/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prompt.c - readline: editing, and events above the half-typed line.
 *
 * Readline's state is global, so this file's is too. Readline catches no signal:
 * they come to the event loop like everything else.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <readline/readline.h>

#include "command.h"

static struct {
	struct console *console; /* NULL: there is no prompt in this process */
	bool is_shown;		 /* a prompt is on the screen, its line is being edited */
} prompt;

static void on_line(char *line);

static void show_fresh(void)
{
	const char *text = input_is_open(prompt.console) ? ">" : "(moontap) ";
	prompt.is_shown = true;
	rl_callback_handler_install(text, on_line);
}

/* The end of input closes an open block without running it, or the console. */
static void on_end_of_input(void)
{
	putchar('\n');
	fflush(stdout);
	if (input_is_open(prompt.console))
		input_cancel(prompt.console);
	else
		prompt.console->wants_quit = true;
}

/* While a line runs there is no handler: the terminal is in its usual mode, and
 * what is written needs no care. */
static void on_line(char *line)
{
	int status;
	struct console *console = prompt.console;
	prompt.is_shown = false;
	rl_callback_handler_remove();
	if (line)
		input_line(console, line);
	else
		on_end_of_input();
	rl_free(line);
	error_free(sink_flush(&console->screen));
	if (!console->wants_quit && !runtime_wants_exit(console->runtime, &status))
		show_fresh();
}

void prompt_init(struct console *console)
{
	prompt.console = console;
	rl_readline_name = "moontap";
	rl_instream = stdin;
	rl_outstream = stdout;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	/* Several commands pasted at once are several commands. */
	rl_variable_bind("enable-bracketed-paste", "off");
	complete_init(console);
	history_load(console->settings.history_size);
	error_free(sink_flush(&console->screen));
	show_fresh();
}

void prompt_deinit(void)
{
	if (!prompt.console)
		return;
	prompt_hide();
	rl_callback_handler_remove();
	prompt.is_shown = false;
	if (prompt.console->settings.history_save)
		history_save(prompt.console->settings.history_size);
	prompt.console = NULL;
}

void prompt_read(void)
{
	if (prompt.console)
		rl_callback_read_char();
}

bool prompt_is_shown(void)
{
	return prompt.is_shown;
}

void prompt_hide(void)
{
	if (!prompt.is_shown)
		return;
	rl_clear_visible_line();
	fflush(rl_outstream);
}

void prompt_show(void)
{
	if (!prompt.is_shown)
		return;
	rl_forced_update_display();
	fflush(rl_outstream);
}

void prompt_interrupt(void)
{
	if (!prompt.console)
		return;
	input_cancel(prompt.console);
	prompt.is_shown = false;
	rl_callback_sigcleanup();
	rl_free_line_state();
	rl_callback_handler_remove();
	fputs("Quit\n", stdout);
	show_fresh();
}

void prompt_suspend(void)
{
	if (!prompt.is_shown)
		return;
	rl_deprep_terminal();
	kill(getpid(), SIGSTOP);
	rl_prep_terminal(1);
	rl_forced_update_display();
}

void prompt_resize(void)
{
	if (prompt.is_shown)
		rl_resize_terminal();
}
