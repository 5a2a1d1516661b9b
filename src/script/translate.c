/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translate.c - a tree as plain Lua, on the user's own lines.
 * Copies the text; only the words of a probe statement around its expressions and
 * its block are replaced.
 */
#include "lexer.h"

struct copy {
	const char *text;
	uint32_t at; /* text before this is done */
	struct buffer *out;
};

static void copy_to(struct copy *copy, uint32_t end)
{
	buffer_append(copy->out, copy->text + copy->at, end - copy->at);
	copy->at = end;
}

/* Leaves the text out, but for its line ends. */
static void drop_to(struct copy *copy, uint32_t end)
{
	for (; copy->at < end; copy->at++)
		if (copy->text[copy->at] == '\n' || copy->text[copy->at] == '\r')
			buffer_putc(copy->out, copy->text[copy->at]);
}

static void blank_to(struct copy *copy, uint32_t end)
{
	for (; copy->at < end; copy->at++)
		buffer_putc(copy->out, copy->text[copy->at] == '\r' ? '\r' : ' ');
}

/* Without the * of *p, which Lua does not have: it only looks at names here, and what the block
 * does is compiled apart. */
static void copy_body(struct copy *copy, const struct tree *tree, uint32_t end)
{
	for (size_t i = 0; i < tree->followed.size; i++) {
		uint32_t star = tree->followed.data[i];
		if (star < copy->at || star >= end)
			continue;
		copy_to(copy, star);
		blank_to(copy, star + 1);
	}
	copy_to(copy, end);
}

static void copy_function(struct copy *copy, const struct tree *tree, const struct node *body,
			  const char *head, const char *tail)
{
	buffer_puts(copy->out, head);
	drop_to(copy, body->span.start);
	copy_body(copy, tree, body->span.end);
	buffer_puts(copy->out, tail);
}

static void copy_probe(struct copy *copy, const struct tree *tree, const struct node *node)
{
	copy_to(copy, node->span.start);
	buffer_printf(copy->out, "_MOONTAP(%u, ", node->probe.index);
	if (node->probe.condition)
		copy_function(copy, tree, node->probe.condition, "function() return ", " end, ");
	else
		buffer_puts(copy->out, "nil, ");
	if (node->kind == NODE_DPRINTF)
		copy_function(copy, tree, node->first, "function() printf(", ") end");
	else if (node->probe.block)
		copy_function(copy, tree, node->probe.block, "function()", "end");
	else
		buffer_puts(copy->out, "nil");
	drop_to(copy, node->span.end);
	buffer_puts(copy->out, ");");
}

void tree_translate(const struct tree *tree, struct buffer *ret)
{
	struct copy copy = {.text = tree->source->text, .out = ret};

	blank_to(&copy, source_preamble_end(tree->source));
	for (size_t i = 0; i < tree->probes.size; i++)
		copy_probe(&copy, tree, tree->probes.data[i]);
	copy_to(&copy, tree->source->size);
}
