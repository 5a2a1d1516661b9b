/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.c - how a function begins: Go's stack check, where its entry probe
 * goes, and how far its arguments stay where the caller put them.
 * Apart from site.c because it is about prologues, not about the kernel.
 */
#include <string.h>

#include "encoding.h"

/* A stack check has at most this many instructions, spills for it this many. */
#define CHECK_MAX  10
#define SPILLS_MAX 64

static bool is_nop(const struct encoding *e)
{
	if (encoding_is(e, 0, 0x90))
		return !(e->rex & 1); /* else it exchanges r8 and rax */
	return encoding_is(e, 1, 0x1f);
}

/* ------------------------------------------------------- Go's stack check */

/*
 * The instructions that compilers of Go up to 1.22 put in front of the branch:
 *
 *   mov %fs:-8,%rcx                     g, up to 1.16 and in ABI0 functions
 *   mov $-8,%r14; mov %fs:(%r14),%r14   the same in a PIE
 *   cmp 0x10(%r14),%rsp                 small frames (0x18: stackguard1)
 *   lea -n(%rsp),%r12                   large frames, compared instead of %rsp
 *   mov %rsp,%r12; sub $n,%r12          huge frames
 *   mov 0x10(%rcx),%rsi; cmp $n,%rsi; lea n(%rsp),%rax; sub %rsi,%rax; cmp $n,%rax
 *                                       huge frames up to 1.16
 *
 * All of them change flags and one spare register at most.
 */
static bool is_check_step(const struct encoding *e)
{
	bool is_register = encoding_is_register_form(e);

	if (e->scheme != SCHEME_LEGACY || e->map != 0 || !encoding_has_rex_w(e))
		return false;
	switch (e->opcode) {
	case 0x8b: /* mov r/m,reg */
	case 0x8d: /* lea */
	case 0x2b: /* sub r/m,reg */
		return encoding_reg_operand(e) != RSP;
	case 0x89: /* mov reg,r/m */
	case 0x29: /* sub reg,r/m */
		return is_register && encoding_rm_operand(e) != RSP;
	case 0x81:
	case 0x83: /* sub or cmp with an immediate */
		return is_register && encoding_rm_operand(e) != RSP &&
		       (encoding_reg(e) == 5 || encoding_reg(e) == 7);
	case 0xc7: /* mov $n,reg */
		return is_register && encoding_rm_operand(e) != RSP;
	case 0x39:
	case 0x3b: /* cmp */
		return true;
	case 0x2d: /* sub $n,%rax */
	case 0x3d: /* cmp $n,%rax */
		return true;
	default:
		return false;
	}
}

/* Does a step look at the stack pointer? A loop of a C function does not. */
static bool reads_stack_pointer(const struct encoding *e)
{
	switch (e->opcode) {
	case 0x8d: /* lea n(%rsp),reg: a SIB byte of 0x24 */
		return !encoding_is_register_form(e) && (e->modrm & 7) == 4 &&
		       e->modrm_at + 1u < e->size && e->bytes[e->modrm_at + 1] == 0x24;
	case 0x89:
		return encoding_is_register_form(e) && encoding_reg_operand(e) == RSP;
	case 0x8b:
		return encoding_is_register_form(e) && encoding_rm_operand(e) == RSP;
	case 0x39:
	case 0x3b:
		return encoding_reg_operand(e) == RSP;
	default:
		return false;
	}
}

/* The index of the instruction at address, or insns.size. */
static size_t index_at(const struct code *code, uint64_t address)
{
	const struct insn *insn = code_at(code, address);

	return insn ? (size_t)(insn - code->insns.data) : code->insns.size;
}

/* Skips plain instructions from i, and returns what kind stopped it. */
static enum insn_kind skip_spills(const struct code *code, size_t *i)
{
	for (size_t n = 0; n < SPILLS_MAX && *i < code->insns.size; n++, (*i)++) {
		if (code->insns.data[*i].kind != INSN_OTHER)
			return code->insns.data[*i].kind;
	}
	return INSN_OTHER;
}

/* Is there, at address, a block that saves registers, calls morestack,
 * restores them and goes back to the function's start? */
static bool is_morestack_block(const struct code *code, uint64_t address)
{
	size_t i = index_at(code, address);

	if (skip_spills(code, &i) != INSN_CALL)
		return false;
	i++;
	return skip_spills(code, &i) == INSN_JUMP && code->insns.data[i].target == code->start;
}

