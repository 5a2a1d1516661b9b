# SPDX-License-Identifier: GPL-2.0-or-later
"""What every row stands on: interleaved rounds, targets, tools, and what they use."""

import contextlib
import os
import re
import select
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
MOONTAP = os.path.join(BUILD, "moontap")
ROUNDS = int(os.environ.get("ROUNDS", "5"))
IS_FULL = bool(os.environ.get("BENCH_FULL"))
TIMEOUT = 60


class Unable(Exception):
    """A tool cannot do what a row asks; the text says why."""


def bench_path(name):
    return os.path.join(BUILD, "bench", name)


def shown(command):
    """A command as a reader may type it: our own paths are shortened."""
    words = []
    for word in command:
        word = word.replace(BUILD + "/bench/", "").replace(BUILD + "/", "")
        words.append("'%s'" % word.replace("'", "'\\''") if re.search(r"[^\w@%+=:,./-]", word)
                     else word)
    return " ".join(words)


def interleave(tools, rounds=ROUNDS):
    """Calls each tool's function once a round; {tool: [results]}, or why it could not."""
    results, reasons = {tool: [] for tool in tools}, {}
    for _ in range(rounds):
        for tool, function in tools.items():
            if tool in reasons:
                continue
            try:
                results[tool].append(function())
            except Unable as reason:
                reasons[tool] = str(reason)
    return {tool: values or reasons[tool] for tool, values in results.items()}


def median(values):
    """The median of numbers, or of tuples column by column."""
    if isinstance(values[0], tuple):
        return tuple(statistics.median(column) for column in zip(*values))
    return statistics.median(values)


# ------------------------------------------------------------------- targets

class Target:
    """A program that says "pid P" and answers a byte with its counts so far."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, bufsize=1, **options)
        self.process.stdout.readline()
        self.pid = self.process.pid
        self.path = str(arguments[0])

    def counts(self):
        """calls, processor ns, clock ns, the longest gap in ns."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(int(word) for word in self.process.stdout.readline().split())

    def ns_per_call(self, seconds=0.3):
        calls, spent = self.counts()[:2]
        time.sleep(seconds)
        more_calls, more_spent = self.counts()[:2]
        return (more_spent - spent) / max(1, more_calls - calls)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextlib.contextmanager
def running(*arguments, **options):
    target = Target(*arguments, **options)
    try:
        yield target
    finally:
        target.close()


class Code:
    """The functions of a running program, and which of them have a probe in memory."""

    def __init__(self, target, pattern):
        symbols = subprocess.run(["nm", target.path], capture_output=True, text=True,
                                 check=True).stdout
        self.memory = open("/proc/%d/mem" % target.pid, "rb", buffering=0)
        with open("/proc/%d/maps" % target.pid, encoding="utf-8") as maps:
            base = int(maps.readline().split("-")[0], 16)
        names = re.findall(r"^(\w+) [Tt] (%s)$" % pattern, symbols, re.MULTILINE)
        self.places = sorted(base + int(address, 16) for address, _ in names)
        self.original = [self._bytes(place) for place in self.sample()]

    def sample(self):
        """The first, the last, and some between."""
        step = max(1, len(self.places) // 50)
        return self.places[::step] + self.places[-1:]

    def _bytes(self, place):
        return os.pread(self.memory.fileno(), 8, place)

    def wait_until(self, is_probed, timeout=TIMEOUT):
        """Waits until all of the sample are probed, or none is; the time it was."""
        deadline = time.monotonic() + timeout
        for place, original in zip(self.sample(), self.original):
            while (self._bytes(place) != original) != is_probed:
                if time.monotonic() > deadline:
                    raise Unable("not %s within %d s" % (
                        "attached" if is_probed else "detached", timeout))
                time.sleep(0.0005)
        return time.monotonic()

    def close(self):
        self.memory.close()


# --------------------------------------------------------------------- tools

class Tool:
    """A running tracer, its output in a file."""

    def __init__(self, command, **options):
        self.output = tempfile.TemporaryFile("w+")
        self.errors = tempfile.TemporaryFile("w+")
        self.command = [str(word) for word in command]
        environment = dict(os.environ, BPFTRACE_MAX_PROBES="100000", LC_ALL="C.UTF-8")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=options.pop("stdout", self.output),
            stderr=options.pop("stderr", self.errors), env=environment, **options)
        self.pid = self.process.pid

    def output_size(self):
        return os.fstat(self.output.fileno()).st_size

    def wait_for_output(self, size=1, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while self.output_size() < size:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Unable(self.complaint())
            time.sleep(0.0005)
        return time.monotonic()

    def complaint(self):
        """What it says is wrong: its first line, or the last that says ERROR."""
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors.read().splitlines() if line.strip()]
        lines = [line for line in lines if "ERROR" in line][-1:] or lines
        return (lines[0] if lines else "no output")[:120]

    def cpu_ns(self):
        """Processor time of all its threads so far."""
        total = 0
        for thread in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.pid, thread), encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total

    def memory_mib(self):
        """The most resident memory that it and its children have had."""
        total = 0
        for pid in [self.pid, *children(self.pid)]:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open("/proc/%d/status" % pid, encoding="utf-8") as status:
                    total += int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))
        return total / 1024

    def stop(self, number=signal.SIGINT, timeout=300):
        """Ends it as Ctrl-C would; the seconds that took."""
        asked = time.monotonic()
        while self.process.poll() is None:
            # Asked again, because bpftrace forgets what comes before it listens.
            self.process.send_signal(number)
            if not self.has_ended(2) and time.monotonic() - asked > timeout:
                self.process.kill()
        return time.monotonic() - asked

    def has_ended(self, timeout):
        """Waits for that, and not as Popen.wait does, which looks every 50 ms only."""
        descriptor = os.pidfd_open(self.pid)
        try:
            return bool(select.select([descriptor], [], [], timeout)[0])
        finally:
            os.close(descriptor)

    def text(self):
        self.output.seek(0)
        return self.output.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()
        self.errors.close()


def children(pid):
    with contextlib.suppress(FileNotFoundError):
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    return []


@contextlib.contextmanager
def tracing(command, **options):
    tool = Tool(command, **options)
    try:
        yield tool
    finally:
        tool.close()


def need(program):
    """The path of a peer; a missing one is a reason, not an error."""
    path = shutil.which(program)
    if not path:
        raise Unable("%s is not installed (tests/setup bench)" % program)
    return path


# Prints the table when the last event has been delivered.
TABLE = '\natexit(function() print(command("info breakpoints")) end)'


def moontap(pid, script, *options):
    return [MOONTAP, "-p", str(pid), *options, "-e", script]


def bpftrace(pid, script):
    return [need("bpftrace"), "-p", str(pid), "-e", script]


def hits_and_lost(text):
    """The counts of the only probe, in what TABLE printed."""
    match = re.search(r"^1 .*?0x\w+ +(\d+) +(\d+) ", text, re.MULTILINE)
    if not match:
        raise Unable("no table: " + text[-100:])
    return int(match.group(1)), int(match.group(2))
