/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.c - stack([N]): which of its two ways a stack is captured at a place, and the IR.
 *
 * Code that keeps frame pointers can be walked in the kernel. But at some places the probed
 * function's own frame is not linked yet, and a leaf never links it: then its return address
 * is where the unwind table says, at CFA - 8. And the walk misses those of other modules that keep
 * none. So where there are such, and for code that keeps none, the registers and a piece of the
 * stack are copied, to be unwound afterwards. A key of the kernel's has no room for that.
 */
#include "capture.h"
#include "lower.h"

#define FRAMES_DEFAULT 32
/* Of memory, for each frame wanted, and all together: frames of a few hundred bytes are
 * usual, and a page is cheap. */
#define FRAME_BYTES_EACH 512
#define MEMORY_LEAST	 4096u
#define MEMORY_MOST	 16384u

static struct error *resolve_count(struct compiler *c, const struct node *call, int64_t *ret)
{
	const struct value *count;
	const char *reason;

	*ret = FRAMES_DEFAULT;
	if (argument_count(call) == 0)
		return NULL;
	if (argument_count(call) > 1)
		return compile_error(c, call, ERR_TYPE,
				     "stack takes one number, of frames: stack([N])");
	TRY(resolve_integer(c, call->first->next, &count, &reason));
	if (!count || count->kind != VALUE_CONSTANT || count->number < 1 ||
	    count->number > STACK_FRAMES_MAX)
		return compile_error(c, call->first->next, ERR_TYPE,
				     "how many frames must be a constant from 1 to %d",
				     STACK_FRAMES_MAX);
	*ret = count->number;
	return NULL;
}

/* The frame address of the probed function, or NULL. */
static const struct value *frame_address(struct compiler *c, const struct node *node)
{
	const struct compile_site *site = &c->request->site;
	struct where_piece piece;

	if (site->image && image_cfa(site->image, site->address, &piece))
		return object_steps(c, node, &piece);
	if (site->are_args_live)
		return value_binary(c, node, OP_ADD,
				    value_register(c, node, (unsigned)register_offset("rsp")),
				    value_constant(c, node, site->cfa_offset));
	return NULL;
}

static unsigned memory_size(int64_t frames)
{
	unsigned size = (unsigned)frames * FRAME_BYTES_EACH;

	size = (size + MEMORY_LEAST - 1) / MEMORY_LEAST * MEMORY_LEAST;
	return size < MEMORY_MOST ? size : MEMORY_MOST;
}

/* Go's stacks are Go's own, but for C at their ends. */
static bool misses_some(const struct compiler *c)
{
	return c->request->site.abi == ABI_SYSV && c->request->program &&
	       !program_has_frame_pointers(c->request->program);
}

struct error *stack_resolve(struct compiler *c, const struct node *call, const struct value **ret)
{
	const struct compile_site *site = &c->request->site;
	struct value *value = value_new(c, VALUE_STACK, VIEW_STACK, call);

	TRY(resolve_count(c, call, &value->number));
	c->plan->depends_on_address = true;
	value->is_walkable = !site->image || image_has_frame_pointers(site->image, site->address);
	if (value->is_walkable)
		value->a = frame_address(c, call);
	if (!value->is_walkable || misses_some(c))
		value->size = memory_size(value->number);
	*ret = value;
	return NULL;
}

size_t stack_bytes(const struct value *value)
{
	size_t words = value->size ? 1 + STACK_REGISTERS : 2 + (size_t)value->number;

	/* The verifier does not see that the first and the last chunk of memory are one page
	 * together. */
	return words * sizeof(mt_u64) + (value->size ? value->size + 4096 : 0);
}

const char *stack_key_reason(struct compiler *c, const struct value *value)
{
	if (!value->is_walkable)
		return arena_printf(&c->plan->arena,
				    "the code keeps no frame pointers: `%s` is unwound afterwards",
				    node_text(c, value->node));
	if (value->number > STACK_KEY_FRAMES)
		return arena_printf(&c->plan->arena,
				    "a stack of more than %d frames is no key in the kernel",
				    STACK_KEY_FRAMES);
	return NULL;
}

static void add_stack(struct compiler *c, const struct value *value, enum ir_op op, unsigned slot,
		      int a, struct ir *ir)
{
	struct ir_insn *insn = lower_add(c, ir, op, value->node);

	insn->a = a;
	insn->slot = slot;
	insn->number = value->number;
	insn->size = op == IR_STACK ? value->size : 0;
	c->plan->copies_stack |= insn->size != 0;
}

struct error *stack_lower(struct compiler *c, const struct value *value, enum ir_op op,
			  unsigned slot, struct ir *ir)
{
	int no_frame = ir->labels++, done = ir->labels++, a = IR_NONE;
	size_t start = ir->insns.size;

	if (value->a && (op == IR_KEY_STACK || !value->size))
		TRY(lower_value(c, ir, value->a, no_frame, &a));
	add_stack(c, value, op, slot, a, ir);
	if (!lower_has_jump(ir, start, no_frame))
		return NULL;
	lower_jump(c, ir, value->node, done);
	lower_label(c, ir, no_frame);
	add_stack(c, value, op, slot, IR_NONE, ir);
	lower_label(c, ir, done);
	return NULL;
}
