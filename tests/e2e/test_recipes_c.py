# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes for programs of C and C++: each on a real program, with counts that the program knows."""

import glob
import os
import pty
import re
import shutil
import subprocess
import unittest

from harness import TIMEOUT, Process, TestCase, breakpoints, needs_root, target_path

PYTHON = "/usr/bin/python3"


def newest(pattern):
    return max(glob.glob(pattern), default=None)


POSTGRES = newest("/usr/lib/postgresql/*/bin/postgres")
MARIADB = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
SLEEPS = "import time\nfor i in range(6): time.sleep(0.05)"


class RecipeCase(TestCase):
    def run_recipe(self, recipe, *program, typed="\n", more=(), status=0, is_silent=True):
        """A recipe on a program from its first instruction to its end; typed is its input.
        Is_silent: neither of them says anything on standard error."""
        result = self.moontap("-q", "-batch", "-ex", "recipe run " + recipe, *more,
                              "--args", *program, input=typed)
        self.assertEqual(result.status, status, result)
        if is_silent:
            self.assertEqual(result.stderr, "", result)
        return result.stdout

    def rows(self, recipe, *program, **options):
        """What `info breakpoints` says at the end, which is after the last event."""
        show = ("-e", 'atexit(function() print(command("info breakpoints")) end)')
        return breakpoints(self.run_recipe(recipe, *program, more=show, **options))

    def assert_kernel(self, recipe, *program, **options):
        rows = self.rows(recipe, *program, **options)
        self.assertEqual({row["runs"] for number, row in rows.items() if "." not in number},
                         {"kernel"}, recipe)


class Checked(TestCase):
    """The examples of each recipe, on programs that they are for."""

    PROGRAMS = {
        "calls.funclatency": "calls", "calls.funcslower": "calls", "calls.funcinterval": "calls",
        "calls.stackcount": "calls", "calls.argdist": "calls", "calls.trace": "calls",
        "memory.memleak": "memory", "memory.mallocstacks": "memory", "memory.objnew": "objects",
        "threads.deadlock": "locks", "threads.mutexlat": "locks", "threads.threads": "locks",
        "shell.bashreadline": "/bin/bash", "net.gethostlatency": PYTHON,
        "string.strlen": PYTHON, "ssl.sniff": "/usr/bin/curl", "ssl.latency": "/usr/bin/curl",
        "db.slow": POSTGRES, "db.stat": MARIADB,
    }

    def test_the_examples_fit(self):
        for recipe, program in self.PROGRAMS.items():
            self.assert_examples_fit(recipe, program if "/" in program else target_path(program))

    def test_what_is_wrong_with_an_expression_is_said(self):
        for typed, text in (
                ("trace counted when='number >'",
                 "recipe calls.trace: when is an expression such as arg[1] > 10, not 'number >'"),
                ("trace counted when='1, 2'", "when is an expression such as"),
                ("trace counted show=''",
                 "recipe calls.trace: show is a list of expressions such as comm, arg[1], not ''"),
                ("trace counted show='nomber'", "`nomber` means nothing here"),
                ("trace libc:time", "(an IFUNC), and which one that is here cannot be told"),
                ("argdist counted value='arg[99]'", "arguments are counted from 1 to 64"),
                ("db.slow", "recipe db.slow: this is neither PostgreSQL's server (postgres) nor MariaDB's")):
            result = self.moontap("-q", "-batch", "--dry-run", target_path("counted"),
                                  "-ex", "recipe run " + typed)
            self.assertEqual(result.status, 1, result)
            self.assertIn(text, result.stderr)
            self.assertNotIn("traceback", result.stderr)


