/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir.h - what lies between Lua's meaning and BPF's encoding: straight-line code over
 * any number of 64-bit temporaries t0, t1 ..., with jumps forward only.
 */
#ifndef COMPILE_IR_H
#define COMPILE_IR_H

#include "value.h"

enum ir_op {
	IR_CONSTANT, /* t = number */
	IR_REGISTER, /* t = 64 bits of the context at number */
	IR_PID,	     /* t = process id */
	IR_TID,	     /* t = thread id */
	IR_CPU,	     /* t = CPU */
	IR_LOAD,     /* t = size bytes of user memory at a; to label if that fails */
	IR_BINARY,   /* t = a op (b, or number if b < 0); OP_DIV: unsigned; shifts: by the
			count's last 6 bits, to the right with zeros */
	IR_UNARY,    /* t = op a */
	IR_SIGN,     /* t = -1 if a < 0, else 0 */
	IR_COMPARE,  /* to label if a op (b, or number if b < 0); signed */
	IR_JUMP,     /* to label */
	IR_LABEL,    /* here is label */
	IR_STORE,    /* slot = a */
	IR_STRING,   /* slot and bytes = at most size bytes at a; to label if that fails */
	IR_COMM,     /* slot and the next = the thread's name */
	IR_MISSING,  /* slot could not be read */

	/* Aggregates (see record.h): the key is put together in the frame, then there is
	 * a row. */
	IR_LOCATION,	/* t = index of the location that was hit */
	IR_KEYS,	/* a new key: none is missing */
	IR_KEY,		/* word slot of the key = a */
	IR_KEY_COMM,	/* word slot and the next = the thread's name */
	IR_KEY_MISSING, /* word slot = 0; number: the bit that says so */
	IR_ROW,		/* the row of the key in table slot, made if need be; to label if full */
	IR_ROW_ADD,	/* word slot of the row += a, or number if a < 0 */
	IR_ROW_COUNT,	/* word slot + a of the row += 1; to label unless a < size */
	IR_ROW_MAX,	/* word slot of the row = the greater of it and a, unsigned; to label if
			   it changed under our hands again and again */
	IR_DROPPED,	/* count an update that table slot had no room for */
};

#define IR_NONE (-1)

struct ir_insn {
	enum ir_op op;
	enum operator operator;
	int t, a, b; /* temporaries, IR_NONE where there is none */
	int label;
	int64_t number;
	unsigned size, slot;
	bool is_signed;
	unsigned line; /* of the user's text */
};

/* Where allocate.c puts a temporary. */
struct ir_home {
	int8_t reg;    /* a BPF register, or -1 */
	int16_t frame; /* offset from r10 if reg is -1 */
};

struct ir {
	VECTOR(struct ir_insn) insns;
	int temporaries, labels;
	unsigned key_words;    /* room for the greatest key of aggregates */
	struct ir_home *homes; /* by temporary; from allocate.c, in the plan's arena */
};

/* Bytes of the frame that emit.c keeps for itself; at the other end, the key. */
#define FRAME_FIXED 32
#define FRAME_BYTES 512 /* the kernel's MAX_BPF_STACK */

void ir_deinit(struct ir *ir);

/* Code that falls through where the condition holds and jumps to the label
 * *ret_no where it does not. ret_reason is set, and nothing emitted, if the
 * kernel cannot decide it. */
struct error *lower_condition(struct compiler *c, const struct node *condition, struct ir *ir,
			      int *ret_no, const char **ret_reason);

/* Code that stores a capture (an INTEGER, STRING or COMM one) in its slot. */
void lower_capture(const struct compiler *c, const struct value *value, unsigned slot,
		   struct ir *ir);

/* The whole block, if it is nothing but aggregations that the kernel can do: then
 * plan->is_in_kernel. Else nothing is emitted; plan->kernel_reason if there is one. */
struct error *lower_aggregates(struct compiler *c, struct ir *ir);

/* Gives every temporary a home. ERR_TOO_LARGE if the stack is full. */
struct error *allocate(struct compiler *c, struct ir *ir);

/* Predicate (empty if there is none; no is its label) and body become the plan's
 * program. The body is the captures, or the block if plan->is_in_kernel. */
void emit(struct compiler *c, const struct ir *predicate, int no, const struct ir *body);

#endif
