/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_disasm_code.c - instructions: boundaries, kinds, targets, text. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "moontap/disasm.h"

#include "test_disasm.h"

static const struct {
	const char *hex, *text;
	enum insn_kind kind;
	uint64_t target; /* seen from address 0x1000 */
} instructions[] = {
    {"55", "push %rbp", INSN_OTHER, 0},
    {"41 54", "push %r12", INSN_OTHER, 0},
    {"48 89 e5", "mov %rsp,%rbp", INSN_OTHER, 0},
    {"48 83 ec 18", "sub $0x18,%rsp", INSN_OTHER, 0},
    {"0f b6 44 24 3f", "movzbl 0x3f(%rsp),%eax", INSN_OTHER, 0},
    {"84 c0", "test %al,%al", INSN_OTHER, 0},
    {"c6 04 24 05", "movb $0x5,(%rsp)", INSN_OTHER, 0},
    {"c7 45 fc 00 00 00 00", "movl $0x0,-0x4(%rbp)", INSN_OTHER, 0},
    {"48 8b 04 c8", "mov (%rax,%rcx,8),%rax", INSN_OTHER, 0},
    {"48 8b 04 08", "mov (%rax,%rcx,1),%rax", INSN_OTHER, 0},
    {"48 8b 04 cd 08 00 00 00", "mov 0x8(,%rcx,8),%rax", INSN_OTHER, 0},
    {"64 48 8b 04 25 28 00 00 00", "mov %fs:0x28,%rax", INSN_OTHER, 0},
    {"d3 20", "shll %cl,(%rax)", INSN_OTHER, 0},
    {"d3 e0", "shl %cl,%eax", INSN_OTHER, 0},
    {"48 0f 44 c1", "cmove %rcx,%rax", INSN_OTHER, 0},
    {"f3 0f 7e 00", "movq (%rax),%xmm0", INSN_OTHER, 0},
    {"f0 48 0f b1 08", "lock cmpxchg %rcx,(%rax)", INSN_OTHER, 0},
    {"f3 0f 1e fa", "endbr64", INSN_OTHER, 0},
    {"48 8d 05 10 00 00 00", "lea 0x10(%rip),%rax", INSN_OTHER, 0},
    {"c9", "leave", INSN_OTHER, 0},
    {"90", "nop", INSN_OTHER, 0},
    {"0f 0b", "ud2", INSN_OTHER, 0},
    {"c3", "ret", INSN_RETURN, 0},
    {"f3 c3", "ret", INSN_RETURN, 0},
    {"c2 10 00", "ret $0x10", INSN_RETURN, 0},
    {"eb 10", "jmp 0x1012", INSN_JUMP, 0x1012},
    {"eb fe", "jmp 0x1000", INSN_JUMP, 0x1000},
    {"e9 00 01 00 00", "jmp 0x1105", INSN_JUMP, 0x1105},
    {"ff e0", "jmp *%rax", INSN_JUMP, 0},
    {"ff 25 10 00 00 00", "jmp *0x10(%rip)", INSN_JUMP, 0},
    {"3e ff e0", "notrack jmp *%rax", INSN_JUMP, 0},
    {"74 f0", "je 0xff2", INSN_BRANCH, 0xff2},
    {"0f 86 fa 00 00 00", "jbe 0x1100", INSN_BRANCH, 0x1100},
    {"e3 10", "jrcxz 0x1012", INSN_BRANCH, 0x1012},
    {"e2 10", "loop 0x1012", INSN_BRANCH, 0x1012},
    {"e8 fb ff ff ff", "call 0x1000", INSN_CALL, 0x1000},
    {"ff d0", "call *%rax", INSN_CALL, 0},
    {"ff 50 08", "call *0x8(%rax)", INSN_CALL, 0},
    {"06", ".byte 0x06", INSN_UNDECODABLE, 0},
    /* Too new for the decoder, but their size is known. */
    {"c5 fb 93 c0", ".byte 0xc5,0xfb,0x93,0xc0", INSN_OTHER, 0}, /* kmovd %k0,%eax */
    {"62 f1 7d 40 74 44 24 01", ".byte 0x62,0xf1,0x7d,0x40,0x74,0x44,0x24,0x01", INSN_OTHER, 0},
    {"62 f3 7d 48 3f c1 04", ".byte 0x62,0xf3,0x7d,0x48,0x3f,0xc1,0x04", INSN_OTHER, 0},
    {"0f 01 ee", ".byte 0x0f,0x01,0xee", INSN_OTHER, 0}, /* rdpkru */
};

