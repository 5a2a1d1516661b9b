/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_console.c - what the console makes of text: the command line, commands and
 * their abbreviations, lists of ids, quantities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/console/command.h"

/* ---------------------------------------------------------------- commands */

/* command: its full name, "lua", or the error's message. */
static const struct command_case {
	const char *text, *command, *arguments;
} command_cases[] = {
    {"break f+4 do print(1) end", "break", "f+4 do print(1) end"},
    {"b f", "break", "f"},
    {"br f", "break", "f"},
    {"tb f", "tbreak", "f"},
    {"t f", "Ambiguous command \"t\": trace, tbreak.", NULL},
    {"rb /x/", "rbreak", "/x/"},
    {"b (*T).Method", "break", "(*T).Method"},
    {"break\tmain.f", "break", "main.f"},
    {"break f do\n  print(1)\nend", "break", "f do\n  print(1)\nend"},
    {"d", "delete", ""},
    {"  delete 1 2-3", "delete", "1 2-3"},
    {"dis 1", "disable", "1"},
    {"disas main.f", "disassemble", "main.f"},
    {"en 1", "enable", "1"},
    {"i b", "info", "b"},
    {"inf", "info", ""},
    {"r", "run", ""},
    {"q", "quit", ""},
    {"h b", "help", "b"},
    {"so x.mt", "source", "x.mt"},
    {"file \"./go-play\"", "file", "\"./go-play\""},
    {"de", "Ambiguous command \"de\": delete, detach.", NULL},
    {"disa f", "Ambiguous command \"disa\": disable, disassemble.", NULL},
    {"e 1", "Ambiguous command \"e\": echo, enable, every, explain, exit.", NULL},
    {"trac f", "break", "f"},
    {"fin f", "finish", "f"},
    {"k", "kill", ""},
    {"every 1s do end", "every", "1s do end"},
    {"info = 3", "lua", NULL},
    {"info=3", "lua", NULL},
    {"run()", "lua", NULL},
    {"run ()", "lua", NULL},
    {"info.x = 1", "lua", NULL},
    {"info[1] = 1", "lua", NULL},
    {"d, e = 1, 2", "lua", NULL},
    {"b = 2", "lua", NULL},
    {"file:close()", "lua", NULL},
    {"file\"x\"", "lua", NULL},
    {"= 1 + 2", "lua", NULL},
    {"local x = 1", "lua", NULL},
    {"for i = 1, 3 do print(i) end", "lua", NULL},
    {"print(1)", "lua", NULL},
    {"breaking(1)", "lua", NULL},
    {"\"text\"", "lua", NULL},
    {"1 + 1", "lua", NULL},
};

static void a_text_is_a_command_or_lua(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(command_cases); i++) {
		const struct command_case *c = &command_cases[i];
		const struct command *command = NULL;
		const char *arguments = NULL;
		struct error *err = command_parse(c->text, &command, &arguments);
		const char *got = err ? err->message : command ? command->name : "lua";
		if (strcmp(got, c->command) != 0)
			fail_msg("%s: %s, not %s", c->text, got, c->command);
		if (c->arguments)
			assert_string_equal(arguments, c->arguments);
		error_free(err);
	}
}

static void every_command_is_found_by_its_names(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name; c++) {
		const struct command *found;
		assert_null(command_find(commands, "", c->name, strlen(c->name), &found));
		assert_ptr_equal(found, c);
		for (const char *p = c->aliases; p && *p; p += strspn(p, " ")) {
			size_t size = strcspn(p, " ");
			assert_null(command_find(commands, "", p, size, &found));
			assert_ptr_equal(found, c);
			p += size;
		}
		assert_non_null(c->run);
		assert_memory_equal(c->usage, c->name, strlen(c->name));
		assert_int_equal(c->summary[strlen(c->summary) - 1], '.');
	}
}

static void commands_are_in_order_so_that_ambiguities_are_listed_so(void **state)
{
	(void)state;
	for (const struct command *c = commands; c[1].name; c++)
		assert_true(strcmp(c[0].name, c[1].name) < 0);
}

static void an_ambiguous_subject_of_info_says_so(void **state)
{
	(void)state;
	const struct command *found;
	struct error *err = command_find(info_commands, "info ", "so", 2, &found);
	assert_non_null(err);
	assert_string_equal(err->message, "Ambiguous info command \"so\": source, sources.");
	error_free(err);
}

