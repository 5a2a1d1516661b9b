/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * locks - takes mutexes, in an order and for a time that are known.
 *
 *   locks WHAT
 *
 * Prints "pid P", "mutex NAME ADDRESS" for each of a, b and c, and waits for a byte on standard
 * input. What each thread does is done before the next one starts, so that nothing ever blocks,
 * but in `waits` and `timed`.
 *
 *   cycle   takes_ab takes a, then b; takes_bc b, then c; takes_ca c, then a
 *   order   takes_ab, takes_bc, and takes_ac: no cycle
 *   again   takes_ab; then both are destroyed and made anew, and takes_ba
 *   waits   holds_a holds a for 100 ms, five times, while waits_a waits for it
 *   timed   the same with timed_a, which waits with a time-out, and for 60 ms for b, in vain
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER,
		       c = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

/* What glibc's lock is when somebody waits for it (nptl/lowlevellock.h). */
#define HAS_WAITERS 2

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_mutex_lock(second);
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

#define TAKES(name, first, second)      \
	static void *name(void *unused) \
	{                               \
		take(first, second);    \
		return unused;          \
	}
TAKES(takes_ab, &a, &b)
TAKES(takes_bc, &b, &c)
TAKES(takes_ca, &c, &a)
TAKES(takes_ac, &a, &c)
TAKES(takes_ba, &b, &a)

static void *holds_a(void *unused)
{
	struct timespec pause = {.tv_nsec = 100000000};

	for (int i = 0; i < 5; i++) {
		pthread_mutex_lock(&a);
		pthread_barrier_wait(&both);
		while (__atomic_load_n(&a.__data.__lock, __ATOMIC_RELAXED) != HAS_WAITERS)
			sched_yield();
		nanosleep(&pause, NULL);
		pthread_mutex_unlock(&a);
		pthread_barrier_wait(&both);
	}
	return unused;
}

static void *waits_a(void *unused)
{
	for (int i = 0; i < 5; i++) {
		pthread_barrier_wait(&both);
		pthread_mutex_lock(&a);
		pthread_mutex_unlock(&a);
		pthread_barrier_wait(&both);
	}
	return unused;
}

static struct timespec in_ms(long ms)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_nsec += ms * 1000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

static void *timed_a(void *unused)
{
	for (int i = 0; i < 5; i++) {
		struct timespec never = in_ms(3600000), soon = in_ms(60);

		pthread_mutex_timedlock(&b, &soon);
		pthread_barrier_wait(&both);
		pthread_mutex_timedlock(&a, &never);
		pthread_mutex_unlock(&a);
		pthread_barrier_wait(&both);
	}
	return unused;
}

static void run(void *(*routine)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, routine, NULL) == 0)
		pthread_join(thread, NULL);
}

static void wait_for_each_other(void *(*waits)(void *))
{
	pthread_t threads[2];

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&threads[0], NULL, holds_a, NULL);
	pthread_create(&threads[1], NULL, waits, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static void make_anew(void)
{
	pthread_mutex_destroy(&a);
	pthread_mutex_destroy(&b);
	pthread_mutex_init(&a, NULL);
	pthread_mutex_init(&b, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char byte;

	printf("pid %d\nmutex a %p\nmutex b %p\nmutex c %p\n", (int)getpid(), (void *)&a,
	       (void *)&b, (void *)&c);
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	if (strcmp(what, "waits") == 0) {
		wait_for_each_other(waits_a);
		return 0;
	}
	if (strcmp(what, "timed") == 0) {
		pthread_mutex_lock(&b);
		wait_for_each_other(timed_a);
		return 0;
	}
	run(takes_ab);
	if (strcmp(what, "again") == 0) {
		make_anew();
		run(takes_ba);
		return 0;
	}
	run(takes_bc);
	run(strcmp(what, "cycle") == 0 ? takes_ca : takes_ac);
	return 0;
}
