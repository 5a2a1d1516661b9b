/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multi.c - attachment by uprobe_multi links: one system call attaches all the
 * sites of a program in a file, closing one descriptor detaches them.
 * Apart because it speaks to bpf(2) directly: Debian 12's libbpf and headers
 * end before Linux 6.6.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* The kernel takes no more in one link. */
#define SITES_MAX (1u << 20)
/* The kernel's own "operation is not supported", unknown to strerror. */
#define ERRNO_NOTSUPP 524

/* BPF_LINK_CREATE's part of union bpf_attr, for uprobe_multi. */
struct multi_link_attr {
	uint32_t program_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t count, multi_flags, pid, unused;
};

int multi_link(int program_fd, const struct attach_request *request, size_t count, pid_t pid)
{
	struct multi_link_attr attr = {
	    .program_fd = (uint32_t)program_fd,
	    .attach_type = ATTACH_TYPE_UPROBE_MULTI,
	    .path = (uintptr_t)request->path,
	    .offsets = (uintptr_t)request->offsets,
	    .ref_ctr_offsets = (uintptr_t)request->semaphores,
	    .cookies = (uintptr_t)request->cookies,
	    .count = (uint32_t)count,
	    .pid = (uint32_t)pid,
	};
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static const char *attach_reason(int errno_value)
{
	switch (errno_value) {
	case EBADF:
		return "it is not a regular file";
	case EINVAL:
	case ERRNO_NOTSUPP:
		return "the kernel cannot probe this instruction";
	default:
		return strerror(errno_value);
	}
}

struct error *attach_error(int errno_value, const struct attach_request *request)
{
	if (errno_value == ESRCH)
		return error_new(ERR_NO_PROCESS, "no process %d: it has exited", request->pid);
	if (errno_value == EPERM || errno_value == EACCES)
		return support_error(errno_value, "attaching a probe");
	return error_new(ERR_ATTACH, "%s: cannot attach: %s", request->path,
			 attach_reason(errno_value));
}

/* One bad site fails the whole link and the kernel does not say which. The first
 * n sites attach as long as the bad one is not among them: halve the doubt. */
static uint64_t find_bad_offset(int program_fd, const struct attach_request *request, pid_t pid)
{
	size_t good = 0, bad = request->count; /* counts of leading sites */
	while (bad - good > 1) {
		size_t middle = good + (bad - good) / 2;
		CLEANUP(close_p) int link = multi_link(program_fd, request, middle, pid);
		if (link >= 0)
			good = middle;
		else
			bad = middle;
	}
	return request->offsets[bad - 1];
}

static struct error *link_error(int errno_value, int program_fd,
				const struct attach_request *request, pid_t pid)
{
	if (errno_value != EINVAL && errno_value != ERRNO_NOTSUPP)
		return attach_error(errno_value, request);
	unsigned long long offset = find_bad_offset(program_fd, request, pid);
	return error_new(ERR_ATTACH, "%s: cannot attach at offset 0x%llx: %s", request->path,
			 offset, attach_reason(errno_value));
}

struct error *multi_attach(struct kernel_program *program, const struct attach_request *request)
{
	if (request->count > SITES_MAX)
		return error_new(ERR_ATTACH, "%s: %zu sites are more than the kernel takes (%u)",
				 request->path, request->count, SITES_MAX);
	/* A filter for one thread would lose the others' hits: then the program
	 * alone tells the processes apart. */
	pid_t pid = program->kernel->support.has_process_filter ? request->pid : 0;
	int link = multi_link(program->fd, request, request->count, pid);
	if (link < 0)
		return link_error(errno, program->fd, request, pid);
	vector_push(&program->attachments, (struct attachment){.fd = link});
	return NULL;
}
