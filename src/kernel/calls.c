/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - the calls that a finish has seen begin and not yet return.
 * A table of the least recently used: what never returns (a longjmp, an exception, the end of
 * a thread) makes room by itself when it is full.
 */
#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "internal.h"

struct error *kernel_calls_new(unsigned words, struct kernel_calls **ret)
{
	uint32_t size = (uint32_t)(sizeof(struct call_state) + sizeof(mt_u64) * words);
	int fd = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "moontap_calls", sizeof(struct call_key),
				size, CALL_STATES_MAX, NULL);

	if (fd < 0)
		return support_error(-fd, "making the table of calls");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->fd = fd;
	return NULL;
}

void kernel_calls_free(struct kernel_calls *calls)
{
	if (!calls)
		return;
	close_p(&calls->fd);
	free(calls);
}
