/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goword.c - iface(T, P) and gofunc(P): values of Go that are made of their words, where no debug
 * information says which of the words are one.
 */
#include "path.h"

/* The value of a type that the arguments of a call are the words of. usage is what the call is to
 * look like. */
static struct error *object_of_call(struct compiler *c, const struct node *call,
				    const struct type *type, const char *usage, struct object **ret)
{
	const size_t count = type->size / 8;
	const struct node *first = call->first->next;
	const struct image *image = compiler_site(c)->image;
	const struct value *words[2];
	const char *reason;

	if (argument_count(call) != count)
		return compile_error(c, call, ERR_TYPE, "%s", usage);
	if (!image || !image_go_version(image))
		return compile_error(c, call, ERR_NAME,
				     "`%.*s` can only be used in Go programs: %s is not part of "
				     "one",
				     (int)strcspn(usage, " "), usage, compiler_site(c)->function);
	for (size_t i = 0; i < count; i++, first = first->next) {
		TRY(resolve_integer(c, first, &words[i], &reason));
		if (!words[i])
			return compile_error(c, first, ERR_TYPE,
					     "`%s` cannot be known at the hit: %s",
					     node_text(c, first), reason);
	}
	*ret = object_of_words(c, call, type, words, count);
	return NULL;
}

struct error *path_interface(struct compiler *c, const struct node *call, struct object **ret)
{
	static const struct type word = {.kind = TYPE_INTEGER, .name = "uintptr", .size = 8};
	static const struct type_member members[] = {{.name = "tab", .type = &word},
						     {.name = "data", .type = &word, .offset = 8}};
	static const struct type interface = {.kind = TYPE_STRUCT,
					      .form = FORM_INTERFACE,
					      .name = "interface",
					      .size = 16,
					      .members = members,
					      .member_count = ARRAY_SIZE(members),
					      .has_itab = true,
					      .has_type = true};

	return object_of_call(c, call, &interface,
			      "iface takes the two words of an interface: iface(T, P)", ret);
}

struct error *path_go_function(struct compiler *c, const struct node *call, struct object **ret)
{
	static const struct type code = {.kind = TYPE_FUNCTION, .name = "func"};
	static const struct type function = {
	    .kind = TYPE_POINTER, .form = FORM_CODE, .name = "func", .size = 8, .target = &code};

	return object_of_call(c, call, &function, "gofunc takes one word: gofunc(P)", ret);
}
