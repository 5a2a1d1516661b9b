/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exits.c - a finish: where a call is seen to begin, and where it returns.
 * The function's own instructions are probed, not its return address: that would end Go programs
 * whose stack grows, and C++ programs that throw.
 */
#include "internal.h"

#define PARTS_MAX 8

/* The function, and what the compiler split off it. */
struct parts {
	const struct code *code[PARTS_MAX];
	struct code own[PARTS_MAX]; /* of all but the first */
	uint8_t *bytes[PARTS_MAX];
	size_t count;
};

static void parts_deinit(struct parts *parts)
{
	for (size_t i = 1; i < parts->count; i++) {
		code_deinit(&parts->own[i]);
		free(parts->bytes[i]);
	}
}

static bool read_pointer(void *image, uint64_t address, uint64_t *ret)
{
	return image_read_pointer(image, address, ret);
}

static void find_exits(struct parts *parts, struct image *image, exit_list *ret)
{
	const struct code_memory memory = {read_pointer, image};

	ret->size = 0;
	code_exits(parts->code, parts->count, &memory, ret);
}

/* Adds the part that a jump leads to, if it is one. */
static bool add_part(struct parts *parts, struct image *image, uint64_t target)
{
	struct function function;
	size_t i = parts->count;

	if (!target || i == PARTS_MAX || !image_function_at(image, target, &function) ||
	    !strstr(function.name, ".cold") || function.size == 0)
		return false;
	for (size_t k = 0; k < i; k++)
		if (parts->code[k]->start == function.address)
			return false;
	parts->bytes[i] = xmalloc(function.size);
	if (!image_read(image, function.address, parts->bytes[i], function.size)) {
		free(parts->bytes[i]);
		return false;
	}
	code_init(&parts->own[i], parts->bytes[i], function.size, function.address);
	parts->code[i] = &parts->own[i];
	parts->count++;
	return true;
}

static void collect(struct parts *parts, struct image *image, exit_list *exits)
{
	bool has_more = true;

	while (has_more) {
		has_more = false;
		find_exits(parts, image, exits);
		for (size_t i = 0; i < exits->size; i++)
			has_more |= add_part(parts, image, exits->data[i].target);
	}
}

static struct error *unclear(const struct place *place, const struct code_exit *exit)
{
	return error_hint(
	    error_new(
		ERR_REFUSED,
		"whether %s returns by the jump at +0x%llx cannot be told, so its returns would "
		"not all be seen",
		place->function.name,
		(unsigned long long)(exit->address - place->function.address)),
	    "Probe the places that you know it returns by: break %s+OFFSET.", place->function.name);
}

/* A jump into the middle of another function is no tail call, but goes on with something that
 * belongs to both. */
static bool leads_into_another(struct image *image, uint64_t target)
{
	struct function function;

	return target && image_function_at(image, target, &function) && function.address != target;
}

static struct error *add_exit(struct probe *probe, const struct place *place,
			      const struct parts *parts, const struct code_exit *exit,
			      const struct site_rules *rules)
{
	struct probe_site site = {.public.place = *place, .entry = probe->entries.size - 1};
	const struct code *code = NULL;

	if (exit->kind == EXIT_UNCLEAR || leads_into_another(place->image, exit->target))
		return unclear(place, exit);
	for (size_t i = 0; i < parts->count; i++)
		if (exit->address >= parts->code[i]->start && exit->address < parts->code[i]->end)
			code = parts->code[i];
	site.public.place.address = exit->address;
	site.public.place.line = (struct line){0};
	TRY(site_check(code, exit->address, place->function.name, rules, &site.public.verdict));
	TRY(probe_finish_site(&site));
	site.like = probe->entries.data[site.entry].like;
	site.like.are_args_live = false;
	site.like.address = exit->address;
	site.like.is_return = true;
	site.like.is_tail_call = exit->kind != EXIT_RETURN;
	site.like.has_condition = exit->kind == EXIT_BRANCH;
	site.like.condition = exit->condition;
	image_ref(place->image);
	vector_push(&probe->sites, site);
	return NULL;
}

static struct error *add_exits(struct probe *probe, const struct place *place,
			       const struct parts *parts, const exit_list *exits,
			       const struct site_rules *rules)
{
	size_t before = probe->sites.size;
	struct error *err = NULL;

	for (size_t i = 0; i < exits->size && !err; i++)
		err = add_exit(probe, place, parts, &exits->data[i], rules);
	if (!err && exits->size)
		return NULL;
	while (probe->sites.size > before)
		image_unref(probe->sites.data[--probe->sites.size].public.place.image);
	if (err)
		return err;
	return error_new(ERR_NO_SYMBOL,
			 "%s never returns: no instruction of it leads back to its "
			 "caller",
			 place->function.name);
}

/* The frame of a call must be known at the entry: that is where are_args_live is true. */
static struct error *check_entry(const struct probe_site *entry, bool is_function)
{
	const struct place *place = &entry->public.place;

	if (place->inlined)
		return error_hint(
		    error_new(ERR_USAGE,
			      "%s is inlined into %s there: it has no instruction of its own that "
			      "returns",
			      place->inlined, place->function.name),
		    "finish %s", place->function.name);
	if (!is_function && place->address != place->function.address)
		return error_hint(
		    error_new(ERR_USAGE, "finish needs a function, not a place in one"),
		    "finish %s", place->function.name);
	if (entry->like.are_args_live)
		return NULL;
	return error_new(ERR_USAGE, "%s is a part of a function: it is jumped to, not called",
			 place->function.name);
}

struct error *probe_add_exits(struct probe *probe, const struct probe_site *entry,
			      const struct code *body, bool is_function,
			      const struct site_rules *rules)
{
	const struct place *place = &entry->public.place;
	struct parts parts = {.code = {body}, .count = 1};
	exit_list exits = {0};
	struct error *err;

	TRY(check_entry(entry, is_function));
	*vector_add(&probe->entries) = (struct probe_entry){
	    .public = entry->public,
	    .like = entry->like,
	    .first_site = probe->sites.size,
	};
	collect(&parts, place->image, &exits);
	if (exits.size && place->address == body->start)
		code_restarts(parts.code, parts.count, &exits);
	err = add_exits(probe, place, &parts, &exits, rules);
	if (err)
		probe->entries.size--;
	else
		image_ref(place->image);
	parts_deinit(&parts);
	vector_deinit(&exits);
	return err;
}
