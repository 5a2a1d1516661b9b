/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * result.c - what a function returns, at the instruction that returns.
 * Where it is follows from its type alone (System V AMD64 ABI 3.2.3, "Returning of Values"):
 * debug information says nothing about it.
 */
#include <linux/ptrace.h>

#include "path.h"

#define REG(name) offsetof(struct pt_regs, name)

/* What an eightbyte of a value is passed in. */
enum class {
	CLASS_NONE,
	CLASS_INTEGER,
	CLASS_SSE,
	CLASS_MEMORY
};

#define DEPTH_MAX 16

static void merge_class(enum class *have, enum class with)
{
	if (*have == CLASS_NONE || with == CLASS_INTEGER || with == CLASS_MEMORY)
		*have = *have == CLASS_MEMORY ? CLASS_MEMORY : with;
}

static void classify(const struct type *type, uint64_t offset, enum class classes[2], int depth)
{
	enum class class = CLASS_INTEGER;

	if (offset + type->size > 16 || depth > DEPTH_MAX || type->kind == TYPE_OPAQUE) {
		classes[0] = CLASS_MEMORY;
		return;
	}
	switch (type->kind) {
	case TYPE_STRUCT:
	case TYPE_UNION:
		for (size_t i = 0; i < type->member_count; i++)
			classify(type->members[i].type, offset + type->members[i].offset, classes,
				 depth + 1);
		for (size_t i = 0; i < type->variant_count; i++)
			classify(type->variants[i].type, offset, classes, depth + 1);
		if (type->variant_count)
			merge_class(&classes[0], CLASS_INTEGER);
		return;
	case TYPE_ARRAY:
		for (uint64_t i = 0; i < type->count && i < 16; i++)
			classify(type->target, offset + i * type->target->size, classes, depth + 1);
		return;
	case TYPE_FLOAT:
		class = type->size > 8 ? CLASS_MEMORY : CLASS_SSE;
		break;
	default:
		break;
	}
	merge_class(&classes[offset / 8], class);
	if (type->size > 8)
		merge_class(&classes[1], class);
}

static struct where_step register_steps[] = {
    {WHERE_REGISTER, 0}, /* rax */
    {WHERE_REGISTER, 1}, /* rdx */
};

/* One piece an eightbyte: the first INTEGER one is in rax, the next in rdx. */
static void place_pieces(const struct type *type, const enum class classes[2],
			 struct where_piece *pieces, size_t count)
{
	static const char *const vectors[] = {"<unavailable in %xmm0>", "<unavailable in %xmm1>"};
	size_t integers = 0, floats = 0;

	for (size_t i = 0; i < count; i++) {
		pieces[i].size = i == 0 && count == 2 ? 8 : type->size - 8 * i;
		if (classes[i] == CLASS_SSE) {
			pieces[i].kind = PIECE_LOST;
			pieces[i].reason = vectors[floats++];
			continue;
		}
		pieces[i].kind = PIECE_VALUE;
		pieces[i].steps = &register_steps[integers++];
		pieces[i].step_count = 1;
	}
}

static struct object *object_of_result(struct compiler *c, const struct node *node,
				       const struct type *type, bool is_by_address)
{
	enum class classes[2] = {CLASS_NONE, CLASS_NONE};
	struct where_piece pieces[2] = {0};
	size_t count = type->size > 8 ? 2 : 1;

	classify(type, 0, classes, 0);
	if (is_by_address || classes[0] == CLASS_MEMORY || classes[1] == CLASS_MEMORY ||
	    type->size > 16)
		return object_at(c, node, type, value_register(c, node, REG(rax)));
	place_pieces(type, classes, pieces, count);
	return object_where(c, node, type, &(struct where){pieces, count});
}

/* Is there an instruction at the site that returns? */
static bool is_at_return(const struct compile_site *site)
{
	uint8_t opcode;

	return site->image && image_read(site->image, site->address, &opcode, 1) &&
	       (opcode == 0xc3 || opcode == 0xc2);
}

/* An error unless the function returns at the site. */
static struct error *check_returns(struct compiler *c, const struct node *node)
{
	if (c->request->entry.function || is_at_return(&c->request->site))
		return NULL;
	return error_hint(compile_error(c, node, ERR_NAME,
					"`%s` can only be used when a function returns",
					node_text(c, node)),
			  "Use it in the block of `finish FUNCTION`.");
}

