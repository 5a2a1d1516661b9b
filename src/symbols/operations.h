/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operations.h - the operations of an unwind table's expressions, for those who run them
 * (operations.c) and those who turn them into steps (cfa.c).
 */
#ifndef SYMBOLS_OPERATIONS_H
#define SYMBOLS_OPERATIONS_H

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "stack.h"

static inline struct cursor cursor_of(const struct bytes *bytes)
{
	return (struct cursor){bytes->data, bytes->data + bytes->size, false};
}

/* False if it is none that unwind tables need, or cut off. No branches: every run ends. */
bool operation_read(struct cursor *cursor, Dwarf_Op *ret);

#endif
