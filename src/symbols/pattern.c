/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern.c - globs over names, and the literal by which candidates are found.
 */
#include <ctype.h>
#include <stdio.h>

#include "internal.h"

/* ------------------------------------------------------------------- globs */

/* (*T) is how Go writes a pointer receiver: that star is a star. */
static bool is_receiver_star(const char *glob, const char *star)
{
	return star > glob && star[-1] == '(' &&
	       (isalpha((unsigned char)star[1]) || star[1] == '_');
}

/* at is behind '['. Returns what follows the closing ']', or NULL if it is no class. */
static const char *match_class(const char *at, char c, bool *ret)
{
	bool is_negated = *at == '!' || *at == '^', is_in = false;
	const char *first = at += is_negated;

	for (; *at && (*at != ']' || at == first); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			is_in |= (unsigned char)at[0] <= (unsigned char)c &&
				 (unsigned char)c <= (unsigned char)at[2];
			at += 2;
		} else {
			is_in |= *at == c;
		}
	}
	*ret = is_in != is_negated;
	return *at ? at + 1 : NULL;
}

/* Matches one character of the name; returns the rest of the glob, or NULL. */
static const char *match_one(const char *glob, char c)
{
	bool is_in;

	if (*glob == '?')
		return glob + 1;
	if (*glob == '[') {
		const char *rest = match_class(glob + 1, c, &is_in);
		if (rest)
			return is_in ? rest : NULL;
	}
	return *glob == c ? glob + 1 : NULL;
}

bool glob_match(const char *glob, const char *name)
{
	const char *whole = glob, *star = NULL, *resume = NULL;

	/* Only the last star needs to be tried again: what an earlier one took
	 * can be left to the later. */
	while (*name) {
		if (*glob == '*' && !is_receiver_star(whole, glob)) {
			star = ++glob;
			resume = name;
			continue;
		}
		const char *rest = *glob ? match_one(glob, *name) : NULL;
		if (rest) {
			glob = rest;
			name++;
		} else if (star) {
			glob = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

static const char operator_word[] = "operator";

/* operator*, operator->* and operator[] are names: skips them. */
static const char *skip_operator(const char *s)
{
	size_t size = sizeof(operator_word) - 1;

	return strncmp(s, operator_word, size) == 0 ? s + size + strspn(s + size, "*->[]") : s;
}

bool glob_has_wildcard(const char *text)
{
	for (const char *s = text; *(s = skip_operator(s)); s++)
		if (*s == '?' || (*s == '*' && !is_receiver_star(text, s)))
			return true;
	return false;
}

bool glob_is(const char *text)
{
	if (glob_has_wildcard(text))
		return true;
	for (const char *s = text; *(s = skip_operator(s)); s++)
		if (*s == '[' && strchr(s, ']') && strncmp(s, "[...]", 5) != 0)
			return true;
	return false;
}

/* ----------------------------------------------------------------- literals */

/* Words that mangled names abbreviate, or that only readable ones have. */
static const char exempt_words[] =
    "std string basic_string allocator char_traits istream ostream iostream "
    "basic_istream basic_ostream basic_iostream operator new delete const volatile noexcept "
    "anonymous namespace decltype auto unsigned signed char short int long float double bool void "
    "non-virtual thunk to guard variable for typeinfo vtable initializer fini construction "
    "abi0 clone closure lambda unnamed type as dyn impl mut self";

static bool is_exempt(const char *run, size_t size)
{
	return memmem(exempt_words, sizeof(exempt_words) - 1, run, size) != NULL;
}

/* Parameters, template and type arguments, classes of a glob: no source of literals. */
static const char *skip_brackets(const char *s)
{
	static const char unnamed[] = "(anonymous namespace)";
	const char *closing = *s == '(' ? ")" : *s == '<' ? ">" : *s == '[' ? "]" : "}";
	int depth = 0;

	if (strncmp(s, unnamed, sizeof(unnamed) - 1) == 0)
		return s + sizeof(unnamed) - 1;
	if (s[0] == '(' && s[1] == '*' && is_receiver_star(s, s + 1))
		return s + 2;
	for (const char *at = s; *at; at++) {
		depth += *at == *s;
		depth -= *at == *closing;
		if (depth == 0)
			return at + 1;
	}
	return s + strlen(s);
}

/* The next word from *s on that a raw name must contain too; false at the end. */
static bool next_word(const char **s, const char **ret, size_t *ret_size)
{
	while (**s) {
		size_t size = 0;
		if (strchr("(<[{", **s)) {
			*s = skip_brackets(*s);
			continue;
		}
		while (isalnum((unsigned char)(*s)[size]) || (*s)[size] == '_')
			size++;
		if (size == sizeof(operator_word) - 1 && strncmp(*s, operator_word, size) == 0)
			return false; /* what follows is spelt otherwise in a mangled name */
		*ret = *s;
		*ret_size = size;
		*s += size ? size : 1;
		if (size && !is_exempt(*ret, size))
			return true;
	}
	return false;
}

char *pattern_literal(const char *wanted, bool is_glob)
{
	bool has_scopes = strstr(wanted, "::") != NULL;
	const char *best = "", *word;
	size_t best_size = 0, size;

	while (next_word(&wanted, &word, &size)) {
		/* Of ns::Class::method the last is the rarest. */
		if (size > best_size || (has_scopes && size > 2)) {
			best = word;
			best_size = size;
		}
	}
	/* A mangled component has its length before it, which makes it rarer still. (Rust
	 * puts a _ between if it begins with a digit or _.) */
	if (has_scopes && !is_glob && best_size && isalpha((unsigned char)*best))
		return xasprintf("%zu%.*s", best_size, (int)best_size, best);
	return xstrndup(best, best_size);
}

bool pattern_may_name(const char *wanted, const char *mangled)
{
	const char *word;
	char component[256];
	size_t size;

	while (next_word(&wanted, &word, &size)) {
		/* Both manglings write a component as its length and itself, but Rust may
		 * put a _ between. */
		int length =
		    snprintf(component, sizeof(component), "%zu%.*s", size, (int)size, word);
		bool is_whole = length < (int)sizeof(component) && mangled[1] != 'R';
		const char *needle = is_whole ? component : word;
		if (!memmem(mangled, strlen(mangled), needle, is_whole ? (size_t)length : size))
			return false;
	}
	return true;
}
