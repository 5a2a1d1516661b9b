/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script.h - the dialect: Lua 5.4 plus probe statements, from text to tree.
 *
 *   source.c      a named text; lines, columns, carets
 *   names.c       names and reserved words, each kept once
 *   lexer.c       tokens
 *   literal.c     numbers and strings to values
 *   scope.c       locals, functions, labels: what a name refers to
 *   expression.c  expressions
 *   statement.c   Lua's statements
 *   foreign.c     what other languages write, for hints
 *   dialect.c     the probe statements
 *   location.c    where a location's text ends
 *   parser.c      a parse from its start to its end
 *   tree.c        a parse from outside; questions about trees
 *   translate.c   tree to plain Lua, line for line
 *
 * Knows nothing of targets: what a free name means is the compiler's question.
 */
#ifndef MOONTAP_SCRIPT_H
#define MOONTAP_SCRIPT_H

#include "moontap/base.h"

/* A half-open range of bytes in a source. */
struct span {
	uint32_t start, end;
};

/* A text a user wrote. Owns copies of both strings. */
struct source {
	char *name; /* as shown in messages: "here.mt", "(command line)", "(console)" */
	char *text; /* NUL-terminated */
	size_t size;
	VECTOR(uint32_t) lines; /* where each begins */
};

struct source *source_new(const char *name, const char *text, size_t size);
/* Reads a file; "-" is standard input. ERR_NO_FILE, ERR_OS. */
struct error *source_read(const char *path, struct source **ret);
void source_free(struct source *source);
/* 1-based line and byte column of an offset. */
void source_position(const struct source *source, uint32_t offset, unsigned *ret_line,
		     unsigned *ret_column);
/* An error at a place in the user's text: fills where and excerpt (the line,
 * escaped, tabs kept; below it a caret under span.start and ~ to its end). */
struct error *source_error(const struct source *source, struct span span, enum error_tag tag,
			   const char *format, ...) PRINTF_LIKE(4, 5);

/* Each kind's children, in order, from first along next ([] optional, * any). */
enum node_kind {
	/* statements */
	NODE_BLOCK,		 /* statement* */
	NODE_LOCAL,		 /* NAME* (declared), then a NODE_LIST of expressions */
	NODE_LOCAL_FUNCTION,	 /* NAME, FUNCTION */
	NODE_ASSIGN,		 /* LIST of targets, LIST of expressions */
	NODE_CALL_STATEMENT,	 /* CALL or METHOD_CALL */
	NODE_DO,		 /* BLOCK */
	NODE_WHILE,		 /* expression, BLOCK */
	NODE_REPEAT,		 /* BLOCK, expression */
	NODE_IF,		 /* (expression, BLOCK)+, [BLOCK] */
	NODE_FOR_NUMERIC,	 /* NAME, from, to, [step], BLOCK */
	NODE_FOR_IN,		 /* NAME*, LIST, BLOCK */
	NODE_FUNCTION_STATEMENT, /* NAME or INDEX, FUNCTION */
	NODE_RETURN,		 /* LIST */
	NODE_BREAK,		 /* Lua's own */
	NODE_GOTO,		 /* text = label */
	NODE_LABEL,		 /* text = label */
	NODE_PROBE,		 /* [condition], [BLOCK]; see probe below */
	NODE_DPRINTF,		 /* LIST of expressions, the format first; see probe below */
	NODE_EVERY,		 /* BLOCK; integer = nanoseconds */
	/* expressions */
	NODE_NIL,
	NODE_TRUE,
	NODE_FALSE,
	NODE_VARARG,
	NODE_INTEGER,	  /* integer */
	NODE_FLOAT,	  /* number */
	NODE_STRING,	  /* text, text_size: the value, escapes resolved */
	NODE_NAME,	  /* text; declaration */
	NODE_INDEX,	  /* object, key (a.b has a STRING key) */
	NODE_CALL,	  /* function, argument* */
	NODE_METHOD_CALL, /* object, STRING, argument* */
	NODE_FUNCTION,	  /* NAME* (parameters), BLOCK; is_vararg */
	NODE_UNARY,	  /* op: operand */
	NODE_BINARY,	  /* op: left, right */
	NODE_TABLE,	  /* FIELD* */
	NODE_FIELD,	  /* [key], value */
	NODE_PAREN,	  /* expression */
	NODE_LIST,	  /* expression* */
};

enum operator{
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_MOD,
	OP_POW,
	OP_DIV,
	OP_IDIV,
	OP_BAND,
	OP_BOR,
	OP_BXOR,
	OP_SHL,
	OP_SHR,
	OP_CONCAT,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_AND,
	OP_OR,
	OP_NEG,
	OP_NOT,
	OP_LEN,
	OP_BNOT,
};
/* "+", "//", "and", ... */
const char *operator_text(enum operator op);

