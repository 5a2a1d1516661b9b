/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * locate.c - from a location's text to judged sites.
 * Apart because it is where the target's safety is decided: what does not pass here
 * is never attached.
 */
#include "internal.h"

struct error *place_check_bounds(const struct place *place)
{
	const struct function *function = &place->function;
	const char *problem = image_go_problem(place->image);

	if (problem)
		return error_hint(error_new(ERR_REFUSED,
					    "%s is a Go program whose tables cannot be used: %s",
					    image_name(place->image), problem),
				  "Without them it would be a guess what of it is Go, and what a "
				  "register holds.");
	if (!function->name)
		return error_hint(
		    error_new(ERR_NOT_CODE,
			      "0x%llx in %s belongs to no known function, so where its "
			      "instructions begin cannot be known",
			      (unsigned long long)place->address, image_name(place->image)),
		    "Use an address inside a function that `info functions` lists.");
	if (function->is_ifunc)
		return error_hint(
		    error_new(ERR_REFUSED,
			      "%s names no code that callers run: its address is that "
			      "of a function which chooses one at start-up (an IFUNC), and "
			      "which one that is here cannot be told",
			      function->name),
		    "Probe the implementations: rbreak %s:/%s/", basename(image_name(place->image)),
		    function->name);
	if (function->is_size_guessed && !function->is_go)
		return error_hint(
		    error_new(ERR_REFUSED,
			      "the symbol table gives %s no size, so where it ends is a "
			      "guess",
			      function->name),
		    "If you know better: break %s force", function->name);
	return NULL;
}

struct error *probe_finish_site(struct probe_site *site)
{
	struct place *place = &site->public.place;

	if (!image_offset(place->image, place->address, &site->public.offset))
		return error_new(ERR_NOT_CODE,
				 "0x%llx is in no executable, unwritable segment of %s",
				 (unsigned long long)place->address, image_name(place->image));
	site->public.semaphore = image_usdt_semaphore(place->image, place->address);
	site->public.found_line = place->line;
	site->public.has_line = place->line.file;
	return NULL;
}

const struct line *site_line(const struct site *site)
{
	struct site *own = (struct site *)site; /* of a probe, which is not const */

	if (own->has_line)
		return &own->found_line;
	own->has_line = true;
	/* What was read of a file that has been overwritten does not go with what is in it now. */
	if (image_is_as_read(own->place.image))
		image_line_at(own->place.image, own->place.address, &own->found_line);
	return &own->found_line;
}

/* GCC moves unlikely code out of a function: control arrives by a jump, and no
 * argument is where a caller put it. */
static bool is_cold_part(const struct function *function)
{
	return function->name && strstr(function->name, ".cold");
}

/* Is the function as such meant, not an address in it? */
static bool is_of_function(const struct location *location, const struct place *place)
{
	if (place->inlined || place->usdt)
		return false;
	if (location->kind == LOCATION_LINE)
		return place->address == place->function.address;
	return location->kind != LOCATION_ADDRESS && !location->has_offset;
}

uint64_t probe_address(const struct location *location, const struct place *place)
{
	const struct site_rules rules = {.rewrites_nop5 = kernel_rewrites_nop5()};
	CLEANUP(window_deinit) struct window window = {0};
	const struct function *function = &place->function;
	const uint8_t *bytes;
	struct code code;

	if (!function->name || !is_of_function(location, place) ||
	    !(bytes = window_bytes(&window, place)))
		return place->address;
	if (!code_init_entry(&code, bytes, function->size, function->address, &rules))
		code_init(&code, bytes, function->size, function->address);
	uint64_t address = site_entry(&code, &rules).address;
	code_deinit(&code);
	return address;
}

static void describe_site(const struct code *code, struct probe_site *site)
{
	const struct place *place = &site->public.place;

	site->like.abi = image_abi(place->image, &place->function);
	site->like.function = place->function.name ?: place->usdt->whole;
	site->like.usdt = place->usdt;
	site->like.are_args_live = !place_is_lone(place) && !is_cold_part(&place->function) &&
				   site_args_are_live(code, place->address, &site->like.cfa_offset);
	site->like.image = place->image;
	site->like.address = place->address;
	site->like.is_relocated = image_is_pie(place->image);
}

static struct error *judge(const struct location *location, const struct site_rules *rules,
			   const struct code *code, struct probe_site *site)
{
	struct place *place = &site->public.place;
	struct site_verdict *verdict = &site->public.verdict;

	if (is_of_function(location, place))
		place->address = site_entry(code, rules).address;
	const char *name = place->function.name ?: place->usdt->whole;
	struct error *err = site_check(code, place->address, name, rules, verdict);
	if (err && err->tag == ERR_REFUSED && location->is_forced) {
		*verdict = site_judge(code, code_at(code, place->address), rules);
		error_free(err);
		err = NULL;
	}
	if (err)
		return err;
	describe_site(code, site);
	return probe_finish_site(site);
}

static bool has_returns(const struct probe *probe)
{
	return probe->request.kind == PROBE_FINISH || probe->request.kind == PROBE_FLOW;
}

/* Aliases of one function (and copies merged by the linker) are one site. */
static bool is_there(const struct place *have, const struct place *place)
{
	return have->image == place->image && have->address == place->address;
}

static void add_site(struct probe *probe, struct probe_site *site)
{
	const struct place *place = &site->public.place;

	if (probe->sites.size &&
	    is_there(&probe->sites.data[probe->sites.size - 1].public.place, place))
		return;
	site->entry = NO_ENTRY;
	image_ref(place->image);
	vector_push(&probe->sites, *site);
}

