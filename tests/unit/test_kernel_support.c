/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel_support.c - what is said where something is missing. */
#include <asm/prctl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "test_kernel.h"

/* Runs fn in a child, which may lose its rights; what it wrote comes back. */
static void in_a_child(void (*fn)(struct buffer *out), char *ret, size_t ret_size)
{
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct buffer text = {0};
		fn(&text);
		_exit(write(out[1], text.data, text.size) != (ssize_t)text.size);
	}
	close(out[1]);
	ssize_t size = read(out[0], ret, ret_size - 1);
	ret[size > 0 ? size : 0] = '\0';
	close(out[0]);
	waitpid(pid, NULL, 0);
}

static void open_and_tell(enum attach_method method, struct buffer *out)
{
	struct kernel *kernel;
	const struct kernel_options options = {.method = method, .ring_bytes = 4096};
	struct error *err = kernel_open(&options, &kernel);
	if (!err) {
		buffer_puts(out, "opened");
		return;
	}
	buffer_printf(out, "[%s] ", error_tag_name(err->tag));
	error_format(err, out);
}

static void keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const uint32_t low = (uint32_t)kept, high = (uint32_t)(kept >> 32);
	const struct __user_cap_data_struct data[2] = {{low, low, 0}, {high, high, 0}};
	const uid_t nobody = 65534;
	prctl(PR_SET_KEEPCAPS, 1);
	/* The raw calls: glibc's would tell all threads, and there is only one. */
	if (syscall(SYS_setgid, nobody) != 0 || syscall(SYS_setuid, nobody) != 0 ||
	    syscall(SYS_capset, &header, data) != 0)
		_exit(2);
}

static void open_with_none(struct buffer *out)
{
	keep_capabilities(0);
	open_and_tell(ATTACH_ANY, out);
}

static void open_with_perfmon(struct buffer *out)
{
	keep_capabilities(1ull << CAP_PERFMON);
	open_and_tell(ATTACH_ANY, out);
}

static void open_with_bpf(struct buffer *out)
{
	keep_capabilities(1ull << CAP_BPF);
	open_and_tell(ATTACH_ANY, out);
}

static void open_tracefs_without_admin(struct buffer *out)
{
	keep_capabilities(1ull << CAP_BPF | 1ull << CAP_PERFMON);
	open_and_tell(ATTACH_TRACEFS, out);
}

static void forbid_call(int number, int errno_value)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errno_value),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(2);
}

static void open_without_bpf_call(struct buffer *out)
{
	forbid_call(SYS_bpf, ENOSYS);
	open_and_tell(ATTACH_ANY, out);
}

static void open_in_a_container(struct buffer *out)
{
	forbid_call(SYS_bpf, EPERM);
	open_and_tell(ATTACH_ANY, out);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		void (*fn)(struct buffer *out);
		const char *parts[3];
	} cases[] = {
	    {open_with_none,
	     {"[permission] ", "CAP_BPF and CAP_PERFMON are missing",
	      "\nsudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep /"}},
	    {open_with_perfmon,
	     {"[permission] ", "not permitted: CAP_BPF is missing", "run it with sudo"}},
	    {open_with_bpf,
	     {"[permission] ", "not permitted: CAP_PERFMON is missing", "run it with sudo"}},
	    {open_tracefs_without_admin,
	     {"[permission] ", "CAP_SYS_ADMIN is missing", "run it with sudo"}},
	    {open_without_bpf_call,
	     {"[no-bpf] ", "this kernel has no bpf() system call", "CONFIG_BPF_SYSCALL"}},
	    {open_in_a_container, {"[permission] ", "although CAP_BPF and", "container"}},
	};
	(void)state;
	need_bpf();
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[2048];
		in_a_child(cases[i].fn, text, sizeof(text));
		for (size_t part = 0; part < 3; part++) {
			if (!strstr(text, cases[i].parts[part]))
				fail_msg("case %zu: no \"%s\" in: %s", i, cases[i].parts[part],
					 text);
		}
	}
}

/* ------------------------------------------------------- without being root */

static void trace_with_two_capabilities(struct buffer *out)
{
	struct target target;
	struct kernel *kernel = NULL;
	struct kernel_program *program = NULL;
	struct code code = {.count = 0};
	struct error *err;
	const struct kernel_options options = {.ring_bytes = 4096};

	keep_capabilities(1ull << CAP_BPF | 1ull << CAP_PERFMON);
	target_start(&target);
	code_counting(&code, target.pid, false);
	const struct load_request request = {
	    .insns = code.insns, .insn_count = code.count, .site_count = 1};
	if ((err = kernel_open(&options, &kernel)) ||
	    (err = kernel_load(kernel, &request, &program)) ||
	    (err = attach_to(program, target.pid, hit_a))) {
		error_format(err, out);
		return;
	}
	target_call(&target, hit_a, 0, 123);
	buffer_printf(out, "%d hits", (int)hits_of(program));
	kernel_unload(program);
	kernel_close(kernel);
	target_stop(&target);
}

