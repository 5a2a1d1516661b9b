/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gotab.h - an open .gopclntab, shared by gotab.c (functions), gomodule.c (what the runtime
 * knows beside it), goline.c (address to file and line), gosource.c (file and line to
 * addresses) and goinline.c (inlined calls).
 */
#ifndef SYMBOLS_GOTAB_H
#define SYMBOLS_GOTAB_H

#include "internal.h"

#define MAGIC_GO_1_2  0xfffffffbu
#define MAGIC_GO_1_16 0xfffffffau
#define MAGIC_GO_1_18 0xfffffff0u
#define MAGIC_GO_1_20 0xfffffff1u

enum gotab_layout {
	GO_1_2,
	GO_1_16,
	GO_1_18,
	GO_1_20,
};

/* A piece of the file kept in memory, so that reading on costs no system call. */
struct window {
	uint64_t start, size;
	unsigned char bytes[1 << 14];
};

enum gotab_window {
	WINDOW_ENTRIES,
	WINDOW_FUNCS,
	WINDOW_PCS,
	WINDOW_CODE, /* of the program, not of the table */
	WINDOW_TREE,
	WINDOW_COUNT,
};

/* What runtime.moduledata says. Its layout is known by the version of Go: beyond text only
 * if that is known too. */
struct gomodule {
	uint64_t address; /* 0: not found */
	uint64_t text;
	uint64_t types, etypes; /* type descriptors are there; 0, 0: not known */
	uint64_t gofunc;	/* what the tables of functions are relative to; 0: not known */
};

struct gotab {
	const struct image *image;
	uint64_t address, offset, size; /* of the whole table; offset in the file */
	enum gotab_layout layout;
	bool is_relative;    /* u32 pairs relative to text; else pairs of pointers */
	uint32_t count;	     /* of functions */
	uint64_t text;	     /* where relative addresses start */
	uint64_t start, end; /* addresses covered */
	/* Offsets in the table of its parts. funcs: what offsets of _func are relative to. */
	uint64_t names, units, files, pcs, functab, funcs;
	struct gomodule module; /* see gotab_module */
	bool has_module;
	struct window windows[WINDOW_COUNT];
};

/* Bytes of the table, valid until the next call for the same window. */
const void *gotab_bytes(struct gotab *table, enum gotab_window which, uint64_t offset, size_t size);
/* Bytes of the program at an address, outside the table; valid until the next call. */
const void *gotab_image_bytes(struct gotab *table, uint64_t address, size_t size);
/* Entry index of the functab: the address and where its _func is. index == count is the end. */
bool gotab_entry(struct gotab *table, uint32_t index, uint64_t *ret_address, uint64_t *ret_func);
/* The index of the function that covers address. */
bool gotab_find(struct gotab *table, uint64_t address, uint32_t *ret);

/* Finds the module data of a table whose header was read, of a program that says it is of
 * Go 1.minor (0: it does not). Empty if it is not there. */
struct gomodule gomodule_find(struct gotab *table, unsigned minor);
/* That of an image's own table, found when first asked for. */
const struct gomodule *gotab_module(struct gotab *table);

/* _func begins with the entry (a pointer, or u32 from 1.18); after it, u32s:
 * name, args, deferreturn, pcsp, pcfile, pcln, npcdata, unit (from 1.16). */
enum gotab_field {     /* in u32s, from the name's */
	FUNC_ARGS = 1, /* bytes of the caller's frame that arguments and results have, or could
			  be stored in */
	FUNC_PCSP = 3,
	FUNC_PCFILE = 4,
	FUNC_PCLN = 5,
	FUNC_LIST_COUNT = 6,
	FUNC_UNIT = 7,
	FUNC_FIELDS = 8,
};

#define PCDATA_INLINED 2 /* the index of an inlined call, from Go 1.14 */

/* Field index (enum gotab_field) of the _func at func. */
bool gotab_field(struct gotab *table, uint64_t func, unsigned index, uint32_t *ret);
/* The list of that number (a PCDATA_ of the runtime) of the _func at func; false: it has none. */
bool gotab_list(struct gotab *table, uint64_t func, unsigned number, uint32_t *ret_offset);
/* Address of the data of that number (a FUNCDATA_); false: it has none, or where is not known. */
bool gotab_data(struct gotab *table, uint64_t func, unsigned number, uint64_t *ret_address);
/* The string at an offset in the table. The caller frees it. */
char *gotab_string(struct gotab *table, uint64_t offset);

/* A list gives values for ranges of addresses from a function's entry on. */
struct gotab_values {
	struct gotab *table;
	uint64_t offset;       /* of the next pair in the table */
	uint64_t start, until; /* value holds from start until there */
	int32_t value;
	bool has_begun;
};
struct gotab_values gotab_values(struct gotab *table, uint32_t list, uint64_t entry);
/* The next range; false at the list's end. */
bool gotab_values_next(struct gotab_values *values);
/* The value at an address that is not below the entry. */
bool gotab_value_at(struct gotab *table, uint32_t list, uint64_t entry, uint64_t address,
		    int32_t *ret);
/* The name of a file by its number in the _func's list. The caller frees it. */
char *gotab_file(struct gotab *table, uint64_t func, int32_t number);

static inline uint64_t gotab_name_field(const struct gotab *table)
{
	return table->is_relative ? 4 : 8;
}

#endif
