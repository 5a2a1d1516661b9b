/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - every name of a text kept once, so that comparing names is comparing
 * pointers, and a name can hold what it currently refers to.
 */
#include <string.h>

#include "lexer.h"

#define BUCKETS_AT_FIRST 256

static const char *const reserved_words[] = {
    "and",	"break",  "do",	  "else", "elseif", "end",   "false", "for",
    "function", "goto",	  "if",	  "in",	  "local",  "nil",   "not",   "or",
    "repeat",	"return", "then", "true", "until",  "while",
};
_Static_assert(ARRAY_SIZE(reserved_words) == TOKEN_LAST - TOKEN_AND, "one word a token");

static const struct {
	const char *text;
	enum probe_kind kind;
} probe_words[] = {
    {"break", PROBE_BREAK},   {"tbreak", PROBE_TBREAK},	  {"rbreak", PROBE_RBREAK},
    {"finish", PROBE_FINISH}, {"dprintf", PROBE_DPRINTF}, {"every", PROBE_BREAK},
    {"cover", PROBE_COVER},   {"flow", PROBE_FLOW},
};

static uint32_t hash(const char *text, size_t size)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h;
}

static void grow(struct names *names)
{
	size_t count = names->bucket_count ? names->bucket_count * 2 : BUCKETS_AT_FIRST;
	struct name **buckets = xcalloc(count, sizeof(struct name *));

	for (size_t i = 0; i < names->bucket_count; i++) {
		for (struct name *name = names->buckets[i], *next; name; name = next) {
			next = name->next;
			name->next = buckets[name->hash & (count - 1)];
			buckets[name->hash & (count - 1)] = name;
		}
	}
	free(names->buckets);
	names->buckets = buckets;
	names->bucket_count = count;
}

void names_init(struct names *names, struct arena *arena)
{
	*names = (struct names){.arena = arena};
	grow(names);
	for (size_t i = 0; i < ARRAY_SIZE(reserved_words); i++)
		names_find(names, reserved_words[i], strlen(reserved_words[i]))->token =
		    TOKEN_AND + (int)i;
	for (size_t i = 0; i < ARRAY_SIZE(probe_words); i++) {
		struct name *name =
		    names_find(names, probe_words[i].text, strlen(probe_words[i].text));
		name->is_probe_word = true;
		name->probe = probe_words[i].kind;
	}
}

void names_deinit(struct names *names)
{
	free(names->buckets);
}

struct name *names_find(struct names *names, const char *text, size_t size)
{
	uint32_t h = hash(text, size);
	struct name *name = names->buckets[h & (names->bucket_count - 1)];

	for (; name; name = name->next)
		if (name->hash == h && name->size == size && memcmp(name->text, text, size) == 0)
			return name;
	if (names->count >= names->bucket_count)
		grow(names);
	name = ARENA_NEW(names->arena, struct name);
	name->text = arena_strndup(names->arena, text, size);
	name->size = size;
	name->hash = h;
	name->token = TOKEN_NAME;
	name->local = -1;
	name->next = names->buckets[h & (names->bucket_count - 1)];
	names->buckets[h & (names->bucket_count - 1)] = name;
	names->count++;
	return name;
}

const char *names_reserved(int token)
{
	return reserved_words[token - TOKEN_AND];
}
