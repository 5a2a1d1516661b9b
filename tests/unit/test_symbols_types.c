/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types as data: the same declarations are compiled here and, as text, into programs whose
 * debug information is read. Casts, definitions in other files, results. */
#include "test_symbols_scope.h"

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...)    TEXT_OF(__VA_ARGS__)

/* clang-format off */
#define DECLARATIONS                                                                     \
	struct inner { short first; union { int number; char text[6]; }; };              \
	struct outer { char c; struct inner inner; struct outer *next; double matrix[2][3]; }; \
	struct bits { unsigned a : 3; int b : 7; unsigned long c : 40; char d; int e : 1; }; \
	struct __attribute__((packed)) tight { char a; long b; int c : 9; };             \
	enum sign { BELOW = -5, NONE, ABOVE = 1000 };                                    \
	typedef struct { int id; char rest[]; } flexible_t;                              \
	typedef const volatile int strange_t;                                            \
	typedef int (*handler_t)(const char *name, struct outer *, ...);
/* clang-format on */

DECLARATIONS

static const char source[] = TEXT(
    DECLARATIONS) "\n"
		  "struct outer outer; struct bits bits; struct tight tight; flexible_t "
		  "*flexible;\n"
		  "strange_t strange; handler_t handler; enum sign sign; void *anything; char "
		  "*text;\n"
		  "const struct outer *const *deep; int (*rows)[4]; char (*call)(void); void "
		  "(**table)(int);\n"
		  "unsigned char byte; signed char small; __int128 large; long double longest; "
		  "_Bool flag;\n"
		  "struct hidden *hidden; struct nowhere *nowhere; struct { int x; } unnamed; "
		  "float narrow;\n"
		  "int none[0]; extern int sizeless[]; int *use = sizeless; struct outer "
		  "*list[3];\n"
		  "int main(void) { return bits.b + outer.c + tight.b + strange + sign + byte; }\n";
static const char other_source[] = "struct hidden { int seen; struct hidden *next; };\n"
				   "struct hidden found = {1, &found}; int sizeless[5];\n";

static int make_programs(void **state)
{
	if (make_c_programs(state, source, other_source) != 0)
		return -1;
	shell("gcc -O0 -gdwarf-3 -gstrict-dwarf -o gcc3 s.c o.c");
	return 0;
}

static const char *const builds[] = {"gcc3", "gcc4", "gcc5", "clang4", "clang5"};

/* ------------------------------------------------------------------- members */

/* Bit-fields: where their bits are, from the start of the struct. */
static const struct {
	const char *path;
	size_t offset, size; /* bytes; of a bit-field bits */
	bool is_bits;
} member_cases[] = {
    {"outer.c", offsetof(struct outer, c), 1, false},
    {"outer.inner", offsetof(struct outer, inner), sizeof(struct inner), false},
    {"outer.inner.first", offsetof(struct outer, inner.first), 2, false},
    {"outer.inner.number", offsetof(struct outer, inner.number), 4, false},
    {"outer.inner.text", offsetof(struct outer, inner.text), 6, false},
    {"outer.next", offsetof(struct outer, next), 8, false},
    {"outer.matrix", offsetof(struct outer, matrix), sizeof(double[2][3]), false},
    {"bits.a", 0, 3, true},
    {"bits.b", 3, 7, true},
    {"bits.c", 10, 40, true},
    {"bits.d", offsetof(struct bits, d), 1, false},
    {"bits.e", 64, 1, true},
    {"tight.a", offsetof(struct tight, a), 1, false},
    {"tight.b", offsetof(struct tight, b), 8, false},
    {"tight.c", 72, 9, true},
};

static bool find_member(const struct type *type, const char *name, uint64_t *offset,
			struct type_member *ret)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		bool is_it = member->name && strcmp(member->name, name) == 0;
		*offset += member->offset;
		*ret = *member;
		if (is_it || (!member->name && find_member(member->type, name, offset, ret)))
			return true;
		*offset -= member->offset;
	}
	return false;
}

