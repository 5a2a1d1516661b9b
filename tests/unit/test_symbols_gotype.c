/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_gotype.c - Go's types without debug information, by every Go compiler of the
 * machine: the types of a stripped program's interface values, which an unstripped twin finds.
 */
#include "test_symbols_go.h"

static const char source[] =
    "package main\n"
    "import \"time\"\n"
    "type Point struct { X, Y int32 }\n"
    "type Node struct {\n"
    "	Point\n"
    "	Name string\n"
    "	next *Node\n"
    "	Tags []string\n"
    "	Grid [2][3]uint16\n"
    "	M map[string]int\n"
    "	C chan bool\n"
    "	F func(int) error\n"
    "	E error\n"
    "	A interface{}\n"
    "	ok bool\n"
    "	f32 float32\n"
    "	f float64\n"
    "	u uintptr\n"
    "}\n"
    "type Problem struct { text string }\n"
    "func (p *Problem) Error() string { return p.text }\n"
    "var VNode interface{} = Node{Name: \"x\"}\n"
    "var VPoint interface{} = Point{1, 2}\n"
    "var VPointer interface{} = &Node{}\n"
    "var VString interface{} = \"text\"\n"
    "var VDuration interface{} = time.Second\n"
    "var VError interface{} = &Problem{\"x\"}\n"
    "var VSlice interface{} = []*Point{nil}\n"
    "var VInt8 interface{} = int8(3)\n"
    "func main() {\n"
    "	println(VNode, VPoint, VPointer, VString, VDuration, VError, VSlice, VInt8)\n"
    "}\n";

static int make_sources(void **state)
{
	if (make_scratch(state) != 0)
		return -1;
	find_compilers();
	shell("mkdir types && printf 'module example.org/t\\ngo 1.15\\n' > types/go.mod");
	write_file("types/main.go", source, sizeof(source) - 1);
	return 0;
}

static void put_type(struct buffer *out, const struct type *type, unsigned depth);

static void put_members(struct buffer *out, const struct type *type, unsigned depth)
{
	buffer_puts(out, " {");
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		buffer_printf(out, "%s%s@%lu ", i ? ", " : "", member->name,
			      (unsigned long)member->offset);
		put_type(out, member->type, depth - 1);
	}
	buffer_putc(out, '}');
}

/* "main.Point 8 {X@0 int32 4 signed, ...}" */
static void put_type(struct buffer *out, const struct type *type, unsigned depth)
{
	static const char *const kinds[] = {
	    [TYPE_INTEGER] = "integer", [TYPE_BOOLEAN] = "boolean", [TYPE_FLOAT] = "float",
	    [TYPE_POINTER] = "pointer", [TYPE_STRUCT] = "struct",   [TYPE_ARRAY] = "array",
	    [TYPE_OPAQUE] = "opaque",	[TYPE_FUNCTION] = "code",
	};

	buffer_printf(out, "%s %s %lu", type->name, kinds[type->kind], (unsigned long)type->size);
	if (type->is_signed)
		buffer_puts(out, " signed");
	if (type->form == FORM_STRING)
		buffer_puts(out, " text");
	else if (type->form == FORM_SEQUENCE)
		buffer_printf(out, " of %s", type->target->name);
	else if (type->kind == TYPE_STRUCT && depth)
		put_members(out, type, depth);
	if (type->kind == TYPE_ARRAY)
		buffer_printf(out, " %lu of %s", (unsigned long)type->count, type->target->name);
	if (type->kind == TYPE_POINTER && depth)
		buffer_printf(out, " to %s", type->target->name);
}

