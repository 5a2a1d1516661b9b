/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * row.c - IR -> BPF: keys and rows of aggregates.
 *
 * A program can be preempted, on its CPU, by another that updates the same row: so
 * a row is made only if there is none yet, and every change of it is atomic.
 */
#include "encode.h"

enum {
	ROW = RECORD, /* a block that runs in the kernel writes no record */
	/* What is tried to put a greater value in place while others do the same:
	 * each failure means that another program ran in between. */
	EXCHANGES_MAX = 64,
	/* What is tried to enter a table: each failure means that its turn ended just then. */
	ENTRIES_MAX = 3,
};

static void point_to_key(struct encoder *e, int to, unsigned word)
{
	put_mov(e, to, R10);
	put_alu_constant(e, BPF_ADD, to, key_offset(word));
}

static void emit_location(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int to = home_result(ir, insn->t);

	/* The low half of the cookie. */
	if (e->c->request->identity == IDENTITY_COOKIE)
		put_load(e, BPF_W, to, R10, FRAME_COOKIE);
	else
		put_constant(e, to, 0);
	home_set(e, ir, insn->t, to);
}

static void emit_key_comm(struct encoder *e, const struct ir_insn *insn)
{
	point_to_key(e, R1, insn->slot);
	put_constant(e, R2, TASK_NAME_SIZE);
	put_call(e, BPF_FUNC_get_current_comm);
}

static void emit_key_missing(struct encoder *e, const struct ir_insn *insn)
{
	put_load(e, BPF_DW, R0, R10, FRAME_REASON);
	put_store(e, BPF_DW, R10, key_offset(insn->slot), R0);
	for (unsigned i = 1; i < insn->size; i++)
		put_store_constant(e, BPF_DW, R10, key_offset(insn->slot + i), 0);
	put_load(e, BPF_DW, R0, R10, key_offset(0));
	put_alu_constant(e, BPF_OR, R0, (int32_t)insn->number);
	put_store(e, BPF_DW, R10, key_offset(0), R0);
}

static void emit_key_empty(struct encoder *e, const struct ir_insn *insn)
{
	for (unsigned i = 0; i <= AGGREGATE_KEY_BYTES_MAX / 8; i++)
		put_store_constant(e, BPF_DW, R10, key_offset(insn->slot + i), 0);
}

/* Up to a NUL: one byte more than wanted tells that there is more; it and the NUL may lie
 * behind the key, where the next one will be. */
static void key_up_to_nul(struct encoder *e, const struct ir_insn *insn, int fail)
{
	int is_read = label_new(e), is_whole = label_new(e);
	int32_t limit = (int32_t)insn->size;

	for (int round = 0; round < 2; round++) {
		point_to_key(e, R1, insn->slot + 1);
		put_constant(e, R2, limit + (insn->number ? 1 : 2));
		put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
		put_call(e, BPF_FUNC_probe_read_user_str);
		if (round || !e->c->plan->is_sleepable)
			break;
		put_branch_constant(e, BPF_JSGT, R0, 0, is_read);
		put_fault_in_string(e, FRAME_BUFFER, FRAME_LENGTH);
	}
	put_branch_constant(e, BPF_JSLE, R0, 0, fail);
	label_here(e, is_read);
	put_alu_constant(e, BPF_SUB, R0, 1);
	put_branch_constant(e, BPF_JLE, R0, limit, is_whole);
	put_constant(e, R0, (int64_t)(RECORD_STRING_CUT | (unsigned)limit));
	if (limit < AGGREGATE_KEY_BYTES_MAX)
		put_store_constant(e, BPF_B, R10, key_offset(insn->slot + 1) + limit, 0);
	label_here(e, is_whole);
	put_store(e, BPF_DW, R10, key_offset(insn->slot), R0);
}

static void key_counted(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			int fail)
{
	int is_whole = label_new(e);
	int32_t limit = (int32_t)insn->size;

	home_copy(e, ir, insn->b, R2);
	put_mov(e, R1, R2);
	put_branch_constant(e, BPF_JLE, R2, limit, is_whole);
	put_constant(e, R2, limit);
	put_constant(e, R1, (int64_t)(RECORD_STRING_CUT | (unsigned)limit));
	label_here(e, is_whole);
	put_store(e, BPF_DW, R10, key_offset(insn->slot), R1);
	point_to_key(e, R1, insn->slot + 1);
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_call(e, e->c->plan->is_sleepable ? BPF_FUNC_copy_from_user : BPF_FUNC_probe_read_user);
	put_branch_constant(e, BPF_JNE, R0, 0, fail);
}

