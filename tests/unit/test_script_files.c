/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_script_files.c - the parser on the machine's Lua files, whole and damaged: it accepts
 * what Lua accepts, changes nothing, and knows where every expression is.
 */
#include <ftw.h>

#include "script_lua.h"

/* Packages of the test set-up bring these: lua-check, lua-penlight, lua-ldoc, lua-http. */
#define FILES_MIN 150

/* What Lua's code generator, which we do not have, can still object to. */
static bool is_limit(const char *message)
{
	return strstr(message, "limit") || strstr(message, "overflow");
}

static VECTOR(char *) files;

static int note_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
	size_t length = strlen(path);

	(void)status;
	(void)where;
	if (type == FTW_F && length > 4 && strcmp(path + length - 4, ".lua") == 0)
		vector_push(&files, xstrdup(path));
	return 0;
}

static int find_files(void **state)
{
	(void)state;
	nftw("/usr/share/lua", note_file, 16, FTW_PHYS);
	nftw("/usr/lib", note_file, 16, FTW_PHYS);
	return start_lua(state);
}

static int forget_files(void **state)
{
	for (size_t i = 0; i < files.size; i++)
		free(files.data[i]);
	vector_deinit(&files);
	return stop_lua(state);
}

/* A first line with # is blanked, as the header says. */
static void blank_first_line(char *text)
{
	for (; *text && *text != '\n'; text++)
		*text = ' ';
}

/* Parses and translates; returns whether the parser accepts. Asserts that Lua agrees. */
static bool agree(const struct source *source, const char *what)
{
	struct tree *tree = NULL;
	struct error *err = tree_parse(source, &tree);
	struct buffer plain = {0};
	size_t probe_count = tree ? tree->probes.size : 0;

	if (tree)
		tree_translate(tree, &plain);
	else
		buffer_append(&plain, source->text, source->size);
	buffer_append(&plain, "", 0);
	if (!tree && source->text[0] == '#')
		blank_first_line(plain.data);
	char *refusal = lua_refusal(plain.data, plain.size);
	bool is_agreed = !err == !refusal || (refusal && is_limit(refusal));
	if (!is_agreed)
		print_error("%s\nours: %s\nLua: %s\n", what, err ? err->message : "accepted",
			    refusal ? refusal : "accepted");
	assert_true(is_agreed);
	free(refusal);
	if (probe_count > 0) {
		/* A probe statement is only what Lua would not accept. */
		refusal = lua_refusal(source->text, source->size);
		assert_non_null(refusal);
		free(refusal);
	} else if (tree && source->text[0] != '#') {
		assert_int_equal(plain.size, source->size);
		assert_memory_equal(plain.data, source->text, source->size);
	}
	bool is_accepted = !err;
	error_free(err);
	tree_free(tree);
	buffer_deinit(&plain);
	return is_accepted;
}

static void every_lua_file_of_the_machine_stays_as_it_is(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < files.size; i++) {
		struct source *source;
		assert_null(source_read(files.data[i], &source));
		accepted += agree(source, files.data[i]);
		source_free(source);
	}
	print_message("%zu of %zu files are Lua 5.4\n", accepted, files.size);
	assert_true(accepted >= FILES_MIN);
}

/* A small generator of its own: the same damage on every run and machine. */
static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % limit);
}

static void damage(struct buffer *text)
{
	static const char *const pieces[] = {
	    " end ",   " do ",	   " break ",	 " finish ", " every ", "(",	  ")",
	    "{",       "}",	   "[",		 "]",	     "[[",	"]]",	  "\"",
	    "'",       "\\",	   "--",	 "--[[",     "=",	"==",	  "::",
	    ":",       ".",	   "..",	 "...",	     ",",	";",	  " goto a ",
	    "::a::",   " local ",  " function ", " if ",     " then ",	" else ", " return ",
	    " until ", " repeat ", " not ",	 "#",	     "-",	"0x",	  "1e",
	    "<const>", "\n",	   "\r",	 " nil ",    " x ",	"~",	  "\xe9",
	};
	uint32_t at = random_below(text->size), left = text->size - at;
	uint32_t size = 1 + random_below(left < 12 ? left : 12);

	if (random_below(3) > 0) {
		memmove(text->data + at, text->data + at + size, left - size);
		text->size -= size;
	}
	if (random_below(3) > 0) {
		const char *piece = pieces[random_below(ARRAY_SIZE(pieces))];
		struct buffer result = {0};
		at = random_below(text->size + 1);
		buffer_append(&result, text->data, at);
		buffer_puts(&result, piece);
		buffer_append(&result, text->data + at, text->size - at);
		buffer_deinit(text);
		*text = result;
	}
}

