/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.c - what a stack shows of one address: its function, and first the functions that
 * were inlined there. Found once for each address of a module.
 */
#include "stack.h"

struct kept_frames {
	size_t count;
	struct stack_frame frames[];
};

static struct stack_frame unnamed(const struct stack_place *place)
{
	return (struct stack_frame){
	    .function = place->name,
	    .offset = place->name ? place->address - place->start : 0,
	    .address = place->address,
	    .module = place->module && *place->module->name ? place->module->name : NULL,
	};
}

/* The function's frame is the last: the lines of those inlined in it are where the calls
 * stand. */
static void add_inlined(const struct stack_place *place, uint64_t lookup, struct stack_frame *frame,
			frame_list *ret)
{
	inline_chain calls = {0};

	image_inlined_at(place->image, lookup, &calls);
	for (size_t i = 0; i < calls.size; i++) {
		struct stack_frame inlined = *frame;
		inlined.function = calls.data[i].name;
		inlined.offset = 0;
		inlined.is_inlined = true;
		vector_push(ret, inlined);
		frame->line = calls.data[i].line;
	}
	vector_deinit(&calls);
}

static void find_frames(const struct stack_place *place, frame_list *ret)
{
	/* A call may be its function's last instruction: its return address is the next's. */
	uint64_t lookup = place->address - !place->is_exact;
	struct stack_frame frame = unnamed(place);
	struct function function;

	if (place->image) {
		image_line_at(place->image, lookup, &frame.line);
		if (image_function_at(place->image, lookup, &function)) {
			frame.function = function.name;
			frame.offset = place->address - function.address;
		}
		add_inlined(place, lookup, &frame, ret);
	}
	vector_push(ret, frame);
}

void frames_of_place(const struct stack_place *place, frame_list *ret)
{
	struct module *module = place->module;
	uint64_t number = place->address << 1 | place->is_exact;
	struct kept_frames *kept = module ? number_map_get(&module->frames, number) : NULL;
	size_t first = ret->size;

	if (kept) {
		for (size_t i = 0; i < kept->count; i++)
			vector_push(ret, kept->frames[i]);
		return;
	}
	find_frames(place, ret);
	if (!place->image)
		return;
	size_t count = ret->size - first, size = count * sizeof(struct stack_frame);
	kept = arena_alloc(&module->arena, sizeof(*kept) + size);
	kept->count = count;
	memcpy(kept->frames, ret->data + first, size);
	number_map_put(&module->frames, number, kept);
}
