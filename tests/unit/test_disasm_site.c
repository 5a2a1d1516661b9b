/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_disasm_site.c - verdicts and their messages. Each row of the table was
 * tried on a running kernel (docs/sites.md); this is how the result is kept.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "moontap/disasm.h"

#include "test_disasm.h"

static const struct site_rules new_kernel = {.rewrites_nop5 = true};
static const struct site_rules old_kernel = {.rewrites_nop5 = false};

#define CHEAP "cheap"
#define DEAR  "dear"

/* verdict: CHEAP or DEAR if allowed in the middle of a function, else a part of the reason. */
static const struct {
	const char *hex, *name, *verdict;
} sites[] = {
    /* what the kernel emulates */
    {"55", "push %rbp", CHEAP},
    {"41 57", "push %r15", CHEAP},
    {"90", "nop", CHEAP},
    {"66 90", "xchg %ax,%ax", CHEAP},
    {"f3 90", "pause", CHEAP},
    {"0f 1f 00", "nopl (%rax)", CHEAP},
    {"0f 1f 40 00", "nopl 0(%rax)", CHEAP},
    {"66 0f 1f 44 00 00", "nopw 0(%rax,%rax)", CHEAP},
    {"0f 1f 80 00 00 00 00", "nopl 0(%rax), 7 bytes", CHEAP},
    {"0f 1f 84 00 00 00 00 00", "nopl 0(%rax,%rax), 8 bytes", CHEAP},
    {"eb 10", "jmp", CHEAP},
    {"e9 00 01 00 00", "jmp", CHEAP},
    {"f2 eb 10", "bnd jmp", CHEAP},
    {"74 10", "je", CHEAP},
    {"0f 84 00 01 00 00", "je", CHEAP},
    {"e8 00 01 00 00", "call", CHEAP},
    /* what it single-steps */
    {"48 55", "push %rbp with a REX prefix", DEAR},
    {"66 55", "push %bp", DEAR},
    {"6a 01", "push $1", DEAR},
    {"ff 30", "push (%rax)", DEAR},
    {"58", "pop %rax", DEAR},
    {"9d", "popf", DEAR},
    {"66 0f 1f 84 00 00 00 00 00", "nopw, 9 bytes", DEAR},
    {"0f 1f 84 08 00 00 00 00", "nopl 0(%rax,%rcx)", DEAR},
    {"f3 0f 1e fa", "endbr64", DEAR},
    {"48 89 e5", "mov %rsp,%rbp", DEAR},
    {"48 8d 05 10 00 00 00", "lea 0x10(%rip),%rax", DEAR},
    {"48 8b 35 10 00 00 00", "mov 0x10(%rip),%rsi", DEAR},
    {"ff 25 10 00 00 00", "jmp *0x10(%rip)", DEAR},
    {"ff e0", "jmp *%rax", DEAR},
    {"ff d0", "call *%rax", DEAR},
    {"e3 10", "jrcxz", DEAR},
    {"e2 10", "loop", DEAR},
    {"c3", "ret", DEAR},
    {"c2 10 00", "ret $16", DEAR},
    {"c8 10 00 00", "enter", DEAR},
    {"c9", "leave", DEAR},
    {"0f a2", "cpuid", DEAR},
    {"0f 0b", "ud2", DEAR},
    {"a4", "movsb", DEAR},
    {"0f b1 08", "cmpxchg without lock", DEAR},
    {"66 0f ef c0", "pxor: the SSE form is read correctly", DEAR},
    {"0f 77", "emms", DEAR},
    {"c4 e2 73 f6 c2", "mulx", DEAR},
    {"c5 f8 58 c1", "vaddps", DEAR},
    {"62 f1 7c 48 58 c1", "vaddps %zmm", DEAR},
    {"c4 e2 71 8e 08", "vpmaskmovd %xmm1", DEAR},
    /* what would harm */
    {"0f 05", "syscall", "would crash the target"},
    {"0f 34", "sysenter", "would crash the target"},
    {"cd 80", "int $0x80", "would crash the target"},
    {"9c", "pushf", "single-step flag"},
    {"41 90", "xchg %eax,%r8d", "takes it for a nop"},
    {"49 90", "xchg %rax,%r8", "takes it for a nop"},
    {"f3 a4", "rep movsb", "once per repetition"},
    {"f3 48 ab", "rep stosq", "once per repetition"},
    {"f2 ae", "repne scasb", "once per repetition"},
    {"c7 f8 10 00 00 00", "xbegin", "abort the transaction"},
    {"f2 0f 2b 05 10 00 00 00", "movntsd %xmm0,0x10(%rip)", "does not relocate"},
    {"c5 f8 77", "vzeroupper: taken for ja", "mistakes this vector instruction"},
    {"c5 f5 74 c1", "vpcmpeqb: taken for je", "mistakes this vector instruction"},
    {"c5 fd 7f 00", "vmovdqa %ymm0,(%rax): taken for jg", "mistakes this vector instruction"},
    {"c5 f9 7e c8", "vmovd %xmm1,%eax: taken for jle", "mistakes this vector instruction"},
    {"c5 f5 eb c1", "vpor: taken for jmp", "mistakes this vector instruction"},
    {"c5 f5 e8 c1", "vpsubsb: taken for call", "mistakes this vector instruction"},
    {"c5 f4 c2 c1 01", "vcmpps: taken for ret", "mistakes this vector instruction"},
    {"c4 e2 69 9d c1", "vfnmadd132ss: taken for popf", "mistakes this vector instruction"},
    {"c5 f8 90 c1", "kmovw: taken for nop", "mistakes this vector instruction"},
    {"62 f1 fd 48 7f 00", "vmovdqa64 %zmm0,(%rax)", "mistakes this vector instruction"},
    {"62 f1 f5 48 eb c1", "vporq", "mistakes this vector instruction"},
    /* what the kernel refuses */
    {"cc", "int3", "of the program's own"},
    {"f1", "int1", "of the program's own"},
    {"f4", "hlt", "privileged"},
    {"ec", "in (%dx),%al", "privileged"},
    {"6e", "outsb", "privileged"},
    {"fa", "cli", "privileged"},
    {"48 cf", "iretq", "privileged"},
    {"f0 0f b1 08", "lock cmpxchg", "lock prefix"},
    {"3e ff e0", "notrack jmp *%rax", "segment prefix"},
    {"2e 0f 1f 84 00 00 00 00 00", "cs nopl", "segment prefix"},
    {"66 2e 0f 1f 84 00 00 00 00 00", "cs nopw, as compilers align with", "segment prefix"},
    {"2e 74 10", "je, predicted not taken", "segment prefix"},
    {"66 48 e8 00 01 00 00", "data16 call", "66 prefix"},
    {"8e d0", "mov %eax,%ss", "segment register"},
    {"8e c0", "mov %eax,%es", "segment register"},
    {"0f a1", "pop %fs", "segment register"},
    {"c4 e2 71 8e 10", "vpmaskmovd %xmm2: taken for mov to %ss", "segment register"},
    {"c5 fd 6f c1", "vmovdqa", "list of exceptions"},
    {"c5 f5 ef c1", "vpxor", "list of exceptions"},
    {"62 f1 75 48 ef c1", "vpxord", "list of exceptions"},
    {"c4 e2 69 9a c1", "vfmsub132ps", "list of exceptions"},
    {"66 0f 79 c1", "extrq", "list of exceptions"},
    {"06", "no instruction", "no instruction"},
};

