# SPDX-License-Identifier: GPL-2.0-or-later
"""The target is never harmed, and nothing is left behind: whatever becomes of moontap."""

import os
import re
import signal
import time

from harness import (IS_SANITIZED, IS_STRESS, TestCase, breakpoints, needs_root, target_path,
                     wait_until)

KILL_ROUNDS = 100
CYCLES = 100


def memory_kb(pid, field="VmRSS"):
    with open("/proc/%d/status" % pid, encoding="utf-8") as status:
        return int(re.search(field + r":\s+(\d+) kB", status.read()).group(1))


def switches(pid):
    """How often its main thread has waited for something."""
    with open("/proc/%d/status" % pid, encoding="utf-8") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(),
                             re.MULTILINE).group(1))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def mappings(pid):
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps:
        return len(maps.readlines())


@needs_root
class Killed(TestCase):
    def test_the_target_survives_kill_9_of_moontap_under_100000_hits_a_second(self):
        target = self.target("counted", "-n", 0, "-r", 100000)
        for round_number in range(KILL_ROUNDS):
            tap = self.trace("break counted do print(arg[1]) end", "-p", str(target.pid))
            tap.expect_lines(100, r"^\d+$")
            self.assertTrue(target.changed_text(), "the probe should show in the code")
            tap.kill()
            self.assertTrue(wait_until(lambda: not target.changed_text()),
                            "round %d: a probe is left behind" % round_number)
            self.assertTrue(target.is_running(), "round %d" % round_number)
        before = target.calls()
        self.assertTrue(wait_until(lambda: target.calls() > before + 50000), "it runs on")

    def test_the_target_survives_kill_9_while_five_thousand_sites_are_probed(self):
        target = self.target("many")
        for _ in range(20 if IS_STRESS else 5):
            tap = self.trace("break fn_* do end", "-p", str(target.pid))
            rounds = len(target.lines)
            target.go()
            target.expect("^round", after=rounds)
            tap.kill()
            self.assert_original(target)
        rounds = len(target.lines)
        target.go()
        target.expect("^round", after=rounds)

    def test_a_launched_program_that_was_never_run_is_gone_when_moontap_is_killed(self):
        tap = self.tap("-ex", "break counted do end", "-ex", "info breakpoints", "--args",
                       target_path("counted"), "-n", "0", "-w")
        children = "/proc/%d/task/%d/children" % (tap.pid, tap.pid)
        self.assertTrue(wait_until(lambda: tap.is_running() and open(children).read().split()),
                        "nothing was launched")
        with open(children, encoding="utf-8") as file:
            child = int(file.read().split()[0])
        tap.kill()
        self.assertTrue(wait_until(lambda: not os.path.exists("/proc/%d/exe" % child) or
                                   is_gone(child)), "the held program is left behind")


