/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve.c - expressions of the tree that speak of the target -> typed values.
 * Knows what names mean; knows nothing of instructions.
 */
#include <linux/ptrace.h>

#include "value.h"

#define REG(name) offsetof(struct pt_regs, name)

/* System V AMD64 ABI 3.2.3; Go's abi-internal.md, "amd64 architecture". */
static const unsigned sysv_arguments[] = {REG(rdi), REG(rsi), REG(rdx), REG(rcx), REG(r8), REG(r9)};
static const unsigned go_arguments[] = {REG(rax), REG(rbx), REG(rcx), REG(rdi), REG(rsi),
					REG(r8),  REG(r9),  REG(r10), REG(r11)};

const char *node_text(const struct compiler *c, const struct node *node)
{
	const struct source *source = c->request->source;

	return arena_strndup(&c->plan->arena, source->text + node->span.start,
			     node->span.end - node->span.start);
}

struct value *value_new(struct compiler *c, enum value_kind kind, const struct node *node)
{
	struct value *value = ARENA_NEW(&c->plan->arena, struct value);

	value->kind = kind;
	value->node = node;
	return value;
}

#define fail(c, node, tag, ...) source_error((c)->request->source, (node)->span, tag, __VA_ARGS__)

/* ------------------------------------------------------------------- names */

