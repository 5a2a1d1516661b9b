/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.c - what becomes of a text: a command by its name, alias or unique
 * prefix, else Lua.
 */
#include <ctype.h>
#include <string.h>

#include "command.h"

bool word_is_among(const char *words, const char *word, size_t size)
{
	for (const char *p = words; p && *p; p += strspn(p, " ")) {
		size_t length = strcspn(p, " ");
		if (length == size && !memcmp(p, word, size))
			return true;
		p += length;
	}
	return false;
}

static const struct command *find_exact(const struct command *rows, const char *word, size_t size)
{
	for (const struct command *c = rows; c->name; c++)
		if (word_is_among(c->name, word, size) || word_is_among(c->aliases, word, size))
			return c;
	return NULL;
}

/* The name or alias that the word begins; NULL if there is none. */
static const char *begun_name(const struct command *command, const char *word, size_t size)
{
	if (!strncmp(command->name, word, size))
		return command->name;
	for (const char *p = command->aliases; p && *p; p += strspn(p, " ")) {
		if (!strncmp(p, word, size))
			return p;
		p += strcspn(p, " ");
	}
	return NULL;
}

struct error *command_find(const struct command *rows, const char *kind, const char *word,
			   size_t size, const struct command **ret)
{
	*ret = size ? find_exact(rows, word, size) : NULL;
	if (*ret || !size || command_absent(rows, word, size))
		return NULL;
	struct buffer names = {0};
	unsigned count = 0;
	for (const struct command *c = rows; c->name; c++) {
		const char *name = begun_name(c, word, size);
		if (!name)
			continue;
		buffer_printf(&names, "%s%.*s", count++ ? ", " : "", (int)strcspn(name, " "), name);
		*ret = c;
	}
	struct error *err = NULL;
	if (count > 1) {
		err = error_new(ERR_USAGE, "Ambiguous %scommand \"%.*s\": %s.", kind, (int)size,
				word, names.data);
		*ret = NULL;
	}
	buffer_deinit(&names);
	return err;
}

/* Does what follows the first word make the text Lua: f(x), x = 1, x.y, x[1] ? */
static bool makes_lua(const char *after)
{
	if (*after && strchr(".:[,({\"'", *after))
		return true;
	after += strspn(after, " \t");
	/* "a, b = 1, 2"; but "list ,20" */
	return *after == '=' || *after == '(' || (*after == ',' && strchr(after, '='));
}

static size_t word_size(const char *text)
{
	size_t size = 0;
	while (isalnum((unsigned char)text[size]) || text[size] == '_')
		size++;
	return size;
}

struct error *command_parse(const char *text, const struct command **ret_command,
			    const char **ret_arguments)
{
	text += strspn(text, " \t\n");
	if (*text == '!') {
		*ret_command = find_exact(commands, "shell", strlen("shell"));
		*ret_arguments = text + 1 + strspn(text + 1, " \t");
		return NULL;
	}
	size_t size = word_size(text);
	const char *after = text + size;
	const struct command *command = find_exact(commands, text, size);
	/* "b (*T).method" is a location, "(T)" after a Lua name a call. */
	/* So is "p (*list).next": Lua has no p. */
	bool is_statement =
	    command &&
	    (command->flags & COMMAND_DIALECT || (command->flags & COMMAND_OF_LUA && size == 1)) &&
	    (!*after || isspace((unsigned char)*after)) && after[strspn(after, " \t")] != '=';
	*ret_command = NULL;
	if (!is_statement && makes_lua(after))
		return NULL;
	TRY(command_find(commands, "", text, size, ret_command));
	*ret_arguments = after + strspn(after, " \t");
	return NULL;
}

/* ------------------------------------------------------------------ running */

static struct error *hint_at(struct error *err, const char *kind, const struct command *rows,
			     const char *word, size_t size)
{
	const char *absent_one = command_absent(rows, word, size);
	if (absent_one)
		return error_hint(err, "%s", absent_one);
	CLEANUP(free_p) char *wanted = xstrndup(word, size);
	struct nearest near = {.wanted = wanted};
	struct buffer names = {0};
	for (const struct command *c = rows; size > 1 && c->name; c++)
		nearest_offer(&near, c->name);
	nearest_format(&near, &names);
	if (names.size)
		error_hint(err, "Did you mean %s%s?", kind, names.data);
	buffer_deinit(&names);
	nearest_deinit(&near);
	return err;
}

/* "reverse-step" is a word of GDB's, "a-b" of names that Lua knows is a difference. */
static size_t command_size(const char *text)
{
	size_t size = word_size(text);
	while (size && text[size] == '-' && isalpha((unsigned char)text[size + 1]))
		size += 1 + word_size(text + size + 1);
	return size;
}

struct error *command_undefined(const char *kind, const struct command *rows, const char *text)
{
	size_t size = rows == commands ? command_size(text) : 0;
	if (!size)
		size = strcspn(text, " \t\n");
	struct buffer word = {0};
	escape_text(&word, text, size, false);
	const char *end = *kind ? kind : "";
	struct error *err =
	    error_new(ERR_USAGE, "Undefined %scommand: \"%s\".  Try \"help%s%.*s\".", kind,
		      word.data, *kind ? " " : "", *end ? (int)strlen(end) - 1 : 0, end);
	buffer_deinit(&word);
	return hint_at(err, kind, rows, text, size);
}

