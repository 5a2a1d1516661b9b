/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parser.c - a parse from its start to its end, and the few steps all of it is made of.
 * Errors leave by a jump from wherever they are found (lexer_throw): a hundred functions
 * that only pass an error on would hide the grammar. What the parse allocates belongs to
 * the tree's arena or to struct parser, so nothing is lost on the way.
 */
#include <stdio.h>

#include "parser.h"

/* ------------------------------------------------------------------- nodes */

struct node *node_new(struct parser *parser, enum node_kind kind, uint32_t start)
{
	struct node *node = ARENA_NEW(&parser->tree->arena, struct node);

	node->kind = kind;
	node->span = (struct span){start, start};
	return node;
}

struct children children_of(struct node *parent)
{
	return (struct children){.parent = parent, .tail = &parent->first};
}

void children_add(struct parser *parser, struct children *children, struct node *child)
{
	*children->tail = child;
	for (; child; child = child->next) {
		if (child->height == TREE_HEIGHT_MAX)
			lexer_fail_limit(&parser->lexer,
					 "expression has too many parts in a row (limit is %d)",
					 TREE_HEIGHT_MAX);
		if (children->parent->height <= child->height)
			children->parent->height = child->height + 1;
		children->tail = &child->next;
	}
}

struct node *node_end(const struct parser *parser, struct node *node)
{
	node->span.end = parser->lexer.last_end;
	return node;
}

/* ------------------------------------------------------------------- tokens */

/* A token as messages name it: 'end', '(', <name>. */
struct token_text {
	char text[16];
};

static struct token_text token_text(int token)
{
	struct token_text ret;

	if (token >= TOKEN_AND)
		snprintf(ret.text, sizeof(ret.text), "'%s'", names_reserved(token));
	else if (token == TOKEN_NAME)
		snprintf(ret.text, sizeof(ret.text), "<name>");
	else if (token == TOKEN_EOF)
		snprintf(ret.text, sizeof(ret.text), "<eof>");
	else if (token == TOKEN_COLONS)
		snprintf(ret.text, sizeof(ret.text), "'::'");
	else
		snprintf(ret.text, sizeof(ret.text), "'%c'", token);
	return ret;
}

static _Noreturn void fail_expected(struct parser *parser, int token)
{
	lexer_fail_near(&parser->lexer, "%s expected", token_text(token).text);
}

bool accept_token(struct parser *parser, int token)
{
	if (current(parser) != token)
		return false;
	next(parser);
	return true;
}

void expect_token(struct parser *parser, int token)
{
	if (!accept_token(parser, token))
		fail_expected(parser, token);
}

unsigned line_of(const struct parser *parser, uint32_t at)
{
	unsigned line, column;

	source_position(parser->lexer.source, at, &line, &column);
	return line;
}

void expect_close(struct parser *parser, int token, int opener, uint32_t opener_at)
{
	if (accept_token(parser, token))
		return;
	/* During a trial nobody reads the message, and finding lines takes time. */
	if (parser->lexer.trial)
		fail_expected(parser, token);
	unsigned line = line_of(parser, opener_at);
	if (line == line_of(parser, current_start(parser)))
		fail_expected(parser, token);
	lexer_fail_near(&parser->lexer, "%s expected (to close %s at line %u)",
			token_text(token).text, token_text(opener).text, line);
}

struct name *expect_name(struct parser *parser)
{
	struct name *name = parser->lexer.token.name;

	expect_token(parser, TOKEN_NAME);
	return name;
}

void enter_level(struct parser *parser)
{
	if (++parser->level > LEVELS_MAX)
		lexer_fail_limit(&parser->lexer, "too many nested levels (limit is %d)",
				 LEVELS_MAX);
}

/* -------------------------------------------------------------------- whole */

static void parse_chunk(struct parser *parser)
{
	struct function function;
	struct block block;

	function_enter(parser, &function, 0);
	function.is_vararg = true;
	block_enter(parser, &block, false);
	next(parser);
	parser->tree->root = parse_statements(parser);
	parser->tree->root->span.start = 0;
	expect_token(parser, TOKEN_EOF);
	block_leave(parser);
	function_leave(parser);
}

static struct error *run(struct parser *parser)
{
	jmp_buf out;

	parser->lexer.out = &out;
	if (setjmp(out) == 0)
		parse_chunk(parser);
	parser->lexer.out = NULL;
	return parser->lexer.error;
}

struct error *tree_parse(const struct source *source, struct tree **ret)
{
	if (source->size >= UINT32_MAX)
		return error_new(ERR_SYNTAX, "%s: texts of 4 GiB and more are not read",
				 source->name);
	struct tree *tree = xcalloc(1, sizeof(*tree));
	struct parser parser = {.tree = tree};

	tree->source = source;
	lexer_init(&parser.lexer, source, &tree->arena);
	parser.environment = names_find(&parser.lexer.names, "_ENV", 4);
	struct error *err = run(&parser);
	lexer_deinit(&parser.lexer);
	vector_deinit(&parser.locals);
	vector_deinit(&parser.labels);
	vector_deinit(&parser.gotos);
	if (err)
		tree_free(tree);
	else
		*ret = tree;
	return err;
}
