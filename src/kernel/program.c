/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - a generated program from instructions to something that can be
 * attached: its own maps, its load, the verifier's complaint, its counters.
 * Apart from the attaching, which knows two ways and no instructions.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "internal.h"

/* ------------------------------------------------------------------- maps */

/* Not a per-CPU array: that takes a system call to read each site, and 1.5 us to make it.
 * The kernel makes it of zeros. */
#define COUNTERS_BYTES_MAX ((size_t)64 << 20)

static struct error *make_counters(struct kernel_program *program)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	size_t rows = program->site_count * program->counter_rows;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "moontap_counts", sizeof(uint32_t),
				COUNTERS_SIZE, (uint32_t)rows, &options);
	if (fd < 0)
		return support_error(-fd, "making the counters");
	program->counters_fd = fd;
	void *memory = mmap(NULL, rows * COUNTERS_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return error_new(ERR_OS, "mapping the counters: %m");
	program->counters = memory;
	return NULL;
}

unsigned kernel_counter_rows(const struct kernel *kernel, size_t site_count)
{
	unsigned rows = 1;

	while (rows < kernel->cpu_count &&
	       (site_count == 1 || 2 * rows * site_count * COUNTERS_SIZE <= COUNTERS_BYTES_MAX))
		rows *= 2;
	return rows;
}

/* In memory of ours as well: a running program counts it down, so that setting
 * it anew has to be one store. */
static struct error *make_budget(struct kernel_program *program, int64_t events)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "moontap_budget", sizeof(uint32_t),
				sizeof(int64_t), 1, &options);
	if (fd < 0)
		return support_error(-fd, "making the budget");
	program->budget_fd = fd;
	void *memory = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return error_new(ERR_OS, "mapping the budget: %m");
	program->budget = memory;
	kernel_set_budget(program, events);
	return NULL;
}

static struct error *map_of_role(struct kernel_program *program, const struct load_request *request,
				 enum map_role role, int *ret)
{
	if (request->aggregates && aggregates_map(request->aggregates, role) >= 0) {
		*ret = aggregates_map(request->aggregates, role);
		return NULL;
	}
	if (request->calls && calls_map(request->calls, role) >= 0) {
		*ret = calls_map(request->calls, role);
		return NULL;
	}
	if (role == MAP_BUDGET && program->budget_fd < 0)
		TRY(make_budget(program, request->budget));
	switch (role) {
	case MAP_COUNTERS:
		*ret = program->counters_fd;
		return NULL;
	case MAP_BUDGET:
		*ret = program->budget_fd;
		return NULL;
	default:
		return kernel_shared_map(program->kernel, role, ret);
	}
}

/* Puts descriptors where the instructions name roles. */
static struct error *place_maps(struct kernel_program *program, struct bpf_insn *insns,
				const struct load_request *request)
{
	for (size_t i = 0; i < request->insn_count; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD)
			TRY(map_of_role(program, request, (enum map_role)insns[i].imm,
					&insns[i].imm));
		i++; /* the other half of the 64-bit immediate */
	}
	return NULL;
}

/* ------------------------------------------------------------------- load */

#define LOG_SIZE	((size_t)8 << 20)
#define LOG_LINES_SHOWN 50

/* The line that says what is wrong: the last one before the statistics. */
static void find_complaint(const char *log, const char **ret, size_t *ret_length)
{
	*ret = "no reason given";
	*ret_length = strlen(*ret);
	for (const char *line = log; *line;) {
		size_t length = strcspn(line, "\n");
		if (length > 0 && strncmp(line, "processed ", 10) != 0) {
			*ret = line;
			*ret_length = length;
		}
		line += length + (line[length] == '\n');
	}
}

/* The last lines of the log: of a program that it follows for long there may be a million. */
static const char *log_tail(const char *log)
{
	const char *at = log + strlen(log);
	for (unsigned lines = 0; at > log; at--) {
		if (at[-1] == '\n' && lines++ == LOG_LINES_SHOWN)
			break;
	}
	return at;
}

static struct error *too_large(void)
{
	return error_new(ERR_TOO_LARGE,
			 "the program is larger than what the kernel is willing to check");
}

