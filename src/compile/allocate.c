/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allocate.c - a home for every temporary: linear scan over its live range.
 * A range without a call inside may sit in r1..r4; the others, and those for which no register
 * is left, live in the frame. Ranges are exact because code jumps back in loops only, and those
 * are marked.
 */
#include "ir.h"

#define FIRST_REGISTER 1
#define LAST_REGISTER  4
#define FRAME_WORDS    ((FRAME_BYTES - FRAME_FIXED) / 8)

/* Instructions that call a helper, which destroys r0..r5, or use as many. */
static bool is_call(const struct ir_insn *insn)
{
	switch (insn->op) {
	case IR_PID:
	case IR_TID:
	case IR_FSBASE:
	case IR_LOAD:
	case IR_TEXT:
	case IR_NAME:
	case IR_KEPT:
	case IR_STRING:
	case IR_TEXT_BYTES:
	case IR_BYTES:
	case IR_STACK:
	case IR_MEMORY_BEGIN:
	case IR_MEMORY_WANT:
	case IR_MEMORY_TYPE:
	case IR_MEMORY:
	case IR_KEY_STACK:
	case IR_ENTRY_TEXT:
	case IR_KEEP_TEXT:
	case IR_COMM:
	case IR_KEY_COMM:
	case IR_KEY_TEXT:
	case IR_KEY_ENTRY_TEXT:
	case IR_ROW:
	case IR_ROW_MAX:
	case IR_DROPPED:
		return true;
	default:
		return false;
	}
}

struct range {
	size_t defined, last_used;
	bool has_call;
};

/* What a loop needs from before it, it needs each time round. */
static void extend_over_loops(const struct ir *ir, struct range *ranges)
{
	size_t starts[LOOP_DEPTH_MAX] = {0}, depth = 0;

	for (size_t i = 0; i < ir->insns.size; i++) {
		if (ir->insns.data[i].op == IR_LOOP && depth < LOOP_DEPTH_MAX)
			starts[depth++] = i;
		if (ir->insns.data[i].op != IR_AGAIN || depth == 0)
			continue;
		depth--;
		for (int t = 0; t < ir->temporaries; t++)
			if (ranges[t].defined < starts[depth] &&
			    ranges[t].last_used > starts[depth] && ranges[t].last_used < i)
				ranges[t].last_used = i;
	}
}

static void find_ranges(const struct ir *ir, struct range *ranges)
{
	for (int t = 0; t < ir->temporaries; t++)
		ranges[t].defined = SIZE_MAX;
	for (size_t i = 0; i < ir->insns.size; i++) {
		const struct ir_insn *insn = &ir->insns.data[i];

		if (insn->a >= 0)
			ranges[insn->a].last_used = i;
		if (insn->b >= 0)
			ranges[insn->b].last_used = i;
		if (insn->t >= 0 && ranges[insn->t].defined == SIZE_MAX)
			ranges[insn->t].defined = i;
		if (insn->t >= 0)
			ranges[insn->t].last_used = i;
	}
	extend_over_loops(ir, ranges);
	/* A call kills what is live after it; what it reads itself is safe. */
	for (size_t i = 0; i < ir->insns.size; i++)
		for (int t = 0; is_call(&ir->insns.data[i]) && t < ir->temporaries; t++)
			if (ranges[t].defined < i && i < ranges[t].last_used)
				ranges[t].has_call = true;
}

/* The home that is free from now on, marked as taken until the range's end. */
static int take(size_t *free_at, int count, const struct range *range)
{
	for (int i = 0; i < count; i++) {
		if (free_at[i] > range->defined)
			continue;
		free_at[i] =
		    range->last_used > range->defined ? range->last_used : range->defined + 1;
		return i;
	}
	return -1;
}

/* The verifier refuses code that nothing leads to, such as what is done where a value is missing
 * that never is. Jumps go forward, but for those of loops, whose labels are reached before. */
static void drop_unreachable(struct compiler *c, struct ir *ir)
{
	bool *is_target = arena_alloc(&c->plan->arena, (size_t)ir->labels + 1);
	bool is_reached = true;
	size_t kept = 0;

	memset(is_target, 0, (size_t)ir->labels + 1);
	for (size_t i = 0; i < ir->insns.size; i++) {
		const struct ir_insn insn = ir->insns.data[i];

		if (insn.op == IR_LABEL && insn.label >= 0)
			is_reached |= is_target[insn.label];
		if (!is_reached)
			continue;
		if (insn.label >= 0)
			is_target[insn.label] = true;
		if (insn.other >= 0)
			is_target[insn.other] = true;
		ir->insns.data[kept++] = insn;
		is_reached = insn.op != IR_JUMP;
	}
	ir->insns.size = kept;
}

/* May the instruction leave its result elsewhere? It must not jump, and not need what is
 * there after it has begun to write. */
static bool can_go_to(const struct ir_insn *insn, int t)
{
	return insn->label < 0 && insn->other < 0 && insn->b != t;
}

/* t1 = a + b; t0 = t1, and t1 is not used again -> t0 = a + b. */
static void drop_moves(struct compiler *c, struct ir *ir)
{
	size_t size = sizeof(unsigned) * (size_t)ir->temporaries, kept = 0;
	unsigned *mentions = arena_alloc(&c->plan->arena, size);

	memset(mentions, 0, size);
	for (size_t i = 0; i < ir->insns.size; i++) {
		const struct ir_insn *insn = &ir->insns.data[i];
		const int named[] = {insn->t, insn->a, insn->b};

		for (size_t k = 0; k < ARRAY_SIZE(named); k++)
			if (named[k] >= 0)
				mentions[named[k]]++;
	}
	for (size_t i = 0; i < ir->insns.size; i++) {
		const struct ir_insn insn = ir->insns.data[i];
		struct ir_insn *last = kept ? &ir->insns.data[kept - 1] : NULL;

		if (insn.op == IR_MOVE && last && last->t == insn.a && mentions[insn.a] == 2 &&
		    can_go_to(last, insn.t))
			last->t = insn.t;
		else
			ir->insns.data[kept++] = insn;
	}
	ir->insns.size = kept;
}

struct error *allocate(struct compiler *c, struct ir *ir)
{
	struct range *ranges =
	    arena_alloc(&c->plan->arena, sizeof(*ranges) * (size_t)ir->temporaries);
	size_t registers[LAST_REGISTER - FIRST_REGISTER + 1] = {0}, words[FRAME_WORDS] = {0};

	int word_count = FRAME_WORDS - (int)(ir->key_words + ir->text_words);

	ir->homes = arena_alloc(&c->plan->arena, sizeof(*ir->homes) * (size_t)ir->temporaries);
	drop_unreachable(c, ir);
	drop_moves(c, ir);
	find_ranges(ir, ranges);
	for (int t = 0; t < ir->temporaries; t++) {
		if (ranges[t].defined == SIZE_MAX)
			continue;
		int at =
		    ranges[t].has_call ? -1 : take(registers, ARRAY_SIZE(registers), &ranges[t]);

		ir->homes[t] = (struct ir_home){.reg = (int8_t)(at < 0 ? -1 : FIRST_REGISTER + at)};
		if (at >= 0)
			continue;
		at = take(words, word_count, &ranges[t]);
		if (at < 0)
			return error_new(ERR_TOO_LARGE,
					 "an expression needs more than the %d intermediate "
					 "values a program in the kernel can hold",
					 word_count);
		ir->homes[t].frame = (int16_t)(-FRAME_FIXED - 8 * (at + 1));
	}
	return NULL;
}
