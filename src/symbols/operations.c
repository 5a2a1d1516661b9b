/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operations.c - DWARF's operations: read, and run on the registers and the piece of stack
 * memory of one frame. Unwind tables need few of them (PLT entries, signal frames, functions that
 * align their stack); no branches, so that every run ends.
 */
#include "operations.h"

#define DEPTH_MAX 64

/* ----------------------------------------------------------------- reading */

static uint64_t read_constant(struct cursor *cursor, unsigned atom)
{
	switch (atom) {
	case DW_OP_const1u:
		return cursor_fixed(cursor, 1);
	case DW_OP_const1s:
		return (uint64_t)(int8_t)cursor_fixed(cursor, 1);
	case DW_OP_const2u:
		return cursor_fixed(cursor, 2);
	case DW_OP_const2s:
		return (uint64_t)(int16_t)cursor_fixed(cursor, 2);
	case DW_OP_const4u:
		return cursor_fixed(cursor, 4);
	case DW_OP_const4s:
		return (uint64_t)(int32_t)cursor_fixed(cursor, 4);
	case DW_OP_constu:
		return cursor_unsigned(cursor);
	case DW_OP_consts:
		return (uint64_t)cursor_signed(cursor);
	default: /* DW_OP_const8u, DW_OP_const8s */
		return cursor_fixed(cursor, 8);
	}
}

/* Without operands, and no name of a register or of the CFA itself. */
static bool is_plain(unsigned atom)
{
	return (atom >= DW_OP_deref && atom < DW_OP_reg0 && atom != DW_OP_pick &&
		atom != DW_OP_skip && atom != DW_OP_bra) ||
	       atom == DW_OP_nop;
}

bool operation_read(struct cursor *cursor, Dwarf_Op *ret)
{
	unsigned atom = cursor_fixed(cursor, 1);

	*ret = (Dwarf_Op){.atom = atom};
	if (atom >= DW_OP_const1u && atom <= DW_OP_consts) {
		ret->number = read_constant(cursor, atom);
	} else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
		ret->number = (uint64_t)cursor_signed(cursor);
	} else if (atom == DW_OP_bregx) {
		ret->number = cursor_unsigned(cursor);
		ret->number2 = (uint64_t)cursor_signed(cursor);
	} else if (atom == DW_OP_plus_uconst) {
		ret->number = cursor_unsigned(cursor);
	} else {
		return is_plain(atom) && !cursor->has_failed;
	}
	return !cursor->has_failed;
}

/* ----------------------------------------------------------------- running */

struct machine {
	const struct stack_memory *memory;
	const struct unwind_registers *registers;
	uint64_t stack[DEPTH_MAX];
	size_t depth;
};

bool stack_memory_read(const struct stack_memory *memory, uint64_t address, uint64_t *ret)
{
	uint64_t offset = address - memory->address;

	if (memory->size < sizeof(*ret) || offset > memory->size - sizeof(*ret))
		return false;
	memcpy(ret, memory->bytes + offset, sizeof(*ret));
	return true;
}

static bool push(struct machine *m, uint64_t value)
{
	if (m->depth == DEPTH_MAX)
		return false;
	m->stack[m->depth++] = value;
	return true;
}

static bool push_register(struct machine *m, uint64_t number, uint64_t offset)
{
	return number < REGISTER_COUNT && m->registers->known >> number & 1 &&
	       push(m, m->registers->value[number] + offset);
}

