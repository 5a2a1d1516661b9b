/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_stack.c - stacks of real processes (tests/targets/stacks.c), found by unwind
 * tables and compared with what the process itself has noted.
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test_symbols.h"

enum {
	RIP = 16
};

static char source[1 << 16]; /* of the target */

/* What `stacks dump` writes, and the process that waits behind it. */
struct dumped {
	struct {
		uint64_t main, registers[STACK_REGISTERS], depth, chain[64], size;
	} head;
	unsigned char slice[16384];
	pid_t pid;
	int input;
};

static void read_whole(int fd, void *bytes, size_t size)
{
	for (char *at = bytes; size;) {
		ssize_t got = read(fd, at, size);
		assert_true(got > 0);
		at += got;
		size -= (size_t)got;
	}
}

static void start(struct dumped *ret, const char *program, const char *scenario)
{
	int input[2], output[2];

	assert_int_equal(pipe(input) | pipe(output), 0);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (ret->pid == 0) {
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		close(input[1]);
		execl(in_scratch(program), program, "dump", scenario, NULL);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	ret->input = input[1];
	read_whole(output[0], &ret->head, sizeof(ret->head));
	read_whole(output[0], ret->slice, ret->head.size);
	close(output[0]);
}

static void end(struct dumped *dumped)
{
	int status;

	close(dumped->input);
	assert_int_equal(waitpid(dumped->pid, &status, 0), dumped->pid);
	assert_int_equal(status, 0);
}

static const struct stack *find(struct stacks *stacks, const struct dumped *dumped, size_t count)
{
	return stacks_find(stacks, &(struct stack_capture){
				       .pid = dumped->pid,
				       .time_ns = UINT64_MAX,
				       .wanted = count,
				       .registers = dumped->head.registers,
				       .memory = dumped->slice,
				       .memory_size = dumped->head.size,
				   });
}

static bool is_of(const struct stack_frame *frame, const char *module)
{
	return frame->module && strcmp(frame->module, module) == 0;
}

/* The functions of one module's frames, without what was inlined. */
static char *names_of(const struct stack *stack, const char *module)
{
	struct buffer names = {0};

	for (size_t i = 0; i < stack->count; i++) {
		const struct stack_frame *frame = &stack->frames[i];
		if (is_of(frame, module) && !frame->is_inlined)
			buffer_printf(&names, "%s%s", names.size ? " " : "",
				      frame->function ? frame->function : "?");
	}
	return buffer_take(&names);
}

/* --------------------------------------------------------------- unwinding */

static const struct scenario {
	const char *name, *names; /* of the frames, but for the inlined */
} scenarios[] = {
    {"plain", "leaf outer do_scenario main _start"},
    {"recursion", "leaf recursive recursive recursive recursive do_scenario main _start"},
    {"busy", "leaf recursive recursive aligned busy do_scenario main _start"},
    {"sort", "leaf outer compare sort do_scenario main _start"},
    {"signal", "leaf outer handle interrupted do_scenario main _start"},
    {"thread", "leaf outer threaded"},
};

/* The return addresses into the program's own frames, as file addresses, in order; but for those
 * that the C library returns to, and has not noted. */
static size_t own_addresses(const struct stack *stack, const char *module, uint64_t *ret)
{
	size_t count = 0;

	for (size_t i = 1; i < stack->count; i++)
		if (is_of(&stack->frames[i], module) && is_of(&stack->frames[i - 1], module) &&
		    !stack->frames[i].is_inlined)
			ret[count++] = stack->frames[i].address;
	return count;
}

static uint64_t main_of(const char *program)
{
	place_list places = {0};
	struct program *opened;

	assert_no_error(program_open(in_scratch(program), &opened));
	assert_no_error(resolve(opened, "main", &places));
	uint64_t address = places.data[0].function.address;
	place_list_deinit(&places);
	program_free(opened);
	return address;
}

static void check_addresses(const struct dumped *dumped, const struct stack *stack,
			    const char *program, const char *scenario)
{
	uint64_t have[STACK_FRAMES_MAX * 2], main_address = main_of(program);
	size_t count = own_addresses(stack, program, have), at = 0;

	for (size_t i = dumped->head.depth; i-- > 0;) {
		uint64_t wanted = dumped->head.chain[i] - dumped->head.main + main_address;
		if (wanted > 0x1000000) /* the C library's */
			continue;
		if (at == count || have[at] != wanted)
			fail_msg("%s %s: frame %zu is 0x%lx, wanted 0x%lx", program, scenario, at,
				 at < count ? have[at] : 0, wanted);
		at++;
	}
	assert_int_equal(at, count);
}

static void check_scenario(const char *program, const struct scenario *scenario)
{
	struct stacks *stacks = stacks_new();
	struct dumped dumped = {0};

	start(&dumped, program, scenario->name);
	const struct stack *stack = find(stacks, &dumped, STACK_FRAMES_MAX);
	char *names = names_of(stack, program);
	if (stack->end || strcmp(names, scenario->names) != 0)
		fail_msg("%s %s: %s, wanted %s; %s", program, scenario->name, names,
			 scenario->names, stack->end ? stack->end : "complete");
	check_addresses(&dumped, stack, program, scenario->name);
	/* Nothing is missing if the memory is: the stack says where it was cut. */
	dumped.head.size = 8;
	stack = find(stacks, &dumped, STACK_FRAMES_MAX);
	assert_string_equal(stack->frames[0].function, "leaf");
	assert_non_null(stack->end);
	free(names);
	end(&dumped);
	stacks_free(stacks);
}

static void what_a_process_has_noted_is_found_by_its_tables(void **state)
{
	static const char *const compilers[] = {"gcc", "clang"};
	static const char *const flags[] = {
	    "-O0",
	    "-O2 -fomit-frame-pointer",
	    "-O2 -fno-omit-frame-pointer",
	    "-O2 -fomit-frame-pointer -no-pie -fno-pie",
	    "-O1 -fno-asynchronous-unwind-tables -fno-unwind-tables -gdwarf-4 -g",
	    "-Os -fcf-protection",
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(compilers); c++)
		for (size_t f = 0; f < ARRAY_SIZE(flags); f++) {
			shell("%s %s -pthread -o p stacks.c", compilers[c], flags[f]);
			for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
				check_scenario("p", &scenarios[i]);
		}
}

/* Where a text stands in the source of the target. */
static unsigned line_of(const char *text)
{
	const char *at = strstr(source, text);
	unsigned line = 1;

	assert_non_null(at);
	for (const char *c = source; c < at; c++)
		line += *c == '\n';
	return line;
}

static void inlined_calls_are_frames_with_the_lines_of_their_calls(void **state)
{
	static const char *const builds[] = {
	    "gcc -O2 -gdwarf-5",
	    "gcc -O2 -gdwarf-4",
	    "clang -O2 -gdwarf-5",
	    "clang -O1 -gdwarf-4",
	    "gcc -O2 -gdwarf-5 -gsplit-dwarf",
	};
	static const struct {
		const char *function, *text;
		bool is_inlined;
	} wanted[] = {
	    {"leaf", "CAPTURE;\n\tdump", false},
	    {"inner_inlined", "leaf(x + 1)", true},
	    {"outer_inlined", "inner_inlined(x * 3)", true},
	    {"outer", "outer_inlined(x);", false},
	    {"do_scenario", "outer(7)", false},
	};

	(void)state;
	for (size_t b = 0; b < ARRAY_SIZE(builds); b++) {
		struct stacks *stacks = stacks_new();
		struct dumped dumped = {0};
		shell("%s -pthread -o p stacks.c", builds[b]);
		start(&dumped, "p", "plain");
		const struct stack *stack = find(stacks, &dumped, STACK_FRAMES_MAX);
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
			const struct stack_frame *frame = &stack->frames[i];
			assert_string_equal(frame->function, wanted[i].function);
			assert_int_equal(frame->is_inlined, wanted[i].is_inlined);
			assert_string_equal(basename(frame->line.file), "stacks.c");
			assert_int_equal(frame->line.number, line_of(wanted[i].text));
			assert_int_equal(frame->is_inlined && frame->offset, 0);
		}
		end(&dumped);
		stacks_free(stacks);
	}
}

