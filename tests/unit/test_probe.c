/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_probe.c - a session without a kernel: what is located, judged and refused. */
#include "moontap/probe.h"

#include <setjmp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The target is this program itself: functions of known shapes. */
int plain_add(int a, int b);
__attribute__((noinline)) int plain_add(int a, int b)
{
	__asm__ volatile("");
	return a + b;
}

/* nop; syscall; ret: +0 is fine, +1 kills the target, +2 is inside syscall. */
__asm__(".text\n.globl with_syscall\n.type with_syscall, @function\n"
	"with_syscall: nop\n syscall\n ret\n.size with_syscall, . - with_syscall\n"
	".globl sizeless\n.type sizeless, @function\n"
	"sizeless: nop\n ret\n.globl behind\n.type behind, @function\n"
	"behind: ret\n.size behind, 1\n"
	/* An endless loop; a jump to nobody knows where; a loop by way of its start. */
	".globl never\n.type never, @function\n"
	"never: nop\n jmp never\n.size never, . - never\n"
	".globl goes_anywhere\n.type goes_anywhere, @function\n"
	"goes_anywhere: mov %rsi, %rax\n call behind\n jmp *%rax\n"
	".size goes_anywhere, . - goes_anywhere\n"
	".globl comes_back\n.type comes_back, @function\n"
	"comes_back: nop\n dec %edi\n jg comes_back\n ret\n.size comes_back, . - comes_back\n");
void with_syscall(void);

static struct session *open_self(void)
{
	const struct session_options options = {.is_dry_run = true};
	struct session *session = session_new(&options);

	assert_null(session_set_file(session, "/proc/self/exe"));
	return session;
}

struct script {
	struct source *source;
	struct tree *tree;
	struct probe_request request;
};

static void script_init(struct script *script, const char *text)
{
	script->source = source_new("t.mt", text, strlen(text));
	assert_null(tree_parse(script->source, &script->tree));
	const struct node *node = script->tree->probes.data[0];
	script->request = (struct probe_request){
	    .kind = node->probe.kind,
	    .location = node->probe.location,
	    .location_span = node->probe.location_span,
	    .source = script->source,
	    .condition = node->probe.condition,
	    .block = node->probe.block,
	};
}

static void script_deinit(struct script *script)
{
	tree_free(script->tree);
	source_free(script->source);
}

