/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * location.c - where a location's text ends.
 * Locations are no Lua: `main.(*T).M`, `F[go.shape.int]`, `operator()(int) const`,
 * `/re gex/`, `libc:malloc+0x6d`. They are cut out of the line as they stand; what they mean
 * is found out by whoever resolves them.
 */
#include <string.h>

#include "parser.h"

struct scan {
	struct lexer *lexer;
	const char *text;
	uint32_t start, at, line_end;
	unsigned depth, angles; /* open ([{, and < of a template */
	uint32_t opened;	/* the outermost open bracket */
	bool with_comma;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static char previous(const struct scan *scan)
{
	return scan->at > scan->start ? scan->text[scan->at - 1] : ' ';
}

static bool follows_operator(const struct scan *scan)
{
	static const char word[] = "operator";
	size_t size = sizeof(word) - 1;

	return scan->at - scan->start >= size &&
	       memcmp(scan->text + scan->at - size, word, size) == 0;
}

/* A word, standing alone, that cannot belong to the location; one of Lua's not at its start
 * either. */
static bool is_stop_word(const struct scan *scan)
{
	enum {
		OURS = 2 /* the first, which are names as well */
	};
	static const char *const words[] = {"goroutine", "depth", "if",	    "do",
					    "end",	 "else",  "elseif", "until"};
	const char *text = scan->text + scan->at;

	if (!is_blank(previous(scan)))
		return false;
	for (size_t i = scan->at == scan->start ? OURS : 0; i < ARRAY_SIZE(words); i++) {
		size_t size = strlen(words[i]);
		if (strncmp(text, words[i], size) == 0 && !char_is(text[size], CLASS_WORD))
			return true;
	}
	return false;
}

static bool is_end(const struct scan *scan)
{
	const char *text = scan->text + scan->at;

	if (scan->depth)
		return false;
	if (text[0] == '-' && text[1] == '-')
		return !follows_operator(scan);
	return text[0] == ';' || (text[0] == ',' && scan->with_comma && !scan->angles) ||
	       is_stop_word(scan);
}

/* At a quote that starts a word: passes over the quoted text. */
static void skip_quoted(struct scan *scan)
{
	uint32_t start = scan->at;
	char quote = scan->text[scan->at++];

	while (scan->at < scan->line_end && scan->text[scan->at] != quote)
		scan->at++;
	if (scan->at == scan->line_end)
		lexer_fail(scan->lexer, (struct span){start, scan->line_end}, ERR_SYNTAX,
			   "unfinished location: the quote %c is not closed", quote);
	scan->at++;
}

/* At a slash: passes over /regex/ if one starts here, else over the slash (of a path). */
static void skip_regex(struct scan *scan)
{
	uint32_t at = scan->at + 1;
	char before = previous(scan);

	while (at < scan->line_end && scan->text[at] != '/')
		at += scan->text[at] == '\\' && at + 1 < scan->line_end ? 2 : 1;
	char after = at < scan->line_end ? scan->text[at + 1] : 'x';
	bool is_closed = at + 1 == scan->line_end || is_blank(after) || strchr(",;\r\n", after);
	if (at < scan->line_end && is_closed && (is_blank(before) || before == ':'))
		scan->at = at;
	scan->at++;
}

static void skip_angle(struct scan *scan)
{
	char before = previous(scan);

	if (scan->text[scan->at] == '<')
		scan->angles += char_is(before, CLASS_WORD) && !follows_operator(scan);
	else if (before != '-' && scan->angles)
		scan->angles--;
	scan->at++;
}

static void skip_bracket(struct scan *scan)
{
	bool is_open = strchr("([{", scan->text[scan->at]);

	if (is_open && scan->depth++ == 0)
		scan->opened = scan->at;
	if (!is_open && scan->depth)
		scan->depth--;
	scan->at++;
}

static void step(struct scan *scan)
{
	switch (scan->text[scan->at]) {
	case '"':
	case '\'':
		/* In the middle of a word it is a part of it: operator""_s. */
		if (is_blank(previous(scan)) || strchr(":*", previous(scan)))
			skip_quoted(scan);
		else
			scan->at++;
		break;
	case '/':
		skip_regex(scan);
		break;
	case '<':
	case '>':
		skip_angle(scan);
		break;
	case '(':
	case '[':
	case '{':
	case ')':
	case ']':
	case '}':
		skip_bracket(scan);
		break;
	default:
		scan->at++;
	}
}

struct span location_scan(struct lexer *lexer, uint32_t from, bool with_comma)
{
	const char *text = lexer->text;

	while (is_blank(text[from]))
		from++;
	struct scan scan = {
	    .lexer = lexer,
	    .text = text,
	    .start = from,
	    .at = from,
	    .line_end = lexer_line_end(lexer, from),
	    .with_comma = with_comma,
	};
	while (scan.at < scan.line_end && !is_end(&scan))
		step(&scan);
	if (scan.depth)
		lexer_fail(lexer, (struct span){scan.opened, scan.opened + 1}, ERR_SYNTAX,
			   "unfinished location: the bracket %c is not closed", text[scan.opened]);
	while (scan.at > from && is_blank(text[scan.at - 1]))
		scan.at--;
	return (struct span){from, scan.at};
}
