/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evaluate.c - the value of a path through a global of the target.
 *
 *   path: [* &]... NAME [.member ->member [N]]... [@N]
 *
 * Apart from Lua, because a path leads through the target's memory as it is now, which
 * a block must never do. A pointer followed by '.' is followed, as in a block.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"

struct reader {
	const struct evaluation *evaluation;
	const char *at;
	bool is_path; /* a global has been found */
};

/* ---------------------------------------------------------------------- scope */

struct scope_search {
	struct image *image;
	struct scope *scope;
	unsigned tries;
};

/* Of the first functions some may come from assembly. */
static bool try_function(void *context, const struct function *function)
{
	struct scope_search *search = context;
	error_free(scope_open(search->image, function->address, &search->scope));
	return !search->scope && ++search->tries < 1000;
}

static struct scope *scope_of_main(struct program *program)
{
	static const char *const mains[] = {"main.main", "main"};
	struct scope *scope = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(mains) && !scope; i++) {
		struct location location;
		place_list places = {0};
		error_free(location_parse(mains[i], &location));
		error_free(location_resolve(&location, program, &places));
		location_deinit(&location);
		if (places.size && places.data[0].image == program_executable(program))
			error_free(
			    scope_open(places.data[0].image, places.data[0].address, &scope));
		place_list_deinit(&places);
	}
	return scope;
}

struct error *evaluation_init(struct evaluation *evaluation, struct console *console)
{
	struct program *program;
	TRY(console_program(console, &program));
	struct scope_search search = {program_executable(program), scope_of_main(program), 0};
	if (!search.scope)
		image_each_function(search.image, try_function, &search);
	if (!search.scope)
		return error_hint(
		    error_new(ERR_NO_SYMBOLS, "No symbol table is loaded."),
		    "%s has no debug information: build it %s.", image_name(search.image),
		    image_go_version(search.image) ? "without -ldflags=-s or -w" : "with -g");
	evaluation->scope = search.scope;
	evaluation->memory = memory_of(console, search.image);
	evaluation->limits = console->settings.limits;
	return NULL;
}

void evaluation_deinit(struct evaluation *evaluation)
{
	scope_close(evaluation->scope);
}

/* ---------------------------------------------------------------------- paths */

enum {
	COUNT_MAX = 65536
};

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

/* Names of namespaces and of Go packages: "ns::counter", "main.table". */
static struct error *read_name(struct reader *reader, struct value *ret)
{
	const struct evaluation *evaluation = reader->evaluation;
	struct variable variable;
	size_t size = 0;
	const char *at = reader->at;
	if (!isalpha((unsigned char)*at) && *at != '_')
		return NULL;
	while (isalnum((unsigned char)at[size]) || (at[size] && strchr("_:./", at[size])))
		size++;
	/* The longest beginning that is a name: "main.table.size". */
	for (; size; size--) {
		if (isalnum((unsigned char)at[size]) || at[size] == '_')
			continue;
		CLEANUP(free_p) char *name = xstrndup(at, size);
		if (!scope_global(evaluation->scope, name, &variable) &&
		    !scope_variable(evaluation->scope, name, &variable))
			continue;
		if (variable.kind != VARIABLE_GLOBAL && variable.kind != VARIABLE_ENUMERATOR)
			continue;
		reader->at += size;
		reader->is_path = true;
		return value_locate(&evaluation->memory, &variable, ret);
	}
	return NULL;
}

static bool is_reference_like(const struct type *type)
{
	return type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE;
}

