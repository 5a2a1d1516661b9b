# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracepoints whose place is not there yet: in libraries that a program loads as it runs."""

import time

from harness import MOONTAP, TestCase, breakpoints, needs_root, target_path, wait_until
from screen import Terminal

PROMPT = "(moontap) "
ON = 'command "set breakpoint pending on"\n'
WORK = "break plugin_work if arg[1] > 3 do print(arg[1]) end"
QUESTION = r"Make tracepoint pending on future shared library load\? \(y or \[n\]\) "


@needs_root
class Pending(TestCase):
    def load(self, target):
        target.go()
        target.expect("^loaded$")

    def work(self, target, tap):
        tap.expect("^Tracepoint 1 at .*: libplugin.so:plugin_work")
        target.go()
        target.expect("^calls 10$")

    def console(self, *arguments):
        """A console without a terminal that has plugin_work pending."""
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex", WORK, *arguments)
        tap.expect(r"^Tracepoint 1 \(plugin_work\) pending\.$")
        return tap

    def check_hits(self, tap):
        tap.expect_lines(6, r"^\d$")
        tap.type("info breakpoints\n")
        tap.expect("6 delivered")
        self.assertEqual([line for line in tap.lines if line.isdigit()], list("456789"))
        row = breakpoints(tap.output())["1"]
        self.assertEqual((row["hits"], row["what"]), (10, "libplugin.so:plugin_work at plugin.c:8"))

    def test_a_function_of_a_library_loaded_later_by_a_process(self):
        target = self.target("loader")
        tap = self.console("-p", str(target.pid))
        tap.type("info breakpoints\nexplain 1\n")
        tap.expect(r"^1    break  keep  y    <PENDING>     0     0  -     plugin_work$")
        tap.expect("^  pending  its place is not there yet")
        self.load(target)
        self.work(target, tap)
        self.check_hits(tap)

    def test_pictures_of_a_library_loaded_later(self):
        target = self.target("loader")
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex", "cover plugin_work",
                       "-ex", "flow plugin_work depth 1 if arg[1] > 3", "-p", str(target.pid))
        tap.type("cover\n")
        tap.expect("^nothing is covered yet", errors=True)
        self.load(target)
        tap.expect("^Tracepoint 1: cover of plugin_work")
        tap.expect("^Tracepoint 2: flow of plugin_work")
        target.go()
        target.expect("^calls 10$")
        tap.expect_lines(6, r"^\[\d+\] plugin_work\(")
        tap.type("cover\n")
        tap.expect(r"^ +10  \d+\t")

    def test_a_function_of_a_library_loaded_later_by_whoever_runs_a_file(self):
        tap = self.console(target_path("loader"))
        target = self.target("loader")
        self.load(target)
        self.work(target, tap)
        self.check_hits(tap)

    def test_a_library_that_a_process_of_a_file_has_loaded_already(self):
        target = self.target("loader")
        self.load(target)
        tap = self.console(target_path("loader"))
        self.work(target, tap)
        self.check_hits(tap)

    def test_a_program_that_is_run_twice(self):
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex",
                       "break plugin_work do print('work', arg[1]) end", "--args", "/bin/sh", "-c",
                       "exec python3 -c 'import ctypes; "
                       "ctypes.CDLL(\"%s\").plugin_work(7)'" % target_path("libplugin.so"))
        tap.expect(r"^Tracepoint 1 \(plugin_work\) pending\.$")
        tap.type("run\n")
        tap.expect("^Tracepoint 1 at .*: libplugin.so:plugin_work")
        tap.expect("exited with status 0")
        tap.type("run\n")
        tap.expect("^work\t7$")

    def test_a_script_says_that_its_tracepoints_may_wait(self):
        target = self.target("loader")
        script = self.write("wait.mt", ON + WORK + '\nprint("ready")')
        tap = self.tap("-p", str(target.pid), script)
        tap.expect("^ready$")
        self.load(target)
        target.go()
        target.expect("^calls 10$")
        target.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())

    def test_a_script_that_does_not_say_so_ends(self):
        done = self.moontap("--dry-run", "-e", WORK, target_path("loader"))
        self.assertEqual(done.status, 1, done)
        self.assertIn('Function "plugin_work" not defined.', done.stderr)

    def test_what_a_block_has_brought_along_is_there_when_its_place_comes(self):
        target = self.target("loader")
        tap = self.trace(ON + 'local seen <const> = 40\nlocal all = {}\n'
                         "sizes = aggregate.count{}\n"
                         "break plugin_work do all[#all + 1] = arg[1] + seen sizes:add(1) end\n"
                         'atexit(function() print(table.concat(all, " ")) print(sizes) end)',
                         "-p", str(target.pid))
        self.load(target)
        self.assertTrue(wait_until(lambda: any("libplugin.so" in page
                                               for page in target.changed_text())))
        target.go()
        target.expect("^calls 10$")
        target.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertIn("40 41 42 43 44 45 46 47 48 49", tap.output())

    def test_where_the_place_is_refused_that_is_said_and_it_is_tried_no_more(self):
        target = self.target("loader")
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex",
                       "break plugin_work+0x1 if 1 do end", "-ex", "break plugin_work do nosuch() end",
                       "-p", str(target.pid))
        tap.expect(r"^Tracepoint 2 \(plugin_work\) pending")
        self.load(target)
        tap.expect("^Error in re-setting tracepoint 1, which is disabled now: .*", errors=True)
        tap.type("info breakpoints\n")
        tap.expect("^1 .* n    <PENDING>")

    def test_what_is_changed_while_it_waits_is_as_changed_when_it_comes(self):
        target = self.target("loader")
        tap = self.console("-p", str(target.pid))
        tap.type("condition 1 arg[1] > 7\nignore 1 1\n")
        tap.type("commands 1\nprint('late', arg[1])\nend\nbreak no_such\n")
        tap.type("delete 2\nbreak no_such_2\ndisable 3\nignore 99 1\n")
        tap.expect("No breakpoint number 99", errors=True)
        tap.type("info breakpoints\n")
        tap.expect("stop only if arg.1. > 7")
        tap.expect("ignore next 1 hits")
        tap.expect("^3    break  keep  n    <PENDING>")
        self.load(target)
        self.work(target, tap)
        tap.expect("^late\t9$")
        self.assertNotIn("late\t8", tap.output())

    def test_saved_and_sourced_it_waits_again(self):
        target = self.target("loader")
        tap = self.console("-p", str(target.pid))
        tap.type("save breakpoints saved.mt\n")
        tap.expect("^Saved to file")
        tap.close_input()
        tap.wait()
        again = self.tap("-q", "-ex", "source saved.mt", "-ex", "show breakpoint pending",
                         "-p", str(target.pid))
        again.expect(r"^Tracepoint 1 \(plugin_work\) pending\.$")
        again.expect("is on.$")
        self.load(target)
        self.work(target, again)
        self.check_hits(again)

    def test_a_person_is_asked(self):
        target = self.target("loader")
        terminal = Terminal([MOONTAP, "-q", "-p", str(target.pid)],
                            dict(self.environment(), TERM="vt100"), self.dir)
        self.addCleanup(terminal.close)
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        for answer in ("\r", "n\r"):
            terminal.type("break plugin_work\r")
            terminal.wait_for(lambda screen: screen.current().endswith("(y or [n]) "), "question")
            self.assertRegex(terminal.screen.text(), 'Function "plugin_work" not defined.')
            self.assertRegex(terminal.screen.current(), QUESTION)
            terminal.type(answer)
            terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        terminal.type("break libnone.so:plugin_work\r")
        terminal.expect('no library "libnone.so" in')
        terminal.wait_for(lambda screen: screen.current().endswith("(y or [n]) "), "question")
        terminal.type("y\r")
        terminal.expect(r"^Tracepoint 1 \(libnone.so:plugin_work\) pending\.$")
        terminal.type("set breakpoint pending off\rbreak plugin_work\rset breakpoint pending x\r")
        terminal.expect(r'^"on", "off" or "auto" expected\.$')
        self.assertNotIn("Tracepoint 2", terminal.screen.text())
        terminal.type("set breakpoint pending auto\rset confirm off\rtbreak plugin_work\r")
        terminal.type("show breakpoint pending\r")
        terminal.expect("is auto.$")
        self.assertNotIn("2 (", terminal.screen.text())
        terminal.type("quit\r")
        terminal.wait()

    def test_a_temporary_one(self):
        target = self.target("loader")
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex",
                       "tbreak libplugin.so:plugin_work do print('once', arg[1]) end", "-p", str(target.pid))
        tap.expect(r"^Temporary tracepoint 1 \(libplugin.so:plugin_work\) pending\.$")
        self.load(target)
        tap.expect("^Temporary tracepoint 1 at ")
        target.go()
        target.expect("^calls 10$")
        tap.expect("^once\t0$")
        tap.type("info breakpoints\n")
        tap.expect("No breakpoints or watchpoints")

    def test_a_console_whose_process_has_ended_sleeps(self):
        for command in ("break plugin_work", "break write do print(stack()) end"):
            with self.subTest(command):
                target = self.target("loader")
                tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex", command,
                               "-p", str(target.pid))
                tap.expect("^Tracepoint 1 ")
                target.close_input()
                tap.expect(r"^\[process \d+ exited")
                self.assertTrue(wait_until(lambda pid=tap.pid: is_at_rest(pid)))


def is_at_rest(pid):
    before = cpu_ticks(pid)
    time.sleep(0.5)
    return cpu_ticks(pid) == before


def cpu_ticks(pid):
    """Hundredths of a second."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        return sum(map(int, file.read().split()[13:15]))