static void locations_that_cannot_be_probed_say_why_and_where(void **state)
{
	static const struct {
		const char *text;
		enum error_tag tag;
		const char *message, *hint;
	} cases[] = {
	    {"break plain_ad", ERR_NO_SYMBOL, "not defined", "plain_add"},
	    {"break plain_add+0x1000", ERR_OUT_OF_FUNCTION, "plain_add", NULL},
	    {"break with_syscall+2", ERR_BOUNDARY, "with_syscall+0x2 is in the middle",
	     "+0x1  syscall"},
	    {"break with_syscall+1", ERR_REFUSED, "with_syscall+0x1", "+0x0  nop"},
	    {"break with_syscall+2 force", ERR_BOUNDARY, "in the middle", NULL},
	    {"break sizeless", ERR_REFUSED, "no size", "force"},
	    {"break *0x10", ERR_NOT_CODE, "0x10", NULL},
	    {"finish plain_add+1", ERR_BOUNDARY, "in the middle", NULL},
	    {"finish with_syscall+3", ERR_USAGE, "needs a function, not a place in one",
	     "finish with_syscall"},
	    {"finish never", ERR_NO_SYMBOL, "never never returns", NULL},
	    {"finish goes_anywhere", ERR_REFUSED, "by the jump at +0x8 cannot be told",
	     "break goes_anywhere+OFFSET"},
	    {"break plain_add do print(arg.x) end", ERR_NAME, "no parameter `x` is known", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session *session = open_self();
		struct script script;
		struct probe *probe;

		script_init(&script, cases[i].text);
		struct error *err = session_add(session, &script.request, &probe);
		if (!err)
			fail_msg("no error: %s", cases[i].text);
		assert_string_equal(error_tag_name(err->tag), error_tag_name(cases[i].tag));
		assert_string_equal(err->where, cases[i].tag == ERR_NAME	      ? "t.mt:1:26"
						: script.request.kind == PROBE_FINISH ? "t.mt:1:8"
										      : "t.mt:1:7");
		if (!strstr(err->message, cases[i].message))
			fail_msg("%s\nhas no: %s", err->message, cases[i].message);
		if (cases[i].hint && (!err->hint || !strstr(err->hint, cases[i].hint)))
			fail_msg("%s\nhas no: %s", err->hint, cases[i].hint);
		assert_null(session_next_probe(session, NULL));
		error_free(err);
		session_free(session);
		script_deinit(&script);
	}
}

static void a_probe_knows_its_site_and_its_plan(void **state)
{
	struct session *session = open_self();
	struct script script;
	struct probe *probe;
	struct counters counters;

	(void)state;
	script_init(&script, "break plain_add if arg[1] == 3 do print(arg[2]) end");
	assert_null(session_add(session, &script.request, &probe));
	assert_int_equal(probe_number(probe), 1);
	assert_ptr_equal(session_probe(session, 1), probe);
	assert_string_equal(probe_location(probe), "plain_add");
	assert_string_equal(probe_condition(probe), "arg[1] == 3");
	assert_int_equal(probe_site_count(probe), 1);
	assert_string_equal(probe_site(probe, 0)->place.function.name, "plain_add");
	assert_true(probe_site(probe, 0)->verdict.is_allowed);
	assert_true(probe_plan(probe)->has_predicate);
	assert_int_equal(probe_plan(probe)->captures.size, 1);
	probe_counters(probe, &counters);
	assert_int_equal(counters.hits, 0);
	session_free(session);
	script_deinit(&script);
}

static void a_finish_has_an_entry_and_the_sites_where_it_returns(void **state)
{
	static const struct {
		const char *text;
		size_t entries, sites;
	} cases[] = {
	    {"finish plain_add do print(result, entry.arg[1], elapsed) end", 1, 1},
	    {"finish comes_back", 1, 2},
	    {"finish /^(plain_add|comes_back|never)$/", 2, 3},
	    {"break plain_add", 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session *session = open_self();
		struct script script;
		struct probe *probe;
		struct call_losses losses;

		script_init(&script, cases[i].text);
		assert_null(session_add(session, &script.request, &probe));
		assert_int_equal(probe_entry_count(probe), cases[i].entries);
		assert_int_equal(probe_site_count(probe), cases[i].sites);
		if (cases[i].entries)
			assert_true(probe_entry(probe, 0)->place.address <
				    probe_site(probe, 0)->place.address);
		probe_call_losses(probe, &losses);
		assert_int_equal(losses.unpaired + losses.left + losses.pushed_out, 0);
		session_free(session);
		script_deinit(&script);
	}
}

static void a_forced_probe_may_sit_where_others_may_not(void **state)
{
	static const char *const texts[] = {"break with_syscall+1 force", "break sizeless force"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct session *session = open_self();
		struct script script;
		struct probe *probe;

		script_init(&script, texts[i]);
		assert_null(session_add(session, &script.request, &probe));
		session_free(session);
		script_deinit(&script);
	}
}

static void a_pattern_leaves_out_what_it_cannot_probe_and_says_so(void **state)
{
	struct session *session = open_self();
	const struct error *first;
	struct script script;
	struct probe *probe;

	(void)state;
	script_init(&script, "rbreak /^(sizeless|behind|with_syscall)$/");
	assert_null(session_add(session, &script.request, &probe));
	assert_int_equal(probe_site_count(probe), 2);
	assert_int_equal(probe_skipped(probe, &first), 1);
	assert_non_null(strstr(first->message, "sizeless"));
	session_free(session);
	script_deinit(&script);
}

static void numbers_are_not_used_again(void **state)
{
	struct session *session = open_self();
	struct script script;
	struct probe *probes[3];

	(void)state;
	script_init(&script, "break plain_add");
	assert_null(session_add(session, &script.request, &probes[0]));
	assert_null(session_add(session, &script.request, &probes[1]));
	probe_delete(probes[1]);
	assert_null(session_probe(session, 2));
	assert_null(session_add(session, &script.request, &probes[2]));
	assert_int_equal(probe_number(probes[2]), 3);
	assert_ptr_equal(session_next_probe(session, probes[0]), probes[2]);
	session_free(session);
	script_deinit(&script);
}

static void another_file_is_refused_while_there_are_probes(void **state)
{
	struct session *session = open_self();
	struct script script;
	struct probe *probe;

	(void)state;
	script_init(&script, "break plain_add");
	assert_null(session_add(session, &script.request, &probe));
	struct error *err = session_set_file(session, "/bin/sh");
	assert_non_null(err);
	assert_string_equal(error_tag_name(err->tag), "usage");
	error_free(err);
	probe_delete(probe);
	assert_null(session_set_file(session, "/bin/sh"));
	session_free(session);
	script_deinit(&script);
}

static void processes_that_cannot_be_attached_are_named(void **state)
{
	const struct session_options options = {0};
	struct session *session = session_new(&options);
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	struct error *err = session_attach(session, pid);
	assert_non_null(err);
	assert_string_equal(error_tag_name(err->tag), "no-process");
	error_free(err);
	session_free(session);
}

static void a_launched_program_is_held_then_runs_and_its_end_is_known(void **state)
{
	const struct session_options options = {0};
	struct session *session = session_new(&options);
	char *const arguments[] = {"sh", "-c", "exit 7", NULL};

	(void)state;
	for (int round = 0; round < 2; round++) {
		if (round == 0)
			assert_null(session_launch(session, arguments));
		assert_int_equal(session_target(session)->state,
				 round == 0 ? TARGET_HELD : TARGET_EXITED);
		assert_null(session_run(session));
		assert_int_equal(session_target(session)->state, TARGET_RUNNING);
		session_note_exit(session);
		assert_int_equal(session_target(session)->state, TARGET_EXITED);
		assert_int_equal(WEXITSTATUS(session_target(session)->exit_status), 7);
	}
	session_free(session);
}

static void a_program_that_is_never_run_ends_with_the_session(void **state)
{
	const struct session_options options = {0};
	struct session *session = session_new(&options);
	char *const arguments[] = {"sh", "-c", "exit 7", NULL};

	(void)state;
	assert_null(session_launch(session, arguments));
	pid_t pid = session_target(session)->pid;
	session_free(session);
	assert_int_equal(waitpid(pid, NULL, 0), -1); /* reaped already */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(locations_that_cannot_be_probed_say_why_and_where),
	    cmocka_unit_test(a_probe_knows_its_site_and_its_plan),
	    cmocka_unit_test(a_finish_has_an_entry_and_the_sites_where_it_returns),
	    cmocka_unit_test(a_forced_probe_may_sit_where_others_may_not),
	    cmocka_unit_test(a_pattern_leaves_out_what_it_cannot_probe_and_says_so),
	    cmocka_unit_test(numbers_are_not_used_again),
	    cmocka_unit_test(another_file_is_refused_while_there_are_probes),
	    cmocka_unit_test(processes_that_cannot_be_attached_are_named),
	    cmocka_unit_test(a_launched_program_is_held_then_runs_and_its_end_is_known),
	    cmocka_unit_test(a_program_that_is_never_run_ends_with_the_session),
	};

	return plain_add(0, 0) + cmocka_run_group_tests(tests, NULL, NULL);
}
