/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unsigned.c - 64-bit values that are no Lua integer, and pointers: numbers from 0 to
 * 2^64 - 1 that know it.
 * They print unsigned and compare exactly with every number. What is computed from them is
 * an integer of 64 bits that wraps around, as Lua's are and as the kernel computes it; only
 * // and %, whose results depend on the sign, may be unsigned again.
 */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

#define UNSIGNED_TYPE "moontap.unsigned"
#define POINTER_TYPE  "moontap.pointer"

void push_unsigned(lua_State *L, uint64_t value)
{
	if (value <= INT64_MAX) {
		lua_pushinteger(L, (lua_Integer)value);
		return;
	}
	*(uint64_t *)lua_newuserdatauv(L, sizeof(value), 0) = value;
	luaL_setmetatable(L, UNSIGNED_TYPE);
}

void push_pointer(lua_State *L, uint64_t address)
{
	if (!address) {
		lua_pushnil(L);
		return;
	}
	*(uint64_t *)lua_newuserdatauv(L, sizeof(address), 0) = address;
	luaL_setmetatable(L, POINTER_TYPE);
}

static bool to_bits(lua_State *L, int index, const char *type, uint64_t *ret)
{
	const uint64_t *box = luaL_testudata(L, index, type);

	if (box)
		*ret = *box;
	return box != NULL;
}

bool to_unsigned(lua_State *L, int index, uint64_t *ret)
{
	return to_bits(L, index, UNSIGNED_TYPE, ret);
}

bool to_pointer(lua_State *L, int index, uint64_t *ret)
{
	return to_bits(L, index, POINTER_TYPE, ret);
}

/* ---------------------------------------------------------------- operands */

/* Any integer, signed or not; or else a float. */
struct number {
	bool is_float;
	__int128 exact;
	double real;
};

static bool to_number(lua_State *L, int index, struct number *ret)
{
	uint64_t bits;

	*ret = (struct number){0};
	if (to_unsigned(L, index, &bits) || to_pointer(L, index, &bits)) {
		ret->exact = bits;
	} else if (lua_isinteger(L, index)) {
		ret->exact = lua_tointeger(L, index);
	} else {
		ret->is_float = true;
		ret->real = lua_tonumber(L, index);
	}
	return !ret->is_float || lua_type(L, index) == LUA_TNUMBER;
}

static bool is_bitwise(int op)
{
	return op >= LUA_OPBAND && op <= LUA_OPSHR;
}

/* An operand of arithmetic: a string that looks like a number is one, as in Lua. */
static struct number check_number(lua_State *L, int index, int op)
{
	struct number number;

	if (lua_type(L, index) == LUA_TSTRING && lua_stringtonumber(L, lua_tostring(L, index)))
		lua_replace(L, index);
	if (!to_number(L, index, &number))
		luaL_error(L, "attempt to perform %s on a %s value",
			   is_bitwise(op) ? "bitwise operation" : "arithmetic",
			   value_type_name(L, index));
	if (number.is_float && is_bitwise(op)) {
		int is_integer;

		number.exact = lua_tointegerx(L, index, &is_integer);
		if (!is_integer)
			luaL_error(L, "number has no integer representation");
	}
	return number;
}

/* -------------------------------------------------------------- arithmetic */

/* From 0 up as it is; below, as far as 64 bits go. */
static void push_exact(lua_State *L, __int128 value)
{
	if (value >= 0)
		push_unsigned(L, (uint64_t)value);
	else
		lua_pushinteger(L, (lua_Integer)(uint64_t)value);
}

/* The quotient goes down to the next integer, the remainder has the divisor's sign. */
static void push_division(lua_State *L, int op, __int128 a, __int128 b)
{
	if (b == 0) {
		luaL_error(L, op == LUA_OPIDIV ? "attempt to perform 'n//0'"
					       : "attempt to perform 'n%%%%0'");
		return;
	}
	__int128 quotient = a / b, remainder = a % b;
	if (remainder != 0 && (remainder < 0) != (b < 0)) {
		quotient--;
		remainder += b;
	}
	push_exact(L, op == LUA_OPIDIV ? quotient : remainder);
}

/* right may be negative: to the left. */
static uint64_t shifted(uint64_t bits, __int128 right)
{
	if (right >= 64 || right <= -64)
		return 0;
	return right >= 0 ? bits >> (int)right : bits << (int)-right;
}

static uint64_t wrapped(int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case LUA_OPADD:
		return a + b;
	case LUA_OPSUB:
		return a - b;
	case LUA_OPMUL:
		return a * b;
	case LUA_OPUNM:
		return -a;
	case LUA_OPBAND:
		return a & b;
	case LUA_OPBOR:
		return a | b;
	case LUA_OPBXOR:
		return a ^ b;
	default:
		return ~a; /* LUA_OPBNOT */
	}
}

static void push_float(lua_State *L, const struct number *number)
{
	lua_pushnumber(L, number->is_float ? number->real : (double)number->exact);
}

