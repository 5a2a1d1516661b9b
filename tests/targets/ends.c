/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ends - calls step() a few times, then ends in the way its arguments say.
 *
 *   ends [-w] exit STATUS | signal NUMBER | exec PROGRAM [ARGUMENT...] | fork
 *
 * -w waits for a byte on standard input first. fork: a child calls step() too.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 3

__attribute__((noinline, noclone)) int step(int number);
int step(int number)
{
	__asm__ volatile("" ::: "memory");
	return number * 2;
}

static void walk(const char *who)
{
	for (int i = 0; i < STEPS; i++)
		step(i);
	printf("%s made %d steps\n", who, STEPS);
}

int main(int argc, char **argv)
{
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "-w") == 0) {
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return 2;
		argc--, argv++;
	}
	if (argc < 2)
		return 2;
	walk("parent");
	if (strcmp(argv[1], "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(argv[1], "signal") == 0 && argc > 2)
		raise(atoi(argv[2]));
	if (strcmp(argv[1], "exec") == 0 && argc > 2)
		execvp(argv[2], argv + 2);
	if (strcmp(argv[1], "fork") == 0) {
		if (fork() == 0) {
			walk("child");
			return 0;
		}
		wait(NULL);
		return 0;
	}
	return 2;
}
