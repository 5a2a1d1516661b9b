# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracepoints that are changed, limited, saved: what they do and count from then on."""

import re

from harness import (TABLE_AT_EXIT, TestCase, breakpoints, needs_root, target_path)


def sub_line(text):
    """(filtered, throttled, delivered) of the first tracepoint that says so."""
    return tuple(map(int, re.search(r"(\d+) filtered, (\d+) throttled, (\d+) delivered",
                                    text).groups()))


@needs_root
class Limits(TestCase):
    """Which of 50 calls are seen, and that all are counted."""

    def run_calls(self, setup, calls=50):
        target = self.target("counted", "-n", calls, "-w")
        tap = self.tap("-p", str(target.pid), "-e",
                       setup + TABLE_AT_EXIT + '\nprint("ready")')
        tap.expect("^ready$")
        target.go()
        target.wait()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        numbers = [int(line) for line in tap.lines if re.fullmatch(r"-?\d+", line)]
        return numbers, tap.output(), tap

    def assert_exact(self, text, row):
        filtered, throttled, delivered = sub_line(text)
        self.assertEqual(row["hits"], filtered + throttled + delivered + row["lost"])
        return filtered, throttled, delivered

    def test_ignored_hits_are_filtered(self):
        numbers, text, _ = self.run_calls(
            'break counted do print(arg[1]) end command "ignore 1 10"')
        self.assertEqual(numbers, list(range(10, 50)))
        self.assertEqual(self.assert_exact(text, breakpoints(text)["1"]), (10, 0, 40))

    def test_ignore_counts_what_the_condition_lets_through(self):
        numbers, text, _ = self.run_calls(
            'break counted if arg[1] >= 20 do print(arg[1]) end command "ignore 1 10"')
        self.assertEqual(numbers, list(range(30, 50)))
        self.assertEqual(self.assert_exact(text, breakpoints(text)["1"]), (30, 0, 20))

    def test_a_temporary_tracepoint_ignores_hits_first(self):
        numbers, _, _ = self.run_calls(
            'tbreak counted do print(arg[1]) end command "ignore 1 7"')
        self.assertEqual(numbers, [7])

    def test_enable_count_ends_after_so_many(self):
        numbers, text, _ = self.run_calls(
            'break counted do print(arg[1]) end command "enable count 5 1"')
        self.assertEqual(numbers, list(range(5)))
        row = breakpoints(text)["1"]
        self.assertEqual((row["disp"], row["enabled"]), ("dis", "n"))
        self.assertEqual(self.assert_exact(text, row)[2], 5)

    def test_enable_once_with_a_condition_in_lua(self):
        numbers, text, _ = self.run_calls(
            'break counted if math.floor(arg[1] / 10) == 3 do print(arg[1]) end '
            'command "enable once 1"')
        self.assertEqual(numbers, [30])
        self.assertEqual(self.assert_exact(text, breakpoints(text)["1"])[2], 1)

    def test_enable_delete_is_gone_after_one(self):
        numbers, text, _ = self.run_calls(
            'break counted do print(arg[1]) end command "enable delete 1"')
        self.assertEqual(numbers, [0])
        self.assertEqual(breakpoints(text), {})

    def test_a_block_with_an_error_is_counted_down_too(self):
        _, text, tap = self.run_calls(
            'break counted do error("no") end command "enable count 3 1"')
        self.assertEqual(breakpoints(text)["1"]["enabled"], "n")
        self.assertIn("no", tap.error_text())


