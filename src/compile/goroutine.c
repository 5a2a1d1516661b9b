/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goroutine.c - goid, `goroutine N`: the goroutine that runs, by what symbols says of where it
 * is.
 */
#include "lower.h"
#include "path.h"

/* At the entry of a function that is passed its arguments in registers, and where it returns. */
static bool has_g_register(const struct compile_site *site)
{
	return site->abi == ABI_GO_REGISTERS && (site->are_args_live || site->is_return);
}

/* The file that says where the goroutine is: the site's own, or, for a C library in a program of
 * Go, the program. Other programs run the library too: only in the one process is it that. */
static struct image *goroutine_image(const struct compiler *c)
{
	struct image *image = compiler_site(c)->image;

	if (!image || image_go_version(image) || !c->request->pid || !c->request->program)
		return image;
	return program_executable(c->request->program);
}

static struct error *no_goroutine(struct compiler *c, const struct node *node,
				  const struct image *image)
{
	const char *version = image ? image_go_version(image) : NULL;

	if (!version)
		return compile_error(c, node, ERR_NAME,
				     "`%s` can only be used in Go programs: %s is not part of one",
				     node_text(c, node), compiler_site(c)->function);
	return error_hint(compile_error(c, node, ERR_UNREADABLE,
					"`%s` cannot be read: where %s keeps it is not known",
					node_text(c, node), version),
			  "Build the program with debug information.");
}

struct error *resolve_goid(struct compiler *c, const struct node *node, const struct value **ret)
{
	const struct compile_site *site = compiler_site(c);
	struct image *image = goroutine_image(c);
	struct goroutine goroutine;

	if (!image || !image_goroutine(image, has_g_register(site), &goroutine))
		return no_goroutine(c, node, image);
	c->plan->depends_on_address = true;
	*ret = object_steps(c, node, &goroutine.id);
	if (*ret)
		return NULL;
	return error_hint(compile_error(c, node, ERR_UNREADABLE,
					"`%s` cannot be read here: this kernel does not tell where "
					"it keeps a thread's %%fs",
					node_text(c, node)),
			  "It can at the entry of a Go function: break %s.", site->function);
}

/* Only where it can be read at all places of the image: the default action is one for all. */
const struct value *goroutine_shown(struct compiler *c)
{
	struct image *image = goroutine_image(c);
	struct goroutine goroutine;

	if (!image || !image_goroutine(image, has_g_register(compiler_site(c)), &goroutine) ||
	    !compiler_fsbase(c))
		return NULL;
	return object_steps(c, NULL, &goroutine.id);
}

struct error *goroutine_lower_filter(struct compiler *c, struct ir *ir, int *no)
{
	const struct node *node = c->request->goroutine;
	const struct arithmetic at = {c, ir, node};
	const struct value *id = NULL;
	int t;

	if (!node)
		return NULL;
	TRY(resolve_goid(c, node, &id));
	if (*no == IR_NONE)
		*no = ir->labels++;
	TRY(lower_value(c, ir, id, *no, &t));
	lower_jump_if(&at, t, OP_NE, lower_constant(&at, node->integer), 0, *no);
	c->plan->has_predicate = !c->plan->has_guard;
	return NULL;
}

struct error *goroutine_of_calls(struct compiler *c)
{
	const struct compile_request *request = c->request;
	const struct compile_site *entry = &request->entry;
	bool has_register = entry->abi == ABI_GO_REGISTERS;
	struct goroutine *goroutine;

	if (!entry->function || entry->abi == ABI_SYSV || !entry->image)
		return NULL;
	goroutine = ARENA_NEW(&c->plan->arena, struct goroutine);
	if (!image_goroutine(entry->image, has_register, goroutine) ||
	    (!has_register && !compiler_fsbase(c)))
		return error_hint(error_new(ERR_UNREADABLE,
					    "the calls of %s cannot be paired with their returns: "
					    "which goroutine runs cannot be told",
					    entry->function),
				  "break %s sees its calls alone.", entry->function);
	c->goroutine = goroutine;
	return NULL;
}
