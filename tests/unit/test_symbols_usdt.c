/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Static probes: notes made by hand, the places of their arguments, and -probe. */
#include "test_symbols.h"

/* A program of nops and notes: its code begins at code, and is a function up to code_end. */
static const char program_head[] =
    ".globl _start\n.type _start, @function\n"
    "_start: code: .fill 64, 1, 0x90\n"
    ".size _start, .-_start\n"
    "hidden: .fill 16, 1, 0x90\n"
    ".data\n.globl number, pair\n"
    ".type number, @object\n.type pair, @object\n"
    "number: .quad 7\npair: .long 1, 2\n"
    "semaphore: .short 0\n"
    ".section .tdata,\"awT\",@progbits\n.globl own\n.type own, @object\n"
    "own: .long 5\n.skip 12\n"
    ".section .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
    ".weak base\nbase: .space 1\n";

static void put_note(struct buffer *out, const char *address, const char *base,
		     const char *semaphore, const char *strings)
{
	buffer_printf(out,
		      ".section .note.stapsdt,\"\",\"note\"\n.balign 4\n"
		      ".4byte 2f-1f, 4f-3f, 3\n"
		      "1: .asciz \"stapsdt\"\n2: .balign 4\n"
		      "3: .8byte %s, %s, %s\n.asciz %s\n4: .balign 4\n",
		      address, base, semaphore, strings);
}

static struct program *build(const char *name, const struct buffer *notes, const char *flags)
{
	struct buffer source = {0};
	struct program *program;

	buffer_puts(&source, program_head);
	buffer_puts(&source, notes->data);
	write_file("u.s", source.data, source.size);
	buffer_deinit(&source);
	shell("gcc -nostdlib -static -Wl,-Ttext=0x401000 %s -o %s u.s", flags, name);
	assert_no_error(program_open(in_scratch(name), &program));
	return program;
}

static uint64_t value_of(struct program *program, const char *name)
{
	char command[256], text[32] = "";

	snprintf(command, sizeof(command), "nm %s | awk '$3 == \"%s\" { print $1 }'",
		 image_path(program_executable(program)), name);
	FILE *nm = popen(command, "r");
	assert_non_null(fgets(text, sizeof(text), nm));
	pclose(nm);
	return strtoull(text, NULL, 16);
}

/* -------------------------------------------------------------------- notes */

static void notes_are_read(void **state)
{
	struct buffer notes = {0};
	size_t count;
	uint64_t offset;

	(void)state;
	put_note(&notes, "code+8", "base", "semaphore", "\"two\", \"b\", \"8@%rax -4@$5\"");
	put_note(&notes, "code+4", "base", "0", "\"one\", \"a\\033[2J\", \"\"");
	/* Another owner's note, and one of another type: passed over. */
	buffer_puts(&notes, ".4byte 8, 4, 3\n.ascii \"strange\\0\"\n.4byte 1\n"
			    ".4byte 8, 4, 9\n.ascii \"stapsdt\\0\"\n.4byte 1\n");
	put_note(&notes, "code+12", "base+0x10", "semaphore+0x10", "\"two\", \"moved\", \"\"");
	struct program *program = build("notes", &notes, "");
	struct image *image = program_executable(program);
	uint64_t code = value_of(program, "code"), semaphore = value_of(program, "semaphore");
	const struct usdt *usdts = image_usdts(image, &count);

	assert_int_equal(count, 3);
	assert_string_equal(usdts[0].whole, "two:moved"); /* 0x10 back, as its section was */
	assert_int_equal(usdts[0].address, code + 12 - 0x10);
	assert_int_equal(usdts[0].semaphore, semaphore);
	assert_string_equal(usdts[1].name, "a\033[2J");
	assert_string_equal(usdts[1].whole, "one:a\\x1b[2J");
	assert_int_equal(usdts[1].address, code + 4);
	assert_int_equal(usdts[1].semaphore, 0);
	assert_string_equal(usdts[2].provider, "two");
	assert_string_equal(usdts[2].name, "b");
	assert_string_equal(usdts[2].arguments, "8@%rax -4@$5");
	assert_int_equal(usdts[2].semaphore, semaphore);
	assert_int_equal(image_usdt_semaphore(image, code + 4), 0);
	assert_int_equal(image_usdt_semaphore(image, code + 5), 0);
	offset = image_usdt_semaphore(image, code + 8);
	assert_int_not_equal(offset, 0);
	assert_int_equal(offset & 0xfff, semaphore & 0xfff);
	program_free(program);
	buffer_deinit(&notes);
}

