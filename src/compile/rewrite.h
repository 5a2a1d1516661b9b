/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rewrite.h - the Lua half: which expressions are captured, and the function
 * that receives them.
 */
#ifndef COMPILE_REWRITE_H
#define COMPILE_REWRITE_H

#include "capture.h"

/* A place in the text that becomes another name. */
struct replacement {
	struct span span;
	enum {
		REPLACE_CAPTURE,   /* a parameter: index in plan->captures */
		REPLACE_AGGREGATE, /* the function of a call: index in plan->aggregates */
		REPLACE_FUNCTION,  /* e.print: what is behind the dot */
		REPLACE_BOUND,	   /* nothing: here begins the bound of a loop */
		REPLACE_BOUND_END, /* ... and here it ends: index is 1 if it goes to the left of
				      all numbers where it is missing, else 0: to the right */
	} with;
	unsigned index;
};

struct part_to_lower {
	const struct value *value;
	size_t capture;
	unsigned slot;
};

/* What the default action shows of the target: a parameter, or, in a finish, a result. */
struct shown_value {
	const char *name;
	unsigned capture;
};

#define NO_CAPTURE (~0u)

/* What tells the calls of a flow apart. */
enum flow_capture {
	FLOW_PID,
	FLOW_TASK, /* thread or goroutine */
	FLOW_FRAME,
	FLOW_FUNCTION,
	FLOW_ELAPSED, /* FLOW_LEAVE only */
	FLOW_CAPTURES
};

struct rewriter {
	struct compiler *c;
	VECTOR(struct replacement) replacements; /* in the order of the text */
	VECTOR(const struct value *) values;	 /* by capture */
	VECTOR(struct part_to_lower) parts;	 /* by capture, in the order of their slots */
	unsigned flow_captures[FLOW_CAPTURES];
	bool is_goroutine; /* the task of a flow */
	/* Of the default action: */
	unsigned hit_captures[HIT_VALUES]; /* NO_CAPTURE: there is none */
	VECTOR(struct shown_value) shown;  /* ... and of a flow */
	bool has_more;			   /* parameters than are shown */
	bool has_bounds;
};

void rewriter_deinit(struct rewriter *r);

/* Finds the target expressions below node and adds them to the plan's captures,
 * equal ones once. */
struct error *rewrite_collect(struct rewriter *r, const struct node *node);

/* Adds value, which the user calls text, to the captures; node or NULL. */
struct error *rewrite_capture(struct rewriter *r, const struct node *node, const char *text,
			      const struct value *value, unsigned *ret);

/* The captures of the default action (shown.c). */
struct error *rewrite_collect_default(struct rewriter *r);
/* Those of half a flow. */
struct error *rewrite_collect_flow(struct rewriter *r);

/* Writes plan->lua and plan->upvalues; with a guard if plan->has_guard. */
void rewrite_function(struct rewriter *r);

#endif
