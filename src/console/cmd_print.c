/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_print.c - print, ptype, whatis: globals of the target and their types; Lua for
 * the rest.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* ------------------------------------------------------------------ functions */

/* "int, char *": the types that next gives; returns how many. */
static size_t put_list(struct scope *scope,
		       bool (*next)(struct scope *scope, size_t index, struct variable *ret),
		       struct buffer *out)
{
	struct variable variable;
	size_t count = 0;
	while (next(scope, count, &variable)) {
		buffer_puts(out, count++ ? ", " : "");
		type_declare(out, variable.type, "");
	}
	return count;
}

/* "func(int, string) (int, error)" */
static void put_go_function(struct scope *scope, struct buffer *out)
{
	struct buffer results = {0};
	buffer_puts(out, "func(");
	put_list(scope, scope_parameter, out);
	size_t count = put_list(scope, scope_go_result, &results);
	buffer_printf(out, count > 1 ? ") (%s)" : count ? ") %s" : ")", results.data);
	buffer_deinit(&results);
}

/* "long (long, char *)" */
static void put_c_function(struct scope *scope, struct buffer *out)
{
	const struct type *result = scope_result(scope);
	if (result)
		type_declare(out, result, "(");
	else
		buffer_puts(out, "<unknown> (");
	buffer_puts(out, put_list(scope, scope_parameter, out) ? ")" : "void)");
}

/* Its type, if debug information has it. */
static bool put_function_type(const struct place *place, struct buffer *out)
{
	struct scope *scope = NULL;
	error_free(scope_open(place->image, place->address, &scope));
	if (!scope)
		return false;
	(place->function.is_go ? put_go_function : put_c_function)(scope, out);
	scope_close(scope);
	return true;
}

/* A function's type, if text names one. */
static bool put_function(struct console *console, const char *text, struct buffer *out)
{
	place_list places = {0};
	error_free(console_places(console, text, &places));
	bool is_known = places.size && put_function_type(&places.data[0], out);
	place_list_deinit(&places);
	return is_known;
}

/* --------------------------------------------------------------------- print */

static void put_value(struct buffer *out, const struct evaluation *evaluation,
		      const struct value *value, char letter)
{
	const struct typed_limits limits = {evaluation->limits.depth, evaluation->limits.elements,
					    letter};
	const struct typed_value typed = {
	    .type = value->type,
	    .bytes = value->bytes.data,
	    .size = value->bytes.size,
	    .parts = value->parts.data,
	    .part_count = value->parts.size,
	};
	typed_format(out, &typed, &limits);
	buffer_putc(out, '\n');
}

/* "&counter": where it is. */
static struct error *put_address(struct buffer *out, const struct value *value, const char *text)
{
	if (!value->has_address)
		return error_new(ERR_TYPE, "%s is in no memory", text);
	buffer_putc(out, '(');
	type_declare(out, value->type, "*");
	buffer_printf(out, ") 0x%" PRIx64 "\n", value->address);
	return NULL;
}

/* A global of the target, if the text is one or a path through it. */
static struct error *print_global(struct console *console, const char *text, char letter,
				  struct buffer *out, bool *ret_is_path)
{
	struct evaluation evaluation;
	struct value value = {0};
	bool is_address = *text == '&';
	*ret_is_path = false;
	struct error *err = evaluation_init(&evaluation, console);
	if (err) {
		error_free(err);
		return NULL;
	}
	err = evaluate(&evaluation, text + is_address, !is_address, &value, ret_is_path);
	if (!err && *ret_is_path && is_address)
		err = put_address(out, &value, text + 1);
	else if (!err && *ret_is_path)
		put_value(out, &evaluation, &value, letter);
	value_deinit(&value);
	evaluation_deinit(&evaluation);
	return err;
}

static struct error *no_such(const char *text)
{
	static const char *const kinds[] = {"struct", "union", "enum"};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t size = strlen(kinds[i]);
		if (!strncmp(text, kinds[i], size) && text[size] == ' ')
			return error_new(ERR_NO_SYMBOL, "No %s type named %s.", kinds[i],
					 text + size + 1);
	}
	return error_new(ERR_NO_SYMBOL, "No symbol \"%s\" in current context.", text);
}

/* "/x" before *text; moves behind it. */
static struct error *take_letter(const char **text, char *ret)
{
	*ret = 0;
	if (**text != '/')
		return NULL;
	size_t size = strcspn(*text, " \t");
	if (size != 2 || !strchr("xzduotcs", (*text)[1]))
		return error_new(ERR_USAGE, "Undefined output format \"%.*s\".",
				 size ? (int)size - 1 : 0, *text + 1);
	*ret = (*text)[1] == 's' ? 0 : (*text)[1]; /* texts are texts as it is */
	*text += size + strspn(*text + size, " \t");
	return NULL;
}

/* An integer of Lua's by a letter, in Lua. */
static const struct {
	char letter;
	const char *function;
} letters[] = {
    {'x', "function(n) return ('0x%x'):format(n) end"},
    {'z', "function(n) return ('0x%016x'):format(n) end"},
    {'o', "function(n) return ('0%o'):format(n) end"},
    {'d', "function(n) return ('%d'):format(n) end"},
    {'u', "function(n) return ('%d'):format(n) end"},
    {'c', "function(n) return ('%d \\'%c\\''):format(n, n) end"},
    {'t', "function(n) local s = '' repeat s, n = (n & 1) .. s, n >> 1 until n == 0 return s end"},
};

