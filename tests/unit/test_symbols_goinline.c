/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Go inlined where, by its own tables, in programs built here with every Go compiler. */
#include "test_go_program.h"

static const char inline_source[] = "package main\n"
				    "import \"os\"\n"
				    "var sink int\n"
				    "func leaf(x int) int { return x*x + sink }\n"
				    "func middle(x int) int {\n"
				    "	if x > 3 { return leaf(x) }\n" /* line 6 */
				    "	return 1\n"
				    "}\n"
				    "//go:noinline\n"
				    "func both(x int) int {\n"
				    "	sink += middle(x)\n" /* line 11 */
				    "	return leaf(x + 7)\n"
				    "}\n"
				    "func main() { os.Exit(both(len(os.Args)) & 1) }\n";

static void build_inlining(size_t compiler, const char *name, const char *flags)
{
	shell("mkdir -p inl && cp go.mod inl");
	write_file("inl/main.go", inline_source, sizeof(inline_source) - 1);
	shell("cd inl && HOME=${HOME:-/tmp} GOTOOLCHAIN=local CGO_ENABLED=0 GO111MODULE=on "
	      "%s build %s -o ../%s .",
	      compilers[compiler], flags, name);
}

/* "main.leaf 6, main.middle 11" */
static char *chain_at(struct image *image, uint64_t address)
{
	inline_chain chain = {0};
	struct buffer text = {0};

	image_inlined_at(image, address, &chain);
	for (size_t i = 0; i < chain.size; i++) {
		assert_non_null(strstr(chain.data[i].line.file, "inl/main.go"));
		buffer_printf(&text, "%s%s %u", i ? ", " : "", chain.data[i].name,
			      chain.data[i].line.number);
	}
	vector_deinit(&chain);
	return buffer_take(&text);
}

static void inlined_calls_are_told_with_the_lines_they_were_made_at(void **state)
{
	static const char *const flags[] = {"", "-ldflags='-s -w'",
					    "-ldflags='-s -w' -buildmode=pie"};
	static const char *const chains[] = {"main.leaf 6, main.middle 11", "main.leaf 12"};

	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count * ARRAY_SIZE(flags); i++) {
		struct program *program;
		place_list places = {0};
		build_inlining(i / ARRAY_SIZE(flags), "inlined", flags[i % ARRAY_SIZE(flags)]);
		assert_no_error(program_open(in_scratch("inlined"), &program));
		assert_no_error(resolve(program, "main.leaf", &places));
		assert_int_equal(places.size, ARRAY_SIZE(chains));
		for (size_t j = 0; j < places.size; j++) {
			CLEANUP(free_p)
			char *chain = chain_at(places.data[j].image, places.data[j].address);
			assert_string_equal(chain, chains[j]);
			assert_string_equal(places.data[j].inlined, "main.leaf");
			assert_string_equal(places.data[j].function.name, "main.both");
		}
		place_list_deinit(&places);
		assert_no_error(resolve(program, "main.both", &places));
		assert_int_equal(places.size, 1);
		assert_null(places.data[0].inlined);
		place_list_deinit(&places);
		assert_error(resolve(program, "main.leaf+2", &places), ERR_NO_SYMBOL,
			     "every call of it was inlined");
		assert_error(resolve(program, "main.le*", &places), ERR_NO_SYMBOL, "main.le*");
		program_free(program);
	}
}

/* All inlined calls of a program, against DWARF as addr2line reads it. */
static void inlined_lines_are_those_of_dwarf(void **state)
{
	(void)state;
	need_go();
	for (size_t i = 0; i < compiler_count; i++) {
		char text[8192];
		size_t count = 0, address = 0;
		struct image_facts facts;
		build_go(i, "full", "");
		struct image *image = open_image("full");
		image_facts(image, &facts);
		if (facts.dwarf_version > 4) { /* binutils do not read Go's DWARF 5 */
			image_unref(image);
			continue;
		}
		shell("objdump -d --no-show-raw-insn full | awk '/^ .*call/ { if (n++ %% 9 == 0) "
		      "print \"0x\" substr($1, 1, length($1) - 1) }' > in && "
		      "addr2line -ia -e full < in | sed 's/ (discriminator.*//; s,^./<,<,' > out");
		FILE *out = fopen(in_scratch("out"), "r");
		struct buffer wanted = {0}, ours = {0};
		while (fgets(text, sizeof(text), out)) {
			text[strcspn(text, "\n")] = '\0';
			if (strncmp(text, "0x", 2) != 0) {
				buffer_printf(&wanted, "%s ", text);
				continue;
			}
			if (wanted.size && ours.size && strcmp(wanted.data, ours.data) != 0)
				fail_msg("0x%zx: %s, addr2line %s", address, ours.data,
					 wanted.data);
			count += wanted.size && ours.size;
			buffer_clear(&wanted);
			buffer_clear(&ours);
			address = strtoull(text, NULL, 16);
			inline_chain chain = {0};
			struct line line;
			image_inlined_at(image, address, &chain);
			if (chain.size && image_line_at(image, address, &line))
				buffer_printf(&ours, "%s:%u ", line.file, line.number);
			for (size_t j = 0; j < chain.size; j++)
				buffer_printf(&ours, "%s:%u ", chain.data[j].line.file,
					      chain.data[j].line.number);
			vector_deinit(&chain);
		}
		fclose(out);
		buffer_deinit(&wanted);
		buffer_deinit(&ours);
		image_unref(image);
		if (count < 30)
			fail_msg("only %zu inlined calls compared", count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inlined_calls_are_told_with_the_lines_they_were_made_at),
	    cmocka_unit_test(inlined_lines_are_those_of_dwarf),
	};

	return cmocka_run_group_tests(tests, make_sources, remove_scratch);
}
