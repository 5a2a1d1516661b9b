/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - what the target's files say of addresses that values lead to.
 * A value of Lua's may outlive its probe and the target: it keeps the image that its type is of.
 */
#include "internal.h"

#define PROGRAM_TYPE "moontap.program"

/* A userdata, alive while a value or a probe has use for the image. */
struct kept_program {
	struct typed_program public; /* first: what is handed out */
	bool is_found_dead;
};

static const struct type *type_at(const struct typed_program *program, uint64_t address)
{
	return image_go_type(program->image, address);
}

static const char *function_at(const struct typed_program *program, uint64_t address)
{
	struct function function;

	return image_function_at(program->image, address, &function) && function.address == address
		   ? function.name
		   : NULL;
}

static void let_go(struct runtime *runtime, const struct image *image)
{
	for (size_t i = 0; i < runtime->images.size; i++)
		if (runtime->images.data[i] == image) {
			image_unref(runtime->images.data[i]);
			runtime->images.data[i] = runtime->images.data[--runtime->images.size];
			return;
		}
}

/* Of what dies together with it, a script's own finalizers may come later and read values: the
 * image goes when it is found dead for the second time. */
static int program_gc(lua_State *L)
{
	struct kept_program *program = luaL_checkudata(L, 1, PROGRAM_TYPE);

	if (program->is_found_dead) {
		let_go(runtime_of(L), program->public.image);
		return 0;
	}
	program->is_found_dead = true;
	luaL_setmetatable(L, PROGRAM_TYPE); /* or this would not be called again */
	return 0;
}

void program_type_open(lua_State *L)
{
	luaL_newmetatable(L, PROGRAM_TYPE);
	lua_pushcfunction(L, program_gc);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
}

const struct typed_program *push_program(lua_State *L, int *reference, struct image *image)
{
	if (*reference == 0) {
		struct kept_program *program = lua_newuserdatauv(L, sizeof(*program), 0);

		*program = (struct kept_program){{type_at, function_at, NULL, image}, false};
		luaL_setmetatable(L, PROGRAM_TYPE);
		vector_push(&runtime_of(L)->images, image_ref(image));
		*reference = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, *reference);
	return lua_touserdata(L, -1);
}

void program_free_all(struct runtime *runtime)
{
	for (size_t i = 0; i < runtime->images.size; i++)
		image_unref(runtime->images.data[i]);
	vector_deinit(&runtime->images);
}
