# SPDX-License-Identifier: GPL-2.0-or-later
"""From a script's text to the lines it prints: every hit, exactly, and the right values."""

import os
import re
import signal
import time

from harness import (TABLE_AT_EXIT, Target, TestCase, breakpoints, go_versions, line_of,
                     needs_root, target_path, wait_until)

HERE = """file "%s"
break main.neatFunction+0x6d  do print("here 1") end
break main.neatFunction+0x133 do print("here 2") end
break main.neatFunction+0x17d do print("here 3") end
print("ready")
"""


@needs_root
class Hits(TestCase):
    def trace_to(self, output, script, *arguments):
        """As trace, with all that is printed in a file."""
        tap = self.tap("-o", output, "-e", script + '\nprint("ready")', *arguments)

        def is_ready():
            with open(output, encoding="utf-8") as file:
                return file.read() == "ready\n"
        self.assertTrue(wait_until(lambda: os.path.exists(output) and is_ready()),
                        tap.error_text())
        return tap

    def test_a_million_calls_are_a_million_hits_and_none_is_lost(self):
        target = self.target("counted", "-n", 1000000, "-w")
        output = self.path("output")
        tap = self.trace_to(output, 'break counted do print("hit", arg[1]) end' + TABLE_AT_EXIT,
                            "-p", str(target.pid))
        target.go()
        target.expect("^calls 1000000$")
        target.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        with open(output, encoding="utf-8") as file:
            text = file.read()
        row = breakpoints(text)["1"]
        self.assertEqual((row["hits"], row["lost"]), (1000000, 0))
        numbers = [int(number) for number in re.findall(r"^hit\t(\d+)$", text, re.MULTILINE)]
        self.assertEqual(len(numbers), 1000000)
        self.assertEqual(sorted(numbers), list(range(1000000)))

    def test_what_a_small_ring_loses_is_counted(self):
        target = self.target("counted", "-n", 300000, "-w")
        output = self.path("output")
        tap = self.trace_to(output, 'break counted do print("hit") end' + TABLE_AT_EXIT,
                            "--ring-size", "4K", "-p", str(target.pid))
        target.go()
        target.expect("^calls 300000$")
        tap.wait()
        with open(output, encoding="utf-8") as file:
            text = file.read()
        row = breakpoints(text)["1"]
        self.assertEqual(row["hits"], 300000)
        self.assertEqual(text.count("hit\n") + row["lost"], 300000)
        self.assertGreater(row["lost"], 0, "a ring of one page should have lost something")
        self.assertIn(str(row["lost"]), tap.error_text(), "the loss is reported at the end")

    def test_what_was_lost_is_said_when_the_tracepoint_is_deleted(self):
        target = self.target("counted", "-n", 300000, "-w")
        tap = self.tap("--ring-size", "4K", "-o", self.path("output"), "-p", str(target.pid))
        tap.type('break counted do print("hit") end\n')
        self.assertTrue(wait_until(target.changed_text), "no probe came in")
        target.go()
        target.expect("^calls 300000$")
        tap.type("delete 1\n")
        tap.expect(r"^moontap: \d+ of 300000 hits of tracepoint 1 \(counted\) were lost; a larger "
                   r"--ring-size may hold them$", errors=True)
        tap.type("quit\n")
        self.assertEqual(tap.wait(), 0)
        self.assertEqual(tap.error_text().count("were lost"), 1)

    def test_hits_of_several_threads_add_up(self):
        target = self.target("counted", "-n", 20000, "-t", 4, "-w")
        tap = self.trace("n = 0 break counted do n = n + 1 end "
                         'atexit(function() print("seen", n) end)' + TABLE_AT_EXIT,
                         "-p", str(target.pid))
        target.go()
        target.expect("^calls 80000$")
        self.assertEqual(tap.wait(), 0, tap.error_text())
        row = breakpoints(tap.output())["1"]
        tap.expect("^seen\t%d$" % (80000 - row["lost"]))
        self.assertEqual(row["hits"], 80000)

    def test_the_target_does_not_stop_and_keeps_its_output(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        before = target.calls()
        tap = self.trace("break counted do end", "-p", str(target.pid))
        self.assertTrue(target.changed_text(), "the probe should show in the code")
        during = target.calls()
        self.assertTrue(wait_until(lambda: target.calls() > during + 50))
        self.assertEqual(tap.stop(), 0, tap.error_text())
        self.assert_original(target)
        after = target.calls()
        self.assertTrue(wait_until(lambda: target.calls() > after + 50))
        self.assertGreater(during, before - 1)
        self.assertEqual([line for line in target.lines if not re.match(r"(pid|calls) \d+$", line)],
                         [])

    def test_a_file_is_traced_in_every_process_now_and_later(self):
        first = self.target("counted", "-n", 5, "-w")
        tap = self.trace("break counted do print(pid) end", target_path("counted"))
        second = self.target("counted", "-n", 7, "-w")
        for target in (first, second):
            target.go()
            target.wait()
        tap.expect_lines(12, r"^\d+$")
        tap.stop()
        pids = [int(line) for line in tap.lines if line.isdigit()]
        self.assertEqual((pids.count(first.pid), pids.count(second.pid)), (5, 7))

    def test_a_pid_is_traced_alone(self):
        other = self.target("counted", "-n", 50, "-w")
        target = self.target("counted", "-n", 5, "-w")
        tap = self.trace("break counted do print(pid) end", "-p", str(target.pid))
        other.go()
        other.wait()
        target.go()
        target.wait()
        self.assertEqual(tap.wait(), 0)
        self.assertEqual([line for line in tap.lines if line.isdigit()], [str(target.pid)] * 5)


@needs_root
class Values(TestCase):
    def lines_of(self, script, calls=4, name="counted"):
        """What a script prints of a target that calls counted so often."""
        target = self.target(name, "-n", calls, "-w")
        tap = self.trace(script, "-p", str(target.pid))
        target.go()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.errors, [])
        return target, [line for line in tap.lines if line != "ready"]

    def test_arguments_are_integers_counted_from_one(self):
        _, lines = self.lines_of("break counted do print(arg[1]) end")
        self.assertEqual(lines, ["0", "1", "2", "3"])

    def test_memory_is_read_at_the_hit_with_its_width_and_sign(self):
        _, lines = self.lines_of(
            "break counted do print(str(arg[2]), u32(arg[3]), u16(arg[3]+4), i8(arg[3]+6), "
            "u8(arg[3]+6)) end")
        self.assertEqual(lines, ["%s\t640\t480\t-3\t253" % text
                                 for text in ("zero", "one", "two", "three")])

    def test_a_register_is_what_the_argument_is(self):
        _, lines = self.lines_of("break counted do print(reg.rdi == arg[1], reg.rdi) end")
        self.assertEqual(lines, ["true\t%d" % number for number in range(4)])

    def test_the_built_ins_say_where_and_when(self):
        target, lines = self.lines_of(
            "break counted do print(pid, tid, comm, func, line > 0, file, probe) end", calls=1)
        pid, tid, comm, func, has_line, file, probe = lines[0].split("\t")
        self.assertEqual((int(pid), int(tid), comm, func, has_line, probe),
                         (target.pid, target.pid, "counted", "counted", "true", "1"))
        self.assertTrue(file.endswith("counted.c"), file)

    def test_lines_are_known_when_the_process_is_gone(self):
        _, lines = self.lines_of("break counted do end "
                                 'atexit(function() print(command("info breakpoints")) end)')
        self.assertRegex("\n".join(lines), r"counted\+0x\w+ at counted\.c:\d+")

    def test_time_goes_forward_and_is_of_today(self):
        _, lines = self.lines_of("break counted do print(time) end", calls=100)
        times = [int(line) for line in lines]
        self.assertEqual(len(set(times)), 100)
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[-1] / 1e9 - time.time()), 60)

    def test_a_condition_picks_the_hits(self):
        _, lines = self.lines_of(
            "break counted if arg[1] % 3 == 1 and arg[1] > 4 do print(arg[1]) end" +
            TABLE_AT_EXIT, calls=20)
        row = breakpoints("\n".join(lines))["1"]
        self.assertEqual([int(line) for line in lines if line.isdigit()], [7, 10, 13, 16, 19])
        self.assertEqual(row["hits"], 20)

    def test_a_condition_that_only_lua_can_judge_picks_the_same_hits(self):
        _, lines = self.lines_of(
            'break counted if string.rep("x", arg[1]) == "xx" or arg[1] / 2 == 1.5 '
            "do print(arg[1]) end", calls=20)
        self.assertEqual(lines, ["2", "3"])

    def test_a_string_condition_compares_text(self):
        _, lines = self.lines_of('break counted if str(arg[2]) == "two" do print(arg[1]) end',
                                 calls=12)
        self.assertEqual(lines, ["2", "6", "10"])

    def test_the_script_s_own_locals_and_globals_are_lua_s(self):
        _, lines = self.lines_of(
            "local step = 10 total = 0 break counted do total = total + arg[1] * step "
            "print(total) end")
        self.assertEqual(lines, ["0", "10", "30", "60"])

    def test_a_pointer_that_points_nowhere_is_unreadable_and_not_zero(self):
        _, lines = self.lines_of("break counted do print(u64(arg[1]), str(arg[1])) end", calls=1)
        self.assertIn("<unreadable", lines[0])
        self.assertNotIn("0\t", lines[0])

    def test_what_a_local_leads_to_is_read_as_what_the_whole_path_does(self):
        for lua in ("", "local t = {} "):
            with self.subTest(lua=lua):
                _, lines = self.lines_of(
                    "break counted do %slocal p, s = arg[2], shape local q <const> = p + 1 "
                    "print(str(p), str(q), u8(q + 1), s.width, s.sign, s.width == shape.width) end"
                    % lua)
                self.assertEqual(lines, ["%s\t%s\t%d\t640\t-3\ttrue" % (n, n[1:], ord(n[2]))
                                         for n in ("zero", "one", "two", "three")])

    def test_values_are_read_in_a_program_that_is_not_pie(self):
        _, lines = self.lines_of("break counted do print(arg[1], str(arg[2])) end",
                                 name="counted-nopie")
        self.assertEqual(lines, ["0\tzero", "1\tone", "2\ttwo", "3\tthree"])

    def test_printf_formats_as_lua_does(self):
        _, lines = self.lines_of(r'break counted do printf("%03d|%-5s|%x\n", arg[1], str(arg[2]), '
                                 "arg[1] * 16) end")
        self.assertEqual(lines, ["000|zero |0", "001|one  |10", "002|two  |20", "003|three|30"])

    def test_a_probe_without_a_block_prints_one_line_a_hit(self):
        _, lines = self.lines_of("break counted", calls=3)
        self.assertEqual(len(lines), 3)
        self.assertTrue(all("counted" in line for line in lines), lines)

    def test_the_function_form_is_the_same_probe(self):
        _, lines = self.lines_of(
            'probe("counted", {when = function(e) return e.arg[1] > 1 end},\n'
            "function(e) print(e.arg[1], e.pid == e.tid) end)")
        self.assertEqual(lines, ["2\ttrue", "3\ttrue"])

    def test_the_function_form_fits_on_one_line(self):
        _, lines = self.lines_of(
            'probe("counted", {when = function(e) return e.arg[1] > 1 end}, '
            "function(e) print(e.str(e.arg[2])) end)")
        self.assertEqual(lines, ["two", "three"])

    def test_dprintf_prints_a_formatted_line_at_each_hit(self):
        _, lines = self.lines_of(r'dprintf counted, "%d is %s\n", arg[1], str(arg[2])', calls=2)
        self.assertEqual(lines, ["0 is zero", "1 is one"])

    def test_tbreak_hits_once(self):
        _, lines = self.lines_of("tbreak counted do print(arg[1]) end", calls=100)
        self.assertEqual(lines, ["0"])


