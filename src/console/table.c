/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - the commands: one row gives dispatch, abbreviation, completion,
 * help, apropos and the manual page.
 *
 * Apart from command.c because this is text for a reader, that is code. The tests run
 * every line of .examples.
 */
#include "command.h"

const struct command_class command_classes[CLASS_COUNT] = {
    [CLASS_BREAKPOINTS] = {"breakpoints", "Putting tracepoints into the program."},
    [CLASS_DATA] = {"data", "Looking at code and memory."},
    [CLASS_FILES] = {"files", "Naming programs and source files."},
    [CLASS_RUNNING] = {"running", "Starting and choosing what is traced."},
    [CLASS_STATUS] = {"status", "What there is: tracepoints, functions, the target."},
    [CLASS_SUPPORT] = {"support", "The console itself."},
};

#define LOCATIONS                                                                                 \
	"LOCATION is FUNCTION, FUNCTION+OFFSET, *ADDRESS, FILE:LINE, FILE:FUNCTION, a glob or\n"  \
	"/REGEX/, each with MODULE: before it where a library is meant; LINE, +LINES or -LINES\n" \
	"of what was listed last; or parts with names: -source FILE -line LINE, -function\n"      \
	"FUNCTION, -function FUNCTION -label LABEL or -line LINE, -probe [PROVIDER:]NAME, a\n"    \
	"static probe of the program or its libraries (\"info probes\"). EXPR decides at each\n"  \
	"hit, in the kernel where it can; BLOCK is Lua. \"help names\" lists what both use.\n"

