/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - a probe's life, and the session that owns the probes.
 *
 *   session.c  the target, the kernel handle, the list of probes
 *   target.c   a file, a process, or a program launched by us
 *   locate.c   from a location to judged sites
 *   window.c   the bytes of functions, and their instructions
 *   exits.c    a finish: a function's entry and its returns
 *   follow.c   ... and those of functions that it jumps to
 *   parts.c    a function with what was split off it
 *   cover.c    a cover: which sites tell how often a line was reached
 *   stretches.c  ... whose code is which line's
 *   covered.c  ... and is counted where
 *   build.c    sites become programs: compiled, grouped, loaded
 *   probe.c    made, counted, removed
 *   enable.c   attach, by site; enable, disable
 *   replace.c  another text for a probe
 *   pending.c  probes whose place is not there yet
 *   mappings.c what the target maps, told to pending.c and stacks.c
 *   changes.c  traced files that are written to
 *   stacks.c   what is known of the processes whose stacks are captured
 *
 * Prints nothing and knows no Lua: events and notices go to the functions the
 * runtime hands in.
 */
#ifndef MOONTAP_PROBE_H
#define MOONTAP_PROBE_H

#include <sys/types.h>

#include "moontap/compile.h"
#include "moontap/disasm.h"
#include "moontap/kernel.h"
#include "moontap/script.h"
#include "moontap/symbols.h"

struct session;
struct probe;

/* ----------------------------------------------------------------- session */

struct session_options {
	struct kernel_options kernel;
	bool is_dry_run;     /* compile and judge, attach nothing; needs no privileges */
	bool is_interactive; /* a launched program gets a process group of its own and no
				terminal to read: Ctrl-C and the keys are the console's */
};

/* Cheap: the kernel is opened by the first probe that needs it. */
struct session *session_new(const struct session_options *options);
/* Detaches everything; ends a launched program that was never run. */
void session_free(struct session *session);
/* How much of a value probes capture that are set from now on. */
void session_set_limits(struct session *session, const struct compile_limits *limits);
const struct compile_limits *session_limits(const struct session *session);
/* The end of tracing: no probe gets another hit. What was enabled is still said
 * to be; events already on their way can be consumed, counters read. */
void session_stop(struct session *session);

/* The target. Naming a new one removes no probes by itself: ERR_USAGE if there
 * are any of another file. */
struct error *session_set_file(struct session *session, const char *path);
struct error *session_attach(struct session *session, pid_t pid);
/* Leaves the process alone again: removes what was attached to it alone. */
struct error *session_detach(struct session *session);
/* Names program and arguments (as --args does); starts it, held before its
 * first instruction, so that probes can be placed in it by pid. Probes that are in
 * this program already go over to the new process alone. */
struct error *session_launch(struct session *session, char *const argv[]);
/* Lets the launched program go; starts it anew if it has ended. */
struct error *session_run(struct session *session);
/* Ends a program that session_launch started (never anything else). */
struct error *session_kill(struct session *session);

enum target_state {
	TARGET_NONE,
	TARGET_FILE,	/* every process that runs the file */
	TARGET_PROCESS, /* one process of somebody else */
	TARGET_HELD,	/* ours, not yet run */
	TARGET_RUNNING, /* ours */
	TARGET_EXITED,	/* was PROCESS or RUNNING; see exit_status */
};
struct target {
	enum target_state state;
	struct program *program; /* NULL if NONE */
	pid_t pid;
	int exit_status; /* as waitpid gives it, -1 if it cannot be known */
};
const struct target *session_target(const struct session *session);
/* Readable when the target process has ended; -1 without one. */
int session_exit_fd(const struct session *session);
/* Takes note of the end (reaps a launched one): state becomes EXITED. */
void session_note_exit(struct session *session);

/* ------------------------------------------------------------------ probes */

struct probe_request {
	enum probe_kind kind; /* RBREAK: its location is /re/ */
	const char *location;
	struct span location_span;    /* in source, for errors; {0,0}: none */
	const struct source *source;  /* must outlive the probe */
	const struct node *condition; /* or NULL; of a tree that outlives the probe */
	const struct node *goroutine; /* likewise, as in compile_request */
	const struct node *block;     /* as in compile_request */
	const char *event;	      /* as in compile_request */
	unsigned depth;		      /* of a FLOW: levels that are shown; 0: all */
	/* Likewise; context must outlive the probe. */
	bool (*is_script_name)(void *context, const char *name);
	void *context;
	/* As in compile_request; copied, its names and nodes are not. */
	const struct script_aggregate *aggregates;
	size_t aggregate_count;
	/* As compile.h; the tree's, like the nodes. */
	const struct script_constant *constants;
	size_t constant_count;
	/* The probe has been detached for good, and goes: the last chance to take what its block
	 * has added to aggregates of the script. With the context above. NULL: nobody cares. */
	void (*going)(void *context, struct probe *probe);
	/* It was deleted, and none of its records is on the way any more: the counts are final. It
	 * is freed after. NULL: nobody cares. */
	void (*gone)(void *context, struct probe *probe);
};

