/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lower.h - IR under construction: what lower.c offers to those that lower
 * statements.
 */
#ifndef COMPILE_LOWER_H
#define COMPILE_LOWER_H

#include "ir.h"

/* An instruction without operands, of node's line (or of none: NULL). Valid until
 * the next is added. */
struct ir_insn *lower_add(const struct compiler *c, struct ir *ir, enum ir_op op,
			  const struct node *node);
void lower_label(const struct compiler *c, struct ir *ir, int label);
void lower_jump(const struct compiler *c, struct ir *ir, const struct node *node, int label);

/* Short forms for arithmetic: each returns a new temporary. */
struct arithmetic {
	const struct compiler *c;
	struct ir *ir;
	const struct node *node;
};
int lower_with(const struct arithmetic *at, int a, enum operator operator, int b);
int lower_with_number(const struct arithmetic *at, int a, enum operator operator, int32_t number);
int lower_sign(const struct arithmetic *at, int a); /* -1 if a < 0, else 0 */
int lower_negated(const struct arithmetic *at, int a);
int lower_constant(const struct arithmetic *at, int64_t number);

/* The temporary that holds value; jumps to fail where it is missing. */
int lower_integer(const struct compiler *c, struct ir *ir, const struct value *value, int fail);

#endif
