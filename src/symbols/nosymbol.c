/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nosymbol.c - what to say of a location without a place, or with too many.
 */
#include "internal.h"

#define CHOICES_SHOWN 8

struct error *error_ambiguous(const char *wanted, const char *what, const path_list *choices)
{
	struct buffer list = {0};

	for (size_t i = 0; i < choices->size && i < CHOICES_SHOWN; i++) {
		buffer_puts(&list, i ? "\n  " : "  ");
		escape_text(&list, choices->data[i], strlen(choices->data[i]), false);
	}
	if (choices->size > CHOICES_SHOWN)
		buffer_printf(&list, "\n  and %zu more", choices->size - CHOICES_SHOWN);
	struct error *err =
	    error_new(ERR_AMBIGUOUS, "\"%s\" may be any of %zu %ss", wanted, choices->size, what);
	error_hint(err, "write more of the name:\n%s", list.data);
	buffer_deinit(&list);
	return err;
}

/* The part of a name that the user's may be a slip of: as many components. */
static const char *comparable(const char *name, const char *wanted, bool is_go)
{
	const char *cut = NULL;

	if (is_go && !strchr(wanted, '.'))
		cut = strrchr(name, '.');
	else if (is_go && !strchr(wanted, '/'))
		cut = strrchr(name, '/');
	else if (!is_go && !strchr(wanted, ':'))
		cut = strrchr(name, ':');
	return cut && cut[1] ? cut + 1 : name;
}

/* Demangling every name of a large C++ program takes most of a second. */
#define DEMANGLED_FOR_NEAR_MISSES 50000

static void offer_functions(struct nearest *nearest, struct image *image)
{
	const struct table *table = table_get(image);

	for (size_t i = 0; i < table->symbols.size; i++) {
		const struct symbol *symbol = &table->symbols.data[i];
		bool is_go = go_covers(image, symbol->address);
		if (is_mangled(symbol->raw) && table->symbols.size > DEMANGLED_FOR_NEAR_MISSES)
			continue;
		CLEANUP(free_p) char *name = function_name(symbol->raw, is_go);
		CLEANUP(free_p)
		char *owner = is_go || is_mangled(symbol->raw) ? match_owner(name, is_go) : NULL;
		nearest_offer(nearest, comparable(owner ? owner : name, nearest->wanted, is_go));
	}
}

static void offer_library(void *context, struct image *image)
{
	offer_functions(context, image);
}

/* ------------------------------------------------------------- generic functions */

/* Bodies of a generic function, each for types of one shape. */
struct instances {
	char *wanted; /* without type arguments */
	path_list names;
	bool is_untold; /* the tables say [...] in place of the types */
};

static void collect_instances(struct instances *instances, struct image *image)
{
	const struct table *table = table_get(image);

	for (size_t i = 0; i < table->symbols.size; i++) {
		const char *name = table->symbols.data[i].raw;
		if (!strchr(name, '[') || !go_covers(image, table->symbols.data[i].address) ||
		    match_name(instances->wanted, name, true) == MATCH_NONE)
			continue;
		instances->is_untold |= strstr(name, "[...]") != NULL;
		vector_push(&instances->names, xstrdup(name));
	}
}

/* F[int], where there are bodies of F, but none for int. */
static void explain_instances(struct image *image, const char *wanted, struct buffer *hint)
{
	struct instances instances = {0};

	if (!image->go || !strchr(wanted, '['))
		return;
	instances.wanted = match_owner(wanted, true);
	collect_instances(&instances, image);
	size_t count = instances.names.size;
	if (count && instances.is_untold)
		buffer_printf(hint,
			      "%s has %zu bodies, and a stripped program of this version of Go "
			      "does not say for which\ntypes each is: break %s traces them all",
			      instances.wanted, count, instances.wanted);
	else if (count)
		buffer_printf(
		    hint, "types of one shape share a body of %s; it has these:", instances.wanted);
	for (size_t i = 0; i < count && i < CHOICES_SHOWN && !instances.is_untold; i++)
		buffer_printf(hint, "\n  %s", instances.names.data[i]);
	if (count > CHOICES_SHOWN && !instances.is_untold)
		buffer_printf(hint, "\n  and %zu more", count - CHOICES_SHOWN);
	path_list_deinit(&instances.names);
	free(instances.wanted);
}

