/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_goroutine.c - where the goroutine that runs is: asked in a running program,
 * built with every Go compiler of the machine.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "test_symbols_go.h"

/* The main thread runs the main goroutine, and does not sleep. */
static const char source[] = "package main\n"
			     "import \"runtime\"\n"
			     "func init() { runtime.LockOSThread() }\n"
			     "func main() {\n"
			     "	println(\"ready\")\n"
			     "	for n := 0; ; n++ { if n < 0 { println(n) } }\n"
			     "}\n";
/* C code with thread-local variables of its own. */
static const char cgo_source[] = "package main\n"
				 "// static __thread int others[20];\n"
				 "// int other(int n) { return others[n]++; }\n"
				 "import \"C\"\n"
				 "func init() { C.other(3) }\n";

static int make_sources(void **state)
{
	if (make_scratch(state) != 0)
		return -1;
	find_compilers();
	shell("mkdir plain cgo && printf 'module example.org/g\\ngo 1.15\\n' > plain/go.mod && "
	      "cp plain/go.mod cgo");
	write_file("plain/main.go", source, sizeof(source) - 1);
	write_file("cgo/main.go", source, sizeof(source) - 1);
	write_file("cgo/c.go", cgo_source, sizeof(cgo_source) - 1);
	return 0;
}

static bool read_memory(pid_t pid, uint64_t address, uint64_t *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	return pread(fd, ret, sizeof(*ret), (off_t)address) == sizeof(*ret);
}

/* Runs the steps of a piece in a stopped thread. */
static uint64_t evaluate(pid_t pid, const struct user_regs_struct *regs,
			 const struct where_piece *piece)
{
	uint64_t stack[8] = {0}, *top = stack;

	assert_int_equal(piece->kind, PIECE_VALUE);
	for (size_t i = 0; i < piece->step_count; i++) {
		const struct where_step *step = &piece->steps[i];
		switch ((int)step->op) {
		case WHERE_CONSTANT:
			*++top = (uint64_t)step->number;
			break;
		case WHERE_REGISTER:
			assert_int_equal(step->number, 14);
			*++top = regs->r14;
			break;
		case WHERE_FSBASE:
			*++top = regs->fs_base;
			break;
		case WHERE_ADD:
			top--;
			*top += top[1];
			break;
		case WHERE_LOAD:
			assert_true(read_memory(pid, *top, top));
			break;
		default:
			fail_msg("step %d", step->op);
		}
	}
	return *top;
}

static int64_t time_on_cpu_ns(pid_t pid)
{
	clockid_t clock;
	struct timespec time;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

/* From printing to its loop it is not far: it is there when it has run for a while. */
static void wait_for_loop(pid_t pid)
{
	int64_t start = time_on_cpu_ns(pid);

	while (time_on_cpu_ns(pid) < start + 20000000)
		usleep(1000);
}

/* Starts the program and stops it after it has said "ready". */
static pid_t start_stopped(const char *path, struct user_regs_struct *regs)
{
	char text[6] = "";
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDERR_FILENO);
		setenv("GODEBUG", "asyncpreemptoff=1", 1); /* nothing takes it out of its loop */
		execl(path, path, NULL);
		_exit(127);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], text, 5), 5);
	assert_string_equal(text, "ready");
	wait_for_loop(pid);
	assert_int_equal(ptrace(PTRACE_ATTACH, pid, 0, 0), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(ptrace(PTRACE_GETREGS, pid, 0, regs), 0);
	close(ends[0]);
	return pid;
}

static void the_main_goroutine_has_number_1(void **state)
{
	static const struct {
		const char *folder, *flags;
	} builds[] = {
	    {"plain", ""},
	    {"plain", "-ldflags='-s -w'"},
	    {"plain", "-buildmode=pie -ldflags='-s -w'"},
	    {"cgo", ""},
	    {"cgo", "-ldflags='-s -w'"},
	};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count * ARRAY_SIZE(builds); i++) {
		size_t build = i % ARRAY_SIZE(builds);
		struct user_regs_struct regs;
		struct goroutine goroutine;
		struct image *image;
		build_folder(i / ARRAY_SIZE(builds), builds[build].folder, "g",
			     builds[build].flags);
		assert_no_error(image_open(in_scratch("g"), NULL, &image));
		assert_true(image_goroutine(image, false, &goroutine));
		pid_t pid = start_stopped(in_scratch("g"), &regs);
		uint64_t id = evaluate(pid, &regs, &goroutine.id);
		uint64_t g, hi;
		assert_true(read_memory(pid, regs.fs_base + (uint64_t)goroutine.tls, &g));
		assert_true(read_memory(pid, g + (uint64_t)goroutine.stack_hi, &hi));
		if (id != 1 || regs.rsp >= hi || hi - regs.rsp > 65536)
			fail_msg("%s, %s: goroutine %lu, %lx below %lx",
				 compilers[i / ARRAY_SIZE(builds)], builds[build].flags,
				 (unsigned long)id, (unsigned long)regs.rsp, (unsigned long)hi);
		/* The loop calls nothing: %r14 is still what it was at main's entry. */
		if (!strstr(image_go_version(image), "go1.15")) {
			assert_true(image_goroutine(image, true, &goroutine));
			assert_int_equal(evaluate(pid, &regs, &goroutine.id), 1);
			assert_int_equal(regs.r14, g);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		image_unref(image);
	}
}

static void what_is_not_go_has_no_goroutines(void **state)
{
	struct goroutine goroutine;
	struct image *image;

	(void)state;
	assert_no_error(image_open("/proc/self/exe", NULL, &image));
	assert_false(image_goroutine(image, false, &goroutine));
	image_unref(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_main_goroutine_has_number_1),
	    cmocka_unit_test(what_is_not_go_has_no_goroutines),
	};

	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