@needs_root
class Changes(TestCase):
    def test_a_condition_changes_while_the_target_runs(self):
        target = self.target("counted", "-n", 0, "-r", 2000)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("break counted do print(arg[1] % 2) end\n")
        tap.expect_lines(100, "^[01]$")
        tap.type("condition 1 arg[1] % 2 == 1\nprint('odd')\n")
        tap.expect("^odd$")
        seen = tap.lines.index("odd")
        tap.expect("^1$", after=seen)
        tap.type("commands 1\nprint('new block', arg[1] % 2)\nend\nprint('changed')\n")
        tap.expect_lines(20, "^new block\t1$")
        tap.type("disable\nprint('off')\n")
        tap.expect("^off$")
        tap.type("info breakpoints\nprint('end')\n")
        tap.expect("^end$")
        text = tap.output()
        row = breakpoints(text)["1"]
        filtered, throttled, delivered = sub_line(text)
        self.assertEqual(row["hits"], filtered + throttled + delivered + row["lost"])
        self.assertNotIn("0", tap.lines[seen + 1:])
        self.assertEqual(delivered, sum(bool(re.match(r"[01]$|new block", line))
                                        for line in tap.lines))
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assert_original(target)

    def test_a_block_cannot_change_its_tracepoint(self):
        target = self.target("counted", "-n", 1, "-w")
        tap = self.trace('break counted do command "condition 1 true" end', "-p", str(target.pid))
        target.go()
        target.wait()
        tap.wait()
        self.assertIn("a block cannot change tracepoint 1", tap.error_text())

    def test_one_place_of_several_is_disabled(self):
        done = self.moontap(
            "-e", "rbreak /^fn_004[0-2]$/ do print(func) end command 'disable 1.2'"
            + TABLE_AT_EXIT, "--args", target_path("many"), input="\n")
        self.assertEqual(done.status, 0, done)
        rows = breakpoints(done.stdout)
        self.assertEqual([rows[n]["hits"] for n in ("1.1", "1.2", "1.3")],
                         [1, 0, 1], done)
        self.assertEqual([rows[n]["enabled"] for n in ("1.1", "1.2", "1.3")], ["y", "n", "y"])


@needs_root
class Save(TestCase):
    SETUP = ('break counted if arg[1] % 3 == 0 do\n  -- a comment\n  print("three", arg[1])\nend\n'
             'tbreak seldom\n'
             'rbreak /^(counted|seldom)$/ do print(func) end\n'
             'dprintf counted, "%d %s\\n", arg[1], comm\n'
             'break counted do print("limited") end\n'
             'ignore 5 3\nenable count 2 5\ndisable 3.2\ndisable 4\n')

    def session(self, commands):
        """The table before, and what 20 calls print and leave in the table."""
        target = self.target("counted", "-n", 20, "-w", "-k")
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type(commands + "info breakpoints\nprint('set')\n")
        tap.expect("^set$")
        before = [line for line in tap.lines if not line.startswith(("Tracepoint", "Temporary"))]
        target.go()
        target.expect("^calls 20$")
        tap.expect("three\t18")
        tap.type("disable\nprint('off')\n")
        tap.expect("^off$")
        tap.type("info breakpoints\nprint('end')\n")
        tap.expect("^end$")
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        return before, sorted(tap.lines[tap.lines.index("set"):])

    def test_a_session_saved_and_sourced_is_the_same(self):
        path = self.path("saved.mt")
        first = self.session(self.SETUP + "save breakpoints %s\n" % path)
        self.assertIn("Saved to file '%s'." % path, first[0])
        first[0].remove("Saved to file '%s'." % path)
        first[0][:] = [line for line in first[0] if not line.startswith("Will ignore")]
        second = self.session("source %s\n" % path)
        second[0][:] = [line for line in second[0] if not line.startswith("Will ignore")]
        self.assertEqual(first, second)

    def test_what_cannot_be_saved_is_said(self):
        path = self.path("saved.mt")
        done = self.moontap("-q", "--dry-run", target_path("counted"), input=(
            "save breakpoints\nsave\nsave x\nsave breakpoints %s\n"
            "probe('counted', function(e) print(e.arg[1]) end)\nbreak seldom do end\n"
            "save breakpoints /nowhere/x\nsave breakpoints %s\n" % (path, path)))
        for text in ("Argument required (file name in which to save)",
                     '"save" must be followed by the name of a save command.',
                     'Undefined save command: "x".  Try "help save".',
                     "Unable to open file '/nowhere/x' for saving (No such file or directory)",
                     "not saved: tracepoint 1 was made by probe() in a script"):
            self.assertIn(text, done.stderr)
        self.assertIn("Nothing to save.", done.stdout)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "-- not saved: tracepoint 1 was made by probe() in a "
                             "script\nbreak seldom do end\n")

    def test_a_sourced_file_stops_at_its_first_error(self):
        script = self.write("x.mt", "break counted do end\nbreak seldom do end\nbreak nowhere\n"
                            "break counted do end\n")
        done = self.moontap("-q", "--dry-run", target_path("counted"), input=(
            "break seldom do end\nsource %s\ninfo breakpoints\nsource\nsource %s\n" % (
                script, self.path("none"))))
        self.assertIn("x.mt:3:7: Function \"nowhere\" not defined.", done.stderr)
        self.assertIn("Tracepoints set before the error stay: 2, 3.", done.stderr)
        self.assertIn("source command requires file name of file to source.", done.stderr)
        self.assertRegex(done.stderr, "(?i)none: no such file")
        self.assertEqual(list(breakpoints(done.stdout)), ["1", "2", "3"])
