/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared.c - aggregates of the script: aggregate.hist{...} and what is done with one.
 * Apart from aggregate.c, whose aggregates belong to a probe: these have a name, and whatever
 * adds to them, they are read here.
 */
#include <string.h>

#include "internal.h"

#define SHARED_TYPE "moontap.shared"

struct shared *to_shared(lua_State *L, int index)
{
	struct shared **box = luaL_testudata(L, index, SHARED_TYPE);

	return box ? *box : NULL;
}

const char *shared_name(struct shared *shared)
{
	if (shared->title)
		return shared->title;
	if (!shared->name)
		shared->name = xasprintf("aggregate %u", shared->number);
	return shared->name;
}

void shared_free_all(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->shared.size; i++) {
		struct shared *shared = runtime->shared.data[i];

		aggregate_deinit(&shared->aggregate);
		free(shared->title);
		free(shared->name);
		free(shared->unit);
		free(shared);
	}
	vector_deinit(&runtime->shared);
}

/* ------------------------------------------------------------------- making */

static bool is_option(enum aggregate_kind kind, const char *name)
{
	static const char *const names[] = {"title", "unit", "low", "high", "step"};
	size_t count = kind == AGGREGATE_OF_LHIST ? ARRAY_SIZE(names) : 2;

	for (size_t i = 0; i < count; i++)
		if (name && strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void check_options(lua_State *L, enum aggregate_kind kind)
{
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
		if (!is_option(kind, lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL))
			luaL_error(L,
				   "aggregate.%s: unknown option '%s' (there are: title, unit%s)",
				   aggregate_kind_name(kind), luaL_tolstring(L, -2, NULL),
				   kind == AGGREGATE_OF_LHIST ? ", low, high, step" : "");
}

/* NULL if it is not given; it stays on the stack. */
static const char *text_option(lua_State *L, enum aggregate_kind kind, const char *name)
{
	if (lua_getfield(L, 1, name) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "aggregate.%s: the option '%s' must be a string",
			   aggregate_kind_name(kind), name);
	return lua_tostring(L, -1);
}

static lua_Integer bound_option(lua_State *L, const char *name)
{
	lua_getfield(L, 1, name);
	if (!lua_isinteger(L, -1))
		luaL_error(L, "aggregate.lhist: the option '%s' must be an integer", name);
	return lua_tointeger(L, -1);
}

static void read_bounds(lua_State *L, struct aggregate_shape *shape)
{
	shape->low = bound_option(L, "low");
	shape->high = bound_option(L, "high");
	shape->step = bound_option(L, "step");
	if (shape->low >= shape->high)
		luaL_error(L, "aggregate.lhist: 'high' must be greater than 'low'");
	if (shape->step <= 0)
		luaL_error(L, "aggregate.lhist: 'step' must be greater than 0");
	if (aggregate_steps(shape) > AGGREGATE_BUCKETS_MAX)
		luaL_error(L, "aggregate.lhist: that makes %I buckets, and an lhist has at most %d",
			   (LUAI_UACINT)aggregate_steps(shape), AGGREGATE_BUCKETS_MAX);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct shared *find_title(const struct runtime *runtime, const char *title)
{
	for (size_t i = 0; title && i < runtime->shared.size; i++)
		if (is_same_text(runtime->shared.data[i]->title, title))
			return runtime->shared.data[i];
	return NULL;
}

/* One title is one aggregate: asked for again, it must be the same. */
static void check_same(lua_State *L, const struct shared *shared,
		       const struct aggregate_shape *shape, const char *unit)
{
	const struct aggregate_shape *have = &shared->aggregate.shape;

	if (have->kind != shape->kind)
		luaL_error(L, "an aggregate called '%s' is there already: it is a %s, not a %s",
			   shared->title, aggregate_kind_name(have->kind),
			   aggregate_kind_name(shape->kind));
	if (have->low != shape->low || have->high != shape->high || have->step != shape->step ||
	    !is_same_text(shared->unit, unit))
		luaL_error(L,
			   "an aggregate called '%s' is there already, with another unit or other "
			   "bounds",
			   shared->title);
}

/* Pushes it. */
static void shared_new(lua_State *L, const struct aggregate_shape *shape, const char *title,
		       const char *unit)
{
	struct runtime *runtime = runtime_of(L);
	struct shared **box = lua_newuserdatauv(L, sizeof(struct shared *), 0), *shared;

	*box = shared = xcalloc(1, sizeof(*shared));
	vector_push(&runtime->shared, shared);
	aggregate_init(&shared->aggregate, shape, 0);
	shared->number = (unsigned)runtime->shared.size;
	shared->title = title ? xstrdup(title) : NULL;
	shared->unit = unit ? xstrdup(unit) : NULL;
	shared->aggregate.unit = shared->unit;
	luaL_setmetatable(L, SHARED_TYPE);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, shared);
}

/* aggregate.KIND; upvalue: the kind. */
static int make(lua_State *L)
{
	struct aggregate_shape shape = {
	    .kind = (enum aggregate_kind)lua_tointeger(L, lua_upvalueindex(1)), .is_shared = true};

	lua_settop(L, 1);
	if (lua_isnil(L, 1)) {
		lua_newtable(L);
		lua_replace(L, 1);
	}
	if (!lua_istable(L, 1))
		luaL_error(L, "aggregate.%s takes a table of options: {title=, unit=}",
			   aggregate_kind_name(shape.kind));
	check_options(L, shape.kind);
	const char *title = text_option(L, shape.kind, "title");
	const char *unit = text_option(L, shape.kind, "unit");
	if (shape.kind == AGGREGATE_OF_LHIST)
		read_bounds(L, &shape);
	const struct shared *same = find_title(runtime_of(L), title);
	if (!same) {
		shared_new(L, &shape, title, unit);
		return 1;
	}
	check_same(L, same, &shape, unit);
	lua_rawgetp(L, LUA_REGISTRYINDEX, same);
	return 1;
}

/* ----------------------------------------------------------------- adding */

static struct shared *check_shared(lua_State *L)
{
	return *(struct shared **)luaL_checkudata(L, 1, SHARED_TYPE);
}

static void check_key_count(lua_State *L, struct shared *shared, int count)
{
	size_t have = shared->aggregate.key_count;

	if (shared->has_keys && (size_t)count != have)
		luaL_error(L, "`%s` has %d key%s in other places, and %d here", shared_name(shared),
			   (int)have, have == 1 ? "" : "s", count);
}

/* NAME:add([V,] KEY ...), where Lua itself calls it. */
static int shared_add(lua_State *L)
{
	struct shared *shared = check_shared(L);
	int leading = shared->aggregate.shape.kind != AGGREGATE_OF_COUNT;
	int count = lua_gettop(L) - 1 - leading;

	if (count < 0)
		luaL_error(L, "too few arguments: %s:add(V [, KEY ...])", shared_name(shared));
	if (count > AGGREGATE_KEYS_MAX)
		luaL_error(L, "%s:add takes at most %d keys", shared_name(shared),
			   AGGREGATE_KEYS_MAX);
	check_key_count(L, shared, count);
	shared->aggregate.key_count = (size_t)count;
	aggregate_count_in(L, &shared->aggregate, 2, leading, shared_name(shared));
	shared->has_keys = true;
	return 0;
}

/* ---------------------------------------------------------------- reading */

/* What is read from Lua in one go, a block or a line at the prompt, is of one moment: so
 * nothing comes between print(sizes) and sizes:clear(). */
void shared_refresh(lua_State *L, struct shared *shared)
{
	struct runtime *runtime = runtime_of(L);

	if (shared->moment == runtime->moment)
		return;
	struct error *err = shared_take(runtime, shared);
	if (err)
		failure_raise(L, err);
}

static void push_key(lua_State *L, const struct aggregate_key *key)
{
	switch (key->kind) {
	case AGGREGATE_KEY_NIL:
		lua_pushnil(L);
		break;
	case AGGREGATE_KEY_MISSING:
		lua_pushlstring(L, key->bytes, key->size);
		push_missing(L, lua_tostring(L, -1));
		lua_remove(L, -2);
		break;
	case AGGREGATE_KEY_BOOLEAN:
		lua_pushboolean(L, key->integer != 0);
		break;
	case AGGREGATE_KEY_INTEGER:
		lua_pushinteger(L, key->integer);
		break;
	case AGGREGATE_KEY_UNSIGNED:
		push_unsigned(L, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_ADDRESS:
		push_pointer(L, (uint64_t)key->integer);
		break;
	case AGGREGATE_KEY_STRING:
	case AGGREGATE_KEY_STACK: /* its frames as text */
		lua_pushlstring(L, key->bytes, key->size);
		break;
	}
}

/* One key that is not nil as it is; else a table of them, with n. */
static void push_keys(lua_State *L, const struct aggregate_key *keys, size_t count)
{
	if (count == 1 && keys->kind != AGGREGATE_KEY_NIL) {
		push_key(L, keys);
		return;
	}
	lua_createtable(L, (int)count, 1);
	for (size_t i = 0; i < count; i++) {
		push_key(L, &keys[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_pushinteger(L, (lua_Integer)count);
	lua_setfield(L, -2, "n");
}

static void set_integer(lua_State *L, const char *name, mt_u64 value)
{
	lua_pushinteger(L, (lua_Integer)value);
	lua_setfield(L, -2, name);
}

/* A list of {low=, high=, count=}, from the first that is not empty to the last. */
static void push_buckets(lua_State *L, const struct aggregate_shape *shape, const mt_u64 *words)
{
	const mt_u64 *buckets = words + AGGREGATE_DATA;
	size_t first = 0, end = aggregate_words(shape) - AGGREGATE_DATA;

	while (first < end && !buckets[first])
		first++;
	while (end > first && !buckets[end - 1])
		end--;
	lua_newtable(L);
	set_integer(L, "count", words[AGGREGATE_COUNT]);
	set_integer(L, "missing", words[AGGREGATE_MISSING]);
	for (size_t i = first; i < end; i++) {
		struct aggregate_range range = aggregate_bucket(shape, i);

		lua_createtable(L, 0, 3);
		if (range.has_low)
			set_integer(L, "low", (mt_u64)range.low);
		if (range.has_high)
			set_integer(L, "high", (mt_u64)range.high);
		set_integer(L, "count", buckets[i]);
		lua_rawseti(L, -2, (lua_Integer)(i - first) + 1);
	}
}

/* nil of a row that has counted no value. */
static void push_row(lua_State *L, const struct aggregate_shape *shape, const mt_u64 *words)
{
	mt_u64 count = words[AGGREGATE_COUNT];
	int64_t data = shape->kind == AGGREGATE_OF_COUNT ? 0 : (int64_t)words[AGGREGATE_DATA];

	if (shape->kind == AGGREGATE_OF_COUNT)
		lua_pushinteger(L, (lua_Integer)count);
	else if (shape->kind >= AGGREGATE_OF_HIST)
		push_buckets(L, shape, words);
	else if (!count)
		lua_pushnil(L);
	else if (shape->kind == AGGREGATE_OF_SUM)
		lua_pushinteger(L, data);
	else if (shape->kind == AGGREGATE_OF_AVG)
		lua_pushnumber(L, (double)data / (double)count);
	else
		lua_pushinteger(L, (lua_Integer)aggregate_rank(shape->kind, (mt_u64)data));
}

static int shared_get(lua_State *L)
{
	struct shared *shared = check_shared(L);
	struct aggregate_key keys[AGGREGATE_KEYS_MAX];
	int count = lua_gettop(L) - 1;

	check_key_count(L, shared, count);
	shared_refresh(L, shared);
	const mt_u64 *words = NULL;
	if (shared->has_keys) {
		to_keys(L, 2, (size_t)count, shared_name(shared), keys);
		words = aggregate_find(&shared->aggregate, keys);
	}
	if (words)
		push_row(L, &shared->aggregate.shape, words);
	else
		lua_pushnil(L);
	return 1;
}

/* The next pair; upvalues: the list of keys and values, where in it. */
static int next_pair(lua_State *L)
{
	lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));

	lua_pushinteger(L, at + 2);
	lua_replace(L, lua_upvalueindex(2));
	lua_rawgeti(L, lua_upvalueindex(1), at);
	lua_rawgeti(L, lua_upvalueindex(1), at + 1);
	return 2;
}

/* Of the rows as they are now, in the order of their keys. */
static int shared_pairs(lua_State *L)
{
	struct shared *shared = check_shared(L);
	const struct aggregate *aggregate = &shared->aggregate;

	shared_refresh(L, shared);
	lua_newtable(L);
	for (size_t i = 0; i < aggregate->rows.size; i++) {
		push_keys(L, aggregate->rows.data[i].keys, aggregate->key_count);
		lua_rawseti(L, -2, 2 * (lua_Integer)i + 1);
		push_row(L, &aggregate->shape, aggregate->rows.data[i].words);
		lua_rawseti(L, -2, 2 * (lua_Integer)i + 2);
	}
	lua_pushinteger(L, 1);
	lua_pushcclosure(L, next_pair, 2);
	return 1;
}

static int shared_length(lua_State *L)
{
	struct shared *shared = check_shared(L);

	shared_refresh(L, shared);
	lua_pushinteger(L, (lua_Integer)shared->aggregate.rows.size);
	return 1;
}

static int shared_tostring(lua_State *L)
{
	struct shared *shared = check_shared(L);
	struct buffer *text = push_buffer(L);

	shared_refresh(L, shared);
	shared_show(shared, &text_renderer, text);
	lua_pushlstring(L, text->data, text->size - 1);
	return 1;
}

static int shared_clear(lua_State *L)
{
	struct shared *shared = check_shared(L);
	struct aggregate *aggregate = &shared->aggregate;

	shared_refresh(L, shared);
	aggregate_deinit(aggregate);
	aggregate->dropped = 0;
	return 0;
}

void shared_open(lua_State *L)
{
	static const luaL_Reg meta[] = {
	    {"__tostring", shared_tostring},
	    {"__len", shared_length},
	    {"__pairs", shared_pairs},
	    {NULL, NULL},
	};
	static const luaL_Reg methods[] = {
	    {"add", shared_add}, {"get", shared_get}, {"clear", shared_clear}, {NULL, NULL}};

	push_value_type(L, SHARED_TYPE, "aggregate", meta);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
	lua_newtable(L);
	for (int kind = AGGREGATE_OF_COUNT; kind <= AGGREGATE_OF_LHIST; kind++) {
		lua_pushinteger(L, kind);
		lua_pushcclosure(L, make, 1);
		lua_setfield(L, -2, aggregate_kind_name((enum aggregate_kind)kind));
	}
	lua_setglobal(L, "aggregate");
}
