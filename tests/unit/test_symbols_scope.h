/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_scope.h - types and places as text, for tests of names at a pc.
 */
#ifndef TEST_SYMBOLS_SCOPE_H
#define TEST_SYMBOLS_SCOPE_H

#include "test_symbols.h"

/* Makes gcc4, gcc5, clang4 and clang5 of two sources, with DWARF of that version. */
static inline int make_c_programs(void **state, const char *source, const char *other_source)
{
	if (make_scratch(state) != 0)
		return -1;
	write_file("s.c", source, strlen(source));
	write_file("o.c", other_source, strlen(other_source));
	for (int version = 4; version <= 5; version++) {
		shell("gcc -O0 -gdwarf-%d -o gcc%d s.c o.c", version, version);
		shell("clang -O0 -gdwarf-%d -o clang%d s.c o.c", version, version);
	}
	return 0;
}

static const char *const register_names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
					     "rbp", "rsp", "r8",  "r9",	 "r10", "r11",
					     "r12", "r13", "r14", "r15", "rip"};

/* Steps as an expression in brackets: (rsp + 8), load8(rdi). */
static inline char *steps_text(const struct where_step *steps, size_t count)
{
	static const char *const signs[] = {
	    [WHERE_ADD] = "+",	[WHERE_SUB] = "-",  [WHERE_MUL] = "*",
	    [WHERE_AND] = "&",	[WHERE_OR] = "|",   [WHERE_XOR] = "^",
	    [WHERE_SHL] = "<<", [WHERE_SHR] = ">>", [WHERE_SAR] = ">>>",
	};
	char *stack[64];
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		long number = steps[i].number;
		char *left = size > 1 ? stack[size - 2] : NULL,
		     *top = size ? stack[size - 1] : NULL;
		switch (steps[i].op) {
		case WHERE_CONSTANT:
			stack[size++] = xasprintf("%ld", number);
			break;
		case WHERE_REGISTER:
			assert_in_range(number, 0, 16);
			stack[size++] = xstrdup(register_names[number]);
			break;
		case WHERE_ADDRESS:
			stack[size++] = xasprintf("image+0x%lx", number);
			break;
		case WHERE_FSBASE:
			stack[size++] = xstrdup("fs");
			break;
		case WHERE_LOAD:
		case WHERE_NEG:
		case WHERE_NOT:
			assert_non_null(top);
			stack[size - 1] =
			    steps[i].op == WHERE_LOAD
				? xasprintf("load%ld(%s)", number, top)
				: xasprintf("%c%s", steps[i].op == WHERE_NEG ? '-' : '~', top);
			free(top);
			break;
		default:
			assert_non_null(left);
			stack[--size - 1] = xasprintf("(%s %s %s)", left, signs[steps[i].op], top);
			free(left);
			free(top);
		}
		assert_true(size < ARRAY_SIZE(stack));
	}
	assert_int_equal(size, 1);
	return stack[0];
}

/* "[(rsp + 8)]" in memory, "rdi" a value, "<optimized out>"; several as "rdi:8 rsi:4". */
static inline void put_where(struct buffer *out, const struct where *where)
{
	assert_true(where->piece_count > 0);
	for (size_t i = 0; i < where->piece_count; i++) {
		const struct where_piece *piece = &where->pieces[i];
		CLEANUP(free_p)
		char *steps = piece->kind == PIECE_LOST
				  ? xstrdup(piece->reason)
				  : steps_text(piece->steps, piece->step_count);
		buffer_printf(out, piece->kind == PIECE_MEMORY ? "%s[%s]" : "%s%s", i ? " " : "",
			      steps);
		if (where->piece_count > 1)
			buffer_printf(out, ":%lu", piece->size);
	}
}

/* What is at a location: its only place. */
static inline struct scope *open_scope(struct program *program, const char *location)
{
	place_list places = {0};
	struct scope *scope = NULL;

	assert_no_error(resolve(program, location, &places));
	assert_int_equal(places.size, 1);
	assert_no_error(scope_open(places.data[0].image, places.data[0].address, &scope));
	place_list_deinit(&places);
	return scope;
}

#endif