static void check_verdict(const char *name, struct site_verdict verdict, const char *expected)
{
	const char *found = !verdict.is_allowed		 ? verdict.reason
			    : verdict.cost == COST_CHEAP ? CHEAP
							 : DEAR;

	assert_true(verdict.is_allowed == !verdict.reason);
	if (!strstr(found, expected))
		fail_msg("%s: \"%s\" is not in \"%s\"", name, expected, found);
}

static void each_instruction_has_the_verdict_that_was_measured(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
		uint8_t bytes[32] = {0x50};
		size_t size = 1 + parse_hex(sites[i].hex, bytes + 1);
		struct code code;
		code_init(&code, bytes, size, 0x1000);
		const struct insn *insn = code_at(&code, 0x1001);
		check_verdict(sites[i].name, site_judge(&code, insn, &new_kernel),
			      sites[i].verdict);
		check_verdict(sites[i].name, site_judge(&code, insn, &old_kernel),
			      sites[i].verdict);
		code_deinit(&code);
	}
}

#define REWRITTEN "turns a 5-byte nop into a call"

static const struct {
	const char *hex, *name;
	uint64_t offset; /* of the nop */
	const char *on_new, *on_old;
} nops[] = {
    {"0f 1f 44 00 00 c3", "at the start", 0, CHEAP, CHEAP},
    {"f3 0f 1e fa 0f 1f 44 00 00 c3", "after endbr64", 4, CHEAP, CHEAP},
    {"55 0f 1f 44 00 00 c3", "in the body", 1, REWRITTEN, CHEAP},
    {"0f 1f 44 00 00 0f 1f 44 00 00 c3", "the second of two", 5, REWRITTEN, CHEAP},
    {"0f 1f 44 00 00 eb f9", "at the start, but in a loop", 0, REWRITTEN, CHEAP},
    {"0f 1f 44 00 00 e8 f6 ff ff ff c3", "at the start, recursive", 0, CHEAP, CHEAP},
    {"f3 0f 1e fa 0f 1f 44 00 00 eb f9", "after endbr64, in a loop", 4, REWRITTEN, CHEAP},
    {"50 0f 1f 44 08 00 c3", "another spelling", 1, REWRITTEN, DEAR},
    {"50 66 0f 1f 40 00 c3", "a third spelling", 1, REWRITTEN, DEAR},
};

