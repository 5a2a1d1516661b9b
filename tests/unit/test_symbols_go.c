/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Go programs: built here with every Go compiler of the machine, with symbols, without, and
 * position independent; and, written in assembly, the tables of compilers long gone. */
#include "test_go_program.h"

/* --------------------------------------------------------------- comparison */

struct count {
	struct image *image; /* whose functions are visited */
	struct image *other; /* an image of the same program with full symbols */
	size_t count;
};

/* Names of .gopclntab have [...] for type arguments, no .abi0, and in Go 1.27 a few have a
 * middle dot that .symtab writes as a plain one. */
static bool is_same_but_arguments(const char *bare, const char *full)
{
	for (; *bare && *bare != '['; bare++, full++) {
		if (strncmp(bare, "\u00b7", 2) == 0 && *full == '.')
			bare++;
		else if (*bare != *full)
			break;
	}
	return *bare == *full || strcmp(full, ".abi0") == 0;
}

static bool check_function(void *context, const struct function *function)
{
	struct count *count = context;
	struct function full;
	struct line line, full_line;

	assert_true(function->is_go);
	if (!image_function_at(count->other, function->address, &full))
		fail_msg("%s is not in the other file", function->name);
	assert_int_equal(full.address, function->address);
	if (!is_same_but_arguments(function->name, full.name))
		fail_msg("%s is %s", function->name, full.name);
	/* A last instruction that is an int3 counts as padding. */
	if (function->size != full.size && function->size + 1 != full.size)
		fail_msg("%s: %lu bytes, not %lu", function->name, (unsigned long)function->size,
			 (unsigned long)full.size);
	uint64_t middle = function->address + function->size / 2;
	if (image_line_at(count->image, middle, &line) !=
	    image_line_at(count->other, middle, &full_line))
		fail_msg("%s has lines in one file only", function->name);
	count->count++;
	return true;
}

static void a_stripped_go_program_has_its_functions(void **state)
{
	static const char *const builds[] = {"", "-buildmode=pie"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(builds); j++) {
			struct count count = {0};
			build_go(i, "full", builds[j]);
			shell("cp full bare && strip bare");
			struct image *bare = count.image = open_image("bare");
			count.other = open_image("full");
			assert_null(image_go_problem(bare));
			assert_false(image_has_dwarf(bare));
			assert_true(image_has_functions(bare));
			image_each_function(bare, check_function, &count);
			if (count.count < 1000)
				fail_msg("%s: only %zu functions", compilers[i], count.count);
			image_unref(bare);
			image_unref(count.other);
		}
	}
}

static void the_version_is_that_of_the_compiler(void **state)
{
	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		char version[64] = {0};
		build_go(i, "v", "-ldflags='-s -w'");
		char *command = xasprintf("GOTOOLCHAIN=local %s env GOVERSION", compilers[i]);
		FILE *go = popen(command, "r");
		assert_non_null(fgets(version, sizeof(version), go));
		pclose(go);
		free(command);
		version[strcspn(version, " \n")] = '\0';
		struct image *image = open_image("v");
		assert_non_null(image_go_version(image));
		if (strncmp(image_go_version(image), version, strlen(version)) != 0)
			fail_msg("%s, wanted %s", image_go_version(image), version);
		image_unref(image);
	}
}

static const char *setting_of(const struct image_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->setting_count; i++)
		if (strcmp(facts->settings[i].key, key) == 0)
			return facts->settings[i].value;
	return NULL;
}

static void a_stripped_go_program_says_how_it_was_built(void **state)
{
	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		struct image_facts facts;
		build_go(i, "v", "-ldflags='-s -w' -buildmode=pie");
		struct image *image = open_image("v");
		image_facts(image, &facts);
		assert_string_equal(facts.package, "example.org/y.v3");
		assert_string_equal(facts.module, "example.org/y.v3");
		assert_string_equal(facts.module_version, "(devel)");
		assert_false(facts.has_cgo);
		assert_false(facts.has_symbols);
		assert_int_equal(facts.dwarf_version, 0);
		assert_true(image_is_pie(image));
		assert_non_null(facts.build_id);
		if (!strstr(image_go_version(image), "go1.15")) { /* settings: from 1.18 */
			assert_string_equal(setting_of(&facts, "-compiler"), "gc");
			assert_string_equal(setting_of(&facts, "CGO_ENABLED"), "0");
		}
		image_unref(image);
	}
}

