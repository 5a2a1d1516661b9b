/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typetext.c - types as C declares them, for ptype and its kin.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* ----------------------------------------------------------------- declaring */

/* "int (*)(int)" with the name where it belongs. */
static bool declare_inside(struct buffer *out, const char *type, const char *name)
{
	const char *hole = strstr(type, "(*");
	if (!hole)
		return false;
	hole += 1 + strspn(hole + 1, "*");
	escape_text(out, type, (size_t)(hole - type), false);
	text_name(out, name);
	text_name(out, hole);
	return true;
}

/* Compilers write "long unsigned int". */
static void put_name(struct buffer *out, const char *name)
{
	static const char *const spellings[][2] = {
	    {"long long unsigned int", "unsigned long long"},
	    {"long unsigned int", "unsigned long"},
	    {"short unsigned int", "unsigned short"},
	    {"long long int", "long long"},
	    {"long int", "long"},
	    {"short int", "short"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		size_t size = strlen(spellings[i][0]);
		if (strncmp(name, spellings[i][0], size) != 0)
			continue;
		buffer_puts(out, spellings[i][1]);
		name += size;
		break;
	}
	text_name(out, name);
}

void type_declare(struct buffer *out, const struct type *type, const char *name)
{
	const char *text = type->name ? type->name : "<unnamed>";
	if (type->kind == TYPE_ARRAY) {
		CLEANUP(free_p)
		char *inner = type->count == TYPE_NO_OFFSET
				  ? xasprintf("%s[]", name)
				  : xasprintf("%s[%" PRIu64 "]", name, type->count);
		type_declare(out, type->target, inner);
		return;
	}
	if (type->kind == TYPE_POINTER && declare_inside(out, text, name))
		return;
	put_name(out, text);
	if (*name)
		buffer_printf(out, "%s", text[strlen(text) - 1] == '*' ? "" : " ");
	text_name(out, name);
}

/* ---------------------------------------------------------------- describing */

struct describer {
	struct buffer *out;
	bool has_offsets;
	unsigned depth;
	const struct type *outer; /* the one that offsets count from */
};

/* What stands to the left of a line without an offset. */
#define MARGIN "                             "

static void indent(const struct describer *describer)
{
	/* The offsets end where the first indent does. */
	for (unsigned i = describer->has_offsets; i < describer->depth; i++)
		buffer_puts(describer->out, "    ");
}

static void put_margin(const struct describer *describer)
{
	if (describer->has_offsets)
		buffer_puts(describer->out, MARGIN);
	indent(describer);
}

static void put_offset(const struct describer *describer, const struct type_member *member,
		       bool is_in_union, uint64_t base)
{
	struct buffer *out = describer->out;
	uint64_t offset = base + member->offset + member->bit_offset / 8;
	if (!describer->has_offsets)
		return;
	if (is_in_union)
		buffer_printf(out, "/*               %7" PRIu64 " */    ", member->type->size);
	else if (member->bit_size)
		buffer_printf(out, "/* %6" PRIu64 ":%2u   | %7" PRIu64 " */    ", offset,
			      member->bit_offset % 8, member->type->size);
	else
		buffer_printf(out, "/* %6" PRIu64 "      | %7" PRIu64 " */    ", offset,
			      member->type->size);
}

static void put_enumerators(struct buffer *out, const struct type *type)
{
	int64_t expected = 0;
	buffer_puts(out, "{");
	for (size_t i = 0; i < type->enumerator_count; i++) {
		const struct type_enumerator *enumerator = &type->enumerators[i];
		buffer_puts(out, i ? ", " : "");
		text_name(out, enumerator->name);
		if (enumerator->value != expected)
			buffer_printf(out, " = %" PRId64, enumerator->value);
		expected = enumerator->value + 1;
	}
	buffer_puts(out, "}");
}

static bool has_members(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION;
}

/* "struct point", but "struct" of one that has no name of its own. */
static void put_head(struct buffer *out, const struct type *type, bool is_anonymous)
{
	const char *word = type->kind == TYPE_UNION ? "union" : "struct";
	size_t size = strlen(word);
	bool says_kind =
	    type->name && (!strncmp(type->name, word, size) || !strncmp(type->name, "class ", 6));
	if (!type->name || is_anonymous ||
	    (!says_kind && !strstr(type->name, "::") && !strpbrk(type->name, "<. ")))
		buffer_puts(out, word);
	else
		text_name(out, type->name);
}

static void put_members(struct describer *describer, const struct type *type, uint64_t base);

static void put_member(struct describer *describer, const struct type_member *member,
		       bool is_in_union, uint64_t base)
{
	struct buffer *out = describer->out;
	bool is_nested = has_members(member->type) &&
			 (!member->name || (describer->has_offsets && member->type->members));
	put_offset(describer, member, is_in_union, base);
	indent(describer);
	if (is_nested) {
		put_head(out, member->type, !member->name);
		buffer_puts(out, " {\n");
		put_members(describer, member->type, base + member->offset);
		put_margin(describer);
		buffer_puts(out, describer->has_offsets ? "  }" : "}");
		buffer_printf(out, "%s%s", member->name ? " " : "", member->name ?: "");
	} else {
		type_declare(out, member->type, member->name ?: "");
	}
	if (member->bit_size)
		buffer_printf(out, " : %u", member->bit_size);
	buffer_puts(out, ";\n");
}

/* What is between the end of what has been and the byte offset; end counts bits. */
static void put_hole(const struct describer *describer, uint64_t end, uint64_t offset,
		     const char *what)
{
	uint64_t bits = -end % 8, bytes = offset - (end + bits) / 8;
	if (!describer->has_offsets || offset * 8 <= end)
		return;
	if (bits)
		buffer_printf(describer->out, "/* XXX %2" PRIu64 "-bit %-10s */\n", bits, what);
	if (bytes)
		buffer_printf(describer->out, "/* XXX %2" PRIu64 "-byte %-9s */\n", bytes, what);
}

static uint64_t end_of(const struct type_member *member)
{
	uint64_t start = member->offset * 8;
	return member->bit_size ? start + member->bit_offset + member->bit_size
				: start + member->type->size * 8;
}

static void put_members(struct describer *describer, const struct type *type, uint64_t base)
{
	bool is_union = type->kind == TYPE_UNION;
	uint64_t end = 0;
	describer->depth++;
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		if (member->is_artificial || (member->is_base && !member->type->member_count))
			continue;
		if (!is_union && !member->bit_size)
			put_hole(describer, end, member->offset, "hole");
		put_member(describer, member, is_union, base);
		end = end_of(member) > end ? end_of(member) : end;
	}
	if (!is_union)
		put_hole(describer, end, type->size, "padding");
	describer->depth--;
	if (!describer->has_offsets)
		return;
	buffer_puts(describer->out, "\n" MARGIN);
	for (unsigned i = 0; i < describer->depth; i++)
		buffer_puts(describer->out, "    ");
	buffer_printf(describer->out, "  /* total size (bytes): %4" PRIu64 " */\n", type->size);
}

static void put_struct(struct buffer *out, const struct type *type, bool has_offsets)
{
	struct describer describer = {.out = out, .has_offsets = has_offsets, .outer = type};
	put_head(out, type, false);
	buffer_puts(out, " {\n");
	put_members(&describer, type, 0);
	buffer_puts(out, has_offsets ? MARGIN "}" : "}");
}

void type_describe(struct buffer *out, const struct type *type, bool has_offsets)
{
	unsigned pointers = 0;
	const struct type *inner = type;
	while (inner->kind == TYPE_POINTER && inner->target->kind != TYPE_FUNCTION) {
		inner = inner->target;
		pointers++;
	}
	if (has_members(inner) && inner->member_count) {
		put_struct(out, inner, has_offsets && !pointers);
		for (unsigned i = 0; i < pointers; i++)
			buffer_puts(out, i ? "*" : " *");
	} else if (inner->kind == TYPE_ENUM && inner->enumerator_count && !pointers) {
		text_name(out, inner->name ? inner->name : "enum");
		buffer_putc(out, ' ');
		put_enumerators(out, inner);
	} else {
		type_declare(out, type, "");
	}
}
