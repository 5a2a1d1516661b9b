/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.c - a function, and what the compiler split off it: NAME.cold, which it jumps to.
 */
#include "internal.h"

const struct code *parts_at(const struct parts *parts, uint64_t address)
{
	for (size_t i = 0; i < parts->count; i++)
		if (address >= parts->code[i]->start && address < parts->code[i]->end)
			return parts->code[i];
	return NULL;
}

/* False: its code is not in the file. */
static bool add(struct parts *parts, const struct image *image, const struct function *function)
{
	size_t i = parts->count;

	parts->bytes[i] = xmalloc(function->size);
	if (!image_read(image, function->address, parts->bytes[i], function->size)) {
		free(parts->bytes[i]);
		parts->bytes[i] = NULL;
		return false;
	}
	code_init(&parts->own[i], parts->bytes[i], function->size, function->address);
	parts->code[i] = &parts->own[i];
	parts->count++;
	return true;
}

void parts_add(struct parts *parts, struct image *image, uint64_t target)
{
	struct function function;

	if (parts->count < PARTS_MAX && !parts_at(parts, target) &&
	    image_function_at(image, target, &function) && strstr(function.name, ".cold") &&
	    function.size != 0)
		add(parts, image, &function);
}

/* What jumps lead to from the parts that are there. */
static void add_all(struct parts *parts, struct image *image)
{
	for (size_t i = 0; i < parts->count; i++)
		for (size_t k = 0; k < parts->code[i]->insns.size; k++) {
			const struct insn *insn = &parts->code[i]->insns.data[k];

			if (insn->target && insn->kind != INSN_CALL)
				parts_add(parts, image, insn->target);
		}
}

void parts_init(struct parts *ret, struct image *image, const struct code *body)
{
	*ret = (struct parts){.code = {body}, .count = 1};
	add_all(ret, image);
}

bool parts_open(struct parts *ret, struct image *image, const struct function *function)
{
	*ret = (struct parts){0};
	if (!add(ret, image, function))
		return false;
	add_all(ret, image);
	return true;
}

void parts_deinit(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (!parts->bytes[i])
			continue;
		code_deinit(&parts->own[i]);
		free(parts->bytes[i]);
	}
}
