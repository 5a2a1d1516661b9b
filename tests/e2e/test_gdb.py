# SPDX-License-Identifier: GPL-2.0-or-later
"""moontap and GDB side by side on the same program: where both say something, they agree."""

import os
import re
import subprocess
import unittest

from harness import ROOT, TestCase, needs_root, target_path, wait_until


def has_gdb():
    return any(os.access(os.path.join(folder, "gdb"), os.X_OK)
               for folder in os.environ["PATH"].split(":"))


@unittest.skipUnless(has_gdb(), "needs gdb")
class Beside(TestCase):
    PROGRAM = "counted-nopie"

    def both(self, commands):
        """What each command prints: [(command, moontap's, gdb's)]."""
        script = "".join("%s\necho @@\\n\n" % command for command in commands)
        ours = self.moontap("-q", target_path(self.PROGRAM), input=script, cwd=ROOT)
        self.assertNotIn("Sanitizer", ours.stderr)
        done = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", "-ex", "set width 0",
             *[part for command in commands for part in ("-ex", command, "-ex", "echo @@\\n")],
             target_path(self.PROGRAM)], capture_output=True, text=True, check=False, cwd=ROOT,
            stdin=subprocess.DEVNULL)
        split = [text.split("@@\n")[:-1] for text in (ours.stdout, done.stdout)]
        self.assertEqual(len(split[0]), len(commands), ours)
        self.assertEqual(len(split[1]), len(commands), done.stdout)
        return list(zip(commands, *split))

    def assert_same(self, commands, extract=str):
        for command, ours, gdb in self.both(commands):
            with self.subTest(command):
                self.assertEqual(extract(ours), extract(gdb))
                self.assertTrue(extract(gdb), "gdb says something")

    def test_list(self):
        self.assert_same(["list counted", "list", "list", "list -", "list 10,12", "list 40,",
                          "list ,20", "list counted.c:70", "list 1", "list 140"])

    def test_x(self):
        self.assert_same(
            ["x/%s counted" % form for form in (
                "4xw", "2xg", "8xb", "3xh", "x", "12xw", "4dw", "4dh", "4ub", "2ow", "3tb", "2c",
                "a", "16xb", "2uw", "zw", "dg")] + ["x/s 0x402004", "x/2s 0x402004"])

    def test_info_address(self):
        self.assert_same(["info address counted", "info address seldom", "info address main"])

    def test_info_symbol(self):
        def name_and_offset(text):
            return re.match(r"(\w+)(?: \+ (\d+))?", text).groups()
        self.assert_same(["info symbol 0x401420", "info symbol 0x401424", "info symbol 0x401430"],
                         name_and_offset)

    def test_info_line(self):
        def where(text):
            match = re.search(r'Line (\d+) of "([^"]*)" (?:starts at|is at) address '
                              r"(0x\w+ <[^>]+>)(.* contains no code)?", text)
            return match.groups() if match else None
        self.assert_same(
            ["info line counted.c:%d" % line for line in (10, 37, 39, 46, 88, 91)] +
            ["info line counted", "info line *0x401421"], where)

    def test_disassemble(self):
        def instructions(text):
            rows = re.findall(r"(0x\w+) <\+(\w+)>:\s+(\w+)", text)
            return [(int(address, 16), int(offset, 0), name) for address, offset, name in rows]
        self.assert_same(["disassemble counted", "disassemble seldom", "disassemble main",
                          "disassemble tell"], instructions)

    def test_names_in_code(self):
        def names(text):
            rows = re.findall(r"(?:<\+\w+>|<main[^>]*>):\s.*?<([\w@.]+?)(?:@+GLIBC[\w.]*)?(?:\+(\w+))?>",
                              text)
            return [(name, int(offset or "0", 0)) for name, offset in rows]
        self.assert_same(["disassemble main", "disassemble tell", "x/60i main"], names)
        # gdb has no name for the slot that a call goes through.
        (_, ours, _), = self.both(["disassemble _start"])
        self.assertRegex(ours, r"call \*0x\w+\(%rip\)\t# 0x\w+ <__libc_start_main@got>")

    def test_disassemble_with_source(self):
        def lines(text):
            return re.findall(r"^\d+\t.*$", text, re.MULTILINE)
        self.assert_same(["disassemble /s counted"], lines)

    def test_info_functions(self):
        pattern = "info functions ^(counted|seldom|main|tell|work|pause_ns)$"

        def names(text):
            found = set(re.findall(r"(\w+)\(", text))
            return found or set(re.findall(r"^0x\w+\s+(\w+)$", text, re.MULTILINE))
        # What GCC has inlined and left out is a function for debug information alone.
        for _, ours, gdb in self.both([pattern.replace("(", r"\(").replace(
                "|", r"\|").replace(")", r"\)"), pattern]):
            if names(ours):
                symbols = subprocess.run(["nm", target_path(self.PROGRAM)], text=True, check=True,
                                         capture_output=True).stdout
                self.assertLessEqual(names(ours), set(re.findall(r" [Tt] (\w+)$", symbols,
                                                                 re.MULTILINE)))
            elif gdb:
                self.assertIn("counted", gdb)


