/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libusdtlate.so - a library with a static probe, loaded by usdt when it is told to. */
#include <sys/sdt.h>

void late(void);
void late(void)
{
	for (int i = 1; i <= 3; i++)
		DTRACE_PROBE1(usdt_late, called, i * 11);
}
