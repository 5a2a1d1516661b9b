/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarflookup.c - from a name as the source has it to a DIE: `counter` in the scopes around
 * a place, `ns::counter` from each of them, then the same in other files.
 */
#include "dwarf.h"

/* Are its names those of the scope around it, too? */
static bool is_transparent(const struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	Dwarf_Die die = dwarf_unit_die(unit, entry);

	if (entry->tag == DW_TAG_enumeration_type)
		return !die_flag(&die, DW_AT_enum_class);
	/* An inline namespace: GCC says so in DWARF 5 only. */
	return die_flag(&die, DW_AT_export_symbols) || strcmp(entry->name, "__cxx11") == 0 ||
	       strcmp(entry->name, "__1") == 0;
}

static const char *name_in_path(const struct dwarf_unit *unit, const struct dwarf_entry *entry,
				enum dwarf_path_kind kind)
{
	if (!entry->name)
		return kind == PATH_SHOWN ? "(anonymous)" : NULL;
	return kind != PATH_FULL && is_transparent(unit, entry) ? NULL : entry->name;
}

static const struct dwarf_entry *outer(struct dwarf *dwarf, struct dwarf_unit **unit,
				       const struct dwarf_entry *entry)
{
	if (entry->is_completing) {
		Dwarf_Die die = dwarf_unit_die(*unit, entry);
		return dwarf_scope_of(dwarf, &die, unit);
	}
	return entry->parent == DWARF_NO_ENTRY ? NULL : &(*unit)->entries.data[entry->parent];
}

void dwarf_path(struct dwarf *dwarf, Dwarf_Die *die, enum dwarf_path_kind kind,
		struct dwarf_path *ret)
{
	struct dwarf_unit *unit;
	const struct dwarf_entry *entry = dwarf_scope_of(dwarf, die, &unit);

	ret->count = 0;
	for (unsigned depth = 0; entry; entry = outer(dwarf, &unit, entry), depth++) {
		const char *name = name_in_path(unit, entry, kind);
		if (ret->count == DWARF_PATH_MAX || depth == DWARF_DEPTH_MAX) {
			ret->count = SIZE_MAX;
			return;
		}
		if (name)
			ret->names[ret->count++] = name;
	}
	for (size_t i = 0; i < ret->count / 2; i++) {
		const char *other = ret->names[i];
		ret->names[i] = ret->names[ret->count - 1 - i];
		ret->names[ret->count - 1 - i] = other;
	}
}

/* ------------------------------------------------------------------- look-up */

/* The name, taken apart at its ::. */
struct components {
	char *text;
	const char *parts[DWARF_PATH_MAX];
	size_t count;
};

static void split(struct components *ret, const char *name)
{
	unsigned nesting = 0;
	char *part;

	*ret = (struct components){.text = xstrdup(name)};
	part = ret->text;
	for (char *at = part; *at; at++) {
		nesting += *at == '<';
		nesting -= *at == '>' && nesting;
		if (nesting || at[0] != ':' || at[1] != ':' || ret->count == DWARF_PATH_MAX - 1)
			continue;
		*at++ = '\0';
		/* ::name means what name does, seen from outside. */
		if (*part)
			ret->parts[ret->count++] = part;
		part = at + 1;
	}
	ret->parts[ret->count++] = part;
}

struct lookup {
	const struct name_query *query;
	struct components wanted;
	bool is_found;
	enum name_quality quality;
	size_t depth; /* how many of the scopes around the place the best one is in */
	Dwarf_Die best;
};

static bool are_equal(const char *const *left, const char *const *right, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return true;
}

/* Is an entry of that path what the name means, and in how many of the scopes around? */
static bool fits(const struct lookup *lookup, const struct dwarf_path *path, size_t *ret_depth)
{
	const struct dwarf_path *around = lookup->query->around;
	size_t written = lookup->wanted.count - 1;

	if (path->count == SIZE_MAX || path->count < written)
		return false;
	size_t depth = path->count - written;
	if (!are_equal(path->names + depth, lookup->wanted.parts, written))
		return false;
	*ret_depth = lookup->query->is_anywhere ? 0 : depth;
	return lookup->query->is_anywhere || (around->count != SIZE_MAX && depth <= around->count &&
					      are_equal(path->names, around->names, depth));
}

static void offer(void *context, struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	struct lookup *lookup = context;
	struct dwarf *dwarf = lookup->query->dwarf;
	Dwarf_Die die = dwarf_unit_die(unit, entry);
	struct dwarf_path path, full;
	size_t depth;

	enum name_quality quality = lookup->query->judge(unit, entry, unit == lookup->query->unit);
	if (quality == NAME_WRONG)
		return;
	dwarf_path(dwarf, &die, PATH_SOURCE, &path);
	dwarf_path(dwarf, &die, PATH_FULL, &full);
	if (!fits(lookup, &path, &depth) && !fits(lookup, &full, &depth))
		return;
	if (lookup->is_found &&
	    (depth < lookup->depth || (depth == lookup->depth && quality <= lookup->quality)))
		return;
	lookup->is_found = true;
	lookup->quality = quality;
	lookup->depth = depth;
	lookup->best = die;
}

static void search(struct lookup *lookup)
{
	const struct name_query *query = lookup->query;
	const char *last = lookup->wanted.parts[lookup->wanted.count - 1];

	dwarf_unit_find(query->unit, last, offer, lookup);
	if (lookup->quality <= NAME_DECLARATION)
		dwarf_find(query->dwarf, last, offer, lookup);
}

bool dwarf_lookup(const struct name_query *query, Dwarf_Die *ret)
{
	struct lookup lookup = {.query = query};

	split(&lookup.wanted, query->name);
	search(&lookup);
	free(lookup.wanted.text);
	*ret = lookup.best;
	return lookup.is_found;
}
