# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes for Go: each on a program that says what it does (tests/targets/gorecipes), built
by each release of Go, stripped and not; and on Debian's caddy."""

import os
import re
import stat
import unittest
import urllib.error
import urllib.request
from collections import Counter

from harness import TIMEOUT, TestCase, breakpoints, go_versions, needs_root, target_path
from test_go_service import CADDY, CaddyCase

RECIPES = ("chan", "gc", "goroutine", "httpclient", "httpserver", "latency", "mutex", "panic",
           "random", "recover", "shortread", "skeleton", "sql", "tcpremote", "tlssecrets")
SHOW_TABLE = ("-e", 'atexit(function() print(command("info breakpoints")) end)')


def each_program(test):
    """Runs a test for each release, stripped, and for the first and the last one unstripped."""
    def run(self):
        versions = go_versions()
        for name in ["stripped-" + version for version in versions] + [versions[0], versions[-1]]:
            with self.subTest(name):
                test(self, target_path("go-recipes-" + name))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Case(TestCase):
    def trace(self, program, deed, recipe, *more, status=0):
        """What a recipe and the program that it is run on print, from its first instruction on."""
        done = self.moontap("-q", "-batch", "-ex", "recipe run go." + recipe, *more,
                            "--args", program, deed, input="go\n")
        self.assertEqual((done.status, "\n".join(
            line for line in done.stderr.splitlines() if status == 0)), (status, ""), done)
        return done.stdout

    def found(self, pattern, text):
        return re.findall(pattern, text, re.MULTILINE)

    def assert_kernel(self, text):
        rows = breakpoints(text)
        self.assertEqual({row["runs"] for number, row in rows.items() if "." not in number},
                         {"kernel"}, text)

    def hits(self, text, function):
        """How many calls the rows of a table count in whose stack the function is."""
        total, count, is_there, was_frame = 0, 0, False, False
        for line in text.splitlines():
            frame = re.match(r"      (\S+)\+0x", line)
            if above := re.match(r"    (\d+)$", line): # a count, its stack follows
                count, is_there = int(above.group(1)), False
            elif frame:
                is_there = was_frame and is_there or frame.group(1) == function
                if is_there:
                    total, count = total + count, 0
            elif row := re.match(r"  \[.*\) +(\d+)  \|", line): # of a histogram, below its stack
                total += int(row.group(1)) if is_there else 0
            was_frame = line.startswith("      ")
        return total


@needs_root
class Calls(Case):
    @each_program
    def test_goroutine(self, program):
        text = self.trace(program, "spawn", "goroutine", "-e",
                          'break main.worker do print("worker", goid) end')
        started = self.found(r"^goroutine 1 starts goroutine (\d+): (main\.spawn\.\w+)$", text)
        kinds = Counter(function for _, function in started)
        self.assertEqual(sorted(kinds.values()), [2, 3], text)
        self.assertEqual(len({goid for goid, _ in started}), 5)
        workers = {goid for goid, function in started if kinds[function] == 3}
        self.assertEqual(set(self.found(r"^worker\t(\d+)$", text)), workers)
        self.assertEqual(len(self.found(r"^    runtime\.newproc\+.*\n    main\.spawn\+", text)), 5)
        text = self.trace(program, "spawn", "goroutine stack=no")
        self.assertEqual(len(self.found(r"^goroutine 1 starts .*: main\.spawn\.\w+$", text)), 5)
        self.assertNotIn("    main.spawn", text)
        text = self.trace(program, "spawn", "goroutine lines=no", *SHOW_TABLE)
        self.assertEqual(self.hits(text, "main.spawn"), 5, text)
        self.assert_kernel(text)

    @each_program
    def test_latency(self, program):
        text = self.trace(program, "calls", "latency main.work", *SHOW_TABLE)
        self.assertEqual(sum(map(int, self.found(r"\) +(\d+)  \|", text))), 12, text)
        self.assertIn("latency: hist, in ns\n  main.work:\n", text)
        self.assert_kernel(text)
        text = self.trace(program, "calls", "latency main.work goroutines=yes")
        self.assertEqual(len(self.found(r"^  main\.work, \d+:$", text)), 3, text)
        text = self.trace(program, "calls", "latency main.work slow=1h")
        self.assertNotIn("  main.work:", text)

    @each_program
    def test_skeleton(self, program):
        done = self.moontap("-q", "-batch", program, "-ex", "recipe run skeleton main.work")
        self.assertIn("-- The entry and every return of main.work: edit what they do.\n",
                      done.stdout)
        script = self.write("work.mt", done.stdout)
        done = self.moontap("-q", "-batch", "-x", script, "--args", program, "calls", input="go\n")
        self.assertEqual((done.status, done.stderr), (0, ""), done)
        entries = Counter(self.found(r"^main\.work\t\d+\t(\d+)", done.stdout))
        self.assertEqual(entries, {str(n): 3 for n in range(1, 5)}, done)
        # Nine calls return at the end of the function, the three of work(3) before.
        returns = self.found(r"^main\.work returns\t\d+\t(\d+)\t(.*)$", done.stdout)
        self.assertEqual(len(returns), 12)
        sums = {n: sum(i % 7 for i in range(n * 1000)) for n in range(1, 5)}
        self.assertEqual(Counter(int(total) for total, _ in returns),
                         {total: 3 for total in sums.values()})
        if "stripped" not in program:
            self.assertEqual(Counter(err for _, err in returns),
                             {"nil": 9, '*errors.errorString "three"': 3})

    @each_program
    def test_skeletons_of_functions_of_all_kinds_run(self, program):
        for function in ("main.deadlock", "main.main", "net/http.(*Client).do", "os.(*File).Read"):
            script = self.moontap("-q", "-batch", program, "-ex",
                                  "recipe run skeleton " + function).stdout
            self.assertEqual("-- It has no return." in script, function == "main.deadlock", script)
            done = self.moontap("-q", "-batch", "--dry-run", program, "-x",
                                self.write("all.mt", script))
            self.assertEqual((done.status, done.stderr), (0, ""), script)
            self.assertEqual(len(self.found("^Tracepoint", done.stdout)),
                             len(self.found("^break ", script)))

    def test_a_skeleton_leaves_out_what_cannot_be_read(self):
        program = target_path("go-values-" + go_versions()[-1])
        script = self.moontap("-q", "-batch", program, "-ex",
                              "recipe run skeleton main.manyArgs").stdout
        self.assertIn('print("main.manyArgs", goid, var.a, var.s, var.b, var.e, var.n)', script)
        self.assertIn('print("main.manyArgs returns", goid, result[1], result[2], result[3])',
                      script)
        self.assertIn('Function "main.none" not defined.',
                      self.moontap("-q", "-batch", program, "-ex",
                                   "recipe run skeleton main.none").stderr)


