/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfop.c - the operations of DWARF expressions, run on steps instead of numbers: each
 * value of DWARF's stack is the steps that compute it, so that dup, swap and their kin leave
 * nothing behind for later. Knows nothing of locations and pieces (dwarfwhere.c).
 */
#include "dwarfop.h"

/* A frame base or a type may refer to an expression again. */
#define NESTING_MAX 4
#define STACK_MAX   64

static const struct op_name {
	uint8_t op;
	const char *name;
} op_names[] = {
    {DW_OP_xderef, "DW_OP_xderef"},
    {DW_OP_abs, "DW_OP_abs"},
    {DW_OP_div, "DW_OP_div"},
    {DW_OP_mod, "DW_OP_mod"},
    {DW_OP_bra, "DW_OP_bra"},
    {DW_OP_eq, "DW_OP_eq"},
    {DW_OP_ge, "DW_OP_ge"},
    {DW_OP_gt, "DW_OP_gt"},
    {DW_OP_le, "DW_OP_le"},
    {DW_OP_lt, "DW_OP_lt"},
    {DW_OP_ne, "DW_OP_ne"},
    {DW_OP_skip, "DW_OP_skip"},
    {DW_OP_bit_piece, "DW_OP_bit_piece"},
    {DW_OP_push_object_address, "DW_OP_push_object_address"},
    {DW_OP_call2, "DW_OP_call2"},
    {DW_OP_call4, "DW_OP_call4"},
    {DW_OP_call_ref, "DW_OP_call_ref"},
    {DW_OP_implicit_pointer, "DW_OP_implicit_pointer"},
    {DW_OP_entry_value, "DW_OP_entry_value"},
    {DW_OP_const_type, "DW_OP_const_type"},
    {DW_OP_regval_type, "DW_OP_regval_type"},
    {DW_OP_deref_type, "DW_OP_deref_type"},
    {DW_OP_convert, "DW_OP_convert"},
    {DW_OP_reinterpret, "DW_OP_reinterpret"},
    {DW_OP_GNU_implicit_pointer, "DW_OP_implicit_pointer"},
    {DW_OP_GNU_entry_value, "DW_OP_entry_value"},
    {DW_OP_GNU_const_type, "DW_OP_const_type"},
    {DW_OP_GNU_regval_type, "DW_OP_regval_type"},
    {DW_OP_GNU_deref_type, "DW_OP_deref_type"},
    {DW_OP_GNU_convert, "DW_OP_convert"},
    {DW_OP_GNU_reinterpret, "DW_OP_reinterpret"},
    {DW_OP_GNU_parameter_ref, "DW_OP_GNU_parameter_ref"},
    {DW_OP_GNU_variable_value, "DW_OP_GNU_variable_value"},
};

void op_lose(struct op_stack *stack, uint8_t op)
{
	struct image *image = stack->context->image;
	CLEANUP(free_p) char *reason = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(op_names) && !reason; i++)
		if (op_names[i].op == op)
			reason = xasprintf("<optimized out> (%s)", op_names[i].name);
	if (!reason)
		reason = xasprintf("<optimized out> (DWARF operation 0x%x)", op);
	stack->lost = image_intern(image, reason);
}

static void lose_register(struct op_stack *stack, uint64_t number)
{
	bool is_go = image_go_version(stack->context->image) != NULL;
	CLEANUP(free_p) char *reason = NULL;

	if (number >= 17 && number <= 32)
		reason = xasprintf(is_go ? "<unavailable in X%u>" : "<unavailable in %%xmm%u>",
				   (unsigned)number - 17);
	else
		reason = xasprintf("<unavailable in register %llu>", (unsigned long long)number);
	stack->lost = image_intern(stack->context->image, reason);
}

/* -------------------------------------------------------------------- steps */

static void add_step(step_list *steps, enum where_op op, int64_t number)
{
	vector_push(steps, ((struct where_step){op, number}));
}