static void check_member(struct scope *scope, size_t index, const char *build)
{
	CLEANUP(free_p) char *path = xstrdup(member_cases[index].path);
	struct type_member member = {0};
	struct variable variable;
	uint64_t offset = 0;
	char *save, *name = strtok_r(path, ".", &save);

	assert_true(scope_variable(scope, name, &variable));
	member.type = variable.type;
	while ((name = strtok_r(NULL, ".", &save)))
		if (!find_member(member.type, name, &offset, &member))
			fail_msg("%s: %s: no %s", build, member_cases[index].path, name);
	uint64_t size = member.type->size;
	assert_int_equal(member.bit_size != 0, member_cases[index].is_bits);
	if (member.bit_size) {
		assert_true(member.bit_offset + member.bit_size <= 64);
		offset = 8 * offset + member.bit_offset;
		size = member.bit_size;
	}
	if (offset != member_cases[index].offset || size != member_cases[index].size)
		fail_msg("%s: %s: at %lu of %lu", build, member_cases[index].path, offset, size);
}

static void members_are_where_the_compiler_puts_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		struct program *program;
		assert_no_error(program_open(in_scratch(builds[i]), &program));
		struct scope *scope = open_scope(program, "main");
		for (size_t j = 0; j < ARRAY_SIZE(member_cases); j++)
			check_member(scope, j, builds[i]);
		scope_close(scope);
		program_free(program);
	}
}

/* --------------------------------------------------------------------- kinds */

static void put_kind(struct buffer *out, const struct type *type, unsigned depth)
{
	static const char *const kinds[] = {"void",  "integer",	 "character", "boolean", "float",
					    "enum",  "pointer",	 "reference", "struct",	 "union",
					    "array", "function", "opaque"};

	buffer_printf(out, "%s%lu%s", kinds[type->kind], type->size, type->is_signed ? "s" : "");
	if (type->kind == TYPE_ARRAY)
		buffer_printf(out, "[%ld]", (long)type->count);
	if (type->target && depth < 4) {
		buffer_puts(out, " of ");
		put_kind(out, type->target, depth + 1);
	}
}

/* Kinds with sizes; names, GCC's and clang's being the same but for `long int`. */
static const struct {
	const char *variable, *name, *kind;
} kind_cases[] = {
    {"outer", "struct outer", "struct72"},
    {"flexible", "flexible_t *", "pointer8 of struct4"},
    {"strange", "strange_t", "integer4s"},
    {"handler", "handler_t", "pointer8 of function0 of integer4s"},
    {"sign", "enum sign", "enum4s"},
    {"anything", "void *", "pointer8 of void0"},
    {"text", "char *", "pointer8 of character1s"},
    {"deep", "const struct outer *const *", "pointer8 of pointer8 of struct72"},
    {"rows", "int (*)[4]", "pointer8 of array16[4] of integer4s"},
    {"call", "char (*)(void)", "pointer8 of function0 of character1s"},
    {"table", "void (**)(int)", "pointer8 of pointer8 of function0 of void0"},
    {"byte", "unsigned char", "integer1"},
    {"small", "signed char", "integer1s"},
    {"large", "__int128", "integer16s"},
    {"longest", "long double", "float16"},
    {"narrow", "float", "float4"},
    {"flag", "_Bool", "boolean1"},
    {"hidden", "struct hidden *", "pointer8 of opaque0"},
    {"nowhere", "struct nowhere *", "pointer8 of opaque0"},
    {"unnamed", "struct {...}", "struct4"},
    {"none", "int [0]", "array0[0] of integer4s"},
    {"list", "struct outer *[3]", "array24[3] of pointer8 of struct72"},
};

