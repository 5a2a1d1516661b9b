/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * search.c - IR -> BPF: copies of memory that values lead to (record.h, struct memory_search).
 *
 * All that changes is kept in the scratch, where the verifier does not look after its value: else
 * it would follow each way through the loop by itself.
 */
#include <linux/ptrace.h>

#include "encode.h"
#include "lower.h"

enum {
	ROUNDS = 4096,	       /* words looked at, and blocks copied */
	ROUNDS_FOLLOWED = 640, /* by a verifier that does not know may_goto */
	PAGE = 4096,	       /* nothing is in the first one */
	ADDRESS_BITS = 47,
	UNKNOWN_SIZE = 64,   /* of what a pointer of unknown type points to */
	DYNAMIC_SIZE = 1024, /* of what is in an interface, at most */
	DYNAMIC_WORDS = 64,
	LEVELS = 2, /* pointers in what pointers point to */
	LEVEL_SHIFT = 16,
	BLOCK = sizeof(struct memory_block),
	/* Of a type's descriptor (abi.Type). */
	TYPE_BYTES = 64,
	TYPE_POINTERS = 8, /* the bytes that may have pointers */
	TYPE_KIND = 23,
	TYPE_ELEMENT = 48,
	KIND_CHANNEL = 18,
	KIND_CODE = 19,
	KIND_MAP = 21,
	KIND_POINTER = 22,
	KIND_IS_DIRECT = 32,
	TYPE_BUCKET_SIZE = 82, /* of a map's, up to Go 1.23 */
	/* Of such a map's header. */
	MAP_BITS = 9,
	MAP_BUCKETS = 16,
	MAP_BYTES = 48,
	/* From Go 1.24 on. */
	TYPE_GROUP_SIZE = 80,
	MAP_DIRECTORY = 16,
	MAP_TABLES = 24,
	TABLE_GROUPS = 16,
	TABLE_LAST = 24,
	TABLE_BYTES = 32,
	REFERENCE_SIZE = 96, /* of what maps, channels and the like point to */
};

#define SEARCH(field)                                                                         \
	((int)offsetof(struct memory_search, field) + (int)offsetof(struct scratch, search) - \
	 (int)offsetof(struct scratch, record))
#define WANTED(field) \
	(SEARCH(wanted) + (int)offsetof(__typeof__(*(struct memory_search){0}.wanted), field))

static int bytes_offset(const struct encoder *e)
{
	return slot_offset(e->c->plan->slot_count);
}

/* More than that in the record's strings, and there is no room for a block. */
static int32_t used_max(const struct encoder *e)
{
	return SCRATCH_RECORD_SIZE - bytes_offset(e) - 2 * MEMORY_BLOCK_MAX - 64;
}

/* to = the place in the record's strings that is at [to], which is below used_max. */
static void point_into(struct encoder *e, int to, int at)
{
	put_mov(e, to, RECORD);
	put_alu(e, BPF_ADD, to, at);
}

static void begin(struct encoder *e)
{
	static const int zeros[] = {SEARCH(count),  SEARCH(next), SEARCH(words),
				    SEARCH(is_cut), SEARCH(at),	  SEARCH(level)};

	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		put_store_constant(e, BPF_DW, RECORD, zeros[i], 0);
	point_into(e, R1, STRINGS);
	put_store_constant(e, BPF_DW, R1, bytes_offset(e), 0);
	put_store_constant(e, BPF_DW, R1, bytes_offset(e) + 8, 8);
	put_load(e, BPF_DW, R0, CONTEXT, offsetof(struct pt_regs, rip));
	put_store(e, BPF_DW, R1, bytes_offset(e) + BLOCK, R0);
	put_mov(e, R0, STRINGS);
	put_alu_constant(e, BPF_ADD, R0, BLOCK + 8);
	put_store(e, BPF_DW, RECORD, SEARCH(used), R0);
}

