/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_disasm.c - any bytes as a function: the sweep covers each byte once,
 * and every verdict, message and entry site keeps its promises.
 */
#include <assert.h>
#include <string.h>

#include "moontap/disasm.h"

static void check_sweep(const struct code *code)
{
	uint64_t at = code->start;

	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];
		assert(insn->address == at && insn->size > 0 && code_text(code, insn).text[0]);
		assert((insn->kind == INSN_UNDECODABLE) <= (i >= code->first_undecodable));
		assert(code_at(code, at) == insn);
		at += insn->size;
	}
	assert(at == code->end);
}

static void check_address(const struct code *code, uint64_t address, const struct site_rules *rules)
{
	struct site_verdict verdict = {0};
	struct error *err = site_check(code, address, "f", rules, &verdict);
	const struct insn *insn = code_at(code, address);

	assert(!err == verdict.is_allowed);
	assert(err ? err->tag == ERR_BOUNDARY || err->tag == ERR_REFUSED ||
			 err->tag == ERR_OUT_OF_FUNCTION
		   : insn != NULL);
	error_free(err);

	int64_t cfa_offset = 0;
	if (site_args_are_live(code, address, &cfa_offset))
		assert(insn && cfa_offset >= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct code code;

	if (size == 0 || size > 512)
		return 0;
	struct site_rules rules = {.rewrites_nop5 = data[0] & 1};
	uint8_t *bytes = xcalloc(1, size - 1 ? size - 1 : 1);
	memcpy(bytes, data + 1, size - 1);
	code_init(&code, bytes, size - 1, 0x401000);

	check_sweep(&code);
	for (uint64_t address = code.start - 1; address <= code.end; address++)
		check_address(&code, address, &rules);
	struct entry_site entry = site_entry(&code, &rules);
	assert(entry.address == code.start || code_at(&code, entry.address));

	code_deinit(&code);
	free(bytes);
	return 0;
}
