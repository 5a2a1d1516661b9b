/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi.c - an image's unwind tables: the row of an address, made once, and the step from a frame to
 * its caller by it.
 * Needs no process: the state of a frame is registers and a piece of stack memory that were
 * copied at some time.
 */
#include "lines.h"
#include "stack.h"

/* rbx, rbp, r12-r15: what is not said of them is that a function leaves them alone. */
#define CALLEE_SAVED (1u << 3 | 1u << REGISTER_RBP | 0xfu << 12)

struct cfi {
	struct cfi_table tables[2]; /* .eh_frame, .debug_frame */
	uint8_t *bytes[2];	    /* of these */
	bool has_debug_frame;	    /* it has been looked for */
	struct number_map rows;
	struct arena arena;
};

/* What the cache says of an address without a row. */
static struct unwind_row no_row;

/* -------------------------------------------------------------------- rows */

static void open_eh_frame(struct cfi *cfi, const struct image *image)
{
	const struct section *section = image_section(image, ".eh_frame");

	if (!section)
		return;
	cfi->bytes[0] = xmalloc(section->size);
	if (image_pread(image, section->offset, cfi->bytes[0], section->size))
		cfi_table_open(&cfi->tables[0], (struct bytes){cfi->bytes[0], section->size},
			       section->address, false);
}

/* Addresses in a debug file are the program's. The bytes are copied: the file may be cut short
 * after this. */
static void open_debug_frame(struct cfi *cfi, struct image *image)
{
	const struct lines *lines = lines_get(image);

	if (!lines)
		return;
	struct bytes bytes = lines_section(lines, ".debug_frame", ".zdebug_frame");
	if (!bytes.data)
		return;
	cfi->bytes[1] = memcpy(xmalloc(bytes.size), bytes.data, bytes.size);
	cfi_table_open(&cfi->tables[1], (struct bytes){cfi->bytes[1], bytes.size}, 0, true);
}

static struct cfi *cfi_get(struct image *image)
{
	if (!image->cfi) {
		image->cfi = xcalloc(1, sizeof(*image->cfi));
		open_eh_frame(image->cfi, image);
	}
	return image->cfi;
}

bool cfi_function_end(struct image *image, uint64_t address, uint64_t *ret)
{
	const struct cfi_entry *entry = cfi_table_entry(&cfi_get(image)->tables[0], address);

	if (!entry || entry->start != address)
		return false;
	*ret = entry->end;
	return true;
}

void cfi_free(struct cfi *cfi)
{
	if (!cfi)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cfi->tables); i++) {
		cfi_table_close(&cfi->tables[i]);
		free(cfi->bytes[i]);
	}
	number_map_deinit(&cfi->rows);
	arena_deinit(&cfi->arena);
	free(cfi);
}

struct cfi_table *cfi_table_own(struct image *image)
{
	return &cfi_get(image)->tables[0];
}

/* Debug information may have to be inflated first: it is asked only where the program's own
 * table says nothing. */
struct cfi_table *cfi_table_at(struct image *image, uint64_t address)
{
	struct cfi *cfi = cfi_get(image);

	if (cfi_table_entry(&cfi->tables[0], address))
		return &cfi->tables[0];
	if (!cfi->has_debug_frame && image_is_code(image, address)) {
		cfi->has_debug_frame = true;
		open_debug_frame(cfi, image);
	}
	return cfi_table_entry(&cfi->tables[1], address) ? &cfi->tables[1] : NULL;
}

static struct unwind_row *make_row(struct cfi *cfi, const struct unwind_rules *rules)
{
	struct unwind_row *row =
	    arena_alloc(&cfi->arena, sizeof(*row) + REGISTER_COUNT * sizeof(*row->rules));

	row->is_signal = rules->is_signal;
	row->cfa = rules->cfa;
	for (unsigned reg = 0; reg < REGISTER_COUNT; reg++) {
		const struct unwind_rule *rule = &rules->registers[reg];
		if (rule->kind == RULE_SAME ||
		    (rule->kind == RULE_UNSAID && CALLEE_SAVED >> reg & 1))
			row->kept |= 1u << reg;
		else if (rule->kind != RULE_LOST && rule->kind != RULE_UNSAID)
			row->rules[row->rule_count++] = (struct row_rule){reg, *rule};
	}
	return row;
}

/* Go's own table, which needs no debug information to be inflated: the depth of the stack. The
 * frame pointer is saved below the return address where there is a frame; no other register is
 * kept. */
