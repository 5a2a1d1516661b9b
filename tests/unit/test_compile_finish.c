/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compile_finish.c - a finish: what is kept at the entry, what is known at the return. */
#include "test_compile.h"

static const struct compile_site at_return = {.abi = ABI_SYSV, .function = "f"};
static const struct compile_site at_jump = {.abi = ABI_SYSV, .function = "f", .is_tail_call = true};

static void compile_finish(struct compiled *ret, const char *text, const struct compile_site *site)
{
	const struct compile_request request = {.site = *site, .entry = entry};

	compile_with(ret, text, &request);
}

/* Of a listing, what stands between the first line of the user's and the one with `end`. */
static void take_listing(struct buffer *ret, const char *from, const char *end)
{
	const char *start = strstr(strstr(from, "; t.mt"), "\n") + 1, *stop = strstr(start, end);

	while (stop[-1] != '\n')
		stop--;
	buffer_append(ret, start, (size_t)(stop - start));
}

static void the_entry_keeps_what_the_block_names(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {
	    {"finish f do print(entry.arg[1]) end", "  61  r1 = u64 [r6+112]\n"
						    "  62  u64 [r8+16] = r1\n"},
	    /* Once each, in words of their own. */
	    {"finish f do print(entry.arg[2], entry.arg[1], entry.arg[2]) end",
	     "  61  r1 = u64 [r6+104]\n"
	     "  62  u64 [r8+16] = r1\n"
	     "  63  r1 = u64 [r6+112]\n"
	     "  64  u64 [r8+24] = r1\n"},
	    /* Memory as it was then: what its address is made of is the entry's, too. */
	    {"finish f do print(entry.u64(arg[1] + 8)) end", "  61  u64 [r10-40] = 0\n"
							     "  62  r1 = u64 [r6+112]\n"
							     "  63  r1 += 8\n"
							     "  64  r3 = r1\n"
							     "  65  r1 = r10\n"
							     "  66  r1 += -8\n"
							     "  67  r2 = 8\n"
							     "  68  call probe_read_user\n"
							     "  69  if r0 != 0 goto 74\n"
							     "  70  r0 = u64 [r10-8]\n"
							     "  71  r1 = r0\n"
							     "  72  u64 [r8+16] = r1\n"
							     "  73  goto 80\n"
							     "  74  r1 = 1\n"
							     "  75  r0 = u64 [r8+8]\n"
							     "  76  r0 |= r1\n"
							     "  77  u64 [r8+8] = r0\n"
							     "  78  r0 = u64 [r10-40]\n"
							     "  79  u64 [r8+16] = r0\n"},
	    /* What cannot be read is marked, with the reason in its place. */
	    {"finish f do print(entry.arg[7]) end", "  61  u64 [r10-40] = 0\n"
						    "  62  r1 = u64 [r6+152]\n"
						    "  63  r1 += 8\n"
						    "  64  r3 = r1\n"
						    "  65  r1 = r10\n"
						    "  66  r1 += -8\n"
						    "  67  r2 = 8\n"
						    "  68  call probe_read_user\n"
						    "  69  if r0 != 0 goto 74\n"
						    "  70  r0 = u64 [r10-8]\n"
						    "  71  r1 = r0\n"
						    "  72  u64 [r8+16] = r1\n"
						    "  73  goto 80\n"
						    "  74  r1 = 1\n"
						    "  75  r0 = u64 [r8+8]\n"
						    "  76  r0 |= r1\n"
						    "  77  u64 [r8+8] = r0\n"
						    "  78  r0 = u64 [r10-40]\n"
						    "  79  u64 [r8+16] = r0\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer listing = {0}, code = {0};
		struct compiled c;

		compile_finish(&c, cases[i].text, &at_return);
		if (c.err)
			fail_with_error(c.err);
		plan_list(c.plan, c.source, &listing);
		take_listing(&code, listing.data, "call ktime_get_ns");
		assert_string_equal(code.data, cases[i].code);
		buffer_deinit(&listing);
		buffer_deinit(&code);
		compiled_deinit(&c);
	}
}

static void without_values_the_entry_keeps_the_time_alone(void **state)
{
	struct buffer listing = {0};
	struct compiled c;

	(void)state;
	compile_finish(&c, "finish f do print(elapsed) end", &at_return);
	if (c.err)
		fail_with_error(c.err);
	assert_int_equal(c.plan->state_words, 0);
	plan_list(c.plan, c.source, &listing);
	assert_non_null(strstr(listing.data, "; when the function is entered:\n"
					     "   0  r6 = r1\n"
					     "   1  u64 [r10-64] = 0\n"
					     "   2  call get_current_pid_tgid\n"
					     "   3  u64 [r10-80] = r0\n"
					     "   4  r0 = u64 [r6+152]\n"
					     "   5  r0 += 8\n"
					     "   6  u64 [r10-72] = r0\n"));
	assert_non_null(strstr(listing.data, "  61  call ktime_get_ns\n"
					     "  62  u64 [r8+0] = r0\n"
					     "  63  r0 = 0\n"
					     "  64  exit\n"
					     "; when it returns:\n"
					     "   0  r6 = r1\n"));
	assert_non_null(strstr(listing.data, "r1 = u64 [r10-88]\n"));
	buffer_deinit(&listing);
	compiled_deinit(&c);
}

static void a_jump_out_counts_if_the_flags_take_it(void **state)
{
	/* By the low four bits of its opcode. */
	static const struct {
		uint8_t condition;
		const char *code;
	} cases[] = {
	    {0x4, "   1  r0 = u64 [r6+144]\n"
		  "   2  r0 &= 64\n"
		  "   3  if r0 == 0 goto"},
	    {0x5, "   1  r0 = u64 [r6+144]\n"
		  "   2  r0 &= 64\n"
		  "   3  if r0 != 0 goto"},
	    {0x6, "   2  r0 &= 65\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_site site = at_jump;
		struct buffer listing = {0};
		struct compiled c;

		site.has_condition = true;
		site.condition = cases[i].condition;
		compile_finish(&c, "finish f do count() end", &site);
		if (c.err)
			fail_with_error(c.err);
		plan_list(c.plan, c.source, &listing);
		const char *returns = strstr(listing.data, "; when it returns:\n");
		if (!strstr(returns, cases[i].code))
			fail_msg("%s\nhas no: %s", returns, cases[i].code);
		buffer_deinit(&listing);
		compiled_deinit(&c);
	}
}

static void what_makes_no_sense_is_an_error_at_its_place(void **state)
{
	static const struct {
		const char *text;
		const struct compile_site *site;
		enum error_tag tag;
		const char *where, *part;
	} cases[] = {
	    {"finish f do print(arg[1]) end", &at_return, ERR_UNREADABLE, "t.mt:1:19",
	     "`arg[1]` cannot be read here"},
	    {"finish f do print(result[3]) end", &at_return, ERR_TYPE, "t.mt:1:19",
	     "a result is in one register or in two: result[1], result[2]"},
	    {"finish f do local i = 1 print(result[i]) end", &at_return, ERR_NAME, "t.mt:1:31",
	     "which result it is must be a constant"},
	    {"finish f do print(result) end", &at_jump, ERR_UNREADABLE, "t.mt:1:19",
	     "`result` cannot be read here: <returned by another function>"},
	    {"finish f do print(entry) end", &at_return, ERR_NAME, "t.mt:1:19",
	     "`entry` can only be used as entry.EXPR"},
	    {"finish f do print(entry.n) end", &at_return, ERR_NAME, "t.mt:1:19",
	     "no variable `n` is known here"},
	    {"finish f do print(entry.u64(1, 2)) end", &at_return, ERR_TYPE, "t.mt:1:19",
	     "u64 takes one address: u64(P)"},
	    {"finish f do print(entry.bytes(entry.arg[1])) end", &at_return, ERR_TYPE, "t.mt:1:19",
	     "bytes takes an address, how many and, if you like, a greatest length"},
	    {"finish f do print(entry.stack(1)) end", &at_return, ERR_NAME, "t.mt:1:19",
	     "no variable `stack` is known here"},
	    {"finish f do print(entry.reg.foo) end", &at_return, ERR_NAME, "t.mt:1:19",
	     "is no register"},
	    {"finish f do result = 1 end", &at_return, ERR_NAME, "t.mt:1:13",
	     "nothing writes to the target"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compiled c;

		compile_finish(&c, cases[i].text, cases[i].site);
		assert_refused(&c, cases[i].text, cases[i].tag, cases[i].where);
		if (!strstr(c.err->message, cases[i].part))
			fail_msg("%s\nhas no: %s", c.err->message, cases[i].part);
		compiled_deinit(&c);
	}
}

static void too_much_to_keep_is_refused(void **state)
{
	struct buffer text = {0};
	struct compiled c;

	(void)state;
	buffer_puts(&text, "finish f do count(");
	for (int i = 1; i <= 64; i++)
		buffer_printf(&text, "entry.arg[%d] + ", i);
	buffer_puts(&text, "entry.reg.rax) end");
	compile_finish(&c, text.data, &at_return);
	assert_non_null(c.err);
	assert_string_equal(error_tag_name(c.err->tag), "too-large");
	assert_string_equal(c.err->message,
			    "`entry.reg.rax` is one value too many to keep from the entry");
	buffer_deinit(&text);
	compiled_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_entry_keeps_what_the_block_names),
	    cmocka_unit_test(without_values_the_entry_keeps_the_time_alone),
	    cmocka_unit_test(a_jump_out_counts_if_the_flags_take_it),
	    cmocka_unit_test(what_makes_no_sense_is_an_error_at_its_place),
	    cmocka_unit_test(too_much_to_keep_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