static void a_nop_of_5_bytes_is_safe_only_where_nothing_is_below_the_stack(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nops); i++) {
		uint8_t bytes[32];
		struct code code;
		code_init(&code, bytes, parse_hex(nops[i].hex, bytes), 0x1000);
		const struct insn *nop = code_at(&code, 0x1000 + nops[i].offset);
		check_verdict(nops[i].name, site_judge(&code, nop, &new_kernel), nops[i].on_new);
		check_verdict(nops[i].name, site_judge(&code, nop, &old_kernel), nops[i].on_old);
		code_deinit(&code);
	}
}

static void boundaries_after_undecodable_bytes_are_doubted_until_a_jump_confirms_one(void **state)
{
	/* jmp 4; data; nop; nop; ret */
	static const uint8_t bytes[] = {0xeb, 0x02, 0x06, 0x90, 0x90, 0xc3};
	struct code code;

	(void)state;
	code_init(&code, bytes, sizeof(bytes), 0x1000);
	check_verdict("0x1000", site_judge(&code, code_at(&code, 0x1000), &new_kernel), CHEAP);
	check_verdict("0x1002", site_judge(&code, code_at(&code, 0x1002), &new_kernel),
		      "no instruction");
	check_verdict("0x1003", site_judge(&code, code_at(&code, 0x1003), &new_kernel),
		      "do not decode");
	check_verdict("0x1004", site_judge(&code, code_at(&code, 0x1004), &new_kernel), CHEAP);
	check_verdict("0x1005", site_judge(&code, code_at(&code, 0x1005), &new_kernel), DEAR);
	code_deinit(&code);
}

/* ---------------------------------------------------------------- messages */

/* 0 push %rbp; 1 movzbl 0x3f(%rsp),%eax; 6 syscall; 8 lock cmpxchg; c test; e ret */
static const uint8_t function[] = {0x55, 0x0f, 0xb6, 0x44, 0x24, 0x3f, 0x0f, 0x05,
				   0xf0, 0x0f, 0xb1, 0x08, 0x84, 0xc0, 0xc3};

