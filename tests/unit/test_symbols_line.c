/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FILE:LINE in programs built here, whose lines are known: labels in the assembly of a line
 * say where its code begins. */
#include "test_symbols.h"

static const char source[] =
    "#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \": nop\")\n"
    "__attribute__((noinline, used)) int opening(int x) { "
    "__asm__ volatile(\"nop\");\n"
    "	MARK(first);\n" /* line 3 */
    "	/* no code here */\n"
    "\n"
    "	MARK(second);\n"
    "	return x;\n"
    "}\n"
    "static inline __attribute__((always_inline)) void copied(void) {\n"
    "	__asm__ volatile(\"nop\");\n" /* line 10 */
    "}\n"
    "__attribute__((noinline)) int one(void) { __asm__ volatile(\"nop\"); copied(); return 1; }\n"
    "__attribute__((noinline)) int two(void) { __asm__ volatile(\"nop\"); copied();\n"
    "	__asm__ volatile(\"nop\"); copied(); return 2; }\n"
    "int main(void) {\n" /* line 15 */
    "	return opening(1) + one() + two();\n"
    "}\n"
    "int dead(void) { MARK(nobody); return 3; }\n"; /* line 18 */

/* The name of the label at address, or NULL. The caller frees it. */
static char *label_at(const char *file, uint64_t address)
{
	char *command = xasprintf("nm --defined-only %s 2>/dev/null", in_scratch(file)), name[128],
	     type;
	FILE *nm = popen(command, "r");
	char *found = NULL;
	unsigned long at;

	free(command);
	assert_non_null(nm);
	while (!found && fscanf(nm, "%lx %c %127s", &at, &type, name) == 3)
		if (at == address && (strcmp(name, "first") == 0 || strcmp(name, "second") == 0))
			found = xstrdup(name);
	pclose(nm);
	return found;
}

/* "opening@6=second": function, line, and the label there; "+0" at a function's own address.
 * Several by ' | '. An error's tag in brackets. */
static char *describe(struct program *program, const char *file, const char *text)
{
	place_list places = {0};
	struct buffer out = {0};
	struct error *err = resolve(program, text, &places);

	if (err)
		buffer_printf(&out, "[%s]", error_tag_name(err->tag));
	for (size_t i = 0; i < places.size; i++) {
		const struct place *place = &places.data[i];
		CLEANUP(free_p) char *label = label_at(file, place->address);
		buffer_printf(&out, "%s%s@%u", i ? " | " : "", place->function.name,
			      place->line.number);
		if (place->address == place->function.address)
			buffer_puts(&out, "+0");
		if (label)
			buffer_printf(&out, "=%s", label);
		assert_true(place->wanted_line <= place->line.number);
		assert_non_null(strstr(place->line.file, ".c"));
	}
	error_free(err);
	place_list_deinit(&places);
	return buffer_take(&out);
}

static void check_cases(const char *file, const struct name_case *cases, size_t count,
			const char *build)
{
	struct program *program;

	assert_no_error(program_open(in_scratch(file), &program));
	for (size_t i = 0; i < count; i++) {
		char *found = describe(program, file, cases[i].text);
		if (strcmp(found, cases[i].names) != 0)
			fail_msg("%s: %s: %s, wanted %s", build, cases[i].text, found,
				 cases[i].names);
		free(found);
	}
	program_free(program);
}

static int make_sources(void **state)
{
	if (make_scratch(state) != 0)
		return -1;
	shell("mkdir src other");
	write_file("src/l.c", source, sizeof(source) - 1);
	return 0;
}

/* -------------------------------------------------------------------- lines */

