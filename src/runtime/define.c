/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * define.c - a probe statement, or a call of probe() and its kin, becomes a probe.
 * Both end in one place: the session places the probe and gives back its plan; the
 * plan's Lua half becomes a function that shares the locals of the script's own
 * function, which was only written to carry them here.
 */
#include <string.h>

#include "internal.h"

/* ---------------------------------------------------- the plan's function */

/* The index of the upvalue called name, 0 if there is none. */
static int find_upvalue(lua_State *L, int function, const char *name)
{
	const char *candidate;

	if (!lua_isfunction(L, function))
		return 0;
	for (int i = 1; (candidate = lua_getupvalue(L, function, i)) != NULL; i++) {
		lua_pop(L, 1);
		if (strcmp(candidate, name) == 0)
			return i;
	}
	return 0;
}

/* Makes upvalue name of the function at the top the same variable as that of one
 * of the carrying functions. */
static bool join_upvalue(lua_State *L, const char *name, const int carriers[2])
{
	int function = lua_gettop(L), upvalue = find_upvalue(L, function, name);

	if (upvalue == 0)
		return true;
	for (int i = 0; i < 2; i++) {
		int carried = find_upvalue(L, carriers[i], name);

		if (carried == 0)
			continue;
		lua_upvaluejoin(L, function, upvalue, carriers[i], carried);
		return true;
	}
	return false;
}

/* Pushes the plan's aggregates and its function. carriers: stack indices of the
 * condition's and the block's own functions, or of nil. On error the probe is to go. */
static struct error *push_plan(lua_State *L, const struct plan *plan, const char *chunk_name,
			       const int carriers[2])
{
	push_aggregates(L, plan);
	int aggregates = lua_gettop(L);
	if (luaL_loadbufferx(L, plan->lua, strlen(plan->lua), chunk_name, "t") != LUA_OK)
		return failure_take(L);
	lua_rawgeti(L, LUA_REGISTRYINDEX, runtime_of(L)->block_environment);
	lua_setupvalue(L, -2, 1); /* a chunk's only upvalue is its _ENV */
	luaL_checkstack(L, (int)plan->aggregates.size + LUA_MINSTACK, "aggregates");
	int count = push_aggregate_functions(L, plan, aggregates);
	if (plan->shows_hits)
		lua_pushcfunction(L, runtime_of(L)->renderer->hit);
	lua_call(L, count + plan->shows_hits,
		 1); /* declares locals, makes one closure: raises nothing */
	for (size_t i = 0; i < plan->upvalues.size; i++) {
		if (join_upvalue(L, plan->upvalues.data[i], carriers))
			continue;
		return error_new(ERR_NAME, "the local `%s` cannot be reached from the block",
				 plan->upvalues.data[i]);
	}
	return NULL;
}

static void drain(void *runtime)
{
	while (runtime_deliver(runtime))
		;
}

/* Puts the request in the place of the probe that is being redefined. */
static int redefine(lua_State *L, const struct probe_request *request, const struct unit *unit,
		    int unit_index, const int carriers[2])
{
	struct runtime *runtime = runtime_of(L);
	struct probe *probe = runtime->redefined, *draft;
	struct runtime_limit limit;

	runtime->redefined = NULL;
	struct error *err = probe_draft(probe, request, &draft);
	if (err && probe_is_pending(probe) && probe_may_wait(request, err)) {
		error_free(err);
		pending_replace(L, probe, request, unit_index, carriers);
		return 0;
	}
	if (err)
		return failure_raise(L, err);
	err = push_plan(L, probe_plan(draft), unit->chunk_name, carriers);
	if (err) {
		probe_discard(draft);
		return failure_raise(L, err);
	}
	err = probe_replace(probe, draft, drain, runtime);
	if (err)
		return failure_raise(L, err);
	bind_done(probe);
	runtime_get_limit(probe, &limit);
	handle_new(L, probe, unit_index);
	err = runtime_set_limit(runtime, probe, &limit);
	return err ? failure_raise(L, err) : 0;
}

