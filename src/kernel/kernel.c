/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.c - the session's handle on BPF: the chosen method and the maps that
 * all programs share.
 * Apart from program.c because these live as long as the session.
 */
#include <linux/bpf.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct error *map_create(enum bpf_map_type type, const char *name, size_t value_size,
				size_t count, const struct bpf_map_create_opts *options, int *ret)
{
	int fd = bpf_map_create(type, name, sizeof(uint32_t), (uint32_t)value_size, (uint32_t)count,
				options);
	if (fd < 0)
		return support_error(-fd, "making a BPF map");
	*ret = fd;
	return NULL;
}

/* -------------------------------------------------------------------- maps */

static struct error *make_armed(struct kernel *kernel)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	TRY(map_create(BPF_MAP_TYPE_ARRAY, "moontap_armed", sizeof(uint64_t), kernel->cpu_count,
		       &options, &kernel->armed_fd));
	size_t size = kernel->cpu_count * sizeof(uint64_t);
	size = (size + page_size() - 1) / page_size() * page_size();
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, kernel->armed_fd, 0);
	if (memory == MAP_FAILED)
		return error_new(ERR_OS, "mapping the armed flags: %m");
	kernel->armed = memory;
	kernel->armed_size = size;
	return NULL;
}

static struct error *make_scratch(struct kernel *kernel)
{
	return map_create(BPF_MAP_TYPE_ARRAY, "moontap_scratch", sizeof(struct scratch),
			  kernel->cpu_count * SCRATCH_SLOTS, NULL, &kernel->scratch_fd);
}

static struct error *make_zero(struct kernel *kernel)
{
	return map_create(BPF_MAP_TYPE_ARRAY, "moontap_zero", AGGREGATE_WORDS_MAX * sizeof(mt_u64),
			  1, NULL, &kernel->zero_fd);
}

struct error *kernel_shared_map(struct kernel *kernel, enum map_role role, int *ret)
{
	if (role == MAP_SCRATCH && kernel->scratch_fd < 0)
		TRY(make_scratch(kernel));
	if (role == MAP_ZERO && kernel->zero_fd < 0)
		TRY(make_zero(kernel));
	switch (role) {
	case MAP_RINGS:
		*ret = kernel->rings.map_fd;
		return NULL;
	case MAP_ARMED:
		*ret = kernel->armed_fd;
		return NULL;
	case MAP_SCRATCH:
		*ret = kernel->scratch_fd;
		return NULL;
	case MAP_ZERO:
		*ret = kernel->zero_fd;
		return NULL;
	default:
		return error_new(ERR_VERIFIER, "the program names a map of unknown role %d", role);
	}
}

/* -------------------------------------------------------------------- open */

static struct error *choose_method(struct kernel *kernel, enum attach_method wanted)
{
	if (wanted == ATTACH_MULTI && !kernel->support.has_multi)
		return error_hint(error_new(ERR_NO_BPF, "this kernel has no uprobe_multi links"),
				  "Linux 6.6 has them; leave the choice of the method to moontap");
	bool is_multi = wanted != ATTACH_TRACEFS && kernel->support.has_multi;
	kernel->method = is_multi ? ATTACH_MULTI : ATTACH_TRACEFS;
	return is_multi ? NULL : tracefs_open(&kernel->tracefs);
}

static struct error *open_into(struct kernel *kernel, const struct kernel_options *options)
{
	TRY(support_probe(&kernel->support));
	TRY(choose_method(kernel, options->method));
	int cpu_count = libbpf_num_possible_cpus();
	if (cpu_count < 0)
		return error_new(ERR_OS, "counting CPUs: %s", strerror(-cpu_count));
	kernel->cpu_count = (size_t)cpu_count;
	kernel->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (kernel->epoll_fd < 0)
		return error_new(ERR_OS, "epoll_create1: %m");
	TRY(rings_init(&kernel->rings, options->ring_bytes, kernel->cpu_count, kernel->epoll_fd));
	return make_armed(kernel);
}

struct error *kernel_open(const struct kernel_options *options, struct kernel **ret)
{
	support_silence();
	struct kernel *kernel = xcalloc(1, sizeof(*kernel));
	kernel->rings.map_fd = kernel->armed_fd = kernel->scratch_fd = kernel->zero_fd =
	    kernel->epoll_fd = -1;
	struct error *err = open_into(kernel, options);
	if (err) {
		kernel_close(kernel);
		return err;
	}
	*ret = kernel;
	return NULL;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	removals_wait();
	kernel_unwatch_mappings(kernel);
	if (kernel->armed)
		munmap(kernel->armed, kernel->armed_size);
	rings_deinit(&kernel->rings);
	close_p(&kernel->armed_fd);
	close_p(&kernel->scratch_fd);
	close_p(&kernel->zero_fd);
	close_p(&kernel->epoll_fd);
	tracefs_close(kernel->tracefs);
	free(kernel);
}

enum attach_method kernel_method(const struct kernel *kernel)
{
	return kernel->method;
}

bool kernel_has_sleepable(const struct kernel *kernel)
{
	return kernel->support.has_sleepable;
}

int kernel_fd(const struct kernel *kernel)
{
	return kernel->epoll_fd;
}
