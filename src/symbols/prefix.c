/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix.c - functions whose name begins with a prefix, for a person who waits with a finger on
 * the key: the tables of symbols are searched for what such names must contain, and only what
 * has it is put into readable form.
 */
#include "internal.h"

struct prefix_search {
	struct image *image;
	const char *prefix;
	size_t size;
	bool (*fn)(void *context, const char *name);
	void *context;
};

static bool begins(const struct prefix_search *search, const char *name)
{
	return strncmp(name, search->prefix, search->size) == 0;
}

static bool consider(void *context, const struct symbol *symbol)
{
	const struct prefix_search *search = context;
	bool is_raw = is_mangled(search->prefix); /* somebody has begun to type one */

	if (is_mangled(symbol->raw) == is_raw && !begins(search, symbol->raw))
		return true;
	CLEANUP(free_p)
	char *name = is_raw ? xstrdup(symbol->raw)
			    : function_name(symbol->raw, go_covers(search->image, symbol->address));
	if (!begins(search, name))
		return true;
	/* Overloads are one name to break at; with its parameters it is the next to offer. */
	bool is_readable = is_mangled(symbol->raw) && !is_raw;
	CLEANUP(free_p) char *plain = is_readable ? match_owner(name, false) : NULL;
	return search->fn(search->context, plain && begins(search, plain) ? plain : name);
}

void image_each_beginning(struct image *image, const char *prefix,
			  bool (*fn)(void *context, const char *name), void *context)
{
	CLEANUP(free_p) char *literal = pattern_literal(prefix, true);

	functions_search(image, literal, consider,
			 &(struct prefix_search){image, prefix, strlen(prefix), fn, context});
}
