/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scope.c - what a name refers to at a place of the text: locals, functions and the
 * variables they share, labels and the gotos that look for them.
 * Each name knows its visible local, so a look-up costs the same however many there are.
 */
#include "parser.h"

static _Noreturn void fail_limit(struct parser *parser, const char *what, unsigned limit)
{
	const struct function *function = parser->function;

	if (!function->outer)
		lexer_fail_limit(&parser->lexer, "too many %s (limit is %u) in main function", what,
				 limit);
	lexer_fail_limit(&parser->lexer, "too many %s (limit is %u) in function at line %u", what,
			 limit, line_of(parser, function->at));
}

/* ------------------------------------------------------- functions and blocks */

void function_enter(struct parser *parser, struct function *function, uint32_t at)
{
	*function = (struct function){
	    .outer = parser->function,
	    .at = at,
	    .probe = parser->function ? parser->function->probe : NULL,
	    .first_local = parser->locals.size,
	};
	parser->function = function;
}

void function_leave(struct parser *parser)
{
	parser->function = parser->function->outer;
}

void block_enter(struct parser *parser, struct block *block, bool is_loop)
{
	struct block *outer = parser->function->block;

	*block = (struct block){
	    .outer = outer,
	    .is_in_loop = is_loop || (outer && outer->is_in_loop),
	    .first_local = parser->locals.size,
	    .first_label = parser->labels.size,
	    .first_goto = parser->gotos.size,
	};
	parser->function->block = block;
}

static void drop_locals(struct parser *parser, size_t count)
{
	while (parser->locals.size > count) {
		const struct local *local = &parser->locals.data[--parser->locals.size];
		if (local->name)
			local->name->local = local->shadowed;
	}
}

struct scope_mark scope_mark(const struct parser *parser)
{
	return (struct scope_mark){
	    .function = parser->function,
	    .local_count = parser->locals.size,
	    .label_count = parser->labels.size,
	    .goto_count = parser->gotos.size,
	    .function_count = parser->tree->functions.size,
	    .followed_count = parser->tree->followed.size,
	    .level = parser->level,
	};
}

void scope_rewind(struct parser *parser, const struct scope_mark *mark)
{
	drop_locals(parser, mark->local_count);
	parser->labels.size = mark->label_count;
	parser->gotos.size = mark->goto_count;
	parser->tree->functions.size = mark->function_count;
	parser->tree->followed.size = mark->followed_count;
	parser->function = mark->function;
	parser->level = mark->level;
}

/* A goto that has not met its label goes on looking in the outer block, as if it stood
 * where the inner block starts. */
void block_leave(struct parser *parser)
{
	struct block *block = parser->function->block;

	drop_locals(parser, block->first_local);
	parser->labels.size = block->first_label;
	for (size_t i = block->first_goto; i < parser->gotos.size; i++) {
		struct label *jump = &parser->gotos.data[i];
		if (!block->outer)
			lexer_fail_meaning(&parser->lexer, (struct span){jump->at, jump->at + 4},
					   "no visible label '%s' for <goto> at line %u",
					   jump->name->text, line_of(parser, jump->at));
		if (jump->local_count > block->first_local)
			jump->local_count = block->first_local;
	}
	parser->function->block = block->outer;
}

/* ------------------------------------------------------------------- locals */

struct node *name_node(struct parser *parser, struct name *name, struct span span)
{
	struct node *node = node_new(parser, NODE_NAME, span.start);

	node->span.end = span.end;
	node->text = name->text;
	node->text_size = name->size;
	return node;
}

void local_declare(struct parser *parser, struct name *name, struct node *declaration)
{
	if (parser->locals.size - parser->function->first_local >= LOCALS_MAX)
		fail_limit(parser, "local variables", LOCALS_MAX);
	struct local *local = vector_add(&parser->locals);
	local->name = name;
	local->declaration = declaration;
	local->function = parser->function;
	if (!name)
		return;
	local->shadowed = name->local;
	name->local = (int)parser->locals.size - 1;
	declaration->declaration = declaration;
}