static bool go_rules(struct image *image, uint64_t address, struct unwind_rules *ret)
{
	int64_t depth;

	if (!gotab_depth(image->go->table, address, &depth))
		return false;
	*ret = (struct unwind_rules){
	    .cfa = {.kind = RULE_SUM, .base = REGISTER_RSP, .number = depth + 8},
	};
	for (unsigned reg = 0; reg < REGISTER_COUNT; reg++)
		ret->registers[reg].kind = RULE_LOST;
	ret->registers[REGISTER_RETURN] = (struct unwind_rule){.kind = RULE_AT_CFA, .number = -8};
	ret->registers[REGISTER_RBP] =
	    depth >= 8 ? (struct unwind_rule){.kind = RULE_AT_CFA, .number = -16}
		       : (struct unwind_rule){.kind = RULE_SAME};
	return true;
}

static bool find_rules(struct image *image, uint64_t address, struct unwind_rules *ret)
{
	if (go_covers(image, address))
		return go_rules(image, address, ret);
	const struct cfi_table *table = cfi_table_at(image, address);
	return table && cfi_table_rules(table, address, ret);
}

const struct unwind_row *cfi_row(struct image *image, uint64_t address)
{
	struct cfi *cfi = cfi_get(image);
	struct unwind_row *row = number_map_get(&cfi->rows, address);
	struct unwind_rules rules;

	if (!row) {
		row = find_rules(image, address, &rules) ? make_row(cfi, &rules) : &no_row;
		number_map_put(&cfi->rows, address, row);
	}
	return row == &no_row ? NULL : row;
}

/* -------------------------------------------------------------------- step */

struct frame {
	uint64_t cfa;
	const struct stack_memory *memory;
	const struct unwind_registers *registers;
};

static enum unwind_step load(const struct frame *frame, uint64_t address, uint64_t *ret)
{
	return stack_memory_read(frame->memory, address, ret) ? STEP_DONE : STEP_BEYOND;
}

static enum unwind_step apply(const struct frame *frame, const struct unwind_rule *rule,
			      const uint64_t *cfa, uint64_t *ret)
{
	enum unwind_step step = STEP_DONE;

	switch (rule->kind) {
	case RULE_SUM:
		if (!(frame->registers->known >> rule->base & 1))
			return STEP_CORRUPT;
		*ret = frame->registers->value[rule->base] + (uint64_t)rule->number;
		return STEP_DONE;
	case RULE_AT_CFA:
		return load(frame, frame->cfa + (uint64_t)rule->number, ret);
	case RULE_PLUS_CFA:
		*ret = frame->cfa + (uint64_t)rule->number;
		return STEP_DONE;
	default:
		step = operations_run(&rule->expression, cfa, frame->memory, frame->registers, ret);
		if (step == STEP_DONE && rule->kind == RULE_AT_EXPRESSION)
			return load(frame, *ret, ret);
		return step;
	}
}

enum unwind_step cfi_step(const struct unwind_row *row, const struct stack_memory *memory,
			  struct unwind_registers *registers)
{
	struct frame frame = {.memory = memory, .registers = registers};
	struct unwind_registers caller = *registers;

	enum unwind_step step = apply(&frame, &row->cfa, NULL, &frame.cfa);
	if (step != STEP_DONE)
		return step;
	/* The CFA is where the stack pointer was before the call, unless it is said. */
	caller.value[REGISTER_RSP] = frame.cfa;
	caller.known = (caller.known & row->kept & ~(1u << REGISTER_RETURN)) | 1u << REGISTER_RSP;
	for (unsigned i = 0; i < row->rule_count; i++) {
		unsigned reg = row->rules[i].reg;
		step = apply(&frame, &row->rules[i].rule, &frame.cfa, &caller.value[reg]);
		/* A register that cannot be had is missed only by who needs it. */
		if (step == STEP_DONE)
			caller.known |= 1u << reg;
		else if (reg == REGISTER_RETURN || reg == REGISTER_RSP)
			return step;
	}
	if (!(caller.known >> REGISTER_RETURN & 1))
		return STEP_END;
	/* Callers are further up, but for one that was interrupted on another stack. */
	if (!row->is_signal && caller.value[REGISTER_RSP] <= registers->value[REGISTER_RSP])
		return STEP_CORRUPT;
	*registers = caller;
	return STEP_DONE;
}
