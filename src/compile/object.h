/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object.h - a thing of the target with a type: a variable, a field, an element, what a
 * pointer points to. It has a place; reading it gives a value.
 */
#ifndef COMPILE_OBJECT_H
#define COMPILE_OBJECT_H

#include "value.h"

struct object_piece {
	enum {
		OBJECT_MEMORY, /* value is the address of its first byte */
		OBJECT_VALUE,  /* value has its (at most 8) bytes */
		OBJECT_LOST,   /* reason */
	} kind;
	const struct value *value;
	const char *reason;
	uint64_t offset, size; /* bytes of the object that it makes up */
};

struct object {
	const struct type *type;
	const struct node *node;
	const struct object_piece *pieces; /* one after the other */
	size_t piece_count;
	unsigned bit_offset, bit_size; /* of a bit-field; size 0: none */
	const char *name;	       /* of a variable, else NULL */
};

/* At an address; as the bits of a value. */
struct object *object_at(struct compiler *c, const struct node *node, const struct type *type,
			 const struct value *address);
struct object *object_of_value(struct compiler *c, const struct node *node, const struct type *type,
			       const struct value *value);
/* One word after the other. */
struct object *object_of_words(struct compiler *c, const struct node *node, const struct type *type,
			       const struct value *const *words, size_t count);
/* Nowhere, and why. */
struct object *object_lost_as(struct compiler *c, const struct node *node, const struct type *type,
			      const char *reason);
/* What the steps of a piece compute; NULL: they cannot be run here. */
const struct value *object_steps(struct compiler *c, const struct node *node,
				 const struct where_piece *piece);
/* Where debug information or an ABI says. */
struct object *object_where(struct compiler *c, const struct node *node, const struct type *type,
			    const struct where *where);
/* Why it cannot be read at all, or NULL. */
const char *object_lost(const struct object *object);
/* The address of its first byte; NULL if it has none (it is in registers). */
const struct value *object_address(const struct object *object);
/* The piece that holds the size bytes from offset on, whole; its value is then of these. */
bool object_slice(struct compiler *c, const struct object *object, uint64_t offset, uint64_t size,
		  struct object_piece *ret);
/* The part of it at offset, as a value of that type. */
struct object *object_part(struct compiler *c, const struct object *object, const struct node *node,
			   uint64_t offset, const struct type *type);
/* A piece of 8 bytes as the number it is; NULL if it is lost. */
const struct value *object_piece_word(struct compiler *c, const struct node *node,
				      const struct object_piece *piece);
/* The pointer that a smart pointer is. */
const struct value *object_read_pointer(struct compiler *c, struct object *object);
/* What it refers to, if it is a reference. */
struct object *object_settle(struct compiler *c, struct object *object);
/* What a pointer (plain or smart) points to; NULL if it is none. */
struct object *object_target(struct compiler *c, struct object *object);
/* A field by name: also of what a pointer points to, of bases, of anonymous members, and the
 * variants of a Rust enum. NULL if there is none: object_fields lists them then. */
struct object *object_member(struct compiler *c, struct object *object, const struct node *node,
			     const char *name);
void object_fields(const struct object *object, struct buffer *out, const char *wanted);
/* An element of an array, a sequence, or what a pointer points into; NULL if it has none. */
struct object *object_element(struct compiler *c, struct object *object, const struct node *node,
			      const struct value *index);
/* How many elements or bytes of text; NULL if only counting would tell. */
const struct value *object_length(struct compiler *c, struct object *object,
				  const struct node *node);
/* Is it of Go, and leads to what only the hit can tell: an interface, a map, a channel, a
 * function? Lua reads what is in it. */
bool object_is_reference(const struct object *object);
/* Its value as Lua sees it. */
const struct value *object_read(struct compiler *c, struct object *object);

#endif
