/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_scope.c - info scope, args, locals: what can be read at a place, and where it
 * lives.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

static const char *const registers[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
					"rbp", "rsp", "r8",  "r9",  "r10", "r11",
					"r12", "r13", "r14", "r15", "rip"};

/* --------------------------------------------------------------------- where */

enum {
	STACK_MAX = 32
};

static char *put_operator(enum where_op op, const char *a, const char *b)
{
	static const char *const texts[] = {
	    [WHERE_ADD] = "+",	[WHERE_SUB] = "-",  [WHERE_MUL] = "*",
	    [WHERE_AND] = "&",	[WHERE_OR] = "|",   [WHERE_XOR] = "^",
	    [WHERE_SHL] = "<<", [WHERE_SHR] = ">>", [WHERE_SAR] = ">>",
	};
	if (op == WHERE_ADD && *b == '-')
		return xasprintf("%s - %s", a, b + 1);
	return xasprintf("%s %s %s", a, texts[op], strpbrk(b, " ") ? "..." : b);
}

/* The steps as an expression of registers and numbers. */
static char *steps_text(const struct where_piece *piece)
{
	char *stack[STACK_MAX] = {0};
	size_t size = 0;
	for (size_t i = 0; i < piece->step_count; i++) {
		const struct where_step *step = &piece->steps[i];
		char *text = NULL;
		size_t taken = step->op <= WHERE_FSBASE				 ? 0
			       : step->op == WHERE_LOAD || step->op >= WHERE_NEG ? 1
										 : 2;
		if (size < taken || size - taken == STACK_MAX)
			break;
		const char *b = taken ? stack[size - 1] : NULL;
		if (step->op == WHERE_CONSTANT)
			text = xasprintf("%" PRId64, step->number);
		else if (step->op == WHERE_REGISTER)
			text = xasprintf("$%s", step->number < (int64_t)ARRAY_SIZE(registers)
						    ? registers[step->number]
						    : "?");
		else if (step->op == WHERE_ADDRESS)
			text = xasprintf("0x%" PRIx64, (uint64_t)step->number);
		else if (step->op == WHERE_FSBASE)
			text = xstrdup("$fs_base");
		else if (step->op == WHERE_LOAD)
			text = xasprintf("u%d(%s)", (int)step->number * 8, b);
		else if (taken == 1)
			text = xasprintf("%s(%s)", step->op == WHERE_NEG ? "-" : "~", b);
		else
			text = put_operator(step->op, stack[size - 2], b);
		while (taken--)
			free(stack[--size]);
		stack[size++] = text;
	}
	char *ret = size ? xstrdup(stack[size - 1]) : xstrdup("?");
	while (size)
		free(stack[--size]);
	return ret;
}

static void put_piece(struct buffer *out, const struct where_piece *piece)
{
	CLEANUP(free_p) char *text = steps_text(piece);
	bool is_single = piece->step_count == 1;
	if (piece->kind == PIECE_LOST)
		buffer_puts(out, piece->reason);
	else if (piece->kind == PIECE_MEMORY && is_single && piece->steps[0].op == WHERE_ADDRESS)
		buffer_printf(out, "static storage at address %s", text);
	else if (piece->kind == PIECE_MEMORY)
		buffer_printf(out, "a variable at %s", text);
	else if (is_single && piece->steps[0].op == WHERE_CONSTANT)
		buffer_printf(out, "constant %s", text);
	else if (is_single && piece->steps[0].op == WHERE_REGISTER)
		buffer_printf(out, "a variable in %s", text);
	else
		buffer_printf(out, "computed: %s", text);
}

/* ------------------------------------------------------------------ variables */

struct listing_of {
	struct scope *scope;
	struct buffer *out;
	bool wants[VARIABLE_ENUMERATOR + 1];
	bool has_types;
	size_t count;
};

static bool is_lost(const struct variable *variable)
{
	for (size_t i = 0; i < variable->where.piece_count; i++)
		if (variable->where.pieces[i].kind != PIECE_LOST)
			return false;
	return true;
}

/* Why, and where it can be had. */
static void put_lost(struct listing_of *listing, const struct variable *variable)
{
	unsigned before = 0, after = 0;
	struct buffer *out = listing->out;
	const char *reason = variable->where.pieces[0].reason;
	if (!strcmp(reason, "<optimized out>"))
		buffer_puts(out, " is optimized out");
	else
		buffer_printf(out, " cannot be read here: %s", reason);
	scope_readable_lines(listing->scope, variable->name, &before, &after);
	if (before || after)
		buffer_printf(out,
			      before && after ? "; it can be read at lines %u and %u"
					      : "; it can be read at line %u",
			      before ? before : after, after);
	buffer_puts(out, ".\n");
}

