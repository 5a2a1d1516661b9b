/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir.h - what lies between Lua's meaning and BPF's encoding: straight-line code over
 * any number of 64-bit temporaries t0, t1 ..., with jumps forward, and bounded loops.
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
	IR_FSBASE,   /* t = base of %fs of the thread, number bytes into the kernel's task; to label
			if that fails */
	IR_LOAD,     /* t = size bytes of user memory at a; to label if that fails */
	IR_BINARY,   /* t = a op (b, or number if b < 0); OP_DIV: unsigned; shifts: by the
			count's last 6 bits, to the right with zeros */
	IR_UNARY,    /* t = op a */
	IR_MOVE,     /* t = a; the one instruction whose t may have been set before */
	IR_EXTEND,   /* t = the low size BITS of a, extended */
	IR_SIGN,     /* t = -1 if a < 0, else 0 */
	IR_COMPARE,  /* to label if a op (b, or number if b < 0); signed unless is_unsigned */
	IR_TEXT,     /* to label unless the string at a (b bytes, or up to a NUL if b < 0) is text
			(or begins with it: is_prefix); to other if it cannot be read */
	IR_NAME,     /* to label unless the thread's name is text (or begins with it: is_prefix) */
	IR_KEPT,   /* to label unless the text in word number of the call's state is text (or begins
		      with it: is_prefix); to other if bit slot of its missing values is set */
	IR_REASON, /* what is missing next is so for reason number, or a if a >= 0 */
	IR_REASON_OF, /* t = the reason of what was missing last */
	IR_JUMP,      /* to label */
	IR_LABEL,     /* here is label */
	IR_LOOP,      /* the same, of a loop: its IR_AGAIN comes back here; to other, if there is
			 one, when the kernel has seen enough rounds of it */
	IR_AGAIN,     /* to label, backwards, if a <= b, signed */
	IR_STORE,     /* slot = a */
	IR_STRING, /* slot and bytes = at most size bytes at a; to label if that fails. b bytes if
		      b >= 0, else up to a NUL; number: of an array of that many, which may
		      have none. is_length: slot = the length alone */
	IR_NIL,	   /* slot of a string = nil */
	IR_TEXTS,  /* t = bytes so far */
	IR_TEXT_HEADER, /* begins a struct record_text: offset = a; to label if there are more than
			   number bytes already. b: of loop_zero, or none */
	IR_TEXT_BYTES,	/* ends it, with the string at a, as of IR_STRING; to label if that fails */
	IR_TEXT_LOST,	/* ends it: it could not be read */
	IR_TEXTS_END,	/* slot = bytes so far (number at most), less a */
	IR_BYTES,	/* slot and bytes = size bytes at a; to label if that fails */
	IR_PIECE,  /* size bytes of a (zeros if a < 0) at number from where the next bytes go */
	IR_PIECES, /* slot = size: the pieces are bytes */
	IR_STACK,  /* slot and bytes = the stack: at most number addresses, a the CFA if a >= 0; or
		      size bytes of its memory if size is not 0 */
	/* Memory that a value leads to (record.h): */
	IR_MEMORY_BEGIN, /* nothing is wanted yet */
	IR_MEMORY_WANT,	 /* b bytes at a, at most size; number: how many words may be pointers,
			    | their level << 16 */
	IR_MEMORY_TYPE,	 /* what is at b, as large as the type's descriptor at a says; number: enum
			    go_maps */
	IR_MEMORY,	 /* slot and bytes = all that, and what it leads to */
	IR_COMM,	 /* slot and the next = the thread's name */
	IR_MISSING,	 /* slot could not be read; is_signed: FRAME_REASON says why */
	IR_FRAME,	 /* t = the frame of the call */
	IR_ELAPSED,	 /* t = ns since the entry */
	IR_ENTRY,      /* t = word number of the call's state; to label, FRAME_REASON saying why, if
			  bit size of its missing values is set */
	IR_ENTRY_TEXT, /* slot and bytes = the text in word number of the call's state; to label if
			  bit size of its missing values is set */

	/* At the entry of a call: */
	IR_KEEP,	 /* word slot of its state = a */
	IR_KEEP_TEXT,	 /* word slot = length, behind it at most size bytes at a (b of them, or up
			    to a NUL); to label if that fails */
	IR_KEEP_MISSING, /* bit size of its missing values; word slot = FRAME_REASON */

	/* Aggregates (see record.h): the key is put together in the frame, then there is
	 * a row. */
	IR_LOCATION,	   /* t = index of the location that was hit */
	IR_KEYS,	   /* a new key: none is missing */
	IR_KEY,		   /* word slot of the key = a */
	IR_KEY_COMM,	   /* word slot and the next = the thread's name */
	IR_KEY_EMPTY,	   /* word slot and those of its text = 0 */
	IR_KEY_TEXT,	   /* word slot = length, behind it the string at a, as of IR_STRING */
	IR_KEY_STACK,	   /* word slot and the next = the stack, as of IR_STACK */
	IR_KEY_ENTRY_TEXT, /* ... the text in word number of the call's state, as of IR_ENTRY_TEXT
			    */
	IR_KEY_MISSING,	   /* word slot = FRAME_REASON, and 0 in the others of size; number: the bit
			      that says so */
	IR_ROW,		   /* the row of the key in table slot, made if need be; to label if full;
			      is_shared: of the one of two whose turn it is, which is entered */
	IR_LEAVE,	   /* the program leaves the table it has entered */
	IR_ROW_ADD,	   /* word slot of the row += a, or number if a < 0 */
	IR_ROW_COUNT,	   /* word slot + a of the row += 1; to label unless a < size */
	IR_ROW_MAX,	   /* word slot of the row = the greater of it and a, unsigned; to label if
			      it changed under our hands again and again */
	IR_DROPPED,	   /* count an update that table slot had no room for */
};

