/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lexer.h - tokens, and the one way out of a parse that fails. Private to the room.
 */
#ifndef SCRIPT_LEXER_H
#define SCRIPT_LEXER_H

#include <locale.h>
#include <setjmp.h>

#include "moontap/script.h"

/* A token of one character is that character; the others: */
enum token_kind {
	TOKEN_EOF = 256,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_CONCAT, /* .. */
	TOKEN_DOTS,   /* ... */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LE,
	TOKEN_GE,
	TOKEN_SHL,
	TOKEN_SHR,
	TOKEN_IDIV,
	TOKEN_COLONS, /* :: */
	/* reserved words, in the order of the table in names.c */
	TOKEN_AND,
	TOKEN_BREAK,
	TOKEN_DO,
	TOKEN_ELSE,
	TOKEN_ELSEIF,
	TOKEN_END,
	TOKEN_FALSE,
	TOKEN_FOR,
	TOKEN_FUNCTION,
	TOKEN_GOTO,
	TOKEN_IF,
	TOKEN_IN,
	TOKEN_LOCAL,
	TOKEN_NIL,
	TOKEN_NOT,
	TOKEN_OR,
	TOKEN_REPEAT,
	TOKEN_RETURN,
	TOKEN_THEN,
	TOKEN_TRUE,
	TOKEN_UNTIL,
	TOKEN_WHILE,
	TOKEN_LAST,
};

/* ------------------------------------------------------------------- names */

/* A name or reserved word of the text; one for all its uses. */
struct name {
	struct name *next; /* of the same hash */
	const char *text;
	uint32_t size, hash;
	int token;	       /* TOKEN_NAME or the reserved word's */
	bool is_probe_word;    /* break, tbreak, ... */
	enum probe_kind probe; /* of a probe word; `every` has none */
	int local;	       /* the visible local of that name in parser.locals, or -1 */
};

struct names {
	struct arena *arena;
	struct name **buckets;
	size_t bucket_count, count;
};

/* Knows the reserved words and the probe words afterwards. */
void names_init(struct names *names, struct arena *arena);
void names_deinit(struct names *names);
struct name *names_find(struct names *names, const char *text, size_t size);
/* "end" for TOKEN_END, and so on. */
const char *names_reserved(int token);

/* ------------------------------------------------------------------- lexer */

/* source.c: the end of a byte order mark and a first line with #, which belong to the system. */
uint32_t source_preamble_end(const struct source *source);

struct token {
	int kind; /* enum token_kind or a character */
	struct span span;
	union {
		struct name *name; /* NAME and the reserved words */
		struct {
			const char *text;
			size_t size;
		} string;
		int64_t integer;
		double number;
	};
};

/* What a trial reading found (see dialect.c). */
enum trial_outcome {
	TRIAL_ACCEPTED,
	TRIAL_REFUSED,
	TRIAL_ENDED, /* refused, but only because the text ends */
};
struct trial {
	uint32_t line_end; /* tokens from here on are beyond the line on trial */
	uint32_t refused_at;
	enum trial_outcome outcome;
};

struct lexer {
	const struct source *source;
	const char *text;
	uint32_t size, at; /* at: the next byte to read */
	struct arena *arena;
	struct names names;
	struct buffer scratch; /* a string while its escapes are resolved */
	locale_t c_locale;     /* strtod must not mind the user's decimal comma */
	struct token token;    /* the current one */
	struct token ahead;    /* the one after it, if has_ahead */
	bool has_ahead;
	uint32_t last_end; /* of the token before the current one */
	struct span line;  /* what lexer_line_end found last: a long line is measured once */
	struct trial *trial;
	jmp_buf *out;
	struct error *error; /* what the jump out carries; NULL during a trial */
};

/* Reads no token yet: lexer_next does. */
void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena);
void lexer_deinit(struct lexer *lexer);
void lexer_next(struct lexer *lexer);
/* The kind of the token after the current one. */
int lexer_peek(struct lexer *lexer);
/* Goes on with the token at offset, as if the text before it were one token. */
void lexer_restart(struct lexer *lexer, uint32_t offset);
/* The offset of the line's end (its newline or the end of the text) from at. */
uint32_t lexer_line_end(struct lexer *lexer, uint32_t at);

/* All of these leave the parse by a jump. */
_Noreturn void lexer_throw(struct lexer *lexer, struct error *err);
_Noreturn void lexer_fail(struct lexer *lexer, struct span span, enum error_tag tag,
			  const char *format, ...) PRINTF_LIKE(4, 5);
/* "MESSAGE near TOKEN", at the current token; INCOMPLETE if that is the end of the text. */
_Noreturn void lexer_fail_near(struct lexer *lexer, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same for what no further text can mend. */
_Noreturn void lexer_fail_limit(struct lexer *lexer, const char *format, ...) PRINTF_LIKE(2, 3);
/* "MESSAGE near TEXT"; hint may be NULL. */
_Noreturn void lexer_fail_text(struct lexer *lexer, struct span place, struct span near,
			       const char *message, const char *hint);
/* An error of meaning, which no trial is interested in. */
_Noreturn void lexer_fail_meaning(struct lexer *lexer, struct span span, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* literal.c: called with at on the first byte; leave at behind the last one. */
void lexer_read_number(struct lexer *lexer, struct token *ret);
void lexer_read_string(struct lexer *lexer, struct token *ret);
/* At a '[': the number of '=' if a long bracket opens here, -1 for a lone '[', -2 for `[=`. */
int lexer_bracket_level(const struct lexer *lexer, uint32_t at);
/* start: of the token, for messages. ret may be NULL: a comment. */
void lexer_read_long(struct lexer *lexer, uint32_t start, int level, struct token *ret);

/* foreign.c: what Lua writes for the operator of C's, Go's, GDB's or bpftrace's that the refused
 * token at `at` belongs to; for the unit of the refused number that begins there. NULL: nothing. */
const char *foreign_operator(const struct lexer *lexer, uint32_t at);
const char *foreign_unit(const struct lexer *lexer, uint32_t at);

/* Character classes, as Lua's in the C locale. */
enum char_class {
	CLASS_ALPHA = 1, /* and '_' */
	CLASS_DIGIT = 2,
	CLASS_HEX = 4,
	CLASS_SPACE = 8, /* newlines included */
	CLASS_NEWLINE = 16,
};
extern const unsigned char char_classes[256];
static inline bool char_is(char c, unsigned classes)
{
	return char_classes[(unsigned char)c] & classes;
}
#define CLASS_WORD (CLASS_ALPHA | CLASS_DIGIT)

#endif
