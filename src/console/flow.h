/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - where a function's control goes, in words; shared by branches (cmd_branches.c)
 * and calls (cmd_calls.c).
 */
#ifndef CONSOLE_FLOW_H
#define CONSOLE_FLOW_H

#include "command.h"

struct flow {
	struct image *image;
	struct function function;
	uint8_t *bytes;
	struct code code;
	bool wants_all; /* plumbing too */
	size_t hidden;	/* rows that were left out as plumbing */
	struct buffer *out;
};

/* Runs show for each function that arguments ("[/a] LOCATION") mean. */
struct error *flow_each(struct console *console, const char *command, const char *arguments,
			void (*show)(struct flow *flow), struct buffer *out);

/* "+0x2c", or "main.f" and the like outside of the function. */
void flow_put_offset(const struct flow *flow, uint64_t address, struct buffer *out);
/* The line of the function itself that the code at address stems from: "main.go:20"; with its
 * calls that were inlined there, outermost first: " fmt.Println". */
void flow_put_line(const struct flow *flow, uint64_t address, bool has_inlined, struct buffer *out);
/* The name of what a call or jump leads to; NULL: not known. */
const char *flow_callee(const struct flow *flow, const struct insn *insn);
/* Is it code that the compiler added: a call of the runtime's checks and barriers? */
bool flow_is_plumbing(const char *callee);
/* A row's cells, taken over from text. */
void flow_cell(struct table *table, struct buffer *text);

#endif
