/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign.c - what C, Go, GDB and bpftrace write and Lua refuses: what is written instead.
 *
 * The grammar knows nothing of it: the text around the token that it has refused says enough.
 */
#include <string.h>

#include "lexer.h"

static const struct {
	const char *text, *hint;
} operators[] = {
    {"!=", "Lua's \"not equal\" is ~="},
    {"&&", "Lua's \"and\" is the word: a and b"},
    {"||", "Lua's \"or\" is the word: a or b"},
    {"->", "a field behind a pointer is written as any other: p.x"},
    {"++", "Lua has no ++: n = n + 1"},
    {"+=", "Lua has no +=: n = n + 1"},
    {"-=", "Lua has no -=: n = n - 1"},
    {"!", "Lua's \"not\" is the word: not a"},
    {"?", "a ? b : c is written: a and b or c"},
    {"$", "a register is reg.NAME: reg.rdi"},
    {"@", "bpftrace's @[KEY] = count() is count(KEY) here; hist(VALUE, KEY) and the like"},
};

static bool is_at(const struct lexer *lexer, uint32_t at, const char *text)
{
	size_t size = strlen(text);

	return at <= lexer->size && lexer->size - at >= size &&
	       memcmp(lexer->text + at, text, size) == 0;
}

/* "n = 3" where a condition stands; but not "x = = 3", whatever that was to be. */
static bool is_lone_assignment(const struct lexer *lexer, uint32_t at)
{
	if (!is_at(lexer, at, "="))
		return false;
	while (at > 0 && char_is(lexer->text[at - 1], CLASS_SPACE))
		at--;
	return at > 0 && char_is(lexer->text[at - 1], CLASS_WORD);
}

const char *foreign_operator(const struct lexer *lexer, uint32_t at)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const char *text = operators[i].text;

		/* Of two characters Lua may know the first: the second is what it refuses. */
		if (is_at(lexer, at, text) || (text[1] && at > 0 && is_at(lexer, at - 1, text)))
			return operators[i].hint;
	}
	return is_lone_assignment(lexer, at) ? "== compares" : NULL;
}

static bool is_among(const char *const *words, size_t count, const char *word, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == size && memcmp(words[i], word, size) == 0)
			return true;
	return false;
}

const char *foreign_unit(const struct lexer *lexer, uint32_t at)
{
	static const char *const times[] = {"n", "ns", "u", "us", "m", "ms", "s", "h"};
	static const char *const sizes[] = {"k", "K", "KB", "KiB", "M", "MB", "MiB", "G", "GB"};
	const char *unit = lexer->text + at;
	size_t size = 0;

	while (char_is(*unit, CLASS_DIGIT) || *unit == '.')
		unit++;
	while (char_is(unit[size], CLASS_WORD))
		size++;
	if (is_among(times, ARRAY_SIZE(times), unit, size))
		return "a time is a number of ns: 10 ms are 10 * 1000000";
	return is_among(sizes, ARRAY_SIZE(sizes), unit, size)
		   ? "a size is a number of bytes: 64 K are 64 * 1024"
		   : NULL;
}
