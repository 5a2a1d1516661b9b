/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Location texts taken apart, and resolved in programs built here. */
#include "test_symbols.h"

/* ------------------------------------------------------------------- parsing */

static void locations_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *module, *name;
		int kind;
		bool has_offset;
		uint64_t number; /* offset, or the address */
		bool is_forced;
	} cases[] = {
	    {"main", NULL, "main", LOCATION_NAME, false, 0, false},
	    {"  main\t", NULL, "main", LOCATION_NAME, false, 0, false},
	    {"main+0x6d", NULL, "main", LOCATION_NAME, true, 0x6d, false},
	    {"main+10", NULL, "main", LOCATION_NAME, true, 10, false},
	    {"main+0", NULL, "main", LOCATION_NAME, true, 0, false},
	    {"main.neatFunction+0x6d force", NULL, "main.neatFunction", LOCATION_NAME, true, 0x6d,
	     true},
	    {"force", NULL, "force", LOCATION_NAME, false, 0, false},
	    {"*0x401136", NULL, NULL, LOCATION_ADDRESS, false, 0x401136, false},
	    {"*4198710", NULL, NULL, LOCATION_ADDRESS, false, 4198710, false},
	    {"libc:*0x1000", "libc", NULL, LOCATION_ADDRESS, false, 0x1000, false},
	    {"*main", NULL, "main", LOCATION_NAME, true, 0, false},
	    {"*main+4", NULL, "main", LOCATION_NAME, true, 4, false},
	    {"*'a b'+4", NULL, "a b", LOCATION_NAME, true, 4, false},
	    {"libc:malloc", "libc", "malloc", LOCATION_NAME, false, 0, false},
	    {"libstdc++.so.6:std::terminate", "libstdc++.so.6", "std::terminate", LOCATION_NAME,
	     false, 0, false},
	    {"/usr/lib/libc.so.6:malloc+4", "/usr/lib/libc.so.6", "malloc", LOCATION_NAME, true, 4,
	     false},
	    {"ns::Class::method", NULL, "ns::Class::method", LOCATION_NAME, false, 0, false},
	    {"ns::method(int, char)+4", NULL, "ns::method(int, char)", LOCATION_NAME, true, 4,
	     false},
	    {"(anonymous namespace)::f", NULL, "(anonymous namespace)::f", LOCATION_NAME, false, 0,
	     false},
	    {"operator+", NULL, "operator+", LOCATION_NAME, false, 0, false},
	    {"operator++", NULL, "operator++", LOCATION_NAME, false, 0, false},
	    {"a::operator+=", NULL, "a::operator+=", LOCATION_NAME, false, 0, false},
	    {"operator++4", NULL, "operator+", LOCATION_NAME, true, 4, false},
	    {"operator*", NULL, "operator*", LOCATION_NAME, false, 0, false},
	    {"operator[]", NULL, "operator[]", LOCATION_NAME, false, 0, false},
	    {"main.(*T).M", NULL, "main.(*T).M", LOCATION_NAME, false, 0, false},
	    {"(*T).M+0x10", NULL, "(*T).M", LOCATION_NAME, true, 0x10, false},
	    {"gopkg.in/y%2ev3.(*D).Decode", NULL, "gopkg.in/y%2ev3.(*D).Decode", LOCATION_NAME,
	     false, 0, false},
	    {"main.F[...]", NULL, "main.F[...]", LOCATION_NAME, false, 0, false},
	    {"main.(*T).*", NULL, "main.(*T).*", LOCATION_GLOB, false, 0, false},
	    {"fn_*1+4", NULL, "fn_*1", LOCATION_GLOB, true, 4, false},
	    {"libc:str[a-c]*", "libc", "str[a-c]*", LOCATION_GLOB, false, 0, false},
	    {"*alloc*", NULL, "*alloc*", LOCATION_GLOB, false, 0, false},
	    {"*", NULL, "*", LOCATION_GLOB, false, 0, false},
	    {"/^a:b+1$/", NULL, "^a:b+1$", LOCATION_REGEX, false, 0, false},
	    {"libc:/^str/", "libc", "^str", LOCATION_REGEX, false, 0, false},
	    {"/lib/x.so:/^str/ force", "/lib/x.so", "^str", LOCATION_REGEX, false, 0, true},
	    {"'a+b:c'", NULL, "a+b:c", LOCATION_NAME, false, 0, false},
	    {"\"f*\"+2", NULL, "f*", LOCATION_NAME, true, 2, false},
	    {"libc:'a:b'", "libc", "a:b", LOCATION_NAME, false, 0, false},
	    {"main.go:20", NULL, "main.go", LOCATION_LINE, false, 20, false},
	    {"src/net/foo.c:12 force", NULL, "src/net/foo.c", LOCATION_LINE, false, 12, true},
	    {"/a/b.c:1", NULL, "/a/b.c", LOCATION_LINE, false, 1, false},
	    {"/lib/x.so:/a/b.c:1", "/lib/x.so", "/a/b.c", LOCATION_LINE, false, 1, false},
	    {"libx.so.1:foo.c:4294967295", "libx.so.1", "foo.c", LOCATION_LINE, false, 4294967295,
	     false},
	    {"'a b:c.c':7", NULL, "a b:c.c", LOCATION_LINE, false, 7, false},
	    {"libx:\"f+1.c\":7", "libx", "f+1.c", LOCATION_LINE, false, 7, false},
	    {"a+b.c:7", NULL, "a+b.c", LOCATION_LINE, false, 7, false},
	    {"'main.go:20'", NULL, "main.go:20", LOCATION_NAME, false, 0, false},
	    {"ns::5", NULL, "ns::5", LOCATION_NAME, false, 0, false},
	    {"20", NULL, NULL, LOCATION_LINE, false, 20, false},
	    {"+3 force", NULL, NULL, LOCATION_LINE, false, 3, true},
	    {"-0", NULL, NULL, LOCATION_LINE, false, 0, false},
	    {"-line 7", NULL, NULL, LOCATION_LINE, false, 7, false},
	    {"-li -7", NULL, NULL, LOCATION_LINE, false, 7, false},
	    {"-source a b.c -line 7", NULL, "a b.c", LOCATION_LINE, false, 7, false},
	    {"-line 7 -s 'x -line.c'", NULL, "x -line.c", LOCATION_LINE, false, 7, false},
	    {"-function f*", NULL, "f*", LOCATION_NAME, false, 0, false},
	    {"-fu ns::f(int, char) -so a.cc", NULL, "ns::f(int, char)", LOCATION_NAME, false, 0,
	     false},
	    {"-function f -line 3", NULL, NULL, LOCATION_LINE, false, 3, false},
	    {"-li +2 -fu f -so a.c", NULL, "a.c", LOCATION_LINE, false, 2, false},
	    {"-probe p:n", NULL, "n", LOCATION_PROBE, false, 0, false},
	    {"-probe n* force", NULL, "n*", LOCATION_PROBE, false, 0, true},
	    {"-probe-stap libc.so.6:p:n", "libc.so.6", "n", LOCATION_PROBE, false, 0, false},
	    {"-function f -label out", NULL, "f", LOCATION_NAME, true, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct location location;
		struct error *err = location_parse(cases[i].text, &location);
		if (err)
			fail_msg("%s: %s", cases[i].text, err->message);
		uint64_t number = location.kind == LOCATION_ADDRESS ? location.address
				  : location.kind == LOCATION_LINE  ? location.line
								    : location.offset;
		bool is_same =
		    (!cases[i].module == !location.module) && (!cases[i].name == !location.name) &&
		    (!location.module || strcmp(location.module, cases[i].module) == 0) &&
		    (!location.name || strcmp(location.name, cases[i].name) == 0) &&
		    (int)location.kind == cases[i].kind &&
		    location.has_offset == cases[i].has_offset && number == cases[i].number &&
		    location.is_forced == cases[i].is_forced;
		if (!is_same)
			fail_msg("%s: module %s, name %s, kind %d, offset %d 0x%lx, force %d",
				 cases[i].text, location.module, location.name, (int)location.kind,
				 location.has_offset, (unsigned long)number, location.is_forced);
		location_deinit(&location);
	}
}

