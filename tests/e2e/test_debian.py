# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own programs, stripped as they come: bash, redis-server, python3; and python3 with
its debug symbols, beside GDB."""

import os
import re
import shutil
import socket
import subprocess
import unittest

from harness import TABLE_AT_EXIT, Process, TestCase, breakpoints, needs_root
from screen import Terminal

REDIS = "/usr/bin/redis-check-rdb"  # the same program: redis-server by its first argument
PYTHON = "/usr/bin/python3"
EVALUATOR = """
import os, sys
print('pid', os.getpid(), flush=True)
for line in sys.stdin:
    print(eval(line), flush=True)
"""


@needs_root
class Bash(TestCase):
    def test_readline_in_a_running_bash(self):
        environment = dict(self.environment(), TERM="vt100", PS1="$ ")
        terminal = Terminal(["/bin/bash", "--norc", "--noprofile"], environment, self.dir)
        self.addCleanup(terminal.close)
        terminal.wait_for(lambda screen: screen.current() == "$ ", "the prompt")
        tap = self.trace("break readline do print(comm, str(arg[1])) end",
                         "-p", str(terminal.pid))
        for number in range(3):
            terminal.type("echo line-%d\r" % number)
            terminal.expect("^line-%d$" % number)
        tap.expect_lines(3, "^bash\t")
        self.assertEqual(tap.lines[1], "bash\t$ ")
        terminal.type("exit 3\r")
        self.assertEqual(terminal.wait(), 3)
        self.assertEqual(tap.wait(), 0, tap.error_text())


@needs_root
@unittest.skipUnless(os.path.exists(REDIS), "needs redis: tests/setup test")
class Redis(TestCase):
    def setUp(self):
        super().setUp()
        self.socket_path = self.path("redis.sock")
        self.redis = self.start(
            Process, ["redis-server", "--port", "0", "--unixsocket", self.socket_path,
                      "--save", "", "--appendonly", "no", "--daemonize", "no"],
            executable=REDIS, cwd=self.dir)
        self.redis.expect("ready to accept connections")

    def ask(self, *words):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket_path)
            client.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))
            return client.recv(4096)

    def test_malloc_by_pid(self):
        tap = self.trace("n, most = 0, 0 break malloc do n = n + 1 "
                         "if arg[1] > most then most = arg[1] end end "
                         "atexit(function() print(n, most) end)" + TABLE_AT_EXIT,
                         "-p", str(self.redis.pid))
        self.assertEqual(self.ask("SET", "key", "x" * 50000), b"+OK\r\n")
        self.assertEqual(self.ask("STRLEN", "key"), b":50000\r\n")
        self.assertEqual(tap.stop(), 0, tap.error_text())
        count, most = map(int, tap.expect(r"^(\d+)\t(\d+)$").groups())
        self.assertGreater(count, 0)
        self.assertGreaterEqual(most, 50000)
        self.assertEqual(breakpoints(tap.output())["1"]["hits"], count)
        self.assertEqual(self.ask("PING"), b"+PONG\r\n")

    def test_a_function_of_its_libc_by_library_name(self):
        tap = self.trace("break libc.so.6:write do print(arg[3], str(arg[2], 7)) end",
                         "-p", str(self.redis.pid))
        self.assertEqual(self.ask("PING"), b"+PONG\r\n")
        tap.expect(r"^7\t\+PONG")
        self.assertEqual(tap.stop(), 0, tap.error_text())

    def test_a_function_that_the_stripped_program_still_exports(self):
        tap = self.trace("break processCommand do print(func) end", "-p", str(self.redis.pid))
        self.assertEqual(self.ask("PING"), b"+PONG\r\n")
        tap.expect("^processCommand$")
        self.assertEqual(tap.stop(), 0, tap.error_text())


@needs_root
class Python(TestCase):
    def test_a_function_of_python3(self):
        python = self.start(Process, [PYTHON, "-S", "-c", EVALUATOR])
        python.expect("^pid %d$" % python.pid)
        tap = self.trace("n = 0 break PyEval_EvalCode do n = n + 1 print('eval', n) end",
                         "-p", str(python.pid))
        for number in range(5):
            python.type("%d * 2\n" % number)
            python.expect("^%d$" % (number * 2))
        tap.expect("^eval\t5$")
        python.close_input()
        self.assertEqual(python.wait(), 0)
        self.assertEqual(tap.wait(), 0)
        self.assertEqual(tap.lines[1:], ["eval\t%d" % n for n in range(1, 6)])

    def test_every_process_of_python3(self):
        tap = self.trace("break Py_BytesMain do print(pid, arg[1]) end", PYTHON)
        python = self.start(Process, [PYTHON, "-S", "-c", "pass"])
        python.wait()
        tap.expect(r"^%d\t4$" % python.pid)
        tap.stop()


SYMBOLS = "/usr/lib/debug/.build-id"
LOADS = "import json\nfor i in range(40): json.loads('[1, 2.5, \"a\", null, {\"b\": [true]}]')\n"
# FILE:LINE, and what is shown there at the first hits: printf's directive, the path in C.
PLACES = [
    ("object.c:905", [("%s", "name->ob_type->tp_name"), ("%s", "v->ob_type->tp_name"),
                      ("%d", "v->ob_type->tp_basicsize"), ("%d", "v->ob_type->ob_base.ob_size")]),
    ("dictobject.c:1259", [("%d", "mp->ma_used"), ("%s", "key->ob_type->tp_name"),
                           ("%d", "mp->ma_keys->dk_nentries")]),
]
HITS = 25


def has_symbols():
    """Are the symbols of Debian's own python3 installed?"""
    note = subprocess.run(["readelf", "-n", PYTHON], capture_output=True, text=True, check=False)
    build_id = re.search(r"Build ID: (\w\w)(\w+)", note.stdout)
    return build_id and os.path.exists("%s/%s/%s.debug" % (SYMBOLS, *build_id.groups()))


