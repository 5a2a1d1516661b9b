# SPDX-License-Identifier: GPL-2.0-or-later
"""What every end-to-end test stands on: real targets, real moontap, cleaned up after.

A test starts its targets with self.target(), moontap with self.tap() (running) or
self.moontap() (to its end), and waits for lines with expect(). Everything is
ended when the test is over, however it ends.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
MOONTAP = os.path.join(BUILD, "moontap")
IS_SANITIZED = os.path.basename(BUILD) == "san"
IS_STRESS = bool(os.environ.get("STRESS"))
# A sanitizer's report must fail the test, whatever status the test expects.
SANITIZER_STATUS = 99

# Seconds: generous, because they are only ever waited for on failure.
TIMEOUT = 180 if IS_SANITIZED else 60

needs_root = unittest.skipUnless(os.geteuid() == 0, "needs root: sudo make test")


def target_path(name):
    return os.path.join(BUILD, "targets", name)


def go_versions():
    """The Go releases that go-play was built with: ["1.19", "1.21", ...]."""
    folder = os.path.join(BUILD, "targets")
    return sorted(name[len("go-play-"):] for name in os.listdir(folder)
                  if name.startswith("go-play-"))


def line_of(source, text):
    """The number of the line of a source file (below the project's root) that has text."""
    with open(os.path.join(ROOT, source), encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


class Process:
    """A running program; its output is collected line by line as it comes."""

    def __init__(self, arguments, **options):
        self.arguments = arguments
        self.lines = []
        self.errors = []
        self._changed = threading.Condition()
        self._popen = subprocess.Popen(
            arguments, stdin=options.pop("stdin", subprocess.PIPE),
            stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
            text=True, errors="surrogateescape", start_new_session=True, **options)
        self._readers = [
            threading.Thread(target=self._collect, args=(stream, lines), daemon=True)
            for stream, lines in ((self._popen.stdout, self.lines),
                                  (self._popen.stderr, self.errors)) if stream]
        for reader in self._readers:
            reader.start()
        self.pid = self._popen.pid

    def _collect(self, stream, lines):
        for line in stream:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def output(self):
        return "\n".join(self.lines)

    def error_text(self):
        return "\n".join(self.errors)

    def _wait_for(self, condition, timeout, what):
        """condition()'s first true value, or a failure that shows all output."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                ended = self._popen.poll() is not None and not any(
                    reader.is_alive() for reader in self._readers)
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    raise AssertionError("%s: %s %s\n--- its output:\n%s\n--- its errors:\n%s" % (
                        " ".join(map(str, self.arguments)), "ended before" if ended else
                        "no sign within %d s of" % timeout, what,
                        "\n".join(self.lines[-30:]), "\n".join(self.errors[-30:])))
                self._changed.wait(min(left, 0.05))

    def expect(self, pattern, timeout=TIMEOUT, after=0, errors=False):
        """The match of the first output line, from index `after` on, with pattern."""
        lines = self.errors if errors else self.lines

        def found():
            return next((match for line in lines[after:]
                         if (match := re.search(pattern, line))), None)
        return self._wait_for(found, timeout, "a line like %r" % pattern)

    def expect_lines(self, count, pattern="", timeout=TIMEOUT):
        """Waits for count output lines with pattern."""
        def enough():
            return sum(bool(re.search(pattern, line)) for line in self.lines) >= count
        self._wait_for(enough, timeout, "%d lines like %r" % (count, pattern))

    def type(self, text):
        self._popen.stdin.write(text)
        self._popen.stdin.flush()

    def close_input(self):
        self._popen.stdin.close()

    def signal(self, number):
        self._popen.send_signal(number)

    def is_running(self):
        return self._popen.poll() is None

    def wait(self, timeout=TIMEOUT):
        """The exit status, as Popen gives it, with all output read."""
        try:
            status = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s: still running after %d s\n--- its output:\n%s\n"
                                 "--- its errors:\n%s" % (
                                     " ".join(map(str, self.arguments)), timeout,
                                     "\n".join(self.lines[-30:]), self.error_text())) from None
        for reader in self._readers:
            reader.join(timeout)
        return status

    def kill(self):
        if self.is_running():
            self._popen.kill()
        self._popen.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def end(self):
        """What becomes of it when its test is over."""
        self.kill()


class Target(Process):
    """A program to trace: says "pid P" first; the tests look at its code in memory."""

    def go(self):
        """The byte on standard input that a target waits for."""
        self.type("\n")

    def calls(self):
        """How often counted() has been called so far, without end (-n 0) or with."""
        seen = len(self.lines)
        self.signal(signal.SIGUSR1)
        return int(self.expect(r"^calls (\d+)", after=seen).group(1))

    def changed_text(self):
        return changed_text(self.pid)


def changed_text(pid):
    """The pages of executable file mappings of a process whose bytes are not the file's.

    A probe in a process shows as an int3 in its memory. The file is read with pread,
    whose bytes are always the original ones.
    """
    changed = []
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps:
        lines = maps.readlines()
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for line in lines:
            fields = line.split(None, 5)
            if len(fields) < 6 or fields[1] != "r-xp" or not fields[5].startswith("/"):
                continue
            start, end = (int(part, 16) for part in fields[0].split("-"))
            with open("/proc/%d/map_files/%x-%x" % (pid, start, end), "rb") as file:
                for page in range(start, end, 4096):
                    wanted = os.pread(file.fileno(), 4096, int(fields[2], 16) + page - start)
                    if os.pread(memory.fileno(), len(wanted), page) != wanted:
                        changed.append("%x in %s" % (page, fields[5].strip()))
    return changed


class Tap(Process):
    """A running moontap."""

    def stop(self):
        """Ends it as Ctrl-C or a service manager would; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout=TIMEOUT):
        status = super().wait(timeout)
        check_sanitizers(status, self.error_text())
        return status

    def end(self):
        try:
            if IS_SANITIZED and self.is_running():
                self.stop()  # what it has leaked is told at its end only
        finally:
            self.kill()


class Result:
    """A moontap that has run to its end."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr

    def __str__(self):
        return "status %s\n--- stdout:\n%s\n--- stderr:\n%s" % (
            self.status, self.stdout, self.stderr)


def check_sanitizers(status, errors):
    if status == SANITIZER_STATUS or "Sanitizer" in errors or "runtime error:" in errors:
        raise AssertionError("a sanitizer complains:\n" + errors)


ROW = re.compile(r"^(?P<number>[\d.]+)\s+(?P<type>\w*)\s+(?P<disp>keep|del|dis)?\s+(?P<enabled>[yn])\s+"
                 r"(?P<address>0x\w+|<MULTIPLE>|<PENDING>)\s+(?P<hits>\d+)\s+(?P<lost>\d+)\s+"
                 r"(?P<runs>\S+)[ \t]*(?P<what>.*)$", re.MULTILINE)

# Prints the table when the last event has been delivered.
TABLE_AT_EXIT = '\natexit(function() print(command("info breakpoints")) end)'


def breakpoints(text):
    """The rows of `info breakpoints` in text, by number."""
    rows = {}
    for match in ROW.finditer(text):
        row = match.groupdict()
        row["hits"], row["lost"] = int(row["hits"]), int(row["lost"])
        rows[row["number"]] = row
    return rows


class TestCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="moontap-test-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def environment(self):
        """The user's own, with nothing of the user's own configuration."""
        environment = dict(os.environ, HOME=self.dir, XDG_STATE_HOME=self.dir,
                           XDG_CACHE_HOME=self.dir, XDG_CONFIG_HOME=self.dir,
                           INPUTRC="/dev/null", LC_ALL="C.UTF-8",
                           # Freed memory is kept back for a while, but not so much
                           # of it that growth could not be seen.
                           ASAN_OPTIONS="quarantine_size_mb=2:exitcode=%d" %
                           SANITIZER_STATUS,
                           UBSAN_OPTIONS="print_stacktrace=1")
        for name in ("NO_COLOR", "LUA_INIT", "LUA_PATH"):
            environment.pop(name, None)
        return environment

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        """A file of the test's own folder; returns its path."""
        path = self.path(name)
        with open(path, "wb" if isinstance(text, bytes) else "w") as file:
            file.write(text)
        return path

    def for_all(self, path):
        """A copy that everybody may read: the tree itself may be root's alone."""
        return shutil.copy2(path, self.dir)

    def start(self, kind, arguments, **options):
        process = kind([str(argument) for argument in arguments], **options)
        self.addCleanup(process.end)
        return process

    def target(self, name, *arguments, **options):
        """Starts one of the targets and waits until it has said its pid."""
        path = name if "/" in name else target_path(name)
        target = self.start(Target, [path, *arguments], **options)
        target.expect(r"^pid %d$" % target.pid)
        return target

    def tap(self, *arguments, **options):
        """Starts moontap."""
        return self.start(Tap, [MOONTAP, *arguments],
                          **{"cwd": self.dir, "env": self.environment(), **options})

    def moontap(self, *arguments, input="", timeout=TIMEOUT, prefix=(), **options):
        """Runs moontap to its end."""
        done = subprocess.run(
            [*prefix, MOONTAP, *map(str, arguments)], input=input, text=True,
            capture_output=True, errors="surrogateescape", timeout=timeout,
            **{"cwd": self.dir, "env": self.environment(), **options})
        check_sanitizers(done.returncode, done.stderr)
        return Result(done.returncode, done.stdout, done.stderr)

    def trace(self, script, *arguments, **options):
        """Starts moontap on a script text and waits until its probes are in."""
        tap = self.tap("-e", script + '\nprint("ready")', *arguments, **options)
        tap.expect("^ready$")
        return tap

    def assert_examples_fit(self, recipe, program):
        """The examples in a recipe's help can be run on the program."""
        text = self.moontap("-q", "-batch", "-ex", "recipe help " + recipe).stdout
        examples = re.findall(r"^  recipe run (.*)$", text, re.MULTILINE)
        self.assertTrue(examples, recipe)
        for example in examples:
            result = self.moontap("-q", "-batch", "--dry-run", program,
                                  "-ex", "recipe check " + example)
            self.assertEqual(result.status, 0, (example, str(result)))
            self.assertIn("recipe %s fits: " % recipe, result.stdout)

    def assert_original(self, target):
        """The code of the target has no probe in it (any more)."""
        self.assertEqual(wait_until(lambda: not changed_text(target.pid)) or
                         changed_text(target.pid), True)


def wait_until(condition, timeout=TIMEOUT):
    """Whether condition() came true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def read_available(descriptor, timeout):
    """What a descriptor gives within timeout seconds; b"" if nothing or its end."""
    ready, _, _ = select.select([descriptor], [], [], timeout)
    if not ready:
        return b""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
