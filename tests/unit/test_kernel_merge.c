/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kernel_merge.c - the order between rings, and what is still being written,
 * on rings made of plain memory: the moments that a real program hardly meets.
 * Needs no BPF.
 */
#include "../../src/kernel/internal.h"
#include "test_kernel.h"

#define FAKE_RINGS 3
#define FAKE_SIZE  4096

struct fake {
	struct kernel kernel;
	struct ring rings[FAKE_RINGS];
	uint64_t armed[FAKE_RINGS], consumer[FAKE_RINGS], producer[FAKE_RINGS];
	unsigned char data[FAKE_RINGS][FAKE_SIZE] __attribute__((aligned(8)));
	uint64_t taken[32]; /* times, in the order they came */
	size_t taken_count;
	uint64_t stop_at;      /* after the record of this time */
	uint64_t arrival_at;   /* with the record of this time, one of arrival_time */
	uint64_t arrival_time; /* comes into the last ring */
};

static void fake_init(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	for (size_t i = 0; i < FAKE_RINGS; i++)
		fake->rings[i] = (struct ring){
		    .size = FAKE_SIZE,
		    .shared_consumer = &fake->consumer[i],
		    .shared_producer = &fake->producer[i],
		    .data = fake->data[i],
		    .mapped = FAKE_SIZE,
		};
	fake->kernel.rings.all = fake->rings;
	fake->kernel.rings.count = FAKE_RINGS;
	fake->kernel.cpu_count = FAKE_RINGS;
	fake->kernel.armed = fake->armed;
}

/* Returns the header, for later changes. */
static uint32_t *push(struct fake *fake, size_t ring, uint64_t time_ns, uint32_t flags)
{
	unsigned char *at = fake->data[ring] + fake->producer[ring];
	struct record *record = (struct record *)(at + BPF_RINGBUF_HDR_SZ);
	uint32_t *header = (uint32_t *)at;
	record->time_ns = time_ns;
	*header = (uint32_t)sizeof(*record) | flags;
	fake->producer[ring] += BPF_RINGBUF_HDR_SZ + sizeof(*record);
	return header;
}

static bool take(void *context, const struct record *record)
{
	struct fake *fake = context;
	fake->taken[fake->taken_count++] = record->time_ns;
	if (record->time_ns == fake->arrival_at)
		push(fake, FAKE_RINGS - 1, fake->arrival_time, 0);
	return record->time_ns != fake->stop_at;
}

static void assert_taken(const struct fake *fake, const uint64_t *times, size_t count)
{
	assert_int_equal(fake->taken_count, count);
	assert_memory_equal(fake->taken, times, count * sizeof(*times));
}

static void the_oldest_record_comes_first_whatever_its_ring(void **state)
{
	static const uint64_t merged[] = {10, 20, 25, 30, 30, 40, 50, 60};
	struct fake fake;
	(void)state;
	fake_init(&fake);
	for (uint64_t time = 10; time <= 60; time += 20)
		push(&fake, 0, time, 0); /* 10 30 50 */
	for (uint64_t time = 20; time <= 60; time += 20)
		push(&fake, 1, time, 0); /* 20 40 60 */
	push(&fake, 2, 25, 0);
	push(&fake, 2, 30, 0);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 8);
	assert_taken(&fake, merged, 8);
	for (size_t i = 0; i < FAKE_RINGS; i++)
		assert_int_equal(fake.consumer[i], fake.producer[i]);
}

static void a_stop_keeps_the_rest_for_the_next_call(void **state)
{
	static const uint64_t merged[] = {10, 20, 30, 40};
	struct fake fake;
	(void)state;
	fake_init(&fake);
	push(&fake, 0, 10, 0);
	push(&fake, 1, 20, 0);
	push(&fake, 0, 30, 0);
	push(&fake, 1, 40, 0);
	fake.stop_at = 20;
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 2);
	assert_int_equal(fake.consumer[1], BPF_RINGBUF_HDR_SZ + sizeof(struct record));
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 2);
	assert_taken(&fake, merged, 4);
}

/* What comes while we read does not come into the middle. */
static void a_record_that_arrives_meanwhile_is_not_overtaken(void **state)
{
	const uint64_t future = UINT64_C(1) << 62;
	const uint64_t merged[] = {10, future + 5, future + 10};
	struct fake fake;
	(void)state;
	fake_init(&fake);
	push(&fake, 0, 10, 0);
	push(&fake, 0, future + 10, 0);
	fake.arrival_at = 10;
	fake.arrival_time = future + 5;
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 1);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 1);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 1);
	assert_taken(&fake, merged, 3);
}

static void discarded_records_are_passed_over(void **state)
{
	static const uint64_t merged[] = {20, 40};
	struct fake fake;
	(void)state;
	fake_init(&fake);
	push(&fake, 0, 10, BPF_RINGBUF_DISCARD_BIT);
	push(&fake, 0, 20, 0);
	push(&fake, 0, 30, BPF_RINGBUF_DISCARD_BIT);
	push(&fake, 1, 40, 0);
	push(&fake, 1, 50, BPF_RINGBUF_DISCARD_BIT);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 2);
	assert_taken(&fake, merged, 2);
	assert_int_equal(fake.consumer[0], fake.producer[0]);
	assert_int_equal(fake.consumer[1], fake.producer[1]);
	assert_true(kernel_arm(&fake.kernel));
}

static void a_record_being_written_holds_its_own_ring_and_the_arming(void **state)
{
	static const uint64_t merged[] = {10, 20, 5, 30};
	struct fake fake;
	(void)state;
	fake_init(&fake);
	uint32_t *header = push(&fake, 0, 5, BPF_RINGBUF_BUSY_BIT);
	push(&fake, 0, 30, 0);
	push(&fake, 1, 10, 0);
	push(&fake, 1, 20, 0);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 2);
	assert_false(kernel_arm(&fake.kernel));
	for (size_t i = 0; i < FAKE_RINGS; i++)
		assert_int_equal(fake.armed[i], 0);
	*header &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 2);
	assert_taken(&fake, merged, 4);
	assert_true(kernel_arm(&fake.kernel));
	for (size_t i = 0; i < FAKE_RINGS; i++)
		assert_int_equal(fake.armed[i], 1);
	assert_int_equal(kernel_consume(&fake.kernel, take, &fake), 0);
	for (size_t i = 0; i < FAKE_RINGS; i++)
		assert_int_equal(fake.armed[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_oldest_record_comes_first_whatever_its_ring),
	    cmocka_unit_test(a_stop_keeps_the_rest_for_the_next_call),
	    cmocka_unit_test(a_record_that_arrives_meanwhile_is_not_overtaken),
	    cmocka_unit_test(discarded_records_are_passed_over),
	    cmocka_unit_test(a_record_being_written_holds_its_own_ring_and_the_arming),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
