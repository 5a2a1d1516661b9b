/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * framepointer.c - does an image's code keep frame pointers?
 * Its own unwind table tells: where a function keeps one, the table counts from it.
 */
#include "stack.h"

#define SAMPLES 256

struct sample {
	unsigned kept, omitted;
};

static void sample_segment(struct image *image, const struct segment *segment,
			   struct sample *sample)
{
	for (uint64_t i = 0; i < SAMPLES; i++) {
		uint64_t offset = segment->file_size / SAMPLES * i;
		const struct unwind_row *row = cfi_row(image, segment->address + offset);
		if (!row)
			continue;
		if (row->cfa.kind == RULE_SUM && row->cfa.base == REGISTER_RBP)
			sample->kept++;
		else
			sample->omitted++;
	}
}

bool image_has_frame_pointers(struct image *image, uint64_t address)
{
	struct sample sample = {0};

	if (go_covers(image, address))
		return true;
	if (image->frame_pointers == FRAME_POINTERS_UNKNOWN) {
		for (size_t i = 0; i < image->segments.size; i++)
			if (image->segments.data[i].is_code)
				sample_segment(image, &image->segments.data[i], &sample);
		/* Without a table there is no other way. */
		image->frame_pointers =
		    sample.kept >= sample.omitted ? FRAME_POINTERS_KEPT : FRAME_POINTERS_OMITTED;
	}
	return image->frame_pointers == FRAME_POINTERS_KEPT;
}