/* What the pointer in value leads to becomes the value. */
static struct error *follow(const struct reader *reader, struct value *value)
{
	const struct type *type = value->type;
	uint64_t address = 0;
	if (!is_reference_like(type) || type->target->kind == TYPE_VOID)
		return error_new(ERR_TYPE, "Attempt to take contents of a non-pointer value.");
	if (value->has_address && memory_read(&reader->evaluation->memory, value->address, &address,
					      type->size) < type->size)
		return error_new(ERR_UNREADABLE, "Cannot access memory at address 0x%" PRIx64,
				 value->address);
	if (!value->has_address)
		memcpy(&address, value->bytes.data,
		       value->bytes.size < sizeof(address) ? value->bytes.size : sizeof(address));
	if (!address)
		return error_new(ERR_UNREADABLE, "Cannot access memory at address 0x0");
	value->type = scope_complete(reader->evaluation->scope, type->target);
	value->has_address = true;
	value->address = address;
	return NULL;
}

/* What only shows while it is looked at has no parts here: a map, what an interface holds. */
static struct error *check_has_parts(const struct type *type)
{
	if (type->form != FORM_MAP && type->form != FORM_INTERFACE && type->form != FORM_CHANNEL)
		return NULL;
	return error_hint(error_new(ERR_TYPE, "What is in %s is printed as a whole only.",
				    type->form == FORM_MAP	 ? "a map"
				    : type->form == FORM_CHANNEL ? "a channel"
								 : "an interface"),
			  "A block has the parts at the hit: v.x, v[KEY].");
}

/* Where the elements of a slice, a vector and the like begin becomes the value's place. */
static struct error *enter_sequence(const struct reader *reader, long long index,
				    struct value *value)
{
	const struct type_shape *shape = &value->type->shape;
	const struct memory *memory = &reader->evaluation->memory;
	uint64_t each = value->type->target->size, data = 0, end = 0;
	bool has_length = shape->length != TYPE_NO_OFFSET;
	uint64_t offset = has_length ? shape->length : shape->end;
	if (memory_read(memory, value->address + shape->data, &data, sizeof(data)) < sizeof(data) ||
	    offset == TYPE_NO_OFFSET ||
	    memory_read(memory, value->address + offset, &end, sizeof(end)) < sizeof(end))
		return error_new(ERR_UNREADABLE, "Cannot access memory at address 0x%" PRIx64,
				 value->address);
	uint64_t count = has_length ? end : each ? (end - data) / each : 0;
	if (index < 0 || (uint64_t)index >= count)
		return error_new(ERR_TYPE, "no such vector element: there are %" PRIu64, count);
	value->address = data;
	value->type = value->type->target;
	return NULL;
}

static const struct type_member *find_member(const struct type *type, const char *name, size_t size,
					     uint64_t *ret_offset)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		const struct type_member *inner = NULL;
		if (member->name && !strncmp(member->name, name, size) && !member->name[size]) {
			*ret_offset += member->offset;
			return member;
		}
		if (!member->name || member->is_base)
			inner = find_member(member->type, name, size, ret_offset);
		if (inner) {
			*ret_offset += member->offset;
			return inner;
		}
	}
	return NULL;
}

static struct error *take_member(struct reader *reader, struct value *value)
{
	const char *name = reader->at;
	size_t size = 0;
	uint64_t offset = 0;
	while (isalnum((unsigned char)name[size]) || name[size] == '_')
		size++;
	TRY(check_has_parts(value->type));
	if (is_reference_like(value->type))
		TRY(follow(reader, value));
	TRY(check_has_parts(value->type));
	const struct type_member *member =
	    size ? find_member(value->type, name, size, &offset) : NULL;
	if (!member)
		return error_new(ERR_NAME, "There is no member named %.*s.", (int)size, name);
	if (member->bit_size)
		return error_hint(error_new(ERR_TYPE, "%.*s is a bit-field.", (int)size, name),
				  "Print what it is in.");
	reader->at += size;
	value->type = member->type;
	value->address += offset;
	return NULL;
}

