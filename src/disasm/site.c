/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site.c - may a probe sit on this instruction, what does it cost, and how to
 * say no. The rules and the evidence for each are in docs/sites.md.
 */
#include <stdio.h>
#include <string.h>

#include "encoding.h"

/* ------------------------------------------------------------------- rules */

/* Opcodes that the kernel takes no probe on. It looks up the opcode of
 * a VEX or EVEX instruction in the same table, and so refuses e.g. vpxor (ef). */
static bool is_excepted_by_kernel(const struct encoding *e)
{
	if (encoding_is(e, 1, 0x78) || encoding_is(e, 1, 0x79)) /* extrq insertq */
		return true;
	if (e->scheme == SCHEME_LEGACY && e->map != 0)
		return false;
	switch (e->opcode) {
	case 0x06 ... 0x07:
	case 0x0e:
	case 0x16 ... 0x17:
	case 0x1e ... 0x1f:
	case 0x27:
	case 0x2f:
	case 0x37:
	case 0x3f:
	case 0x60 ... 0x62:
	case 0x6c ... 0x6f:
	case 0x82:
	case 0x9a:
	case 0xcc ... 0xcf:
	case 0xd4 ... 0xd6:
	case 0xe4 ... 0xe7:
	case 0xea:
	case 0xec ... 0xef:
	case 0xf1:
	case 0xf4:
	case 0xfa ... 0xfb:
		return true;
	default:
		return false;
	}
}

static bool is_system_call(const struct encoding *e)
{
	if (e->scheme != SCHEME_LEGACY)
		return false;
	if (e->map == 1)
		return e->opcode == 0x05 || e->opcode == 0x07 || /* syscall sysret */
		       e->opcode == 0x34 || e->opcode == 0x35;	 /* sysenter sysexit */
	return e->map == 0 && e->opcode == 0xcd;		 /* int n */
}

static bool is_trap(const struct encoding *e)
{
	return encoding_is(e, 0, 0xcc) || encoding_is(e, 0, 0xf1) || encoding_is(e, 0, 0xce);
}

static bool is_privileged(const struct encoding *e)
{
	if (e->scheme != SCHEME_LEGACY || e->map != 0)
		return false;
	switch (e->opcode) {
	case 0x6c ... 0x6f: /* ins outs */
	case 0xe4 ... 0xe7: /* in out */
	case 0xec ... 0xef:
	case 0xcf: /* iret */
	case 0xf4: /* hlt */
	case 0xfa: /* cli */
	case 0xfb: /* sti */
		return true;
	default:
		return false;
	}
}

static bool has_lock(const struct encoding *e)
{
	return e->prefixes & PREFIX_LOCK;
}

static bool has_segment(const struct encoding *e)
{
	return e->prefixes & PREFIX_SEGMENT;
}

static bool is_data16_branch(const struct encoding *e)
{
	bool is_direct = e->opcode != 0xff && encoding_kind(e) != INSN_RETURN;

	return (e->prefixes & PREFIX_DATA16) && encoding_kind(e) != INSN_OTHER && is_direct;
}

/* Loading %ss holds the single-step trap back; other segments change under it. */
static bool loads_segment(const struct encoding *e)
{
	if (e->scheme == SCHEME_VEX || e->scheme == SCHEME_EVEX)
		return e->opcode == 0x8e && encoding_reg(e) == 2; /* taken for mov to %ss */
	return encoding_is(e, 0, 0x8e) || encoding_is(e, 1, 0xa1) || encoding_is(e, 1, 0xa9) ||
	       encoding_is(e, 1, 0xb2) || encoding_is(e, 1, 0xb4) || encoding_is(e, 1, 0xb5);
}

/* Vector instructions that the kernel takes for the one-byte instruction of the
 * same opcode: it "emulates" a jump or nop that is not there, or repairs a
 * return address or flag that was never touched. */
static bool is_misread_vector(const struct encoding *e)
{
	if (e->scheme == SCHEME_LEGACY)
		return false;
	if (e->scheme == SCHEME_XOP)
		return true;
	switch (e->opcode) {
	case 0x70 ... 0x7f: /* jcc */
	case 0x90:	    /* nop */
	case 0x9d:	    /* popf */
	case 0xc2 ... 0xc3: /* ret */
	case 0xca ... 0xcb: /* far ret */
	case 0xe8:	    /* call */
	case 0xe9:	    /* jmp */
	case 0xeb:
	case 0xff: /* indirect call and jmp */
		return true;
	default:
		return false;
	}
}

/* 41 90 exchanges %r8d and %eax; the kernel takes it for a nop and skips it. */
static bool is_misread_exchange(const struct encoding *e)
{
	return encoding_is(e, 0, 0x90) && (e->rex & 1);
}

/* Opcodes whose f2 and f3 forms the kernel does not know: it then leaves a
 * %rip-relative address as it is, in a copy that runs elsewhere. */
static bool is_misread_address(const struct encoding *e)
{
	bool is_unknown =
	    e->opcode == 0x2b || (e->opcode & 0xf0) == 0x40 || (e->opcode & 0xf0) == 0x90;

	return e->scheme == SCHEME_LEGACY && e->map == 1 && is_unknown &&
	       (e->prefixes & (PREFIX_REP | PREFIX_REPNE)) && (e->modrm & 0xc7) == 5;
}

static bool is_pushf(const struct encoding *e)
{
	return encoding_is(e, 0, 0x9c);
}

static bool is_repeated_string(const struct encoding *e)
{
	bool is_string =
	    e->scheme == SCHEME_LEGACY && e->map == 0 &&
	    ((e->opcode >= 0xa4 && e->opcode <= 0xa7) || (e->opcode >= 0xaa && e->opcode <= 0xaf));

	return is_string && (e->prefixes & (PREFIX_REP | PREFIX_REPNE));
}

