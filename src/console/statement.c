/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statement.c - a probe as a statement of the language, to be saved, or changed and
 * run again.
 *
 * Apart because not every probe can be written so, and each that cannot must say why.
 */
#include <string.h>

#include "command.h"

static const char *const keywords[] = {
    [PROBE_BREAK] = "break",   [PROBE_TBREAK] = "tbreak",   [PROBE_RBREAK] = "rbreak",
    [PROBE_FINISH] = "finish", [PROBE_DPRINTF] = "dprintf", [PROBE_COVER] = "cover",
    [PROBE_FLOW] = "flow",
};

/* A local of the script around a block cannot be had by a text of its own. */
static struct error *check_locals(const struct probe *probe, const struct node *node)
{
	name_list names = {0};
	if (node)
		tree_upvalues(node, &names);
	struct error *err = names.size ? error_new(ERR_USAGE,
						   "tracepoint %u uses `%s`, a local of the script "
						   "it comes from",
						   probe_number(probe), names.data[0]->text)
				       : NULL;
	vector_deinit(&names);
	return err;
}

static char *text_at(const struct source *source, struct span span)
{
	return xstrndup(source->text + span.start, span.end - span.start);
}

struct error *statement_of(const struct probe *probe, struct statement *ret)
{
	const struct probe_request *request = probe_request(probe);
	const struct node *condition = request->condition, *block = request->block;
	if (request->location_span.start == request->location_span.end)
		return error_new(ERR_USAGE, "tracepoint %u was made by probe() in a script",
				 probe_number(probe));
	TRY(check_locals(probe, condition));
	TRY(check_locals(probe, block));
	*ret = (struct statement){
	    .keyword = keywords[request->kind],
	    .location = text_at(request->source, request->location_span),
	    .depth = request->depth,
	    .goroutine =
		request->goroutine ? text_at(request->source, request->goroutine->span) : NULL,
	    .condition = condition ? text_at(request->source, condition->span) : NULL,
	    .block = block ? text_at(request->source, block->span) : NULL,
	};
	return NULL;
}

void statement_format(const struct statement *statement, struct buffer *out)
{
	buffer_printf(out, "%s %s", statement->keyword, statement->location);
	if (statement->depth)
		buffer_printf(out, " depth %u", statement->depth);
	if (statement->goroutine)
		buffer_printf(out, " %s", statement->goroutine);
	if (!strcmp(statement->keyword, "dprintf")) {
		buffer_printf(out, ", %s", statement->block);
		return;
	}
	if (statement->condition)
		buffer_printf(out, " if %s", statement->condition);
	if (statement->block)
		buffer_printf(out, " do%send", statement->block);
}

void statement_deinit(struct statement *statement)
{
	free(statement->location);
	free(statement->goroutine);
	free(statement->condition);
	free(statement->block);
}