/* --------------------------------------------------------------- processes */

static void a_process_that_has_ended_keeps_the_names_that_were_read(void **state)
{
	struct stacks *stacks = stacks_new(), *late = stacks_new();
	struct dumped dumped = {0};

	(void)state;
	shell("gcc -O2 -pthread -o p stacks.c");
	start(&dumped, "p", "recursion");
	stacks_read_process(stacks, dumped.pid);
	shell("rm p"); /* what is mapped counts, not what a path names by now */
	const struct stack *alive = find(stacks, &dumped, STACK_FRAMES_MAX);
	assert_string_equal(alive->frames[1].function, "recursive");
	end(&dumped);
	assert_ptr_equal(find(stacks, &dumped, STACK_FRAMES_MAX), alive);
	const struct stack *unknown = find(late, &dumped, STACK_FRAMES_MAX);
	assert_null(unknown->frames[0].function);
	assert_null(unknown->frames[0].module);
	assert_int_equal(unknown->frames[0].address, dumped.head.registers[RIP]);
	stacks_free(stacks);
	stacks_free(late);
}

static const struct stack *find_addresses(struct stacks *stacks, pid_t pid, uint64_t time_ns,
					  const uint64_t *addresses, size_t count)
{
	return stacks_find(stacks, &(struct stack_capture){.pid = pid,
							   .time_ns = time_ns,
							   .wanted = STACK_FRAMES_MAX,
							   .addresses = addresses,
							   .count = count});
}

