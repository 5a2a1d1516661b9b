/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * raw.c - registers, arguments and results by number: words, where the calling convention has
 * them, whatever their types are; and the arguments of static probes, which their notes describe.
 */
#include <linux/ptrace.h>

#include "path.h"

#define REG(name) offsetof(struct pt_regs, name)

/* System V AMD64 ABI 3.2.3; Go's abi-internal.md, "amd64 architecture". */
static const unsigned sysv_arguments[] = {REG(rdi), REG(rsi), REG(rdx), REG(rcx), REG(r8), REG(r9)};
static const unsigned go_arguments[] = {REG(rax), REG(rbx), REG(rcx), REG(rdi), REG(rsi),
					REG(r8),  REG(r9),  REG(r10), REG(r11)};

/* The word at CFA + 8 * index: where the caller put what has no register. */
static const struct value *stack_word(struct compiler *c, const struct node *node, int64_t index)
{
	const struct value *distance =
	    value_constant(c, node, compiler_site(c)->cfa_offset + 8 * index);

	return value_load(
	    c, node, 8, false,
	    value_binary(c, node, OP_ADD, value_register(c, node, REG(rsp)), distance));
}

const struct value *argument_word(struct compiler *c, const struct node *node, int64_t n)
{
	switch (compiler_site(c)->abi) {
	case ABI_SYSV:
		return n <= (int64_t)ARRAY_SIZE(sysv_arguments)
			   ? value_register(c, node, sysv_arguments[n - 1])
			   : stack_word(c, node, n - 1 - (int64_t)ARRAY_SIZE(sysv_arguments));
	case ABI_GO_STACK:
		return stack_word(c, node, n - 1);
	default:
		return value_register(c, node, go_arguments[n - 1]);
	}
}

static struct error *argument(struct compiler *c, const struct node *node, int64_t n,
			      const struct value **ret)
{
	const struct compile_site *site = compiler_site(c);

	if (n < 1 || n > 64)
		return compile_error(c, node, ERR_TYPE, "arguments are counted from 1 to 64");
	if (!site->are_args_live)
		return error_hint(compile_error(c, node, ERR_UNREADABLE,
						"`%s` cannot be read here: the registers may have "
						"been used for something else since %s was entered",
						node_text(c, node), site->function),
				  c->request->entry.function
				      ? "When the function returns they are gone; entry.%s is what "
					"it was."
				      : "Read it at the entry (break %s), or say which register "
					"you mean (reg.NAME).",
				  c->request->entry.function ? node_text(c, node) : site->function);
	if (site->abi == ABI_GO_REGISTERS && n > (int64_t)ARRAY_SIZE(go_arguments))
		return error_hint(
		    compile_error(c, node, ERR_UNREADABLE,
				  "Go passes nine words in registers; where `%s` is on "
				  "the stack depends on the types of the arguments",
				  node_text(c, node)),
		    "Read the stack yourself: u64(reg.rsp + N).");
	*ret = argument_word(c, node, n);
	return NULL;
}

/* Does the piece depend on where the site is? */
static bool speaks_of_addresses(const struct where_piece *piece)
{
	for (size_t i = 0; i < piece->step_count; i++)
		if (piece->steps[i].op == WHERE_ADDRESS)
			return true;
	return false;
}

/* Of a static probe: where its note says, of the size and sign that it says. */
static struct error *usdt_argument(struct compiler *c, const struct node *node, int64_t n,
				   const struct value **ret)
{
	const struct compile_site *site = compiler_site(c);
	size_t count;
	const struct usdt_argument *arguments =
	    image_usdt_arguments(site->image, site->usdt, &count);

	if (n >= 1 && n <= (int64_t)count) {
		const struct usdt_argument *argument = &arguments[n - 1];

		c->plan->depends_on_address |= speaks_of_addresses(argument->where.pieces);
		*ret = object_read(c, object_where(c, node, argument->type, &argument->where));
		return resolve_check_lost(c, node, *ret);
	}
	if (n >= 1 && c->request->is_lenient) {
		*ret = value_lost(c, node, "<no such argument>");
		return NULL;
	}
	return compile_error(c, node, n < 1 ? ERR_TYPE : ERR_UNREADABLE,
			     "`%s` is no argument of the probe %s: it has %zu%s",
			     node_text(c, node), site->usdt->whole, count,
			     count ? ", counted from 1" : "");
}

/* arg[N]: node is the INDEX. */
struct error *resolve_argument(struct compiler *c, const struct node *node,
			       const struct value **ret)
{
	const struct value *index;
	const char *reason;

	TRY(resolve_integer(c, node->first->next, &index, &reason));
	if (!index || index->kind != VALUE_CONSTANT)
		return compile_error(c, node, ERR_NAME,
				     "`%s` cannot be captured: which argument it is must be a "
				     "constant",
				     node_text(c, node));
	return compiler_site(c)->usdt ? usdt_argument(c, node, index->number, ret)
				      : argument(c, node, index->number, ret);
}

struct error *resolve_register(struct compiler *c, const struct node *node,
			       const struct value **ret)
{
	const struct node *key = node->first->next;
	int offset = key->kind == NODE_STRING ? register_offset(key->text) : -1;

	if (offset < 0) {
		CLEANUP(buffer_deinit) struct buffer names = {0};

		register_names(&names);
		return error_hint(
		    compile_error(c, node, ERR_NAME, "`%s` is no register", node_text(c, node)),
		    "Registers are: %s.", names.data);
	}
	*ret = value_register(c, node, (unsigned)offset);
	return NULL;
}

/* Go's results are in the registers that its arguments are in, from the first on again. */
static struct error *go_result(struct compiler *c, const struct node *node, int64_t n,
			       const struct value **ret)
{
	if (c->request->site.abi == ABI_GO_STACK)
		return compile_error(
		    c, node, ERR_UNREADABLE,
		    "`%s` cannot be read: %s returns on the stack, and where depends "
		    "on the types of its arguments",
		    node_text(c, node), c->request->site.function);
	if (n < 1 || n > (int64_t)ARRAY_SIZE(go_arguments))
		return compile_error(
		    c, node, ERR_TYPE,
		    "Go returns up to nine words in registers: result[1] to result[9]");
	*ret = value_register(c, node, go_arguments[n - 1]);
	return NULL;
}

/* result and result[N] without debug information: the registers results come in. */
static struct error *raw_result(struct compiler *c, const struct node *node, int64_t n,
				const struct value **ret)
{
	const struct compile_site *site = &c->request->site;

	if (site->is_tail_call) {
		*ret = value_lost(c, node, RETURNED_BY_ANOTHER);
		return resolve_check_lost(c, node, *ret);
	}
	if (site->abi != ABI_SYSV)
		return go_result(c, node, n, ret);
	if (n < 1 || n > 2)
		return compile_error(c, node, ERR_TYPE,
				     "a result is in one register or in two: result[1], result[2]");
	*ret = value_register(c, node, n == 1 ? REG(rax) : REG(rdx));
	return NULL;
}

/* node is `result`, or result[N]. */
struct error *resolve_result(struct compiler *c, const struct node *node, const struct value **ret)
{
	const struct node *key = resolve_builtin(c, node) ? NULL : node->first->next;
	const struct value *index;
	const char *reason;

	if (!key)
		return raw_result(c, node, 1, ret);
	TRY(resolve_integer(c, key, &index, &reason));
	if (!index || index->kind != VALUE_CONSTANT)
		return compile_error(
		    c, node, ERR_NAME,
		    "`%s` cannot be captured: which result it is must be a constant",
		    node_text(c, node));
	return raw_result(c, node, index->number, ret);
}
