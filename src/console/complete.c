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

#include "command.h"

static struct {
	struct console *console;
	VECTOR(char *) found;	   /* each once */
	size_t *slots, slot_count; /* of a table of hashes: index in found + 1, 0 is free */
	size_t next;
	size_t limit; /* of offers */
	const char *wanted;
	size_t wanted_size;
} completion;

/* Where a candidate is among those found, or the free place for it. */
static size_t slot_of(const char *candidate)
{
	size_t hash = 0;
	for (const char *p = candidate; *p; p++)
		hash = hash * 31 + (unsigned char)*p;
	for (;; hash++) {
		size_t slot = hash % completion.slot_count, index = completion.slots[slot];
		if (!index || !strcmp(completion.found.data[index - 1], candidate))
			return slot;
	}
}

static void grow_slots(void)
{
	free(completion.slots);
	completion.slot_count = 2 * completion.slot_count + 64;
	completion.slots = xcalloc(completion.slot_count, sizeof(*completion.slots));
	for (size_t i = 0; i < completion.found.size; i++)
		completion.slots[slot_of(completion.found.data[i])] = i + 1;
}

static void offer(void *context, const char *candidate)
{
	(void)context;
	if (completion.found.size >= completion.limit ||
	    strncmp(candidate, completion.wanted, completion.wanted_size) != 0)
		return;
	if (2 * completion.found.size >= completion.slot_count)
		grow_slots();
	size_t slot = slot_of(candidate);
	if (completion.slots[slot])
		return;
	vector_push(&completion.found, xstrdup(candidate));
	completion.slots[slot] = completion.found.size;
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
	catalog_functions(program, completion.wanted, offer_name, NULL);
	if (!completion.found.size)
		catalog_sources(&console->catalog, program, completion.wanted, offer_name, NULL);
}

/* Is what begins at start the word behind -probe? */
static bool is_behind_probe(const char *line, int start, int arguments)
{
	static const char *const words[] = {"-probe", "-p", "-probe-stap", "-pstap"};
	size_t size = strcspn(line + arguments, " \t");
	size_t next = size + strspn(line + arguments + size, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == size && !strncmp(words[i], line + arguments, size))
			return next > size && arguments + (int)next == start;
	return false;
}

static void offer_probes(void)
{
	struct program *program = session_target(completion.console->session)->program;
	if (program)
		catalog_probes(program, completion.wanted, offer_name, NULL);
}

/* The words of locations whose parts have names. */
static void offer_location_words(void)
{
	static const char *const words[] = {"-function", "-label", "-line", "-probe", "-source"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		offer(NULL, words[i]);
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

static unsigned word_count(const char *text)
{
	unsigned count = 0;
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		text += strcspn(text, " \t");
		count++;
	}
	return count;
}

static void offer_value(const struct setting *setting)
{
	if (setting->kind == SETTING_COUNT && !setting->most)
		offer(NULL, "unlimited");
	for (size_t i = 0; setting->kind == SETTING_AUTO && auto_words[i]; i++)
		offer(NULL, auto_words[i]);
	if (setting->kind == SETTING_BOOLEAN) {
		offer(NULL, "off");
		offer(NULL, "on");
	}
}

/* Settings of several words are completed a word at a time, then what they can be set to. */
static void offer_settings(const char *line, int start, int arguments, bool is_set)
{
	int typed = start - arguments;
	CLEANUP(free_p) char *name = xstrndup(line + arguments, (size_t)typed);
	const struct setting *setting = NULL;
	const char *rest = "";
	struct error *err = typed ? setting_find(name, &setting, &rest) : NULL;
	error_free(err);
	if (!err && setting && is_set && word_count(name) == word_count(setting->name)) {
		offer_value(setting);
		return;
	}
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

/* With the lines before, if a block is open. */
static void offer_data(void)
{
	const struct buffer *entry = &completion.console->entry;
	CLEANUP(free_p)
	char *text = xasprintf("%s%.*s", entry->size ? entry->data : "", rl_point, rl_line_buffer);
	offers_of_data(completion.console, text, completion.wanted, offer, NULL);
}

/* The name of a recipe, then its arguments: what was typed behind "recipe run". */
static void offer_recipe(int arguments)
{
	CLEANUP(free_p)
	char *typed = xstrndup(rl_line_buffer + arguments, (size_t)(rl_point - arguments));
	struct buffer offers = {0};
	error_free(runtime_call_module(completion.console->runtime, "moontap.recipe", "complete",
				       typed, &offers));
	char *rest = offers.data;
	for (char *line; rest && (line = strsep(&rest, "\n"));)
		if (*line)
			offer(NULL, line);
	buffer_deinit(&offers);
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
	       (start > arguments && command->flags & COMMAND_DIALECT &&
		!is_behind_probe(rl_line_buffer, start, arguments));
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
	if (command->flags & COMMAND_OF_LOCATION &&
	    is_behind_probe(rl_line_buffer, start, arguments))
		offer_probes();
	if (is_first && command->flags & COMMAND_OF_LOCATION) {
		offer_locations();
		if (*completion.wanted == '-')
			offer_location_words();
	}
	if (command->flags & COMMAND_OF_NUMBERS)
		offer_numbers();
	if (command->flags & COMMAND_OF_SETTING)
		offer_settings(rl_line_buffer, start, arguments, !strcmp(command->name, "set"));
	if (command->flags & COMMAND_OF_DATA)
		offer_data();
	if (command->flags & COMMAND_OF_RECIPE)
		offer_recipe(arguments);
	if (is_in_lua(command, start, arguments)) {
		offer_data();
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
	if (completion.console->entry.size) {
		offer_data();
		offer_builtins();
	}
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
	/* A line number follows a file's name, a value an argument's, anything a name in Lua. */
	const char *last = completion.found.size ? completion.found.data[0] : "";
	rl_completion_suppress_append =
	    is_in_lua(command, start, arguments) || (*last && strchr(":=", last[strlen(last) - 1]));
	char **matches = rl_completion_matches(text, next_offer);
	if (matches && is_cut) {
		/* What the first of many have in common is not what all have. */
		rl_free(matches[0]);
		matches[0] = xstrdup(text);
	}
	free(completion.slots);
	completion.slots = NULL;
	completion.slot_count = 0;
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
