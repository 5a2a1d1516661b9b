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
	/* A STRING, or the TEXTS of elements; NULL: lost_size bytes are lost, for reason. */
	const struct value *value;
	const struct type *type; /* of elements; NULL: text */
	bool are_texts;		 /* that elements have */
	uint64_t lost_size;
	const char *reason;
};
size_t capture_parts_of(struct compiler *c, const struct value *value, struct captured_part **ret);

/* A char*, or what stands for a string. */
bool capture_is_text(const struct type *type);
/* texts.c: the text that elements (the bytes of some, of that type) have, or NULL; the most
 * bytes it takes. */
const struct value *texts_of(struct compiler *c, const struct value *elements,
			     const struct type *element);
size_t texts_bytes(const struct compiler *c);

#endif
