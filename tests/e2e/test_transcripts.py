# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/e2e/transcripts/*.txt, each a session at a real terminal: as typed, as printed."""

import os
import re

from harness import BUILD, MOONTAP, ROOT, TestCase, needs_root
from session import Player, parse

TRANSCRIPTS = os.path.join(ROOT, "tests", "e2e", "transcripts")


class Transcripts(TestCase):
    """One test a file is added below."""

    def play(self, name):
        with open(os.path.join(TRANSCRIPTS, name), encoding="utf-8") as file:
            comments, steps = parse(file.read())
        for target in os.listdir(os.path.join(BUILD, "targets")):
            os.symlink(os.path.join(BUILD, "targets", target), self.path(target))
        os.symlink(os.path.join(ROOT, "tests", "targets"), self.path("src"))
        os.symlink(os.path.join(ROOT, "examples"), self.path("examples"))
        pid = "0"
        for comment in comments:
            match = re.match(r"target: (.*)", comment)
            if match:
                words = match.group(1).split()
                pid = str(self.target(*words).pid)
        environment = self.environment()
        environment["PATH"] = os.path.dirname(MOONTAP) + ":" + environment["PATH"]
        player = Player(self, environment, self.dir,
                        substitute=lambda text: re.sub(r"\bPID\b", pid, text))
        player.play(steps)
        player.end()


def add(name):
    def test(self):
        self.play(name)
    label = "test_" + re.sub(r"\W", "_", os.path.splitext(name)[0])
    setattr(Transcripts, label, needs_root(test))


for transcript in sorted(os.listdir(TRANSCRIPTS)):
    if transcript.endswith(".txt"):
        add(transcript)


class Commands(TestCase):
    def test_every_command_is_typed_in_one(self):
        """By its name, or what may stand for it."""
        listing = self.moontap("-q", input="help all\nhelp info\nhelp enable\nhelp save\n").stdout
        wanted = set(re.findall(r"^([a-z]+)(?:, [a-z, ]+)? -- ", listing, re.MULTILINE))
        wanted |= {" ".join(match) for match in
                   re.findall(r"^(info|enable|save) ([a-z]+) .*-- ", listing, re.MULTILINE)}
        self.assertIn("info breakpoints", wanted)
        typed = set()
        for name in os.listdir(TRANSCRIPTS):
            with open(os.path.join(TRANSCRIPTS, name), encoding="utf-8") as file:
                steps = parse(file.read())[1]
            for step in steps:
                words = re.findall(r"[a-z]+", step.typed)[:2]
                typed |= {" ".join(words[:1]), " ".join(words)}
        self.assertEqual(wanted - typed, set())
