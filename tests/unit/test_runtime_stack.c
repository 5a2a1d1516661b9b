/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime_stack.c - stacks in Lua: their text, their frames, as keys.
 */
#include <unistd.h>

#include "test_capture.h"

/* No process has such a number: addresses stay addresses. */
#define NO_PID 0x7ffffff0

/* The bytes of a stack of addresses; valid until 8 more calls. */
static struct made_capture stack(pid_t pid, size_t count, const uint64_t *addresses)
{
	static uint64_t words[8][8];
	static size_t next;
	uint64_t *own = words[next++ % 8];

	own[0] = STACK_HEAD(pid, 7);
	memcpy(own + 1, addresses, count * sizeof(*own));
	return (struct made_capture){
	    .kind = CAPTURE_STACK, .slot = (1 + count) * sizeof(*own), .bytes = (const char *)own};
}

static const uint64_t two[] = {0x1000, 0x2000}, other[] = {0x1000, 0x3000};

static void a_stack_is_its_frames(void **state)
{
	static const struct {
		const char *statements, *output;
	} cases[] = {
	    {"print(v)", "    0x1000\n    0x2000\n"},
	    {"print(pid == nil, v, 1)", "false\n    0x1000\n    0x2000\n1\n"},
	    {"print(#v, v[1], v[2], v[3], v[0])", "2\t0x1000\t0x2000\tnil\tnil\n"},
	    {"print(type(v), tostring(v) == '    0x1000\\n    0x2000')", "userdata\ttrue\n"},
	    {"print('<' .. v .. '>')", "<    0x1000\n    0x2000>\n"},
	    {"printf('%s|\\n', v)", "    0x1000\n    0x2000|\n"},
	    {"emit{at = v}", "{\"at\":[\"0x1000\",\"0x2000\"]}\n"},
	    {"print(v == w, ok(v) == v)", "true\ttrue\n"},
	    {"print(v.name)", " a stack has no field \"name\": its frames are s[1] to s[#s]"},
	    {"print(v + 1)", " attempt to perform arithmetic on a stack value (local 'v')"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct made_capture made[] = {stack(NO_PID, 2, two), stack(NO_PID, 2, two)};
		block_prints(f, cases[i].statements, made, 2, cases[i].output);
	}
}

static void what_has_too_few_bytes_could_not_be_read(void **state)
{
	const struct made_capture nothing = {.kind = CAPTURE_STACK, .slot = 3, .bytes = "abc"};
	const struct made_capture unread = UNREAD(CAPTURE_STACK, NULL, MISSING_UNREADABLE);
	struct made_capture memory = stack(NO_PID, 2, two);

	memory.slot |= RECORD_STACK_MEMORY;
	prints(*state, "v", &nothing, 1, "<unreadable>");
	prints(*state, "v", &unread, 1, "<unreadable>");
	prints(*state, "v", &memory, 1, "<unreadable>");
}

static void functions_have_names_and_lines(void **state)
{
	const uint64_t address = (uint64_t)(uintptr_t)probed_function + 1;
	const struct made_capture made = stack(getpid(), 1, &address);

	prints(*state, "v[1]:match('^probed_function%+0x1 %(test_runtime.h:%d+%)$') ~= nil", &made,
	       1, "true");
}

static void an_address_has_a_name_and_a_line(void **state)
{
	struct fixture *f = *state;
	char script[300];

	snprintf(
	    script, sizeof(script),
	    "print(symbol(%#lx, %d):match('^probed_function%%+0x0 %%(test_runtime.h:%%d+%%)$') "
	    "~= nil, symbol(%#lx, %d), symbol(1, %d))",
	    (unsigned long)(uintptr_t)probed_function, getpid(), 0x10ul, getpid(), NO_PID);
	expect(f, script, "true\tnil\tnil\n");
}

/* The registers and the memory of a stack whose functions nobody knows: what is left is
 * where it was, and why there is no more. */
static void a_stack_that_cannot_be_unwound_says_so(void **state)
{
	static uint64_t words[1 + STACK_REGISTERS + 2] = {STACK_HEAD(NO_PID, 7)};
	const struct made_capture made = {
	    .kind = CAPTURE_STACK,
	    .slot = sizeof(words) | RECORD_STACK_MEMORY,
	    .bytes = (const char *)words,
	};

	words[1 + 16] = 0x5000;
	words[1 + 7] = 0x100; /* above it there is no frame at 0, where rbp says */
	block_prints(*state, "print(v)", &made, 1, "    0x5000\n    <cannot be unwound further>\n");
}

static void equal_stacks_are_one_key(void **state)
{
	struct fixture *f = *state;
	struct buffer out = {0};

	run_well(f, "seen = {} break probed_function do local v = arg[1]\n"
		    "seen[v] = (seen[v] or 0) + 1 count(v) print(seen[v]) end");
	for (int i = 0; i < 3; i++) {
		/* Another process, and the same addresses: the same stack as text. */
		const struct made_capture made = stack(NO_PID + i % 2, 2, two);
		hit(f, f->placed, &made, 1);
	}
	const struct made_capture made = stack(NO_PID, 2, other);
	hit(f, f->placed, &made, 1);
	assert_string_equal(printed(f), "1\n2\n3\n1\n");
	assert_null(runtime_aggregates(session_probe(f->session, f->placed), OUTPUT_TEXT, &out));
	assert_string_equal(strchr(out.data, '\n') + 1, "    1\n"
							"      0x1000\n"
							"      0x3000\n"
							"    3\n"
							"      0x1000\n"
							"      0x2000\n");
	buffer_deinit(&out);
}

static void stacks_are_kept_while_many_others_come(void **state)
{
	struct fixture *f = *state;
	struct made_capture made = stack(NO_PID, 2, two);

	run_well(f, "kept = nil break probed_function do local v = arg[1]\n"
		    "kept = kept or v if kept == v then print(v[2]) end end");
	hit(f, f->placed, &made, 1);
	for (uint64_t i = 0; i < 20000; i++) {
		made = stack(NO_PID, 2, (const uint64_t[]){1, i});
		hit(f, f->placed, &made, 1);
	}
	made = stack(NO_PID, 2, two);
	hit(f, f->placed, &made, 1);
	assert_string_equal(printed(f), "0x2000\n0x2000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_stack_is_its_frames, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_has_too_few_bytes_could_not_be_read, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(functions_have_names_and_lines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_address_has_a_name_and_a_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_stack_that_cannot_be_unwound_says_so, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(equal_stacks_are_one_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(stacks_are_kept_while_many_others_come, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
