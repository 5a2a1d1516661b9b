# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of Go functions: each seen once as it begins and once as it returns, whatever moves."""

import os
import re
import subprocess

from harness import (BUILD, IS_STRESS, TABLE_AT_EXIT, TIMEOUT, TestCase, breakpoints, go_versions,
                     line_of, needs_root, target_path)


def each_calls_release(test):
    """Runs a test once for each release of Go: it gets the path of go-calls."""
    return over(test, lambda: ["go-calls-" + version for version in go_versions()])


def each_calls_build(test):
    """... and for each way of building it, too: -N -l, stripped, position independent, cgo."""
    return over(test, lambda: sorted(name for name in os.listdir(os.path.join(BUILD, "targets"))
                                     if name.startswith("go-calls-")))


def over(test, programs):
    def run(self):
        for program in programs():
            with self.subTest(program):
                test(self, target_path(program))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Calls(TestCase):
    def traced(self, path, script, *arguments):
        """The lines that aggregations printed, without their titles; and all others."""
        target = self.target(path, *arguments)
        tap = self.trace(script + TABLE_AT_EXIT, "-p", str(target.pid))
        target.go()
        self.assertEqual(target.wait(2 * TIMEOUT), 0)
        self.assertEqual(target.lines[-1], "done")
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.errors, [])
        table = breakpoints(tap.output())
        self.assertEqual({row["lost"] for row in table.values()}, {0})
        self.printed = tap.lines
        self.losses = re.findall(r"^\s+(\d+) (never returned|forgotten|returned of which)",
                                 tap.output(), re.MULTILINE)
        start = next(i for i, line in enumerate(tap.lines) if line.startswith("Num "))
        return [re.sub(" +", " ", line.strip()) for line in
                tap.lines[:start] + tap.lines[start + len(table):] if re.match(r"  \S", line)]