VALUES = ['string "text"', '*errors.errorString "an error"', 'main.Trouble {Code = 7, Text = "seven"}',
          "runtime.boundsError {x = 5, y = 1, signed = true, code = 0}",
          'runtime.errorString "invalid memory address or nil pointer dereference"']


@needs_root
class Panics(Case):
    @each_program
    def test_recover(self, program):
        text = self.trace(program, "panics", "recover")
        self.assertEqual(self.found("^goroutine 1 recovers (.*)$", text), VALUES)
        self.assertEqual(len(self.found(r"^    main\.survive\.func1\+", text)), 5)
        self.assertEqual(len(self.found(r"^    main\.fail\+", text)), 5)
        text = self.trace(program, "panics", "recover lines=no", *SHOW_TABLE)
        self.assertEqual(self.hits(text, "main.fail"), 5, text)
        self.assert_kernel(text)

    @each_program
    def test_panic(self, program):
        text = self.trace(program, "panics", "panic")
        self.assertEqual(self.found("^goroutine 1 panics with (.*)$", text), VALUES)
        self.assertEqual(len(self.found(r"^    main\.fail\+", text)), 5)
        text = self.trace(program, "panics", "panic stack=no")
        self.assertEqual(self.found("^goroutine 1 panics with (.*)$", text), VALUES)
        self.assertNotIn("    main.fail", text)

    @each_program
    def test_panic_has_fatal_errors(self, program):
        text = self.trace(program, "deadlock", "panic", status=2)
        self.assertIn("fatal error: all goroutines are asleep - deadlock!\n    runtime.", text)