static void c_code_in_a_go_program_is_told(void **state)
{
	static const char source[] = "package main\n// int one(void) { return 1; }\n"
				     "import \"C\"\nfunc main() { println(C.one()) }\n";

	(void)state;
	need_go();
	shell("mkdir -p cgo && cp go.mod cgo");
	write_file("cgo/main.go", source, sizeof(source) - 1);
	for (size_t i = 0; i < compiler_count; i++) {
		struct image_facts facts;
		shell("cd cgo && HOME=${HOME:-/tmp} GOTOOLCHAIN=local CGO_ENABLED=1 GO111MODULE=on "
		      "%s build -ldflags='-s -w' -o ../v .",
		      compilers[i]);
		struct image *image = open_image("v");
		image_facts(image, &facts);
		assert_true(facts.has_cgo);
		assert_non_null(strstr(facts.interpreter, "/ld-linux"));
		image_unref(image);
	}
}

/* Asks addr2line of the Go distribution for the places image_line_at knows. */
static void lines_are_those_of_go_addr2line(void **state)
{
	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		char line_text[4096];
		build_go(i, "full", "");
		shell("nm full | awk '$2 == \"T\" || $2 == \"t\" { if (n++ %% 5 == 0 && $3 != "
		      "\"runtime.etext\") { print \"0x\" $1; print \"0x\" substr($1, 1, 15) \"f\" "
		      "} }' > in && "
		      "%s tool addr2line full < in | paste - - > out",
		      compilers[i]);
		struct image *image = open_image("full");
		FILE *in = fopen(in_scratch("in"), "r"), *out = fopen(in_scratch("out"), "r");
		size_t count = 0;
		unsigned long address;
		while (fscanf(in, "%lx", &address) == 1 &&
		       fgets(line_text, sizeof(line_text), out)) {
			char *place = strchr(line_text, '\t');
			struct line line;
			assert_non_null(place);
			place[strcspn(place, "\n")] = '\0';
			if (strcmp(place + 1, "?:0") == 0 || !image_line_at(image, address, &line))
				continue;
			char *ours = xasprintf("%s:%u", line.file, line.number);
			if (strcmp(ours, place + 1) != 0)
				fail_msg("0x%lx: %s, go says %s", address, ours, place + 1);
			free(ours);
			count++;
		}
		fclose(in);
		fclose(out);
		image_unref(image);
		if (count < 300)
			fail_msg("only %zu lines compared", count);
	}
}

/* -------------------------------------------------------------------- lines */

static void lines_are_found_by_go_s_own_table(void **state)
{
	static const struct name_case cases[] = {
	    {"main.go:13", "main.neatFunction"},
	    {"sub.go:4", "example.org/y.v3/sub%2ev2.(*D).Decode"},
	    {"sub.v2/sub.go:3", "example.org/y.v3/sub%2ev2.(*D).Decode"}, /* moved */
	    {"main.go:999", "[no-symbol]"},
	    {"print.go:1", "[ambiguous]"},
	    {"nosuch.go:1", "[no-symbol]"},
	};
	static const char *const strips[] = {"", "-ldflags='-s -w'"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count * ARRAY_SIZE(strips); i++) {
		place_list places = {0};
		struct program *program;
		build_go(i / ARRAY_SIZE(strips), "l", strips[i % ARRAY_SIZE(strips)]);
		assert_no_error(program_open(in_scratch("l"), &program));
		check_names(program, cases, ARRAY_SIZE(cases));
		assert_no_error(resolve(program, "main.go:14", &places));
		assert_int_equal(places.size, 1);
		assert_string_equal(places.data[0].function.name, "main.neatFunction");
		assert_int_not_equal(places.data[0].address, places.data[0].function.address);
		place_list_deinit(&places);
		assert_no_error(resolve(program, "main.go:5", &places));
		assert_int_equal(places.size, 2); /* Push for int and for string */
		place_list_deinit(&places);
		assert_error(resolve(program, "mian.go:5", &places), ERR_NO_SYMBOL, "`main.go`");
		program_free(program);
	}
}

