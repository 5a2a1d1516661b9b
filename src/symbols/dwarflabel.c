/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dwarflabel.c - of a function: its labels, where what `goto` leads to begins; its own line. */
#include "dwarf.h"

static bool find_label(Dwarf_Die *block, const char *name, unsigned depth, uint64_t *ret)
{
	Dwarf_Die child;

	for (int more = dwarf_child(block, &child); more == 0 && depth < DWARF_DEPTH_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		const char *label =
		    dwarf_tag(&child) == DW_TAG_label ? dwarf_diename(&child) : NULL;
		if (label && strcmp(label, name) == 0 && dwarf_lowpc(&child, ret) == 0)
			return true;
		if (dwarf_tag(&child) == DW_TAG_lexical_block &&
		    find_label(&child, name, depth + 1, ret))
			return true;
	}
	return false;
}

static bool find_function(struct image *image, uint64_t function, Dwarf_Die *ret)
{
	struct dwarf *dwarf = NULL;
	Dwarf_Die unit;
	struct error *err = dwarf_get(image, &dwarf);

	error_free(err);
	return !err && dwarf && lines_unit_at(dwarf->lines, function, &unit) &&
	       dwarf_unit_function(dwarf_unit_of(dwarf, &unit), function, ret);
}

bool image_label(struct image *image, uint64_t function, const char *name, uint64_t *ret)
{
	Dwarf_Die die;

	return find_function(image, function, &die) && find_label(&die, name, 0, ret);
}

bool image_function_line(struct image *image, uint64_t function, struct line *ret)
{
	Dwarf_Die die;
	int64_t declared;

	if (!image_line_at(image, function, ret))
		return false;
	if (find_function(image, function, &die) && die_number(&die, DW_AT_decl_line, &declared) &&
	    declared > 0 && declared <= INT32_MAX)
		ret->number = (unsigned)declared;
	return true;
}
