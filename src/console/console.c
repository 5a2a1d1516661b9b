/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.c - one console from its parts to its end: load what the command line
 * asks for, loop, detach, drain, report.
 *
 * The order of the end matters: detach first, so that no event comes any more;
 * then deliver what is in the rings; then the scripts' atexit functions, then the
 * aggregates; only then are the counts final.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* --------------------------------------------------------- runtime's wishes */

static void on_notice(void *context, const char *text)
{
	struct console *console = context;
	if (!console->events->is_broken || !console_is_reader_gone(console))
		console_complain(console, text);
}

static struct error *on_command(void *context, const char *line, struct buffer *output)
{
	return command_capture(context, line, output);
}

static void on_placed(void *context, const struct probe *probe)
{
	struct console *console = context;
	console->report->placed(console, probe);
}

/* A program without a dynamic loader will load no library. */
static bool is_static(const struct console *console)
{
	struct image_facts facts;
	image_facts(program_executable(session_target(console->session)->program), &facts);
	return !facts.interpreter;
}

/* Whether a tracepoint is to wait is the person's to say, or the setting's. */
static struct error *on_missing(void *context, struct error *err)
{
	struct console *console = context;
	bool may_ask = console->may_ask && console->settings.confirm;
	if (console->settings.pending == SETTING_IS_OFF ||
	    (console->settings.pending == SETTING_IS_AUTO && (!may_ask || is_static(console))))
		return err;
	struct buffer text = {0};
	error_format(err, &text);
	error_free(err);
	console_complain(console, text.data);
	buffer_deinit(&text);
	if (console->settings.pending == SETTING_IS_ON ||
	    console_query_no(console, "Make tracepoint pending on future shared library load?"))
		return NULL;
	return error_new(ERR_DECLINED, "not made pending");
}

/* ------------------------------------------------------------------- parts */

static void before_write(void *context)
{
	(void)context;
	prompt_hide();
}

/* An unfinished line would be taken for part of the prompt. */
static void after_write(void *context)
{
	const struct console *console = context;
	const struct sink *sink = &console->screen;
	if (prompt_is_shown() && sink->pending.size &&
	    sink->pending.data[sink->pending.size - 1] != '\n' && write(sink->fd, "\n", 1) < 0)
		return;
	prompt_show();
}

/* Who types at a terminal reads lines, whatever the format of a file that events go to. */
static struct error *open_screen(struct console *console)
{
	bool has_records = console->options->format == OUTPUT_JSON && !console->is_terminal;
	sink_init(&console->screen, STDOUT_FILENO);
	console->screen.edit = has_records ? report_wrap : budget_trim;
	console->screen.context = console;
	console->events = &console->screen;
	if (console->is_terminal) {
		console->screen.before = before_write;
		console->screen.after = after_write;
	}
	if (console->options->format == OUTPUT_JSON && console->is_terminal &&
	    !console->options->output)
		return error_hint(error_new(ERR_USAGE, "--format json is not for a terminal that "
						       "commands are typed at"),
				  "Write the events to a file (-o FILE), or run without a console "
				  "(-batch).");
	return NULL;
}