@needs_root
class Calls(RecipeCase):
    """build/targets/calls: nap(number, name, shape) sleeps for 200 us and returns number * 2."""

    def test_funclatency(self):
        nap = (target_path("calls"), "-n", "20", "nap")
        text = self.run_recipe("funclatency nap", *nap)
        self.assertIn("latency of nap: hist, in ns\n  nap:\n", text)
        counts = re.findall(r"^  \[(\S+), \S+\) +(\d+)  \|", text, re.M)
        self.assertEqual(sum(int(count) for _, count in counts), 20, text)
        self.assertRegex(counts[0][0], r"^(131|\d{3,})us$|ms$")
        text = self.run_recipe("funclatency nap unit=ms by='func, tid' when='result > 10'",
                               target_path("calls"), "-n", "20", "-t", "3", "nap")
        self.assertIn("latency of nap: hist, in ms\n", text)
        self.assertEqual(len(re.findall(r"^  nap, \d+:$", text, re.M)), 3)
        self.assertEqual(sum(int(count) for count in re.findall(r"\)? +(\d+) +\|@", text)), 3 * 14)
        self.assert_kernel("funclatency nap unit=us when='result > 10'", *nap)

    def test_funcslower(self):
        nap = (target_path("calls"), "-n", "4", "nap")
        text = self.run_recipe("funcslower nap 200us show='entry.number, entry.name' stack=2", *nap)
        calls = re.findall(r"^\d\d:\d\d:\d\d\.\d{6}  calls\[\d+\]  +\S+[um]s  nap  (.*)$\n    nap\+.*\n"
                           r"    do_nap\+", text, re.M)
        self.assertEqual(calls, ["0, zero", "1, one", "2, two", "3, three"])
        self.assertNotIn("  nap", self.run_recipe("funcslower nap 10s", *nap))
        rows = self.rows("funcslower nap 10s", *nap)
        self.assertEqual(rows["1"]["runs"], "kernel+lua")
        text = self.run_recipe("funcslower nap 0s when='result == 4'", *nap)
        self.assertEqual(len(re.findall(r"  nap$", text, re.M)), 1)

    def test_funcinterval(self):
        text = self.run_recipe("funcinterval libc:clock_nanosleep", PYTHON, "-c", SLEEPS)
        self.assertIn("interval of libc:clock_nanosleep: hist, in ns\n", text)
        counts = re.findall(r"\[([\d.]+)(m?s), \S+\) +(\d+) ", text)
        # Six calls, and so five times from one to the next, none below 50 ms.
        self.assertEqual(sum(int(count) for *_, count in counts), 5, text)
        self.assertGreaterEqual(min(float(low) * (1000 if unit == "s" else 1)
                                    for low, unit, count in counts if int(count)), 33)
        text = self.run_recipe("funcinterval nap by=tid when='number < 3'", target_path("calls"),
                               "-n", "5", "-t", "2", "nap")
        self.assertEqual(len(re.findall(r"^  \d+:$", text, re.M)), 2)
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) +\|@", text)), 2 * 2, text)

    def test_stackcount(self):
        run = (target_path("stacks"), "run", "30")
        text = self.run_recipe("stackcount leaf depth=2", *run)
        counted = re.findall(r"^ +(\d+)\n      leaf\+.*\n(?:      .*\(inlined\)\n)*      (\w+)\+", text,
                             re.M)
        self.assertEqual(sorted(counted), [("30", "outer"), ("30", "recursive")], text)
        self.assert_kernel("stackcount leaf depth=4 by=comm when='arg[1] > 0'",
                           target_path("stacks-fp"), "run", "30")

    def test_argdist(self):
        nap = (target_path("calls"), "-n", "8", "nap")
        text = self.run_recipe("argdist nap value='str(arg[2])' as=count", *nap)
        self.assertIn("str(arg[2]) of nap: count\n", text)
        self.assertEqual(dict(re.findall(r"^  nap  (\w+) +(\d+)$", text, re.M)),
                         {"zero": "2", "one": "2", "two": "2", "three": "2"})
        text = self.run_recipe("argdist nap value=number when='number ~= 1'", *nap)
        self.assertEqual(re.findall(r"^  \[(\S+)\]? .*?(\d+) +\|", text, re.M)[0], ("0]", "1"))
        self.assertIn("[4, 8)  4  |", text)
        self.assertIn("  nap  56\n", self.run_recipe("argdist nap value=result at=return as=sum",
                                                     *nap))
        self.assertIn("  nap  7\n", self.run_recipe("argdist nap value=number as=max", *nap))
        self.assert_kernel("argdist nap as=avg", *nap)

    def test_trace(self):
        nap = (target_path("calls"), "-n", "4", "nap")
        stamp = r"^\d\d:\d\d:\d\d\.\d{6}  calls\[\d+\]  nap"
        text = self.run_recipe("trace nap", *nap)
        self.assertEqual(re.findall(stamp + r"\(number=(\d), name=(\w+), shape=0x\w+\)$", text, re.M),
                         [("0", "zero"), ("1", "one"), ("2", "two"), ("3", "three")])
        for recipe, lines in (
                ("trace nap when='number == 2' show='arg[1], str(arg[2]), shape.width'",
                 ["  2, two, 640"]),
                ("trace nap at=return show=result", ["  0", "  2", "  4", "  6"]),
                ("trace nap at=return show='entry.number' when='result > 4'", ["  3"])):
            self.assertEqual(re.findall(stamp + "(.*)$", self.run_recipe(recipe, *nap), re.M), lines)
        self.assertEqual(len(re.findall(stamp + r"  \d, [\d.]+[um]?s$",
                                        self.run_recipe("trace nap at=return", *nap), re.M)), 4)
        text = self.run_recipe("trace nap stack=2 when='number == 3'", *nap)
        self.assertRegex(text, r"\]  nap\n    nap\+0x0 .*\n    do_nap\+")
        rows = self.rows("trace nap when='number == 3'", *nap)
        self.assertEqual((rows["1"]["hits"], rows["1"]["runs"]), (4, "kernel+lua"))

    def test_what_is_shown_in_between_is_not_shown_again(self):
        target = self.target("counted", "-n", "0", "-r", "1000")
        tap = self.tap("-q", "-batch", "-p", str(target.pid), "-ex",
                       "recipe run argdist counted value=sign as=count every=100ms")
        tap.expect_lines(3, "^sign of counted: count$")
        tap.expect_lines(4, "^  counted ")
        tap.stop()
        counts = [int(n) for n in re.findall(r"^  counted  -?1 +(\d+)$", tap.output(), re.M)]
        self.assertGreaterEqual(len(counts), 4)
        self.assertLessEqual(sum(counts), target.calls())
        self.assertRegex(tap.output(), r"(?m)^\d\d:\d\d:\d\d$")


