/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initfile.c - .moontapinit of the working directory, if that is trusted.
 *
 * moontap runs as root, and a script is code: a file that merely lies where one happens to
 * be is not run. Its directory must be the user's or root's, nobody else may write there,
 * and the user must have listed it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define INIT_NAME ".moontapinit"

/* The list of trusted directories, one a line; NULL without a home. The caller frees. */
static char *list_path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	if (config && *config == '/')
		return xasprintf("%s/moontap/trusted", config);
	if (home && *home == '/')
		return xasprintf("%s/.config/moontap/trusted", home);
	return NULL;
}

static bool is_listed(const char *list, const char *directory)
{
	char *line = NULL;
	size_t size = 0;
	bool is_found = false;
	FILE *file = fopen(list, "re");
	while (file && !is_found && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		is_found = !strcmp(line, directory);
	}
	free(line);
	if (file)
		fclose(file);
	return is_found;
}

static void refuse(struct console *console, const char *path, const char *reason)
{
	CLEANUP(free_p)
	char *text = xasprintf("warning: %s/" INIT_NAME " is not run: %s.\n", path, reason);
	console_complain(console, text);
}

void initfile_run(struct console *console)
{
	CLEANUP(free_p) char *directory = getcwd(NULL, 0);
	CLEANUP(free_p) char *list = list_path();
	if (!directory || access(INIT_NAME, F_OK))
		return;
	const char *why = file_danger(directory);
	const char *why_file = file_danger(INIT_NAME);
	if (why || why_file) {
		CLEANUP(free_p)
		char *reason = xasprintf("the %s %s", why ? "directory" : "file", why ?: why_file);
		refuse(console, directory, reason);
	} else if (!list || !is_listed(list, directory)) {
		CLEANUP(free_p)
		char *reason = xasprintf("its directory is not trusted. To trust it, add the "
					 "line\n    %s\nto %s",
					 directory, list ?: "~/.config/moontap/trusted");
		refuse(console, directory, reason);
	} else {
		console_report(console, command_run_file(console, INIT_NAME));
	}
}
