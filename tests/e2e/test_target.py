# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets: launched, ended, replaced, loaded later; and the kinds of names they have."""

import signal
import subprocess

from harness import TABLE_AT_EXIT, Process, TestCase, breakpoints, needs_root, target_path


@needs_root
class OfALibrary(TestCase):
    """A program is named, and the tracepoint is in a library that others use, too."""

    def test_what_moontap_does_itself_is_no_hit(self):
        tap = self.tap("-q", target_path("counted"))
        tap.type("break libc:write if comm == 'counted' or comm == 'moontap' "
                 "do print('hit', pid) end\n")
        tap.expect(r"^libc\.so\.6 is used by other programs, too: what they call is a hit\. With "
                   r"-p PID, or run, it is one process\.$")
        tap.type("every 10ms do print('tick') end\n")
        tap.expect_lines(20, "^tick$")
        subprocess.run([target_path("counted"), "-n", "1"], check=True, capture_output=True)
        tap.expect(r"^hit\t")
        self.assertFalse("hit\t%d" % tap.pid in tap.lines, "moontap's own writes are hits")
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())

    def test_of_one_process_nothing_more_is_said(self):
        done = self.moontap("-q", "-ex", "break libc:write do end", "-batch", "--args",
                            target_path("counted"), "-n", 1)
        self.assertIn("Tracepoint 1 at ", done.stdout)
        self.assertNotIn("other programs", done.stdout + done.stderr)


@needs_root
class Launched(TestCase):
    """--args: moontap starts the program, holds it, and lets it go."""

    def launch(self, script, *arguments):
        return self.moontap("-e", script + TABLE_AT_EXIT, "--args", *arguments)

    def test_every_call_of_a_launched_program_is_seen(self):
        done = self.launch("break counted do end", target_path("counted"), "-n", 1234)
        self.assertEqual(done.status, 0, done)
        self.assertIn("calls 1234\n", done.stdout)
        self.assertEqual(breakpoints(done.stdout)["1"]["hits"], 1234)

    def test_it_is_traced_from_its_first_instruction(self):
        done = self.launch("break _start do print(\"started\") end "
                           "break main do print(\"main\", arg[1]) end",
                           target_path("counted"), "-n", 1)
        self.assertEqual(done.status, 0, done)
        self.assertIn("started\n", done.stdout)
        self.assertIn("main\t3\n", done.stdout)

    def test_probes_go_over_to_the_program_that_run_starts_each_time(self):
        tap = self.tap(target_path("counted"))
        tap.type("break counted do print('hit', arg[1]) end\n")
        for _ in range(2):
            del tap.lines[:]
            tap.type("run -n 2\n")
            tap.expect(r"^\[process \d+ exited with status 0\]$")
            self.assertEqual([line for line in tap.lines if line.startswith("hit")],
                             ["hit\t0", "hit\t1"])
            tap.expect("^calls 2$")
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())

    def test_its_exit_status_is_moontap_s(self):
        done = self.launch("break step do end", target_path("ends"), "exit", 3)
        self.assertEqual(done.status, 3, done)
        self.assertIn("parent made 3 steps\n", done.stdout)
        self.assertEqual(breakpoints(done.stdout)["1"]["hits"], 3)

    def test_a_signal_that_kills_it_is_reported(self):
        done = self.launch("break step do end", target_path("ends"), "signal", int(signal.SIGKILL))
        self.assertEqual(done.status, 128 + signal.SIGKILL, done)
        self.assertRegex(done.stderr, "SIGKILL|Killed|signal 9")

    def test_its_input_and_arguments_are_passed_through(self):
        done = self.moontap("-e", "break step do end", "--args", target_path("ends"), "-w",
                            "exit", 4, input="x")
        self.assertEqual(done.status, 4, done)
        self.assertIn("parent made 3 steps\n", done.stdout)

    def test_a_program_that_does_not_exist_cannot_be_launched(self):
        done = self.moontap("-e", "break step do end", "--args", self.path("nothing"))
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "nothing.*No such file")