@needs_root
class Memory(RecipeCase):
    """build/targets/memory and build/targets/objects."""

    KEPT = {"keeps_malloc": 100, "keeps_calloc": 200, "keeps_realloc": 3000,
            "keeps_new_realloc": 400, "keeps_posix_memalign": 512, "keeps_aligned_alloc": 640,
            "keeps_valloc": 700}

    @staticmethod
    def blocks(text):
        """(bytes, blocks) by the function that asked, of those of the target."""
        found = re.findall(r"^  (\d+) bytes in (\d+) blocks?\n    (\w+)\+", text, re.M)
        return {function: (int(size), int(count)) for size, count, function in found
                if not function.startswith("_")}

    def test_memleak(self):
        text = self.run_recipe("memleak depth=3", target_path("memory"), "-n", "7")
        self.assertEqual(self.blocks(text),
                         {name: (size * 7, 7) for name, size in self.KEPT.items()}, text)
        self.assertRegex(text, r"Not freed: \d+ bytes in \d+ blocks, from \d stacks\n")
        text = self.run_recipe("memleak top=1", target_path("memory"), "-n", "50")
        self.assertEqual(self.blocks(text), {"keeps_realloc": (150000, 50)})
        self.assertIn(", the greatest 1\n", text)
        self.assertIn("Not freed: 0 bytes in 0 blocks, from 0 stacks\n",
                      self.run_recipe("memleak older=1h", target_path("memory")))

    def test_a_sample_of_blocks_sees_both_their_ends(self):
        text = self.run_recipe("memleak sample=4 depth=1", target_path("memory"), "-n", "400")
        self.assertIn(", estimated from 1 in 4, ", text)
        blocks = self.blocks(text)
        # Of those that are given back none is left, however few of them are looked at.
        self.assertEqual(set(blocks), set(self.KEPT), text)
        for name, (size, count) in blocks.items():
            self.assertEqual(size, count * self.KEPT[name])
            self.assertTrue(100 <= count <= 1000, text)
        rows = self.rows("memleak sample=4 depth=1", target_path("memory"), "-n", "10")
        self.assertEqual({row["runs"] for number, row in rows.items() if "." not in number},
                         {"kernel+lua"})

    def test_what_is_left_is_shown_in_between(self):
        target = self.target("memory", "-n", "3", "-k")
        tap = self.tap("-q", "-batch", "-p", str(target.pid), "-ex",
                       "recipe run memleak depth=1 every=100ms")
        tap.expect("^Not freed: 0 bytes")
        target.go()
        tap.expect(r"^    keeps_realloc\+")
        tap.stop()
        self.assertEqual(self.blocks(tap.output()[tap.output().rindex("Not freed"):]),
                         {name: (size * 3, 3) for name, size in self.KEPT.items()})

    def test_mallocstacks(self):
        text = self.run_recipe("mallocstacks depth=2", target_path("memory"), "-n", "6")
        self.assertIn("bytes asked for: sum, in bytes\n", text)
        sums = re.findall(r"^ +(\d+)\n      (\w+)\+.*\n      (\w+)\+", text, re.M)
        sums = {(called, by): int(size) for size, called, by in sums if not by.startswith("_")}
        self.assertEqual(sums.pop(("malloc", "fails")), 16 * 6)
        self.assertEqual(sums, {
            ("malloc", "keeps_malloc"): 600, ("calloc", "keeps_calloc"): 1200,
            ("malloc", "keeps_realloc"): 60, ("realloc", "keeps_realloc"): 18000,
            ("malloc", "keeps_new_realloc"): 2400,
            ("posix_memalign", "keeps_posix_memalign"): 3072,
            ("memalign", "keeps_aligned_alloc"): 3840, ("valloc", "keeps_valloc"): 4200,
            ("malloc", "gives_back"): 462,
            ("calloc", "gives_back"): 462, ("realloc", "gives_back"): 46200})
        text = self.run_recipe("mallocstacks least=1K", target_path("memory"), "-n", "6")
        self.assertNotIn("keeps_malloc", text)
        self.assertIn("keeps_realloc", text)

    def test_another_allocator(self):
        library = newest("/usr/lib/x86_64-linux-gnu/libjemalloc.so*")
        if not library or not shutil.which("redis-server"):
            self.skipTest("redis-server with jemalloc is not installed")
        tap = self.tap("-q", "-batch", "-ex", "recipe run memleak library=libjemalloc depth=2",
                       "--args", shutil.which("redis-server"), "--port", "0", "--unixsocket",
                       self.path("redis"), "--dir", self.dir, "--save", "")
        tap.expect("ready to accept connections")
        subprocess.run(["redis-cli", "-s", self.path("redis"), "shutdown", "nosave"], timeout=TIMEOUT,
                       check=False)
        tap.wait()
        self.assertRegex(tap.output(), r"Not freed: [1-9]\d+ bytes in [1-9]\d+ blocks")

    def test_objnew(self):
        objects = (target_path("objects"), "10")
        text = self.run_recipe("objnew", *objects)
        self.assertEqual(dict(re.findall(r"^  (\d+) +(\d+)$", text, re.M)),
                         {"24": "10", "128": "10", "1000": "10", "200": "20"})
        self.assertIn("[128, 256)  30  |", self.run_recipe("objnew hist", *objects))
        makers = {}
        text = self.run_recipe("objnew bytes depth=2", *objects)
        for size, maker in re.findall(r"^ +(\d+)\n      operator new.*\n      (\w+)\(\)", text, re.M):
            makers[maker] = makers.get(maker, 0) + int(size)
        self.assertEqual(makers, {"make_points": 240, "make_large": 4000, "make_arrays": 10000,
                                  "make_aligned": 1280})
        self.assertIn("objects by stack: count\n", self.run_recipe("objnew stack", *objects))
        self.assert_kernel("objnew", *objects)


