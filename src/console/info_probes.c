/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_probes.c - info probes: the static probes of the target's files, as GDB lists them.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

enum pattern {
	PATTERN_PROVIDER,
	PATTERN_NAME,
	PATTERN_OBJECT,
	PATTERN_COUNT
};

struct found_probe {
	const struct usdt *usdt;
	const char *object;
};

struct probe_list {
	regex_t patterns[PATTERN_COUNT];
	size_t count; /* of patterns */
	VECTOR(struct found_probe) found;
};

static bool answers(const struct probe_list *list, enum pattern pattern, const char *text)
{
	return pattern >= list->count || !regexec(&list->patterns[pattern], text, 0, NULL, 0);
}

static void find_in_module(void *context, struct image *image)
{
	struct probe_list *list = context;
	size_t count;
	const struct usdt *usdts = image_usdts(image, &count);
	if (!answers(list, PATTERN_OBJECT, image_name(image)))
		return;
	for (size_t i = 0; i < count; i++)
		if (answers(list, PATTERN_PROVIDER, usdts[i].provider) &&
		    answers(list, PATTERN_NAME, usdts[i].name))
			vector_push(&list->found,
				    ((struct found_probe){&usdts[i], image_name(image)}));
}

/* GDB's order. */
static int compare(const void *left, const void *right)
{
	const struct found_probe *a = left, *b = right;
	int order = strcmp(a->usdt->provider, b->usdt->provider);
	if (!order)
		order = strcmp(a->usdt->name, b->usdt->name);
	if (order)
		return order;
	return a->usdt->address < b->usdt->address ? -1 : a->usdt->address > b->usdt->address;
}

static void put_text(struct table *table, const char *text)
{
	struct buffer name = {0};
	text_name(&name, text);
	text_cell(table, &name);
}

static void put_table(struct probe_list *list, struct buffer *out)
{
	static const char *const titles[] = {"Type",  "Provider",  "Name",
					     "Where", "Semaphore", "Object"};
	struct table table;
	table_init(&table, ARRAY_SIZE(titles));
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		table_cell(&table, "%s", titles[i]);
	qsort(list->found.data, list->found.size, sizeof(*list->found.data), compare);
	for (size_t i = 0; i < list->found.size; i++) {
		const struct usdt *usdt = list->found.data[i].usdt;
		table_cell(&table, "stap");
		put_text(&table, usdt->provider);
		put_text(&table, usdt->name);
		table_cell(&table, "0x%016" PRIx64, usdt->address);
		if (usdt->semaphore)
			table_cell(&table, "0x%016" PRIx64, usdt->semaphore);
		else
			table_cell(&table, "%s", "");
		put_text(&table, list->found.data[i].object);
	}
	table_format(&table, out);
	table_deinit(&table);
}

/* "PROVIDER NAME OBJECT", each a regular expression, as many as there are. */
static struct error *parse_patterns(const char *text, struct probe_list *list)
{
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		size_t size = strcspn(text, " \t");
		CLEANUP(free_p) char *word = xstrndup(text, size);
		if (list->count == PATTERN_COUNT)
			return error_new(ERR_USAGE,
					 "info probes takes PROVIDER, NAME and OBJECT, no more");
		TRY(console_pattern(word, 0, &list->patterns[list->count]));
		list->count++;
		text += size;
	}
	return NULL;
}

static struct error *probes_all(struct console *console, const char *arguments, struct buffer *out)
{
	struct probe_list list = {0};
	struct program *program;
	TRY(console_program(console, &program));
	struct error *err = parse_patterns(arguments, &list);
	if (!err)
		program_each_module(program, find_in_module, &list);
	if (!err && list.found.size)
		put_table(&list, out);
	else if (!err)
		buffer_puts(out, "No probes matched.\n");
	for (size_t i = 0; i < list.count; i++)
		regfree(&list.patterns[i]);
	vector_deinit(&list.found);
	return err;
}

const struct command probes_commands[] = {
    {
	.name = "all",
	.usage = "info probes all [PROVIDER [NAME [OBJECT]]]",
	.summary = "Static probes of every kind.",
	.run = probes_all,
	.examples = "info probes all\n",
    },
    {
	.name = "stap",
	.usage = "info probes stap [PROVIDER [NAME [OBJECT]]]",
	.summary = "Static probes of <sys/sdt.h>, SystemTap's.",
	.run = probes_all,
	.examples = "info probes stap libc\n",
    },
    {0},
};

struct error *info_probes(struct console *console, const char *arguments, struct buffer *out)
{
	return *arguments
		   ? command_run_child(console, "info probes ", probes_commands, arguments, out)
		   : probes_all(console, "", out);
}