/* --------------------------------------------------------------------- ids */

static const struct {
	const char *text, *expected;
} id_cases[] = {
    {"", ""},
    {"1", "1-1.0;"},
    {"1 2-3 1.2", "1-1.0;2-3.0;1-1.2;"},
    {" 4,5 ", "4-4.0;5-5.0;"},
    {"2-2", "2-2.0;"},
    {"x", "Bad breakpoint number 'x'"},
    {"0", "Bad breakpoint number '0'"},
    {"-1", "Bad breakpoint number '-1'"},
    {"1 2x", "Bad breakpoint number '2x'"},
    {"1.", "Bad breakpoint number '1.'"},
    {"1.2-4", "1-1.2;"},
    {"$bpnum 1-2", "7-7.0;1-2.0;"},
    {"$bpnum.2", "7-7.2;"},
    {"$bp", "Bad breakpoint number '$bp'"},
    {"1.4-2", "inverted range '1.4-2'"},
    {"1.2.3", "Bad breakpoint number '1.2.3'"},
    {"1-", "Bad breakpoint number '1-'"},
    {"99999999999999999999", "Bad breakpoint number '99999999999999999999'"},
    {"3-1", "inverted range '3-1'"},
};

static void id_lists_are_numbers_ranges_and_locations(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(id_cases); i++) {
		id_list list = {0};
		struct buffer text = {0};
		struct error *err = id_list_parse(id_cases[i].text, 7, &list);
		buffer_puts(&text, err ? err->message : "");
		for (size_t k = 0; !err && k < list.size; k++)
			buffer_printf(&text, "%u-%u.%u;", list.data[k].first, list.data[k].last,
				      list.data[k].location);
		assert_string_equal(text.data, id_cases[i].expected);
		buffer_deinit(&text);
		vector_deinit(&list);
		error_free(err);
	}
}

/* -------------------------------------------------------------- quantities */

static void durations_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns; /* 0: refused */
	} cases[] = {
	    {"5s", 5000000000},
	    {"5", 5000000000},
	    {"500ms", 500000000},
	    {"1.5m", 90000000000},
	    {"2h", 7200000000000},
	    {"10us", 10000},
	    {"7ns", 7},
	    {"", 0},
	    {"s", 0},
	    {"-5s", 0},
	    {"5 s", 0},
	    {"5x", 0},
	    {"0s", 0},
	    {"1e3s", 0},
	    {"1.2.3s", 0},
	    {"99999999999h", 0},
	    {"nan", 0},
	    {"0x10s", 0},
	    {"inf", 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 0;
		error_free(quantity_duration(cases[i].text, &ns));
		assert_int_equal(ns, cases[i].ns);
	}
}

static void sizes_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t bytes; /* 0: refused */
	} cases[] = {
	    {"64M", 64 << 20}, {"4096", 4096}, {"512K", 512 << 10}, {"1G", 1 << 30},
	    {"64MB", 0},       {"M", 0},       {"-1M", 0},	    {"1T", 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t bytes = 0;
		error_free(quantity_size(cases[i].text, &bytes));
		assert_int_equal(bytes, cases[i].bytes);
	}
}

/* ------------------------------------------------------------------- words */

static void run_splits_its_arguments_as_a_shell_would(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", "p|"},
	    {" a  b\tc ", "p|a|b|c|"},
	    {"'a b' \"c d\" e\\ f", "p|a b|c d|e f|"},
	    {"a'b'c \"\" '\\'", "p|abc||\\|"},
	    {"\"it's\" \"\\\"\"", "p|it's|\"|"},
	    {"'open", "a quote is not closed"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **words = NULL, **again = NULL;
		struct buffer text = {0};
		struct error *err = words_split("p", cases[i].text, &words);
		buffer_puts(&text, err ? err->message : "");
		for (char **w = words; w && *w; w++)
			buffer_printf(&text, "%s|", *w);
		assert_string_equal(text.data, cases[i].words);
		CLEANUP(free_p) char *joined = words ? words_join(words) : xstrdup("");
		assert_null(words_split(NULL, joined, &again));
		for (size_t k = 0; words && words[k]; k++)
			assert_string_equal(again[k], words[k]);
		buffer_deinit(&text);
		words_free(words);
		words_free(again);
		error_free(err);
	}
}

/* ----------------------------------------------------------------- options */

