/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c - questions about a finished tree. Apart from the parser, which is long gone then.
 */
#include "moontap/script.h"

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	vector_deinit(&tree->probes);
	vector_deinit(&tree->functions);
	vector_deinit(&tree->followed);
	arena_deinit(&tree->arena);
	free(tree);
}

static bool is_outside(const struct node *declaration, struct span span)
{
	return declaration &&
	       (declaration->span.start < span.start || declaration->span.start >= span.end);
}

/* found: the declaration, or the NAME that uses it; both know the declaration. */
static void add_once(name_list *list, const struct node *found)
{
	for (size_t i = 0; i < list->size; i++)
		if (list->data[i]->declaration == found->declaration)
			return;
	vector_push(list, found);
}

static void collect(const struct node *node, struct span span, name_list *ret)
{
	if (node->kind == NODE_NAME && is_outside(node->declaration, span))
		add_once(ret, node);
	else if (node->kind == NODE_NAME && is_outside(node->environment, span))
		add_once(ret, node->environment);
	for (const struct node *child = node->first; child; child = child->next)
		collect(child, span, ret);
}

void tree_upvalues(const struct node *node, name_list *ret)
{
	collect(node, node->span, ret);
}