static bool binary(struct machine *m, unsigned atom)
{
	if (m->depth < 2)
		return false;
	uint64_t b = m->stack[--m->depth], *a = &m->stack[m->depth - 1];

	switch (atom) {
	case DW_OP_plus:
		*a += b;
		return true;
	case DW_OP_minus:
		*a -= b;
		return true;
	case DW_OP_mul:
		*a *= b;
		return true;
	case DW_OP_and:
		*a &= b;
		return true;
	case DW_OP_or:
		*a |= b;
		return true;
	case DW_OP_xor:
		*a ^= b;
		return true;
	case DW_OP_shl:
		*a = b < 64 ? *a << b : 0;
		return true;
	case DW_OP_shr:
		*a = b < 64 ? *a >> b : 0;
		return true;
	case DW_OP_shra:
		*a = (uint64_t)((int64_t)*a >> (b < 64 ? b : 63));
		return true;
	case DW_OP_eq:
		*a = *a == b;
		return true;
	case DW_OP_ne:
		*a = *a != b;
		return true;
	case DW_OP_lt:
		*a = (int64_t)*a < (int64_t)b;
		return true;
	case DW_OP_le:
		*a = (int64_t)*a <= (int64_t)b;
		return true;
	case DW_OP_gt:
		*a = (int64_t)*a > (int64_t)b;
		return true;
	case DW_OP_ge:
		*a = (int64_t)*a >= (int64_t)b;
		return true;
	default:
		return false;
	}
}

/* Operations on the topmost values that compute nothing new. */
static bool shuffle(struct machine *m, unsigned atom)
{
	uint64_t *top = m->stack + m->depth - 1, saved;

	if (m->depth < (atom == DW_OP_dup || atom == DW_OP_drop ? 1 : 2))
		return false;
	switch (atom) {
	case DW_OP_dup:
		return push(m, *top);
	case DW_OP_drop:
		m->depth--;
		return true;
	case DW_OP_over:
		return push(m, top[-1]);
	default: /* DW_OP_swap */
		saved = *top;
		*top = top[-1];
		top[-1] = saved;
		return true;
	}
}

static bool unary(struct machine *m, const Dwarf_Op *op)
{
	uint64_t *top = m->stack + m->depth - 1;

	if (m->depth == 0)
		return false;
	if (op->atom == DW_OP_plus_uconst)
		*top += op->number;
	else
		*top = op->atom == DW_OP_neg ? -*top : ~*top;
	return true;
}

static enum unwind_step load(struct machine *m)
{
	uint64_t *top = m->stack + m->depth - 1;

	if (m->depth == 0)
		return STEP_CORRUPT;
	return stack_memory_read(m->memory, *top, top) ? STEP_DONE : STEP_BEYOND;
}

static bool run_one(struct machine *m, const Dwarf_Op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		return push(m, atom - DW_OP_lit0);
	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(m, atom - DW_OP_breg0, op->number);
	if (atom >= DW_OP_const1u && atom <= DW_OP_consts)
		return push(m, op->number);
	switch (atom) {
	case DW_OP_nop:
		return true;
	case DW_OP_bregx:
		return push_register(m, op->number, op->number2);
	case DW_OP_dup:
	case DW_OP_drop:
	case DW_OP_over:
	case DW_OP_swap:
		return shuffle(m, atom);
	case DW_OP_plus_uconst:
	case DW_OP_neg:
	case DW_OP_not:
		return unary(m, op);
	default:
		return binary(m, atom);
	}
}

enum unwind_step operations_run(const struct bytes *expression, const uint64_t *cfa,
				const struct stack_memory *memory,
				const struct unwind_registers *registers, uint64_t *ret)
{
	struct machine m = {.memory = memory, .registers = registers};
	struct cursor cursor = cursor_of(expression);
	Dwarf_Op op;

	if (cfa)
		push(&m, *cfa);
	while (cursor.at < cursor.end) {
		if (!operation_read(&cursor, &op))
			return STEP_CORRUPT;
		enum unwind_step step = op.atom == DW_OP_deref ? load(&m)
					: run_one(&m, &op)     ? STEP_DONE
							       : STEP_CORRUPT;
		if (step != STEP_DONE)
			return step;
	}
	if (m.depth == 0)
		return STEP_CORRUPT;
	*ret = m.stack[m.depth - 1];
	return STEP_DONE;
}
