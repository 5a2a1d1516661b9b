/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.h - an expression, typed: what it is in Lua's eyes (its view), and how the kernel
 * gets it (its kind). What names, registers, memory and debug information say all ends as
 * one of these, and lower.c is the one place that turns it into code.
 */
#ifndef COMPILE_VALUE_H
#define COMPILE_VALUE_H

#include "moontap/compile.h"

/* What a value is in Lua. */
enum view {
	VIEW_NIL,
	VIEW_BOOLEAN,
	VIEW_INTEGER,
	VIEW_UNSIGNED, /* a 64-bit integer of the target that keeps its sign: from 2^63 on it is
			  no Lua integer */
	VIEW_ENUM,     /* the name of its enumerator; an integer to operators */
	VIEW_POINTER,  /* nil if it is 0; an integer to operators */
	/* Those up to here are a number in the kernel: "scalar". */
	VIEW_FLOAT,
	VIEW_STRING,
	VIEW_BYTES, /* a struct, an array ... */
	VIEW_STACK,
	VIEW_SITE, /* known without the kernel's help: capture says what */
	VIEW_LOST, /* cannot be read here: reason */
};

enum value_kind {
	VALUE_CONSTANT, /* number */
	VALUE_REGISTER, /* 64 bits of struct pt_regs at offset */
	VALUE_PID,
	VALUE_TID,
	VALUE_CPU,
	VALUE_FSBASE,  /* the thread's base of %fs */
	VALUE_FRAME,   /* of the call that is entered, or returns: struct call_key's */
	VALUE_ELAPSED, /* ns since the entry of the call that returns here */
	VALUE_LOCAL,   /* of the block: local */
	VALUE_ENTRY,   /* kept at the entry, in word `number` of the call's state */
	VALUE_UNARY,   /* op a */
	VALUE_BINARY,  /* a op b */
	VALUE_LOAD,    /* size bytes of user memory at a; is_signed */
	VALUE_EXTEND,  /* the low `size` BITS of a; is_signed */
	VALUE_NONNULL, /* a; missing if it is 0 */
	VALUE_BELOW,   /* a; missing unless a < b, unsigned */
	VALUE_IF,      /* a; missing unless b op number (EQ or NE) */
	VALUE_TRUTH,   /* node as a condition: 1 or 0 */
	VALUE_SELECT,  /* node is `X or Y`, of one view: the first that is true */
	VALUE_OK,      /* a, or b where a is missing */
	VALUE_TEXT,    /* a constant string: text, text_size */
	VALUE_STRING,  /* bytes at a, at most size of them: see is_terminated */
	VALUE_TEXTS,   /* the text of elements: of type, b bytes at a, at most size of them */
	VALUE_LENGTH,  /* bytes of the string a, by counting; for an event only */
	VALUE_COMM,    /* the thread's name */
	VALUE_OBJECT,  /* the bytes of object */
	VALUE_STACK,   /* number frames at most; for an event size bytes of memory, or if that
			  is 0 along frame pointers; for a key these, if is_walkable. a: the CFA,
			  or NULL */
	VALUE_NONE,    /* SITE, LOST */
};

struct object;
struct local;

struct value {
	enum value_kind kind;
	enum view view;
	const struct node *node; /* for the user's line and for messages */
	const struct type *type; /* of the target, or NULL */
	int64_t number;
	unsigned offset;
	unsigned size;
	bool is_signed;
	enum operator op;
	enum capture_kind capture; /* VIEW_SITE */
	const struct value *a, *b;
	const char *text; /* TEXT */
	size_t text_size;
	/* STRING: up to a NUL, or else b bytes. A char* that is null is nil. */
	bool is_terminated, is_nullable;
	bool is_indexed;	     /* OBJECT of Go: missing instead of nil */
	bool is_walkable;	     /* STACK */
	enum missing_reason missing; /* NONNULL, BELOW, IF */
	const char *reason;	     /* LOST */
	const struct local *local;
	const struct object *object;
};

static inline bool value_is_scalar(const struct value *value)
{
	return value->view <= VIEW_POINTER && value->view != VIEW_NIL;
}

/* A number to operators: what arithmetic and comparisons take. */
static inline bool value_is_number(const struct value *value)
{
	return value_is_scalar(value) && value->view != VIEW_BOOLEAN;
}

/* Do both read the same thing? */
bool value_equal(const struct value *a, const struct value *b);
/* "%rdi", "u32 at %rdi + 8": for explain and messages. */
void value_describe(const struct value *value, struct buffer *out);

