/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_go.h - the Go compilers of this machine, for the tests that build with each.
 */
#ifndef TEST_SYMBOLS_GO_H
#define TEST_SYMBOLS_GO_H

#include "test_symbols.h"

static char compilers[12][64];
static size_t compiler_count;

static inline void find_compilers(void)
{
	FILE *list = popen("ls -d /usr/lib/go-1.*/bin/go /usr/local/go/bin/go 2>/dev/null", "r");

	while (compiler_count < ARRAY_SIZE(compilers) &&
	       fgets(compilers[compiler_count], sizeof(compilers[0]), list)) {
		compilers[compiler_count][strcspn(compilers[compiler_count], "\n")] = '\0';
		compiler_count++;
	}
	pclose(list);
}

static inline void need_go(void)
{
	if (compiler_count)
		return;
	if (getenv("CI"))
		fail_msg("no Go compiler (golang-go) on this machine");
	skip();
}

/* Builds the package in a folder of the scratch directory, whose go.mod says what it needs. */
static inline void build_folder(size_t compiler, const char *folder, const char *name,
				const char *flags)
{
	shell("cd %s && HOME=${HOME:-/tmp} GOFLAGS=-mod=mod GOTOOLCHAIN=local GO111MODULE=on %s "
	      "build "
	      "%s -o %s/%s .",
	      folder, compilers[compiler], flags, scratch, name);
}

#endif
