/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * depth.c - follows a function from its start and keeps count of the stack pointer.
 * A function hands over to another only where the stack is as its caller left it: that tells
 * a tail call from a jump within.
 */
#include "depth.h"

#include "encoding.h"

#define NOT_SEEN (INT64_MIN + 1)

/* Depths: of %rsp, and of what %rbp holds. */
struct stack {
	int64_t depth, frame;
};

/* An instruction to go on from. */
struct pending {
	size_t part, index;
	struct stack stack;
};

struct walk {
	struct depths *depths;
	VECTOR(struct pending) pending;
	struct stack at_tables; /* where jumps through tables are; NOT_SEEN, or DEPTH_UNKNOWN */
};

static int64_t deeper(int64_t depth, int64_t bytes)
{
	return depth == DEPTH_UNKNOWN ? depth : depth + bytes;
}

/* Is the memory operand n(%rsp) or n(%rbp), base saying which? Then n. */
static bool is_stack_address(const struct encoding *e, unsigned base, int64_t *ret)
{
	unsigned mod = e->modrm >> 6;

	if (mod == 3 || (e->rex & 3) || (e->modrm & 7) != base)
		return false;
	if (base == RSP && e->bytes[e->modrm_at + 1] != 0x24)
		return false;
	if (mod == 0 && base == RBP)
		return false; /* that is n(%rip) */
	*ret = mod == 0 ? 0 : encoding_last_value(e, mod == 1 ? 1 : 4);
	return true;
}

static void step_push_pop(const struct encoding *e, struct stack *stack)
{
	bool is_push = (e->opcode & 0xf8) == 0x50 || e->opcode == 0x68 || e->opcode == 0x6a ||
		       e->opcode == 0x9c || (e->opcode == 0xff && encoding_reg(e) == 6);
	bool is_pop = (e->opcode & 0xf8) == 0x58 || e->opcode == 0x9d || e->opcode == 0x8f;

	if ((is_push || is_pop) && (e->prefixes & PREFIX_DATA16))
		stack->depth = DEPTH_UNKNOWN;
	else if (is_push)
		stack->depth = deeper(stack->depth, 8);
	else if (is_pop)
		stack->depth = deeper(stack->depth, -8);
	if (e->opcode == 0x58 + RBP && !(e->rex & 1))
		stack->frame = DEPTH_UNKNOWN;
	if (e->opcode == 0xc9) { /* leave */
		stack->depth = deeper(stack->frame, -8);
		stack->frame = DEPTH_UNKNOWN;
	}
}

/* Moves between %rsp and %rbp; anything else that writes one makes it unknown. */
static void step_move(const struct encoding *e, struct stack *stack)
{
	bool is_register = encoding_is_register_form(e), to_reg = e->opcode == 0x8b;
	unsigned to = to_reg ? encoding_reg_operand(e) : encoding_rm_operand(e);
	unsigned from = to_reg ? encoding_rm_operand(e) : encoding_reg_operand(e);

	if (!to_reg && !is_register)
		return; /* to memory */
	if (to == RSP)
		stack->depth = is_register && from == RBP ? stack->frame : DEPTH_UNKNOWN;
	if (to == RBP)
		stack->frame = is_register && from == RSP ? stack->depth : DEPTH_UNKNOWN;
}

static void step_lea(const struct encoding *e, struct stack *stack)
{
	unsigned to = encoding_reg_operand(e);
	int64_t result = DEPTH_UNKNOWN, n;

	if (is_stack_address(e, RSP, &n))
		result = deeper(stack->depth, -n);
	else if (is_stack_address(e, RBP, &n))
		result = deeper(stack->frame, -n);
	if (to == RSP)
		stack->depth = result;
	if (to == RBP)
		stack->frame = result;
}

/* Arithmetic with an immediate on %rsp. */
static void step_arithmetic(const struct encoding *e, struct stack *stack)
{
	int64_t value = encoding_last_value(e, e->opcode == 0x83 ? 1 : 4);
	unsigned operation = encoding_reg(e);

	if (!encoding_is_register_form(e) || encoding_rm_operand(e) != RSP || operation == 7)
		return; /* 7 compares */
	if (operation == 0)
		stack->depth = deeper(stack->depth, -value);
	else if (operation == 5)
		stack->depth = deeper(stack->depth, value);
	else
		stack->depth = DEPTH_UNKNOWN;
}

/* add, or, adc, sbb, and, sub, xor of two operands, exchanges. */
static void step_other(const struct encoding *e, struct stack *stack)
{
	bool is_binary = e->opcode < 0x38 && (e->opcode & 7) < 4;
	bool to_reg = is_binary && (e->opcode & 2);
	bool is_written = to_reg ? encoding_reg_operand(e) == RSP
				 : encoding_is_register_form(e) && encoding_rm_operand(e) == RSP;

	if ((is_binary || e->opcode == 0x87) && is_written)
		stack->depth = DEPTH_UNKNOWN;
	if (e->opcode == 0xc8) /* enter */
		stack->depth = DEPTH_UNKNOWN;
}

