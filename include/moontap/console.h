/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h - what a person types and reads.
 *
 *   main.c         the process: options to console, exit status
 *   options.c      the command line (one table: parsing and --help)
 *   quantity.c     "5s" and "64M" as numbers
 *   console.c      one console from its parts to its end: load, loop, drain, report
 *   say.c          what it says on standard error, and asks
 *   initfile.c     ./.moontapinit
 *   loop.c         the only event loop
 *   signal.c       signals as its events
 *   input.c        lines of input: blocks of several, the empty line, end of file
 *   prompt.c       readline: editing, events above the half-typed line
 *   history.c      what was typed before, and its file
 *   report.c       what it tells of probes: in words, or as records (--format json)
 *   budget.c       lines of events a second on a terminal
 *   complete.c     what Tab offers
 *   offers.c         ... of the target: variables at a place, globals, fields
 *   catalog.c        the target's names
 *   table.c        the commands and their texts
 *   command.c      dispatch by unique prefix; Lua for the rest
 *   absent.c       ... what GDB has and there is none of here
 *   ids.c          "1 2-3 1.2"
 *   text.c         probes, places and processes in words
 *   facts.c        how the target was built
 *   statement.c    a probe as a statement
 *   cmd_break.c    break and its kin, flow among them
 *   cmd_probe.c    delete, enable, disable, ignore
 *   cmd_change.c   condition, commands
 *   cmd_save.c     save breakpoints
 *   cmd_explain.c  explain
 *   cmd_recipe.c   recipe
 *   cmd_info.c     the subjects of info
 *   info_breakpoints.c, info_line.c, info_symbols.c  most of them
 *   cmd_target.c   file, attach, detach, run, kill
 *   cmd_list.c, srcfile.c  list; where a source file is, and its lines
 *   flow.c         where a function's control goes, for the next two:
 *   cmd_branches.c branches: conditional jumps, in words
 *   cmd_calls.c    calls
 *   cmd_disassemble.c, reference.c  disassemble; the names of addresses in it
 *   cmd_cover.c    cover: lines with their counts
 *   memory.c, cmd_examine.c  reading memory; x
 *   evaluate.c     a path through a global: *list.next->name
 *   valuewhere.c   ... where the global is
 *   valueread.c    ... its value: bytes, and what pointers in them lead to
 *   substitute.c   an expression of Lua's with such values in it
 *   typetext.c     types as C declares them
 *   cmd_print.c    print, ptype, whatis
 *   info_data.c    info variables, types
 *   info_probes.c  info probes
 *   info_scope.c   info scope, args, locals
 *   settings.c, cmd_set.c  settings; set, show, unset, directory
 *   cmd_help.c     help, apropos
 *   cmd_support.c  source, echo, pwd, shell, quit
 *   man.c, shellwords.c  the manual page, completion in shells: from the tables
 *
 * The commands and what they share are declared in src/console/command.h.
 *
 * Top of the tree: nothing includes this header but the room's own files.
 */
#ifndef MOONTAP_CONSOLE_H
#define MOONTAP_CONSOLE_H

#include <regex.h>

#include "moontap/runtime.h"

/* ----------------------------------------------------------------- options */

/* What the command line asks to do once the target is named, in its order. */
enum step_kind {
	STEP_COMMAND, /* -ex: a console line */
	STEP_FILE,    /* -x, or the script itself: a path */
	STEP_TEXT,    /* -e: a script */
};
struct step {
	enum step_kind kind;
	const char *text;
};

/* Strings are argv's. At most one of program, pid and args is given. */
struct options {
	const char *program;
	pid_t pid;
	char *const *args;	       /* --args: program and arguments, ended by NULL */
	char *const *script_arguments; /* the script and what follows it, or NULL */
	VECTOR(struct step) steps;
	const char *completion; /* --completion: a shell, or NULL */
	const char *output;	/* -o */
	enum output_format format;
	int64_t duration_ns; /* 0: none */
	struct session_options session;
	bool is_batch; /* -batch, -e or a script: no prompt */
	bool is_quiet;
	bool is_unsafe;
	bool wants_help, wants_version, wants_manual;
};

