/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernel_ring.c - records: all of them, in order, and when to be woken. */
#include "test_kernel.h"

/* A target, and a program that sends the argument of each call of hit_a. */
struct traced {
	struct target target;
	struct kernel *kernel;
	struct kernel_program *program;
};

static void traced_start(struct traced *traced, enum attach_method method, size_t ring_bytes)
{
	struct code code = {.count = 0};
	traced->kernel = open_kernel(method, ring_bytes);
	target_start(&traced->target);
	code_recording(&code, traced->target.pid, false);
	traced->program = load_code(traced->kernel, &code, 1);
	assert_ok(attach_to(traced->program, traced->target.pid, hit_a));
}

static void traced_stop(struct traced *traced)
{
	kernel_unload(traced->program);
	target_stop(&traced->target);
	kernel_close(traced->kernel);
}

static int wait_for_record(const struct traced *traced, int timeout_ms)
{
	struct pollfd wait = {.fd = kernel_fd(traced->kernel), .events = POLLIN};
	return poll(&wait, 1, timeout_ms);
}

/* What a consumer notes of the records it is given. */
struct seen {
	uint64_t next; /* the argument that should come next */
	uint64_t wrong, backwards, last_ns;
	uint64_t limit; /* stop at this many */
	uint64_t count;
};

static bool note(void *context, const struct record *record)
{
	struct seen *seen = context;
	seen->wrong += record->slots[0] != seen->next || record->missing || record->cookie;
	seen->backwards += record->time_ns < seen->last_ns;
	seen->last_ns = record->time_ns;
	seen->next = record->slots[0] + 1;
	return ++seen->count != seen->limit;
}

static void records_arrive_whole_and_in_order(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	traced_start(&traced, need_method(state), 65536);
	for (int round = 0; round < 100; round++) { /* several times around the ring */
		target_call(&traced.target, hit_a, (uint64_t)round * 500, 500);
		assert_int_equal(kernel_consume(traced.kernel, note, &seen), 500);
	}
	assert_int_equal(seen.next, 50000);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.backwards, 0);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 0);
	struct counters counters = counters_of(traced.program, 0);
	assert_int_equal(counters.hits, 50000);
	assert_int_equal(counters.delivered, 50000);
	assert_int_equal(counters.lost, 0);
	traced_stop(&traced);
}

static void the_callback_can_stop_after_any_record(void **state)
{
	(void)state;
	need_bpf();
	struct traced traced;
	struct seen seen = {.limit = 3};
	traced_start(&traced, ATTACH_ANY, 65536);
	target_call(&traced.target, hit_a, 0, 10);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 3);
	assert_int_equal(seen.next, 3);
	assert_false(kernel_arm(traced.kernel));
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 7);
	assert_int_equal(seen.wrong, 0);
	traced_stop(&traced);
}

static void what_a_full_ring_loses_is_counted_exactly(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	traced_start(&traced, need_method(state), 4096);
	traced.target.shared->cpu = 0;
	target_call(&traced.target, hit_a, 0, 1000);
	struct counters counters = counters_of(traced.program, 0);
	assert_int_equal(counters.hits, 1000);
	/* The ring tells full from empty by one byte. */
	assert_int_equal(counters.delivered, (4096 - 1) / (RECORD_SIZE + 8));
	assert_int_equal(counters.delivered + counters.lost, counters.hits);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), counters.delivered);
	assert_int_equal(seen.wrong, 0);
	/* and then there is room again */
	target_call(&traced.target, hit_a, 5000, 5);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 5);
	assert_int_equal(seen.next, 5005);
	traced_stop(&traced);
}

/* A consumer that comes late finds more and more room. */
static void a_ring_that_fills_is_followed_by_a_larger_one(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	const uint64_t most = ((uint64_t)8 << 20) / (RECORD_SIZE + 8);
	traced_start(&traced, need_method(state), (size_t)16 << 20);
	traced.target.shared->cpu = 0;
	for (int i = 0; i < 100; i++) {
		target_call(&traced.target, hit_a, seen.next, 10000);
		usleep(1000);
		kernel_consume(traced.kernel, note, &seen);
	}
	target_call(&traced.target, hit_a, seen.next, most);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), most);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.backwards, 0);
	assert_int_equal(counters_of(traced.program, 0).lost, 0);
	traced_stop(&traced);
}

static bool count_while_running(struct traced *traced, struct seen *seen)
{
	bool was_done = target_is_done(&traced->target);
	kernel_consume(traced->kernel, note, seen);
	return !was_done;
}

static void at_full_speed_got_and_lost_make_hits(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	traced_start(&traced, need_method(state), 65536);
	target_order(&traced.target, hit_a, 0, 200000);
	while (count_while_running(&traced, &seen))
		;
	struct counters counters = counters_of(traced.program, 0);
	assert_int_equal(counters.hits, 200000);
	assert_int_equal(seen.count, counters.delivered);
	assert_int_equal(counters.delivered + counters.lost, counters.hits);
	assert_true(seen.wrong <= counters.lost);
	traced_stop(&traced);
}

/* ----------------------------------------------------------- several CPUs */

#define THREAD_HITS 100000

static void *hit_on_a_cpu(void *cpu)
{
	pin_to_cpu((int)(intptr_t)cpu);
	for (uint64_t i = 0; i < THREAD_HITS; i++)
		hit_a((uint64_t)(intptr_t)cpu << 32 | i);
	return NULL;
}

static void hit_on_two_cpus(uint64_t unused)
{
	pthread_t threads[2];
	(void)unused;
	for (intptr_t cpu = 0; cpu < 2; cpu++)
		pthread_create(&threads[cpu], NULL, hit_on_a_cpu, (void *)cpu);
	for (int cpu = 0; cpu < 2; cpu++)
		pthread_join(threads[cpu], NULL);
}

