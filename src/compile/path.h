/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * path.h - from names and paths in a block's text to objects of the target.
 */
#ifndef COMPILE_PATH_H
#define COMPILE_PATH_H

#include "object.h"

/* The object that node names or leads to: n, p.next, v[i], (v), cast("T *", p); NULL: none of
 * the target, or one with an index that only Lua knows. Errors: no such field, a variable that
 * cannot be read here, a name that means nothing. */
struct error *path_object(struct compiler *c, const struct node *node, struct object **ret);
/* An error if the object is lost altogether (and the request is not lenient). */
struct error *path_check_readable(struct compiler *c, const struct node *node,
				  const struct object *object);
/* The names at the site; *ret NULL: no debug information. */
struct error *path_scope(struct compiler *c, struct scope **ret);

/* Says how to name a variable that a built-in name hides, if there is one. Returns err. */
struct error *path_hint_hidden(struct compiler *c, const char *name, struct error *err);

/* iface(t, p), gofunc(p): node is the CALL. */
struct error *path_interface(struct compiler *c, const struct node *call, struct object **ret);
struct error *path_go_function(struct compiler *c, const struct node *call, struct object **ret);
/* addr(v): node is the CALL. */
struct error *path_addr(struct compiler *c, const struct node *call, const struct value **ret);
/* len(v) and #v; *ret NULL: of nothing that has one in the target. */
struct error *path_length(struct compiler *c, const struct node *operand, const struct value **ret);

/* result.c: what a function returns; node is `result`. */
#define RETURNED_BY_ANOTHER "<returned by another function>"
struct error *path_result(struct compiler *c, const struct node *node, struct object **ret);
/* result[N], result.NAME of Go, whose functions return several values; NULL: a part of the first,
 * or there is no debug information. */
struct error *path_result_part(struct compiler *c, const struct node *node, struct object **ret);
/* Result number index, from 0, of a function of either kind; *ret NULL: there is none, or it is
 * not known. */
struct error *path_each_result(struct compiler *c, size_t index, struct object **ret);

/* foreign.c: what a block has for a name of C's, Go's, GDB's or bpftrace's; or NULL. */
const char *foreign_name(struct compiler *c, const char *name);

/* raw.c: argument number n, from 1, at the entry; at most 9 where Go passes it in registers. */
const struct value *argument_word(struct compiler *c, const struct node *node, int64_t n);
/* arg[N], reg.NAME (node is the INDEX); result or result[N], as words. */
struct error *resolve_argument(struct compiler *c, const struct node *node,
			       const struct value **ret);
struct error *resolve_register(struct compiler *c, const struct node *node,
			       const struct value **ret);
struct error *resolve_result(struct compiler *c, const struct node *node, const struct value **ret);
/* An error if the value is lost (and the request is not lenient). */
struct error *resolve_check_lost(struct compiler *c, const struct node *node,
				 const struct value *value);

#endif
