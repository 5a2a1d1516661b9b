# SPDX-License-Identifier: GPL-2.0-or-later
"""finish: every return with its entry, whatever way the function is left."""

import os
import re
import signal

from harness import (IS_STRESS, TABLE_AT_EXIT, TestCase, breakpoints, line_of,
                     needs_root, target_path, wait_until)
from test_aggregate import rows, tables

FIB_10 = 177  # calls that fib(10) makes


def losses(text, what):
    """What `info breakpoints` says of calls that were no hits."""
    match = re.search(r"^\s+(\d+) %s" % what, text, re.MULTILINE)
    return int(match.group(1)) if match else 0


def unpaired(text):
    return losses(text, "returned of which no entry is known")


def left(text):
    return losses(text, "never returned")


def pushed_out(text):
    return losses(text, "forgotten")


class FinishCase(TestCase):
    def traced(self, script, *arguments, target="calls", go=1):
        """What moontap and the target say at the end of a script's trace of the target."""
        process = self.target(target, *arguments)
        tap = self.trace(script + TABLE_AT_EXIT, "-p", str(process.pid))
        process.type("\n" * go)
        self.assertEqual(process.wait(), 0, process.output())
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.errors, [])
        return tap.output(), process.output()

    def events(self, script, *arguments, **options):
        """The lines that the script's blocks print, as lists of fields."""
        output, _ = self.traced(script, *arguments, **options)
        before = output.partition("ready\n")[2].partition("\nNum ")[0]
        return [line.split("\t") for line in before.splitlines()]


