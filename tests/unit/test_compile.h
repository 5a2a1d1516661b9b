/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile.h - a probe statement compiled, for the tests to look at.
 */
#ifndef TEST_COMPILE_H
#define TEST_COMPILE_H

#include "moontap/compile.h"

#include <setjmp.h>

/* cmocka.h leans on the headers above. */
#include <cmocka.h>
#include <stdio.h>

struct compiled {
	struct source *source;
	struct tree *tree;
	struct plan *plan;
	struct error *err;
};

static const struct compile_site entry = {
    .abi = ABI_SYSV, .are_args_live = true, .cfa_offset = 8, .function = "f"};

static void compile_with(struct compiled *ret, const char *text, const struct compile_request *base)
{
	struct compile_request request = *base;

	*ret = (struct compiled){.source = source_new("t.mt", text, strlen(text))};
	ret->err = tree_parse(ret->source, &ret->tree);
	if (ret->err)
		return;
	assert_int_equal(ret->tree->probes.size, 1);
	const struct node *probe = ret->tree->probes.data[0];
	request.source = ret->source;
	request.condition = probe->probe.condition;
	request.block = probe->probe.block;
	request.probe = 1;
	if (!request.site.function)
		request.site = entry;
	ret->err = compile(&request, &ret->plan);
}

static void compiled_deinit(struct compiled *c)
{
	error_free(c->err);
	plan_free(c->plan);
	tree_free(c->tree);
	source_free(c->source);
}

static inline void fail_with_error(const struct error *err)
{
	struct buffer text = {0};

	error_format(err, &text);
	fail_msg("%s", text.data);
}

#endif