static void malformed_locations_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "the location is missing"},
	    {"  ", "the location is missing"},
	    {"main+", "what follows the + is no number"},
	    {"main+0x", "no number"},
	    {"main+12ab", "no number"},
	    {"main+main", "no number"},
	    {"main+0x10000000000000000", "no number"},
	    {"*0x40zz", "the address is no number"},
	    {"*18446744073709551616", "the address is no number"},
	    {"libc:", "the function is missing"},
	    {"'main", "the quote is not closed"},
	    {"''", "the name is empty"},
	    {"'main'x", "only +OFFSET may follow"},
	    {"/(/", "Unmatched ("},
	    {"libc://", "the regular expression is empty"},
	    {"-line x", "the line is no number"},
	    {"-line 0", "lines are counted from 1"},
	    {"+99999999999", "that line number is too large"},
	    {"-l 3", "invalid explicit argument, \"-l\""},
	    {"-bogus 3", "There are -source FILE"},
	    {"-line", "missing argument for \"-line\""},
	    {"-source a.c", "Source filename requires"},
	    {"-label x", "-label needs -function"},
	    {"-function f -label x -line 3", "-line goes with -source or -function"},
	    {"-function f -line x", "the line is no number"},
	    {"main.go:0", "lines are counted from 1"},
	    {"main.go:4294967296", "that line number is too large"},
	    {"main.go:99999999999999999999999", "that line number is too large"},
	    {":20", "the file is missing"},
	    {"'main.go:20", "the quote is not closed"},
	    {"'':20", "the file is missing"},
	    {"'a'b:20", "only :LINE may follow"},
	    {"main+", "a location is FUNCTION, FUNCTION+OFFSET"},
	};
	struct location location;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_error(location_parse(cases[i].text, &location), ERR_LOCATION, cases[i].says);
}

