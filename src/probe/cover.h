/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cover.h - what cover.c, which knows the functions, stretches.c, which knows their code, and
 * covered.c, which counts, share.
 */
#ifndef PROBE_COVER_H
#define PROBE_COVER_H

#include "internal.h"

/* A function whose code some of a picture's lines are in. */
struct host {
	struct place place;
	bool is_itself; /* it, or a clone; else it was inlined here */
};

/* Whose code a stretch is: a line of the function, in one copy of it. */
struct key {
	unsigned line; /* 0: none of the function's lines */
	unsigned copy; /* line of the call that was inlined, or 0 */
	bool is_statement;
	bool is_mixed; /* that is said of it for want of a better */
};

struct stretch {
	size_t block;
	struct key key;
	bool is_head; /* the block begins with it */
};

struct analysis {
	struct probe *probe;
	struct picture *picture;
	const struct host *host;
	const struct site_rules *rules;
	struct parts parts;
	line_rows rows;
	VECTOR(struct key) keys; /* by row */
	struct code_graph graph;
	VECTOR(struct code_edge) ways; /* the graph's edges, by where they lead */
	VECTOR(size_t) first_way;      /* by block, and one more */
	size_t entry;		       /* block */
	VECTOR(struct stretch) stretches;
	size_t straight;	  /* the first of those on the straight way that is read now */
	VECTOR(struct key) tails; /* by block */
	VECTOR(bool) is_dead;	  /* by block */
	const char *reason;
};

static inline bool key_is_same(struct key a, struct key b)
{
	return a.line == b.line && a.copy == b.copy;
}

/* Fills in all that comes from the code; a has the fields up to rules. */
void analysis_init(struct analysis *a, const struct code *body);
void analysis_deinit(struct analysis *a);

/* Finds the sites that count the picture's lines in one host, whose code is body. */
void covered_count(struct probe *probe, struct picture *picture, const struct host *host,
		   const struct code *body, const struct site_rules *rules);

/* The line of the function that a row of the host's code is of; file NULL: of none. *ret_copy
 * tells the copies of the function that were inlined into the host apart. */
struct line covered_line(const struct picture *picture, const struct host *host,
			 const struct line_row *row, unsigned *ret_copy);
/* Is file the picture's? Tables differ in how they write a folder: its name decides. */
bool picture_has_file(const struct picture *picture, const char *file);
/* The line of that number, or of code at address if it is 0, made if need be. Valid until the
 * next call. */
struct line_count *picture_line(struct picture *picture, unsigned number, uint64_t address);

struct cover_site {
	const struct place *place; /* of the function */
	uint64_t address;
	struct site_verdict verdict;
	bool has_condition; /* only those times that the branch there, of condition, is taken */
	uint8_t condition;
};
/* Its number among the probe's sites; one that is there already serves. */
size_t cover_add_site(struct probe *probe, const struct cover_site *site);

#endif
