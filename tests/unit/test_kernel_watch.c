/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel_watch.c - processes that begin and end to run a file. */
#include "test_kernel.h"

struct watched {
	char directory[32], program[64], other[64];
	struct watch *watch;
	struct watch_event events[16];
	size_t count;
};

static void watched_init(struct watched *watched)
{
	*watched = (struct watched){.directory = "/tmp/moontap-test-XXXXXX"};
	assert_non_null(mkdtemp(watched->directory));
	snprintf(watched->program, sizeof(watched->program), "%s/watched", watched->directory);
	snprintf(watched->other, sizeof(watched->other), "%s/other", watched->directory);
	copy_self(watched->program);
	copy_self(watched->other);
}

static void watched_deinit(struct watched *watched)
{
	watch_close(watched->watch);
	unlink(watched->program);
	unlink(watched->other);
	rmdir(watched->directory);
}

static void note(void *context, const struct watch_event *event)
{
	struct watched *watched = context;
	assert_in_range(watched->count, 0, ARRAY_SIZE(watched->events) - 1);
	watched->events[watched->count++] = *event;
}

/* Waits until that many events in all have come. */
static void expect_events(struct watched *watched, size_t count)
{
	while (watched->count < count) {
		struct pollfd wait = {.fd = watch_fd(watched->watch), .events = POLLIN};
		if (poll(&wait, 1, 60000) != 1)
			fail_msg("%zu events, not %zu", watched->count, count);
		watch_consume(watched->watch, note, watched);
	}
	usleep(20000);
	watch_consume(watched->watch, note, watched);
	assert_int_equal(watched->count, count);
}

/* Starts program; it lives until *ret_end is closed. */
static pid_t start(const char *program, const char *mode, const char *argument, int *ret_end)
{
	int end[2], begun[2];
	char byte;
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(end[0], 0);
		execl(program, program, mode, argument, NULL);
		_exit(127);
	}
	close(end[0]);
	close(begun[1]);
	assert_int_equal(read(begun[0], &byte, 1), 0); /* closed by exec */
	close(begun[0]);
	*ret_end = end[1];
	return pid;
}

static void end(pid_t pid, int end_fd)
{
	close(end_fd);
	waitpid(pid, NULL, 0);
}

static void check(const struct watched *watched, size_t index, pid_t pid, bool is_exit,
		  const char *comm)
{
	assert_int_equal(watched->events[index].pid, pid);
	assert_int_equal(watched->events[index].is_exit, is_exit);
	assert_string_equal(watched->events[index].comm, comm);
}

static void exec_and_exit_of_the_file_are_told_and_no_others(void **state)
{
	struct watched watched;
	int end_fd, other_fd;
	(void)state;
	need_bpf();
	watched_init(&watched);
	assert_ok(watch_open(watched.program, &watched.watch));
	pid_t other = start(watched.other, "--wait", NULL, &other_fd);
	pid_t pid = start(watched.program, "--wait", NULL, &end_fd);
	expect_events(&watched, 1);
	check(&watched, 0, pid, false, "watched");
	end(other, other_fd);
	end(pid, end_fd);
	expect_events(&watched, 2);
	check(&watched, 1, pid, true, "watched");
	watched_deinit(&watched);
}

static void those_that_ran_before_are_told_of_when_they_end(void **state)
{
	struct watched watched;
	int end_fd;
	(void)state;
	need_bpf();
	watched_init(&watched);
	pid_t pid = start(watched.program, "--wait", NULL, &end_fd);
	assert_ok(watch_open(watched.program, &watched.watch));
	end(pid, end_fd);
	expect_events(&watched, 1);
	check(&watched, 0, pid, true, "watched");
	watched_deinit(&watched);
}

static void a_process_ends_with_its_last_thread_or_by_another_exec(void **state)
{
	struct watched watched;
	int end_fd;
	(void)state;
	need_bpf();
	watched_init(&watched);
	assert_ok(watch_open(watched.program, &watched.watch));
	pid_t pid = start(watched.program, "--threads", NULL, &end_fd);
	usleep(50000); /* some of its threads have ended, the first among them */
	expect_events(&watched, 1);
	end(pid, end_fd);
	expect_events(&watched, 2);
	check(&watched, 1, pid, true, "watched");

	pid = start(watched.program, "--exec", watched.other, &end_fd);
	expect_events(&watched, 4);
	check(&watched, 2, pid, false, "watched");
	check(&watched, 3, pid, true, "other");
	end(pid, end_fd);
	expect_events(&watched, 4);
	watched_deinit(&watched);
}

static void a_missing_file_is_told(void **state)
{
	struct watch *watch;
	(void)state;
	need_bpf();
	assert_error(watch_open("/nonexistent/file", &watch), ERR_NO_FILE,
		     "/nonexistent/file: No such file");
}

/* ------------------------------------------------- what the copies of us do */

static void *wait_for_end(void *unused)
{
	char byte;
	while (read(0, &byte, 1) > 0)
		;
	_exit(0);
	return unused;
}

static void *do_nothing(void *unused)
{
	return unused;
}

static int run_threads(void)
{
	pthread_t thread;
	for (int i = 0; i < 5; i++) {
		pthread_create(&thread, NULL, do_nothing, NULL);
		pthread_join(thread, NULL);
	}
	pthread_create(&thread, NULL, wait_for_end, NULL);
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--wait") == 0)
		wait_for_end(NULL);
	if (argc >= 2 && strcmp(argv[1], "--threads") == 0)
		return run_threads();
	if (argc >= 3 && strcmp(argv[1], "--exec") == 0)
		return execl(argv[2], argv[2], "--wait", NULL);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exec_and_exit_of_the_file_are_told_and_no_others),
	    cmocka_unit_test(those_that_ran_before_are_told_of_when_they_end),
	    cmocka_unit_test(a_process_ends_with_its_last_thread_or_by_another_exec),
	    cmocka_unit_test(a_missing_file_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
