# SPDX-License-Identifier: GPL-2.0-or-later
"""What keeps a row from its goal, as far as it was found out, and what would have to change."""

import re

LIMITS = (
    (r"hit: break FUNCTION",
     "the goal was set where a single-stepped hit took 7.2 us. An emulated one (see nop5) is "
     "nearly all of this row, and the kernel's own"),
    (r"hit: entry/exit latency",
     "the return is seen at the function's own `ret`, which the kernel single-steps (see `ret`). "
     "A uretprobe is cheaper, and ends Go programs and C++ programs that throw. The kernel would "
     "have to emulate `ret`"),
    (r"(events|formatted lines) a second",
     "the target: it makes no more events, each costs it what \"4 integers delivered\" says, and "
     "nine tenths of that is the kernel's way to any program at all (see \"count()\"); the consumer "
     "has time left, and nothing is lost"),
    (r"consumer's processor time per event: printf",
     "half of it is Lua's: to call the block, and printf from there"),
    (r"attach [\d,]+ sites, beyond",
     "a program that does nothing but make the same link of an empty program takes 3.1 us a site, "
     "the rest of moontap 1 us"),
    (r"detach [\d,]+ sites",
     "to close the link of an empty program takes as long: 45 ms and 4.5 us a site"),
    (r"start to first hit: Go, a named argument",
     "Go's compressed debug information is inflated first"),
)


def limit_of(result):
    """Why a result misses its goal: "" if it does not, or if that is not known."""
    if result.is_reached() is not False:
        return ""
    return next((why for pattern, why in LIMITS if re.match(pattern, result.what)), "")
