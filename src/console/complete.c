/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complete.c - what Tab offers: commands, functions after break and its kin,
 * subjects of info, names in Lua, files.
 *
 * Offers only what is quick to find: the answer must come while a finger is
 * still on the key.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <readline/readline.h>

#include "moontap/console.h"

/* GDB's max-completions. */
#define OFFERED_MAX 200

static struct {
	struct console *console;
	VECTOR(char *) found;
	size_t next;
	const char *wanted;
	size_t wanted_size;
} completion;

static void offer(void *context, const char *candidate)
{
	(void)context;
	if (completion.found.size < OFFERED_MAX &&
	    !strncmp(candidate, completion.wanted, completion.wanted_size))
		vector_push(&completion.found, xstrdup(candidate));
}

/* ---------------------------------------------------------------- what fits */

static void offer_commands(const struct command *rows)
{
	for (const struct command *c = rows; c->name; c++)
		offer(NULL, c->name);
}

static void offer_lua(void)
{
	runtime_complete(completion.console->runtime, completion.wanted, offer, NULL);
}

static void offer_builtins(void)
{
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		offer(NULL, b->name);
}

/* A name with spaces or control bytes cannot be typed as it is. */
static bool is_typable(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}

static bool offer_function(void *context, const struct function *function)
{
	(void)context;
	if (is_typable(function->name))
		offer(NULL, function->name);
	return completion.found.size < OFFERED_MAX;
}

static void offer_module(void *context, struct image *image)
{
	image_each_function(image, offer_function, context);
}

static void offer_functions(void)
{
	struct program *program = session_target(completion.console->session)->program;
	if (program)
		program_each_module(program, offer_module, NULL);
}

/* ------------------------------------------------------------ where we are */

/* The command a line begins with (through "info" to its subject), and where its
 * arguments begin; NULL if there is none yet. */
static const struct command *command_before(const char *line, int cursor, int *ret_arguments)
{
	const struct command *command = NULL;
	const struct command *rows = commands;
	int start = 0;
	do {
		start += (int)strspn(line + start, " \t");
		int size = (int)strcspn(line + start, " \t");
		if (start + size >= cursor)
			break;
		struct error *err = command_find(rows, "", line + start, (size_t)size, &command);
		error_free(err);
		if (err || !command)
			return NULL;
		start += size;
		rows = command->run == cmd_info ? info_commands : NULL;
	} while (rows);
	*ret_arguments = start + (int)strspn(line + start, " \t");
	return command;
}

/* Function names hold '.', '(', '*', ':': only a space ends one. */
static char *word_breaks(void)
{
	static char of_functions[] = " \t\n";
	static char of_lua[] = " \t\n\"'`@$><=;|&{(+-*/%^~#,)}[]!";
	int arguments;
	const struct command *command = command_before(rl_line_buffer, rl_point, &arguments);
	return command && command->flags & (COMMAND_OF_LOCATION | COMMAND_OF_FILE) ? of_functions
										   : of_lua;
}

static char *next_offer(const char *text, int state)
{
	(void)text;
	if (state == 0)
		completion.next = 0;
	return completion.next < completion.found.size ? completion.found.data[completion.next++]
						       : NULL;
}

static void find_offers(int start)
{
	int arguments = 0;
	const struct command *command = command_before(rl_line_buffer, start, &arguments);
	bool is_argument = command && start <= arguments;
	if (!command) {
		if (start == (int)strspn(rl_line_buffer, " \t"))
			offer_commands(commands);
		offer_lua();
	} else if (is_argument && command->run == cmd_info) {
		offer_commands(info_commands);
	} else if (is_argument && command->run == cmd_help) {
		offer_commands(commands);
		offer_builtins();
	} else if (is_argument && command->flags & COMMAND_OF_LOCATION) {
		offer_functions();
	} else if (command->flags & COMMAND_DIALECT) {
		offer_lua();
		offer_builtins();
	}
}

static char **attempt(const char *text, int start, int end)
{
	(void)end;
	int arguments;
	const struct command *command = command_before(rl_line_buffer, start, &arguments);
	if (command && command->flags & COMMAND_OF_FILE)
		return NULL; /* readline's own completion of files */
	rl_attempted_completion_over = 1;
	rl_completion_suppress_append = !command && start > 0;
	completion.wanted = text;
	completion.wanted_size = strlen(text);
	find_offers(start);
	bool is_cut = completion.found.size == OFFERED_MAX;
	char **matches = rl_completion_matches(text, next_offer);
	if (matches && is_cut) {
		/* What the first of many have in common is not what all have. */
		rl_free(matches[0]);
		matches[0] = xstrdup(text);
	}
	vector_deinit(&completion.found); /* the strings are readline's now */
	return matches;
}

void complete_init(struct console *console)
{
	completion.console = console;
	rl_attempted_completion_function = attempt;
	rl_completion_word_break_hook = word_breaks;
	rl_completion_query_items = 0; /* a question would stop the event loop */
	rl_variable_bind("page-completions", "off");
}
