# SPDX-License-Identifier: GPL-2.0-or-later
"""Go programs, with every release of Go that the targets were built with."""

import re
import subprocess

from harness import (TABLE_AT_EXIT, Target, TestCase, breakpoints, go_versions, line_of, needs_root,
                     target_path)


def each_release(test):
    """Runs a test once for each release of Go: it gets the path of go-play."""
    def run(self):
        for version in go_versions():
            with self.subTest(version):
                test(self, target_path("go-play-" + version))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Facts(TestCase):
    @each_release
    def test_info_target_says_how_the_program_was_built(self, path):
        done = self.moontap("--dry-run", path, "-batch", "-ex", "info target")
        for pattern in (r"^Module: +moontap\.example/go-play \(devel\)$",
                        r"^Linking: +static; at fixed addresses; without C code$",
                        r"^Symbols: +symbol table; DWARF \d$", r"^ +CGO_ENABLED=0$"):
            self.assertRegex(done.stdout, re.compile(pattern, re.MULTILINE))

    def test_info_target_of_a_c_program_names_its_compiler(self):
        done = self.moontap("--dry-run", target_path("counted"), "-batch", "-ex", "info target")
        self.assertRegex(done.stdout, r"\nCompiler: +GNU C.* -O2")
        self.assertRegex(done.stdout, r"\nLinking: +dynamic, by /lib64/ld-linux-x86-64.so.2; "
                                      r"position independent\n")
        self.assertNotIn("C code", done.stdout)
        done = self.moontap("--dry-run", target_path("counted-stripped"), "-batch", "-ex",
                            "info target")
        self.assertIn("stripped", done.stdout)


@needs_root
class Inlined(TestCase):
    @each_release
    def test_a_function_that_was_inlined_everywhere_hits_once_a_call(self, path):
        passes = 30
        tap = self.trace("break fmt.Println do end" + TABLE_AT_EXIT, path)
        target = self.start(Target, [path, "-passes", passes, "-pause", "2ms"])
        target.wait()
        self.assertEqual(tap.stop(), 0, tap.error_text())
        hits = breakpoints(tap.output())["1"]["hits"]
        self.assertEqual(hits, len(target.lines))

    @each_release
    def test_copies_are_counted_where_the_probe_is_placed(self, path):
        done = self.moontap("--dry-run", path, "-batch", "-ex", "break fmt.Println")
        self.assertRegex(done.stdout, r"^Tracepoint 1 at 0x\w+: fmt\.Println\. "
                                      r"\(9 locations, 9 of them inlined copies\)\n")
        done = self.moontap("--dry-run", path, "-batch", "-ex", "break fmt.Println+3")
        self.assertIn("every call of it was inlined", done.stderr)


@needs_root
class Elements(TestCase):
    @each_release
    def test_the_text_of_elements_is_printed(self, path):
        target = self.start(Target, [path, "-passes", 1000000, "-pause", "2ms"])
        done = self.moontap("-p", target.pid, "-batch", "-ex", "print os.Args")
        self.assertEqual(done.stdout,
                         '{"%s", "-passes", "1000000", "-pause", "2ms"}\n' % path)


