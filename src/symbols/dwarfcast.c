/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfcast.c - a type by what a programmer writes in a cast: `struct point *`, `unsigned
 * long`, `ns::T`, `[]T`. Words of the language need no debug information.
 */
#include <ctype.h>
#include <stdio.h>

#include "dwarf.h"

/* ------------------------------------------------------ words of the language */

#define INTEGER(text, bytes, sign)                                                         \
	{                                                                                  \
		.kind = TYPE_INTEGER, .name = (text), .size = (bytes), .is_signed = (sign) \
	}
#define CHARACTER(text, bytes, sign)                                                         \
	{                                                                                    \
		.kind = TYPE_CHARACTER, .name = (text), .size = (bytes), .is_signed = (sign) \
	}

static const struct type c_types[] = {
    {.kind = TYPE_VOID, .name = "void"},
    CHARACTER("char", 1, true), /* these two first, see type_of_words */
    INTEGER("signed char", 1, true),
    INTEGER("unsigned char", 1, false),
    INTEGER("short", 2, true),
    INTEGER("unsigned short", 2, false),
    INTEGER("int", 4, true),
    INTEGER("unsigned int", 4, false),
    INTEGER("long", 8, true),
    INTEGER("unsigned long", 8, false),
    INTEGER("long long", 8, true),
    INTEGER("unsigned long long", 8, false),
    INTEGER("int8_t", 1, true),
    INTEGER("int16_t", 2, true),
    INTEGER("int32_t", 4, true),
    INTEGER("int64_t", 8, true),
    INTEGER("uint8_t", 1, false),
    INTEGER("uint16_t", 2, false),
    INTEGER("uint32_t", 4, false),
    INTEGER("uint64_t", 8, false),
    INTEGER("size_t", 8, false),
    INTEGER("ssize_t", 8, true),
    INTEGER("intptr_t", 8, true),
    INTEGER("uintptr_t", 8, false),
    {.kind = TYPE_BOOLEAN, .name = "bool", .size = 1},
    {.kind = TYPE_BOOLEAN, .name = "_Bool", .size = 1},
    {.kind = TYPE_FLOAT, .name = "float", .size = 4},
    {.kind = TYPE_FLOAT, .name = "double", .size = 8},
};

static const struct type rust_types[] = {
    {.kind = TYPE_BOOLEAN, .name = "bool", .size = 1},
    CHARACTER("char", 4, false),
    INTEGER("i8", 1, true),
    INTEGER("i16", 2, true),
    INTEGER("i32", 4, true),
    INTEGER("i64", 8, true),
    INTEGER("isize", 8, true),
    INTEGER("u8", 1, false),
    INTEGER("u16", 2, false),
    INTEGER("u32", 4, false),
    INTEGER("u64", 8, false),
    INTEGER("usize", 8, false),
    {.kind = TYPE_FLOAT, .name = "f32", .size = 4},
    {.kind = TYPE_FLOAT, .name = "f64", .size = 8},
};

static const struct type go_types[] = {
    {.kind = TYPE_BOOLEAN, .name = "bool", .size = 1},
    INTEGER("int", 8, true),
    INTEGER("uint", 8, false),
    INTEGER("int8", 1, true),
    INTEGER("int16", 2, true),
    INTEGER("int32", 4, true),
    INTEGER("int64", 8, true),
    INTEGER("uint8", 1, false),
    INTEGER("byte", 1, false),
    INTEGER("uint16", 2, false),
    INTEGER("uint32", 4, false),
    INTEGER("rune", 4, true),
    INTEGER("uint64", 8, false),
    INTEGER("uintptr", 8, false),
    {.kind = TYPE_FLOAT, .name = "float32", .size = 4},
    {.kind = TYPE_FLOAT, .name = "float64", .size = 8},
};

/* C's integers in words of any order: "long unsigned int" is "unsigned long". */
static bool standard_words(const char *text, char ret[64])
{
	unsigned longs = 0, shorts = 0, chars = 0, ints = 0, unsigneds = 0, signeds = 0;
	CLEANUP(free_p) char *copy = xstrdup(text);
	const struct {
		const char *word;
		unsigned *count;
	} words[] = {{"long", &longs}, {"short", &shorts},	 {"char", &chars},
		     {"int", &ints},   {"unsigned", &unsigneds}, {"signed", &signeds}};

	for (char *save, *word = strtok_r(copy, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save)) {
		size_t i = 0;
		while (i < ARRAY_SIZE(words) && strcmp(words[i].word, word) != 0)
			i++;
		if (i == ARRAY_SIZE(words) || ++*words[i].count > 2)
			return false;
	}
	snprintf(ret, 64, "%s%s",
		 unsigneds	    ? "unsigned "
		 : signeds && chars ? "signed "
				    : "",
		 chars	      ? "char"
		 : shorts     ? "short"
		 : longs == 2 ? "long long"
		 : longs      ? "long"
			      : "int");
	return true;
}

