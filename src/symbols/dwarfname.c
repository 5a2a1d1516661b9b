/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfname.c - what a type is called in its language: `char *`, `int (*)(struct point)`,
 * `ns::T`. Rust and Go name all their types themselves.
 */
#include "dwarf.h"

/* The types that a name is made of: more are left out. */
#define PARTS_MAX 100

struct namer {
	struct dwarf *dwarf;
	struct buffer out;
	unsigned depth;
	unsigned *parts; /* that were put so far, by this one and those it has made */
};

static void put_type(struct namer *namer, Dwarf_Die *die, unsigned part, const char *inner);

/* ------------------------------------------------------------ what has a name */

static const char *keyword(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct";
	case DW_TAG_class_type:
		return "class";
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_enumeration_type:
		return "enum";
	default:
		return NULL;
	}
}

static void put_inner(struct namer *namer, const char *inner)
{
	if (*inner)
		buffer_printf(&namer->out, " %s", inner);
}

static void put_named(struct namer *namer, Dwarf_Die *die, const char *inner)
{
	const struct dwarf_unit *unit = dwarf_unit_of(namer->dwarf, die);
	const char *name = dwarf_diename(die), *word = keyword(dwarf_tag(die));
	struct buffer full = {0};

	if (word && (!name || unit->language == LANGUAGE_C))
		buffer_printf(&namer->out, "%s ", word);
	if (name && unit->language == LANGUAGE_CXX) {
		struct dwarf_path path;
		dwarf_path(namer->dwarf, die, PATH_SHOWN, &path);
		for (size_t i = 0; path.count != SIZE_MAX && i < path.count; i++)
			buffer_printf(&full, "%s::", path.names[i]);
	}
	buffer_puts(&full, name ? name : word ? "{...}" : "?");
	if (name && (unit->language == LANGUAGE_CXX || unit->language == LANGUAGE_RUST)) {
		CLEANUP(free_p)
		char *text = name_shorten(full.data, unit->language == LANGUAGE_RUST);
		buffer_puts(&namer->out, text);
	} else {
		buffer_puts(&namer->out, full.data);
	}
	buffer_deinit(&full);
	put_inner(namer, inner);
}

/* ------------------------------------------------------- what is made of others */

static void put_type_of(struct namer *namer, Dwarf_Die *die, const char *inner)
{
	Dwarf_Die type;

	if (die_reference(die, DW_AT_type, &type)) {
		put_type(namer, &type, 0, inner);
		return;
	}
	buffer_puts(&namer->out, "void");
	put_inner(namer, inner);
}

static int tag_of_type(Dwarf_Die *die)
{
	Dwarf_Die type;

	return die_reference(die, DW_AT_type, &type) ? dwarf_tag(&type) : DW_TAG_invalid;
}

static void put_pointer(struct namer *namer, Dwarf_Die *die, const char *sign, const char *inner)
{
	int of = tag_of_type(die);
	bool needs_parentheses = of == DW_TAG_array_type || of == DW_TAG_subroutine_type;
	CLEANUP(free_p) char *outer = xasprintf(needs_parentheses ? "(%s%s)" : "%s%s", sign, inner);

	put_type_of(namer, die, outer);
}

static void put_qualified(struct namer *namer, Dwarf_Die *die, const char *word, const char *inner)
{
	if (tag_of_type(die) == DW_TAG_pointer_type) {
		CLEANUP(free_p) char *outer = xasprintf("%s%s%s", word, *inner ? " " : "", inner);
		put_type_of(namer, die, outer);
		return;
	}
	buffer_printf(&namer->out, "%s ", word);
	put_type_of(namer, die, inner);
}

static void put_rust_array(struct namer *namer, Dwarf_Die *die, unsigned part)
{
	const struct dwarf_type *made = die_map_get(&namer->dwarf->types, die->addr, part);

	buffer_putc(&namer->out, '[');
	put_type_of(namer, die, "");
	buffer_printf(&namer->out, "; %llu]", made ? (unsigned long long)made->type.count : 0);
}

static void put_array(struct namer *namer, Dwarf_Die *die, unsigned part, const char *inner)
{
	struct buffer outer = {0};
	const struct dwarf_type *made;

	if (dwarf_unit_of(namer->dwarf, die)->language == LANGUAGE_RUST) {
		put_rust_array(namer, die, part);
		return;
	}
	buffer_puts(&outer, inner);
	while ((made = die_map_get(&namer->dwarf->types, die->addr, part++))) {
		if (made->type.count == TYPE_NO_OFFSET)
			buffer_puts(&outer, "[]");
		else
			buffer_printf(&outer, "[%llu]", (unsigned long long)made->type.count);
	}
	put_type_of(namer, die, outer.data ? outer.data : "");
	buffer_deinit(&outer);
}

static void put_function(struct namer *namer, Dwarf_Die *die, const char *inner)
{
	struct namer parameters = {
	    .dwarf = namer->dwarf, .depth = namer->depth, .parts = namer->parts};
	Dwarf_Die child;

	for (int more = dwarf_child(die, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		bool is_more = tag == DW_TAG_unspecified_parameters;
		if (tag != DW_TAG_formal_parameter && !is_more)
			continue;
		if (parameters.out.size)
			buffer_puts(&parameters.out, ", ");
		if (is_more)
			buffer_puts(&parameters.out, "...");
		else
			put_type_of(&parameters, &child, "");
	}
	CLEANUP(free_p) char *list = buffer_take(&parameters.out);
	CLEANUP(free_p) char *outer = xasprintf("%s(%s)", inner, *list ? list : "void");
	put_type_of(namer, die, outer);
}

static void put_by_tag(struct namer *namer, Dwarf_Die *die, unsigned part, const char *inner)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_pointer_type:
		put_pointer(namer, die, "*", inner);
		break;
	case DW_TAG_reference_type:
		put_pointer(namer, die, "&", inner);
		break;
	case DW_TAG_rvalue_reference_type:
		put_pointer(namer, die, "&&", inner);
		break;
	case DW_TAG_const_type:
		put_qualified(namer, die, "const", inner);
		break;
	case DW_TAG_volatile_type:
		put_qualified(namer, die, "volatile", inner);
		break;
	case DW_TAG_restrict_type:
		put_type_of(namer, die, inner);
		break;
	case DW_TAG_atomic_type:
		put_qualified(namer, die, "_Atomic", inner);
		break;
	case DW_TAG_array_type:
		put_array(namer, die, part, inner);
		break;
	case DW_TAG_subroutine_type:
		put_function(namer, die, inner);
		break;
	case DW_TAG_ptr_to_member_type:
		buffer_puts(&namer->out, "pointer to member");
		put_inner(namer, inner);
		break;
	default:
		put_named(namer, die, inner);
	}
}

static void put_type(struct namer *namer, Dwarf_Die *die, unsigned part, const char *inner)
{
	/* Rust and Go give names to pointers and arrays, too. */
	if (dwarf_diename(die) || namer->depth >= DWARF_DEPTH_MAX || ++*namer->parts >= PARTS_MAX) {
		put_named(namer, die, inner);
		return;
	}
	namer->depth++;
	put_by_tag(namer, die, part, inner);
	namer->depth--;
}

const char *type_name(struct dwarf *dwarf, Dwarf_Die *die, unsigned part)
{
	unsigned parts = 0;
	struct namer namer = {.dwarf = dwarf, .parts = &parts};

	put_type(&namer, die, part, "");
	CLEANUP(free_p) char *name = buffer_take(&namer.out);
	return image_intern(dwarf->image, name);
}
