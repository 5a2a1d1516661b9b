/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * same.h - may two operands be one and the same missing value?
 */
#ifndef COMPILE_SAME_H
#define COMPILE_SAME_H

#include "value.h"

struct error *may_be_same_missing(struct compiler *c, const struct node *a, const struct node *b,
				  bool *ret);

#endif
