/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * row.c - rows of the kernel's tables, added to an aggregate.
 * Apart from aggregate.c, which has Lua's values: a key read back here must come out as
 * the one that its value makes there, or one key would have two rows.
 */
#include "internal.h"

/* Bytes of a key that was put together. */
struct key_room {
	char bytes[AGGREGATE_KEY_BYTES_MAX + 2 * sizeof("...")];
};

static void set_text(struct aggregate_key *key, const char *text)
{
	key->kind = text ? AGGREGATE_KEY_STRING : AGGREGATE_KEY_NIL;
	key->bytes = text;
	key->size = text ? strlen(text) : 0;
}

/* In Lua the string ends in "..." if it was cut, and is cut then as a key. */
static void set_string(struct aggregate_key *key, const mt_u64 *word, struct key_room *room)
{
	size_t size = *word & ~RECORD_STRING_CUT;

	if (*word == RECORD_STRING_NIL)
		return;
	if (size > AGGREGATE_KEY_BYTES_MAX)
		size = AGGREGATE_KEY_BYTES_MAX;
	memcpy(room->bytes, word + 1, size);
	if (*word & RECORD_STRING_CUT) {
		memcpy(room->bytes + size, "...", 3);
		size += 3;
	}
	if (size > AGGREGATE_KEY_BYTES_MAX) {
		memcpy(room->bytes + AGGREGATE_KEY_BYTES_MAX, "...", 3);
		size = AGGREGATE_KEY_BYTES_MAX + 3;
	}
	key->kind = AGGREGATE_KEY_STRING;
	key->bytes = room->bytes;
	key->size = size;
}

static void set_number(struct aggregate_key *key, mt_u64 value, bool is_signed)
{
	key->kind =
	    is_signed || value <= INT64_MAX ? AGGREGATE_KEY_INTEGER : AGGREGATE_KEY_UNSIGNED;
	key->integer = (int64_t)value;
}

/* The name may be one that is made up: a duration's. */
static void set_enum(struct aggregate_key *key, mt_u64 word, const struct type *type,
		     struct arena *arena)
{
	struct typed_view view;

	typed_view(&(struct typed_value){.type = type, .bytes = &word, .size = sizeof(word)},
		   &view);
	if (view.kind == VIEW_ENUM)
		set_text(key, arena_strndup(arena, view.name, strlen(view.name)));
	else
		set_number(key, (mt_u64)view.integer, view.kind != VIEW_UNSIGNED);
}

/* The zeros behind the last address are no part of it. */
static void set_stack(struct aggregate_key *key, const struct probe *probe, const mt_u64 *words,
		      struct arena *arena)
{
	struct buffer text = {0};
	size_t count = 0;

	while (count < STACK_COUNT(words[0]) && words[1 + count])
		count++;
	const struct stack *stack = stack_of_bytes(probe, (const char *)words,
						   (1 + count) * sizeof(*words), false, UINT64_MAX);
	stack_format(&text, stack);
	key->kind = AGGREGATE_KEY_STACK;
	key->bytes = arena_strndup(arena, text.size ? text.data : "", text.size);
	key->size = text.size;
	buffer_deinit(&text);
}

static void set_site(struct aggregate_key *key, const struct probe *probe, enum capture_kind kind,
		     mt_u64 location)
{
	const struct site *site = probe_site(probe, location);
	bool is_line = kind == CAPTURE_LINE || kind == CAPTURE_FILE;
	const struct line *line = is_line ? site_line(site) : NULL;

	if (kind == CAPTURE_FUNCTION)
		set_text(key, site->place.function.name);
	else if (kind == CAPTURE_USDT)
		set_text(key, site->place.usdt ? site->place.usdt->whole : NULL);
	else if (kind == CAPTURE_FILE || (line && !line->file))
		set_text(key, line->file);
	else
		set_number(key,
			   line			     ? line->number
			   : kind == CAPTURE_ADDRESS ? site->place.address
						     : probe_number(probe),
			   true);
}

/* The same value that a capture of this kind has in Lua (deliver.c). */
static struct aggregate_key key_of(const struct row_reader *reader, size_t index,
				   const mt_u64 *word, struct key_room *room, struct arena *arena)
{
	enum capture_kind kind = reader->plan->keys[index];
	struct aggregate_key key = {.kind = AGGREGATE_KEY_NIL};

	switch (kind) {
	case CAPTURE_INTEGER:
	case CAPTURE_UNSIGNED:
		set_number(&key, *word, kind == CAPTURE_INTEGER);
		break;
	case CAPTURE_BOOLEAN:
		key.kind = AGGREGATE_KEY_BOOLEAN;
		key.integer = *word != 0;
		break;
	case CAPTURE_ENUM:
		set_enum(&key, *word, reader->plan->key_types[index], arena);
		break;
	case CAPTURE_POINTER:
		key.kind = *word ? AGGREGATE_KEY_ADDRESS : AGGREGATE_KEY_NIL;
		key.integer = (int64_t)*word;
		break;
	case CAPTURE_STRING:
		set_string(&key, word, room);
		break;
	case CAPTURE_STACK:
		set_stack(&key, reader->probe, word, arena);
		break;
	case CAPTURE_COMM:
		key.kind = AGGREGATE_KEY_STRING;
		key.bytes = (const char *)word;
		key.size = strnlen(key.bytes, 2 * sizeof(*word));
		break;
	default:
		set_site(&key, reader->probe, kind, *word);
	}
	return key;
}

void row_read(void *context, const mt_u64 *key, const mt_u64 *words)
{
	const struct row_reader *reader = context;
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	struct key_room rooms[AGGREGATE_KEYS_MAX];
	const mt_u64 *word = key + 1;
	struct arena arena = {0}; /* of the keys' text */

	for (size_t i = 0; i < reader->plan->key_count; i++) {
		if (*key >> i & 1) {
			set_text(&keys[i], missing_text(*word));
			keys[i].kind = AGGREGATE_KEY_MISSING;
		} else {
			keys[i] = key_of(reader, i, word, &rooms[i], &arena);
		}
		word += capture_key_words(reader->plan->keys[i]);
	}
	/* Two sites may be one key: a function's name. */
	mt_u64 *row = aggregate_row(reader->aggregate, keys);
	if (row)
		aggregate_merge(&reader->plan->shape, row, words);
	else /* one update was dropped, says aggregate_row: all of the row's were */
		reader->aggregate->dropped += words[AGGREGATE_COUNT] + words[AGGREGATE_MISSING] - 1;
	arena_deinit(&arena);
}
