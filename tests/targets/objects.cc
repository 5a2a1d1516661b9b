/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objects - makes objects with new, of known sizes, as often as it says.
 *
 *   objects [ROUNDS]
 *
 * Prints "pid P" and waits for a byte on standard input. In each of ROUNDS rounds (10) it makes
 * one object of 24 bytes, two of 200, one array of 1000, and one of 128 that is aligned to 128.
 */
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

struct point {
	double x, y, z;
};
struct large {
	char bytes[200];
};
struct alignas(128) aligned {
	char bytes[128];
};

static void *volatile last;

NOINLINE static void make_points()
{
	point *one = new point;
	last = one;
	delete one;
}

NOINLINE static void make_large()
{
	for (int i = 0; i < 2; i++) {
		large *one = new large;
		last = one;
		delete one;
	}
}

NOINLINE static void make_arrays()
{
	char *some = new char[1000];
	last = some;
	delete[] some;
}

NOINLINE static void make_aligned()
{
	aligned *one = new aligned;
	last = one;
	delete one;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 10;

	printf("pid %d\n", static_cast<int>(getpid()));
	fflush(stdout);
	if (getchar() == EOF)
		return 2;
	for (long i = 0; i < rounds; i++) {
		make_points();
		make_large();
		make_arrays();
		make_aligned();
	}
	return 0;
}
