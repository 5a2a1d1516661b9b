/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - the layout of what travels from the kernel to user space.
 * Shared by the code generator, the consumer and bpf/.
 *
 * An event record is a header, then one 8-byte slot for each kernel capture in
 * the order of the plan, then the bytes of its strings, one after the other.
 */
#ifndef MOONTAP_RECORD_H
#define MOONTAP_RECORD_H

#ifndef __bpf__
#include <stdint.h>
typedef uint64_t mt_u64;
typedef uint32_t mt_u32;
typedef int64_t mt_s64;
#else
typedef unsigned long long mt_u64;
typedef unsigned int mt_u32;
typedef long long mt_s64;
#endif

struct record {
	mt_u64 time_ns; /* CLOCK_MONOTONIC at the hit */
	mt_u64 cookie;	/* RECORD_COOKIE(probe number, location index) */
	mt_u64 missing; /* bit i: capture slot i could not be read */
	mt_u64 slots[];
};

#define RECORD_COOKIE(probe, location) ((mt_u64)(probe) << 32 | (mt_u32)(location))
#define RECORD_PROBE(cookie)	       ((mt_u32)((cookie) >> 32))
#define RECORD_LOCATION(cookie)	       ((mt_u32)(cookie))
/* In place of a location index: the attach method cannot tell the sites of one
 * program apart; slot 0 holds the instruction pointer, slot 1 the process id. */
#define RECORD_LOCATION_BY_IP 0xffffffffu
#define RECORD_IP_SLOTS	      2

#define RECORD_SLOTS_MAX 64
/* A string slot: its length in bytes, with this bit set if it was cut. */
#define RECORD_STRING_CUT (1ull << 32)
/* ... or this alone: the pointer was null, and the value is nil. */
#define RECORD_STRING_NIL (1ull << 33)

/* Strings captured: the default and the greatest size in bytes. */
#define STRING_SIZE_DEFAULT 1024
#define STRING_SIZE_MAX	    16384

/*
 * A stack slot: the length of its bytes, which are words: the process, and in the upper half how
 * many frames are wanted; then the instruction pointer and return addresses, innermost first.
 * With RECORD_STACK_MEMORY: instead of these the STACK_REGISTERS registers of struct stack_capture
 * (symbols.h), and behind them the stack's memory from the stack pointer on.
 */
#define RECORD_STACK_MEMORY    (1ull << 34)
#define STACK_HEAD(pid, count) ((mt_u64)(count) << 32 | (mt_u32)(pid))
#define STACK_PID(head)	       ((mt_u32)(head))
#define STACK_COUNT(head)      ((mt_u32)((head) >> 32))

/*
 * A slot of memory that values lead to: the length of its bytes (| RECORD_STRING_CUT), which are
 * blocks, each a struct memory_block and size bytes, padded to 8. The first one, of address 0, is
 * 8 bytes: the instruction pointer.
 */
struct memory_block {
	mt_u64 address;
	mt_u32 size, unused;
};
/* At most, of one such slot. */
#define MEMORY_BYTES	 12288
#define MEMORY_BLOCK_MAX 4096
#define MEMORY_BLOCKS	 128

/* While it is collected: what is still to be copied, and how far the search for pointers in
 * what has been is. */
struct memory_search {
	mt_u64 count, next; /* of wanted: all, and those that were dealt with */
	mt_u64 used;	    /* bytes of the record's strings */
	mt_u64 at, words;   /* where the next word is that may be a pointer; how many there are */
	mt_u64 level;	    /* of the block that it is in */
	mt_u64 is_cut;
	mt_u64 type[8]; /* a type's descriptor */
	struct {
		mt_u64 address;
		mt_u32 size, search; /* bytes; words to search, | level << 16 */
	} wanted[MEMORY_BLOCKS];
};

/* Why a value is missing: what the slot of one that could not be read holds. */
enum missing_reason {
	MISSING_UNREADABLE, /* a read failed */
	MISSING_NULL,	    /* the way to it leads through a null pointer */
	MISSING_RANGE,	    /* an index beyond the end */
	MISSING_VARIANT,    /* a field of a variant that the value is not */
	MISSING_TRUNCATED,  /* known only in part, where the whole is needed */
	MISSING_REASONS
};
/* What it says of itself; for any other code what UNREADABLE does. */
static inline const char *missing_text(mt_u64 reason)
{
	switch (reason) {
	case MISSING_NULL:
		return "<null pointer>";
	case MISSING_RANGE:
		return "<out of range>";
	case MISSING_VARIANT:
		return "<other variant>";
	case MISSING_TRUNCATED:
		return "<truncated>";
	default:
		return "<unreadable>";
	}
}

/*
 * hits == filtered + delivered + throttled + lost. A site has several rows of them, and each CPU
 * counts in one: that of location * rows + CPU % rows. Counting is atomic, since a sleepable
 * program may be preempted by another; rows only keep the CPUs out of each other's way.
 */
