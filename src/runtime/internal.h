/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of this room share. L is the Lua thread that
 * called, runtime->lua the one that runtime_* functions use.
 *
 * A function named push_* leaves one value on the Lua stack. Nothing that needs
 * freeing is held in C across a Lua call that can raise.
 */
#ifndef RUNTIME_INTERNAL_H
#define RUNTIME_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>

#include "moontap/runtime.h"

/* Errors of one callback (callback.c). */
struct callback_health {
	unsigned errors_in_row;
	uint64_t errors;
	VECTOR(char *) told; /* messages, each told once */
};

/* References into the Lua registry of a site's values; 0: not made yet. */
struct site_values {
	int function, file, usdt, program;
};

/* What a block's calls of count() and its kin have counted (aggregate.c): a
 * userdata of Lua's. */
struct aggregates {
	size_t count;
	struct aggregate each[];
};

/* An aggregate of the script (shared.c), for as long as the runtime lives. */
struct shared {
	struct aggregate aggregate; /* what was taken from the kernel, and what Lua has added */
	char *title;		    /* or NULL */
	char *name;		    /* it had in a block; or NULL */
	char *unit;		    /* or NULL */
	bool has_keys;		    /* aggregate.key_count is known */
	unsigned number;
	uint64_t moment; /* of runtime, when rows were last taken from the kernel */
};

/* What the runtime knows of a probe (handle.c). Outlives the probe by a little:
 * records that are on their way point to it. */
struct handle {
	struct probe *probe; /* NULL: it is freed, or has another handle */
	unsigned number;
	bool is_gone;	    /* it was deleted, or probe is NULL: the block is not called any more */
	bool is_once;	    /* tbreak */
	bool has_strings;   /* among its captures, or bytes */
	uint64_t remaining; /* calls of its block until it is disabled; if is_limited */
	bool is_limited;
	int function, unit; /* references */
	/* Of a flow, whose plans have a function each: instead of function. */
	int *functions;
	size_t function_count;
	struct calltree *tree;
	int aggregates_reference;
	int carriers[2]; /* of a pending probe: references to what its statement has brought */
	struct aggregates *aggregates;
	size_t site_count;
	struct site_values *sites;
	size_t capture_count, enum_count; /* of the plan that has most; of all */
	int *enums; /* by plan and capture: reference to a table of its enum's names; 0: not made
		       yet */
	struct callback_health health;
};

struct timer {
	int64_t period_ns, due_ns; /* CLOCK_MONOTONIC */
	int function, unit;	   /* references */
	bool is_stopped;	   /* by its errors */
	struct callback_health health;
};

/* How what scripts say is written (print.c, hit.c, emit.c; record.c): functions of Lua's, so that
 * an event finds the one that is wanted without asking. */
struct renderer {
	lua_CFunction print, printf, emit;
	lua_CFunction hit; /* the default action */
	/* Whole lines of a flow. */
	void (*lines)(struct buffer *out, unsigned probe, const struct buffer *lines);
	/* An aggregate of a probe's block, which is its text there; or, without a probe, one of the
	 * script, by its name. */
	void (*aggregate)(struct buffer *out, const struct probe *probe, const char *name,
			  const struct aggregate *aggregate);
};
extern const struct renderer text_renderer, record_renderer;

static inline const struct renderer *renderer_of(enum output_format format)
{
	return format == OUTPUT_JSON ? &record_renderer : &text_renderer;
}

/* A text that has functions or probes (unit.c): a userdata of Lua's. */
struct unit {
	struct source *source;
	struct tree *tree;
	char *chunk_name; /* "@NAME": what Lua's debug information says */
};

struct runtime {
	lua_State *lua;
	struct session *session;
	struct sink *sink;
	struct runtime_options options;
	const struct renderer *renderer;
	struct buffer text; /* of a record that is being written */
	struct {
		int64_t second;
		char text[sizeof("HH:MM:SS")];
	} clock; /* of the last hit that was shown */

	int block_environment;	     /* reference: the _ENV of blocks */
	VECTOR(struct unit *) units; /* with functions; each held by a reference */
	VECTOR(struct handle *) handles;
	VECTOR(char *) assigned; /* globals that some text assigns to */
	VECTOR(struct timer) timers;
	int timer_fd;
	VECTOR(int) at_exit; /* references */