static void every_type_has_its_kind_size_and_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		struct program *program;
		assert_no_error(program_open(in_scratch(builds[i]), &program));
		struct scope *scope = open_scope(program, "main");
		for (size_t j = 0; j < ARRAY_SIZE(kind_cases); j++) {
			struct buffer kind = {0};
			struct variable variable;
			assert_true(scope_variable(scope, kind_cases[j].variable, &variable));
			put_kind(&kind, variable.type, 0);
			if (strcmp(kind.data, kind_cases[j].kind) != 0 ||
			    strcmp(variable.type->name, kind_cases[j].name) != 0)
				fail_msg("%s: %s: %s, %s", builds[i], kind_cases[j].variable,
					 variable.type->name, kind.data);
			buffer_deinit(&kind);
		}
		scope_close(scope);
		program_free(program);
	}
}

static void enumerators_keep_their_sign(void **state)
{
	struct variable variable;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		struct program *program;
		assert_no_error(program_open(in_scratch(builds[i]), &program));
		struct scope *scope = open_scope(program, "main");
		assert_true(scope_variable(scope, "BELOW", &variable));
		assert_int_equal(variable.kind, VARIABLE_ENUMERATOR);
		assert_int_equal(variable.type->enumerator_count, 3);
		assert_string_equal(variable.type->enumerators[0].name, "BELOW");
		assert_int_equal(variable.type->enumerators[0].value, BELOW);
		assert_int_equal(variable.type->enumerators[1].value, NONE);
		assert_int_equal(variable.type->enumerators[2].value, ABOVE);
		assert_int_equal(variable.where.pieces[0].steps[0].number, BELOW);
		scope_close(scope);
		program_free(program);
	}
}

/* A type refers to itself; it is one type, however it is reached. */
static void equal_types_are_one(void **state)
{
	struct program *program;
	struct variable outer, deep;

	(void)state;
	assert_no_error(program_open(in_scratch("gcc5"), &program));
	struct scope *scope = open_scope(program, "main");
	assert_true(scope_variable(scope, "outer", &outer));
	assert_true(scope_variable(scope, "deep", &deep));
	assert_ptr_equal(outer.type->members[2].type->target, outer.type);
	assert_ptr_equal(deep.type->target->target, outer.type);
	assert_ptr_equal(scope_type(scope, "struct outer"), outer.type);
	scope_close(scope);
	program_free(program);
}

/* --------------------------------------------------------------------- casts */

static const struct {
	const char *text, *name, *kind;
} cast_cases[] = {
    {"struct outer", "struct outer", "struct72"},
    {"outer", "struct outer", "struct72"},
    {"struct outer *", "struct outer *", "pointer8 of struct72"},
    {" const struct  outer*const * ", "struct outer **", "pointer8 of pointer8 of struct72"},
    {"flexible_t*", "flexible_t *", "pointer8 of struct4"},
    {"enum sign", "enum sign", "enum4s"},
    {"unsigned", "unsigned int", "integer4"},
    {"unsigned long", "unsigned long", "integer8"},
    {"long unsigned int", "unsigned long", "integer8"},
    {"long long", "long long", "integer8s"},
    {"short int", "short", "integer2s"},
    {"signed char", "signed char", "integer1s"},
    {"unsigned char *", "unsigned char *", "pointer8 of integer1"},
    {"char", "char", "character1s"},
    {"uint16_t", "uint16_t", "integer2"},
    {"size_t", "size_t", "integer8"},
    {"void *", "void *", "pointer8 of void0"},
    {"double", "double", "float8"},
    {"struct hidden", "struct hidden", "struct16"}, /* of another file */
    {"struct sign", NULL, NULL},
    {"enum outer", NULL, NULL},
    {"union outer", NULL, NULL},
    {"struct", NULL, NULL},
    {"main", NULL, NULL},
    {"no_such_t", NULL, NULL},
    {"no_such_t *", NULL, NULL},
    {"unsigned outer", NULL, NULL},
    {"*", NULL, NULL},
    {"const", NULL, NULL},
    {"", NULL, NULL},
};

static void words_of_c_are_types_without_debug_information(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
	    {"int", "int"},
	    {" const  long unsigned ", "unsigned long"},
	    {"uint16_t", "uint16_t"},
	    {"void*", "void *"},
	    {"const void *", "void *"},
	    {"char const*", "char *"},
	    {"int *", NULL},
	    {"struct s", NULL},
	    {"*", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct type *type = type_of_words(cases[i].text);

		if (!type != !cases[i].name || (type && strcmp(type->name, cases[i].name) != 0))
			fail_msg("%s: %s", cases[i].text, type ? type->name : "none");
	}
}