static void push_result(lua_State *L, int op, const struct number *a, const struct number *b)
{
	bool is_float = op == LUA_OPDIV || op == LUA_OPPOW || a->is_float || b->is_float;

	if (is_float && !is_bitwise(op)) {
		push_float(L, a);
		push_float(L, b);
		lua_arith(L, op);
	} else if (op == LUA_OPIDIV || op == LUA_OPMOD) {
		push_division(L, op, a->exact, b->exact);
	} else if (op == LUA_OPSHR && b->exact == 0) {
		lua_pushvalue(L, 1);
	} else if (op == LUA_OPSHR || op == LUA_OPSHL) {
		lua_pushinteger(L, (lua_Integer)shifted((uint64_t)a->exact,
							op == LUA_OPSHR ? b->exact : -b->exact));
	} else {
		lua_pushinteger(L,
				(lua_Integer)wrapped(op, (uint64_t)a->exact, (uint64_t)b->exact));
	}
}

/* Upvalue: the operator. A unary one gets its operand twice. */
static int number_arithmetic(lua_State *L)
{
	int op = (int)lua_tointeger(L, lua_upvalueindex(1));

	for (int i = 1; i <= 2; i++)
		if (missing_reason(L, i)) {
			lua_pushvalue(L, i);
			return 1;
		}
	struct number a = check_number(L, 1, op), b = check_number(L, 2, op);
	push_result(L, op, &a, &b);
	return 1;
}

/* -------------------------------------------------------------- comparison */

/* Has room for every integer of 64 bits and every double. */
static long double comparable(const struct number *number)
{
	return number->is_float ? (long double)number->real : (long double)number->exact;
}

/* False where one is missing. */
static bool read_both(lua_State *L, struct number *a, struct number *b)
{
	if (missing_reason(L, 1) || missing_reason(L, 2))
		return false;
	if (to_number(L, 1, a) && to_number(L, 2, b))
		return true;
	luaL_error(L, "attempt to compare %s with %s", value_type_name(L, 1),
		   value_type_name(L, 2));
	return false;
}

static int number_lt(lua_State *L)
{
	struct number a, b;

	lua_pushboolean(L, read_both(L, &a, &b) && comparable(&a) < comparable(&b));
	return 1;
}

static int number_le(lua_State *L)
{
	struct number a, b;

	lua_pushboolean(L, read_both(L, &a, &b) && comparable(&a) <= comparable(&b));
	return 1;
}

/* Lua asks only where both are userdata: a number it takes for different by itself. */
static int number_eq(lua_State *L)
{
	struct number a, b;

	lua_pushboolean(L, to_number(L, 1, &a) && to_number(L, 2, &b) && a.exact == b.exact);
	return 1;
}

/* ------------------------------------------------------------------- texts */

static int unsigned_tostring(lua_State *L)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, *(uint64_t *)luaL_checkudata(L, 1, UNSIGNED_TYPE));
	lua_pushstring(L, text);
	return 1;
}

static int pointer_tostring(lua_State *L)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64,
		 *(uint64_t *)luaL_checkudata(L, 1, POINTER_TYPE));
	lua_pushstring(L, text);
	return 1;
}

static int pointer_index(lua_State *L)
{
	return luaL_error(L, "what a pointer leads to is read at the hit: a block must name the "
			     "whole path to it");
}

static void open_type(lua_State *L, const char *type, const char *name, const luaL_Reg *own)
{
	static const struct {
		const char *name;
		int op;
	} arithmetic[] = {
	    {"__add", LUA_OPADD},   {"__sub", LUA_OPSUB},   {"__mul", LUA_OPMUL},
	    {"__div", LUA_OPDIV},   {"__mod", LUA_OPMOD},   {"__pow", LUA_OPPOW},
	    {"__idiv", LUA_OPIDIV}, {"__unm", LUA_OPUNM},   {"__band", LUA_OPBAND},
	    {"__bor", LUA_OPBOR},   {"__bxor", LUA_OPBXOR}, {"__bnot", LUA_OPBNOT},
	    {"__shl", LUA_OPSHL},   {"__shr", LUA_OPSHR},
	};
	static const luaL_Reg methods[] = {
	    {"__eq", number_eq},
	    {"__lt", number_lt},
	    {"__le", number_le},
	    {NULL, NULL},
	};

	push_value_type(L, type, name, methods);
	luaL_setfuncs(L, own, 0);
	for (size_t i = 0; i < ARRAY_SIZE(arithmetic); i++) {
		lua_pushinteger(L, arithmetic[i].op);
		lua_pushcclosure(L, number_arithmetic, 1);
		lua_setfield(L, -2, arithmetic[i].name);
	}
	lua_pop(L, 1);
}

void unsigned_open(lua_State *L)
{
	static const luaL_Reg of_unsigned[] = {{"__tostring", unsigned_tostring}, {NULL, NULL}};
	static const luaL_Reg of_pointer[] = {
	    {"__tostring", pointer_tostring}, {"__index", pointer_index}, {NULL, NULL}};

	open_type(L, UNSIGNED_TYPE, "unsigned", of_unsigned);
	open_type(L, POINTER_TYPE, "pointer", of_pointer);
}
