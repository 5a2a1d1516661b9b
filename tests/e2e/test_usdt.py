# SPDX-License-Identifier: GPL-2.0-or-later
"""Static probes (USDT): those of a program of ours, whose hits are known, and of Debian's."""

import json
import os
import pwd
import re
import signal
import subprocess
import unittest

from harness import (MOONTAP, TIMEOUT, Process, TestCase, breakpoints,
                     needs_root, target_path, wait_until)
from screen import Terminal

POSTGRES = "/usr/lib/postgresql/15/bin"
PYTHON = "/usr/bin/python3"
COUNT_ALL = "break -probe usdt_test:* do count(usdt) end"
ROUND = {"usdt_test:enabled": 5, "usdt_test:plain": 5, "usdt_test:twice": 10,
         "usdt_test:nothing": 1, "usdt_test:places": 1}


def counts(text):
    """What a table of count(usdt), or of count(str(...)), says."""
    return {name: int(count) for name, count in re.findall(r"^  (\S+)\s+(\d+)$", text,
                                                           re.MULTILINE)}


class Definition(TestCase):
    """What needs no process, nor a privilege."""

    def errors(self, *statements):
        result = self.moontap("-q", "--dry-run", target_path("usdt"),
                              input="".join("%s\n" % text for text in statements))
        return result.stderr

    def test_what_is_not_there(self):
        for statement, said in (
                ("break -probe usdt_test:plane",
                 "No probe matching objfile=`<any>', provider=`usdt_test', name=`plane'"),
                ("break -probe usdt_test:plane", "did you mean `places` or `plain`?"),
                ("break -probe plane", "No probe matching objfile=`<any>', provider=`<any>', "
                                       "name=`plane'"),
                ("break -probe nolib:usdt_test:plain",
                 "No probe matching objfile=`nolib', provider=`usdt_test', name=`plain'"),
                ("break -probe usdt_test:", "no probe name specified"),
                ("break -probe", "no probe name specified"),
                ("break -probe :plain", "invalid provider name"),
                ("break -probe :usdt_test:plain", "invalid objfile name"),
                ("finish -probe plain", "usdt_test:plain is a place in a function: it does not "
                                        "return"),
                ("break -probe plain do print(arg[5]) end",
                 "`arg[5]` is no argument of the probe usdt_test:plain: it has 4, counted from 1"),
                ("break -probe plain do print(arg[0]) end", "it has 4, counted from 1"),
                ("break -probe nothing do print(arg[1]) end",
                 "`arg[1]` is no argument of the probe usdt_test:nothing: it has 0"),
                ("break -probe places do print(arg[12]) end",
                 "`arg[12]` cannot be read here: <unavailable in %xmm0>"),
                ("break -probe places do print(arg[14]) end",
                 "<unavailable: no symbol no_such_symbol in the file>"),
                ("break -probe plain do print(arg[pid]) end",
                 "which argument it is must be a constant")):
            with self.subTest(statement):
                self.assertIn(said, self.errors(statement))

    def test_lists(self):
        result = self.moontap("-q", "--dry-run", target_path("usdt"), input="""
info probes stap usdt_test ^pl
info probes all nobody
info probes stap a b c d
info probes other
info scope -probe plain
info args -probe twice
list -probe usdt_test:enabled
info line -probe nothing
info address -probe nothing
""")
        for pattern in (
                r"^Type  Provider   Name    Where               Semaphore  Object$",
                r"^stap  usdt_test  places  0x[0-9a-f]{16} +%s$" % re.escape(target_path("usdt")),
                r"^No probes matched\.$",
                r"^Symbol arg\[1\] \(-4@%\w+, int32_t\) is a variable in \$\w+, length 4\.$",
                r"^Symbol arg\[2\] \(8@\S+, uint64_t\) is a variable at \$.*, length 8\.$",
                r"^Symbol i is a variable in",
                r"^0x\w+ <hit_second",
                r"^Symbol arg\[1\] \(-4@\$1, int32_t\) is constant 1, length 4\.$",
                r"^\d+\t\t\t\tDTRACE_PROBE2\(usdt_test, enabled, i, usdt_texts\[i\]\);$",
                r'^Symbol "usdt_test:nothing" is a static probe at address 0x\w+\.$',
                r'^Line \d+ of ".*usdt_plain\.c" starts at address 0x\w+ <hit_plain\+\d+>'):
            self.assertRegex(result.stdout, re.compile(pattern, re.MULTILINE))
        self.assertNotIn("plain  0x0000000000000000", result.stdout)
        self.assertIn("info probes takes PROVIDER, NAME and OBJECT, no more", result.stderr)
        self.assertIn('Undefined info probes command: "other".', result.stderr)

    def test_what_is_said_of_one(self):
        result = self.moontap("-q", "--dry-run", target_path("usdt"), input="""
break -probe usdt_test:enabled if arg[1] > 2 do print(str(arg[2])) end
break -probe twice do print(arg[1], arg[2]) end
dprintf -probe usdt_test:plain, "%d %s\\n", arg[1], str(arg[2])
info breakpoints
explain 1
explain 2
""")
        for pattern in (
                r"^Tracepoint 1 at 0x\w+: usdt_test:enabled in hit_enabled\+0x\w+ \(usdt\.c:\d+\)\.$",
                r"^Tracepoint 2 at 0x\w+: -probe twice\. \(2 locations\)$",
                r"usdt_test:twice in hit_second\+0x\w+ at usdt_plain\.c:\d+$",
                r"^  site .* usdt_test:enabled in hit_enabled.*: allowed, cheap",
                r"^  if       arg\[1\] > 2: in the kernel$",
                r"^  capture  str\(arg\[2\]\): string from string of at most 1024 bytes at u64 at",
                r"^  at 2\.1$",
                r"^  at 2\.2$",
                r"^  capture  arg\[2\]: int32_t from i32 of %rdi$"):
            self.assertRegex(result.stdout, re.compile(pattern, re.MULTILINE))

    def test_a_stripped_program_has_them_where_no_function_is_known(self):
        result = self.moontap("-q", "--dry-run", target_path("usdt-stripped"), input="""
break -probe usdt_test:plain do print(func, arg[3]) end
break -probe usdt_test:places do print(arg[7]) end
""")
        self.assertRegex(result.stdout, r"Tracepoint 1 at (0x\w+): usdt_test:plain in \*\1\.")
        self.assertIn("no symbol usdt_memory in the file", result.stderr)


    def changed(self, name, old, new):
        """A copy of a target in which bytes are others."""
        with open(target_path(name), "rb") as file:
            data = file.read()
        self.assertEqual(data.count(old), 1)
        path = self.write(name, data.replace(old, new))
        os.chmod(path, 0o755)
        return path

    def test_a_note_that_is_wrong_is_refused(self):
        listing = self.moontap("-q", "--dry-run", target_path("usdt"),
                               input="info probes stap usdt_test plain\n").stdout
        address = int(re.search(r"plain  (0x\w+)", listing).group(1), 16)
        note = address.to_bytes(8, "little")
        for name, said in (("usdt", r"hit_plain\+0x\w+ is in the middle of an instruction"),
                           ("usdt-stripped", r"usdt_test:plain: the note of the probe leads to "
                                             r"0x\w+ in \S+, which belongs to no known function "
                                             r"and is no nop")):
            path = self.changed(name, note, (address - 1).to_bytes(8, "little"))
            result = self.moontap("-q", "--dry-run", path, input="break -probe usdt_test:plain\n")
            self.assertRegex(result.stderr, said)
        path = self.changed("usdt", note, (1 << 40).to_bytes(8, "little"))
        result = self.moontap("-q", "--dry-run", path, input="break -probe usdt_test:plain\n")
        self.assertIn("belongs to no known function", result.stderr)


