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
	FORM_MAP,      /* a pointer to pairs of key and target; count: of a bucket's bytes, 0 if its
			  layout is not known */
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

#endif
