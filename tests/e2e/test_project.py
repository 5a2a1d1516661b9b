# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree itself: its layers, its licence, its build."""

import json
import os
import subprocess

from harness import BUILD, ROOT, TestCase


class Layers(TestCase):
    def layers(self, files):
        """Runs tests/layers over a tree of these files: {path: text}."""
        for path, text in files.items():
            full = os.path.join(self.dir, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([os.path.join(ROOT, "tests", "layers"), self.dir],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_this_tree_keeps_its_arrows(self):
        done = subprocess.run([os.path.join(ROOT, "tests", "layers")], capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_right_arrows_pass(self):
        self.assertEqual(self.layers({
            "src/base/a.c": '#include "moontap/base.h"\n#include <stdio.h>\n',
            "src/disasm/a.c": '#include <capstone/capstone.h>\n#include "moontap/base.h"\n',
            "src/runtime/a.c": '#include <lua.h>\n#include "moontap/output.h"\n'
                               '#include "moontap/kernel.h"\n#include "inner.h"\n',
            "src/runtime/inner.h": '#include "moontap/runtime.h"\n',
            "src/compile/a.c": "#include <linux/bpf.h>\n",
        }), (0, ""))

    def test_wrong_arrows_fail(self):
        cases = (
            ("src/base/a.c", '#include "moontap/output.h"'),
            ("src/output/a.c", '#include "moontap/symbols.h"'),
            ("src/compile/a.c", '#include "moontap/kernel.h"'),
            ("src/symbols/a.c", '# include "moontap/script.h"'),
            ("src/probe/a.c", "#include <lua.h>"),
            ("src/probe/a.c", '  #  include <lauxlib.h>'),
            ("src/probe/a.c", '#include "moontap/output.h"'),
            ("src/symbols/a.c", "#include <capstone/capstone.h>"),
            ("src/console/a.c", "#include <bpf/libbpf.h>"),
            ("src/runtime/a.c", "#include <readline/readline.h>"),
            ("src/console/a.c", "#include <elfutils/libdw.h>"),
            ("src/console/a.c", '#include "../runtime/inner.h"'),
            ("include/moontap/kernel.h", '#include "moontap/probe.h"'),
            ("bpf/watch.bpf.c", '#include "moontap/base.h"'),
            ("src/stray.c", ""),
            ("src/newroom/a.c", '#include "moontap/base.h"'),
        )
        for path, line in cases:
            with self.subTest(path=path, line=line):
                status, output = self.layers({path: line + "\n"})
                self.assertEqual(status, 1, output)
                self.assertEqual(output.count("\n"), 1, output)
                self.assertIn(path, output)
                os.remove(os.path.join(self.dir, path))


class Sources(TestCase):
    def each(self, *suffixes):
        for top in ("src", "include", "bpf", "tests", "examples", "lua"):
            for folder, _, names in os.walk(os.path.join(ROOT, top)):
                for name in names:
                    if name.endswith(suffixes):
                        yield os.path.join(folder, name)

    def test_every_source_names_the_licence_and_begins_by_saying_what_it_is(self):
        for path in self.each(".c", ".h", ".cc", ".py", ".mk", ".awk"):
            with open(path, encoding="utf-8") as file:
                head = file.read(400)
            self.assertIn("SPDX-License-Identifier: GPL-2.0-or-later", head, path)

    def test_files_stay_readable_in_size(self):
        long = [(path, lines) for path in self.each(".c", ".py", ".lua")
                if (lines := sum(1 for _ in open(path, encoding="utf-8"))) > 600]
        self.assertEqual(long, [])

    def test_python_sources_compile(self):
        for path in [*self.each(".py"), os.path.join(ROOT, "tests", "run"),
                     os.path.join(ROOT, "tests", "layers")]:
            with open(path, encoding="utf-8") as file:
                compile(file.read(), path, "exec")

    def test_shell_scripts_parse(self):
        for path in ("tests/setup", "examples/demo", ".ci/run"):
            subprocess.run(["sh", "-n", os.path.join(ROOT, path)], check=True)


class Build(TestCase):
    def make(self, *arguments):
        return subprocess.run(["make", "-s", "BUILD=" + os.path.relpath(BUILD, ROOT), *arguments],
                              cwd=ROOT, capture_output=True, text=True, check=False,
                              env={name: value for name, value in os.environ.items()
                                   if not name.startswith(("MAKE", "MFLAGS"))})

    def test_install_copies_a_program_that_runs(self):
        # SAN as it was built, so that nothing is built anew.
        done = self.make("install", "PREFIX=/opt/x", "DESTDIR=" + self.dir,
                         *(["SAN=1"] if BUILD.endswith("san") else []))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        program = os.path.join(self.dir, "opt/x/bin/moontap")
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.dir, "opt/x/share/doc/moontap/README.md")))

    def test_compile_commands_are_json_and_name_every_source(self):
        done = self.make("compile_commands.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(ROOT, "compile_commands.json"), encoding="utf-8") as file:
            commands = json.load(file)
        sources = {os.path.relpath(os.path.join(folder, name), ROOT)
                   for folder, _, names in os.walk(os.path.join(ROOT, "src"))
                   for name in names if name.endswith(".c")}
        self.assertEqual({command["file"] for command in commands}, sources)
        self.assertIn("-DMOONTAP_VERSION='\"", commands[0]["command"])

    def test_help_lists_the_targets(self):
        done = self.make("help")
        for goal in ("all", "demo", "test", "san", "lint", "bench", "fuzz", "install", "clean"):
            self.assertIn("make %s " % goal, done.stdout)

    def test_set_up_without_root_prints_the_command(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become nobody")
        # As where nothing is installed: dpkg-query finds nothing.
        fake = os.path.join(self.dir, "dpkg-query")
        with open(fake, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 1\n")
        os.chmod(fake, 0o755)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             self.for_all(os.path.join(ROOT, "tests", "setup")), "build", "demo"],
            capture_output=True, text=True, check=False,
            env=dict(os.environ, PATH=self.dir + ":" + os.environ["PATH"]))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"apt-get install .*\blibbpf-dev\b")
        self.assertIn("golang-1.22-go", done.stderr)
