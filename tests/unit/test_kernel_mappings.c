/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel_mappings.c - what processes map, and when they exec, fork and end. */
#include <poll.h>
#include <sys/stat.h>

#include "test_kernel.h"

struct heard {
	pid_t pid;
	uint64_t last_ns;
	char text[4096]; /* "exec +file +libc.so.6 ...", of that process */
	uint64_t main_address, main_inode;
	const char *main_path;
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void hear(void *context, const struct mapping_event *event)
{
	struct heard *heard = context;
	size_t size = strlen(heard->text);
	char *at = heard->text + size;
	size_t left = sizeof(heard->text) - size;

	assert_true(event->time_ns >= heard->last_ns);
	heard->last_ns = event->time_ns;
	if (event->pid != heard->pid)
		return;
	switch (event->kind) {
	case MAPPING_EXEC:
		snprintf(at, left, "exec ");
		break;
	case MAPPING_EXIT:
		snprintf(at, left, "exit ");
		break;
	case MAPPING_FORK:
		snprintf(at, left, "fork ");
		assert_int_equal(event->parent, getpid());
		break;
	default:
		snprintf(at, left, "+%s ", last_part(event->path));
		if (strcmp(event->path, heard->main_path) == 0) {
			heard->main_address = event->end - event->start;
			heard->main_inode = event->inode;
		}
	}
}

/* The file that a shell is. */
static const char *shell_path(struct stat *ret)
{
	static char path[256];
	ssize_t size = readlink("/bin/sh", path, sizeof(path) - 1);

	assert_true(size > 0);
	if (*path != '/')
		snprintf(path, sizeof(path), "/usr/bin/dash");
	assert_int_equal(stat(path, ret), 0);
	return path;
}

static pid_t start_shell(int *ret_gate)
{
	int gate[2];
	char byte;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) == 0)
			execl("/bin/sh", "sh", "-c", "exit 0", NULL);
		_exit(127);
	}
	close(gate[0]);
	*ret_gate = gate[1];
	return pid;
}

static void check(bool is_of_all)
{
	struct kernel *kernel = open_kernel(ATTACH_ANY, 0);
	struct stat st;
	struct heard heard = {.main_path = shell_path(&st)};
	int gate;

	if (is_of_all)
		assert_ok(kernel_watch_mappings(kernel, 0, false));
	heard.pid = start_shell(&gate);
	if (!is_of_all)
		assert_ok(kernel_watch_mappings(kernel, heard.pid, false));
	close(gate);
	waitpid(heard.pid, NULL, 0);
	kernel_take_mappings(kernel, hear, &heard);
	const char *begin = is_of_all ? "fork exec +" : "exec +";
	if (strncmp(heard.text, begin, strlen(begin)) != 0 || !strstr(heard.text, "+libc.so.6 ") ||
	    !strstr(heard.text, "+[vdso] ") ||
	    strcmp(heard.text + strlen(heard.text) - 5, "exit ") != 0)
		fail_msg("%s", heard.text);
	assert_int_equal(heard.main_inode, st.st_ino);
	assert_true(heard.main_address > 0);
	kernel_close(kernel);
}

static void a_process_that_has_ended_has_told_what_it_mapped(void **state)
{
	(void)state;
	need_bpf();
	check(false);
	check(true);
}

static void others_are_not_told_of(void **state)
{
	struct heard heard = {.main_path = ""};
	int gate, other_gate;

	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 0);
	pid_t other = start_shell(&other_gate);
	pid_t pid = start_shell(&gate);
	assert_ok(kernel_watch_mappings(kernel, other, false));
	heard.pid = pid;
	close(gate);
	waitpid(pid, NULL, 0);
	kernel_take_mappings(kernel, hear, &heard);
	assert_string_equal(heard.text, "");
	close(other_gate);
	waitpid(other, NULL, 0);
	kernel_close(kernel);
}

static void who_is_in_a_hurry_is_woken_at_once(void **state)
{
	(void)state;
	need_bpf();
	for (int is_urgent = 0; is_urgent < 2; is_urgent++) {
		struct kernel *kernel = open_kernel(ATTACH_ANY, 0);
		struct pollfd fd = {.fd = kernel_fd(kernel), .events = POLLIN};
		int gate;
		pid_t pid = start_shell(&gate);

		assert_ok(kernel_watch_mappings(kernel, pid, is_urgent));
		assert_int_equal(poll(&fd, 1, 0), 0);
		close(gate);
		if (is_urgent) {
			assert_int_equal(poll(&fd, 1, 60000), 1);
			assert_true(kernel_has_mappings(kernel));
		}
		waitpid(pid, NULL, 0);
		kernel_unwatch_mappings(kernel);
		assert_int_equal(poll(&fd, 1, 0), 0);
		assert_false(kernel_has_mappings(kernel));
		kernel_close(kernel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_process_that_has_ended_has_told_what_it_mapped),
	    cmocka_unit_test(others_are_not_told_of),
	    cmocka_unit_test(who_is_in_a_hurry_is_woken_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
