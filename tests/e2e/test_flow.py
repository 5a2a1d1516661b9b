# SPDX-License-Identifier: GPL-2.0-or-later
"""flow: the tree of calls, as the targets are known to make them."""

import json
import os
import re
import socket
import unittest

from harness import Process, TestCase, breakpoints, go_versions, needs_root, target_path

FUNCTIONS = "/^(leaf|nothing|down|jump|catch|tail|work)$/"
DURATION = r"\d+(?:\.\d)?(?:ns|us|ms|s)"
# What one round of tree's work() does, durations and addresses apart.
ROUND = """\
down(n=2)
  down(n=1)
    down(n=0) = 0
    leaf(n=1, text="down", color=GREEN) = 2
  down = 2
  leaf(n=2, text="down", color=GREEN) = 3
down = 5
nothing(point=ADDRESS)
catch(n=2)
  jump(n=2)
    jump(n=1)
      jump(n=0)  no return seen
    jump  no return seen
  jump  no return seen
  leaf(n=-2, text="caught", color=RED) = -2
catch = -2
tail(n=7) = <returned by another function>
leaf(n=7, text="tail", color=RED) = 7
"""


def trees(text):
    """{task: its lines}, without durations; all that are no calls are left out."""
    found = {}
    for match in re.finditer(r"^\[([^\]]+)\] (.*?)(?:  %s)?$" % DURATION, text, re.MULTILINE):
        line = re.sub(r"0x[0-9a-f]+", "ADDRESS", match.group(2))
        lines = found.setdefault(match.group(1), [])
        # A call of nothing else that takes long has two lines.
        last = re.match(r"( *[\w.*()]+?)\(.*\)$", lines[-1]) if lines else None
        if last and re.match(re.escape(last.group(1)) + r"($| )", line):
            lines[-1] += line[len(last.group(1)):]
        else:
            lines.append(line)
    return found


def indented(text, levels):
    return ["  " * levels + line for line in text.splitlines()]


class FlowCase(TestCase):
    def flow(self, statement, target, *arguments):
        """What is printed of a whole run of the target."""
        result = self.moontap("-e", statement, "--args", target_path(target), *arguments)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stderr, "", result)
        return result.stdout


@needs_root
class C(FlowCase):
    def test_recursion_and_a_longjmp(self):
        text = self.flow("flow " + FUNCTIONS, "tree")
        (lines,) = trees(text).values()
        self.assertEqual(lines, ["work(argument=ADDRESS)"] + indented(ROUND, 1) +
                         ["work = ADDRESS"])
        self.assertRegex(text, r"\] work = 0x[0-9a-f]+  %s\n" % DURATION)
        self.assertNotIn("not returned", text)

    def test_two_threads_each_have_a_tree_and_a_line_is_between_them(self):
        text = self.flow("flow " + FUNCTIONS, "tree", "threads")
        found = trees(text)
        self.assertEqual(len(found), 2)
        for lines in found.values():
            self.assertEqual(lines, ["work(argument=ADDRESS)"] + indented(ROUND, 1) * 50 +
                             ["work = ADDRESS"])
        tasks = re.findall(r"^\[(\d+)\]|^(----)$", text, re.MULTILINE)
        for before, after in zip(tasks, tasks[1:]):
            self.assertEqual(before[0] == after[0] or "" in (before[0], after[0]), True)

    def test_depth_counts_what_it_leaves_out_as_filtered(self):
        text = self.flow("flow %s depth 2\natexit(function() "
                         "print(command('info breakpoints')) end)" % FUNCTIONS, "tree")
        (lines,) = trees(text).values()
        self.assertEqual(lines, ["work(argument=ADDRESS)"] +
                         indented(re.sub(r"(?m)^  .*\n", "", ROUND)
                                  .replace("down(n=2)\ndown = 5", "down(n=2) = 5")
                                  .replace("catch(n=2)\ncatch = -2", "catch(n=2) = -2"), 1) +
                         ["work = ADDRESS"])
        self.assertIn("\tdepth 2\n", text)
        row = breakpoints(text)["1"]
        counted = list(map(int, re.search(r"\t(\d+) filtered, (\d+) throttled, (\d+) delivered",
                                          text).groups()))
        self.assertEqual((row["type"], row["hits"]), ("flow", sum(counted)))
        # Two events a call that returns: those of work, down, nothing, catch, tail and leaf.
        self.assertEqual(counted[2], 12)

    def test_a_condition_is_decided_at_the_entry_and_holds_for_the_return(self):
        (lines,) = trees(self.flow("flow down if n ~= 1", "tree")).values()
        self.assertEqual(lines, ["down(n=2)", "  down(n=0) = 0", "down = 5"])

    def test_calls_that_had_begun_before_are_none_and_those_that_have_not_ended_are_said(self):
        process = self.target("counted", "-n", "0", "-r", "100", "-k")
        tap = self.trace("flow /^(work|counted)$/", "-p", str(process.pid))
        tap.expect(r"^\[\d+\] counted\(number=\d+, text=\"\w+\", shape=0x[0-9a-f]+, sign=-?1\) = "
                   r"-?\d+  %s$" % DURATION)
        self.assertEqual(tap.stop(), 0, tap.error_text())
        self.assertNotIn("work", tap.output())
        text = self.flow("flow /^(work|leaf)$/\nbreak leaf do exit() end", "tree")
        self.assertRegex(text, r"\n\d+ calls? shown above had not returned by then\.\n$")
        self.assertEqual(text.count("had not returned"), 1)


    def test_as_records(self):
        result = self.moontap("--format", "json", "-e", "flow leaf", "-e", "cover leaf", "--args",
                              target_path("tree"))
        records = [json.loads(line) for line in result.stdout.splitlines()]
        lines = [record["text"] for record in records if record["type"] == "flow"]
        self.assertEqual(len(lines), 4, result)
        self.assertRegex(lines[0], r'^\[\d+\] leaf\(n=1, text="down", color=GREEN\) = 2  ')
        (cover,) = [record for record in records if record.get("kind") == "cover" and
                    record["type"] == "probe"]
        (picture,) = cover["pictures"]
        self.assertEqual(picture["func"], "leaf")
        self.assertIn(4, [line["count"] for line in picture["lines"]])


