/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader - loads libplugin.so after the first byte on standard input, calls its function
 * 10 times after the second, prints "calls 10" and stays until standard input ends.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#define CALLS 10

int main(void)
{
	int (*work)(int);
	void *library;
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	library = dlopen("libplugin.so", RTLD_NOW);
	if (!library) {
		printf("%s\n", dlerror());
		return 1;
	}
	*(void **)&work = dlsym(library, "plugin_work");
	printf("loaded\n");
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	for (int i = 0; i < CALLS; i++)
		work(i);
	printf("calls %d\n", CALLS);
	while (read(STDIN_FILENO, &byte, 1) == 1)
		;
	return 0;
}
