/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gomodule.c - runtime.moduledata, which leads from .gopclntab to what lies outside it.
 *
 * It has no name in a stripped file, but begins with a pointer to the table. Where its fields
 * are changed with Go's versions (facts from the runtime's symtab.go of each).
 */
#include "gotab.h"

#define NEWEST_KNOWN 27 /* of a later one text alone is trusted */

/* Offsets; 0: it has no such field. */
struct layout {
	uint64_t minpc, text, types, etypes, gofunc;
};

static const struct layout layouts[] = {
    [GO_1_2] = {80, 96, 200, 208, 0},
    [GO_1_16] = {160, 176, 280, 288, 0},
    [GO_1_18] = {160, 176, 280, 288, 304},
    [GO_1_20] = {160, 176, 296, 304, 320},
};
static const struct layout layout_1_27 = {160, 176, 296, 312, 344};

struct module_search {
	const struct gotab *table;
	const struct layout *layout;
	uint64_t first; /* address of the first function; relative to text if the table's are */
	struct gomodule *found;
};

/* Is this the pclntab pointer that begins the module data? Then minpc is where
 * the first function is. */
static bool is_module_data(void *context, uint64_t address)
{
	struct module_search *search = context;
	const struct image *image = search->table->image;
	uint64_t text, minpc;

	if (!image_read_pointer(image, address + search->layout->text, &text) ||
	    !image_read_pointer(image, address + search->layout->minpc, &minpc) ||
	    !image_is_code(image, text) ||
	    minpc != search->first + (search->table->is_relative ? text : 0))
		return false;
	*search->found = (struct gomodule){.address = address, .text = text};
	return true;
}

static bool read_field(const struct gotab *table, const struct gomodule *module, uint64_t offset,
		       uint64_t *ret)
{
	return image_read_pointer(table->image, module->address + offset, ret);
}

/* The fields whose places depend on the version. What makes no sense is left out. */
static void read_fields(const struct gotab *table, const struct layout *layout,
			struct gomodule *module)
{
	char byte;

	if (!read_field(table, module, layout->types, &module->types) ||
	    !read_field(table, module, layout->etypes, &module->etypes) ||
	    module->types >= module->etypes || !image_read(table->image, module->types, &byte, 1) ||
	    !image_read(table->image, module->etypes - 1, &byte, 1))
		module->types = module->etypes = 0;
	if (!layout->gofunc || !read_field(table, module, layout->gofunc, &module->gofunc) ||
	    !image_read(table->image, module->gofunc, &byte, 1))
		module->gofunc = 0;
}

struct gomodule gomodule_find(struct gotab *table, unsigned minor)
{
	struct gomodule module = {0};
	struct module_search search = {
	    .table = table,
	    .layout = minor >= 27 ? &layout_1_27 : &layouts[table->layout],
	    .found = &module,
	};
	uint64_t func, text = table->text;

	table->text = 0; /* the first function's address as the table has it */
	bool is_read = gotab_entry(table, 0, &search.first, &func);
	table->text = text;
	if (is_read && image_find_pointer(table->image, table->address, is_module_data, &search) &&
	    minor != 0 && minor <= NEWEST_KNOWN)
		read_fields(table, search.layout, &module);
	return module;
}

const struct gomodule *gotab_module(struct gotab *table)
{
	if (!table->has_module)
		table->module = gomodule_find(table, table->image->go->minor);
	table->has_module = true;
	return &table->module;
}