/* ---------------------------------------------------------------- locations */

static void go_names_are_found_as_people_write_them(void **state)
{
	static const struct name_case cases[] = {
	    {"main.neatFunction", "main.neatFunction"},
	    {"main.neatFunction+0x6d", "main.neatFunction+0x6d"},
	    {"neatFunction", "main.neatFunction"},
	    {"(*D).Decode", "example.org/y.v3/sub%2ev2.(*D).Decode"},
	    {"sub%2ev2.(*D).Decode", "example.org/y.v3/sub%2ev2.(*D).Decode"},
	    {"example.org/y.v3/sub.v2.(*D).Decode", "example.org/y.v3/sub%2ev2.(*D).Decode"},
	    {"main.V.M", "main.V.M"},
	    {"M", "main.V.M"},		    /* not its wrapper main.(*V).M */
	    {"main.(*V).M", "main.(*V).M"}, /* but it too, if asked for */
	    {"main.neat*", "main.neatFunction"},
	    {"main.main.func1.1", "main.main.func1.1"},
	    {"runtime\u00b7mallocgc", "runtime.mallocgc"},
	    {"func1", "[ambiguous]"},
	    {"main.F[float64]", "[no-symbol]"},
	    {"main.neatFuntion", "[no-symbol]"},
	    {"main.neatFunction+0x2000", "[out-of-function]"},
	    {"main.neat", "[no-symbol]"},
	};
	static const char *const copies[] = {"main.F", "F", "main.(*List).Push", "(*List).Push",
					     "main.F[...]"};
	static const char *const files[] = {"full", "bare"};
	place_list places = {0};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		build_go(i, "full", "");
		build_go(i, "bare", "-ldflags='-s -w'");
		for (size_t j = 0; j < ARRAY_SIZE(files); j++) {
			struct program *program;
			assert_no_error(program_open(in_scratch(files[j]), &program));
			check_names(program, cases, ARRAY_SIZE(cases));
			for (size_t k = 0; k < ARRAY_SIZE(copies); k++) {
				assert_no_error(resolve(program, copies[k], &places));
				assert_int_equal(places.size, 2);
				place_list_deinit(&places);
			}
			assert_error(resolve(program, "neatFuntion", &places), ERR_NO_SYMBOL,
				     "`neatFunction`");
			program_free(program);
		}
		struct program *program;
		assert_no_error(program_open(in_scratch("full"), &program));
		assert_no_error(resolve(program, "main.F[int]", &places));
		assert_int_equal(places.size, 1);
		place_list_deinit(&places);
		assert_no_error(resolve(program, "(*List[string]).Push+4", &places));
		assert_int_equal(places.size, 1);
		place_list_deinit(&places);
		program_free(program);
	}
}

static void the_abi_is_that_of_the_function(void **state)
{
	static const struct {
		const char *name;
		enum abi abi;
	} cases[] = {
	    {"main.neatFunction", ABI_GO_REGISTERS},
	    {"runtime.memmove", ABI_GO_REGISTERS},
	    {"internal/bytealg.IndexByteString", ABI_GO_STACK},
	    {"runtime.rt0_go", ABI_GO_STACK},
	    {"runtime.asyncPreempt2", ABI_GO_REGISTERS},
	};
	static const char *const files[] = {"full", "bare"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		build_go(i, "full", "");
		build_go(i, "bare", "-ldflags='-s -w'");
		for (size_t j = 0; j < ARRAY_SIZE(files) * ARRAY_SIZE(cases); j++) {
			const char *file = files[j / ARRAY_SIZE(cases)];
			const char *name = cases[j % ARRAY_SIZE(cases)].name;
			struct program *program;
			place_list places = {0};
			assert_no_error(program_open(in_scratch(file), &program));
			assert_no_error(resolve(program, name, &places));
			assert_int_equal(places.size, 1);
			if (image_abi(places.data[0].image, &places.data[0].function) !=
			    cases[j % ARRAY_SIZE(cases)].abi)
				fail_msg("%s in %s", name, file);
			place_list_deinit(&places);
			program_free(program);
		}
	}
}

