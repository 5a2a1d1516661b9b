/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.c - stacks in Lua: a userdata that has the frames as text, one for each distinct
 * text; and symbol(), which is one such line. Equal stacks are one value, so that they are equal
 * as keys of a Lua table too, and an event whose stack has come before makes nothing new.
 */
#include <inttypes.h>
#include <string.h>

#include "internal.h"

#define STACK_TYPE "moontap.stack"
#define INDENT	   "    "

struct stack_box {
	size_t size;
	char text[]; /* lines, each indented, joined by newlines */
};

/* -------------------------------------------------------------------- text */

static void put_place(struct buffer *out, const struct stack_frame *frame)
{
	const char *slash = frame->line.file ? strrchr(frame->line.file, '/') : NULL;
	const char *name = slash ? slash + 1 : frame->line.file ? frame->line.file : frame->module;

	if (!name)
		return;
	buffer_puts(out, frame->function ? " (" : " in ");
	escape_text(out, name, strlen(name), false);
	if (frame->line.file)
		buffer_printf(out, ":%u", frame->line.number);
	if (frame->function)
		buffer_putc(out, ')');
}

static void put_frame(struct buffer *out, const struct stack_frame *frame)
{
	buffer_puts(out, out->size ? "\n" INDENT : INDENT);
	if (frame->function)
		escape_text(out, frame->function, strlen(frame->function), false);
	else
		buffer_printf(out, "0x%" PRIx64, frame->address);
	if (frame->function && !frame->is_inlined)
		buffer_printf(out, "+0x%" PRIx64, frame->offset);
	put_place(out, frame);
	if (frame->is_inlined)
		buffer_puts(out, " (inlined)");
}

/* symbol(ADDRESS [, PID]): what is at a code address of a process, as a line of a stack; nil if
 * no file is. PID is the target's unless given. */
static int symbol(lua_State *L)
{
	struct session *session = runtime_of(L)->session;
	uint64_t address = 0;

	if (!to_pointer(L, 1, &address))
		address = (uint64_t)luaL_checkinteger(L, 1);
	const struct stack_capture capture = {
	    .pid = (pid_t)luaL_optinteger(L, 2, session_target(session)->pid),
	    .time_ns = UINT64_MAX,
	    .wanted = 1,
	    .addresses = &address,
	    .count = 1,
	};
	const struct stack *stack = session_find_stack(session, &capture);
	/* A function that is inlined at the first instruction of another: the other one. */
	struct stack_frame frame = stack->frames[stack->count - 1];
	if (!frame.module && !frame.function) {
		lua_pushnil(L);
		return 1;
	}
	struct buffer *text = push_buffer(L);
	put_frame(text, &frame);
	lua_pushstring(L, text->data + strlen(INDENT));
	buffer_deinit(text);
	return 1;
}

void stack_format(struct buffer *out, const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		put_frame(out, &stack->frames[i]);
	if (stack->end)
		buffer_printf(out, "%s" INDENT "%s", out->size ? "\n" : "", stack->end);
}

/* ------------------------------------------------------------------ values */

/* From a stack's number to its value; those of an older generation are let go. */
static void push_values(lua_State *L, struct runtime *runtime, unsigned generation)
{
	if (runtime->stack_values && runtime->stack_generation != generation) {
		luaL_unref(L, LUA_REGISTRYINDEX, runtime->stack_values);
		runtime->stack_values = 0;
	}
	if (!runtime->stack_values) {
		lua_newtable(L);
		runtime->stack_values = luaL_ref(L, LUA_REGISTRYINDEX);
		runtime->stack_generation = generation;
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->stack_values);
}

/* The value of a text that somebody still has, or a new one. */
static void push_box(lua_State *L, const struct buffer *text)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, push_box); /* by text, weakly */
	lua_pushlstring(L, text->size ? text->data : "", text->size);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, -3) == LUA_TNIL) {
		lua_pop(L, 1);
		struct stack_box *box = lua_newuserdatauv(L, sizeof(*box) + text->size, 0);
		box->size = text->size;
		if (text->size)
			memcpy(box->text, text->data, text->size);
		luaL_setmetatable(L, STACK_TYPE);
		lua_insert(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, -4);
	} else {
		lua_remove(L, -2);
	}
	lua_remove(L, -2);
}