/* ----------------------------------------------------------------- resolving */

static const char c_source[] =
    "#define FN __attribute__((noinline, used)) \n"
    "FN int fn_0011(int x) { return x + 11; }\n"
    "FN int fn_0010(int x) { return x + 10; }\n"
    "FN int fn_0101(int x) { return x + 101; }\n"
    "FN static int cold_one(int x) { return x + 5; }\n"
    /* What compilers make of some functions, spelt out. */
    "__asm__(\".text\\n.type f.constprop.0,@function\\nf.constprop.0: nop\\nret\\n\"\n"
    "        \".size f.constprop.0,2\\n\"\n"
    "        \".type f.cold,@function\\nf.cold: nop\\nret\\n.size f.cold,2\\n\"\n"
    "        \".type g.cold,@function\\ng.cold: nop\\nret\\n.size g.cold,2\\n\"\n"
    "        \".type h.part.0,@function\\nh.part.0: nop\\nret\\n.size h.part.0,2\\n\"\n"
    "        \".type \\\"odd+1\\\",@function\\n\\\"odd+1\\\": nop\\nret\\n.size "
    "\\\"odd+1\\\",2\\n\");\n"
    "int main(void) { return fn_0011(1) + fn_0010(1) + fn_0101(1) + cold_one(1); }\n";

static const char other_source[] =
    "__attribute__((noinline, used)) static int cold_one(int x) { return x + 6; }\n"
    "__attribute__((used)) int other(int x) { return cold_one(x); }\n";

static struct program *open_program(const char *path)
{
	struct program *program;

	assert_no_error(program_open(path, &program));
	return program;
}

