/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.bpf.c - tells of processes that begin or end to run one file.
 * Apart from the generated programs because it is always the same.
 *
 * The few kernel types it reads are declared here, with the fields it reads
 * alone: their real offsets are filled in at load (CO-RE), so that building
 * needs neither a running kernel's BTF nor kernel headers.
 */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "moontap/record.h"

/* Of the kernel's interface to BPF. */
enum {
	BPF_ANY = 0,
	BPF_F_NO_PREALLOC = 1,
	BPF_RB_FORCE_WAKEUP = 2
};
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_RINGBUF = 27
};

#define KERNEL_STRUCT __attribute__((preserve_access_index))

struct super_block {
	__u32 s_dev;
} KERNEL_STRUCT;
struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} KERNEL_STRUCT;
struct file {
	struct inode *f_inode;
} KERNEL_STRUCT;
struct linux_binprm {
	struct file *file;
} KERNEL_STRUCT;
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
} KERNEL_STRUCT;
struct task_struct {
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct signal_struct *signal;
} KERNEL_STRUCT;

/* The file to watch, as the kernel numbers it. */
const volatile __u64 file_inode;
const volatile __u32 file_device;

/* Processes that run the file; user space enters those that did before. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} running SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WATCH_RING_SIZE);
} messages SEC(".maps");

static void tell(struct task_struct *task, __u32 is_exit)
{
	struct watch_message *message = bpf_ringbuf_reserve(&messages, sizeof(*message), 0);
	if (!message)
		return;
	message->pid = task->tgid;
	message->is_exit = is_exit;
	bpf_probe_read_kernel(message->comm, sizeof(message->comm), task->comm);
	bpf_ringbuf_submit(message, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *binprm)
{
	const __u8 yes = 1;
	__u32 pid = task->tgid;
	struct inode *inode = binprm->file->f_inode;
	if (inode->i_ino == file_inode && inode->i_sb->s_dev == file_device) {
		bpf_map_update_elem(&running, &pid, &yes, BPF_ANY);
		tell(task, 0);
	} else if (bpf_map_delete_elem(&running, &pid) == 0) {
		tell(task, 1);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__u32 pid = task->tgid;
	/* Threads come and go; the last of them takes the process with it. */
	if (task->signal->live.counter != 0)
		return 0;
	if (bpf_map_delete_elem(&running, &pid) == 0)
		tell(task->group_leader, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
