/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bind.c - names in a block whose value is known when the probe is set: those that stand for
 * an aggregate of the script, whatever is assigned to them later, and <const> locals.
 */
#include <string.h>

#include "internal.h"

struct binder {
	lua_State *L;
	struct probe_request *request;
	struct arena *arena;	   /* the tree's */
	const int *carriers;	   /* as in define.c */
	struct buffer *aggregates; /* struct script_aggregate */
	struct buffer *constants;  /* struct script_constant */
};

/* Pushes the value of a name in the block; false: it is the block's own. */
static bool push_value(const struct binder *b, const struct node *name)
{
	lua_State *L = b->L;
	const char *candidate;

	if (!name->declaration) {
		lua_pushglobaltable(L);
		lua_pushstring(L, name->text);
		lua_rawget(L, -2);
		lua_remove(L, -2);
		return true;
	}
	for (int i = 0; i < 2; i++)
		for (int k = 1; lua_isfunction(L, b->carriers[i]) &&
				(candidate = lua_getupvalue(L, b->carriers[i], k));
		     k++) {
			if (strcmp(candidate, name->text) == 0)
				return true;
			lua_pop(L, 1);
		}
	return false;
}

/* A local of the block, or of a function in it. */
static bool is_inner(const struct probe_request *request, const struct node *name)
{
	const struct node *parts[] = {request->condition, request->block};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (name->declaration && parts[i] &&
		    name->declaration->span.start >= parts[i]->span.start &&
		    name->declaration->span.end <= parts[i]->span.end)
			return true;
	return false;
}

static struct error *check_other(const struct binder *b, const struct node *name,
				 const struct shared *shared, const struct probe *probe)
{
	const struct probe_request *other = probe_request(probe);

	for (size_t i = 0; i < other->aggregate_count; i++) {
		const struct script_aggregate *a = &other->aggregates[i];

		if (!a->declaration && strcmp(a->name, name->text) == 0 &&
		    a->shape.kind != shared->aggregate.shape.kind)
			return source_error(
			    b->request->source, name->span, ERR_TYPE,
			    "`%s` is a %s here, and a %s in tracepoint %u", name->text,
			    aggregate_kind_name(shared->aggregate.shape.kind),
			    aggregate_kind_name(a->shape.kind), probe_number(probe));
	}
	return NULL;
}

/* One global is not two things at once. */
static struct error *check_others(const struct binder *b, const struct node *name,
				  const struct shared *shared)
{
	struct runtime *runtime = runtime_of(b->L);

	if (name->declaration)
		return NULL;
	for (struct probe *p = NULL; (p = session_next_probe(runtime->session, p));)
		if (p != runtime->redefined)
			TRY(check_other(b, name, shared, p));
	return NULL;
}

/* ------------------------------------------------------------- aggregates */

static bool is_bound(const struct binder *b, const struct node *name)
{
	const struct script_aggregate *names = (const void *)b->aggregates->data;
	size_t count = b->aggregates->size / sizeof(*names);

	for (size_t i = 0; i < count; i++)
		if (names[i].declaration == name->declaration &&
		    strcmp(names[i].name, name->text) == 0)
			return true;
	return false;
}

static struct error *bind_aggregate(const struct binder *b, const struct node *name)
{
	struct shared *shared;

	if (name->environment || is_inner(b->request, name) || is_bound(b, name) ||
	    !push_value(b, name))
		return NULL;
	shared = to_shared(b->L, -1);
	lua_pop(b->L, 1);
	if (!shared)
		return NULL;
	TRY(check_others(b, name, shared));
	if (!shared->name)
		shared->name = xstrdup(name->text);
	const struct script_aggregate found = {
	    .name = name->text,
	    .declaration = name->declaration,
	    .shape = shared->aggregate.shape,
	    .has_keys = shared->has_keys,
	    .key_count = shared->aggregate.key_count,
	    .handle = shared,
	};
	buffer_append(b->aggregates, (const char *)&found, sizeof(found));
	return NULL;
}

