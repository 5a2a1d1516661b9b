/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfirules.c - runs the instructions of an unwind table's entry up to an address (DWARF 5, 6.4.2):
 * what they leave are the rules there.
 */
#include <dwarf.h>

#include "cfitable.h"

/* Rules that were put aside; more at once make no sense. */
#define ASIDE_MAX 16

struct run {
	const struct cfi_table *table;
	const struct cfi_common *common;
	struct cursor cursor;
	uint64_t at, wanted; /* addresses */
	struct unwind_rules rules, initial, aside[ASIDE_MAX];
	unsigned aside_count;
	bool is_corrupt;
};

/* Rules of other registers (of vectors) are read and dropped. */
static void set_rule(struct run *run, uint64_t reg, struct unwind_rule rule)
{
	if (reg < REGISTER_COUNT)
		run->rules.registers[reg] = rule;
}

static void set_offset(struct run *run, uint64_t reg, enum unwind_rule_kind kind, int64_t factored)
{
	int64_t number = (int64_t)((uint64_t)factored * (uint64_t)run->common->data_step);

	set_rule(run, reg, (struct unwind_rule){.kind = kind, .number = number});
}

static struct unwind_rule expression(struct run *run, enum unwind_rule_kind kind)
{
	uint64_t size = cursor_unsigned(&run->cursor);
	const uint8_t *data = cursor_take(&run->cursor, size);

	return (struct unwind_rule){.kind = kind, .expression = {data, data ? size : 0}};
}

static void set_cfa(struct run *run, uint64_t reg, int64_t number)
{
	run->is_corrupt |= reg >= REGISTER_COUNT;
	run->rules.cfa =
	    (struct unwind_rule){.kind = RULE_SUM, .base = (uint8_t)reg, .number = number};
}

static void restore(struct run *run, uint64_t reg)
{
	if (reg < REGISTER_COUNT)
		run->rules.registers[reg] = run->initial.registers[reg];
}

static void put_aside(struct run *run)
{
	if (run->aside_count == ASIDE_MAX)
		run->is_corrupt = true;
	else
		run->aside[run->aside_count++] = run->rules;
}

static void take_back(struct run *run)
{
	if (run->aside_count == 0)
		run->is_corrupt = true;
	else
		run->rules = run->aside[--run->aside_count];
}

static void advance(struct run *run, uint64_t factored)
{
	run->at += factored * run->common->code_step;
}

/* Instructions that say how the CFA is found. */
static void run_cfa(struct run *run, uint8_t code)
{
	struct cursor *cursor = &run->cursor;
	const struct unwind_rule *cfa = &run->rules.cfa;
	uint64_t reg, step = (uint64_t)run->common->data_step;

	switch (code) {
	case DW_CFA_def_cfa:
		reg = cursor_unsigned(cursor);
		set_cfa(run, reg, (int64_t)cursor_unsigned(cursor));
		break;
	case DW_CFA_def_cfa_sf:
		reg = cursor_unsigned(cursor);
		set_cfa(run, reg, (int64_t)((uint64_t)cursor_signed(cursor) * step));
		break;
	case DW_CFA_def_cfa_register:
		set_cfa(run, cursor_unsigned(cursor), cfa->number);
		break;
	case DW_CFA_def_cfa_offset:
		set_cfa(run, cfa->base, (int64_t)cursor_unsigned(cursor));
		break;
	case DW_CFA_def_cfa_offset_sf:
		set_cfa(run, cfa->base, (int64_t)((uint64_t)cursor_signed(cursor) * step));
		break;
	case DW_CFA_def_cfa_expression:
		run->rules.cfa = expression(run, RULE_EXPRESSION);
		break;
	default:
		run->is_corrupt = true;
	}
}

