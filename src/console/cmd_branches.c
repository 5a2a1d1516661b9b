/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_branches.c - branches: every conditional jump of a function, what it reads, and where
 * both ways lead, so that nobody has to read the assembly.
 */
#include "flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first call on a way is looked for this far. */
#define LOOK_AHEAD 32
/* Instructions of a test: load, compare, jump. */
#define RELOAD_MAX 4

/* ------------------------------------------------------------------ operands */

static const char *register_name(const struct code_operand *operand, char ret[8])
{
	static const char *const wide[] = {"ax", "dx", "cx", "bx", "si", "di", "bp", "sp"};
	unsigned reg = operand->reg;
	if (reg >= 8 && reg < 16) {
		const char *suffix = operand->size == 8	  ? ""
				     : operand->size == 4 ? "d"
				     : operand->size == 2 ? "w"
							  : "b";
		snprintf(ret, 8, "%%r%u%s", reg, suffix);
	} else if (reg < 4 && operand->size == 1) {
		snprintf(ret, 8, "%%%c%c", wide[reg][0], operand->is_high_byte ? 'h' : 'l');
	} else if (reg < 8 && operand->size == 1) {
		snprintf(ret, 8, "%%%sl", wide[reg]);
	} else if (reg < 8) {
		snprintf(ret, 8, "%%%s%s",
			 operand->size == 8   ? "r"
			 : operand->size == 4 ? "e"
					      : "",
			 wide[reg]);
	}
	return ret;
}

static void put_address(struct buffer *out, const struct code_operand *operand)
{
	struct code_operand base = {.reg = operand->reg, .size = 8};
	struct code_operand index = {.reg = operand->index, .size = 8};
	char name[8];
	if (operand->number < 0)
		buffer_printf(out, "-%#" PRIx64, -(uint64_t)operand->number);
	else if (operand->number)
		buffer_printf(out, "%#" PRIx64, (uint64_t)operand->number);
	if (operand->reg == OPERAND_NO_REGISTER && operand->index == OPERAND_NO_REGISTER)
		return;
	buffer_putc(out, '(');
	if (operand->reg != OPERAND_NO_REGISTER)
		buffer_puts(out, register_name(&base, name));
	if (operand->index != OPERAND_NO_REGISTER)
		buffer_printf(out, ",%s,%u", register_name(&index, name), operand->scale);
	buffer_putc(out, ')');
}

static void put_place(struct buffer *out, const struct code_operand *operand)
{
	char name[8];
	if (operand->kind == OPERAND_REGISTER)
		buffer_puts(out, register_name(operand, name));
	else
		put_address(out, operand);
}

/* The variable in the operand, or the one that the register was loaded from. */
static char *variable_name(const struct flow *flow, const struct insn *insn,
			   const struct code_operand *operand)
{
	struct code_operand loaded;
	char *name = image_operand_name(flow->image, insn->address, operand);
	if (name || operand->kind != OPERAND_REGISTER)
		return name;
	const struct insn *load = code_loaded(&flow->code, insn, operand->reg, &loaded);
	return load ? image_operand_name(flow->image, load->address, &loaded) : NULL;
}

static void put_operand(struct buffer *out, const struct flow *flow, const struct insn *insn,
			const struct code_operand *operand)
{
	if (operand->kind == OPERAND_CONSTANT) {
		bool is_small = operand->number > -0x10000 && operand->number < 0x10000;
		buffer_printf(out, is_small ? "%" PRId64 : "%#" PRIx64, operand->number);
		return;
	}
	CLEANUP(free_p) char *name = variable_name(flow, insn, operand);
	if (!name) {
		put_place(out, operand);
		return;
	}
	struct buffer text = {0};
	put_place(&text, operand);
	CLEANUP(free_p) char *place = buffer_take(&text);
	text_name(out, name);
	buffer_printf(out, *place == '(' ? " %s" : " (%s)", place);
}

/* ---------------------------------------------------------------- conditions */

/* What the flags mean after a comparison, by the low four bits of the jump's opcode; an odd
 * one is the opposite of the one before it. */
static const struct {
	const char *of_compare, *of_zero, *of_result;
} conditions[16] = {
    {NULL, NULL, "overflowed"},
    {NULL, NULL, "did not overflow"},
    {"<", NULL, "carried"},
    {">=", NULL, "did not carry"},
    {"==", "== 0", "is zero"},
    {"!=", "!= 0", "is not zero"},
    {"<=", "== 0", "is below or zero"},
    {">", "!= 0", "is above zero"},
    {NULL, "< 0", "is negative"},
    {NULL, ">= 0", "is not negative"},
    {NULL, NULL, "is unordered"},
    {NULL, NULL, "is ordered"},
    {"<", "< 0", "is less"},
    {">=", ">= 0", "is not less"},
    {"<=", "<= 0", "is not greater"},
    {">", "> 0", "is greater"},
};

static bool is_equality(unsigned condition)
{
	return (condition & ~1u) == 4;
}

static bool is_unsigned(unsigned condition)
{
	return (condition & ~1u) == 2 || (condition & ~1u) == 6;
}

/* Is the condition shown as the truth of what is read: "cond1", "flags & 4"? */
static bool is_truth(const struct code_branch *branch)
{
	return is_equality(branch->condition) &&
	       (branch->kind == BRANCH_ZERO || branch->kind == BRANCH_MASK);
}

