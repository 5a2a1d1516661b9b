/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_disasm.h - code as tests of the disassembly write it. */
#ifndef TEST_DISASM_H
#define TEST_DISASM_H

#include <stdint.h>
#include <stdio.h>

/* Reads "0f b1 08" into bytes; returns how many. */
static inline size_t parse_hex(const char *hex, uint8_t *bytes)
{
	size_t count = 0;
	unsigned value;
	int used;

	while (sscanf(hex, " %2x%n", &value, &used) == 1) {
		bytes[count++] = value;
		hex += used;
	}
	return count;
}

#endif
