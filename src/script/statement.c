/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statement.c - Lua's own statements (Lua 5.4 reference manual, 3.3 and 9).
 */
#include <string.h>

#include "parser.h"

bool is_block_end(int token, bool with_until)
{
	return token == TOKEN_EOF || token == TOKEN_END || token == TOKEN_ELSE ||
	       token == TOKEN_ELSEIF || (with_until && token == TOKEN_UNTIL);
}

/* ------------------------------------------------------------------- blocks */

struct node *parse_statements(struct parser *parser)
{
	struct node *block = node_new(parser, NODE_BLOCK, parser->lexer.last_end);
	struct children children = children_of(block);

	while (!is_block_end(current(parser), true)) {
		bool is_last = current(parser) == TOKEN_RETURN;
		if (current(parser) != ';')
			children_add(parser, &children, parse_statement(parser));
		else
			next(parser);
		if (is_last)
			break;
	}
	block->span.end = current_start(parser);
	return block;
}

/* Statements in a scope of their own. */
static struct node *parse_block(struct parser *parser, bool is_loop)
{
	struct block scope;

	block_enter(parser, &scope, is_loop);
	struct node *block = parse_statements(parser);
	block_leave(parser);
	return block;
}

static struct node *parse_do(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_DO, start);
	struct children children = children_of(node);

	next(parser);
	children_add(parser, &children, parse_block(parser, false));
	expect_close(parser, TOKEN_END, TOKEN_DO, start);
	return node_end(parser, node);
}

static struct node *parse_if(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_IF, start);
	struct children children = children_of(node);

	do {
		next(parser);
		children_add(parser, &children, parse_expression(parser));
		expect_token(parser, TOKEN_THEN);
		children_add(parser, &children, parse_block(parser, false));
	} while (current(parser) == TOKEN_ELSEIF);
	if (accept_token(parser, TOKEN_ELSE))
		children_add(parser, &children, parse_block(parser, false));
	expect_close(parser, TOKEN_END, TOKEN_IF, start);
	return node_end(parser, node);
}

/* -------------------------------------------------------------------- loops */

static struct node *parse_while(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_WHILE, start);
	struct children children = children_of(node);

	next(parser);
	children_add(parser, &children, parse_expression(parser));
	expect_token(parser, TOKEN_DO);
	children_add(parser, &children, parse_block(parser, true));
	expect_close(parser, TOKEN_END, TOKEN_WHILE, start);
	return node_end(parser, node);
}

/* The condition sees the locals of the block. */
static struct node *parse_repeat(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_REPEAT, start);
	struct children children = children_of(node);
	struct block loop, scope;

	next(parser);
	block_enter(parser, &loop, true);
	block_enter(parser, &scope, false);
	children_add(parser, &children, parse_statements(parser));
	expect_close(parser, TOKEN_UNTIL, TOKEN_REPEAT, start);
	children_add(parser, &children, parse_expression(parser));
	block_leave(parser);
	block_leave(parser);
	return node_end(parser, node);
}

/* The names become visible in the body, behind the loop's hidden variables. */
static void parse_for_body(struct parser *parser, struct node *node, struct children *children,
			   unsigned hidden_count)
{
	struct block loop, scope;
	struct node *names = node->first;

	expect_token(parser, TOKEN_DO);
	block_enter(parser, &loop, true);
	local_declare_hidden(parser, hidden_count);
	block_enter(parser, &scope, false);
	for (struct node *name = names; name && name->kind == NODE_NAME; name = name->next) {
		local_declare(parser, names_find(&parser->lexer.names, name->text, name->text_size),
			      name);
		if (node->kind == NODE_FOR_NUMERIC)
			break;
	}
	children_add(parser, children, parse_statements(parser));
	block_leave(parser);
	block_leave(parser);
}

static void parse_for_numeric(struct parser *parser, struct node *node, struct children *children)
{
	next(parser);
	children_add(parser, children, parse_expression(parser));
	expect_token(parser, ',');
	children_add(parser, children, parse_expression(parser));
	if (accept_token(parser, ','))
		children_add(parser, children, parse_expression(parser));
	parse_for_body(parser, node, children, 3);
}

static struct node *parse_undeclared_name(struct parser *parser)
{
	struct span span = parser->lexer.token.span;

	return name_node(parser, expect_name(parser), span);
}

static void parse_for_in(struct parser *parser, struct node *node, struct children *children)
{
	while (accept_token(parser, ','))
		children_add(parser, children, parse_undeclared_name(parser));
	expect_token(parser, TOKEN_IN);
	children_add(parser, children, parse_expressions(parser));
	parse_for_body(parser, node, children, 4);
}

