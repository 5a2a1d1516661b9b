/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compile_aggregate.c - calls of count() and its kin: which half runs them, how. */
#include "test_compile.h"

/* The listing of the block: from the user's line to where the hit is counted. */
static void list_block(const struct compiled *c, struct buffer *ret)
{
	struct buffer all = {0};

	plan_list(c->plan, c->source, &all);
	const char *start = strchr(strchr(all.data, ';'), '\n') + 1;
	const char *end = strstr(start, "lock u64 [r7+16]");
	buffer_append(ret, start, (size_t)(end - start));
	while (ret->data[ret->size - 1] != '\n')
		ret->size--;
	ret->size--;
	while (ret->data[ret->size - 1] != '\n')
		ret->size--;
	ret->data[ret->size] = '\0';
	buffer_deinit(&all);
}

static void a_count_is_an_atomic_addition_to_its_row(void **state)
{
	struct compile_request request = {0};
	struct buffer code = {0};
	struct compiled c;

	(void)state;
	compile_with(&c, "break f do count(arg[1]) end", &request);
	if (c.err)
		fail_with_error(c.err);
	list_block(&c, &code);
	assert_string_equal(code.data, "  12  u64 [r10-512] = 0\n"
				       "  13  r1 = u64 [r6+112]\n"
				       "  14  u64 [r10-504] = r1\n"
				       "  15  r1 = map aggregate 1\n"
				       "  17  r2 = r10\n"
				       "  18  r2 += -512\n"
				       "  19  call map_lookup_elem\n"
				       "  20  if r0 != 0 goto 41\n"
				       "  21  u32 [r10-24] = 0\n"
				       "  22  r1 = map zero\n"
				       "  24  r2 = r10\n"
				       "  25  r2 += -24\n"
				       "  26  call map_lookup_elem\n"
				       "  27  if r0 == 0 goto 45\n"
				       "  28  r3 = r0\n"
				       "  29  r1 = map aggregate 1\n"
				       "  31  r2 = r10\n"
				       "  32  r2 += -512\n"
				       "  33  r4 = 1\n"
				       "  34  call map_update_elem\n"
				       "  35  r1 = map aggregate 1\n"
				       "  37  r2 = r10\n"
				       "  38  r2 += -512\n"
				       "  39  call map_lookup_elem\n"
				       "  40  if r0 == 0 goto 45\n"
				       "  41  r8 = r0\n"
				       "  42  r0 = 1\n"
				       "  43  lock u64 [r8+0] += r0\n"
				       "  44  goto 54\n"
				       "  45  u32 [r10-24] = 0\n"
				       "  46  r1 = map dropped\n"
				       "  48  r2 = r10\n"
				       "  49  r2 += -24\n"
				       "  50  call map_lookup_elem\n"
				       "  51  if r0 == 0 goto 54\n"
				       "  52  r1 = 1\n"
				       "  53  lock u64 [r0+0] += r1\n");
	assert_string_equal(c.plan->lua, "return function() end");
	assert_int_equal(c.plan->captures.size, 0);
	buffer_deinit(&code);
	compiled_deinit(&c);
}

/* reason: NULL if the kernel runs the block; "" if it is not for the kernel. */
/* No value is computed in one place to be moved to another. */
static void a_loop_computes_in_place(void **state)
{
	struct compile_request request = {0};
	struct buffer code = {0};
	struct compiled c;

	(void)state;
	compile_with(&c, "break f do for i = 1, arg[1] do count(i) end end", &request);
	if (c.err)
		fail_with_error(c.err);
	list_block(&c, &code);
	*strstr(code.data, "  29  ") = '\0';
	assert_string_equal(code.data, "  12  r0 = 1\n"
				       "  13  u64 [r10-96] = r0\n"
				       "  14  r0 = u64 [r6+112]\n"
				       "  15  u64 [r10-112] = r0\n"
				       "  16  r0 = 0\n"
				       "  17  u64 [r10-104] = r0\n"
				       "  18  r0 = u64 [r10-96]\n"
				       "  19  r5 = u64 [r10-112]\n"
				       "  20  if r0 s> r5 goto 74\n"
				       "  21  r0 = u64 [r10-104]\n"
				       "  22  r0 += 1\n"
				       "  23  u64 [r10-104] = r0\n"
				       "  24  r0 = u64 [r10-104]\n"
				       "  25  if r0 s> 4096 goto 78\n"
				       "  26  u64 [r10-512] = 0\n"
				       "  27  r0 = u64 [r10-96]\n"
				       "  28  u64 [r10-504] = r0\n");
	buffer_deinit(&code);
	compiled_deinit(&c);
}

