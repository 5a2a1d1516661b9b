/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls - functions that return in every way there is, called exactly as often as it says.
 *
 *   calls [-n ROUNDS] [-t THREADS] [-k] WHAT
 *
 * WHAT is the name of one of the works below; each thread does ROUNDS of it. Prints "pid P" and
 * waits for a byte on standard input before the first round; prints at the end, for each
 * function of the work, "NAME calls N", and for those that measure themselves "NAME calls N least
 * NS total NS": the shortest time a call took inside the function, and all of them together
 * as their caller saw it. -k keeps the process until standard input ends.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
/* What follows stays where it is: no call becomes a jump, none is left out. */
#define BARRIER(value) __asm__ volatile("" : "+r"(value) : : "memory")

static long rounds = 1000;

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ------------------------------------------------------------- recursion */

static atomic_long fib_calls;

/* The nop it begins with is a site that the kernel need not single-step. */
__attribute__((patchable_function_entry(1))) NOINLINE long fib(long n);
NOINLINE long fib(long n)
{
	long a, b;

	atomic_fetch_add_explicit(&fib_calls, 1, memory_order_relaxed);
	if (n < 2)
		return n;
	a = fib(n - 1);
	BARRIER(a);
	b = fib(n - 2);
	BARRIER(b);
	return a + b;
}

static void do_fib(long round)
{
	(void)round;
	fib(10);
}

static void tell_fib(void)
{
	printf("fib calls %ld\n", fib_calls);
}

/* As deep as there are rounds. */
static atomic_long deep_calls;

__attribute__((patchable_function_entry(1))) NOINLINE long deep(long n);
NOINLINE long deep(long n)
{
	long a = 0;

	deep_calls++;
	if (n > 1)
		a = deep(n - 1);
	BARRIER(a);
	return a + 1;
}

static void do_deep(long round)
{
	if (round == 0)
		deep(rounds);
}

static void tell_deep(void)
{
	printf("deep calls %ld\n", deep_calls);
}

/* -------------------------------------------------------------- durations */

struct shape {
	struct shape *next;
	unsigned int width;
	signed char sign;
};

static const char *const names[] = {"zero", "one", "two", "three"};
static atomic_long nap_calls, nap_total, nap_least = 1l << 62;

NOINLINE int nap(int number, const char *name, struct shape *shape);
NOINLINE int nap(int number, const char *name, struct shape *shape)
{
	struct timespec pause = {.tv_nsec = 200000};
	long start = now_ns(), inside, least = nap_least;
	/* The entry's values are gone by the time it returns. */
	char gone[] = "gone";

	if (number < 0)
		return -1;
	nanosleep(&pause, NULL);
	shape->width = 0;
	name = gone;
	BARRIER(name);
	inside = now_ns() - start;
	while (inside < least && !atomic_compare_exchange_weak(&nap_least, &least, inside))
		;
	return number * 2;
}

static void do_nap(long round)
{
	struct shape inner = {NULL, 7, -1}, shape = {round % 2 ? &inner : NULL, 640, -3};
	long start = now_ns();

	nap((int)round, names[round % 4], &shape);
	nap_total += now_ns() - start;
	nap_calls++;
}

static void tell_nap(void)
{
	printf("nap calls %ld least %ld total %ld\n", nap_calls, nap_least, nap_total);
}

/* ---------------------------------------------------------------- results */

enum colour {
	RED,
	GREEN = 5
};
struct small {
	int x, y;
};
struct pair {
	long first;
	const char *second;
};
struct mixed {
	long number;
	double half;
};
struct large {
	long numbers[6];
	char name[8];
};
union either {
	int number;
	char bytes[4];
};

