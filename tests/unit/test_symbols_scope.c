/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which variables a name means at a pc, and where they are, in programs built here: labels
 * in the assembly say where the pc is. */
#include "test_symbols_scope.h"

static const char source[] =
    "#define MARK(name) __asm__ volatile(\".type \" #name \", @function\\n.globl \" #name \"\\n\" "
    "\\\n"
    "	#name \": nop\" : : : \"memory\")\n"
    "struct point { int x, y; };\n"
    "enum color { RED, GREEN = 5, LAST = -1 };\n"
    "int counter = 3;\n"
    "static int shared = 7;\n"
    "extern int elsewhere, nowhere;\n"
    "static inline __attribute__((always_inline)) int copied(int seen) {\n"
    "	int own = seen * 2; MARK(in_copy); return own; }\n"
    "__attribute__((noinline)) int blocks(int a, long b) {\n" /* line 10 */
    "	int local = a; static int calls;\n"
    "	{ int a = 7, inner = 8; MARK(in_block); calls += a + inner; }\n"
    "	{ enum inner_color { INNER = 9 }; extern int elsewhere; MARK(in_other);\n"
    "	  calls += elsewhere + nowhere + shared + counter + (enum inner_color)b; }\n"
    "	MARK(in_function);\n"
    "	return copied(local) + (enum color)b + calls;\n"
    "}\n"
    "struct point *at(struct point *p, struct point by_value, char c, double d) {\n"
    "	MARK(in_at); p->x = by_value.x + c + d; return p; }\n"
    "void nothing(void) { MARK(in_nothing); }\n"
    "int main(void) { struct point p = {1, 2}; blocks(1, 2); nothing(); return at(&p, p, 0, 0)->x; "
    "}\n";
static const char other_source[] = "int elsewhere = 4, nowhere = 5; static int shared = 9;\n"
				   "int *other(void) { return &shared; }\n";

static int make_programs(void **state)
{
	return make_c_programs(state, source, other_source);
}

/* ------------------------------------------------------------------- names */

static bool add_name(void *context, const struct variable *variable)
{
	static const char *const kinds[] = {"(", "", "static ", "enum "};
	struct buffer *out = context;

	buffer_printf(out, "%s%s%s%s", out->size ? " " : "", kinds[variable->kind], variable->name,
		      variable->kind == VARIABLE_PARAMETER ? ")" : "");
	return true;
}

static const struct {
	const char *location, *each;
} each_cases[] = {
    {"in_block", "inner a local static calls (b)"},
    {"in_function", "local static calls (a) (b)"},
    {"in_copy", "own (seen)"},
    {"in_at", "(p) (by_value) (c) (d)"},
    {"in_nothing", ""},
};

/* Names in any order: compilers have theirs. */
static bool have_same_words(const char *left, const char *right)
{
	CLEANUP(free_p) char *copy = xstrdup(right);

	if (strlen(left) != strlen(right))
		return false;
	for (char *save, *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		if (!strstr(left, word))
			return false;
	return true;
}

static const char *const builds[] = {"gcc4", "gcc5", "clang4", "clang5"};

static void every_visible_variable_is_listed_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		struct program *program;
		assert_no_error(program_open(in_scratch(builds[i]), &program));
		for (size_t j = 0; j < ARRAY_SIZE(each_cases); j++) {
			struct scope *scope = open_scope(program, each_cases[j].location);
			struct buffer names = {0};
			buffer_puts(&names, "");
			scope_each(scope, add_name, &names);
			if (!have_same_words(names.data, each_cases[j].each))
				fail_msg("%s: %s: %s", builds[i], each_cases[j].location,
					 names.data);
			buffer_deinit(&names);
			scope_close(scope);
		}
		program_free(program);
	}
}

/* Type, kind and the line of the declaration. */
static const struct {
	const char *location, *name, *is;
} name_cases[] = {
    {"in_block", "a", "int local 12"}, /* the inner one hides the parameter */
    {"in_block", "inner", "int local 12"},
    {"in_block", "b", "long parameter 10"},
    {"in_function", "a", "int parameter 10"},
    {"in_function", "inner", "none"},
    {"in_function", "calls", "int global 11"},
    {"in_function", "counter", "int global 5"},
    {"in_function", "shared", "int global 6"}, /* this file's, not the other's */
    {"in_function", "elsewhere", "int global 1"},
    {"in_other", "elsewhere", "int global 1"},
    {"in_other", "INNER", "enum inner_color enumerator 13"},
    {"in_function", "GREEN", "enum color enumerator 4"},
    {"in_function", "LAST", "enum color enumerator 4"},
    {"in_function", "point", "none"},
    {"in_function", "blocks", "none"},
    {"in_copy", "seen", "int parameter 8"},
    {"in_copy", "own", "int local 9"},
    {"in_copy", "local", "none"}, /* a caller's names are no names of what it calls */
    {"in_copy", "b", "none"},
    {"in_copy", "counter", "int global 5"},
    {"in_at", "p", "struct point * parameter 18"},
    {"in_at", "by_value", "struct point parameter 18"},
    {"other", "shared", "int global 1"},
};