/* ERR_USAGE. Call options_deinit whatever it returned. */
struct error *options_parse(int argc, char *const argv[], struct options *ret);
void options_deinit(struct options *options);
void options_help(struct buffer *out);
/* Calls fn for each option: its usage ("-p PID") and what it does. */
void options_each(void (*fn)(void *context, const char *usage, const char *help), void *context);
/* Completion of the command line, for bash or zsh. ERR_USAGE. */
struct error *shellwords_write(const char *shell, struct buffer *out);
/* The manual page, as troff. */
void manual_write(struct buffer *out);

/* "5s", "500ms", "1.5m": nanoseconds (ns us ms s m h; none: seconds). ERR_USAGE. */
struct error *quantity_duration(const char *text, int64_t *ret_ns);
/* "64M": bytes (K M G, powers of 1024). ERR_USAGE. */
struct error *quantity_size(const char *text, size_t *ret_bytes);

/* ----------------------------------------------------------------- console */

struct console;

enum setting_auto {
	SETTING_IS_AUTO,
	SETTING_IS_ON,
	SETTING_IS_OFF,
};
extern const char *const auto_words[]; /* by setting_auto; NULL at the end */
/* Counts: 0 is no limit. */
struct settings {
	char *args;
	enum setting_auto pending;
	bool confirm, history_save;
	unsigned event_lines, history_size, listsize, max_completions;
	struct compile_limits limits;
};
struct setting {
	const char *name; /* may have several words */
	enum {
		SETTING_BOOLEAN,
		SETTING_AUTO,
		SETTING_COUNT,
		SETTING_TEXT,
	} kind;
	size_t offset;	     /* of its field */
	const char *meaning; /* goes on with "is on" */
	unsigned most;	     /* COUNT: from 1 to this; 0: any, and unlimited */
};
extern const struct setting settings_table[]; /* ends with a NULL name */
void settings_init(struct settings *settings);
void settings_deinit(struct settings *settings);
/* By the beginnings of the words that text starts with; *ret_rest is what follows. ERR_USAGE. */
struct error *setting_find(const char *text, const struct setting **ret, const char **ret_rest);
struct error *setting_set(struct settings *settings, const struct setting *setting,
			  const char *text);
/* A sentence for each setting whose name text begins; for all if it is empty. ERR_USAGE. */
struct error *settings_show(const struct settings *settings, const char *text, struct buffer *out);
const struct setting *setting_args(void);

/* Lines of events in this second (budget.c). */
struct budget {
	bool is_terminal;   /* where events go to: else there is no limit */
	bool is_delivering; /* what is written now are events, not what a command says */
	unsigned lines;
	uint64_t held_back;
	int64_t second_ends_ms;
};

/* The target's source files; {0} to begin with (catalog.c). */
struct catalog {
	const struct program *program; /* they are of */
	VECTOR(const char *) sources;  /* in order, many of them often */
	struct arena texts;
};
/* Calls fn for what begins with prefix, perhaps several times, until it returns false. A prefix may
 * begin with a MODULE: */
typedef bool (*catalog_fn)(void *context, const char *name);
void catalog_functions(struct program *program, const char *prefix, catalog_fn fn, void *context);
/* "counted.c:" */
void catalog_sources(struct catalog *names, struct program *program, const char *prefix,
		     catalog_fn fn, void *context);
/* Static probes: "python:line", and "line". */
void catalog_probes(struct program *program, const char *prefix, catalog_fn fn, void *context);
void catalog_deinit(struct catalog *names);

/* What the word at the end of text may become, of variables of the target: those seen at the place
 * of the statement that text begins with (or else from main), globals, fields of those. */
void offers_of_data(struct console *console, const char *text, const char *word,
		    void (*fn)(void *context, const char *offer), void *context);