/* No process has such a number. */
#define NO_PID 0x7ffffff0

static void map_file(struct stacks *stacks, pid_t pid, const char *path, uint64_t start)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	stacks_note_mapping(
	    stacks, pid,
	    &(struct mapping_notice){
		.start = start, .end = start + 0x100000, .inode = st.st_ino, .path = path});
}

/* The address of a function of a file, if the file is mapped as map_file does. */
static uint64_t address_in(const char *path, const char *name)
{
	struct program *program;
	place_list places = {0};
	uint64_t offset;

	assert_no_error(program_open(path, &program));
	assert_no_error(resolve(program, name, &places));
	assert_true(image_offset(places.data[0].image, places.data[0].function.address, &offset));
	place_list_deinit(&places);
	program_free(program);
	return offset;
}

static void names_are_of_the_program_that_the_process_ran_at_the_time(void **state)
{
	struct stacks *stacks = stacks_new();
	struct image *traced;

	(void)state;
	shell("gcc -O2 -pthread -o p stacks.c && echo 'int other(void) { return 1; }"
	      "int main(void) { return other(); }' | gcc -O1 -fno-inline -x c -o q -");
	const char *p = in_scratch("p"), *q = in_scratch("q");
	const uint64_t outer = 0x400000 + address_in(p, "outer");
	const uint64_t other = 0x400000 + address_in(q, "other");
	assert_no_error(image_open(p, NULL, &traced));
	stacks_add_image(stacks, traced);
	image_unref(traced);
	stacks_note_exec(stacks, NO_PID, 100);
	map_file(stacks, NO_PID, p, 0x400000);
	stacks_note_fork(stacks, NO_PID, NO_PID + 1, 150);
	stacks_note_exec(stacks, NO_PID, 200);
	map_file(stacks, NO_PID, q, 0x400000);
	assert_string_equal(find_addresses(stacks, NO_PID, 120, &outer, 1)->frames[0].function,
			    "outer");
	assert_string_equal(find_addresses(stacks, NO_PID, 220, &other, 1)->frames[0].function,
			    "other");
	assert_string_equal(find_addresses(stacks, NO_PID + 1, 160, &outer, 1)->frames[0].function,
			    "outer");
	/* Of what has ended, only what is traced is remembered. */
	stacks_note_exit(stacks, NO_PID);
	stacks_note_exit(stacks, NO_PID + 1);
	assert_string_equal(
	    find_addresses(stacks, NO_PID + 1, UINT64_MAX, &outer, 1)->frames[0].function, "outer");
	assert_string_equal(find_addresses(stacks, NO_PID, 120, &outer, 1)->frames[0].function,
			    "outer");
	stacks_free(stacks);
}

