# SPDX-License-Identifier: GPL-2.0-or-later
"""What is neither a hit nor an attachment: size, rest, a real service."""

import os
import re
import socket
import subprocess
import tempfile
import time

from measure import (MOONTAP, Tool, Unable, bench_path, bpftrace, interleave, moontap,
                     need, running, tracing)
from result import Result
from rows_hit import SETTLE, anonymous


def library_bytes(program):
    """The shared libraries that a program loads."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return sum(os.path.getsize(path) for path in re.findall(r"(/\S+) \(0x", listing))


def row_size():
    """On disk, and the libraries at run time."""
    def binary(path):
        return lambda: os.path.getsize(path) / 1e6

    def libraries(path):
        return lambda: library_bytes(path) / 1e6
    stripped = os.path.join(tempfile.gettempdir(), "moontap-bench-stripped")
    subprocess.run(["strip", "-o", stripped, MOONTAP], check=True)
    ours = os.path.getsize(stripped) / 1e6
    os.unlink(stripped)
    return [Result("binary, stripped", "MB",
                   {"moontap": [ours], **interleave(
                       {"bpftrace": lambda: binary(need("bpftrace"))()}, 1)}, ("<=", 2),
                   {"moontap": "ls -l moontap"}),
            Result("shared libraries it loads", "MB",
                   interleave({"moontap": libraries(MOONTAP),
                               "bpftrace": lambda: libraries(need("bpftrace"))()}, 1),
                   ("<=", 0.1, "bpftrace"), {"moontap": "ldd moontap"})]


def row_idle():
    """How often a tracer wakes up while nothing is hit."""
    def wakeups(command):
        with tracing(command) as tool:
            time.sleep(2 * SETTLE)
            if tool.process.poll() is not None:
                raise Unable(tool.complaint())
            before, start = switches(tool), time.monotonic()
            time.sleep(2)
            rate = (switches(tool) - before) / (time.monotonic() - start)
            tool.stop()
        return rate
    with running(bench_path("loop"), "push") as target:
        commands = {"moontap": moontap(target.pid, "break site_ret do print(1) end"),
                    "bpftrace": bpftrace(target.pid, "uprobe:%s:site_ret { printf(\"1\"); }" %
                                         bench_path("loop"))}
        values = interleave({t: (lambda c=c: wakeups(c)) for t, c in commands.items()}, 3)
    return [Result("wake-ups of an idle tracer", "/s", values, ("<=", 0),
                   anonymous(commands, target.pid))]


def switches(tool):
    total = 0
    for thread in os.listdir("/proc/%d/task" % tool.pid):
        with open("/proc/%d/task/%s/status" % (tool.pid, thread), encoding="utf-8") as status:
            total += sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", status.read()))
    return total


# ------------------------------------------------------------------- service

REDIS = "/usr/bin/redis-check-rdb"  # the same program: redis-server by its first argument


def start_redis(folder):
    path = os.path.join(folder, "redis.sock")
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"],
        executable=REDIS, cwd=folder, stdout=subprocess.DEVNULL)
    for _ in range(500):
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(path) == 0:
                return server, path
        time.sleep(0.01)
    raise Unable("redis did not start")


def throughput(path):
    """SET requests a second."""
    done = subprocess.run([need("redis-benchmark"), "-s", path, "-t", "set", "-n", "100000", "-c",
                           "10", "-P", "8", "--csv"], capture_output=True, text=True, check=True)
    return float(re.search(r'"SET","([\d.]+)"', done.stdout).group(1))


def row_redis():
    """A service under load, each of its allocations counted by size."""
    if not os.path.exists(REDIS):
        raise Unable("redis is not installed (tests/setup test)")
    with tempfile.TemporaryDirectory() as folder:
        server, path = start_redis(folder)
        try:
            library = jemalloc(server.pid)
            commands = {
                "moontap": moontap(server.pid, "break malloc do hist(arg[1]) end"),
                "bpftrace": bpftrace(server.pid,
                                     "uprobe:%s:malloc { @ = hist(arg0); }" % library)}

            def under(command):
                tool = Tool(command)
                try:
                    time.sleep(SETTLE)
                    if tool.process.poll() is not None:
                        raise Unable(tool.complaint())
                    return throughput(path)
                finally:
                    tool.stop()
                    tool.close()
            values = interleave({**{t: (lambda c=c: under(c)) for t, c in commands.items()},
                                 "no tool": lambda: throughput(path)})
        finally:
            server.kill()
            server.wait()
    return [Result("redis, SET requests a second, its mallocs in a histogram", "/s", values,
                   None, anonymous(commands, server.pid))]


def jemalloc(pid):
    """The library whose malloc the process uses."""
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps:
        paths = re.findall(r"(/\S+)$", maps.read(), re.MULTILINE)
    return next((path for path in paths if "jemalloc" in path),
                next(path for path in paths if "libc.so" in path))
