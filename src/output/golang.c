/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golang.c - values of Go that are more than their bytes: interfaces, channels, functions,
 * times. Layouts are those of the runtime's iface.go, chan.go and of time.go.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view.h"

/* ---------------------------------------------------------------- interfaces */

enum {
	ITAB_TYPE = 8, /* offset in an itab */
	NESTING_MAX = 16,
};

/* Is a value of the type a pointer, which an interface holds itself? */
static bool is_pointer_shaped(const struct type *type, unsigned nesting)
{
	if (type->size != sizeof(uint64_t) || nesting > NESTING_MAX)
		return false;
	switch (type->kind) {
	case TYPE_POINTER:
		return true;
	case TYPE_ARRAY:
		return type->count == 1 && is_pointer_shaped(type->target, nesting + 1);
	case TYPE_STRUCT:
		return type->member_count == 1 &&
		       is_pointer_shaped(type->members[0].type, nesting + 1);
	default:
		return false;
	}
}

static const struct type *dynamic_type(const struct typed_value *value, uint64_t word)
{
	const struct typed_part *memory = typed_memory(value);
	const struct type *type = NULL;

	if (memory && value->type->has_type)
		type = memory->program->type_at(memory->program, word - memory->bias);
	if (memory && value->type->has_itab && !type &&
	    typed_read_word(value, word + ITAB_TYPE, &word))
		type = memory->program->type_at(memory->program, word - memory->bias);
	return type;
}

