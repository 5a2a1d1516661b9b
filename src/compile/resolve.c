/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve.c - expressions of the tree that speak of the target -> typed values.
 * Knows what the built-in names mean; paths from variables are path.c's.
 */
#include "path.h"

const char *node_text(const struct compiler *c, const struct node *node)
{
	const struct source *source = c->request->source;

	return arena_strndup(&c->plan->arena, source->text + node->span.start,
			     node->span.end - node->span.start);
}

const struct node *node_inner(const struct node *node)
{
	while (node->kind == NODE_PAREN)
		node = node->first;
	return node;
}

size_t argument_count(const struct node *call)
{
	size_t count = 0;

	for (const struct node *a = call->first->next; a; a = a->next)
		count++;
	return count;
}

/* ------------------------------------------------------------------- names */

static bool is_within(const struct node *node, const struct node *part)
{
	return part && node->span.start >= part->span.start && node->span.end <= part->span.end;
}

/* Is it the name that stands for the event: e in function(e)? */
static bool is_event(const struct compiler *c, const struct node *node)
{
	const struct compile_request *request = c->request;

	/* The parameter e itself, not a local of the block that hides it. */
	return request->event && node->kind == NODE_NAME && node->declaration &&
	       strcmp(node->text, request->event) == 0 &&
	       !is_within(node->declaration, request->block) &&
	       !is_within(node->declaration, request->condition);
}

const struct builtin_entry *resolve_builtin(const struct compiler *c, const struct node *node)
{
	if (node->kind == NODE_NAME && !node->declaration && !node->environment)
		return builtin_find(node->text);
	if (node->kind == NODE_INDEX && is_event(c, node->first) &&
	    node->first->next->kind == NODE_STRING)
		return builtin_find(node->first->next->text);
	return NULL;
}

static bool is_foldable(const struct node *node)
{
	switch (node->kind) {
	case NODE_NIL:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_STRING:
		return true;
	case NODE_NAME:
		return resolve_folded(node) != NULL;
	case NODE_PAREN:
	case NODE_UNARY:
		return node->op != OP_LEN && is_foldable(node->first);
	case NODE_BINARY:
		return node->op <= OP_SHR && is_foldable(node->first) &&
		       is_foldable(node->first->next);
	default:
		return false;
	}
}

const struct node *resolve_folded(const struct node *name)
{
	const struct node *declaration = name->declaration;

	if (!declaration || !declaration->initializer || !declaration->attribute ||
	    strcmp(declaration->attribute, "const") != 0)
		return NULL;
	return is_foldable(declaration->initializer) ? declaration->initializer : NULL;
}

const struct node *resolve_constant(const struct compiler *c, const struct node *name)
{
	for (size_t i = 0; i < c->request->constant_count; i++)
		if (c->request->constants[i].declaration == name->declaration)
			return c->request->constants[i].value;
	return resolve_folded(name);
}

static bool is_name_of(const struct node *node, const struct node *declaration)
{
	return node->kind == NODE_NAME && node->declaration == declaration;
}

/* Is the local assigned to somewhere below node? */
static bool is_assigned(const struct node *node, const struct node *declaration)
{
	const struct node *first = node->first;

	if (first && node->kind == NODE_FUNCTION_STATEMENT && is_name_of(first, declaration))
		return true;
	for (const struct node *target = first && node->kind == NODE_ASSIGN ? first->first : NULL;
	     target; target = target->next)
		if (is_name_of(target, declaration))
			return true;
	for (const struct node *child = first; child; child = child->next)
		if (is_assigned(child, declaration))
			return true;
	return false;
}

const struct node *resolve_alias(const struct compiler *c, const struct node *name)
{
	const struct node *declaration = name->kind == NODE_NAME ? name->declaration : NULL;

	if (!declaration || !declaration->initializer || c->is_at_entry ||
	    !is_within(declaration, c->request->block) ||
	    (declaration->attribute && strcmp(declaration->attribute, "const") != 0) ||
	    is_assigned(c->request->block, declaration))
		return NULL;
	return declaration->initializer;
}