@needs_root
class Cxx(FlowCase):
    def test_exceptions(self):
        """As many calls, returns and calls without one as the target counts itself."""
        process = self.target("throws", "-n", "60")
        tap = self.trace("flow /^(catcher|middle|thrower)/", "-p", str(process.pid))
        process.type("\n")
        self.assertEqual(process.wait(), 0, process.output())
        self.assertEqual(tap.wait(), 0, tap.error_text())
        text = tap.output()
        for name in ("catcher", "middle", "thrower"):
            said = re.search(r"^%s calls (\d+) returns (\d+)" % name, process.output(),
                             re.MULTILINE)
            calls, returns = map(int, said.groups())
            self.assertEqual(len(re.findall(r"\] +%s\(" % name, text)), calls)
            self.assertEqual(len(re.findall(r"\] +%s\b.*  no return seen$" % name, text,
                                            re.MULTILINE)), calls - returns)
        self.assertIn("] catcher(n=2)\n", text)


@needs_root
class Rust(FlowCase):
    def test_arguments(self):
        text = self.flow("flow texts", "values-rs-rustc-O0-d4", "1")
        self.assertRegex(text, r"(?m)^\[\d+\] texts\(text=\"[^\"]*\", owned=.*, empty=\"\"\)  %s$" %
                         DURATION)


@needs_root
class Go(FlowCase):
    ROUNDS = 4

    def deep(self, n, frames, words):
        """The lines of deep(n, frames) and what it calls."""
        call = ("main.deep(arg[1]=%d, arg[2]=%d)" if words else "main.deep(n=%d, frames=%d)") % (
            n, frames)
        if frames == 0:
            return [call + ("" if words else " = %d" % n)]
        return ([call] + ["  " + line for line in self.deep(n, frames - 1, words)] +
                ["main.deep" + ("" if words else " = %d" % (n + frames))])

    def wanted(self, words):
        lines = []
        for n in range(self.ROUNDS):
            call = "main.mayPanic(%s=%d)" % ("arg[1]" if words else "n", n)
            if n % 2:
                inner = self.deep(n, 6, words)
                end = "main.mayPanic" + ("" if words else " = sum=%d, err=nil" % (n + 6))
            else:
                # All of them are left by the panic, the innermost first, which has called nothing.
                inner = self.deep(n, 6, words)[:7]
                inner[6] = inner[6].partition(" = ")[0] + "  no return seen"
                inner += ["  " * level + "main.deep  no return seen" for level in range(5, -1, -1)]
                end = "main.mayPanic" + ("" if words else
                                         ' = sum=-1, err=*errors.errorString "recovered"')
            lines += [call] + ["  " + line for line in inner] + [end]
        return lines

    def test_panics_that_are_recovered(self):
        for version in go_versions():
            for kind in ("", "-stripped"):
                with self.subTest(version=version, kind=kind):
                    process = self.target("go-calls-%s%s" % (version, kind), "panic", self.ROUNDS)
                    tap = self.trace("flow /^main\\.(mayPanic|deep)$/", "-p", str(process.pid))
                    process.type("\n")
                    self.assertEqual(process.wait(), 0, process.output())
                    self.assertEqual(tap.wait(), 0, tap.error_text())
                    found = trees(tap.output())
                    self.assertEqual(list(found), ["goroutine 1"])
                    self.assertEqual(found["goroutine 1"], self.wanted(kind != ""))

    def test_goroutines_that_are_preempted_and_whose_stacks_move(self):
        """Every call of the tree has its return, at its level."""
        version = go_versions()[-1]
        process = self.target("go-calls-" + version, "preempt")
        tap = self.trace("flow main.climb if depth >= 13", "-p", str(process.pid))
        process.type("\n")
        self.assertEqual(process.wait(), 0, process.output())
        self.assertEqual(tap.wait(), 0, tap.error_text())
        found = trees(tap.output())
        self.assertEqual(len(found), 100)
        for lines in found.values():
            shapes = [re.sub(r" = -?\d+$", "", line) for line in lines]
            self.assertEqual(shapes, ["main.climb(depth=14)", "  main.climb(depth=13)",
                                      "main.climb"] * 100)