	/* Records that have been taken from the ring, each after a batch_item. */
	struct buffer batch;
	size_t batch_next;	/* offset of the next to deliver */
	int64_t wall_offset_ns; /* wall clock - CLOCK_MONOTONIC */
	struct handle *current; /* whose callback runs */
	uint64_t hit_ns;	/* ... for a hit of that time, CLOCK_MONOTONIC */
	size_t current_site;	/* ... for this site's event */
	bool has_flows;
	int64_t flow_due_ns; /* when the next line of a flow is due that was kept back */
	struct buffer flow_text, flow_lines; /* of one call; of a tree */
	struct probe *redefined;	     /* the next statement is its new text; or NULL */
	bool is_in_timer;
	bool is_delivering, is_resolving;

	int stack_values; /* reference: stacks by their number; 0: none yet */
	unsigned stack_generation;
	VECTOR(struct shared *) shared; /* aggregates of the script, in the order of their making */
	VECTOR(struct image *) images;	/* that Lua's values keep, once for each push_program */
	uint64_t moment;		/* counts calls of Lua from outside */

	volatile int depth; /* protected calls in progress; read by runtime_interrupt */
	bool wants_exit;
	bool is_cut_short; /* exit() in a block: what happened after its event is dropped */
	int exit_status;
};

static inline struct runtime *runtime_of(lua_State *L)
{
	return *(struct runtime **)lua_getextraspace(L);
}

/* ------------------------------------------------------------- program.c */

void program_type_open(lua_State *L);
/* Pushes what keeps the image while values have types of it, or lead to some and to functions.
 * *reference: in the registry, to the same; 0: not made yet. */
const struct typed_program *push_program(lua_State *L, int *reference, struct image *image);
/* After Lua has ended. */
void program_free_all(struct runtime *runtime);

/* ------------------------------------------------------------- failure.c */

void failure_open(lua_State *L);
/* Raises err (taken over) as a Lua error; says where in the script if err does not. */
int failure_raise(lua_State *L, struct error *err) __attribute__((noreturn));
/* Pops what lua_pcall left: NULL if that was exit(). */
struct error *failure_take(lua_State *L);
/* Unwinds the script after exit(). */
int failure_raise_exit(lua_State *L) __attribute__((noreturn));
/* Calls the function below its arguments, as lua_pcall; NULL also after exit().
 * After an error there are no results. */
struct error *failure_call(lua_State *L, int arguments, int results);

/* --------------------------------------------------------------- value.c */

/* Pushes the metatable of a new type of userdata, with what all of ours have: .. of their
 * text. name: what Lua's messages call a value. */
void push_value_type(lua_State *L, const char *type, const char *name, const luaL_Reg *methods);
/* What a message calls the value. */
const char *value_type_name(lua_State *L, int index);
/* A string that was cut ends in "...": it cannot be taken for the whole. */
void push_string(lua_State *L, const char *bytes, size_t size, bool is_cut);

/* ------------------------------------------------------------ unsigned.c */

void unsigned_open(lua_State *L);
void push_unsigned(lua_State *L, uint64_t value);  /* an integer below 2^63 */
void push_pointer(lua_State *L, uint64_t address); /* nil if it is 0 */
/* False: the value at index is not one. */
bool to_unsigned(lua_State *L, int index, uint64_t *ret);
bool to_pointer(lua_State *L, int index, uint64_t *ret);

/* --------------------------------------------------------------- typed.c */

void typed_open(lua_State *L);
/* A copy of the value, in the place of what is at the top: what its type and the reasons of its
 * parts, which are not copied, live as long as (push_program). */
void push_typed(lua_State *L, const struct typed_value *value);
/* Pushes the name of its type; NULL, and nothing is pushed: the value at index is no such. */
const char *push_typed_name(lua_State *L, int index);
/* False: the same. */
bool typed_put_json(lua_State *L, int index, struct buffer *out);

/* --------------------------------------------------------------- stack.c */

void stack_open(lua_State *L);
/* The stack that these bytes of a record (record.h) are of; NULL: there are too few. */
const struct stack *stack_of_bytes(const struct probe *probe, const char *bytes, size_t size,
				   bool is_memory, uint64_t time_ns);
/* Its frames as indented lines, joined by newlines. */
void stack_format(struct buffer *out, const struct stack *stack);
void push_stack(lua_State *L, const struct stack *stack);
/* Those lines, Lua's; false: the value at index is no stack. */
bool to_stack(lua_State *L, int index, const char **ret_text, size_t *ret_size);
bool stack_put_json(lua_State *L, int index, struct buffer *out);

