/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doubt.h - a word about comparisons that come out one way only. */
#ifndef COMPILE_DOUBT_H
#define COMPILE_DOUBT_H

#include "value.h"

/* Sets the plan's doubt, unless it has one, if node is the == or ~= of a value of the target with a
 * constant of another kind. */
void doubt_comparison(struct compiler *c, const struct node *node);

#endif