/* The session has made it. On error it is gone. */
static struct error *finish_probe(lua_State *L, struct probe *probe, const struct unit *unit,
				  int unit_index, const int carriers[2])
{
	bind_done(probe);
	struct error *err = push_plan(L, probe_plan(probe), unit->chunk_name, carriers);
	if (err)
		probe_delete(probe);
	else
		handle_new(L, probe, unit_index);
	return err;
}

int define_probe(lua_State *L, struct probe_request *request, const struct unit *unit,
		 int unit_index, const int carriers[2])
{
	struct runtime *runtime = runtime_of(L);
	struct probe *probe;

	request->is_script_name = globals_has;
	request->going = handle_note_going;
	request->gone = handle_note_gone;
	request->context = runtime;
	struct error *err = bind_names(L, request, unit, carriers);
	if (err)
		return failure_raise(L, err);
	if (runtime->redefined)
		return redefine(L, request, unit, unit_index, carriers);
	err = session_add(runtime->session, request, &probe);
	if (err)
		err = pending_place(L, request, err, unit_index, carriers, &probe);
	else
		err = finish_probe(L, probe, unit, unit_index, carriers);
	if (err)
		return failure_raise(L, err);
	if (runtime->options.placed)
		runtime->options.placed(runtime->options.context, probe);
	lua_pushinteger(L, probe_number(probe));
	return 1;
}

/* ------------------------------------------------------------- statements */

int define_statement(lua_State *L)
{
	const int carriers[2] = {2, 3}, unit_index = lua_upvalueindex(1);
	const struct unit *unit = lua_touserdata(L, unit_index);
	lua_Integer index = luaL_checkinteger(L, 1);

	luaL_argcheck(L, index >= 0 && (size_t)index < unit->tree->probes.size, 1, "no such probe");
	const struct node *node = unit->tree->probes.data[index];
	lua_settop(L, 3);
	if (node->kind == NODE_EVERY) {
		struct error *err = globals_check(runtime_of(L), unit->source, node->probe.block);
		if (!err)
			err = timer_add(L, node->integer, unit_index);
		return err ? failure_raise(L, err) : 0;
	}
	struct probe_request request = {
	    .kind = node->probe.kind,
	    .location = node->probe.location,
	    .location_span = node->probe.location_span,
	    .source = unit->source,
	    .condition = node->probe.condition,
	    .goroutine = node->probe.goroutine,
	    .depth = node->probe.depth,
	    .block = node->kind == NODE_DPRINTF ? node->first : node->probe.block,
	};
	return define_probe(L, &request, unit, unit_index, carriers);
}

/* ----------------------------------------------------- probe(), tbreak(), finish() */

/* The one parameter's name, NULL if there is none. */
static struct error *event_name(const struct unit *unit, const struct node *function,
				const char **ret)
{
	const struct node *parameter = function->first;

	*ret = parameter->kind == NODE_NAME ? parameter->text : NULL;
	if (function->is_vararg || (*ret && parameter->next->kind == NODE_NAME))
		return source_error(unit->source, function->span, ERR_TYPE,
				    "a callback has one parameter, the event");
	return NULL;
}

static const struct node *body(const struct node *function)
{
	const struct node *child = function->first;

	while (child->kind != NODE_BLOCK)
		child = child->next;
	return child;
}

/* `when` is a function for Lua's grammar only: its expression is what counts. */
static struct error *condition_of(const struct unit *unit, const struct node *function,
				  const char *event, const struct node **ret)
{
	const struct node *statement = body(function)->first;
	const char *name;

	TRY(event_name(unit, function, &name));
	if (name && (!event || strcmp(name, event) != 0))
		return source_error(unit->source, function->span, ERR_TYPE,
				    "the parameters of the condition and of the callback must "
				    "have the same name (%s, %s)",
				    name, event ? event : "none");
	const struct node *value =
	    statement && statement->kind == NODE_RETURN ? statement->first->first : NULL;
	if (!value || value->next || statement->next)
		return source_error(unit->source, function->span, ERR_TYPE,
				    "a condition is one expression: function(e) return "
				    "EXPRESSION end");
	*ret = value;
	return NULL;
}