@needs_root
class Lines(TestCase):
    """FILE:LINE in C."""

    def trace_lines(self, script, name="counted"):
        """moontap, after 1,000 calls of counted."""
        target = self.target(name, "-n", 1000, "-w")
        tap = self.trace(script + TABLE_AT_EXIT, "-p", str(target.pid))
        target.go()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        return tap

    def line(self, text):
        return line_of("tests/targets/counted.c", text)

    def test_a_line_hits_as_often_as_it_runs(self):
        texts = (("seldom(made);", 10), ("return number + sign;", 1000), ("made++;", 1000))
        for name in ("counted", "counted-nopie"):
            with self.subTest(name):
                tap = self.trace_lines(" ".join(
                    "break counted.c:%d do end" % self.line(text) for text, _ in texts), name)
                rows = breakpoints(tap.output())
                self.assertEqual([rows[str(i + 1)]["hits"] for i in range(3)],
                                 [count for _, count in texts])
                self.assertIn(" at counted.c:%d\n" % self.line("made++;"), tap.output() + "\n")

    def test_a_line_in_a_condition_s_branch_can_have_a_condition_of_its_own(self):
        line = self.line("seldom(made);")
        tap = self.trace_lines("n = 0 break targets/counted.c:%d if pid == tid do n = n + 1 "
                               'print(func, file, line) end atexit(function() print("n", n) end)'
                               % line)
        tap.expect("^n\t10$")
        tap.expect(r"^work\t.*counted\.c\t%d$" % line)

    def test_the_opening_line_is_the_entry_where_arguments_can_be_read(self):
        line = self.line("NOINLINE long counted(long number")
        tap = self.trace_lines("n = 0 break counted.c:%d do n = n + arg[1] end "
                               'atexit(function() print("sum", n) end)' % line)
        tap.expect("^sum\t499500$")
        self.assertEqual(breakpoints(tap.output())["1"]["hits"], 1000)


