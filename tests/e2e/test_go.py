# SPDX-License-Identifier: GPL-2.0-or-later
"""Go programs, with every release of Go that the targets were built with."""

import re

from harness import (TABLE_AT_EXIT, Target, TestCase, breakpoints, go_versions, needs_root,
                     target_path)


def each_release(test):
    """Runs a test once for each release of Go: it gets the path of go-play."""
    def run(self):
        for version in go_versions():
            with self.subTest(version):
                test(self, target_path("go-play-" + version))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Facts(TestCase):
    @each_release
    def test_info_target_says_how_the_program_was_built(self, path):
        done = self.moontap("--dry-run", path, "-batch", "-ex", "info target")
        for pattern in (r"^Module: +moontap\.example/go-play \(devel\)$",
                        r"^Linking: +static; at fixed addresses; without C code$",
                        r"^Symbols: +symbol table; DWARF \d$", r"^ +CGO_ENABLED=0$"):
            self.assertRegex(done.stdout, re.compile(pattern, re.MULTILINE))

    def test_info_target_of_a_c_program_names_its_compiler(self):
        done = self.moontap("--dry-run", target_path("counted"), "-batch", "-ex", "info target")
        self.assertRegex(done.stdout, r"\nCompiler: +GNU C.* -O2")
        self.assertRegex(done.stdout, r"\nLinking: +dynamic, by /lib64/ld-linux-x86-64.so.2; "
                                      r"position independent\n")
        self.assertNotIn("C code", done.stdout)
        done = self.moontap("--dry-run", target_path("counted-stripped"), "-batch", "-ex",
                            "info target")
        self.assertIn("stripped", done.stdout)


@needs_root
class Inlined(TestCase):
    @each_release
    def test_a_function_that_was_inlined_everywhere_hits_once_a_call(self, path):
        passes = 30
        tap = self.trace("break fmt.Println do end" + TABLE_AT_EXIT, path)
        target = self.start(Target, [path, "-passes", passes, "-pause", "2ms"])
        target.wait()
        self.assertEqual(tap.stop(), 0, tap.error_text())
        hits = breakpoints(tap.output())["1"]["hits"]
        self.assertEqual(hits, len(target.lines))

    @each_release
    def test_copies_are_counted_where_the_probe_is_placed(self, path):
        done = self.moontap("--dry-run", path, "-batch", "-ex", "break fmt.Println")
        self.assertRegex(done.stdout, r"^Tracepoint 1 at 0x\w+: fmt\.Println\. "
                                      r"\(9 locations, 9 of them inlined copies\)\n")
        done = self.moontap("--dry-run", path, "-batch", "-ex", "break fmt.Println+3")
        self.assertIn("every call of it was inlined", done.stderr)
