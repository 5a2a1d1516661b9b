/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * budget.c - how many lines of events a terminal gets to see in a second.
 *
 * A person cannot read more, and a terminal that is slower than the target would keep
 * the rings from being read. What is held back is counted and said. A file or a
 * pipe gets everything.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void budget_init(struct console *console)
{
	console->budget.is_terminal =
	    console->options->format == OUTPUT_TEXT && isatty(console->events->fd);
}

/* Says what the second that is over has held back. */
static void tell(struct budget *budget, struct buffer *out)
{
	if (budget->held_back)
		buffer_printf(out,
			      "[%" PRIu64 " lines held back; -o FILE gets all, \"set event-lines\" "
			      "shows more]\n",
			      budget->held_back);
	budget->held_back = 0;
}

static void begin_second(struct budget *budget, struct buffer *out)
{
	int64_t now = now_ms();
	if (now < budget->second_ends_ms)
		return;
	tell(budget, out);
	budget->second_ends_ms = now + 1000;
	budget->lines = 0;
}

/* The end of the first lines of text that may be shown; counts them. */
static size_t admit(struct budget *budget, unsigned limit, const char *text, size_t size)
{
	size_t end = 0;
	while (end < size && budget->lines < limit) {
		const char *newline = memchr(text + end, '\n', size - end);
		if (!newline)
			return size;
		end = (size_t)(newline - text) + 1;
		budget->lines++;
	}
	return end;
}

static uint64_t count_lines(const char *text, size_t size)
{
	uint64_t count = 0;
	for (const char *end = text + size; text < end && (text = memchr(text, '\n', end - text));
	     text++)
		count++;
	return count;
}

void budget_trim(void *context, struct buffer *pending)
{
	struct console *console = context;
	struct budget *budget = &console->budget;
	unsigned limit = console->settings.event_lines;
	if (!budget->is_terminal || !budget->is_delivering || !limit || !pending->size)
		return;
	struct buffer shown = {0};
	begin_second(budget, &shown);
	size_t end = admit(budget, limit, pending->data, pending->size);
	buffer_append(&shown, pending->data, end);
	budget->held_back += count_lines(pending->data + end, pending->size - end);
	buffer_deinit(pending);
	*pending = shown;
}

int budget_wait_ms(struct console *console)
{
	struct budget *budget = &console->budget;
	if (!budget->held_back)
		return -1;
	int64_t left = budget->second_ends_ms - now_ms();
	if (left > 0)
		return (int)left;
	begin_second(budget, &console->events->pending);
	console_flush(console);
	return -1;
}

void budget_finish(struct console *console)
{
	tell(&console->budget, &console->events->pending);
}
