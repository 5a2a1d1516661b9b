/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.c - aggregates as text: a line for each key, bars for each bucket.
 */
#include <inttypes.h>

#include "number.h"

#define BAR_WIDTH 52
#define INDENT	  "  "

static bool is_histogram(const struct aggregate *aggregate)
{
	return aggregate->shape.kind >= AGGREGATE_OF_HIST;
}

/* ------------------------------------------------------------------- order */

static double average(const mt_u64 *words)
{
	return (double)(int64_t)words[AGGREGATE_DATA] / (double)words[AGGREGATE_COUNT];
}

static int64_t extreme(enum aggregate_kind kind, const mt_u64 *words)
{
	return (int64_t)aggregate_rank(kind, words[AGGREGATE_DATA]);
}

/* By value; rows without one come first. */
static int compare_words(enum aggregate_kind kind, const mt_u64 *a, const mt_u64 *b)
{
	double average_a, average_b;
	int64_t integer_a, integer_b;

	if (!a[AGGREGATE_COUNT] || !b[AGGREGATE_COUNT])
		return (a[AGGREGATE_COUNT] > 0) - (b[AGGREGATE_COUNT] > 0);
	switch (kind) {
	case AGGREGATE_OF_AVG:
		average_a = average(a);
		average_b = average(b);
		return (average_a > average_b) - (average_a < average_b);
	case AGGREGATE_OF_SUM:
		integer_a = (int64_t)a[AGGREGATE_DATA];
		integer_b = (int64_t)b[AGGREGATE_DATA];
		break;
	case AGGREGATE_OF_MIN:
	case AGGREGATE_OF_MAX:
		integer_a = extreme(kind, a);
		integer_b = extreme(kind, b);
		break;
	default:
		integer_a = (int64_t)a[AGGREGATE_COUNT];
		integer_b = (int64_t)b[AGGREGATE_COUNT];
	}
	return (integer_a > integer_b) - (integer_a < integer_b);
}

static int compare_rows(const void *a, const void *b, void *aggregate)
{
	const struct aggregate_row *const *first = a, *const *second = b;
	const enum aggregate_kind kind = ((const struct aggregate *)aggregate)->shape.kind;
	int order = compare_words(kind, (*first)->words, (*second)->words);

	/* The rows are in the order of their keys. */
	return order ? order : (*first > *second) - (*first < *second);
}

/* ------------------------------------------------------------------- cells */