@needs_root
class Callbacks(TestCase):
    def test_an_error_is_told_once_and_ten_in_a_row_disable_the_probe(self):
        target = self.target("counted", "-n", 100, "-w")
        tap = self.trace('break counted do error("boom") end '
                         "break seldom do print(arg[1]) end" + TABLE_AT_EXIT,
                         "-p", str(target.pid))
        target.go()
        target.expect("^calls 100$")
        tap.wait()
        self.assertEqual(sum("boom" in line for line in tap.errors), 1, tap.error_text())
        self.assertIn("disabled", tap.error_text())
        self.assertEqual(breakpoints(tap.output())["1"]["enabled"], "n")
        tap.expect("^99$")

    def test_exit_ends_it_with_a_status(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        tap = self.tap("-p", str(target.pid), "-e", "break counted do exit(7) end")
        self.assertEqual(tap.wait(), 7)
        self.assert_original(target)

    def test_disable_enable_and_delete_work_from_a_script(self):
        target = self.target("counted", "-n", 300, "-r", 1000, "-w")
        tap = self.trace(
            "break counted do if arg[1] == 9 then disable(1) end end "
            "break seldom do if arg[1] == 99 then enable(1) else delete(1) end end" +
            TABLE_AT_EXIT, "-p", str(target.pid))
        target.go()
        target.expect("^calls 300$")
        tap.wait()
        rows = breakpoints(tap.output())
        self.assertNotIn("1", rows)
        self.assertEqual(rows["2"]["hits"], 3)

    def test_every_runs_its_block_again_and_again(self):
        tap = self.tap("-e", 'n = 0 every 50ms do n = n + 1 print("tick", n) '
                       "if n == 5 then exit() end end", target_path("counted"))
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertEqual(tap.lines, ["tick\t%d" % n for n in range(1, 6)])

    def test_duration_ends_it(self):
        tap = self.tap("--duration", "300ms", "-e", "break counted do end", target_path("counted"))
        self.assertEqual(tap.wait(), 0, tap.error_text())

    def test_ctrl_c_drains_and_runs_atexit(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        tap = self.trace('n = 0 break counted do n = n + 1 end '
                         'atexit(function() print("seen", n) end)' + TABLE_AT_EXIT,
                         "-p", str(target.pid))
        start = target.calls()
        self.assertTrue(wait_until(lambda: target.calls() > start + 100))
        tap.signal(signal.SIGINT)
        self.assertEqual(tap.wait(), 0, tap.error_text())
        row = breakpoints(tap.output())["1"]
        self.assertEqual(int(tap.expect(r"^seen\t(\d+)$").group(1)), row["hits"] - row["lost"])
        self.assertGreater(row["hits"], 100)

    def test_what_a_script_prints_of_a_target_cannot_drive_the_terminal(self):
        script = 'break counted do print("a\\27[2Jb", str(arg[2])) end'
        target = self.target("counted", "-n", 1, "-w")
        tap = self.trace(script, "-p", str(target.pid))
        target.go()
        tap.wait()
        self.assertNotIn("\x1b", tap.output())


@needs_root
class GoPlay(TestCase):
    """The blog post's problem."""

    def passes(self, version, count):
        path = target_path("go-play-" + version)
        script = self.write("here.mt", HERE % path)
        tap = self.tap(script)
        tap.expect("^ready$")
        target = self.start_go(path, count)
        self.assertEqual(target.wait(), 0)
        tap.expect_lines(3 * count, "^here")
        self.assertEqual(tap.stop(), 0, tap.error_text())
        return target, tap

    def start_go(self, path, count):
        target = self.start(Target, [path, "-passes", count, "-pause", "10ms"])
        target.expect("^pid %d$" % target.pid)
        return target

    def test_here_1_2_3_once_per_pass_in_go_1_21_and_1_22(self):
        versions = [version for version in go_versions() if version in ("1.21", "1.22")]
        if not versions:
            self.skipTest("no Go 1.21 or 1.22")
        for version in versions:
            with self.subTest(version):
                target, tap = self.passes(version, 20)
                alone = self.start_go(target_path("go-play-" + version), 20)
                alone.wait()
                self.assertEqual([line for line in tap.lines if line != "ready"],
                                 ["here 1", "here 2", "here 3"] * 20)
                self.assertEqual(target.lines[1:], alone.lines[1:])
                self.assertEqual(target.lines[-1], "passes 20")

    def test_a_running_program_keeps_its_pid_and_its_code(self):
        path = target_path("go-play-" + go_versions()[-1])
        target = self.start_go(path, 0)
        tap = self.trace("n = 0 break main.neatFunction do n = n + 1 "
                         "if n == 20 then exit() end end", "-p", str(target.pid))
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertTrue(target.is_running())
        self.assert_original(target)

    def test_a_function_hits_once_a_pass_with_its_arguments_in_every_release(self):
        for version in go_versions():
            with self.subTest(version):
                path = target_path("go-play-" + version)
                tap = self.trace(
                    "break main.neatFunction do "
                    "print(arg[1] & 255, arg[2] & 255, arg[3] & 255, func) end", path)
                target = self.start_go(path, 30)
                target.wait()
                tap.expect_lines(30, "main.neatFunction")
                tap.stop()
                self.assertEqual(
                    [line for line in tap.lines if line != "ready"],
                    ["%d\t%d\t%d\tmain.neatFunction" % (n % 2 == 0, n % 3 == 0, n % 5 == 0)
                     for n in range(1, 31)])

    def test_a_line_hits_once_a_pass_when_its_condition_is_true_in_every_release(self):
        source = "examples/go-play/main.go"
        texts = ("first condition", "second condition", "third condition", '"the end"')
        lines = [line_of(source, text) for text in texts]
        opening = line_of(source, "func neatFunction")
        for version in go_versions():
            with self.subTest(version):
                path = target_path("go-play-" + version)
                tap = self.trace(
                    " ".join("break main.go:%d do print(line) end" % line for line in lines) +
                    " break main.go:%d do print('pass', arg[1] & 255) end" % opening, path)
                target = self.start_go(path, 30)
                target.wait()
                wanted = []
                for n in range(1, 31):
                    wanted.append("pass\t%d" % (n % 2 == 0))
                    wanted += [str(line) for line, every in zip(lines, (2, 3, 5, 1))
                               if n % every == 0]
                tap.expect_lines(len(wanted) + 1)
                tap.stop()
                self.assertEqual(tap.lines[1:], wanted)

    def test_file_and_line_come_from_go_s_own_table(self):
        for version in go_versions():
            with self.subTest(version):
                path = target_path("go-play-" + version)
                tap = self.trace("break main.neatFunction do print(file, line) end", path)
                target = self.start_go(path, 1)
                target.wait()
                tap.expect_lines(2)
                tap.stop()
                self.assertRegex(tap.lines[1], r"main\.go\t\d+$")
                source = os.path.join(os.path.dirname(__file__), "..", "..", "examples",
                                      "go-play", "main.go")
                with open(source, encoding="utf-8") as file:
                    lines = file.read().split("\n")
                number = int(tap.lines[1].split("\t")[1])
                self.assertIn("neatFunction", lines[number - 1])


@needs_root
class Container(TestCase):
    def test_pids_are_those_of_our_own_namespace(self):
        done = self.moontap("-e", "break counted do print('at', pid, tid) end",
                            "--args", target_path("counted"), "-n", "2",
                            prefix=("unshare", "--pid", "--fork", "--mount-proc"))
        self.assertEqual(done.status, 0, done)
        pid = re.search(r"^pid (\d+)$", done.stdout, re.MULTILINE).group(1)
        self.assertLess(int(pid), 10)
        self.assertEqual(done.stdout.count("at\t%s\t%s\n" % (pid, pid)), 2, done)
