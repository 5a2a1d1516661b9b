/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * path.c - how a block's text names objects of the target: variables, and paths from them.
 * Apart from resolve.c, which knows the built-in names, and from field.c, which knows types.
 */
#include <linux/ptrace.h>

#include "object.h"
#include "path.h"

/* ------------------------------------------------------------------- scope */

struct error *path_scope(struct compiler *c, struct scope **ret)
{
	struct compiler_scope *have = &c->scopes[c->is_at_entry];
	const struct compile_site *site = compiler_site(c);

	if (!have->is_open && site->image) {
		have->is_open = true;
		TRY(scope_open(site->image, site->names_at ? site->names_at : site->address,
			       &have->scope));
	}
	*ret = have->scope;
	c->plan->depends_on_address |= have->scope != NULL;
	return NULL;
}

static const char *nearest_lines(struct compiler *c, struct scope *scope, const char *name)
{
	unsigned before = 0, after = 0;

	scope_readable_lines(scope, name, &before, &after);
	if (before && after && before != after)
		return arena_printf(&c->plan->arena, "It can be read at line %u and at line %u.",
				    before, after);
	if (before || after)
		return arena_printf(&c->plan->arena, "It can be read at line %u.",
				    before ? before : after);
	return "It can be read nowhere in this function.";
}

struct error *path_check_readable(struct compiler *c, const struct node *node,
				  const struct object *object)
{
	const char *reason = object_lost(object);
	struct scope *scope;
	struct error *err;

	if (!reason || c->request->is_lenient || c->request->site.is_tail_call)
		return NULL;
	TRY(path_scope(c, &scope));
	err = compile_error(c, node, ERR_UNREADABLE, "`%s` cannot be read here: %s",
			    node_text(c, node), reason);
	return object->name && scope ? error_hint(err, "%s", nearest_lines(c, scope, object->name))
				     : err;
}

static struct object *object_of_variable(struct compiler *c, const struct node *node,
					 const struct variable *variable)
{
	bool is_local = variable->kind != VARIABLE_GLOBAL && variable->kind != VARIABLE_ENUMERATOR;
	struct object *object = is_local && compiler_site(c)->names_at
				    ? object_lost_as(c, node, variable->type, RETURNED_BY_ANOTHER)
				    : object_where(c, node, variable->type, &variable->where);

	object->name = arena_strndup(&c->plan->arena, variable->name, strlen(variable->name));
	c->plan->uses_frame |= is_local;
	return object;
}

/* ------------------------------------------------------------------- names */

struct names {
	struct nearest nearest;
	struct buffer list;
	size_t count;
};
#define NAMES_SHOWN 16

static bool note_name(void *context, const struct variable *variable)
{
	struct names *names = context;

	nearest_offer(&names->nearest, variable->name);
	if (names->count++ < NAMES_SHOWN)
		buffer_printf(&names->list, "%s%s", names->list.size ? ", " : "", variable->name);
	return true;
}

static struct error *hint_names(struct error *err, struct scope *scope, const char *wanted)
{
	struct names names = {.nearest = {.wanted = wanted}};
	CLEANUP(buffer_deinit) struct buffer near = {0};

	if (!scope)
		return error_hint(err, "The program has no debug information for this place: "
				       "arguments are arg[1], arg[2] ..., registers reg.NAME.");
	scope_each(scope, note_name, &names);
	nearest_format(&names.nearest, &near);
	err = error_hint(err, "%s%s%s%s%s%s", near.size ? "Did you mean " : "",
			 near.size ? near.data : "", near.size ? "? " : "",
			 names.count ? "In scope here: " : "No variable is in scope here.",
			 names.count ? names.list.data : "",
			 names.count > NAMES_SHOWN ? " ..."
			 : names.count		   ? "."
						   : "");
	nearest_deinit(&names.nearest);
	buffer_deinit(&names.list);
	return err;
}

static struct error *no_such_variable(struct compiler *c, const struct node *node, const char *what,
				      const char *name)
{
	struct scope *scope;

	TRY(path_scope(c, &scope));
	return hint_names(compile_error(c, node, ERR_NAME, "no %s `%s` is known here", what, name),
			  scope, name);
}

