/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exits.c - where a function returns to its caller, by itself or through another.
 * Apart from site.c because nothing here is about probes: it reads what the compiler meant.
 */
#include "depth.h"
#include "encoding.h"

/* So many steps back a jump's register is looked for. */
#define STEPS_BACK 16

struct search {
	const struct code *const *parts;
	size_t part_count;
	const struct code_memory *memory;
	struct depths depths;
	exit_list *found;
};

static bool is_inside(const struct search *search, uint64_t address)
{
	for (size_t i = 0; i < search->part_count; i++)
		if (address >= search->parts[i]->start && address < search->parts[i]->end)
			return true;
	return false;
}

/* --------------------------------------------------------- indirect jumps */

enum leads {
	LEADS_OUT,
	LEADS_WITHIN,
	LEADS_ANYWHERE,
};

/* A memory operand, as far as jump tables need it. */
struct operand {
	int base; /* register; -1: none; IP: %rip */
	bool has_index;
	int64_t displacement;
};
#define NO_BASE (-1)
#define IP	16

static struct operand memory_operand(const struct encoding *e)
{
	unsigned mod = e->modrm >> 6, sib = e->bytes[e->modrm_at + 1];
	struct operand operand = {.base = encoding_rm_operand(e)};

	if ((e->modrm & 7) == RSP) { /* a SIB byte follows */
		operand.base = (sib & 7) | (e->rex & 1) << 3;
		operand.has_index = ((sib >> 3 & 7) | (e->rex & 2) << 2) != RSP;
	}
	if (mod == 0 && (operand.base & 7) == RBP)
		operand.base = (e->modrm & 7) == RSP ? NO_BASE : IP;
	if (mod == 1 || mod == 2 || operand.base == NO_BASE || operand.base == IP)
		operand.displacement = encoding_last_value(e, mod == 1 ? 1 : 4);
	return operand;
}

/* What the code before insn last put into a register. */
struct origin {
	enum {
		ORIGIN_UNKNOWN,
		ORIGIN_ARGUMENT, /* nothing: the caller did */
		ORIGIN_MEMORY,	 /* mov memory,%reg */
		ORIGIN_ADDRESS,	 /* lea memory,%reg */
		ORIGIN_SUM,	 /* add something,%reg */
	} kind;
	const struct insn *insn;
};

static bool is_argument(unsigned reg)
{
	return reg == 7 || reg == 6 || reg == 2 || reg == 1 || reg == 8 || reg == 9 ||
	       reg == 10; /* rdi rsi rdx rcx r8 r9 r10 */
}

/* Opcodes of one byte that name a register in themselves: xchg, pop, mov $n,%reg. */
static bool is_short_form(const struct encoding *e)
{
	unsigned row = e->opcode & 0xf8;

	return row == 0x58 || row == 0x90 || row == 0xb0 || row == 0xb8;
}

/* Those that write registers they do not name at all. */
static bool is_implicit(const struct encoding *e)
{
	switch (e->opcode) {
	case 0x98 ... 0x99: /* cltq, cltd */
	case 0xa0 ... 0xa7: /* moves of %al, string instructions */
	case 0xaa ... 0xaf:
	case 0xc8 ... 0xc9: /* enter, leave */
	case 0xd7:	    /* xlat */
	case 0xf6 ... 0xf7: /* mul, div */
		return true;
	default: /* add $n,%rax and its kin */
		return e->opcode < 0x38 && (e->opcode & 6) == 4;
	}
}

static bool is_store(const struct encoding *e)
{
	return e->opcode == 0x88 || e->opcode == 0x89 || e->opcode == 0xc6 || e->opcode == 0xc7;
}

/* May an instruction that we do not know write reg? */
static bool may_write(const struct encoding *e, unsigned reg)
{
	bool names_rm = encoding_is_register_form(e) && encoding_rm_operand(e) == reg;

	if (e->scheme != SCHEME_LEGACY)
		return true;
	if (encoding_is(e, 1, 0x1f)) /* nop */
		return false;
	if (e->map == 0 && is_short_form(e)) {
		bool is_exchange = (e->opcode & 0xf8) == 0x90 && e->opcode != 0x90;
		return ((e->opcode & 7) | (e->rex & 1) << 3) == (int)reg ||
		       (is_exchange && reg == 0);
	}
	if (e->map == 0 ? is_implicit(e) : e->opcode == 0xa2 || (e->opcode & 0xfe) == 0xb0)
		return true; /* map 1: cpuid, cmpxchg */
	return names_rm || ((e->map || !is_store(e)) && encoding_reg_operand(e) == reg);
}

