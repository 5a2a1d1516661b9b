/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symtab.c - the functions of .symtab and .dynsym whose name contains a literal.
 *
 * The strings with the literal come from names.c; then all symbols are looked at for those
 * that point at one, in pieces that fit a cache: one name in a file of hundreds of
 * megabytes costs a few milliseconds and no memory. A session that goes on asking gets
 * a list of the symbols by name.
 */
#include "internal.h"

#define SYMBOLS_AT_A_TIME 4096
/* More strings than this are a pattern's: all symbols are as soon looked at. */
#define SPANS_LOOKED_UP 64

/* ----------------------------------------------------------------- symbols */

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF;
}

/* Go's linker marks where its text begins and ends with functions of size 0. */
static bool is_marker(const Elf64_Sym *symbol, const char *name)
{
	return symbol->st_size == 0 &&
	       (strcmp(name, "runtime.etext") == 0 || strncmp(name, "runtime.text", 12) == 0);
}

struct symbol_query {
	const struct image *image; /* whose segments count */
	const struct image *file;  /* which holds the table: image or its debug file */
	const struct section *symbols, *strings;
	const struct name_spans *spans;
	symbol_fn fn;
	void *context;
};

static bool pass_symbols(const struct symbol_query *query, const Elf64_Sym *batch, size_t size,
			 uint64_t first)
{
	(void)first;
	for (size_t i = 0; i < size; i++) {
		const char *name =
		    is_function(&batch[i]) ? name_spans_at(query->spans, batch[i].st_name) : NULL;
		if (!name || !*name || is_marker(&batch[i], name) ||
		    !image_is_code(query->image, batch[i].st_value))
			continue;
		struct symbol symbol = {
		    .address = batch[i].st_value,
		    .size = batch[i].st_size,
		    .raw = name,
		    .is_ifunc = ELF64_ST_TYPE(batch[i].st_info) == STT_GNU_IFUNC,
		};
		if (!query->fn(query->context, &symbol))
			return false;
	}
	return true;
}

/* Reads the symbols in batches; stops where pass says so. */
static bool each_batch(const struct symbol_query *query,
		       bool (*pass)(const struct symbol_query *query, const Elf64_Sym *batch,
				    size_t size, uint64_t first))
{
	CLEANUP(free_p) Elf64_Sym *batch = xmalloc(SYMBOLS_AT_A_TIME * sizeof(*batch));
	uint64_t count = query->symbols->size / sizeof(*batch);

	for (uint64_t done = 0; done < count; done += SYMBOLS_AT_A_TIME) {
		uint64_t left = count - done;
		size_t size = left < SYMBOLS_AT_A_TIME ? left : SYMBOLS_AT_A_TIME;
		if (!image_pread(query->file, query->symbols->offset + done * sizeof(*batch), batch,
				 size * sizeof(*batch)))
			break;
		if (!pass(query, batch, size, done))
			return false;
	}
	return true;
}

/* The symbol table of that type and its strings, in the file or its debug file. */
static bool find_table(const struct image *image, uint32_t type, struct symbol_query *ret)
{
	const struct section *symbols = image_section_of_type(image, type);

	if (!symbols)
		return image->debug && find_table(image->debug, type, ret);
	if (symbols->link >= image->sections.size ||
	    image->sections.data[symbols->link].type != SHT_STRTAB)
		return false;
	ret->file = image;
	ret->symbols = symbols;
	ret->strings = &image->sections.data[symbols->link];
	return true;
}

/* ------------------------------------------------------------------ by name */

struct named_symbol {
	uint32_t name; /* where it is in the strings */
	uint32_t index;
};

/* The functions of one table. */
struct symbol_list {
	const struct section *table;
	VECTOR(struct named_symbol) symbols;
};

struct symbol_lists {
	VECTOR(struct symbol_list) all;
};

struct symbol_lists *symbol_lists_new(void)
{
	return xcalloc(1, sizeof(struct symbol_lists));
}

void symbol_lists_free(struct symbol_lists *lists)
{
	if (!lists)
		return;
	for (size_t i = 0; i < lists->all.size; i++)
		vector_deinit(&lists->all.data[i].symbols);
	vector_deinit(&lists->all);
	free(lists);
}

static bool add_to_list(const struct symbol_query *query, const Elf64_Sym *batch, size_t size,
			uint64_t first)
{
	struct symbol_list *list = query->context;

	for (size_t i = 0; i < size; i++)
		if (is_function(&batch[i]))
			vector_push(&list->symbols, ((struct named_symbol){batch[i].st_name,
									   (uint32_t)(first + i)}));
	return true;
}

static int compare_names(const void *left, const void *right)
{
	const struct named_symbol *a = left, *b = right;

	return a->name < b->name ? -1 : a->name > b->name;
}

static const struct symbol_list *list_of(const struct symbol_query *query)
{
	struct symbol_lists *lists = query->file->symbol_lists;

	for (size_t i = 0; i < lists->all.size; i++)
		if (lists->all.data[i].table == query->symbols)
			return &lists->all.data[i];
	struct symbol_list *list = vector_add(&lists->all);
	struct symbol_query all = *query;
	list->table = query->symbols;
	all.context = list;
	each_batch(&all, add_to_list);
	if (list->symbols.size)
		qsort(list->symbols.data, list->symbols.size, sizeof(*list->symbols.data),
		      compare_names);
	return list;
}

