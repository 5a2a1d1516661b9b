/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * man.c - the manual page, made of the tables that the program itself goes by.
 *
 * The page of a release is docs/moontap.1; a test compares it with this.
 */
#include <string.h>

#include "command.h"

static const char introduction[] =
    ".SH NAME\n"
    "moontap \\- tracepoints that do not stop, in running programs, scripted in Lua\n"
    ".SH SYNOPSIS\n"
    ".nf\n"
    "\\fBmoontap\\fR [options] [PROGRAM]\n"
    "\\fBmoontap\\fR [options] \\-p PID\n"
    "\\fBmoontap\\fR [options] SCRIPT.mt|SCRIPT.lua [ARGUMENTS]\n"
    "\\fBmoontap\\fR [options] \\-\\-args PROGRAM [ARGUMENTS]\n"
    ".fi\n"
    ".SH DESCRIPTION\n"
    "moontap puts BPF uprobe tracepoints into C, C++ and Go programs that are running. The\n"
    "commands are GDB's, the program never stops, and what runs at each hit is Lua 5.4; what\n"
    "can run in the kernel does. Naming a program traces every process that runs it, now and\n"
    "later.\n"
    ".PP\n"
    "A script is code that runs with your privileges: read it before you run somebody else's.\n";

static const char conclusion[] =
    ".SH EXIT STATUS\n"
    "0 fine; 1 an error in script or usage; 2 nothing can be traced here (privilege, kernel);\n"
    "with \\-\\-args and no console, the program's own.\n"
    ".SH FILES\n"
    ".TP\n"
    "\\fI$XDG_STATE_HOME/moontap/history\\fR\n"
    "What was typed at the prompt (else in \\fI~/.local/state\\fR).\n"
    ".TP\n"
    "\\fI./.moontapinit\\fR\n"
    "A script that the console runs first, if its directory is the user's or root's, nobody else\n"
    "can write there, and it is listed in \\fI$XDG_CONFIG_HOME/moontap/trusted\\fR (else in\n"
    "\\fI~/.config\\fR).\n"
    ".TP\n"
    "\\fI~/.inputrc\\fR\n"
    "Keys, as for all programs that use readline; the application's name is moontap.\n"
    ".SH SEE ALSO\n"
    "gdb(1), bpftrace(8), lua(1), readline(3)\n";

/* One line, so that troff takes nothing in it for a request or an escape. */
static void put_line(struct buffer *out, const char *text, size_t size)
{
	if (size && (*text == '.' || *text == '\''))
		buffer_puts(out, "\\&");
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\')
			buffer_puts(out, "\\e");
		else if (text[i] == '-')
			buffer_puts(out, "\\-");
		else
			buffer_putc(out, text[i]);
	}
	buffer_putc(out, '\n');
}

static void put_lines(struct buffer *out, const char *lines)
{
	while (*lines) {
		size_t size = strcspn(lines, "\n");
		put_line(out, lines, size);
		lines += size + (lines[size] == '\n');
	}
}

static void put_entry(struct buffer *out, const char *term, const char *text)
{
	buffer_puts(out, ".TP\n.B ");
	put_lines(out, term);
	put_lines(out, text);
}

static void put_option(void *out, const char *usage, const char *help)
{
	put_entry(out, usage, help);
}

static void put_block(struct buffer *out, const char *lines)
{
	buffer_puts(out, ".RS\n.nf\n");
	put_lines(out, lines);
	buffer_puts(out, ".fi\n.RE\n");
}

static void put_command(struct buffer *out, const struct command *command)
{
	put_entry(out, command->usage, command->summary);
	if (command->aliases) {
		buffer_puts(out, "Also: ");
		put_lines(out, command->aliases);
	}
	if (command->details)
		put_block(out, command->details);
	if (command->examples)
		put_block(out, command->examples);
	for (const struct command *c = command->children; c && c->name; c++)
		put_command(out, c);
}

void manual_write(struct buffer *out)
{
	buffer_puts(out, ".\\\" Made by moontap --man\n.TH MOONTAP 1 \"\" \"moontap\" "
			 "\"User Commands\"\n");
	buffer_puts(out, introduction);
	buffer_puts(out, ".SH OPTIONS\n");
	options_each(put_option, out);
	buffer_puts(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		buffer_puts(out, ".SS ");
		put_lines(out, command_classes[i].summary);
		for (const struct command *c = commands; c->name; c++)
			if (c->class == i)
				put_command(out, c);
	}
	buffer_puts(out, ".SH SETTINGS\n");
	for (const struct setting *s = settings_table; s->name; s++)
		put_entry(out, s->name, s->meaning);
	buffer_puts(out, ".SH NAMES IN A BLOCK\n");
	for (const struct builtin *b = NULL; (b = builtin_next(b));)
		put_entry(out, b->usage, b->summary);
	buffer_puts(out, conclusion);
}
