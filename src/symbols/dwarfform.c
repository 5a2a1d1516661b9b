/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfform.c - structs of the standard libraries that stand for something simpler: text,
 * elements in a row, a pointer. Known by their names and the names of their members.
 */
#include "dwarf.h"

/* A member of a member of a base: no library goes deeper. */
#define MEMBER_DEPTH_MAX 12
#define STEPS_MAX	 1000

/* ------------------------------------------------------------------ members */

struct found_member {
	uint64_t offset;
	Dwarf_Die type; /* without typedefs */
};

struct member_search {
	const char *name; /* NULL: any */
	bool is_pointer;  /* only one that is */
	unsigned steps;
};

static bool find_in(struct member_search *search, Dwarf_Die *type, unsigned depth,
		    struct found_member *ret)
{
	Dwarf_Die child;
	int64_t offset;

	for (int more = dwarf_child(type, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *name = dwarf_diename(&child);
		struct found_member inner = {0};
		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    ++search->steps > STEPS_MAX ||
		    !die_reference(&child, DW_AT_type, &inner.type) || !die_strip(&inner.type))
			continue;
		bool is_wanted =
		    tag == DW_TAG_member &&
		    (!search->name || (name && strcmp(name, search->name) == 0)) &&
		    (!search->is_pointer || dwarf_tag(&inner.type) == DW_TAG_pointer_type);
		if (!is_wanted && !(depth && find_in(search, &inner.type, depth - 1, &inner)))
			continue;
		*ret = inner;
		if (die_number(&child, DW_AT_data_member_location, &offset))
			ret->offset += (uint64_t)offset;
		return true;
	}
	return false;
}

/* A member of the struct itself. */
static bool find_member(Dwarf_Die *type, const char *name, struct found_member *ret)
{
	struct member_search search = {.name = name};

	return find_in(&search, type, 0, ret);
}

/* A pointer, in whatever part of the struct. */
static bool find_pointer(Dwarf_Die *type, const char *name, struct found_member *ret)
{
	struct member_search search = {.name = name, .is_pointer = true};

	return find_in(&search, type, MEMBER_DEPTH_MAX, ret);
}

/* Where a member is, in whatever part of the struct. */
static bool find_offset(Dwarf_Die *type, const char *name, uint64_t *ret)
{
	struct member_search search = {.name = name};
	struct found_member member;

	if (!find_in(&search, type, MEMBER_DEPTH_MAX, &member))
		return false;
	*ret = member.offset;
	return true;
}

/* -------------------------------------------------------------------- forms */

static bool set_text(struct dwarf_type *made, const char *data, const char *length)
{
	struct type *type = &made->type;
	struct found_member pointer;
	struct type_shape shape = {.end = TYPE_NO_OFFSET};

	if (!find_pointer(&made->die, data, &pointer) ||
	    !find_offset(&made->die, length, &shape.length))
		return false;
	shape.data = pointer.offset;
	type->form = FORM_STRING;
	type->shape = shape;
	return true;
}

/* Elements of what the data member points to. */
static bool set_sequence(struct dwarf *dwarf, struct dwarf_type *made, const char *data,
			 const char *length, const char *end)
{
	struct type *type = &made->type;
	struct found_member pointer, last;
	struct type_shape shape = {.length = TYPE_NO_OFFSET, .end = TYPE_NO_OFFSET};

	if (!find_pointer(&made->die, data, &pointer) ||
	    (length && !find_offset(&made->die, length, &shape.length)) ||
	    (end && !find_pointer(&made->die, end, &last)))
		return false;
	shape.data = pointer.offset;
	if (end)
		shape.end = last.offset;
	type->form = FORM_SEQUENCE;
	type->target = type_shell_of(dwarf, &pointer.type, 0);
	type->shape = shape;
	return true;
}

static bool set_pointer(struct dwarf *dwarf, struct dwarf_type *made, const char *data)
{
	struct type *type = &made->type;
	struct found_member pointer;

	if (!find_pointer(&made->die, data, &pointer))
		return false;
	type->form = FORM_POINTER;
	type->target = type_shell_of(dwarf, &pointer.type, 0);
	type->shape = (struct type_shape){pointer.offset, TYPE_NO_OFFSET, TYPE_NO_OFFSET};
	return true;
}

