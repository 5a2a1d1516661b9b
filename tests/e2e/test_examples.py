# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file of examples/ is run: what the README promises has to work."""

import glob
import os
import re
import subprocess

from harness import (MOONTAP, ROOT, TIMEOUT, Process, Target, TestCase, go_versions, needs_root,
                     target_path)

# Asks malloc for 100 blocks of 100,000 bytes, once it has been told to.
ALLOCATOR = """
import sys
print('waiting', flush=True)
open(sys.argv[1]).read()
blocks = [b'x' * (100000 + i) for i in range(100)]
"""

EXAMPLES = os.path.join(ROOT, "examples")


class Coverage(TestCase):
    def test_every_example_is_run_by_a_test(self):
        text = ""
        for path in glob.glob(os.path.join(os.path.dirname(__file__), "test_*.py")):
            with open(path, encoding="utf-8") as file:
                text += file.read()
        for name in os.listdir(EXAMPLES):
            self.assertRegex(text, r'["/]%s"' % re.escape(name),
                             "examples/%s is run by no test" % name)


@needs_root
class Examples(TestCase):
    def tree_with(self, version):
        """A folder like the top of the tree, with go-play built by one Go release."""
        tree = os.path.join(self.dir, version)
        os.makedirs(os.path.join(tree, "build"))
        os.symlink(target_path("go-play-" + version), os.path.join(tree, "build", "go-play"))
        os.symlink(MOONTAP, os.path.join(tree, "build", "moontap"))
        os.symlink(EXAMPLES, os.path.join(tree, "examples"))
        return tree

    def trace_with(self, script, *arguments, **options):
        """Runs an example and waits until its probes are in."""
        with open(script, encoding="utf-8") as file:
            ready = self.write("ready.mt", file.read() + 'print("ready")\n')
        tap = self.tap(*arguments, ready, **options)
        tap.expect("^ready$")
        return tap

    def assert_in_order(self, tree, script):
        # The three come in one after the other, so the program begins when all of them are.
        tap = self.trace_with(os.path.join(tree, script), cwd=tree)
        target = self.start(Target, [os.path.join(tree, "build", "go-play"), "-pause", "20ms"])
        tap.expect_lines(30, "^here")
        self.assertTrue(target.is_running())
        tap.stop()
        self.assertEqual([line for line in tap.lines if line.startswith("here")][:30],
                         ["here 1", "here 2", "here 3"] * 10)

    def test_the_three_offsets(self):
        for version in go_versions():
            if version not in ("1.21", "1.22"):
                continue
            with self.subTest(version):
                tree = self.tree_with(version)
                self.assert_in_order(tree, os.path.join("examples", "here.mt"))

    def test_the_three_places_in_every_go_release(self):
        for version in go_versions():
            with self.subTest(version):
                tree = self.tree_with(version)
                self.assert_in_order(tree, os.path.join("examples", "here-any.lua"))

    def test_the_demo_with_every_go_release(self):
        for version in go_versions():
            with self.subTest(version):
                tree = self.tree_with(version)
                done = subprocess.run(
                    [os.path.join("examples", "demo")], cwd=tree, text=True, capture_output=True,
                    timeout=TIMEOUT, check=False,
                    env=dict(self.environment(), BUILD="build", SECONDS_TO_TRACE="2",
                             GO="/usr/lib/go-%s/bin/go" % version))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                for number in (1, 2, 3):
                    self.assertRegex(done.stdout, re.compile("^here %d$" % number, re.MULTILINE))
                self.assertIn("never stopped", done.stdout)
                uses_offsets = version in ("1.21", "1.22")
                self.assertEqual("examples/here-any.lua\n" in done.stdout, not uses_offsets)

    def test_malloc_sizes_of_a_running_process(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = self.start(Process, ["/usr/bin/python3", "-S", "-c", ALLOCATOR, fifo])
        process.expect("^waiting$")
        tap = self.trace_with(os.path.join(EXAMPLES, "malloc-sizes.mt"), "-p", str(process.pid))
        with open(fifo, "w", encoding="utf-8") as file:
            file.write("go")
        self.assertEqual(process.wait(), 0)
        self.assertEqual(tap.wait(), 0, tap.error_text())
        counts = {int(size): int(count) for size, count in
                  re.findall(r"^ *(\d+) bytes and more +(\d+)$", tap.output(), re.MULTILINE)}
        self.assertGreaterEqual(counts.get(65536, 0), 100)
        self.assertLess(counts.get(65536, 0), 150)

    def test_go_play_ends_after_its_passes(self):
        # "go-play" is the program that the examples trace.
        for version in go_versions():
            done = subprocess.run([target_path("go-play-" + version), "-passes", "3", "-pause",
                                   "1ms"], capture_output=True, text=True, check=True,
                                  timeout=TIMEOUT)
            self.assertEqual(done.stdout.split("\n")[-2], "passes 3")
