# SPDX-License-Identifier: GPL-2.0-or-later
"""Attachment without uprobe_multi, as on kernels before 6.6: by tracefs.

Run where it is what moontap would use, or if MOONTAP_TRACEFS is set; choose_methods
in tests/unit/test_kernel.h says why not everywhere.
"""

import os
import unittest

from harness import TABLE_AT_EXIT, TestCase, breakpoints, needs_root, target_path

KERNEL = tuple(int(part) for part in os.uname().release.split(".")[:2])
IS_USED = KERNEL < (6, 6) or bool(os.environ.get("MOONTAP_TRACEFS"))


def load_tests(loader, tests, pattern):
    return tests if IS_USED else unittest.TestSuite()


@needs_root
class FallBack(TestCase):
    def test_tracefs_siblings_give_the_same_hits_and_leave_nothing_behind(self):
        with open("/proc/mounts", encoding="utf-8") as file:
            mounts = file.read()
        target = self.target("counted", "-n", 1000, "-w")
        tap = self.trace("n = 0 break counted do n = n + arg[1] end "
                         'atexit(function() print("sum", n) end)' + TABLE_AT_EXIT,
                         "--attach-method", "tracefs", "-p", str(target.pid))
        target.go()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        tap.expect("^sum\t499500$")
        row = breakpoints(tap.output())["1"]
        self.assertEqual((row["hits"], row["lost"]), (1000, 0))
        with open("/proc/mounts", encoding="utf-8") as file:
            self.assertEqual(file.read(), mounts)

    def test_sites_that_share_one_event_are_told_apart(self):
        done = self.moontap("--attach-method", "tracefs", "-e",
                            "rbreak /^(counted|main)$/ do print(func) end" + TABLE_AT_EXIT,
                            "--args", target_path("counted"), "-n", "3")
        self.assertEqual(done.status, 0, done)
        self.assertEqual([line for line in done.stdout.splitlines()
                          if line in ("counted", "main")], ["main"] + ["counted"] * 3)
        self.assertEqual(breakpoints(done.stdout)["1"]["hits"], 4)

    def test_aggregations_run_in_the_kernel_too(self):
        done = self.moontap("--attach-method", "tracefs",
                            "-e", "break counted do count(comm) end" + TABLE_AT_EXIT,
                            "--args", target_path("counted"), "-n", "70")
        self.assertRegex(done.stdout, r"(?m)^  counted +70$")
        self.assertEqual(breakpoints(done.stdout)["1"]["runs"], "kernel")
