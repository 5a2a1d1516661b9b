/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog.c - the target's names, for completion: functions, source files, static probes.
 *
 * Functions are looked for anew each time, as that is quick; the files are kept, as their tables
 * take longer to read.
 */
#include <string.h>

#include "command.h"

/* A name with spaces or control bytes cannot be typed as it is. */
static bool is_typable(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}

struct function_search {
	const char *prefix, *module; /* "libc.so.6:" before the names, or "" */
	catalog_fn fn;
	void *context;
	bool has_ended;
};

static bool pass_function(void *context, const char *name)
{
	struct function_search *search = context;
	CLEANUP(free_p) char *offer = xasprintf("%s%s", search->module, name);
	search->has_ended = is_typable(name) && !search->fn(search->context, offer);
	return !search->has_ended;
}

static void search_image(void *context, struct image *image)
{
	struct function_search *search = context;
	if (!search->has_ended)
		image_each_beginning(image, search->prefix, pass_function, search);
}

/* The length of "libc.so.6:" at the beginning; 0 if there is none. */
static size_t module_size(const char *prefix)
{
	const char *colon = strchr(prefix, ':');
	return colon && colon[1] != ':' && colon > prefix ? (size_t)(colon + 1 - prefix) : 0;
}

void catalog_functions(struct program *program, const char *prefix, catalog_fn fn, void *context)
{
	size_t size = module_size(prefix);
	CLEANUP(free_p) char *module = xstrndup(prefix, size);
	struct function_search search = {prefix + size, module, fn, context, false};
	struct image *image;
	if (!size) {
		program_each_module(program, search_image, &search);
		return;
	}
	CLEANUP(free_p) char *name = xstrndup(prefix, size - 1);
	struct error *err = program_module(program, name, &image);
	if (!err)
		search_image(&search, image);
	error_free(err);
}

/* -------------------------------------------------------------------- probes */

static void pass_probes(void *context, struct image *image)
{
	struct function_search *search = context;
	size_t count, size = strlen(search->prefix);
	const struct usdt *usdts = image_usdts(image, &count);
	for (size_t i = 0; i < count && !search->has_ended; i++) {
		const char *const names[] = {usdts[i].whole, usdts[i].name};
		for (size_t j = 0; j < ARRAY_SIZE(names) && !search->has_ended; j++)
			if (!strncmp(names[j], search->prefix, size))
				pass_function(search, names[j]);
	}
}

void catalog_probes(struct program *program, const char *prefix, catalog_fn fn, void *context)
{
	struct function_search search = {prefix, "", fn, context, false};
	program_each_module(program, pass_probes, &search);
}

/* ------------------------------------------------------------------- sources */

static int compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* "counted.c:", to be followed by a line. */
static void note_source(void *context, const char *path)
{
	struct catalog *catalog = context;
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	if (is_typable(base))
		vector_push(&catalog->sources, arena_printf(&catalog->texts, "%s:", base));
}

static void find_sources(struct catalog *catalog, struct program *program)
{
	catalog_deinit(catalog);
	catalog->program = program;
	image_each_source(program_executable(program), note_source, catalog);
	if (catalog->sources.size)
		qsort(catalog->sources.data, catalog->sources.size, sizeof(char *), compare);
}

void catalog_sources(struct catalog *catalog, struct program *program, const char *prefix,
		     catalog_fn fn, void *context)
{
	if (catalog->program != program)
		find_sources(catalog, program);
	for (size_t i = 0; i < catalog->sources.size; i++)
		if (!strncmp(catalog->sources.data[i], prefix, strlen(prefix)) &&
		    !fn(context, catalog->sources.data[i]))
			return;
}

void catalog_deinit(struct catalog *catalog)
{
	vector_deinit(&catalog->sources);
	arena_deinit(&catalog->texts);
	catalog->program = NULL;
}
