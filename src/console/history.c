/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.c - what was typed before, and the file that keeps it.
 *
 * Apart from the prompt because a directory that cannot be written must never
 * matter to it. The file carries readline's time stamps: they are what lets a
 * block of several lines stay one entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "command.h"

/* What "show commands" shows. */
enum {
	SHOWN = 10
};

static int new_entries;

/* $XDG_STATE_HOME/moontap/history; NULL without a home. The caller frees. */
static char *history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (state && *state == '/')
		return xasprintf("%s/moontap/history", state);
	if (home && *home == '/')
		return xasprintf("%s/.local/state/moontap/history", home);
	return NULL;
}

static void make_directories(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST) {
			*slash = '/';
			return;
		}
		*slash = '/';
	}
}

/* 0 is no limit. */
void history_limit(unsigned entries)
{
	if (entries)
		stifle_history((int)entries);
	else
		unstifle_history();
}

void history_show(struct buffer *out)
{
	HIST_ENTRY **entries = history_list();
	int first = history_length > SHOWN ? history_length - SHOWN : 0;
	for (int i = first; i < history_length; i++) {
		buffer_printf(out, "%5d  ", history_base + i);
		escape_text(out, entries[i]->line, strlen(entries[i]->line), true);
		buffer_putc(out, '\n');
	}
}

void history_load(unsigned entries)
{
	CLEANUP(free_p) char *path = history_path();
	using_history();
	history_limit(entries);
	history_comment_char = '#';
	history_write_timestamps = 1;
	if (path)
		read_history(path);
}

void history_remember(const char *text)
{
	const HIST_ENTRY *last =
	    history_length ? history_get(history_base + history_length - 1) : NULL;
	if (last && !strcmp(last->line, text))
		return;
	add_history(text);
	new_entries++;
}

void history_save(unsigned entries)
{
	CLEANUP(free_p) char *path = history_path();
	if (!path || !new_entries)
		return;
	make_directories(path);
	CLEANUP(close_p) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	append_history(new_entries, path);
	if (entries)
		history_truncate_file(path, (int)entries);
	new_entries = 0;
}
