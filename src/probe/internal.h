/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal.h - what the files of this room share. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include <limits.h>

#include "moontap/probe.h"

/* ------------------------------------------------------------------ target */

struct launched {
	char **arguments; /* NULL-terminated copy; NULL: not launched by us */
	int gate;	  /* write end: closing it lets the held child go */
	int report;	  /* read end: errno if exec fails, end of file if not */
};

struct target_private {
	struct target public;
	struct launched launched;
	int pidfd; /* of a process, else -1 */
};

void target_init(struct target_private *target);
/* Ends a child that is still held. */
void target_deinit(struct target_private *target);
struct error *target_set_file(struct target_private *target, const char *path);
struct error *target_attach(struct target_private *target, pid_t pid);
/* Takes over program. */
struct error *target_launch(struct target_private *target, struct program *program,
			    char *const argv[], bool is_interactive);
/* Forks the held child anew, from the arguments of target_launch. */
struct error *target_hold(struct target_private *target, bool is_interactive);
struct error *target_release(struct target_private *target);
void target_note_exit(struct target_private *target);
struct error *target_kill(struct target_private *target);
/* The process that probes are limited to, or 0. */
pid_t target_pid(const struct target_private *target);

/* ----------------------------------------------------------------- session */

/* A file with probes in it. */
struct watched_file {
	int descriptor; /* of inotify */
	struct image *image;
};

struct session {
	struct session_options options;
	struct target_private target;
	struct kernel *kernel;	       /* NULL until needed */
	VECTOR(struct probe *) probes; /* by number - 1; NULL where deleted */
	VECTOR(struct probe *) buried; /* deleted while their events were delivered */
	bool is_consuming;
	bool is_stopped; /* nothing is attached any more, whatever a block asks for */
	int change_fd;	 /* inotify; -1 until there is something to watch */
	VECTOR(struct watched_file) watched;
	struct stacks *stacks; /* NULL until needed */
	bool watches_mappings; /* of the process mappings_of (0: of all) */
	pid_t mappings_of;
	bool is_urgent; /* ... and woken for each, for pending probes */
	bool has_read;	/* for the stacks, what the process read_of had mapped before */
	pid_t read_of;
	bool has_arrivals; /* the target has mapped something pending probes may be in */
	struct compile_limits limits;
	struct pid_namespace pid_namespace; /* ours; inode 0: the first, of the whole machine */
};

/* Opens it if need be. */
struct error *session_kernel(struct session *session, struct kernel **ret);

/* changes.c: has the file watched from now on. */
void changes_watch(struct session *session, struct image *image);
/* Lets go of files that no probe is in any more. */
void changes_prune(struct session *session);
void changes_deinit(struct session *session);

/* stacks.c: if the probe wants stacks, sees to it that what its processes map is known. */
void stacks_prepare(struct probe *probe);
void stacks_note(struct session *session, const struct mapping_event *event);

/* mappings.c: from now on, of the target; is_urgent as the kernel room has it. */
void mappings_watch(struct session *session, bool is_urgent);
/* Takes note of what has been mapped up to now. */
void mappings_update(struct session *session);

/* The process has ended. */
void mappings_end(struct session *session);

/* pending.c */
struct error *pending_watch(struct session *session);
void pending_note(struct session *session, const struct mapping_event *event);
/* Ends the watch that no probe needs any more. */
void pending_relax(struct session *session);

/* ------------------------------------------------------------------- probe */

/* Sites that one program serves: what the block names is found in the same way. */
struct group {
	struct compile_site like, entry; /* of its first site */
	struct plan *plan;
	struct kernel_program *program;	      /* NULL in a dry run */
	struct kernel_program *entry_program; /* of a finish; NULL: no entry needs it */
};

/* Where a finish sees a call begin. */
struct probe_entry {
	struct site public;
	struct compile_site like;
	size_t first_site; /* of the returns, its own and those up to the next entry's */
};
#define NO_ENTRY SIZE_MAX
#define NO_GROUP UINT_MAX

struct probe_site {
	struct site public;
	enum flow_half flow; /* of a flow */
	struct compile_site like;
	size_t entry; /* index, or NO_ENTRY */
	unsigned group;
	bool is_disabled; /* by itself; the probe may be disabled as a whole, too */
	uint64_t filtered_by_lua, delivered; /* delivered: counted where sites share one event */
	struct counters before;		     /* of programs replaced by a new run */
};

