/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile_names.c - names of the target, by the debug information of this program itself:
 * the code that reads them, and what is said of those that cannot be read.
 */
#include "test_compile.h"

enum color {
	RED,
	GREEN = 5
};
struct item {
	uint64_t size;
	int numbers[4];
	unsigned low : 3;
	unsigned high : 5;
	enum color color;
	char *text;
	struct item *next;
};

__attribute__((noinline, used)) static void named_function(struct item *p, int n)
{
	__asm__ volatile("" : : "r"(p), "r"(n) : "memory");
}

/* The place that tests are for: the function's first instruction. */
static struct compile_site open_site(struct program **ret)
{
	struct location location;
	place_list places = {0};
	struct compile_site site = entry;

	assert_null(program_open("/proc/self/exe", ret));
	assert_null(location_parse("named_function", &location));
	assert_null(location_resolve(&location, *ret, &places));
	assert_int_equal(places.size, 1);
	site.function = "named_function";
	site.image = places.data[0].image;
	site.address = places.data[0].function.address;
	place_list_deinit(&places);
	location_deinit(&location);
	named_function(NULL, 0);
	return site;
}

static bool is_script_name(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "kinds") == 0;
}

static void compile_here(struct compiled *c, const struct compile_site *site, const char *text)
{
	const struct compile_request request = {.site = *site, .is_script_name = is_script_name};

	compile_with(c, text, &request);
}

/* ---------------------------------------------------------------------- code */

