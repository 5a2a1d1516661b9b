/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every kind of value of C, C++ and Rust, read by its name where its function begins and
 * where its own code does: in programs that say themselves what they hold
 * (tests/targets/values.*), by two compilers, with and without optimization. */
#include "test_symbols_live.h"

static const struct build {
	const char *name, *command;
} builds[] = {
#define C_BUILDS(compiler, cxx, level, version)                                                 \
	{"c-" compiler level version,                                                           \
	 compiler " -O" level " -gdwarf-" version " -o c-" compiler level version " values.c"}, \
	    {"cc-" compiler level version,                                                      \
	     cxx " -O" level " -gdwarf-" version " -o cc-" compiler level version " values.cc"},
#define RUST_BUILD(level)                                       \
	{"rs-" level,                                           \
	 "rustc=/usr/bin/rustc; [ -x $rustc ] || rustc=rustc; " \
	 "$rustc --edition 2021 -g -C opt-level=" level " -o rs-" level " values.rs 2>rustc.log"},
    C_BUILDS("gcc", "g++", "0", "4") C_BUILDS("gcc", "g++", "0", "5")
	C_BUILDS("gcc", "g++", "2", "4") C_BUILDS("gcc", "g++", "2", "5")
	    C_BUILDS("clang", "clang++", "0", "4") C_BUILDS("clang", "clang++", "0", "5")
		C_BUILDS("clang", "clang++", "2", "4") C_BUILDS("clang", "clang++", "2", "5")
		    RUST_BUILD("0") RUST_BUILD("2")
    /* Debug information in pieces, in other files, compressed. */
    {"c-types-0", "gcc -O0 -gdwarf-4 -fdebug-types-section -o c-types-0 values.c"},
    {"cc-types-0", "g++ -O0 -gdwarf-5 -fdebug-types-section -o cc-types-0 values.cc"},
    {"cc-split-0", "g++ -O0 -g -gsplit-dwarf -o cc-split-0 values.cc"},
    {"cc-gz-0", "g++ -O0 -g -gz -o cc-gz-0 values.cc"},
    {"cc-dwz-0", "cp cc-gcc04 cc-dwz-0 && cp cc-gcc04 twin && dwz -m common cc-dwz-0 twin"},
    {"cc-separate-0", "cp cc-gcc05 cc-separate-0 && "
		      "objcopy --only-keep-debug cc-separate-0 separate.debug && "
		      "strip cc-separate-0 && "
		      "objcopy --add-gnu-debuglink=separate.debug cc-separate-0"},
    {"c-nopie", "gcc -O2 -no-pie -g -o c-nopie values.c"},
};

static int build_all(void **state)
{
	char *here = realpath("tests/targets", NULL);

	if (!here || make_scratch(state) != 0)
		return -1;
	shell("cp %s/values.* .", here);
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
		shell("%s", builds[i].command);
	free(here);
	return 0;
}

/* What a program says of one of its functions. */
struct expected {
	char *line;
	const char *function;
	char *paths[16]; /* PATH=VALUE */
	size_t count;
	uint64_t address; /* at which it is to be read */
	unsigned char byte;
	bool is_done;
};
typedef VECTOR(struct expected) expected_list;

static void read_expected(const char *path, expected_list *ret)
{
	const char *output = in_scratch("output");
	char line[1024];
	pid_t pid = live_fork(path, output, false);

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	FILE *file = fopen(output, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct expected *expected = vector_add(ret);
		char *save;
		line[strcspn(line, "\n")] = '\0';
		expected->line = xstrdup(line);
		expected->function = strtok_r(expected->line, "\t", &save);
		for (char *word; (word = strtok_r(NULL, "\t", &save));) {
			assert_true(expected->count < ARRAY_SIZE(expected->paths));
			expected->paths[expected->count++] = word;
		}
	}
	fclose(file);
	assert_true(ret->size > 5);
}

static uint64_t address_of(struct program *program, const char *location)
{
	place_list places = {0};

	assert_no_error(resolve(program, location, &places));
	assert_int_equal(places.size, 1);
	uint64_t address = places.data[0].address;
	place_list_deinit(&places);
	return address;
}