static char *describe(struct scope *scope, const char *name)
{
	static const char *const kinds[] = {"parameter", "local", "global", "enumerator"};
	struct variable variable;

	if (!scope_variable(scope, name, &variable))
		return xstrdup("none");
	assert_string_equal(variable.name, name);
	assert_non_null(variable.declared.file);
	/* clang calls it what C does, GCC what it means. */
	const char *type =
	    strcmp(variable.type->name, "long int") == 0 ? "long" : variable.type->name;
	return xasprintf("%s %s %u", type, kinds[variable.kind], variable.declared.number);
}

static void a_name_means_the_innermost_variable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		struct program *program;
		assert_no_error(program_open(in_scratch(builds[i]), &program));
		for (size_t j = 0; j < ARRAY_SIZE(name_cases); j++) {
			struct scope *scope = open_scope(program, name_cases[j].location);
			char *is = describe(scope, name_cases[j].name);
			if (strcmp(is, name_cases[j].is) != 0)
				fail_msg("%s: %s at %s: %s, wanted %s", builds[i],
					 name_cases[j].name, name_cases[j].location, is,
					 name_cases[j].is);
			free(is);
			scope_close(scope);
		}
		program_free(program);
	}
}

static void parameters_are_counted_from_0(void **state)
{
	static const char *const names[] = {"p", "by_value", "c", "d"};
	struct program *program;
	struct variable variable;

	(void)state;
	assert_no_error(program_open(in_scratch("clang5"), &program));
	struct scope *scope = open_scope(program, "in_at");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(scope_parameter(scope, i, &variable));
		assert_string_equal(variable.name, names[i]);
	}
	assert_false(scope_parameter(scope, ARRAY_SIZE(names), &variable));
	scope_close(scope);
	scope = open_scope(program, "in_copy");
	assert_true(scope_parameter(scope, 0, &variable));
	assert_string_equal(variable.name, "seen");
	assert_false(scope_parameter(scope, 1, &variable));
	scope_close(scope);
	program_free(program);
}

/* In inlined code there are two functions that a name can be of. */
static void an_inlined_copy_can_be_left(void **state)
{
	static const char early[] = "volatile int sink; static inline "
				    "__attribute__((always_inline)) void copied(int own) {\n"
				    "	sink = own; __asm__ volatile(\".type mark, "
				    "@function\\nmark: nop\"); sink = own; }\n"
				    "__attribute__((noinline)) void outer(int x) { copied(x); }\n"
				    "int main(void) { outer(1); return 0; }\n";
	struct program *program;
	struct variable variable;

	(void)state;
	write_file("early.c", early, sizeof(early) - 1);
	shell("gcc -O2 -g -o early early.c");
	assert_no_error(program_open(in_scratch("early"), &program));
	struct scope *scope = open_scope(program, "outer"); /* the copy begins there, too */
	assert_true(scope_variable(scope, "x", &variable));
	assert_false(scope_variable(scope, "own", &variable));
	scope_close(scope);
	scope = open_scope(program, "mark");
	assert_false(scope_variable(scope, "x", &variable));
	assert_true(scope_variable(scope, "own", &variable));
	scope_leave_inlined(scope);
	assert_true(scope_parameter(scope, 0, &variable));
	assert_string_equal(variable.name, "x");
	assert_false(scope_variable(scope, "own", &variable));
	scope_close(scope);
	program_free(program);
}

static void a_functions_result_has_its_type(void **state)
{
	struct program *program;

	(void)state;
	assert_no_error(program_open(in_scratch("gcc5"), &program));
	struct scope *scope = open_scope(program, "in_at");
	assert_string_equal(scope_result(scope)->name, "struct point *");
	scope_close(scope);
	scope = open_scope(program, "in_nothing");
	assert_int_equal(scope_result(scope)->kind, TYPE_VOID);
	scope_close(scope);
	program_free(program);
}

/* ------------------------------------------------------------------- where */

/* At the function's address, where its frame is not there yet; by GCC, whose frame is at the
 * CFA, and clang, whose frame is at a register. */
