/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - what view.c and member.c share.
 */
#ifndef OUTPUT_VIEW_H
#define OUTPUT_VIEW_H

#include "moontap/output.h"

/* The value of that type at offset in value; no bytes are left behind its end. */
struct typed_value typed_at(const struct typed_value *value, uint64_t offset,
			    const struct type *type);
/* Is it the name of a tuple's member, "__0"? */
bool typed_is_number(const char *name);

#endif
