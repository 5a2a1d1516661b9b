/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operand.c - which variable, or part of one, an instruction reads.
 */
#include "internal.h"

#define NESTING_MAX 8

struct naming {
	const struct code_operand *operand;
	bool is_go;
	char *name; /* found, or NULL */
};

/* Go's strings and slices are structs, but nobody writes s.len. */
static bool is_length(const struct naming *naming, const struct type *type, const char *member)
{
	return naming->is_go && type->form != FORM_PLAIN &&
	       (strcmp(member, "len") == 0 || strcmp(member, "cap") == 0);
}

static const struct type_member *member_at(const struct type *type, uint64_t offset)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		if (member->type && offset >= member->offset &&
		    offset - member->offset < member->type->size)
			return member;
	}
	return NULL;
}

/* Makes of a name that of the part at offset: "p" becomes "p.x.y", "a[3]". NULL if the type
 * does not tell. Takes name over. */
static char *part_name(const struct naming *naming, char *name, const struct type *type,
		       uint64_t offset)
{
	CLEANUP(free_p) char *whole = name;

	for (unsigned i = 0; i < NESTING_MAX && type; i++) {
		char *part = NULL;
		const struct type_member *member = NULL;
		if (type->kind == TYPE_ARRAY && type->target && type->target->size) {
			part = xasprintf("%s[%llu]", whole,
					 (unsigned long long)(offset / type->target->size));
			offset %= type->target->size;
			type = type->target;
		} else if ((member = member_at(type, offset))) {
			if (!member->name)
				part = xstrdup(whole);
			else if (is_length(naming, type, member->name))
				part = xasprintf("%s(%s)", member->name, whole);
			else
				part = xasprintf("%s.%s", whole, member->name);
			offset -= member->offset;
			type = member->type;
		} else {
			break;
		}
		free(whole);
		whole = part;
	}
	if (offset)
		return NULL;
	char *found = whole;
	whole = NULL;
	return found;
}

/* What a pointer of that name points at, at offset: "p->x", "p.x", "*p". */
static char *target_name(const struct naming *naming, const char *name, const struct type *type,
			 uint64_t offset)
{
	const struct type *target = type->kind == TYPE_POINTER ? type->target : NULL;

	if (!target)
		return NULL;
	const struct type_member *member = member_at(target, offset);
	if (!member)
		return offset == 0 ? xasprintf("*%s", name) : NULL;
	if (!member->name)
		return NULL;
	return part_name(naming, xasprintf(naming->is_go ? "%s.%s" : "%s->%s", name, member->name),
			 member->type, offset - member->offset);
}

/* Do the steps come to register + constant? */
static bool is_based(const struct where_piece *piece, uint8_t *ret_reg, int64_t *ret_number)
{
	const struct where_step *s = piece->steps;
	bool is_plain =
	    piece->step_count == 1 || (piece->step_count == 3 && s[1].op == WHERE_CONSTANT &&
				       (s[2].op == WHERE_ADD || s[2].op == WHERE_SUB));

	if (!is_plain || (s[0].op != WHERE_REGISTER && s[0].op != WHERE_ADDRESS))
		return false;
	*ret_reg = s[0].op == WHERE_REGISTER ? (uint8_t)s[0].number : OPERAND_NO_REGISTER;
	*ret_number = s[0].op == WHERE_REGISTER ? 0 : s[0].number;
	if (piece->step_count == 3)
		*ret_number += s[2].op == WHERE_ADD ? s[1].number : -s[1].number;
	return true;
}

static char *name_by_piece(const struct naming *naming, const struct variable *variable,
			   const struct where_piece *piece, uint64_t offset)
{
	const struct code_operand *operand = naming->operand;
	bool is_memory = operand->kind == OPERAND_MEMORY && operand->index == OPERAND_NO_REGISTER;
	uint8_t reg;
	int64_t number;

	if (piece->kind == PIECE_LOST || !is_based(piece, &reg, &number))
		return NULL;
	if (piece->kind == PIECE_VALUE && operand->kind == OPERAND_REGISTER)
		return reg == operand->reg && !operand->is_high_byte && number == 0
			   ? part_name(naming, xstrdup(variable->name), variable->type, offset)
			   : NULL;
	if (!is_memory || reg != operand->reg)
		return NULL;
	if (piece->kind == PIECE_VALUE)
		return target_name(naming, variable->name, variable->type,
				   operand->number - number);
	if (operand->number < number || operand->number - number >= (int64_t)piece->size)
		return NULL;
	return part_name(naming, xstrdup(variable->name), variable->type,
			 offset + (operand->number - number));
}

static bool try_variable(void *context, const struct variable *variable)
{
	struct naming *naming = context;
	uint64_t offset = 0;

	for (size_t i = 0; i < variable->where.piece_count && !naming->name; i++) {
		const struct where_piece *piece = &variable->where.pieces[i];
		if (variable->type)
			naming->name = name_by_piece(naming, variable, piece, offset);
		offset += piece->size;
	}
	return !naming->name;
}

char *image_operand_name(struct image *image, uint64_t address, const struct code_operand *operand)
{
	struct naming naming = {.operand = operand, .is_go = go_covers(image, address)};
	struct scope *scope = NULL;
	struct error *err = scope_open(image, address, &scope);

	error_free(err); /* debug information that cannot be read names nothing */
	if (!scope)
		return NULL;
	scope_each(scope, try_variable, &naming);
	scope_close(scope);
	return naming.name;
}
