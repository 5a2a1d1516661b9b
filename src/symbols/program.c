/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - an executable or a process, and its libraries.
 * Libraries are opened when something is first looked for outside the executable.
 */
#include <inttypes.h>
#include <unistd.h>

#include "internal.h"

struct program {
	pid_t pid; /* 0: a file */
	char *path;
	char *root; /* prefix of library paths: "" or "/proc/PID/root" */
	struct image *executable;
	VECTOR(struct image *) libraries;
	bool has_libraries; /* they have been looked for */
	char *line_file;    /* of the line looked at last; NULL: none yet */
	unsigned line;
};

/* ------------------------------------------------------------------ opening */

/* A bare name is a command, as in a shell: found in PATH. */
static struct error *find_command(const char *name, char **ret)
{
	const char *path = getenv("PATH");
	CLEANUP(free_p) char *copy = xstrdup(path ? path : "/usr/local/bin:/usr/bin:/bin");
	char *rest = copy, *directory;

	while ((directory = strsep(&rest, ":"))) {
		char *file = xasprintf("%s/%s", *directory ? directory : ".", name);
		struct stat st;
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0) {
			*ret = file;
			return NULL;
		}
		free(file);
	}
	struct error *err = error_new(ERR_NO_FILE, "%s: no such program in PATH", name);
	return access(name, F_OK) == 0 ? error_hint(err, "for the file here, write ./%s", name)
				       : err;
}

static struct program *program_new(struct image *executable, char *path, pid_t pid)
{
	struct program *program = xcalloc(1, sizeof(*program));

	program->executable = executable;
	program->path = path;
	program->pid = pid;
	program->root = pid ? xasprintf("/proc/%d/root", pid) : xstrdup("");
	return program;
}

struct error *program_open(const char *path, struct program **ret)
{
	CLEANUP(free_p) char *found = NULL;
	struct image *executable;

	if (!strchr(path, '/'))
		TRY(find_command(path, &found));
	TRY(image_open(found ? found : path, NULL, &executable));
	*ret = program_new(executable, xstrdup(image_path(executable)), 0);
	return NULL;
}

struct error *program_of_process(pid_t pid, struct program **ret)
{
	CLEANUP(free_p) char *link = xasprintf("/proc/%d/exe", pid);
	CLEANUP(free_p) char *path = NULL;
	struct image *executable;

	TRY(process_executable(pid, &path));
	TRY(image_open(link, path, &executable));
	*ret = program_new(executable, xstrdup(path), pid);
	return NULL;
}

void program_free(struct program *program)
{
	if (!program)
		return;
	for (size_t i = 0; i < program->libraries.size; i++)
		image_unref(program->libraries.data[i]);
	vector_deinit(&program->libraries);
	image_unref(program->executable);
	free(program->path);
	free(program->root);
	free(program->line_file);
	free(program);
}

struct image *program_executable(const struct program *program)
{
	return program->executable;
}

const char *program_path(const struct program *program)
{
	return program->path;
}

/* ---------------------------------------------------------------- libraries */

static struct image *known_library(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->libraries.size; i++)
		if (strcmp(image_name(program->libraries.data[i]), name) == 0)
			return program->libraries.data[i];
	return NULL;
}

/* Opens path and keeps it; NULL if it is no library. */
static struct image *add_library(struct program *program, const char *path, const char *name)
{
	struct image *image;
	struct error *err = image_open(path, name, &image);

	if (err) {
		error_free(err);
		return NULL;
	}
	vector_push(&program->libraries, image);
	return image;
}

/* What is mapped, by the mapping itself: the path may name another file by now.
 * That link needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; else go by path. */
