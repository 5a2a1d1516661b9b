/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usdtarg.c - where a static probe's arguments are: "-4@%eax 8@-24(%rbp)" -> steps.
 *
 * Each is SIZE@OPERAND. The size is in bytes, negative if it is signed, with an f if it is a
 * float; the operand is what the compiler would have given to an instruction, in AT&T's syntax:
 * $NUMBER, %REGISTER, [SYMBOL][+NUMBER](BASE,INDEX,SCALE). Nobody checks that when a program is
 * built: what is not understood is lost, and says so.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define STEPS_MAX     16
#define ARGUMENTS_MAX 64

/* One argument being taken apart. */
struct reader {
	struct image *image;
	const char *at;
	struct where_step steps[STEPS_MAX];
	size_t count;
	char *lost; /* why it cannot be read; the first reason counts */
};

static void PRINTF_LIKE(2, 3) lose(struct reader *r, const char *format, ...)
{
	va_list args;
	char *text;

	if (r->lost)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	struct buffer escaped = {0};
	escape_text(&escaped, text, strlen(text), false);
	free(text);
	r->lost = buffer_take(&escaped);
}

static void not_understood(struct reader *r)
{
	lose(r, "<unavailable: its place is not understood>");
}

static void add(struct reader *r, enum where_op op, int64_t number)
{
	if (r->count < STEPS_MAX)
		r->steps[r->count++] = (struct where_step){op, number};
	else
		not_understood(r);
}

static bool take(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

/* ---------------------------------------------------------------- registers */

struct reg {
	int64_t number; /* DWARF's */
	unsigned size;
	bool is_high; /* %ah: the second byte */
};

/* By DWARF's number; all 8 bytes, the low 4, 2 and 1. */
static const char *const registers[][4] = {
    {"rax", "eax", "ax", "al"},	     {"rdx", "edx", "dx", "dl"},
    {"rcx", "ecx", "cx", "cl"},	     {"rbx", "ebx", "bx", "bl"},
    {"rsi", "esi", "si", "sil"},     {"rdi", "edi", "di", "dil"},
    {"rbp", "ebp", "bp", "bpl"},     {"rsp", "esp", "sp", "spl"},
    {"r8", "r8d", "r8w", "r8b"},     {"r9", "r9d", "r9w", "r9b"},
    {"r10", "r10d", "r10w", "r10b"}, {"r11", "r11d", "r11w", "r11b"},
    {"r12", "r12d", "r12w", "r12b"}, {"r13", "r13d", "r13w", "r13b"},
    {"r14", "r14d", "r14w", "r14b"}, {"r15", "r15d", "r15w", "r15b"},
};
static const char *const high_bytes[] = {"ah", "dh", "ch", "bh"};

static bool find_register(const char *name, struct reg *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		bool is_high = i < ARRAY_SIZE(high_bytes) && strcmp(name, high_bytes[i]) == 0;
		for (size_t part = 0; part < 4; part++)
			if (is_high || strcmp(name, registers[i][part]) == 0) {
				*ret = (struct reg){(int64_t)i, is_high ? 1 : 8u >> part, is_high};
				return true;
			}
	}
	return false;
}

/* After the %. NULL: no name at all; free it. */
static char *take_register_name(struct reader *r)
{
	size_t size = 0;

	while (isalnum((unsigned char)r->at[size]))
		size++;
	/* %st(1) */
	if (size == 2 && strncmp(r->at, "st(", 3) == 0 && isdigit((unsigned char)r->at[3]) &&
	    r->at[4] == ')')
		size = 5;
	char *name = size ? xstrndup(r->at, size) : NULL;
	r->at += size;
	return name;
}

static bool take_register(struct reader *r, struct reg *ret)
{
	CLEANUP(free_p) char *name = take(r, '%') ? take_register_name(r) : NULL;

	if (!name) {
		not_understood(r);
		return false;
	}
	if (find_register(name, ret))
		return true;
	lose(r, "<unavailable in %%%s>", name);
	return false;
}

/* One that an address is made of. */
static void add_address_register(struct reader *r)
{
	struct reg reg;

	if (!take_register(r, &reg))
		return;
	add(r, WHERE_REGISTER, reg.number);
	if (reg.size != 8)
		not_understood(r);
}

/* ------------------------------------------------------- numbers and symbols */

/* SYMBOL+NUMBER-NUMBER...: a sum of at most one symbol, and numbers. */
struct sum {
	uint64_t number;
	bool has_symbol;
	bool is_of_thread; /* SYMBOL@tpoff: number is a distance from %fs */
	bool is_empty;
};

static bool is_symbol_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* Where a thread-local variable of a program is, from the base of %fs: it lies before it. */
static uint64_t thread_offset(const struct image *image, uint64_t value)
{
	uint64_t align = image->tls_align ? image->tls_align : 1;

	return value - (image->tls_size + align - 1) / align * align;
}

