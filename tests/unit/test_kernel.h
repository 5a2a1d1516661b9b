/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kernel.h - what the kernel room's tests share: code to probe, a process
 * that runs it, and small programs written by hand.
 */
#ifndef TEST_KERNEL_H
#define TEST_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "moontap/kernel.h"

/* ---------------------------------------------------------- code to probe */

/* Each site's first instruction is one that the kernel emulates. */
#define MANY_SITES 5000
__asm__(".pushsection .text\n"
	".p2align 6\n"
	"hit_a: nop; ret\n"
	"hit_b: nop; ret\n"
	".p2align 6\n"
	"hit_nop5: .byte 0x0f, 0x1f, 0x44, 0, 0; ret\n"
	"hit_locked: lock incl (%rdi); ret\n"
	"many: .rept 5000; nop; ret; .endr\n"
	".popsection\n");
void hit_a(uint64_t argument);
void hit_b(uint64_t argument);
void hit_nop5(uint64_t argument);
extern const unsigned char many[], hit_locked[];

/* The offset in this program's file of a piece of its code. */
static inline uint64_t file_offset(const void *code)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t found = 0;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end, offset;
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    (uintptr_t)code >= start && (uintptr_t)code < end)
			found = (uintptr_t)code - start + offset;
	}
	fclose(maps);
	assert_int_not_equal(found, 0);
	return found;
}

/* ------------------------------------------------------------- the target */

/* A forked process that calls what it is told, and tells when it has. */
struct target {
	pid_t pid;
	struct {
		void (*function)(uint64_t);
		uint64_t first, count; /* the arguments are first, first + 1, ... */
		int order, done;       /* numbers of the last order given, and done */
		int cpu;	       /* to run on; -1: any */
	} * shared;
};

static inline void pin_to_cpu(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline void target_obey(struct target *target)
{
	for (int done = 0;; done++) {
		while (__atomic_load_n(&target->shared->order, __ATOMIC_ACQUIRE) == done) {
			if (getppid() == 1)
				_exit(0);
			sched_yield();
		}
		if (target->shared->cpu >= 0)
			pin_to_cpu(target->shared->cpu);
		for (uint64_t i = 0; i < target->shared->count; i++)
			target->shared->function(target->shared->first + i);
		__atomic_store_n(&target->shared->done, done + 1, __ATOMIC_RELEASE);
	}
}

static inline void target_start(struct target *target)
{
	target->shared =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(target->shared, MAP_FAILED);
	target->shared->cpu = -1;
	target->pid = fork();
	assert_true(target->pid >= 0);
	if (target->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		target_obey(target);
	}
}

static inline void target_stop(struct target *target)
{
	kill(target->pid, SIGKILL);
	waitpid(target->pid, NULL, 0);
	munmap(target->shared, 4096);
}

static inline void target_order(struct target *target, void (*function)(uint64_t), uint64_t first,
				uint64_t count)
{
	target->shared->function = function;
	target->shared->first = first;
	target->shared->count = count;
	__atomic_fetch_add(&target->shared->order, 1, __ATOMIC_RELEASE);
}

static inline bool target_is_done(struct target *target)
{
	return __atomic_load_n(&target->shared->done, __ATOMIC_ACQUIRE) == target->shared->order;
}

static inline void target_wait(struct target *target)
{
	while (!target_is_done(target))
		sched_yield();
}

static inline void target_call(struct target *target, void (*function)(uint64_t), uint64_t first,
			       uint64_t count)
{
	target_order(target, function, first, count);
	target_wait(target);
}

static inline unsigned char byte_of(pid_t pid, const void *address)
{
	char path[64];
	unsigned char byte = 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(uintptr_t)address), 1);
	return byte;
}

/* A file of its own to probe and to run. */
static inline void copy_self(const char *path)
{
	char block[65536];
	ssize_t size;
	CLEANUP(close_p) int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CLEANUP(close_p) int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	while ((size = read(from, block, sizeof(block))) > 0)
		assert_int_equal(write(to, block, (size_t)size), size);
}

/* --------------------------------------------------------------- programs */

/* Instructions, one function each, with jumps that are landed later. */
struct code {
	struct bpf_insn insns[256];
	size_t count;
};

static inline size_t put(struct code *code, int op, int dst, int src, int off, int imm)
{
	code->insns[code->count] = (struct bpf_insn){.code = (unsigned char)op,
						     .dst_reg = (unsigned char)dst & 15,
						     .src_reg = (unsigned char)src & 15,
						     .off = (short)off,
						     .imm = imm};
	return code->count++;
}

