/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library.c - the Lua files that come with moontap: where they are, the recipes among them,
 * and calls of their functions from the console.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* ------------------------------------------------------------------- where */

char *library_directory(void)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *end = size > 0 ? memrchr(program, '/', (size_t)size) : NULL;

	if (end) {
		char *beside = xasprintf("%.*s/lua", (int)(end - program), program);
		char *sign = xasprintf("%s/moontap/recipe.lua", beside);
		bool is_there = access(sign, R_OK) == 0;

		free(sign);
		if (is_there)
			return beside;
		free(beside);
	}
	return xstrdup(MOONTAP_LUA_DIR);
}

/* $XDG_DATA_HOME/moontap/recipes; NULL without a home. The caller frees. */
static char *own_recipes(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (data && *data == '/')
		return xasprintf("%s/moontap/recipes", data);
	if (home && *home == '/')
		return xasprintf("%s/.local/share/moontap/recipes", home);
	return NULL;
}

/* ----------------------------------------------------------------- recipes */

/* Is text[0..size) lower-case letters, digits and _, so that it can be typed as it is? */
static bool is_plain(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) &&
		    text[i] != '_')
			return false;
	return size > 0;
}

struct search {
	VECTOR(char *) names; /* "go.latency" */
	VECTOR(char *) paths;
	VECTOR(const char *) dangers; /* or NULL */
	bool is_trusted;	      /* the directory is moontap's own */
	const char *danger;	      /* of the directories above */
};

static void add_file(struct search *s, const char *area, const char *directory, const char *file)
{
	size_t size = strlen(file), stem = size > 4 ? size - 4 : 0;

	if (!is_plain(file, stem) || strcmp(file + stem, ".lua") != 0)
		return;
	char *path = xasprintf("%s/%s", directory, file);
	vector_push(&s->names, xasprintf("%s.%.*s", area, (int)stem, file));
	vector_push(&s->paths, path);
	vector_push(&s->dangers, s->is_trusted ? NULL : s->danger ? s->danger : file_danger(path));
}

static void each_entry(struct search *s, const char *area, const char *directory);

static void add_area(struct search *s, const char *area, const char *directory, const char *file)
{
	(void)area;
	if (!is_plain(file, strlen(file)))
		return;
	char *path = xasprintf("%s/%s", directory, file);
	const char *outer = s->danger;
	if (!s->is_trusted && !outer)
		s->danger = file_danger(path);
	each_entry(s, file, path);
	s->danger = outer;
	free(path);
}

/* Of the directory of an area, or of areas if area is NULL. */
static void each_entry(struct search *s, const char *area, const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		(area ? add_file : add_area)(s, area, directory, entry->d_name);
	if (dir)
		closedir(dir);
}

static void find_all(struct search *s)
{
	char *library = library_directory(), *own = own_recipes();
	char *installed = xasprintf("%s/moontap/recipes", library);

	s->is_trusted = true;
	each_entry(s, NULL, installed);
	s->is_trusted = false;
	s->danger = own ? file_danger(own) : NULL;
	if (own)
		each_entry(s, NULL, own);
	free(installed);
	free(library);
	free(own);
}

/* recipes(): a list of { name =, path =, danger = } in no order, moontap's own first. */
static int files_recipes(lua_State *L)
{
	struct search s = {0};

	luaL_checkstack(L, LUA_MINSTACK, "recipes");
	find_all(&s);
	lua_newtable(L);
	for (size_t i = 0; i < s.names.size; i++) {
		lua_createtable(L, 0, 3);
		lua_pushstring(L, s.names.data[i]);
		lua_setfield(L, -2, "name");
		lua_pushstring(L, s.paths.data[i]);
		lua_setfield(L, -2, "path");
		lua_pushstring(L, s.dangers.data[i]); /* NULL: nil */
		lua_setfield(L, -2, "danger");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
		free(s.names.data[i]);
		free(s.paths.data[i]);
	}
	vector_deinit(&s.names);
	vector_deinit(&s.paths);
	vector_deinit(&s.dangers);
	return 1;
}

/* nearest(WANTED, LIST): "`a`, `b` or `c`", the strings of the list that are nearly the one
 * wanted; nil if none is. */
static int files_nearest(lua_State *L)
{
	struct nearest near = {.wanted = luaL_checkstring(L, 1)};
	struct buffer *names = push_buffer(L);

	luaL_checktype(L, 2, LUA_TTABLE);
	for (lua_Integer i = 1; lua_rawgeti(L, 2, i) == LUA_TSTRING; i++, lua_pop(L, 1))
		nearest_offer(&near, lua_tostring(L, -1));
	nearest_format(&near, names);
	nearest_deinit(&near);
	lua_pushstring(L, names->data); /* NULL: nil */
	return 1;
}

/* make_private(PATH): makes a file that only its owner can read, unless there is one; true, or nil
 * and why not. */
static int files_make_private(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int count = luaL_fileresult(L, fd >= 0, path);

	if (fd >= 0)
		close(fd);
	return count;
}

static int open_files(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"recipes", files_recipes},
	    {"nearest", files_nearest},
	    {"make_private", files_make_private},
	    {NULL, NULL},
	};

	luaL_newlib(L, functions);
	return 1;
}

void library_open(lua_State *L)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_pushcfunction(L, open_files);
	lua_setfield(L, -2, "moontap.files");
	lua_pop(L, 1);
}

/* ------------------------------------------------------------------- calls */

/* Arguments: module, function, text. Results: what the function returns. */
static int call_module(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushvalue(L, 1);
	lua_call(L, 1, 1);
	lua_getfield(L, -1, lua_tostring(L, 2));
	lua_pushvalue(L, 3);
	lua_call(L, 1, 3);
	return 3;
}

struct error *runtime_call_module(struct runtime *runtime, const char *module, const char *function,
				  const char *text, struct buffer *out)
{
	lua_State *L = runtime->lua;
	int top = lua_gettop(L);

	lua_checkstack(L, LUA_MINSTACK); /* outside of a protected call nothing may raise */
	lua_pushcfunction(L, call_module);
	lua_pushstring(L, module);
	lua_pushstring(L, function);
	lua_pushstring(L, text);
	struct error *err = failure_call(L, 3, 3);
	if (!err && lua_isstring(L, -3)) {
		size_t size;
		const char *bytes = lua_tolstring(L, -3, &size);

		buffer_append(out, bytes, size);
	} else if (!err && lua_isstring(L, -2)) {
		err = error_new(ERR_USAGE, "%s", lua_tostring(L, -2));
		if (lua_isstring(L, -1))
			error_hint(err, "%s", lua_tostring(L, -1));
	}
	lua_settop(L, top);
	runtime_flush(runtime);
	return err;
}
