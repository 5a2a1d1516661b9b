/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_disassemble.c - disassemble: a function's instructions, with what a person who
 * wants to put a tracepoint there must know of each.
 *
 * Apart from info because it is a small program of its own.
 */
#include <inttypes.h>
#include <string.h>

#include "command.h"

struct dump_options {
	bool has_bytes, has_source;
};

struct dump {
	struct console *console;
	const struct dump_options *options;
	struct image *image;
	struct code code;
	struct references references;
	struct site_rules rules;
	uint64_t entry;	  /* where `break FUNCTION` goes */
	struct line line; /* of the previous instruction */
	struct buffer *out;
};

/* The line's text, and those between the line before and it, as GDB's /s has it. */
static void dump_source(struct dump *dump, const struct line *line)
{
	struct srcfile *file = &dump->console->srcfile;
	bool is_same = dump->line.file && !strcmp(dump->line.file, line->file);
	struct error *err = srcfile_open(file, &dump->console->srcpath, dump->image, line->file);
	if (dump->line.file)
		buffer_putc(dump->out, '\n');
	if (!is_same) {
		text_name(dump->out, line->file);
		buffer_puts(dump->out, ":\n");
	}
	unsigned first =
	    is_same && dump->line.number < line->number ? dump->line.number + 1 : line->number;
	for (unsigned i = first; !err && i <= line->number && i <= file->lines.size; i++)
		srcfile_put_line(file, i, dump->out);
	if (err)
		buffer_printf(dump->out, "%u\tin %s\n", line->number, line->file);
	error_free(err);
}

/* The tracepoints that sit on an instruction, and how often they were hit. */
static void dump_hits(struct dump *dump, const struct insn *insn)
{
	const struct session *session = dump->console->session;
	for (struct probe *p = NULL; (p = session_next_probe(session, p));) {
		for (size_t i = 0; i < probe_site_count(p); i++) {
			const struct place *place = &probe_site(p, i)->place;
			struct counters counters;
			if (place->image != dump->image || place->address != insn->address)
				continue;
			probe_site_counters(p, i, &counters);
			buffer_printf(dump->out, "\t# tracepoint %u: %" PRIu64 " hit%s",
				      probe_number(p), counters.hits,
				      counters.hits == 1 ? "" : "s");
		}
	}
}

static void dump_line(struct dump *dump, const struct insn *insn)
{
	struct line line;
	if (!image_line_at(dump->image, insn->address, &line))
		return;
	if (dump->line.file && !strcmp(dump->line.file, line.file) &&
	    dump->line.number == line.number)
		return;
	if (dump->options->has_source)
		dump_source(dump, &line);
	else {
		text_line(dump->out, &line);
		buffer_puts(dump->out, ":\n");
	}
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
	if (dump->options->has_bytes)
		dump_bytes(dump, insn);
	struct insn_text text = code_text(&dump->code, insn);
	references_put(&dump->references, insn, &text, dump->out);
	if (!verdict.is_allowed)
		buffer_printf(dump->out, "\t# %s", verdict.reason);
	dump_hits(dump, insn);
	buffer_putc(dump->out, '\n');
}

static struct error *dump_function(struct console *console, const struct place *place,
				   const struct dump_options *options, struct buffer *out)
{
	const struct function *function = &place->function;
	CLEANUP(free_p) uint8_t *bytes = xmalloc(function->size + 1);
	if (!function->name || !image_read(place->image, function->address, bytes, function->size))
		return error_new(ERR_NOT_CODE, "No function contains address 0x%" PRIx64 ".",
				 place->address);
	struct dump dump = {
	    .image = place->image,
	    .rules = {.rewrites_nop5 = kernel_rewrites_nop5()},
	    .console = console,
	    .options = options,
	    .out = out,
	};
	code_init(&dump.code, bytes, function->size, function->address);
	references_init(&dump.references, place->image, 0, &dump.code);
	dump.entry = site_entry(&dump.code, &dump.rules).address;
	buffer_puts(out, "Dump of assembler code for function ");
	text_name(out, function->name);
	buffer_puts(out, ":\n");
	for (size_t i = 0; i < dump.code.insns.size; i++) {
		dump_line(&dump, &dump.code.insns.data[i]);
		dump_insn(&dump, &dump.code.insns.data[i]);
	}
	buffer_puts(out, "End of assembler dump.\n");
	references_deinit(&dump.references);
	code_deinit(&dump.code);
	return NULL;
}

#define DUMPED_FUNCTIONS_MAX 16

/* A line may have several places in one function. */
static bool is_same_function(const struct place *a, const struct place *b)
{
	return a->image == b->image && a->function.address == b->function.address;
}

static struct error *dump_places(struct console *console, const place_list *places,
				 const struct dump_options *options, struct buffer *out)
{
	size_t count = 0;
	for (size_t i = 0; i < places->size; i++) {
		const struct place *place = &places->data[i];
		if (i && is_same_function(place, place - 1))
			continue;
		if (count++ < DUMPED_FUNCTIONS_MAX)
			TRY(dump_function(console, place, options, out));
	}
	buffer_puts(out, "Marks: > where \"break\" goes, + cheap to trace, ! cannot be traced.\n");
	if (count > DUMPED_FUNCTIONS_MAX)
		buffer_printf(out, "%zu more functions match.\n", count - DUMPED_FUNCTIONS_MAX);
	return NULL;
}

/* "/rs" before *text; moves behind it. */
static struct error *parse_modifiers(const char **text, struct dump_options *ret)
{
	const char *p = *text;
	*ret = (struct dump_options){0};
	if (*p != '/')
		return NULL;
	for (p++; *p && !strchr(" \t", *p); p++) {
		if (*p == 'r')
			ret->has_bytes = true;
		else if (*p == 's' || *p == 'm')
			ret->has_source = true;
		else
			return error_new(ERR_USAGE, "Invalid disassembly modifier.");
	}
	*text = p + strspn(p, " \t");
	return NULL;
}

struct error *cmd_disassemble(struct console *console, const char *arguments, struct buffer *out)
{
	struct dump_options options;
	TRY(parse_modifiers(&arguments, &options));
	if (!*arguments)
		return error_new(ERR_USAGE, "disassemble needs the name of a function");
	place_list places = {0};
	TRY(console_places(console, arguments, &places));
	struct error *err = dump_places(console, &places, &options, out);
	place_list_deinit(&places);
	return err;
}
