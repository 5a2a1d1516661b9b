/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * literal.c - numbers and strings as a text spells them, to their values.
 * Apart from the lexer because this is where the fine print of Lua's manual (3.1) is.
 */
#include <stdlib.h>
#include <string.h>

#include "lexer.h"

/* ----------------------------------------------------------------- numbers */

static unsigned digit_value(char c)
{
	return char_is(c, CLASS_DIGIT) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Takes whatever could be a part of a number, wrong ones too, as Lua does. */
static uint32_t number_end(const char *text, uint32_t at)
{
	char exponent = 'e';

	if (text[at] == '0' && (text[at + 1] | 0x20) == 'x') {
		exponent = 'p';
		at += 2;
	}
	for (;; at++) {
		if ((text[at] | 0x20) == exponent) {
			if (text[at + 1] == '+' || text[at + 1] == '-')
				at++;
		} else if (!char_is(text[at], CLASS_HEX) && text[at] != '.') {
			return at + char_is(text[at], CLASS_ALPHA);
		}
	}
}

/* Hexadecimal wraps around; a decimal that does not fit is no integer. */
static bool read_integer(const char *text, const char *end, int64_t *ret)
{
	bool is_hex = end - text > 2 && (text[1] | 0x20) == 'x';
	uint64_t value = 0;

	for (text += is_hex ? 2 : 0; text < end; text++) {
		if (!char_is(*text, is_hex ? CLASS_HEX : CLASS_DIGIT))
			return false;
		unsigned digit = digit_value(*text);
		if (!is_hex && value > (INT64_MAX - (uint64_t)digit) / 10)
			return false;
		value = value * (is_hex ? 16 : 10) + digit;
	}
	*ret = (int64_t)value;
	return true;
}

void lexer_read_number(struct lexer *lexer, struct token *token)
{
	uint32_t start = lexer->at;
	const char *text = lexer->text + start;
	char *stop;

	lexer->at = number_end(lexer->text, start);
	const char *end = lexer->text + lexer->at;
	token->kind = TOKEN_INTEGER;
	if (read_integer(text, end, &token->integer))
		return;
	token->kind = TOKEN_FLOAT;
	token->number = strtod_l(text, &stop, lexer->c_locale);
	if (stop != end) {
		struct span span = {start, lexer->at};
		lexer_fail_text(lexer, span, span, "malformed number", foreign_unit(lexer, start));
	}
}

/* ----------------------------------------------------------------- strings */

static void set_string(struct lexer *lexer, struct token *token, const char *text, size_t size)
{
	token->kind = TOKEN_STRING;
	token->string.text = arena_strndup(lexer->arena, size ? text : "", size);
	token->string.size = size;
}

/* Says message with the string as far as it was read, up to and with at. */
static _Noreturn void fail_in_string(struct lexer *lexer, const struct token *token, uint32_t at,
				     const char *message)
{
	struct span shown = {token->span.start, at + (at < lexer->size)};

	lexer_fail_text(lexer, (struct span){at, at + 1}, shown, message, NULL);
}

/* Fails in the string unless the byte at lexer->at is of the class. */
static char expect(struct lexer *lexer, const struct token *token, unsigned class,
		   const char *message)
{
	char c = lexer->text[lexer->at];

	if (!char_is(c, class))
		fail_in_string(lexer, token, lexer->at, message);
	lexer->at++;
	return c;
}

static void read_hex_escape(struct lexer *lexer, const struct token *token)
{
	unsigned value = 0;

	for (int i = 0; i < 2; i++)
		value = value * 16 +
			digit_value(expect(lexer, token, CLASS_HEX, "hexadecimal digit expected"));
	buffer_putc(&lexer->scratch, (char)value);
}

static void read_decimal_escape(struct lexer *lexer, const struct token *token)
{
	unsigned value = 0;

	for (int i = 0; i < 3 && char_is(lexer->text[lexer->at], CLASS_DIGIT); i++)
		value = value * 10 + digit_value(lexer->text[lexer->at++]);
	if (value > 255)
		fail_in_string(lexer, token, lexer->at, "decimal escape too large");
	buffer_putc(&lexer->scratch, (char)value);
}

/* UTF-8 as first defined, up to six bytes and 2^31 - 1. */
static void put_utf8(struct buffer *out, uint32_t value)
{
	static const struct {
		uint32_t max;
		unsigned char mark;
	} forms[] = {{0x7f, 0},	       {0x7ff, 0xc0},	  {0xffff, 0xe0},
		     {0x1fffff, 0xf0}, {0x3ffffff, 0xf8}, {0x7fffffff, 0xfc}};
	int more = 0; /* bytes after the first */

	while (value > forms[more].max)
		more++;
	buffer_putc(out, (char)(forms[more].mark | value >> 6 * more));
	while (more-- > 0)
		buffer_putc(out, (char)(0x80 | (value >> 6 * more & 0x3f)));
}

static void read_utf8_escape(struct lexer *lexer, const struct token *token)
{
	uint32_t value = 0;

	if (lexer->text[lexer->at] != '{')
		fail_in_string(lexer, token, lexer->at, "missing '{'");
	lexer->at++;
	value = digit_value(expect(lexer, token, CLASS_HEX, "hexadecimal digit expected"));
	while (char_is(lexer->text[lexer->at], CLASS_HEX)) {
		if (value > 0x7fffffffu >> 4)
			fail_in_string(lexer, token, lexer->at, "UTF-8 value too large");
		value = value * 16 + digit_value(lexer->text[lexer->at++]);
	}
	if (lexer->text[lexer->at] != '}')
		fail_in_string(lexer, token, lexer->at, "missing '}'");
	lexer->at++;
	put_utf8(&lexer->scratch, value);
}

/* The bytes of the line end at at: 1, or 2 for \r\n and \n\r. */
static uint32_t newline_size(const struct lexer *lexer, uint32_t at)
{
	char next = lexer->text[at + 1];

	return char_is(next, CLASS_NEWLINE) && next != lexer->text[at] ? 2 : 1;
}

static void read_escape(struct lexer *lexer, const struct token *token)
{
	static const char letters[] = "abfnrtv\\\"'", values[] = "\a\b\f\n\r\t\v\\\"'";
	char c = lexer->text[++lexer->at];
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter) {
		buffer_putc(&lexer->scratch, values[letter - letters]);
		lexer->at++;
	} else if (c == 'x') {
		lexer->at++;
		read_hex_escape(lexer, token);
	} else if (c == 'u') {
		lexer->at++;
		read_utf8_escape(lexer, token);
	} else if (c == 'z') {
		lexer->at++;
		while (char_is(lexer->text[lexer->at], CLASS_SPACE))
			lexer->at++;
	} else if (char_is(c, CLASS_NEWLINE)) {
		buffer_putc(&lexer->scratch, '\n');
		lexer->at += newline_size(lexer, lexer->at);
	} else if (char_is(c, CLASS_DIGIT)) {
		read_decimal_escape(lexer, token);
	} else if (lexer->at < lexer->size) {
		fail_in_string(lexer, token, lexer->at, "invalid escape sequence");
	}
}

