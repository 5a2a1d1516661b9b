/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space.c - what one process has mapped that is code, from one exec to the next: read from
 * /proc, or told mapping by mapping.
 */
#include "stack.h"

struct space *space_new(pid_t pid, uint64_t since_ns, struct space *older)
{
	struct space *space = xcalloc(1, sizeof(*space));

	space->pid = pid;
	space->since_ns = since_ns;
	space->older = older;
	return space;
}

void space_free(struct space *space)
{
	vector_deinit(&space->regions);
	perfmap_free(space->perfmap);
	free(space);
}

/* The first region that ends above address. */
static size_t first_above(const struct space *space, uint64_t address)
{
	size_t low = 0, high = space->regions.size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->regions.data[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct space *space, size_t index, const struct region *region)
{
	vector_add(&space->regions);
	struct region *at = space->regions.data + index;
	memmove(at + 1, at, (space->regions.size - 1 - index) * sizeof(*at));
	*at = *region;
}

static void drop(struct space *space, size_t first, size_t last)
{
	struct region *regions = space->regions.data;

	if (first == last)
		return;
	memmove(regions + first, regions + last, (space->regions.size - last) * sizeof(*regions));
	space->regions.size -= last - first;
}

void space_map(struct space *space, const struct region *region)
{
	size_t first = first_above(space, region->start), last;

	if (region->start >= region->end)
		return;
	/* What the new one covers goes, and what it covers in part is cut. */
	if (first < space->regions.size && space->regions.data[first].start < region->start) {
		struct region below = space->regions.data[first];
		struct region *above = &space->regions.data[first];
		above->offset += region->start - above->start;
		above->start = region->start;
		below.end = region->start;
		insert(space, first++, &below);
	}
	for (last = first; last < space->regions.size; last++) {
		struct region *covered = &space->regions.data[last];
		if (covered->start >= region->end)
			break;
		if (covered->end > region->end) {
			covered->offset += region->end - covered->start;
			covered->start = region->end;
			break;
		}
	}
	drop(space, first, last);
	insert(space, first, region);
}

void space_read(struct space *space, struct modules *modules)
{
	mapping_list mappings = {0};

	space->read_ns = monotonic_ns();
	error_free(process_mappings(space->pid, &mappings));
	/* The mappings of a process that has just ended are none: what was known stays. */
	if (mappings.size)
		space->regions.size = 0;
	for (size_t i = 0; i < mappings.size; i++) {
		const struct mapping *mapping = &mappings.data[i];
		if (mapping->is_executable)
			space_map(space, &(struct region){
					     mapping->start, mapping->end, mapping->offset,
					     modules_get(modules, mapping->path, mapping->inode)});
	}
	mapping_list_deinit(&mappings);
}

static const struct region *find(const struct space *space, uint64_t address)
{
	size_t index = first_above(space, address);

	if (index == space->regions.size || space->regions.data[index].start > address)
		return NULL;
	return &space->regions.data[index];
}

const struct region *space_find(struct space *space, struct modules *modules, uint64_t address)
{
	const struct region *region = find(space, address);

	if (region || space->is_over || monotonic_ns() - space->read_ns < READ_AGAIN_NS)
		return region;
	space_read(space, modules);
	return find(space, address);
}
