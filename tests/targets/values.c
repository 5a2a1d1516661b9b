/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.c - a function for every kind of value that C has: `values [ROUNDS [MICROSECONDS]]`
 * calls each of them ROUNDS times (0: for ever), and sleeps between rounds.
 *
 * At the start it prints, for each function, its name and what is to be read in it, as
 * moontap should print it: EXPRESSION=VALUE, separated by tabs. The tests read that, so
 * nothing here needs to be known to them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A compiler that cannot look into a function passes all its arguments. */
#ifdef __clang__
#define APART __attribute__((noinline, used))
#else
#define APART __attribute__((noinline, noipa, used))
#endif
/* The value is needed here, so it has been passed. */
#define USE(x)	  __asm__ volatile("" : : "m"(x))
#define USE_IN(x) __asm__ volatile("" : : "r"(x))

enum color {
	RED,
	GREEN = 5,
	BLUE
};
enum level {
	LOWEST = -2,
	MIDDLE = 0,
	HIGHEST = 7
};

struct point {
	int x, y;
};

struct mixed {
	long whole;
	double part;
};

struct large {
	int64_t id;
	struct point at;
	char name[16];
	double weight;
};

struct outer {
	unsigned low : 3;
	int middle : 5;
	unsigned high : 12;
	union {
		uint32_t number;
		uint8_t bytes[4];
	};
	struct {
		short deep;
	};
	struct point corners[2];
};

union either {
	int32_t whole;
	char text[4];
};

struct node {
	int value;
	struct node *next;
};

typedef struct {
	uint32_t width, height;
} extent_t;

typedef int (*operation)(int);

/* ------------------------------------------------------------------ objects */

int counter = 41;
static uint16_t hidden = 515;
const char *greeting = "good morning";
static int matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
static int numbers[4] = {10, -20, 30, -40};
static char word[12] = "eleven char";
static struct node third = {3, NULL}, second = {2, &third}, first = {1, &second};
static struct large big = {-7000000000, {3, -4}, "a large thing", 2.25};
static struct outer outer = {5, -9, 4000, {0x04030201}, {-300}, {{1, 2}, {3, 4}}};
static struct point point = {11, -12};
static extent_t extent = {640, 480};
static union either either = {0x00434241};

static int twice(int x)
{
	return 2 * x;
}

/* ---------------------------------------------------------------- functions */

APART void integers(int8_t i8, uint8_t u8, int16_t i16, uint16_t u16, int32_t i32, uint32_t u32)
{
	USE_IN((int)i8);
	USE_IN((int)u8);
	USE_IN((int)i16);
	USE_IN((int)u16);
	USE_IN(i32);
	USE_IN(u32);
}

APART void longs(long i64, unsigned long u64, long long greatest, size_t size)
{
	USE_IN(i64);
	USE_IN(u64);
	USE_IN(greatest);
	USE_IN(size);
}

APART void simple(char c, bool yes, bool no, enum color color, enum level level)
{
	USE_IN((int)c);
	USE_IN((int)yes);
	USE_IN((int)no);
	USE_IN(color);
	USE_IN(level);
}

APART void floats(float f, double d)
{
	__asm__ volatile("" : : "x"(f), "x"(d));
}

APART void pointers(void *anything, int *number, int **indirect, operation call)
{
	USE_IN(anything);
	USE_IN(number);
	USE_IN(indirect);
	USE_IN(call);
}

APART void strings(const char *text, char (*array)[12], char *none)
{
	USE_IN(text);
	USE_IN(array);
	USE_IN(none);
}

APART void arrays(int *start, int (*all)[4], int (*rows)[3])
{
	USE_IN(start);
	USE_IN(all);
	USE_IN(rows);
}

APART void small_struct(struct point p, extent_t size)
{
	USE(p);
	USE(size);
}

APART void mixed_struct(struct mixed m)
{
	USE(m);
}

APART void large_struct(struct large l, int after)
{
	USE(l);
	USE_IN(after);
}

