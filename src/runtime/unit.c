/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.c - a text that runs: its source, its tree, and the Lua function it becomes.
 * Apart because trees must live as long as probes and functions made of them: a
 * unit is Lua's to collect, held by what needs it.
 */
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define UNIT_TYPE "moontap.unit"

static int unit_gc(lua_State *L)
{
	struct unit *unit = luaL_checkudata(L, 1, UNIT_TYPE);

	if (unit->tree)
		tree_free(unit->tree);
	if (unit->source)
		source_free(unit->source);
	free(unit->chunk_name);
	*unit = (struct unit){0};
	return 0;
}

void unit_open(lua_State *L)
{
	luaL_newmetatable(L, UNIT_TYPE);
	lua_pushcfunction(L, unit_gc);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
}

/* ----------------------------------------------------------------- loading */

/* Lua knows a function's text by its chunk's name only. So texts of the same name
 * with functions in them are told apart: "x.lua", then "x.lua#2". */
static char *unique_chunk_name(const struct runtime *runtime, const struct unit *unit)
{
	const char *name = unit->source->name;
	unsigned count = 1;

	for (size_t i = 0; i < runtime->units.size; i++)
		count += strcmp(runtime->units.data[i]->source->name, name) == 0;
	if (count == 1 || unit->tree->functions.size == 0)
		return xasprintf("@%s", name);
	return xasprintf("@%s#%u", name, count);
}

/* The same text may run again and again (a file that is loaded anew). */
static struct unit *find_same(const struct runtime *runtime, const struct source *source)
{
	for (size_t i = 0; i < runtime->units.size; i++) {
		struct unit *unit = runtime->units.data[i];

		if (unit->source->size == source->size &&
		    strcmp(unit->source->name, source->name) == 0 &&
		    memcmp(unit->source->text, source->text, source->size) == 0)
			return unit;
	}
	return NULL;
}

/* Units with functions are kept: each may be handed to probe() at any time. */
static void keep(lua_State *L, struct unit *unit)
{
	struct runtime *runtime = runtime_of(L);

	vector_push(&runtime->units, unit);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, unit);
}

struct error *unit_load(lua_State *L, struct source *source, struct unit **ret)
{
	struct runtime *runtime = runtime_of(L);
	struct unit *unit = find_same(runtime, source);

	if (unit) {
		source_free(source);
		lua_rawgetp(L, LUA_REGISTRYINDEX, unit);
		*ret = unit;
		return NULL;
	}
	unit = lua_newuserdatauv(L, sizeof(*unit), 0);
	*unit = (struct unit){.source = source};
	luaL_setmetatable(L, UNIT_TYPE);
	struct error *err = tree_parse(source, &unit->tree);
	if (err) {
		lua_pop(L, 1);
		return err;
	}
	globals_note(runtime, unit->tree->root);
	unit->chunk_name = unique_chunk_name(runtime, unit);
	if (unit->tree->functions.size > 0)
		keep(L, unit);
	*ret = unit;
	return NULL;
}

/* Lua's own complaint, "NAME:LINE: message", about a text that our parser let
 * pass (a goto without a label, an assignment to a constant). */
static struct error *load_error(lua_State *L)
{
	struct error *err = failure_take(L);

	if (err->tag == ERR_LUA)
		err->tag = ERR_SYNTAX;
	return err;
}

/*
 * Probe statements are calls of _MOONTAP, which knows their unit. It is a local
 * around the text; the text stays a function of its own, so that its `...`, its
 * line numbers and its `return` are as they were.
 */
static void wrap(const struct unit *unit, struct buffer *out)
{
	bool has_probes = unit->tree->probes.size > 0;

	if (has_probes)
		buffer_puts(out, "local _MOONTAP <const> = ...; return function(...) ");
	tree_translate(unit->tree, out);
	if (has_probes)
		buffer_puts(out, "\nend");
}

struct error *unit_push_function(lua_State *L, const struct unit *unit)
{
	struct buffer text = {0};

	wrap(unit, &text);
	int status =
	    luaL_loadbufferx(L, text.data ? text.data : "", text.size, unit->chunk_name, "t");
	buffer_deinit(&text);
	if (status != LUA_OK)
		return load_error(L);
	if (unit->tree->probes.size == 0)
		return NULL;
	lua_pushvalue(L, -2);
	lua_pushcclosure(L, define_statement, 1);
	lua_call(L, 1, 1); /* raises nothing: it makes one closure */
	return NULL;
}

