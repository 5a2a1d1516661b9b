/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * branch.c - what a conditional jump depends on: the instruction that sets its flags, and
 * what that reads.
 */
#include "encoding.h"

/* So many steps back the test is looked for, and what loaded a register. */
#define STEPS_BACK 24

/* DWARF's numbers of the registers as ModRM numbers them. */
static unsigned dwarf_register(unsigned number)
{
	static const uint8_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5};

	return number < 8 ? numbers[number] : number;
}

/* ------------------------------------------------------------------ operands */

static unsigned operand_size(const struct encoding *e)
{
	if (e->rex & 8)
		return 8;
	return e->prefixes & PREFIX_DATA16 ? 2 : 4;
}

static struct code_operand register_operand(const struct encoding *e, unsigned number,
					    unsigned size)
{
	/* Without REX, 4 to 7 are the second bytes of the first four registers. */
	bool is_high = size == 1 && !e->rex && number >= 4;

	return (struct code_operand){
	    .kind = OPERAND_REGISTER,
	    .reg = dwarf_register(is_high ? number - 4 : number),
	    .is_high_byte = is_high,
	    .size = size,
	};
}

/* immediate: how many bytes of the instruction follow the address. */
static struct code_operand rm_operand(const struct encoding *e, uint64_t next, unsigned size,
				      unsigned immediate)
{
	unsigned mod = e->modrm >> 6, sib = e->bytes[e->modrm_at + 1];
	struct encoding address = *e;

	if (mod == 3)
		return register_operand(e, encoding_rm_operand(e), size);
	struct code_operand operand = {
	    .kind = OPERAND_MEMORY,
	    .reg = dwarf_register(encoding_rm_operand(e)),
	    .index = OPERAND_NO_REGISTER,
	    .size = size,
	};
	bool has_sib = (e->modrm & 7) == RSP;
	unsigned base = has_sib ? sib & 7 : e->modrm & 7;
	if (has_sib) {
		unsigned index = (sib >> 3 & 7) | (e->rex & 2) << 2;
		operand.reg = dwarf_register(base | (e->rex & 1) << 3);
		operand.index = index == RSP ? OPERAND_NO_REGISTER : dwarf_register(index);
		operand.scale = 1 << (sib >> 6);
	}
	bool is_absolute = mod == 0 && base == RBP;
	address.size -= immediate;
	if (mod == 1 || mod == 2 || is_absolute)
		operand.number = encoding_last_value(&address, mod == 1 ? 1 : 4);
	if (is_absolute) {
		operand.number += has_sib ? 0 : next; /* n(%rip) */
		operand.reg = OPERAND_NO_REGISTER;
	}
	return operand;
}

static struct code_operand constant(int64_t number, unsigned size)
{
	return (struct code_operand){.kind = OPERAND_CONSTANT, .number = number, .size = size};
}

static int64_t immediate(const struct encoding *e, unsigned size)
{
	if (size == 2)
		return (int16_t)(e->bytes[e->size - 2] | e->bytes[e->size - 1] << 8);
	return encoding_last_value(e, size);
}

/* --------------------------------------------------------------------- tests */

static bool is_same(const struct code_operand *a, const struct code_operand *b)
{
	return a->kind == OPERAND_REGISTER && b->kind == OPERAND_REGISTER && a->reg == b->reg &&
	       a->is_high_byte == b->is_high_byte;
}

static void read_pair(const struct encoding *e, uint64_t next, struct code_branch *ret)
{
	unsigned size = e->opcode & 1 ? operand_size(e) : 1;
	bool is_to_reg = (e->opcode & 0xfe) == 0x3a;
	struct code_operand rm = rm_operand(e, next, size, 0);
	struct code_operand reg = register_operand(e, encoding_reg_operand(e), size);

	ret->left = is_to_reg ? reg : rm;
	ret->right = is_to_reg ? rm : reg;
}

static void read_immediate(const struct encoding *e, uint64_t next, struct code_branch *ret)
{
	bool is_byte = !(e->opcode & 1), is_short = is_byte || e->opcode == 0x83;
	unsigned size = is_byte ? 1 : operand_size(e);
	unsigned bytes = is_short ? 1 : size == 2 ? 2 : 4;

	ret->left = rm_operand(e, next, size, bytes);
	ret->right = constant(immediate(e, bytes), size);
}

