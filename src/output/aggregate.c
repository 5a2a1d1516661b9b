/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - rows of values by key.
 * Apart from their text because both halves fill them: Lua value by value, the
 * kernel's tables row by row.
 */
#include "moontap/output.h"

void aggregate_init(struct aggregate *aggregate, const struct aggregate_shape *shape,
		    size_t key_count)
{
	*aggregate = (struct aggregate){.shape = *shape, .key_count = key_count};
}

void aggregate_deinit(struct aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->rows.size; i++) {
		struct aggregate_row *row = &aggregate->rows.data[i];

		for (size_t k = 0; k < aggregate->key_count; k++)
			free((char *)row->keys[k].bytes);
		free(row->keys);
		free(row->words);
	}
	vector_deinit(&aggregate->rows);
}

/* -------------------------------------------------------------------- rows */

static int compare_bytes(const struct aggregate_key *a, const struct aggregate_key *b)
{
	size_t size = a->size < b->size ? a->size : b->size;
	int order = size ? memcmp(a->bytes, b->bytes, size) : 0;

	return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_numbers(const struct aggregate_key *a, const struct aggregate_key *b)
{
	uint64_t bits_a = (uint64_t)a->integer, bits_b = (uint64_t)b->integer;

	if (a->kind == AGGREGATE_KEY_INTEGER)
		return (a->integer > b->integer) - (a->integer < b->integer);
	return (bits_a > bits_b) - (bits_a < bits_b);
}

static bool is_text(const struct aggregate_key *key)
{
	return key->kind == AGGREGATE_KEY_STRING || key->kind == AGGREGATE_KEY_STACK ||
	       key->kind == AGGREGATE_KEY_MISSING;
}

static int compare_keys(const struct aggregate_key *a, const struct aggregate_key *b, size_t count)
{
	for (size_t i = 0; i < count; i++, a++, b++) {
		int order = (a->kind > b->kind) - (a->kind < b->kind);

		if (!order)
			order = is_text(a) ? compare_bytes(a, b) : compare_numbers(a, b);
		if (order)
			return order;
	}
	return 0;
}

/* Where the row of these keys is or would be. */
static size_t find(const struct aggregate *aggregate, const struct aggregate_key *keys,
		   bool *ret_is_there)
{
	size_t low = 0, high = aggregate->rows.size;

	*ret_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order =
		    compare_keys(keys, aggregate->rows.data[middle].keys, aggregate->key_count);

		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct aggregate_key *copy_keys(const struct aggregate_key *keys, size_t count)
{
	struct aggregate_key *copy = xcalloc(count + 1, sizeof(*copy));

	for (size_t i = 0; i < count; i++) {
		copy[i] = keys[i];
		copy[i].bytes = keys[i].bytes ? xmalloc(keys[i].size + 1) : NULL;
		if (keys[i].bytes)
			memcpy((char *)copy[i].bytes, keys[i].bytes, keys[i].size);
	}
	return copy;
}

mt_u64 *aggregate_row(struct aggregate *aggregate, const struct aggregate_key *keys)
{
	bool is_there;
	size_t at = find(aggregate, keys, &is_there);

	if (is_there)
		return aggregate->rows.data[at].words;
	if (aggregate->rows.size >= aggregate_capacity(&aggregate->shape)) {
		aggregate->dropped++;
		return NULL;
	}
	vector_add(&aggregate->rows);
	struct aggregate_row *row = &aggregate->rows.data[at];
	memmove(row + 1, row, (aggregate->rows.size - 1 - at) * sizeof(*row));
	row->keys = copy_keys(keys, aggregate->key_count);
	row->words = xcalloc(aggregate_words(&aggregate->shape), sizeof(*row->words));
	return row->words;
}

const mt_u64 *aggregate_find(const struct aggregate *aggregate, const struct aggregate_key *keys)
{
	bool is_there;
	size_t at = find(aggregate, keys, &is_there);

	return is_there ? aggregate->rows.data[at].words : NULL;
}

const char *aggregate_kind_name(enum aggregate_kind kind)
{
	static const char *const names[] = {
	    [AGGREGATE_OF_COUNT] = "count", [AGGREGATE_OF_SUM] = "sum",
	    [AGGREGATE_OF_AVG] = "avg",	    [AGGREGATE_OF_MIN] = "min",
	    [AGGREGATE_OF_MAX] = "max",	    [AGGREGATE_OF_HIST] = "hist",
	    [AGGREGATE_OF_LHIST] = "lhist",
	};

	return names[kind];
}

/* ----------------------------------------------------------------- buckets */

static struct aggregate_range log2_range(size_t bucket)
{
	struct aggregate_range range = {.has_low = bucket > 0, .has_high = bucket < 64};

	if (bucket > 1)
		range.low = (int64_t)(1ull << (bucket - 2));
	if (bucket > 0 && bucket < 64)
		range.high = bucket == 1 ? 1 : (int64_t)(1ull << (bucket - 1));
	return range;
}

struct aggregate_range aggregate_bucket(const struct aggregate_shape *shape, size_t bucket)
{
	if (shape->kind == AGGREGATE_OF_HIST)
		return log2_range(bucket);
	uint64_t steps = aggregate_steps(shape);
	/* Below low, or from high on; others follow. */
	struct aggregate_range range = {bucket > 0, bucket <= steps, shape->high, shape->low};
	if (bucket == 0 || bucket > steps)
		return range;
	range.low = (int64_t)((uint64_t)shape->low + (bucket - 1) * (uint64_t)shape->step);
	range.high = bucket == steps ? shape->high : range.low + shape->step;
	return range;
}

/* ------------------------------------------------------------------ values */

static unsigned log2_bucket(int64_t value)
{
	if (value <= 0)
		return value == 0;
	return 2 + (63 - (unsigned)__builtin_clzll((uint64_t)value));
}

static unsigned linear_bucket(const struct aggregate_shape *shape, int64_t value)
{
	if (value < shape->low)
		return 0;
	if (value >= shape->high)
		return 1 + (unsigned)aggregate_steps(shape);
	return 1 + (unsigned)(((uint64_t)value - (uint64_t)shape->low) / (uint64_t)shape->step);
}

void aggregate_add(const struct aggregate *aggregate, mt_u64 *row, int64_t value)
{
	const struct aggregate_shape *shape = &aggregate->shape;
	mt_u64 *data = &row[AGGREGATE_DATA], rank;

	row[AGGREGATE_COUNT]++;
	switch (shape->kind) {
	case AGGREGATE_OF_COUNT:
		break;
	case AGGREGATE_OF_SUM:
	case AGGREGATE_OF_AVG:
		*data += (mt_u64)value;
		break;
	case AGGREGATE_OF_MIN:
	case AGGREGATE_OF_MAX:
		rank = aggregate_rank(shape->kind, (mt_u64)value);
		*data = rank > *data ? rank : *data;
		break;
	case AGGREGATE_OF_HIST:
		data[log2_bucket(value)]++;
		break;
	case AGGREGATE_OF_LHIST:
		data[linear_bucket(shape, value)]++;
		break;
	}
}
