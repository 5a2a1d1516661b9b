# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes as such: found, described, checked, run, refused. What each of them does on real
programs is in test_recipes_*.py."""

import glob
import os
import re
import unittest

from harness import ROOT, TestCase, needs_root, target_path

RECIPE = """return {{
  name = "{name}", version = "1.0", api = 1, license = "MIT", summary = "A recipe of the user's.",
  args = {{ {{ name = "functions", type = "location", help = "where" }},
           {{ name = "least", type = "duration", default = "0s", max = "1m",
              help = "shorter ones are nothing" }},
           {{ name = "sizes", type = "size", default = "4K", min = "1K", help = "of what" }},
           {{ name = "order", type = "string", choices = {{ "up", "down" }}, default = "up", help = "way" }},
           {{ name = "few", type = "integer", default = 3, min = 1, max = 9, help = "how many" }},
           {{ name = "loud", type = "boolean", default = false, help = "say more" }} }},
  {more}
  run = function(args)
    {run}
  end,
}}
"""
SHOW = ("print(args.functions, args.least, args.sizes, args.order, args.few, args.loud)")


class Library(TestCase):
    """The recipes that come with moontap."""

    def test_each_is_described_tested_and_in_the_documentation(self):
        listed = re.findall(r"^(\S+)  +(\S.*)$", self.moontap(
            "-q", "-batch", "-ex", "recipe list").stdout, re.MULTILINE)
        names = [name for name, _ in listed]
        self.assertIn("calls.funccount", names)
        with open(os.path.join(ROOT, "docs/recipes.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| `(\w+\.\w+)` \| (\S.*) \|$", file.read(), re.MULTILINE)
        self.assertEqual([name for name, _ in rows], sorted(names))
        tests = ""
        for path in glob.glob(os.path.join(os.path.dirname(__file__), "test_recipe*.py")):
            with open(path, encoding="utf-8") as file:
                tests += file.read()
        for name in names:
            done = self.moontap("-q", "-batch", "-ex", "recipe help " + name)
            self.assertEqual((done.status, done.stderr), (0, ""), name)
            self.assertRegex(done.stdout, r"\A%s \S+ - \S" % re.escape(name))
            for section in ("Prints", "Examples"):
                self.assertIn("\n%s:\n" % section, done.stdout, name)
            self.assertRegex(tests, r"\bdef test_\w*%s\b|\b%s\b" % (
                name.partition(".")[2], re.escape(name)), "no test of " + name)


class Recipes(TestCase):
    """Recipes of the user's own, in a home of the test's."""

    def add(self, name, run=SHOW, more="", text=None, mode=0o644):
        area, stem = name.split(".")
        folder = self.path("data/moontap/recipes/" + area)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, stem + ".lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text or RECIPE.format(name=name, run=run, more=more))
        os.chmod(path, mode)
        return path

    def environment(self):
        return dict(super().environment(), XDG_DATA_HOME=self.path("data"))

    def recipe(self, *commands, target="counted", dry=True):
        words = ["-q", "-batch", target_path(target)] + (["--dry-run"] if dry else [])
        for command in commands:
            words += ["-ex", "recipe " + command]
        return self.moontap(*words, *(["--duration", "100ms"] if not dry else []))

    def refused(self, command, *texts):
        result = self.recipe(command)
        self.assertEqual(result.status, 1, result)
        for text in texts:
            self.assertIn(text, result.stderr)
        self.assertNotIn("traceback", result.stderr)

    def test_arguments_come_by_name_by_place_and_by_default(self):
        self.add("mine.show")
        for typed, values in (
                ("counted", "counted\t0\t4096\tup\t3\tfalse"),
                ("counted 1.5ms 2M", "counted\t1500000\t2097152\tup\t3\tfalse"),
                ("loud=yes functions='a b' few=9 order=down", "a b\t0\t4096\tdown\t9\ttrue"),
                ("'operator=='", "operator==\t0\t4096\tup\t3\tfalse")):
            result = self.recipe("run mine.show " + typed)
            self.assertEqual((result.status, result.stdout), (0, values + "\n"), result)

    def test_wrong_arguments_are_said_and_nothing_is_set(self):
        self.add("mine.show")
        for typed, text in (
                ("", "recipe mine.show needs functions: where"),
                ("f least=x", "recipe mine.show: least is a duration such as 10ms, not 'x'"),
                ("f sizes=4Q", "recipe mine.show: sizes is a size such as 64K, not '4Q'"),
                ("f sizes=1023", "recipe mine.show: sizes is at least 1K, not 1023"),
                ("f least=61s", "recipe mine.show: least is at most 1m, not 61s"),
                ("f few=1.5", "recipe mine.show: few is an integer, not '1.5'"),
                ("f few=10", "recipe mine.show: few is from 1 to 9, not 10"),
                ("f loud=maybe", "recipe mine.show: loud is yes or no, not 'maybe'"),
                ("f order=side", "recipe mine.show: order is one of up, down, not 'side'"),
                ("f fev=1", "recipe mine.show has no argument 'fev'\nDid you mean `few`?"),
                ("f 1s 1K up 2 yes more", "recipe mine.show: one argument too many: more"),
                ("f few=1 few=2", "recipe mine.show: few is given twice"),
                ("'f", "a quote is not closed: mine.show 'f")):
            self.refused("run mine.show " + typed, text)

    def test_names_are_found_by_their_last_part_and_near_misses_are_offered(self):
        self.add("mine.show")
        self.assertIn("mine.show 1.0 - A recipe of the user's.", self.recipe("help show").stdout)
        self.refused("help shaw", 'No recipe "shaw".  Try "recipe list".', "`show`")
        self.refused("help", "recipe help needs the name of a recipe")
        self.refused("run", "recipe run needs the name of a recipe")
        self.refused("check", "recipe check needs the name of a recipe")
        self.refused("search", "recipe search needs a word")
        self.refused("search xyzzy", 'No recipe speaks of "xyzzy".')
        self.refused("list xyzzy", 'No recipe begins with "xyzzy".')
        self.refused("rum", 'Undefined recipe command: "rum".', "Did you mean recipe `run`?")
        self.add("yours.show")
        self.refused("help show", 'Ambiguous recipe "show": mine.show, yours.show.')

    def test_a_file_that_describes_a_recipe_can_do_nothing_else(self):
        for text, message in (
                ("os.exit(3)", "attempt to index a nil value (global 'os')"),
                ("while", "unexpected symbol near <eof>"),
                ("return 3", "it returns no table"),
                (RECIPE.format(name="mine.other", run="", more=""), "it is called mine.other"),
                (RECIPE.format(name="mine.bad", run="", more="extra = 1,"),
                 "no field is called extra"),
                (RECIPE.format(name="mine.bad", run="", more="").replace("api = 1", "api = 99"),
                 "it is for a newer moontap"),
                (RECIPE.format(name="mine.bad", run="", more="").replace("duration", "epoch"),
                 "argument least is of no known type: epoch"),
                (RECIPE.format(name="mine.bad", run="", more="").replace('"0s"', '"soon"'),
                 "the default of least is a duration such as 10ms, not 'soon'"),
                (RECIPE.format(name="mine.bad", run="", more="").replace('"1.0"', "1"),
                 "version is a number, not a string")):
            self.add("mine.bad", text=text)
            self.refused("run mine.bad f", message)
            # The list goes on with the others.
            listed = self.recipe("list").stdout
            self.assertIn(message, listed)
            self.assertIn("calls.funccount", listed)

    def test_files_that_others_can_write_are_not_used(self):
        path = self.add("mine.show", mode=0o666)
        self.refused("run mine.show f", f"recipe mine.show is not used: {path} can be written by "
                                        "others")
        os.chmod(path, 0o644)
        os.chmod(self.path("data/moontap/recipes/mine"), 0o777)
        self.refused("run mine.show f", "can be written by others")

    def test_a_recipe_of_moontap_is_not_replaced_by_the_users(self):
        self.add("calls.funccount")
        self.assertNotIn("A recipe of the user's.", self.recipe("list").stdout)

    def test_needs_are_asked_for_first(self):
        self.add("mine.show", more='targets = { { needs = "go" } },')
        self.refused("run mine.show f", "recipe mine.show is for Go programs: ")
        self.add("mine.future", more='requires = { kernel = "99.0" },')
        self.refused("run mine.future f", "recipe mine.future needs Linux 99.0, this is ")

    def test_a_check_finds_the_places_and_leaves_nothing(self):
        self.add("mine.two", run="""
    probe(args.functions, function(e) count(e.comm) end)
    local total = aggregate.count()
    finish("nofunction", function() total:add() end)
    every(0.01, function() print("tick") end)
    atexit(function() print("end") end)""")
        self.refused("check mine.two counted",
                     "recipe mine.two does not fit here: 1 of 2 probes cannot be set",
                     'Function "nofunction" not defined.')
        result = self.recipe("check calls.funccount counted")
        self.assertIn("Tracepoint 1 at 0x", result.stdout)
        self.assertIn("recipe calls.funccount fits: 1 probe, none of them attached now.\n",
                      result.stdout)
        result = self.moontap("-q", "-batch", "--dry-run", target_path("counted"),
                              "-ex", "recipe check funccount counted", "-ex", "info breakpoints")
        self.assertTrue(result.stdout.endswith("No breakpoints or watchpoints.\n"), result)

    def test_all_of_a_recipe_or_nothing(self):
        self.add("mine.two", run="""
    probe(args.functions, function(e) count(e.comm) end)
    probe("nofunction", function() print(1) end)""")
        result = self.moontap("-q", "-batch", "--dry-run", target_path("counted"),
                              "-ex", "recipe run two counted", "-ex", "info breakpoints")
        self.assertIn('Function "nofunction" not defined.', result.stderr)
        self.assertTrue(result.stdout.endswith("No breakpoints or watchpoints.\n"), result)

    def test_completion(self):
        self.add("mine.show")
        for typed, offers in (("show", "functions=\nleast=\nsizes=\norder=\nfew=\nloud="),
                              ("show o", "functions=\nleast=\nsizes=\norder=\nfew=\nloud="),
                              ("show order=", "order=up\norder=down"),
                              ("show loud=", "loud=yes\nloud=no"),
                              ("nothing ", "")):
            if typed == "show":
                typed += " "
            result = self.moontap("-q", "-batch", "-ex",
                                  f"= (require 'moontap.recipe'.complete({typed!r}))")
            self.assertEqual(result.stdout, offers + "\n", result)

    @needs_root
    def test_the_library_is_for_scripts_too(self):
        self.add("mine.hits", run="""
    local least <const> = args.few
    probe(args.functions, { when = function(e) return e.arg[1] < least end },
      function(e) print("hit", e.arg[1]) end)
    atexit(function() print(command("info breakpoints")) end)""")
        target = self.target("counted", "-n", "5", "-w")
        tap = self.tap("-q", "-p", str(target.pid), "-e",
                       "require('moontap.recipe').run('mine.hits', {functions = 'counted', few = 2})"
                       " print('ready')")
        tap.expect("ready")
        target.go()
        tap.wait()
        self.assertEqual([line for line in tap.lines if line.startswith("hit")],
                         ["hit\t0", "hit\t1"])
        # What is compared with an argument of the recipe is compared in the kernel.
        self.assertIn("3 filtered, 0 throttled, 2 delivered", tap.output())
        bad = self.moontap("-q", "-e",
                           "require('moontap.recipe').run('mine.hits', {functions = 1, few = 2})")
        self.assertIn("recipe mine.hits: functions is a location, not '1'", bad.stderr)


if __name__ == "__main__":
    unittest.main()
