/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfscope.c - what names mean at a pc: the blocks of a function around it, and of an
 * inlined copy those of the copy only.
 */
#include "dwarf.h"

/* ------------------------------------------------------------------ opening */

static bool has_addresses(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

/* Is the pc in it, or may it be in one that it groups? */
static bool may_enter(const struct scope *scope, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_inlined_subroutine:
		return !has_addresses(die) || dwarf_haspc(die, scope->address) > 0;
	default:
		return false;
	}
}

/* Puts what is around the pc on the list of blocks; true if there was anything with
 * addresses. */
static bool descend(struct scope *scope, Dwarf_Die *die)
{
	Dwarf_Die child;

	if (scope->blocks.size >= DWARF_DEPTH_MAX || dwarf_child(die, &child) != 0)
		return false;
	do {
		if (!may_enter(scope, &child))
			continue;
		vector_push(&scope->blocks, child);
		if (descend(scope, &child) || has_addresses(&child))
			return true;
		scope->blocks.size--;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

void scope_leave_inlined(struct scope *scope)
{
	for (size_t i = 1; i < scope->blocks.size; i++)
		if (dwarf_tag(&scope->blocks.data[i]) == DW_TAG_inlined_subroutine)
			scope->blocks.size = i;
	scope->first = 0;
	scope->has_around = false;
}

static void find_blocks(struct scope *scope)
{
	Dwarf_Die function;
	Dwarf_Addr entry;

	if (!dwarf_unit_function(scope->unit, scope->address, &function))
		return;
	vector_push(&scope->blocks, function);
	descend(scope, &function);
	for (size_t i = 1; i < scope->blocks.size; i++)
		if (dwarf_tag(&scope->blocks.data[i]) == DW_TAG_inlined_subroutine)
			scope->first = i;
	/* Where a function begins, it is that function, whatever is inlined there. */
	if (dwarf_entrypc(&function, &entry) == 0 && entry == scope->address)
		scope_leave_inlined(scope);
}

/* The unit's tree has been split off, and is not where the unit says. */
static struct error *check_split(const struct image *image, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Die tree = unit_tree(unit);
	uint8_t type;

	if (tree.addr != unit->addr ||
	    dwarf_cu_info(unit->cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) != 0 ||
	    type != DW_UT_skeleton)
		return NULL;
	const char *name = dwarf_formstring(dwarf_attr(
	    unit, dwarf_hasattr(unit, DW_AT_dwo_name) ? DW_AT_dwo_name : DW_AT_GNU_dwo_name,
	    &attribute));
	return error_hint(error_new(ERR_DWARF,
				    "%s: the debug information of this code is in %s, which "
				    "cannot be read",
				    image_name(image), name ? name : "another file"),
			  "It was compiled with -gsplit-dwarf: its .dwo files are to be where "
			  "they were then.");
}

struct error *scope_open(struct image *image, uint64_t address, struct scope **ret)
{
	struct dwarf *dwarf;
	Dwarf_Die unit;

	*ret = NULL;
	TRY(dwarf_get(image, &dwarf));
	if (!dwarf)
		return NULL;
	if (!lines_unit_at(dwarf->lines, address, &unit))
		return dwarf->lines->problem ? error_dwarf(image, dwarf->lines->problem) : NULL;
	TRY(check_split(image, &unit));
	struct scope *scope = xcalloc(1, sizeof(*scope));
	scope->dwarf = dwarf;
	scope->address = address;
	scope->unit = dwarf_unit_of(dwarf, &unit);
	dwarf->language = scope->unit->language;
	find_blocks(scope);
	const char *problem = scope->blocks.size ? NULL : scope->unit->problem;
	if (problem) {
		scope_close(scope);
		return error_dwarf(image, problem);
	}
	*ret = scope;
	return NULL;
}

void scope_close(struct scope *scope)
{
	if (!scope)
		return;
	vector_deinit(&scope->blocks);
	free(scope);
}

/* ------------------------------------------------------------------- blocks */

/* Calls fn for each variable and parameter of a block, and of the function that it is a copy
 * of: the copy may leave out what it does not need. True if fn was. */
typedef bool (*block_fn)(void *context, Dwarf_Die *die);

static bool each_in(Dwarf_Die *block, block_fn fn, void *context)
{
	Dwarf_Die child;

	for (int more = dwarf_child(block, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		if ((tag == DW_TAG_formal_parameter || tag == DW_TAG_variable) &&
		    fn(context, &child))
			return true;
	}
	return false;
}

static bool each_variable(Dwarf_Die *block, block_fn fn, void *context)
{
	Dwarf_Die origin;

	if (each_in(block, fn, context))
		return true;
	return dwarf_hasattr(block, DW_AT_abstract_origin) &&
	       die_reference(block, DW_AT_abstract_origin, &origin) &&
	       each_in(&origin, fn, context);
}

struct by_name {
	const char *name;
	Dwarf_Die found;
};

static bool is_named(void *context, Dwarf_Die *die)
{
	struct by_name *search = context;
	const char *name = dwarf_diename(die);

	if (!name || strcmp(name, search->name) != 0)
		return false;
	search->found = *die;
	return true;
}

/* An enumerator of an enum that is declared in the block. */
static bool find_enumerator(struct scope *scope, Dwarf_Die *block, const char *name,
			    struct variable *ret)
{
	struct by_name search = {.name = name};
	Dwarf_Die child, enumerator;

	for (int more = dwarf_child(block, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_enumeration_type)
			continue;
		for (more = dwarf_child(&child, &enumerator); more == 0;
		     more = dwarf_siblingof(&enumerator, &enumerator))
			if (is_named(&search, &enumerator)) {
				scope_describe_enumerator(scope, &enumerator, &child, ret);
				return true;
			}
	}
	return false;
}

static bool find_in_block(struct scope *scope, Dwarf_Die *block, const char *name,
			  struct variable *ret)
{
	struct by_name search = {.name = name};

	if (!each_variable(block, is_named, &search))
		return find_enumerator(scope, block, name, ret);
	/* extern, within a function */
	if (die_flag(&search.found, DW_AT_declaration))
		return scope_global(scope, name, ret);
	scope_describe(scope, &search.found, false, ret);
	return true;
}

static bool find_in_blocks(struct scope *scope, const char *name, struct variable *ret)
{
	for (size_t i = scope->blocks.size; i-- > scope->first;)
		if (find_in_block(scope, &scope->blocks.data[i], name, ret))
			return true;
	return false;
}

/* In Go the program's x may be *&x. */
static bool find_behind_pointer(struct scope *scope, const char *name, struct variable *ret)
{
	CLEANUP(free_p) char *pointer_name = xasprintf("&%s", name);
	struct variable pointer;

	return scope->unit->language == LANGUAGE_GO &&
	       find_in_blocks(scope, pointer_name, &pointer) &&
	       scope_go_dereference(scope, &pointer, ret);
}

bool scope_variable(struct scope *scope, const char *name, struct variable *ret)
{
	return find_in_blocks(scope, name, ret) || find_behind_pointer(scope, name, ret) ||
	       scope_global(scope, name, ret);
}

/* --------------------------------------------------------------- parameters */

static bool is_copy_of(void *context, Dwarf_Die *die)
{
	struct by_name *search = context;
	Dwarf_Die origin = die_origin(die);

	if (origin.addr != search->found.addr)
		return false;
	search->found = *die;
	return true;
}

bool scope_parameter(struct scope *scope, size_t index, struct variable *ret)
{
	Dwarf_Die function, origin, child;

	if (!scope->blocks.size)
		return false;
	function = origin = scope->blocks.data[scope->first];
	/* The function as it is written has them all, and in order. */
	if (dwarf_hasattr(&function, DW_AT_abstract_origin))
		die_reference(&function, DW_AT_abstract_origin, &origin);
	for (int more = dwarf_child(&origin, &child); more == 0;
	     more = dwarf_siblingof(&child, &child)) {
		if (!die_is_parameter(&child) || index-- > 0)
			continue;
		struct by_name search = {.found = child};
		if (origin.addr != function.addr)
			each_in(&function, is_copy_of, &search);
		scope_describe(scope, &search.found, false, ret);
		return true;
	}
	return false;
}

/* --------------------------------------------------------------------- each */

struct listing {
	struct scope *scope;
	bool (*fn)(void *context, const struct variable *);
	void *context;
	VECTOR(const char *) seen;
};

/* True if fn has had enough. */
static bool list(void *context, Dwarf_Die *die)
{
	struct listing *listing = context;
	const char *name = die_name(listing->scope->dwarf, die);
	struct variable variable;

	/* __func__ is a variable, and so is a result of Go's that has no name: ~r0. */
	bool is_hidden = !name || name[0] == '~' ||
			 (dwarf_tag(die) == DW_TAG_variable && die_flag(die, DW_AT_artificial));
	for (size_t i = 0; i < listing->seen.size && !is_hidden; i++)
		is_hidden = listing->seen.data[i] == name;
	if (is_hidden)
		return false;
	vector_push(&listing->seen, name);
	if (die_flag(die, DW_AT_declaration)) {
		if (!scope_global(listing->scope, name, &variable))
			return false;
	} else {
		scope_describe(listing->scope, die, false, &variable);
	}
	return !listing->fn(listing->context, &variable);
}

void scope_each(struct scope *scope, bool (*fn)(void *context, const struct variable *),
		void *context)
{
	struct listing listing = {.scope = scope, .fn = fn, .context = context};

	for (size_t i = scope->blocks.size; i-- > scope->first;)
		if (each_variable(&scope->blocks.data[i], list, &listing))
			break;
	vector_deinit(&listing.seen);
}

/* ------------------------------------------------------------------- result */

const struct type *scope_result(struct scope *scope)
{
	/* Go's results are variables: there may be several. */
	if (!scope->blocks.size || scope->unit->language == LANGUAGE_GO)
		return NULL;
	return dwarf_type_of(scope->dwarf, &scope->blocks.data[scope->first]);
}