struct seen_by_cpu {
	uint64_t next[2], wrong, backwards, last_ns;
};

static bool note_by_cpu(void *context, const struct record *record)
{
	struct seen_by_cpu *seen = context;
	uint64_t cpu = record->slots[0] >> 32 & 1;
	seen->wrong += (uint32_t)record->slots[0] != seen->next[cpu]++;
	seen->backwards += record->time_ns < seen->last_ns;
	seen->last_ns = record->time_ns;
	return true;
}

static void records_of_several_cpus_are_merged_by_time(void **state)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	struct traced traced;
	struct seen_by_cpu seen = {0};
	traced_start(&traced, need_method(state), (size_t)16 << 20);
	target_order(&traced.target, hit_on_two_cpus, 0, 1);
	for (bool was_done = false; !was_done;) {
		was_done = target_is_done(&traced.target);
		kernel_consume(traced.kernel, note_by_cpu, &seen);
		usleep(1000);
	}
	assert_int_equal(counters_of(traced.program, 0).lost, 0);
	assert_int_equal(seen.next[0], THREAD_HITS);
	assert_int_equal(seen.next[1], THREAD_HITS);
	assert_int_equal(seen.wrong, 0);
	print_message("%d records, %llu out of time order\n", 2 * THREAD_HITS,
		      (unsigned long long)seen.backwards);
	/* Those that were being written while the other CPU's were taken. */
	assert_in_range(seen.backwards, 0, 2 * THREAD_HITS / 100);
	traced_stop(&traced);
}

/* --------------------------------------------------------------- wake-ups */

static void nothing_wakes_an_idle_consumer(void **state)
{
	struct traced traced;
	traced_start(&traced, need_method(state), 65536);
	assert_true(kernel_arm(traced.kernel));
	assert_int_equal(wait_for_record(&traced, 300), 0);
	target_call(&traced.target, hit_b, 0, 1000);
	assert_int_equal(wait_for_record(&traced, 50), 0);
	traced_stop(&traced);
}

static void events_wake_only_a_consumer_that_asked(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	traced_start(&traced, need_method(state), 65536);
	target_call(&traced.target, hit_a, 0, 100);
	assert_int_equal(wait_for_record(&traced, 50), 0);
	assert_false(kernel_arm(traced.kernel));
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 100);

	assert_true(kernel_arm(traced.kernel));
	target_call(&traced.target, hit_a, 100, 1);
	assert_int_equal(wait_for_record(&traced, 60000), 1);
	assert_int_equal(kernel_consume(traced.kernel, note, &seen), 1);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(wait_for_record(&traced, 0), 0);

	/* Consuming disarms, as far as all CPUs are concerned. */
	assert_true(kernel_arm(traced.kernel));
	kernel_consume(traced.kernel, note, &seen);
	target_call(&traced.target, hit_a, 101, 100);
	assert_int_equal(wait_for_record(&traced, 50), 0);
	traced_stop(&traced);
}

#define PING_PONGS 100000

static void spin(uint64_t count)
{
	while (count-- > 0)
		__asm__ volatile("");
}

/* Sleeps until the record of a round has come, and takes it. Returns whether it
 * did sleep. */
static bool sleep_and_take(struct traced *traced, struct seen *seen)
{
	bool has_slept = false;
	do {
		if (!kernel_arm(traced->kernel))
			continue;
		has_slept = true;
		if (wait_for_record(traced, 60000) != 1)
			fail_msg("the wake-up of round %llu was lost",
				 (unsigned long long)seen->count);
	} while (kernel_consume(traced->kernel, note, seen) == 0);
	return has_slept;
}

/* The hit comes after the last look at the rings, about when the flag is set: by
 * turns surely before it, and anywhere around it. */
static void no_wake_up_is_lost_in_a_hundred_thousand(void **state)
{
	struct traced traced;
	struct seen seen = {0};
	unsigned sleeps = 0;
	(void)state;
	need_bpf();
	traced_start(&traced, ATTACH_ANY, 65536);
	for (uint64_t i = 0; i < PING_PONGS; i++) {
		assert_int_equal(kernel_consume(traced.kernel, note, &seen), 0);
		target_order(&traced.target, hit_a, i, 1);
		if (i % 4 == 0)
			target_wait(&traced.target);
		else
			spin(i * 7919 % 8192);
		sleeps += sleep_and_take(&traced, &seen);
		assert_int_equal(seen.count, i + 1);
		target_wait(&traced.target);
	}
	print_message("%u sleeps in %d rounds\n", sleeps, PING_PONGS);
	assert_in_range(sleeps, 1, PING_PONGS - PING_PONGS / 4);
	assert_int_equal(seen.wrong, 0);
	traced_stop(&traced);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BY_BOTH_METHODS(records_arrive_whole_and_in_order),
	    cmocka_unit_test(the_callback_can_stop_after_any_record),
	    BY_BOTH_METHODS(what_a_full_ring_loses_is_counted_exactly),
	    BY_BOTH_METHODS(a_ring_that_fills_is_followed_by_a_larger_one),
	    BY_BOTH_METHODS(at_full_speed_got_and_lost_make_hits),
	    BY_BOTH_METHODS(records_of_several_cpus_are_merged_by_time),
	    BY_BOTH_METHODS(nothing_wakes_an_idle_consumer),
	    BY_BOTH_METHODS(events_wake_only_a_consumer_that_asked),
	    cmocka_unit_test(no_wake_up_is_lost_in_a_hundred_thousand),
	};
	choose_methods();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
