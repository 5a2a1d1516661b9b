/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - what values of Go lead to -> IR: interfaces, maps, channels, functions, text in
 * slices. What is in an interface is not known before the hit: so the kernel copies what its type
 * says, and what seems to be pointers in that, and whoever shows the value finds its way in the
 * copies.
 */
#include "capture.h"
#include "lower.h"

#define NESTING_MAX 8
/* Of Go's runtime (see output's golang.c). */
#define HMAP_SIZE    48
#define HMAP_B	     9
#define HMAP_BUCKETS 16
#define HMAP_OLD     24
/* Of a map's header and of a table, from Go 1.24 on. */
#define MAP_SIZE      48
#define MAP_DIRECTORY 16
#define MAP_TABLES    24
#define TABLE_SIZE    32
#define TABLE_GROUPS  16
#define TABLE_LAST    24
#define HCHAN_SIZE    96
#define HCHAN_SLOTS   8
#define HCHAN_BUFFER  16
#define ITAB_SIZE     24
#define ITAB_TYPE     8
#define SEARCH_ALL    512 /* words */
#define LEVEL_SHIFT   16

struct roots {
	struct compiler *c;
	const struct object *object;
	const struct node *node;
	struct ir *ir;
};

/* -------------------------------------------------------------------- finding */

/* Has a value of the type anything but text, elements and their text behind it? */
static bool leads_on(const struct type *type, unsigned nesting)
{
	if (nesting > NESTING_MAX)
		return false;
	switch (type->form) {
	case FORM_INTERFACE:
	case FORM_MAP:
	case FORM_CHANNEL:
	case FORM_CODE:
		return true;
	case FORM_SEQUENCE:
		return type->target->form == FORM_SEQUENCE || leads_on(type->target, nesting + 1);
	default:
		break;
	}
	if (type->kind == TYPE_ARRAY)
		return leads_on(type->target, nesting + 1);
	for (size_t i = 0; type->kind == TYPE_STRUCT && i < type->member_count; i++)
		if (leads_on(type->members[i].type, nesting + 1))
			return true;
	return false;
}

bool memory_is_needed(struct compiler *c, const struct value *value)
{
	const struct image *image = compiler_site(c)->image;

	return value->kind == VALUE_OBJECT && image && image_go_version(image) &&
	       leads_on(value->object->type, 0);
}

/* --------------------------------------------------------------------- wanting */

/* The word at offset of the object; NULL: it is lost. */
static const struct value *word_of(const struct roots *roots, uint64_t offset)
{
	struct object_piece piece;

	return object_slice(roots->c, roots->object, offset, 8, &piece)
		   ? object_piece_word(roots->c, roots->node, &piece)
		   : NULL;
}

static const struct value *at(const struct roots *roots, const struct value *address,
			      int64_t offset, unsigned size)
{
	struct compiler *c = roots->c;

	return value_load(
	    c, roots->node, size, false,
	    value_binary(c, roots->node, OP_ADD, address, value_constant(c, roots->node, offset)));
}

/* size bytes at address, of these at most limit; search: so many words may be pointers, | how
 * far from the value they are << LEVEL_SHIFT. */
static struct error *want(const struct roots *roots, const struct value *address,
			  const struct value *size, uint64_t limit, unsigned search)
{
	int unknown = roots->ir->labels++, a, b;
	size_t start = roots->ir->insns.size;
	struct ir_insn *insn;

	TRY(lower_value(roots->c, roots->ir, address, unknown, &a));
	TRY(lower_value(roots->c, roots->ir, size, unknown, &b));
	insn = lower_add(roots->c, roots->ir, IR_MEMORY_WANT, roots->node);
	insn->a = a;
	insn->b = b;
	insn->size = limit < MEMORY_BLOCK_MAX ? (unsigned)limit : MEMORY_BLOCK_MAX;
	insn->number = search;
	if (lower_has_jump(roots->ir, start, unknown))
		lower_label(roots->c, roots->ir, unknown);
	return NULL;
}

static struct error *want_constant(const struct roots *roots, const struct value *address,
				   unsigned size)
{
	return want(roots, address, value_constant(roots->c, roots->node, size), size, 0);
}

static bool is_number(const struct type *type)
{
	return type->kind <= TYPE_ENUM;
}

/* Elements of that type, which follow one another. */
static struct error *want_elements(const struct roots *roots, const struct value *address,
				   const struct value *count, const struct type *element)
{
	struct compiler *c = roots->c;
	const struct value *size = value_binary(
	    c, roots->node, OP_MUL, count, value_constant(c, roots->node, (int64_t)element->size));

	return want(roots, address, size, c->request->limits.elements * element->size,
		    is_number(element) ? 0 : SEARCH_ALL);
}

/* Have pairs nothing behind them but text? */
static bool is_plain_map(const struct type *type)
{
	return (is_number(type->key) || type->key->form == FORM_STRING) &&
	       (is_number(type->target) || type->target->form == FORM_STRING);
}

/* For as many pairs as are wanted: eight places have more than 3 on the average, but by chance. */
static uint64_t pairs_limit(const struct roots *roots, uint64_t eight_pairs)
{
	return (roots->c->request->limits.elements / 3 + 4) * eight_pairs;
}

static struct error *want_buckets(const struct roots *roots, const struct value *map,
				  const struct type *type, int64_t field)
{
	struct compiler *c = roots->c;
	const struct value *count = value_binary(
	    c, roots->node, OP_SHL, value_constant(c, roots->node, (int64_t)type->count),
	    at(roots, map, HMAP_B, 1));

	return want(roots, at(roots, map, field, 8), count, pairs_limit(roots, type->count),
		    SEARCH_ALL | (unsigned)is_plain_map(type) << LEVEL_SHIFT);
}

