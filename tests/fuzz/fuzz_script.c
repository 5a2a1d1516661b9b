/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_script.c - any bytes as a script. Beside what the sanitizers see: Lua accepts what
 * the parser accepts without probes, and its translation otherwise; spans lie in the text and
 * inside their parent's; an error names its place.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "moontap/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void die(const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s\n", what, detail ? detail : "");
	abort();
}

/* Limits of Lua's code generator, which a parser without one does not have. */
static bool is_limit(const char *message)
{
	static const char *const limits[] = {"overflow",	  "too many registers",
					     "too many upvalues", "too many local",
					     "too complex",	  "too long"};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strstr(message, limits[i]))
			return true;
	return false;
}

static void check_spans(const struct node *node, struct span outer)
{
	if (node->span.start > node->span.end || node->span.start < outer.start ||
	    node->span.end > outer.end)
		die("a span leaves its parent's", NULL);
	for (const struct node *child = node->first; child; child = child->next)
		check_spans(child, node->span);
}

static void check_accepted(lua_State *lua, const struct tree *tree)
{
	const struct source *source = tree->source;
	struct buffer plain = {0};

	check_spans(tree->root, (struct span){0, source->size});
	tree_translate(tree, &plain);
	buffer_append(&plain, "", 0);
	if (tree->probes.size == 0 && plain.size != source->size)
		die("text without probes was changed", NULL);
	if (luaL_loadbufferx(lua, plain.data, plain.size, "=x", "t") != LUA_OK &&
	    !is_limit(lua_tostring(lua, -1)))
		die("Lua refuses what the parser accepts", lua_tostring(lua, -1));
	buffer_deinit(&plain);
	for (size_t i = 0; i < tree->probes.size; i++) {
		name_list names = {0};
		tree_upvalues(tree->probes.data[i], &names);
		vector_deinit(&names);
	}
}

static void check_refused(lua_State *lua, const struct source *source, const struct error *err)
{
	struct buffer shown = {0};

	if (err->tag != ERR_SYNTAX && err->tag != ERR_INCOMPLETE)
		die("unexpected kind of error", error_tag_name(err->tag));
	if (!err->where || !err->excerpt)
		die("an error without a place", err->message);
	error_format(err, &shown);
	bool has_preamble = source->text[0] == '#' || source->text[0] == '\xef';
	if (!has_preamble && !strstr(err->message, "limit is") &&
	    luaL_loadbufferx(lua, source->text, source->size, "=x", "t") == LUA_OK)
		die("Lua accepts what the parser refuses", shown.data);
	buffer_deinit(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static lua_State *lua;
	struct source *source = source_new("fuzz", (const char *)data, size);
	struct tree *tree = NULL;

	if (!lua)
		lua = luaL_newstate();
	struct error *err = tree_parse(source, &tree);
	if (err)
		check_refused(lua, source, err);
	else
		check_accepted(lua, tree);
	lua_settop(lua, 0);
	error_free(err);
	tree_free(tree);
	source_free(source);
	return 0;
}