static void put_key(struct buffer *out, const struct aggregate_key *key)
{
	switch (key->kind) {
	case AGGREGATE_KEY_NIL:
		buffer_puts(out, "nil");
		break;
	case AGGREGATE_KEY_BOOLEAN:
		buffer_puts(out, key->integer ? "true" : "false");
		break;
	case AGGREGATE_KEY_INTEGER:
		number_put_integer(out, key->integer);
		break;
	case AGGREGATE_KEY_UNSIGNED:
		number_put_unsigned(out, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_ADDRESS:
		number_put_hex(out, 0, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_STACK: /* its lines are apart */
		break;
	default:
		escape_text(out, key->bytes, key->size, false);
	}
}

static void put_value(struct buffer *out, enum aggregate_kind kind, const mt_u64 *words)
{
	if (kind == AGGREGATE_OF_COUNT)
		number_put_integer(out, (int64_t)words[AGGREGATE_COUNT]);
	else if (!words[AGGREGATE_COUNT])
		buffer_puts(out, "none");
	else if (kind == AGGREGATE_OF_SUM)
		number_put_integer(out, (int64_t)words[AGGREGATE_DATA]);
	else if (kind == AGGREGATE_OF_AVG)
		number_put_float(out, average(words));
	else
		number_put_integer(out, extreme(kind, words));
}

/* Moves a text into the next cell; the first of a row is indented. */
static void add_cell(struct table *table, struct buffer *text)
{
	CLEANUP(free_p) char *taken = buffer_take(text);
	bool is_first = table->cells.size % table->columns == 0;

	table_cell(table, "%s%s", is_first ? INDENT : "", taken);
}

static bool is_stack(const struct aggregate_key *key)
{
	return key->kind == AGGREGATE_KEY_STACK;
}

/* Calls fn for each line of the stacks among a row's keys. */
static void each_frame(const struct aggregate *aggregate, const struct aggregate_row *row,
		       void (*fn)(void *context, const char *line, int size), void *context)
{
	for (size_t k = 0; k < aggregate->key_count; k++) {
		const struct aggregate_key *key = &row->keys[k];
		const char *at = key->bytes, *end = at + key->size;

		while (is_stack(key) && at < end) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			const char *next = newline ? newline : end;

			fn(context, at, (int)(next - at));
			at = next + 1;
		}
	}
}

static void add_frame(void *table, const char *line, int size)
{
	table_line(table, INDENT "%.*s", size, line);
}

static void put_frame(void *out, const char *line, int size)
{
	buffer_printf(out, INDENT "%.*s\n", size, line);
}

/* A line for each row: its keys, its value, what was missing. */
static void format_scalars(const struct aggregate *aggregate, struct aggregate_row **rows,
			   struct buffer *out)
{
	struct table table;
	struct buffer cell = {0};

	table_init(&table, aggregate->key_count + 2);
	if (aggregate->key_count)
		table_right(&table, aggregate->key_count);
	for (size_t i = 0; i < aggregate->rows.size; i++) {
		for (size_t k = 0; k < aggregate->key_count; k++) {
			put_key(&cell, &rows[i]->keys[k]);
			add_cell(&table, &cell);
		}
		put_value(&cell, aggregate->shape.kind, rows[i]->words);
		add_cell(&table, &cell);
		if (rows[i]->words[AGGREGATE_MISSING])
			buffer_printf(&cell, "(%" PRIu64 " missing)",
				      rows[i]->words[AGGREGATE_MISSING]);
		add_cell(&table, &cell);
		each_frame(aggregate, rows[i], add_frame, &table);
	}
	table_format(&table, out);
	table_deinit(&table);
}

/* -------------------------------------------------------------- histograms */

/* 2^exponent as 512, 1K, 2K ... */
static void put_power(struct buffer *out, unsigned exponent)
{
	static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};

	buffer_printf(out, "%u%s", 1u << exponent % 10, units[exponent / 10]);
}

/* Nanoseconds in a unit of time, 0 if it is none. */
static double nanoseconds(const char *unit)
{
	static const struct {
		const char *unit;
		double ns;
	} times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

	for (size_t i = 0; unit && i < ARRAY_SIZE(times); i++)
		if (strcmp(unit, times[i].unit) == 0)
			return times[i].ns;
	return 0;
}

/* In three digits: 512ns, 1.02us. */
static void put_time(struct buffer *out, double ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t unit = 0;

	for (; ns >= 999.5 && unit + 1 < ARRAY_SIZE(units); unit++)
		ns /= 1000;
	buffer_printf(out, ns < 999.5 ? "%.3g%s" : "%.0f%s", ns, units[unit]);
}

static void put_time_label(struct buffer *out, size_t bucket, double ns)
{
	buffer_putc(out, '[');
	put_time(out, ns * (double)(1ull << (bucket - 2)));
	buffer_puts(out, ", ");
	put_time(out, ns * 2 * (double)(1ull << (bucket - 2)));
	buffer_putc(out, ')');
}

static void put_log2_label(struct buffer *out, size_t bucket, const char *unit)
{
	double ns = nanoseconds(unit);

	if (bucket == 0) {
		buffer_puts(out, "(..., 0)");
	} else if (ns > 0 && bucket > 1) {
		put_time_label(out, bucket, ns);
	} else if (bucket <= 2) {
		buffer_printf(out, "[%zu]", bucket - 1);
	} else {
		buffer_putc(out, '[');
		put_power(out, (unsigned)bucket - 2);
		buffer_puts(out, ", ");
		put_power(out, (unsigned)bucket - 1);
		buffer_putc(out, ')');
	}
}

