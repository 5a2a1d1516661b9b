/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_script.c - Lua's part of the dialect: trees, values, scopes, spans, errors. */
#include "script_dump.h"

#include <time.h>

struct dump_case {
	const char *text, *dump;
};

static void check_dumps(const struct dump_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_dump(cases[i].text, cases[i].dump);
}

static void every_statement_has_its_tree(void **state)
{
	static const struct dump_case cases[] = {
	    {"", ""},
	    {";;;", ""},
	    {"x = 1", "(assign (list x) (list 1))"},
	    {"a.b, c[1] = f()", "(assign (list (index a \"b\") (index c 1)) (list (call f)))"},
	    {"f{} 'x' [[y]]", "(do-call (call (call (call f (table)) \"x\") \"y\"))"},
	    {"a.b:c(1, ...)", "(do-call (method (index a \"b\") \"c\" 1 ...))"},
	    {"local a, b <const> = 1", "(local a@6 b@9<const> (list 1))"},
	    {"local x <close>", "(local x@6<close> (list))"},
	    {"local function f() f() end",
	     "(local-function f@15 (function (block (do-call (call f@15)))))"},
	    {"function a.b.c:d(x, ...) end",
	     "(function-statement (index (index (index a \"b\") \"c\") \"d\") "
	     "(function... self@16 x@17 (block)))"},
	    {"do local a end a()", "(do (block (local a@9 (list)))) (do-call (call a))"},
	    {"while x do break end", "(while x (block (break)))"},
	    {"repeat local x until x", "(repeat (block (local x@13 (list))) x@13)"},
	    {"if a then elseif b then else end", "(if a (block) b (block) (block))"},
	    {"for i = i, 2 do f(i) end", "(for i@4 i 2 (block (do-call (call f i@4))))"},
	    {"for i = 3, 1, -1 do end", "(for i@4 3 1 (-1 1) (block))"},
	    {"for k, v in f, k do k = v end",
	     "(for-in k@4 v@7 (list f k) (block (assign (list k@4) (list v@7))))"},
	    {"goto e ::e::", "(goto e) (label e)"},
	    {"::a:: ; ::b:: x()", "(label a) (label b) (do-call (call x))"},
	    {"return", "(return (list))"},
	    {"return 1, 2;", "(return (list 1 2))"},
	    {"local x = x", "(local x@6 (list x))"},
	    {"local x local x = x f(x)",
	     "(local x@6 (list)) (local x@14 (list x@6)) (do-call (call f x@14))"},
	    {"#!/usr/bin/env lua\nx()", "(do-call (call x))"},
	    {"\xef\xbb\xbf#x\nx()", "(do-call (call x))"},
	    {"#only", ""},
	};

	(void)state;
	check_dumps(cases, ARRAY_SIZE(cases));
}

static void operators_bind_as_in_the_manual(void **state)
{
	static const struct dump_case cases[] = {
	    {"return a or b and c", "(return (list (or a (and b c))))"},
	    {"return a < b == c", "(return (list (== (< a b) c)))"},
	    {"return a | b ~ c & d << e .. f + g * -h ^ i",
	     "(return (list (| a (~ b (& c (<< d (.. e (+ f (* g (-1 (^ h i)))))))))))"},
	    {"return a .. b .. c", "(return (list (.. a (.. b c))))"},
	    {"return a ^ b ^ c", "(return (list (^ a (^ b c))))"},
	    {"return a - b - c", "(return (list (- (- a b) c)))"},
	    {"return a // b % c / d", "(return (list (/ (% (// a b) c) d)))"},
	    {"return not a == b", "(return (list (== (not a) b)))"},
	    {"return - - a, #a.b, ~a", "(return (list (-1 (-1 a)) (# (index a \"b\")) (~ a)))"},
	    {"return -2 ^ -3", "(return (list (-1 (^ 2 (-1 3)))))"},
	    {"return (a)(b)", "(return (list (call (paren a) b)))"},
	    {"return a >= b, a <= b, a > b, a ~= b, a >> b",
	     "(return (list (>= a b) (<= a b) (> a b) (~= a b) (>> a b)))"},
	    {"return {1, a = 2, [b] = 3; c, f}",
	     "(return (list (table (field 1) (field \"a\" 2) (field b 3) (field c) (field f))))"},
	    {"return {a == b, {}}", "(return (list (table (field (== a b)) (field (table)))))"},
	    {"return function(a, ...) return a, ... end",
	     "(return (list (function... a@16 (block (return (list a@16 ...))))))"},
	};

	(void)state;
	check_dumps(cases, ARRAY_SIZE(cases));
}

