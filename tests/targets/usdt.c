/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usdt - static probes that are hit as often as is known.
 *
 *   usdt [ROUNDS]
 *
 * prints "pid P", does ROUNDS rounds (none), then one for each line "go" of its input, and prints
 * "round N: enabled E of 5" after each: how often the semaphore of usdt_test:enabled was up. "load"
 * loads libusdtlate.so, beside the program, and calls it. A round hits
 *
 *   usdt_test:enabled    5 times if that is enabled, else never: i, text
 *   usdt_test:plain      5 times: i, text, a negative byte, a large unsigned number
 *   usdt_test:twice      5 times in each of two places: what is where differs
 *   usdt_test:nothing    once, without arguments
 *   usdt_test:places     once: every kind of place that an argument can be in
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include "usdt.h"

unsigned short usdt_test_enabled_semaphore __attribute__((section(".probes")));

static void hit_enabled(int round)
{
	int taken = 0;

	for (int i = 0; i < HITS; i++)
		if (__builtin_expect(*(volatile unsigned short *)&usdt_test_enabled_semaphore, 0)) {
			taken++;
			DTRACE_PROBE2(usdt_test, enabled, i, usdt_texts[i]);
		}
	printf("round %d: enabled %d of %d\n", round, taken, HITS);
}

static void hit_all(void)
{
	static int round;

	hit_plain();
	hit_enabled(++round);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];
	void *library = NULL;

	printf("pid %d\n", (int)getpid());
	fflush(stdout);
	for (int left = argc > 1 ? atoi(argv[1]) : 0; left > 0; left--)
		hit_all();
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "go\n") == 0)
			hit_all();
		if (strcmp(line, "load\n") == 0) {
			library = dlopen("libusdtlate.so", RTLD_NOW);
			void (*late)(void) =
			    library ? (void (*)(void))dlsym(library, "late") : NULL;
			if (late)
				late();
			printf("loaded %d\n", late != NULL);
			fflush(stdout);
		}
	}
	return 0;
}
