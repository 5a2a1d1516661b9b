# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of the target by name, in every language and at every level of optimisation: as the
target itself says that they are."""

import re
import subprocess
import unittest

from harness import TABLE_AT_EXIT, TestCase, breakpoints, needs_root, target_path

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
                elif path == "texts":
                    # What elements of a sequence point to is not followed.
                    self.assertEqual(value, "{<truncated>, <truncated>}")
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