@needs_root
class Ending(TestCase):
    def test_the_end_of_the_process_ends_moontap(self):
        target = self.target("counted", "-n", 10, "-w")
        tap = self.trace("n = 0 break counted do n = n + 1 end "
                         "atexit(function() print(n) end)", "-p", str(target.pid))
        target.go()
        target.wait()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        tap.expect("^10$")

    def test_a_process_killed_while_traced_ends_moontap(self):
        target = self.target("counted", "-n", 0, "-r", 10000)
        tap = self.trace("break counted do end", "-p", str(target.pid))
        target.kill()
        self.assertEqual(tap.wait(), 0, tap.error_text())

    def test_a_process_that_execs_is_followed_to_its_end(self):
        done = self.moontap("-e", "break step do print(pid) end" + TABLE_AT_EXIT, "--args",
                            target_path("ends"), "exec", target_path("ends"), "exit", 5)
        self.assertEqual(done.status, 5, done)
        self.assertEqual(breakpoints(done.stdout)["1"]["hits"], 6)

    def test_a_fork_of_the_file_is_traced_as_the_file_is(self):
        tap = self.trace("break step do print(pid) end", target_path("ends"))
        forking = self.start(Process, [target_path("ends"), "fork"])
        self.assertEqual(forking.wait(), 0)
        tap.expect_lines(6, r"^\d+$")
        tap.stop()
        pids = [line for line in tap.lines if line.isdigit()]
        self.assertEqual(len(pids), 6)
        self.assertEqual(len(set(pids)), 2)


@needs_root
class Libraries(TestCase):
    def test_a_library_loaded_after_the_probe_was_set(self):
        plugin = target_path("libplugin.so")
        for location in (plugin + ":plugin_work", "libplugin.so:plugin_work"):
            with self.subTest(location):
                target = self.target("loader")
                if "/" not in location:
                    target.go()
                    target.expect("^loaded$")
                tap = self.trace("break %s do print(arg[1]) end" % location,
                                 "-p", str(target.pid))
                if "/" in location:
                    target.go()
                    target.expect("^loaded$")
                target.go()
                target.expect("^calls 10$")
                tap.expect_lines(10, r"^\d$")
                target.close_input()
                self.assertEqual(tap.wait(), 0, tap.error_text())
                self.assertEqual([line for line in tap.lines if line.isdigit()],
                                 [str(number) for number in range(10)])

    def test_a_function_of_libc_by_name(self):
        target = self.target("loader")
        tap = self.trace("break libc.so.6:write do print(arg[1], arg[3]) end",
                         "-p", str(target.pid))
        target.go()
        target.expect("^loaded$")
        tap.expect("^1\t%d$" % len("loaded\n"))
        tap.stop()
        self.assert_original(target)


@needs_root
class Names(TestCase):
    def hits(self, location, name="names"):
        """The functions that a break at location hits, in order."""
        target = self.target(name, *([] if name == "names" else ["-n", 2, "-w"]))
        tap = self.trace("break %s do print(func) end" % location, "-p", str(target.pid))
        target.go()
        target.wait()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        return [line for line in tap.lines if line != "ready"]

    def test_a_cxx_name_without_parameters_means_all_its_overloads(self):
        self.assertEqual(self.hits("shop::Basket::add"),
                         ["shop::Basket::add(int)", "shop::Basket::add(double)"])

    def test_a_cxx_name_with_parameters_means_one(self):
        self.assertEqual(self.hits("shop::Basket::add(double)"), ["shop::Basket::add(double)"])
        self.assertEqual(self.hits("shop::pay(int)"), ["shop::pay(int)"])

    def test_globs_and_regular_expressions_match_demangled_names(self):
        self.assertEqual(len(self.hits("shop::*")), 3)
        self.assertEqual(self.hits("/^shop::p/"), ["shop::pay(int)"])

    def test_an_address_is_taken_literally(self):
        symbols = subprocess.run(["nm", target_path("counted")], capture_output=True, text=True,
                                 check=True).stdout
        address = next(line.split()[0] for line in symbols.splitlines()
                       if line.endswith(" T counted"))
        self.assertEqual(self.hits("*0x" + address, "counted"), ["counted"] * 2)
        self.assertEqual(self.hits("*counted+4", "counted"), ["counted"] * 2)

    def test_a_glob_over_five_thousand_functions_hits_each_once(self):
        target = self.target("many")
        tap = self.trace("n = 0 break fn_* do n = n + 1 end "
                         "atexit(function() print(n) end)" + TABLE_AT_EXIT,
                         "-p", str(target.pid))
        target.go()
        target.expect("^round 1$")
        target.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        tap.expect("^5000$")
        self.assertEqual(breakpoints(tap.output())["1"]["hits"], 5000)

    def test_a_glob_backtracks(self):
        target = self.target("many")
        tap = self.trace("seen = {} break fn_*1 do seen[func] = true end atexit(function() "
                         "local n = 0 for _ in pairs(seen) do n = n + 1 end "
                         "print(n, seen.fn_0011, seen.fn_0012) end)", "-p", str(target.pid))
        target.go()
        target.expect("^round 1$")
        target.close_input()
        tap.wait()
        tap.expect("^500\ttrue\tnil$")
