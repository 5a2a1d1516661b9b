/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_location.c - any text as a location: parsed, then resolved in this very
 * program (C and C++ names), so that names are matched and demangled too. Also globs.
 */
#include "moontap/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Resolving goes through thousands of names, a thousand times as slow as parsing: one
 * input in 16 is resolved, always the same. */
static bool is_chosen(const char *text)
{
	unsigned sum = 0;

	for (; *text; text++)
		sum = sum * 31 + (unsigned char)*text;
	return sum % 16 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program *program;
	CLEANUP(free_p) char *text = xstrndup((const char *)data, size);
	struct location location;
	place_list places = {0};

	if (!program && program_open("/proc/self/exe", &program))
		abort();
	glob_match(text, "main.(*Server).handle[go.shape.int]");
	struct error *err = location_parse(text, &location);
	if (err) {
		error_free(err);
		return 0;
	}
	/* A module may be any file of this machine. */
	if (!location.module && is_chosen(text))
		error_free(location_resolve(&location, program, &places));
	place_list_deinit(&places);
	location_deinit(&location);
	return 0;
}
