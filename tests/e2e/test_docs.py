# SPDX-License-Identifier: GPL-2.0-or-later
"""The sessions in the documentation, played as they are printed.

A session is an indented block of Markdown with a line that begins with "$ " or
"(moontap) "; the blocks of a page are one session, from one "$ " to the next.
"""

import html
import os
import re
import shlex
import unittest

from harness import MOONTAP, Process, ROOT, TestCase, go_versions, needs_root, target_path
from session import Player, parse

INDENT = "    "


def sessions(path, marks):
    """The text of a page's blocks with a line that begins so, indents removed."""
    lines, block = [], []
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read().split("\n")
    for line in text + ["end"]:
        if line.startswith(INDENT) or (block and not line):
            block.append(line[len(INDENT):])
            continue
        if any(re.match(marks, one) for one in block):
            lines += block
        else:
            lines += [""] * len(block)
        block = []
        lines.append("")
    return "\n".join(lines)


@needs_root
@unittest.skipUnless("1.22" in go_versions(), "the pages speak of a build by Go 1.22")
class Pages(TestCase):
    def play(self, path, marks=r"\$ |\(moontap\)"):
        os.makedirs(self.path("build"))
        os.symlink(MOONTAP, self.path("build/moontap"))
        os.symlink(target_path("go-play-1.22"), self.path("build/go-play"))
        _, steps = parse(sessions(path, marks))
        self.assertGreater(len(steps), 3)
        player = Player(self, self.environment(), self.dir, loosely=True,
                        substitute=lambda text: text.replace("sudo ", ""))
        player.play(steps)
        player.end()

    def test_the_picture(self):
        """docs/session.svg, as drawn by docs/picture; what a histogram counts is not the same twice."""
        with open(os.path.join(ROOT, "docs/session.svg"), encoding="utf-8") as file:
            rows = re.findall(r"<text [^>]*>(.*?)</text>", file.read())
        lines = [html.unescape(re.sub("<[^>]*>", "", row)) for row in rows]
        _, steps = parse("\n".join(line for line in lines if "|@" not in line))
        self.assertGreater(len(steps), 5)
        os.symlink(target_path("go-play-1.22"), self.path("go-play"))
        self.start(Process, [self.path("go-play"), "-pause", "200ms"])
        environment = self.environment()
        environment["PATH"] = os.path.dirname(MOONTAP) + ":" + environment["PATH"]
        player = Player(self, environment, self.dir, loosely=True,
                        substitute=lambda text: text.replace("sudo ", ""))
        player.play(steps)
        player.end()

    def test_the_tutorial(self):
        self.play("docs/tutorial.md")

    def test_the_pictures(self):
        self.play("docs/pictures.md")

    @unittest.skipUnless(os.path.exists("/usr/bin/python3"), "the page speaks of python3")
    def test_static_probes(self):
        self.play("docs/usdt.md")

    def test_the_page_on_records(self):
        self.play("docs/json.md")

    def test_recipes(self):
        self.play("docs/recipes.md")

    def test_what_bpftrace_says_in_moontap(self):
        target = self.target("counted", "-n", 0, "-r", 1)
        with open(os.path.join(ROOT, "docs/bpftrace.md"), encoding="utf-8") as file:
            lines = re.findall(r"^    (moontap .*)$", file.read(), re.MULTILINE)
        self.assertGreater(len(lines), 8)
        for line in lines:
            words = shlex.split(line.replace("-p PID", "-p %d" % target.pid))
            if words[-1].startswith("/") and not os.path.exists(words[-1]):
                continue  # libssl is not everywhere
            with self.subTest(line):
                done = self.moontap("--dry-run", *words[1:])
                self.assertEqual((done.status, done.stderr), (0, ""))

    def test_the_session_of_the_readme(self):
        self.start(Process, [target_path("go-play-1.22"), "-pause", "200ms"])
        self.play("README.md", r"\$ sudo build/moontap build/go-play$|\(moontap\) disas")