void steps_add_constant(step_list *steps, int64_t number)
{
	struct where_step *last = steps->data + steps->size;

	if (number == 0)
		return;
	if (steps->size >= 3 && last[-1].op == WHERE_ADD && last[-2].op == WHERE_CONSTANT) {
		last[-2].number = (int64_t)((uint64_t)last[-2].number + (uint64_t)number);
		return;
	}
	add_step(steps, WHERE_CONSTANT, number);
	add_step(steps, WHERE_ADD, 0);
}

const struct where_step *steps_keep(struct image *image, const step_list *steps)
{
	struct where_step *kept = arena_alloc(&image->arena, steps->size * sizeof(*kept));

	memcpy(kept, steps->data, steps->size * sizeof(*kept));
	return kept;
}

static void append(step_list *steps, const step_list *more)
{
	for (size_t i = 0; i < more->size; i++)
		vector_push(steps, more->data[i]);
}

/* -------------------------------------------------------------------- stack */

static step_list *push(struct op_stack *stack)
{
	return vector_add(&stack->values);
}

static void push_step(struct op_stack *stack, enum where_op op, int64_t number)
{
	add_step(push(stack), op, number);
}

/* The value that many below the top, or NULL: the expression is malformed. */
static step_list *peek(struct op_stack *stack, uint64_t depth)
{
	if (depth < stack->values.size)
		return &stack->values.data[stack->values.size - 1 - depth];
	stack->lost = "<optimized out> (malformed DWARF expression)";
	return NULL;
}

static void pop(struct op_stack *stack)
{
	vector_deinit(&stack->values.data[stack->values.size - 1]);
	stack->values.size--;
}

void op_stack_clear(struct op_stack *stack)
{
	while (stack->values.size)
		pop(stack);
	stack->lost = NULL;
}

void op_stack_deinit(struct op_stack *stack)
{
	op_stack_clear(stack);
	vector_deinit(&stack->values);
}

step_list *op_stack_top(struct op_stack *stack)
{
	return peek(stack, 0);
}

static void copy(struct op_stack *stack, uint64_t depth)
{
	if (!peek(stack, depth))
		return;
	step_list *top = push(stack);
	append(top, peek(stack, depth + 1));
}

/* The top becomes the one that many below it; those between move up. */
static void rotate(struct op_stack *stack, unsigned depth)
{
	if (!peek(stack, depth))
		return;
	step_list *top = peek(stack, 0), moved = *top;
	memmove(top - depth + 1, top - depth, depth * sizeof(*top));
	top[-(ptrdiff_t)depth] = moved;
}

static void binary(struct op_stack *stack, enum where_op op)
{
	step_list *right = peek(stack, 0), *left = peek(stack, 1);

	if (!right || !left)
		return;
	if (op == WHERE_ADD && right->size == 1 && right->data[0].op == WHERE_CONSTANT) {
		steps_add_constant(left, right->data[0].number);
	} else {
		append(left, right);
		add_step(left, op, 0);
	}
	pop(stack);
}

static void unary(struct op_stack *stack, enum where_op op, int64_t number)
{
	step_list *top = peek(stack, 0);

	if (top)
		add_step(top, op, number);
}

/* ------------------------------------------------------------ what they read */

void op_push_register(struct op_stack *stack, uint64_t number, int64_t offset)
{
	if (number > 16) {
		lose_register(stack, number);
		return;
	}
	push_step(stack, WHERE_REGISTER, (int64_t)number);
	steps_add_constant(op_stack_top(stack), offset);
}

static void push_cfa(struct op_stack *stack)
{
	if (!cfa_steps(stack->context->image, stack->context->address, push(stack)))
		stack->lost = "<unavailable without call frame information>";
}

static void run_all(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *ops,
		    size_t count);