int resolve_known_truth(const struct compiler *c, const struct node *condition)
{
	const struct node *node = node_inner(condition), *constant;
	int left;

	switch (node->kind) {
	case NODE_NIL:
	case NODE_FALSE:
		return 0;
	case NODE_TRUE:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_STRING:
		return 1;
	case NODE_NAME:
		constant = node->declaration ? resolve_constant(c, node) : NULL;
		return constant ? resolve_known_truth(c, constant) : -1;
	case NODE_UNARY:
		left = node->op == OP_NOT ? resolve_known_truth(c, node->first) : -1;
		return left < 0 ? -1 : !left;
	case NODE_BINARY:
		if (node->op != OP_AND && node->op != OP_OR)
			return -1;
		left = resolve_known_truth(c, node->first);
		if (left < 0 || left == (node->op == OP_OR))
			return left;
		return resolve_known_truth(c, node->first->next);
	default:
		return -1;
	}
}

/* ------------------------------------------------------------ the roots */

struct error *resolve_check_lost(struct compiler *c, const struct node *node,
				 const struct value *value)
{
	if (value->view != VIEW_LOST || c->request->is_lenient)
		return NULL;
	return compile_error(c, node, ERR_UNREADABLE, "`%s` cannot be read here: %s",
			     node_text(c, node), value->reason);
}

/* The address that a value is: a char* is one, too. */
static const struct value *as_address(struct compiler *c, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		return value->a;
	return value_is_number(value) ? value_as(c, value, VIEW_INTEGER) : NULL;
}

struct error *resolve_address(struct compiler *c, const struct node *node, const struct value **ret)
{
	const char *reason = "it is no address";
	const struct value *value;

	TRY(resolve_expression(c, node, &value, &reason));
	*ret = value ? as_address(c, value) : NULL;
	if (*ret)
		return NULL;
	return error_hint(compile_error(c, node, ERR_NAME, "`%s` cannot be read at the hit: %s",
					node_text(c, node), reason),
			  "An address is made of pointers of the target, arg[N], reg.NAME, "
			  "u8..i64(P), integer constants, + - * & | ~ << >>, and locals that are "
			  "made of these and not assigned to.");
}

static struct error *resolve_limit(struct compiler *c, const struct node *node, unsigned *ret)
{
	const struct value *limit;
	const char *reason;

	TRY(resolve_integer(c, node, &limit, &reason));
	if (!limit || limit->kind != VALUE_CONSTANT || limit->number < 1 ||
	    limit->number > STRING_SIZE_MAX)
		return compile_error(c, node, ERR_TYPE,
				     "the greatest length must be a constant from 1 to %d",
				     STRING_SIZE_MAX);
	*ret = (unsigned)limit->number;
	return NULL;
}

static struct error *resolve_string(struct compiler *c, const struct node *call,
				    const struct value **ret)
{
	struct value *value = value_new(c, VALUE_STRING, VIEW_STRING, call);
	const struct node *address = call->first->next;
	size_t count = argument_count(call);

	if (count < 1 || count > 2)
		return compile_error(c, call, ERR_TYPE,
				     "str takes an address and, if you like, a greatest "
				     "length: str(P [, MAX])");
	TRY(resolve_address(c, address, &value->a));
	value->size = c->request->limits.string_bytes;
	value->is_terminated = true;
	if (count == 2)
		TRY(resolve_limit(c, address->next, &value->size));
	*ret = value;
	return NULL;
}

/* bytes(P, N [, MAX]): as many as the kernel can compute, up to MAX or the limit of strings. */
static struct error *resolve_bytes(struct compiler *c, const struct node *call,
				   const struct value **ret)
{
	struct value *value = value_new(c, VALUE_STRING, VIEW_STRING, call);
	const struct node *address = call->first->next, *count, *limit;
	size_t arguments = argument_count(call);
	const char *reason;

	if (arguments < 2 || arguments > 3)
		return compile_error(c, call, ERR_TYPE,
				     "bytes takes an address, how many and, if you like, a "
				     "greatest length: bytes(P, N [, MAX])");
	count = address->next;
	TRY(resolve_address(c, address, &value->a));
	TRY(resolve_integer(c, count, &value->b, &reason));
	if (!value->b)
		return compile_error(c, count, ERR_TYPE, "`%s` cannot be known at the hit: %s",
				     node_text(c, count), reason);
	limit = arguments == 3 ? count->next : value->b->kind == VALUE_CONSTANT ? count : NULL;
	value->size = c->request->limits.string_bytes;
	if (limit)
		TRY(resolve_limit(c, limit, &value->size));
	*ret = value;
	return NULL;
}