/* window.c: bytes that functions are read from. {0} is empty; window_deinit it. */
struct window {
	const struct image *image;
	uint64_t start, size;
	uint8_t *bytes;
};
void window_deinit(struct window *window);
/* The bytes of the place's function, until the next call; NULL if they are not in the file. */
const uint8_t *window_bytes(struct window *window, const struct place *place);
/* Decodes the place's function; for code_deinit. The window must stay as it is while ret is
 * used. */
struct error *window_decode(struct window *window, const struct place *place, struct code *ret);
/* Is it a static probe's, and not known which function it is in? Its nop is decoded alone. */
bool place_is_lone(const struct place *place);

/* parts.c: a function, and what the compiler split off it. code[0] is the caller's. */
#define PARTS_MAX 8
struct parts {
	const struct code *code[PARTS_MAX];
	struct code own[PARTS_MAX]; /* of all but the first */
	uint8_t *bytes[PARTS_MAX];
	size_t count;
};
void parts_init(struct parts *ret, struct image *image, const struct code *body);
/* The part that target is in, if it is one of some function; parts_init adds those that jumps
 * lead to, but where an exception lands no jump leads. */
void parts_add(struct parts *parts, struct image *image, uint64_t target);
void parts_deinit(struct parts *parts);

/* cover.c: how often a site was hit, to be added to what a line counts, or taken away. */
struct cover_term {
	size_t site;
	bool is_minus;
};
struct line_count {
	struct cover_line public;
	VECTOR(struct cover_term) terms;
};
struct picture {
	struct place place; /* of the function; its image is held by the probe's sites */
	const char *function;
	const char *file;
	unsigned first, last;  /* its lines */
	VECTOR(uint64_t) cold; /* code of them that was split off, of whichever host */
	VECTOR(struct line_count) lines;
};

struct probe {
	struct session *session;
	unsigned number;
	struct probe_request request; /* strings are our copies */
	char *condition_text;
	VECTOR(struct probe_site) sites;
	VECTOR(struct probe_entry) entries; /* of a finish */
	VECTOR(struct picture) pictures;    /* of a cover */
	size_t left_out;		    /* places of functions that are too many */
	VECTOR(struct group) groups;
	enum site_identity identity;
	bool is_condition_in_lua, is_block_in_lua, is_bare; /* as in compile_request */
	struct kernel_calls *calls;	      /* of a finish: of all groups and runs */
	struct kernel_aggregates *aggregates; /* of all groups and runs; NULL: none there */
	size_t skipped;
	struct error *skipped_reason;
	struct counters before;		  /* of programs replaced by a new run */
	struct call_losses losses_before; /* of the text that this one replaced */
	uint64_t unattributed;		  /* events whose site could not be told */
	uint64_t held_back;		  /* events that came when no more were wanted */
	uint64_t ignore;		  /* events still to be passed over */
	bool is_enabled;
	void *handle;
};

/* As requested, without a place yet. */
struct probe *probe_new(struct session *session, const struct probe_request *request,
			unsigned number, bool is_enabled);
/* locate.c: places of the request's location, judged. */
struct error *probe_locate(struct probe *probe);
/* All of it but its place in the session's list; probe_free. */
struct error *probe_make(struct session *session, const struct probe_request *request,
			 unsigned number, bool is_enabled, struct probe **ret);
/* Why nothing in the function of a place can be probed; NULL: nothing speaks against it. */
struct error *place_check_bounds(const struct place *place);
/* cover.c: the sites by which the lines of the places' functions are counted. */
struct error *cover_locate(struct probe *probe, const place_list *places);
void pictures_deinit(struct probe *probe);
/* Fills in what a site says of itself once its address is settled. */
struct error *probe_finish_site(struct probe_site *site);
/* exits.c: a function's returns, for a finish, and its entry: entry is the site there, body the
 * function's code; is_function: that is what the location means, not a place in it. */
struct error *probe_add_exits(struct probe *probe, const struct probe_site *entry,
			      const struct code *body, bool is_function,
			      const struct site_rules *rules);
/* build.c: compiles and loads one program a group, and attaches if the probe is enabled. */
struct error *probe_build(struct probe *probe);
/* enable.c: attaches the sites that are not disabled, or none. */
struct error *probe_attach(struct probe *probe);
/* All at the same time; some may be NULL. */
void probes_detach(struct probe *const *probes, size_t count);
/* The opposite of probe_build: counters are kept. */
void probe_unbuild(struct probe *probe);
/* Plans and programs go. */
void probe_unload(struct probe *probe);
void probe_free(struct probe *probe);
/* Tells that the probe goes; it is detached. */
void probe_going(struct probe *probe);
/* Which site a record is of; SIZE_MAX if that cannot be told (and is counted). */
size_t probe_find_site(struct probe *probe, const struct record *record);

#endif
