/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tails - functions that end in jumps to others, which return for them.
 *
 *   tails [-n ROUNDS] [-t THREADS] WHAT
 *
 * WHAT is `jumps` or `leaves`; each thread does ROUNDS of it. Prints "pid P" and waits for a byte
 * on standard input before the first round. Prints at the end, for each function, "NAME calls N
 * sum S": how often it was called, by itself or by a jump, and what the results of these calls
 * come to together; of `leaves` those that returned, and not those of leaves by the other two.
 * What is compiled into a loop is one call.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
/* What follows stays where it is: no call becomes a jump, none is left out. */
#define BARRIER(value) __asm__ volatile("" : "+r"(value) : : "memory")

static long rounds = 1000;

/* Added up by who calls: the jumps stay the last thing that the functions do. */
struct tally {
	const char *name;
	atomic_long calls, sum;
};
enum {
	CHAIN,
	MIDDLE,
	SHARED,
	SOME,
	LOCAL,
	EVEN,
	ODD,
	FACTORIAL,
	THROUGH,
	SPLIT,
	BY_STUB,
	BY_SLOT,
	ABROAD,
	WIDE,
	STAIRS,
	CROWDED,
	TO_LEAVES, /* these three in the order of calls[] */
	LEAVES_EARLY,
	LEAVES,
	COUNT
};
static struct tally tallies[COUNT] = {
    {.name = "chain"},	   {.name = "middle"},	     {.name = "shared"},   {.name = "some"},
    {.name = "local"},	   {.name = "is_even"},	     {.name = "is_odd"},   {.name = "factorial"},
    {.name = "through"},   {.name = "split"},	     {.name = "by_stub"},  {.name = "by_slot"},
    {.name = "abroad"},	   {.name = "wide"},	     {.name = "stairs_0"}, {.name = "crowded"},
    {.name = "to_leaves"}, {.name = "leaves_early"}, {.name = "leaves"},
};

static void add(int which, long calls, long result)
{
	atomic_fetch_add_explicit(&tallies[which].calls, calls, memory_order_relaxed);
	atomic_fetch_add_explicit(&tallies[which].sum, calls * result, memory_order_relaxed);
}

/* ------------------------------------------------------------------ jumps */

/* Called by itself, too, and what chain, middle and some end with. */
NOINLINE long shared(long n, long more);
NOINLINE long shared(long n, long more)
{
	if (n % 3 == 0)
		return more - 1;
	BARRIER(n);
	return n * 2 + more;
}

NOINLINE long middle(long n);
NOINLINE long middle(long n)
{
	BARRIER(n);
	return shared(n + 1, 7);
}

NOINLINE long chain(long n);
NOINLINE long chain(long n)
{
	BARRIER(n);
	return middle(n + 1);
}

/* A return of its own beside. */
NOINLINE long some(long n);
NOINLINE long some(long n)
{
	if (n % 2)
		return shared(n, 9);
	BARRIER(n);
	return -n;
}

/* What no other file knows of. */
NOINLINE static long hidden(long n)
{
	BARRIER(n);
	return n ^ 5;
}

NOINLINE long local(long n);
NOINLINE long local(long n)
{
	BARRIER(n);
	return hidden(n + 3);
}

/* Each other's last thing. */
NOINLINE long is_even(long n);
NOINLINE long is_odd(long n);
NOINLINE long is_even(long n)
{
	BARRIER(n);
	return n == 0 ? 1 : is_odd(n - 1);
}
NOINLINE long is_odd(long n)
{
	BARRIER(n);
	return n == 0 ? 0 : is_even(n - 1);
}

/* Its own last thing, which is a loop. */
NOINLINE long factorial(long n, long product);
NOINLINE long factorial(long n, long product)
{
	BARRIER(n);
	return n < 2 ? product : factorial(n - 1, product * n);
}

/* By a pointer: where that leads is not known. */
static long (*volatile pointer)(long) = hidden;
NOINLINE long through(long n);
NOINLINE long through(long n)
{
	BARRIER(n);
	return pointer(n);
}

/* Its unlikely half is elsewhere, and ends with a jump, too. */
__attribute__((cold, noinline)) void complain(long n);
__attribute__((cold, noinline)) void complain(long n)
{
	BARRIER(n);
}
NOINLINE long split(long n);
NOINLINE long split(long n)
{
	if (__builtin_expect(n % 10 == 0, 0)) {
		complain(n);
		BARRIER(n);
		return shared(n, 3);
	}
	BARRIER(n);
	return hidden(n + 4);
}

/* libtails.so */
long by_stub(long n);
long by_slot(long n);
long abroad(const char *text);

/* ------------------------------------------------------- too many for a finish */

#define FUNCTION(name) ".globl " name "\n.type " name ", @function\n" name ": "
#define END(name)      ".size " name ", . - " name "\n"

