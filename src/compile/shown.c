/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shown.c - what a probe without a block captures: of its default action, a line at each hit;
 * of a flow, what tells calls apart, and their arguments or results.
 */
#include "path.h"
#include "rewrite.h"

/* -------------------------------------------------------------- the default action */

/* What it shows at every place, by enum hit_argument. */
static const struct value default_values[] = {
    [HIT_TIME] = {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_TIME},
    [HIT_COMM] = {.kind = VALUE_COMM, .view = VIEW_STRING},
    [HIT_TID] = {.kind = VALUE_TID, .view = VIEW_INTEGER},
    [HIT_FUNC] = {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_FUNCTION},
    [HIT_FILE] = {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_FILE},
    [HIT_LINE] = {.kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_LINE},
};
static const char *const default_names[] = {
    [HIT_TIME] = "time", [HIT_COMM] = "comm", [HIT_TID] = "tid",
    [HIT_FUNC] = "func", [HIT_FILE] = "file", [HIT_LINE] = "line",
};

/* So many parameters or results; what cannot be read says so. */
#define VALUES_SHOWN 8

static struct error *show(struct rewriter *r, const char *name, struct object *object)
{
	unsigned capture;

	TRY(rewrite_capture(r, NULL, name, object_read(r->c, object), &capture));
	vector_push(&r->shown, ((struct shown_value){name, capture}));
	return NULL;
}

/* Those of a static probe, which have numbers only; and its name. */
static struct error *collect_usdt(struct rewriter *r)
{
	static const struct value name = {
	    .kind = VALUE_NONE, .view = VIEW_SITE, .capture = CAPTURE_USDT};
	const struct compile_site *site = &r->c->request->site;
	size_t count;
	const struct usdt_argument *arguments =
	    image_usdt_arguments(site->image, site->usdt, &count);

	r->c->plan->depends_on_address = true;
	TRY(rewrite_capture(r, NULL, "usdt", &name, &r->hit_captures[HIT_USDT]));
	for (size_t i = 0; i < count && i < VALUES_SHOWN && !r->c->request->is_bare; i++)
		TRY(show(r, arena_printf(&r->c->plan->arena, "arg[%zu]", i + 1),
			 object_where(r->c, NULL, arguments[i].type, &arguments[i].where)));
	return NULL;
}

static struct error *collect_parameters(struct rewriter *r)
{
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(r->c, &scope));
	for (size_t i = 0; scope && scope_parameter(scope, i, &variable); i++) {
		r->has_more = i >= VALUES_SHOWN;
		if (r->has_more)
			break;
		if (variable.name)
			TRY(show(r, arena_printf(&r->c->plan->arena, "%s", variable.name),
				 object_where(r->c, NULL, variable.type, &variable.where)));
	}
	return NULL;
}

static struct error *collect_results(struct rewriter *r)
{
	struct object *object;

	for (size_t i = 0; i < VALUES_SHOWN; i++) {
		TRY(path_each_result(r->c, i, &object));
		if (!object)
			break;
		TRY(show(r, arena_printf(&r->c->plan->arena, "result[%zu]", i + 1), object));
	}
	return NULL;
}

/* The time that a call took. */
static struct error *collect_elapsed(struct rewriter *r)
{
	static const struct value elapsed = {.kind = VALUE_ELAPSED, .view = VIEW_INTEGER};

	return rewrite_capture(r, NULL, "elapsed", &elapsed, &r->hit_captures[HIT_ELAPSED]);
}

struct error *rewrite_collect_default(struct rewriter *r)
{
	const struct value *goroutine = goroutine_shown(r->c);
	bool is_finish = r->c->request->entry.function != NULL;

	for (size_t i = HIT_TIME; i < HIT_VALUES; i++)
		r->hit_captures[i] = NO_CAPTURE;
	if (goroutine)
		TRY(rewrite_capture(r, NULL, "goid", goroutine, &r->hit_captures[HIT_GOID]));
	for (size_t i = HIT_TIME; i < ARRAY_SIZE(default_values); i++)
		TRY(rewrite_capture(r, NULL, default_names[i], &default_values[i],
				    &r->hit_captures[i]));
	if (is_finish)
		TRY(collect_elapsed(r));
	if (r->c->request->site.usdt)
		return collect_usdt(r);
	if (r->c->request->is_bare)
		return NULL;
	return is_finish ? collect_results(r) : collect_parameters(r);
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

	r->has_more = site->abi == ABI_SYSV || count > VALUES_SHOWN;
	for (unsigned i = 0; i < count && i < VALUES_SHOWN; i++) {
		const char *text = arena_printf(&r->c->plan->arena, "arg[%u]", i + 1);

		TRY(rewrite_capture(r, NULL, text, argument_word(r->c, NULL, i + 1), &capture));
		vector_push(&r->shown, ((struct shown_value){text, capture}));
	}
	return NULL;
}

/* Of Go's, those that have names are shown with them. */
static struct error *collect_flow_results(struct rewriter *r)
{
	bool is_go = r->c->request->site.abi != ABI_SYSV;
	struct variable variable;
	struct object *object;
	struct scope *scope;

	TRY(path_scope(r->c, &scope));
	for (size_t i = 0; i < VALUES_SHOWN; i++) {
		TRY(path_each_result(r->c, i, &object));
		if (!object)
			break;
		TRY(show(r, arena_printf(&r->c->plan->arena, "result[%zu]", i + 1), object));
		bool is_named = is_go && scope_go_result(scope, i, &variable) && *variable.name &&
				*variable.name != '~';
		r->shown.data[r->shown.size - 1].name =
		    is_named ? arena_printf(&r->c->plan->arena, "%s", variable.name) : "";
	}
	return NULL;
}

struct error *rewrite_collect_flow(struct rewriter *r)
{
	bool is_leaving = r->c->request->flow == FLOW_LEAVE;
	struct scope *scope;
	const struct value *goroutine = r->c->goroutine ? goroutine_shown(r->c) : NULL;

	r->is_goroutine = goroutine != NULL;
	for (size_t i = 0; i < (is_leaving ? FLOW_CAPTURES : FLOW_ELAPSED); i++)
		TRY(rewrite_capture(r, NULL, flow_names[i],
				    i == FLOW_TASK && goroutine ? goroutine : &flow_values[i],
				    &r->flow_captures[i]));
	if (is_leaving)
		return collect_flow_results(r);
	TRY(path_scope(r->c, &scope));
	return scope ? collect_parameters(r) : collect_words(r);
}
