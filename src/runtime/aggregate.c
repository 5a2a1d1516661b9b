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
	for (size_t i = 0; i < count; i++) {
		aggregate_init(&aggregates->each[i], &plan->aggregates.data[i].shape,
			       plan->aggregates.data[i].key_count);
		aggregates->each[i].unit = plan->aggregates.data[i].unit;
	}
	luaL_setmetatable(L, AGGREGATES_TYPE);
	return aggregates;
}

/* ----------------------------------------------------------------- updates */

/* Of what is neither a key nor a value. */
static const char *type_of(lua_State *L, int index)
{
	const char *name = push_typed_name(L, index);

	if (name)
		return name;
	return lua_type(L, index) == LUA_TNUMBER ? "float" : value_type_name(L, index);
}

/* A longer one is cut, in the kernel as well, and says so. */
static struct aggregate_key to_string_key(lua_State *L, int index)
{
	struct aggregate_key key = {.kind = AGGREGATE_KEY_STRING};

	key.bytes = lua_tolstring(L, index, &key.size);
	if (key.size > AGGREGATE_KEY_BYTES_MAX) {
		push_string(L, key.bytes, AGGREGATE_KEY_BYTES_MAX, true);
		lua_replace(L, index);
		key.bytes = lua_tolstring(L, index, &key.size);
	}
	return key;
}

/* Is it a number, or true or false? */
static bool to_number_key(lua_State *L, int index, struct aggregate_key *ret)
{
	uint64_t bits = 0;

	if (lua_isinteger(L, index)) {
		ret->kind = AGGREGATE_KEY_INTEGER;
		bits = (uint64_t)lua_tointeger(L, index);
	} else if (lua_isboolean(L, index)) {
		ret->kind = AGGREGATE_KEY_BOOLEAN;
		bits = lua_toboolean(L, index);
	} else if (to_unsigned(L, index, &bits)) {
		ret->kind = AGGREGATE_KEY_UNSIGNED;
	} else if (to_pointer(L, index, &bits)) {
		ret->kind = AGGREGATE_KEY_ADDRESS;
	}
	ret->integer = (int64_t)bits;
	return ret->kind != AGGREGATE_KEY_NIL;
}

static struct aggregate_key to_key(lua_State *L, int index, const char *what)
{
	struct aggregate_key key = {.kind = AGGREGATE_KEY_NIL};
	const char *reason = missing_reason(L, index);

	if (lua_isnil(L, index) || to_number_key(L, index, &key))
		return key;
	if (lua_type(L, index) == LUA_TSTRING)
		return to_string_key(L, index);
	if (reason)
		return (struct aggregate_key){AGGREGATE_KEY_MISSING, 0, reason, strlen(reason)};
	if (to_stack(L, index, &key.bytes, &key.size)) {
		key.kind = AGGREGATE_KEY_STACK;
		return key;
	}
	const char *type = type_of(L, index);
	luaL_error(L, "a key of %s must be an integer, a string or a boolean, not a %s%s", what,
		   type, lua_isuserdata(L, index) ? ": tostring(V) is a string" : "");
	return key;
}

void to_keys(lua_State *L, int index, size_t count, const char *what, struct aggregate_key *ret)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = to_key(L, index + (int)i, what);
}

/* What cannot be read and what is no Lua integer is not counted in. */
static bool is_missing_value(lua_State *L, int index)
{
	uint64_t bits;

	return missing_reason(L, index) || to_unsigned(L, index, &bits);
}

void aggregate_count_in(lua_State *L, struct aggregate *aggregate, int index, int leading,
			const char *what)
{
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	bool is_missing = leading && is_missing_value(L, index);

	if (leading && !is_missing && !lua_isinteger(L, index))
		luaL_error(L, "the value of %s must be an integer, not a %s%s", what,
			   type_of(L, index),
			   lua_type(L, index) == LUA_TNUMBER ? ": // divides integers" : "");
	to_keys(L, index + leading, aggregate->key_count, what, keys);
	mt_u64 *row = aggregate_row(aggregate, keys);
	if (row && is_missing)
		row[AGGREGATE_MISSING]++;
	else if (row)
		aggregate_add(aggregate, row, leading ? lua_tointeger(L, index) : 0);
}

