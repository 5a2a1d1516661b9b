# SPDX-License-Identifier: GPL-2.0-or-later
"""Each kind of bad input: one clear message, the right exit status, nothing attached."""

import os
import re
import shutil
import subprocess

from harness import MOONTAP, ROOT, TIMEOUT, Tap, TestCase, go_versions, needs_root, target_path

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")


def hazard(kind):
    """The location of a dangerous instruction of the target hazards."""
    symbols = subprocess.run(["nm", target_path("hazards")], capture_output=True, text=True,
                             check=True).stdout
    address = {line.split()[2]: int(line.split()[0], 16) for line in symbols.splitlines()
               if len(line.split()) == 3}
    return "with_%s+%d" % (kind, address["at_" + kind] - address["with_" + kind])


class BadFile(TestCase):
    """Files that cannot be traced: no privileges are needed to be told so."""

    def refuse(self, pattern, path, status=1):
        done = self.moontap("--dry-run", "-e", "break main do end", path)
        self.assertEqual(done.status, status, done)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(done.stdout, "", "nothing on standard output")
        return done

    def counted(self):
        with open(target_path("counted"), "rb") as file:
            return file.read()

    def test_no_such_file(self):
        self.refuse(r"nothing-here.*No such file", self.path("nothing-here"))

    def test_a_directory(self):
        self.refuse("directory", self.dir)

    def test_not_an_elf_file(self):
        self.refuse(r"not an ELF", self.write("text", "just some words\n"))

    def test_an_empty_file(self):
        self.refuse("empty|not an ELF", self.write("empty", ""))

    def test_a_script_is_named_with_its_interpreter(self):
        self.refuse(r"script.*/bin/sh", self.write("script", "#!/bin/sh\necho hello\n"))

    def test_a_program_for_another_machine(self):
        data = bytearray(self.counted())
        data[18:20] = (183).to_bytes(2, "little")
        self.refuse(r"(?i)aarch64|arm64", self.write("aarch64", bytes(data)))

    def test_a_32_bit_program(self):
        data = bytearray(self.counted())
        data[4] = 1
        data[18:20] = (3).to_bytes(2, "little")
        self.refuse(r"(?i)32-bit|i386|truncated|corrupt", self.write("i386", bytes(data)))

    def test_a_truncated_elf_file_wherever_it_is_cut(self):
        data = self.counted()
        for size in (4, 16, 40, 63, 64, 100, 500, 4096, len(data) // 2):
            with self.subTest(size):
                self.refuse(r"(?i)truncated|corrupt|not an ELF|no function|not defined|ends",
                            self.write("cut", data[:size]))

    def test_a_stripped_program_has_no_names(self):
        done = self.refuse(r"(?i)no .*(symbol|names)|stripped", target_path("counted-stripped"))
        self.assertIn("*", done.stderr, "the message says that an address still works")


class BadLocation(TestCase):
    def refuse(self, script, *patterns, name="counted", status=1):
        done = self.moontap("--dry-run", "-e", script, target_path(name))
        self.assertEqual(done.status, status, done)
        for pattern in patterns:
            self.assertRegex(done.stderr, pattern)
        return done

    def go(self):
        return "go-play-" + go_versions()[-1]

    def test_an_unknown_symbol_has_near_misses(self):
        self.refuse("break conted do end", r'Function "conted" not defined', r"counted")
        self.refuse("break main.neatFunctoin do end", r'"main\.neatFunctoin" not defined',
                    r"main\.neatFunction", name=self.go())

    def test_what_gdb_has_behind_a_name_is_answered(self):
        for text, hint in (("counted thread 2", "one thread's hits: break FUNCTION if tid == N"),
                           ("counted -force-condition if x", "there is no -force-condition"),
                           ("0x1440", r"an address is written \*0x"),
                           ("counted, seldom", "several functions are one location as a glob")):
            self.refuse("break " + text, "Function .* not defined", hint)

    def test_a_glob_or_expression_that_matches_nothing(self):
        self.refuse("break nope_* do end", "nope_")
        self.refuse("break /^nope/ do end", "nope")

    def test_a_bad_regular_expression(self):
        self.refuse("break /(/ do end", r"\(")

    def test_an_unknown_library_has_near_misses(self):
        self.refuse("break libc.so.7:write do end", r"libc\.so\.7", r"libc\.so\.6")

    def test_an_offset_outside_the_function(self):
        self.refuse("break counted+0x4000 do end", "counted", r"0x4000|16384",
                    "(?i)outside|beyond|past|bytes")

    def test_an_address_that_is_no_code(self):
        self.refuse("break *0x1 do end", "0x1", "(?i)no executable|not .*code")

    def test_the_middle_of_an_instruction_names_both_boundaries(self):
        listing = subprocess.run(
            ["objdump", "-d", "--no-show-raw-insn", "--disassemble=counted",
             target_path("counted")], capture_output=True, text=True, check=True).stdout
        rows = re.findall(r"^\s+([0-9a-f]+):\t(\S+)", listing, re.MULTILINE)
        start = int(rows[0][0], 16)
        for (address, _), (following, name) in zip(rows, rows[1:]):
            before, after = int(address, 16) - start, int(following, 16) - start
            for offset in range(before + 1, after):
                with self.subTest(offset):
                    self.refuse("break counted+%d do end" % offset, r"\+0x%x\b" % after,
                                re.escape(name))
                    if before:
                        self.refuse("break counted+%d do end" % offset, r"\+0x%x\b" % before)

    def test_the_blog_post_s_offset_plus_one_is_refused_in_go(self):
        if "1.22" not in go_versions():
            self.skipTest("no Go 1.22")
        self.refuse("break main.neatFunction+0x6e do end", r"\+0x6d\b", "(?i)middle|boundary",
                    name="go-play-1.22")

    def test_an_ambiguous_go_suffix_lists_its_owners(self):
        self.refuse("break Close do end", r"syscall\.Close", "may be any of",
                    name=self.go())

    def test_a_harmful_instruction_is_refused_with_its_reason(self):
        self.refuse("break %s do end" % hazard("syscall"), "(?i)syscall", name="hazards")
        self.refuse("break %s do end" % hazard("lock"), "(?i)lock", name="hazards")

    def test_a_line_that_is_not_there(self):
        self.refuse("break counted.c:9999 do end", r'No line 9999 in file "counted\.c"\.',
                    "the last line that has code is")
        self.refuse("break countd.c:10 do end", r"No source file named countd\.c\.",
                    "did you mean `counted.c`")
        self.refuse("break counted.c:10 do end", "no table of source lines",
                    name="counted-stripped")
        self.refuse("break print.go:10 do end", "may be any of 2 files", "fmt/print.go",
                    name=self.go())

    def test_malformed_locations(self):
        for text in ("counted+", "counted+0x", "*0xzz", "counted+99999999999999999999",
                     "counted.c:0", "0", "+x", "-line x", "-bogus 3"):
            with self.subTest(text):
                self.refuse("break %s do end" % text, ".")


class BadScript(TestCase):
    def run_script(self, text, name="bad.mt"):
        path = self.write(name, text)
        return self.moontap("--dry-run", path)

    def test_a_syntax_error_shows_the_line_and_a_caret(self):
        script = 'file "%s"\n-- a comment\nbreak counted do\n\tprint(1 +)\nend\n'
        done = self.run_script(script % target_path("counted"))
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"bad\.mt:4:\d+")
        excerpt = done.stderr.split("\n")
        row = next(i for i, line in enumerate(excerpt) if "print(1 +)" in line)
        self.assertEqual(excerpt[row + 1].index("^"), excerpt[row].index(")", 8))

    def test_a_block_that_is_not_closed(self):
        script = 'file "%s"\nbreak counted do\n  print(1)\n'
        done = self.run_script(script % target_path("counted"))
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"bad\.mt:\d+")
        self.assertRegex(done.stderr, r"'?end'?.*expected|not closed|line 2")

    def test_a_name_that_means_nothing(self):
        done = self.run_script('file "%s"\nbreak counted do print(reg.nope) end\n'
                               % target_path("counted"))
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"bad\.mt:2:\d+")
        self.assertIn("nope", done.stderr)

    def test_a_lua_error_at_script_level(self):
        done = self.run_script('local t = nil\nprint(t.x)\n')
        self.assertEqual(done.status, 1, done)
        self.assertIn("bad.mt:2", done.stderr)

    def test_a_probe_before_any_target(self):
        done = self.run_script("break counted do end\n")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "(?i)no .*(program|file|target)")

    def test_a_script_that_does_not_exist(self):
        done = self.moontap(self.path("none.mt"))
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, r"(?i)none\.mt.*no such file")

    def test_options_that_do_not_exist_or_lack_a_value(self):
        for arguments in (["--nope"], ["-p"], ["-p", "x"], ["-e"], ["--duration", "soon"],
                          ["--args"], ["a", "b"]):
            with self.subTest(arguments):
                done = self.moontap(*arguments)
                self.assertEqual(done.status, 1, done)
                self.assertNotEqual(done.stderr, "")

    def test_a_dry_run_judges_without_privileges_and_attaches_nothing(self):
        prefix = NOBODY if os.geteuid() == 0 else ()
        done = self.moontap("--dry-run", "-e", "break counted do print(arg[1]) end",
                            self.for_all(target_path("counted")), prefix=prefix)
        self.assertEqual(done.status, 0, done)


