/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line.
 *
 * One table gives parsing and --help. Options are GDB's where GDB has them, and
 * like GDB's they take one dash or two; so no getopt.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

struct option_row {
	const char *name;  /* without dashes */
	const char *value; /* what --help calls its argument; NULL: it takes none */
	const char *help;
	struct error *(*set)(struct options *options, const char *value);
};

static struct error *add_step(struct options *options, enum step_kind kind, const char *text)
{
	vector_push(&options->steps, ((struct step){kind, text}));
	return NULL;
}

static struct error *set_pid(struct options *options, const char *value)
{
	char *end;
	long pid = strtol(value, &end, 10);
	if (end == value || *end || pid <= 0 || pid > INT32_MAX)
		return error_new(ERR_USAGE, "\"%s\" is not a process id", value);
	options->pid = (pid_t)pid;
	return NULL;
}

static struct error *set_file(struct options *options, const char *value)
{
	return add_step(options, STEP_FILE, value);
}

static struct error *set_command(struct options *options, const char *value)
{
	return add_step(options, STEP_COMMAND, value);
}

static struct error *set_text(struct options *options, const char *value)
{
	options->is_batch = true;
	return add_step(options, STEP_TEXT, value);
}

static struct error *set_batch(struct options *options, const char *value)
{
	(void)value;
	options->is_batch = true;
	return NULL;
}

static struct error *set_quiet(struct options *options, const char *value)
{
	(void)value;
	options->is_quiet = true;
	return NULL;
}

static struct error *set_output(struct options *options, const char *value)
{
	options->output = value;
	return NULL;
}

static struct error *set_format(struct options *options, const char *value)
{
	static const char *const names[] = {[OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		options->format = (enum output_format)i;
		return NULL;
	}
	return error_hint(error_new(ERR_USAGE, "no format \"%s\"", value),
			  "There are text, lines for people, and json, an object a line.");
}

static struct error *set_duration(struct options *options, const char *value)
{
	return quantity_duration(value, &options->duration_ns);
}

static struct error *set_dry_run(struct options *options, const char *value)
{
	(void)value;
	options->session.is_dry_run = true;
	return NULL;
}

static struct error *set_unsafe(struct options *options, const char *value)
{
	(void)value;
	options->is_unsafe = true;
	return NULL;
}

static struct error *set_ring_size(struct options *options, const char *value)
{
	size_t size;
	TRY(quantity_size(value, &size));
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (size < page || (size & (size - 1)) || size > (size_t)1 << 31)
		return error_hint(
		    error_new(ERR_USAGE, "a ring cannot be %s", value),
		    "Its size is a power of two from %zu bytes to 2G: 16M, 64M, 256M.", page);
	options->session.kernel.ring_bytes = size;
	return NULL;
}

static struct error *set_method(struct options *options, const char *value)
{
	static const char *const names[] = {
	    [ATTACH_ANY] = "any", [ATTACH_MULTI] = "multi", [ATTACH_TRACEFS] = "tracefs"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		options->session.kernel.method = (enum attach_method)i;
		return NULL;
	}
	return error_hint(error_new(ERR_USAGE, "no attach method \"%s\"", value),
			  "There are multi (Linux 6.6), tracefs (root only), and any.");
}

static struct error *set_version(struct options *options, const char *value)
{
	(void)value;
	options->wants_version = true;
	return NULL;
}

static struct error *set_help(struct options *options, const char *value)
{
	(void)value;
	options->wants_help = true;
	return NULL;
}

static struct error *set_completion(struct options *options, const char *value)
{
	options->completion = value;
	return NULL;
}

static struct error *set_manual(struct options *options, const char *value)
{
	(void)value;
	options->wants_manual = true;
	return NULL;
}

static const struct option_row rows[] = {
    {"p", "PID", "trace this process only", set_pid},
    {"x", "FILE", "run a script, then go on to the console", set_file},
    {"ex", "COMMAND", "run a console command; -x and -ex may repeat, in order", set_command},
    {"e", "TEXT", "run TEXT as a script, without a console", set_text},
    {"batch", NULL, "no console: trace until Ctrl-C, exit() or the program's end", set_batch},
    {"q", NULL, "no line about moontap and the target at the start", set_quiet},
    {"o", "FILE", "write what scripts print to FILE", set_output},
    {"format", "FORMAT", "of what is written: text, or json, one object a line", set_format},
    {"duration", "TIME", "end after 5s, 500ms, 2m ...", set_duration},
    {"dry-run", NULL, "compile and judge, attach nothing; needs no privileges", set_dry_run},
    {"unsafe", NULL, "let scripts run other programs (os.execute, io.popen)", set_unsafe},
    {"ring-size", "SIZE", "what the event buffer of a CPU may grow to: 16M unless told",
     set_ring_size},
    {"attach-method", "HOW", "multi, tracefs or any (the best that works)", set_method},
    {"version", NULL, "print the version and end", set_version},
    {"help", NULL, "print this and end", set_help},
    /* For the build and `make install`: docs/moontap.1, files for shells. */
    {"man", NULL, NULL, set_manual},
    {"completion", "SHELL", NULL, set_completion},
};

void options_each(void (*fn)(void *context, const char *usage, const char *help), void *context)
{
	char usage[32];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *row = &rows[i];
		snprintf(usage, sizeof(usage), "-%s%s%s%s", row->name[1] ? "-" : "", row->name,
			 row->value ? " " : "", row->value ? row->value : "");
		if (row->help)
			fn(context, usage, row->help);
	}
	fn(context, "--args PROGRAM ...", "the program to launch and all its arguments; last");
}