@needs_root
class Input(Case):
    @each_program
    def test_random(self, program):
        text = self.trace(program, "random", "random")
        read = self.found(r"^goroutine 1 reads (\d+) bytes: (.*)$", text)
        self.assertEqual([data for _, data in read], self.found("^random (.*)$", text))
        self.assertEqual([int(size) for size, _ in read], [16, 5, 48, 300])
        text = self.trace(program, "random", "random stack=yes")
        self.assertEqual(len(self.found(r"^    main\.random\+", text)), 4)

    def test_random_in_fips_mode(self):
        program = target_path("go-recipes-stripped-" + go_versions()[-1])
        done = self.moontap("-q", "-batch", "-ex", "recipe run random fips=yes", "--args", program,
                            "random", input="go\n",
                            env=dict(self.environment(), GODEBUG="fips140=on"))
        self.assertEqual(self.found(r"^goroutine 1 reads \d+ bytes: (.*)$", done.stdout),
                         self.found("^random (.*)$", done.stdout), done)

    @each_program
    def test_shortread(self, program):
        text = self.trace(program, "reads", "shortread lines=yes")
        made = self.found(r"^read (\d+) of (\d+)$", text)
        # The first is what it waits with.
        short = [("3", "4096")] + [(n, size) for n, size in made if int(n) < int(size)]
        self.assertEqual(len(short), 5)
        self.assertEqual(self.found(r"^goroutine 1 os\.\(\*File\)\.Read: (\d+) of (\d+) bytes$",
                                    text), short)
        self.assertEqual(self.hits(text, "main.shortReads"), 4, text)
        text = self.trace(program, "reads", "shortread end=no", *SHOW_TABLE)
        self.assertEqual(self.hits(text, "main.shortReads"), 2, text)
        self.assert_kernel(text)


@needs_root
class Network(Case):
    @each_program
    def test_httpclient(self, program):
        text = self.trace(program, "client", "httpclient stack=yes")
        made = self.found(r"^client (\w+) (\S+) (?:HTTP/\S+ )?(\w+)$", text)
        self.assertEqual(len(made), 6)
        line = r"^goroutine 1 \S+s (\w+) (\S+) (.*)$"
        seen = self.found(line, text)
        self.assertEqual([request[:2] for request in seen], [request[:2] for request in made])
        self.assertEqual([outcome for *_, outcome in seen[:-1]],
                         [outcome for *_, outcome in made[:-1]])
        self.assertIn('*net.OpError {Op = "dial", Net = "tcp"', seen[-1][2])
        self.assertEqual(len(self.found(r"^    main\.get\+", text)), 6)
        self.assertEqual([outcome[:10] for *_, outcome in self.found(line, self.trace(
            program, "client", "httpclient failed=yes"))], ["404", "*net.OpErr"])
        self.assertEqual([url[-5:] for _, url, _ in self.found(line, self.trace(
            program, "client", "httpclient slow=20ms"))].count("/slow"), 1)

    @each_program
    def test_httpserver(self, program):
        text = self.trace(program, "server", "httpserver")
        made = Counter((method, path, "hijacked" if (path, proto) == ("/taken", "1.1") else status)
                       for method, path, proto, status in self.found(
                           r"^client (\w+) https://[^/]*(\S+) HTTP/(\S+) (\w+)$", text))
        self.assertEqual(made.total(), 20)
        seen = self.found(r"^goroutine \d+ \S+s (\w+) (\w+) (\S+)$", text)
        self.assertEqual(Counter((method, path, status) for status, method, path in seen), made)
        # The path that was asked for, whatever the handler makes of it.
        self.assertEqual(made["GET", "/rewritten", "200"], 2)
        text = self.trace(program, "server", "httpserver failed=yes")
        self.assertEqual(Counter(self.found(r"^goroutine \d+ \S+s (\w+) GET", text)),
                         {"404": 2, "418": 2})
        text = self.trace(program, "server", "httpserver lines=no", *SHOW_TABLE)
        histogram = text.partition("  /ok:\n")[2].partition("\n  /")[0].partition("\nNum")[0]
        self.assertEqual(sum(map(int, self.found(r"\) +(\d+)  \|", histogram))), 6, text)
        self.assert_kernel(text)

    @each_program
    def test_tcpremote(self, program):
        text = self.trace(program, "dial", "tcpremote")
        line = r"^goroutine 1 \S+s (\S+) (.*)$"
        seen = self.found(line, text)
        refused, = self.found(r"^refused (\S+) true$", text)
        self.assertEqual(seen[:-1], [(address, "connected")
                                     for address in self.found(r"^dialled (\S+)$", text)])
        self.assertEqual(seen[-1][0], refused)
        self.assertTrue(seen[-1][1].startswith('*os.SyscallError {Syscall = "connect"'), seen)
        text = self.trace(program, "dial", "tcpremote failed=yes stack=yes")
        self.assertEqual(len(self.found(line, text)), 1)
        self.assertEqual(len(self.found(r"^    main\.dial\+", text)), 1)
        self.assertEqual(self.found(line, self.trace(program, "dial", "tcpremote port=1")), [])

    def test_addresses_are_written_as_usual(self):
        done = self.moontap("-q", "-batch", "-e", r"""
            local address = require "moontap.recipe.golang".address
            for _, ip in ipairs { "\1\2\3\4", ("\0"):rep(10) .. "\255\255\1\2\3\4", ("\0"):rep(16),
                                  ("\0"):rep(15) .. "\1", "\32\1\13\184" .. ("\0"):rep(8) ..
                                  "\0\1\0\2", "\0\1\0\0\0\2\0\0\0\0\0\3\0\4\0\5", ("\1"):rep(16),
                                  "\254\128" .. ("\0"):rep(14), "" } do print(address(ip, 80)) end""")
        self.assertEqual(done.stdout.split(), [
            "1.2.3.4:80", "1.2.3.4:80", "[::]:80", "[::1]:80", "[2001:db8::1:2]:80",
            "[1:0:2::3:4:5]:80", "[101:101:101:101:101:101:101:101]:80", "[fe80::]:80", ":80"], done)

    @each_program
    def test_tlssecrets(self, program):
        path = self.path("it's keys.log")
        text = self.trace(program, "tls", 'tlssecrets path="%s"' % path)
        written = self.found(r"^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$", text)
        self.assertEqual({line.split()[0] for line in written}, {
            "CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"})
        with open(path, encoding="ascii") as file:
            # Both ends are in the program.
            self.assertEqual(Counter(file.read().splitlines()), {line: 2 for line in written})
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        os.unlink(path)
        # The program's own log, and a line for each end.
        text = self.trace(program, "tls", "tlssecrets")
        counts = Counter(self.found(r"^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$", text))
        self.assertEqual(set(counts.values()), {3}, text)
        self.assertEqual(len(counts), 5)

    def test_a_key_log_is_appended_to_and_one_that_cannot_be_is_said(self):
        path = self.write("keys.log", "# mine\n")
        program = target_path("go-recipes-" + go_versions()[-1])
        self.trace(program, "tls", "tlssecrets path=" + path)
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
        self.assertEqual((lines[0], len(lines)), ("# mine", 11))
        done = self.moontap("-q", "-batch", "--dry-run", program, "-ex",
                            "recipe run tlssecrets path=/nowhere/keys.log")
        self.assertIn("/nowhere/keys.log: No such file or directory", done.stderr)


