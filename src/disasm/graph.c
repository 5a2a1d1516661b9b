/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * graph.c - a function as basic blocks, and the ways from one to the next.
 *
 * A call ends a block: behind it is another, for the call may not come back (longjmp, a panic).
 * So whatever sits in a block runs as often as its first instruction does.
 */
#include <stdlib.h>

#include "encoding.h"

static const struct code *part_of(const struct code *const *parts, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (address >= parts[i]->start && address < parts[i]->end)
			return parts[i];
	return NULL;
}

static int compare_addresses(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* ------------------------------------------------------------------- leaders */

typedef VECTOR(uint64_t) address_list;

static void add_leaders(const struct code *code, address_list *ret)
{
	vector_push(ret, code->start);
	for (size_t i = 0; i < code->insns.size; i++) {
		const struct insn *insn = &code->insns.data[i];

		if (insn->kind == INSN_OTHER)
			continue;
		vector_push(ret, insn->address + insn->size);
		if (insn->target && insn->kind != INSN_CALL)
			vector_push(ret, insn->target);
	}
}

size_t code_graph_at(const struct code_graph *graph, uint64_t address)
{
	size_t low = 0, high = graph->blocks.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (graph->blocks.data[middle].start < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->blocks.size && graph->blocks.data[low].start == address ? low
										    : NO_BLOCK;
}

static void add_blocks(struct code_graph *graph, const struct code *const *parts, size_t part_count,
		       const address_list *leaders)
{
	for (size_t i = 0; i < leaders->size; i++) {
		uint64_t start = leaders->data[i];
		const struct code *code = part_of(parts, part_count, start);
		struct code_block *last =
		    graph->blocks.size ? &graph->blocks.data[graph->blocks.size - 1] : NULL;

		/* A jump into an instruction is data that was decoded: no block. */
		if (!code || !code_at(code, start) || (last && last->start == start))
			continue;
		if (last && start < last->end)
			last->end = start;
		vector_push(&graph->blocks, ((struct code_block){code, start, code->end}));
	}
}

/* --------------------------------------------------------------------- edges */

static void add_edge(struct code_graph *graph, size_t from, uint64_t to, enum edge_kind kind)
{
	size_t block = code_graph_at(graph, to);

	if (block != NO_BLOCK)
		vector_push(&graph->edges, ((struct code_edge){from, block, kind}));
}

static const struct insn *last_insn(const struct code_block *block)
{
	return code_covering(block->code, block->end - 1);
}

/* A jump whose condition is in the flags; loop and jrcxz are none. */
static bool is_flag_jump(const struct encoding *e)
{
	return e->map != 0 || (e->opcode & 0xf0) != 0xe0;
}

static void add_edges(struct code_graph *graph, size_t from)
{
	const struct code_block *block = &graph->blocks.data[from];
	const struct insn *insn = last_insn(block);
	uint64_t next = insn->address + insn->size;

	switch (insn->kind) {
	case INSN_JUMP:
		if (insn->target)
			add_edge(graph, from, insn->target, EDGE_ALWAYS);
		else
			graph->has_indirect = true;
		break;
	case INSN_BRANCH:
		add_edge(graph, from, insn->target, EDGE_TAKEN);
		add_edge(graph, from, next, EDGE_NOT_TAKEN);
		break;
	case INSN_CALL:
		add_edge(graph, from, next, EDGE_CALL);
		break;
	case INSN_OTHER:
		add_edge(graph, from, next, EDGE_ALWAYS);
		break;
	default: /* a return, or no instruction at all: it leads nowhere */
		break;
	}
}

/* ------------------------------------------------------------------ as a whole */

void code_graph_init(struct code_graph *ret, const struct code *const *parts, size_t part_count,
		     const uint64_t *more, size_t more_count)
{
	address_list leaders = {0};

	*ret = (struct code_graph){0};
	for (size_t i = 0; i < part_count; i++)
		add_leaders(parts[i], &leaders);
	for (size_t i = 0; i < more_count; i++)
		vector_push(&leaders, more[i]);
	if (leaders.size)
		qsort(leaders.data, leaders.size, sizeof(*leaders.data), compare_addresses);
	add_blocks(ret, parts, part_count, &leaders);
	for (size_t i = 0; i < ret->blocks.size; i++)
		add_edges(ret, i);
	vector_deinit(&leaders);
}

void code_graph_deinit(struct code_graph *graph)
{
	vector_deinit(&graph->blocks);
	vector_deinit(&graph->edges);
}

const struct insn *code_block_branch(const struct code_block *block, uint8_t *ret_condition)
{
	const struct insn *insn = last_insn(block);
	struct encoding e = encoding_of(block->code, insn);

	*ret_condition = e.opcode & 15;
	return insn->kind == INSN_BRANCH && is_flag_jump(&e) ? insn : NULL;
}

bool code_block_is_padding(const struct code_block *block)
{
	const struct insn *insn = code_at(block->code, block->start);

	for (; insn <= last_insn(block); insn++) {
		struct encoding e = encoding_of(block->code, insn);

		/* xchg %ax,%ax is one, with a prefix. */
		if (!encoding_is(&e, 0, 0x90) && !encoding_is(&e, 1, 0x1f))
			return false;
	}
	return true;
}

bool code_is_stack_move(const struct code *code, const struct insn *insn)
{
	struct encoding e = encoding_of(code, insn);

	return e.scheme == SCHEME_LEGACY && e.map == 0 && (e.opcode & ~3u) == 0x88 &&
	       !encoding_is_register_form(&e) && (e.modrm & 7) == RSP &&
	       (e.bytes[e.modrm_at + 1] & 7) == RSP;
}

const struct insn *code_block_site(const struct code_block *block, const struct site_rules *rules,
				   struct site_verdict *ret)
{
	const struct insn *best = NULL, *insn = code_at(block->code, block->start);

	*ret = site_judge(block->code, insn, rules);
	for (; insn <= last_insn(block); insn++) {
		struct site_verdict verdict = site_judge(block->code, insn, rules);

		if (!verdict.is_allowed || (best && verdict.cost >= ret->cost))
			continue;
		best = insn;
		*ret = verdict;
	}
	return best;
}
