/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialect.c - the probe statements: break tbreak rbreak finish dprintf every cover flow.
 *
 * Their words stay names (or Lua's break) wherever Lua's grammar can read the line
 * so: a trial reads the rest of the line as Lua, and only if Lua says no is it a
 * probe statement. Outside a loop Lua's break is an error anyway and needs no trial.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parser.h"

#define PROBE_SHOWN_MAX 60
/* Of a flow. */
#define DEPTH_MAX 1000

/* ------------------------------------------------------------------- trials */

/* A fresh function around the trial keeps it from meddling with labels and variables. */
static void read_as_lua(struct parser *parser, bool is_break)
{
	struct function function;
	struct block block;
	const struct function *outer = parser->function;

	function_enter(parser, &function, current_start(parser));
	function.is_vararg = outer->is_vararg;
	block_enter(parser, &block, true);
	if (is_break)
		next(parser);
	while (!is_block_end(current(parser), true) &&
	       current_start(parser) < parser->lexer.trial->line_end) {
		if (accept_token(parser, ';'))
			continue;
		bool is_last = current(parser) == TOKEN_RETURN;
		parse_statement(parser);
		if (is_last)
			break;
	}
}

static void run_trial(struct parser *parser, bool is_break)
{
	jmp_buf out;

	parser->lexer.out = &out;
	if (setjmp(out) == 0)
		read_as_lua(parser, is_break);
}

/* Does Lua's grammar read the rest of the line (and the token after it)? */
static bool passes_trial(struct parser *parser, bool is_break, bool is_alone)
{
	struct lexer *lexer = &parser->lexer;
	struct block *block = parser->function->block;
	const struct span word = lexer->token.span;
	jmp_buf *out = lexer->out;
	struct scope_mark mark = scope_mark(parser);
	struct trial trial = {
	    .line_end = lexer_line_end(lexer, word.end),
	    .outcome = TRIAL_ACCEPTED,
	};

	lexer->trial = &trial;
	run_trial(parser, is_break);
	lexer->trial = NULL;
	lexer->out = out;
	uint32_t reached = current_start(parser);
	scope_rewind(parser, &mark);
	lexer_restart(lexer, word.start);
	/* Where the text ends too early the line may still be Lua's. */
	bool is_lua =
	    trial.outcome == TRIAL_ACCEPTED || (trial.outcome == TRIAL_ENDED && !is_alone);
	if (is_lua)
		block->read_as_lua_to = reached;
	else
		block->refused_to = trial.refused_at;
	return is_lua;
}

/* Is nothing but blanks and comments behind the word? */
static bool is_word_alone(const struct parser *parser)
{
	const struct lexer *lexer = &parser->lexer;
	uint32_t at = lexer->token.span.end;

	while (char_is(lexer->text[at], CLASS_SPACE) && !char_is(lexer->text[at], CLASS_NEWLINE))
		at++;
	return at == lexer->size || char_is(lexer->text[at], CLASS_NEWLINE) ||
	       strncmp(lexer->text + at, "--", 2) == 0;
}

static bool is_lua_statement(struct parser *parser)
{
	const struct block *block = parser->function->block;
	bool is_break = current(parser) == TOKEN_BREAK, is_alone = is_word_alone(parser);

	if (is_break && !block->is_in_loop)
		return false;
	if (is_break && is_alone)
		return true;
	if (current_start(parser) < block->read_as_lua_to)
		return true;
	if (current_start(parser) < block->refused_to)
		return false;
	return passes_trial(parser, is_break, is_alone);
}

/* ----------------------------------------------------------------- messages */

/* `break main.f` as written, for a message. */
static char *shown_probe(struct parser *parser, const struct node *probe)
{
	struct buffer shown = {0};
	size_t size = probe->probe.location_span.end - probe->span.start;

	escape_text(&shown, parser->lexer.text + probe->span.start,
		    size > PROBE_SHOWN_MAX ? PROBE_SHOWN_MAX : size, false);
	buffer_puts(&shown, size > PROBE_SHOWN_MAX ? "..." : "");
	char *ret = arena_strndup(&parser->tree->arena, shown.data, shown.size);
	buffer_deinit(&shown);
	return ret;
}

/* Behind the word; of all others a probe's. */
static const char *const usages[] = {
    [PROBE_BREAK] = "LOCATION [goroutine N] [if CONDITION] [do BLOCK end]",
    [PROBE_TBREAK] = "LOCATION [goroutine N] [if CONDITION] [do BLOCK end]",
    [PROBE_RBREAK] = "LOCATION [goroutine N] [if CONDITION] [do BLOCK end]",
    [PROBE_FINISH] = "LOCATION [goroutine N] [if CONDITION] [do BLOCK end]",
    [PROBE_DPRINTF] = "LOCATION, \"format\", VALUE...",
    [PROBE_COVER] = "LOCATION",
    [PROBE_FLOW] = "LOCATION [depth N] [goroutine N] [if CONDITION]",
};

/* Nothing at all behind break is what a Lua programmer may have meant. */
static _Noreturn void fail_no_location(struct parser *parser, bool is_empty)
{
	const struct token *token = &parser->lexer.token;
	struct error *err;

	if (token->kind == TOKEN_BREAK && is_empty)
		err = source_error(parser->lexer.source, token->span, ERR_SYNTAX,
				   "break outside loop at line %u",
				   line_of(parser, token->span.start));
	else
		err = source_error(parser->lexer.source, token->span, ERR_SYNTAX,
				   "location expected after '%s'", token->name->text);
	lexer_throw(&parser->lexer, error_hint(err, "a probe is written: %s %s", token->name->text,
					       usages[token->name->probe]));
}

static _Noreturn void fail_no_format(struct parser *parser, const struct node *node)
{
	uint32_t end = node->probe.location_span.end;
	struct error *err =
	    source_error(parser->lexer.source, (struct span){end, end}, ERR_SYNTAX,
			 "',' and a format expected after `%s`", shown_probe(parser, node));

	lexer_throw(&parser->lexer,
		    error_hint(err, "written: dprintf LOCATION, \"format\", VALUE..."));
}

static void check_not_nested(struct parser *parser)
{
	const struct token *token = &parser->lexer.token;
	const struct node *outer = parser->function->probe;

	if (!outer)
		return;
	struct error *err = source_error(
	    parser->lexer.source, token->span, ERR_SYNTAX,
	    "'%s' inside the block of `%s` at line %u: a probe cannot set probes",
	    token->name->text, shown_probe(parser, outer), line_of(parser, outer->span.start));
	lexer_throw(&parser->lexer,
		    error_hint(err, "set it outside, and turn it on from here with enable(N)"));
}

static _Noreturn void fail_not_closed(struct parser *parser, const struct node *probe)
{
	struct lexer *lexer = &parser->lexer;
	const char *shown = shown_probe(parser, probe);
	unsigned line = line_of(parser, probe->span.start);

	if (current(parser) == TOKEN_EOF)
		lexer_fail(lexer, (struct span){lexer->last_end, lexer->last_end}, ERR_INCOMPLETE,
			   "block of `%s` at line %u is not closed: 'end' expected", shown, line);
	lexer_fail_near(lexer, "block of `%s` at line %u is not closed: 'end' expected", shown,
			line);
}

/* -------------------------------------------------------------------- parts */

/* Conditions, blocks and arguments become functions (translate.c) and have their scopes. */
struct probe_scope {
	struct function function;
	struct block block;
	unsigned level; /* outside */
};

/* Counts the levels of Lua's that the translation adds: the function is an argument of a
 * call, and an expression in it stands in a statement of its own. */
static void scope_enter(struct parser *parser, struct probe_scope *scope, const struct node *probe,
			bool is_expression)
{
	scope->level = parser->level;
	enter_level(parser);
	if (is_expression)
		enter_level(parser);
	function_enter(parser, &scope->function, current_start(parser));
	scope->function.probe = probe;
	block_enter(parser, &scope->block, false);
}

static void scope_leave(struct parser *parser, const struct probe_scope *scope)
{
	block_leave(parser);
	function_leave(parser);
	parser->level = scope->level;
}

static struct node *parse_condition(struct parser *parser, const struct node *probe)
{
	struct probe_scope scope;

	scope_enter(parser, &scope, probe, true);
	struct node *condition = parse_expression(parser);
	scope_leave(parser, &scope);
	return condition;
}

static struct node *parse_probe_block(struct parser *parser, const struct node *probe)
{
	struct probe_scope scope;

	expect_token(parser, TOKEN_DO);
	scope_enter(parser, &scope, probe, false);
	struct node *block = parse_statements(parser);
	if (current(parser) != TOKEN_END)
		fail_not_closed(parser, probe);
	scope_leave(parser, &scope);
	next(parser);
	return block;
}

/* Is the current token on the line where the last one ends? */
static bool is_on_line(struct parser *parser)
{
	return current_start(parser) <= lexer_line_end(&parser->lexer, parser->lexer.last_end);
}

/* A `do` below a probe without a block is more likely meant for the probe than not. */
static void check_stray_do(struct parser *parser, const struct node *probe)
{
	if (current(parser) != TOKEN_DO)
		return;
	struct error *err =
	    source_error(parser->lexer.source, parser->lexer.token.span, ERR_SYNTAX,
			 "the 'do' of `%s` must be on its line", shown_probe(parser, probe));
	lexer_throw(&parser->lexer,
		    error_hint(err, "a block that is not the probe's is set apart by a semicolon"));
}

static void set_location(struct parser *parser, struct node *node, struct span span)
{
	const char *text = parser->lexer.text + span.start;
	uint32_t size = span.end - span.start;

	if (size == 0)
		fail_no_location(parser, true);
	node->probe.location_span = span;
	bool is_quoted =
	    (*text == '"' || *text == '\'') && memchr(text + 1, *text, size - 1) == text + size - 1;
	if (is_quoted && size == 2)
		fail_no_location(parser, false);
	check_not_nested(parser);
	if (memchr(text, '\0', size))
		lexer_fail(&parser->lexer, span, ERR_SYNTAX, "the location has a zero byte in it");
	node->probe.location =
	    arena_strndup(&parser->tree->arena, text + is_quoted, size - 2 * is_quoted);
}

static struct node *add_probe(struct parser *parser, enum node_kind kind)
{
	struct node *node = node_new(parser, kind, current_start(parser));

	node->probe.kind = parser->lexer.token.name->probe;
	node->probe.index = parser->tree->probes.size;
	vector_push(&parser->tree->probes, node);
	return node;
}

/* goroutine N */
static void parse_goroutine(struct parser *parser, struct node *node)
{
	const struct token *token = &parser->lexer.token;

	if (token->kind != TOKEN_NAME || strcmp(token->name->text, "goroutine") != 0 ||
	    !is_on_line(parser))
		return;
	struct node *goroutine = node_new(parser, NODE_INTEGER, current_start(parser));
	next(parser);
	if (token->kind != TOKEN_INTEGER || token->integer < 1 || !is_on_line(parser)) {
		struct error *err =
		    source_error(parser->lexer.source, token->span, ERR_SYNTAX,
				 "the number of a goroutine expected after 'goroutine'");
		lexer_throw(&parser->lexer,
			    error_hint(err, "any other condition: if goid == EXPR"));
	}
	goroutine->integer = token->integer;
	next(parser);
	node->probe.goroutine = node_end(parser, goroutine);
}

/* depth N */
static void parse_depth(struct parser *parser, struct node *node)
{
	const struct token *token = &parser->lexer.token;

	if (token->kind != TOKEN_NAME || strcmp(token->name->text, "depth") != 0 ||
	    !is_on_line(parser))
		return;
	next(parser);
	if (token->kind != TOKEN_INTEGER || token->integer < 1 || token->integer > DEPTH_MAX ||
	    !is_on_line(parser))
		lexer_throw(&parser->lexer,
			    source_error(parser->lexer.source, token->span, ERR_SYNTAX,
					 "a number from 1 to %d expected after 'depth'",
					 DEPTH_MAX));
	node->probe.depth = (unsigned)token->integer;
	next(parser);
}

/* Pictures have no block, and a cover counts whatever comes. */
static void check_picture(struct parser *parser, const struct node *node)
{
	static const char *const what[] = {"counts every time: it takes no condition, no goroutine "
					   "and no block",
					   "shows calls by itself: it takes no block"};
	const struct token *token = &parser->lexer.token;
	bool is_cover = node->probe.kind == PROBE_COVER;
	bool is_extra =
	    token->kind == TOKEN_DO ||
	    (is_cover && (token->kind == TOKEN_IF ||
			  (token->kind == TOKEN_NAME && !strcmp(token->name->text, "goroutine"))));

	if (!is_on_line(parser) || !is_extra)
		return;
	lexer_throw(&parser->lexer,
		    source_error(parser->lexer.source, token->span, ERR_SYNTAX, "`%s` %s",
				 shown_probe(parser, node), what[!is_cover]));
}

/* --------------------------------------------------------------- statements */

static struct node *parse_picture(struct parser *parser)
{
	struct node *node = add_probe(parser, NODE_PROBE);
	struct children children = children_of(node);

	set_location(parser, node,
		     location_scan(&parser->lexer, parser->lexer.token.span.end, false));
	lexer_restart(&parser->lexer, node->probe.location_span.end);
	if (node->probe.kind == PROBE_FLOW) {
		parse_depth(parser, node);
		parse_goroutine(parser, node);
		if (current(parser) == TOKEN_IF && is_on_line(parser)) {
			next(parser);
			node->probe.condition = parse_condition(parser, node);
			children_add(parser, &children, node->probe.condition);
		}
	}
	check_picture(parser, node);
	return node_end(parser, node);
}

static struct node *parse_probe(struct parser *parser)
{
	struct node *node = add_probe(parser, NODE_PROBE);
	struct children children = children_of(node);

	set_location(parser, node,
		     location_scan(&parser->lexer, parser->lexer.token.span.end, false));
	lexer_restart(&parser->lexer, node->probe.location_span.end);
	parse_goroutine(parser, node);
	if (current(parser) == TOKEN_IF && is_on_line(parser)) {
		next(parser);
		node->probe.condition = parse_condition(parser, node);
		children_add(parser, &children, node->probe.condition);
	}
	if (current(parser) == TOKEN_DO && is_on_line(parser)) {
		node->probe.block = parse_probe_block(parser, node);
		children_add(parser, &children, node->probe.block);
	} else {
		check_stray_do(parser, node);
	}
	return node_end(parser, node);
}

static struct node *parse_dprintf(struct parser *parser)
{
	struct node *node = add_probe(parser, NODE_DPRINTF);
	struct children children = children_of(node);
	struct probe_scope scope;

	set_location(parser, node,
		     location_scan(&parser->lexer, parser->lexer.token.span.end, true));
	lexer_restart(&parser->lexer, node->probe.location_span.end);
	parse_goroutine(parser, node);
	if (current(parser) != ',' || !is_on_line(parser))
		fail_no_format(parser, node);
	next(parser);
	scope_enter(parser, &scope, node, true);
	children_add(parser, &children, parse_expressions(parser));
	scope_leave(parser, &scope);
	return node_end(parser, node);
}

/* A number and a unit; 0 if that is not what is there. */
static double duration_ns(const struct lexer *lexer, struct span span)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	const char *text = lexer->text + span.start, *end = lexer->text + span.end, *at = text;
	unsigned digits = 0;

	for (; char_is(*at, CLASS_DIGIT); digits++)
		at++;
	if (*at == '.')
		at++;
	for (; char_is(*at, CLASS_DIGIT); digits++)
		at++;
	for (size_t i = 0; i < ARRAY_SIZE(units) && digits; i++)
		if (strlen(units[i].unit) == (size_t)(end - at) &&
		    strncmp(at, units[i].unit, end - at) == 0)
			return strtod_l(text, NULL, lexer->c_locale) * units[i].ns;
	return 0;
}

