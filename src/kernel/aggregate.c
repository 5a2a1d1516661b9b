/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - the tables that programs count into: a hash of rows for each CPU,
 * read by summing the CPUs.
 * Apart from program.c because a table outlives its programs: a new run of the
 * target gets new ones.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>

#include <bpf/bpf.h>

#include "internal.h"

/* One call's. */
struct tables {
	struct aggregate_shape shape;
	int fds[2]; /* of a shared one both, filled by turns */
	unsigned turn;
	uint64_t dropped; /* that were taken */
};

struct kernel_aggregates {
	struct kernel *kernel;
	size_t count;
	struct tables *each;
	int dropped_fd;		/* a count for each call */
	int turns_fd, users_fd; /* see record.h; -1 unless one is shared */
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

/* A value for each call. */
static struct error *make_values(const struct kernel_aggregates *aggregates, enum bpf_map_type type,
				 const char *name, size_t size, int *ret)
{
	int fd = bpf_map_create(type, name, sizeof(uint32_t), (uint32_t)size,
				(uint32_t)aggregates->count, NULL);
	if (fd < 0)
		return support_error(-fd, "making the counters of an aggregation");
	*ret = fd;
	return NULL;
}

static struct error *make_shared(struct kernel_aggregates *aggregates, struct tables *tables)
{
	TRY(make_table(&tables->shape, &tables->fds[1]));
	if (aggregates->turns_fd >= 0)
		return NULL;
	TRY(make_values(aggregates, BPF_MAP_TYPE_ARRAY, "moontap_turns", sizeof(mt_u64),
			&aggregates->turns_fd));
	return make_values(aggregates, BPF_MAP_TYPE_PERCPU_ARRAY, "moontap_users",
			   sizeof(struct aggregate_users), &aggregates->users_fd);
}

static struct error *make_tables(struct kernel_aggregates *aggregates)
{
	TRY(make_values(aggregates, BPF_MAP_TYPE_PERCPU_ARRAY, "moontap_dropped", sizeof(mt_u64),
			&aggregates->dropped_fd));
	for (size_t i = 0; i < aggregates->count; i++) {
		struct tables *tables = &aggregates->each[i];

		TRY(make_table(&tables->shape, &tables->fds[0]));
		if (tables->shape.is_shared)
			TRY(make_shared(aggregates, tables));
	}
	return NULL;
}

struct error *kernel_aggregates_new(struct kernel *kernel, const struct aggregate_shape *shapes,
				    size_t count, struct kernel_aggregates **ret)
{
	struct kernel_aggregates *aggregates = xcalloc(1, sizeof(*aggregates));

	aggregates->kernel = kernel;
	aggregates->count = count;
	aggregates->each = xcalloc(count, sizeof(*aggregates->each));
	for (size_t i = 0; i < count; i++)
		aggregates->each[i] = (struct tables){.shape = shapes[i], .fds = {-1, -1}};
	aggregates->dropped_fd = aggregates->turns_fd = aggregates->users_fd = -1;
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
	for (size_t i = 0; i < aggregates->count; i++) {
		close_p(&aggregates->each[i].fds[0]);
		close_p(&aggregates->each[i].fds[1]);
	}
	close_p(&aggregates->dropped_fd);
	close_p(&aggregates->turns_fd);
	close_p(&aggregates->users_fd);
	free(aggregates->each);
	free(aggregates);
}

int aggregates_map(const struct kernel_aggregates *aggregates, unsigned role)
{
	bool is_other = role >= MAP_AGGREGATE_OTHER;
	unsigned index = role - (is_other ? MAP_AGGREGATE_OTHER : MAP_AGGREGATE);

	switch (role) {
	case MAP_DROPPED:
		return aggregates->dropped_fd;
	case MAP_TURNS:
		return aggregates->turns_fd;
	case MAP_USERS:
		return aggregates->users_fd;
	default:
		return role >= MAP_AGGREGATE && index < aggregates->count
			   ? aggregates->each[index].fds[is_other]
			   : -1;
	}
}

/* ----------------------------------------------------------------- reading */

/* The sum over CPUs of the word at offset of a value. */
static uint64_t sum_of(const struct kernel_aggregates *aggregates, int fd, size_t index,
		       size_t words, size_t word)
{
	size_t cpu_count = aggregates->kernel->cpu_count;
	CLEANUP(free_p) mt_u64 *per_cpu = xcalloc(cpu_count * words, sizeof(*per_cpu));
	uint32_t key = (uint32_t)index;
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(fd, &key, per_cpu) < 0)
		return 0;
	for (size_t cpu = 0; cpu < cpu_count; cpu++)
		sum += per_cpu[cpu * words + word];
	return sum;
}