/* Where source files are looked for. */
struct srcpath_rule {
	char *from, *to;
};
struct srcpath {
	VECTOR(char *) directories;
	VECTOR(struct srcpath_rule) rules;
};
void srcpath_deinit(struct srcpath *path);
/* One source file, kept while it is listed. */
struct srcfile {
	char *recorded; /* as debug information has it; NULL: none is open */
	char *path;	/* where it was found */
	struct source *source;
	VECTOR(size_t) lines; /* where each begins */
	bool is_newer;	      /* than the program */
	struct timespec modified;
	bool is_changed; /* since it was read */
};
/* Has it been written to, or vanished, since it was read? True once. */
bool srcfile_note_change(struct srcfile *file);
/* Opens the file that image calls recorded, unless it is open. ERR_NO_FILE, ERR_OS. */
struct error *srcfile_open(struct srcfile *file, const struct srcpath *path, struct image *image,
			   const char *recorded);
void srcfile_close(struct srcfile *file);
/* "12\tTEXT\n"; line counts from 1 and must be there. */
void srcfile_put_line(const struct srcfile *file, unsigned line, struct buffer *out);

/* What `list` has shown last. */
struct listing {
	struct image *image; /* held */
	const char *file;    /* the image's; NULL: nothing yet */
	unsigned first, last;
	const struct program *program; /* it is of */
};
/* What is looked at: a process, or a file that does not run (memory.c). */
struct memory {
	pid_t pid;	     /* 0: none */
	struct image *image; /* its bytes, if there is no process */
	uint64_t bias;	     /* of the image in the process */
};
struct memory memory_of(const struct console *console, struct image *image);
/* Of size bytes at address, how many could be read. */
size_t memory_read(const struct memory *memory, uint64_t address, void *ret, size_t size);

/* What a path through a global leads to (evaluate.c). */
struct value {
	const struct type *type;
	bool has_address;
	uint64_t address; /* in the process, or the file */
	struct buffer bytes;
	VECTOR(struct typed_part) parts; /* what its pointers lead to */
	struct arena texts;
};
struct evaluation {
	struct memory memory;
	struct scope *scope;
	struct compile_limits limits; /* of what is read */
};
/* Globals as seen from main, or from wherever debug information begins; ERR_NO_SYMBOLS. */
struct error *evaluation_init(struct evaluation *evaluation, struct console *console);
void evaluation_deinit(struct evaluation *evaluation);
/* "*list.next->items[2]", "&counter". *ret_is_path is false (and there is no error) if text is
 * none, or begins with no global of the target. Unless only its type is wanted, the value is
 * read: ERR_UNREADABLE. value_deinit it whatever happened. */
struct error *evaluate(const struct evaluation *evaluation, const char *text, bool wants_value,
		       struct value *ret, bool *ret_is_path);
/* The same of a path that text begins with, and its value: *ret_end is behind it, or text if it
 * begins with none. */
struct error *evaluate_beginning(const struct evaluation *evaluation, const char *text,
				 struct value *ret, const char **ret_end);
/* text, an expression of Lua's, with values in the place of paths through globals; the caller
 * frees. ERR_NO_SYMBOL: a name is neither Lua's nor the target's; ERR_TYPE: Lua has no such
 * value; and what evaluate has. */
struct error *substitute_globals(struct console *console, const char *text, char **ret);
/* Fills in the type and the place (or the bytes, if it is in no memory) of a global.
 * ERR_UNREADABLE. */
struct error *value_locate(const struct memory *memory, const struct variable *variable,
			   struct value *ret);
/* Fills in the bytes and parts of a value whose type and place are known. */
struct error *value_read(const struct evaluation *evaluation, struct value *value);
void value_deinit(struct value *value);

/* "int *next[3]" */
void type_declare(struct buffer *out, const struct type *type, const char *name);
/* As ptype has it: members in lines of their own, with their offsets and sizes if wanted. */
void type_describe(struct buffer *out, const struct type *type, bool has_offsets);