static void take_symbol(struct reader *r, struct sum *sum)
{
	static const char of_thread[] = "@tpoff";
	size_t size = 0;
	uint64_t value;

	while (is_symbol_char(r->at[size]))
		size++;
	CLEANUP(free_p) char *name = xstrndup(r->at, size);
	r->at += size;
	if (strncmp(r->at, of_thread, sizeof(of_thread) - 1) == 0) {
		sum->is_of_thread = true;
		r->at += sizeof(of_thread) - 1;
	}
	if (!size || sum->has_symbol || (*r->at && !strchr("+-(", *r->at))) {
		not_understood(r);
		return;
	}
	sum->has_symbol = true;
	unsigned count = symtab_values(r->image, name, &value);
	if (count == 0)
		lose(r, "<unavailable: no symbol %s in the file>", name);
	else if (count > 1)
		lose(r, "<unavailable: the file has several symbols %s>", name);
	else
		sum->number += sum->is_of_thread ? thread_offset(r->image, value) : value;
}

static void take_term(struct reader *r, struct sum *sum, bool is_negative)
{
	char *end;

	if (!isdigit((unsigned char)*r->at)) {
		if (is_negative)
			not_understood(r);
		take_symbol(r, sum);
		return;
	}
	errno = 0;
	uint64_t number = strtoull(r->at, &end, 0);
	if (errno)
		not_understood(r);
	r->at = end;
	sum->number += is_negative ? -number : number;
}

static struct sum take_sum(struct reader *r)
{
	struct sum sum = {.is_empty = true};

	while (*r->at && *r->at != '(' && !r->lost) {
		bool is_negative = *r->at == '-';
		if (!take(r, '-') && !take(r, '+') && !sum.is_empty)
			not_understood(r);
		sum.is_empty = false;
		take_term(r, &sum, is_negative);
	}
	return sum;
}

static void add_sum(struct reader *r, const struct sum *sum)
{
	add(r, sum->has_symbol && !sum->is_of_thread ? WHERE_ADDRESS : WHERE_CONSTANT,
	    (int64_t)sum->number);
}

/* ----------------------------------------------------------------- operands */

/* ,INDEX or ,INDEX,SCALE: added to what is there. */
static void take_index(struct reader *r)
{
	add_address_register(r);
	if (take(r, ',')) {
		if (!*r->at || !strchr("1248", *r->at))
			not_understood(r);
		else
			add(r, WHERE_CONSTANT, *r->at++ - '0');
		add(r, WHERE_MUL, 0);
	}
	add(r, WHERE_ADD, 0);
}

/* SUM(BASE), SUM(BASE,INDEX), SUM(BASE,INDEX,SCALE), SUM(,INDEX,SCALE), SUM(%rip). */
static void take_brackets(struct reader *r, const struct sum *sum)
{
	if (strncmp(r->at, "(%rip)", 6) == 0) {
		r->at += 6;
		if (!sum->has_symbol || sum->is_of_thread)
			not_understood(r);
		add_sum(r, sum);
		return;
	}
	take(r, '(');
	bool has_base = *r->at != ',';
	if (has_base)
		add_address_register(r);
	if (!has_base || sum->has_symbol || sum->number) {
		add_sum(r, sum);
		if (has_base)
			add(r, WHERE_ADD, 0);
	}
	if (take(r, ','))
		take_index(r);
	if (!take(r, ')'))
		not_understood(r);
}

/* A place in memory: its address. */
static void take_memory(struct reader *r)
{
	bool is_of_thread = strncmp(r->at, "%fs:", 4) == 0;

	r->at += is_of_thread ? 4 : 0;
	struct sum sum = take_sum(r);
	bool has_brackets = *r->at == '(';
	if (sum.is_of_thread && !is_of_thread)
		not_understood(r);
	/* A bare number is no address that a compiler would have written. */
	if (!has_brackets && !sum.has_symbol && (sum.is_empty || !is_of_thread))
		not_understood(r);
	if (has_brackets)
		take_brackets(r, &sum);
	else
		add_sum(r, &sum);
	if (is_of_thread) {
		add(r, WHERE_FSBASE, 0);
		add(r, WHERE_ADD, 0);
	}
}

static void take_register_value(struct reader *r, const struct type *type)
{
	struct reg reg;
	const char *start = r->at;

	if (!take_register(r, &reg))
		return;
	if (type->size > reg.size)
		lose(r, "<unavailable: %u bytes in %.*s>", (unsigned)type->size,
		     (int)(r->at - start), start);
	add(r, WHERE_REGISTER, reg.number);
	if (reg.is_high) {
		add(r, WHERE_CONSTANT, 8);
		add(r, WHERE_SHR, 0);
	}
}

