/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfabi.c - arguments where the calling convention puts them. In a function's prologue
 * debug information names the places in its frame to which it is about to store them.
 *
 * System V ABI for x86-64, 3.2.3: a value of up to 16 bytes is taken apart into two words,
 * each of which goes to a register if all of it can.
 */
#include "dwarf.h"

#define GENERAL_MAX   6
#define VECTOR_MAX    8
#define WORD	      8
#define REGISTER_XMM0 17u

static const unsigned general[GENERAL_MAX] = {5, 4, 1, 2, 8, 9}; /* rdi rsi rdx rcx r8 r9 */

enum word_class {
	WORD_NONE,
	WORD_VECTOR,  /* xmm */
	WORD_GENERAL, /* wins over VECTOR in the same word */
	WORD_ADDRESS, /* the address of the whole, likewise */
	WORD_MEMORY,  /* the whole is on the stack */
	WORD_UNKNOWN,
};

/* Where the next argument goes. */
struct arguments {
	struct scope *scope;
	unsigned general, vector;
	uint64_t stack; /* offset from the CFA */
	bool is_lost;	/* it is not known how one before it was passed */
};

/* ------------------------------------------------------------ classification */

/* More parts than that are in no value that fits two words. */
#define STEPS_MAX 1000

static void merge(enum word_class *word, enum word_class other)
{
	if (other > *word)
		*word = other;
}

static void classify(const struct type *type, uint64_t offset, enum word_class *words,
		     unsigned *steps);

static void classify_members(const struct type *type, uint64_t offset, enum word_class *words,
			     unsigned *steps)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		if (member->bit_size)
			merge(&words[(offset + member->offset + member->bit_offset / 8) / WORD % 2],
			      WORD_GENERAL);
		else
			classify(member->type, offset + member->offset, words, steps);
	}
}

static void classify(const struct type *type, uint64_t offset, enum word_class *words,
		     unsigned *steps)
{
	enum word_class *word = &words[offset / WORD % 2];

	if (offset + type->size > 2L * WORD || ++*steps > STEPS_MAX) {
		merge(word, WORD_MEMORY);
		return;
	}
	switch (type->kind) {
	case TYPE_INTEGER:
	case TYPE_CHARACTER:
	case TYPE_BOOLEAN:
	case TYPE_ENUM:
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		merge(word, WORD_GENERAL);
		if (type->size > WORD)
			merge(&words[1], WORD_GENERAL);
		break;
	case TYPE_FLOAT:
		/* long double */
		merge(word, type->size > WORD ? WORD_MEMORY : WORD_VECTOR);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		classify_members(type, offset, words, steps);
		break;
	case TYPE_ARRAY:
		for (uint64_t i = 0; i < type->count && i < 2L * WORD && type->target->size; i++)
			classify(type->target, offset + i * type->target->size, words, steps);
		break;
	default:
		merge(word, WORD_UNKNOWN);
	}
}

/* Rust has a convention of its own, which it does not promise to keep: a pair of words is
 * passed as two, what is large by its address. */
static void classify_rust(const struct type *type, enum word_class words[2])
{
	bool is_pair =
	    type->size == 2L * WORD && (type->form == FORM_STRING || type->form == FORM_SEQUENCE);

	if (is_pair)
		words[0] = words[1] = WORD_GENERAL;
	else if (type->size > 2L * WORD)
		words[0] = WORD_ADDRESS;
	else if (type->size > 0)
		words[0] = WORD_UNKNOWN;
}

static bool is_aggregate(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ARRAY;
}

/* What the parts of a value are passed in. */
static void classify_value(const struct arguments *arguments, Dwarf_Die *die,
			   const struct type *type, enum word_class words[2])
{
	unsigned steps = 0;

	words[0] = words[1] = WORD_NONE;
	if (type_is_by_address(arguments->scope->dwarf, die)) {
		words[0] = WORD_ADDRESS;
	} else if (arguments->scope->unit->language == LANGUAGE_RUST && is_aggregate(type)) {
		classify_rust(type, words);
	} else if (type->size > 2L * WORD) {
		words[0] = WORD_MEMORY;
	} else {
		classify(type, 0, words, &steps);
		/* Not there, and not to be passed: an empty class. */
		if (words[0] == WORD_NONE && type->size > 1)
			words[0] = WORD_UNKNOWN;
	}
}

/* -------------------------------------------------------------------- places */

/* As far as it is more than a word's. */
static uint64_t alignment_of(const struct type *type, unsigned *steps)
{
	uint64_t alignment = WORD;

	if (type->kind == TYPE_INTEGER || type->kind == TYPE_FLOAT)
		return type->size > WORD ? 2L * WORD : WORD;
	if (type->kind == TYPE_ARRAY)
		return alignment_of(type->target, steps);
	for (size_t i = 0; i < type->member_count && ++*steps < STEPS_MAX; i++)
		if (alignment_of(type->members[i].type, steps) > alignment)
			alignment = 2L * WORD;
	return alignment;
}