const struct command commands[] = {
    {
	.name = "apropos",
	.usage = "apropos WORD",
	.summary = "Search help for a word.",
	.run = cmd_apropos,
	.class = CLASS_SUPPORT,
	.details = "WORD is a POSIX extended regular expression; case does not matter.\n",
	.examples = "apropos tracepoint\n",
    },
    {
	.name = "attach",
	.usage = "attach PID",
	.summary = "Trace one process, which runs on.",
	.run = cmd_attach,
	.class = CLASS_RUNNING,
	.details = "The process is not stopped. \"detach\" leaves it alone again.\n",
	.examples = "attach PID\n",
    },
    {
	.name = "branches",
	.usage = "branches [/a] LOCATION",
	.summary = "List a function's conditional jumps: what each reads, and where it leads.",
	.run = cmd_branches,
	.flags = COMMAND_OF_LOCATION,
	.class = CLASS_DATA,
	.details = "Each offset can be written after \"break FUNCTION\". /a: also the "
		   "compiler's own\n(stack checks, write barriers, bounds checks).\n",
	.examples = "branches main.neatFunction\n",
    },
    {
	.name = "break",
	.aliases = "b br trace tr",
	.usage = "break LOCATION [goroutine N] [if EXPR] [do BLOCK end]",
	.summary = "Put a tracepoint at a location; without a block it prints one line a hit.",
	.run = cmd_break,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details = LOCATIONS "The program never stops. The word \"force\" behind LOCATION permits "
			     "a place that\nis refused, unless it is in the middle of an "
			     "instruction. \"set breakpoint pending\" says\nwhether it may wait "
			     "for a library that is not loaded yet.\n",
	.examples = "break main.neatFunction\n"
		    "break main.neatFunction+0x6d do print(\"here 1\", tid) end\n"
		    "break main.go:19 if arg[1] & 255 == 1 do print(comm) end\n",
    },
    {
	.name = "calls",
	.usage = "calls [/a] LOCATION",
	.summary = "List the calls a function makes, with what was inlined around them.",
	.run = cmd_calls,
	.flags = COMMAND_OF_LOCATION,
	.class = CLASS_DATA,
	.details = "/a: also the compiler's own (stack checks, write barriers, bounds checks).\n",
	.examples = "calls main.neatFunction\n",
    },
    {
	.name = "commands",
	.usage = "commands [NUMBERS]",
	.summary = "Give tracepoints another block: lines of Lua, then a line \"end\".",
	.run = cmd_commands,
	.flags = COMMAND_OF_NUMBERS,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "Without a number: the tracepoint set last. No lines: the line that a tracepoint\n"
	    "without a block prints. The counts stay, aggregations begin anew.\n",
	.examples = "commands 1\nprint(\"here\", tid)\nend\n",
    },
    {
	.name = "condition",
	.usage = "condition NUMBER [EXPR]",
	.summary = "Let only hits through for which EXPR is true; without EXPR, all.",
	.run = cmd_condition,
	.flags = COMMAND_OF_NUMBERS | COMMAND_OF_LUA,
	.class = CLASS_BREAKPOINTS,
	.details = "EXPR is what may follow `if` behind a location. The counts stay, aggregations\n"
		   "begin anew.\n",
	.examples = "condition 1 arg[1] > 100\ncondition 1\n",
    },
    {
	.name = "cover",
	.usage = "cover [LOCATION]",
	.summary = "Count how often each line of functions is reached; without LOCATION, show it.",
	.run = cmd_cover,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "LOCATION is a function, or a glob or /REGEX/ for several. A line counts when control\n"
	    "comes to it from another line, from the caller, or round a loop that is all on it.\n"
	    "The kernel counts, nothing is sent. The picture is also printed at the end of a\n"
	    "script, and with -batch. Marks: ! never reached, - cannot be counted.\n",
	.examples = "cover main.neatFunction\ncover\n",
    },
    {
	.name = "delete",
	.aliases = "d",
	.usage = "delete [NUMBERS]",
	.summary = "Remove some tracepoints, or all.",
	.run = cmd_delete,
	.flags = COMMAND_OF_NUMBERS,
	.class = CLASS_BREAKPOINTS,
	.examples = "delete 1 2-3\n",
    },
    {
	.name = "detach",
	.usage = "detach",
	.summary = "Leave the attached process alone again.",
	.run = cmd_detach,
	.class = CLASS_RUNNING,
    },
    {
	.name = "directory",
	.aliases = "dir",
	.usage = "directory [DIR ...]",
	.summary = "Look for source files in these directories, too.",
	.run = cmd_directory,
	.flags = COMMAND_OF_FILE,
	.class = CLASS_FILES,
	.details = "Without an argument: only where the program was compiled, and here.\n",
	.examples = "directory /tmp\n",
    },
    {
	.name = "disable",
	.aliases = "dis",
	.usage = "disable [NUMBERS]",
	.summary = "Take some tracepoints, or all, out of the target.",
	.run = cmd_disable,
	.flags = COMMAND_OF_NUMBERS,
	.class = CLASS_BREAKPOINTS,
	.details = "What they have counted is kept.\n",
	.examples = "disable 1\n",
    },
    {
	.name = "disassemble",
	.aliases = "disas",
	.usage = "disassemble [/rs] LOCATION",
	.summary = "List a function's instructions and where a tracepoint may go.",
	.run = cmd_disassemble,
	.flags = COMMAND_REPEATS | COMMAND_OF_LOCATION,
	.class = CLASS_DATA,
	.details = "/r: with bytes; /s: with source lines. Marks: > where \"break FUNCTION\" goes, "
		   "+ cheap\n"
		   "to trace, ! cannot be traced. Tracepoints are shown with their hits.\n",
	.examples = "disassemble main.neatFunction\ndisassemble /s main.neatFunction\n",
    },
    {
	.name = "dprintf",
	.usage = "dprintf LOCATION [goroutine N], \"FORMAT\", EXPR, ...",
	.summary = "Put a tracepoint that prints as C's printf does.",
	.run = cmd_dprintf,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details = LOCATIONS,
	.examples = "dprintf main.neatFunction, \"%d in %s\\n\", arg[1], comm\n",
    },
    {
	.name = "echo",
	.usage = "echo TEXT",
	.summary = "Print a text; \\n is a new line.",
	.run = cmd_echo,
	.class = CLASS_SUPPORT,
	.examples = "echo hello\\n\n",
    },
    {
	.name = "enable",
	.aliases = "en",
	.usage = "enable [NUMBERS]",
	.summary = "Put disabled tracepoints back.",
	.run = cmd_enable,
	.flags = COMMAND_OF_NUMBERS,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "NUMBERS are those of \"info breakpoints\": 1, 2-3, 1.2 (one place of several),\n"
	    "$bpnum (the one set last).\n",
	.examples = "enable 1\nenable 1 2-3\n",
	.children = enable_commands,
    },
    {
	.name = "every",
	.usage = "every DURATION do BLOCK end",
	.summary = "Run a block again and again: every 1s, every 500ms.",
	.run = cmd_every,
	.flags = COMMAND_DIALECT,
	.class = CLASS_BREAKPOINTS,
	.examples = "every 1s do print(target.state) end\n",
    },
    {
	.name = "explain",
	.usage = "explain NUMBER",
	.summary = "Say what a tracepoint captures and what runs where.",
	.run = cmd_explain,
	.flags = COMMAND_REPEATS | COMMAND_OF_NUMBERS,
	.class = CLASS_STATUS,
	.examples = "explain 1\n",
    },
    {
	.name = "file",
	.usage = "file PROGRAM",
	.summary = "Trace every process that runs a program, now and later.",
	.run = cmd_file,
	.flags = COMMAND_OF_FILE,
	.class = CLASS_FILES,
	.details = "PROGRAM is a path, or a name that is looked for in $PATH.\n",
    },
    {
	.name = "finish",
	.aliases = "fin",
	.usage = "finish LOCATION [goroutine N] [if EXPR] [do BLOCK end]",
	.summary = "Put a tracepoint where a function returns.",
	.run = cmd_finish,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "In its condition and block, result is what the function returns, elapsed how many ns\n"
	    "ago it was entered, and entry.EXPR a value as it was then, entry.bytes(P, N) and the\n"
	    "like what was in memory. A call is a hit if its entry was seen, too; \"info\n"
	    "breakpoints\" counts those that are none. Where the function ends with a jump to\n"
	    "another, the returns of that are watched, too.\n",
	.examples = "finish main.neatFunction if elapsed > 1000000 do print(elapsed, goid) end\n",
    },
    {
	.name = "flow",
	.usage = "flow LOCATION [depth N] [goroutine N] [if EXPR]",
	.summary = "Show calls as they happen, indented, with arguments, results and durations.",
	.run = cmd_flow,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "LOCATION is a function, or a glob or /REGEX/ for several. A call that makes no other\n"
	    "of these is one line, f(1) = 3  1.2us; else its result has a line of its own. In "
	    "front\n"
	    "is the thread or goroutine. depth N: no more than N levels of each. EXPR decides in\n"
	    "the kernel, when a function is entered.\n",
	.examples = "flow main.neatFunction\nflow main.* depth 4\n",
    },
    {
	.name = "help",
	.aliases = "h",
	.usage = "help [CLASS|COMMAND|NAME]",
	.summary = "List the commands, or explain one.",
	.run = cmd_help,
	.flags = COMMAND_OF_HELP,
	.class = CLASS_SUPPORT,
	.examples = "help breakpoints\nhelp info functions\nhelp hist\n",
    },
    {
	.name = "ignore",
	.usage = "ignore NUMBER COUNT",
	.summary = "Pass over the next hits of a tracepoint that its condition lets through.",
	.run = cmd_ignore,
	.flags = COMMAND_OF_NUMBERS,
	.class = CLASS_BREAKPOINTS,
	.details = "They count as filtered.\n",
	.examples = "ignore 1 5\n",
    },
    {
	.name = "info",
	.aliases = "i",
	.usage = "info SUBJECT",
	.summary = "Show breakpoints, functions, the target ...",
	.run = cmd_info,
	.flags = COMMAND_REPEATS,
	.class = CLASS_STATUS,
	.children = info_commands,
    },
    {
	.name = "kill",
	.aliases = "k",
	.usage = "kill",
	.summary = "End the program that \"run\" started.",
	.run = cmd_kill,
	.class = CLASS_RUNNING,
    },
    {
	.name = "list",
	.aliases = "l",
	.usage = "list [LOCATION|FIRST,LAST|+|-]",
	.summary = "List source lines: around a place, a range, the next ten, the ten before (-).",
	.run = cmd_list,
	.flags = COMMAND_ADVANCES | COMMAND_OF_LOCATION,
	.class = CLASS_DATA,
	.details = "LINE, FILE:LINE, FUNCTION, *ADDRESS and so on name a place (\"help break\"). "
		   "\"directory\" and \"set\n"
		   "substitute-path\" say where the files are.\n",
    },
    {
	.name = "print",
	.aliases = "p",
	.usage = "print[/FMT] EXPR",
	.summary = "Print a global of the target as it is now, or the value of a Lua expression.",
	.run = cmd_print,
	.flags = COMMAND_OF_LUA | COMMAND_OF_DATA,
	.class = CLASS_DATA,
	.details =
	    "A global may be followed: list.next->name, table[2], table[2]@4, *pointer, &counter. "
	    "In an\n"
	    "expression of Lua's, counter + 1, it is a number, a boolean or a text. FMT is x, d, "
	    "u, o,\n"
	    "t, z or c. Where no process is traced, values are those the program starts with.\n",
	.examples = "print 6 * 7\nprint $bpnum\n",
    },
    {
	.name = "printf",
	.usage = "printf \"FORMAT\", EXPR, ...",
	.summary = "Print values of Lua's, as its printf(...) does.",
	.run = cmd_printf,
	.flags = COMMAND_OF_LUA,
	.class = CLASS_DATA,
	.examples = "printf \"%d of %s\\n\", 3, \"four\"\n",
    },
    {
	.name = "ptype",
	.usage = "ptype[/o] EXPR|FUNCTION|TYPE",
	.summary = "Describe a type; /o: with the offsets of its members.",
	.run = cmd_ptype,
	.flags = COMMAND_OF_LOCATION | COMMAND_OF_DATA,
	.class = CLASS_DATA,
	.examples = "ptype main.neatFunction\n",
    },
    {
	.name = "pwd",
	.usage = "pwd",
	.summary = "Print the working directory.",
	.run = cmd_pwd,
	.class = CLASS_FILES,
	.examples = "pwd\n",
    },
    {
	.name = "quit",
	.aliases = "q exit",
	.usage = "quit",
	.summary = "Remove all tracepoints and leave.",
	.run = cmd_quit,
	.class = CLASS_SUPPORT,
	.details = "The program runs on, as it was.\n",
    },
    {
	.name = "rbreak",
	.usage = "rbreak /REGEX/ [goroutine N] [if EXPR] [do BLOCK end]",
	.summary = "Put a tracepoint at every function that matches.",
	.run = cmd_rbreak,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details = "REGEX is a POSIX extended regular expression. The matches are the locations of "
		   "one\ntracepoint: 1.1, 1.2 ...\n",
	.examples = "rbreak /^main\\./ do count(func) end\n",
    },
    {
	.name = "recipe",
	.usage = "recipe list|search|help|check|run ...",
	.summary = "Use probes that somebody else has thought out.",
	.run = cmd_recipe,
	.class = CLASS_BREAKPOINTS,
	.details =
	    "A recipe is a Lua file that sets tracepoints, with arguments of its own. Those that\n"
	    "come with moontap are joined by the user's, in $XDG_DATA_HOME/moontap/recipes.\n",
	.children = recipe_commands,
    },
    {
	.name = "run",
	.aliases = "r",
	.usage = "run [ARGUMENTS]",
	.summary = "Start the program.",
	.run = cmd_run,
	.class = CLASS_RUNNING,
	.details = "Its tracepoints are in place before its first instruction.\n",
    },
    {
	.name = "save",
	.usage = "save breakpoints FILE",
	.summary = "Save the tracepoints as a script.",
	.run = cmd_save,
	.class = CLASS_BREAKPOINTS,
	.children = save_commands,
    },
    {
	.name = "set",
	.usage = "set NAME VALUE",
	.summary = "Change a setting; \"info settings\" lists them.",
	.run = cmd_set,
	.flags = COMMAND_OF_SETTING,
	.class = CLASS_SUPPORT,
	.details =
	    "set substitute-path FROM TO: source files whose path begins with FROM are at TO.\n",
	.examples = "set listsize 20\nset confirm off\nset substitute-path /build /usr/src\n",
    },
    {
	.name = "shell",
	.usage = "shell COMMAND",
	.summary = "Run a command of the shell; needs --unsafe. \"!COMMAND\" does the same.",
	.run = cmd_shell,
	.class = CLASS_SUPPORT,
	.examples = "shell true\n!true\n",
    },
    {
	.name = "show",
	.usage = "show [NAME]",
	.summary = "Show a setting, or all.",
	.run = cmd_show,
	.flags = COMMAND_OF_SETTING,
	.class = CLASS_SUPPORT,
	.details = "Also: show version, show commands (what was typed).\n",
	.examples = "show\nshow listsize\nshow version\n",
    },
    {
	.name = "source",
	.usage = "source FILE",
	.summary = "Run a script file.",
	.run = cmd_source,
	.flags = COMMAND_OF_FILE,
	.class = CLASS_SUPPORT,
	.details = "A script is code that runs with your privileges. It ends at its first error;\n"
		   "what it has set up by then stays, and is listed.\n",
    },
    {
	.name = "tbreak",
	.aliases = "tb",
	.usage = "tbreak LOCATION [goroutine N] [if EXPR] [do BLOCK end]",
	.summary = "Put a tracepoint that is gone after one hit.",
	.run = cmd_tbreak,
	.flags = COMMAND_DIALECT | COMMAND_OF_LOCATION,
	.class = CLASS_BREAKPOINTS,
	.details = LOCATIONS,
	.examples = "tbreak main.neatFunction do print(arg[1]) end\n",
    },
    {
	.name = "unset",
	.usage = "unset substitute-path [FROM]|args",
	.summary = "Forget source path substitutions, or the program's arguments.",
	.run = cmd_unset,
	.class = CLASS_SUPPORT,
	.examples = "unset args\n",
    },
    {
	.name = "whatis",
	.usage = "whatis EXPR|FUNCTION|TYPE",
	.summary = "Name the type of a global or function.",
	.run = cmd_whatis,
	.flags = COMMAND_OF_LOCATION | COMMAND_OF_DATA,
	.class = CLASS_DATA,
	.examples = "whatis main.main\n",
    },
    {
	.name = "x",
	.usage = "x[/FMT] ADDRESS",
	.summary = "Examine memory: of the process, or of the file where there is none.",
	.run = cmd_examine,
	.flags = COMMAND_ADVANCES | COMMAND_OF_LOCATION | COMMAND_OF_DATA,
	.class = CLASS_DATA,
	.details =
	    "FMT is a count, a format letter and a size letter. Formats: x(hex), d(decimal),\n"
	    "u(unsigned), o(octal), t(binary), a(address), c(char), f(float), s(string),\n"
	    "i(instruction). Sizes: b(1 byte), h(2), w(4), g(8). ADDRESS is a number (of the\n"
	    "process, or of the file), FUNCTION[+OFFSET], &GLOBAL, or a global that is a pointer, "
	    "an\n"
	    "array or a struct. The process is not stopped.\n",
	.examples = "x/4xw main.neatFunction\nx/3i main.neatFunction\n",
    },
    {0},
};
