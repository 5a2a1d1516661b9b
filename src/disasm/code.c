/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code.c - a function's bytes as instructions, swept from its start.
 * The only file that calls capstone, and only for sizes and text: what an
 * instruction does is read off its encoding, so the slow details stay off.
 */
#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#include "encoding.h"

/* Adds what capstone does not know: an instruction it has no name for, if its
 * encoding tells its size, else one byte. */
static void add_unknown(struct code *code, const uint8_t *bytes, size_t left, uint64_t address)
{
	struct insn *insn = vector_add(&code->insns);
	size_t size = encoding_size(bytes, left);

	insn->address = address;
	insn->size = size ? size : 1;
	insn->kind = size ? INSN_OTHER : INSN_UNDECODABLE;
}

static void add_decoded(struct code *code, const cs_insn *decoded)
{
	struct insn *insn = vector_add(&code->insns);

	insn->address = decoded->address;
	insn->size = decoded->size;
	struct encoding e = encoding_of(code, insn);
	insn->kind = encoding_kind(&e);
	insn->target = encoding_target(&e, insn->address);
}

/* One for all functions, never closed: its tables take longer to make than a function
 * to decode. */
static csh decoder(cs_insn **ret)
{
	static csh handle;
	static cs_insn *decoded;

	*ret = decoded;
	if (decoded)
		return handle;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		abort();
	cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	*ret = decoded = cs_malloc(handle);
	return handle;
}

const struct insn *code_add(struct code *code, uint64_t address)
{
	const uint8_t *bytes = code->bytes + (address - code->start), *at = bytes;
	size_t size = code->end - address, left = size;
	uint64_t next = address;
	cs_insn *decoded;
	csh handle = decoder(&decoded);

	if (cs_disasm_iter(handle, &at, &left, &next, decoded))
		add_decoded(code, decoded);
	else
		add_unknown(code, bytes, size, address);
	return &code->insns.data[code->insns.size - 1];
}

void code_init(struct code *ret, const uint8_t *bytes, size_t size, uint64_t start)
{
	*ret = (struct code){.start = start, .end = start + size, .bytes = bytes};
	for (uint64_t address = start; address < ret->end;)
		address += code_add(ret, address)->size;
	while (ret->first_undecodable < ret->insns.size &&
	       ret->insns.data[ret->first_undecodable].kind != INSN_UNDECODABLE)
		ret->first_undecodable++;
}

/* -------------------------------------------------------------------- text */

static void format_bytes(const uint8_t *bytes, size_t size, struct insn_text *ret)
{
	int length = snprintf(ret->text, sizeof(ret->text), ".byte 0x%02x", bytes[0]);

	for (size_t i = 1; i < size; i++)
		length +=
		    snprintf(ret->text + length, sizeof(ret->text) - length, ",0x%02x", bytes[i]);
}

static void format_decoded(const struct encoding *e, const cs_insn *decoded, struct insn_text *ret)
{
	/* Capstone drops this one prefix, which decides whether a probe is possible. */
	bool is_notrack = e->opcode == 0xff && e->bytes[0] == 0x3e;
	char mnemonic[sizeof(decoded->mnemonic) + 8];

	snprintf(mnemonic, sizeof(mnemonic), "%s%s", is_notrack ? "notrack " : "",
		 decoded->mnemonic);
	text_format(mnemonic, decoded->op_str, ret->text, sizeof(ret->text));
}

struct insn_text code_text(const struct code *code, const struct insn *insn)
{
	cs_insn *decoded;
	csh handle = decoder(&decoded);
	struct encoding e = encoding_of(code, insn);
	const uint8_t *bytes = code->bytes + (insn->address - code->start), *at = bytes;
	uint64_t address = insn->address;
	size_t size = insn->size;
	struct insn_text ret;

	if (cs_disasm_iter(handle, &at, &size, &address, decoded))
		format_decoded(&e, decoded, &ret);
	else
		format_bytes(bytes, insn->size, &ret);
	return ret;
}

/* ------------------------------------------------------------------- look-up */

void code_deinit(struct code *code)
{
	vector_deinit(&code->insns);
}

const struct insn *code_covering(const struct code *code, uint64_t address)
{
	if (address < code->start || address >= code->end)
		return NULL;
	size_t low = 0, high = code->insns.size;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (code->insns.data[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return &code->insns.data[low];
}

const struct insn *code_at(const struct code *code, uint64_t address)
{
	const struct insn *insn = code_covering(code, address);

	return insn && insn->address == address ? insn : NULL;
}

bool code_is_joined(const struct code *code, uint64_t address)
{
	for (size_t i = 0; i < code->insns.size; i++)
		if (code->insns.data[i].target == address && code->insns.data[i].kind != INSN_CALL)
			return true;
	return false;
}
