/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * absent.c - what GDB has and a program that never stops cannot have: what a person who types
 * it may want instead.
 */
#include <string.h>

#include "command.h"

struct absent {
	const char *words, *hint;
};

static const char is_not_stopped[] = "The program is not stopped: there is nothing to continue.";
static const char has_stacks[] = "The program is not stopped; a block can print(stack()) at a hit.";
static const char has_threads[] =
    "The program is not stopped; `tid` and `goid` say whose hit it is: break f if tid == N.";
static const char has_timers[] =
    "The program is not stopped; \"every 1s do ... end\" prints again and again.";
static const char leaves_signals[] =
    "Signals are the program's own: they are neither stopped nor sent.";
static const char has_no_watchpoints[] = "There are no watchpoints: nothing stops the program.";
static const char has_no_pages[] = "Output is not paged.";

static const struct absent absent_commands[] = {
    {"advance c cont continue fg jump n next nexti ni s si step stepi u until", is_not_stopped},
    {"backtrace bt down frame up where", has_stacks},
    {"taas tfaas thread", has_threads},
    {"display undisplay", has_timers},
    {"handle signal", leaves_signals},
    {"awatch rwatch tstart watch", has_no_watchpoints},
    {"call", "Nothing is called in the target, and nothing is written to it."},
    {"catch", "A tracepoint sees it: break __cxa_throw (C++), break runtime.gopanic (Go)."},
    {"start starti", "The program does not stop: \"break main\", then \"run\"."},
    {"alias define document py python",
     "Commands are scripted in Lua: \"help names\"; \"source\" runs a file of it."},
    {"layout tui",
     "There are no windows: \"list\" and \"disassemble\" show where tracepoints are."},
};

static const struct absent absent_subjects[] = {
    {"all-registers registers", "A block reads them at the hit: reg.rax."},
    {"frame stack", has_stacks},
    {"threads", has_threads},
    {"display", has_timers},
    {"signals", leaves_signals},
    {"watchpoints", has_no_watchpoints},
    {"files", "\"info target\" and \"info sharedlibrary\" say what is traced."},
};

static const struct absent absent_settings[] = {
    {"height pagination width", has_no_pages},
    {"logging", "moontap -o FILE writes what scripts print to a file."},
    {"print", "Values are on one line: \"set max-depth\", max-elements and max-string bound them."},
};

static const char *find(const struct absent *rows, size_t count, const char *word, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (word_is_among(rows[i].words, word, size))
			return rows[i].hint;
	return NULL;
}

/* Their abbreviations are not ours to take: c is continue, not condition. */
const char *command_absent(const struct command *rows, const char *word, size_t size)
{
	if (rows == commands)
		return find(absent_commands, ARRAY_SIZE(absent_commands), word, size);
	if (rows == info_commands)
		return find(absent_subjects, ARRAY_SIZE(absent_subjects), word, size);
	return NULL;
}

const char *setting_absent(const char *text)
{
	return find(absent_settings, ARRAY_SIZE(absent_settings), text, strcspn(text, " \t"));
}
