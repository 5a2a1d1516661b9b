/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle_text.h - random statements of a block, about a variable `p` (oracle_input.h).
 */
#ifndef ORACLE_TEXT_H
#define ORACLE_TEXT_H

#include "oracle_input.h"

#define PICK(list) ((list)[below(ARRAY_SIZE(list))])
#define DEPTH	   2 /* of an expression */

/* Locals in scope, and of what kind. */
enum kind {
	OF_NUMBER,
	OF_BOOLEAN,
	OF_ENUM,
	OF_POINTER,
	OF_STRING,
	KINDS
};
struct text {
	struct buffer *out;
	enum kind locals[8];
	unsigned local_count, loops;
	unsigned paths; /* locals w0, w1 ... that point to an input, and are never assigned to */
	unsigned expressions; /* so many were made */
};

static void put_number(struct text *t, unsigned depth);
static void put_condition(struct text *t, unsigned depth);

/* --------------------------------------------------------------------- paths */

static void put_index(struct text *t)
{
	static const char *const indices[] = {"0", "1", "2", "p.index & 3", "p.i8", "p.next.u8 % 4",
					      "9"};

	buffer_puts(t->out, PICK(indices));
}

static void put_base(struct text *t)
{
	static const char *const bases[] = {
	    "p", "p", "p.next", "p.other", "p.next.other", "p.links[1]", "p.other.links[2]"};

	if (t->paths && below(2))
		buffer_printf(t->out, "w%u", below(t->paths));
	else
		buffer_puts(t->out, PICK(bases));
}

static void put_field(struct text *t, const char *field)
{
	put_base(t);
	buffer_printf(t->out, ".%s", field);
}

/* A local of that kind, if there is one. */
static bool put_local(struct text *t, enum kind kind)
{
	for (unsigned i = 0; i < t->local_count; i++)
		if (t->locals[i] == kind && below(2)) {
			buffer_printf(t->out, "v%u", i);
			return true;
		}
	return false;
}

/* By an index that Lua alone knows the whole array is captured; where it cannot be read and the
 * index is beyond its end, the halves do not name the same reason: so it is p's own. */
static void put_element(struct text *t)
{
	static const char *const arrays[] = {"numbers", "wide", "number"};
	unsigned loops = t->loops;

	if (loops && below(2)) {
		buffer_printf(t->out, "p.%s[i%u]", arrays[below(2)], below(loops));
		return;
	}
	t->loops = 0;
	put_field(t, PICK(arrays));
	buffer_puts(t->out, "[");
	put_index(t);
	buffer_puts(t->out, "]");
	t->loops = loops;
}

/* ------------------------------------------------------------------- numbers */

static void put_integer_of_target(struct text *t)
{
	static const char *const fields[] = {"i8",  "u8",  "letter", "i16", "u16", "i32", "u32",
					     "i64", "u64", "u64",    "b3",  "s5",  "b40", "s60"};

	if (put_local(t, OF_NUMBER))
		return;
	if (t->loops && below(4) == 0)
		buffer_printf(t->out, "i%u", below(t->loops));
	else if (below(4) == 0)
		put_element(t);
	else
		put_field(t, PICK(fields));
}

/* An operand of arithmetic: an enum and a pointer are numbers there. */
static void put_operand(struct text *t, unsigned depth)
{
	static const char *const others[] = {"color", "level", "next", "any", "colors[1]"};

	if (below(8) == 0)
		put_field(t, PICK(others));
	else
		put_number(t, depth);
}

static void put_arithmetic(struct text *t, unsigned depth)
{
	static const char *const operators[] = {"+", "-", "*", "&", "|", "~", "<<", ">>"};

	buffer_puts(t->out, "(");
	put_operand(t, depth);
	if (below(4) == 0)
		buffer_printf(t->out, " %s %s%lld", below(2) ? "//" : "%", below(3) ? "" : "-",
			      (long long)(random_bits() >> 1 >> below(63) | 1));
	else {
		buffer_printf(t->out, " %s ", PICK(operators));
		put_operand(t, depth);
	}
	buffer_puts(t->out, ")");
}

static void put_pair(struct text *t, const char *before, const char *between,
		     void (*put)(struct text *, unsigned), unsigned depth)
{
	buffer_puts(t->out, before);
	put(t, depth);
	buffer_puts(t->out, between);
	put(t, depth);
	buffer_puts(t->out, ")");
}

static void put_number(struct text *t, unsigned depth)
{
	switch (depth ? below(12) : below(4)) {
	case 0:
		put_integer(t->out, random_number());
		break;
	case 4:
		buffer_puts(t->out, below(2) ? "(- " : "(~");
		put_operand(t, depth - 1);
		buffer_puts(t->out, ")");
		break;
	case 5:
		put_pair(t, "ok(", ", ", put_number, depth - 1);
		break;
	case 6:
		buffer_puts(t->out, "(");
		put_condition(t, depth - 1);
		put_pair(t, " and ", " or ", put_number, depth - 1);
		break;
	case 7:
		buffer_puts(t->out, below(2) ? "len(p.numbers)" : "#p.wide");
		break;
	case 8:
	case 9:
	case 10:
		put_arithmetic(t, depth - 1);
		break;
	default:
		put_integer_of_target(t);
	}
}

