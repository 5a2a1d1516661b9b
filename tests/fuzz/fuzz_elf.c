/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_elf.c - any bytes as an ELF file: opening, listing, lines, a search.
 * DWARF itself is libdw's business and off: without .debug_line in the seed it is never
 * opened.
 */
#include "fuzz_file.h"

static bool visit(void *context, const struct function *function)
{
	struct image *image = context;
	struct function found;
	uint64_t offset;

	if (!image_offset(image, function->address, &offset))
		abort(); /* functions are in code, always */
	image_function_at(image, function->address, &found);
	image_abi(image, function);
	return true;
}

static void search(const char *path)
{
	static const char *const texts[] = {"main",	  "*",	    "(*T).M",
					    "ns::f(int)", "/a.*b/", "*0x401000"};
	struct program *program;
	struct error *err = program_open(path, &program);

	if (err) {
		error_free(err);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct location location;
		place_list places = {0};
		if (location_parse(texts[i], &location))
			abort();
		/* Names of libraries come from the file too: stay with the executable. */
		if (location.kind != LOCATION_NAME)
			error_free(location_resolve(&location, program, &places));
		place_list_deinit(&places);
		location_deinit(&location);
	}
	program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_write(data, size);
	struct image *image;
	struct error *err = image_open(path, "fuzz", &image);
	if (err) {
		error_free(err);
		return 0;
	}
	image_each_function(image, visit, image);
	image_unref(image);
	search(path);
	return 0;
}
