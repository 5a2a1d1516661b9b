/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_disasm_graph.c - basic blocks, the ways between them, and where a probe in one goes. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "moontap/disasm.h"

#include "test_disasm.h"

/* "0-3 >2 taken; 3-5 ..." */
static char *format_graph(const struct code_graph *graph, uint64_t start)
{
	static const char *const kinds[] = {"", " taken", " not", " call"};
	struct buffer out = {0};

	for (size_t i = 0; i < graph->blocks.size; i++) {
		const struct code_block *block = &graph->blocks.data[i];

		buffer_printf(&out, "%s%" PRIx64 "-%" PRIx64, i ? "; " : "", block->start - start,
			      block->end - start);
		for (size_t k = 0; k < graph->edges.size; k++)
			if (graph->edges.data[k].from == i)
				buffer_printf(&out, " >%zu%s", graph->edges.data[k].to,
					      kinds[graph->edges.data[k].kind]);
	}
	if (graph->has_indirect)
		buffer_puts(&out, "; indirect");
	return buffer_take(&out);
}

static const struct {
	const char *name, *hex, *graph;
} cases[] = {
    {"a straight line is one block", "55 48 89 e5 5d c3", "0-6"},
    {"a branch has two ways", "85 ff 74 02 89 f8 c3", "0-4 >2 taken >1 not; 4-6 >2; 6-7"},
    {"a call ends a block, and may come back", "e8 00 00 00 00 c3", "0-5 >1 call; 5-6"},
    {"a jump into a block cuts it", "90 90 ff c7 eb fc", "0-2 >1; 2-6 >1"},
    {"several jumps to one place make one block", "85 ff 74 04 74 02 74 00 c3",
     "0-4 >3 taken >1 not; 4-6 >3 taken >2 not; 6-8 >3 taken >3 not; 8-9"},
    {"behind a jump that goes anywhere there may be more", "ff e0 90 c3", "0-2; 2-4; indirect"},
    {"a jump into an instruction leads nowhere", "b8 01 00 00 00 eb fa c3", "0-7; 7-8"},
    {"a jump out of the function is no way of it", "e9 00 10 00 00", "0-5"},
};

static void blocks_and_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[64];
		struct code code;
		struct code_graph graph;
		const struct code *part = &code;

		code_init(&code, bytes, parse_hex(cases[i].hex, bytes), 0x1000);
		code_graph_init(&graph, &part, 1, NULL, 0);
		CLEANUP(free_p) char *text = format_graph(&graph, 0x1000);
		if (strcmp(text, cases[i].graph) != 0)
			fail_msg("%s: %s, not %s", cases[i].name, text, cases[i].graph);
		code_graph_deinit(&graph);
		code_deinit(&code);
	}
}

static void a_way_leads_from_one_part_to_another(void **state)
{
	/* The second jumps into the first, behind its start. */
	static const uint8_t hot[] = {0x90, 0xc3}, cold[] = {0xeb, 0xef};
	struct code code[2];
	const struct code *parts[] = {&code[0], &code[1]};
	struct code_graph graph;

	(void)state;
	code_init(&code[0], hot, sizeof(hot), 0x1000);
	code_init(&code[1], cold, sizeof(cold), 0x1010);
	code_graph_init(&graph, parts, 2, NULL, 0);
	CLEANUP(free_p) char *text = format_graph(&graph, 0x1000);
	assert_string_equal(text, "0-1 >1; 1-2; 10-12 >1");
	assert_int_equal(code_graph_at(&graph, 0x1010), 2);
	assert_int_equal(code_graph_at(&graph, 0x1011), NO_BLOCK);
	code_graph_deinit(&graph);
	code_deinit(&code[0]);
	code_deinit(&code[1]);
}

static void a_block_may_begin_where_the_caller_says(void **state)
{
	static const uint8_t bytes[] = {0x90, 0x90, 0x90, 0xc3};
	const uint64_t more[] = {0x1002};
	struct code code;
	const struct code *part = &code;
	struct code_graph graph;

	(void)state;
	code_init(&code, bytes, sizeof(bytes), 0x1000);
	code_graph_init(&graph, &part, 1, more, 1);
	CLEANUP(free_p) char *text = format_graph(&graph, 0x1000);
	assert_string_equal(text, "0-2 >1; 2-4");
	assert_true(code_block_is_padding(&graph.blocks.data[0]));
	assert_false(code_block_is_padding(&graph.blocks.data[1]));
	code_graph_deinit(&graph);
	code_deinit(&code);
}

/* The offset of the site in the first block, or -1; its verdict. */
static int site_in(const char *hex, struct site_verdict *ret, uint8_t *ret_condition)
{
	const struct site_rules rules = {0};
	uint8_t bytes[64];
	struct code code;
	const struct code *part = &code;
	struct code_graph graph;

	code_init(&code, bytes, parse_hex(hex, bytes), 0x1000);
	code_graph_init(&graph, &part, 1, NULL, 0);
	const struct insn *insn = code_block_site(&graph.blocks.data[0], &rules, ret);
	int offset = insn ? (int)(insn->address - 0x1000) : -1;
	*ret_condition = 0xff;
	if (!code_block_branch(&graph.blocks.data[0], ret_condition))
		*ret_condition = 0xff;
	code_graph_deinit(&graph);
	code_deinit(&code);
	return offset;
}

static void a_site_is_the_first_of_the_cheapest(void **state)
{
	struct site_verdict verdict;
	uint8_t condition;

	(void)state;
	assert_int_equal(site_in("89 f8 53 50 c3", &verdict, &condition), 2);
	assert_int_equal(verdict.cost, COST_CHEAP);
	assert_int_equal(condition, 0xff);
	assert_int_equal(site_in("89 f8 c3", &verdict, &condition), 0);
	assert_int_equal(verdict.cost, COST_DEAR);
	assert_int_equal(site_in("85 ff 75 00 c3", &verdict, &condition), 2);
	assert_int_equal(condition, 5);
	/* jrcxz looks at no flag. */
	site_in("89 f8 e3 00 c3", &verdict, &condition);
	assert_int_equal(condition, 0xff);
	/* syscall, ud2 */
	assert_int_equal(site_in("0f 05", &verdict, &condition), -1);
	assert_false(verdict.is_allowed);
	assert_non_null(verdict.reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_and_ways),
	    cmocka_unit_test(a_way_leads_from_one_part_to_another),
	    cmocka_unit_test(a_block_may_begin_where_the_caller_says),
	    cmocka_unit_test(a_site_is_the_first_of_the_cheapest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
