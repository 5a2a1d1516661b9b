/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_dwarf.c - bytes of the debug sections of small sound programs, changed: everything is
 * asked at each of their functions. The input is which program, then changes: three bytes say
 * where, modulo the size of the debug sections, and one what.
 *
 * The programs are compiled once, at the start.
 */
#include <fcntl.h>

#include "fuzz_file.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char c_source[] =
    "struct s { struct s *next; unsigned a : 3; int b : 7; union { int i; char t[4]; }; };\n"
    "enum e { A, B = -5 }; typedef struct s s_t; typedef int (*fn_t)(s_t *, enum e);\n"
    "static s_t object; double matrix[2][3]; extern struct hidden *hidden; fn_t handler;\n"
    "static inline int inner(int n) { int m = n * 3; return m + object.a; }\n"
    "__attribute__((noinline)) int f(s_t *p, s_t by_value, char c, double d, const char *t) {\n"
    "	static int calls; { int c = p->b; calls += inner(c) + (int)d + by_value.i; }\n"
    "	return calls + t[0]; }\n"
    "s_t g(int x) { int y = inner(x); object.i = y; f(&object, object, x, y, \"\"); return object; "
    "}\n"
    "int main(int argc, char **argv) { return g(argc).i + (argv[0] && handler); }\n";

static const char cxx_source[] =
    "namespace std { template <typename T, typename A> struct vector { struct impl { T *_M_start,\n"
    "	*_M_finish; } i; }; template <typename T> struct allocator { };\n"
    "template <typename T> struct unique_ptr { struct t { T *_M_head_impl; } _M_t; ~unique_ptr(); "
    "};\n"
    "template <typename T> unique_ptr<T>::~unique_ptr() {}\n"
    "inline namespace __cxx11 { template <typename T, typename U> struct basic_string {\n"
    "	struct { T *_M_p; } _M_dataplus; unsigned long _M_string_length; }; } }\n"
    "namespace ns { enum class color : unsigned char { red, blue = 3 }; int counter;\n"
    "struct base { virtual ~base() {} static int count; int in_base; }; int base::count;\n"
    "template <typename T> struct derived : base { T own; int method(T by) { return own + by; } }; "
    "}\n"
    "typedef std::basic_string<char, std::allocator<char>> text_t;\n"
    "int f(std::vector<int, std::allocator<int>> &v, text_t &t, std::unique_ptr<ns::base> u,\n"
    "	ns::color c) { ns::derived<int> d; auto l = [&](int x) { return x + ns::counter; };\n"
    "	return d.method(3) + l(2) + *v.i._M_start + t._M_string_length + (c == ns::color::blue); "
    "}\n"
    "int main() { std::vector<int, std::allocator<int>> v{}; text_t t{};\n"
    "	return f(v, t, {}, ns::color::red); }\n";

static const char *const builds[] = {
    "clang -O0 -gdwarf-5 -x c",	    "gcc -O2 -gdwarf-5 -x c",
    "gcc -O1 -gdwarf-4 -x c",	    "gcc -O1 -gdwarf-5 -gz -x c",
    "clang -O2 -gdwarf-4 -x c",	    "g++ -O0 -gdwarf-5 -x c++",
    "clang++ -O1 -gdwarf-4 -x c++", "g++ -O2 -gdwarf-4 -fdebug-types-section -x c++",
};

#define FUNCTIONS_MAX 16
#define VISITS_MAX    20000

struct base {
	unsigned char *bytes;
	size_t size;
	size_t start, end; /* of its debug sections, which lie together */
	uint64_t functions[FUNCTIONS_MAX];
	size_t function_count;
};
static struct base bases[ARRAY_SIZE(builds)];

/* ------------------------------------------------------------------- programs */

static void find_sections(struct base *base)
{
	const Elf64_Ehdr *header = (const void *)base->bytes;
	const Elf64_Shdr *sections = (const void *)(base->bytes + header->e_shoff);
	const char *names = (const char *)base->bytes + sections[header->e_shstrndx].sh_offset;

	base->start = base->size;
	for (size_t i = 1; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = &sections[i];
		if (strncmp(names + section->sh_name, ".debug_", 7) != 0)
			continue;
		if (section->sh_offset < base->start)
			base->start = section->sh_offset;
		if (section->sh_offset + section->sh_size > base->end)
			base->end = section->sh_offset + section->sh_size;
	}
}

static bool note_function(void *context, const struct function *function)
{
	struct base *base = context;

	if (function->name[0] != '_' && base->function_count < FUNCTIONS_MAX - 1) {
		base->functions[base->function_count++] = function->address;
		base->functions[base->function_count++] = function->address + function->size / 2;
	}
	return true;
}

