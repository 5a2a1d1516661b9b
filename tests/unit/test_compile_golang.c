/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile_golang.c - values of Go: the code that collects what they lead to.
 */
#include "test_compile_go.h"

/* What a script makes of the place: the program's listing, or the error. */
static void compile_here(const char *script, struct buffer *text)
{
	const struct compile_request request = {.site = {.abi = ABI_GO_REGISTERS,
							 .are_args_live = true,
							 .cfa_offset = 8,
							 .function = "main.f",
							 .image = place.image,
							 .address = place.address}};
	struct compiled c;

	compile_with(&c, script, &request);
	if (c.err)
		error_format(c.err, text);
	else
		plan_list(c.plan, c.source, text);
	compiled_deinit(&c);
}

/* Without the numbers of the instructions. */
static char *unnumbered(const char *listing)
{
	struct buffer out = {0};

	for (const char *line = listing; *line; line += strcspn(line, "\n") + 1) {
		size_t size = strcspn(line, "\n") + 1;
		size_t skipped = *line == ' ' ? strspn(line, " 0123456789") : 0;

		buffer_append(&out, line + skipped, size - skipped);
	}
	return buffer_take(&out);
}

#define SEARCH_BEGINS "u64 [r8-2168] = 0\n"

static const struct {
	const char *name, *script, *text;
	size_t times;
} cases[] = {
    {"whether an interface is nil its first word tells", "break main.f if err ~= nil do end",
     "r1 = u64 [r6+40]\nif r1 == 0 goto", 1},
    {"and nothing else is collected for that", "break main.f if err ~= nil do print(a) end",
     SEARCH_BEGINS, 0},
    {"of an interface 24 bytes lead to the type", "break main.f do print(err) end",
     "r1 = u64 [r6+40]\nr2 = 24\nu64 [r10-8] = r1\n", 1},
    {"which says by its kind whether it is a pointer", "break main.f do print(err) end",
     "r0 = u8 [r8-2089]\nr4 = r0\nr4 &= 31\n", 1},
    {"and of what size what it points to is", "break main.f do print(err) end",
     "r1 = u64 [r10-48]\nr2 = u64 [r8-2112]\nr3 = u64 [r8-2104]\n", 1},
    {"a map begins with 48 bytes", "break main.f do print(m) end",
     "r1 = u64 [r6+112]\nr2 = 48\nu64 [r10-8] = r1\n", 1},
    {"its buckets are as large as its types say", "break main.f do print(m) end", "r0 = 208\n", 2},
    {"one value is collected once, whatever is asked of it",
     "break main.f do print(m, m.a, m.b) end", "r1 = u64 [r6+112]\nr2 = 48\n", 1},
    {"its length is its first word", "break main.f if len(m) == 3 do print(a) end",
     "r1 = u64 [r6+112]\nif r1 == 0 goto", 1},
    {"for which nothing is collected", "break main.f do print(len(m)) end", SEARCH_BEGINS, 0},
    {"a value that leads nowhere is not searched", "break main.f do print(a) end", SEARCH_BEGINS,
     0},
};

static size_t count_of(const char *text, const char *wanted)
{
	size_t count = 0;

	while ((text = strstr(text, wanted))) {
		count++;
		text++;
	}
	return count;
}

static void what_values_lead_to_is_collected(void **state)
{
	(void)state;
	if (!program)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer text = {0};

		compile_here(cases[i].script, &text);
		char *lines = unnumbered(text.data);
		if (count_of(lines, cases[i].text) != cases[i].times)
			fail_msg("%s: %s", cases[i].name, lines);
		free(lines);
		buffer_deinit(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_values_lead_to_is_collected),
	};

	return cmocka_run_group_tests(tests, build, clean_up);
}
