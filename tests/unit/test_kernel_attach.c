/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel_attach.c - sites of a running process, by both methods. */
#include <sys/mount.h>

#include "test_kernel.h"

static struct kernel_program *load_counting(struct kernel *kernel, pid_t pid, size_t site_count)
{
	struct code code = {.count = 0};
	code_counting(&code, pid, kernel_method(kernel) == ATTACH_MULTI);
	return load_code(kernel, &code, site_count);
}

static void every_call_of_the_process_is_counted(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	assert_ok(attach_to(program, target.pid, hit_a));
	target_call(&target, hit_a, 0, 12345);
	target_call(&target, hit_b, 0, 100);
	hit_a(0); /* this process is not meant */
	assert_int_equal(hits_of(program), 12345);
	kernel_detach(&program, 1);
	target_call(&target, hit_a, 0, 10);
	assert_int_equal(hits_of(program), 12345);
	assert_ok(attach_to(program, target.pid, hit_b));
	target_call(&target, hit_b, 0, 10);
	assert_int_equal(hits_of(program), 12355);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

static void without_a_pid_all_processes_count(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, 0, 1);
	assert_ok(attach_to(program, 0, hit_a));
	target_call(&target, hit_a, 0, 5);
	hit_a(0);
	assert_int_equal(hits_of(program), 6);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

static void *call_hit_a_7_times(void *unused)
{
	for (int i = 0; i < 7; i++)
		hit_a(0);
	return unused;
}

static void call_from_a_thread(uint64_t unused)
{
	pthread_t thread;
	(void)unused;
	pthread_create(&thread, NULL, call_hit_a_7_times, NULL);
	pthread_join(thread, NULL);
}

static void all_threads_of_the_process_count(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	assert_ok(attach_to(program, target.pid, hit_a));
	target_call(&target, call_from_a_thread, 0, 2);
	assert_int_equal(hits_of(program), 14);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

static void the_bytes_of_the_code_come_back(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	assert_int_equal(byte_of(target.pid, hit_a), 0x90);
	assert_ok(attach_to(program, target.pid, hit_a));
	assert_int_equal(byte_of(target.pid, hit_a), 0xcc);
	assert_int_equal(byte_of(getpid(), hit_a), 0x90);
	target_call(&target, hit_a, 0, 10);
	kernel_detach(&program, 1);
	assert_int_equal(byte_of(target.pid, hit_a), 0x90);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

/* As <sys/sdt.h> has them: in the data of the file, not in zeroed memory. */
static volatile unsigned short semaphore __attribute__((section(".probes"), used));

static void semaphores_are_up_while_their_site_is_attached(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	const void *address = (const void *)&semaphore;
	struct target target, other;
	target_start(&target);
	target_start(&other);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	const uint64_t offsets[] = {file_offset(hit_a), file_offset(hit_b)}, cookies[] = {0, 0};
	const uint64_t semaphores[] = {0, file_offset(address)};
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = target.pid,
					       .offsets = offsets,
					       .cookies = cookies,
					       .semaphores = semaphores,
					       .count = 2};
	assert_int_equal(byte_of(target.pid, address), 0);
	assert_ok(kernel_attach(program, &request));
	assert_int_equal(byte_of(target.pid, address), 1);
	assert_int_equal(byte_of(other.pid, address), 0);
	assert_int_equal(byte_of(getpid(), address), 0);
	target_call(&target, hit_a, 0, 3);
	target_call(&target, hit_b, 0, 5);
	assert_int_equal(hits_of(program), 8);
	kernel_detach(&program, 1);
	assert_int_equal(byte_of(target.pid, address), 0);
	kernel_unload(program);
	target_stop(&target);
	target_stop(&other);
	kernel_close(kernel);
}

static void cookies_tell_sites_apart(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 4096);
	if (kernel_method(kernel) != ATTACH_MULTI) {
		kernel_close(kernel);
		skip();
	}
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, target.pid, 8);
	const uint64_t offsets[] = {file_offset(hit_a), file_offset(hit_b)}, cookies[] = {7, 2};
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = target.pid,
					       .offsets = offsets,
					       .cookies = cookies,
					       .count = 2};
	assert_ok(kernel_attach(program, &request));
	target_call(&target, hit_a, 0, 3);
	target_call(&target, hit_b, 0, 5);
	assert_int_equal(counters_of(program, 7).hits, 3);
	assert_int_equal(counters_of(program, 2).hits, 5);
	assert_int_equal(counters_of(program, 0).hits, 0);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

