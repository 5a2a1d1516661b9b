/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encoding.c - finds prefixes, opcode and ModRM of an instruction.
 * Apart from code.c because it knows bytes only: no capstone, no function.
 */
#include "encoding.h"

#define PREFIX_OTHER 0x80 /* %fs, %gs, 32-bit addresses: the kernel takes them all */

static const uint8_t prefixes[256] = {
    [0xf0] = PREFIX_LOCK,    [0xf2] = PREFIX_REPNE,   [0xf3] = PREFIX_REP,
    [0x26] = PREFIX_SEGMENT, [0x2e] = PREFIX_SEGMENT, [0x36] = PREFIX_SEGMENT,
    [0x3e] = PREFIX_SEGMENT, [0x66] = PREFIX_DATA16,  [0x64] = PREFIX_OTHER,
    [0x65] = PREFIX_OTHER,   [0x67] = PREFIX_OTHER,
};

/* The byte at *at, which moves on; 0 beyond the end. */
static uint8_t next_byte(const struct encoding *e, size_t *at)
{
	return *at < e->size ? e->bytes[(*at)++] : 0;
}

static void parse_legacy_opcode(struct encoding *e, uint8_t first, size_t *at)
{
	e->opcode = first;
	if (first != 0x0f)
		return;
	e->map = 1;
	e->opcode = next_byte(e, at);
	if (e->opcode != 0x38 && e->opcode != 0x3a)
		return;
	e->map = e->opcode == 0x38 ? 2 : 3;
	e->opcode = next_byte(e, at);
}

struct encoding encoding_parse(const uint8_t *bytes, size_t size)
{
	struct encoding e = {.bytes = bytes, .size = size};
	size_t at = 0;

	while (at < size && prefixes[bytes[at]])
		e.prefixes |= prefixes[bytes[at++]] & ~PREFIX_OTHER;
	if (at < size && (bytes[at] & 0xf0) == 0x40)
		e.rex = bytes[at++];

	uint8_t first = next_byte(&e, &at);
	uint8_t second = at < size ? bytes[at] : 0;
	if (first == 0xc5) {
		e.scheme = SCHEME_VEX;
		e.map = 1;
		at += 1;
	} else if (first == 0xc4) {
		e.scheme = SCHEME_VEX;
		e.map = second & 0x1f;
		at += 2;
	} else if (first == 0x62) {
		e.scheme = SCHEME_EVEX;
		e.map = second & 7;
		at += 3;
	} else if (first == 0x8f && (second & 0x1f) >= 8) {
		e.scheme = SCHEME_XOP;
		e.map = second & 0x1f;
		at += 2;
	}
	if (e.scheme == SCHEME_LEGACY)
		parse_legacy_opcode(&e, first, &at);
	else
		e.opcode = next_byte(&e, &at);
	e.modrm_at = at;
	e.modrm = next_byte(&e, &at);
	return e;
}

/* Bytes of ModRM, SIB and displacement. */
static size_t address_size(uint8_t modrm, uint8_t sib)
{
	unsigned mod = modrm >> 6, rm = modrm & 7;
	size_t size = 1;

	if (mod == 3)
		return size;
	if (rm == 4) {
		size += 1;
		rm = sib & 7;
	}
	if (mod == 2 || (mod == 0 && rm == 5))
		size += 4;
	return size + (mod == 1);
}

/* Do all instructions of this opcode have a ModRM byte, and at most an
 * 8-bit immediate that the map and opcode tell? */
static bool is_regular(const struct encoding *e)
{
	if (e->scheme == SCHEME_VEX || e->scheme == SCHEME_EVEX)
		return (e->map >= 1 && e->map <= 3) || e->map == 5 || e->map == 6;
	if (e->scheme != SCHEME_LEGACY || e->map == 0)
		return false;
	if (e->map > 1)
		return true;
	switch (e->opcode) {
	case 0x01:
	case 0x0d:
	case 0x18 ... 0x1f:
	case 0xae:
	case 0xc7:
		return true;
	default:
		return false;
	}
}

static bool has_imm8(const struct encoding *e)
{
	if (e->map == 3)
		return true;
	if (e->map != 1 || e->scheme == SCHEME_LEGACY)
		return false;
	return (e->opcode >= 0x70 && e->opcode <= 0x73) || e->opcode == 0xc2 ||
	       (e->opcode >= 0xc4 && e->opcode <= 0xc6);
}

size_t encoding_size(const uint8_t *bytes, size_t size)
{
	if (size > 15)
		size = 15;
	struct encoding e = encoding_parse(bytes, size);
	if (!is_regular(&e))
		return 0;

	size_t needed = e.modrm_at;
	if (e.scheme != SCHEME_VEX || e.map != 1 || e.opcode != 0x77) { /* vzeroupper */
		uint8_t sib = needed + 1 < size ? bytes[needed + 1] : 0;
		needed += address_size(e.modrm, sib) + has_imm8(&e);
	}
	return needed <= size ? needed : 0;
}

enum insn_kind encoding_kind(const struct encoding *e)
{
	if (e->scheme != SCHEME_LEGACY)
		return INSN_OTHER;
	if (e->map == 1)
		return (e->opcode & 0xf0) == 0x80 ? INSN_BRANCH : INSN_OTHER;
	if (e->map != 0)
		return INSN_OTHER;
	switch (e->opcode) {
	case 0x70 ... 0x7f: /* jcc rel8 */
	case 0xe0 ... 0xe3: /* loopne loope loop jrcxz */
		return INSN_BRANCH;
	case 0xe9:
	case 0xeb:
		return INSN_JUMP;
	case 0xe8:
		return INSN_CALL;
	case 0xc2: /* ret, far ret, iret */
	case 0xc3:
	case 0xca:
	case 0xcb:
	case 0xcf:
		return INSN_RETURN;
	case 0xff:
		if (encoding_reg(e) == 2 || encoding_reg(e) == 3)
			return INSN_CALL;
		return encoding_reg(e) == 4 || encoding_reg(e) == 5 ? INSN_JUMP : INSN_OTHER;
	default:
		return INSN_OTHER;
	}
}

int64_t encoding_last_value(const struct encoding *e, size_t size)
{
	uint32_t bits = 0;

	for (size_t i = 1; i <= size && i <= e->size; i++)
		bits = bits << 8 | e->bytes[e->size - i];
	return size == 1 ? (int8_t)bits : (int32_t)bits;
}

uint64_t encoding_target(const struct encoding *e, uint64_t address)
{
	bool is_direct = encoding_kind(e) != INSN_OTHER && encoding_kind(e) != INSN_RETURN;

	if (!is_direct || e->opcode == 0xff)
		return 0;
	bool is_rel32 = e->map == 1 || e->opcode == 0xe8 || e->opcode == 0xe9;
	return address + e->size + encoding_last_value(e, is_rel32 ? 4 : 1);
}