static const struct type *find_word(const struct type *types, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static const struct type *find_builtin(const struct scope *scope, const char *text)
{
	char words[64];

	switch (scope->unit->language) {
	case LANGUAGE_RUST:
		return find_word(rust_types, ARRAY_SIZE(rust_types), text);
	case LANGUAGE_GO:
		return find_word(go_types, ARRAY_SIZE(go_types), text);
	default:
		return find_word(c_types, ARRAY_SIZE(c_types),
				 standard_words(text, words) ? words : text);
	}
}

/* ------------------------------------------------------- types of the program */

static enum name_quality judge_any(struct dwarf_unit *unit, const struct dwarf_entry *entry,
				   bool is_own)
{
	(void)unit;
	switch (entry->tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		break;
	default:
		return NAME_WRONG;
	}
	if (entry->is_declaration)
		return NAME_DECLARATION;
	return is_own ? NAME_DEFINITION : NAME_PRIVATE;
}

static enum name_quality judge_class(struct dwarf_unit *unit, const struct dwarf_entry *entry,
				     bool is_own)
{
	bool is_class = entry->tag == DW_TAG_structure_type || entry->tag == DW_TAG_class_type;

	return is_class ? judge_any(unit, entry, is_own) : NAME_WRONG;
}

static enum name_quality judge_union(struct dwarf_unit *unit, const struct dwarf_entry *entry,
				     bool is_own)
{
	return entry->tag == DW_TAG_union_type ? judge_any(unit, entry, is_own) : NAME_WRONG;
}

static enum name_quality judge_enum(struct dwarf_unit *unit, const struct dwarf_entry *entry,
				    bool is_own)
{
	return entry->tag == DW_TAG_enumeration_type ? judge_any(unit, entry, is_own) : NAME_WRONG;
}

static const struct keyword {
	const char *word;
	enum name_quality (*judge)(struct dwarf_unit *, const struct dwarf_entry *, bool);
} keywords[] = {
    {"struct ", judge_class}, {"class ", judge_class}, {"union ", judge_union},
    {"enum ", judge_enum},    {"", judge_any},
};

static const struct type *find_named(struct scope *scope, const char *text)
{
	const struct keyword *keyword = keywords;
	Dwarf_Die found;

	while (strncmp(text, keyword->word, strlen(keyword->word)) != 0)
		keyword++;
	text += strlen(keyword->word);
	struct name_query query = scope_query(scope, text + strspn(text, " \t"));
	query.judge = keyword->judge;
	if (!*query.name)
		return NULL;
	bool is_found = dwarf_lookup(&query, &found);
	/* Rust's types are shown without their modules. */
	query.is_anywhere = scope->unit->language == LANGUAGE_RUST;
	if (!is_found && !(query.is_anywhere && dwarf_lookup(&query, &found)))
		return NULL;
	return dwarf_type(scope->dwarf, &found);
}

/* ------------------------------------------------------------------- pointers */

static const struct type *pointer_to(struct dwarf *dwarf, const struct type *target,
				     const char *name)
{
	enum type_kind kind = name[0] == '&' ? TYPE_REFERENCE : TYPE_POINTER;
	struct type *pointer = die_map_get(&dwarf->pointers, target, kind);

	if (pointer)
		return pointer;
	pointer = ARENA_NEW(&dwarf->image->arena, struct type);
	*pointer = (struct type){
	    .kind = kind,
	    .name = image_intern(dwarf->image, name),
	    .size = sizeof(uint64_t),
	    .target = target,
	};
	die_map_put(&dwarf->pointers, target, kind, pointer);
	return pointer;
}

/* Rust and Go write it before the type. */
static const char *pointer_prefix(const char *text)
{
	static const char *const prefixes[] = {"*const ", "*mut ", "&mut ", "&", "*"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return text + strlen(prefixes[i]);
	return NULL;
}

static void trim(char *text)
{
	size_t length = strlen(text), start = strspn(text, " \t");

	while (length > start && isspace((unsigned char)text[length - 1]))
		length--;
	memmove(text, text + start, length - start);
	text[length - start] = '\0';
}

/* Takes a word away that changes nothing here: const and volatile, before or behind. */
static bool drop_qualifier(char *text)
{
	static const char *const words[] = {"const", "volatile"};
	size_t length = strlen(text);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t size = strlen(words[i]);
		if (length <= size + 1)
			continue;
		if (strncmp(text, words[i], size) == 0 && text[size] == ' ') {
			memset(text, ' ', size);
			return true;
		}
		char before = text[length - size - 1];
		if (strcmp(text + length - size, words[i]) == 0 &&
		    (before == ' ' || before == '*')) {
			text[length - size] = '\0';
			return true;
		}
	}
	return false;
}

static const struct type *find_type(struct scope *scope, const char *name, unsigned depth);

/* Of `T *`, `*T`, `&T`: what is written as the target, and the pointer's own name. */
static const struct type *find_pointer(struct scope *scope, char *text, unsigned depth)
{
	char *last = text + strlen(text) - 1;
	const char *target = *last == '*' ? text : pointer_prefix(text);

	if (!target)
		return NULL;
	if (*last != '*') {
		const struct type *type = find_type(scope, target, depth + 1);
		return type ? pointer_to(scope->dwarf, type, text) : NULL;
	}
	*last = '\0';
	const struct type *type = find_type(scope, target, depth + 1);
	if (!type)
		return NULL;
	bool is_pointer = type->name[0] && type->name[strlen(type->name) - 1] == '*';
	CLEANUP(free_p) char *full = xasprintf("%s%s*", type->name, is_pointer ? "" : " ");
	return pointer_to(scope->dwarf, type, full);
}

static const struct type *find_type(struct scope *scope, const char *name, unsigned depth)
{
	CLEANUP(free_p) char *text = xstrdup(name);
	const struct type *type;

	do
		trim(text);
	while (drop_qualifier(text));
	if (depth >= DWARF_DEPTH_MAX || !*text)
		return NULL;
	/* No type's own name has a star at an end; &str is a struct. */
	if (text[0] == '*' || text[strlen(text) - 1] == '*')
		return find_pointer(scope, text, depth);
	if ((type = find_builtin(scope, text)) || (type = find_named(scope, text)))
		return type;
	return find_pointer(scope, text, depth);
}

const struct type *scope_type(struct scope *scope, const char *name)
{
	return find_type(scope, name, 0);
}

const struct type *type_of_words(const char *name)
{
	static const struct type pointers[] = {
	    {.kind = TYPE_POINTER, .name = "void *", .size = 8, .target = &c_types[0]},
	    {.kind = TYPE_POINTER, .name = "char *", .size = 8, .target = &c_types[1]},
	};
	CLEANUP(free_p) char *text = xstrdup(name);
	char words[64], *last;

	do
		trim(text);
	while (drop_qualifier(text));
	if (!*text)
		return NULL;
	last = text + strlen(text) - 1;
	if (*last != '*')
		return find_word(c_types, ARRAY_SIZE(c_types),
				 standard_words(text, words) ? words : text);
	*last = '\0';
	do
		trim(text);
	while (drop_qualifier(text));
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		if (strcmp(pointers[i].target->name, text) == 0)
			return &pointers[i];
	return NULL;
}

/* ----------------------------------------------------------------- definitions */

const struct type *scope_complete(struct scope *scope, const struct type *type)
{
	struct dwarf_type *declared = die_map_get(&scope->dwarf->declared, type, 0);
	struct dwarf_path around;
	Dwarf_Die found;

	if (!declared)
		return type;
	const char *name = dwarf_diename(&declared->die);
	dwarf_path(scope->dwarf, &declared->die, PATH_SOURCE, &around);
	const struct name_query query = {
	    .dwarf = scope->dwarf,
	    .unit = scope->unit,
	    .around = &around,
	    .name = name ? name : "",
	    .judge = dwarf_tag(&declared->die) == DW_TAG_union_type ? judge_union : judge_class,
	};
	bool is_found = dwarf_lookup(&query, &found) && !die_flag(&found, DW_AT_declaration);
	return is_found ? dwarf_type(scope->dwarf, &found) : type;
}
