/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failure.c - struct error as a Lua error, and what Lua raised as a struct error.
 * Apart because every way between C and Lua passes here, with nothing lost: a
 * script that catches an error sees text and fields, the console gets the original back.
 */
#include <ctype.h>
#include <string.h>

#include "internal.h"

#define ERROR_TYPE "moontap.error"

/* Its address is what exit() raises. */
static const char exit_mark;

/* An error object without an error yet: made first, so that nothing can be
 * raised once there is something to free. */
static struct error **push_empty(lua_State *L)
{
	struct error **box = lua_newuserdatauv(L, sizeof(struct error *), 0);

	*box = NULL;
	luaL_setmetatable(L, ERROR_TYPE);
	return box;
}

/* The script's line that called the C function which is running. */
static char *calling_line(lua_State *L)
{
	lua_Debug ar;

	if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0)
		return NULL;
	return xasprintf("%s:%d", ar.short_src, ar.currentline);
}

int failure_raise(lua_State *L, struct error *err)
{
	struct error **box = push_empty(L);

	*box = err;
	if (!err->where)
		err->where = calling_line(L);
	lua_error(L);
	__builtin_unreachable();
}

int failure_raise_exit(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)&exit_mark);
	lua_error(L);
	__builtin_unreachable();
}

static bool is_exit(lua_State *L, int index)
{
	return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &exit_mark;
}

/* ------------------------------------------------------- from Lua's errors */

/* "NAME:LINE: text": the size of NAME:LINE, or 0. */
static size_t position_size(const char *message)
{
	for (const char *colon = strchr(message, ':'); colon; colon = strchr(colon + 1, ':')) {
		size_t digits = strspn(colon + 1, "0123456789");

		if (digits && strncmp(colon + 1 + digits, ": ", 2) == 0)
			return (size_t)(colon + 1 + digits - message);
	}
	return 0;
}

/* Foreign text may be in a Lua error; and a message is one line. */
static char *escaped(const char *text, size_t size)
{
	struct buffer out = {0};

	escape_text(&out, text, size, true);
	return buffer_take(&out);
}

static struct error *from_message(const char *message, size_t size)
{
	size_t position = position_size(message);
	size_t skipped = position ? position + 2 : 0;
	char *text = escaped(message + skipped, size - skipped);
	struct error *err = error_new(ERR_LUA, "%s", text);

	free(text);
	if (position)
		err->where = escaped(message, position);
	return err;
}

/* ------------------------------------------------------------- tracebacks */

/* Lines of a traceback; the middle of a longer one is left out. */
enum {
	TRACEBACK_FIRST = 10,
	TRACEBACK_LAST = 10
};