/* Where `x` goes on, and how. */
struct examine {
	char format, size; /* 0: not used yet */
	unsigned count;
	struct memory memory; /* its image is held, and names addresses */
	uint64_t next;
	bool is_started;
	const struct program *program; /* it is of */
};

/* Signals, rings, the target's end, timers, processes, changed files, duration, input. */
#define LOOP_SOURCES 8

struct console {
	const struct options *options;
	struct session *session;
	struct runtime *runtime;
	struct sink screen;  /* standard output: what commands say */
	struct sink file;    /* -o; records on standard output */
	struct sink *events; /* what scripts print: one of the two above */
	const struct report *report;
	struct buffer *out;	 /* what the running command says: screen's, or command()'s */
	bool is_captured;	 /* ... the latter */
	const char *command;	 /* what the screen gets is said by this one; or NULL */
	const char *source_name; /* of the text that runs: "(console)" */
	bool is_terminal;	 /* a person types: prompt, questions */
	bool may_ask;		 /* a line that was typed is running: its person can answer */
	bool announces;		 /* says where a probe went */
	bool wants_quit;
	int status; /* exit status of the first failure, 0 while there is none */
	struct settings settings;
	char *launched_args; /* what `run` was given last, or NULL */
	struct budget budget;
	struct catalog catalog;
	struct srcpath srcpath;
	struct srcfile srcfile;
	struct listing listing;
	struct examine examine;

	/* loop.c */
	int epoll_fd, signal_fd, duration_fd;
	int registered[LOOP_SOURCES]; /* descriptors the epoll knows, -1 for none */
	struct watch *watch;	      /* tells of processes that run the file, or NULL */
	char *watched;		      /* ... this file */

	/* input.c */
	int input_fd;		/* -1 in batch: standard input is the program's then */
	bool is_input_file;	/* a regular file: always ready, epoll will not have it */
	struct buffer received; /* bytes not yet a line (no terminal) */
	struct buffer entry;	/* lines of a block not yet closed */
	char *previous;		/* what the empty line repeats, or NULL */
};

/* Makes *held a reference to image (or none) instead of what it was. */
void console_hold(struct image **held, struct image *image);
/* Runs a console to its end; returns the exit status of the process. */
int console_main(const struct options *options);
/* 1: the user's mistake; 2: nothing can be traced here. */
int console_error_status(const struct error *err);
/* Shows err (if there is one), notes its exit status and frees it. */
void console_report(struct console *console, struct error *err);
/* Puts whole lines on standard error, escaped, above the prompt. */
void console_complain(struct console *console, const char *text);
/* As runtime_deliver; a terminal gets to see what its budget permits. */
size_t console_deliver(struct console *console);
/* Writes out what scripts and commands have printed. */
void console_flush(struct console *console);
/* Has nobody the other end of the pipe that events go to? "moontap ... | head" is no mistake; a
 * full disk is an error. */
bool console_is_reader_gone(const struct console *console);
/* "question (y or n) ": true without asking if nobody typed the command. */
bool console_query(struct console *console, const char *question);
/* "question (y or [n]) ": false without asking. */
bool console_query_no(struct console *console, const char *question);
/* Is there still something to wait for? */
bool console_is_done(struct console *console);

/* Between the two, what the screen gets is told apart as what a command says. */
void console_begin_command(struct console *console, const char *text);
void console_end_command(struct console *console);

/* How the console tells of probes (report.c). */
struct report {
	void (*placed)(struct console *console, const struct probe *probe);
	/* The counts are final: it was deleted, or all has ended. */
	void (*ended)(struct console *console, const struct probe *probe);
};
extern const struct report reports[]; /* by output_format */
/* As sink.edit: lines for people become a record. */
void report_wrap(void *console, struct buffer *pending);
/* Where aggregates go that a command shows, and as what: its own text, out, or records. */
struct buffer *report_aggregates(struct console *console, struct buffer *out,
				 enum output_format *ret);

