/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - tells of processes that begin or end to run one file, through the
 * fixed program bpf/watch.bpf.c.
 * Apart from struct kernel: it has a ring of its own, and needs no probes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"
#include "watch.skel.h"

struct watch {
	struct watch_bpf *bpf;
	struct ring ring;
};

/* ----------------------------------------------------------------- the file */

/* The device of the mount's file system; stat's st_dev differs from it where
 * subvolumes have numbers of their own (btrfs). fallback if it is not listed. */
static dev_t mount_device(unsigned long long mount_id, dev_t fallback)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	if (!mounts)
		return fallback;
	char *line = NULL;
	size_t capacity = 0;
	dev_t device = fallback;
	while (getline(&line, &capacity, mounts) > 0) {
		unsigned long long id;
		unsigned parent, major_number, minor_number;
		if (sscanf(line, "%llu %u %u:%u", &id, &parent, &major_number, &minor_number) ==
			4 &&
		    id == mount_id)
			device = makedev(major_number, minor_number);
	}
	free(line);
	fclose(mounts);
	return device;
}

struct file_identity {
	dev_t stat_device;
	ino_t inode;
	uint32_t kernel_device; /* as the kernel writes it: 12 bits of major, 20 of minor */
};

static struct error *identify(const char *path, struct file_identity *ret)
{
	struct stat info;
	if (stat(path, &info) < 0)
		return error_new(errno == ENOENT ? ERR_NO_FILE : ERR_OS, "%s: %m", path);
	dev_t device = info.st_dev;
	struct statx extended;
	if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &extended) == 0 &&
	    extended.stx_mask & STATX_MNT_ID)
		device = mount_device(extended.stx_mnt_id, device);
	*ret = (struct file_identity){
	    .stat_device = info.st_dev,
	    .inode = info.st_ino,
	    .kernel_device = major(device) << 20 | minor(device),
	};
	return NULL;
}

/* Processes that ran the file before we watched: their end counts as well. */
static void enter_running(const struct watch *watch, const struct file_identity *file)
{
	int map_fd = bpf_map__fd(watch->bpf->maps.running);
	DIR *proc = opendir("/proc");
	if (!proc)
		return;
	for (struct dirent *entry; (entry = readdir(proc));) {
		char path[300];
		struct stat info;
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		if (!pid || stat(path, &info) < 0)
			continue;
		if (info.st_ino == file->inode && info.st_dev == file->stat_device)
			bpf_map_update_elem(map_fd, &pid, &(uint8_t){1}, BPF_ANY);
	}
	closedir(proc);
}

/* -------------------------------------------------------------------- open */

static struct error *load_error(int errno_value)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return error_hint(error_new(ERR_NO_BPF, "processes cannot be watched: the kernel "
							"does not describe its types"),
				  "it needs CONFIG_DEBUG_INFO_BTF, as distributions' kernels have");
	return support_error(errno_value, "watching processes");
}

static struct error *map_ring(struct watch *watch)
{
	int fd = fcntl(bpf_map__fd(watch->bpf->maps.messages), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return error_new(ERR_OS, "watching processes: %m");
	return ring_init(&watch->ring, fd, WATCH_RING_SIZE);
}

static struct error *open_into(struct watch *watch, const char *path)
{
	struct file_identity file = {0};
	TRY(identify(path, &file));
	watch->bpf = watch_bpf__open();
	if (!watch->bpf)
		return load_error(errno);
	watch->bpf->rodata->file_inode = file.inode;
	watch->bpf->rodata->file_device = file.kernel_device;
	int result = watch_bpf__load(watch->bpf);
	if (result == 0)
		result = watch_bpf__attach(watch->bpf);
	if (result < 0)
		return load_error(-result);
	enter_running(watch, &file);
	return map_ring(watch);
}

struct error *watch_open(const char *path, struct watch **ret)
{
	support_silence();
	struct watch *watch = xcalloc(1, sizeof(*watch));
	watch->ring.fd = -1;
	struct error *err = open_into(watch, path);
	if (err) {
		watch_close(watch);
		return err;
	}
	*ret = watch;
	return NULL;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->ring.fd >= 0)
		ring_deinit(&watch->ring);
	watch_bpf__destroy(watch->bpf);
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->ring.fd;
}

void watch_consume(struct watch *watch, void (*fn)(void *context, const struct watch_event *),
		   void *context)
{
	const struct watch_message *message;
	while ((message = ring_peek(&watch->ring))) {
		struct watch_event event = {
		    .pid = (pid_t)message->pid,
		    .is_exit = message->is_exit != 0,
		};
		memcpy(event.comm, message->comm, sizeof(event.comm));
		event.comm[sizeof(event.comm) - 1] = '\0';
		ring_advance(&watch->ring);
		fn(context, &event);
	}
	ring_publish(&watch->ring);
}
