/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign.c - names that C, Go, GDB and bpftrace have and a block has not: what it has instead.
 */
#include <ctype.h>

#include "path.h"

static const struct {
	const char *names, *hint;
} rows[] = {
    {"NULL nullptr null", "A pointer that leads nowhere is nil."},
    {"retval", "What a function returns is `result`, in a finish."},
    {"nsecs", "The time of the hit is `time`; in a finish, `elapsed` is how long the call took."},
    {"ustack bt backtrace where", "The program's stack is stack(N)."},
    {"kstack ksym kaddr", "Of the kernel's stack and symbols nothing is read: stack(N) is the "
			  "program's."},
    {"usym", "symbol(ADDRESS, pid) names a code address; stack(N) names its own."},
    {"buf", "bytes(ADDRESS, N) is memory as a string."},
    {"join", "A list of strings is read one by one: str(u64(arg[2])), str(u64(arg[2] + 8))."},
    {"strftime", "os.date(\"%H:%M:%S\") is the time of day as text."},
    {"system", "os.execute runs a program, with --unsafe."},
    {"strcmp strncmp memcmp strcasecmp",
     "Texts are compared by ==; s:sub(1, 3) is how one begins."},
    {"strstr strchr strings", "A string has Lua's methods: s:find(\"x\", 1, true), s:sub(1, 3)."},
    {"strlen sizeof", "len(V) is the length of a text or a sequence; \"ptype/o TYPE\" shows "
		      "sizes."},
};

static bool is_among(const char *names, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = names; (at = strstr(at, name)); at += size)
		if ((at == names || at[-1] == ' ') && (!at[size] || at[size] == ' '))
			return true;
	return false;
}

const char *foreign_name(struct compiler *c, const char *name)
{
	bool is_number = !strncmp(name, "arg", 3) && isdigit((unsigned char)name[3]) && !name[4];

	if (is_number)
		return arena_printf(&c->plan->arena, "Arguments are counted from 1: arg[%d].",
				    name[3] - '0' + 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_among(rows[i].names, name))
			return rows[i].hint;
	return NULL;
}
