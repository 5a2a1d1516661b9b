/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * substitute.c - an expression of Lua's with globals of the target in it: each path through one
 * becomes what it is now, written as Lua writes it.
 *
 * Lua by itself would take an unknown name for nil, and "counter == 41" for false.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "command.h"

/* ------------------------------------------------------------------- literals */

static int64_t integer_of(const struct value *value)
{
	uint64_t bits = 0;
	size_t size = value->bytes.size < sizeof(bits) ? value->bytes.size : sizeof(bits);
	unsigned unused = 64 - 8 * (unsigned)size;
	memcpy(&bits, value->bytes.data, size);
	if (unused == 64 || !value->type->is_signed)
		return (int64_t)bits;
	return (int64_t)(bits << unused) >> unused;
}

static void put_text(struct buffer *out, const char *bytes, size_t size)
{
	buffer_puts(out, "(\"");
	for (size_t i = 0; i < size; i++)
		buffer_printf(out, isalnum((unsigned char)bytes[i]) ? "%c" : "\\%03u",
			      (unsigned char)bytes[i]);
	buffer_puts(out, "\")");
}

static bool put_float(struct buffer *out, const struct value *value)
{
	double number = NAN;
	float small;
	if (value->bytes.size == sizeof(number)) {
		memcpy(&number, value->bytes.data, sizeof(number));
	} else if (value->bytes.size == sizeof(small)) {
		memcpy(&small, value->bytes.data, sizeof(small));
		number = (double)small;
	}
	if (isfinite(number))
		buffer_printf(out, "(%a)", number);
	return isfinite(number);
}

/* Text behind a pointer, or in the value itself; false: it is none, or could not be read. */
static bool put_string(struct buffer *out, const struct value *value)
{
	const struct type *type = value->type;
	const struct typed_part *part = value->parts.size ? &value->parts.data[0] : NULL;
	bool is_pointer = type->kind == TYPE_POINTER && type->target->kind == TYPE_CHARACTER;
	if (type->kind == TYPE_ARRAY && type->target->kind == TYPE_CHARACTER &&
	    type->target->size == 1) {
		put_text(out, value->bytes.data, strnlen(value->bytes.data, value->bytes.size));
		return true;
	}
	if ((!is_pointer && type->form != FORM_STRING) || !part || part->type || part->reason)
		return false;
	if (is_pointer && !integer_of(value))
		buffer_puts(out, "nil");
	else
		put_text(out, part->bytes, part->size);
	return true;
}

/* False: Lua has nothing for it. An enumerator is its number. */
static bool put_literal(struct buffer *out, const struct value *value)
{
	const struct type *type = value->type;
	int64_t number;
	switch (type->kind) {
	case TYPE_INTEGER:
	case TYPE_CHARACTER:
	case TYPE_ENUM:
		number = integer_of(value);
		if (type->size > sizeof(number) || (!type->is_signed && number < 0))
			return false;
		/* -9223372036854775808 would be a float. */
		buffer_printf(out, number < 0 ? "(0x%" PRIx64 ")" : "(%" PRId64 ")", number);
		return true;
	case TYPE_BOOLEAN:
		buffer_puts(out, integer_of(value) ? "true" : "false");
		return true;
	case TYPE_FLOAT:
		return put_float(out, value);
	default:
		return put_string(out, value);
	}
}

/* -------------------------------------------------------------------- reading */

struct substitution {
	struct console *console;
	struct evaluation *evaluation; /* NULL: there is none, and this is why: */
	struct error *reason;
	const char *at;
	struct buffer out;
};

static size_t name_size(const char *text)
{
	size_t size = 0;
	while (isalnum((unsigned char)text[size]) || text[size] == '_')
		size++;
	return size;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(text, word, size) == 0;
}

static bool is_reserved(const char *text, size_t size)
{
	static const char *const words[] = {"and", "or", "not", "nil", "true", "false"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is_word(text, size, words[i]))
			return true;
	return false;
}

/* What is at hand, as it stands. */
static void copy(struct substitution *s, size_t size)
{
	buffer_append(&s->out, s->at, size);
	s->at += size;
}

static void copy_quoted(struct substitution *s)
{
	char quote = *s->at;
	size_t size = 1;
	while (s->at[size] && s->at[size] != quote)
		size += s->at[size] == '\\' && s->at[size + 1] ? 2 : 1;
	copy(s, size + (s->at[size] == quote));
}

/* The last thing before, blanks left out; 0 at the start. Two dots are an operator. */
static char last_before(const struct substitution *s)
{
	size_t size = s->out.size;
	while (size && strchr(" \t\n", s->out.data[size - 1]))
		size--;
	if (size > 1 && s->out.data[size - 1] == '.' && s->out.data[size - 2] == '.')
		return '+';
	return size ? s->out.data[size - 1] : '\0';
}

