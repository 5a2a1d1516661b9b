# SPDX-License-Identifier: GPL-2.0-or-later
"""Events a second, what they cost the consumer, and whether any is lost."""

import os
import re
import tempfile
import time

from measure import (ROUNDS, TABLE, Unable, bench_path, bpftrace, hits_and_lost, interleave,
                     moontap, running, tracing)
from result import Result
from rows_hit import PRINT4, SETTLE, anonymous

LOOP = bench_path("loop")
SECONDS = 2.0
COUNT = "local n = 0\nbreak site_%s do n = n + 1 end" + TABLE
LINES = 'break site_%s do printf("%%d %%d\\n", arg[1], arg[2]) end'


def moontap_run(command):
    """Events a second and the share lost; the whole run is counted."""
    with tracing(command) as tool:
        tool.process.wait()
        hits, lost = hits_and_lost(tool.text())
    return (hits - lost) / SECONDS, lost / max(1, hits) * 100


def consumer_ns(target, command):
    """Processor time of the consumer per event."""
    with tracing(command) as tool:
        time.sleep(SETTLE)
        if tool.process.poll() is not None:
            raise Unable(tool.complaint())
        cpu, calls = tool.cpu_ns(), target.counts()[0]
        time.sleep(SECONDS)
        cpu, calls = tool.cpu_ns() - cpu, target.counts()[0] - calls
        tool.stop()
        return cpu / max(1, calls)


def bpftrace_run(target, command):
    """The same of bpftrace, whose lines are its events."""
    with tracing(command) as tool:
        time.sleep(SETTLE)
        if tool.process.poll() is not None:
            raise Unable(tool.complaint())
        size, calls, cpu = tool.output_size(), target.counts()[0], tool.cpu_ns()
        start = time.monotonic()
        time.sleep(SECONDS)
        more, calls = tool.output_size() - size, target.counts()[0] - calls
        elapsed, cpu = time.monotonic() - start, tool.cpu_ns() - cpu
        tool.stop()
        sample = tool.text()[size:size + more]
    events = len(re.findall(r"^\d", sample, re.MULTILINE))
    return events / elapsed, max(0.0, (1 - events / max(1, calls)) * 100), cpu / max(1, events)


def one_site(site, must):
    results = []
    with running(LOOP, site) as target, tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "lines")
        duration = ("--duration", "%dms" % (SECONDS * 1000))
        count = moontap(target.pid, COUNT % site, *duration)
        lines = moontap(target.pid, LINES % site + TABLE, "-o", output, *duration)
        peer = bpftrace(target.pid, "uprobe:%s:site_%s { %s }" % (LOOP, site, PRINT4))
        tools = {"count": lambda: moontap_run(count),
                 "lines": lambda: lines_run(lines, output),
                 "bpftrace": lambda: bpftrace_run(target, peer)}
        runs = interleave(tools)
    commands = anonymous({"moontap": count, "bpftrace": peer}, target.pid)
    column = columns(runs)
    results.append(Result("events a second to a Lua callback, full speed (%s)" % site, "/s",
                          {"moontap": column("count", 0), "bpftrace": column("bpftrace", 0)},
                          (">=", must), commands))
    results.append(Result("the same: lost, worst of %d runs" % ROUNDS, "%",
                          {"moontap": worst(column("count", 1)),
                           "bpftrace": worst(column("bpftrace", 1))}, ("<=", 0), commands))
    commands = anonymous({"moontap": [word.replace(output, "FILE") for word in lines],
                          "bpftrace": peer}, target.pid)
    results.append(Result("formatted lines a second to a file, full speed (%s)" % site, "/s",
                          {"moontap": column("lines", 0), "bpftrace": column("bpftrace", 0)},
                          (">=", 1e6), commands))
    results.append(Result("the same: lost, worst of %d runs" % ROUNDS, "%",
                          {"moontap": worst(column("lines", 1)),
                           "bpftrace": worst(column("bpftrace", 1))}, ("<=", 0), commands))
    return results


def lines_run(command, output):
    """The same with a line a hit in a file; the table at its end."""
    with tracing(command) as tool:
        tool.process.wait()
    with open(output, "r", encoding="utf-8") as file:
        text = file.read()
    at = text.rfind("\nNum ") + 1
    hits, lost = hits_and_lost(text[at:])
    lines = text.count("\n", 0, at)
    if lines != hits - lost:
        raise Unable("%d lines for %d events" % (lines, hits - lost))
    return (hits - lost) / SECONDS, lost / max(1, hits) * 100


def columns(runs):
    """column(tool, index): that number of each of its runs, or why there is none."""
    def column(tool, index):
        values = runs[tool]
        return values if isinstance(values, str) else [row[index] for row in values]
    return column


def worst(values):
    return values if isinstance(values, str) else [max(values)]


def row_rate():
    """A target at full speed on one processor, the consumer on the other."""
    return one_site("push", 1.0e6) + one_site("nop5", 1.9e6)


def row_consumer():
    """Processor time of the consumer for each event, at full speed."""
    with running(LOOP, "push") as target:
        count = moontap(target.pid, "local n = 0\nbreak site_push do n = n + 1 end")
        lines = moontap(target.pid, LINES % "push", "-o", "/dev/null")
        peer = bpftrace(target.pid, "uprobe:%s:site_push { %s }" % (LOOP, PRINT4))
        runs = interleave({"count": lambda: consumer_ns(target, count),
                           "lines": lambda: consumer_ns(target, lines),
                           "bpftrace": lambda: bpftrace_run(target, peer)[2]})
    return [Result("consumer's processor time per event: a Lua count", "ns",
                   {"moontap": runs["count"], "bpftrace": runs["bpftrace"]}, ("<=", 150),
                   anonymous({"moontap": count, "bpftrace": peer}, target.pid)),
            Result("consumer's processor time per event: printf", "ns",
                   {"moontap": runs["lines"], "bpftrace": runs["bpftrace"]}, ("<=", 400),
                   anonymous({"moontap": lines, "bpftrace": peer}, target.pid))]
