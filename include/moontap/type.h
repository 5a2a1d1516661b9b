/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type.h - the target's types as plain data: what debug information (or an ABI) says
 * of the shape of a value, and the few shapes that stand for something simpler.
 *
 * Made by symbols, read by compile (paths, captures) and output (values as text). A
 * type lives as long as the image it was read from; equal pointers are equal types.
 * Offsets and sizes are bytes unless they say bits.
 */
#ifndef MOONTAP_TYPE_H
#define MOONTAP_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum type_kind {
	TYPE_VOID,
	TYPE_INTEGER,	/* size 1, 2, 4, 8 or 16; is_signed */
	TYPE_CHARACTER, /* the same, for text: char, char32_t, Rust's char */
	TYPE_BOOLEAN,
	TYPE_FLOAT,	/* size 4, 8; 10 and 16 are shown as unavailable */
	TYPE_ENUM,	/* size, is_signed, enumerators */
	TYPE_POINTER,	/* to target; void* has a target of TYPE_VOID */
	TYPE_REFERENCE, /* C++: read as what it refers to */
	TYPE_STRUCT,	/* and class; members, form */
	TYPE_UNION,
	TYPE_ARRAY,    /* count elements of target; a matrix is an array of arrays */
	TYPE_FUNCTION, /* code, behind a pointer */
	TYPE_OPAQUE,   /* declared only, or of a kind we do not know: name says what */
};

/* What a STRUCT (of Go also a POINTER or INTEGER) stands for, recognised by name and members. */
enum type_form {
	FORM_PLAIN,
	FORM_STRING,   /* text: std::string, &str, String, Go's string */
	FORM_SEQUENCE, /* elements of target: std::vector, Vec, slices of Rust and Go */
	FORM_POINTER,  /* a pointer to target: unique_ptr, shared_ptr, Rc, Arc */
	FORM_VARIANT,  /* a Rust enum: one of variants */
	/* Of Go: */
	FORM_INTERFACE, /* two words, the first of which leads to the type: see has_itab */
	FORM_MAP,      /* a pointer to pairs of key and target; count: of a bucket's bytes, up to Go
			  1.23, else 0; has_groups: from 1.24 on, of which see type_group */
	FORM_CHANNEL,  /* a pointer to a queue of target; count: 1 from Go 1.23 on, whose layout
			  is another */
	FORM_CODE,     /* a pointer to the address of a function */
	FORM_DURATION, /* nanoseconds */
	FORM_TIME,     /* a time.Time */
};

#define TYPE_NO_OFFSET UINT64_MAX

/* Where FORM_STRING, _SEQUENCE and _POINTER have what they stand for. */
struct type_shape {
	uint64_t data;	 /* offset of the pointer to the bytes, elements or object */
	uint64_t length; /* offset of the number of them (8 bytes), or TYPE_NO_OFFSET: */
	uint64_t end;	 /* offset of the pointer behind the last, or TYPE_NO_OFFSET */
};

struct type_member {
	const char *name; /* NULL: an anonymous struct or union, whose members count as ours */
	const struct type *type;
	uint64_t offset;     /* of the type's bytes */
	unsigned bit_offset; /* of a bit-field: from the least significant bit at offset */
	unsigned bit_size;   /* 0: no bit-field */
	bool is_base;	     /* the part of a base class; its members count as ours */
	bool is_artificial;  /* a vtable pointer: not shown */
};

struct type_enumerator {
	const char *name;
	int64_t value; /* the bits, sign-extended if the enum is signed */
};

struct type_variant {
	const char *name;	 /* "Some" */
	const struct type *type; /* its fields: a STRUCT of the whole value's extent */
	bool is_default;	 /* taken by all tags that no other names */
	uint64_t tag;
};

struct type {
	enum type_kind kind;
	enum type_form form;
	/* As a programmer of the language writes it: "struct point", "unsigned int",
	 * "std::vector<int>", "char *". */
	const char *name;
	uint64_t size;
	bool is_signed;
	/* POINTER, REFERENCE, ARRAY, FORM_SEQUENCE and _POINTER: to, of what. FUNCTION: what it
	 * returns. ENUM: NULL. */
	const struct type *target;
	const struct type *key;	 /* FORM_MAP: of what the keys are */
	bool has_type, has_itab; /* FORM_INTERFACE: the first word may point to a type; to a type
				    and its methods */
	bool has_groups;	 /* FORM_MAP */
	uint64_t count;		 /* ARRAY: how many; TYPE_NO_OFFSET if that is not known */
	struct type_shape shape;

	/* STRUCT and UNION, ENUM, FORM_VARIANT. */
	const struct type_member *members;
	size_t member_count;
	const struct type_enumerator *enumerators;
	size_t enumerator_count;
	const struct type_variant *variants;
	size_t variant_count;
	uint64_t tag_offset; /* of the variant's tag, or TYPE_NO_OFFSET: there is only one */
	unsigned tag_size;
};

/* How a type of Go is aligned; 0: its members are not known. */
static inline uint64_t type_alignment(const struct type *type, unsigned nesting)
{
	uint64_t alignment = type->size == 0;

	if (nesting > 16)
		return 0;
	switch (type->kind) {
	case TYPE_STRUCT:
		for (size_t i = 0; i < type->member_count; i++) {
			uint64_t other = type_alignment(type->members[i].type, nesting + 1);
			if (!other)
				return 0;
			alignment = other > alignment ? other : alignment;
		}
		return alignment;
	case TYPE_ARRAY:
		return type_alignment(type->target, nesting + 1);
	case TYPE_OPAQUE: /* complex64 is a pair of float32 */
		return type->size == 8 ? 4 : 8;
	default:
		return type->size && type->size < 8 ? type->size : 8;
	}
}

/*
 * Eight pairs of a map of Go from 1.24 on (internal/runtime/maps, group.go): a byte for each,
 * whose upper bit says that there is none, then the slots. What is larger than 128 bytes is
 * elsewhere.
 */
struct type_group {
	uint64_t slot, value; /* bytes of a slot; where in it the value is */
	uint64_t size;
};
static inline bool type_group(const struct type *map, struct type_group *ret)
{
	uint64_t key_size = map->key->size > 128 ? 8 : map->key->size;
	uint64_t value_size = map->target->size > 128 ? 8 : map->target->size;
	uint64_t key = map->key->size > 128 ? 8 : type_alignment(map->key, 0);
	uint64_t value = map->target->size > 128 ? 8 : type_alignment(map->target, 0);
	uint64_t alignment = key > value ? key : value;

	if (!key || !value)
		return false;
	ret->value = (key_size + value - 1) / value * value;
	/* Nothing must lie behind a struct's end, where a value without a size would be. */
	ret->slot = ret->value + value_size + (value_size == 0 && key_size > 0);
	ret->slot = (ret->slot + alignment - 1) / alignment * alignment;
	ret->size = (8 + 8 * ret->slot + 7) / 8 * 8;
	return true;
}

#endif
