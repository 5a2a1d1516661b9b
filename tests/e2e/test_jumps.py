# SPDX-License-Identifier: GPL-2.0-or-later
"""finish and flow of functions that end with a jump to another, which returns for them."""

import json
import re

from harness import breakpoints, needs_root, target_path
from test_aggregate import rows, tables
from test_finish import FinishCase, left, unpaired
from test_flow import trees

UNKNOWN = "<returned by another function>"


def said(text):
    """{function: (its calls, the sum of their results)}, as the target says at its end."""
    return {name: (int(calls), int(total)) for name, calls, total in
            re.findall(r"^(\w+) calls (\d+) sum (-?\d+)$", text, re.MULTILINE)}


class JumpCase(FinishCase):
    COMPILERS = ("tails-gcc", "tails-clang")

    def assert_unknown(self, function, target="tails-gcc"):
        result = self.moontap("-q", "--dry-run", target_path(target),
                              "-e", "finish %s do print(result) end" % function)
        self.assertIn("`result` cannot be read here: " + UNKNOWN, result.stderr)

    def checked(self, functions, what, target, *arguments):
        """Calls and results of the functions are those that the target itself counts."""
        script = "".join("finish %s do count() sum(result) end\n" % name for name in functions)
        output, own = self.traced(script, *arguments, what, target=target)
        calls = said(own)
        found = re.findall(r"^Tracepoint \d+, (?:\S+:)?(\w+): (count|sum)\(.*\)\n  (-?\d+)$", output,
                           re.MULTILINE)
        self.assertEqual({(name, kind): int(number) for name, kind, number in found},
                         {(name, kind): calls[name][kind == "sum"] for name in functions
                          for kind in ("count", "sum")}, output)
        self.assertEqual(unpaired(output), 0, output)
        return output, calls


@needs_root
class Results(JumpCase):
    KNOWN = ("chain", "middle", "shared", "some", "local", "factorial", "split")

    def test_they_are_those_of_the_functions_jumped_to(self):
        for target in self.COMPILERS + ("tails-stripped",):
            for threads in (1, 3):
                with self.subTest(target=target, threads=threads):
                    output, _ = self.checked(self.KNOWN, "jumps", target, "-n", 700, "-t", threads)
                    self.assertEqual(left(output), 0, output)

    def test_jumps_through_the_tables_of_a_library_lead_to_its_own_functions(self):
        self.checked(("by_stub", "by_slot"),
                     "jumps", "tails-gcc", "-n", 100)

    def test_where_a_jump_leads_abroad_or_anywhere_it_is_not_known(self):
        output, own = self.traced("finish abroad do count() end\nfinish through do count() end",
                                  "-n", 50, "jumps", target="tails-gcc")
        calls = said(own)
        for number, name in enumerate(("abroad", "through"), 1):
            self.assertEqual(breakpoints(output)[str(number)]["hits"], calls[name][0])
        self.assert_unknown("abroad", "libtails.so")
        self.assert_unknown("through")

    def test_a_jump_back_ends_the_call_and_begins_another(self):
        for target in self.COMPILERS:
            with self.subTest(target):
                output, own = self.traced(
                    "finish is_even do count(ok(result, 'not known')) end\n"
                    "finish /^is_(even|odd)$/ do count(func, ok(result, 'not known')) end",
                    "-n", 600, "-t", 2, "jumps", target=target)
                even, odd = said(own)["is_even"][0], said(own)["is_odd"][0]
                found = tables(output)
                # is_even(0) to is_even(5), a sixth each: the last call of each has the result.
                self.assertEqual(rows(found["count(ok(result, 'not known'))"]), {
                    "1": "600", "0": "600", "not known": str(even - 1200)})
                # Where both are followed, each jump ends a call of the one and begins the other's.
                self.assertEqual(rows(found["count(func, ok(result, 'not known'))"]), {
                    "is_even 1": "600", "is_odd 0": "600",
                    "is_even not known": str(even - 600), "is_odd not known": str(odd - 600)})

    def test_several_functions_that_jump_to_the_same_are_told_apart(self):
        output, own = self.traced(
            "finish /^(chain|middle|some|split)$/ do count(func) sum(ok(result, 0), func) end",
            "-n", 500, "-t", 2, "jumps", target="tails-gcc")
        found, calls = tables(output), said(own)
        # chain jumps to middle, whose calls are shown as well: what it returns, those have.
        self.assertEqual(rows(found["count(func)"]),
                         {name: str(calls[name][0]) for name in ("chain", "middle", "some", "split")})
        self.assertEqual(rows(found["sum(ok(result, 0), func)"]), {
            "chain": "0", "middle": str(calls["middle"][1]), "some": str(calls["some"][1]),
            "split": str(calls["split"][1])})

    def test_what_longjmp_leaves_behind_is_not_taken_for_it(self):
        # The same frame and the same call instruction for calls of all three; a third of the
        # rounds each, of which every second never comes back.
        for target in self.COMPILERS:
            with self.subTest(target):
                for functions in (("to_leaves",), ("leaves_early",), ("to_leaves", "leaves_early")):
                    self.checked(functions, "leaves", target, "-n", 3000, "-t", 2)
                output, own = self.traced(
                    "finish /^(to_leaves|leaves_early)$/ do sum(result, func) end", "-n", 3000,
                    "leaves", target=target)
                calls = said(own)
                self.assertEqual(rows(tables(output)["sum(result, func)"]), {
                    name: str(calls[name][1]) for name in ("to_leaves", "leaves_early")})

    def test_a_call_has_the_values_and_the_time_of_its_own_entry(self):
        output, _ = self.traced(
            "finish chain if result ~= 6 do count(entry.n + 2 == (result - 9) // 2 + 1, "
            "elapsed > 0, func) end", "-n", 300, "jumps", target="tails-gcc")
        (row,) = [key for key in tables(output) if key.startswith("count")]
        self.assertEqual(rows(tables(output)[row]), {"true true chain": "201"})

    def test_locals_are_gone_and_globals_are_not(self):
        events = self.events("finish some do print(entry.n, n, rounds) end", "-n", 2, "jumps",
                             target="tails-gcc")
        self.assertEqual([fields[2] for fields in events], ["2", "2"])
        self.assertEqual(events[1][1], UNKNOWN)
        result = self.moontap("-q", "--dry-run", target_path("tails-gcc"),
                              "-e", "finish chain do print(n) end")
        self.assertIn("`n` cannot be read here: " + UNKNOWN, result.stderr)

    def test_a_flow_shows_them(self):
        result = self.moontap("-e", "flow /^(chain|local)$/", "--args", target_path("tails-gcc"),
                              "-n", "2", "jumps", input="\n")
        self.assertEqual(result.status, 0, result)
        (lines,) = trees(result.stdout).values()
        self.assertEqual(lines, ["chain(n=0) = 11", "local(n=0) = 6", "chain(n=1) = 6",
                                 "local(n=1) = 1"])