@needs_root
class Pairs(FinishCase):
    def test_every_call_of_a_recursive_function_in_many_threads_is_paired(self):
        for threads in (1, 4):
            with self.subTest(threads=threads):
                output, said = self.traced(
                    "local seen = 0\nfinish fib do count() end\n"
                    "finish fib do seen = seen + 1 end\n"
                    "atexit(function() print('delivered', seen) end)",
                    "-n", 100, "-t", threads, "fib")
                calls = FIB_10 * 100 * threads
                self.assertIn("fib calls %d" % calls, said)
                self.assertIn("delivered\t%d" % calls, output)
                row = breakpoints(output)["1"]
                self.assertEqual((row["hits"], row["lost"], row["runs"]), (calls, 0, "kernel"))
                self.assertEqual((unpaired(output), left(output), pushed_out(output)), (0, 0, 0))
                self.assertEqual(tables(output)["count()"], ["  %d" % calls])

    def test_results_and_entries_of_a_recursion_belong_together(self):
        # fib(n), and how often fib(10) comes to call it.
        fib = {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 7: 13, 8: 21, 9: 34, 10: 55}
        times = {0: 34, 1: 55, 2: 34, 3: 21, 4: 13, 5: 8, 6: 5, 7: 3, 8: 2, 9: 1, 10: 1}
        wanted = sorted("%d  %d  %d" % (n, fib[n], 40 * times[n]) for n in fib)
        output, _ = self.traced("finish fib do count(entry.n, result) end",
                                "-n", 10, "-t", 4, "fib")
        lines = tables(output)["count(entry.n, result)"]
        self.assertEqual(sorted(" ".join(line.split()) for line in lines),
                         sorted(" ".join(line.split()) for line in wanted))
        events = self.events("finish fib do print(entry.n, result, entry.arg[1]) end",
                             "-n", 10, "-t", 4, "fib")
        self.assertEqual(len(events), 40 * FIB_10)
        for n, result, raw in events:
            self.assertEqual((fib[int(n)], n), (int(result), raw))

    def test_elapsed_is_within_what_the_target_measures_itself(self):
        output, said = self.traced(
            "finish nap do count() sum(elapsed) min(elapsed) end", "-n", 200, "-t", 4, "nap")
        calls, least, total = map(int, re.search(
            r"nap calls (\d+) least (\d+) total (\d+)", said).groups())
        found = tables(output)
        self.assertEqual(found["count()"], ["  %d" % calls])
        self.assertGreaterEqual(int(found["min(elapsed)"][0]), least)
        self.assertLessEqual(int(found["sum(elapsed)"][0]), total)
        self.assertGreaterEqual(int(found["sum(elapsed)"][0]), least * calls)

    def test_a_histogram_by_a_name_of_the_entry_is_made_in_the_kernel(self):
        script = """finish nap do hist(elapsed, entry.name) end
                    print(command("explain 1"))"""
        output, _ = self.traced(script, "-n", 40, "nap")
        self.assertIn("block    in the kernel: no event is sent", output)
        self.assertNotIn("ringbuf", output)
        lines = tables(output)["hist(elapsed, entry.name)"]
        self.assertEqual([line.strip() for line in lines if line.endswith(":")],
                         ["one:", "three:", "two:", "zero:"])
        self.assertEqual(sum(int(count) for count in
                             re.findall(r"  (\d+)  \|", "\n".join(lines))), 40)

    def test_every_way_to_return_is_seen(self):
        script = "".join("finish %s do count() end\n" % name for name in (
            "many_returns", "by_jump", "by_branch", "has_cold", "gives_nothing", "back_to_start"))
        output, _ = self.traced(script, "-n", 1000, "ways")
        hits = [breakpoints(output)[str(number)]["hits"] for number in range(1, 7)]
        self.assertEqual(hits[:4], [1000] * 4)
        # Its jump back to its first instruction ends a call and begins one.
        self.assertEqual(hits[5], 200 * (1 + 1 + 2 + 3 + 4))
        self.assertIn("has_cold.cold+0x", output)
        output, _ = self.traced("finish gives_nothing do count() end", "-n", 1000, "results")
        self.assertEqual(breakpoints(output)["1"]["hits"], 1000)

    def test_a_conditional_jump_out_is_a_return_only_if_it_is_taken(self):
        output, _ = self.traced("finish if_* do count(func) end", "-n", 288, "branches")
        self.assertEqual(set(rows(tables(output)["count(func)"]).values()), {"288"})
        self.assertEqual(len(tables(output)["count(func)"]), 16)
        self.assertEqual(unpaired(output), 0)

    def test_calls_that_were_under_way_are_no_hits(self):
        target = self.target("calls", "-n", 50, "held")
        tap = self.trace("finish held do count() end" + TABLE_AT_EXIT, "-p", str(target.pid))
        target.type("\n")
        self.assertIn("held calls 50", (target.wait(), target.output())[1])
        tap.wait()
        self.assertEqual(breakpoints(tap.output())["1"]["hits"], 49)
        self.assertEqual(unpaired(tap.output()), 1)

    def test_deep_recursion_beyond_the_table_is_counted_not_mispaired(self):
        output, said = self.traced(
            "finish deep do count(entry.n == result) end", "-n", 40000, "deep")
        self.assertIn("deep calls 40000", said)
        hits = breakpoints(output)["1"]["hits"]
        self.assertEqual(rows(tables(output)["count(entry.n == result)"]), {"true": str(hits)})
        self.assertGreater(hits, 8000)
        self.assertEqual(hits + unpaired(output), 40000)
        self.assertEqual(pushed_out(output), unpaired(output))

    def test_ten_million_calls_take_no_memory(self):
        rounds = 60000 if IS_STRESS else 1500
        target = self.target("calls", "-n", rounds, "-k", "fib")
        tap = self.trace("local n = 0\nfinish fib do count() end\n"
                         "finish fib if entry.n > 7 do n = n + 1 end\n"
                         "atexit(function() print('n', n) end)" + TABLE_AT_EXIT,
                         "-p", str(target.pid))

        def memory():
            with open("/proc/%d/status" % tap.pid, encoding="ascii") as status:
                return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
        before = memory()
        target.go()
        target.expect("^fib calls %d$" % (rounds * FIB_10), timeout=1200)
        # What is read of a ring is mapped, and counts: 16 MiB for each CPU.
        self.assertLess(memory(), before + 1024 + (os.cpu_count() << 14))
        target.close_input()
        tap.wait()
        table = breakpoints(tap.output())
        self.assertEqual([table[number]["hits"] for number in "12"], [rounds * FIB_10] * 2)
        self.assertEqual(table["2"]["lost"], 0)
        tap.expect("^n\t%d$" % (rounds * 4))  # fib(10), fib(9), fib(8) twice