void local_declare_hidden(struct parser *parser, unsigned count)
{
	while (count-- > 0)
		local_declare(parser, NULL, NULL);
}

static bool has_upvalue(const struct function *function, int local)
{
	for (unsigned i = 0; i < function->upvalue_count; i++)
		if (function->upvalues[i] == local)
			return true;
	return false;
}

/* Every function between the use and the owner carries the variable. */
static void note_upvalue(struct parser *parser, int local, const struct function *owner)
{
	struct function *inner = parser->function;

	for (; inner != owner && !has_upvalue(inner, local); inner = inner->outer) {
		if (inner->upvalue_count == UPVALUES_MAX)
			fail_limit(parser, "upvalues", UPVALUES_MAX);
		inner->upvalues[inner->upvalue_count++] = local;
	}
}

static struct node *find_local(struct parser *parser, const struct name *name)
{
	if (name->local < 0)
		return NULL;
	const struct local *local = &parser->locals.data[name->local];
	if (!parser->lexer.trial)
		note_upvalue(parser, name->local, local->function);
	return local->declaration;
}

void name_resolve(struct parser *parser, struct name *name, struct node *node)
{
	node->declaration = find_local(parser, name);
	if (node->declaration)
		return;
	node->environment = find_local(parser, parser->environment);
	if (!node->environment && !parser->lexer.trial)
		note_upvalue(parser, -1, NULL);
}

void check_assignable(struct parser *parser, const struct node *node)
{
	if (node->kind == NODE_NAME && node->declaration && node->declaration->attribute)
		lexer_fail_meaning(&parser->lexer, node->span,
				   "attempt to assign to const variable '%s'", node->text);
}

/* ---------------------------------------------------------- labels and gotos */

static struct label *find_label(struct parser *parser, const struct name *name)
{
	const struct block *outermost = parser->function->block;

	while (outermost->outer)
		outermost = outermost->outer;
	for (size_t i = outermost->first_label; i < parser->labels.size; i++)
		if (parser->labels.data[i].name == name)
			return &parser->labels.data[i];
	return NULL;
}

void goto_add(struct parser *parser, struct name *label, uint32_t at)
{
	if (find_label(parser, label))
		return; /* backwards, to where only visible locals are */
	vector_push(&parser->gotos,
		    ((struct label){.name = label, .at = at, .local_count = parser->locals.size}));
}

void label_check(struct parser *parser, const struct name *name, struct span span)
{
	const struct label *other = find_label(parser, name);

	if (other)
		lexer_fail_meaning(&parser->lexer, span, "label '%s' already defined on line %u",
				   name->text, line_of(parser, other->at));
}

static void check_jump(struct parser *parser, const struct label *jump, size_t local_count)
{
	if (jump->local_count >= local_count)
		return;
	const struct name *hidden = parser->locals.data[jump->local_count].name;
	lexer_fail_meaning(&parser->lexer, (struct span){jump->at, jump->at + 4},
			   "<goto %s> at line %u jumps into the scope of local '%s'",
			   jump->name->text, line_of(parser, jump->at),
			   hidden ? hidden->text : "(for state)");
}

void label_add(struct parser *parser, struct name *name, uint32_t at, bool is_last)
{
	const struct block *block = parser->function->block;
	size_t local_count = is_last ? block->first_local : parser->locals.size;
	size_t kept = block->first_goto;

	vector_push(&parser->labels,
		    ((struct label){.name = name, .at = at, .local_count = local_count}));
	for (size_t i = block->first_goto; i < parser->gotos.size; i++) {
		if (parser->gotos.data[i].name == name)
			check_jump(parser, &parser->gotos.data[i], local_count);
		else
			parser->gotos.data[kept++] = parser->gotos.data[i];
	}
	parser->gotos.size = kept;
}
