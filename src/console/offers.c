/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offers.c - names of the target's variables that complete a word: those seen at the place that
 * the statement being typed is for, globals, and fields of what a path leads to.
 *
 * Apart from complete.c, which knows commands and Lua: this knows scopes and types.
 */
#include <ctype.h>
#include <string.h>

#include "command.h"

struct offers {
	struct console *console;
	struct scope *scope; /* or NULL */
	const char *lead;    /* what of the word stays before each offer */
	size_t lead_size;
	void (*fn)(void *context, const char *offer);
	void *context;
};

static void pass(const struct offers *offers, const char *name)
{
	if (!name || !*name)
		return;
	CLEANUP(free_p)
	char *offer = xasprintf("%.*s%s", (int)offers->lead_size, offers->lead, name);
	offers->fn(offers->context, offer);
}

/* --------------------------------------------------------------------- scope */

static struct scope *scope_at(const struct place *place, uint64_t address)
{
	struct scope *scope = NULL;
	error_free(scope_open(place->image, address, &scope));
	return scope;
}

/* At the place that "f if ..." names. */
static struct scope *scope_of_location(struct program *program, const char *text, size_t size)
{
	CLEANUP(free_p) char *name = xstrndup(text, size);
	struct location location = {0};
	place_list places = {0};
	struct scope *scope = NULL;
	struct error *err = location_parse(name, &location);
	if (!err)
		err = location_resolve(&location, program, &places);
	if (!err)
		scope = scope_at(&places.data[0], probe_address(&location, &places.data[0]));
	error_free(err);
	place_list_deinit(&places);
	location_deinit(&location);
	return scope;
}

/* Where the location of a statement ends: at a word that is Lua's. */
static size_t location_size(const char *text)
{
	static const char *const words[] = {" if ", " do ", " do\n", ", "};
	size_t size = SIZE_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *at = strstr(text, words[i]);
		if (at && (size_t)(at - text) < size)
			size = (size_t)(at - text);
	}
	return size;
}

static struct scope *scope_of_statement(struct console *console, struct program *program,
					const char *text)
{
	const struct command *command = NULL;
	const char *arguments = "";
	error_free(command_parse(text, &command, &arguments));
	if (!command)
		return NULL;
	if (command->flags & COMMAND_DIALECT) {
		size_t size = location_size(arguments);
		return size == SIZE_MAX ? NULL : scope_of_location(program, arguments, size);
	}
	if (command->flags & COMMAND_OF_NUMBERS) {
		struct probe *probe = NULL;
		error_free(console_take_probe(console, arguments, &probe, NULL));
		if (!probe || probe_is_pending(probe))
			return NULL;
		const struct place *place = &probe_site(probe, 0)->place;
		return scope_at(place, place->address);
	}
	return NULL;
}

/* -------------------------------------------------------------------- fields */

static const struct type *referent(struct scope *scope, const struct type *type)
{
	while (type && (type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE ||
			type->form == FORM_POINTER))
		type = type->target;
	return type ? scope_complete(scope, type) : NULL;
}

static const struct type *member_type(const struct type *type, const char *name, size_t size)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		const struct type *found = NULL;
		if (member->name && !strncmp(member->name, name, size) && !member->name[size])
			return member->type;
		if (!member->name || member->is_base)
			found = member_type(member->type, name, size);
		if (found)
			return found;
	}
	return NULL;
}

static void pass_members(const struct offers *offers, const struct type *type)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		if (!member->name || member->is_base)
			pass_members(offers, member->type);
		else if (!member->is_artificial)
			pass(offers, member->name);
	}
}

static size_t name_size(const char *text)
{
	size_t size = 0;
	while (isalnum((unsigned char)text[size]) || text[size] == '_' || text[size] == ':')
		size++;
	return size;
}

/* The variable that a path begins with: in Go the name of a global has a dot in it. */
static const struct type *first_type(struct scope *scope, const char **path)
{
	struct variable variable;
	size_t size = name_size(*path);
	for (int i = 0; i < 2 && size; i++) {
		CLEANUP(free_p) char *name = xstrndup(*path, size);
		if (scope_variable(scope, name, &variable)) {
			*path += size;
			return variable.type;
		}
		if ((*path)[size] != '.')
			return NULL;
		size += 1 + name_size(*path + size + 1);
	}
	return NULL;
}