static void a_cast_names_a_type(void **state)
{
	struct program *program;

	(void)state;
	assert_no_error(program_open(in_scratch("gcc5"), &program));
	struct scope *scope = open_scope(program, "main");
	for (size_t i = 0; i < ARRAY_SIZE(cast_cases); i++) {
		const struct type *type = scope_type(scope, cast_cases[i].text);
		struct buffer kind = {0};
		if (type)
			put_kind(&kind, type, 0);
		if (!type != !cast_cases[i].name ||
		    (type && (strcmp(type->name, cast_cases[i].name) != 0 ||
			      strcmp(kind.data, cast_cases[i].kind) != 0)))
			fail_msg("%s: %s, %s", cast_cases[i].text, type ? type->name : "none",
				 type ? kind.data : "");
		buffer_deinit(&kind);
	}
	assert_ptr_equal(scope_type(scope, "struct outer *"), scope_type(scope, "struct outer*"));
	scope_close(scope);
	program_free(program);
}

/* -------------------------------------------------------------- definitions */

static void a_declared_type_is_defined_in_another_file(void **state)
{
	struct program *program;
	struct variable variable;

	(void)state;
	assert_no_error(program_open(in_scratch("clang5"), &program));
	struct scope *scope = open_scope(program, "main");
	assert_true(scope_variable(scope, "hidden", &variable));
	const struct type *hidden = scope_complete(scope, variable.type->target);
	assert_int_equal(hidden->kind, TYPE_STRUCT);
	assert_int_equal(hidden->member_count, 2);
	assert_string_equal(hidden->members[0].name, "seen");
	assert_ptr_equal(scope_complete(scope, hidden), hidden);
	assert_true(scope_variable(scope, "nowhere", &variable));
	assert_ptr_equal(scope_complete(scope, variable.type->target), variable.type->target);
	assert_true(scope_variable(scope, "sizeless", &variable));
	assert_int_equal(variable.type->count, 5);
	scope_close(scope);
	program_free(program);
}

/* ----------------------------------------------------------------------- C++ */

static const char cxx_source[] =
    "#include <memory>\n#include <string>\n#include <map>\n#include <vector>\n"
    "namespace a { namespace b { struct inner { struct nested { int x; }; nested n; }; } }\n"
    "template <typename T, int N> struct box { T items[N]; };\n"
    "struct trivial { int a, b; }; struct copied { copied(); copied(const copied &); int a; };\n"
    "struct destroyed { ~destroyed(); int a; }; struct holds { destroyed d; };\n"
    "struct base { int in_base; }; struct derived : base { int own; };\n"
    "struct left : virtual base { int l; };\n"
    "struct defaulted { defaulted(const defaulted &) = default; defaulted() = default; int a; };\n"
    "copied::copied() : a(1) {} copied::copied(const copied &o) : a(o.a) {}\n"
    "destroyed::~destroyed() {}\n"
    "a::b::inner::nested nested; box<char, 3> boxed; derived object; left sideways;\n"
    "std::map<std::string, std::vector<int>> map; std::unique_ptr<int> array;\n"
    "std::string text; std::wstring wide; std::vector<bool> flags;\n"
    "trivial f_trivial() { return {1, 2}; } copied f_copied() { return copied(); }\n"
    "destroyed f_destroyed() { return destroyed(); } holds f_holds() { return holds(); }\n"
    "defaulted f_defaulted() { return defaulted(); } derived f_derived() { return derived(); }\n"
    "int f_int() { return 1; } std::string f_string() { return text; }\n"
    "int main() { f_trivial(); f_copied(); f_destroyed(); f_holds(); f_defaulted(); f_derived();\n"
    "  return f_int() + f_string().size() + nested.x + boxed.items[0] + sideways.l; }\n";

