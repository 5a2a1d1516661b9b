/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - an image's functions by address, whichever table names them.
 * Made whole when first asked for: only listings, addresses and near misses
 * need it; a function asked for by name is found without (symtab.c).
 */
#include "internal.h"

/* Functions of a file overlap only where assembly marks parts of one; this many steps back
 * find the one that covers an address. */
#define STEPS_BACK 64

/* ----------------------------------------------------------------- building */

/* The length of a raw name without its symbol version: memcpy@@GLIBC_2.14. */
static size_t unversioned_size(const char *raw)
{
	const char *at = *raw ? strchr(raw + 1, '@') : NULL;

	return at ? (size_t)(at - raw) : strlen(raw);
}

struct building {
	struct image *image;
	struct table *table;
};

static bool add_symbol(void *context, const struct symbol *symbol)
{
	const struct building *building = context;
	bool is_go = go_covers(building->image, symbol->address);
	size_t size = is_go ? strlen(symbol->raw) : unversioned_size(symbol->raw);
	struct symbol *copy = vector_add(&building->table->symbols);

	*copy = *symbol;
	copy->raw = arena_strndup(&building->table->arena, symbol->raw, size);
	return true;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* By address; of several names at one, the one a person would use comes first. */
static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	size_t a_marks = underscores(a->raw), b_marks = underscores(b->raw);
	if (a_marks != b_marks)
		return a_marks < b_marks ? -1 : 1;
	size_t a_length = strlen(a->raw), b_length = strlen(b->raw);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return strcmp(a->raw, b->raw);
}

static void drop_doubles(struct table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->symbols.size; i++) {
		const struct symbol *symbol = &table->symbols.data[i];
		const struct symbol *last = kept ? &table->symbols.data[kept - 1] : NULL;
		if (last && last->address == symbol->address && strcmp(last->raw, symbol->raw) == 0)
			continue;
		table->symbols.data[kept++] = *symbol;
	}
	table->symbols.size = kept;
}

static struct table *build(struct image *image)
{
	struct table *table = xcalloc(1, sizeof(*table));

	functions_search(image, "", add_symbol, &(struct building){image, table});
	if (table->symbols.size)
		qsort(table->symbols.data, table->symbols.size, sizeof(*table->symbols.data),
		      compare);
	drop_doubles(table);
	return table;
}

const struct table *table_get(struct image *image)
{
	if (!image->table)
		image->table = build(image);
	return image->table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	vector_deinit(&table->symbols);
	arena_deinit(&table->arena);
	free(table);
}

/* The number of symbols that begin at or before address. */
static size_t count_until(const struct table *table, uint64_t address)
{
	size_t low = 0, high = table->symbols.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->symbols.data[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where a function of unknown size ends at the latest. */
static uint64_t guess_size(struct image *image, uint64_t address)
{
	const struct table *table = table_get(image);
	uint64_t end = image_code_end(image, address);
	size_t next = count_until(table, address);

	if (next < table->symbols.size && table->symbols.data[next].address < end)
		end = table->symbols.data[next].address;
	return end - address;
}

/* -------------------------------------------------------------------- names */

char *function_name(const char *raw, bool is_go)
{
	char *name = is_go ? xstrdup(raw) : xstrndup(raw, unversioned_size(raw));
	char *readable = is_go ? NULL : demangle(name);

	if (readable)
		free(name);
	return readable ? readable : name;
}

struct function table_named(struct image *image, const struct symbol *symbol, const char *name,
			    bool is_go)
{
	struct function function = {
	    .name = image_intern(image, name),
	    .address = symbol->address,
	    .size = symbol->size,
	    .is_go = is_go,
	    .is_ifunc = symbol->is_ifunc,
	};

	if (function.size == 0) {
		function.size = guess_size(image, function.address);
		function.is_size_guessed = true;
	}
	return function;
}

struct function table_function(struct image *image, const struct symbol *symbol)
{
	bool is_go = go_covers(image, symbol->address);
	CLEANUP(free_p) char *name = function_name(symbol->raw, is_go);

	return table_named(image, symbol, name, is_go);
}

/* ------------------------------------------------------------------ queries */

void functions_search(struct image *image, const char *literal, symbol_fn fn, void *context)
{
	if (!symtab_search(image, literal, fn, context))
		return;
	/* Go's linker fills .symtab and .gopclntab from one list; the latter is left by strip. */
	if (image->go && image->go->table && !symtab_is_there(image))
		gotab_search(image->go->table, literal, fn, context);
}

static uint64_t symbol_size(struct image *image, const struct symbol *symbol)
{
	return symbol->size ? symbol->size : table_function(image, symbol).size;
}

bool image_function_at(struct image *image, uint64_t address, struct function *ret)
{
	const struct table *table = table_get(image);
	const struct symbol *found = NULL;
	size_t end = count_until(table, address);

	for (size_t i = end; i-- > 0 && end - i <= STEPS_BACK;) {
		const struct symbol *symbol = &table->symbols.data[i];
		if (found && symbol->address != found->address)
			break;
		/* Going back, the best of several names at one address comes last. */
		if (address - symbol->address < symbol_size(image, symbol))
			found = symbol;
	}
	if (found)
		*ret = table_function(image, found);
	return found != NULL;
}

bool image_function_from(struct image *image, uint64_t address, struct function *ret)
{
	struct function function = {.address = address};
	uint64_t end;

	if (!image_function_at(image, address, &function) || function.address != address)
		function = (struct function){.address = address};
	if (!function.size || function.is_size_guessed) {
		if (!cfi_function_end(image, address, &end))
			return false;
		function.size = end - address;
		function.is_size_guessed = false;
	}
	*ret = function;
	return true;
}

void image_each_function(struct image *image, bool (*fn)(void *context, const struct function *),
			 void *context)
{
	const struct table *table = table_get(image);

	for (size_t i = 0; i < table->symbols.size; i++) {
		struct function function = table_function(image, &table->symbols.data[i]);
		if (!fn(context, &function))
			return;
	}
}

static bool note_function(void *context, const struct symbol *symbol)
{
	(void)symbol;
	*(bool *)context = true;
	return false;
}

bool image_has_functions(struct image *image)
{
	bool has_some = false;

	functions_search(image, "", note_function, &has_some);
	return has_some;
}