@needs_root
class Threads(RecipeCase):
    """build/targets/locks."""

    def test_a_cycle_of_locks_is_found(self):
        text = self.run_recipe("deadlock depth=4", target_path("locks"), "cycle")
        mutexes = {address: name for name, address in re.findall(r"^mutex (\w) (\w+)$", text, re.M)}
        self.assertEqual(text.count("Lock-order cycle "), 1)
        self.assertRegex(text, r"Lock-order cycle 1: 3 mutexes in process \d+\n")
        wants = re.findall(r"^  locks\[\d+\] wants (\w+) while it holds (\w+)\n   \w+ taken at\n"
                           r"(?:    .*\n)+   \w+ wanted at\n    pthread_mutex_lock\+.*\n"
                           r"(?:    .*\(inlined\)\n)?    (\w+)\+", text, re.M)
        self.assertEqual(sorted((mutexes[held], mutexes[wanted], by) for wanted, held, by in wants),
                         [("a", "b", "takes_ab"), ("b", "c", "takes_bc"), ("c", "a", "takes_ca")])

    def test_an_order_is_no_cycle(self):
        for what in ("order", "again"):
            text = self.run_recipe("deadlock", target_path("locks"), what)
            self.assertIn("No lock-order cycle was seen.\n", text)
            self.assertNotIn("wants", text)

    def test_mutexlat(self):
        waits = (target_path("locks"), "waits")
        text = self.run_recipe("mutexlat least=50ms", *waits)
        mutex = re.search(r"^mutex a (\w+)$", text, re.M).group(1)
        # The only one that anybody waits for so long: five times.
        self.assertRegex(text, rf"wait for mutexes: hist, in ns\n  {mutex}:\n")
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) +\|", text)), 5, text)
        self.assert_kernel("mutexlat least=50ms", *waits)
        text = self.run_recipe("mutexlat by=stack least=50ms depth=2", *waits)
        self.assertIn("      waits_a+", text)
        self.assertNotIn("holds_a", text)
        text = self.run_recipe("mutexlat by=thread least=50ms held=yes", *waits)
        self.assertRegex(text, r"(?m)^  locks, \d+:$")
        mutex = re.search(r"^mutex a (\w+)$", text, re.M).group(1)
        held = text[text.index("mutexes held"):text.index("wait for mutexes")]
        held = held[held.index(f"  {mutex}:\n"):]
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) +\|", held)), 10, text)

    def test_mutexlat_knows_who_waits_with_a_time_out(self):
        timed = (target_path("locks"), "timed")
        text = self.run_recipe("mutexlat least=50ms", *timed)
        mutex = re.search(r"^mutex a (\w+)$", text, re.M).group(1)
        # Not the other one, which was waited for in vain.
        self.assertRegex(text, rf"wait for mutexes: hist, in ns\n  {mutex}:\n")
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) +\|", text)), 5, text)
        self.assert_kernel("mutexlat least=50ms", *timed)
        text = self.run_recipe("mutexlat by=stack least=50ms depth=2 held=yes", *timed)
        self.assertIn("      timed_a+", text)
        held = text[text.index("mutexes held"):text.index("wait for mutexes")]
        mutex = re.search(r"^mutex a (\w+)$", text, re.M).group(1)
        held = held[held.index(f"  {mutex}:\n"):]
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) +\|", held)), 10, text)

    def test_threads(self):
        text = self.run_recipe("threads.threads", target_path("locks"), "order")
        self.assertEqual(re.findall(r"  locks\[\d+\]  starts (\w+)\+0x0 \(locks.c:\d+\)  by run\+", text),
                         ["takes_ab", "takes_bc", "takes_ac"])
        text = self.run_recipe("threads.threads stack=3", target_path("locks"), "again")
        self.assertEqual(len(re.findall(r"^    pthread_create\+0x0 .*\n    run\+.*\n    main\+", text,
                                        re.M)), 2)


