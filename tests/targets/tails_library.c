/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tails_library - of tests/targets/tails.c: jumps through the library's own tables. */
#include <stdlib.h>

#define NOINLINE __attribute__((noinline, noclone))
#define BARRIER	 __asm__ volatile("" ::: "memory")

NOINLINE long inner(long n);
NOINLINE long inner(long n)
{
	BARRIER;
	return n * 11;
}

/* By the procedure linkage table: another module might have an inner of its own. */
NOINLINE long by_stub(long n);
NOINLINE long by_stub(long n)
{
	BARRIER;
	return inner(n + 1);
}

__attribute__((noplt)) NOINLINE long other(long n);
NOINLINE long other(long n)
{
	BARRIER;
	return n * 13;
}

/* By its slot in the global offset table. */
NOINLINE long by_slot(long n);
NOINLINE long by_slot(long n)
{
	BARRIER;
	return other(n + 2);
}

/* To another module, which it is not known of what it returns by. */
NOINLINE long abroad(const char *text);
NOINLINE long abroad(const char *text)
{
	BARRIER;
	return strtol(text, NULL, 10);
}
