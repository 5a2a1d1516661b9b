# SPDX-License-Identifier: GPL-2.0-or-later
"""Many sites: in, out, and what the target notices of it."""

import os
import time

from measure import (IS_FULL, Code, bench_path, bpftrace, interleave, median, moontap, need,
                     running, tracing)
from result import Result
from rows_hit import anonymous

SITES = bench_path("sites")
# How many, which, and within which seconds they must be in and out.
GLOBS = ((100, "fn_0000*", None, 0.1), (1000, "fn_000*", 0.020, 0.1), (10000, "fn_00*", 0.050, 0.1),
         (100000, "fn_*", 0.5, None))


def attach_and_detach(code, command):
    """Seconds from a tool's start to its last probe, and from Ctrl-C to clean code."""
    with tracing(command) as tool:
        attached = code.wait_until(True) - tool.started
        # bpftrace forgets a Ctrl-C that comes before it begins to listen.
        time.sleep(0.5)
        interrupted = time.monotonic()
        tool.stop()
        return attached, code.wait_until(False) - interrupted


def one_count(count, glob, attach_limit, detach_limit):
    pattern = glob.replace("*", r"\d+")
    with running(SITES) as target:
        code = Code(target, pattern)
        start = moontap(target.pid, "break fn_000000 do end")
        ours = moontap(target.pid, "break %s do end" % glob)
        theirs = bpftrace(target.pid, "uprobe:%s:%s { @ = count(); }" % (SITES, glob))
        one = Code(target, "fn_000000")
        runs = interleave({"start": lambda: attach_and_detach(one, start),
                           "moontap": lambda: attach_and_detach(code, ours)})
        if count == 100 or IS_FULL:
            runs["bpftrace"] = interleave({"bpftrace": lambda: attach_and_detach(code, theirs)},
                                          1)["bpftrace"]
        else:
            runs["bpftrace"] = "not run (BENCH_FULL): minutes"
        code.close()
        one.close()
    commands = anonymous({"moontap": ours, "bpftrace": theirs}, target.pid)

    def column(tool, index):
        values = runs[tool]
        return values if isinstance(values, str) else [row[index] * 1e3 for row in values]
    base = median(column("start", 0))
    more = [max(0.1, value - base) for value in column("moontap", 0)]
    return [Result("attach %s sites, start of the tool included" % format(count, ","), "ms",
                   {"moontap": column("moontap", 0), "bpftrace": column("bpftrace", 0)},
                   None, commands),
            Result("attach %s sites, beyond what one takes" % format(count, ","), "ms",
                   {"moontap": more}, attach_limit and ("<=", attach_limit * 1e3), commands),
            Result("detach %s sites" % format(count, ","), "ms",
                   {"moontap": column("moontap", 1), "bpftrace": column("bpftrace", 1)},
                   detach_limit and ("<=", detach_limit * 1e3), commands)]


def row_attach():
    """Sites in one statement."""
    return [result for numbers in GLOBS for result in one_count(*numbers)]


def row_plans():
    """A statement of its own for each of a thousand sites."""
    with running(SITES) as target:
        code = Code(target, r"fn_000\d+")
        script = "".join("break fn_%06d if arg[1] ~= %d do print(%d) end\n" % (i, -i - 1, i)
                         for i in range(1000))
        command = moontap(target.pid, script)
        values = interleave({"moontap": lambda: attach_and_detach(code, command)}, 3)
        code.close()
    shown = {"moontap": 'moontap -p PID -e "break fn_000000 if arg[1] ~= -1 do print(0) end ..."'}
    return [Result(what + " 1,000 different probes", "ms",
                   {"moontap": [row[index] * 1e3 for row in values["moontap"]]}, None, shown)
            for index, what in enumerate(("attach", "detach"))]


def longest_gap(target, command, seconds):
    """The longest time that the target did not run, while a tool came and went."""
    target.counts()
    with tracing(command) as tool:
        time.sleep(seconds)
        gap = target.counts()[3]
        tool.stop(timeout=60)
    return gap / 1e6


def row_stop():
    """A thread that looks at the clock all the time, while probes come and go; and the
    machine's own hiccups, without a tool."""
    with running(bench_path("loop"), "push", -1, preexec_fn=lambda: os.nice(-20)) as target:
        command = moontap(target.pid, "break site_* do end")
        gdb = ["gdb", "-q", "-nx", "-batch", "-p", str(target.pid), "-ex", "rbreak ^site_",
               "-ex", "detach"]

        def nothing():
            target.counts()
            time.sleep(0.3)
            return target.counts()[3] / 1e6

        def with_gdb():
            need("gdb")
            return longest_gap(target, gdb, 2.5)
        values = interleave({"moontap": lambda: longest_gap(target, command, 0.3),
                             "gdb": with_gdb, "no tool": nothing}, 3)
    return [Result("longest stop of the target while probes are attached", "ms", values,
                   ("<=", 1), anonymous({"moontap": command, "gdb": gdb}, target.pid),
                   "of a thread that may also be preempted: see \"no tool\"")]
