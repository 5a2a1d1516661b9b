/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runtime.h - a runtime on a session that attaches nothing, whose target is the
 * test itself; what scripts print is read back.
 */
#ifndef TEST_RUNTIME_H
#define TEST_RUNTIME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "moontap/runtime.h"

struct fixture {
	struct session *session;
	struct sink sink;
	struct runtime *runtime;
	struct buffer notices; /* what was told */
	struct buffer printed; /* see printed() */
	unsigned placed;
};

/* What the probes of these tests are in. */
__attribute__((noinline, used)) static int probed_function(int a, int b)
{
	__asm__ volatile("");
	return a + b;
}

static void note(void *context, const char *text)
{
	struct fixture *f = context;

	buffer_puts(&f->notices, text);
}

static void count_placed(void *context, const struct probe *probe)
{
	struct fixture *f = context;

	f->placed = probe_number(probe);
}

static struct error *echo_command(void *context, const char *line, struct buffer *output)
{
	struct fixture *f = context;

	if (strncmp(line, "delete ", 7) == 0)
		probe_delete(session_probe(f->session, (unsigned)atoi(line + 7)));
	else if (strncmp(line, "lua ", 4) == 0)
		return runtime_run(f->runtime, source_new("inner", line + 4, strlen(line + 4)),
				   false);
	else if (strcmp(line, "fail") == 0)
		return error_new(ERR_USAGE, "Undefined command: \"fail\".  Try \"help\".");
	buffer_printf(output, "<%s>", line);
	return NULL;
}

/* is_live: probes are attached. */
static void fixture_open_as(struct fixture *f, bool is_unsafe, bool is_live,
			    enum output_format format)
{
	static char *const arguments[] = {"one", "two", NULL};
	const struct session_options session_options = {.is_dry_run = !is_live};
	const struct runtime_options options = {
	    .format = format,
	    .is_unsafe = is_unsafe,
	    .arguments = arguments,
	    .notice = note,
	    .command = echo_command,
	    .placed = count_placed,
	    .context = f,
	};

	*f = (struct fixture){0};
	f->session = session_new(&session_options);
	assert_null(session_set_file(f->session, "/proc/self/exe"));
	sink_init(&f->sink, memfd_create("printed", MFD_CLOEXEC));
	f->runtime = runtime_new(f->session, &f->sink, &options);
	assert_int_equal(probed_function(1, 2), 3);
}

static inline void fixture_open(struct fixture *f, bool is_unsafe)
{
	fixture_open_as(f, is_unsafe, false, OUTPUT_TEXT);
}

static void fixture_close(struct fixture *f)
{
	runtime_free(f->runtime);
	session_free(f->session);
	sink_deinit(&f->sink);
	close(f->sink.fd);
	buffer_deinit(&f->notices);
	buffer_deinit(&f->printed);
}

static inline int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, false);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

/* What came out since the last call. */
static const char *printed(struct fixture *f)
{
	buffer_clear(&f->printed);
	assert_null(sink_flush(&f->sink));
	off_t size = lseek(f->sink.fd, 0, SEEK_CUR);
	char *text = buffer_reserve(&f->printed, (size_t)size);
	assert_int_equal(pread(f->sink.fd, text, (size_t)size, 0), size);
	text[size] = '\0';
	f->printed.size = (size_t)size;
	assert_int_equal(ftruncate(f->sink.fd, 0), 0);
	lseek(f->sink.fd, 0, SEEK_SET);
	return text;
}

static struct error *run(struct fixture *f, const char *text)
{
	return runtime_run(f->runtime, source_new("test.mt", text, strlen(text)), false);
}

/* The script must run. */
static void run_well(struct fixture *f, const char *text)
{
	struct error *err = run(f, text);

	if (err) {
		struct buffer shown = {0};

		error_format(err, &shown);
		fail_msg("%s\n%s", text, shown.data);
	}
}

/* The script must print just this. */
static inline void expect(struct fixture *f, const char *text, const char *output)
{
	run_well(f, text);
	assert_string_equal(printed(f), output);
}

/* The script must fail so. */
static inline void expect_error(struct fixture *f, const char *text, enum error_tag tag,
				const char *where, const char *message)
{
	struct error *err = run(f, text);

	if (!err)
		fail_msg("no error: %s", text);
	assert_string_equal(err->message, message);
	assert_string_equal(err->where ? err->where : "", where);
	assert_string_equal(error_tag_name(err->tag), error_tag_name(tag));
	error_free(err);
}

#endif
