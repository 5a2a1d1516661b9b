/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfitable.c - lists the entries of .eh_frame or .debug_frame by address (formats: DWARF 5,
 * 6.4; the Linux Standard Base, Core, 10.6).
 */
#include <dwarf.h>

#include "cfitable.h"

/* ----------------------------------------------------------------- headers */

/* The piece at an offset: its body, and whether that is an entry. */
struct piece {
	size_t start, next; /* offsets of it and of the next */
	struct cursor body; /* behind the id */
	bool is_entry;
	uint64_t common; /* offset of what it has in common with others */
};

static struct cursor cursor_at(const struct cfi_table *table, size_t offset, size_t end)
{
	return (struct cursor){table->bytes.data + offset, table->bytes.data + end, false};
}

/* False at the end of what can be read. */
static bool read_piece(const struct cfi_table *table, size_t offset, struct piece *ret)
{
	struct cursor cursor = cursor_at(table, offset, table->bytes.size);
	uint64_t length = cursor_fixed(&cursor, 4), none = 0;
	size_t id_size = 4;

	if (length == 0xffffffff) {
		length = cursor_fixed(&cursor, 8);
		id_size = table->is_debug ? 8 : 4;
	}
	size_t id_offset = (size_t)(cursor.at - table->bytes.data);
	if (cursor.has_failed || length > table->bytes.size - id_offset)
		return false;
	*ret = (struct piece){.start = offset, .next = id_offset + length};
	ret->body = cursor_at(table, id_offset, ret->next);
	if (length < id_size) /* some linkers leave an end of 0 in the middle */
		return true;
	uint64_t id = cursor_fixed(&ret->body, id_size);
	if (table->is_debug)
		none = id_size == 8 ? UINT64_MAX : 0xffffffff;
	ret->is_entry = id != none;
	ret->common = table->is_debug ? id : id_offset - id;
	return true;
}

/* ------------------------------------------------------------------ common */

static size_t encoded_size(uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_udata2:
	case DW_EH_PE_sdata2:
		return 2;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		return 4;
	default:
		return 8;
	}
}

/* Addresses are absolute or relative to where they stand: nobody writes others here. */
bool cfi_read_address(const struct cfi_table *table, struct cursor *cursor, uint8_t encoding,
		      uint64_t *ret)
{
	uint64_t from = table->address + (uint64_t)(cursor->at - table->bytes.data);
	size_t size = encoded_size(encoding);

	*ret = cursor_fixed(cursor, size);
	if (encoding & DW_EH_PE_signed && size < 8 && *ret >> (8 * size - 1))
		*ret |= ~0ull << 8 * size;
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		*ret += from;
	return (encoding & ~0x1f) == 0 && (encoding & 0x0f) != DW_EH_PE_uleb128 &&
	       (encoding & 0x0f) != DW_EH_PE_sleb128 && !cursor->has_failed;
}

static void read_augmentation(struct cursor *cursor, const char *letters, struct cfi_common *ret)
{
	uint8_t encoding;

	for (; *letters; letters++)
		switch (*letters) {
		case 'R':
			ret->encoding = cursor_fixed(cursor, 1);
			break;
		case 'S':
			ret->is_signal = true;
			break;
		case 'L':
			cursor_fixed(cursor, 1);
			break;
		case 'P':
			encoding = cursor_fixed(cursor, 1);
			cursor_take(cursor, encoded_size(encoding));
			break;
		default: /* what it means for the rest is not known, how long it is, is */
			return;
		}
}

static bool read_common(const struct cfi_table *table, uint64_t offset, struct cfi_common *ret)
{
	struct piece piece;

	*ret = (struct cfi_common){.encoding = DW_EH_PE_absptr};
	if (offset >= table->bytes.size || !read_piece(table, offset, &piece) || piece.is_entry)
		return false;
	struct cursor *cursor = &piece.body;
	uint64_t version = cursor_fixed(cursor, 1);
	const char *letters = cursor_string(cursor);
	if (!letters || (*letters && *letters != 'z') || version > 4)
		return false;
	if (version == 4) /* sizes of an address and of a segment's selector */
		cursor_take(cursor, 2);
	ret->code_step = cursor_unsigned(cursor);
	ret->data_step = cursor_signed(cursor);
	ret->return_register = version == 1 ? cursor_fixed(cursor, 1) : cursor_unsigned(cursor);
	ret->has_augmentation = *letters == 'z';
	if (ret->has_augmentation) {
		uint64_t size = cursor_unsigned(cursor);
		const uint8_t *data = cursor_take(cursor, size);
		if (!data)
			return false;
		struct cursor augmentation = {data, data + size, false};
		read_augmentation(&augmentation, letters + 1, ret);
	}
	ret->program = *cursor;
	return !cursor->has_failed && ret->return_register == REGISTER_RETURN;
}

/* ----------------------------------------------------------------- entries */

static bool read_entry(const struct cfi_table *table, struct piece *piece,
		       const struct cfi_common *common, struct cfi_entry *ret)
{
	uint64_t size;

	ret->offset = piece->start;
	if (!cfi_read_address(table, &piece->body, common->encoding, &ret->start) ||
	    !cfi_read_address(table, &piece->body, common->encoding & 0x0f, &size))
		return false;
	ret->end = ret->start + size;
	/* At 0 is what the linker threw away. */
	return ret->start && ret->start < ret->end;
}

bool cfi_read_program(const struct cfi_table *table, const struct cfi_entry *entry,
		      struct cfi_common *ret_common, struct cursor *ret)
{
	struct piece piece;
	struct cfi_entry again;

	if (!read_piece(table, entry->offset, &piece) ||
	    !read_common(table, piece.common, ret_common) ||
	    !read_entry(table, &piece, ret_common, &again))
		return false;
	if (ret_common->has_augmentation)
		cursor_take(&piece.body, cursor_unsigned(&piece.body));
	*ret = piece.body;
	return !piece.body.has_failed;
}

static int compare(const void *left, const void *right)
{
	const struct cfi_entry *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

void cfi_table_open(struct cfi_table *ret, struct bytes bytes, uint64_t address, bool is_debug)
{
	uint64_t known = UINT64_MAX;
	struct cfi_common common;
	struct piece piece;
	bool is_known = false;

	*ret = (struct cfi_table){.bytes = bytes, .address = address, .is_debug = is_debug};
	for (size_t at = 0; at < bytes.size && read_piece(ret, at, &piece); at = piece.next) {
		struct cfi_entry entry;
		if (!piece.is_entry)
			continue;
		/* Most entries have what the one before has. */
		if (piece.common != known)
			is_known = read_common(ret, piece.common, &common);
		known = piece.common;
		if (is_known && read_entry(ret, &piece, &common, &entry))
			vector_push(&ret->entries, entry);
	}
	if (ret->entries.size)
		qsort(ret->entries.data, ret->entries.size, sizeof(*ret->entries.data), compare);
}

void cfi_table_close(struct cfi_table *table)
{
	vector_deinit(&table->entries);
}

const struct cfi_entry *cfi_table_entry(const struct cfi_table *table, uint64_t address)
{
	size_t low = 0, high = table->entries.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->entries.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= table->entries.data[low - 1].end)
		return NULL;
	return &table->entries.data[low - 1];
}