static void cap_bpf_and_cap_perfmon_are_enough(void **state)
{
	char text[2048];
	need_bpf();
	*state = &tested_multi;
	need_method(state);
	if (geteuid() != 0)
		skip();
	in_a_child(trace_with_two_capabilities, text, sizeof(text));
	assert_string_equal(text, "123 hits");
}

/* ------------------------------------------------------------------- nop5 */

static void what_is_said_of_nop5_is_what_happens(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 4096);
	struct target target;
	struct code code = {.count = 0};
	target_start(&target);
	code_counting(&code, target.pid, false);
	struct kernel_program *program = load_code(kernel, &code, 1);
	assert_ok(attach_to(program, target.pid, hit_nop5));
	target_call(&target, hit_nop5, 0, 10);
	bool is_call = byte_of(target.pid, hit_nop5) == 0xe8;
	assert_int_equal(hits_of(program), 10);
	kernel_detach(&program, 1);
	assert_int_equal(byte_of(target.pid, hit_nop5), 0x0f);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
	if (is_call) /* a kernel may know how and yet decide otherwise */
		assert_true(kernel_rewrites_nop5());
	print_message("nop5 becomes a call: %s; said so: %s\n", is_call ? "yes" : "no",
		      kernel_rewrites_nop5() ? "yes" : "no");
}

static void ask_as_nobody(struct buffer *out)
{
	keep_capabilities(0);
	buffer_puts(out, kernel_rewrites_nop5() ? "yes" : "no");
}

static void ask_where_the_call_is_forbidden(struct buffer *out)
{
	forbid_call(336, ENOSYS);
	buffer_puts(out, kernel_rewrites_nop5() ? "yes" : "no");
}

static void nop5_is_believed_to_be_rewritten_where_nobody_can_tell(void **state)
{
	char text[8];
	(void)state;
	in_a_child(ask_where_the_call_is_forbidden, text, sizeof(text));
	assert_string_equal(text, "yes");
	if (geteuid() != 0)
		skip();
	in_a_child(ask_as_nobody, text, sizeof(text));
	assert_string_equal(text, kernel_rewrites_nop5() ? "yes" : "no");
}

/* ----------------------------------------------------------------- tracefs */

static size_t read_mounts(char *ret, size_t size)
{
	CLEANUP(close_p) int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	for (ssize_t got; (got = read(fd, ret + length, size - length)) > 0;)
		length += (size_t)got;
	return length;
}

static void tracefs_leaves_the_mounts_alone(void **state)
{
	static char before[65536], during[65536];
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	size_t size = read_mounts(before, sizeof(before));
	struct kernel *other = open_kernel(ATTACH_TRACEFS, 4096);
	assert_int_equal(read_mounts(during, sizeof(during)), size);
	assert_memory_equal(before, during, size);
	kernel_close(other);
	kernel_close(kernel);
}

/* A program that counts as delivered the calls whose argument is the thread's base of %fs. */
static void code_comparing_fsbase(struct code *code, pid_t pid, uint32_t offset)
{
	put_prologue(code, pid, false);
	CALL(get_current_task);
	MOVE(3, 0);
	ADD(3, (int)offset);
	MOVE(1, 10);
	ADD(1, RING);
	SET(2, 8);
	CALL(probe_read_kernel);
	LOAD(BPF_DW, 1, 10, RING);
	LOAD(BPF_DW, 2, 6, 112); /* pt_regs.di */
	size_t differs = put(code, BPF_JMP | BPF_JNE | BPF_X, 1, 2, 0, 0);
	put_count(code, offsetof(struct counters, delivered));
	LAND(differs);
	SET(0, 0);
	EXIT();
}

static void the_base_of_fs_is_where_the_kernel_s_types_say(void **state)
{
	struct code code = {.count = 0};
	struct target target;
	uint64_t base = 0;
	uint32_t offset;

	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 0);
	assert_true(kernel_fsbase_offset(&offset));
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_GET_FS, &base), 0);
	target_start(&target); /* forked: its base is ours */
	code_comparing_fsbase(&code, target.pid, offset);
	struct kernel_program *program = load_code(kernel, &code, 1);
	assert_ok(attach_to(program, target.pid, hit_a));
	target_call(&target, hit_a, base, 1);
	target_call(&target, hit_a, base + 1, 5);
	assert_int_equal(counters_of(program, 0).hits, 6);
	assert_int_equal(counters_of(program, 0).delivered, 1);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* first: the answer is remembered, and children ask for themselves */
	    cmocka_unit_test(nop5_is_believed_to_be_rewritten_where_nobody_can_tell),
	    cmocka_unit_test(what_is_missing_is_named),
	    cmocka_unit_test(cap_bpf_and_cap_perfmon_are_enough),
	    cmocka_unit_test(what_is_said_of_nop5_is_what_happens),
	    cmocka_unit_test(the_base_of_fs_is_where_the_kernel_s_types_say),
	    {"tracefs leaves the mounts alone", tracefs_leaves_the_mounts_alone, NULL, NULL,
	     &tested_tracefs},
	};
	choose_methods();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
