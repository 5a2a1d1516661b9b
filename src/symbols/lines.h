/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - an image's DWARF as libdw has it, shared by line.c (which opens it),
 * source.c (a source line's code), instance.c (which copy of a function) and inlined.c (calls
 * that were inlined).
 */
#ifndef SYMBOLS_LINES_H
#define SYMBOLS_LINES_H

#include <elfutils/libdw.h>

#include "cursor.h"

struct unit_range {
	uint64_t start, end;
	Dwarf_Off unit; /* of its DIE */
};

struct lines {
	void *mapping;
	size_t mapping_size;
	Elf *elf;
	Dwarf *dwarf;
	VECTOR(struct unit_range) ranges;
};

/* Opens what is not open yet. NULL if the image has no lines in DWARF, or its file
 * has been cut short. */
const struct lines *lines_get(struct image *image);

/* The section of that name or its old one (.zdebug_), decompressed; data NULL if it is not there.
 */
struct bytes lines_section(const struct lines *lines, const char *name, const char *old_name);
/* The unit that covers address. */
bool lines_unit_at(const struct lines *lines, uint64_t address, Dwarf_Die *ret);
/* The unit's tree, which with split DWARF is in a file of its own. */
Dwarf_Die lines_unit_tree(Dwarf_Die *unit);

/* Starts of one line in one unit, by address. */
struct line_starts {
	struct line_start *data;
	size_t count;
	unsigned line;
	/* The file numbers of the unit's line table that mean the line's file. */
	bool (*is_file)(const void *context, uint64_t number);
	const void *context;
};

/* Sets each one's instance: the offset of the innermost DIE that is a block, or 0. */
void instances_find(Dwarf_Die *tree, const struct line_starts *starts);

#endif
