/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - what view.c, member.c, memory.c and golang.c share.
 */
#ifndef OUTPUT_VIEW_H
#define OUTPUT_VIEW_H

#include "moontap/output.h"

/* The origin of a value that is not inside the one that has the parts. */
#define TYPED_ELSEWHERE (1ull << 62)

/* The value of that type at offset in value; no bytes are left behind its end. */
struct typed_value typed_at(const struct typed_value *value, uint64_t offset,
			    const struct type *type);
/* Is it the name of a tuple's member, "__0"? */
bool typed_is_number(const char *name);
void typed_view_missing(struct typed_view *view, const char *reason);
/* The word of size bytes at offset; false: it is not all there. */
bool typed_word(const struct typed_value *value, uint64_t offset, uint64_t size, uint64_t *ret);

/* memory.c: the part that has what was at addresses, or NULL. */
const struct typed_part *typed_memory(const struct typed_value *value);
/* How many bytes from address on are known, and where they are; 0: none. */
size_t typed_read(const struct typed_value *value, uint64_t address, const void **ret);
bool typed_read_word(const struct typed_value *value, uint64_t address, uint64_t *ret);
/* The value of that type at address; false: nothing of it is known. */
bool typed_at_address(const struct typed_value *value, uint64_t address, const struct type *type,
		      struct typed_value *ret);

/* golang.c: of a value of one of Go's forms. */
void typed_view_go(const struct typed_value *value, struct typed_view *ret);
/* golang.c: behind a syscall.Errno, its text. */
void typed_put_errno(struct buffer *out, const struct type *type, int64_t number);
struct typed_value typed_queued(const struct typed_view *channel, uint64_t index);

/* Of a pointer to a map (gomap.c). */
void typed_view_map(const struct typed_value *value, struct typed_view *view);

#endif
