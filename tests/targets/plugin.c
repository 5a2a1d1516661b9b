/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plugin - the library that tests/targets/loader.c loads when it is told to. */

int plugin_work(int number);
int plugin_work(int number)
{
	__asm__ volatile("" ::: "memory");
	return number + 1;
}