/* The number of levels: found by halving, as each question walks the stack. */
static int level_count(lua_State *L)
{
	lua_Debug ar;
	int low = 0, high = 1;

	for (; lua_getstack(L, high, &ar); high *= 2)
		low = high;
	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (lua_getstack(L, middle, &ar))
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Level of the last Lua function: those below it are ours. 0: none. */
static int last_script_level(lua_State *L)
{
	lua_Debug ar;
	int level = level_count(L) - 1;

	while (level > 0 && lua_getstack(L, level, &ar) && lua_getinfo(L, "S", &ar) &&
	       ar.what[0] == 'C')
		level--;
	return level;
}

static void put_function(struct runtime *runtime, const lua_Debug *ar, bool is_last,
			 struct buffer *out)
{
	bool is_plain = !*ar->namewhat || strcmp(ar->namewhat, "global") == 0;

	if (is_last && runtime->current)
		buffer_printf(out, "in the block of tracepoint %u", runtime->current->number);
	else if (is_last && runtime->is_in_timer)
		buffer_puts(out, "in the block of every");
	else if (is_last)
		buffer_puts(out, "in main chunk");
	else if (ar->name)
		buffer_printf(out, "in %s '%s'", is_plain ? "function" : ar->namewhat, ar->name);
	else if (ar->what[0] == 'C')
		buffer_puts(out, "in a C function");
	else
		buffer_printf(out, "in function <%s:%d>", ar->short_src, ar->linedefined);
}

static void put_level(lua_State *L, int level, bool is_last, struct buffer *out)
{
	lua_Debug ar;

	if (!lua_getstack(L, level, &ar) || !lua_getinfo(L, "Snlt", &ar))
		return;
	if (ar.what[0] == 'C' && !ar.name)
		return;
	buffer_puts(out, "\n\t");
	if (ar.what[0] == 'C')
		buffer_puts(out, "[C]: ");
	else if (ar.currentline > 0)
		buffer_printf(out, "%s:%d: ", ar.short_src, ar.currentline);
	else
		buffer_printf(out, "%s: ", ar.short_src);
	put_function(runtime_of(L), &ar, is_last, out);
	if (ar.istailcall)
		buffer_puts(out, "\n\t(...tail calls...)");
}

static char *traceback(lua_State *L)
{
	struct buffer out = {0};
	int last = last_script_level(L);

	if (last == 0)
		return NULL;
	buffer_puts(&out, "stack traceback:");
	for (int level = 1; level <= last; level++) {
		if (level == TRACEBACK_FIRST + 1 && last > TRACEBACK_FIRST + TRACEBACK_LAST) {
			level = last - TRACEBACK_LAST;
			buffer_printf(&out, "\n\t...\t(%d levels left out)",
				      level - TRACEBACK_FIRST);
			continue;
		}
		put_level(L, level, level == last, &out);
	}
	return buffer_take(&out);
}

/* One level alone, of a main chunk, says no more than the error's own place. */
static bool says_more(const struct runtime *runtime, const struct error *err, const char *traceback)
{
	const char *first = traceback ? strchr(traceback, '\n') : NULL;

	return first &&
	       (strchr(first + 1, '\n') || !err->where || runtime->current || runtime->is_in_timer);
}

/* A message handler: turns whatever was raised into an error object with a
 * traceback. */
static int handle_message(lua_State *L)
{
	if (is_exit(L, 1) || luaL_testudata(L, 1, ERROR_TYPE))
		return 1;
	struct error **box = push_empty(L);
	const char *message;
	if (lua_isstring(L, 1) || luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL)
		message = luaL_tolstring(L, 1, NULL);
	else
		message = lua_pushfstring(L, "(the error is a %s value)", luaL_typename(L, 1));
	*box = from_message(message, strlen(message));
	char *levels = traceback(L);
	if (says_more(runtime_of(L), *box, levels))
		(*box)->hint = levels;
	else
		free(levels);
	lua_pushvalue(L, 2);
	return 1;
}

struct error *failure_take(lua_State *L)
{
	struct error *err = NULL;
	struct error **box = luaL_testudata(L, -1, ERROR_TYPE);

	if (box) {
		err = *box;
		*box = NULL;
	}
	/* A script may catch an error, let us take it, and raise it again. */
	if (!err && !is_exit(L, -1)) {
		const char *message = lua_tostring(L, -1);

		err = message ? from_message(message, strlen(message))
			      : error_new(ERR_LUA, "an error that was reported before");
	}
	lua_pop(L, 1);
	return err;
}

struct error *failure_call(lua_State *L, int arguments, int results)
{
	int handler = lua_gettop(L) - arguments;

	lua_pushcfunction(L, handle_message);
	lua_insert(L, handler);
	if (runtime_of(L)->depth++ == 0)
		runtime_of(L)->moment++;
	int status = lua_pcall(L, arguments, results, handler);
	runtime_of(L)->depth--;
	lua_remove(L, handler);
	return status == LUA_OK ? NULL : failure_take(L);
}

/* ----------------------------------------------------------- interruption */

static void raise_interrupted(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	lua_sethook(L, NULL, 0, 0);
	luaL_error(L, "interrupted");
}

/* lua_sethook is the one function of Lua's that a signal handler may call. */
void runtime_interrupt(struct runtime *runtime)
{
	if (runtime->depth)
		lua_sethook(runtime->lua, raise_interrupted,
			    LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* ----------------------------------------------------------- error objects */

static const struct error *check_error(lua_State *L)
{
	struct error **box = luaL_checkudata(L, 1, ERROR_TYPE);

	return *box;
}

static int error_tostring(lua_State *L)
{
	const struct error *err = check_error(L);

	if (err && err->where)
		lua_pushfstring(L, "%s: %s", err->where, err->message);
	else
		lua_pushstring(L, err ? err->message : "an error that was reported before");
	return 1;
}

static int error_index(lua_State *L)
{
	const struct error *err = check_error(L);
	const char *field = luaL_checkstring(L, 2);
	const struct {
		const char *name, *value;
	} fields[] = {
	    {"tag", err ? error_tag_name(err->tag) : NULL},
	    {"message", err ? err->message : NULL},
	    {"where", err ? err->where : NULL},
	    {"excerpt", err ? err->excerpt : NULL},
	    {"hint", err ? err->hint : NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(field, fields[i].name) == 0) {
			lua_pushstring(L, fields[i].value); /* NULL: nil */
			return 1;
		}
	return 0;
}

static int error_gc(lua_State *L)
{
	struct error **box = luaL_checkudata(L, 1, ERROR_TYPE);

	error_free(*box);
	*box = NULL;
	return 0;
}

void failure_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
	    {"__tostring", error_tostring},
	    {"__index", error_index},
	    {"__gc", error_gc},
	    {NULL, NULL},
	};

	push_value_type(L, ERROR_TYPE, "error", methods);
	lua_pop(L, 1);
}
