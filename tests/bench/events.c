/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events - takes made-up events the whole way from the rings to the callback.
 *
 *   events COUNT SCRIPT
 *
 * SCRIPT sets probe 1, in probed(). Its events are written to rings of plain memory, in
 * runs that alternate between two CPUs, and taken by runtime_deliver: so that
 * the instructions of that can be counted, without BPF and the same each time.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/kernel/internal.h"
#include "../../src/probe/internal.h"
#include "moontap/runtime.h"

#define RINGS	  2
#define RING_SIZE 65536
#define RUN	  10   /* events of one CPU in a row */
#define ROUND	  1000 /* events in the rings at a time */

static struct {
	uint64_t consumer, producer;
	_Alignas(8) unsigned char data[2 * RING_SIZE];
} memory[RINGS];

__attribute__((noinline, used)) static int probed(int a, int b)
{
	__asm__ volatile("");
	return a + b;
}

static void put_event(size_t ring, uint64_t number, unsigned slot_count)
{
	uint32_t size = (uint32_t)(sizeof(struct record) + 8 * slot_count);
	unsigned char *at = memory[ring].data + memory[ring].producer % RING_SIZE;
	struct record *record = (struct record *)(at + BPF_RINGBUF_HDR_SZ);

	*(uint32_t *)at = size;
	*record = (struct record){.time_ns = number, .cookie = RECORD_COOKIE(1, 0)};
	for (unsigned i = 0; i < slot_count; i++)
		record->slots[i] = number * 7919 + i;
	memory[ring].producer += BPF_RINGBUF_HDR_SZ + size;
}

/* Each round begins at the rings' start: no record is split. */
static void start_round(struct ring *rings)
{
	for (size_t i = 0; i < RINGS; i++) {
		memory[i].consumer = memory[i].producer = 0;
		rings[i] = (struct ring){
		    .size = RING_SIZE,
		    .shared_consumer = &memory[i].consumer,
		    .shared_producer = &memory[i].producer,
		    .data = memory[i].data,
		    .mapped = sizeof(memory[i].data),
		};
	}
}

static void complain(void *context, const char *text)
{
	(void)context;
	fputs(text, stderr);
	exit(1);
}

static void check(struct error *err)
{
	if (err)
		complain(NULL, err->message);
}

int main(int argc, char **argv)
{
	const struct session_options session_options = {.is_dry_run = true};
	const struct runtime_options options = {.notice = complain};
	struct ring rings[RINGS];
	struct kernel kernel = {.rings = {.all = rings, .count = RINGS}};
	struct sink sink;

	if (argc != 3 || probed(1, 2) != 3)
		return 2;
	uint64_t count = strtoull(argv[1], NULL, 10), taken = 0;
	struct session *session = session_new(&session_options);
	sink_init(&sink, open("/dev/null", O_WRONLY | O_CLOEXEC));
	struct runtime *runtime = runtime_new(session, &sink, &options);
	check(session_set_file(session, argv[0]));
	check(runtime_run(runtime, source_new("script", argv[2], strlen(argv[2])), false));
	unsigned slot_count = probe_plan(session_probe(session, 1))->slot_count;

	session->kernel = &kernel;
	for (uint64_t number = 0; number < count;) {
		start_round(rings);
		for (unsigned i = 0; i < ROUND; i++, number++)
			put_event(number / RUN % RINGS, number + 1, slot_count);
		for (size_t some; (some = runtime_deliver(runtime));)
			taken += some;
	}
	session->kernel = NULL;
	session_free(session);
	runtime_free(runtime);
	sink_deinit(&sink);
	printf("%llu events\n", (unsigned long long)taken);
	return taken != count;
}