@needs_root
class Goroutines(Calls):
    """goid, and finish: calls are told apart by goroutine and depth, whatever moves."""

    @each_calls_build
    def test_calls_that_grow_the_stack_enter_and_return_3003_times(self, path):
        found = self.traced(path, "break main.grow do count() end finish main.grow do count() end",
                            "grow")
        self.assertEqual((found, self.losses), (["3003", "3003"], []))

    @each_calls_build
    def test_150000_calls_of_preempted_goroutines_enter_and_return_as_often(self, path):
        found = self.traced(path, "break main.climb do count() end "
                            "finish main.climb do count(result >= 0, entry.arg[1] < 15) end "
                            "break runtime.copystack do count() end "
                            "break runtime.asyncPreempt2 do count() end", "preempt")
        self.assertEqual((found[:2], self.losses), (["150000", "true true 150000"], []))
        # They were moved and preempted indeed.
        self.assertGreater(int(found[2]), 200)
        self.assertGreater(int(found[3]), 0)

    @each_calls_build
    def test_50_goroutines_sleep_1000_times_each_at_least_as_long_as_it_said(self, path):
        found = self.traced(
            path, "finish main.nap do count(elapsed >= entry.arg[2] * 1000000, "
            "result == entry.arg[2] * 2, entry.arg[1] == goid, entry.goid == goid) end", "nap")
        self.assertEqual((found, self.losses), (["true true true true 1000"], []))

    @each_calls_release
    def test_goid_is_what_the_runtime_says_at_the_entry_and_elsewhere(self, path):
        found = self.traced(path, "break main.nap do count(arg[1] == goid) end", "nap")
        self.assertEqual(found, ["true 1000"])
        # Past the entry no register is known to hold the goroutine.
        listing = self.moontap("--dry-run", path, "-batch", "-ex", "disassemble main.nap").stdout
        rows = re.findall(r"<\+(\w+)>:\t(\w+)", listing)
        offset = rows[[name for _, name in rows].index("call") + 1][0]
        found = self.traced(path, "break main.nap+%s do count(goid > 1) end" % offset, "nap")
        self.assertEqual(found, ["true 1000"])

    @each_calls_build
    def test_goid_is_right_on_the_system_stack_in_assembly_and_in_c(self, path):
        script = ["break main.nap do count(goid) end",
                  # Runs on the system stack, for the goroutine that says "go".
                  "break runtime.newproc1 if goid == 1 do count(goid) end",
                  "break internal/bytealg.IndexByte do count(goid) end"]
        if path.endswith("-cgo"):
            script += ["break twice do count(goid) end", "break libc:rand do count(goid) end"]
        target = self.target(path, "nap")
        tap = self.trace("\n".join(script), "-p", str(target.pid))
        target.go()
        self.assertEqual((target.wait(), tap.wait()), (0, 0), tap.error_text())
        tables = [re.findall(r"^  (\d+) +(\d+)$", part, re.MULTILINE)
                  for part in tap.output().split("\nTracepoint ")[1:]]
        naps = [(goid, "20") for goid, _ in tables[0]]
        self.assertEqual((len(naps), tables[0]), (50, naps))
        (goid, started), = tables[1]
        self.assertEqual(goid, "1")
        self.assertGreaterEqual(int(started), 50)
        self.assertLessEqual({goid for goid, _ in naps}, {goid for goid, _ in tables[2]})
        self.assertEqual([sorted(table) for table in tables[3:]],
                         [sorted(naps)] * 2 if path.endswith("-cgo") else [])
        if path.endswith("-cgo"):  # in all processes that run it, a library is anybody's
            done = self.moontap("--dry-run", path, "-batch", "-ex", "break libc:rand goroutine 1")
            self.assertIn("`goroutine 1` can only be used in Go programs: rand is not part of one",
                          done.stderr)

    @each_calls_build
    def test_recovered_calls_return_and_unwound_ones_do_not(self, path):
        # Of 0 and 2 the deferred function made an error: in a stripped program two words.
        is_typed = not path.endswith("-stripped")
        script = ("finish main.mayPanic do print(result, %s) end finish main.deep do count() end" %
                  ("result.err" if is_typed else "result[3] ~= 0"))
        found = self.traced(path, script, "panic", "3")
        self.assertEqual(found, ["7"])
        failed, fine = ('*errors.errorString "recovered"', "nil") if is_typed else ("true", "false")
        self.assertEqual(self.printed[1:4], ["-1\t" + failed, "7\t" + fine, "-1\t" + failed])
        # What the first panic left behind, the next call at each depth took over.
        self.assertEqual(self.losses, [("7", "never returned")])

    @each_calls_release
    def test_100000_panics_through_6_frames_leave_nothing_behind(self, path):
        panics = 100000 if IS_STRESS or path.endswith(go_versions()[-1]) else 10000
        found = self.traced(path, "finish main.mayPanic do count(result >= 0) end "
                            "finish main.deep do count() end", "panic", str(2 * panics))
        self.assertEqual(found, ["false %d" % panics, "true %d" % panics, str(7 * panics)])
        # Each was taken over by a later call: no state is left, none was pushed out by others.
        self.assertEqual(self.losses, [(str(7 * panics), "never returned")])

    @each_calls_release
    def test_goroutines_that_exit_leave_no_more_than_the_next_ones_take_over(self, path):
        found = self.traced(path, "finish main.leaves do count() end "
                            "finish main.deep do count(result) end", "goexit", "5000")
        self.assertEqual(found, ["nothing yet"] + ["%d 25000" % n for n in range(1, 7)])
        (count, what), = self.losses
        self.assertEqual(what, "never returned")
        # 25,000 goroutines ended in the middle of six calls, and what is kept of them is no
        # more than what a few goroutines at a time had under way.
        self.assertTrue(6 * 25000 - 6 * 150 <= int(count) < 6 * 25000, count)

    @each_calls_build
    def test_a_goroutine_alone_is_traced_by_number_or_by_condition(self, path):
        # main's own number is 1; of the others it is not known beforehand.
        found = self.traced(path, "break main.together goroutine 1 do count(goid) end "
                            "break main.together goroutine 2 do count() end "
                            "finish main.together goroutine 1 if elapsed > 0 do count(goid) end "
                            "break main.nap goroutine 1 do count() end "
                            "break main.nap if goid == 1 do count() end "
                            "break main.nap if goid ~= 1 do count() end", "nap")
        self.assertEqual(found, ["1 1", "nothing yet", "1 1", "nothing yet", "nothing yet", "1000"])

    @each_calls_release
    def test_each_of_50_goroutines_makes_its_own_20_calls(self, path):
        numbers = range(1, 201)
        found = self.traced(path, "\n".join("break main.nap goroutine %d do count(arg[1]) end" % n
                                            for n in numbers), "nap")
        counted = [(n, line) for n, line in zip(numbers, found) if line != "nothing yet"]
        self.assertEqual(counted, [(n, "%d 20" % n) for n, _ in counted])
        self.assertEqual(len(counted), 50)

    @each_calls_release
    def test_the_line_of_a_hit_says_which_goroutine_it_was(self, path):
        target = self.target(path, "nap")
        tap = self.trace("break main.nap\nfinish main.nap", "-p", str(target.pid))
        target.go()
        self.assertEqual(target.wait(), 0)
        self.assertEqual(tap.wait(), 0, tap.error_text())
        entries = re.findall(r"\[goroutine (\d+)\]  main\.nap\(id=(\d+), ms=\d\)$", tap.output(),
                             re.MULTILINE)
        returns = re.findall(r"\[goroutine \d+\]  main\.nap = [2468]$", tap.output(), re.MULTILINE)
        self.assertEqual((len(entries), len(returns)), (1000, 1000))
        self.assertEqual([e for e in entries if e[0] != e[1]], [])

    @each_calls_release
    def test_where_there_is_no_goroutine_the_line_says_which_thread(self, path):
        target = self.target(path, "nap")
        tap = self.trace("break runtime.schedule", "-p", str(target.pid))
        target.go()
        self.assertEqual((target.wait(), tap.wait()), (0, 0))
        self.assertRegex(tap.output(), r"go-calls-\S+\[\d+\]  runtime\.schedule")
        self.assertNotIn("<", tap.output())

    def test_the_goroutine_of_a_tracepoint_is_shown_and_saved(self):
        saved = self.path("saved.mt")
        done = self.moontap("--dry-run", target_path("go-calls-" + go_versions()[0]), "-batch",
                            "-ex", "break main.nap goroutine 7 if arg[2] > 1",
                            "-ex", "condition 1 arg[2] > 2", "-ex", "info breakpoints",
                            "-ex", "explain 1", "-ex", "save breakpoints " + saved)
        self.assertIn("\n\tstop only in goroutine 7\n\tstop only if arg[2] > 2\n", done.stdout)
        self.assertIn("\n  only     in goroutine 7: in the kernel\n", done.stdout)
        with open(saved, encoding="utf-8") as file:
            self.assertEqual(file.read(), "break main.nap goroutine 7 if arg[2] > 2\n")

    def test_goid_means_nothing_in_a_c_program(self):
        done = self.moontap("--dry-run", target_path("counted"), "-batch", "-ex",
                            "break counted do print(goid) end")
        self.assertIn("`goid` can only be used in Go programs: counted is not part of one",
                      done.stderr)
        done = self.moontap("--dry-run", target_path("counted"), "-batch", "-ex",
                            "break counted goroutine 1")
        self.assertIn("`goroutine 1` can only be used in Go programs: counted is not part of one",
                      done.stderr)

    @each_calls_release
    def test_what_cannot_be_told_of_results_is_said(self, path):
        for kind, script, message in (
                ("", "finish main.nap do print(result[10]) end",
                 "main.nap has no result `result[10]`"),
                ("-stripped", "finish main.nap do print(result[10]) end",
                 "Go returns up to nine words in registers: result[1] to result[9]"),
                ("", "finish internal/cpu.cpuid do print(result) end",
                 "`result` cannot be read: internal/cpu.cpuid.abi0 returns on the stack")):
            done = self.moontap("--dry-run", path + kind, "-batch", "-ex", script)
            self.assertIn(message, done.stderr)

    def test_a_version_that_is_not_known_is_refused_not_guessed(self):
        version = next(version for version in go_versions() if version != "1.19")
        with open(target_path("go-calls-" + version), "rb") as file:
            code = file.read()
        path = self.write("later", code.replace(b"go" + version.encode() + b".", b"go1.99."))
        os.chmod(path, 0o755)
        subprocess.run(["strip", path], check=True)
        self.assertRegex(self.moontap("--dry-run", path, "-batch", "-ex", "info target").stdout,
                         "Go 1.99")
        for script, message in (
                ("break main.nap do print(goid) end",
                 "`goid` cannot be read: where go1.99"),
                ("finish main.nap do end",
                 "the calls of main.nap cannot be paired with their returns: "
                 "which goroutine runs cannot be told")):
            done = self.moontap("--dry-run", path, "-batch", "-ex", script)
            self.assertIn(message, done.stderr)


