/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instance.c - which copy of a function an address is in: the function itself, an
 * inlined copy of another in it, or a block of its own within either. A source line is
 * probed once in each, as GDB does.
 */
#include <dwarf.h>

#include "lines.h"

#define DEPTH_MAX 256

struct walk {
	const struct line_starts *starts;
	unsigned depth;
};

static size_t first_from(const struct line_starts *starts, uint64_t address)
{
	size_t low = 0, high = starts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (starts->data[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How a DIE takes the addresses inside it. Inner ones come later, and win. */
enum claim {
	CLAIM_NONE,
	CLAIM_ALL,
	CLAIM_OF_CALL, /* inlined into the very line: what is empty there is the caller's */
};

static bool claim(const struct line_starts *starts, Dwarf_Die *die, enum claim kind)
{
	Dwarf_Addr base, start, end;
	bool has_some = false;

	for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &start, &end)) > 0;)
		for (size_t i = first_from(starts, start);
		     i < starts->count && starts->data[i].address < end; i++) {
			struct line_start *inside = &starts->data[i];
			has_some = true;
			inside->is_settled |= kind == CLAIM_OF_CALL && inside->is_empty;
			if (kind != CLAIM_NONE && !inside->is_settled)
				inside->instance = dwarf_dieoffset(die);
		}
	return has_some;
}

/* Was this copy inlined into the very line? */
static bool is_called_from(const struct line_starts *starts, Dwarf_Die *inlined)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line, file;

	return dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0 &&
	       line == starts->line &&
	       dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0 &&
	       starts->is_file(starts->context, file);
}

/* Compilers write a lexical block for every pair of braces. GDB keeps those that
 * declare something. */
static bool declares_something(Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_variable:
		case DW_TAG_label:
		case DW_TAG_typedef:
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_imported_declaration:
		case DW_TAG_imported_module:
			return true;
		default:
			break;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* Is there anything to find below? */
static bool enter(const struct line_starts *starts, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		return claim(starts, die, CLAIM_ALL);
	case DW_TAG_inlined_subroutine:
		return claim(starts, die, is_called_from(starts, die) ? CLAIM_OF_CALL : CLAIM_ALL);
	case DW_TAG_lexical_block:
		/* One without addresses only groups what has some. */
		return claim(starts, die, declares_something(die) ? CLAIM_ALL : CLAIM_NONE) ||
		       !(dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges));
	default:
		return dwarf_is_scope(dwarf_tag(die));
	}
}

static void walk_children(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Die child;

	if (walk->depth >= DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	walk->depth++;
	do {
		if (enter(walk->starts, &child))
			walk_children(walk, &child);
	} while (dwarf_siblingof(&child, &child) == 0);
	walk->depth--;
}

void instances_find(Dwarf_Die *tree, const struct line_starts *starts)
{
	walk_children(&(struct walk){.starts = starts}, tree);
}