static const struct name_case cases[] = {
    {"l.c:3", "opening@3=first"},
    {"src/l.c:3", "opening@3=first"},
    {"./src/l.c:3", "opening@3=first"},
    {"src/../src//l.c:3", "opening@3=first"},
    {"'l.c':3", "opening@3=first"},
    {"p:l.c:3", "opening@3=first"}, /* in a module: the executable */
    {"l.c:3 force", "opening@3=first"},
    {"l.c:2", "opening@2+0"},
    {"l.c:1", "opening@2+0"},
    {"l.c:4", "opening@6=second"},
    {"l.c:5", "opening@6=second"},
    {"l.c:6", "opening@6=second"},
    {"l.c:10", "one@10 | two@10 | two@10"}, /* three inlined copies */
    {"l.c:15", "main@15+0"},
    {"l.c:999", "[no-symbol]"},
    {"c/l.c:3", "[no-symbol]"},
    {"rc/l.c:3", "[no-symbol]"},
    {"other/l.c:3", "[no-symbol]"},
    {"/src/l.c:3", "[no-symbol]"},
    {"L.c:3", "[no-symbol]"},
    {"nolib:l.c:3", "[no-module]"},
    {"-function opening -line 3", "opening@3=first"},
    {"-function opening -line +1", "opening@3=first"},
    {"-function opening -line +4", "opening@6=second"},
    {"-function main -line -12", "opening@3=first"},
    {"-function one -line -9", "opening@3=first"},
    {"-function one -line -99", "opening@2+0"},
    {"-source l.c -function opening -line +1", "opening@3=first"},
    {"-source k.c -function opening -line +1", "[no-symbol]"},
    {"-function opening -line 999", "[no-symbol]"},
    {"-function closing -line +1", "[no-symbol]"},
};

static void lines_are_found_whatever_compiled_them(void **state)
{
	static const char *const builds[] = {
	    "gcc -g -O0",
	    "gcc -g -O0 -gdwarf-4",
	    "gcc -g -O2 -fno-toplevel-reorder",
	    "gcc -g -O2 -fno-toplevel-reorder -gdwarf-4",
	    "gcc -g -O1 -fno-toplevel-reorder -gz -no-pie",
	    "gcc -g -O1 -fno-toplevel-reorder -gsplit-dwarf",
	    "gcc -g -O1 -gdwarf-5 -gdwarf64",
	    "clang -g -O0",
	    "clang -g -O2 -gdwarf-4",
	    "clang -g -O2 -gdwarf-5",
	    "clang -g -O1 -gz -gsplit-dwarf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		shell("%s -o p src/l.c", builds[i]);
		check_cases("p", cases, ARRAY_SIZE(cases), builds[i]);
	}
	shell("gcc -g -O1 -o p $PWD/src/l.c");
	char *text = xasprintf("%s:6", in_scratch("src/l.c"));
	const struct name_case whole[] = {{text, "opening@6=second"}};
	check_cases("p", whole, 1, "by its whole path");
	free(text);
}

static void lines_come_from_a_separate_debug_file(void **state)
{
	static const struct name_case linked[] = {
	    {"l.c:2", "opening@2+0"},
	    {"l.c:10", "one@10 | two@10 | two@10"},
	};

	(void)state;
	shell("gcc -g -O1 -fno-toplevel-reorder -Wl,--build-id=none -o p src/l.c && "
	      "objcopy --only-keep-debug p p.debug && strip p && "
	      "objcopy --add-gnu-debuglink=p.debug p");
	check_cases("p", linked, ARRAY_SIZE(linked), "debug link");
	shell("rm p.debug");
}

static void code_that_the_linker_threw_away_is_no_code(void **state)
{
	static const struct name_case kept[] =
	    {
		{"l.c:18", "dead@18+0"},
	    },
				      dropped[] = {
					  {"l.c:18", "[no-symbol]"},
					  {"l.c:15", "main@15+0"},
				      };

	(void)state;
	shell("gcc -g -O1 -o p src/l.c");
	check_cases("p", kept, 1, "kept");
	shell("gcc -g -O1 -ffunction-sections -Wl,--gc-sections -o p src/l.c");
	check_cases("p", dropped, 2, "dropped");
	shell("gcc -g -O1 -gdwarf-4 -ffunction-sections -Wl,--gc-sections -o p src/l.c");
	check_cases("p", dropped, 2, "dropped, DWARF 4");
}

