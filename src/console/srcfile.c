/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srcfile.c - where a source file is now, and its lines.
 *
 * Debug information has the path of the machine that compiled. That path is tried as
 * `set substitute-path` changes it, then the directories of `directory`, then the
 * working directory; each with the whole path below it, then with the last part.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "moontap/console.h"

void srcpath_deinit(struct srcpath *path)
{
	for (size_t i = 0; i < path->directories.size; i++)
		free(path->directories.data[i]);
	vector_deinit(&path->directories);
	for (size_t i = 0; i < path->rules.size; i++) {
		free(path->rules.data[i].from);
		free(path->rules.data[i].to);
	}
	vector_deinit(&path->rules);
}

void srcfile_close(struct srcfile *file)
{
	free(file->recorded);
	free(file->path);
	if (file->source)
		source_free(file->source);
	vector_deinit(&file->lines);
	*file = (struct srcfile){0};
}

/* ------------------------------------------------------------------- finding */

struct whole_path {
	const char *file;
	char *found;
};

static void match_path(void *context, const char *path)
{
	struct whole_path *search = context;
	size_t size = strlen(path), wanted = strlen(search->file);
	if (!search->found && *path == '/' && size > wanted &&
	    !strcmp(path + size - wanted, search->file) && path[size - wanted - 1] == '/')
		search->found = xstrdup(path);
}

/* The whole path of a file, if the image's tables have it; the caller frees. */
static char *find_whole_path(struct image *image, const char *file)
{
	struct whole_path search = {file, NULL};
	if (*file == '/')
		return xstrdup(file);
	image_each_source(image, match_path, &search);
	return search.found ? search.found : xstrdup(file);
}

/* A rule counts for whole parts of a path. */
static char *substitute(const struct srcpath *path, const char *file)
{
	for (size_t i = 0; i < path->rules.size; i++) {
		const struct srcpath_rule *rule = &path->rules.data[i];
		size_t size = strlen(rule->from);
		if (!strncmp(file, rule->from, size) && (!file[size] || file[size] == '/'))
			return xasprintf("%s%s", rule->to, file + size);
	}
	return xstrdup(file);
}

static bool is_readable(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, R_OK);
}

/* Takes candidate over if it is there. */
static bool take(char *candidate, char **ret)
{
	if (!is_readable(candidate)) {
		free(candidate);
		return false;
	}
	*ret = candidate;
	return true;
}

static bool find(const struct srcpath *path, struct image *image, const char *file, char **ret)
{
	CLEANUP(free_p) char *whole = find_whole_path(image, file);
	const char *slash = strrchr(whole, '/');
	const char *base = slash ? slash + 1 : whole;
	if (take(substitute(path, whole), ret))
		return true;
	for (size_t i = 0; i < path->directories.size; i++) {
		const char *directory = path->directories.data[i];
		if (take(xasprintf("%s/%s", directory, *file == '/' ? file + 1 : file), ret) ||
		    take(xasprintf("%s/%s", directory, base), ret))
			return true;
	}
	return take(xstrdup(base), ret);
}

/* ------------------------------------------------------------------- reading */

static void find_lines(struct srcfile *file)
{
	const struct source *source = file->source;
	for (size_t at = 0; at < source->size;) {
		vector_push(&file->lines, at);
		const char *newline = memchr(source->text + at, '\n', source->size - at);
		at = newline ? (size_t)(newline - source->text) + 1 : source->size;
	}
}

struct error *srcfile_open(struct srcfile *file, const struct srcpath *path, struct image *image,
			   const char *recorded)
{
	struct stat st = {0}, program;
	char *found;
	if (file->recorded && !strcmp(file->recorded, recorded))
		return NULL;
	srcfile_close(file);
	if (!find(path, image, recorded, &found))
		return error_hint(
		    error_new(ERR_NO_FILE, "%s: No such file or directory.", recorded),
		    "\"directory DIR\" or \"set substitute-path FROM TO\" says where it is.");
	file->path = found;
	TRY(source_read(found, &file->source));
	file->recorded = xstrdup(recorded);
	find_lines(file);
	file->is_newer = !stat(found, &st) && !stat(image_path(image), &program) &&
			 st.st_mtime > program.st_mtime;
	file->modified = st.st_mtim;
	return NULL;
}

bool srcfile_note_change(struct srcfile *file)
{
	struct stat st;
	bool is_same = !stat(file->path, &st) && st.st_mtim.tv_sec == file->modified.tv_sec &&
		       st.st_mtim.tv_nsec == file->modified.tv_nsec;
	bool is_news = !is_same && !file->is_changed;
	file->is_changed = !is_same;
	return is_news;
}

void srcfile_put_line(const struct srcfile *file, unsigned line, struct buffer *out)
{
	size_t start = file->lines.data[line - 1];
	const char *text = file->source->text + start;
	size_t size = strcspn(text, "\r\n");
	buffer_printf(out, "%u\t", line);
	escape_text(out, text, size, true);
	buffer_putc(out, '\n');
}