NOINLINE int gives_int(int n);
NOINLINE int gives_int(int n)
{
	BARRIER(n);
	return -n;
}
NOINLINE unsigned long gives_unsigned(int n);
NOINLINE unsigned long gives_unsigned(int n)
{
	BARRIER(n);
	return -1ul - (unsigned long)n;
}
NOINLINE signed char gives_char(int n);
NOINLINE signed char gives_char(int n)
{
	BARRIER(n);
	return (signed char)-n;
}
NOINLINE bool gives_bool(int n);
NOINLINE bool gives_bool(int n)
{
	BARRIER(n);
	return n & 1;
}
NOINLINE const char *gives_text(int n);
NOINLINE const char *gives_text(int n)
{
	BARRIER(n);
	return n % 5 == 4 ? NULL : names[n % 5];
}
NOINLINE double gives_double(int n);
NOINLINE double gives_double(int n)
{
	BARRIER(n);
	return n / 2.0;
}
NOINLINE enum colour gives_enum(int n);
NOINLINE enum colour gives_enum(int n)
{
	BARRIER(n);
	return n & 1 ? GREEN : RED;
}
NOINLINE struct small gives_small(int n);
NOINLINE struct small gives_small(int n)
{
	BARRIER(n);
	return (struct small){n, -n};
}
NOINLINE struct pair gives_pair(int n);
NOINLINE struct pair gives_pair(int n)
{
	BARRIER(n);
	return (struct pair){n, names[n % 4]};
}
NOINLINE struct mixed gives_mixed(int n);
NOINLINE struct mixed gives_mixed(int n)
{
	BARRIER(n);
	return (struct mixed){n, n / 2.0};
}
NOINLINE struct large gives_large(int n);
NOINLINE struct large gives_large(int n)
{
	struct large large = {{n, 2, 3, 4, 5, -n}, "large"};

	BARRIER(n);
	return large;
}
NOINLINE union either gives_union(int n);
NOINLINE union either gives_union(int n)
{
	union either either = {.number = n};

	BARRIER(n);
	return either;
}
NOINLINE struct shape *gives_pointer(struct shape *shape);
NOINLINE struct shape *gives_pointer(struct shape *shape)
{
	BARRIER(shape);
	return shape;
}
NOINLINE void gives_nothing(int n);
NOINLINE void gives_nothing(int n)
{
	BARRIER(n);
}

static void do_results(long round)
{
	struct shape shape = {NULL, (unsigned)round, -1};
	int n = (int)round;

	gives_int(n);
	gives_unsigned(n);
	gives_char(n);
	gives_bool(n);
	gives_text(n);
	gives_double(n);
	gives_enum(n);
	gives_small(n);
	gives_pair(n);
	gives_mixed(n);
	gives_large(n);
	gives_union(n);
	gives_pointer(&shape);
	gives_nothing(n);
}

/* ----------------------------------------------------------- ways to return */

/* A return in each case. */
NOINLINE int many_returns(int n);
NOINLINE int many_returns(int n)
{
	switch (n % 8) {
	case 0:
		return n + 17;
	case 1:
		BARRIER(n);
		return n * 3;
	case 2:
		return gives_int(n) + 1;
	case 3:
		BARRIER(n);
		return n ^ 21;
	case 4:
		return n / 3;
	default:
		return 4;
	}
}

NOINLINE int by_jump(int n);
NOINLINE int by_jump(int n)
{
	if (n & 1)
		return gives_int(n);
	BARRIER(n);
	return n + 1;
}

/* js gives_char, and a return of its own. */
int by_branch(int n);
__asm__(".text\n.globl by_branch\n.type by_branch, @function\n"
	"by_branch: nop\n mov %edi, %eax\n test $3, %edi\n jne gives_char\n ret\n"
	".size by_branch, . - by_branch\n");

/* Each kind of conditional jump, taken and not. */
#define BRANCH(kind)                                                                        \
	".globl if_" kind "\n.type if_" kind ", @function\n"                                \
	"if_" kind ": nop\n mov %edi, %eax\n cmp %esi, %edi\n j" kind " gives_char\n ret\n" \
	".size if_" kind ", . - if_" kind "\n"
__asm__(".text\n" BRANCH("o") BRANCH("no") BRANCH("b") BRANCH("ae") BRANCH("e") BRANCH("ne")
	    BRANCH("be") BRANCH("a") BRANCH("s") BRANCH("ns") BRANCH("p") BRANCH("np") BRANCH("l")
		BRANCH("ge") BRANCH("le") BRANCH("g"));
#define EACH_BRANCH(what)                                                                    \
	what(o) what(no) what(b) what(ae) what(e) what(ne) what(be) what(a) what(s) what(ns) \
	    what(p) what(np) what(l) what(ge) what(le) what(g)
#define DECLARE(kind) int if_##kind(int a, int b);
EACH_BRANCH(DECLARE)

static void do_branches(long round)
{
	static const int numbers[] = {0,  1,  -1,	  2,	   3,	       -2147483647 - 1,
				      77, 78, 2147483647, 1 << 30, -(1 << 30), -77};
	int a = numbers[round % 12], b = numbers[round / 12 % 12];

#define CALL(kind) if_##kind(a, b);
	EACH_BRANCH(CALL)
}

/* Back to the very first instruction, by a jump of its own: no other call. */
int back_to_start(int n);
__asm__(".text\n.globl back_to_start\n.type back_to_start, @function\n"
	"back_to_start: nop\n dec %edi\n jg back_to_start\n mov %edi, %eax\n ret\n"
	".size back_to_start, . - back_to_start\n");

__attribute__((cold)) NOINLINE void complain(int n);
__attribute__((cold)) NOINLINE void complain(int n)
{
	BARRIER(n);
}

/* The text is gone when it returns. */
NOINLINE int keeps(const char *text);
NOINLINE int keeps(const char *text)
{
	int length = text ? (int)strlen(text) : -1;

	complain(length);
	return length;
}

