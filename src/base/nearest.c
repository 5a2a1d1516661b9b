/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.c - "did you mean": the few candidates nearest to a wanted name.
 * Apart because symbols, names in blocks and commands all ask the same question.
 */
#include <ctype.h>
#include <string.h>

#include "moontap/base.h"

#define COMPARED_MAX 64 /* longer names are compared by this much of their start */
#define FAR	     1000u

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Optimal string alignment distance, upper and lower case alike. */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned rows[3][COMPARED_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b_size; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		int ca = tolower((unsigned char)a[i - 1]);

		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			int cb = tolower((unsigned char)b[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (ca != cb));
			bool is_swap = i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
				       cb == tolower((unsigned char)a[i - 2]);
			if (is_swap && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_size];
}

/* How far a candidate is from the wanted name; FAR if it is no near miss. */
static unsigned judge(const char *wanted, const char *candidate)
{
	size_t wanted_size = strnlen(wanted, COMPARED_MAX);
	size_t candidate_size = strnlen(candidate, COMPARED_MAX);
	unsigned limit = wanted_size < 3 ? 1 : wanted_size / 3 + 1;

	/* A name that contains the wanted one (main.handle for handle) is near,
	 * but never nearer than a slip of the finger. */
	if (wanted_size >= 3 && strcasestr(candidate, wanted))
		return 2;
	size_t gap = wanted_size > candidate_size ? wanted_size - candidate_size
						  : candidate_size - wanted_size;
	if (gap > limit)
		return FAR;
	unsigned d = distance(wanted, wanted_size, candidate, candidate_size);
	return d <= limit ? d : FAR;
}

static void insert_at(struct nearest *n, size_t at, const char *candidate, unsigned d)
{
	if (n->count == NEAREST_MAX)
		free(n->best[NEAREST_MAX - 1].name);
	else
		n->count++;
	for (size_t i = n->count - 1; i > at; i--)
		n->best[i] = n->best[i - 1];
	n->best[at].name = xstrdup(candidate);
	n->best[at].distance = d;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	unsigned d = judge(n->wanted, candidate);
	size_t at = 0;

	if (d == FAR)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->best[i].name, candidate) == 0)
			return;
	while (at < n->count && n->best[at].distance <= d)
		at++;
	if (at < NEAREST_MAX)
		insert_at(n, at, candidate, d);
}

void nearest_format(const struct nearest *n, struct buffer *out)
{
	for (size_t i = 0; i < n->count; i++) {
		buffer_puts(out, i == 0 ? "`" : i + 1 < n->count ? "`, `" : "` or `");
		escape_text(out, n->best[i].name, strlen(n->best[i].name), false);
	}
	if (n->count)
		buffer_putc(out, '`');
}

void nearest_deinit(struct nearest *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->best[i].name);
	n->count = 0;
}