/* Does a bare name belong to Lua: a local, a built-in, one of the script's globals? */
static bool is_lua_name(const struct node *node)
{
	return node->declaration || node->environment || builtin_find(node->text) ||
	       builtin_is_lua(node->text);
}

static struct error *object_of_name(struct compiler *c, const struct node *node,
				    struct object **ret)
{
	const struct compile_request *request = c->request;
	struct variable variable;
	struct scope *scope;

	*ret = NULL;
	if (is_lua_name(node))
		return NULL;
	TRY(path_scope(c, &scope));
	if (scope && scope_variable(scope, node->text, &variable)) {
		*ret = object_of_variable(c, node, &variable);
		return NULL;
	}
	if (!request->is_script_name || request->is_script_name(request->context, node->text))
		return NULL;
	struct error *err = compile_error(c, node, ERR_NAME, "`%s` means nothing here", node->text);
	const char *hint = foreign_name(c, node->text);
	return hint ? error_hint(err, "%s", hint) : hint_names(err, scope, node->text);
}

/* arg.NAME: node is the INDEX. */
static struct error *object_of_parameter(struct compiler *c, const struct node *node,
					 const char *name, struct object **ret)
{
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(c, &scope));
	for (size_t i = 0; scope && scope_parameter(scope, i, &variable); i++) {
		if (!variable.name || strcmp(variable.name, name) != 0)
			continue;
		*ret = object_of_variable(c, node, &variable);
		return NULL;
	}
	return no_such_variable(c, node, "parameter", name);
}

static struct error *object_of_lookup(struct compiler *c, const struct node *node,
				      bool (*find)(struct scope *, const char *, struct variable *),
				      const char *what, const char *name, struct object **ret)
{
	struct variable variable;
	struct scope *scope;

	TRY(path_scope(c, &scope));
	if (!scope || !find(scope, name, &variable))
		return no_such_variable(c, node, what, name);
	*ret = object_of_variable(c, node, &variable);
	return NULL;
}

struct error *path_hint_hidden(struct compiler *c, const char *name, struct error *err)
{
	struct variable variable;
	struct scope *scope = NULL;

	error_free(path_scope(c, &scope));
	if (scope && scope_variable(scope, name, &variable))
		error_hint(err, "The variable of that name is var.%s.", name);
	return err;
}

/* ------------------------------------------------------------------- paths */

static struct error *no_such_field(struct compiler *c, const struct node *node,
				   const struct object *object, const char *name)
{
	CLEANUP(buffer_deinit) struct buffer fields = {0};

	object_fields(object, &fields, name);
	return error_hint(
	    compile_error(c, node, ERR_NAME, "%s has no field `%s`", object->type->name, name),
	    "%s", fields.data);
}

/* A type that is only declared here, behind a pointer, may be defined in another file. */
static struct error *complete_target(struct compiler *c, struct object *object, struct object **ret)
{
	struct object *target;
	struct scope *scope;

	*ret = object_settle(c, object);
	if ((*ret)->type->kind != TYPE_POINTER || (*ret)->type->target->kind != TYPE_OPAQUE)
		return NULL;
	TRY(path_scope(c, &scope));
	target = scope ? object_target(c, *ret) : NULL;
	if (!target || !object_address(target))
		return NULL;
	*ret =
	    object_at(c, object->node, scope_complete(scope, target->type), object_address(target));
	return NULL;
}

static struct error *object_of_field(struct compiler *c, const struct node *node,
				     struct object *object, const char *name, struct object **ret)
{
	TRY(path_check_readable(c, node->first, object));
	TRY(complete_target(c, object, &object));
	if (object_lost(object)) {
		*ret = object;
		return NULL;
	}
	*ret = object_member(c, object, node, name);
	return *ret ? NULL : no_such_field(c, node, object, name);
}

static bool is_indexed_by_lua(const struct object *object)
{
	return object->type->kind == TYPE_ARRAY ||
	       (object->type->kind == TYPE_STRUCT && object->type->form == FORM_SEQUENCE);
}

