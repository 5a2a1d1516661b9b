/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_change.c - condition, commands: another text for a tracepoint.
 *
 * The statement it was made by is written anew and run in its place, so that what is
 * typed here means what it means behind `break`.
 */
#include <string.h>

#include "command.h"

/* ------------------------------------------------------------ a new statement */

/* Is text one probe statement, with these parts and no more? "x do y end" as a
 * condition would bring a block along. */
static struct error *check_parts(const struct statement *statement, const struct source *source)
{
	struct tree *tree;
	TRY(tree_parse(source, &tree));
	const struct node *node = tree->probes.size ? tree->probes.data[0] : NULL;
	const struct node *condition = node ? node->probe.condition : NULL;
	size_t size = condition ? condition->span.end - condition->span.start : 0;
	bool is_good = node && tree->root->first == node && !node->next &&
		       size == (statement->condition ? strlen(statement->condition) : 0) &&
		       !node->probe.block == !statement->block;
	tree_free(tree);
	return is_good ? NULL : error_new(ERR_USAGE, "Junk at end of expression");
}

static struct error *redefine(struct console *console, struct probe *probe,
			      const struct statement *statement)
{
	struct buffer text = {0};
	statement_format(statement, &text);
	struct source *source = source_new(console->source_name, text.data, text.size);
	buffer_deinit(&text);
	struct error *err = check_parts(statement, source);
	if (err) {
		source_free(source);
		/* Only what is typed can be continued. */
		if (err->tag == ERR_INCOMPLETE)
			err->tag = ERR_SYNTAX;
		return err;
	}
	return runtime_redefine(console->runtime, probe, source);
}

static struct error *check_not_dprintf(const struct probe *probe, const char *what)
{
	if (probe_kind(probe) != PROBE_DPRINTF)
		return NULL;
	return error_hint(error_new(ERR_USAGE, "A dprintf has no %s.", what),
			  "break LOCATION if EXPR do printf(\"FORMAT\", EXPR ...) end");
}

/* Takes text over, as the condition or as the block. */
static struct error *change(struct console *console, struct probe *probe, bool is_condition,
			    char *text)
{
	struct statement statement;
	struct error *err = statement_of(probe, &statement);
	if (err) {
		free(text);
		return err;
	}
	char **part = is_condition ? &statement.condition : &statement.block;
	free(*part);
	*part = text;
	err = redefine(console, probe, &statement);
	statement_deinit(&statement);
	return err;
}

/* ---------------------------------------------------------------- condition */

struct error *cmd_condition(struct console *console, const char *arguments, struct buffer *out)
{
	struct probe *probe;
	if (!*arguments)
		return error_new(ERR_USAGE, "Argument required (breakpoint number).");
	TRY(console_take_probe(console, arguments, &probe, &arguments));
	TRY(check_not_dprintf(probe, "condition"));
	unsigned number = probe_number(probe);
	TRY(change(console, probe, true, *arguments ? xstrdup(arguments) : NULL));
	if (!*arguments)
		buffer_printf(out, "Breakpoint %u now unconditional.\n", number);
	return NULL;
}

/* ----------------------------------------------------------------- commands */

static bool is_word(const char *line, size_t size, const char *words)
{
	size_t start = strspn(line, " \t");
	while (size > start && strchr(" \t\r", line[size - 1]))
		size--;
	for (const char *p = words; *p && size > start; p += strspn(p, " ")) {
		size_t length = strcspn(p, " ");
		if (length == size - start && !memcmp(p, line + start, length))
			return true;
		p += length;
	}
	return false;
}

/* GDB's own first and last words, "silent" and "continue", are what every block does
 * here anyway: blanks take their place. */
static void blank_gdb_words(char *block)
{
	char *line = block + strspn(block, " \t\n");
	if (is_word(line, strcspn(line, "\n"), "silent"))
		memset(line, ' ', strcspn(line, "\n"));
	char *end = block + strlen(block);
	while (end > block && end[-1] == '\n')
		end--;
	for (line = end; line > block && line[-1] != '\n';)
		line--;
	if (is_word(line, (size_t)(end - line), "c cont continue"))
		memset(line, ' ', (size_t)(end - line));
}

/* The lines before the word "end" that closes the block; ERR_INCOMPLETE. */
static struct error *read_block(struct console *console, const char *lines, char **ret)
{
	CLEANUP(free_p) char *block = xstrdup(lines);
	size_t size = strlen(block);
	size_t last = size;
	while (last && block[last - 1] != '\n')
		last--;
	bool has_end = is_word(block + last, size - last, "end");
	if (has_end)
		block[last] = '\0';
	blank_gdb_words(block);
	CLEANUP(free_p) char *text = xasprintf("do%s%s", block, has_end ? "end" : "");
	struct source *source = source_new(console->source_name, text, strlen(text));
	struct tree *tree;
	struct error *err = tree_parse(source, &tree);
	if (!err)
		tree_free(tree);
	source_free(source);
	if (err && err->tag == ERR_SYNTAX && !err->hint)
		error_hint(err, "The lines are Lua: print(x), printf(\"%%d\\n\", x), "
				"print(stack()).");
	if (err)
		return err;
	*ret = xstrdup(block[strspn(block, " \t\r\n")] ? block : "");
	return NULL;
}

static struct error *set_block(struct console *console, struct probe *probe, void *block)
{
	TRY(check_not_dprintf(probe, "commands"));
	return change(console, probe, false, *(char *)block ? xstrdup(block) : NULL);
}

static struct error *take_no_notice(struct console *console, struct probe *probe, void *context)
{
	(void)console, (void)probe, (void)context;
	return NULL;
}

struct error *cmd_commands(struct console *console, const char *arguments, struct buffer *out)
{
	size_t size = strcspn(arguments, "\n");
	CLEANUP(free_p) char *ids = xstrndup(arguments, size);
	CLEANUP(free_p) char *block = NULL;
	if (!ids[strspn(ids, " \t")]) {
		if (!session_next_probe(console->session, NULL))
			return error_new(ERR_USAGE, "No breakpoints specified.");
		free(ids);
		ids = xasprintf("%u", session_last_number(console->session));
	}
	id_list list = {0};
	TRY(id_list_parse(ids, session_last_number(console->session), &list));
	vector_deinit(&list);
	/* Nobody types a block for what is not there; in a file its lines must not become commands.
	 */
	if (!arguments[size] && console->may_ask)
		TRY(console_each_probe(console, ids, take_no_notice, NULL));
	struct error *err =
	    arguments[size] ? read_block(console, arguments + size, &block)
			    : error_new(ERR_INCOMPLETE, "a line saying just \"end\" is missing");
	if (err && err->tag == ERR_INCOMPLETE && console->may_ask && !arguments[size])
		buffer_printf(out,
			      "Type commands for breakpoint(s) %s, one per line.\n"
			      "End with a line saying just \"end\".\n",
			      ids);
	if (err)
		return err;
	return console_each_probe(console, ids, set_block, block);
}
