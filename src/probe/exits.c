/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exits.c - a finish or a flow: where a call is seen to begin, and where it returns.
 * The function's own instructions are probed, not its return address: that would end Go programs
 * whose stack grows, and C++ programs that throw.
 */
#include "internal.h"

static bool read_pointer(void *image, uint64_t address, uint64_t *ret)
{
	return image_read_pointer(image, address, ret);
}

void parts_exits(const struct parts *parts, struct image *image, exit_list *ret)
{
	const struct code_memory memory = {read_pointer, image};

	code_exits(parts->code, parts->count, &memory, ret);
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

bool exit_is_unclear(struct image *image, const struct code_exit *exit)
{
	return exit->kind == EXIT_UNCLEAR || leads_into_another(image, exit->target);
}

uint64_t exit_target(const struct image *image, const struct code_exit *exit)
{
	uint64_t function =
	    exit->kind == EXIT_RETURN ? 0 : image_stub_function(image, exit->address, exit->target);

	return function ? function : exit->target;
}

struct error *probe_exit_site(struct probe_site *site, const struct code_exit *exit)
{
	site->public.place.address = exit->address;
	site->public.place.line = (struct line){0};
	TRY(probe_finish_site(site));
	site->target = exit_target(site->public.place.image, exit);
	site->like.are_args_live = false;
	site->like.address = exit->address;
	site->like.is_return = true;
	site->like.is_tail_call = exit->kind != EXIT_RETURN;
	site->like.has_condition = exit->kind == EXIT_BRANCH;
	site->like.condition = exit->condition;
	return NULL;
}

static struct error *add_exit(struct probe *probe, const struct place *place,
			      const struct parts *parts, const struct code_exit *exit,
			      const struct site_rules *rules)
{
	struct probe_site site = {
	    .public.place = *place,
	    .entry = probe->entries.size - 1,
	    .flow = probe->request.kind == PROBE_FLOW ? FLOW_LEAVE : FLOW_NONE,
	    .like = probe->entries.data[probe->entries.size - 1].like,
	};

	if (exit_is_unclear(place->image, exit))
		return unclear(place, exit);
	TRY(site_check(parts_at(parts, exit->address), exit->address, place->function.name, rules,
		       &site.public.verdict));
	TRY(probe_exit_site(&site, exit));
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

/* After its returns, which are attached before: no call is shown whose return could not be. */
static void add_flow_entry(struct probe *probe, const struct probe_site *entry)
{
	struct probe_site site = *entry;

	if (probe->request.kind != PROBE_FLOW)
		return;
	site.flow = FLOW_ENTER;
	site.entry = probe->entries.size - 1;
	image_ref(site.public.place.image);
	vector_push(&probe->sites, site);
}

/* The frame of a call must be known at the entry: that is where are_args_live is true. */
static struct error *check_entry(const struct probe_site *entry, bool is_function, const char *word)
{
	const struct place *place = &entry->public.place;

	if (place->inlined)
		return error_hint(
		    error_new(ERR_USAGE,
			      "%s is inlined into %s there: it has no instruction of its own that "
			      "returns",
			      place->inlined, place->function.name),
		    "%s %s", word, place->function.name);
	if (!is_function && place->address != place->function.address)
		return error_hint(
		    error_new(ERR_USAGE, "%s needs a function, not a place in one", word), "%s %s",
		    word, place->function.name);
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
	struct parts parts;
	exit_list exits = {0};
	struct error *err;

	bool is_flow = probe->request.kind == PROBE_FLOW;
	TRY(check_entry(entry, is_function, is_flow ? "flow" : "finish"));
	*vector_add(&probe->entries) = (struct probe_entry){
	    .public = entry->public,
	    .like = entry->like,
	    .first_site = probe->sites.size,
	};
	parts_init(&parts, place->image, body);
	parts_exits(&parts, place->image, &exits);
	if (exits.size && place->address == body->start)
		code_restarts(parts.code, parts.count, &exits);
	err = add_exits(probe, place, &parts, &exits, rules);
	if (err) {
		probe->entries.size--;
	} else {
		image_ref(place->image);
		add_flow_entry(probe, entry);
	}
	parts_deinit(&parts);
	vector_deinit(&exits);
	return err;
}
