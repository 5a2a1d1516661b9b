/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.c - what a finish keeps of a call from its entry to its return: the time, and the
 * values of entry.EXPR.
 *
 * A call is known by its thread and its frame (the CFA, which is the same at the entry and at
 * the return), so recursion and threads pair exactly; what a longjmp or an exception left
 * behind is overwritten by the next call there, or pushed out when the table is full.
 */
#include "capture.h"
#include "encode.h"
#include "lower.h"

/* ----------------------------------------------------------------- what is kept */

static unsigned words_of(const struct value *value)
{
	return value->kind == VALUE_STRING ? 1 + CALL_TEXT_SIZE / 8 : 1;
}

static struct error *check_kind(struct compiler *c, const struct node *node,
				const struct value *value)
{
	if (value_is_scalar(value) || value->view == VIEW_FLOAT || value->kind == VALUE_STRING)
		return NULL;
	enum type_form form = value->type ? value->type->form : FORM_PLAIN;
	struct error *err = compile_error(c, node, ERR_TYPE,
					  "`%s` cannot be kept from the entry: it is no number and "
					  "no string",
					  node_text(c, node));
	if (form == FORM_INTERFACE || form == FORM_MAP || form == FORM_CHANNEL)
		return error_hint(err, "What it leads to is not kept: a break shows it at the "
				       "entry.");
	return error_hint(err, "Name the fields that you want: %s.FIELD.", node_text(c, node));
}

/* One that is longer is cut. */
static unsigned text_limit(const struct value *text)
{
	return text->size < CALL_TEXT_SIZE - 2 ? text->size : CALL_TEXT_SIZE - 2;
}

unsigned entry_text_limit(const struct compiler *c, const struct value *value)
{
	return text_limit(c->kept.data[value->size].value);
}

static struct value *kept_value(struct compiler *c, const struct kept *kept,
				const struct node *node)
{
	struct value *value = value_new(c, VALUE_ENTRY, kept->value->view, node);

	value->type = kept->value->type;
	value->number = kept->word;
	value->size = kept->bit;
	value->is_nullable = true; /* it may be missing */
	return value;
}

struct error *entry_keep(struct compiler *c, const struct node *node, const struct value *value,
			 const struct value **ret)
{
	struct kept kept = {.value = value, .bit = (unsigned)c->kept.size};

	if (value->view == VIEW_LOST) {
		*ret = value;
		return NULL;
	}
	TRY(check_kind(c, node, value));
	for (size_t i = 0; i < c->kept.size; i++)
		if (value_equal(c->kept.data[i].value, value)) {
			*ret = kept_value(c, &c->kept.data[i], node);
			return NULL;
		}
	kept.word = c->plan->state_words;
	if (kept.word + words_of(value) > CALL_WORDS_MAX || kept.bit == 64)
		return compile_error(c, node, ERR_TOO_LARGE,
				     "`%s` is one value too many to keep from the entry",
				     node_text(c, node));
	c->plan->state_words += words_of(value);
	vector_push(&c->kept, kept);
	*ret = kept_value(c, &kept, node);
	return NULL;
}

/* -------------------------------------------------------------------- lowering */

static struct ir_insn *add_keep(const struct arithmetic *at, enum ir_op op, unsigned word, int a)
{
	struct ir_insn *insn = lower_add(at->c, at->ir, op, at->node);

	insn->slot = word;
	insn->a = a;
	return insn;
}

static struct error *lower_kept_text(struct compiler *c, const struct arithmetic *at,
				     const struct kept *kept, int missing, int done)
{
	const struct value *value = kept->value;
	struct ir *ir = at->ir;
	struct ir_insn *insn;
	int a, b = IR_NONE;

	TRY(lower_value(c, ir, value->a, missing, &a));
	if (value->is_nullable) {
		int is_there = ir->labels++;

		lower_jump_if(at, a, OP_NE, IR_NONE, 0, is_there);
		add_keep(at, IR_KEEP, kept->word, lower_constant(at, (int64_t)RECORD_STRING_NIL));
		lower_jump(c, ir, at->node, done);
		lower_label(c, ir, is_there);
	}
	if (value->b)
		TRY(lower_value(c, ir, value->b, missing, &b));
	insn = add_keep(at, IR_KEEP_TEXT, kept->word, a);
	insn->b = b;
	insn->size = text_limit(value);
	insn->label = missing;
	return NULL;
}

static struct error *lower_kept_value(struct compiler *c, const struct arithmetic *at,
				      const struct kept *kept, int missing, int done)
{
	int a;

	if (kept->value->kind == VALUE_STRING)
		return lower_kept_text(c, at, kept, missing, done);
	TRY(lower_value(c, at->ir, kept->value, missing, &a));
	add_keep(at, IR_KEEP, kept->word, a);
	return NULL;
}

static struct error *lower_kept(struct compiler *c, struct ir *ir, const struct kept *kept)
{
	const struct arithmetic at = {c, ir, kept->value->node};
	int missing = ir->labels++, done = ir->labels++;
	size_t start;

	ir->has_reasons = true;
	lower_add(c, ir, IR_REASON, at.node)->number = MISSING_UNREADABLE;
	start = ir->insns.size;
	TRY(lower_kept_value(c, &at, kept, missing, done));
	ir->has_reasons = false;
	if (lower_has_jump(ir, start, missing)) {
		lower_jump(c, ir, at.node, done);
		lower_label(c, ir, missing);
		add_keep(&at, IR_KEEP_MISSING, kept->word, IR_NONE)->size = kept->bit;
	} else {
		/* It cannot be missing: no reason is needed. */
		ir->insns.data[start - 1].op = IR_LABEL;
		ir->insns.data[start - 1].label = IR_NONE;
	}
	if (lower_has_jump(ir, start, done))
		lower_label(c, ir, done);
	return NULL;
}