static void emit_key_text(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			  int fail)
{
	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	if (insn->b >= 0)
		key_counted(e, ir, insn, fail);
	else
		key_up_to_nul(e, insn, fail);
}

/* What the entry kept has room for more than a key: the rest is cut off. */
static void emit_key_entry_text(struct encoder *e, const struct ir_insn *insn, int fail)
{
	int words = put_kept_word(e, (unsigned)insn->number, insn->size, fail),
	    is_whole = label_new(e);

	for (int i = 0; i < AGGREGATE_KEY_BYTES_MAX; i += 8) {
		put_load(e, BPF_DW, R0, R5, words + 8 + i);
		put_store(e, BPF_DW, R10, key_offset(insn->slot + 1) + i, R0);
	}
	put_load(e, BPF_DW, R0, R5, words);
	put_branch_constant(e, BPF_JLE, R0, AGGREGATE_KEY_BYTES_MAX, is_whole);
	put_constant(e, R5, (int64_t)RECORD_STRING_NIL);
	put_branch(e, BPF_JEQ, R0, R5, is_whole);
	put_constant(e, R0, (int64_t)(RECORD_STRING_CUT | AGGREGATE_KEY_BYTES_MAX));
	label_here(e, is_whole);
	put_store(e, BPF_DW, R10, key_offset(insn->slot), R0);
}

/* r0 = the row of the key, or 0 */
static void look_up_row(struct encoder *e, unsigned role)
{
	put_map(e, R1, role);
	point_to_key(e, R2, 0);
	put_call(e, BPF_FUNC_map_lookup_elem);
}

/* r0 = the row. Two may make it at once: the second does not get to (BPF_NOEXIST), and
 * finds that of the first. The row begins as 0 on every CPU. */
static void make_row(struct encoder *e, unsigned role, int full)
{
	int found = label_new(e);

	look_up_row(e, role);
	put_branch_constant(e, BPF_JNE, R0, 0, found);
	put_store_constant(e, BPF_W, R10, FRAME_KEY, 0);
	put_lookup(e, MAP_ZERO, FRAME_KEY, full);
	put_mov(e, R3, R0);
	put_map(e, R1, role);
	point_to_key(e, R2, 0);
	put_constant(e, R4, BPF_NOEXIST);
	put_call(e, BPF_FUNC_map_update_elem);
	look_up_row(e, role);
	put_branch_constant(e, BPF_JEQ, R0, 0, full);
	label_here(e, found);
}

/* r3 = struct aggregate_users + 8 * turn, of the turn that r1 = 0 or 1 then is: the program
 * counts itself in, and out again if the turn has changed meanwhile. */
static void enter_table(struct encoder *e, unsigned table, int refused)
{
	int is_in = label_new(e);

	put_store_constant(e, BPF_W, R10, FRAME_KEY, (int32_t)table);
	put_lookup(e, MAP_USERS, FRAME_KEY, refused);
	put_store(e, BPF_DW, R10, FRAME_USERS, R0);
	put_lookup(e, MAP_TURNS, FRAME_KEY, refused);
	for (int i = 0; i < ENTRIES_MAX; i++) {
		put_load(e, BPF_DW, R1, R0, 0);
		put_alu_constant(e, BPF_AND, R1, 1);
		put_mov(e, R2, R1);
		put_alu_constant(e, BPF_LSH, R2, 3);
		put_load(e, BPF_DW, R3, R10, FRAME_USERS);
		put_alu(e, BPF_ADD, R3, R2);
		put_constant(e, R4, 1);
		put_atomic(e, BPF_DW, BPF_ADD, R3, offsetof(struct aggregate_users, entered), R4);
		put_load(e, BPF_DW, R5, R0, 0);
		put_alu_constant(e, BPF_AND, R5, 1);
		put_branch(e, BPF_JEQ, R5, R1, is_in);
		put_atomic(e, BPF_DW, BPF_ADD, R3, offsetof(struct aggregate_users, left), R4);
	}
	put_jump(e, refused);
	label_here(e, is_in);
	put_store(e, BPF_DW, R10, FRAME_USERS, R3);
}

static void emit_leave(struct encoder *e)
{
	put_load(e, BPF_DW, R0, R10, FRAME_USERS);
	put_constant(e, R5, 1);
	put_atomic(e, BPF_DW, BPF_ADD, R0, offsetof(struct aggregate_users, left), R5);
}

