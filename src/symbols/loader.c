/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader.c - where the dynamic loader would find a library (ld.so(8)): the
 * image's own run path, the loader's cache, the default directories. What a process has mapped
 * already is program.c's business.
 */
#include <ctype.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "internal.h"

static const char cache_path[] = "/etc/ld.so.cache";
static const char cache_magic[] = "glibc-ld.so.cache1.1";
#define CACHE_SIZE_MAX (64 << 20)
#define CACHE_X86_64   0x303 /* flags: libc6, x86-64 */
#define NEEDED_MAX     1024

static const char *const default_directories[] = {
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
};

void path_list_deinit(path_list *list)
{
	for (size_t i = 0; i < list->size; i++)
		free(list->data[i]);
	vector_deinit(list);
}

/* ----------------------------------------------------------- dynamic section */

/* Calls fn with each string that a dynamic entry of this tag names. */
static void each_dynamic_string(const struct image *image, int64_t tag, path_list *ret)
{
	uint64_t strings = 0, count = image->dynamic_size / sizeof(Elf64_Dyn);
	Elf64_Dyn entry;

	for (int pass = 0; pass < 2; pass++) { /* the table of strings may come last */
		for (uint64_t i = 0; i < count && i < NEEDED_MAX; i++) {
			if (!image_read(image, image->dynamic_address + i * sizeof(entry), &entry,
					sizeof(entry)) ||
			    entry.d_tag == DT_NULL)
				break;
			if (pass == 0 && entry.d_tag == DT_STRTAB)
				strings = entry.d_un.d_ptr;
			char *string = pass == 1 && entry.d_tag == tag
					   ? image_read_string(image, strings + entry.d_un.d_val)
					   : NULL;
			if (string)
				vector_push(ret, string);
		}
	}
}

void loader_needed(const struct image *image, path_list *ret)
{
	each_dynamic_string(image, DT_NEEDED, ret);
}

/* -------------------------------------------------------------------- search */

static char *try_file(const char *root, const char *directory, const char *name)
{
	char *path = xasprintf("%s%s/%s", root, directory, name);

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* $ORIGIN, ${ORIGIN}, $LIB: the image's directory, and lib/x86_64-linux-gnu. */
static char *expand(const char *directory, const char *origin)
{
	static const struct {
		const char *name;
		bool is_origin;
	} variables[] = {
	    {"$ORIGIN", true}, {"${ORIGIN}", true}, {"$LIB", false}, {"${LIB}", false}};
	struct buffer path = {0};

	while (*directory) {
		size_t used = 0;
		for (size_t i = 0; i < ARRAY_SIZE(variables) && !used; i++) {
			size_t size = strlen(variables[i].name);
			if (strncmp(directory, variables[i].name, size) != 0)
				continue;
			buffer_puts(&path,
				    variables[i].is_origin ? origin : "lib/x86_64-linux-gnu");
			used = size;
		}
		if (!used)
			buffer_putc(&path, *directory);
		directory += used ? used : 1;
	}
	return buffer_take(&path);
}

/* name is the image's own, as its process sees it: without root. */
static char *find_in_run_path(const struct image *image, const char *root, int64_t tag,
			      const char *name)
{
	path_list lists = {0};
	char resolved[PATH_MAX], *found = NULL;
	const char *own = *root ? image->name : realpath(image->path, resolved);
	CLEANUP(free_p) char *copy = xstrdup(own ? own : image->name);
	const char *origin = dirname(copy);

	each_dynamic_string(image, tag, &lists);
	for (size_t i = 0; i < lists.size; i++) {
		char *rest = lists.data[i], *directory;
		while (!found && (directory = strsep(&rest, ":"))) {
			CLEANUP(free_p) char *path = expand(directory, origin);
			if (*path)
				found = try_file(root, path, name);
		}
	}
	path_list_deinit(&lists);
	return found;
}

/* ---------------------------------------------------------------- the cache */

struct cache_header { /* struct cache_file_new of glibc's dl-cache.h */
	char magic[20];
	uint32_t count, strings_size, unused[5];
};
struct cache_entry {
	int32_t flags;
	uint32_t key, value, os_version;
	uint64_t hwcap;
};
struct cache {
	char *data;
	size_t size;
};

static void cache_load(struct cache *cache, const char *root)
{
	CLEANUP(free_p) char *path = xasprintf("%s%s", root, cache_path);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > CACHE_SIZE_MAX)
		return;
	cache->data = xmalloc(st.st_size + 1);
	ssize_t size = pread(fd, cache->data, st.st_size, 0);
	cache->size = size > 0 ? size : 0;
	cache->data[cache->size] = '\0';
}