/* How many instructions at the start of code are Go's stack check; 0 for none. */
static size_t stack_check_count(const struct code *code)
{
	bool is_about_stack = false;
	size_t count = 0;

	for (size_t i = 0; i < code->insns.size && i < CHECK_MAX; i++) {
		const struct insn *insn = &code->insns.data[i];
		struct encoding e = encoding_of(code, insn);
		if (insn->kind == INSN_BRANCH) {
			if (!is_morestack_block(code, insn->target))
				break;
			if (is_about_stack)
				count = i + 1;
		} else if (is_check_step(&e)) {
			is_about_stack |= reads_stack_pointer(&e);
		} else {
			break;
		}
	}
	return count;
}

/* ------------------------------------------------------------- entry site */

/* Does a jump or branch of the function lead into (start, address]? */
static bool is_jumped_into(const struct code *code, uint64_t address)
{
	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];
		if ((insn->kind == INSN_JUMP || insn->kind == INSN_BRANCH) &&
		    insn->target > code->start && insn->target <= address)
			return true;
	}
	return false;
}

struct entry_site site_entry(const struct code *code, const struct site_rules *rules)
{
	struct entry_site start = {.address = code->start};

	if (code->insns.size == 0)
		return start;
	size_t index = stack_check_count(code);
	bool is_checked = index > 0;
	struct encoding first = encoding_of(code, &code->insns.data[0]);
	if (!is_checked && encoding_is_endbr64(&first))
		index = 1;
	if (index == 0 || index >= code->insns.size)
		return start;
	const struct insn *insn = &code->insns.data[index];
	if (!site_judge(code, insn, rules).is_allowed || is_jumped_into(code, insn->address))
		return start;
	return (struct entry_site){.address = insn->address, .is_after_stack_check = is_checked};
}

/* --------------------------------------------------------- the entry alone */

/* Adds the instructions from the start to the first that is neither of a stack check nor endbr64.
 */
static void add_prologue(struct code *code)
{
	uint64_t address = code->start;

	for (size_t i = 0; i <= CHECK_MAX && address < code->end; i++) {
		const struct insn *insn = code_add(code, address);
		struct encoding e = encoding_of(code, insn);

		if (insn->kind != INSN_BRANCH && !is_check_step(&e) &&
		    !(i == 0 && encoding_is_endbr64(&e)))
			break;
		address += insn->size;
	}
}

/* Adds what is_morestack_block looks at. */
static void add_block(struct code *code, uint64_t address)
{
	for (unsigned part = 0; part < 2; part++) {
		for (size_t n = 0; n <= SPILLS_MAX && address < code->end; n++) {
			const struct insn *insn = code_add(code, address);

			address += insn->size;
			if (insn->kind != INSN_OTHER)
				break;
		}
	}
}

/* Adds the block that the branches of the prologue lead to. False: there are several, or it is
 * not behind all that was decoded. */
static bool add_block_of_branches(struct code *code)
{
	size_t count = code->insns.size;
	uint64_t block = 0;

	for (size_t i = 0; i < count; i++) {
		struct insn insn = code->insns.data[i];
		const struct insn *last = &code->insns.data[count - 1];

		if (insn.kind != INSN_BRANCH || insn.target < code->start ||
		    insn.target >= code->end || insn.target == block)
			continue;
		if (block || insn.target < last->address + last->size)
			return false;
		block = insn.target;
		add_block(code, block);
	}
	return true;
}

