/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - the only room that talks to BPF: maps, programs, attachments,
 * rings and counters.
 *
 *   support.c  what this kernel and these privileges can do, found by trying
 *   task.c     where the kernel keeps what programs read of a task
 *   kernel.c   the session's shared maps
 *   program.c  loading and its verifier log; counters
 *   aggregate.c  tables of rows by key, filled by programs
 *   calls.c    calls between their entry and their return
 *   multi.c    attachment by uprobe_multi links
 *   tracefs.c  attachment by tracefs siblings and one perf event (below 6.6)
 *   detach.c   attachments removed side by side
 *   ring.c     records out of the rings, merged by time; the armed flag
 *   rings.c    one ring a CPU, larger where it fills
 *   thread.c   threads for system calls that last
 *   watch.c    processes that start and end (bpf/watch.bpf.c)
 *   mappings.c what processes map as code
 */
#ifndef MOONTAP_KERNEL_H
#define MOONTAP_KERNEL_H

#include <sys/types.h>

#include "moontap/base.h"
#include "moontap/record.h"

struct bpf_insn;
struct kernel;

enum attach_method {
	ATTACH_ANY,	/* the best that works here */
	ATTACH_MULTI,	/* uprobe_multi: cookies, one link per program and file */
	ATTACH_TRACEFS, /* siblings of one tracefs event: no cookies */
};

struct kernel_options {
	enum attach_method method;
	/* What the ring of a CPU may grow to; a power of two of pages. 0: 16 MiB, or less
	 * where more than 16 CPUs would make it over 256 MiB together. */
	size_t ring_bytes;
};

/* Probes what is there and creates the shared maps. Errors: ERR_NO_BPF,
 * ERR_PERMISSION (names the missing capability and says how to get it). */
struct error *kernel_open(const struct kernel_options *options, struct kernel **ret);
/* After kernel_unload of its programs. */
void kernel_close(struct kernel *kernel);

enum attach_method kernel_method(const struct kernel *kernel);
bool kernel_has_sleepable(const struct kernel *kernel);
/* Does this kernel know may_goto, the instruction that ends loops (6.9)? */
bool kernel_has_may_goto(void);
/* Does this kernel turn 5-byte nops under a uprobe into calls? No privileges
 * and no struct kernel needed: --dry-run judges too. */
bool kernel_rewrites_nop5(void);

/* Where the base of %fs of a thread that runs in user space is kept: this many bytes into what
 * bpf_get_current_task gives, for bpf_probe_read_kernel. False: the kernel does not tell (it
 * has no BTF). The first call reads the kernel's types, which takes some milliseconds. */
bool kernel_fsbase_offset(uint32_t *ret);

/* ----------------------------------------------------------------- program */

/* A probe's aggregates: a table for each call of count() and its kin. They
 * outlive the programs that fill them. */
struct kernel_aggregates;
struct error *kernel_aggregates_new(struct kernel *kernel, const struct aggregate_shape *shapes,
				    size_t count, struct kernel_aggregates **ret);
void kernel_aggregates_free(struct kernel_aggregates *aggregates);
/* Passes each row of table index to fn: its key, shape.key_words words, and the
 * words of the row, summed over CPUs (record.h). Rows that are being made
 * meanwhile may come or not. *ret_dropped: updates there was no row for. */
struct error *kernel_aggregates_read(struct kernel_aggregates *aggregates, size_t index,
				     void (*fn)(void *context, const mt_u64 *key,
						const mt_u64 *words),
				     void *context, uint64_t *ret_dropped);

/* Of a shared one: the same rows and drops since the last time, after which the table is
 * empty. What programs count meanwhile comes the next time; nothing is lost or comes twice. */
struct error *kernel_aggregates_take(struct kernel_aggregates *aggregates, size_t index,
				     void (*fn)(void *context, const mt_u64 *key,
						const mt_u64 *words),
				     void *context, uint64_t *ret_dropped);

/* The calls of a finish that are under way, with so many words kept of each: shared by its
 * programs, at the entry and at the returns, and outliving them. */
struct kernel_calls;
struct error *kernel_calls_new(struct kernel *kernel, unsigned words, struct kernel_calls **ret);
void kernel_calls_free(struct kernel_calls *calls);
/* Forgets the calls under way: their returns would be taken for those of later calls if they
 * came unseen. Only while no program fills the table. */
void kernel_calls_clear(struct kernel_calls *calls);
/* Calls that were no hits. While calls go on, one may be pushed out and not be counted yet. */
struct call_losses {
	uint64_t unpaired;   /* returns of calls that were not seen to begin, or pushed out */
	uint64_t left;	     /* calls that never returned: another took their frame */
	uint64_t pushed_out; /* of the table, which was full */
};
void kernel_calls_losses(const struct kernel_calls *calls, struct call_losses *ret);

/* How many rows of counters each of so many sites is to have: one for each CPU, fewer where that
 * would take tens of megabytes. Of one site, never fewer. */
