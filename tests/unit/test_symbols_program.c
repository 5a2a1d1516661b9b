/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs and processes: found, refused, and their libraries. */
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <sys/wait.h>

#include "test_symbols.h"

/* ------------------------------------------------------------------ opening */

static void a_bare_name_is_found_in_path(void **state)
{
	struct program *program;

	(void)state;
	assert_no_error(program_open("bash", &program));
	assert_non_null(strstr(program_path(program), "/bash"));
	assert_string_equal(image_path(program_executable(program)), program_path(program));
	program_free(program);
	assert_error(program_open("no-such-program-here", &program), ERR_NO_FILE, "in PATH");
	assert_error(program_open("./no-such-program-here", &program), ERR_NO_FILE, "No such file");
	assert_error(program_open("ldd", &program), ERR_NOT_ELF, "a script run by");
}

static void processes_that_cannot_be_traced_say_why(void **state)
{
	struct program *program;

	(void)state;
	assert_error(program_of_process(0x7ffffff0, &program), ERR_NO_PROCESS, "no process");
	assert_error(program_of_process(0, &program), ERR_NO_PROCESS, "no process");
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	assert_error(program_of_process(child, &program), ERR_NO_PROCESS, "has ended");
	waitpid(child, NULL, 0);
	if (access("/proc/2/exe", F_OK) != 0 && access("/proc/2/status", F_OK) == 0 &&
	    geteuid() == 0)
		assert_error(program_of_process(2, &program), ERR_NO_PROCESS, "kernel thread");
}