static size_t first_from(const struct symbol_list *list, uint64_t name)
{
	size_t low = 0, high = list->symbols.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->symbols.data[middle].name < name)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool pass_listed(const struct symbol_query *query, const struct symbol_list *list,
			const struct span_of_names *span)
{
	Elf64_Sym symbol;

	for (size_t i = first_from(list, span->start);
	     i < list->symbols.size && list->symbols.data[i].name <= span->last; i++) {
		uint64_t index = list->symbols.data[i].index;
		if (image_pread(query->file, query->symbols->offset + index * sizeof(symbol),
				&symbol, sizeof(symbol)) &&
		    !pass_symbols(query, &symbol, 1, index))
			return false;
	}
	return true;
}

static bool pass_spans(const struct symbol_query *query)
{
	const struct symbol_list *list = list_of(query);

	for (size_t i = 0; i < query->spans->spans.size; i++)
		if (!pass_listed(query, list, &query->spans->spans.data[i]))
			return false;
	return true;
}

/* ------------------------------------------------------------------- search */

static bool search_table(const struct image *image, uint32_t type, const char *literal,
			 symbol_fn fn, void *context)
{
	struct symbol_query query = {.image = image, .fn = fn, .context = context};
	struct name_spans spans = {0};

	if (!find_table(image, type, &query))
		return true;
	query.spans = &spans;
	bool is_frequent = name_spans_collect(&spans, query.file, query.strings->offset,
					      query.strings->size, literal);
	bool is_listed = is_frequent && spans.spans.size <= SPANS_LOOKED_UP;
	bool has_ended = !spans.spans.size ||
			 (is_listed ? pass_spans(&query) : each_batch(&query, pass_symbols));
	name_spans_deinit(&spans);
	return has_ended;
}

bool symtab_search(const struct image *image, const char *literal, symbol_fn fn, void *context)
{
	return search_table(image, SHT_SYMTAB, literal, fn, context) &&
	       search_table(image, SHT_DYNSYM, literal, fn, context);
}

bool symtab_is_there(const struct image *image)
{
	struct symbol_query query;

	return find_table(image, SHT_SYMTAB, &query);
}

/* ----------------------------------------------------------------- objects */

struct object_query {
	const char *name;
	uint64_t address;
	unsigned count; /* of distinct addresses, up to most */
	unsigned most;
};

static bool pass_objects(const struct symbol_query *query, const Elf64_Sym *batch, size_t size,
			 uint64_t first)
{
	struct object_query *wanted = query->context;

	(void)first;
	for (size_t i = 0; i < size; i++) {
		const char *name = name_spans_at(query->spans, batch[i].st_name);
		if (!name || batch[i].st_shndx == SHN_UNDEF || strcmp(name, wanted->name) != 0 ||
		    (wanted->count && batch[i].st_value == wanted->address))
			continue;
		wanted->address = batch[i].st_value;
		if (++wanted->count == wanted->most)
			return false;
	}
	return true;
}

static void search_objects(const struct image *image, uint32_t type, struct object_query *wanted)
{
	struct symbol_query query = {.image = image, .context = wanted};
	struct name_spans spans = {0};

	if (!find_table(image, type, &query))
		return;
	query.spans = &spans;
	name_spans_collect(&spans, query.file, query.strings->offset, query.strings->size,
			   wanted->name);
	if (spans.spans.size)
		each_batch(&query, pass_objects);
	name_spans_deinit(&spans);
}

bool symtab_object(const struct image *image, const char *name, uint64_t *ret)
{
	struct object_query wanted = {.name = name, .most = 1};

	search_objects(image, SHT_SYMTAB, &wanted);
	if (wanted.count)
		*ret = wanted.address;
	return wanted.count != 0;
}

unsigned symtab_values(const struct image *image, const char *name, uint64_t *ret)
{
	struct object_query wanted = {.name = name, .most = 2};

	search_objects(image, SHT_SYMTAB, &wanted);
	if (!wanted.count)
		search_objects(image, SHT_DYNSYM, &wanted);
	*ret = wanted.address;
	return wanted.count;
}

/* -------------------------------------------------------------------- data */

struct data_query {
	const char *prefix;
	void (*fn)(void *context, const char *name, uint64_t address);
	void *context;
};

static bool is_datum(const struct image *image, const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_OBJECT || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE && !image_is_code(image, symbol->st_value);
}

static bool pass_data(const struct symbol_query *query, const Elf64_Sym *batch, size_t size,
		      uint64_t first)
{
	const struct data_query *data = query->context;

	(void)first;
	for (size_t i = 0; i < size; i++) {
		const char *raw = is_datum(query->image, &batch[i])
				      ? name_spans_at(query->spans, batch[i].st_name)
				      : NULL;
		if (!raw || !*raw)
			continue;
		CLEANUP(free_p) char *name = function_name(raw, false);
		if (strncmp(name, data->prefix, strlen(data->prefix)) == 0)
			data->fn(data->context, name, batch[i].st_value);
	}
	return true;
}

void image_each_datum(struct image *image, const char *prefix,
		      void (*fn)(void *context, const char *name, uint64_t address), void *context)
{
	struct data_query data = {prefix, fn, context};
	struct symbol_query query = {.image = image, .context = &data};
	struct name_spans spans = {0};

	if (!find_table(image, SHT_SYMTAB, &query) && !find_table(image, SHT_DYNSYM, &query))
		return;
	CLEANUP(free_p) char *literal = pattern_literal(prefix, true);
	query.spans = &spans;
	name_spans_collect(&spans, query.file, query.strings->offset, query.strings->size, literal);
	each_batch(&query, pass_data);
	name_spans_deinit(&spans);
}