unsigned kernel_counter_rows(const struct kernel *kernel, size_t site_count);

/* Maps are made as the instructions name them. */
struct load_request {
	const struct bpf_insn *insns; /* map placeholders as in enum map_role */
	size_t insn_count;
	bool is_sleepable;
	bool is_bulky;	   /* an event is kilobytes: the rings need all the room they may have */
	size_t site_count; /* that have counters */
	unsigned counter_rows; /* of each, a power of 2; 0: one */
	int64_t budget;	       /* first value of MAP_BUDGET, if it names that */
	const struct kernel_aggregates *aggregates; /* or NULL */
	const struct kernel_calls *calls;	    /* of a finish; or NULL */
};

struct kernel_program; /* a loaded program, its counters and attachments */

/* ERR_TOO_LARGE: more than the verifier is willing to follow. ERR_VERIFIER (message ends with the
 * verifier's last lines; the whole log is the hint), ERR_PERMISSION, ERR_OS. */
struct error *kernel_load(struct kernel *kernel, const struct load_request *request,
			  struct kernel_program **ret);
/* What is still attached is detached by and by, within some 40 ms. */
void kernel_unload(struct kernel_program *program);

/* One file's sites of a program. offsets are file offsets. With pid, only that
 * process (and what the link's filter cannot tell apart, the program does).
 * All or nothing. May be called for several files. A semaphore is a 16-bit count in writable data
 * that the kernel raises, while the site is attached, in each process that is traced. */
struct attach_request {
	const char *path;
	pid_t pid;
	const uint64_t *offsets;
	const uint64_t *cookies;
	const uint64_t *semaphores; /* NULL: none has one; else of each its file offset, or 0 */
	size_t count;
};
struct error *kernel_attach(struct kernel_program *program, const struct attach_request *request);
/* Removes every attachment of these programs of one kernel; keeps the programs and
 * their counters, which change no more. Takes some 40 ms, whatever the number of
 * programs and sites. */
void kernel_detach(struct kernel_program *const *programs, size_t count);
/* Closes a descriptor that takes the kernel some milliseconds, while other things go on;
 * kernel_detach and kernel_close wait for it. */
void kernel_close_aside(int fd);

/* Up to now, of all CPUs. */
void kernel_counters(const struct kernel_program *program, size_t site, struct counters *ret);
void kernel_set_budget(struct kernel_program *program, int64_t events);

/* -------------------------------------------------------------------- ring */

/* Becomes readable when a program saw the armed flag. For poll and epoll. */
int kernel_fd(const struct kernel *kernel);
/* Passes the records of up to this moment, oldest first, to fn until none is
 * left or fn returns false (that record counts as taken). Returns how many. A
 * record is valid during its call only. Disarms. */
size_t kernel_consume(struct kernel *kernel, bool (*fn)(void *context, const struct record *),
		      void *context);
/* Asks to be woken at the next event; to be called before each sleep. False (and
 * not armed) if there is something to consume, or a record is just being
 * written: nap a millisecond then, and consume. */
bool kernel_arm(struct kernel *kernel);

/* ---------------------------------------------------------------- mappings */

/*
 * Tells what processes map that is code, so that what a process has mapped is known when it
 * has ended. Nobody is woken for that, but kernel_fd is readable when much has come; or, if
 * it is urgent, when anything has.
 */
struct mapping_event {
	enum {
		MAPPING_ADDED,
		MAPPING_EXEC, /* all that was mapped before is gone */
		MAPPING_FORK, /* has what its parent has */
		MAPPING_EXIT,
	} kind;
	pid_t pid, parent;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t start, end, offset, inode;
	const char *path; /* as in /proc/PID/maps */
};
/* From now on of a process, its later threads and its children; pid 0: of all. Replaces what
 * was watched before. */
struct error *kernel_watch_mappings(struct kernel *kernel, pid_t pid, bool is_urgent);
/* To be called when the process has ended: kernel_fd would be readable for ever. */
void kernel_unwatch_mappings(struct kernel *kernel);
/* Is there something to take? What came before kernel_fd was last waited for, or registered to
 * be, wakes nobody. */
bool kernel_has_mappings(const struct kernel *kernel);
/* Tells of everything up to this moment, in its order. */
void kernel_take_mappings(struct kernel *kernel,
			  void (*fn)(void *context, const struct mapping_event *), void *context);

/* ------------------------------------------------------------------- watch */

/*
 * Tells of processes that begin or end to run one file, whoever starts them. The
 * end of those that ran it before is told, their beginning is not; nor anything
 * of children that were forked and exec'ed nothing.
 */
struct watch;
struct watch_event {
	pid_t pid;
	bool is_exit; /* it has ended or exec'ed another file; else: just exec'ed this one */
	char comm[16];
};
struct error *watch_open(const char *path, struct watch **ret);
void watch_close(struct watch *watch);
int watch_fd(const struct watch *watch);
void watch_consume(struct watch *watch, void (*fn)(void *context, const struct watch_event *),
		   void *context);

#endif
