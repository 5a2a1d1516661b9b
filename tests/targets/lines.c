/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.c - functions whose lines run a known number of times; each kind of statement that makes a
 * line more than one piece of code, or several lines one. gcov tells the truth about it.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

static volatile long sink;
static jmp_buf out;

NOINLINE static void touch(long value)
{
	sink += value;
}

/* Conditions of several parts, an else, a line that is never reached. */
NOINLINE static int classify(int a, int b)
{
	if (a > 3 && b > 3)
		touch(1);
	else if (a == 1 || b == 1)
		touch(2);
	if (a < 0)
		touch(99);
	return a > b ? a : b;
}

/* Loops: of several lines, and all on one. */
NOINLINE static int loops(int rounds)
{
	int sum = 0;

	for (int i = 0; i < rounds; i++)
		touch(i);
	while (rounds-- > 0)
		sum += (int)sink;
	/* clang-format off */
	for (int i = 0; i < 7; i++) { touch(i); }
	/* clang-format on */
	do {
		touch(sum);
	} while (sum-- > 0 && sum < 0);
	return sum;
}

NOINLINE static void choose(int which)
{
	switch (which) {
	case 0:
		touch(0);
		/* fall through */
	case 1:
		touch(1);
		break;
	case 2:
		touch(2);
		break;
	case 3:
		touch(3);
		break;
	case 4:
		touch(4);
		break;
	case 5:
		touch(5);
		break;
	default:
		touch(-1);
	}
}

/* Ways through a loop that are none of the usual ones. */
NOINLINE static int wander(int rounds)
{
	int i = 0;

again:
	for (; i < rounds; i++) {
		if (i % 3 == 0)
			continue;
		if (i == 8)
			break;
		if (i == 4 && sink >= 0) {
			i++;
			goto again;
		}
		touch(i);
	}
	if (rounds < 0)
		return -1;
	return i;
}

/* Left by a longjmp every other time. */
NOINLINE static void leave(int number)
{
	touch(number);
	if (number & 1)
		longjmp(out, 1);
	touch(-number);
}

NOINLINE static void jumps(int rounds)
{
	for (volatile int i = 0; i < rounds; i++) {
		if (setjmp(out) == 0)
			leave(i);
		else
			touch(5);
	}
}

/* Inlined three times where the compiler optimizes. */
static inline int twice(int value)
{
	touch(value);
	if (value > 100)
		touch(value - 100);
	return 2 * value;
}

NOINLINE static int inlines(int value)
{
	int sum = twice(value);

	sum += twice(sum);
	for (int i = 0; i < 3; i++)
		sum += twice(i + 100);
	return sum;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10;

	for (int i = 0; i < rounds; i++) {
		touch(classify(i, 5));
		choose(i % 7);
		touch(inlines(i));
	}
	touch(loops(rounds));
	touch(wander(rounds));
	jumps(rounds);
	printf("%ld\n", sink & 1);
	return 0;
}