static struct error *resolve_load(struct compiler *c, const struct node *call,
				  const struct builtin_entry *entry, const struct value **ret)
{
	const struct value *address;

	if (argument_count(call) != 1)
		return compile_error(c, call, ERR_TYPE, "%s takes one address: %s",
				     entry->public.name, entry->public.usage);
	TRY(resolve_address(c, call->first->next, &address));
	*ret = value_load(c, call, entry->size, entry->is_signed, address);
	return NULL;
}

static struct error *misuse(struct compiler *c, const struct node *node,
			    const struct builtin_entry *entry)
{
	return path_hint_hidden(c, entry->public.name,
				compile_error(c, node, ERR_NAME, "`%s` can only be used as %s",
					      entry->public.name, entry->public.usage));
}

static struct error *resolve_name(struct compiler *c, const struct node *node,
				  const struct builtin_entry *entry, const struct value **ret)
{
	struct value *value;

	if (entry->kind == BUILTIN_LUA || entry->kind == BUILTIN_LENGTH ||
	    entry->kind == BUILTIN_OK)
		return NULL;
	if (entry->kind == BUILTIN_RESULT)
		return resolve_result(c, node, ret);
	if (entry->kind == BUILTIN_GOROUTINE)
		return resolve_goid(c, node, ret);
	if (entry->kind != BUILTIN_VALUE && entry->kind != BUILTIN_SITE)
		return misuse(c, node, entry);
	if (entry->value == VALUE_ELAPSED && !c->request->entry.function)
		return error_hint(
		    compile_error(c, node, ERR_NAME,
				  "`elapsed` can only be used when a function returns"),
		    "Use it in the block of `finish FUNCTION`.");
	value = value_new(c, entry->value, entry->view, node);
	value->capture = entry->capture;
	*ret = value;
	return NULL;
}

/* ----------------------------------------------------------- entry.EXPR */

static bool is_entry(const struct compiler *c, const struct node *node)
{
	const struct builtin_entry *entry = resolve_builtin(c, node);

	return entry && entry->kind == BUILTIN_ENTRY;
}

/* The built-in that `entry.NAME(...)` calls, if it is one that reads memory, or NULL. */
static const struct builtin_entry *entry_reader(const struct compiler *c, const struct node *node)
{
	const struct node *callee = node->first;
	const struct builtin_entry *entry;

	if (node->kind != NODE_CALL || callee->kind != NODE_INDEX || !is_entry(c, callee->first) ||
	    callee->first->next->kind != NODE_STRING)
		return NULL;
	entry = builtin_find(callee->first->next->text);
	return entry && (entry->kind == BUILTIN_STRING || entry->kind == BUILTIN_BYTES ||
			 entry->kind == BUILTIN_LOAD)
		   ? entry
		   : NULL;
}

/* Does a path begin with the built-in `entry`? */
static bool is_of_entry(const struct compiler *c, const struct node *node)
{
	if (entry_reader(c, node))
		return true;
	while (node->kind == NODE_INDEX && !resolve_builtin(c, node))
		node = node->first;
	return is_entry(c, node);
}

static struct error *resolve_reader(struct compiler *c, const struct node *call,
				    const struct builtin_entry *entry, const struct value **ret)
{
	if (entry->kind == BUILTIN_LOAD)
		return resolve_load(c, call, entry, ret);
	return entry->kind == BUILTIN_STRING ? resolve_string(c, call, ret)
					     : resolve_bytes(c, call, ret);
}

/* entry.goid, entry.arg[N], entry.reg.NAME, entry.u64(P) and the like, or a path from a variable
 * as it was at the entry. */
static struct error *resolve_at_entry(struct compiler *c, const struct node *node,
				      const struct value **ret)
{
	const struct builtin_entry *reader = entry_reader(c, node);
	const struct node *base = node->first;
	struct object *object;

	if (reader)
		return resolve_reader(c, node, reader, ret);
	if (is_entry(c, base) && base->next->kind == NODE_STRING &&
	    strcmp(base->next->text, "goid") == 0)
		return resolve_goid(c, node, ret);
	if (base->kind == NODE_INDEX && base->first->next->kind == NODE_STRING &&
	    is_entry(c, base->first)) {
		const char *name = base->first->next->text;

		if (strcmp(name, "arg") == 0 && node->first->next->kind != NODE_STRING)
			return resolve_argument(c, node, ret);
		if (strcmp(name, "reg") == 0)
			return resolve_register(c, node, ret);
	}
	TRY(path_object(c, node, &object));
	if (!object)
		return compile_error(c, node, ERR_NAME, "`%s` cannot be captured at the entry",
				     node_text(c, node));
	TRY(path_check_readable(c, node, object));
	*ret = object_read(c, object);
	return NULL;
}