static struct program *build_c(const char *flags)
{
	write_file("c.c", c_source, sizeof(c_source) - 1);
	write_file("o.c", other_source, sizeof(other_source) - 1);
	shell("gcc -g -O1 -fno-inline %s -o c c.c o.c", flags);
	return open_program(in_scratch("c"));
}

static void c_names_are_found(void **state)
{
	static const struct name_case cases[] = {
	    {"main", "main"},
	    {"main+4", "main+0x4"},
	    {"*main+4", "main+0x4"},
	    {"*main", "main"},
	    {"fn_*1", "fn_0011 | fn_0101"},
	    {"fn_00[01][01]", "fn_0011 | fn_0010"},
	    {"fn_*1+1", "fn_0011+0x1 | fn_0101+0x1"},
	    {"/^fn_.*0$/", "fn_0010"},
	    {"/^fn_(0011|0101)$/", "fn_0011 | fn_0101"},
	    {"cold_one", "cold_one | cold_one"},
	    {"f", "f.constprop.0"},
	    {"*.cold", "[no-symbol]"},
	    {"g", "[no-symbol]"},
	    {"h", "[no-symbol]"},
	    {"f.constprop.0", "f.constprop.0"},
	    {"odd+1", "odd+1"},
	    {"c:main", "main"}, /* the executable by its base name */
	    {"'fn_0011'+1", "fn_0011+0x1"},
	    {"'fn_*1'", "[no-symbol]"},
	    {"main+0x100000", "[out-of-function]"},
	    {"fn_*+0x1000", "[out-of-function]"},
	    {"nothing_like_it*", "[no-symbol]"},
	    {"*0x10", "[not-code]"},
	    {"nolib:main", "[no-module]"},
	};

	(void)state;
	struct program *program = build_c("");
	check_names(program, cases, ARRAY_SIZE(cases));
	program_free(program);
}

static bool look_up(void *context, const struct function *function)
{
	place_list places = {0};
	size_t found = 0;

	assert_no_error(resolve(context, function->name, &places));
	while (found < places.size && places.data[found].address != function->address)
		found++;
	if (found == places.size)
		fail_msg("%s: not found at 0x%lx", function->name,
			 (unsigned long)function->address);
	place_list_deinit(&places);
	return true;
}

/* The first searches read the tables; later ones have a filter and a list. */
static void every_function_of_a_large_program_is_found_by_its_name(void **state)
{
	(void)state;
	struct program *program = open_program("/proc/self/exe");
	image_each_function(program_executable(program), look_up, program);
	program_free(program);
}

static void an_address_needs_no_name(void **state)
{
	place_list places = {0};
	char text[32];

	(void)state;
	struct program *program = build_c("");
	assert_no_error(resolve(program, "main", &places));
	snprintf(text, sizeof(text), "*0x%lx", (unsigned long)places.data[0].address + 1);
	place_list_deinit(&places);
	assert_no_error(resolve(program, text, &places));
	assert_string_equal(places.data[0].function.name, "main");
	assert_int_equal(places.data[0].address, places.data[0].function.address + 1);
	place_list_deinit(&places);
	program_free(program);

	shell("strip c");
	program = open_program(in_scratch("c"));
	assert_no_error(resolve(program, text, &places));
	assert_int_equal(places.size, 1);
	assert_null(places.data[0].function.name);
	place_list_deinit(&places);
	program_free(program);
}

static void names_not_in_the_executable_come_from_its_libraries(void **state)
{
	static const char *const texts[] = {"malloc", "libc:malloc", "libc.so.6:malloc",
					    "c:malloc"};
	place_list places = {0};

	(void)state;
	struct program *program = build_c("");
	for (size_t i = 0; i < 3;
	     i++) { /* malloc is an undefined symbol of the executable, if at all */
		assert_no_error(resolve(program, texts[i], &places));
		assert_int_equal(places.size, 1);
		assert_non_null(strstr(image_name(places.data[0].image), "libc.so.6"));
		assert_string_equal(places.data[0].function.name, "malloc");
		place_list_deinit(&places);
	}
	assert_error(resolve(program, "mall*", &places), ERR_NO_SYMBOL, "mall*");
	program_free(program);
}

