/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfa.c - the canonical frame address at a pc, by call frame information: .eh_frame of the
 * image itself (a separate debug file has none), else .debug_frame beside the DWARF.
 */
#include "dwarfop.h"

struct cfa {
	struct mapped_elf file;
	Dwarf_CFI *eh_frame; /* NULL: there is none */
};

static Dwarf_CFI *eh_frame_of(struct image *image)
{
	if (!image->cfa) {
		image->cfa = xcalloc(1, sizeof(*image->cfa));
		if (mapped_elf_open(image, &image->cfa->file))
			image->cfa->eh_frame = dwarf_getcfi_elf(image->cfa->file.elf);
	}
	return image_is_intact(image) ? image->cfa->eh_frame : NULL;
}

void cfa_free(struct cfa *cfa)
{
	if (!cfa)
		return;
	if (cfa->eh_frame)
		dwarf_cfi_end(cfa->eh_frame);
	mapped_elf_close(&cfa->file);
	free(cfa);
}

/* Would the expression ask for what it defines? */
static bool is_circular(const Dwarf_Op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ops[i].atom == DW_OP_call_frame_cfa || ops[i].atom == DW_OP_fbreg)
			return true;
	return false;
}

static bool expand(struct image *image, uint64_t address, const Dwarf_Op *ops, size_t count,
		   step_list *ret)
{
	const struct where_context context = {.image = image, .address = address};
	struct op_stack stack = {.context = &context};

	op_run_all(&stack, NULL, ops, count);
	const step_list *top = stack.lost ? NULL : op_stack_top(&stack);
	for (size_t i = 0; top && i < top->size; i++)
		vector_push(ret, top->data[i]);
	op_stack_deinit(&stack);
	return top;
}

static bool find_in(Dwarf_CFI *cfi, struct image *image, uint64_t address, step_list *ret)
{
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t count;

	if (!cfi || dwarf_cfi_addrframe(cfi, address, &frame) != 0)
		return false;
	bool is_known = dwarf_frame_cfa(frame, &ops, &count) == 0 && count &&
			!is_circular(ops, count) && expand(image, address, ops, count, ret);
	free(frame);
	return is_known;
}

bool cfa_steps(struct image *image, uint64_t address, step_list *ret)
{
	if (find_in(eh_frame_of(image), image, address, ret))
		return true;
	const struct lines *lines = lines_get(image);
	return lines && find_in(dwarf_getcfi(lines->dwarf), image, address, ret);
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
