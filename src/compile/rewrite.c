/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rewrite.c - the block as a Lua function whose parameters are the captures.
 * Text is replaced span for span: an event is then a few pushes and one call, and
 * line numbers in errors are the user's.
 */
#include <ctype.h>

#include "rewrite.h"

void rewriter_deinit(struct rewriter *r)
{
	vector_deinit(&r->replacements);
	vector_deinit(&r->values);
	vector_deinit(&r->parts);
	vector_deinit(&r->shown);
}

/* ------------------------------------------------------------------ names */

/* A name for a capture that reads like the expression and is nobody else's:
 * a Lua error about `arg[1]` then speaks of a local 'arg_1'. */
static const char *parameter_name(struct rewriter *r, const char *text)
{
	const struct source *source = r->c->request->source;
	struct arena *arena = &r->c->plan->arena;
	struct buffer name = {0};

	for (const char *p = text; *p && name.size < 24; p++) {
		bool is_gap = !isalnum((unsigned char)*p);

		if (!is_gap)
			buffer_putc(&name, *p);
		else if (name.size && name.data[name.size - 1] != '_')
			buffer_putc(&name, '_');
	}
	if (!name.size || isdigit((unsigned char)name.data[0]))
		buffer_puts(&name, "value_");
	if (name.data[name.size - 1] == '_')
		name.data[--name.size] = '\0';
	buffer_putc(&name, '_');
	/* Whatever the user's text does not contain cannot be a name in it. */
	const char *unique = arena_strndup(arena, name.data, name.size);
	for (unsigned i = 1; strstr(source->text, unique); i++)
		unique = arena_printf(arena, "%s%u_", name.data, i);
	buffer_deinit(&name);
	return unique;
}

/* A name of the function's own: no capture's begins so. */
static const char *own_name(struct rewriter *r, const char *text)
{
	return arena_printf(&r->c->plan->arena, "_%s", parameter_name(r, text));
}

/* ---------------------------------------------------------------- writing */

struct writer {
	struct rewriter *r;
	struct buffer out;
	unsigned line;
	const char **parameters; /* by capture */
	const char **functions;	 /* by aggregate */
	const char *bound;	 /* the name that ok() has here */
	const char *show;	 /* ... and the default action's function */
};

static void put_text(struct writer *w, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		w->line += text[i] == '\n';
	buffer_append(&w->out, text, size);
}

/* Line breaks until the output is on the line where node begins. */
static void go_to_line(struct writer *w, const struct node *node)
{
	unsigned line, column;

	source_position(w->r->c->request->source, node->span.start, &line, &column);
	while (w->line < line)
		put_text(w, "\n", 1);
}

static void put_replacement(struct writer *w, const struct replacement *replacement)
{
	const char *text = w->r->c->request->source->text;

	if (replacement->with == REPLACE_FUNCTION) {
		const char *dot = memrchr(text + replacement->span.start, '.',
					  replacement->span.end - replacement->span.start);
		put_text(w, dot + 1, (size_t)(text + replacement->span.end - dot - 1));
		return;
	}
	if (replacement->with >= REPLACE_BOUND) {
		buffer_printf(&w->out, replacement->with == REPLACE_BOUND ? "%s(" : ", %s)",
			      replacement->with == REPLACE_BOUND ? w->bound
			      : replacement->index		 ? "-1e999"
								 : "1e999");
		return;
	}
	buffer_puts(&w->out, replacement->with == REPLACE_CAPTURE
				 ? w->parameters[replacement->index]
				 : w->functions[replacement->index]);
	for (uint32_t i = replacement->span.start; i < replacement->span.end; i++)
		if (text[i] == '\n')
			put_text(w, "\n", 1);
}