/* Parses "moontap" and the words of line. */
static struct error *parse_line(const char *line, char ***words, struct options *ret)
{
	struct error *err = words_split("moontap", line, words);
	assert_null(err);
	int argc = 0;
	while ((*words)[argc])
		argc++;
	return options_parse(argc, *words, ret);
}

/* What the options say, in one line. */
static void describe(const struct options *options, struct buffer *out)
{
	static const char *const kinds[] = {"ex", "x", "e"};
	if (options->program)
		buffer_printf(out, "program %s;", options->program);
	if (options->pid)
		buffer_printf(out, "pid %d;", (int)options->pid);
	for (char *const *a = options->args; a && *a; a++)
		buffer_printf(out, "%s%s%s", a == options->args ? "args " : " ", *a,
			      a[1] ? "" : ";");
	for (size_t i = 0; i < options->steps.size; i++)
		buffer_printf(out, "%s %s;", kinds[options->steps.data[i].kind],
			      options->steps.data[i].text);
	for (char *const *a = options->script_arguments; a && *a; a++)
		buffer_printf(out, "%s%s%s", a == options->script_arguments ? "arg " : " ", *a,
			      a[1] ? "" : ";");
	if (options->output)
		buffer_printf(out, "output %s;", options->output);
	buffer_puts(out, options->format == OUTPUT_JSON ? "json;" : "");
	if (options->duration_ns)
		buffer_printf(out, "duration %lld;", (long long)options->duration_ns);
	if (options->session.kernel.ring_bytes)
		buffer_printf(out, "ring %zu;", options->session.kernel.ring_bytes);
	if (options->session.kernel.method)
		buffer_printf(out, "method %d;", options->session.kernel.method);
	buffer_puts(out, options->is_batch ? "batch;" : "");
	buffer_puts(out, options->is_quiet ? "quiet;" : "");
	buffer_puts(out, options->is_unsafe ? "unsafe;" : "");
	buffer_puts(out, options->session.is_dry_run ? "dry;" : "");
	buffer_puts(out, options->wants_help ? "help;" : "");
	buffer_puts(out, options->wants_version ? "version;" : "");
}

static const struct {
	const char *line, *expected;
} option_cases[] = {
    {"", ""},
    {"./go-play", "program ./go-play;"},
    {"-q ./go-play", "program ./go-play;quiet;"},
    {"-p 123", "pid 123;"},
    {"-batch -ex 'info target' --ex=quit", "ex info target;ex quit;batch;"},
    {"-x a.mt -ex 'break f' -x b.mt", "x a.mt;ex break f;x b.mt;"},
    {"-e 'break f' ./go-play", "program ./go-play;e break f;batch;"},
    {"--args ./p -q --args x", "args ./p -q --args x;"},
    {"-batch -x s.mt -args ./p 1", "args ./p 1;x s.mt;batch;"},
    {"-p 9 here.mt -q -- x", "pid 9;x here.mt;arg here.mt -q -- x;batch;"},
    {"lib.lua", "x lib.lua;arg lib.lua;batch;"},
    {"-duration 500ms --ring-size=64M --attach-method tracefs",
     "duration 500000000;ring 67108864;method 2;"},
    {"--dry-run --unsafe -o out.txt", "output out.txt;unsafe;dry;"},
    {"--format json", "json;"},
    {"-format=json --format text", ""},
    {"--help", "help;"},
    {"-version", "version;"},
    {"-p", "option '-p' needs a value: PID"},
    {"-p x", "-p: \"x\" is not a process id"},
    {"-p -5", "-p: \"-5\" is not a process id"},
    {"--args", "option '--args' needs a program"},
    {"--batch=yes", "option '--batch' takes no value"},
    {"--bathc", "unrecognized option '--bathc'"},
    {"--duration never", "--duration: \"never\" is not a duration"},
    {"--ring-size 5M", "--ring-size: a ring cannot be 5M"},
    {"--format xml", "--format: no format \"xml\""},
    {"--format", "option '--format' needs a value: FORMAT"},
    {"--attach-method perf", "--attach-method: no attach method \"perf\""},
    {"./a b", "one program too many: b"},
    {"-p 1 ./a", "more than one target"},
    {"-p 1 --args ./a", "more than one target"},
};

