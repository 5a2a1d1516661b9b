/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * item.h - a record on its way from the ring to its callback (deliver.c), and the values that are
 * captured in it (capture.c).
 */
#ifndef RUNTIME_ITEM_H
#define RUNTIME_ITEM_H

#include "internal.h"

struct batch_item {
	struct handle *handle;
	const struct plan *plan; /* that the record follows */
	uint32_t plan_number;
	uint32_t size; /* of the item with its record, to the next item */
	uint32_t site;
	struct record record;
};

/* Of a record, with its strings and memory. */
size_t item_record_size(const struct handle *handle, const struct plan *plan,
			const struct record *record);
/* Pushes the captures of the item's plan, in their order. */
void push_captures(lua_State *L, const struct runtime *runtime, const struct batch_item *item);

#endif
