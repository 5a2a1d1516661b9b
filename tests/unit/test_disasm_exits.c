/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_disasm_exits.c - where functions return: code of gcc 12, clang 14 and Go 1.22. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "moontap/disasm.h"

#include "test_disasm.h"

struct pointer {
	uint64_t address, value;
};

static bool read_pointer(void *context, uint64_t address, uint64_t *ret)
{
	const struct pointer *pointer = context;

	*ret = pointer->value;
	return pointer->address == address;
}

/* "+0x8 return, +0x20 tail call 1220" */
static char *format_exits(const exit_list *exits, uint64_t start)
{
	static const char *const kinds[] = {"return", "tail call", "branch", "unclear"};
	struct buffer out = {0};

	for (size_t i = 0; i < exits->size; i++) {
		const struct code_exit *exit = &exits->data[i];
		buffer_printf(&out, "%s%+" PRId64 " %s", i ? ", " : "",
			      (int64_t)(exit->address - start), kinds[exit->kind]);
		if (exit->kind == EXIT_BRANCH)
			buffer_printf(&out, " if %x", exit->condition);
		if (exit->target)
			buffer_printf(&out, " %" PRIx64, exit->target);
	}
	return buffer_take(&out);
}

static const struct {
	const char *name, *hex;
	uint64_t start;
	struct pointer table; /* what a pointer in memory is */
	const char *exits;
} functions[] = {
    {"a direct tail call, and the return beside it",
     "83 ff 03 7f 0b b8 01 00 00 00 c3 0f 1f 44 00 00 e9 fb fe ff ff",
     0x1310,
     {0},
     "+10 return, +16 tail call 1220"},
    {"a conditional tail call", /* clang -Os */
     "83 ff 03 0f 85 f2 ff ff ff bf 03 00 00 00 e9 e3 ff ff ff",
     0x1136,
     {0},
     "+3 branch if 5 1131, +14 tail call 112c"},
    {"a switch whose table holds distances", /* gcc -O2, PIE */
     "83 ff 06 0f 87 1c 00 00 00 48 8d 15 b4 0d 00 00 89 ff 48 63 04 ba 48 01 d0 ff e0 "
     "0f 1f 44 00 00 b8 0c 00 00 00 c3 66 2e 0f 1f 84 00 00 00 00 00 b8 4d 00 00 00 c3 "
     "66 2e 0f 1f 84 00 00 00 00 00 bf 5a 00 00 00 eb a9",
     0x1240,
     {0},
     "+37 return, +53 return, +69 tail call 1230"},
    {"a switch marked notrack",
     "f3 0f 1e fa 83 ff 06 77 04 89 ff 3e ff e0 c3",
     0x1240,
     {0},
     "+14 return"},
    {"a switch below a pushed register", /* clang -O2, no PIE */
     "50 83 ff 06 77 19 b8 4d 00 00 00 89 f9 ff 24 cd 10 20 40 00 bf 07 00 00 00 58 "
     "e9 c1 ff ff ff b8 03 00 00 00 59 c3",
     0x401170,
     {0},
     "+26 tail call 401150, +37 return"},
    {"a switch without a frame, its table of addresses read", /* gcc -O2, no PIE */
     "83 ff 06 77 0d 89 ff ff 24 fd 10 20 40 00 66 90 c3 c3 b8 03 00 00 00 c3",
     0x401230,
     {0x402010, 0x401240},
     "+16 return, +17 return, +23 return"},
    {"a call through an array of functions, the array read", /* gcc -O2, no PIE */
     "48 63 c7 89 f7 ff 24 c5 20 40 40 00",
     0x4011d0,
     {0x404020, 0x401150},
     "+5 tail call"},
    {"the same in a PIE, the array found by its lea",
     "48 63 c7 48 8d 15 46 2d 00 00 89 f7 ff 24 c2",
     0x12d0,
     {0x4020, 0x1220},
     "+12 tail call"},
    {"the same, the array not readable",
     "48 63 c7 48 8d 15 46 2d 00 00 89 f7 ff 24 c2",
     0x12d0,
     {0},
     "+12 unclear"},
    {"a computed goto through a table of labels", /* gcc -O2, no PIE */
     "0f b6 07 48 8d 57 02 48 8b 04 c5 50 20 40 00 ff e0 0f 1f 80 00 00 00 00 89 f0 c3",
     0x401370,
     {0x402050, 0x401388},
     "+26 return"},
    {"a virtual call", "48 89 f8 89 f7 48 8b 00 ff 60 10", 0x12e0, {0}, "+8 tail call"},
    {"a call of a loaded pointer", "48 8b 47 08 89 f7 ff e0", 0x12e0, {0}, "+6 tail call"},
    {"a call of an argument", "ff e6", 0x12f0, {0}, "+0 tail call"},
    {"a call through the global offset table", "ff 25 da 2f 00 00", 0x1030, {0}, "+0 tail call"},
    {"a call of an argument that was moved",
     "48 89 f8 49 89 f0 48 89 d7 4c 89 c6 41 ff e0",
     0x4bdf0,
     {0},
     "+12 tail call"},
    {"a register computed before the frame was given back",
     "53 48 8b 07 48 c1 c8 11 48 89 fb 5b ff e0",
     0x27530,
     {0},
     "+12 tail call"},
    {"an address loaded by lea, of another function",
     "48 8d 05 f9 0f 00 00 ff e0",
     0x1000,
     {0},
     "+7 tail call"},
    {"labels reached through a table, at the table's depth", /* clang -O2, no PIE */
     "55 53 50 89 f5 48 89 fb 0f b6 07 ff 24 c5 50 20 40 00 89 ef 48 8b 03 ff e0 "
     "48 83 c4 08 5b 5d c3",
     0x401270,
     {0},
     "+31 return"},
    {"a nop between a table's address and the jump", /* Go 1.22 */
     "41 83 f9 19 77 0e 48 8d 05 83 48 05 00 0f 1f 00 42 ff 24 c8 c3",
     0x1000,
     {0x55890, 0x1014},
     "+20 return"},
    {"a register that another way may have set",
     "48 8b 47 08 85 f6 74 02 ff e0 48 8b 07 eb f9",
     0x1000,
     {0},
     "+8 unclear"},
    {"a register that was computed", "48 8b 47 08 48 f7 d8 ff e0", 0x1000, {0}, "+7 unclear"},
    {"a jump to a part that nobody named", /* gcc -O2 */
     "55 53 48 89 f3 48 83 ec 08 e8 e2 ff ff ff 3d e8 03 00 00 0f 8f 8e fe ff ff 03 03 "
     "48 83 c4 08 5b 5d c3",
     0x11c0,
     {0},
     "+19 unclear 1067, +33 return"},
    {"a frame given back by leave",
     "55 48 89 e5 48 83 e4 e0 48 83 ec 40 e8 00 00 00 00 c9 e9 00 10 00 00",
     0x1000,
     {0},
     "+18 tail call 2017"},
    {"a frame given back from the frame pointer",
     "55 48 89 e5 41 54 53 48 8d 65 f0 5b 41 5c 5d e9 00 10 00 00",
     0x1000,
     {0},
     "+15 tail call 2014"},
    {"code behind a call that never returns, at its own depth",
     "85 ff 75 0b 50 e8 f6 0f 00 00 0f 1f 44 00 00 e9 00 10 00 00",
     0x1000,
     {0},
     "+15 tail call 2014"},
    {"an endless loop has none",
     "50 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 44 00 00 bf 01 00 00 00 e8 66 fe ff ff eb f4",
     0x4012d0,
     {0},
     ""},
    {"a loop to the function's start is none",
     "bf 01 00 00 00 e8 26 fe ff ff eb f4",
     0x13f0,
     {0},
     ""},
    {"Go's stack check is none", /* sync.(*Mutex).Unlock */
     "49 3b 66 10 76 25 55 48 89 e5 48 83 ec 10 bb ff ff ff ff f0 0f c1 18 ff cb 85 db 74 08 "
     "0f 1f 00 e8 1b 00 00 00 48 83 c4 10 5d c3 48 89 44 24 08 e8 ab f5 fe ff 48 8b 44 24 08 "
     "eb c4",
     0x4723e0,
     {0},
     "+42 return"},
    {"Go code with several returns", /* the end of sync.runtime_canSpin */
     "31 c0 c3 8b 91 90 01 00 00 39 df 75 f6 39 d3 75 0f 0f 1f 40 00 48 85 f6 75 06 "
     "b8 01 00 00 00 c3 31 c0 c3",
     0x45faf8,
     {0},
     "+2 return, +31 return, +34 return"},
    {"Go assembly that goes on in another function", /* runtime.memequal_varlen */
     "48 39 d8 75 08 48 c7 c0 01 00 00 00 c3 48 89 c6 48 89 df 48 8b 5a 08 e9 54 fe ff ff",
     0x403380,
     {0},
     "+12 return, +23 tail call 4031f0"},
    {"a Go function that only panics", /* the end of runtime.goPanicIndex */
     "49 3b 66 10 76 17 55 48 89 e5 48 83 ec 30 48 89 c3 48 8d 05 e9 21 07 00 e8 24 0e 00 00 "
     "48 89 44 24 08 e8 d4 f9 02 00 eb d7",
     0x431f60,
     {0},
     ""},
};