@needs_root
@unittest.skipUnless(has_symbols() and shutil.which("gdb"),
                     "needs python3-dbg and gdb: tests/setup test")
class PythonWithSymbols(TestCase):
    """Half a million lines of C, compiled by Debian with -O2, its symbols in a file apart."""

    def environment(self):
        return dict(super().environment(), PYTHONHASHSEED="0")

    def gdb(self, address, values):
        """What GDB prints at the first hits of an address."""
        shown = 'printf "@%s\\n", %s' % ("|".join(form for form, _ in values),
                                       ", ".join(path for _, path in values))
        commands = ["set debuginfod enabled off", "break *" + address,
                    "run -I -S %s >/dev/null" % self.script] + [shown, "continue"] * HITS
        done = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", *[part for command in commands
                                             for part in ("-ex", command)], PYTHON],
            text=True, capture_output=True, check=False, env=self.environment())
        return re.findall("^@(.*)$", done.stdout, re.MULTILINE)

    def moontap_prints(self, place, values):
        block = 'printf("@%s\\n", %s)' % ("|".join(form for form, _ in values),
                                       ", ".join(path.replace("->", ".") for _, path in values))
        tap = self.moontap("-batch", "-e", "break %s do %s end" % (place, block), "--args", PYTHON,
                           "-I", "-S", self.script)
        self.assertEqual(tap.status, 0, tap.stderr)
        return re.findall("^@(.*)$", tap.stdout, re.MULTILINE)

    def test_fields_of_nested_structures_are_what_gdb_says(self):
        self.script = self.write("loads.py", LOADS)
        for place, values in PLACES:
            with self.subTest(place):
                tap = self.moontap("-q", PYTHON, "--dry-run", input="break %s\n" % place)
                address = re.search(r"at (0x[0-9a-f]+)", tap.stdout).group(1)
                ours, gdbs = self.moontap_prints(place, values), self.gdb(address, values)
                self.assertEqual(len(gdbs), HITS)
                self.assertEqual(ours[:HITS], gdbs)