static void add_mapping(struct program *program, pid_t pid, const struct mapping *mapping)
{
	CLEANUP(free_p)
	char *link =
	    xasprintf("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, mapping->start, mapping->end);
	CLEANUP(free_p) char *path = xasprintf("%s%s", program->root, mapping->path);
	struct stat st;

	/* Of a file that many processes run, the link goes with the first of them. */
	bool is_by_path = !program->pid && stat(path, &st) == 0 && st.st_ino == mapping->inode;
	if (!is_by_path && stat(link, &st) == 0)
		add_library(program, link, mapping->path);
	else if (stat(path, &st) == 0 && st.st_ino == mapping->inode)
		add_library(program, path, mapping->path);
}

static void add_mapped(struct program *program, pid_t pid)
{
	mapping_list mappings = {0};

	error_free(process_mappings(pid, &mappings));
	for (size_t i = 0; i < mappings.size; i++) {
		const struct mapping *mapping = &mappings.data[i];
		if (mapping->is_executable && mapping->path[0] == '/' &&
		    strcmp(mapping->path, program->path) != 0 &&
		    !known_library(program, mapping->path))
			add_mapping(program, pid, mapping);
	}
	mapping_list_deinit(&mappings);
}

/* The libraries an image needs that are not known yet, found as the loader finds them. */
static void add_needed(struct program *program, const struct image *image)
{
	path_list needed = {0};

	loader_needed(image, &needed);
	for (size_t i = 0; i < needed.size; i++) {
		CLEANUP(free_p) char *path = loader_find(image, program->root, needed.data[i]);
		const char *name = path ? path + strlen(program->root) : NULL;
		if (name && !known_library(program, name))
			add_library(program, path, name);
	}
	path_list_deinit(&needed);
}

static void add_libraries(struct program *program)
{
	if (program->has_libraries)
		return;
	program->has_libraries = true;
	if (program->pid)
		add_mapped(program, program->pid);
	if (program->libraries.size)
		return;
	/* A file, or a process held before its loader has run: breadth first, as the loader does.
	 */
	add_needed(program, program->executable);
	for (size_t i = 0; i < program->libraries.size; i++)
		add_needed(program, program->libraries.data[i]);
}

void program_each_module(struct program *program, void (*fn)(void *context, struct image *),
			 void *context)
{
	fn(context, program->executable);
	add_libraries(program);
	for (size_t i = 0; i < program->libraries.size; i++)
		fn(context, program->libraries.data[i]);
}

bool program_note_mapped(struct program *program, pid_t pid, const char *path)
{
	add_libraries(program);
	size_t before = program->libraries.size;
	if (!path || (!known_library(program, path) && strcmp(path, program->path) != 0))
		add_mapped(program, pid);
	return program->libraries.size > before;
}

/* ------------------------------------------------------------------ modules */

static struct image *find_known(struct program *program, const char *name)
{
	if (loader_is_named(name, program->path))
		return program->executable;
	for (size_t i = 0; i < program->libraries.size; i++)
		if (loader_is_named(name, image_name(program->libraries.data[i])))
			return program->libraries.data[i];
	return NULL;
}

/* The same file under another path: /lib is a link to /usr/lib on many systems. */
static struct image *find_same_file(const struct program *program, const struct stat *wanted)
{
	struct stat st;

	for (size_t i = 0; i <= program->libraries.size; i++) {
		struct image *image = i ? program->libraries.data[i - 1] : program->executable;
		if (image && fstat(image->fd, &st) == 0 && st.st_ino == wanted->st_ino &&
		    st.st_dev == wanted->st_dev)
			return image;
	}
	return NULL;
}

static struct error *open_by_path(struct program *program, const char *name, struct image **ret)
{
	/* A relative path is the user's, not the process's. */
	CLEANUP(free_p) char *path = xasprintf("%s%s", *name == '/' ? program->root : "", name);
	struct stat st;

	*ret = stat(path, &st) == 0 ? find_same_file(program, &st) : NULL;
	if (*ret)
		return NULL;
	TRY(image_open(path, name, ret));
	vector_push(&program->libraries, *ret);
	return NULL;
}

static void offer(struct nearest *nearest, const struct image *image)
{
	const char *slash = strrchr(image_name(image), '/');

	nearest_offer(nearest, slash ? slash + 1 : image_name(image));
}

static struct error *no_module(const struct program *program, const char *name)
{
	struct nearest nearest = {.wanted = name};
	struct buffer text = {0};

	offer(&nearest, program->executable);
	for (size_t i = 0; i < program->libraries.size; i++)
		offer(&nearest, program->libraries.data[i]);
	struct error *err =
	    error_new(ERR_NO_MODULE, "no library \"%s\" in %s", name, program->path);
	nearest_format(&nearest, &text);
	nearest_deinit(&nearest);
	if (text.size)
		error_hint(err, "did you mean %s?", text.data);
	else
		error_hint(err, "name a library by its file name (libc.so.6, libc) or its path");
	buffer_deinit(&text);
	return err;
}

struct error *program_module(struct program *program, const char *name, struct image **ret)
{
	add_libraries(program);
	*ret = find_known(program, name);
	if (!*ret && program->pid) {
		add_mapped(program, program->pid); /* it may have been loaded since */
		*ret = find_known(program, name);
	}
	if (*ret)
		return NULL;
	if (strchr(name, '/'))
		return open_by_path(program, name, ret);
	CLEANUP(free_p) char *path = loader_find_by_name(program->root, name);
	if (path)
		*ret = add_library(program, path, path + strlen(program->root));
	return *ret ? NULL : no_module(program, name);
}

/* --------------------------------------------------------------------- lines */

void program_set_line(struct program *program, const char *file, unsigned line)
{
	char *copy = xstrdup(file);

	free(program->line_file);
	program->line_file = copy;
	program->line = line;
}

static bool find_main(void *context, const struct function *function)
{
	struct function *found = context;

	if (strcmp(function->name, "main.main") == 0 || strcmp(function->name, "main") == 0)
		*found = *function;
	return !found->name || strcmp(found->name, "main.main") != 0;
}

bool program_line(struct program *program, struct line *ret)
{
	struct function function = {0};

	if (program->line_file) {
		*ret = (struct line){program->line_file, program->line};
		return true;
	}
	image_each_function(program->executable, find_main, &function);
	return function.name && image_line_at(program->executable, function.address, ret);
}