/* ------------------------------------------------------------- missing.c */

void missing_open(lua_State *L);
void push_missing(lua_State *L, const char *reason);
/* The reason, Lua's; or NULL: the value at index is not missing. */
const char *missing_reason(lua_State *L, int index);

/* --------------------------------------------------------------- print.c */

void print_open(lua_State *L);
/* What the values first..last of the stack are to format.c; few has room for FEW_VALUES. One that
 * is no plain value is replaced by its text. */
#define FEW_VALUES 16
struct format_value to_format_value(lua_State *L, int index);
struct format_value *to_values(lua_State *L, int first, int last, struct format_value *few);
/* Writes out what is pending, of C's stdout too. */
void runtime_flush(struct runtime *runtime);
/* ... if that is much. */
void runtime_flush_if_full(struct runtime *runtime);

/* ---------------------------------------------------------------- emit.c */

int emit_line(lua_State *L); /* renderer.emit */
void emit_open(lua_State *L);
/* Appends the value at the top, which stays, as JSON; raises an error if it is nested too deeply.
 */
void put_json(lua_State *L, struct buffer *out);
/* The same of the one table that emit takes, into a buffer on the Lua stack. */
struct buffer *push_json(lua_State *L);

/* ----------------------------------------------------------------- hit.c */

/* renderer.hit; of an enum hit_argument. */
int hit_line(lua_State *L);

/* An empty buffer on the Lua stack, freed by Lua. */
struct buffer *push_buffer(lua_State *L);

/* ---------------------------------------------------------------- unit.c */

void unit_open(lua_State *L);
/* Parses source (taken over) and pushes the unit. On error nothing is pushed. */
struct error *unit_load(lua_State *L, struct source *source, struct unit **ret);
/* Pushes the function of the unit at the top of the stack (which stays).
 * ERR_SYNTAX for what only Lua itself notices. */
struct error *unit_push_function(lua_State *L, const struct unit *unit);
/* The text and the node of the Lua function at index; pushes the unit. Of several on
 * the same lines a condition is the one in a table, a callback one that is not. */
struct error *unit_find_function(lua_State *L, int index, bool is_condition,
				 const struct unit **ret_unit, const struct node **ret_node);

/* ------------------------------------------------------------- globals.c */

/* Notes the globals that a tree assigns to. */
void globals_note(struct runtime *runtime, const struct node *node);
/* Has, or sets, a script this global? As in probe_request; context is the runtime. */
bool globals_has(void *runtime, const char *name);
/* ERR_NAME, if below node is a name that is neither a local nor Lua's nor the script's: in a timer
 * it would be nil for ever. */
struct error *globals_check(struct runtime *runtime, const struct source *source,
			    const struct node *node);
void globals_free(struct runtime *runtime);

/* -------------------------------------------------------------- define.c */

void define_open(lua_State *L);
int define_statement(lua_State *L); /* _MOONTAP; upvalue 1: the unit */

/* Defines the probe of a request (kind, location and nodes are filled in) and pushes its number.
 * carriers: stack indices of the condition's and the block's own functions, or of nil. */
int define_probe(lua_State *L, struct probe_request *request, const struct unit *unit,
		 int unit_index, const int carriers[2]);

/* ------------------------------------------------------------- pending.c */

/* After err (taken over): makes the probe wait for its place, or says why not. */
struct error *pending_place(lua_State *L, const struct probe_request *request, struct error *err,
			    int unit_index, const int carriers[2], struct probe **ret);
/* Another text for a pending probe, whose place is still not there. */
void pending_replace(lua_State *L, struct probe *probe, const struct probe_request *request,
		     int unit_index, const int carriers[2]);
/* Makes those whose place has come. */
void pending_resolve(struct runtime *runtime);

/* -------------------------------------------------------------- handle.c */

/* Of a pending probe: takes references to what is at the indices. */
struct handle *handle_new_pending(lua_State *L, struct probe *probe, int unit_index,
				  const int carriers[2]);
/* Pops the probe's function and, below it, its aggregates; takes a reference to
 * the unit at index. */
struct handle *handle_new(lua_State *L, struct probe *probe, int unit_index);
/* Frees the handles that no record leads to any more. */
void handle_sweep(struct runtime *runtime);
void handle_free_all(struct runtime *runtime);
/* As probe_request has them; the context is the runtime. */
void handle_note_going(void *context, struct probe *probe);
void handle_note_gone(void *context, struct probe *probe);

