/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_set.c - set, show, unset, info settings, directory.
 */
#include <string.h>
#include <unistd.h>

#include "command.h"

/* --------------------------------------------------------------- source path */

/* Another path may lead to another file. */
static void forget_source(struct console *console)
{
	srcfile_close(&console->srcfile);
}

static void show_directories(const struct console *console, struct buffer *out)
{
	buffer_puts(out, "Source directories searched: ");
	for (size_t i = 0; i < console->srcpath.directories.size; i++) {
		text_name(out, console->srcpath.directories.data[i]);
		buffer_putc(out, ':');
	}
	buffer_puts(out, "$cdir:$cwd\n");
}

static void show_rules(const struct console *console, struct buffer *out)
{
	buffer_puts(out, "List of all source path substitution rules:\n");
	for (size_t i = 0; i < console->srcpath.rules.size; i++) {
		buffer_puts(out, "  `");
		text_name(out, console->srcpath.rules.data[i].from);
		buffer_puts(out, "' -> `");
		text_name(out, console->srcpath.rules.data[i].to);
		buffer_puts(out, "'.\n");
	}
}

static void remove_rule(struct srcpath *path, size_t index)
{
	free(path->rules.data[index].from);
	free(path->rules.data[index].to);
	path->rules.size--;
	memmove(&path->rules.data[index], &path->rules.data[index + 1],
		(path->rules.size - index) * sizeof(*path->rules.data));
}

static size_t find_rule(const struct srcpath *path, const char *from)
{
	size_t i = 0;
	while (i < path->rules.size && strcmp(path->rules.data[i].from, from) != 0)
		i++;
	return i;
}

/* A slash at the end would keep it from being a whole part of a path. */
static char *without_slash(const char *path)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	return xstrndup(path, size);
}

static struct error *set_rule(struct console *console, const char *arguments)
{
	char **words = NULL;
	TRY(words_split(NULL, arguments, &words));
	if (!words[0] || !words[1] || words[2]) {
		words_free(words);
		return error_new(ERR_USAGE,
				 "Incorrect usage, two arguments are required: FROM and TO");
	}
	struct srcpath *path = &console->srcpath;
	char *from = without_slash(words[0]);
	size_t index = find_rule(path, from);
	if (index < path->rules.size)
		remove_rule(path, index);
	vector_push(&path->rules, ((struct srcpath_rule){from, without_slash(words[1])}));
	words_free(words);
	forget_source(console);
	return NULL;
}

static struct error *unset_rules(struct console *console, const char *from)
{
	struct srcpath *path = &console->srcpath;
	if (!*from && !console_query(console, "Delete all source path substitution rules?"))
		return NULL;
	while (!*from && path->rules.size)
		remove_rule(path, 0);
	size_t index = find_rule(path, from);
	if (*from && index == path->rules.size)
		return error_new(ERR_USAGE, "No substitution rule defined for `%s'", from);
	if (*from)
		remove_rule(path, index);
	forget_source(console);
	return NULL;
}

static struct error *add_directory(struct console *console, const char *word)
{
	CLEANUP(free_p) char *path = without_slash(word);
	if (access(path, F_OK))
		return error_new(ERR_NO_FILE, "%s: No such file or directory.", path);
	char *whole = realpath(path, NULL);
	vector_push(&console->srcpath.directories, whole ? whole : xstrdup(path));
	return NULL;
}

struct error *cmd_directory(struct console *console, const char *arguments, struct buffer *out)
{
	struct srcpath *path = &console->srcpath;
	char **words = NULL;
	TRY(words_split(NULL, arguments, &words));
	if (!*words && console_query(console, "Reinitialize source path to $cdir:$cwd?"))
		while (path->directories.size)
			free(path->directories.data[--path->directories.size]);
	struct error *err = NULL;
	for (char **word = words; *word && !err; word++)
		for (char *rest = *word, *one; !err && (one = strsep(&rest, ":"));)
			err = *one ? add_directory(console, one) : NULL;
	words_free(words);
	forget_source(console);
	if (!err)
		show_directories(console, out);
	return err;
}

/* -------------------------------------------------------------- set and show */

static const char substitute_path[] = "substitute-path";

/* The rest of text behind a word that is name, or its beginning of 3 letters or more. */
static const char *behind(const char *text, const char *name)
{
	size_t size = strcspn(text, " \t");
	if (size < 3 || strncmp(text, name, size) != 0)
		return NULL;
	return text + size + strspn(text + size, " \t");
}

struct error *cmd_set(struct console *console, const char *arguments, struct buffer *out)
{
	const struct setting *setting;
	const char *rest = behind(arguments, substitute_path);
	(void)out;
	if (!*arguments)
		return error_new(ERR_USAGE, "set needs the name of a setting: \"info settings\"");
	if (rest)
		return set_rule(console, rest);
	if (behind(arguments, "variable"))
		return error_new(ERR_USAGE, "moontap writes nothing to the program it traces.");
	TRY(setting_find(arguments, &setting, &rest));
	TRY(setting_set(&console->settings, setting, rest));
	session_set_limits(console->session, &console->settings.limits);
	history_limit(console->settings.history_size);
	return NULL;
}

struct error *info_settings(struct console *console, const char *arguments, struct buffer *out)
{
	(void)arguments;
	TRY(settings_show(&console->settings, "", out));
	show_directories(console, out);
	show_rules(console, out);
	return NULL;
}

struct error *cmd_show(struct console *console, const char *arguments, struct buffer *out)
{
	if (!*arguments)
		return info_settings(console, arguments, out);
	if (behind(arguments, substitute_path)) {
		show_rules(console, out);
		return NULL;
	}
	if (behind(arguments, "directories")) {
		show_directories(console, out);
		return NULL;
	}
	if (behind(arguments, "version")) {
		text_version(out);
		return NULL;
	}
	if (behind(arguments, "commands")) {
		history_show(out);
		return NULL;
	}
	return settings_show(&console->settings, arguments, out);
}

struct error *cmd_unset(struct console *console, const char *arguments, struct buffer *out)
{
	const char *rest = behind(arguments, substitute_path);
	(void)out;
	if (rest)
		return unset_rules(console, rest);
	if (!strcmp(arguments, "args"))
		return setting_set(&console->settings, setting_args(), "");
	return error_new(ERR_USAGE, "unset needs \"args\" or \"%s\"", substitute_path);
}
