/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.h - shared by the files that make stacks of addresses into frames with names:
 *
 *   number.c   pointers by number
 *   cfi.c      an image's unwind tables: the row of an address, and a step by it
 *   operations.c  DWARF's operations on registers and stack memory
 *   unwind.c   registers and a piece of stack memory -> addresses
 *   framepointer.c  does an image's code keep frame pointers
 *   module.c   files that processes map, opened when first needed
 *   space.c    what one process has mapped from one exec to the next
 *   spaces.c   all processes: which space was a process's at a time
 *   perfmap.c  names of code that a process has generated
 *   frame.c    an address of a module -> frames
 *   stack.c    captures -> the distinct stacks
 */
#ifndef SYMBOLS_STACK_H
#define SYMBOLS_STACK_H

#include <time.h>

#include "cfitable.h"

/* --------------------------------------------------------------- number.c */

/* Pointers (never NULL) by number. {0} is empty. */
struct number_map {
	struct number_entry {
		uint64_t number;
		void *value;
	} * entries;
	size_t count, capacity;
};
void *number_map_get(const struct number_map *map, uint64_t number);
void number_map_put(struct number_map *map, uint64_t number, void *value);
void number_map_remove(struct number_map *map, uint64_t number);
void number_map_deinit(struct number_map *map);
/* Mixes number into a hash. */
uint64_t number_hash(uint64_t hash, uint64_t number);

/* ------------------------------------------------------------------ cfi.c */

struct unwind_registers {
	uint64_t value[REGISTER_COUNT];
	uint32_t known; /* a bit each */
};

/* A piece of stack memory. */
struct stack_memory {
	uint64_t address;
	const unsigned char *bytes;
	size_t size;
};
bool stack_memory_read(const struct stack_memory *memory, uint64_t address, uint64_t *ret);

enum unwind_step {
	STEP_DONE,    /* registers are the caller's */
	STEP_END,     /* there is no caller */
	STEP_BEYOND,  /* needs memory that was not copied */
	STEP_CORRUPT, /* the table contradicts itself or the memory */
};

/* The row of address in the image's .eh_frame, or else .debug_frame, or Go's table: its rules,
 * without those that say nothing. NULL if there is none that can be used. Lives as long as the
 * image. */
struct unwind_row {
	bool is_signal;
	uint32_t kept; /* a bit for each register that is the caller's still */
	struct unwind_rule cfa;
	unsigned rule_count;
	struct row_rule {
		unsigned reg;
		struct unwind_rule rule;
	} rules[];
};
const struct unwind_row *cfi_row(struct image *image, uint64_t address);
/* The image's .eh_frame; empty if it has none. */
struct cfi_table *cfi_table_own(struct image *image);
/* The table that has an entry for address, or NULL. */
struct cfi_table *cfi_table_at(struct image *image, uint64_t address);
/* Replaces registers by the caller's. */
enum unwind_step cfi_step(const struct unwind_row *row, const struct stack_memory *memory,
			  struct unwind_registers *registers);

/* -------------------------------------------------------- framepointer.c */

/* By its own table alone, and all of it. */
bool image_keeps_frame_pointers(struct image *image);

/* ----------------------------------------------------------- operations.c */

/* What an expression gives that begins with the CFA on its stack (NULL: with nothing). */
enum unwind_step operations_run(const struct bytes *expression, const uint64_t *cfa,
				const struct stack_memory *memory,
				const struct unwind_registers *registers, uint64_t *ret);

/* --------------------------------------------------------------- module.c */

/* A file that processes map, or what the kernel or nobody has named. */
struct module {
	uint64_t inode;
	char *path;		  /* "[vdso]"; "" anonymous memory */
	const char *name;	  /* its last part */
	struct image *image;	  /* NULL: not opened yet, or cannot be */
	bool is_tried;		  /* to be opened */
	struct number_map frames; /* frame.c: by address */
	struct arena arena;	  /* of these */
};
struct modules {
	VECTOR(struct module *) all;
	VECTOR(struct image *) images; /* opened elsewhere */
};
void modules_deinit(struct modules *modules);
struct module *modules_get(struct modules *modules, const char *path, uint64_t inode);
/* Has one of the images opened elsewhere this inode? */
bool modules_is_traced(const struct modules *modules, uint64_t inode);