static void the_command_line_says_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(option_cases); i++) {
		struct options options;
		char **words;
		struct buffer text = {0};
		struct error *err = parse_line(option_cases[i].line, &words, &options);
		buffer_puts(&text, err ? err->message : "");
		if (err)
			assert_int_equal(err->tag, ERR_USAGE);
		else
			describe(&options, &text);
		assert_string_equal(text.data, option_cases[i].expected);
		buffer_deinit(&text);
		error_free(err);
		options_deinit(&options);
		words_free(words);
	}
}

static void a_misspelt_option_is_answered_with_the_right_one(void **state)
{
	(void)state;
	struct options options;
	char **words;
	struct error *err = parse_line("--dryrun", &words, &options);
	assert_non_null(err);
	assert_non_null(strstr(err->hint, "dry-run"));
	error_free(err);
	options_deinit(&options);
	words_free(words);
}

static void a_file_is_a_script_by_its_shebang(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool is_script;
	} cases[] = {
	    {"#!/usr/bin/env moontap\nbreak f\n", true},
	    {"#!/usr/bin/env -S moontap -q\n", true},
	    {"#! /usr/local/bin/moontap", true},
	    {"#!/bin/sh\nmoontap\n", false},
	    {"#!/usr/bin/env moontaper\n", false},
	    {"\x7f"
	     "ELF",
	     false},
	    {"#", false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/moontap-test-XXXXXX";
		int fd = mkstemp(path);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, cases[i].line, strlen(cases[i].line)),
				 strlen(cases[i].line));
		close(fd);
		struct options options;
		char **words;
		assert_null(parse_line(path, &words, &options));
		assert_int_equal(options.script_arguments != NULL, cases[i].is_script);
		assert_int_equal(options.program != NULL, !cases[i].is_script);
		options_deinit(&options);
		words_free(words);
		unlink(path);
	}
}

static void help_names_every_option_it_accepts(void **state)
{
	(void)state;
	static const char *const names[] = {
	    "-p PID",	 "-x FILE",	   "-ex COMMAND", "--ring-size SIZE",
	    "--dry-run", "--args PROGRAM", "--help"};
	struct buffer help = {0};
	options_help(&help);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strstr(help.data, names[i]))
			fail_msg("--help does not name %s", names[i]);
	buffer_deinit(&help);
}

static void errors_of_privilege_and_kernel_exit_with_2(void **state)
{
	(void)state;
	static const struct {
		enum error_tag tag;
		int status;
	} cases[] = {{ERR_USAGE, 1},	  {ERR_SYNTAX, 1}, {ERR_NO_SYMBOL, 1}, {ERR_REFUSED, 1},
		     {ERR_PERMISSION, 2}, {ERR_NO_BPF, 2}, {ERR_VERIFIER, 2},  {ERR_ATTACH, 2}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error *err = error_new(cases[i].tag, "x");
		assert_int_equal(console_error_status(err), cases[i].status);
		error_free(err);
	}
}

static void the_end_of_a_process_is_told_as_wait_gives_it(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *text;
	} cases[] = {{3 << 8, "[process 7 exited with status 3]\n"},
		     {0, "[process 7 exited with status 0]\n"},
		     {9, "[process 7 killed by signal 9 (Killed)]\n"},
		     {-1, "[process 7 exited]\n"}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct target target = {.pid = 7, .exit_status = cases[i].status};
		struct buffer text = {0};
		text_ended(&text, &target);
		assert_string_equal(text.data, cases[i].text);
		buffer_deinit(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_a_command_or_lua),
	    cmocka_unit_test(every_command_is_found_by_its_names),
	    cmocka_unit_test(commands_are_in_order_so_that_ambiguities_are_listed_so),
	    cmocka_unit_test(an_ambiguous_subject_of_info_says_so),
	    cmocka_unit_test(id_lists_are_numbers_ranges_and_locations),
	    cmocka_unit_test(durations_have_units),
	    cmocka_unit_test(sizes_have_units),
	    cmocka_unit_test(run_splits_its_arguments_as_a_shell_would),
	    cmocka_unit_test(the_command_line_says_what_to_do),
	    cmocka_unit_test(a_misspelt_option_is_answered_with_the_right_one),
	    cmocka_unit_test(a_file_is_a_script_by_its_shebang),
	    cmocka_unit_test(help_names_every_option_it_accepts),
	    cmocka_unit_test(errors_of_privilege_and_kernel_exit_with_2),
	    cmocka_unit_test(the_end_of_a_process_is_told_as_wait_gives_it),
	};
	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