/* ---------------------------------------------------------------------- C++ */

static bool is_in_std(struct dwarf *dwarf, Dwarf_Die *die)
{
	struct dwarf_path path;

	dwarf_path(dwarf, die, PATH_SOURCE, &path);
	return path.count == 1 && strcmp(path.names[0], "std") == 0;
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* GNU's library. */
static void set_cxx(struct dwarf *dwarf, struct dwarf_type *made, const char *name)
{
	if (!is_in_std(dwarf, &made->die))
		return;
	if (begins(name, "basic_string<char,") || begins(name, "basic_string<char>"))
		set_text(made, "_M_p", "_M_string_length");
	else if (begins(name, "basic_string_view<char,") || begins(name, "basic_string_view<char>"))
		set_text(made, "_M_str", "_M_len");
	else if (begins(name, "vector<"))
		set_sequence(dwarf, made, "_M_start", NULL, "_M_finish");
	else if (begins(name, "unique_ptr<"))
		set_pointer(dwarf, made, "_M_head_impl");
	else if (begins(name, "shared_ptr<") || begins(name, "__shared_ptr<"))
		set_pointer(dwarf, made, "_M_ptr");
}

bool type_set_known_layout(struct dwarf *dwarf, struct dwarf_type *made)
{
	struct type *type = &made->type;
	const char *name = dwarf_diename(&made->die);

	/* clang leaves std::string to the library, which has it for everybody. */
	if (!name || !begins(name, "basic_string<char,") || !is_in_std(dwarf, &made->die) ||
	    dwarf_unit_of(dwarf, &made->die)->language != LANGUAGE_CXX)
		return false;
	type->kind = TYPE_STRUCT;
	type->form = FORM_STRING;
	type->size = 32;
	type->shape = (struct type_shape){.data = 0, .length = 8, .end = TYPE_NO_OFFSET};
	return true;
}

/* --------------------------------------------------------------------- Rust */

/* The T of Vec<T>. */
static const struct type *argument(struct dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Die child;

	for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_template_type_parameter)
			return type_shell_of(dwarf, &child, 0);
	return &dwarf_void;
}

/* Rc<T> points to two counts and the T behind them: to a struct of which that is shown. */
static void set_counted(struct dwarf *dwarf, struct dwarf_type *made, const char *value)
{
	struct arena *arena = &dwarf->image->arena;
	struct found_member pointer, inner;
	Dwarf_Die counted;

	if (!find_pointer(&made->die, NULL, &pointer) ||
	    !die_reference(&pointer.type, DW_AT_type, &counted) ||
	    !find_member(&counted, value, &inner) || !set_pointer(dwarf, made, NULL))
		return;
	struct type_member *member = ARENA_NEW(arena, struct type_member);
	struct type *around = ARENA_NEW(arena, struct type);
	const struct type *of = &type_shell(dwarf, &inner.type, 0, 0)->type;
	*member = (struct type_member){
	    .name = image_intern(dwarf->image, value),
	    .type = of,
	    .offset = inner.offset,
	    .is_base = of->kind == TYPE_STRUCT,
	};
	*around = (struct type){
	    .kind = TYPE_STRUCT,
	    .name = type_name(dwarf, &inner.type, 0),
	    .size = made->type.target->size,
	    .members = member,
	    .member_count = 1,
	};
	made->type.target = around;
}

static bool is_in_library(struct dwarf *dwarf, Dwarf_Die *die)
{
	static const char *const crates[] = {"alloc", "core", "std"};
	struct dwarf_path path;

	dwarf_path(dwarf, die, PATH_FULL, &path);
	for (size_t i = 0; i < ARRAY_SIZE(crates) && path.count != SIZE_MAX && path.count; i++)
		if (strcmp(path.names[0], crates[i]) == 0)
			return true;
	return false;
}

