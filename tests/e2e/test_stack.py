# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks: printed, as keys, of code with and without frame pointers, of processes that have ended."""

import os
import re
import subprocess
import unittest

from harness import (ROOT, TABLE_AT_EXIT, Process, TestCase, breakpoints, go_versions, line_of,
                     needs_root, target_path)
from test_debian import EVALUATOR, PYTHON
from test_gdb import has_gdb

SOURCE = "tests/targets/stacks.c"
BUILDS = ("stacks", "stacks-fp")


def frames(text):
    """The functions of a stack's lines, and whether each is inlined."""
    return re.findall(r"^ {4,}(\S+?)(?:\+0x[0-9a-f]+)?(?: \(.*?\))??( \(inlined\))?$", text,
                      re.MULTILINE)


def names(text):
    return [name for name, _ in frames(text)]


def frame(function, text, is_inlined=False):
    """The pattern of a frame whose line is the one of the source that has text."""
    return r"    %s \(stacks.c:%d\)%s" % (
        function if is_inlined else function + r"\+0x[0-9a-f]+", line_of(SOURCE, text),
        r" \(inlined\)" if is_inlined else "")


OUTER = [frame("leaf", "NOINLINE void leaf") + "|" + r"    leaf\+0x[0-9a-f]+ \(stacks.c:\d+\)",
         frame("inner_inlined", "leaf(x + 1);", True),
         frame("outer_inlined", "inner_inlined(x * 3);", True),
         frame("outer", "outer_inlined(x);")]


@needs_root
class Printed(TestCase):
    def lines_of(self, script, *arguments):
        result = self.moontap("-e", script, "--args", *arguments)
        self.assertEqual(result.status, 0, result)
        return result.stdout.splitlines()

    def assert_frames(self, lines, patterns):
        self.assertEqual(len(lines), len(patterns), lines)
        for line, pattern in zip(lines, patterns):
            self.assertRegex(line, "^(?:%s)$" % pattern)

    def test_a_leaf_at_its_entry(self):
        for build in BUILDS:
            with self.subTest(build):
                lines = self.lines_of("break leaf do print(comm, stack(2)) end",
                                      target_path(build), "run", 1)
                self.assert_frames(lines, [build, *OUTER, build, OUTER[0],
                                           frame("recursive", "leaf(n);")])

    def test_the_whole_stack_and_not_more(self):
        for build in BUILDS:
            with self.subTest(build):
                lines = self.lines_of("tbreak leaf do print(stack()) end", target_path(build),
                                      "do", "busy")
                text = "\n".join(lines)
                self.assertEqual(names(text)[:7], ["leaf", "recursive", "recursive", "aligned",
                                                   "busy", "do_scenario", "main"])
                self.assertNotIn("<", text)

    def test_where_the_frame_is_linked_already(self):
        """At each instruction of a function the stack is the same but for its first line."""
        for build in BUILDS:
            for place in ("recursive", SOURCE.split("/")[-1] + ":%d" % line_of(SOURCE, "leaf(n);")):
                with self.subTest(build=build, place=place):
                    lines = self.lines_of("break %s if reg.rdi == 0 or true do "
                                          "print('at') print(stack(5)) end" % place,
                                          target_path(build), "deep", 2)
                    stacks = "\n".join(lines).split("at\n")[1:]
                    self.assertEqual(names(stacks[-1])[:4],
                                     ["recursive", "recursive", "recursive", "main"])

    def places_in(self, build, function):
        """The offsets in a function at which a probe can be."""
        listing = self.moontap(target_path(build), input="disassemble %s\n" % function).stdout
        offsets = re.findall(r"^ [+>]* *0x\w+ <\+(0x\w+)>", listing, re.MULTILINE)
        self.assertGreater(len(offsets), 10, listing)
        return [int(offset, 16) for offset in offsets]

    def assert_stacks(self, stacks):
        """No caller is missed, and none comes twice."""
        self.assertGreater(len(stacks), 8)
        for text in stacks:
            with self.subTest(text=text):
                self.assertEqual(names(text)[:2], ["recursive", "main"])

    def test_every_instruction_of_a_function(self):
        for build in BUILDS:
            script = "".join("break *recursive+%d do print(%d) print(stack(3)) end\n" %
                             (offset, offset) for offset in self.places_in(build, "recursive"))
            lines = self.lines_of(script, target_path(build), "deep", 0)
            self.assert_stacks(re.split(r"^\d+\n", "\n".join(lines) + "\n",
                                        flags=re.MULTILINE)[1:])

    def test_every_instruction_along_frame_pointers(self):
        script = "".join("break *recursive+%d do count(stack(3)) end\n" % offset
                         for offset in self.places_in("stacks-fp", "recursive"))
        lines = self.lines_of(script, target_path("stacks-fp"), "deep", 0)
        self.assert_stacks(re.split(r"^ +1\n", "\n".join(lines) + "\n", flags=re.MULTILINE)[1:])

    def test_where_the_walk_is_not_sure(self):
        """The C library may have passed over callers of what it calls."""
        lines = self.lines_of("break compare do count(stack(9)) end" + TABLE_AT_EXIT,
                              target_path("stacks-fp"), "do", "sort")
        text = "\n".join(lines)
        self.assertEqual(breakpoints(text)["1"]["runs"], "kernel")
        self.assertRegex(text, r"(?m)^ +compare\+0x\w+ \(.*\)\n"
                               r" +\S+ .*\n" # a function of the C library, named or not
                               r" +<no frame pointers from here on>$")

    def test_deeper_than_what_was_copied(self):
        lines = self.lines_of("break leaf do print(stack(9)) end", target_path("stacks"), "large",
                              100000)
        self.assertEqual(names("\n".join(lines)), ["leaf", "recursive", "recursive", "aligned",
                                                   "<truncated>"])
        for build in BUILDS:
            with self.subTest(build):
                self.assertEqual(
                    self.lines_of("break leaf do print(#stack(127)) end", target_path(build),
                                  "deep", 300), ["127"])

    def test_as_json(self):
        lines = self.lines_of("tbreak leaf do emit{at = stack(1)} end", target_path("stacks"),
                              "run", 1)
        self.assertRegex(lines[0], r'^{"at":\["leaf\+0x[0-9a-f]+ \(stacks.c:\d+\)"\]}$')