static struct error *open_output(struct console *console)
{
	const char *path = console->options->output;
	TRY(open_screen(console));
	if (!path && console->options->format == OUTPUT_TEXT)
		return NULL;
	if (!path) {
		sink_init(&console->file, STDOUT_FILENO);
		console->events = &console->file;
		return NULL;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_new(ERR_OS, "%s: %s", path, strerror(errno));
	sink_init(&console->file, fd);
	console->events = &console->file;
	return NULL;
}

static struct error *console_init(struct console *console, const struct options *options)
{
	*console = (struct console){
	    .options = options,
	    .is_terminal = !options->is_batch && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
	    .report = &reports[options->format],
	    .announces = !options->is_batch || options->session.is_dry_run,
	    .source_name = "(command line)",
	    .file = {.fd = -1},
	    .input_fd = -1,
	    .epoll_fd = -1,
	    .duration_fd = -1,
	};
	settings_init(&console->settings);
	TRY(open_output(console));
	budget_init(console);
	struct runtime_options runtime = {
	    .format = options->format,
	    .is_unsafe = options->is_unsafe,
	    .arguments = options->script_arguments ? options->script_arguments + 1 : NULL,
	    .notice = on_notice,
	    .command = on_command,
	    .placed = on_placed,
	    .missing = on_missing,
	    .context = console,
	};
	console->session = session_new(&options->session);
	console->runtime = runtime_new(console->session, console->events, &runtime);
	return loop_init(console);
}

void console_hold(struct image **held, struct image *image)
{
	if (image)
		image_ref(image);
	if (*held)
		image_unref(*held);
	*held = image;
}

static void console_deinit(struct console *console)
{
	loop_deinit(console);
	console_hold(&console->listing.image, NULL);
	console_hold(&console->examine.memory.image, NULL);
	/* The runtime first: finalizers are run. */
	if (console->runtime)
		runtime_free(console->runtime);
	if (console->session)
		session_free(console->session);
	settings_deinit(&console->settings);
	free(console->launched_args);
	catalog_deinit(&console->catalog);
	srcpath_deinit(&console->srcpath);
	srcfile_close(&console->srcfile);
	sink_deinit(&console->screen);
	sink_deinit(&console->file);
	if (console->options->output)
		close(console->file.fd);
}

/* ----------------------------------------------------------------- loading */

/* `run` starts the program with these again. */
static struct error *launch_arguments(struct console *console, char *const *arguments)
{
	free(console->settings.args);
	console->settings.args = words_join(arguments + 1);
	console->launched_args = xstrdup(console->settings.args);
	return session_launch(console->session, arguments);
}

static struct error *name_target(struct console *console)
{
	const struct options *options = console->options;
	if (options->program)
		return session_set_file(console->session, options->program);
	if (options->pid)
		return session_attach(console->session, options->pid);
	if (options->args)
		return launch_arguments(console, options->args);
	return NULL;
}

static void show_header(struct console *console)
{
	const struct target *target = session_target(console->session);
	struct buffer *out = &console->screen.pending;
	if (console->options->is_batch || console->options->is_quiet)
		return;
	buffer_puts(out, "moontap " MOONTAP_VERSION);
	if (target->program) {
		buffer_puts(out, " -- ");
		text_target(out, target);
		buffer_putc(out, '\n');
	} else {
		buffer_puts(out, ". Type \"help\" for the commands.\n");
	}
}

static struct error *run_step(struct console *console, const struct step *step)
{
	struct error *err;
	bool announces = console->announces;
	switch (step->kind) {
	case STEP_FILE:
		return command_run_file(console, step->text);
	case STEP_TEXT:
		return command_run_text(console, step->text, false);
	case STEP_COMMAND:
		console->announces = true;
		err = command_execute(console, step->text);
		console->announces = announces;
		return err;
	}
	return NULL;
}

static bool wants_end(const struct console *console)
{
	int status;
	return console->wants_quit || runtime_wants_exit(console->runtime, &status);
}

/* Names the target and takes the steps. As in GDB, one that fails does not keep
 * the next from being tried; but a script that failed is not traced. */
static void load(struct console *console)
{
	console_report(console, name_target(console));
	if (console->options->is_batch && console->status)
		return;
	show_header(console);
	if (!console->options->is_batch)
		initfile_run(console);
	for (size_t i = 0; i < console->options->steps.size && !wants_end(console); i++) {
		console_report(console, run_step(console, &console->options->steps.data[i]));
		error_free(sink_flush(&console->screen));
	}
	console->source_name = "(console)";
}

/* ----------------------------------------------------------------- the end */

bool console_is_done(struct console *console)
{
	if (wants_end(console))
		return true;
	if (!console->options->is_batch)
		return false;
	const struct target *target = session_target(console->session);
	if (target->state == TARGET_EXITED || console->events->is_broken)
		return true;
	return target->state != TARGET_RUNNING && !session_next_probe(console->session, NULL) &&
	       runtime_timer_fd(console->runtime) < 0;
}

static void run_batch(struct console *console)
{
	if (console->status || console->options->session.is_dry_run || wants_end(console))
		return;
	if (session_target(console->session)->state == TARGET_HELD)
		console_report(console, session_run(console->session));
	if (!console->status)
		loop_run(console);
}

static void run_console(struct console *console)
{
	input_init(console);
	if (!wants_end(console))
		loop_run(console);
	input_deinit(console);
}

size_t console_deliver(struct console *console)
{
	/* What commands have said is not to be taken for events. */
	error_free(sink_flush(&console->screen));
	console->budget.is_delivering = true;
	size_t count = runtime_deliver(console->runtime);
	console->budget.is_delivering = false;
	return count;
}

/* A slow block and a full ring take long: who asks to end again is heard. */
static void deliver_rest(struct console *console)
{
	while (console_deliver(console)) {
		int number = signal_take();
		if (number == SIGINT || number == SIGTERM || number == SIGHUP) {
			console_complain(
			    console, "moontap: interrupted; events not shown yet are dropped\n");
			return;
		}
	}
}

/* The scripts may have printed them as well: that is theirs to decide. */
static void print_aggregates(struct console *console)
{
	enum output_format format = console->options->format;
	struct buffer *out = &console->events->pending;
	for (struct probe *p = NULL; (p = session_next_probe(console->session, p));)
		console_report(console, runtime_aggregates(p, format, out));
	console_report(console,
		       runtime_shared_aggregates(console->runtime, NULL, NULL, format, out));
}

/* Who sits at a console has looked at them; the records at the end have them in any case. */
static void print_covers(struct console *console)
{
	if (console->options->is_batch && !console->options->session.is_dry_run &&
	    console->options->format == OUTPUT_TEXT)
		cover_draw(console, &console->events->pending);
}

static void finish(struct console *console)
{
	session_stop(console->session);
	deliver_rest(console);
	runtime_finish(console->runtime);
	budget_finish(console);
	print_aggregates(console);
	print_covers(console);
	console->report->ended(console);
	console_flush(console);
	if (console->events->is_broken && !console_is_reader_gone(console) && !console->status)
		console->status = 1;
}

static int exit_status(const struct console *console)
{
	const struct target *target = session_target(console->session);
	int status;
	if (runtime_wants_exit(console->runtime, &status))
		return status;
	if (console->is_terminal)
		return 0;
	if (console->status || !console->options->is_batch || !console->options->args)
		return console->status;
	status = target->state == TARGET_EXITED ? target->exit_status : 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int console_main(const struct options *options)
{
	struct console console;
	int status;
	struct error *err = console_init(&console, options);
	if (err) {
		console_report(&console, err);
		status = console.status;
	} else {
		load(&console);
		if (options->is_batch)
			run_batch(&console);
		else
			run_console(&console);
		finish(&console);
		status = exit_status(&console);
	}
	console_deinit(&console);
	return status;
}
