/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle_input.h - what the blocks of the oracle read: a struct with a field of every kind,
 * random, with many pointers that are null or lead nowhere.
 */
#ifndef ORACLE_INPUT_H
#define ORACLE_INPUT_H

#include <sys/mman.h>

#include "test_random.h"

#define INPUTS 8

enum color {
	COLOR_NONE = -1,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_BLUE = 7
};
enum level {
	LEVEL_LOW,
	LEVEL_HIGH = 5,
	LEVEL_TOP = UINT32_MAX
};

struct input {
	uint8_t index; /* its own */
	int8_t i8;
	uint8_t u8;
	char letter;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
	_Bool flag;
	enum color color;
	enum level level;
	unsigned b3 : 3;
	int s5 : 5;
	unsigned long b40 : 40;
	long s60 : 60;
	char name[8];
	int numbers[8];
	uint64_t wide[4];
	enum color colors[4];
	void *any;
	int *number;
	char *text;
	struct input *next, *other;
	struct input *links[3];
};

static struct input inputs[INPUTS];
static void *nowhere; /* a page that cannot be read */

static const char *const texts[] = {
    "", "a", "abc", "abcd", "abcdefg", "abcdefgh", "a text that is longer than what is captured",
};

/* What is random here is the place, what is there, or nothing. */
static void *random_pointer(void *one)
{
	switch (below(5)) {
	case 0:
		return NULL;
	case 1:
		return below(2) ? nowhere : (void *)(uintptr_t)random_bits();
	default:
		return one;
	}
}

static struct input *random_link(void)
{
	return random_pointer(&inputs[below(INPUTS)]);
}

static void random_numbers(struct input *in)
{
	in->i8 = (int8_t)random_number();
	in->u8 = (uint8_t)random_number();
	in->letter = (char)random_number();
	in->i16 = (int16_t)random_number();
	in->u16 = (uint16_t)random_number();
	in->i32 = (int32_t)random_number();
	in->u32 = (uint32_t)random_number();
	in->i64 = random_number();
	in->u64 = (uint64_t)random_number();
	in->b3 = below(8);
	in->s5 = (int)below(32) - 16;
	in->b40 = (uint64_t)random_number() & 0xffffffffff;
	in->s60 = random_number() >> 4;
	for (size_t i = 0; i < ARRAY_SIZE(in->numbers); i++)
		in->numbers[i] = (int)random_number();
	for (size_t i = 0; i < ARRAY_SIZE(in->wide); i++)
		in->wide[i] = (uint64_t)random_number();
}

static enum color random_color(void)
{
	static const int colors[] = {COLOR_NONE, COLOR_RED, COLOR_GREEN, COLOR_BLUE, 3, -5};

	return (enum color)colors[below(ARRAY_SIZE(colors))];
}

static void random_input(struct input *in)
{
	static const unsigned levels[] = {LEVEL_LOW, LEVEL_HIGH, LEVEL_TOP, 6, 0x80000000};
	/* The target's memory may have any byte there. */
	static const unsigned char flags[] = {0, 0, 1, 1, 2, 0xff};

	in->index = (uint8_t)(in - inputs);
	random_numbers(in);
	memcpy(&in->flag, &flags[below(ARRAY_SIZE(flags))], 1);
	in->color = random_color();
	in->level = (enum level)levels[below(ARRAY_SIZE(levels))];
	for (size_t i = 0; i < ARRAY_SIZE(in->colors); i++)
		in->colors[i] = random_color();
	strncpy(in->name, texts[below(ARRAY_SIZE(texts) - 1)], sizeof(in->name));
	in->text = random_pointer((char *)texts[below(ARRAY_SIZE(texts))]);
	in->any = random_pointer(in->name);
	in->number = random_pointer(&inputs[below(INPUTS)].numbers[below(3)]);
	in->next = random_link();
	in->other = random_link();
	for (size_t i = 0; i < ARRAY_SIZE(in->links); i++)
		in->links[i] = random_link();
}

static void random_inputs(void)
{
	if (!nowhere)
		nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < INPUTS; i++)
		random_input(&inputs[i]);
}

#endif