/* ------------------------------------------------------ finding a function */

static struct unit *find_by_name(const struct runtime *runtime, const char *chunk_name)
{
	for (size_t i = 0; i < runtime->units.size; i++)
		if (strcmp(runtime->units.data[i]->chunk_name, chunk_name) == 0)
			return runtime->units.data[i];
	return NULL;
}

/* Pushes the unit of a function: one that ran, a module that `require` loaded from a file,
 * or a text that load() did. */
static struct error *push_unit_of(lua_State *L, const lua_Debug *ar, struct unit **ret)
{
	struct runtime *runtime = runtime_of(L);
	struct unit *unit = find_by_name(runtime, ar->source);
	struct source *source;

	if (unit) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, unit);
		*ret = unit;
		return NULL;
	}
	/* Of load(), Lua keeps the text as the chunk's name, unless it was given another. */
	if (ar->source[0] != '@' && ar->source[0] != '=')
		return unit_load(L, source_new("(string)", ar->source, ar->srclen), ret);
	if (ar->source[0] == '=' || access(ar->source + 1, R_OK) != 0)
		return error_hint(error_new(ERR_TYPE, "the text of this function is not known"),
				  "A callback is compiled from its source: write it in a script "
				  "or module, or load() it without a name.");
	TRY(source_read(ar->source + 1, &source));
	return unit_load(L, source, ret);
}

static unsigned line_of(const struct unit *unit, uint32_t offset)
{
	unsigned line, column;

	source_position(unit->source, offset, &line, &column);
	return line;
}

static size_t parameter_count(const struct node *function)
{
	size_t count = 0;

	for (const struct node *child = function->first; child && child->kind == NODE_NAME;
	     child = child->next)
		count++;
	return count;
}

static bool is_function(const struct unit *unit, const struct node *node, const lua_Debug *ar)
{
	int first = (int)line_of(unit, node->span.start);
	int last = (int)line_of(unit, node->span.end - 1);

	return last == ar->lastlinedefined && first == ar->linedefined &&
	       parameter_count(node) == ar->nparams && node->is_vararg == ar->isvararg;
}

/* Is node the value of a table's field? Such is the place of a condition. */
static bool is_field(const struct tree *tree, const struct node *node)
{
	const struct node *parent = NULL;

	for (const struct node *at = tree->root; at && at != node;) {
		bool is_inside =
		    at->span.start <= node->span.start && node->span.end <= at->span.end;

		if (is_inside)
			parent = at;
		at = is_inside ? at->first : at->next;
	}
	return parent && parent->kind == NODE_FIELD;
}

struct error *unit_find_function(lua_State *L, int index, bool is_condition,
				 const struct unit **ret_unit, const struct node **ret_node)
{
	const struct node *found = NULL;
	bool found_fits = false, is_ambiguous = false;
	struct unit *unit = NULL;
	lua_Debug ar;

	lua_pushvalue(L, index);
	lua_getinfo(L, ">Su", &ar);
	if (ar.what[0] == 'C')
		return error_new(ERR_TYPE, "a callback must be a Lua function, not one of C");
	if (ar.what[0] == 'm')
		return error_new(ERR_TYPE,
				 "a callback must be a function in a text, not all of it");
	TRY(push_unit_of(L, &ar, &unit));
	for (size_t i = 0; unit && i < unit->tree->functions.size; i++) {
		const struct node *node = unit->tree->functions.data[i];

		if (!is_function(unit, node, &ar))
			continue;
		bool fits = is_field(unit->tree, node) == is_condition;
		/* One that fits its place beats one that does not. */
		if (!found || (fits && !found_fits)) {
			found = node;
			found_fits = fits;
			is_ambiguous = false;
		} else {
			is_ambiguous |= fits == found_fits;
		}
	}
	if (is_ambiguous)
		return error_hint(error_new(ERR_TYPE, "several functions begin and end at %s:%d",
					    ar.short_src, ar.linedefined),
				  "Put them on lines of their own: which one is meant cannot be "
				  "told.");
	if (!found)
		return error_new(ERR_TYPE, "no function is found at %s:%d: has the file changed?",
				 ar.short_src, ar.linedefined);
	*ret_unit = unit;
	*ret_node = found;
	return NULL;
}
