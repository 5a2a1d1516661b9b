/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abi.c - how a function receives its arguments. Apart because Go's answer
 * rests on facts that no table of the file states.
 */
#include "internal.h"

/* Assembly that takes its arguments in registers as compiled code does: these functions
 * of the runtime, as its sources for amd64 declare them (Go 1.17 to 1.24). All other assembly,
 * every user's included, takes them on the stack. A name ending in * is a prefix. */
static const char *const register_assembly[] = {
    "runtime.mem*",
    "runtime.strhash",
    "runtime.cmpstring",
    "runtime.panicIndex*",
    "runtime.panicSlice*",
    "runtime.panicBounds",
    "runtime.gcWriteBarrier*",
    "runtime.duff*",
    "runtime.debugCall*",
    "runtime.mcall",
    "runtime.getfp",
    "runtime.publicationBarrier",
    "internal/bytealg.Compare",
    "runtime/internal/syscall.Syscall6",
    "internal/runtime/syscall.Syscall6",
    "time.now",
};

static bool is_suffix(const char *s, const char *suffix)
{
	size_t size = strlen(s), length = strlen(suffix);

	return size >= length && strcmp(s + size - length, suffix) == 0;
}

static bool is_assembly(const struct image *image, uint64_t address)
{
	CLEANUP(free_p) char *file = NULL;
	unsigned line;

	return go_has_table(image) && gotab_line(image->go->table, address, &file, &line) &&
	       is_suffix(file, ".s");
}

enum abi image_abi(const struct image *image, const struct function *function)
{
	if (!function->is_go)
		return ABI_SYSV;
	/* Go 1.17 introduced the register ABI on amd64. */
	if (image->go->minor && image->go->minor < 17)
		return ABI_GO_STACK;
	if (is_suffix(function->name, ".abi0"))
		return ABI_GO_STACK;
	if (!is_assembly(image, function->address))
		return ABI_GO_REGISTERS;
	for (size_t i = 0; i < ARRAY_SIZE(register_assembly); i++)
		if (glob_match(register_assembly[i], function->name))
			return ABI_GO_REGISTERS;
	return ABI_GO_STACK;
}