/* One more is wanted: r2 bytes at r1, in which r3 says what to search. Uses r0, r4, r5. */
static void put_want(struct encoder *e, int done)
{
	int is_room = label_new(e);

	put_mov(e, R0, R1);
	put_alu_constant(e, BPF_SUB, R0, PAGE);
	put_alu_constant(e, BPF_RSH, R0, ADDRESS_BITS);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
	put_load(e, BPF_DW, R0, RECORD, SEARCH(count));
	put_branch_constant(e, BPF_JLT, R0, MEMORY_BLOCKS, is_room);
	put_store_constant(e, BPF_DW, RECORD, SEARCH(is_cut), 1);
	put_jump(e, done);
	label_here(e, is_room);
	put_mov(e, R4, R0);
	put_alu_constant(e, BPF_ADD, R4, 1);
	put_store(e, BPF_DW, RECORD, SEARCH(count), R4);
	put_alu_constant(e, BPF_MUL, R0, sizeof((struct memory_search){0}.wanted[0]));
	put_mov(e, R5, RECORD);
	put_alu(e, BPF_ADD, R5, R0);
	put_store(e, BPF_DW, R5, WANTED(address), R1);
	put_store(e, BPF_W, R5, WANTED(size), R2);
	put_store(e, BPF_W, R5, WANTED(search), R3);
}

/* to = limit if it is more */
static void put_limit(struct encoder *e, int to, int32_t limit)
{
	int is_less = label_new(e);

	put_branch_constant(e, BPF_JLE, to, limit, is_less);
	put_constant(e, to, limit);
	label_here(e, is_less);
}

static void want(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	int done = label_new(e);

	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	home_copy(e, ir, insn->b, R2);
	put_load(e, BPF_DW, R1, R10, FRAME_BUFFER);
	put_branch_constant(e, BPF_JEQ, R2, 0, done);
	put_limit(e, R2, (int32_t)insn->size);
	put_mov(e, R3, R2);
	put_alu_constant(e, BPF_RSH, R3, 3);
	put_limit(e, R3, (int32_t)insn->number & ((1 << LEVEL_SHIFT) - 1));
	put_alu_constant(e, BPF_OR, R3, (int32_t)insn->number >> LEVEL_SHIFT << LEVEL_SHIFT);
	put_want(e, done);
	label_here(e, done);
}

/* r0 = 0: size bytes of the descriptor at r3 are in search.type */
static void read_type(struct encoder *e, unsigned size)
{
	put_mov(e, R1, RECORD);
	put_alu_constant(e, BPF_ADD, R1, SEARCH(type));
	put_constant(e, R2, size);
	put_read(e);
}

/* size bytes at what is in r3 are wanted, and in search.type. */
static void want_and_read(struct encoder *e, unsigned size, int done)
{
	int known = label_new(e);

	put_store(e, BPF_DW, R10, FRAME_LENGTH, R3);
	put_mov(e, R1, R3);
	put_constant(e, R2, size);
	put_constant(e, R3, 0);
	put_want(e, known);
	label_here(e, known);
	put_load(e, BPF_DW, R3, R10, FRAME_LENGTH);
	read_type(e, size);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
}

/* A map at FRAME_LENGTH: its header, which is in search.type then. FRAME_BUFFER: of its type, then
 * what that says at offset (size: BPF_H or BPF_DW): how large a bucket is, or a group. */
static void want_map_header(struct encoder *e, int32_t offset, int size, int done)
{
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	put_alu_constant(e, BPF_ADD, R3, offset);
	read_type(e, size == BPF_H ? 2 : 8);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
	put_load(e, size, R0, RECORD, SEARCH(type));
	put_store(e, BPF_DW, R10, FRAME_BUFFER, R0);
	put_load(e, BPF_DW, R3, R10, FRAME_LENGTH);
	want_and_read(e, MAP_BYTES, done);
}

/* r2 bytes of pairs at r1 are wanted, as many as there is room for. */
static void want_pairs(struct encoder *e, int done)
{
	put_branch_constant(e, BPF_JEQ, R2, 0, done);
	put_limit(e, R2, DYNAMIC_SIZE);
	put_constant(e, R3, DYNAMIC_SIZE / 8 | 1 << LEVEL_SHIFT);
	put_want(e, done);
}

/* Up to Go 1.23: the first buckets. */
static void want_dynamic_map(struct encoder *e, int done)
{
	want_map_header(e, TYPE_BUCKET_SIZE, BPF_H, done);
	put_load(e, BPF_B, R3, RECORD, SEARCH(type) + MAP_BITS);
	put_alu_constant(e, BPF_AND, R3, 15);
	put_load(e, BPF_DW, R2, R10, FRAME_BUFFER);
	put_alu(e, BPF_LSH, R2, R3);
	put_load(e, BPF_DW, R1, RECORD, SEARCH(type) + MAP_BUCKETS);
	want_pairs(e, done);
}

