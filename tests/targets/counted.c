/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counted - calls counted() exactly as often as it says.
 *
 *   counted [-n CALLS] [-r CALLS_PER_SECOND] [-t THREADS] [-w] [-k]
 *
 * -n 0 is without end. -w waits for a byte on standard input before the first call, -k keeps
 * the process after the last until standard input ends, so that a test knows
 * when its probes are in and can look at the process afterwards. Prints "pid P", then at
 * the end "calls N", and with -n 0 "calls N" after each SIGUSR1.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

struct shape {
	unsigned int width;
	unsigned short height;
	signed char sign;
};

static atomic_long calls;
static long wanted = 1000, rate;

/* What a test probes: each kind of argument that a register holds. The nop it
 * begins with is a site that the kernel need not single-step: hits at full speed. */
__attribute__((patchable_function_entry(1))) NOINLINE long
counted(long number, const char *text, const struct shape *shape, int sign);
NOINLINE long counted(long number, const char *text, const struct shape *shape, int sign)
{
	__asm__ volatile("" ::"r"(text), "r"(shape) : "memory");
	return number + sign;
}

/* Called once in a hundred calls of counted(). */
NOINLINE void seldom(long number);
NOINLINE void seldom(long number)
{
	__asm__ volatile("" ::"r"(number) : "memory");
}

static void pause_ns(long ns)
{
	struct timespec pause = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	nanosleep(&pause, NULL);
}

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *work(void *unused)
{
	static const char *const texts[] = {"zero", "one", "two", "three"};
	static const struct shape shape = {.width = 640, .height = 480, .sign = -3};
	long start = now_ns(), made = 0;

	(void)unused;
	while (wanted == 0 || made < wanted) {
		if (rate && now_ns() - start < made * 1000000000 / rate) {
			pause_ns(500000);
			continue;
		}
		counted(made, texts[made % 4], &shape, made % 2 ? -1 : 1);
		if (made % 100 == 99)
			seldom(made);
		made++;
		atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	}
	return NULL;
}

static void tell(int signal)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "calls %ld\n", atomic_load(&calls));

	(void)signal;
	if (write(STDOUT_FILENO, line, size) < 0)
		_exit(9);
}

int main(int argc, char **argv)
{
	int option, threads = 1;
	int does_wait = 0, does_keep = 0;
	pthread_t ids[64];
	char byte;

	while ((option = getopt(argc, argv, "n:r:t:wk")) != -1) {
		switch (option) {
		case 'n':
			wanted = atol(optarg);
			break;
		case 'r':
			rate = atol(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 'w':
			does_wait = 1;
			break;
		case 'k':
			does_keep = 1;
			break;
		default:
			return 2;
		}
	}
	if (threads < 1 || threads > 64)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGUSR1, tell);
	printf("pid %d\n", (int)getpid());
	if (does_wait && read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	if (threads == 1) {
		work(NULL);
	} else {
		for (int i = 0; i < threads; i++)
			pthread_create(&ids[i], NULL, work, NULL);
		for (int i = 0; i < threads; i++)
			pthread_join(ids[i], NULL);
	}
	tell(0);
	while (does_keep && read(STDIN_FILENO, &byte, 1) == 1)
		;
	return 0;
}