/* The compiler puts the unlikely half, with a return of its own, into has_cold.cold. */
NOINLINE int has_cold(int n);
NOINLINE int has_cold(int n)
{
	if (n % 10 == 0) {
		complain(n);
		complain(n + 1);
		BARRIER(n);
		return n - 1;
	}
	BARRIER(n);
	return n + 1;
}

static void do_ways(long round)
{
	int n = (int)round;

	many_returns(n);
	by_jump(n);
	by_branch(n);
	back_to_start(n % 5);
	has_cold(n);
	keeps(n % 5 == 4 ? NULL : names[n % 5]);
}

static void tell_ways(void)
{
	/* Whoever reads this knows how often each was called: once a round. */
	printf("ways calls %ld\n", rounds);
}

/* ------------------------------------------------------- never to return */

static __thread jmp_buf out;
static atomic_long leap_calls, leap_returns;

NOINLINE int leap(int n);
NOINLINE int leap(int n)
{
	leap_calls++;
	if (n % 2)
		longjmp(out, 1);
	leap_returns++;
	BARRIER(n);
	return n;
}

/* At another depth each time, so that what is left behind is so in many places. */
NOINLINE int leap_from(int depth, int n);
NOINLINE int leap_from(int depth, int n)
{
	int result = depth ? leap_from(depth - 1, n) : leap(n);

	BARRIER(result);
	return result;
}

static void do_leap(long round)
{
	if (setjmp(out) == 0)
		leap_from((int)(round / 2 % 8), (int)round);
}

static void tell_leap(void)
{
	printf("leap calls %ld returns %ld\n", leap_calls, leap_returns);
}

/* Ends its thread, or would not end at all: never called. */
__attribute__((noreturn)) NOINLINE void ends_here(int n);
NOINLINE void ends_here(int n)
{
	for (;;)
		_exit(n);
}

/* A jump that may lead anywhere. */
int unclear(int n, void *to);
__asm__(".text\n.globl unclear\n.type unclear, @function\n"
	"unclear: mov %rsi, %rax\n call complain\n jmp *%rax\n.size unclear, . - unclear\n");

static atomic_long held_returns;

/* Under way from before the first byte of standard input until the next. */
NOINLINE int held(int n);
NOINLINE int held(int n)
{
	char byte;

	if (n && read(STDIN_FILENO, &byte, 1) != 1)
		exit(2);
	held_returns++;
	return n;
}

static void do_held(long round)
{
	held(round == 0);
}

static void tell_held(void)
{
	printf("held calls %ld\n", held_returns);
}

/* Each call says when it has begun, and waits for a byte. */
NOINLINE long pauses(long n);
NOINLINE long pauses(long n)
{
	char byte;

	printf("begun %ld\n", n);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		exit(2);
	return n;
}

static void do_pause(long round)
{
	pauses(round);
}

static void tell_results(void)
{
	printf("results calls %ld\n", rounds);
}

/* ------------------------------------------------------------------- main */

static const struct work {
	const char *name;
	void (*run)(long round);
	void (*tell)(void);
} works[] = {
    {"fib", do_fib, tell_fib},	       {"deep", do_deep, tell_deep},
    {"nap", do_nap, tell_nap},	       {"results", do_results, tell_results},
    {"ways", do_ways, tell_ways},      {"branches", do_branches, tell_results},
    {"leap", do_leap, tell_leap},      {"held", do_held, tell_held},
    {"pause", do_pause, tell_results},
};

static void *work(void *argument)
{
	const struct work *what = argument;

	for (long i = 0; i < rounds; i++)
		what->run(i);
	return NULL;
}

static void run(const struct work *what, int threads)
{
	pthread_attr_t attributes;
	pthread_t ids[64];

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 20);
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], &attributes, work, (void *)what);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	what->tell();
}

int main(int argc, char **argv)
{
	const struct work *what = NULL;
	int option, threads = 1;
	bool does_keep = false;
	char byte;

	while ((option = getopt(argc, argv, "n:t:k")) != -1) {
		if (option == 'n')
			rounds = atol(optarg);
		else if (option == 't')
			threads = atoi(optarg);
		else if (option == 'k')
			does_keep = true;
		else
			return 2;
	}
	for (size_t i = 0; optind < argc && i < sizeof(works) / sizeof(*works); i++)
		if (strcmp(argv[optind], works[i].name) == 0)
			what = &works[i];
	if (!what || threads < 1 || threads > 64)
		return 2;
	if (rounds < 0) { /* never, but a compiler must not know */
		unclear(0, NULL);
		ends_here(0);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (what->run != do_held && read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	run(what, threads);
	while (does_keep && read(STDIN_FILENO, &byte, 1) == 1)
		;
	return 0;
}
