/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_disasm_entry.c - where the probe on a function goes. The functions are
 * written in assembly below, in the shapes that the compilers give them.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "moontap/disasm.h"

static const struct site_rules rules = {.rewrites_nop5 = true};

/* A function of that name; "9:" is the block that calls morestack. */
#define FUNCTION(name, body)                                                                      \
	extern const uint8_t name[], name##_end[];                                                \
	asm(".pushsection .rodata\n.globl " #name ", " #name "_end\n" #name ":\n" body "\n" #name \
	    "_end:\n.popsection")

#define MORESTACK(name)                                                                         \
	"9: mov %rax,8(%rsp); mov %rbx,16(%rsp); call .; mov 8(%rsp),%rax; mov 16(%rsp),%rbx; " \
	"nop; jmp " #name "\n"

FUNCTION(go_121, "cmp 0x10(%r14),%rsp; jbe 9f\n"
		 "push %rbp; mov %rsp,%rbp; sub $0x18,%rsp; test %al,%al; je 1f\n"
		 "call .; 1: add $0x18,%rsp; pop %rbp; ret\n" MORESTACK(go_121));
FUNCTION(go_119, "cmp 0x10(%r14),%rsp; jbe 9f\n"
		 "sub $0x58,%rsp; mov %rbp,0x50(%rsp); lea 0x50(%rsp),%rbp; mov %cl,0x62(%rsp)\n"
		 "mov 0x50(%rsp),%rbp; add $0x58,%rsp; ret\n" MORESTACK(go_119));
FUNCTION(go_128_byte_frame,
	 "cmp 0x10(%r14),%rsp; jbe 9f\n"
	 "add $-128,%rsp; mov %rbp,0x78(%rsp); lea 0x78(%rsp),%rbp; test %al,%al\n"
	 "sub $-128,%rsp; ret\n" MORESTACK(go_128_byte_frame));
FUNCTION(go_large,
	 "lea -0x2b8(%rsp),%r12; cmp 0x10(%r14),%r12; jbe 9f\n"
	 "push %rbp; mov %rsp,%rbp; sub $0x330,%rsp; nop; pop %rbp; ret\n" MORESTACK(go_large));
FUNCTION(go_huge, "mov %rsp,%r12; sub $0x13820,%r12; jb 9f; cmp 0x10(%r14),%r12; jbe 9f\n"
		  "push %rbp; mov %rsp,%rbp; pop %rbp; ret\n" MORESTACK(go_huge));
FUNCTION(go_116, "mov %fs:-8,%rcx; cmp 0x10(%rcx),%rsp; jbe 9f\n"
		 "sub $0x10,%rsp; mov %rbp,8(%rsp); lea 8(%rsp),%rbp; ret\n"
		 "9: call .; jmp go_116");
FUNCTION(go_116_huge, "mov %fs:-8,%rcx; mov 0x10(%rcx),%rsi; cmp $0xfffffffffffffade,%rsi; je 9f\n"
		      "lea 0x370(%rsp),%rax; sub %rsi,%rax; cmp $0x13b10,%rax; jbe 9f\n"
		      "sub $0x13780,%rsp; ret\n"
		      "9: call .; jmp go_116_huge");
FUNCTION(go_abi0_in_pie, "mov $-8,%r14; mov %fs:(%r14),%r14; cmp 0x10(%r14),%rsp; jbe 9f\n"
			 "push %rbp; ret\n"
			 "9: call .; jmp go_abi0_in_pie");
FUNCTION(go_g0, "cmp 0x18(%r14),%rsp; jbe 9f; push %rbp; ret\n" MORESTACK(go_g0));
FUNCTION(go_nosplit, "push %rbp; mov %rsp,%rbp; nop; pop %rbp; ret");
FUNCTION(go_loop_at_the_body, "cmp 0x10(%r14),%rsp; jbe 9f\n"
			      "1: test %al,%al; jne 1b; ret\n" MORESTACK(go_loop_at_the_body));