@needs_root
@unittest.skipUnless(os.path.exists("/usr/bin/redis-check-rdb"), "needs redis: tests/setup test")
class Debian(TestCase):
    def test_redis_server(self):
        path = self.path("redis.sock")
        redis = self.start(Process, ["redis-server", "--port", "0", "--unixsocket", path, "--save",
                                     "", "--daemonize", "no"],
                           executable="/usr/bin/redis-check-rdb", cwd=self.dir)
        redis.expect("ready to accept connections")
        tap = self.trace("flow /^(call|setCommand|setGenericCommand|setKey)$/ depth 3",
                         "-p", str(redis.pid))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(b"SET key value\r\n")
            self.assertEqual(client.recv(100), b"+OK\r\n")
        tap.expect(r"\] call  %s$" % DURATION)
        self.assertEqual(tap.stop(), 0, tap.error_text())
        (lines,) = trees(tap.output()).values()
        self.assertEqual(lines, ["call(...)", "  setCommand(...)", "    setGenericCommand(...)",
                                 "  setCommand", "call"])


class BadInput(TestCase):
    def said(self, *commands):
        arguments = [word for command in commands for word in ("-ex", command)]
        return self.moontap("-batch", "--dry-run", *arguments, target_path("tree")).stderr

    def test_messages(self):
        for command, message in [
                ("flow", "flow needs a location"),
                ("flow nosuch", 'Function "nosuch" not defined.'),
                ("flow leav", "did you mean `leaf`?"),
                ("flow nosuch*", "matches nosuch*"),
                ("flow down+1", "flow needs a function, not a place in one"),
                ("flow down depth 0", "a number from 1 to 1000 expected after 'depth'"),
                ("flow down depth", "a number from 1 to 1000 expected after 'depth'"),
                ("flow down do print(1) end", "`flow down` shows calls by itself: it takes no block"),
                ("flow down if nosuch > 3", "`nosuch` means nothing here"),
                ("flow down if tostring(n) == '3'",
                 "the condition of a flow is decided in the kernel, and `tostring(n) == '3'` cannot "
                 "be: `tostring(n)` is left to Lua"),
        ]:
            with self.subTest(command=command):
                self.assertIn(message, self.said(command))

    def test_what_needs_whole_calls(self):
        for command, message in [
                ("disable 1.1", "Tracepoint 1 is one picture"),
                ("ignore 1 3", "tracepoint 1 cannot ignore hits: half a call would be left"),
                ("enable once 1", "tracepoint 1 shows calls: after one event it would have half "
                                  "of one"),
                ("enable delete 1", "tracepoint 1 shows calls"),
        ]:
            with self.subTest(command=command):
                self.assertIn(message, self.said("flow down", command))

    @needs_root
    def test_a_target_that_is_gone(self):
        process = self.target("counted", "-n", "0", "-r", "10", "-k")
        tap = self.tap("-q", "-p", str(process.pid))
        tap.type("flow counted\n")
        tap.expect("^Tracepoint 1: flow of counted")
        process.kill()
        tap.expect(r"^\[process %d exited" % process.pid)
        tap.type("flow counted\n")
        tap.expect("process %d has exited" % process.pid, errors=True)
        tap.close_input()
        tap.wait()