/* A Lua local of a block that runs in the kernel (block.c). */
struct local {
	const struct node *declaration;
	const struct value *value; /* what it stands for, if it is never assigned and no scalar */
	enum view view;
	const struct type *type;
	int t;	     /* the temporary that holds it */
	int missing; /* one that is 1 + why where it is missing, else 0; or -1: it never is */
};

struct compiler_scope {
	bool is_open;
	struct scope *scope; /* NULL: no debug information */
};

/* A value that the entry of a call keeps for its return (entry.c). */
struct kept {
	const struct value *value;
	unsigned word, bit; /* of the call's state; of its missing values */
};

/* The state of one compilation. */
struct compiler {
	const struct compile_request *request;
	struct plan *plan;
	struct compiler_scope scopes[2];   /* of the site; of the entry (finish) */
	const struct goroutine *goroutine; /* of a finish in Go: what tells its calls apart */
	bool is_at_entry;		   /* resolving entry.EXPR: names are those of the entry */
	VECTOR(struct kept) kept;
	VECTOR(struct local *) locals; /* of the block, while it is lowered to the kernel */
};

/* Where in a task its base of %fs is; 0: not known. */
static inline uint32_t compiler_fsbase(const struct compiler *c)
{
	uint32_t offset = 0;

	if (c->request->fsbase_offset)
		c->request->fsbase_offset(&offset);
	return offset;
}

/* The place whose registers and names count. */
static inline const struct compile_site *compiler_site(const struct compiler *c)
{
	return c->is_at_entry ? &c->request->entry : &c->request->site;
}

/* New ones, in the plan's arena. */
struct value *value_new(struct compiler *c, enum value_kind kind, enum view view,
			const struct node *node);
const struct value *value_constant(struct compiler *c, const struct node *node, int64_t number);
const struct value *value_register(struct compiler *c, const struct node *node, unsigned offset);
const struct value *value_unary(struct compiler *c, const struct node *node, enum operator op,
				const struct value *a);
/* Folds constants. */
const struct value *value_binary(struct compiler *c, const struct node *node, enum operator op,
				 const struct value *a, const struct value *b);
const struct value *value_load(struct compiler *c, const struct node *node, unsigned size,
			       bool is_signed, const struct value *address);
const struct value *value_extend(struct compiler *c, const struct node *node, unsigned bits,
				 bool is_signed, const struct value *a);
/* a; missing, for that reason, unless tag op number (EQ or NE). */
const struct value *value_only_if(struct compiler *c, const struct node *node,
				  const struct value *a, const struct value *tag, enum operator op,
				  uint64_t number, enum missing_reason missing);
const struct value *value_nonnull(struct compiler *c, const struct node *node,
				  const struct value *a);
const struct value *value_lost(struct compiler *c, const struct node *node, const char *reason);
/* The same with another view: an enum or pointer as the integer it is to operators. */
const struct value *value_as(struct compiler *c, const struct value *value, enum view view);

/* ------------------------------------------------------------- resolve.c */

/* What node means if it is an expression of the target, or NULL if it is one of
 * Lua. Errors: a target expression that cannot be read here. */
struct error *resolve_target(struct compiler *c, const struct node *node, const struct value **ret);
/* The built-in that node names (pid, or e.pid with the event parameter e), or NULL. */
const struct builtin_entry *resolve_builtin(const struct compiler *c, const struct node *node);
/* The initializer of a name that Lua itself folds to a constant (`local N <const> = 8`), so
 * that no function has it as a variable; or NULL. */
const struct node *resolve_folded(const struct node *name);
/* The value of a local that is a constant: folded, or what it holds when the probe is set.
 * NULL: it is none. */
const struct node *resolve_constant(const struct compiler *c, const struct node *name);

/* What a condition made of constants is: 1 true, 0 false, -1 if that is not known before the hit.
 */
int resolve_known_truth(const struct compiler *c, const struct node *condition);
/* An address: what str(P) and u8(P) take. */
struct error *resolve_address(struct compiler *c, const struct node *node,
			      const struct value **ret);
size_t argument_count(const struct node *call);

/* --------------------------------------------------------------- stack.c */

struct error *stack_resolve(struct compiler *c, const struct node *call, const struct value **ret);
/* The most bytes that it takes in a record. */
size_t stack_bytes(const struct value *value);
/* Why it cannot be a key in the kernel, or NULL. */
const char *stack_key_reason(struct compiler *c, const struct value *value);

/* goroutine.c: what a finish in a Go program needs. */
struct error *goroutine_of_calls(struct compiler *c);
/* ... and the number of the goroutine that runs. */
struct error *resolve_goid(struct compiler *c, const struct node *node, const struct value **ret);
/* ... for the default action, or NULL. */
const struct value *goroutine_shown(struct compiler *c);