static void step(const struct encoding *e, struct stack *stack)
{
	if (e->scheme != SCHEME_LEGACY || e->map != 0)
		return;
	if (e->opcode == 0x89 || e->opcode == 0x8b)
		step_move(e, stack);
	else if (e->opcode == 0x8d)
		step_lea(e, stack);
	else if (e->opcode == 0x81 || e->opcode == 0x83)
		step_arithmetic(e, stack);
	else
		step_other(e, stack);
	step_push_pop(e, stack);
}

/* Goes on at address, if it is in a part. */
static void add_target(struct walk *walk, uint64_t address, struct stack stack)
{
	const struct depths *depths = walk->depths;

	for (size_t part = 0; part < depths->part_count; part++) {
		const struct code *code = depths->parts[part];
		const struct insn *insn = code_at(code, address);
		if (insn)
			vector_push(&walk->pending,
				    ((struct pending){part, insn - code->insns.data, stack}));
	}
}

/* Is what was known of an instruction's depth changed by coming there at another? Two
 * ways that differ leave it unknown: one of them comes from a call that never returns. */
static bool merge(int64_t *seen, struct stack *stack)
{
	if (*seen == stack->depth || *seen == DEPTH_UNKNOWN)
		return false;
	if (*seen != NOT_SEEN)
		*stack = (struct stack){DEPTH_UNKNOWN, DEPTH_UNKNOWN};
	*seen = stack->depth;
	return true;
}

/* A jump through a table from within a frame. */
static void note_table(struct walk *walk, struct stack stack)
{
	if (stack.depth == 0)
		return;
	if (walk->at_tables.depth != NOT_SEEN && walk->at_tables.depth != stack.depth)
		stack = (struct stack){DEPTH_UNKNOWN, DEPTH_UNKNOWN};
	walk->at_tables = stack;
}

static void follow(struct walk *walk, struct pending at)
{
	const struct code *code = walk->depths->parts[at.part];
	int64_t *seen = walk->depths->of_parts[at.part];

	for (; at.index < code->insns.size && merge(&seen[at.index], &at.stack); at.index++) {
		const struct insn *insn = &code->insns.data[at.index];
		struct encoding e = encoding_of(code, insn);
		if (insn->kind == INSN_JUMP && !insn->target)
			note_table(walk, at.stack);
		if (insn->kind == INSN_JUMP || insn->kind == INSN_BRANCH)
			add_target(walk, insn->target, at.stack);
		if (insn->kind == INSN_JUMP || insn->kind == INSN_RETURN ||
		    insn->kind == INSN_UNDECODABLE)
			return;
		if (insn->kind == INSN_OTHER)
			step(&e, &at.stack);
	}
}

static void follow_all(struct walk *walk)
{
	while (walk->pending.size)
		follow(walk, walk->pending.data[--walk->pending.size]);
}

/* What no jump of known target leads to is where the tables lead. */
static void follow_tables(struct walk *walk)
{
	struct depths *depths = walk->depths;

	for (size_t part = 0; part < depths->part_count; part++) {
		for (size_t i = 0; i < depths->parts[part]->insns.size; i++) {
			if (depths->of_parts[part][i] != NOT_SEEN)
				continue;
			follow(walk, (struct pending){part, i, walk->at_tables});
			follow_all(walk);
		}
	}
}

void depths_init(struct depths *ret, const struct code *const *parts, size_t part_count)
{
	struct walk walk = {.depths = ret, .at_tables.depth = NOT_SEEN};

	*ret = (struct depths){parts, part_count, xcalloc(part_count, sizeof(*ret->of_parts))};
	for (size_t part = 0; part < part_count; part++) {
		size_t count = parts[part]->insns.size;
		ret->of_parts[part] = xcalloc(count, sizeof(int64_t));
		for (size_t i = 0; i < count; i++)
			ret->of_parts[part][i] = NOT_SEEN;
	}
	if (part_count)
		add_target(&walk, parts[0]->start, (struct stack){0, DEPTH_UNKNOWN});
	follow_all(&walk);
	if (walk.at_tables.depth != NOT_SEEN && walk.at_tables.depth != DEPTH_UNKNOWN)
		follow_tables(&walk);
	vector_deinit(&walk.pending);
}

void depths_deinit(struct depths *depths)
{
	for (size_t part = 0; part < depths->part_count; part++)
		free(depths->of_parts[part]);
	free(depths->of_parts);
}

int64_t depths_at(const struct depths *depths, size_t part, const struct insn *insn)
{
	int64_t depth = depths->of_parts[part][insn - depths->parts[part]->insns.data];

	return depth == NOT_SEEN ? DEPTH_UNKNOWN : depth;
}
