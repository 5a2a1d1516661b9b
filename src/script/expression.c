/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expression.c - expressions, by recursive descent with binding powers for the
 * operators (Lua 5.4 reference manual, 3.4.8 and 9).
 */
#include "parser.h"

static const struct {
	const char *text;
	unsigned char left, right; /* how strongly it binds; right < left: right-associative */
} operators[] = {
    [OP_ADD] = {"+", 10, 10},	[OP_SUB] = {"-", 10, 10},   [OP_MUL] = {"*", 11, 11},
    [OP_MOD] = {"%", 11, 11},	[OP_POW] = {"^", 14, 13},   [OP_DIV] = {"/", 11, 11},
    [OP_IDIV] = {"//", 11, 11}, [OP_BAND] = {"&", 6, 6},    [OP_BOR] = {"|", 4, 4},
    [OP_BXOR] = {"~", 5, 5},	[OP_SHL] = {"<<", 7, 7},    [OP_SHR] = {">>", 7, 7},
    [OP_CONCAT] = {"..", 9, 8}, [OP_EQ] = {"==", 3, 3},	    [OP_NE] = {"~=", 3, 3},
    [OP_LT] = {"<", 3, 3},	[OP_LE] = {"<=", 3, 3},	    [OP_GT] = {">", 3, 3},
    [OP_GE] = {">=", 3, 3},	[OP_AND] = {"and", 2, 2},   [OP_OR] = {"or", 1, 1},
    [OP_NEG] = {"-", 12, 12},	[OP_NOT] = {"not", 12, 12}, [OP_LEN] = {"#", 12, 12},
    [OP_BNOT] = {"~", 12, 12},
};
#define OP_NONE -1

const char *operator_text(enum operator op)
{
	return operators[op].text;
}

static int unary_operator(int token)
{
	switch (token) {
	case '-':
		return OP_NEG;
	case '#':
		return OP_LEN;
	case '~':
		return OP_BNOT;
	case TOKEN_NOT:
		return OP_NOT;
	default:
		return OP_NONE;
	}
}

