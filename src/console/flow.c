/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.c - where a function's control goes: lines, inlined calls, callees, and what of it
 * the compiler added.
 */
#include "flow.h"

#include <inttypes.h>
#include <string.h>

#define FUNCTIONS_MAX 16

/* What Go's compiler and C's call without being asked. A name ending in * is a prefix. */
static const char *const plumbing[] = {
    "runtime.morestack*",   "runtime.gcWriteBarrier*", "runtime.panicIndex*",
    "runtime.panicSlice*",  "runtime.panicBounds*",    "runtime.goPanic*",
    "runtime.panicdivide*", "runtime.panicshift*",     "runtime.panicoverflow*",
    "runtime.panicmem*",    "runtime.racefunc*",       "runtime.raceread*",
    "runtime.racewrite*",   "runtime.wbZero*",	       "runtime.wbMove*",
    "runtime.panicunsafe*", "runtime.panicExtend*",    "runtime.panicnil*",
    "__stack_chk_fail*",    "runtime.duff*",	       "runtime.asanread*",
};

bool flow_is_plumbing(const char *callee)
{
	for (size_t i = 0; callee && i < ARRAY_SIZE(plumbing); i++)
		if (glob_match(plumbing[i], callee))
			return true;
	return false;
}

const char *flow_callee(const struct flow *flow, const struct insn *insn)
{
	struct function function;
	if (insn->target && image_function_at(flow->image, insn->target, &function) &&
	    function.address == insn->target)
		return function.name;
	return image_stub_name(flow->image, insn->address, insn->target);
}

void flow_put_offset(const struct flow *flow, uint64_t address, struct buffer *out)
{
	struct function function;
	if (address >= flow->code.start && address < flow->code.end) {
		buffer_printf(out, "+%#" PRIx64, address - flow->code.start);
		return;
	}
	if (!image_function_at(flow->image, address, &function)) {
		buffer_printf(out, "*%#" PRIx64, address);
		return;
	}
	text_name(out, function.name);
	if (address != function.address)
		buffer_printf(out, "+%#" PRIx64, address - function.address);
}

void flow_put_line(const struct flow *flow, uint64_t address, bool has_inlined, struct buffer *out)
{
	inline_chain chain = {0};
	struct line line = {0};
	image_inlined_at(flow->image, address, &chain);
	if (chain.size)
		line = chain.data[chain.size - 1].line;
	else
		image_line_at(flow->image, address, &line);
	text_line(out, &line);
	for (size_t i = chain.size; has_inlined && i-- > 0;) {
		buffer_putc(out, ' ');
		text_name(out, chain.data[i].name);
	}
	vector_deinit(&chain);
}

void flow_cell(struct table *table, struct buffer *text)
{
	CLEANUP(free_p) char *taken = buffer_take(text);
	table_cell(table, "%s", taken);
}

static struct error *show_function(struct flow *flow, const struct place *place,
				   void (*show)(struct flow *flow))
{
	flow->image = place->image;
	flow->function = place->function;
	CLEANUP(free_p) uint8_t *bytes = xmalloc(place->function.size + 1);
	if (!place->function.name ||
	    !image_read(place->image, place->function.address, bytes, place->function.size))
		return error_new(ERR_NOT_CODE, "No function contains address 0x%" PRIx64 ".",
				 place->address);
	code_init(&flow->code, bytes, place->function.size, place->function.address);
	show(flow);
	code_deinit(&flow->code);
	return NULL;
}

static struct error *show_places(struct flow *flow, const place_list *places,
				 void (*show)(struct flow *flow))
{
	size_t count = 0;
	for (size_t i = 0; i < places->size; i++) {
		const struct place *place = &places->data[i];
		bool is_same = i && place->image == place[-1].image &&
			       place->function.address == place[-1].function.address;
		if (!is_same && count++ < FUNCTIONS_MAX)
			TRY(show_function(flow, place, show));
	}
	if (count > FUNCTIONS_MAX)
		buffer_printf(flow->out, "%zu more functions match.\n", count - FUNCTIONS_MAX);
	if (flow->hidden)
		buffer_printf(flow->out,
			      "%zu of the compiler's own %s not shown (stack checks, write "
			      "barriers, bounds checks): /a shows all.\n",
			      flow->hidden, flow->hidden == 1 ? "is" : "are");
	return NULL;
}

struct error *flow_each(struct console *console, const char *command, const char *arguments,
			void (*show)(struct flow *flow), struct buffer *out)
{
	struct flow flow = {.out = out};
	if (strncmp(arguments, "/a", 2) == 0 && strchr(" \t", arguments[2])) {
		flow.wants_all = true;
		arguments += 2 + strspn(arguments + 2, " \t");
	} else if (*arguments == '/' && !strchr(arguments + 1, '/')) {
		return error_new(ERR_USAGE, "%s knows no modifier but /a", command);
	}
	if (!*arguments)
		return error_new(ERR_USAGE, "%s needs the name of a function", command);
	place_list places = {0};
	TRY(console_places(console, arguments, &places));
	struct error *err = show_places(&flow, &places, show);
	place_list_deinit(&places);
	return err;
}
