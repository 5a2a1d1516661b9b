/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complete.c - what Tab offers: commands and their subjects, functions and source
 * files, tracepoints, settings, names in Lua, files.
 *
 * Offers only what is quick to find: the answer must come while a finger is
 * still on the key.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <readline/readline.h>

#include "moontap/console.h"

static struct {
	struct console *console;
	VECTOR(char *) found;
	size_t next;
	size_t limit; /* of offers */
	const char *wanted;
	size_t wanted_size;
} completion;

static void offer(void *context, const char *candidate)
{
	(void)context;
	if (completion.found.size < completion.limit &&
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

static bool offer_name(void *context, const char *name)
{
	(void)context;
	offer(NULL, name);
	return completion.found.size < completion.limit;
}

/* Source files only if there is no such function: their tables take longer to read. */
static void offer_locations(void)
{
	struct console *console = completion.console;
	struct program *program = session_target(console->session)->program;
	if (!program)
		return;
	catalog_functions(&console->catalog, program, completion.wanted, offer_name, NULL);
	if (!completion.found.size)
		catalog_sources(&console->catalog, program, completion.wanted, offer_name, NULL);
}

static void offer_numbers(void)
{
	const struct session *session = completion.console->session;
	char number[16];
	for (struct probe *p = NULL; (p = session_next_probe(session, p));) {
		snprintf(number, sizeof(number), "%u", probe_number(p));
		offer(NULL, number);
	}
	offer(NULL, "$bpnum");
}

/* Settings of several words are completed a word at a time. */
static void offer_settings(const char *line, int start, int arguments)
{
	int typed = start - arguments;
	for (const struct setting *s = settings_table; s->name; s++) {
		if (strncmp(s->name, line + arguments, (size_t)typed) != 0)
			continue;
		CLEANUP(free_p)
		char *word = xstrndup(s->name + typed, strcspn(s->name + typed, " "));
		offer(NULL, word);
	}
	if (!typed) {
		offer(NULL, "directories");
		offer(NULL, "substitute-path");
	}
}

static void offer_help(void)
{
	offer_commands(commands);
	for (size_t i = 0; i < CLASS_COUNT; i++)
		offer(NULL, command_classes[i].name);
	offer(NULL, "all");
	offer(NULL, "names");
	offer_builtins();
}

/* ------------------------------------------------------------ where we are */

/* Where the next word begins, behind formats: "x/4xw f", "disassemble /s f". */
static int next_word(const char *line, int at)
{
	at += (int)strspn(line + at, " \t");
	while (line[at] == '/') {
		at += (int)strcspn(line + at, " \t");
		at += (int)strspn(line + at, " \t");
	}
	return at;
}

/* The command a line begins with (through "info" and "help info" to a subject), and where
 * its arguments begin; NULL if there is none yet. */
static const struct command *command_before(const char *line, int cursor, int *ret_arguments)
{
	const struct command *command = NULL, *outer = NULL;
	const struct command *rows = commands;
	int start = next_word(line, 0);
	while (rows) {
		int size = (int)strcspn(line + start, " \t/");
		if (start + size >= cursor)
			break;
		struct error *err = command_find(rows, "", line + start, (size_t)size, &command);
		error_free(err);
		/* "enable 1": the numbers are enable's own. */
		if (err || !command) {
			command = err ? NULL : outer;
			break;
		}
		outer = command;
		start = next_word(line, start + size);
		rows = command->flags & COMMAND_OF_HELP ? commands : command->children;
	}
	*ret_arguments = start;
	return command;
}

/* Is what is completed part of an expression? */
static bool is_in_lua(const struct command *command, int start, int arguments)
{
	if (!command)
		return start > 0;
	return command->flags & COMMAND_OF_LUA ||
	       (start > arguments && command->flags & COMMAND_DIALECT);
}

/* Function names hold '.', '(', '*', ':': only a space ends one. */
static char *word_breaks(void)
{
	static char of_words[] = " \t\n";
	static char of_lua[] = " \t\n\"'`@$><=;|&{(+-*/%^~#,)}[]!";
	int arguments;
	const struct command *command = command_before(rl_line_buffer, rl_point, &arguments);
	return command && command->flags & ~(unsigned)COMMAND_OF_LUA ? of_words : of_lua;
}

static char *next_offer(const char *text, int state)
{
	(void)text;
	if (state == 0)
		completion.next = 0;
	return completion.next < completion.found.size ? completion.found.data[completion.next++]
						       : NULL;
}

static void offer_arguments(const struct command *command, int start, int arguments)
{
	bool is_first = start <= arguments;
	if (is_first && command->children)
		offer_commands(command->children);
	if (is_first && command->flags & COMMAND_OF_HELP)
		offer_help();
	if (is_first && command->flags & COMMAND_OF_LOCATION)
		offer_locations();
	if (command->flags & COMMAND_OF_NUMBERS)
		offer_numbers();
	if (command->flags & COMMAND_OF_SETTING)
		offer_settings(rl_line_buffer, start, arguments);
	if (is_in_lua(command, start, arguments)) {
		offer_lua();
		offer_builtins();
	}
}

static void find_offers(int start)
{
	int arguments = 0;
	const struct command *command = command_before(rl_line_buffer, start, &arguments);
	if (command) {
		offer_arguments(command, start, arguments);
		return;
	}
	if (start == (int)strspn(rl_line_buffer, " \t"))
		offer_commands(commands);
	offer_lua();
}

static char **attempt(const char *text, int start, int end)
{
	(void)end;
	int arguments = 0;
	const struct command *command = command_before(rl_line_buffer, start, &arguments);
	if (command && command->flags & COMMAND_OF_FILE)
		return NULL; /* readline's own completion of files */
	rl_attempted_completion_over = 1;
	completion.limit = completion.console->settings.max_completions ?: SIZE_MAX;
	completion.wanted = text;
	completion.wanted_size = strlen(text);
	find_offers(start);
	bool is_cut = completion.found.size == completion.limit;
	/* A line number follows a file's name, anything a name in Lua. */
	const char *last = completion.found.size ? completion.found.data[0] : "";
	rl_completion_suppress_append =
	    is_in_lua(command, start, arguments) || (*last && last[strlen(last) - 1] == ':');
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
