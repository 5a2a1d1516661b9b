/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_examine.c - x: memory of the process, or bytes of the file where there is none.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* GDB's limit on strings. */
#define STRING_MAX 200
#define INSN_MAX   15

/* --------------------------------------------------------------------- memory */

static size_t read_memory(const struct console *console, uint64_t address, void *ret, size_t size)
{
	return memory_read(&console->examine.memory, address, ret, size);
}

/* The image is held: it may be looked at when the target is another. */
static void look_at(struct console *console, struct image *image)
{
	struct examine *examine = &console->examine;
	image_ref(image);
	if (examine->memory.image)
		image_unref(examine->memory.image);
	examine->memory = memory_of(console, image);
}

static struct error *unreadable(uint64_t address)
{
	return error_new(ERR_UNREADABLE, "Cannot access memory at address 0x%" PRIx64, address);
}

static void put_address(const struct console *console, uint64_t address, struct buffer *out)
{
	const struct examine *examine = &console->examine;
	struct function function;
	buffer_printf(out, "0x%" PRIx64, address);
	if (!image_function_at(examine->memory.image, address - examine->memory.bias, &function))
		return;
	buffer_puts(out, " <");
	text_name(out, function.name);
	uint64_t offset = address - examine->memory.bias - function.address;
	if (offset)
		buffer_printf(out, "+%" PRIu64, offset);
	buffer_putc(out, '>');
}

/* --------------------------------------------------------------------- format */

static size_t size_of(char size)
{
	return size == 'b' ? 1 : size == 'h' ? 2 : size == 'w' ? 4 : 8;
}

static struct error *parse_letter(struct examine *examine, char letter, bool *has_size)
{
	if (strchr("bhwg", letter)) {
		examine->size = letter;
		*has_size = true;
	} else if (strchr("xduotacfsiz", letter)) {
		examine->format = letter;
	} else {
		return error_new(ERR_USAGE, "Undefined output format \"%c\".", letter);
	}
	return NULL;
}

/* "/4xw" before *text; moves behind it. */
static struct error *parse_format(struct examine *examine, const char **text)
{
	bool has_size = false;
	const char *p = *text;
	if (*p != '/')
		return NULL;
	struct examine parsed = *examine;
	char *end;
	errno = 0;
	parsed.count = 1;
	unsigned long count = strtoul(++p, &end, 10);
	if (*p == '-' || errno || count > 1000000)
		return error_new(ERR_USAGE, "\"%.*s\" is not a number of units",
				 (int)strcspn(p, " \t"), p);
	if (end != p)
		parsed.count = (unsigned)count;
	for (p = end; *p && !strchr(" \t", *p); p++)
		TRY(parse_letter(&parsed, *p, &has_size));
	if (!has_size && strchr("csa", parsed.format))
		parsed.size = parsed.format == 'a' ? 'g' : 'b';
	else if (!has_size && parsed.format == 'f' && size_of(parsed.size) < 4)
		parsed.size = 'g';
	*examine = parsed;
	*text = p + strspn(p, " \t");
	return NULL;
}

/* -------------------------------------------------------------------- address */

static struct error *find_symbol(struct console *console, const char *text)
{
	place_list places = {0};
	TRY(console_places(console, text, &places));
	examine_start_at(console, &places.data[0]);
	place_list_deinit(&places);
	return NULL;
}

void examine_start_at(struct console *console, const struct place *place)
{
	struct examine *examine = &console->examine;
	look_at(console, place->image);
	examine->next = place->address + examine->memory.bias;
	examine->is_started = true;
}

struct owner_search {
	struct console *console;
	uint64_t address;
};

static void find_owner(void *context, struct image *image)
{
	struct owner_search *search = context;
	struct memory memory = memory_of(search->console, image);
	struct function function;
	if (image_function_at(image, search->address - memory.bias, &function))
		look_at(search->console, image);
}

/* Arrays and structs are where they are, anything else is where it leads: GDB's rule. */
static struct error *address_of(const struct memory *memory, const struct value *value,
				uint64_t *ret)
{
	enum type_kind kind = value->type->kind;
	uint64_t address = 0;
	size_t size = value->type->size < sizeof(address) ? value->type->size : sizeof(address);
	if (kind == TYPE_ARRAY || kind == TYPE_STRUCT || kind == TYPE_UNION)
		address = value->address;
	else if (memory_read(memory, value->address, &address, size) < size)
		return unreadable(value->address);
	*ret = address;
	return NULL;
}

/* "&counter", "list.next", "table" */
static struct error *find_global(struct console *console, const char *text, uint64_t *ret_address,
				 bool *ret_is_found)
{
	struct evaluation evaluation;
	struct value value = {0};
	bool is_address = *text == '&';
	struct error *err = evaluation_init(&evaluation, console);
	*ret_is_found = false;
	if (err) {
		error_free(err);
		return NULL;
	}
	err = evaluate(&evaluation, text + is_address, false, &value, ret_is_found);
	*ret_is_found &= value.has_address;
	if (!err && *ret_is_found && is_address)
		*ret_address = value.address;
	else if (!err && *ret_is_found)
		err = address_of(&evaluation.memory, &value, ret_address);
	value_deinit(&value);
	evaluation_deinit(&evaluation);
	return err;
}