/* ---------------------------------------------------------------------- Go */

static struct error *no_such_result(struct compiler *c, const struct node *node,
				    const char *function, int64_t count)
{
	if (count == 0)
		return compile_error(c, node, ERR_NAME, "%s returns nothing", function);
	return error_hint(
	    compile_error(c, node, ERR_NAME, "%s has no result `%s`", function, node_text(c, node)),
	    count == 1 ? "It returns one value: result."
		       : "It returns %d values: result[1] to result[%d].",
	    (int)count, (int)count);
}

static struct object *object_of_go_result(struct compiler *c, const struct node *node,
					  const struct variable *result)
{
	return c->request->site.is_tail_call
		   ? object_lost_as(c, node, result->type, RETURNED_BY_ANOTHER)
		   : object_where(c, node, result->type, &result->where);
}

/* Result number index, from 0. */
static struct error *go_result(struct compiler *c, const struct node *node, uint64_t index,
			       struct object **ret)
{
	const struct compile_site *site = &c->request->site;
	struct variable variable;
	struct scope *scope;
	int64_t count = 0;

	TRY(path_scope(c, &scope));
	if (!scope)
		return NULL;
	if (index > INT32_MAX || !scope_go_result(scope, index, &variable)) {
		while (scope_go_result(scope, (size_t)count, &variable))
			count++;
		if (count == 0 && site->abi == ABI_GO_STACK)
			return NULL; /* assembly has no results that debug information tells of */
		return no_such_result(c, node, site->function, count);
	}
	*ret = object_of_go_result(c, node, &variable);
	return NULL;
}

static bool find_go_result(struct scope *scope, const char *name, size_t *ret)
{
	struct variable variable;

	for (*ret = 0; scope && scope_go_result(scope, *ret, &variable); ++*ret)
		if (strcmp(variable.name, name) == 0)
			return true;
	return false;
}

struct error *path_result_part(struct compiler *c, const struct node *node, struct object **ret)
{
	const struct node *key = node->first->next;
	const struct value *number;
	const char *reason;
	struct scope *scope;
	size_t index;

	*ret = NULL;
	if (c->request->site.abi == ABI_SYSV)
		return NULL;
	TRY(check_returns(c, node));
	TRY(path_scope(c, &scope));
	if (key->kind == NODE_STRING)
		return find_go_result(scope, key->text, &index) ? go_result(c, node, index, ret)
								: NULL;
	TRY(resolve_integer(c, key, &number, &reason));
	return number && number->kind == VALUE_CONSTANT
		   ? go_result(c, node, (uint64_t)number->number - 1, ret)
		   : NULL;
}

/* ------------------------------------------------------------------- either */

/* What a C function returns, of that type. */
static struct object *c_result(struct compiler *c, const struct node *node, struct scope *scope,
			       const struct type *type)
{
	return c->request->site.is_tail_call
		   ? object_lost_as(c, node, type, RETURNED_BY_ANOTHER)
		   : object_of_result(c, node, type, scope_result_is_by_address(scope));
}

struct error *path_result(struct compiler *c, const struct node *node, struct object **ret)
{
	const struct type *type;
	struct scope *scope;

	*ret = NULL;
	TRY(check_returns(c, node));
	if (c->request->site.abi != ABI_SYSV)
		return go_result(c, node, 0, ret);
	TRY(path_scope(c, &scope));
	type = scope ? scope_result(scope) : NULL;
	if (!type)
		return NULL;
	if (type->kind == TYPE_VOID)
		return compile_error(c, node, ERR_NAME, "%s returns nothing",
				     c->request->site.function);
	*ret = c_result(c, node, scope, type);
	return NULL;
}

struct error *path_each_result(struct compiler *c, size_t index, struct object **ret)
{
	bool is_go = c->request->site.abi != ABI_SYSV;
	const struct type *type;
	struct variable variable;
	struct scope *scope;

	*ret = NULL;
	TRY(path_scope(c, &scope));
	if (scope && is_go && scope_go_result(scope, index, &variable))
		*ret = object_of_go_result(c, NULL, &variable);
	type = scope && !is_go && index == 0 ? scope_result(scope) : NULL;
	if (type && type->kind != TYPE_VOID)
		*ret = c_result(c, NULL, scope, type);
	return NULL;
}