static void malformed_notes_end_the_list(void **state)
{
	static const char *const bad[] = {
	    ".4byte 8, 0xffffffff, 3\n.ascii \"stapsdt\\0\"\n",
	    ".4byte 0xffffffff, 8, 3\n.ascii \"stapsdt\\0\"\n",
	    ".4byte 8, 28, 3\n.ascii \"stapsdt\\0\"\n.8byte code, base, 0\n.ascii \"open\"\n",
	    ".4byte 8, 12, 3\n.ascii \"stapsdt\\0\"\n.8byte code\n.4byte 0\n",
	    ".4byte 8, 28, 3\n.ascii \"stapsdt\\0\"\n.8byte code, base, 0\n.ascii \"\\0n\\0\\0\"\n",
	    ".4byte 8\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct buffer notes = {0};
		size_t count;

		put_note(&notes, "code", "base", "0", "\"p\", \"good\", \"\"");
		buffer_puts(&notes, bad[i]);
		struct program *program = build("malformed", &notes, "");
		const struct usdt *usdts = image_usdts(program_executable(program), &count);
		if (count != 1 || strcmp(usdts[0].name, "good") != 0)
			fail_msg("%s: %zu notes", bad[i], count);
		program_free(program);
		buffer_deinit(&notes);
	}
}

static void a_program_without_notes_has_no_probes(void **state)
{
	struct program *program;
	size_t count;

	(void)state;
	assert_no_error(program_open("/proc/self/exe", &program));
	image_usdts(program_executable(program), &count);
	assert_int_equal(count, 0);
	assert_int_equal(image_usdt_semaphore(program_executable(program), 0x1000), 0);
	program_free(program);
}

/* ---------------------------------------------------------------- arguments */

/* "int32_t memory: r6 -4 +"; symbols' addresses as @NAME. */
static char *describe(struct program *program, const struct usdt_argument *argument)
{
	static const char *const ops[] = {
	    [WHERE_FSBASE] = "fs", [WHERE_ADD] = "+", [WHERE_MUL] = "*", [WHERE_SHR] = ">>"};
	const struct where_piece *piece = argument->where.pieces;
	struct buffer out = {0};

	assert_int_equal(argument->where.piece_count, 1);
	if (piece->kind == PIECE_LOST)
		return xstrdup(piece->reason);
	assert_int_equal(piece->size, argument->type->size);
	buffer_printf(&out, "%s %s:", argument->type->name,
		      piece->kind == PIECE_MEMORY ? "memory" : "value");
	for (size_t i = 0; i < piece->step_count; i++) {
		const struct where_step *step = &piece->steps[i];
		if (step->op == WHERE_REGISTER)
			buffer_printf(&out, " r%ld", (long)step->number);
		else if (step->op == WHERE_CONSTANT)
			buffer_printf(&out, " %ld", (long)step->number);
		else if (step->op == WHERE_ADDRESS)
			buffer_printf(&out, " number%+ld",
				      (long)(step->number - (int64_t)value_of(program, "number")));
		else
			buffer_printf(&out, " %s", ops[step->op]);
	}
	return buffer_take(&out);
}

