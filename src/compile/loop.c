/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - loops that the verifier does not follow round by round.
 *
 * It does so as long as it knows the values in a loop, and gives up after some thousands of rounds;
 * of values it does not know a round is like the last one, and it is done. So what begins as a
 * constant begins as a constant plus a 0 that it cannot know; and the loop has a may_goto, by
 * which the verifier believes that it ends.
 */
#include <linux/ptrace.h>

#include "lower.h"

/* Of x and x + 1 one is even: the last bit of their product is 0, and so is x times that. */
static int hidden_zero(const struct arithmetic *at)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_REGISTER, at->node);
	int x = at->ir->temporaries++, product;

	insn->t = x;
	insn->number = offsetof(struct pt_regs, rdi);
	product = lower_with(at, x, OP_MUL, lower_with_number(at, x, OP_ADD, 1));
	return lower_with(at, x, OP_MUL, lower_with_number(at, product, OP_BAND, 1));
}

bool loop_is_free(const struct compiler *c)
{
	return c->request->has_may_goto && c->request->has_may_goto();
}

int loop_zero(const struct arithmetic *at)
{
	return loop_is_free(at->c) ? hidden_zero(at) : IR_NONE;
}

int loop_hide(const struct arithmetic *at, int zero, int t)
{
	return zero < 0 ? t : lower_with(at, t, OP_ADD, zero);
}

int loop_begin(const struct arithmetic *at, int zero, int out)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_LOOP, at->node);

	insn->label = at->ir->labels++;
	insn->other = zero < 0 ? IR_NONE : out;
	return insn->label;
}

void loop_again(const struct arithmetic *at, int again, int a, int b)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, IR_AGAIN, at->node);

	insn->a = a;
	insn->b = b;
	insn->label = again;
}