static struct error *resolve_entry(struct compiler *c, const struct node *node,
				   const struct value **ret)
{
	const struct value *value = NULL;
	struct error *err;

	if (!c->request->entry.function)
		return error_hint(compile_error(c, node, ERR_NAME,
						"`entry` can only be used when a function returns"),
				  "Use it in the block of `finish FUNCTION`.");
	if (node->kind != NODE_INDEX && node->kind != NODE_CALL)
		return misuse(c, node, builtin_find("entry"));
	if (c->is_at_entry) /* entry.u64(entry.arg[1]) */
		return resolve_at_entry(c, node, ret);
	c->is_at_entry = true;
	err = resolve_at_entry(c, node, &value);
	c->is_at_entry = false;
	return err ? err : entry_keep(c, node, value, ret);
}

/* --------------------------------------------------------------- dispatch */

static struct error *resolve_call(struct compiler *c, const struct node *node,
				  const struct builtin_entry *entry, const struct value **ret)
{
	switch (entry->kind) {
	case BUILTIN_AGGREGATE:
		return compile_error(c, node, ERR_NAME,
				     "`%s` is a statement of a block: it has no value, and is part "
				     "of no expression",
				     entry->public.usage);
	case BUILTIN_STRING:
	case BUILTIN_BYTES:
	case BUILTIN_LOAD:
		return resolve_reader(c, node, entry, ret);
	case BUILTIN_STACK:
		return stack_resolve(c, node, ret);
	case BUILTIN_SITE:
		return entry->capture == CAPTURE_ADDRESS ? path_addr(c, node, ret) : NULL;
	case BUILTIN_LENGTH:
		if (argument_count(node) != 1)
			return compile_error(c, node, ERR_TYPE, "len takes one value: len(V)");
		return path_length(c, node->first->next, ret);
	default:
		return NULL;
	}
}

static struct error *resolve_index(struct compiler *c, const struct node *node,
				   const struct builtin_entry *entry, const struct value **ret)
{
	if (entry->kind == BUILTIN_ARGUMENTS && node->first->next->kind != NODE_STRING)
		return resolve_argument(c, node, ret);
	return entry->kind == BUILTIN_REGISTERS ? resolve_register(c, node, ret) : NULL;
}

static struct error *resolve_path(struct compiler *c, const struct node *node,
				  const struct value **ret)
{
	struct object *object;

	TRY(path_object(c, node, &object));
	if (!object)
		return NULL;
	TRY(path_check_readable(c, node, object));
	*ret = object_read(c, object);
	return resolve_check_lost(c, node, *ret);
}

static bool is_raw_result(const struct compiler *c, const struct node *node)
{
	const struct builtin_entry *entry;

	if (node->kind != NODE_INDEX)
		return false;
	entry = resolve_builtin(c, node->first);
	return entry && entry->kind == BUILTIN_RESULT;
}

struct error *resolve_target(struct compiler *c, const struct node *node, const struct value **ret)
{
	const struct builtin_entry *entry = resolve_builtin(c, node);

	*ret = NULL;
	if (node->kind == NODE_INDEX && !entry && is_event(c, node->first) &&
	    node->first->next->kind == NODE_STRING)
		return error_hint(compile_error(c, node, ERR_NAME, "`%s` is no built-in name",
						node->first->next->text),
				  "help lists them.");
	if (is_event(c, node))
		return compile_error(c, node, ERR_NAME, "`%s` can only be used as %s.NAME",
				     node->text, node->text);
	if (is_of_entry(c, node))
		return resolve_entry(c, node, ret);
	if (node->kind == NODE_NAME || node->kind == NODE_INDEX || node->kind == NODE_CALL ||
	    node->kind == NODE_PAREN)
		TRY(resolve_path(c, node, ret));
	if (*ret)
		return NULL;
	if (entry)
		return resolve_name(c, node, entry, ret);
	if (is_raw_result(c, node))
		return resolve_result(c, node, ret);
	if (node->kind == NODE_UNARY && node->op == OP_LEN)
		return path_length(c, node->first, ret);
	if (node->kind != NODE_INDEX && node->kind != NODE_CALL)
		return NULL;
	entry = resolve_builtin(c, node->first);
	if (!entry)
		return NULL;
	return node->kind == NODE_CALL ? resolve_call(c, node, entry, ret)
				       : resolve_index(c, node, entry, ret);
}
