/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * same.c - may two operands be one and the same missing value?
 * Lua takes that for equal to itself (docs/values.md), and arithmetic hands it through: so
 * `v == p.x + 1` after `local v = p.x` is true where p.x is missing. The kernel's missing
 * values have no identity: it leaves such comparisons to Lua.
 */
#include "same.h"

/* The target expressions that a missing value may be of, and the locals it may come from. */
struct sources {
	struct compiler *c;
	VECTOR(const struct node *) nodes;
	VECTOR(const struct node *) locals; /* declarations */
};

static struct error *find_sources(struct sources *s, const struct node *node);

/* What is assigned to the local somewhere below node. */
static struct error *find_assigned(struct sources *s, const struct node *node,
				   const struct node *declaration)
{
	if (node->kind == NODE_ASSIGN && node->first->first->kind == NODE_NAME &&
	    node->first->first->declaration == declaration)
		TRY(find_sources(s, node->first->next->first));
	for (const struct node *child = node->first; child; child = child->next)
		TRY(find_assigned(s, child, declaration));
	return NULL;
}

static struct error *find_in_local(struct sources *s, const struct node *declaration)
{
	for (size_t i = 0; i < s->locals.size; i++)
		if (s->locals.data[i] == declaration)
			return NULL;
	vector_push(&s->locals, declaration);
	if (declaration->initializer)
		TRY(find_sources(s, declaration->initializer));
	return find_assigned(s, s->c->request->block, declaration);
}

static bool is_boolean(const struct node *node)
{
	return (node->kind == NODE_BINARY && node->op >= OP_EQ && node->op <= OP_GE) ||
	       (node->kind == NODE_UNARY && node->op == OP_NOT);
}

static struct error *find_sources(struct sources *s, const struct node *node)
{
	const struct value *value;

	node = node_inner(node);
	if (node->kind == NODE_NAME && node->declaration)
		return find_in_local(s, node->declaration);
	TRY(resolve_target(s->c, node, &value));
	if (value && value->kind != VALUE_REGISTER && value->kind != VALUE_CONSTANT)
		vector_push(&s->nodes, node);
	if (value || is_boolean(node))
		return NULL;
	for (const struct node *child = node->first; child; child = child->next)
		TRY(find_sources(s, child));
	return NULL;
}

static bool has_common(const struct sources *a, const struct sources *b)
{
	for (size_t i = 0; i < a->nodes.size; i++)
		for (size_t k = 0; k < b->nodes.size; k++)
			if (strcmp(node_text(a->c, a->nodes.data[i]),
				   node_text(b->c, b->nodes.data[k])) == 0)
				return true;
	return false;
}

static void sources_deinit(struct sources *s)
{
	vector_deinit(&s->nodes);
	vector_deinit(&s->locals);
}

struct error *may_be_same_missing(struct compiler *c, const struct node *a, const struct node *b,
				  bool *ret)
{
	CLEANUP(sources_deinit) struct sources left = {.c = c}, right = {.c = c};

	TRY(find_sources(&left, a));
	TRY(find_sources(&right, b));
	*ret = has_common(&left, &right);
	return NULL;
}
