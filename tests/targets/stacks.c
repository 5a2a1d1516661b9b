/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacks.c - calls whose stack is known.
 *
 *   stacks dump SCENARIO  writes where it is (registers, stack memory, the return addresses
 *                         that its functions have noted), then waits for the end of its input
 *   stacks do SCENARIO    does what `dump` does, and writes nothing
 *   stacks run COUNT      calls leaf() from outer() and from recursive() COUNT times each,
 *                         and ends at once
 *   stacks wait COUNT     says "pid P", and does the same after a byte of input
 *   stacks deep COUNT     calls leaf() once, below that many of recursive()
 *   stacks large COUNT    calls leaf() once, below a frame of that many bytes
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
/* A call that stays a call: something is left to do after it. */
#define AFTER __asm__ volatile("" ::: "memory")

enum {
	CHAIN_MAX = 64,
	SLICE_MAX = 16384,
	RSP = 7,
	REGISTERS = 17
};

static struct {
	uint64_t main, registers[REGISTERS], depth, chain[CHAIN_MAX], size;
} dump;
static unsigned char slice[SLICE_MAX];
static const char *scenario = "";
static volatile uint64_t sum;

/* What the function that says so will return to. */
#define NOTE (dump.chain[dump.depth++ % CHAIN_MAX] = (uint64_t)__builtin_return_address(0))

/* The registers as they are at the label, by DWARF number. */
#define CAPTURE                                                                                   \
	__asm__ volatile("mov %%rax, 0(%0)\n mov %%rdx, 8(%0)\n mov %%rcx, 16(%0)\n"              \
			 "mov %%rbx, 24(%0)\n mov %%rsi, 32(%0)\n mov %%rdi, 40(%0)\n"            \
			 "mov %%rbp, 48(%0)\n mov %%rsp, 56(%0)\n mov %%r8, 64(%0)\n"             \
			 "mov %%r9, 72(%0)\n mov %%r10, 80(%0)\n mov %%r11, 88(%0)\n"             \
			 "mov %%r12, 96(%0)\n mov %%r13, 104(%0)\n mov %%r14, 112(%0)\n"          \
			 "mov %%r15, 120(%0)\n lea 0(%%rip), %%rax\n mov %%rax, 128(%0)\n" ::"D"( \
			     dump.registers)                                                      \
			 : "rax", "memory")

static void put(const void *bytes, size_t size)
{
	if (write(STDOUT_FILENO, bytes, size) != (ssize_t)size)
		_exit(1);
}

/* The memory up to the end of the stack, or of what fits. A pipe copies what there is. */
static uint64_t copy_stack(uint64_t from)
{
	uint64_t size = 0;
	int ends[2];

	if (pipe(ends) != 0)
		_exit(1);
	while (size < SLICE_MAX) {
		ssize_t got = write(ends[1], (const void *)(from + size), 512);
		if (got <= 0)
			break;
		got = read(ends[0], slice + size, (size_t)got);
		size += (uint64_t)got;
	}
	close(ends[0]);
	close(ends[1]);
	return size;
}

NOINLINE void leaf(uint64_t x)
{
	NOTE;
	sum += x;
	if (!*scenario) {
		dump.depth = 0;
		return;
	}
	CAPTURE;
	dump.size = copy_stack(dump.registers[RSP]);
	put(&dump, sizeof(dump));
	put(slice, dump.size);
	while (getchar() != EOF)
		;
	_exit(0);
}

static inline __attribute__((always_inline)) void inner_inlined(uint64_t x)
{
	leaf(x + 1);
	AFTER;
}

static inline __attribute__((always_inline)) void outer_inlined(uint64_t x)
{
	inner_inlined(x * 3);
	AFTER;
}

NOINLINE void outer(uint64_t x)
{
	NOTE;
	outer_inlined(x);
	AFTER;
}

NOINLINE void recursive(uint64_t n)
{
	NOTE;
	if (n)
		recursive(n - 1);
	else
		leaf(n);
	AFTER;
}

/* Locals that need a stack aligned by hand, and a size that is not known before. */
NOINLINE void aligned(uint64_t n)
{
	char block[64] __attribute__((aligned(64)));
	char *more = __builtin_alloca(n);

	NOTE;
	memset(block, (int)n, sizeof(block));
	memset(more, (int)n, n);
	sum += (uint64_t)(block[3] + more[n / 2]) + ((uintptr_t)block & 63);
	recursive(1);
	AFTER;
}

/* Many registers in use across the call. */
NOINLINE uint64_t busy(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	NOTE;
	for (uint64_t i = 0; i < (a & 3); i++)
		sum += b ^ c;
	aligned(100);
	return a * b + c * d + e * f + sum;
}

static int compare(const void *a, const void *b)
{
	NOTE;
	outer(*(const unsigned char *)a);
	AFTER;
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

NOINLINE void sort(void)
{
	unsigned char some[] = {3, 1, 2};

	NOTE;
	qsort(some, sizeof(some), 1, compare);
	AFTER;
}

/* Does not return: the instruction would be run again. */
static void handle(int number)
{
	NOTE;
	outer((uint64_t)number);
	_exit(0);
}

NOINLINE void interrupted(void)
{
	struct sigaction action = {.sa_handler = handle};

	NOTE;
	sigaction(SIGILL, &action, NULL);
	__asm__ volatile("ud2" ::: "memory");
}

static void *threaded(void *argument)
{
	NOTE;
	outer((uint64_t)(uintptr_t)argument);
	AFTER;
	return NULL;
}

NOINLINE void start_thread(void)
{
	pthread_t thread;

	dump.depth = 0;
	if (pthread_create(&thread, NULL, threaded, NULL) == 0)
		pthread_join(thread, NULL);
}

static void run(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		outer(i);
		recursive(2);
	}
}

NOINLINE void do_scenario(const char *name)
{
	NOTE;
	if (strcmp(name, "recursion") == 0)
		recursive(3);
	else if (strcmp(name, "busy") == 0)
		busy(1, 2, 3, 4, 5, 6);
	else if (strcmp(name, "sort") == 0)
		sort();
	else if (strcmp(name, "signal") == 0)
		interrupted();
	else if (strcmp(name, "thread") == 0)
		start_thread();
	else
		outer(7);
	AFTER;
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[1] : "", *what = argc > 2 ? argv[2] : "";
	uint64_t count = strtoull(what, NULL, 10);

	dump.main = (uint64_t)(uintptr_t)main;
	if (strcmp(how, "wait") == 0) {
		printf("pid %d\n", getpid());
		fflush(stdout);
		getchar();
	}
	if (strcmp(how, "run") == 0 || strcmp(how, "wait") == 0) {
		run(count);
	} else if (strcmp(how, "deep") == 0) {
		recursive(count);
	} else if (strcmp(how, "large") == 0) {
		aligned(count);
	} else {
		scenario = strcmp(how, "dump") == 0 ? what : "";
		NOTE;
		do_scenario(what);
	}
	AFTER;
	return 0;
}