static bool is_compare(const struct encoding *e)
{
	bool is_immediate = e->opcode == 0x81 || e->opcode == 0x83;

	return e->scheme == SCHEME_LEGACY && e->map == 0 &&
	       (e->opcode == 0x85 || e->opcode == 0x84 || e->opcode == 0x3c || e->opcode == 0x3d ||
		e->opcode == 0x39 || e->opcode == 0x3b || e->opcode == 0xa8 || e->opcode == 0xa9 ||
		(is_immediate && encoding_reg(e) == 7));
}

/* What an instruction has put into reg: ORIGIN_UNKNOWN if it is none of these. */
static int origin_kind(const struct encoding *e, unsigned reg)
{
	bool is_register = encoding_is_register_form(e);

	if (e->scheme != SCHEME_LEGACY || e->map != 0)
		return ORIGIN_UNKNOWN;
	if (e->opcode == 0x01 && is_register && encoding_rm_operand(e) == reg)
		return ORIGIN_SUM;
	if (encoding_reg_operand(e) != reg)
		return ORIGIN_UNKNOWN;
	if (e->opcode == 0x03)
		return ORIGIN_SUM;
	if (e->opcode == 0x8b && !is_register)
		return ORIGIN_MEMORY;
	return e->opcode == 0x8d ? ORIGIN_ADDRESS : ORIGIN_UNKNOWN;
}

/* Is it mov of another register to *reg? Then that one is looked for from here on. */
static bool is_copy(const struct encoding *e, unsigned *reg)
{
	bool is_store = encoding_is(e, 0, 0x89), is_load = encoding_is(e, 0, 0x8b);
	unsigned to = is_load ? encoding_reg_operand(e) : encoding_rm_operand(e);

	if ((!is_store && !is_load) || !encoding_is_register_form(e) || !encoding_has_rex_w(e) ||
	    to != *reg)
		return false;
	*reg = is_load ? encoding_rm_operand(e) : encoding_reg_operand(e);
	return true;
}

static struct origin find_origin(const struct code *code, const struct insn *insn, unsigned reg)
{
	for (unsigned steps = 0; steps < STEPS_BACK; steps++) {
		if (insn == code->insns.data)
			return (struct origin){is_argument(reg) ? ORIGIN_ARGUMENT : ORIGIN_UNKNOWN,
					       NULL};
		if (code_is_joined(code, insn->address))
			break;
		struct encoding e = encoding_of(code, --insn);
		if (insn->kind == INSN_BRANCH || is_compare(&e))
			continue;
		if (is_copy(&e, &reg))
			continue;
		int kind = insn->kind == INSN_OTHER ? origin_kind(&e, reg) : ORIGIN_UNKNOWN;
		if (kind != ORIGIN_UNKNOWN)
			return (struct origin){kind, insn};
		if (insn->kind != INSN_OTHER || may_write(&e, reg))
			break;
	}
	return (struct origin){0};
}

/* Where the pointers of a table lead that an indexed operand reads. */
static enum leads table_leads(const struct search *search, const struct code *code,
			      const struct insn *insn, const struct encoding *e)
{
	struct operand operand = memory_operand(e);
	uint64_t table = operand.displacement, target;

	if (operand.base != NO_BASE) {
		struct origin base = find_origin(code, insn, operand.base);
		if (base.kind != ORIGIN_ADDRESS)
			return LEADS_ANYWHERE;
		struct encoding lea = encoding_of(code, base.insn);
		struct operand address = memory_operand(&lea);
		if (address.base != IP)
			return LEADS_ANYWHERE;
		table += base.insn->address + base.insn->size + address.displacement;
	}
	if (!search->memory || !search->memory->pointer(search->memory->context, table, &target))
		return LEADS_ANYWHERE;
	return is_inside(search, target) ? LEADS_WITHIN : LEADS_OUT;
}

static enum leads loaded_leads(const struct search *search, const struct code *code,
			       const struct insn *insn)
{
	struct encoding e = encoding_of(code, insn);

	if (memory_operand(&e).has_index)
		return table_leads(search, code, insn, &e);
	return LEADS_OUT;
}

/* insn is a lea: of a function, or of a label. */
static enum leads address_leads(const struct search *search, const struct code *code,
				const struct insn *insn)
{
	struct encoding e = encoding_of(code, insn);
	struct operand operand = memory_operand(&e);

	if (operand.base != IP)
		return LEADS_ANYWHERE;
	return is_inside(search, insn->address + insn->size + operand.displacement) ? LEADS_WITHIN
										    : LEADS_OUT;
}