struct name_search {
	const char *name;
	size_t size;
	bool is_found;
};

static void compare_name(void *context, const char *candidate)
{
	struct name_search *search = context;
	if (!strncmp(candidate, search->name, search->size) && !candidate[search->size])
		search->is_found = true;
}

bool command_is_lua_name(struct console *console, const char *text, size_t size)
{
	CLEANUP(free_p) char *name = xstrndup(text, size);
	struct name_search search = {name, size, false};
	runtime_complete(console->runtime, name, compare_name, &search);
	return search.is_found;
}

/* "foo" and "foo bar", where Lua knows no foo, were meant as commands. */
static bool looks_like_command(struct console *console, const char *text)
{
	static const char *const statements[] = {
	    "do", "dprintf", "every", "false", "finish", "for",	   "function", "goto",
	    "if", "local",   "nil",   "not",   "repeat", "return", "true",     "while"};
	size_t size = word_size(text), whole = command_size(text);
	const char *after = text + size + strspn(text + size, " \t");
	if (!size || isdigit((unsigned char)*text))
		return false;
	if (whole > size && (!text[whole] || isspace((unsigned char)text[whole])))
		return command_absent(commands, text, whole) ||
		       !command_is_lua_name(console, text, size);
	if (*after && !(isspace((unsigned char)text[size]) && (word_size(after) || *after == '/')))
		return false;
	/* A function of Lua's, but alone it is GDB's. */
	if (!*after && size == strlen("next") && !memcmp(text, "next", size))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (size == strlen(statements[i]) && !memcmp(text, statements[i], size))
			return false;
	return !command_is_lua_name(console, text, size);
}

struct error *command_run_text(struct console *console, const char *text, bool is_interactive)
{
	struct source *source = source_new(console->source_name, text, strlen(text));
	return runtime_run(console->runtime, source, is_interactive);
}

/* What a script has set before its error stays: says which. */
static void add_survivors(struct console *console, unsigned before, struct error *err)
{
	struct buffer text = {0};
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));)
		if (probe_number(p) > before)
			buffer_printf(&text, "%s%u", text.size ? ", " : "", probe_number(p));
	if (text.size)
		error_hint(err, "%s%sTracepoints set before the error stay: %s.",
			   err->hint ? err->hint : "", err->hint ? "\n" : "", text.data);
	buffer_deinit(&text);
}

struct error *command_run_file(struct console *console, const char *path)
{
	struct source *source;
	TRY(source_read(path, &source));
	unsigned before = session_last_number(console->session);
	struct error *err = runtime_run(console->runtime, source, false);
	/* Only what is typed can be continued. */
	if (err && err->tag == ERR_INCOMPLETE)
		err->tag = ERR_SYNTAX;
	if (err && !console->options->is_batch)
		add_survivors(console, before, err);
	return err;
}

struct error *command_run_child(struct console *console, const char *kind,
				const struct command *rows, const char *arguments,
				struct buffer *out)
{
	const struct command *command;
	size_t size = strcspn(arguments, " \t\n");
	TRY(command_find(rows, kind, arguments, size, &command));
	if (!command)
		return command_undefined(kind, rows, arguments);
	arguments += size;
	return command->run(console, arguments + strspn(arguments, " \t\n"), out);
}

static struct error *run_command(struct console *console, const struct command *command,
				 const char *arguments, struct buffer *out)
{
	size_t size = strlen(arguments);
	while (size && isspace((unsigned char)arguments[size - 1]))
		size--;
	CLEANUP(free_p) char *trimmed = xstrndup(arguments, size);
	struct buffer *outer = console->out;
	console->out = out;
	struct error *err = command->run(console, trimmed, out);
	console->out = outer;
	return err;
}

struct error *command_execute(struct console *console, const char *text)
{
	const struct command *command;
	const char *arguments;
	text += strspn(text, " \t\n");
	if (!*text)
		return NULL;
	TRY(command_parse(text, &command, &arguments));
	if (command) {
		console_begin_command(console, text);
		struct error *err =
		    run_command(console, command, arguments, &console->screen.pending);
		console_end_command(console);
		return err;
	}
	if (looks_like_command(console, text))
		return command_undefined("", commands, text);
	return command_run_text(console, text, true);
}

struct error *command_capture(struct console *console, const char *line, struct buffer *out)
{
	const struct command *command;
	const char *arguments;
	line += strspn(line, " \t\n");
	TRY(command_parse(line, &command, &arguments));
	if (!command)
		return command_undefined("", commands, line);
	bool may_ask = console->may_ask, is_captured = console->is_captured;
	console->may_ask = false;
	console->is_captured = true;
	struct error *err = run_command(console, command, arguments, out);
	console->may_ask = may_ask;
	console->is_captured = is_captured;
	return err;
}
