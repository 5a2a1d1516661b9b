/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rings.c - the session's rings: one a CPU, small at first, and then another, larger one
 * for a CPU whose events fill what it has.
 * Apart from ring.c, which reads them: this is about memory. Programs find their
 * CPU's ring in a map of maps. A ring that was replaced stays: a program that was
 * interrupted may yet write to it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "internal.h"

#define RING_BYTES_DEFAULT ((size_t)16 << 20)
#define RING_BYTES_LEAST   ((size_t)1 << 20)
/* All rings together, unless their size was asked for. */
#define RINGS_BYTES_MAX ((size_t)256 << 20)
/* What a CPU begins with: the events of 25 milliseconds at full speed. Of many CPUs
 * each begins with less. */
#define RING_BYTES_FIRST  ((size_t)2 << 20)
#define RINGS_BYTES_FIRST ((size_t)32 << 20)

/* -------------------------------------------------------------------- sizes */

static struct error *choose_size(size_t wanted, size_t ring_count, size_t *ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = wanted ? wanted : RING_BYTES_DEFAULT;
	if (size % page != 0 || (size & (size - 1)) != 0)
		return error_new(ERR_USAGE, "ring size %zu is not a power of two of pages", size);
	while (!wanted && size * ring_count > RINGS_BYTES_MAX && size > RING_BYTES_LEAST)
		size /= 2;
	*ret = size;
	return NULL;
}

static size_t first_size(const struct rings *rings)
{
	size_t size = RING_BYTES_FIRST;
	while (size * rings->cpu_count > RINGS_BYTES_FIRST && size > RING_BYTES_FIRST / 8)
		size /= 2;
	return size < rings->size_max ? size : rings->size_max;
}

/* By four, so that making the larger ring takes less time than filling the smaller
 * one; the last step may be a greater one. */
static size_t next_size(const struct rings *rings, size_t size)
{
	return size * 16 > rings->size_max ? rings->size_max : size * 4;
}

/* Rings that one CPU may come to have. */
static size_t count_sizes(const struct rings *rings, size_t first)
{
	size_t count = 1;
	for (size_t size = first; size < rings->size_max; size = next_size(rings, size))
		count++;
	return count;
}

/* ------------------------------------------------------------------- making */

static struct error *add_ring(struct rings *rings, size_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "moontap_ring", 0, 0, (uint32_t)size, NULL);
	if (fd == -EINVAL)
		return error_hint(error_new(ERR_NO_BPF, "this kernel has no BPF ring buffer"),
				  "Linux 5.8 has it");
	if (fd < 0)
		return support_error(-fd, "making a BPF ring buffer");
	struct ring *ring = &rings->all[rings->count];
	TRY(ring_init(ring, fd, size));
	struct epoll_event event = {.events = EPOLLIN};
	if (epoll_ctl(rings->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		struct error *err = error_new(ERR_OS, "waiting for a ring buffer: %m");
		ring_deinit(ring);
		return err;
	}
	/* Whoever sees the new count sees the ring. */
	__atomic_store_n(&rings->count, rings->count + 1, __ATOMIC_RELEASE);
	return NULL;
}

static void want_slot(struct rings *rings, size_t cpu, const struct ring *ring)
{
	rings->slots.cpus[rings->slots.count] = (uint32_t)cpu;
	rings->slots.fds[rings->slots.count++] = ring->fd;
}

/* The kernel ends each change of a map of maps by waiting for all programs that
 * may run with the old value, some 10 ms: so all slots in one call, where it can
 * do that (Linux 5.19). */
static struct error *fill_slots(struct rings *rings)
{
	uint32_t *cpus = rings->slots.cpus, count = rings->slots.count, filled = count;
	int *fds = rings->slots.fds;
	rings->slots.count = 0;
	if (bpf_map_update_batch(rings->map_fd, cpus, fds, &filled, NULL) == 0)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		if (bpf_map_update_elem(rings->map_fd, &cpus[i], &fds[i], BPF_ANY) < 0)
			return support_error(errno, "filling the map of rings");
	}
	return NULL;
}

/* ------------------------------------------------------------------ growing */

static bool is_filling(const struct ring *ring)
{
	return ring_used(ring) > ring->size / 8;
}

/* Whether some CPU wants a larger ring than it has. Asked before the ring is emptied:
 * by the time a thread runs it would look as if it had never been full. */
static bool want_larger(struct rings *rings)
{
	bool is_any = false;
	for (size_t cpu = 0; cpu < rings->cpu_count; cpu++) {
		const struct ring *ring = &rings->all[rings->current[cpu]];
		bool is_wanted = ring->size < rings->size_max && is_filling(ring);
		rings->wanted[cpu] = is_wanted ? next_size(rings, ring->size) : 0;
		is_any |= is_wanted;
	}
	return is_any;
}

static void want_largest(struct rings *rings)
{
	for (size_t cpu = 0; cpu < rings->cpu_count; cpu++)
		rings->wanted[cpu] = rings->size_max;
}