static void make_base(struct base *base, const char *build)
{
	char path[] = "/tmp/moontap-fuzz-XXXXXX", command[256];
	struct image *image;
	int fd = mkstemp(path);

	snprintf(command, sizeof(command), "%s -o %s -", build, path);
	FILE *compiler = popen(command, "w");
	if (fd < 0 || !compiler)
		abort();
	fputs(strstr(build, "c++") ? cxx_source : c_source, compiler);
	if (pclose(compiler) != 0 || image_open(path, NULL, &image))
		abort();
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	base->size = lseek(fd, 0, SEEK_END);
	base->bytes = xmalloc(base->size);
	if (pread(fd, base->bytes, base->size, 0) != (ssize_t)base->size)
		abort();
	close(fd);
	unlink(path);
	find_sections(base);
	image_each_function(image, note_function, base);
	image_unref(image);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
		make_base(&bases[i], builds[i]);
	return 0;
}

/* ------------------------------------------------------------------- questions */

/* Reads all that a type says, to some depth. */
static void visit_type(const struct type *type, unsigned depth, unsigned *visits)
{
	if (depth > 8 || ++*visits > VISITS_MAX)
		return;
	if (!type->name || type->kind > TYPE_OPAQUE)
		abort();
	*visits += strlen(type->name) == SIZE_MAX;
	if (type->target)
		visit_type(type->target, depth + 1, visits);
	for (size_t i = 0; i < type->member_count; i++)
		visit_type(type->members[i].type, depth + 1, visits);
	for (size_t i = 0; i < type->variant_count; i++)
		visit_type(type->variants[i].type, depth + 1, visits);
	for (size_t i = 0; i < type->enumerator_count; i++)
		*visits += type->enumerators[i].value == INT64_MIN;
}

static bool visit(void *context, const struct variable *variable)
{
	uint64_t size = 0;

	if (!variable->name || variable->where.piece_count == 0)
		abort();
	visit_type(variable->type, 0, context);
	for (size_t i = 0; i < variable->where.piece_count; i++) {
		const struct where_piece *piece = &variable->where.pieces[i];
		size += piece->size;
		bool is_sound = piece->kind == PIECE_LOST
				    ? piece->reason != NULL
				    : piece->step_count > 0 && piece->step_count <= 1024;
		if (!is_sound || (piece->kind == PIECE_VALUE && piece->size > 8))
			abort();
		for (size_t j = 0; j < piece->step_count; j++)
			if (piece->steps[j].op > WHERE_NOT ||
			    (piece->steps[j].op == WHERE_REGISTER && piece->steps[j].number > 16))
				abort();
	}
	if (size != variable->type->size)
		abort(); /* pieces make up the whole, always */
	return true;
}

static void ask(struct image *image, uint64_t address)
{
	static const char *const names[] = {"p",	   "calls",  "y", "B",
					    "ns::counter", "count",  "v", "ns::base::count",
					    "object",	   "nothing"};
	static const char *const types[] = {"struct s *",	"ns::derived<int>", "fn_t",
					    "std::vector<int>", "ns::color",	    "nothing"};
	unsigned before, after, visits = 0;
	struct where_piece cfa;
	struct variable variable;
	struct scope *scope;
	struct error *err = scope_open(image, address, &scope);

	image_cfa(image, address, &cfa);
	if (err || !scope) {
		error_free(err);
		return;
	}
	scope_each(scope, visit, &visits);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (scope_variable(scope, names[i], &variable))
			visit(&visits, &variable);
	for (size_t i = 0; i < 3 && scope_parameter(scope, i, &variable); i++)
		visit(&visits, &variable);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct type *type = scope_type(scope, types[i]);
		if (type)
			visit_type(scope_complete(scope, type), 0, &visits);
	}
	if (scope_result(scope))
		visit_type(scope_result(scope), 0, &visits);
	scope_result_is_by_address(scope);
	scope_readable_lines(scope, "y", &before, &after);
	scope_leave_inlined(scope);
	scope_each(scope, visit, &visits);
	scope_close(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image *image;

	if (size < 5)
		return 0;
	const struct base *base = &bases[data[0] % ARRAY_SIZE(bases)];
	unsigned char *bytes = xmalloc(base->size);
	memcpy(bytes, base->bytes, base->size);
	for (size_t i = 1; i + 4 <= size; i += 4) {
		size_t at = data[i] | data[i + 1] << 8 | data[i + 2] << 16;
		bytes[base->start + at % (base->end - base->start)] = data[i + 3];
	}
	const char *path = fuzz_write(bytes, base->size);
	free(bytes);
	struct error *err = image_open(path, NULL, &image);
	if (err) {
		error_free(err);
		return 0;
	}
	for (size_t i = 0; i < base->function_count; i++)
		ask(image, base->functions[i]);
	image_unref(image);
	return 0;
}
