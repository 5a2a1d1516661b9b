/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - the strings of a region of a file that contain a literal.
 *
 * The first searches read the region in pieces that fit a cache, and keep nothing. A
 * session that goes on asking gets a filter: for every few kilobytes of strings, which
 * sequences of four bytes are in them, so that only those are read that may hold the literal.
 */
#include "internal.h"

#define SCANNED_AT_A_TIME	((size_t)256 * 1024)
#define FILTERED_AT_A_TIME	4096
#define SEARCHES_WITHOUT_FILTER 8
#define SEQUENCE		4 /* bytes */
#define SEQUENCE_BITS		12

/* ------------------------------------------------------------------- spans */

static void add_span(struct name_spans *spans, uint64_t start, const char *string, size_t length,
		     uint64_t last)
{
	*vector_add(&spans->spans) = (struct span_of_names){
	    .start = start,
	    .last = last,
	    .copy = arena_strndup(&spans->arena, string, length),
	};
}

/* Strings of bytes (which ends with a NUL) that contain the literal. */
static void collect_hits(struct name_spans *spans, const char *bytes, size_t size, uint64_t base,
			 const char *literal, size_t literal_size)
{
	const char *end = bytes + size, *at = bytes, *hit;

	while (at < end && (hit = memmem(at, end - at, literal, literal_size))) {
		const char *before = memrchr(at, '\0', hit - at);
		const char *string = before ? before + 1 : at;
		const char *stop = memchr(hit, '\0', end - hit), *last = hit, *next;
		if (literal_size == 0)
			last = stop;
		while (last < stop &&
		       (next = memmem(last + 1, stop - last - 1, literal, literal_size)))
			last = next;
		add_span(spans, base + (string - bytes), string, stop - string,
			 base + (last - bytes));
		at = stop + 1;
	}
}

/* ------------------------------------------------------------------ reading */

typedef void (*strings_fn)(void *context, const char *bytes, size_t size, uint64_t base);

/* Calls fn for the whole strings of the region, about so many bytes at a time. */
static void each_piece(const struct image *image, uint64_t offset, uint64_t size, size_t at_a_time,
		       strings_fn fn, void *context)
{
	struct buffer bytes = {0};

	for (uint64_t done = 0, base = 0; done < size;) {
		size_t piece = size - done < at_a_time ? size - done : at_a_time;
		char *room = buffer_reserve(&bytes, piece);
		if (!image_pread(image, offset + done, room, piece))
			break;
		bytes.size += piece;
		done += piece;
		/* A string that goes on in the next piece waits for it. */
		const char *last = memrchr(bytes.data, '\0', bytes.size);
		if (!last)
			continue;
		size_t whole = last + 1 - bytes.data;
		fn(context, bytes.data, whole, base);
		memmove(bytes.data, bytes.data + whole, bytes.size - whole);
		bytes.size -= whole;
		base += whole;
	}
	buffer_deinit(&bytes);
}

/* ------------------------------------------------------------------- filters */

/* Which sequences are in some strings, by hash. */
struct sequences {
	uint64_t bits[(1 << SEQUENCE_BITS) / 64];
};

struct piece {
	uint64_t start, size; /* in the region */
	struct sequences sequences;
};

/* Of one region, by its offset in the file. */
struct filter {
	uint64_t offset;
	unsigned searches;
	VECTOR(struct piece) pieces; /* empty until it has been searched often */
};

struct name_filters {
	VECTOR(struct filter) all;
};

struct name_filters *name_filters_new(void)
{
	return xcalloc(1, sizeof(struct name_filters));
}

void name_filters_free(struct name_filters *filters)
{
	if (!filters)
		return;
	for (size_t i = 0; i < filters->all.size; i++)
		vector_deinit(&filters->all.data[i].pieces);
	vector_deinit(&filters->all);
	free(filters);
}

static struct filter *filter_of(struct name_filters *filters, uint64_t offset)
{
	for (size_t i = 0; i < filters->all.size; i++)
		if (filters->all.data[i].offset == offset)
			return &filters->all.data[i];
	struct filter *filter = vector_add(&filters->all);
	filter->offset = offset;
	return filter;
}

static void note_sequences(struct sequences *sequences, const char *bytes, size_t size)
{
	uint32_t last = 0;

	for (size_t i = 0; i < size; i++) {
		last = last << 8 | (uint8_t)bytes[i];
		uint32_t hash = last * UINT32_C(0x9e3779b1) >> (32 - SEQUENCE_BITS);
		if (i + 1 >= SEQUENCE)
			sequences->bits[hash / 64] |= UINT64_C(1) << hash % 64;
	}
}

static void add_piece(void *context, const char *bytes, size_t size, uint64_t base)
{
	struct filter *filter = context;
	struct piece *piece = vector_add(&filter->pieces);

	piece->start = base;
	piece->size = size;
	note_sequences(&piece->sequences, bytes, size);
}

static bool may_contain(const struct sequences *sequences, const struct sequences *wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted->bits); i++)
		if (wanted->bits[i] & ~sequences->bits[i])
			return false;
	return true;
}

/* ------------------------------------------------------------------- search */

struct scan {
	struct name_spans *spans;
	const char *literal;
	size_t literal_size;
};

static void scan_piece(void *context, const char *bytes, size_t size, uint64_t base)
{
	const struct scan *scan = context;

	collect_hits(scan->spans, bytes, size, base, scan->literal, scan->literal_size);
}

static void scan_filtered(const struct scan *scan, const struct image *image,
			  const struct filter *filter)
{
	struct sequences wanted = {{0}};
	struct buffer bytes = {0};

	note_sequences(&wanted, scan->literal, scan->literal_size);
	for (size_t i = 0; i < filter->pieces.size; i++) {
		const struct piece *piece = &filter->pieces.data[i];
		if (!may_contain(&piece->sequences, &wanted))
			continue;
		char *room = buffer_reserve(&bytes, piece->size);
		if (image_pread(image, filter->offset + piece->start, room, piece->size))
			collect_hits(scan->spans, room, piece->size, piece->start, scan->literal,
				     scan->literal_size);
	}
	buffer_deinit(&bytes);
}

bool name_spans_collect(struct name_spans *spans, const struct image *image, uint64_t offset,
			uint64_t size, const char *literal)
{
	struct scan scan = {spans, literal, strlen(literal)};
	struct filter *filter = filter_of(image->name_filters, offset);
	bool is_frequent = ++filter->searches > SEARCHES_WITHOUT_FILTER;

	if (is_frequent && !filter->pieces.size)
		each_piece(image, offset, size, FILTERED_AT_A_TIME, add_piece, filter);
	if (is_frequent && scan.literal_size >= SEQUENCE)
		scan_filtered(&scan, image, filter);
	else
		each_piece(image, offset, size, SCANNED_AT_A_TIME, scan_piece, &scan);
	return is_frequent;
}

const char *name_spans_at(const struct name_spans *spans, uint64_t offset)
{
	size_t low = 0, high = spans->spans.size;

	while (low < high) { /* the first span that starts after offset */
		size_t middle = low + (high - low) / 2;
		if (spans->spans.data[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || offset > spans->spans.data[low - 1].last)
		return NULL;
	const struct span_of_names *span = &spans->spans.data[low - 1];
	return span->copy + (offset - span->start);
}

void name_spans_deinit(struct name_spans *spans)
{
	arena_deinit(&spans->arena);
	vector_deinit(&spans->spans);
}
