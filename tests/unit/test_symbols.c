/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files as images: what they are, their functions, bytes and lines; checked against nm and
 * addr2line. */
#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>

#include "test_symbols.h"

/* ------------------------------------------------------------ what is no ELF */

static void other_files_are_named_for_what_they_are(void **state)
{
	static const struct {
		const char *make; /* a command that makes the file f, or NULL: nothing */
		enum error_tag tag;
		const char *says;
	} cases[] = {
	    {"true", ERR_NO_FILE, "No such file"},
	    {"mkdir f", ERR_NOT_ELF, "is a directory"},
	    {": > f", ERR_NOT_ELF, "is empty"},
	    {"mkfifo f", ERR_NOT_ELF, "not a regular file"},
	    {"printf 'hello' > f", ERR_NOT_ELF, "not an ELF program"},
	    {"printf '#!/bin/sh\\necho' > f", ERR_NOT_ELF, "a script run by /bin/sh"},
	    {"printf '#! /usr/bin/env python3 -u\\n' > f", ERR_NOT_ELF, "script run by python3"},
	    {"printf '#!/usr/bin/env -S A=1 lua5.4\\n' > f", ERR_NOT_ELF,
	     "trace the interpreter: file lua5.4"},
	    {"printf 'int f;' | gcc -c -x c -o f -", ERR_NOT_ELF, "object file, not linked yet"},
	    {"printf 'int f;' | gcc -c -x c -o f.o - && ar rc f f.o", ERR_NOT_ELF, "archive"},
	    {"printf x | gzip > f", ERR_NOT_ELF, "gzip"},
	    {"head -c 40 /bin/sh > f", ERR_BAD_ELF, "only 40 bytes of an ELF header"},
	    {"head -c 20000 /bin/sh > f", ERR_BAD_ELF, "truncated or corrupt"},
	    {"cp /bin/sh f && truncate -s -200 f", ERR_BAD_ELF,
	     "section headers lie beyond its end"},
	    {"cp /bin/sh f && printf '\\004' | dd of=f bs=1 seek=16 conv=notrunc status=none",
	     ERR_NOT_ELF, "core dump"},
	    {"cp /bin/sh f && printf '\\267' | dd of=f bs=1 seek=18 conv=notrunc status=none",
	     ERR_WRONG_ARCH, "for arm64"},
	    {"cp /bin/sh f && printf '\\001' | dd of=f bs=1 seek=4 conv=notrunc status=none",
	     ERR_WRONG_ARCH, "x32"},
	    {"cp /bin/sh f && printf '\\003\\0' | dd of=f bs=1 seek=18 conv=notrunc status=none",
	     ERR_WRONG_ARCH, "32-bit x86"},
	};
	struct image *image;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		shell("rm -rf f f.o && %s", cases[i].make);
		assert_error(image_open(in_scratch("f"), NULL, &image), cases[i].tag,
			     cases[i].says);
	}
}

static void a_name_replaces_the_path_in_messages(void **state)
{
	struct image *image;

	(void)state;
	shell("rm -rf f && : > f");
	assert_error(image_open(in_scratch("f"), "the target", &image), ERR_NOT_ELF,
		     "the target is empty");
}

/* ---------------------------------------------------------------- functions */

static const char program_source[] =
    "__attribute__((noinline)) int twice(int x) { return 2 * x; }\n" /* line 1 */
    "__attribute__((noinline)) static int hidden(int x) { return x + 1; }\n"
    "__asm__(\".text\\n.globl bare\\n.type bare,@function\\nbare: nop\\nnop\\nret\\n\"\n"
    "        \".type after,@function\\nafter: ret\\n.size after, 1\\n\");\n"
    "int data = 1;\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "	return twice(argc) + hidden(argc);\n" /* line 8 */
    "}\n";

static void build_program(const char *name, const char *flags)
{
	write_file("p.c", program_source, sizeof(program_source) - 1);
	shell("gcc -g -O1 %s -o %s p.c", flags, name);
}

static struct image *open_built(const char *name)
{
	struct image *image;

	assert_no_error(image_open(in_scratch(name), NULL, &image));
	return image;
}

struct lookup {
	const char *name;
	struct function found;
	size_t count;
};

static bool note(void *context, const struct function *function)
{
	struct lookup *lookup = context;

	if (strcmp(function->name, lookup->name) == 0) {
		lookup->found = *function;
		lookup->count++;
	}
	return true;
}

static struct function function_named(struct image *image, const char *name)
{
	struct lookup lookup = {.name = name};

