/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - what the target's files say of addresses that values lead to.
 */
#include "internal.h"

static const struct type *type_at(const struct typed_program *program, uint64_t address)
{
	return image_go_type(program->image, address);
}

static const char *function_at(const struct typed_program *program, uint64_t address)
{
	struct function function;

	return image_function_at(program->image, address, &function) && function.address == address
		   ? function.name
		   : NULL;
}

const struct typed_program *program_of(struct runtime *runtime, struct image *image)
{
	for (size_t i = 0; i < runtime->programs.size; i++)
		if (runtime->programs.data[i]->image == image)
			return runtime->programs.data[i];
	struct typed_program *program = xcalloc(1, sizeof(*program));
	*program = (struct typed_program){type_at, function_at, NULL, image_ref(image)};
	vector_push(&runtime->programs, program);
	return program;
}

void program_free_all(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->programs.size; i++) {
		image_unref(runtime->programs.data[i]->image);
		free(runtime->programs.data[i]);
	}
	vector_deinit(&runtime->programs);
}