#define SET(dst, value)		      put(code, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define MOVE(dst, src)		      put(code, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ADD(dst, value)		      put(code, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define LOAD(size, dst, src, at)      put(code, BPF_LDX | BPF_MEM | (size), dst, src, at, 0)
#define STORE(size, dst, at, src)     put(code, BPF_STX | BPF_MEM | (size), dst, src, at, 0)
#define STORE_K(size, dst, at, value) put(code, BPF_ST | BPF_MEM | (size), dst, 0, at, value)
#define ATOMIC(op, dst, at, src)      put(code, BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, at, op)
#define CALL(function)		      put(code, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##function)
#define JUMP_IF(op, dst, value)	      put(code, BPF_JMP | (op) | BPF_K, dst, 0, 0, value)
#define JUMP()			      put(code, BPF_JMP | BPF_JA, 0, 0, 0, 0)
#define EXIT()			      put(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define LAND(jump)		      (code->insns[jump].off = (short)(code->count - (jump)-1))

static inline void put_map(struct code *code, int dst, enum map_role role)
{
	put(code, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, role);
	put(code, 0, 0, 0, 0, 0);
}

/* r0 = the map's value for the u32 at r10 + key; the jump is taken if there is none */
static inline size_t put_lookup(struct code *code, enum map_role role, int key)
{
	put_map(code, 1, role);
	MOVE(2, 10);
	ADD(2, key);
	CALL(map_lookup_elem);
	return JUMP_IF(BPF_JEQ, 0, 0);
}

static inline void put_count(struct code *code, size_t offset)
{
	SET(1, 1);
	ATOMIC(BPF_ADD, 7, (int)offset, 1);
}

enum {
	KEY_SITE = -4,
	KEY_CPU = -8,
	RING = -16
};

/* r6 = context, r7 = the site's counters, hits counted. Other processes than pid
 * are let pass, as in generated programs. */
static inline void put_prologue(struct code *code, pid_t pid, bool has_cookies)
{
	MOVE(6, 1);
	if (pid) {
		CALL(get_current_pid_tgid);
		put(code, BPF_ALU64 | BPF_RSH | BPF_K, 0, 0, 0, 32);
		size_t is_it = JUMP_IF(BPF_JEQ, 0, pid);
		SET(0, 0);
		EXIT();
		LAND(is_it);
	}
	SET(0, 0);
	if (has_cookies) {
		MOVE(1, 6);
		CALL(get_attach_cookie);
	}
	STORE(BPF_W, 10, KEY_SITE, 0);
	size_t found = put_lookup(code, MAP_COUNTERS, KEY_SITE);
	size_t skip = JUMP();
	LAND(found);
	SET(0, 0);
	EXIT();
	LAND(skip);
	MOVE(7, 0);
	put_count(code, offsetof(struct counters, hits));
}

/* A program that counts and nothing else. */
static inline void code_counting(struct code *code, pid_t pid, bool has_cookies)
{
	put_prologue(code, pid, has_cookies);
	SET(0, 0);
	EXIT();
}

#define RECORD_SIZE ((int)(sizeof(struct record) + sizeof(mt_u64)))

static inline void put_record(struct code *code)
{
	MOVE(8, 0);
	CALL(ktime_get_ns);
	STORE(BPF_DW, 8, offsetof(struct record, time_ns), 0);
	LOAD(BPF_W, 1, 10, KEY_SITE);
	STORE(BPF_DW, 8, offsetof(struct record, cookie), 1);
	STORE_K(BPF_DW, 8, offsetof(struct record, missing), 0);
	LOAD(BPF_DW, 1, 6, 112); /* pt_regs.di: the function's argument */
	STORE(BPF_DW, 8, offsetof(struct record, slots), 1);
	MOVE(1, 8);
	SET(2, BPF_RB_NO_WAKEUP);
	CALL(ringbuf_submit);
}

/* The flag is cleared only when the wake-up has got its place in the ring. */
static inline void put_wake(struct code *code)
{
	size_t none = put_lookup(code, MAP_ARMED, KEY_CPU);
	MOVE(8, 0);
	LOAD(BPF_DW, 1, 8, 0);
	size_t not_armed = JUMP_IF(BPF_JEQ, 1, 0);
	LOAD(BPF_DW, 1, 10, RING);
	SET(2, 8);
	SET(3, 0);
	CALL(ringbuf_reserve);
	size_t full = JUMP_IF(BPF_JEQ, 0, 0);
	SET(1, 0);
	ATOMIC(BPF_XCHG, 8, 0, 1);
	SET(2, BPF_RB_NO_WAKEUP);
	size_t was_cleared = JUMP_IF(BPF_JEQ, 1, 0);
	SET(2, BPF_RB_FORCE_WAKEUP);
	LAND(was_cleared);
	MOVE(1, 0);
	CALL(ringbuf_discard);
	LAND(none);
	LAND(not_armed);
	LAND(full);
}

