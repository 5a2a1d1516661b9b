/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goline.c - address to file and line by .gopclntab.
 *
 * A _func points at two lists that give, for ranges of addresses, a file number and a
 * line: pairs of (change of value, zigzag; length of range) in base 128, from -1 at the
 * function's entry, ended by a change of 0 (format: the Go runtime's pcvalue).
 */
#include "gotab.h"

#define NO_FILE 0xffffffffu

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

/* The value of the list at offset for address; start is the function's entry. */
static bool value_at(struct gotab *table, uint64_t offset, uint64_t start, uint64_t address,
		     int32_t *ret)
{
	uint32_t change, length, value = -1;

	for (uint64_t pc = start; pc <= address;) {
		if (!read_varint(table, &offset, &change) || (change == 0 && pc != start) ||
		    !read_varint(table, &offset, &length))
			return false;
		value += change & 1 ? ~(change >> 1) : change >> 1;
		pc += length;
		if (length == 0)
			return false;
		*ret = value;
	}
	return true;
}

/* Where the file's name is in the table. */
static bool file_offset(struct gotab *table, uint64_t func, uint32_t file, uint64_t *ret)
{
	uint64_t fields = func + gotab_name_field(table);
	uint32_t unit, name;

	if (table->layout == GO_1_2) {
		if (!read_u32(table, WINDOW_FUNCS, table->files + 4ull * file, &name))
			return false;
		*ret = name;
		return name != 0;
	}
	if (!read_u32(table, WINDOW_FUNCS, fields + 4ull * FUNC_UNIT, &unit) ||
	    !read_u32(table, WINDOW_FUNCS, table->units + 4 * ((uint64_t)unit + file), &name) ||
	    name == NO_FILE)
		return false;
	*ret = table->files + name;
	return true;
}

static char *read_name(struct gotab *table, uint64_t offset)
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

bool gotab_line(struct gotab *table, uint64_t address, char **ret_file, unsigned *ret_line)
{
	uint64_t start, func, offset;
	uint32_t index, files, lines;
	int32_t file = -1, line = 0;

	if (!gotab_find(table, address, &index) || !gotab_entry(table, index, &start, &func))
		return false;
	uint64_t fields = func + gotab_name_field(table);
	if (!read_u32(table, WINDOW_FUNCS, fields + 4ull * FUNC_PCFILE, &files) ||
	    !read_u32(table, WINDOW_FUNCS, fields + 4ull * FUNC_PCLN, &lines) || !files || !lines)
		return false;
	if (!value_at(table, table->pcs + files, start, address, &file) || file < 0 ||
	    !value_at(table, table->pcs + lines, start, address, &line) || line <= 0 ||
	    !file_offset(table, func, file, &offset))
		return false;
	*ret_file = read_name(table, offset);
	*ret_line = line;
	return *ret_file != NULL;
}
