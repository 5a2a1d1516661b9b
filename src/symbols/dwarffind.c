/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarffind.c - a name in the whole of a file. To walk all units takes a second for every
 * hundred megabytes, so first their bytes are searched for the name, or for references to it,
 * and only the units that have one are walked. Most names that are looked for so far away are
 * in no unit at all: globals of a script.
 */
#include "dwarf.h"

/* After so many names it is cheaper to have walked all units. */
#define SEARCHES_MAX 8
/* Where a name, or the end of a longer one, is among the strings. */
#define REFERENCES_MAX 4096

static void list_units(struct dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	if (dwarf->all.size)
		return;
	while (dwarf_get_units(dwarf->lines->dwarf, cu, &cu, NULL, &type, &die, NULL) == 0) {
		Dwarf_Attribute attribute;
		Dwarf_Word strings = 0;
		if (dwarf_attr(&die, DW_AT_str_offsets_base, &attribute))
			dwarf_formudata(&attribute, &strings);
		*vector_add(&dwarf->all) =
		    (struct dwarf_place){dwarf_dieoffset(&die), strings, die};
		/* Names in other files, or in another section. */
		dwarf->is_scattered |= type == DW_UT_skeleton || type == DW_UT_type;
	}
	dwarf->is_scattered |= dwarf->lines->supplement != NULL;
}

void dwarf_read_all(struct dwarf *dwarf)
{
	list_units(dwarf);
	for (size_t i = 0; i < dwarf->all.size && !dwarf->has_all_units; i++)
		dwarf_unit_of(dwarf, &dwarf->all.data[i].die);
	dwarf->has_all_units = true;
}

/* ------------------------------------------------------------------- searching */

struct finder {
	struct dwarf *dwarf;
	VECTOR(uint32_t) references; /* offsets of the name among the strings, ascending */
	uint64_t low_bits[1024];     /* a bit for each value that the low half of one has */
};

static void note_reference(struct finder *finder, uint32_t offset)
{
	vector_push(&finder->references, offset);
	finder->low_bits[(offset & 0xffff) / 64] |= UINT64_C(1) << offset % 64;
}

static bool is_reference(const struct finder *finder, uint32_t word)
{
	size_t low = 0, high = finder->references.size;

	if (!(finder->low_bits[(word & 0xffff) / 64] >> word % 64 & 1))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (finder->references.data[middle] < word)
			low = middle + 1;
		else
			high = middle;
	}
	return low < finder->references.size && finder->references.data[low] == word;
}

/* The unit that begins last before an offset, in .debug_info. */
static void read_unit_at(struct finder *finder, uint64_t offset)
{
	struct dwarf *dwarf = finder->dwarf;
	size_t low = 0, high = dwarf->all.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (dwarf->all.data[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		dwarf_unit_of(dwarf, &dwarf->all.data[low - 1].die);
}

/* The one whose table of references to strings begins last before an offset. */
static void read_unit_of_string(struct finder *finder, uint64_t offset)
{
	const struct dwarf_place *found = NULL;

	for (size_t i = 0; i < finder->dwarf->all.size; i++) {
		const struct dwarf_place *place = &finder->dwarf->all.data[i];
		if (place->strings && place->strings <= offset &&
		    (!found || place->strings > found->strings))
			found = place;
	}
	if (found)
		dwarf_unit_of(finder->dwarf,
			      &(Dwarf_Die){.addr = found->die.addr, .cu = found->die.cu});
}

static void find_words(struct finder *finder, struct bytes section, size_t step,
		       void (*fn)(struct finder *finder, uint64_t offset))
{
	uint32_t word;

	for (size_t at = 0; at + sizeof(word) <= section.size; at += step) {
		memcpy(&word, section.data + at, sizeof(word));
		if (is_reference(finder, word))
			fn(finder, at);
	}
}

static void find_text(struct finder *finder, struct bytes section, const char *name,
		      void (*fn)(struct finder *finder, uint64_t offset))
{
	size_t size = strlen(name) + 1;
	const uint8_t *at = section.data;

	while (at && (at = memmem(at, section.data + section.size - at, name, size)))
		fn(finder, at++ - section.data);
}

static void note_string(struct finder *finder, uint64_t offset)
{
	if (offset <= UINT32_MAX && finder->references.size <= REFERENCES_MAX)
		note_reference(finder, offset);
}

/* Walks the units that have the name in them; false if the bytes do not tell. */
static bool read_units_with(struct dwarf *dwarf, const char *name)
{
	const struct lines *lines = dwarf->lines;
	struct finder *finder;

	/* Arguments can be written in more than one way. */
	if (dwarf->is_scattered || strchr(name, '<') || dwarf->searches >= SEARCHES_MAX)
		return false;
	finder = xcalloc(1, sizeof(*finder));
	finder->dwarf = dwarf;
	struct bytes info = lines_section(lines, ".debug_info", ".zdebug_info");
	find_text(finder, lines_section(lines, ".debug_str", ".zdebug_str"), name, note_string);
	bool is_usable = finder->references.size <= REFERENCES_MAX;
	if (is_usable)
		find_text(finder, info, name, read_unit_at);
	if (is_usable && finder->references.size) {
		dwarf->searches++;
		find_words(finder, info, 1, read_unit_at);
		find_words(finder,
			   lines_section(lines, ".debug_str_offsets", ".zdebug_str_offsets"), 4,
			   read_unit_of_string);
	}
	vector_deinit(&finder->references);
	free(finder);
	return is_usable;
}

void dwarf_find(struct dwarf *dwarf, const char *name, entry_fn fn, void *context)
{
	const char *known = image_intern(dwarf->image, name);

	list_units(dwarf);
	if (!dwarf->has_all_units && !die_map_get(&dwarf->searched, known, 0) &&
	    !read_units_with(dwarf, name))
		dwarf_read_all(dwarf);
	die_map_put(&dwarf->searched, known, 0, dwarf);
	for (size_t i = 0; i < dwarf->units.size; i++)
		dwarf_unit_find(dwarf->units.data[i], name, fn, context);
}