static void help_option(void *out, const char *usage, const char *help)
{
	buffer_printf(out, "  %-20s %s\n", usage, help);
}

void options_help(struct buffer *out)
{
	buffer_puts(out, "Usage: moontap [options] [PROGRAM]\n"
			 "       moontap [options] -p PID\n"
			 "       moontap [options] SCRIPT.mt|SCRIPT.lua [SCRIPT'S ARGUMENTS]\n"
			 "       moontap [options] --args PROGRAM [PROGRAM'S ARGUMENTS]\n"
			 "Tracepoints that do not stop, in running programs, scripted in Lua.\n\n");
	options_each(help_option, out);
	buffer_puts(out, "\nExit status: 0 fine, 1 error in script or usage, 2 cannot trace here;\n"
			 "with --args and no console, the program's own.\n");
}

/* Is the first line a shebang that names moontap ("#!/usr/bin/env moontap",
 * "#!/usr/bin/env -S moontap -q")? */
static bool has_our_shebang(const char *path)
{
	char line[256];
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t size = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (size < 2 || memcmp(line, "#!", 2) != 0)
		return false;
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	char *rest = line + 2;
	for (char *word; (word = strsep(&rest, " \t\r"));) {
		char *slash = strrchr(word, '/');
		if (!strcmp(slash ? slash + 1 : word, "moontap"))
			return true;
	}
	return false;
}

static bool is_script(const char *path)
{
	const char *dot = strrchr(path, '.');
	return (dot && (!strcmp(dot, ".mt") || !strcmp(dot, ".lua"))) || has_our_shebang(path);
}

static const struct option_row *find_row(const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strncmp(rows[i].name, name, size) && rows[i].name[size] == '\0')
			return &rows[i];
	return NULL;
}

static struct error *unknown_option(const char *argument, const char *name, size_t size)
{
	CLEANUP(free_p) char *wanted = xstrndup(name, size);
	struct nearest near = {.wanted = wanted};
	struct buffer names = {0};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].name[1] && rows[i].help)
			nearest_offer(&near, rows[i].name);
	nearest_format(&near, &names);
	struct error *err = error_new(ERR_USAGE, "unrecognized option '%s'", argument);
	if (names.size)
		error_hint(err, "Did you mean %s? \"moontap --help\" lists the options.",
			   names.data);
	else
		error_hint(err, "\"moontap --help\" lists the options.");
	buffer_deinit(&names);
	nearest_deinit(&near);
	return err;
}

/* Handles argv[*index], an option; moves *index over its value. */
static struct error *parse_option(char *const argv[], int *index, struct options *ret)
{
	const char *argument = argv[*index];
	const char *name = argument + 1 + (argument[1] == '-');
	size_t size = strcspn(name, "=");
	const struct option_row *row = find_row(name, size);
	if (!row)
		return unknown_option(argument, name, size);
	const char *value = name[size] == '=' ? name + size + 1 : NULL;
	if (value && !row->value)
		return error_new(ERR_USAGE, "option '%.*s' takes no value",
				 (int)(name + size - argument), argument);
	if (row->value && !value && !(value = argv[++*index]))
		return error_new(ERR_USAGE, "option '%s' needs a value: %s", argument, row->value);
	struct error *err = row->set(ret, value);
	return err ? error_prefix(err, "%.*s", (int)(name + size - argument), argument) : NULL;
}

static bool is_args_option(const char *argument)
{
	return !strcmp(argument, "--args") || !strcmp(argument, "-args");
}

static struct error *check_targets(const struct options *options)
{
	int targets = !!options->program + !!options->pid + !!options->args;
	if (targets > 1)
		return error_hint(error_new(ERR_USAGE, "more than one target"),
				  "Name one of PROGRAM, -p PID and --args PROGRAM ...");
	return NULL;
}

/* A word that is no option: the script (which takes the rest) or the program. */
static struct error *parse_word(char *const argv[], int *index, int argc, struct options *ret)
{
	const char *word = argv[*index];
	if (is_script(word)) {
		ret->is_batch = true;
		ret->script_arguments = argv + *index;
		*index = argc;
		return add_step(ret, STEP_FILE, word);
	}
	if (ret->program)
		return error_hint(error_new(ERR_USAGE, "one program too many: %s", word),
				  "To launch a program with arguments: moontap --args %s %s ...",
				  ret->program, word);
	ret->program = word;
	return NULL;
}

struct error *options_parse(int argc, char *const argv[], struct options *ret)
{
	*ret = (struct options){0};
	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		if (is_args_option(argument)) {
			if (!argv[i + 1])
				return error_new(ERR_USAGE, "option '%s' needs a program",
						 argument);
			ret->args = argv + i + 1;
			break;
		}
		if (argument[0] == '-' && argument[1])
			TRY(parse_option(argv, &i, ret));
		else
			TRY(parse_word(argv, &i, argc, ret));
	}
	ret->session.is_interactive = !ret->is_batch;
	return check_targets(ret);
}

void options_deinit(struct options *options)
{
	vector_deinit(&options->steps);
}