/* The function behind a call of count() and its kin; upvalues: the aggregates, the index of
 * this one. */
static int update(lua_State *L)
{
	struct aggregates *aggregates = lua_touserdata(L, lua_upvalueindex(1));
	struct aggregate *aggregate = &aggregates->each[lua_tointeger(L, lua_upvalueindex(2))];
	enum aggregate_kind kind = aggregate->shape.kind;
	int leading = kind == AGGREGATE_OF_COUNT ? 0 : kind == AGGREGATE_OF_LHIST ? 4 : 1;

	lua_settop(L, leading + (int)aggregate->key_count);
	aggregate_count_in(L, aggregate, 1, leading, aggregate_kind_name(kind));
	return 0;
}

/* The same behind NAME:add(); upvalue: the aggregate of the script. */
static int update_shared(lua_State *L)
{
	struct shared *shared = lua_touserdata(L, lua_upvalueindex(1));
	int leading = shared->aggregate.shape.kind != AGGREGATE_OF_COUNT;

	lua_settop(L, leading + (int)shared->aggregate.key_count);
	aggregate_count_in(L, &shared->aggregate, 1, leading, shared_name(shared));
	return 0;
}

int push_aggregate_functions(lua_State *L, const struct plan *plan, int aggregates_index)
{
	for (size_t i = 0; i < plan->aggregates.size; i++) {
		const struct script_aggregate *name = plan->aggregates.data[i].name;

		if (name) {
			lua_pushlightuserdata(L, name->handle);
			lua_pushcclosure(L, update_shared, 1);
			continue;
		}
		lua_pushvalue(L, aggregates_index);
		lua_pushinteger(L, (lua_Integer)i);
		lua_pushcclosure(L, update, 2);
	}
	return (int)plan->aggregates.size;
}

/* ----------------------------------------------------------------- showing */

/* "Tracepoint 1, malloc: hist(arg[1], comm)", "sizes: hist, in bytes" */
static void put_title(struct buffer *out, const struct probe *probe, const char *name,
		      const struct aggregate *aggregate)
{
	const char *where = probe ? probe_location(probe) : "";

	if (probe)
		buffer_printf(out, "Tracepoint %u, ", probe_number(probe));
	escape_text(out, where, strlen(where), false);
	buffer_puts(out, probe ? ": " : "");
	escape_text(out, name, strlen(name), false);
	if (!probe)
		buffer_printf(out, ": %s", aggregate_kind_name(aggregate->shape.kind));
	if (!probe && aggregate->unit) {
		buffer_puts(out, ", in ");
		escape_text(out, aggregate->unit, strlen(aggregate->unit), false);
	}
	buffer_putc(out, '\n');
}

void aggregate_table(struct buffer *out, const struct probe *probe, const char *name,
		     const struct aggregate *aggregate)
{
	put_title(out, probe, name, aggregate);
	aggregate_format(aggregate, out);
}

static struct error *show_from_kernel(const struct probe *probe, size_t index,
				      const struct renderer *renderer, struct buffer *out)
{
	const struct plan_aggregate *plan = &probe_plan(probe)->aggregates.data[index];
	struct aggregate aggregate;
	struct row_reader reader = {probe, plan, &aggregate};

	aggregate_init(&aggregate, &plan->shape, plan->key_count);
	aggregate.unit = plan->unit;
	struct error *err =
	    probe_read_aggregate(probe, index, row_read, &reader, &aggregate.dropped);
	if (!err)
		renderer->aggregate(out, probe, plan->text, &aggregate);
	aggregate_deinit(&aggregate);
	return err;
}

struct error *runtime_aggregates(const struct probe *probe, enum output_format format,
				 struct buffer *out)
{
	const struct renderer *renderer = renderer_of(format);
	const struct plan *plan = probe_plan(probe);
	const struct handle *handle = probe_handle(probe);

	for (size_t i = 0; plan && i < plan->aggregates.size; i++) {
		const struct plan_aggregate *aggregate = &plan->aggregates.data[i];

		if (aggregate->name)
			continue;
		if (plan->is_in_kernel)
			TRY(show_from_kernel(probe, i, renderer, out));
		else if (handle)
			renderer->aggregate(out, probe, aggregate->text,
					    &handle->aggregates->each[i]);
	}
	return NULL;
}
