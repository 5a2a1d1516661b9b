# SPDX-License-Identifier: GPL-2.0-or-later
"""cover: the count beside every line, held against what gcov and the targets themselves say."""

import glob
import os
import re
import signal
import subprocess

from harness import (ROOT, TestCase, breakpoints, go_versions, line_of, needs_root, target_path,
                     wait_until)

LINES = os.path.join(ROOT, "tests", "targets", "lines.c")
FUNCTIONS = "touch|classify|loops|choose|wander|leave|jumps|twice|inlines|main"
ROUNDS = 10


def counts(text):
    """{line: count} of the lines of a picture that have one; "-" where there is none."""
    found = {}
    for match in re.finditer(r"^[! ] *(\d+|-)  (\d+)(?:\t|$)", text, re.MULTILINE):
        found[int(match.group(2))] = "-" if match.group(1) == "-" else int(match.group(1))
    return found


def named(text, source=LINES):
    """{what is on the line: count}"""
    with open(source, encoding="utf-8") as file:
        lines = file.read().split("\n")
    return {lines[line - 1].strip(): count for line, count in counts(text).items()}


class CoverCase(TestCase):
    def covered(self, target, location="/^(%s)$/" % FUNCTIONS, *arguments):
        """What is printed of a whole run of the target."""
        result = self.moontap("-e", "cover " + location, "--args", target_path(target),
                              *(arguments or [str(ROUNDS)]))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stderr, "", result)
        return result.stdout


@needs_root
class AgainstGcov(CoverCase):
    def truth(self):
        """{line: count} as gcov has it, of the same run."""
        for command in (["gcc", "-O0", "--coverage", "-o", "lines", LINES],
                        ["./lines", str(ROUNDS)]):
            subprocess.run(command, cwd=self.dir, check=True, stdout=subprocess.DEVNULL)
        notes = [name for name in os.listdir(self.dir) if name.endswith(".gcda")]
        text = subprocess.run(["gcov", "-t"] + notes, cwd=self.dir, check=True,
                              capture_output=True, text=True).stdout
        found = {}
        for match in re.finditer(r"^ *(#####|\d+)\*?: *(\d+):", text, re.MULTILINE):
            found[int(match.group(2))] = 0 if match.group(1) == "#####" else int(match.group(1))
        self.assertGreater(len(found), 60)
        return found

    def check(self, target, least, but=(), functions=FUNCTIONS):
        """Lines that both know have one count; at least so many are known to both."""
        truth = self.truth()
        mine = counts(self.covered(target, "/^(%s)$/" % functions))
        with open(LINES, encoding="utf-8") as file:
            text = dict(enumerate(file.read().split("\n"), 1))
        both = [line for line in mine if line in truth and text[line].strip() not in but]
        self.assertEqual({(line, text[line]): mine[line] for line in both},
                         {(line, text[line]): truth[line] for line in both})
        self.assertGreaterEqual(len(both), least)

    def test_gcc_without_optimization(self):
        self.check("lines-gcc-O0", 65)

    def test_clang_without_optimization(self):
        self.check("lines-clang-O0", 65)

    def test_optimized_code(self):
        """But for a loop that is unrolled, and one whose ways are copies of one another."""
        self.check("lines-gcc-O2", 30, but=("for (int i = 0; i < 3; i++)",
                                            "sum += twice(i + 100);", "return 2 * value;"),
                   functions=FUNCTIONS.replace("wander|", ""))