enum probe_kind {
	PROBE_BREAK,
	PROBE_TBREAK,
	PROBE_RBREAK,
	PROBE_FINISH,
	PROBE_DPRINTF,
	PROBE_COVER,
	PROBE_FLOW,
};

/*
 * Spans are exact: the first byte of the first token to the last byte of the last
 * one, without a closing `;`. So an expression's text is an expression again. Those
 * that differ:
 * - a BLOCK covers everything between the words that enclose it, blanks and
 *   comments too;
 * - the FUNCTION of `function f() ... end` starts at its `(`;
 * - the target of `function a:m()` covers `a:m`, and its parameter self is empty;
 * - an empty LIST is an empty span where it would stand.
 */
struct node {
	enum node_kind kind;
	enum operator op : 8;
	bool is_vararg : 1;   /* FUNCTION */
	bool is_followed : 1; /* INDEX: written *p, which is p[0] of a pointer of the target */
	unsigned height : 16; /* of the tree below; at most TREE_HEIGHT_MAX */
	struct span span;
	struct node *first, *next;
	union {
		int64_t integer; /* INTEGER, EVERY */
		double number;	 /* FLOAT */
	};
	union {
		struct {		  /* NAME, STRING, GOTO, LABEL */
			const char *text; /* NUL-terminated; a STRING may hold more NULs */
			size_t text_size;
			/* NAME: the NAME node that declares it (a local, parameter or
			 * loop variable, itself for a declaration), or NULL for a global. */
			struct node *declaration;
			const char *attribute; /* of a declared NAME: "const", "close" or NULL */
			/* Of a NAME declared by `local` with as many expressions as
			 * names: its own, or NULL. (compile folds constants with it.) */
			struct node *initializer;
			/* NAME of a global: the local _ENV it is a field of, or NULL. */
			struct node *environment;
		};
		struct { /* PROBE, DPRINTF and EVERY */
			enum probe_kind kind;
			unsigned index;		   /* its place in tree.probes */
			const char *location;	   /* as written, outer quotes and spaces removed */
			struct span location_span; /* quotes included */
			struct node *condition;	   /* or NULL; also a child */
			struct node *block;	   /* or NULL; also a child */
			struct node *goroutine;	   /* INTEGER, spans `goroutine N`; or NULL */
			unsigned depth;		   /* of a FLOW: levels shown; 0: all */
		} probe;
	};
};

/* A walk of a tree that recurses into children and loops over siblings goes no
 * deeper than this; what would be deeper (thousands of operators in a row) is
 * a syntax error. */
#define TREE_HEIGHT_MAX 4000

/* A parsed text. Everything is in its arena and speaks of source (borrowed). */
struct tree {
	struct arena arena;
	const struct source *source;
	struct node *root;		 /* NODE_BLOCK */
	VECTOR(struct node *) probes;	 /* NODE_PROBE, NODE_DPRINTF and NODE_EVERY, in order */
	VECTOR(struct node *) functions; /* every NODE_FUNCTION, in order of their start */
	VECTOR(uint32_t) followed;	 /* where the * of each *p is, in order */
};

/* Parses a whole text. A byte order mark and a first line starting with # are
 * skipped. Errors: ERR_SYNTAX with where and excerpt; ERR_INCOMPLETE likewise, where
 * only the end of the text was in the way (the console then asks for another
 * line). *ret is untouched on error. */
struct error *tree_parse(const struct source *source, struct tree **ret);
void tree_free(struct tree *tree);

/* The names of outer locals that node (an expression, block or function) uses: the
 * first NAME node of each that is declared outside node's span. A global that is
 * looked up in a local _ENV counts as a use of _ENV (then ret has the declaration). */
typedef VECTOR(const struct node *) name_list;
void tree_upvalues(const struct node *node, name_list *ret);

/*
 * Appends the tree as plain Lua 5.4. Every line of the result is the user's
 * line of that number; text without probe statements comes out byte for byte, but
 * for a skipped first line or byte order mark, which becomes spaces. A probe
 * statement becomes one call, its condition and block functions that carry
 * their upvalues:
 *
 *   break f+4 if x > 1 do print(x) end
 *   _MOONTAP(INDEX, function() return x > 1 end, function() print(x) end);
 *
 * with nil for what is absent, and INDEX its place in tree->probes. dprintf L, "f", a
 * becomes _MOONTAP(INDEX, nil, function() printf("f", a) end); every D do B end becomes
 * _MOONTAP(INDEX, nil, function() B end); always with the semicolon, so that a `(` on the next
 * line stays a statement of its own.
 */
void tree_translate(const struct tree *tree, struct buffer *ret);

#endif
