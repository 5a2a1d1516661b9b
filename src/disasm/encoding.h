/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encoding.h - how one x86-64 instruction is put together, byte by byte.
 * Private to src/disasm. Capstone says what an instruction means and how long
 * it is; the kernel's rules are about prefixes and opcode bytes, and this is where those
 * are found.
 */
#ifndef MOONTAP_DISASM_ENCODING_H
#define MOONTAP_DISASM_ENCODING_H

#include "moontap/disasm.h"

enum prefix {
	PREFIX_LOCK = 1 << 0,	 /* f0 */
	PREFIX_REPNE = 1 << 1,	 /* f2 */
	PREFIX_REP = 1 << 2,	 /* f3 */
	PREFIX_SEGMENT = 1 << 3, /* 26 2e 36 3e: es cs ss ds, or a hint, or notrack */
	PREFIX_DATA16 = 1 << 4,	 /* 66 */
};

enum encoding_scheme {
	SCHEME_LEGACY,
	SCHEME_VEX,  /* c4, c5 */
	SCHEME_EVEX, /* 62 */
	SCHEME_XOP,  /* 8f with a map of 8 or more */
};

struct encoding {
	uint8_t prefixes; /* enum prefix, or-ed */
	uint8_t scheme;	  /* enum encoding_scheme */
	uint8_t rex;	  /* 0 if there is none; of legacy encodings only */
	uint8_t map;	  /* 0: one-byte opcodes, 1: 0f, 2: 0f 38, 3: 0f 3a */
	uint8_t opcode;	  /* within the map */
	uint8_t modrm;	  /* the byte after the opcode; 0 if there is none */
	uint8_t modrm_at; /* where modrm is */
	uint8_t size;
	const uint8_t *bytes; /* size of them, borrowed */
};

/* Takes apart an instruction of size bytes. Bytes that end too early leave
 * the rest zero. */
struct encoding encoding_parse(const uint8_t *bytes, size_t size);

/*
 * The size of the instruction that bytes begin with, from its encoding alone,
 * for the newer vector and system instructions that capstone 4 does not know.
 * 0: not of those, or cut short.
 */
size_t encoding_size(const uint8_t *bytes, size_t size);

/* The reg field of the ModRM byte, as the kernel reads it (REX ignored). */
static inline unsigned encoding_reg(const struct encoding *e)
{
	return e->modrm >> 3 & 7;
}

/* Register numbers as ModRM has them. */
enum {
	RSP = 4,
	RBP = 5
};

/* The register of ModRM's reg or rm field, 0 to 15. */
static inline unsigned encoding_reg_operand(const struct encoding *e)
{
	return encoding_reg(e) | (e->rex & 4) << 1;
}

static inline unsigned encoding_rm_operand(const struct encoding *e)
{
	return (e->modrm & 7) | (e->rex & 1) << 3;
}

static inline bool encoding_has_rex_w(const struct encoding *e)
{
	return e->rex & 8;
}

/* The signed immediate of size bytes (1, 4) that ends the instruction, or the
 * displacement that ends it where there is no immediate. */
int64_t encoding_last_value(const struct encoding *e, size_t size);

static inline bool encoding_is_register_form(const struct encoding *e)
{
	return e->modrm >= 0xc0;
}

/* Is it this opcode of the legacy one-byte (map 0) or two-byte (map 1) map? */
static inline bool encoding_is(const struct encoding *e, unsigned map, unsigned opcode)
{
	return e->scheme == SCHEME_LEGACY && e->map == map && e->opcode == opcode;
}

static inline bool encoding_is_nop5(const struct encoding *e)
{
	return e->size == 5 && encoding_is(e, 1, 0x1f);
}

static inline bool encoding_is_endbr64(const struct encoding *e)
{
	return e->size == 4 && (e->prefixes & PREFIX_REP) && encoding_is(e, 1, 0x1e) &&
	       e->modrm == 0xfa;
}

/* Jump, branch, call, return or other (an enum insn_kind). */
enum insn_kind encoding_kind(const struct encoding *e);

/* Where a direct jump, branch or call at address leads; 0 for any other. */
uint64_t encoding_target(const struct encoding *e, uint64_t address);

/* The encoding of one of code's instructions. */
static inline struct encoding encoding_of(const struct code *code, const struct insn *insn)
{
	return encoding_parse(code->bytes + (insn->address - code->start), insn->size);
}

/* Decodes what begins at address, which is in code and behind all that is there, and adds it. */
const struct insn *code_add(struct code *code, uint64_t address);

/* Does a jump of the function lead to the instruction at address, so that there is more
 * than one way to it? */
bool code_is_joined(const struct code *code, uint64_t address);

/* Writes capstone's mnemonic and operands as objdump -d would print them. */
void text_format(const char *mnemonic, const char *operands, char *ret, size_t size);

#endif
