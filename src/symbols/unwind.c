/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind.c - from registers and a piece of stack memory to the addresses of a stack: by the
 * unwind tables, and by the frame pointer where code has none (generated code, assembly,
 * Go).
 */
#include "stack.h"

static bool knows(const struct unwind_registers *registers, unsigned reg)
{
	return registers->known >> reg & 1;
}

/* As `push %rbp; mov %rsp,%rbp` leaves it: the caller's frame pointer, the return address. */
static enum unwind_step frame_pointer_step(const struct stack_memory *memory,
					   struct unwind_registers *registers)
{
	uint64_t *value = registers->value, frame = value[REGISTER_RBP];

	if (!knows(registers, REGISTER_RBP) || frame < value[REGISTER_RSP])
		return STEP_CORRUPT;
	if (!stack_memory_read(memory, frame, &value[REGISTER_RBP]) ||
	    !stack_memory_read(memory, frame + 8, &value[REGISTER_RETURN]))
		return STEP_BEYOND;
	value[REGISTER_RSP] = frame + 16;
	registers->known = 1u << REGISTER_RBP | 1u << REGISTER_RSP | 1u << REGISTER_RETURN;
	return STEP_DONE;
}

static enum unwind_step step_up(const struct stack_place *place, const struct stack_memory *memory,
				struct unwind_registers *registers, bool *ret_is_signal)
{
	const struct unwind_row *row =
	    place->image ? cfi_row(place->image, place->address - !place->is_exact) : NULL;

	*ret_is_signal = row && row->is_signal;
	return row ? cfi_step(row, memory, registers) : frame_pointer_step(memory, registers);
}

static const char *end_of(enum unwind_step step)
{
	switch (step) {
	case STEP_BEYOND:
		return "<truncated>";
	case STEP_CORRUPT:
		return UNWIND_LOST;
	default:
		return NULL;
	}
}

void unwind_memory(const struct unwind *unwind, const struct stack_capture *capture,
		   stack_place_list *ret, const char **ret_end)
{
	struct unwind_registers registers = {.known = (1u << REGISTER_COUNT) - 1};
	const struct stack_memory memory = {capture->registers[REGISTER_RSP], capture->memory,
					    capture->memory_size};
	bool is_exact = true;

	memcpy(registers.value, capture->registers, sizeof(registers.value));
	*ret_end = NULL;
	while (ret->size < capture->wanted) {
		struct stack_place place = {0};
		uint64_t address = registers.value[REGISTER_RETURN];

		if (address == 0)
			return;
		if (!unwind->locate(unwind->context, address, is_exact, &place) && ret->size) {
			*ret_end = end_of(STEP_CORRUPT);
			return;
		}
		vector_push(ret, place);
		enum unwind_step step = step_up(&place, &memory, &registers, &is_exact);
		if (step != STEP_DONE) {
			*ret_end = ret->size < capture->wanted ? end_of(step) : NULL;
			return;
		}
	}
}