/* -------------------------------------------------------- values of other kinds */

static void put_boolean(struct text *t, unsigned depth)
{
	if (put_local(t, OF_BOOLEAN))
		return;
	if (depth && below(2)) {
		buffer_puts(t->out, "(not ");
		put_condition(t, depth - 1);
		buffer_puts(t->out, ")");
	} else
		put_field(t, "flag");
}

static void put_enum(struct text *t, unsigned depth)
{
	static const char *const fields[] = {"color", "color", "level", "colors[2]"};

	if (put_local(t, OF_ENUM))
		return;
	if (depth && below(4) == 0)
		buffer_puts(t->out, "ok(p.next.color, p.color)");
	else if (depth && below(4) == 0) {
		buffer_puts(t->out, "(");
		put_condition(t, depth - 1);
		buffer_puts(t->out, " and p.other.color or p.color)");
	} else
		put_field(t, PICK(fields));
}

static void put_pointer(struct text *t, unsigned depth)
{
	static const char *const fields[] = {"next", "other", "any", "number", "links[0]"};

	(void)depth;
	if (!put_local(t, OF_POINTER))
		put_field(t, PICK(fields));
}

static void put_string(struct text *t, unsigned depth)
{
	(void)depth;
	if (!put_local(t, OF_STRING))
		put_field(t, below(2) ? "name" : "text");
}

static void (*const putters[KINDS])(struct text *, unsigned) = {
    [OF_NUMBER] = put_number,	[OF_BOOLEAN] = put_boolean, [OF_ENUM] = put_enum,
    [OF_POINTER] = put_pointer, [OF_STRING] = put_string,
};

static void put_value(struct text *t, enum kind kind, unsigned depth)
{
	t->expressions++;
	putters[kind](t, depth);
}

/* ---------------------------------------------------------------- conditions */

static const char *random_equality(void)
{
	return below(2) ? " == " : " ~= ";
}

static void put_comparison(struct text *t, unsigned depth)
{
	static const char *const operators[] = {" == ", " ~= ", " < ", " <= ", " > ", " >= "};

	put_operand(t, depth);
	buffer_puts(t->out, PICK(operators));
	put_operand(t, depth);
}

/* The same value on both sides: equal to itself, missing or not. */
static void put_self(struct text *t)
{
	static const char *const selves[] = {
	    "p.next.i32",      "p.other.u64",  "p.next.color",	  "p.other.text",
	    "(p.next.i8 + 0)", "p.other.flag", "p.next.links[1]", "(p.next.i16 * 3 + p.other.u8)"};
	const char *self = PICK(selves);

	buffer_printf(t->out, "%s%s%s%s", self, random_equality(), self,
		      self[0] == '(' && below(2) ? " + 0" : "");
}

static void put_text_comparison(struct text *t)
{
	const char *text = texts[below(ARRAY_SIZE(texts) - 1)];

	put_string(t, 0);
	if (below(2))
		buffer_printf(t->out, ":sub(1, %zu)", strlen(text));
	buffer_printf(t->out, "%s\"%s\"", random_equality(), text);
}

static void put_enum_comparison(struct text *t)
{
	static const char *const names[] = {
	    "\"COLOR_RED\"", "\"COLOR_NONE\"", "\"COLOR_BLUE\"", "7",  "-1", "0",
	    "p.i8",	     "p.next.u8",      "p.other.color",	 "nil"};

	put_field(t, "color");
	buffer_printf(t->out, "%s%s", random_equality(), PICK(names));
}

static void put_nil_comparison(struct text *t)
{
	if (below(3))
		put_pointer(t, 0);
	else
		put_string(t, 0);
	buffer_printf(t->out, "%snil", random_equality());
}

static void put_flag_comparison(struct text *t)
{
	put_boolean(t, 0);
	buffer_printf(t->out, "%s%s", random_equality(), below(2) ? "true" : "false");
}

static void put_pointer_comparison(struct text *t)
{
	put_pointer(t, 0);
	buffer_puts(t->out, random_equality());
	if (below(2))
		put_pointer(t, 0);
	else
		buffer_puts(t->out, "p.u64");
}

static void put_simple_condition(struct text *t, unsigned depth)
{
	switch (below(14)) {
	case 0:
		put_boolean(t, 0);
		break;
	case 1:
		put_self(t);
		break;
	case 2:
	case 3:
		put_text_comparison(t);
		break;
	case 4:
		put_enum_comparison(t);
		break;
	case 5:
		put_nil_comparison(t);
		break;
	case 6:
		put_flag_comparison(t);
		break;
	case 7:
		put_pointer_comparison(t);
		break;
	case 8:
		putters[below(KINDS)](t, 0); /* what is neither false nor nil is true */
		break;
	case 9:
		buffer_puts(t->out, below(3) == 0 ? "nil" : below(2) ? "true" : "false");
		break;
	default:
		put_comparison(t, depth);
	}
}

