/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usdt.c - static probes: the notes that <sys/sdt.h> puts into .note.stapsdt. Of each: the
 * addresses of the nop, of .stapsdt.base and of the semaphore, all as they were when the file was
 * linked; then provider, name and arguments, a string each
 * (https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation).
 */
#include <stdlib.h>

#include "cursor.h"

#define NOTES_SIZE_MAX	((uint64_t)64 << 20)
#define NOTE_TYPE	3
#define NOTE_OWNER	"stapsdt"
#define SEMAPHORE_BYTES 2

struct usdt_arguments {
	const struct usdt_argument *data;
	size_t count;
	bool is_known;
};

struct usdts {
	VECTOR(struct usdt) all;
	struct usdt_arguments *arguments; /* of each, made when first asked for */
};

/* -------------------------------------------------------------------- notes */

static uint64_t aligned(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

/* How far the file was moved after it was linked (prelink). Notes are not moved; the section
 * .stapsdt.base, which they name, is. */
static uint64_t distance_moved(const struct image *image, uint64_t base)
{
	const struct section *section = image_section(image, ".stapsdt.base");

	return section && base ? section->address - base : 0;
}

static bool read_note(struct image *image, struct cursor *note, struct usdt *ret)
{
	uint64_t address = cursor_fixed(note, 8), base = cursor_fixed(note, 8);
	uint64_t semaphore = cursor_fixed(note, 8), moved = distance_moved(image, base);
	const char *provider = cursor_string(note), *name = cursor_string(note);
	const char *arguments = cursor_string(note);

	if (note->has_failed || !*provider || !*name)
		return false;
	CLEANUP(buffer_deinit) struct buffer whole = {0};
	escape_text(&whole, provider, strlen(provider), false);
	buffer_putc(&whole, ':');
	escape_text(&whole, name, strlen(name), false);
	*ret = (struct usdt){
	    .provider = image_intern(image, provider),
	    .name = image_intern(image, name),
	    .whole = image_intern(image, whole.data),
	    .address = address + moved,
	    .semaphore = semaphore ? semaphore + moved : 0,
	    .arguments = image_intern(image, arguments),
	};
	return true;
}

static void read_notes(struct image *image, struct cursor *notes, struct usdts *usdts)
{
	while (notes->at < notes->end) {
		uint64_t owner_size = cursor_fixed(notes, 4), size = cursor_fixed(notes, 4);
		uint64_t type = cursor_fixed(notes, 4);
		const uint8_t *owner = cursor_take(notes, aligned(owner_size));
		const uint8_t *data = cursor_take(notes, size);
		struct usdt usdt;

		if (!owner || !data)
			return;
		uint64_t padding = aligned(size) - size, left = (uint64_t)(notes->end - notes->at);
		cursor_take(notes, padding < left ? padding : left); /* the last may lack it */
		if (type != NOTE_TYPE || owner_size != sizeof(NOTE_OWNER) ||
		    memcmp(owner, NOTE_OWNER, sizeof(NOTE_OWNER)) != 0)
			continue;
		struct cursor note = {.at = data, .end = data + size};
		if (!read_note(image, &note, &usdt))
			return;
		vector_push(&usdts->all, usdt);
	}
}

static int compare(const void *left, const void *right)
{
	const struct usdt *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return strcmp(a->whole, b->whole);
}

static struct usdts *usdts_read(struct image *image)
{
	struct usdts *usdts = xcalloc(1, sizeof(*usdts));
	const struct section *section = image_section(image, ".note.stapsdt");

	if (!section || section->size > NOTES_SIZE_MAX)
		return usdts;
	CLEANUP(free_p) uint8_t *bytes = xmalloc(section->size + 1);
	struct cursor notes = {.at = bytes, .end = bytes + section->size};
	if (image_pread(image, section->offset, bytes, section->size))
		read_notes(image, &notes, usdts);
	if (usdts->all.size)
		qsort(usdts->all.data, usdts->all.size, sizeof(*usdts->all.data), compare);
	usdts->arguments = xcalloc(usdts->all.size + 1, sizeof(*usdts->arguments));
	return usdts;
}

void usdts_free(struct usdts *usdts)
{
	if (!usdts)
		return;
	vector_deinit(&usdts->all);
	free(usdts->arguments);
	free(usdts);
}

/* ------------------------------------------------------------------ asked for */

static const struct usdts *usdts_get(struct image *image)
{
	if (!image->usdts)
		image->usdts = usdts_read(image);
	return image->usdts;
}

const struct usdt *image_usdts(struct image *image, size_t *ret_count)
{
	const struct usdts *usdts = usdts_get(image);

	*ret_count = usdts->all.size;
	return usdts->all.data;
}

const struct usdt_argument *image_usdt_arguments(struct image *image, const struct usdt *usdt,
						 size_t *ret_count)
{
	const struct usdts *usdts = usdts_get(image);
	struct usdt_arguments *arguments = &usdts->arguments[usdt - usdts->all.data];

	if (!arguments->is_known)
		arguments->data = usdt_parse_arguments(image, usdt->arguments, &arguments->count);
	arguments->is_known = true;
	*ret_count = arguments->count;
	return arguments->data;
}

/* The first at address or behind it. */
static size_t first_from(const struct usdts *usdts, uint64_t address)
{
	size_t low = 0, high = usdts->all.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (usdts->all.data[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t image_usdt_semaphore(struct image *image, uint64_t address)
{
	const struct usdts *usdts = usdts_get(image);
	uint64_t offset;

	for (size_t i = first_from(usdts, address); i < usdts->all.size; i++) {
		const struct usdt *usdt = &usdts->all.data[i];
		if (usdt->address != address)
			break;
		if (usdt->semaphore &&
		    image_file_offset(image, usdt->semaphore, SEMAPHORE_BYTES, &offset))
			return offset;
	}
	return 0;
}