STATEMENTS = 3 * [("select n from accounts where id = ?", "ok")] + [
    ("update accounts set n = 1", "ok"), ("update slow set n = 1", "ok"),
    ("select wrong", '*errors.errorString "no such table"'),
    ("update wrong", '*errors.errorString "no such table"'),
    ("select prepared", "ok"), ("select prepared", "ok"), ("update prepared", "ok"),
    ("update in a transaction", "ok")]


@needs_root
class Waiting(Case):
    @each_program
    def test_sql(self, program):
        line = r"^goroutine 1 \S+s (.*): (.*)$"
        text = self.trace(program, "sql", "sql stack=yes")
        self.assertEqual(self.found(line, text), STATEMENTS)
        self.assertEqual(len(self.found(r"^    main\.queries\+", text)), len(STATEMENTS))
        text = self.trace(program, "sql", "sql slow=20ms")
        self.assertIn(STATEMENTS[4], self.found(line, text))
        text = self.trace(program, "sql", "sql lines=no", *SHOW_TABLE)
        self.assertEqual(self.found(line, text), [])
        self.assertEqual(sum(map(int, self.found(r"\) +(\d+)  \|", text))), len(STATEMENTS), text)
        self.assert_kernel(text)

    @each_program
    def test_gc(self, program):
        text = self.trace(program, "garbage", "gc")
        cycles = self.found(r"^(heap|time|forced): (\S+ \S+) -> (\S+ \S+) in (\S+), "
                            r"pauses (\S+) and (\S+)$", text)
        (made, forced), = self.found(r"^collections (\d+) forced (\d+)$", text)
        self.assertEqual((len(cycles), Counter(kind for kind, *_ in cycles)["forced"]),
                         (int(made), int(forced)), text)
        self.assertEqual((forced, cycles[0][0]), ("5", "heap"))
        # It keeps 8 MiB, and has made 8 MiB of garbage when it asks for a collection.
        for kind, before, after, *_ in cycles[-4:]:
            self.assertEqual(kind, "forced")
            self.assertRegex(before, r"^1[67]\.\d MiB$")
            self.assertRegex(after, r"^8\.\d MiB$")
        for title, count in (("durations", len(cycles)), ("pauses", 2 * len(cycles))):
            table = text.partition("%s of collections: hist, in ns\n" % title)[2]
            rows = re.match(r"(?:  \[.*\n)+", table).group()
            self.assertEqual(sum(map(int, self.found(r"\) +(\d+)  \|", rows))), count, text)
        self.assertNotRegex(self.trace(program, "garbage", "gc slow=1h"), "^forced: ")

    @each_program
    def test_chan(self, program):
        waits = {"main.receive": 3, "main.choose": 2, "main.send": 1}
        text = self.trace(program, "channels", "chan lines=yes")
        lines = Counter(self.found(r"^goroutine 1 (\w+) after \S+s$", text))
        self.assertEqual((lines["selects"], lines["sends"]), (2, 1), text)
        self.assertGreaterEqual(lines["receives"], 3)
        self.assertEqual({name: self.hits(text, name) for name in waits}, waits, text)
        text = self.trace(program, "channels", "chan selects=no", *SHOW_TABLE)
        self.assertEqual(self.hits(text, "main.choose"), 0)
        self.assertEqual(self.hits(text, "main.send"), 1)
        self.assert_kernel(text)

    @each_program
    def test_mutex(self, program):
        text = self.trace(program, "locks", "mutex lines=yes")
        self.assertEqual(len(self.found(r"^goroutine \d+ waited \S+s for the lock at 0xc\w+$",
                                        text)), 3, text)
        self.assertEqual(self.hits(text, "main.enter"), 3, text)
        self.assertEqual(self.hits(text, "sync.(*RWMutex).Lock"), 1, text)
        text = self.trace(program, "locks", "mutex", *SHOW_TABLE)
        self.assertEqual(self.hits(text, "main.enter"), 3, text)
        self.assert_kernel(text)


