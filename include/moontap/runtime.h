/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.h - Lua: scripts run, probes get their functions, events call them.
 *
 *   runtime.c   a Lua state from start to end; running a text
 *   sandbox.c   its environment and its safety
 *   unit.c      a text with its tree and its Lua function; finding a function's source
 *   globals.c   which names are the script's own
 *   define.c    a probe statement or probe(...) call becomes a probe
 *   pending.c   ... or one that waits for its place
 *   handle.c    what the runtime knows of a probe
 *   limit.c     a probe that is disabled or deleted after some hits
 *   deliver.c   a record becomes a call
 *   capture.c   ... whose arguments are the values captured
 *   flow.c      calls of a flow, as a tree
 *   callback.c  errors of a callback: told once, counted, the end after too many
 *   aggregate.c count() and its kin; aggregates shown
 *   shared.c    aggregates of the script, as Lua values
 *   bind.c      ... which of them a block's names stand for
 *   take.c      ... what probes have added to them; them shown
 *   row.c       rows that the kernel has counted
 *   value.c     what the following kinds of Lua values have in common
 *   typed.c     structs, arrays and the like
 *   program.c   ... what the target says of addresses in them
 *   unsigned.c  unsigned integers from 2^63 on, pointers
 *   stack.c     stacks
 *   missing.c   values that could not be read
 *   print.c     print, printf
 *   emit.c      emit: a Lua table as a line of JSON
 *   hit.c       the default action
 *   record.c    all of these as records: --format json
 *   control.c   file, attach, exit, enable, disable, delete, ok, len, atexit, command
 *   target.c    the `target` object
 *   timer.c     every
 *   failure.c   struct error as a Lua error and back; tracebacks
 *   complete.c  names that complete a prefix
 *   library.c   moontap's own Lua files; calls of their functions
 *
 * lua.h is known here and in the console only.
 */
#ifndef MOONTAP_RUNTIME_H
#define MOONTAP_RUNTIME_H

#include "moontap/base.h"
#include "moontap/output.h"
#include "moontap/probe.h"

struct runtime;

/*
 * Values of the target that a script keeps point to types (type.h) of the image that they
 * are of. So each keeps that image, also when the probe is gone or the target another.
 * Finalizers of scripts, which runtime_free runs, may still look at them.
 */

struct runtime_options {
	enum output_format format; /* of what scripts say */
	bool is_unsafe;		   /* os.execute, io.popen and friends stay */
	char *const *arguments;	   /* the script's `arg` and `...`; NULL-terminated, or NULL */
	/* Tells of something that happened beside the events: an error in a
	 * callback, a probe disabled by its errors. One whole line or several. */
	void (*notice)(void *context, const char *text);
	/* Runs a console command line and appends what it printed (command "..."). */
	struct error *(*command)(void *context, const char *line, struct buffer *output);
	/* Tells that a probe was placed (the console's "Tracepoint 1 at ..."). */
	void (*placed)(void *context, const struct probe *probe);
	/* A probe's place is not there, for the reason err (taken over), but may come with a
	 * library: NULL to have it wait; else the error that ends the statement. */
	struct error *(*missing)(void *context, struct error *err);
	void *context;
};
/* notice is needed; the others may be NULL. */

/* The session and the sink must outlive it. The probes of the session use sources of the
 * runtime: after runtime_free the session is good for session_free only. */
struct runtime *runtime_new(struct session *session, struct sink *sink,
			    const struct runtime_options *options);
void runtime_free(struct runtime *runtime);

/* Runs a whole text (takes ownership of source). ERR_SYNTAX, ERR_INCOMPLETE,
 * ERR_LUA (the hint is a traceback), and whatever placing a probe says. Probes
 * placed before the error stay. With is_interactive, the values of an expression
 * (`EXPR` or `= EXPR`) are printed. A call of exit() ends the text without an error. */
struct error *runtime_run(struct runtime *runtime, struct source *source, bool is_interactive);

/* Calls the functions of events that have come, for a moment at most; returns
 * how many came: call again until that is 0. Flushes the sink. */
size_t runtime_deliver(struct runtime *runtime);
/* In how many ms runtime_deliver is to be called although nothing has come; -1: not at all. */
int runtime_wait_ms(const struct runtime *runtime);
/* Raises the error "interrupted" in the Lua code that is running, if any is. May
 * be called from a signal handler. */
void runtime_interrupt(struct runtime *runtime);
/* Has a script called exit()? */
bool runtime_wants_exit(const struct runtime *runtime, int *ret_status);
/* Readable when a timer of `every` is due; -1 while there is none. */
int runtime_timer_fd(const struct runtime *runtime);
void runtime_run_timers(struct runtime *runtime);
/* Runs the atexit functions, last registered first, once. */
void runtime_finish(struct runtime *runtime);

/* Names that complete `prefix` in Lua ("pri", "string.fo"): calls fn for each,
 * the whole of it ("string.format"), in no order. */
void runtime_complete(struct runtime *runtime, const char *prefix,
		      void (*fn)(void *context, const char *candidate), void *context);

/* Calls a function of a Lua module of moontap's with a text. What it returns is appended to
 * out: a text, or nothing; or nil, a message and perhaps a hint, which become an ERR_USAGE. */
struct error *runtime_call_module(struct runtime *runtime, const char *module, const char *function,
				  const char *text, struct buffer *out);

/* Appends what the aggregations of a probe's block have counted so far, each below
 * a line that names it, or as a record; nothing if it has none. */
struct error *runtime_aggregates(const struct probe *probe, enum output_format format,
				 struct buffer *out);
/* The same of the script's aggregates, by their names: those that a probe adds to which is
 * wanted; if wants is NULL, all that a probe adds to or that have counted something. */
struct error *
runtime_shared_aggregates(struct runtime *runtime,
			  bool (*wants)(const void *context, const struct probe *probe),
			  const void *context, enum output_format format, struct buffer *out);

/* source is one probe statement: it becomes the text of a probe, which keeps its number
 * and counts (probe_replace). Takes source over. As runtime_run; on error the probe is as
 * it was. */
struct error *runtime_redefine(struct runtime *runtime, struct probe *probe, struct source *source);

/* How long a probe lasts: events that its condition lets through count. */
struct runtime_limit {
	bool deletes;	 /* the next one deletes it */
	bool disables;	 /* it is disabled after */
	uint64_t events; /* ... so many more */
};
/* ERR_USAGE if the block runs in the kernel, where events are not counted down. */
struct error *runtime_set_limit(struct runtime *runtime, struct probe *probe,
				const struct runtime_limit *limit);
void runtime_get_limit(const struct probe *probe, struct runtime_limit *ret);

/* Errors a callback of this probe has raised; it is disabled after
 * CALLBACK_ERRORS_MAX in a row. */
uint64_t runtime_errors(const struct probe *probe);
#define CALLBACK_ERRORS_MAX 10

#endif