static int binary_operator(int token)
{
	static const struct {
		int token;
		enum operator op;
	} tokens[] = {
	    {'+', OP_ADD},	   {'-', OP_SUB},	{'*', OP_MUL},
	    {'%', OP_MOD},	   {'^', OP_POW},	{'/', OP_DIV},
	    {'&', OP_BAND},	   {'|', OP_BOR},	{'~', OP_BXOR},
	    {'<', OP_LT},	   {'>', OP_GT},	{TOKEN_CONCAT, OP_CONCAT},
	    {TOKEN_EQ, OP_EQ},	   {TOKEN_NE, OP_NE},	{TOKEN_LE, OP_LE},
	    {TOKEN_GE, OP_GE},	   {TOKEN_SHL, OP_SHL}, {TOKEN_SHR, OP_SHR},
	    {TOKEN_IDIV, OP_IDIV}, {TOKEN_AND, OP_AND}, {TOKEN_OR, OP_OR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (tokens[i].token == token)
			return tokens[i].op;
	return OP_NONE;
}

/* ------------------------------------------------------------------- leaves */

static struct node *parse_leaf(struct parser *parser, enum node_kind kind)
{
	const struct token *token = &parser->lexer.token;
	struct node *node = node_new(parser, kind, token->span.start);

	if (kind == NODE_INTEGER)
		node->integer = token->integer;
	if (kind == NODE_FLOAT)
		node->number = token->number;
	if (kind == NODE_STRING) {
		node->text = token->string.text;
		node->text_size = token->string.size;
	}
	next(parser);
	return node_end(parser, node);
}

/* A name that stands for a string: a.NAME, a:NAME(), {NAME = 1}. */
static struct node *parse_key(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_STRING, current_start(parser));
	struct name *name = expect_name(parser);

	node->text = name->text;
	node->text_size = name->size;
	return node_end(parser, node);
}

static struct node *parse_variable(struct parser *parser)
{
	struct span span = parser->lexer.token.span;
	struct name *name = expect_name(parser);
	struct node *node = name_node(parser, name, span);

	name_resolve(parser, name, node);
	return node;
}

/* ------------------------------------------------------------------- tables */

static struct node *parse_field(struct parser *parser)
{
	struct node *field = node_new(parser, NODE_FIELD, current_start(parser));
	struct children children = children_of(field);

	if (current(parser) == '[') {
		next(parser);
		children_add(parser, &children, parse_expression(parser));
		expect_token(parser, ']');
		expect_token(parser, '=');
	} else if (current(parser) == TOKEN_NAME && lexer_peek(&parser->lexer) == '=') {
		children_add(parser, &children, parse_key(parser));
		next(parser);
	}
	children_add(parser, &children, parse_expression(parser));
	return node_end(parser, field);
}

static struct node *parse_table(struct parser *parser)
{
	uint32_t start = current_start(parser);
	struct node *table = node_new(parser, NODE_TABLE, start);
	struct children children = children_of(table);

	expect_token(parser, '{');
	while (current(parser) != '}') {
		children_add(parser, &children, parse_field(parser));
		if (!accept_token(parser, ',') && !accept_token(parser, ';'))
			break;
	}
	expect_close(parser, '}', '{', start);
	return node_end(parser, table);
}

/* ---------------------------------------------------------------- functions */

static void parse_parameters(struct parser *parser, struct node *node, struct children *children)
{
	if (current(parser) == ')')
		return;
	do {
		if (accept_token(parser, TOKEN_DOTS)) {
			node->is_vararg = true;
			return;
		}
		struct span span = parser->lexer.token.span;
		if (current(parser) != TOKEN_NAME)
			lexer_fail_near(&parser->lexer, "<name> or '...' expected");
		struct name *name = expect_name(parser);
		struct node *parameter = name_node(parser, name, span);
		local_declare(parser, name, parameter);
		children_add(parser, children, parameter);
	} while (accept_token(parser, ','));
}

static void add_self(struct parser *parser, struct children *children)
{
	struct name *self = names_find(&parser->lexer.names, "self", 4);
	uint32_t at = current_start(parser);
	struct node *parameter = name_node(parser, self, (struct span){at, at});

	local_declare(parser, self, parameter);
	children_add(parser, children, parameter);
}

struct node *parse_function_body(struct parser *parser, uint32_t node_start, uint32_t start,
				 bool is_method)
{
	struct node *node = node_new(parser, NODE_FUNCTION, node_start);
	struct children children = children_of(node);
	struct function function;
	struct block block;

	vector_push(&parser->tree->functions, node);
	function_enter(parser, &function, start);
	block_enter(parser, &block, false);
	if (is_method)
		add_self(parser, &children);
	expect_token(parser, '(');
	parse_parameters(parser, node, &children);
	function.is_vararg = node->is_vararg;
	expect_token(parser, ')');
	children_add(parser, &children, parse_statements(parser));
	expect_close(parser, TOKEN_END, TOKEN_FUNCTION, start);
	block_leave(parser);
	function_leave(parser);
	return node_end(parser, node);
}

/* ----------------------------------------------------------------- suffixes */

static struct node *parse_primary(struct parser *parser)
{
	uint32_t start = current_start(parser);

	if (current(parser) == TOKEN_NAME)
		return parse_variable(parser);
	if (current(parser) != '(')
		lexer_fail_near(&parser->lexer, "unexpected symbol");
	struct node *node = node_new(parser, NODE_PAREN, start);
	struct children children = children_of(node);
	next(parser);
	children_add(parser, &children, parse_expression(parser));
	expect_close(parser, ')', '(', start);
	return node_end(parser, node);
}

static bool starts_arguments(int token)
{
	return token == '(' || token == '{' || token == TOKEN_STRING;
}

static void parse_arguments(struct parser *parser, struct children *children)
{
	uint32_t start = current_start(parser);

	if (current(parser) == '{') {
		children_add(parser, children, parse_table(parser));
	} else if (current(parser) == TOKEN_STRING) {
		children_add(parser, children, parse_leaf(parser, NODE_STRING));
	} else if (accept_token(parser, '(')) {
		if (current(parser) != ')') {
			do
				children_add(parser, children, parse_expression(parser));
			while (accept_token(parser, ','));
		}
		expect_close(parser, ')', '(', start);
	} else {
		lexer_fail_near(&parser->lexer, "function arguments expected");
	}
}

/* One suffix of what was read so far: .NAME, [key], :NAME(...), (...). */
static struct node *parse_suffix(struct parser *parser, struct node *object)
{
	int token = current(parser);
	enum node_kind kind = token == ':'		? NODE_METHOD_CALL
			      : starts_arguments(token) ? NODE_CALL
							: NODE_INDEX;
	struct node *node = node_new(parser, kind, object->span.start);
	struct children children = children_of(node);

	children_add(parser, &children, object);
	if (kind != NODE_CALL)
		next(parser);
	if (token == '[') {
		children_add(parser, &children, parse_expression(parser));
		expect_token(parser, ']');
	} else if (kind != NODE_CALL) {
		children_add(parser, &children, parse_key(parser));
	}
	if (kind != NODE_INDEX)
		parse_arguments(parser, &children);
	return node_end(parser, node);
}

struct node *parse_suffixed(struct parser *parser)
{
	struct node *node = parse_primary(parser);

	while (current(parser) == '.' || current(parser) == '[' || current(parser) == ':' ||
	       starts_arguments(current(parser)))
		node = parse_suffix(parser, node);
	return node;
}

/* ---------------------------------------------------------------- operators */

static struct node *parse_simple(struct parser *parser)
{
	uint32_t start = current_start(parser);

	switch (current(parser)) {
	case TOKEN_INTEGER:
		return parse_leaf(parser, NODE_INTEGER);
	case TOKEN_FLOAT:
		return parse_leaf(parser, NODE_FLOAT);
	case TOKEN_STRING:
		return parse_leaf(parser, NODE_STRING);
	case TOKEN_NIL:
		return parse_leaf(parser, NODE_NIL);
	case TOKEN_TRUE:
		return parse_leaf(parser, NODE_TRUE);
	case TOKEN_FALSE:
		return parse_leaf(parser, NODE_FALSE);
	case TOKEN_DOTS:
		if (!parser->function->is_vararg)
			lexer_fail_near(&parser->lexer,
					"cannot use '...' outside a vararg function");
		return parse_leaf(parser, NODE_VARARG);
	case '{':
		return parse_table(parser);
	case TOKEN_FUNCTION:
		next(parser);
		return parse_function_body(parser, start, start, false);
	default:
		return parse_suffixed(parser);
	}
}

static struct node *parse_operand(struct parser *parser, unsigned binding);

static struct node *parse_unary(struct parser *parser, enum operator op)
{
	struct node *node = node_new(parser, NODE_UNARY, current_start(parser));
	struct children children = children_of(node);

	node->op = op;
	next(parser);
	children_add(parser, &children, parse_operand(parser, operators[op].left));
	return node_end(parser, node);
}

/* *p, which Lua does not have: p[0]. */
static struct node *parse_followed(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_INDEX, current_start(parser));
	struct children children = children_of(node);

	node->is_followed = true;
	vector_push(&parser->tree->followed, node->span.start);
	next(parser);
	children_add(parser, &children, parse_operand(parser, operators[OP_NEG].left));
	children_add(parser, &children,
		     node_end(parser, node_new(parser, NODE_INTEGER, node->span.start)));
	return node_end(parser, node);
}

