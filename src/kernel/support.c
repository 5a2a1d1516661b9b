/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * support.c - what this kernel and these privileges can do.
 * Apart because every answer is found by trying, never by a version string:
 * distributions backport, containers forbid, and only the attempt tells.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

/* ------------------------------------------------------------ capabilities */

/* The value of a line such as "CapEff:" of our own status, or fallback. */
static unsigned long long status_value(const char *field, int base, unsigned long long fallback)
{
	FILE *status = fopen("/proc/self/status", "re");
	if (!status)
		return fallback;
	char line[256];
	unsigned long long value = fallback;
	while (fgets(line, sizeof(line), status)) {
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoull(line + strlen(field), NULL, base);
	}
	fclose(status);
	return value;
}

static bool has_capability(int capability)
{
	return status_value("CapEff:", 16, 0) >> capability & 1;
}

static struct error *hint_privileges(struct error *err)
{
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0)
		length = snprintf(program, sizeof(program), "moontap");
	program[length] = '\0';
	return error_hint(err,
			  "run it with sudo, or allow it once and for all:\n"
			  "sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep %s",
			  program);
}

static struct error *permission_error(const char *what)
{
	bool has_admin = has_capability(CAP_SYS_ADMIN);
	bool has_bpf = has_admin || has_capability(CAP_BPF);
	bool has_perfmon = has_admin || has_capability(CAP_PERFMON);

	if (!has_bpf && !has_perfmon)
		return hint_privileges(
		    error_new(ERR_PERMISSION,
			      "%s is not permitted: CAP_BPF and CAP_PERFMON are missing", what));
	if (!has_bpf || !has_perfmon)
		return hint_privileges(error_new(ERR_PERMISSION,
						 "%s is not permitted: %s is missing", what,
						 has_bpf ? "CAP_PERFMON" : "CAP_BPF"));
	return error_hint(
	    error_new(ERR_PERMISSION,
		      "%s is not permitted, although CAP_BPF and CAP_PERFMON are there", what),
	    "in a container or a user namespace those are not the real ones: run on "
	    "the host, or start the container privileged;\n"
	    "kernel lockdown forbids BPF too, and before Linux 5.11 so does a low "
	    "`ulimit -l`");
}

struct error *support_error(int errno_value, const char *what)
{
	if (errno_value == EPERM || errno_value == EACCES)
		return permission_error(what);
	if (errno_value == ENOSYS)
		return error_hint(
		    error_new(ERR_NO_BPF, "%s: this kernel has no bpf() system call", what),
		    "the kernel needs CONFIG_BPF_SYSCALL, and a container must not "
		    "filter bpf(2) away");
	struct error *err = error_new(ERR_OS, "%s: %s", what, strerror(errno_value));
	if (errno_value == EMFILE)
		error_hint(err, "raise the limit of open files: ulimit -n 65536");
	return err;
}

struct error *support_needs_admin(int errno_value, const char *what)
{
	bool is_refused = errno_value == EPERM || errno_value == EACCES;
	if (!is_refused || has_capability(CAP_SYS_ADMIN))
		return support_error(errno_value, what);
	return error_hint(
	    error_new(ERR_PERMISSION, "%s is not permitted: CAP_SYS_ADMIN is missing", what),
	    "attaching without uprobe_multi (Linux 6.6) needs it: run it with sudo");
}

/* ---------------------------------------------------------------- attempts */

/* What is found out once. */
enum tribool {
	UNKNOWN,
	NO,
	YES
};

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

void support_silence(void)
{
	libbpf_set_print(say_nothing);
}

/* Loads a program that does nothing: its descriptor or -errno. On kernels that
 * charge maps and programs to RLIMIT_MEMLOCK (before 5.11) libbpf raises that
 * limit by itself. */
static int try_load(uint32_t attach_type, uint32_t flags)
{
	static const struct bpf_insn nothing[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type,
		    .prog_flags = flags);
	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "moontap_try", "GPL", nothing,
			     ARRAY_SIZE(nothing), &options);
}

/* Tries to link to "/", which no kernel can probe: what it complains of tells
 * how far it got. 0 stands for a link that was made all the same. */
static int try_link(int program, pid_t pid)
{
	uint64_t offset = 0;
	const struct attach_request request = {.path = "/", .offsets = &offset};
	CLEANUP(close_p) int link = multi_link(program, &request, 1, pid);
	return link < 0 ? errno : 0;
}

static void probe_multi(struct support *support)
{
	CLEANUP(close_p) int program = try_load(ATTACH_TYPE_UPROBE_MULTI, 0);
	if (program < 0)
		return;
	/* "/" is looked at (EBADF) only where such links are known. */
	support->has_multi = try_link(program, 0) == EBADF;
	/* The kernels that took pid for a thread's did not mind a negative one. */
	support->has_process_filter = support->has_multi && try_link(program, -1) == EINVAL;
}

struct error *support_probe(struct support *ret)
{
	CLEANUP(close_p) int plain = try_load(0, 0);
	if (plain < 0)
		return support_error(-plain, "loading a BPF program");
	*ret = (struct support){0};
	probe_multi(ret);
	CLEANUP(close_p)
	int sleepable = try_load(ret->has_multi ? ATTACH_TYPE_UPROBE_MULTI : 0, BPF_F_SLEEPABLE);
	ret->has_sleepable = sleepable >= 0;
	return NULL;
}

bool kernel_has_may_goto(void)
{
	static const struct bpf_insn insns[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	    {.code = INSN_MAY_GOTO, .off = 1},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	static enum tribool known;
	if (known == UNKNOWN) {
		CLEANUP(close_p)
		int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "moontap_try", "GPL", insns,
					    ARRAY_SIZE(insns), NULL);
		known = program < 0 ? NO : YES;
	}
	return known == YES;
}

/* -------------------------------------------------------------------- nop5 */

/* The kernels that rewrite nop5 have a system call for the code they put there
 * (x86-64, Linux 6.18). It answers ENXIO to anybody else, so that it can be
 * found; in case it does worse than that, a child asks. */
#define NR_UPROBE 336

enum nop5_answer {
	ANSWER_ABSENT,
	ANSWER_PRESENT
};

static int answer(void *unused)
{
	(void)unused;
	bool is_absent = syscall(NR_UPROBE) < 0 && errno == ENOSYS;
	return is_absent ? ANSWER_ABSENT : ANSWER_PRESENT;
}

/* The child borrows our memory while we wait: copying it takes longer than asking. */
static bool ask_for_uprobe_call(void)
{
	_Alignas(16) char stack[16384];
	/* No exit signal: the caller's SIGCHLD handling is none of our business. */
	pid_t child = clone(answer, stack + sizeof(stack), CLONE_VM | CLONE_VFORK, NULL);
	if (child < 0)
		return true;
	int status;
	while (waitpid(child, &status, __WALL) < 0) {
		if (errno != EINTR)
			return true;
	}
	return !WIFEXITED(status) || WEXITSTATUS(status) != ANSWER_ABSENT;
}

bool kernel_rewrites_nop5(void)
{
	static enum tribool known;
	/* A seccomp filter (a container's) answers for the kernel, and does not
	 * know new calls: then the safe belief is that nop5 is rewritten. */
	if (known == UNKNOWN)
		known = status_value("Seccomp:", 10, 0) != 0 || ask_for_uprobe_call() ? YES : NO;
	return known == YES;
}