/* The user's text of node with its target expressions replaced. */
static void put_node(struct writer *w, const struct node *node)
{
	const char *text = w->r->c->request->source->text;
	uint32_t at = node->span.start;

	go_to_line(w, node);
	for (size_t i = 0; i < w->r->replacements.size; i++) {
		const struct replacement *replacement = &w->r->replacements.data[i];

		if (replacement->span.start < at || replacement->span.end > node->span.end)
			continue;
		put_text(w, text + at, replacement->span.start - at);
		put_replacement(w, replacement);
		at = replacement->span.end;
	}
	put_text(w, text + at, node->span.end - at);
}

static bool is_listed(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->upvalues.size; i++)
		if (strcmp(plan->upvalues.data[i], name) == 0)
			return true;
	return false;
}

/* Outer locals: what Lua folds to a constant is no upvalue of the functions that
 * carry them, and is repeated here as the constant it is. */
static void put_upvalues(struct writer *w, const struct node *node)
{
	const struct compile_request *request = w->r->c->request;
	name_list names = {0};

	tree_upvalues(node, &names);
	for (size_t i = 0; i < names.size; i++) {
		const struct node *name = names.data[i];
		const struct node *initializer = resolve_folded(name);
		bool is_event = request->event && strcmp(name->text, request->event) == 0;

		if (is_event || is_listed(w->r->c->plan, name->text))
			continue;
		if (initializer) {
			put_upvalues(w, initializer);
			buffer_printf(&w->out, "local %s <const> = %s; ", name->text,
				      node_text(w->r->c, initializer));
			continue;
		}
		buffer_printf(&w->out, "local %s; ", name->text);
		vector_push(&w->r->c->plan->upvalues, name->text);
	}
	vector_deinit(&names);
}

/* A string of Lua, whatever the target calls its parameters. */
static void put_string(struct buffer *out, const char *text)
{
	buffer_putc(out, '"');
	for (; *text; text++)
		buffer_printf(out, isalnum((unsigned char)*text) ? "%c" : "\\%03u",
			      (unsigned char)*text);
	buffer_putc(out, '"');
}

/* The default action: SHOW(TIME, COMM ..., NAME, VALUE ...), as plan->lua says. */
static void put_default(struct writer *w)
{
	buffer_printf(&w->out, "%s(", w->show);
	for (size_t i = HIT_TIME; i < HIT_VALUES; i++) {
		unsigned capture = w->r->hit_captures[i];

		buffer_printf(&w->out, "%s%s", i > HIT_TIME ? ", " : "",
			      capture == NO_CAPTURE ? "nil" : w->parameters[capture]);
	}
	for (size_t i = 0; i < w->r->shown.size; i++) {
		buffer_puts(&w->out, ", ");
		put_string(&w->out, w->r->shown.data[i].name);
		buffer_printf(&w->out, ", %s", w->parameters[w->r->shown.data[i].capture]);
	}
	buffer_puts(&w->out, ")");
}

/* A call of the runtime's (src/runtime/flow.c), whose name is none that a block could write. */
static void put_flow(struct writer *w)
{
	const struct rewriter *r = w->r;
	bool is_leaving = r->c->request->flow == FLOW_LEAVE;

	buffer_printf(&w->out, "_ENV[\"%s\"](%s", is_leaving ? FLOW_LEAVE_NAME : FLOW_ENTER_NAME,
		      r->is_goroutine ? "true" : "false");
	for (size_t i = 0; i < (is_leaving ? FLOW_CAPTURES : FLOW_ELAPSED); i++)
		buffer_printf(&w->out, ", %s", w->parameters[r->flow_captures[i]]);
	for (size_t i = 0; i < r->shown.size; i++) {
		const struct capture *capture =
		    &r->c->plan->captures.data[r->shown.data[i].capture];

		const char *name = r->shown.data[i].name;

		if (capture->kind == CAPTURE_ENUM)
			name = arena_printf(&r->c->plan->arena, "%c%s", FLOW_WORD, name);
		buffer_puts(&w->out, ", ");
		put_string(&w->out, name);
		buffer_printf(&w->out, ", %s", w->parameters[r->shown.data[i].capture]);
	}
	buffer_puts(&w->out, r->has_more ? ", \"...\")" : ")");
}