/* Where to begin: a number, a global, or a function's name with or without &. */
static struct error *start(struct console *console, const char *text)
{
	struct examine *examine = &console->examine;
	struct program *program;
	char *end;
	bool is_found = false;
	TRY(console_program(console, &program));
	if (*text == '$')
		return console_no_variable(text);
	uint64_t address = strtoull(text, &end, 0);
	bool is_number = *text >= '0' && *text <= '9' && !*end;
	if (!is_number)
		TRY(find_global(console, text, &address, &is_found));
	if (!is_number && !is_found)
		return find_symbol(console, text + (*text == '&'));
	look_at(console, program_executable(program));
	if (examine->memory.pid)
		program_each_module(program, find_owner, &(struct owner_search){console, address});
	examine->next = address;
	examine->is_started = true;
	return NULL;
}

/* --------------------------------------------------------------------- showing */

static void put_unit(const struct console *console, const uint8_t bytes[8], struct buffer *out)
{
	const struct examine *examine = &console->examine;
	size_t size = size_of(examine->size);
	uint64_t value = 0;
	memcpy(&value, bytes, size);
	if (examine->format == 'a')
		put_address(console, value, out);
	else
		number_put_letter(out, value, size, examine->format, true);
}

/* One line of units; fewer where the memory ends. */
static struct error *put_units(struct console *console, unsigned count, struct buffer *out)
{
	struct examine *examine = &console->examine;
	size_t size = size_of(examine->size);
	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[8] = {0};
		if (read_memory(console, examine->next, bytes, size) < size) {
			buffer_puts(out, i ? "\n" : "");
			return unreadable(examine->next);
		}
		if (!i) {
			put_address(console, examine->next, out);
			buffer_putc(out, ':');
		}
		buffer_putc(out, '\t');
		put_unit(console, bytes, out);
		examine->next += size;
	}
	buffer_putc(out, '\n');
	return NULL;
}

static struct error *put_string(struct console *console, struct buffer *out)
{
	struct examine *examine = &console->examine;
	char text[STRING_MAX + 1];
	size_t got = read_memory(console, examine->next, text, sizeof(text));
	size_t size = strnlen(text, got < STRING_MAX ? got : STRING_MAX);
	if (!got)
		return unreadable(examine->next);
	put_address(console, examine->next, out);
	buffer_puts(out, ":\t\"");
	escape_text(out, text, size, false);
	bool is_whole = size < got && !text[size];
	buffer_puts(out, is_whole ? "\"\n" : "\"...\n");
	examine->next += size + is_whole;
	return NULL;
}

static struct error *put_insn(struct console *console, struct buffer *out)
{
	struct examine *examine = &console->examine;
	uint8_t bytes[INSN_MAX];
	struct code code;
	size_t got = read_memory(console, examine->next, bytes, sizeof(bytes));
	if (!got)
		return unreadable(examine->next);
	code_init(&code, bytes, got, examine->next);
	buffer_puts(out, "   ");
	put_address(console, examine->next, out);
	code.insns.size = 1; /* the others are what is in the bytes behind it */
	struct insn_text text = code_text(&code, &code.insns.data[0]);
	struct references references;
	references_init(&references, examine->memory.image, examine->memory.bias, &code);
	buffer_puts(out, ":\t");
	references_put(&references, &code.insns.data[0], &text, out);
	buffer_putc(out, '\n');
	references_deinit(&references);
	examine->next += code.insns.data[0].size;
	code_deinit(&code);
	return NULL;
}

static struct error *show(struct console *console, struct buffer *out)
{
	const struct examine *examine = &console->examine;
	unsigned per_line = examine->size == 'w' ? 4 : examine->size == 'g' ? 2 : 8;
	unsigned left = examine->count;
	while (left) {
		unsigned count = 1;
		if (examine->format == 's') {
			TRY(put_string(console, out));
		} else if (examine->format == 'i') {
			TRY(put_insn(console, out));
		} else {
			count = left < per_line ? left : per_line;
			TRY(put_units(console, count, out));
		}
		left -= count;
	}
	return NULL;
}

struct error *cmd_examine(struct console *console, const char *arguments, struct buffer *out)
{
	struct examine *examine = &console->examine;
	if (!examine->format)
		examine->format = 'x', examine->size = 'w';
	if (*arguments != '/')
		examine->count = 1;
	TRY(parse_format(examine, &arguments));
	/* Another target's memory is not what was looked at. */
	if (examine->program != session_target(console->session)->program)
		examine->is_started = false;
	examine->program = session_target(console->session)->program;
	if (*arguments)
		TRY(start(console, arguments));
	else if (examine->is_started)
		look_at(console, examine->memory.image);
	if (!examine->is_started)
		return error_new(ERR_USAGE, "Argument required (starting display address).");
	return show(console, out);
}