@needs_root
class Programs(RecipeCase):
    """Programs of Debian's."""

    def test_bashreadline(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        tap = self.tap("-q", "-batch", "-ex", "recipe run bashreadline", "-e", 'print("ready")',
                       "--args", "/bin/bash", "--norc", "-i", stdin=theirs)
        os.close(theirs)
        tap.expect("^ready$")
        os.write(ours, b"echo 'a  b'; x=1\nexit 3\n")
        self.assertEqual(tap.wait(), 3)
        self.assertEqual(re.findall(r"^\d\d:\d\d:\d\d\.\d{6}  bash\[\d+\]  (.*)$", tap.output(), re.M),
                         ["echo 'a  b'; x=1", "exit 3"], tap.output())

    def test_strlen(self):
        program = (PYTHON, "-c", """
import ctypes
libc = ctypes.CDLL(None)
for i in range(5): libc.strlen(b"a text of moontap")
for i in range(3): libc.strlen(b"m" * 9000)""")
        text = self.run_recipe("strlen size=20", *program)
        self.assertRegex(text, r"(?m)^  a text of moontap +5$")
        self.assertRegex(text, r"(?m)^  m{20}\.\.\. +3$")
        text = self.run_recipe("strlen length when='reg.rax > 8192'", *program)
        self.assertIn("lengths: hist, in bytes\n  [8K, 16K)  3  |", text)
        text = self.run_recipe("strlen stack depth=2 when='u64(arg[1]) == 0x6d6d6d6d6d6d6d6d'",
                               *program)
        self.assertRegex(text, r"callers of strlen: count\n    3\n      __strlen_\w+\+|      strlen\+")
        self.assert_kernel("strlen", *program)

    def test_gethostlatency(self):
        text = self.run_recipe("gethostlatency", PYTHON, "-c", """
import socket
socket.getaddrinfo("localhost", 80)
socket.getaddrinfo(None, 80)
try: socket.getaddrinfo("no.such.host.invalid", 80, 0, 0, 0, socket.AI_NUMERICHOST)
except OSError: pass""")
        self.assertEqual(re.findall(r"  python3\S*\[\d+\]  +\S+s  getaddrinfo  (.*)$", text, re.M),
                         ["localhost", "(none)", "no.such.host.invalid  EAI_NONAME"])
        self.assertRegex(text, r"look-ups: hist, in ns\n  getaddrinfo:\n")
        text = self.run_recipe("gethostlatency", "/usr/bin/getent", "hosts", "localhost")
        self.assertRegex(text, r"  getent\[\d+\]  +\S+s  gethostbyname2  localhost(  not found)?\n")
        text = self.run_recipe("gethostlatency least=1h", "/usr/bin/getent", "hosts", "localhost")
        self.assertNotIn("getent[", text)
        self.assertIn("gethostbyname2:", text)

    def server(self, *options):
        """openssl s_server that answers with a page of its own, on a port of its choice."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", self.path("key"), "-out",
                        self.path("cert")], check=True, capture_output=True, timeout=TIMEOUT)
        server = self.start(Process, ["openssl", "s_server", "-accept", "127.0.0.1:0", "-key",
                                      self.path("key"), "-cert", self.path("cert"), "-www", *options])
        return server.expect(r"^ACCEPT 127\.0\.0\.1:(\d+)").group(1)

    def test_ssl_sniff(self):
        curl = ("/usr/bin/curl", "-sk", "-H", "X-Secret: of ours", "-o", self.path("page"),
                f"https://127.0.0.1:{self.server()}/")
        text = self.run_recipe("ssl.sniff", *curl)
        self.assertRegex(text, r"  curl\[\d+\]  write \d+ bytes\n    GET / HTTP/1.1\n    Host: ")
        self.assertIn("\n    X-Secret: of ours\n", text)
        self.assertRegex(text, r"  curl\[\d+\]  read \d{4} bytes, 4096 shown\n    HTTP/1.0 200 ok\n")
        text = self.run_recipe("ssl.sniff size=8 as=hex when='comm == \"curl\"'", *curl)
        self.assertRegex(text, r"write \d+ bytes, 8 shown\n    0000  47 45 54 20 2f 20 48 54  +GET / HT\n")
        text = self.run_recipe("ssl.sniff as=none", *curl)
        self.assertRegex(text, r"  write \d+ bytes\n")
        self.assertNotIn("GET", text)
        self.assertNotIn("  write ", self.run_recipe("ssl.sniff when='pid == 1'", *curl))

    def test_ssl_of_python_has_other_functions(self):
        text = self.run_recipe("ssl.sniff", PYTHON, "-c", f"""
import socket, ssl
context = ssl._create_unverified_context()
with socket.create_connection(("127.0.0.1", {self.server()})) as plain:
    with context.wrap_socket(plain) as tls:
        tls.sendall(b"GET /python HTTP/1.0\\n\\n")
        while tls.recv(100): pass""")
        self.assertRegex(text, r"  python3\S*\[\d+\]  write 22 bytes\n    GET /python HTTP/1.0\n")
        self.assertRegex(text, r"  python3\S*\[\d+\]  read \d+ bytes\n    HTTP/1.0 200 ok\n")

    @unittest.skipUnless(shutil.which("gnutls-cli"), "gnutls-cli is not installed")
    def test_ssl_of_gnutls(self):
        client = (shutil.which("gnutls-cli"), "--insecure", "-p", self.server(), "127.0.0.1")
        text = self.run_recipe("ssl.sniff", *client, typed="GET /gnutls HTTP/1.0\n\n",
                               is_silent=False)
        self.assertRegex(text, r"  gnutls-cli\[\d+\]  write \d+ bytes\n    GET /gnutls HTTP/1.0\n")
        # The function that reads ends with a jump to another, which has no name there.
        self.assertRegex(text, r"  gnutls-cli\[\d+\]  read \d+ bytes(, \d+ shown)?\n"
                               r"    HTTP/1.0 200 ok\n")
        text = self.run_recipe("ssl.latency", *client, typed="GET / HTTP/1.0\n\n", is_silent=False)
        for function in ("gnutls_handshake", "gnutls_record_send", "gnutls_record_recv"):
            self.assertRegex(text, rf"(?m)^  {function}:\n  \[\S+s, \S+s\) +\d+ ")

    def test_ssl_latency(self):
        text = self.run_recipe("ssl.latency", "/usr/bin/curl", "-sk", "-o", self.path("page"),
                               f"https://127.0.0.1:{self.server()}/")
        for function in ("SSL_write", "SSL_read", "SSL_do_handshake"):
            self.assertRegex(text, rf"(?m)^  {function}:\n  \[\S+s, \S+s\) +\d+ ")


@needs_root
class Databases(RecipeCase):
    """Servers of the test's own, in its folder."""

    def trace(self, recipe, server, queries):
        tap = self.tap("-q", "-batch", "-ex", "recipe run " + recipe, "-e", 'print("ready")', server)
        tap.expect("^ready$")
        queries()
        return tap

    def check(self, server, query, sleep):
        tap = self.trace("db.slow 500ms", server, lambda: query(f"select 1; select {sleep}(0.6)"))
        tap.expect(rf"  (\d+ms|\d\.\d+s)  select {sleep}\(0.6\)$")
        tap.stop()
        self.assertNotIn("select 1", tap.output())
        # The server may answer before it is done with a query, but it is before the next one.
        tap = self.trace("db.stat", server, lambda: query(
            "select 1; select 2; /* a comment */ create table t(a int); insert into t values(1); "
            "commit"))
        tap.stop()
        counts = {}
        for kind, rows in re.findall(r"^  (\w+):\n((?:  \[.*\n?)+)", tap.output(), re.M):
            counts[kind] = sum(int(n) for n in re.findall(r"\) +(\d+) +\|", rows))
        counts.pop("COMMIT", None)
        self.assertEqual(counts, {"CREATE": 1, "INSERT": 1, "SELECT": 2}, tap.output())
        tap = self.trace("db.stat by=text", server, lambda: query("select 5; commit"))
        tap.stop()
        self.assertRegex(tap.output(), r"(?m)^  select 5:$")

    @unittest.skipUnless(POSTGRES, "PostgreSQL is not installed")
    def test_postgresql(self):
        folder = self.path("cluster")
        shutil.chown(self.dir, "postgres")
        binaries = os.path.dirname(POSTGRES)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run([*as_user, binaries + "/initdb", "-D", folder, "-A", "trust", "--no-sync"],
                       check=True, capture_output=True, timeout=TIMEOUT, cwd=self.dir)
        server = self.start(Process, [*as_user, POSTGRES, "-D", folder, "-k", self.dir, "-c",
                                      "listen_addresses="], cwd=self.dir)
        server.expect("ready to accept connections", errors=True)

        def query(text):
            words = [word for part in text.split("; ") for word in ("-c", part)]
            subprocess.run([*as_user, "psql", "-h", self.dir, "-U", "postgres", "-X", *words],
                           check=True, capture_output=True, timeout=TIMEOUT, cwd=self.dir)
        self.check(POSTGRES, query, "pg_sleep")

    @unittest.skipUnless(os.path.exists(MARIADB), "MariaDB is not installed")
    def test_mariadb(self):
        folder, socket = self.path("data"), self.path("socket")
        subprocess.run(["mariadb-install-db", "--no-defaults", "--datadir=" + folder, "--user=root",
                        "--auth-root-authentication-method=normal", "--skip-test-db"], check=True,
                       capture_output=True, timeout=3 * TIMEOUT)
        server = self.start(Process, [MARIADB, "--no-defaults", "--user=root", "--datadir=" + folder,
                                      "--socket=" + socket, "--skip-networking",
                                      "--pid-file=" + self.path("pid")])
        server.expect("ready for connections", errors=True)

        def query(text):
            subprocess.run(["mariadb", "--no-defaults", "-S", socket, "-e", text, "mysql"],
                           check=True, capture_output=True, timeout=TIMEOUT)
        self.check(MARIADB, query, "sleep")


if __name__ == "__main__":
    unittest.main()
