/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spaces.c - what processes have mapped, each from one exec to the next; what has ended is
 * remembered for a while.
 */
#include "stack.h"

/* So many that are over. */
#define OVER_MAX 4096

void spaces_deinit(struct spaces *spaces)
{
	for (size_t i = 0; i < spaces->newest.capacity; i++)
		for (struct space *space = spaces->newest.entries[i].value, *older; space;
		     space = older) {
			older = space->older;
			space_free(space);
		}
	number_map_deinit(&spaces->newest);
	vector_deinit(&spaces->over);
}

struct space *spaces_begin(struct spaces *spaces, pid_t pid, uint64_t since_ns)
{
	struct space *older = number_map_get(&spaces->newest, (uint64_t)pid);
	struct space *space = space_new(pid, since_ns, older);

	number_map_put(&spaces->newest, (uint64_t)pid, space);
	return space;
}

struct space *spaces_get(struct spaces *spaces, struct modules *modules, pid_t pid,
			 uint64_t time_ns)
{
	struct space *space = number_map_get(&spaces->newest, (uint64_t)pid);

	while (space && space->since_ns > time_ns && space->older)
		space = space->older;
	if (space)
		return space;
	space = spaces_begin(spaces, pid, 0);
	space_read(space, modules);
	return space;
}

static void forget(struct spaces *spaces, struct space *space)
{
	struct space *newest = number_map_get(&spaces->newest, (uint64_t)space->pid);

	if (newest == space && space->older) {
		number_map_put(&spaces->newest, (uint64_t)space->pid, space->older);
	} else if (newest == space) {
		number_map_remove(&spaces->newest, (uint64_t)space->pid);
	} else {
		while (newest->older != space)
			newest = newest->older;
		newest->older = space->older;
	}
	space_free(space);
}

static bool is_traced(const struct space *space, const struct modules *modules)
{
	for (size_t i = 0; i < space->regions.size; i++)
		if (modules_is_traced(modules, space->regions.data[i].module->inode))
			return true;
	return false;
}

void spaces_end(struct spaces *spaces, const struct modules *modules, pid_t pid)
{
	struct space *space = number_map_get(&spaces->newest, (uint64_t)pid);

	if (!space || space->is_over)
		return;
	if (!is_traced(space, modules)) {
		forget(spaces, space);
		return;
	}
	space->is_over = true;
	if (spaces->over.size == OVER_MAX) {
		forget(spaces, spaces->over.data[0]);
		memmove(spaces->over.data, spaces->over.data + 1,
			--spaces->over.size * sizeof(*spaces->over.data));
	}
	vector_push(&spaces->over, space);
}
