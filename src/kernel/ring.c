/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.c - takes records out of the ring buffers, oldest first, and says when
 * to be woken.
 * Apart (and not libbpf's consumer) because that one knows nothing of the order
 * between rings, and frees each record by a store that the producers feel.
 *
 * The memory of a BPF ring buffer, by pages: the consumer's position (ours to
 * write), the producers' position, and the data, twice in a row. A record
 * is eight bytes of header, whose first word is its size and two flags, then its
 * bytes, padded to eight.
 */
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* ---------------------------------------------------------------- one ring */

/* Bytes of data that are mapped to begin with. */
#define MAPPED_FIRST ((size_t)64 << 10)

/* Maps the data up to `end`, over the reserved addresses. */
static bool map_data(struct ring *ring, size_t end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *at = ring->data + ring->mapped;
	void *mapped = mmap(at, end - ring->mapped, PROT_READ, MAP_SHARED | MAP_FIXED, ring->fd,
			    (off_t)(2 * page + ring->mapped));
	if (mapped == MAP_FAILED)
		return false;
	ring->mapped = end;
	return true;
}

static bool map_parts(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer =
	    mmap(ring->memory, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring->fd, 0);
	void *producer = mmap(ring->memory + page, page, PROT_READ, MAP_SHARED | MAP_FIXED,
			      ring->fd, (off_t)page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		return false;
	ring->shared_consumer = consumer;
	ring->shared_producer = producer;
	ring->data = ring->memory + 2 * page;
	return map_data(ring, ring->size < MAPPED_FIRST ? ring->size : MAPPED_FIRST);
}

/* All addresses are reserved at once, memory is mapped as it is needed: mapping a
 * large ring takes milliseconds, and counts as ours twice. */
struct error *ring_init(struct ring *ret, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring ring = {.fd = fd, .size = size, .memory_size = 2 * page + 2 * size};
	void *memory = mmap(NULL, ring.memory_size, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ring.memory = memory == MAP_FAILED ? NULL : memory;
	if (!ring.memory || !map_parts(&ring)) {
		struct error *err = error_new(ERR_OS, "mapping a ring buffer: %m");
		ring_deinit(&ring);
		return err;
	}
	*ret = ring;
	return NULL;
}

void ring_deinit(struct ring *ring)
{
	if (ring->memory)
		munmap(ring->memory, ring->memory_size);
	close_p(&ring->fd);
}

/* Are the bytes of data before `end` mapped? If that cannot be, they have to wait. */
static bool is_mapped(struct ring *ring, size_t end)
{
	if (end <= ring->mapped)
		return true;
	size_t wanted = 2 * ring->mapped;
	while (wanted < end)
		wanted *= 2;
	return map_data(ring, wanted < 2 * ring->size ? wanted : 2 * ring->size);
}

static uint64_t producer_position(const struct ring *ring)
{
	return __atomic_load_n(ring->shared_producer, __ATOMIC_ACQUIRE);
}

uint64_t ring_used(const struct ring *ring)
{
	return producer_position(ring) - __atomic_load_n(ring->shared_consumer, __ATOMIC_RELAXED);
}

static uint32_t record_header(const struct ring *ring)
{
	const uint32_t *header =
	    (const uint32_t *)(ring->data + (ring->position & (ring->size - 1)));
	return __atomic_load_n(header, __ATOMIC_ACQUIRE);
}

void ring_advance(struct ring *ring)
{
	uint32_t size = record_header(ring) & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	ring->position += ((uint64_t)size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
	/* Each publication costs the producers a cache miss, so they are few. */
	if (ring->position - ring->published >= ring->size / 16)
		ring_publish(ring);
}

void ring_publish(struct ring *ring)
{
	if (ring->position == ring->published)
		return;
	ring->published = ring->position;
	__atomic_store_n(ring->shared_consumer, ring->position, __ATOMIC_RELEASE);
}

const void *ring_peek(struct ring *ring)
{
	for (;;) {
		if (ring->position == ring->limit)
			ring->limit = producer_position(ring);
		if (ring->position == ring->limit)
			return NULL;
		size_t data = (ring->position & (ring->size - 1)) + BPF_RINGBUF_HDR_SZ;
		if (!is_mapped(ring, data))
			return NULL;
		uint32_t header = record_header(ring);
		if (header & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (header & BPF_RINGBUF_DISCARD_BIT)
			ring_advance(ring);
		else
			return is_mapped(ring, data + header) ? ring->data + data : NULL;
	}
}

/* --------------------------------------------------------------- all rings */

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The ring whose next record is the oldest, and how long it stays so. */
struct oldest {
	struct ring *ring; /* NULL: all are empty */
	uint64_t time_ns;
	uint64_t until_ns; /* the next record of another ring */
};

static struct oldest find_oldest(struct kernel *kernel)
{
	struct oldest oldest = {.time_ns = UINT64_MAX, .until_ns = UINT64_MAX};
	size_t count = rings_count(&kernel->rings);
	for (size_t i = 0; i < count; i++) {
		struct ring *ring = &kernel->rings.all[i];
		const struct record *record = ring_peek(ring);
		if (!record)
			continue;
		if (!oldest.ring || record->time_ns < oldest.time_ns) {
			oldest.until_ns = oldest.time_ns;
			oldest.time_ns = record->time_ns;
			oldest.ring = ring;
		} else if (record->time_ns < oldest.until_ns) {
			oldest.until_ns = record->time_ns;
		}
	}
	return oldest;
}

struct taker {
	bool (*fn)(void *context, const struct record *);
	void *context;
	size_t count;
	bool is_done;
};

/* Takes records of one ring while they are not younger than until_ns. */
static void take_from(struct ring *ring, uint64_t until_ns, struct taker *taker)
{
	const struct record *record = ring_peek(ring);
	do {
		taker->is_done = !taker->fn(taker->context, record);
		taker->count++;
		ring_advance(ring);
		record = ring_peek(ring);
	} while (!taker->is_done && record && record->time_ns <= until_ns);
}

static void set_armed(struct kernel *kernel, bool is_armed)
{
	kernel->is_armed = is_armed;
	for (size_t cpu = 0; cpu < kernel->cpu_count; cpu++)
		__atomic_store_n(&kernel->armed[cpu], is_armed, __ATOMIC_RELAXED);
}

size_t kernel_consume(struct kernel *kernel, bool (*fn)(void *context, const struct record *),
		      void *context)
{
	/* Who is awake needs no waking by the other CPUs. */
	if (kernel->is_armed)
		set_armed(kernel, false);
	rings_grow(&kernel->rings);
	/* A ring found empty may fill while another is being read: what is younger
	 * than this moment waits for the next call, or it would overtake. */
	uint64_t now = now_ns();
	struct oldest oldest = find_oldest(kernel);
	uint64_t last_ns = oldest.ring && oldest.time_ns > now ? oldest.time_ns : now;

	struct taker taker = {.fn = fn, .context = context};
	while (oldest.ring && oldest.time_ns <= last_ns && !taker.is_done) {
		take_from(oldest.ring, oldest.until_ns < last_ns ? oldest.until_ns : last_ns,
			  &taker);
		oldest = find_oldest(kernel);
	}
	size_t count = rings_count(&kernel->rings);
	for (size_t i = 0; i < count; i++)
		ring_publish(&kernel->rings.all[i]);
	return taker.count;
}

/*
 * No wake-up is lost: a program makes its record visible (the producers'
 * position), then a full barrier, then reads the flag; here the flag is set, then
 * a full barrier, then the position is read. One of the two sees the other. So a
 * record still being written counts as well: its program may have read the flag
 * before it was set.
 */
bool kernel_arm(struct kernel *kernel)
{
	set_armed(kernel, true);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	size_t count = rings_count(&kernel->rings);
	for (size_t i = 0; i < count; i++) {
		const struct ring *ring = &kernel->rings.all[i];
		if (producer_position(ring) != ring->position) {
			set_armed(kernel, false);
			return false;
		}
	}
	return true;
}
