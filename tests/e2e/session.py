# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions as text - what a person typed and saw - played again in a real terminal.

    $ moontap -q counted                start something (the line is a shell's)
    (moontap) break counted             typed at the prompt
    Tracepoint 1 at 0x1234: counted.    what has to come before the next prompt
    >end                                typed at the prompt of a block that is open
    Delete all breakpoints? (y or n) y  a question, and the answer typed

A line of a shell that ends in "&" runs in the background until the test ends.

In what is expected, a line "..." stands for any lines, "..." in a line for any text, and a
hexadecimal number for any other. Played loosely, other lines (of events) may come between
those expected, and decimal numbers are any numbers too. Comments begin with "# " before the first "$".
"""

import os
import re

from harness import Process, wait_until
from screen import Terminal

PROMPT = "(moontap) "
COLUMNS = 200


class Step:
    """One typed line and what is shown after it."""

    def __init__(self, prompt, typed, number):
        self.prompt, self.typed, self.number = prompt, typed, number
        self.expected = []

    def matches(self, text, loosely):
        """Is text what is expected?"""
        if not loosely:
            return re.fullmatch(self._pattern(), text)
        lines = iter(text.split("\n"))
        return all(any(re.fullmatch(line_pattern(wanted, True) + r"\s*", line) for line in lines)
                   for wanted in self.expected if wanted.strip() not in ("", "..."))

    def _pattern(self):
        """A regular expression for the lines expected, each with its newline."""
        parts = []
        for line in self.expected:
            if line.strip() == "...":
                parts.append(r"(?:.*\n)*?")
            else:
                parts.append(line_pattern(line, False) + r"\s*\n")
        return "".join(parts)


def line_pattern(line, loosely):
    text = re.escape(line.rstrip())
    text = text.replace(re.escape("..."), ".*")
    text = re.sub(r"0x[0-9a-f]+", "0x[0-9a-f]+", text)
    if loosely:
        text = re.sub(r"(?<![\w+x])\d+(?![\w+])", r"\\d+", text)
        text = re.sub(r"(\\ )+", r"\\s+", text)
    return text


def parse(text):
    """(comments, steps)"""
    comments, steps = [], []
    for number, line in enumerate(text.split("\n"), 1):
        # "> 0x1234" and ">+ 0x1234" are lines of disassemble's.
        match = re.match(r"(\$ |\(moontap\) ?|>(?![+ ] 0x)|[A-Z].*\(y or (?:n|\[n\])\) ?)"
                         r"(.*)$", line)
        if match:
            prompt = match.group(1)
            prompt = prompt if prompt == ">" else prompt.rstrip() + " "
            steps.append(Step(prompt, match.group(2), number))
        elif steps:
            steps[-1].expected.append(line)
        elif line.startswith("# "):
            comments.append(line[2:])
    while steps and steps[-1].expected and not steps[-1].expected[-1].strip():
        steps[-1].expected.pop()
    return comments, steps


class Player:
    """Plays the steps of one session."""

    def __init__(self, test, environment, cwd, loosely=False, substitute=lambda text: text):
        self.test, self.environment, self.cwd = test, environment, cwd
        self.loosely, self.substitute = loosely, substitute
        self.terminal = None

    def play(self, steps):
        for index, step in enumerate(steps):
            follower = steps[index + 1].prompt if index + 1 < len(steps) else None
            step.expected = [self.substitute(line) for line in step.expected]
            if step.prompt == "$ " and step.typed.endswith("&"):
                self._start_in_background(step.typed[:-1])
            elif step.prompt == "$ ":
                self._start(step, follower)
            else:
                self._type(step, follower)

    def _start_in_background(self, command):
        process = self.test.start(Process, ["/bin/sh", "-c", "exec " + command], cwd=self.cwd)
        shell = os.path.realpath("/bin/sh")
        self.test.assertTrue(wait_until(  # what comes next may look for it by its name
            lambda: os.path.realpath("/proc/%d/exe" % process.pid) != shell))

    def _start(self, step, follower):
        if self.terminal:
            self._end()
        self.terminal = Terminal(["/bin/sh", "-c", self.substitute(step.typed)],
                                 dict(self.environment, TERM="vt100"), self.cwd, COLUMNS)
        self.test.addCleanup(self.terminal.close)
        self._expect(step, follower, lambda lines: lines)

    def _type(self, step, follower):
        typed = self.substitute(step.typed)
        self.terminal.settle(0.03)
        self.terminal.type(typed + "\r")
        echo = (step.prompt + typed).rstrip()

        def after_echo(lines):
            # The new prompt looks as the echo of an empty line does.
            for row in range(len(lines) - (1 if typed else 2), -1, -1):
                if lines[row].rstrip() == echo:
                    return lines[row + 1:]
            return None
        self._expect(step, follower, after_echo)

    def _expect(self, step, follower, region):
        def shown(screen):
            lines = region(screen.lines)
            if lines is None:
                return None
            ended = self.terminal.poll() is not None
            if follower not in (None, "$ ") and not ended:
                if not lines or lines[-1] != follower:
                    return None
                lines = lines[:-1]
            elif not ended and lines and lines[-1] == PROMPT:
                lines = lines[:-1]
            return "".join(line.rstrip() + "\n" for line in lines if line is not lines[-1] or line)

        def is_there(screen):
            text = shown(screen)
            return text is not None and bool(step.matches(text, self.loosely))
        try:
            self.terminal.wait_for(is_there, "line %d" % step.number)
        except AssertionError:
            self.test.fail("line %d, after %s%s\n--- expected:\n%s\n--- shown:\n%s" % (
                step.number, step.prompt, step.typed, "\n".join(step.expected),
                shown(self.terminal.screen) or self.terminal.screen.text()))

    def _end(self):
        self.terminal.wait_for(lambda screen: self.terminal.poll() is not None or
                               screen.current() == PROMPT, "its end, or a prompt")
        if self.terminal.poll() is None:
            self.terminal.type("\x04")
        self.terminal.wait()

    def end(self):
        if self.terminal:
            self._end()