/* The first library in the cache for which is_wanted says yes. Variants for newer
 * processors are passed over: which one is taken only the process itself knows. */
static char *cache_find(const char *root, bool (*is_wanted)(const char *wanted, const char *key),
			const char *wanted)
{
	struct cache cache = {0};
	struct cache_header header = {0};
	char *found = NULL;

	cache_load(&cache, root);
	const char *start =
	    cache.data ? memmem(cache.data, cache.size, cache_magic, sizeof(cache_magic) - 1)
		       : NULL;
	size_t size = start ? cache.size - (start - cache.data) : 0;
	if (size >= sizeof(header))
		memcpy(&header, start, sizeof(header));
	for (uint32_t i = 0; i < header.count && !found; i++) {
		struct cache_entry entry;
		size_t at = sizeof(header) + i * sizeof(entry);
		if (at + sizeof(entry) > size)
			break;
		memcpy(&entry, start + at, sizeof(entry));
		if (entry.flags == CACHE_X86_64 && entry.hwcap == 0 && entry.key < size &&
		    entry.value < size && is_wanted(wanted, start + entry.key))
			found = try_file(root, "", start + entry.value + 1);
	}
	free(cache.data);
	return found;
}

static bool is_same(const char *wanted, const char *key)
{
	return strcmp(wanted, key) == 0;
}

char *loader_find(const struct image *image, const char *root, const char *soname)
{
	char *found = NULL;

	if (*soname == '/')
		return try_file(root, "", soname + 1);
	if (strchr(soname, '/')) /* relative to where the program is started */
		return *root ? NULL : try_file("", ".", soname);
	found = find_in_run_path(image, root, DT_RUNPATH, soname);
	if (!found)
		found = find_in_run_path(image, root, DT_RPATH, soname);
	if (!found)
		found = cache_find(root, is_same, soname);
	for (size_t i = 0; i < ARRAY_SIZE(default_directories) && !found; i++)
		found = try_file(root, default_directories[i], soname);
	return found;
}

/* --------------------------------------------------------------------- names */

/* libc of libc.so.6, and of libc-2.31.so. */
static size_t stem_size(const char *base)
{
	const char *so = strstr(base, ".so");
	size_t size = so ? (size_t)(so - base) : strlen(base), version = size;

	while (version && (isdigit((unsigned char)base[version - 1]) || base[version - 1] == '.'))
		version--;
	return so && version && version < size && base[version - 1] == '-' ? version - 1 : size;
}

bool loader_is_named(const char *wanted, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t size = strlen(wanted), stem = stem_size(base);

	if (strchr(wanted, '/'))
		return strcmp(wanted, path) == 0;
	if (strcmp(wanted, base) == 0)
		return true;
	if (!strstr(base, ".so"))
		return false;
	if (strncmp(base, wanted, size) == 0 && (size == stem || base[size] == '.'))
		return true; /* libc, libc.so for libc.so.6 */
	return stem == size + 3 && strncmp(base, "lib", 3) == 0 &&
	       strncmp(base + 3, wanted, size) == 0;
}

char *loader_find_by_name(const char *root, const char *wanted)
{
	char *found = cache_find(root, loader_is_named, wanted);

	for (size_t i = 0; i < ARRAY_SIZE(default_directories) && !found; i++)
		found = try_file(root, default_directories[i], wanted);
	return found;
}