@needs_root
class Counts(CoverCase):
    def test_lines_of_loops_and_conditions_count_as_a_person_would(self):
        found = named(self.covered("lines-gcc-O0"))
        self.assertEqual(found["for (int i = 0; i < rounds; i++)"], ROUNDS + 1)
        self.assertEqual(found["for (int i = 0; i < 7; i++) { touch(i); }"], 8)
        self.assertEqual(found["if (a > 3 && b > 3)"], ROUNDS)
        self.assertEqual(found["else if (a == 1 || b == 1)"], 4)
        self.assertEqual(found["touch(99);"], 0)
        self.assertEqual(found["longjmp(out, 1);"], ROUNDS // 2)
        self.assertEqual(found["touch(-number);"], ROUNDS // 2)

    def test_every_copy_that_was_inlined_counts(self):
        text = self.covered("lines-gcc-O2", "lines.c:%d" % line_of(LINES, "if (value > 100)"))
        self.assertIn("twice, ", text)
        found = named(text)
        self.assertEqual(found["if (value > 100)"], 5 * ROUNDS)
        self.assertEqual(found["touch(value - 100);"], 2 * ROUNDS)

    def test_each_function_of_a_pattern_has_a_picture_in_the_order_of_the_file(self):
        text = self.covered("lines-gcc-O0", "/^(jumps|classify|loops)$/")
        self.assertEqual(re.findall(r"^(\w+), .*lines\.c:$", text, re.MULTILINE),
                         ["classify", "loops", "jumps"])
        summaries = re.findall(r"^(\d+) of (\d+) lines reached \((\d+)%\)(; !: never)?\.$", text,
                               re.MULTILINE)
        self.assertEqual([int(match[0]) for match in summaries],
                         [int(match[1]) - (match[3] != "") for match in summaries])
        self.assertEqual([match[3] != "" for match in summaries], [True, False, False])
        self.assertIn("\n!          0  ", text)

    def test_without_lines_basic_blocks_are_counted(self):
        text = self.covered("lines-nodebug", "classify")
        self.assertIn("lines-nodebug has no source lines, so its basic blocks are counted:", text)
        found = re.findall(r"^[! ] +(\d+)  <\+[0-9a-fx]+>:\t", text, re.MULTILINE)
        self.assertEqual(int(found[0]), ROUNDS)
        self.assertIn(0, map(int, found))
        self.assertRegex(text, r"\d+ of %d blocks reached" % len(found))

    def test_without_the_source_the_counts_are_there(self):
        os.chdir("/")
        self.addCleanup(os.chdir, ROOT)
        moved = self.path("program")
        subprocess.run(["gcc", "-O0", "-g", "-fdebug-prefix-map=%s=/nowhere" % ROOT, "-o", moved,
                        LINES], check=True)
        result = self.moontap("-e", "cover classify", "--args", moved, str(ROUNDS), cwd=self.dir)
        self.assertIn("/nowhere/tests/targets/lines.c: No such file or directory.", result.stdout)
        self.assertEqual(counts(result.stdout)[line_of(LINES, "if (a > 3 && b > 3)")], ROUNDS)


@needs_root
class Go(CoverCase):
    def hold(self, process):
        """Stops all threads, so that sites go in and out between two instructions."""
        process.signal(signal.SIGSTOP)

        def states():
            for path in glob.glob("/proc/%d/task/*/stat" % process.pid):
                with open(path, encoding="utf-8") as file:
                    yield file.read().rpartition(") ")[2][0]
        self.assertTrue(wait_until(lambda: set(states()) == {"T"}))

    def test_stacks_that_grow(self):
        """Three goroutines that go a thousand calls deep; the stack check comes back to the start."""
        source = os.path.join(ROOT, "tests", "targets", "go", "main.go")
        calls = 3 * 1001
        for version in go_versions():
            for kind in ("", "-stripped"):
                with self.subTest(version=version, kind=kind):
                    process = self.target("go-calls-%s%s" % (version, kind), "grow")
                    tap = self.trace("cover main.grow", "-p", str(process.pid))
                    process.type("\n")
                    self.assertEqual(process.wait(), 0)
                    self.assertEqual(tap.wait(), 0, tap.error_text())
                    found = named(tap.output(), source)
                    self.assertEqual(found["func grow(n int) int {"], calls)
                    self.assertEqual(found["if n == 0 {"], calls)
                    self.assertEqual(found["return 0"], 3)
                    self.assertEqual(found["return grow(n-1) + room[n%64] - n + 1"], calls - 3)

    def test_a_test_that_loads_its_argument_again_is_of_its_own_line(self):
        """Go's table says that it is of another."""
        source = os.path.join(ROOT, "examples", "go-play", "main.go")
        for version in go_versions():
            with self.subTest(version=version):
                process = self.target("go-play-%s" % version, "-pause", "2ms")
                self.hold(process)
                tap = self.trace("cover main.neatFunction", "-p", str(process.pid))
                before = process.output().count("the end")
                process.signal(signal.SIGCONT)
                self.assertTrue(wait_until(
                    lambda p=process, n=before: p.output().count("the end") > n + 50))
                self.hold(process)
                self.assertEqual(tap.stop(), 0, tap.error_text())
                found = named(tap.output(), source)
                entries = found["func neatFunction(cond1, cond2, cond3 bool) {"]
                self.assertGreater(entries, 40)
                # It may have been held in the middle of the function, each time.
                for line in ("if cond1 {", "if cond2 {", "if cond3 {"):
                    self.assertLessEqual(abs(found[line] - entries), 1, line)
                self.assertLess(found['fmt.Println("second condition")'], entries)


@needs_root
class Console(CoverCase):
    def test_it_is_one_row_that_is_turned_on_and_off(self):
        process = self.target("counted", "-n", "0", "-r", "2000", "-k")
        tap = self.tap("-q", "-p", str(process.pid))
        tap.type("cover counted\n")
        tap.expect(r"^Tracepoint 1: cover of counted \(\d lines, \d sites?\)\.$")

        def hits(command):
            """What a command prints."""
            before = tap.output()
            said = before.count("said")
            tap.type(command + "\nprint('said', %d)\n" % said)
            tap.expect("^said\t%d$" % said)
            return tap.output()[len(before):]
        self.assertTrue(wait_until(lambda: max(counts(hits("cover")).values()) > 100))
        hits("disable 1")
        first = counts(hits("cover"))
        self.assertEqual(counts(hits("cover")), first)
        self.assertEqual(breakpoints(hits("info breakpoints"))["1"]["enabled"], "n")
        hits("enable 1")
        self.assertTrue(wait_until(lambda: counts(hits("cover")) != first))
        row = hits("info breakpoints")
        self.assertEqual(breakpoints(row)["1"]["type"], "cover")
        self.assertRegex(row, r"\t(\d) of \1 lines reached")
        self.assertNotIn("1.1", row)
        tap.type("delete 1\ncover\n")
        tap.expect("^nothing is covered yet$", errors=True)
        tap.close_input()
        tap.wait()

    def test_a_script_gets_the_picture_as_text(self):
        result = self.moontap(
            "-e", 'print(command("cover classify")) '
            'atexit(function() print("<" .. command("cover") .. ">") delete(1) end)',
            "--args", target_path("lines-gcc-O0"), str(ROUNDS))
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stdout, r"<classify, .*lines\.c:\n")
        self.assertEqual(result.stdout.count("classify, "), 1)


class BadInput(TestCase):
    def said(self, *commands, target="lines-gcc-O0"):
        arguments = [word for command in commands for word in ("-ex", command)]
        return self.moontap("-batch", "--dry-run", *arguments, target_path(target)).stderr

    def test_messages(self):
        for command, message in [
                ("cover", "nothing is covered yet\n\"cover FUNCTION\" counts its lines from now on"),
                ("cover nosuch", 'Function "nosuch" not defined.'),
                ("cover clasify", "did you mean `classify`?"),
                ("cover classify if a > 3", "`cover classify` counts every time: it takes no "
                                            "condition, no goroutine and no block"),
                ("cover classify do print(1) end", "takes no condition, no goroutine and no block"),
                ("cover classify goroutine 3", "takes no condition, no goroutine and no block"),
                ("cover lines.c:4000", 'No line 4000 in file "lines.c".'),
                ("cover *0x1", "0x1 is not in the code of"),
        ]:
            with self.subTest(command=command):
                self.assertIn(message, self.said(command))

    def test_a_kernel_that_counts_all_places_together_is_told(self):
        done = self.moontap("-batch", "--dry-run", "--attach-method", "tracefs", "-ex",
                            "cover classify", target_path("lines-gcc-O0"))
        self.assertEqual((done.status, done.stdout, done.stderr), (
            2, "", "moontap: (command line):1: cover needs a count for each place, and by tracefs "
                   "those of a tracepoint are counted together\n"
                   "Linux 6.6 and later count them apart (--attach-method multi).\n"))

    def test_a_picture_is_on_or_off_as_a_whole_and_counts_all(self):
        for command, message in [
                ("disable 1.1", "Tracepoint 1 is one picture: its places are not turned on and off "
                                "by themselves"),
                ("condition 1 a > 3", "`cover classify` counts every time"),
                ("ignore 1 3", "tracepoint 1 cannot ignore hits"),
                ("enable once 1", "tracepoint 1 runs wholly in the kernel"),
        ]:
            with self.subTest(command=command):
                self.assertIn(message, self.said("cover classify", command))

    def test_there_is_a_bound_and_what_is_left_out_is_said(self):
        result = self.moontap("-batch", "--dry-run", "-ex", "cover /./", target_path("many"))
        self.assertIn("(100 functions, ", result.stdout)
        self.assertRegex(result.stdout, r"\n\d{4} more functions match: one cover is of at most "
                                        r"100\.\n")

    @needs_root
    def test_a_target_that_is_gone(self):
        process = self.target("counted", "-n", "0", "-r", "10", "-k")
        tap = self.tap("-q", "-p", str(process.pid))
        tap.type("cover counted\n")
        tap.expect("^Tracepoint 1: ")
        process.kill()
        tap.expect(r"^\[process %d exited" % process.pid)
        tap.type("cover counted\ncover\n")
        tap.expect("process %d has exited" % process.pid, errors=True)
        tap.expect(r"lines reached")
        tap.type("quit\n")
        self.assertEqual(tap.wait(), 1)
