/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fileline.c - the places of FILE:LINE in a program, and what to say when there are none.
 */
#include "internal.h"

static struct error *no_lines(const struct image *image)
{
	const char *problem = image_go_problem(image);
	struct error *err = error_new(ERR_NO_SYMBOLS,
				      "%s has no table of source lines: it is stripped, or was "
				      "built without -g",
				      image_name(image));

	return error_hint(err,
			  "%s%sinstall its debug package (-dbgsym or -dbg), build it with -g, or "
			  "write FUNCTION+OFFSET:\ndisassemble FUNCTION shows the offsets",
			  problem ? problem : "", problem ? "\n" : "");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void offer_name(void *context, const char *path)
{
	struct nearest *nearest = context;

	nearest_offer(nearest, strchr(nearest->wanted, '/') ? path : base_name(path));
}

struct error *error_no_file(struct image *image, const char *file)
{
	struct nearest by_path = {.wanted = file};
	struct nearest by_name = {.wanted = base_name(file)};
	struct buffer hint = {0};
	struct error *err = error_new(ERR_NO_SYMBOL, "No source file named %s.", file);

	image_each_source(image, offer_name, &by_path);
	if (!by_path.count)
		image_each_source(image, offer_name, &by_name);
	nearest_format(by_path.count ? &by_path : &by_name, &hint);
	if (hint.size)
		error_hint(err, "did you mean %s?", hint.data);
	buffer_deinit(&hint);
	nearest_deinit(&by_path);
	nearest_deinit(&by_name);
	return err;
}

static struct error *no_line(const struct location *location, const struct source_file *file)
{
	struct error *err =
	    error_new(ERR_NO_SYMBOL, "No line %u in file \"%s\".", location->line, location->name);

	return error_hint(err, "the last line that has code is %u", file->last);
}

static struct error *no_code(const struct location *location)
{
	return error_new(ERR_NO_SYMBOL, "No line %u in file \"%s\": none of its lines has code.",
			 location->line, location->name);
}

/* The files that have code at all: those that a person can mean. */
static const struct source_file *pick_file(const struct source *source, path_list *ret_choices)
{
	const struct source_file *picked = NULL;

	for (size_t i = 0; i < source->files.size; i++) {
		if (!source->files.data[i].last)
			continue;
		picked = &source->files.data[i];
		vector_push(ret_choices, xstrdup(picked->path));
	}
	return picked;
}

static void take_starts(const struct source_file *file, struct image *image, unsigned wanted_line,
			place_list *ret)
{
	for (size_t i = 0; i < file->starts.size; i++) {
		struct place place = {
		    .image = image_ref(image),
		    .address = file->starts.data[i].address,
		    .line = {image_intern(image, file->path), file->line},
		    .wanted_line = wanted_line,
		};
		image_function_at(image, place.address, &place.function);
		vector_push(ret, place);
	}
}

static struct error *resolve_in(const struct location *location, struct image *image,
				place_list *ret)
{
	struct source source;
	path_list choices = {0};
	struct error *err = NULL;

	source_search(&source, image, location->name, location->line);
	const struct source_file *file = pick_file(&source, &choices);
	if (choices.size > 1)
		err = error_ambiguous(location->name, "file", &choices);
	else if (file && !file->line)
		err = no_line(location, file);
	else if (file)
		take_starts(file, image, location->line, ret);
	else if (source.files.size)
		err = no_code(location);
	path_list_deinit(&choices);
	source_deinit(&source);
	return err;
}

static void compare_source(void *context, const char *path)
{
	const char **wanted = context;

	if (*wanted && path_answers(*wanted, path))
		*wanted = NULL;
}

bool image_has_source(struct image *image, const char *file)
{
	const char *wanted = file;

	image_each_source(image, compare_source, &wanted);
	return !wanted;
}

struct library_search {
	const struct location *location;
	struct image *executable;
	place_list *places;
	struct error *err;
};

static void resolve_in_library(void *context, struct image *image)
{
	struct library_search *search = context;

	if (image != search->executable && !search->err && !search->places->size)
		search->err = resolve_in(search->location, image, search->places);
}

static struct error *resolve_named(const struct location *location, struct program *program,
				   place_list *ret)
{
	struct image *image = program_executable(program);
	struct library_search search = {location, image, ret, NULL};

	if (location->module)
		TRY(program_module(program, location->module, &image));
	TRY(resolve_in(location, image, ret));
	if (!ret->size && !location->module)
		program_each_module(program, resolve_in_library, &search);
	if (search.err || ret->size)
		return search.err;
	return image_has_lines(image) ? error_no_file(image, location->name) : no_lines(image);
}

/* The line that -function F stands for: its own. */
static struct error *line_of_function(const struct location *location, struct program *program,
				      struct line *ret)
{
	struct location function = {
	    .text = location->text,
	    .kind = LOCATION_NAME,
	    .name = location->function,
	    .file = location->name,
	};
	place_list places = {0};

	TRY(location_resolve(&function, program, &places));
	size_t i = 0; /* an inlined copy begins anywhere in it */
	while (i + 1 < places.size && places.data[i].inlined)
		i++;
	const struct place *place = &places.data[i];
	bool has_line = image_function_line(place->image, place->address, ret);
	struct error *err = has_line ? NULL : no_lines(place->image);
	place_list_deinit(&places);
	return err;
}

static struct error *last_line(struct program *program, struct line *ret)
{
	if (program_line(program, ret))
		return NULL;
	return error_hint(error_new(ERR_NO_SYMBOLS, "No symbol table is loaded."),
			  "Build the program with -g, or name a FILE:LINE or FUNCTION.");
}

/* LINE, +LINES, -LINES: of the file looked at last, or that a function is in. */
struct error *resolve_line(const struct location *location, struct program *program,
			   place_list *ret)
{
	struct location named = *location;
	struct line line;

	if (location->name && !location->function)
		return resolve_named(location, program, ret);
	TRY(location->function ? line_of_function(location, program, &line)
			       : last_line(program, &line));
	named.name = (char *)line.file;
	if (location->direction > 0)
		named.line = line.number + location->line;
	if (location->direction < 0)
		named.line = line.number > location->line ? line.number - location->line : 1;
	return resolve_named(&named, program, ret);
}
