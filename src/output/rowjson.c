/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rowjson.c - aggregates as JSON: their rows, with keys as the values they are.
 */
#include <string.h>

#include "moontap/output.h"

/* Its frames, without their indentation. */
static void put_stack(struct buffer *out, const struct aggregate_key *key)
{
	const char *at = key->bytes, *end = at + key->size;

	buffer_putc(out, '[');
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline : end;

		while (at < next && *at == ' ')
			at++;
		json_string(out, at, (size_t)(next - at));
		at = next + 1;
		buffer_puts(out, at < end ? "," : "");
	}
	buffer_putc(out, ']');
}

static void put_key(struct buffer *out, const struct aggregate_key *key)
{
	switch (key->kind) {
	case AGGREGATE_KEY_NIL:
		buffer_puts(out, "null");
		break;
	case AGGREGATE_KEY_MISSING: /* a missing_text, but not terminated */
		buffer_puts(out, "{\"missing\":");
		json_text(out, key->bytes, key->size);
		buffer_putc(out, '}');
		break;
	case AGGREGATE_KEY_BOOLEAN:
		buffer_puts(out, key->integer ? "true" : "false");
		break;
	case AGGREGATE_KEY_INTEGER:
		json_integer(out, key->integer);
		break;
	case AGGREGATE_KEY_UNSIGNED:
		json_unsigned(out, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_ADDRESS:
		json_hex(out, 0, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_STRING:
		json_string(out, key->bytes, key->size);
		break;
	case AGGREGATE_KEY_STACK:
		put_stack(out, key);
		break;
	}
}

static void put_member(struct buffer *out, const char *name, int64_t value)
{
	buffer_puts(out, name);
	json_integer(out, value);
}

/* min and max are both in it; one that goes on without end has none there. */
static void put_bucket(struct buffer *out, const struct aggregate_shape *shape, size_t bucket,
		       mt_u64 count)
{
	struct aggregate_range range = aggregate_bucket(shape, bucket);

	buffer_putc(out, '{');
	if (range.has_low)
		put_member(out, "\"min\":", range.low);
	if (range.has_low && range.has_high)
		buffer_putc(out, ',');
	if (range.has_high)
		put_member(out, "\"max\":", range.high - 1);
	buffer_puts(out, ",\"count\":");
	json_unsigned(out, count);
	buffer_putc(out, '}');
}

/* From the first that is not empty to the last. */
static void put_buckets(struct buffer *out, const struct aggregate_shape *shape,
			const mt_u64 *words)
{
	const mt_u64 *buckets = words + AGGREGATE_DATA;
	size_t first = 0, end = aggregate_words(shape) - AGGREGATE_DATA;

	while (first < end && !buckets[first])
		first++;
	while (end > first && !buckets[end - 1])
		end--;
	buffer_puts(out, ",\"buckets\":[");
	for (size_t i = first; i < end; i++) {
		buffer_puts(out, i > first ? "," : "");
		put_bucket(out, shape, i, buckets[i]);
	}
	buffer_putc(out, ']');
}

/* null if nothing was counted in. */
static void put_value(struct buffer *out, enum aggregate_kind kind, const mt_u64 *words)
{
	int64_t data = (int64_t)words[AGGREGATE_DATA];

	buffer_puts(out, ",\"value\":");
	if (!words[AGGREGATE_COUNT])
		buffer_puts(out, "null");
	else if (kind == AGGREGATE_OF_AVG)
		json_float(out, (double)data / (double)words[AGGREGATE_COUNT]);
	else if (kind == AGGREGATE_OF_SUM)
		json_integer(out, data);
	else
		json_integer(out, (int64_t)aggregate_rank(kind, (mt_u64)data));
}

static void put_row(struct buffer *out, const struct aggregate *aggregate,
		    const struct aggregate_row *row)
{
	enum aggregate_kind kind = aggregate->shape.kind;

	buffer_puts(out, "{\"keys\":[");
	for (size_t k = 0; k < aggregate->key_count; k++) {
		buffer_puts(out, k ? "," : "");
		put_key(out, &row->keys[k]);
	}
	buffer_puts(out, "],\"count\":");
	json_unsigned(out, row->words[AGGREGATE_COUNT]);
	buffer_puts(out, ",\"missing\":");
	json_unsigned(out, row->words[AGGREGATE_MISSING]);
	if (kind >= AGGREGATE_OF_HIST)
		put_buckets(out, &aggregate->shape, row->words);
	else if (kind != AGGREGATE_OF_COUNT)
		put_value(out, kind, row->words);
	buffer_putc(out, '}');
}

void aggregate_json(const struct aggregate *aggregate, struct buffer *out)
{
	const char *unit = aggregate->unit;

	buffer_puts(out, "\"kind\":\"");
	buffer_puts(out, aggregate_kind_name(aggregate->shape.kind));
	buffer_puts(out, "\",\"unit\":");
	if (unit)
		json_text(out, unit, strlen(unit));
	else
		buffer_puts(out, "null");
	buffer_puts(out, ",\"rows\":[");
	for (size_t i = 0; i < aggregate->rows.size; i++) {
		buffer_puts(out, i ? "," : "");
		put_row(out, aggregate, &aggregate->rows.data[i]);
	}
	buffer_puts(out, "],\"dropped\":");
	json_unsigned(out, aggregate->dropped);
}
