/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - memory of the traced process, or the file's bytes where there is none.
 *
 * Reads with process_vm_readv: the process does not notice. Addresses are the process's;
 * without one, the file's.
 */
#include <sys/uio.h>

#include "moontap/console.h"

struct memory memory_of(const struct console *console, struct image *image)
{
	const struct target *target = session_target(console->session);
	struct memory memory = {.image = image};
	/* What has ended is as if it had not begun: its program is there. */
	if (target->state != TARGET_EXITED)
		memory.pid = target->pid;
	if (memory.pid && !process_bias(memory.pid, image, &memory.bias))
		memory.bias = 0;
	return memory;
}

size_t memory_read(const struct memory *memory, uint64_t address, void *ret, size_t size)
{
	if (memory->pid) {
		struct iovec local = {ret, size}, remote = {(void *)(uintptr_t)address, size};
		ssize_t got = process_vm_readv(memory->pid, &local, 1, &remote, 1, 0);
		return got > 0 ? (size_t)got : 0;
	}
	while (size && !image_read(memory->image, address, ret, size))
		size--;
	return size;
}