/* ----------------------------------------------------------- aggregate.c */

void aggregate_open(lua_State *L);
struct aggregates *push_aggregates(lua_State *L, const struct plan *plan);
/* Pushes the function of each of the aggregates of the plan, those at index or the script's
 * own; returns how many. */
int push_aggregate_functions(lua_State *L, const struct plan *plan, int aggregates_index);
/* The count keys from index on; their bytes are Lua's. what: "hist", "sizes". */
void to_keys(lua_State *L, int index, size_t count, const char *what, struct aggregate_key *ret);
/* renderer.aggregate */
void aggregate_table(struct buffer *out, const struct probe *probe, const char *name,
		     const struct aggregate *aggregate);
/* Counts in what is at index: the value, unless it is a count, and after leading values
 * the keys. */
void aggregate_count_in(lua_State *L, struct aggregate *aggregate, int index, int leading,
			const char *what);

/* -------------------------------------------------------------- shared.c */

void shared_open(lua_State *L);
void shared_free_all(struct runtime *runtime);
/* Before Lua reads it: takes what programs have counted, once in a go. Raises an error. */
void shared_refresh(lua_State *L, struct shared *shared);
/* The aggregate of the script that the value at index is, or NULL. */
struct shared *to_shared(lua_State *L, int index);
/* "sizes" */
const char *shared_name(struct shared *shared);

/* ---------------------------------------------------------------- bind.c */

/* Finds out what names in the condition and block of the request stand for, and has the
 * request say so. Pushes one value, which must stay as long as the request is used. */
struct error *bind_names(lua_State *L, struct probe_request *request, const struct unit *unit,
			 const int carriers[2]);
/* The probe's plan holds: notes how many keys its aggregates have. */
void bind_done(const struct probe *probe);

/* ---------------------------------------------------------------- take.c */

/* Takes what programs have counted, of all probes or of one. */
struct error *shared_take(struct runtime *runtime, struct shared *shared);
/* As in probe_request: of every aggregate of the script that the probe adds to. */
void shared_take_from(const struct runtime *runtime, struct probe *probe);
/* As it is here. */
void shared_show(struct shared *shared, const struct renderer *renderer, struct buffer *out);

/* ----------------------------------------------------------------- row.c */

struct row_reader {
	const struct probe *probe;
	const struct plan_aggregate *plan;
	struct aggregate *aggregate; /* where the rows go */
};
/* Adds a row of the kernel's table (kernel.h) to the one of its keys. */
void row_read(void *reader, const mt_u64 *key, const mt_u64 *words);

/* ------------------------------------------------------------ callback.c */

/* Takes err over. True when that was one error too many. what: "Tracepoint 2". */
bool callback_failed(struct runtime *runtime, struct callback_health *health, const char *what,
		     struct error *err);
void callback_deinit(struct callback_health *health);

/* ---------------------------------------------------------------- flow.c */

/* renderer.lines */
void flow_lines(struct buffer *out, unsigned probe, const struct buffer *lines);
/* Puts its functions into the table at the top. */
void flow_open(lua_State *L);
/* Gives the handle of a flow its functions and its tree; and the opposite. */
void flow_attach(lua_State *L, struct handle *handle);
void flow_detach(lua_State *L, struct handle *handle);
/* Writes lines that are due. */
void flow_flush(struct runtime *runtime);
/* Writes all. */
void flow_finish(struct runtime *runtime);

/* ------------------------------------------------------------- deliver.c */

/* Copies the record; false when the batch is full. */
bool deliver_collect(void *runtime, const struct delivery *delivery);
/* Calls the functions of what was collected. */
void deliver_batch(struct runtime *runtime);

/* ------------------------------------------------------------- library.c */

/* Where moontap's own Lua files are: beside the program in a build tree, else where they were
 * installed. The caller frees. */
char *library_directory(void);
void library_open(lua_State *L);

/* --------------------------------------------------------------- the rest */

void sandbox_open(lua_State *L, bool is_unsafe);
/* Pushes a table that blocks see as _ENV: built-ins, then globals. */
void push_block_environment(lua_State *L);
void control_open(lua_State *L);
void target_open(lua_State *L);
void timer_open(lua_State *L);
/* Pops the block's function, takes a reference to the unit at index (or nil). */
struct error *timer_add(lua_State *L, int64_t period_ns, int unit_index);
void timer_free_all(struct runtime *runtime);

#endif