/* Code in a process's memory. */
struct region {
	uint64_t start, end, offset;
	struct module *module;
};
/* The image of the region's file, opened by way of the process if that is still there;
 * NULL if it cannot be. */
struct image *region_image(const struct modules *modules, const struct region *region, pid_t pid);

/* ---------------------------------------------------------------- space.c */

/* An address that has no name may be in something new, or be no address of code at all: what
 * is outside is not read more often than this. */
#define READ_AGAIN_NS 100000000u

static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What a process has mapped from one exec to the next. */
struct space {
	struct space *older; /* of the same process number */
	pid_t pid;
	uint64_t since_ns;
	bool is_over;		       /* /proc says nothing of it any more */
	uint64_t read_ns;	       /* when /proc was read; 0: never */
	VECTOR(struct region) regions; /* by address, apart */
	struct perfmap *perfmap;
};
struct space *space_new(pid_t pid, uint64_t since_ns, struct space *older);
void space_free(struct space *space);
/* Puts a region over what was there. */
void space_map(struct space *space, const struct region *region);
void space_read(struct space *space, struct modules *modules);
/* The region of an address; asks /proc again if it is in none. */
const struct region *space_find(struct space *space, struct modules *modules, uint64_t address);

/* --------------------------------------------------------------- spaces.c */

struct spaces {
	struct number_map newest;    /* struct space by process */
	VECTOR(struct space *) over; /* those that are kept although they are over, oldest first */
};
void spaces_deinit(struct spaces *spaces);
/* The space that was the process's at that time (UINT64_MAX: is now), made and read from
 * /proc if none is known. */
struct space *spaces_get(struct spaces *spaces, struct modules *modules, pid_t pid,
			 uint64_t time_ns);
struct space *spaces_begin(struct spaces *spaces, pid_t pid, uint64_t since_ns);
/* The newest one is over. It is kept for a while if a file in it is traced. */
void spaces_end(struct spaces *spaces, const struct modules *modules, pid_t pid);

/* -------------------------------------------------------------- perfmap.c */

/* Names of code that was generated, from /tmp/perf-PID.map. */
struct perfmap;
void perfmap_free(struct perfmap *map);
/* The name of the code at address in a space, or NULL; valid until the next call. */
const char *perfmap_find(struct space *space, uint64_t address, uint64_t *ret_start);

/* ---------------------------------------------------------------- frame.c */

/* An address of a stack, as it is the same in every process. */
struct stack_place {
	struct module *module; /* NULL: the address is the process's */
	struct image *image;   /* the module's, if it could be opened */
	uint64_t address;      /* without an image, an offset in the module's file */
	const char *name;      /* of generated code; interned by stack.c */
	uint64_t start;	       /* of that */
	bool is_exact;	       /* else a return address: the call is the instruction before it */
};
typedef VECTOR(struct stack_place) stack_place_list;
typedef VECTOR(struct stack_frame) frame_list;
/* Appends the frames of a place: the calls inlined there, then the function. */
void frames_of_place(const struct stack_place *place, frame_list *ret);

/* --------------------------------------------------------------- unwind.c */

/* Finds the place of an address; false if it is in nothing that is code. */
struct unwind {
	bool (*locate)(void *context, uint64_t address, bool is_exact, struct stack_place *ret);
	void *context;
};
#define UNWIND_LOST "<cannot be unwound further>"
/* Appends the places of the frames wanted. What ended it is *ret_end, see struct stack. */
void unwind_memory(const struct unwind *unwind, const struct stack_capture *capture,
		   stack_place_list *ret, const char **ret_end);

#endif
