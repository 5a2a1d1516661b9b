/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cover.c - a cover: how often each line of some functions has been reached.
 *
 * Its sites are counted in the kernel, and send nothing. A line is a sum of sites, so the
 * counts of a picture are whatever the sites' counters say at the time it is looked at.
 */
#include <stdlib.h>

#include "cover.h"

/* -------------------------------------------------------------------- pictures */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool picture_has_file(const struct picture *picture, const char *file)
{
	return strcmp(last_part(picture->file), last_part(file)) == 0;
}

struct line_count *picture_line(struct picture *picture, unsigned number, uint64_t address)
{
	for (size_t i = 0; i < picture->lines.size; i++) {
		struct cover_line *line = &picture->lines.data[i].public;

		if (line->number != number || (!number && line->address != address))
			continue;
		if (address < line->address)
			line->address = address;
		return &picture->lines.data[i];
	}
	struct line_count *added = vector_add(&picture->lines);
	added->public = (struct cover_line){.number = number, .address = address};
	return added;
}

static void picture_deinit(struct picture *picture)
{
	for (size_t i = 0; i < picture->lines.size; i++)
		vector_deinit(&picture->lines.data[i].terms);
	vector_deinit(&picture->lines);
	vector_deinit(&picture->cold);
	image_unref(picture->place.image);
}

void pictures_deinit(struct probe *probe)
{
	for (size_t i = 0; i < probe->pictures.size; i++)
		picture_deinit(&probe->pictures.data[i]);
	vector_deinit(&probe->pictures);
}

/* ----------------------------------------------------------------------- sites */

size_t cover_add_site(struct probe *probe, const struct cover_site *wanted)
{
	struct probe_site site = {.public = {.place = *wanted->place, .verdict = wanted->verdict},
				  .entry = NO_ENTRY};

	for (size_t i = 0; i < probe->sites.size; i++) {
		const struct probe_site *have = &probe->sites.data[i];

		if (have->public.place.address == wanted->address &&
		    have->public.place.image == wanted->place->image &&
		    have->like.has_condition == wanted->has_condition &&
		    have->like.condition == wanted->condition)
			return i;
	}
	site.public.place.address = wanted->address;
	site.public.place.inlined = NULL;
	site.public.place.line = (struct line){0};
	site.like.abi = image_abi(wanted->place->image, &wanted->place->function);
	site.like.function = wanted->place->function.name;
	site.like.has_condition = wanted->has_condition;
	site.like.condition = wanted->condition;
	/* Code is in an executable segment: its function was read from there. */
	error_free(probe_finish_site(&site));
	image_ref(wanted->place->image);
	vector_push(&probe->sites, site);
	return probe->sites.size - 1;
}

/* ----------------------------------------------------------------------- hosts */

typedef VECTOR(struct host) host_list;

struct search {
	struct picture *picture;
	host_list *hosts;
};

static bool has_host(const host_list *hosts, const struct place *place)
{
	for (size_t i = 0; i < hosts->size; i++)
		if (hosts->data[i].place.image == place->image &&
		    hosts->data[i].place.function.address == place->function.address)
			return true;
	return false;
}

/* f, and f.part.0 and f.constprop.1, are f. */
static bool is_clone(const char *name, const char *function)
{
	size_t size = strlen(function);

	return strncmp(name, function, size) == 0 && (!name[size] || name[size] == '.');
}

static void add_host(const struct search *search, const struct place *place)
{
	vector_push(search->hosts, ((struct host){*place, is_clone(place->function.name,
								   search->picture->function)}));
}

/* Another function with code of the lines: one that this one was inlined into, or a clone. */
static void note_line(void *context, uint64_t address)
{
	struct search *search = context;
	struct place place = {.image = search->picture->place.image, .address = address};

	if (!image_function_at(place.image, address, &place.function))
		return;
	if (strstr(place.function.name, ".cold"))
		vector_push(&search->picture->cold, address);
	else if (!has_host(search->hosts, &place))
		add_host(search, &place);
}

/* The file that the function's own lines are in, and which they are: from the line where it begins
 * on (what comes before it is a remainder of something inlined). */
static void find_lines(struct picture *picture, const struct host *host)
{
	const struct function *function = &host->place.function;
	line_rows rows = {0};

	image_line_rows(picture->place.image, function->address, function->address + function->size,
			&rows);
	for (size_t i = 0; i < rows.size; i++) {
		unsigned copy;
		struct line line = covered_line(picture, host, &rows.data[i], &copy);

		if (!line.file)
			continue;
		if (!picture->file) {
			picture->file = line.file;
			picture->first = picture->last = line.number;
		}
		if (!picture_has_file(picture, line.file))
			continue;
		if (!host->is_itself && line.number < picture->first)
			picture->first = line.number;
		if (line.number > picture->last)
			picture->last = line.number;
	}
	vector_deinit(&rows);
}

/* ------------------------------------------------------------------- one picture */

static struct error *count_host(struct probe *probe, struct picture *picture,
				const struct host *host, const struct site_rules *rules)
{
	CLEANUP(window_deinit) struct window window = {0};
	struct code code;

	TRY(place_check_bounds(&host->place));
	TRY(window_decode(&window, &host->place, &code));
	covered_count(probe, picture, host, &code, rules);
	code_deinit(&code);
	return NULL;
}

static int compare_lines(const void *left, const void *right)
{
	const struct line_count *a = left, *b = right;

	if (a->public.number != b->public.number)
		return a->public.number < b->public.number ? -1 : 1;
	return a->public.address < b->public.address ? -1 : a->public.address > b->public.address;
}