static bool is_short_jump(uint8_t opcode)
{
	return (opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0 || opcode == 0xeb;
}

/* Is there an opcode of jmp or jcc, and so many bytes of a displacement, before end? */
static bool is_long_jump(const uint8_t *bytes, size_t end, size_t size)
{
	const uint8_t *opcode = bytes + end - size - 1;

	return end > size && (*opcode == 0xe9 ||
			      (end > size + 1 && opcode[-1] == 0x0f && (*opcode & 0xf0) == 0x80));
}

/*
 * May a jump among these bytes lead to an offset from low to high? Wherever instructions
 * begin: the displacement of a direct jump is its last byte, or what encoding_target takes
 * for its last four, two of them after a 66 prefix.
 */
static bool may_be_jumped_to(const uint8_t *bytes, size_t size, uint32_t low, uint32_t high)
{
	uint32_t displacement;

	for (size_t end = sizeof(displacement); end <= size; end++) {
		memcpy(&displacement, bytes + end - sizeof(displacement), sizeof(displacement));
		if ((uint32_t)end + displacement - low <= high - low &&
		    (is_long_jump(bytes, end, 4) || is_long_jump(bytes, end, 2)))
			return true;
	}
	for (size_t end = 2; end <= size && end <= high + 128; end++)
		if (is_short_jump(bytes[end - 2]) &&
		    (uint32_t)end + (uint32_t)(int8_t)bytes[end - 1] - low <= high - low)
			return true;
	return false;
}

/* May a jump lead where is_jumped_into, or site_judge of a nop, would look for one? */
static bool may_be_jumped_into(const struct code *code, uint64_t entry)
{
	struct encoding e = encoding_of(code, code_at(code, entry));
	uint32_t low = encoding_is_nop5(&e) ? 0 : 1, high = entry - code->start;

	return low <= high && may_be_jumped_to(code->bytes, code->end - code->start, low, high);
}

static bool is_all_decoded(const struct code *code)
{
	for (size_t i = 0; i < code->insns.size; i++)
		if (code->insns.data[i].kind == INSN_UNDECODABLE)
			return false;
	return code->insns.size > 0;
}

bool code_init_entry(struct code *ret, const uint8_t *bytes, size_t size, uint64_t start,
		     const struct site_rules *rules)
{
	struct code code = {.start = start, .end = start + size, .bytes = bytes};

	if (size <= UINT32_MAX)
		add_prologue(&code);
	if (!add_block_of_branches(&code) || !is_all_decoded(&code)) {
		code_deinit(&code);
		return false;
	}
	code.first_undecodable = code.insns.size;
	if (may_be_jumped_into(&code, site_entry(&code, rules).address)) {
		code_deinit(&code);
		return false;
	}
	*ret = code;
	return true;
}

/* -------------------------------------------------------------- arguments */

/* Is it OPCODE n(%rsp),%rbp or %rbp,n(%rsp)? Then n. */
static bool is_frame_slot(const struct encoding *e, unsigned opcode, int64_t *ret)
{
	if (!encoding_is(e, 0, opcode) || e->prefixes || e->rex != 0x48 || encoding_reg(e) != RBP ||
	    (e->modrm & 7) != 4 || encoding_is_register_form(e) ||
	    e->bytes[e->modrm_at + 1] != 0x24)
		return false;
	unsigned mod = e->modrm >> 6;
	*ret = mod == 0 ? 0 : encoding_last_value(e, mod == 1 ? 1 : 4);
	return true;
}

/* Does it move %rsp by an immediate? Then by how much, downwards. */
static bool is_frame_reservation(const struct encoding *e, int64_t *ret)
{
	if (e->prefixes || e->rex != 0x48 || !(encoding_is(e, 0, 0x83) || encoding_is(e, 0, 0x81)))
		return false;
	int64_t value = encoding_last_value(e, e->opcode == 0x83 ? 1 : 4);
	*ret = e->modrm == 0xc4 ? -value : value; /* add or sub */
	return (e->modrm == 0xc4 || e->modrm == 0xec) && *ret >= 0;
}

static bool is_push(const struct encoding *e)
{
	bool is_register = e->map == 0 && (e->opcode & 0xf8) == 0x50;

	return e->scheme == SCHEME_LEGACY && !e->prefixes &&
	       (is_register || encoding_is(e, 0, 0x68) || encoding_is(e, 0, 0x6a));
}

/* A step of a prologue that leaves the arguments alone; keeps count of the CFA. */
static bool is_prologue_step(const struct encoding *e, int64_t *cfa_offset)
{
	int64_t n;

	if (encoding_is_endbr64(e) || is_nop(e))
		return true;
	if (is_push(e)) {
		*cfa_offset += 8;
		return true;
	}
	if (is_frame_reservation(e, &n)) {
		*cfa_offset += n;
		return true;
	}
	if (encoding_is(e, 0, 0x89) && e->rex == 0x48 && e->modrm == 0xe5) /* mov %rsp,%rbp */
		return true;
	if (encoding_is(e, 0, 0x8b) && e->rex == 0x48 && e->modrm == 0xec)
		return true;
	/* Go up to 1.20 saves %rbp in the frame it has reserved, below the return address. */
	if (is_frame_slot(e, 0x89, &n))
		return n >= 0 && n + 16 <= *cfa_offset;
	return is_frame_slot(e, 0x8d, &n);
}

bool site_args_are_live(const struct code *code, uint64_t address, int64_t *ret_cfa_offset)
{
	size_t check_count = stack_check_count(code);
	int64_t cfa_offset = 8;

	if (is_jumped_into(code, address))
		return false;
	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];
		if (insn->address == address) {
			*ret_cfa_offset = cfa_offset;
			return true;
		}
		struct encoding e = encoding_of(code, insn);
		if (insn->address > address)
			return false;
		if (i >= check_count && !is_prologue_step(&e, &cfa_offset))
			return false;
	}
	return false;
}