static enum leads indirect_leads(const struct search *search, const struct code *code,
				 const struct insn *insn)
{
	struct encoding e = encoding_of(code, insn);

	if (e.prefixes & PREFIX_SEGMENT) /* notrack */
		return LEADS_WITHIN;
	if (!encoding_is_register_form(&e))
		return loaded_leads(search, code, insn);
	struct origin origin = find_origin(code, insn, encoding_rm_operand(&e));
	switch (origin.kind) {
	case ORIGIN_ARGUMENT:
		return LEADS_OUT;
	case ORIGIN_MEMORY:
		return loaded_leads(search, code, origin.insn);
	case ORIGIN_ADDRESS:
		return address_leads(search, code, origin.insn);
	case ORIGIN_SUM:
		return LEADS_WITHIN;
	default:
		return LEADS_ANYWHERE;
	}
}

/* ------------------------------------------------------------------- exits */

static void add_exit(exit_list *found, const struct insn *insn, enum exit_kind kind,
		     uint8_t condition)
{
	vector_push(found, ((struct code_exit){insn->address, insn->target, kind, condition}));
}

/* Was the function's frame given back on the straight way to insn? Nobody does that before
 * a jump within. */
static bool has_left_frame(const struct search *search, size_t part, const struct insn *insn)
{
	const struct code *code = search->parts[part];

	while (insn > code->insns.data && !code_is_joined(code, insn->address)) {
		insn--;
		if (insn->kind != INSN_OTHER)
			return false;
		int64_t depth = depths_at(&search->depths, part, insn);
		if (depth != 0)
			return depth != DEPTH_UNKNOWN;
	}
	return false;
}

static void look_at_jump(const struct search *search, size_t part, const struct insn *insn,
			 int64_t depth)
{
	const struct code *code = search->parts[part];
	bool is_deeper = depth != 0 && depth != DEPTH_UNKNOWN;

	if (insn->target) {
		if (!is_inside(search, insn->target))
			add_exit(search->found, insn, is_deeper ? EXIT_UNCLEAR : EXIT_TAIL_CALL, 0);
		return;
	}
	if (is_deeper)
		return;
	enum leads leads = depth == 0 && has_left_frame(search, part, insn)
			       ? LEADS_OUT
			       : indirect_leads(search, code, insn);
	if (leads != LEADS_WITHIN)
		add_exit(search->found, insn, leads == LEADS_OUT ? EXIT_TAIL_CALL : EXIT_UNCLEAR,
			 0);
}

/* A branch that leads out. */
static void add_branch(exit_list *found, const struct code *code, const struct insn *insn,
		       bool is_clear)
{
	struct encoding e = encoding_of(code, insn);
	bool is_loop = e.map == 0 && (e.opcode & 0xf0) == 0xe0;

	add_exit(found, insn, is_clear && !is_loop ? EXIT_BRANCH : EXIT_UNCLEAR, e.opcode & 15);
}

static void look_at_branch(const struct search *search, const struct code *code,
			   const struct insn *insn, int64_t depth)
{
	if (!is_inside(search, insn->target))
		add_branch(search->found, code, insn, depth == 0 || depth == DEPTH_UNKNOWN);
}

void code_exits(const struct code *const *parts, size_t part_count,
		const struct code_memory *memory, exit_list *ret)
{
	struct search search = {parts, part_count, memory, {0}, ret};

	depths_init(&search.depths, parts, part_count);
	for (size_t part = 0; part < part_count; part++) {
		const struct code *code = parts[part];
		for (size_t i = 0; i < code->insns.size; i++) {
			const struct insn *insn = &code->insns.data[i];
			int64_t depth = depths_at(&search.depths, part, insn);
			if (insn->kind == INSN_RETURN)
				add_exit(search.found, insn, EXIT_RETURN, 0);
			else if (insn->kind == INSN_JUMP)
				look_at_jump(&search, part, insn, depth);
			else if (insn->kind == INSN_BRANCH)
				look_at_branch(&search, code, insn, depth);
		}
	}
	depths_deinit(&search.depths);
}

void code_restarts(const struct code *const *parts, size_t part_count, exit_list *ret)
{
	for (size_t part = 0; part < part_count; part++) {
		const struct code *code = parts[part];
		for (size_t i = 0; i < code->insns.size; i++) {
			const struct insn *insn = &code->insns.data[i];
			if (insn->target != parts[0]->start)
				continue;
			if (insn->kind == INSN_JUMP)
				add_exit(ret, insn, EXIT_TAIL_CALL, 0);
			else if (insn->kind == INSN_BRANCH)
				add_branch(ret, code, insn, true);
		}
	}
}
