# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/benchmarks.md and its charts, from the results that are there."""

import os
import platform
import re
import subprocess

from limits import limit_of
from measure import ROOT
from svg import chart

DOCS = os.path.join(ROOT, "docs")
INTRO = """# Benchmarks

Written by `make bench` (see `tests/bench`): medians of interleaved rounds, so that a slow spell of the
machine hits all tools alike. Times differ from machine to machine; ratios are what to look at. "must"
is the goal; a row that misses it says so.
"""


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"model name\s*:\s*(.*)", text)
    kind = ", virtual" if re.search(r"^flags.*\bhypervisor\b", text, re.MULTILINE) else ""
    return "%s%s, %d processors" % (model.group(1) if model else platform.machine(), kind,
                                    os.cpu_count())


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                          capture_output=True, text=True, check=False)
    return done.stdout or "not installed"


def machine():
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'PRETTY_NAME="(.*)"', file.read()).group(1)
    release = re.match(r"[\d.]+", platform.release()).group()
    tools = ", ".join("%s %s" % (name, version(name))
                      for name in ("bpftrace", "gdb", "delve", "linux-perf"))
    return "%s; Linux %s; %s.\n%s." % (processor(), release, system, tools)


def table(results):
    lines = ["| what | moontap | peers (moontap's share) | must | reached |",
             "| --- | --- | --- | --- | --- |"]
    lines += ["| %s |" % " | ".join(cell.replace("|", "\\|") for cell in (
        r.what, r.ours(), r.peers(), r.must_text(), r.verdict())) for r in results]
    return "\n".join(lines)


def commands(results):
    parts, last = [], None
    for result in results:
        if result.commands and result.commands != last:
            parts.append("%s\n\n```\n%s\n```" % (result.what, "\n".join(
                command.strip() for command in result.commands.values())))
            last = result.commands
    return "\n\n".join(parts)


def write(results, curves, begun):
    """results: [Result]; curves: {name: Curve}."""
    parts = [INTRO, "Measured on %s: %s\n" % (begun, machine()), table(results), ""]
    notes = ["- %s: %s" % (r.what, note) for r in results
             for note in (r.note, limit_of(r)) if note]
    parts += notes + [""] if notes else []
    if curves:
        parts.append("## How it grows\n")
    for name, curve in curves.items():
        with open(os.path.join(DOCS, "bench-%s.svg" % name), "w", encoding="utf-8") as file:
            file.write(chart(curve.title, curve.x_title, curve.y_title, curve.lines))
        parts.append("![%s](bench-%s.svg)\n" % (curve.title, name))
    parts += ["## The commands\n", commands(results), ""]
    with open(os.path.join(DOCS, "benchmarks.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
