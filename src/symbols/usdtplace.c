/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usdtplace.c - locations that are static probes: -probe [[OBJFILE:]PROVIDER:]NAME, as in GDB.
 * Apart from explicit.c because what is named is no code: all notes of all modules are searched.
 */
#include <ctype.h>

#include "internal.h"

/* As GDB has them: any kind of probe, or SystemTap's, of which these are. */
static const char *const words[] = {"-probe", "-p", "-probe-stap", "-pstap"};

/* -------------------------------------------------------------------- parsing */

static const char *after_word(const char *text)
{
	size_t size = strcspn(text, " \t");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == size && strncmp(text, words[i], size) == 0)
			return text + size;
	return NULL;
}

bool usdt_location_is(const char *text)
{
	return after_word(text) != NULL;
}

struct error *usdt_location_parse(const char *text, struct location *location)
{
	const char *at = after_word(text);

	at += strspn(at, " \t");
	location->kind = LOCATION_PROBE;
	const char *colon = strchr(at, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
	if (second)
		location->module = xstrndup(at, (size_t)(colon - at));
	if (colon)
		location->provider = second ? xstrndup(colon + 1, (size_t)(second - colon - 1))
					    : xstrndup(at, (size_t)(colon - at));
	location->name = xstrdup(second ? second + 1 : colon ? colon + 1 : at);
	if (!*location->name)
		return error_hint(error_new(ERR_LOCATION, "no probe name specified"),
				  "-probe [[OBJFILE:]PROVIDER:]NAME; \"info probes\" lists them");
	if (location->provider && !*location->provider)
		return error_new(ERR_LOCATION, "invalid provider name");
	if (location->module && !*location->module)
		return error_new(ERR_LOCATION, "invalid objfile name");
	if (strpbrk(location->name, " \t:"))
		return error_new(ERR_LOCATION, "location \"%s\": the name of a probe is one word",
				 text);
	return NULL;
}

/* ------------------------------------------------------------------ resolving */

struct probe_search {
	const struct location *location;
	place_list *places;
	/* Of those that do not answer: by the name alone where the provider does, by both. */
	struct nearest by_name, by_both;
};

static bool answers(const char *wanted, const char *name)
{
	return !wanted || (glob_is(wanted) ? glob_match(wanted, name) : strcmp(wanted, name) == 0);
}

static void offer(struct nearest *nearest, const char *name)
{
	struct buffer shown = {0};

	escape_text(&shown, name, strlen(name), false);
	nearest_offer(nearest, shown.data);
	buffer_deinit(&shown);
}

static void offer_near_miss(struct probe_search *search, const struct usdt *usdt)
{
	if (answers(search->location->provider, usdt->provider))
		offer(&search->by_name, usdt->name);
	offer(&search->by_both, usdt->whole);
}

static void add_place(struct image *image, const struct usdt *usdt, place_list *places)
{
	struct place place = {.image = image, .address = usdt->address, .usdt = usdt};

	image_function_at(image, usdt->address, &place.function);
	image_ref(image);
	vector_push(places, place);
}

static void search_module(void *context, struct image *image)
{
	struct probe_search *search = context;
	const struct location *location = search->location;
	uint64_t last = UINT64_MAX;
	size_t count;
	const struct usdt *usdts = image_usdts(image, &count);

	for (size_t i = 0; i < count; i++) {
		const struct usdt *usdt = &usdts[i];
		if (!answers(location->provider, usdt->provider) ||
		    !answers(location->name, usdt->name)) {
			offer_near_miss(search, usdt);
			continue;
		}
		if (usdt->address != last)
			add_place(image, usdt, search->places);
		last = usdt->address;
	}
}

static struct error *no_probe(const struct probe_search *search)
{
	const struct location *location = search->location;
	struct error *err =
	    error_new(ERR_NO_SYMBOL, "No probe matching objfile=`%s', provider=`%s', name=`%s'",
		      location->module ?: "<any>", location->provider ?: "<any>", location->name);
	struct buffer names = {0};

	nearest_format(search->by_name.count ? &search->by_name : &search->by_both, &names);
	if (names.size)
		error_hint(err, "did you mean %s?", names.data);
	else
		error_hint(err, "\"info probes\" lists those of the program and its libraries");
	buffer_deinit(&names);
	return err;
}

/* All that answer, wherever they are: a probe is named by who wrote it, not by where it is. */
struct error *usdt_resolve(const struct location *location, struct program *program,
			   place_list *ret)
{
	CLEANUP(free_p)
	char *both = xasprintf("%s:%s", location->provider ?: "", location->name);
	struct probe_search search = {
	    .location = location,
	    .places = ret,
	    .by_name = {.wanted = location->name},
	    .by_both = {.wanted = both},
	};
	struct image *image;
	struct error *err = NULL;

	if (!location->module) {
		program_each_module(program, search_module, &search);
	} else {
		err = program_module(program, location->module, &image);
		if (!err)
			search_module(&search, image);
	}
	if (!ret->size) {
		error_free(err);
		err = no_probe(&search);
	}
	nearest_deinit(&search.by_name);
	nearest_deinit(&search.by_both);
	return err;
}