/* The type that "list.next->items[2]" has; NULL if that cannot be told. */
static const struct type *path_type(struct scope *scope, const char *path)
{
	const struct type *type = first_type(scope, &path);
	while (type && *path) {
		if (*path == '[') {
			path += strcspn(path, "]");
			path += *path == ']';
			type = type->target;
			continue;
		}
		path += *path == '.' ? 1 : 2; /* "->" */
		type = referent(scope, type);
		size_t size = name_size(path);
		type = type && size ? member_type(type, path, size) : NULL;
		path += size;
	}
	return type;
}

/* ------------------------------------------------------------------ variables */

static bool pass_variable(void *context, const struct variable *variable)
{
	pass(context, variable->name);
	return true;
}

static bool pass_parameter(void *context, const struct variable *variable)
{
	if (variable->kind == VARIABLE_PARAMETER)
		pass(context, variable->name);
	return true;
}

static void pass_datum(void *context, const char *name, uint64_t address)
{
	(void)address;
	if (name_size(name) == strlen(name))
		pass(context, name);
}

/* "arg.", "var.", "entry.", "result." are about the target, too. */
static bool pass_of_builtin(const struct offers *offers, const char *base)
{
	if (!strcmp(base, "arg"))
		scope_each(offers->scope, pass_parameter, (void *)offers);
	else if (!strcmp(base, "var") || !strcmp(base, "entry"))
		scope_each(offers->scope, pass_variable, (void *)offers);
	else
		return false;
	return true;
}

static const char *without_builtin(const char *base)
{
	static const char *const words[] = {"arg.", "var.", "entry."};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(base, words[i], strlen(words[i])))
			return base + strlen(words[i]);
	return base;
}

static void pass_fields(const struct offers *offers, const char *base)
{
	const struct type *type;
	if (pass_of_builtin(offers, base))
		return;
	type = !strcmp(base, "result") ? scope_result(offers->scope)
				       : path_type(offers->scope, without_builtin(base));
	type = referent(offers->scope, type);
	if (type)
		pass_members(offers, type);
}

/* ------------------------------------------------------------------------ all */

/* Where the path that ends a text begins: "first.next->va" behind "print *". */
static const char *path_start(const char *text)
{
	const char *at = text + strlen(text);
	while (at > text &&
	       (isalnum((unsigned char)at[-1]) || strchr("_.:[]", at[-1]) ||
		(at[-1] == '>' && at - text > 1 && at[-2] == '-') || (at[-1] == '-' && *at == '>')))
		at--;
	return at;
}

static size_t base_size(const char *path)
{
	for (size_t size = strlen(path); size > 0; size--)
		if (path[size - 1] == '.' || path[size - 1] == '>')
			return size;
	return 0;
}

static void pass_all(struct offers *offers, struct program *program, const char *path)
{
	size_t size = base_size(path);
	if (!size) {
		if (offers->scope)
			scope_each(offers->scope, pass_variable, offers);
		image_each_datum(program_executable(program), path, pass_datum, offers);
		return;
	}
	CLEANUP(free_p)
	char *base = xstrndup(path, size - (path[size - 1] == '>' ? 2 : 1));
	if (offers->scope)
		pass_fields(offers, base);
}

void offers_of_data(struct console *console, const char *text, const char *word,
		    void (*fn)(void *context, const char *offer), void *context)
{
	struct program *program = session_target(console->session)->program;
	struct evaluation evaluation = {0};
	if (!program)
		return;
	const char *path = path_start(text);
	size_t tail = strlen(path) - base_size(path), word_size = strlen(word);
	struct offers offers = {.console = console,
				.lead = word,
				.lead_size = word_size > tail ? word_size - tail : 0,
				.fn = fn,
				.context = context};
	struct scope *scope = scope_of_statement(console, program, text);
	if (!scope && image_has_dwarf(program_executable(program)))
		error_free(evaluation_init(&evaluation, console));
	offers.scope = scope ? scope : evaluation.scope;
	pass_all(&offers, program, path);
	scope_close(scope);
	evaluation_deinit(&evaluation);
}