def is_gone(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@needs_root
class Cycles(TestCase):
    def cycle(self, target, statements, hit=lambda: None):
        """Attaches, places the probes, waits for what each prints at a hit, and detaches: a
        hundred times. "@" in a statement is the number of the cycle."""
        tap = self.tap("-q")
        seen = []
        for cycle in map(str, range(1, CYCLES + 1)):
            before = len(tap.lines)
            tap.type("attach %d\n" % target.pid)
            tap.type("".join(text.replace("@", cycle) + "\n" for text in statements))
            tap.type('print("attached", %s)\n' % cycle)
            tap.expect("^attached\t%s$" % cycle, after=before)
            hit()
            for text in statements:
                if "print" in text:
                    tap.expect("^%s\t%s$" % (text.split()[0], cycle), after=before)
            tap.type("delete\ndetach\n")
            # What finalizers hold goes the second time.
            tap.type('collectgarbage() collectgarbage() print("detached", %s)\n' % cycle)
            tap.expect("^detached\t%s$" % cycle, after=before)
            seen.append((descriptors(tap.pid), mappings(tap.pid), memory_kb(tap.pid, "RssAnon")))
        self.assert_original(target)
        tap.close_input()
        self.assertEqual(tap.wait(), 0, tap.error_text())
        # The first cycles open what is kept; after that nothing may grow.
        settled, last = seen[19], seen[-1]
        # A thread may still be at closing those of the last.
        self.assertEqual(min(s[0] for s in seen[-20:]), min(s[0] for s in seen[10:30]),
                         "descriptors: %s" % [s[0] for s in seen])
        # As many threads detach as there is time for, and their stacks are kept.
        self.assertLessEqual(last[1], settled[1] + 16, "mappings: %s" % [s[1] for s in seen])
        self.assertLessEqual(last[2], settled[2] + (4096 if IS_SANITIZED else 512), "kB resident: %s" % [s[2] for s in seen])

    def test_a_hundred_attach_and_detach_cycles_leave_no_growth(self):
        self.cycle(self.target("counted", "-n", 0, "-r", 1000),
                   ['break counted do n@ = arg[1] print("break", @) end'])

    def test_nor_do_those_of_probes_that_keep_values_calls_lines_and_stacks(self):
        target = self.target("calls", "-n", 1 << 30, "nap")
        target.go()
        self.cycle(target, [
            'break nap if number % 50 == 0 do kept = {*shape, *shape.next} '
            'print("break", @) end',
            'finish nap if entry.number % 50 == 0 do kept_too = {entry.shape.width, result} '
            'print("finish", @) end',
            'tbreak nap do kept_stack = stack() print("tbreak", @) end',
            "cover nap", "flow nap if number % 50 == 0"])

    def test_nor_do_those_of_a_static_probe_with_a_semaphore(self):
        target = self.target("usdt")
        self.cycle(target, ['break -probe usdt_test:enabled do text = str(arg[2]) '
                            'print("break", @) end'], lambda: target.type("go\n"))
        rounds = len(target.lines)
        target.type("go\n")
        target.expect("^round .*: enabled 0 of 5$", after=rounds)

    def test_the_target_does_not_grow_with_every_attachment(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        sizes = []
        for _ in range(20):
            tap = self.trace("break counted do end", "-p", str(target.pid))
            tap.stop()
            sizes.append((mappings(target.pid), memory_kb(target.pid)))
        self.assertLessEqual(sizes[-1][0], sizes[2][0])
        self.assertLessEqual(sizes[-1][1], sizes[2][1] + 64)

    def test_five_thousand_sites_attach_and_detach_at_once(self):
        """One by one each would have a descriptor, and the kernel would be waited for at each."""
        target = self.target("many")
        tap = self.tap("-q")
        tap.type("attach %d\nprint('here')\n" % target.pid)
        tap.expect("^here$")
        opened = descriptors(tap.pid)
        tap.type("break fn_* do end\nprint('attached')\n")
        tap.expect("^attached$")
        self.assertLess(descriptors(tap.pid), opened + 100)
        waited = switches(tap.pid)
        tap.type("delete 1\nprint('detached')\n")
        tap.expect("^detached$")
        self.assertLess(switches(tap.pid), waited + 500)
        self.assert_original(target)
        tap.close_input()
        tap.wait()

    def test_an_idle_moontap_does_nothing(self):
        target = self.target("counted", "-n", 1, "-w")
        tap = self.trace("break counted do end", "-p", str(target.pid))

        def is_at_rest():
            before = switches(tap.pid)
            time.sleep(1)
            return switches(tap.pid) == before
        self.assertTrue(wait_until(is_at_rest))
        tap.signal(signal.SIGTERM)
        tap.wait()

    def test_deleting_a_probe_stops_its_events_and_its_number_is_not_used_again(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("break counted do print(arg[1]) end\n")
        tap.expect_lines(10, r"^\d+$")
        tap.type("delete 1\nprint('gone')\n")
        tap.expect("^gone$")
        before = target.calls()
        self.assertTrue(wait_until(lambda: target.calls() > before + 100))
        tap.type("break counted do end\ninfo breakpoints\nprint('end')\n")
        tap.expect("^end$")
        after = tap.lines[tap.lines.index("gone") + 1:]
        self.assertEqual([line for line in after if line.isdigit()], [])
        self.assertEqual(list(breakpoints(tap.output())), ["2"])
        tap.close_input()
        tap.wait()


@needs_root
class Changed(TestCase):
    """A file that changes under its probes."""

    def start_on_a_copy(self):
        copy = self.for_all(target_path("counted"))
        tap = self.tap(copy)
        tap.type("break counted do print(arg[1]) end\n")
        tap.expect("^Tracepoint 1 ")
        return copy, tap

    def test_a_file_written_to_in_place_loses_its_probes(self):
        copy, tap = self.start_on_a_copy()
        with open(copy, "r+b") as file:  # the same bytes; that they are, nobody could know
            first = file.read(1)
            file.seek(0)
            file.write(first)
        tap.expect("^Tracepoint 1 is disabled: .* written to", errors=True)
        tap.type("enable 1\n")
        tap.expect("changed or replaced", errors=True)
        target = self.target(copy, "-n", 3)
        target.expect("^calls 3$")
        tap.type("info breakpoints\n")
        tap.expect(r"^1 +break +keep +n +0x[0-9a-f]+ +0 ")

    def test_a_file_replaced_under_its_path_is_not_probed_by_the_old_one_s_offsets(self):
        copy, tap = self.start_on_a_copy()
        os.rename(self.for_all(target_path("ends")), copy)
        tap.type("break main\n")
        tap.expect("changed or replaced", errors=True)


@needs_root
class End(TestCase):
    def test_finalizers_read_values_of_probes_that_are_gone_with_their_target(self):
        target = self.target("calls", "-n", 1 << 30, "nap")
        target.go()
        tap = self.tap("-q")
        hit = """tbreak nap do
kept = setmetatable({shape = *shape}, {__gc = function(self) print("gone", self.shape) end})
print("hit", %d)
end
"""
        for number in 1, 2:
            tap.type("attach %d\n%s" % (target.pid, hit % number))
            tap.expect("^hit\t%d$" % number)
            tap.type('delete\ndetach\nprint("detached", %d)\n' % number)
            tap.expect("^detached\t%d$" % number)
        # The first is found while the session goes on, the other when it ends.
        tap.type('collectgarbage() collectgarbage() print("collected")\n')
        tap.expect("^collected$")
        tap.type("exit()\n")
        self.assertEqual(tap.wait(), 0, tap.error_text())
        self.assertRegex(tap.output(), r"\ngone\t.*width = 640,.*\ncollected\n"
                                       r"gone\t.*width = 640,.*$")

    def test_a_block_that_enables_its_probe_does_not_outlast_the_session(self):
        target = self.target("counted", "-n", 0, "-r", 50000)
        done = self.moontap("--duration", "300ms", "-p", target.pid,
                            "-e", "break counted do disable(1) enable(1) end")
        self.assertEqual(done.status, 0, done)
        self.assert_original(target)

    def test_a_thousand_probes_end_in_the_time_of_a_few(self):
        """One by one the kernel takes 40 ms for each, forty seconds for these; together one or two."""
        target = self.target("many")
        for end in ("exit()", "every 10ms do command('delete') exit() end"):
            started = time.monotonic()
            done = self.moontap("-p", target.pid, "-e", "".join(
                "break fn_%04d if arg[1] == %d do end\n" % (number, number)
                for number in range(1, 1001)) + end)
            self.assertEqual(done.status, 0, done)
            self.assertLess(time.monotonic() - started, 30)
            self.assert_original(target)

    def test_a_held_child_keeps_no_probe_of_the_run_before(self):
        """Its copies of moontap's descriptors are closed before it waits."""
        tap = self.tap(target_path("counted"))
        tap.type("break counted do end\nrun -n 1\n")
        tap.expect("exited with status 0")
        tap.type("run -n 1\n")
        tap.expect_lines(2, "exited with status 0")
        tap.type("info breakpoints\n")
        tap.expect(r"^1 +break +keep +y +0x[0-9a-f]+ +2 ")

    def test_standard_error_that_is_closed_does_not_end_up_in_the_output_file(self):
        output = self.path("output")
        self.moontap("-o", output, "-e", "break counted do error('SECRET') end",
                     "--args", target_path("counted"), "-n", "3",
                     prefix=("sh", "-c", 'exec "$@" 2>&-', "sh"))
        with open(output, encoding="utf-8") as file:
            self.assertNotIn("SECRET", file.read())
