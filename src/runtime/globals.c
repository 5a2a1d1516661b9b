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

void globals_free(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->assigned.size; i++)
		free(runtime->assigned.data[i]);
	vector_deinit(&runtime->assigned);
}