	image_each_function(image, note, &lookup);
	if (lookup.count != 1)
		fail_msg("%zu functions named %s", lookup.count, name);
	return lookup.found;
}

/* What nm -S says of every function is what the image says. */
static void compare_with_nm(const char *path, const char *options, size_t at_least)
{
	struct image *image;
	char line[4096];
	size_t count = 0;

	assert_no_error(image_open(path, NULL, &image));
	char *command = xasprintf("nm -S --defined-only %s %s", options, path);
	FILE *nm = popen(command, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		unsigned long address, size;
		char type, name[2048];
		struct function function;
		if (sscanf(line, "%lx %lx %c %2047s", &address, &size, &type, name) != 4 ||
		    tolower((unsigned char)type) != 't')
			continue;
		name[strcspn(name, "@")] = '\0';
		if (!image_function_at(image, address, &function))
			fail_msg("%s: nothing at 0x%lx, where nm has %s", path, address, name);
		/* Aliases may differ in name and size; the start and the bytes covered not. */
		assert_int_equal(function.address, address);
		assert_true(function.size > 0);
		count++;
	}
	pclose(nm);
	free(command);
	image_unref(image);
	if (count < at_least)
		fail_msg("only %zu functions of %s compared", count, path);
}

static void functions_are_those_of_nm(void **state)
{
	char self[256] = {0};

	(void)state;
	build_program("p", "");
	compare_with_nm(in_scratch("p"), "", 4);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	compare_with_nm(self, "", 100);
	compare_with_nm("/lib/x86_64-linux-gnu/libc.so.6", "-D", 1500);
	compare_with_nm("/bin/bash", "-D", 1000);
}

static void symbols_of_size_0_reach_to_the_next(void **state)
{
	(void)state;
	build_program("p", "");
	struct image *image = open_built("p");
	struct function bare = function_named(image, "bare");

	assert_true(bare.is_size_guessed);
	assert_int_equal(bare.size, 3);
	assert_false(function_named(image, "after").is_size_guessed);
	image_unref(image);
}

static void a_function_covers_its_bytes_and_no_more(void **state)
{
	struct function found;

	(void)state;
	build_program("p", "");
	struct image *image = open_built("p");
	struct function twice = function_named(image, "twice");
	assert_true(image_function_at(image, twice.address + twice.size - 1, &found));
	assert_string_equal(found.name, "twice");
	if (image_function_at(image, twice.address + twice.size, &found))
		assert_string_not_equal(found.name, "twice");
	assert_false(image_function_at(image, 0x10, &found));
	image_unref(image);
}

static void addresses_become_offsets_through_code_segments_only(void **state)
{
	static const char *const flags[] = {"-no-pie", "-pie", "-static"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		unsigned char bytes[8], raw[8];
		uint64_t offset, back, data;
		build_program("p", flags[i]);
		struct image *image = open_built("p");
		struct function twice = function_named(image, "twice");
		assert_int_equal(image_is_pie(image), strcmp(flags[i], "-pie") == 0);
		assert_true(image_offset(image, twice.address, &offset));
		assert_true(image_address(image, offset, &back));
		assert_int_equal(back, twice.address);
		assert_true(image_read(image, twice.address, bytes, sizeof(bytes)));
		FILE *file = fopen(in_scratch("p"), "r");
		assert_int_equal(fseek(file, offset, SEEK_SET), 0);
		assert_int_equal(fread(raw, 1, sizeof(raw), file), sizeof(raw));
		fclose(file);
		assert_memory_equal(bytes, raw, sizeof(raw));
		assert_false(image_offset(image, 0x7fffffff0000, &offset));
		assert_false(image_read(image, 0x7fffffff0000, bytes, 1));
		data = twice.address & ~0xfffull;
		assert_false(image_read(image, data, bytes, SIZE_MAX));
		image_unref(image);
	}
}

static void lines_are_those_of_addr2line(void **state)
{
	static const char *const commands[] = {
	    "gcc -g -O1 -o l p.c",
	    "gcc -g -gdwarf-4 -O1 -o l p.c",
	    "clang -g -O1 -o l p.c",
	    "gcc -g -gz -O1 -o l p.c",
	    "gcc -g -O1 -o l p.c && objcopy --only-keep-debug l l.debug && strip l && "
	    "objcopy --add-gnu-debuglink=l.debug l",
	    "gcc -g -O1 -Wl,--build-id=none -o l p.c && objcopy --only-keep-debug l l.debug && "
	    "strip l && mkdir -p .debug && objcopy --add-gnu-debuglink=l.debug l && "
	    "mv l.debug .debug/",
	};

	(void)state;
	write_file("p.c", program_source, sizeof(program_source) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct line line;
		shell("rm -rf l.debug .debug && %s", commands[i]);
		struct image *image = open_built("l");
		assert_true(image_has_dwarf(image));
		struct function twice = function_named(image, "twice");
		assert_true(image_line_at(image, twice.address, &line));
		assert_int_equal(line.number, 1);
		assert_string_equal(strrchr(line.file, '/') + 1, "p.c");
		assert_true(image_line_at(image, function_named(image, "hidden").address, &line));
		assert_int_equal(line.number, 2);
		assert_false(image_line_at(image, 0x10, &line));
		image_unref(image);
	}
}

