/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goline.c - address to file and line, and to the depth of the stack, by .gopclntab.
 *
 * A _func points at two lists that give, for ranges of addresses, a file number and a
 * line: pairs of (change of value, zigzag; length of range) in base 128, from -1 at the
 * function's entry, ended by a change of 0 (format: the Go runtime's pcvalue).
 */
#include "gotab.h"

#define NO_FILE 0xffffffffu
/* Bytes; assembly that takes any number says 0x80000000. */
#define ARGUMENTS_MAX 65536

static bool read_u32(struct gotab *table, enum gotab_window which, uint64_t offset, uint32_t *ret)
{
	const void *bytes = gotab_bytes(table, which, offset, 4);

	if (bytes)
		memcpy(ret, bytes, 4);
	return bytes != NULL;
}

static bool read_varint(struct gotab *table, uint64_t *offset, uint32_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		const uint8_t *byte = gotab_bytes(table, WINDOW_PCS, (*offset)++, 1);
		if (!byte)
			return false;
		*ret |= (uint32_t)(*byte & 0x7f) << shift;
		if (!(*byte & 0x80))
			return true;
	}
	return false;
}

struct gotab_values gotab_values(struct gotab *table, uint32_t list, uint64_t entry)
{
	return (struct gotab_values){
	    .table = table, .offset = table->pcs + list, .until = entry, .value = -1};
}

bool gotab_values_next(struct gotab_values *values)
{
	uint32_t change, length;

	if (!read_varint(values->table, &values->offset, &change) ||
	    (change == 0 && values->has_begun) ||
	    !read_varint(values->table, &values->offset, &length) || length == 0)
		return false;
	values->has_begun = true;
	values->value += change & 1 ? ~(change >> 1) : change >> 1;
	values->start = values->until;
	values->until += length;
	return true;
}

bool gotab_value_at(struct gotab *table, uint32_t list, uint64_t entry, uint64_t address,
		    int32_t *ret)
{
	struct gotab_values values = gotab_values(table, list, entry);

	while (values.until <= address)
		if (!gotab_values_next(&values))
			return false;
	*ret = values.value;
	return true;
}

/* Where the file's name is in the table. */
static bool file_offset(struct gotab *table, uint64_t func, uint32_t file, uint64_t *ret)
{
	uint32_t unit, name;

	if (table->layout == GO_1_2) {
		if (!read_u32(table, WINDOW_FUNCS, table->files + 4ull * file, &name))
			return false;
		*ret = name;
		return name != 0;
	}
	if (!gotab_field(table, func, FUNC_UNIT, &unit) ||
	    !read_u32(table, WINDOW_FUNCS, table->units + 4 * ((uint64_t)unit + file), &name) ||
	    name == NO_FILE)
		return false;
	*ret = table->files + name;
	return true;
}

char *gotab_string(struct gotab *table, uint64_t offset)
{
	struct buffer name = {0};

	for (const char *byte; (byte = gotab_bytes(table, WINDOW_PCS, offset++, 1));) {
		if (*byte == '\0')
			return buffer_take(&name);
		buffer_putc(&name, *byte);
	}
	buffer_deinit(&name);
	return NULL;
}

char *gotab_file(struct gotab *table, uint64_t func, int32_t number)
{
	uint64_t offset;

	return number >= 0 && file_offset(table, func, number, &offset)
		   ? gotab_string(table, offset)
		   : NULL;
}

bool gotab_line(struct gotab *table, uint64_t address, char **ret_file, unsigned *ret_line)
{
	uint64_t start, func;
	uint32_t index, files, lines;
	int32_t file = -1, line = 0;

	if (!gotab_find(table, address, &index) || !gotab_entry(table, index, &start, &func))
		return false;
	if (!gotab_field(table, func, FUNC_PCFILE, &files) ||
	    !gotab_field(table, func, FUNC_PCLN, &lines) || !files || !lines)
		return false;
	if (!gotab_value_at(table, files, start, address, &file) ||
	    !gotab_value_at(table, lines, start, address, &line) || line <= 0)
		return false;
	*ret_file = gotab_file(table, func, file);
	*ret_line = line;
	return *ret_file != NULL;
}

uint64_t gotab_line_end(struct gotab *table, uint64_t address)
{
	static const unsigned fields[] = {FUNC_PCFILE, FUNC_PCLN};
	uint64_t start, func, end = UINT64_MAX;
	uint32_t index, list;

	if (!gotab_find(table, address, &index) || !gotab_entry(table, index, &start, &func))
		return end;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!gotab_field(table, func, fields[i], &list) || !list)
			continue;
		struct gotab_values values = gotab_values(table, list, start);
		while (values.until <= address && gotab_values_next(&values))
			;
		if (values.until > address && values.until < end)
			end = values.until;
	}
	return end;
}

unsigned image_go_argument_words(struct image *image, uint64_t address)
{
	uint64_t start, func;
	uint32_t index, bytes;

	if (!go_covers(image, address) || !gotab_find(image->go->table, address, &index) ||
	    !gotab_entry(image->go->table, index, &start, &func) ||
	    !gotab_field(image->go->table, func, FUNC_ARGS, &bytes) || bytes > ARGUMENTS_MAX)
		return 0;
	return bytes / 8;
}

bool gotab_depth(struct gotab *table, uint64_t address, int64_t *ret)
{
	uint64_t start, func;
	uint32_t index, list;
	int32_t depth;

	if (!gotab_find(table, address, &index) || !gotab_entry(table, index, &start, &func) ||
	    !gotab_field(table, func, FUNC_PCSP, &list) || !list ||
	    !gotab_value_at(table, list, start, address, &depth))
		return false;
	*ret = depth;
	return true;
}