static void conditions_on_names_become_short_code(void **state)
{
	static const struct {
		const char *condition, *code;
	} cases[] = {
	    {"p.numbers[1] == 7", "  12  r1 = u64 [r6+112]\n"
				  "  13  if r1 == 0 goto FILTERED\n"
				  "  14  r1 += 8\n"
				  "  15  r1 += 4\n"
				  "  16  r3 = r1\n"
				  "  17  r1 = r10\n"
				  "  18  r1 += -8\n"
				  "  19  r2 = 4\n"
				  "  20  call probe_read_user\n"
				  "  21  if r0 != 0 goto FILTERED\n"
				  "  22  r0 = u32 [r10-8]\n"
				  "  23  r0 <<= 32\n"
				  "  24  r0 s>>= 32\n"
				  "  25  r1 = r0\n"
				  "  26  if r1 != 7 goto FILTERED\n"},
	    {"p.numbers[n] > 0", "  12  r1 = u64 [r6+112]\n"
				 "  13  if r1 == 0 goto FILTERED\n"
				 "  14  r1 += 8\n"
				 "  15  r2 = u64 [r6+104]\n"
				 "  16  r2 <<= 32\n"
				 "  17  r2 s>>= 32\n"
				 "  18  r3 = 4\n"
				 "  19  if r2 >= r3 goto FILTERED\n"
				 "  20  r2 *= 4\n"
				 "  21  r1 += r2\n"
				 "  22  r3 = r1\n"
				 "  23  r1 = r10\n"
				 "  24  r1 += -8\n"
				 "  25  r2 = 4\n"
				 "  26  call probe_read_user\n"
				 "  27  if r0 != 0 goto FILTERED\n"
				 "  28  r0 = u32 [r10-8]\n"
				 "  29  r0 <<= 32\n"
				 "  30  r0 s>>= 32\n"
				 "  31  r1 = r0\n"
				 "  32  if r1 s<= 0 goto FILTERED\n"},
	    {"p.next.low == 3", "  12  r1 = u64 [r6+112]\n"
				"  13  if r1 == 0 goto FILTERED\n"
				"  14  r1 += 40\n"
				"  15  r3 = r1\n"
				"  16  r1 = r10\n"
				"  17  r1 += -8\n"
				"  18  r2 = 8\n"
				"  19  call probe_read_user\n"
				"  20  if r0 != 0 goto FILTERED\n"
				"  21  r0 = u64 [r10-8]\n"
				"  22  r1 = r0\n"
				"  23  if r1 == 0 goto FILTERED\n"
				"  24  r1 += 24\n"
				"  25  r3 = r1\n"
				"  26  r1 = r10\n"
				"  27  r1 += -8\n"
				"  28  r2 = 1\n"
				"  29  call probe_read_user\n"
				"  30  if r0 != 0 goto FILTERED\n"
				"  31  r0 = u8 [r10-8]\n"
				"  32  r1 = r0\n"
				"  33  r1 <<= 61\n"
				"  34  r1 >>= 61\n"
				"  35  if r1 != 3 goto FILTERED\n"},
	    {"p.high ~= 1", "  12  r1 = u64 [r6+112]\n"
			    "  13  if r1 == 0 goto 27\n"
			    "  14  r1 += 24\n"
			    "  15  r3 = r1\n"
			    "  16  r1 = r10\n"
			    "  17  r1 += -8\n"
			    "  18  r2 = 1\n"
			    "  19  call probe_read_user\n"
			    "  20  if r0 != 0 goto 27\n"
			    "  21  r0 = u8 [r10-8]\n"
			    "  22  r1 = r0\n"
			    "  23  r1 >>= 3\n"
			    "  24  r1 <<= 59\n"
			    "  25  r1 >>= 59\n"
			    "  26  if r1 == 1 goto FILTERED\n"},
	    {"p.text == \"ab\"", "  12  r1 = u64 [r6+112]\n"
				 "  13  if r1 == 0 goto FILTERED\n"
				 "  14  r1 += 32\n"
				 "  15  r3 = r1\n"
				 "  16  r1 = r10\n"
				 "  17  r1 += -8\n"
				 "  18  r2 = 8\n"
				 "  19  call probe_read_user\n"
				 "  20  if r0 != 0 goto FILTERED\n"
				 "  21  r0 = u64 [r10-8]\n"
				 "  22  r1 = r0\n"
				 "  23  u64 [r10-8] = r1\n"
				 "  24  r1 = r10\n"
				 "  25  r1 += -512\n"
				 "  26  r2 = 4\n"
				 "  27  r3 = u64 [r10-8]\n"
				 "  28  call probe_read_user_str\n"
				 "  29  if r0 s<= 0 goto FILTERED\n"
				 "  30  if r0 != 3 goto FILTERED\n"
				 "  31  r0 = u16 [r10-512]\n"
				 "  32  r5 = 25185\n"
				 "  33  if r0 != r5 goto FILTERED\n"},
	    {"p.color == \"GREEN\"", "  12  r1 = u64 [r6+112]\n"
				     "  13  if r1 == 0 goto FILTERED\n"
				     "  14  r1 += 28\n"
				     "  15  r3 = r1\n"
				     "  16  r1 = r10\n"
				     "  17  r1 += -8\n"
				     "  18  r2 = 4\n"
				     "  19  call probe_read_user\n"
				     "  20  if r0 != 0 goto FILTERED\n"
				     "  21  r0 = u32 [r10-8]\n"
				     "  22  r1 = r0\n"
				     "  23  if r1 != 5 goto FILTERED\n"},
	    {"p.size > 5", "  12  r1 = u64 [r6+112]\n"
			   "  13  if r1 == 0 goto FILTERED\n"
			   "  14  r3 = r1\n"
			   "  15  r1 = r10\n"
			   "  16  r1 += -8\n"
			   "  17  r2 = 8\n"
			   "  18  call probe_read_user\n"
			   "  19  if r0 != 0 goto FILTERED\n"
			   "  20  r0 = u64 [r10-8]\n"
			   "  21  r1 = r0\n"
			   "  22  if r1 <= 5 goto FILTERED\n"},
	    {"p.size < n", "  12  r1 = u64 [r6+112]\n"
			   "  13  if r1 == 0 goto FILTERED\n"
			   "  14  r3 = r1\n"
			   "  15  r1 = r10\n"
			   "  16  r1 += -8\n"
			   "  17  r2 = 8\n"
			   "  18  call probe_read_user\n"
			   "  19  if r0 != 0 goto FILTERED\n"
			   "  20  r0 = u64 [r10-8]\n"
			   "  21  r1 = r0\n"
			   "  22  r2 = u64 [r6+104]\n"
			   "  23  r2 <<= 32\n"
			   "  24  r2 s>>= 32\n"
			   "  25  if r2 s< 0 goto FILTERED\n"
			   "  26  if r1 >= r2 goto FILTERED\n"},
	    {"p.next == nil", "  12  r1 = u64 [r6+112]\n"
			      "  13  if r1 == 0 goto FILTERED\n"
			      "  14  r1 += 40\n"
			      "  15  r3 = r1\n"
			      "  16  r1 = r10\n"
			      "  17  r1 += -8\n"
			      "  18  r2 = 8\n"
			      "  19  call probe_read_user\n"
			      "  20  if r0 != 0 goto FILTERED\n"
			      "  21  r0 = u64 [r10-8]\n"
			      "  22  r1 = r0\n"
			      "  23  if r1 != 0 goto FILTERED\n"},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer code = {0};
		struct compiled c;
		char text[128];

		snprintf(text, sizeof(text), "break f if %s do end", cases[i].condition);
		compile_here(&c, &site, text);
		if (c.err)
			fail_with_error(c.err);
		assert_true(c.plan->has_predicate);
		list_predicate(&c, &code);
		assert_string_equal(code.data, cases[i].code);
		buffer_deinit(&code);
		compiled_deinit(&c);
	}
	program_free(program);
}

