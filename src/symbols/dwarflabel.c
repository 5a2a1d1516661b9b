/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dwarflabel.c - labels of a function: where what `goto` leads to begins. */
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

bool image_label(struct image *image, uint64_t function, const char *name, uint64_t *ret)
{
	struct dwarf *dwarf = NULL;
	Dwarf_Die unit, die;
	struct error *err = dwarf_get(image, &dwarf);

	error_free(err);
	return !err && dwarf && lines_unit_at(dwarf->lines, function, &unit) &&
	       dwarf_unit_function(dwarf_unit_of(dwarf, &unit), function, &die) &&
	       find_label(&die, name, 0, ret);
}
