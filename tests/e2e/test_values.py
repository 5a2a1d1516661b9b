# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of the target by name, in every language and at every level of optimisation: as the
target itself says that they are."""

import re
import subprocess
import unittest

from harness import (TABLE_AT_EXIT, TestCase, breakpoints, line_of, needs_root,
                     target_path)

# Names that are built in: the target's variable of that name is var.NAME.
HIDDEN = {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"}


def as_path(text):
    """A value's name in the target's own language, as a path in a block."""
    text = re.sub(r"\(\*(\w+)\)", r"\1[0]", text)
    if "::" in text:
        return 'global["%s"]' % text
    return "var." + text if re.match(r"\w+", text).group(0) in HIDDEN else text


def said_by(program):
    """What the target says, as [(function, path, value)]."""
    output = subprocess.run([program, "1"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return [(name, *value.split("=", 1)) for name, *values in
            (line.split("\t") for line in output.splitlines()) for value in values]


SCRIPT = """
local placed, err = pcall(function()
break %s do print("%d", %s) end
end)
if not placed then print("%d", "!" .. tostring(err)) end
"""


@needs_root
class EveryKind(TestCase):
    """One test a program: what cannot be read says why, all else is what the target says."""

    def read(self, program, said):
        """What moontap reads of the same, by index: the values, and why there is none."""
        script = "".join(SCRIPT % (function, i, as_path(path), i)
                         for i, (function, path, _) in enumerate(said))
        tap = self.moontap("-batch", "-e", script, "--args", program, "1")
        lines = re.findall(r"^(\d+)\t(.*)$", tap.stdout, re.MULTILINE)
        self.assertEqual(tap.status, 0, tap.stderr)
        return {int(i): text for i, text in reversed(lines)}

    def check(self, name, unreadable):
        program = target_path("values-" + name)
        said = said_by(program)
        values = self.read(program, said)
        missing = set()
        for i, (function, path, expected) in enumerate(said):
            with self.subTest(function=function, path=path):
                value = values.get(i, "no hit")
                if value.startswith("!") and re.search("<optimized out>|<unavailable", value):
                    missing.add(path)
                elif expected.startswith("0x"):
                    self.assertTrue(value.startswith("0x"), value)
                elif expected.startswith("{") and not value.startswith("{"):
                    self.assertRegex(value, r"^[\w: ]+ " + re.escape(expected) + "$")
                else:
                    self.assertEqual(value, expected)
        self.assertEqual(missing, unreadable)


# They are passed in vector registers, which a probe does not see.
FLOATS = {"f", "d", "m.part"}
PROGRAMS = {
    "c-%s-%s-%s" % (compiler, level, dwarf): FLOATS
    for compiler in ("gcc", "clang") for level in ("O0", "O2") for dwarf in ("d4", "d5")}
PROGRAMS.update({
    "cc-%s-%s-%s" % (compiler, level, dwarf): set()
    for compiler in ("gcc", "clang") for level in ("O0", "O2") for dwarf in ("d4", "d5")})
PROGRAMS.update({"rs-rustc-%s-d4" % level: set() for level in ("O0", "O2")})

for _name, _unreadable in PROGRAMS.items():
    setattr(EveryKind, "test_" + _name.replace("-", "_"),
            lambda self, name=_name, unreadable=_unreadable: self.check(name, unreadable))


@needs_root
class InTheKernel(TestCase):
    def test_a_condition_on_fields_and_a_count_by_them_send_no_event(self):
        program, rounds = target_path("values-c-gcc-O2-d5"), 20000
        tap = self.moontap(
            "-batch", "--ring-size", "4K", "-e",
            'break struct_pointers if o.corners[1].y == 4 and l.name == "a large thing" '
            'and o.middle // 3 < -2 do count(l.name, l.at.y) end '
            'break simple if color == "BLUE" do count(color, level, yes) end '
            'break struct_pointers if l.name == "a large thin" do count() end '
            'print(command("explain 1"))' + TABLE_AT_EXIT, "--args", program, str(rounds))
        self.assertEqual(tap.status, 0, tap.stderr)
        self.assertIn(": in the kernel\n", tap.stdout)
        self.assertIn("block    in the kernel: no event is sent", tap.stdout)
        self.assertNotIn("ringbuf", tap.stdout)
        rows = breakpoints(tap.stdout)
        self.assertEqual([(rows[n]["hits"], rows[n]["lost"], rows[n]["runs"]) for n in "123"],
                         [(rounds, 0, "kernel")] * 3)
        self.assertIn("  a large thing  -4  %d\n" % rounds, tap.stdout)
        self.assertIn("  BLUE  LOWEST  true  %d\n" % rounds, tap.stdout)
        self.assertIn("%d filtered, 0 throttled, 0 delivered" % rounds, tap.stdout)


@needs_root
class Gone(TestCase):
    def test_what_is_optimized_out_says_where_it_can_be_read(self):
        program = target_path("values-c-gcc-O2-d5")
        line = line_of("tests/targets/values.c", '__asm__ volatile("nop")')
        tap = self.moontap("-e", "break values.c:%d do print(unused) end" % line, program,
                           "--dry-run")
        self.assertEqual(tap.status, 1)
        self.assertIn("`unused` cannot be read here: <optimized out>", tap.stderr)
        self.assertRegex(tap.stderr, "It can be read (at line \\d+|nowhere in this function)")


WHOLE = ("a large thing\t13\tstruct large {id = -7000000000, at = {x = 3, y = -4}, "
         'name = "a large thing", weight = 2.25}')


@needs_root
class AtFullSpeed(TestCase):
    def test_a_name_its_length_and_a_struct_are_whole_or_counted_as_lost(self):
        """Two programs that do nothing but call, as fast as they can."""
        program, rounds = target_path("values-c-gcc-O2-d5"), 100000
        for size in ("16M", "64K"):
            with self.subTest(size=size):
                tap = self.trace("break large_struct do print(l.name, len(l.name), l) end"
                                 + TABLE_AT_EXIT, program, "--ring-size", size)
                for target in [subprocess.Popen([program, str(rounds)], stdout=subprocess.DEVNULL)
                               for _ in range(2)]:
                    self.assertEqual(target.wait(), 0)
                tap.stop()
                row = breakpoints(tap.output())["1"]
                lines = [line for line in tap.lines if line.startswith("a large")]
                self.assertEqual(set(lines), {WHOLE})
                self.assertEqual(row["hits"], 2 * rounds)
                self.assertEqual(len(lines) + row["lost"], 2 * rounds)


if __name__ == "__main__":
    unittest.main()
