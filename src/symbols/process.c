/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.c - what /proc says of a process: its executable, its mappings.
 * Knows no ELF; says who may look and what is missing when we may not.
 */
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

static const char deleted[] = " (deleted)";

/* ---------------------------------------------------------------- mappings */

/* The kernel writes a newline in a path as \012. */
char *process_path(char *text)
{
	char *to = text;
	size_t tail = sizeof(deleted) - 1;

	for (const char *from = text; *from; to++) {
		bool is_newline = strncmp(from, "\\012", 4) == 0;
		*to = is_newline ? '\n' : *from;
		from += is_newline ? 4 : 1;
	}
	*to = '\0';
	size_t size = to - text;
	if (size > tail && strcmp(text + size - tail, deleted) == 0)
		size -= tail;
	return xstrndup(text, size);
}

static bool parse_mapping(char *line, struct mapping *ret)
{
	char flags[5];
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &ret->start, &ret->end, flags, &ret->offset, &ret->device_major,
		   &ret->device_minor, &ret->inode, &path) < 7)
		return false;
	ret->is_writable = flags[1] == 'w';
	ret->is_executable = flags[2] == 'x';
	ret->path = process_path(line + path);
	return true;
}

struct error *process_mappings(pid_t pid, mapping_list *ret)
{
	CLEANUP(free_p) char *path = xasprintf("/proc/%d/maps", pid);
	CLEANUP(free_p) char *line = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return error_new(errno == ENOENT ? ERR_NO_PROCESS : ERR_OS, "process %d: %s: %m",
				 pid, path);
	while (getline(&line, &size, file) > 0) {
		struct mapping mapping;
		if (parse_mapping(line, &mapping))
			vector_push(ret, mapping);
	}
	fclose(file);
	return NULL;
}

void mapping_list_deinit(mapping_list *list)
{
	for (size_t i = 0; i < list->size; i++)
		free(list->data[i].path);
	vector_deinit(list);
}

/* ---------------------------------------------------------------- identity */

static char *user_name(uid_t uid)
{
	struct passwd *user = getpwuid(uid);

	return user ? xstrdup(user->pw_name) : xasprintf("uid %u", uid);
}

static struct error *not_permitted(pid_t pid, uid_t owner)
{
	CLEANUP(free_p) char *user = user_name(owner);
	struct error *err =
	    error_new(ERR_PERMISSION,
		      "process %d belongs to %s: looking into it needs CAP_SYS_PTRACE", pid, user);

	return error_hint(err, "run moontap with sudo, or give it the capabilities once:\n"
			       "  sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep moontap");
}

/* The value of a line of /proc/PID/status; NULL if it is not there. */
static char *status_field(pid_t pid, const char *name)
{
	CLEANUP(free_p) char *path = xasprintf("/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	char line[256], *value = NULL;
	size_t size = strlen(name);

	while (file && !value && fgets(line, sizeof(line), file))
		if (strncmp(line, name, size) == 0 && line[size] == ':')
			value = xstrndup(line + size + 2, strcspn(line + size + 2, "\n"));
	if (file)
		fclose(file);
	return value;
}

/* Why there is no /proc/PID/exe although there is a /proc/PID. */
static struct error *no_executable(pid_t pid)
{
	CLEANUP(free_p) char *state = status_field(pid, "State");
	CLEANUP(free_p) char *name = status_field(pid, "Name");

	if (!state || *state == 'Z' || *state == 'X')
		return error_new(ERR_NO_PROCESS, "process %d has ended", pid);
	return error_new(ERR_NO_PROCESS, "process %d (%s) is a kernel thread: it runs no program",
			 pid, name ? name : "?");
}

struct error *process_executable(pid_t pid, char **ret)
{
	CLEANUP(free_p) char *directory = xasprintf("/proc/%d", pid);
	CLEANUP(free_p) char *link = xasprintf("/proc/%d/exe", pid);
	CLEANUP(free_p) char *group = status_field(pid, "Tgid");
	char path[PATH_MAX + sizeof(deleted)];
	struct stat st;

	if (pid <= 0 || stat(directory, &st) != 0)
		return error_new(ERR_NO_PROCESS, "no process %d", pid);
	if (group && atoi(group) != pid)
		return error_hint(
		    error_new(ERR_NO_PROCESS, "%d is a thread of process %s", pid, group),
		    "attach to %s; its threads are traced with it", group);
	ssize_t size = readlink(link, path, sizeof(path) - 1);
	if (size < 0 && errno == ENOENT)
		return no_executable(pid);
	if (size < 0 && (errno == EACCES || errno == EPERM))
		return not_permitted(pid, st.st_uid);
	if (size < 0)
		return error_new(ERR_OS, "process %d: %s: %m", pid, link);
	path[size] = '\0';
	*ret = process_path(path);
	return NULL;
}

/* -------------------------------------------------------------- instruction */

/* By path too: layered file systems show other numbers in maps than stat does. */
static bool is_of(const struct mapping *mapping, const struct image *image)
{
	struct stat st;

	if (strcmp(mapping->path, image->name) == 0)
		return true;
	return fstat(image->fd, &st) == 0 && mapping->inode == st.st_ino &&
	       makedev(mapping->device_major, mapping->device_minor) == st.st_dev;
}

bool process_locate_ip(pid_t pid, uint64_t ip, const struct image *image, uint64_t *ret)
{
	mapping_list mappings = {0};
	bool is_found = false;

	error_free(process_mappings(pid, &mappings));
	for (size_t i = 0; i < mappings.size; i++) {
		const struct mapping *mapping = &mappings.data[i];
		if (ip >= mapping->start && ip < mapping->end && is_of(mapping, image))
			is_found = image_address(image, ip - mapping->start + mapping->offset, ret);
	}
	mapping_list_deinit(&mappings);
	return is_found;
}

static bool is_mapped(const struct mapping *mapping, const struct segment *segment)
{
	uint64_t end = mapping->offset + (mapping->end - mapping->start);

	return segment->is_code && segment->offset < end &&
	       mapping->offset < segment->offset + segment->file_size;
}

/* One displacement holds for all segments: the loader keeps their distances. */
bool process_bias(pid_t pid, const struct image *image, uint64_t *ret)
{
	mapping_list mappings = {0};
	bool is_found = false;

	error_free(process_mappings(pid, &mappings));
	for (size_t i = 0; i < mappings.size; i++) {
		const struct mapping *mapping = &mappings.data[i];
		for (size_t k = 0; k < image->segments.size && !is_found; k++) {
			const struct segment *segment = &image->segments.data[k];
			if (!mapping->is_executable || !is_of(mapping, image) ||
			    !is_mapped(mapping, segment))
				continue;
			*ret =
			    mapping->start - mapping->offset + segment->offset - segment->address;
			is_found = true;
		}
	}
	mapping_list_deinit(&mappings);
	return is_found;
}
