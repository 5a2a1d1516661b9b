/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * covered.c - which sites of one function's code tell how often each line was entered.
 *
 * A line that begins in the middle of a block is entered as often as the block runs. One at a
 * block's start is entered by the ways that lead there from other lines: the block's count, less
 * that of the ways from the same line. A way by a branch is counted on the branch itself, by its
 * flags.
 */
#include "cover.h"

/* The number of the site of block's count, or of one way out of it; SIZE_MAX and a->reason. */
static size_t site_of(struct analysis *a, size_t index, enum edge_kind kind)
{
	const struct code_block *block = &a->graph.blocks.data[index];
	struct site_verdict verdict;
	const struct insn *insn;
	uint8_t condition = 0;
	bool has_condition = kind == EDGE_TAKEN || kind == EDGE_NOT_TAKEN;

	if (has_condition) {
		insn = code_block_branch(block, &condition);
		if (insn)
			verdict = site_judge(block->code, insn, a->rules);
		else
			verdict.reason = "cannot tell which way is taken";
		insn = insn && verdict.is_allowed ? insn : NULL;
	} else {
		insn = code_block_site(block, a->rules, &verdict);
	}
	if (!insn) {
		a->reason = verdict.reason;
		return SIZE_MAX;
	}
	return cover_add_site(a->probe, &(struct cover_site){
					    .place = &a->host->place,
					    .address = insn->address,
					    .verdict = verdict,
					    .has_condition = has_condition,
					    .condition = condition ^ (kind == EDGE_NOT_TAKEN),
					});
}

/* Can the way be taken by itself to begin a new entry of the line: does it close a loop that stays
 * on the line? */
static bool closes_loop(const struct analysis *a, const struct code_edge *edge, struct key key)
{
	size_t block = edge->to;

	/* Blocks in between follow one another and are the line's alone. */
	if (a->graph.blocks.data[edge->from].start < a->graph.blocks.data[edge->to].start)
		return false;
	for (; block <= edge->from; block++)
		for (size_t i = 0; i < a->stretches.size; i++)
			if (a->stretches.data[i].block == block &&
			    !key_is_same(a->stretches.data[i].key, key))
				return false;
	return true;
}

static bool is_internal(const struct analysis *a, const struct code_edge *edge, struct key key)
{
	return key_is_same(a->tails.data[edge->from], key) && !closes_loop(a, edge, key);
}

/* The ways to a block: within the line, and from elsewhere. */
struct ways {
	size_t internal, external;
	bool has_unknown; /* from where the graph does not say */
};

static struct ways ways_to(const struct analysis *a, size_t block, struct key key)
{
	struct ways ways = {0};

	for (size_t i = a->first_way.data[block]; i < a->first_way.data[block + 1]; i++) {
		const struct code_edge *edge = &a->ways.data[i];

		if (a->is_dead.data[edge->from])
			continue;
		if (is_internal(a, edge, key))
			ways.internal++;
		else
			ways.external++;
	}
	ways.has_unknown =
	    block == a->entry || ways.internal + ways.external == 0 || a->graph.has_indirect;
	return ways;
}

static void add_term(struct line_count *line, size_t site, bool is_minus)
{
	vector_push(&line->terms, ((struct cover_term){site, is_minus}));
}

/* Adds, or takes away, the ways to a block that are internal or are not. False: one cannot be
 * counted; then nothing is added. */
static bool add_ways(struct analysis *a, struct line_count *line, const struct stretch *stretch,
		     bool are_internal)
{
	size_t before = line->terms.size, block = stretch->block;

	for (size_t i = a->first_way.data[block]; i < a->first_way.data[block + 1]; i++) {
		const struct code_edge *edge = &a->ways.data[i];
		size_t site = SIZE_MAX;

		if (a->is_dead.data[edge->from] ||
		    is_internal(a, edge, stretch->key) != are_internal)
			continue;
		if (edge->kind == EDGE_CALL)
			a->reason = "is no help: code behind a call leads there too";
		else
			site = site_of(a, edge->from, edge->kind);
		if (site == SIZE_MAX) {
			line->terms.size = before;
			return false;
		}
		add_term(line, site, are_internal);
	}
	return true;
}

static void count_stretch(struct analysis *a, struct line_count *line,
			  const struct stretch *stretch)
{
	struct ways ways = {.has_unknown = true};
	size_t site;

	if (stretch->is_head)
		ways = ways_to(a, stretch->block, stretch->key);
	if (ways.internal && !ways.external && !ways.has_unknown)
		return;
	if (ways.internal && !ways.has_unknown && add_ways(a, line, stretch, false))
		return;
	site = site_of(a, stretch->block, EDGE_ALWAYS);
	if (site != SIZE_MAX && (!ways.internal || add_ways(a, line, stretch, true)))
		add_term(line, site, false);
	else
		line->public.reason = a->reason;
}

static void count_lines(struct analysis *a)
{
	for (size_t i = 0; i < a->stretches.size; i++) {
		const struct stretch *stretch = &a->stretches.data[i];
		const struct code_block *block = &a->graph.blocks.data[stretch->block];

		count_stretch(a, picture_line(a->picture, stretch->key.line, block->start),
			      stretch);
	}
}

/* No line is known: a count for each block. */
static void count_blocks(struct analysis *a)
{
	for (size_t i = 0; i < a->graph.blocks.size; i++) {
		const struct stretch stretch = {.block = i};

		if (!code_block_is_padding(&a->graph.blocks.data[i]))
			count_stretch(a, picture_line(a->picture, 0, a->graph.blocks.data[i].start),
				      &stretch);
	}
}

void covered_count(struct probe *probe, struct picture *picture, const struct host *host,
		   const struct code *body, const struct site_rules *rules)
{
	struct analysis a = {.probe = probe, .picture = picture, .host = host, .rules = rules};

	analysis_init(&a, body);
	if (picture->file)
		count_lines(&a);
	else
		count_blocks(&a);
	analysis_deinit(&a);
}
