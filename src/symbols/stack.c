/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.c - from captures to stacks. Each distinct stack is kept with its frames: one that
 * has come before costs a look at its addresses and nothing else.
 */
#include "stack.h"

/* More distinct stacks than that are forgotten all at once. */
#define STACKS_MAX 16384

struct kept_stack {
	struct kept_stack *next; /* of the same hash */
	struct stack public;
	size_t place_count;
	struct stack_place places[];
};

struct stacks {
	struct modules modules;
	struct spaces spaces;
	struct intern names;	/* of generated code */
	struct number_map kept; /* struct kept_stack by hash */
	struct arena arena;	/* of these */
	unsigned count, generation;
	stack_place_list places; /* of the stack being looked up */
};

struct stacks *stacks_new(void)
{
	return xcalloc(1, sizeof(struct stacks));
}

static void forget_stacks(struct stacks *stacks)
{
	number_map_deinit(&stacks->kept);
	arena_deinit(&stacks->arena);
	stacks->count = 0;
	stacks->generation++;
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	forget_stacks(stacks);
	vector_deinit(&stacks->places);
	spaces_deinit(&stacks->spaces);
	intern_deinit(&stacks->names);
	modules_deinit(&stacks->modules);
	free(stacks);
}

/* ----------------------------------------------------------------- notices */

/* The same file is opened anew for each target. */
static bool is_same_file(const struct image *a, const struct image *b)
{
	return a->stat.st_ino == b->stat.st_ino && a->stat.st_dev == b->stat.st_dev &&
	       strcmp(a->name, b->name) == 0;
}

void stacks_add_image(struct stacks *stacks, struct image *image)
{
	for (size_t i = 0; i < stacks->modules.images.size; i++)
		if (is_same_file(stacks->modules.images.data[i], image))
			return;
	vector_push(&stacks->modules.images, image_ref(image));
}

void stacks_read_process(struct stacks *stacks, pid_t pid)
{
	space_read(spaces_get(&stacks->spaces, &stacks->modules, pid, UINT64_MAX),
		   &stacks->modules);
}

void stacks_note_mapping(struct stacks *stacks, pid_t pid, const struct mapping_notice *mapping)
{
	struct space *space = spaces_get(&stacks->spaces, &stacks->modules, pid, UINT64_MAX);
	CLEANUP(free_p) char *text = xstrdup(mapping->path);
	CLEANUP(free_p) char *path = process_path(text);

	space_map(space, &(struct region){mapping->start, mapping->end, mapping->offset,
					  modules_get(&stacks->modules, path, mapping->inode)});
}

void stacks_note_exec(struct stacks *stacks, pid_t pid, uint64_t time_ns)
{
	spaces_end(&stacks->spaces, &stacks->modules, pid);
	spaces_begin(&stacks->spaces, pid, time_ns);
}

void stacks_note_fork(struct stacks *stacks, pid_t parent, pid_t child, uint64_t time_ns)
{
	const struct space *from = number_map_get(&stacks->spaces.newest, (uint64_t)parent);

	if (!from || parent == child)
		return;
	struct space *space = spaces_begin(&stacks->spaces, child, time_ns);
	for (size_t i = 0; i < from->regions.size; i++)
		vector_push(&space->regions, from->regions.data[i]);
}

void stacks_note_exit(struct stacks *stacks, pid_t pid)
{
	spaces_end(&stacks->spaces, &stacks->modules, pid);
}

/* ------------------------------------------------------------------ places */

struct locator {
	struct stacks *stacks;
	struct space *space;
};

/* Code that the process has generated, if it gives it a name. */
static void name_generated(const struct locator *locator, struct stack_place *place)
{
	const char *name = perfmap_find(locator->space, place->address, &place->start);

	if (name)
		place->name = intern(&locator->stacks->names, name);
}

static void locate_in_file(const struct locator *locator, const struct region *region,
			   struct stack_place *place)
{
	struct image *image = region_image(&locator->stacks->modules, region, locator->space->pid);
	uint64_t last = !place->is_exact, address;

	place->module = region->module;
	place->address += region->offset - region->start;
	if (image && image_address(image, place->address - last, &address)) {
		place->image = image;
		place->address = address + last;
	}
}

static bool locate(void *context, uint64_t address, bool is_exact, struct stack_place *ret)
{
	const struct locator *locator = context;
	const struct region *region =
	    space_find(locator->space, &locator->stacks->modules, address - !is_exact);

	*ret = (struct stack_place){.address = address, .is_exact = is_exact};
	if (!region)
		return false;
	if (!*region->module->name ||
	    !region_image(&locator->stacks->modules, region, locator->space->pid))
		name_generated(locator, ret);
	if (!ret->name && *region->module->name)
		locate_in_file(locator, region, ret);
	return true;
}

