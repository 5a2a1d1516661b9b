/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust.c - may a file be taken for the user's own?
 * moontap runs as root most of the time, and Lua files are code.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "moontap/base.h"

const char *file_danger(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return "cannot be looked at";
	if (st.st_uid && st.st_uid != geteuid())
		return "belongs to somebody else";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others";
	return NULL;
}