FUNCTION(c_cet, "endbr64; push %rbp; mov %rsp,%rbp; sub $0x20,%rsp; mov %edi,-4(%rbp); leave; ret");
FUNCTION(c_plain, "push %rbp; mov %rsp,%rbp; pop %rbp; ret");
FUNCTION(c_pushes, "push %r15; push %r14; push %rbx; sub $0x10,%rsp; mov %rdi,%rbx; ret");
FUNCTION(c_patchable, "endbr64; .byte 0x0f,0x1f,0x44,0,0; push %rbx; ret");
FUNCTION(c_loop_at_endbr, "endbr64; 1: dec %edi; jne 1b; ret");
FUNCTION(c_refused_after_endbr, "endbr64; vpxor %xmm0,%xmm0,%xmm0; ret");
/* Jumps of all forms that lead behind the endbr64. */
FUNCTION(c_far_loop, "endbr64; push %rbx; .skip 200,0x90; jne c_far_loop+4; ret");
FUNCTION(c_far_jump, "endbr64; push %rbx; .skip 200,0x90; bnd jmp c_far_jump+4");
FUNCTION(c_rcx_loop, "endbr64; 1: push %rbx; .skip 100,0x90; jrcxz 1b; ret");
FUNCTION(c_nop5_loop, "1: .byte 0x0f,0x1f,0x44,0,0; push %rbx; jmp 1b");
FUNCTION(c_is_data, "endbr64; .byte 0x06; push %rbx; ret");
FUNCTION(c_lock_first, "lock incl (%rdi); ret");
/* A tail call to itself after another call: looks like a stack check, but for %rsp. */
FUNCTION(c_like_a_check, "cmp 0x10(%rdi),%rsi; jbe 9f; push %rbx; pop %rbx; ret\n"
			 "9: call .; jmp c_like_a_check");
FUNCTION(c_aligns_the_stack, "lea 8(%rsp),%r10; and $-32,%rsp; push %rbp; ret");
FUNCTION(c_data16_push, "pushw %ax; ret");

static void open_function(struct code *code, const uint8_t *start, const uint8_t *end)
{
	code_init(code, start, end - start, 0x401000);
}

#define ROW(name, ...)                               \
	{                                            \
#name, name, name##_end, __VA_ARGS__ \
	}

static const struct {
	const char *name;
	const uint8_t *start, *end;
	const char *text; /* of the instruction chosen */
	bool is_after_stack_check;
} entries[] = {
    ROW(go_121, "push %rbp", true),
    ROW(go_119, "sub $0x58,%rsp", true),
    ROW(go_128_byte_frame, "add $-0x80,%rsp", true),
    ROW(go_large, "push %rbp", true),
    ROW(go_huge, "push %rbp", true),
    ROW(go_116, "sub $0x10,%rsp", true),
    ROW(go_116_huge, "sub $0x13780,%rsp", true),
    ROW(go_abi0_in_pie, "push %rbp", true),
    ROW(go_g0, "push %rbp", true),
    ROW(go_nosplit, "push %rbp", false),
    ROW(go_loop_at_the_body, "cmp 0x10(%r14),%rsp", false),
    ROW(c_cet, "push %rbp", false),
    ROW(c_plain, "push %rbp", false),
    ROW(c_patchable, "nopl (%rax,%rax,1)", false),
    ROW(c_loop_at_endbr, "endbr64", false),
    ROW(c_refused_after_endbr, "endbr64", false),
    ROW(c_far_loop, "endbr64", false),
    ROW(c_far_jump, "endbr64", false),
    ROW(c_rcx_loop, "endbr64", false),
    ROW(c_nop5_loop, "nopl (%rax,%rax,1)", false),
    ROW(c_is_data, "endbr64", false),
    ROW(c_lock_first, "lock incl (%rdi)", false),
    ROW(c_like_a_check, "cmp 0x10(%rdi),%rsi", false),
};

static void the_entry_site_is_hit_once_a_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct code code;
		open_function(&code, entries[i].start, entries[i].end);
		struct entry_site site = site_entry(&code, &rules);
		struct insn_text insn = code_text(&code, code_at(&code, site.address));
		if (strcmp(insn.text, entries[i].text) != 0 ||
		    site.is_after_stack_check != entries[i].is_after_stack_check)
			fail_msg("%s is entered at %s", entries[i].name, insn.text);
		code_deinit(&code);
	}
}

/* What code_init_entry leaves to code_init: a jump may lead to the entry, or there is no code. */
static const struct {
	const char *name;
	const uint8_t *start, *end;
	bool is_left;
} alone[] = {
    ROW(go_121, false),
    ROW(go_119, false),
    ROW(go_128_byte_frame, false),
    ROW(go_large, false),
    ROW(go_huge, false),
    ROW(go_116, false),
    ROW(go_116_huge, true) /* by chance */,
    ROW(go_g0, false),
    ROW(go_abi0_in_pie, false),
    ROW(go_nosplit, false),
    ROW(c_cet, false),
    ROW(go_loop_at_the_body, true),
    ROW(c_plain, false),
    ROW(c_far_loop, true),
    ROW(c_refused_after_endbr, false),
    ROW(c_far_jump, true),
    ROW(c_rcx_loop, true),
    ROW(c_loop_at_endbr, true),
    ROW(c_nop5_loop, true),
    ROW(c_is_data, true),
    ROW(c_patchable, false),
    ROW(c_like_a_check, false),
};

