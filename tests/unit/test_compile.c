/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compile.c - from a block to a plan: captures, the Lua half, the kernel half. */
#include "test_compile.h"

#include <lauxlib.h>
#include <lua.h>

/* ----------------------------------------------------------- the Lua half */

static void a_block_becomes_a_function_of_its_captures(void **state)
{
	static const struct {
		const char *text, *lua, *origins;
	} cases[] = {
	    {"break f do print(arg[1]) end", "return function(arg_1_)  print(arg_1_)  end", "%rdi"},
	    {"break f do print(arg[1], arg[2], arg[1]) end",
	     "return function(arg_1_, arg_2_)  print(arg_1_, arg_2_, arg_1_)  end", "%rdi %rsi"},
	    {"break f do print(arg[1], reg.rdi) end",
	     "return function(arg_1_, reg_rdi_)  print(arg_1_, reg_rdi_)  end", "%rdi %rdi"},
	    {"break f do\nprint(\npid)\nend", "return function(pid_) \nprint(\npid_)\n end", NULL},
	    {"\n\nbreak f do print(1) end", "\n\nreturn function()  print(1)  end", ""},
	    {"break f do print(str(reg.rsi, 16)) end",
	     "return function(str_reg_rsi_16_)  print(str_reg_rsi_16_)  end",
	     "string of at most 16 bytes at %rsi"},
	    {"break f do x = u32(arg[1] + 8) + u8(arg[1]) end",
	     "return function(u32_arg_1_8_, u8_arg_1_)  x = u32_arg_1_8_ + u8_arg_1_  end",
	     "u32 at (%rdi + 8) u8 at %rdi"},
	    {"break f do print(arg[7]) end", "return function(arg_7_)  print(arg_7_)  end",
	     "u64 at (%rsp + 8)"},
	    {"break f do print(str(\narg[1])\n) end",
	     "return function(str_arg_1_)  print(str_arg_1_\n\n)  end", NULL},
	    {"break f do local pid = 3; print(pid) end",
	     "return function()  local pid = 3; print(pid)  end", ""},
	    {"local n = 0 break f do n = n + 1 end", "local n; return function()  n = n + 1  end",
	     ""},
	    {"local N <const> = 8 break f do print(u64(arg[1] + N), N) end",
	     "local N <const> = 8; return function(u64_arg_1_N_)  print(u64_arg_1_N_, N)  end",
	     "u64 at (%rdi + 8)"},
	    {"local A <const> = 4 local B <const> = A*2 break f do print(B) end",
	     "local A <const> = 4; local B <const> = A*2; return function()  print(B)  end", ""},
	    /* What a constant keeps from being run is not captured. */
	    {"local N <const> = false break f do if N then print(arg[1]) else print(2) end end",
	     "local N <const> = false; return function()  if N then print(arg[1]) else print(2) "
	     "end  "
	     "end",
	     ""},
	    {"break f do if not (nil or 1 and false) then print(arg[2]) else print(pid) end end",
	     "return function(arg_2_)  if not (nil or 1 and false) then print(arg_2_) else "
	     "print(pid) "
	     "end  end",
	     "%rsi"},
	    {"break f do local a = arg[1] if a then print(arg[2]) elseif true then print(pid) else "
	     "print(tid) end end",
	     "return function(arg_1_, arg_2_, pid_)  local a = arg_1_ if a then print(arg_2_) "
	     "elseif "
	     "true then print(pid_) else print(tid) end  end",
	     NULL},
	    /* The kernel decides; nothing is left of the condition. */
	    {"break f if arg[1] > 3 do print(1) end", "return function()  print(1)  end", ""},
	    /* A block that is one `if` is a condition, too, where the kernel can decide it. */
	    {"break f do if arg[1] > 3 then print(1) end end", "return function()  print(1)  end",
	     ""},
	    {"break f do\n if arg[1] > 3\n then\n print(arg[2]) end\nend",
	     "\n\nreturn function(arg_2_) \n print(arg_2_)  end", "%rsi"},
	    {"break f do if arg[1] / 2 > 3 then print(1) end end",
	     "return function(arg_1_)  if arg_1_ / 2 > 3 then print(1) end  end", "%rdi"},
	    {"break f do if arg[1] > 3 then print(1) else print(2) end end",
	     "return function(arg_1_)  if arg_1_ > 3 then print(1) else print(2) end  end", "%rdi"},
	    /* Lua decides: its operands are captured, its failure is told apart. */
	    {"break f if arg[1] // 0 == 3 do print(1) end",
	     "return function(_filtered_, arg_1_) if not (arg_1_ // 0 == 3) then return _filtered_ "
	     "end  print(1)  end",
	     "%rdi"},
	    {"break f if comm > 'x' do return filtered_ end",
	     "return function(_filtered_1_, comm_) if not (comm_ > 'x') then return _filtered_1_ "
	     "end  return filtered_  end",
	     NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {0};
		struct compiled c;
		struct buffer origins = {0};

		compile_with(&c, cases[i].text, &request);
		if (c.err)
			fail_with_error(c.err);
		assert_string_equal(c.plan->lua, cases[i].lua);
		for (size_t k = 0; k < c.plan->captures.size; k++)
			buffer_printf(&origins, "%s%s", k ? " " : "",
				      c.plan->captures.data[k].origin);
		if (cases[i].origins)
			assert_string_equal(origins.data ? origins.data : "", cases[i].origins);
		buffer_deinit(&origins);
		compiled_deinit(&c);
	}
}

static void every_lua_half_is_lua(void **state)
{
	static const char *const texts[] = {
	    "break f",
	    "break f if arg[1] == 1",
	    "break f if arg[1] / 2 == 1",
	    "break f do local function g() return arg[1] end return g() end",
	    "break f do for i = 1, arg[1] do print(i) end end",
	    "break f do print(('x'):rep(arg[1]), -reg.rax, not tid, {pid, [tid] = cpu}) end",
	    "break f do goto done; ::done:: print(comm..time..func..tostring(file)..line) end",
	    "break f do print(probe, addr) end",
	};

	(void)state;
	lua_State *L = luaL_newstate();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct compile_request request = {0};
		struct compiled c;

		compile_with(&c, texts[i], &request);
		if (c.err)
			fail_with_error(c.err);
		if (luaL_loadstring(L, c.plan->lua) != LUA_OK)
			fail_msg("%s: %s", lua_tostring(L, -1), c.plan->lua);
		lua_settop(L, 0);
		compiled_deinit(&c);
	}
	lua_close(L);
}

