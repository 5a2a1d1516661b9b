# SPDX-License-Identifier: GPL-2.0-or-later
"""count(), sum(), hist() and their kin: exact, and the same whichever half counts."""

import re

from harness import TABLE_AT_EXIT, TestCase, breakpoints, needs_root, target_path, wait_until

THREADS, CALLS = 4, 20000  # counted(0 ... CALLS - 1, ...) in each thread
ALL = THREADS * CALLS


def tables(text):
    """What each aggregation has printed: its call's text, and the lines below."""
    found, lines = {}, None
    for line in text.splitlines():
        title = re.match(r"Tracepoint \d+, [^:]*: (.*)$", line)
        if title:
            lines = found[title.group(1)] = []
        elif line.startswith("  ") and lines is not None:
            lines.append(line)
        else:
            lines = None
    return found


def rows(lines):
    """Rows of keys and a value, as {"key key": "value"}."""
    return {" ".join(line.split()[:-1]): line.split()[-1] for line in lines}


def buckets(lines):
    """A histogram's counts by label."""
    return {match.group(1): int(match.group(2)) for line in lines
            if (match := re.match(r"\s+(\S.*?)\s{2,}(\d+)  \|", line))}


@needs_root
class Aggregates(TestCase):
    def traced(self, script, calls=CALLS, threads=THREADS, arguments=()):
        """What moontap says at its end about a target that was hammered."""
        target = self.target("counted", "-n", calls, "-t", threads, "-w")
        tap = self.trace(script, "-p", str(target.pid), *arguments)
        target.go()
        target.expect("^calls %d$" % (calls * threads))
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.errors, [])
        return tap.output()

    def test_totals_are_exact_with_four_threads_on_the_same_rows(self):
        output = self.traced("""
            break counted do
              count() count(arg[1] % 1000, comm)
              sum(arg[1]) sum(i8(arg[3] + 6), arg[1] & 1)
              avg(arg[1]) min(arg[1] - 7) max(arg[1] * 3, arg[1] & 1)
              hist(arg[1]) hist(arg[1] - 1024, arg[1] & 1)
              lhist(arg[1], 0, 20000, 5000) lhist(arg[1] % 10, 2, 9, 3, arg[1] & 1)
            end""" + TABLE_AT_EXIT)
        found = tables(output)
        total = THREADS * sum(range(CALLS))
        self.assertEqual(found["count()"], ["  %d" % ALL])
        self.assertEqual(rows(found["count(arg[1] % 1000, comm)"]),
                         {"%d counted" % key: str(ALL // 1000) for key in range(1000)})
        self.assertEqual(found["sum(arg[1])"], ["  %d" % total])
        self.assertEqual(rows(found["sum(i8(arg[3] + 6), arg[1] & 1)"]),
                         {"0": str(-3 * ALL // 2), "1": str(-3 * ALL // 2)})
        self.assertEqual(found["avg(arg[1])"], ["  %s" % (total / ALL)])
        self.assertEqual(found["min(arg[1] - 7)"], ["  -7"])
        self.assertEqual(rows(found["max(arg[1] * 3, arg[1] & 1)"]),
                         {"0": str(3 * (CALLS - 2)), "1": str(3 * (CALLS - 1))})
        wanted = {"[0]": THREADS, "[1]": THREADS}
        for label, low in (("2, 4", 2), ("4, 8", 4), ("8, 16", 8), ("16, 32", 16),
                           ("32, 64", 32), ("64, 128", 64), ("128, 256", 128),
                           ("256, 512", 256), ("512, 1K", 512), ("1K, 2K", 1024),
                           ("2K, 4K", 2048), ("4K, 8K", 4096), ("8K, 16K", 8192)):
            wanted["[%s)" % label] = low * THREADS
        wanted["[16K, 32K)"] = (CALLS - 16384) * THREADS
        self.assertEqual(buckets(found["hist(arg[1])"]), wanted)
        below = "\n".join(found["hist(arg[1] - 1024, arg[1] & 1)"])
        self.assertEqual(re.findall(r"\(\.\.\., 0\)\s+(\d+)", below), [str(512 * THREADS)] * 2)
        self.assertEqual(buckets(found["lhist(arg[1], 0, 20000, 5000)"]),
                         {"[%d, %d)" % (low, low + 5000): 5000 * THREADS
                          for low in range(0, 20000, 5000)})
        lines = found["lhist(arg[1] % 10, 2, 9, 3, arg[1] & 1)"]
        middle = lines.index("  1:")
        self.assertEqual(buckets(lines[1:middle]),  # 0 2 4 6 8
                         {"(..., 2)": ALL // 10, "[2, 5)": ALL // 5, "[5, 8)": ALL // 10,
                          "[8, 9)": ALL // 10})
        self.assertEqual(buckets(lines[middle + 1:]),  # 1 3 5 7 9
                         {"(..., 2)": ALL // 10, "[2, 5)": ALL // 10, "[5, 8)": ALL // 5,
                          "[8, 9)": 0, "[9, ...)": ALL // 10})
        row = breakpoints(output)["1"]
        self.assertEqual((row["hits"], row["lost"], row["runs"]), (ALL, 0, "kernel"))

    def test_in_lua_the_same_script_prints_the_same_byte_for_byte(self):
        script = """
            break counted if arg[1] %% 3 ~= 0 do %s
              count(arg[1] * 0x9e3779b97f4a7c15 >> 54, comm, func)
              sum(arg[1] * 0x9e3779b97f4a7c15)
              avg(arg[1] * 0x9e3779b97f4a7c15, arg[1] & 7, arg[4])
              min(arg[1] * 0x9e3779b97f4a7c15, arg[4], line)
              max(arg[1] * 0x9e3779b97f4a7c15, arg[4], file, addr, probe)
              hist(arg[1] * 0x9e3779b97f4a7c15 >> (arg[1] & 63))
              hist(arg[1] * 0x9e3779b97f4a7c15, comm)
              lhist(arg[1] * 0x9e3779b97f4a7c15, -1 << 61, 0x2000000000000001, 1 << 56)
              lhist(arg[1] - 3000, -2000, 1000, 700, arg[4], -arg[4] // 2)
              count(u32(arg[1]), u16(arg[3] + 4)) sum(u8(arg[1]), arg[4])
              max(u8(arg[1] * (arg[1] & 1)), arg[4]) hist(i8(arg[1]))
            end"""
        kernel = self.traced(script % "", 6000, 1)
        self.assertEqual(kernel, self.traced(script % "local _ = 1", 6000, 1))
        self.assertEqual(len(tables(kernel)), 13)
        self.assertIn("<unreadable>  480  4000\n", kernel)
        self.assertIn("(2000 missing)\n", kernel)

    def test_the_name_of_the_thread_is_compared_in_the_kernel_as_in_lua(self):
        cases = (("comm == 'counted'", True), ("comm ~= 'counted'", False),
                 ("comm == 'counte'", False), ("comm == 'counted\\0'", False),
                 ("comm ~= 'a name of more than fifteen bytes'", True), ("comm == ''", False),
                 ("comm:sub(1, 5) == 'count'", True), ("comm:sub(1, 5) == 'counx'", False),
                 ("comm:sub(1, 9) == 'counted'", True), ("comm:sub(1, 9) == 'count'", False))
        output = self.traced("hits = aggregate.count()" + "".join(
            f" break counted if {case} do hits:add({i}) end" for i, (case, _) in enumerate(cases)) +
            " atexit(function() print(command('info breakpoints')) end)", calls=50, threads=1)
        self.assertEqual(output.count("  kernel  counted"), len(cases), output)
        counted = rows(output.partition("hits: count\n")[2].splitlines())
        self.assertEqual(counted, {str(i): "50" for i, (_, holds) in enumerate(cases) if holds})

    def test_a_block_in_the_kernel_sends_no_event(self):
        target = self.target("counted", "-n", 3000, "-w")
        # The smallest ring: an event for each hit would not fit.
        tap = self.trace("break counted if arg[1] & 1 == 0 do count() end\n"
                         'print(command("explain 1"))' + TABLE_AT_EXIT,
                         "-p", str(target.pid), "--ring-size", "4K")
        tap.expect(r"block    in the kernel: no event is sent")
        self.assertNotIn("ringbuf", tap.output())
        target.go()
        target.expect("^calls 3000$")
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertIn("1500 filtered, 0 throttled, 1500 delivered", tap.output())
        self.assertEqual(tables(tap.output())["count()"], ["  1500"])

    def test_loops_of_any_length_and_content_run_in_the_kernel(self):
        for block in ("local s = 0 for i = 1, arg[1] % 300 do s = s + i end hist(s)",
                      "for i = 1, arg[1] % 9 do if (arg[1] + i) % 3 == 0 then count(i) end end",
                      "local s = 0 for i = 0, arg[1] % 30, 3 do for j = i, 5 do "
                      "if i * j % 4 == 2 then break end s = s ~ i * j + 1 end end lhist(s, 0, 9, 1)",
                      "local n = 0 for i = 1, 64 do if arg[1] >> n == 0 then break end "
                      "n = n + 1 end count(n)"):
            with self.subTest(block=block):
                inside = self.traced("break counted do %s end" % block + TABLE_AT_EXIT, 1000, 2)
                self.assertEqual(breakpoints(inside)["1"]["runs"], "kernel")
                self.assertEqual(breakpoints(inside)["1"]["lost"], 0)
                in_lua = self.traced("break counted do local _ %s end" % block, 1000, 2)
                self.assertEqual(tables(inside), tables(in_lua))

    def test_why_a_block_is_left_to_lua_is_explained(self):
        tap = self.moontap("-e", "break counted do count(str(arg[2]), str(arg[3]), str(arg[1])) end\n"
                           'print(command("explain 1"))', target_path("counted"), "--dry-run")
        self.assertIn("block    in Lua, at each event, because its keys are too long together\n",
                      tap.stdout)

    def test_a_full_table_reports_exactly_what_it_dropped(self):
        for lua in ("", "local _"):
            with self.subTest(lua=lua):
                output = self.traced("break counted do %s count(arg[1]) end" % lua, 10000, 1)
                self.assertIn("\n  5904 dropped: the table is full (4096 rows)", output)
                self.assertEqual(len(tables(output)["count(arg[1])"]), 4096 + 1)
        output = self.traced("break counted do lhist(arg[1], 0, 900, 1, arg[1] % 3000) end", 4500)
        table = tables(output)["lhist(arg[1], 0, 900, 1, arg[1] % 3000)"]
        dropped = int(table[-1].split()[0])
        counted = sum(int(count) for count in re.findall(r"  (\d+)  \|", "\n".join(table)))
        self.assertEqual(counted + dropped, 4500 * THREADS)
        self.assertGreater(dropped, 0)

    def test_places_of_one_probe_are_told_apart(self):
        target = self.target("many")
        tap = self.trace("rbreak /^fn_000[1-3]$/ do count(func) count(probe) end" +
                         TABLE_AT_EXIT, "-p", str(target.pid))
        target.type("\n\n\n")
        target.expect("^round 4$|^round 3$")
        tap.stop()
        found = tables(tap.output())
        self.assertEqual(rows(found["count(func)"]),
                         {"fn_000%d" % i: "3" for i in range(1, 4)})
        self.assertEqual(rows(found["count(probe)"]), {"1": "9"})
        self.assertEqual(breakpoints(tap.output())["1"]["runs"], "kernel")

    def test_they_can_be_read_while_they_are_counted_and_go_with_their_probe(self):
        target = self.target("counted", "-n", 0, "-r", 2000)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("break counted do count() end\nbreak counted do local _ sum(1) end\n")
        tap.expect("^Tracepoint 2 at")

        def value():
            seen = len(tap.lines)
            tap.type("info aggregates 1\n")
            return int(tap.expect(r"^  (\d+)$", after=seen).group(1))
        first = value()
        self.assertTrue(wait_until(lambda: value() > first + 100))
        tap.type("delete 1\n")
        tap.type("info aggregates 1\n")
        tap.expect("^No aggregations in '1'.$")
        tap.close_input()
        tap.wait()
        last = tap.output().rpartition("No aggregations")[2]
        self.assertIn("Tracepoint 2, counted: sum(1)\n  ", last)
        self.assertNotIn("Tracepoint 1", last)

    def test_a_program_run_again_goes_on_counting(self):
        tap = self.tap("-q", "--args", target_path("counted"), "-n", "70")
        tap.type("break counted do count() end\nrun\n")
        tap.expect("exited with status 0")
        tap.type("run\n")
        tap.expect_lines(2, "exited with status 0")
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tables(tap.output())["count()"], ["  140"])
