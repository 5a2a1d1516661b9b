/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stretches.c - which line each piece of a function's code is of: its basic blocks, each of them
 * stretches of one line.
 *
 * Apart from covered.c, which counts them: here is all that has to be guessed about what a compiler
 * has made of a line.
 */
#include <stdlib.h>

#include "cover.h"

/* Instructions of a test: load, compare. */
#define RELOAD_MAX 4

/* -------------------------------------------------------------------- lines */

/* How many of the inlined calls at an address are below the function: 0: the code is its own;
 * SIZE_MAX: it is none of the function's. */
static size_t level_of(const struct picture *picture, const struct host *host,
		       const inline_chain *chain)
{
	size_t level = chain->size;

	if (host->is_itself)
		return level;
	while (level-- > 0)
		if (strcmp(chain->data[level].name, picture->function) == 0)
			return level;
	return SIZE_MAX;
}

/* Where others are inlined into the function, the line of their call. */
struct line covered_line(const struct picture *picture, const struct host *host,
			 const struct line_row *row, unsigned *ret_copy)
{
	inline_chain chain = {0};
	struct line line = {0};

	image_inlined_at(host->place.image, row->address, &chain);
	size_t level = level_of(picture, host, &chain);
	*ret_copy = level < chain.size ? chain.data[level].line.number : 0;
	if (level != SIZE_MAX)
		line = level ? chain.data[level - 1].line : row->line;
	vector_deinit(&chain);
	return line;
}

static bool is_own_line(const struct picture *picture, const struct line *line)
{
	return line->file && line->number >= picture->first && line->number <= picture->last &&
	       picture_has_file(picture, line->file);
}

static struct key key_of(const struct analysis *a, size_t index)
{
	const struct line_row *row = &a->rows.data[index];
	bool has_code = index + 1 == a->rows.size || row[1].address != row->address;
	struct key key = {.is_statement = row->is_statement};
	struct line line = covered_line(a->picture, a->host, row, &key.copy);

	/* What is inlined at the address need not be of this row. */
	if (!has_code && a->host->is_itself && is_own_line(a->picture, &row->line))
		line = row->line;
	if (is_own_line(a->picture, &line))
		key.line = line.number;
	return key;
}

/* A line none of whose code begins a statement, for it is all mixed with others', is entered
 * wherever it has some. */
static void mark_mixed_lines(struct analysis *a)
{
	for (size_t i = 0; i < a->keys.size; i++) {
		bool has_statement = false;

		for (size_t k = 0; k < a->keys.size && !has_statement; k++)
			has_statement = a->keys.data[k].line == a->keys.data[i].line &&
					a->keys.data[k].is_statement && !a->keys.data[k].is_mixed;
		a->keys.data[i].is_mixed = !has_statement;
		a->keys.data[i].is_statement |= !has_statement;
	}
}

static bool has_statement_marks(const struct analysis *a)
{
	for (size_t i = 0; i < a->rows.size; i++)
		if (!a->rows.data[i].is_statement)
			return true;
	return false;
}

/* Go's own table does not mark where statements begin. Code that does nothing but keep registers on
 * the stack, or take them from there, is of an earlier line, and no new turn of it. */
static bool is_spill(const struct analysis *a, size_t row)
{
	const struct code *code = a->parts.code[0];
	uint64_t start = a->rows.data[row].address;
	uint64_t end = row + 1 < a->rows.size ? a->rows.data[row + 1].address : code->end;
	const struct insn *insn = code_at(code, start);

	for (; insn && insn < code->insns.data + code->insns.size && insn->address < end; insn++)
		if (!code_is_stack_move(code, insn))
			return false;
	return insn != NULL;
}

