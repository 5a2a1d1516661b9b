/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.c - decodes a table of .debug_line, DWARF 2 to 5 (format: DWARF 5, 6.2).
 * Bytes in, rows out: knows no ELF, no libdw, no unit.
 */
#include <dwarf.h>

#include "rows.h"

static const char *string_at(const struct bytes *section, uint64_t offset)
{
	if (offset >= section->size ||
	    !memchr(section->data + offset, '\0', section->size - offset))
		return NULL;
	return (const char *)section->data + offset;
}

/* ------------------------------------------------------- names, DWARF 2 to 4 */

static void read_old_names(struct row_table *table, struct cursor *cursor, const char *compiled_in)
{
	const char *name;

	vector_push(&table->directories, compiled_in ? compiled_in : "");
	while ((name = cursor_string(cursor)) && *name)
		vector_push(&table->directories, name);
	vector_push(&table->files, (struct row_file){0}); /* they count from 1 */
	while ((name = cursor_string(cursor)) && *name) {
		uint64_t directory = cursor_unsigned(cursor);
		cursor_unsigned(cursor); /* time */
		cursor_unsigned(cursor); /* length */
		vector_push(&table->files, ((struct row_file){name, directory}));
	}
}

/* ------------------------------------------------------------ names, DWARF 5 */

struct value {
	const char *string;
	uint64_t number;
};

static struct value read_form(const struct row_table *table, const struct row_sections *sections,
			      struct cursor *cursor, uint64_t form)
{
	switch (form) {
	case DW_FORM_string:
		return (struct value){.string = cursor_string(cursor)};
	case DW_FORM_line_strp:
		return (struct value){.string =
					  string_at(&sections->line_strings,
						    cursor_fixed(cursor, table->offset_size))};
	case DW_FORM_strp:
		return (struct value){
		    .string =
			string_at(&sections->strings, cursor_fixed(cursor, table->offset_size))};
	case DW_FORM_strp_sup:
		cursor_take(cursor, table->offset_size);
		break;
	case DW_FORM_udata:
		return (struct value){.number = cursor_unsigned(cursor)};
	case DW_FORM_strx:
		cursor_unsigned(cursor);
		break;
	case DW_FORM_data1:
	case DW_FORM_strx1:
		return (struct value){.number = cursor_fixed(cursor, 1)};
	case DW_FORM_data2:
	case DW_FORM_strx2:
		return (struct value){.number = cursor_fixed(cursor, 2)};
	case DW_FORM_strx3:
		cursor_take(cursor, 3);
		break;
	case DW_FORM_data4:
	case DW_FORM_strx4:
		return (struct value){.number = cursor_fixed(cursor, 4)};
	case DW_FORM_data8:
		return (struct value){.number = cursor_fixed(cursor, 8)};
	case DW_FORM_data16:
		cursor_take(cursor, 16);
		break;
	case DW_FORM_block:
		cursor_take(cursor, cursor_unsigned(cursor));
		break;
	case DW_FORM_block1:
		cursor_take(cursor, cursor_fixed(cursor, 1));
		break;
	case DW_FORM_block2:
		cursor_take(cursor, cursor_fixed(cursor, 2));
		break;
	case DW_FORM_block4:
		cursor_take(cursor, cursor_fixed(cursor, 4));
		break;
	default: /* its size is not known, so neither is what follows */
		cursor_take(cursor, UINT64_MAX);
	}
	return (struct value){0};
}

static struct row_file read_entry(const struct row_table *table,
				  const struct row_sections *sections, struct cursor *cursor,
				  struct cursor format, unsigned field_count)
{
	struct row_file file = {0};

	for (unsigned i = 0; i < field_count; i++) {
		uint64_t kind = cursor_unsigned(&format), form = cursor_unsigned(&format);
		struct value value = read_form(table, sections, cursor, form);
		if (kind == DW_LNCT_path)
			file.name = value.string;
		else if (kind == DW_LNCT_directory_index)
			file.directory = value.number;
	}
	return file;
}

/* Directories and files have the same form: a description of an entry's fields, then the
 * entries. */
static void read_entries(struct row_table *table, const struct row_sections *sections,
			 struct cursor *cursor, bool are_files)
{
	unsigned field_count = cursor_fixed(cursor, 1);
	struct cursor format = *cursor;

	for (unsigned i = 0; i < field_count; i++) {
		cursor_unsigned(cursor);
		cursor_unsigned(cursor);
	}
	uint64_t count = cursor_unsigned(cursor);
	for (uint64_t i = 0; field_count && i < count && !cursor->has_failed; i++) {
		struct row_file entry = read_entry(table, sections, cursor, format, field_count);
		if (are_files)
			vector_push(&table->files, entry);
		else
			vector_push(&table->directories, entry.name ? entry.name : "");
	}
}

/* -------------------------------------------------------------------- header */

/* Cuts the table that begins at cursor out of what follows it. */
static bool read_size(struct row_table *table, struct cursor *cursor)
{
	uint64_t size = cursor_fixed(cursor, 4);

	table->offset_size = size == 0xffffffff ? 8 : 4;
	if (size == 0xffffffff)
		size = cursor_fixed(cursor, 8);
	const uint8_t *start = cursor->at;
	if (!cursor_take(cursor, size))
		return false;
	*cursor = (struct cursor){.at = start, .end = start + size};
	return true;
}