static void upvalues_are_named_once_and_constants_are_none(void **state)
{
	struct compile_request request = {0};
	struct compiled c;

	(void)state;
	compile_with(&c,
		     "local a, b, C <const> = 1, 2, 3\n"
		     "break f if a / 1 > C do b = a + b + C end",
		     &request);
	if (c.err)
		fail_with_error(c.err);
	assert_int_equal(c.plan->upvalues.size, 2);
	assert_string_equal(c.plan->upvalues.data[0], "a");
	assert_string_equal(c.plan->upvalues.data[1], "b");
	compiled_deinit(&c);
}

/* ------------------------------------------------------------- the errors */

static void what_cannot_be_read_is_an_error_at_its_place(void **state)
{
	static const struct compile_site inside = {.abi = ABI_SYSV, .function = "f"};
	static const struct compile_site go = {
	    .abi = ABI_GO_REGISTERS, .are_args_live = true, .cfa_offset = 8, .function = "main.f"};
	static const struct {
		const char *text;
		const struct compile_site *site;
		enum error_tag tag;
		const char *where, *part;
	} cases[] = {
	    {"break f do print(arg[1]) end", &inside, ERR_UNREADABLE, "t.mt:1:18",
	     "`arg[1]` cannot be read here"},
	    {"break f do print(arg[0]) end", &entry, ERR_TYPE, "t.mt:1:18", "counted from 1"},
	    {"break f do print(arg[i]) end", &entry, ERR_NAME, "t.mt:1:18", "must be a constant"},
	    {"break f do print(#arg) end", &entry, ERR_NAME, "t.mt:1:19",
	     "`arg` can only be used as arg[N]"},
	    {"break f do print(arg[10]) end", &go, ERR_UNREADABLE, "t.mt:1:18", "nine words"},
	    {"break f do print(arg.name) end", &entry, ERR_NAME, "t.mt:1:18",
	     "no parameter `name` is known here"},
	    {"break f do print(var.name) end", &entry, ERR_NAME, "t.mt:1:18", "no variable `name`"},
	    {"break f do print(global['a']) end", &entry, ERR_NAME, "t.mt:1:18",
	     "no global variable `a`"},
	    {"break f do print(result) end", &entry, ERR_NAME, "t.mt:1:18",
	     "when a function returns"},
	    {"break f do print(elapsed) end", &entry, ERR_NAME, "t.mt:1:18",
	     "when a function returns"},
	    {"break f do print(entry.n) end", &entry, ERR_NAME, "t.mt:1:18",
	     "when a function returns"},
	    {"break f do print(cast('int')) end", &entry, ERR_TYPE, "t.mt:1:18",
	     "cast takes a type's name and a value"},
	    {"break f do print(cast('int *', 1)) end", &entry, ERR_NAME, "t.mt:1:23",
	     "no type `int *` is known here"},
	    {"break f do print(addr(arg[1])) end", &entry, ERR_TYPE, "t.mt:1:23", "has no address"},
	    {"break f do print(len()) end", &entry, ERR_TYPE, "t.mt:1:18", "len takes one value"},
	    {"break f do print(bytes(arg[1])) end", &entry, ERR_TYPE, "t.mt:1:18",
	     "bytes takes an address, how many and, if you like, a greatest length"},
	    {"break f do print(bytes(arg[1], arg[2], 20000)) end", &entry, ERR_TYPE, "t.mt:1:40",
	     "the greatest length must be a constant from 1 to 16384"},
	    {"break f do print(bytes(arg[1], 2, arg[3])) end", &entry, ERR_TYPE, "t.mt:1:35",
	     "the greatest length must be a constant from 1 to 16384"},
	    {"break f do print(reg.foo) end", &entry, ERR_NAME, "t.mt:1:18", "no register"},
	    {"break f do print(str()) end", &entry, ERR_TYPE, "t.mt:1:18", "str(P [, MAX])"},
	    {"break f do print(str(arg[1], n)) end", &entry, ERR_TYPE, "t.mt:1:30", "16384"},
	    {"break f do print(str(p)) end", &entry, ERR_NAME, "t.mt:1:22", "`p` is left to Lua"},
	    {"break f do print(u8(1, 2)) end", &entry, ERR_TYPE, "t.mt:1:18", "one address"},
	    {"break f do\n  pid = 4\nend", &entry, ERR_NAME, "t.mt:2:3", "nothing writes"},
	    {"break f do arg[1] = 4 end", &entry, ERR_NAME, "t.mt:1:12", "nothing writes"},
	    {"break f do function pid() end end", &entry, ERR_NAME, "t.mt:1:21", "nothing writes"},
	    {"break f do print(goid) end", &entry, ERR_NAME, "t.mt:1:18",
	     "`goid` can only be used in Go programs: f is not part of one"},
	    {"break f do print(stack) end", &entry, ERR_NAME, "t.mt:1:18", "stack([N])"},
	    {"break f if u8(x) == 1 do end", &entry, ERR_NAME, "t.mt:1:15", "`x` is left to Lua"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {.site = *cases[i].site};
		struct compiled c;

		compile_with(&c, cases[i].text, &request);
		assert_refused(&c, cases[i].text, cases[i].tag, cases[i].where);
		if (!strstr(c.err->message, cases[i].part))
			fail_msg("%s\nhas no: %s", c.err->message, cases[i].part);
		compiled_deinit(&c);
	}
}

static void too_many_captures_are_refused(void **state)
{
	struct compile_request request = {0};
	struct buffer text = {0};
	struct compiled c;

	(void)state;
	buffer_puts(&text, "break f do print(0");
	for (int i = 1; i <= RECORD_SLOTS_MAX + 1; i++)
		buffer_printf(&text, ", u8(arg[1] + %d)", i);
	buffer_puts(&text, ") end");
	compile_with(&c, text.data, &request);
	assert_non_null(c.err);
	assert_string_equal(error_tag_name(c.err->tag), "too-large");
	compiled_deinit(&c);
	buffer_clear(&text);

	buffer_puts(&text, "break f do print(0");
	for (int i = 1; i <= 5; i++)
		buffer_printf(&text, ", str(arg[%d], 16384)", i);
	buffer_puts(&text, ") end");
	compile_with(&c, text.data, &request);
	assert_non_null(c.err);
	assert_string_equal(error_tag_name(c.err->tag), "too-large");
	compiled_deinit(&c);
	buffer_deinit(&text);
}

/* --------------------------------------------------------- the kernel half */

static void conditions_are_compared_as_lua_does(void **state)
{
	/* The code of each condition, up to the ring; numbers are places. */
	static const struct {
		const char *condition, *code;
	} cases[] = {
	    {"arg[1] > 3", "  12  r1 = u64 [r6+112]\n"
			   "  13  if r1 s<= 3 goto FILTERED\n"},
	    {"arg[1] > 3.0", "  12  r1 = u64 [r6+112]\n"
			     "  13  if r1 s<= 3 goto FILTERED\n"},
	    {"(1e3) == arg[1]", "  12  r1 = u64 [r6+112]\n"
				"  13  if r1 != 1000 goto FILTERED\n"},
	    {"not (arg[1] ~= arg[2])", "  12  r1 = u64 [r6+112]\n"
				       "  13  r2 = u64 [r6+104]\n"
				       "  14  if r1 != r2 goto FILTERED\n"},
	    {"arg[1] & 0xff == 1 << 4", "  12  r1 = u64 [r6+112]\n"
					"  13  r1 &= 255\n"
					"  14  if r1 != 16 goto FILTERED\n"},
	    {"arg[1] // 10 == 3", "  12  r1 = u64 [r6+112]\n"
				  "  13  r2 = r1\n"
				  "  14  r2 s>>= 63\n"
				  "  15  r1 ^= r2\n"
				  "  16  r1 /= 10\n"
				  "  17  r1 ^= r2\n"
				  "  18  if r1 != 3 goto FILTERED\n"},
	    {"pid == 7", "  12  call get_current_pid_tgid\n"
			 "  13  r0 >>= 32\n"
			 "  14  r1 = r0\n"
			 "  15  if r1 != 7 goto FILTERED\n"},
	    {"arg[1] == 1 or arg[1] < arg[2] and cpu ~= 0", "  12  r1 = u64 [r6+112]\n"
							    "  13  if r1 == 1 goto 19\n"
							    "  14  r1 = u64 [r6+112]\n"
							    "  15  r2 = u64 [r6+104]\n"
							    "  16  if r1 s>= r2 goto FILTERED\n"
							    "  17  r1 = u32 [r10-20]\n"
							    "  18  if r1 == 0 goto FILTERED\n"},
	    {"comm == 'redis-server'", "  12  r1 = r10\n"
				       "  13  r1 += -512\n"
				       "  14  r2 = 16\n"
				       "  15  call get_current_comm\n"
				       "  16  r0 = u64 [r10-512]\n"
				       "  17  r5 = 0x65732d7369646572\n"
				       "  19  if r0 != r5 goto FILTERED\n"
				       "  20  r0 = u32 [r10-504]\n"
				       "  21  r5 = 1919252082\n"
				       "  22  if r0 != r5 goto FILTERED\n"
				       "  23  r0 = u8 [r10-500]\n"
				       "  24  r5 = 0\n"
				       "  25  if r0 != r5 goto FILTERED\n"},
	    {"comm == 'sixteen letters.'", "  12  r1 = 0\n"
					   "  13  if r1 == 0 goto FILTERED\n"},
	    /* A failed read makes the comparison false ... */
	    {"u32(arg[1]) == 5", "  12  r1 = u64 [r6+112]\n"
				 "  13  r3 = r1\n"
				 "  14  r1 = r10\n"
				 "  15  r1 += -8\n"
				 "  16  r2 = 4\n"
				 "  17  call probe_read_user\n"
				 "  18  if r0 != 0 goto FILTERED\n"
				 "  19  r0 = u32 [r10-8]\n"
				 "  20  r1 = r0\n"
				 "  21  if r1 != 5 goto FILTERED\n"},
	    /* ... and ~= true, as NaN does. */
	    {"i8(arg[1]) ~= -5", "  12  r1 = u64 [r6+112]\n"
				 "  13  r3 = r1\n"
				 "  14  r1 = r10\n"
				 "  15  r1 += -8\n"
				 "  16  r2 = 1\n"
				 "  17  call probe_read_user\n"
				 "  18  if r0 != 0 goto 24\n"
				 "  19  r0 = u8 [r10-8]\n"
				 "  20  r0 <<= 56\n"
				 "  21  r0 s>>= 56\n"
				 "  22  r1 = r0\n"
				 "  23  if r1 == -5 goto FILTERED\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {0};
		struct buffer code = {0};
		struct compiled c;
		char text[128];

		snprintf(text, sizeof(text), "break f if %s do end", cases[i].condition);
		compile_with(&c, text, &request);
		if (c.err)
			fail_with_error(c.err);
		assert_true(c.plan->has_predicate);
		list_predicate(&c, &code);
		assert_string_equal(code.data, cases[i].code);
		buffer_deinit(&code);
		compiled_deinit(&c);
	}
}

static void conditions_that_lua_must_decide_say_why(void **state)
{
	static const struct {
		const char *condition, *reason;
	} cases[] = {
	    {"arg[1] / 2 == 1", "`/` is left to Lua"},
	    {"arg[1] // arg[2] == 1", "only division by a constant runs in the kernel"},
	    {"arg[1] % 0 == 1", "a division by 0 is an error of Lua's"},
	    {"comm < 'bash'", "strings are compared in the kernel with == and ~=, and with short "
			      "constants only"},
	    {"limit > arg[1]", "`limit` is left to Lua"},
	    {"arg[1] > 1.5", "`1.5` is left to Lua"},
	    {"arg[1] > 1e19", "`1e19` is left to Lua"},
	    {"time > 5", "`>` between these is left to Lua"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {0};
		struct compiled c;
		char text[128];

		snprintf(text, sizeof(text), "break f if %s do end", cases[i].condition);
		compile_with(&c, text, &request);
		if (c.err)
			fail_with_error(c.err);
		assert_true(c.plan->has_guard);
		assert_false(c.plan->has_predicate);
		assert_string_equal(c.plan->guard_reason, cases[i].reason);
		compiled_deinit(&c);
	}
}

static void only_programs_that_read_memory_sleep(void **state)
{
	static const struct {
		const char *text;
		bool sleeps;
	} cases[] = {
	    {"break f do print(arg[1], comm) end", false},
	    {"break f do print(u8(arg[1])) end", true},
	    {"break f if u8(arg[1]) == 1 do end", true},
	    {"break f do print(str(arg[1])) end", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_request request = {.is_sleepable = true};
		struct compiled c;

		compile_with(&c, cases[i].text, &request);
		assert_null(c.err);
		assert_int_equal(c.plan->is_sleepable, cases[i].sleeps);
		compiled_deinit(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_block_becomes_a_function_of_its_captures),
	    cmocka_unit_test(every_lua_half_is_lua),
	    cmocka_unit_test(upvalues_are_named_once_and_constants_are_none),
	    cmocka_unit_test(what_cannot_be_read_is_an_error_at_its_place),
	    cmocka_unit_test(too_many_captures_are_refused),
	    cmocka_unit_test(conditions_are_compared_as_lua_does),
	    cmocka_unit_test(conditions_that_lua_must_decide_say_why),
	    cmocka_unit_test(only_programs_that_read_memory_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
