/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * globals.c - which names are the script's own: what it has set, or sets somewhere.
 * The compiler asks, to tell a global that a block uses from a name that means nothing.
 */
#include <string.h>

#include "internal.h"

static bool is_noted(const struct runtime *runtime, const char *name)
{
	for (size_t i = 0; i < runtime->assigned.size; i++)
		if (strcmp(runtime->assigned.data[i], name) == 0)
			return true;
	return false;
}

static void note(struct runtime *runtime, const struct node *name)
{
	while (name && name->kind == NODE_INDEX)
		name = name->first;
	if (name && name->kind == NODE_NAME && !name->declaration && !is_noted(runtime, name->text))
		vector_push(&runtime->assigned, xstrdup(name->text));
}

void globals_note(struct runtime *runtime, const struct node *node)
{
	if (node->kind == NODE_FUNCTION_STATEMENT)
		note(runtime, node->first);
	if (node->kind == NODE_ASSIGN && node->first)
		for (const struct node *target = node->first->first; target; target = target->next)
			note(runtime, target);
	for (const struct node *child = node->first; child; child = child->next)
		globals_note(runtime, child);
}

bool globals_has(void *context, const char *name)
{
	struct runtime *runtime = context;
	bool is_set = lua_getglobal(runtime->lua, name) != LUA_TNIL;

	lua_pop(runtime->lua, 1);
	return is_set || is_noted(runtime, name);
}

static bool is_of_hits(const char *name)
{
	for (const struct builtin *b = builtin_next(NULL); b; b = builtin_next(b))
		if (strcmp(b->name, name) == 0)
			return true;
	return false;
}

static struct error *no_such_name(const struct source *source, const struct node *node)
{
	if (is_of_hits(node->text))
		return error_hint(source_error(source, node->span, ERR_NAME,
					       "`%s` is known at a hit only", node->text),
				  "A block of `every` is run by the clock: keep it in a variable.");
	return error_hint(
	    source_error(source, node->span, ERR_NAME, "`%s` means nothing here", node->text),
	    "A global of the target, as it is now, is command \"print %s\".", node->text);
}

struct error *globals_check(struct runtime *runtime, const struct source *source,
			    const struct node *node)
{
	if (node->kind == NODE_NAME && !node->declaration && !node->environment &&
	    !globals_has(runtime, node->text))
		return no_such_name(source, node);
	for (const struct node *child = node->first; child; child = child->next)
		TRY(globals_check(runtime, source, child));
	return NULL;
}

void globals_free(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->assigned.size; i++)
		free(runtime->assigned.data[i]);
	vector_deinit(&runtime->assigned);
}
