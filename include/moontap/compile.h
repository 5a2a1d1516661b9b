/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compile.h - from a block's tree to a plan: what the kernel runs, what it
 * captures, and the Lua function that runs on the captured values.
 *
 *   builtin.c  the table of built-in names and functions
 *   resolve.c  target expressions of the tree -> typed values
 *   raw.c      arguments, registers, results by number
 *   path.c     variables and paths from them -> objects of the target
 *   foreign.c  names of other languages, for hints
 *   field.c    from one object to the next: fields, elements, targets of pointers
 *   object.c   an object's place; what Lua sees of it
 *   result.c   what a function returns, as an object
 *   goword.c   iface(), gofunc(): values of Go by their words
 *   goroutine.c  the goroutine that runs
 *   expression.c  expressions the kernel can compute -> typed values
 *   integer.c  Lua's integer operators on constants
 *   value.c    typed values: made, compared, described
 *   lower.c    values -> IR
 *   condition.c  conditions -> IR
 *   doubt.c    comparisons that come out one way only
 *   same.c     may two operands be one missing value?
 *   capture.c  captured values -> slots and IR
 *   memory.c   what values of Go lead to -> IR
 *   stack.c    stack(): in which of its ways -> IR
 *   entry.c    what a finish keeps from the entry
 *   texts.c    the text of a sequence's elements -> IR
 *   loop.c     loops that the verifier does not follow round by round
 *   block.c    statements that the kernel can run -> IR
 *   aggregate.c  calls of count() and its kin: checked
 *   rows.c     ... -> IR
 *   allocate.c IR values -> BPF registers and stack
 *   emit.c     IR -> BPF: expressions, conditions, captures
 *   string.c   IR -> BPF: strings captured
 *   text.c     IR -> BPF: strings compared
 *   walk.c     IR -> BPF: stacks
 *   search.c   IR -> BPF: memory that values lead to
 *   row.c      IR -> BPF: keys and rows of aggregates
 *   frame.c    IR -> BPF: what stands around them; record, ring, counters
 *   call.c     IR -> BPF: a call from its entry to its return
 *   encode.c   one instruction at a time
 *   collect.c  what Lua needs captured, and what else of the text is replaced
 *   shown.c    what is captured where there is no block
 *   rewrite.c  the block as a Lua function whose parameters are the captures
 *   plan.c     one after the other
 *   hidden.c   names that hide variables of the target
 *   listing.c  BPF as text
 *
 * Runs without root and without a target: everything it needs is in
 * compile_site. Does not load anything.
 */
#ifndef MOONTAP_COMPILE_H
#define MOONTAP_COMPILE_H

#include <linux/bpf.h>

#include "moontap/base.h"
#include "moontap/record.h"
#include "moontap/script.h"
#include "moontap/symbols.h"
#include "moontap/type.h"

/*
 * A function that ends with a jump to another is returned for by that one, with the same frame.
 * Others call that as well: of its returns those count that such a jump led to. What a longjmp
 * leaves behind has not arrived there, or not again.
 */
enum jump_step {
	JUMP_NONE,
	JUMP_OUT,  /* the function's own jump to one that is followed: no hit */
	JUMP_IN,   /* where one that is followed is entered: no hit */
	JUMP_ON,   /* its jump to another that is followed: no hit */
	JUMP_BACK, /* where it returns, for the function */
};

/* What a plan needs to know of the places it is for (all of them alike). */
struct compile_site {
	enum abi abi;
	bool are_args_live;	 /* arg[n] can be read here */
	int64_t cfa_offset;	 /* stack pointer + this = CFA, if are_args_live */
	const char *function;	 /* for messages */
	const struct usdt *usdt; /* whose arguments arg[n] are, of image; NULL: the function's */
	/* For names: what they mean at this address. NULL: there are none. */
	struct image *image;
	uint64_t address;
	bool is_relocated; /* where the image is in a process, only a process knows */
	/* Of a return: by a jump to another function, which returns for this one: its result is
	 * not known. */
	bool is_return, is_tail_call;
	/* Of a finish that follows the jumps by which the function is left. Its own jumps, and all
	 * sites of the functions jumped to, have the same key, which no other function has that one
	 * of them is followed from. */
	enum jump_step step;
	unsigned jump_key;
	/* In a function jumped to: an address of the function itself. Names mean what they do
	 * there, but its locals are gone. Else 0. */
	uint64_t names_at;
	/* Of a branch: it is reached only when that is taken, for condition holds (as in the low
	 * four bits of a jcc's opcode). */
	bool has_condition;
	uint8_t condition;
};