static struct node *parse_for(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_FOR_IN, start);
	struct children children = children_of(node);

	next(parser);
	children_add(parser, &children, parse_undeclared_name(parser));
	if (current(parser) == '=') {
		node->kind = NODE_FOR_NUMERIC;
		parse_for_numeric(parser, node, &children);
	} else if (current(parser) == ',' || current(parser) == TOKEN_IN) {
		parse_for_in(parser, node, &children);
	} else {
		lexer_fail_near(&parser->lexer, "'=' or 'in' expected");
	}
	expect_close(parser, TOKEN_END, TOKEN_FOR, start);
	return node_end(parser, node);
}

/* ------------------------------------------------------------- declarations */

/* function a.b.c:m() ... end */
static struct node *parse_function_statement(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_FUNCTION_STATEMENT, start);
	struct children children = children_of(node);
	bool is_method = false;

	next(parser);
	struct span span = parser->lexer.token.span;
	struct name *name = expect_name(parser);
	struct node *target = name_node(parser, name, span);
	name_resolve(parser, name, target);
	while (!is_method && (current(parser) == '.' || current(parser) == ':')) {
		is_method = current(parser) == ':';
		next(parser);
		struct node *key = parse_undeclared_name(parser);
		key->kind = NODE_STRING;
		struct node *index = node_new(parser, NODE_INDEX, span.start);
		struct children parts = children_of(index);
		children_add(parser, &parts, target);
		children_add(parser, &parts, key);
		target = node_end(parser, index);
	}
	check_assignable(parser, target);
	children_add(parser, &children, target);
	children_add(parser, &children,
		     parse_function_body(parser, current_start(parser), start, is_method));
	return node_end(parser, node);
}

static struct node *parse_local_function(struct parser *parser, uint32_t start)
{
	struct node *node = node_new(parser, NODE_LOCAL_FUNCTION, start);
	struct children children = children_of(node);

	next(parser);
	struct span span = parser->lexer.token.span;
	struct name *name = expect_name(parser);
	struct node *declared = name_node(parser, name, span);
	local_declare(parser, name, declared);
	children_add(parser, &children, declared);
	children_add(parser, &children,
		     parse_function_body(parser, current_start(parser), start, false));
	return node_end(parser, node);
}

static const char *parse_attribute(struct parser *parser)
{
	if (!accept_token(parser, '<'))
		return NULL;
	struct span span = parser->lexer.token.span;
	const struct name *name = expect_name(parser);
	expect_token(parser, '>');
	if (strcmp(name->text, "const") != 0 && strcmp(name->text, "close") != 0)
		lexer_fail_meaning(&parser->lexer, span, "unknown attribute '%s'", name->text);
	return name->text;
}

/* The names become visible behind the statement. */
static void declare_all(struct parser *parser, struct node *first, unsigned count)
{
	for (struct node *name = first; count-- > 0; name = name->next)
		local_declare(parser, names_find(&parser->lexer.names, name->text, name->text_size),
			      name);
}

/* Pairs names with expressions where there are as many of each (a call that gives
 * several values, or `...`, leaves it open who gets what). */
static void note_initializers(struct node *first, struct node *values)
{
	struct node *name = first, *value = values->first;

	while (name && value) {
		name = name->next;
		value = value->next;
	}
	if (name || value)
		return;
	for (name = first, value = values->first; name; name = name->next, value = value->next)
		name->initializer = value;
}

static struct node *parse_local(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *node = node_new(parser, NODE_LOCAL, start);
	struct children children = children_of(node);
	unsigned count = 0;
	bool has_close = false;

	next(parser);
	if (current(parser) == TOKEN_FUNCTION)
		return parse_local_function(parser, start);
	do {
		struct node *name = parse_undeclared_name(parser);
		name->attribute = parse_attribute(parser);
		bool is_close = name->attribute && strcmp(name->attribute, "close") == 0;
		if (is_close && has_close)
			lexer_fail_meaning(&parser->lexer, name->span,
					   "multiple to-be-closed variables in local list");
		has_close |= is_close;
		children_add(parser, &children, name);
		count++;
	} while (accept_token(parser, ','));
	struct node *values =
	    accept_token(parser, '=') ? parse_expressions(parser) : empty_list(parser);
	note_initializers(node->first, values);
	children_add(parser, &children, values);
	declare_all(parser, node->first, count);
	return node_end(parser, node);
}

/* ----------------------------------------------------- jumps, calls, assignments */