static void put_linear_label(struct buffer *out, const struct aggregate_shape *shape, size_t bucket)
{
	struct aggregate_range range = aggregate_bucket(shape, bucket);

	if (!range.has_low)
		buffer_printf(out, "(..., %" PRId64 ")", range.high);
	else if (!range.has_high)
		buffer_printf(out, "[%" PRId64 ", ...)", range.low);
	else
		buffer_printf(out, "[%" PRId64 ", %" PRId64 ")", range.low, range.high);
}

static void put_bar(struct buffer *out, mt_u64 count, mt_u64 greatest)
{
	int width = (int)((double)count / (double)greatest * BAR_WIDTH);

	buffer_putc(out, '|');
	for (int i = 0; i < BAR_WIDTH; i++)
		buffer_putc(out, i < width ? '@' : ' ');
	buffer_putc(out, '|');
}

static void add_bucket(struct table *table, const struct aggregate *aggregate, size_t bucket,
		       mt_u64 count, mt_u64 greatest)
{
	struct buffer cell = {0};

	if (aggregate->shape.kind == AGGREGATE_OF_HIST)
		put_log2_label(&cell, bucket, aggregate->unit);
	else
		put_linear_label(&cell, &aggregate->shape, bucket);
	add_cell(table, &cell);
	table_cell(table, "%" PRIu64, count);
	put_bar(&cell, count, greatest);
	add_cell(table, &cell);
}

/* From the first bucket that is not empty to the last. */
static void format_buckets(const struct aggregate *aggregate, const mt_u64 *words,
			   struct buffer *out)
{
	const mt_u64 *buckets = words + AGGREGATE_DATA;
	size_t count = aggregate_words(&aggregate->shape) - AGGREGATE_DATA, first = count, last = 0;
	mt_u64 greatest = 0;
	struct table table;

	for (size_t i = 0; i < count; i++) {
		if (!buckets[i])
			continue;
		first = first == count ? i : first;
		last = i;
		greatest = buckets[i] > greatest ? buckets[i] : greatest;
	}
	table_init(&table, 3);
	table_right(&table, 1);
	for (size_t i = first; i <= last && i < count; i++)
		add_bucket(&table, aggregate, i, buckets[i], greatest);
	if (words[AGGREGATE_MISSING]) {
		table_cell(&table, INDENT "missing");
		table_cell(&table, "%" PRIu64, words[AGGREGATE_MISSING]);
		table_cell(&table, " ");
	}
	table_format(&table, out);
	table_deinit(&table);
}

/* A line of the keys, but for stacks; none if there are no others. */
static void put_keys(const struct aggregate *aggregate, const struct aggregate_row *row,
		     struct buffer *out)
{
	bool has_some = false;

	for (size_t k = 0; k < aggregate->key_count; k++) {
		if (is_stack(&row->keys[k]))
			continue;
		buffer_puts(out, has_some ? ", " : INDENT);
		put_key(out, &row->keys[k]);
		has_some = true;
	}
	if (has_some)
		buffer_puts(out, ":\n");
}

static void format_histograms(const struct aggregate *aggregate, struct aggregate_row **rows,
			      struct buffer *out)
{
	for (size_t i = 0; i < aggregate->rows.size; i++) {
		put_keys(aggregate, rows[i], out);
		each_frame(aggregate, rows[i], put_frame, out);
		format_buckets(aggregate, rows[i]->words, out);
	}
}

void aggregate_format(const struct aggregate *aggregate, struct buffer *out)
{
	size_t count = aggregate->rows.size;
	CLEANUP(free_p) struct aggregate_row **rows = xcalloc(count + 1, sizeof(*rows));

	for (size_t i = 0; i < count; i++)
		rows[i] = &aggregate->rows.data[i];
	qsort_r(rows, count, sizeof(struct aggregate_row *), compare_rows, (void *)aggregate);
	if (!count)
		buffer_puts(out, INDENT "nothing yet\n");
	else if (is_histogram(aggregate))
		format_histograms(aggregate, rows, out);
	else
		format_scalars(aggregate, rows, out);
	if (aggregate->dropped)
		buffer_printf(out,
			      INDENT "%" PRIu64 " dropped: the table is full (%u rows), and "
				     "these had other keys\n",
			      aggregate->dropped, aggregate_capacity(&aggregate->shape));
}
