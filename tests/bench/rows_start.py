# SPDX-License-Identifier: GPL-2.0-or-later
"""From the start of a tool to its first hit, and the memory it has by then."""

import subprocess
import time

from measure import (MOONTAP, ROUNDS, bench_path, bpftrace, interleave, moontap, need, running,
                     tracing)
from result import Result
from rows_hit import anonymous


def first_hit(command, marker="hit"):
    """Milliseconds until the tool writes the marker, and the MiB of the tool by then."""
    need(command[0])
    # delve writes its events to the standard error.
    options = {} if marker == "hit" else {"stderr": subprocess.STDOUT}
    with tracing(command, **options) as tool:
        seconds = wait_for_text(tool, marker) - tool.started
        memory = tool.memory_mib()
        tool.stop(timeout=30)
    return seconds * 1e3, memory


def wait_for_text(tool, text):
    size = 1
    while True:
        when = tool.wait_for_output(size)
        if text in tool.text():
            return when
        size = tool.output_size() + 1


def results(title, limits, commands, values):
    def column(index):
        return {tool: runs if isinstance(runs, str) else [run[index] for run in runs]
                for tool, runs in values.items()}
    return [Result("start to first hit: " + title, "ms", column(0),
                   ("<=", limits[0]) if limits else None, commands),
            Result("memory by then: " + title, "MiB", column(1),
                   ("<=", limits[1]) if limits else None, commands)]


def case(title, limits, arguments, function, expressions, rounds=ROUNDS):
    """expressions: what each tool prints. Each run has a target of its own: a debugger that
    is interrupted may take it along."""
    ours = '%s do print("hit", %%s) end' % ("break " + function)
    theirs = 'uprobe:%s:"%s" { printf("hit %%%%d\\n", %%s); }' % (arguments[0], function)
    builders = {
        "moontap": lambda pid, e: moontap(pid, ours % e),
        "bpftrace": lambda pid, e: bpftrace(pid, theirs % e),
        "gdb": lambda pid, e: ["gdb", "-q", "-nx", "-batch", "-p", str(pid), "-ex",
                               'dprintf %s,"hit %%d\\n",%s' % (function, e), "-ex", "continue"],
        "delve": lambda pid, e: ["dlv", "trace", "-p", str(pid), function],
    }
    commands = {}

    def run(tool, expression):
        with running(*arguments) as target:
            command = builders[tool](target.pid, expression)
            commands.update(anonymous({tool: command}, target.pid))
            return first_hit(command, "goroutine" if tool == "delve" else "hit")
    values = interleave({tool: (lambda t=tool, e=expression: run(t, e))
                         for tool, expression in expressions.items()}, rounds)
    return results(title, limits, commands, values)


def row_start():
    """Small, large with Go, large with C++."""
    loop, go, large = bench_path("loop"), bench_path("goloop"), bench_path("large")
    return (case("small program", (30, 10), (loop, "push", 1000), "site_push",
                 {"moontap": "arg[1]", "bpftrace": "arg0", "gdb": "$rdi"}) +
            case("Go program of 17 MB", (40, 15), (go, 1000), "main.work",
                 {"moontap": "arg[1]", "bpftrace": 'reg("ax")', "gdb": "$rax", "delve": ""}, 3) +
            case("C++ program, more than 100 MB of DWARF", (40, 15), (large,), "handle",
                 {"moontap": "arg[2]", "bpftrace": "arg1", "gdb": "$rsi"}, 3))


def row_named():
    """The same with an argument by its name."""
    go, large = bench_path("goloop"), bench_path("large")
    return (case("Go, a named argument", (100, 40), (go, 1000), "main.work",
                 {"moontap": "arg.number", "gdb": "number", "delve": ""}, 3) +
            case("C++, a named argument", (100, 40), (large,), "handle",
                 {"moontap": "arg.size", "bpftrace": "args->size", "gdb": "size"}, 3))


def row_prompt():
    """A program that ends at once: the least a user waits for moontap itself."""
    command = [MOONTAP, "-e", "exit()"]

    def run():
        with tracing(command) as tool:
            tool.process.wait()
            return (time.monotonic() - tool.started) * 1e3
    return [Result("start and end without a probe", "ms", interleave({"moontap": run}), None,
                   {"moontap": command})]