static const char *const cxx_builds[] = {"g++4", "g++5", "clang++4", "clang++5"};

static void make_cxx_programs(void)
{
	write_file("s.cc", cxx_source, sizeof(cxx_source) - 1);
	for (int version = 4; version <= 5; version++) {
		shell("g++ -O0 -gdwarf-%d -o g++%d s.cc", version, version);
		shell("clang++ -O0 -gdwarf-%d -o clang++%d s.cc", version, version);
	}
}

static const struct {
	const char *variable, *name;
	enum type_form form;
} cxx_cases[] = {
    {"nested", "a::b::inner::nested", FORM_PLAIN},
    {"boxed", "box<char, 3>", FORM_PLAIN},
    {"map", "std::map<std::string, std::vector<int>>", FORM_PLAIN},
    {"array", "std::unique_ptr<int>", FORM_POINTER},
    {"text", "std::string", FORM_STRING},
    {"wide", "std::wstring", FORM_PLAIN},
    {"flags", "std::vector<bool>", FORM_PLAIN},
};

static const struct {
	const char *function;
	bool is_by_address;
} result_cases[] = {
    {"f_trivial", false},   {"f_copied", true},	  {"f_destroyed", true}, {"f_holds", true},
    {"f_defaulted", false}, {"f_derived", false}, {"f_int", false},	 {"f_string", true},
};

static void check_cxx(const char *build)
{
	struct program *program;
	struct variable variable;

	assert_no_error(program_open(in_scratch(build), &program));
	struct scope *scope = open_scope(program, "main");
	for (size_t i = 0; i < ARRAY_SIZE(cxx_cases); i++) {
		assert_true(scope_variable(scope, cxx_cases[i].variable, &variable));
		if (strcmp(variable.type->name, cxx_cases[i].name) != 0 ||
		    variable.type->form != cxx_cases[i].form)
			fail_msg("%s: %s: %s, form %d", build, cxx_cases[i].variable,
				 variable.type->name, variable.type->form);
	}
	assert_true(scope_variable(scope, "object", &variable));
	assert_true(variable.type->members[0].is_base);
	assert_string_equal(variable.type->members[0].name, "base");
	assert_int_equal(variable.type->members[1].offset, 4);
	assert_true(scope_variable(scope, "sideways", &variable));
	for (size_t i = 0; i < variable.type->member_count; i++)
		if (variable.type->members[i].is_base)
			assert_string_equal(variable.type->members[i].type->name,
					    "virtual base class base");
	assert_non_null(scope_type(scope, "std::vector<int>"));
	assert_non_null(scope_type(scope, "std::vector<int, std::allocator<int> >"));
	assert_non_null(scope_type(scope, "a::b::inner *"));
	assert_null(scope_type(scope, "inner"));
	scope_close(scope);
	for (size_t i = 0; i < ARRAY_SIZE(result_cases); i++) {
		scope = open_scope(program, result_cases[i].function);
		if (scope_result_is_by_address(scope) != result_cases[i].is_by_address)
			fail_msg("%s: %s", build, result_cases[i].function);
		scope_close(scope);
	}
	program_free(program);
}

static void types_of_cxx_are_called_what_people_call_them(void **state)
{
	(void)state;
	make_cxx_programs();
	for (size_t i = 0; i < ARRAY_SIZE(cxx_builds); i++)
		check_cxx(cxx_builds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_are_where_the_compiler_puts_them),
	    cmocka_unit_test(every_type_has_its_kind_size_and_name),
	    cmocka_unit_test(enumerators_keep_their_sign),
	    cmocka_unit_test(equal_types_are_one),
	    cmocka_unit_test(words_of_c_are_types_without_debug_information),
	    cmocka_unit_test(a_cast_names_a_type),
	    cmocka_unit_test(a_declared_type_is_defined_in_another_file),
	    cmocka_unit_test(types_of_cxx_are_called_what_people_call_them),
	};
	return cmocka_run_group_tests(tests, make_programs, remove_scratch);
}