/* The section of that name in a file's bytes. */
static Elf64_Shdr *section_of(uint8_t *file, const char *name)
{
	const Elf64_Ehdr *header = (const void *)file;
	Elf64_Shdr *sections = (void *)(file + header->e_shoff);
	const char *names = (const char *)file + sections[header->e_shstrndx].sh_offset;

	for (size_t i = 1; i < header->e_shnum; i++)
		if (strcmp(names + sections[i].sh_name, name) == 0)
			return &sections[i];
	fail_msg("no section %s", name);
	return NULL;
}

/* Whether the line of a function of a program is found after words of what a compressed section
 * begins with, or of its data, have been changed. */
static bool finds_line_with(const char *name, size_t word, uint64_t value)
{
	static uint8_t file[1 << 17];
	FILE *built = fopen(in_scratch("l"), "r+");
	struct line line;

	size_t size = fread(file, 1, sizeof(file), built);
	assert_in_range(size, 1, sizeof(file) - 1);
	const Elf64_Shdr *section = section_of(file, name);
	assert_true(section->sh_flags & SHF_COMPRESSED);
	memcpy(file + section->sh_offset + 8 * word, &value, sizeof(value));
	rewind(built);
	assert_int_equal(fwrite(file, 1, size, built), size);
	fclose(built);
	struct image *image = open_built("l");
	bool is_found = image_line_at(image, function_named(image, "twice").address, &line);
	image_unref(image);
	return is_found;
}

static void a_compressed_section_that_lies_about_itself_is_as_good_as_none(void **state)
{
	static const struct {
		const char *section;
		size_t word; /* 0: the kind; 1: the size; 2: the alignment; the rest is data */
		uint64_t value;
		bool is_found;
	} cases[] = {
	    {".debug_line", 2, 1, true},
	    {".debug_line", 0, ELFCOMPRESS_ZLIB, true},
	    {".debug_line", 0, 77, false},
	    {".debug_line", 1, 1, false},
	    {".debug_line", 1, UINT64_MAX, false},
	    {".debug_line", 1, 1 << 20, false},
	    {".debug_line", 3, 0x1234567890abcdef, false},
	    {".debug_line", 5, 0x1234567890abcdef, false},
	    {".debug_info", 1, 0, false},
	    {".debug_info", 4, 0x1234567890abcdef, false},
	};

	(void)state;
	/* Sections are compressed if that makes them smaller. */
	shell("for i in $(seq 200); do echo \"int f$i(int a) { return a + $i; }\"; done > many.h");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		build_program("l", "-gz -include many.h");
		if (finds_line_with(cases[i].section, cases[i].word, cases[i].value) !=
		    cases[i].is_found)
			fail_msg("%s, word %zu: line found %d", cases[i].section, cases[i].word,
				 !cases[i].is_found);
	}
}

static void a_debug_file_of_another_build_is_not_used(void **state)
{
	struct line line;
	struct lookup lookup = {.name = "hidden"};

	(void)state;
	build_program("l", "");
	shell("rm -rf .debug; objcopy --only-keep-debug l l.debug && strip l && "
	      "objcopy --add-gnu-debuglink=l.debug l && "
	      "gcc -g -O2 -DOTHER -o other p.c && objcopy --only-keep-debug other l.debug");
	struct image *image = open_built("l");
	assert_false(image_has_dwarf(image));
	image_each_function(image, note, &lookup);
	assert_int_equal(lookup.count, 0);
	assert_false(image_line_at(image, 0x1139, &line));
	assert_false(image_has_functions(image));
	image_unref(image);
}

