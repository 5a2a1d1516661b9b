/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_help.c - help, apropos.
 *
 * Everything they say comes from the tables of commands and built-in names.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* The built-in names of blocks are listed as if they were a class. */
static const char names_class[] = "names";
static const char names_summary[] = "What a condition and a block can use.";

/* ------------------------------------------------------------------ classes */

static void help_classes(struct buffer *out)
{
	buffer_puts(out, "List of classes of commands:\n\n");
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		const char *separator = "    ";
		buffer_printf(out, "%s -- %s\n", command_classes[i].name,
			      command_classes[i].summary);
		for (const struct command *c = commands; c->name; c++) {
			if (c->class != i)
				continue;
			buffer_printf(out, "%s%s", separator, c->name);
			separator = ", ";
		}
		buffer_putc(out, '\n');
	}
	buffer_printf(out, "%s -- %s\n", names_class, names_summary);
	buffer_puts(
	    out,
	    "\nA unique beginning of a name will do. Anything else is Lua; \"= EXPR\" and a bare\n"
	    "expression print their value.\n\n"
	    "Type \"help\" followed by a class name for a list of commands in that class.\n"
	    "Type \"help all\" for the list of all commands.\n"
	    "Type \"help\" followed by command name for full documentation.\n"
	    "Type \"apropos WORD\" to search for commands related to \"WORD\".\n");
}

static void list_row(struct buffer *out, const char *left, const char *summary)
{
	buffer_printf(out, "%s -- %s\n", left, summary);
}

static void put_names(struct buffer *out, const struct command *command)
{
	buffer_puts(out, command->name);
	for (const char *p = command->aliases; p && *p; p += strspn(p, " ")) {
		size_t size = strcspn(p, " ");
		buffer_printf(out, ", %.*s", (int)size, p);
		p += size;
	}
}

static void list_class(struct buffer *out, size_t class)
{
	for (const struct command *c = commands; c->name; c++) {
		if (c->class != class)
			continue;
		put_names(out, c);
		list_row(out, "", c->summary);
	}
}

static void list_names(struct buffer *out)
{
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		list_row(out, b->usage, b->summary);
}

static bool help_class(const char *name, struct buffer *out)
{
	bool is_all = !strcmp(name, "all");
	bool is_found = is_all || !strcmp(name, names_class);
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		if (!is_all && strcmp(name, command_classes[i].name) != 0)
			continue;
		if (is_all)
			buffer_printf(out, "\nCommand class: %s\n\n", command_classes[i].name);
		else
			buffer_printf(out, "%s\n\nList of commands:\n\n",
				      command_classes[i].summary);
		list_class(out, i);
		is_found = true;
	}
	if (!strcmp(name, names_class)) {
		buffer_printf(out, "%s\n\n", names_summary);
		list_names(out);
	}
	return is_found;
}

/* ----------------------------------------------------------------- commands */

static void put_examples(struct buffer *out, const char *lines)
{
	buffer_puts(out, "Examples:\n");
	for (const char *p = lines; *p; p += strcspn(p, "\n") + 1)
		buffer_printf(out, "    %.*s\n", (int)strcspn(p, "\n"), p);
}

static void help_command(const struct command *command, struct buffer *out)
{
	put_names(out, command);
	buffer_printf(out, "\n%s\nUsage: %s\n", command->summary, command->usage);
	if (command->details)
		buffer_printf(out, "\n%s", command->details);
	if (command->examples) {
		buffer_putc(out, '\n');
		put_examples(out, command->examples);
	}
	if (!command->children)
		return;
	buffer_printf(out, "\nList of %s subcommands:\n\n", command->name);
	for (const struct command *c = command->children; c->name; c++)
		list_row(out, c->usage, c->summary);
}

static const struct builtin *find_builtin(const char *name)
{
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

/* "info breakpoints": goes down the tables a word at a time. */
static struct error *find_command(const char *words, const struct command **ret)
{
	const struct command *rows = commands, *command = NULL;
	CLEANUP(free_p) char *kind = xstrdup("");
	while (*words && rows) {
		size_t size = strcspn(words, " \t");
		TRY(command_find(rows, kind, words, size, &command));
		if (!command)
			return command_undefined(kind, rows, words);
		free(kind);
		kind = xasprintf("%s ", command->name);
		rows = command->children;
		words += size + strspn(words + size, " \t");
	}
	*ret = command;
	return NULL;
}

struct error *cmd_help(struct console *console, const char *arguments, struct buffer *out)
{
	(void)console;
	if (!*arguments) {
		help_classes(out);
		return NULL;
	}
	if (help_class(arguments, out))
		return NULL;
	const struct command *command = NULL;
	struct error *err = find_command(arguments, &command);
	const struct builtin *builtin = find_builtin(arguments);
	if (!err && command)
		help_command(command, out);
	else if (!builtin)
		return err;
	if (builtin)
		buffer_printf(out, "%sIn a block: %s\n%s\n", err ? "" : "\n", builtin->usage,
			      builtin->summary);
	error_free(err);
	return NULL;
}

/* ------------------------------------------------------------------ apropos */

static bool matches(const regex_t *pattern, const char *text)
{
	return text && !regexec(pattern, text, 0, NULL, 0);
}

static void search_rows(const struct command *rows, const char *kind, const regex_t *pattern,
			struct buffer *out)
{
	for (const struct command *c = rows; c->name; c++) {
		if (matches(pattern, c->usage) || matches(pattern, c->aliases) ||
		    matches(pattern, c->summary) || matches(pattern, c->details)) {
			buffer_puts(out, kind);
			put_names(out, c);
			list_row(out, "", c->summary);
		}
		CLEANUP(free_p) char *below = xasprintf("%s ", c->name);
		if (c->children)
			search_rows(c->children, below, pattern, out);
	}
}

struct error *cmd_apropos(struct console *console, const char *arguments, struct buffer *out)
{
	regex_t pattern;
	(void)console;
	if (!*arguments)
		return error_new(ERR_USAGE, "REGEXP string is empty");
	TRY(console_pattern(arguments, REG_ICASE, &pattern));
	search_rows(commands, "", &pattern, out);
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		if (matches(&pattern, b->usage) || matches(&pattern, b->summary))
			list_row(out, b->usage, b->summary);
	regfree(&pattern);
	return NULL;
}
