/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perfmap.c - names of code that a process generates as it runs. Node, Java, .NET and others
 * append them to /tmp/perf-PID.map, a line each: START SIZE NAME, in hexadecimal.
 * The file is read on from where it was, when an address has no name yet.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "stack.h"

#define FILE_MAX ((uint64_t)1 << 28)

struct entry {
	uint64_t start, end;
	size_t order; /* later ones replace earlier ones */
	size_t name;  /* offset in text */
};

struct perfmap {
	int fd;
	uint64_t read_ns;
	struct buffer text; /* of the file, as far as read; names are NUL-terminated in place */
	size_t parsed;	    /* of text */
	VECTOR(struct entry) entries; /* by address */
};

void perfmap_free(struct perfmap *map)
{
	if (!map)
		return;
	close_p(&map->fd);
	buffer_deinit(&map->text);
	vector_deinit(&map->entries);
	free(map);
}

/* The process's number where it lives: the last one of NSpid. */
static pid_t inner_pid(pid_t pid)
{
	CLEANUP(free_p) char *path = xasprintf("/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	char line[256];
	pid_t inner = pid;

	while (file && fgets(line, sizeof(line), file)) {
		char *last = strrchr(line, '\t');
		if (strncmp(line, "NSpid:", 6) == 0 && last)
			inner = atoi(last + 1);
	}
	if (file)
		fclose(file);
	return inner;
}

/* Through the process's root; or, if it has ended, here. A file of somebody else would
 * only give wrong names, a FIFO would stop us. */
static int open_map(pid_t pid)
{
	pid_t inner = inner_pid(pid);
	CLEANUP(free_p) char *inside = xasprintf("/proc/%d/root/tmp/perf-%d.map", pid, inner);
	CLEANUP(free_p) char *here = xasprintf("/tmp/perf-%d.map", pid);
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	struct stat st;

	CLEANUP(close_p) int fd = open(inside, flags);
	if (fd < 0)
		fd = open(here, flags);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	return fd_take(&fd);
}

static void add_line(struct perfmap *map, char *line)
{
	uint64_t start, size;
	int name = 0;

	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &start, &size, &name) != 2 || !name ||
	    !line[name] || size == 0 || start + size < start)
		return;
	vector_push(&map->entries, ((struct entry){start, start + size, map->entries.size,
						   (size_t)(line + name - map->text.data)}));
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void parse(struct perfmap *map)
{
	char *end;

	while ((end = memchr(map->text.data + map->parsed, '\n', map->text.size - map->parsed))) {
		*end = '\0';
		add_line(map, map->text.data + map->parsed);
		map->parsed = (size_t)(end + 1 - map->text.data);
	}
	if (map->entries.size)
		qsort(map->entries.data, map->entries.size, sizeof(*map->entries.data), compare);
}

static void read_on(struct perfmap *map, pid_t pid)
{
	enum {
		PIECE = 1 << 16
	};
	size_t before = map->text.size;
	ssize_t got;

	map->read_ns = monotonic_ns();
	if (map->fd < 0)
		map->fd = open_map(pid);
	while (map->fd >= 0 && map->text.size < FILE_MAX &&
	       (got = pread(map->fd, buffer_reserve(&map->text, PIECE), PIECE,
			    (off_t)map->text.size)) > 0)
		map->text.size += (size_t)got;
	if (map->text.size > before)
		parse(map);
}

static const struct entry *find(const struct perfmap *map, uint64_t address)
{
	size_t low = 0, high = map->entries.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (map->entries.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= map->entries.data[low - 1].end)
		return NULL;
	return &map->entries.data[low - 1];
}

const char *perfmap_find(struct space *space, uint64_t address, uint64_t *ret_start)
{
	struct perfmap *map = space->perfmap;

	if (!map) {
		map = space->perfmap = xcalloc(1, sizeof(*map));
		map->fd = -1;
	}
	const struct entry *entry = find(map, address);
	if (!entry && monotonic_ns() - map->read_ns >= READ_AGAIN_NS) {
		read_on(map, space->pid);
		entry = find(map, address);
	}
	if (!entry)
		return NULL;
	*ret_start = entry->start;
	return map->text.data + entry->name;
}
