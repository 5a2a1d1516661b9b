# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make install` and `make deb` put in place."""

import os
import shutil
import subprocess
import unittest

from harness import IS_STRESS, MOONTAP, ROOT, TestCase, needs_root


class Shells(TestCase):
    def complete(self, line):
        """What bash offers for the last word of a command line."""
        script = self.write("completion", subprocess.run(
            [MOONTAP, "--completion", "bash"], capture_output=True, text=True, check=True).stdout)
        done = subprocess.run(
            ["bash", "--norc", "-c", 'set -u; . "$0"; COMP_WORDS=("$@"); '
             'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _moontap; printf "%s\\n" "${COMPREPLY[@]-}"',
             script, *line], capture_output=True, text=True, check=True, cwd=self.dir)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_options_processes_and_files(self):
        self.write("some-file", "")
        self.assertEqual(self.complete(["moontap", "--dur"]), ["--duration"])
        self.assertIn(str(os.getpid()), self.complete(["moontap", "-p", str(os.getpid())[:1]]))
        self.assertEqual(self.complete(["moontap", "some-f"]), ["some-file"])
        self.assertEqual(self.complete(["moontap", "-x", "some-f"]), ["some-file"])
        self.assertEqual(self.complete(["moontap", "-e", "some-f"]), [])

    @unittest.skipUnless(shutil.which("zsh"), "needs zsh")
    def test_zsh_reads_its_file(self):
        text = subprocess.run([MOONTAP, "--completion", "zsh"], capture_output=True, text=True,
                              check=True).stdout
        self.assertTrue(text.startswith("#compdef moontap\n"))
        done = subprocess.run(["zsh", "-f", "-c", "_arguments() { printf '%s\\n' \"$@\" }\n" + text],
                              capture_output=True, text=True, check=True)
        self.assertIn("*-p[trace this process only]:PID:_pids", done.stdout.split("\n"))
        self.assertIn("the program's end", done.stdout)

    def test_another_shell_is_refused(self):
        done = self.moontap("--completion", "fish")
        self.assertEqual((done.status, done.stderr),
                         (1, 'moontap: no completion for "fish", only for bash and zsh\n'))


class Manual(TestCase):
    @unittest.skipUnless(shutil.which("man"), "needs man")
    def test_the_page_is_good_troff(self):
        done = subprocess.run(["man", "--warnings", "-l", os.path.join(ROOT, "docs", "moontap.1")],
                              capture_output=True, text=True, check=True,
                              env=dict(os.environ, LC_ALL="C.UTF-8", MANPAGER="cat"))
        self.assertEqual(done.stderr, "")
        self.assertIn("info breakpoints [NUMBERS]", done.stdout)


if IS_STRESS:
    @needs_root
    class Package(TestCase):
        """In a system of its own: minutes, and a mirror of Debian's."""

        def run_in(self, *words):
            return subprocess.run(["chroot", self.path("root"), *words], capture_output=True,
                                  text=True, check=False)

        def mount(self, name):
            place = self.path("root/" + name)
            subprocess.run(["mount", "--bind", "/" + name, place], check=True)
            self.addCleanup(subprocess.run, ["umount", place], check=True)

        def test_the_package_installs_and_runs_in_a_clean_system(self):
            subprocess.run(["make", "-s", "deb"], cwd=ROOT, check=True, capture_output=True)
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", self.path("root")],
                           check=True, capture_output=True)
            package = next(name for name in os.listdir(os.path.join(ROOT, "build"))
                           if name.endswith(".deb"))
            shutil.copy(os.path.join(ROOT, "build", package), self.path("root/tmp"))
            self.mount("proc")
            self.mount("sys")
            done = self.run_in("apt-get", "install", "-y", "--no-install-recommends",
                               "/tmp/" + package)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            done = self.run_in("moontap", "-e", "break malloc do exit() end print('in')",
                               "--args", "/bin/ls", "/")
            self.assertEqual((done.returncode, done.stdout.split("\n")[0]), (0, "in"), done.stderr)