/* ------------------------------------------------------------------ layouts */

/* Overwrites bytes of .gopclntab in a copy of a stripped program. */
static void patch_table(const char *name, size_t at, const char *bytes)
{
	shell("cp bare %s && at=$(readelf -SW bare | awk '$2 ~ /gopclntab$/ { print $5 } "
	      "$3 ~ /gopclntab$/ { print $6 }') && "
	      "printf '%s' | dd of=%s bs=1 seek=$((0x$at + %zu)) conv=notrunc status=none",
	      name, bytes, name, at);
}

static void text_is_found_where_the_header_does_not_say(void **state)
{
	static const char *const flags[] = {"-ldflags='-s -w'", "-buildmode=pie -ldflags='-s -w'"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(flags); j++) {
			struct count count = {0};
			build_go(i, "bare", flags[j]);
			patch_table("patched", 24,
				    "\\0\\0\\0\\0\\0\\0\\0\\0"); /* as Go 1.26 has it */
			struct image *patched = count.image = open_image("patched");
			assert_null(image_go_problem(patched));
			count.other = open_image("bare");
			image_each_function(patched, check_function, &count);
			assert_true(count.count > 1000);
			image_unref(patched);
			image_unref(count.other);
		}
	}
}

static void an_unknown_layout_is_an_error_and_no_guess(void **state)
{
	struct program *program;
	place_list places = {0};

	(void)state;
	need_go();
	build_go(0, "bare", "-ldflags='-s -w'");
	patch_table("patched", 0, "\\362");
	assert_no_error(program_open(in_scratch("patched"), &program));
	struct image *image = program_executable(program);
	assert_non_null(image_go_version(image));
	assert_non_null(strstr(image_go_problem(image), "magic 0xfffffff2"));
	assert_false(image_has_functions(image));
	assert_error(resolve(program, "main.main", &places), ERR_NO_SYMBOLS, "0xfffffff2");
	program_free(program);
}

/* Two functions of 16 bytes, with int3 between; files and lines; the old headers. */
static const char old_source[] =
    ".globl _start\n"
    ".text\n.balign 16\n"
    "_start:\nf: nop; nop; ret; .balign 16, 0xcc\n"
    "g: nop; ret; .balign 16, 0xcc\n"
    "end:\n"
    ".section .go.buildinfo,\"aw\"\n.balign 16\n"
    ".ascii \"\\377 Go buildinf:\"\n.byte 8, 0\n.quad version, module\n"
    "version: .quad text, 8\nmodule: .quad 0, 0\ntext: .ascii \"VERSION\"\n"
    ".section .gopclntab,\"a\"\n"
    "table: .long MAGIC\n.byte 0, 0, 1, 8\n"
    ".quad 2\n"
    ".ifdef OLD\n"
    ".set names, table; .set units, table; .set files, table; .set pcs, table; .set funcs, table\n"
    ".else\n"
    ".quad 1, names - table, units - table, files - table, pcs - table, functab - table\n"
    ".endif\n"
    ".ifndef OLD\n"
    "names: .byte 0\n.endif\n"
    "f_name: .asciz \"main.f\"\ng_name: .asciz \"main.(*T).g\"\n"
    ".ifndef OLD\nunits: .long f_file - files\n"
    "files:\n.endif\n"
    "f_file: .asciz \"/src/old.go\"\n"
    ".ifndef OLD\npcs: .byte 0\n.endif\n"
    "f_pcfile: .byte FILE, 16, 0\n"
    "f_pcln: .byte 22, 2, 6, 14, 0\n" /* line 10 for 2 bytes, then 13 */
    ".balign 8\n"
    ".ifndef OLD\nfunctab: .set funcs, functab\n"
    ".quad f, f_func - funcs, g, g_func - funcs, end\n"
    ".endif\n"
    ".macro func at, name\n"
    ".quad \\at\n.long \\name - names, 0, 0, 0, f_pcfile - pcs, f_pcln - pcs, 0, 0\n"
    ".long 0, 0\n"
    ".endm\n"
    "f_func: func f, f_name\ng_func: func g, g_name\n";