static const struct {
	const char *text, *place;
} arguments[] = {
    {"-4@%eax", "int32_t value: r0"},
    {"4@%r14d", "uint32_t value: r14"},
    {"8@%rsp", "uint64_t value: r7"},
    {"-2@%r8w", "int16_t value: r8"},
    {"1@%al", "uint8_t value: r0"},
    {"-1@%ah", "int8_t value: r0 8 >>"},
    {"1@%sil", "uint8_t value: r4"},
    {"1@%bpl", "uint8_t value: r6"},
    {"1@%r9b", "uint8_t value: r9"},
    {"4@%rbx", "uint32_t value: r3"}, /* the low half */
    {"%rdi", "uint64_t value: r5"},
    {"8@$5", "uint64_t value: 5"},
    {"-4@$-5", "int32_t value: -5"},
    {"4@$0x10", "uint32_t value: 16"},
    {"8@$number", "uint64_t value: number+0"},
    {"8@$number+4", "uint64_t value: number+4"},
    {"8@-24(%rbp)", "uint64_t memory: r6 -24 +"},
    {"8@(%rax)", "uint64_t memory: r0"},
    {"4@0(%r13)", "uint32_t memory: r13"},
    {"4@16(%rax,%rcx,4)", "uint32_t memory: r0 16 + r2 4 * +"},
    {"4@(%rax,%rcx)", "uint32_t memory: r0 r2 +"},
    {"4@(,%rcx,8)", "uint32_t memory: 0 r2 8 * +"},
    {"4@-4+8(%rsp)", "uint32_t memory: r7 4 +"},
    {"8@number(%rip)", "uint64_t memory: number+0"},
    {"-4@40+number(%rip)", "int32_t memory: number+40"},
    {"-4@number+8-4(%rip)", "int32_t memory: number+4"},
    {"2@pair(,%rdx,2)", "uint16_t memory: number+8 r1 2 * +"},
    {"8@number", "uint64_t memory: number+0"},
    {"8@%fs:16", "uint64_t memory: 16 fs +"},
    {"4@%fs:8(%rax)", "uint32_t memory: r0 8 + fs +"},
    {"4@%fs:own@tpoff", "uint32_t memory: -16 fs +"},
    {"8f@-8(%rbp)", "double memory: r6 -8 +"},
    {"4f@number(%rip)", "float memory: number+0"},
    {"8f@%rax", "double value: r0"},
    /* What cannot be read says why. */
    {"8f@%xmm0", "<unavailable in %xmm0>"},
    {"4f@%st(1)", "<unavailable in %st(1)>"},
    {"2@%ds", "<unavailable in %ds>"},
    {"8@%r16", "<unavailable in %r16>"},
    {"8@%eax", "<unavailable: 8 bytes in %eax>"},
    {"8@.LC0(%rip)", "<unavailable: no symbol .LC0 in the file>"},
    {"8@$nowhere", "<unavailable: no symbol nowhere in the file>"},
    {"8@twin(%rip)", "<unavailable: the file has several symbols twin>"},
    {"16@(%rax)", "<unavailable: its size is not understood>"},
    {"3@%eax", "<unavailable: its size is not understood>"},
    {"2f@(%rax)", "<unavailable: its size is not understood>"},
    {"x@%eax", "<unavailable: its size is not understood>"},
    {"99999999999999999999@%eax", "<unavailable: its size is not understood>"},
    {"8@", "<unavailable: its place is not understood>"},
    {"8@5", "<unavailable: its place is not understood>"},
    {"8@8(%rip)", "<unavailable: its place is not understood>"},
    {"8@%", "<unavailable: its place is not understood>"},
    {"8@$", "<unavailable: its place is not understood>"},
    {"8f@$1", "<unavailable: its place is not understood>"},
    {"8@number+number", "<unavailable: its place is not understood>"},
    {"8@-number(%rip)", "<unavailable: its place is not understood>"},
    {"8@(%rax", "<unavailable: its place is not understood>"},
    {"8@(%rax,%rcx,3)", "<unavailable: its place is not understood>"},
    {"8@(%eax)", "<unavailable: its place is not understood>"},
    {"8@(%rax)(%rax)", "<unavailable: its place is not understood>"},
    {"8@99999999999999999999(%rax)", "<unavailable: its place is not understood>"},
    {"8@own@tpoff(%rax)", "<unavailable: its place is not understood>"},
    {"8@%gs:16", "<unavailable in %gs>"},
    {"8@number@GOTPCREL(%rip)", "<unavailable: its place is not understood>"},
    {"8@QWORD PTR [rbp-8]", "<unavailable: its place is not understood>"},
    {"8@\\033[2J(%rip)", "<unavailable: its place is not understood>"},
};

static void arguments_are_places(void **state)
{
	struct buffer notes = {0}, strings = {0};
	size_t count, found;

	(void)state;
	buffer_puts(&notes, ".data\ntwin: .long 0\n");
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		buffer_clear(&strings);
		buffer_printf(&strings, "\"p\", \"n\", \"%s\"", arguments[i].text);
		CLEANUP(free_p) char *address = xasprintf("code+%zu", i);
		put_note(&notes, address, "base", "0", strings.data);
	}
	write_file("twin.s", ".data\ntwin: .long 0\n", 20);
	struct program *program = build("arguments", &notes, "twin.s");
	struct image *image = program_executable(program);
	const struct usdt *usdts = image_usdts(image, &count);
	assert_int_equal(count, ARRAY_SIZE(arguments));
	for (size_t i = 0; i < count; i++) {
		const struct usdt_argument *argument =
		    image_usdt_arguments(image, &usdts[i], &found);
		if (found != 1)
			fail_msg("%s: %zu arguments", arguments[i].text, found);
		CLEANUP(free_p) char *place = describe(program, argument);
		if (strcmp(place, arguments[i].place) != 0)
			fail_msg("%s: %s, wanted %s", arguments[i].text, place, arguments[i].place);
	}
	program_free(program);
	buffer_deinit(&notes);
	buffer_deinit(&strings);
}