static const struct {
	const char *variable, *type, *target;
} cases[] = {
    {"main.VNode",
     "main.Node struct 152 {Point@0 main.Point struct 8, Name@8 string struct 16 text, "
     "next@24 *main.Node pointer 8, Tags@32 []string struct 24 of string, "
     "Grid@56 [2][3]uint16 array 12 2 of [3]uint16, M@72 map[string]int pointer 8, "
     "C@80 chan bool pointer 8, F@88 func(int) error pointer 8, E@96 error struct 16, "
     "A@112 interface {} struct 16, ok@128 bool boolean 1, f32@132 float32 float 4, "
     "f@136 float64 float 8, u@144 uintptr integer 8}",
     NULL},
    {"main.VPoint", "main.Point struct 8 {X@0 int32 integer 4 signed, Y@4 int32 integer 4 signed}",
     NULL},
    {"main.VPointer", "*main.Node pointer 8 to main.Node", "main.Node struct 152"},
    {"main.VString", "string struct 16 text", NULL},
    {"main.VDuration", "time.Duration integer 8 signed", NULL},
    {"main.VError", "*main.Problem pointer 8 to main.Problem", "main.Problem struct 16"},
    {"main.VSlice", "[]*main.Point struct 24 of *main.Point", "*main.Point pointer 8"},
    {"main.VInt8", "int8 integer 1 signed", NULL},
};

static void check_type(const char *compiler, const char *variable, const struct type *type,
		       const char *wanted, unsigned depth)
{
	struct buffer text = {0};

	if (!type)
		fail_msg("%s: %s has no type", compiler, variable);
	put_type(&text, type, depth);
	if (strcmp(text.data, wanted) != 0)
		fail_msg("%s: %s is %s", compiler, variable, text.data);
	buffer_deinit(&text);
}

/* The descriptor's address is the first word of an interface value. */
static uint64_t descriptor_of(struct image *image, const char *variable)
{
	char line[256];
	uint64_t address, descriptor;
	struct buffer command = {0};

	buffer_printf(&command, "nm %s | awk '$3 == \"%s\" { print $1 }'", in_scratch("full"),
		      variable);
	FILE *nm = popen(command.data, "r");
	assert_non_null(fgets(line, sizeof(line), nm));
	pclose(nm);
	buffer_deinit(&command);
	address = strtoull(line, NULL, 16);
	assert_true(image_read_pointer(image, address, &descriptor));
	return descriptor;
}

static void interface_values_of_a_stripped_program_have_their_types(void **state)
{
	static const char *const modes[] = {"", "-buildmode=pie"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count * ARRAY_SIZE(modes); i++) {
		const char *compiler = compilers[i / ARRAY_SIZE(modes)];
		const char *mode = modes[i % ARRAY_SIZE(modes)];
		struct image *image;
		build_folder(i / ARRAY_SIZE(modes), "types", "full", mode);
		shell("strip -o bare full");
		assert_no_error(image_open(in_scratch("bare"), NULL, &image));
		for (size_t j = 0; j < ARRAY_SIZE(cases); j++) {
			const char *variable = cases[j].variable;
			uint64_t descriptor = descriptor_of(image, variable);
			const struct type *type = image_go_type(image, descriptor);
			check_type(compiler, variable, type, cases[j].type, 1);
			if (cases[j].target)
				check_type(compiler, variable, type->target, cases[j].target, 0);
			assert_ptr_equal(image_go_type(image, descriptor), type);
			assert_null(image_go_type(image, descriptor + 4));
		}
		image_unref(image);
	}
}

static void a_list_leads_back_to_itself(void **state)
{
	struct image *image;

	(void)state;
	need_go();
	build_folder(0, "types", "full", "");
	assert_no_error(image_open(in_scratch("full"), NULL, &image));
	const struct type *node = image_go_type(image, descriptor_of(image, "main.VNode"));
	assert_non_null(node);
	assert_ptr_equal(node->members[2].type->target, node);
	image_unref(image);
}

static void addresses_outside_of_the_types_have_none(void **state)
{
	static const uint64_t addresses[] = {0, 8, 0x401000, UINT64_MAX - 7, 1ull << 40};
	struct image *image;

	(void)state;
	need_go();
	build_folder(0, "types", "full", "");
	assert_no_error(image_open(in_scratch("full"), NULL, &image));
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		assert_null(image_go_type(image, addresses[i]));
	image_unref(image);
	assert_no_error(image_open("/proc/self/exe", NULL, &image));
	assert_null(image_go_type(image, 0x1000));
	image_unref(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interface_values_of_a_stripped_program_have_their_types),
	    cmocka_unit_test(a_list_leads_back_to_itself),
	    cmocka_unit_test(addresses_outside_of_the_types_have_none),
	};

	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