/* -------------------------------------------------------------- what Lua does */

static void what_the_kernel_would_see_otherwise_is_left_to_lua(void **state)
{
	static const struct {
		const char *block, *reason;
	} cases[] = {
	    {"local v = p.color count(v + 1)", "`v` is no integer"},
	    {"count(p.next.color and 1 or 2, (cpu == 1 and p.color or p.color) + 1)",
	     "`(cpu == 1 and p.color or p.color)` is no integer"},
	    {"local v = p.size if v == p.size + 1 then count() end",
	     "both sides may be the same missing value, which is equal to itself in Lua"},
	    {"local v = p.text if v:sub(1, 1) == 'a' then count() end",
	     "a method of what may be nil is left to Lua"},
	    {"count(p.size >> n)",
	     "whether a shift to the right is signed depends on how far, in Lua"},
	    {"count(p.size // -1)", "an unsigned value is divided by a negative one in Lua"},
	    {"count(p.next.size // 0)", "a division by 0 is an error of Lua's"},
	    {"count(#p.text)", "a string is counted in an event only"},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;
		char text[160];

		snprintf(text, sizeof(text), "break f do %s end", cases[i].block);
		compile_here(&c, &site, text);
		if (c.err)
			fail_with_error(c.err);
		assert_false(c.plan->is_in_kernel);
		assert_string_equal(c.plan->kernel_reason, cases[i].reason);
		compiled_deinit(&c);
	}
	program_free(program);
}

static void lua_gets_bounds_that_are_never_missing(void **state)
{
	static const struct {
		const char *block, *lua;
	} cases[] = {
	    {"for i = 0, p.low do print(i) end",
	     "local _bound_ = ok; return function(p_low_) "
	     " for i = 0, _bound_(p_low_, -1e999) do print(i) end  end"},
	    {"for i = p.low, 0, -1 do print(i) end",
	     "local _bound_ = ok; return function(p_low_) "
	     " for i = _bound_(p_low_, -1e999), 0, -1 do print(i) end  end"},
	    {"for i = 0, p.low, n do print(i) end",
	     "return function(p_low_, n_)  for i = 0, p_low_, n_ do print(i) end  end"},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;
		char text[160];

		snprintf(text, sizeof(text), "break f do %s end", cases[i].block);
		compile_here(&c, &site, text);
		if (c.err)
			fail_with_error(c.err);
		assert_string_equal(c.plan->lua, cases[i].lua);
		compiled_deinit(&c);
	}
	program_free(program);
}

/* The texts of what is captured, each on a line. */
static void list_captures(const struct plan *plan, struct buffer *ret)
{
	buffer_puts(ret, "");
	for (size_t i = 0; i < plan->captures.size; i++)
		buffer_printf(ret, "%s: %s\n", plan->captures.data[i].text,
			      plan->captures.data[i].origin);
}

