/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * framepointer.c - does code keep frame pointers? Its unwind table tells: where a function keeps
 * one, the table counts from it. Single functions may do otherwise: leaves keep none, those that
 * need a stack of unknown size keep one anyway. So most of them count.
 */
#include "stack.h"

#define SAMPLES 256

/* Looks at the middles of functions, evenly spread. */
static bool most_keep_one(const struct cfi_table *table)
{
	size_t count = table->entries.size < SAMPLES ? table->entries.size : SAMPLES;
	unsigned kept = 0, omitted = 0;
	struct unwind_rules rules;

	for (size_t i = 0; i < count; i++) {
		const struct cfi_entry *entry =
		    &table->entries.data[i * table->entries.size / count];
		uint64_t middle = entry->start + (entry->end - entry->start) / 2;
		if (!cfi_table_rules(table, middle, &rules))
			continue;
		if (rules.cfa.kind == RULE_SUM && rules.cfa.base == REGISTER_RBP)
			kept++;
		else
			omitted++;
	}
	return kept > omitted;
}

/* Without a table there is no other way than along frame pointers. */
static bool has_frame_pointers(struct cfi_table *table)
{
	if (!table || !table->entries.size)
		return true;
	if (table->frame_pointers == FRAME_POINTERS_UNKNOWN)
		table->frame_pointers =
		    most_keep_one(table) ? FRAME_POINTERS_KEPT : FRAME_POINTERS_OMITTED;
	return table->frame_pointers == FRAME_POINTERS_KEPT;
}

bool image_has_frame_pointers(struct image *image, uint64_t address)
{
	/* Go keeps them. */
	return go_covers(image, address) || has_frame_pointers(cfi_table_at(image, address));
}

bool image_keeps_frame_pointers(struct image *image)
{
	return go_has_table(image) || has_frame_pointers(cfi_table_own(image));
}

static void check_module(void *context, struct image *image)
{
	bool *is_kept = context;

	*is_kept = *is_kept && image_keeps_frame_pointers(image);
}

bool program_has_frame_pointers(struct program *program)
{
	bool is_kept = true;

	program_each_module(program, check_module, &is_kept);
	return is_kept;
}