static struct error *add_finish(struct probe *probe, const struct location *location,
				const struct site_rules *rules, const struct code *code,
				const struct probe_site *site)
{
	const struct probe_entry *last =
	    probe->entries.size ? &probe->entries.data[probe->entries.size - 1] : NULL;

	if (last && is_there(&last->public.place, &site->public.place))
		return NULL;
	return probe_add_exits(probe, site, code, is_of_function(location, &site->public.place),
			       rules);
}

/* Adds the place, if its function's entry is meant and can be judged without the rest of it. */
static bool add_entry(struct probe *probe, const struct location *location,
		      const struct site_rules *rules, const struct place *place,
		      struct window *window)
{
	const struct function *function = &place->function;
	struct probe_site site = {.public.place = *place};
	const uint8_t *bytes;
	struct code code;

	if (has_returns(probe) || !is_of_function(location, place) ||
	    !(bytes = window_bytes(window, place)) ||
	    !code_init_entry(&code, bytes, function->size, function->address, rules))
		return false;
	struct error *err = judge(location, rules, &code, &site);
	if (!err)
		add_site(probe, &site);
	code_deinit(&code);
	error_free(err); /* of the whole function it says more */
	return !err;
}

static struct error *add_place(struct probe *probe, const struct location *location,
			       const struct site_rules *rules, const struct place *place,
			       struct window *window)
{
	struct probe_site site = {.public.place = *place};
	struct code code;

	if (!place_is_lone(place) && (!location->is_forced || !place->function.name))
		TRY(place_check_bounds(place));
	if (add_entry(probe, location, rules, place, window))
		return NULL;
	TRY(window_decode(window, place, &code));
	struct error *err = judge(location, rules, &code, &site);
	if (!err && !has_returns(probe))
		add_site(probe, &site);
	else if (!err)
		err = add_finish(probe, location, rules, &code, &site);
	code_deinit(&code);
	return err;
}

/* Does the location stand for what can be probed of it? A name stands for itself, unless it
 * was inlined. */
static bool is_pattern(const struct location *location, const place_list *places)
{
	for (size_t i = 0; i < places->size; i++)
		if (places->data[i].inlined)
			return true;
	return location->kind == LOCATION_GLOB || location->kind == LOCATION_REGEX ||
	       ((location->kind == LOCATION_LINE || location->kind == LOCATION_PROBE) &&
		places->size > 1);
}

/* A copy has no return of its own: that there is nothing else is worth a message of its own. */
static struct error *check_returns(const struct probe *probe, const place_list *places)
{
	const char *name = places->size ? places->data[0].inlined : NULL;

	if (has_returns(probe) && places->size && places->data[0].usdt)
		return error_hint(error_new(ERR_USAGE,
					    "%s is a place in a function: it does not return",
					    places->data[0].usdt->whole),
				  "break -probe sees it; finish works for functions.");
	for (size_t i = 0; i < places->size; i++)
		if (!has_returns(probe) || !places->data[i].inlined)
			return NULL;
	return error_hint(error_new(ERR_USAGE,
				    "every call of %s was inlined: it has no instruction of its "
				    "own that returns",
				    name),
			  "break %s sees its calls; finish works for the functions they are in.",
			  name);
}

/* The name of an IFUNC stands for its implementation. In a pattern it stands for nothing: the
 * implementation may have a name that matches, too. */
static struct place implementation(const struct probe *probe, const struct location *location,
				   const struct place *place)
{
	struct place chosen = *place;

	if (place->function.is_ifunc && location->kind == LOCATION_NAME &&
	    image_ifunc(place->image, &place->function, target_pid(&probe->session->target),
			&chosen.function)) {
		chosen.address += chosen.function.address - place->function.address;
		chosen.line = (struct line){0};
	}
	return chosen;
}

static struct error *add_places(struct probe *probe, const struct location *location,
				const place_list *places)
{
	const struct site_rules rules = {.rewrites_nop5 = kernel_rewrites_nop5()};
	CLEANUP(window_deinit) struct window window = {0};

	TRY(check_returns(probe, places));
	for (size_t i = 0; i < places->size; i++) {
		struct place place = implementation(probe, location, &places->data[i]);
		struct error *err = add_place(probe, location, &rules, &place, &window);

		if (!err)
			continue;
		if (!is_pattern(location, places))
			return err;
		probe->skipped++;
		if (probe->skipped_reason)
			error_free(err);
		else
			probe->skipped_reason = err;
	}
	if (probe->sites.size)
		return NULL;
	struct error *first = probe->skipped_reason;
	probe->skipped_reason = NULL;
	return error_prefix(first, "none of the %zu matches can be probed; the first",
			    probe->skipped);
}

struct error *probe_locate(struct probe *probe)
{
	struct program *program = probe->session->target.public.program;
	struct location location = {0};
	place_list places = {0};

	if (!program)
		return error_hint(error_new(ERR_NO_TARGET, "there is no program to put probes in"),
				  "Name one: file PATH, attach PID, or on the command line.");
	TRY(image_check_unchanged(program_executable(program)));
	TRY(location_parse(probe->request.location, &location));
	struct error *err = location_resolve(&location, program, &places);
	if (!err && probe->request.kind == PROBE_COVER)
		err = cover_locate(probe, &places);
	else if (!err)
		err = add_places(probe, &location, &places);
	if (!err && has_returns(probe))
		err = probe_follow(probe);
	place_list_deinit(&places);
	location_deinit(&location);
	return err;
}
