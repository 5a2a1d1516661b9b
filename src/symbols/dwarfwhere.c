/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfwhere.c - where a variable is at a pc: its location, of one or several pieces, or
 * its constant value.
 */
#include "dwarfop.h"

#define OPTIMIZED_OUT "<optimized out>"

/* A piece's value has at most 8 bytes; these many pieces at most. */
#define VALUE_MAX  8
#define PIECES_MAX 256

/* A location that is being read, piece by piece. */
struct reader {
	struct op_stack stack;
	Dwarf_Attribute *attribute;
	bool is_value;	   /* what is on the stack is no address */
	bool is_bytes;	   /* the value is in bytes, as it would be in memory */
	Dwarf_Block bytes; /* of DW_OP_implicit_value */
	uint64_t size;	   /* of the whole */
	uint64_t done;	   /* of that, what the pieces make up */
	VECTOR(struct where_piece) pieces;
};

/* ------------------------------------------------------------------- pieces */

static void add_piece(struct reader *reader, struct where_piece piece)
{
	reader->done += piece.size;
	vector_push(&reader->pieces, piece);
}

static void add_lost(struct reader *reader, uint64_t size, const char *reason)
{
	add_piece(reader, (struct where_piece){.kind = PIECE_LOST, .size = size, .reason = reason});
}

static void add_constant(struct reader *reader, uint64_t size, int64_t value)
{
	struct image *image = reader->stack.context->image;
	struct where_step *step = ARENA_NEW(&image->arena, struct where_step);

	*step = (struct where_step){WHERE_CONSTANT, value};
	add_piece(reader, (struct where_piece){
			      .kind = PIECE_VALUE, .steps = step, .step_count = 1, .size = size});
}

static void add_bytes(struct reader *reader, uint64_t size)
{
	const Dwarf_Block *bytes = &reader->bytes;
	uint64_t known = size < bytes->length ? size : bytes->length;

	for (uint64_t at = 0; at < known; at += VALUE_MAX) {
		uint64_t left = known - at < VALUE_MAX ? known - at : VALUE_MAX, value = 0;
		memcpy(&value, bytes->data + at, left);
		add_constant(reader, left, (int64_t)value);
	}
	if (known < size || size == 0)
		add_lost(reader, size - known, OPTIMIZED_OUT);
}

static void add_steps(struct reader *reader, uint64_t size)
{
	struct image *image = reader->stack.context->image;
	const step_list *top = op_stack_top(&reader->stack);
	uint64_t readable = reader->is_value && size > VALUE_MAX ? VALUE_MAX : size;

	if (!top) {
		add_lost(reader, size, reader->stack.lost);
		return;
	}
	add_piece(reader, (struct where_piece){
			      .kind = reader->is_value ? PIECE_VALUE : PIECE_MEMORY,
			      .steps = steps_keep(image, top),
			      .step_count = top->size,
			      .size = readable,
			  });
	if (size > readable)
		add_lost(reader, size - readable, OPTIMIZED_OUT);
}

/* What the operations since the last piece describe. */
static void end_piece(struct reader *reader, uint64_t size)
{
	uint64_t left = reader->size - reader->done;

	if (size > left)
		size = left;
	if (reader->stack.lost)
		add_lost(reader, size, reader->stack.lost);
	else if (reader->is_bytes)
		add_bytes(reader, size);
	else if (reader->stack.values.size == 0)
		add_lost(reader, size, OPTIMIZED_OUT);
	else
		add_steps(reader, size);
	op_stack_clear(&reader->stack);
	reader->is_value = reader->is_bytes = false;
}

/* --------------------------------------------------------------- operations */

static void read_register(struct reader *reader, uint64_t number)
{
	op_push_register(&reader->stack, number, 0);
	reader->is_value = true;
}

static void read_bit_piece(struct reader *reader, const Dwarf_Op *op)
{
	if (op->number % 8 || op->number2) {
		op_lose(&reader->stack, op->atom);
		end_piece(reader, reader->size);
		return;
	}
	end_piece(reader, op->number / 8);
}

