/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfgo.c - arguments and results where Go's calling conventions put them: debug information
 * says nothing of an optimized function's results, and of arguments only where they are used.
 *
 * Facts from Go's abi-internal.md: ABIInternal gives each value all in registers or all on the
 * stack, and results begin at the first register again; ABI0 has all on the stack.
 */
#include "dwarf.h"

#define WORD	      8
#define REGISTER_XMM0 17u
#define VECTOR_MAX    15
#define OPS_MAX	      64
#define NESTING_MAX   16

/* rax rbx rcx rdi rsi r8 r9 r10 r11, by DWARF number. */
static const unsigned general[] = {0, 3, 2, 5, 4, 8, 9, 10, 11};

/* Where the next value goes, of arguments or of results. */
struct places {
	struct where_context context;
	bool has_registers;
	unsigned general, vector;
	uint64_t stack; /* offset from the CFA */
};

/* A value that is being taken apart into registers. */
struct parts {
	struct places *places;
	unsigned general, vector;
	struct part {
		uint64_t offset;
		unsigned number; /* of the register, in DWARF */
	} list[OPS_MAX / 2];
	size_t count;
};

static uint64_t aligned(uint64_t offset, uint64_t alignment)
{
	return (offset + alignment - 1) / alignment * alignment;
}

static uint64_t alignment_of(const struct type *type)
{
	uint64_t alignment = type_alignment(type, 0);

	return alignment ? alignment : WORD;
}

/* ----------------------------------------------------------------- registers */

static bool add_general(struct parts *parts, uint64_t offset)
{
	if (parts->general == ARRAY_SIZE(general) || parts->count == ARRAY_SIZE(parts->list))
		return false;
	parts->list[parts->count++] = (struct part){offset, general[parts->general++]};
	return true;
}

static bool add_vector(struct parts *parts, uint64_t offset)
{
	if (parts->vector == VECTOR_MAX || parts->count == ARRAY_SIZE(parts->list))
		return false;
	parts->list[parts->count++] = (struct part){offset, REGISTER_XMM0 + parts->vector++};
	return true;
}

/* False: it does not go into registers. */
static bool add_value(struct parts *parts, const struct type *type, uint64_t offset,
		      unsigned nesting)
{
	if (nesting > NESTING_MAX)
		return false;
	switch (type->kind) {
	case TYPE_INTEGER:
	case TYPE_CHARACTER:
	case TYPE_BOOLEAN:
	case TYPE_POINTER:
		return type->size <= WORD && add_general(parts, offset);
	case TYPE_FLOAT:
		return add_vector(parts, offset);
	case TYPE_OPAQUE: /* complex */
		return add_vector(parts, offset) && add_vector(parts, offset + type->size / 2);
	case TYPE_ARRAY:
		return type->count == 0 ||
		       (type->count == 1 && add_value(parts, type->target, offset, nesting + 1));
	case TYPE_STRUCT:
		for (size_t i = 0; i < type->member_count; i++)
			if (!add_value(parts, type->members[i].type,
				       offset + type->members[i].offset, nesting + 1))
				return false;
		return true;
	default:
		return false;
	}
}

/* Each register has the bytes up to those of the next: what is behind its own is padding. */
static void describe_parts(const struct parts *parts, const struct type *type, struct where *ret)
{
	Dwarf_Op ops[OPS_MAX] = {0};
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++) {
		bool is_last = i + 1 == parts->count;
		uint64_t end = is_last ? type->size : parts->list[i + 1].offset;

		ops[count++] = (Dwarf_Op){.atom = DW_OP_regx, .number = parts->list[i].number};
		ops[count++] =
		    (Dwarf_Op){.atom = DW_OP_piece, .number = end - parts->list[i].offset};
	}
	if (parts->count == 1)
		count = 1;
	where_ops(&parts->places->context, ops, count, type->size, ret);
}

/* --------------------------------------------------------------------- values */

static void place(struct places *places, const struct type *type, struct where *ret)
{
	struct parts parts = {
	    .places = places, .general = places->general, .vector = places->vector};

	if (type->size && places->has_registers && add_value(&parts, type, 0, 0) && parts.count) {
		places->general = parts.general;
		places->vector = parts.vector;
		describe_parts(&parts, type, ret);
		return;
	}
	places->stack = aligned(places->stack, alignment_of(type));
	const Dwarf_Op ops[] = {
	    {.atom = DW_OP_call_frame_cfa},
	    {.atom = DW_OP_plus_uconst, .number = places->stack},
	};
	where_ops(&places->context, ops, ARRAY_SIZE(ops), type->size, ret);
	places->stack += type->size;
}

