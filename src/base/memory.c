/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - allocation that does not fail, and what CLEANUP runs.
 * Apart because it is the one place that decides what running out of memory
 * means: the process ends, and the kernel takes its probes away.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "moontap/base.h"

static void *check(void *memory)
{
	if (!memory) {
		static const char text[] = "moontap: out of memory\n";
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			errno = ENOMEM;
		abort();
	}
	return memory;
}

void *xmalloc(size_t size)
{
	return check(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return check(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *memory, size_t size)
{
	return check(realloc(memory, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t length)
{
	return check(strndup(s, length));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	int size = vasprintf(&text, format, args);
	va_end(args);
	return check(size < 0 ? NULL : text);
}

void free_p(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
