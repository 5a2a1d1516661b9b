/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate.c - count() and its kin in blocks that Lua runs, and what the aggregates
 * of a probe look like, wherever they were filled.
 */
#include <stdio.h>

#include "internal.h"

#define AGGREGATES_TYPE "moontap.aggregates"

static int aggregates_gc(lua_State *L)
{
	struct aggregates *aggregates = luaL_checkudata(L, 1, AGGREGATES_TYPE);

	for (size_t i = 0; i < aggregates->count; i++)
		aggregate_deinit(&aggregates->each[i]);
	aggregates->count = 0;
	return 0;
}

void aggregate_open(lua_State *L)
{
	luaL_newmetatable(L, AGGREGATES_TYPE);
	lua_pushcfunction(L, aggregates_gc);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
}

struct aggregates *push_aggregates(lua_State *L, const struct plan *plan)
{
	size_t count = plan->aggregates.size;
	struct aggregates *aggregates =
	    lua_newuserdatauv(L, sizeof(*aggregates) + count * sizeof(struct aggregate), 0);

	aggregates->count = count;
	for (size_t i = 0; i < count; i++)
		aggregate_init(&aggregates->each[i], &plan->aggregates.data[i].shape,
			       plan->aggregates.data[i].key_count);
	luaL_setmetatable(L, AGGREGATES_TYPE);
	return aggregates;
}

/* ----------------------------------------------------------------- updates */

static const char *const names[] = {
    [AGGREGATE_OF_COUNT] = "count", [AGGREGATE_OF_SUM] = "sum", [AGGREGATE_OF_AVG] = "avg",
    [AGGREGATE_OF_MIN] = "min",	    [AGGREGATE_OF_MAX] = "max", [AGGREGATE_OF_HIST] = "hist",
    [AGGREGATE_OF_LHIST] = "lhist",
};

static const char *type_of(lua_State *L, int index)
{
	return lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index)
		   ? "float"
		   : luaL_typename(L, index);
}

/* The key at index; its bytes are Lua's. */
static struct aggregate_key to_key(lua_State *L, int index, const char *name)
{
	struct aggregate_key key = {.kind = AGGREGATE_KEY_NIL};
	const char *reason = missing_reason(L, index);

	if (lua_isinteger(L, index)) {
		key.kind = AGGREGATE_KEY_INTEGER;
		key.integer = lua_tointeger(L, index);
	} else if (lua_type(L, index) == LUA_TSTRING) {
		key.kind = AGGREGATE_KEY_STRING;
		key.bytes = lua_tolstring(L, index, &key.size);
	} else if (reason) {
		key.kind = AGGREGATE_KEY_MISSING;
		key.bytes = reason;
		key.size = strlen(reason);
	} else if (!lua_isnil(L, index)) {
		luaL_error(L, "a key of %s must be an integer or a string, not a %s", name,
			   type_of(L, index));
	}
	return key;
}

/* The function behind a call; upvalues: the aggregates, the index of this one. */
static int update(lua_State *L)
{
	struct aggregates *aggregates = lua_touserdata(L, lua_upvalueindex(1));
	struct aggregate *aggregate = &aggregates->each[lua_tointeger(L, lua_upvalueindex(2))];
	enum aggregate_kind kind = aggregate->shape.kind;
	int leading = kind == AGGREGATE_OF_COUNT ? 0 : kind == AGGREGATE_OF_LHIST ? 4 : 1;
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	bool is_missing;

	lua_settop(L, leading + (int)aggregate->key_count);
	is_missing = leading && missing_reason(L, 1);
	if (leading && !is_missing && !lua_isinteger(L, 1))
		return luaL_error(L, "the value of %s must be an integer, not a %s", names[kind],
				  type_of(L, 1));
	for (size_t i = 0; i < aggregate->key_count; i++)
		keys[i] = to_key(L, leading + 1 + (int)i, names[kind]);
	mt_u64 *row = aggregate_row(aggregate, keys);
	if (row && is_missing)
		row[AGGREGATE_MISSING]++;
	else if (row)
		aggregate_add(aggregate, row, leading ? lua_tointeger(L, 1) : 0);
	return 0;
}