APART void struct_pointers(struct point *p, struct large *l, const struct outer *o, extent_t *size)
{
	USE_IN(p);
	USE_IN(l);
	USE_IN(o);
	USE_IN(size);
}

APART void unions(union either e, union either *p)
{
	USE(e);
	USE_IN(p);
}

APART void list(struct node *p)
{
	USE_IN(p);
}

APART void many(int a, int b, int c, int d, int e, int f, long seventh, short eighth)
{
	USE_IN(a + b + c + d + e + f);
	USE_IN(seventh);
	USE_IN((int)eighth);
}

/* At -O2 nothing is left of the local. */
APART int gone(int x)
{
	int unused __attribute__((unused)) = __builtin_popcount(x);
	__asm__ volatile("nop");
	return x;
}

APART struct point result(int x)
{
	static int calls;

	calls++;
	USE(calls);
	return (struct point){x, -x};
}

/* --------------------------------------------------------------------- main */

static void describe(void)
{
	printf("integers\ti8=-8\tu8=200\ti16=-1600\tu16=60000\ti32=-320000\tu32=4000000000\n");
	printf("longs\ti64=-9000000000\tu64=18446744073709551615\tgreatest=%lld\tsize=77\n",
	       INT64_MAX + 0LL);
	printf("simple\tc=97\tyes=true\tno=false\tcolor=BLUE\tlevel=LOWEST\n");
	printf("floats\tf=1.5\td=-2.25\n");
	printf("pointers\tanything=%p\tnumber[0]=10\t(*indirect)[0]=10\tcall=%p\n",
	       (void *)&counter, (void *)twice);
	printf("strings\ttext=%s\t(*array)[0]=101\tnone=nil\n", greeting);
	printf("arrays\tstart[1]=-20\tall[0][1]=-20\t(*all)[3]=-40\trows[1][2]=6\n");
	printf("small_struct\tp={x = 11, y = -12}\tp.y=-12\tsize={width = 640, height = 480}\n");
	printf("mixed_struct\tm.whole=-5\tm.part=0.5\n");
	printf("large_struct\tl={id = -7000000000, at = {x = 3, y = -4}, name = \"a large thing\", "
	       "weight = 2.25}\tl.at.y=-4\tafter=99\n");
	printf("struct_pointers\tp.x=11\tl.name=a large thing\to.low=5\to.middle=-9\to.high=4000\t"
	       "o.number=67305985\to.bytes[2]=3\to.deep=-300\to.corners[1].y=4\tsize.height=480\n");
	printf("unions\te.whole=4407873\te.text=ABC\tp.text[1]=66\n");
	printf("list\tp.value=1\tp.next.value=2\tp.next.next.value=3\tp.next.next.next=nil\n");
	printf("many\ta=1\tb=2\tc=3\td=4\te=5\tf=6\tseventh=-7000000000\teighth=-8\n");
	printf("gone\tx=6\n");
	printf("result\tx=7\tcounter=41\thidden=515\tgreeting=%s\tGREEN=GREEN\n", greeting);
	fflush(stdout);
}

static void call_all(void)
{
	static int *number = numbers;

	integers(-8, 200, -1600, 60000, -320000, 4000000000u);
	longs(-9000000000, UINT64_MAX, INT64_MAX, 77);
	simple('a', true, false, BLUE, LOWEST);
	floats(1.5f, -2.25);
	pointers(&counter, numbers, &number, twice);
	strings(greeting, &word, NULL);
	arrays(numbers, &numbers, matrix);
	small_struct(point, extent);
	mixed_struct((struct mixed){-5, 0.5});
	large_struct(big, 99);
	struct_pointers(&point, &big, &outer, &extent);
	unions(either, &either);
	list(&first);
	many(1, 2, 3, 4, 5, 6, -7000000000, -8);
	gone(6);
	result(7);
	USE(hidden);
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 0;
	long pause = argc > 2 ? atol(argv[2]) : 0;

	describe();
	for (long i = 0; rounds == 0 || i < rounds; i++) {
		call_all();
		if (pause)
			usleep(pause);
	}
	return 0;
}
