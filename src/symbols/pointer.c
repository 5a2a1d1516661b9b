/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pointer.c - pointers as the loader will make them: a position-independent
 * file may hold zeros where its relocations say what comes there. Also the
 * strings that live as long as their image.
 */
#include "internal.h"

#define RELOCATIONS_AT_A_TIME 4096
#define POINTERS_AT_A_TIME    8192

/* ------------------------------------------------------------- relocations */

bool image_each_relocation(const struct image *image, uint32_t type,
			   bool (*fn)(void *context, const Elf64_Rela *), void *context)
{
	CLEANUP(free_p) Elf64_Rela *batch = xmalloc(RELOCATIONS_AT_A_TIME * sizeof(*batch));

	for (size_t i = 1; i < image->sections.size; i++) {
		const struct section *section = &image->sections.data[i];
		uint64_t count = section->size / sizeof(*batch);
		if (section->type != SHT_RELA || !(section->flags & SHF_ALLOC))
			continue;
		for (uint64_t done = 0; done < count; done += RELOCATIONS_AT_A_TIME) {
			uint64_t left = count - done;
			size_t size = left < RELOCATIONS_AT_A_TIME ? left : RELOCATIONS_AT_A_TIME;
			if (!image_pread(image, section->offset + done * sizeof(*batch), batch,
					 size * sizeof(*batch)))
				break;
			for (size_t j = 0; j < size; j++)
				if (ELF64_R_TYPE(batch[j].r_info) == type && fn(context, &batch[j]))
					return true;
		}
	}
	return false;
}

/* ------------------------------------------------------ pointers by address */

struct relocation {
	uint64_t address, value;
};

/* By address. */
typedef VECTOR(struct relocation) relocation_list;
struct relocations {
	bool has_pointers, has_symbols; /* each list when it is first asked for */
	relocation_list pointers;
	relocation_list symbols; /* slots of functions: values are indices of .dynsym */
};

static bool add_relocation(void *context, const Elf64_Rela *rela)
{
	relocation_list *list = context;

	vector_push(list, ((struct relocation){rela->r_offset, rela->r_addend}));
	return false;
}

static bool add_symbol(void *context, const Elf64_Rela *rela)
{
	relocation_list *list = context;

	vector_push(list, ((struct relocation){rela->r_offset, ELF64_R_SYM(rela->r_info)}));
	return false;
}

