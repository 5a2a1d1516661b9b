/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarflookup.c - from a name as the source has it to a DIE: `counter` in the scopes around
 * a place, `ns::counter` from each of them, then the same in other files.
 */
#include "dwarf.h"

#define COMPONENTS_MAX 32

bool entry_is_transparent(const struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	Dwarf_Die die = dwarf_unit_die(unit, entry);

	if (!entry->name)
		return true;
	if (entry->tag == DW_TAG_enumeration_type)
		return !die_flag(&die, DW_AT_enum_class);
	/* An inline namespace: GCC says so in DWARF 5 only. */
	return die_flag(&die, DW_AT_export_symbols) || strcmp(entry->name, "__cxx11") == 0 ||
	       strcmp(entry->name, "__1") == 0;
}

/* The name, taken apart at its ::. */
struct components {
	char *text;
	const char *parts[COMPONENTS_MAX];
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
		if (nesting || at[0] != ':' || at[1] != ':' || ret->count == COMPONENTS_MAX - 1)
			continue;
		*at++ = '\0';
		/* ::name means what name does, seen from outside. */
		if (*part)
			ret->parts[ret->count++] = part;
		part = at + 1;
	}
	ret->parts[ret->count++] = part;
}

void names_reverse(const char **names, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		const char *other = names[i];
		names[i] = names[count - 1 - i];
		names[count - 1 - i] = other;
	}
}

struct lookup {
	const struct name_query *query;
	struct components wanted;
	bool is_found;
	enum name_quality quality;
	size_t depth; /* how many of the scopes around the place the best one is in */
	Dwarf_Die best;
};

/* The entry's scopes, outermost first, with the transparent ones if that is asked for. SIZE_MAX:
 * too many. */
static size_t scopes_of(const struct dwarf_unit *unit, uint32_t scope, bool keeps_all,
			const char **ret)
{
	size_t count = 0;

	for (; scope != DWARF_NO_ENTRY; scope = unit->entries.data[scope].parent) {
		const struct dwarf_entry *entry = &unit->entries.data[scope];
		bool is_skipped = !entry->name || (!keeps_all && entry_is_transparent(unit, entry));
		if (is_skipped)
			continue;
		if (count == COMPONENTS_MAX)
			return SIZE_MAX;
		ret[count++] = entry->name;
	}
	names_reverse(ret, count);
	return count;
}

static bool are_equal(const char *const *left, const char *const *right, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return true;
}

/* Is an entry of those scopes what the name means, and in how many of the scopes around? */
static bool fits(const struct lookup *lookup, const char *const *scopes, size_t count,
		 size_t *ret_depth)
{
	const struct name_query *query = lookup->query;
	size_t written = lookup->wanted.count - 1;

	if (count == SIZE_MAX || count < written)
		return false;
	if (query->is_anywhere) {
		*ret_depth = 0;
		return are_equal(scopes + count - written, lookup->wanted.parts, written);
	}
	if (count - written > query->scope_count)
		return false;
	*ret_depth = count - written;
	return are_equal(scopes, query->scopes, *ret_depth) &&
	       are_equal(scopes + *ret_depth, lookup->wanted.parts, written);
}

static void offer(void *context, struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	struct lookup *lookup = context;
	const char *scopes[COMPONENTS_MAX] = {[0 ... COMPONENTS_MAX - 1] = ""};
	Dwarf_Die die = dwarf_unit_die(unit, entry), declaration;
	uint32_t parent = entry->parent;
	const struct dwarf_unit *written_in = unit;
	size_t depth;

	enum name_quality quality = lookup->query->judge(unit, entry, unit == lookup->query->unit);
	if (quality == NAME_WRONG)
		return;
	/* The definition of what is declared in a class or namespace. */
	if (dwarf_hasattr(&die, DW_AT_specification)) {
		declaration = die_origin(&die);
		written_in = dwarf_unit_of(lookup->query->dwarf, &declaration);
		parent = dwarf_unit_parent(written_in, declaration.addr);
	}
	bool is_fit = fits(lookup, scopes, scopes_of(written_in, parent, false, scopes), &depth) ||
		      fits(lookup, scopes, scopes_of(written_in, parent, true, scopes), &depth);
	if (!is_fit)
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

	if (query->unit)
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
