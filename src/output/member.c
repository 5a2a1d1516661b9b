/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * member.c - the values inside a value: its members, its elements.
 */
#include <string.h>

#include "view.h"

/* Base classes in base classes, arrays behind arrays: more is debug information gone wrong. */
enum {
	NESTING_MAX = 16
};

struct typed_value typed_at(const struct typed_value *value, uint64_t offset,
			    const struct type *type)
{
	struct typed_value at = *value;
	size_t skipped = offset < value->size ? (size_t)offset : value->size;

	at.type = type;
	at.bytes = (const char *)value->bytes + skipped;
	at.size = value->size - skipped;
	at.origin = value->origin + offset;
	at.bit_offset = at.bit_size = 0;
	return at;
}

static struct typed_value member_value(const struct typed_value *value,
				       const struct type_member *member)
{
	struct typed_value at = typed_at(value, member->offset, member->type);

	at.bit_offset = member->bit_offset;
	at.bit_size = member->bit_size;
	/* A bit-field may end behind its type's bytes. */
	if (!at.bit_size && at.size > at.type->size)
		at.size = (size_t)at.type->size;
	return at;
}

struct typed_value typed_element(const struct typed_view *elements, uint64_t index)
{
	const struct typed_value *first = &elements->inner;

	if (elements->kind == VIEW_CHANNEL)
		return typed_queued(elements, index);
	struct typed_value at = typed_at(first, index * first->type->size, first->type);

	if (at.size > at.type->size)
		at.size = (size_t)at.type->size;
	return at;
}

/* ----------------------------------------------------------------- members */

/* Do the members of this one count as those of what it is in? */
static bool is_transparent(const struct type_member *member)
{
	bool has_members = member->type->kind == TYPE_STRUCT || member->type->kind == TYPE_UNION;

	return has_members && (member->is_base || !member->name);
}

static bool find_member(const struct typed_value *value, const char *name, unsigned nesting,
			struct typed_value *ret)
{
	const struct type_member *members = value->type->members;
	size_t count = value->type->member_count;

	for (size_t i = 0; i < count; i++) {
		if (members[i].is_artificial || is_transparent(&members[i]) || !members[i].name ||
		    strcmp(members[i].name, name) != 0)
			continue;
		*ret = member_value(value, &members[i]);
		return true;
	}
	/* A class's own hide those of its bases. */
	for (size_t i = 0; i < count && nesting < NESTING_MAX; i++) {
		if (members[i].is_artificial || !is_transparent(&members[i]))
			continue;
		struct typed_value inner = member_value(value, &members[i]);
		if (find_member(&inner, name, nesting + 1, ret))
			return true;
	}
	return false;
}

bool typed_member(const struct typed_value *inner, const char *name, struct typed_value *ret)
{
	return find_member(inner, name, 0, ret);
}

static void each_member(const struct typed_value *value, unsigned nesting,
			void (*fn)(void *context, const char *name, const struct typed_value *),
			void *context)
{
	for (size_t i = 0; i < value->type->member_count; i++) {
		const struct type_member *member = &value->type->members[i];
		struct typed_value inner = member_value(value, member);

		if (member->is_artificial)
			continue;
		if (!is_transparent(member) && member->name)
			fn(context, member->name, &inner);
		else if (is_transparent(member) && nesting < NESTING_MAX)
			each_member(&inner, nesting + 1, fn, context);
	}
}

void typed_each_member(const struct typed_value *inner,
		       void (*fn)(void *context, const char *name, const struct typed_value *),
		       void *context)
{
	each_member(inner, 0, fn, context);
}

bool typed_is_number(const char *name)
{
	if (strncmp(name, "__", 2) != 0 || !name[2])
		return false;
	return name[2 + strspn(name + 2, "0123456789")] == '\0';
}
