/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.c - one Lua state from start to end, and the texts that it runs.
 */
#include <string.h>

#include "internal.h"

/* ------------------------------------------------------------ the Lua state */

/* `arg`, as the stand-alone interpreter has it. */
static void set_arguments(lua_State *L, char *const *arguments)
{
	lua_newtable(L);
	for (int i = 0; arguments && arguments[i]; i++) {
		lua_pushstring(L, arguments[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setglobal(L, "arg");
}

static void open_modules(lua_State *L, const struct runtime_options *options)
{
	sandbox_open(L, options->is_unsafe);
	failure_open(L);
	missing_open(L);
	unsigned_open(L);
	program_type_open(L);
	typed_open(L);
	stack_open(L);
	print_open(L);
	emit_open(L);
	unit_open(L);
	aggregate_open(L);
	shared_open(L);
	define_open(L);
	control_open(L);
	target_open(L);
	timer_open(L);
	library_open(L);
}

struct runtime *runtime_new(struct session *session, struct sink *sink,
			    const struct runtime_options *options)
{
	struct runtime *runtime = xcalloc(1, sizeof(*runtime));
	lua_State *L = luaL_newstate();

	if (!L)
		abort(); /* no memory: as xmalloc */
	runtime->lua = L;
	runtime->session = session;
	runtime->sink = sink;
	runtime->options = *options;
	runtime->renderer = renderer_of(options->format);
	runtime->timer_fd = -1;
	runtime->flow_due_ns = INT64_MAX;
	*(struct runtime **)lua_getextraspace(L) = runtime;
	open_modules(L, options);
	push_block_environment(L);
	flow_open(L);
	runtime->block_environment = luaL_ref(L, LUA_REGISTRYINDEX);
	set_arguments(L, options->arguments);
	return runtime;
}

void runtime_free(struct runtime *runtime)
{
	if (!runtime)
		return;
	handle_free_all(runtime);
	timer_free_all(runtime);
	globals_free(runtime);
	vector_deinit(&runtime->units);
	vector_deinit(&runtime->at_exit);
	buffer_deinit(&runtime->batch);
	buffer_deinit(&runtime->flow_text);
	buffer_deinit(&runtime->flow_lines);
	buffer_deinit(&runtime->text);
	lua_close(runtime->lua);
	shared_free_all(runtime);
	program_free_all(runtime);
	free(runtime);
}

bool runtime_wants_exit(const struct runtime *runtime, int *ret_status)
{
	if (runtime->wants_exit && ret_status)
		*ret_status = runtime->exit_status;
	return runtime->wants_exit;
}

/* ------------------------------------------------------------------ running */

/* Runs the unit at the top of the stack; its values are left there. */
static struct error *run_unit(struct runtime *runtime, const struct unit *unit)
{
	lua_State *L = runtime->lua;
	int count = 0;

	TRY(unit_push_function(L, unit));
	for (char *const *a = runtime->options.arguments; a && *a; a++, count++) {
		lua_checkstack(L, LUA_MINSTACK);
		lua_pushstring(L, *a);
	}
	return failure_call(L, count, LUA_MULTRET);
}

static struct error *run_text(struct runtime *runtime, struct source *source)
{
	struct unit *unit;

	TRY(unit_load(runtime->lua, source, &unit));
	return run_unit(runtime, unit);
}

/* "EXPR" or "= EXPR" as "return EXPR". */
static struct source *as_expression(const struct source *source)
{
	const char *text = source->text + strspn(source->text, " \t");
	char *expression = xasprintf("return %s", text + (*text == '='));

	struct source *ret = source_new(source->name, expression, strlen(expression));
	free(expression);
	return ret;
}

static bool is_marked_expression(const struct source *source)
{
	return source->text[strspn(source->text, " \t")] == '=';
}

/* Parses as an expression if it is one, else as statements; pushes the unit. */
static struct error *load_interactive(struct runtime *runtime, struct source *source,
				      struct unit **ret)
{
	bool is_marked = is_marked_expression(source);
	struct error *expression_error = unit_load(runtime->lua, as_expression(source), ret);

	if (!expression_error || is_marked) {
		source_free(source);
		return expression_error;
	}
	struct error *err = unit_load(runtime->lua, source, ret);
	/* "1 +" is no statement at all, but may become an expression. */
	if (err && err->tag != ERR_INCOMPLETE && expression_error->tag == ERR_INCOMPLETE) {
		error_free(err);
		return expression_error;
	}
	error_free(expression_error);
	return err;
}

static struct error *run_interactive(struct runtime *runtime, struct source *source)
{
	lua_State *L = runtime->lua;
	struct unit *unit;

	TRY(load_interactive(runtime, source, &unit));
	int top = lua_gettop(L);
	TRY(run_unit(runtime, unit));
	int count = lua_gettop(L) - top;
	if (count == 0)
		return NULL;
	lua_pushcfunction(L, runtime->renderer->print);
	lua_insert(L, top + 1);
	return failure_call(L, count, 0);
}

struct error *runtime_run(struct runtime *runtime, struct source *source, bool is_interactive)
{
	lua_State *L = runtime->lua;
	int top = lua_gettop(L);

	lua_checkstack(L, LUA_MINSTACK);
	handle_sweep(runtime);
	struct error *err =
	    is_interactive ? run_interactive(runtime, source) : run_text(runtime, source);
	lua_settop(L, top);
	runtime_flush(runtime);
	return err;
}

void runtime_finish(struct runtime *runtime)
{
	lua_State *L = runtime->lua;
	struct callback_health health = {0};

	flow_finish(runtime);
	while (runtime->at_exit.size > 0) {
		int reference = runtime->at_exit.data[--runtime->at_exit.size];

		lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
		luaL_unref(L, LUA_REGISTRYINDEX, reference);
		struct error *err = failure_call(L, 0, 0);
		if (err)
			callback_failed(runtime, &health, "atexit", err);
	}
	callback_deinit(&health);
	runtime_flush(runtime);
}