static void put_on_stack(struct arguments *arguments, const struct type *type, struct where *ret)
{
	const struct where_context context = scope_where(arguments->scope);
	unsigned steps = 0;
	uint64_t alignment = alignment_of(type, &steps);

	arguments->stack = (arguments->stack + alignment - 1) / alignment * alignment;
	const Dwarf_Op ops[] = {
	    {.atom = DW_OP_call_frame_cfa},
	    {.atom = DW_OP_plus_uconst, .number = arguments->stack},
	};
	where_ops(&context, ops, ARRAY_SIZE(ops), type->size, ret);
	arguments->stack += (type->size + WORD - 1) / WORD * WORD;
}

static void put_in_registers(struct arguments *arguments, const struct type *type,
			     const enum word_class *words, struct where *ret)
{
	const struct where_context context = scope_where(arguments->scope);
	Dwarf_Op ops[4] = {0};
	size_t count = 0;

	for (size_t i = 0; i < 2 && words[i] != WORD_NONE; i++) {
		ops[count++] = (Dwarf_Op){
		    .atom = words[i] == WORD_ADDRESS ? DW_OP_bregx : DW_OP_regx,
		    .number = words[i] == WORD_VECTOR ? REGISTER_XMM0 + arguments->vector++
						      : general[arguments->general++],
		};
		if (words[1] != WORD_NONE)
			ops[count++] = (Dwarf_Op){.atom = DW_OP_piece, .number = WORD};
	}
	where_ops(&context, ops, count, type->size, ret);
}

static unsigned count_of(const enum word_class words[2], enum word_class wanted)
{
	return (words[0] == wanted) + (words[1] == wanted);
}

static void place(struct arguments *arguments, Dwarf_Die *parameter, Dwarf_Die *type_die,
		  struct where *ret)
{
	const struct type *type = dwarf_type_of(arguments->scope->dwarf, parameter);
	enum word_class words[2];

	classify_value(arguments, type_die, type, words);
	arguments->is_lost |= count_of(words, WORD_UNKNOWN) > 0;
	if (arguments->is_lost || words[0] == WORD_NONE)
		where_lost(arguments->scope->dwarf->image, type->size, WHERE_NOT_STORED, ret);
	else if (count_of(words, WORD_MEMORY) ||
		 arguments->general + count_of(words, WORD_GENERAL) +
			 count_of(words, WORD_ADDRESS) >
		     GENERAL_MAX ||
		 arguments->vector + count_of(words, WORD_VECTOR) > VECTOR_MAX)
		put_on_stack(arguments, type, ret);
	else
		put_in_registers(arguments, type, words, ret);
}

/* A result in memory, to whose place an argument before all others points. */
static void place_result(struct arguments *arguments, Dwarf_Die *function)
{
	enum word_class words[2];
	Dwarf_Die die;

	if (!die_reference(function, DW_AT_type, &die))
		return;
	const struct type *type = dwarf_type(arguments->scope->dwarf, &die);
	classify_value(arguments, &die, type, words);
	arguments->general += words[0] == WORD_ADDRESS || count_of(words, WORD_MEMORY);
	arguments->is_lost = count_of(words, WORD_UNKNOWN);
}

/* Has it the same place in all of the function, as parameters have where nothing is optimized? */
static bool is_plain(Dwarf_Die *parameter)
{
	Dwarf_Attribute location;

	return die_location(parameter, DW_AT_location, &location) &&
	       dwarf_whatform(&location) == DW_FORM_exprloc;
}

void scope_argument(struct scope *scope, Dwarf_Die *parameter, struct where *ret)
{
	struct arguments arguments = {.scope = scope};
	Dwarf_Die function = scope->blocks.data[0], child, type;
	/* A compiler may leave arguments out where it sees all calls: not of such a one. */
	bool is_external = die_flag(&function, DW_AT_external);

	if (scope->unit->language == LANGUAGE_GO) {
		scope_go_argument(scope, parameter, ret);
		return;
	}
	place_result(&arguments, &function);
	for (int more = dwarf_child(&function, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		struct where where;
		if (!die_is_parameter(&child))
			continue;
		if (!die_reference(&child, DW_AT_type, &type))
			return;
		arguments.is_lost |= !is_external && !is_plain(&child);
		place(&arguments, &child, &type, &where);
		if (child.addr != parameter->addr)
			continue;
		*ret = where;
		return;
	}
}
