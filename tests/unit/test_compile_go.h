/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile_go.h - a place of a Go program, built with the first compiler found.
 */
#ifndef TEST_COMPILE_GO_H
#define TEST_COMPILE_GO_H

#include "test_compile.h"

#include <unistd.h>

static char scratch[] = "/tmp/moontap-compile-XXXXXX";
static struct program *program;
static struct place place; /* of main.f */

static int build(void **state)
{
	static const char source[] = "package main\\n//go:noinline\\n"
				     "func f(a int, err error, m map[string]int, c chan int) int {"
				     " if err != nil { return len(m) + len(c) }; return a + 1 }\\n"
				     "func main() { println(f(3, nil, nil, nil)) }\\n";
	char command[1024], path[64];
	struct location location;
	place_list places = {0};

	(void)state;
	if (!mkdtemp(scratch))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && go=$(ls -d /usr/lib/go-1.*/bin/go | head -n 1) && printf '%s' > f.go && "
		 "HOME=${HOME:-/tmp} GOTOOLCHAIN=local CGO_ENABLED=0 $go build -o f f.go",
		 scratch, source);
	if (system(command) != 0)
		return getenv("CI") ? -1 : 0; /* no Go here: the tests skip */
	snprintf(path, sizeof(path), "%s/f", scratch);
	assert_null(program_open(path, &program));
	assert_null(location_parse("main.f", &location));
	assert_null(location_resolve(&location, program, &places));
	place = places.data[0];
	vector_deinit(&places);
	location_deinit(&location);
	return 0;
}

static int clean_up(void **state)
{
	char command[128];

	(void)state;
	if (program) {
		image_unref(place.image);
		program_free(program);
	}
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	return system(command);
}

#endif