#define IR_NONE	       (-1)
#define LOOP_DEPTH_MAX 4  /* loops in loops */
#define TASK_NAME_SIZE 16 /* of a thread's name and its NUL (TASK_COMM_LEN) */

struct ir_insn {
	enum ir_op op;
	enum operator operator;
	int t, a, b; /* temporaries, IR_NONE where there is none */
	int label, other;
	int64_t number;
	unsigned size, slot;
	bool is_signed, is_unsigned, is_prefix, is_length, is_shared;
	const char *text;
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
	unsigned text_words;   /* and, behind it, for the longest text that is compared */
	int lost;	       /* a label: the hit cannot be dealt with, and is lost */
	size_t bytes;	       /* that what was captured so far takes at most, behind the slots */
	bool has_reasons;      /* say why a value is missing */
	struct ir_home *homes; /* by temporary; from allocate.c, in the plan's arena */
};

/* Bytes of the frame that emit.c keeps for itself; at the other end, the key. */
#define FRAME_FIXED 88
#define FRAME_BYTES 512 /* the kernel's MAX_BPF_STACK */

void ir_deinit(struct ir *ir);

/* Code that falls through where the condition holds and jumps to the label
 * *ret_no where it does not. ret_reason is set, and nothing emitted, if the
 * kernel cannot decide it. */
struct error *lower_condition(struct compiler *c, const struct node *condition, struct ir *ir,
			      int *ret_no, const char **ret_reason);

/* Code that stores a captured value in its slot. */
struct error *lower_capture(struct compiler *c, const struct value *value, unsigned slot,
			    struct ir *ir);

/* The whole block, if the kernel can do all of it: then plan->is_in_kernel. Else nothing is
 * emitted; plan->kernel_reason if it counts something (or what would be in the way does not
 * matter). */
struct error *lower_block(struct compiler *c, struct ir *ir);

/* Code that keeps the values of entry.EXPR in the state of the call. */
struct error *lower_entry(struct compiler *c, struct ir *ir);

/* Gives every temporary a home. ERR_TOO_LARGE if the stack is full. */
struct error *allocate(struct compiler *c, struct ir *ir);

/* Predicate (empty if there is none; no is its label) and body become the plan's
 * program. The body is the captures, or the block if plan->is_in_kernel. */
void emit(struct compiler *c, const struct ir *predicate, int no, const struct ir *body);
/* What is kept becomes the plan's program at the entry. */
void emit_at_entry(struct compiler *c, const struct ir *kept);

#endif
