/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - what a value takes in a record.
 */
#ifndef COMPILE_CAPTURE_H
#define COMPILE_CAPTURE_H

#include "ir.h"
#include "object.h"

enum capture_kind capture_kind_of(const struct value *value);
/* Without those of its parts. */
unsigned capture_slots_of(const struct value *value);
/* The most bytes behind the slots. */
size_t capture_bytes_of(const struct compiler *c, const struct value *value);

/* memory.c: does the value lead to what is only known at the hit? Then that is wanted, too. */
bool memory_is_needed(struct compiler *c, const struct value *value);
struct error *memory_want(struct compiler *c, const struct value *value, struct ir *ir);

/* What pointers in a value lead to: captured beside it. */
struct captured_part {
	uint64_t offset;
	const struct value *value; /* a STRING; NULL: lost_size bytes are lost, for reason */
	const struct type *type;   /* of elements; NULL: text */
	uint64_t lost_size;
	const char *reason;
};
size_t capture_parts_of(struct compiler *c, const struct value *value, struct captured_part **ret);

#endif
