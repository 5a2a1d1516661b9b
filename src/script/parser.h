/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parser.h - what the parts of the parser share. Private to the room.
 */
#ifndef SCRIPT_PARSER_H
#define SCRIPT_PARSER_H

#include "lexer.h"

/* Lua's own limits, so that what parses here also loads there. */
#define LEVELS_MAX   197 /* of nested syntax; Lua's C stack */
#define LOCALS_MAX   200 /* in one function */
#define UPVALUES_MAX 255 /* of one function */

/* A visible local variable. */
struct local {
	struct name *name;	  /* NULL: one of a loop's hidden ones */
	struct node *declaration; /* its NAME node */
	int shadowed;		  /* the local of the same name it hides, or -1 */
	struct function *function;
};

struct label {
	struct name *name;
	uint32_t at;	    /* offset in the text */
	size_t local_count; /* locals visible there */
};

struct block {
	struct block *outer; /* NULL: the function's own */
	bool is_in_loop;
	size_t first_local, first_label, first_goto;
	/* Words of this block before these offsets need no trial (dialect.c). */
	uint32_t read_as_lua_to, refused_to;
};

struct function {
	struct function *outer;
	struct block *block;
	bool is_vararg;
	uint32_t at;		  /* its text starts here */
	const struct node *probe; /* whose block or condition this is in, or NULL */
	size_t first_local;
	unsigned upvalue_count;
	int upvalues[UPVALUES_MAX]; /* indices of locals; -1 is the global _ENV */
};

struct parser {
	struct lexer lexer;
	struct tree *tree;
	struct function *function;
	VECTOR(struct local) locals;
	VECTOR(struct label) labels; /* declared in the enclosing blocks */
	VECTOR(struct label) gotos;  /* that have not met their label yet */
	struct name *environment;    /* the name _ENV */
	unsigned level;
};

/* ------------------------------------------------------------------- nodes */

/* Appends children to a node, keeping its height. */
struct children {
	struct node *parent;
	struct node **tail;
};

struct node *node_new(struct parser *parser, enum node_kind kind, uint32_t start);
struct children children_of(struct node *parent);
void children_add(struct parser *parser, struct children *children, struct node *child);
/* Ends a node where the token before the current one ends. */
struct node *node_end(const struct parser *parser, struct node *node);

/* ----------------------------------------------------------------- helpers */

static inline int current(const struct parser *parser)
{
	return parser->lexer.token.kind;
}
static inline uint32_t current_start(const struct parser *parser)
{
	return parser->lexer.token.span.start;
}
static inline void next(struct parser *parser)
{
	lexer_next(&parser->lexer);
}
/* Passes over the token if it is the current one. */
bool accept_token(struct parser *parser, int token);
/* The same, but fails with "'TOKEN' expected". */
void expect_token(struct parser *parser, int token);
/* ... "(to close 'OPENER' at line N)", where the opener is on an earlier line. */
void expect_close(struct parser *parser, int token, int opener, uint32_t opener_at);
struct name *expect_name(struct parser *parser);
unsigned line_of(const struct parser *parser, uint32_t at);
/* Around everything that recurses. */
void enter_level(struct parser *parser);
static inline void leave_level(struct parser *parser)
{
	parser->level--;
}

/* ------------------------------------------------------------------ scope.c */

/* How far the scopes had come, to go back there. */
struct scope_mark {
	struct function *function;
	size_t local_count, label_count, goto_count, function_count, followed_count;
	unsigned level;
};
struct scope_mark scope_mark(const struct parser *parser);
void scope_rewind(struct parser *parser, const struct scope_mark *mark);
void function_enter(struct parser *parser, struct function *function, uint32_t at);
void function_leave(struct parser *parser);
void block_enter(struct parser *parser, struct block *block, bool is_loop);
void block_leave(struct parser *parser);
/* A NAME node for name, spanning the given bytes; resolves nothing. */
struct node *name_node(struct parser *parser, struct name *name, struct span span);
/* Makes a NAME node's name visible from here on. */
void local_declare(struct parser *parser, struct name *name, struct node *declaration);
void local_declare_hidden(struct parser *parser, unsigned count);
/* Finds what a used NAME refers to. */
void name_resolve(struct parser *parser, struct name *name, struct node *node);
void goto_add(struct parser *parser, struct name *label, uint32_t at);
/* is_last: nothing but labels and semicolons up to the block's end. */
void label_check(struct parser *parser, const struct name *name, struct span span);
void label_add(struct parser *parser, struct name *name, uint32_t at, bool is_last);
/* Fails if node is a variable that cannot be assigned to. */
void check_assignable(struct parser *parser, const struct node *node);

/* ------------------------------------------------------------- expression.c */

struct node *parse_expression(struct parser *parser);
/* A variable, field, call or parenthesis. */
struct node *parse_suffixed(struct parser *parser);
/* A LIST of one or more. */
struct node *parse_expressions(struct parser *parser);
/* An empty LIST at the end of the last token. */
struct node *empty_list(struct parser *parser);
/* Parameters and body; the current token is the '('. start: of the word function, also
 * the one that `end` closes. */
struct node *parse_function_body(struct parser *parser, uint32_t node_start, uint32_t start,
				 bool is_method);

/* -------------------------------------------------------------- statement.c */

/* The statements up to a word that ends a block; the block's scope is the caller's. */
struct node *parse_statements(struct parser *parser);
struct node *parse_statement(struct parser *parser);
bool is_block_end(int token, bool with_until);

/* ---------------------------------------------------------------- dialect.c */

/* The probe statement that starts at the current word, or NULL if Lua's own grammar reads it. */
struct node *parse_probe_statement(struct parser *parser);

/* --------------------------------------------------------------- location.c */

/* The location that starts at from, blanks aside; ends before ` if `, ` do `,
 * ` goroutine `, a
 * comment, a semicolon, the line's end; with_comma: or a comma. */
struct span location_scan(struct lexer *lexer, uint32_t from, bool with_comma);

#endif