/* How much of a value is captured, unless the script says otherwise. */
struct compile_limits {
	unsigned string_bytes; /* at most STRING_SIZE_MAX */
	unsigned elements;     /* of an array or a sequence */
	unsigned depth;	       /* of structs in structs whose text is followed */
};
#define COMPILE_LIMITS_DEFAULT ((struct compile_limits){STRING_SIZE_DEFAULT, 32, 4})

/* Where process ids are not those of the whole machine (in a container). */
struct pid_namespace {
	uint64_t device, inode; /* of /proc/self/ns/pid */
};

/* Which half of a flow a site is: calls are shown from their entry to their return. */
enum flow_half {
	FLOW_NONE,
	FLOW_ENTER, /* the condition is decided here; those it turns down have no return either */
	FLOW_LEAVE,
};
/* What the Lua function calls, with: is the task a goroutine? pid, task, frame, function, (of a
 * return: elapsed,) and then pairs of a name and a value; "..." at the end: there are more. A name
 * that begins with FLOW_WORD: the value's text is no string, but the name of an enumerator. */
#define FLOW_WORD	'\''
#define FLOW_ENTER_NAME "flow: enter"
#define FLOW_LEAVE_NAME "flow: leave"

/* How the program learns which of its sites fired. */
enum site_identity {
	IDENTITY_CONSTANT, /* it has one site: location 0 */
	IDENTITY_COOKIE,   /* the attach cookie is the location index */
	IDENTITY_IP,	   /* user space finds out from the instruction pointer */
};

/* A name in the block that stands for an aggregate of the script when the probe is set. */
struct script_aggregate {
	const char *name;
	const struct node *declaration; /* of a local; NULL: a global */
	struct aggregate_shape shape;	/* is_shared; without key_words */
	bool has_keys;			/* how many is known: key_count */
	size_t key_count;
	void *handle; /* the caller's */
};

/* A `<const>` local of the script that holds a number, string, boolean or nil: what it will
 * hold is known when the probe is set. */
struct script_constant {
	const struct node *declaration;
	const struct node *value;
};

struct compile_request {
	const struct source *source;  /* of condition and block */
	const struct node *condition; /* or NULL */
	const struct node *goroutine; /* only hits of this one (NODE_INTEGER); or NULL: of all */
	/* NODE_BLOCK; NODE_LIST: the arguments of a printf (dprintf); NULL: the default
	 * action, a line at each hit. */
	const struct node *block;
	const char *event; /* name of the parameter whose fields are the
			      built-ins (e in probe(l, function(e) ...)), or NULL */
	struct compile_site site;
	/* Of a finish or flow: where the call was entered. function NULL: neither. */
	struct compile_site entry;
	bool follows_jumps; /* sites of the probe have a jump_key: calls have CALL_JUMP_WORDS */
	enum flow_half flow;
	struct compile_limits limits; /* all 0: the defaults */
	/* A variable that cannot be read at this place is <optimized out>, no error: it can be
	 * at another place of the same probe. */
	bool is_lenient;
	bool is_count; /* no action at all: what is wanted are the counters */
	bool is_bare;  /* the default action shows no arguments: they differ from place to place */
	/* At another place of the same probe, Lua has to decide, or to do it. */
	bool is_condition_in_lua, is_block_in_lua;
	/* What the site is in, for what is asked of all its modules; or NULL. */
	struct program *program;
	/* Is it a global that a script has set, or sets somewhere? NULL: any may be. */
	bool (*is_script_name)(void *context, const char *name);
	void *context;
	/* Those that have a name in the block; they must outlive the plan. */
	const struct script_aggregate *aggregates;
	size_t aggregate_count;
	/* Of the block's names; what they point to is the tree's. */
	const struct script_constant *constants;
	size_t constant_count;
	enum site_identity identity;
	unsigned probe;				   /* number, for the record's cookie */
	pid_t pid;				   /* only this process; 0: any */
	pid_t left_out;				   /* any but this one; 0: any */
	const struct pid_namespace *pid_namespace; /* that pids are of; NULL: the first */
	/* IDENTITY_COOKIE: how many rows of counters a site has, a power of 2; 0: one. Else there
	 * is one for each CPU. */
	unsigned counter_rows;
	bool has_budget;   /* events are limited: count them down in MAP_BUDGET */
	bool is_sleepable; /* the kernel can run it so */
	/* Does the kernel know may_goto? Asked only of blocks with loops. NULL: it does not. */
	bool (*has_may_goto)(void);
	/* Where in a task the kernel keeps its base of %fs (false: it does not tell). Asked only
	 * where that is needed: finding out takes milliseconds and megabytes. NULL: not known. */
	bool (*fsbase_offset)(uint32_t *ret);
};

