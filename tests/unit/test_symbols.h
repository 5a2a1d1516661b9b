/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols.h - what the tests of this room share: a scratch directory, a shell
 * to build targets with, and locations resolved in one line.
 */
#ifndef TEST_SYMBOLS_H
#define TEST_SYMBOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "moontap/symbols.h"

static char scratch[] = "/tmp/moontap-symbols-XXXXXX";

static int make_scratch(void **state)
{
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int remove_scratch(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "chmod -R u+w %s && rm -rf %s", scratch, scratch);
	return system(command);
}

/* The path of a file in the scratch directory; valid for the next 8 calls. */
static const char *in_scratch(const char *name)
{
	static char paths[8][256];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static inline void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(in_scratch(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* Runs a shell command in the scratch directory; it must succeed. */
static inline void shell(const char *format, ...)
{
	struct buffer command = {0};
	va_list args;
	char *text;

	va_start(args, format);
	assert_true(vasprintf(&text, format, args) > 0);
	va_end(args);
	buffer_printf(&command, "cd %s && %s", scratch, text);
	if (system(command.data) != 0)
		fail_msg("%s", command.data);
	free(text);
	buffer_deinit(&command);
}

/* Takes an error apart: it must be of that tag and say that. */
static inline void assert_error(struct error *err, enum error_tag tag, const char *says)
{
	struct buffer text = {0};

	assert_non_null(err);
	error_format(err, &text);
	if (err->tag != tag || !strstr(text.data, says))
		fail_msg("[%s] %s (wanted [%s] ...%s...)", error_tag_name(err->tag), text.data,
			 error_tag_name(tag), says);
	buffer_deinit(&text);
	error_free(err);
}

static inline void assert_no_error(struct error *err)
{
	if (err)
		fail_msg("[%s] %s", error_tag_name(err->tag), err->message);
}

static inline struct error *resolve(struct program *program, const char *text, place_list *ret)
{
	struct location location;

	TRY(location_parse(text, &location));
	struct error *err = location_resolve(&location, program, ret);
	location_deinit(&location);
	return err;
}

/* Names of the functions found, with "+0x4" where the place is not the start, by ' | '; or
 * the tag of the error, in brackets. The caller frees it. */
static inline char *resolve_names(struct program *program, const char *text)
{
	place_list places = {0};
	struct buffer names = {0};
	struct error *err = resolve(program, text, &places);

	if (err)
		buffer_printf(&names, "[%s]", error_tag_name(err->tag));
	for (size_t i = 0; i < places.size; i++) {
		const struct place *place = &places.data[i];
		uint64_t offset = place->address - place->function.address;
		buffer_printf(&names, "%s%s", i ? " | " : "", place->function.name);
		if (offset)
			buffer_printf(&names, "+0x%lx", offset);
	}
	error_free(err);
	place_list_deinit(&places);
	return buffer_take(&names);
}

struct name_case {
	const char *text, *names;
};

static inline void check_names(struct program *program, const struct name_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *names = resolve_names(program, cases[i].text);
		if (strcmp(names, cases[i].names) != 0)
			fail_msg("%s: %s, wanted %s", cases[i].text, names, cases[i].names);
		free(names);
	}
}

#endif