@needs_root
class Untouched(TestCase):
    """A running target after each refusal: its code is the file's, its output goes on."""

    def test_nothing_is_attached_by_what_is_refused(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        for script in ("break conted do end", "break counted+1 do end",
                       "break counted+0x4000 do end", "break counted do print(reg.nope) end",
                       "break counted do print( end", "break counted do",
                       # the good one before it is taken away again when the script fails
                       "break counted do end break conted do end"):
            with self.subTest(script):
                done = self.moontap("-p", target.pid, "-e", script)
                self.assertEqual(done.status, 1, done)
                self.assert_original(target)
        calls = target.calls()
        self.assertGreater(target.calls() + 1, calls)

    def test_hazards_are_refused_and_the_program_stays_right(self):
        target = self.target("hazards", 100000)
        for kind in ("syscall", "lock"):
            done = self.moontap("-p", target.pid, "-e", "break %s do end" % hazard(kind))
            self.assertEqual(done.status, 1, done)
        # Refused or harmless, as this kernel treats long nops: never a wrong value.
        tap = self.tap("-p", str(target.pid), "-e", 'break %s do end print("ready")' % hazard("nop5"))
        tap._wait_for(lambda: tap.lines or not tap.is_running(), TIMEOUT, "a verdict")
        target.go()
        self.assertEqual(target.wait(), 0, target.output())
        target.expect("^passes 100000$")


@needs_root
class Privilege(TestCase):
    def test_no_such_pid(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        done = self.moontap("-p", ended.pid, "-e", "break main do end")
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.stderr, "no process has the pid %d" %
                         ended.pid)

    def test_without_privileges_it_says_which_capabilities_are_missing(self):
        done = self.moontap("-e", "break counted do end", self.for_all(target_path("counted")),
                            prefix=NOBODY)
        self.assertEqual(done.status, 2, done)
        self.assertRegex(done.stderr, "(?i)cap_bpf")
        self.assertRegex(done.stderr, "sudo|setcap")

    def test_one_missing_capability_is_named(self):
        cases = (("bpf", "perfmon"), ("perfmon", "bpf"))
        for kept, missing in cases:
            with self.subTest(missing=missing):
                done = self.moontap(
                    "-e", "break counted do end", self.for_all(target_path("counted")),
                    prefix=("setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all,+" + kept,
                            "--ambient-caps=-all,+" + kept, "--bounding-set=-all,+" + kept))
                self.assertEqual(done.status, 2, done)
                self.assertIn("cap_" + missing, done.stderr.lower())

    def test_bpf_and_perfmon_are_enough_for_a_readable_program(self):
        caps = "-all,+bpf,+perfmon"
        program = self.for_all(target_path("counted"))
        tap = self.start_with_caps(caps, program)
        target = self.target(program, "-n", 5)
        target.wait()
        tap.expect_lines(5, r"^\d+$")
        self.assertEqual(tap.stop(), 0, tap.error_text())

    def start_with_caps(self, caps, *arguments):
        os.chown(self.dir, 65534, 65534)
        tap = self.start(Tap, ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=" + caps,
                               "--ambient-caps=" + caps, MOONTAP, "-e",
                               'break counted do print(arg[1]) end print("ready")', *arguments],
                         cwd=self.dir, env=self.environment())
        tap.expect("^ready$")
        return tap

    def test_a_process_of_somebody_else(self):
        target = self.target("counted", "-n", 0, "-r", 100)
        done = self.moontap("-p", target.pid, "-e", "break counted do end", prefix=NOBODY)
        self.assertEqual(done.status, 2, done)
        self.assertIn(str(target.pid), done.stderr)
        self.assertRegex(done.stderr, "(?i)permission|not permitted|cap_|another user")
        self.assert_original(target)

    def test_a_kernel_without_bpf(self):
        done = self.moontap("-e", "break counted do end", target_path("counted"),
                            prefix=(target_path("nobpf"),))
        self.assertEqual(done.status, 2, done)
        self.assertRegex(done.stderr, "(?i)BPF")