static void read_accumulator(const struct encoding *e, struct code_branch *ret)
{
	unsigned size = e->opcode & 1 ? operand_size(e) : 1;

	ret->left = register_operand(e, 0, size);
	ret->right = constant(immediate(e, size == 8 ? 4 : size), size);
}

/* Fills the operands of cmp and test; false if it is neither. */
static bool read_test(const struct encoding *e, uint64_t next, struct code_branch *ret)
{
	if (e->scheme != SCHEME_LEGACY || e->map != 0)
		return false;
	switch (e->opcode) {
	case 0x38 ... 0x3b:
		ret->kind = BRANCH_COMPARE;
		read_pair(e, next, ret);
		return true;
	case 0x3c:
	case 0x3d:
		ret->kind = BRANCH_COMPARE;
		read_accumulator(e, ret);
		return true;
	case 0x80:
	case 0x81:
	case 0x83:
		ret->kind = BRANCH_COMPARE;
		read_immediate(e, next, ret);
		return encoding_reg(e) == 7;
	case 0x84:
	case 0x85:
		read_pair(e, next, ret);
		ret->kind = is_same(&ret->left, &ret->right) ? BRANCH_ZERO : BRANCH_MASK;
		return true;
	case 0xa8:
	case 0xa9:
		ret->kind = BRANCH_MASK;
		read_accumulator(e, ret);
		return true;
	case 0xf6:
	case 0xf7:
		ret->kind = BRANCH_MASK;
		read_immediate(e, next, ret);
		return encoding_reg(e) <= 1;
	default:
		return false;
	}
}

/* test $0x10,%bh is how compilers write %ebx & 0x1000. */
static void widen_mask(struct code_branch *branch)
{
	if (branch->kind != BRANCH_MASK || !branch->left.is_high_byte ||
	    branch->right.kind != OPERAND_CONSTANT)
		return;
	branch->left.is_high_byte = false;
	branch->left.size = branch->right.size = 4;
	branch->right.number = (branch->right.number & 0xff) << 8;
}

/* Does an instruction set flags in other ways than cmp and test? */
static bool sets_flags(const struct encoding *e)
{
	if (e->scheme == SCHEME_EVEX || e->scheme == SCHEME_VEX)
		return (e->map == 1 && (e->opcode == 0x2e || e->opcode == 0x2f)) ||
		       (e->map == 2 && (e->opcode == 0x17 || e->opcode >= 0xf2));
	if (e->map == 2)
		return e->opcode == 0x17 || e->opcode == 0xf6; /* ptest, adcx, adox */
	if (e->map == 1) {
		switch (e->opcode) {
		case 0x2e ... 0x2f: /* ucomis, comis */
		case 0xa3 ... 0xa5: /* bt, shld */
		case 0xab ... 0xad:
		case 0xaf ... 0xb1: /* imul, cmpxchg */
		case 0xb3:
		case 0xb8: /* popcnt */
		case 0xba ... 0xbd:
		case 0xc0 ... 0xc1: /* xadd */
		case 0xc7:	    /* cmpxchg16b, rdrand */
			return true;
		default:
			return false;
		}
	}
	switch (e->opcode) {
	case 0x00 ... 0x3f: /* add to cmp */
		return (e->opcode & 7) < 6;
	case 0x69:
	case 0x6b:
	case 0x80 ... 0x83:
	case 0x9e: /* sahf */
	case 0xa6 ... 0xa7:
	case 0xae ... 0xaf:
	case 0xc0 ... 0xc1: /* shifts */
	case 0xd0 ... 0xd3:
	case 0xf6 ... 0xf7:
	case 0xf8 ... 0xf9:
		return true;
	case 0xfe ... 0xff:
		return encoding_reg(e) <= 1;
	default:
		return false;
	}
}

/* The instruction before one, on every way to it; NULL if there are several ways. */
static const struct insn *before(const struct code *code, const struct insn *insn)
{
	if (insn == code->insns.data || code_is_joined(code, insn->address))
		return NULL;
	insn--;
	return insn->kind == INSN_OTHER || insn->kind == INSN_BRANCH ? insn : NULL;
}

