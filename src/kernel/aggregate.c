/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - the tables that programs count into: a hash of rows for each CPU,
 * read by summing the CPUs.
 * Apart from program.c because a table outlives its programs: a new run of the
 * target gets new ones.
 */
#include <errno.h>
#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "internal.h"

struct kernel_aggregates {
	struct kernel *kernel;
	size_t count;
	struct aggregate_shape *shapes;
	int *fds;
	int dropped_fd; /* a count for each table */
};

/* All rows are there from the start: a program that needs one never has to wait for
 * memory, and it cannot fail but for being full. */
static struct error *make_table(const struct aggregate_shape *shape, int *ret)
{
	int fd = bpf_map_create(
	    BPF_MAP_TYPE_PERCPU_HASH, "moontap_rows", shape->key_words * (uint32_t)sizeof(mt_u64),
	    aggregate_words(shape) * (uint32_t)sizeof(mt_u64), aggregate_capacity(shape), NULL);
	if (fd < 0)
		return support_error(-fd, "making the table of an aggregation");
	*ret = fd;
	return NULL;
}

static struct error *make_tables(struct kernel_aggregates *aggregates)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "moontap_dropped", sizeof(uint32_t),
				sizeof(mt_u64), (uint32_t)aggregates->count, NULL);
	if (fd < 0)
		return support_error(-fd, "making the counters of an aggregation");
	aggregates->dropped_fd = fd;
	for (size_t i = 0; i < aggregates->count; i++)
		TRY(make_table(&aggregates->shapes[i], &aggregates->fds[i]));
	return NULL;
}

struct error *kernel_aggregates_new(struct kernel *kernel, const struct aggregate_shape *shapes,
				    size_t count, struct kernel_aggregates **ret)
{
	struct kernel_aggregates *aggregates = xcalloc(1, sizeof(*aggregates));

	aggregates->kernel = kernel;
	aggregates->count = count;
	aggregates->shapes = xcalloc(count, sizeof(*shapes));
	memcpy(aggregates->shapes, shapes, count * sizeof(*shapes));
	aggregates->fds = xcalloc(count, sizeof(*aggregates->fds));
	for (size_t i = 0; i < count; i++)
		aggregates->fds[i] = -1;
	aggregates->dropped_fd = -1;
	struct error *err = make_tables(aggregates);
	if (err) {
		kernel_aggregates_free(aggregates);
		return err;
	}
	*ret = aggregates;
	return NULL;
}

void kernel_aggregates_free(struct kernel_aggregates *aggregates)
{
	if (!aggregates)
		return;
	for (size_t i = 0; i < aggregates->count; i++)
		close_p(&aggregates->fds[i]);
	close_p(&aggregates->dropped_fd);
	free(aggregates->fds);
	free(aggregates->shapes);
	free(aggregates);
}

int aggregates_map(const struct kernel_aggregates *aggregates, unsigned role)
{
	if (role == MAP_DROPPED)
		return aggregates->dropped_fd;
	if (role < MAP_AGGREGATE || role - MAP_AGGREGATE >= aggregates->count)
		return -1;
	return aggregates->fds[role - MAP_AGGREGATE];
}

/* ----------------------------------------------------------------- reading */

static uint64_t read_dropped(const struct kernel_aggregates *aggregates, size_t index)
{
	size_t cpu_count = aggregates->kernel->cpu_count;
	CLEANUP(free_p) mt_u64 *per_cpu = xcalloc(cpu_count, sizeof(*per_cpu));
	uint32_t key = (uint32_t)index;
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(aggregates->dropped_fd, &key, per_cpu) < 0)
		return 0;
	for (size_t cpu = 0; cpu < cpu_count; cpu++)
		sum += per_cpu[cpu];
	return sum;
}

/* Rows are never removed, so the next key is always found. */
struct error *kernel_aggregates_read(struct kernel_aggregates *aggregates, size_t index,
				     void (*fn)(void *context, const mt_u64 *key,
						const mt_u64 *words),
				     void *context, uint64_t *ret_dropped)
{
	const struct aggregate_shape *shape = &aggregates->shapes[index];
	size_t words = aggregate_words(shape), cpu_count = aggregates->kernel->cpu_count;
	CLEANUP(free_p) mt_u64 *key = xcalloc(shape->key_words, sizeof(*key));
	CLEANUP(free_p) mt_u64 *sum = xcalloc(words, sizeof(*sum));
	CLEANUP(free_p) mt_u64 *per_cpu = xcalloc(words * cpu_count, sizeof(*per_cpu));
	int fd = aggregates->fds[index];

	for (mt_u64 *previous = NULL; bpf_map_get_next_key(fd, previous, key) == 0;
	     previous = key) {
		if (bpf_map_lookup_elem(fd, key, per_cpu) < 0)
			return error_new(ERR_OS, "reading the table of an aggregation: %m");
		memset(sum, 0, words * sizeof(*sum));
		for (size_t cpu = 0; cpu < cpu_count; cpu++)
			aggregate_merge(shape, sum, &per_cpu[cpu * words]);
		fn(context, key, sum);
	}
	if (errno != ENOENT)
		return error_new(ERR_OS, "reading the table of an aggregation: %m");
	*ret_dropped = read_dropped(aggregates, index);
	return NULL;
}