/* DW_AT_frame_base: a register means its content, anything else is computed. */
static void push_frame_base(struct op_stack *stack, int64_t offset)
{
	const struct where_context *context = stack->context;
	Dwarf_Die function = context->function;
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!function.addr || !die_location(&function, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation_addr(&attribute, context->address, &ops, &count, 1) != 1 ||
	    count == 0) {
		stack->lost = "<unavailable without a frame base>";
		return;
	}
	if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31)
		op_push_register(stack, ops[0].atom - DW_OP_reg0, 0);
	else
		run_all(stack, &attribute, ops, count);
	if (!stack->lost && op_stack_top(stack))
		steps_add_constant(op_stack_top(stack), offset);
}

static void push_indexed(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	Dwarf_Attribute indexed;
	Dwarf_Addr address;
	bool is_address = op->atom == DW_OP_addrx || op->atom == DW_OP_GNU_addr_index;

	/* Both are stored as addresses; only the first moves with the program. */
	if (!attribute || dwarf_getlocation_attr(attribute, op, &indexed) != 0 ||
	    dwarf_formaddr(&indexed, &address) != 0) {
		op_lose(stack, op->atom);
		return;
	}
	push_step(stack, is_address ? WHERE_ADDRESS : WHERE_CONSTANT, (int64_t)address);
}

/* ------------------------------------------------------------- typed values */

/* Leaves what a base type keeps of the top: DWARF's own type, of 64 bits, is type 0. */
static bool convert(struct op_stack *stack, Dwarf_Die *type)
{
	int64_t size = 0, encoding = 0;
	step_list *top = op_stack_top(stack);

	if (!top || dwarf_tag(type) != DW_TAG_base_type ||
	    !die_number(type, DW_AT_encoding, &encoding) ||
	    !(die_number(type, DW_AT_byte_size, &size) ||
	      (die_number(type, DW_AT_bit_size, &size) && (size /= 8))) ||
	    size < 1 || size > 8 || encoding == DW_ATE_float)
		return false;
	if (size == 8)
		return true;
	if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char) {
		add_step(top, WHERE_CONSTANT, 64 - 8 * size);
		add_step(top, WHERE_SHL, 0);
		add_step(top, WHERE_CONSTANT, 64 - 8 * size);
		add_step(top, WHERE_SAR, 0);
	} else {
		add_step(top, WHERE_CONSTANT, (int64_t)((UINT64_C(1) << 8 * size) - 1));
		add_step(top, WHERE_AND, 0);
	}
	return true;
}

static void load(struct op_stack *stack, const Dwarf_Op *op, uint64_t size)
{
	if (size == 1 || size == 2 || size == 4 || size == 8)
		unary(stack, WHERE_LOAD, (int64_t)size);
	else
		op_lose(stack, op->atom);
}

static void run_typed(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	Dwarf_Die type;
	bool is_generic =
	    (op->atom == DW_OP_convert || op->atom == DW_OP_GNU_convert) && op->number == 0;

	if (is_generic)
		return;
	if (!attribute || dwarf_getlocation_die(attribute, op, &type) != 0) {
		op_lose(stack, op->atom);
		return;
	}
	if (op->atom == DW_OP_regval_type || op->atom == DW_OP_GNU_regval_type)
		op_push_register(stack, op->number, 0);
	else if (op->atom == DW_OP_deref_type || op->atom == DW_OP_GNU_deref_type)
		load(stack, op, op->number);
	if (!stack->lost && !convert(stack, &type))
		op_lose(stack, op->atom);
}

/* ---------------------------------------------------------------- operations */

static bool run_arithmetic(struct op_stack *stack, uint8_t op)
{
	static const struct {
		uint8_t op;
		enum where_op step;
	} table[] = {
	    {DW_OP_plus, WHERE_ADD}, {DW_OP_minus, WHERE_SUB}, {DW_OP_mul, WHERE_MUL},
	    {DW_OP_and, WHERE_AND},  {DW_OP_or, WHERE_OR},     {DW_OP_xor, WHERE_XOR},
	    {DW_OP_shl, WHERE_SHL},  {DW_OP_shr, WHERE_SHR},   {DW_OP_shra, WHERE_SAR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].op == op) {
			binary(stack, table[i].step);
			return true;
		}
	return false;
}