static bool put_variable(void *context, const struct variable *variable)
{
	struct listing_of *listing = context;
	struct buffer *out = listing->out;
	if (!listing->wants[variable->kind])
		return true;
	listing->count++;
	buffer_puts(out, "Symbol ");
	if (listing->has_types)
		type_declare(out, variable->type, variable->name);
	else
		text_name(out, variable->name);
	if (is_lost(variable)) {
		put_lost(listing, variable);
		return true;
	}
	for (size_t i = 0; i < variable->where.piece_count; i++) {
		buffer_puts(out, i ? ", " : " is ");
		put_piece(out, &variable->where.pieces[i]);
		if (variable->where.piece_count > 1)
			buffer_printf(out, " [%" PRIu64 " bytes]", variable->where.pieces[i].size);
	}
	buffer_printf(out, ", length %" PRIu64 ".\n", variable->type->size);
	return true;
}

/* What a static probe's note says of its arguments. */
static void put_usdt_arguments(const struct place *place, struct buffer *out)
{
	size_t count = 0;
	const struct usdt_argument *arguments =
	    image_usdt_arguments(place->image, place->usdt, &count);
	for (size_t i = 0; i < count; i++) {
		const struct where_piece *piece = arguments[i].where.pieces;
		buffer_printf(out, "Symbol arg[%zu] (", i + 1);
		text_name(out, arguments[i].text);
		if (piece->kind == PIECE_LOST) {
			buffer_printf(out, ") cannot be read here: %s.\n", piece->reason);
			continue;
		}
		buffer_printf(out, ", %s) is ", arguments[i].type->name);
		put_piece(out, piece);
		buffer_printf(out, ", length %" PRIu64 ".\n", piece->size);
	}
	if (!count)
		buffer_puts(out, "The probe has no arguments.\n");
}

static struct error *list_place(const struct location *location, const struct place *place,
				struct listing_of *listing)
{
	uint64_t address = probe_address(location, place);
	TRY(scope_open(place->image, address, &listing->scope));
	if (place->usdt && listing->wants[VARIABLE_PARAMETER])
		put_usdt_arguments(place, listing->out);
	if (!listing->scope && place->usdt)
		return NULL;
	if (!listing->scope) {
		buffer_puts(listing->out, "No debug information for ");
		text_address(listing->out, place->image, address);
		buffer_puts(listing->out,
			    ".\nA block there can read arg[1] ... arg[6] as integers, "
			    "reg.NAME, and memory: u64(P), str(P).\n");
		return NULL;
	}
	listing->count = 0;
	scope_each(listing->scope, put_variable, listing);
	scope_close(listing->scope);
	return NULL;
}

static struct error *list_location(struct console *console, const char *text,
				   struct listing_of *listing, const char *nothing)
{
	struct program *program;
	struct location location;
	place_list places = {0};
	TRY(console_program(console, &program));
	TRY(location_parse(text, &location));
	struct error *err = location_resolve(&location, program, &places);
	for (size_t i = 0; i < places.size && !err; i++) {
		if (places.size > 1) {
			text_address(listing->out, places.data[i].image, places.data[i].address);
			buffer_puts(listing->out, ":\n");
		}
		size_t before = listing->out->size;
		err = list_place(&location, &places.data[i], listing);
		if (!err && listing->out->size == before)
			buffer_puts(listing->out, nothing);
	}
	location_deinit(&location);
	place_list_deinit(&places);
	return err;
}

/* ---------------------------------------------------------------- the commands */

struct error *info_scope(struct console *console, const char *arguments, struct buffer *out)
{
	struct buffer shown = {0};
	struct listing_of listing = {
	    .out = &shown,
	    .wants =
		{[VARIABLE_PARAMETER] = true, [VARIABLE_LOCAL] = true, [VARIABLE_GLOBAL] = true},
	};
	if (!*arguments)
		return error_hint(error_new(ERR_USAGE, "requires an argument (function, line or "
						       "*addr) to define a scope"),
				  "info scope main, info scope FILE:LINE");
	struct error *err =
	    list_location(console, arguments, &listing, "contains no locals or arguments.\n");
	if (!err)
		buffer_printf(out, "Scope for %s:\n%s", arguments, shown.data);
	buffer_deinit(&shown);
	return err;
}

static struct error *no_frame(const char *what)
{
	return error_hint(error_new(ERR_USAGE, "No frame selected."),
			  "Nothing is stopped here: \"info %s LOCATION\" says what there is at a "
			  "place.",
			  what);
}

struct error *info_args(struct console *console, const char *arguments, struct buffer *out)
{
	struct listing_of listing = {
	    .out = out, .has_types = true, .wants = {[VARIABLE_PARAMETER] = true}};
	return *arguments ? list_location(console, arguments, &listing, "No arguments.\n")
			  : no_frame("args");
}

struct error *info_locals(struct console *console, const char *arguments, struct buffer *out)
{
	struct listing_of listing = {.out = out,
				     .has_types = true,
				     .wants = {[VARIABLE_LOCAL] = true, [VARIABLE_GLOBAL] = true}};
	return *arguments ? list_location(console, arguments, &listing, "No locals.\n")
			  : no_frame("locals");
}