struct counters {
	mt_u64 hits;	  /* the instruction was reached (by the traced processes) */
	mt_u64 filtered;  /* the predicate said no */
	mt_u64 delivered; /* an event was handed to user space, or the block ran in the kernel */
	mt_u64 throttled; /* over the probe's budget of events (tbreak: 1) */
	mt_u64 lost;	  /* no room: ring full or no scratch free */
};
#define COUNTERS_SIZE 64 /* of a row: a cache line */

/* What a finish keeps of a call from its entry to its return. */
struct call_key {
	mt_u64
	    thread; /* process id << 32 | thread id, of the whole machine; Go: without the latter */
	mt_u64 frame; /* the canonical frame address; Go: how far below the stack's begin it is */
	mt_u64 g;     /* Go: address of the goroutine, whatever thread runs it; else 0 */
};
struct call_state {
	mt_u64 time_ns; /* of the entry */
	mt_u64 missing; /* bit i: value i could not be read */
	mt_u64 words[]; /* an integer; or a string: its length (| RECORD_STRING_CUT), its bytes */
};
/* Where functions are followed that the function jumps to, the first word says how far that went:
 * 0, or CALL_JUMPED or CALL_ARRIVED of the jump_key of compile_site. */
#define CALL_WORD_JUMP	  0
#define CALL_JUMP_WORDS	  1
#define CALL_JUMPED(key)  (2 * (key))
#define CALL_ARRIVED(key) (2 * (key) + 1)
/* Of all calls of one finish, per CPU. */
struct call_counters {
	mt_u64 kept;	 /* a state was stored at the entry */
	mt_u64 replaced; /* ... in the place of a call's that never returned */
	mt_u64 returned; /* with a state */
	mt_u64 unpaired; /* returned without one */
};
#define CALL_TEXT_SIZE	256
#define CALL_WORDS_MAX	512
#define CALL_STATES_MAX 16384 /* calls that are under way; the oldest go first */

/* Where a record with strings is put together: one of the CPU's few, claimed by
 * busy 0 -> 1, because a sleepable program can be preempted by another. */
#define SCRATCH_SLOTS	    4
#define SCRATCH_RECORD_SIZE (64 * 1024)
struct scratch {
	mt_u32 busy, unused;
	struct memory_search search;
	unsigned char record[SCRATCH_RECORD_SIZE];
};

/* The instruction may_goto (Linux 6.9), which older headers do not have: BPF_JMP | BPF_JCOND. */
#define INSN_MAY_GOTO 0xe5

/* A text that an element of a sequence has; its bytes follow at once. */
struct record_text {
	mt_u32 offset; /* of what stands for it, from the first element on */
	mt_u32 length; /* | RECORD_TEXT_CUT; or RECORD_TEXT_LOST */
};
#define RECORD_TEXT_CUT	 0x80000000u
#define RECORD_TEXT_LOST 0x40000000u

/* A generated program names its maps by role: the imm of an ld_imm64 with
 * BPF_PSEUDO_MAP_FD; loading puts the descriptors there. */
enum map_role {
	MAP_COUNTERS,	   /* array of rows of struct counters, see there */
	MAP_RINGS,	   /* array of ring buffers, by CPU */
	MAP_ARMED,	   /* array of one u64 a CPU: 1 if the consumer wants to be woken */
	MAP_SCRATCH,	   /* array of struct scratch, at CPU * SCRATCH_SLOTS + slot */
	MAP_BUDGET,	   /* array of one s64: events still wanted */
	MAP_ZERO,	   /* array of one: AGGREGATE_WORDS_MAX words of 0, a new row */
	MAP_DROPPED,	   /* per-CPU array of u64, by call: updates that found no row */
	MAP_CALLS,	   /* LRU hash of struct call_state, by struct call_key */
	MAP_CALL_COUNTERS, /* per-CPU array of one struct call_counters */
	MAP_TURNS, /* array of u64, by call: which table of a shared aggregate is filled now */
	MAP_USERS, /* per-CPU array of struct aggregate_users, by call */
	MAP_ROLES,
	/* + index of the call: per-CPU hash of rows, see "aggregates" below */
	MAP_AGGREGATE = MAP_ROLES,
	MAP_AGGREGATE_OTHER = MAP_AGGREGATE + 32 /* AGGREGATE_CALLS_MAX: of a shared one */
};

/* What bpf/watch.bpf.c tells of a process. */
struct watch_message {
	mt_u32 pid;
	mt_u32 is_exit; /* 0: it has just exec'ed the file */
	char comm[16];
};
#define WATCH_RING_SIZE (256 * 1024)

/* -------------------------------------------------------------- aggregates */