static void a_local_that_is_not_assigned_to_is_part_of_a_path(void **state)
{
	static const struct {
		const char *block, *captures;
	} cases[] = {
	    {"local i = p print(i.size)", "p: %rdi\ni.size: u64 at %rdi\n"},
	    {"local i <const> = p.next local t = i.next print(t.size)",
	     "p.next: u64 at (%rdi + 40)\ni.next: u64 at (u64 at (%rdi + 40) + 40)\n"
	     "t.size: u64 at u64 at (u64 at (%rdi + 40) + 40)\n"},
	    {"local a, b = n, p + 8 print(u64(b + a))",
	     "n: i32 of %rsi\np: %rdi\nu64(b + a): u64 at ((%rdi + 8) + i32 of %rsi)\n"},
	    {"local off = 16 print(u64(p + off))", "u64(p + off): u64 at (%rdi + 16)\n"},
	    {"local i = n print(p.numbers[i])",
	     "n: i32 of %rsi\np.numbers[i]: i32 at ((%rdi + 8) + (i32 of %rsi * 4))\n"},
	    /* Itself it is Lua's, and so is a text. */
	    {"local i = p print(i, #i)", "p: %rdi\n"},
	    {"local t = p.text print(t[0], t.x, #t, t:sub(1, 2))",
	     "p.text: string of at most 1024 bytes at u64 at (%rdi + 32)\n"},
	    /* Two of one name are two. */
	    {"do local i = p print(i.size) end local i = p.next print(i.size)",
	     "p: %rdi\ni.size: u64 at %rdi\np.next: u64 at (%rdi + 40)\n"
	     "i.size: u64 at u64 at (%rdi + 40)\n"},
	    /* One that may be something else is Lua's alone. */
	    {"local i = p i = p.next print(i.size)", "p: %rdi\np.next: u64 at (%rdi + 40)\n"},
	    {"local i = p local function f() i = nil end print(i.size)", "p: %rdi\n"},
	    {"local i = p function i() end print(i.size)", "p: %rdi\n"},
	    {"local i <close> = p print(i.size)", "p: %rdi\n"},
	    {"for i = 0, 3 do local x = kinds[i] print(x.size) end", ""},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(buffer_deinit) struct buffer captures = {0};
		struct compiled c;
		char text[160];

		snprintf(text, sizeof(text), "break f do %s end", cases[i].block);
		compile_here(&c, &site, text);
		if (c.err)
			fail_with_error(c.err);
		list_captures(c.plan, &captures);
		assert_string_equal(captures.data, cases[i].captures);
		compiled_deinit(&c);
	}
	program_free(program);
}

static void a_path_by_a_local_runs_in_the_kernel(void **state)
{
	struct program *program;
	const struct compile_site site = open_site(&program);
	struct compiled c;

	(void)state;
	compile_here(&c, &site, "break f do local i = p.next count(i.size, i.next.color) end");
	if (c.err)
		fail_with_error(c.err);
	assert_true(c.plan->is_in_kernel);
	compiled_deinit(&c);
	program_free(program);
}

/* -------------------------------------------------------------------- errors */

