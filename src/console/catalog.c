/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog.c - the target's names in order, for completion: functions, source files.
 *
 * Made when they are wanted first, and kept: the next Tab finds its few among many
 * in no time.
 */
#include <string.h>

#include "moontap/console.h"

/* A name with spaces or control bytes cannot be typed as it is. */
static bool is_typable(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}

static bool note_function(void *context, const struct function *function)
{
	struct catalog *catalog = context;
	if (is_typable(function->name))
		vector_push(&catalog->functions, function->name);
	return true;
}

/* Names live as long as their image. */
static void note_image(void *context, struct image *image)
{
	struct catalog *catalog = context;
	vector_push(&catalog->images, image_ref(image));
	image_each_function(image, note_function, catalog);
}

static int compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t sort_once_each(const char **data, size_t size)
{
	size_t kept = 0;
	if (size)
		qsort(data, size, sizeof(*data), compare);
	for (size_t i = 0; i < size; i++)
		if (!kept || strcmp(data[kept - 1], data[i]) != 0)
			data[kept++] = data[i];
	return kept;
}

static void find_functions(struct catalog *catalog, struct program *program)
{
	catalog_deinit(catalog);
	catalog->program = program;
	program_each_module(program, note_image, catalog);
	catalog->functions.size = sort_once_each(catalog->functions.data, catalog->functions.size);
}

static void each_from(const char *const *data, size_t size, const char *prefix, catalog_fn fn,
		      void *context)
{
	size_t low = 0, high = size, length = strlen(prefix);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(data[middle], prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < size && !strncmp(data[low], prefix, length) && fn(context, data[low]))
		low++;
}

void catalog_functions(struct catalog *catalog, struct program *program, const char *prefix,
		       catalog_fn fn, void *context)
{
	if (catalog->program != program)
		find_functions(catalog, program);
	each_from(catalog->functions.data, catalog->functions.size, prefix, fn, context);
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

void catalog_sources(struct catalog *catalog, struct program *program, const char *prefix,
		     catalog_fn fn, void *context)
{
	if (catalog->program != program)
		find_functions(catalog, program);
	if (!catalog->sources.size) {
		image_each_source(program_executable(program), note_source, catalog);
		catalog->sources.size =
		    sort_once_each(catalog->sources.data, catalog->sources.size);
	}
	each_from(catalog->sources.data, catalog->sources.size, prefix, fn, context);
}

void catalog_deinit(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->images.size; i++)
		image_unref(catalog->images.data[i]);
	vector_deinit(&catalog->images);
	vector_deinit(&catalog->functions);
	vector_deinit(&catalog->sources);
	arena_deinit(&catalog->texts);
	catalog->program = NULL;
}
