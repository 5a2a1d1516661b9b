/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exits.c - where a function returns, the parts included that its compiler split off.
 * Apart from the disassembler's exits.c, which knows code but neither names nor data.
 */
#include "internal.h"

#define PARTS_MAX 8

struct part {
	uint8_t *bytes;
	struct code code;
};

struct parts {
	struct part data[PARTS_MAX];
	size_t count;
};

static void parts_deinit(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		code_deinit(&parts->data[i].code);
		free(parts->data[i].bytes);
	}
}

static bool add_part(struct parts *parts, const struct image *image,
		     const struct function *function)
{
	CLEANUP(free_p) uint8_t *bytes = xmalloc(function->size);

	for (size_t i = 0; i < parts->count; i++)
		if (parts->data[i].code.start == function->address)
			return false;
	if (parts->count == PARTS_MAX ||
	    !image_read(image, function->address, bytes, function->size))
		return false;
	struct part *part = &parts->data[parts->count++];
	code_init(&part->code, bytes, function->size, function->address);
	part->bytes = bytes;
	bytes = NULL;
	return true;
}

/* Adds the cold parts that part jumps into. */
static void add_cold_parts(struct parts *parts, struct image *image, size_t part)
{
	const struct code *code = &parts->data[part].code;
	struct function function;

	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];
		bool is_out = insn->target < code->start || insn->target >= code->end;
		if (insn->target && is_out && insn->kind != INSN_CALL &&
		    image_function_at(image, insn->target, &function) &&
		    match_is_cold(function.name))
			add_part(parts, image, &function);
	}
}

static bool read_pointer(void *image, uint64_t address, uint64_t *ret)
{
	return image_read_pointer(image, address, ret);
}

/* A tail call goes to a function's start (or to a stub that has no name). */
static void check_target(struct image *image, struct code_exit *exit)
{
	struct function function;

	if (exit->target && image_function_at(image, exit->target, &function) &&
	    function.address != exit->target)
		exit->kind = EXIT_UNCLEAR;
}

struct error *image_exits(struct image *image, const struct function *function, exit_list *ret)
{
	const struct code_memory memory = {read_pointer, image};
	const struct code *codes[PARTS_MAX];
	struct parts parts = {0};

	if (!add_part(&parts, image, function))
		return error_new(ERR_BAD_ELF, "%s: the code of %s is not in the file",
				 image_name(image), function->name);
	for (size_t i = 0; i < parts.count && !function->is_go; i++)
		add_cold_parts(&parts, image, i);
	for (size_t i = 0; i < parts.count; i++)
		codes[i] = &parts.data[i].code;
	code_exits(codes, parts.count, &memory, ret);
	for (size_t i = 0; i < ret->size; i++)
		check_target(image, &ret->data[i]);
	parts_deinit(&parts);
	return NULL;
}