static void what_cannot_be_read_is_said_with_what_can_be_done(void **state)
{
	static const struct {
		const char *text;
		enum error_tag tag;
		const char *where, *message, *hint;
	} cases[] = {
	    {"do print(m)", ERR_NAME, "t.mt:1:18", "`m` means nothing here",
	     "Did you mean `p` or `n`? In scope here: p, n."},
	    {"do print(q.size)", ERR_NAME, "t.mt:1:18", "`q` means nothing here",
	     "Did you mean `p` or `n`? In scope here: p, n."},
	    {"if p == NULL do", ERR_NAME, "t.mt:1:17", "`NULL` means nothing here",
	     "A pointer that leads nowhere is nil."},
	    {"do print(arg0)", ERR_NAME, "t.mt:1:18", "`arg0` means nothing here",
	     "Arguments are counted from 1: arg[1]."},
	    {"do print(nsecs)", ERR_NAME, "t.mt:1:18", "`nsecs` means nothing here",
	     "The time of the hit is `time`; in a finish, `elapsed` is how long the call took."},
	    {"do print(p.sise)", ERR_NAME, "t.mt:1:18", "struct item * has no field `sise`",
	     "Did you mean `size`? Its fields are: size, numbers, low, high, color, text, next."},
	    {"do print(p.next.numbers.x)", ERR_NAME, "t.mt:1:18", "int [4] has no field `x`",
	     "A value of type int [4] has no fields."},
	    {"do p.size = 1", ERR_NAME, "t.mt:1:12",
	     "`p.size` cannot be assigned to: `p` is the target's, and nothing writes to the "
	     "target",
	     ""},
	    {"do n = 2", ERR_NAME, "t.mt:1:12",
	     "`n` cannot be assigned to: `n` is the target's, and nothing writes to the target",
	     ""},
	    {"do print(p.next[kinds].size)", ERR_NAME, "t.mt:1:18",
	     "`p.next[kinds]` cannot be captured: `kinds` is left to Lua, so where it leads is not "
	     "known at the hit",
	     "An index is made of constants, values of the target, and the integer operators."},
	    {"do print(arg.nothing)", ERR_NAME, "t.mt:1:18", "no parameter `nothing` is known here",
	     "In scope here: p, n."},
	    {"do print(var.m)", ERR_NAME, "t.mt:1:18", "no variable `m` is known here",
	     "Did you mean `p` or `n`? In scope here: p, n."},
	    {"do print(global['nothing'])", ERR_NAME, "t.mt:1:18",
	     "no global variable `nothing` is known here", "In scope here: p, n."},
	    {"do local a = p.size a = a + 1 print(u64(a + 8))", ERR_NAME, "t.mt:1:49",
	     "`a + 8` cannot be read at the hit: `a` is a Lua variable",
	     "An address is made of pointers of the target, arg[N], reg.NAME, u8..i64(P), integer "
	     "constants, + - * & | ~ << >>, and locals that are made of these and not assigned "
	     "to."},
	    {"do local i = p print(i.sise)", ERR_NAME, "t.mt:1:30",
	     "struct item * has no field `sise`",
	     "Did you mean `size`? Its fields are: size, numbers, low, high, color, text, next."},
	    {"do print(str())", ERR_TYPE, "t.mt:1:18",
	     "str takes an address and, if you like, a greatest length: str(P [, MAX])", ""},
	    {"do print(str(p, 0))", ERR_TYPE, "t.mt:1:25",
	     "the greatest length must be a constant from 1 to 16384", ""},
	    {"do print(u8(1, 2))", ERR_TYPE, "t.mt:1:18", "u8 takes one address: u8(P)", ""},
	    {"do print(len())", ERR_TYPE, "t.mt:1:18", "len takes one value: len(V)", ""},
	    {"do print(bytes(p))", ERR_TYPE, "t.mt:1:18",
	     "bytes takes an address, how many and, if you like, a greatest length: "
	     "bytes(P, N [, MAX])",
	     ""},
	    {"do print(cast('struct nothing *', p).x)", ERR_NAME, "t.mt:1:23",
	     "no type `struct nothing *` is known here",
	     "Write it as the program does: \"struct point *\", \"unsigned int\"."},
	    {"do print(cast('struct item *'))", ERR_TYPE, "t.mt:1:18",
	     "cast takes a type's name and a value: cast(\"TYPE\", V)", ""},
	    {"do print(addr(n))", ERR_UNREADABLE, "t.mt:1:23",
	     "`n` is in a register here, and has no address", ""},
	    {"do print(addr(kinds))", ERR_TYPE, "t.mt:1:23",
	     "`kinds` is no variable of the target, and has no address", ""},
	    {"do print(n.x)", ERR_NAME, "t.mt:1:18", "int has no field `x`",
	     "A value of type int has no fields."},
	    {"do print(p.size[0])", ERR_TYPE, "t.mt:1:18",
	     "a value of type uint64_t has no elements", ""},
	    {"do print(2 * *n)", ERR_TYPE, "t.mt:1:22", "a value of type int has no elements", ""},
	    {"do print(*arg[1])", ERR_TYPE, "t.mt:1:18",
	     "`*arg[1]` follows no pointer of the target",
	     "u64(ADDRESS), str(ADDRESS) and the like read memory at a number."},
	    {"do print(*nothing)", ERR_NAME, "t.mt:1:19", "`nothing` means nothing here",
	     "In scope here: p, n."},
	    {"if p.color == 'GREN' do", ERR_NAME, "t.mt:1:23",
	     "enum color has no enumerator `GREN`", "Did you mean `GREEN` or `RED`?"},
	    {"do print(reg.rxx)", ERR_NAME, "t.mt:1:18", "`reg.rxx` is no register",
	     "Registers are: rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip "
	     "eflags."},
	    {"do print(arg[0])", ERR_TYPE, "t.mt:1:18", "arguments are counted from 1 to 64", ""},
	    {"do print(str(p, 16384), str(p + 1, 16384), str(p + 2, 16384), str(p + 3, 16384))",
	     ERR_TOO_LARGE, "t.mt:1:71",
	     "the strings of one event may be up to 65536 bytes together",
	     "Give them a greatest length: str(P, MAX), or set max-string."},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;
		char text[160];

		snprintf(text, sizeof(text), "break f %s end", cases[i].text);
		compile_here(&c, &site, text);
		assert_refused(&c, text, cases[i].tag, cases[i].where);
		assert_string_equal(c.err->message, cases[i].message);
		assert_string_equal(c.err->hint ? c.err->hint : "", cases[i].hint);
		compiled_deinit(&c);
	}
	program_free(program);
}