static bool run_stack(struct op_stack *stack, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_dup:
		copy(stack, 0);
		return true;
	case DW_OP_over:
		copy(stack, 1);
		return true;
	case DW_OP_pick:
		copy(stack, op->number);
		return true;
	case DW_OP_drop:
		if (peek(stack, 0))
			pop(stack);
		return true;
	case DW_OP_swap:
		rotate(stack, 1);
		return true;
	case DW_OP_rot:
		rotate(stack, 2);
		return true;
	default:
		return false;
	}
}

static bool run_constant(struct op_stack *stack, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_lit0 ... DW_OP_lit31:
		push_step(stack, WHERE_CONSTANT, op->atom - DW_OP_lit0);
		return true;
	case DW_OP_const1u:
	case DW_OP_const2u:
	case DW_OP_const4u:
	case DW_OP_const8u:
	case DW_OP_constu:
	case DW_OP_const1s:
	case DW_OP_const2s:
	case DW_OP_const4s:
	case DW_OP_const8s:
	case DW_OP_consts:
		/* libdw has extended the signed ones. */
		push_step(stack, WHERE_CONSTANT, (int64_t)op->number);
		return true;
	case DW_OP_addr:
		push_step(stack, WHERE_ADDRESS, (int64_t)op->number);
		return true;
	default:
		return false;
	}
}

static void run_other(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_breg0 ... DW_OP_breg31:
		op_push_register(stack, op->atom - DW_OP_breg0, (int64_t)op->number);
		break;
	case DW_OP_bregx:
		op_push_register(stack, op->number, (int64_t)op->number2);
		break;
	case DW_OP_fbreg:
		push_frame_base(stack, (int64_t)op->number);
		break;
	case DW_OP_call_frame_cfa:
		push_cfa(stack);
		break;
	case DW_OP_addrx:
	case DW_OP_constx:
	case DW_OP_GNU_addr_index:
	case DW_OP_GNU_const_index:
		push_indexed(stack, attribute, op);
		break;
	case DW_OP_plus_uconst:
		if (peek(stack, 0))
			steps_add_constant(peek(stack, 0), (int64_t)op->number);
		break;
	case DW_OP_deref:
		load(stack, op, 8);
		break;
	case DW_OP_deref_size:
		load(stack, op, op->number);
		break;
	case DW_OP_neg:
		unary(stack, WHERE_NEG, 0);
		break;
	case DW_OP_not:
		unary(stack, WHERE_NOT, 0);
		break;
	case DW_OP_convert:
	case DW_OP_regval_type:
	case DW_OP_deref_type:
	case DW_OP_GNU_convert:
	case DW_OP_GNU_regval_type:
	case DW_OP_GNU_deref_type:
		run_typed(stack, attribute, op);
		break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		stack->lost = "<thread-local>";
		break;
	case DW_OP_nop:
		break;
	default:
		op_lose(stack, op->atom);
	}
}

void op_run(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	if (!run_constant(stack, op) && !run_stack(stack, op) && !run_arithmetic(stack, op->atom))
		run_other(stack, attribute, op);
	if (stack->lost || stack->values.size == 0)
		return;
	if (stack->values.size > STACK_MAX || op_stack_top(stack)->size > WHERE_STEPS_MAX)
		stack->lost = "<optimized out> (DWARF expression too long)";
}

static void run_all(struct op_stack *stack, Dwarf_Attribute *attribute, const Dwarf_Op *ops,
		    size_t count)
{
	if (stack->nesting >= NESTING_MAX) {
		stack->lost = "<optimized out> (malformed DWARF expression)";
		return;
	}
	stack->nesting++;
	for (size_t i = 0; i < count && !stack->lost; i++)
		op_run(stack, attribute, &ops[i]);
	stack->nesting--;
}