static void arguments_are_counted(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *last;
	} cases[] = {
	    {"", 0, NULL},
	    {" ", 0, NULL},
	    {"-4@%eax 8@-24(%rbp)", 2, "8@-24(%rbp)"},
	    {"  1@%al   -2@$5 8f@(%rax) ", 3, "8f@(%rax)"},
	    {"8@16(%rax, %rcx, 4) 4@%eax", 2, "4@%eax"},
	    {"%rax %rdx", 2, "%rdx"},
	    {"8@QWORD PTR [rbp-8] 4@eax", 2, "4@eax"},
	    {"8@((((( 4@%eax", 1, "8@((((( 4@%eax"},
	};
	struct buffer notes = {0};
	size_t count, found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_p) char *address = xasprintf("code+%zu", i);
		CLEANUP(free_p) char *strings = xasprintf("\"p\", \"n\", \"%s\"", cases[i].text);
		put_note(&notes, address, "base", "0", strings);
	}
	struct program *program = build("counted", &notes, "");
	struct image *image = program_executable(program);
	const struct usdt *usdts = image_usdts(image, &count);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct usdt_argument *all = image_usdt_arguments(image, &usdts[i], &found);
		if (found != cases[i].count ||
		    (found && strcmp(all[found - 1].text, cases[i].last)))
			fail_msg("\"%s\": %zu arguments", cases[i].text, found);
	}
	program_free(program);
	buffer_deinit(&notes);
}

/* ---------------------------------------------------------------- locations */

static void probes_are_found(void **state)
{
	/* Where, and which: "+4 a:one | +8 a:one"; or the error. */
	static const struct {
		const char *text, *places;
	} cases[] = {
	    {"-probe a:one", "+4 a:one | +8 a:one"},
	    {"-probe one", "+4 a:one | +8 a:one | +12 b:one"},
	    {"-probe-stap b:one", "+12 b:one"},
	    {"-p b:one", "+12 b:one"},
	    {"-pstap  \t b:one ", "+12 b:one"},
	    {"-probe b:*", "+12 b:one | +16 b:two"},
	    {"-probe *:o[mn]e", "+4 a:one | +8 a:one | +12 b:one"},
	    {"-probe found:b:two", "+16 b:two"},
	    {"-probe b:two force", "+16 b:two"},
	    {"-probe unknown", "+64 c:unknown"},
	    {"-probe", "no probe name specified"},
	    {"-probe b:", "no probe name specified"},
	    {"-probe :one", "invalid provider name"},
	    {"-probe :b:one", "invalid objfile name"},
	    {"-probe a:b:c:d", "the name of a probe is one word"},
	    {"-probe one two", "the name of a probe is one word"},
	    {"-probe three", "No probe matching objfile=`<any>', provider=`<any>', name=`three'"},
	    {"-probe b:tow", "No probe matching objfile=`<any>', provider=`b', name=`tow'"},
	    {"-probe b:tow", "did you mean `two`?"},
	    {"-probe tow", "did you mean `two`?"},
	    {"-probe bb:unknow", "did you mean `c:unknown`?"},
	    {"-probe x:b:one", "No probe matching objfile=`x', provider=`b', name=`one'"},
	    {"-probe zzzzzzzz", "\"info probes\" lists those"},
	    {"-probes a", "invalid explicit argument, \"-probes\""},
	};
	struct buffer notes = {0};

	(void)state;
	put_note(&notes, "code+8", "base", "0", "\"a\", \"one\", \"8@%rax\"");
	put_note(&notes, "code+4", "base", "0", "\"a\", \"one\", \"\"");
	put_note(&notes, "code+4", "base", "0", "\"a\", \"one\", \"8@%rdx\""); /* one place */
	put_note(&notes, "code+12", "base", "0", "\"b\", \"one\", \"\"");
	put_note(&notes, "code+16", "base", "0", "\"b\", \"two\", \"\"");
	put_note(&notes, "hidden", "base", "0", "\"c\", \"unknown\", \"\"");
	struct program *program = build("found", &notes, "");
	uint64_t code = value_of(program, "code");
	shell("strip -K _start found");
	program_free(program);
	assert_no_error(program_open(in_scratch("found"), &program));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		place_list places = {0};
		struct buffer text = {0};
		struct error *err = resolve(program, cases[i].text, &places);

		if (err)
			error_format(err, &text);
		for (size_t j = 0; j < places.size; j++)
			buffer_printf(&text, "%s+%d %s", j ? " | " : "",
				      (int)(places.data[j].address - code),
				      places.data[j].usdt->whole);
		if (err ? !strstr(text.data, cases[i].places) : strcmp(text.data, cases[i].places))
			fail_msg("%s: %s, wanted %s", cases[i].text, text.data, cases[i].places);
		error_free(err);
		buffer_deinit(&text);
		place_list_deinit(&places);
	}
	program_free(program);
	buffer_deinit(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(notes_are_read),
	    cmocka_unit_test(malformed_notes_end_the_list),
	    cmocka_unit_test(a_program_without_notes_has_no_probes),
	    cmocka_unit_test(arguments_are_places),
	    cmocka_unit_test(arguments_are_counted),
	    cmocka_unit_test(probes_are_found),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