/* -------------------------------------------------------------- constants */

static bool is_known(const struct binder *b, const struct node *name)
{
	const struct script_constant *known = (const void *)b->constants->data;

	for (size_t i = 0; i < b->constants->size / sizeof(*known); i++)
		if (known[i].declaration == name->declaration)
			return true;
	return false;
}

/* The value at the top as the script could have written it; NULL: it could not. */
static const struct node *literal(const struct binder *b, const struct node *name)
{
	lua_State *L = b->L;
	struct node *node = arena_alloc(b->arena, sizeof(*node));

	*node = (struct node){.height = 1, .span = name->span};
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		node->kind = NODE_NIL;
		return node;
	case LUA_TBOOLEAN:
		node->kind = lua_toboolean(L, -1) ? NODE_TRUE : NODE_FALSE;
		return node;
	case LUA_TNUMBER:
		node->kind = lua_isinteger(L, -1) ? NODE_INTEGER : NODE_FLOAT;
		if (node->kind == NODE_INTEGER)
			node->integer = lua_tointeger(L, -1);
		else
			node->number = lua_tonumber(L, -1);
		return node;
	case LUA_TSTRING:
		node->kind = NODE_STRING;
		node->text = lua_tolstring(L, -1, &node->text_size);
		node->text = arena_strndup(b->arena, node->text, node->text_size);
		return node;
	default:
		return NULL;
	}
}

static void bind_constant(const struct binder *b, const struct node *name)
{
	const struct node *declaration = name->declaration;

	if (!declaration || !declaration->attribute ||
	    strcmp(declaration->attribute, "const") != 0 || is_inner(b->request, name) ||
	    is_known(b, name) || !push_value(b, name))
		return;
	const struct script_constant found = {declaration, literal(b, name)};
	lua_pop(b->L, 1);
	if (found.value)
		buffer_append(b->constants, (const char *)&found, sizeof(found));
}

/* ------------------------------------------------------------------- both */

static struct error *bind_below(const struct binder *b, const struct node *node)
{
	if (node->kind == NODE_METHOD_CALL && node->first->kind == NODE_NAME &&
	    strcmp(node->first->next->text, "add") == 0)
		TRY(bind_aggregate(b, node->first));
	if (node->kind == NODE_NAME)
		bind_constant(b, node);
	for (const struct node *child = node->first; child; child = child->next)
		TRY(bind_below(b, child));
	return NULL;
}

struct error *bind_names(lua_State *L, struct probe_request *request, const struct unit *unit,
			 const int carriers[2])
{
	luaL_checkstack(L, LUA_MINSTACK, "names");
	struct buffer *aggregates = push_buffer(L), *constants = push_buffer(L);
	const struct binder b = {L, request, &unit->tree->arena, carriers, aggregates, constants};
	struct error *err = NULL;

	if (request->condition)
		err = bind_below(&b, request->condition);
	if (!err && request->block)
		err = bind_below(&b, request->block);
	request->constant_count = constants->size / sizeof(*request->constants);
	if (constants->size)
		request->constants =
		    (const void *)arena_strndup(b.arena, constants->data, constants->size);
	buffer_deinit(constants);
	lua_pop(L, 1);
	request->aggregates = (const void *)aggregates->data;
	request->aggregate_count = aggregates->size / sizeof(*request->aggregates);
	return err;
}

void bind_done(const struct probe *probe)
{
	const struct plan *plan = probe_plan(probe);

	for (size_t i = 0; i < plan->aggregates.size; i++) {
		const struct plan_aggregate *aggregate = &plan->aggregates.data[i];

		if (!aggregate->name)
			continue;
		struct shared *shared = aggregate->name->handle;
		shared->has_keys = true;
		shared->aggregate.key_count = aggregate->key_count;
	}
}
