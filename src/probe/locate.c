/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * locate.c - from a location's text to judged sites.
 * Apart because it is where the target's safety is decided: what does not pass here
 * is never attached.
 */
#include "internal.h"

/* The bytes of one function and their instructions. */
struct body {
	struct code code;
	uint8_t *bytes;
};

static void body_deinit(struct body *body)
{
	code_deinit(&body->code);
	free(body->bytes);
}

/* The nop of a static probe, where it is not known which function it is in: the note says that
 * an instruction begins there. */
#define LONE_NOP ((uint8_t)0x90)

static bool is_lone(const struct place *place)
{
	return place->usdt && (!place->function.name || place->function.is_size_guessed);
}

static struct error *lone_init(struct body *body, const struct place *place)
{
	body->bytes = xmalloc(1);
	if (!image_read(place->image, place->address, body->bytes, 1) || *body->bytes != LONE_NOP)
		return error_hint(
		    error_new(ERR_REFUSED,
			      "%s: the note of the probe leads to 0x%llx in %s, which belongs to "
			      "no known function and is no nop",
			      place->usdt->whole, (unsigned long long)place->address,
			      image_name(place->image)),
		    "Only a nop is known to be an instruction of its own: the note may be wrong.");
	code_init(&body->code, body->bytes, 1, place->address);
	return NULL;
}

static struct error *body_init(struct body *body, const struct place *place)
{
	const struct function *function = &place->function;

	if (is_lone(place))
		return lone_init(body, place);
	body->bytes = xmalloc(function->size);
	if (!image_read(place->image, function->address, body->bytes, function->size))
		return error_new(ERR_BAD_ELF, "%s: the code of %s is not in the file",
				 image_name(place->image), function->name);
	code_init(&body->code, body->bytes, function->size, function->address);
	return NULL;
}

static struct error *check_bounds(const struct place *place)
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
	site->public.line = place->line;
	if (!place->line.file)
		image_line_at(place->image, place->address, &site->public.line);
	return NULL;
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
	struct body body = {0};
	uint64_t address = place->address;
	struct error *err = NULL;

	if (!place->function.name || !is_of_function(location, place))
		return address;
	err = body_init(&body, place);
	if (!err)
		address = site_entry(&body.code, &rules).address;
	error_free(err);
	body_deinit(&body);
	return address;
}

static void describe_site(const struct body *body, struct probe_site *site)
{
	const struct place *place = &site->public.place;

	site->like.abi = image_abi(place->image, &place->function);
	site->like.function = place->function.name ?: place->usdt->whole;
	site->like.usdt = place->usdt;
	site->like.are_args_live =
	    !is_lone(place) && !is_cold_part(&place->function) &&
	    site_args_are_live(&body->code, place->address, &site->like.cfa_offset);
	site->like.image = place->image;
	site->like.address = place->address;
	site->like.is_relocated = image_is_pie(place->image);
}

static struct error *judge(const struct location *location, const struct site_rules *rules,
			   const struct body *body, struct probe_site *site)
{
	struct place *place = &site->public.place;
	struct site_verdict *verdict = &site->public.verdict;

	if (is_of_function(location, place))
		place->address = site_entry(&body->code, rules).address;
	const char *name = place->function.name ?: place->usdt->whole;
	struct error *err = site_check(&body->code, place->address, name, rules, verdict);
	if (err && err->tag == ERR_REFUSED && location->is_forced) {
		*verdict = site_judge(&body->code, code_at(&body->code, place->address), rules);
		error_free(err);
		err = NULL;
	}
	if (err)
		return err;
	describe_site(body, site);
	return probe_finish_site(site);
}

/* Aliases of one function (and copies merged by the linker) are one site. */
static bool is_there(const struct place *have, const struct place *place)
{
	return have->image == place->image && have->address == place->address;
}

static struct error *add_site(struct probe *probe, struct probe_site *site)
{
	const struct place *place = &site->public.place;

	if (probe->sites.size &&
	    is_there(&probe->sites.data[probe->sites.size - 1].public.place, place))
		return NULL;
	site->entry = NO_ENTRY;
	image_ref(place->image);
	vector_push(&probe->sites, *site);
	return NULL;
}

static struct error *add_place(struct probe *probe, const struct location *location,
			       const struct site_rules *rules, const struct place *place)
{
	struct probe_site site = {.public.place = *place};
	struct body body = {0};

	if (!is_lone(place) && (!location->is_forced || !place->function.name))
		TRY(check_bounds(place));
	struct error *err = body_init(&body, place);
	if (!err)
		err = judge(location, rules, &body, &site);
	if (!err && probe->request.kind != PROBE_FINISH)
		err = add_site(probe, &site);
	else if (!err && !(probe->entries.size &&
			   is_there(&probe->entries.data[probe->entries.size - 1].public.place,
				    &site.public.place)))
		err = probe_add_exits(probe, &site, &body.code, is_of_function(location, place),
				      rules);
	body_deinit(&body);
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

	if (probe->request.kind == PROBE_FINISH && places->size && places->data[0].usdt)
		return error_hint(error_new(ERR_USAGE,
					    "%s is a place in a function: it does not return",
					    places->data[0].usdt->whole),
				  "break -probe sees it; finish works for functions.");
	for (size_t i = 0; i < places->size; i++)
		if (probe->request.kind != PROBE_FINISH || !places->data[i].inlined)
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

	TRY(check_returns(probe, places));
	for (size_t i = 0; i < places->size; i++) {
		struct place place = implementation(probe, location, &places->data[i]);
		struct error *err = add_place(probe, location, &rules, &place);

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
	if (!err)
		err = add_places(probe, &location, &places);
	place_list_deinit(&places);
	location_deinit(&location);
	return err;
}