static void a_name_that_is_not_there_has_near_misses(void **state)
{
	place_list places = {0};

	(void)state;
	struct program *program = build_c("");
	assert_error(resolve(program, "fn_0021", &places), ERR_NO_SYMBOL, "did you mean `fn_0011`");
	assert_error(resolve(program, "mian", &places), ERR_NO_SYMBOL, "`main`");
	assert_error(resolve(program, "main+0x5000", &places), ERR_OUT_OF_FUNCTION,
		     "beyond the end of main, which is 0x");
	assert_error(resolve(program, "libd:main", &places), ERR_NO_MODULE, "\"libd\"");
	program_free(program);
}

static void a_stripped_program_says_so(void **state)
{
	place_list places = {0};

	(void)state;
	struct program *program = build_c("-s");
	assert_error(resolve(program, "main", &places), ERR_NO_SYMBOLS, "*0x...");
	assert_error(resolve(program, "ma*", &places), ERR_NO_SYMBOLS, "it is stripped");
	program_free(program);
}

static const char cxx_source[] =
    "#include <string>\n"
    "#define FN __attribute__((noinline, used))\n"
    "namespace ns {\n"
    "struct Class {\n"
    "	Class(int); ~Class();\n"
    "	int method(int, char); int method(double) const;\n"
    "	int run(std::string); Class operator+(int); bool operator()(int); bool operator<(int);\n"
    "	int operator[](int); int operator*();\n"
    "};\n"
    "FN Class::Class(int x) { asm volatile(\"\" :: \"r\"(x)); }\n"
    "FN Class::~Class() { asm volatile(\"\"); }\n"
    "FN int Class::method(int a, char b) { return a + b; }\n"
    "FN int Class::method(double d) const { return d; }\n"
    "FN int Class::run(std::string s) { return s.size(); }\n"
    "FN Class Class::operator+(int x) { return Class(x); }\n"
    "FN bool Class::operator()(int x) { return x; }\n"
    "FN bool Class::operator<(int x) { return x > 1; }\n"
    "FN int Class::operator[](int x) { return x; }\n"
    "FN int Class::operator*() { return 7; }\n"
    "template <class T> struct Box { T v; FN T get(T o) { return v + o; } };\n"
    "template <class T> FN T pick(T x) { return x; }\n"
    "}\n"
    "namespace two { struct Class { int method(int, char); };\n"
    "FN int Class::method(int a, char) { return a; } }\n"
    "namespace { FN int quiet(int x) { return x * 3; } }\n"
    "FN unsigned wide(unsigned int a, char *) { return a; }\n"
    "int main(int c, char **) {\n"
    "	ns::Class k(c); ns::Box<int> b{c}; ns::Box<long> l{c}; two::Class t; char x;\n"
    "	return k.method(1, 'c') + k.method(2.0) + b.get(1) + l.get(1) + ns::pick(c) + "
    "ns::pick(2.0)\n"
    "		+ quiet(c) + k.run(\"x\") + t.method(1, 'c') + wide(1, &x) + (k < 1) + k[1] + k(2) "
    "+ *k;\n"
    "}\n";