/* Locates, judges every site, compiles, loads and attaches, or does none of
 * it. *ret is the session's. */
struct error *session_add(struct session *session, const struct probe_request *request,
			  struct probe **ret);
/* A probe may wait for a library that is not loaded yet: can it, where session_add has failed
 * with err? session_add_pending gives it its number. When the target has mapped something
 * (session_take_arrivals; once each), those that have come are to be made: a draft, put in
 * its place. */
bool probe_may_wait(const struct probe_request *request, const struct error *err);
struct error *session_add_pending(struct session *session, const struct probe_request *request,
				  struct probe **ret);
bool probe_is_pending(const struct probe *probe);
bool session_take_arrivals(struct session *session);
/* Is it pending and enabled, and its location no longer unknown? */
bool probe_has_come(const struct probe *probe);
/* Another text for a pending probe, whose place stays unknown. */
void probe_restate(struct probe *probe, const struct probe_request *request);
/* By number; NULL if there is none. */
struct probe *session_probe(const struct session *session, unsigned number);
/* The number given last, 0 before the first. */
unsigned session_last_number(const struct session *session);
/* From now on probes are compiled and judged only, or (false) attached, too; returns what it
 * was. */
bool session_set_dry_run(struct session *session, bool is_dry_run);
/* In order of their numbers; NULL after the last. */
struct probe *session_next_probe(const struct session *session, const struct probe *previous);

struct site {
	struct place place; /* where the probe sits */
	struct site_verdict verdict;
	uint64_t offset;	/* in the file */
	uint64_t semaphore;	/* of a static probe that counts its listeners: its offset; or 0 */
	enum jump_step step;	/* of a finish that follows jumps */
	uint64_t leads_to;	/* of JUMP_OUT and JUMP_ON: the address of the function */
	struct line found_line; /* of site_line, for it alone */
	bool has_line;
};

/* Its line in the source; file NULL if not known. Looked up when first asked for: of thousands of
 * sites few are ever shown. */
const struct line *site_line(const struct site *site);

/* Where a probe for one of a location's places would sit. */
uint64_t probe_address(const struct location *location, const struct place *place);

unsigned probe_number(const struct probe *probe);
enum probe_kind probe_kind(const struct probe *probe);
const char *probe_location(const struct probe *probe);	/* as written */
const char *probe_condition(const struct probe *probe); /* as written, or NULL */
size_t probe_site_count(const struct probe *probe);
const struct site *probe_site(const struct probe *probe, size_t index);
/* Of a finish: where calls are seen to begin; its sites are where they return. Of a flow they are
 * both. Others: 0. */
size_t probe_entry_count(const struct probe *probe);
const struct site *probe_entry(const struct probe *probe, size_t index);
/* Its calls that were no hits. */
void probe_call_losses(const struct probe *probe, struct call_losses *ret);
/* The first plan, NULL of a pending one. All have the same Lua function (but those of a flow) and
 * aggregations; what their captures are may differ: */
const struct plan *probe_plan(const struct probe *probe);
/* The plan that a site's records follow; its number is below probe_plan_count. */
const struct plan *probe_site_plan(const struct probe *probe, size_t index, size_t *ret_number);
size_t probe_plan_count(const struct probe *probe);
const struct plan *probe_plan_at(const struct probe *probe, size_t number);
/*
 * Of a cover: a picture a function, by image, file and line.
 *
 * A line's count is how often control has entered it: come to its code from other lines, or
 * from the caller, or, where a loop is all on the line, gone round. So one that is made of several
 * pieces of code (a condition with an && in it, the head of a loop) counts as a person would, and
 * as gcov does; copies of the function, inlined or cloned, are added up.
 */
struct cover_line {
	unsigned number;    /* 0: of no source line, but of the code from address on */
	uint64_t address;   /* of its first code */
	const char *reason; /* why it is not counted, in words; NULL: it is */
};
struct cover_picture {
	const char *function;
	const struct place *place; /* of its code, or of the first copy's */
	const char *file;	   /* NULL: no line is known; its lines are basic blocks */
	size_t line_count;	   /* those that have code, in order */
};
/* 0 of other kinds, and of a pending cover. */
size_t probe_picture_count(const struct probe *probe);
#define COVER_PICTURES_MAX 100
/* Functions that match as well, and have none. */
size_t probe_left_out(const struct probe *probe);
struct cover_picture probe_picture(const struct probe *probe, size_t index);
const struct cover_line *probe_cover_line(const struct probe *probe, size_t picture, size_t line,
					  uint64_t *ret_count);
