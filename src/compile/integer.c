/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * integer.c - Lua's integer operators on constants (5.4 manual, 3.4.1 and 3.4.2).
 */
#include "value.h"

/* Shifts by 64 and more give 0, by a negative count they go the other way. */
static int64_t shift_left(int64_t a, int64_t by)
{
	if (by <= -64 || by >= 64)
		return 0;
	return by >= 0 ? (int64_t)((uint64_t)a << by) : (int64_t)((uint64_t)a >> -by);
}

/* // rounds to minus infinity, and % goes with it. */
static int64_t floor_divide(int64_t a, int64_t b)
{
	if (b == -1) /* the least integer has no opposite: it wraps around */
		return (int64_t)(0 - (uint64_t)a);
	return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

int64_t integer_fold(enum operator op, int64_t a, int64_t b)
{
	uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

	switch (op) {
	case OP_ADD:
		return (int64_t)(ua + ub);
	case OP_SUB:
		return (int64_t)(ua - ub);
	case OP_MUL:
		return (int64_t)(ua * ub);
	case OP_IDIV:
		return floor_divide(a, b);
	case OP_MOD:
		return (int64_t)(ua - ub * (uint64_t)floor_divide(a, b));
	case OP_BAND:
		return a & b;
	case OP_BOR:
		return a | b;
	case OP_BXOR:
		return a ^ b;
	case OP_SHL:
		return shift_left(a, b);
	default: /* OP_SHR */
		return b == INT64_MIN ? 0 : shift_left(a, -b);
	}
}