class BesideProbes(Beside):
    """Static probes."""

    PROGRAM = "usdt"
    test_list = test_x = test_info_address = test_info_symbol = test_info_line = None
    test_disassemble = test_disassemble_with_source = test_info_functions = None
    test_names_in_code = None

    def test_info_probes(self):
        def rows(text):
            return [line.split() for line in text.splitlines()]
        self.assert_same(["info probes", "info probes all", "info probes stap",
                          "info probes stap usdt_test", "info probes stap . ^tw",
                          "info probes stap usdt_test plain targets/usdt",
                          "info probes all usdt_test enabled", "info probes stap nobody",
                          "info probes stap . . nowhere"], rows)

    def test_places(self):
        def address(text):
            return re.findall(r"reakpoint \d+ at (0x\w+)|Tracepoint \d+ at (0x\w+)", text)[0]
        for command, ours, gdb in self.both([
                "break %s" % location for location in (
                    "-probe usdt_test:plain", "-probe-stap plain", "-p places", "-pstap nothing",
                    "-probe usdt:usdt_test:enabled",
                    "-probe %s:usdt_test:enabled" % target_path("usdt"))]):
            with self.subTest(command):
                self.assertEqual("".join(address(ours)), "".join(address(gdb)))

    def test_errors(self):
        commands = ["break -probe %s" % name for name in (
            "nobody", "usdt_test:nobody", "x:usdt_test:plain", "usdt_test:", ":plain",
            ":usdt_test:plain")]
        done = subprocess.run(["gdb", "-q", "-nx", "-batch", "-ex", "set breakpoint pending off",
                               *[part for command in commands for part in ("-ex", command)],
                               target_path("usdt")], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        ours = self.moontap("-q", "--dry-run", target_path("usdt"), input="\n".join(commands) + "\n")
        said = re.findall(r"^\(console\):1:7: (.*)$", ours.stderr, re.MULTILINE)
        self.assertEqual(len(said), len(commands))
        self.assertEqual(said, [line for line in done.stderr.splitlines()
                                if "robe" in line or "invalid" in line])


class BesideValues(Beside):
    """Types and values."""

    PROGRAM = "values-c-gcc-O2-d5"
    test_list = test_x = test_info_address = test_info_symbol = test_info_line = None
    test_disassemble = test_disassemble_with_source = test_info_functions = None
    test_names_in_code = None

    def test_ptype(self):
        self.assert_same(["ptype " + name for name in (
            "big", "struct large", "outer", "enum color", "enum level", "extent", "first",
            "struct point *", "matrix", "numbers", "counter", "greeting", "integers", "longs",
            "first.next", "*first.next", "big.at", "int", "unsigned long", "either", "word")])

    def test_ptype_with_offsets(self):
        self.assert_same(["ptype/o struct " + name for name in (
            "large", "outer", "node", "mixed", "point")])

    def test_whatis(self):
        self.assert_same(["whatis " + name for name in (
            "big", "matrix", "first.next", "struct point", "integers", "greeting", "word")])

    def test_print(self):
        def value(text):
            return re.sub(r"^\$\d+ = |\([^()]*\*\) |0x\w+ (?=\")| <\w+>|(\\000)+", "", text)
        self.assert_same(["print " + text for text in (
            "matrix", "greeting", "first", "*first.next", "first.next->next->value", "&counter",
            "numbers", "numbers[1]", "counter", "word", "either", "big", "point",
            "matrix[1]", "hidden", "numbers[1]@2", "numbers@2", "word[0]@5", "twice", "main",
            "counter + 1", "first.next->value * 3 - counter")] + ["p/%s %s" % (letter, text) for letter in "xzduotc" for text in ("counter", "hidden")] +
            ["p/x " + text for text in ("point", "matrix", "numbers", "first.value", "extent", "255",
                                        "1 << 20")] + ["p/t 10", "p/c 65", "p/o 8"],
            value)

    def test_x_of_globals(self):
        def values(text):
            return re.sub(r"(?m)(?<=\w) <\w+(\+\d+)?>", "", text)
        self.assert_same(["x/4dw numbers", "x/4dw &numbers", "x/s word", "x/s greeting", "x/dw &counter",
                          "x/a &first.next", "x/2dw &matrix[1]", "x/dw first.next"], values)

    def test_info_scope(self):
        def names(text):
            return sorted(re.findall(r"^Symbol (\w+) is", text, re.MULTILINE))
        self.assert_same(["info scope integers", "info scope longs", "info scope main"], names)

        def places(text):
            return re.findall(r"^Symbol \w+ is a variable in \$\w+, length \d+\.$", text, re.M)
        self.assert_same(["info scope integers", "info scope longs"], places)


    def test_info_variables(self):
        def rows(text):
            # GDB takes the compiler's numbers off statics of functions, and leaves versions.
            return re.sub(r"(?m)^(0x\w+  .*?)(\.\d+|@.*)$", r"\1", text)
        self.assert_same(["info variables", "info variables ^t", "info variables ^p.*t$"], rows)

    def test_info_types(self):
        def rows(text):
            # ... and writes typedef int (*)(int) operation.
            return [line for line in text.split("\n") if "operation" not in line]
        self.assert_same(["info types", "info types point", "info types ^int[0-9]*_t$"], rows)


@needs_root
class Live(TestCase):
    def test_info_proc_mappings(self):
        target = self.target("counted", "-n", 0, "-r", 1)
        done = self.moontap("-q", "-p", target.pid, input="info proc mappings\ninfo proc stat\n")
        self.assertIn('Invalid "info proc" argument: "stat"', done.stderr)
        with open("/proc/%d/maps" % target.pid, encoding="utf-8") as maps:
            wanted = [line.split(None, 5) for line in maps]
        rows = [line.split() for line in done.stdout.split("\n")[4:-1]]
        self.assertEqual([(int(row[0], 16), int(row[1], 16), row[4]) for row in rows],
                         [(*(int(part, 16) for part in row[0].split("-")), row[1])
                          for row in wanted])

    def test_globals_are_those_of_now(self):
        target = self.target("counted", "-n", 0, "-r", 200)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("p calls\n")
        before = int(tap.expect(r"^(\d+)$").group(1))
        seen = len(tap.lines)
        wait_until(lambda: target.calls() > before + 10)
        tap.type("p calls\np &calls\np rate\np calls > 10 and rate == 200\n")
        self.assertGreater(int(tap.expect(r"^(\d+)$", after=seen).group(1)), before + 10)
        self.assertGreater(int(tap.expect(r"^\(.*\*\) (0x\w+)$").group(1), 16), 1 << 40)
        tap.expect("^200$")
        tap.expect("^true$")
        tap.close_input()
        self.assertEqual(tap.wait(), 0)

    def test_x_reads_the_memory_of_a_process(self):
        target = self.target("counted", "-n", 0, "-r", 100)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("x/2xw counted\nbreak counted do print(arg[2]) end\n")
        match = tap.expect(r"^(0x\w+) <counted>:\t0xfa1e0ff3\t0x[0-9a-f]{8}$")
        self.assertGreater(int(match.group(1), 16), 0x500000000000)
        tap.type("info symbol %s\n" % match.group(1))
        tap.expect("^counted of .*counted at counted.c:37$")
        address = tap.expect(r"^(\d+)$").group(1)
        tap.type("delete\nx/s %s\nx/xw 0\n" % address)
        tap.expect(r'^0x\w+:\t"(zero|one|two|three)"$')
        tap.expect("^Cannot access memory at address 0x0$", errors=True)
        target.kill()
        wait_until(lambda: "exited" in tap.output() or "killed" in tap.output())
        tap.type("x/xw counted\ninfo proc\nprint('end')\n")
        tap.expect("^end$")
        self.assertIn("0x1440 <counted>:\t0xfa1e0ff3", tap.lines)
        tap.expect("^No current process: attach to one, or run one.$", errors=True)
        tap.close_input()
        tap.wait()

    def test_source_files_are_found_where_they_are_said_to_be(self):
        done = self.moontap("-q", target_path("counted"), input=(
            "set substitute-path %s /nowhere\nlist counted\ndirectory %s/tests/targets\n"
            "list counted\ninfo source\n" % (ROOT, ROOT)))
        self.assertIn("counted.c: No such file or directory.", done.stderr)
        self.assertIn("set substitute-path FROM TO", done.stderr)
        self.assertIn("37\t{", done.stdout)
        self.assertIn("Located in %s/tests/targets/counted.c" % ROOT, done.stdout)
        done = self.moontap("-q", target_path("counted"), input=(
            "set substitute-path %s/tests %s/src\nlist counted\n" % (ROOT, self.dir)))
        self.assertIn("No such file", done.stderr)
        os.makedirs(self.path("src"))
        os.symlink(os.path.join(ROOT, "tests", "targets"), self.path("src/targets"))
        done = self.moontap("-q", target_path("counted"), input=(
            "set substitute-path %s/tests %s/src\nlist counted\n" % (ROOT, self.dir)))
        self.assertIn("37\t{", done.stdout)

    def test_info_proc(self):
        target = self.target("counted", "-n", 0, "-r", 1)
        done = self.moontap("-q", "-p", target.pid, input="info proc\n")
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.stdout, r"process %d\ncmdline = '.*counted -n 0 -r 1'\n"
                         r"cwd = '/.*'\nexe = '/.*counted'\n" % target.pid)

    def test_run_keeps_its_arguments(self):
        tap = self.tap("-q", target_path("ends"))
        tap.type("show args\nrun exit 3\n")
        tap.expect(r"exited with status 3")
        tap.type("run\n")
        tap.expect_lines(2, r"exited with status 3")
        tap.type("set args exit 4\nrun\n")
        tap.expect(r"exited with status 4")
        tap.close_input()
        tap.wait()