struct error *lower_entry(struct compiler *c, struct ir *ir)
{
	struct error *err = NULL;

	c->is_at_entry = true;
	for (size_t i = 0; i < c->kept.size && !err; i++)
		err = lower_kept(c, ir, &c->kept.data[i]);
	c->is_at_entry = false;
	return err;
}

/* -------------------------------------------------------------------- emission */

static void emit_elapsed(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	put_load(e, BPF_DW, home_result(ir, insn->t), R10, FRAME_ELAPSED);
	home_set(e, ir, insn->t, home_result(ir, insn->t));
}

int put_kept_word(struct encoder *e, unsigned number, unsigned bit, int fail)
{
	int word = STATE_WORD(number), is_there = label_new(e);

	put_load(e, BPF_DW, R5, R10, FRAME_STATE);
	put_load(e, BPF_DW, R0, R5, offsetof(struct call_state, missing));
	if (bit)
		put_alu_constant(e, BPF_RSH, R0, (int32_t)bit);
	put_alu_constant(e, BPF_AND, R0, 1);
	put_branch_constant(e, BPF_JEQ, R0, 0, is_there);
	put_load(e, BPF_DW, R0, R5, word);
	put_store(e, BPF_DW, R10, FRAME_REASON, R0);
	put_jump(e, fail);
	label_here(e, is_there);
	put_load(e, BPF_DW, R0, R5, word);
	return word;
}

static void emit_entry(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
		       int label)
{
	put_kept_word(e, (unsigned)insn->number, insn->size, label);
	home_set(e, ir, insn->t, R0);
}

static void emit_keep_missing(struct encoder *e, const struct ir_insn *insn)
{
	put_constant(e, R1, (int64_t)(1ull << insn->size));
	put_load(e, BPF_DW, R0, RECORD, offsetof(struct call_state, missing));
	put_alu(e, BPF_OR, R0, R1);
	put_store(e, BPF_DW, RECORD, offsetof(struct call_state, missing), R0);
	put_load(e, BPF_DW, R0, R10, FRAME_REASON);
	put_store(e, BPF_DW, RECORD, STATE_WORD(insn->slot), R0);
}

static void point_to_kept_text(struct encoder *e, const struct ir_insn *insn)
{
	put_mov(e, R1, RECORD);
	put_alu_constant(e, BPF_ADD, R1, STATE_WORD(insn->slot + 1));
}

static void read_kept_text(struct encoder *e, const struct ir_insn *insn)
{
	point_to_kept_text(e, insn);
	put_constant(e, R2, insn->size + 2);
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, BPF_FUNC_probe_read_user_str);
}

static void keep_terminated(struct encoder *e, const struct ir_insn *insn, int fail)
{
	int is_read = label_new(e), is_whole = label_new(e);

	read_kept_text(e, insn);
	if (e->c->plan->is_sleepable) {
		put_branch_constant(e, BPF_JSGT, R0, 0, is_read);
		put_fault_in_string(e, FRAME_BUFFER, FRAME_LENGTH);
		read_kept_text(e, insn);
	}
	put_branch_constant(e, BPF_JSLE, R0, 0, fail);
	label_here(e, is_read);
	put_alu_constant(e, BPF_SUB, R0, 1);
	put_branch_constant(e, BPF_JLE, R0, (int32_t)insn->size, is_whole);
	put_constant(e, R0, (int64_t)(RECORD_STRING_CUT | insn->size));
	label_here(e, is_whole);
	put_store(e, BPF_DW, RECORD, STATE_WORD(insn->slot), R0);
}

static void keep_counted(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			 int fail)
{
	int is_whole = label_new(e);

	home_copy(e, ir, insn->b, R2);
	put_mov(e, R1, R2);
	put_branch_constant(e, BPF_JLE, R2, (int32_t)insn->size, is_whole);
	put_constant(e, R2, insn->size);
	put_constant(e, R1, (int64_t)(RECORD_STRING_CUT | insn->size));
	label_here(e, is_whole);
	put_store(e, BPF_DW, RECORD, STATE_WORD(insn->slot), R1);
	point_to_kept_text(e, insn);
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, e->c->plan->is_sleepable ? BPF_FUNC_copy_from_user : BPF_FUNC_probe_read_user);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
}

void emit_entry_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label)
{
	switch (insn->op) {
	case IR_FRAME:
		put_load(e, BPF_DW, home_result(ir, insn->t), R10,
			 FRAME_CALL + (int)offsetof(struct call_key, frame));
		home_set(e, ir, insn->t, home_result(ir, insn->t));
		break;
	case IR_ELAPSED:
		emit_elapsed(e, ir, insn);
		break;
	case IR_ENTRY:
		emit_entry(e, ir, insn, label);
		break;
	case IR_KEEP:
		put_store(e, BPF_DW, RECORD, STATE_WORD(insn->slot),
			  home_register(e, ir, insn->a, R0));
		break;
	case IR_KEEP_TEXT:
		put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
		if (insn->b >= 0)
			keep_counted(e, ir, insn, label);
		else
			keep_terminated(e, insn, label);
		break;
	default: /* IR_KEEP_MISSING */
		emit_keep_missing(e, insn);
	}
}
