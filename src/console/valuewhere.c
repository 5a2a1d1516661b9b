/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * valuewhere.c - where a global is, by the steps that its debug information gives.
 */
#include "command.h"

enum {
	STACK_MAX = 32
};

static bool compute(uint64_t *stack, size_t *size, const struct where_step *step)
{
	uint64_t b = stack[*size - 1];
	if (step->op == WHERE_NEG || step->op == WHERE_NOT) {
		stack[*size - 1] = step->op == WHERE_NEG ? -b : ~b;
		return true;
	}
	if (*size < 2)
		return false;
	uint64_t *a = &stack[--*size - 1];
	switch (step->op) {
	case WHERE_ADD:
		*a += b;
		break;
	case WHERE_SUB:
		*a -= b;
		break;
	case WHERE_MUL:
		*a *= b;
		break;
	case WHERE_AND:
		*a &= b;
		break;
	case WHERE_OR:
		*a |= b;
		break;
	case WHERE_XOR:
		*a ^= b;
		break;
	case WHERE_SHL:
		*a = b < 64 ? *a << b : 0;
		break;
	case WHERE_SHR:
		*a = b < 64 ? *a >> b : 0;
		break;
	case WHERE_SAR:
		*a = (uint64_t)((int64_t)*a >> (b < 64 ? b : 63));
		break;
	default:
		return false;
	}
	return true;
}

/* False where a register is needed: the process is not stopped, it has none to show. */
static bool run_steps(const struct memory *memory, const struct where_piece *piece, uint64_t *ret)
{
	uint64_t stack[STACK_MAX];
	size_t size = 0;
	for (size_t i = 0; i < piece->step_count; i++) {
		const struct where_step *step = &piece->steps[i];
		bool is_push = step->op == WHERE_CONSTANT || step->op == WHERE_ADDRESS;
		if (step->op == WHERE_REGISTER || (is_push ? size == STACK_MAX : size == 0))
			return false;
		if (is_push) {
			stack[size++] =
			    (uint64_t)step->number + (step->op == WHERE_ADDRESS ? memory->bias : 0);
		} else if (step->op == WHERE_LOAD) {
			uint64_t loaded = 0;
			size_t bytes = (size_t)step->number;
			if (memory_read(memory, stack[size - 1], &loaded, bytes) < bytes)
				return false;
			stack[size - 1] = loaded;
		} else if (!compute(stack, &size, step)) {
			return false;
		}
	}
	*ret = size ? stack[size - 1] : 0;
	return size > 0;
}

struct error *value_locate(const struct memory *memory, const struct variable *variable,
			   struct value *ret)
{
	const struct where *where = &variable->where;
	const struct where_piece *piece = &where->pieces[0];
	uint64_t number;
	if (where->piece_count != 1 || piece->kind == PIECE_LOST ||
	    !run_steps(memory, piece, &number))
		return error_new(ERR_UNREADABLE, "%s is %s", variable->name,
				 piece->kind == PIECE_LOST ? piece->reason : "<unavailable>");
	ret->type = variable->type;
	if (piece->kind == PIECE_MEMORY) {
		ret->has_address = true;
		ret->address = number;
	} else {
		size_t size =
		    variable->type->size < sizeof(number) ? variable->type->size : sizeof(number);
		buffer_append(&ret->bytes, &number, size);
	}
	return NULL;
}
