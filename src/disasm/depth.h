/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * depth.h - how deep the stack is at each instruction of a function.
 * Private to src/disasm.
 */
#ifndef MOONTAP_DISASM_DEPTH_H
#define MOONTAP_DISASM_DEPTH_H

#include "moontap/disasm.h"

#define DEPTH_UNKNOWN INT64_MIN

/* Bytes pushed since the function's start, by flow from there; DEPTH_UNKNOWN where
 * the flow does not lead, or %rsp was computed. */
struct depths {
	const struct code *const *parts;
	size_t part_count;
	int64_t **of_parts; /* one for each instruction of each part */
};

void depths_init(struct depths *ret, const struct code *const *parts, size_t part_count);
void depths_deinit(struct depths *depths);
int64_t depths_at(const struct depths *depths, size_t part, const struct insn *insn);

#endif