/* Matches of a glob or regex that cannot be probed, and why the first cannot
 * (NULL if there are none; the probe's). */
size_t probe_skipped(const struct probe *probe, const struct error **ret_first);
/* For explain: the listing of every program. */
void probe_list(const struct probe *probe, struct buffer *out);
bool probe_is_enabled(const struct probe *probe);
struct error *probe_enable(struct probe *probe);
/* No hit comes after it. Takes no longer for many than for one. */
void probes_disable(struct probe *const *probes, size_t count);
void probe_disable(struct probe *probe);
/* Of one site; the whole probe may be disabled beside. */
bool probe_site_is_enabled(const struct probe *probe, size_t index);
struct error *probe_enable_site(struct probe *probe, size_t index, bool is_enabled);
/* Events still to be passed over: they count as filtered. */
uint64_t probe_ignored(const struct probe *probe);
void probe_set_ignored(struct probe *probe, uint64_t hits);
/* It gets no more hits and is in no list; the probe itself lives until those of its events that
 * are still on the way have been passed over, which counts as throttled. Its number is not used
 * again. */
void probe_delete(struct probe *probe);
/* Frees those that were deleted, whatever is still on the way: for the end. session_consume does
 * when nothing is. */
void session_clear_deleted(struct session *session);
/* Sum over sites, or of one; the user-space half is accounted for: an event
 * that the Lua guard turned down counts as filtered, not delivered. */
void probe_counters(const struct probe *probe, struct counters *ret);
void probe_site_counters(const struct probe *probe, size_t index, struct counters *ret);
void probe_note_filtered(struct probe *probe, size_t site_index);
/* An event that came when no more were wanted counts as throttled. */
void probe_note_held_back(struct probe *probe);
/* The rows of aggregate index of the plan, as kernel_aggregates_read gives them;
 * none unless the plan is_in_kernel. */
struct error *probe_read_aggregate(const struct probe *probe, size_t index,
				   void (*fn)(void *context, const mt_u64 *key,
					      const mt_u64 *words),
				   void *context, uint64_t *ret_dropped);

/* The same of one that adds to an aggregate of the script, as kernel_aggregates_take. */
struct error *probe_take_aggregate(const struct probe *probe, size_t index,
				   void (*fn)(void *context, const mt_u64 *key,
					      const mt_u64 *words),
				   void *context, uint64_t *ret_dropped);

/*
 * Another text for a probe. A draft is one of the same number that is in no list and
 * attached nowhere. probe_replace puts it in the place of the probe, whose address,
 * number, counts and enabled sites stay, and takes it over, on failure too (then the
 * probe is as it was). When the old text gets no more hits, drain is called to have
 * its events delivered.
 */
struct error *probe_draft(struct probe *probe, const struct probe_request *request,
			  struct probe **ret);
void probe_discard(struct probe *draft);
struct error *probe_replace(struct probe *probe, struct probe *draft, void (*drain)(void *context),
			    void *context);
/* As it was made: what its strings and nodes point to lives as long as the probe. */
const struct probe_request *probe_request(const struct probe *probe);

/* A word for the runtime: its own handle of this probe. */
void probe_set_handle(struct probe *probe, void *handle);
void *probe_handle(const struct probe *probe);

/* ----------------------------------------------------------------- changes */

/* Readable when a file with probes in it has been written to; -1 without any. */
int session_change_fd(const struct session *session);
/* A file that is overwritten in place has other instructions where our sites were,
 * and processes that map it from now on would get our breakpoints into them:
 * disables the probes of such files, and tells of each. */
void session_note_changes(struct session *session,
			  void (*fn)(void *context, const struct probe *, const char *file),
			  void *context);

/* ------------------------------------------------------------------ events */

int session_fd(const struct session *session); /* -1 until the first probe */
/* Delivers what has arrived, oldest first, until none is left or fn returns
 * false. Records of deleted probes are passed over. Returns how many. A probe that fn has been
 * told of stays at least until the next call. */
struct delivery {
	struct probe *probe;
	size_t site_index;
	const struct record *record;
};
size_t session_consume(struct session *session, bool (*fn)(void *context, const struct delivery *),
		       void *context);
bool session_arm(struct session *session);
/* Has come something of which session_fd need not tell any more? To be asked when that is
 * registered to be waited for. */
bool session_has_news(const struct session *session);
/* The stack of a capture in a process of the target, as stacks_find gives it. */
const struct stack *session_find_stack(struct session *session,
				       const struct stack_capture *capture);
const struct stack *probe_find_stack(const struct probe *probe,
				     const struct stack_capture *capture);

#endif
