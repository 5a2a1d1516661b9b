# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with a Go program, or is not in it, is named; nothing is guessed."""

import os
import struct

from harness import TestCase, go_versions, target_path

NEWEST = go_versions()[-1] if go_versions() else ""
MAGIC = b"\xf1\xff\xff\xff\0\0\1\x08"  # of Go 1.20 and later


class Messages(TestCase):
    def refused(self, path, command, *messages):
        done = self.moontap("--dry-run", path, "-batch", "-ex", command)
        self.assertEqual(done.status, 1, done)
        for message in messages:
            self.assertIn(message, done.stderr)

    def test_what_is_not_in_a_program_says_why(self):
        path = target_path("go-calls-" + NEWEST)
        for command, *messages in (
                ("break main.eliminated", 'Function "main.eliminated" not defined.',
                 "Go's linker leaves out what nothing calls"),
                ("break main.griw", "did you mean `main.grow`"),
                ("break Close", '"Close" may be any of 2 functions',
                 "write more of the name:\n  internal/poll.(*FD).Close\n  syscall.Close"),
                ("finish fmt.Println", "every call of fmt.Println was inlined: it has no "
                 "instruction of its own that returns"),
                ("break fmt.Println+1", "fmt.Println has no code of its own to which +0x1 could be "
                 "an offset: every call of it was inlined"),
                ("finish main.never", "main.never never returns: no instruction of it leads back "
                 "to its caller"),
                ("break main.nap do print(cast('main.nope', arg[1])) end",
                 "no type `main.nope` is known here"),
                ("break main.Last[uint16]", 'Function "main.Last[uint16]" not defined.',
                 "types of one shape share a body of main.Last; it has these:\n",
                 "\n  main.Last[go.shape.string]")):
            with self.subTest(command):
                self.refused(path, command, *messages)

    def test_a_stripped_program_of_go_119_does_not_tell_bodies_of_one_generic_function_apart(self):
        for version in set(go_versions()) & {"1.19"}:
            self.refused(target_path("go-calls-%s-stripped" % version), "break Last[int]",
                         "Last has 3 bodies, and a stripped program of this version of Go does "
                         "not say for which", "break Last traces them all")

    def patched(self, kind, offset, data):
        """A copy of go-calls with other bytes at an offset of its .gopclntab."""
        with open(target_path("go-calls-" + NEWEST + kind), "rb") as file:
            code = bytearray(file.read())
        table = code.index(MAGIC)
        if offset is None:  # of the function table's second entry
            offset = struct.unpack_from("<Q", code, table + 64)[0] + 8
        code[table + offset:table + offset + len(data)] = data
        return self.program(code)

    def program(self, code):
        path = self.write("program", bytes(code))
        os.chmod(path, 0o755)
        return path

    def test_a_table_that_cannot_be_trusted_is_named_and_the_program_refused(self):
        for offset, data, problem in (
                (0, b"\xf2", "its .gopclntab has magic 0xfffffff2, a layout this version of moontap "
                 "does not know"),
                (7, b"\4", "its .gopclntab is corrupt: its header is not one of an x86-64 program"),
                (8, b"\xff" * 8, "its .gopclntab is corrupt: its number of functions is impossible"),
                (8, b"\0" * 8, "its .gopclntab is corrupt: its number of functions is impossible"),
                (56, b"\xff" * 8, "its .gopclntab is corrupt: its parts are out of order"),
                (64, b"\0" * 8, "its .gopclntab is corrupt: its parts are out of order"),
                (None, b"\xff" * 4, "its .gopclntab is corrupt: its functions are out of order"),
                (None, b"\0\0\0\0\xff\xff\xff\xff",
                 "its .gopclntab is corrupt: its functions are out of order")):
            with self.subTest(problem, offset=offset, data=data):
                path = self.patched("-stripped", offset, data)
                done = self.moontap("--dry-run", path, "-batch", "-ex", "info target")
                self.assertIn("\nProblem:    %s\n" % problem, done.stdout)
                self.refused(path, "break main.nap", "has no function names", problem)
                self.refused(path, "break main.go:20", "has no table of source lines", problem)
                # Names and lines that others tell do not make it less of a guess.
                path = self.patched("", offset, data)
                for command in ("break main.nap", "break main.go:59", "finish main.nap",
                                "break *main.nap+6"):
                    self.refused(path, command,
                                 "is a Go program whose tables cannot be used: " + problem)

    def test_build_information_that_contradicts_the_table_is_named(self):
        with open(target_path("go-calls-" + NEWEST + "-stripped"), "rb") as file:
            code = file.read()
        path = self.program(code.replace(b"go" + NEWEST.encode() + b".", b"go1.17."))
        self.refused(path, "break main.nap", "it says it was built with go1.17.",
                     ", but its .gopclntab is one of Go 1.20 or later")

    def test_a_program_that_was_cut_off_is_named(self):
        with open(target_path("go-calls-" + NEWEST + "-stripped"), "rb") as file:
            code = file.read()
        for size in (len(code) // 2, code.index(MAGIC) + 5000):
            self.refused(self.program(code[:size]), "break main.nap",
                         "is truncated or corrupt: a segment lies beyond its end")
