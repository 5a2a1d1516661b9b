/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script_dump.h - trees as text, for the tests of the script room: (KIND child ...). A local
 * name is NAME@OFFSET of its declaration, a float ends in f.
 */
#ifndef TESTS_SCRIPT_DUMP_H
#define TESTS_SCRIPT_DUMP_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "moontap/script.h"

#include <cmocka.h>

static const char *const dump_kinds[] = {
    [NODE_BLOCK] = "block",
    [NODE_LOCAL] = "local",
    [NODE_LOCAL_FUNCTION] = "local-function",
    [NODE_ASSIGN] = "assign",
    [NODE_CALL_STATEMENT] = "do-call",
    [NODE_DO] = "do",
    [NODE_WHILE] = "while",
    [NODE_REPEAT] = "repeat",
    [NODE_IF] = "if",
    [NODE_FOR_NUMERIC] = "for",
    [NODE_FOR_IN] = "for-in",
    [NODE_FUNCTION_STATEMENT] = "function-statement",
    [NODE_RETURN] = "return",
    [NODE_BREAK] = "break",
    [NODE_GOTO] = "goto",
    [NODE_LABEL] = "label",
    [NODE_PROBE] = "probe",
    [NODE_DPRINTF] = "dprintf",
    [NODE_EVERY] = "every",
    [NODE_NIL] = "nil",
    [NODE_TRUE] = "true",
    [NODE_FALSE] = "false",
    [NODE_VARARG] = "...",
    [NODE_INDEX] = "index",
    [NODE_CALL] = "call",
    [NODE_METHOD_CALL] = "method",
    [NODE_FUNCTION] = "function",
    [NODE_TABLE] = "table",
    [NODE_FIELD] = "field",
    [NODE_PAREN] = "paren",
    [NODE_LIST] = "list",
};
static const char *const dump_probes[] = {
    [PROBE_BREAK] = "break",   [PROBE_TBREAK] = "tbreak",   [PROBE_RBREAK] = "rbreak",
    [PROBE_FINISH] = "finish", [PROBE_DPRINTF] = "dprintf", [PROBE_COVER] = "cover",
    [PROBE_FLOW] = "flow",
};

static inline void dump_goroutine(struct buffer *out, const struct node *node)
{
	if (node->probe.goroutine)
		buffer_printf(out, " goroutine %" PRId64, node->probe.goroutine->integer);
}

static void dump_head(const struct node *node, struct buffer *out)
{
	switch (node->kind) {
	case NODE_UNARY:
		buffer_printf(out, "%s%s", operator_text(node->op), node->op == OP_NEG ? "1" : "");
		break;
	case NODE_BINARY:
		buffer_puts(out, operator_text(node->op));
		break;
	case NODE_PROBE:
		buffer_printf(out, "%s [%s]", dump_probes[node->probe.kind], node->probe.location);
		if (node->probe.depth)
			buffer_printf(out, " depth %u", node->probe.depth);
		dump_goroutine(out, node);
		break;
	case NODE_DPRINTF:
		buffer_printf(out, "dprintf [%s]", node->probe.location);
		dump_goroutine(out, node);
		break;
	case NODE_EVERY:
		buffer_printf(out, "every %lld", (long long)node->integer);
		break;
	default:
		buffer_puts(out, dump_kinds[node->kind]);
	}
	if (node->kind == NODE_GOTO || node->kind == NODE_LABEL)
		buffer_printf(out, " %s", node->text);
	if (node->kind == NODE_FUNCTION && node->is_vararg)
		buffer_puts(out, "...");
}

static void dump_node(const struct node *node, struct buffer *out)
{
	switch (node->kind) {
	case NODE_NAME:
		buffer_puts(out, node->text);
		if (node->declaration)
			buffer_printf(out, "@%u", node->declaration->span.start);
		if (node->declaration == node && node->attribute)
			buffer_printf(out, "<%s>", node->attribute);
		return;
	case NODE_INTEGER:
		buffer_printf(out, "%lld", (long long)node->integer);
		return;
	case NODE_FLOAT:
		buffer_printf(out, "%.17gf", node->number);
		return;
	case NODE_STRING:
		buffer_putc(out, '"');
		escape_text(out, node->text, node->text_size, false);
		buffer_putc(out, '"');
		return;
	default:
		break;
	}
	if (!node->first && (node->kind == NODE_NIL || node->kind == NODE_TRUE ||
			     node->kind == NODE_FALSE || node->kind == NODE_VARARG)) {
		dump_head(node, out);
		return;
	}
	buffer_putc(out, '(');
	dump_head(node, out);
	for (const struct node *child = node->first; child; child = child->next) {
		buffer_putc(out, ' ');
		dump_node(child, out);
	}
	buffer_putc(out, ')');
}

/* The statements of a text, without the block around them. */
static inline char *dump_text(const char *text)
{
	struct source *source = source_new("t", text, strlen(text));
	struct tree *tree;
	struct buffer out = {0};
	struct error *err = tree_parse(source, &tree);

	if (err) {
		buffer_printf(&out, "%s: %s", error_tag_name(err->tag), err->message);
		error_free(err);
	} else {
		for (const struct node *node = tree->root->first; node; node = node->next) {
			dump_node(node, &out);
			if (node->next)
				buffer_putc(&out, ' ');
		}
		tree_free(tree);
	}
	source_free(source);
	return buffer_take(&out);
}

/* Prints what differs before it fails: cmocka does not say which row it was. */
static inline void assert_dump(const char *text, const char *expected)
{
	char *dump = dump_text(text);

	if (strcmp(dump, expected) != 0)
		print_error("text:     %s\n", text);
	assert_string_equal(dump, expected);
	free(dump);
}

#endif