void budget_init(struct console *console);
/* As sink.edit: takes away what is over the budget. */
void budget_trim(void *console, struct buffer *pending);
/* In how many ms something is to be said; -1: never. Says it when it is due. */
int budget_wait_ms(struct console *console);
/* Says what has been held back and not been said. */
void budget_finish(struct console *console);

/* Runs ./.moontapinit if its directory is trusted, or says why not. */
void initfile_run(struct console *console);

/* loop_run returns when console_is_done. */
struct error *loop_init(struct console *console);
void loop_run(struct console *console);
void loop_deinit(struct console *console);

/* Turns signals into events, for the whole process: *ret_fd (not the caller's to
 * close) is readable when signal_take has one. */
struct error *signal_init(bool is_terminal, struct runtime *runtime, int *ret_fd);
int signal_take(void); /* 0: none is left */
void signal_deinit(void);

/* Commands come from standard input, and a prompt is shown if it is a terminal. */
void input_init(struct console *console);
void input_deinit(struct console *console);
void input_ready(struct console *console); /* there is something to read */
/* One line, as typed. What it starts may take further lines: input_is_open. */
void input_line(struct console *console, const char *line);
bool input_is_open(const struct console *console);
/* Forgets the lines of an open block. */
void input_cancel(struct console *console);

/* The prompt is one per process, as readline is. All but prompt_init do nothing
 * while there is no prompt. */
void prompt_init(struct console *console);
void prompt_deinit(void);
void prompt_read(void);
bool prompt_is_shown(void);  /* is a line being edited? */
void prompt_hide(void);	     /* before something else is written */
void prompt_show(void);	     /* ... and after */
void prompt_interrupt(void); /* Ctrl-C: Quit, and a fresh prompt */
void prompt_suspend(void);   /* Ctrl-Z */
void prompt_resize(void);
void complete_init(struct console *console);

/* A file that cannot be read or written is no error: the history then lasts as
 * long as the session. */
void history_load(unsigned entries); /* keeps so many; 0: all */
void history_limit(unsigned entries);
void history_show(struct buffer *out);
void history_remember(const char *text); /* blocks of several lines stay one entry */
void history_save(unsigned entries);

/* ------------------------------------------------------------------- texts */

void text_version(struct buffer *out);
/* "0x1444 <counted+4>" */
void text_address(struct buffer *out, struct image *image, uint64_t address);
/* Makes text, which is emptied, the next cell. */
void text_cell(struct table *table, struct buffer *text);
/* Appends a name from a target, escaped. */
void text_name(struct buffer *out, const char *name);
/* "main.f+0x6d", "libc.so.6:malloc", "*0x1139": can be typed back as a location. */
void text_place(struct buffer *out, const struct place *place, const struct program *program);
/* "main.go:23"; nothing if the line is not known. */
void text_line(struct buffer *out, const struct line *line);
/* ", to g", ", when jumped to": what a site of a finish is that follows jumps; nothing of another.
 */
void text_step(struct buffer *out, const struct site *site);
/* "Tracepoint 1 at 0x48298d: main.f+0x6d (main.go:23).\n" */
void text_placed(struct buffer *out, const struct probe *probe, const struct program *program);
/* What is worth a word about a probe: a line for each variable of the target that its text cannot
 * name because something of Lua's hides it, its plan's doubt, and whether other programs hit it. */
void text_notes(struct buffer *out, const struct probe *probe, const struct target *target);
/* "kernel+lua": where a probe's condition and block run. */
const char *text_runs(const struct probe *probe);
/* "./go-play: Go 1.21.13, register ABI, DWARF" */
void text_target(struct buffer *out, const struct target *target);
/* How a program was built, a line each. */
void text_facts(struct buffer *out, struct image *image);
/* "[process 123 exited with status 3]\n" */
void text_ended(struct buffer *out, const struct target *target);

#endif
