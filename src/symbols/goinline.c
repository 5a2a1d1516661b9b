/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goinline.c - what Go's compiler inlined where, by .gopclntab.
 *
 * A function has a list that gives, for ranges of addresses, the index of an inlined call
 * (-1: none), and a tree of these calls. Up to Go 1.19 a record of the tree names its parent
 * and the line of the call; from 1.20 on an instruction of the parent, whose own index and
 * line are these (facts from the runtime's symtab.go and symtabinl.go of each version).
 */
#include "gotab.h"

#define DATA_TREE_1_14 4 /* the FUNCDATA_ that has the tree, up to 1.15 */
#define DATA_TREE      3
#define DEPTH_MAX      256

/* A function of which the calls inlined into it are asked. */
struct inlining {
	struct gotab *table;
	uint64_t entry, func, tree;
	uint32_t list;
};

/* One record, whichever version wrote it. */
struct record {
	uint64_t name;		    /* offset in the table */
	int32_t parent, file, line; /* up to 1.19 */
	uint32_t parent_pc;	    /* from 1.20; from the entry */
};

static bool has_parent_pc(const struct gotab *table)
{
	return table->layout >= GO_1_20;
}

static bool open_function(struct gotab *table, uint32_t index, struct inlining *ret)
{
	unsigned minor = table->image->go->minor;

	*ret = (struct inlining){.table = table};
	/* Up to 1.13 the numbers were others. */
	return (table->layout != GO_1_2 || minor == 14 || minor == 15) &&
	       gotab_entry(table, index, &ret->entry, &ret->func) &&
	       gotab_list(table, ret->func, PCDATA_INLINED, &ret->list) &&
	       gotab_data(table, ret->func, table->layout == GO_1_2 ? DATA_TREE_1_14 : DATA_TREE,
			  &ret->tree);
}

static bool read_record(const struct inlining *inlining, int32_t index, struct record *ret)
{
	struct gotab *table = inlining->table;
	size_t size = has_parent_pc(table) ? 16 : 20;
	const unsigned char *bytes = gotab_image_bytes(table, inlining->tree + size * index, size);
	int16_t parent;
	uint32_t name;

	if (index < 0 || !bytes)
		return false;
	*ret = (struct record){0};
	memcpy(&parent, bytes, 2);
	memcpy(&name, bytes + (has_parent_pc(table) ? 4 : 12), 4);
	memcpy(&ret->file, bytes + 4, 4);
	memcpy(&ret->line, bytes + 8, 4);
	memcpy(&ret->parent_pc, bytes + 8, 4);
	ret->parent = parent;
	ret->name = table->names + name;
	return name != 0 || table->layout == GO_1_2;
}

/* The index of the call that contains this one; negative: the function itself. */
static int32_t parent_of(const struct inlining *inlining, const struct record *record)
{
	int32_t parent = -1;

	if (!has_parent_pc(inlining->table))
		return record->parent;
	gotab_value_at(inlining->table, inlining->list, inlining->entry,
		       inlining->entry + record->parent_pc, &parent);
	return parent;
}

static void call_line(struct image *image, const struct inlining *inlining,
		      const struct record *record, struct line *ret)
{
	CLEANUP(free_p) char *file = NULL;

	if (has_parent_pc(inlining->table)) {
		if (!image_line_at(image, inlining->entry + record->parent_pc, ret))
			*ret = (struct line){0};
		return;
	}
	file = gotab_file(inlining->table, inlining->func, record->file);
	*ret = (struct line){file ? image_intern(image, file) : NULL, record->line};
}

void gotab_inlined_at(struct image *image, uint64_t address, inline_chain *ret)
{
	struct gotab *table = image->go->table;
	struct inlining inlining;
	struct record record;
	uint32_t function;
	int32_t index;

	if (!gotab_find(table, address, &function) || !open_function(table, function, &inlining) ||
	    !gotab_value_at(table, inlining.list, inlining.entry, address, &index))
		return;
	while (ret->size < DEPTH_MAX && read_record(&inlining, index, &record)) {
		CLEANUP(free_p) char *name = gotab_string(table, record.name);
		if (!name)
			return;
		struct inlined_call *call = vector_add(ret);
		call->name = image_intern(image, name);
		call_line(image, &inlining, &record, &call->line);
		index = parent_of(&inlining, &record);
	}
}

/* ------------------------------------------------------------------- copies */

/* The calls of one function that were seen, with the lowest address of each. */
struct copies {
	VECTOR(struct copy {
		int32_t index;
		uint64_t address;
		uint64_t name;
	})
	list;
};

static bool is_seen(const struct copies *copies, int32_t index)
{
	for (size_t i = copies->list.size; i-- > 0;)
		if (copies->list.data[i].index == index)
			return true;
	return false;
}

/* The call and those around it: of the outer ones, too, this code is the first so far. */
static void add_copies(struct copies *copies, const struct inlining *inlining, int32_t index,
		       uint64_t address)
{
	struct record record;

	for (unsigned depth = 0; depth < DEPTH_MAX && index >= 0 && !is_seen(copies, index);
	     depth++) {
		if (!read_record(inlining, index, &record))
			return;
		vector_push(&copies->list, ((struct copy){index, address, record.name}));
		index = parent_of(inlining, &record);
	}
}

static void collect_copies(struct copies *copies, const struct inlining *inlining)
{
	struct gotab_values values = gotab_values(inlining->table, inlining->list, inlining->entry);

	copies->list.size = 0;
	while (gotab_values_next(&values))
		if (values.value >= 0)
			add_copies(copies, inlining, values.value, values.start);
}

/* ------------------------------------------------------------------- search */

/*
 * A large program has a million records, and decoding every list takes seconds. From 1.18 on
 * all trees are in one region: it is scanned for records that name what is wanted, and only
 * the functions whose trees these are in are decoded.
 */
struct tree {
	uint64_t address;
	uint32_t function;
	bool is_wanted;
};
struct copy_search {
	struct gotab *table;
	VECTOR(uint32_t) names; /* offsets as the records have them, ascending */
	VECTOR(struct tree) trees;
};

static int compare_names(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static int compare_trees(const void *left, const void *right)
{
	const struct tree *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static bool is_wanted_name(const struct copy_search *search, uint32_t name)
{
	return bsearch(&name, search->names.data, search->names.size, sizeof(name),
		       compare_names) != NULL;
}

/* Marks the trees that a record at address may be in: several functions may share one. */
static void want_tree(struct copy_search *search, uint64_t address)
{
	struct tree *trees = search->trees.data;
	size_t low = 0, high = search->trees.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (trees[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i-- > 0 && trees[i].address == trees[low - 1].address;)
		trees[i].is_wanted = true;
}

static void scan_trees(struct copy_search *search)
{
	const struct image *image = search->table->image;
	uint64_t start = gotab_module(search->table)->gofunc, end = image_code_end(image, start);
	unsigned name_at = has_parent_pc(search->table) ? 4 : 12;
	uint32_t words[1 << 12];

	for (uint64_t at = start; at < end; at += sizeof(words)) {
		size_t size = end - at < sizeof(words) ? end - at : sizeof(words);
		if (!image_read(image, at, words, size))
			return;
		for (size_t i = 0; i < size / 4; i++)
			if (words[i] >= search->names.data[0] && is_wanted_name(search, words[i]))
				want_tree(search, at + 4 * i - name_at);
	}
}

static void collect_trees(struct copy_search *search)
{
	struct gotab *table = search->table;
	bool is_scanned = table->layout >= GO_1_18;
	struct inlining inlining;

	for (uint32_t i = 0; i < table->count; i++)
		if (open_function(table, i, &inlining))
			vector_push(&search->trees, ((struct tree){inlining.tree, i, !is_scanned}));
	if (!is_scanned || !search->trees.size)
		return;
	qsort(search->trees.data, search->trees.size, sizeof(*search->trees.data), compare_trees);
	scan_trees(search);
}

static void pass_copies(const struct copy_search *search, uint32_t function, symbol_fn fn,
			void *context)
{
	struct gotab *table = search->table;
	struct copies copies = {0};
	struct inlining inlining;

	if (open_function(table, function, &inlining))
		collect_copies(&copies, &inlining);
	for (size_t i = 0; i < copies.list.size; i++) {
		const struct copy *copy = &copies.list.data[i];
		if (!is_wanted_name(search, copy->name - table->names))
			continue;
		CLEANUP(free_p) char *name = gotab_string(table, copy->name);
		if (name)
			fn(context, &(struct symbol){.address = copy->address, .raw = name});
	}
	vector_deinit(&copies.list);
}

void gotab_search_inlined(struct gotab *table, const char *literal,
			  bool (*is_wanted)(void *context, const char *name), symbol_fn fn,
			  void *context)
{
	struct copy_search search = {.table = table};
	struct name_spans spans = {0};
	uint64_t end = table->layout == GO_1_2 ? table->size : table->units;

	name_spans_collect(&spans, table->image, table->offset + table->names, end - table->names,
			   literal);
	for (size_t i = 0; i < spans.spans.size; i++)
		if (is_wanted(context, spans.spans.data[i].copy))
			vector_push(&search.names, spans.spans.data[i].start);
	name_spans_deinit(&spans);
	if (search.names.size)
		collect_trees(&search);
	for (size_t i = 0; i < search.trees.size; i++)
		if (search.trees.data[i].is_wanted)
			pass_copies(&search, search.trees.data[i].function, fn, context);
	vector_deinit(&search.names);
	vector_deinit(&search.trees);
}
