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
	request.goroutine = probe->probe.goroutine;
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

/* Is the statement refused by an error of that tag, at that place? */
static inline void assert_refused(const struct compiled *c, const char *text, enum error_tag tag,
				  const char *where)
{
	if (!c->err)
		fail_msg("no error: %s", text);
	assert_string_equal(error_tag_name(c->err->tag), error_tag_name(tag));
	assert_string_equal(c->err->where, where);
}

static inline void fail_with_error(const struct error *err)
{
	struct buffer text = {0};

	error_format(err, &text);
	fail_msg("%s", text.data);
}

/* Where the program counts a hit that its predicate turned down. */
static inline size_t filtered_place(const struct plan *plan)
{
	for (size_t i = plan->insns.size; i-- > 0;)
		if (plan->insns.data[i].code == (BPF_STX | BPF_ATOMIC | BPF_DW) &&
		    plan->insns.data[i].off == offsetof(struct counters, filtered))
			return i - 1;
	return SIZE_MAX;
}

/* The listing from the user's line to the ring. */
static inline void list_predicate(const struct compiled *c, struct buffer *ret)
{
	struct buffer all = {0};
	char goto_filtered[32];

	plan_list(c->plan, c->source, &all);
	snprintf(goto_filtered, sizeof(goto_filtered), "goto %zu\n", filtered_place(c->plan));
	const char *line = strchr(strchr(all.data, ';'), '\n') + 1;
	for (;; line = strchr(line, '\n') + 1) {
		size_t size = strcspn(line, "\n") + 1;
		const char *jump = memmem(line, size, goto_filtered, strlen(goto_filtered));

		if (memmem(line, size, "map rings", 9))
			break;
		buffer_append(ret, line, jump ? (size_t)(jump - line) : size);
		if (jump)
			buffer_puts(ret, "goto FILTERED\n");
	}
	buffer_deinit(&all);
}

#endif
