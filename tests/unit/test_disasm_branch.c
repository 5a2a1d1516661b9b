/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_disasm_branch.c - what conditional jumps read. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "moontap/disasm.h"

#include "test_disasm.h"

/* "r3.1" register 3, one byte; "m7+0x99.1" memory; "$16.8" a constant */
static void put_operand(struct buffer *out, const struct code_operand *operand)
{
	static const char marks[] = "-rm$";

	buffer_printf(out, " %c", marks[operand->kind]);
	if (operand->kind == OPERAND_REGISTER)
		buffer_printf(out, "%u%s", operand->reg, operand->is_high_byte ? "h" : "");
	if (operand->kind == OPERAND_MEMORY && operand->reg != OPERAND_NO_REGISTER)
		buffer_printf(out, "%u", operand->reg);
	if (operand->kind == OPERAND_MEMORY && operand->index != OPERAND_NO_REGISTER)
		buffer_printf(out, "[%u*%u]", operand->index, operand->scale);
	if (operand->kind == OPERAND_MEMORY)
		buffer_printf(out, "%+" PRId64, operand->number);
	if (operand->kind == OPERAND_CONSTANT)
		buffer_printf(out, "%" PRId64, operand->number);
	buffer_printf(out, ".%u", operand->size);
}

/* The last jump of the code. */
static char *describe(const struct code *code)
{
	static const char *const kinds[] = {"result", "compare", "zero", "mask"};
	struct buffer out = {0};
	struct code_branch branch;
	struct code_operand loaded;

	code_branch(code, &code->insns.data[code->insns.size - 1], &branch);
	if (!branch.test) {
		buffer_puts(&out, "nothing");
		return buffer_take(&out);
	}
	buffer_printf(&out, "%s %x", kinds[branch.kind], branch.condition);
	if (branch.kind == BRANCH_RESULT) {
		buffer_printf(&out, " %s", code_text(code, branch.test).text);
		return buffer_take(&out);
	}
	put_operand(&out, &branch.left);
	put_operand(&out, &branch.right);
	if (branch.left.kind == OPERAND_REGISTER &&
	    code_loaded(code, branch.test, branch.left.reg, &loaded)) {
		buffer_puts(&out, " from");
		put_operand(&out, &loaded);
	}
	return buffer_take(&out);
}

static const struct {
	const char *name, *hex, *text;
} cases[] = {
    {"a boolean in a register", "84 c0 74 10", "zero 4 r0.1 r0.1"},
    {"a boolean loaded again", "0f b6 94 24 99 00 00 00 84 d2 74 10",
     "zero 4 r1.1 r1.1 from m7+153.1"},
    {"a signed comparison with a constant", "83 ff 03 7f 0b", "compare f r5.4 $3.4"},
    {"an unsigned one, of 64 bits, negative", "48 81 ff 00 f0 ff ff 77 0b",
     "compare 7 r5.8 $-4096.8"},
    {"the accumulator with a constant", "48 3d e8 03 00 00 7f 11", "compare f r0.8 $1000.8"},
    {"16 bits with a constant", "66 41 81 f9 2e 28 75 b8", "compare 5 r9.2 $10286.2"},
    {"a byte of memory with a constant", "41 80 3e 00 75 08", "compare 5 m14+0.1 $0.1"},
    {"a register with memory", "48 3b 77 08 73 08", "compare 3 r4.8 m5+8.8"},
    {"memory with a register", "48 39 77 08 73 08", "compare 3 m5+8.8 r4.8"},
    {"an element of an array", "48 83 3c c8 00 74 08", "compare 4 m0[2*8]+0.8 $0.8"},
    {"a table without a base", "48 83 3c cd 00 10 40 00 00 74 08",
     "compare 4 m[2*8]+4198400.8 $0.8"},
    {"a global of a position-independent program", "83 3d 10 00 00 00 01 7e 08",
     "compare e m+4119.4 $1.4"}, /* 0x1000 + 7 + 0x10 */
    {"a mask", "a8 04 75 08", "mask 5 r0.1 $4.1"},
    {"a mask of memory", "f6 43 10 02 74 08", "mask 4 m3+16.1 $2.1"},
    {"a mask of the second byte is one of the register", "f6 c7 10 75 08", "mask 5 r3.4 $4096.4"},
    {"the second byte of a register", "84 e4 74 08", "zero 4 r0h.1 r0h.1"},
    {"with REX the same number is another register", "40 84 e4 74 08", "zero 4 r7.1 r7.1"},
    {"flags live through moves", "85 ff 48 89 d8 48 8d 05 00 00 00 00 0f 1f 00 74 08",
     "zero 4 r5.4 r5.4"},
    {"the result of a subtraction", "83 eb 01 75 f0", "result 5 sub $0x1,%ebx"},
    {"a bit test", "0f ba e0 05 72 08", "result 2 bt $0x5,%eax"},
    {"a comparison of floats", "66 0f 2e c1 7a 08", "result a ucomisd %xmm1,%xmm0"},
    {"loop reads a register, no flags", "83 f8 01 e2 fe", "nothing"},
    {"after a call flags mean nothing", "85 ff e8 00 00 00 00 74 08", "nothing"},
    {"a copy of a register", "48 89 fb 48 85 db 74 08", "zero 4 r3.8 r3.8 from r5.8"},
    {"a register computed in between was not loaded", "48 8b 1f 48 ff c3 48 85 db 74 08",
     "zero 4 r3.8 r3.8"},
    {"a load that another way may have passed by", "eb 03 48 8b 1f 48 85 db 74 08",
     "zero 4 r3.8 r3.8"},
};

static void a_jump_depends_on_what_its_test_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[64];
		struct code code;
		code_init(&code, bytes, parse_hex(cases[i].hex, bytes), 0x1000);
		CLEANUP(free_p) char *text = describe(&code);
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].name, text);
		code_deinit(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_jump_depends_on_what_its_test_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
