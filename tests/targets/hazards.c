/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hazards - functions with instructions on which a probe would do harm, called
 * again and again. Each prints what it found; a wrong value is an exit status of 1.
 *
 *   hazards [PASSES]       waits for a byte on standard input first
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

/* The label names the instruction: tests find its address in the symbol table. */
#define MARK(name) ".globl " name "\n" name ":\n"

NOINLINE long with_syscall(void);
long with_syscall(void)
{
	long ret = SYS_getppid;

	__asm__ volatile("nop\n" MARK("at_syscall") "syscall" : "+a"(ret)::"rcx", "r11", "memory");
	return ret;
}

NOINLINE long with_lock(long *counter);
long with_lock(long *counter)
{
	__asm__ volatile("nop\n" MARK("at_lock") "lock incq %0" : "+m"(*counter)::"memory");
	return *counter;
}

/* A five-byte nop behind a red zone in use. */
NOINLINE long with_nop5(long value);
long with_nop5(long value)
{
	long ret;

	__asm__ volatile("movq %1, -8(%%rsp)\n" MARK("at_nop5") ".byte 0x0f,0x1f,0x44,0x00,0x00\n"
								"movq -8(%%rsp), %0"
			 : "=r"(ret)
			 : "r"(value)
			 : "memory");
	return ret;
}

int main(int argc, char **argv)
{
	int passes = argc > 1 ? atoi(argv[1]) : 1000;
	long counter = 0, parent = getppid();
	char byte;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("pid %d\n", (int)getpid());
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	for (int i = 1; i <= passes; i++) {
		if (with_syscall() != parent || with_lock(&counter) != i || with_nop5(i) != i) {
			printf("wrong in pass %d\n", i);
			return 1;
		}
	}
	printf("passes %d\n", passes);
	return 0;
}
