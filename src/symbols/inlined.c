/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inlined.c - the inlined calls that an address's code stems from: by Go's own table,
 * else by DWARF. Of that only the unit is read that covers the address.
 */
#include <dwarf.h>

#include "lines.h"

#define DEPTH_MAX 256

struct search {
	struct image *image;
	uint64_t address;
	Dwarf_Files *files; /* of the unit; NULL: not known */
	size_t file_count;
	unsigned depth;
	inline_chain *found; /* outermost first */
};

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return NULL;
	return dwarf_formstring(&attribute);
}

static const char *name_of(struct image *image, Dwarf_Die *die)
{
	const char *raw = linkage_name(die), *plain = dwarf_diename(die);
	CLEANUP(free_p) char *readable = raw ? demangle(raw) : NULL;

	if (readable)
		return image_intern(image, readable);
	return image_intern(image, plain ? plain : raw ? raw : "?");
}

static struct line call_line(const struct search *search, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file, line;

	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) != 0 ||
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file) != 0 ||
	    !search->files || file >= search->file_count || line > UINT32_MAX)
		return (struct line){0};
	const char *path = dwarf_filesrc(search->files, file, NULL, NULL);
	return (struct line){path ? image_intern(search->image, path) : NULL, (unsigned)line};
}

static bool search_children(struct search *search, Dwarf_Die *parent);

/* Is the address in this DIE; and then, what is inlined below. */
static bool search_die(struct search *search, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
		return search_children(search, die);
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		break;
	default:
		return false;
	}
	if (dwarf_haspc(die, search->address) != 1)
		return false;
	if (dwarf_tag(die) == DW_TAG_inlined_subroutine)
		vector_push(search->found, ((struct inlined_call){name_of(search->image, die),
								  call_line(search, die)}));
	search_children(search, die);
	return true;
}

static bool search_children(struct search *search, Dwarf_Die *parent)
{
	Dwarf_Die child;
	bool is_found = false;

	if (search->depth >= DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return false;
	search->depth++;
	do
		is_found = search_die(search, &child);
	while (!is_found && dwarf_siblingof(&child, &child) == 0);
	search->depth--;
	return is_found;
}

static void reverse(inline_chain *list, size_t first)
{
	for (size_t last = list->size; first + 1 < last; first++) {
		struct inlined_call saved = list->data[first];
		list->data[first] = list->data[--last];
		list->data[last] = saved;
	}
}

static void dwarf_inlined_at(struct image *image, uint64_t address, inline_chain *ret)
{
	struct search search = {.image = image, .address = address, .found = ret};
	const struct lines *lines = lines_get(image);
	size_t first = ret->size;
	Dwarf_Die unit;

	if (!lines || !lines_unit_at(lines, address, &unit))
		return;
	Dwarf_Die tree = unit_tree(&unit);
	if (dwarf_getsrcfiles(&unit, &search.files, &search.file_count) != 0)
		search.files = NULL;
	search_children(&search, &tree);
	reverse(ret, first);
}

void image_inlined_at(struct image *image, uint64_t address, inline_chain *ret)
{
	if (go_covers(image, address))
		gotab_inlined_at(image, address, ret);
	else
		dwarf_inlined_at(image, address, ret);
}
