/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_calls.c - calls: every call that a function makes, with its line and callee.
 */
#include "flow.h"

#include <inttypes.h>
#include <string.h>

static void cell_callee(struct table *table, const struct flow *flow, const struct insn *insn,
			const char *callee)
{
	struct buffer text = {0};
	struct insn_text written = code_text(&flow->code, insn);
	if (callee)
		text_name(&text, callee);
	else if (insn->target)
		buffer_printf(&text, "*%#" PRIx64, insn->target);
	else
		buffer_puts(&text, strchr(written.text, '*') ?: written.text);
	flow_cell(table, &text);
}

static void cell_inlined(struct table *table, const struct flow *flow, const struct insn *insn)
{
	inline_chain chain = {0};
	struct buffer text = {0};
	image_inlined_at(flow->image, insn->address, &chain);
	for (size_t i = chain.size; i-- > 0;) {
		buffer_puts(&text, text.size ? " > " : "(");
		text_name(&text, chain.data[i].name);
	}
	if (chain.size)
		buffer_puts(&text, " inlined)");
	vector_deinit(&chain);
	flow_cell(table, &text);
}

static void add_call(struct table *table, struct flow *flow, const struct insn *insn)
{
	const char *callee = flow_callee(flow, insn);
	struct buffer text = {0};
	if (!flow->wants_all && flow_is_plumbing(callee)) {
		flow->hidden++;
		return;
	}
	table_cell(table, "  +%#" PRIx64, insn->address - flow->code.start);
	flow_put_line(flow, insn->address, false, &text);
	flow_cell(table, &text);
	cell_callee(table, flow, insn, callee);
	cell_inlined(table, flow, insn);
}

/* A jump out of the function calls too: the callee returns to our caller. */
static bool is_call(const struct flow *flow, const struct insn *insn)
{
	return insn->kind == INSN_CALL ||
	       (insn->kind == INSN_JUMP && insn->target &&
		(insn->target < flow->code.start || insn->target >= flow->code.end));
}

static void show_calls(struct flow *flow)
{
	struct table table;
	table_init(&table, 4);
	size_t count = 0;
	for (size_t i = 0; i < flow->code.insns.size; i++) {
		const struct insn *insn = &flow->code.insns.data[i];
		size_t hidden = flow->hidden;
		if (!is_call(flow, insn))
			continue;
		add_call(&table, flow, insn);
		count += flow->hidden == hidden;
	}
	text_name(flow->out, flow->function.name);
	buffer_puts(flow->out, count ? " calls:\n" : " calls nothing.\n");
	table_format(&table, flow->out);
	table_deinit(&table);
}

struct error *cmd_calls(struct console *console, const char *arguments, struct buffer *out)
{
	return flow_each(console, "calls", arguments, show_calls, out);
}