/* Two rows for each of four sites: cookies that stand for rows are those of half as many sites. */
static void counters_are_the_sum_of_a_sites_rows(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 4096);
	if (kernel_method(kernel) != ATTACH_MULTI) {
		kernel_close(kernel);
		skip();
	}
	struct target target;
	struct kernel_program *program = NULL;
	struct code code = {.count = 0};
	target_start(&target);
	code_counting(&code, target.pid, true);
	const struct load_request load = {
	    .insns = code.insns, .insn_count = code.count, .site_count = 4, .counter_rows = 2};
	const uint64_t offsets[] = {file_offset(hit_a), file_offset(hit_b)}, cookies[] = {6, 7};
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = target.pid,
					       .offsets = offsets,
					       .cookies = cookies,
					       .count = 2};
	assert_ok(kernel_load(kernel, &load, &program));
	assert_ok(kernel_attach(program, &request));
	target_call(&target, hit_a, 0, 3);
	target_call(&target, hit_b, 0, 5);
	assert_int_equal(counters_of(program, 3).hits, 8);
	assert_int_equal(counters_of(program, 2).hits, 0);
	assert_int_equal(counters_of(program, 4).hits, 0);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

static void rows_are_as_many_as_cpus_until_there_are_many_sites(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_ANY, 4096);
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	unsigned one = kernel_counter_rows(kernel, 1),
		 million = kernel_counter_rows(kernel, 1 << 20);
	assert_true(one >= cpus && one < 2 * cpus);
	assert_int_equal(million, 1);
	assert_true(kernel_counter_rows(kernel, 1000) <= one);
	kernel_close(kernel);
}

/* ---------------------------------------------------------------- and exec */

static pid_t start_held(int *ret_go, const char *program)
{
	int go[2];
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char byte;
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			execl(program, program, "--hit", "25", NULL);
		_exit(127);
	}
	close(go[0]);
	*ret_go = go[1];
	return pid;
}

