/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfitable.h - an unwind table, .eh_frame or .debug_frame: which entry covers an address
 * (cfitable.c), and the rules that its instructions leave there (cfirules.c).
 *
 * libdw has the same, and is not to be trusted with a corrupt table: it takes as much memory as
 * a register's number says.
 */
#ifndef SYMBOLS_CFITABLE_H
#define SYMBOLS_CFITABLE_H

#include "cursor.h"

struct cfi_entry {
	uint64_t start, end;
	size_t offset; /* in the section */
};

struct cfi_table {
	struct bytes bytes;
	uint64_t address;		  /* of the section, which .eh_frame counts from */
	bool is_debug;			  /* .debug_frame */
	VECTOR(struct cfi_entry) entries; /* by address */
	enum {
		FRAME_POINTERS_UNKNOWN,
		FRAME_POINTERS_KEPT,
		FRAME_POINTERS_OMITTED,
	} frame_pointers; /* by most of its functions (framepointer.c) */
};

/* Lists the entries of a section. What is corrupt is left out. */
void cfi_table_open(struct cfi_table *ret, struct bytes bytes, uint64_t address, bool is_debug);
void cfi_table_close(struct cfi_table *table);
/* The entry that covers address, or NULL. */
const struct cfi_entry *cfi_table_entry(const struct cfi_table *table, uint64_t address);

/* What many entries have in common. */
struct cfi_common {
	uint8_t encoding; /* of addresses: DW_EH_PE_... */
	bool has_augmentation, is_signal;
	uint64_t code_step, return_register;
	int64_t data_step;
	struct cursor program;
};

/* The instructions of an entry, and what it has in common with others. */
bool cfi_read_program(const struct cfi_table *table, const struct cfi_entry *entry,
		      struct cfi_common *ret_common, struct cursor *ret);
bool cfi_read_address(const struct cfi_table *table, struct cursor *cursor, uint8_t encoding,
		      uint64_t *ret);

/* Registers by their DWARF numbers. */
enum {
	REGISTER_RBP = 6,
	REGISTER_RSP = 7,
	REGISTER_RETURN = 16,
	REGISTER_COUNT
};

/* How a caller's register comes from the state at an address. */
struct unwind_rule {
	enum unwind_rule_kind {
		RULE_UNSAID, /* the caller's still, if functions leave it alone; else lost */
		RULE_LOST,
		RULE_SAME,
		RULE_SUM,	    /* is the register base + number */
		RULE_AT_CFA,	    /* is in memory at CFA + number */
		RULE_PLUS_CFA,	    /* is CFA + number */
		RULE_AT_EXPRESSION, /* is in memory where the expression says */
		RULE_EXPRESSION,    /* is what the expression gives */
	} kind;
	uint8_t base;
	int64_t number;
	struct bytes expression;
};

struct unwind_rules {
	bool is_signal;		/* the caller was interrupted: its address is no return address */
	struct unwind_rule cfa; /* SUM or EXPRESSION */
	struct unwind_rule registers[REGISTER_COUNT];
};
/* The rules at an address; false if the table does not cover it, or is corrupt there. */
bool cfi_table_rules(const struct cfi_table *table, uint64_t address, struct unwind_rules *ret);

#endif
