/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - says why a probe may not sit at an address, and where it may.
 * Apart from site.c, which decides; here are the words.
 */
#include <inttypes.h>
#include <string.h>

#include "encoding.h"

/* A hint line: where in the function an instruction is, and what it is. */
static void put_place(struct buffer *out, const struct code *code, const struct insn *insn)
{
	buffer_printf(out, "%s  +0x%" PRIx64 "  %s", out->size ? "\n" : "",
		      insn->address - code->start, code_text(code, insn).text);
}

/* The message's subject, "main.f+0x6e", as a person may see it. */
static char *place_name(const char *name, uint64_t offset)
{
	struct buffer out = {0};

	escape_text(&out, name, strlen(name), false);
	buffer_printf(&out, "+0x%" PRIx64, offset);
	return buffer_take(&out);
}

static struct error *out_of_function(const struct code *code, uint64_t address, const char *name)
{
	struct buffer text = {0};
	bool is_below = address < code->start;
	uint64_t offset = is_below ? code->start - address : address - code->start;

	escape_text(&text, name, strlen(name), false);
	struct error *err =
	    error_new(ERR_OUT_OF_FUNCTION,
		      "%s%c0x%" PRIx64 " is outside %s, which is 0x%" PRIx64 " bytes long",
		      text.data, is_below ? '-' : '+', offset, text.data, code->end - code->start);
	buffer_clear(&text);
	if (code->insns.size > 0) {
		buffer_puts(&text,
			    is_below ? "its first instruction is" : "its last instruction is");
		put_place(&text, code, &code->insns.data[is_below ? 0 : code->insns.size - 1]);
		error_hint(err, "%s", text.data);
	}
	buffer_deinit(&text);
	return err;
}

static struct error *in_the_middle(const struct code *code, const struct insn *covering,
				   uint64_t address, const char *name)
{
	CLEANUP(free_p) char *place = place_name(name, address - code->start);
	struct error *err = error_new(ERR_BOUNDARY, "%s is in the middle of an instruction", place);
	struct buffer hint = {0};

	buffer_puts(&hint, "the instructions around it begin at");
	put_place(&hint, code, covering);
	if (covering + 1 < code->insns.data + code->insns.size)
		put_place(&hint, code, covering + 1);
	error_hint(err, "%s", hint.data);
	buffer_deinit(&hint);
	return err;
}

/* The allowed instruction nearest to insn in steps of step; NULL if none. */
static const struct insn *nearest_allowed(const struct code *code, const struct insn *insn,
					  ptrdiff_t step, const struct site_rules *rules)
{
	ptrdiff_t count = code->insns.size;

	for (ptrdiff_t i = insn - code->insns.data + step; i >= 0 && i < count; i += step)
		if (site_judge(code, &code->insns.data[i], rules).is_allowed)
			return &code->insns.data[i];
	return NULL;
}

static struct error *refused(const struct code *code, const struct insn *insn, const char *name,
			     const struct site_rules *rules, const char *reason)
{
	CLEANUP(free_p) char *place = place_name(name, insn->address - code->start);
	struct error *err = error_new(ERR_REFUSED, "%s: a probe on this instruction (%s) %s", place,
				      code_text(code, insn).text, reason);
	const struct insn *before = nearest_allowed(code, insn, -1, rules);
	const struct insn *after = nearest_allowed(code, insn, 1, rules);
	struct buffer hint = {0};

	buffer_puts(&hint, before || after ? "the nearest instructions that take one are"
					   : "no instruction of this function takes one");
	if (before)
		put_place(&hint, code, before);
	if (after)
		put_place(&hint, code, after);
	error_hint(err, "%s", hint.data);
	buffer_deinit(&hint);
	return err;
}

struct error *site_check(const struct code *code, uint64_t address, const char *name,
			 const struct site_rules *rules, struct site_verdict *ret)
{
	const struct insn *insn = code_covering(code, address);

	if (!insn)
		return out_of_function(code, address, name);
	if (insn->address != address)
		return in_the_middle(code, insn, address, name);
	struct site_verdict verdict = site_judge(code, insn, rules);
	if (!verdict.is_allowed)
		return refused(code, insn, name, rules, verdict.reason);
	*ret = verdict;
	return NULL;
}