static struct error *no_such_name(struct substitution *s)
{
	size_t size =
	    strspn(s->at, ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	if (s->reason) {
		struct error *err = s->reason;
		s->reason = NULL;
		return err;
	}
	CLEANUP(free_p) char *of_main = xasprintf("main.%.*s", (int)size, s->at);
	struct value value = {0};
	const char *end;
	error_free(evaluate_beginning(s->evaluation, of_main, &value, &end));
	value_deinit(&value);
	bool is_call = s->at[size + strspn(s->at + size, " \t")] == '(';
	struct error *err =
	    error_new(ERR_NO_SYMBOL, "No symbol \"%.*s\" in current context.", (int)size, s->at);
	if (end != of_main) /* of Go's, whose names have their package in front */
		return error_hint(err, "Did you mean %s?", of_main);
	return is_call ? error_hint(err, "Nothing is called in the target: Lua's functions are.")
		       : err;
}

/* A path at hand, stars and all, becomes its value; nothing happens where there is none. */
static struct error *take_path(struct substitution *s)
{
	struct value value = {0};
	const char *end = s->at;
	struct error *err = NULL;
	if (s->evaluation)
		err = evaluate_beginning(s->evaluation, s->at, &value, &end);
	if (!err && end != s->at && !put_literal(&s->out, &value)) {
		struct buffer type = {0};
		type_declare(&type, value.type, "");
		err = error_hint(error_new(ERR_TYPE,
					   "%.*s is of type %s: an expression has numbers, "
					   "booleans and text of the target only",
					   (int)(end - s->at), s->at, type.data),
				 "Print it by itself, or a part of it.");
		buffer_deinit(&type);
	}
	s->at = end;
	value_deinit(&value);
	return err;
}

/* A name of Lua's, and if it has a field behind it, that too: os.time, but not os.Args. */
static bool is_of_lua(const struct substitution *s, size_t size)
{
	size_t field = s->at[size] == '.' ? name_size(s->at + size + 1) : 0;
	return command_is_lua_name(s->console, s->at, size) &&
	       (!field || command_is_lua_name(s->console, s->at, size + 1 + field));
}

static struct error *take_word(struct substitution *s)
{
	const char *start = s->at;
	size_t size = name_size(start);
	const char *after = start + size + strspn(start + size, " \t");
	char before = last_before(s);
	bool is_number = isdigit((unsigned char)*start);
	bool is_field = before == '.' || before == ':';
	bool is_key = (before == '{' || before == ',') && *after == '=' && after[1] != '=';
	if (is_number || is_field || is_key || is_reserved(start, size) || is_of_lua(s, size)) {
		copy(s, is_number && start[size] == '.' ? size + 1 : size);
		return NULL;
	}
	TRY(take_path(s));
	if (s->at != start)
		return NULL;
	if (!command_is_lua_name(s->console, start, size))
		return no_such_name(s);
	copy(s, size);
	return NULL;
}

/* "*p", "(*p).x": no operand is before it, so that it follows a pointer. */
static bool is_star(const struct substitution *s)
{
	char before = last_before(s);
	return (*s->at == '*' || (s->at[0] == '(' && s->at[1] == '*')) &&
	       !isalnum((unsigned char)before) && (!before || !strchr("_)]}\"'", before));
}

static struct error *take_star(struct substitution *s)
{
	const char *start = s->at;
	TRY(take_path(s));
	if (s->at != start)
		return NULL;
	if (*start == '(') { /* not the star's alone: "(*p + 1)" */
		copy(s, 1);
		return NULL;
	}
	s->at += strspn(s->at, "* \t");
	return no_such_name(s);
}

static struct error *substitute(struct substitution *s)
{
	while (*s->at) {
		if (*s->at == '"' || *s->at == '\'')
			copy_quoted(s);
		else if (name_size(s->at))
			TRY(take_word(s));
		else if (is_star(s))
			TRY(take_star(s));
		else
			copy(s, 1);
	}
	return NULL;
}

struct error *substitute_globals(struct console *console, const char *text, char **ret)
{
	struct evaluation evaluation;
	struct substitution s = {.console = console, .evaluation = &evaluation, .at = text};
	/* The names of functions' parameters are nobody else's. */
	if (strstr(text, "function")) {
		*ret = xstrdup(text);
		return NULL;
	}
	s.reason = evaluation_init(&evaluation, console);
	if (s.reason)
		s.evaluation = NULL;
	struct error *err = substitute(&s);
	if (s.evaluation)
		evaluation_deinit(&evaluation);
	error_free(s.reason);
	if (!err)
		*ret = buffer_take(&s.out);
	buffer_deinit(&s.out);
	return err;
}