static int compare(const void *left, const void *right)
{
	const struct relocation *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void sort(relocation_list *list)
{
	if (list->size)
		qsort(list->data, list->size, sizeof(*list->data), compare);
}

static const struct relocation *find(const relocation_list *list, uint64_t address)
{
	const struct relocation key = {.address = address};

	return list->size ? bsearch(&key, list->data, list->size, sizeof(key), compare) : NULL;
}

static struct relocations *cache_of(const struct image *image)
{
	struct relocations **cache = (struct relocations **)&image->relocations;

	if (!*cache)
		*cache = xcalloc(1, sizeof(**cache));
	return *cache;
}

static const relocation_list *pointers_of(const struct image *image)
{
	struct relocations *cache = cache_of(image);

	if (cache->has_pointers)
		return &cache->pointers;
	image_each_relocation(image, R_X86_64_RELATIVE, add_relocation, &cache->pointers);
	sort(&cache->pointers);
	cache->has_pointers = true;
	return &cache->pointers;
}

static const relocation_list *symbols_of(const struct image *image)
{
	struct relocations *cache = cache_of(image);

	if (cache->has_symbols)
		return &cache->symbols;
	image_each_relocation(image, R_X86_64_JUMP_SLOT, add_symbol, &cache->symbols);
	image_each_relocation(image, R_X86_64_GLOB_DAT, add_symbol, &cache->symbols);
	sort(&cache->symbols);
	cache->has_symbols = true;
	return &cache->symbols;
}

void relocations_free(struct relocations *relocations)
{
	if (!relocations)
		return;
	vector_deinit(&relocations->pointers);
	vector_deinit(&relocations->symbols);
	free(relocations);
}

bool image_read_pointer(const struct image *image, uint64_t address, uint64_t *ret)
{
	if (!image_read(image, address, ret, sizeof(*ret)))
		return false;
	if (*ret || !image->is_pie)
		return true;
	const struct relocation *found = find(pointers_of(image), address);
	if (found)
		*ret = found->value;
	return true;
}

/* Of a symbol of the file's own; one that it takes from elsewhere has no section. */
static uint64_t function_of_symbol(const struct image *image, uint64_t index)
{
	const struct section *symbols = image_section(image, ".dynsym");
	Elf64_Sym symbol;

	if (!symbols || index >= symbols->size / sizeof(symbol) ||
	    !image_pread(image, symbols->offset + index * sizeof(symbol), &symbol,
			 sizeof(symbol)) ||
	    symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC)
		return 0;
	return symbol.st_value;
}

uint64_t image_slot_function(const struct image *image, uint64_t slot)
{
	const struct relocation *found = find(symbols_of(image), slot);

	if (found)
		return function_of_symbol(image, found->value);
	/* Another pointer than one of the table's may be changed by the program. */
	const struct section *table = image_section(image, ".got");
	if (!table || slot - table->address >= table->size)
		return 0;
	found = find(pointers_of(image), slot);
	return found ? found->value : 0;
}

/* ------------------------------------------------------ addresses of pointers */

struct relocation_query {
	uint64_t value;
	bool (*fn)(void *context, uint64_t address);
	void *context;
};

static bool is_relocation_to(void *context, const Elf64_Rela *relocation)
{
	struct relocation_query *query = context;

	return (uint64_t)relocation->r_addend == query->value &&
	       query->fn(query->context, relocation->r_offset);
}

static bool find_in_segment(const struct image *image, const struct segment *segment,
			    struct relocation_query *query)
{
	CLEANUP(free_p) uint64_t *batch = xmalloc(POINTERS_AT_A_TIME * sizeof(*batch));
	uint64_t skipped = -segment->address & 7;
	uint64_t count = segment->file_size < skipped ? 0 : (segment->file_size - skipped) / 8;

	for (uint64_t done = 0; done < count; done += POINTERS_AT_A_TIME) {
		uint64_t at = skipped + done * 8, left = count - done;
		size_t size = left < POINTERS_AT_A_TIME ? left : POINTERS_AT_A_TIME;
		if (!image_pread(image, segment->offset + at, batch, size * 8))
			return false;
		for (size_t i = 0; i < size; i++)
			if (batch[i] == query->value &&
			    query->fn(query->context, segment->address + at + i * 8))
				return true;
	}
	return false;
}

bool image_find_pointer(const struct image *image, uint64_t target,
			bool (*fn)(void *context, uint64_t address), void *context)
{
	struct relocation_query query = {.value = target, .fn = fn, .context = context};

	for (size_t i = 0; i < image->segments.size; i++)
		if (image->segments.data[i].is_writable &&
		    find_in_segment(image, &image->segments.data[i], &query))
			return true;
	return image->is_pie &&
	       image_each_relocation(image, R_X86_64_RELATIVE, is_relocation_to, &query);
}

/* ---------------------------------------------------------------- interning */

static uint64_t hash_of(const char *s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static struct intern_slot *slot_of(const struct intern *names, const char *s, uint64_t hash)
{
	size_t mask = names->capacity - 1, i = hash & mask;

	while (names->slots[i].string &&
	       (names->slots[i].hash != hash || strcmp(names->slots[i].string, s) != 0))
		i = (i + 1) & mask;
	return &names->slots[i];
}

static void grow(struct intern *names)
{
	struct intern old = *names;

	names->capacity = old.capacity ? old.capacity * 2 : 256;
	names->slots = xcalloc(names->capacity, sizeof(*names->slots));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].string)
			*slot_of(names, old.slots[i].string, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

const char *intern(struct intern *names, const char *s)
{
	if (names->count * 2 >= names->capacity)
		grow(names);
	uint64_t hash = hash_of(s);
	struct intern_slot *slot = slot_of(names, s, hash);
	if (!slot->string) {
		*slot = (struct intern_slot){arena_strndup(&names->arena, s, strlen(s)), hash};
		names->count++;
	}
	return slot->string;
}

void intern_deinit(struct intern *names)
{
	arena_deinit(&names->arena);
	free(names->slots);
}

const char *image_intern(struct image *image, const char *s)
{
	return intern(&image->names, s);
}
