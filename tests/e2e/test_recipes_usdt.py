# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipe that lists static probes (USDT), and target.probes, which it prints."""

import re
import unittest
from collections import Counter

from harness import TestCase, target_path

PYTHON = "/usr/bin/python3"


class List(TestCase):
    """usdt.list, on a program of ours and on Debian's Python."""

    def list(self, typed, program):
        result = self.moontap("-q", "-batch", "--dry-run", program,
                              "-ex", "recipe run usdt.list " + typed)
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        return result.stdout

    def test_places_and_arguments(self):
        path = target_path("usdt")
        text = self.list("", path)
        self.assertEqual(
            dict(Counter(re.findall(r"^(usdt_test:\w+)  0x[0-9a-f]+ in %s$" % re.escape(path), text,
                                    re.M))),
            {"usdt_test:enabled": 1, "usdt_test:plain": 1, "usdt_test:twice": 2,
             "usdt_test:nothing": 1, "usdt_test:places": 1})
        for row in (r"arg\[1\]   uint8_t   1@%al", r"arg\[8\]   uint16_t  2@4\+usdt_memory\(%rip\)",
                    r"arg\[11\]  double    8f@usdt_double\(%rip\)",
                    r"arg\[12\]  <unavailable in %xmm0>  8f@%xmm0",
                    r"arg\[14\]  <unavailable: no symbol no_such_symbol in the file>  4@no_such_.*"):
            self.assertRegex(text, r"(?m)^    %s$" % row)
        # As GDB's list has them, place for place.
        listed = self.moontap("-q", "--dry-run", path, input="info probes\n").stdout
        self.assertEqual(
            sorted(re.findall(r"^stap +(\S+) +(\S+) +0x0*([0-9a-f]+) ", listed, re.M)),
            sorted(re.findall(r"^(\S+):(\S+)  0x([0-9a-f]+) in ", text, re.M)))

    def test_some_of_them(self):
        path = target_path("usdt")
        self.assertEqual(self.list("tw?ce brief=yes", path), "usdt_test:twice  2 places\n")
        self.assertEqual(self.list("usdt_*:p* brief=yes", path),
                         "usdt_test:places  1 place\nusdt_test:plain  1 place\n")
        self.assertRegex(self.list("object=python python:gc__*", PYTHON),
                         r"\Apython:gc__done  0x\w+ in /usr/bin/python3\S*\n    arg\[1\]   int64_t   \S+\n"
                         r"python:gc__start  0x\w+ in \S+\n    arg\[1\]   int32_t   \S+\n\Z")

    def test_its_examples_fit(self):
        text = self.moontap("-q", "-batch", "-ex", "recipe help usdt.list").stdout
        for example in re.findall(r"^  recipe run (.*)$", text, re.MULTILINE):
            result = self.moontap("-q", "-batch", "--dry-run", PYTHON, "-ex", "recipe check " + example)
            self.assertEqual((result.status, result.stdout),
                             (0, "recipe usdt.list fits: 0 probes, none of them attached now.\n"), result)

    def test_what_is_not_there(self):
        for program, typed, text in (
                ([PYTHON], "nothing", "no probe of the program or its libraries is called nothing"),
                ([PYTHON], "python:*[", "no probe of the program or its libraries is called python:*["),
                ([], "", "there is no program: use file PROGRAM")):
            result = self.moontap("-q", "-batch", "--dry-run", *program, "-ex",
                                  "recipe run usdt.list " + typed)
            self.assertEqual(result.status, 1, result)
            self.assertIn("moontap: recipe usdt.list: %s\n" % text, result.stderr)


if __name__ == "__main__":
    unittest.main()
