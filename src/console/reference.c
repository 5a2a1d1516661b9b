/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.c - what the addresses in instructions are called: `call 0x1030 <puts@plt>`.
 *
 * Tables of symbols are for finding addresses by name. So the addresses of data in a function
 * are put together first, and all named in one pass.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

static int compare(const void *left, const void *right)
{
	const struct reference *a = left, *b = right;
	return (a->address > b->address) - (a->address < b->address);
}

static struct reference *find(const struct references *references, uint64_t address)
{
	const struct reference key = {.address = address};
	return references->data.size ? bsearch(&key, references->data.data, references->data.size,
					       sizeof(key), compare)
				     : NULL;
}

/* Of several names of one address the first that the table has. The address is there as often as
 * instructions name it: the one that is found has the name. */
static void name_datum(void *context, const char *name, uint64_t address)
{
	struct reference *reference = find(context, address);
	if (reference && !reference->name)
		reference->name = xstrdup(name);
}

void references_init(struct references *ret, struct image *image, uint64_t bias,
		     const struct code *code)
{
	*ret = (struct references){.image = image, .bias = bias};
	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];
		const struct insn_text text = code_text(code, insn);
		uint64_t address;
		if (code_names_address(insn, &text, &address))
			vector_add(&ret->data)->address = address - bias;
	}
	if (!ret->data.size)
		return;
	qsort(ret->data.data, ret->data.size, sizeof(*ret->data.data), compare);
	image_each_datum(image, "", name_datum, ret);
}

void references_deinit(struct references *references)
{
	for (size_t i = 0; i < references->data.size; i++)
		free(references->data.data[i].name);
	vector_deinit(&references->data);
}

/* " <main.f+0x6d>"; nothing for what has no name. */
static void put_name(struct buffer *out, const char *name, uint64_t offset)
{
	buffer_puts(out, " <");
	text_name(out, name);
	if (offset)
		buffer_printf(out, "+%#" PRIx64, offset);
	buffer_putc(out, '>');
}

/* "puts@plt" of a jump to a stub, "puts@got" of one through the slot that it would use. */
static bool put_stub(const struct references *references, const struct insn *insn,
		     struct buffer *out)
{
	uint64_t target = insn->target ? insn->target - references->bias : 0;
	const char *stub =
	    image_stub_name(references->image, insn->address - references->bias, target);
	if (!stub)
		return false;
	CLEANUP(free_p) char *name = xasprintf("%s@%s", stub, target ? "plt" : "got");
	put_name(out, name, 0);
	return true;
}

static void put_function(const struct references *references, uint64_t address, struct buffer *out)
{
	struct function function;
	if (image_function_at(references->image, address, &function))
		put_name(out, function.name, address - function.address);
}

void references_put(const struct references *references, const struct insn *insn,
		    const struct insn_text *text, struct buffer *out)
{
	bool is_branch = insn->kind == INSN_CALL || insn->kind == INSN_JUMP;
	uint64_t address;
	buffer_puts(out, text->text);
	if (insn->target) {
		if (!put_stub(references, insn, out))
			put_function(references, insn->target - references->bias, out);
	} else if (code_names_address(insn, text, &address)) {
		buffer_printf(out, "\t# 0x%" PRIx64, address);
		const struct reference *datum = find(references, address - references->bias);
		if (datum && datum->name)
			put_name(out, datum->name, 0);
		else if (!is_branch || !put_stub(references, insn, out))
			put_function(references, address - references->bias, out);
	}
}
