/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.c - address to file:line: by Go's own table, else by DWARF (libdw).
 *
 * Only the unit that covers the address is decoded. The range of each unit is taken
 * from the unit itself: .debug_aranges is not always there (clang writes none), and
 * without it libdw finds nothing.
 */
#include <dwarf.h>
#include <gelf.h>

#include "lines.h"

static int compare(const void *left, const void *right)
{
	const struct unit_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void add_unit(struct lines *lines, Dwarf_Die *unit)
{
	Dwarf_Addr base, start, end;

	for (ptrdiff_t at = 0; (at = dwarf_ranges(unit, at, &base, &start, &end)) > 0;)
		/* A range at 0 belongs to code that the linker threw away. */
		if (start && start < end)
			*vector_add(&lines->ranges) =
			    (struct unit_range){start, end, dwarf_dieoffset(unit)};
}

static void read_units(struct lines *lines)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;
	int status;

	while ((status = dwarf_get_units(lines->dwarf, cu, &cu, NULL, &type, &unit, NULL)) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(lines, &unit);
	if (status < 0)
		lines->problem = dwarf_errmsg(-1);
	if (lines->ranges.size)
		qsort(lines->ranges.data, lines->ranges.size, sizeof(*lines->ranges.data), compare);
}

/* Without the file what is in it is missing, and the rest is read. */
static void open_supplement(struct lines *lines, const struct image *image)
{
	struct image *supplement = debugfile_open_supplement(image);

	if (supplement && mapped_elf_open(supplement, &lines->supplement_file))
		lines->supplement = dwarf_begin_elf(lines->supplement_file.elf, DWARF_C_READ, NULL);
	if (lines->supplement)
		dwarf_setalt(lines->dwarf, lines->supplement);
	image_unref(supplement);
}

static void open_dwarf(struct lines *lines, const struct image *image)
{
	if (mapped_elf_open(image, &lines->file))
		lines->dwarf = dwarf_begin_elf(lines->file.elf, DWARF_C_READ, NULL);
	if (!lines->dwarf) {
		lines->problem = dwarf_errmsg(-1);
		return;
	}
	open_supplement(lines, image);
	read_units(lines);
}

static const struct image *image_with_lines(const struct image *image)
{
	if (image_section(image, ".debug_line") || image_section(image, ".zdebug_line"))
		return image;
	return image->debug ? image_with_lines(image->debug) : NULL;
}

bool image_has_lines(const struct image *image)
{
	return go_has_table(image) || image_with_lines(image);
}

/* A file cut short since it was mapped would kill us with SIGBUS when read. */
static bool is_intact(const struct image *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && (uint64_t)st.st_size >= file->file_size;
}

const struct lines *lines_get(struct image *image)
{
	const struct image *file = image_with_lines(image);

	if (!file || !is_intact(file))
		return NULL;
	if (!image->lines) {
		image->lines = xcalloc(1, sizeof(*image->lines));
		open_dwarf(image->lines, file);
	}
	return image->lines->dwarf ? image->lines : NULL;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	dwarf_end(lines->dwarf);
	mapped_elf_close(&lines->file);
	dwarf_end(lines->supplement);
	mapped_elf_close(&lines->supplement_file);
	vector_deinit(&lines->ranges);
	free(lines);
}

bool lines_unit_at(const struct lines *lines, uint64_t address, Dwarf_Die *ret)
{
	size_t low = 0, high = lines->ranges.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lines->ranges.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Ranges of different units do not overlap in a linked file. */
	return low && address < lines->ranges.data[low - 1].end &&
	       dwarf_offdie(lines->dwarf, lines->ranges.data[low - 1].unit, ret);
}

struct bytes lines_section(const struct lines *lines, const char *name, const char *old_name)
{
	Elf *elf = lines->file.elf;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return (struct bytes){0};
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		const char *own =
		    gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
		if (!own || (strcmp(own, name) != 0 && strcmp(own, old_name) != 0))
			continue;
		/* libdw has inflated it when it opened the file. */
		Elf_Data *data = header.sh_type == SHT_NOBITS ? NULL : elf_getdata(section, NULL);
		if (data && data->d_buf)
			return (struct bytes){data->d_buf, data->d_size};
	}
	return (struct bytes){0};
}

Dwarf_Die unit_tree(Dwarf_Die *unit)
{
	Dwarf_Die split = {0};
	uint8_t type;

	if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &split, NULL, NULL, NULL) == 0 &&
	    type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit)
		return split;
	return *unit;
}

static bool dwarf_line(struct image *image, uint64_t address, struct line *ret)
{
	int number;
	Dwarf_Die unit;

	const struct lines *lines = lines_get(image);
	if (!lines || !lines_unit_at(lines, address, &unit))
		return false;
	Dwarf_Line *line = dwarf_getsrc_die(&unit, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	if (!file || dwarf_lineno(line, &number) != 0 || number <= 0)
		return false;
	ret->file = image_intern(image, file);
	ret->number = number;
	return true;
}

bool image_line_at(struct image *image, uint64_t address, struct line *ret)
{
	CLEANUP(free_p) char *file = NULL;

	if (go_covers(image, address)) {
		if (!gotab_line(image->go->table, address, &file, &ret->number))
			return false;
		ret->file = image_intern(image, file);
		return true;
	}
	return dwarf_line(image, address, ret);
}
