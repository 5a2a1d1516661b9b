/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lexer.c - a text's tokens, one at a time.
 * Knows Lua's lexical rules; knows nothing of what tokens mean together. The
 * dialect adds no token: the texts of its own (locations, durations) are read where they
 * may stand, from the bytes (location.c, dialect.c).
 */
#include <stdio.h>
#include <string.h>

#include "lexer.h"

/* A token is quoted in a message up to this many bytes. */
#define NEAR_MAX 60

const unsigned char char_classes[256] = {
    ['a' ... 'f'] = CLASS_ALPHA | CLASS_HEX,
    ['g' ... 'z'] = CLASS_ALPHA,
    ['A' ... 'F'] = CLASS_ALPHA | CLASS_HEX,
    ['G' ... 'Z'] = CLASS_ALPHA,
    ['_'] = CLASS_ALPHA,
    ['0' ... '9'] = CLASS_DIGIT | CLASS_HEX,
    [' '] = CLASS_SPACE,
    ['\t'] = CLASS_SPACE,
    ['\v'] = CLASS_SPACE,
    ['\f'] = CLASS_SPACE,
    ['\n'] = CLASS_SPACE | CLASS_NEWLINE,
    ['\r'] = CLASS_SPACE | CLASS_NEWLINE,
};

/* ------------------------------------------------------------------ errors */

void lexer_throw(struct lexer *lexer, struct error *err)
{
	lexer->error = err;
	longjmp(*lexer->out, 1);
}

/* A trial wants only to know where Lua's grammar says no, if it does so on the
 * line or with the first token after it. */
static _Noreturn void end_trial(struct lexer *lexer, uint32_t at, enum trial_outcome outcome)
{
	lexer->trial->refused_at = at;
	lexer->trial->outcome = outcome;
	lexer_throw(lexer, NULL);
}

static char *xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

static _Noreturn void fail(struct lexer *lexer, struct span span, enum error_tag tag,
			   const char *format, va_list args)
{
	if (lexer->trial)
		end_trial(lexer, span.start, tag == ERR_INCOMPLETE ? TRIAL_ENDED : TRIAL_REFUSED);
	char *message = xvasprintf(format, args);
	struct error *err = source_error(lexer->source, span, tag, "%s", message);
	free(message);
	lexer_throw(lexer, err);
}

void lexer_fail(struct lexer *lexer, struct span span, enum error_tag tag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail(lexer, span, tag, format, args);
}

void lexer_fail_meaning(struct lexer *lexer, struct span span, const char *format, ...)
{
	va_list args;

	if (lexer->trial)
		end_trial(lexer, span.start, TRIAL_ACCEPTED);
	va_start(args, format);
	fail(lexer, span, ERR_SYNTAX, format, args);
}

/* The text of a token as Lua's messages show it. */
static void put_near(const struct lexer *lexer, struct span span, struct buffer *out)
{
	const char *text = lexer->text + span.start;
	size_t size = span.end - span.start;

	if (size == 0) {
		buffer_puts(out, "<eof>");
	} else if (size == 1 && (*text < ' ' || *text > '~')) {
		buffer_printf(out, "'<\\%d>'", (unsigned char)*text);
	} else {
		buffer_putc(out, '\'');
		escape_text(out, text, size > NEAR_MAX ? NEAR_MAX : size, false);
		buffer_puts(out, size > NEAR_MAX ? "...'" : "'");
	}
}

void lexer_fail_text(struct lexer *lexer, struct span place, struct span near, const char *message,
		     const char *hint)
{
	struct buffer shown = {0};

	if (lexer->trial)
		end_trial(lexer, place.start, TRIAL_REFUSED);
	put_near(lexer, near, &shown);
	struct error *err =
	    source_error(lexer->source, place, ERR_SYNTAX, "%s near %s", message, shown.data);
	buffer_deinit(&shown);
	lexer_throw(lexer, hint ? error_hint(err, "%s", hint) : err);
}

static _Noreturn void fail_near(struct lexer *lexer, enum error_tag tag_at_end, const char *format,
				va_list args)
{
	const struct token *token = &lexer->token;
	bool is_end = token->kind == TOKEN_EOF;
	/* Behind the last token is a better place to point at than an empty line. */
	struct span span = {is_end ? lexer->last_end : token->span.start, token->span.end};

	if (lexer->trial)
		end_trial(lexer, token->span.start, is_end ? TRIAL_ENDED : TRIAL_REFUSED);
	struct buffer near = {0};
	char *message = xvasprintf(format, args);
	put_near(lexer, token->span, &near);
	struct error *err = source_error(lexer->source, span, is_end ? tag_at_end : ERR_SYNTAX,
					 "%s near %s", message, near.data);
	free(message);
	buffer_deinit(&near);
	const char *hint = foreign_operator(lexer, token->span.start);
	lexer_throw(lexer, hint ? error_hint(err, "%s", hint) : err);
}

void lexer_fail_near(struct lexer *lexer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_near(lexer, ERR_INCOMPLETE, format, args);
}

