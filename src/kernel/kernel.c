/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.c - the session's handle on BPF: the chosen method and the maps that
 * all programs share.
 * Apart from program.c because these live as long as the session.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

#define RING_BYTES_DEFAULT ((size_t)16 << 20)
#define RING_BYTES_LEAST   ((size_t)1 << 20)
/* All rings together, unless their size was asked for. */
#define RINGS_BYTES_MAX ((size_t)256 << 20)

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

/* ------------------------------------------------------------------- rings */

static struct error *choose_ring_size(size_t wanted, size_t ring_count, size_t *ret)
{
	size_t size = wanted ? wanted : RING_BYTES_DEFAULT;
	if (size % page_size() != 0 || (size & (size - 1)) != 0)
		return error_new(ERR_USAGE, "ring size %zu is not a power of two of pages", size);
	while (!wanted && size * ring_count > RINGS_BYTES_MAX && size > RING_BYTES_LEAST)
		size /= 2;
	*ret = size;
	return NULL;
}

static struct error *add_ring(struct kernel *kernel, size_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "moontap_ring", 0, 0, (uint32_t)size, NULL);
	if (fd == -EINVAL)
		return error_hint(error_new(ERR_NO_BPF, "this kernel has no BPF ring buffer"),
				  "Linux 5.8 has it");
	if (fd < 0)
		return support_error(-fd, "making a BPF ring buffer");
	struct ring ring;
	TRY(ring_init(&ring, fd, size));
	vector_push(&kernel->rings, ring);
	struct epoll_event event = {.events = EPOLLIN};
	if (epoll_ctl(kernel->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_new(ERR_OS, "waiting for a ring buffer: %m");
	return NULL;
}

/* The kernel ends each change of a map of maps by waiting for all programs that
 * may run with the old value, some 10 ms: so all slots in one call, where it can
 * do that (Linux 5.19). */
static struct error *fill_rings_map(struct kernel *kernel)
{
	uint32_t count = (uint32_t)kernel->cpu_count, filled = count;
	CLEANUP(free_p) uint32_t *cpus = xcalloc(count, sizeof(*cpus));
	CLEANUP(free_p) int *fds = xcalloc(count, sizeof(*fds));
	for (uint32_t cpu = 0; cpu < count; cpu++) {
		cpus[cpu] = cpu;
		fds[cpu] = kernel->rings.data[cpu % kernel->rings.size].fd;
	}
	if (bpf_map_update_batch(kernel->rings_fd, cpus, fds, &filled, NULL) == 0)
		return NULL;
	for (uint32_t cpu = 0; cpu < count; cpu++) {
		if (bpf_map_update_elem(kernel->rings_fd, &cpus[cpu], &fds[cpu], BPF_ANY) < 0)
			return support_error(errno, "filling the map of rings");
	}
	return NULL;
}

/* A ring for each CPU that is there. Slots of CPUs that may yet come borrow one
 * of these: a ring takes any number of producers. */
static struct error *make_rings(struct kernel *kernel, size_t wanted_size)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t ring_count = online < 1 ? 1 : (size_t)online;
	if (ring_count > kernel->cpu_count)
		ring_count = kernel->cpu_count;
	size_t size = 0;
	TRY(choose_ring_size(wanted_size, ring_count, &size));

	for (size_t i = 0; i < ring_count; i++)
		TRY(add_ring(kernel, size));
	LIBBPF_OPTS(bpf_map_create_opts, options,
		    .inner_map_fd = (uint32_t)kernel->rings.data[0].fd);
	TRY(map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "moontap_rings", sizeof(uint32_t),
		       kernel->cpu_count, &options, &kernel->rings_fd));
	return fill_rings_map(kernel);
}

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
		*ret = kernel->rings_fd;
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
	TRY(make_rings(kernel, options->ring_bytes));
	return make_armed(kernel);
}

struct error *kernel_open(const struct kernel_options *options, struct kernel **ret)
{
	support_silence();
	struct kernel *kernel = xcalloc(1, sizeof(*kernel));
	kernel->rings_fd = kernel->armed_fd = kernel->scratch_fd = kernel->zero_fd =
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
	mappings_close(kernel);
	if (kernel->armed)
		munmap(kernel->armed, kernel->armed_size);
	for (size_t i = 0; i < kernel->rings.size; i++)
		ring_deinit(&kernel->rings.data[i]);
	vector_deinit(&kernel->rings);
	close_p(&kernel->rings_fd);
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
