/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_save.c - save breakpoints: a script that sets them again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static void put_command(struct buffer *out, const char *format, uint64_t number, const char *what)
{
	buffer_puts(out, "command \"");
	buffer_printf(out, format, number);
	buffer_printf(out, "%s\"\n", what);
}

/* What the statement itself does not say. */
static void put_state(struct buffer *out, const struct probe *probe)
{
	struct runtime_limit limit;
	runtime_get_limit(probe, &limit);
	if (limit.deletes && probe_kind(probe) != PROBE_TBREAK)
		put_command(out, "enable delete $bpnum", 0, "");
	if (limit.disables)
		put_command(out, "enable count %" PRIu64, limit.events ? limit.events : 1,
			    " $bpnum");
	if (probe_ignored(probe))
		put_command(out, "ignore $bpnum %" PRIu64, probe_ignored(probe), "");
	for (size_t i = 0; i < probe_site_count(probe); i++)
		if (!probe_site_is_enabled(probe, i))
			put_command(out, "disable $bpnum.%" PRIu64, i + 1, "");
	if (!probe_is_enabled(probe))
		put_command(out, "disable $bpnum", 0, "");
}

static void put_probe(struct console *console, const struct probe *probe, struct buffer *out)
{
	struct statement statement;
	struct error *err = statement_of(probe, &statement);
	if (err) {
		buffer_printf(out, "-- not saved: %s\n", err->message);
		console_report(console, error_prefix(err, "not saved"));
		return;
	}
	if (probe_is_pending(probe))
		put_command(out, "set breakpoint pending on", 0, "");
	statement_format(&statement, out);
	statement_deinit(&statement);
	buffer_putc(out, '\n');
	if (probe_is_pending(probe))
		put_command(out, "set breakpoint pending ", 0,
			    auto_words[console->settings.pending]);
	put_state(out, probe);
}

static struct error *write_file(const char *path, const struct buffer *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_new(ERR_OS, "Unable to open file '%s' for saving (%s)", path,
				 strerror(errno));
	struct sink sink;
	sink_init(&sink, fd);
	buffer_append(&sink.pending, text->data, text->size);
	struct error *err = sink_flush(&sink);
	sink_deinit(&sink);
	if (close(fd) && !err)
		err = error_new(ERR_OS, "%s: %s", path, strerror(errno));
	return err ? error_prefix(err, "%s", path) : NULL;
}

static struct error *save_breakpoints(struct console *console, const char *arguments,
				      struct buffer *out)
{
	if (!*arguments)
		return error_new(ERR_USAGE, "Argument required (file name in which to save)");
	if (!session_next_probe(console->session, NULL)) {
		buffer_puts(out, "Nothing to save.\n");
		return NULL;
	}
	CLEANUP(free_p) char *path = words_unquote(arguments);
	struct buffer text = {0};
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));)
		put_probe(console, p, &text);
	struct error *err = write_file(path, &text);
	buffer_deinit(&text);
	if (!err)
		buffer_printf(out, "Saved to file '%s'.\n", path);
	return err;
}

const struct command save_commands[] = {
    {
	.name = "breakpoints",
	.usage = "save breakpoints FILE",
	.summary = "Write a script that sets the tracepoints again.",
	.run = save_breakpoints,
	.flags = COMMAND_OF_FILE,
	.details = "\"source FILE\" runs it. What a tracepoint has counted is not saved.\n",
	.examples = "save breakpoints FILE\n",
    },
    {0},
};

struct error *cmd_save(struct console *console, const char *arguments, struct buffer *out)
{
	if (!*arguments)
		return error_new(ERR_USAGE,
				 "\"save\" must be followed by the name of a save command.");
	return command_run_child(console, "save ", save_commands, arguments, out);
}
