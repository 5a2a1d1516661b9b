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
#else
typedef unsigned long long mt_u64;
typedef unsigned int mt_u32;
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

/* Strings captured: the default and the greatest size in bytes. */
#define STRING_SIZE_DEFAULT 1024
#define STRING_SIZE_MAX	    16384

/* Per site, per CPU. hits == filtered + delivered + throttled + lost. */
struct counters {
	mt_u64 hits;	  /* the instruction was reached (by the traced processes) */
	mt_u64 filtered;  /* the predicate said no */
	mt_u64 delivered; /* an event was handed to user space */
	mt_u64 throttled; /* over the probe's budget of events (tbreak: 1) */
	mt_u64 lost;	  /* no room: ring full or no scratch free */
};

/* Where a record with strings is put together: one of the CPU's few, claimed by
 * busy 0 -> 1, because a sleepable program can be preempted by another. */
#define SCRATCH_SLOTS	    4
#define SCRATCH_RECORD_SIZE (64 * 1024)
struct scratch {
	mt_u32 busy, unused;
	unsigned char record[SCRATCH_RECORD_SIZE];
};

/* A generated program names its maps by role: the imm of an ld_imm64 with
 * BPF_PSEUDO_MAP_FD; loading puts the descriptors there. */
enum map_role {
	MAP_COUNTERS, /* per-CPU array of struct counters, by location */
	MAP_RINGS,    /* array of ring buffers, by CPU */
	MAP_ARMED,    /* array of one u64 a CPU: 1 if the consumer wants to be woken */
	MAP_SCRATCH,  /* array of struct scratch, at CPU * SCRATCH_SLOTS + slot */
	MAP_BUDGET,   /* array of one s64: events still wanted */
	MAP_ROLES
};

/* What bpf/watch.bpf.c tells of a process. */
struct watch_message {
	mt_u32 pid;
	mt_u32 is_exit; /* 0: it has just exec'ed the file */
	char comm[16];
};
#define WATCH_RING_SIZE (256 * 1024)

#endif
