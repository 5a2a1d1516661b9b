# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes that stand on the static probes of interpreters: each on scripts that know what they
do."""

import os
import re
import unittest
from collections import Counter

from harness import IS_STRESS, Process, TestCase, breakpoints, needs_root, target_path

PYTHON = "/usr/bin/python3"
RUBY = "/usr/bin/ruby"
PHP = "/usr/bin/php8.2"
JAVA = "/usr/lib/jvm/java-17-openjdk-amd64"

needs_ruby = unittest.skipUnless(os.path.exists(RUBY), "needs ruby")
needs_php = unittest.skipUnless(os.path.exists(PHP), "needs php8.2-cli")

# Its lines have to tell of calls, as a tracing tool would ask for.
RUBY_CALLS = """TracePoint.new(:call, :return) {}.enable
class Animal
  def speak; helper(1); end
  def helper(x); x.gcd(2); end
  def fails; raise "no"; end
  def self.make; new; end
end
class Plant
  def speak; end
end
"""
RUBY_SPEAK = RUBY_CALLS + """a = Animal.make
5.times { a.speak }
2.times { Plant.new.speak }
begin; a.fails; rescue; end
a.helper(1)
"""
PHP_SPEAK = """<?php
namespace App;
class Animal {
  function speak() { return $this->helper(1); }
  private function helper($x) { return strlen("s$x"); }
  static function make() { return new Animal; }
}
function top($n) { for ($i = 0; $i < $n; $i++) inner(); }
function inner() { throw new \\LogicException("no"); }
$a = Animal::make();
for ($i = 0; $i < 5; $i++) $a->speak();
for ($i = 0; $i < 3; $i++) { try { top(4); } catch (\\LogicException $e) { } }
"""


class LanguageCase(TestCase):
    def run_recipe(self, recipe, *program, more=(), **environment):
        """What a recipe and the program that it is run on print, from its first instruction on."""
        result = self.moontap("-q", "-batch", "-ex", "recipe run " + recipe, *more, "--args",
                              *program, env=dict(self.environment(), **environment))
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        return result.stdout

    def ruby(self, recipe, text, **options):
        return self.run_recipe(recipe, RUBY, "--disable-gems", self.write("script.rb", text),
                               **options)

    def php(self, recipe, text, **options):
        return self.run_recipe(recipe, PHP, "-n", self.write("script.php", text),
                               USE_ZEND_DTRACE="1", **options)

    def python(self, recipe, text, **options):
        return self.run_recipe(recipe, PYTHON, "-I", "-S", self.write("script.py", text), **options)

    def assert_kernel(self, run, recipe, text):
        table = run(recipe, text, more=(
            "-e", 'atexit(function() print(command("info breakpoints")) end)'))
        self.assertEqual({row["runs"] for number, row in breakpoints(table).items()
                          if "." not in number}, {"kernel"}, table)

    @staticmethod
    def table(text, title):
        """The rows of an aggregate, as {"key, key": value}."""
        rows = re.search(r"^%s: .*\n((?:  .*\n)*)" % re.escape(title), text + "\n", re.M).group(1)
        return {re.sub(r"  +", ", ", key): int(value)
                for key, value in re.findall(r"^  (.*?) +(\d+)$", rows, re.M)}

    @staticmethod
    def histograms(text, title):
        """{"key, key": how many values its histogram has}."""
        found, key = Counter(), None
        for line in text[text.index(title + ": hist"):].splitlines()[1:]:
            if heading := re.match(r"  (\S.*):$", line):
                key = heading.group(1)
            elif row := re.match(r"  [\[(].* (\d+) +\|", line):
                found[key] += int(row.group(1))
            else:
                break
        return dict(found)

    @staticmethod
    def shown(text):
        """What lines of show.line() say behind time, name and thread."""
        return re.findall(r"^\d\d:\d\d:\d\d\.\d{6}  \S.*?\[\d+\]  (.*)$", text, re.M)

    @staticmethod
    def rows(text):
        """The columns of lang.stat by name, each a list of its numbers."""
        titles = re.search(r"^time +pid +(.*)$", text, re.M).group(1).split()
        found = [[int(n) for n in row.split()] for row in re.findall(
            r"^\d\d:\d\d:\d\d +\d+ +([\d ]+)$", text, re.M)]
        return {title: [row[i] for row in found] for i, title in enumerate(titles)}


class Checked(TestCase):
    PROGRAMS = {"lang.gc": PYTHON, "lang.stat": PHP, "lang.calls": RUBY,
                "lang.flow": RUBY, "lang.objects": RUBY, "lang.threads": RUBY}

    @needs_ruby
    @needs_php
    def test_the_examples_fit(self):
        for recipe, program in self.PROGRAMS.items():
            self.assert_examples_fit(recipe, program)

    @needs_ruby
    @needs_php
    def test_what_does_not_fit_is_said(self):
        for program, typed, text in (
                (target_path("usdt"), "lang.calls",
                 "recipe lang.calls: no static probes of java, php, python or ruby are here; java's "
                 "are there once it runs: -p PID"),
                (PHP, "lang.gc", "recipe lang.gc: php has no static probes of collections that could be used; java, "
                                 "python and ruby have"),
                (PHP, "lang.objects", "of objects that could be used; java and ruby have"),
                (PHP, "lang.threads", "of threads that could be used; java and ruby have"),
                (RUBY, "lang.calls lang=java", "No probe matching objfile=`<any>', "
                                               "provider=`hotspot', name=`method__entry'"),
                (RUBY, "lang.objects by=place lang=java",
                 "the probe tells the type of an object, and not where it is made"),
                (RUBY, "lang.stat every=9ms", "every is at least 10ms, not 9ms"),
                (None, "lang.gc", "no static probes of java, php, python or ruby are here")):
            result = self.moontap("-q", "-batch", "--dry-run", *([program] if program else []),
                                  "-ex", "recipe run " + typed)
            self.assertEqual(result.status, 1, result)
            self.assertIn(text, result.stderr)
            self.assertNotIn("traceback", result.stderr)


@needs_root
@needs_ruby
class Ruby(LanguageCase):
    def test_calls(self):
        text = self.ruby("lang.calls", RUBY_SPEAK)
        found = self.table(text, "calls")
        self.assertEqual({key: found[key] for key in found if re.match("Animal|Plant", key)},
                         {"Animal, speak": 5, "Animal, helper": 6, "Animal, fails": 1,
                          "Animal, make": 1, "Plant, speak": 2}, text)
        self.assertEqual((found["Integer, gcd"], found["Integer, times"]), (6, 2))
        self.assertEqual(self.table(self.ruby("lang.calls by=class class=Animal", RUBY_SPEAK), "calls"),
                         {"Animal": 13})
        text = self.ruby("lang.calls native=no", RUBY_SPEAK)
        self.assertEqual(sum(self.table(text, "calls").values()), 15)
        self.assert_kernel(self.ruby, "lang.calls class=Animal", RUBY_SPEAK)

    def test_latency_of_calls(self):
        text = self.ruby("lang.calls latency=yes class=Animal", RUBY_SPEAK)
        self.assertEqual(self.histograms(text, "latency of calls"),
                         {"Animal, speak": 5, "Animal, helper": 6, "Animal, fails": 1,
                          "Animal, make": 1}, text)
        text = self.ruby("lang.calls latency=yes native=no by=class", RUBY_SPEAK)
        self.assertEqual(self.histograms(text, "latency of calls"), {"Animal": 13, "Plant": 2}, text)

    def test_flow(self):
        text = self.ruby("lang.flow native=no", RUBY_CALLS + "Animal.new.speak\n"
                         "begin; Animal.new.fails; rescue; end\nThread.new { Plant.new.speak }.join\n")
        self.assertEqual([re.sub(r"  \d\S+s$", "", line) for line in self.shown(text)],
                         ["-> Animal.speak", "  -> Animal.helper", "  <- Animal.helper",
                          "<- Animal.speak", "-> Animal.fails", "<- Animal.fails",
                          "-> Plant.speak", "<- Plant.speak"], text)
        self.assertEqual(len(re.findall(r"<- \S+  \d\S+s$", text, re.M)), 4)
        # Methods in C are between those of the script; deeper ones are left out.
        text = self.ruby("lang.flow depth=2", RUBY_CALLS + "[1].each { Animal.new.speak }\n")
        lines = [re.sub(r"  \d\S+s$", "", line) for line in self.shown(text)]
        at = lines.index("-> Array.each")
        self.assertEqual(lines[at:], ["-> Array.each", "  -> Class.new", "  <- Class.new",
                                      "  -> Animal.speak", "  <- Animal.speak", "<- Array.each"])

    def test_gc(self):
        text = self.ruby("lang.gc", "3.times { GC.start }\nGC.disable\nputs \"collections #{GC.count}\"\n")
        count = int(re.search(r"^collections (\d+)$", text, re.M).group(1))
        self.assertGreaterEqual(count, 3)
        lines = Counter(line.split()[-1] for line in self.shown(text))
        self.assertEqual(lines["mark"], count, text)
        self.assertGreaterEqual(lines["sweep"], 3)
        self.assertEqual(self.histograms(text, "durations of collections"), dict(lines))
        self.assertEqual(self.shown(self.ruby("lang.gc least=1h", "GC.start\n")), [])

    def test_objects(self):
        script = RUBY_CALLS + """7.times { Animal.new }