/* The functions of aggregations or of the default action, which the chunk is given. */
static void put_functions(struct writer *w)
{
	const struct plan *plan = w->r->c->plan;

	if (plan->shows_hits)
		buffer_printf(&w->out, "local %s = ...; ", w->show);
	for (size_t i = 0; i < plan->aggregates.size; i++)
		buffer_printf(&w->out, "%s%s", i ? ", " : "local ", w->functions[i]);
	buffer_puts(&w->out, plan->aggregates.size ? " = ...; " : "");
}

static void put_header(struct writer *w, const char *filtered)
{
	const struct plan *plan = w->r->c->plan;
	const char *separator = "";

	buffer_puts(&w->out, "return function(");
	if (plan->has_guard) {
		buffer_puts(&w->out, filtered);
		separator = ", ";
	}
	for (size_t i = 0; i < plan->captures.size; i++) {
		buffer_printf(&w->out, "%s%s", separator, w->parameters[i]);
		separator = ", ";
	}
	buffer_puts(&w->out, ") ");
}

static void put_body(struct writer *w)
{
	const struct node *block = w->r->c->request->block;

	if (w->r->c->request->flow) {
		put_flow(w);
	} else if (!block) {
		put_default(w);
	} else if (block->kind == NODE_LIST) {
		buffer_puts(&w->out, "printf(");
		put_node(w, block);
		buffer_puts(&w->out, ")");
	} else {
		put_node(w, block);
	}
}

/* A name for the function of aggregation i: "count_1_". */
static const char *function_name(struct rewriter *r, size_t i)
{
	const char *text = r->c->plan->aggregates.data[i].text;

	return parameter_name(r, arena_printf(&r->c->plan->arena, "%.*s %zu",
					      (int)strcspn(text, "( \t\n"), text, i + 1));
}

/* One text may be two values: an enum by its name, and as a number. */
static const char *unique_parameter(const struct writer *w, size_t i)
{
	const char *name = parameter_name(w->r, w->r->c->plan->captures.data[i].text);

	for (size_t k = 0; k < i; k++)
		if (strcmp(w->parameters[k], name) == 0)
			return arena_printf(&w->r->c->plan->arena, "%s%zu_", name, i + 1);
	return name;
}

static void name_replacements(struct writer *w)
{
	struct plan *plan = w->r->c->plan;

	w->parameters = arena_alloc(&plan->arena, sizeof(char *) * (plan->captures.size + 1));
	for (size_t i = 0; i < plan->captures.size; i++)
		w->parameters[i] = unique_parameter(w, i);
	w->functions = arena_alloc(&plan->arena, sizeof(char *) * (plan->aggregates.size + 1));
	for (size_t i = 0; i < plan->aggregates.size; i++)
		w->functions[i] = function_name(w->r, i);
}

void rewrite_function(struct rewriter *r)
{
	const struct compile_request *request = r->c->request;
	struct plan *plan = r->c->plan;
	const struct node *guard = plan->has_guard ? request->condition : NULL;
	const struct node *first = guard ? guard : request->block;
	struct writer w = {
	    .r = r, .line = 1, .bound = own_name(r, "bound"), .show = own_name(r, "show")};
	const char *filtered = own_name(r, "filtered");

	name_replacements(&w);
	if (first)
		go_to_line(&w, first);
	put_functions(&w);
	if (r->has_bounds)
		buffer_printf(&w.out, "local %s = ok; ", w.bound);
	if (guard)
		put_upvalues(&w, guard);
	if (request->block)
		put_upvalues(&w, request->block);
	put_header(&w, filtered);
	if (guard) {
		buffer_puts(&w.out, "if not (");
		put_node(&w, guard);
		buffer_printf(&w.out, ") then return %s end ", filtered);
	}
	put_body(&w);
	buffer_puts(&w.out, " end");
	plan->lua = arena_strndup(&plan->arena, w.out.data, w.out.size);
	buffer_deinit(&w.out);
}
