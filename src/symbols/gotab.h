/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gotab.h - an open .gopclntab, shared by gotab.c (functions), goline.c (address to
 * file and line) and gosource.c (file and line to addresses).
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
	WINDOW_COUNT,
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
	struct window windows[WINDOW_COUNT];
};

/* Bytes of the table, valid until the next call for the same window. */
const void *gotab_bytes(struct gotab *table, enum gotab_window which, uint64_t offset, size_t size);
/* Entry index of the functab: the address and where its _func is. index == count is the end. */
bool gotab_entry(struct gotab *table, uint32_t index, uint64_t *ret_address, uint64_t *ret_func);
/* The index of the function that covers address. */
bool gotab_find(struct gotab *table, uint64_t address, uint32_t *ret);

/* _func begins with the entry (a pointer, or u32 from 1.18); after it, u32s:
 * name, args, deferreturn, pcsp, pcfile, pcln, npcdata, unit (from 1.16). */
enum gotab_field { /* in u32s, from the name's */
	FUNC_PCFILE = 4,
	FUNC_PCLN = 5,
	FUNC_LIST_COUNT = 6,
	FUNC_UNIT = 7,
	FUNC_FIELDS = 8,
};

static inline uint64_t gotab_name_field(const struct gotab *table)
{
	return table->is_relative ? 4 : 8;
}

#endif