/* v[i]: with an index that only Lua knows, v is captured whole, if it can be. */
static struct error *object_of_element(struct compiler *c, const struct node *node,
				       struct object *object, struct object **ret)
{
	const struct value *index;
	const char *reason = NULL;

	*ret = NULL;
	object = object_settle(c, object);
	TRY(path_check_readable(c, node->first, object));
	if (object_lost(object)) {
		*ret = object;
		return NULL;
	}
	TRY(resolve_integer(c, node->first->next, &index, &reason));
	if (!index && is_indexed_by_lua(object))
		return NULL;
	if (!index)
		return error_hint(compile_error(c, node, ERR_NAME,
						"`%s` cannot be captured: %s, so where it leads "
						"is not known at the hit",
						node_text(c, node), reason),
				  "An index is made of constants, values of the target, and the "
				  "integer operators.");
	*ret = object_element(c, object, node, index);
	if (*ret)
		return NULL;
	return compile_error(c, node, ERR_TYPE, "a value of type %s has no elements",
			     object->type->name);
}

static struct error *no_such_type(struct compiler *c, const struct node *name, bool has_names)
{
	return error_hint(
	    compile_error(c, name, ERR_NAME, "no type `%s` is known here", name->text),
	    has_names ? "Write it as the program does: \"struct point *\", \"unsigned int\"."
		      : "The program has no debug information for this place.");
}

/* A value as another type; an address as the object that is there: cast("struct s", p). */
static struct error *object_of_cast(struct compiler *c, const struct node *call,
				    struct object **ret)
{
	const struct node *name = call->first->next, *operand = name ? name->next : NULL;
	const struct value *value;
	const struct type *type;
	const char *reason;
	struct scope *scope;

	if (!operand || operand->next || name->kind != NODE_STRING)
		return compile_error(c, call, ERR_TYPE,
				     "cast takes a type's name and a value: cast(\"TYPE\", V)");
	TRY(path_scope(c, &scope));
	type = scope ? scope_type(scope, name->text) : type_of_words(name->text);
	if (!type)
		return no_such_type(c, name, scope != NULL);
	bool is_whole =
	    type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ARRAY;
	if (is_whole) {
		TRY(resolve_address(c, operand, &value));
		*ret = object_at(c, call, type, value_nonnull(c, call, value));
		return NULL;
	}
	TRY(resolve_integer(c, operand, &value, &reason));
	if (!value)
		return compile_error(c, operand, ERR_TYPE, "`%s` cannot be cast at the hit: %s",
				     node_text(c, operand), reason);
	*ret = object_of_value(c, call, type, value);
	return NULL;
}

/* The builtin whose field the INDEX is: arg.n, var.n, global["n"], entry.n; or NULL. */
static const struct builtin_entry *indexed_builtin(struct compiler *c, const struct node *node)
{
	return node->kind == NODE_INDEX ? resolve_builtin(c, node->first) : NULL;
}

static struct error *object_of_builtin(struct compiler *c, const struct node *node,
				       const struct builtin_entry *entry, struct object **ret)
{
	const struct node *key = node->first->next;

	if (key->kind != NODE_STRING)
		return NULL;
	switch (entry->kind) {
	case BUILTIN_ARGUMENTS:
		return object_of_parameter(c, node, key->text, ret);
	case BUILTIN_VARIABLES:
		return object_of_lookup(c, node, scope_variable, "variable", key->text, ret);
	case BUILTIN_GLOBALS:
		return object_of_lookup(c, node, scope_global, "global variable", key->text, ret);
	case BUILTIN_ENTRY:
		return c->is_at_entry
			   ? object_of_lookup(c, node, scope_variable, "variable", key->text, ret)
			   : NULL;
	default:
		return NULL;
	}
}

/* What a field is of, or an element. A local that stands for an object of the target is that one:
 * so what only it leads to is captured, too. A text in a local is one of Lua's. */
static struct error *object_of_base(struct compiler *c, const struct node *node,
				    struct object **ret)
{
	const struct node *alias = resolve_alias(c, node_inner(node));

