/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labels - a function with a label, of few lines: lines, files and labels as locations. */
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
