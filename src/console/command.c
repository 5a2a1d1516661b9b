/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.c - the table of commands, and what becomes of a text: a command by
 * its name, alias or unique prefix, else Lua.
 *
 * One row gives dispatch, abbreviation, completion and help.
 */
#include <ctype.h>
#include <string.h>

#include "moontap/console.h"

const struct command commands[] = {
    {"attach", NULL, "attach PID", "Trace one process, which runs on.", cmd_attach, 0},
    {"break", "b br", "break LOCATION [if EXPR] [do BLOCK end]",
     "Put a tracepoint at a location; without a block it prints one line a hit.", cmd_break,
     COMMAND_DIALECT | COMMAND_OF_FUNCTION},
    {"delete", "d", "delete [NUMBERS]", "Remove some tracepoints, or all.", cmd_delete, 0},
    {"detach", NULL, "detach", "Leave the attached process alone again.", cmd_detach, 0},
    {"disable", "dis", "disable [NUMBERS]", "Take some tracepoints, or all, out of the target.",
     cmd_disable, 0},
    {"disassemble", "disas", "disassemble [/r] FUNCTION",
     "List a function's instructions and where a tracepoint may go (/r: with bytes).",
     cmd_disassemble, COMMAND_REPEATS | COMMAND_OF_FUNCTION},
    {"enable", "en", "enable [NUMBERS]", "Put disabled tracepoints back.", cmd_enable, 0},
    {"explain", NULL, "explain NUMBER", "Say what a tracepoint captures and what runs where.",
     cmd_explain, COMMAND_REPEATS},
    {"file", NULL, "file PROGRAM", "Trace every process that runs a program, now and later.",
     cmd_file, COMMAND_OF_FILE},
    {"help", "h", "help [COMMAND|NAME]", "List the commands, or explain one.", cmd_help, 0},
    {"info", "i", "info SUBJECT", "Show breakpoints, functions, the target ...", cmd_info,
     COMMAND_REPEATS},
    {"kill", NULL, "kill", "End the program that \"run\" started.", cmd_kill, 0},
    {"quit", "q", "quit", "Remove all tracepoints and leave.", cmd_quit, 0},
    {"rbreak", NULL, "rbreak /REGEX/ [if EXPR] [do BLOCK end]",
     "Put a tracepoint at every function that matches.", cmd_rbreak,
     COMMAND_DIALECT | COMMAND_OF_FUNCTION},
    {"run", "r", "run [ARGUMENTS]", "Start the program.", cmd_run, 0},
    {"source", NULL, "source FILE", "Run a script file.", cmd_source, COMMAND_OF_FILE},
    {"tbreak", "tb", "tbreak LOCATION [if EXPR] [do BLOCK end]",
     "Put a tracepoint that is gone after one hit.", cmd_tbreak,
     COMMAND_DIALECT | COMMAND_OF_FUNCTION},
    {0},
};

static bool is_among(const char *words, const char *word, size_t size)
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
		if (is_among(c->name, word, size) || is_among(c->aliases, word, size))
			return c;
	return NULL;
}

struct error *command_find(const struct command *rows, const char *kind, const char *word,
			   size_t size, const struct command **ret)
{
	*ret = size ? find_exact(rows, word, size) : NULL;
	if (*ret || !size)
		return NULL;
	struct buffer names = {0};
	unsigned count = 0;
	for (const struct command *c = rows; c->name; c++) {
		if (strncmp(c->name, word, size) != 0)
			continue;
		buffer_printf(&names, "%s%s", count++ ? ", " : "", c->name);
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
	return *after == '=' || *after == '(' || *after == ',';
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
	size_t size = word_size(text);
	const char *after = text + size;
	const struct command *command = find_exact(commands, text, size);
	/* "b (*T).method" is a location, "(T)" after a Lua name a call. */
	bool is_statement = command && command->flags & COMMAND_DIALECT &&
			    (!*after || isspace((unsigned char)*after)) &&
			    after[strspn(after, " \t")] != '=';
	*ret_command = NULL;
	if (!is_statement && makes_lua(after))
		return NULL;
	TRY(command_find(commands, "", text, size, ret_command));
	*ret_arguments = after + strspn(after, " \t\n");
	return NULL;
}

/* ------------------------------------------------------------------ running */

static struct error *undefined(const char *text)
{
	size_t size = word_size(text);
	return error_new(ERR_USAGE, "Undefined command: \"%.*s\".  Try \"help\".",
			 (int)(size ? size : strcspn(text, " \t\n")), text);
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

static bool is_lua_name(struct console *console, const char *text, size_t size)
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
	size_t size = word_size(text);
	const char *after = text + size + strspn(text + size, " \t");
	if (!size || isdigit((unsigned char)*text))
		return false;
	if (*after && !(isspace((unsigned char)text[size]) && (word_size(after) || *after == '/')))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (size == strlen(statements[i]) && !memcmp(text, statements[i], size))
			return false;
	return !is_lua_name(console, text, size);
}

struct error *command_run_text(struct console *console, const char *text, bool is_interactive)
{
	struct source *source = source_new(console->source_name, text, strlen(text));
	return runtime_run(console->runtime, source, is_interactive);
}

struct error *command_run_file(struct console *console, const char *path)
{
	struct source *source;
	TRY(source_read(path, &source));
	struct error *err = runtime_run(console->runtime, source, false);
	/* Only what is typed can be continued. */
	if (err && err->tag == ERR_INCOMPLETE)
		err->tag = ERR_SYNTAX;
	return err;
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
	if (command)
		return run_command(console, command, arguments, &console->screen.pending);
	if (looks_like_command(console, text))
		return undefined(text);
	return command_run_text(console, text, true);
}

struct error *command_capture(struct console *console, const char *line, struct buffer *out)
{
	const struct command *command;
	const char *arguments;
	line += strspn(line, " \t\n");
	TRY(command_parse(line, &command, &arguments));
	if (!command)
		return undefined(line);
	bool may_ask = console->may_ask;
	console->may_ask = false;
	struct error *err = run_command(console, command, arguments, out);
	console->may_ask = may_ask;
	return err;
}
