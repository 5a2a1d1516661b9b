/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where variables are: DWARF expressions written in assembly, and what is left of them.
 * Lines at which a variable can be read. */
#include "test_symbols_scope.h"

/* ---------------------------------------------------------------- expressions */

/* One function with a variable for each case: `word` has 8 bytes, `pair` 16. Its frame is that
 * of code whose CFA is rsp + 24; the frame base is at rbp - 16. */
static const struct {
	const char *what, *type, *bytes, *where;
} cases[] = {
    {"a register", "word", "0x55", "rdi"},
    {"a register by number", "word", "0x90, 10", "r10"},
    {"memory at a register", "word", "0x77, 8", "[(rsp + 8)]"},
    {"memory at a register itself", "word", "0x75, 0", "[rdi]"},
    {"memory at a register by number", "word", "0x92, 12, 0x7c", "[(r12 + -4)]"},
    {"memory in the frame", "word", "0x91, 0x68", "[(rbp + -40)]"},
    {"memory from the CFA", "word", "0x9c, 0x23, 8", "[(rsp + 32)]"},
    {"a static", "word", "0x03, 0x10, 0x40, 0, 0, 0, 0, 0, 0", "[image+0x4010]"},
    {"a computed value", "word", "0x75, 0, 0x31, 0x1c, 0x9f", "(rdi - 1)"},
    {"a constant", "word", "0x10, 0x90, 0x01, 0x9f", "144"},
    {"a negative constant", "word", "0x11, 0x7f, 0x9f", "-1"},
    {"a constant of two bytes", "word", "0x0b, 0xfe, 0xff, 0x9f", "-2"},
    {"a constant of eight bytes", "word", "0x0e, 1, 0, 0, 0, 1, 0, 0, 0, 0x9f", "4294967297"},
    {"a load", "word", "0x75, 8, 0x06, 0x23, 16", "[(load8((rdi + 8)) + 16)]"},
    {"a load of a few bytes", "word", "0x75, 0, 0x94, 2, 0x9f", "load2(rdi)"},
    {"a load of three bytes", "word", "0x75, 0, 0x94, 3, 0x9f",
     "<optimized out> (DWARF operation 0x94)"},
    {"arithmetic", "word", "0x75, 0, 0x74, 0, 0x1e, 0x32, 0x24, 0x9f", "((rdi * rsi) << 2)"},
    {"logic", "word", "0x75, 0, 0x74, 0, 0x1a, 0x71, 0, 0x21, 0x72, 0, 0x27, 0x9f",
     "(((rdi & rsi) | rdx) ^ rcx)"},
    {"shifts", "word", "0x75, 0, 0x33, 0x25, 0x33, 0x26, 0x9f", "((rdi >> 3) >>> 3)"},
    {"signs", "word", "0x75, 0, 0x1f, 0x20, 0x9f", "~-rdi"},
    {"constants that add up", "word", "0x75, 1, 0x23, 2, 0x33, 0x22, 0x9f", "(rdi + 6)"},
    {"dup", "word", "0x75, 0, 0x12, 0x1e, 0x9f", "(rdi * rdi)"},
    {"swap", "word", "0x75, 0, 0x74, 0, 0x16, 0x1c, 0x9f", "(rsi - rdi)"},
    {"over and drop", "word", "0x75, 0, 0x74, 0, 0x14, 0x13, 0x1c, 0x9f", "(rdi - rsi)"},
    {"pick", "word", "0x75, 0, 0x74, 0, 0x15, 1, 0x9f", "rdi"},
    {"rot", "word", "0x75, 0, 0x74, 0, 0x71, 0, 0x17, 0x1c, 0x1c, 0x9f", "(rdx - (rdi - rsi))"},
    {"nop", "word", "0x96, 0x55", "rdi"},
    {"two registers", "pair", "0x50, 0x93, 8, 0x51, 0x93, 8", "rax:8 rdx:8"},
    {"half in memory", "pair", "0x50, 0x93, 4, 0x77, 0, 0x93, 12", "rax:4 [rsp]:12"},
    {"half lost", "pair", "0x50, 0x93, 8, 0x93, 8", "rax:8 <optimized out>:8"},
    {"half described", "pair", "0x50, 0x93, 8", "rax:8 <optimized out>:8"},
    {"more described than there is", "word", "0x50, 0x93, 4, 0x51, 0x93, 8", "rax:4 rdx:4"},
    {"a bit piece of whole bytes", "word", "0x50, 0x9d, 32, 0, 0x51, 0x9d, 32, 0", "rax:4 rdx:4"},
    {"a bit piece of bits", "word", "0x50, 0x9d, 3, 0", "<optimized out> (DW_OP_bit_piece)"},
    {"a value of more than a word", "pair", "0x75, 0, 0x9f", "rdi:8 <optimized out>:8"},
    {"bytes", "word", "0x9e, 4, 1, 2, 0, 0", "513:4 <optimized out>:4"},
    {"more bytes than a word", "pair", "0x9e, 16, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0",
     "1:8 2:8"},
    {"nothing", "word", "", "<optimized out>"},
    {"a vector register", "word", "0x61", "<unavailable in %xmm0>"},
    {"a far vector register", "word", "0x90, 32", "<unavailable in %xmm15>"},
    {"a register that we do not know", "word", "0x90, 49", "<unavailable in register 49>"},
    {"half in a vector register", "pair", "0x50, 0x93, 8, 0x62, 0x93, 8",
     "rax:8 <unavailable in %xmm1>:8"},
    {"a value at the entry", "word", "0xa3, 1, 0x55, 0x9f", "<optimized out> (DW_OP_entry_value)"},
    {"GCC's value at the entry", "word", "0xf3, 1, 0x55, 0x9f",
     "<optimized out> (DW_OP_entry_value)"},
    {"a pointer to what is not there", "word", "0xf2, 0, 0, 0, 0, 0",
     "<optimized out> (DW_OP_implicit_pointer)"},
    {"a thread's own", "word", "0x0e, 8, 0, 0, 0, 0, 0, 0, 0, 0xe0", "<thread-local>"},
    {"a thread's own, by DWARF 3", "word", "0x08, 8, 0x9b", "<thread-local>"},
    {"a division", "word", "0x75, 0, 0x32, 0x1b, 0x9f", "<optimized out> (DW_OP_div)"},
    {"a comparison", "word", "0x75, 0, 0x32, 0x29, 0x9f", "<optimized out> (DW_OP_eq)"},
    {"a branch", "word", "0x30, 0x28, 0, 0, 0x9f", "<optimized out> (DW_OP_bra)"},
    {"too little on the stack", "word", "0x75, 0, 0x22, 0x9f",
     "<optimized out> (malformed DWARF expression)"},
    {"nothing on the stack", "word", "0x13, 0x9f", "<optimized out> (malformed DWARF expression)"},
    {"a sign-extended byte", "word", "0x75, 0, 0xa8, narrow - unit, 0x9f", "((rdi << 56) >>> 56)"},
    {"a cut half-word", "word", "0xa5, 5, ushort - unit, 0x9f", "(rdi & 65535)"},
    {"a number of no operation", "word", "0xec", "<unavailable: its location is corrupt>"},
};