@needs_root
class Generic(Calls):
    """A generic function has a body for each shape of its types."""

    @each_calls_build
    def test_a_name_stands_for_all_bodies_and_type_arguments_for_one(self, path):
        script = ["break main.Last do count() end", "break main.(*Pair).Swap do count() end",
                  "finish Last do count() end"]
        counts = ["14", "2", "14"]
        if not path.endswith("1.19-stripped"):  # its tables say Last[...] only
            script += ["break Last[int] do count() end",
                       "break main.Last[string] do count() end",
                       "finish Last[uint8] do count(result) end",
                       "break (*Pair[int,string]).Swap do count() end"]
            counts += ["10", "3", "2 1", "1"]
        self.assertEqual(self.traced(path, "\n".join(script), "generic"), counts)


class Stripped(Calls):
    """Without a symbol table and debug information everything is where it is with them."""

    @each_calls_release
    def test_every_line_function_and_return_is_at_the_pc_of_the_unstripped_build(self, path):
        source = "tests/targets/go/main.go"
        lines = range(1, line_of(source, 'fmt.Println("done")') + 3)
        listing = self.moontap("--dry-run", path, "-batch", "-ex", r"info functions ^main\.").stdout
        functions = re.findall(r"^0x\w+ +(main\.[^[\s]+)$", listing, re.MULTILINE)
        functions += ["runtime.gopanic", "runtime.newproc1", "time.Sleep", "strconv.ParseUint",
                      "fmt.Println", "os.(*File).Write", "sync.(*WaitGroup).Wait"]
        commands = ["break main.go:%d" % line for line in lines] + [
            command + name for name in functions
            for command in ("break ", "finish ", "info line ", "calls ", "info symbol ")]
        arguments = [part for command in commands + ["info breakpoints"] for part in ("-ex", command)]
        whole, stripped = (self.moontap("--dry-run", program, "-batch", *arguments)
                           for program in (path, path + "-stripped"))
        self.assertGreater(whole.stdout.count("Tracepoint "), 150)
        self.assertIn("main.climb", functions)
        self.assertEqual(self.plain(stripped.stdout), self.plain(whole.stdout))
        self.assertEqual(self.plain(stripped.stderr), self.plain(whole.stderr))

    @staticmethod
    def plain(text):
        """Only the symbol table marks assembly in its name, and Go 1.19's names shapes."""
        return re.sub(" +", " ", re.sub(r"\[go\.shape[^]]*\]", "[...]", text.replace(".abi0", "")))

    @needs_root
    @each_calls_release
    def test_stacks_and_results_are_those_of_the_unstripped_build(self, path):
        outputs = []
        for program in (path, path + "-stripped"):
            target = self.target(program, "nap")
            tap = self.trace("break main.nap do count(stack()) end\n"
                             "finish main.nap do count(result) end", "-p", str(target.pid))
            target.go()
            self.assertEqual((target.wait(), tap.wait()), (0, 0))
            outputs.append(self.plain(tap.output()))
        self.assertEqual(outputs[1], outputs[0])
        self.assertRegex(outputs[0], r"1000\n main\.nap\+\w+ \(main\.go:%d\)\n main\.main\.func\d\+" %
                         line_of("tests/targets/go/main.go", "func nap"))