/* ---------------------------------------------------------- expression.c */

/* What node means if the kernel can compute it, or NULL and why not (a clause: "`x` is a Lua
 * variable"). */
struct error *resolve_expression(struct compiler *c, const struct node *node,
				 const struct value **ret, const char **ret_reason);
/* The same, where a number is wanted: an enum or pointer gives its integer. */
struct error *resolve_integer(struct compiler *c, const struct node *node, const struct value **ret,
			      const char **ret_reason);
/* An enum or pointer of the target that node names becomes the integer it is to operators. */
struct error *resolve_number(struct compiler *c, const struct node *node, const struct value **ret);
/* integer.c: the integer that an operator makes of constants (Lua 5.4, 3.4); divisors are not 0. */
int64_t integer_fold(enum operator op, int64_t a, int64_t b);
/* Does the operator that node is the operand of take an enum or a pointer as a number? other:
 * the operator's other operand, or NULL. */
bool operator_wants_number(struct compiler *c, enum operator op, const struct node *other);

/* --------------------------------------------------------------- entry.c */

/* Has the value kept at the entry; *ret is how the return finds it. */
struct error *entry_keep(struct compiler *c, const struct node *node, const struct value *value,
			 const struct value **ret);

/* ----------------------------------------------------------- aggregate.c */

/* The call of an aggregation that the statement is, or NULL: count(KEY), NAME:add(V, KEY). */
const struct node *aggregate_call(const struct compiler *c, const struct node *statement);
/* The part of its text that is the function's name. */
struct span aggregate_function(const struct node *call);
const struct node *aggregate_first_argument(const struct node *call);
/* Of a call that was checked: the value or NULL, and the first key or NULL. */
const struct node *aggregate_value(const struct node *call, const struct plan_aggregate *aggregate);
const struct node *aggregate_first_key(const struct node *call,
				       const struct plan_aggregate *aggregate);
/* Checks such a call and adds it to the plan's aggregates. */
struct error *aggregate_add_call(struct compiler *c, const struct node *call);

/* The text of node as the user wrote it, in the plan's arena. */
const char *node_text(const struct compiler *c, const struct node *node);
/* Without the parentheses around it. */
const struct node *node_inner(const struct node *node);

#define compile_error(c, node, tag, ...) \
	source_error((c)->request->source, (node)->span, tag, __VA_ARGS__)

/* ------------------------------------------------------------- builtin.c */

enum builtin_kind {
	BUILTIN_VALUE,	     /* a name: value */
	BUILTIN_SITE,	     /* a name: capture */
	BUILTIN_ARGUMENTS,   /* arg[n], arg.NAME */
	BUILTIN_VARIABLES,   /* var.NAME */
	BUILTIN_GLOBALS,     /* global["NAME"] */
	BUILTIN_REGISTERS,   /* reg.NAME */
	BUILTIN_GOROUTINE,   /* goid */
	BUILTIN_RESULT,	     /* result, result[n] */
	BUILTIN_ENTRY,	     /* entry.EXPR */
	BUILTIN_STRING,	     /* str(p [, max]) */
	BUILTIN_LOAD,	     /* u8(p) ... i64(p): size, is_signed */
	BUILTIN_LENGTH,	     /* len(v) */
	BUILTIN_BYTES,	     /* bytes(p, n) */
	BUILTIN_CAST,	     /* cast("type", v) */
	BUILTIN_OK,	     /* ok(v [, default]) */
	BUILTIN_INTERFACE,   /* iface(t, p) */
	BUILTIN_GO_FUNCTION, /* gofunc(p) */
	BUILTIN_STACK,	     /* stack([n]) */
	BUILTIN_AGGREGATE,   /* count([k ...]) and its kin: aggregate */
	BUILTIN_LUA,	     /* a function of the runtime */
};

struct builtin_entry {
	struct builtin public;
	enum builtin_kind kind;
	enum value_kind value;
	enum view view;
	enum capture_kind capture;
	unsigned size;
	bool is_signed;
	enum aggregate_kind aggregate;
};

const struct builtin_entry *builtin_find(const char *name);
/* Is it a global that Lua itself or the runtime gives every script? */
bool builtin_is_lua(const char *name);

/* Registers by name: offset in struct pt_regs, or -1. */
int register_offset(const char *name);
/* By DWARF's number (System V AMD64 ABI, figure 3.36), or -1. */
int register_of_dwarf(int64_t number);
const char *register_name(unsigned offset);
/* All names, separated by spaces. */
void register_names(struct buffer *out);

#endif
