/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c - calls whose tree is known: recursion, a longjmp over several of them, exceptions to the
 * rule that every call returns, and two threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

enum color {
	RED,
	GREEN
};
struct point {
	int x, y;
};

static __thread jmp_buf out;

NOINLINE int leaf(int n, const char *text, enum color color);
NOINLINE int leaf(int n, const char *text, enum color color)
{
	__asm__ volatile("" ::"r"(text) : "memory");
	return n + (int)color;
}

NOINLINE void nothing(const struct point *point);
NOINLINE void nothing(const struct point *point)
{
	__asm__ volatile("" ::"r"(point) : "memory");
}

NOINLINE int down(int n);
NOINLINE int down(int n)
{
	__asm__ volatile("" ::: "memory");
	return n ? down(n - 1) + leaf(n, "down", GREEN) : 0;
}

NOINLINE int jump(int n);
NOINLINE int jump(int n)
{
	if (n == 0)
		longjmp(out, 1);
	n = jump(n - 1) + 1;
	__asm__ volatile("" ::: "memory");
	return n;
}

NOINLINE int catch (int n);
NOINLINE int catch (int n)
{
	if (setjmp(out) == 0)
		return jump(n);
	return leaf(-n, "caught", RED);
}

/* Returns what another function does, by a jump to it. */
NOINLINE int tail(int n);
NOINLINE int tail(int n)
{
	return leaf(n, "tail", RED);
}

NOINLINE void *work(void *argument);
NOINLINE void *work(void *argument)
{
	struct point point = {1, 2};
	int rounds = *(int *)argument;

	for (int i = 0; i < rounds; i++) {
		down(2);
		nothing(&point);
		catch (2);
		tail(7);
	}
	return argument;
}

int main(int argc, char **argv)
{
	int rounds = 1;
	pthread_t threads[2];

	if (argc > 1 && strcmp(argv[1], "threads") == 0) {
		rounds = 50;
		for (int i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, work, &rounds);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
	} else {
		work(&rounds);
	}
	return 0;
}