4.times { "abcd" }
3.times { [1, self] }
2.times { {} }
"""
        self.assertEqual(self.table(self.ruby("lang.objects", script), "objects by type")["Animal"], 7)
        text = self.ruby("lang.objects by=place", script)
        path = self.path("script.rb")
        places = self.table(text, "objects by place")
        self.assertEqual([places.get("%s, %d" % (path, line)) for line in range(11, 15)], [7, 4, 3, 2])
        texts = self.table(text, "bytes of texts by place")
        self.assertEqual(texts["%s, %d" % (path, 12)], 16)
        self.assertNotIn("%s, %d" % (path, 11), texts)
        self.assert_kernel(self.ruby, "lang.objects", script)

    def test_threads(self):
        text = self.ruby("lang.threads", "a = Thread.new { }\n2.times { Thread.new { }.join }\na.join\n")
        path = self.path("script.rb")
        self.assertEqual(self.shown(text), ["thread starts  %s:%d" % (path, line)
                                            for line in (1, 2, 2)])

    def test_stat(self):
        script = RUBY_CALLS + """$stdout.sync = true
$stdin.each_line do
  4.times { begin; Animal.new.fails; rescue; end }
  2.times { Thread.new { }.join }
  GC.start
  puts "collections #{GC.count}"
end
"""
        tap = self.tap("-q", "-batch", "-ex", "recipe run lang.stat every=20ms", "--args", RUBY,
                       "--disable-gems", self.write("script.rb", script))
        for _ in range(2):
            before = len(tap.lines)
            tap.type("go\n")
            tap.expect("^collections", after=before)
            tap.expect(r"^\d\d:\d\d:\d\d +\d+ ", after=before)
        tap.close_input()
        self.assertEqual(tap.wait(), 0)
        text = tap.output()
        rows = self.rows(text)
        self.assertGreaterEqual(len(rows["calls"]), 2, text)
        count = int(re.findall(r"^collections (\d+)$", text, re.M)[-1])
        self.assertEqual([sum(rows[name]) for name in ("exceptions", "threads", "collections")],
                         [8, 4, count], text)
        for name, numbers in rows.items():
            self.assertEqual(sum(numbers), *self.table(text, name + " by process").values())


@needs_root
@needs_php
class PHPScripts(LanguageCase):
    def test_calls(self):
        text = self.php("lang.calls", PHP_SPEAK)
        self.assertEqual(self.table(text, "calls"),
                         {"App\\Animal, make": 1, "App\\Animal, speak": 5, "App\\Animal, helper": 5,
                          ", App\\top": 3, ", App\\inner": 3, ", main": 1}, text)
        self.assertEqual(self.table(self.php("lang.calls class=''", PHP_SPEAK), "calls"),
                         {", App\\top": 3, ", App\\inner": 3, ", main": 1})
        self.assert_kernel(self.php, "lang.calls", PHP_SPEAK)

    def test_flow(self):
        text = self.php("lang.flow class=App\\Animal", PHP_SPEAK)
        speak = ["-> App\\Animal.speak", "  -> App\\Animal.helper", "  <- App\\Animal.helper",
                 "<- App\\Animal.speak"]
        self.assertEqual([re.sub(r"  \d\S+s$", "", line) for line in self.shown(text)],
                         ["-> App\\Animal.make", "<- App\\Animal.make"] + speak * 5, text)

    def test_stat(self):
        rows = self.rows(self.php("lang.stat", PHP_SPEAK))
        self.assertEqual({name: sum(numbers) for name, numbers in rows.items()},
                         {"calls": 18, "exceptions": 3})


@needs_root
class Python(LanguageCase):
    SCRIPT = """import gc, os