@needs_root
class Traced(TestCase):
    def target(self, *arguments, **options):
        return super().target("usdt", *arguments, **options)

    def round(self, target):
        """How often its probe with a semaphore was enabled in one round more."""
        seen = len(target.lines)
        target.type("go\n")
        return int(target.expect(r"^round \d+: enabled (\d+) of 5$", after=seen).group(1))

    def rounds(self, *arguments, script=COUNT_ALL):
        """What a script prints of three rounds of a program that moontap starts."""
        result = self.moontap("-e", script, *arguments, "--args", target_path("usdt"), 3)
        self.assertEqual(result.status, 0, result)
        return result.stdout

    def test_all_hits_are_counted(self):
        output = self.rounds()
        self.assertEqual(counts(output), {name: 3 * count for name, count in ROUND.items()})
        self.assertEqual(output.count("enabled 5 of 5"), 3)

    def test_arguments_have_their_values(self):
        output = self.rounds(script="""
break -probe usdt_test:plain do print("plain", arg[1], str(arg[2]), arg[3], arg[4]) end
break -probe usdt_test:twice do print("twice", arg[1], arg[2]) end
break -probe enabled do print("enabled", arg[1], str(arg[2])) end
""")
        texts = ["zero", "one", "two", "three", "four"]
        lines = output.splitlines()
        self.assertEqual([line for line in lines if line.startswith("plain")], 3 * [
            "plain\t%d\t%s\t%d\t%d" % (i, texts[i], -i, 2**64 - 1 - i) for i in range(5)])
        self.assertEqual([line for line in lines if line.startswith("enabled")], 3 * [
            "enabled\t%d\t%s" % (i, texts[i]) for i in range(5)])
        self.assertEqual([line for line in lines if line.startswith("twice")], 3 * [
            line for i in range(5) for line in ("twice\t1\t%d" % i, "twice\t%d\t2" % (i + 1))])

    def test_every_kind_of_place(self):
        output = self.rounds(script="""
break -probe places do
  print(arg[1], arg[2], arg[3], arg[4], arg[5] - addr(usdt_memory), arg[6], arg[7])
  print(arg[8], arg[9], arg[10], arg[11], arg[13], u16(arg[5] + 2), ok(arg[11] + 1))
end
""".replace("addr(usdt_memory)", 'addr(global["usdt_memory"])'))
        lines = [line for line in output.splitlines() if "\t" in line]
        self.assertEqual(lines[:2], ["52\t18\t4660\t3\t4\t18446744073709551611\t-77",
                                     "10\t13\t11\t2.5\t4243\t11\t3.5"])
        self.assertEqual(lines[3].split("\t")[4], "4244", "of the second round")

    def test_conditions_and_keys_run_in_the_kernel(self):
        output = self.rounds(script="""
break -probe plain if arg[3] < -2 and str(arg[2]) ~= "four" do count(arg[1], str(arg[2])) end
break -probe usdt_test:twice do hist(arg[1]) end
atexit(function() print(command("info breakpoints")) end)
""")
        self.assertRegex(output, r"3  three +3\n")
        self.assertNotIn("  four", output)
        rows = breakpoints(output)
        self.assertEqual([(rows[n]["hits"], rows[n]["runs"]) for n in "12"],
                         [(15, "kernel"), (30, "kernel")])

    def test_places_that_lack_an_argument_miss_it(self):
        output = self.rounds(script="""
break -probe usdt_test:[np]* if ok(arg[3]) or usdt == "usdt_test:nothing" do
  if usdt ~= "usdt_test:places" then print(usdt, arg[3]) end
end
""")
        self.assertEqual(output.count("usdt_test:nothing\t<no such argument>\n"), 3)
        self.assertEqual(output.count("usdt_test:plain\t-4\n"), 3)

    def test_the_default_action_shows_the_arguments(self):
        output = self.rounds(script="break -probe usdt_test:twice if arg[2] == 4\n"
                                    "break -probe nothing\nbreak -probe usdt_test:[np]*")
        self.assertEqual(len(re.findall(r"  usdt\[\d+\]  usdt_test:twice\(1, 4\)$", output,
                                        re.MULTILINE)), 3)
        self.assertEqual(len(re.findall(r"  usdt_test:nothing$", output, re.MULTILINE)), 6)

    def test_records(self):
        output = self.rounds("--format", "json", script="break -probe usdt_test:plain")
        records = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        hits = [record for record in records if record["type"] == "hit"]
        self.assertEqual(len(hits), 15)
        self.assertEqual((hits[3]["usdt"], hits[3]["func"], hits[3]["args"]["arg[1]"],
                          hits[3]["args"]["arg[3]"]), ("usdt_test:plain", "hit_plain", 3, -3))
        sites = [record["sites"] for record in records if record["type"] == "probe"][0]
        self.assertEqual((sites[0]["usdt"], sites[0]["hits"]), ("usdt_test:plain", 15))

    def test_a_library_of_recipes_has_them_too(self):
        output = self.rounds(script="""
probe("-probe usdt_test:plain", {when = function(e) return e.arg[1] == 4 end},
      function(e) print(e.usdt, e.str(e.arg[2])) end)
""")
        self.assertEqual(output.count("usdt_test:plain\tfour\n"), 3)

    # ------------------------------------------------------------- semaphores

    def test_the_semaphore_is_up_while_somebody_listens(self):
        target = self.target()
        self.assertEqual(self.round(target), 0)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("break -probe usdt_test:enabled do count() end\n")
        tap.expect("^Tracepoint 1 at")
        self.assertEqual(self.round(target), 5)
        tap.type("disable 1\n= 'off'\n")
        tap.expect("^off$")
        self.assertEqual(self.round(target), 0)
        tap.type("enable 1\n= 'on'\n")
        tap.expect("^on$")
        self.assertEqual(self.round(target), 5)
        tap.type("info breakpoints\n")
        tap.expect(r"^1 .* 10     0  kernel  usdt_test:enabled in ")
        tap.type("delete 1\n= 'gone'\n")
        tap.expect("^gone$")
        self.assertEqual(self.round(target), 0)
        self.assert_original(target)

    def test_only_the_process_that_is_traced_is_enabled(self):
        target, other = self.target(), self.target()
        tap = self.trace(COUNT_ALL, "-p", str(target.pid))
        self.assertEqual((self.round(target), self.round(other)), (5, 0))
        self.assertEqual(tap.stop(), 0)
        self.assertEqual(counts(tap.output()), ROUND)
        self.assertEqual((self.round(target), self.round(other)), (0, 0))

    def test_processes_started_later_are_enabled_too(self):
        before = self.target()
        tap = self.trace(COUNT_ALL, target_path("usdt"))
        after = self.target()
        self.assertEqual((self.round(before), self.round(after)), (5, 5))
        self.assertEqual(tap.stop(), 0)
        self.assertEqual(counts(tap.output()), {name: 2 * count for name, count in ROUND.items()})
        self.assertEqual((self.round(before), self.round(after)), (0, 0))

    def test_those_who_listen_are_counted(self):
        target = self.target()
        first = self.trace(COUNT_ALL, "-p", str(target.pid))
        second = self.trace(COUNT_ALL, target_path("usdt"))
        self.assertEqual(self.round(target), 5)
        self.assertEqual(first.stop(), 0)
        self.assertEqual(self.round(target), 5)
        self.assertEqual(second.stop(), 0)
        self.assertEqual(self.round(target), 0)

    def test_a_moontap_that_is_killed_leaves_it_down(self):
        target = self.target()
        tap = self.trace(COUNT_ALL, "-p", str(target.pid))
        self.assertEqual(self.round(target), 5)
        tap.signal(signal.SIGKILL)
        Process.wait(tap)
        self.assertTrue(wait_until(lambda: self.round(target) == 0))
        self.assert_original(target)

    def test_the_same_place_by_its_address(self):
        """The kernel takes one semaphore for a place, whoever asks for it."""
        target = self.target()
        listing = self.moontap("-q", "-batch", target_path("usdt"), "-ex",
                               "info probes stap usdt_test enabled").stdout
        address = re.search(r"enabled  (0x\w+)", listing).group(1)
        tap = self.trace("break *%s do count() end\n%s" % (address, COUNT_ALL),
                         "-p", str(target.pid))
        self.assertEqual(self.round(target), 5)
        self.assertEqual(tap.stop(), 0)
        self.assertRegex(tap.output(), r"\*%s: count\(\)\n  5\n" % address)

    # ---------------------------------------------------------------- pending

    def test_a_probe_of_a_library_loaded_later(self):
        target = self.target()
        tap = self.tap("-q", "-ex", "set breakpoint pending on", "-ex",
                       "break -probe usdt_late:called do print(arg[1]) end",
                       "-p", str(target.pid))
        tap.expect(r"^Tracepoint 1 \(-probe usdt_late:called\) pending\.$")
        target.type("load\n")
        target.expect("^loaded 1$")
        tap.expect("^Tracepoint 1 at .*: usdt_late:called in libusdtlate.so:late")
        target.type("load\n")
        tap.expect_lines(3, r"^(11|22|33)$")

    def test_a_library_that_is_loaded(self):
        target = self.target()
        target.type("load\n")
        target.expect("^loaded 1$")
        tap = self.trace("break -probe libusdtlate.so:usdt_late:called do sum(arg[1]) end\n"
                         "print(command('info probes stap late'))", "-p", str(target.pid))
        self.assertRegex(tap.output(), r"stap  usdt_late  called  0x\w+ +/\S+/libusdtlate\.so")
        target.type("load\n")
        target.expect_lines(2, "^loaded 1$")
        self.assertEqual(tap.stop(), 0)
        self.assertRegex(tap.output(), r"sum\(arg\[1\]\)\n  66$")

    def test_completion(self):
        terminal = Terminal([MOONTAP, "-q", target_path("usdt")],
                            dict(self.environment(), TERM="vt100"), self.dir)
        self.addCleanup(terminal.close)
        terminal.wait_for(lambda screen: screen.current() == "(moontap) ", "the prompt")
        terminal.type("break -pr\tusdt_test:pla\ti\tdo print(1) end\r")
        terminal.expect("^Tracepoint 1 at .*: usdt_test:plain in hit_plain")


