/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.c - a function, and what the compiler split off it: NAME.cold, which it jumps to.
 */
#include "internal.h"

static bool has_part(const struct parts *parts, uint64_t address)
{
	for (size_t i = 0; i < parts->count; i++)
		if (address >= parts->code[i]->start && address < parts->code[i]->end)
			return true;
	return false;
}

void parts_add(struct parts *parts, struct image *image, uint64_t target)
{
	struct function function;
	size_t i = parts->count;

	if (i == PARTS_MAX || has_part(parts, target) ||
	    !image_function_at(image, target, &function) || !strstr(function.name, ".cold") ||
	    function.size == 0)
		return;
	parts->bytes[i] = xmalloc(function.size);
	if (!image_read(image, function.address, parts->bytes[i], function.size)) {
		free(parts->bytes[i]);
		return;
	}
	code_init(&parts->own[i], parts->bytes[i], function.size, function.address);
	parts->code[i] = &parts->own[i];
	parts->count++;
}

void parts_init(struct parts *ret, struct image *image, const struct code *body)
{
	*ret = (struct parts){.code = {body}, .count = 1};
	for (size_t i = 0; i < ret->count; i++)
		for (size_t k = 0; k < ret->code[i]->insns.size; k++) {
			const struct insn *insn = &ret->code[i]->insns.data[k];

			if (insn->target && insn->kind != INSN_CALL)
				parts_add(ret, image, insn->target);
		}
}

void parts_deinit(struct parts *parts)
{
	for (size_t i = 1; i < parts->count; i++) {
		code_deinit(&parts->own[i]);
		free(parts->bytes[i]);
	}
}
