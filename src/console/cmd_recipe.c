/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_recipe.c - recipe: the console's way to moontap.recipe (lua/), which does the work.
 *
 * What only the console can do is done here: a recipe whose probes cannot all be set leaves
 * none behind, and one that is checked attaches none.
 */
#include "command.h"

static struct error *call(struct console *console, const char *function, const char *arguments,
			  struct buffer *out)
{
	return runtime_call_module(console->runtime, "moontap.recipe", function, arguments, out);
}

/* Deletes what was set after probe number `last`. */
static void discard(struct console *console, unsigned last)
{
	for (struct probe *p = session_next_probe(console->session, NULL), *next; p; p = next) {
		next = session_next_probe(console->session, p);
		if (probe_number(p) > last)
			probe_delete(p);
	}
}

static struct error *recipe_list(struct console *console, const char *arguments, struct buffer *out)
{
	return call(console, "list", arguments, out);
}

static struct error *recipe_search(struct console *console, const char *arguments,
				   struct buffer *out)
{
	return call(console, "search", arguments, out);
}

static struct error *recipe_help(struct console *console, const char *arguments, struct buffer *out)
{
	return call(console, "help", arguments, out);
}

static struct error *recipe_run(struct console *console, const char *arguments, struct buffer *out)
{
	unsigned last = session_last_number(console->session);
	struct error *err = call(console, "run_text", arguments, out);
	if (err)
		discard(console, last);
	return err;
}

static struct error *recipe_check(struct console *console, const char *arguments,
				  struct buffer *out)
{
	unsigned last = session_last_number(console->session);
	bool was_dry_run = session_set_dry_run(console->session, true);
	bool announced = console->announces, may_ask = console->may_ask;
	console->announces = true;
	console->may_ask = false; /* whether a probe should wait for its place */
	struct error *err = call(console, "check", arguments, out);
	discard(console, last);
	console->announces = announced;
	console->may_ask = may_ask;
	session_set_dry_run(console->session, was_dry_run);
	return err;
}

const struct command recipe_commands[] = {
    {
	.name = "check",
	.usage = "recipe check RECIPE [VALUE ...] [NAME=VALUE ...]",
	.summary = "Find the places of a recipe and compile its blocks; attach nothing.",
	.run = recipe_check,
	.flags = COMMAND_OF_RECIPE,
	.examples = "recipe check funccount main.neatFunction\n",
    },
    {
	.name = "help",
	.usage = "recipe help RECIPE",
	.summary = "What a recipe is for, its arguments, examples.",
	.run = recipe_help,
	.flags = COMMAND_OF_RECIPE,
	.examples = "recipe help funccount\n",
    },
    {
	.name = "list",
	.usage = "recipe list [BEGINNING]",
	.summary = "The recipes, a line each.",
	.run = recipe_list,
	.flags = COMMAND_OF_RECIPE,
	.examples = "recipe list\nrecipe list go.\n",
    },
    {
	.name = "run",
	.usage = "recipe run RECIPE [VALUE ...] [NAME=VALUE ...]",
	.summary = "Set the tracepoints of a recipe.",
	.run = recipe_run,
	.flags = COMMAND_OF_RECIPE,
	.details =
	    "Values without a name are for the recipe's arguments in their order. Quotes keep\n"
	    "blanks. If one of its tracepoints cannot be set, none stays.\n",
	.examples = "recipe run funccount main.neatFunction\n",
    },
    {
	.name = "search",
	.usage = "recipe search WORD ...",
	.summary = "The recipes that speak of something.",
	.run = recipe_search,
	.examples = "recipe search count\n",
    },
    {0},
};

struct error *cmd_recipe(struct console *console, const char *arguments, struct buffer *out)
{
	if (!*arguments)
		return recipe_list(console, arguments, out);
	return command_run_child(console, "recipe ", recipe_commands, arguments, out);
}
