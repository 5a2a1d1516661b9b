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

/* A file as libelf has it: a mapping, where the rest of this room uses pread, because of
 * hundreds of megabytes only the pages of one unit are touched. */
struct mapped_elf {
	void *mapping;
	size_t size;
	Elf *elf;
};
/* False if it cannot be mapped; *ret, zeroed before, is to be closed all the same. */
bool mapped_elf_open(const struct image *image, struct mapped_elf *ret);
void mapped_elf_close(struct mapped_elf *file);

struct lines {
	struct mapped_elf file, supplement_file;
	Dwarf *dwarf;
	Dwarf *supplement;   /* what dwz has put into a file for several, or NULL */
	const char *problem; /* why not all of it could be read, or NULL */
	VECTOR(struct unit_range) ranges;
};

/* Opens what is not open yet. NULL if the image has no lines in DWARF, or its file
 * has been cut short. */
const struct lines *lines_get(struct image *image);
/* The unit whose code is at address: its DIE in the file itself. */
bool lines_unit_at(const struct lines *lines, uint64_t address, Dwarf_Die *ret);
/* The unit's tree, which with split DWARF is in a file of its own. */
Dwarf_Die unit_tree(Dwarf_Die *unit);
/* The section of that name or its old one (.zdebug_), decompressed; data NULL if it is not there.
 */
struct bytes lines_section(const struct lines *lines, const char *name, const char *old_name);

/* Calls fn for each unit that has a line table which Go's own does not say as well. */
struct row_table;
typedef void (*line_table_fn)(void *context, Dwarf_Die *unit, const struct row_table *table);
void line_tables_each(struct image *image, line_table_fn fn, void *context);

/* Does a DIE of that tag hold others that it lends its name to: a namespace, a type's members? */
bool dwarf_is_scope(int tag);

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
