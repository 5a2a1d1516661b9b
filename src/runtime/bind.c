/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bind.c - names in a block that stand for an aggregate of the script when the probe is set:
 * for the compiler they are known from then on, whatever is assigned to them later.
 */
#include <string.h>

#include "internal.h"

struct binder {
	lua_State *L;
	struct probe_request *request;
	const int *carriers;  /* as in define.c */
	struct buffer *names; /* struct script_aggregate */
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

static bool is_bound(const struct binder *b, const struct node *name)
{
	const struct script_aggregate *names = (const void *)b->names->data;
	size_t count = b->names->size / sizeof(*names);

	for (size_t i = 0; i < count; i++)
		if (names[i].declaration == name->declaration &&
		    strcmp(names[i].name, name->text) == 0)
			return true;
	return false;
}

static struct error *bind_name(const struct binder *b, const struct node *name)
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
	buffer_append(b->names, (const char *)&found, sizeof(found));
	return NULL;
}

static struct error *bind_below(const struct binder *b, const struct node *node)
{
	if (node->kind == NODE_METHOD_CALL && node->first->kind == NODE_NAME &&
	    strcmp(node->first->next->text, "add") == 0)
		TRY(bind_name(b, node->first));
	for (const struct node *child = node->first; child; child = child->next)
		TRY(bind_below(b, child));
	return NULL;
}

struct error *bind_aggregates(lua_State *L, struct probe_request *request, const int carriers[2])
{
	struct binder b = {L, request, carriers, push_buffer(L)};

	luaL_checkstack(L, LUA_MINSTACK, "names");
	if (request->condition)
		TRY(bind_below(&b, request->condition));
	if (request->block)
		TRY(bind_below(&b, request->block));
	request->aggregates = (const void *)b.names->data;
	request->aggregate_count = b.names->size / sizeof(*request->aggregates);
	return NULL;
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
