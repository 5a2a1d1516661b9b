/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifunc.c - which implementation an IFUNC stands for on this machine.
 *
 * A process that has the file loaded has asked its resolver already, and keeps the answer where
 * the file's own calls of the function find it: in the slot of an IRELATIVE relocation whose
 * addend is the resolver (System V ABI, AMD64, 4.4.1). The resolver itself is not run.
 */
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

struct slot_query {
	uint64_t resolver, slot;
};

static bool is_slot(void *context, const Elf64_Rela *rela)
{
	struct slot_query *query = context;

	query->slot = rela->r_offset;
	return (uint64_t)rela->r_addend == query->resolver;
}

static bool read_word(pid_t pid, uint64_t address, uint64_t *ret)
{
	CLEANUP(free_p) char *path = xasprintf("/proc/%d/mem", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && pread(fd, ret, sizeof(*ret), (off_t)address) == sizeof(*ret);

	if (fd >= 0)
		close(fd);
	return is_read;
}

/* The file address of what the process has chosen. */
static bool chosen(pid_t pid, struct image *image, uint64_t slot, uint64_t *ret)
{
	uint64_t bias, address, offset;

	if (pid <= 0 || !process_bias(pid, image, &bias) || !read_word(pid, slot + bias, &address))
		return false;
	*ret = address - bias;
	return image_offset(image, *ret, &offset);
}

bool image_ifunc(struct image *image, const struct function *function, pid_t pid,
		 struct function *ret)
{
	struct slot_query query = {.resolver = function->address};
	struct function known;
	uint64_t address;

	if (!image_each_relocation(image, R_X86_64_IRELATIVE, is_slot, &query))
		return false;
	/* Of the file that moontap uses itself, too. */
	if (!chosen(pid, image, query.slot, &address) &&
	    !chosen(getpid(), image, query.slot, &address))
		return false;
	if (!image_function_from(image, address, &known) || known.is_ifunc)
		return false;
	*ret = (struct function){.name = function->name, .address = address, .size = known.size};
	return true;
}
