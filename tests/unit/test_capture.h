/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_capture.h - blocks whose captures are made by hand. The probes are real but not
 * attached; the captures of their plans are changed, and the records made to fit.
 */
#ifndef TEST_CAPTURE_H
#define TEST_CAPTURE_H

#include "test_runtime.h"

#include "../../src/runtime/internal.h"
#include "test_types.h"

/* What `v` (and `w`) of a block is. */
struct made_capture {
	enum capture_kind kind;
	const struct type *type;
	uint64_t slot;
	bool is_missing;
	const char *bytes; /* behind the slots, as many as slot says */
	const struct capture_part *part;
	uint64_t part_slot;
	const char *part_bytes;
	bool is_part_missing;
	const char *reason;
};

/* Takes the place of the integer that the probe's plan captures, in slots of its own. */
static void change_plan(struct probe *probe, size_t index, const struct made_capture *made)
{
	struct plan *plan = (struct plan *)probe_plan(probe);
	struct capture *capture = &plan->captures.data[index];

	capture->kind = made->kind;
	capture->type = made->type;
	capture->slot = (unsigned)(2 * index);
	capture->parts = made->part;
	capture->part_count = made->part != NULL;
	capture->reason = made->reason;
	plan->slot_count = 4;
	((struct handle *)probe_handle(probe))->has_strings = true;
}

static size_t put_bytes(char *at, const char *bytes, uint64_t slot)
{
	size_t size = bytes ? (uint32_t)slot : 0;

	if (size)
		memcpy(at, bytes, size);
	return size;
}

/* One event of the probe. A part's slot must be the one behind its value's. */
static void hit(struct fixture *f, unsigned number, const struct made_capture *made, size_t count)
{
	union {
		struct record record;
		uint64_t room[64];
	} event = {.record = {.time_ns = 1000}};
	struct probe *probe = session_probe(f->session, number);
	const struct delivery delivery = {probe, 0, &event.record};
	char *at = (char *)&event.record.slots[4];

	for (size_t i = 0; i < count; i++) {
		change_plan(probe, i, &made[i]);
		event.record.slots[2 * i] = made[i].slot;
		event.record.slots[2 * i + 1] = made[i].part_slot;
		event.record.missing |= (mt_u64)made[i].is_missing << (2 * i) |
					(mt_u64)made[i].is_part_missing << (2 * i + 1);
		at += put_bytes(at, made[i].bytes, made[i].slot);
		at += put_bytes(at, made[i].part_bytes, made[i].part_slot);
	}
	deliver_collect(f->runtime, &delivery);
	deliver_batch(f->runtime);
	runtime_flush(f->runtime);
}

/* What `statements` prints where v and w are these; errors come behind "!". */
static const char *run_block(struct fixture *f, const char *statements,
			     const struct made_capture *made, size_t count)
{
	char script[512];

	snprintf(script, sizeof(script),
		 "break probed_function do local v, w = arg[1], arg[2] %s end", statements);
	buffer_clear(&f->notices);
	run_well(f, script);
	hit(f, f->placed, made, count);
	if (!f->notices.size)
		return printed(f);
	const char *text = strstr(f->notices.data, "test.mt:1: ");
	char *end = strchr(text, '\n');
	*end = '\0';
	return text + strlen("test.mt:1: ") - 1;
}

static void block_prints(struct fixture *f, const char *statements, const struct made_capture *made,
			 size_t count, const char *expected)
{
	const char *output = run_block(f, statements, made, count);

	if (strcmp(output, expected) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", statements, output, expected);
}

/* print(EXPRESSION) must print just this; or, where expected begins with a space, it is the
 * message of an error. */
static void prints(struct fixture *f, const char *expression, const struct made_capture *made,
		   size_t count, const char *expected)
{
	char statements[256], line[512];

	snprintf(statements, sizeof(statements), "print(%s)", expression);
	snprintf(line, sizeof(line), "%s%s", expected, *expected == ' ' ? "" : "\n");
	block_prints(f, statements, made, count, line);
}

#define ALL_ONES UINT64_MAX
/* A value in a slot; one that could not be read, for that reason; bytes. */
#define SLOT(kind_, type_, slot_)                           \
	{                                                   \
		.kind = kind_, .type = type_, .slot = slot_ \
	}
#define UNREAD(kind_, type_, reason_)                                             \
	{                                                                         \
		.kind = kind_, .type = type_, .slot = reason_, .is_missing = true \
	}
#define BOX(type_, bytes_)                                                                        \
	{                                                                                         \
		.kind = CAPTURE_BYTES, .type = type_, .slot = sizeof(bytes_) - 1, .bytes = bytes_ \
	}

#endif