static void another_users_process_names_owner_and_capability(void **state)
{
	struct program *program;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid_t child = fork();
	if (child == 0) {
		bool is_right = setuid(65534) == 0;
		struct error *err = program_of_process(getppid(), &program);
		is_right = is_right && err && err->tag == ERR_PERMISSION &&
			   strstr(err->message, "belongs to root") &&
			   strstr(err->message, "CAP_SYS_PTRACE") && strstr(err->hint, "setcap");
		_exit(is_right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --------------------------------------------------------------- this process */

struct base {
	const char *part;
	uint64_t address;
};

static int note_base(struct dl_phdr_info *info, size_t size, void *context)
{
	struct base *base = context;

	(void)size;
	if (strstr(info->dlpi_name, base->part))
		base->address = info->dlpi_addr;
	return 0;
}

static void a_process_is_seen_as_it_is_mapped(void **state)
{
	struct program *program;
	struct image *libc;
	place_list places = {0};
	struct base base = {.part = "libc.so.6"};
	uint64_t address;
	char self[256] = {0};

	(void)state;
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_no_error(program_of_process(getpid(), &program));
	assert_string_equal(program_path(program), self);
	assert_no_error(program_module(program, "libc", &libc));
	assert_no_error(resolve(program, "libc:getpid", &places));
	assert_int_equal(places.size, 1);
	assert_ptr_equal(places.data[0].image, libc);
	dl_iterate_phdr(note_base, &base);
	/* The function found in the file is the one this process calls. */
	uint64_t in_memory = (uint64_t)(uintptr_t)dlsym(RTLD_DEFAULT, "getpid");
	assert_int_equal(base.address + places.data[0].address, in_memory);
	assert_true(process_locate_ip(getpid(), in_memory + 3, libc, &address));
	assert_int_equal(address, places.data[0].address + 3);
	assert_false(process_locate_ip(getpid(), in_memory, program_executable(program), &address));
	assert_false(process_locate_ip(getpid(), 16, libc, &address));
	place_list_deinit(&places);
	program_free(program);
}

static void a_library_is_found_by_any_of_its_names(void **state)
{
	static const char *const names[] = {"libc.so.6",
					    "libc",
					    "c",
					    "libc.so",
					    "/lib/x86_64-linux-gnu/libc.so.6",
					    "/usr/lib/x86_64-linux-gnu/libc.so.6"};
	struct program *programs[2];
	struct image *first, *image;

	(void)state;
	assert_no_error(program_of_process(getpid(), &programs[0]));
	assert_no_error(program_open("bash", &programs[1]));
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		assert_no_error(program_module(programs[i], "libc.so.6", &first));
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			assert_no_error(program_module(programs[i], names[j], &image));
			if (image != first)
				fail_msg("%s is %s", names[j], image_path(image));
		}
		assert_error(program_module(programs[i], "libcc.so.6", &image), ERR_NO_MODULE,
			     "did you mean `libc.so.6`");
		program_free(programs[i]);
	}
}

static void a_deleted_executable_is_still_read(void **state)
{
	struct program *program;
	int ready[2];

	(void)state;
	shell("cp /bin/sleep gone");
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(ready[1], 1);
		execl(in_scratch("gone"), "gone", "100", NULL);
		_exit(1);
	}
	char *exe = xasprintf("/proc/%d/exe", child);
	char path[256] = "";
	for (int i = 0; i < 60000 && !strstr(path, "gone"); i++) {
		usleep(1000);
		memset(path, 0, sizeof(path));
		if (readlink(exe, path, sizeof(path) - 1) < 0)
			break;
	}
	shell("rm gone");
	assert_no_error(program_of_process(child, &program));
	assert_string_equal(program_path(program), in_scratch("gone"));
	assert_string_equal(image_path(program_executable(program)), exe);
	program_free(program);
	free(exe);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

/* -------------------------------------------------------- not running, or later */

static void count_modules(void *context, struct image *image)
{
	(void)image;
	++*(size_t *)context;
}

static void libraries_of_a_file_are_those_the_loader_would_take(void **state)
{
	struct program *program;
	struct image *image;
	size_t count = 0;

	(void)state;
	shell("mkdir -p lib/deep && printf 'int inner(void) { return 1; }' > inner.c && "
	      "printf 'int inner(void); int outer(void) { return inner(); }' > outer.c && "
	      "printf 'int outer(void); int main(void) { return outer(); }' > main.c && "
	      "gcc -shared -fPIC -Wl,-soname,libinner.so.1 -o lib/deep/libinner.so.1 inner.c && "
	      "gcc -shared -fPIC -Wl,-soname,libouter.so -o lib/libouter.so outer.c "
	      "lib/deep/libinner.so.1 "
	      "-Wl,-rpath,'$ORIGIN/deep' && "
	      "gcc -o main main.c lib/libouter.so -Wl,-rpath,'${ORIGIN}/none:$ORIGIN/lib' "
	      "-Wl,--allow-shlib-undefined && ./main; test $? = 1");
	assert_no_error(program_open(in_scratch("main"), &program));
	assert_no_error(program_module(program, "outer", &image));
	assert_no_error(program_module(program, "inner", &image));
	assert_non_null(strstr(image_name(image), "/lib/deep/libinner.so.1"));
	program_each_module(program, count_modules, &count);
	assert_int_equal(count, 5); /* main, libouter, libinner, libc, the loader */
	place_list places = {0};
	assert_no_error(resolve(program, "inner", &places));
	assert_int_equal(places.size, 1);
	assert_ptr_equal(places.data[0].image, image);
	place_list_deinit(&places);
	program_free(program);
}

static void a_library_loaded_later_is_found(void **state)
{
	struct program *program;
	struct image *image;

	(void)state;
	shell("printf 'int late(void) { return 3; }' > late.c && gcc -shared -fPIC -o liblate.so "
	      "late.c");
	assert_no_error(program_of_process(getpid(), &program));
	assert_error(program_module(program, "liblate", &image), ERR_NO_MODULE, "liblate");
	/* By path before it is loaded; by name after. */
	assert_no_error(program_module(program, in_scratch("liblate.so"), &image));
	program_free(program);

	assert_no_error(program_of_process(getpid(), &program));
	assert_error(program_module(program, "liblate", &image), ERR_NO_MODULE, "liblate");
	void *handle = dlopen(in_scratch("liblate.so"), RTLD_NOW);
	assert_non_null(handle);
	assert_no_error(program_module(program, "liblate", &image));
	program_free(program);
	dlclose(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bare_name_is_found_in_path),
	    cmocka_unit_test(processes_that_cannot_be_traced_say_why),
	    cmocka_unit_test(another_users_process_names_owner_and_capability),
	    cmocka_unit_test(a_process_is_seen_as_it_is_mapped),
	    cmocka_unit_test(a_library_is_found_by_any_of_its_names),
	    cmocka_unit_test(a_deleted_executable_is_still_read),
	    cmocka_unit_test(libraries_of_a_file_are_those_the_loader_would_take),
	    cmocka_unit_test(a_library_loaded_later_is_found),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