static const char head[] =
    ".text\n.globl f\n.type f, @function\nf: .cfi_startproc\n.cfi_def_cfa_offset 24\n"
    ".file 1 \"x.s\"\n.loc 1 1\nnop\n.loc 1 2\nnop\n.cfi_endproc\nend:\n.size f, .-f\n"
    ".globl main\n.type main, @function\nmain: ret\n.size main, .-main\n"
    ".section .note.GNU-stack,\"\",@progbits\n"
    ".section .debug_abbrev,\"\",@progbits\n"
    ".byte 1,0x11,1, 3,8, 0x13,5, 0x11,1, 0x12,6, 0x10,0x17, 0,0\n" /* compile unit */
    ".byte 2,0x2e,1, 3,8, 0x11,1, 0x12,6, 0x40,0x18, 0,0\n"	    /* function */
    ".byte 3,0x24,0, 3,8, 0xb,0xb, 0x3e,0xb, 0,0\n"		    /* base type */
    ".byte 4,0x34,0, 3,8, 0x49,0x13, 2,0x18, 0,0\n"		    /* variable */
    ".byte 5,0x34,0, 3,8, 0x49,0x13, 0x1c,0xd, 0,0\n"		    /* of a constant value */
    ".byte 6,0x34,0, 3,8, 0x49,0x13, 0x1c,0xa, 0,0\n"		    /* of a block of bytes */
    ".byte 7,0x34,0, 3,8, 0x49,0x13, 2,0x17, 0,0, 0\n"		    /* in a list */
    ".section .debug_line\nlines:\n"
    ".section .debug_loclists,\"\",@progbits\n"
    ".long lists_end - lists\nlists: .short 5\n.byte 8, 0\n.long 0\n"
    "list: .byte 8\n.quad f\n.uleb128 2\n.uleb128 1\n.byte 0x55\n.byte 0\n"
    "late: .byte 8\n.quad end\n.uleb128 1\n.uleb128 1\n.byte 0x55\n.byte 0\nlists_end:\n"
    ".section .debug_info,\"\",@progbits\n"
    "unit: .long unit_end - version\nversion: .short 5\n.byte 1, 8\n.long .debug_abbrev\n"
    ".uleb128 1\n.string \"x.s\"\n.short 0xc\n.quad f\n.long end - f\n.long lines\n"
    "narrow: .uleb128 3\n.string \"narrow\"\n.byte 1, 5\n"
    "ushort: .uleb128 3\n.string \"ushort\"\n.byte 2, 7\n"
    "word: .uleb128 3\n.string \"word\"\n.byte 8, 7\n"
    "pair: .uleb128 3\n.string \"pair\"\n.byte 16, 7\n"
    ".uleb128 2\n.string \"f\"\n.quad f\n.long end - f\n.byte 2, 0x76, 0x70\n";