/* By address: the parts are not in order. */
static void read_rows(struct analysis *a)
{
	for (uint64_t from = 0; from != UINT64_MAX;) {
		const struct code *next = NULL;

		for (size_t i = 0; i < a->parts.count; i++)
			if (a->parts.code[i]->start >= from &&
			    (!next || a->parts.code[i]->start < next->start))
				next = a->parts.code[i];
		if (next)
			image_line_rows(a->host->place.image, next->start, next->end, &a->rows);
		from = next ? next->end : UINT64_MAX;
	}
	bool has_marks = !a->host->place.function.is_go || has_statement_marks(a);
	for (size_t i = 0; i < a->rows.size; i++) {
		struct key key = key_of(a, i);

		if (!has_marks && is_spill(a, i))
			key.is_statement = false;
		/* Clang says so of the first of several rows of a line. */
		if (i && key_is_same(key, a->keys.data[i - 1]))
			key.is_statement |= a->keys.data[i - 1].is_statement;
		vector_push(&a->keys, key);
	}
	mark_mixed_lines(a);
}

/* ------------------------------------------------------------------- the graph */

static void build_graph(struct analysis *a)
{
	VECTOR(uint64_t) starts = {0};

	code_graph_init(&a->graph, a->parts.code, a->parts.count, NULL, 0);
	if (!a->graph.has_indirect)
		return;
	/* A table's jump may lead to wherever a row begins. */
	code_graph_deinit(&a->graph);
	for (size_t i = 0; i < a->rows.size; i++)
		vector_push(&starts, a->rows.data[i].address);
	code_graph_init(&a->graph, a->parts.code, a->parts.count, starts.data, starts.size);
	vector_deinit(&starts);
}

static int compare_ways(const void *left, const void *right)
{
	const struct code_edge *a = left, *b = right;

	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->from < b->from ? -1 : a->from > b->from;
}

static void sort_ways(struct analysis *a)
{
	size_t way = 0;

	for (size_t i = 0; i < a->graph.edges.size; i++)
		vector_push(&a->ways, a->graph.edges.data[i]);
	if (a->ways.size)
		qsort(a->ways.data, a->ways.size, sizeof(*a->ways.data), compare_ways);
	for (size_t block = 0; block <= a->graph.blocks.size; block++) {
		while (way < a->ways.size && a->ways.data[way].to < block)
			way++;
		vector_push(&a->first_way, way);
	}
}

static bool leads_only_to_dead(const struct analysis *a, size_t block)
{
	bool has_edge = false;

	for (size_t i = 0; i < a->graph.edges.size; i++) {
		const struct code_edge *edge = &a->graph.edges.data[i];

		if (edge->from == block && !a->is_dead.data[edge->to])
			return false;
		has_edge |= edge->from == block;
	}
	return has_edge;
}

/* Go's stack check, and what runs when it fails, come back to the start: the function begins
 * behind them. */
static void find_entry(struct analysis *a)
{
	const struct code *code = a->parts.code[0];
	struct entry_site entry = site_entry(code, a->rules);
	bool has_changed = true;

	for (size_t i = 0; i < a->graph.blocks.size; i++)
		vector_push(&a->is_dead, code_block_is_padding(&a->graph.blocks.data[i]));
	a->entry = code_graph_at(&a->graph, code->start);
	if (!entry.is_after_stack_check)
		return;
	while (a->graph.blocks.data[a->entry].end <= entry.address)
		a->entry++;
	for (size_t i = 0; i < a->entry; i++)
		a->is_dead.data[i] |= a->graph.blocks.data[i].code == code;
	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < a->graph.blocks.size; i++)
			if (!a->is_dead.data[i] && i != a->entry && leads_only_to_dead(a, i))
				has_changed = a->is_dead.data[i] = true;
	}
}

/* The first of the rows that begin where the block does, or else the one that it is in. */
static size_t first_row(const struct analysis *a, const struct code_block *block)
{
	size_t low = 0, high = a->rows.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (a->rows.data[middle].address < block->start)
			low = middle + 1;
		else
			high = middle;
	}
	bool begins_here = low < a->rows.size && a->rows.data[low].address == block->start;
	return begins_here || low == 0 ? low : low - 1;
}

