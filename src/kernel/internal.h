/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of the kernel room share; nobody else includes it.
 */
#ifndef MOONTAP_KERNEL_INTERNAL_H
#define MOONTAP_KERNEL_INTERNAL_H

#include <pthread.h>

#include "moontap/kernel.h"

/* ----------------------------------------------------------------- support */

/* BPF_TRACE_UPROBE_MULTI of Linux 6.6; Debian 12's headers end before it. */
#define ATTACH_TYPE_UPROBE_MULTI 48

struct support {
	bool has_multi;
	bool has_process_filter; /* a multi link's pid means the process, not one thread */
	bool has_sleepable;
};

/* libbpf writes to stderr by default; our errors say what is worth saying. */
void support_silence(void);
/* Tries each feature once. ERR_NO_BPF or ERR_PERMISSION if nothing can work. */
struct error *support_probe(struct support *ret);
/* What to say when the kernel answered errno_value to an attempt at `what`:
 * ERR_PERMISSION with the missing capability, ERR_NO_BPF or ERR_OS. */
struct error *support_error(int errno_value, const char *what);
/* The same for what only CAP_SYS_ADMIN may do. */
struct error *support_needs_admin(int errno_value, const char *what);

/* ------------------------------------------------------------------ threads */

/* Starts a thread that hears no signals. False if there can be none: then run() is
 * to be called here and now. */
bool thread_start(pthread_t *ret, void *(*run)(void *context), void *context);

/* ------------------------------------------------------------------- rings */

/* The consumer's view of one BPF ring buffer. */
struct ring {
	int fd;
	size_t size;	    /* of the data, a power of two */
	uint64_t position;  /* of the next record */
	uint64_t published; /* what the producers know of position */
	uint64_t limit;	    /* what we know of the producers' position */
	uint64_t *shared_consumer;
	const uint64_t *shared_producer;
	unsigned char *data;   /* twice in a row, so that no record is split */
	size_t mapped;	       /* bytes of data, of twice the size */
	unsigned char *memory; /* all of it, reserved: positions, then data */
	size_t memory_size;
};

/* Maps the ring buffer fd of size bytes (a power of two of pages). On success
 * *ret owns fd, on error it is closed. */
struct error *ring_init(struct ring *ret, int fd, size_t size);
void ring_deinit(struct ring *ring);
/* The next committed record, or NULL if there is none (yet). */
const void *ring_peek(struct ring *ring);
/* Passes over the record that ring_peek returned. */
void ring_advance(struct ring *ring);
/* Gives the room of everything passed over back to the producers. */
void ring_publish(struct ring *ring);
/* Bytes that producers have taken and were not given back. */
uint64_t ring_used(const struct ring *ring);

/* The session's rings. All zero but map_fd, which is -1, there are none. */
struct rings {
	struct ring *all; /* every one there ever was */
	size_t count;
	size_t *current; /* by CPU: the index in all of the ring that programs write to */
	size_t *wanted;	 /* by CPU: the size its next ring should have, unless it has that */
	size_t cpu_count;
	size_t size_max;
	int map_fd; /* array of maps, by CPU */
	size_t slot_count;
	int epoll_fd; /* the kernel's */
	struct {
		uint32_t *cpus;
		int *fds;
		uint32_t count;
	} slots; /* to fill, and with what */
	/* At most one job at a time makes rings or fills the map. */
	pthread_t thread;
	bool has_thread, is_busy;
	struct error *(*job)(struct rings *rings);
	struct error *error; /* of the job */
};
/* Makes the rings and begins to fill their map, of slot_count CPUs. To be undone by
 * rings_deinit, after an error too. */
struct error *rings_init(struct rings *rings, size_t wanted_size, size_t slot_count, int epoll_fd);
void rings_deinit(struct rings *rings);
/* Waits until programs find the rings. */
struct error *rings_wait(struct rings *rings);
/* Begins to make larger rings for the CPUs that need them. */
void rings_grow(struct rings *rings);
/* ... for records that fill what there is before it could. */
void rings_grow_fully(struct rings *rings);
static inline size_t rings_count(const struct rings *rings)
{
	return __atomic_load_n(&rings->count, __ATOMIC_ACQUIRE);
}

/* ------------------------------------------------------------------ kernel */

struct kernel {
	enum attach_method method;
	struct support support;
	size_t cpu_count; /* possible ones, which per-CPU maps are made for */
	struct rings rings;
	int armed_fd;
	int scratch_fd;	 /* -1 until a program names it */
	int zero_fd;	 /* likewise */
	uint64_t *armed; /* the map's memory, cpu_count words */
	size_t armed_size;
	bool is_armed;
	int epoll_fd;
	struct tracefs *tracefs;	/* NULL unless that is the method */
	struct mapping_watch *mappings; /* NULL: not watched */
};

/* Maps that every program shares: *ret stays the kernel's. */
struct error *kernel_shared_map(struct kernel *kernel, enum map_role role, int *ret);

/* The map of a role from MAP_AGGREGATE on, MAP_DROPPED, MAP_TURNS or MAP_USERS; -1 if there is
 * none. */
int aggregates_map(const struct kernel_aggregates *aggregates, unsigned role);

struct kernel_calls {
	int fd, counters_fd;
	size_t cpu_count, value_size;
	uint64_t cleared;
};
/* The map of MAP_CALLS or MAP_CALL_COUNTERS, -1 for other roles. */
int calls_map(const struct kernel_calls *calls, enum map_role role);

/* -------------------------------------------------------------- attachment */

/* What a program hangs on: a multi link, or a perf event that carries it to a
 * tracefs event of this number. */
struct attachment {
	int fd;
	unsigned event; /* 0: fd is a link */
};

struct kernel_program {
	struct kernel *kernel;
	int fd, counters_fd;
	int64_t *budget; /* the map's memory, NULL if the program names no budget */
	int budget_fd;
	size_t site_count;
	unsigned counter_rows;	       /* of each site, see struct counters */
	const unsigned char *counters; /* the map's memory */
	VECTOR(struct attachment) attachments;
};

/* Each adds to program->attachments, all of the request or nothing. */
struct error *multi_attach(struct kernel_program *program, const struct attach_request *request);
struct error *tracefs_attach(struct kernel_program *program, const struct attach_request *request);

/* Begins to remove all of program->attachments but the first `kept`. */
void attachments_remove(struct kernel_program *program, size_t kept);
/* Waits for the end of all removals. */
void removals_wait(void);

/* The raw system call: a link, or -1 with errno. */
int multi_link(int program_fd, const struct attach_request *request, size_t count, pid_t pid);
/* One sentence about a failed attachment of these sites. */
struct error *attach_error(int errno_value, const struct attach_request *request);

/* Opens (or mounts, for us alone) tracefs and clears what dead moontaps left. */
struct error *tracefs_open(struct tracefs **ret);
void tracefs_close(struct tracefs *tracefs);
void tracefs_remove(struct tracefs *tracefs, unsigned event);

#endif