static const char tail[] = ".uleb128 5\n.string \"minus\"\n.long word - unit\n.sleb128 -3\n"
			   ".uleb128 6\n.string \"block\"\n.long pair - unit\n.byte 3, 1, 2, 3\n"
			   ".uleb128 7\n.string \"listed\"\n.long word - unit\n.long list\n"
			   ".uleb128 7\n.string \"late\"\n.long word - unit\n.long late\n"
			   ".byte 0, 0\nunit_end:\n";

static const struct {
	const char *name, *where;
} other_cases[] = {
    {"minus", "-3"},
    {"block", "197121:3 <optimized out>:13"},
    {"listed", "rdi"},
    {"late", "<optimized out>"}, /* its list says nothing of this pc */
};

static int make_program(void **state)
{
	if (make_scratch(state) != 0)
		return -1;
	FILE *file = fopen(in_scratch("x.s"), "w");
	if (!file)
		return -1;
	fputs(head, file);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fprintf(file,
			".uleb128 4\n.string \"v%zu\"\n.long %s - unit\n.uleb128 s%zu - b%zu\n"
			"b%zu: .byte %s\ns%zu:\n",
			i, cases[i].type, i, i, i, *cases[i].bytes ? cases[i].bytes : "0", i);
	fputs(tail, file);
	fclose(file);
	shell("sed -i 's/: .byte 0$/:/' x.s && gcc -no-pie -o x x.s");
	return 0;
}

static void check_where(struct scope *scope, const char *name, const char *what,
			const char *expected)
{
	struct variable variable;
	struct buffer text = {0};

	if (!scope_variable(scope, name, &variable))
		fail_msg("%s: no %s", what, name);
	put_where(&text, &variable.where);
	if (strcmp(text.data, expected) != 0)
		fail_msg("%s: %s, wanted %s", what, text.data, expected);
	buffer_deinit(&text);
}

