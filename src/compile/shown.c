/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shown.c - what a probe without a block captures: of its default action, a line at each hit;
 * of a flow, what tells calls apart, and their arguments or results.
 */
#include "path.h"
#include "rewrite.h"

/* ------------------------------------------------------------------- parameters */

/* More are left out, and that is shown. */
#define PARAMETERS_SHOWN 8

static struct error *collect_variable(struct rewriter *r, const struct variable *variable,
				      const char *name)
{
	unsigned capture;
	const char *text = arena_printf(&r->c->plan->arena, "%s", name);
	struct object *object = object_where(r->c, NULL, variable->type, &variable->where);

	TRY(rewrite_capture(r, NULL, text, object_read(r->c, object), &capture));
	vector_push(&r->shown, ((struct shown_value){text, capture}));
	return NULL;
}

/* The function's parameters, as far as they are known here; what cannot be read says so. */
static struct error *collect_parameters(struct rewriter *r, bool *ret_are_known)
{
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(r->c, &scope));
	*ret_are_known = scope != NULL;
	for (size_t i = 0; scope && scope_parameter(scope, i, &variable); i++) {
		r->has_more = i >= PARAMETERS_SHOWN;
		if (r->has_more)
			break;
		if (variable.name)
			TRY(collect_variable(r, &variable, variable.name));
	}
	return NULL;
}

/* --------------------------------------------------------------- default action */

static const struct value default_values[] = {
    {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_TIME},
    {.kind = VALUE_COMM, .view = VIEW_STRING},
    {.kind = VALUE_TID, .view = VIEW_INTEGER},
    {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_FUNCTION},
};
static const char *const default_names[] = {"time", "comm", "tid", "func"};

struct error *rewrite_collect_default(struct rewriter *r)
{
	const struct value *goroutine = goroutine_shown(r->c);
	bool are_known;

	r->shows_goroutine = goroutine != NULL;
	if (goroutine)
		TRY(rewrite_capture(r, NULL, "goid", goroutine, &r->goroutine_capture));
	for (size_t i = 0; i < ARRAY_SIZE(default_values); i++)
		TRY(rewrite_capture(r, NULL, default_names[i], &default_values[i],
				    &r->default_captures[i]));
	if (r->c->request->entry.function || r->c->request->is_bare)
		return NULL;
	return collect_parameters(r, &are_known);
}

/* ------------------------------------------------------------------------ flow */

static const struct value flow_values[] = {
    [FLOW_PID] = {.kind = VALUE_PID, .view = VIEW_INTEGER},
    [FLOW_TASK] = {.kind = VALUE_TID, .view = VIEW_INTEGER},
    [FLOW_FRAME] = {.kind = VALUE_FRAME, .view = VIEW_INTEGER},
    [FLOW_FUNCTION] = {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_FUNCTION},
    [FLOW_ELAPSED] = {.kind = VALUE_ELAPSED, .view = VIEW_INTEGER},
};
static const char *const flow_names[] = {"pid", "task", "frame", "func", "elapsed"};

/* Words of the arguments of a Go function of which nothing else is known. */
static struct error *collect_words(struct rewriter *r)
{
	const struct compile_site *site = compiler_site(r->c);
	unsigned count = image_go_argument_words(site->image, site->address), capture;

	r->has_more = site->abi == ABI_SYSV || count > PARAMETERS_SHOWN;
	for (unsigned i = 0; i < count && i < PARAMETERS_SHOWN; i++) {
		const char *text = arena_printf(&r->c->plan->arena, "arg[%u]", i + 1);

		TRY(rewrite_capture(r, NULL, text, argument_word(r->c, NULL, i + 1), &capture));
		vector_push(&r->shown, ((struct shown_value){text, capture}));
	}
	return NULL;
}

static struct error *collect_c_result(struct rewriter *r, struct scope *scope)
{
	const struct type *type = scope_result(scope);
	struct object *object = NULL;
	unsigned capture;

	if (!type || type->kind == TYPE_VOID)
		return NULL;
	TRY(path_result(r->c, NULL, &object));
	TRY(rewrite_capture(r, NULL, "result", object_read(r->c, object), &capture));
	vector_push(&r->shown, ((struct shown_value){"", capture}));
	return NULL;
}

/* Of several, those that have names have them shown. */
static struct error *collect_results(struct rewriter *r)
{
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(r->c, &scope));
	if (!scope)
		return NULL;
	if (r->c->request->site.abi == ABI_SYSV)
		return collect_c_result(r, scope);
	for (size_t i = 0; scope_go_result(scope, i, &variable); i++) {
		const char *name = *variable.name == '~' ? "" : variable.name;
		const char *text = arena_printf(&r->c->plan->arena, "result[%zu]", i + 1);
		struct object *object =
		    r->c->request->site.is_tail_call
			? object_lost_as(r->c, NULL, variable.type, RETURNED_BY_ANOTHER)
			: object_where(r->c, NULL, variable.type, &variable.where);
		unsigned capture;

		TRY(rewrite_capture(r, NULL, text, object_read(r->c, object), &capture));
		vector_push(&r->shown, ((struct shown_value){
					   arena_printf(&r->c->plan->arena, "%s", name), capture}));
	}
	return NULL;
}

struct error *rewrite_collect_flow(struct rewriter *r)
{
	bool is_leaving = r->c->request->flow == FLOW_LEAVE, are_known = false;
	const struct value *goroutine = r->c->goroutine ? goroutine_shown(r->c) : NULL;

	r->shows_goroutine = goroutine != NULL;
	for (size_t i = 0; i < (is_leaving ? FLOW_CAPTURES : FLOW_ELAPSED); i++)
		TRY(rewrite_capture(r, NULL, flow_names[i],
				    i == FLOW_TASK && goroutine ? goroutine : &flow_values[i],
				    &r->flow_captures[i]));
	if (is_leaving)
		return collect_results(r);
	TRY(collect_parameters(r, &are_known));
	return are_known ? NULL : collect_words(r);
}