struct definer {
	const char *name;
	enum probe_kind kind;
};
static const struct definer definers[] = {
    {"probe", PROBE_BREAK}, {"tbreak", PROBE_TBREAK}, {"finish", PROBE_FINISH}};

static void check_options(lua_State *L, const char *name)
{
	for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
		if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "when") != 0)
			luaL_error(L, "%s: unknown option '%s' (there is: when)", name,
				   luaL_tolstring(L, -2, NULL));
	lua_getfield(L, 2, "when");
	if (!lua_isnil(L, -1) && !lua_isfunction(L, -1))
		luaL_error(L, "%s: the option 'when' must be a function", name);
}

/* Leaves (location, condition function or nil, callback or nil) on the stack. name: the
 * function's. */
static void check_call(lua_State *L, const char *name)
{
	int function = lua_gettop(L) >= 3 || lua_istable(L, 2) ? 3 : 2;

	luaL_checkstring(L, 1);
	if (!lua_isnoneornil(L, function))
		luaL_checktype(L, function, LUA_TFUNCTION);
	lua_settop(L, function);
	if (function == 2) {
		lua_pushnil(L);
		lua_insert(L, 2);
		return;
	}
	luaL_checktype(L, 2, LUA_TTABLE);
	check_options(L, name);
	lua_replace(L, 2);
}

/* Without a callback: the default action, perhaps with a condition. */
static struct error *read_condition(lua_State *L, struct probe_request *request,
				    const struct unit **ret_unit)
{
	const struct node *function;
	const struct unit *unit;
	struct unit *empty;

	if (lua_isnil(L, 2)) {
		TRY(unit_load(L, source_new("(default)", "", 0), &empty));
		request->source = empty->source;
		*ret_unit = empty;
		return NULL;
	}
	TRY(unit_find_function(L, 2, true, &unit, &function));
	TRY(event_name(unit, function, &request->event));
	request->source = unit->source;
	*ret_unit = unit;
	return condition_of(unit, function, request->event, &request->condition);
}

/* Reads the functions at 2 and 3; pushes the unit of the callback, then one more value. */
static struct error *read_functions(lua_State *L, struct probe_request *request,
				    const struct unit **ret_unit)
{
	const struct unit *unit, *condition_unit;
	const struct node *function, *condition;

	if (lua_isnil(L, 3))
		return read_condition(L, request, ret_unit);
	TRY(unit_find_function(L, 3, false, &unit, &function));
	TRY(event_name(unit, function, &request->event));
	request->source = unit->source;
	request->block = body(function);
	*ret_unit = unit;
	if (lua_isnil(L, 2))
		return NULL;
	TRY(unit_find_function(L, 2, true, &condition_unit, &condition));
	if (condition_unit != unit)
		return error_new(ERR_TYPE,
				 "a probe's condition and callback must be in the same file");
	return condition_of(unit, condition, request->event, &request->condition);
}

static int define_call(lua_State *L)
{
	enum {
		CONDITION = 2,
		CALLBACK = 3,
		UNIT = 4
	};
	const int carriers[2] = {CONDITION, CALLBACK};
	const struct definer *definer = lua_touserdata(L, lua_upvalueindex(1));
	struct probe_request request = {.kind = definer->kind};
	const struct unit *unit;

	check_call(L, definer->name);
	request.location = lua_tostring(L, 1);
	struct error *err = read_functions(L, &request, &unit);
	if (err)
		return failure_raise(L, err);
	return define_probe(L, &request, unit, UNIT, carriers);
}

struct error *runtime_redefine(struct runtime *runtime, struct probe *probe, struct source *source)
{
	if (runtime->is_delivering) {
		source_free(source);
		return error_new(ERR_USAGE, "a block cannot change tracepoint %u",
				 probe_number(probe));
	}
	runtime->redefined = probe;
	struct error *err = runtime_run(runtime, source, false);
	runtime->redefined = NULL;
	return err;
}

void define_open(lua_State *L)
{
	for (size_t i = 0; i < ARRAY_SIZE(definers); i++) {
		lua_pushlightuserdata(L, (void *)&definers[i]);
		lua_pushcclosure(L, define_call, 1);
		lua_setglobal(L, definers[i].name);
	}
}
