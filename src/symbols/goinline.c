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

void gotab_search_inlined(struct gotab *table, const char *literal, symbol_fn fn, void *context)
{
	struct name_spans spans = {0};
	struct copies copies = {0};
	struct inlining inlining;
	uint64_t end = table->layout == GO_1_2 ? table->size : table->units;

	name_spans_collect(&spans, table->image, table->offset + table->names, end - table->names,
			   literal);
	for (uint32_t i = 0; spans.spans.size && i < table->count; i++) {
		if (!open_function(table, i, &inlining))
			continue;
		collect_copies(&copies, &inlining);
		for (size_t j = 0; j < copies.list.size; j++) {
			const struct copy *copy = &copies.list.data[j];
			const char *name = name_spans_at(&spans, copy->name - table->names);
			if (name)
				fn(context,
				   &(struct symbol){.address = copy->address, .raw = name});
		}
	}
	vector_deinit(&copies.list);
	name_spans_deinit(&spans);
}
