/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - the process: from the command line to an exit status.
 *
 * Apart because everything else in this room also runs inside the unit tests.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "moontap/console.h"

static int refuse(struct error *err)
{
	struct buffer text = {0};
	buffer_puts(&text, "moontap: ");
	error_format(err, &text);
	fwrite(text.data, 1, text.size, stderr);
	buffer_deinit(&text);
	int status = console_error_status(err);
	error_free(err);
	return status;
}

static int show(void (*write)(struct buffer *out))
{
	struct buffer text = {0};
	write(&text);
	fwrite(text.data, 1, text.size, stdout);
	buffer_deinit(&text);
	return fflush(stdout) ? 1 : 0;
}

/* A file opened later must not become standard output or error because the
 * caller closed that. */
static void fill_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int show_completion(const char *shell)
{
	struct buffer text = {0};
	struct error *err = shellwords_write(shell, &text);
	if (!err)
		fwrite(text.data, 1, text.size, stdout);
	buffer_deinit(&text);
	return err ? refuse(err) : fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	struct options options;
	int status;
	struct error *err = options_parse(argc, argv, &options);
	if (err)
		status = refuse(err);
	else if (options.wants_help)
		status = show(options_help);
	else if (options.completion)
		status = show_completion(options.completion);
	else if (options.wants_manual)
		status = show(manual_write);
	else if (options.wants_version)
		status = show(text_version);
	else
		status = console_main(&options);
	options_deinit(&options);
	return status;
}