static void every_expression_becomes_steps_or_a_reason(void **state)
{
	struct program *program;
	char name[16];

	(void)state;
	assert_no_error(program_open(in_scratch("x"), &program));
	struct scope *scope = open_scope(program, "f+1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(name, sizeof(name), "v%zu", i);
		check_where(scope, name, cases[i].what, cases[i].where);
	}
	for (size_t i = 0; i < ARRAY_SIZE(other_cases); i++)
		check_where(scope, other_cases[i].name, other_cases[i].name, other_cases[i].where);
	scope_close(scope);
	program_free(program);
}

/* -------------------------------------------------------------- optimized code */

/* first() ends the life of x, second() is before that of y. */
static const char source[] = "int first(int), second(int);\n"
			     "__attribute__((noinline)) int f(int x, int z)\n"
			     "{\n"
			     "	int y;\n"
			     "	first(x);\n"  /* line 5 */
			     "	second(z);\n" /* x is gone, y not there yet */
			     "	y = first(z);\n"
			     "	second(y);\n" /* line 8: y can be read */
			     "	second(3);\n"
			     "	return z;\n"
			     "}\n"
			     "int main(void) { return f(1, 2); }\n";
static const char other_source[] =
    "int first(int x) { return x; } int second(int x) { return x; }\n";

static void what_is_gone_says_where_it_can_be_read(void **state)
{
	struct program *program;
	unsigned before, after;

	(void)state;
	write_file("o.c", source, sizeof(source) - 1);
	write_file("p.c", other_source, sizeof(other_source) - 1);
	shell("gcc -O2 -g -o o o.c p.c");
	assert_no_error(program_open(in_scratch("o"), &program));
	struct scope *scope = open_scope(program, "o.c:6");
	check_where(scope, "x", "x at line 6", "<optimized out> (DW_OP_entry_value)");
	scope_readable_lines(scope, "x", &before, &after);
	assert_int_equal(before, 5);
	assert_int_equal(after, 0);
	check_where(scope, "y", "y at line 6", "<optimized out>");
	scope_readable_lines(scope, "y", &before, &after);
	assert_int_equal(before, 0);
	assert_int_equal(after, 8);
	scope_readable_lines(scope, "nothing", &before, &after);
	assert_int_equal(before, 0);
	assert_int_equal(after, 0);
	scope_close(scope);
	program_free(program);
}

/* ------------------------------------------------------------------- failures */

static void a_missing_dwo_file_is_named(void **state)
{
	struct program *program;
	place_list places = {0};
	struct scope *scope;

	(void)state;
	shell("gcc -g -gsplit-dwarf -c o.c p.c && gcc -o split o.o p.o && mv o.dwo away.dwo");
	assert_no_error(program_open(in_scratch("split"), &program));
	assert_no_error(resolve(program, "f", &places));
	assert_error(scope_open(places.data[0].image, places.data[0].address, &scope), ERR_DWARF,
		     "the debug information of this code is in o.dwo, which cannot be read\n"
		     "It was compiled with -gsplit-dwarf");
	place_list_deinit(&places);
	assert_no_error(resolve(program, "first", &places));
	assert_no_error(scope_open(places.data[0].image, places.data[0].address, &scope));
	assert_non_null(scope);
	scope_close(scope);
	place_list_deinit(&places);
	program_free(program);
}

static void corrupt_debug_information_is_an_error(void **state)
{
	struct program *program;
	struct scope *scope;

	(void)state;
	shell("printf 'junk in a section' > junk && gcc -O0 -g -o bad o.c p.c && "
	      "objcopy --update-section .debug_info=junk --remove-section .debug_abbrev bad");
	assert_no_error(program_open(in_scratch("bad"), &program));
	assert_error(scope_open(program_executable(program), 0x1139, &scope), ERR_DWARF,
		     "its debug information is corrupt or of an unknown kind: ");
	program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_expression_becomes_steps_or_a_reason),
	    cmocka_unit_test(what_is_gone_says_where_it_can_be_read),
	    cmocka_unit_test(a_missing_dwo_file_is_named),
	    cmocka_unit_test(corrupt_debug_information_is_an_error),
	};
	return cmocka_run_group_tests(tests, make_program, remove_scratch);
}