@needs_root
class Bounds(JumpCase):
    """No more than 16 functions and 64 returns are followed; what is beyond ends with the jump."""

    def test_functions_side_by_side(self):
        output, own = self.traced("finish wide do count(ok(result, 'not known')) end", "-n", 100,
                                  "jumps", target="tails-gcc")
        known = {str(n + 100): "4" for n in range(16)}
        self.assertEqual(rows(tables(output)["count(ok(result, 'not known'))"]),
                         {**known, "not known": "16", "-1": "20"})
        self.assertEqual(said(own)["wide"][0], 100)

    def test_functions_one_after_the_other(self):
        events = self.events("finish stairs_0 do print(entry.arg[1], result, func) end\n"
                             "finish stairs_5 do print(entry.arg[1], result, func) end", "-n", 1,
                             "jumps", target="tails-gcc")
        self.assertEqual(sorted(events), [["0", UNKNOWN, "stairs_0"], ["5", "20", "stairs_5"]])

    def test_returns(self):
        output, own = self.traced("finish crowded do count() end\n"
                                  "finish crowd do sum(result) end", "-n", 70, "jumps",
                                  target="tails-gcc")
        self.assertEqual(breakpoints(output)["1"]["hits"], 70)
        self.assertEqual(rows(tables(output)["sum(result)"]), {"": str(said(own)["crowded"][1])})
        self.assert_unknown("crowded")


class Shown(JumpCase):
    def test_the_table_explain_and_the_message_say_what_is_followed(self):
        result = self.moontap("-q", "--dry-run", target_path("tails-gcc"),
                              input="finish chain\ninfo breakpoints\nexplain 1\n")
        out = result.stdout
        self.assertRegex(out, r"Tracepoint 1 at 0x\w+: chain, when it returns \(1 exit; 2 of what "
                              r"is jumped to\)\.\n")
        self.assertRegex(out, r"(?m)^1\.1 .* chain\+0x\w+ at tails\.c:\d+, to middle$")
        self.assertRegex(out, r"(?m)^1\.2 .* middle at tails\.c:\d+, when jumped to$")
        self.assertRegex(out, r"(?m)^1\.3 .* middle\+0x\w+ at tails\.c:\d+, to shared$")
        self.assertRegex(out, r"(?m)^1\.5 .* shared\+0x\w+ at tails\.c:\d+$")
        self.assertRegex(out, r"(?m)^  jump     0x\w+  chain\+0x\w+ at .*, to middle: allowed, cheap")
        self.assertRegex(out, r"(?m)^  entry    0x\w+  shared at .*, when jumped to: allowed, ")
        self.assertRegex(out, r"(?m)^  exit     0x\w+  shared\+0x\w+ at .*: allowed, dear")
        self.assertIn("and at those of what it jumps to: other calls of that are no hits, but take "
                      "as long\n", out)
        # What is captured is said of the returns alone.
        self.assertEqual(re.findall(r"(?m)^  at (1\.\d)$", out), ["1.5"])

    def test_what_has_no_name_is_shown_by_its_address(self):
        out = self.moontap("-q", "--dry-run", target_path("tails-stripped"),
                           input="finish local\ninfo breakpoints\n").stdout
        address = re.search(r"(?m)^1\.1 .* local\+0x\w+, to \*(0x\w+)$", out).group(1)
        self.assertRegex(out, r"(?m)^1\.2 +y +%s .* \*%s, when jumped to$" % (address, address))

    def test_records_have_the_function_and_no_offset_in_it(self):
        result = self.moontap("-q", "--dry-run", "--format", "json", target_path("tails-gcc"),
                              "-e", "finish local")
        (placed,) = [record for record in map(json.loads, result.stdout.splitlines())
                     if record["type"] == "placed"]
        self.assertEqual([site["func"] for site in placed["sites"]], ["local"] * 3)
        self.assertEqual([site["offset"] is None for site in placed["sites"]], [False, True, True])

    @needs_root
    def test_only_returns_are_hits(self):
        output, _ = self.traced("finish chain do count() end", "-n", 90, "jumps",
                                target="tails-gcc")
        table = breakpoints(output)
        self.assertEqual([table["1." + number]["hits"] for number in "123456"],
                         [0, 0, 0, 0, 60, 30])
        self.assertEqual(table["1"]["hits"], 90)
