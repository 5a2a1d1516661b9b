# SPDX-License-Identifier: GPL-2.0-or-later
"""Aggregates of the script: shared by probes, emptied while they count, and exact."""

import re

from harness import TestCase, breakpoints, needs_root, target_path, wait_until

THREADS, CALLS = 4, 20000  # counted(0 ... CALLS - 1, ...) in each thread
ALL = THREADS * CALLS
SUM = THREADS * sum(range(CALLS))


@needs_root
class SharedAggregates(TestCase):
    def traced(self, script, calls=CALLS, threads=THREADS):
        """What moontap says at its end about a target that was hammered."""
        target = self.target("counted", "-n", calls, "-t", threads, "-w")
        tap = self.trace(script, "-p", str(target.pid))
        target.go()
        target.expect("^calls %d$" % (calls * threads))
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.errors, [])
        return tap.output()

    def test_two_probes_and_four_threads_add_to_one_row_exactly(self):
        output = self.traced("""
            hits, total = aggregate.count{title="hits"}, aggregate.sum()
            local mean, least = aggregate.avg(), aggregate.min()
            most = aggregate.max{unit="ns"}
            local steps = aggregate.lhist{low=0, high=20000, step=10000}
            sizes = aggregate.hist{title="sizes", unit="bytes"}
            break counted do
              hits:add() total:add(arg[1], 'k') mean:add(arg[1]) least:add(arg[1] - 7)
            end
            break counted do
              hits:add() total:add(arg[1], 'k') most:add(arg[1]) steps:add(arg[1])
              if arg[1] < 4 then sizes:add(arg[1]) end
            end
            atexit(function()
              print("lua", hits:get(), total:get("k"), mean:get(), least:get(), most:get(), #hits)
              print(command("info breakpoints"))
            end)""")
        self.assertIn("lua\t%d\t%d\t%s\t-7\t%d\t1\n" % (2 * ALL, 2 * SUM, SUM / ALL, CALLS - 1),
                      output)
        shown = output[output.rindex("hits: count"):] + "\n"
        self.assertEqual(re.sub(r"\|[@ ]*\|", "||", shown),
                         "hits: count\n  %d\n"
                         "least: min\n  -7\n"
                         "mean: avg\n  %s\n"
                         "most: max, in ns\n  %d\n"
                         "sizes: hist, in bytes\n  [0]     4  ||\n  [1]     4  ||\n"
                         "  [2, 4)  8  ||\n"
                         "steps: lhist\n  [0, 10000)      40000  ||\n"
                         "  [10000, 20000)  40000  ||\n"
                         "total: sum\n  k  %d\n"
                         % (2 * ALL, SUM / ALL, CALLS - 1, 2 * SUM))
        for number in "12":
            row = breakpoints(output)[number]
            self.assertEqual((row["hits"], row["lost"], row["runs"]), (ALL, 0, "kernel"))

    def test_no_update_is_lost_or_counted_twice_when_it_is_emptied_meanwhile(self):
        output = self.traced("""
            local by_key, most <const> = aggregate.sum(), aggregate.max()
            local periods, sum, greatest = 0, 0, 0
            local function take()
              for _, value in pairs(by_key) do sum = sum + value end
              by_key:clear()
              greatest = math.max(greatest, most:get() or 0)
              most:clear()
              periods = periods + 1
            end
            every 1ms do take() end
            break counted do by_key:add(arg[1], arg[1] % 7) end
            break counted do by_key:add(1, arg[1] % 7) most:add(arg[1]) end
            atexit(function() take() print("all", sum, greatest, periods > 10, #by_key) end)""",
                             calls=5 * CALLS)
        calls = 5 * CALLS
        self.assertIn("all\t%d\t%d\ttrue\t0\n"
                      % (THREADS * (sum(range(calls)) + calls), calls - 1), output)

    def test_in_lua_the_same_script_prints_the_same_byte_for_byte(self):
        script = """
            h, m = aggregate.hist{unit="us"}, aggregate.min()
            local c = aggregate.count()
            break counted if arg[1] %% 3 ~= 0 do %s
              h:add(arg[1] * 0x9e3779b97f4a7c15 >> 40, comm) c:add(func, arg[1] > 4000, u32(arg[1]))
              m:add(u8(arg[1]), 'x', -arg[1] // 1000)
            end"""
        kernel = self.traced(script % "", 6000, 1)
        self.assertEqual(kernel, self.traced(script % "local _ = tostring(1)", 6000, 1))
        self.assertIn("counted  true   <unreadable>  1333\n", kernel)
        self.assertIn("x  -1  none  (667 missing)", kernel)
        self.assertIn("\n  [262ms, 524ms)      63  |@", kernel)

    def test_a_full_table_reports_exactly_what_it_dropped(self):
        output = self.traced("""
            local keys = aggregate.count()
            break counted do keys:add(arg[1]) end
            break counted do keys:add(arg[1] + 5000) end""", 5000)
        self.assertIn("  %d dropped: the table is full (4096 rows)" % (2 * 20000 - 4096 * THREADS),
                      output)

    def test_what_a_deleted_or_changed_probe_has_counted_stays(self):
        target = self.target("counted", "-n", 0, "-r", 2000)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("hits = aggregate.count{title='hits'}\nbreak counted do hits:add() end\n")
        tap.expect("^Tracepoint 1 at")

        def value():
            seen = len(tap.lines)
            tap.type("print('now', hits:get() or 0)\n")
            return int(tap.expect(r"^now\t(\d+)$", after=seen).group(1))
        self.assertTrue(wait_until(lambda: value() > 100))
        tap.type("condition 1 arg[1] >= 0\n")
        before = value()
        self.assertGreater(before, 100)
        self.assertTrue(wait_until(lambda: value() > before + 100))
        tap.type("delete 1\ninfo aggregates\n")
        tap.expect("^hits: count$")
        last = value()
        self.assertGreater(last, before + 100)
        self.assertEqual(value(), last)
        tap.close_input()
        tap.wait()
        self.assertTrue(tap.output().endswith("hits: count\n  %d" % last))

    def test_a_program_run_again_goes_on_counting(self):
        tap = self.tap("-q", "--args", target_path("counted"), "-n", "70")
        tap.type("hits = aggregate.count()\nbreak counted do hits:add() end\n"
                 "hits = aggregate.sum()\nrun\n")
        tap.expect("exited with status 0")
        tap.type("info aggregates 1\nrun\n")
        tap.expect_lines(2, "exited with status 0")
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.output().count("hits: count\n  70\n"), 1)
        # Of one that no probe adds to and that has counted nothing, nothing is said.
        self.assertNotIn("aggregate 2", tap.output())
        self.assertTrue(tap.output().endswith("hits: count\n  140"))