/* The function that a place means: at a line, what was inlined there. */
static const char *covered_function(const struct place *place)
{
	const char *name = place->inlined ? place->inlined : place->function.name;
	inline_chain chain = {0};

	if (place->line.file && !place->inlined)
		image_inlined_at(place->image, place->address, &chain);
	if (chain.size)
		name = chain.data[0].name;
	vector_deinit(&chain);
	return name;
}

/* Of the places from first on, those of the same function: it, and what it was inlined into. */
static void collect_hosts(const place_list *places, size_t first, const char *function,
			  host_list *ret)
{
	for (size_t i = first; i < places->size; i++) {
		const struct place *place = &places->data[i];
		const char *name = covered_function(place);

		if (place->image == places->data[first].image && name &&
		    strcmp(name, function) == 0 && !has_host(ret, place))
			vector_push(ret,
				    ((struct host){*place, is_clone(place->function.name, name)}));
	}
}

static struct error *add_picture(struct probe *probe, const place_list *places, size_t first,
				 const struct site_rules *rules)
{
	struct picture *picture = &probe->pictures.data[probe->pictures.size - 1];
	host_list hosts = {0};
	struct error *err = NULL;

	collect_hosts(places, first, picture->function, &hosts);
	for (size_t i = 0; i < hosts.size; i++)
		find_lines(picture, &hosts.data[i]);
	if (picture->file)
		image_each_line(picture->place.image, picture->file, picture->first, picture->last,
				note_line, &(struct search){picture, &hosts});
	for (size_t i = 0; i < hosts.size && !err; i++)
		err = count_host(probe, picture, &hosts.data[i], rules);
	if (picture->lines.size)
		qsort(picture->lines.data, picture->lines.size, sizeof(*picture->lines.data),
		      compare_lines);
	vector_deinit(&hosts);
	return err;
}

/* ---------------------------------------------------------------------- all of them */

static bool has_picture(const struct probe *probe, const struct place *place, const char *name)
{
	for (size_t i = 0; i < probe->pictures.size; i++)
		if (probe->pictures.data[i].place.image == place->image &&
		    strcmp(probe->pictures.data[i].function, name) == 0)
			return true;
	return false;
}

static void skip(struct probe *probe, struct error *err)
{
	probe->skipped++;
	if (probe->skipped_reason)
		error_free(err);
	else
		probe->skipped_reason = err;
}

static struct error *locate_one(struct probe *probe, const place_list *places, size_t index,
				const struct site_rules *rules)
{
	const struct place *place = &places->data[index];
	const char *name = covered_function(place);

	TRY(place_check_bounds(place));
	if (!name || has_picture(probe, place, name))
		return NULL;
	if (probe->pictures.size == COVER_PICTURES_MAX) {
		probe->left_out++;
		return NULL;
	}
	struct picture *picture = vector_add(&probe->pictures);
	picture->place = *place;
	image_ref(place->image);
	picture->function = name;
	struct error *err = add_picture(probe, places, index, rules);
	if (err) /* no count rather than one that lacks a copy */
		picture_deinit(&probe->pictures.data[--probe->pictures.size]);
	return err;
}

static int compare_pictures(const void *left, const void *right)
{
	const struct picture *a = left, *b = right;
	int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

	if (order)
		return order;
	return compare_lines(&a->lines.data[0], &b->lines.data[0]);
}

/* Those of which nothing can be counted are left out. */
static void drop_empty(struct probe *probe)
{
	size_t kept = 0;

	for (size_t i = 0; i < probe->pictures.size; i++) {
		struct picture *picture = &probe->pictures.data[i];

		if (picture->lines.size)
			probe->pictures.data[kept++] = *picture;
		else
			picture_deinit(picture);
	}
	probe->pictures.size = kept;
}

struct error *cover_locate(struct probe *probe, const place_list *places)
{
	const struct site_rules rules = {.rewrites_nop5 = kernel_rewrites_nop5()};

	for (size_t i = 0; i < places->size; i++) {
		struct error *err = locate_one(probe, places, i, &rules);

		if (err && places->size == 1)
			return err;
		if (err)
			skip(probe, err);
	}
	drop_empty(probe);
	if (probe->pictures.size)
		qsort(probe->pictures.data, probe->pictures.size, sizeof(*probe->pictures.data),
		      compare_pictures);
	if (probe->sites.size)
		return NULL;
	struct error *first = probe->skipped_reason;
	probe->skipped_reason = NULL;
	if (!first)
		return error_new(ERR_REFUSED,
				 "nothing of %s can be counted: no instruction of it "
				 "may be probed",
				 probe->request.location);
	return error_prefix(first, "none of the %zu matches can be covered; the first",
			    probe->skipped);
}

/* --------------------------------------------------------------------- accessors */

size_t probe_left_out(const struct probe *probe)
{
	return probe->left_out;
}

size_t probe_picture_count(const struct probe *probe)
{
	return probe->pictures.size;
}

struct cover_picture probe_picture(const struct probe *probe, size_t index)
{
	const struct picture *picture = &probe->pictures.data[index];

	return (struct cover_picture){
	    .function = picture->function,
	    .place = &picture->place,
	    .file = picture->file,
	    .line_count = picture->lines.size,
	};
}

const struct cover_line *probe_cover_line(const struct probe *probe, size_t picture, size_t line,
					  uint64_t *ret_count)
{
	const struct line_count *count = &probe->pictures.data[picture].lines.data[line];
	uint64_t plus = 0, minus = 0;

	for (size_t i = 0; i < count->terms.size; i++) {
		struct counters counters;

		probe_site_counters(probe, count->terms.data[i].site, &counters);
		*(count->terms.data[i].is_minus ? &minus : &plus) += counters.hits;
	}
	/* A hit may fall between the readings of two counters. */
	*ret_count = plus > minus ? plus - minus : 0;
	return &count->public;
}