@needs_root
class Values(FinishCase):
    def test_what_the_entry_had_is_kept(self):
        events = self.events(
            "finish nap do print(entry.number, entry.name, entry.shape.width, entry.shape.sign, "
            "entry.shape.next.width, entry.arg[1], entry.reg.rdi, result) end",
            "-n", 4, "nap")
        self.assertEqual(events, [
            [str(n), ("zero", "one", "two", "three")[n], "640", "-3",
             "7" if n % 2 else "<null pointer>", str(n), str(n), str(2 * n)] for n in range(4)])

    def test_a_string_of_the_entry_may_be_nil_in_either_half(self):
        for lua in ("", "local _ = 1"):
            with self.subTest(lua=lua):
                output, _ = self.traced(
                    "finish keeps do %s count(entry.text) count(entry.text == nil) "
                    "count(entry.text and 1 or 2) count(entry.text == 'two') end" % lua,
                    "-n", 50, "ways")
                found = tables(output)
                self.assertEqual(rows(found["count(entry.text)"]), {
                    "nil": "10", "one": "10", "three": "10", "two": "10", "zero": "10"})
                self.assertEqual(rows(found["count(entry.text == nil)"]),
                                 {"false": "40", "true": "10"})
                self.assertEqual(rows(found["count(entry.text and 1 or 2)"]),
                                 {"1": "40", "2": "10"})
                self.assertEqual(rows(found["count(entry.text == 'two')"]),
                                 {"false": "40", "true": "10"})
        events = self.events("finish keeps do print(entry.text) end", "-n", 5, "ways")
        self.assertEqual(events, [["zero"], ["one"], ["two"], ["three"], ["nil"]])

    def test_a_path_by_a_local_gives_what_the_whole_path_does_in_either_half(self):
        for lua in ("", "local _ = {}"):
            with self.subTest(lua=lua):
                output, _ = self.traced(
                    "break nap do %s local s = shape local n = s.next count(s.next.width) "
                    "count(n.width) count(shape.next.width) end" % lua, "-n", 40, "nap")
                found = tables(output)
                self.assertEqual(rows(found["count(shape.next.width)"]),
                                 {"7": "20", "<null pointer>": "20"})
                for text in ("count(s.next.width)", "count(n.width)"):
                    self.assertEqual(found[text], found["count(shape.next.width)"])
                self.assertEqual(breakpoints(output)["1"]["runs"], "lua" if lua else "kernel")

    def test_texts_of_the_entry_are_compared_alike_in_either_half(self):
        seen = [None if n % 5 == 4 else ("zero", "one", "two", "three")[n % 5] for n in range(50)]
        cases = {
            "entry.text == 'two'": lambda s: s == "two",
            "entry.text ~= 'two'": lambda s: s != "two",
            "'three' == entry.str(arg[1])": lambda s: s == "three",
            "entry.text == ''": lambda s: False,
            "entry.text == 'three' .. ''": lambda s: s == "three",
            "entry.text:sub(1, 1) == 't'": lambda s: s is not None and s[0] == "t",
            "entry.text:sub(1, 3) ~= 'thr'": lambda s: s != "three",
            "entry.text:sub(1, 9) == 'one'": lambda s: s == "one",
            "entry.text == nil": lambda s: s is None,
            "entry.text": lambda s: s is not None,
            "not entry.text or entry.text == 'one'": lambda s: s in (None, "one"),
            "entry.str(arg[1], 4) == 'thre...'": lambda s: s == "three",
            "entry.str(1) == 'two'": lambda s: False,
            "entry.str(1) ~= 'two' and entry.text == 'one'": lambda s: s == "one",
        }
        left_to_lua = {"entry.text == 'three' .. ''", "entry.str(arg[1], 4) == 'thre...'"}
        script = "".join("finish keeps if %s do count() end\nfinish keeps if %s and math do end\n" %
                         (condition, condition) for condition in cases)
        output, _ = self.traced(script, "-n", 50, "ways")
        filtered = [int(n) for n in re.findall(r"^\s+(\d+) filtered", output, re.MULTILINE)]
        table = breakpoints(output)
        for i, (condition, holds) in enumerate(cases.items()):
            with self.subTest(condition=condition):
                runs = [table[str(2 * i + half)]["runs"] for half in (1, 2)]
                self.assertEqual(runs, ["lua" if condition in left_to_lua else "kernel", "lua"])
                expected = 50 - sum(map(holds, seen))
                self.assertEqual(filtered[2 * i:2 * i + 2], [expected, expected])

    def test_results_of_every_type(self):
        cases = {
            "gives_int": ["0", "-1", "-2", "-3", "-4"],
            "gives_unsigned": ["18446744073709551615", "18446744073709551614",
                               "18446744073709551613", "18446744073709551612",
                               "18446744073709551611"],
            "gives_char": ["0", "-1", "-2", "-3", "-4"],
            "gives_bool": ["false", "true", "false", "true", "false"],
            "gives_text": ["zero", "one", "two", "three", "nil"],
            "gives_enum": ["RED", "GREEN", "RED", "GREEN", "RED"],
            "gives_pair": ['struct pair {first = %d, second = "%s"}' % (n, name) for n, name in
                           enumerate(("zero", "one", "two", "three", "zero"))],
            "gives_small": ["struct small {x = %d, y = %d}" % (n, -n) for n in range(5)],
            "gives_mixed": ["struct mixed {number = %d, half = <unavailable in %%xmm0>}" % n
                            for n in range(5)],
            "gives_large": ['struct large {numbers = {%d, 2, 3, 4, 5, %d}, name = "large"}' %
                            (n, -n) for n in range(5)],
        }
        for name, wanted in cases.items():
            with self.subTest(name):
                events = self.events("finish %s do print(result) end" % name, "-n", 5, "results")
                self.assertEqual([fields[0] for fields in events], wanted)

    def test_fields_of_results(self):
        events = self.events(
            "finish gives_pair do print(result.first, result.second) end\n"
            "finish gives_large do print(result.numbers[5], result.name) end\n"
            "finish gives_union do print(result.number) end\n"
            "finish gives_pointer do print(result.width, result.next, result.sign) end\n"
            "finish gives_mixed do print(result.number) end",
            "-n", 2, "results")
        self.assertEqual(events, [
            ["0", "zero"], ["0"], ["0", "large"], ["0"], ["0", "nil", "-1"],
            ["1", "one"], ["1"], ["-1", "large"], ["1"], ["1", "nil", "-1"]])

    def test_without_debug_information_a_result_is_its_registers(self):
        events = self.events(
            "finish gives_small do print(result & 0xffffffff, result[1] >> 32) end\n"
            "finish gives_pair do print(result, str(result[2])) end\n"
            "finish by_branch do print(result) end\n"
            "finish gives_int do print(entry.arg[1], elapsed > 0, entry.reg.rdi) end",
            "-n", 2, "results", target="calls-nodebug")
        self.assertEqual(events, [
            ["0", "true", "0"], ["0", "0"], ["0", "zero"],
            ["1", "true", "1"], ["1", str(2**32 - 1)], ["1", "one"]])

    def test_the_result_of_a_tail_call_is_what_the_other_function_returns(self):
        for target in ("calls", "calls-nodebug"):
            with self.subTest(target):
                events = self.events(
                    "finish by_branch do print(result << 32 >> 32) end\n"
                    "finish by_jump do print(result << 32 >> 32) end", "-n", 4, "ways",
                    target=target)
                self.assertEqual([int(fields[0]) for fields in events],
                                 [n & 0xffffffff for n in (1, 0, -1, -1, 3, -2, -3, -3)])
                # Where both are chosen, each shows its own.
                events = self.events("finish /^(by_jump|gives_int)$/ do print(func, ok(result, 0)) end",
                                     "-n", 2, "ways", target=target)
                self.assertEqual([fields[0] for fields in events if fields[0] == "by_jump"],
                                 ["by_jump"] * 2)
                self.assertIn(["by_jump", "0"], events)

    def test_conditions_on_results_durations_and_entries(self):
        output, said = self.traced(
            "finish fib if result > 20 and entry.n ~= 9 do count(entry.n) end\n"
            "finish fib if elapsed >= 0 and entry.arg[1] == 10 do count() end\n"
            "finish fib if elapsed < 0 do count() end\n"
            "finish fib if result / 1 > 20 do count(result) end", "-n", 20, "fib")
        found = tables(output)
        self.assertEqual(rows(found["count(entry.n)"]), {"8": "40", "10": "20"})
        self.assertEqual(rows(found["count(result)"]), {"21": "40", "34": "20", "55": "20"})
        table = breakpoints(output)
        self.assertEqual({row["hits"] for number, row in table.items() if "." not in number},
                         {FIB_10 * 20})
        self.assertEqual([table[number]["runs"] for number in "1234"],
                         ["kernel", "kernel", "kernel", "lua"])
        self.assertIn("%d filtered, 0 throttled, 20 delivered" % (FIB_10 * 20 - 20), output)
        self.assertIn("%d filtered, 0 throttled, 0 delivered" % (FIB_10 * 20), output)