class Control(TestCase):
    """branches and calls: what a person would otherwise read the assembly for."""

    SOURCE = "examples/go-play/main.go"

    def listing(self, path, command):
        done = self.moontap("--dry-run", path, "-batch", "-ex", command)
        self.assertEqual(done.status, 0, done)
        return done.stdout

    @each_release
    def test_the_branches_of_neat_function_name_what_they_read(self, path):
        text = self.listing(path, "branches main.neatFunction")
        opening = line_of(self.SOURCE, "func neatFunction")
        rows = re.findall(r"^  (\+0x\w+) +main\.go:(\d+) +(cond\d) \(%\w+\) +(\+0x\w+) main\.go:(\d+)"
                          r" +(\+0x\w+) main\.go:(\d+)$", text, re.MULTILINE)
        lines = [[int(row[i]) - opening for i in (1, 4, 6)] for row in rows]
        self.assertEqual([row[2] for row in rows], ["cond1", "cond2", "cond3"], text)
        # Lines of the test, and where it leads if true and if false.
        self.assertEqual(lines, [[1, 2, 4], [6, 7, 9], [9, 10, 12]], text)
        self.assertIn("1 of the compiler's own is not shown", text)
        every = self.listing(path, "branches /a main.neatFunction")
        self.assertEqual(len(every.splitlines()), len(text.splitlines()))  # one row for the note
        for offset in {offset for row in rows for offset in (row[0], row[3], row[5])}:
            self.assertIn("Tracepoint 1 at", self.listing(path, "break main.neatFunction" + offset))

    @each_release
    def test_the_calls_of_neat_function_are_six_with_their_lines(self, path):
        text = self.listing(path, "calls main.neatFunction")
        opening = line_of(self.SOURCE, "func neatFunction")
        rows = re.findall(r"^  \+0x\w+ +main\.go:(\d+) +fmt\.Fprintln +\(fmt\.Println inlined\)$",
                          text, re.MULTILINE)
        self.assertEqual(sorted(int(row) - opening for row in rows), [2, 4, 5, 7, 10, 12], text)
        self.assertNotIn("morestack", text)
        self.assertIn("morestack", self.listing(path, "calls /a main.neatFunction"))

    def test_offsets_are_those_of_the_post(self):
        for version in set(go_versions()) & {"1.21", "1.22"}:
            text = self.listing(target_path("go-play-" + version), "branches main.neatFunction")
            self.assertEqual(re.findall(r"(\+0x\w+) main\.go:\d+$", text, re.MULTILINE),
                             ["+0x6d", "+0x133", "+0x17d"])

    def test_a_c_function_names_what_it_reads_and_calls(self):
        source = self.write("c.c", """
            #include <stdio.h>
            #include <string.h>
            struct point { int x, y; const char *name; };
            __attribute__((noinline)) int f(const struct point *p, unsigned limit)
            {
                if (p->y > 7)
                    puts(p->name);
                if (limit < 100)
                    return 1;
                if (limit & 4096)
                    return strlen(p->name);
                return 2;
            }
            int main(int argc, char **argv)
            {
                struct point p = {argc, argc, argv[0]};
                return f(&p, argc);
            }
            """)
        program = self.path("c")
        subprocess.run(["gcc", "-g", "-O1", "-o", program, source], check=True)
        text = self.listing(program, "branches f")
        self.assertRegex(text, r"c\.c:7 +p->y \(0x4\(%\w+\)\) (<=|>) 7 ")
        self.assertRegex(text, r"c\.c:9 +limit \(%\w+\) (>|<=) 99 unsigned ")
        self.assertRegex(text, r"c\.c:11 +limit \(%\w+\) & 4096 ")
        text = self.listing(program, "calls f")
        self.assertRegex(text, r"\+0x\w+ +c\.c:8 +puts\n")
        self.assertRegex(text, r"\+0x\w+ +c\.c:12 +strlen\n")

    def test_what_they_cannot_do_is_said(self):
        for command, message in (
                ("branches", "branches needs the name of a function"),
                ("calls", "calls needs the name of a function"),
                ("calls /x main", "calls knows no modifier but /a"),
                ("branches nosuch", 'Function "nosuch" not defined.'),
                ("calls *0x10", "0x10 is not in the code of")):
            done = self.moontap("--dry-run", target_path("counted"), "-batch", "-ex", command)
            self.assertIn(message, done.stderr)
        self.assertRegex(self.listing(target_path("counted-nopie"), "branches _init"),
                         r"_init:\n  Test at")
        self.assertIn("has no conditional jumps",
                      self.listing(target_path("counted-nopie"), "branches _fini"))
        self.assertIn("calls nothing", self.listing(target_path("counted-nopie"), "calls _fini"))


class Exits(TestCase):
    def test_a_jump_into_the_middle_of_another_function_is_no_return(self):
        source = self.write("jump.s", """
            .globl main, f, g
            .type f, @function
            .type g, @function
            .type main, @function
            f:  cmp $1, %edi
                je inside
                ret
            .size f, . - f
            g:  nop
            inside: nop
                ret
            .size g, . - g
            main: xor %eax, %eax
                ret
            .size main, . - main
            .section .note.GNU-stack,"",@progbits
            """)
        program = self.path("jump")
        subprocess.run(["gcc", "-no-pie", "-o", program, source], check=True)
        done = self.moontap("--dry-run", program, "-batch", "-ex", "finish f do end")
        self.assertIn("whether f returns by the jump at +0x3 cannot be told", done.stderr)
        done = self.moontap("--dry-run", program, "-batch", "-ex", "finish g do end")
        self.assertEqual(done.status, 0, done)
