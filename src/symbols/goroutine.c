/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goroutine.c - where the goroutine that runs, and its number, are to be read.
 *
 * A thread has a g: the goroutine's, or g0 while it is on its system stack. Both lead to
 * the thread's m, and that to the goroutine it works for (m.curg), which for a goroutine is
 * itself. So one way serves all sites. Offsets are DWARF's, else those of the version (facts
 * from the runtime's runtime2.go of each).
 */
#include "internal.h"

#define REGISTER_R14 14
#define G_SIZE	     8
#define NEWEST_KNOWN 27
#define CODE_MAX     256

struct offsets {
	int64_t m, goid, stack_hi; /* in runtime.g */
	int64_t curg;		   /* in runtime.m */
};

/* ------------------------------------------------------------------- offsets */

static bool offsets_of_version(unsigned minor, struct offsets *ret)
{
	if (minor < 11 || minor > NEWEST_KNOWN)
		return false;
	*ret = (struct offsets){
	    .m = 48,
	    .goid = minor == 23 || minor == 24 ? 160 : 152,
	    .stack_hi = 8,
	    .curg = minor >= 25 ? 184 : 192,
	};
	return true;
}

static const struct type_member *member_named(const struct type *type, const char *name)
{
	for (size_t i = 0; type && i < type->member_count; i++)
		if (type->members[i].name && strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	return NULL;
}

static bool offset_of(const struct type *type, const char *name, int64_t *ret)
{
	const struct type_member *member = member_named(type, name);

	if (member)
		*ret = (int64_t)member->offset;
	return member != NULL;
}

static bool offsets_of_dwarf(struct image *image, struct offsets *ret)
{
	struct scope *scope = NULL;
	struct function main;
	struct error *err = NULL;

	if (!image_has_dwarf(image) || !gotab_function(image, "runtime.main", &main))
		return false;
	err = scope_open(image, main.address, &scope);
	error_free(err); /* the version tells then */
	if (!scope)
		return false;
	const struct type *g = scope_type(scope, "runtime.g"), *m = scope_type(scope, "runtime.m");
	scope_close(scope);
	int64_t stack, hi;
	if (!offset_of(g, "m", &ret->m) || !offset_of(g, "goid", &ret->goid) ||
	    !offset_of(g, "stack", &stack) || !offset_of(m, "curg", &ret->curg) ||
	    !offset_of(member_named(g, "stack")->type, "hi", &hi))
		return false;
	ret->stack_hi = stack + hi;
	return true;
}

/* ----------------------------------------------------------- thread-local g */

/* mov %fs:n,%reg: the distance n, of g in code for fixed addresses. */
static bool tls_of_code(struct image *image, int64_t *ret)
{
	uint8_t bytes[CODE_MAX];
	struct function function;

	if (!gotab_function(image, "runtime.morestack", &function))
		return false;
	size_t size = function.size < sizeof(bytes) ? function.size : sizeof(bytes);
	if (!image_read(image, function.address, bytes, size))
		return false;
	for (size_t i = 0; i + 9 <= size; i++) {
		int32_t distance;
		if (bytes[i] != 0x64 || (bytes[i + 1] & 0xfb) != 0x48 || bytes[i + 2] != 0x8b ||
		    (bytes[i + 3] & 0xc7) != 0x04 || bytes[i + 4] != 0x25)
			continue;
		memcpy(&distance, bytes + i + 5, sizeof(distance));
		*ret = distance;
		return true;
	}
	return false;
}

/* The program's own thread-local variables end where %fs points: g is the only one, unless C code
 * has others. */
static bool tls_of_g(struct image *image, int64_t *ret)
{
	uint64_t value;

	*ret = -G_SIZE;
	if (image->tls_size <= G_SIZE)
		return true;
	if (symtab_object(image, "runtime.tlsg", &value)) {
		uint64_t align = image->tls_align ? image->tls_align : 1;
		uint64_t size = (image->tls_size + align - 1) / align * align;
		*ret = (int64_t)(value - size);
		return true;
	}
	return tls_of_code(image, ret);
}

/* --------------------------------------------------------------------- steps */

#define STEPS_MAX 16

struct path {
	struct where_step steps[STEPS_MAX];
	size_t count;
};

static void add(struct path *path, enum where_op op, int64_t number)
{
	path->steps[path->count++] = (struct where_step){op, number};
}

/* Follows a pointer that lies offset bytes into what the path leads to. */
static void follow(struct path *path, int64_t offset)
{
	add(path, WHERE_CONSTANT, offset);
	add(path, WHERE_ADD, 0);
	add(path, WHERE_LOAD, sizeof(uint64_t));
}

static struct where_piece piece_of(struct image *image, const struct path *path)
{
	struct where_step *kept = arena_alloc(&image->arena, path->count * sizeof(*kept));

	memcpy(kept, path->steps, path->count * sizeof(*kept));
	return (struct where_piece){.kind = PIECE_VALUE,
				    .steps = kept,
				    .step_count = path->count,
				    .size = sizeof(uint64_t)};
}

bool image_goroutine(struct image *image, bool has_register, struct goroutine *ret)
{
	struct offsets offsets;
	struct path path = {0};
	int64_t tls;

	if (!image->go ||
	    (!offsets_of_dwarf(image, &offsets) && !offsets_of_version(image->go->minor, &offsets)))
		return false;
	bool has_tls = tls_of_g(image, &tls);
	if (!has_tls && !has_register)
		return false;
	if (has_register) {
		add(&path, WHERE_REGISTER, REGISTER_R14);
	} else {
		add(&path, WHERE_FSBASE, 0);
		follow(&path, tls);
	}
	follow(&path, offsets.m);
	follow(&path, offsets.curg);
	follow(&path, offsets.goid);
	*ret = (struct goroutine){piece_of(image, &path), has_tls ? tls : 0, offsets.stack_hi};
	return true;
}
