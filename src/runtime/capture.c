/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - what a record has of an event, as the values of Lua that its captures are.
 * Nothing is allocated but for strings that Lua has not seen yet and for values that are no plain
 * ones of Lua's.
 */
#include <string.h>

#include "item.h"

enum {
	COMM_SIZE = 16
};

/* -------------------------------------------------------------------- sizes */

static bool is_missing(const struct record *record, unsigned slot)
{
	return record->missing >> slot & 1;
}

/* Of the bytes that a slot of a length stands for. */
static size_t bytes_size(const struct record *record, unsigned slot)
{
	return is_missing(record, slot) ? 0 : (mt_u32)record->slots[slot];
}

static size_t capture_size(const struct record *record, const struct capture *capture)
{
	size_t size = 0;

	if (capture->kind == CAPTURE_STRING || capture->kind == CAPTURE_BYTES ||
	    capture->kind == CAPTURE_STACK)
		size += bytes_size(record, capture->slot);
	for (size_t i = 0; i < capture->part_count; i++)
		if (!capture->parts[i].lost_size)
			size += bytes_size(record, capture->parts[i].slot);
	return size;
}

static size_t memory_size(const struct plan *plan, const struct record *record)
{
	return plan->has_memory ? bytes_size(record, plan->memory_slot) : 0;
}

size_t item_record_size(const struct handle *handle, const struct plan *plan,
			const struct record *record)
{
	size_t size = sizeof(*record) + 8 * (size_t)plan->slot_count;

	for (size_t i = 0; handle->has_strings && i < plan->captures.size; i++)
		size += capture_size(record, &plan->captures.data[i]);
	return size + memory_size(plan, record);
}

/* ------------------------------------------------------------------- values */

static void push_text(lua_State *L, const char *text)
{
	if (text)
		lua_pushstring(L, text);
	else
		lua_pushnil(L);
}

/* A text of the site, made once: later events push what is there. */
static void push_kept(lua_State *L, int *reference, const char *text)
{
	if (*reference == 0) {
		push_text(L, text);
		*reference = luaL_ref(L, LUA_REGISTRYINDEX); /* LUA_REFNIL is one, too */
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, *reference);
}

static void push_site_value(lua_State *L, enum capture_kind kind, const struct batch_item *item)
{
	const struct site *site = probe_site(item->handle->probe, item->site);
	struct site_values *values = &item->handle->sites[item->site];

	switch (kind) {
	case CAPTURE_FUNCTION:
		push_kept(L, &values->function, site->place.function.name);
		break;
	case CAPTURE_USDT:
		push_kept(L, &values->usdt, site->place.usdt ? site->place.usdt->whole : NULL);
		break;
	case CAPTURE_FILE:
		push_kept(L, &values->file, site_line(site)->file);
		break;
	case CAPTURE_LINE:
		if (site_line(site)->file)
			lua_pushinteger(L, site_line(site)->number);
		else
			lua_pushnil(L);
		break;
	case CAPTURE_ADDRESS:
		lua_pushinteger(L, (lua_Integer)site->place.address);
		break;
	default:
		lua_pushinteger(L, item->handle->number);
	}
}

/* A table of the enum's names by their values; the first of several counts. */
static void push_enum_names(lua_State *L, const struct type *type)
{
	lua_createtable(L, 0, (int)type->enumerator_count);
	for (size_t i = type->enumerator_count; i > 0; i--) {
		lua_pushstring(L, type->enumerators[i - 1].name);
		lua_rawseti(L, -2, type->enumerators[i - 1].value);
	}
}

/* Without a search, and no string is made anew. */
static void push_enum(lua_State *L, int *reference, const struct type *type, mt_u64 slot)
{
	lua_Integer value = typed_enum_value(type, slot);

	if (type->form == FORM_DURATION) {
		char text[TYPED_DURATION_SIZE];

		typed_duration(value, text);
		lua_pushstring(L, text);
		return;
	}
	if (*reference == 0) {
		push_enum_names(L, type);
		*reference = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, *reference);
	if (lua_rawgeti(L, -1, value) == LUA_TNIL) {
		lua_pop(L, 1);
		if (type->is_signed)
			lua_pushinteger(L, value);
		else
			push_unsigned(L, (uint64_t)value);
	}
	lua_remove(L, -2);
}

/* Bytes of a slot, taken from those that are left. */
struct piece {
	const char *bytes;
	size_t size;
	bool is_cut;
	const char *reason; /* why there are none */
};

static struct piece take_piece(const struct record *record, unsigned slot, const char **left)
{
	struct piece piece = {.bytes = *left, .size = bytes_size(record, slot)};

	if (is_missing(record, slot))
		piece.reason = missing_text(record->slots[slot]);
	else
		piece.is_cut = record->slots[slot] & RECORD_STRING_CUT;
	*left += piece.size;
	return piece;
}

static const struct typed_program *push_site_program(lua_State *L, const struct batch_item *item)
{
	struct handle *handle = item->handle;

	return push_program(L, &handle->sites[item->site].program,
			    probe_site(handle->probe, item->site)->place.image);
}

/* Memory is the end of a record, and begins with the instruction pointer (record.h), which tells
 * where the file is loaded. */