static struct error *grow(struct rings *rings)
{
	for (size_t cpu = 0; cpu < rings->cpu_count; cpu++) {
		if (rings->wanted[cpu] <= rings->all[rings->current[cpu]].size)
			continue;
		TRY(add_ring(rings, rings->wanted[cpu]));
		rings->current[cpu] = rings->count - 1;
		want_slot(rings, cpu, &rings->all[rings->count - 1]);
	}
	return rings->slots.count ? fill_slots(rings) : NULL;
}

/* -------------------------------------------------------------- in a thread */

/* Memory is the main thread's: malloc would keep some for each thread there was. */

static void *run_job(void *context)
{
	struct rings *rings = context;
	rings->error = rings->job(rings);
	__atomic_store_n(&rings->is_busy, false, __ATOMIC_RELEASE);
	return NULL;
}

static void start_job(struct rings *rings, struct error *(*job)(struct rings *))
{
	rings->job = job;
	rings->is_busy = true;
	rings->has_thread = thread_start(&rings->thread, run_job, rings);
	if (!rings->has_thread)
		run_job(rings);
}

static struct error *end_job(struct rings *rings)
{
	if (rings->has_thread)
		pthread_join(rings->thread, NULL);
	rings->has_thread = false;
	struct error *err = rings->error;
	rings->error = NULL;
	return err;
}

/* Without memory for more, what is there has to do: losses are counted as ever. */
void rings_grow(struct rings *rings)
{
	if (__atomic_load_n(&rings->is_busy, __ATOMIC_ACQUIRE) || !want_larger(rings))
		return;
	struct error *err = end_job(rings);
	if (!err)
		start_job(rings, grow);
	else
		rings->size_max = 0;
	error_free(err);
}

void rings_grow_fully(struct rings *rings)
{
	struct error *err = end_job(rings);
	want_largest(rings);
	if (!err)
		err = grow(rings);
	if (err)
		rings->size_max = 0;
	error_free(err);
}

/* The last slot is filled last; the kernel's wait after that may go on in peace. */
struct error *rings_wait(struct rings *rings)
{
	uint32_t last = (uint32_t)rings->slot_count - 1, id;
	while (bpf_map_lookup_elem(rings->map_fd, &last, &id) < 0) {
		if (!__atomic_load_n(&rings->is_busy, __ATOMIC_ACQUIRE))
			return end_job(rings);
		usleep(20);
	}
	return NULL;
}

/* --------------------------------------------------------------------- life */

/* Slots of CPUs that may yet come borrow the ring of one that is there: a ring
 * takes any number of producers. */
static void want_all_slots(struct rings *rings)
{
	size_t owner = 0;
	for (size_t cpu = 0; cpu < rings->slot_count; cpu++) {
		want_slot(rings, cpu, &rings->all[owner]);
		owner = owner + 1 < rings->cpu_count ? owner + 1 : 0;
	}
}

static struct error *make_first(struct rings *rings)
{
	size_t first = first_size(rings);
	rings->all = xcalloc(rings->cpu_count * count_sizes(rings, first), sizeof(*rings->all));
	rings->current = xcalloc(rings->cpu_count, sizeof(*rings->current));
	rings->wanted = xcalloc(rings->cpu_count, sizeof(*rings->wanted));
	for (size_t cpu = 0; cpu < rings->cpu_count; cpu++) {
		TRY(add_ring(rings, first));
		rings->current[cpu] = cpu;
	}
	return NULL;
}

static struct error *make_map(struct rings *rings)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = (uint32_t)rings->all[0].fd);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "moontap_rings", sizeof(uint32_t),
				sizeof(uint32_t), (uint32_t)rings->slot_count, &options);
	if (fd < 0)
		return support_error(-fd, "making a BPF map");
	rings->map_fd = fd;
	rings->slots.cpus = xcalloc(rings->slot_count, sizeof(*rings->slots.cpus));
	rings->slots.fds = xcalloc(rings->slot_count, sizeof(*rings->slots.fds));
	return NULL;
}

struct error *rings_init(struct rings *rings, size_t wanted_size, size_t slot_count, int epoll_fd)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t cpu_count = online < 1 ? 1 : (size_t)online;
	rings->slot_count = slot_count;
	rings->cpu_count = cpu_count < slot_count ? cpu_count : slot_count;
	rings->epoll_fd = epoll_fd;
	TRY(choose_size(wanted_size, rings->cpu_count, &rings->size_max));
	TRY(make_first(rings));
	TRY(make_map(rings));
	want_all_slots(rings);
	start_job(rings, fill_slots);
	return NULL;
}

void rings_deinit(struct rings *rings)
{
	error_free(end_job(rings));
	for (size_t i = 0; i < rings->count; i++)
		ring_deinit(&rings->all[i]);
	free(rings->all);
	free(rings->current);
	free(rings->wanted);
	free(rings->slots.cpus);
	free(rings->slots.fds);
	close_p(&rings->map_fd);
}
