/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mappings.c - tells what processes map that is code, and when they exec, fork and end: what
 * perf_event_open(2) records for those who want to give addresses names later.
 * Apart from watch.c, which tells of one file and of the moment: this has to be there before a
 * process maps anything, and nobody is woken for it unless that is asked for.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Of each CPU's buffer: some thousand mappings. */
#define BUFFER_BYTES ((size_t)256 << 10)

struct mapping_buffer {
	int fd;
	struct perf_event_mmap_page *control;
};

/* The ends of the records, as sample_type and sample_id_all ask for. */
struct record_end {
	uint32_t pid, tid;
	uint64_t time_ns;
};

struct mapping_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint32_t device_major, device_minor;
	uint64_t inode, inode_generation;
	uint32_t protection, flags;
	char path[];
};

struct task_record {
	struct perf_event_header header;
	uint32_t pid, parent, tid, parent_tid;
};

struct mapping_watch {
	VECTOR(struct mapping_buffer) buffers;
	struct buffer records; /* those being told, copied out of the buffers */
	VECTOR(struct pending {
		uint64_t time_ns;
		size_t offset; /* in records */
	})
	pending;
};

/* -------------------------------------------------------------------- open */

static int open_event(pid_t pid, int cpu, uint32_t watermark)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_DUMMY,
	    .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
	    .sample_id_all = 1,
	    .mmap = 1,
	    .mmap2 = 1,
	    .comm = 1,
	    .comm_exec = 1,
	    .task = 1,
	    .inherit = pid != 0,
	    .use_clockid = 1,
	    .clockid = CLOCK_MONOTONIC,
	    .watermark = 1,
	    .wakeup_watermark = watermark,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid ? pid : -1, cpu, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* A CPU that is not there has no buffer. */
static struct error *add_buffer(struct kernel *kernel, struct mapping_watch *watch, pid_t pid,
				int cpu, uint32_t watermark)
{
	struct epoll_event event = {.events = EPOLLIN};
	CLEANUP(close_p) int fd = open_event(pid, cpu, watermark);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (fd < 0)
		return errno == ENODEV ? NULL : support_error(errno, "watching mappings");
	if (epoll_ctl(kernel->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_new(ERR_OS, "watching mappings: %m");
	void *memory = mmap(NULL, page + BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return error_new(ERR_OS, "watching mappings: %m");
	vector_push(&watch->buffers, ((struct mapping_buffer){fd_take(&fd), memory}));
	return NULL;
}

static void close_watch(struct mapping_watch *watch)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!watch)
		return;
	for (size_t i = 0; i < watch->buffers.size; i++) {
		munmap(watch->buffers.data[i].control, page + BUFFER_BYTES);
		close(watch->buffers.data[i].fd);
	}
	vector_deinit(&watch->buffers);
	vector_deinit(&watch->pending);
	buffer_deinit(&watch->records);
	free(watch);
}

static struct error *open_into(struct kernel *kernel, struct mapping_watch *watch, pid_t pid,
			       uint32_t watermark)
{
	for (size_t cpu = 0; cpu < kernel->cpu_count; cpu++)
		TRY(add_buffer(kernel, watch, pid, (int)cpu, watermark));
	return NULL;
}

struct error *kernel_watch_mappings(struct kernel *kernel, pid_t pid, bool is_urgent)
{
	struct mapping_watch *watch = xcalloc(1, sizeof(*watch));
	struct error *err = open_into(kernel, watch, pid, is_urgent ? 1 : BUFFER_BYTES / 2);

	if (err) {
		close_watch(watch);
		return err;
	}
	kernel_unwatch_mappings(kernel);
	kernel->mappings = watch;
	return NULL;
}

void kernel_unwatch_mappings(struct kernel *kernel)
{
	close_watch(kernel->mappings);
	kernel->mappings = NULL;
}

/* -------------------------------------------------------------------- read */

/* Copies size bytes at a position of the buffer, which goes round. */
static void copy_out(const struct mapping_buffer *buffer, uint64_t position, void *ret, size_t size)
{
	const char *data = (const char *)buffer->control + buffer->control->data_offset;
	size_t at = position % BUFFER_BYTES, first = BUFFER_BYTES - at;

	first = first < size ? first : size;
	memcpy(ret, data + at, first);
	memcpy((char *)ret + first, data, size - first);
}

bool kernel_has_mappings(const struct kernel *kernel)
{
	const struct mapping_watch *watch = kernel->mappings;

	for (size_t i = 0; watch && i < watch->buffers.size; i++) {
		const struct perf_event_mmap_page *control = watch->buffers.data[i].control;

		if (__atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE) != control->data_tail)
			return true;
	}
	return false;
}

static void take_records(struct mapping_watch *watch, const struct mapping_buffer *buffer)
{
	uint64_t head = __atomic_load_n(&buffer->control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = buffer->control->data_tail;
	struct perf_event_header header;
	struct record_end end;

	for (; tail < head; tail += header.size) {
		copy_out(buffer, tail, &header, sizeof(header));
		if (header.size < sizeof(header) + sizeof(end))
			break;
		char *to = buffer_reserve(&watch->records, header.size);
		copy_out(buffer, tail, to, header.size);
		memcpy(&end, to + header.size - sizeof(end), sizeof(end));
		vector_push(&watch->pending, ((struct pending){end.time_ns, watch->records.size}));
		watch->records.size += header.size;
	}
	if (buffer->control->data_tail != head)
		__atomic_store_n(&buffer->control->data_tail, head, __ATOMIC_RELEASE);
}

static bool make_mapping(const struct mapping_record *record, struct mapping_event *ret)
{
	ret->kind = MAPPING_ADDED;
	ret->start = record->address;
	ret->end = record->address + record->length;
	ret->offset = record->offset;
	ret->inode = record->inode;
	/* As /proc/PID/maps has it. */
	ret->path = strcmp(record->path, "//anon") == 0 ? "" : record->path;
	return true;
}

static bool make_event(const struct perf_event_header *header, uint64_t time_ns,
		       struct mapping_event *ret)
{
	const struct task_record *task = (const void *)header;

	*ret = (struct mapping_event){.pid = (pid_t)task->pid, .time_ns = time_ns};
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		return make_mapping((const void *)header, ret);
	case PERF_RECORD_COMM:
		ret->kind = MAPPING_EXEC;
		return header->misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_FORK:
		ret->kind = MAPPING_FORK;
		ret->parent = (pid_t)task->parent;
		return task->pid != task->parent;
	case PERF_RECORD_EXIT:
		ret->kind = MAPPING_EXIT;
		return task->pid == task->tid;
	default:
		return false;
	}
}

static int compare(const void *left, const void *right)
{
	const struct pending *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void kernel_take_mappings(struct kernel *kernel,
			  void (*fn)(void *context, const struct mapping_event *), void *context)
{
	struct mapping_watch *watch = kernel->mappings;
	struct mapping_event event;

	for (size_t i = 0; watch && i < watch->buffers.size; i++)
		take_records(watch, &watch->buffers.data[i]);
	if (!watch || !watch->pending.size)
		return;
	qsort(watch->pending.data, watch->pending.size, sizeof(*watch->pending.data), compare);
	for (size_t i = 0; i < watch->pending.size; i++) {
		const struct pending *pending = &watch->pending.data[i];
		if (make_event((const void *)(watch->records.data + pending->offset),
			       pending->time_ns, &event))
			fn(context, &event);
	}
	watch->pending.size = 0;
	buffer_clear(&watch->records);
}