static void read_op(struct reader *reader, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_reg0 ... DW_OP_reg31:
		read_register(reader, op->atom - DW_OP_reg0);
		break;
	case DW_OP_regx:
		read_register(reader, op->number);
		break;
	case DW_OP_stack_value:
		reader->is_value = true;
		break;
	case DW_OP_implicit_value:
		reader->is_bytes =
		    dwarf_getlocation_implicit_value(reader->attribute, op, &reader->bytes) == 0;
		if (!reader->is_bytes)
			op_lose(&reader->stack, op->atom);
		break;
	case DW_OP_piece:
		end_piece(reader, op->number);
		break;
	case DW_OP_bit_piece:
		read_bit_piece(reader, op);
		break;
	default:
		/* What follows a lost value in the same piece cannot bring it back. */
		if (!reader->stack.lost)
			op_run(&reader->stack, reader->attribute, op);
	}
}

static void read_ops(struct reader *reader, const Dwarf_Op *ops, size_t count)
{
	for (size_t i = 0; i < count && reader->pieces.size < PIECES_MAX; i++)
		read_op(reader, &ops[i]);
	if (reader->pieces.size == 0 || reader->done < reader->size)
		end_piece(reader, reader->size - reader->done);
}

static void read_location(struct reader *reader, Dwarf_Attribute *attribute)
{
	Dwarf_Op *ops;
	size_t count;
	int found =
	    dwarf_getlocation_addr(attribute, reader->stack.context->address, &ops, &count, 1);

	reader->attribute = attribute;
	if (found < 0)
		reader->stack.lost = "<unavailable: its location is corrupt>";
	read_ops(reader, ops, found > 0 ? count : 0);
}

/* ---------------------------------------------------------- constant values */

static void read_constant(struct reader *reader, Dwarf_Die *die, Dwarf_Attribute *attribute)
{
	int64_t value;
	const char *text = dwarf_formstring(attribute);

	if (reader->size <= 2 * VALUE_MAX && die_number(die, DW_AT_const_value, &value)) {
		uint64_t size = reader->size < VALUE_MAX ? reader->size : VALUE_MAX;
		add_constant(reader, size, value);
		if (reader->size > size)
			add_constant(reader, reader->size - size, value < 0 ? -1 : 0);
		return;
	}
	reader->is_bytes = true;
	if (text)
		reader->bytes = (Dwarf_Block){strlen(text) + 1, (unsigned char *)text};
	else if (dwarf_formblock(attribute, &reader->bytes) != 0)
		reader->bytes = (Dwarf_Block){0};
	end_piece(reader, reader->size);
}

/* ------------------------------------------------------------------ outcome */

static void keep(struct reader *reader, struct where *ret)
{
	struct arena *arena = &reader->stack.context->image->arena;
	struct where_piece *pieces =
	    arena_alloc(arena, reader->pieces.size * sizeof(*reader->pieces.data));

	memcpy(pieces, reader->pieces.data, reader->pieces.size * sizeof(*pieces));
	*ret = (struct where){pieces, reader->pieces.size};
	op_stack_deinit(&reader->stack);
	vector_deinit(&reader->pieces);
}

void dwarf_where(const struct where_context *context, Dwarf_Die *die, uint64_t size,
		 struct where *ret)
{
	struct reader reader = {.stack.context = context, .size = size};
	Dwarf_Attribute attribute;

	if (die_location(die, DW_AT_location, &attribute))
		read_location(&reader, &attribute);
	else if (dwarf_attr_integrate(die, DW_AT_const_value, &attribute))
		read_constant(&reader, die, &attribute);
	else
		add_lost(&reader, size, OPTIMIZED_OUT);
	keep(&reader, ret);
}

void where_ops(const struct where_context *context, const Dwarf_Op *ops, size_t count,
	       uint64_t size, struct where *ret)
{
	struct reader reader = {.stack.context = context, .size = size};

	read_ops(&reader, ops, count);
	keep(&reader, ret);
}

void where_lost(struct image *image, uint64_t size, const char *reason, struct where *ret)
{
	struct where_piece *kept = ARENA_NEW(&image->arena, struct where_piece);

	*kept = (struct where_piece){.kind = PIECE_LOST, .size = size, .reason = reason};
	*ret = (struct where){kept, 1};
}