static struct places places_of(struct scope *scope)
{
	struct image *image = scope->dwarf->image;
	struct function function;
	bool is_known = image_function_at(image, scope->address, &function);

	return (struct places){
	    .context = scope_where(scope),
	    .has_registers = is_known && image_abi(image, &function) == ABI_GO_REGISTERS,
	};
}

/* A function that has type parameters gets a dictionary too, which has no name. */
static bool has_dictionary(Dwarf_Die *function)
{
	const char *name = dwarf_diename(function);

	return name && strstr(name, "[go.shape.");
}

void scope_go_argument(struct scope *scope, Dwarf_Die *parameter, struct where *ret)
{
	struct places places = places_of(scope);
	Dwarf_Die function = scope->blocks.data[0], child;

	if (has_dictionary(&function))
		return;
	for (int more = dwarf_child(&function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		struct where where;
		if (!die_is_parameter(&child))
			continue;
		place(&places, dwarf_type_of(scope->dwarf, &child), &where);
		if (child.addr != parameter->addr)
			continue;
		*ret = where;
		return;
	}
}

/* ------------------------------------------------------------------- closures */

#define DW_AT_go_closure_offset 0x2907 /* from Go 1.23 on */
#define REGISTER_RDX		1

bool scope_go_captured(struct scope *scope, Dwarf_Die *die, uint64_t size, struct where *ret)
{
	const struct where_context context = scope_where(scope);
	int64_t offset;

	if (scope->unit->language != LANGUAGE_GO ||
	    !die_number(die, DW_AT_go_closure_offset, &offset) || !scope_is_in_prologue(scope))
		return false;
	const Dwarf_Op op = {
	    .atom = DW_OP_bregx, .number = REGISTER_RDX, .number2 = (Dwarf_Word)offset};
	where_ops(&context, &op, 1, size, ret);
	return true;
}

bool scope_go_dereference(struct scope *scope, const struct variable *pointer, struct variable *ret)
{
	const struct where_piece *piece = &pointer->where.pieces[0];
	struct arena *arena = &scope->dwarf->image->arena;

	if (scope->unit->language != LANGUAGE_GO || pointer->type->kind != TYPE_POINTER)
		return false;
	struct where_piece *target = ARENA_NEW(arena, struct where_piece);
	struct where_step *steps = arena_alloc(arena, (piece->step_count + 1) * sizeof(*steps));
	*target = *piece;
	target->size = pointer->type->target->size;
	target->steps = steps;
	memcpy(steps, piece->steps, piece->step_count * sizeof(*steps));
	if (piece->kind == PIECE_MEMORY)
		steps[target->step_count++] = (struct where_step){WHERE_LOAD, WORD};
	if (piece->kind == PIECE_VALUE)
		target->kind = PIECE_MEMORY;
	*ret = *pointer;
	ret->name = pointer->name + 1;
	ret->type = pointer->type->target;
	ret->where = (struct where){target, 1};
	return true;
}

/* -------------------------------------------------------------------- results */

static bool is_result(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_formal_parameter && !die_is_parameter(die);
}

/* Results on the stack are behind the arguments that are there. */
static void skip_arguments(struct scope *scope, Dwarf_Die *function, struct places *places)
{
	struct where ignored;
	Dwarf_Die child;

	for (int more = dwarf_child(function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child))
		if (die_is_parameter(&child))
			place(places, dwarf_type_of(scope->dwarf, &child), &ignored);
	places->stack = aligned(places->stack, WORD);
	places->general = places->vector = 0;
}

/* Some compilers describe a result twice that a deferred function sets. */
static bool is_repeated(Dwarf_Die *die, const char *last)
{
	const char *name = dwarf_diename(die);

	return name && last && strcmp(name, "_") != 0 && strcmp(name, last) == 0;
}

bool scope_go_result(struct scope *scope, size_t index, struct variable *ret)
{
	struct places places;
	Dwarf_Die function, child;
	const char *last = NULL;

	if (!scope->blocks.size || scope->unit->language != LANGUAGE_GO)
		return false;
	places = places_of(scope);
	function = scope->blocks.data[0];
	skip_arguments(scope, &function, &places);
	for (int more = dwarf_child(&function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		struct where where;
		if (!is_result(&child) || is_repeated(&child, last))
			continue;
		last = dwarf_diename(&child);
		scope_describe(scope, &child, false, ret);
		place(&places, ret->type, &where);
		ret->where = where;
		if (index-- == 0)
			return true;
	}
	return false;
}