static void cxx_names_are_found_as_people_write_them(void **state)
{
	static const struct name_case cases[] = {
	    {"ns::Class::method", "ns::Class::method(int, char) | ns::Class::method(double) const"},
	    {"ns::Class::method(int, char)", "ns::Class::method(int, char)"},
	    {"ns::Class::method(int,char)+2", "ns::Class::method(int, char)+0x2"},
	    {"ns::Class::method( double ) const", "ns::Class::method(double) const"},
	    {"method(double)", "ns::Class::method(double) const"},
	    {"_ZN2ns5Class6methodEic", "ns::Class::method(int, char)"},
	    {"Class::method", "[ambiguous]"},
	    {"two::Class::method", "two::Class::method(int, char)"},
	    {"Class::run", "ns::Class::run(std::__cxx11::basic_string<char, "
			   "std::char_traits<char>, std::allocator<char> >)"},
	    {"ns::Class::Class", "ns::Class::Class(int)"},
	    {"ns::Class::~Class", "ns::Class::~Class()"},
	    {"ns::Class::operator+", "ns::Class::operator+(int)"},
	    {"ns::Class::operator()", "ns::Class::operator()(int)"},
	    {"ns::Class::operator<", "ns::Class::operator<(int)"},
	    {"ns::Class::operator[]", "ns::Class::operator[](int)"},
	    {"ns::Class::operator*", "ns::Class::operator*()"},
	    {"ns::pick<int>", "ns::pick<int>(int)"},
	    {"ns::Box<int>::get", "ns::Box<int>::get(int)"},
	    {"quiet", "(anonymous namespace)::quiet(int)"},
	    {"(anonymous namespace)::quiet", "(anonymous namespace)::quiet(int)"},
	    {"wide", "wide(unsigned int, char*)"},
	    {"wide(unsigned int,char *)", "wide(unsigned int, char*)"},
	    {"ns::Class::method*",
	     "ns::Class::method(int, char) | ns::Class::method(double) const"},
	    {"/::quiet/", "(anonymous namespace)::quiet(int)"},
	    {"ns::Class::meth", "[no-symbol]"},
	    {"ns::Class", "[no-symbol]"},
	};
	place_list places = {0};

	(void)state;
	write_file("x.cc", cxx_source, sizeof(cxx_source) - 1);
	shell("g++ -O1 -fno-inline -o x x.cc");
	struct program *program = open_program(in_scratch("x"));
	check_names(program, cases, ARRAY_SIZE(cases));
	assert_no_error(resolve(program, "ns::pick", &places));
	assert_int_equal(places.size, 2); /* both instances of the template */
	place_list_deinit(&places);
	assert_no_error(resolve(program, "ns::Box::get", &places));
	assert_int_equal(places.size, 2);
	place_list_deinit(&places);
	assert_error(resolve(program, "Class::method", &places), ERR_AMBIGUOUS,
		     "  ns::Class::method\n  two::Class::method");
	assert_error(resolve(program, "ns::Class::methd", &places), ERR_NO_SYMBOL,
		     "`ns::Class::method`");
	program_free(program);
}

static void rust_names_are_found(void **state)
{
	static const struct name_case cases[] = {
	    {"krate::outer::inner", "krate::outer::inner"},
	    {"outer::inner", "krate::outer::inner"},
	};

	(void)state;
	/* The two manglings of Rust, on functions written in C. */
	shell("printf 'int a(void) __asm__(\"_ZN5krate5outer5inner17h0123456789abcdefE\");"
	      "int a(void) { return 1; } int main(void) { return a(); }' > r.c && gcc -o r r.c");
	struct program *program = open_program(in_scratch("r"));
	check_names(program, cases, ARRAY_SIZE(cases));
	program_free(program);
	shell("sed -i 's/_ZN5krate5outer5inner17h0123456789abcdefE/_RNvNtC5krate5outer5inner/' r.c "
	      "&& gcc -o r r.c");
	program = open_program(in_scratch("r"));
	check_names(program, cases, ARRAY_SIZE(cases));
	program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(locations_are_taken_apart),
	    cmocka_unit_test(malformed_locations_say_what_is_wrong),
	    cmocka_unit_test(c_names_are_found),
	    cmocka_unit_test(every_function_of_a_large_program_is_found_by_its_name),
	    cmocka_unit_test(an_address_needs_no_name),
	    cmocka_unit_test(names_not_in_the_executable_come_from_its_libraries),
	    cmocka_unit_test(a_name_that_is_not_there_has_near_misses),
	    cmocka_unit_test(a_stripped_program_says_so),
	    cmocka_unit_test(cxx_names_are_found_as_people_write_them),
	    cmocka_unit_test(rust_names_are_found),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
