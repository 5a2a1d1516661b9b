/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfop.h - the stack of a DWARF expression, shared by those that evaluate one:
 * dwarfwhere.c (where a variable is) and cfa.c (where a frame is).
 */
#ifndef SYMBOLS_DWARFOP_H
#define SYMBOLS_DWARFOP_H

#include "dwarf.h"

struct op_stack {
	const struct where_context *context;
	VECTOR(step_list) values;
	const char *lost; /* why the expression has no value, or NULL; owned by the image */
	unsigned nesting;
};

void op_stack_clear(struct op_stack *stack);
void op_stack_deinit(struct op_stack *stack);
/* NULL: there is none, and the value is lost. */
step_list *op_stack_top(struct op_stack *stack);

/* Runs one operation that is no location description (no register, piece or value). attribute
 * is where the operation is from, NULL: call frame information. */
void op_run(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *op);
void op_push_register(struct op_stack *stack, uint64_t number, int64_t offset);

/* The value is lost, because of an operation that we cannot do. */
void op_lose(struct op_stack *stack, uint8_t op);

/* Adds a constant to the value that the steps compute. */
void steps_add_constant(step_list *steps, int64_t number);
/* A copy that lives as long as the image. */
const struct where_step *steps_keep(struct image *image, const step_list *steps);

#endif