static struct node *parse_return(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_RETURN, current_start(parser));
	struct children children = children_of(node);

	next(parser);
	bool is_empty = is_block_end(current(parser), true) || current(parser) == ';';
	children_add(parser, &children, is_empty ? empty_list(parser) : parse_expressions(parser));
	node_end(parser, node);
	accept_token(parser, ';');
	return node;
}

static struct node *parse_break(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_BREAK, current_start(parser));

	next(parser);
	return node_end(parser, node);
}

static struct node *parse_goto(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_GOTO, current_start(parser));

	next(parser);
	struct name *label = expect_name(parser);
	node->text = label->text;
	node->text_size = label->size;
	goto_add(parser, label, node->span.start);
	return node_end(parser, node);
}

/* Skips the labels and semicolons behind the label first: one that only such
 * follow counts as standing at the block's end, where no local is visible any more.
 * They are the node's siblings, so they come chained behind it. */
static struct node *parse_label(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_LABEL, current_start(parser));

	next(parser);
	struct span span = parser->lexer.token.span;
	struct name *name = expect_name(parser);
	expect_token(parser, TOKEN_COLONS);
	node->text = name->text;
	node->text_size = name->size;
	node_end(parser, node);
	struct node **tail = &node->next;
	while (current(parser) == ';' || current(parser) == TOKEN_COLONS) {
		if (accept_token(parser, ';'))
			continue;
		*tail = parse_statement(parser);
		while (*tail)
			tail = &(*tail)->next;
	}
	label_check(parser, name, span);
	label_add(parser, name, node->span.start, is_block_end(current(parser), false));
	return node;
}

static void check_target(struct parser *parser, const struct node *target)
{
	if (target->kind != NODE_NAME && target->kind != NODE_INDEX)
		lexer_fail_near(&parser->lexer, "syntax error");
	check_assignable(parser, target);
}

/* Lua counts each further target as a level. */
static struct node *parse_assignment(struct parser *parser, struct node *target)
{
	struct node *node = node_new(parser, NODE_ASSIGN, target->span.start);
	struct node *targets = node_new(parser, NODE_LIST, target->span.start);
	struct children children = children_of(node), list = children_of(targets);
	unsigned level = parser->level;

	check_target(parser, target);
	children_add(parser, &list, target);
	while (accept_token(parser, ',')) {
		target = parse_suffixed(parser);
		enter_level(parser);
		check_target(parser, target);
		children_add(parser, &list, target);
	}
	children_add(parser, &children, node_end(parser, targets));
	expect_token(parser, '=');
	children_add(parser, &children, parse_expressions(parser));
	parser->level = level;
	return node_end(parser, node);
}

static struct node *parse_expression_statement(struct parser *parser)
{
	struct node *target = parse_suffixed(parser);

	if (current(parser) == '=' || current(parser) == ',')
		return parse_assignment(parser, target);
	if (target->kind != NODE_CALL && target->kind != NODE_METHOD_CALL)
		lexer_fail_near(&parser->lexer, "syntax error");
	struct node *node = node_new(parser, NODE_CALL_STATEMENT, target->span.start);
	struct children children = children_of(node);
	children_add(parser, &children, target);
	return node_end(parser, node);
}

/* ---------------------------------------------------------------- statement */

static struct node *parse_by_word(struct parser *parser)
{
	const struct token *token = &parser->lexer.token;

	if ((token->kind == TOKEN_NAME || token->kind == TOKEN_BREAK) &&
	    token->name->is_probe_word && !parser->lexer.trial) {
		struct node *probe = parse_probe_statement(parser);
		if (probe)
			return probe;
	}
	switch (token->kind) {
	case TOKEN_IF:
		return parse_if(parser);
	case TOKEN_WHILE:
		return parse_while(parser);
	case TOKEN_DO:
		return parse_do(parser);
	case TOKEN_FOR:
		return parse_for(parser);
	case TOKEN_REPEAT:
		return parse_repeat(parser);
	case TOKEN_FUNCTION:
		return parse_function_statement(parser);
	case TOKEN_LOCAL:
		return parse_local(parser);
	case TOKEN_COLONS:
		return parse_label(parser);
	case TOKEN_RETURN:
		return parse_return(parser);
	case TOKEN_BREAK:
		return parse_break(parser);
	case TOKEN_GOTO:
		return parse_goto(parser);
	default:
		return parse_expression_statement(parser);
	}
}

struct node *parse_statement(struct parser *parser)
{
	enter_level(parser);
	struct node *node = parse_by_word(parser);

	leave_level(parser);
	return node;
}