@needs_root
class Commands(TestCase):
    """Whatever is typed, the session goes on."""

    ARGUMENTS = ("", "a b c d e f", "99999999999999999999", "-1", "1.99", "0", "$bpnum", "9-1", "/", "'",
                 "\x1b]0;title\x07", "\udcff\udcfe", "x" * 10000, "*0xffffffffffffffff", "%s%n", "nosuch:1",
                 "..", "@", "do", "if", "=")

    def commands(self):
        listing = self.moontap("-q", input="help all\nhelp info\nhelp enable\nhelp save\n").stdout
        found = set(re.findall(r"^([a-z]+)(?:, [a-z, ]+)? -- ", listing, re.MULTILINE))
        found |= {" ".join(match) for match in
                  re.findall(r"^(info|enable|save) ([a-z]+) .*-- ", listing, re.MULTILINE)}
        # Those that end the session, start programs, or write what is asked for.
        return sorted(found - {"quit", "run", "shell", "save breakpoints"})

    def test_each_with_no_argument_too_many_and_bad_ones(self):
        for command in self.commands():
            text = "".join("%s %s\nprint('alive')\n" % (command, argument)
                           for argument in self.ARGUMENTS)
            with self.subTest(command):
                # What opens a block takes the lines that follow, and the end closes it.
                done = self.moontap("-q", target_path("counted"), input=text + "end\n)\n")
                self.assertIn(done.status, (0, 1, 2), done)
                self.assertNotIn("stack traceback", done.stderr)
                if command != "echo":
                    self.assertNotIn("\x1b", done.stdout + done.stderr)
                if command not in ("commands", "every"):
                    self.assertGreaterEqual(done.stdout.count("alive"), 3, done)

    @needs_root
    def test_a_process_that_has_ended_is_no_changed_file(self):
        target = self.target("counted", "-n", "0")
        done = self.moontap("--unsafe", "-p", target.pid, "-batch", "-ex",
                            "shell kill -9 %d; until grep -q '^State:.Z' /proc/%d/status; do "
                            "sleep 0.01; done" % (target.pid, target.pid), "-ex", "break counted")
        self.assertRegex(done.stderr, "the process that ran .*/counted has exited")

    def test_a_program_that_is_replaced_or_vanishes(self):
        shutil.copy(target_path("counted"), self.path("counted"))
        tap = self.tap("-q", "./counted")
        tap.type("break counted do end\ninfo line counted\n")
        tap.expect("^Line 37 ")
        for change in ("replace", "delete"):
            os.unlink(self.path("counted"))
            if change == "replace":
                shutil.copy(target_path("ends"), self.path("counted"))
            said = len(tap.errors)
            tap.type("break seldom\n")
            tap.expect(r"\./counted is not the file that was read: it was changed or replaced",
                       after=said, errors=True)
        tap.type("file ./counted\ndelete\nfile ./counted\n")
        tap.expect("tracepoint 1 is in ./counted", errors=True)
        tap.expect("./counted: No such file", errors=True)
        shutil.copy(target_path("ends"), self.path("counted"))
        tap.type("file ./counted\nbreak step do end\n")
        tap.expect("^Tracepoint 2 at .*: step")
        tap.close_input()
        tap.wait()

    def test_a_source_file_that_changes_or_vanishes(self):
        os.makedirs(self.path("src"))
        copy = shutil.copy(os.path.join(ROOT, "tests/targets/counted.c"), self.path("src"))
        tap = self.tap("-q", target_path("counted"), "-ex",
                       "set substitute-path %s/tests/targets %s/src" % (ROOT, self.dir))
        tap.type("list 40,40\n")
        tap.expect("^40\t")
        with open(copy, "r+", encoding="utf-8") as file:
            text = file.read().split("\n")
            text[39] = "/* new text */"
            file.seek(0)
            file.write("\n".join(text))
        tap.type("list 40,40\nlist 40,40\n")
        tap.expect("^warning: Source file has changed since it was read; \"directory\" has it")
        tap.expect_lines(3, "^40\t}$")
        self.assertEqual(tap.output().count("has changed"), 1)
        tap.type("directory .\nlist 40,40\n")
        tap.expect("^40\t/. new text")
        os.unlink(copy)
        tap.type("list 40,40\ndirectory .\nlist 40,40\n")
        tap.expect_lines(2, "^warning: Source file has changed")
        tap.expect("counted.c: No such file or directory", errors=True)

    def test_a_target_that_is_gone(self):
        target = self.target("counted", "-n", 0, "-r", 1)
        tap = self.tap("-q", "-p", str(target.pid))
        tap.type("break counted do end\n")
        tap.expect("^Tracepoint 1 ")
        target.kill()
        tap.expect("^.process %d killed|^.process %d exited" % (target.pid, target.pid))
        tap.type("break seldom\nenable 1\ndisable 1\ncondition 1 arg[1] > 3\ninfo breakpoints\n"
                 "print calls\ninfo proc\nlist seldom\nprint('alive')\n")
        tap.expect("^alive$")
        for text in ("process %d has exited" % target.pid, "No current process"):
            tap.expect(text, errors=True)
