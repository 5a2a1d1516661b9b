# SPDX-License-Identifier: GPL-2.0-or-later
"""A Go server from Debian, stripped as it comes: caddy, under the load of wrk."""

import os
import re
import unittest

from harness import (IS_STRESS, ROOT, TABLE_AT_EXIT, TIMEOUT, Process, TestCase, breakpoints,
                     needs_root)

CADDY, WRK = "/usr/bin/caddy", "/usr/bin/wrk"
CONNECTIONS = 4
SECONDS = 30 if IS_STRESS else 2


class CaddyCase(TestCase):
    def serve(self):
        """Starts a caddy that serves the test's folder; returns it and its port."""
        caddy = self.start(Process, [CADDY, "file-server", "--root", self.dir, "--listen",
                                     "127.0.0.1:0"],
                           env=dict(self.environment(), XDG_DATA_HOME=self.dir))
        port = caddy.expect(r'"actual_address":"127\.0\.0\.1:(\d+)"', errors=True).group(1)
        caddy.expect("serving static files", errors=True)
        return caddy, int(port)


@needs_root
@unittest.skipUnless(os.path.exists(CADDY) and os.path.exists(WRK),
                     "needs caddy and wrk: tests/setup test")
class Caddy(CaddyCase):
    PATHS = ("/first/", "/second/index.txt")

    def setUp(self):
        super().setUp()
        for name in ("first/index.html", "second/index.txt"):
            os.makedirs(self.path(os.path.dirname(name)))
            self.write(name, "hello\n")
        self.caddy, self.port = self.serve()

    def load(self, path):
        return self.start(Process, [WRK, "-t", "1", "-c", CONNECTIONS, "-d", "%ds" % SECONDS,
                                    "--timeout", "%ds" % TIMEOUT,
                                    "http://127.0.0.1:%d%s" % (self.port, path)])

    def requests(self, load):
        """How many a wrk has made; none of them has failed."""
        self.assertEqual(load.wait(SECONDS + TIMEOUT), 0, load.error_text())
        self.assertNotRegex(load.output(), "Socket errors|Non-2xx")
        return int(re.search(r"(\d+) requests in", load.output()).group(1))

    def test_its_handlers_are_listed(self):
        done = self.moontap("-p", self.caddy.pid, "-batch", "-ex", "info target", "-ex",
                            r"info functions \.ServeHTTP$", "-ex",
                            "break caddyhttp.(*Server).ServeHTTP", "-ex", "quit")
        self.assertIn("stripped: Go's own tables only; no DWARF", done.stdout)
        names = re.findall(r"^0x\w+ +(\S+)$", done.stdout, re.MULTILINE)
        self.assertIn("net/http.serverHandler.ServeHTTP", names)
        self.assertIn("github.com/caddyserver/caddy/v2/modules/caddyhttp.(*Server).ServeHTTP", names)
        self.assertRegex(done.stdout, r"Tracepoint 1 at 0x\w+: github\.com/caddyserver/caddy/v2/"
                                      r"modules/caddyhttp\.\(\*Server\)\.ServeHTTP\+\w+ \(server\.go")

    def test_methods_paths_and_latencies_under_load_and_no_request_fails(self):
        with open(os.path.join(ROOT, "examples/go-http.mt"), encoding="utf-8") as file:
            tap = self.trace(file.read() + TABLE_AT_EXIT, "-p", str(self.caddy.pid))
        made = {path: self.requests(load)
                for path, load in [(path, self.load(path)) for path in self.PATHS]}
        self.assertEqual(tap.stop(), 0, tap.error_text())
        self.assertTrue(self.caddy.is_running())
        self.assert_original(self.caddy)
        events = re.findall(r"^GET\t(\S+)\t(\d+)$", tap.output(), re.MULTILINE)
        table = breakpoints(tap.output())
        self.assertEqual(len(events), table["1"]["hits"] - table["1"]["lost"])
        self.assertEqual(table["2"]["lost"], 0)
        for path, count in made.items():
            # Those under way at the end are no longer counted by wrk.
            rest = table["1"]["hits"] - sum(made.values())
            self.assertTrue(0 <= rest <= CONNECTIONS * len(made), rest)
            histogram = tap.output().partition("\n  %s:\n" % path)[2]
            rows = re.match(r"(?:  \[.*\n?)+", histogram).group()
            measured = sum(int(n) for n in re.findall(r"\)\s+(\d+)  \|", rows))
            self.assertTrue(0 <= measured - count <= CONNECTIONS, (path, measured, count))
        self.assertEqual({path for path, _ in events}, set(self.PATHS))
        # A goroutine serves one connection at a time.
        self.assertGreaterEqual(len({goid for _, goid in events}), CONNECTIONS * len(made))