/* The first line of the function's own code. */
static uint64_t body_of(struct program *program, uint64_t address)
{
	struct line line;

	assert_true(image_line_at(program_executable(program), address, &line));
	CLEANUP(free_p) char *location = xasprintf("%s:%u", line.file, line.number + 1);
	return address_of(program, location);
}

static void check_at(const struct live *live, struct scope *scope, const struct expected *expected,
		     const char *where)
{
	for (size_t i = 0; i < expected->count; i++) {
		const char *sign = strchr(expected->paths[i], '=');
		CLEANUP(free_p)
		char *path = xstrndup(expected->paths[i], sign - expected->paths[i]);
		struct buffer text = {0};
		struct object object;

		buffer_puts(&text, "");
		if (!object_path(live, scope, path, &object))
			fail_msg("%s: %s: no %s", where, expected->function, path);
		put_object(live, &text, object, false);
		/* A vector register, at the entry. */
		bool is_vector =
		    object.type->kind == TYPE_FLOAT && strstr(text.data, "<unavailable in %xmm");
		if (strcmp(text.data, sign + 1) != 0 && !is_vector)
			fail_msg("%s: %s: %s is %s, not %s", where, expected->function, path,
				 text.data, sign + 1);
		buffer_deinit(&text);
	}
}

/* The target has stopped at one of the addresses. */
static void check_stop(struct live *live, struct program *program, expected_list *list,
		       const char *where)
{
	struct scope *scope;

	assert_int_equal(ptrace(PTRACE_GETREGS, live->pid, NULL, &live->registers), 0);
	uint64_t address = --live->registers.rip - live->base;
	for (size_t i = 0; i < list->size; i++) {
		struct expected *expected = &list->data[i];
		if (expected->address != address)
			continue;
		assert_no_error(scope_open(program_executable(program), address, &scope));
		check_at(live, scope, expected, where);
		scope_close(scope);
		live_poke(live, live->base + address, expected->byte);
		expected->is_done = true;
	}
	assert_int_equal(ptrace(PTRACE_SETREGS, live->pid, NULL, &live->registers), 0);
}

static void check_run(const struct build *build, bool is_body)
{
	expected_list list = {0};
	struct program *program;
	struct live live;
	int status;
	CLEANUP(free_p) char *path = xstrdup(in_scratch(build->name));
	CLEANUP(free_p)
	char *where = xasprintf("%s, %s", build->name, is_body ? "first line" : "entry");

	read_expected(path, &list);
	assert_no_error(program_open(path, &program));
	if (!live_start(path, &live)) {
		print_message("not allowed to trace: skipped\n");
		skip();
	}
	if (!image_is_pie(program_executable(program)))
		live.base = 0;
	for (size_t i = 0; i < list.size; i++) {
		struct expected *expected = &list.data[i];
		expected->address = address_of(program, expected->function);
		if (is_body)
			expected->address = body_of(program, expected->address);
		expected->byte = live_poke(&live, live.base + expected->address, 0xcc);
	}
	for (;;) {
		ptrace(PTRACE_CONT, live.pid, NULL, NULL);
		assert_int_equal(waitpid(live.pid, &status, 0), live.pid);
		if (!WIFSTOPPED(status))
			break;
		assert_int_equal(WSTOPSIG(status), SIGTRAP);
		check_stop(&live, program, &list, where);
	}
	assert_true(WIFEXITED(status));
	for (size_t i = 0; i < list.size; i++) {
		if (!list.data[i].is_done)
			fail_msg("%s: %s was not called", where, list.data[i].function);
		free(list.data[i].line);
	}
	vector_deinit(&list);
	program_free(program);
}

static void every_value_is_read_at_its_functions_entry(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
		check_run(&builds[i], false);
}

static void every_value_is_read_at_the_first_line_without_optimization(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
		if (strchr(builds[i].name, '0'))
			check_run(&builds[i], true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_value_is_read_at_its_functions_entry),
	    cmocka_unit_test(every_value_is_read_at_the_first_line_without_optimization),
	};
	return cmocka_run_group_tests(tests, build_all, remove_scratch);
}
