/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.c - the files that processes map. Many processes share one; it is opened when a
 * name in it is first wanted.
 */
#include <inttypes.h>
#include <stdio.h>

#include "stack.h"

void modules_deinit(struct modules *modules)
{
	for (size_t i = 0; i < modules->all.size; i++) {
		struct module *module = modules->all.data[i];
		number_map_deinit(&module->frames);
		arena_deinit(&module->arena);
		image_unref(module->image);
		free(module->path);
		free(module);
	}
	for (size_t i = 0; i < modules->images.size; i++)
		image_unref(modules->images.data[i]);
	vector_deinit(&modules->all);
	vector_deinit(&modules->images);
}

struct module *modules_get(struct modules *modules, const char *path, uint64_t inode)
{
	for (size_t i = 0; i < modules->all.size; i++) {
		struct module *module = modules->all.data[i];
		if (module->inode == inode && strcmp(module->path, path) == 0)
			return module;
	}
	struct module *module = xcalloc(1, sizeof(*module));
	const char *slash = strrchr(path, '/');
	module->inode = inode;
	module->path = xstrdup(path);
	module->name = module->path + (slash ? slash + 1 - path : 0);
	vector_push(&modules->all, module);
	return module;
}

bool modules_is_traced(const struct modules *modules, uint64_t inode)
{
	for (size_t i = 0; i < modules->images.size; i++)
		if (modules->images.data[i]->stat.st_ino == inode)
			return true;
	return false;
}

/* One that was opened under this name: the file itself may have been deleted since. */
static struct image *open_before(const struct modules *modules, const struct module *module)
{
	for (size_t i = 0; i < modules->images.size; i++) {
		struct image *image = modules->images.data[i];
		if (image->stat.st_ino == module->inode && strcmp(image->name, module->path) == 0)
			return image_ref(image);
	}
	return NULL;
}

static struct image *open_already(const struct modules *modules, const struct stat *wanted)
{
	for (size_t i = 0; i < modules->images.size; i++) {
		struct image *image = modules->images.data[i];
		if (image->stat.st_ino == wanted->st_ino && image->stat.st_dev == wanted->st_dev)
			return image_ref(image);
	}
	return NULL;
}

/* The file under a path, if it is the one that was mapped. */
static struct image *try_path(const struct modules *modules, const char *path,
			      const struct module *module)
{
	struct image *image = NULL;
	struct stat st;

	if (stat(path, &st) != 0 || st.st_ino != module->inode)
		return NULL;
	image = open_already(modules, &st);
	if (!image)
		error_free(image_open(path, module->path, &image));
	return image;
}

/* The mapping itself first: the path may name another file by now, or nothing. */
static struct image *open_module(const struct modules *modules, const struct region *region,
				 pid_t pid)
{
	const struct module *module = region->module;
	CLEANUP(free_p)
	char *link =
	    xasprintf("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, region->start, region->end);
	CLEANUP(free_p) char *inside = xasprintf("/proc/%d/root%s", pid, module->path);

	struct image *image = try_path(modules, link, module);
	if (!image)
		image = try_path(modules, inside, module);
	if (!image)
		image = try_path(modules, module->path, module);
	return image ? image : open_before(modules, module);
}

struct image *region_image(const struct modules *modules, const struct region *region, pid_t pid)
{
	struct module *module = region->module;

	if (!module->is_tried && module->path[0] == '/') {
		module->is_tried = true;
		module->image = open_module(modules, region, pid);
	}
	return module->image;
}
