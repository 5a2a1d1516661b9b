/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_random.h - what the oracles (test_compile_lua.c, test_runtime_oracle.c) make their
 * expressions and inputs of. The same seed gives the same ones.
 *
 * MOONTAP_EXPRESSIONS says how many, MOONTAP_SEED which; with MOONTAP_SECONDS it goes on for so
 * long, from another seed each time.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <time.h>

#include "moontap/base.h"

static uint64_t random_state;

/* xorshift64* (Vigna, 2016). */
static uint64_t random_bits(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static unsigned below(unsigned limit)
{
	return (unsigned)(random_bits() >> 33) % limit;
}

/* Numbers where arithmetic goes wrong, and any other. */
static int64_t random_number(void)
{
	static const int64_t edges[] = {0,	    1,	       -1,	  2,	     -2,
					3,	    7,	       10,	  31,	     32,
					33,	    62,	       63,	  64,	     65,
					100,	    127,       128,	  255,	     256,
					-63,	    -64,       -65,	  INT32_MAX, INT32_MIN,
					UINT32_MAX, 1ll << 32, INT64_MAX, INT64_MIN, INT64_MIN + 1};

	switch (below(4)) {
	case 0:
		return (int64_t)random_bits();
	case 1:
		return (int64_t)(random_bits() >> below(64)) * (below(2) ? 1 : -1);
	default:
		return edges[below(ARRAY_SIZE(edges))];
	}
}

static void put_integer(struct buffer *out, int64_t number)
{
	/* In hexadecimal, which wraps around: Lua has no decimal for the least integer. */
	buffer_printf(out, below(2) && number != INT64_MIN ? "%lld" : "0x%llx", (long long)number);
}

static long setting(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? atol(value) : otherwise;
}

static void random_seed(long seed)
{
	random_state = (uint64_t)seed * 0x9e3779b97f4a7c15ull | 1;
}

static time_t random_end; /* 0: after so many expressions */

/* The seed, which is told where it is not always the same. */
static long random_begin(long seed)
{
	long seconds = setting("MOONTAP_SECONDS", 0);

	random_end = seconds ? time(NULL) + seconds : 0;
	seed = setting("MOONTAP_SEED", seconds ? time(NULL) : seed);
	if (seconds)
		print_message("MOONTAP_SEED=%ld\n", seed);
	random_seed(seed);
	return seed;
}

static bool random_goes_on(long done, long count)
{
	return random_end ? time(NULL) < random_end : done < setting("MOONTAP_EXPRESSIONS", count);
}

#endif