static void names_are_demangled_and_without_versions(void **state)
{
	static const char source[] = "namespace ns { struct T { int m(int, char) const; };\n"
				     "int T::m(int a, char) const { return a; }\n"
				     "template <class X> X pick(X x) { return x; }\n"
				     "template int pick(int); }\n"
				     "int main() { return ns::T().m(1, 'c'); }\n";

	(void)state;
	write_file("x.cc", source, sizeof(source) - 1);
	shell("g++ -O1 -o x x.cc");
	struct image *image = open_built("x");
	function_named(image, "ns::T::m(int, char) const");
	function_named(image, "ns::pick<int>(int)");
	image_unref(image);
	assert_no_error(image_open("/lib/x86_64-linux-gnu/libc.so.6", NULL, &image));
	function_named(image, "pthread_setname_np"); /* pthread_setname_np@@GLIBC_2.34 and @2.12 */
	image_unref(image);
}

/* Stripped, so that only the unwind table knows the implementation, and loaded: what the loader
 * has chosen is what dlsym gives. */
static void an_ifunc_stands_for_what_a_process_has_chosen(void **state)
{
	static const char source[] = "static int one(int a) { return a * a + 1; }\n"
				     "static int two(int a) { return a * a + 2; }\n"
				     "volatile int which = 1;\n"
				     "static void *pick(void) { return which ? two : one; }\n"
				     "int f(int) __attribute__((ifunc(\"pick\")));\n"
				     "extern int h(int) __attribute__((alias(\"f\"), "
				     "visibility(\"hidden\")));\n"
				     "int g(int a) { return h(a) + 1; }\n";
	struct function chosen;
	uint64_t bias;

	(void)state;
	write_file("j.c", source, sizeof(source) - 1);
	shell("gcc -O1 -shared -fPIC -o libj.so j.c && strip libj.so");
	struct image *image = open_built("libj.so");
	struct function f = function_named(image, "f");
	assert_true(f.is_ifunc);
	assert_false(image_ifunc(image, &f, 0, &chosen)); /* nobody has it yet */
	void *library = dlopen(in_scratch("libj.so"), RTLD_NOW);
	assert_non_null(library);
	assert_true(process_bias(getpid(), image, &bias));
	assert_true(image_ifunc(image, &f, 0, &chosen));
	assert_int_equal(chosen.address + bias, (uintptr_t)dlsym(library, "f"));
	assert_string_equal(chosen.name, "f");
	assert_in_range(chosen.size, 4, 64);
	assert_true(image_ifunc(image, &f, getpid(), &chosen));
	/* One that the file does not call itself. */
	f.address++;
	assert_false(image_ifunc(image, &f, 0, &chosen));
	dlclose(library);
	image_unref(image);
}

/* Where the jump leads that a function ends with. */
static uint64_t target_of_last_jump(const struct image *image, const struct function *function)
{
	uint64_t end = function->address + function->size;
	uint8_t bytes[5];
	int32_t distance;

	assert_true(image_read(image, end - 5, bytes, sizeof(bytes)));
	if (bytes[0] != 0xe9) {
		assert_int_equal(bytes[3], 0xeb);
		return end + (uint64_t)(int8_t)bytes[4];
	}
	memcpy(&distance, bytes + 1, sizeof(distance));
	return end + (uint64_t)distance;
}

static void what_a_jump_leads_to_is_known_without_a_name(void **state)
{
	static const char source[] =
	    "#include <stdlib.h>\n"
	    "__attribute__((noinline)) static int hidden(int a) { __asm__(\"\"); return a * 3; }\n"
	    "__attribute__((noinline)) int inner(int a) { __asm__(\"\"); return a * 5; }\n"
	    "int to_hidden(int a) { return hidden(a + 1); }\n"
	    "int by_stub(int a) { return inner(a + 2); }\n"
	    "void abroad(void *a) { free(a); }\n";
	struct function from;

	(void)state;
	write_file("k.c", source, sizeof(source) - 1);
	shell("gcc -O2 -shared -fPIC -fcf-protection=none -o libk.so k.c && cp libk.so libl.so && "
	      "strip libl.so");
	struct image *whole = open_built("libk.so"), *image = open_built("libl.so");
	struct function hidden = function_named(whole, "hidden"),
			to_hidden = function_named(image, "to_hidden"),
			by_stub = function_named(image, "by_stub"),
			abroad = function_named(image, "abroad"),
			inner = function_named(image, "inner");

	assert_int_equal(target_of_last_jump(image, &to_hidden), hidden.address);
	assert_true(image_function_from(image, hidden.address, &from));
	assert_null(from.name);
	assert_int_equal(from.size, hidden.size);
	assert_true(image_function_from(whole, hidden.address, &from));
	assert_string_equal(from.name, "hidden");
	assert_false(image_function_from(image, hidden.address + 1, &from));
	assert_false(image_function_from(image, inner.address + 1, &from));

	assert_int_equal(
	    image_stub_function(image, by_stub.address, target_of_last_jump(image, &by_stub)),
	    inner.address);
	assert_int_equal(
	    image_stub_function(image, abroad.address, target_of_last_jump(image, &abroad)), 0);
	assert_int_equal(image_stub_function(image, to_hidden.address, hidden.address), 0);
	image_unref(whole);
	image_unref(image);
}

