# SPDX-License-Identifier: GPL-2.0-or-later
"""How time and memory grow with the work: one chart each."""

import os
import time

from measure import (TABLE, Code, bench_path, hits_and_lost, moontap, running, tracing)
from rows_hit import SETTLE
from rows_start import first_hit

REPEATS = 3


class Curve:
    """A chart: points of several lines, and what the axes mean."""

    def __init__(self, title, x_title, y_title):
        self.title, self.x_title, self.y_title = title, x_title, y_title
        self.lines = {}

    def add(self, name, x, y):
        self.lines.setdefault(name, []).append((x, y))


def best(function):
    """The median of a few runs, column by column."""
    runs = sorted(function() for _ in range(REPEATS))
    return tuple(sorted(column)[REPEATS // 2] for column in zip(*runs))


def attach_run(target, script, pattern):
    """Milliseconds to attach and to detach, MiB of the tool."""
    code = Code(target, pattern)
    memory = 0.0

    def run():
        nonlocal memory
        with tracing(moontap(target.pid, script)) as tool:
            attached = code.wait_until(True) - tool.started
            memory = tool.memory_mib()
            interrupted = time.monotonic()
            tool.stop()
            return attached * 1e3, (code.wait_until(False) - interrupted) * 1e3
    attached, detached = best(run)
    code.close()
    return attached, detached, memory


def curve_sites():
    curve = Curve("Sites of one statement", "sites", "ms; MiB")
    with running(bench_path("sites")) as target:
        for digits in range(6):
            count = 10 ** digits
            prefix = "fn_" + "0" * (6 - digits - (digits == 5))
            glob = prefix + "*" if digits else "fn_000000"
            values = attach_run(target, "break %s do end" % glob, glob.replace("*", r"\d+"))
            for name, value in zip(("start to last site, ms", "detach, ms", "memory, MiB"), values):
                curve.add(name, count, value)
    return curve


def curve_plans():
    curve = Curve("Different statements", "statements", "ms; MiB")
    with running(bench_path("sites")) as target:
        for count in (1, 10, 100, 1000):
            script = "".join("break fn_%06d if arg[1] ~= %d do print(%d) end\n" % (i, -i - 1, i)
                             for i in range(count))
            values = attach_run(target, script, "fn_" + "0" * 3 + r"\d{3}"
                                if count == 1000 else "fn_000000")
            for name, value in zip(("start to last site, ms", "end, ms", "memory, MiB"), values):
                curve.add(name, count, value)
    return curve


def consumer_share(target, script, seconds=1.5):
    """Events a second, the consumer's share of a processor in %, lost in %."""
    with tracing(moontap(target.pid, script + TABLE)) as tool:
        time.sleep(SETTLE)
        cpu, calls, start = tool.cpu_ns(), target.counts()[0], time.monotonic()
        time.sleep(seconds)
        cpu, calls = tool.cpu_ns() - cpu, target.counts()[0] - calls
        elapsed = time.monotonic() - start
        tool.stop()
        hits, lost = hits_and_lost(tool.text())
    return calls / elapsed, cpu / elapsed / 1e7, lost / max(1, hits) * 100


def curve_rate():
    curve = Curve("Events of a given rate, to a Lua count", "events a second", "% of a processor")
    for rate in (1000, 10000, 100000, 300000, 0):
        with running(bench_path("loop"), "push", rate) as target:
            got, share, lost = consumer_share(
                target, "local n = 0\nbreak site_push do n = n + 1 end")
        curve.add("consumer", got, share)
        if lost:
            curve.add("lost, %", got, lost)
    return curve


def curve_threads():
    curve = Curve("Threads of the target", "threads", "events a second")
    for threads in (1, 2, 4, 8, 16, 32, 64):
        with running(bench_path("loop"), "push", 0, threads) as target:
            got, _, _ = consumer_share(target, "break site_push do count() end")
            curve.add("counted in the kernel", threads, got)
            got, _, lost = consumer_share(target,
                                          "local n = 0\nbreak site_push do n = n + 1 end")
            curve.add("delivered to Lua", threads, got * (1 - lost / 100))
    return curve


def curve_size():
    curve = Curve("Size of the target's file", "MB", "ms; MiB")
    for name in sorted((n for n in os.listdir(bench_path("")) if n.startswith("size-")),
                       key=lambda n: int(n.split("-")[1])):
        path = bench_path(name)
        with running(path) as target:
            command = moontap(target.pid, 'break fn_000000 do print("hit") end')
            milliseconds, memory = best(lambda c=command: first_hit(c))
        curve.add("start to first hit, ms", os.path.getsize(path) / 1e6, milliseconds)
        curve.add("memory, MiB", os.path.getsize(path) / 1e6, memory)
    return curve


def curve_keys():
    curve = Curve("Keys of count(): the cost of a hit", "keys", "ns")
    for keys in (1, 10, 100, 1000, 4096, 100000, 1000000):
        with running(bench_path("loop"), "push") as target:
            bare = target.ns_per_call()
            script = "break site_push do count(%s) end" % (
                "time %% %d" % keys if keys > 1 else "1")
            with tracing(moontap(target.pid, script)) as tool:
                time.sleep(SETTLE)
                curve.add("in the kernel" if keys <= 4096 else "more than a table holds",
                          keys, max(1, target.ns_per_call() - bare))
                tool.stop()
    return curve


CURVES = {"grow-" + name[len("curve_"):]: function for name, function in list(globals().items())
          if name.startswith("curve_")}