static bool is_event(const struct compiler *c, const struct node *node)
{
	const char *event = c->request->event;

	/* The parameter e itself, not a local of the block that hides it. */
	return event && c->request->block && node->kind == NODE_NAME && node->declaration &&
	       strcmp(node->text, event) == 0 &&
	       node->declaration->span.start < c->request->block->span.start;
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
		return resolve_constant(node) != NULL;
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

const struct node *resolve_constant(const struct node *name)
{
	const struct node *declaration = name->declaration;

	if (!declaration || !declaration->initializer || !declaration->attribute ||
	    strcmp(declaration->attribute, "const") != 0)
		return NULL;
	return is_foldable(declaration->initializer) ? declaration->initializer : NULL;
}

/* ------------------------------------------------------------ the roots */

static const struct value *load(struct compiler *c, const struct node *node, unsigned size,
				bool is_signed, const struct value *address)
{
	struct value *value = value_new(c, VALUE_LOAD, node);

	value->size = size;
	value->is_signed = is_signed;
	value->a = address;
	return value;
}

const struct value *value_constant(struct compiler *c, const struct node *node, int64_t number)
{
	struct value *value = value_new(c, VALUE_CONSTANT, node);

	value->number = number;
	return value;
}

static const struct value *machine_register(struct compiler *c, const struct node *node,
					    unsigned offset)
{
	struct value *value = value_new(c, VALUE_REGISTER, node);

	value->offset = offset;
	return value;
}

const struct value *value_binary(struct compiler *c, const struct node *node, enum operator op,
				 const struct value *a, const struct value *b)
{
	struct value *value = value_new(c, VALUE_BINARY, node);

	value->op = op;
	value->a = a;
	value->b = b;
	return value;
}

/* The word at CFA + 8 * index: where the caller put what has no register. */
static const struct value *stack_word(struct compiler *c, const struct node *node, int64_t index)
{
	const struct value *sp = machine_register(c, node, REG(rsp));
	const struct value *distance =
	    value_constant(c, node, c->request->site.cfa_offset + 8 * index);

	return load(c, node, 8, false, value_binary(c, node, OP_ADD, sp, distance));
}

static struct error *argument(struct compiler *c, const struct node *node, int64_t n,
			      const struct value **ret)
{
	const struct compile_site *site = &c->request->site;

	if (n < 1 || n > 64)
		return fail(c, node, ERR_TYPE, "arguments are counted from 1 to 64");
	if (!site->are_args_live)
		return error_hint(
		    fail(c, node, ERR_UNREADABLE,
			 "`%s` cannot be read here: the registers may have been used for "
			 "something else since %s was entered",
			 node_text(c, node), site->function),
		    "Read it at the entry (break %s), or say which register you mean (reg.NAME).",
		    site->function);
	switch (site->abi) {
	case ABI_SYSV:
		*ret = n <= (int64_t)ARRAY_SIZE(sysv_arguments)
			   ? machine_register(c, node, sysv_arguments[n - 1])
			   : stack_word(c, node, n - 1 - (int64_t)ARRAY_SIZE(sysv_arguments));
		return NULL;
	case ABI_GO_STACK:
		*ret = stack_word(c, node, n - 1);
		return NULL;
	case ABI_GO_REGISTERS:
		break;
	}
	if (n > (int64_t)ARRAY_SIZE(go_arguments))
		return error_hint(fail(c, node, ERR_UNREADABLE,
				       "Go passes nine words in registers; where `%s` is on the "
				       "stack depends on the types of the arguments",
				       node_text(c, node)),
				  "Read the stack yourself: u64(reg.rsp + N).");
	*ret = machine_register(c, node, go_arguments[n - 1]);
	return NULL;
}

/* arg[N]: node is the INDEX. */
static struct error *resolve_argument(struct compiler *c, const struct node *node,
				      const struct value **ret)
{
	const struct node *key = node->first->next;

	if (key->kind == NODE_STRING)
		return error_hint(fail(c, node, ERR_UNREADABLE,
				       "`%s`: parameters cannot be read by name in this version",
				       node_text(c, node)),
				  "Read them by position: arg[1], arg[2] ...");
	const struct value *index;
	const char *reason;
	TRY(resolve_integer(c, key, &index, &reason));
	if (!index || index->kind != VALUE_CONSTANT)
		return fail(c, node, ERR_NAME,
			    "`%s` cannot be captured: which argument it is must be a constant",
			    node_text(c, node));
	return argument(c, node, index->number, ret);
}

static struct error *resolve_register(struct compiler *c, const struct node *node,
				      const struct value **ret)
{
	const struct node *key = node->first->next;
	int offset = key->kind == NODE_STRING ? register_offset(key->text) : -1;

	if (offset < 0) {
		CLEANUP(buffer_deinit) struct buffer names = {0};

		register_names(&names);
		return error_hint(
		    fail(c, node, ERR_NAME, "`%s` is no register", node_text(c, node)),
		    "Registers are: %s.", names.data);
	}
	*ret = machine_register(c, node, (unsigned)offset);
	return NULL;
}

/* The argument of str(p) or u32(p): an integer the kernel can compute. */
static struct error *resolve_address(struct compiler *c, const struct node *node,
				     const struct value **ret)
{
	const char *reason;

	TRY(resolve_integer(c, node, ret, &reason));
	if (*ret)
		return NULL;
	return error_hint(fail(c, node, ERR_NAME, "`%s` cannot be read at the hit: %s",
			       node_text(c, node), reason),
			  "An address is made of arg[N], reg.NAME, u8..i64(P), integer constants "
			  "and + - * & | ~ << >>.");
}

static size_t argument_count(const struct node *call)
{
	size_t count = 0;

	for (const struct node *a = call->first->next; a; a = a->next)
		count++;
	return count;
}

static struct error *resolve_string(struct compiler *c, const struct node *call,
				    const struct value **ret)
{
	struct value *value = value_new(c, VALUE_STRING, call);
	const struct node *address = call->first->next;
	size_t count = argument_count(call);

	if (count < 1 || count > 2)
		return fail(c, call, ERR_TYPE,
			    "str takes an address and, if you like, a greatest "
			    "length: str(P [, MAX])");
	TRY(resolve_address(c, address, &value->a));
	value->size = STRING_SIZE_DEFAULT;
	if (count == 2) {
		const struct value *limit;
		const char *reason;

		TRY(resolve_integer(c, address->next, &limit, &reason));
		if (!limit || limit->kind != VALUE_CONSTANT || limit->number < 1 ||
		    limit->number > STRING_SIZE_MAX)
			return fail(c, address->next, ERR_TYPE,
				    "the greatest length must be a constant from 1 to %d",
				    STRING_SIZE_MAX);
		value->size = (unsigned)limit->number;
	}
	*ret = value;
	return NULL;
}

static struct error *resolve_load(struct compiler *c, const struct node *call,
				  const struct builtin_entry *entry, const struct value **ret)
{
	const struct value *address;

	if (argument_count(call) != 1)
		return fail(c, call, ERR_TYPE, "%s takes one address: %s", entry->public.name,
			    entry->public.usage);
	TRY(resolve_address(c, call->first->next, &address));
	*ret = load(c, call, entry->size, entry->is_signed, address);
	return NULL;
}

static struct error *misuse(struct compiler *c, const struct node *node,
			    const struct builtin_entry *entry)
{
	if (entry->kind == BUILTIN_UNAVAILABLE)
		return fail(c, node, ERR_NAME,
			    "`%s` is a built-in name, but not available in this "
			    "version",
			    entry->public.name);
	return fail(c, node, ERR_NAME, "`%s` can only be used as %s", entry->public.name,
		    entry->public.usage);
}

static struct error *resolve_name(struct compiler *c, const struct node *node,
				  const struct builtin_entry *entry, const struct value **ret)
{
	if (entry->kind == BUILTIN_LUA)
		return NULL;
	if (entry->kind != BUILTIN_VALUE && entry->kind != BUILTIN_SITE)
		return misuse(c, node, entry);
	struct value *value = value_new(c, entry->value, node);
	value->capture = entry->capture;
	*ret = value;
	return NULL;
}

struct error *resolve_target(struct compiler *c, const struct node *node, const struct value **ret)
{
	const struct builtin_entry *entry = resolve_builtin(c, node);

	*ret = NULL;
	if (entry)
		return resolve_name(c, node, entry, ret);
	if (node->kind == NODE_INDEX && is_event(c, node->first) &&
	    node->first->next->kind == NODE_STRING)
		return error_hint(
		    fail(c, node, ERR_NAME, "`%s` is no built-in name", node->first->next->text),
		    "help lists them.");
	if (is_event(c, node))
		return fail(c, node, ERR_NAME, "`%s` can only be used as %s.NAME", node->text,
			    node->text);
	if (node->kind != NODE_INDEX && node->kind != NODE_CALL)
		return NULL;
	entry = resolve_builtin(c, node->first);
	if (!entry)
		return NULL;
	if (node->kind == NODE_CALL && entry->kind == BUILTIN_AGGREGATE)
		return fail(c, node, ERR_NAME,
			    "`%s` is a statement of a block: it has no value, and is part of no "
			    "expression",
			    entry->public.usage);
	if (node->kind == NODE_INDEX && entry->kind == BUILTIN_ARGUMENTS)
		return resolve_argument(c, node, ret);
	if (node->kind == NODE_INDEX && entry->kind == BUILTIN_REGISTERS)
		return resolve_register(c, node, ret);
	if (node->kind == NODE_CALL && entry->kind == BUILTIN_STRING)
		return resolve_string(c, node, ret);
	if (node->kind == NODE_CALL && entry->kind == BUILTIN_LOAD)
		return resolve_load(c, node, entry, ret);
	return NULL;
}

/* ------------------------------------------------------------- comparison */

bool value_equal(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && a->number == b->number && a->offset == b->offset &&
	       a->size == b->size && a->is_signed == b->is_signed && a->op == b->op &&
	       a->capture == b->capture && value_equal(a->a, b->a) && value_equal(a->b, b->b);
}

void value_describe(const struct value *value, struct buffer *out)
{
	switch (value->kind) {
	case VALUE_CONSTANT:
		buffer_printf(out, "%lld", (long long)value->number);
		break;
	case VALUE_REGISTER:
		buffer_printf(out, "%%%s", register_name(value->offset));
		break;
	case VALUE_UNARY:
		buffer_puts(out, operator_text(value->op));
		value_describe(value->a, out);
		break;
	case VALUE_BINARY:
		buffer_putc(out, '(');
		value_describe(value->a, out);
		buffer_printf(out, " %s ", operator_text(value->op));
		value_describe(value->b, out);
		buffer_putc(out, ')');
		break;
	case VALUE_LOAD:
		buffer_printf(out, "%c%u at ", value->is_signed ? 'i' : 'u', value->size * 8);
		value_describe(value->a, out);
		break;
	case VALUE_STRING:
		buffer_printf(out, "string of at most %u bytes at ", value->size);
		value_describe(value->a, out);
		break;
	case VALUE_PID:
	case VALUE_TID:
	case VALUE_CPU:
	case VALUE_COMM:
		buffer_puts(out, "the kernel");
		break;
	case VALUE_SITE:
		buffer_puts(out,
			    value->capture == CAPTURE_TIME ? "the kernel's clock" : "the site");
		break;
	}
}
