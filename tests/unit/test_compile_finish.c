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

/* The program at the return, from the user's line to where the hit is counted. */
static void list_at_return(const struct compiled *c, struct buffer *ret)
{
	struct buffer all = {0};

	plan_list(c->plan, c->source, &all);
	take_listing(ret, strstr(all.data, "; when it returns:\n"), "map rings");
	buffer_deinit(&all);
}

static void a_text_of_the_entry_is_compared_in_the_kernel(void **state)
{
	static const struct {
		const char *condition, *code;
	} cases[] = {
	    {"entry.str(arg[1]) == '/index'", "  39  r5 = u64 [r10-56]\n"
					      "  40  r0 = u64 [r5+8]\n"
					      "  41  r0 &= 1\n"
					      "  42  if r0 == 0 goto 46\n"
					      "  43  r0 = u64 [r5+16]\n"
					      "  44  u64 [r10-40] = r0\n"
					      "  45  goto 105\n"
					      "  46  r0 = u64 [r5+16]\n"
					      "  47  if r0 != 6 goto 105\n"
					      "  48  r1 = r5\n"
					      "  49  r0 = u32 [r1+24]\n"
					      "  50  r5 = 1684957487\n"
					      "  51  if r0 != r5 goto 105\n"
					      "  52  r0 = u16 [r1+28]\n"
					      "  53  r5 = 30821\n"
					      "  54  if r0 != r5 goto 105\n"},
	    {"entry.str(arg[1]) ~= 'no'", "  39  r5 = u64 [r10-56]\n"
					  "  40  r0 = u64 [r5+8]\n"
					  "  41  r0 &= 1\n"
					  "  42  if r0 == 0 goto 46\n"
					  "  43  r0 = u64 [r5+16]\n"
					  "  44  u64 [r10-40] = r0\n"
					  "  45  goto 53\n"
					  "  46  r0 = u64 [r5+16]\n"
					  "  47  if r0 != 2 goto 53\n"
					  "  48  r1 = r5\n"
					  "  49  r0 = u16 [r1+24]\n"
					  "  50  r5 = 28526\n"
					  "  51  if r0 != r5 goto 53\n"
					  "  52  goto 103\n"},
	    {"entry.str(arg[1]):sub(1, 4) == '/api'", "  39  r5 = u64 [r10-56]\n"
						      "  40  r0 = u64 [r5+8]\n"
						      "  41  r0 &= 1\n"
						      "  42  if r0 == 0 goto 46\n"
						      "  43  r0 = u64 [r5+16]\n"
						      "  44  u64 [r10-40] = r0\n"
						      "  45  goto 105\n"
						      "  46  r0 = u64 [r5+16]\n"
						      "  47  r1 = 0x200000000\n"
						      "  49  if r0 == r1 goto 105\n"
						      "  50  if r0 < 4 goto 105\n"
						      "  51  r1 = r5\n"
						      "  52  r0 = u32 [r1+24]\n"
						      "  53  r5 = 1768972591\n"
						      "  54  if r0 != r5 goto 105\n"},
	    {"entry.str(arg[1]) == nil", "  39  r5 = u64 [r10-56]\n"
					 "  40  r0 = u64 [r5+8]\n"
					 "  41  r0 &= 1\n"
					 "  42  if r0 == 0 goto 46\n"
					 "  43  r0 = u64 [r5+16]\n"
					 "  44  u64 [r10-40] = r0\n"
					 "  45  goto 101\n"
					 "  46  r0 = u64 [r5+16]\n"
					 "  47  r1 = r0\n"
					 "  48  r2 = 0x200000000\n"
					 "  50  if r1 != r2 goto 101\n"},
	    {"entry.str(arg[1])", "  39  r5 = u64 [r10-56]\n"
				  "  40  r0 = u64 [r5+8]\n"
				  "  41  r0 &= 1\n"
				  "  42  if r0 == 0 goto 46\n"
				  "  43  r0 = u64 [r5+16]\n"
				  "  44  u64 [r10-40] = r0\n"
				  "  45  goto 51\n"
				  "  46  r0 = u64 [r5+16]\n"
				  "  47  r1 = r0\n"
				  "  48  r2 = 0x200000000\n"
				  "  50  if r1 == r2 goto 101\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer code = {0};
		struct compiled c;
		char text[128];

		snprintf(text, sizeof(text), "finish f if %s do end", cases[i].condition);
		compile_finish(&c, text, &at_return);
		if (c.err)
			fail_with_error(c.err);
		assert_true(c.plan->has_predicate);
		list_at_return(&c, &code);
		assert_string_equal(code.data, cases[i].code);
		buffer_deinit(&code);
		compiled_deinit(&c);
	}
}

static void what_was_cut_at_the_entry_is_no_short_text(void **state)
{
	struct compiled c;

	(void)state;
	compile_finish(&c, "finish f if entry.str(arg[1], 4) == 'four' do end", &at_return);
	if (c.err)
		fail_with_error(c.err);
	assert_true(c.plan->has_guard);
	assert_string_equal(c.plan->guard_reason,
			    "strings are compared in the kernel with == and ~=, and with short "
			    "constants only");
	compiled_deinit(&c);
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

/* The first word of the state says how far the jumps went: 6 jumped, 7 arrived. */
static void jumps_that_are_followed_are_noted_and_asked_for(void **state)
{
	static const char frame[] = "   1  u64 [r10-64] = 0\n"
				    "   2  call get_current_pid_tgid\n"
				    "   3  u64 [r10-80] = r0\n"
				    "   4  r0 = u64 [r6+152]\n"
				    "   5  r0 += 8\n"
				    "   6  u64 [r10-72] = r0\n"
				    "   7  r1 = map calls\n"
				    "   9  r2 = r10\n"
				    "  10  r2 += -80\n"
				    "  11  call map_lookup_elem\n";
	static const struct {
		enum jump_step step;
		const char *code;
	} cases[] = {
	    /* Without an entry: to where that is counted. */
	    {JUMP_OUT, "  12  if r0 == 0 goto 16\n"
		       "  13  u64 [r0+16] = 6\n"
		       "  14  r0 = 0\n"
		       "  15  exit\n"
		       "  16  "},
	    {JUMP_IN, "  12  if r0 == 0 goto 19\n"
		      "  13  r1 = u64 [r0+16]\n"
		      "  14  if r1 == 6 goto 18\n"
		      "  15  if r1 != 7 goto 19\n"
		      "  16  u64 [r0+16] = 0\n"
		      "  17  goto 19\n"
		      "  18  u64 [r0+16] = 7\n"
		      "  19  r0 = 0\n"
		      "  20  exit\n"},
	    {JUMP_ON, "  12  if r0 == 0 goto 16\n"
		      "  13  r1 = u64 [r0+16]\n"
		      "  14  if r1 != 7 goto 16\n"
		      "  15  u64 [r0+16] = 6\n"
		      "  16  r0 = 0\n"
		      "  17  exit\n"},
	    {JUMP_BACK, "  13  r1 = u64 [r0+16]\n"
			"  14  if r1 != 7 goto"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compile_site site = at_return;
		struct buffer listing = {0};
		struct compiled c;

		site.step = cases[i].step;
		site.jump_key = 3;
		site.cfa_offset = 8;
		const struct compile_request request = {
		    .site = site, .entry = entry, .follows_jumps = true};
		compile_with(&c, "finish f do count(entry.arg[1]) end", &request);
		if (c.err)
			fail_with_error(c.err);
		assert_int_equal(c.plan->state_words, 2);
		plan_list(c.plan, c.source, &listing);
		const char *returns = strstr(listing.data, "; when it returns:\n");
		const char *code = strstr(returns, frame);
		if (!code || !strstr(code, cases[i].code))
			fail_msg("%s\nhas no: %s%s", returns, frame, cases[i].code);
		assert_non_null(
		    strstr(listing.data, "u64 [r8+24] = r1\n")); /* arg[1], the second */
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
	    {"finish f do local i = f() print(result[i]) end", &at_return, ERR_NAME, "t.mt:1:33",
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
	    cmocka_unit_test(a_text_of_the_entry_is_compared_in_the_kernel),
	    cmocka_unit_test(what_was_cut_at_the_entry_is_no_short_text),
	    cmocka_unit_test(without_values_the_entry_keeps_the_time_alone),
	    cmocka_unit_test(a_jump_out_counts_if_the_flags_take_it),
	    cmocka_unit_test(jumps_that_are_followed_are_noted_and_asked_for),
	    cmocka_unit_test(what_makes_no_sense_is_an_error_at_its_place),
	    cmocka_unit_test(too_much_to_keep_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