static struct error *take_element(struct reader *reader, struct value *value)
{
	char *end;
	errno = 0;
	TRY(check_has_parts(value->type));
	long long index = strtoll(reader->at, &end, 0);
	if (end == reader->at || errno || end[strspn(end, " \t")] != ']')
		return error_new(ERR_TYPE, "an index is a number: [2]");
	reader->at = end + strspn(end, " \t") + 1;
	if (value->type->kind == TYPE_POINTER)
		TRY(follow(reader, value));
	else if (value->type->form == FORM_SEQUENCE)
		TRY(enter_sequence(reader, index, value));
	else if (value->type->kind != TYPE_ARRAY)
		return error_new(ERR_TYPE, "cannot subscript something of type `%s'",
				 value->type->name);
	else
		value->type = value->type->target;
	value->address += (uint64_t)index * value->type->size;
	return NULL;
}

static struct error *read_unary(struct reader *reader, struct value *ret);

static struct error *read_parenthesis(struct reader *reader, struct value *ret)
{
	reader->at++;
	TRY(read_unary(reader, ret));
	skip_blanks(reader);
	if (*reader->at == ')')
		reader->at++;
	else
		reader->is_path = false;
	return NULL;
}

static struct error *read_path(struct reader *reader, struct value *ret)
{
	if (*reader->at == '(')
		TRY(read_parenthesis(reader, ret));
	else
		TRY(read_name(reader, ret));
	while (reader->is_path) {
		skip_blanks(reader);
		if (reader->at[0] == '.' && reader->at[1] != '.') {
			reader->at++;
			TRY(take_member(reader, ret));
		} else if (reader->at[0] == '-' && reader->at[1] == '>') {
			reader->at += 2;
			TRY(take_member(reader, ret));
		} else if (*reader->at == '[') {
			reader->at++;
			TRY(take_element(reader, ret));
		} else {
			break;
		}
	}
	return NULL;
}

static struct error *read_unary(struct reader *reader, struct value *ret)
{
	skip_blanks(reader);
	if (*reader->at != '*')
		return read_path(reader, ret);
	reader->at++;
	TRY(read_unary(reader, ret));
	return reader->is_path ? follow(reader, ret) : NULL;
}

/* "@4" behind a value: that many like it, one after another. */
static struct error *take_count(struct reader *reader, struct value *value)
{
	char *end;
	unsigned long count = strtoul(reader->at + 1, &end, 0);
	struct type *array = ARENA_NEW(&value->texts, struct type);
	end += strspn(end, " \t");
	if (!value->has_address)
		return error_new(ERR_TYPE, "Only values in memory can be extended with '@'.");
	if (*end || count == 0 || count > COUNT_MAX)
		return error_new(ERR_TYPE, "a number from 1 to %d expected after '@'", COUNT_MAX);
	*array = (struct type){
	    .kind = TYPE_ARRAY,
	    .name = value->type->name,
	    .size = count * value->type->size,
	    .target = value->type,
	    .count = count,
	};
	value->type = array;
	reader->at = end;
	return NULL;
}

struct error *evaluate(const struct evaluation *evaluation, const char *text, bool wants_value,
		       struct value *ret, bool *ret_is_path)
{
	struct reader reader = {evaluation, text, false};
	*ret = (struct value){0};
	struct error *err = read_unary(&reader, ret);
	skip_blanks(&reader);
	if (!err && reader.is_path && *reader.at == '@')
		err = take_count(&reader, ret);
	*ret_is_path = reader.is_path && (err || !*reader.at);
	if (!*ret_is_path) {
		error_free(err);
		return NULL;
	}
	return err || !wants_value ? err : value_read(evaluation, ret);
}

struct error *evaluate_beginning(const struct evaluation *evaluation, const char *text,
				 struct value *ret, const char **ret_end)
{
	struct reader reader = {evaluation, text, false};
	*ret = (struct value){0};
	struct error *err = read_unary(&reader, ret);
	*ret_end = reader.is_path ? reader.at : text;
	while (*ret_end > text && strchr(" \t", (*ret_end)[-1]))
		--*ret_end;
	if (!err && reader.is_path)
		err = value_read(evaluation, ret);
	return err;
}
