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
static const char has_timers[] = "every 1s do print(command \"print NAME\") end prints a global of "
				 "the target again and again.";
static const char leaves_signals[] =
    "Signals are the program's own: they are neither stopped nor sent.";
static const char has_no_watchpoints[] = "There are no watchpoints: nothing stops the program.";
static const char has_no_pages[] = "Output is not paged.";
static const char has_blocks[] =
    "A tracepoint traces from when it is set: break LOCATION do BLOCK end says what.";
static const char is_here[] =
    "Processes of this machine are traced: \"attach PID\", \"file PROGRAM\".";
static const char has_scope[] =
    "A tracepoint without a block shows arguments; \"info args\", \"info locals\" and "
    "\"info scope\" take a LOCATION.";
static const char has_symbols[] =
    "\"file PROGRAM\" reads its symbols; separate debug files are found by build ID.";

static const struct absent absent_commands[] = {
    {"advance c cont continue fg interrupt j jump n next nexti ni rc record reverse-continue "
     "reverse-finish reverse-next reverse-step s si skip step stepi u until",
     is_not_stopped},
    {"backtrace bt down frame stack up where", has_stacks},
    {"taas tfaas thread goroutine goroutines", has_threads},
    {"display undisplay", has_timers},
    {"handle signal", leaves_signals},
    {"awatch rwatch watch", has_no_watchpoints},
    {"actions collect ftrace passcount strace tstart tstatus tstop", has_blocks},
    {"hbreak thbreak", "\"break\" and \"tbreak\" need no debug registers."},
    {"clear clearall", "\"delete NUMBERS\": \"info breakpoints\" has the numbers."},
    {"inspect output", "\"print\" shows values."},
    {"args locals", has_scope},
    {"add-inferior inferior load monitor", is_here},
    {"add-symbol-file symbol-file", has_symbols},
    {"core core-file gcore generate-core-file", "There are no core files: programs run on."},
    {"fo forward-search rev reverse-search search",
     "\"list\" shows sources; \"info functions REGEX\" finds functions."},
    {"cd", "moontap stays where it was started; \"directory\" says where sources are."},
    {"call", "Nothing is called in the target, and nothing is written to it."},
    {"catch", "A tracepoint sees it: break __cxa_throw (C++), break runtime.gopanic (Go)."},
    {"start starti", "The program does not stop: \"break main\", then \"run\"."},
    {"alias define document guile py python",
     "Commands are scripted in Lua: \"help names\"; \"source\" runs a file of it."},
    {"layout tui",
     "There are no windows: \"list\" and \"disassemble\" show where tracepoints are."},
};

static const struct absent absent_subjects[] = {
    {"all-registers r registers", "A block reads them at the hit: reg.rax."},
    {"f frame s stack", has_stacks},
    {"threads goroutines", has_threads},
    {"display", has_timers},
    {"signals", leaves_signals},
    {"watchpoints", has_no_watchpoints},
    {"macro macros", "Macros are not known here: write what they stand for."},
    {"auxv inferiors os", "\"info proc\" and \"info target\" say what is traced."},
    {"files sections", "\"info target\" and \"info sharedlibrary\" say what is traced."},
};

static const struct absent absent_settings[] = {
    {"height pagination width", has_no_pages},
    {"logging", "moontap -o FILE writes what scripts print to a file."},
    {"print", "Values are on one line: \"set max-depth\", max-elements and max-string bound them."},
    {"cwd env environment", "\"run\" starts the program in moontap's directory and environment."},
    {"can-use-hw-watchpoints detach-on-fork follow-fork-mode non-stop scheduler-locking",
     "The program is never stopped: there is nothing to choose."},
    {"debug-file-directory", has_symbols},
    {"solib-search-path sysroot", "Libraries are the files that the process has mapped."},
    {"disassembly-flavor", "Code is shown as AT&T's assembler writes it."},
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