static void assert_exits_well(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_child_that_has_not_execed_yet_is_traced_from_its_start(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	int go;
	pid_t pid = start_held(&go, "/proc/self/exe");
	struct kernel_program *program = load_counting(kernel, pid, 1);
	assert_ok(attach_to(program, pid, hit_a));
	assert_int_equal(write(go, "x", 1), 1);
	assert_exits_well(pid);
	assert_int_equal(hits_of(program), 25);
	kernel_unload(program);
	close(go);
	kernel_close(kernel);
}

static void a_path_may_hold_spaces_and_signs(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	char directory[] = "/tmp/moontap-test-XXXXXX", path[64];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/a b:c#(1)", directory);
	copy_self(path);
	struct kernel_program *program = load_counting(kernel, 0, 1);
	const uint64_t offset = file_offset(hit_a), cookie = 0;
	const struct attach_request request = {
	    .path = path, .offsets = &offset, .cookies = &cookie, .count = 1};
	assert_ok(kernel_attach(program, &request));
	int go;
	pid_t pid = start_held(&go, path);
	assert_int_equal(write(go, "x", 1), 1);
	assert_exits_well(pid);
	assert_int_equal(hits_of(program), 25);
	kernel_unload(program);
	close(go);
	unlink(path);
	rmdir(directory);
	kernel_close(kernel);
}

/* --------------------------------------------------------------- refusals */

static void one_bad_site_attaches_nothing_and_is_named(void **state)
{
	enum attach_method method = need_method(state);
	struct kernel *kernel = open_kernel(method, 4096);
	struct target target;
	target_start(&target);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	uint64_t offsets[100];
	const uint64_t cookies[100] = {0};
	for (size_t i = 0; i < 100; i++)
		offsets[i] = file_offset(many + 2 * i);
	offsets[77] = file_offset(hit_locked);
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = target.pid,
					       .offsets = offsets,
					       .cookies = cookies,
					       .count = 100};
	char wanted[80];
	snprintf(wanted, sizeof(wanted), "offset 0x%llx: the kernel cannot probe",
		 (unsigned long long)offsets[77]);
	assert_error(kernel_attach(program, &request), ERR_ATTACH,
		     method == ATTACH_MULTI ? wanted : "the kernel cannot probe");
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(byte_of(target.pid, many + 2 * i), 0x90);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

static void what_cannot_be_attached_says_why(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	target_stop(&target);
	const struct {
		const char *path;
		pid_t pid;
		enum error_tag tag;
		const char *part;
	} cases[] = {
	    {"/proc/self/exe", target.pid, ERR_NO_PROCESS, "has exited"},
	    {"/nonexistent", 0, ERR_ATTACH, "/nonexistent: cannot attach: No such file"},
	    {"/usr", 0, ERR_ATTACH, "/usr: cannot attach: it is not a regular file"},
	};
	struct kernel_program *program = load_counting(kernel, 0, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t offset = file_offset(hit_a), cookie = 0;
		const struct attach_request request = {.path = cases[i].path,
						       .pid = cases[i].pid,
						       .offsets = &offset,
						       .cookies = &cookie,
						       .count = 1};
		assert_error(kernel_attach(program, &request), cases[i].tag, cases[i].part);
	}
	kernel_unload(program);
	kernel_close(kernel);
}

/* ------------------------------------------------------------------ scale */

static void five_thousand_sites_come_and_go_fast(void **state)
{
	struct kernel *kernel = open_kernel(need_method(state), 4096);
	struct target target;
	target_start(&target);
	bool is_multi = kernel_method(kernel) == ATTACH_MULTI;
	struct kernel_program *program = load_counting(kernel, target.pid, MANY_SITES);
	uint64_t *offsets = xcalloc(MANY_SITES, 8), *cookies = xcalloc(MANY_SITES, 8);
	for (size_t i = 0; i < MANY_SITES; i++) {
		offsets[i] = (i ? offsets[0] : file_offset(many)) + 2 * i;
		cookies[i] = i;
	}
	const struct attach_request request = {.path = "/proc/self/exe",
					       .pid = target.pid,
					       .offsets = offsets,
					       .cookies = cookies,
					       .count = MANY_SITES};
	double start = seconds_now();
	assert_ok(kernel_attach(program, &request));
	double attached = seconds_now();
	for (size_t i = 0; i < MANY_SITES; i += 499)
		target_call(&target, (void (*)(uint64_t))(uintptr_t)(many + 2 * i), 0, 2);
	assert_int_equal(counters_of(program, is_multi ? 499 : 0).hits, is_multi ? 2 : 22);
	double before = seconds_now();
	kernel_detach(&program, 1);
	double after = seconds_now();
	print_message("%d sites: attach %.1f ms, detach %.1f ms\n", MANY_SITES,
		      (attached - start) * 1e3, (after - before) * 1e3);
	/* Detached one by one, they would take minutes. */
	assert_true(attached - start < 30 && after - before < 30);
	for (size_t i = 0; i < MANY_SITES; i += 7)
		assert_int_equal(byte_of(target.pid, many + 2 * i), 0x90);
	free(offsets);
	free(cookies);
	kernel_unload(program);
	target_stop(&target);
	kernel_close(kernel);
}

#define FEW_PROGRAMS  10
#define MANY_PROGRAMS 200

static void two_hundred_programs_detach_in_the_time_of_a_few(void **state)
{
	(void)state;
	need_bpf();
	struct kernel *kernel = open_kernel(ATTACH_MULTI, 4096);
	struct kernel_program *programs[MANY_PROGRAMS];
	struct target target;
	target_start(&target);
	for (int i = 0; i < MANY_PROGRAMS; i++) {
		programs[i] = load_counting(kernel, target.pid, 1);
		assert_ok(attach_to(programs[i], target.pid, hit_a));
	}
	target_call(&target, hit_a, 0, 3);
	double before = seconds_now();
	for (int i = 0; i < FEW_PROGRAMS; i++)
		kernel_detach(&programs[i], 1);
	double between = seconds_now();
	kernel_detach(&programs[FEW_PROGRAMS], MANY_PROGRAMS - FEW_PROGRAMS);
	double after = seconds_now();
	print_message("%d programs: detach %.1f ms one by one, %d: %.1f ms\n", FEW_PROGRAMS,
		      (between - before) * 1e3, MANY_PROGRAMS - FEW_PROGRAMS,
		      (after - between) * 1e3);
	assert_true(after - between < 5 * (between - before)); /* one by one: 19 times that */
	assert_int_equal(byte_of(target.pid, hit_a), 0x90);
	target_call(&target, hit_a, 0, 3);
	for (int i = 0; i < MANY_PROGRAMS; i++) {
		assert_int_equal(hits_of(programs[i]), 3);
		kernel_unload(programs[i]);
	}
	target_stop(&target);
	kernel_close(kernel);
}

static size_t count_fds(void)
{
	size_t count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static size_t count_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t count = 0;
	for (int c; (c = getc(maps)) != EOF;)
		count += c == '\n';
	fclose(maps);
	return count;
}

static void cycle(enum attach_method method, struct target *target)
{
	struct kernel *kernel = open_kernel(method, 65536);
	struct kernel_program *program = load_counting(kernel, target->pid, 1);
	assert_ok(attach_to(program, target->pid, hit_a));
	target_call(target, hit_a, 0, 3);
	assert_int_equal(hits_of(program), 3);
	kernel_unload(program);
	kernel_close(kernel);
}

static void a_hundred_cycles_leave_nothing_open(void **state)
{
	enum attach_method method = need_method(state);
	int cycles = method == ATTACH_MULTI ? 100 : 20; /* each perf event takes 0.1 s to go */
	struct target target;
	target_start(&target);
	cycle(method, &target);
	size_t fds = count_fds(), maps = count_maps();
	for (int i = 0; i < cycles; i++)
		cycle(method, &target);
	assert_int_equal(count_fds(), fds);
	assert_in_range(count_maps(), 0, maps + 10); /* a leak would be a hundred */
	target_stop(&target);
}

/* ------------------------------------------------------- a tracer's death */

static void run_doomed_tracer(enum attach_method method, pid_t pid, int ready)
{
	struct kernel *kernel = open_kernel(method, 4096);
	struct kernel_program *program = load_counting(kernel, pid, 1);
	assert_ok(attach_to(program, pid, hit_a));
	if (write(ready, "x", 1) == 1)
		pause();
	_exit(1);
}

static void a_killed_tracer_leaves_the_code_as_it_was(void **state)
{
	enum attach_method method = need_method(state);
	struct target target;
	target_start(&target);
	int ready[2];
	char byte;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t tracer = fork();
	if (tracer == 0)
		run_doomed_tracer(method, target.pid, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(byte_of(target.pid, hit_a), 0xcc);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	for (int i = 0; i < 60000 && byte_of(target.pid, hit_a) != 0x90; i++)
		usleep(1000);
	assert_int_equal(byte_of(target.pid, hit_a), 0x90);
	target_stop(&target);
}

/* The definitions of tracefs events that begin so. */
static size_t count_events(const char *start)
{
	int context = (int)fsopen("tracefs", FSOPEN_CLOEXEC);
	fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	int mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	int fd = openat(mount, "uprobe_events", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	FILE *list = fdopen(fd, "r");
	char line[512];
	size_t count = 0;
	while (fgets(line, sizeof(line), list))
		count += strncmp(line, start, strlen(start)) == 0;
	fclose(list);
	close(mount);
	close(context);
	return count;
}

static void a_killed_tracers_events_are_removed_by_the_next(void **state)
{
	a_killed_tracer_leaves_the_code_as_it_was(state);
	assert_true(count_events("p:moontap_") > 0);
	struct target target;
	target_start(&target);
	struct kernel *kernel = open_kernel(ATTACH_TRACEFS, 4096);
	assert_int_equal(count_events("p:moontap_"), 0);
	struct kernel_program *program = load_counting(kernel, target.pid, 1);
	assert_ok(attach_to(program, target.pid, hit_a));
	/* and a living tracer's are not */
	struct kernel *other = open_kernel(ATTACH_TRACEFS, 4096);
	assert_int_equal(count_events("p:moontap_"), 1);
	kernel_close(other);
	kernel_unload(program);
	assert_int_equal(count_events("p:moontap_"), 0);
	kernel_close(kernel);
	target_stop(&target);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--hit") == 0) {
		for (int i = atoi(argv[2]); i > 0; i--)
			hit_a(0);
		return 0;
	}
	const struct CMUnitTest tests[] = {
	    BY_BOTH_METHODS(every_call_of_the_process_is_counted),
	    BY_BOTH_METHODS(without_a_pid_all_processes_count),
	    BY_BOTH_METHODS(all_threads_of_the_process_count),
	    BY_BOTH_METHODS(the_bytes_of_the_code_come_back),
	    BY_BOTH_METHODS(semaphores_are_up_while_their_site_is_attached),
	    cmocka_unit_test(cookies_tell_sites_apart),
	    cmocka_unit_test(counters_are_the_sum_of_a_sites_rows),
	    cmocka_unit_test(rows_are_as_many_as_cpus_until_there_are_many_sites),
	    BY_BOTH_METHODS(a_child_that_has_not_execed_yet_is_traced_from_its_start),
	    BY_BOTH_METHODS(a_path_may_hold_spaces_and_signs),
	    BY_BOTH_METHODS(one_bad_site_attaches_nothing_and_is_named),
	    BY_BOTH_METHODS(what_cannot_be_attached_says_why),
	    cmocka_unit_test(two_hundred_programs_detach_in_the_time_of_a_few),
	    BY_BOTH_METHODS(five_thousand_sites_come_and_go_fast),
	    BY_BOTH_METHODS(a_hundred_cycles_leave_nothing_open),
	    BY_BOTH_METHODS(a_killed_tracer_leaves_the_code_as_it_was),
	    {"a killed tracer's tracefs events are removed by the next",
	     a_killed_tracers_events_are_removed_by_the_next, NULL, NULL, &tested_tracefs},
	};
	choose_methods();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