static struct typed_part memory_part(const struct batch_item *item,
				     const struct typed_program *program)
{
	const struct place *place = &probe_site(item->handle->probe, item->site)->place;
	const struct record *record = &item->record;
	size_t size = memory_size(item->plan, record);
	const char *end = (const char *)record + item_record_size(item->handle, item->plan, record);
	struct typed_part part = {.bytes = end - size, .size = size, .program = program};
	mt_u64 ip;

	if (size < sizeof(struct memory_block) + sizeof(ip))
		return part;
	memcpy(&ip, end - size + sizeof(struct memory_block), sizeof(ip));
	part.bias = ip - place->address;
	return part;
}

static void push_bytes(lua_State *L, const struct batch_item *item, const struct capture *capture,
		       const char **left)
{
	const struct record *record = &item->record;
	struct typed_part parts[RECORD_SLOTS_MAX + 1];
	size_t part_count = 0;
	struct piece whole = take_piece(record, capture->slot, left);

	for (size_t i = 0; i < capture->part_count; i++) {
		const struct capture_part *part = &capture->parts[i];
		struct piece piece;

		if (part->lost_size) {
			parts[part_count++] = (struct typed_part){.offset = part->offset,
								  .reason = part->reason,
								  .lost_size = part->lost_size};
			continue;
		}
		piece = take_piece(record, part->slot, left);

		/* A null pointer says so itself. */
		if (record->slots[part->slot] == RECORD_STRING_NIL)
			continue;
		parts[part_count++] = (struct typed_part){.offset = part->offset,
							  .type = part->type,
							  .are_texts = part->are_texts,
							  .bytes = piece.bytes,
							  .size = piece.size,
							  .is_cut = piece.is_cut,
							  .reason = piece.reason};
	}
	if (whole.reason) {
		push_missing(L, whole.reason);
		return;
	}
	const struct typed_program *program = push_site_program(L, item);
	if (capture->leads_on)
		parts[part_count++] = memory_part(item, program);
	push_typed(L, &(struct typed_value){.type = capture->type,
					    .bytes = whole.bytes,
					    .size = whole.size,
					    .parts = parts,
					    .part_count = part_count});
	if (capture->is_indexed && lua_isnil(L, -1)) {
		lua_pop(L, 1);
		push_missing(L, missing_text(MISSING_NULL));
	}
}

static void push_text_capture(lua_State *L, const struct record *record, unsigned slot,
			      const char **left)
{
	struct piece piece = take_piece(record, slot, left);

	if (record->slots[slot] == RECORD_STRING_NIL)
		lua_pushnil(L);
	else
		push_string(L, piece.bytes, piece.size, piece.is_cut);
}

static void push_stack_capture(lua_State *L, const struct batch_item *item, unsigned slot,
			       const char **left)
{
	struct piece piece = take_piece(&item->record, slot, left);
	bool is_memory = item->record.slots[slot] & RECORD_STACK_MEMORY;
	const struct stack *stack = stack_of_bytes(item->handle->probe, piece.bytes, piece.size,
						   is_memory, item->record.time_ns);

	if (stack)
		push_stack(L, stack);
	else
		push_missing(L, missing_text(MISSING_UNREADABLE));
}

/* Number i; left: where the bytes of the next with bytes begin; moves on. */
static void push_capture(lua_State *L, const struct runtime *runtime, const struct batch_item *item,
			 size_t i, const char **left)
{
	const struct capture *capture = &item->plan->captures.data[i];
	const struct record *record = &item->record;
	const mt_u64 *slot = &record->slots[capture->slot];

	if (capture->kind <= CAPTURE_COMM && capture->kind != CAPTURE_BYTES &&
	    is_missing(record, capture->slot)) {
		push_missing(L, missing_text(*slot));
		return;
	}
	switch (capture->kind) {
	case CAPTURE_INTEGER:
		lua_pushinteger(L, (lua_Integer)*slot);
		break;
	case CAPTURE_UNSIGNED:
		push_unsigned(L, *slot);
		break;
	case CAPTURE_BOOLEAN:
		lua_pushboolean(L, *slot != 0);
		break;
	case CAPTURE_FLOAT:
		push_site_program(L, item);
		push_typed(L, &(struct typed_value){
				  .type = capture->type, .bytes = slot, .size = sizeof(*slot)});
		break;
	case CAPTURE_ENUM:
		push_enum(L,
			  &item->handle->enums[item->plan_number * item->handle->capture_count + i],
			  capture->type, *slot);
		break;
	case CAPTURE_POINTER:
		push_pointer(L, *slot);
		break;
	case CAPTURE_STRING:
		push_text_capture(L, record, capture->slot, left);
		break;
	case CAPTURE_BYTES:
		push_bytes(L, item, capture, left);
		break;
	case CAPTURE_STACK:
		push_stack_capture(L, item, capture->slot, left);
		break;
	case CAPTURE_LOST:
		push_missing(L, capture->reason);
		break;
	case CAPTURE_COMM:
		lua_pushlstring(L, (const char *)slot, strnlen((const char *)slot, COMM_SIZE));
		break;
	case CAPTURE_TIME:
		lua_pushinteger(L, (lua_Integer)record->time_ns + runtime->wall_offset_ns);
		break;
	default:
		push_site_value(L, capture->kind, item);
	}
}

void push_captures(lua_State *L, const struct runtime *runtime, const struct batch_item *item)
{
	const char *left = (const char *)&item->record.slots[item->plan->slot_count];

	for (size_t i = 0; i < item->plan->captures.size; i++)
		push_capture(L, runtime, item, i, &left);
}