/* Instructions whose first operand is a register. */
static void run_register(struct run *run, uint8_t code)
{
	struct cursor *cursor = &run->cursor;
	uint64_t reg = cursor_unsigned(cursor), base;

	switch (code) {
	case DW_CFA_undefined:
		set_rule(run, reg, (struct unwind_rule){.kind = RULE_LOST});
		break;
	case DW_CFA_same_value:
		set_rule(run, reg, (struct unwind_rule){.kind = RULE_SAME});
		break;
	case DW_CFA_register:
		base = cursor_unsigned(cursor);
		run->is_corrupt |= base >= REGISTER_COUNT;
		set_rule(run, reg, (struct unwind_rule){.kind = RULE_SUM, .base = (uint8_t)base});
		break;
	case DW_CFA_restore_extended:
		restore(run, reg);
		break;
	case DW_CFA_offset_extended:
		set_offset(run, reg, RULE_AT_CFA, (int64_t)cursor_unsigned(cursor));
		break;
	case DW_CFA_offset_extended_sf:
		set_offset(run, reg, RULE_AT_CFA, cursor_signed(cursor));
		break;
	case DW_CFA_val_offset:
		set_offset(run, reg, RULE_PLUS_CFA, (int64_t)cursor_unsigned(cursor));
		break;
	case DW_CFA_val_offset_sf:
		set_offset(run, reg, RULE_PLUS_CFA, cursor_signed(cursor));
		break;
	case DW_CFA_expression:
		set_rule(run, reg, expression(run, RULE_AT_EXPRESSION));
		break;
	case DW_CFA_val_expression:
		set_rule(run, reg, expression(run, RULE_EXPRESSION));
		break;
	default:
		run->is_corrupt = true;
	}
}

static void run_extended(struct run *run, uint8_t code)
{
	struct cursor *cursor = &run->cursor;

	switch (code) {
	case DW_CFA_nop:
		break;
	case DW_CFA_set_loc:
		run->is_corrupt |=
		    !cfi_read_address(run->table, cursor, run->common->encoding, &run->at);
		break;
	case DW_CFA_advance_loc1:
		advance(run, cursor_fixed(cursor, 1));
		break;
	case DW_CFA_advance_loc2:
		advance(run, cursor_fixed(cursor, 2));
		break;
	case DW_CFA_advance_loc4:
		advance(run, cursor_fixed(cursor, 4));
		break;
	case DW_CFA_remember_state:
		put_aside(run);
		break;
	case DW_CFA_restore_state:
		take_back(run);
		break;
	case DW_CFA_GNU_args_size:
		cursor_unsigned(cursor);
		break;
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		run_cfa(run, code);
		break;
	default:
		run_register(run, code);
	}
}

static bool run_program(struct run *run, struct cursor program)
{
	run->cursor = program;
	while (run->cursor.at < run->cursor.end && run->at <= run->wanted) {
		uint8_t code = cursor_fixed(&run->cursor, 1), operand = code & 0x3f;
		switch (code & 0xc0) {
		case DW_CFA_advance_loc:
			advance(run, operand);
			break;
		case DW_CFA_offset:
			set_offset(run, operand, RULE_AT_CFA,
				   (int64_t)cursor_unsigned(&run->cursor));
			break;
		case DW_CFA_restore:
			restore(run, operand);
			break;
		default:
			run_extended(run, code);
		}
		if (run->is_corrupt || run->cursor.has_failed)
			return false;
	}
	return true;
}

bool cfi_table_rules(const struct cfi_table *table, uint64_t address, struct unwind_rules *ret)
{
	const struct cfi_entry *entry = cfi_table_entry(table, address);
	struct cfi_common common;
	struct cursor program;
	struct run run = {.table = table, .common = &common, .wanted = address};

	if (!entry || !cfi_read_program(table, entry, &common, &program))
		return false;
	run.at = entry->start;
	if (!run_program(&run, common.program))
		return false;
	run.initial = run.rules;
	run.at = entry->start;
	if (!run_program(&run, program))
		return false;
	*ret = run.rules;
	ret->is_signal = common.is_signal;
	return ret->cfa.kind != RULE_UNSAID;
}
