/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doubt.c - comparisons with a constant that no value of the target ever equals: Lua has 97 == 'a'
 * be false, where C and Go have characters. No error, for Lua has none; but worth a word.
 */
#include "doubt.h"

/* What Lua takes either side for; NULL: not known, or it may be several things. */
static const char *kind_of_constant(const struct node *node)
{
	switch (node->kind) {
	case NODE_STRING:
		return "a text";
	case NODE_INTEGER:
	case NODE_FLOAT:
		return "a number";
	case NODE_TRUE:
	case NODE_FALSE:
		return "a boolean";
	default:
		return NULL;
	}
}

static const char *kind_of_value(const struct value *value, const char *constant)
{
	bool is_number = strcmp(constant, "a number") == 0;

	switch (value->view) {
	case VIEW_INTEGER:
	case VIEW_UNSIGNED:
	case VIEW_FLOAT:
		return "a number";
	case VIEW_BOOLEAN:
		return "a boolean";
	case VIEW_STRING:
		return "a text";
	case VIEW_POINTER:
		return is_number ? NULL : "an address"; /* a number beside a number */
	case VIEW_BYTES:
		return value->type && value->type->form == FORM_INTERFACE ? "an interface" : NULL;
	default:
		return NULL;
	}
}

/* What was meant, where that is known. */
static void put_advice(struct compiler *c, const struct node *target, const struct node *constant,
		       const struct value *value, struct buffer *out)
{
	const char *text = node_text(c, target);

	if (value->view == VIEW_BYTES)
		buffer_printf(out, " What it holds is %s.value.", text);
	else if (constant->kind == NODE_STRING && constant->text_size == 1 &&
		 value->view != VIEW_BOOLEAN)
		buffer_printf(out, " That character is %d.", (unsigned char)constant->text[0]);
	else if (value->view == VIEW_BOOLEAN)
		buffer_printf(out, " Write %s, or not %s.", text, text);
}

static void compare(struct compiler *c, const struct node *node, const struct node *target,
		    const struct node *constant)
{
	const char *kind = kind_of_constant(constant), *other;
	const struct value *value = NULL;
	struct error *err = kind ? resolve_target(c, target, &value) : NULL;

	error_free(err); /* whoever compiles the operand says it */
	other = !err && value ? kind_of_value(value, kind) : NULL;
	if (!other || strcmp(kind, other) == 0)
		return;
	CLEANUP(buffer_deinit) struct buffer text = {0};
	buffer_printf(&text, "`%s` is always %s: %s is %s, %s %s.", node_text(c, node),
		      node->op == OP_EQ ? "false" : "true", node_text(c, target), other,
		      node_text(c, constant), kind);
	put_advice(c, target, constant, value, &text);
	c->plan->doubt = arena_strndup(&c->plan->arena, text.data, text.size);
}

void doubt_comparison(struct compiler *c, const struct node *node)
{
	const struct node *left = node_inner(node->first), *right = node_inner(node->first->next);

	if ((node->op != OP_EQ && node->op != OP_NE) || c->plan->doubt)
		return;
	compare(c, node, left, right);
	compare(c, node, right, left);
}