@needs_root
class Leaving(FinishCase):
    def test_what_longjmp_leaves_behind_does_not_mispair(self):
        rounds = 100000 if IS_STRESS else 20000
        output, said = self.traced(
            "finish leap do count(entry.n == result) end\n"
            "finish leap_from do count(entry.depth >= 0) end", "-n", rounds, "leap")
        self.assertIn("leap calls %d returns %d" % (rounds, rounds // 2), said)
        self.assertEqual(rows(tables(output)["count(entry.n == result)"]),
                         {"true": str(rounds // 2)})
        self.assertEqual(unpaired(output), 0)
        # Odd rounds leave a call of each depth's frame behind, the next there takes its place.
        self.assertGreater(left(output), rounds // 2 - 100)
        self.assertLessEqual(left(output), rounds // 2)
        self.assertEqual(pushed_out(output), 0)

    def test_exceptions_pair_what_returns_and_harm_nothing(self):
        rounds = 100002 if IS_STRESS else 6000
        script = """
            finish thrower do count() count(entry.n == result) end
            finish middle do count(entry.n % 3 == 1 == (result == -1)) end
            finish catcher do count(entry.n % 3, result < 0) end"""
        output, said = self.traced(script, "-n", rounds, target="throws")
        table = breakpoints(output)
        for number, name in enumerate(("thrower", "middle", "catcher"), 1):
            returns = int(re.search("%s calls .* returns (\\d+)" % name, said).group(1))
            self.assertEqual(table[str(number)]["hits"], returns, name)
        self.assertEqual(unpaired(output), 0)
        untraced = self.target("throws", "-n", rounds)
        untraced.go()
        untraced.wait()
        self.assertEqual(said.splitlines()[1:], untraced.lines[1:])
        found = tables(output)
        self.assertEqual(rows(found["count(entry.n == result)"]), {"true": str(rounds // 3)})
        self.assertEqual(rows(found["count(entry.n % 3, result < 0)"]), {
            "0 false": str(rounds // 3), "1 false": str(rounds // 3),
            "2 true": str(rounds // 3)})


@needs_root
class Life(FinishCase):
    def test_what_was_under_way_while_it_was_disabled_is_not_paired(self):
        target = self.target("calls", "-n", 3, "-k", "pause")
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("finish pauses do print('returned', entry.n, result) end\n")
        tap.expect("^Tracepoint 1 at")
        target.go()  # the first call begins
        target.expect("^begun 0$")
        tap.type("disable 1\nprint('off')\n")
        tap.expect("^off$")
        target.go()  # ... ends unseen; the second begins, at the same place
        target.expect("^begun 1$")
        tap.type("enable 1\nprint('on')\n")
        tap.expect("^on$")
        target.go()  # the second ends; the third begins
        target.expect("^begun 2$")
        target.go()
        tap.expect("^returned\t2\t2$")
        tap.type("info breakpoints\n")
        tap.expect("1 returned of which no entry is known: not counted")
        tap.close_input()
        tap.wait()
        self.assertEqual(len(re.findall("returned\t", tap.output())), 1, tap.output())

    def test_a_limit_ends_it(self):
        target = self.target("calls", "-n", 100, "fib")
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("finish fib do print('fib', result) end\nenable count 3 1\nprint('set')\n")
        tap.expect("^set$")
        target.go()
        target.wait()
        tap.expect_lines(3, "^fib\t")
        tap.type("info breakpoints\n")
        tap.expect(r"^1\s+finish\s+dis\s+n")
        tap.close_input()
        tap.wait()
        self.assertEqual(len([line for line in tap.lines if line.startswith("fib\t")]), 3)

    def test_one_exit_can_be_disabled(self):
        target = self.target("calls", "-n", 100, "ways")
        tap = self.trace("finish has_cold do count(result < entry.n) end\n"
                         'command("disable 1.2")' + TABLE_AT_EXIT, "-p", str(target.pid))
        target.go()
        target.wait()
        tap.wait()
        self.assertEqual(breakpoints(tap.output())["1"]["hits"], 90)
        self.assertEqual(rows(tables(tap.output())["count(result < entry.n)"]), {"false": "90"})
        self.assertEqual(left(tap.output()), 10)

    def test_a_new_condition_goes_on_counting(self):
        target = self.target("calls", "-n", 100, "results")
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("finish gives_int do count(result) end\ncondition 1 result < -97\n"
                 "info breakpoints\n")
        tap.expect(r"stop only if result < -97")
        target.go()
        target.wait()
        tap.close_input()
        tap.wait()
        self.assertEqual(rows(tables(tap.output())["count(result)"]), {"-98": "1", "-99": "1"})

    def test_the_code_is_the_original_again_however_moontap_ends(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            target = self.target("calls", "-n", 10**8, "-t", 2, "fib")
            tap = self.trace("finish fib if result > 50 do print(entry.n, elapsed) end\n"
                             "finish fib do count() end", "-p", str(target.pid))
            target.go()
            self.assertTrue(wait_until(target.changed_text))
            os.kill(tap.pid, end)
            tap._popen.wait()
            self.assert_original(target)
            self.assertTrue(target.is_running())
            target.kill()

    def test_the_table_and_explain_show_the_entry_and_the_exits(self):
        script = """
            finish has_cold if elapsed > 5 do count(entry.n) end
            print(command("info breakpoints")) print(command("explain 1"))"""
        out = self.moontap("-e", script, target_path("calls"), "--dry-run").stdout
        line = line_of("tests/targets/calls.c", "NOINLINE int has_cold(int n)") + 2
        self.assertRegex(out, r"(?m)^1 +finish +keep +y +0x\w+ +0 +0 +kernel +"
                              r"return of has_cold at calls.c:%d$" % line)
        self.assertRegex(out, r"(?m)^1\.1 .* has_cold\+0x\w+ at calls\.c:\d+$")
        self.assertRegex(out, r"(?m)^1\.2 .* has_cold\.cold\+0x\w+ at calls\.c:\d+$")
        self.assertRegex(out, r"(?m)^  entry    0x\w+  has_cold at calls\.c:\d+: allowed, dear")
        self.assertRegex(out, r"(?m)^  exit     0x\w+  has_cold\+0x\w+ at .*: allowed, dear")
        self.assertIn("  returns  are seen at the function's own exits; its return address is "
                      "left alone\n", out)
        self.assertIn("  if       elapsed > 5: in the kernel\n", out)
        entry, exits = out.split("; when it returns:\n")
        self.assertIn("map calls", entry.split("; when the function is entered:\n")[1])
        self.assertIn("map calls", exits)

    def test_setting_one_says_how_many_exits_it_has(self):
        tap = self.moontap("-q", target_path("calls"), "--dry-run",
                           input="finish nap\nfinish has_cold\nfinish gives_c*\nfinish if_n*\n")
        self.assertRegex(tap.stdout, r"Tracepoint 1 at 0x\w+: nap, when it returns \(1 exit\)\.\n")
        self.assertRegex(tap.stdout, r"2 at 0x\w+: has_cold, when it returns \(2 exits\)\.\n")
        self.assertRegex(tap.stdout, r"3 at 0x\w+: gives_char, when it returns \(1 exit\)\.\n")
        self.assertRegex(tap.stdout, r"4 at 0x\w+: if_n\*, when they return \(4 functions, "
                                     r"8 exits; 4 of what is jumped to\)\.\n")


class BadInput(TestCase):
    CASES = (
        ("finish fib+1", "1:8: finish needs a function, not a place in one", "finish fib"),
        ("finish has_cold.cold", "has_cold.cold is a part of a function: it is jumped to", ""),
        ("finish ends_here", "ends_here never returns: no instruction of it leads back", ""),
        ("finish unclear", "whether unclear returns by the jump at +0x", "break unclear+OFFSET"),
        ("finish gives_nothing do print(result) end", "gives_nothing returns nothing", ""),
        ("finish gives_double do print(result) end",
         "`result` cannot be read here: <unavailable in %xmm0>", ""),
        ("finish gives_mixed do print(result.half) end",
         "`result.half` cannot be read here: <unavailable in %xmm0>", ""),
        ("finish gives_pair do print(result.third) end", "has no field `third`", "first"),
        ("finish if_e do print(result[3]) end", "a result is in one register or in two", ""),
        ("finish if_e do local i = tonumber('1') print(result[i]) end",
         "which result it is must be a constant", ""),
        ("finish fib do result = 3 end", "`result` cannot be assigned to", ""),
        ("finish fib do elapsed = 3 end", "`elapsed` cannot be assigned to", ""),
        ("finish fib do entry.n = 3 end", "`entry.n` cannot be assigned to", ""),
        ("finish fib do print(entry) end", "`entry` can only be used as entry.EXPR", ""),
        ("finish fib do print(entry.m) end", "no variable `m` is known here",
         "In scope here: n"),
        ("finish nap do print(entry.shape[0]) end", "`entry.shape[0]` cannot be kept from the entry",
         "entry.shape[0].FIELD"),
        ("finish by_branch do print(arg[1]) end", "`arg[1]` cannot be read here",
         "entry.arg[1] is what it was"),
        ("break fib do print(result) end", "`result` can only be used when a function returns",
         "Use it in the block of `finish FUNCTION`."),
        ("break fib do print(elapsed) end",
         "`elapsed` can only be used when a function returns", "finish FUNCTION"),
        ("break fib do print(entry.n) end", "`entry` can only be used when a function returns",
         "finish FUNCTION"),
        ("finish nothing_like_it", 'Function "nothing_like_it" not defined', ""),
    )

    def test_what_makes_no_sense_is_said(self):
        for script, message, hint in self.CASES:
            with self.subTest(script):
                done = self.moontap("-e", script, target_path("calls"), "--dry-run")
                self.assertEqual(done.status, 1, done)
                self.assertIn(message, done.stderr)
                self.assertIn(hint, done.stderr)