static struct error *print_lua(struct console *console, const char *text, char letter)
{
	const char *function = "";
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].letter == letter)
			function = letters[i].function;
	CLEANUP(free_p)
	char *expression =
	    letter ? xasprintf("= (%s)(%s)", function, text) : xasprintf("= %s", text);
	return command_run_text(console, expression, true);
}

/* "{int (int)} 0x401136 <twice>", if text is the name of a function that Lua does not know. */
static bool print_function(struct console *console, const char *text, struct buffer *out)
{
	static const char in_names[] =
	    ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	place_list places = {0};
	text += *text == '&';
	if (text[strspn(text, in_names)] || (*text >= '0' && *text <= '9') ||
	    command_is_lua_name(console, text, strcspn(text, ".")))
		return false;
	error_free(console_places(console, text, &places));
	bool is_function = places.size != 0;
	if (is_function) {
		const struct place *place = &places.data[0];
		uint64_t bias = memory_of(console, place->image).bias;
		buffer_putc(out, '{');
		if (!put_function_type(place, out))
			buffer_puts(out, "<text variable, no debug info>");
		buffer_printf(out, "} 0x%" PRIx64 " <", place->function.address + bias);
		text_name(out, place->function.name);
		buffer_puts(out, ">\n");
	}
	place_list_deinit(&places);
	return is_function;
}

struct error *console_no_variable(const char *text)
{
	return error_hint(error_new(ERR_USAGE, "There is no %s: nothing is stopped.", text),
			  "A block reads registers at the hit: reg.rax. $bpnum is the number of "
			  "the latest tracepoint.");
}

/* $bpnum is the one variable of GDB's that there is. */
struct error *cmd_print(struct console *console, const char *arguments, struct buffer *out)
{
	bool is_path;
	char letter;
	TRY(take_letter(&arguments, &letter));
	if (!*arguments)
		return error_new(ERR_USAGE, "print needs an expression");
	if (!strcmp(arguments, "$bpnum")) {
		buffer_printf(out, "%u\n", session_last_number(console->session));
		return NULL;
	}
	if (*arguments == '$')
		return console_no_variable(arguments);
	struct error *err = print_global(console, arguments, letter, out, &is_path);
	if (err || is_path || print_function(console, arguments, out))
		return err;
	CLEANUP(free_p) char *expression = NULL;
	TRY(substitute_globals(console, arguments, &expression));
	return print_lua(console, expression, letter);
}

/* GDB's has no parentheses. */
struct error *cmd_printf(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	if (*arguments != '"' && *arguments != '\'')
		return error_hint(error_new(ERR_USAGE, "Bad format string"),
				  "printf \"%%d\\n\", EXPR, ...");
	CLEANUP(free_p) char *text = xasprintf("printf(%s)", arguments);
	return command_run_text(console, text, true);
}

/* ------------------------------------------------------------ ptype, whatis */

static struct error *put_type(struct console *console, const char *text, bool is_whole,
			      bool has_offsets, struct buffer *out)
{
	struct evaluation evaluation;
	struct value value = {0};
	bool is_path;
	TRY(evaluation_init(&evaluation, console));
	struct error *err = evaluate(&evaluation, text, false, &value, &is_path);
	const struct type *type = is_path ? value.type : NULL;
	if (!err && !type)
		type = scope_type(evaluation.scope, text);
	if (type)
		type = scope_complete(evaluation.scope, type);
	struct buffer shown = {0};
	if (!err && type && is_whole)
		type_describe(&shown, type, has_offsets);
	else if (!err && type)
		type_declare(&shown, type, "");
	else if (!err && !put_function(console, text, &shown))
		err = no_such(text);
	if (!err)
		buffer_printf(out, "%stype = %s\n",
			      has_offsets ? "/* offset      |    size */  " : "", shown.data);
	buffer_deinit(&shown);
	value_deinit(&value);
	evaluation_deinit(&evaluation);
	return err;
}

static struct error *unknown_flag(const char *text)
{
	return error_hint(error_new(ERR_USAGE, "unrecognized flag '%.*s'",
				    (int)strcspn(text + 1, " \t"), text + 1),
			  "ptype/o shows the offsets of members; there are no other flags.");
}

struct error *cmd_ptype(struct console *console, const char *arguments, struct buffer *out)
{
	bool has_offsets = !strncmp(arguments, "/o", 2) && strchr(" \t", arguments[2]);
	if (has_offsets)
		arguments += 2 + strspn(arguments + 2, " \t");
	else if (*arguments == '/')
		return unknown_flag(arguments);
	if (!*arguments)
		return error_new(ERR_USAGE, "ptype needs a variable, function or type");
	return put_type(console, arguments, true, has_offsets, out);
}

struct error *cmd_whatis(struct console *console, const char *arguments, struct buffer *out)
{
	if (*arguments == '/')
		return unknown_flag(arguments);
	if (!*arguments)
		return error_new(ERR_USAGE, "whatis needs a variable, function or type");
	return put_type(console, arguments, false, false, out);
}
