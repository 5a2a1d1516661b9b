/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - the bytes of functions, and their instructions.
 * Functions that match a pattern are neighbours: many of them are read at a time.
 */
#include "internal.h"

#define WINDOW_SIZE ((uint64_t)64 << 10)

void window_deinit(struct window *window)
{
	free(window->bytes);
}

static bool window_has(const struct window *window, const struct place *place)
{
	const struct function *function = &place->function;
	uint64_t at = function->address - window->start;

	return window->image == place->image && at <= window->size &&
	       function->size <= window->size - at;
}

static bool window_read(struct window *window, const struct image *image, uint64_t start,
			uint64_t size)
{
	free(window->bytes);
	window->bytes = xmalloc(size);
	window->start = start;
	window->size = size;
	window->image = image_read(image, start, window->bytes, size) ? image : NULL;
	return window->image;
}

const uint8_t *window_bytes(struct window *window, const struct place *place)
{
	const struct function *function = &place->function;
	uint64_t start = function->address;

	/* Near the end of a segment there is less. */
	if (!window_has(window, place) &&
	    !(function->size < WINDOW_SIZE &&
	      window_read(window, place->image, start, WINDOW_SIZE)) &&
	    !window_read(window, place->image, start, function->size))
		return NULL;
	return window->bytes + (start - window->start);
}

/* --------------------------------------------------------------------- lone nops */

/* Such a probe's nop: the note says that an instruction begins there. */
#define LONE_NOP ((uint8_t)0x90)

bool place_is_lone(const struct place *place)
{
	return place->usdt && (!place->function.name || place->function.is_size_guessed);
}

static struct error *lone_decode(struct window *window, const struct place *place, struct code *ret)
{
	if (!window_read(window, place->image, place->address, 1) || *window->bytes != LONE_NOP)
		return error_hint(
		    error_new(ERR_REFUSED,
			      "%s: the note of the probe leads to 0x%llx in %s, which belongs to "
			      "no known function and is no nop",
			      place->usdt->whole, (unsigned long long)place->address,
			      image_name(place->image)),
		    "Only a nop is known to be an instruction of its own: the note may be wrong.");
	code_init(ret, window->bytes, 1, place->address);
	return NULL;
}

struct error *window_decode(struct window *window, const struct place *place, struct code *ret)
{
	const struct function *function = &place->function;

	if (place_is_lone(place))
		return lone_decode(window, place, ret);
	const uint8_t *bytes = window_bytes(window, place);
	if (!bytes)
		return error_new(ERR_BAD_ELF, "%s: the code of %s is not in the file",
				 image_name(place->image), function->name);
	code_init(ret, bytes, function->size, function->address);
	return NULL;
}
