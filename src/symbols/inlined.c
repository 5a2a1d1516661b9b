/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inlined.c - the inlined calls that an address's code stems from: by Go's own table,
 * else by DWARF.
 */
#include <dwarf.h>

#include "lines.h"

static const char *name_of(struct image *image, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *raw =
	    dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));

	if (!raw)
		raw = dwarf_diename(die);
	if (!raw)
		return NULL;
	CLEANUP(free_p) char *name = function_name(raw, false);
	return image_intern(image, name);
}

static struct line line_of_call(struct image *image, Dwarf_Die *unit, Dwarf_Die *call)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file, number;
	Dwarf_Files *files;
	size_t count;

	if (dwarf_formudata(dwarf_attr(call, DW_AT_call_line, &attribute), &number) != 0 ||
	    dwarf_formudata(dwarf_attr(call, DW_AT_call_file, &attribute), &file) != 0 ||
	    dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count)
		return (struct line){0};
	const char *name = dwarf_filesrc(files, file, NULL, NULL);
	return (struct line){name ? image_intern(image, name) : NULL, number};
}

static void dwarf_inlined_at(struct image *image, uint64_t address, inline_chain *ret)
{
	Dwarf_Die unit, *scopes = NULL;

	const struct lines *lines = lines_get(image);
	if (!lines || !lines_unit_at(lines, address, &unit))
		return;
	int count = dwarf_getscopes(&unit, address, &scopes);
	for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++) {
		const char *name = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine
				       ? name_of(image, &scopes[i])
				       : NULL;
		if (name)
			vector_push(ret, ((struct inlined_call){
					     name, line_of_call(image, &unit, &scopes[i])}));
	}
	free(scopes);
}

void image_inlined_at(struct image *image, uint64_t address, inline_chain *ret)
{
	if (go_covers(image, address))
		gotab_inlined_at(image, address, ret);
	else
		dwarf_inlined_at(image, address, ret);
}