	if (!alias)
		return path_object(c, node, ret);
	*ret = NULL;
	if (c->aliases == ALIASES_MAX)
		return NULL;
	c->aliases++;
	struct error *err = object_of_base(c, alias, ret);
	c->aliases--;
	if (!err && *ret && object_read(c, *ret)->view == VIEW_STRING)
		*ret = NULL;
	return err;
}

static struct error *object_of_index(struct compiler *c, const struct node *node,
				     struct object **ret)
{
	const struct builtin_entry *entry = indexed_builtin(c, node);
	const struct node *key = node->first->next;
	struct object *base;

	if (entry && entry->kind != BUILTIN_RESULT)
		return object_of_builtin(c, node, entry, ret);
	if (entry) {
		TRY(path_result_part(c, node, ret));
		if (*ret)
			return NULL;
	}
	TRY(object_of_base(c, node->first, &base));
	if (!base || object_is_reference(base))
		return NULL;
	if (key->kind == NODE_STRING)
		return object_of_field(c, node, base, key->text, ret);
	return object_of_element(c, node, base, ret);
}

struct error *path_object(struct compiler *c, const struct node *node, struct object **ret)
{
	const struct builtin_entry *entry;

	*ret = NULL;
	switch (node->kind) {
	case NODE_PAREN:
		return path_object(c, node->first, ret);
	case NODE_NAME:
		entry = resolve_builtin(c, node);
		return entry && entry->kind == BUILTIN_RESULT ? path_result(c, node, ret)
							      : object_of_name(c, node, ret);
	case NODE_INDEX:
		entry = resolve_builtin(c, node); /* e.result */
		return entry && entry->kind == BUILTIN_RESULT ? path_result(c, node, ret)
							      : object_of_index(c, node, ret);
	case NODE_CALL:
		entry = resolve_builtin(c, node->first);
		if (entry && entry->kind == BUILTIN_INTERFACE)
			return path_interface(c, node, ret);
		if (entry && entry->kind == BUILTIN_GO_FUNCTION)
			return path_go_function(c, node, ret);
		return entry && entry->kind == BUILTIN_CAST ? object_of_cast(c, node, ret) : NULL;
	default:
		return NULL;
	}
}

/* ----------------------------------------------------------------- addr, len */

struct error *path_addr(struct compiler *c, const struct node *call, const struct value **ret)
{
	const struct node *operand = call->first->next;
	struct object *object = NULL;
	const struct value *address;

	if (!operand || operand->next)
		return compile_error(c, call, ERR_TYPE, "addr takes one value: addr(V)");
	TRY(path_object(c, operand, &object));
	if (!object)
		return compile_error(c, operand, ERR_TYPE,
				     "`%s` is no variable of the target, and has no address",
				     node_text(c, operand));
	TRY(path_check_readable(c, operand, object));
	object = object_settle(c, object);
	address = object_address(object);
	if (!address)
		return compile_error(c, operand, ERR_UNREADABLE,
				     "`%s` is in a register here, and has no address",
				     node_text(c, operand));
	*ret = value_as(c, address, VIEW_INTEGER);
	return NULL;
}

/* Of a C string it is counted, up to the greatest length of one. */
static const struct value *counted_length(struct compiler *c, struct object *object,
					  const struct node *node)
{
	const struct value *text = object_read(c, object);
	struct value *value, *copy;

	if (text->kind != VALUE_STRING || text->b)
		return NULL;
	copy = ARENA_NEW(&c->plan->arena, struct value);
	*copy = *text;
	copy->is_nullable = false; /* nil has no length: it is missing */
	value = value_new(c, VALUE_LENGTH, VIEW_INTEGER, node);
	value->a = copy;
	return value;
}

struct error *path_length(struct compiler *c, const struct node *operand, const struct value **ret)
{
	struct object *object;

	*ret = NULL;
	TRY(path_object(c, operand, &object));
	if (!object || object_lost(object))
		return NULL;
	*ret = object_length(c, object, operand);
	if (!*ret)
		*ret = counted_length(c, object, operand);
	return NULL;
}