/* Another line can complete a string only if the line break is escaped. */
static _Noreturn void fail_unfinished(struct lexer *lexer, const struct token *token,
				      bool is_continued)
{
	struct span span = {token->span.start, lexer->at};

	if (lexer->at < lexer->size)
		fail_in_string(lexer, token, lexer->at - 1, "unfinished string");
	lexer_fail(lexer, span, is_continued ? ERR_INCOMPLETE : ERR_SYNTAX,
		   "unfinished string near <eof>");
}

void lexer_read_string(struct lexer *lexer, struct token *token)
{
	const char *text = lexer->text;
	char quote = text[lexer->at++];
	uint32_t plain = lexer->at; /* from here nothing is in scratch yet */
	bool is_continued = false;

	buffer_clear(&lexer->scratch);
	while (text[lexer->at] != quote) {
		char c = text[lexer->at];
		if (c == '\\') {
			buffer_append(&lexer->scratch, text + plain, lexer->at - plain);
			char escape = text[lexer->at + 1];
			read_escape(lexer, token);
			plain = lexer->at;
			is_continued = escape == 'z' || char_is(escape, CLASS_NEWLINE) || !escape;
			if (lexer->at == lexer->size)
				fail_unfinished(lexer, token, is_continued);
		} else if (char_is(c, CLASS_NEWLINE) || lexer->at == lexer->size) {
			fail_unfinished(lexer, token, false);
		} else {
			lexer->at++;
		}
	}
	if (plain == token->span.start + 1) {
		set_string(lexer, token, text + plain, lexer->at - plain);
	} else {
		buffer_append(&lexer->scratch, text + plain, lexer->at - plain);
		set_string(lexer, token, lexer->scratch.data, lexer->scratch.size);
	}
	lexer->at++;
}

/* ------------------------------------------------------------ long brackets */

int lexer_bracket_level(const struct lexer *lexer, uint32_t at)
{
	const char *text = lexer->text + at + 1;
	int level = 0;

	while (text[level] == '=')
		level++;
	if (text[level] == '[')
		return level;
	return level == 0 ? -1 : -2;
}

static _Noreturn void fail_unfinished_long(struct lexer *lexer, uint32_t start, const char *what)
{
	unsigned line = 0, column = 0;

	if (!lexer->trial)
		source_position(lexer->source, start, &line, &column);
	lexer_fail(lexer, (struct span){start, lexer->size}, ERR_INCOMPLETE,
		   "unfinished long %s (starting at line %u) near <eof>", what, line);
}

static bool closes(const char *text, int level)
{
	for (int i = 0; i < level; i++)
		if (text[1 + i] != '=')
			return false;
	return text[1 + level] == ']';
}

void lexer_read_long(struct lexer *lexer, uint32_t start, int level, struct token *token)
{
	const char *text = lexer->text;
	uint32_t at = lexer->at + 2 + level;

	buffer_clear(&lexer->scratch);
	if (char_is(text[at], CLASS_NEWLINE))
		at += newline_size(lexer, at);
	uint32_t plain = at;
	while (text[at] != ']' || !closes(text + at, level)) {
		if (at == lexer->size)
			fail_unfinished_long(lexer, start, token ? "string" : "comment");
		if (token && text[at] == '\r') {
			/* Every form of line end is a \n in the value. */
			buffer_append(&lexer->scratch, text + plain, at - plain);
			buffer_putc(&lexer->scratch, '\n');
			at += newline_size(lexer, at);
			plain = at;
		} else if (text[at] == '\n') {
			at += 1;
			if (token && text[at] == '\r') {
				buffer_append(&lexer->scratch, text + plain, at - plain);
				plain = ++at;
			}
		} else {
			at++;
		}
	}
	lexer->at = at + level + 2;
	if (!token)
		return;
	buffer_append(&lexer->scratch, text + plain, at - plain);
	set_string(lexer, token, lexer->scratch.data, lexer->scratch.size);
}