static struct error *verifier_error(int errno_value, const char *log)
{
	const char *complaint;
	size_t length;
	find_complaint(log, &complaint, &length);
	/* "The sequence of 8193 jumps is too complex." */
	if (memmem(complaint, length, "too complex", 11))
		return too_large();
	struct error *err =
	    error_new(ERR_VERIFIER, "the kernel refused the generated program (%s): %.*s",
		      strerror(errno_value), (int)length, complaint);
	return error_hint(err, "%s", log_tail(log));
}

/* With a log the verifier takes several times as long, so only a program that
 * failed is loaded with one. */
static struct error *load(struct kernel_program *program, const struct bpf_insn *insns,
			  size_t count, bool is_sleepable)
{
	bool is_multi = program->kernel->method == ATTACH_MULTI;
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = is_multi ? ATTACH_TYPE_UPROBE_MULTI : 0,
		    .prog_flags = is_sleepable ? BPF_F_SLEEPABLE : 0);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "moontap", "GPL", insns, count, &options);
	if (fd == -EPERM || fd == -EMFILE || fd == -ENOMEM)
		return support_error(-fd, "loading the program");
	if (fd == -E2BIG)
		return too_large();
	if (fd < 0) {
		int errno_value = -fd; /* the next attempt may fail of the log's size */
		CLEANUP(free_p) char *log = xcalloc(1, LOG_SIZE);
		options.log_buf = log;
		options.log_size = LOG_SIZE;
		options.log_level = 1;
		fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "moontap", "GPL", insns, count, &options);
		if (fd < 0)
			return verifier_error(errno_value, log);
	}
	program->fd = fd;
	return NULL;
}

static struct error *load_into(struct kernel_program *program, const struct load_request *request)
{
	TRY(make_counters(program));
	size_t size = request->insn_count * sizeof(struct bpf_insn);
	CLEANUP(free_p) struct bpf_insn *insns = xmalloc(size);
	memcpy(insns, request->insns, size);
	TRY(place_maps(program, insns, request));
	if (request->is_bulky)
		rings_grow_fully(&program->kernel->rings);
	return load(program, insns, request->insn_count, request->is_sleepable);
}

struct error *kernel_load(struct kernel *kernel, const struct load_request *request,
			  struct kernel_program **ret)
{
	struct kernel_program *program = xcalloc(1, sizeof(*program));
	program->kernel = kernel;
	program->fd = program->counters_fd = program->budget_fd = -1;
	program->site_count = request->site_count;
	program->counter_rows = request->counter_rows ? request->counter_rows : 1;
	struct error *err = load_into(program, request);
	if (err) {
		kernel_unload(program);
		return err;
	}
	*ret = program;
	return NULL;
}

void kernel_unload(struct kernel_program *program)
{
	if (!program)
		return;
	attachments_remove(program, 0);
	vector_deinit(&program->attachments);
	close_p(&program->fd);
	if (program->counters)
		munmap((void *)program->counters,
		       program->site_count * program->counter_rows * COUNTERS_SIZE);
	close_p(&program->counters_fd);
	if (program->budget)
		munmap(program->budget, sizeof(int64_t));
	close_p(&program->budget_fd);
	free(program);
}

/* ----------------------------------------------------------------- attach */

struct error *kernel_attach(struct kernel_program *program, const struct attach_request *request)
{
	TRY(rings_wait(&program->kernel->rings));
	if (program->kernel->method == ATTACH_MULTI)
		return multi_attach(program, request);
	return tracefs_attach(program, request);
}

/* --------------------------------------------------------------- counters */

/* A program may be counting. */
#define READ_COUNT(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)

void kernel_counters(const struct kernel_program *program, size_t site, struct counters *ret)
{
	size_t row = site * program->counter_rows;
	const unsigned char *at = program->counters + row * COUNTERS_SIZE;

	*ret = (struct counters){0};
	if (site >= program->site_count)
		return;
	for (unsigned i = 0; i < program->counter_rows; i++, at += COUNTERS_SIZE) {
		const struct counters *one = (const void *)at;
		ret->hits += READ_COUNT(one->hits);
		ret->filtered += READ_COUNT(one->filtered);
		ret->delivered += READ_COUNT(one->delivered);
		ret->throttled += READ_COUNT(one->throttled);
		ret->lost += READ_COUNT(one->lost);
	}
}

void kernel_set_budget(struct kernel_program *program, int64_t events)
{
	if (program->budget)
		__atomic_store_n(program->budget, events, __ATOMIC_SEQ_CST);
}