static void a_function_is_left_where_its_compiler_leaves_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		uint8_t bytes[256];
		size_t size = parse_hex(functions[i].hex, bytes);
		struct pointer table = functions[i].table;
		struct code_memory memory = {read_pointer, &table};
		exit_list exits = {0};
		struct code code;
		code_init(&code, bytes, size, functions[i].start);
		code_exits(&(const struct code *){&code}, 1, &memory, &exits);
		CLEANUP(free_p) char *text = format_exits(&exits, code.start);
		if (strcmp(text, functions[i].exits) != 0)
			fail_msg("%s: %s", functions[i].name, text);
		vector_deinit(&exits);
		code_deinit(&code);
	}
}

static void a_split_off_part_belongs_to_its_function(void **state)
{
	/* gcc -O2: part at 11c0 jumps into part.cold at 1067, which jumps back. */
	uint8_t hot_bytes[64], cold_bytes[64];
	size_t hot_size = parse_hex("55 53 48 89 f3 48 83 ec 08 e8 e2 ff ff ff 3d e8 03 00 00 "
				    "0f 8f 8e fe ff ff 03 03 48 83 c4 08 5b 5d c3",
				    hot_bytes);
	size_t cold_size = parse_hex("89 c7 e8 e2 ff ff ff 8b 6b 08 8d 7d 01 e8 d7 ff ff ff "
				     "8d 45 03 e9 58 01 00 00 48 83 c4 08 5b 5d e9 9e 01 00 00",
				     cold_bytes);
	struct code hot, cold;
	exit_list exits = {0};

	(void)state;
	code_init(&hot, hot_bytes, hot_size, 0x11c0);
	code_init(&cold, cold_bytes, cold_size, 0x1067);
	code_exits((const struct code *[]){&hot, &cold}, 2, NULL, &exits);
	CLEANUP(free_p) char *text = format_exits(&exits, hot.start);
	assert_string_equal(text, "+33 return, -313 tail call 122a");
	vector_deinit(&exits);
	code_deinit(&hot);
	code_deinit(&cold);
}

static void jumps_back_to_the_start_can_be_had_beside(void **state)
{
	/* nop; dec %edi; jg start; je start; mov %edi,%eax; jmp start; ret */
	uint8_t bytes[32];
	size_t size = parse_hex("90 ff cf 7f fb 74 f9 89 f8 eb f5 c3", bytes);
	exit_list exits = {0};
	struct code code;

	(void)state;
	code_init(&code, bytes, size, 0x1000);
	code_exits(&(const struct code *){&code}, 1, NULL, &exits);
	code_restarts(&(const struct code *){&code}, 1, &exits);
	CLEANUP(free_p) char *text = format_exits(&exits, code.start);
	assert_string_equal(text, "+11 return, +3 branch if f 1000, +5 branch if 4 1000, "
				  "+9 tail call 1000");
	vector_deinit(&exits);
	code_deinit(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_function_is_left_where_its_compiler_leaves_it),
	    cmocka_unit_test(a_split_off_part_belongs_to_its_function),
	    cmocka_unit_test(jumps_back_to_the_start_can_be_had_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
