/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfa.c - the canonical frame address at a pc, as steps: what the unwind table says of it.
 */
#include "dwarfop.h"
#include "operations.h"

static bool expand(struct image *image, uint64_t address, const struct bytes *expression,
		   step_list *ret)
{
	const struct where_context context = {.image = image, .address = address};
	struct op_stack stack = {.context = &context};
	struct cursor cursor = cursor_of(expression);
	bool is_read = true;
	Dwarf_Op op;

	while (is_read && cursor.at < cursor.end) {
		is_read = operation_read(&cursor, &op);
		if (is_read)
			op_run(&stack, NULL, &op);
	}
	const step_list *top = is_read && !stack.lost ? op_stack_top(&stack) : NULL;
	for (size_t i = 0; top && i < top->size; i++)
		vector_push(ret, top->data[i]);
	op_stack_deinit(&stack);
	return top;
}

bool cfa_steps(struct image *image, uint64_t address, step_list *ret)
{
	const struct unwind_row *row = cfi_row(image, address);

	if (!row)
		return false;
	if (row->cfa.kind == RULE_EXPRESSION)
		return expand(image, address, &row->cfa.expression, ret);
	vector_push(ret, ((struct where_step){WHERE_REGISTER, row->cfa.base}));
	steps_add_constant(ret, row->cfa.number);
	return true;
}

bool image_cfa(struct image *image, uint64_t address, struct where_piece *ret)
{
	step_list steps = {0};
	bool is_known = cfa_steps(image, address, &steps);

	if (is_known)
		*ret = (struct where_piece){
		    .kind = PIECE_MEMORY,
		    .steps = steps_keep(image, &steps),
		    .step_count = steps.size,
		    .size = sizeof(uint64_t),
		};
	vector_deinit(&steps);
	return is_known;
}
