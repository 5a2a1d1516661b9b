# SPDX-License-Identifier: GPL-2.0-or-later
"""A pseudo-terminal and the screen a person would see on it.

Knows the control sequences that readline uses with TERM=vt100, and keeps every line, so
that what has scrolled away can be looked at as well.
"""

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import time

from harness import TIMEOUT, check_sanitizers, read_available

COLUMNS = 100
TOKEN = re.compile(r"\x1b\[([?\d;]*)([@A-Za-z])|\x1b[()].|\x1b[=>78M]|\x1b\].*?(?:\x07|\x1b\\)|(.)",
                   re.DOTALL)


class Screen:
    """The lines that a terminal would show after some output."""

    def __init__(self, columns=COLUMNS):
        self.columns = columns
        self.lines = [""]
        self.row = self.column = 0
        self.pending = ""

    def feed(self, text):
        text = self.pending + text
        end = len(text)
        escape = text.rfind("\x1b")
        if escape >= 0 and not TOKEN.match(text, escape):
            end = escape
        self.pending = text[end:]
        for match in TOKEN.finditer(text, 0, end):
            if match.group(2):
                self._control(match.group(1), match.group(2))
            elif match.group(3):
                self._put(match.group(3))

    def _control(self, parameters, letter):
        number = int(parameters) if parameters.isdigit() else None
        line = self.lines[self.row]
        if letter == "C":
            self.column += number or 1
        elif letter == "D":
            self.column = max(0, self.column - (number or 1))
        elif letter == "A":
            self.row = max(0, self.row - (number or 1))
        elif letter == "B":
            self._move_to(self.row + (number or 1))
        elif letter == "G":
            self.column = (number or 1) - 1
        elif letter == "K":
            self.lines[self.row] = {None: line[:self.column], 0: line[:self.column],
                                    1: " " * self.column + line[self.column:], 2: ""}[number]
        elif letter == "J" and not number:
            self.lines[self.row] = line[:self.column]
            del self.lines[self.row + 1:]
        elif letter == "P":
            self.lines[self.row] = line[:self.column] + line[self.column + (number or 1):]
        elif letter == "@":
            self.lines[self.row] = (line[:self.column].ljust(self.column) + " " * (number or 1) +
                                    line[self.column:])

    def _move_to(self, row):
        while len(self.lines) <= row:
            self.lines.append("")
        self.row = row

    def _put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._move_to(self.row + 1)
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char == "\t":
            self.column += 8 - self.column % 8
        elif char >= " ":
            if self.column >= self.columns:
                self._move_to(self.row + 1)
                self.column = 0
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + char + line[self.column + 1:]
            self.column += 1

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines)

    def current(self):
        """The line with the cursor."""
        return self.lines[self.row]


class Terminal:
    """A program in a pseudo-terminal of its own."""

    def __init__(self, arguments, environment, cwd, columns=COLUMNS):
        self.screen = Screen(columns)
        self.raw = ""
        self.status = None
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            try:  # the size before the program that asks for it
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
                os.chdir(cwd)
                os.execvpe(arguments[0], arguments, environment)
            finally:
                os._exit(127)

    def _read(self, timeout):
        data = read_available(self.descriptor, timeout).decode("utf-8", "replace")
        self.raw += data
        self.screen.feed(data)
        return data

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def wait_for(self, condition, what, timeout=TIMEOUT):
        """Reads until condition(screen) is true."""
        deadline = time.monotonic() + timeout
        while not condition(self.screen):
            if time.monotonic() > deadline:
                raise AssertionError("no sign of %s; %s" % (what, self.shown()))
            self._read(0.1)

    def shown(self):
        """What a failure shows of the screen."""
        return "the screen:\n" + "\n".join(self.screen.text().split("\n")[-50:])

    def expect(self, pattern, timeout=TIMEOUT):
        self.wait_for(lambda screen: re.search(pattern, screen.text(), re.MULTILINE),
                      repr(pattern), timeout)
        return re.search(pattern, self.screen.text(), re.MULTILINE)

    def settle(self, seconds=0.3):
        """Reads until nothing has come for a while."""
        while self._read(seconds):
            pass

    def settle_for(self, seconds):
        """Reads for a while, whatever comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.05)

    def poll(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait(self, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError("it does not end; " + self.shown())
            self._read(0.05)
        while self._read(0):
            pass
        check_sanitizers(self.status, self.raw)
        return self.status

    def close(self):
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.descriptor)