static void numbers_have_lua_s_values(void **state)
{
	static const struct dump_case cases[] = {
	    {"3", "3"},
	    {"9223372036854775807", "9223372036854775807"},
	    {"9223372036854775808", "9.2233720368547758e+18f"},
	    {"0xffffffffffffffff", "-1"},
	    {"0x1ffffffffffffffff", "-1"},
	    {"0X7fffffffffffffff", "9223372036854775807"},
	    {"3.", "3f"},
	    {".5", "0.5f"},
	    {"3e2", "300f"},
	    {"3E-2", "0.029999999999999999f"},
	    {"0x.8", "0.5f"},
	    {"0xA.", "10f"},
	    {"0x1p4", "16f"},
	    {"0xA.8P-1", "5.25f"},
	    {"1e999", "inff"},
	    {"00012", "12"},
	    {"0x0", "0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = xasprintf("return %s", cases[i].text);
		char *dump = xasprintf("(return (list %s))", cases[i].dump);
		assert_dump(text, dump);
		free(text);
		free(dump);
	}
}

static void strings_have_their_escapes_resolved(void **state)
{
	static const struct {
		const char *text, *value;
		size_t size;
	} cases[] = {
	    {"\"\"", "", 0},
	    {"'a\"b'", "a\"b", 3},
	    {"\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'\"", "\a\b\f\n\r\t\v\\\"'", 10},
	    {"'\\x41\\65\\0651\\0'", "AAA1\0", 5},
	    {"'\\z  \n\t x'", "x", 1},
	    {"'a\\z'", "a", 1},
	    {"'a\\\nb\\\r\nc\\\rd'", "a\nb\nc\nd", 7},
	    {"'\\u{41}\\u{e9}\\u{20AC}\\u{1F600}'", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10},
	    {"'\\u{7FFFFFFF}\\u{0}'", "\xfd\xbf\xbf\xbf\xbf\xbf\0", 7},
	    {"'\\u{3ffffff}'", "\xfb\xbf\xbf\xbf\xbf", 5},
	    {"'\\u{000000000041}'", "A", 1},
	    {"[[]]", "", 0},
	    {"[[\na]]", "a", 1},
	    {"[[\r\n\na\r\nb\rc\n\rd]]", "\na\nb\nc\nd", 8},
	    {"[==[a]=]b]]]==]", "a]=]b]]", 7},
	    {"[=[\\n]=]", "\\n", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = xasprintf("return %s", cases[i].text);
		struct source *source = source_new("t", text, strlen(text));
		struct tree *tree;
		assert_null(tree_parse(source, &tree));
		const struct node *node = tree->root->first->first->first;
		assert_int_equal(node->kind, NODE_STRING);
		assert_int_equal(node->text_size, cases[i].size);
		assert_memory_equal(node->text, cases[i].value, cases[i].size + 1);
		tree_free(tree);
		source_free(source);
		free(text);
	}
}

/* Finds the first node of that kind, in the order of the text. */
static const struct node *find(const struct node *node, enum node_kind kind)
{
	if (node->kind == kind)
		return node;
	for (const struct node *child = node->first; child; child = child->next) {
		const struct node *found = find(child, kind);
		if (found)
			return found;
	}
	return NULL;
}

static void spans_are_exact_to_the_byte(void **state)
{
	static const struct {
		const char *text;
		enum node_kind kind;
		const char *span;
	} cases[] = {
	    {" f ( 1 , 2 ) ;", NODE_CALL, "f ( 1 , 2 )"},
	    {" f ( 1 ) ;", NODE_CALL_STATEMENT, "f ( 1 )"},
	    {"x = a . b --c\n", NODE_INDEX, "a . b"},
	    {"x = a . b --c\n", NODE_ASSIGN, "x = a . b"},
	    {"x = -- c\n- 1 + 2 ;", NODE_BINARY, "- 1 + 2"},
	    {"x = - 1", NODE_UNARY, "- 1"},
	    {"x = ( 1 ) y()", NODE_PAREN, "( 1 )"},
	    {"x = { 1, a = 2 } y()", NODE_TABLE, "{ 1, a = 2 }"},
	    {"x = { [a] = 2 , 3 }", NODE_FIELD, "[a] = 2"},
	    {"x = 'a\\n' .. b", NODE_STRING, "'a\\n'"},
	    {"x = [[a\n]] .. b", NODE_STRING, "[[a\n]]"},
	    {"x = function ( a ) y() end --", NODE_FUNCTION, "function ( a ) y() end"},
	    {"function f ( a ) y() end --", NODE_FUNCTION, "( a ) y() end"},
	    {"do x() --c\n end y()", NODE_DO, "do x() --c\n end"},
	    {"f(function() x() --c\n end)", NODE_FUNCTION, "function() x() --c\n end"},
	    {"return a , b ; --", NODE_RETURN, "return a , b"},
	    {"return a , b ; --", NODE_LIST, "a , b"},
	    {"goto a ; :: a ::", NODE_GOTO, "goto a"},
	    {"goto a ; :: a :: ;", NODE_LABEL, ":: a ::"},
	    {"if a then b() end c()", NODE_IF, "if a then b() end"},
	    {"a : b 'c' d()", NODE_METHOD_CALL, "a : b 'c'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct tree *tree;
		assert_null(tree_parse(source, &tree));
		const struct node *node = find(tree->root, cases[i].kind);
		assert_non_null(node);
		char *span =
		    xstrndup(source->text + node->span.start, node->span.end - node->span.start);
		assert_string_equal(span, cases[i].span);
		free(span);
		tree_free(tree);
		source_free(source);
	}
}

static void a_block_spans_all_between_its_words(void **state)
{
	const char *text = "while x do --a\n y() --b\n end";
	struct source *source = source_new("t", text, strlen(text));
	struct tree *tree;

	(void)state;
	assert_null(tree_parse(source, &tree));
	const struct node *block = tree->root->first->first->next;
	assert_int_equal(block->kind, NODE_BLOCK);
	char *span = xstrndup(text + block->span.start, block->span.end - block->span.start);
	assert_string_equal(span, " --a\n y() --b\n ");
	assert_int_equal(tree->root->span.start, 0);
	assert_int_equal(tree->root->span.end, source->size);
	free(span);
	tree_free(tree);
	source_free(source);
}

static void upvalues_are_the_outer_locals_each_once(void **state)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
	    {"local a, b, c; f(function(x) return a, x, a, g, b end)", "a b "},
	    {"local a; f(function() local a = a; return a end)", "a "},
	    {"local a; f(function() return function() return a end end)", "a "},
	    {"f(function() local b; return function() return b end end)", ""},
	    {"local g; function g() f(function() return g end) end", "g "},
	    {"local a; f(function() a = 1; a.b = 2 end)", "a "},
	    {"local a; do local a; f(function() return a end) end", "a "},
	    {"local _ENV = e; f(function() return x, y end)", "_ENV "},
	    {"local _ENV <const> = e; f(function() local _ENV = {}; return x end)", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct tree *tree;
		name_list list = {0};
		struct buffer names = {0};
		assert_null(tree_parse(source, &tree));
		tree_upvalues(tree->functions.data[0], &list);
		for (size_t k = 0; k < list.size; k++)
			buffer_printf(&names, "%s ", list.data[k]->text);
		assert_string_equal(names.data ? names.data : "", cases[i].names);
		vector_deinit(&list);
		buffer_deinit(&names);
		tree_free(tree);
		source_free(source);
	}
}

static void only_the_end_of_the_text_makes_it_incomplete(void **state)
{
	static const struct {
		const char *text;
		enum error_tag tag;
	} cases[] = {
	    {"if x then", ERR_INCOMPLETE},
	    {"if x", ERR_INCOMPLETE},
	    {"x = ", ERR_INCOMPLETE},
	    {"x = 1 +", ERR_INCOMPLETE},
	    {"f(", ERR_INCOMPLETE},
	    {"f(1,\n", ERR_INCOMPLETE},
	    {"x = {", ERR_INCOMPLETE},
	    {"x = [[a", ERR_INCOMPLETE},
	    {"--[[ a", ERR_INCOMPLETE},
	    {"x = 'a\\", ERR_INCOMPLETE},
	    {"x = 'a\\\n", ERR_INCOMPLETE},
	    {"x = 'a\\z \n", ERR_INCOMPLETE},
	    {"function f()", ERR_INCOMPLETE},
	    {"local x <const", ERR_INCOMPLETE},
	    {"a.b", ERR_INCOMPLETE},
	    {"repeat x()", ERR_INCOMPLETE},
	    {"goto", ERR_INCOMPLETE},
	    {"x = 'a", ERR_SYNTAX},
	    {"x = 'a\\\nb", ERR_SYNTAX},
	    {"x = 'a\n", ERR_SYNTAX},
	    {"x = = ", ERR_SYNTAX},
	    {"goto x", ERR_SYNTAX},
	    {"end", ERR_SYNTAX},
	    {"x = 0x", ERR_SYNTAX},
	    {"local x <const> = 1; x =", ERR_SYNTAX},
	    {"return 1 x", ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct tree *tree;
		struct error *err = tree_parse(source, &tree);
		assert_non_null(err);
		if (err->tag != cases[i].tag)
			print_error("text: %s\n", cases[i].text);
		assert_int_equal(err->tag, cases[i].tag);
		error_free(err);
		source_free(source);
	}
}

static void an_error_shows_its_line_with_a_caret(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
	    {"x = 1\n\ty = = 2\nz()", "t:2:6: unexpected symbol near '='\n\ty = = 2\n\t    ^\n"},
	    {"\n\nif x then\n  y()\nelse",
	     "t:5:5: 'end' expected (to close 'if' at line 3) near <eof>"
	     "\nelse\n    ^\n"},
	    {"a = 'caf\xc3\xa9' end", "t:1:13: <eof> expected near 'end'\na = 'caf\xc3\xa9' end\n"
				      "           ^~~\n"},
	    {"a = '\033[31m' end", "t:1:13: <eof> expected near 'end'\na = '\\x1b[31m' end\n"
				   "               ^~~\n"},
	    {"x()\r\ny(\r\n)(\r\n", "t:3:3: unexpected symbol near <eof>\n)(\n  ^\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source *source = source_new("t", cases[i].text, strlen(cases[i].text));
		struct buffer out = {0};
		struct tree *tree;
		struct error *err = tree_parse(source, &tree);
		assert_non_null(err);
		error_format(err, &out);
		assert_string_equal(out.data, cases[i].shown);
		error_free(err);
		buffer_deinit(&out);
		source_free(source);
	}
}

static void a_long_line_is_cut_around_the_caret(void **state)
{
	struct buffer text = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_puts(&text, "x() ");
	buffer_puts(&text, "] ");
	for (int i = 0; i < 1000; i++)
		buffer_puts(&text, "x() ");
	char *dump = dump_text(text.data);
	assert_string_equal(dump, "syntax: unexpected symbol near ']'");
	struct source *source = source_new("t", text.data, text.size);
	struct tree *tree;
	struct error *err = tree_parse(source, &tree);
	const char *marks = strchr(err->excerpt, '\n');
	assert_true(strlen(err->excerpt) < 250);
	assert_memory_equal(err->excerpt, "...x()", 6);
	assert_int_equal(err->excerpt[strlen(marks + 1) - 1], ']');
	error_free(err);
	source_free(source);
	buffer_deinit(&text);
	free(dump);
}

static void deep_nesting_is_an_error_not_a_crash(void **state)
{
	static const struct {
		const char *repeated;
		const char *tail;
	} cases[] = {
	    {"(", ""},
	    {"x = {", ""},
	    {"f{", ""},
	    {"do ", ""},
	    {"if x then ", ""},
	    {"- ", ""},
	    {"f(function() ", ""},
	    {"while x do ", ""},
	    {"..a", ""},
	    {"a,", ""},
	    {".b", ""},
	    {"+1", ""},
	    {"()", ""},
	    {"::a", "::"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer text = {0};
		buffer_puts(&text, strchr("(-.+", cases[i].repeated[0]) ? "x = a " : "");
		for (int k = 0; k < 10000; k++) {
			buffer_puts(&text, cases[i].repeated);
			if (cases[i].tail[0])
				buffer_printf(&text, "%d%s", k, cases[i].tail);
		}
		char *dump = dump_text(text.data);
		if (!strstr(dump, "limit is"))
			print_error("%s\n%.200s\n", cases[i].repeated, dump);
		assert_non_null(strstr(dump, "limit is"));
		free(dump);
		buffer_deinit(&text);
	}
}

static double parse_seconds(const struct buffer *text)
{
	struct source *source = source_new("t", text->data, text->size);
	struct timespec start, end;
	struct tree *tree;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	assert_null(tree_parse(source, &tree));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	tree_free(tree);
	source_free(source);
	return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Twelve times the text may take twelve times the time, and some noise; not 144 times. */
static void parsing_time_grows_with_the_text_only(void **state)
{
	static const char *const lines[] = {
	    "local function f(a, b) if a > b then return a.x[b] else return {a, b, 1.5} end end\n",
	    "finish(1) finish(2) every = tbreak ",
	    "while x do break f(1) if a do b() end end ",
	    "while x do break main.f do finish(1) end end\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct buffer small = {0}, large = {0};
		for (int k = 0; k < 12 * 2000; k++) {
			/* Blocks of their own: a function has at most 200 locals. */
			struct buffer *to[] = {&large, k < 2000 ? &small : NULL};
			for (int t = 0; t < 2 && to[t]; t++)
				buffer_printf(to[t], "do %s end ", lines[i]);
		}
		double small_s = parse_seconds(&small), large_s = parse_seconds(&large);
		assert_true(large_s < 60 * small_s + 0.05);
		buffer_deinit(&small);
		buffer_deinit(&large);
	}
}

static void a_position_counts_every_kind_of_line_end(void **state)
{
	static const char text[] = "a\nb\r\nc\rd\n\re\n\nf";
	static const struct {
		char at;
		unsigned line;
	} cases[] = {{'a', 1}, {'b', 2}, {'c', 3}, {'d', 4}, {'e', 5}, {'f', 7}};
	struct source *source = source_new("t", text, sizeof(text) - 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned line, column;
		source_position(source, strchr(text, cases[i].at) - text, &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, 1);
	}
	source_free(source);
}

static void a_missing_file_is_said_to_be_missing(void **state)
{
	struct source *source;
	struct error *err = source_read("/no/such/script.mt", &source);

	(void)state;
	assert_int_equal(err->tag, ERR_NO_FILE);
	error_free(err);
	err = source_read("/usr", &source);
	assert_int_equal(err->tag, ERR_OS);
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_statement_has_its_tree),
	    cmocka_unit_test(operators_bind_as_in_the_manual),
	    cmocka_unit_test(numbers_have_lua_s_values),
	    cmocka_unit_test(strings_have_their_escapes_resolved),
	    cmocka_unit_test(spans_are_exact_to_the_byte),
	    cmocka_unit_test(a_block_spans_all_between_its_words),
	    cmocka_unit_test(upvalues_are_the_outer_locals_each_once),
	    cmocka_unit_test(only_the_end_of_the_text_makes_it_incomplete),
	    cmocka_unit_test(an_error_shows_its_line_with_a_caret),
	    cmocka_unit_test(a_long_line_is_cut_around_the_caret),
	    cmocka_unit_test(deep_nesting_is_an_error_not_a_crash),
	    cmocka_unit_test(parsing_time_grows_with_the_text_only),
	    cmocka_unit_test(a_position_counts_every_kind_of_line_end),
	    cmocka_unit_test(a_missing_file_is_said_to_be_missing),
	};

	return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