static void put_condition(struct text *t, unsigned depth)
{
	buffer_puts(t->out, "(");
	switch (depth ? below(6) : 3) {
	case 0:
	case 1:
		put_pair(t, "(", below(2) ? " and " : " or ", put_condition, depth - 1);
		break;
	case 2:
		buffer_puts(t->out, "not ");
		put_condition(t, depth - 1);
		break;
	default:
		put_simple_condition(t, depth ? depth - 1 : 0);
	}
	buffer_puts(t->out, ")");
}

/* ---------------------------------------------------------------- statements */

static void put_statement(struct text *t, unsigned depth);

static void put_counted(struct text *t)
{
	static const char *const kinds[] = {"sum", "avg", "min", "max", "hist", "lhist"};
	const char *kind = PICK(kinds);

	buffer_printf(t->out, "%s(", kind);
	put_value(t, OF_NUMBER, DEPTH);
	buffer_printf(t->out, "%s, p.index)", kind[0] == 'l' ? ", -100, 1000, 7" : "");
}

static void put_count(struct text *t)
{
	unsigned keys = 2 + below(5), strings = 0;

	buffer_puts(t->out, "count(p.index");
	for (unsigned i = 0; i < keys; i++) {
		enum kind kind = below(2) ? OF_NUMBER : (enum kind)below(KINDS);

		if (kind == OF_STRING && strings++)
			kind = OF_ENUM; /* a key has room for one */
		buffer_puts(t->out, ", ");
		put_value(t, kind, DEPTH);
	}
	buffer_puts(t->out, ")");
}

static void put_if(struct text *t, unsigned depth)
{
	buffer_puts(t->out, "if ");
	t->expressions++;
	put_condition(t, DEPTH);
	buffer_puts(t->out, " then ");
	put_statement(t, depth - 1);
	if (below(3) == 0) {
		buffer_puts(t->out, " elseif ");
		t->expressions++;
		put_condition(t, DEPTH);
		buffer_puts(t->out, " then ");
		put_statement(t, depth - 1);
	}
	if (below(2)) {
		buffer_puts(t->out, " else ");
		put_statement(t, depth - 1);
	}
	buffer_puts(t->out, " end");
}

static void put_locals(struct text *t, unsigned depth)
{
	enum kind kind = (enum kind)below(KINDS);
	unsigned local = t->local_count;

	buffer_printf(t->out, "do local v%u = ", local);
	put_value(t, kind, DEPTH - 1);
	buffer_puts(t->out, " ");
	t->locals[t->local_count++] = kind;
	if (kind != OF_STRING && below(2)) {
		buffer_puts(t->out, "if ");
		put_condition(t, 1);
		buffer_printf(t->out, " then v%u = ", local);
		put_value(t, kind, DEPTH - 1);
		buffer_puts(t->out, " end ");
	}
	put_statement(t, depth - 1);
	t->local_count--;
	buffer_puts(t->out, " end");
}

static void put_path(struct text *t, unsigned depth)
{
	buffer_printf(t->out, "do local w%u = ", t->paths);
	put_base(t);
	buffer_puts(t->out, below(3) == 0 ? " " : below(2) ? ".next " : ".other ");
	t->paths++;
	put_statement(t, depth - 1);
	t->paths--;
	buffer_puts(t->out, " end");
}

/* Little happens in a loop, and not often: the verifier follows every round. */
static void put_loop(struct text *t)
{
	static const char *const froms[] = {"0", "1", "(p.index & 3)", "(p.next.index & 3)", "-1"};
	static const char *const tos[] = {"7",
					  "3",
					  "(p.index & 3)",
					  "(p.other.index & 7)",
					  "len(p.numbers) - 1",
					  "(p.u8 & 7)",
					  "(p.next.i8 & 3)"};
	static const char *const steps[] = {"", "", ", 1", ", 3"};

	buffer_printf(t->out, "for i%u = %s, %s%s do ", t->loops, PICK(froms), PICK(tos),
		      PICK(steps));
	t->loops++;
	if (below(4) == 0) {
		buffer_puts(t->out, "if ");
		put_condition(t, 1);
		buffer_puts(t->out, " then break end ");
	}
	put_statement(t, 0);
	t->loops--;
	buffer_puts(t->out, " end");
}

static void put_statement(struct text *t, unsigned depth)
{
	switch (depth ? below(9) : below(4)) {
	case 0:
	case 1:
		put_count(t);
		break;
	case 2:
	case 3:
		put_counted(t);
		break;
	case 4:
	case 5:
		put_if(t, depth);
		break;
	case 6:
		put_locals(t, depth);
		break;
	case 7:
		put_path(t, depth);
		break;
	default:
		put_loop(t);
	}
}

#endif