static void an_instruction_has_its_size_kind_target_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		uint8_t bytes[32];
		size_t size = parse_hex(instructions[i].hex, bytes);
		struct code code;
		bytes[size] = 0xc3;
		code_init(&code, bytes, size + 1, 0x1000);
		const struct insn *insn = &code.insns.data[0];
		assert_string_equal(code_text(&code, insn).text, instructions[i].text);
		assert_int_equal(insn->size, size);
		assert_int_equal(insn->kind, instructions[i].kind);
		assert_int_equal(insn->target, instructions[i].target);
		assert_int_equal(code.insns.size, 2);
		code_deinit(&code);
	}
}

static void an_address_finds_the_instruction_that_covers_it(void **state)
{
	static const uint8_t bytes[] = {0x0f, 0xb6, 0x44, 0x24, 0x3f, 0x84, 0xc0, 0xc3};
	struct code code;

	(void)state;
	code_init(&code, bytes, sizeof(bytes), 0x46d);
	assert_int_equal(code.insns.size, 3);
	for (uint64_t a = 0x46d; a < 0x475; a++) {
		const struct insn *covering = code_covering(&code, a);
		assert_int_equal(covering->address, a < 0x472 ? 0x46d : a < 0x474 ? 0x472 : 0x474);
		assert_true(code_at(&code, a) == (covering->address == a ? covering : NULL));
	}
	assert_null(code_covering(&code, 0x46c));
	assert_null(code_covering(&code, 0x475));
	assert_null(code_at(&code, 0x475));
	code_deinit(&code);
}

static void a_function_without_bytes_has_no_instructions(void **state)
{
	struct code code;

	(void)state;
	code_init(&code, NULL, 0, 0x1000);
	assert_int_equal(code.insns.size, 0);
	assert_null(code_covering(&code, 0x1000));
	code_deinit(&code);
}

static void a_function_cut_short_ends_in_undecodable_bytes(void **state)
{
	static const uint8_t bytes[] = {0x90, 0x48, 0x8d, 0x05, 0x10};
	struct code code;

	(void)state;
	code_init(&code, bytes, sizeof(bytes), 0x1000);
	assert_int_equal(code.first_undecodable, 1);
	const struct insn *last = &code.insns.data[code.insns.size - 1];
	assert_int_equal(last->address + last->size, 0x1005);
	code_deinit(&code);
}

/* ------------------------------------------- against objdump, on real code */

struct listing {
	VECTOR(uint8_t) bytes;
	VECTOR(uint64_t) boundaries;
};

/* Sweeps what objdump listed as one function and compares the boundaries. */
static size_t compare_function(struct listing *listing)
{
	struct code code;

	if (listing->boundaries.size == 0)
		return 0;
	code_init(&code, listing->bytes.data, listing->bytes.size, listing->boundaries.data[0]);
	assert_int_equal(code.insns.size, listing->boundaries.size);
	for (size_t i = 0; i < code.insns.size; i++)
		assert_int_equal(code.insns.data[i].address, listing->boundaries.data[i]);
	code_deinit(&code);
	vector_deinit(&listing->bytes);
	vector_deinit(&listing->boundaries);
	return 1;
}

static void the_boundaries_of_this_program_are_those_of_objdump(void **state)
{
	char path[4096] = "", command[5000], line[4096];
	struct listing listing = {0};
	size_t functions = 0;

	(void)state;
	if (system("command -v objdump >/dev/null") != 0)
		skip();
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	snprintf(command, sizeof(command), "objdump -dwz -j .text '%s'", path);
	FILE *objdump = popen(command, "r");
	while (fgets(line, sizeof(line), objdump)) {
		uint64_t address;
		char hex[64];
		if (sscanf(line, " %" SCNx64 ":\t%63[0-9a-f ]", &address, hex) != 2) {
			functions += compare_function(&listing);
			continue;
		}
		uint8_t bytes[32];
		size_t size = parse_hex(hex, bytes);
		vector_push(&listing.boundaries, address);
		for (size_t i = 0; i < size; i++)
			vector_push(&listing.bytes, bytes[i]);
	}
	pclose(objdump);
	functions += compare_function(&listing);
	assert_true(functions > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_instruction_has_its_size_kind_target_and_text),
	    cmocka_unit_test(an_address_finds_the_instruction_that_covers_it),
	    cmocka_unit_test(a_function_without_bytes_has_no_instructions),
	    cmocka_unit_test(a_function_cut_short_ends_in_undecodable_bytes),
	    cmocka_unit_test(the_boundaries_of_this_program_are_those_of_objdump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
