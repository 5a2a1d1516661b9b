/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usdt_plain.c - the probes of usdt without semaphores. */
#include <sys/sdt.h>

#include "usdt.h"

#define NOINLINE __attribute__((noinline, noclone))

const char *const usdt_texts[HITS] = {"zero", "one", "two", "three", "four"};

/* What usdt_test:places names. */
struct {
	int number;
	unsigned short table[4];
} usdt_memory = {-77, {10, 11, 12, 13}};
double usdt_double = 2.5;
__thread int usdt_of_thread = 4242;

static NOINLINE void hit_first(int i)
{
	DTRACE_PROBE2(usdt_test, twice, 1, i);
}

static NOINLINE void hit_second(int unused, long i)
{
	DTRACE_PROBE2(usdt_test, twice, i + unused, 2);
}

/* A note as the header makes them, of arguments that it would not have made. */
#define NOTE(arguments)                                         \
	"990: nop\n"                                            \
	".pushsection .note.stapsdt,\"\",\"note\"\n"            \
	".balign 4\n"                                           \
	".4byte 992f-991f, 994f-993f, 3\n"                      \
	"991: .asciz \"stapsdt\"\n"                             \
	"992: .balign 4\n"                                      \
	"993: .8byte 990b, _.stapsdt.base, 0\n"                 \
	".asciz \"usdt_test\", \"places\", \"" arguments "\"\n" \
	"994: .balign 4\n"                                      \
	".popsection\n"

static NOINLINE void hit_places(void)
{
	usdt_of_thread++;
	__asm__ volatile(
	    NOTE("1@%%al 1@%%ah 2@%%ax -4@%%ecx 8@$usdt_memory+4 8@$-5 "
		 "-4@usdt_memory(%%rip) 2@4+usdt_memory(%%rip) 2@4(%%rbx,%%rcx,2) "
		 "-1@6(%%rbx) 8f@usdt_double(%%rip) 8f@%%xmm0 4@%%fs:usdt_of_thread@tpoff "
		 "4@no_such_symbol(%%rip) [rax]")
	    :
	    : "a"(0x1234), "b"(&usdt_memory), "c"(3L)
	    : "memory");
}

void hit_plain(void)
{
	for (int i = 0; i < HITS; i++) {
		unsigned long large = ~0ul - (unsigned long)i;
		signed char negative = (signed char)-i;

		DTRACE_PROBE4(usdt_test, plain, i, usdt_texts[i], negative, large);
		hit_first(i);
		hit_second(1, i);
	}
	DTRACE_PROBE(usdt_test, nothing);
	hit_places();
}