static void an_ifunc_is_said_to_be_one(void **state)
{
	static const char source[] = "int one(void) { return 1; }\n"
				     "static void *pick(void) { return one; }\n"
				     "int f(void) __attribute__((ifunc(\"pick\")));\n"
				     "int main(void) { return f() + one(); }\n";

	(void)state;
	write_file("i.c", source, sizeof(source) - 1);
	shell("gcc -o i i.c");
	struct image *image = open_built("i");
	assert_true(function_named(image, "f").is_ifunc);
	assert_false(function_named(image, "one").is_ifunc);
	image_unref(image);
}

static void a_c_program_is_not_go_and_has_the_platform_abi(void **state)
{
	struct image *image;
	struct function function;

	(void)state;
	assert_no_error(image_open("/proc/self/exe", NULL, &image));
	assert_null(image_go_version(image));
	assert_null(image_go_problem(image));
	function = function_named(image, "main");
	assert_int_equal(image_abi(image, &function), ABI_SYSV);
	image_unref(image);
}

static void a_program_says_how_it_was_built(void **state)
{
	struct image_facts facts;

	(void)state;
	build_program("facts", "-no-pie -Wl,--build-id=0x0123abcd");
	struct image *image = open_built("facts");
	image_facts(image, &facts);
	assert_non_null(strstr(facts.compiler, "GNU C"));
	assert_non_null(strstr(facts.compiler, "-O1"));
	assert_string_equal(facts.build_id, "0123abcd");
	assert_string_equal(facts.interpreter, "/lib64/ld-linux-x86-64.so.2");
	assert_int_equal(facts.dwarf_version, 5);
	assert_true(facts.has_symbols);
	assert_null(facts.package);
	assert_null(facts.debug_file);
	image_unref(image);
	shell("strip -o facts-bare facts");
	image = open_built("facts-bare");
	image_facts(image, &facts);
	assert_non_null(strstr(facts.compiler, "GCC: ")); /* .comment is left */
	assert_false(facts.has_symbols);
	assert_int_equal(facts.dwarf_version, 0);
	image_unref(image);
}

static void globs_backtrack(void **state)
{
	static const struct {
		const char *glob, *name;
		bool is_match;
	} cases[] = {
	    {"fn_*1", "fn_0011", true},
	    {"fn_*1", "fn_0010", false},
	    {"*", "", true},
	    {"?", "", false},
	    {"a*b*c", "aXbXbc", true},
	    {"a*b*c", "aXbXb", false},
	    {"fn_[a-c]?", "fn_b9", true},
	    {"fn_[a-c]?", "fn_d9", false},
	    {"fn_[!a-c]", "fn_d", true},
	    {"[]]", "]", true},
	    {"[a", "[a", true},
	    {"main.(*T).*", "main.(*T).M", true},
	    {"main.(*T).*", "main.(*BigT).M", false},
	    {"f(*)", "f(int, char)", true},
	    {"**x**", "abxcd", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (glob_match(cases[i].glob, cases[i].name) != cases[i].is_match)
			fail_msg("%s against %s", cases[i].glob, cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(other_files_are_named_for_what_they_are),
	    cmocka_unit_test(a_name_replaces_the_path_in_messages),
	    cmocka_unit_test(functions_are_those_of_nm),
	    cmocka_unit_test(symbols_of_size_0_reach_to_the_next),
	    cmocka_unit_test(a_function_covers_its_bytes_and_no_more),
	    cmocka_unit_test(addresses_become_offsets_through_code_segments_only),
	    cmocka_unit_test(lines_are_those_of_addr2line),
	    cmocka_unit_test(a_compressed_section_that_lies_about_itself_is_as_good_as_none),
	    cmocka_unit_test(a_debug_file_of_another_build_is_not_used),
	    cmocka_unit_test(names_are_demangled_and_without_versions),
	    cmocka_unit_test(what_a_jump_leads_to_is_known_without_a_name),
	    cmocka_unit_test(an_ifunc_is_said_to_be_one),
	    cmocka_unit_test(an_ifunc_stands_for_what_a_process_has_chosen),
	    cmocka_unit_test(a_c_program_is_not_go_and_has_the_platform_abi),
	    cmocka_unit_test(a_program_says_how_it_was_built),
	    cmocka_unit_test(globs_backtrack),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