static bool is_transaction_start(const struct encoding *e)
{
	return encoding_is(e, 0, 0xc7) && e->modrm == 0xf8;
}

/* Every instruction that takes no probe, wherever it stands. The first that
 * applies is what the user is told. */
static const struct {
	bool (*applies)(const struct encoding *e);
	const char *reason;
} refusals[] = {
    {is_system_call, "would crash the target: a system call cannot be single-stepped"},
    {is_trap, "is refused by the kernel: it is a breakpoint or trap of the program's own"},
    {is_privileged, "is refused by the kernel: it is a privileged instruction"},
    {has_lock, "is refused by the kernel: it has a lock prefix"},
    {has_segment,
     "is refused by the kernel: it has a segment prefix (as notrack and long nops have)"},
    {is_data16_branch, "is refused by the kernel: it is a branch with a 66 prefix"},
    {loads_segment, "is refused: it loads a segment register, or looks to the kernel as if it did"},
    {is_misread_vector,
     "would corrupt the target: the kernel mistakes this vector instruction for another"},
    {is_excepted_by_kernel,
     "is refused by the kernel: its opcode is on the kernel's list of exceptions"},
    {is_misread_exchange, "would corrupt the target: the kernel takes it for a nop and skips it"},
    {is_misread_address, "would corrupt the target: the kernel does not relocate its address"},
    {is_pushf, "would corrupt the target: it would save the single-step flag with the others"},
    {is_repeated_string, "would hit once per repetition instead of once, each at full cost"},
    {is_transaction_start, "would abort the transaction each time"},
};

/* -------------------------------------------------------------------- cost */

/* The nops of the kernel's own table; other spellings are single-stepped. */
static bool is_emulated_nop(const struct encoding *e)
{
	static const uint8_t nops[][8] = {
	    {0x0f, 0x1f, 0x00},
	    {0x0f, 0x1f, 0x40, 0x00},
	    {0x0f, 0x1f, 0x44, 0x00, 0x00},
	    {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	    {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	    {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	};

	if (encoding_is(e, 0, 0x90))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nops); i++)
		if (e->size == i + 3 && memcmp(e->bytes, nops[i], e->size) == 0)
			return true;
	return false;
}

static bool is_emulated_push(const struct encoding *e)
{
	bool is_plain = e->size == 1 || (e->size == 2 && e->rex == 0x41);

	return e->map == 0 && (e->opcode & 0xf8) == 0x50 && is_plain;
}

static bool is_emulated_branch(const struct encoding *e)
{
	switch (encoding_kind(e)) {
	case INSN_JUMP:
	case INSN_CALL:
		return e->opcode != 0xff;
	case INSN_BRANCH:
		return (e->opcode & 0xf0) != 0xe0; /* loop, jrcxz */
	default:
		return false;
	}
}

static enum site_cost cost_of(const struct encoding *e, const struct site_rules *rules)
{
	bool is_emulated = is_emulated_nop(e) || is_emulated_push(e) || is_emulated_branch(e) ||
			   (rules->rewrites_nop5 && encoding_is_nop5(e));

	return is_emulated ? COST_CHEAP : COST_DEAR;
}

/* ----------------------------------------------------------------- verdict */

/* Does a jump or branch among the first count instructions lead into [low, high]? */
static bool is_jumped_to(const struct code *code, size_t count, uint64_t low, uint64_t high)
{
	for (size_t i = 0; i < count; i++) {
		const struct insn *insn = &code->insns.data[i];
		if (insn->kind != INSN_CALL && insn->target && insn->target >= low &&
		    insn->target <= high)
			return true;
	}
	return false;
}

/*
 * Beyond bytes that do not decode the sweep may be out of step with the
 * program. It is in step again where an instruction before those bytes jumps to.
 */
static bool is_out_of_step(const struct code *code, const struct insn *insn)
{
	size_t first = code->first_undecodable;
	size_t last = insn - code->insns.data;

	if (last < first)
		return false;
	while (code->insns.data[last].kind != INSN_UNDECODABLE)
		last--;
	return !is_jumped_to(code, first, code->insns.data[last].address + 1, insn->address);
}

/* Is the red zone, which a rewritten nop overwrites, certainly unused at insn?
 * It is at the entry (after endbr64, if any), unless a loop comes back there. */
static bool is_red_zone_free(const struct code *code, const struct insn *insn)
{
	size_t index = insn - code->insns.data;

	if (index == 1) {
		struct encoding first = encoding_of(code, &code->insns.data[0]);
		if (!encoding_is_endbr64(&first))
			return false;
	}
	return index <= 1 && !is_jumped_to(code, code->insns.size, code->start, insn->address);
}

struct site_verdict site_judge(const struct code *code, const struct insn *insn,
			       const struct site_rules *rules)
{
	struct site_verdict verdict = {.cost = COST_DEAR};
	struct encoding e = encoding_of(code, insn);

	if (insn->kind == INSN_UNDECODABLE) {
		verdict.reason = "is impossible: these bytes are no instruction";
		return verdict;
	}
	if (is_out_of_step(code, insn)) {
		verdict.reason =
		    "is not safe: bytes before it do not decode, so it may not begin here";
		return verdict;
	}
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].applies(&e)) {
			verdict.reason = refusals[i].reason;
			return verdict;
		}
	}
	if (rules->rewrites_nop5 && encoding_is_nop5(&e) && !is_red_zone_free(code, insn)) {
		verdict.reason =
		    "would corrupt the target: this kernel turns a 5-byte nop into a call, "
		    "which overwrites the stack below %rsp";
		return verdict;
	}
	verdict.is_allowed = true;
	verdict.cost = cost_of(&e, rules);
	return verdict;
}
