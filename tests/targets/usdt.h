/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usdt.h - what the two halves of usdt share: <sys/sdt.h> gives either all probes of a file a
 * semaphore, or none. */
#define HITS 5

extern const char *const usdt_texts[HITS];
void hit_plain(void);
