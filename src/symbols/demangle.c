/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demangle.c - C++ and Rust names as people write them, by libiberty.
 * Apart because it is slow (a microsecond a name): whoever calls it has
 * narrowed the names down first.
 */
#include <libiberty/demangle.h>

#undef ARRAY_SIZE /* libiberty.h has one of its own */

#include "internal.h"

/* Longer names are shown as they are: the demangler's time and output can grow
 * much faster than its input. */
#define MANGLED_MAX 8192

bool is_mangled(const char *raw)
{
	return raw[0] == '_' && (raw[1] == 'Z' || raw[1] == 'R' || strncmp(raw, "__Z", 3) == 0);
}

char *demangle(const char *raw)
{
	if (!is_mangled(raw) || strnlen(raw, MANGLED_MAX) == MANGLED_MAX)
		return NULL;
	char *name = rust_demangle(raw, DMGL_PARAMS | DMGL_ANSI);
	return name ? name : cplus_demangle_v3(raw, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP);
}
