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

/* t = a, where t may have a value already. */
void lower_move(const struct arithmetic *at, int t, int a);
/* To label if a op (b, or number if b is IR_NONE). */
void lower_jump_if(const struct arithmetic *at, int a, enum operator operator, int b,
		   int64_t number, int label);

/* The temporary that holds a scalar; jumps to fail where it is missing. */
struct error *lower_value(struct compiler *c, struct ir *ir, const struct value *value, int fail,
			  int *ret);

/* Where a condition goes on; exactly one of them is the next instruction. */
struct branches {
	int yes, no;
};
/* condition.c. *reason is set if the kernel cannot decide it. */
struct error *lower_branch(struct compiler *c, const struct node *node, struct ir *ir,
			   struct branches to, const char **reason);

/* loop.c. Does the kernel know may_goto? */
bool loop_is_free(const struct compiler *c);
/* A 0 that the verifier does not know, to be added (loop_hide) to what changes in a loop
 * and begins as a constant; IR_NONE where the kernel cannot be spared the rounds. */
int loop_zero(const struct arithmetic *at);
int loop_hide(const struct arithmetic *at, int zero, int t);
/* The loop begins here, and is left for out when the kernel has enough of it; what to do
 * again if a <= b, signed. */
int loop_begin(const struct arithmetic *at, int zero, int out);
void loop_again(const struct arithmetic *at, int again, int a, int b);

/* texts.c */
struct error *texts_lower(struct compiler *c, const struct value *value, unsigned slot,
			  struct ir *ir, int missing);

/* stack.c: op is IR_STACK or IR_KEY_STACK. */
struct error *stack_lower(struct compiler *c, const struct value *value, enum ir_op op,
			  unsigned slot, struct ir *ir);

/* goroutine.c: lets pass what the goroutine of the request does, if it wants one's hits only; the
 * rest goes to *no, a new label if it was IR_NONE. */
struct error *goroutine_lower_filter(struct compiler *c, struct ir *ir, int *no);

/* Does an instruction from start on jump to label? */
bool lower_has_jump(const struct ir *ir, size_t start, int label);

/* rows.c: a call of an aggregation that was added to the plan's aggregates as `table`. */
struct error *lower_aggregation(struct compiler *c, struct ir *ir, const struct node *call,
				unsigned table, const char **reason);

#endif