/* Where a parameter of the Lua function comes from, and as what. */
enum capture_kind {
	CAPTURE_INTEGER,  /* slot holds a 64-bit integer */
	CAPTURE_UNSIGNED, /* slot holds an unsigned one: from 2^63 on it is no Lua integer */
	CAPTURE_BOOLEAN,  /* slot is not 0 */
	CAPTURE_FLOAT,	  /* slot holds the bits of a float of type->size, 4 or 8 */
	CAPTURE_ENUM,	  /* slot holds a value of type: its enumerator's name, else the integer */
	CAPTURE_POINTER,  /* slot holds an address, type is the pointer's; nil if it is 0 */
	CAPTURE_STRING, /* slot holds a length (| RECORD_STRING_CUT); the bytes follow the slots */
	CAPTURE_BYTES,	/* the same, of a value of type; what its parts bring comes right behind */
	CAPTURE_STACK,	/* slot holds a length (| RECORD_STACK_MEMORY); a stack's bytes follow */
	CAPTURE_COMM,	/* slot and the next hold 16 bytes, NUL-terminated */
	CAPTURE_LOST,	/* no slot: reason says why it cannot be read at this place */
	CAPTURE_TIME,	/* record.time_ns, to be shown as wall clock ns since 1970 */
	CAPTURE_FUNCTION, /* these six belong to the site */
	CAPTURE_FILE,
	CAPTURE_LINE,
	CAPTURE_ADDRESS,
	CAPTURE_PROBE,
	CAPTURE_USDT,
};

/* What a pointer inside the bytes of a CAPTURE_BYTES leads to: captured beside them, in a
 * slot and bytes of its own, like a CAPTURE_STRING. */
struct capture_part {
	uint64_t offset; /* in the value: of the char*, of the FORM_STRING or FORM_SEQUENCE */
	unsigned slot;
	const struct type *type; /* NULL: text; else the elements' type, as many as fit */
	bool are_texts;		 /* not the elements: struct record_text, for text of theirs */
	/* Not 0: no slot; that many bytes of the value itself cannot be read here, and reason. */
	uint64_t lost_size;
	const char *reason;
};

struct capture {
	enum capture_kind kind;
	unsigned slot;		 /* of those up to COMM */
	const char *text;	 /* as the user wrote it */
	const char *origin;	 /* where it is read: "%rdi", "u32 at %rdi + 8", "the site" */
	const struct type *type; /* FLOAT, ENUM, POINTER, BYTES; else NULL */
	bool leads_on;		 /* BYTES: into the memory of the record */
	bool is_indexed;	 /* BYTES of Go, STRING: not nil but missing */
	const struct capture_part *parts; /* BYTES; in the order of their slots and bytes */
	size_t part_count;
	const char *reason; /* LOST: "<optimized out>" */
};

/* A call of count() or its kin in the block, or of NAME:add(). */
struct plan_aggregate {
	struct aggregate_shape shape;
	const char *text;		     /* as the user wrote it */
	const char *unit;		     /* of the values, or NULL */
	const struct script_aggregate *name; /* what it adds to; NULL: a table of its own */
	size_t key_count;
	/* Of the keys in the kernel's table, if is_in_kernel: INTEGER, UNSIGNED, BOOLEAN, ENUM,
	 * POINTER, STRING, COMM, or what of the site. */
	enum capture_kind keys[AGGREGATE_KEYS_MAX];
	const struct type *key_types[AGGREGATE_KEYS_MAX]; /* of ENUM; else NULL */
};

