/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - the calls that a finish has seen begin and not yet return.
 * A table of the least recently used: what never returns (a longjmp, an exception, the end of
 * a thread) makes room by itself when it is full.
 */
#include <errno.h>
#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "internal.h"

static struct error *make_maps(struct kernel_calls *calls)
{
	calls->fd = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "moontap_calls", sizeof(struct call_key),
				   (uint32_t)calls->value_size, CALL_STATES_MAX, NULL);
	if (calls->fd < 0)
		return support_error(-calls->fd, "making the table of calls");
	calls->counters_fd =
	    bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "moontap_calls", sizeof(uint32_t),
			   sizeof(struct call_counters), 1, NULL);
	if (calls->counters_fd < 0)
		return support_error(-calls->counters_fd, "making the counters of calls");
	return NULL;
}

struct error *kernel_calls_new(struct kernel *kernel, unsigned words, struct kernel_calls **ret)
{
	struct kernel_calls *calls = xcalloc(1, sizeof(*calls));

	calls->fd = calls->counters_fd = -1;
	calls->cpu_count = kernel->cpu_count;
	calls->value_size = sizeof(struct call_state) + sizeof(mt_u64) * words;
	struct error *err = make_maps(calls);
	if (err) {
		kernel_calls_free(calls);
		return err;
	}
	*ret = calls;
	return NULL;
}

void kernel_calls_free(struct kernel_calls *calls)
{
	if (!calls)
		return;
	close_p(&calls->fd);
	close_p(&calls->counters_fd);
	free(calls);
}

int calls_map(const struct kernel_calls *calls, enum map_role role)
{
	return role == MAP_CALLS ? calls->fd : role == MAP_CALL_COUNTERS ? calls->counters_fd : -1;
}

void kernel_calls_clear(struct kernel_calls *calls)
{
	struct call_key key;

	while (bpf_map_get_next_key(calls->fd, NULL, &key) == 0)
		calls->cleared += bpf_map_delete_elem(calls->fd, &key) == 0;
}

/* ------------------------------------------------------------------ losses */

static void read_counters(const struct kernel_calls *calls, struct call_counters *ret)
{
	CLEANUP(free_p) struct call_counters *per_cpu = xcalloc(calls->cpu_count, sizeof(*per_cpu));
	uint32_t key = 0;

	*ret = (struct call_counters){0};
	if (bpf_map_lookup_elem(calls->counters_fd, &key, per_cpu) < 0)
		return;
	for (size_t cpu = 0; cpu < calls->cpu_count; cpu++) {
		ret->kept += per_cpu[cpu].kept;
		ret->replaced += per_cpu[cpu].replaced;
		ret->returned += per_cpu[cpu].returned;
		ret->unpaired += per_cpu[cpu].unpaired;
	}
}

/* By whole buckets of the hash, so that each call that stays in it is counted once. */
#define BATCH 1024
static uint64_t count_calls(const struct kernel_calls *calls)
{
	CLEANUP(free_p) struct call_key *keys = xcalloc(BATCH, sizeof(*keys));
	CLEANUP(free_p) char *states = xcalloc(BATCH, calls->value_size);
	uint64_t sum = 0;
	uint32_t place = 0;
	bool is_first = true;
	int status;

	do {
		uint32_t count = BATCH;

		status = bpf_map_lookup_batch(calls->fd, is_first ? NULL : &place, &place, keys,
					      states, &count, NULL);
		if (status == 0 || errno == ENOENT)
			sum += count;
		is_first = false;
	} while (status == 0);
	return sum;
}

/* What was kept before is in the table or has returned by the time that this is counted: in this
 * order nothing is taken for pushed out that was not. */
void kernel_calls_losses(const struct kernel_calls *calls, struct call_losses *ret)
{
	struct call_counters before, after;
	uint64_t there;

	read_counters(calls, &before);
	there = count_calls(calls);
	read_counters(calls, &after);
	there += before.replaced + after.returned + calls->cleared;
	*ret = (struct call_losses){
	    .unpaired = after.unpaired,
	    .left = after.replaced,
	    .pushed_out = before.kept > there ? before.kept - there : 0,
	};
}