/* A program that delivers a record of one slot, the first argument. */
static inline void code_recording(struct code *code, pid_t pid, bool has_cookies)
{
	put_prologue(code, pid, has_cookies);
	CALL(get_smp_processor_id);
	STORE(BPF_W, 10, KEY_CPU, 0);
	size_t no_ring = put_lookup(code, MAP_RINGS, KEY_CPU);
	STORE(BPF_DW, 10, RING, 0);
	MOVE(1, 0);
	SET(2, RECORD_SIZE);
	SET(3, 0);
	CALL(ringbuf_reserve);
	size_t full = JUMP_IF(BPF_JEQ, 0, 0);
	put_record(code);
	put_count(code, offsetof(struct counters, delivered));
	put_wake(code);
	SET(0, 0);
	EXIT();
	LAND(no_ring);
	LAND(full);
	put_count(code, offsetof(struct counters, lost));
	SET(0, 0);
	EXIT();
}

/* ------------------------------------------------------------ assertions */

static inline void assert_ok(struct error *err)
{
	if (!err)
		return;
	print_error("unexpected error: %s\n%s\n", err->message, err->hint ? err->hint : "");
	error_free(err);
	fail();
}

/* Checks and frees err. */
static inline void assert_error(struct error *err, enum error_tag tag, const char *part)
{
	assert_non_null(err);
	if (err->tag != tag || !strstr(err->message, part)) {
		print_error("error [%s]: %s\nwanted [%s]: ...%s...\n", error_tag_name(err->tag),
			    err->message, error_tag_name(tag), part);
		fail();
	}
	error_free(err);
}

static inline struct kernel *open_kernel(enum attach_method method, size_t ring_bytes)
{
	struct kernel *kernel = NULL;
	const struct kernel_options options = {.method = method, .ring_bytes = ring_bytes};
	assert_ok(kernel_open(&options, &kernel));
	return kernel;
}

static inline struct kernel_program *load_code(struct kernel *kernel, const struct code *code,
					       size_t site_count)
{
	struct kernel_program *program = NULL;
	const struct load_request request = {
	    .insns = code->insns, .insn_count = code->count, .site_count = site_count};
	assert_ok(kernel_load(kernel, &request, &program));
	return program;
}

static inline struct error *attach_to(struct kernel_program *program, pid_t pid,
				      const void *address)
{
	const uint64_t offset = file_offset(address), cookie = 0;
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = pid,
					       .offsets = &offset,
					       .cookies = &cookie,
					       .count = 1};
	return kernel_attach(program, &request);
}

static inline struct counters counters_of(const struct kernel_program *program, size_t site)
{
	struct counters counters;
	kernel_counters(program, site, &counters);
	return counters;
}

static inline uint64_t hits_of(const struct kernel_program *program)
{
	return counters_of(program, 0).hits;
}

static inline bool ignore_record(void *context, const struct record *record)
{
	(void)context, (void)record;
	return true;
}

static inline double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Group setup: without BPF these tests mean nothing. With CI set they must run. */
static inline bool has_bpf(void)
{
	const struct kernel_options options = {.ring_bytes = 4096};
	struct kernel *kernel = NULL;
	struct error *err = kernel_open(&options, &kernel);
	if (!err) {
		kernel_close(kernel);
		return true;
	}
	if (getenv("CI"))
		assert_ok(err);
	error_free(err);
	return false;
}

static inline void need_bpf(void)
{
	if (!has_bpf())
		skip();
}

/* Every test that attaches runs once for each method; *state names it. */
__attribute__((unused)) static enum attach_method tested_multi = ATTACH_MULTI,
						  tested_tracefs = ATTACH_TRACEFS;

static inline enum attach_method need_method(void **state)
{
	enum attach_method method = *(enum attach_method *)*state;
	const struct kernel_options options = {.method = method, .ring_bytes = 4096};
	struct kernel *kernel = NULL;
	need_bpf();
	struct error *err = kernel_open(&options, &kernel);
	bool is_missing = err && err->tag == ERR_NO_BPF; /* an older kernel: nothing to test */
	bool may_skip = err && (is_missing || !getenv("CI"));
	if (may_skip) {
		error_free(err);
		skip();
	}
	assert_ok(err);
	kernel_close(kernel);
	return method;
}

/*
 * Tests of the tracefs fall-back run where it is what moontap would use, or if
 * MOONTAP_TRACEFS is set; to be called before the group. Not by the way elsewhere: a
 * slip there is the kernel's undoing. Linux 6.18 lets the definitions of sibling
 * uprobes be removed while a copy of their perf event is still open somewhere, and the
 * next tracer finds freed memory in its list.
 */
__attribute__((unused)) static void choose_methods(void)
{
	const struct kernel_options options = {.method = ATTACH_MULTI, .ring_bytes = 4096};
	struct kernel *kernel;
	struct error *err = kernel_open(&options, &kernel);
	if (!err)
		kernel_close(kernel);
	if (!getenv("MOONTAP_TRACEFS") && (!err || err->tag != ERR_NO_BPF))
		cmocka_set_skip_filter("*tracefs*");
	error_free(err);
}

#define BY_BOTH_METHODS(test)                                          \
	{#test " by uprobe_multi", test, NULL, NULL, &tested_multi},   \
	{                                                              \
#test " by tracefs", test, NULL, NULL, &tested_tracefs \
	}

#endif
