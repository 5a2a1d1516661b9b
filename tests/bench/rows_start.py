# SPDX-License-Identifier: GPL-2.0-or-later
"""From the start of a tool to its first hit, and the memory it has by then."""

import time

from measure import (MOONTAP, ROUNDS, bench_path, bpftrace, interleave, moontap, need, running,
                     tracing)
from result import Result
from rows_hit import anonymous


def first_hit(command):
    """Milliseconds until a line says "hit", and the MiB of the tool by then."""
    need(command[0])
    with tracing(command) as tool:
        seconds = wait_for_text(tool, "hit") - tool.started
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


def results(title, limits, commands, pid, values):
    def column(index):
        return {tool: runs if isinstance(runs, str) else [run[index] for run in runs]
                for tool, runs in values.items()}
    shown = anonymous(commands, pid)
    return [Result("start to first hit: " + title, "ms", column(0),
                   ("<=", limits[0]) if limits else None, shown),
            Result("memory by then: " + title, "MiB", column(1),
                   ("<=", limits[1]) if limits else None, shown)]


def case(title, limits, arguments, function, ours, theirs, others, rounds=ROUNDS):
    """ours and theirs: what moontap and bpftrace print; others(pid): more commands."""
    with running(*arguments) as target:
        commands = {"moontap": moontap(target.pid, 'break %s do print("hit", %s) end' % (
            function, ours))}
        if theirs:
            commands["bpftrace"] = bpftrace(target.pid, 'uprobe:%s:"%s" { printf("hit %%d\\n", %s);'
                                            ' }' % (arguments[0], function, theirs))
        commands.update(others(target.pid))
        values = interleave({tool: (lambda c=command: first_hit(c))
                             for tool, command in commands.items()}, rounds)
        return results(title, limits, commands, target.pid, values)


def gdb(function, expression):
    return lambda pid: {"gdb": ["gdb", "-q", "-nx", "-batch", "-p", str(pid), "-ex",
                                'dprintf %s,"hit %%d\\n",%s' % (function, expression),
                                "-ex", "continue"]}


def delve(pid):
    return {"delve": ["sh", "-c", "dlv trace -p %d main.work 2>&1 | sed -u 's/main.work/hit/'" %
                      pid]}


def row_start():
    """Small, large with Go, large with C++."""
    loop, go, large = bench_path("loop"), bench_path("goloop"), bench_path("large")
    return (case("small program", (30, 10), (loop, "push", 1000), "site_push", "arg[1]", "arg0",
                 gdb("site_push", "$rdi")) +
            case("Go program of 17 MB", (40, 15), (go, 1000), "main.work", "arg[1]", "reg(\"ax\")",
                 lambda pid: {**gdb("main.work", "$rax")(pid), **delve(pid)}, 3) +
            case("C++ program, more than 100 MB of DWARF", (40, 15), (large,), "handle", "arg[2]",
                 "arg1", gdb("handle", "$rsi"), 3))


def row_named():
    """The same with an argument by its name, cold (no cache of ours) and again."""
    go, large = bench_path("goloop"), bench_path("large")
    return (case("Go, a named argument", (100, 40), (go, 1000), "main.work", "number",
                 None, gdb("main.work", "number"), 3) +
            case("C++, a named argument", (100, 40), (large,), "handle", "size",
                 "args.size", gdb("handle", "size"), 3))


def row_prompt():
    """A program that ends at once: the least a user waits for moontap itself."""
    command = [MOONTAP, "-e", "exit()"]

    def run():
        with tracing(command) as tool:
            tool.process.wait()
            return (time.monotonic() - tool.started) * 1e3
    return [Result("start and end without a probe", "ms", interleave({"moontap": run}), None,
                   {"moontap": command})]