@needs_root
class Counted(TestCase):
    EXPECTED = ["leaf", "inner_inlined", "outer_inlined", "outer"]

    def test_in_the_kernel_where_there_are_frame_pointers(self):
        for build, runs in (("stacks-fp", "kernel"), ("stacks", "lua")):
            with self.subTest(build):
                result = self.moontap("-e", "break leaf do count(stack(2), comm) end" +
                                      TABLE_AT_EXIT, "--args", target_path(build), "run", 500)
                row = breakpoints(result.stdout)["1"]
                self.assertEqual((row["hits"], row["lost"], row["runs"]), (1000, 0, runs))
                blocks = re.split(r"^ +%s +(\d+)\n" % build, result.stdout,
                                  flags=re.MULTILINE)[1:]
                self.assertEqual(blocks[0::2], ["500", "500"], result)
                self.assertEqual(sorted(names(block) for block in blocks[1::2]),
                                 [self.EXPECTED, ["leaf", "recursive"]])

    def test_explain_says_which_way(self):
        for build, reason in (
                ("stacks-fp", "in the kernel"),
                ("stacks", r"because the code keeps no frame pointers: `stack\(2\)` is unwound")):
            explained = self.moontap("--dry-run", "-e", "break leaf do count(stack(2)) end "
                                     'print(command("explain 1"))', target_path(build)).stdout
            self.assertRegex(explained, reason)


@needs_root
class Ended(TestCase):
    """Whoever ends right after its hits has told what it had mapped."""

    def test_processes_of_a_file(self):
        for build in BUILDS:
            with self.subTest(build):
                tap = self.trace("break leaf do print(pid, stack(32)) end "
                                 "break leaf do count(stack(2)) end", target_path(build))
                pids = []
                for _ in range(5):
                    process = subprocess.Popen([target_path(build), "run", "1"])
                    process.wait()
                    pids.append(process.pid)
                tap.expect_lines(10, r"^\d+$")
                self.assertEqual(tap.stop(), 0, tap.error_text())
                text = tap.output()
                for pid in pids:
                    self.assertEqual(len(re.findall("^%d$" % pid, text, re.MULTILINE)), 2)
                self.assertNotRegex(text, r"^ +0x", text)
                # The C library has names as well, below main.
                self.assertEqual(text.count("__libc_start_call_main"), 10)
                self.assertEqual(len(re.findall(r"^    5$", text, re.MULTILINE)), 2, text)

    def test_a_program_that_was_deleted(self):
        program = self.for_all(target_path("stacks"))
        target = self.start(Process, [program, "wait", "1"])
        target.expect("^pid ")
        tap = self.trace("break leaf do print(stack(2)) end", "-p", str(target.pid))
        os.unlink(program)
        target.type("\n")
        self.assertEqual(target.wait(), 0)
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(names(tap.output())[:4], Counted.EXPECTED)