/* To one of twenty. */
long wide(long n);
__asm__(".text\n" FUNCTION(
    "wide") "nop\n"
	    ".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19\n"
	    "cmp $\\i, %rdi\n je wide_\\i\n .endr\n mov $-1, %rax\n ret\n" END(
		"wide") ".irp "
			"i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,"
			"19\n" FUNCTION("wide_\\i") "nop\n lea 100(%rdi), "
						    "%rax\n ret\n" END("wide_"
								       "\\i") "."
									      "e"
									      "n"
									      "d"
									      "r"
									      "\n");

/* From each of twenty to the next. */
long stairs_0(long n);
__asm__(".text\n.altmacro\n"
	".macro stair i, next\n" FUNCTION("stairs_\\i") "nop\n inc %rdi\n jmp stairs_\\next\n" END(
	    "stairs_\\i") ".endm\n"
			  ".set i, 0\n.rept 20\n stair %i, %i+1\n .set i, i + 1\n.endr\n"
			  ".noaltmacro\n" FUNCTION("stairs_20") "nop\n mov %rdi, %rax\n ret\n" END(
			      "stairs_20"));

/* To one that returns in seventy places. */
long crowded(long n);
__asm__(".text\n" FUNCTION(
    "crowd") "nop\n xor %eax, %eax\n"
	     ".rept 70\n inc %eax\n dec %rdi\n jns 1f\n ret\n 1:\n .endr\n ud2\n" END("crowd")
		 FUNCTION("crowded") "nop\n jmp crowd\n" END("crowded"));

static void jumps(long round)
{
	long n = round % 100, result;
	char text[8];

	result = chain(n);
	add(CHAIN, 1, result);
	add(MIDDLE, 1, result);
	add(SHARED, 1, result);
	result = middle(n);
	add(MIDDLE, 1, result);
	add(SHARED, 1, result);
	result = shared(n, 1);
	add(SHARED, 1, result);
	result = some(n);
	add(SOME, 1, result);
	add(SHARED, n % 2, result);
	add(LOCAL, 1, local(n));
	result = is_even(n % 6);
	add(EVEN, n % 6 / 2 + 1, result);
	add(ODD, (n % 6 + 1) / 2, result);
	add(FACTORIAL, 1, factorial(n % 9, 1));
	add(THROUGH, 1, through(n));
	result = split(n);
	add(SPLIT, 1, result);
	add(SHARED, n % 10 == 0, result);
	add(BY_STUB, 1, by_stub(n));
	add(BY_SLOT, 1, by_slot(n));
	snprintf(text, sizeof(text), "%ld", n);
	add(ABROAD, 1, abroad(text));
	add(WIDE, 1, wide(n % 25));
	add(STAIRS, 1, stairs_0(n));
	add(CROWDED, 1, crowded(n % 70));
}

/* ------------------------------------------------- what never comes back */

static __thread jmp_buf out;

/* Leaves instead of returning, for odd numbers. */
NOINLINE long leaves(long n);
NOINLINE long leaves(long n)
{
	BARRIER(n);
	if (n % 2)
		longjmp(out, 1);
	return n * 3;
}

NOINLINE long to_leaves(long n);
NOINLINE long to_leaves(long n)
{
	BARRIER(n);
	return leaves(n + 1);
}

/* leaves before it could jump. */
NOINLINE long leaves_early(long n);
NOINLINE long leaves_early(long n)
{
	if (n % 2)
		longjmp(out, 1);
	return leaves(n);
}

static long (*volatile calls[])(long) = {to_leaves, leaves_early, leaves};

/* The same frame, and the same call, for each of them. */
NOINLINE static int call(int which, long n, long *result)
{
	if (setjmp(out))
		return 0;
	*result = calls[which](n);
	return 1;
}

static void leaving(long round)
{
	long result = 0;
	int which = (int)(round % 3);

	if (call(which, round / 3, &result))
		add(TO_LEAVES + which, 1, result);
}

/* -------------------------------------------------------------------- main */

static void (*work)(long round);

static void *run(void *unused)
{
	for (long i = 0; i < rounds; i++)
		work(i);
	return unused;
}

static void run_threads(int count)
{
	pthread_t threads[16];

	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	int threads = 1, option;
	char byte;

	while ((option = getopt(argc, argv, "n:t:")) != -1) {
		if (option == 'n')
			rounds = atol(optarg);
		else if (option == 't')
			threads = atoi(optarg);
		else
			return 2;
	}
	if (optind + 1 != argc || threads < 1 || threads > 16)
		return 2;
	work = strcmp(argv[optind], "jumps") == 0 ? jumps : leaving;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	run_threads(threads);
	for (int i = 0; i < COUNT; i++)
		if (tallies[i].calls)
			printf("%s calls %ld sum %ld\n", tallies[i].name, tallies[i].calls,
			       tallies[i].sum);
	return 0;
}