static void blocks_of_aggregations_alone_run_in_the_kernel(void **state)
{
	static const struct {
		const char *text, *reason;
		struct compile_request request;
	} cases[] = {
	    {"break f do count() end", NULL, {0}},
	    {"break f do count(comm, pid, tid, cpu, func, file, line, addr) end", NULL, {0}},
	    {"break f do count(probe) sum(arg[1] // 8) avg(u32(arg[1]), arg[2] % 3) end",
	     NULL,
	     {0}},
	    {"break f do min(-arg[1]) max(~arg[1]) hist(arg[1]) lhist(arg[1], 0, 9, 3) end",
	     NULL,
	     {0}},
	    {"break f if arg[1] > 3 do count() end", NULL, {0}},
	    {"local N <const> = 8 break f do lhist(arg[1], -N, N, N // 4, N) end", NULL, {0}},
	    {"break f do count(func) end", NULL, {.identity = IDENTITY_COOKIE}},
	    {"break f do count(str(arg[1])) count('x', arg[1] > 3, true) end", NULL, {0}},
	    {"break f do count(str(arg[1]), str(arg[2]), 'x') end",
	     "its keys are too long together",
	     {0}},
	    {"break f do count(time) end", "the kernel takes no key like `time`", {0}},
	    {"break f do sum(time) end", "`time` is no integer", {0}},
	    {"break f do sum(n) end", "`n` is left to Lua", {0}},
	    {"break f do sum(arg[1] / 2) end", "`/` is left to Lua", {0}},
	    {"break f if comm > 'x' do count() end", "its condition is left to Lua", {0}},
	    {"tbreak f do count() end",
	     "a temporary tracepoint goes when its event arrives",
	     {.has_budget = true}},
	    {"break f do count() end",
	     "this way of attaching does not tell its places apart",
	     {.identity = IDENTITY_IP}},
	    {"break f do end", "", {0}},
	    {"break f do count() print(1) end", "`print(1)` is left to Lua", {0}},
	    {"break f do if arg[1] > 3 then count() elseif pid == 1 then return else sum(2) end "
	     "end",
	     NULL,
	     {0}},
	    {"local N <const> = 'x' break f do count() if not N then print(1) end end", NULL, {0}},
	    {"break f do if nil then print(1) elseif 1 then count() else print(2) end end",
	     NULL,
	     {0}},
	    {"break f do count() if true then print(1) end end", "`print(1)` is left to Lua", {0}},
	    {"break f do local n = arg[1] // 3; n = n + 1; do local m <const> = n; sum(m) end end",
	     NULL,
	     {0}},
	    {"break f do for i = 0, arg[1] - 1 do if i == 3 then break end sum(i) end end",
	     NULL,
	     {0}},
	    {"break f do for i = 9, 0, -1 do sum(i) end end",
	     "a loop whose step is no positive constant is left to Lua",
	     {0}},
	    {"break f do for i = 1, 3 do i = 2 count() end end",
	     "a local that changes its kind is left to Lua",
	     {0}},
	    {"break f do local n; count(n) end", "a local like this is left to Lua", {0}},
	    {"break f do local a, b = 1, 2; count(a) end",
	     "`local` with several names is left to Lua",
	     {0}},
	    {"break f do n = 1; count() end",
	     "an assignment to what is no local of the block is left to Lua",
	     {0}},
	    {"break f do local n = 1; n = true; count() end",
	     "a local that changes its kind is left to Lua",
	     {0}},
	    {"break f do count() while true do end end",
	     "a statement of this kind is left to Lua",
	     {0}},
	    {"break f do count() return 1 end", "a returned value is left to Lua", {0}},
	    {"break f do local count = print; count(1) end", "", {0}},
	    {"break f", "", {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;

		compile_with(&c, cases[i].text, &cases[i].request);
		if (c.err)
			fail_with_error(c.err);
		if (c.plan->is_in_kernel != !cases[i].reason)
			fail_msg("%s: %s", cases[i].text, c.plan->kernel_reason);
		if (cases[i].reason)
			assert_string_equal(c.plan->kernel_reason ? c.plan->kernel_reason : "",
					    cases[i].reason);
		compiled_deinit(&c);
	}
}

static void mixed_with_lua_each_call_becomes_a_function_of_its_own(void **state)
{
	static const struct {
		const char *text, *lua;
	} cases[] = {
	    {"break f do print(1) count() count(arg[1]) end",
	     "local count_1_, count_2_ = ...; return function(arg_1_)  print(1) count_1_() "
	     "count_2_(arg_1_)  end"},
	    {"local n = 1 break f do n = n + 1 hist\n(n, comm) end",
	     "local hist_1_ = ...; local n; return function(comm_)  n = n + 1 hist_1_\n(n, "
	     "comm_)  end"},
	    {"break f if arg[1] / 2 > 1 do sum(arg[1]) end",
	     "local sum_1_ = ...; return function(_filtered_, arg_1_) if not (arg_1_ / 2 > 1) then "
	     "return _filtered_ end  sum_1_(arg_1_)  end"},
	    {"break f do local function g() lhist(pid, 0, 8, 2) end g() end",
	     "local lhist_1_ = ...; return function(pid_)  local function g() lhist_1_(pid_, 0, "
	     "8, 2) end g()  end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {0};
		struct compiled c;

		compile_with(&c, cases[i].text, &request);
		if (c.err)
			fail_with_error(c.err);
		assert_string_equal(c.plan->lua, cases[i].lua);
		compiled_deinit(&c);
	}
}

static void wrong_calls_are_errors_at_their_place(void **state)
{
	static const struct {
		const char *text;
		enum error_tag tag;
		const char *where, *message;
	} cases[] = {
	    {"break f do hist() end", ERR_TYPE, "t.mt:1:12",
	     "too few arguments: hist(V [, KEY ...])"},
	    {"break f do print()\n  sum() end", ERR_TYPE, "t.mt:2:3",
	     "too few arguments: sum(V [, KEY ...])"},
	    {"break f do lhist(arg[1], 0, 8) end", ERR_TYPE, "t.mt:1:12",
	     "too few arguments: lhist(V, LOW, HIGH, STEP [, KEY ...])"},
	    {"break f do count(1, 2, 3, 4, 5, 6, 7, 8, 9) end", ERR_TYPE, "t.mt:1:12",
	     "count takes at most 8 keys"},
	    {"break f do lhist(arg[1], n, 8, 1) end", ERR_TYPE, "t.mt:1:26",
	     "LOW of lhist must be a constant integer"},
	    {"break f do lhist(arg[1], 0, 8.5, 1) end", ERR_TYPE, "t.mt:1:29",
	     "HIGH of lhist must be a constant integer"},
	    {"break f do lhist(arg[1], 8, 8, 1) end", ERR_TYPE, "t.mt:1:29",
	     "HIGH of lhist must be greater than LOW"},
	    {"break f do lhist(arg[1], 0, 8, 0) end", ERR_TYPE, "t.mt:1:32",
	     "STEP of lhist must be greater than 0"},
	    {"break f do lhist(arg[1], 0, 1001, 1) end", ERR_TOO_LARGE, "t.mt:1:35",
	     "that makes 1001 buckets, and an lhist has at most 1000"},
	    {"break f do lhist(arg[1], -1 << 63, ~(1 << 63), 1) end", ERR_TOO_LARGE, "t.mt:1:48",
	     "that makes 18446744073709551615 buckets, and an lhist has at most 1000"},
	    {"break f do count(pid, 1.5) end", ERR_TYPE, "t.mt:1:23",
	     "a key of count must be an integer, a string or a boolean"},
	    {"break f do count({}) end", ERR_TYPE, "t.mt:1:18",
	     "a key of count must be an integer, a string or a boolean"},
	    {"break f do max('x') end", ERR_TYPE, "t.mt:1:16",
	     "the value of max must be an integer"},
	    {"break f do print(count()) end", ERR_NAME, "t.mt:1:18",
	     "`count([KEY ...])` is a statement of a block: it has no value, and is part of no "
	     "expression"},
	    {"break f if count() do end", ERR_NAME, "t.mt:1:12",
	     "`count([KEY ...])` is a statement of a block: it has no value, and is part of no "
	     "expression"},
	    {"break f do print(count) end", ERR_NAME, "t.mt:1:18",
	     "`count` can only be used as count([KEY ...])"},
	    {"break f do count = 1 end", ERR_NAME, "t.mt:1:12",
	     "`count` cannot be assigned to: it is built in, and a variable needs another name"},
	    {"break f do count(x.y, arg[0]) end", ERR_TYPE, "t.mt:1:23",
	     "arguments are counted from 1 to 64"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {0};
		struct compiled c;

		compile_with(&c, cases[i].text, &request);
		assert_refused(&c, cases[i].text, cases[i].tag, cases[i].where);
		assert_string_equal(c.err->message, cases[i].message);
		compiled_deinit(&c);
	}
}

static void a_block_has_at_most_32_aggregations(void **state)
{
	(void)state;
	for (int count = 32; count <= 33; count++) {
		struct compile_request request = {0};
		struct buffer text = {0};
		struct compiled c;

		buffer_puts(&text, "break f do ");
		for (int i = 0; i < count; i++)
			buffer_puts(&text, "hist(arg[1]) ");
		buffer_puts(&text, "end");
		compile_with(&c, text.data, &request);
		assert_int_equal(c.err != NULL, count == 33);
		compiled_deinit(&c);
		buffer_deinit(&text);
	}
}

/* ------------------------------------------------- aggregates of the script */

static char handles[4];
static const struct script_aggregate script_aggregates[] = {
    {.name = "sizes", .shape = {.kind = AGGREGATE_OF_HIST, .is_shared = true}, .handle = handles},
    {.name = "hits",
     .shape = {.kind = AGGREGATE_OF_COUNT, .is_shared = true},
     .handle = handles + 1},
    {.name = "steps",
     .shape = {.kind = AGGREGATE_OF_LHIST, .high = 8, .step = 2, .is_shared = true},
     .handle = handles + 2},
    {.name = "most",
     .shape = {.kind = AGGREGATE_OF_MAX, .is_shared = true},
     .has_keys = true,
     .key_count = 1,
     .handle = handles + 3},
    {.name = "sum", .shape = {.kind = AGGREGATE_OF_MAX, .is_shared = true}, .handle = handles + 3},
};
static const struct compile_request script_request = {
    .aggregates = script_aggregates, .aggregate_count = ARRAY_SIZE(script_aggregates)};

static void a_name_that_stands_for_an_aggregate_is_one_of_the_kernel_s(void **state)
{
	static const struct {
		const char *text;
		bool is_in_kernel;
		const char *lua; /* or NULL */
	} cases[] = {
	    {"break f do sizes:add(arg[1], comm) hits:add() most:add(pid, 1) end", true, NULL},
	    {"break f do steps:add(arg[1]) if pid > 1 then hits : add ( tid ) end count() end",
	     true, NULL},
	    {"break f do print(1) sizes:add(arg[1], comm)\nhits:\nadd() end", false,
	     "local sizes_add_1_, hits_2_ = ...; return function(arg_1_, comm_)  print(1) "
	     "sizes_add_1_(arg_1_, comm_)\nhits_2_\n()  end"},
	    {"break f do hits:add 'x' print(#hits) hits:clear() end", false,
	     "local hits_add_1_ = ...; return function()  hits_add_1_ 'x' print(#hits) "
	     "hits:clear()  end"},
	    {"local sizes break f do sizes:add(arg[1]) end", false,
	     "local sizes; return function(arg_1_)  sizes:add(arg_1_)  end"},
	    {"break f do local sizes = x sizes:add(arg[1]) end", false,
	     "return function(arg_1_)  local sizes = x sizes:add(arg_1_)  end"},
	    {"break f do others:add(1) end", false, "return function()  others:add(1)  end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;

		compile_with(&c, cases[i].text, &script_request);
		if (c.err)
			fail_with_error(c.err);
		if (c.plan->is_in_kernel != cases[i].is_in_kernel)
			fail_msg("%s: %s", cases[i].text, c.plan->kernel_reason);
		if (cases[i].lua)
			assert_string_equal(c.plan->lua, cases[i].lua);
		compiled_deinit(&c);
	}
}

static void a_shared_row_is_in_the_table_whose_turn_it_is(void **state)
{
	static const char *const lines[] = {"= map users",
					    "= map turns",
					    "] += r4",
					    "map aggregate 1\n",
					    "map aggregate 1, the other\n",
					    "lock u64 [r8+0] += r0",
					    "lock u64 [r0+16] += r5",
					    "= map dropped"};
	struct buffer all = {0};
	struct compiled c;

	(void)state;
	compile_with(&c, "break f do hits:add() end", &script_request);
	assert_null(c.err);
	plan_list(c.plan, c.source, &all);
	const char *at = all.data;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		at = strstr(at, lines[i]);
		if (!at)
			fail_msg("%s: not in this order in\n%s", lines[i], all.data);
	}
	assert_ptr_equal(c.plan->aggregates.data[0].name, &script_aggregates[1]);
	buffer_deinit(&all);
	compiled_deinit(&c);
}

static void wrong_additions_are_errors_at_their_place(void **state)
{
	static const struct {
		const char *text, *where, *message;
	} cases[] = {
	    {"break f do sizes:add() end", "t.mt:1:12",
	     "too few arguments: sizes:add(V [, KEY ...])"},
	    {"break f do hits:add(1, 2, 3, 4, 5, 6, 7, 8, 9) end", "t.mt:1:12",
	     "hits:add takes at most 8 keys"},
	    {"break f do sizes:add('x') end", "t.mt:1:22",
	     "the value of sizes:add must be an integer"},
	    {"break f do print() steps:add(1, {}) end", "t.mt:1:33",
	     "a key of steps:add must be an integer, a string or a boolean"},
	    {"break f do hits:add(1.5) end", "t.mt:1:21",
	     "a key of hits:add must be an integer, a string or a boolean"},
	    {"break f do most:add(1) end", "t.mt:1:12",
	     "`most` has 1 key in other places, and 0 here"},
	    {"break f do hits:add(1, 2) print() hits:add(1) end", "t.mt:1:35",
	     "`hits` has 2 keys in other places, and 1 here"},
	    {"break f do sum:add(1) end", "t.mt:1:12",
	     "`sum` can only be used as sum(V [, KEY ...])"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;

		compile_with(&c, cases[i].text, &script_request);
		if (!c.err)
			fail_msg("no error: %s", cases[i].text);
		assert_string_equal(c.err->message, cases[i].message);
		assert_string_equal(c.err->where, cases[i].where);
		compiled_deinit(&c);
	}
}

static void elapsed_is_in_nanoseconds(void **state)
{
	struct compile_request request = {.entry = entry};
	struct compiled c;

	(void)state;
	compile_with(&c, "finish f do hist((elapsed)) hist(pid) end", &request);
	assert_null(c.err);
	assert_string_equal(c.plan->aggregates.data[0].unit, "ns");
	assert_null(c.plan->aggregates.data[1].unit);
	compiled_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_count_is_an_atomic_addition_to_its_row),
	    cmocka_unit_test(a_loop_computes_in_place),
	    cmocka_unit_test(blocks_of_aggregations_alone_run_in_the_kernel),
	    cmocka_unit_test(mixed_with_lua_each_call_becomes_a_function_of_its_own),
	    cmocka_unit_test(wrong_calls_are_errors_at_their_place),
	    cmocka_unit_test(a_block_has_at_most_32_aggregations),
	    cmocka_unit_test(a_name_that_stands_for_an_aggregate_is_one_of_the_kernel_s),
	    cmocka_unit_test(a_shared_row_is_in_the_table_whose_turn_it_is),
	    cmocka_unit_test(wrong_additions_are_errors_at_their_place),
	    cmocka_unit_test(elapsed_is_in_nanoseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