gc.disable()
class Loop: pass
def loops(n):
    for _ in range(n):
        loop = Loop()
        loop.self = loop
gc.collect()
loops(3)
gc.collect()
loops(2)
gc.collect(1)
print("collections", *[found["collections"] for found in gc.get_stats()], flush=True)
os._exit(0)
"""

    def test_gc(self):
        text = self.python("lang.gc", self.SCRIPT)
        counts = re.search(r"^collections (\d+) (\d+) (\d+)$", text, re.M).groups()
        expected = {"generation %d" % i: int(count) for i, count in enumerate(counts) if count != "0"}
        self.assertEqual(self.histograms(text, "durations of collections"), expected, text)
        lines = [re.sub(r"^ *\S+  ", "", line) for line in self.shown(text)]
        self.assertEqual(Counter(line.split(",")[0] for line in lines), Counter(expected))
        # Each loop is one: what it has has no dictionary.
        self.assertEqual(lines[-2:], ["generation 2, 3 objects collected",
                                      "generation 1, 2 objects collected"])

    CALLS = """
def leaf(): return 1
def mid(): return leaf() + leaf()
def fails(): raise ValueError
def some():
    yield leaf()
for _ in range(5): mid()
list(map(lambda _: leaf(), [1, 2, 3]))
list(some())
try: fails()
except ValueError: pass
os._exit(0)
"""

    def test_calls(self):
        path = self.path("script.py")
        calls = {"mid": 5, "leaf": 14, "<lambda>": 3, "fails": 1, "some": 2}
        text = self.python("lang.calls class=" + path, "import os" + self.CALLS)
        self.assertEqual(self.table(text, "calls"),
                         {"%s, %s" % (path, name): count for name, count in calls.items()})
        text = self.python("lang.calls latency=yes class=" + path,
                           "import os, sys\nsys.settrace(lambda *_: None)" + self.CALLS)
        found = self.histograms(text, "latency of calls")
        self.assertEqual({name: found[path + ", " + name] for name in ("mid", "leaf", "fails", "some")},
                         {name: count for name, count in calls.items() if name != "<lambda>"})

    def test_flow(self):
        path = self.path("script.py")
        text = self.python("lang.flow class=" + path,
                           "import os, sys\nsys.settrace(lambda *_: None)\n"
                           "def leaf(): return 1\ndef mid(): return leaf()\nmid()\nos._exit(0)\n")
        lines = [re.sub(r"  \d\S+s$", "", line).replace(path, "") for line in self.shown(text)]
        self.assertEqual(lines, ["-> :mid", "  -> :leaf", "  <- :leaf", "<- :mid"])

    def test_stat(self):
        text = self.python("lang.stat", self.SCRIPT)
        counts = re.search(r"^collections (\d+) (\d+) (\d+)$", text, re.M).groups()
        rows = self.rows(text)
        self.assertEqual(set(rows), {"calls", "collections"})
        self.assertEqual(sum(rows["collections"]), sum(map(int, counts)))
        self.assertEqual(sum(rows["calls"]), *self.table(text, "calls by process").values())


if IS_STRESS:
    @needs_root
    class Java(LanguageCase):
        """A JVM starts in seconds, and is large to install: for those who ask for it."""

        SCRIPT = """public class Farm {
  static class Animal {
    int speak() { return helper(1); }
    int helper(int x) { return x + 1; }
  }
  public static void main(String[] words) throws Exception {
    System.out.println("pid " + ProcessHandle.current().pid());
    while (System.in.read() >= 0) {
      for (int i = 0; i < 5; i++) new Animal().speak();
      Thread thread = new Thread(() -> { }, "shepherd");
      thread.start();
      thread.join();
      System.gc();
      System.gc();
      System.out.println("done");
    }
  }
}
"""

        def ask(self, farm, recipe):
            """What a recipe prints of one round of the program."""
            tap = self.tap("-q", "-batch", "-p", str(farm.pid), "-ex", "recipe run lang." + recipe,
                           "-ex", "echo ready\\n")
            tap.expect("^ready$")
            before = len(farm.lines)
            farm.type("x")
            farm.expect("^done$", after=before)
            self.assertEqual(tap.stop(), 0)
            self.assertEqual(tap.errors, [])
            return tap.output()

        def test_each_recipe(self):
            farm = self.start(Process, [JAVA + "/bin/java", "-XX:+ExtendedDTraceProbes",
                                        self.write("Farm.java", self.SCRIPT)])
            farm.expect("^pid %d$" % farm.pid)
            calls = {"Farm$Animal, <init>": 5, "Farm$Animal, speak": 5, "Farm$Animal, helper": 5}
            self.assertEqual(self.table(self.ask(farm, "calls class=Farm$Animal"), "calls"), calls)
            text = self.ask(farm, "calls class=Farm$Animal latency=yes")
            self.assertEqual(self.histograms(text, "latency of calls"), calls)

            text = self.ask(farm, "flow class=Farm$Animal")
            animal = ["-> Farm$Animal.<init>", "<- Farm$Animal.<init>", "-> Farm$Animal.speak",
                      "  -> Farm$Animal.helper", "  <- Farm$Animal.helper", "<- Farm$Animal.speak"]
            self.assertEqual([re.sub(r"  \d\S+s$", "", line) for line in self.shown(text)], animal * 5)

            text = self.ask(farm, "objects")
            self.assertEqual(self.table(text, "objects by type")["Farm$Animal"], 5)

            text = self.ask(farm, "gc")
            self.assertEqual([line.split()[-1] for line in self.shown(text)].count("full"), 2, text)
            self.assertEqual(self.histograms(text, "durations of collections")["full"], 2)

            lines = self.shown(self.ask(farm, "threads"))
            self.assertIn("thread starts  shepherd", lines)
            self.assertIn("thread ends  shepherd", lines)

            rows = self.rows(self.ask(farm, "stat"))
            self.assertGreaterEqual(sum(rows["collections"]), 2)
            self.assertGreaterEqual(sum(rows["calls"]), 15)
            self.assertGreaterEqual(sum(rows["objects"]), 5)
            self.assertGreaterEqual(sum(rows["threads"]), 1)

        def test_a_jvm_that_has_not_loaded_its_library_yet(self):
            text = self.moontap("-q", "-batch", "-ex", "set breakpoint pending on",
                                "-ex", "recipe run lang.gc lang=java", "--args", JAVA + "/bin/java",
                                self.write("Farm.java", self.SCRIPT), input="x").stdout
            self.assertEqual([line.split()[-1] for line in self.shown(text)].count("full"), 2, text)


if __name__ == "__main__":
    unittest.main()