static void each_instance_of_a_template_has_its_place(void **state)
{
	static const char text[] =
	    "template <class T> __attribute__((noinline)) T twice(T x) {\n"
	    "	__asm__ volatile(\"nop\");\n"
	    "	return x + x;\n"
	    "}\n"
	    "int main(int c, char **) { return twice(c) + twice(2.0 * c); }\n";
	place_list places = {0};
	struct program *program;

	(void)state;
	write_file("t.cc", text, sizeof(text) - 1);
	shell("g++ -g -O2 -o t t.cc");
	assert_no_error(program_open(in_scratch("t"), &program));
	assert_no_error(resolve(program, "t.cc:2", &places));
	assert_int_equal(places.size, 2);
	for (size_t i = 0; i < places.size; i++)
		assert_non_null(strstr(places.data[i].function.name, "twice<"));
	place_list_deinit(&places);
	program_free(program);
}

static void a_file_of_a_library_is_found_in_it(void **state)
{
	static const char *const texts[] = {"l.c:6", "libl.so:l.c:6", "libl:src/l.c:6"};
	static const char text[] = "int opening(int);\nint main(void) { return opening(1); }\n";
	struct program *program;

	(void)state;
	write_file("m.c", text, sizeof(text) - 1);
	shell("gcc -g -shared -fPIC -o libl.so src/l.c && "
	      "gcc -g -o m m.c -L. -ll -Wl,-rpath,$PWD");
	assert_no_error(program_open(in_scratch("m"), &program));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		place_list places = {0};
		assert_no_error(resolve(program, texts[i], &places));
		assert_int_equal(places.size, 1);
		assert_non_null(strstr(image_name(places.data[0].image), "libl.so"));
		place_list_deinit(&places);
	}
	program_free(program);
}

/* ------------------------------------------------------------------- errors */

static void what_is_not_there_is_said(void **state)
{
	static const char same[] = "int NAME(int x) {\n	return x + 1;\n}\n";
	static const struct {
		const char *text;
		enum error_tag tag;
		const char *says;
	} errors[] = {
	    {"l.c:999", ERR_NO_SYMBOL, "No line 999 in file \"l.c\"."},
	    {"l.c:999", ERR_NO_SYMBOL, "the last line that has code is 18"},
	    {"k.c:1", ERR_NO_SYMBOL, "No source file named k.c."},
	    {"k.c:1", ERR_NO_SYMBOL, "did you mean `l.c`"},
	    {"srv/same.c:1", ERR_NO_SYMBOL, "`same.c`"},
	    {"same.c:2", ERR_AMBIGUOUS, "\"same.c\" may be any of 2 files"},
	    {"same.c:2", ERR_AMBIGUOUS, "other/same.c"},
	    {"same.c:2", ERR_AMBIGUOUS, "src/same.c"},
	};
	place_list places = {0};
	struct program *program;

	(void)state;
	write_file("src/same.c", same, sizeof(same) - 1);
	write_file("other/same.c", same, sizeof(same) - 1);
	shell("gcc -g -c -DNAME=a -o a.o src/same.c && gcc -g -c -DNAME=b -o b.o other/same.c && "
	      "gcc -g -o p src/l.c a.o b.o");
	assert_no_error(program_open(in_scratch("p"), &program));
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_error(resolve(program, errors[i].text, &places), errors[i].tag,
			     errors[i].says);
	assert_no_error(resolve(program, "other/same.c:2", &places));
	assert_string_equal(places.data[0].function.name, "b");
	place_list_deinit(&places);
	program_free(program);
}

static void without_line_tables_the_error_says_so(void **state)
{
	static const char *const flags[] = {"-g0", "-g -s"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		place_list places = {0};
		struct program *program;
		shell("gcc %s -o p src/l.c", flags[i]);
		assert_no_error(program_open(in_scratch("p"), &program));
		assert_error(resolve(program, "l.c:3", &places), ERR_NO_SYMBOLS,
			     "has no table of source lines");
		program_free(program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_found_whatever_compiled_them),
	    cmocka_unit_test(lines_come_from_a_separate_debug_file),
	    cmocka_unit_test(code_that_the_linker_threw_away_is_no_code),
	    cmocka_unit_test(each_instance_of_a_template_has_its_place),
	    cmocka_unit_test(a_file_of_a_library_is_found_in_it),
	    cmocka_unit_test(what_is_not_there_is_said),
	    cmocka_unit_test(without_line_tables_the_error_says_so),
	};

	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