@needs_root
@unittest.skipUnless(has_gdb(), "needs gdb")
class BesideGdb(TestCase):
    def test_backtrace(self):
        for build in BUILDS:
            for scenario in ("busy", "sort", "signal", "thread"):
                with self.subTest(build=build, scenario=scenario):
                    done = subprocess.run(
                        ["gdb", "-q", "-nx", "-batch", "-ex", "set width 0", "-ex",
                         "handle SIGILL nostop noprint pass", "-ex", "break leaf", "-ex", "run",
                         "-ex", "bt", "--args", target_path(build), "do", scenario],
                        capture_output=True, text=True, errors="replace", check=False,
                        stdin=subprocess.DEVNULL)
                    theirs = [name for name in re.findall(
                        r"^#\d+ +(?:0x\w+ in )?(<signal handler called>|\S+)", done.stdout,
                        re.MULTILINE)]
                    ours = self.moontap("-e", "tbreak leaf do print(stack(127)) end", "--args",
                                        target_path(build), "do", scenario)
                    own = [name for name in names(ours.stdout) if self.is_own(name)]
                    self.assertEqual(own, [name for name in theirs if self.is_own(name)],
                                     done.stdout)

    @staticmethod
    def is_own(name):
        """Of the program itself: where the C library is without debug information, names differ."""
        with open(os.path.join(ROOT, SOURCE), encoding="utf-8") as file:
            return re.search(r"\b%s\(" % re.escape(name), file.read()) is not None


@needs_root
class OfOthers(TestCase):
    def test_bash_has_no_frame_pointers(self):
        result = self.moontap("-e", "tbreak libc.so.6:write do print(comm, stack()) end", "--args",
                              "/bin/bash", "-c", "echo hello")
        self.assertEqual(result.status, 0, result)
        found = names(result.stdout)
        self.assertIn("echo_builtin", found)
        self.assertIn("execute_command_internal", found)
        self.assertEqual(found[-1], "_start", result)
        self.assertLess(found.index("echo_builtin"), found.index("execute_command_internal"))

    def test_a_running_python(self):
        python = self.start(Process, [PYTHON, "-c", EVALUATOR])
        python.expect("^pid ")
        tap = self.trace("break libc.so.6:getppid do print(comm, stack(64)) end",
                         "-p", str(python.pid))
        python.type("os.getppid()\n")
        tap.expect(r"^    _start\+")
        self.assertEqual(tap.stop(), 0, tap.error_text())
        found = names(tap.output())
        for name in ("_PyEval_EvalFrameDefault", "PyEval_EvalCode", "Py_BytesMain"):
            self.assertIn(name, found)
        python.close_input()

    def test_go_with_what_was_inlined(self):
        for version in go_versions():
            with self.subTest(version):
                program = target_path("go-play-" + version)
                tap = self.trace("break fmt.Fprintln do print(stack(8)) end", program)
                self.target(program)
                tap.expect(r"^    main.neatFunction")
                tap.expect(r"^    main.main", after=next(
                    number for number, line in enumerate(tap.lines) if "neatFunction" in line))
                self.assertEqual(tap.stop(), 0, tap.error_text())
                text = tap.output()
                self.assertRegex(text, r"(?m)^    fmt.Fprintln\+0x\w+ \(print.go:\d+\)\n"
                                       r"    fmt.Println \(print.go:\d+\) \(inlined\)\n"
                                       r"    main.neatFunction\+0x\w+ \(main.go:\d+\)\n"
                                       r"    main.main\+0x\w+ \(main.go:\d+\)\n"
                                       r"    runtime.main\+0x\w+ \(proc.go:\d+\)\n"
                                       r"    runtime.goexit")


if __name__ == "__main__":
    unittest.main()
