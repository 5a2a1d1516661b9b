/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.h - a target expression, typed: where its value is and how to get it.
 * What names, registers, memory and (later) debug information say all ends as
 * one of these, and lower.c is the one place that turns it into code.
 */
#ifndef COMPILE_VALUE_H
#define COMPILE_VALUE_H

#include "moontap/compile.h"

enum value_kind {
	VALUE_CONSTANT, /* number */
	VALUE_REGISTER, /* 64 bits of struct pt_regs at offset */
	VALUE_PID,
	VALUE_TID,
	VALUE_CPU,
	VALUE_UNARY,  /* op a */
	VALUE_BINARY, /* a op b */
	VALUE_LOAD,   /* size bytes of user memory at a; is_signed */
	/* Not integers: */
	VALUE_STRING, /* NUL-terminated bytes at a, at most size of them */
	VALUE_COMM,
	VALUE_SITE, /* known without the kernel's help: capture says what */
};

struct value {
	enum value_kind kind;
	const struct node *node; /* for the user's line and for messages */
	int64_t number;
	unsigned offset;
	unsigned size;
	bool is_signed;
	enum operator op;
	enum capture_kind capture;
	const struct value *a, *b;
};

static inline bool value_is_integer(const struct value *value)
{
	return value->kind <= VALUE_LOAD;
}

/* Do both read the same thing? */
bool value_equal(const struct value *a, const struct value *b);
/* "%rdi", "u32 at %rdi + 8": for explain and messages. */
void value_describe(const struct value *value, struct buffer *out);

/* The state of one compilation. */
struct compiler {
	const struct compile_request *request;
	struct plan *plan;
};

/* What node means if it is an expression of the target, or NULL if it is one of
 * Lua. Errors: a target expression that cannot be read here. */
struct error *resolve_target(struct compiler *c, const struct node *node, const struct value **ret);

/* New ones, in the plan's arena. */
struct value *value_new(struct compiler *c, enum value_kind kind, const struct node *node);
const struct value *value_constant(struct compiler *c, const struct node *node, int64_t number);
const struct value *value_binary(struct compiler *c, const struct node *node, enum operator op,
				 const struct value *a, const struct value *b);

/* integer.c: what node means if the kernel can compute it as an integer, or NULL and why
 * not (a clause: "`x` is a Lua variable"). */
struct error *resolve_integer(struct compiler *c, const struct node *node, const struct value **ret,
			      const char **ret_reason);

/* The built-in that node names (pid, or e.pid with the event parameter e), or NULL. */
const struct builtin_entry *resolve_builtin(const struct compiler *c, const struct node *node);

/* The value of a name that Lua itself folds to a constant (`local N <const> = 8`):
 * its initializer, or NULL. */
const struct node *resolve_constant(const struct node *name);

/* The call of an aggregation that the statement is, or NULL. */
const struct node *aggregate_call(const struct compiler *c, const struct node *statement);
/* Checks such a call and adds it to the plan's aggregates. */
struct error *aggregate_add_call(struct compiler *c, const struct node *call);

/* The text of node as the user wrote it, in the plan's arena. */
const char *node_text(const struct compiler *c, const struct node *node);

enum builtin_kind {
	BUILTIN_VALUE,	     /* a name: value */
	BUILTIN_SITE,	     /* a name: capture */
	BUILTIN_ARGUMENTS,   /* arg[n] */
	BUILTIN_REGISTERS,   /* reg.NAME */
	BUILTIN_STRING,	     /* str(p [, max]) */
	BUILTIN_LOAD,	     /* u8(p) ... i64(p): size, is_signed */
	BUILTIN_AGGREGATE,   /* count([k ...]) and its kin: aggregate */
	BUILTIN_LUA,	     /* a function of the runtime */
	BUILTIN_UNAVAILABLE, /* documented in the dialect, not in this version */
};

struct builtin_entry {
	struct builtin public;
	enum builtin_kind kind;
	enum value_kind value;
	enum capture_kind capture;
	unsigned size;
	bool is_signed;
	enum aggregate_kind aggregate;
};

const struct builtin_entry *builtin_find(const char *name);

/* Registers by name: offset in struct pt_regs, or -1. */
int register_offset(const char *name);
const char *register_name(unsigned offset);
/* All names, separated by spaces. */
void register_names(struct buffer *out);

#endif