/* In the oldest layout the functab follows the header at once. */
static void build_old(const char *name, bool is_oldest, const char *magic)
{
	write_file("old.s", old_source, sizeof(old_source) - 1);
	if (is_oldest)
		shell("sed -i '/^\\.quad 2$/a .quad f, f_func - table, g, g_func - table, end\\n"
		      ".long file_list - table\\nfile_list: .long 2, f_file - table' old.s");
	shell("sed -i 's/MAGIC/%s/; s/FILE/%s/; s/VERSION/%s/' old.s && "
	      "gcc -nostdlib -static -no-pie %s -o %s old.s && strip %s",
	      magic, is_oldest ? "4" : "2", is_oldest ? "go1.15.6" : "go1.16.6",
	      is_oldest ? "-Wa,--defsym,OLD=1" : "", name, name);
}

static void a_version_that_contradicts_the_table_is_an_error(void **state)
{
	struct program *program;
	place_list places = {0};

	(void)state;
	build_old("old", false, "0xfffffffa"); /* says go1.16.6: made to say 1.15 */
	shell("sed -i 's/go1\\.16\\.6/go1.15.6/' old");
	assert_no_error(program_open(in_scratch("old"), &program));
	assert_string_equal(image_go_problem(program_executable(program)),
			    "it says it was built with go1.15.6, but its .gopclntab is one of "
			    "Go 1.16");
	assert_error(resolve(program, "main.f", &places), ERR_NO_SYMBOLS, "one of Go 1.16");
	program_free(program);
	shell("sed -i 's/Go buildinf/No buildinf/' old");
	assert_no_error(program_open(in_scratch("old"), &program));
	assert_error(resolve(program, "main.f", &places), ERR_NO_SYMBOLS,
		     "it does not say which version of Go");
	program_free(program);
}

static void tables_of_old_compilers_are_read(void **state)
{
	static const struct {
		bool is_oldest;
		const char *magic;
	} cases[] = {{true, "0xfffffffb"}, {false, "0xfffffffa"}};
	static const struct name_case names[] = {{"main.f", "main.f"},
						 {"(*T).g+1", "main.(*T).g+0x1"},
						 {"main.*", "main.f | main.(*T).g"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct program *program;
		struct function function;
		place_list places = {0};
		struct line line;
		build_old("old", cases[i].is_oldest, cases[i].magic);
		assert_no_error(program_open(in_scratch("old"), &program));
		struct image *image = program_executable(program);
		assert_string_equal(image_go_version(image),
				    cases[i].is_oldest ? "go1.15.6" : "go1.16.6");
		if (image_go_problem(image))
			fail_msg("%s: %s", cases[i].magic, image_go_problem(image));
		check_names(program, names, ARRAY_SIZE(names));
		assert_no_error(resolve(program, "main.f", &places));
		function = places.data[0].function;
		place_list_deinit(&places);
		assert_int_equal(function.size, 3);
		assert_int_equal(image_abi(image, &function), ABI_GO_STACK);
		assert_true(image_line_at(image, function.address + 1, &line));
		assert_string_equal(line.file, "/src/old.go");
		assert_int_equal(line.number, 10);
		assert_true(image_line_at(image, function.address + 2, &line));
		assert_int_equal(line.number, 13);
		program_free(program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stripped_go_program_has_its_functions),
	    cmocka_unit_test(the_version_is_that_of_the_compiler),
	    cmocka_unit_test(a_stripped_go_program_says_how_it_was_built),
	    cmocka_unit_test(c_code_in_a_go_program_is_told),
	    cmocka_unit_test(lines_are_those_of_go_addr2line),
	    cmocka_unit_test(lines_are_found_by_go_s_own_table),
	    cmocka_unit_test(go_names_are_found_as_people_write_them),
	    cmocka_unit_test(the_abi_is_that_of_the_function),
	    cmocka_unit_test(text_is_found_where_the_header_does_not_say),
	    cmocka_unit_test(an_unknown_layout_is_an_error_and_no_guess),
	    cmocka_unit_test(tables_of_old_compilers_are_read),
	    cmocka_unit_test(a_version_that_contradicts_the_table_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