static void emit_shared_row(struct encoder *e, unsigned table, int label)
{
	int other = label_new(e), found = label_new(e), full = label_new(e);

	enter_table(e, table, label);
	put_branch_constant(e, BPF_JNE, R1, 0, other);
	make_row(e, MAP_AGGREGATE + table, full);
	put_jump(e, found);
	label_here(e, other);
	make_row(e, MAP_AGGREGATE_OTHER + table, full);
	put_jump(e, found);
	label_here(e, full);
	emit_leave(e);
	put_jump(e, label);
	label_here(e, found);
	put_mov(e, ROW, R0);
}

static void emit_row(struct encoder *e, const struct ir_insn *insn, int label)
{
	if (insn->is_shared) {
		emit_shared_row(e, insn->slot, label);
		return;
	}
	make_row(e, MAP_AGGREGATE + insn->slot, label);
	put_mov(e, ROW, R0);
}

static void emit_row_add(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	if (insn->a >= 0)
		home_copy(e, ir, insn->a, R0);
	else
		put_constant(e, R0, insn->number);
	put_atomic(e, BPF_DW, BPF_ADD, ROW, 8 * (int)insn->slot, R0);
}

static void emit_row_count(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			   int label)
{
	home_copy(e, ir, insn->a, R0);
	put_branch_constant(e, BPF_JGE, R0, (int32_t)insn->size, label);
	put_alu_constant(e, BPF_LSH, R0, 3);
	put_alu(e, BPF_ADD, R0, ROW);
	put_constant(e, R5, 1);
	put_atomic(e, BPF_DW, BPF_ADD, R0, 8 * (int)insn->slot, R5);
}

/* r1 = the value, r2 = tries left, r3 = what was there */
static void emit_row_max(struct encoder *e, const struct ir *ir, const struct ir_insn *insn,
			 int label)
{
	int again = label_new(e), done = label_new(e), offset = 8 * (int)insn->slot;

	home_copy(e, ir, insn->a, R1);
	put_constant(e, R2, EXCHANGES_MAX);
	label_here(e, again);
	put_load(e, BPF_DW, R0, ROW, offset);
	put_branch(e, BPF_JGE, R0, R1, done);
	put_mov(e, R3, R0);
	put_atomic(e, BPF_DW, BPF_CMPXCHG, ROW, offset, R1);
	put_branch(e, BPF_JEQ, R0, R3, done);
	put_alu_constant(e, BPF_ADD, R2, -1);
	put_branch_constant(e, BPF_JNE, R2, 0, again);
	put_jump(e, label);
	label_here(e, done);
}

static void emit_dropped(struct encoder *e, const struct ir_insn *insn)
{
	int gone = label_new(e);

	put_store_constant(e, BPF_W, R10, FRAME_KEY, (int32_t)insn->slot);
	put_lookup(e, MAP_DROPPED, FRAME_KEY, gone);
	put_constant(e, R1, 1);
	put_atomic(e, BPF_DW, BPF_ADD, R0, 0, R1);
	label_here(e, gone);
}

void emit_row_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn, int label)
{
	switch (insn->op) {
	case IR_LOCATION:
		emit_location(e, ir, insn);
		break;
	case IR_KEYS:
		put_store_constant(e, BPF_DW, R10, key_offset(0), 0);
		break;
	case IR_KEY:
		put_store(e, BPF_DW, R10, key_offset(insn->slot),
			  home_register(e, ir, insn->a, R0));
		break;
	case IR_KEY_COMM:
		emit_key_comm(e, insn);
		break;
	case IR_KEY_EMPTY:
		emit_key_empty(e, insn);
		break;
	case IR_KEY_TEXT:
		emit_key_text(e, ir, insn, label);
		break;
	case IR_KEY_ENTRY_TEXT:
		emit_key_entry_text(e, insn, label);
		break;
	case IR_KEY_MISSING:
		emit_key_missing(e, insn);
		break;
	case IR_ROW:
		emit_row(e, insn, label);
		break;
	case IR_LEAVE:
		emit_leave(e);
		break;
	case IR_ROW_ADD:
		emit_row_add(e, ir, insn);
		break;
	case IR_ROW_COUNT:
		emit_row_count(e, ir, insn, label);
		break;
	case IR_ROW_MAX:
		emit_row_max(e, ir, insn, label);
		break;
	default: /* IR_DROPPED */
		emit_dropped(e, insn);
	}
}