static void an_entry_is_judged_alone_if_no_jump_may_lead_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
		struct code code = {0};
		size_t size = alone[i].end - alone[i].start;
		bool is_left = !code_init_entry(&code, alone[i].start, size, 0x401000, &rules);
		if (is_left != alone[i].is_left)
			fail_msg("%s: left %d", alone[i].name, is_left);
		code_deinit(&code);
	}
}

/* The answers to what is asked of an entry are those of the whole function. */
static void an_entry_alone_is_what_it_is_in_its_function(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
		struct code code, whole;
		size_t size = alone[i].end - alone[i].start;
		int64_t offset = 0, whole_offset = 0;
		if (!code_init_entry(&code, alone[i].start, size, 0x401000, &rules))
			continue;
		open_function(&whole, alone[i].start, alone[i].end);
		uint64_t address = site_entry(&whole, &rules).address;
		assert_int_equal(site_entry(&code, &rules).address, address);
		assert_int_equal(site_args_are_live(&code, address, &offset),
				 site_args_are_live(&whole, address, &whole_offset));
		assert_int_equal(offset, whole_offset);
		code_deinit(&code);
		code_deinit(&whole);
	}
}

/* The CFA offset at each instruction from the start; the row ends where the arguments are lost. */
static const struct {
	const char *name;
	const uint8_t *start, *end;
	int64_t cfa_offsets[10]; /* up to the first 0 */
} lives[] = {
    ROW(go_121, {8, 8, 8, 16, 16, 16 + 0x18}),
    ROW(go_119, {8, 8, 8, 0x60, 0x60, 0x60}),
    ROW(go_128_byte_frame, {8, 8, 8, 0x88, 0x88, 0x88}),
    ROW(go_large, {8, 8, 8, 8, 16, 16, 0x340, 0x340}),
    ROW(go_huge, {8, 8, 8, 8, 8, 8, 16, 16}),
    ROW(go_116, {8, 8, 8, 8, 0x18, 0x18, 0x18}),
    ROW(go_abi0_in_pie, {8, 8, 8, 8, 8, 16}),
    ROW(go_loop_at_the_body, {8, 8}),
    ROW(c_cet, {8, 8, 16, 16, 0x30}),
    ROW(c_plain, {8, 16, 16}),
    ROW(c_pushes, {8, 16, 24, 32, 48}),
    ROW(c_patchable, {8, 8, 8, 16}),
    ROW(c_loop_at_endbr, {8}),
    ROW(c_like_a_check, {8}),
    ROW(c_aligns_the_stack, {8}),
    ROW(c_data16_push, {8}),
};

static void arguments_are_live_along_the_prologue_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		struct code code;
		bool is_live = true;
		open_function(&code, lives[i].start, lives[i].end);
		for (size_t k = 0; k < code.insns.size; k++) {
			const struct insn *insn = &code.insns.data[k];
			int64_t offset = 0;
			is_live = is_live && k < ARRAY_SIZE(lives[i].cfa_offsets) &&
				  lives[i].cfa_offsets[k];
			bool found = site_args_are_live(&code, insn->address, &offset);
			if (found != is_live || (found && offset != lives[i].cfa_offsets[k]))
				fail_msg("%s: at %s, live %d, CFA %ld", lives[i].name,
					 code_text(&code, insn).text, found, (long)offset);
		}
		code_deinit(&code);
	}
}

static void nothing_is_live_between_instructions_or_outside(void **state)
{
	struct code code;
	int64_t offset;

	(void)state;
	open_function(&code, go_121, go_121_end);
	assert_false(site_args_are_live(&code, code.start + 1, &offset));
	assert_false(site_args_are_live(&code, code.end, &offset));
	assert_false(site_args_are_live(&code, code.start - 1, &offset));
	code_deinit(&code);
}

static void an_empty_function_is_entered_at_its_start(void **state)
{
	struct code code;
	int64_t offset;

	(void)state;
	code_init(&code, NULL, 0, 0x401000);
	assert_int_equal(site_entry(&code, &rules).address, 0x401000);
	assert_false(site_args_are_live(&code, 0x401000, &offset));
	code_deinit(&code);
	assert_false(code_init_entry(&code, NULL, 0, 0x401000, &rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_entry_site_is_hit_once_a_call),
	    cmocka_unit_test(an_entry_is_judged_alone_if_no_jump_may_lead_there),
	    cmocka_unit_test(an_entry_alone_is_what_it_is_in_its_function),
	    cmocka_unit_test(arguments_are_live_along_the_prologue_only),
	    cmocka_unit_test(nothing_is_live_between_instructions_or_outside),
	    cmocka_unit_test(an_empty_function_is_entered_at_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