/* A small map has one group; others have tables, of which the first one has to do. */
static struct error *want_groups(const struct roots *roots, const struct value *map,
				 const struct type *type)
{
	struct compiler *c = roots->c;
	const struct node *node = roots->node;
	unsigned search = SEARCH_ALL | (unsigned)is_plain_map(type) << LEVEL_SHIFT;
	const struct value *directory = at(roots, map, MAP_DIRECTORY, 8), *group, *table, *count;
	const struct value *tables = at(roots, map, MAP_TABLES, 8);
	struct type_group shape;

	TRY(want_constant(roots, map, MAP_SIZE));
	if (!type_group(type, &shape))
		return NULL;
	group = value_only_if(c, node, directory, tables, OP_EQ, 0, MISSING_TRUNCATED);
	TRY(want(roots, group, value_constant(c, node, (int64_t)shape.size), shape.size, search));
	directory = value_only_if(c, node, directory, tables, OP_NE, 0, MISSING_TRUNCATED);
	TRY(want_constant(roots, directory, 8));
	table = at(roots, directory, 0, 8);
	TRY(want_constant(roots, table, TABLE_SIZE));
	count = value_binary(c, node, OP_ADD, at(roots, table, TABLE_LAST, 8),
			     value_constant(c, node, 1));
	return want(
	    roots, at(roots, table, TABLE_GROUPS, 8),
	    value_binary(c, node, OP_MUL, count, value_constant(c, node, (int64_t)shape.size)),
	    pairs_limit(roots, shape.size), search);
}

static struct error *want_map(const struct roots *roots, const struct value *map,
			      const struct type *type)
{
	if (type->has_groups)
		return want_groups(roots, map, type);
	TRY(want_constant(roots, map, HMAP_SIZE));
	if (type->count == 0)
		return NULL;
	TRY(want_buckets(roots, map, type, HMAP_BUCKETS));
	return want_buckets(roots, map, type, HMAP_OLD);
}

static struct error *want_channel(const struct roots *roots, const struct value *channel,
				  const struct type *type)
{
	TRY(want_constant(roots, channel, HCHAN_SIZE));
	return want_elements(roots, at(roots, channel, HCHAN_BUFFER, 8),
			     at(roots, channel, HCHAN_SLOTS, 8), type->target);
}

/* What is at data, of the type whose descriptor is at word. */
static struct error *want_dynamic(const struct roots *roots, const struct value *word,
				  const struct value *data)
{
	int unknown = roots->ir->labels++, a, b;
	size_t start = roots->ir->insns.size;
	struct ir_insn *insn;

	TRY(lower_value(roots->c, roots->ir, word, unknown, &a));
	TRY(lower_value(roots->c, roots->ir, data, unknown, &b));
	insn = lower_add(roots->c, roots->ir, IR_MEMORY_TYPE, roots->node);
	insn->a = a;
	insn->b = b;
	insn->number = image_go_maps(compiler_site(roots->c)->image);
	if (lower_has_jump(roots->ir, start, unknown))
		lower_label(roots->c, roots->ir, unknown);
	return NULL;
}

static struct error *want_interface(const struct roots *roots, const struct type *type,
				    const struct value *word, const struct value *data)
{
	/* What is no type has no kind where one would be. */
	if (type->has_type)
		TRY(want_dynamic(roots, word, data));
	if (!type->has_itab)
		return NULL;
	TRY(want_constant(roots, word, ITAB_SIZE));
	return want_dynamic(roots, at(roots, word, ITAB_TYPE, 8), data);
}

/* What the part of the object at offset leads to. */
static struct error *want_part(const struct roots *roots, uint64_t offset, const struct type *type,
			       unsigned nesting)
{
	const struct value *word, *next;

	if (!leads_on(type, nesting) || nesting > NESTING_MAX)
		return NULL;
	if (type->kind == TYPE_ARRAY) {
		uint64_t count = type->count < roots->c->request->limits.elements
				     ? type->count
				     : roots->c->request->limits.elements;
		for (uint64_t i = 0; i < count; i++)
			TRY(want_part(roots, offset + i * type->target->size, type->target,
				      nesting + 1));
		return NULL;
	}
	if (type->kind == TYPE_STRUCT && type->form == FORM_PLAIN) {
		for (size_t i = 0; i < type->member_count; i++)
			TRY(want_part(roots, offset + type->members[i].offset,
				      type->members[i].type, nesting + 1));
		return NULL;
	}
	word = word_of(roots, offset);
	next = type->size > 8 ? word_of(roots, offset + 8) : NULL;
	if (!word || (type->size > 8 && !next))
		return NULL;
	switch (type->form) {
	case FORM_INTERFACE:
		return want_interface(roots, type, word, next);
	case FORM_MAP:
		return want_map(roots, word, type);
	case FORM_CHANNEL:
		return want_channel(roots, word, type);
	case FORM_CODE:
		return want_constant(roots, word, 8);
	default: /* FORM_SEQUENCE */
		return want_elements(roots, word, next, type->target);
	}
}

struct error *memory_want(struct compiler *c, const struct value *value, struct ir *ir)
{
	const struct roots roots = {c, value->object, value->node, ir};

	return want_part(&roots, 0, value->object->type, 0);
}