const struct stack *stack_of_bytes(const struct probe *probe, const char *bytes, size_t size,
				   bool is_memory, uint64_t time_ns)
{
	uint64_t head, words[STACK_FRAMES_MAX];
	struct stack_capture capture = {.time_ns = time_ns};

	if (size < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	bytes += sizeof(head);
	size -= sizeof(head);
	capture.pid = (pid_t)STACK_PID(head);
	capture.wanted = STACK_COUNT(head);
	if (is_memory && size < STACK_REGISTERS * sizeof(*words))
		return NULL;
	/* The bytes behind other bytes are not aligned. */
	size_t count = is_memory ? STACK_REGISTERS : size / sizeof(*words);
	count = count < STACK_FRAMES_MAX ? count : STACK_FRAMES_MAX;
	memcpy(words, bytes, count * sizeof(*words));
	if (is_memory) {
		capture.registers = words;
		capture.memory = bytes + sizeof(*words) * STACK_REGISTERS;
		capture.memory_size = size - sizeof(*words) * STACK_REGISTERS;
	} else {
		capture.addresses = words;
		capture.count = count < capture.wanted ? count : capture.wanted;
	}
	return probe_find_stack(probe, &capture);
}

void push_stack(lua_State *L, const struct stack *stack)
{
	struct runtime *runtime = runtime_of(L);
	lua_Integer number = (lua_Integer)stack->number + 1;

	push_values(L, runtime, stack->generation);
	if (lua_rawgeti(L, -1, number) == LUA_TNIL) {
		lua_pop(L, 1);
		struct buffer *text = push_buffer(L);
		stack_format(text, stack);
		push_box(L, text);
		buffer_deinit(text);
		lua_remove(L, -2);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, number);
	}
	lua_remove(L, -2);
}

bool to_stack(lua_State *L, int index, const char **ret_text, size_t *ret_size)
{
	const struct stack_box *box = luaL_testudata(L, index, STACK_TYPE);

	if (!box)
		return false;
	*ret_text = box->text;
	*ret_size = box->size;
	return true;
}

/* ----------------------------------------------------------------- methods */

/* The line behind `at`, without its indentation; NULL if there is none. */
static const char *next_line(const struct stack_box *box, size_t *at, size_t *ret_size)
{
	if (*at >= box->size)
		return NULL;
	const char *line = box->text + *at + strlen(INDENT), *end = box->text + box->size;
	const char *newline = memchr(line, '\n', (size_t)(end - line));
	*ret_size = (size_t)((newline ? newline : end) - line);
	*at = (size_t)(line - box->text) + *ret_size + 1;
	return line;
}

static int stack_index(lua_State *L)
{
	const struct stack_box *box = luaL_checkudata(L, 1, STACK_TYPE);
	lua_Integer wanted = lua_isinteger(L, 2) ? lua_tointeger(L, 2) : 0;
	const char *line = NULL;
	size_t at = 0, size = 0;

	if (!lua_isinteger(L, 2))
		return luaL_error(L, "a stack has no field \"%s\": its frames are s[1] to s[#s]",
				  luaL_tolstring(L, 2, NULL));
	for (lua_Integer i = 0; i < wanted && (i == 0 || line); i++)
		line = next_line(box, &at, &size);
	if (line)
		lua_pushlstring(L, line, size);
	else
		lua_pushnil(L);
	return 1;
}

static int stack_length(lua_State *L)
{
	const struct stack_box *box = luaL_checkudata(L, 1, STACK_TYPE);
	lua_Integer count = 0;
	size_t at = 0, size;

	while (next_line(box, &at, &size))
		count++;
	lua_pushinteger(L, count);
	return 1;
}

static int stack_tostring(lua_State *L)
{
	const struct stack_box *box = luaL_checkudata(L, 1, STACK_TYPE);

	lua_pushlstring(L, box->text, box->size);
	return 1;
}

bool stack_put_json(lua_State *L, int index, struct buffer *out)
{
	const struct stack_box *box = luaL_testudata(L, index, STACK_TYPE);
	const char *line;
	size_t at = 0, size;

	if (!box)
		return false;
	for (char before = '['; (line = next_line(box, &at, &size)); before = ',') {
		buffer_putc(out, before);
		json_string(out, line, size);
	}
	buffer_puts(out, box->size ? "]" : "[]");
	return true;
}

void stack_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
	    {"__tostring", stack_tostring},
	    {"__index", stack_index},
	    {"__len", stack_length},
	    {NULL, NULL},
	};

	push_value_type(L, STACK_TYPE, "stack", methods);
	lua_pop(L, 1);
	lua_register(L, "symbol", symbol);
	lua_newtable(L);
	lua_newtable(L);
	lua_pushliteral(L, "v");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, push_box);
}