static const struct {
	int64_t offset;
	enum error_tag tag;
	const char *message, *hint;
} refusals[] = {
    {3, ERR_BOUNDARY, "main.f+0x3 is in the middle of an instruction",
     "the instructions around it begin at\n"
     "  +0x1  movzbl 0x3f(%rsp),%eax\n"
     "  +0x6  syscall"},
    {6, ERR_REFUSED,
     "main.f+0x6: a probe on this instruction (syscall) would crash the target: a system call "
     "cannot be single-stepped",
     "the nearest instructions that take one are\n"
     "  +0x1  movzbl 0x3f(%rsp),%eax\n"
     "  +0xc  test %al,%al"},
    {8, ERR_REFUSED,
     "main.f+0x8: a probe on this instruction (lock cmpxchg %ecx,(%rax)) is refused by the "
     "kernel: it has a lock prefix",
     "the nearest instructions that take one are\n"
     "  +0x1  movzbl 0x3f(%rsp),%eax\n"
     "  +0xc  test %al,%al"},
    {15, ERR_OUT_OF_FUNCTION, "main.f+0xf is outside main.f, which is 0xf bytes long",
     "its last instruction is\n"
     "  +0xe  ret"},
    {-4, ERR_OUT_OF_FUNCTION, "main.f-0x4 is outside main.f, which is 0xf bytes long",
     "its first instruction is\n"
     "  +0x0  push %rbp"},
};

static void a_refusal_names_the_neighbours(void **state)
{
	struct code code;

	(void)state;
	code_init(&code, function, sizeof(function), 0x401000);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct site_verdict verdict = {0};
		struct error *err = site_check(&code, 0x401000 + refusals[i].offset, "main.f",
					       &new_kernel, &verdict);
		assert_non_null(err);
		assert_int_equal(err->tag, refusals[i].tag);
		assert_string_equal(err->message, refusals[i].message);
		assert_string_equal(err->hint, refusals[i].hint);
		assert_false(verdict.is_allowed);
		error_free(err);
	}
	code_deinit(&code);
}

static void an_allowed_site_is_given_its_verdict(void **state)
{
	struct site_verdict verdict = {0};
	struct code code;

	(void)state;
	code_init(&code, function, sizeof(function), 0x401000);
	assert_null(site_check(&code, 0x401000, "main.f", &new_kernel, &verdict));
	check_verdict("push", verdict, CHEAP);
	assert_null(site_check(&code, 0x40100e, "main.f", &new_kernel, &verdict));
	check_verdict("ret", verdict, DEAR);
	code_deinit(&code);
}

static void a_function_of_one_refused_instruction_says_so(void **state)
{
	static const uint8_t bytes[] = {0x0f, 0x05};
	struct site_verdict verdict;
	struct code code;

	(void)state;
	code_init(&code, bytes, sizeof(bytes), 0x401000);
	struct error *err = site_check(&code, 0x401000, "f", &new_kernel, &verdict);
	assert_string_equal(err->hint, "no instruction of this function takes one");
	error_free(err);
	err = site_check(&code, 0x401001, "f", &new_kernel, &verdict);
	assert_string_equal(err->hint, "the instructions around it begin at\n  +0x0  syscall");
	error_free(err);
	code_deinit(&code);
}

static void a_hostile_name_is_escaped(void **state)
{
	struct site_verdict verdict;
	struct code code;

	(void)state;
	code_init(&code, function, sizeof(function), 0x401000);
	struct error *err = site_check(&code, 0x401003, "f\033[2J", &new_kernel, &verdict);
	assert_null(strchr(err->message, '\033'));
	error_free(err);
	err = site_check(&code, 0x401100, "f\033[2J", &new_kernel, &verdict);
	assert_null(strchr(err->message, '\033'));
	error_free(err);
	code_deinit(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_instruction_has_the_verdict_that_was_measured),
	    cmocka_unit_test(a_nop_of_5_bytes_is_safe_only_where_nothing_is_below_the_stack),
	    cmocka_unit_test(
		boundaries_after_undecodable_bytes_are_doubted_until_a_jump_confirms_one),
	    cmocka_unit_test(a_refusal_names_the_neighbours),
	    cmocka_unit_test(an_allowed_site_is_given_its_verdict),
	    cmocka_unit_test(a_function_of_one_refused_instruction_says_so),
	    cmocka_unit_test(a_hostile_name_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