def has(*paths):
    return all(os.path.exists(path) for path in paths)


@needs_root
class Debian(TestCase):
    """Probes that come with Debian's packages."""

    def test_exceptions_of_libstdcxx(self):
        target = super().target("throws")
        tap = self.trace("break -probe libstdcxx:throw do count() end\n"
                         "break -probe libstdcxx:catch do count() end", "-p", str(target.pid))
        target.go()
        calls, returns = map(int, target.expect(
            r"^thrower calls (\d+) returns (\d+)$").groups())
        target.wait()
        self.assertEqual(tap.wait(), 0)
        self.assertEqual(re.findall(r"^  (\d+)$", tap.output(), re.MULTILINE),
                         2 * [str(calls - returns)])
        self.assertEqual(calls - returns, 200)

    @unittest.skipUnless(has(PYTHON), "needs python3")
    def test_garbage_collections_of_python(self):
        script = ("import gc, sys\ngc.disable()\nfor i in range(5): gc.collect(1)\n"
                  "for i in range(7): sys.audit('moontap.%d' % (i % 2))\n")
        result = self.moontap("-e", """
break -probe python:gc__start if arg[1] == 1 do count() end
break -probe python:audit do count(str(arg[1])) end
""", "--args", PYTHON, "-I", "-S", self.write("audited.py", script))
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stdout, r"gc__start: count\(\)\n  5\n")
        found = counts(result.stdout)
        self.assertEqual((found["moontap.0"], found["moontap.1"]), (4, 3))

    @unittest.skipUnless(has(POSTGRES + "/postgres", POSTGRES + "/initdb", "/usr/bin/psql"),
                         "needs postgresql-15")
    def test_queries_of_postgresql(self):
        user = pwd.getpwnam("postgres")
        os.chown(self.dir, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [],
                   "cwd": self.dir}
        data = self.path("data")
        subprocess.run([POSTGRES + "/initdb", "-D", data, "-A", "trust", "-N"], check=True,
                       capture_output=True, **as_user)
        server = self.start(Process, [POSTGRES + "/postgres", "-D", data, "-k", self.dir,
                                      "-c", "listen_addresses=", "-c", "autovacuum=off"],
                            **as_user)
        server.expect("database system is ready", errors=True)
        tap = self.trace("""
break -probe postgresql:query__start do print(str(arg[1])) end
break -probe postgresql:query__done do count(str(arg[1])) end
""", POSTGRES + "/postgres")
        queries = ["select 'm%d'" % i for i in range(4)]
        for query in queries:
            subprocess.run(["/usr/bin/psql", "-h", self.dir, "-U", "postgres", "-c", query],
                           check=True, capture_output=True, timeout=TIMEOUT)
        tap.expect_lines(4, "^select")
        self.assertEqual(tap.stop(), 0)
        self.assertEqual([line for line in tap.lines if line.startswith("select")], queries)
        self.assertEqual(len(re.findall(r"^  select 'm\d' +1$", tap.output(), re.MULTILINE)), 4)
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
