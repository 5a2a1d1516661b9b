/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.h - one table of .debug_line: the files it speaks of, and its rows.
 *
 * libdw decodes a table whole before it says which files are in it, and sorts the rows,
 * after which code that the linker threw away can no longer be told apart. Finding
 * a source line needs the files of all tables and the rows of few.
 */
#ifndef SYMBOLS_ROWS_H
#define SYMBOLS_ROWS_H

#include "cursor.h"

/* The sections a table's names may be in. */
struct row_sections {
	struct bytes line, line_strings, strings;
};

struct row_file {
	const char *name; /* in a section; NULL if its form is not known */
	uint64_t directory;
};

struct row_table {
	unsigned version, offset_size;
	unsigned step, line_range, opcode_base;
	int8_t line_base;
	bool is_statement; /* what rows begin with */
	struct bytes operand_counts, program;
	/* Numbered as the rows number them; directories[0] is where the compiler ran. */
	VECTOR(const char *) directories;
	VECTOR(struct row_file) files;
};

struct row {
	uint64_t address;
	uint64_t file, line;
	bool is_statement;
	bool begins, ends; /* its sequence; the row that ends one is no code */
};

/* Reads the header of the table at offset. compiled_in (or NULL) is the unit's
 * DW_AT_comp_dir. False if it is corrupt, or of a version that is not known. */
bool rows_open(struct row_table *ret, const struct row_sections *sections, uint64_t offset,
	       const char *compiled_in);
void rows_close(struct row_table *table);
/* Calls fn for each row as the program makes them: addresses ascend within a sequence. */
void rows_run(const struct row_table *table, void (*fn)(void *context, const struct row *),
	      void *context);
/* A file's path: absolute where the table says so, without . and .. parts. NULL if it
 * is not known. The caller frees it. */
char *rows_path(const struct row_table *table, size_t file);

#endif