static int64_t parse_duration(struct parser *parser, struct span span)
{
	double ns = duration_ns(&parser->lexer, span);

	if (ns >= 1 && ns < 0x1p63)
		return llround(ns);
	struct error *err =
	    source_error(parser->lexer.source, span, ERR_SYNTAX, "duration expected after 'every'");
	lexer_throw(
	    &parser->lexer,
	    error_hint(err, "a number and a unit, as in 500ms: us, ms, s, m (minutes) or h"));
}

static struct node *parse_every(struct parser *parser)
{
	struct node *node = add_probe(parser, NODE_EVERY);
	struct children children = children_of(node);
	const char *text = parser->lexer.text;
	struct span span = {parser->lexer.token.span.end, 0};

	check_not_nested(parser);
	while (text[span.start] == ' ' || text[span.start] == '\t')
		span.start++;
	span.end = span.start;
	while (char_is(text[span.end], CLASS_WORD) || text[span.end] == '.')
		span.end++;
	node->integer = parse_duration(parser, span);
	node->probe.location_span = span;
	lexer_restart(&parser->lexer, span.end);
	node->probe.block = parse_probe_block(parser, node);
	children_add(parser, &children, node->probe.block);
	return node_end(parser, node);
}

struct node *parse_probe_statement(struct parser *parser)
{
	if (is_lua_statement(parser))
		return NULL;
	const struct name *word = parser->lexer.token.name;
	if (word->probe == PROBE_DPRINTF)
		return parse_dprintf(parser);
	if (word->probe == PROBE_COVER || word->probe == PROBE_FLOW)
		return parse_picture(parser);
	return strcmp(word->text, "every") == 0 ? parse_every(parser) : parse_probe(parser);
}
