# SPDX-License-Identifier: GPL-2.0-or-later
"""What an event costs on its way from the ring to the callback, in instructions.

Times differ from run to run; instructions hardly do. The figures are those of gcc 12 and
Lua 5.4.4; what is more than a tenth above is either a mistake or a decision.
"""

import os
import re
import shutil
import subprocess
import unittest

from harness import BUILD, IS_SANITIZED, TIMEOUT, TestCase

EVENTS = os.path.join(BUILD, "bench", "events")
COUNT = 10000
MARGIN = 1.10

# what an event does: the script, instructions
CASES = {
    "a count in a local": ("local n = 0 break probed do n = n + 1 end", 610),
    "four integers in a sum": (
        "local n = 0 break probed do n = n + arg[1] + arg[2] + arg[3] + arg[4] end", 882),
    "a line by printf": ('break probed do printf("%d %d\\n", arg[1], arg[2]) end', 1702),
    "a line by print": ("break probed do print(arg[1], arg[2]) end", 1511),
    "the line of a hit without a block": ("break probed", 10763),
}


@unittest.skipIf(IS_SANITIZED, "counts what a sanitizer adds")
@unittest.skipUnless(shutil.which("valgrind"), "needs valgrind: tests/setup test")
class Instructions(TestCase):
    def instructions(self, script):
        """Of one event, without what comes before and after all of them."""
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             "--toggle-collect=runtime_deliver", EVENTS, str(COUNT), script],
            capture_output=True, text=True, cwd=self.dir, env=self.environment(),
            timeout=5 * TIMEOUT)
        self.assertEqual(done.stdout, "%d events\n" % COUNT, done.stderr)
        # Its child, which makes the events, is told of as well: it collects nothing.
        return max(map(int, re.findall(r"Collected : (\d+)", done.stderr))) / COUNT

    def test_an_event_takes_no_more_instructions_than_it_did(self):
        for name, (script, figure) in CASES.items():
            with self.subTest(name):
                instructions = self.instructions(script)
                self.assertGreater(instructions, figure / 2)
                self.assertLessEqual(instructions, figure * MARGIN)