/* By frame pointers: what is no code at all was no frame, and nothing behind it is. Behind code
 * that has none, callers may have been passed over. */
static void locate_addresses(struct locator *locator, const struct stack_capture *capture,
			     stack_place_list *ret, const char **ret_end)
{
	for (size_t i = 0; i < capture->count; i++) {
		struct stack_place place;
		bool is_code = locate(locator, capture->addresses[i], i == 0, &place);
		if (!is_code && i && locator->space->regions.size) {
			*ret_end = UNWIND_LOST;
			return;
		}
		vector_push(ret, place);
		if (i && place.image && !image_keeps_frame_pointers(place.image)) {
			*ret_end =
			    i + 1 < capture->wanted ? "<no frame pointers from here on>" : NULL;
			return;
		}
	}
}

static struct space *space_of(struct stacks *stacks, const struct stack_capture *capture)
{
	struct space *newest =
	    spaces_get(&stacks->spaces, &stacks->modules, capture->pid, capture->time_ns);
	uint64_t address =
	    capture->addresses ? capture->addresses[0] : capture->registers[REGISTER_RETURN];

	struct space *space = newest;
	do
		if (space_find(space, &stacks->modules, address))
			return space;
	while ((space = space->older));
	return newest;
}

/* ------------------------------------------------------------------ stacks */

static uint64_t hash_places(const stack_place_list *places, const char *end)
{
	uint64_t hash = number_hash(0, (uintptr_t)end);

	for (size_t i = 0; i < places->size; i++) {
		const struct stack_place *place = &places->data[i];
		hash = number_hash(hash, (uintptr_t)place->module ^ (uintptr_t)place->name);
		hash = number_hash(hash, place->address << 1 | place->is_exact);
	}
	return hash;
}

static bool is_same_place(const struct stack_place *a, const struct stack_place *b)
{
	return a->module == b->module && a->address == b->address && a->name == b->name &&
	       a->is_exact == b->is_exact;
}

static bool is_same(const struct kept_stack *kept, const stack_place_list *places, const char *end)
{
	if (kept->place_count != places->size || kept->public.end != end)
		return false;
	for (size_t i = 0; i < places->size; i++)
		if (!is_same_place(&kept->places[i], &places->data[i]))
			return false;
	return true;
}

static struct kept_stack *new_stack(struct stacks *stacks)
{
	const stack_place_list *places = &stacks->places;
	struct kept_stack *kept =
	    arena_alloc(&stacks->arena, sizeof(*kept) + places->size * sizeof(*places->data));

	kept->place_count = places->size;
	for (size_t i = 0; i < places->size; i++)
		kept->places[i] = places->data[i];
	return kept;
}

static void fill_frames(struct stacks *stacks, struct kept_stack *kept)
{
	frame_list list = {0};

	for (size_t i = 0; i < kept->place_count; i++)
		frames_of_place(&kept->places[i], &list);
	struct stack_frame *frames = arena_alloc(&stacks->arena, (list.size + 1) * sizeof(*frames));
	for (size_t i = 0; i < list.size; i++)
		frames[i] = list.data[i];
	kept->public.frames = frames;
	kept->public.count = list.size;
	vector_deinit(&list);
}

static const struct stack *keep(struct stacks *stacks, uint64_t hash, const char *end)
{
	if (stacks->count == STACKS_MAX)
		forget_stacks(stacks);
	struct kept_stack *kept = new_stack(stacks);
	kept->public.end = end;
	kept->public.number = stacks->count++;
	kept->public.generation = stacks->generation;
	fill_frames(stacks, kept);
	kept->next = number_map_get(&stacks->kept, hash);
	number_map_put(&stacks->kept, hash, kept);
	return &kept->public;
}

const struct stack *stacks_find(struct stacks *stacks, const struct stack_capture *capture)
{
	struct locator locator = {stacks, space_of(stacks, capture)};
	const struct unwind unwind = {locate, &locator};
	const char *end = NULL;

	stacks->places.size = 0;
	if (capture->addresses)
		locate_addresses(&locator, capture, &stacks->places, &end);
	else
		unwind_memory(&unwind, capture, &stacks->places, &end);
	uint64_t hash = hash_places(&stacks->places, end);
	const struct kept_stack *kept = number_map_get(&stacks->kept, hash);
	while (kept && !is_same(kept, &stacks->places, end))
		kept = kept->next;
	return kept ? &kept->public : keep(stacks, hash, end);
}