@needs_root
class Race(Calls):
    """Every function of package main, and each of their returns, while 32 goroutines call them
    with all their might, panic, exit, grow their stacks and check what comes back."""

    def race(self, path, seconds):
        target = self.target(path, "race", "%ds" % seconds)
        tap = self.trace("break main.* do count(func) end\nfinish main.* do count(func) end" +
                         TABLE_AT_EXIT, "-p", str(target.pid))
        target.go()
        self.assertEqual(target.wait(seconds + TIMEOUT), 0, target.output())
        self.assertEqual(target.lines[-1], "done")
        self.assertEqual(tap.wait(), 0, tap.error_text())
        return target, tap

    def counts(self, tap, number):
        """By function, those of one shape and another together."""
        text = tap.output().partition("\nTracepoint %d, main.*:" % number)[2]
        counts = {}
        for name, count in re.findall(r"^  (main\.\S+) +(\d+)$", text.partition("\nTrace")[0],
                                      re.MULTILINE):
            name = re.sub(r"\[go\.shape[^]]*\]", "[...]", name)
            counts[name] = counts.get(name, 0) + int(count)
        return counts

    def check_race(self, path, seconds):
        target, tap = self.race(path, seconds)
        own = re.findall(r"^counted (\S+) (\d+) (\d+)$", target.output(), re.MULTILINE)
        self.assertEqual(len(own), 17)
        entries, returns = self.counts(tap, 1), self.counts(tap, 2)
        self.assertEqual([(name, entries.get(name, 0), returns.get(name, 0)) for name, _, _ in own],
                         [(name, int(calls), int(ends)) for name, calls, ends in own])
        table = breakpoints(tap.output())
        self.assertGreater(len(table), 60)
        self.assertEqual({row["lost"] for row in table.values()}, {0})
        # Of main.main the entry was before the probes; nothing else is unpaired or pushed out.
        self.assertEqual(re.findall(r"^\s+(\d+) (returned of|forgotten)", tap.output(),
                                    re.MULTILINE), [("1", "returned of")])

    @each_calls_build
    def test_a_program_under_race_load_counts_as_its_probes_do(self, path):
        is_long = IS_STRESS and path.rpartition("-")[2] in go_versions()
        self.check_race(path, 60 if is_long else 1)
