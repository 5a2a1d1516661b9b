/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop - calls one function at full speed, and tells what a call costs.
 *
 *   loop FUNCTION [CALLS_PER_SECOND [THREADS]]
 *
 * The functions begin with the instruction that they are named after. Prints "pid P";
 * for each byte on standard input, "CALLS CPU_NS WALL_NS LONGEST_NS" so far: calls,
 * processor time of the first thread, the clock, and the longest time between two of
 * its looks at the clock since it was last asked (a rate of -1: no call, but looks).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SITE(name, code)                                                                           \
	long site_##name(long a, long b, long c, long d);                                          \
	__asm__(".text\n.p2align 4\n.globl site_" #name "\n.type site_" #name                      \
		", @function\nsite_" #name ":\n" code "\nret\n.size site_" #name ", .-site_" #name \
		"\n")

SITE(push, "push %rbp\npop %rbp");
SITE(nop, "nop");
SITE(nop5, ".byte 0x0f, 0x1f, 0x44, 0, 0"); /* the assembler would take four */
SITE(endbr64, "endbr64\npush %rbp\npop %rbp");
SITE(sub, "sub $8, %rsp\nadd $8, %rsp");
SITE(test, "test %edi, %edi");
SITE(ret, "");

static const struct {
	const char *name;
	long (*call)(long a, long b, long c, long d);
} sites[] = {
    {"push", site_push}, {"nop", site_nop},   {"nop5", site_nop5}, {"endbr64", site_endbr64},
    {"sub", site_sub},	 {"test", site_test}, {"ret", site_ret},
};

#define BATCH 64

static long (*call)(long a, long b, long c, long d);
static long rate;
static atomic_long calls, longest_ns;

static long clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void note_gap(long *last)
{
	long now = clock_ns(CLOCK_MONOTONIC);

	if (now - *last > longest_ns)
		longest_ns = now - *last;
	*last = now;
}

static void keep_rate(long start)
{
	while ((clock_ns(CLOCK_MONOTONIC) - start) / 1e9 * (double)rate < (double)calls)
		nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

static void *work(void *unused)
{
	long start = clock_ns(CLOCK_MONOTONIC), last = start;
	long batch = rate > 0 ? 1 : BATCH;

	(void)unused;
	for (;;) {
		note_gap(&last);
		if (rate < 0)
			continue;
		for (long i = 0; i < batch; i++)
			call(i, 2, 3, 4);
		atomic_fetch_add_explicit(&calls, batch, memory_order_relaxed);
		if (rate > 0)
			keep_rate(start);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t first, other;
	clockid_t clock;
	char byte;

	for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++)
		if (argc > 1 && strcmp(argv[1], sites[i].name) == 0)
			call = sites[i].call;
	if (!call)
		return 2;
	rate = argc > 2 ? atol(argv[2]) : 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	pthread_create(&first, NULL, work, NULL);
	for (int i = 1; i < (argc > 3 ? atoi(argv[3]) : 1); i++)
		pthread_create(&other, NULL, work, NULL);
	pthread_getcpuclockid(first, &clock);
	while (read(STDIN_FILENO, &byte, 1) == 1)
		printf("%ld %ld %ld %ld\n", calls, clock_ns(clock), clock_ns(CLOCK_MONOTONIC),
		       atomic_exchange(&longest_ns, 0));
	return 0;
}