static void code_that_a_process_generates_has_the_names_it_gives(void **state)
{
	static const struct {
		uint64_t address;
		const char *function;
		uint64_t offset;
	} cases[] = {
	    {0x7000010, "LazyCompile:~f /a b.js:1", 0x10},
	    {0x7000020, NULL, 0},
	    {0x7000105, "second, the later", 5},
	    {0x7000200, NULL, 0},
	};
	static const char text[] = "7000000 20 LazyCompile:~f /a b.js:1\n"
				   "7000100 10 second\n"
				   "nonsense\n"
				   "7000100 10 second, the later\n"
				   "7000200 10 not yet ended";
	CLEANUP(free_p) char *path = xasprintf("/tmp/perf-%d.map", getpid());
	struct stacks *stacks = stacks_new();
	FILE *file = fopen(path, "we");

	(void)state;
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	stacks_note_exec(stacks, getpid(), 0);
	stacks_note_mapping(
	    stacks, getpid(),
	    &(struct mapping_notice){.start = 0x7000000, .end = 0x7001000, .path = ""});
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stack *stack =
		    find_addresses(stacks, getpid(), 0, &cases[i].address, 1);
		const struct stack_frame *frame = &stack->frames[0];
		if (!cases[i].function) {
			assert_null(frame->function);
			assert_int_equal(frame->address, cases[i].address);
			continue;
		}
		assert_string_equal(frame->function, cases[i].function);
		assert_int_equal(frame->offset, cases[i].offset);
	}
	remove(path);
	stacks_free(stacks);
}

static void what_frame_pointers_lead_to_is_shown_as_far_as_it_is_sure(void **state)
{
	struct stacks *stacks = stacks_new();

	(void)state;
	shell("gcc -O2 -fno-omit-frame-pointer -pthread -o p stacks.c && gcc -O2 -o q stacks.c");
	const char *p = in_scratch("p"), *q = in_scratch("q");
	const uint64_t outer = 0x400000 + address_in(p, "outer");
	const uint64_t leaf = 0x400000 + address_in(p, "leaf");
	const uint64_t without = 0x800000 + address_in(q, "outer") + 1;
	const struct {
		uint64_t addresses[4];
		const char *names, *end;
	} cases[] = {
	    /* A call that is its function's last instruction returns behind it. */
	    {{outer + 1, leaf + 4, leaf + 5, outer + 1}, "outer leaf leaf outer", NULL},
	    {{outer + 1, outer + 1, 0x1234, leaf}, "outer outer", "<cannot be unwound further>"},
	    {{outer + 1, without, outer + 1, leaf},
	     "outer outer",
	     "<no frame pointers from here on>"},
	};
	stacks_note_exec(stacks, NO_PID, 0);
	map_file(stacks, NO_PID, p, 0x400000);
	map_file(stacks, NO_PID, q, 0x800000);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer names = {0};
		const struct stack *stack =
		    find_addresses(stacks, NO_PID, 0, cases[i].addresses, 4);
		for (size_t k = 0; k < stack->count; k++)
			buffer_printf(&names, "%s%s", k ? " " : "", stack->frames[k].function);
		assert_string_equal(names.data, cases[i].names);
		assert_string_equal(stack->end ? stack->end : "", cases[i].end ? cases[i].end : "");
		buffer_deinit(&names);
	}
	/* An address that nothing is mapped at is shown if it is where the process was. */
	const uint64_t nowhere = 0x1234;
	assert_int_equal(find_addresses(stacks, NO_PID, 0, &nowhere, 1)->frames[0].address,
			 nowhere);
	stacks_free(stacks);
}

static void code_of_the_kernel_in_a_process_is_named_so(void **state)
{
	struct stacks *stacks = stacks_new();
	const uint64_t address = 0x7fff1234;

	(void)state;
	stacks_note_exec(stacks, NO_PID, 0);
	stacks_note_mapping(
	    stacks, NO_PID,
	    &(struct mapping_notice){.start = 0x7fff1000, .end = 0x7fff3000, .path = "[vdso]"});
	const struct stack *stack = find_addresses(stacks, NO_PID, 0, &address, 1);
	assert_null(stack->frames[0].function);
	assert_string_equal(stack->frames[0].module, "[vdso]");
	assert_int_equal(stack->frames[0].address, 0x234);
	stacks_free(stacks);
}