/* Not twice on a straight way: code of several lines is often mixed. */
static bool has_stretch(const struct analysis *a, size_t first, struct key key)
{
	for (size_t i = first; i < a->stretches.size; i++)
		if (key_is_same(a->stretches.data[i].key, key))
			return true;
	return false;
}

/* Go says of code that loads an argument again, to test it, that it is of the function's first
 * lines: where the jump behind the test is of another line, that is whose code it is. */
static struct key key_in(const struct analysis *a, const struct code_block *block, size_t row)
{
	struct key key = a->keys.data[row];
	uint8_t condition;
	const struct insn *branch = code_block_branch(block, &condition);
	const struct insn *first = code_at(block->code, a->rows.data[row].address);
	size_t next = row + 1;

	while (next < a->rows.size && key_is_same(a->keys.data[next], key))
		next++;
	if (!a->host->place.function.is_go || !branch || !first || next == a->rows.size ||
	    a->rows.data[next].address != branch->address || branch - first > RELOAD_MAX)
		return key;
	return a->keys.data[next];
}

/* Does the block only go on where the one before it has ended, with a call? Of a function that was
 * inlined there may be several copies in a row, from a loop that was unrolled. */
static bool goes_on(const struct analysis *a, size_t index)
{
	size_t way = a->first_way.data[index];

	return a->host->is_itself && !a->graph.has_indirect &&
	       a->first_way.data[index + 1] - way == 1 && a->ways.data[way].kind == EDGE_CALL &&
	       a->ways.data[way].from + 1 == index;
}

static void add_stretches(struct analysis *a, size_t index)
{
	const struct code_block *block = &a->graph.blocks.data[index];
	size_t row = first_row(a, block);
	struct key tail = {0};

	if (!goes_on(a, index))
		a->straight = a->stretches.size;

	for (; row < a->rows.size && a->rows.data[row].address < block->end; row++) {
		bool is_head = a->rows.data[row].address <= block->start;

		if (a->rows.data[row].address < block->code->start)
			continue;
		tail = key_in(a, block, row);
		bool is_begun = has_stretch(a, a->straight, tail);
		/* Instructions that were moved there are no new turn of their line. */
		if (!tail.line || (!tail.is_statement && !is_begun))
			tail = (struct key){0};
		else if (!is_begun)
			vector_push(&a->stretches, ((struct stretch){index, tail, is_head}));
	}
	vector_push(&a->tails, tail);
}

/* ------------------------------------------------------------------- as a whole */

/* f.cold, f(int) [clone .cold] */
static void add_cold(struct analysis *a)
{
	const struct function *host = &a->host->place.function;
	struct function cold;

	for (size_t i = 0; i < a->picture->cold.size; i++)
		if (image_function_at(a->host->place.image, a->picture->cold.data[i], &cold) &&
		    strncmp(cold.name, host->name, strlen(host->name)) == 0)
			parts_add(&a->parts, a->host->place.image, cold.address);
}

void analysis_init(struct analysis *a, const struct code *body)
{
	parts_init(&a->parts, a->host->place.image, body);
	add_cold(a);
	if (a->picture->file)
		read_rows(a);
	build_graph(a);
	sort_ways(a);
	find_entry(a);
	for (size_t i = 0; i < a->graph.blocks.size && a->picture->file; i++)
		if (a->is_dead.data[i])
			vector_push(&a->tails, (struct key){0});
		else
			add_stretches(a, i);
}

void analysis_deinit(struct analysis *a)
{
	code_graph_deinit(&a->graph);
	parts_deinit(&a->parts);
	vector_deinit(&a->rows);
	vector_deinit(&a->keys);
	vector_deinit(&a->stretches);
	vector_deinit(&a->tails);
	vector_deinit(&a->is_dead);
	vector_deinit(&a->ways);
	vector_deinit(&a->first_way);
}
