/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hidden.c - names in a block that mean something of Lua's, or built in, where the target has a
 * variable of that name: no error, but worth a word.
 * Apart from the compilation, which for each place would look names up that nothing depends on.
 */
#include <string.h>

#include "value.h"

struct hidden_names {
	VECTOR(const struct node *) uses; /* one of each name, that something hides */
};

static void note_use(struct hidden_names *names, const struct node *node)
{
	for (size_t i = 0; i < names->uses.size; i++)
		if (!strcmp(names->uses.data[i]->text, node->text))
			return;
	vector_push(&names->uses, node);
}

/* `result` is what is meant where a variable of that name is returned. */
static bool is_hidden(const struct node *node)
{
	const struct builtin_entry *entry = builtin_find(node->text);

	if (node->declaration)
		return node->declaration != node;
	return !node->environment &&
	       (entry ? entry->kind != BUILTIN_RESULT : builtin_is_lua(node->text));
}

/* What is called, or looked into as arg and string are, is meant as it is. */
static bool is_read_as_value(const struct node *parent, const struct node *node)
{
	bool is_operated_on = parent->kind == NODE_CALL || parent->kind == NODE_METHOD_CALL ||
			      parent->kind == NODE_INDEX;
	return !is_operated_on || parent->first != node || node->declaration;
}

static void collect_uses(struct hidden_names *names, const struct node *parent)
{
	for (const struct node *node = parent->first; node; node = node->next) {
		if (node->kind == NODE_NAME && is_hidden(node) && is_read_as_value(parent, node))
			note_use(names, node);
		collect_uses(names, node);
	}
}

struct comparison {
	const struct hidden_names *names;
	void (*fn)(void *context, const struct node *name, const struct variable *variable);
	void *context;
};

static bool compare(void *context, const struct variable *variable)
{
	const struct comparison *comparison = context;

	for (size_t i = 0; i < comparison->names->uses.size; i++)
		if (!strcmp(comparison->names->uses.data[i]->text, variable->name))
			comparison->fn(comparison->context, comparison->names->uses.data[i],
				       variable);
	return true;
}

void compile_hidden(const struct node *condition, const struct node *block, struct image *image,
		    uint64_t address,
		    void (*fn)(void *context, const struct node *name,
			       const struct variable *variable),
		    void *context)
{
	struct hidden_names names = {0};
	struct scope *scope = NULL;

	if (condition)
		collect_uses(&names, &(struct node){.kind = NODE_LIST, .first = (void *)condition});
	if (block)
		collect_uses(&names, block);
	if (names.uses.size)
		error_free(scope_open(image, address, &scope));
	if (scope)
		scope_each(scope, compare, &(struct comparison){&names, fn, context});
	scope_close(scope);
	vector_deinit(&names.uses);
}