static void set_rust(struct dwarf *dwarf, struct dwarf_type *made, const char *name)
{
	struct found_member part;

	/* &str, &[T], Box<[T]>: a pointer to more than one, in no module of its own. */
	if (find_member(&made->die, "data_ptr", &part) &&
	    find_member(&made->die, "length", &part)) {
		if (strstr(name, "str") && !strchr(name, '['))
			set_text(made, "data_ptr", "length");
		else
			set_sequence(dwarf, made, "data_ptr", "length", NULL);
		return;
	}
	if (!is_in_library(dwarf, &made->die))
		return;
	if (strcmp(name, "String") == 0) {
		set_text(made, NULL, "len");
	} else if (begins(name, "Vec<")) {
		if (set_sequence(dwarf, made, NULL, "len", NULL))
			made->type.target = argument(dwarf, &made->die);
	} else if (begins(name, "Rc<")) {
		set_counted(dwarf, made, "value");
	} else if (begins(name, "Arc<")) {
		set_counted(dwarf, made, "data");
	}
}

/* ----------------------------------------------------------------------- Go */

/* Text whose elements are bytes. */
static void set_go_text(struct dwarf *dwarf, struct dwarf_type *made, const char *data)
{
	struct found_member pointer;

	if (set_text(made, data, "len") && find_pointer(&made->die, data, &pointer))
		made->type.target = type_shell_of(dwarf, &pointer.type, 0);
}

/* Go's own attributes and kinds (cmd/internal/dwarf, internal/abi). */
#define DW_AT_go_kind 0x2900
#define DW_AT_go_key  0x2901
#define DW_AT_go_elem 0x2902
#define GO_CHANNEL    18
#define GO_MAP	      21

static const struct type *type_at(struct dwarf *dwarf, Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Die type;

	return die_reference(die, attribute, &type) && die_peel(&type)
		   ? &type_shell(dwarf, &type, 0, 0)->type
		   : NULL;
}

void type_set_go_reference(struct dwarf *dwarf, struct dwarf_type *made)
{
	const struct type *key, *element;
	int64_t kind;

	if (made->type.kind != TYPE_POINTER || made->type.form != FORM_PLAIN ||
	    !die_number(&made->die, DW_AT_go_kind, &kind) ||
	    !(element = type_at(dwarf, &made->die, DW_AT_go_elem)))
		return;
	if (kind == GO_CHANNEL)
		gotype_set_channel(dwarf->image, &made->type, element);
	key = type_at(dwarf, &made->die, DW_AT_go_key);
	if (kind == GO_MAP && key)
		gotype_set_map(dwarf->image, &made->type, key, element);
}

void type_set_go_code(struct dwarf *dwarf, struct dwarf_type *made)
{
	static const struct type code = {.kind = TYPE_FUNCTION, .name = "func"};
	int64_t kind;

	if (dwarf_tag(&made->die) != DW_TAG_subroutine_type ||
	    dwarf_unit_of(dwarf, &made->die)->language != LANGUAGE_GO ||
	    !die_number(&made->die, DW_AT_go_kind, &kind))
		return;
	made->type.kind = TYPE_POINTER;
	made->type.form = FORM_CODE;
	made->type.size = sizeof(uint64_t);
	made->type.target = &code;
}

static void set_interface(struct dwarf_type *made, const char *name)
{
	made->type.form = FORM_INTERFACE;
	made->type.has_itab = strcmp(name, "runtime.iface") == 0;
	made->type.has_type = !made->type.has_itab;
}

static void set_go(struct dwarf *dwarf, struct dwarf_type *made, const char *name)
{
	if (strcmp(name, "string") == 0)
		set_go_text(dwarf, made, "str");
	else if (strcmp(name, "[]uint8") == 0)
		set_go_text(dwarf, made, "array");
	else if (strcmp(name, "runtime.iface") == 0 || strcmp(name, "runtime.eface") == 0)
		set_interface(made, name);
	else if (begins(name, "[]"))
		set_sequence(dwarf, made, "array", "len", NULL);
}

void type_set_form(struct dwarf *dwarf, struct dwarf_type *made)
{
	const char *name = dwarf_diename(&made->die);

	if (!name)
		return;
	switch (dwarf_unit_of(dwarf, &made->die)->language) {
	case LANGUAGE_CXX:
		set_cxx(dwarf, made, name);
		break;
	case LANGUAGE_RUST:
		set_rust(dwarf, made, name);
		break;
	case LANGUAGE_GO:
		set_go(dwarf, made, name);
		break;
	default:
		break;
	}
}