static const struct {
	const char *name, *where;
} entry_cases[] = {
    {"i", "rdi"},
    {"v", "<unavailable in %xmm0>"},
    {"mixed", "rsi:8 <unavailable in %xmm1>:8"},
    {"small", "rdx"},
    {"pair", "rcx:8 r8:8"},
    {"memory", "[(rsp + 8)]"},
    {"wide", "[(rsp + 40)]"}, /* no two registers are left, and it is aligned */
    {"last", "r9"},
    {"stacked", "[(rsp + 56)]"},
    {"local", "<unavailable before the function's first line>"},
};

static void arguments_are_where_they_are_passed_until_they_are_stored(void **state)
{
	static const char entry[] =
	    "struct mixed { long a; double b; }; struct small { short a; char b; };\n"
	    "struct pair { int a, b; char *c; }; struct memory { long a[3]; };\n"
	    "int entry(int i, double v, struct mixed mixed, struct small small, struct pair pair,\n"
	    "	struct memory memory, __int128 wide, int last, int stacked)\n"
	    "{\n	int local = i;\n	return local + last + stacked + small.a + pair.b\n"
	    "		+ wide + v + mixed.a + memory.a[1]; }\n"
	    "int main(void) { return 0; }\n";
	static const char *const compilers[] = {"gcc", "clang"};

	(void)state;
	write_file("entry.c", entry, sizeof(entry) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		struct program *program;
		struct variable variable;
		shell("%s -O0 -g -o entry entry.c", compilers[i]);
		assert_no_error(program_open(in_scratch("entry"), &program));
		struct scope *scope = open_scope(program, "entry");
		for (size_t j = 0; j < ARRAY_SIZE(entry_cases); j++) {
			struct buffer text = {0};
			assert_true(scope_variable(scope, entry_cases[j].name, &variable));
			put_where(&text, &variable.where);
			if (strcmp(text.data, entry_cases[j].where) != 0)
				fail_msg("%s: %s: %s", compilers[i], entry_cases[j].name,
					 text.data);
			buffer_deinit(&text);
		}
		scope_close(scope);
		program_free(program);
	}
}

static void an_address_without_debug_information_has_no_scope(void **state)
{
	struct program *program;
	struct scope *scope;
	struct where_piece cfa;

	(void)state;
	shell("strip -o stripped gcc5");
	assert_no_error(program_open(in_scratch("stripped"), &program));
	struct image *image = program_executable(program);
	assert_no_error(scope_open(image, 0x1139, &scope));
	assert_null(scope);
	assert_false(image_cfa(image, 0, &cfa));
	program_free(program);
	assert_no_error(program_open(in_scratch("gcc5"), &program));
	assert_no_error(scope_open(program_executable(program), 1, &scope));
	assert_null(scope);
	program_free(program);
}

static void the_frame_is_found_with_and_without_symbols(void **state)
{
	static const char *const files[] = {"gcc5", "stripped", "debug_frame"};
	static const struct {
		unsigned offset;
		const char *cfa;
	} cases[] = {{0, "(rsp + 8)"}, {1, "(rsp + 16)"}, {4, "(rbp + 16)"}};
	struct program *program;
	place_list places = {0};
	struct where_piece cfa;

	(void)state;
	shell("gcc -O0 -g -fno-asynchronous-unwind-tables -o debug_frame s.c o.c");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		/* Stripping moves nothing. */
		bool is_stripped = strcmp(files[i], "stripped") == 0;
		assert_no_error(
		    program_open(in_scratch(is_stripped ? "gcc5" : files[i]), &program));
		assert_no_error(resolve(program, "nothing", &places));
		uint64_t address = places.data[0].address;
		place_list_deinit(&places);
		program_free(program);
		assert_no_error(program_open(in_scratch(files[i]), &program));
		for (size_t j = 0; j < ARRAY_SIZE(cases); j++) {
			assert_true(image_cfa(program_executable(program),
					      address + cases[j].offset, &cfa));
			char *text = steps_text(cfa.steps, cfa.step_count);
			assert_string_equal(text, cases[j].cfa);
			free(text);
		}
		program_free(program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_visible_variable_is_listed_once),
	    cmocka_unit_test(a_name_means_the_innermost_variable),
	    cmocka_unit_test(parameters_are_counted_from_0),
	    cmocka_unit_test(an_inlined_copy_can_be_left),
	    cmocka_unit_test(a_functions_result_has_its_type),
	    cmocka_unit_test(arguments_are_where_they_are_passed_until_they_are_stored),
	    cmocka_unit_test(an_address_without_debug_information_has_no_scope),
	    cmocka_unit_test(the_frame_is_found_with_and_without_symbols),
	};
	return cmocka_run_group_tests(tests, make_programs, remove_scratch);
}