int push_aggregate_functions(lua_State *L, int aggregates_index)
{
	const struct aggregates *aggregates = lua_touserdata(L, aggregates_index);

	for (size_t i = 0; i < aggregates->count; i++) {
		lua_pushvalue(L, aggregates_index);
		lua_pushinteger(L, (lua_Integer)i);
		lua_pushcclosure(L, update, 2);
	}
	return (int)aggregates->count;
}

/* -------------------------------------------------------- the kernel's rows */

struct reader {
	const struct probe *probe;
	const struct plan_aggregate *plan;
	struct aggregate *aggregate;
};

static void set_text(struct aggregate_key *key, const char *text)
{
	key->kind = text ? AGGREGATE_KEY_STRING : AGGREGATE_KEY_NIL;
	key->bytes = text;
	key->size = text ? strlen(text) : 0;
}

/* The same values that a capture of this kind has in Lua (deliver.c). */
static struct aggregate_key key_of(const struct reader *reader, enum capture_kind kind,
				   const mt_u64 *word)
{
	struct aggregate_key key = {.kind = AGGREGATE_KEY_INTEGER, .integer = (int64_t)*word};
	const struct site *site;

	if (kind == CAPTURE_INTEGER)
		return key;
	if (kind == CAPTURE_COMM) {
		key.kind = AGGREGATE_KEY_STRING;
		key.bytes = (const char *)word;
		key.size = strnlen(key.bytes, 2 * sizeof(*word));
		return key;
	}
	site = probe_site(reader->probe, *word);
	if (kind == CAPTURE_FUNCTION)
		set_text(&key, site->place.function.name);
	else if (kind == CAPTURE_FILE || (kind == CAPTURE_LINE && !site->line.file))
		set_text(&key, site->line.file);
	else
		key.integer = kind == CAPTURE_LINE	? site->line.number
			      : kind == CAPTURE_ADDRESS ? (int64_t)site->place.address
							: probe_number(reader->probe);
	return key;
}

static void read_row(void *context, const mt_u64 *key, const mt_u64 *words)
{
	const struct reader *reader = context;
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	const mt_u64 *word = key + 1;

	for (size_t i = 0; i < reader->plan->key_count; i++) {
		enum capture_kind kind = reader->plan->keys[i];

		keys[i] = key_of(reader, kind, word);
		if (*key >> i & 1)
			keys[i] = (struct aggregate_key){AGGREGATE_KEY_MISSING, 0,
							 missing_text(MISSING_UNREADABLE),
							 strlen(missing_text(MISSING_UNREADABLE))};
		word += kind == CAPTURE_COMM ? 2 : 1;
	}
	/* Two sites may be one key: a function's name. */
	mt_u64 *row = aggregate_row(reader->aggregate, keys);
	if (row)
		aggregate_merge(&reader->plan->shape, row, words);
}

static struct error *format_from_kernel(const struct probe *probe, size_t index, struct buffer *out)
{
	const struct plan_aggregate *plan = &probe_plan(probe)->aggregates.data[index];
	struct aggregate aggregate;
	struct reader reader = {probe, plan, &aggregate};

	aggregate_init(&aggregate, &plan->shape, plan->key_count);
	struct error *err =
	    probe_read_aggregate(probe, index, read_row, &reader, &aggregate.dropped);
	if (!err)
		aggregate_format(&aggregate, out);
	aggregate_deinit(&aggregate);
	return err;
}

/* -------------------------------------------------------------------- text */

static void format_title(const struct probe *probe, const struct plan_aggregate *aggregate,
			 struct buffer *out)
{
	buffer_printf(out, "Tracepoint %u, ", probe_number(probe));
	escape_text(out, probe_location(probe), strlen(probe_location(probe)), false);
	buffer_puts(out, ": ");
	escape_text(out, aggregate->text, strlen(aggregate->text), false);
	buffer_putc(out, '\n');
}

struct error *runtime_aggregates(const struct probe *probe, struct buffer *out)
{
	const struct plan *plan = probe_plan(probe);
	const struct handle *handle = probe_handle(probe);

	for (size_t i = 0; i < plan->aggregates.size; i++) {
		format_title(probe, &plan->aggregates.data[i], out);
		if (plan->is_in_kernel)
			TRY(format_from_kernel(probe, i, out));
		else if (handle)
			aggregate_format(&handle->aggregates->each[i], out);
	}
	return NULL;
}