/* From Go 1.24 on: the groups of the first table, or the only group. */
static void want_dynamic_groups(struct encoder *e, int done)
{
	int has_one = label_new(e);

	want_map_header(e, TYPE_GROUP_SIZE, BPF_DW, done);
	put_load(e, BPF_DW, R1, RECORD, SEARCH(type) + MAP_DIRECTORY);
	put_load(e, BPF_DW, R0, RECORD, SEARCH(type) + MAP_TABLES);
	put_load(e, BPF_DW, R2, R10, FRAME_BUFFER);
	put_branch_constant(e, BPF_JEQ, R0, 0, has_one);
	put_mov(e, R3, R1);
	want_and_read(e, 8, done);
	put_load(e, BPF_DW, R3, RECORD, SEARCH(type));
	want_and_read(e, TABLE_BYTES, done);
	put_load(e, BPF_DW, R1, RECORD, SEARCH(type) + TABLE_GROUPS);
	put_load(e, BPF_DW, R0, RECORD, SEARCH(type) + TABLE_LAST);
	put_alu_constant(e, BPF_ADD, R0, 1);
	put_load(e, BPF_DW, R2, R10, FRAME_BUFFER);
	put_alu(e, BPF_MUL, R2, R0);
	label_here(e, has_one);
	want_pairs(e, done);
}

/* What an interface's second word points to: as many bytes as its type says. */
static void want_dynamic(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	static const int references[] = {KIND_CHANNEL, KIND_CODE, KIND_MAP};
	int done = label_new(e), known = label_new(e), reference = label_new(e);
	int no_pointer = label_new(e), no_map = label_new(e);

	put_store(e, BPF_DW, R10, FRAME_BUFFER, home_register(e, ir, insn->a, R0));
	put_store(e, BPF_DW, R10, FRAME_LENGTH, home_register(e, ir, insn->b, R0));
	put_load(e, BPF_DW, R3, R10, FRAME_BUFFER);
	read_type(e, TYPE_BYTES);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
	put_load(e, BPF_B, R0, RECORD, SEARCH(type) + TYPE_KIND);
	put_mov(e, R4, R0);
	put_alu_constant(e, BPF_AND, R4, KIND_IS_DIRECT - 1);
	put_branch_constant(e, BPF_JEQ, R4, 0, done);
	put_branch_constant(e, BPF_JNE, R4, KIND_POINTER, no_pointer);
	put_load(e, BPF_DW, R3, RECORD, SEARCH(type) + TYPE_ELEMENT);
	read_type(e, TYPE_POINTERS + 8);
	put_branch_constant(e, BPF_JNE, R0, 0, done);
	put_jump(e, known);
	label_here(e, no_pointer);
	if (insn->number) {
		put_branch_constant(e, BPF_JNE, R4, KIND_MAP, no_map);
		if (insn->number == GO_MAPS_GROUPS)
			want_dynamic_groups(e, done);
		else
			want_dynamic_map(e, done);
		put_jump(e, done);
		label_here(e, no_map);
	}
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		put_branch_constant(e, BPF_JEQ, R4, references[i], reference);
	put_alu_constant(e, BPF_AND, R0, KIND_IS_DIRECT);
	put_branch_constant(e, BPF_JEQ, R0, 0, known);
	label_here(e, reference);
	put_store_constant(e, BPF_DW, RECORD, SEARCH(type), REFERENCE_SIZE);
	put_store_constant(e, BPF_DW, RECORD, SEARCH(type) + TYPE_POINTERS, REFERENCE_SIZE);
	label_here(e, known);
	put_load(e, BPF_DW, R1, R10, FRAME_LENGTH);
	put_load(e, BPF_DW, R2, RECORD, SEARCH(type));
	put_load(e, BPF_DW, R3, RECORD, SEARCH(type) + TYPE_POINTERS);
	put_branch_constant(e, BPF_JEQ, R2, 0, done);
	put_limit(e, R2, DYNAMIC_SIZE);
	put_alu_constant(e, BPF_RSH, R3, 3);
	put_limit(e, R3, DYNAMIC_WORDS);
	put_want(e, done);
	label_here(e, done);
}

