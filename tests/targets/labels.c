/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labels - a function with a label, of few lines, and one with variables of built-in names. */
#include <stdio.h>

static int work(int n)
{
	int total = 0;
again:
	total += n;
	if (total < 20)
		goto again;
	return total;
}

int main(void)
{
	printf("%d\n", work(3));
	return 0;
}

/* What a block's own names may be called, too. */
int delayed(int time, int tid);
int delayed(int time, int tid)
{
	int line = time + tid;
	return line;
}
