# SPDX-License-Identifier: GPL-2.0-or-later
"""What a hit costs the target, and everybody else."""

import time

from measure import (ROUNDS, Unable, bench_path, bpftrace, interleave, moontap, need, running,
                     tracing)
from result import Result

LOOP, GO = bench_path("loop"), bench_path("goloop")
SETTLE = 0.7  # seconds until each of the tools is attached


def cost(target, command, bare_ns):
    """ns that a call takes longer under a tool."""
    with tracing(command, stdout=open("/dev/null", "w")) as tool:
        deadline = time.monotonic() + 10
        while target.ns_per_call(0.05) < bare_ns + 100:
            if tool.process.poll() is not None or time.monotonic() > deadline:
                raise Unable(tool.complaint())
        probed = target.ns_per_call()
        tool.stop()
    return probed - bare_ns


def compare(what, arguments, ours, theirs, must, rounds=ROUNDS, note=""):
    """ours: moontap's script; theirs: bpftrace's."""
    with running(*arguments) as target:
        bare = min(target.ns_per_call(0.1) for _ in range(3))
        commands = {"moontap": moontap(target.pid, ours)}
        tools = {"moontap": lambda: cost(target, commands["moontap"], bare)}
        if theirs:
            def peer():
                commands["bpftrace"] = bpftrace(target.pid, theirs)
                return cost(target, commands["bpftrace"], bare)
            tools["bpftrace"] = peer
        values = interleave(tools, rounds)
    return Result(what, "ns", values, must, anonymous(commands, target.pid), note)


def anonymous(commands, pid):
    return {tool: ["PID" if word == str(pid) else word for word in command]
            for tool, command in commands.items()}


def row_count():
    """A counter in the kernel, at the same site."""
    return [compare("hit: count() at the same instruction (push)", (LOOP, "push"),
                    "break site_push do count() end",
                    "uprobe:%s:site_push { @ = count(); }" % LOOP, ("<=", 1.05, "bpftrace"))]


def row_function():
    """break FUNCTION, where the tool chooses the site."""
    return [
        compare("hit: break FUNCTION, C with endbr64, count()", (LOOP, "endbr64"),
                "break site_endbr64 do count() end",
                "uprobe:%s:site_endbr64 { @ = count(); }" % LOOP, ("<=", 0.12, "bpftrace")),
        compare("hit: break FUNCTION, Go, count()", (GO,), "break main.work do count() end",
                'uprobe:%s:"main.work" { @ = count(); }' % GO, ("<=", 0.12, "bpftrace")),
    ]


SUM4 = "n = n + arg[1] + arg[2] + arg[3] + arg[4]"
PRINT4 = 'printf("%d %d %d %d\\n", arg0, arg1, arg2, arg3);'


def row_deliver():
    """Four integers to user space at each hit."""
    results = []
    for site, limit in (("push", 0.5), ("nop5", 0.3)):
        results.append(compare(
            "hit: 4 integers delivered (%s)" % site, (LOOP, site),
            "local n = 0\nbreak site_%s do %s end" % (site, SUM4),
            "uprobe:%s:site_%s { %s }" % (LOOP, site, PRINT4), ("<=", limit, "bpftrace")))
    return results


def row_sites():
    """The price of the probed instruction itself: for information."""
    return [compare("hit: count() at %s" % site, (LOOP, site),
                    "break site_%s+0 do count() end" % site,
                    "uprobe:%s:site_%s { @ = count(); }" % (LOOP, site), None, rounds=3)
            for site in ("nop", "nop5", "endbr64", "sub", "test", "ret")]


def row_latency():
    """From entry to return."""
    return [compare("hit: entry/exit latency histogram, C", (LOOP, "push"),
                    "finish site_push do hist(elapsed) end",
                    "uprobe:%s:site_push { @s[tid] = nsecs; } uretprobe:%s:site_push "
                    "/@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }" % (LOOP, LOOP),
                    ("<=", 0.8, "bpftrace")),
            compare("hit: entry/exit latency histogram, Go", (GO,),
                    "finish main.work do hist(elapsed) end", None, None)]


def row_others():
    """What a process pays that is not the one given with -p."""
    with running(LOOP, "push") as traced, running(LOOP, "push") as other:
        bare = min(other.ns_per_call(0.1) for _ in range(3))
        commands = {"moontap": moontap(traced.pid, "break site_push do count() end"),
                    "bpftrace": bpftrace(traced.pid,
                                         "uprobe:%s:site_push { @ = count(); }" % LOOP)}

        def price(command):
            with tracing(command) as tool:
                time.sleep(SETTLE)
                probed = other.ns_per_call()
                tool.stop()
            return max(0.0, probed - bare)
        values = interleave({name: (lambda c=c: price(c)) for name, c in commands.items()})
    return [Result("cost of a call in a process that is not traced (-p)", "ns", values,
                   ("<=", 5), anonymous(commands, traced.pid))]


def rate_under(target, command, seconds=1.0):
    """Calls a second of the target while a tool traces it."""
    with tracing(command, stdout=open("/dev/null", "w")) as tool:
        time.sleep(4 * SETTLE)
        if tool.process.poll() is not None:
            raise Unable(tool.complaint())
        before, start = target.counts()[0], time.monotonic()
        time.sleep(seconds)
        calls = target.counts()[0] - before
        elapsed = time.monotonic() - start
        tool.stop(timeout=30)
    return elapsed / max(1, calls) * 1e9


def row_debuggers():
    """A printed line at each hit, against those that stop the program for it. Each run has a
    target of its own: an interrupted debugger may take it along."""
    cases = (
        ("C", (LOOP, "push"), "site_push", 150, "gdb",
         lambda pid: ["gdb", "-q", "-nx", "-batch", "-p", str(pid), "-ex",
                      'dprintf site_push,"%d\\n",$rdi', "-ex", "continue"]),
        ("Go", (GO,), "main.work", 1000, "delve",
         lambda pid: ["dlv", "trace", "-p", str(pid), "main.work"]))
    results = []
    for language, arguments, function, factor, peer, debugger in cases:
        script = 'break %s do printf("%%d\\n", arg[1]) end' % function
        builders = {"moontap": lambda pid, s=script: moontap(pid, s), peer: debugger}
        commands = {}

        def run(tool):
            with running(*arguments) as target:
                command = builders[tool](target.pid)
                need(command[0])
                commands.update(anonymous({tool: command}, target.pid))
                return rate_under(target, command)
        values = interleave({tool: (lambda t=tool: run(t)) for tool in builders}, 3)
        results.append(Result("time of a call with a printed line, " + language, "ns", values,
                              ("<=", 1 / factor, peer), commands))
    return results
