/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shellwords.c - completion of moontap's own command line, for bash and zsh, made of
 * the table of options.
 */
#include <string.h>

#include "command.h"

/* -------------------------------------------------------------------- bash */

static void put_option(void *out, const char *usage, const char *help)
{
	(void)help;
	buffer_printf(out, " %.*s", (int)strcspn(usage, " "), usage);
}

/* Options whose value is no file. */
static void put_other_values(void *out, const char *usage, const char *help)
{
	size_t size = strcspn(usage, " ");
	(void)help;
	if (usage[size] && strcmp(usage + size, " FILE") != 0 &&
	    strcmp(usage + size, " PID") != 0 && strncmp(usage, "--args", size) != 0)
		buffer_printf(out, "%.*s|", (int)size, usage);
}

static void write_bash(struct buffer *out)
{
	buffer_puts(out,
		    "# bash completion of moontap; made by moontap --completion bash\n"
		    "_moontap()\n"
		    "{\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		    "\tcase $prev in\n"
		    "\t-p) COMPREPLY=($(compgen -W \"$(cd /proc && echo [0-9]*)\" -- \"$cur\"))\n"
		    "\t\treturn ;;\n"
		    "\t");
	options_each(put_other_values, out);
	out->data[--out->size] = '\0';
	buffer_puts(out, ") return ;;\n"
			 "\tesac\n"
			 "\tif [[ $cur == -* ]]; then\n"
			 "\t\tCOMPREPLY=($(compgen -W \"");
	options_each(put_option, out);
	buffer_puts(out, "\" -- \"$cur\"))\n"
			 "\telse\n"
			 "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
			 "\tfi\n"
			 "}\n"
			 "complete -o filenames -F _moontap moontap\n");
}

/* --------------------------------------------------------------------- zsh */

/* In single quotes, for _arguments. */
static void put_quoted(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buffer_puts(out, "'\\'");
		else if (strchr("[]:", *text))
			buffer_putc(out, '\\');
		buffer_putc(out, *text);
	}
}

static void put_argument(void *context, const char *usage, const char *help)
{
	struct buffer *out = context;
	size_t size = strcspn(usage, " ");
	const char *value = usage[size] ? usage + size + 1 : NULL;
	buffer_printf(out, " \\\n\t'*%.*s[", (int)size, usage);
	put_quoted(out, help);
	buffer_puts(out, "]");
	if (!strncmp(usage, "--args", size))
		buffer_puts(out, ":*::program:_normal");
	else if (value)
		buffer_printf(out, ":%s:%s", value,
			      !strcmp(value, "FILE")  ? "_files"
			      : !strcmp(value, "PID") ? "_pids"
						      : " ");
	buffer_puts(out, "'");
}

static void write_zsh(struct buffer *out)
{
	buffer_puts(out, "#compdef moontap\n"
			 "# zsh completion of moontap; made by moontap --completion zsh\n"
			 "_arguments");
	options_each(put_argument, out);
	buffer_puts(out, " \\\n\t'*:program or script:_files'\n");
}

struct error *shellwords_write(const char *shell, struct buffer *out)
{
	if (!strcmp(shell, "bash"))
		write_bash(out);
	else if (!strcmp(shell, "zsh"))
		write_zsh(out);
	else
		return error_new(ERR_USAGE, "no completion for \"%s\", only for bash and zsh",
				 shell);
	return NULL;
}
