/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory - asks for memory and frees it, so that what is left is known.
 *
 *   memory [-n ROUNDS] [-k]
 *
 * Prints "pid P", and waits for a byte on standard input. In each of ROUNDS rounds (1) each
 * function below that keeps something keeps one block, and those that do not free theirs.
 * -k keeps the process until standard input ends.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
/* A call that stays a call, and a block that is not optimized away. */
#define USE(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory")

void *kept[1 << 16]; /* not static: who knows who reads it */
static size_t kept_count;

static void keep(void *block)
{
	kept[kept_count++ % (sizeof(kept) / sizeof(*kept))] = block;
	__asm__ volatile("" : : : "memory");
}

/* 100 bytes a round. */
NOINLINE void keeps_malloc(void)
{
	keep(malloc(100));
}

/* 4 * 50 bytes a round. */
NOINLINE void keeps_calloc(void)
{
	keep(calloc(4, 50));
}

/* 3000 bytes a round, of a block that was smaller. */
NOINLINE void keeps_realloc(void)
{
	void *block = malloc(10);

	USE(block);
	keep(realloc(block, 3000));
}

/* 400 bytes a round. */
NOINLINE void keeps_new_realloc(void)
{
	keep(realloc(NULL, 400));
}

/* 512 bytes a round. */
NOINLINE void keeps_posix_memalign(void)
{
	void *block = NULL;

	if (posix_memalign(&block, 64, 512) != 0)
		exit(1);
	keep(block);
}

/* 640 bytes a round. */
NOINLINE void keeps_aligned_alloc(void)
{
	keep(aligned_alloc(64, 640));
}

/* 700 bytes a round. */
NOINLINE void keeps_valloc(void)
{
	keep(valloc(700));
}

NOINLINE void gives_back(void)
{
	void *block = malloc(77);

	USE(block);
	free(block);
	block = calloc(7, 11);
	USE(block);
	free(realloc(block, 7700));
}

/* Fails, and leaves what it had. */
NOINLINE void fails(void)
{
	void *block = malloc(16), *more;
	size_t size = (size_t)-1 >> 1;

	USE(block);
	USE(size);
	more = malloc(size);
	USE(more);
	free(more);
	free(block);
}

int main(int argc, char **argv)
{
	long rounds = 1;
	int option, does_keep = 0;
	char byte;

	while ((option = getopt(argc, argv, "n:k")) != -1) {
		if (option == 'n')
			rounds = atol(optarg);
		else if (option == 'k')
			does_keep = 1;
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	for (long i = 0; i < rounds; i++) {
		keeps_malloc();
		keeps_calloc();
		keeps_realloc();
		keeps_new_realloc();
		keeps_posix_memalign();
		keeps_aligned_alloc();
		keeps_valloc();
		gives_back();
		fails();
	}
	puts("done");
	while (does_keep && read(STDIN_FILENO, &byte, 1) == 1)
		;
	return 0;
}
