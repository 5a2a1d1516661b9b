// SPDX-License-Identifier: GPL-2.0-or-later
// throws - exceptions through several frames, caught or passed on, with destructors on the way.
//
//   throws [-n ROUNDS]
//
// Prints "pid P", waits for a byte on standard input, then does the rounds, of which every third
// throws nothing. Prints at the end how often each function was called, and how often it returned.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <unistd.h>

static long middle_calls, middle_returns, thrower_calls, thrower_returns, catcher_calls, destroyed;

struct Guard {
	~Guard()
	{
		destroyed++;
	}
};

__attribute__((noinline)) int thrower(int n)
{
	thrower_calls++;
	if (n % 3 == 1)
		throw std::runtime_error("one");
	if (n % 3 == 2)
		throw std::string("two");
	thrower_returns++;
	return n;
}

// Passes strings on; recursion makes frames of its own between the throw and the catch.
__attribute__((noinline)) int middle(int depth, int n)
{
	Guard guard;
	int result;

	middle_calls++;
	try {
		result = depth ? middle(depth - 1, n) : thrower(n);
	} catch (const std::runtime_error &) {
		result = -1;
	}
	middle_returns++;
	return result;
}

__attribute__((noinline)) int catcher(int n)
{
	Guard guard;

	catcher_calls++;
	try {
		return middle(n % 7, n) + 1;
	} catch (const std::string &text) {
		return -(int)text.size();
	}
}

int main(int argc, char **argv)
{
	long rounds = argc == 3 ? atol(argv[2]) : 300;
	char byte;

	setvbuf(stdout, nullptr, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	for (long i = 0; i < rounds; i++)
		catcher((int)i);
	printf("thrower calls %ld returns %ld\n", thrower_calls, thrower_returns);
	printf("middle calls %ld returns %ld\n", middle_calls, middle_returns);
	printf("catcher calls %ld returns %ld\n", catcher_calls, catcher_calls);
	printf("destroyed %ld\n", destroyed);
	return 0;
}