static void files_without_names_are_named_themselves(void **state)
{
	struct stacks *stacks = stacks_new();
	struct dumped dumped = {0};

	(void)state;
	shell("gcc -O2 -pthread -s -o p stacks.c");
	start(&dumped, "p", "plain");
	const struct stack *stack = find(stacks, &dumped, STACK_FRAMES_MAX);
	assert_null(stack->end); /* strip leaves the unwind tables */
	assert_null(stack->frames[0].function);
	assert_string_equal(stack->frames[0].module, "p");
	end(&dumped);
	stacks_free(stacks);
}

/* -------------------------------------------------------------------- kept */

static void equal_stacks_are_one_and_too_many_are_forgotten(void **state)
{
	struct stacks *stacks = stacks_new();
	const uint64_t first[] = {1, 2, 3}, other[] = {1, 2, 4};

	(void)state;
	const struct stack *stack = find_addresses(stacks, NO_PID, 0, first, 3);
	assert_ptr_equal(find_addresses(stacks, NO_PID, 0, first, 3), stack);
	assert_ptr_not_equal(find_addresses(stacks, NO_PID, 0, other, 3), stack);
	assert_ptr_not_equal(find_addresses(stacks, NO_PID, 0, first, 2), stack);
	unsigned generation = stack->generation;
	for (uint64_t i = 0; i < 20000; i++)
		stack = find_addresses(stacks, NO_PID, 0, &i, 1);
	assert_int_not_equal(stack->generation, generation);
	assert_true(stack->number < 20000 - 1);
	stacks_free(stacks);
}

/* ---------------------------------------------------------- frame pointers */

static void whether_code_keeps_frame_pointers_is_told_by_its_tables(void **state)
{
	static const struct {
		const char *command;
		bool is_kept;
	} cases[] = {
	    {"gcc -O2 -fno-omit-frame-pointer", true},
	    {"gcc -O2", false},
	    {"gcc -O0", true},
	    {"gcc -O1 -g -fno-asynchronous-unwind-tables -fno-unwind-tables", false},
	    {"gcc -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables", true},
	    {"clang -O2 -fno-omit-frame-pointer", true},
	    {"clang -O2", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image *image;
		shell("%s -pthread -o p stacks.c", cases[i].command);
		uint64_t address = main_of("p");
		assert_no_error(image_open(in_scratch("p"), NULL, &image));
		if (image_has_frame_pointers(image, address) != cases[i].is_kept)
			fail_msg("%s: %d", cases[i].command, !cases[i].is_kept);
		image_unref(image);
	}
}

static int make_sources(void **state)
{
	FILE *file = fopen("tests/targets/stacks.c", "re");

	assert_int_equal(make_scratch(state), 0);
	assert_non_null(file);
	write_file("stacks.c", source, fread(source, 1, sizeof(source) - 1, file));
	fclose(file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_process_has_noted_is_found_by_its_tables),
	    cmocka_unit_test(inlined_calls_are_frames_with_the_lines_of_their_calls),
	    cmocka_unit_test(a_process_that_has_ended_keeps_the_names_that_were_read),
	    cmocka_unit_test(names_are_of_the_program_that_the_process_ran_at_the_time),
	    cmocka_unit_test(code_that_a_process_generates_has_the_names_it_gives),
	    cmocka_unit_test(what_frame_pointers_lead_to_is_shown_as_far_as_it_is_sure),
	    cmocka_unit_test(code_of_the_kernel_in_a_process_is_named_so),
	    cmocka_unit_test(files_without_names_are_named_themselves),
	    cmocka_unit_test(equal_stacks_are_one_and_too_many_are_forgotten),
	    cmocka_unit_test(whether_code_keeps_frame_pointers_is_told_by_its_tables),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