void lexer_fail_limit(struct lexer *lexer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_near(lexer, ERR_SYNTAX, format, args);
}

/* ------------------------------------------------------------------ tokens */

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena)
{
	*lexer = (struct lexer){
	    .source = source,
	    .text = source->text,
	    .size = source->size,
	    .at = source_preamble_end(source),
	    .arena = arena,
	    .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0),
	};
	lexer->token.span = (struct span){lexer->at, lexer->at};
	lexer->line = (struct span){UINT32_MAX, 0};
	names_init(&lexer->names, arena);
}

void lexer_deinit(struct lexer *lexer)
{
	names_deinit(&lexer->names);
	buffer_deinit(&lexer->scratch);
	freelocale(lexer->c_locale);
}

uint32_t lexer_line_end(struct lexer *lexer, uint32_t at)
{
	if (at >= lexer->line.start && at <= lexer->line.end)
		return lexer->line.end;
	lexer->line.start = at;
	while (at < lexer->size && !char_is(lexer->text[at], CLASS_NEWLINE))
		at++;
	lexer->line.end = at;
	return at;
}

static void skip_comment(struct lexer *lexer)
{
	uint32_t start = lexer->at;
	int level = lexer->text[start + 2] == '[' ? lexer_bracket_level(lexer, start + 2) : -1;

	lexer->at += 2;
	if (level >= 0)
		lexer_read_long(lexer, start, level, NULL);
	else
		lexer->at = lexer_line_end(lexer, lexer->at);
}

static void read_name(struct lexer *lexer, struct token *token)
{
	uint32_t start = lexer->at;

	while (char_is(lexer->text[lexer->at], CLASS_WORD))
		lexer->at++;
	token->name = names_find(&lexer->names, lexer->text + start, lexer->at - start);
	token->kind = token->name->token;
}

static void read_operator(struct lexer *lexer, struct token *token)
{
	static const struct {
		char text[4];
		int kind;
	} operators[] = {
	    {"...", TOKEN_DOTS}, {"..", TOKEN_CONCAT}, {"==", TOKEN_EQ}, {"~=", TOKEN_NE},
	    {"<=", TOKEN_LE},	 {"<<", TOKEN_SHL},    {">=", TOKEN_GE}, {">>", TOKEN_SHR},
	    {"//", TOKEN_IDIV},	 {"::", TOKEN_COLONS},
	};
	const char *text = lexer->text + lexer->at;

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t size = strlen(operators[i].text);
		if (strncmp(text, operators[i].text, size) == 0) {
			token->kind = operators[i].kind;
			lexer->at += size;
			return;
		}
	}
	token->kind = (unsigned char)*text;
	lexer->at++;
}

static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		const char *text = lexer->text + lexer->at;
		if (char_is(*text, CLASS_SPACE))
			lexer->at++;
		else if (text[0] == '-' && text[1] == '-')
			skip_comment(lexer);
		else
			return;
	}
}

static void read_bracket(struct lexer *lexer, struct token *token)
{
	int level = lexer_bracket_level(lexer, lexer->at);

	if (level == -2) {
		uint32_t end = lexer->at + 1 + strspn(lexer->text + lexer->at + 1, "=");
		struct span span = {lexer->at, end};
		lexer_fail_text(lexer, span, span, "invalid long string delimiter", NULL);
	}
	if (level >= 0) {
		lexer_read_long(lexer, lexer->at, level, token);
		return;
	}
	token->kind = '[';
	lexer->at++;
}

static void read_token(struct lexer *lexer, struct token *token)
{
	skip_blanks(lexer);
	const char *text = lexer->text + lexer->at;
	token->span.start = lexer->at;
	if (char_is(*text, CLASS_ALPHA)) {
		read_name(lexer, token);
	} else if (char_is(*text, CLASS_DIGIT) || (*text == '.' && char_is(text[1], CLASS_DIGIT))) {
		lexer_read_number(lexer, token);
	} else if (*text == '"' || *text == '\'') {
		lexer_read_string(lexer, token);
	} else if (*text == '[') {
		read_bracket(lexer, token);
	} else if (lexer->at == lexer->size) {
		token->kind = TOKEN_EOF;
	} else {
		read_operator(lexer, token);
	}
	token->span.end = lexer->at;
}

void lexer_next(struct lexer *lexer)
{
	if (lexer->trial && lexer->token.span.start >= lexer->trial->line_end)
		end_trial(lexer, lexer->token.span.start, TRIAL_ACCEPTED);
	lexer->last_end = lexer->token.span.end;
	if (lexer->has_ahead) {
		lexer->token = lexer->ahead;
		lexer->has_ahead = false;
	} else {
		read_token(lexer, &lexer->token);
	}
}

int lexer_peek(struct lexer *lexer)
{
	if (!lexer->has_ahead) {
		read_token(lexer, &lexer->ahead);
		lexer->has_ahead = true;
	}
	return lexer->ahead.kind;
}

void lexer_restart(struct lexer *lexer, uint32_t offset)
{
	lexer->at = lexer->last_end = offset;
	lexer->has_ahead = false;
	read_token(lexer, &lexer->token);
}