static bool read_header(struct row_table *table, struct cursor *cursor)
{
	if (!read_size(table, cursor))
		return false;
	table->version = cursor_fixed(cursor, 2);
	if (table->version < 2 || table->version > 5)
		return false;
	if (table->version == 5 && (cursor_fixed(cursor, 1) != 8 || cursor_fixed(cursor, 1) != 0))
		return false; /* sizes of an address and of a segment selector */
	uint64_t size = cursor_fixed(cursor, table->offset_size);
	if (size > (uint64_t)(cursor->end - cursor->at))
		return false;
	table->program = (struct bytes){cursor->at + size, cursor->end - cursor->at - size};
	cursor->end = cursor->at + size;
	table->step = cursor_fixed(cursor, 1);
	if (table->version >= 4 && cursor_fixed(cursor, 1) != 1)
		return false; /* several operations in one instruction: no x86 */
	table->is_statement = cursor_fixed(cursor, 1);
	table->line_base = (int8_t)cursor_fixed(cursor, 1);
	table->line_range = cursor_fixed(cursor, 1);
	table->opcode_base = cursor_fixed(cursor, 1);
	if (table->opcode_base == 0 || table->line_range == 0)
		return false;
	table->operand_counts.size = table->opcode_base - 1;
	table->operand_counts.data = cursor_take(cursor, table->operand_counts.size);
	return !cursor->has_failed;
}

bool rows_open(struct row_table *ret, const struct row_sections *sections, uint64_t offset,
	       const char *compiled_in)
{
	struct row_table table = {0};

	if (offset >= sections->line.size)
		return false;
	struct cursor cursor = {.at = sections->line.data + offset,
				.end = sections->line.data + sections->line.size};
	if (!read_header(&table, &cursor))
		return false;
	if (table.version < 5) {
		read_old_names(&table, &cursor, compiled_in);
	} else {
		read_entries(&table, sections, &cursor, false);
		read_entries(&table, sections, &cursor, true);
	}
	if (cursor.has_failed) {
		rows_close(&table);
		return false;
	}
	*ret = table;
	return true;
}

void rows_close(struct row_table *table)
{
	vector_deinit(&table->directories);
	vector_deinit(&table->files);
}

/* ------------------------------------------------------------------- program */

struct machine {
	const struct row_table *table;
	struct cursor cursor;
	struct row row;
	void (*fn)(void *context, const struct row *);
	void *context;
};

static void begin_sequence(struct machine *machine)
{
	machine->row = (struct row){
	    .file = 1, .line = 1, .is_statement = machine->table->is_statement, .begins = true};
}

static void emit(struct machine *machine)
{
	machine->fn(machine->context, &machine->row);
	machine->row.begins = false;
}

static void advance(struct machine *machine, uint64_t steps)
{
	machine->row.address += steps * machine->table->step;
}

static void run_extended(struct machine *machine)
{
	uint64_t size = cursor_unsigned(&machine->cursor);
	const uint8_t *bytes = cursor_take(&machine->cursor, size);
	struct cursor operands = {.at = bytes, .end = bytes ? bytes + size : NULL};

	if (!bytes || size == 0)
		return;
	switch (cursor_fixed(&operands, 1)) {
	case DW_LNE_end_sequence:
		machine->row.ends = true;
		emit(machine);
		begin_sequence(machine);
		break;
	case DW_LNE_set_address:
		machine->row.address = cursor_fixed(&operands, 8);
		break;
	default: /* discriminators, and what makers add: of no concern here */
		break;
	}
}

static void run_standard(struct machine *machine, unsigned opcode)
{
	const struct row_table *table = machine->table;
	struct cursor *cursor = &machine->cursor;

	switch (opcode) {
	case DW_LNS_copy:
		emit(machine);
		break;
	case DW_LNS_advance_pc:
		advance(machine, cursor_unsigned(cursor));
		break;
	case DW_LNS_advance_line:
		machine->row.line += cursor_signed(cursor);
		break;
	case DW_LNS_set_file:
		machine->row.file = cursor_unsigned(cursor);
		break;
	case DW_LNS_negate_stmt:
		machine->row.is_statement = !machine->row.is_statement;
		break;
	case DW_LNS_const_add_pc:
		advance(machine, (255 - table->opcode_base) / table->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		machine->row.address += cursor_fixed(cursor, 2);
		break;
	default:
		for (unsigned n = table->operand_counts.data[opcode - 1]; n > 0; n--)
			cursor_unsigned(cursor);
	}
}

void rows_run(const struct row_table *table, void (*fn)(void *context, const struct row *),
	      void *context)
{
	struct machine machine = {.table = table, .fn = fn, .context = context};

	machine.cursor.at = table->program.data;
	machine.cursor.end = table->program.data + table->program.size;
	begin_sequence(&machine);
	while (machine.cursor.at < machine.cursor.end) {
		unsigned opcode = cursor_fixed(&machine.cursor, 1);
		if (opcode == 0) {
			run_extended(&machine);
		} else if (opcode < table->opcode_base) {
			run_standard(&machine, opcode);
		} else {
			unsigned special = opcode - table->opcode_base;
			advance(&machine, special / table->line_range);
			machine.row.line += table->line_base + (int)(special % table->line_range);
			emit(&machine);
		}
	}
}

/* --------------------------------------------------------------------- paths */

static void append_directory(struct buffer *path, const char *directory)
{
	if (*directory)
		buffer_printf(path, "%s/", directory);
}

char *rows_path(const struct row_table *table, size_t file)
{
	const struct row_file *entry = &table->files.data[file];
	struct buffer path = {0};

	if (!entry->name)
		return NULL;
	if (*entry->name != '/' && entry->directory < table->directories.size) {
		const char *directory = table->directories.data[entry->directory];
		if (*directory != '/' && entry->directory != 0)
			append_directory(&path, table->directories.data[0]);
		append_directory(&path, directory);
	}
	buffer_puts(&path, entry->name);
	return path_normalize(buffer_take(&path));
}