/* ----------------------------------------------------------------------- loop */

/* Copies the next block that is wanted. */
static void copy_next(struct encoder *e, int next, int done, int cut)
{
	put_load(e, BPF_DW, R0, RECORD, SEARCH(next));
	put_load(e, BPF_DW, R1, RECORD, SEARCH(count));
	put_branch(e, BPF_JGE, R0, R1, done);
	put_alu_constant(e, BPF_AND, R0, MEMORY_BLOCKS - 1);
	put_mov(e, R1, R0);
	put_alu_constant(e, BPF_ADD, R1, 1);
	put_store(e, BPF_DW, RECORD, SEARCH(next), R1);
	put_alu_constant(e, BPF_MUL, R0, sizeof((struct memory_search){0}.wanted[0]));
	put_mov(e, R5, RECORD);
	put_alu(e, BPF_ADD, R5, R0);
	put_load(e, BPF_DW, R3, R5, WANTED(address));
	put_load(e, BPF_W, R2, R5, WANTED(size));
	put_alu_constant(e, BPF_AND, R2, 2 * MEMORY_BLOCK_MAX - 1);
	put_load(e, BPF_W, R4, R5, WANTED(search));
	put_store(e, BPF_DW, R10, FRAME_LENGTH, R4);
	/* Room for it: in the part, and (as the verifier has to know) in the record. */
	put_load(e, BPF_DW, R0, RECORD, SEARCH(used));
	put_mov(e, R4, R0);
	put_load(e, BPF_DW, R1, R10, FRAME_BUFFER);
	put_alu(e, BPF_SUB, R4, R1);
	put_alu(e, BPF_ADD, R4, R2);
	put_branch_constant(e, BPF_JGT, R4, MEMORY_BYTES - BLOCK - 8, cut);
	put_branch_constant(e, BPF_JGT, R0, used_max(e), cut);
	point_into(e, R1, R0);
	put_store(e, BPF_DW, R1, bytes_offset(e), R3);
	put_store(e, BPF_DW, R1, bytes_offset(e) + 8, R2);
	put_alu_constant(e, BPF_ADD, R1, bytes_offset(e) + BLOCK);
	put_alu_constant(e, BPF_ADD, R0, BLOCK);
	put_store(e, BPF_DW, RECORD, SEARCH(at), R0);
	put_mov(e, R4, R2);
	put_alu_constant(e, BPF_ADD, R4, 7);
	put_alu_constant(e, BPF_AND, R4, -8);
	put_alu(e, BPF_ADD, R0, R4);
	put_store(e, BPF_DW, R10, FRAME_REASON, R0);
	put_read(e);
	put_branch_constant(e, BPF_JNE, R0, 0, next);
	put_load(e, BPF_DW, R0, R10, FRAME_REASON);
	put_store(e, BPF_DW, RECORD, SEARCH(used), R0);
	put_load(e, BPF_DW, R0, R10, FRAME_LENGTH);
	put_mov(e, R1, R0);
	put_alu_constant(e, BPF_RSH, R1, LEVEL_SHIFT);
	put_store(e, BPF_DW, RECORD, SEARCH(level), R1);
	put_alu_constant(e, BPF_AND, R0, (1 << LEVEL_SHIFT) - 1);
	put_store(e, BPF_DW, RECORD, SEARCH(words), R0);
}

/* r3 = what to search where a pointer of the block leads */
static void put_search(struct encoder *e)
{
	int is_last = label_new(e);

	put_load(e, BPF_DW, R4, RECORD, SEARCH(level));
	put_alu_constant(e, BPF_ADD, R4, 1);
	put_constant(e, R3, 0);
	put_branch_constant(e, BPF_JGE, R4, LEVELS, is_last);
	put_constant(e, R3, UNKNOWN_SIZE / 8);
	label_here(e, is_last);
	put_alu_constant(e, BPF_LSH, R4, LEVEL_SHIFT);
	put_alu(e, BPF_OR, R3, R4);
}

static int32_t text_max(const struct encoder *e)
{
	unsigned limit = e->c->request->limits.string_bytes;

	return limit < MEMORY_BLOCK_MAX ? (int32_t)limit : MEMORY_BLOCK_MAX;
}

