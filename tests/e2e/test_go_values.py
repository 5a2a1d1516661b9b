# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of Go programs, by every release of Go that the targets were built with: arguments,
results and what they lead to, as the source of the target has them."""

import re
import subprocess
import unittest

from harness import TestCase, go_versions, needs_root, target_path


def each_release(test):
    """Runs a test once for each release of Go: it gets the path of go-values."""
    def run(self):
        for version in go_versions():
            with self.subTest(version):
                test(self, target_path("go-values-" + version))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Values(TestCase):
    def read(self, path, script):
        """What a script prints while the target makes all of its calls."""
        done = self.moontap("-batch", "-e", script, "--args", path, input="go\n")
        self.assertEqual(done.status, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.splitlines()
                if not re.match("pid |done$", line)]

    def refuse(self, path, script):
        done = self.moontap("--dry-run", path, "-batch", "-ex", script)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def check(self, path, cases):
        """cases: (location and what follows it, the lines that it prints)."""
        for script, lines in cases:
            with self.subTest(script):
                self.assertEqual(self.read(path, script), lines)


@needs_root
class Arguments(Values):
    @each_release
    def test_arguments_are_what_the_source_says(self, path):
        self.check(path, (
            ("break main.manyArgs do print(a, s, b, n) end", ["3\tstr\tbytes\t3"]),
            ("break main.manyArgs do print(b == 'bytes', #b, b[1], len(s), s[0]) end",
             ["true\t5\t121\t3\t115"]),
            ("break main.eleven do print(a, b, c, d, e, f, g, h, i, j, k) end",
             ["1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11"]),
            ("break main.arrays do print(a, a[0], b, b[1], n) end",
             ["{7}\t7\t{1, -2, 3}\t-2\t5"]),
            ("tbreak main.Point.Area do print(p, p.Y, scale) end",
             ["main.Point {X = 3, Y = 4}\t4\t5"]),
            ("break main.(*Point).Move do print(p.X, dx) end", ["3\t2"]),
            ("break main.add do print(arg[1], arg[2] & 0xffffffff, bytes(arg[3], 4), arg[4]) end",
             ["40\t2\tfour\t4"])))

    @each_release
    def test_a_float_in_a_register_says_which_one(self, path):
        self.assertIn("`f` cannot be read here: <unavailable in X0>",
                      self.refuse(path, "break main.manyArgs do print(f) end"))
        line = self.read(path, "break main.manyArgs")[0]
        self.assertRegex(line, r"main\.manyArgs\(a=3, s=str, b=bytes, f=<unavailable in X0>, "
                               r".*n=3\)$")

    @each_release
    def test_a_closure_sees_the_variables_of_the_function_around_it(self, path):
        listing = self.moontap("--dry-run", path, "-batch", "-ex",
                               "disassemble main.all.func1").stdout
        second = re.findall(r"<\+(\w+)>:", listing)[1]
        self.check(path, (
            ("break main.all.func1+%s do print(base, n) end" % second, ["10\t3"]),))

    def test_from_go_1_23_on_also_where_it_begins(self):
        for version in set(go_versions()) & {"1.23"}:
            self.check(target_path("go-values-" + version), (
                ("break main.all.func1 do print(base, n) end", ["10\t3"]),))


@needs_root
class Results(Values):
    @each_release
    def test_results_are_where_the_abi_has_them(self, path):
        self.check(path, (
            ("finish main.manyArgs do print(result, result[1], result[2]) end", ["3\t3\tstr"]),
            ("finish main.eleven do print(result.sum, result[2], result.last) end",
             ["66\t11\t11"]),
            # An array is on the stack, and a result is behind the arguments that are.
            ("finish main.arrays do print(result, result.all, result.all[1]) end",
             ["8\t{1, -2, 3}\t-2"]),
            ("finish main.(*Point).Move do print(result, result.moved) end", ["true\ttrue"])))

    @each_release
    def test_at_a_return_instruction_too(self, path):
        listing = self.moontap("--dry-run", path, "-batch", "-ex",
                               "disassemble main.eleven").stdout
        offset = re.search(r"<\+(\w+)>:\tret", listing).group(1)
        self.check(path, (
            ("break main.eleven+%s do print(result.sum) end" % offset, ["66"]),))

    @each_release
    def test_what_is_no_result_is_said(self, path):
        for script, message in (
                ("finish main.manyArgs do print(result[4]) end",
                 "main.manyArgs has no result `result[4]`"),
                ("finish main.manyArgs do print(result[0]) end",
                 "It returns 3 values: result[1] to result[3]."),
                ("finish main.failure do print(result[2]) end", "It returns one value: result."),
                ("finish main.main do print(result) end", "main.main returns nothing"),
                ("break main.eleven do print(result) end",
                 "`result` can only be used when a function returns"),
                ("finish main.add do print(result) end",
                 "`result` cannot be read: main.add.abi0 returns on the stack")):
            self.assertIn(message, self.refuse(path, script))


if __name__ == "__main__":
    unittest.main()