/*
 * Each call of count() and its kin in a block is a table: a row for each key.
 * A row is words that begin as 0, so that it can be made by whoever comes
 * first: AGGREGATE_COUNT and _MISSING, then
 *
 *   sum, avg   the sum
 *   min, max   the rank (below) of the least, the greatest value
 *   hist       < 0, 0, [1, 2), [2, 4), [4, 8) ... [2^62, 2^63)
 *   lhist      < low, [low, low + step) ..., >= high
 *
 * Every word but the rank only grows, by atomic adds; the rank grows by exchange.
 *
 * The key of the kernel's hash is one word whose bit i says that key i could not be
 * read, and then for each key as many words as its kind takes (capture_key_words in
 * compile.h): a value as a slot of a record has it; the index of the location where the
 * site tells; for comm two words; for a string its length (| RECORD_STRING_CUT) and
 * AGGREGATE_KEY_BYTES_MAX bytes, zero behind its end. Of one that could not be read the
 * first word is the reason, any others are 0.
 *
 * An aggregate of the script is shared by probes, and emptied while they count. Each call that
 * adds to it has two tables, filled by turns, so that one can be emptied that no program is
 * in. A program counts itself in at a table (entered), looks again whether it is still that
 * one's turn, and counts itself out when it is done (left). Who turns from one to the other
 * waits until as many have left as had entered: a program that enters later sees the turn.
 */
enum aggregate_kind {
	AGGREGATE_OF_COUNT,
	AGGREGATE_OF_SUM,
	AGGREGATE_OF_AVG,
	AGGREGATE_OF_MIN,
	AGGREGATE_OF_MAX,
	AGGREGATE_OF_HIST,
	AGGREGATE_OF_LHIST,
};
struct aggregate_shape {
	enum aggregate_kind kind;
	mt_u32 key_words;	/* in the kernel, the first one included */
	mt_s64 low, high, step; /* lhist */
	mt_u32 is_shared;	/* an aggregate of the script */
};

/* By turn. */
struct aggregate_users {
	mt_u64 entered[2], left[2];
};

enum {
	AGGREGATE_COUNT,   /* values that were counted in */
	AGGREGATE_MISSING, /* values that could not be read */
	AGGREGATE_DATA,
};
#define AGGREGATE_CALLS_MAX (MAP_AGGREGATE_OTHER - MAP_AGGREGATE) /* in a block */
#define AGGREGATE_KEYS_MAX  8
/* Of a string as a key; of a longer one these, and then "..." (in either half). */
#define AGGREGATE_KEY_BYTES_MAX 128
/* Of a stack as a key in the kernel: its words are those of a record, and zeros behind them. */
#define STACK_KEY_FRAMES       16
#define AGGREGATE_ROWS_MAX     4096
#define AGGREGATE_BYTES_MAX    (4 << 20) /* of rows, on each CPU */
#define AGGREGATE_BUCKETS_HIST 65
#define AGGREGATE_BUCKETS_MAX  1000 /* of an lhist, without the two at its ends */
#define AGGREGATE_WORDS_MAX    (AGGREGATE_DATA + AGGREGATE_BUCKETS_MAX + 2)

/* Without the two at the ends; the last may be narrower than step. */
static inline mt_u64 aggregate_steps(const struct aggregate_shape *shape)
{
	mt_u64 range = (mt_u64)shape->high - (mt_u64)shape->low, step = (mt_u64)shape->step;

	return range / step + (range % step != 0);
}

/* The words of a row. */
static inline mt_u32 aggregate_words(const struct aggregate_shape *shape)
{
	switch (shape->kind) {
	case AGGREGATE_OF_COUNT:
		return AGGREGATE_DATA;
	case AGGREGATE_OF_HIST:
		return AGGREGATE_DATA + AGGREGATE_BUCKETS_HIST;
	case AGGREGATE_OF_LHIST:
		return AGGREGATE_DATA + (mt_u32)aggregate_steps(shape) + 2;
	default:
		return AGGREGATE_DATA + 1;
	}
}

/* The rows a table holds. */
static inline mt_u32 aggregate_capacity(const struct aggregate_shape *shape)
{
	mt_u32 rows = AGGREGATE_BYTES_MAX / (aggregate_words(shape) * sizeof(mt_u64));

	return rows < AGGREGATE_ROWS_MAX ? rows : AGGREGATE_ROWS_MAX;
}

/* A value as an unsigned number, so that a greater one replaces a smaller one and 0
 * is replaced by any: and back. */
static inline mt_u64 aggregate_rank(enum aggregate_kind kind, mt_u64 value)
{
	return value ^ (kind == AGGREGATE_OF_MIN ? ~0ull >> 1 : 1ull << 63);
}

/* Adds the row `from` to the row `to`. */
static inline void aggregate_merge(const struct aggregate_shape *shape, mt_u64 *to,
				   const mt_u64 *from)
{
	int is_extreme = shape->kind == AGGREGATE_OF_MIN || shape->kind == AGGREGATE_OF_MAX;

	for (mt_u32 i = 0; i < aggregate_words(shape); i++) {
		if (i == AGGREGATE_DATA && is_extreme)
			to[i] = from[i] > to[i] ? from[i] : to[i];
		else
			to[i] += from[i];
	}
}

#endif