/* In the kernel's half and in Lua's (the block prints). */
static void comparisons_with_a_constant_of_another_kind_are_doubted(void **state)
{
	static const struct {
		const char *text, *doubt;
	} cases[] = {
	    {"if n == 'a'", "`n == 'a'` is always false: n is a number, 'a' a text. That character "
			    "is 97."},
	    {"if p.text ~= 3", "`p.text ~= 3` is always true: p.text is a text, 3 a number."},
	    {"if 'x' == p.size", "`'x' == p.size` is always false: p.size is a number, 'x' a text. "
				 "That character is 120."},
	    {"if n == true", "`n == true` is always false: n is a number, true a boolean."},
	    {"if n > 2 do if n == 'ab' then print(n) end print() end",
	     "`n == 'ab'` is always false: n is a number, 'ab' a text."},
	    {"if p.color == 'GREEN' and p.color ~= 5 and p ~= nil and p ~= 0 and n == 97 and "
	     "p.text == 'a' and p.text ~= nil",
	     NULL},
	    {"do local a = 1 if a == 'x' then print(n) end print() end", NULL},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;
		char text[200];

		snprintf(text, sizeof(text), "break f %s", cases[i].text);
		compile_here(&c, &site, text);
		if (c.err)
			fail_with_error(c.err);
		if (cases[i].doubt)
			assert_string_equal(c.plan->doubt, cases[i].doubt);
		else
			assert_null(c.plan->doubt);
		compiled_deinit(&c);
	}
	program_free(program);
}

static void a_star_is_the_first_element(void **state)
{
	static const char *const pairs[][2] = {
	    {"break f if (*p).size > 1 do print(*p, (*p.next).size) end",
	     "break f if p[0].size > 1 do print(p[0], p.next[0].size) end"},
	    {"break f do sum(2 * *p.text) end", "break f do sum(2 * p.text[0]) end"},
	};
	struct program *program;
	const struct compile_site site = open_site(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct compiled star, element;

		compile_here(&star, &site, pairs[i][0]);
		compile_here(&element, &site, pairs[i][1]);
		if (star.err || element.err)
			fail_with_error(star.err ? star.err : element.err);
		size_t size = element.plan->insns.size * sizeof(*element.plan->insns.data);
		assert_int_equal(star.plan->insns.size, element.plan->insns.size);
		assert_memory_equal(star.plan->insns.data, element.plan->insns.data, size);
		compiled_deinit(&star);
		compiled_deinit(&element);
	}
	program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_on_names_become_short_code),
	    cmocka_unit_test(comparisons_with_a_constant_of_another_kind_are_doubted),
	    cmocka_unit_test(a_star_is_the_first_element),
	    cmocka_unit_test(what_the_kernel_would_see_otherwise_is_left_to_lua),
	    cmocka_unit_test(lua_gets_bounds_that_are_never_missing),
	    cmocka_unit_test(a_local_that_is_not_assigned_to_is_part_of_a_path),
	    cmocka_unit_test(a_path_by_a_local_runs_in_the_kernel),
	    cmocka_unit_test(what_cannot_be_read_is_said_with_what_can_be_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