/* Rows are passed to fn, and removed if is_taken: no program is in the table then. If not,
 * none is ever removed, so that the next key is always found. */
static struct error *read_table(const struct kernel_aggregates *aggregates,
				const struct aggregate_shape *shape, int fd, bool is_taken,
				void (*fn)(void *context, const mt_u64 *key, const mt_u64 *words),
				void *context)
{
	size_t words = aggregate_words(shape), cpu_count = aggregates->kernel->cpu_count;
	CLEANUP(free_p) mt_u64 *key = xcalloc(shape->key_words, sizeof(*key));
	CLEANUP(free_p) mt_u64 *sum = xcalloc(words, sizeof(*sum));
	CLEANUP(free_p) mt_u64 *per_cpu = xcalloc(words * cpu_count, sizeof(*per_cpu));
	mt_u64 *previous = NULL;

	while (bpf_map_get_next_key(fd, previous, key) == 0) {
		if (bpf_map_lookup_elem(fd, key, per_cpu) < 0)
			return error_new(ERR_OS, "reading the table of an aggregation: %m");
		memset(sum, 0, words * sizeof(*sum));
		for (size_t cpu = 0; cpu < cpu_count; cpu++)
			aggregate_merge(shape, sum, &per_cpu[cpu * words]);
		fn(context, key, sum);
		if (is_taken)
			bpf_map_delete_elem(fd, key);
		else
			previous = key;
	}
	return errno == ENOENT ? NULL
			       : error_new(ERR_OS, "reading the table of an aggregation: %m");
}

struct error *kernel_aggregates_read(struct kernel_aggregates *aggregates, size_t index,
				     void (*fn)(void *context, const mt_u64 *key,
						const mt_u64 *words),
				     void *context, uint64_t *ret_dropped)
{
	const struct tables *tables = &aggregates->each[index];

	TRY(read_table(aggregates, &tables->shape, tables->fds[0], false, fn, context));
	*ret_dropped = sum_of(aggregates, aggregates->dropped_fd, index, 1, 0);
	return NULL;
}

/* ------------------------------------------------------------------ taking */

#define USERS_WORDS   (sizeof(struct aggregate_users) / sizeof(mt_u64))
#define USERS_ENTERED (offsetof(struct aggregate_users, entered) / sizeof(mt_u64))
#define USERS_LEFT    (offsetof(struct aggregate_users, left) / sizeof(mt_u64))

/* Those that left are counted first: as many entered, or more. Nothing in a program waits
 * between the two, so it is a matter of microseconds, or until a thread is scheduled again. */
static void wait_for_users(const struct kernel_aggregates *aggregates, size_t index, unsigned turn)
{
	uint64_t left, entered;

	for (;;) {
		left =
		    sum_of(aggregates, aggregates->users_fd, index, USERS_WORDS, USERS_LEFT + turn);
		entered = sum_of(aggregates, aggregates->users_fd, index, USERS_WORDS,
				 USERS_ENTERED + turn);
		if (left == entered)
			return;
		sched_yield();
	}
}

struct error *kernel_aggregates_take(struct kernel_aggregates *aggregates, size_t index,
				     void (*fn)(void *context, const mt_u64 *key,
						const mt_u64 *words),
				     void *context, uint64_t *ret_dropped)
{
	struct tables *tables = &aggregates->each[index];
	uint32_t key = (uint32_t)index;
	mt_u64 turn = !tables->turn;

	if (bpf_map_update_elem(aggregates->turns_fd, &key, &turn, BPF_ANY) < 0)
		return error_new(ERR_OS, "turning to the other table of an aggregation: %m");
	__sync_synchronize(); /* the turn is seen before users are looked at */
	wait_for_users(aggregates, index, tables->turn);
	TRY(read_table(aggregates, &tables->shape, tables->fds[tables->turn], true, fn, context));
	tables->turn = (unsigned)turn;
	uint64_t dropped = sum_of(aggregates, aggregates->dropped_fd, index, 1, 0);
	*ret_dropped = dropped - tables->dropped;
	tables->dropped = dropped;
	return NULL;
}