/* Looks at the next word of the block: is it a pointer? The word behind it may be a length. */
static void look_at_word(struct encoder *e, int next, int done)
{
	int is_sized = label_new(e);

	put_load(e, BPF_DW, R0, RECORD, SEARCH(words));
	put_alu_constant(e, BPF_SUB, R0, 1);
	put_store(e, BPF_DW, RECORD, SEARCH(words), R0);
	put_load(e, BPF_DW, R3, RECORD, SEARCH(at));
	put_branch_constant(e, BPF_JGT, R3, used_max(e) + MEMORY_BLOCK_MAX, done);
	put_mov(e, R4, R3);
	put_alu_constant(e, BPF_ADD, R4, 8);
	put_store(e, BPF_DW, RECORD, SEARCH(at), R4);
	point_into(e, R5, R3);
	put_load(e, BPF_DW, R1, R5, bytes_offset(e));
	put_load(e, BPF_DW, R3, R5, bytes_offset(e) + 8);
	put_constant(e, R2, UNKNOWN_SIZE);
	put_branch_constant(e, BPF_JEQ, R0, 0, is_sized);
	put_branch_constant(e, BPF_JLE, R3, UNKNOWN_SIZE, is_sized);
	put_branch_constant(e, BPF_JGT, R3, text_max(e), is_sized);
	put_mov(e, R2, R3);
	label_here(e, is_sized);
	put_search(e);
	put_want(e, next);
}

static void collect(struct encoder *e, const struct ir_insn *insn)
{
	enum {
		ROUND = STRINGS
	}; /* what that was is in the frame */
	int again = label_new(e), word = label_new(e), next = label_new(e), cut = label_new(e),
	    done = label_new(e), is_whole = label_new(e), is_sound = label_new(e);

	put_store(e, BPF_DW, R10, FRAME_BUFFER, STRINGS);
	/* The same 0, but one that the verifier does not know (loop.c). */
	if (loop_is_free(e->c))
		put_load(e, BPF_DW, ROUND, RECORD, SEARCH(next));
	else
		put_constant(e, ROUND, 0);
	label_here(e, again);
	if (loop_is_free(e->c))
		put_may_goto(e, cut);
	put_load(e, BPF_DW, R0, RECORD, SEARCH(words));
	put_branch_constant(e, BPF_JNE, R0, 0, word);
	copy_next(e, next, done, cut);
	put_jump(e, next);
	label_here(e, word);
	look_at_word(e, next, done);
	label_here(e, next);
	put_alu_constant(e, BPF_ADD, ROUND, 1);
	put_branch_constant(e, BPF_JLT, ROUND, loop_is_free(e->c) ? ROUNDS : ROUNDS_FOLLOWED,
			    again);
	label_here(e, cut);
	put_store_constant(e, BPF_DW, RECORD, SEARCH(is_cut), 1);
	label_here(e, done);
	/* slot = how many bytes there are now */
	put_load(e, BPF_DW, R0, RECORD, SEARCH(used));
	put_branch_constant(e, BPF_JLE, R0, used_max(e) + MEMORY_BLOCK_MAX, is_sound);
	put_constant(e, R0, 0);
	label_here(e, is_sound);
	put_mov(e, STRINGS, R0);
	put_load(e, BPF_DW, R1, R10, FRAME_BUFFER);
	put_alu(e, BPF_SUB, R0, R1);
	put_load(e, BPF_DW, R2, RECORD, SEARCH(is_cut));
	put_branch_constant(e, BPF_JEQ, R2, 0, is_whole);
	put_constant(e, R1, (int64_t)RECORD_STRING_CUT);
	put_alu(e, BPF_OR, R0, R1);
	label_here(e, is_whole);
	put_store(e, BPF_DW, RECORD, slot_offset(insn->slot), R0);
}

void emit_memory_insn(struct encoder *e, const struct ir *ir, const struct ir_insn *insn)
{
	switch (insn->op) {
	case IR_MEMORY_BEGIN:
		begin(e);
		break;
	case IR_MEMORY_WANT:
		want(e, ir, insn);
		break;
	case IR_MEMORY_TYPE:
		want_dynamic(e, ir, insn);
		break;
	default: /* IR_MEMORY */
		collect(e, insn);
	}
}