static void damaged_files_are_accepted_exactly_where_lua_accepts_them(void **state)
{
	size_t accepted = 0, count = 0;

	(void)state;
	for (size_t i = 0; i < files.size; i++) {
		struct source *original;
		assert_null(source_read(files.data[i], &original));
		for (int round = 0; round < 12 && original->size < 40000 && original->size > 0;
		     round++) {
			struct buffer text = {0};
			buffer_append(&text, original->text, original->size);
			for (uint32_t times = 1 + random_below(3); times > 0 && text.size > 1;
			     times--)
				damage(&text);
			if (text.data[0] != '#') {
				struct source *source = source_new("t", text.data, text.size);
				accepted += agree(source, files.data[i]);
				count++;
				source_free(source);
			}
			buffer_deinit(&text);
		}
		source_free(original);
	}
	print_message("%zu damaged texts, %zu of them still Lua\n", count, accepted);
	assert_true(count > 1000 && accepted > count / 20 && accepted < count);
}

/* ------------------------------------------------------------------- spans */

static bool is_expression(const struct node *node)
{
	return node->kind >= NODE_NIL && node->kind <= NODE_PAREN && node->kind != NODE_FIELD;
}

/* Parses the node's text alone; does it become the same kind of node? */
static void check_reparses(const struct source *source, const struct node *node)
{
	struct buffer text = {0};
	struct tree *tree = NULL;

	buffer_puts(&text, "return ");
	buffer_append(&text, source->text + node->span.start, node->span.end - node->span.start);
	struct source *alone = source_new("t", text.data, text.size);
	struct error *err = tree_parse(alone, &tree);
	if (err)
		print_error("%s: %.200s: %s\n", source->name, text.data, err->message);
	assert_null(err);
	const struct node *expression = tree->root->first->first->first;
	/* The name in a.NAME is a string of the tree. */
	if (expression->kind != NODE_NAME || node->kind != NODE_STRING)
		assert_int_equal(expression->kind, node->kind);
	assert_int_equal(expression->span.start, 7);
	assert_int_equal(expression->span.end, text.size);
	assert_null(expression->next);
	tree_free(tree);
	source_free(alone);
	buffer_deinit(&text);
}

/* Long texts only now and then: the same bytes come back in every child. */
static size_t check_expressions(const struct source *source, const struct node *node)
{
	static unsigned turn;
	size_t count = 0;
	uint32_t size = node->span.end - node->span.start;

	if (is_expression(node) && (size < 40 || turn++ % (size / 10) == 0) && size > 0) {
		check_reparses(source, node);
		count++;
	}
	for (const struct node *child = node->first; child; child = child->next) {
		bool is_declaration =
		    node->kind == NODE_FUNCTION_STATEMENT || node->kind == NODE_LOCAL_FUNCTION;
		if (!is_declaration)
			count += check_expressions(source, child);
		else if (child->kind == NODE_FUNCTION)
			for (const struct node *part = child->first; part; part = part->next)
				count += check_expressions(source, part);
	}
	return count;
}

static void the_text_of_every_expression_is_that_expression(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < files.size; i++) {
		struct source *source;
		struct tree *tree;
		assert_null(source_read(files.data[i], &source));
		struct error *err = source->size < 20000 ? tree_parse(source, &tree) : NULL;
		if (source->size < 20000 && !err) {
			count += check_expressions(source, tree->root);
			tree_free(tree);
		}
		error_free(err);
		source_free(source);
	}
	print_message("%zu expressions\n", count);
	assert_true(count > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_lua_file_of_the_machine_stays_as_it_is),
	    cmocka_unit_test(damaged_files_are_accepted_exactly_where_lua_accepts_them),
	    cmocka_unit_test(the_text_of_every_expression_is_that_expression),
	};

	return cmocka_run_group_tests_name("script on Lua files", tests, find_files, forget_files);
}