/* Does the shown condition hold when the jump is taken? A jump forward usually skips what is
 * done if the source's condition holds; one backward repeats it. */
static bool is_jump_true(const struct code_branch *branch)
{
	if (is_truth(branch))
		return branch->condition == 5;
	return branch->jump->target < branch->jump->address;
}

static void put_condition(struct buffer *out, const struct flow *flow,
			  const struct code_branch *branch)
{
	unsigned shown = is_jump_true(branch) ? branch->condition : branch->condition ^ 1u;
	const char *text = conditions[shown].of_result;
	if (!branch->test) {
		struct insn_text jump = code_text(&flow->code, branch->jump);
		buffer_printf(out, "?: %.*s", (int)strcspn(jump.text, " "), jump.text);
		return;
	}
	if (branch->kind == BRANCH_COMPARE && conditions[shown].of_compare) {
		put_operand(out, flow, branch->test, &branch->left);
		buffer_printf(out, " %s ", conditions[shown].of_compare);
		put_operand(out, flow, branch->test, &branch->right);
		if (is_unsigned(shown))
			buffer_puts(out, " unsigned");
		return;
	}
	if (branch->kind == BRANCH_ZERO && (is_truth(branch) || conditions[shown].of_zero)) {
		put_operand(out, flow, branch->test, &branch->left);
		if (!is_truth(branch))
			buffer_printf(out, " %s", conditions[shown].of_zero);
		return;
	}
	if (branch->kind == BRANCH_MASK && is_truth(branch)) {
		put_operand(out, flow, branch->test, &branch->left);
		buffer_puts(out, " & ");
		put_operand(out, flow, branch->test, &branch->right);
		return;
	}
	buffer_printf(out, "%s: %s", code_text(&flow->code, branch->test).text, text);
}

/* -------------------------------------------------------------------- edges */

/* Does the way from address on lead into a call that the compiler added? */
static bool leads_to_plumbing(const struct flow *flow, uint64_t address)
{
	const struct insn *insn = code_at(&flow->code, address);
	const struct insn *end = flow->code.insns.data + flow->code.insns.size;
	for (unsigned i = 0; insn && insn < end && i < LOOK_AHEAD; i++, insn++) {
		if (insn->kind == INSN_CALL)
			return flow_is_plumbing(flow_callee(flow, insn));
		if (insn->kind != INSN_OTHER)
			return false;
	}
	return false;
}

/* Go says of code that loads an argument again that it is of the function's first lines. Where
 * that is all there is before the next jump, the jump's own line counts. */
static uint64_t where_its_line_is(const struct flow *flow, uint64_t address)
{
	const struct insn *insn = code_at(&flow->code, address);
	const struct insn *end = flow->code.insns.data + flow->code.insns.size;
	for (unsigned i = 0; flow->function.is_go && insn && insn < end && i < RELOAD_MAX; i++) {
		if (insn->kind == INSN_BRANCH)
			return insn->address;
		if (insn++->kind != INSN_OTHER)
			break;
	}
	return address;
}

static void cell_edge(struct table *table, const struct flow *flow, uint64_t address)
{
	struct buffer text = {0};
	flow_put_offset(flow, address, &text);
	buffer_putc(&text, ' ');
	flow_put_line(flow, where_its_line_is(flow, address), true, &text);
	flow_cell(table, &text);
}

static void add_branch(struct table *table, struct flow *flow, const struct insn *jump)
{
	struct code_branch branch;
	struct buffer text = {0};
	uint64_t next = jump->address + jump->size;
	code_branch(&flow->code, jump, &branch);
	const struct insn *site = branch.test ? branch.test : jump;
	bool is_true = is_jump_true(&branch);
	table_cell(table, "  +%#" PRIx64, site->address - flow->code.start);
	flow_put_line(flow, jump->address, false, &text);
	flow_cell(table, &text);
	put_condition(&text, flow, &branch);
	flow_cell(table, &text);
	cell_edge(table, flow, is_true ? jump->target : next);
	cell_edge(table, flow, is_true ? next : jump->target);
}

static bool is_hidden(struct flow *flow, const struct insn *jump)
{
	bool is_plumbing = leads_to_plumbing(flow, jump->target) ||
			   leads_to_plumbing(flow, jump->address + jump->size);
	if (!is_plumbing || flow->wants_all)
		return false;
	flow->hidden++;
	return true;
}

static void show_branches(struct flow *flow)
{
	static const char *const titles[] = {"  Test at", "Line", "Condition", "True goes to",
					     "False goes to"};
	struct table table;
	size_t count = 0;
	table_init(&table, ARRAY_SIZE(titles));
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		table_cell(&table, "%s", titles[i]);
	for (size_t i = 0; i < flow->code.insns.size; i++) {
		const struct insn *insn = &flow->code.insns.data[i];
		if (insn->kind != INSN_BRANCH || is_hidden(flow, insn))
			continue;
		add_branch(&table, flow, insn);
		count++;
	}
	text_name(flow->out, flow->function.name);
	if (count) {
		buffer_puts(flow->out, ":\n");
		table_format(&table, flow->out);
	} else {
		buffer_puts(flow->out, " has no conditional jumps.\n");
	}
	table_deinit(&table);
}

struct error *cmd_branches(struct console *console, const char *arguments, struct buffer *out)
{
	return flow_each(console, "branches", arguments, show_branches, out);
}