/* The words of a key of that kind in the kernel's table (record.h, "aggregates"). */
static inline unsigned capture_key_words(enum capture_kind kind)
{
	switch (kind) {
	case CAPTURE_COMM:
		return 2;
	case CAPTURE_STRING:
		return 1 + AGGREGATE_KEY_BYTES_MAX / sizeof(mt_u64);
	case CAPTURE_STACK:
		return 1 + STACK_KEY_FRAMES;
	default:
		return 1;
	}
}

/* What the function of the default action is called with. */
enum hit_argument {
	HIT_TIME = 1,
	HIT_COMM,
	HIT_TID,
	HIT_FUNC,
	HIT_FILE,
	HIT_LINE,
	HIT_USDT,    /* nil: no static probe */
	HIT_GOID,    /* nil: where there are no goroutines */
	HIT_ELAPSED, /* nil: not in a finish */
	HIT_VALUES,  /* a name and a value for each parameter or, in a finish, result */
};

struct plan {
	struct arena arena;
	VECTOR(struct bpf_insn) insns;
	VECTOR(uint32_t) lines; /* user's line of each instruction; 0: not from the user's text */
	VECTOR(struct capture) captures;
	unsigned slot_count;
	bool needs_scratch;	 /* the record has strings */
	bool depends_on_address; /* names were looked up: another site may need another program */
	bool uses_frame;	 /* among them parameters or locals of the function */
	bool is_sleepable;
	/* The record has memory (record.h), its slot, and its bytes behind all others. */
	bool has_memory;
	unsigned memory_slot;
	bool copies_stack; /* an event takes kilobytes of it along */
	/* Of a finish: the program at the entry, and the words of the state that it keeps. */
	VECTOR(struct bpf_insn) entry_insns;
	VECTOR(uint32_t) entry_lines;
	unsigned state_words;
	bool is_entry_sleepable;
	bool has_predicate;	  /* the condition was lowered whole: the kernel decides */
	bool has_guard;		  /* the condition was not: Lua decides (see lua) */
	const char *guard_reason; /* why it was not */
	const char *guard_text;	  /* the block was one `if`, and its condition the predicate: it */
	VECTOR(struct plan_aggregate) aggregates; /* in the order of the text */
	bool is_in_kernel; /* the block is nothing but these (or there is none to run): no event
			      is sent, lua does nothing */
	const char *kernel_reason; /* why it is not, if it is nothing but these */
	const char *doubt;	   /* a comparison that is always false, or true: a sentence or two
				      for the user; or NULL */
	/* A chunk that declares the upvalues and returns the function:
	 *   local up1, up2; return function(capture1, capture2, ...) BLOCK end
	 * with the block on the user's own lines. With has_guard the function has one
	 * parameter more, the first, and returns that one when the condition is false.
	 * The chunk's own arguments are functions, one for each of aggregates: they take
	 * what the user's call does. If it shows_hits there is one, which does that: it
	 * takes an enum hit_argument. */
	const char *lua;
	bool shows_hits;	       /* the default action: there is no block */
	VECTOR(const char *) upvalues; /* names, to be joined by the runtime */
};

/*
 * Errors: ERR_NAME, ERR_TYPE, ERR_UNREADABLE, ERR_TOO_LARGE, each with the
 * place in the user's text. On success the caller owns *ret (plan_free).
 */
struct error *compile(const struct compile_request *request, struct plan **ret);
void plan_free(struct plan *plan);
/* The program (of a finish: both) as text: one instruction a line, the user's source line above
 * its first. */
void plan_list(const struct plan *plan, const struct source *source, struct buffer *out);

/* The built-in names, for help and completion: the first after NULL, then the
 * next after each; NULL at the end. */
struct builtin {
	const char *name;    /* "str" */
	const char *usage;   /* "str(P [, MAX])" */
	const char *summary; /* one clause */
};
const struct builtin *builtin_next(const struct builtin *previous);

/* Calls fn for each name that condition and block (either may be NULL) use as a local of Lua's or
 * as something built in, where a parameter or local of the function at address has it too. */
void compile_hidden(const struct node *condition, const struct node *block, struct image *image,
		    uint64_t address,
		    void (*fn)(void *context, const struct node *name,
			       const struct variable *variable),
		    void *context);

#endif