/* ------------------------------------------------------------------------ names */

static void explain_nearest(struct program *program, struct image *image, const char *wanted,
			    struct buffer *hint)
{
	struct nearest nearest = {.wanted = wanted};

	offer_functions(&nearest, image);
	if (!nearest.count && image == program_executable(program))
		program_each_module(program, offer_library, &nearest);
	if (nearest.count) {
		buffer_puts(hint, "did you mean ");
		nearest_format(&nearest, hint);
		buffer_puts(hint, "?");
	}
	nearest_deinit(&nearest);
}

/* What is no name, but looks like something of GDB's. */
static const char *hint_of_form(const char *wanted)
{
	if (!strncmp(wanted, "0x", 2) && wanted[2])
		return "an address is written *0x...";
	if (strstr(wanted, " thread ") || strstr(wanted, " task "))
		return "one thread's hits: break FUNCTION if tid == N";
	if (strstr(wanted, " -force-condition"))
		return "there is no -force-condition: a condition means something, or is refused";
	if (strchr(wanted, ',') && !strpbrk(wanted, "(<[{"))
		return "several functions are one location as a glob or a regular expression: "
		       "/^(f|g)$/";
	return NULL;
}

/* What a user can do about a name that is not there. */
static void explain_missing(struct error *err, struct program *program, struct image *image,
			    const char *wanted)
{
	struct buffer hint = {0};
	const char *form = hint_of_form(wanted);

	if (form) {
		error_hint(err, "%s", form);
		return;
	}
	explain_instances(image, wanted, &hint);
	if (!hint.size)
		explain_nearest(program, image, wanted, &hint);
	if (image_go_problem(image))
		buffer_printf(&hint, "%sGo's own names were not read: %s", hint.size ? "\n" : "",
			      image_go_problem(image));
	else if (!image->go && !symtab_is_there(image))
		buffer_printf(&hint,
			      "%s%s is stripped: only the functions it exports have names; install "
			      "its debug\npackage (-dbgsym or -dbg), or give an address: *0x...",
			      hint.size ? "\n" : "", image_name(image));
	else if (image->go && !hint.size)
		buffer_puts(&hint, "Go's linker leaves out what nothing calls: "
				   "\"info functions REGEX\" lists what is there");
	if (hint.size)
		error_hint(err, "%s", hint.data);
	buffer_deinit(&hint);
}

/* F[int] has the looks of a glob, but is meant as a name. */
bool location_is_one_name(const struct location *location)
{
	return location->kind == LOCATION_NAME ||
	       (location->kind == LOCATION_GLOB && !glob_has_wildcard(location->name));
}

struct error *error_no_symbol(const struct location *location, struct program *program,
			      struct image *image)
{
	if (!image_has_functions(image)) {
		struct error *err = error_new(
		    ERR_NO_SYMBOLS, "%s has no function names: it is stripped", image_name(image));
		const char *problem = image_go_problem(image);
		return error_hint(
		    err,
		    "%s%sinstall its debug package (-dbgsym or -dbg), build it without -s, "
		    "or give an address: *0x...",
		    problem ? problem : "", problem ? "\n" : "");
	}
	bool is_name = location_is_one_name(location);
	if (location->file)
		return error_new(ERR_NO_SYMBOL, "Function \"%s\" not defined in \"%s\".",
				 location->name, location->file);
	struct error *err =
	    is_name ? error_new(ERR_NO_SYMBOL, "Function \"%s\" not defined.", location->name)
		    : error_new(ERR_NO_SYMBOL, "no function of %s matches %s", image_name(image),
				location->text);
	if (is_name)
		explain_missing(err, program, image, location->name);
	return err;
}
