/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_listing.c - disassemble: a function's instructions, with what a person who
 * wants to put a tracepoint there must know of each.
 *
 * Apart from info because it is a small program of its own.
 */
#include <inttypes.h>
#include <string.h>

#include "moontap/console.h"

struct dump {
	struct image *image;
	struct code code;
	struct site_rules rules;
	uint64_t entry; /* where `break FUNCTION` goes */
	bool has_bytes;
	struct line line; /* of the previous instruction */
	struct buffer *out;
};

static void dump_line(struct dump *dump, const struct insn *insn)
{
	struct line line;
	if (!image_line_at(dump->image, insn->address, &line))
		return;
	if (dump->line.file && !strcmp(dump->line.file, line.file) &&
	    dump->line.number == line.number)
		return;
	text_line(dump->out, &line);
	buffer_puts(dump->out, ":\n");
	dump->line = line;
}

static void dump_bytes(struct dump *dump, const struct insn *insn)
{
	const uint8_t *bytes = dump->code.bytes + (insn->address - dump->code.start);
	for (unsigned i = 0; i < insn->size; i++)
		buffer_printf(dump->out, "%02x ", bytes[i]);
	buffer_putc(dump->out, '\t');
}

static void dump_insn(struct dump *dump, const struct insn *insn)
{
	struct site_verdict verdict = site_judge(&dump->code, insn, &dump->rules);
	char mark = !verdict.is_allowed ? '!' : verdict.cost == COST_CHEAP ? '+' : ' ';
	buffer_printf(dump->out, "%c%c 0x%016" PRIx64 " <+%#" PRIx64 ">:\t",
		      insn->address == dump->entry ? '>' : ' ', mark, insn->address,
		      insn->address - dump->code.start);
	if (dump->has_bytes)
		dump_bytes(dump, insn);
	buffer_puts(dump->out, insn->text);
	if (!verdict.is_allowed)
		buffer_printf(dump->out, "\t# %s", verdict.reason);
	buffer_putc(dump->out, '\n');
}

static struct error *dump_function(const struct place *place, bool has_bytes, struct buffer *out)
{
	const struct function *function = &place->function;
	CLEANUP(free_p) uint8_t *bytes = xmalloc(function->size + 1);
	if (!function->name || !image_read(place->image, function->address, bytes, function->size))
		return error_new(ERR_NOT_CODE, "No function contains address 0x%" PRIx64 ".",
				 place->address);
	struct dump dump = {
	    .image = place->image,
	    .rules = {.rewrites_nop5 = kernel_rewrites_nop5()},
	    .has_bytes = has_bytes,
	    .out = out,
	};
	code_init(&dump.code, bytes, function->size, function->address);
	dump.entry = site_entry(&dump.code, &dump.rules).address;
	buffer_puts(out, "Dump of assembler code for function ");
	text_name(out, function->name);
	buffer_puts(out, ":\n");
	for (size_t i = 0; i < dump.code.insns.size; i++) {
		dump_line(&dump, &dump.code.insns.data[i]);
		dump_insn(&dump, &dump.code.insns.data[i]);
	}
	buffer_puts(out, "End of assembler dump.\n");
	code_deinit(&dump.code);
	return NULL;
}

#define DUMPED_FUNCTIONS_MAX 16

/* A line may have several places in one function. */
static bool is_same_function(const struct place *a, const struct place *b)
{
	return a->image == b->image && a->function.address == b->function.address;
}

static struct error *dump_places(const place_list *places, bool has_bytes, struct buffer *out)
{
	size_t count = 0;
	for (size_t i = 0; i < places->size; i++) {
		const struct place *place = &places->data[i];
		if (i && is_same_function(place, place - 1))
			continue;
		if (count++ < DUMPED_FUNCTIONS_MAX)
			TRY(dump_function(place, has_bytes, out));
	}
	buffer_puts(out, "Marks: > where \"break\" goes, + cheap to trace, ! cannot be traced.\n");
	if (count > DUMPED_FUNCTIONS_MAX)
		buffer_printf(out, "%zu more functions match.\n", count - DUMPED_FUNCTIONS_MAX);
	return NULL;
}

struct error *cmd_disassemble(struct console *console, const char *arguments, struct buffer *out)
{
	bool has_bytes = !strncmp(arguments, "/r", 2) && (!arguments[2] || arguments[2] == ' ');
	if (has_bytes)
		arguments += 2 + strspn(arguments + 2, " \t");
	if (!*arguments)
		return error_new(ERR_USAGE, "disassemble needs the name of a function");
	struct program *program;
	TRY(console_program(console, &program));
	struct location location;
	TRY(location_parse(arguments, &location));
	place_list places = {0};
	struct error *err = location_resolve(&location, program, &places);
	location_deinit(&location);
	if (err)
		return err;
	err = dump_places(&places, has_bytes, out);
	place_list_deinit(&places);
	return err;
}