void code_branch(const struct code *code, const struct insn *jump, struct code_branch *ret)
{
	struct encoding e = encoding_of(code, jump);
	const struct insn *insn = jump;

	*ret = (struct code_branch){.jump = jump, .condition = e.opcode & 15};
	if (e.map == 0 && (e.opcode & 0xf0) == 0xe0) /* loop, jrcxz */
		return;
	for (unsigned i = 0; i < STEPS_BACK && (insn = before(code, insn)); i++) {
		e = encoding_of(code, insn);
		if (read_test(&e, insn->address + insn->size, ret)) {
			ret->test = insn;
			widen_mask(ret);
			return;
		}
		if (insn->kind == INSN_OTHER && sets_flags(&e)) {
			ret->kind = BRANCH_RESULT;
			ret->test = insn;
			return;
		}
	}
}

/* ------------------------------------------------------------------- origins */

/* Does the instruction write the register at all, as far as ModRM shows? */
static bool may_write(const struct encoding *e, unsigned reg)
{
	bool is_store = e->map == 0 && (e->opcode == 0x88 || e->opcode == 0x89 ||
					e->opcode == 0xc6 || e->opcode == 0xc7);
	bool is_compare = e->map == 0 && ((e->opcode >= 0x38 && e->opcode <= 0x3d) ||
					  e->opcode == 0x84 || e->opcode == 0x85);
	unsigned row = e->opcode & 0xf8;
	bool is_short = e->map == 0 && (row == 0x58 || row == 0xb0 || row == 0xb8);

	if (is_compare || encoding_is(e, 1, 0x1f) || encoding_is(e, 0, 0x90) ||
	    (e->map == 0 && row == 0x50))
		return false;
	if (is_short)
		return dwarf_register((e->opcode & 7) | (e->rex & 1) << 3) == reg;
	if (encoding_is_register_form(e) && dwarf_register(encoding_rm_operand(e)) == reg)
		return true;
	bool is_vector =
	    e->scheme != SCHEME_LEGACY || (e->map == 1 && (e->opcode & 0xf0) <= 0x20); /* movups */
	return !is_store && !is_vector && dwarf_register(encoding_reg_operand(e)) == reg;
}

/* Is it a load: mov, movzx, movsx? Then what it loads, and into which register. */
static bool read_load(const struct encoding *e, uint64_t next, struct code_operand *ret,
		      unsigned *ret_reg)
{
	bool is_extension =
	    e->scheme == SCHEME_LEGACY && e->map == 1 &&
	    (e->opcode == 0xb6 || e->opcode == 0xb7 || e->opcode == 0xbe || e->opcode == 0xbf);

	*ret_reg = dwarf_register(encoding_reg_operand(e));
	if (is_extension)
		*ret = rm_operand(e, next, e->opcode & 1 ? 2 : 1, 0);
	else if (encoding_is(e, 0, 0x8b) || encoding_is(e, 0, 0x8a))
		*ret = rm_operand(e, next, e->opcode & 1 ? operand_size(e) : 1, 0);
	else if (encoding_is(e, 0, 0x63))
		*ret = rm_operand(e, next, 4, 0);
	else if (encoding_is(e, 0, 0x89) && encoding_is_register_form(e)) {
		*ret_reg = dwarf_register(encoding_rm_operand(e));
		*ret = register_operand(e, encoding_reg_operand(e), operand_size(e));
	} else
		return false;
	return true;
}

const struct insn *code_loaded(const struct code *code, const struct insn *insn, unsigned reg,
			       struct code_operand *ret)
{
	for (unsigned i = 0; i < STEPS_BACK && (insn = before(code, insn)); i++) {
		struct encoding e = encoding_of(code, insn);
		unsigned loaded;
		if (insn->kind != INSN_OTHER)
			continue;
		if (read_load(&e, insn->address + insn->size, ret, &loaded) && loaded == reg)
			return insn;
		if (may_write(&e, reg))
			return NULL;
	}
	return NULL;
}