static struct node *parse_binary(struct parser *parser, struct node *left, enum operator op)
{
	struct node *node = node_new(parser, NODE_BINARY, left->span.start);
	struct children children = children_of(node);

	node->op = op;
	next(parser);
	children_add(parser, &children, left);
	children_add(parser, &children, parse_operand(parser, operators[op].right));
	return node_end(parser, node);
}

/* An expression whose binary operators all bind more strongly than binding. */
static struct node *parse_operand(struct parser *parser, unsigned binding)
{
	enter_level(parser);
	int op = unary_operator(current(parser));
	struct node *node = op != OP_NONE	     ? parse_unary(parser, op)
			    : current(parser) == '*' ? parse_followed(parser)
						     : parse_simple(parser);

	while ((op = binary_operator(current(parser))) != OP_NONE && operators[op].left > binding)
		node = parse_binary(parser, node, op);
	leave_level(parser);
	return node;
}

struct node *parse_expression(struct parser *parser)
{
	return parse_operand(parser, 0);
}

/* -------------------------------------------------------------------- lists */

struct node *empty_list(struct parser *parser)
{
	return node_end(parser, node_new(parser, NODE_LIST, parser->lexer.last_end));
}

struct node *parse_expressions(struct parser *parser)
{
	struct node *list = node_new(parser, NODE_LIST, current_start(parser));
	struct children children = children_of(list);

	do
		children_add(parser, &children, parse_expression(parser));
	while (accept_token(parser, ','));
	return node_end(parser, list);
}