class Fit(Case):
    def test_the_examples_fit_programs_of_all_releases(self):
        for version in go_versions():
            program = target_path("go-recipes-stripped-" + version)
            for recipe in RECIPES:
                text = self.moontap("-q", "-batch", "-ex", "recipe help go." + recipe).stdout
                examples = self.found("^  recipe run (.*)$", text)
                self.assertTrue(examples, recipe)
                # A key log of moontap's is made where it can be.
                commands = [word for example in examples for word in (
                    "-ex", "recipe check " + example.replace("/tmp", self.dir))]
                done = self.moontap("-q", "-batch", "--dry-run", program, *commands)
                self.assertEqual((done.status, done.stderr), (0, ""), recipe)
                self.assertEqual(len(self.found("^recipe go.%s fits: " % recipe, done.stdout)),
                                 len(examples))

    def test_other_programs_are_refused(self):
        for recipe in RECIPES:
            done = self.moontap("-q", "-batch", "--dry-run", target_path("counted"), "-ex",
                                "recipe run go.%s%s" % (recipe, " counted" if recipe in (
                                    "latency", "skeleton") else ""))
            self.assertIn("recipe go.%s is for Go programs: " % recipe, done.stderr)

    def test_what_a_program_does_not_have_is_said(self):
        program = target_path("go-play-" + go_versions()[-1])
        for recipe, function in (("sql", "database/sql.(*DB).queryDC"),
                                 ("tcpremote", "net.(*sysDialer).doDialTCPProto"),
                                 ("random", "crypto/rand.(*reader).Read")):
            done = self.moontap("-q", "-batch", "--dry-run", program, "-ex",
                                "recipe run go." + recipe)
            self.assertEqual(done.status, 1)
            self.assertIn('Function "%s" not defined.' % function, done.stderr)


@needs_root
@unittest.skipUnless(os.path.exists(CADDY), "needs caddy: tests/setup test")
class Caddy(CaddyCase):
    """A server of Debian's, stripped, whose HTTP/2 is not the library's."""

    def setUp(self):
        super().setUp()
        self.write("there.txt", "hello\n")
        self.caddy, self.port = self.serve()

    def get(self, path):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.port, path),
                                        timeout=TIMEOUT) as response:
                response.read()
        except urllib.error.HTTPError as err:
            err.close()

    def test_its_requests(self):
        tap = self.trace('require "moontap.recipe".run("go.httpserver", {})', "-p",
                         str(self.caddy.pid))
        for path in 3 * ["/there.txt"] + 2 * ["/missing"]:
            self.get(path)
        tap.expect_lines(5, "^goroutine")
        self.assertEqual(tap.stop(), 0, tap.error_text())
        seen = re.findall(r"^goroutine \d+ \S+s (\w+) GET (\S+)$", tap.output(), re.MULTILINE)
        self.assertEqual(Counter(seen), {("200", "/there.txt"): 3, ("404", "/missing"): 2})
        self.assert_original(self.caddy)

    def test_the_recipes_fit(self):
        for recipe in set(RECIPES) - {"sql", "latency", "skeleton"}:
            done = self.moontap("-q", "-batch", "--dry-run", CADDY, "-ex",
                                "recipe check go." + recipe)
            self.assertEqual((done.status, done.stderr), (0, ""), recipe)


if __name__ == "__main__":
    unittest.main()