/* True if it is in memory. */
static bool take_operand(struct reader *r, const struct type *type)
{
	bool is_memory = false;

	if (take(r, '$')) {
		struct sum sum = take_sum(r);
		if (sum.is_empty || sum.is_of_thread || type->kind == TYPE_FLOAT)
			not_understood(r);
		add_sum(r, &sum);
	} else if (*r->at == '%' && strncmp(r->at, "%fs:", 4) != 0) {
		take_register_value(r, type);
	} else {
		take_memory(r);
		is_memory = true;
	}
	if (*r->at)
		not_understood(r);
	return is_memory;
}

/* --------------------------------------------------------------------- size */

#define INTEGER(name_, size_, is_signed_)                                                         \
	{                                                                                         \
		.kind = TYPE_INTEGER, .name = (name_), .size = (size_), .is_signed = (is_signed_) \
	}

static const struct type *type_of(long size, bool is_float)
{
	static const struct type types[] = {
	    INTEGER("int8_t", 1, true),
	    INTEGER("uint8_t", 1, false),
	    INTEGER("int16_t", 2, true),
	    INTEGER("uint16_t", 2, false),
	    INTEGER("int32_t", 4, true),
	    INTEGER("uint32_t", 4, false),
	    INTEGER("int64_t", 8, true),
	    INTEGER("uint64_t", 8, false),
	    {.kind = TYPE_FLOAT, .name = "float", .size = 4, .is_signed = true},
	    {.kind = TYPE_FLOAT, .name = "double", .size = 8, .is_signed = true},
	};
	bool is_signed = is_float || size < 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((long)types[i].size == labs(size) && types[i].is_signed == is_signed &&
		    (types[i].kind == TYPE_FLOAT) == is_float)
			return &types[i];
	return NULL;
}

/* SIZE@; without one it is a word. NULL: no size that a value can have. */
static const struct type *take_type(struct reader *r)
{
	char *end;
	long size = strtol(r->at, &end, 10);
	bool is_float = end > r->at && *end == 'f';

	if (end == r->at || end[is_float] != '@')
		return strchr(r->at, '@') ? NULL : type_of(8, false);
	r->at = end + is_float + 1;
	return type_of(size, is_float);
}

/* ---------------------------------------------------------------- arguments */

static struct usdt_argument read_argument(struct image *image, const char *text)
{
	struct reader r = {.image = image, .at = text};
	struct where_piece *piece = ARENA_NEW(&image->arena, struct where_piece);
	const struct type *type = take_type(&r);

	if (type)
		piece->kind = take_operand(&r, type) ? PIECE_MEMORY : PIECE_VALUE;
	else
		lose(&r, "<unavailable: its size is not understood>");
	if (r.lost) {
		piece->kind = PIECE_LOST;
		piece->reason = image_intern(image, r.lost);
		free(r.lost);
	} else {
		struct where_step *steps = arena_alloc(&image->arena, r.count * sizeof(*steps) + 1);
		memcpy(steps, r.steps, r.count * sizeof(*steps));
		piece->steps = steps;
		piece->step_count = r.count;
	}
	type = type ? type : type_of(8, false);
	piece->size = type->size;
	return (struct usdt_argument){image_intern(image, text), type, {piece, 1}};
}

/* Where the argument ends: at a blank outside of brackets, unless what follows has no size of its
 * own, where this one has. So one of another syntax ("8@QWORD PTR [rbp-8]") stays one. */
static const char *argument_end(const char *text)
{
	bool has_size = false;
	const char *at = text;

	for (int depth = 0; *at; at++) {
		has_size |= *at == '@';
		depth += (*at == '(') - (*at == ')');
		if (*at != ' ' || depth > 0)
			continue;
		const char *next = at + strspn(at, " ");
		const char *digits = next + (*next == '-');
		size_t size = strspn(digits, "0123456789");
		bool is_sized = size && (digits[size] == '@' ||
					 (digits[size] == 'f' && digits[size + 1] == '@'));
		if (!has_size || is_sized || !*next)
			break;
	}
	return at;
}

const struct usdt_argument *usdt_parse_arguments(struct image *image, const char *text,
						 size_t *ret_count)
{
	VECTOR(struct usdt_argument) found = {0};

	for (const char *at = text + strspn(text, " "); *at && found.size < ARGUMENTS_MAX;) {
		const char *end = argument_end(at);
		CLEANUP(free_p) char *one = xstrndup(at, (size_t)(end - at));
		vector_push(&found, read_argument(image, one));
		at = end + strspn(end, " ");
	}
	*ret_count = found.size;
	struct usdt_argument *kept = arena_alloc(&image->arena, found.size * sizeof(*kept) + 1);
	if (found.size)
		memcpy(kept, found.data, found.size * sizeof(*kept));
	vector_deinit(&found);
	return kept;
}