static void view_interface(const struct typed_value *value, struct typed_view *view)
{
	uint64_t word, data;
	const struct type *type;

	if (!typed_word(value, 0, sizeof(word), &word) ||
	    !typed_word(value, sizeof(word), sizeof(data), &data)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	if (word == 0) {
		view->kind = VIEW_POINTER;
		return;
	}
	type = dynamic_type(value, word);
	if (!type) {
		typed_view_missing(view, typed_memory(value) ? "<of unknown type>"
							     : missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_INTERFACE;
	view->name = type->name;
	if (is_pointer_shaped(type, 0)) {
		view->inner = typed_at(value, sizeof(word), type);
		view->inner.size = sizeof(data);
		view->inner.origin = TYPED_ELSEWHERE;
	} else {
		typed_at_address(value, data, type, &view->inner);
	}
}

/* Errors of the libraries that are a message, and where it is; or the one that they always are. */
static const struct {
	const char *type, *field, *message;
} messages[] = {
    {"*errors.errorString", "s", NULL},
    {"*fmt.wrapError", "msg", NULL},
    {"*fmt.wrapErrors", "msg", NULL},
    {"context.deadlineExceededError", NULL, "context deadline exceeded"},
    {"*poll.DeadlineExceededError", NULL, "i/o timeout"},
};

static bool view_constant(const char *text, struct typed_view *ret)
{
	*ret = (struct typed_view){.kind = VIEW_TEXT, .bytes = text, .count = strlen(text)};
	return true;
}

bool typed_message(const struct typed_value *error, struct typed_view *ret)
{
	struct typed_value target, text;

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		if (strcmp(error->type->name, messages[i].type) != 0)
			continue;
		if (messages[i].message)
			return view_constant(messages[i].message, ret);
		if (!typed_target(error, &target) ||
		    !typed_member(&target, messages[i].field, &text))
			continue;
		typed_view(&text, ret);
		return ret->kind == VIEW_TEXT;
	}
	return false;
}

/* Go has generated its texts from C's, with a small letter first: "connection refused", but
 * "RFS specific error" (syscall/mkerrors.sh). */
void typed_put_errno(struct buffer *out, const struct type *type, int64_t number)
{
	bool is_errno = type->name && strcmp(type->name, "syscall.Errno") == 0;
	const char *text = is_errno && number == (int)number ? strerrordesc_np((int)number) : NULL;

	if (!text || number == 0)
		return;
	bool is_lowered = text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z';
	buffer_printf(out, " \"%c%s\"", is_lowered ? text[0] + 'a' - 'A' : text[0], text + 1);
}

/* ------------------------------------------------------------------ channels */

/* Of the runtime's hchan. */
enum {
	CHANNEL_COUNT = 0,
	CHANNEL_CAPACITY = 8,
	CHANNEL_BUFFER = 16,
	CHANNEL_FIRST = 48,
};

static void view_channel(const struct typed_value *value, struct typed_view *view)
{
	const struct type *element = value->type->target;
	uint64_t address, buffer = 0;

	if (!typed_word(value, 0, sizeof(address), &address)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	if (address == 0) {
		view->kind = VIEW_POINTER;
		return;
	}
	/* From Go 1.23 on there is a word more before the index of the first. */
	uint64_t first = address + CHANNEL_FIRST + (value->type->count ? sizeof(uint64_t) : 0);
	if (!typed_read_word(value, address + CHANNEL_COUNT, &view->count) ||
	    !typed_read_word(value, address + CHANNEL_CAPACITY, &view->capacity) ||
	    !typed_read_word(value, address + CHANNEL_BUFFER, &buffer) ||
	    !typed_read_word(value, first, &view->first) || view->count > view->capacity) {
		typed_view_missing(view, typed_memory(value) ? missing_text(MISSING_UNREADABLE)
							     : missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_CHANNEL;
	typed_at_address(value, buffer, element, &view->inner);
	const void *bytes;
	view->inner.size = typed_read(value, buffer, &bytes);
	if (!element->size)
		view->known = view->count;
	uint64_t there = element->size ? view->inner.size / element->size : 0;
	/* Up to the first that was not captured, round the buffer's end. */
	while (view->known < view->count && (view->first + view->known) % view->capacity < there)
		view->known++;
}

struct typed_value typed_queued(const struct typed_view *channel, uint64_t index)
{
	uint64_t at = (channel->first + index) % channel->capacity;
	struct typed_value value =
	    typed_at(&channel->inner, at * channel->inner.type->size, channel->inner.type);

	if (value.size > value.type->size)
		value.size = (size_t)value.type->size;
	value.origin = TYPED_ELSEWHERE;
	return value;
}

/* ------------------------------------------------------------------ functions */

static void view_code(const struct typed_value *value, struct typed_view *view)
{
	const struct typed_part *memory = typed_memory(value);
	uint64_t address, code;
	const char *name;

	if (!typed_word(value, 0, sizeof(address), &address)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_POINTER;
	view->integer = (int64_t)address;
	if (!address || !memory || !typed_read_word(value, address, &code))
		return;
	name = memory->program->function_at(memory->program, code - memory->bias);
	if (!name)
		return;
	view->kind = VIEW_ENUM;
	view->name = name;
}

/* ---------------------------------------------------------------------- times */

#define SECOND 1000000000ull

/* digits.fraction without trailing zeros, of `digits` of them. */
static char *put_fraction(char *at, uint64_t fraction, unsigned digits)
{
	if (!fraction)
		return at;
	while (fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	return at + sprintf(at, ".%0*llu", (int)digits, (unsigned long long)fraction);
}

void typed_duration(int64_t nanoseconds, char ret[TYPED_DURATION_SIZE])
{
	uint64_t left = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
	char *at = ret;

	if (nanoseconds < 0)
		*at++ = '-';
	if (left == 0) {
		sprintf(at, "%s", "0s");
	} else if (left < 1000) {
		sprintf(at, "%lluns", (unsigned long long)left);
	} else if (left < SECOND) {
		bool is_micro = left < 1000000;
		uint64_t unit = is_micro ? 1000 : 1000000;
		at += sprintf(at, "%llu", (unsigned long long)(left / unit));
		at = put_fraction(at, left % unit, is_micro ? 3 : 6);
		sprintf(at, "%s", is_micro ? "\xc2\xb5s" : "ms");
	} else {
		uint64_t seconds = left / SECOND;
		if (seconds >= 3600)
			at += sprintf(at, "%lluh", (unsigned long long)(seconds / 3600));
		if (seconds >= 60)
			at += sprintf(at, "%llum", (unsigned long long)(seconds / 60 % 60));
		at += sprintf(at, "%llu", (unsigned long long)(seconds % 60));
		at = put_fraction(at, left % SECOND, 9);
		sprintf(at, "%s", "s");
	}
}

static void view_duration(const struct typed_value *value, struct typed_view *view)
{
	uint64_t bits;

	if (!typed_word(value, 0, sizeof(bits), &bits)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	view->kind = VIEW_ENUM;
	view->integer = (int64_t)bits;
	view->name = view->room;
	typed_duration((int64_t)bits, view->room);
}

/* time.Time: nanoseconds in the low 30 bits of wall. If its uppermost bit is set, seconds since
 * 1885 are between; else ext has them, since the year 1. */
static void view_time(const struct typed_value *value, struct typed_view *view)
{
	const int64_t to_unix = -62135596800, year_1885 = 59453308800;
	uint64_t wall, ext;
	struct tm parts;
	char *at = view->room;

	if (!typed_word(value, 0, sizeof(wall), &wall) ||
	    !typed_word(value, sizeof(wall), sizeof(ext), &ext)) {
		typed_view_missing(view, missing_text(MISSING_TRUNCATED));
		return;
	}
	int64_t seconds = wall >> 63 ? year_1885 + (int64_t)(wall << 1 >> 31) : (int64_t)ext;
	time_t when = seconds + to_unix;
	if (!gmtime_r(&when, &parts) || parts.tm_year > 9999 - 1900) {
		view->kind = VIEW_STRUCT;
		view->inner = *value;
		return;
	}
	view->kind = VIEW_ENUM;
	view->name = view->room;
	at += sprintf(at, "%04d-%02d-%02dT%02d:%02d:%02d", (parts.tm_year + 1900) % 10000,
		      parts.tm_mon % 100 + 1, parts.tm_mday % 100, parts.tm_hour % 100,
		      parts.tm_min % 100, parts.tm_sec % 100);
	at = put_fraction(at, wall & ((1u << 30) - 1), 9);
	sprintf(at, "%s", "Z");
}

void typed_view_go(const struct typed_value *value, struct typed_view *ret)
{
	switch (value->type->form) {
	case FORM_INTERFACE:
		view_interface(value, ret);
		break;
	case FORM_MAP:
		typed_view_map(value, ret);
		break;
	case FORM_CHANNEL:
		view_channel(value, ret);
		break;
	case FORM_CODE:
		view_code(value, ret);
		break;
	case FORM_DURATION:
		view_duration(value, ret);
		break;
	default: /* FORM_TIME */
		view_time(value, ret);
	}
}
